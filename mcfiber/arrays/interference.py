"""Kerr noise on plain arrays: closed forms of one span, and the integral that they are held to.

Arrays or numbers in SI in, arrays out.  Channels are the last dimension, all dimensions before it broadcast.
Interference is that of one core and one span, referred to its input; both polarisations.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mcfiber.arguments import arguments, plain_array, whole
from mcfiber.kernels import isrs as kernels
from mcfiber.kernels.nonlinear import gn_closed_form
from mcfiber.kernels.raman import panel_integration
from mcfiber.line.coupled_interference import coupled_core_factor as coupled_core_factor
from mcfiber.line.gn_integral import Interference as Interference
from mcfiber.line.gn_integral import SpanProfile as SpanProfile
from mcfiber.line.gn_integral import gn_integral as gn_integral
from mcfiber.line.gn_integral import plain_span as plain_span
from mcfiber.typing import FloatArray

_FREQUENCY = plain_array("channel", low=-1e16, high=1e16, unit="Hz")
_SYMBOL_RATE = plain_array("channel", low=1e6, high=1e15, unit="Hz")
_POWER = plain_array("channel", low=0, high=1e6, unit="W")
_GAMMA = plain_array("channel", low=0, high=1e3, unit="1/(W m)")
_BETA2 = plain_array("channel", low=-1e-20, high=1e-20, unit="s^2/m")
_ATTENUATION = plain_array("channel", above=0, high=10, unit="1/m")
_LEAST_BETA2 = 1e-35  # s^2/m
_LEAST_LOSS = 1e-5  # Np, of a span, at which the fit of exponentials keeps half of the digits

_LENGTH = plain_array(above=0, high=1e12, unit="m")


def _check_dispersion(beta2: ArrayLike) -> None:
    """Refuse a fibre without dispersion, of which closed forms say nothing."""
    if np.any(np.abs(np.asarray(beta2)) < _LEAST_BETA2):
        msg = "beta2: got 0 s^2/m; allowed: dispersion, which the closed forms divide by; use gn_integral without it"
        raise ValueError(msg)


def _check_channels(frequency: ArrayLike, channels: int | None = None) -> None:
    """Refuse channels that do not ascend, or are not as many as a profile has."""
    found = np.asarray(frequency)
    if channels is not None and (found.ndim == 0 or found.shape[-1] != channels) and channels > 1:
        msg = f"frequency: got an array of shape {found.shape}; allowed: {channels} channels, as the profile has"
        raise ValueError(msg)
    if found.ndim and np.any(np.diff(found) <= 0.0):
        msg = "frequency: got channels that do not ascend; allowed: ascending frequencies; sort the channels"
        raise ValueError(msg)


class Exponentials(NamedTuple):
    """Power of each channel over its launched power as a sum of exponentials, ``sum_m c_m exp(-a_m z)``.

    Shape (..., channel, term). [1, 1/m]
    """

    coefficient: FloatArray
    decay: FloatArray


class OwnAndCross(NamedTuple):
    """Interference from within each channel and from the other channels. Shape (..., channel). [W]"""

    own: FloatArray
    cross: FloatArray


class NearAndFar(NamedTuple):
    """Correction for n equal spans: ``near`` of one, ``near + n far`` of more. Shape (..., channel). [W]"""

    near: FloatArray
    far: FloatArray


@arguments(
    frequency=_FREQUENCY,
    symbol_rate=_SYMBOL_RATE,
    power=_POWER,
    gamma=_GAMMA,
    beta2=_BETA2,
    attenuation=_ATTENUATION,
    length=_LENGTH,
)
def gn_interference(
    frequency: ArrayLike,
    symbol_rate: ArrayLike,
    power: ArrayLike,
    *,
    gamma: ArrayLike,
    beta2: ArrayLike,
    attenuation: ArrayLike,
    length: ArrayLike,
) -> FloatArray:
    """Nonlinear interference of a span whose channels decay exponentially.

    Parameters
    ----------
    frequency, symbol_rate, power
        Channels, and their power at the input of the fibre. Shape (..., channel), or () where all are alike.
        [Hz, Hz, W]
    gamma, beta2, attenuation
        Nonlinear coefficient of one core without the 8/9, dispersion (not zero), power attenuation.
        Shape (..., channel) or (). [1/(W m), s^2/m, 1/m]
    length
        Of the span; its loss above 7 dB. Shape (...). [m]

    Returns
    -------
    Self- and cross-channel interference at the channel's centre. Shape (..., channel). [W]

    Notes
    -----
    Eq. (120) and Eq. (123) of [1]_. Powers of spans add; randomly coupled cores multiply it by `coupled_core_factor`.

    References
    ----------
    .. [1] P. Poggiolini, "A detailed analytical derivation of the GN model," arXiv:1209.0394, eqs. (120)-(123).

    Examples
    --------
    >>> frequency = 193.4e12 + 50e9 * np.arange(-40, 41)
    >>> glass = {"gamma": 1.3e-3, "beta2": -21.7e-27, "attenuation": 4.6e-5}
    >>> power = gn_interference(frequency, 32e9, 1e-3, **glass, length=80e3)
    >>> float((10 * np.log10(power[40] / 1e-3)).round(2))  # dB
    -29.77
    """
    _check_channels(frequency)
    _check_dispersion(beta2)
    result: FloatArray = gn_closed_form(frequency, symbol_rate, power, gamma, beta2, attenuation, length)
    return result


@arguments(
    attenuation=_ATTENUATION,
    rate=plain_array("channel", low=-1e3, high=1e3, unit="1/m"),
    shape=_ATTENUATION,
    terms=whole(low=1, high=100),
)
def tilted_exponentials(
    attenuation: ArrayLike, rate: ArrayLike, *, shape: ArrayLike | None = None, terms: int = 2
) -> Exponentials:
    """Exponentials of a span with a triangular Raman gain, expanded in its tilt.

    Parameters
    ----------
    attenuation
        Power attenuation. Shape (..., channel). [1/m]
    rate
        Raman loss for each metre at the input, ``C_r P_tot (f - mean f)`` for a linear gain of slope C_r.
        Shape (..., channel). [1/m]
    shape
        Attenuation of the light that takes part in the scattering, by default that of the channel.
        Shape (..., channel). [1/m]
    terms
        Number of exponentials; two are the first order of the published form.

    Returns
    -------
    Exponentials
        Shape (..., channel, term).

    Notes
    -----
    Eq. (1) of `mcfiber.kernels.isrs` [1]_.

    References
    ----------
    .. [1] D. Semrau, R. I. Killey and P. Bayvel, "A closed-form approximation of the Gaussian noise model in the
       presence of inter-channel stimulated Raman scattering," *J. Lightw. Technol.*, vol. 37, no. 9, pp. 1924-1936,
       2019. :doi:`10.1109/JLT.2019.2895237`.

    Examples
    --------
    >>> found = tilted_exponentials(np.full(2, 4.6e-5), np.array([-2e-6, 2e-6]))
    >>> found.coefficient.sum(axis=-1)  # all of the power at the input
    array([1., 1.])
    """
    inputs = attenuation, attenuation if shape is None else shape, rate
    return Exponentials(*kernels.tilted_profile(*inputs, sizes={"term": terms}))


@arguments(length=_LENGTH, count=whole(low=2, high=10_000))
def panel_nodes(length: ArrayLike, count: int = 12) -> FloatArray:
    """Distances at which `fitted_exponentials` wants the power of a span.

    Parameters
    ----------
    length
        Of the span. Shape (...). [m]
    count
        Number of distances, from the start to the end.

    Returns
    -------
    Shape (..., node). [m]

    Notes
    -----
    Extrema of a Chebyshev polynomial, on which a smooth profile is known everywhere [1]_.

    References
    ----------
    .. [1] L. N. Trefethen, "Spectral Methods in MATLAB," SIAM, 2000, chapter 5.

    Examples
    --------
    >>> panel_nodes(80e3, 5).round()
    array([    0., 11716., 40000., 68284., 80000.])
    """
    place = 0.5 - 0.5 * np.cos(np.pi * np.arange(count) / (count - 1))
    result: FloatArray = np.asarray(length, np.float64)[..., None] * place
    return result


@arguments(
    power=plain_array("channel", "node", scalar=False, low=0, high=1e6, unit="W"),
    attenuation=_ATTENUATION,
    length=_LENGTH,
    terms=whole(low=1, high=100),
)
def fitted_exponentials(power: ArrayLike, attenuation: ArrayLike, length: ArrayLike, *, terms: int = 3) -> Exponentials:
    """Exponentials that fit a power profile along a span by least squares.

    Parameters
    ----------
    power
        At the distances of `panel_nodes`. Shape (..., channel, node). [W]
    attenuation
        Power attenuation, above zero; the decays are its multiples. Shape (..., channel) or (). [1/m]
    length
        Of the span. Shape (...). [m]
    terms
        Number of exponentials; three follow tilts of many decibels to 1e-3.

    Returns
    -------
    Exponentials
        Shape (..., channel, term).

    Notes
    -----
    The fit takes the place of the expansion of Eq. (1) of `mcfiber.kernels.isrs` [1]_.

    References
    ----------
    .. [1] D. Semrau, R. I. Killey and P. Bayvel, "A closed-form approximation of the Gaussian noise model in the
       presence of inter-channel stimulated Raman scattering," *J. Lightw. Technol.*, vol. 37, no. 9, pp. 1924-1936,
       2019. :doi:`10.1109/JLT.2019.2895237`.

    Examples
    --------
    >>> decay = np.exp(-4.6e-5 * panel_nodes(80e3))
    >>> fitted_exponentials(decay[None], 4.6e-5, 80e3).coefficient.round(9) + 0.0
    array([[1., 0., 0.]])
    """
    if np.min(np.asarray(attenuation) * np.asarray(length)[..., None], initial=1.0) < _LEAST_LOSS:
        msg = (
            f"attenuation and length: got a loss of less than {_LEAST_LOSS:g} Np; allowed: more, as exponentials of "
            "less cannot be told apart; take one panel, or the attenuation of the glass"
        )
        raise ValueError(msg)
    profile = np.asarray(power, np.float64)
    panels = np.asarray(length, np.float64)[..., None]
    loss = np.broadcast_to(np.asarray(attenuation, np.float64), np.broadcast_shapes(np.shape(attenuation), (1,)))
    integration = panel_integration(profile.shape[-1])
    inputs = profile[..., None, :], loss, panels, integration
    return Exponentials(*kernels.fitted_profile(*inputs, sizes={"term": terms}))


@arguments(frequency=_FREQUENCY, symbol_rate=_SYMBOL_RATE, power=_POWER, gamma=_GAMMA, beta2=_BETA2)
def raman_interference(
    frequency: ArrayLike,
    symbol_rate: ArrayLike,
    power: ArrayLike,
    profile: Exponentials,
    *,
    gamma: ArrayLike,
    beta2: ArrayLike,
) -> OwnAndCross:
    """Nonlinear interference of a span along a profile of power, such as Raman scattering makes.

    Parameters
    ----------
    frequency, symbol_rate, power, gamma, beta2
        As in `gn_interference`.
    profile
        From `tilted_exponentials` or `fitted_exponentials`.

    Returns
    -------
    OwnAndCross
        At the channel's centre. Shape (..., channel). [W]

    Notes
    -----
    Eq. (10) and Eq. (11) of [1]_ with any number of exponentials.

    References
    ----------
    .. [1] D. Semrau, R. I. Killey and P. Bayvel, "A closed-form approximation of the Gaussian noise model in the
       presence of inter-channel stimulated Raman scattering," *J. Lightw. Technol.*, vol. 37, no. 9, pp. 1924-1936,
       2019. :doi:`10.1109/JLT.2019.2895237`.

    Examples
    --------
    >>> frequency = 193.4e12 + 50e9 * np.arange(-40, 41)
    >>> plain = tilted_exponentials(np.full(81, 4.6e-5), 0.0, terms=1)
    >>> own, cross = raman_interference(frequency, 32e9, 1e-3, plain, gamma=1.3e-3, beta2=-21.7e-27)
    >>> float((10 * np.log10((own + cross)[40] / 1e-3)).round(2))  # dB
    -29.65
    """
    _check_channels(frequency, profile.decay.shape[-2])
    _check_dispersion(beta2)
    return OwnAndCross(*kernels.isrs_gn_closed_form(frequency, symbol_rate, power, gamma, beta2, *profile))


@arguments(symbol_rate=_SYMBOL_RATE, beta2=_BETA2, attenuation=_ATTENUATION, length=_LENGTH)
def coherent_exponent(
    symbol_rate: ArrayLike, *, beta2: ArrayLike, attenuation: ArrayLike, length: ArrayLike
) -> FloatArray:
    """Exponent with which a channel's own interference grows over spans: ``spans^(1 + exponent)``.

    Parameters
    ----------
    symbol_rate, beta2, attenuation
        Shape (..., channel) or (). [Hz, s^2/m, 1/m]
    length
        Of one span. Shape (...). [m]

    Returns
    -------
    Shape (..., channel). [1]

    Notes
    -----
    Eq. (40) of [1]_.

    References
    ----------
    .. [1] P. Poggiolini et al., "The GN-model of fiber non-linear propagation and its applications," *J. Lightw.
       Technol.*, vol. 32, no. 4, pp. 694-721, 2014.

    Examples
    --------
    >>> coherent_exponent([32e9, 96e9], beta2=-21.7e-27, attenuation=4.6e-5, length=80e3).round(3)
    array([0.21 , 0.108])
    """
    _check_dispersion(beta2)
    result: FloatArray = kernels.coherence_exponent(symbol_rate, beta2, attenuation, length)
    return result


@arguments(
    frequency=_FREQUENCY,
    symbol_rate=_SYMBOL_RATE,
    power=_POWER,
    gamma=_GAMMA,
    beta2=_BETA2,
    kurtosis=plain_array("channel", low=-1, high=1e6),
    length=_LENGTH,
)
def cross_format_correction(
    frequency: ArrayLike,
    symbol_rate: ArrayLike,
    power: ArrayLike,
    profile: Exponentials,
    *,
    gamma: ArrayLike,
    beta2: ArrayLike,
    kurtosis: ArrayLike,
    length: ArrayLike,
) -> NearAndFar:
    """Interference from other channels that their modulation format adds to that of Gaussian signals.

    Parameters
    ----------
    frequency, symbol_rate, power, profile, gamma, beta2
        As in `raman_interference`.
    kurtosis
        Excess kurtosis of the symbols: 0 Gaussian, -1 QPSK, -0.68 16QAM. Shape (..., channel) or (). [1]
    length
        Of one span. Shape (...). [m]

    Returns
    -------
    NearAndFar
        Negative for every uniform format. Shape (..., channel). [W]

    Notes
    -----
    Eq. (2) and Eq. (3) of `mcfiber.kernels.isrs` [1]_; within a channel nothing is corrected.

    References
    ----------
    .. [1] D. Semrau, E. Sillekens, R. I. Killey and P. Bayvel, "A modulation format correction formula for the
       Gaussian noise model in the presence of inter-channel stimulated Raman scattering," arXiv:1903.02506.

    Examples
    --------
    >>> frequency = 193.4e12 + 50e9 * np.arange(3)
    >>> plain = tilted_exponentials(np.full(3, 4.6e-5), 0.0, terms=1)
    >>> glass = {"gamma": 1.3e-3, "beta2": -21.7e-27, "length": 80e3}
    >>> found = cross_format_correction(frequency, 32e9, 1e-3, plain, **glass, kurtosis=-1.0)
    >>> bool((found.near < 0).all() and (found.far < 0).all())
    True
    """
    _check_channels(frequency, profile.decay.shape[-2])
    if np.min(np.diff(np.asarray(frequency)), initial=np.inf) <= 0.5 * np.max(np.asarray(symbol_rate)):
        msg = "frequency: got channels less than half a symbol rate apart; allowed: more, of which the correction holds"
        raise ValueError(msg)
    _check_dispersion(beta2)
    inputs = frequency, symbol_rate, power, gamma, beta2, *profile, kurtosis, length
    return NearAndFar(*kernels.format_correction_closed_form(*inputs))
