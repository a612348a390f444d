"""Spread of crosstalk: its spectrum and drift, and the distribution of sums over unequal neighbours.

The crosstalk of one neighbour, averaged over a signal's band, is close to a Gamma distribution whose shape
follows from its variance.  Neighbours with independent data add their powers: the sum has the moment
generating function ``prod (1 - theta s)^-k``, which is inverted along the path of steepest descent through a
saddle point, so that both tails keep their relative accuracy however small they are [1]_, [2]_.

Notes
-----
With K(s) the logarithm of the moment generating function, and c < 1 / max(theta) the saddle point:

(1) ``K(s) = -sum_t k_t ln(1 - theta_t s)``, sum of Gamma variables of shapes k and scales theta;
(2) ``K'(c) = x + 1/c``, saddle point of a tail with its pole at zero [1]_; ``K'(c) = x``, that of the density;
(3) ``Pr(X > x) = (1/(2 pi j)) int exp(K(s) - s x) ds/s`` along any path that crosses the axis at c > 0 [1]_;
    ``-Pr(X < x)`` for c < 0, the density without the 1/s;
(4) ``E[ln X] = int_0^inf (e^-t - E[e^-tX]) dt/t``, Frullani's integral;
(5) ``f(z) = -sum_j k_j [ln(1 - r_j z) + r_j z]``, the exponent of Eq. (3) at ``s = c + z`` less that at c: by
    Eq. (2) its linear parts cancel.  Here ``r_t = theta_t / (1 - theta_t c)``, and the pole is a term like the
    others, with k = 1 and r = -1/c;
(6) ``Im f(x + j y) = sum_j k_j [arg(1 - r_j x + j r_j y) - r_j y] = 0``, the path of steepest descent [2]_;
(7) ``Pr = (exp(K(c) - c x) / (pi |c|)) int_0^end exp(f) dy`` along that path, the density without the ``|c|``.

Why this is safe: at a given y > 0 the left side of Eq. (6) rises with x (its derivative is
``sum_j k_j r_j^2 y / |1 - r_j z|^2``), from below zero to above it as long as ``y < end``, with
``end sum_j k_j r_j = pi sum_(r_j > 0) k_j``.  So there is one path, y runs along it in one direction, and no
singularity lies above the real axis.  On it f is real and falls: Eq. (7) has a positive integrand, nothing cancels,
and neither a probability nor a density can be negative.  With the rates r scaled to ``sum_j k_j r_j^2 = 1``, the
integrand starts as that of a Gaussian of unit width and varies on scales of y from there up; with
``y = u / sqrt(1 + (u/end)^2)`` and ``u = sinh v`` the trapezoidal rule in v converges geometrically for all of them
[3]_.

References
----------
.. [1] C. W. Helstrom, "Calculating error probabilities for intersymbol and cochannel interference," IEEE
   Trans. Commun. 34, 430 (1986): saddle point of the integrand with its pole.
.. [2] S. O. Rice, "Distribution of quadratic forms in normal random variables - evaluation by numerical
   integration," SIAM J. Sci. Stat. Comput. 1, 438 (1980): the same sums, along the path of steepest descent.
.. [3] L. N. Trefethen and J. A. C. Weideman, "The exponentially convergent trapezoidal rule," SIAM Rev. 56, 385
   (2014).
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.typing import FloatArray

# Step of the trapezoidal rule along the path of steepest descent; it is halved while doubling it changes the result by
# more than this part. The error goes about as the square of that change: the result is then good to rounding.
PATH_STEP = 0.125
PATH_CHANGE = 1e-9
# Sums are looked at in units of their largest scale, between these limits: beyond, a tail is within 1e-60 of 0 or 1.
SMALLEST, LARGEST = 1e-130, 1e130
# Gauss-Legendre rule of 8 points on [-1, 1]: positive nodes and weights (Abramowitz and Stegun, table 25.4).
NODES = (0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363)
WEIGHTS = (0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763)


@kernel
def _correlation(periods: float, spread: float) -> float:
    """Correlation of crosstalk at frequencies that are `periods` of the skew apart."""
    # q = j 2 pi S df + (2 pi sigma df)^2 / 2: the walk of the delay along the fibre, Fourier transformed
    q = complex(2.0 * (math.pi * spread) ** 2, 2.0 * math.pi * periods)
    if abs(q) > 0.3:
        return float(2.0 * ((np.exp(-q) - 1.0 + q) / (q * q)).real)  # Eq. (4) of docs/theory/crosstalk
    term, total = complex(1.0, 0.0), complex(1.0, 0.0)
    for order in range(3, 16):  # 2 (exp(-q) - 1 + q) / q^2 = sum 2 (-q)^(k - 2) / k!
        term *= -q / order
        total += term
    return total.real


@kernel("(),(),()->()")
def power_correlation(separation: FloatArray, skew: FloatArray, random_skew: FloatArray, out: FloatArray) -> None:
    """Correlation coefficient of the crosstalk power at two frequencies.

    ``sinc^2(S df)`` for a skew S that grows steadily along the fibre; with a random part, whose standard
    deviation grows as the root of length, ``2 Re[(e^-q - 1 + q) / q^2]`` with
    ``q = j 2 pi S df + (2 pi sigma df)^2 / 2``.

    Parameters
    ----------
    separation
        Difference of the frequencies. Shape (n,). [Hz]
    skew
        Steady part of the skew over the fibre. Shape (n,). [s]
    random_skew
        Standard deviation of the random part over the fibre. Shape (n,). [s]
    out
        Shape (n,). [1]
    """
    for i in range(separation.shape[0]):
        out[i] = _correlation(separation[i] * skew[i], separation[i] * random_skew[i])


@kernel("(),(),()->()")
def decorrelation_separation(level: FloatArray, skew: FloatArray, random_skew: FloatArray, out: FloatArray) -> None:
    """Separation at which the correlation of crosstalk first falls to a level.

    Parameters
    ----------
    level
        Correlation coefficient, between 0 and 1. Shape (n,). [1]
    skew, random_skew
        As in `power_correlation`. Shape (n,). [s]
    out
        Infinite without skew. Shape (n,). [Hz]
    """
    for i in range(level.shape[0]):
        scale = abs(skew[i]) + random_skew[i]
        if scale == 0.0:
            out[i] = math.inf
            continue
        steady, spread = abs(skew[i]) / scale, random_skew[i] / scale
        low, high = 0.0, 0.02
        while _correlation(high * steady, high * spread) > level[i] and high < 1e6:
            low, high = high, min(high + 0.02, high * 1.5)
        for _ in range(60):
            middle = 0.5 * (low + high)
            if _correlation(middle * steady, middle * spread) > level[i]:
                low = middle
            else:
                high = middle
        out[i] = 0.5 * (low + high) / scale


@kernel("(),(),()->()")
def short_term_variance(bandwidth: FloatArray, skew: FloatArray, random_skew: FloatArray, out: FloatArray) -> None:
    """Variance over squared mean of the crosstalk averaged over a signal's flat spectrum.

    For one launched polarisation, ``int_0^1 (1 - u) R(u B) du`` with the correlation R over frequency: 1/2
    where the skew is much shorter than a symbol, ``1 / (2 S B)`` where it is much longer. Half of it for two
    polarisations with independent data.

    Parameters
    ----------
    bandwidth
        Width of the signal's spectrum. Shape (n,). [Hz]
    skew, random_skew
        As in `power_correlation`. Shape (n,). [s]
    out
        Shape (n,). [1]
    """
    for i in range(bandwidth.shape[0]):
        steady, spread = bandwidth[i] * abs(skew[i]), bandwidth[i] * random_skew[i]
        panels = 2 + int(2.0 * min(steady + spread, 1e6))
        total = 0.0
        for panel in range(panels):
            for j in range(8):
                node = NODES[j // 2] if j % 2 == 0 else -NODES[j // 2]
                u = (panel + 0.5 + 0.5 * node) / panels
                # Eq. (5) of docs/theory/crosstalk
                total += WEIGHTS[j // 2] * (1.0 - u) * _correlation(u * steady, u * spread)
        out[i] = total * 0.5 / panels


@kernel
def _gathered(mean: FloatArray, shape: FloatArray, gamma: FloatArray) -> tuple[int, float, float]:
    """Gather the terms of a sum, equal scales together: scale over the largest, 1 less that, shape: the rows of gamma.

    Returned: how many terms (-1 where a number is no number); the largest scale; the mean over it.
    """
    largest, total = 0.0, 0.0
    for m in range(mean.shape[0]):
        if not (0.0 <= mean[m] < math.inf and 0.0 < shape[m] < math.inf):
            return -1, 1.0, 0.0
        largest = max(largest, mean[m] / shape[m])
    terms = 0
    for m in range(mean.shape[0]):
        theta = mean[m] / shape[m] / largest if mean[m] > 0.0 else 0.0
        if theta == 0.0:
            continue
        theta = 1.0 if theta > 1.0 - 1e-15 else theta  # the largest, also after rounding
        total += theta * shape[m]
        same = terms
        for t in range(terms):
            if abs(gamma[0, t] - theta) <= 1e-15 * theta:
                same = t
                break
        if same == terms:
            gamma[0, terms], gamma[1, terms], gamma[2, terms] = theta, 1.0 - theta, 0.0
            terms += 1
        gamma[2, same] += shape[m]
    return terms, largest, total


@kernel
def _place(t: float, side: int) -> tuple[float, float, float]:
    """Point c on the real axis for any real t: c, 1 - c, and the derivative of 1 - c.

    In units of the largest scale the singularities of K lie at 1 and beyond, and the pole of a tail at 0: an upper
    tail (side 1) has c between 0 and 1, a lower one (side -1) c below 0, a density (side 0) c below 1.
    """
    power = math.exp(t)
    if side > 0:
        c = 1.0 / (1.0 + power)
        return c, c * power, c * c * power
    if side < 0:
        return -power, 1.0 + power, power
    return -math.expm1(t), power, power


@kernel
def _factor(scale: float, gap: float, c: float, rest: float) -> float:
    """``1 - scale c`` without cancellation, from gap = 1 - scale and rest = 1 - c.

    Both are stored before, because compiled code may reorder a sum that it sees as a whole, and cancel after all.
    """
    return rest + gap * c if c > 0.0 else 1.0 - scale * c


@kernel
def _saddle(x: float, gamma: FloatArray, terms: int, side: int) -> float:
    """Saddle point on the real axis, as t of `_place`: Newton steps inside a bracket."""
    low, high, t = -330.0, 330.0, 0.0  # of a place within `SMALLEST` and `LARGEST`, and squares that do not overflow
    for _ in range(200):
        c, rest, moved = _place(t, side)
        left, right, fall, rise = 0.0, x, 0.0, 0.0
        for m in range(terms):
            part = gamma[0, m] / _factor(gamma[0, m], gamma[1, m], c, rest)
            left += gamma[2, m] * part
            fall += gamma[2, m] * part * part
        if side > 0:
            right, rise = right + 1.0 / c, 1.0 / (c * c)
        elif side < 0:
            left, fall = left - 1.0 / c, fall + 1.0 / (c * c)
        # Eq. (2): left falls with t and right rises, both nearly as powers of exp(t), so their logarithms are compared.
        step = math.log(left / right) / (moved * (fall / left + rise / right))
        if step > 0.0:
            low = t
        else:
            high = t
        if abs(step) < 1e-8:
            return t + step
        t = t + step if low < t + step < high else 0.5 * (low + high)
    return t


@kernel
def _expanded(x: float, gamma: FloatArray, terms: int, side: int, path: FloatArray) -> tuple[int, float, float, float]:
    """Fill in the rates and weights of Eq. (5), the rates in a unit that makes the second derivative 1.

    Returned: how many there are, the pole included; the exponent at the saddle; the unit; the saddle.
    """
    c, rest, _ = _place(_saddle(x, gamma, terms, side), side)
    height, second = -c * x, 0.0
    for m in range(terms):
        scale, shape = gamma[0, m], gamma[2, m]
        factor = _factor(scale, gamma[1, m], c, rest)
        height -= shape * (math.log1p(-scale * c) if abs(scale * c) < 0.5 else math.log(factor))  # Eq. (1)
        path[0, m], path[1, m] = scale / factor, shape
    if side != 0:
        height -= math.log(abs(c))
        path[0, terms], path[1, terms] = -1.0 / c, 1.0
        terms += 1
    for m in range(terms):  # over x first: then the squares neither overflow nor vanish
        path[0, m] /= x
        second += path[1, m] * path[0, m] * path[0, m]
    unit = math.sqrt(second)
    for m in range(terms):
        path[0, m] /= unit
    return terms, height, unit * x, c


@kernel
def _across(y: float, guess: float, path: FloatArray, terms: int) -> float:
    """Real part of the path of steepest descent where its imaginary part is y: the only root of Eq. (6)."""
    low, high, x = -math.inf, math.inf, guess
    size = max(y, 0.5)  # singularities are about as far away or farther, on the real axis
    for _ in range(100):
        phase, slope, bend = 0.0, 0.0, 0.0
        for m in range(terms):
            real, imaginary = 1.0 - path[0, m] * x, path[0, m] * y
            over = path[0, m] / (real * real + imaginary * imaginary)
            phase += path[1, m] * (math.atan2(imaginary, real) - imaginary)  # Eq. (6)
            slope += path[1, m] * imaginary * over
            bend += path[1, m] * imaginary * over * over * real
        if phase > 0.0:
            high = x
        else:
            low = x
        # Halley's step: an error e, in sizes, becomes one of about e^3.
        step = -phase / max(slope - phase * bend / slope, 0.5 * slope)
        if abs(step) < 1e-5 * size:
            return x + step
        farthest = 2.0 * (size + abs(x))
        step = max(-farthest, min(step, farthest))
        x = x + step if low < x + step < high else 0.5 * (low + high)
    return x


@kernel
def _at(x: float, y: float, path: FloatArray, terms: int) -> tuple[float, float]:
    """Real exponent f of Eq. (5) on the path, and the path's derivative dx/dy."""
    exponent, real_slope, slope = 0.0, 0.0, 0.0
    for m in range(terms):
        r = path[0, m]
        more = r * (r * (x * x + y * y) - 2.0 * x)  # |1 - r z|^2 - 1
        exponent -= path[1, m] * (0.5 * math.log1p(more) + r * x)  # Eq. (5)
        real_slope -= path[1, m] * r * (more + r * x) / (1.0 + more)
        slope += path[1, m] * r * r * y / (1.0 + more)
    return exponent, -real_slope / slope


