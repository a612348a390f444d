"""Which points of a sweep cannot exist, and why."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import xarray as xr

from mcfiber.labelled import array, combined
from mcfiber.typing import Quantity, is_axis

OK = 0
CORES_OUTSIDE_CLADDING = 1
CHANNELS_OVERLAP = 2
SECOND_AMPLIFIER_ATTENUATES = 3
CHANNELS_OUTSIDE_BAND = 4
CROSSTALK_TOO_HIGH = 5
CORE_MULTIMODE = 6
CORE_NOT_GUIDED = 7
CORES_OVERLAP = 20
MODE_DEPENDENT_LOSS_TOO_HIGH = 21
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
    CORES_OVERLAP: "cores_overlap",
    MODE_DEPENDENT_LOSS_TOO_HIGH: "mode_dependent_loss_too_high",
    NOT_COMPUTED: "not_computed",
}
"""Meaning of the values of `status`; the highest that applies stands."""


class Record(Protocol):
    """A record behind a door, which knows the points of its axes that cannot exist."""

    @property
    def problems(self) -> Mapping[str, Quantity]:
        """By name of `FLAGS`, a truth or one for each point."""


def problems(*records: Record) -> xr.Variable:
    """Status of every point of a system's axes: 0 where it can exist, else the value of `FLAGS`.

    A description refuses such values outright where they are numbers; where they are axes, it is here that single
    points are marked.

    Parameters
    ----------
    *records
        What the doors made of the system.
    """
    found = {name: wrong for record in records for name, wrong in record.problems.items() if is_axis(wrong)}
    status: Quantity = array((), np.asarray(OK, np.uint8))
    for value, name in FLAGS.items():
        if name in found:
            status = combined(np.where, found[name], np.uint8(value), status)
    result: xr.Variable = status.astype(np.uint8)
    return result
