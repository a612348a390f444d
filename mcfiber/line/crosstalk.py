"""Crosstalk between weakly coupled cores along the line: its mean, and quantiles around it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import xarray as xr

from mcfiber import units
from mcfiber.arguments import LENGTH_KM, NUMBERS, arguments, choice, real, several, whole
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.spectrum import Spectrum
from mcfiber.fiber.channels import Channels, channels
from mcfiber.fiber.groups import foreign
from mcfiber.fiber.medium import FiberMedium, medium
from mcfiber.kernels import crosstalk as kernels
from mcfiber.kernels import crosstalk_statistics as statistics
from mcfiber.labelled import array, compute, coordinates_of, entered, has, kept, labelled_result, reduced, renamed
from mcfiber.line.line import Line, along_paths, over_spans, plain_line, repeated
from mcfiber.line.power import PowerProfile
from mcfiber.typing import Quantity, is_axis

Aggressors = Literal["independent", "same_laser"]
"""Whether the neighbours of a core carry their own data, so that powers add, or the same light."""

# Pairs that couple more than this part of the strongest pair count as neighbours of a fan-in or fan-out.
_NEIGHBOURS = 0.1


@dataclass(frozen=True)
class Spread:
    """What the spread of crosstalk around its mean depends on, in SI.

    Attributes
    ----------
    probability
        Probability with which the wanted quantile is exceeded.
    symbol_rate
        Width of the neighbours' spectra. [Hz]
    skew
        Steady skew between neighbours. [s/m]
    random_skew
        Standard deviation of its random part. [s/sqrt(m)]
    polarizations
        Polarisations that a neighbour fills with independent data.
    aggressors
        "independent": the neighbours carry their own data and their powers add; "same_laser": they carry the same
        light, their fields add, and the sum has the spread of one.
    """

    probability: Quantity
    symbol_rate: Quantity
    skew: Quantity = 0.0
    random_skew: Quantity = 0.0
    polarizations: Literal[1, 2] = 2
    aggressors: Aggressors = "independent"


def crosstalk_spread(medium: FiberMedium, channels: Channels, *, probability: Quantity) -> Spread | None:
    """Spread of the crosstalk of a fibre's channels; None for the mean, which needs none.

    Parameters
    ----------
    medium
        For its skew.
    channels
        For the symbol rates.
    probability
        Probability of more crosstalk than the quantile, or None.

    Returns
    -------
    Spread or None

    Notes
    -----
    What Eq. (5) of :doc:`/theory/crosstalk` takes: skew and symbol rate.
    """
    if probability is None:
        return None
    return Spread(probability, channels.symbol_rate, medium.skew, medium.random_skew)


def crosstalk(line: Line, medium: FiberMedium, power: PowerProfile, *, spread: Spread | None = None) -> Quantity:
    """Crosstalk over signal power of every core at the end of the line; zero without weak coupling.

    Light of the same group of cores is no crosstalk, and a group shares evenly what it takes from others.
    Coupled-power equations ``dP/dz = (H - diag(alpha)) P`` [1]_, all cores lit; amplifiers restore every core after
    each span.  Crosstalk of fan-ins, fan-outs, splices and amplifiers is small and adds to it.

    Parameters
    ----------
    link
        The spans.
    glass
        Power coupling of every pair of cores.
    power
        Attenuation of the cores, and launch powers, which weigh where they differ between cores.
    spread
        For the crosstalk that is exceeded with a probability, instead of the mean.

    Returns
    -------
    :data:`crosstalk`
        Dimension core, and channel where the coupling depends on wavelength.

    References
    ----------
    .. [1] M. Koshiba et al., "Analytical expression of average power-coupling coefficients," *IEEE Photon. J.*,
       vol. 4, no. 5, pp. 1987-1995, 2012. :doi:`10.1109/JPHOT.2012.2221085`.
    """
    if medium.power_coupling is None:
        return 0.0
    if spread is None and not has(power.fiber_input, "core") and line.directions is None:
        # How devices divide theirs among the neighbours does not matter.
        total = _of_core(reduced(np.sum, _glass_pairs(line, medium, power), "core_in"))
        return total + over_spans(line, line.device_crosstalk)
    pairs = line_pairs(line, medium, power)
    if spread is not None:
        return exceeded_crosstalk(pairs, _over_line(line, spread, power.length), line.distance)
    return _of_core(reduced(np.sum, pairs, "core_in"))


def _over_line(line: Line, spread: Spread, length: Quantity) -> Spread:
    """Spread with the skew of the mean metre: steady parts add, random ones by their squares."""
    if not has(spread.skew, "span") and not has(spread.random_skew, "span"):
        return spread
    steady = over_spans(line, spread.skew * length) / line.distance
    random = over_spans(line, spread.random_skew**2 * length) / line.distance
    return replace(spread, skew=steady, random_skew=units.mapped(np.sqrt, random))


def _of_core(value: Quantity) -> Quantity:
    return renamed(value, core_out="core")


def line_pairs(line: Line, medium: FiberMedium, power: PowerProfile) -> xr.Variable:
    """Mean crosstalk of every pair of cores at the end of the line, with that of devices.

    Parameters
    ----------
    line, medium, power
        As for `crosstalk`; of weakly coupled cores.

    Returns
    -------
    :data:`pair_crosstalk`
        Dimensions core_out, core_in, and channel where it differs along it; with cores exchanged between spans, of
        the signals that begin in them. With both directions, each at the end where its light leaves. A device's is
        divided equally among a core's neighbours.

    Notes
    -----
    Coupled-power equations [1]_, Eq. (1) of :doc:`/theory/crosstalk`; between groups Eq. (2), for both directions
    Eq. (3) there.

    References
    ----------
    .. [1] M. Koshiba et al., "Analytical expression of average power-coupling coefficients for estimating intercore
       crosstalk in multicore fibers," *IEEE Photon. J.*, vol. 4, pp. 1987-1995, 2012.
       :doi:`10.1109/JPHOT.2012.2221085`
    """
    result: xr.Variable = _glass_pairs(line, medium, power) + _device_pairs(line, medium, power)
    return result


def _device_pairs(line: Line, medium: FiberMedium, power: PowerProfile) -> Quantity:
    """Crosstalk of the devices of the line from every neighbour of the same direction, with the powers of the cores."""
    pairs = device_shares(medium.power_coupling) * line.device_crosstalk * _relative_power(line, power)
    exchanged = line.permutation is not None
    total = reduced(np.sum, along_paths(line, pairs, medium.cores), "span") if exchanged else over_spans(line, pairs)
    ways = _ways(line)
    return total if ways is None else kept(total, ways == renamed(ways, core_out="core_in"), 0.0)


def device_shares(coupling: Any) -> xr.Variable:
    """Part of the crosstalk of a device that comes from each neighbour: the neighbours are those of the glass."""
    strength = reduced(np.mean, coupling, "channel", "span")
    adjacent = strength > _NEIGHBOURS * reduced(np.max, strength, "core_out", "core_in")
    shares: xr.Variable = adjacent / np.maximum(reduced(np.sum, adjacent, "core_in"), 1)
    return shares


def _relative_power(line: Line, power: PowerProfile) -> Quantity:
    """Power that enters the fibre in core_in over that in core_out."""
    entering = _entering(line, power)
    if not has(entering, "core"):
        return 1.0
    return renamed(entering, core="core_in") / renamed(entering, core="core_out")


def _entering(line: Line, power: PowerProfile) -> Quantity:
    """Power that weighs the cores of a span; of one core and another only the ratio counts."""
    unlike = has(line.fan_in, "core") or line.pieces is not None
    return power.fiber_input if unlike else power.launch


def _from_other_groups(pairs: xr.Variable, medium: FiberMedium) -> xr.Variable:
    """Leave out pairs of one group: what comes back from its other cores is signal, as the core's own light."""
    if not medium.groups:
        return pairs
    other = array(("core_out", "core_in"), foreign(medium.groups))
    result: xr.Variable = pairs * other / (1.0 + reduced(np.sum, pairs * (1.0 - other), "core_in"))
    return result


