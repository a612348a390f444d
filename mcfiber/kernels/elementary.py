"""Branch-free elementary functions that the compiler can vectorise.

Numba calls libm once per element, which stops the vectorisation of every loop around a logarithm or an
arctangent.  These versions use selects instead of branches, so a loop that calls them runs on whole vector
registers.  They hold for the arguments that their callers have, not for every float64: see each docstring.
"""

import math

import numpy as np

from mcfiber._jit import kernel

_LOG_2 = math.log(2.0)
_HALF_SQRT_2_BITS = np.int64(0x3FE6A09E667F3BCD)  # bits of sqrt(1/2): mantissas lie in [sqrt(1/2), sqrt(2))
_TAN_PI_8 = math.sqrt(2.0) - 1.0
_TAN_3_PI_8 = math.sqrt(2.0) + 1.0

# (atan(t)/t - 1)/z in powers of z = t^2: Chebyshev expansion on 0 <= z <= tan(pi/8)^2 in 50-digit arithmetic.
_A1 = -0.3333333333333333
_A2 = 0.1999999999999981
_A3 = -0.14285714285661172
_A4 = 0.11111111105277102
_A5 = -0.09090908759150944
_A6 = 0.07692296528186224
_A7 = -0.06666427474809959
_A8 = 0.05878957114602006
_A9 = -0.05230650466327199
_A10 = 0.04552443484766285
_A11 = -0.0345913892781874
_A12 = 0.01630779074543549


@kernel
def log1p_positive(x: float) -> float:
    """ln(1 + x) for 0 <= x < 1e300, to two units in the last place, also where x is tiny."""
    q = 1.0 + x
    bits = np.float64(q).view(np.int64)
    exponent = (bits - _HALF_SQRT_2_BITS) >> 52
    mantissa = np.int64(bits - (exponent << 52)).view(np.float64)
    # Where no power of two was taken out, x itself is exact and 1 + x has lost its last digits.
    f = x if exponent == 0 else mantissa - 1.0
    s = f / (f + 2.0)  # ln(1+f) = 2 artanh(s), |s| <= 0.172
    z = s * s
    tail = 1.0 / 15.0 + z * (1.0 / 17.0 + z * (1.0 / 19.0 + z * (1.0 / 21.0 + z / 23.0)))
    series = 1.0 / 3.0 + z * (
        1.0 / 5.0 + z * (1.0 / 7.0 + z * (1.0 / 9.0 + z * (1.0 / 11.0 + z * (1.0 / 13.0 + z * tail))))
    )
    return float(exponent * _LOG_2 + 2.0 * s * (1.0 + z * series))


@kernel
def asinh_difference(upper: float, lower: float) -> float:
    """asinh(upper) - asinh(lower) for upper >= 0 and upper >= lower, as one logarithm.

    The quotient form keeps full relative accuracy where the two are close, which the difference loses.
    """
    root_upper = math.sqrt(1.0 + upper * upper)
    root_lower = math.sqrt(1.0 + lower * lower)
    base = abs(lower) + root_lower
    step = (upper - lower) * (1.0 + (upper + lower) / (root_upper + root_lower))
    # e^asinh(lower) is base, or 1/base where lower is negative.
    return log1p_positive(step * base if lower < 0.0 else step / base)


@kernel
def atan_positive(x: float) -> float:
    """Arctangent for x >= 0, to two units in the last place."""
    # One division serves all three ranges: atan(x) = pi/4 + atan((x-1)/(x+1)) = pi/2 - atan(1/x).
    middle = x > _TAN_PI_8
    large = x > _TAN_3_PI_8
    numerator = -1.0 if large else (x - 1.0 if middle else x)
    denominator = x if large else (x + 1.0 if middle else 1.0)
    offset = 0.5 * math.pi if large else (0.25 * math.pi if middle else 0.0)
    t = numerator / denominator
    z = t * t
    tail = _A7 + z * (_A8 + z * (_A9 + z * (_A10 + z * (_A11 + z * _A12))))
    series = _A1 + z * (_A2 + z * (_A3 + z * (_A4 + z * (_A5 + z * (_A6 + z * tail)))))
    return offset + t * (1.0 + z * series)
