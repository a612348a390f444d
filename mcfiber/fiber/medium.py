"""Door 2: what the glass does to every channel, per metre: attenuation, dispersion, nonlinearity, coupling."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import xarray as xr

from mcfiber import units
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.groups import Groups, group_sizes
from mcfiber.fiber.attenuation import backscatter, total_attenuation
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.coupling import check_separation, computed_power_coupling, cores_overlap
from mcfiber.fiber.geometry import CorePlaces, core_places, outer_cladding_thickness
from mcfiber.fiber.grid import on_grid
from mcfiber.fiber.groups import averaged_over_groups, between_groups
from mcfiber.fiber.index import check_range
from mcfiber.fiber.measured import Measured, warn_uncoupled
from mcfiber.fiber.modes import LPMode, check_guided, higher_mode_survives, refuse_multimode, solved
from mcfiber.fiber.structure import FiberStructure, fiber_structure
from mcfiber.labelled import array, combined, has, kept, quantity, reduced
from mcfiber.typing import Quantity, is_axis

MEAN_DELAY_TO_RMS = math.sqrt(3.0 * math.pi / 32.0)
"""Half the rms of a Maxwellian differential group delay over its mean: how far either polarisation is from both."""


@dataclass(frozen=True)
class FiberMedium:
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
    polarization_dispersion
        The same of the two polarisations of a core that is received by itself. [s/sqrt(m)]
    backscatter
        Power that Rayleigh scattering sends backwards into the mode of its core, (channel); matters where cores
        carry light both ways, and where pumps amplify it. [1/m]
    separate
        Where a line of coupled cores passes separate fibres, one for each core, (span); False where there are none.
    groups
        Cores of each group where groups are described; else empty, and all cores are alike.
    skew, random_skew
        Between neighbouring weakly coupled cores: its steady part, and the standard deviation of its random part.
        [s/m, s/sqrt(m)]
    problems
        Which points of the axes cannot exist: by name of `mcfiber.status.FLAGS`, a truth or one for each point.
    """

    attenuation: Quantity
    group_velocity_dispersion: Quantity
    nonlinear_coefficient: Quantity
    effective_area: Quantity
    power_coupling: xr.Variable | None
    cores: int
    coupled_cores: int
    mode_dispersion: Quantity = None
    polarization_dispersion: Quantity = 0.0
    backscatter: Quantity = None
    separate: Quantity = False
    groups: Groups = ()
    skew: Quantity = 0.0
    random_skew: Quantity = 0.0
    problems: Mapping[str, Quantity] = field(default_factory=dict)

    @cached_property
    def group_sizes(self) -> tuple[int, ...]:
        """Number of cores that share their light with each core."""
        return group_sizes(self.groups) if self.groups else (self.coupled_cores,) * self.cores


def medium(fiber: MulticoreFiber, channels: Channels) -> FiberMedium:
    """Properties of a fibre on a grid of channels.

    Parameters
    ----------
    fiber
        The description.
    channels
        Channels in SI.

    Returns
    -------
    FiberMedium
        Per metre, no power, no length: beta_2 by Eq. (1) of `group_velocity_dispersion`, gamma = 2 pi n2 f / (c A_eff).

    Raises
    ------
    DescriptionError
        If a table does not cover the channels, or the fibre has no axes and a core guides no mode or two.
    """
    reference = quantity(fiber, "reference_wavelength_nm")
    rayleigh: Quantity = None
    if fiber.core is None:
        places, diameter = core_places(fiber.layout), quantity(fiber, "cladding_diameter_um")
        found = _described(fiber, channels, places, diameter, reference)
    else:
        structure = fiber_structure(fiber)
        found = _described(fiber, channels, structure.places, structure.cladding_diameter, reference)
        found = _computed(found, fiber, structure, channels, reference)
        rayleigh = structure.loss.rayleigh
    if not fiber.computes("rayleigh_db_per_km"):
        rayleigh = quantity(fiber, "rayleigh_db_per_km") * reference**4
    return replace(found, backscatter=_backscatter(found, fiber, channels, rayleigh))


def _backscatter(found: FiberMedium, fiber: MulticoreFiber, channels: Channels, rayleigh: Quantity) -> Quantity:
    """What is scattered back, from its measured crosstalk where there is one, else from the glass. [1/m]"""
    if fiber.crosstalk is not None and fiber.crosstalk.opposite_crosstalk_db is not None:
        measured = Measured.of(fiber, channels, core_places(fiber.layout))
        if measured is not None:
            return measured.backscatter(found.attenuation, channels)
    return backscatter(rayleigh, channels.frequency, found.effective_area)


# ---------------------------------------------------------------------------------------------------------
# what is described


