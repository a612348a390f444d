"""Spread of crosstalk: its spectrum and drift, and the distribution of sums over unequal neighbours.

The crosstalk of one neighbour, averaged over a signal's band, is close to a Gamma distribution whose shape
follows from its variance.  Neighbours with independent data add their powers: the sum has the moment
generating function ``prod (1 - theta s)^-k``, which is inverted along a contour through a saddle point, so
that both tails keep their relative accuracy however small they are [1]_.

Notes
-----
With K(s) the logarithm of the moment generating function:

(1) ``K(s) = -sum_t k_t ln(1 - theta_t s)``, sum of Gamma variables of shapes k and scales theta;
(2) ``K'(c) = x + 1/c``, the saddle point of the integrand with its pole at zero [1]_;
(3) ``Pr(X > x) = (1/(2 pi j)) int exp(K(s) - s x) ds/s`` along the contour through c [1]_;
(4) ``E[ln X] = int_0^inf (e^-t - E[e^-tX]) dt/t``, Frullani's integral.

References
----------
.. [1] C. W. Helstrom, "Calculating error probabilities for intersymbol and cochannel interference," IEEE
   Trans. Commun. 34, 430 (1986): contour through the saddle point of the integrand with its pole.
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.typing import FloatArray

# Step of the trapezoidal rule along the contour, in standard deviations of its saddle. Singularities lie at
# least sqrt(k) away: the relative error is 1e-13 for a shape k of 1 and more, 3e-11 for 1/2.
CONTOUR_STEP = 0.125
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
def _gathered(mean: FloatArray, shape: FloatArray, scale: FloatArray, count: FloatArray) -> int:
    """Scales and shapes of the Gamma terms of a sum, equal scales together; how many there are."""
    terms = 0
    for m in range(mean.shape[0]):
        if mean[m] == 0.0:
            continue
        theta = mean[m] / shape[m]
        found = False
        for t in range(terms):
            if abs(scale[t] - theta) <= 1e-14 * theta:
                count[t] += shape[m]
                found = True
                break
        if not found:
            scale[terms] = theta
            count[terms] = shape[m]
            terms += 1
    return terms


@kernel
def _separate(mean: FloatArray, shape: FloatArray, scale: FloatArray, count: FloatArray, terms: int) -> int:
    """Take terms of equal shape one by one again: then the logarithm of one product serves them all."""
    first = -1
    for m in range(mean.shape[0]):
        if mean[m] != 0.0:
            first = m if first < 0 else first
            if shape[m] != shape[first]:
                return terms
    if terms <= 1 or mean.shape[0] > 64:
        return terms
    terms = 0
    for m in range(mean.shape[0]):
        if mean[m] != 0.0:
            scale[terms] = mean[m] / shape[m]
            count[terms] = shape[m]
            terms += 1
    return terms


@kernel
def _saddle(x: float, scale: FloatArray, shape: FloatArray, terms: int, sign: float) -> float:
    """Real zero of ``K'(c) - x - 1/c`` above (sign 1) or below (sign -1) the pole at zero."""
    largest, total = 0.0, 0.0
    for t in range(terms):
        largest = max(largest, scale[t])
        total += shape[t]
    # in both cases the root lies within (0, limit) of the pole, and the function rises with c
    limit = 1.0 / largest if sign > 0.0 else (total + 1.0) / x
    low, high = 0.0, limit
    c = 0.5 * limit
    for _ in range(200):
        value, slope = -x - sign / c, 1.0 / (c * c)  # Eq. (2)
        for t in range(terms):
            rest = scale[t] / (1.0 - sign * scale[t] * c)
            value += shape[t] * rest
            slope += shape[t] * rest * rest
        if value * sign > 0.0:
            high = c
        else:
            low = c
        step = c - sign * value / slope
        following = step if low < step < high else 0.5 * (low + high)
        if abs(following - c) <= 1e-14 * c or high - low <= 1e-15 * limit:
            break
        c = following
    return sign * c


