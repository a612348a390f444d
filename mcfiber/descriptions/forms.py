"""Whether values that vary fit the system: a value for every band that is used, every channel, every core."""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from mcfiber.descriptions.errors import DescriptionError, Problem
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.record import Description
from mcfiber.descriptions.spectrum import BANDS_NM, Spectrum
from mcfiber.descriptions.transceiver import Transceiver
from mcfiber.descriptions.values import ByChannel, ByCore, Declaration, PairMatrix, declarations
from mcfiber.typing import is_axis


class Extent(NamedTuple):
    """What values by band, channel and core have to cover.

    Attributes
    ----------
    spectrum, fiber
        Descriptions of the channels and of the cores.
    """

    spectrum: Spectrum
    fiber: MulticoreFiber


def refuse_misfits(parts: dict[str, Any], extent: Extent) -> None:
    """Refuse values that do not cover the bands, channels or cores of a system, all of them at once.

    Parameters
    ----------
    parts
        Descriptions, or tables and lists of them, by their paths.
    extent
        What has to be covered.

    Raises
    ------
    DescriptionError
        If a band has no value, or a list another length than there are channels or cores.
    """
    problems = [found for path, part in parts.items() for found in _misfits(part, path, extent)]
    if problems:
        title = "System"
        raise DescriptionError(title, problems)


def _misfits(part: Any, path: str, extent: Extent) -> Iterator[Problem]:
    if isinstance(part, Description):
        known = _varying(type(part))
        for name in part.model_fields_set:
            value, where = getattr(part, name), f"{path}.{name}"
            if isinstance(value, (float, str, int)) or value is None or is_axis(value):
                continue
            if isinstance(part, Transceiver) and name in ("format", "code") and isinstance(value, dict):
                yield from _of_choice(value, where, extent)
            elif name in known:
                yield from _of_value(value, where, known[name], extent)
            else:
                yield from _misfits(value, where, extent)
    elif isinstance(part, tuple):
        for index, item in enumerate(part):
            yield from _misfits(item, f"{path}.{index}", extent)
    elif isinstance(part, dict):
        for key, item in part.items():
            yield from _misfits(item, f"{path}.{key}", extent)


@cache
def _varying(model: type[Description]) -> dict[str, Declaration]:
    """Fields that may differ by band, channel or core; those of cores alone are told with the cores."""
    found = declarations(model)
    return {
        name: one for name, one in found.items() if {"band", "channel", "pairs"} & set(one.varies) or name == "power_mw"
    }


def _of_value(value: Any, path: str, rule: Declaration, extent: Extent) -> Iterator[Problem]:
    if isinstance(value, dict):
        bands = extent.spectrum.band_names
        if rule.names == tuple(BANDS_NM) and (missing := [band for band in bands if band not in value]):
            told = ", ".join(bands)
            yield path, f"has no value for the band {missing[0]}; give one for each of {told}, or one number"
        for band, item in value.items():
            count = extent.spectrum.channels_of_band(band)
            yield from _of_list(item, f"{path}.{band}", rule, count, f"{count} channels of this band", extent)
    else:
        count = extent.spectrum.count
        yield from _of_list(value, path, rule, count, f"{count} channels", extent)


def _of_list(value: Any, path: str, rule: Declaration, count: int, told: str, extent: Extent) -> Iterator[Problem]:
    by_channel = isinstance(value, ByChannel) or (isinstance(value, tuple) and "channel" in rule.varies)
    if by_channel:
        items = value.channel if isinstance(value, ByChannel) else value
        if len(items) != count:
            yield path, f"got {len(items)} values for {told}; give one for each"
    elif isinstance(value, (ByCore, tuple)):
        yield from _of_cores(value.core if isinstance(value, ByCore) else value, path, extent.fiber)
    elif isinstance(value, PairMatrix) and len(value.core_out_core_in) != extent.fiber.cores:
        size = len(value.core_out_core_in)
        yield path, f"got a matrix of {size} cores for {extent.fiber.cores}; give a row and a column for each core"


def _of_choice(value: dict[str, Any], path: str, extent: Extent) -> Iterator[Problem]:
    """A format or a code for each band, channel or core."""
    if "channel" in value:
        if len(value["channel"]) != extent.spectrum.count:
            yield path, f"got {len(value['channel'])} for {extent.spectrum.count} channels; give one for each"
    elif "core" in value:
        yield from _of_cores(value["core"], path, extent.fiber)
    elif missing := [band for band in extent.spectrum.band_names if band not in value]:
        yield path, f"has none for the band {missing[0]}; give one for each of {', '.join(extent.spectrum.band_names)}"


def _of_cores(values: tuple[Any, ...], path: str, fiber: MulticoreFiber) -> Iterator[Problem]:
    if len(values) != fiber.cores:
        yield path, f"got {len(values)} values for {fiber.cores} cores; give one for each core"
    elif differs_together(values, fiber):
        yield path, _SHARED


_SHARED = (
    "randomly coupled cores share their light, so differences between them are mode-dependent loss; give one value, "
    "and their spread in link.mode_dependent_loss_rms_db"
)


def differs_together(values: tuple[Any, ...], fiber: MulticoreFiber) -> bool:
    """Whether cores that are received together are given values that differ.

    Parameters
    ----------
    values
        One for each core.
    fiber
        Tells which cores are received together.

    Examples
    --------
    >>> fiber = MulticoreFiber(layout={"kind": "ring", "cores": 2, "pitch_um": 20}, coupling="random")
    >>> differs_together((1.0, 2.0), fiber), differs_together((1.0, 1.0), fiber)
    (True, False)
    """
    together = [[values[core] for core in group] for group in fiber.core_groups if len(group) > 1]
    return any(any(map(is_axis, group)) or any(one != group[0] for one in group) for group in together)
