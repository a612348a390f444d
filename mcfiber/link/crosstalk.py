"""Crosstalk between weakly coupled cores along the line."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mcfiber import units, variables
from mcfiber._jit import lift
from mcfiber.fiber.groups import foreign
from mcfiber.fiber.multicore import MulticoreFiber
from mcfiber.fiber.properties import Glass, properties
from mcfiber.kernels import crosstalk as kernels
from mcfiber.link.crosstalk_arrays import capture_fraction
from mcfiber.link.crosstalk_spread import Spread, exceeded_crosstalk
from mcfiber.link.power import PowerProfile
from mcfiber.link.span import Link, Span, along_spans, over_spans
from mcfiber.spectrum import Spectrum, channels

if TYPE_CHECKING:
    import xarray as xr

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
    pairs = _from_other_groups(_pair_crosstalk(link, glass.power_coupling, power), glass)
    devices = _device_crosstalk(link)
    if spread is not None or "core" in getattr(power.launch, "dims", ()):
        pairs = pairs + devices * _device_shares(glass.power_coupling) * _relative_power(power)
        devices = 0.0
    if spread is not None:
        return exceeded_crosstalk(pairs, spread, link.distance())
    total = pairs.sum("core_in").rename(core_out="core")
    return variables.stamp("crosstalk", total + devices)


def _device_crosstalk(link: Link) -> Any:
    """Crosstalk of all fan-ins, fan-outs, splices and amplifiers along the line, at equal powers of the cores."""

    def of_span(span: Span) -> Any:
        found = [units.si(span, name) for name in ("fan_in_crosstalk_db", "fan_out_crosstalk_db")]
        if span.splices and span.splice_crosstalk_db is not None:
            found.append(units.si(span, "splice_crosstalk_db") * span.splices)
        return sum(value for value in found if value is not None)

    amplifiers = [link.amplifier] if link.loop is None else [link.amplifier, link.loop.amplifier]
    found = (units.si(amplifier, "crosstalk_db") for amplifier in amplifiers)
    return over_spans(link, along_spans(link, of_span)) + link.count * sum(
        value for value in found if value is not None
    )


def _device_shares(coupling: "xr.DataArray") -> "xr.DataArray":
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
    return variables.stamp("pair_crosstalk", pairs * other / (1.0 + (pairs * (1.0 - other)).sum("core_in")))


def _relative_power(power: PowerProfile) -> Any:
    """Launch power of core_in over that of core_out."""
    if "core" not in getattr(power.launch, "dims", ()):
        return 1.0
    return power.launch.rename(core="core_in") / power.launch.rename(core="core_out")


def _pair_crosstalk(link: Link, coupling: Any, power: PowerProfile) -> Any:
    """Crosstalk of every pair; where all cores lose alike, the spans act as one long fibre without loss."""
    name = "pair_crosstalk"
    launch: Any = 1.0
    if "core" in getattr(power.launch, "dims", ()):
        launch = power.launch.rename(core="core_out")
    if "core" not in getattr(power.attenuation, "dims", ()):
        distance = over_spans(link, power.length)
        transfer = variables.compute("power_transfer", _TRANSFER, coupling, 0.0, distance)
        return variables.compute(name, _REPEATED, transfer, 1.0, launch, 1.0)
    attenuation = power.attenuation.rename(core="core_out")
    transfer = variables.compute("power_transfer", _TRANSFER, coupling, attenuation, power.length)
    survival = np.exp(-attenuation * power.length)
    if "span" in transfer.dims:
        return variables.compute(name, _CHAIN, transfer, survival, launch)
    return variables.compute(name, _REPEATED, transfer, survival, launch, float(link.count))


def mean_crosstalk(
    fiber: MulticoreFiber,
    spectrum: Spectrum,
    *,
    length_km: float,
    spans: int = 1,
    direction: Sequence[int] | None = None,
    rayleigh_db_per_km: float = 0.14,
    refractive_index: float = 1.4445,
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
    rayleigh_db_per_km
        Part of the attenuation that is Rayleigh scattering; matters to both directions only.
    refractive_index
        Of the cores, for the part of the scattered light that they capture.

    Returns
    -------
    :data:`pair_crosstalk`
        Dimensions core_out, core_in, and channel where it differs along it. Summed over core_in, it is the
        crosstalk of a core with all others lit. Zero between cores that are received together.

    Raises
    ------
    ValueError
        If no cores are weakly coupled, or the directions are not +1 or -1, one for each core, or given for groups.

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
    grid = channels(spectrum)
    glass = properties(fiber, grid)
    if glass.power_coupling is None:
        msg = "crosstalk needs more than one core, weakly coupled; cores that are received together have none"
        raise ValueError(msg)
    length = units.convert(length_km, "km")
    if direction is None:
        link = Link(span={"length_km": length_km}, span_count=spans)
        profile = PowerProfile(1.0, 1.0, glass.attenuation, length, 1.0)
        pairs = _pair_crosstalk(link, glass.power_coupling, profile)
        return variables.stamp("pair_crosstalk", _from_other_groups(pairs, glass))
    if fiber.coupled_cores > 1:
        msg = "direction: is known for cores that are received one by one; leave it out where groups are"
        raise ValueError(msg)
    ways = _ways(direction, fiber.cores)
    per_area = units.mapped(
        lambda hertz: capture_fraction(units.wavelength(hertz), refractive_index, 1.0), grid.frequency
    )
    scattered = per_area * (units.convert(rayleigh_db_per_km, "db_per_km") / glass.effective_area)
    return _directional_crosstalk(glass, scattered, length, spans, ways)


def _directional_crosstalk(
    glass: Glass, scattered: Any, length: Any, spans: int, ways: "xr.DataArray"
) -> "xr.DataArray":
    import xarray as xr

    loss = glass.attenuation.rename(core="core_out") if "core" in getattr(glass.attenuation, "dims", ()) else None
    loss = glass.attenuation if loss is None else loss
    there = variables.compute("power_transfer", _TRANSFER, glass.power_coupling, loss, length)
    back = variables.compute("power_transfer", _RETURNED, glass.power_coupling, loss, scattered, length)
    line = xr.DataArray(np.ones(spans), dims="span")
    survival = units.mapped(np.exp, -loss * length)
    return variables.compute("pair_crosstalk", _DIRECTIONAL, there * line, back * line, survival, 1.0, ways)


def _ways(direction: Sequence[int], cores: int) -> "xr.DataArray":
    import xarray as xr

    ways = np.asarray(direction, dtype=np.float64)
    if ways.shape != (cores,) or not np.isin(ways, (-1.0, 1.0)).all():
        msg = f"direction: got {direction!r}; allowed: +1 or -1 for each of the {cores} cores"
        raise ValueError(msg)
    return xr.DataArray(ways, dims="core_out")
