"""Bessel functions of integer order and real argument, to a few units of the last place.

Compiled code cannot call SciPy's special functions and stay in the cache, so the few that circular
waveguides need are here: power series at small arguments, Chebyshev series of the (exponentially scaled,
square-root free) functions elsewhere.  The tables are regenerated, and compared, by the tests.  Series:
Abramowitz and Stegun (1964), 9.1.10-13, 9.2.5-6, 9.6.10-13, 9.7.1-2.

References
----------
.. [1] M. Abramowitz, I. A. Stegun (editors), "Handbook of Mathematical Functions," National Bureau of Standards, 1964.
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.typing import FloatArray

_EULER = 0.577_215_664_901_532_9

LARGE = 1e100
"""Values of high orders at small arguments are kept in double precision as powers of this number."""

# sqrt(pi x/2) H_0(x) = (P + i Q/x) exp(i(x - pi/4)) for x > 4, in 2 (4/x)^2 - 1
_P0 = np.array(
    [
        0.9979372965290146,
        -0.0020218430446588324,
        3.876403095235907e-05,
        -1.9163586293658417e-06,
        1.5855919273341268e-07,
        -1.8252189322592155e-08,
        2.6503636741207052e-09,
        -4.578379000240036e-10,
        9.057673161472127e-11,
        -1.999151733477986e-11,
        4.8306178877591695e-12,
        -1.2599862947472608e-12,
        3.5093673342594964e-13,
        -1.0348705381622285e-13,
        3.208933099045567e-14,
        -1.040448526851683e-14,
        3.51115036493183e-15,
        -1.2284404580914262e-15,
        4.441168611279666e-16,
        -1.6544229049840278e-16,
        6.334847132220963e-17,
        -2.487924115515766e-17,
    ]
)
_Q0 = np.array(
    [
        -0.12296247716261241,
        0.001964087980387916,
        -6.819921165129609e-05,
        4.676345760413161e-06,
        -4.810029083301759e-07,
        6.497464996425162e-08,
        -1.069260592672947e-08,
        2.0457865756474504e-09,
        -4.4108395389564955e-10,
        1.0484220154111313e-10,
        -2.7034928774613224e-11,
        7.471496923532559e-12,
        -2.1921989675679653e-12,
        6.777704485309114e-13,
        -2.1947114442759439e-13,
        7.406190617572553e-14,
        -2.593738834268846e-14,
        9.393886608689808e-15,
        -3.5079281640453057e-15,
        1.3471695618173e-15,
        -5.308696510550365e-16,
        2.142385403256524e-16,
        -8.839000239850266e-17,
        3.7225614834133734e-17,
        -1.5981725749904643e-17,
        6.985867149264549e-18,
        -3.105680994070142e-18,
    ]
)
# the same for order 1
_P1 = np.array(
    [
        1.0034864987298786,
        0.0034327867071409176,
        -5.116590164390047e-05,
        2.3357675276227647e-06,
        -1.8583344194680335e-07,
        2.0894616660156452e-08,
        -2.986404210932541e-09,
        5.099940792785829e-10,
        -1.0001271878430284e-10,
        2.1920682317429225e-11,
        -5.2666301791652605e-12,
        1.3671700947433655e-12,
        -3.792440261501554e-13,
        1.1144167992100259e-13,
        -3.444956189800672e-14,
        1.1139322438965397e-14,
        -3.749983007848263e-15,
        1.3091256009564813e-15,
        -4.723468602172804e-16,
        1.7563984416189025e-16,
        -6.714149602739895e-17,
        2.6328576764042626e-17,
    ]
)
_Q1 = np.array(
    [
        0.37210715549556594,
        -0.002801178665281768,
        8.546764599284385e-05,
        -5.554963419550562e-06,
        5.54825057083478e-07,
        -7.355472429147687e-08,
        1.1946825452371564e-08,
        -2.2635163214362848e-09,
        4.843233593404879e-10,
        -1.1441500350700283e-10,
        2.935388805939441e-11,
        -8.077647604456675e-12,
        2.361334900746351e-12,
        -7.277257797768555e-13,
        2.3498295115701304e-13,
        -7.909761604640728e-14,
        2.7638653629589386e-14,
        -9.989702933254042e-15,
        3.7235295281222334e-15,
        -1.4275522834958397e-15,
        5.616720705930477e-16,
        -2.2634431863670696e-16,
        9.326050896162126e-17,
        -3.922829450064224e-17,
        1.6822089200612003e-17,
    ]
)
# sqrt(x) exp(-x) I_0(x) for x > 4, in 8/x - 1
_I0 = np.array(
    [
        0.4060747011395399,
        0.007486730337442451,
        0.00039399885377946407,
        4.4868408981335416e-05,
        4.955654533758016e-06,
        -7.287094352674812e-07,
        -6.355090885329113e-07,
        -1.0581943415635927e-07,
        4.456441970376292e-08,
        1.9312358126426294e-08,
        -3.6926888986739344e-09,
        -2.8902060377309673e-09,
        5.013673294578486e-10,
        4.4230836136556676e-10,
        -1.0970840856650091e-10,
        -6.645404417842721e-11,
        2.8290735060517307e-11,
        8.099798314549777e-12,
        -7.0244507579238434e-12,
        -1.4999601339017936e-13,
        1.498213486146322e-12,
        -3.5861327206398204e-13,
        -2.2790232861563453e-13,
        1.5047112467962615e-13,
        3.551814070716043e-15,
        -3.674012495496873e-14,
        1.2547879303291985e-14,
        4.222637035008724e-15,
        -4.832232477172367e-15,
        9.397681075777346e-16,
        8.451409953834741e-16,
        -6.267722778953638e-16,
        6.463505576405174e-17,
        1.3919131693914895e-16,
        -8.628347236477939e-17,
        4.7911483386397414e-18,
        2.189948089570102e-17,
        -1.3003967058184903e-17,
    ]
)
# the same for order 1
_I1 = np.array(
    [
        0.37882363517263995,
        -0.02066295409041414,
        -0.0005958466966503214,
        -5.811374626471902e-05,
        -6.466634809117659e-06,
        6.567216161280733e-07,
        6.996853243578198e-07,
        1.2938214846830005e-07,
        -4.4890747841115016e-08,
        -2.1712842394552182e-08,
        3.444981208575822e-09,
        3.1646152478940138e-09,
        -4.6054519661970223e-10,
        -4.8145750919749e-10,
        1.0538755187456803e-10,
        7.30079751286961e-11,
        -2.8308142305363017e-11,
        -9.238148283170294e-12,
        7.222208888181406e-12,
        3.250569090325554e-13,
        -1.5757948066266859e-12,
        3.42613690257321e-13,
        2.482891006371856e-13,
        -1.5302185426124687e-13,
        -7.206013867550484e-15,
        3.8527644805946164e-14,
        -1.2340567306714115e-14,
        -4.717607877954868e-15,
        4.974753804396638e-15,
        -8.769659351681535e-16,
        -9.069275208217481e-16,
        6.379084438366429e-16,
        -5.3811847380963514e-17,
        -1.4714280359264845e-16,
        8.723850213101146e-17,
        -3.126891337672974e-18,
        -2.3003824292305806e-17,
        1.3118653528209774e-17,
    ]
)
# sqrt(x) exp(x) K_0(x) for x > 2, in 4/x - 1
_K0 = np.array(
    [
        1.2201515410329777,
        -0.0314481013119645,
        0.0015698838857300533,
        -0.00012849549581627802,
        1.39498137188765e-05,
        -1.8317555227191195e-06,
        2.766813639445015e-07,
        -4.660489897687948e-08,
        8.574034017414225e-09,
        -1.6975345093890614e-09,
        3.5773972814003283e-10,
        -7.957489244477396e-11,
        1.8559491149549264e-11,
        -4.514597883374519e-12,
        1.1403405882073441e-12,
        -2.9800969231481784e-13,
        8.032890775068375e-14,
        -2.2275133267462965e-14,
        6.340076476276646e-15,
        -1.848593377920907e-15,
        5.5120559994043335e-16,
        -1.6782311257549006e-16,
        5.2103917776435543e-17,
    ]
)
# the same for order 1
_K1 = np.array(
    [
        1.3603130952422213,
        0.10392373657681724,
        -0.002857816859622779,
        0.00019521551847135162,
        -1.936197974166083e-05,
        2.406484947837217e-06,
        -3.5019606030878126e-07,
        5.7410841254500495e-08,
        -1.0345762465678097e-08,
        2.0150497551970347e-09,
        -4.1903547593419254e-10,
        9.218315187605315e-11,
        -2.129967838427791e-11,
        5.139639673482343e-12,
        -1.2891739609498229e-12,
        3.348419666052243e-13,
        -8.976705182010146e-14,
        2.4771544242195988e-14,
        -7.0198370892147685e-15,
        2.038703166239861e-15,
        -6.057047270643018e-16,
        1.8380935752430455e-16,
        -5.689462849193648e-17,
    ]
)


def _power_series(order: int, sign: float, terms: int) -> FloatArray:
    """Coefficients of (x/2)^-order J or I in (x/2)^2."""
    return np.array([sign**k / (math.factorial(k) * math.factorial(k + order)) for k in range(terms)])


def _harmonic(k: int) -> float:
    return math.fsum(1.0 / j for j in range(1, k + 1))


# In (x/2)^2; J and Y up to x = 4, I up to 4 and K up to 2.
_TERMS = 17
_J0 = _power_series(0, -1.0, _TERMS)
_J1 = _power_series(1, -1.0, _TERMS)
_S0 = _power_series(0, 1.0, _TERMS)
_S1 = _power_series(1, 1.0, _TERMS)
_Y0 = np.array([-_harmonic(k) * _J0[k] for k in range(_TERMS)])
_Y1 = np.array([-0.5 * (_harmonic(k) + _harmonic(k + 1) - 2 * _EULER) * _J1[k] for k in range(_TERMS)])
_L0 = np.array([_harmonic(k) * _S0[k] for k in range(_TERMS)])
_L1 = np.array([0.5 * (_harmonic(k) + _harmonic(k + 1) - 2 * _EULER) * _S1[k] for k in range(_TERMS)])


@kernel
def _horner(coefficients: FloatArray, x: float) -> float:
    result = 0.0
    for k in range(coefficients.shape[0] - 1, -1, -1):
        result = result * x + coefficients[k]
    return result


@kernel
def _chebyshev(coefficients: FloatArray, t: float) -> float:
    """Clenshaw's recurrence."""
    first, second = 0.0, 0.0
    for k in range(coefficients.shape[0] - 1, 0, -1):
        first, second = 2.0 * t * first - second + coefficients[k], first  # Eq. (22.7.4) of [1]
    return float(t * first - second + coefficients[0])


