"""What is left out of a fibre's description, computed from its index profile on a grid of channels."""

import math
from typing import Any

import numpy as np
import xarray as xr

from mcfiber import units
from mcfiber.fiber.attenuation import total_attenuation
from mcfiber.fiber.coupling import check_separation, power_coupling
from mcfiber.fiber.groups import averaged_over_groups, between_groups
from mcfiber.fiber.materials import check_range
from mcfiber.fiber.modes import (
    CABLE_CUTOFF_LOSS_DB_PER_M,
    LPMode,
    check_guided,
    check_single_mode,
    design_arrays,
    higher_mode_loss,
    solved,
)
from mcfiber.fiber.multicore import MulticoreFiber


def computed_properties(fiber: MulticoreFiber, frequency: xr.DataArray) -> dict[str, Any]:
    """Properties that the description leaves to the profile, by the names of the attributes of `Glass`.

    Parameters
    ----------
    fiber
        A fibre with a `core`.
    frequency
        Centre frequencies with dimension channel. [Hz]

    Raises
    ------
    ValueError
        If the fibre has no axes and a core guides no mode, or LP11 survives, on some channel.
    """
    wavelength = units.wavelength(frequency)
    check_range(wavelength.values * 1e9)
    found = solved(0, 1, wavelength, design_arrays(fiber.core))
    check_guided(found.effective_index, wavelength)
    check_single_mode(fiber, wavelength.values * 1e9)
    result: dict[str, Any] = {}
    if fiber.computes("attenuation_db_per_km"):
        result["attenuation"] = _shared(fiber, total_attenuation(fiber, wavelength, found))
    if fiber.computes("dispersion_ps_per_nm_km") or fiber.computes("dispersion_slope_ps_per_nm2_km"):
        result["group_velocity_dispersion"] = _group_velocity_dispersion(fiber, found, wavelength)
    if fiber.computes("effective_area_um2"):
        scale = 2 * math.pi / units.SPEED_OF_LIGHT * units.si(fiber, "nonlinear_index_m2_per_w")
        result["nonlinear_coefficient"] = frequency * scale / found.effective_area
        result["effective_area"] = found.effective_area.mean("channel")
    if len(fiber.core_groups) > 1 and fiber.crosstalk is None:
        check_separation(fiber)
        coupling = power_coupling(fiber, wavelength, found)
        result["power_coupling"] = coupling if fiber.groups is None else between_groups(coupling, fiber.groups)
    return result


def _shared(fiber: MulticoreFiber, attenuation: xr.DataArray) -> xr.DataArray:
    """Randomly coupled cores share their light, so they share the mean of their attenuations."""
    if fiber.coupling == "random" and "core" in attenuation.dims:
        return attenuation.mean("core")
    if fiber.groups is not None and "core" in attenuation.dims:
        return averaged_over_groups(attenuation, fiber.groups)
    return attenuation


def _group_velocity_dispersion(fiber: MulticoreFiber, found: LPMode, wavelength: xr.DataArray) -> Any:
    """beta_2 of the profile; where dispersion or slope is given, of the given one and the other's at the reference."""
    if fiber.computes("dispersion_ps_per_nm_km") and fiber.computes("dispersion_slope_ps_per_nm2_km"):
        return -found.dispersion * wavelength**2 / (2 * math.pi * units.SPEED_OF_LIGHT)
    from mcfiber.fiber.properties import expanded_dispersion

    reference = units.si(fiber, "reference_wavelength_nm")
    axis = (
        xr.DataArray([reference], dims="channel") if np.ndim(reference) == 0 else reference.expand_dims("channel", -1)
    )
    there = solved(0, 1, axis, design_arrays(fiber.core))
    dispersion, slope = there.dispersion.isel(channel=0), there.dispersion_slope.isel(channel=0)
    if not fiber.computes("dispersion_ps_per_nm_km"):
        dispersion = units.si(fiber, "dispersion_ps_per_nm_km")
    if not fiber.computes("dispersion_slope_ps_per_nm2_km"):
        slope = units.si(fiber, "dispersion_slope_ps_per_nm2_km")
    return expanded_dispersion(reference, dispersion, slope, units.wavelength(wavelength))


def core_not_guided(fiber: MulticoreFiber, frequency: xr.DataArray) -> Any:
    """Whether some core guides nothing on some channel (for the points of a sweep)."""
    if fiber.core is None:
        return False
    index = solved(0, 1, units.wavelength(frequency), design_arrays(fiber.core)).effective_index
    return _anywhere(index.isnull())


def core_multimode(fiber: MulticoreFiber, frequency: xr.DataArray) -> Any:
    """Whether LP11 survives in some core on the channel of shortest wavelength (for the points of a sweep)."""
    if fiber.core is None:
        return False
    shortest = units.wavelength(frequency).min("channel").expand_dims("channel", -1)
    loss = higher_mode_loss(fiber, shortest, units.si(fiber, "bend_radius_mm"))
    return _anywhere(loss < CABLE_CUTOFF_LOSS_DB_PER_M / units.DB_PER_NEPER)


def _anywhere(wrong: xr.DataArray) -> Any:
    dims = [dim for dim in ("core", "channel") if dim in wrong.dims]
    result = wrong.any(dims)
    return result if result.ndim else bool(result)
