"""Crosstalk between weakly coupled cores along the line: its mean, and quantiles around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mcfiber import labelled, units
from mcfiber._jit import lift
from mcfiber.arrays.crosstalk_statistics import Aggressors
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.line import Link, Span
from mcfiber.descriptions.spectrum import Spectrum
from mcfiber.fiber.channels import Channels, channels
from mcfiber.fiber.groups import foreign
from mcfiber.fiber.medium import Glass, properties
from mcfiber.kernels import crosstalk as kernels
from mcfiber.kernels import crosstalk_statistics as statistics_kernels
from mcfiber.line.line import along_spans, core_paths, distance, over_spans
from mcfiber.line.power import PowerProfile
from mcfiber.typing import is_axis

if TYPE_CHECKING:
    import xarray as xr

_VARIANCE = lift(statistics_kernels.short_term_variance, "(),(),()->()")


_QUANTILE = lift(statistics_kernels.gamma_sum_quantile, "(core_in),(core_in),()->()")


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

    probability: Any
    symbol_rate: Any
    skew: Any = 0.0
    random_skew: Any = 0.0
    polarizations: Literal[1, 2] = 2
    aggressors: Aggressors = "independent"


def crosstalk_spread(fiber: MulticoreFiber, grid: Channels, *, probability: Any) -> Spread | None:
    """Spread of the crosstalk of a fibre's channels; None for the mean, which needs none.

    Parameters
    ----------
    fiber
        For its skew.
    grid
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
    return Spread(
        probability=probability,
        symbol_rate=grid.symbol_rate,
        skew=units.si(fiber, "skew_ps_per_km"),
        random_skew=units.si(fiber, "random_skew_ps_per_sqrt_km"),
    )


def exceeded_crosstalk(pairs: "xr.DataArray", spread: Spread, distance: Any) -> "xr.DataArray":
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
    import xarray as xr

    if spread.aggressors == "same_laser":
        pairs = pairs.sum("core_in").expand_dims(core_in=1)
    random_skew = spread.random_skew * units.mapped(np.sqrt, distance)
    variance = xr.apply_ufunc(_VARIANCE, spread.symbol_rate, spread.skew * distance, random_skew, keep_attrs=False)
    shape = spread.polarizations / variance
    exceeded = labelled.compute("crosstalk", _QUANTILE, pairs, shape, spread.probability)
    result = labelled.stamp("crosstalk", exceeded.rename(core_out="core"))
    result.attrs["model"] = "quantile"
    return result


def crosstalk_quantile(
    pairs: "xr.DataArray",
    *,
    probability: Any,
    length_km: Any,
    symbol_rate_gbd: Any,
    skew_ps_per_km: Any = 0.0,
    random_skew_ps_per_sqrt_km: Any = 0.0,
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
        symbol_rate=units.convert(symbol_rate_gbd, "gbd"),
        skew=units.convert(skew_ps_per_km, "ps_per_km"),
        random_skew=units.convert(random_skew_ps_per_sqrt_km, "ps_per_sqrt_km"),
        polarizations=polarizations,
        aggressors=aggressors,
    )
    if aggressors not in ("independent", "same_laser"):
        msg = f"aggressors: got {aggressors!r}; allowed: 'independent', 'same_laser'"
        raise ValueError(msg)
    return exceeded_crosstalk(pairs, spread, units.convert(length_km, "km"))


_TRANSFER = lift(kernels.coupled_power_transfer, "(core_out,core_in),(core_out),()->(core_out,core_in)")


_REPEATED = lift(kernels.repeated_crosstalk, "(core_out,core_in),(core_out),(core_out),()->(core_out,core_in)")


_CHAIN = lift(
    kernels.accumulated_crosstalk,
    "(span,core_out,core_in),(span,core_out),(span,core_out)->(core_out,core_in)",
)


_RETURNED = lift(kernels.backscattered_transfer, "(core_out,core_in),(core_out),(core_out),()->(core_out,core_in)")


_DIRECTIONAL = lift(
    kernels.directional_crosstalk,
    "(span,core_out,core_in),(span,core_out,core_in),(span,core_out),(span,core_out),(core_out)->(core_out,core_in)",
)