@kernel
def _descent(path: FloatArray, terms: int, step: float) -> tuple[float, float, float]:
    """Integral of Eq. (7) by the trapezoidal rule in v; the same with twice the step; the integral with ``d(x y)``."""
    positive, lean = 0.0, 0.0
    for m in range(terms):
        positive += path[1, m] if path[0, m] > 0.0 else 0.0
        lean += path[1, m] * path[0, m]
    end = math.pi * positive / lean
    total, coarse, moment = 0.5, 0.5, 0.0
    x, y, turn, turned = 0.0, 0.0, 0.0, 0.0
    for node in range(1, int(100.0 / step)):
        u = math.sinh(node * step)
        bent = 1.0 / math.sqrt(1.0 + (u / end) ** 2)
        ahead, y = u * bent - y, u * bent
        x = _across(y, x + ahead * (turn + 0.5 * turned), path, terms)
        exponent, following = _at(x, y, path, terms)
        turned, turn = following - turn, following
        part = math.exp(exponent) * math.cosh(node * step) * bent**3
        total += part
        coarse += part if node % 2 == 0 else 0.0
        moment += part * (x + turn * y)
        if part < 1e-17 * total:
            break
    return total * step, coarse * 2.0 * step, moment * step


@kernel
def _integral(path: FloatArray, terms: int) -> tuple[float, float]:
    """Integral of Eq. (7), and with ``d(x y)`` for dy, with as small a step as it takes."""
    step = PATH_STEP
    total, coarse, moment = _descent(path, terms, step)
    for _ in range(6):
        if abs(total - coarse) <= PATH_CHANGE * total:
            break
        step *= 0.5
        total, coarse, moment = _descent(path, terms, step)
    return total, moment


