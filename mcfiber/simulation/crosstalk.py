"""Draws of the random channel of weakly coupled cores."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from mcfiber import labelled, units
from mcfiber.arguments import NUMBER, OFFSETS, ONE_WAVELENGTH_NM, SEED, arguments, choice, plain_array, real, whole
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.spectrum import band_of
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.medium import medium
from mcfiber.kernels import crosstalk_draws as kernels
from mcfiber.labelled import array
from mcfiber.simulation.streams import BLOCK, Stream, random_stream
from mcfiber.typing import ComplexArray, FloatArray, IntArray

_SKEW, _DRIFT = 1, 2

SMALLEST_STEPS = 50

# Part of a core's power that all its neighbours together may exchange in a step; the order of the pairs
# then changes the mean by less than a thousandth.
LARGEST_EXCHANGE = 1.0 / 16.0


@dataclass(frozen=True)
class Chain:
    """A fibre as a chain of equal steps: what is common to all draws.

    Parameters
    ----------
    pairs
        The two cores of every coupled pair. Shape (pair, 2).
    sine
        Sine of the angle of exchange of every pair. Shape (pair,). [1]
    advance
        Factor of every mode in a step. Shape (mode, frequency). [1]
    steps
        Number of steps.
    frequency
        Offsets from the carrier. Shape (frequency,). [Hz]
    random_delay
        Standard deviation of the random part of a core's delay, at the end of the fibre. Shape (core,). [s]
    """

    pairs: IntArray
    sine: FloatArray
    advance: ComplexArray
    steps: int
    frequency: FloatArray
    random_delay: FloatArray


@arguments(
    h=plain_array("core", "core", exact=True, scalar=False, low=0, high=1e9, unit="1/m"),
    length=real(above=0, high=1e12, unit="m", dims=NUMBER),
    frequency=OFFSETS,
    delay=plain_array("core", exact=True, low=-1, high=1, unit="s"),
    dispersion=plain_array("core", exact=True, low=-1, high=1, unit="s^2"),
    polarization_delay=plain_array("core", exact=True, low=0, high=1, unit="s"),
    random_delay=plain_array("core", exact=True, low=0, high=1, unit="s"),
    attenuation=plain_array("core", exact=True, low=0, high=1e3, unit="1/m"),
    steps=whole(low=1),
)
def coupled_chain(
    h: ArrayLike,
    length: float,
    frequency: ArrayLike,
    *,
    delay: ArrayLike = 0.0,
    dispersion: ArrayLike = 0.0,
    polarization_delay: ArrayLike = 0.0,
    random_delay: ArrayLike = 0.0,
    attenuation: ArrayLike = 0.0,
    steps: int | None = None,
) -> Chain:
    """Chain whose mean obeys the coupled-power equations, at any coupling strength.

    Parameters
    ----------
    h
        Power coupling coefficients, symmetric. Shape (core, core). [1/m]
    length
        Length of the fibre. [m]
    frequency
        Offsets from the carrier. Shape (frequency,). [Hz]
    delay
        Delay of every core over the whole fibre; only differences between cores matter to crosstalk.
        Shape (core,). [s]
    dispersion
        Second derivative of the phase over the whole fibre, as a difference from the common one; apply the
        common one to the signal once. Shape (core,). [s^2]
    polarization_delay
        Mean differential group delay of the polarisations over the whole fibre. Shape (core,). [s]
    random_delay
        Standard deviation of the random part of the delay, which grows as the root of length.
        Shape (core,). [s]
    attenuation
        Power attenuation; give what differs between cores. Shape (core,). [1/m]
    steps
        Number of steps, if not chosen here.

    Raises
    ------
    ValueError
        If h is not symmetric or has a negative entry.

    Notes
    -----
    At least 50 steps are taken, three for each period of the largest skew over the frequency range (the
    spectrum of equal steps repeats itself), and enough that a core exchanges at most 1/16 of its power in
    one; the number is even, so that the order of the pairs is as often forwards as backwards.  As a sum of that
    many contributions of equal size, weak crosstalk has the part 1/steps less variance than a Gamma distribution.

    Eq. (1) to Eq. (3) of `mcfiber.kernels.crosstalk_draws` [1]_.

    References
    ----------
    .. [1] R. O. J. Soeiro, T. M. F. Alves, and A. V. T. Cartaxo, "Dual polarization discrete changes model of
       inter-core crosstalk in multi-core fibers," *IEEE Photon. Technol. Lett.*, vol. 29, pp. 1395-1398, 2017.
       :doi:`10.1109/LPT.2017.2723662`

    Examples
    --------
    >>> chain = coupled_chain(np.array([[0, 1e-8], [1e-8, 0]]), 80e3, np.linspace(0, 1e9, 16))
    >>> chain.steps
    50
    """
    coupling = _symmetric(h, "h")
    frequency = np.atleast_1d(np.asarray(frequency, dtype=np.float64))
    if steps is None:
        skew = float(np.ptp(np.asarray(delay))) + 6.0 * float(np.max(np.asarray(random_delay)))
        steps = step_count(float(coupling.sum(axis=0).max()) * length, skew * float(np.ptp(frequency)))
    pairs = np.argwhere(np.triu(coupling) > 0.0)
    strength = coupling[pairs[:, 0], pairs[:, 1]] * length / steps
    factor = _advance(len(coupling), steps, frequency, delay, dispersion, polarization_delay)
    loss = np.repeat(0.5 * np.asarray(attenuation) * np.ones(len(coupling)) * length / steps, 2)
    spread = np.broadcast_to(np.asarray(random_delay, np.float64), len(coupling))
    sine = np.sqrt(-0.5 * np.expm1(-2.0 * strength))
    return Chain(pairs, sine, factor * np.exp(-loss)[:, None], steps, frequency, spread)


@arguments(
    kappa=plain_array("core", "core", exact=True, scalar=False, low=0, high=1e9, unit="1/m"),
    detuning_slope=plain_array("core", "core", exact=True),
    points=whole(low=1),
    frequency=OFFSETS,
    delay=plain_array("core", exact=True, low=-1, high=1, unit="s"),
    dispersion=plain_array("core", exact=True, low=-1, high=1, unit="s^2"),
    polarization_delay=plain_array("core", exact=True, low=0, high=1, unit="s"),
)
def matched_chain(
    kappa: ArrayLike,
    detuning_slope: ArrayLike,
    points: int,
    frequency: ArrayLike,
    *,
    delay: ArrayLike = 0.0,
    dispersion: ArrayLike = 0.0,
    polarization_delay: ArrayLike = 0.0,
) -> Chain:
    """Chain of phase-matching points, for cores that exchange much of their power at one of them.

    Parameters
    ----------
    kappa
        Coupling coefficients of the fields, symmetric. Shape (core, core). [1/m]
    detuning_slope
        As in `phase_matching_sines`. Shape (core, core) or (). [rad/m^2]
    points
        Phase-matching points of a pair along the fibre, ``gamma length / pi``; each is a step.
    frequency, delay, dispersion, polarization_delay
        As in `coupled_chain`.

    Raises
    ------
    ValueError
        If kappa is not symmetric or has a negative entry.

    Notes
    -----
    The exchange at a point is Eq. (2) of `mcfiber.kernels.coupling` [2]_, the chain that of [1]_.

    References
    ----------
    .. [1] R. O. J. Soeiro, T. M. F. Alves, and A. V. T. Cartaxo, "Dual polarization discrete changes model of
       inter-core crosstalk in multi-core fibers," *IEEE Photon. Technol. Lett.*, vol. 29, pp. 1395-1398, 2017.
       :doi:`10.1109/LPT.2017.2723662`
    .. [2] C. Zener, "Non-adiabatic crossing of energy levels," *Proc. Royal Soc. A*, vol. 137, pp. 696-702, 1932.
       :doi:`10.1098/rspa.1932.0165`
    """
    coupling = _symmetric(kappa, "kappa")
    frequency = np.atleast_1d(np.asarray(frequency, dtype=np.float64))
    pairs = np.argwhere(np.triu(coupling) > 0.0)
    slope = np.broadcast_to(np.asarray(detuning_slope, np.float64), coupling.shape)
    first, second = pairs[:, 0], pairs[:, 1]
    sine = phase_matching_sines(coupling[first, second], slope[first, second])
    advance = _advance(len(coupling), points, frequency, delay, dispersion, polarization_delay)
    return Chain(pairs, sine, advance, points, frequency, np.zeros(len(coupling)))


def _symmetric(matrix: ArrayLike, name: str) -> FloatArray:
    result = np.array(matrix, dtype=np.float64)
    np.fill_diagonal(result, 0.0)
    if (result < 0.0).any() or not np.allclose(result, result.T, rtol=1e-9, atol=0.0):
        msg = f"{name} must be symmetric and nowhere negative; take the mean of [m, n] and [n, m]"
        raise ValueError(msg)
    return result


def _advance(
    cores: int,
    steps: int,
    frequency: FloatArray,
    delay: ArrayLike,
    dispersion: ArrayLike,
    polarization_delay: ArrayLike,
) -> ComplexArray:
    """Phase factor of every mode in a step. Shape (mode, frequency)."""
    angular = 2.0 * math.pi * frequency
    column = np.ones((cores, 1))
    phase = np.asarray(delay, np.float64).reshape(-1, 1) * column * angular
    phase = phase + np.asarray(dispersion, np.float64).reshape(-1, 1) * column * (0.5 * angular**2)
    # Steps of equal split D and random direction add up to a mean of sqrt(8 steps / (3 pi)) D.
    split = np.asarray(polarization_delay, np.float64) * math.sqrt(3.0 * math.pi / (8.0 * steps)) / 2.0
    split = split.reshape(-1, 1) * column * angular
    modes = np.stack([phase / steps + split, phase / steps - split], axis=1)
    result: ComplexArray = np.exp(-1j * modes).reshape(2 * cores, len(frequency))
    return result


@arguments(exchanged=real(low=0, high=1e9, dims=NUMBER), periods=real(low=0, high=1e9, dims=NUMBER))
def step_count(exchanged: float, periods: float) -> int:
    """Even number of steps that resolves coupling and skew.

    Parameters
    ----------
    exchanged
        Largest sum of ``h`` over the neighbours of a core, times the length.
    periods
        Largest skew times the range of frequencies.

    Returns
    -------
    Number of steps.

    Notes
    -----
    Eq. (3) of `mcfiber.kernels.crosstalk_draws` repeats itself over frequency after the inverse of the delay of a
    step.
    """
    needed = max(SMALLEST_STEPS, 3.0 * periods, exchanged / LARGEST_EXCHANGE)
    return 2 * math.ceil(needed / 2.0)


@arguments(kappa=plain_array(low=0, high=1e9, unit="1/m"), detuning_slope=plain_array())
def phase_matching_sines(kappa: ArrayLike, detuning_slope: ArrayLike) -> FloatArray:
    """Sine of the angle of exchange at one phase-matching point, at any coupling strength.

    The Landau-Zener transfer, ``sin^2 = 1 - exp(-2 pi kappa^2 / |d dbeta/dz|)``.  In weak coupling it is the
    stationary-phase transfer ``2 pi kappa^2 / |d dbeta/dz|`` of a bent and twisted pair.

    Parameters
    ----------
    kappa
        Coupling coefficient of the fields. [1/m]
    detuning_slope
        How fast the difference of the propagation constants passes through zero:
        ``beta pitch gamma / bend_radius`` for homogeneous cores twisted by gamma. [rad/m^2]

    Returns
    -------
    Sine of the angle. [1]

    Notes
    -----
    Eq. (2) of `mcfiber.kernels.coupling` [1]_.

    References
    ----------
    .. [1] C. Zener, "Non-adiabatic crossing of energy levels," *Proc. Royal Soc. A*, vol. 137, pp. 696-702, 1932.
       :doi:`10.1098/rspa.1932.0165`

    Examples
    --------
    >>> float(phase_matching_sines(5.0, 2105.2730346434296) ** 2)  # doctest: +ELLIPSIS
    0.07189692065...
    """
    strength, slope = np.broadcast_arrays(2.0 * math.pi * np.asarray(kappa, np.float64) ** 2, np.abs(detuning_slope))
    # Two cores that stay in phase exchange everything, if they couple at all.
    exponent = np.divide(strength, slope, out=np.where(strength > 0.0, np.inf, 0.0), where=slope > 0.0)
    result: FloatArray = np.sqrt(-np.expm1(-exponent))
    return result


@arguments(
    draws=whole(low=1),
    seed=SEED,
    outputs=plain_array("output", exact=True, scalar=False, low=0, kind="whole"),
    times=plain_array("time", exact=True, scalar=False, unit="s"),
    drift=real(low=0, high=1e9, dims=NUMBER),
)
def transfer_draws(
    chain: Chain,
    *,
    draws: int,
    seed: int,
    outputs: ArrayLike | None = None,
    times: ArrayLike = (0.0,),
    drift: float = 0.0,
) -> Iterator[ComplexArray]:
    """Draw transfer matrices, block by block.

    Parameters
    ----------
    chain
        The fibre, from `coupled_chain`.
    draws
        Number of draws; the first n of N are those of n.
    seed
        Seed of the draws.
    outputs
        Modes whose rows are wanted (core n has 2 n and 2 n + 1); all by default.
    times
        Times of a drifting fibre, rising. Shape (time,). [s]
    drift
        Diffusion of the phases of coupling: their variance grows by ``2 drift`` a second, and the
        correlation of the crosstalk power falls as ``exp(-2 drift t)``. [rad^2/s]

    Yields
    ------
    Transfer matrices of up to 64 draws. Shape (draw, time, frequency, output, mode). [1]

    Notes
    -----
    Eq. (1) to Eq. (3) of `mcfiber.kernels.crosstalk_draws` [1]_.

    References
    ----------
    .. [1] R. O. J. Soeiro, T. M. F. Alves, and A. V. T. Cartaxo, "Dual polarization discrete changes model of
       inter-core crosstalk in multi-core fibers," *IEEE Photon. Technol. Lett.*, vol. 29, pp. 1395-1398, 2017.
       :doi:`10.1109/LPT.2017.2723662`

    Examples
    --------
    >>> chain = coupled_chain(np.array([[0, 1e-8], [1e-8, 0]]), 80e3, [0.0, 1e9], delay=[0, 1e-10])
    >>> [block.shape for block in transfer_draws(chain, draws=100, seed=1)]
    [(64, 1, 2, 4, 4), (36, 1, 2, 4, 4)]
    """
    modes = np.arange(chain.advance.shape[0]) if outputs is None else np.asarray(outputs, dtype=np.int64)
    times = np.asarray(times, dtype=np.float64)
    shape = (len(times), len(chain.frequency), len(modes), chain.advance.shape[0])
    for block in range(math.ceil(draws / BLOCK)):
        wanted = min(BLOCK, draws - block * BLOCK)
        result = np.empty((wanted, *shape), np.complex128)
        base, skew = _stream(seed, block), _stream(seed, block, _SKEW)
        for draw in range(wanted):
            _one_draw(chain, base, skew, _phase_walk(chain, seed, block, draw, times, drift), modes, result[draw])
        yield result


def _one_draw(
    chain: Chain,
    base: np.random.Generator,
    skew: np.random.Generator,
    walk: FloatArray,
    modes: IntArray,
    out: ComplexArray,
) -> None:
    cores, pairs = chain.advance.shape[0] // 2, len(chain.pairs)
    numbers = base.random((chain.steps, pairs + 3 * cores))
    phase = 2.0 * math.pi * numbers[:, :pairs] + walk
    polarization = np.ascontiguousarray(numbers[:, pairs:]).reshape(1, chain.steps, cores, 3)
    polarization = np.repeat(polarization, len(walk), axis=0)
    advance = chain.advance[None]
    if chain.random_delay.any():
        delay = skew.standard_normal((chain.steps, cores)) * chain.random_delay / math.sqrt(chain.steps)
        advance = advance * np.exp(-2j * math.pi * np.repeat(delay, 2, axis=1)[..., None] * chain.frequency)
    kernels.transfer_matrices(phase, polarization, chain.sine[None], chain.pairs, advance, modes, out)


def _phase_walk(chain: Chain, seed: int, block: int, draw: int, times: FloatArray, drift: float) -> FloatArray:
    """How far every phase has drifted at every time. Shape (time, step, pair)."""
    walk = np.zeros((len(times), chain.steps, len(chain.pairs)))
    if len(times) > 1:
        numbers = _stream(seed, block, _DRIFT, draw).standard_normal((len(times) - 1, *walk.shape[1:]))
        walk[1:] = numbers * np.sqrt(2.0 * drift * np.diff(times))[:, None, None]
        np.cumsum(walk, axis=0, out=walk)
    return walk


def _stream(seed: int, block: int, *key: int) -> np.random.Generator:
    return random_stream(Stream.CROSSTALK, seed, block, *key)


@arguments(
    draws=whole(low=1),
    seed=SEED,
    core_out=plain_array("core", exact=True, scalar=False, low=0, kind="whole"),
    polarizations=choice(1, 2),
    times=plain_array("time", exact=True, scalar=False, unit="s"),
    drift=real(low=0, high=1e9, dims=NUMBER),
)
def power_draws(
    chain: Chain,
    *,
    draws: int,
    seed: int,
    core_out: ArrayLike | None = None,
    polarizations: int = 1,
    times: ArrayLike = (0.0,),
    drift: float = 0.0,
) -> Iterator[FloatArray]:
    """Draw the powers that cores receive from cores, block by block.

    At one frequency the power from one launched polarisation is Gamma distributed with 4 degrees of freedom
    where coupling is weak; from two polarisations that carry independent data, with 8.

    Parameters
    ----------
    chain, draws, seed, times, drift
        As in `transfer_draws`.
    core_out
        Receiving cores; all by default.
    polarizations
        Polarisations that are launched, 1 or 2, together with unit power.

    Yields
    ------
    Power in core_out for unit power launched into core_in, of up to 64 draws.
    Shape (draw, time, core_out, core_in, frequency). [1]

    Notes
    -----
    Eq. (4) of `mcfiber.kernels.crosstalk_draws` [1]_.

    References
    ----------
    .. [1] R. O. J. Soeiro, T. M. F. Alves, and A. V. T. Cartaxo, "Dual polarization discrete changes model of
       inter-core crosstalk in multi-core fibers," *IEEE Photon. Technol. Lett.*, vol. 29, pp. 1395-1398, 2017.
       :doi:`10.1109/LPT.2017.2723662`
    """
    cores = np.arange(chain.advance.shape[0] // 2) if core_out is None else np.asarray(core_out, np.int64)
    modes = np.stack([2 * cores, 2 * cores + 1], axis=1).ravel()
    for block in transfer_draws(chain, draws=draws, seed=seed, outputs=modes, times=times, drift=drift):
        flat = block.reshape(-1, *block.shape[2:])
        powers = np.empty((len(flat), len(cores), chain.advance.shape[0] // 2, len(chain.frequency)))
        kernels.crosstalk_powers(flat, polarizations, powers)
        yield powers.reshape(*block.shape[:2], *powers.shape[1:])


@arguments(
    length_km=real(above=0, high=1e9, dims=NUMBER),
    frequency_ghz=plain_array("frequency", exact=True, low=-1e7, high=1e7),
    draws=whole(low=1),
    seed=SEED,
    wavelength_nm=ONE_WAVELENGTH_NM,
    skew_ps_per_km=plain_array("core", exact=True, low=-1e5, high=1e5),
    random_skew_ps_per_sqrt_km=plain_array("core", exact=True, low=0, high=1e5),
    polarization_delay_ps=real(low=0, high=1e9, dims=NUMBER),
    times_s=plain_array("time", exact=True, scalar=False, low=-1e15, high=1e15),
    drift_per_s=real(low=0, high=1e9, dims=NUMBER),
)
def draw_crosstalk(
    fiber: MulticoreFiber,
    *,
    length_km: float,
    frequency_ghz: ArrayLike,
    draws: int,
    seed: int,
    wavelength_nm: float = 1550.0,
    skew_ps_per_km: ArrayLike = 0.0,
    random_skew_ps_per_sqrt_km: ArrayLike = 0.0,
    polarization_delay_ps: float = 0.0,
    times_s: ArrayLike = (0.0,),
    drift_per_s: float = 0.0,
    quantity: Literal["field", "power"] = "field",
) -> xr.DataArray:
    """Draw random transfer matrices of weakly coupled cores: both polarisations, over frequency and time.

    Every matrix is unitary at every frequency; the mean of its powers obeys the coupled-power equations at any
    strength.  Loss, common delay and common dispersion are left to the signal.

    Parameters
    ----------
    fiber
        Weakly coupled cores.
    length_km
        Length of fibre.
    frequency_ghz
        Offsets from the carrier.
    draws, seed
        Number of draws and their seed; the first n of N draws are those of n.
    wavelength_nm
        Of the carrier.
    skew_ps_per_km
        Delay of every core relative to a common one, or one number: the delay grows by it from core to core.
    random_skew_ps_per_sqrt_km
        Standard deviation of the random part of a core's delay.
    polarization_delay_ps
        Mean differential group delay of a core's polarisations over the fibre.
    times_s, drift_per_s
        Times at which a drifting fibre is looked at; the correlation of crosstalk falls as ``exp(-2 drift t)``.
    quantity
        "field": complex matrices between modes, two for every core. "power": what a core receives from a core
        that is launched in one polarisation.

    Returns
    -------
    :data:`transfer_matrix` or :data:`drawn_transfer`
        Dimensions draw, time, frequency, mode_out, mode_in; or draw, time, core_out, core_in, frequency. For more
        draws than fit into memory see `mcfiber.simulation.crosstalk`, which yields them in blocks.

    Raises
    ------
    ValueError
        If the cores are not weakly coupled.

    Notes
    -----
    Eq. (1) to Eq. (4) of `mcfiber.kernels.crosstalk_draws` [1]_; the mean is Eq. (1) of :doc:`/theory/crosstalk`.

    References
    ----------
    .. [1] R. O. J. Soeiro, T. M. F. Alves, and A. V. T. Cartaxo, "Dual polarization discrete changes model of
       inter-core crosstalk in multi-core fibers," *IEEE Photon. Technol. Lett.*, vol. 29, pp. 1395-1398, 2017.
       :doi:`10.1109/LPT.2017.2723662`

    Examples
    --------
    >>> import mcfiber as mcf
    >>> fiber = mcf.MulticoreFiber(
    ...     layout=mcf.HexagonalLayout(cores=7, pitch_um=40),
    ...     cladding_diameter_um=180,
    ...     crosstalk={"crosstalk_db": -30, "length_km": 10, "definition": "pair"},
    ... )
    >>> matrix = mcf.draw_crosstalk(fiber, length_km=10, frequency_ghz=[0, 10], skew_ps_per_km=10, draws=3, seed=1)
    >>> dict(matrix.sizes)
    {'draw': 3, 'time': 1, 'frequency': 2, 'mode_out': 14, 'mode_in': 14}
    >>> float((abs(matrix) ** 2).sum("mode_out").max().round(9))
    1.0
    """
    for name, given in (
        ("skew_ps_per_km", skew_ps_per_km),
        ("random_skew_ps_per_sqrt_km", random_skew_ps_per_sqrt_km),
    ):
        if np.shape(given) not in ((), (fiber.cores,)):
            allowed = f"a number, or one for each of the {fiber.cores} cores"
            msg = f"{name}: got the shape {np.shape(given)}; allowed: {allowed}"
            raise ValueError(msg)
    length = labelled.entered(length_km, "km")
    frequency = labelled.entered(np.asarray(frequency_ghz, np.float64), "ghz")
    wavelength = labelled.entered(wavelength_nm, "nm")
    skew = labelled.entered(np.asarray(skew_ps_per_km, np.float64), "ps_per_km")
    random_skew = labelled.entered(np.asarray(random_skew_ps_per_sqrt_km, np.float64), "ps_per_sqrt_km")
    polarization_delay = labelled.entered(polarization_delay_ps, "ps")
    chain = coupled_chain(
        _coupling_at(fiber, wavelength),
        length,
        frequency,
        delay=(skew * np.arange(fiber.cores) if np.ndim(skew) == 0 else skew) * length,
        random_delay=random_skew * math.sqrt(length),
        polarization_delay=polarization_delay,
    )
    options = {"draws": draws, "seed": seed, "times": times_s, "drift": drift_per_s}
    name, dims, values = _drawn(chain, quantity, options)
    coordinates = {"time": np.asarray(times_s, np.float64), "frequency": chain.frequency}
    return labelled.labelled_result(name, xr.DataArray(values, dims=dims, coords=coordinates))


def _drawn(chain: Chain, quantity: str, options: dict[str, Any]) -> tuple[str, tuple[str, ...], Any]:
    if quantity == "field":
        fields = np.concatenate(list(transfer_draws(chain, **options)))
        return "transfer_matrix", ("draw", "time", "frequency", "mode_out", "mode_in"), fields
    if quantity == "power":
        powers = np.concatenate(list(power_draws(chain, **options)))
        return "drawn_transfer", ("draw", "time", "core_out", "core_in", "frequency"), powers
    msg = f"quantity: got {quantity!r}; allowed: 'field', 'power'"
    raise ValueError(msg)


def _coupling_at(fiber: MulticoreFiber, wavelength: float) -> FloatArray:
    """Power coupling of every pair at one wavelength. [1/m]"""
    hertz = units.wavelength(wavelength)
    grid = Channels(array(("channel",), np.array([hertz])), 1e9, (band_of(hertz * 1e-12),))
    coupling = medium(fiber, grid).power_coupling
    if coupling is None or fiber.coupled_cores > 1:
        msg = "crosstalk needs more than one core, weakly coupled; cores that are received together have none"
        raise ValueError(msg)
    coupling = coupling.isel(channel=0) if "channel" in coupling.dims else coupling
    if set(coupling.dims) != {"core_out", "core_in"}:
        msg = f"draws need one fibre; the coupling has the axes {', '.join(map(str, coupling.dims))}; choose one point"
        raise ValueError(msg)
    return coupling.transpose("core_out", "core_in").values