# Pairs that couple more than this part of the strongest pair count as neighbours of a fan-in or fan-out.
_NEIGHBOURS = 0.1


def crosstalk(link: Link, glass: Glass, power: PowerProfile, *, spread: Spread | None = None) -> Any:
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
    if glass.power_coupling is None:
        return 0.0
    if spread is None and "core" not in getattr(power.launch, "dims", ()) and not link.both_directions:
        # How devices divide theirs among the neighbours does not matter.
        pairs = _glass_pairs(link, glass, power)
        total = pairs.sum("core_in").rename(core_out="core") + over_spans(link, _device_crosstalk(link))
        return labelled.stamp("crosstalk", total)
    pairs = line_pairs(link, glass, power)
    if spread is not None:
        return exceeded_crosstalk(pairs, spread, distance(link))
    return labelled.stamp("crosstalk", pairs.sum("core_in").rename(core_out="core"))


def _device_crosstalk(link: Link) -> Any:
    """Crosstalk of the fan-ins, fan-outs, splices and amplifiers of a span, at equal powers of the cores."""

    def of_span(span: Span) -> Any:
        found = [units.si(span, name) for name in ("fan_in_crosstalk_db", "fan_out_crosstalk_db")]
        if span.splices and span.splice_crosstalk_db is not None:
            found.append(units.si(span, "splice_crosstalk_db") * span.splices)
        return sum(value for value in found if value is not None)

    amplifiers = [link.amplifier] if link.loop is None else [link.amplifier, link.loop.amplifier]
    found = (units.si(amplifier, "crosstalk_db") for amplifier in amplifiers)
    return along_spans(link, of_span) + sum(value for value in found if value is not None)


def _device_pairs(link: Link, glass: Glass, power: PowerProfile) -> Any:
    """Crosstalk of the devices of the line from every neighbour of the same direction, with the powers of the cores."""
    pairs = _device_shares(glass.power_coupling) * _device_crosstalk(link) * _relative_power(power)
    if link.core_permutation is None:
        total = over_spans(link, pairs)
    else:
        total = _along_paths(link, pairs, glass.cores).sum("span")
    ways = _ways(link, glass.cores)
    return total if ways is None else total.where(ways == ways.rename(core_out="core_in"), 0.0)


def _device_shares(coupling: Any) -> Any:
    """Part of the crosstalk of a device that comes from each neighbour: the neighbours are those of the glass."""
    others = [dim for dim in coupling.dims if dim not in ("core_out", "core_in")]
    strength = coupling.mean(others)
    adjacent = strength > _NEIGHBOURS * float(strength.max())
    return adjacent / adjacent.sum("core_in").clip(1)


def _from_other_groups(pairs: "xr.DataArray", glass: Glass) -> "xr.DataArray":
    """Leave out pairs of one group: what comes back from its other cores is signal, as the core's own light."""
    if not glass.groups:
        return pairs
    other = foreign(glass.groups)
    return labelled.stamp("pair_crosstalk", pairs * other / (1.0 + (pairs * (1.0 - other)).sum("core_in")))


def _relative_power(power: PowerProfile) -> Any:
    """Launch power of core_in over that of core_out."""
    if "core" not in getattr(power.launch, "dims", ()):
        return 1.0
    return power.launch.rename(core="core_in") / power.launch.rename(core="core_out")