@kernel
def _tail(x: float, gamma: FloatArray, terms: int, side: int, path: FloatArray) -> tuple[float, float]:
    """Logarithm of the probability beyond x (above it for side 1, below it for -1), and its derivative over x."""
    size, height, unit, c = _expanded(x, gamma, terms, side, path)
    total, moment = _integral(path, size)
    return height + math.log(total / (math.pi * unit)), -(c + moment / (total * unit))  # Eq. (7)


@kernel
def _estimated_tail(x: float, gamma: FloatArray, terms: int, side: int, path: FloatArray) -> tuple[float, float]:
    """`_tail` within a few percent: Laplace's method with its first correction, for the search to start from."""
    size, height, unit, c = _expanded(x, gamma, terms, side, path)
    third, fourth = 0.0, 0.0
    for m in range(size):
        third += 2.0 * path[1, m] * path[0, m] ** 3
        fourth += 6.0 * path[1, m] * path[0, m] ** 4
    correction = 1.0 + fourth / 8.0 - 5.0 * third * third / 24.0
    return height + math.log(max(correction, 0.5) / (math.sqrt(2.0 * math.pi) * unit)), -c


@kernel
def _solved(
    wanted: float,
    start: float,
    exact: bool,
    gamma: FloatArray,
    terms: int,
    side: int,
    path: FloatArray,
) -> float:
    """Value beyond which the logarithm of the probability is the wanted one: Newton steps inside a bracket."""
    low, high, x = SMALLEST, LARGEST, start
    for _ in range(100):
        if exact:
            logarithm, slope = _tail(x, gamma, terms, side, path)
        else:
            logarithm, slope = _estimated_tail(x, gamma, terms, side, path)
        miss = logarithm - wanted
        if miss * side > 0.0:
            low = x
        else:
            high = x
        following = x * math.exp(max(-300.0, min(-miss / (slope * x), 300.0)))
        # The step leaves about the square of what was missing.
        if abs(miss) < (1e-7 if exact else 1e-3):
            return following
        x = following if low < following < high else math.sqrt(low) * math.sqrt(high)
    return x


