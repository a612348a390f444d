"""Mode dispersion of randomly coupled cores: delays, impulse response, equaliser length."""

import math
from statistics import NormalDist
from typing import Literal

from mcfiber.arguments import DELAY, FRACTION, LENGTH, MODES, NUMBER, RATIO, SPREAD, SYMBOL_RATE, arguments, real, whole
from mcfiber.kernels import mode_delay as kernels
from mcfiber.kernels.mode_loss import expected_spread, growth
from mcfiber.labelled import compute, labelled_result, stamp
from mcfiber.typing import Quantity

Definition = Literal["sigma", "2sigma"]


@arguments(
    dispersion=real(low=0, high=1, unit="s/sqrt(m)"),
    length=LENGTH,
    modes=MODES,
    spans=whole(low=1),
    lap=whole(low=1),
)
def group_delay_spread(
    dispersion: Quantity,
    length: Quantity,
    *,
    modes: int,
    spans: int = 1,
    repeat: Literal["independent", "same"] = "independent",
    lap: int = 1,
    definition: Definition = "sigma",
) -> tuple[Quantity, Quantity]:
    """Rms and mean peak-to-peak group delay of the modes of a line of randomly coupled cores.

    Parameters
    ----------
    dispersion
        Spatial mode dispersion of the fibre. [s/sqrt(m)]
    length
        Length of a span; along a dimension ``span`` one value for each. [m]
    modes
        Number of modes, twice the number of cores.
    spans
        Number of equal spans; left out where `length` has the dimension ``span``.
    repeat
        "independent" spans, or the "same" fibre every lap, whose delays correlate as its gains do.
    lap
        Number of spans of a lap of the "same" fibre, which mix independently of each other.
    definition
        What `dispersion` means: "sigma", the standard deviation of the intensity impulse response (equal to
        the rms group delay), or "2sigma", twice that.

    Returns
    -------
    :data:`~mcfiber.variables.group_delay_rms`, :data:`~mcfiber.variables.group_delay_peak_to_peak`. [s]

    Raises
    ------
    ValueError
        If the definition is unknown.

    Notes
    -----
    The group-delay operator is a random Hermitian matrix without a trace [1]_: for two modes the peak to peak
    is the differential group delay, Maxwellian, with mean sqrt(8/(3 pi)) of its rms 2 sigma; for many modes
    the delays fill a semicircle of radius 2 sigma.

    References
    ----------
    .. [1] K.-P. Ho and J. M. Kahn, "Statistics of group delays in multimode fiber with strong mode coupling,"
       *J. Lightw. Technol.*, vol. 29, pp. 3119-3128, 2011.

    Examples
    --------
    >>> rms, _ = group_delay_spread(8.65e-12 / 1e3**0.5, 86.1e3, modes=38, spans=21)
    >>> round(float(rms) * 1e12)  # ps
    368
    """
    sizes = dict(getattr(dispersion, "sizes", {})) | dict(getattr(length, "sizes", {}))
    factor = growth(int(sizes.get("span", spans)), modes, repeat, lap) * (0.25 if definition == "2sigma" else 1.0)
    rms = compute("group_delay_rms", kernels.accumulated_delay, dispersion, length, factor)
    spread = stamp("group_delay_peak_to_peak", rms * expected_spread(modes))
    return rms, spread


@arguments(time=real(low=-1, high=1, unit="s", dims=("time",)), rms=SPREAD)
def impulse_response(time: Quantity, rms: Quantity) -> Quantity:
    """Mean intensity of the impulse response of strongly mixing cores, with unit area.

    Parameters
    ----------
    time
        Dimension ``time``, zero at the mean delay. [s]
    rms
        Rms group delay of the modes. [s]

    Returns
    -------
    :data:`~mcfiber.variables.impulse_response`, along ``time``. [1/s]

    Notes
    -----
    Mean over the modes and realisations: a Gaussian whose standard deviation is the rms group delay (not half
    of it), as the sum of many sections' delays.

    Eq. (2) of `mcfiber.kernels.mode_delay` [1]_.

    References
    ----------
    .. [1] K.-P. Ho and J. M. Kahn, "Statistics of group delays in multimode fiber with strong mode coupling," *J.
       Lightw. Technol.*, vol. 29, pp. 3119-3128, 2011.

    Examples
    --------
    >>> import numpy as np
    >>> round(float(impulse_response(np.array([0.0]), 1e-10)[0]) * 1e-10, 6)  # 1/sqrt(2 pi)
    0.398942
    """
    return compute("impulse_response", kernels.impulse_intensity, time, rms)


@arguments(
    rms=DELAY,
    symbol_rate=SYMBOL_RATE,
    outside=FRACTION,
    residual_dispersion=DELAY,
    oversampling=real(above=0, high=1e3, dims=NUMBER),
    margin=whole(low=0),
)
def equalizer_taps(
    rms: Quantity,
    symbol_rate: Quantity,
    *,
    outside: float = 1e-3,
    residual_dispersion: Quantity = 0.0,
    oversampling: float = 2.0,
    margin: int = 8,
) -> Quantity:
    """Taps of a MIMO equaliser that spans the impulse response but for a fraction of its energy.

    Parameters
    ----------
    rms
        Rms group delay of the modes. [s]
    symbol_rate
        Symbol rate. [Hz]
    outside
        Fraction of the energy that may lie outside the window of 2 z rms, split on both sides.
    residual_dispersion
        Further delays that the equaliser must span: residual chromatic dispersion, skew. [s]
    oversampling
        Samples (taps) for each symbol.
    margin
        Taps added.

    Returns
    -------
    :data:`~mcfiber.variables.equalizer_taps`.

    Raises
    ------
    ValueError
        If `outside` is not between 0 and 1.

    Notes
    -----
    Eq. (3) of `mcfiber.kernels.mode_delay`.

    Examples
    --------
    >>> int(equalizer_taps(212.6e-12, 49.5e9))  # 5 ps/sqrt(km) over 1,808 km
    147
    """
    delays = rms, symbol_rate, _quantile(outside), residual_dispersion
    return compute("equalizer_taps", kernels.taps, *delays, oversampling, float(margin))