def _glass_pairs(line: Line, medium: FiberMedium, power: PowerProfile) -> xr.Variable:
    """Crosstalk that the fibre makes from every core into every other; of groups, from the cores of others."""
    if medium.coupled_cores > 1 and (line.directions is not None or line.permutation is not None):
        name = "core_directions" if line.directions is not None else "core_permutation"
        msg = f"{name}: is known for cores that are received one by one; leave it out where groups are"
        raise refused(msg)
    return _from_other_groups(_fiber_pairs(line, medium, power), medium)


def _fiber_pairs(line: Line, medium: FiberMedium, power: PowerProfile) -> xr.Variable:
    """Crosstalk of every pair by the coupled-power equations."""
    coupling, length = medium.power_coupling, power.length
    entering = _entering(line, power)
    launch = renamed(entering, core="core_out") if has(entering, "core") else 1.0
    attenuation = renamed(power.attenuation, core="core_out")
    unequal = has(attenuation, "core_out")
    pairs: xr.Variable
    ways = _ways(line)
    if ways is not None and line.pumps is not None:
        return _amplified_pairs(line, medium, power, ways)
    if ways is not None:
        scattered = renamed(medium.backscatter, core="core_out")
        there = compute("power_transfer", kernels.coupled_power_transfer, coupling, attenuation, length)
        back = compute("power_transfer", kernels.backscattered_transfer, coupling, attenuation, scattered, length)
        back = back + _at_one_end(line, coupling, there)
        elements = (there, back, units.mapped(np.exp, -attenuation * length), launch)
        paths = (along_paths(line, element, medium.cores) for element in elements)
        pairs = compute("pair_crosstalk", kernels.directional_crosstalk, *paths, ways)
        return pairs
    if line.permutation is None and not unequal and not has(coupling, "span") and not has(launch, "span"):
        # Where all cores lose alike, the spans act as one long fibre without loss.
        transfer = compute("power_transfer", kernels.coupled_power_transfer, coupling, 0.0, over_spans(line, length))
        pairs = compute("pair_crosstalk", kernels.repeated_crosstalk, transfer, 1.0, launch, 1.0)
        return pairs
    attenuation = attenuation if unequal else 0.0
    transfer = compute("power_transfer", kernels.coupled_power_transfer, coupling, attenuation, length)
    survival = units.mapped(np.exp, -attenuation * length)
    if line.permutation is not None:
        paths = (along_paths(line, element, medium.cores) for element in (transfer, survival, launch))
        pairs = compute("pair_crosstalk", kernels.accumulated_crosstalk, *paths)
    elif any(has(element, "span") for element in (transfer, survival, launch)):
        along = (repeated(line, element) for element in (transfer, survival, launch))
        pairs = compute("pair_crosstalk", kernels.accumulated_crosstalk, *along)
    else:
        spans = float(line.count)
        pairs = compute("pair_crosstalk", kernels.repeated_crosstalk, transfer, survival, launch, spans)
    return pairs