@kernel("(core_in),(core_in),()->(),()")
def gamma_sum_tails(
    mean: FloatArray, shape: FloatArray, value: FloatArray, below: FloatArray, above: FloatArray
) -> None:
    """Distribution of a sum of independent Gamma variables with unequal means.

    Parameters
    ----------
    mean
        Mean of every term. Shape (n, term). [any]
    shape
        Shape of every term, half its degrees of freedom, at least 1/2. Shape (n, term). [1]
    value
        Where to evaluate, in the unit of the means. Shape (n,). [any]
    below, above
        Probabilities of a smaller and of a larger sum; the smaller of the two has full relative accuracy. NaN where an
        input is no number. Shape (n,). [1]
    """
    gamma, path = np.empty((3, mean.shape[1])), np.empty((2, mean.shape[1] + 1))
    for i in range(mean.shape[0]):
        terms, largest, total = _gathered(mean[i], shape[i], gamma)
        if terms < 0 or math.isnan(value[i]):
            below[i] = above[i] = math.nan
            continue
        if terms == 0 or value[i] <= 0.0:
            below[i] = 1.0 if terms == 0 and value[i] >= 0.0 else 0.0
            above[i] = 1.0 - below[i]
            continue
        x = max(SMALLEST, min(value[i] / largest, LARGEST))
        side = 1 if x >= total else -1
        logarithm, _ = _tail(x, gamma, terms, side, path)
        tail = math.exp(logarithm)
        above[i] = tail if side > 0 else 1.0 - tail
        below[i] = 1.0 - tail if side > 0 else tail