def _described(
    fiber: MulticoreFiber, channels: Channels, places: CorePlaces, cladding_diameter: Quantity, reference: Quantity
) -> FiberMedium:
    """What is given, or the default; of what is left to a profile, None."""
    area = None if fiber.computes("effective_area_um2") else on_grid(fiber, "effective_area_um2", channels, "fiber")
    measured = Measured.of(fiber, channels, places)
    thickness = outer_cladding_thickness(places, cladding_diameter)
    return FiberMedium(
        attenuation=None if fiber.computes("attenuation_db_per_km") else _attenuation(fiber, channels),
        group_velocity_dispersion=_given_dispersion(fiber, channels, reference),
        nonlinear_coefficient=None if area is None else _nonlinear_coefficient(fiber, channels, area),
        effective_area=None if area is None else reduced(np.mean, area, "channel"),
        power_coupling=None if measured is None else measured.power_coupling(),
        cores=fiber.cores,
        coupled_cores=fiber.coupled_cores,
        mode_dispersion=_mode_dispersion(fiber),
        polarization_dispersion=quantity(fiber, "polarization_mode_dispersion_ps_per_sqrt_km") * MEAN_DELAY_TO_RMS,
        groups=fiber.groups or (),
        skew=quantity(fiber, "skew_ps_per_km"),
        random_skew=quantity(fiber, "random_skew_ps_per_sqrt_km"),
        problems={
            "cores_outside_cladding": thickness <= 0,
            "crosstalk_too_high": False if measured is None else measured.too_high,
        },
    )


def _attenuation(fiber: MulticoreFiber, channels: Channels) -> Quantity:
    """Power attenuation of the cores. [1/m]"""
    return on_grid(fiber, "attenuation_db_per_km", channels, "fiber")


def _given_dispersion(fiber: MulticoreFiber, channels: Channels, reference: Quantity) -> Quantity:
    """Group-velocity dispersion of the given numbers; None where both, or one, are left to the profile. [s^2/m]"""
    given = fiber.dispersion_ps_per_nm_km
    if fiber.zero_dispersion_wavelength_nm is not None:
        return _beta2(combined(_standard, channels.wavelength, *_zero_of_dispersion(fiber)), channels)
    if not isinstance(given, float) and not is_axis(given):
        return _beta2(on_grid(fiber, "dispersion_ps_per_nm_km", channels, "fiber"), channels)
    if fiber.computes("dispersion_ps_per_nm_km") or fiber.computes("dispersion_slope_ps_per_nm2_km"):
        return None
    dispersion = quantity(fiber, "dispersion_ps_per_nm_km")
    return group_velocity_dispersion(
        reference, dispersion, quantity(fiber, "dispersion_slope_ps_per_nm2_km"), channels.frequency
    )


def _zero_of_dispersion(fiber: MulticoreFiber) -> tuple[Quantity, Quantity]:
    return quantity(fiber, "zero_dispersion_wavelength_nm"), quantity(fiber, "zero_dispersion_slope_ps_per_nm2_km")


def _standard(wavelength: Quantity, zero: Quantity, slope: Quantity) -> Quantity:
    """Dispersion of a standard single-mode fibre from where it has none. [s/m^2]"""
    return 0.25 * slope * (wavelength - zero**4 / wavelength**3)  # slope of a Sellmeier fit of three terms


def _beta2(dispersion: Quantity, channels: Channels) -> Quantity:
    """Group-velocity dispersion of dispersions at the channels. [s^2/m]"""
    return dispersion * channels.wavelength**2 * (-1.0 / (2 * math.pi * units.SPEED_OF_LIGHT))


def group_velocity_dispersion(
    reference: Quantity, dispersion: Quantity, slope: Quantity, frequency: Quantity
) -> Quantity:
    """Group-velocity dispersion beta_2 from dispersion and slope at one wavelength. [s^2/m]

    The third order ``beta_3 = lambda^3 (lambda S + 2 D) / (2 pi c)^2`` makes beta_2 linear in frequency; where no
    slope is given, beta_2 is constant.

    Parameters
    ----------
    reference
        Wavelength at which the numbers hold. [m]
    dispersion, slope
        D (s/m^2), and S (s/m^3) or None.
    frequency
        Of the channels. [Hz]

    References
    ----------
    .. [1] G. P. Agrawal, Nonlinear Fiber Optics, Eqs. (1.2.11) and (1.2.13) (D and its slope from beta_2 and beta_3).
    """
    beta2 = -dispersion * reference**2 / (2 * math.pi * units.SPEED_OF_LIGHT)
    if slope is None:
        return beta2
    beta3 = reference**3 * (reference * slope + 2 * dispersion) / (2 * math.pi * units.SPEED_OF_LIGHT) ** 2
    return beta2 + 2 * math.pi * beta3 * (frequency - units.wavelength(reference))


def _nonlinear_coefficient(fiber: MulticoreFiber, channels: Channels, area: Quantity) -> Quantity:
    """Kerr coefficient gamma = 2 pi n2 f / (c A_eff) of one core. [1/(W m)]"""
    strength = quantity(fiber, "nonlinear_index_m2_per_w") / area
    return channels.frequency * (2 * math.pi / units.SPEED_OF_LIGHT) * strength