def _at_one_end(line: Line, coupling: Any, there: xr.Variable) -> Quantity:
    """What leaves a core where the light of another enters, by the fan devices: near-end crosstalk, and reflections.

    Light is reflected where it has arrived, changes cores before or after, and comes back: twice the way of Eq. (1) of
    :doc:`/theory/crosstalk`.
    """
    found: Quantity = 0.0
    if is_axis(line.near_end_crosstalk) or line.near_end_crosstalk > 0.0:
        found = device_shares(coupling) * line.near_end_crosstalk
    if is_axis(line.reflection) or line.reflection > 0.0:
        way_back = reduced(np.sum, renamed(there, core_in="core") * renamed(there, core_out="core"), "core")
        found = found + way_back * line.reflection
    return found


POSITIONS = 2001
"""Places along a span at which the integrals of amplified crosstalk are taken: good to 1e-4."""


def _amplified_pairs(line: Line, medium: FiberMedium, power: PowerProfile, ways: xr.Variable) -> xr.Variable:
    """Crosstalk of every pair where pumps amplify along the fibre and cores carry light both ways, to first order."""
    evolution = power.evolution
    if evolution is None:
        msg = 'link.span.raman_pumps: need models.raman = "silica"'
        raise refused(msg)
    level, _ = evolution.fine_levels(POSITIONS)
    level, scattered = renamed(level, core="core_out"), renamed(medium.backscatter, core="core_out")
    inputs = medium.power_coupling, level, scattered, line.reflection
    pairs = compute("pair_crosstalk", kernels.amplified_crosstalk, *inputs, ways, power.length)
    near = line.near_end_crosstalk
    if is_axis(near) or near > 0.0:
        lost = units.mapped(np.exp, level.isel(position=0) - level.isel(position=-1))
        opposite = ways != renamed(ways, core_out="core_in")
        pairs = pairs + kept(device_shares(medium.power_coupling) * near * lost, opposite, 0.0)
    entering = power.fiber_input
    if has(entering, "core"):
        pairs = pairs * (renamed(entering, core="core_in") / renamed(entering, core="core_out"))
    result: xr.Variable = over_spans(line, pairs)
    return result


def _ways(line: Line) -> xr.Variable | None:
    """Direction of every core, +1 or -1; None where all are the same."""
    if line.directions is None:
        return None
    return array(("core_out",), np.asarray(line.directions, np.float64))


# ---------------------------------------------------------------------------------------------------------
# crosstalk of a fibre, and its quantiles


