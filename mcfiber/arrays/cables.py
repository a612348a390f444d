"""Laws of power-fed cables on plain arrays: the best ratio, span and number of paths.

Arrays or numbers in, arrays out; all functions broadcast. Equations are those of :doc:`/theory/power-fed-cables`.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import lambertw

from mcfiber.arguments import arguments, plain_array
from mcfiber.typing import FloatArray

HALVINGS = 80
"""Of the bracket of a root, which is then known to the last bit."""

_RATIO = plain_array(above=0, high=1e30)

_GAP = plain_array(low=1, high=1e6)

_SPANS = plain_array(low=1, high=1e9, infinite=True)


@arguments(gsnr=_RATIO, spans=_SPANS)
def drooped_snr(gsnr: ArrayLike, spans: ArrayLike = np.inf) -> FloatArray:
    """Signal-to-noise ratio behind amplifiers that hold the total power, whose noise displaces signal.

    Parameters
    ----------
    gsnr
        Without that, ``1/(N x)`` for noise over signal x of each of N spans. [1]
    spans
        Their number; infinite for its limit.

    Returns
    -------
    Shape of the inputs together. [1]

    Notes
    -----
    Eq. (5) of :doc:`/theory/power-fed-cables` [1]_.

    References
    ----------
    .. [1] A. Bononi, J.-C. Antona, M. Lonardi, A. Carbo-Meseguer, P. Serena, "The generalized droop formula for low
       signal to noise ratio optical links," *J. Lightw. Technol.*, vol. 38, no. 8, pp. 2201-2213, 2020.

    Examples
    --------
    >>> float(np.round(10 * np.log10(drooped_snr(10**0.7)), 2))  # 7 dB
    6.56
    """
    x, spans = np.broadcast_arrays(1.0 / np.asarray(gsnr, dtype=float), np.asarray(spans, dtype=float))
    finite = np.where(np.isfinite(spans), spans, 1.0)
    exponent = np.where(np.isfinite(spans), finite * np.log1p(x / finite), x)
    result: FloatArray = 1.0 / np.expm1(np.minimum(exponent, 700.0))  # Eq. (5)
    return result


@arguments(gap=_GAP, spans=_SPANS)
def best_path_snr(gap: ArrayLike, spans: ArrayLike = np.inf) -> FloatArray:
    """Signal-to-noise ratio of parallel paths that carry the most together, when they share one optical power.

    Parameters
    ----------
    gap
        To Shannon's limit, at least 1. [1]
    spans
        Number of spans; infinite for its limit, where it is the root of the gap.

    Returns
    -------
    Shape of the inputs together. [1]

    Notes
    -----
    The largest value of Eq. (6) of :doc:`/theory/power-fed-cables`, which is symmetric under ``SNR -> gap/SNR`` for
    many spans. Near 0 dB for a gap of 0 dB, as [1]_ found.

    References
    ----------
    .. [1] J. D. Downie, X. Liang, S. Makovejs, "Modeling the techno-economics of multicore optical fibers in subsea
       transmission systems," *IEEE J. Sel. Top. Quantum Electron.*, vol. 26, no. 4, 2020.

    Examples
    --------
    >>> float(np.round(10 * np.log10(best_path_snr(10**0.34)), 6))
    1.7
    """
    gap, spans = np.broadcast_arrays(np.asarray(gap, dtype=float), np.asarray(spans, dtype=float))
    low, high = np.full(gap.shape, -40.0), np.full(gap.shape, 40.0)  # of ln SNR
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        more = _slope(np.exp(middle), gap, spans) > 0.0
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    result: FloatArray = np.exp(0.5 * (low + high))
    return result


def _slope(snr: FloatArray, gap: FloatArray, spans: FloatArray) -> FloatArray:
    """Derivative of the logarithm of Eq. (6) by that of the ratio."""
    logarithm = np.log1p(1.0 / snr)
    finite = np.where(np.isfinite(spans), spans, 1.0)
    part = np.where(np.isfinite(spans), np.expm1(logarithm / finite) * finite, logarithm)
    grown = np.where(np.isfinite(spans), np.exp(logarithm / finite), 1.0)
    paths = -grown / (1.0 + snr) / part
    z = snr / gap
    slope: FloatArray = paths + z / ((1.0 + z) * np.log1p(z))
    return slope


@arguments(share=plain_array(low=0, high=1e30))
def best_snr_of_a_share(share: ArrayLike) -> FloatArray:
    """Signal-to-noise ratio over the gap that is best where every path costs a fixed share besides its signal.

    Parameters
    ----------
    share
        What the fixed share would have bought of signal-to-noise ratio over gap: of power, an amplifier's threshold or
        control; of money, the ratio of all power in one path times the cost of a path over the fixed cost. [1]

    Returns
    -------
    Shape of the input. [1]

    Notes
    -----
    Eq. (7) of :doc:`/theory/power-fed-cables`, by Lambert's function [1]_.

    References
    ----------
    .. [1] R. M. Corless et al., "On the Lambert W function," *Adv. Comput. Math.*, vol. 5, pp. 329-359, 1996.

    Examples
    --------
    >>> float(np.round(best_snr_of_a_share(1.0), 6))  # e - 1
    1.718282
    """
    given = np.asarray(share, dtype=float)
    solve: Any = lambertw  # its stubs know no array
    plain = np.exp(1.0 + np.real(solve((given - 1.0) / math.e))) - 1.0
    # Beside 0 the function has a branch point; two steps of Newton from the root of 2 q mend what it loses there.
    z = np.where(given < 1e-3, np.sqrt(2.0 * given), plain)
    for _ in range(6):
        over = (1.0 + z) * np.log1p(z) - z - given
        small = z**2 * (0.5 - z / 6.0 + z**2 / 12.0) - given
        z = np.where(z > 0.0, z - np.where(z < 1e-3, small, over) / np.where(z > 0.0, np.log1p(z), 1.0), 0.0)
    result: FloatArray = z
    return result


@arguments(ratio=plain_array(above=0, high=1e30), paths=plain_array(low=1, high=1e12))
def split_gain(ratio: ArrayLike, paths: ArrayLike) -> FloatArray:
    """Rate of several paths that share the power of one, over the rate of that one.

    Parameters
    ----------
    ratio
        Signal-to-noise ratio over the gap of all power in one path. [1]
    paths
        Their number.

    Returns
    -------
    Shape of the inputs together. [1]

    Notes
    -----
    ``m log2(1 + z/m)/log2(1 + z)`` without droop, from Shannon's limit, Eq. (1) of `mcfiber.kernels.information`.

    Examples
    --------
    >>> split_gain(15.0, [2, 4, 8]).round(3).tolist()
    [1.544, 2.248, 3.047]
    """
    z, m = np.asarray(ratio, dtype=float), np.asarray(paths, dtype=float)
    result: FloatArray = m * np.log1p(z / m) / np.log1p(z)
    return result


@arguments(noise_figure=plain_array(low=1, high=1e6), fixed_loss=plain_array(low=1, high=1e12))
def best_span_loss(noise_figure: ArrayLike, fixed_loss: ArrayLike = 1.0) -> FloatArray:
    """Loss of the fibre of a span with which a line of fixed total output power has the least noise.

    Parameters
    ----------
    noise_figure
        Of the amplifiers. [1]
    fixed_loss
        That every span has besides. [1]

    Returns
    -------
    In nepers, at most 2. Shape of the inputs together. [Np]

    Notes
    -----
    Eq. (10) of :doc:`/theory/power-fed-cables`.

    Examples
    --------
    >>> float(np.round(10 * np.log10(np.e) * best_span_loss(10**0.45), 4))  # dB
    8.2218
    """
    product = np.asarray(noise_figure, dtype=float) * np.asarray(fixed_loss, dtype=float)
    low, high = np.full(product.shape, 1e-12), np.full(product.shape, 2.0)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        less = middle < 2.0 * (1.0 - np.exp(-middle) / product)  # Eq. (10)
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    result: FloatArray = 0.5 * (low + high)
    return result