@kernel
def j01(x: float) -> tuple[float, float]:
    """J_0 and J_1 at x >= 0."""
    if x <= 4.0:
        square = 0.25 * x * x
        return _horner(_J0, square), 0.5 * x * _horner(_J1, square)  # Eq. (9.1.10) of [1]
    t = 32.0 / (x * x) - 1.0
    scale, cosine, sine = math.sqrt(1.0 / (math.pi * x)), math.cos(x), math.sin(x)
    p0, q0, p1, q1 = _chebyshev(_P0, t), _chebyshev(_Q0, t) / x, _chebyshev(_P1, t), _chebyshev(_Q1, t) / x
    # cos(x - pi/4) = (cos x + sin x)/sqrt 2 and so on: no rounding of x - pi/4
    return (
        scale * (p0 * (cosine + sine) - q0 * (sine - cosine)),  # Eq. (9.2.5) of [1]
        scale * (p1 * (sine - cosine) + q1 * (sine + cosine)),
    )


@kernel
def y01(x: float) -> tuple[float, float]:
    """Y_0 and Y_1 at x > 0."""
    if x <= 4.0:
        square, log = 0.25 * x * x, math.log(0.5 * x)
        j0, j1 = j01(x)
        return (
            2.0 / math.pi * ((log + _EULER) * j0 + _horner(_Y0, square)),  # Eq. (9.1.13) of [1]
            2.0 / math.pi * (log * j1 - 1.0 / x + 0.5 * x * _horner(_Y1, square)),  # Eq. (9.1.11) of [1]
        )
    t = 32.0 / (x * x) - 1.0
    scale, cosine, sine = math.sqrt(1.0 / (math.pi * x)), math.cos(x), math.sin(x)
    p0, q0, p1, q1 = _chebyshev(_P0, t), _chebyshev(_Q0, t) / x, _chebyshev(_P1, t), _chebyshev(_Q1, t) / x
    return (
        scale * (p0 * (sine - cosine) + q0 * (cosine + sine)),  # Eq. (9.2.6) of [1]
        scale * (q1 * (sine - cosine) - p1 * (sine + cosine)),
    )


