"""Rayleigh scattering back into the mode of a core, on plain arrays."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from mcfiber import units
from mcfiber.descriptions.glass import GlassLoss
from mcfiber.typing import FloatArray

if TYPE_CHECKING:
    import xarray as xr

    from mcfiber.fiber.modes import LPMode

REFRACTIVE_INDEX = 1.4445
"""Of a silica core near 1550 nm, for the part of the scattered light that it captures."""


def capture_fraction(wavelength: ArrayLike, refractive_index: ArrayLike, effective_area: ArrayLike) -> FloatArray:
    """Part of the Rayleigh-scattered light that a core guides backwards, ``3 lambda^2 / (8 pi n^2 A_eff)``.

    Parameters
    ----------
    wavelength
        In vacuum. [m]
    refractive_index
        Of the core. [1]
    effective_area
        Of the mode. [m^2]

    References
    ----------
    .. [1] E. Brinkmeyer, "Analysis of the backscattering method for single-mode optical fibers," J. Opt. Soc.
       Am. 70, 1010 (1980).

    Examples
    --------
    >>> float(capture_fraction(1.55e-6, 1.4444, 80e-12).round(7))
    0.0017182
    """
    ratio = np.asarray(wavelength, np.float64) / np.asarray(refractive_index)
    result: FloatArray = 3.0 * ratio**2 / (8.0 * math.pi * np.asarray(effective_area))
    return result


def backscatter(fiber: Any, frequency: Any, effective_area: Any) -> Any:
    """Power that Rayleigh scattering sends backwards into the mode of its core. [1/m]

    Parameters
    ----------
    fiber
        Its Rayleigh part of the attenuation, which falls with the fourth power of the wavelength: given, or that of
        its glass where it has an index profile.
    frequency
        Of the channels. [Hz]
    effective_area
        Of the mode. [m^2]

    Notes
    -----
    Rayleigh part of the attenuation times `capture_fraction` [1]_.

    References
    ----------
    .. [1] E. Brinkmeyer, "Analysis of the backscattering method for single-mode optical fibers," *J. Opt. Soc.
       Am.*, vol. 70, pp. 1010-1012, 1980.
    """
    if fiber.computes("rayleigh_db_per_km"):
        coefficient = units.si(fiber.glass_loss, "rayleigh_db_um4_per_km")
    else:
        coefficient = units.si(fiber, "rayleigh_db_per_km") * units.si(fiber, "reference_wavelength_nm") ** 4

    def of_unit(hertz: Any) -> Any:
        wavelength = units.wavelength(hertz)
        return capture_fraction(wavelength, REFRACTIVE_INDEX, 1.0) / wavelength**4

    return units.mapped(of_unit, frequency) * (coefficient / effective_area)


def glass_attenuation(loss: GlassLoss, *, wavelength_nm: Any) -> "xr.Dataset":
    """Attenuation of the glass by its parts.

    Parameters
    ----------
    loss
        The description.
    wavelength_nm
        Vacuum wavelengths: a number, a list, or labelled with dimension channel.

    Returns
    -------
    xarray.Dataset
        rayleigh_scattering, constant_loss, infrared_absorption, ultraviolet_absorption and hydroxyl_absorption
        (1/m); their sum is the attenuation of the glass.

    Notes
    -----
    Eq. (2) of `mcfiber.kernels.loss`; structure of [1]_.

    References
    ----------
    .. [1] S. S. Walker, "Rapid modeling and estimation of total spectral loss in optical fibers," *J. Lightw.
       Technol.*, vol. 4, pp. 1125-1131, 1986.

    Examples
    --------
    >>> parts = glass_attenuation(GlassLoss(), wavelength_nm=1550)
    >>> round(sum(part.item() for part in parts.values()) * 4342.944819, 3)
    0.19
    """
    import xarray as xr

    from mcfiber import labelled
    from mcfiber._jit import lift
    from mcfiber.fiber.index import wavelength_axis
    from mcfiber.kernels.loss import glass_loss

    wavelength, squeeze = wavelength_axis(wavelength_nm)
    names = (
        "rayleigh_scattering",
        "constant_loss",
        "infrared_absorption",
        "ultraviolet_absorption",
        "hydroxyl_absorption",
    )
    parts = labelled.compute(
        names, lift(glass_loss, "(channel)" + ",()" * 8 + "->" + ",".join(["(channel)"] * 5)), wavelength,
        *_numbers(loss),
    )  # fmt: skip
    result = xr.Dataset(dict(zip(names, parts, strict=True)))
    return result.isel(channel=0) if squeeze else result


def _numbers(loss: GlassLoss) -> list[Any]:
    """What the kernels take, in SI."""
    return [
        units.si(loss, "rayleigh_db_um4_per_km"),
        units.si(loss, "constant_db_per_km"),
        units.si(loss, "infrared_db_per_km"),
        units.si(loss, "infrared_edge_um"),
        *_ultraviolet(loss.ultraviolet_germanium_mole_percent),
        units.si(loss, "hydroxyl_peak_db_per_km"),
        units.si(loss, "hydroxyl_width_nm"),
    ]


def _ultraviolet(germanium_mole_percent: Any) -> tuple[Any, float]:
    """Height (1/m) and edge (m) of [154.2 x/(46.6 x + 60)] 1e-2 exp(4.63/l) dB/km, x the mole fraction of GeO2."""
    fraction = germanium_mole_percent / 100.0
    return units.convert(1.542 * fraction / (46.6 * fraction + 60.0), "db_per_km"), 4.63e-6


def core_attenuation(fiber: Any, *, wavelength_nm: Any) -> "xr.Dataset":
    """Attenuation of the cores of a fibre, by its parts.

    Parameters
    ----------
    fiber
        A `MulticoreFiber` with a `core`.  Its `glass_loss`, bend radius, coating index and offsets enter; its
        `attenuation_db_per_km`, where given, is not looked at.
    wavelength_nm
        Vacuum wavelengths: a number, a list, or labelled with dimension channel.

    Returns
    -------
    xarray.Dataset
        The parts of `glass_attenuation`, bend_loss, coating_loss (dimension core where the cores' distances from
        the edge differ), loss_offset where there are offsets, and their sum `attenuation` (1/m).

    Notes
    -----
    The coating's loss is that of a straight core at its distance from an absorbing coating of higher index; bends
    add to it.  Agrees with a two-dimensional eigenmode to 1-2 %.

    Glass [1]_, bends [2]_ by Eq. (1) of `mcfiber.kernels.loss`, coating by Eq. (5) of :doc:`/theory/glass`.

    References
    ----------
    .. [1] S. S. Walker, "Rapid modeling and estimation of total spectral loss in optical fibers," *J. Lightw.
       Technol.*, vol. 4, pp. 1125-1131, 1986.
    .. [2] D. Marcuse, "Curvature loss formula for optical fibers," *J. Opt. Soc. Am.*, vol. 66, pp. 216-220, 1976.
       :doi:`10.1364/JOSA.66.000216`

    Examples
    --------
    >>> from mcfiber.descriptions.layout import HexagonalLayout
    >>> from mcfiber.descriptions.fiber import MulticoreFiber
    >>> from mcfiber.descriptions.profile import StepCore
    >>> fiber = MulticoreFiber(layout=HexagonalLayout(cores=19, pitch_um=18), coupling="random",
    ...                        core=StepCore(radius_um=4.5, delta_percent=0.35))
    >>> leak = core_attenuation(fiber, wavelength_nm=1550).coating_loss * 4342.944819
    >>> bool(leak[0] < 1e-6), round(leak.max().item(), 1)
    (True, 1.1)
    """
    from mcfiber import labelled
    from mcfiber.fiber.index import wavelength_axis
    from mcfiber.fiber.modes import bend_loss_of, check_guided, cladding_index, design_arrays, profile_of, solved

    wavelength, squeeze = wavelength_axis(wavelength_nm)
    profile = profile_of(fiber)
    found = solved(0, 1, wavelength, design_arrays(profile))
    check_guided(found.effective_index, wavelength)
    parts = glass_attenuation(fiber.glass_loss, wavelength_nm=wavelength * 1e9)
    parts["bend_loss"] = bend_loss_of(found, wavelength, units.si(fiber, "bend_radius_mm") * fiber.elasto_optic)
    thickness = edge_distance(fiber)
    parts["coating_loss"] = coating_loss_of(
        found, wavelength, cladding_index(profile, wavelength), thickness, fiber.coating_index
    )
    offset = loss_offset(fiber)
    if offset is not None:
        parts["loss_offset"] = labelled.stamp("loss_offset", offset)
    total: Any = sum(parts.values(), start=0.0)
    parts["attenuation"] = labelled.stamp("attenuation", total)
    return parts.isel(channel=0) if squeeze else parts


def total_attenuation(fiber: Any, wavelength: "xr.DataArray", found: "LPMode") -> "xr.DataArray":
    """The sum of `core_attenuation` alone, from solved modes, in one kernel. [1/m]"""
    from mcfiber import labelled
    from mcfiber._jit import lift
    from mcfiber.fiber.modes import cladding_index, profile_of
    from mcfiber.kernels.loss import total_loss

    lifted = lift(total_loss, "(channel)" + ",()" * 8 + ",(channel)" * 4 + ",()" * 3 + "->(channel)")
    total = labelled.compute(
        "attenuation", lifted, wavelength, *_numbers(fiber.glass_loss), found.exterior_log_amplitude,
        found.exterior_decay, found.effective_index, cladding_index(profile_of(fiber), wavelength),
        edge_distance(fiber), fiber.coating_index, units.si(fiber, "bend_radius_mm") * fiber.elasto_optic,
    )  # fmt: skip
    offset = loss_offset(fiber)
    return total if offset is None else labelled.stamp("attenuation", total + offset)


def coating_loss_of(
    found: "LPMode", wavelength: "xr.DataArray", cladding: Any, thickness: Any, coating_index: Any
) -> "xr.DataArray":
    """Excess loss to the coating, from solved modes and the distance (m) of the core's centre from the edge."""
    from mcfiber import labelled
    from mcfiber._jit import lift
    from mcfiber.kernels.loss import coating_loss

    lifted = lift(coating_loss, "(channel),(channel),(channel),(channel),(channel),(),()->(channel)")
    beta = found.effective_index * (2 * np.pi / wavelength)
    return labelled.compute(
        "coating_loss", lifted, found.exterior_log_amplitude, found.exterior_decay, beta, cladding, wavelength,
        thickness, coating_index,
    )  # fmt: skip


def edge_distance(fiber: Any) -> Any:
    """Distance of every core's centre from the cladding's edge, with dimension core where it differs. [m]"""
    import xarray as xr

    radius = np.hypot(*fiber.layout.unit_positions().T)
    scale: Any = float(radius[0])
    if not np.allclose(radius, radius[0], rtol=1e-9, atol=1e-12):
        scale = xr.DataArray(radius, dims="core")
    return units.si(fiber, "cladding_diameter_um") / 2 - scale * units.si(fiber.layout, "pitch_um")


def loss_offset(fiber: Any) -> Any:
    """What each core's attenuation differs from the computed one; None where nothing is given. [1/m]"""
    from mcfiber.labelled import stacked

    value = units.si(fiber, "attenuation_offset_db_per_km")
    if value is None:
        return None
    if isinstance(value, tuple):
        return stacked(value, "core")
    import xarray as xr

    return value if hasattr(value, "dims") else xr.DataArray(value)
