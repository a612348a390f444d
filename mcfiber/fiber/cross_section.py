"""Design of the cross-section: what thickness, pitch, number of cores or profile meets a demand."""

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from mcfiber.arguments import NUMBER, ONE_WAVELENGTH_NM, arguments, real
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.layout import HexagonalLayout, RingLayout, SquareLayout, distances
from mcfiber.descriptions.profile import Profile
from mcfiber.fiber.attenuation import coating_loss_of
from mcfiber.fiber.coupling import core_coupling
from mcfiber.fiber.index import index_profile_of, profile_of, wavelengths
from mcfiber.fiber.modes import (
    check_guided,
    cladding_index,
    core_modes,
    cutoff_wavelengths,
    solved,
    theoretical_cutoff,
)
from mcfiber.labelled import array, coordinates_of, entered, kept, labelled_result, variable
from mcfiber.typing import Quantity

_THINNEST, _THICKEST = 3e-6, 1e-3  # m

_MOST_STEPS = 15  # pitches in the radius: up to 721 cores


@arguments(
    loss_limit_db_per_km=real(above=0, high=1e6, remedy="no thickness makes the loss vanish"),
    wavelength_nm=ONE_WAVELENGTH_NM,
    coating_index=real(low=1, high=10),
)
def required_cladding_thickness(
    fiber: MulticoreFiber | Profile,
    *,
    loss_limit_db_per_km: ArrayLike = 1e-3,
    wavelength_nm: float = 1625.0,
    coating_index: ArrayLike = 1.486,
) -> xr.DataArray:
    """Distance of a core's centre from the cladding's edge at which the loss to the coating meets a limit.

    Parameters
    ----------
    fiber
        An index profile, or a fibre that has one.
    loss_limit_db_per_km
        Allowed excess loss; 0.001 dB/km is a common rule.
    wavelength_nm
        Longest wavelength in use, where the loss is largest.
    coating_index
        Index of the coating.

    Returns
    -------
    xarray.DataArray
        Distance; NaN where a design of an axis guides nothing. [m]

    Raises
    ------
    ValueError
        If the limit is not positive, or the core guides nothing.

    Notes
    -----
    Eq. (5) of :doc:`/theory/glass`, solved for the distance.

    Examples
    --------
    >>> from mcfiber.descriptions.profile import StepCore
    >>> thickness = required_cladding_thickness(StepCore(radius_um=4.5, delta_percent=0.35))
    >>> round(thickness.item() * 1e6, 1)
    39.2
    """
    described = profile_of(fiber)
    profile, wavelength = index_profile_of(described), wavelengths(wavelength_nm).metres
    found = solved(0, 1, wavelength, profile)
    check_guided(found.effective_index, wavelength)
    limit = entered(loss_limit_db_per_km, "db_per_km")
    index, coating = cladding_index(profile, wavelength), variable(coating_index)

    def too_thin(thickness: Quantity) -> Quantity:
        return coating_loss_of(found, wavelength, index, thickness, coating).isel(channel=0) > limit

    start = too_thin(_THINNEST)
    low, high = (array(start.dims, np.full(start.shape, one)) for one in (_THINNEST, _THICKEST))
    for _ in range(60):
        middle = np.sqrt(low * high)
        thin = too_thin(middle)
        low, high = kept(middle, thin, low), kept(high, thin, middle)
    coords = coordinates_of(described, loss_limit_db_per_km, coating_index)
    guided = ~np.isnan(found.effective_index.isel(channel=0))
    return labelled_result("required_cladding_thickness", kept(np.sqrt(low * high), guided), coords)


