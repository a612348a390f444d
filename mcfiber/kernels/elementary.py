"""Branch-free elementary functions that the compiler can vectorise.

Numba calls libm once per element, which stops the vectorisation of every loop around a logarithm or an
arctangent.  These versions use selects instead of branches, so a loop that calls them runs on whole vector
registers.  They hold for the arguments that their callers have, not for every float64: see each docstring.

References
----------
.. [1] M. Abramowitz, I. A. Stegun (editors), "Handbook of Mathematical Functions," National Bureau of Standards, 1964.
.. [2] NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov.
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
def log_quotient(numerator: float, denominator: float) -> float:
    """ln(numerator/denominator) of positive numbers with a quotient of 1e-300 to 1e300, also where they are close.

    The error is two units in the last place of the result, or of (numerator - denominator)/denominator where the two
    are close: what rounding them has lost already.
    """
    quotient = numerator / denominator
    bits = np.float64(quotient).view(np.int64)
    exponent = (bits - _HALF_SQRT_2_BITS) >> 52
    mantissa = np.int64(bits - (exponent << 52)).view(np.float64)
    # Where no power of two was taken out, the difference is exact and the quotient has lost its last digits.
    close = exponent == 0
    difference = numerator - denominator if close else mantissa - 1.0
    total = numerator + denominator if close else mantissa + 1.0
    s = difference / total  # ln = 2 artanh(s), |s| <= 0.172
    z = s * s
    tail = 1.0 / 15.0 + z * (1.0 / 17.0 + z * (1.0 / 19.0 + z * (1.0 / 21.0 + z / 23.0)))
    # Eq. (4.38.5) of [2]
    series = 1.0 / 3.0 + z * (
        1.0 / 5.0 + z * (1.0 / 7.0 + z * (1.0 / 9.0 + z * (1.0 / 11.0 + z * (1.0 / 13.0 + z * tail))))
    )
    return float(exponent * _LOG_2 + 2.0 * s * (1.0 + z * series))


@kernel
def asinh_difference(upper: float, lower: float) -> float:
    """asinh(upper) - asinh(lower) for upper >= 0 and upper >= lower, as one logarithm of a quotient."""
    above = upper + math.sqrt(1.0 + upper * upper)  # e^asinh(upper)
    base = abs(lower) + math.sqrt(1.0 + lower * lower)  # e^|asinh(lower)|
    # Two selects of plain values: a product inside a select would end the vectorisation of the caller's loop.
    factor = base if lower < 0.0 else 1.0
    divisor = 1.0 if lower < 0.0 else base
    return log_quotient(above * factor, divisor)  # Eq. (4.6.20) of [1], twice


@kernel
def atan_positive(x: float) -> float:
    """Arctangent for x >= 0, to two units in the last place."""
    # One division serves all three ranges: atan(x) = pi/4 + atan((x-1)/(x+1)) = pi/2 - atan(1/x).
    middle = x > _TAN_PI_8
    large = x > _TAN_3_PI_8
    numerator = -1.0 if large else (x - 1.0 if middle else x)  # Eq. (4.4.34) of [1]
    denominator = x if large else (x + 1.0 if middle else 1.0)
    offset = 0.5 * math.pi if large else (0.25 * math.pi if middle else 0.0)
    t = numerator / denominator
    z = t * t
    tail = _A7 + z * (_A8 + z * (_A9 + z * (_A10 + z * (_A11 + z * _A12))))
    series = _A1 + z * (_A2 + z * (_A3 + z * (_A4 + z * (_A5 + z * (_A6 + z * tail)))))
    return offset + t * (1.0 + z * series)
