"""Spread of crosstalk on plain arrays: quantiles, outage, decibels, spectrum.

All functions broadcast; arrays of aggressors have them in the last dimension.  SI, linear power ratios.  Numbers that
are not finite, or out of the range that they belong to, are refused with a ValueError that names them.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from mcfiber.arguments import arguments, plain_array
from mcfiber.kernels import crosstalk_statistics as kernels
from mcfiber.line.crosstalk import Aggressors
from mcfiber.typing import FloatArray
from mcfiber.units import DB_PER_NEPER

_SKEW = plain_array(low=-1e6, high=1e6, unit="s")
_RANDOM_SKEW = plain_array(low=0, high=1e6, unit="s")
_MEAN = plain_array("aggressor", low=0, high=1e9)
# From what rounding leaves of a Gamma variable, to one degree of freedom, the fewest there are.
_VARIANCE = plain_array("aggressor", low=1e-12, high=2)
_LEVEL = plain_array(low=0, high=1e9)


@arguments(separation=plain_array(low=-1e16, high=1e16, unit="Hz"), skew=_SKEW, random_skew=_RANDOM_SKEW)
def crosstalk_correlation(separation: ArrayLike, skew: ArrayLike, *, random_skew: ArrayLike = 0.0) -> FloatArray:
    """Correlation of the crosstalk power at two frequencies: ``sinc^2(S df)`` for a steady skew S.

    Parameters
    ----------
    separation
        Difference of the frequencies. [Hz]
    skew
        Steady part of the skew between the two cores over the fibre. [s]
    random_skew
        Standard deviation of its random part, which grows as the root of length. [s]

    Returns
    -------
    Correlation coefficient. [1]

    Notes
    -----
    Eq. (4) of :doc:`/theory/crosstalk`.

    Examples
    --------
    >>> float(crosstalk_correlation(300e6, 1e-9).round(6))
    0.73684
    """
    result: FloatArray = kernels.power_correlation(separation, skew, random_skew)
    return result


@arguments(skew=_SKEW, random_skew=_RANDOM_SKEW, level=plain_array(low=0, high=1))
def decorrelation_bandwidth(skew: ArrayLike, *, random_skew: ArrayLike = 0.0, level: ArrayLike = 0.5) -> FloatArray:
    """Separation of frequencies at which the correlation of crosstalk has fallen to a level.

    Parameters
    ----------
    skew, random_skew
        As in `crosstalk_correlation`. [s]
    level
        Correlation that defines the bandwidth; published values use 1/2, 1/e or the first zero. [1]

    Returns
    -------
    Separation; infinite without skew. [Hz]

    Notes
    -----
    Eq. (4) of :doc:`/theory/crosstalk`, solved for the separation.

    Examples
    --------
    >>> float(decorrelation_bandwidth(1e-9).round(-3))
    442946000.0
    """
    result: FloatArray = kernels.decorrelation_separation(level, skew, random_skew)
    return result


@arguments(skew=_SKEW, symbol_rate=plain_array(above=0, high=1e13, unit="Hz"), random_skew=_RANDOM_SKEW)
def crosstalk_variance(
    skew: ArrayLike, symbol_rate: ArrayLike, *, random_skew: ArrayLike = 0.0, polarizations: Literal[1, 2] = 1
) -> FloatArray:
    """Variance over squared mean of one neighbour's crosstalk, averaged over the band of a signal.

    Parameters
    ----------
    skew, random_skew
        As in `crosstalk_correlation`. [s]
    symbol_rate
        Width of the (flat) spectrum of the neighbour's signal. [Hz]
    polarizations
        Polarisations that the neighbour's signal fills with independent data. One gives 4 degrees of freedom
        in the limit of small skew, as in the published statistics; two give 8.

    Returns
    -------
    Variance over squared mean. [1]

    Notes
    -----
    What is fixed here is the part of the power that crosses over; a carrier-free signal of many symbols
    within the skew has hardly any spread, a carrier keeps that of skew 0.

    Eq. (5) of :doc:`/theory/crosstalk`.

    Examples
    --------
    >>> float(crosstalk_variance(1e-9, 10e9).round(6))
    0.047104
    """
    result: FloatArray = kernels.short_term_variance(symbol_rate, skew, random_skew) / polarizations
    return result


@arguments(mean=_MEAN, variance=_VARIANCE, probability=plain_array(above=0, below=1))
def exceeded_level(
    mean: ArrayLike, variance: ArrayLike, probability: ArrayLike, *, aggressors: Aggressors = "independent"
) -> FloatArray:
    """Crosstalk that is exceeded with a probability.

    Parameters
    ----------
    mean
        Mean crosstalk from every aggressor. Shape (..., aggressor) or (), the same from each. [1]
    variance
        Variance over squared mean of every aggressor's crosstalk, from `crosstalk_variance`: above 0, at most 2.
        Shape (..., aggressor) or (). [1]
    probability
        Probability of more crosstalk, above 0 and below 1. [1]
    aggressors
        ``"independent"``: each carries its own data and the powers add, exactly also for unequal means;
        ``"same_laser"``: all carry the same light and the fields add, so that the sum has the spread of one.

    Returns
    -------
    Crosstalk. Shape (...). [1]

    Notes
    -----
    The neighbours are Gamma distributed; the law of their sum is Eq. (3) of `mcfiber.kernels.crosstalk_statistics`
    [1]_, solved to about 1e-11 of the smaller of the probabilities of more and of less crosstalk.

    References
    ----------
    .. [1] C. W. Helstrom, "Calculating error probabilities for intersymbol and cochannel interference," *IEEE
       Trans. Commun.*, vol. 34, pp. 430-435, 1986.

    Examples
    --------
    >>> decibels = 10 * np.log10(exceeded_level([1e-3], 0.5, 1e-4) / 1e-3)
    >>> float(decibels.round(3))
    7.692
    """
    result: FloatArray = kernels.gamma_sum_quantile(*_terms(mean, variance, aggressors), probability)
    return result


@arguments(mean=_MEAN, variance=_VARIANCE, threshold=_LEVEL)
def outage_probability(
    mean: ArrayLike, variance: ArrayLike, threshold: ArrayLike, *, aggressors: Aggressors = "independent"
) -> FloatArray:
    """Probability that the crosstalk exceeds a threshold.

    Parameters
    ----------
    mean, variance, aggressors
        As in `exceeded_level`.
    threshold
        Tolerated crosstalk. [1]

    Returns
    -------
    Probability. Shape (...). [1]

    Notes
    -----
    Eq. (3) of `mcfiber.kernels.crosstalk_statistics` [1]_.

    References
    ----------
    .. [1] C. W. Helstrom, "Calculating error probabilities for intersymbol and cochannel interference," *IEEE
       Trans. Commun.*, vol. 34, pp. 430-435, 1986.

    Examples
    --------
    >>> float(outage_probability([1e-3], 0.5, 5.87818561124771e-3).round(9))
    0.0001
    """
    result: FloatArray = kernels.gamma_sum_tails(*_terms(mean, variance, aggressors), threshold)[1]
    return result


@arguments(mean=_MEAN, variance=_VARIANCE, value=_LEVEL)
def crosstalk_density(
    mean: ArrayLike, variance: ArrayLike, value: ArrayLike, *, aggressors: Aggressors = "independent"
) -> FloatArray:
    """Probability density of the crosstalk.

    Parameters
    ----------
    mean, variance, aggressors
        As in `exceeded_level`.
    value
        Where to evaluate. [1]

    Returns
    -------
    Density. Shape (...). [1]

    Notes
    -----
    Derivative of Eq. (3) of `mcfiber.kernels.crosstalk_statistics` [1]_.

    References
    ----------
    .. [1] C. W. Helstrom, "Calculating error probabilities for intersymbol and cochannel interference," *IEEE
       Trans. Commun.*, vol. 34, pp. 430-435, 1986.

    Examples
    --------
    >>> float(crosstalk_density([1.0], 0.5, 1.0).round(6))
    0.541341
    """
    result: FloatArray = kernels.gamma_sum_density(*_terms(mean, variance, aggressors), value)
    return result


@arguments(mean=_MEAN, variance=_VARIANCE)
def mean_of_decibels(mean: ArrayLike, variance: ArrayLike, *, aggressors: Aggressors = "independent") -> FloatArray:
    """Mean of the crosstalk in dB, which lies below the dB of the mean: average linearly.

    Parameters
    ----------
    mean, variance, aggressors
        As in `exceeded_level`.

    Returns
    -------
    Mean. Shape (...). [dB]

    Notes
    -----
    Eq. (4) of `mcfiber.kernels.crosstalk_statistics`.

    Examples
    --------
    >>> float(mean_of_decibels([1.0], 0.5).round(5))
    -1.17417
    """
    result: FloatArray = DB_PER_NEPER * kernels.gamma_sum_log_mean(*_terms(mean, variance, aggressors))
    return result


@arguments(variance=plain_array(above=0, high=2))
def deviation_of_decibels(variance: ArrayLike) -> FloatArray:
    """Deviation (root mean square) in dB of the crosstalk of one aggressor, or of equal ones.

    Parameters
    ----------
    variance
        Variance over squared mean; divide by the number of equal independent aggressors. [1]

    Returns
    -------
    Standard deviation. [dB]

    Notes
    -----
    The variance of the logarithm of a Gamma variable of shape k is the trigamma function of k [1]_; here k is the
    inverse of the variance.

    References
    ----------
    .. [1] M. Abramowitz and I. A. Stegun (editors), "Handbook of Mathematical Functions," National Bureau of
       Standards, 1964, section 6.4.

    Examples
    --------
    >>> float(deviation_of_decibels(0.5).round(5))
    3.48772
    """
    from scipy import special  # late: it loads slowly

    result: FloatArray = DB_PER_NEPER * np.sqrt(special.polygamma(1, 1.0 / np.asarray(variance, np.float64)))
    return result


def _terms(mean: ArrayLike, variance: ArrayLike, aggressors: str) -> tuple[FloatArray, FloatArray]:
    means = np.atleast_1d(np.asarray(mean, np.float64))
    shapes = 1.0 / np.asarray(variance, np.float64)
    means, shapes = means * np.ones_like(shapes), shapes * np.ones_like(means)
    if aggressors == "independent":
        return means, shapes
    if aggressors == "same_laser":
        # Fields add, neighbour by neighbour with its own skew: the variances' mean, weighted by power.
        total = means.sum(axis=-1, keepdims=True)
        weighted = (means / shapes).sum(axis=-1, keepdims=True)
        return total, np.divide(total, weighted, out=np.ones_like(total), where=weighted > 0.0)
    msg = f"aggressors must be 'independent' or 'same_laser', got {aggressors!r}"
    raise ValueError(msg)