@arguments(
    crosstalk_limit_db=real(low=-300, high=-15, dims=NUMBER, remedy="above it h L does not add up"),
    length_km=real(above=0, high=1e9, dims=NUMBER),
    wavelength_nm=ONE_WAVELENGTH_NM,
)
def required_pitch(
    fiber: MulticoreFiber,
    *,
    crosstalk_limit_db: float,
    length_km: float,
    wavelength_nm: float,
    definition: Literal["pair", "total_from_neighbours"] = "total_from_neighbours",
) -> float:
    """Pitch in um at which the mean crosstalk of the worst core meets a limit.

    Parameters
    ----------
    fiber
        A fibre with a `core` and a layout with a pitch; its own pitch is where the search begins.
    crosstalk_limit_db
        Allowed mean crosstalk after `length_km`, at most -15 dB: the sum of h L over the other cores.
    length_km
        Length.
    wavelength_nm
        Longest wavelength in use, where crosstalk is largest.
    definition
        "pair": from one neighbour; "total_from_neighbours": from all other cores.

    Raises
    ------
    ValueError
        If the limit is above -15 dB, or no pitch up to 500 um meets it.

    Notes
    -----
    Coupling by Eq. (2) to Eq. (4) of :doc:`/theory/glass`, solved for the pitch.

    Examples
    --------
    >>> from mcfiber.descriptions.profile import StepCore
    >>> fiber = MulticoreFiber(layout=HexagonalLayout(cores=7, pitch_um=40), cladding_diameter_um=200,
    ...                        core=StepCore(radius_um=4.5, delta_percent=0.35))
    >>> round(required_pitch(fiber, crosstalk_limit_db=-30, length_km=100, wavelength_nm=1565), 2)
    49.1
    """
    wide = fiber.replace({"cladding_diameter_um": 2000.0})

    def excess(pitch: float) -> float:
        h = core_coupling(
            wide.replace({"layout.pitch_um": pitch}), wavelength_nm=wavelength_nm
        ).power_coupling.values * entered(length_km, "km")
        worst = h.max() if definition == "pair" else h.sum(axis=1).max()
        return 10 * math.log10(worst) - crosstalk_limit_db

    low = 1.025e6 * _touching_pitch(fiber)
    return _bracketed(
        excess, low, 500.0, "length_km: no pitch between touching trenches and 500 um meets crosstalk_limit_db after it"
    )


def _touching_pitch(fiber: MulticoreFiber) -> float:
    """Pitch at which the outermost rings of the first two cores touch. [m]"""
    edge = np.asarray(index_profile_of(profile_of(fiber)).radius.isel(ring=-1))
    edge = np.broadcast_to(edge, fiber.cores)
    distance = distances(fiber.layout.unit_positions())
    np.fill_diagonal(distance, np.inf)
    return float(np.max((edge[:, None] + edge) / distance))


@arguments(
    pitch_um=real(above=0, high=1e4, dims=NUMBER),
    cladding_diameter_um=real(above=0, high=1e4, dims=NUMBER),
    cladding_thickness_um=real(low=0, high=1e4, dims=NUMBER),
)
def largest_layout(
    kind: Literal["hexagonal", "ring", "square"],
    *,
    pitch_um: float,
    cladding_diameter_um: float,
    cladding_thickness_um: float,
) -> HexagonalLayout | RingLayout | SquareLayout:
    """Layout of the most cores that a cladding holds.

    Parameters
    ----------
    kind
        "hexagonal" (complete rings), "ring" or "square".
    pitch_um
        Distance of neighbouring cores.
    cladding_diameter_um
        Diameter of the glass.
    cladding_thickness_um
        Least distance of a core's centre from the edge, see `required_cladding_thickness`.

    Raises
    ------
    ValueError
        If not even the smallest layout of that kind fits.

    Examples
    --------
    >>> largest_layout("hexagonal", pitch_um=40, cladding_diameter_um=240, cladding_thickness_um=40).cores
    19
    """
    radius = cladding_diameter_um / 2 - cladding_thickness_um + 1e-9
    steps = radius / pitch_um
    if steps > _MOST_STEPS:
        msg = f"pitch_um: got {pitch_um:g} um, {steps:g} of which fit into the radius of cladding_diameter_um less "
        msg += f"cladding_thickness_um; allowed: at most {_MOST_STEPS}"
        raise ValueError(msg)
    if radius >= 0 and kind == "hexagonal":
        rings = math.floor(steps)
        return HexagonalLayout(cores=1 + 3 * rings * (rings + 1), pitch_um=pitch_um)
    if radius >= 0 and kind == "square":
        return SquareLayout(cores=(1 + math.floor(steps * math.sqrt(2))) ** 2, pitch_um=pitch_um)
    if steps >= 0.5:
        return RingLayout(cores=math.floor(math.pi / math.asin(0.5 / steps) + 1e-9), pitch_um=pitch_um)
    msg = (
        f"pitch_um: no {kind} layout fits: cladding_diameter_um leaves a radius of {radius:g} um inside "
        f"cladding_thickness_um = {cladding_thickness_um:g} um; widen the cladding, or reduce pitch or thickness"
    )
    raise ValueError(msg)