@kernel("(core_in),(core_in),()->()")
def gamma_sum_density(mean: FloatArray, shape: FloatArray, value: FloatArray, out: FloatArray) -> None:
    """Probability density of a sum of independent Gamma variables with unequal means.

    Parameters
    ----------
    mean, shape, value
        As in `gamma_sum_tails`.
    out
        At 0 the limit from above, infinite for a total shape below 1. Shape (n,). [1/any]
    """
    gamma, path = np.empty((3, mean.shape[1])), np.empty((2, mean.shape[1] + 1))
    for i in range(mean.shape[0]):
        terms, largest, _ = _gathered(mean[i], shape[i], gamma)
        if terms < 0 or math.isnan(value[i]):
            out[i] = math.nan
            continue
        if terms == 0 or value[i] < 0.0:
            out[i] = 0.0
            continue
        if value[i] == 0.0:
            out[i] = _density_at_zero(gamma, terms) / largest
            continue
        x = max(SMALLEST, min(value[i] / largest, LARGEST))
        size, height, unit, _ = _expanded(x, gamma, terms, 0, path)
        integral, _ = _integral(path, size)
        out[i] = math.exp(height) * integral / (math.pi * unit * largest)  # Eq. (7)


@kernel
def _density_at_zero(gamma: FloatArray, terms: int) -> float:
    """Limit of ``x^(k - 1) prod(theta_t^-k_t) / Gamma(k)`` with k the total of the shapes."""
    power, logarithm = 0.0, 0.0
    for t in range(terms):
        power += gamma[2, t]
        logarithm -= gamma[2, t] * math.log(gamma[0, t])
    if power == 1.0:
        return math.exp(logarithm)
    return 0.0 if power > 1.0 else math.inf


