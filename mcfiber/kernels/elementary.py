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