@kernel
def _tail(x: float, scale: FloatArray, shape: FloatArray, terms: int, sign: float) -> tuple[float, float]:
    """Logarithm of the probability beyond x (above it for sign 1, below it for -1), and density over it."""
    c = _saddle(x, scale, shape, terms, sign)
    height, second, third = -c * x - math.log(abs(c)), 1.0 / (c * c), -2.0 / (c * c * c)
    for t in range(terms):
        rest = 1.0 - scale[t] * c
        height -= shape[t] * math.log(rest)  # Eq. (1)
        second += shape[t] * (scale[t] / rest) ** 2
        third += 2.0 * shape[t] * (scale[t] / rest) ** 3
    width = 1.0 / math.sqrt(second)
    alike = True
    for t in range(1, terms):
        alike = alike and shape[t] == shape[0]
    turn = 0.0
    # Path of steepest descent, s = c + j w u + b w^2 u^2, bent to the right, where exp(-s x) ends it.
    bend = max(third / (6.0 * second), 0.2 / (width * width * x))
    probability, density = 0.5 * width, 0.5 * width * abs(c)
    for k in range(1, 1000):
        u = k * CONTOUR_STEP
        s = complex(c + bend * (width * u) ** 2, width * u)
        exponent = -s * x - np.log(s * sign) - height  # Eq. (3)
        if alike:
            product = complex(1.0, 0.0)
            for t in range(terms):
                product *= 1.0 - scale[t] * s
            angle = math.atan2(product.imag, product.real)
            turn = angle + 2.0 * math.pi * round((turn - angle) / (2.0 * math.pi))  # no jumps along the path
            exponent -= shape[0] * complex(math.log(abs(product)), turn)
        else:
            for t in range(terms):
                exponent -= shape[t] * np.log(1.0 - scale[t] * s)
        part = np.exp(exponent) * complex(width, -2.0 * bend * width * width * u)
        probability += part.real
        density += (part * s * sign).real
        if abs(part) < 1e-18 * width and abs(part * s) < 1e-18 * width * abs(c):
            break
    return height + math.log(probability * CONTOUR_STEP / math.pi), density / probability


@kernel("(core_in),(core_in),()->(),(),()")
def gamma_sum_tails(
    mean: FloatArray,
    shape: FloatArray,
    value: FloatArray,
    density: FloatArray,
    below: FloatArray,
    above: FloatArray,
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
    density
        Probability density. Shape (n,). [1/any]
    below, above
        Probabilities of a smaller and of a larger sum; the smaller of the two has full relative accuracy.
        Shape (n,). [1]
    """
    scale = np.empty(mean.shape[1])
    count = np.empty(mean.shape[1])
    for i in range(mean.shape[0]):
        terms = _gathered(mean[i], shape[i], scale, count)
        terms = _separate(mean[i], shape[i], scale, count, terms)
        if terms == 0 or value[i] <= 0.0:
            density[i] = 0.0
            below[i] = 1.0 if terms == 0 and value[i] >= 0.0 else 0.0
            above[i] = 1.0 - below[i]
            continue
        total = 0.0
        for t in range(terms):
            total += scale[t] * count[t]
        sign = 1.0 if value[i] >= total else -1.0
        logarithm, ratio = _tail(value[i], scale, count, terms, sign)
        tail = math.exp(logarithm)
        density[i] = tail * ratio
        above[i] = tail if sign > 0.0 else 1.0 - tail
        below[i] = 1.0 - tail if sign > 0.0 else tail


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
        In the unit of the means. Shape (n,). [any]
    """
    scale = np.empty(mean.shape[1])
    count = np.empty(mean.shape[1])
    for i in range(mean.shape[0]):
        terms = _gathered(mean[i], shape[i], scale, count)
        terms = _separate(mean[i], shape[i], scale, count, terms)
        total = 0.0
        for t in range(terms):
            total += scale[t] * count[t]
        if terms == 0 or not 0.0 < probability[i] < 1.0:
            out[i] = 0.0 if terms == 0 else math.nan
            continue
        # Which tail holds the value decides which of the two probabilities is solved for.
        middle, _ = _tail(total, scale, count, terms, 1.0)
        sign = 1.0 if math.log(probability[i]) <= middle else -1.0
        wanted = math.log(probability[i]) if sign > 0.0 else math.log1p(-probability[i])
        low, high = -745.0, 745.0
        point = 0.0
        for _ in range(200):  # Newton in the logarithms, kept inside a bracket
            logarithm, ratio = _tail(total * math.exp(point), scale, count, terms, sign)
            if (logarithm - wanted) * sign > 0.0:
                low = point
            else:
                high = point
            slope = -sign * ratio * total * math.exp(point)
            following = point - (logarithm - wanted) / slope
            if not low < following < high:
                following = 0.5 * (max(low, point - 2.0) + min(high, point + 2.0))
            if abs(following - point) < 1e-13:
                break
            point = following
        out[i] = total * math.exp(following)


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
        total, power = 0.0, 0.0
        for m in range(mean.shape[1]):
            total += mean[i, m]
            power += shape[i, m] if mean[i, m] > 0.0 else 0.0
        if total == 0.0:
            out[i] = -math.inf
            continue
        step, result = 0.05, 0.0
        # below exp(-40) the integrand is t, above exp(80 / power) it is t^-power
        for k in range(int(-40.0 / step), int(max(6.0, 90.0 / power + 30.0) / step)):
            t = math.exp(k * step)
            logarithm = 0.0
            for m in range(mean.shape[1]):
                logarithm -= shape[i, m] * math.log1p(t * mean[i, m] / (total * shape[i, m]))
            result += math.exp(-t) - math.exp(logarithm)  # Eq. (4)
        out[i] = math.log(total) + result * step