@arguments(
    mode_field_diameter_um=real(above=0, high=1e3, dims=NUMBER),
    cutoff_nm=ONE_WAVELENGTH_NM,
    wavelength_nm=ONE_WAVELENGTH_NM,
    bend_radius_mm=real(above=0, infinite=True, dims=NUMBER),
)
def matched_core(
    like: Profile,
    *,
    mode_field_diameter_um: float,
    cutoff_nm: float,
    wavelength_nm: float = 1550.0,
    diameter: Literal["petermann", "gaussian"] = "petermann",
    cutoff: Literal["theoretical", "practical"] = "theoretical",
    bend_radius_mm: float = math.inf,
) -> Any:
    """Core of wanted mode-field diameter and cutoff: radius and index difference of a profile are changed.

    Parameters
    ----------
    like
        A profile with radius_um and delta_percent, whose other values (trench, exponent, glass) stay.
    mode_field_diameter_um
        Wanted diameter at `wavelength_nm`.
    cutoff_nm
        Wanted cutoff wavelength of LP11.
    wavelength_nm
        Wavelength of the diameter.
    diameter
        Definition of the diameter.
    cutoff, bend_radius_mm
        Which cutoff; the radius of the bend of a practical one.

    Returns
    -------
    The profile with the radius and index difference found.

    Raises
    ------
    ValueError
        If no radius from 0.8 to 20 um fits.

    Notes
    -----
    Petermann's diameter is Eq. (6), the Gaussian one Eq. (3) of `mcfiber.kernels.modes`.

    Examples
    --------
    >>> from mcfiber.descriptions.profile import StepCore
    >>> core = matched_core(StepCore(radius_um=4, delta_percent=0.4), mode_field_diameter_um=10.4, cutoff_nm=1260)
    >>> round(core.radius_um, 3), round(core.delta_percent, 4)
    (4.099, 0.3283)
    """
    if not {"radius_um", "delta_percent"} <= type(like).model_fields.keys() or not isinstance(like.radius_um, float):
        msg = f"got a {type(like).__name__}; give a profile of one core with one radius_um and delta_percent to change"
        raise ValueError(msg)
    wanted = f"cutoff_nm = {cutoff_nm:g} and mode_field_diameter_um = {mode_field_diameter_um:g}"
    name = {"theoretical": "cutoff_wavelength", "practical": "practical_cutoff_wavelength"}[cutoff]

    def with_cutoff(radius: float) -> Any:
        def excess(delta: float) -> float:
            core = like.replace({"radius_um": radius, "delta_percent": delta})
            if cutoff == "theoretical":
                found = float(theoretical_cutoff(index_profile_of(core)))
            else:
                found = float(cutoff_wavelengths(core, bend_radius_mm=bend_radius_mm)[name])
            return found * 1e9 - cutoff_nm if math.isfinite(found) else -cutoff_nm

        return like.replace(
            {"radius_um": radius, "delta_percent": _bracketed(excess, 0.01, 9.0, f"no index difference gives {wanted}")}
        )

    def excess(radius: float) -> float:
        modes = core_modes(with_cutoff(radius), wavelength_nm=wavelength_nm, cutoffs=False)
        return float(modes[f"{diameter}_diameter"]) * 1e6 - mode_field_diameter_um

    return with_cutoff(_bracketed(excess, 0.8, 20.0, f"no radius gives {wanted}"))


def _bracketed(function: Callable[[float], float], low: float, high: float, refusal: str) -> float:
    """Root by Brent's method after a search for the first change of sign on a geometric grid."""
    from scipy.optimize import brentq

    grid = np.geomspace(low, high, 24)
    before, value = grid[0], _or_nan(function, grid[0])
    for after in grid[1:]:
        there = _or_nan(function, after)
        if value * there <= 0:
            return float(brentq(function, before, after, xtol=1e-9, rtol=1e-12))
        before, value = after, there
    raise ValueError(refusal)


def _or_nan(function: Callable[[float], float], value: float) -> float:
    """Points where nothing is guided are no solution."""
    try:
        return function(float(value))
    except ValueError:
        return math.nan