@kernel("(core_in),(core_in),()->()")
def gamma_sum_quantile(mean: FloatArray, shape: FloatArray, probability: FloatArray, out: FloatArray) -> None:
    """Value that a sum of independent Gamma variables exceeds with a probability.

    Parameters
    ----------
    mean, shape
        As in `gamma_sum_tails`. Shape (n, term).
    probability
        Probability of a larger sum, above 0 and below 1. Shape (n,). [1]
    out
        In the unit of the means; NaN where an input is no number or out of its range. Shape (n,). [any]
    """
    gamma, path = np.empty((3, mean.shape[1])), np.empty((2, mean.shape[1] + 1))
    for i in range(mean.shape[0]):
        terms, largest, x = _gathered(mean[i], shape[i], gamma)
        if terms <= 0 or not 0.0 < probability[i] < 1.0:
            out[i] = 0.0 if terms == 0 else math.nan
            continue
        # The smaller of the two probabilities is solved for: it has full relative accuracy.
        side = 1 if probability[i] <= 0.5 else -1
        wanted = math.log(probability[i]) if side > 0 else math.log1p(-probability[i])
        for exact in (False, True):
            x = _solved(wanted, x, exact, gamma, terms, side, path)
        out[i] = x * largest


@kernel("(core_in),(core_in)->()")
def gamma_sum_log_mean(mean: FloatArray, shape: FloatArray, out: FloatArray) -> None:
    """Mean of the natural logarithm of a sum of independent Gamma variables, ``E[ln X]``.

    Frullani's integral ``int (e^-t - E[e^-tX]) dt / t``, by the trapezoidal rule in ``ln t``.

    Parameters
    ----------
    mean, shape
        As in `gamma_sum_tails`. Shape (n, term).
    out
        Shape (n,). [1]
    """
    for i in range(mean.shape[0]):
        total = 0.0
        for m in range(mean.shape[1]):
            total += mean[i, m]
        if total == 0.0:
            out[i] = -math.inf
            continue
        step, result = 0.05, 0.0
        for k in range(int(-40.0 / step), int(700.0 / step)):  # below exp(-40) the integrand is t
            t = math.exp(k * step)
            logarithm = 0.0
            for m in range(mean.shape[1]):
                logarithm -= shape[i, m] * math.log1p(t * mean[i, m] / (total * shape[i, m]))
            result += math.exp(-t) - math.exp(logarithm)  # Eq. (4)
            if t > 40.0 and logarithm < -42.0:
                break
        out[i] = math.log(total) + result * step
