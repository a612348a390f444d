"""Mean crosstalk and what it costs, on plain arrays: for network simulators and quick estimates.

No objects of the library: arrays or numbers in SI in, arrays out, linear ratios.  Functions broadcast;
matrices over pairs of cores are the last two dimensions, ``[core_out, core_in]``.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from mcfiber.arguments import NUMBER, arguments, plain_array, real, whole
from mcfiber.fiber.attenuation import capture_fraction as capture_fraction
from mcfiber.kernels import crosstalk as kernels
from mcfiber.kernels import crosstalk_closed_forms as closed
from mcfiber.receiver.tolerance import crosstalk_tolerance as crosstalk_tolerance
from mcfiber.typing import FloatArray
from mcfiber.units import DB_PER_NEPER

_ONE = np.ones(1)

_MOST_LOSS = 600.0  # Np; beyond, no light is left that a number could hold


def _check_light(loss: FloatArray) -> None:
    """Refuse a loss that leaves nothing to compare crosstalk with."""
    if np.any(loss > _MOST_LOSS):
        msg = f"attenuation: loses {loss.max():g} Np over the length; allowed: at most {_MOST_LOSS:g} Np"
        raise ValueError(msg)


_COUPLING = plain_array("core", "core", scalar=False, low=0, high=1e9, unit="1/m")
_LENGTH = plain_array(above=0, high=1e12, unit="m")


@arguments(
    kappa=plain_array(low=0, high=1e9, unit="1/m"),
    bend_radius=plain_array(above=0, high=1e12, unit="m"),
    propagation_constant=plain_array(above=0, high=1e9, unit="1/m"),
    pitch=plain_array(above=0, high=1, unit="m"),
)
def bent_coupling(
    kappa: ArrayLike, bend_radius: ArrayLike, propagation_constant: ArrayLike, pitch: ArrayLike
) -> FloatArray:
    """Power coupling coefficient of two equal cores in a bent and twisted fibre, ``2 kappa^2 R / (beta pitch)``.

    Valid where the bend, not a difference between the cores, detunes them: bend radius well below
    ``beta pitch / |difference of beta|``.  The factor 2 belongs here and nowhere else: crosstalk of a short
    length is ``h L`` [1]_.

    Parameters
    ----------
    kappa
        Coupling coefficient of the fields. [1/m]
    bend_radius
        Mean bend radius (for a radius that varies, its arithmetic mean). [m]
    propagation_constant
        ``2 pi n_eff / wavelength``. [1/m]
    pitch
        Distance of the cores. [m]

    Returns
    -------
    Power coupling coefficient. [1/m]

    References
    ----------
    .. [1] T. Hayashi, T. Taru, O. Shimakawa, T. Sasaki, E. Sasaoka, "Design and fabrication of ultra-low
       crosstalk and low-loss multi-core fiber," Opt. Express 19, 16576 (2011), :doi:`10.1364/OE.19.016576`.

    Examples
    --------
    >>> h = bent_coupling(0.0255, 0.14, 2 * np.pi * 1.4465 / 1.55e-6, 40e-6)
    >>> float((10 * np.log10(h * 1000)).round(4))  # dB per km
    -31.0999
    """
    kappa = np.asarray(kappa, np.float64)
    result: FloatArray = 2.0 * kappa**2 * np.asarray(bend_radius) / (np.asarray(propagation_constant) * pitch)
    return result


@arguments(crosstalk=plain_array(low=0, high=1e6), length=_LENGTH, neighbours=plain_array(above=0, high=1e6))
def measured_coupling(crosstalk: ArrayLike, length: ArrayLike, *, neighbours: ArrayLike = 1) -> FloatArray:
    """Power coupling coefficient from a measured crosstalk, exactly.

    Parameters
    ----------
    crosstalk
        Measured ratio. [1]
    length
        Length of the measured fibre. [m]
    neighbours
        Neighbours that were lit: 1 for the crosstalk of a pair. [1]

    Returns
    -------
    Power coupling coefficient; NaN where no coupling gives that crosstalk. [1/m]

    Notes
    -----
    Inverts Eq. (1) of `mcfiber.kernels.crosstalk_closed_forms`, which solves the coupled-power equations [1]_ for a
    core and its equal neighbours.

    References
    ----------
    .. [1] M. Koshiba et al., "Analytical expression of average power-coupling coefficients for estimating intercore
       crosstalk in multicore fibers," *IEEE Photon. J.*, vol. 4, pp. 1987-1995, 2012.
       :doi:`10.1109/JPHOT.2012.2221085`

    Examples
    --------
    >>> float(measured_coupling(np.tanh(1e-3), 1e3)) * 1e3
    0.001
    """
    result: FloatArray = closed.coupling_from_crosstalk(crosstalk, neighbours, length)
    return result


@arguments(
    h=_COUPLING,
    length=_LENGTH,
    spans=plain_array(low=1, high=1e9),
    attenuation=plain_array("core", low=0, high=1e3, unit="1/m"),
    power=plain_array("core", above=0, high=1e6, unit="W"),
)
def pair_crosstalk(
    h: ArrayLike,
    length: ArrayLike,
    *,
    spans: ArrayLike = 1,
    attenuation: ArrayLike = 0.0,
    power: ArrayLike = 1.0,
) -> FloatArray:
    """Mean crosstalk of every pair of cores after equal spans, each core lit and amplified to its own power.

    Parameters
    ----------
    h
        Power coupling coefficients. Shape (..., core_out, core_in). [1/m]
    length
        Length of a span. Shape (...). [m]
    spans
        Number of spans. Shape (...). [1]
    attenuation
        Power attenuation; only differences between cores matter. Shape (..., core_out) or (). [1/m]
    power
        Launch powers; only ratios matter. Shape (..., core_out) or (). [W]

    Returns
    -------
    Power from core_in over signal power in core_out. Shape (..., core_out, core_in). [1]

    Notes
    -----
    Coupled-power equations [1]_, Eq. (1) of :doc:`/theory/crosstalk`; every span enters by Eq. (1) of
    `mcfiber.kernels.crosstalk`.

    References
    ----------
    .. [1] M. Koshiba et al., "Analytical expression of average power-coupling coefficients for estimating intercore
       crosstalk in multicore fibers," *IEEE Photon. J.*, vol. 4, pp. 1987-1995, 2012.
       :doi:`10.1109/JPHOT.2012.2221085`

    Examples
    --------
    >>> pair_crosstalk([[0, 1e-9], [1e-9, 0]], 80e3, spans=10).round(6)
    array([[0.    , 0.0008],
           [0.0008, 0.    ]])
    """
    loss, level = np.asarray(attenuation, np.float64), np.atleast_1d(np.asarray(power, np.float64))
    if loss.ndim == 0:  # equal cores: one long fibre
        distance = np.asarray(length, np.float64) * np.asarray(spans)
        return np.asarray(
            kernels.repeated_crosstalk(kernels.coupled_power_transfer(h, 0.0 * _ONE, distance), _ONE, level, 1.0)
        )
    distance = np.asarray(length, np.float64)
    _check_light(loss * distance[..., None])
    survival = np.exp(-loss * distance[..., None])
    return np.asarray(
        kernels.repeated_crosstalk(kernels.coupled_power_transfer(h, loss, distance), survival, level, spans)
    )


@arguments(
    pairs=plain_array("core", "core", scalar=False, low=0, high=1e9),
    lit=plain_array("core", low=0, high=1e9, scalar=False),
)
def lit_crosstalk(pairs: ArrayLike, lit: ArrayLike) -> FloatArray:
    """Crosstalk of every core from the neighbours that are lit.

    Parameters
    ----------
    pairs
        Crosstalk of every pair at equal powers, from `pair_crosstalk`; it is the same for all channels, or has
        the channels in front. Shape (..., core_out, core_in). [1]
    lit
        Power of every core in the channel, in units of the victim's: 1 or True where lit, 0 where dark.
        Shape (..., core_in). [1]

    Returns
    -------
    Crosstalk that a signal in the core meets, lit or not. Shape (..., core_out). [1]

    Notes
    -----
    Eq. (3) of `mcfiber.kernels.crosstalk`: neighbours with independent data add their powers.

    Examples
    --------
    >>> pairs = pair_crosstalk([[0, 1e-9], [1e-9, 0]], 80e3)
    >>> lit_crosstalk(pairs, [[True, False], [True, True]]).round(9)
    array([[0.e+00, 8.e-05],
           [8.e-05, 8.e-05]])
    """
    return np.asarray(kernels.summed_over_lit(pairs, np.asarray(lit, np.float64)))


@arguments(
    transfer=plain_array("element", "core", "core", scalar=False, low=0, high=1e9),
    survival=plain_array("core", low=1e-100, high=1e9),
    power=plain_array("core", above=0, high=1e6, unit="W"),
)
def chain_crosstalk(transfer: ArrayLike, *, survival: ArrayLike = 1.0, power: ArrayLike = 1.0) -> FloatArray:
    """Mean crosstalk of every pair after unlike elements: spans, splices, fan-ins, amplifiers.

    Parameters
    ----------
    transfer
        Power transfer matrices in the order of travel, of spans (`span_transfer`) and lumped elements
        (`lumped_transfer`). Shape (..., element, core_out, core_in). [1]
    survival
        Part of a core's power that the next amplifier takes the element to let through.
        Shape (..., element, core_out) or (). [1]
    power
        Power of every core into every element; only ratios matter. Shape (..., element, core_out) or (). [W]

    Returns
    -------
    Power from core_in over signal power in core_out. Shape (..., core_out, core_in). [1]

    Notes
    -----
    Every element enters by Eq. (1) of `mcfiber.kernels.crosstalk`, and their product gives the crosstalk by Eq. (2)
    there.

    Examples
    --------
    >>> span = span_transfer([[0, 1e-9], [1e-9, 0]], 80e3)
    >>> device = lumped_transfer([[0, 1e-5], [1e-5, 0]])
    >>> chain_crosstalk([device, span, device]).round(6)
    array([[0.    , 0.0001],
           [0.0001, 0.    ]])
    """
    matrices = np.asarray(transfer, np.float64)
    shares = [np.asarray(value, np.float64) for value in (survival, power)]
    shares = [value if value.ndim > 1 else value.reshape((1,) * (2 - value.ndim) + value.shape) for value in shares]
    return np.asarray(kernels.accumulated_crosstalk(matrices, *shares))


@arguments(h=_COUPLING, length=_LENGTH, attenuation=plain_array("core", low=0, high=1e3, unit="1/m"))
def span_transfer(h: ArrayLike, length: ArrayLike, *, attenuation: ArrayLike = 0.0) -> FloatArray:
    """Power transfer matrix of a length of fibre, ``expm((H - diag(attenuation)) length)``.

    Parameters
    ----------
    h
        Power coupling coefficients. Shape (..., core_out, core_in). [1/m]
    length
        Length. Shape (...). [m]
    attenuation
        Power attenuation. Shape (..., core_out) or (). [1/m]

    Returns
    -------
    Power in core_out for unit power launched into core_in. Shape (..., core_out, core_in). [1]

    Notes
    -----
    Solution of the coupled-power equations [1]_, Eq. (1) of :doc:`/theory/crosstalk`.

    References
    ----------
    .. [1] M. Koshiba et al., "Analytical expression of average power-coupling coefficients for estimating intercore
       crosstalk in multicore fibers," *IEEE Photon. J.*, vol. 4, pp. 1987-1995, 2012.
       :doi:`10.1109/JPHOT.2012.2221085`

    Examples
    --------
    >>> span_transfer([[0, 1e-5], [1e-5, 0]], 1e4).round(4)
    array([[0.9094, 0.0906],
           [0.0906, 0.9094]])
    """
    return np.asarray(kernels.coupled_power_transfer(h, np.atleast_1d(np.asarray(attenuation, np.float64)), length))


@arguments(crosstalk=plain_array("core", "core", scalar=False, low=0, high=1))
def lumped_transfer(crosstalk: ArrayLike) -> FloatArray:
    """Power transfer matrix of a splice, a fan-in, a fan-out or an amplifier that moves power between cores.

    Parameters
    ----------
    crosstalk
        Part of the power of core_in that goes to core_out; the diagonal is not read.
        Shape (..., core_out, core_in). [1]

    Returns
    -------
    Transfer matrix that loses no power; multiply by the element's loss where cores differ in it. [1]

    Notes
    -----
    By definition ``T[m, n] = crosstalk[m, n]`` and ``T[n, n] = 1 - sum_m crosstalk[m, n]``; the T of Eq. (1) of
    `mcfiber.kernels.crosstalk`.

    Examples
    --------
    >>> lumped_transfer([[0, 0.01], [0.01, 0]])
    array([[0.99, 0.01],
           [0.01, 0.99]])
    """
    moved = np.array(crosstalk, np.float64)
    diagonal = np.arange(moved.shape[-1])
    moved[..., diagonal, diagonal] = 0.0
    moved[..., diagonal, diagonal] = 1.0 - moved.sum(axis=-2)
    return moved


@arguments(
    matrix=plain_array("core", "core", scalar=False), cores=plain_array("core", scalar=False, low=0, kind="whole")
)
def permuted(matrix: ArrayLike, cores: ArrayLike) -> FloatArray:
    """Transfer matrix between signals that travel through permuted cores.

    Changing cores from span to span gives each signal other neighbours, and evens out what cores differ in.

    Parameters
    ----------
    matrix
        Transfer matrix between cores. Shape (..., core_out, core_in).
    cores
        Core that each signal uses in this span. Shape (..., core_out).

    Returns
    -------
    Transfer matrix between signals. Shape (..., core_out, core_in), unit of `matrix`.

    Notes
    -----
    By definition ``matrix[cores[m], cores[n]]``; it takes the place of T in Eq. (1) of `mcfiber.kernels.crosstalk`.

    Examples
    --------
    >>> permuted([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]], [1, 2, 0])
    array([[4., 5., 3.],
           [7., 8., 6.],
           [1., 2., 0.]])
    """
    values, order = np.asarray(matrix, np.float64), np.asarray(cores, np.int64)
    lead = np.broadcast_shapes(values.shape[:-2], order.shape[:-1])
    values = np.broadcast_to(values, lead + values.shape[-2:])
    order = np.broadcast_to(order, lead + order.shape[-1:])
    rows = np.take_along_axis(values, order[..., :, None], axis=-2)
    return np.take_along_axis(rows, order[..., None, :], axis=-1)


@arguments(
    h=_COUPLING,
    length=_LENGTH,
    direction=plain_array("core", exact=True, scalar=False, low=-1, high=1),
    attenuation=plain_array("core", low=0, high=1e3, unit="1/m"),
    backscatter=plain_array("core", low=0, high=1e3, unit="1/m"),
    spans=whole(low=1, high=100_000),
    power=plain_array("core", above=0, high=1e6, unit="W"),
)
def bidirectional_crosstalk(
    h: ArrayLike,
    length: ArrayLike,
    direction: ArrayLike,
    *,
    attenuation: ArrayLike,
    backscatter: ArrayLike,
    spans: int = 1,
    power: ArrayLike = 1.0,
) -> FloatArray:
    """Mean crosstalk of every pair after equal spans, where cores carry light in either direction.

    Parameters
    ----------
    h, length, attenuation, power
        As in `pair_crosstalk`; attenuation in full, for it matters to what is scattered back.
    direction
        +1 or -1 for every core. Shape (core,).
    backscatter
        Rayleigh part of the attenuation times the capture fraction, see `capture_fraction`. [1/m]
    spans
        Number of spans.

    Returns
    -------
    At the end of core_out where its own light leaves. Shape (..., core_out, core_in). [1]

    Notes
    -----
    Cores of one direction couple by Eq. (1) of :doc:`/theory/crosstalk`, cores of the other by what is scattered
    back, Eq. (3) there.

    Examples
    --------
    >>> loss, scattering = 0.17 * np.log(10) / 1e4, 0.14 * np.log(10) / 1e4
    >>> pairs = bidirectional_crosstalk(
    ...     [[0, 1e-9], [1e-9, 0]], 80e3, [1, -1], attenuation=loss, backscatter=1.6e-3 * scattering
    ... )
    >>> float((10 * np.log10(pairs[0, 1] / 8e-5)).round(2))
    -23.23
    """
    loss = np.asarray(attenuation, np.float64)[..., None] * _ONE if np.ndim(attenuation) == 0 else attenuation
    loss, scatter = np.asarray(loss, np.float64), np.atleast_1d(np.asarray(backscatter, np.float64))
    there = kernels.coupled_power_transfer(h, loss, length)
    back = kernels.backscattered_transfer(h, loss, scatter, length)
    _check_light(loss * np.asarray(length, np.float64)[..., None])
    survival = np.exp(-loss * np.asarray(length, np.float64)[..., None])
    many = [np.repeat(matrix[..., None, :, :], spans, axis=-3) for matrix in (there, back)]
    level = np.atleast_1d(np.asarray(power, np.float64))[..., None, :]
    return np.asarray(
        kernels.directional_crosstalk(*many, survival[..., None, :], level, np.asarray(direction, np.float64))
    )


@arguments(crosstalk=plain_array(low=0, high=1e6), snr=plain_array(low=0, high=1e200))
def snr_penalty_db(crosstalk: ArrayLike, snr: ArrayLike) -> FloatArray:
    """Signal-to-noise ratio that crosstalk costs at fixed launch power, ``10 log10(1 + XT SNR)``.

    Parameters
    ----------
    crosstalk
        Total crosstalk of all neighbours at the same frequency. [1]
    snr
        Signal-to-noise ratio without crosstalk. [1]

    Returns
    -------
    Loss of signal-to-noise ratio. [dB]

    Notes
    -----
    Noises add as inverse ratios, Eq. (1) of :doc:`/theory/index`.

    Examples
    --------
    >>> float(snr_penalty_db(10**-2.5, 100.0).round(4))
    1.1933
    """
    ratio = np.asarray(crosstalk, np.float64) * np.asarray(snr)
    result: FloatArray = DB_PER_NEPER * np.log1p(ratio)
    return result


@arguments(crosstalk=plain_array(low=0, high=1e6), required_snr=plain_array(low=0, high=1e200))
def required_snr_penalty_db(crosstalk: ArrayLike, required_snr: ArrayLike) -> FloatArray:
    """Rise of all other signal-to-noise ratios that crosstalk asks for, ``-10 log10(1 - SNR_required XT)``.

    Parameters
    ----------
    crosstalk
        Total crosstalk. [1]
    required_snr
        Signal-to-noise ratio that the format needs. [1]

    Returns
    -------
    Penalty; infinite where crosstalk alone exceeds what the format bears. [dB]

    Notes
    -----
    Noises add as inverse ratios, Eq. (1) of :doc:`/theory/index`; crosstalk takes its part of ``1/SNR_required``.

    Examples
    --------
    >>> float(required_snr_penalty_db(10**-1.6, 10.0).round(4))
    1.2563
    """
    ratio = np.asarray(required_snr, np.float64) * np.asarray(crosstalk)
    below = np.minimum(ratio, 1.0)
    with np.errstate(divide="ignore"):
        result: FloatArray = -DB_PER_NEPER * np.log1p(-below)
    return result


@arguments(
    h=plain_array(above=0, high=1e9, unit="1/m"),
    tolerance=plain_array(low=0, high=1e6),
    neighbours=plain_array(above=0, high=1e6),
    excess=plain_array(above=0, high=1e6),
)
def tolerated_length(
    h: ArrayLike, tolerance: ArrayLike, *, neighbours: ArrayLike = 1, excess: ArrayLike = 1.0
) -> FloatArray:
    """Length after which the crosstalk of a core with equal neighbours is what a format bears.

    Parameters
    ----------
    h
        Power coupling coefficient of neighbouring cores. [1/m]
    tolerance
        Tolerated crosstalk, from `crosstalk_tolerance`. [1]
    neighbours
        Lit neighbours of the core. [1]
    excess
        Ratio of a quantile to the mean, if a quantile of the crosstalk is to be borne. [1]

    Returns
    -------
    Length of fibre. [m]

    Notes
    -----
    Eq. (1) of `mcfiber.kernels.crosstalk_closed_forms`, solved for the length.

    Examples
    --------
    >>> float(tolerated_length(1e-9, 10**-2.37, neighbours=6).round(-3))
    710000.0
    """
    result: FloatArray = closed.coupling_from_crosstalk(
        np.asarray(tolerance, np.float64) / np.asarray(excess), neighbours, 1.0
    )
    return result / np.asarray(h, np.float64)


@arguments(
    h=real(above=0, high=1e9, unit="1/m", dims=NUMBER),
    low=real(above=0, high=1, unit="m", dims=NUMBER),
    high=real(above=0, high=1, unit="m", dims=NUMBER),
)
def smallest_pitch(
    coupling_of: Callable[[float], float], h: float, *, low: float = 10e-6, high: float = 100e-6
) -> float:
    """Smallest pitch at which cores couple no more than allowed.

    Parameters
    ----------
    coupling_of
        Power coupling coefficient (1/m) of neighbours at a pitch (m); it must fall with pitch.
    h
        Allowed coupling, for instance ``measured_coupling(tolerance, distance, neighbours=6)``. [1/m]
    low, high
        Pitches to search between. [m]

    Returns
    -------
    Pitch. [m]

    Raises
    ------
    ValueError
        If the allowed coupling is not reached between the two.

    Notes
    -----
    Brent's method [1]_ on the logarithm of the coupling.

    References
    ----------
    .. [1] R. P. Brent, "Algorithms for Minimization without Derivatives," Prentice-Hall, 1973, chapter 4.

    Examples
    --------
    >>> pitch = smallest_pitch(lambda pitch: 1e3 * np.exp(-pitch / 1e-6), 1e-9)
    >>> round(pitch * 1e6, 4)
    27.631
    """
    if not 0.0 < low < high:
        msg = f"low and high: got {low:g} and {high:g} m; allowed: pitches above 0, the lower first"
        raise ValueError(msg)
    if not coupling_of(low) >= h >= coupling_of(high):
        msg = (
            f"the allowed coupling {h:g} 1/m lies outside {coupling_of(high):g} to {coupling_of(low):g} 1/m, those "
            f"of pitches from {high * 1e6:g} to {low * 1e6:g} um; widen the range"
        )
        raise ValueError(msg)
    from scipy import optimize  # late: it loads slowly

    wanted = math.log(h)

    def excess(pitch: float) -> float:  # nearly linear: few evaluations
        return math.log(max(float(coupling_of(pitch)), 1e-300)) - wanted

    return float(optimize.brentq(excess, low, high, xtol=1e-16, rtol=1e-12))
