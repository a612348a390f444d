"""What follows from where the cores sit: distances, neighbours, thickness of the cladding."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from mcfiber.descriptions.layout import Layout, distances
from mcfiber.labelled import array, quantity
from mcfiber.typing import AnyArray, FloatArray, IntArray, Quantity

_SAME = 1e-9  # relative difference below which two distances are the same


@dataclass(frozen=True)
class CorePlaces:
    """Where the cores sit, in SI.

    Attributes
    ----------
    points
        Centres in units of the pitch. Shape (core, 2).
    pitch
        Distance of neighbouring cores. [m]
    """

    points: FloatArray
    pitch: Quantity

    @cached_property
    def unit_distances(self) -> FloatArray:
        """Distance of every pair of cores in units of the pitch. Shape (core, core)."""
        return distances(self.points)

    @cached_property
    def pair_distances(self) -> xr.Variable:
        """Distance of every pair of cores, dimensions core_out and core_in. [m]"""
        result: xr.Variable = array(("core_out", "core_in"), self.unit_distances) * self.pitch
        return result


Places = CorePlaces | Layout
"""Where the cores sit: a layout, as described, or its record in SI."""


def core_places(layout: Places) -> CorePlaces:
    """Enter a layout, as described, into SI."""
    if isinstance(layout, CorePlaces):
        return layout
    return CorePlaces(layout.unit_positions(), quantity(layout, "pitch_um"))


def positions(layout: Places) -> xr.Variable:
    """Core centres, dimensions core and coordinate, and the layout's axes. [m]"""
    places = core_places(layout)
    result: xr.Variable = array(("core", "coordinate"), places.points) * places.pitch
    return result


def pair_distances(layout: Places) -> xr.Variable:
    """Distance of every pair of cores, dimensions (core_out, core_in). [m]

    Examples
    --------
    >>> from mcfiber.descriptions.layout import HexagonalLayout
    >>> round(pair_distances(HexagonalLayout(cores=7, pitch_um=40)).max().item() * 1e6, 6)
    80.0
    """
    return core_places(layout).pair_distances


def neighbours(layout: Places) -> AnyArray:
    """Which cores are nearest neighbours (at the pitch): boolean, shape (cores, cores)."""
    distance = core_places(layout).unit_distances
    return (distance > 0) & (distance <= 1 + _SAME)


def neighbours_between(layout: Places, group_numbers: IntArray) -> AnyArray:
    """Which cores of different groups are nearest to each other: boolean, shape (cores, cores)."""
    distance = core_places(layout).unit_distances
    apart = group_numbers[:, None] != group_numbers
    nearest = distance[apart].min() if apart.any() else 0.0
    result: AnyArray = apart & (distance <= nearest * (1 + _SAME))
    return result


def outer_radius(layout: Places) -> Quantity:
    """Distance of the outermost core's centre from the middle of the fibre. [m]"""
    places = core_places(layout)
    return places.pitch * float(np.hypot(*places.points.T).max())


def outer_cladding_thickness(layout: Places, cladding_diameter: Quantity) -> Quantity:
    """Distance of the outermost core's centre from the cladding's edge. [m]

    Parameters
    ----------
    layout
        A layout.
    cladding_diameter
        Diameter of the glass. [m]

    Returns
    -------
    Distance. [m]

    References
    ----------
    .. [1] K. Takenaga et al., "A large effective area multi-core fiber with an optimized cladding thickness," *Opt.
       Express*, vol. 19, pp. B543-B550, 2011 (the term).

    Examples
    --------
    >>> from mcfiber.descriptions.layout import HexagonalLayout
    >>> round(outer_cladding_thickness(HexagonalLayout(cores=7, pitch_um=40), 160e-6) * 1e6, 6)
    40.0
    """
    return cladding_diameter / 2 - outer_radius(layout)


def edge_distances(layout: Places, cladding_diameter: Quantity) -> Quantity:
    """Distance of every core's centre from the cladding's edge, with dimension core where it differs. [m]"""
    places = core_places(layout)
    radius = np.hypot(*places.points.T)
    scale: Quantity = float(radius[0])
    if not np.allclose(radius, radius[0], rtol=1e-9, atol=1e-12):
        scale = array(("core",), radius)
    return cladding_diameter / 2 - scale * places.pitch


def core_multiplicity(cores: int, effective_area: Quantity, cladding_diameter: Quantity) -> Quantity:
    """Core multiplicity factor: effective area of all cores over the area of the glass.

    Parameters
    ----------
    cores
        Number of cores.
    effective_area
        Effective area of one core. [m^2]
    cladding_diameter
        Diameter of the glass. [m]

    References
    ----------
    .. [1] Y. Goto et al., J. Lightw. Technol., 2015, doi:10.1109/JLT.2015.2493372 (the term).

    Examples
    --------
    >>> round(core_multiplicity(7, 80e-12, 160e-6), 7)
    0.0278521
    """
    return cores * effective_area / (math.pi / 4 * cladding_diameter**2)


def relative_core_multiplicity(cores: int, effective_area: Quantity, cladding_diameter: Quantity) -> Quantity:
    """Core multiplicity factor in units of a single-core fibre with 80 um^2 in 125 um."""
    reference = core_multiplicity(1, 80e-12, 125e-6)
    return core_multiplicity(cores, effective_area, cladding_diameter) / reference