@kernel
def i01e(x: float) -> tuple[float, float]:
    """exp(-x) I_0 and exp(-x) I_1 at x >= 0."""
    if x <= 4.0:
        square, scale = 0.25 * x * x, math.exp(-x)
        return scale * _horner(_S0, square), scale * 0.5 * x * _horner(_S1, square)  # Eq. (9.6.10) of [1]
    t, scale = 8.0 / x - 1.0, 1.0 / math.sqrt(x)
    return scale * _chebyshev(_I0, t), scale * _chebyshev(_I1, t)  # form of Eq. (9.7.1) of [1]


@kernel
def k01e(x: float) -> tuple[float, float]:
    """exp(x) K_0 and exp(x) K_1 at x > 0."""
    if x <= 2.0:
        square, log, scale = 0.25 * x * x, math.log(0.5 * x), math.exp(x)
        i0, i1 = _horner(_S0, square), 0.5 * x * _horner(_S1, square)
        return (
            scale * (_horner(_L0, square) - (log + _EULER) * i0),  # Eq. (9.6.13) of [1]
            scale * (log * i1 + 1.0 / x - 0.5 * x * _horner(_L1, square)),  # Eq. (9.6.11) of [1]
        )
    t, scale = 4.0 / x - 1.0, 1.0 / math.sqrt(x)
    return scale * _chebyshev(_K0, t), scale * _chebyshev(_K1, t)  # form of Eq. (9.7.2) of [1]