def _mode_dispersion(fiber: MulticoreFiber) -> Quantity:
    """Rms modal group delay per square root of length: the standard deviation of the impulse response. [s/sqrt(m)]"""
    given = quantity(fiber, "spatial_mode_dispersion_ps_per_sqrt_km")
    if given is None or fiber.coupling == "weak":
        return None
    return given / 2 if fiber.spatial_mode_dispersion_definition == "2sigma" else given


# ---------------------------------------------------------------------------------------------------------
# what is left to the index profile


def _computed(
    described: FiberMedium, fiber: MulticoreFiber, structure: FiberStructure, channels: Channels, reference: Quantity
) -> FiberMedium:
    """Fill in what the description leaves to the profile; the modes are solved once."""
    wavelength = channels.wavelength
    check_range(wavelength.values * 1e9)
    found = solved(0, 1, wavelength, structure.profile)
    check_guided(found.effective_index, wavelength)
    problems = {
        "core_multimode": _multimode(structure, wavelength),
        "core_not_guided": _anywhere(np.isnan(found.effective_index)),
        "cores_overlap": cores_overlap(structure),
        "cores_outside_cladding": combined(
            np.logical_or, described.problems["cores_outside_cladding"], _reach_outside(structure)
        ),
    }
    values: dict[str, Quantity] = {}
    if described.attenuation is None:
        values["attenuation"] = _shared(fiber, total_attenuation(structure, wavelength, found))
    if described.group_velocity_dispersion is None:
        values["group_velocity_dispersion"] = _computed_dispersion(fiber, structure, found, channels, reference)
    if described.effective_area is None:
        scale = 2 * math.pi / units.SPEED_OF_LIGHT * quantity(fiber, "nonlinear_index_m2_per_w")
        values["nonlinear_coefficient"] = channels.frequency * scale / found.effective_area
        values["effective_area"] = reduced(np.mean, found.effective_area, "channel")
    if fiber.coupled_cores > 1:
        warn_uncoupled(fiber, structure, wavelength, found)
    if len(fiber.core_groups) > 1 and fiber.crosstalk is None:
        check_separation(structure)
        coupling = computed_power_coupling(structure, wavelength, found)
        if is_axis(problems["cores_overlap"]):
            coupling = kept(coupling, ~problems["cores_overlap"])
        values["power_coupling"] = coupling if fiber.groups is None else between_groups(coupling, fiber.groups)
    return replace(described, **values, problems={**described.problems, **problems})


def _shared(fiber: MulticoreFiber, attenuation: xr.Variable) -> xr.Variable:
    """Randomly coupled cores share their light, so they share the mean of their attenuations."""
    if fiber.coupling == "random" and has(attenuation, "core"):
        result: xr.Variable = reduced(np.mean, attenuation, "core")
        return result
    if fiber.groups is not None and has(attenuation, "core"):
        return averaged_over_groups(attenuation, fiber.groups)
    return attenuation


def _computed_dispersion(
    fiber: MulticoreFiber, structure: FiberStructure, found: LPMode, channels: Channels, reference: Quantity
) -> Quantity:
    """beta_2 of the profile; where dispersion or slope is given, of the given one and the other's at the reference."""
    own_dispersion, own_slope = map(fiber.computes, ("dispersion_ps_per_nm_km", "dispersion_slope_ps_per_nm2_km"))
    if own_dispersion and own_slope:
        return -found.dispersion * channels.wavelength**2 / (2 * math.pi * units.SPEED_OF_LIGHT)
    dims, values = getattr(reference, "dims", ()), np.asarray(reference)
    there = solved(0, 1, array((*dims, "channel"), values[..., None]), structure.profile)
    dispersion = there.dispersion.isel(channel=0) if own_dispersion else quantity(fiber, "dispersion_ps_per_nm_km")
    slope = there.dispersion_slope.isel(channel=0) if own_slope else quantity(fiber, "dispersion_slope_ps_per_nm2_km")
    return group_velocity_dispersion(reference, dispersion, slope, channels.frequency)


def _multimode(structure: FiberStructure, wavelength: xr.Variable) -> Quantity:
    """Whether LP11 survives on the channel of shortest wavelength; refused where there are no axes."""
    least = reduced(np.min, wavelength, "channel")
    shortest = array((*least.dims, "channel"), np.asarray(least.values)[..., None])
    wrong = higher_mode_survives(structure.profile, shortest, structure.bend_radius)
    if not wrong.dims and bool(wrong):
        refuse_multimode(structure.profile, shortest, structure.bend_radius, "core")
    return wrong if wrong.dims else bool(wrong)


def _reach_outside(structure: FiberStructure) -> Quantity:
    """Whether the ring of highest index of some core reaches out of the glass."""
    wrong = combined(
        lambda edge, radius: edge < radius * (1 - 1e-9), structure.edge_distances, structure.profile.guiding_radius
    )
    return _anywhere(wrong) if is_axis(wrong) else bool(wrong)


def _anywhere(wrong: Quantity) -> Quantity:
    result = reduced(np.any, wrong, "core", "channel")
    return result if result.ndim else bool(result)
