"""Glass along a line whose spans are of different fibres."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.medium import FiberMedium, medium
from mcfiber.labelled import array, combined, has, stacked
from mcfiber.typing import Quantity, is_axis

VARYING = (
    "attenuation",
    "group_velocity_dispersion",
    "nonlinear_coefficient",
    "effective_area",
    "mode_dispersion",
    "polarization_dispersion",
    "skew",
    "random_skew",
)
"""What may differ between the fibres of a line, beside the coupling of their cores."""


def medium_along(
    fiber: MulticoreFiber,
    fibers: Mapping[str, MulticoreFiber],
    names: Sequence[str | None],
    channels: Channels,
) -> FiberMedium:
    """Properties of the fibres of a line, along the dimension span where they differ.

    Parameters
    ----------
    fiber
        The fibre of every span that names none.
    fibers
        The others, by name. One with a single core stands for a bundle of such fibres, one for each core.
    names
        Fibre of every span (or piece of one) of a lap.
    channels
        Channels in SI.

    Returns
    -------
    FiberMedium
        Of one fibre where all spans have the same: then nothing has the dimension span.

    Raises
    ------
    DescriptionError
        If fibres differ in what a receiver sees as one: their groups of cores, or whether mode dispersion is known.

    Notes
    -----
    Per metre; crosstalk of unlike spans follows from Eq. (1) of :doc:`/theory/crosstalk` span by span.

    Examples
    --------
    >>> from mcfiber.descriptions.spectrum import Spectrum
    >>> from mcfiber.fiber.channels import channels as entered
    >>> grid = entered(Spectrum(frequency_thz=[193.0], symbol_rate_gbd=64))
    >>> one, other = (MulticoreFiber(layout={"kind": "hexagonal", "cores": 1}, effective_area_um2=a) for a in (80, 110))
    >>> (medium_along(one, {"wide": other}, [None, "wide", None], grid).effective_area * 1e12).values.round().tolist()
    [80.0, 110.0, 80.0]
    """
    own = medium(fiber, channels)
    if not any(names):
        return own
    media = {None: own} | {name: _entered(name, fibers, own, channels) for name in names if name is not None}
    along = [media[name] for name in names]
    if all(one is along[0] for one in along) and not along[0].separate:
        return replace(along[0], cores=own.cores)
    found = {name: _stacked([getattr(one, name) for one in along]) for name in VARYING}
    found["power_coupling"] = _pairs([one.power_coupling for one in along])
    found["backscatter"] = _stacked([one.backscatter for one in along])
    if any(one.separate for one in along):
        found["separate"] = array(("span",), np.array([one.separate for one in along]))
    return replace(own, **found, problems=_problems(media.values()))


def _entered(name: str, fibers: Mapping[str, MulticoreFiber], own: FiberMedium, channels: Channels) -> FiberMedium:
    found = medium(fibers[name], channels)
    bundle = found.cores == 1 and own.cores > 1
    if not bundle and (found.cores != own.cores or found.group_sizes != own.group_sizes or found.groups != own.groups):
        remedy = "give it the same cores and groups, or one core for a bundle"
        msg = f"fibers.{name}: its cores are not received as those of fiber; {remedy}"
        raise refused(msg)
    if bundle:
        return _bundle(found, own)
    if (found.mode_dispersion is None) != (own.mode_dispersion is None):
        msg = (
            f"fibers.{name}.spatial_mode_dispersion_ps_per_sqrt_km: is known of one fibre of the line and not of "
            "another; give it for both, or for neither"
        )
        raise refused(msg)
    return found


def _bundle(fiber: FiberMedium, own: FiberMedium) -> FiberMedium:
    """Separate fibres, one for each core: no crosstalk, no delays between modes, and the interference of one core."""
    delays = None if own.mode_dispersion is None else 0.0
    coupling = _uncoupled(own)
    return replace(
        fiber, power_coupling=coupling, backscatter=0.0, mode_dispersion=delays, separate=own.coupled_cores > 1
    )


def _uncoupled(own: FiberMedium) -> xr.Variable | None:
    """Coupling of a bundle of fibres: none."""
    if own.power_coupling is None:
        return None
    return array(("core_out", "core_in"), np.zeros((own.cores, own.cores)))


def _stacked(values: Sequence[Quantity]) -> Quantity:
    first = values[0]
    if first is None or all(_alike(value, first) for value in values):
        return first
    return stacked(values, "span")


def _pairs(values: Sequence[xr.Variable | None]) -> xr.Variable | None:
    result: xr.Variable | None = _stacked(values)
    if result is None or not has(result, "span"):
        return result
    return result.transpose("core_out", "core_in", ...)


def _alike(value: Quantity, first: Quantity) -> bool:
    if is_axis(value) or is_axis(first):
        same = value is first or getattr(value, "dims", None) == getattr(first, "dims", None)
        return bool(same and np.array_equal(value.data, first.data))
    return bool(value == first)


def _problems(media: Any) -> dict[str, Quantity]:
    """Which points of the axes cannot exist in any of the fibres."""
    found: dict[str, Quantity] = {}
    for one in media:
        for name, wrong in one.problems.items():
            found[name] = combined(np.logical_or, found[name], wrong) if name in found else wrong
    return found