@kernel
def k0e(x: float) -> float:
    """exp(x) K_0 at x > 0."""
    if x <= 2.0:
        square = 0.25 * x * x
        log = math.log(0.5 * x)
        return math.exp(x) * (_horner(_L0, square) - (log + _EULER) * _horner(_S0, square))  # Eq. (9.6.13) of [1]
    return _chebyshev(_K0, 4.0 / x - 1.0) / math.sqrt(x)  # form of Eq. (9.7.2) of [1]


@kernel
def _small_j1(x: float) -> float:
    """J_2 at x <= 2 from the power series, beside J_1 which is tabulated."""
    square, term = -0.25 * x * x, 0.125 * x * x
    total, k = term, 0
    while abs(term) > 1e-17 * abs(total) and k < 40:
        k += 1
        term *= square / (k * (k + 2))  # Eq. (9.1.10) of [1]
        total += term
    return total


@kernel
def _j_pair(order: int, x: float) -> tuple[float, float, int]:
    """J of an order and of the next at x >= 0, times LARGE**-shift; shift <= 0.

    Upwards where x exceeds the order; below, where that is unstable and a power series cancels, downwards from an
    order at which J is nil, in the scale of J_0 or J_1 (Miller's method).
    """
    low, high = j01(x)
    if order == 0:
        return low, high, 0
    if x > order:
        for k in range(1, order + 1):
            low, high = high, 2.0 * k / x * high - low  # Eq. (9.1.27) of [1]
        if x > order + 1:
            return low, high, 0
    if x == 0.0:
        return 0.0, 0.0, 0
    if order == 1 and x <= 2.0:
        return high if x <= 1.0 else low, _small_j1(x), 0
    start = order + 21 + int(13.0 * order ** (1.0 / 3.0))
    above, value, shift = 0.0, 1.0, 0  # of the orders k + 1 and k, times a common factor
    found, after, mark = 0.0, 0.0, 0
    for k in range(start, 0, -1):
        if k == order:
            found, after, mark = value, above, shift
        above, value = value, 2.0 * k / x * value - above
        if abs(value) > LARGE:
            above, value, shift = above / LARGE, value / LARGE, shift + 1
    zero, one = j01(x)
    scale = zero / value if abs(zero) > abs(one) else one / above
    return found * scale, after * scale, mark - shift


@kernel
def _y_pair(order: int, x: float) -> tuple[float, float, int]:
    """Y of the order before and of an order >= 1 at x > 0, times LARGE**-shift; upwards is stable."""
    below, value = y01(x)
    shift = 0
    for k in range(1, order):
        below, value = value, 2.0 * k / x * value - below  # Eq. (9.1.27) of [1]
        if abs(value) > LARGE:
            below, value, shift = below / LARGE, value / LARGE, shift + 1
    return below, value, shift


@kernel
def _i_pair(order: int, x: float) -> tuple[float, float, int]:
    """exp(-x) I of an order and of the next at x >= 0, times LARGE**-shift; downwards is stable."""
    low, high = i01e(x)
    if order == 0:
        return low, high, 0
    if x == 0.0:
        return 0.0, 0.0, 0
    above, value, shift = 0.0, 1.0, 0
    found, after, mark = 0.0, 0.0, 0
    for k in range(int(math.sqrt(order * order + 40.0 * x)) + 20, 0, -1):
        if k == order:
            found, after, mark = value, above, shift
        above, value = value, 2.0 * k / x * value + above  # Eq. (9.6.26) of [1]
        if value > LARGE:
            above, value, shift = above / LARGE, value / LARGE, shift + 1
    scale = low / value
    return found * scale, after * scale, mark - shift


