"""A fibre with an index profile as its modes, coupling and losses need it: every field entered into SI once."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import xarray as xr

from mcfiber import units
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.glass import GlassLoss
from mcfiber.fiber.geometry import CorePlaces, core_places, edge_distances
from mcfiber.fiber.index import IndexProfile, index_profile_of, profile_of
from mcfiber.labelled import array, combined, quantity, renamed, stacked
from mcfiber.typing import Quantity

_SAME = 1e-9  # relative difference below which two lengths are the same


class LossNumbers(NamedTuple):
    """Attenuation of the glass as the kernels take it, in SI; see `GlassLoss`."""

    rayleigh: Quantity
    constant: Quantity
    infrared: Quantity
    infrared_edge: Quantity
    ultraviolet: Quantity
    ultraviolet_edge: Quantity
    hydroxyl: Quantity
    hydroxyl_width: Quantity


GLASS_PARTS = (
    "rayleigh_scattering",
    "constant_loss",
    "infrared_absorption",
    "ultraviolet_absorption",
    "hydroxyl_absorption",
)
"""Parts of the attenuation of the glass: variables of the table."""


def loss_numbers(loss: GlassLoss) -> LossNumbers:
    """Enter the attenuation of a glass into SI.

    The ultraviolet edge is ``[154.2 x/(46.6 x + 60)] 1e-2 exp(4.63/l)`` dB/km, x the mole fraction of GeO2 and l in
    um, Eq. (2) of [1]_.

    References
    ----------
    .. [1] S. S. Walker, "Rapid modeling and estimation of total spectral loss in optical fibers,"
       J. Lightwave Technol., vol. 4, pp. 1125-1131, 1986.
    """
    fraction = quantity(loss, "ultraviolet_germanium_mole_percent")
    return LossNumbers(
        rayleigh=quantity(loss, "rayleigh_db_um4_per_km"),
        constant=quantity(loss, "constant_db_per_km"),
        infrared=quantity(loss, "infrared_db_per_km"),
        infrared_edge=quantity(loss, "infrared_edge_um"),
        ultraviolet=units.mapped(units.UNITS["db_per_km"].to_si, 1.542 * fraction / (46.6 * fraction + 60.0)),
        ultraviolet_edge=4.63e-6,
        hydroxyl=quantity(loss, "hydroxyl_peak_db_per_km"),
        hydroxyl_width=quantity(loss, "hydroxyl_width_nm"),
    )


@dataclass(frozen=True)
class FiberStructure:
    """Profile, geometry, bends and losses of a fibre in SI; each has a dimension only where it differs along it.

    Attributes
    ----------
    profile
        Index profile of the cores.
    places
        Where the cores sit.
    cladding_diameter
        Of the glass. [m]
    bend_radius
        With its elasto-optic factor. [m]
    twist
        Angle that a core turns by. [rad/m]
    correlation_length
        Of the random structure. [m]
    index_spread
        Standard deviation of the effective indices of cores that are equal by description. [1]
    coating_index
        Refractive index of the coating. [1]
    loss
        Attenuation of the glass.
    loss_offset
        What each core's attenuation differs from the computed one; None where nothing is given. [1/m]
    """

    profile: IndexProfile
    places: CorePlaces
    cladding_diameter: Quantity
    bend_radius: Quantity
    twist: Quantity
    correlation_length: Quantity
    index_spread: Quantity
    coating_index: Quantity
    loss: LossNumbers
    loss_offset: Quantity

    @property
    def cores(self) -> int:
        """Number of cores."""
        return len(self.places.points)

    @cached_property
    def edge_distances(self) -> Quantity:
        """Distance of every core's centre from the cladding's edge. [m]"""
        return edge_distances(self.places, self.cladding_diameter)

    @cached_property
    def overlapping_cores(self) -> xr.Variable | None:
        """Which pairs of cores overlap with their rings of highest index; see `overlapping`."""
        return self.overlapping(self.profile.guiding_radius)

    def overlapping(self, radius: Quantity) -> xr.Variable | None:
        """Which pairs of cores of given radii (m) overlap, along core_out, core_in and the axes; None for one core."""
        if self.cores == 1:
            return None
        reach = renamed(radius, core="core_out") + renamed(radius, core="core_in")
        apart = array(("core_out", "core_in"), ~np.eye(self.cores, dtype=bool))
        wrong: xr.Variable = combined(
            lambda far, sum_of_radii, other: (sum_of_radii > far * (1 + _SAME)) & other,
            self.places.pair_distances,
            reach,
            apart,
        )
        return wrong


def fiber_structure(fiber: MulticoreFiber) -> FiberStructure:
    """Enter a fibre with an index profile into SI.

    Raises
    ------
    ValueError
        If the fibre has none.
    """
    offset = quantity(fiber, "attenuation_offset_db_per_km")
    return FiberStructure(
        profile=index_profile_of(profile_of(fiber)),
        places=core_places(fiber.layout),
        cladding_diameter=quantity(fiber, "cladding_diameter_um"),
        bend_radius=quantity(fiber, "bend_radius_mm") * quantity(fiber, "elasto_optic"),
        twist=quantity(fiber, "twist_rate_per_m") * (2 * np.pi),
        correlation_length=quantity(fiber, "correlation_length_m"),
        index_spread=quantity(fiber, "index_spread"),
        coating_index=quantity(fiber, "coating_index"),
        loss=loss_numbers(fiber.glass_loss),
        loss_offset=stacked(offset, "core") if isinstance(offset, tuple) else offset,
    )