@arguments(
    length_km=LENGTH_KM,
    spans=whole(low=1),
    direction=several(choice(1, -1)),
    permutation=NUMBERS,
    rayleigh_db_per_km=real(low=0, high=1e3),
)
def mean_crosstalk(
    fiber: MulticoreFiber,
    spectrum: Spectrum,
    *,
    length_km: float,
    spans: int = 1,
    direction: Sequence[int] | None = None,
    permutation: Sequence[int] | None = None,
    rayleigh_db_per_km: float | None = None,
) -> "xr.DataArray":
    """Mean crosstalk between every pair of cores of a fibre, all lit with the same power.

    Parameters
    ----------
    fiber
        Weakly coupled cores.
    spectrum
        Channels at which to evaluate.
    length_km
        Length of fibre, or of a span.
    spans
        Equal spans, with amplifiers (and isolators) that restore every core.
    direction
        +1 or -1 for every core, for designs with both directions; all the same by default. Cores of the other
        direction disturb by Rayleigh scattering, and carry light of the same direction over in two hops.
    permutation
        Core that the signal of each core enters in the next span, where cores are exchanged.
    rayleigh_db_per_km
        Another Rayleigh part of the attenuation than the fibre's; matters to both directions only.

    Returns
    -------
    :data:`pair_crosstalk`
        Dimensions core_out, core_in, and channel where it differs along it. Summed over core_in, it is the
        crosstalk of a core with all others lit. Zero between cores that are received together.

    Raises
    ------
    ValueError
        If no cores are weakly coupled, or directions or permutation do not fit the cores, or are given for groups.

    Notes
    -----
    Coupled-power equations [1]_, Eq. (1) of :doc:`/theory/crosstalk`; between groups Eq. (2), for both directions
    Eq. (3) there.

    References
    ----------
    .. [1] M. Koshiba et al., "Analytical expression of average power-coupling coefficients for estimating intercore
       crosstalk in multicore fibers," *IEEE Photon. J.*, vol. 4, pp. 1987-1995, 2012.
       :doi:`10.1109/JPHOT.2012.2221085`

    Examples
    --------
    >>> import math
    >>> import mcfiber as mcf
    >>> fiber = mcf.MulticoreFiber(
    ...     layout=mcf.RingLayout(cores=6, pitch_um=40),
    ...     cladding_diameter_um=160,
    ...     crosstalk={"crosstalk_db": -53, "length_km": 6.99, "definition": "pair"},
    ... )
    >>> grid = mcf.Spectrum(groups=[{"band": "C", "channels": 3, "spacing_ghz": 100, "symbol_rate_gbd": 64}])
    >>> pairs = mcf.mean_crosstalk(fiber, grid, length_km=80)
    >>> round(10 * math.log10(pairs.max()), 2)
    -42.41
    >>> both = mcf.mean_crosstalk(fiber, grid, length_km=80, direction=[1, -1, 1, -1, 1, -1])
    >>> round(10 * math.log10(both.max()))
    -64
    """
    if rayleigh_db_per_km is not None:
        fiber = fiber.replace({"rayleigh_db_per_km": rayleigh_db_per_km})
    glass = medium(fiber, channels(spectrum))
    if glass.power_coupling is None:
        msg = "crosstalk needs more than one core, weakly coupled; cores that are received together have none"
        raise ValueError(msg)
    ways = _checked_ways(direction, glass.cores)
    order = _checked_order(permutation, glass.cores)
    length = entered(length_km, "km")
    span = plain_line(length, spans, directions=ways if len(set(ways or ())) > 1 else None, permutation=order)
    pairs = _glass_pairs(span, glass, PowerProfile(1.0, 1.0, glass.attenuation, length, 1.0))
    return labelled_result("pair_crosstalk", pairs, coordinates_of(fiber, spectrum, length_km))


def _checked_ways(direction: Sequence[int] | None, cores: int) -> tuple[int, ...] | None:
    if direction is None:
        return None
    ways = tuple(direction)
    if len(ways) != cores or not set(ways) <= {1, -1}:
        msg = f"direction: got {list(ways)} for {cores} cores; allowed: +1 or -1 for each core"
        raise ValueError(msg)
    return ways


def _checked_order(permutation: Sequence[int] | None, cores: int) -> tuple[int, ...] | None:
    if permutation is None:
        return None
    order = tuple(permutation)
    if sorted(order) != list(range(cores)):
        msg = f"permutation: got {list(order)} for {cores} cores; allowed: each core from 0 to {cores - 1} once"
        raise ValueError(msg)
    return order


