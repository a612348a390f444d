"""Where closed forms of nonlinear interference hold, and what is said where they do not."""

import math
import warnings
from typing import TYPE_CHECKING

import numpy as np

from mcfiber.descriptions import refused
from mcfiber.fiber.properties import Glass
from mcfiber.spectrum import Channels
from mcfiber.units import DB_PER_NEPER, decibels

if TYPE_CHECKING:
    from mcfiber.link.power import PowerProfile

SMALLEST_SPAN_LOSS_DB = 7.0
"""Below this loss of the fibre, the light that is left at its end counts, which closed forms neglect."""


class ValidityWarning(UserWarning):
    """A model is used outside the range where it is known to hold."""


def warn_outside(glass: Glass, power: "PowerProfile", grid: Channels) -> None:
    """Refuse zero dispersion, and warn of spans or dispersion outside the validity of the closed forms.

    Parameters
    ----------
    glass
        Dispersion.
    power
        Loss of the spans' fibre, less what pumps give back.
    grid
        Symbol rates.

    Raises
    ------
    DescriptionError
        If the group-velocity dispersion of a channel is zero.

    Warns
    -----
    ValidityWarning
        If a span's fibre loses less than `SMALLEST_SPAN_LOSS_DB`, or a channel spreads by less than its symbol over
        the effective length: ``(pi^2/2) |beta2| R^2 / alpha < 1``.
    """
    smallest = float(np.min(np.abs(np.asarray(glass.group_velocity_dispersion))))
    if smallest == 0.0:
        msg = (
            "fiber.dispersion_ps_per_nm_km: is zero at a channel, where the closed forms of nonlinear interference "
            "have no value; give the fibre's dispersion, or its slope"
        )
        raise refused(msg)
    if power.evolution is None:
        loss = float(np.min(power.attenuation * power.length)) * DB_PER_NEPER
    else:
        loss = float(decibels(power.fiber_input / power.evolution.end).min())
    if loss < SMALLEST_SPAN_LOSS_DB:
        text = (
            f"a span's fibre loses {loss:.2f} dB; closed forms of nonlinear interference hold above "
            f"{SMALLEST_SPAN_LOSS_DB:g} dB"
        )
        warnings.warn(text, ValidityWarning, stacklevel=3)
    rate = float(np.min(np.asarray(grid.symbol_rate)))
    largest = float(np.max(np.asarray(power.attenuation)))
    spread = 0.5 * math.pi**2 * smallest * rate**2 / largest
    if spread < 1.0:
        text = (
            f"dispersion falls to {smallest * 1e27:.3g} ps^2/km, where a channel hardly spreads; closed forms of "
            "nonlinear interference overestimate it"
        )
        warnings.warn(text, ValidityWarning, stacklevel=3)