def line_pairs(link: Link, glass: Glass, power: PowerProfile) -> "xr.DataArray":
    """Mean crosstalk of every pair of cores at the end of the line, with that of devices.

    Parameters
    ----------
    link, glass, power
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
    pairs = _glass_pairs(link, glass, power) + _device_pairs(link, glass, power)
    return labelled.stamp("pair_crosstalk", pairs)


def _glass_pairs(link: Link, glass: Glass, power: PowerProfile) -> Any:
    """Crosstalk that the fibre makes from every core into every other; of groups, from the cores of others."""
    if glass.coupled_cores > 1 and (link.both_directions or link.core_permutation is not None):
        name = "core_directions" if link.both_directions else "core_permutation"
        msg = f"{name}: is known for cores that are received one by one; leave it out where groups are"
        raise refused(msg)
    return _from_other_groups(_fiber_pairs(link, glass, power), glass)


def _fiber_pairs(link: Link, glass: Glass, power: PowerProfile) -> Any:
    """Crosstalk of every pair by the coupled-power equations."""
    coupling = glass.power_coupling
    ways = _ways(link, glass.cores)
    launch = _of_victim(power.launch) if "core" in getattr(power.launch, "dims", ()) else 1.0
    attenuation = _of_victim(power.attenuation)
    if ways is not None:
        scattered = _of_victim(glass.backscatter)
        there = labelled.compute("power_transfer", _TRANSFER, coupling, attenuation, power.length)
        back = labelled.compute("power_transfer", _RETURNED, coupling, attenuation, scattered, power.length)
        elements = (there, back, units.mapped(np.exp, -attenuation * power.length), launch)
        paths = (_along_paths(link, element, glass.cores) for element in elements)
        return labelled.compute("pair_crosstalk", _DIRECTIONAL, *paths, ways)
    unequal = "core_out" in getattr(attenuation, "dims", ())
    if link.core_permutation is None and not unequal:
        # Where all cores lose alike, the spans act as one long fibre without loss.
        transfer = labelled.compute("power_transfer", _TRANSFER, coupling, 0.0, over_spans(link, power.length))
        return labelled.compute("pair_crosstalk", _REPEATED, transfer, 1.0, launch, 1.0)
    attenuation = attenuation if unequal else 0.0
    transfer = labelled.compute("power_transfer", _TRANSFER, coupling, attenuation, power.length)
    survival = units.mapped(np.exp, -attenuation * power.length)
    if link.core_permutation is not None:
        paths = (_along_paths(link, element, glass.cores) for element in (transfer, survival, launch))
        return labelled.compute("pair_crosstalk", _CHAIN, *paths)
    if "span" in transfer.dims:
        return labelled.compute("pair_crosstalk", _CHAIN, transfer, survival, launch)
    return labelled.compute("pair_crosstalk", _REPEATED, transfer, survival, launch, float(link.count))


def _of_victim(value: Any) -> Any:
    return value.rename(core="core_out") if "core" in getattr(value, "dims", ()) else value


def _along_paths(link: Link, value: Any, cores: int) -> Any:
    """Spread what belongs to cores over the spans, by the signals that have them there."""
    import xarray as xr

    if not is_axis(value):
        return value
    if link.core_permutation is not None and len(link.core_permutation) != cores:
        msg = f"core_permutation: got {len(link.core_permutation)} values for {cores} cores; give one for each core"
        raise refused(msg)
    paths = core_paths(link, cores)
    along = {dim: xr.DataArray(paths, dims=("span", dim)) for dim in ("core_out", "core_in")}
    along["span"] = xr.DataArray(np.arange(link.count), dims="span")
    return value.isel({dim: along[dim] for dim in value.dims if dim in along})


def _ways(link: Link, cores: int) -> "xr.DataArray | None":
    """Direction of every core, +1 or -1; None where all are the same."""
    import xarray as xr

    given = () if link.core_directions == "same" else link.core_directions
    if given and len(given) != cores:
        msg = f"core_directions: got {len(given)} values for {cores} cores; give +1 or -1 for each core"
        raise refused(msg)
    if not link.both_directions:
        return None
    return xr.DataArray(np.asarray(given, np.float64), dims="core_out")


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
    glass = properties(fiber, channels(spectrum))
    if glass.power_coupling is None:
        msg = "crosstalk needs more than one core, weakly coupled; cores that are received together have none"
        raise ValueError(msg)
    link = Link(
        span={"length_km": length_km},
        span_count=spans,
        core_directions="same" if direction is None else list(direction),
        core_permutation=None if permutation is None else list(permutation),
    )
    profile = PowerProfile(1.0, 1.0, glass.attenuation, units.convert(length_km, "km"), 1.0)
    return labelled.stamp("pair_crosstalk", _glass_pairs(link, glass, profile))