def exceeded_crosstalk(pairs: Quantity, spread: Spread, distance: Quantity) -> Quantity:
    """Crosstalk that the sum over the neighbours exceeds with a probability.

    Neighbours with independent data add their powers; each is Gamma distributed with the variance that its skew
    and symbol rate leave, and the sum over unequal ones is exact.

    Parameters
    ----------
    pairs
        Mean crosstalk of every pair, dimensions core_out and core_in.
    spread
        Probability, skew, symbol rate.
    distance
        Length of the line. [m]

    Returns
    -------
    :data:`crosstalk`
        Dimension core, and those of the pairs and the spread.

    Notes
    -----
    Variance by Eq. (5) of :doc:`/theory/crosstalk`, law of the sum by Eq. (3) of
    `mcfiber.kernels.crosstalk_statistics` [1]_.

    References
    ----------
    .. [1] C. W. Helstrom, "Calculating error probabilities for intersymbol and cochannel interference," *IEEE
       Trans. Commun.*, vol. 34, pp. 430-435, 1986.
    """
    if spread.aggressors == "same_laser":
        pairs = pairs.sum("core_in").expand_dims(core_in=1)
    random_skew = spread.random_skew * units.mapped(np.sqrt, distance)
    skew = spread.symbol_rate, spread.skew * distance, random_skew
    variance = compute("crosstalk_variance", statistics.short_term_variance, *skew)
    shape = spread.polarizations / variance
    exceeded = compute("crosstalk", statistics.gamma_sum_quantile, pairs, shape, spread.probability)
    result = _of_core(exceeded)
    result.attrs["model"] = "quantile"
    return result


@arguments(
    pairs=real(low=0, high=1e6, dims=("core_out", "core_in"), alone=False),
    probability=real(above=0, below=1),
    length_km=LENGTH_KM,
    symbol_rate_gbd=real(above=0, high=1e6),
    skew_ps_per_km=real(low=-1e9, high=1e9),
    random_skew_ps_per_sqrt_km=real(low=0, high=1e9),
)
def crosstalk_quantile(
    pairs: "xr.DataArray",
    *,
    probability: object,
    length_km: object,
    symbol_rate_gbd: object,
    skew_ps_per_km: object = 0.0,
    random_skew_ps_per_sqrt_km: object = 0.0,
    polarizations: Literal[1, 2] = 2,
    aggressors: Aggressors = "independent",
) -> "xr.DataArray":
    """Crosstalk of every core that is exceeded with a probability, all other cores lit.

    Parameters
    ----------
    pairs
        Mean crosstalk of every pair, from `mean_crosstalk`.
    probability
        Probability of more crosstalk: a share of times, of wavelengths or of fibres.
    length_km
        Length of the whole line, over which skew accumulates.
    symbol_rate_gbd
        Symbol rate of the neighbours; the wider their spectra, the narrower the spread.
    skew_ps_per_km, random_skew_ps_per_sqrt_km
        Skew between neighbouring cores: its steady part, and the standard deviation of its random part. None gives
        the widest spread.
    polarizations
        Polarisations that the neighbours fill with independent data.
    aggressors
        "independent": each neighbour carries its own data, and powers add. "same_laser": all carry the same light,
        as in a measurement with one source, and fields add.

    Returns
    -------
    :data:`crosstalk`
        Dimension core, and those of the arguments.

    Raises
    ------
    ValueError
        If `aggressors` is neither.

    Notes
    -----
    Variance by Eq. (5) of :doc:`/theory/crosstalk`, law of the sum by Eq. (3) of
    `mcfiber.kernels.crosstalk_statistics` [1]_.

    References
    ----------
    .. [1] C. W. Helstrom, "Calculating error probabilities for intersymbol and cochannel interference," *IEEE
       Trans. Commun.*, vol. 34, pp. 430-435, 1986.

    Examples
    --------
    >>> import mcfiber as mcf
    >>> import xarray as xr
    >>> pairs = xr.DataArray([[0.0, 1e-3], [1e-3, 0.0]], dims=("core_out", "core_in"))
    >>> worst = mcf.crosstalk_quantile(pairs, probability=1e-4, length_km=80, symbol_rate_gbd=32, polarizations=1)
    >>> (10 * np.log10(worst / 1e-3)).values.round(2)
    array([7.69, 7.69])
    """
    spread = Spread(
        probability=probability,
        symbol_rate=entered(symbol_rate_gbd, "gbd"),
        skew=entered(skew_ps_per_km, "ps_per_km"),
        random_skew=entered(random_skew_ps_per_sqrt_km, "ps_per_sqrt_km"),
        polarizations=polarizations,
        aggressors=aggressors,
    )
    result = labelled_result("crosstalk", exceeded_crosstalk(pairs, spread, entered(length_km, "km")))
    result.attrs["model"] = "quantile"
    return result
