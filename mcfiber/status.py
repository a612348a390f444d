"""Which points of a sweep cannot exist, and why."""

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from mcfiber import units
from mcfiber.fiber.channels import Channels, channels_outside_band, channels_overlap
from mcfiber.fiber.geometry import outer_cladding_thickness
from mcfiber.fiber.medium import crosstalk_too_high
from mcfiber.typing import is_axis

if TYPE_CHECKING:
    import xarray as xr

    from mcfiber.descriptions.system import System

OK = 0
CORES_OUTSIDE_CLADDING = 1
CHANNELS_OVERLAP = 2
SECOND_AMPLIFIER_ATTENUATES = 3
CHANNELS_OUTSIDE_BAND = 4
CROSSTALK_TOO_HIGH = 5
CORE_MULTIMODE = 6
CORE_NOT_GUIDED = 7
NOT_COMPUTED = 255

FLAGS = {
    OK: "ok",
    CORES_OUTSIDE_CLADDING: "cores_outside_cladding",
    CHANNELS_OVERLAP: "channels_overlap",
    SECOND_AMPLIFIER_ATTENUATES: "second_amplifier_attenuates",
    CHANNELS_OUTSIDE_BAND: "channels_outside_band",
    CROSSTALK_TOO_HIGH: "crosstalk_too_high",
    CORE_MULTIMODE: "core_multimode",
    CORE_NOT_GUIDED: "core_not_guided",
    NOT_COMPUTED: "not_computed",
}
"""Meaning of the values of `status`; the highest that applies stands."""


def problems(system: "System", grid: Channels) -> "xr.DataArray":
    """Status of every point of a system's axes: 0 where it can exist, else the value of `FLAGS`.

    A description refuses such values outright where they are numbers; where they are axes, it is here that single
    points are marked.

    Parameters
    ----------
    system
        The description.
    grid
        Its channels.
    """
    import xarray as xr

    status: Any = xr.DataArray(np.uint8(OK))
    for value, wrong in sorted(_conditions(system, grid), key=itemgetter(0)):
        if is_axis(wrong):
            status = xr.where(wrong, np.uint8(value), status)  # type: ignore[no-untyped-call]
    result: xr.DataArray = status.astype(np.uint8)
    return result


def _conditions(system: "System", grid: Channels) -> list[tuple[int, Any]]:
    fiber, link, spectrum = system.fiber, system.link, system.spectrum
    found = [
        (CORES_OUTSIDE_CLADDING, outer_cladding_thickness(fiber.layout, units.si(fiber, "cladding_diameter_um")) <= 0),
        (CHANNELS_OVERLAP, channels_overlap(spectrum)),
        (CHANNELS_OUTSIDE_BAND, channels_outside_band(spectrum)),
        (CROSSTALK_TOO_HIGH, crosstalk_too_high(fiber, grid.frequency)),
    ]
    if fiber.core is not None:
        from mcfiber.fiber.medium import core_multimode, core_not_guided

        found += [
            (CORE_MULTIMODE, core_multimode(fiber, grid.frequency)),
            (CORE_NOT_GUIDED, core_not_guided(fiber, grid.frequency)),
        ]
    if link.loop is not None:
        found.append((SECOND_AMPLIFIER_ATTENUATES, link.loop.first_amplifier_excess_db > link.loop.loss_db))
    return found
