"""Door 2: what the glass does to every channel, per metre."""

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from mcfiber import units
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.fiber import MeasuredCrosstalk, MulticoreFiber
from mcfiber.descriptions.groups import group_numbers, group_sizes
from mcfiber.descriptions.values import WavelengthTable
from mcfiber.fiber.attenuation import backscatter, total_attenuation
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.coupling import check_separation, power_coupling
from mcfiber.fiber.geometry import neighbours, neighbours_between
from mcfiber.fiber.groups import averaged_over_groups, between_groups
from mcfiber.fiber.index import check_range
from mcfiber.fiber.modes import (
    CABLE_CUTOFF_LOSS_DB_PER_M,
    LPMode,
    check_guided,
    check_single_mode,
    design_arrays,
    higher_mode_loss,
    solved,
)
from mcfiber.labelled import stacked
from mcfiber.typing import is_axis


@dataclass(frozen=True)
class Glass:
    """Properties of the fibre per metre, in SI; each has a dimension only where it differs along it.

    Attributes
    ----------
    attenuation
        Power attenuation, (core) and (channel) where they differ. [1/m]
    group_velocity_dispersion
        beta_2, (channel). [s^2/m]
    nonlinear_coefficient
        gamma = 2 pi n2 f / (c A_eff), (channel). [1/(W m)]
    effective_area
        Of one core, which Raman gain is inverse to. [m^2]
    power_coupling
        h of every pair, (core_out, core_in) and (channel); between groups its mean over the pairs of two groups,
        and zero inside a group. None where no cores are weakly coupled. [1/m]
    cores, coupled_cores
        Number of cores, and how many of them share their light (in the largest group).
    mode_dispersion
        Rms modal group delay per square root of length of randomly coupled cores; None where it is not known.
        [s/sqrt(m)]
    backscatter
        Power that Rayleigh scattering sends backwards into the mode of its core, (channel); matters where cores
        carry light both ways. [1/m]
    groups
        Cores of each group where groups are described; else empty, and all cores are alike.
    """

    attenuation: Any
    group_velocity_dispersion: Any
    nonlinear_coefficient: Any
    effective_area: Any
    power_coupling: "xr.DataArray | None"
    cores: int
    coupled_cores: int
    mode_dispersion: Any = None
    backscatter: Any = None
    groups: tuple[tuple[int, ...], ...] = ()

    @property
    def group_sizes(self) -> tuple[int, ...]:
        """Number of cores that share their light with each core."""
        return group_sizes(self.groups) if self.groups else (self.coupled_cores,) * self.cores


def properties(fiber: MulticoreFiber, grid: Channels) -> Glass:
    """Properties of a fibre on a grid of channels.

    Parameters
    ----------
    fiber
        The description.
    grid
        Channels in SI.

    Returns
    -------
    Glass
        Per metre, no power, no length.

    Notes
    -----
    ``gamma = 2 pi n_2 f/(c A_eff)`` [1]_; the other attributes are described, or computed from the profile.

    References
    ----------
    .. [1] G. P. Agrawal, "Nonlinear Fiber Optics," Academic Press.
    """
    described = Glass(
        attenuation=attenuation(fiber, grid.frequency),
        group_velocity_dispersion=group_velocity_dispersion(fiber, grid.frequency),
        nonlinear_coefficient=nonlinear_coefficient(fiber, grid.frequency),
        effective_area=units.si(fiber, "effective_area_um2"),
        power_coupling=measured_power_coupling(fiber, grid.frequency),
        cores=fiber.cores,
        coupled_cores=fiber.coupled_cores,
        mode_dispersion=mode_dispersion(fiber),
        groups=fiber.groups or (),
    )
    if fiber.core is not None:
        described = replace(described, **computed_properties(fiber, grid.frequency))
    if described.power_coupling is None:
        return described
    return replace(described, backscatter=backscatter(fiber, grid.frequency, described.effective_area))


def mode_dispersion(fiber: MulticoreFiber) -> Any:
    """Rms modal group delay per square root of length: the standard deviation of the impulse response. [s/sqrt(m)]"""
    given = units.si(fiber, "spatial_mode_dispersion_ps_per_sqrt_km")
    if given is None or fiber.coupling == "weak":
        return None
    return given / 2 if fiber.spatial_mode_dispersion_definition == "2sigma" else given


def attenuation(fiber: MulticoreFiber, frequency: Any) -> Any:
    """Power attenuation of the cores. [1/m]"""
    loss = fiber.attenuation_db_per_km
    if isinstance(loss, WavelengthTable):
        return units.mapped(partial(_tabulated, loss), frequency)
    value = units.si(fiber, "attenuation_db_per_km")
    return stacked(value, "core") if isinstance(value, tuple) else value


def _tabulated(table: WavelengthTable, frequency: Any) -> Any:
    try:
        return units.convert(table.at(units.wavelength(frequency) * 1e9), "db_per_km")
    except ValueError as error:
        msg = f"fiber.attenuation_db_per_km: {error}"
        raise refused(msg) from None


