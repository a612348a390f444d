"""Attenuation of cores by its parts: the glass, bends, and the coating behind a thin outer cladding."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from mcfiber import units
from mcfiber.descriptions import Description, number
from mcfiber.typing import Real

if TYPE_CHECKING:
    import xarray as xr

    from mcfiber.fiber.modes import LPMode


class GlassLoss(Description):
    """Attenuation of the glass against wavelength: A/l^4 + B + infrared + ultraviolet + hydroxyl.

    Parameters
    ----------
    rayleigh_db_um4_per_km
        A of the Rayleigh scattering.
    constant_db_per_km
        B, which does not depend on wavelength (fits of two points can make it slightly negative).
    infrared_db_per_km, infrared_edge_um
        C and D of the infrared edge C exp(-D/l).  The default set puts the minimum of modern fibres where it is
        measured, at 1560 to 1570 nm; 7.81e11 dB/km with 48.48 um is also in use, and puts it 25 nm lower.
    ultraviolet_germanium_mole_percent
        GeO2 in the core for the ultraviolet edge; 0 leaves it out, as a fit of A and B that did not have the edge
        holds it already.
    hydroxyl_peak_db_per_km, hydroxyl_width_nm
        Height and standard deviation of the band at 1383 nm; the one at 1240 nm has a tenth of the height.

    References
    ----------
    .. [1] S. S. Walker, "Rapid modeling and estimation of total spectral loss in optical fibers,"
       J. Lightwave Technol., vol. 4, pp. 1125-1131, 1986 (structure).

    Examples
    --------
    >>> GlassLoss().rayleigh_db_um4_per_km
    0.9138
    """

    rayleigh_db_um4_per_km: Annotated[Real, number(low=0, high=10)] = 0.9138
    constant_db_per_km: Annotated[Real, number(low=-0.01, high=10)] = 0.0197
    infrared_db_per_km: Annotated[Real, number(low=0, high=1e15)] = 6.65e12
    infrared_edge_um: Annotated[Real, number(low=10, high=100)] = 52.62
    ultraviolet_germanium_mole_percent: Annotated[Real, number(low=0, high=30)] = 0.0
    hydroxyl_peak_db_per_km: Annotated[Real, number(low=0, high=100)] = 0.0
    hydroxyl_width_nm: Annotated[Real, number(above=0, high=100)] = 12.0


LOSS_FITS: Mapping[str, GlassLoss] = {
    "g652d_typical": GlassLoss(rayleigh_db_um4_per_km=0.9138, constant_db_per_km=0.0197),
    "g652d_cable_maximum": GlassLoss(rayleigh_db_um4_per_km=0.9740, constant_db_per_km=0.0193),
    "ultra_low_loss_maximum": GlassLoss(rayleigh_db_um4_per_km=0.9138, constant_db_per_km=-0.0003),
    "pure_silica": GlassLoss(rayleigh_db_um4_per_km=0.7936, constant_db_per_km=0.0005),
}
"""Named sets.  They are fits of A and B to two points each, not values of a recommendation:
0.330/0.190, 0.350/0.200, 0.310/0.170 and 0.270/0.150 dB/km at 1310/1550 nm."""


def named_loss(value: Any) -> Any:
    """Turn the name of a fit into its description; leave other values.

    Raises
    ------
    ValueError
        If no fit has that name.
    """
    if not isinstance(value, str):
        return value
    if value not in LOSS_FITS:
        msg = f"got {value!r}; allowed: {', '.join(LOSS_FITS)}, or a table of values"
        raise ValueError(msg)
    return LOSS_FITS[value]


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

    Examples
    --------
    >>> parts = glass_attenuation(GlassLoss(), wavelength_nm=1550)
    >>> round(sum(part.item() for part in parts.values()) * 4342.944819, 3)
    0.19
    """
    import xarray as xr

    from mcfiber import variables
    from mcfiber._jit import lift
    from mcfiber.fiber.materials import wavelength_axis
    from mcfiber.kernels.loss import glass_loss

    wavelength, squeeze = wavelength_axis(wavelength_nm)
    names = (
        "rayleigh_scattering",
        "constant_loss",
        "infrared_absorption",
        "ultraviolet_absorption",
        "hydroxyl_absorption",
    )
    parts = variables.compute(
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

    Examples
    --------
    >>> from mcfiber.fiber.layout import HexagonalLayout
    >>> from mcfiber.fiber.multicore import MulticoreFiber
    >>> from mcfiber.fiber.profile import StepCore
    >>> fiber = MulticoreFiber(layout=HexagonalLayout(cores=19, pitch_um=18), coupling="random",
    ...                        core=StepCore(radius_um=4.5, delta_percent=0.35))
    >>> leak = core_attenuation(fiber, wavelength_nm=1550).coating_loss * 4342.944819
    >>> bool(leak[0] < 1e-6), round(leak.max().item(), 1)
    (True, 1.1)
    """
    from mcfiber import variables
    from mcfiber.fiber.materials import wavelength_axis
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
        parts["loss_offset"] = variables.stamp("loss_offset", offset)
    total: Any = sum(parts.values(), start=0.0)
    parts["attenuation"] = variables.stamp("attenuation", total)
    return parts.isel(channel=0) if squeeze else parts


def total_attenuation(fiber: Any, wavelength: "xr.DataArray", found: "LPMode") -> "xr.DataArray":
    """The sum of `core_attenuation` alone, from solved modes, in one kernel. [1/m]"""
    from mcfiber import variables
    from mcfiber._jit import lift
    from mcfiber.fiber.modes import cladding_index, profile_of
    from mcfiber.kernels.loss import total_loss

    lifted = lift(total_loss, "(channel)" + ",()" * 8 + ",(channel)" * 4 + ",()" * 3 + "->(channel)")
    total = variables.compute(
        "attenuation", lifted, wavelength, *_numbers(fiber.glass_loss), found.exterior_log_amplitude,
        found.exterior_decay, found.effective_index, cladding_index(profile_of(fiber), wavelength),
        edge_distance(fiber), fiber.coating_index, units.si(fiber, "bend_radius_mm") * fiber.elasto_optic,
    )  # fmt: skip
    offset = loss_offset(fiber)
    return total if offset is None else variables.stamp("attenuation", total + offset)


def coating_loss_of(
    found: "LPMode", wavelength: "xr.DataArray", cladding: Any, thickness: Any, coating_index: Any
) -> "xr.DataArray":
    """Excess loss to the coating, from solved modes and the distance (m) of the core's centre from the edge."""
    from mcfiber import variables
    from mcfiber._jit import lift
    from mcfiber.kernels.loss import coating_loss

    lifted = lift(coating_loss, "(channel),(channel),(channel),(channel),(channel),(),()->(channel)")
    beta = found.effective_index * (2 * np.pi / wavelength)
    return variables.compute(
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
    from mcfiber.descriptions import stacked

    value = units.si(fiber, "attenuation_offset_db_per_km")
    if value is None:
        return None
    if isinstance(value, tuple):
        return stacked(value, "core")
    import xarray as xr

    return value if hasattr(value, "dims") else xr.DataArray(value)


__all__ = [
    "LOSS_FITS",
    "GlassLoss",
    "coating_loss_of",
    "core_attenuation",
    "edge_distance",
    "glass_attenuation",
    "loss_offset",
    "named_loss",
    "total_attenuation",
]