@kernel
def _k_pair(order: int, x: float) -> tuple[float, float, int]:
    """exp(x) K of the order before and of an order >= 1 at x > 0, times LARGE**-shift; upwards is stable."""
    below, value = k01e(x)
    shift = 0
    for k in range(1, order):
        below, value = value, 2.0 * k / x * value + below  # Eq. (9.6.26) of [1]
        if value > LARGE:
            below, value, shift = below / LARGE, value / LARGE, shift + 1
    return below, value, shift


@kernel
def scaled(value: float, shift: int) -> float:
    """Value times LARGE**shift: 0 or infinite where double precision ends."""
    if shift == 0:
        return value
    if shift > 0:
        for _ in range(min(shift, 8)):
            value *= LARGE
    else:
        for _ in range(min(-shift, 8)):
            value /= LARGE
    return value


@kernel
def cylinder_scaled(order: int, x: float) -> tuple[float, float, float, float, int, int]:
    """J and x J' times LARGE**-first, Y and x Y' times LARGE**-second, of an order at x > 0; and both shifts."""
    j, after, first = _j_pair(order, x)
    if order == 0:
        y0, y1 = y01(x)
        return j, -x * after, y0, -x * y1, 0, 0  # Eq. (9.1.28) of [1]
    below, y, second = _y_pair(order, x)
    return j, order * j - x * after, y, x * below - order * y, first, second


@kernel
def modified_scaled(order: int, x: float) -> tuple[float, float, float, float, int, int]:
    """I and x I' times exp(-x) LARGE**-first, K and x K' times exp(x) LARGE**-second, at x > 0; and both shifts."""
    i, after, first = _i_pair(order, x)
    if order == 0:
        k0, k1 = k01e(x)
        return i, x * after, k0, -x * k1, 0, 0  # Eq. (9.6.27) of [1]
    below, k, second = _k_pair(order, x)
    return i, order * i + x * after, k, -x * below - order * k, first, second


@kernel
def cylinder(order: int, x: float) -> tuple[float, float, float, float]:
    """J, x J', Y and x Y' of an order at x > 0."""
    j, dj, y, dy, first, second = cylinder_scaled(order, x)
    return scaled(j, first), scaled(dj, first), scaled(y, second), scaled(dy, second)


@kernel
def bessel_j(order: int, x: float) -> tuple[float, float]:
    """J and x J' of an order at x >= 0."""
    j, after, shift = _j_pair(order, x)
    return scaled(j, shift), scaled(order * j - x * after, shift)  # Eq. (9.1.27) of [1]


@kernel
def bessel_i(order: int, x: float) -> tuple[float, float]:
    """I and x I', times exp(-x), of an order at x >= 0."""
    i, after, shift = _i_pair(order, x)
    return scaled(i, shift), scaled(order * i + x * after, shift)  # Eq. (9.6.26) of [1]


@kernel
def bessel_k_scaled(order: int, x: float) -> tuple[float, int]:
    """K of an order at x > 0, times exp(x) LARGE**-shift, and the shift."""
    if order == 0:
        return k0e(x), 0
    _, value, shift = _k_pair(order, x)
    return value, shift


@kernel
def bessel_k(order: int, x: float) -> tuple[float, float]:
    """K and x K', times exp(x), of an order at x > 0."""
    if order == 0:
        k0, k1 = k01e(x)
        return k0, -x * k1  # Eq. (9.6.27) of [1]
    below, value, shift = _k_pair(order, x)
    return scaled(value, shift), scaled(-x * below - order * value, shift)  # Eq. (9.6.26) of [1]


@kernel
def neighbouring_j(order: int, x: float) -> tuple[float, float]:
    """J of the next order and of the one before, over J of an order >= 1, at 0 < x <= order, where J has no zero."""
    j, after, _ = _j_pair(order, x)
    ratio = after / j
    return ratio, 2.0 * order / x - ratio


@kernel
def neighbouring_i(order: int, x: float) -> tuple[float, float]:
    """I of the next order and of the one before, over I of an order >= 1, at x > 0."""
    i, after, _ = _i_pair(order, x)
    ratio = after / i
    return ratio, 2.0 * order / x + ratio


@kernel
def neighbouring_k(order: int, x: float) -> tuple[float, float]:
    """K of the next order and of the one before, over K of an order >= 1, at x > 0."""
    k0, k1 = k01e(x)
    before, ratio = k0 / k1, 2.0 / x + k0 / k1
    for k in range(2, order + 1):
        before, ratio = 1.0 / ratio, 2.0 * k / x + 1.0 / ratio  # Eq. (9.6.26) of [1]
    return ratio, before
