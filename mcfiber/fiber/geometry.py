"""What follows from where the cores sit: distances, neighbours, thickness of the cladding."""

import math
from typing import Any

import numpy as np

from mcfiber import units
from mcfiber.descriptions.layout import distances
from mcfiber.typing import FloatArray

_SAME = 1e-9  # relative difference below which two distances are the same


def positions(layout: Any) -> Any:
    """Core centres, shape (core, 2), with the layout's axes in front. [m]"""
    return _scaled(layout, layout.unit_positions(), ("core", "coordinate"))


def pair_distances(layout: Any) -> Any:
    """Distance of every pair of cores, dimensions (core_out, core_in). [m]

    Examples
    --------
    >>> from mcfiber.descriptions.layout import HexagonalLayout
    >>> round(pair_distances(HexagonalLayout(cores=7, pitch_um=40)).max().item() * 1e6, 6)
    80.0
    """
    return _scaled(layout, distances(layout.unit_positions()), ("core_out", "core_in"))


def neighbours(layout: Any) -> Any:
    """Which cores are nearest neighbours (at the pitch): boolean, shape (cores, cores)."""
    distance = distances(layout.unit_positions())
    return (distance > 0) & (distance <= 1 + _SAME)


def neighbours_between(layout: Any, group_numbers: Any) -> Any:
    """Which cores of different groups are nearest to each other: boolean, shape (cores, cores)."""
    distance = distances(layout.unit_positions())
    apart = group_numbers[:, None] != group_numbers
    nearest = distance[apart].min() if apart.any() else 0.0
    return apart & (distance <= nearest * (1 + _SAME))


def outer_radius(layout: Any) -> Any:
    """Distance of the outermost core's centre from the middle of the fibre. [m]"""
    radius = float(np.hypot(*layout.unit_positions().T).max())
    return units.si(layout, "pitch_um") * radius


def outer_cladding_thickness(layout: Any, cladding_diameter: Any) -> Any:
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


def core_multiplicity(cores: int, effective_area: Any, cladding_diameter: Any) -> Any:
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


def relative_core_multiplicity(cores: int, effective_area: Any, cladding_diameter: Any) -> Any:
    """Core multiplicity factor in units of a single-core fibre with 80 um^2 in 125 um."""
    reference = core_multiplicity(1, 80e-12, 125e-6)
    return core_multiplicity(cores, effective_area, cladding_diameter) / reference


def _scaled(layout: Any, values: FloatArray, dims: tuple[str, str]) -> Any:
    import xarray as xr

    return xr.DataArray(values, dims=dims) * units.si(layout, "pitch_um")