def group_velocity_dispersion(fiber: MulticoreFiber, frequency: Any) -> Any:
    """Group-velocity dispersion beta_2 at each frequency. [s^2/m]

    The third order beta_3 = lambda^3 (lambda S + 2 D) / (2 pi c)^2 makes beta_2 linear in frequency; where no
    slope is given, beta_2 is constant.

    Notes
    -----
    ``beta_2 = -D lambda^2/(2 pi c)`` at the reference wavelength [1]_.

    References
    ----------
    .. [1] G. P. Agrawal, "Nonlinear Fiber Optics," Academic Press.
    """
    reference = units.si(fiber, "reference_wavelength_nm")
    dispersion = units.si(fiber, "dispersion_ps_per_nm_km")
    slope = units.si(fiber, "dispersion_slope_ps_per_nm2_km")
    return expanded_dispersion(reference, dispersion, slope, frequency)


def expanded_dispersion(reference: Any, dispersion: Any, slope: Any, frequency: Any) -> Any:
    """beta_2 (s^2/m) from dispersion (s/m^2) and slope (s/m^3, or None) at a reference wavelength (m)."""
    beta2 = -dispersion * reference**2 / (2 * math.pi * units.SPEED_OF_LIGHT)
    if slope is None:
        return beta2
    beta3 = reference**3 * (reference * slope + 2 * dispersion) / (2 * math.pi * units.SPEED_OF_LIGHT) ** 2
    return beta2 + 2 * math.pi * beta3 * (frequency - units.wavelength(reference))


def nonlinear_coefficient(fiber: MulticoreFiber, frequency: Any) -> Any:
    """Kerr coefficient gamma = 2 pi n2 f / (c A_eff) of one core. [1/(W m)]"""
    strength = units.si(fiber, "nonlinear_index_m2_per_w") / units.si(fiber, "effective_area_um2")
    return frequency * (2 * math.pi / units.SPEED_OF_LIGHT) * strength


def measured_power_coupling(fiber: MulticoreFiber, frequency: Any) -> "xr.DataArray | None":
    """Power-coupling coefficient h of every pair of cores, from the measured crosstalk. [1/m]

    Nearest neighbours couple equally; farther pairs are taken as uncoupled, which a measurement of the total
    cannot tell apart.  The measured value is inverted with the exact solution of the coupled-power equations
    for one core and its n neighbours, ``x = n (1 - e^{-(n+1) h L}) / (1 + n e^{-(n+1) h L})``.

    Notes
    -----
    Eq. (1) of `mcfiber.kernels.crosstalk_closed_forms` [1]_.

    References
    ----------
    .. [1] M. Koshiba et al., "Analytical expression of average power-coupling coefficients for estimating intercore
       crosstalk in multicore fibers," *IEEE Photon. J.*, vol. 4, pp. 1987-1995, 2012.
       :doi:`10.1109/JPHOT.2012.2221085`
    """
    import xarray as xr

    if fiber.crosstalk is None or len(fiber.core_groups) == 1:
        return None
    too_high = crosstalk_too_high(fiber, frequency)
    if not is_axis(too_high) and too_high:
        msg = (
            "fiber.crosstalk.slope_db_per_nm: with this slope some channel has more crosstalk than cores of equal "
            "power can have; lower it, or give the crosstalk at a wavelength nearer to the channels"
        )
        raise refused(msg)
    pattern = xr.DataArray(_neighbours(fiber), dims=("core_out", "core_in"))
    ratio, count = _measured_ratio(fiber.crosstalk, frequency), _lit_neighbours(fiber)
    length = units.si(fiber.crosstalk, "length_km")
    with np.errstate(invalid="ignore"):  # points that `crosstalk_too_high` tells
        exponent = -np.log1p(-(count + 1) * ratio / (count * (1 + ratio)))
    coupling: xr.DataArray = pattern * (exponent / ((count + 1) * length))
    return coupling


def crosstalk_too_high(fiber: MulticoreFiber, frequency: Any) -> Any:
    """Whether the measured crosstalk, carried to the channels by its slope, exceeds that of equal powers."""
    if fiber.crosstalk is None or len(fiber.core_groups) == 1:
        return False
    wrong = _measured_ratio(fiber.crosstalk, frequency) >= _lit_neighbours(fiber)
    if not is_axis(wrong):
        return wrong
    wrong = wrong.any("channel") if "channel" in wrong.dims else wrong
    return wrong if wrong.ndim else bool(wrong)


def _neighbours(fiber: MulticoreFiber) -> Any:
    """Pairs of neighbours as ones; between groups, the share of their pairs that are nearest."""
    if fiber.groups is None:
        return neighbours(fiber.layout).astype(np.float64)
    import xarray as xr

    nearest = neighbours_between(fiber.layout, group_numbers(fiber.groups)).astype(np.float64)
    return between_groups(xr.DataArray(nearest, dims=("core_out", "core_in")), fiber.groups).values


def _lit_neighbours(fiber: MulticoreFiber) -> float:
    """Number of neighbours that the measured crosstalk comes from, on average over a group."""
    if fiber.crosstalk is not None and fiber.crosstalk.definition == "pair":
        return 1
    return float(_neighbours(fiber).sum(axis=1).max())


def _measured_ratio(measured: MeasuredCrosstalk, frequency: Any) -> Any:
    """Measured crosstalk at the frequencies of the channels, linear."""
    ratio = units.si(measured, "crosstalk_db")
    slope = units.si(measured, "slope_db_per_nm")
    if is_axis(slope) or slope != 0:
        ratio = ratio * np.exp(slope * (units.wavelength(frequency) - units.si(measured, "wavelength_nm")))
    return ratio


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

    Notes
    -----
    Modes by Eq. (1), coupling by Eq. (2) to Eq. (4), the coating's loss by Eq. (5) of :doc:`/theory/glass`.
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