@arguments(rms=DELAY, outside=FRACTION)
def energy_window(rms: Quantity, *, outside: float = 1e-3) -> Quantity:
    """Window of time that holds the impulse response but for a fraction of its energy.

    Parameters
    ----------
    rms
        Rms group delay of the modes. [s]
    outside
        Fraction of the energy outside, split on both sides.

    Returns
    -------
    :data:`~mcfiber.variables.energy_window`. [s]

    Raises
    ------
    ValueError
        If `outside` is not between 0 and 1.

    Notes
    -----
    The window 2 z rms outside which the Gaussian of Eq. (2) of `mcfiber.kernels.mode_delay` has the given energy.

    Examples
    --------
    >>> round(float(energy_window(43.7e-12, outside=0.1)) * 1e12)  # ps
    144
    """
    return labelled_result("energy_window", rms * (2.0 * _quantile(outside)))


@arguments(taps=whole(low=1), modes=MODES, oversampling=real(above=0, high=1e3, dims=NUMBER))
def equalizer_complexity(
    taps: int, modes: int, *, oversampling: float = 2.0, domain: Literal["frequency", "time"] = "frequency"
) -> float:
    """Complex multiplications of a MIMO equaliser, for each received symbol of all modes together.

    Parameters
    ----------
    taps
        Taps of each of the D x D filters.
    modes
        Number of modes, D.
    oversampling
        Samples for each symbol.
    domain
        "time": every output symbol sums D taps products for each mode.  "frequency": blocks of the next power
        of two above twice the taps, half of each kept.

    Returns
    -------
    float
        Complex multiplications for one symbol time: D^2 taps in the time domain (the taps count samples), and
        2 oversampling (D log2(block) + D^2) in the frequency domain, where forward and backward transform take
        block/2 log2(block) multiplications each.

    Notes
    -----
    The fast Fourier transform takes block/2 log2(block) multiplications [1]_.

    References
    ----------
    .. [1] J. W. Cooley and J. W. Tukey, "An algorithm for the machine calculation of complex Fourier series,"
       *Math. Comput.*, vol. 19, pp. 297-301, 1965.

    Examples
    --------
    >>> equalizer_complexity(147, 38, domain="time") / equalizer_complexity(147, 38) > 25
    True
    """
    if domain == "time":
        return float(modes**2 * taps)
    doublings = (2 * taps - 1).bit_length()  # of the block, a power of two
    return 2.0 * oversampling * (modes * doublings + modes**2)


@arguments(rms=SPREAD, correlation=FRACTION)
def coherence_bandwidth(rms: Quantity, *, correlation: float = 0.5) -> Quantity:
    """Separation of frequencies at which the channel's field correlation has fallen to a value.

    Parameters
    ----------
    rms
        Rms group delay of the modes. [s]
    correlation
        Normalised trace of H(f + df) H(f)^H, which falls as exp(-(2 pi df rms)^2/2).

    Returns
    -------
    :data:`~mcfiber.variables.coherence_bandwidth`. [Hz]

    Raises
    ------
    ValueError
        If `correlation` is not between 0 and 1.

    Notes
    -----
    Fourier transform of Eq. (2) of `mcfiber.kernels.mode_delay` [1]_, solved for the separation.

    References
    ----------
    .. [1] K.-P. Ho and J. M. Kahn, "Statistics of group delays in multimode fiber with strong mode coupling," *J.
       Lightw. Technol.*, vol. 29, pp. 3119-3128, 2011.

    Examples
    --------
    >>> round(float(coherence_bandwidth(368e-12)) / 1e6)  # MHz
    509
    """
    scale = math.sqrt(-2.0 * math.log(correlation)) / (2.0 * math.pi)
    return labelled_result("coherence_bandwidth", scale / rms)


@arguments(snr=RATIO, rms=DELAY, window=DELAY)
def finite_equalizer_penalty(snr: Quantity, rms: Quantity, window: Quantity) -> Quantity:
    """Factor by which noise seems to grow where an equaliser spans only a window of the impulse response.

    Parameters
    ----------
    snr
        Signal-to-noise ratio with an equaliser of any length.
    rms
        Rms group delay of the modes. [s]
    window
        Length of the equaliser, taps over oversampling and symbol rate. [s]

    Returns
    -------
    :data:`~mcfiber.variables.finite_equalizer_penalty`, at least 1. [1]

    Notes
    -----
    The energy e outside the window is lost and interferes, 1/snr' = (1/snr + e)/(1 - e): first order, for
    windows of at least two rms delays.

    Eq. (4) of `mcfiber.kernels.mode_delay`.

    Examples
    --------
    >>> float(finite_equalizer_penalty(100.0, 1e-10, 6.6e-10)) < 1.11
    True
    """
    return compute("finite_equalizer_penalty", kernels.truncation_penalty, snr, rms, window)


def _quantile(outside: float) -> float:
    return -NormalDist().inv_cdf(outside / 2.0)
