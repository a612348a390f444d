"""Modes of cores, from their index profile: indices, dispersion, areas, diameters, cutoffs, bends."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from mcfiber import units
from mcfiber.arguments import ONE_WAVELENGTH_NM, WAVELENGTH_NM, arguments, plain_array, real
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.profile import Profile
from mcfiber.fiber.index import IndexProfile, Wavelengths, index_profile_of, profile_of, wavelengths
from mcfiber.kernels import attenuation as loss
from mcfiber.kernels import cutoff, modes, radial
from mcfiber.kernels import index as materials
from mcfiber.labelled import (
    array,
    compute,
    coordinates_of,
    entered,
    labelled_dataset,
    labelled_result,
    quantity,
    reduced,
    variable,
)
from mcfiber.typing import FloatArray, Quantity

BEND_RADIUS_MM = real(low=1, high=1e12, infinite=True)


@dataclass(frozen=True)
class LPMode:
    """One LP mode along channel, core where cores differ, and the axes of the profile; NaN where not guided."""

    effective_index: xr.Variable
    group_index: xr.Variable
    dispersion: xr.Variable
    dispersion_slope: xr.Variable
    effective_area: xr.Variable
    petermann_diameter: xr.Variable
    gaussian_diameter: xr.Variable
    confinement: xr.Variable
    exterior_decay: xr.Variable
    exterior_log_amplitude: xr.Variable


_OUTPUTS = tuple(field.name for field in fields(LPMode))

CABLE_CUTOFF_LOSS_DB_PER_M = 19.3 / 22
"""Attenuation of LP11 at the cable cutoff: 19.3 dB over 22 m of fibre (ITU-T G.650.1)."""

CABLE_CUTOFF_LOSS = CABLE_CUTOFF_LOSS_DB_PER_M / units.DB_PER_NEPER
"""The same. [1/m]"""


@arguments(wavelength_nm=WAVELENGTH_NM)
def core_modes(
    fiber: MulticoreFiber | Profile,
    *,
    wavelength_nm: ArrayLike,
    modes: Literal["fundamental", "all"] = "fundamental",
    cutoffs: bool = True,
) -> xr.Dataset:
    """Modes of the cores of a fibre, from their index profile.

    Scalar (LP) modes of the infinite-cladding, straight core: solved exactly at a few Chebyshev wavelengths and
    interpolated; every ring and the cladding have their material dispersion.  Against the exact vector mode n_eff
    is 4e-6 to 5e-6 too high at an index difference of 0.35 %, equally in all cores.

    Parameters
    ----------
    fiber
        A `MulticoreFiber` with a `core`, or an index profile.
    wavelength_nm
        Vacuum wavelengths: a number, a list, or labelled with dimension channel.
    modes
        "fundamental": LP01; "all": every LP mode that is guided somewhere, along a dimension `mode` with names such as
        LP01, LP11, and with a comma where an index has two digits: LP1,11 is not LP11,1.
    cutoffs
        Whether to add the two cutoff wavelengths of LP11.

    Returns
    -------
    xarray.Dataset
        In SI, along core (where cores differ), channel and the axes of the profile: effective_index, group_index,
        dispersion, dispersion_slope, effective_area, petermann_diameter, gaussian_diameter, confinement,
        exterior_decay and exterior_log_amplitude; cutoff_wavelength and practical_cutoff_wavelength.

    Raises
    ------
    ValueError
        If a wavelength lies outside 250 to 3500 nm, the normalised frequency V exceeds 200 (40 with a graded centre),
        or a core without axes does not guide LP01 (where the profile has axes, the point is NaN).

    Notes
    -----
    The radial field obeys Eq. (1) of :doc:`/theory/glass`, the scalar wave equation of weakly guiding fibres [1]_;
    indices of glasses from [2]_ and [3]_. Definitions of what follows from the field are in
    `mcfiber.kernels.modes`.

    References
    ----------
    .. [1] D. Gloge, "Weakly guiding fibers," *Appl. Opt.*, vol. 10, pp. 2252-2258, 1971.
       :doi:`10.1364/AO.10.002252`
    .. [2] I. H. Malitson, "Interspecimen comparison of the refractive index of fused silica," *J. Opt. Soc. Am.*,
       vol. 55, pp. 1205-1209, 1965. :doi:`10.1364/JOSA.55.001205`
    .. [3] J. W. Fleming, "Dispersion in GeO2-SiO2 glasses," *Appl. Opt.*, vol. 23, pp. 4486-4493, 1984.
       :doi:`10.1364/AO.23.004486`

    Examples
    --------
    >>> from mcfiber.descriptions.profile import StepCore
    >>> found = core_modes(StepCore(radius_um=4.5, delta_percent=0.35), wavelength_nm=1550)
    >>> round(found.effective_index.item(), 12), round(found.effective_area.item() * 1e12, 6)
    (1.44646591305, 82.775844)
    """
    described = profile_of(fiber)
    asked, profile = wavelengths(wavelength_nm), index_profile_of(described)
    coords = coordinates_of(described) | asked.coords
    check_frequency(profile, asked.metres)
    if modes == "fundamental":
        result = _dataset(0, 1, asked, profile, coords)
        check_guided(result.effective_index, asked.metres)
    else:
        result = _all_modes(asked, profile, coords)
    if cutoffs:
        found = _cutoffs(profile, CABLE_CUTOFF_LOSS_DB_PER_M, np.inf)
        result = result.merge(labelled_dataset(found, coords), compat="override")
    return result.isel(channel=0) if asked.single else result


@arguments(loss_threshold_db_per_m=real(above=0, high=1e9, unit="dB/m"), bend_radius_mm=BEND_RADIUS_MM)
def cutoff_wavelengths(
    fiber: MulticoreFiber | Profile,
    *,
    loss_threshold_db_per_m: ArrayLike = CABLE_CUTOFF_LOSS_DB_PER_M,
    bend_radius_mm: ArrayLike = np.inf,
) -> xr.Dataset:
    """Wavelengths below which LP11 matters: theoretical and practical cutoff.

    The theoretical cutoff is where the effective index of LP11 meets the cladding's.  Behind a trench the mode
    goes on as a leaky one that decays slowly: the practical cutoff is where its attenuation passes a threshold,
    to first order in that attenuation.  In a bend the guided mode is lost earlier: then the practical cutoff is
    shorter than the theoretical.  Leakage is that of the straight fibre; bends are not added to it.

    Parameters
    ----------
    fiber
        A `MulticoreFiber` with a `core`, or an index profile.
    loss_threshold_db_per_m
        Attenuation of LP11 at the practical cutoff.
    bend_radius_mm
        Bend radius; infinite for leakage alone.

    Returns
    -------
    xarray.Dataset
        cutoff_wavelength and practical_cutoff_wavelength (m), NaN outside 250 to 3500 nm.

    References
    ----------
    .. [1] ITU-T Recommendation G.650.1 (definition of the cutoff by 19.3 dB).
    .. [2] D. Marcuse, "Curvature loss formula for optical fibers," J. Opt. Soc. Am., vol. 66, pp. 216-220, 1976.

    Examples
    --------
    >>> from mcfiber.descriptions.profile import StepCore
    >>> cutoff_wavelengths(StepCore(radius_um=4.5, delta_percent=0.35)).cutoff_wavelength.round(12).item()
    1.426896e-06
    """
    described = profile_of(fiber)
    radius = entered(bend_radius_mm, "mm")
    found = _cutoffs(index_profile_of(described), variable(loss_threshold_db_per_m), radius)
    return labelled_dataset(found, coordinates_of(described, loss_threshold_db_per_m, bend_radius_mm))


@arguments(wavelength_nm=WAVELENGTH_NM, bend_radius_mm=BEND_RADIUS_MM, elasto_optic=real(above=0, high=10))
def bend_loss(
    fiber: MulticoreFiber | Profile,
    *,
    wavelength_nm: ArrayLike,
    bend_radius_mm: ArrayLike,
    elasto_optic: ArrayLike = 1.0,
) -> xr.DataArray:
    """Macrobend loss of LP01 in an infinite cladding.

    Marcuse's formula [1]_ in a form that needs only the field outside the core; a two-dimensional eigenmode of the
    bent step core gives 0.7 (7.5 mm) to 0.8 (15 mm) of it.  Behind a trench it is an extension of the printed
    formula, good while the radiation caustic lies outside the trench: do not rely on it for tight bends.

    Parameters
    ----------
    fiber
        A `MulticoreFiber` with a `core`, or an index profile.
    wavelength_nm
        Vacuum wavelengths.
    bend_radius_mm
        Radius of the bend.
    elasto_optic
        Factor on the radius for the stress-induced change of the index, 1.28 in silica [2]_; 1 leaves it out.

    Returns
    -------
    xarray.DataArray
        Power attenuation. [1/m]

    References
    ----------
    .. [1] D. Marcuse, "Curvature loss formula for optical fibers," J. Opt. Soc. Am., vol. 66, pp. 216-220, 1976.
    .. [2] R. T. Schermer and J. H. Cole, IEEE J. Quantum Electron., vol. 43, pp. 899-909, 2007.

    Examples
    --------
    >>> from mcfiber.descriptions.glass import ConstantGlass
    >>> from mcfiber.descriptions.profile import StepCore
    >>> core = StepCore(radius_um=4.1, delta_percent=0.36, cladding=ConstantGlass(index=1.444))
    >>> round(bend_loss(core, wavelength_nm=1550, bend_radius_mm=15).item() * 4.342944819, 5)
    1.78022
    """
    described, asked = profile_of(fiber), wavelengths(wavelength_nm)
    found = solved(0, 1, asked.metres, index_profile_of(described))
    check_guided(found.effective_index, asked.metres)
    radius = entered(bend_radius_mm, "mm") * variable(elasto_optic)
    coords = coordinates_of(described, bend_radius_mm, elasto_optic) | asked.coords
    result = labelled_result("bend_loss", bend_loss_of(found, asked.metres, radius), coords)
    return result.isel(channel=0) if asked.single else result


def bend_loss_of(found: LPMode, wavelength: xr.Variable, radius: Quantity) -> xr.Variable:
    """Bend loss from solved modes; radius in m, the elasto-optic factor included. [1/m]"""
    beta = found.effective_index * (2 * np.pi / wavelength)
    outside = found.exterior_log_amplitude, found.exterior_decay
    result: xr.Variable = compute("bend_loss", loss.macrobend_loss, 0, *outside, beta, radius)
    return result


@arguments(radius_um=plain_array(low=0, high=1e6), wavelength_nm=ONE_WAVELENGTH_NM)
def mode_field(profile: Profile, *, radius_um: ArrayLike, wavelength_nm: float = 1550.0) -> FloatArray:
    """Field of LP01 against the distance from the axis, over its value on the axis; for figures.

    Parameters
    ----------
    profile
        An index profile of one core, without axes.
    radius_um
        Distances from the axis.
    wavelength_nm
        Wavelength.

    Returns
    -------
    Field over that on the axis. [1]

    Raises
    ------
    ValueError
        If the profile is not that of one core, or guides nothing.

    Notes
    -----
    A cubic spline through the solver's quadrature points inside the last ring, exact outside.

    The field obeys Eq. (1) of :doc:`/theory/glass`.

    Examples
    --------
    >>> from mcfiber.descriptions.profile import StepCore
    >>> mode_field(StepCore(radius_um=4.5, delta_percent=0.35), radius_um=[0, 4.5]).round(4).tolist()
    [1.0, 0.4586]
    """
    from scipy.interpolate import CubicSpline
    from scipy.special import k0e

    radius, delta, exponent, glass = (np.array(one, order="C") for one in index_profile_of(profile).design)
    if radius.ndim > 1 or delta.ndim > 1 or exponent.ndim or glass.ndim > 2:
        msg = "the field is that of one design and one core; choose one first"
        raise ValueError(msg)
    rho, v, group, room = radius / radius[0], np.empty(radius.size), np.empty(radius.size), radial.workspace()
    modes.rings(wavelength_nm * 1e-9, radius, delta, glass, v, group)
    w2 = radial.root(0, 1, rho, v, float(exponent), np.nan, room)
    if np.isnan(w2):
        _refuse_unguided(wavelengths(wavelength_nm).metres, "")
    node = np.empty((5, radial.node_limit(radius.size)))
    _, count, edge, _ = radial.field_nodes(0, rho, v, float(exponent), w2, room, node)
    inside = node[:, :count][:, node[4, :count] >= 0]
    order = np.argsort(inside[0])
    points, values = np.append(inside[0, order], rho[-1]), np.append(inside[2, order], edge)
    if points[0] > 0:  # even in r: no slope on the axis
        points, values = np.concatenate([-points[:3][::-1], points]), np.concatenate([values[:3][::-1], values])
    spline = CubicSpline(points, values)
    place = np.abs(np.asarray(radius_um, dtype=np.float64)) * 1e-6 / radius[0]
    x, end = np.sqrt(w2) * np.maximum(place, rho[-1]), np.sqrt(w2) * rho[-1]
    outside = edge * k0e(x) / k0e(end) * np.exp(end - x)
    result: FloatArray = np.where(place < rho[-1], spline(np.minimum(place, rho[-1])), outside) / spline(0.0)
    return result


def solved(order: int, number: int, wavelength: xr.Variable, profile: IndexProfile) -> LPMode:
    """One LP mode at wavelengths (m, dimension channel)."""
    return LPMode(*compute(_OUTPUTS, modes.lp_modes, order, number, wavelength, *profile.design))


def _dataset(
    order: Quantity, number: Quantity, asked: Wavelengths, profile: IndexProfile, coords: Mapping[str, Any]
) -> xr.Dataset:
    found = solved(order, number, asked.metres, profile)
    return labelled_dataset({name: getattr(found, name) for name in _OUTPUTS}, coords)


def _all_modes(asked: Wavelengths, profile: IndexProfile, coords: Mapping[str, Any]) -> xr.Dataset:
    pairs: list[tuple[int, int]] = []
    order = 0
    while True:
        guided = compute("guided_modes", cutoff.guided_modes, order, asked.metres, *profile.design)
        count = int(np.max(guided.values))
        if count == 0:
            break
        pairs += [(order, number) for number in range(1, count + 1)]
        order += 1
    if not pairs:
        _refuse_unguided(asked.metres, "")
    orders, numbers = (array(("mode",), np.asarray(column, dtype=np.float64)) for column in zip(*pairs, strict=True))
    names = [mode_name(*pair) for pair in pairs]
    return _dataset(orders, numbers, asked, profile, coords).assign_coords(mode=names)


def mode_name(order: int, number: int) -> str:
    """Name of an LP mode, with a comma where an index has more than one digit.

    References
    ----------
    .. [1] D. Gloge, "Weakly guiding fibers," *Appl. Opt.*, vol. 10, pp. 2252-2258, 1971, :doi:`10.1364/AO.10.002252`
       (names of linearly polarised modes).

    Examples
    --------
    >>> mode_name(0, 1), mode_name(1, 11), mode_name(11, 1)
    ('LP01', 'LP1,11', 'LP11,1')
    """
    between = "" if max(order, number) < 10 else ","
    return f"LP{order}{between}{number}"


def check_frequency(profile: IndexProfile, wavelength: xr.Variable) -> None:
    """Refuse a core with more modes than the solver is right for.

    Parameters
    ----------
    profile
        Index profile of the cores.
    wavelength
        Along channel. [m]

    Raises
    ------
    ValueError
        If the normalised frequency V of some core, at some point of the axes, is too large.

    References
    ----------
    .. [1] D. Gloge, "Weakly guiding fibers," *Appl. Opt.*, vol. 10, pp. 2252-2258, 1971, :doi:`10.1364/AO.10.002252`
       (the normalised frequency).
    """
    names = ("normalised_frequency", "normalised_frequency")
    found, largest = compute(names, modes.normalised_frequency, wavelength, *profile.design)
    if (wrong := found.values > largest.values).any():
        msg = (
            f"the core's normalised frequency is V = {found.values[wrong].max():.4g}; allowed: at most "
            f"{largest.values[wrong].min():.4g}, up to which its modes are right; reduce the core's radius or index "
            "difference, or ask for longer wavelengths"
        )
        raise ValueError(msg)


def theoretical_cutoff(profile: IndexProfile) -> xr.Variable:
    """Theoretical cutoff wavelength of LP11 alone. [m]"""
    result: xr.Variable = compute("cutoff_wavelength", cutoff.cutoff_at_cladding_index, 1, 1, *profile.design)
    return result


def _cutoffs(profile: IndexProfile, threshold_db_per_m: Quantity, bend_radius: Quantity) -> dict[str, xr.Variable]:
    threshold = threshold_db_per_m / units.DB_PER_NEPER
    name = "practical_cutoff_wavelength"
    practical = compute(name, cutoff.practical_cutoff, 1, 1, *profile.design, threshold, bend_radius)
    return {"cutoff_wavelength": theoretical_cutoff(profile), name: practical}


def check_guided(effective_index: xr.Variable | xr.DataArray, wavelength: xr.Variable) -> None:
    """Refuse a design that guides nothing; where there are axes, NaN marks the point."""
    missing = np.isnan(effective_index.values)
    if not missing.any() or set(effective_index.dims) - {"core", "channel"}:
        return
    first = dict(zip(effective_index.dims, np.argwhere(missing)[0].tolist(), strict=True))
    core = f" in core {first['core']}" if "core" in first else ""
    _refuse_unguided(wavelength.isel(channel=first["channel"]), core)


def _refuse_unguided(wavelength: xr.Variable, core: str) -> None:
    msg = (
        f"LP01 is not guided at {float(wavelength.min()) * 1e9:.2f} nm{core}: its index meets the cladding's; raise "
        "the core's radius or index difference, make the trench shallower or narrower, or ask for shorter wavelengths"
    )
    raise ValueError(msg)


def higher_mode_loss(profile: IndexProfile, wavelength: Quantity, bend_radius: Quantity) -> xr.Variable:
    """Attenuation of LP11 (1/m) at wavelengths in m: in bends where it is guided, by leakage where it is not."""
    design = profile.design
    result: xr.Variable = compute("higher_mode_loss", cutoff.mode_attenuation, 1, 1, wavelength, *design, bend_radius)
    return result


@arguments(wavelength_nm=plain_array("wavelength", exact=True, low=250, high=3500))
def check_single_mode(fiber: MulticoreFiber | Profile, wavelength_nm: ArrayLike) -> None:
    """Refuse cores in which LP11 survives, by the practical cutoff in the fibre's bends.

    Parameters
    ----------
    fiber
        A `MulticoreFiber` with a `core`, or an index profile (which is straight).
    wavelength_nm
        Wavelengths in use.

    Raises
    ------
    DescriptionError
        If the shortest wavelength lies below the practical cutoff of LP11 (a fibre with axes is not refused).

    References
    ----------
    .. [1] ITU-T Recommendation G.650.1 (cutoff: 19.3 dB of LP11).

    Examples
    --------
    >>> from mcfiber.descriptions.profile import StepCore
    >>> check_single_mode(StepCore(radius_um=4.5, delta_percent=0.35), 1550)
    """
    described = profile_of(fiber)
    shortest = wavelengths([float(np.min(np.asarray(wavelength_nm)))]).metres
    profile, radius = index_profile_of(described), np.inf
    if fiber is not described:
        radius = quantity(fiber, "bend_radius_mm") * quantity(fiber, "elasto_optic")
    survives = higher_mode_survives(profile, shortest, radius)
    if not survives.dims and bool(survives):
        refuse_multimode(profile, shortest, radius, "" if fiber is described else "core")


def higher_mode_survives(profile: IndexProfile, shortest: Quantity, bend_radius: Quantity) -> xr.Variable:
    """Whether LP11 survives in some core: a truth, or one for each point of the axes.

    Parameters
    ----------
    profile
        Index profile of the cores.
    shortest
        Shortest wavelength in use; last dimension channel, of one. [m]
    bend_radius
        With its elasto-optic factor. [m]

    References
    ----------
    .. [1] ITU-T Recommendation G.650.1 (cutoff by an attenuation of 19.3 dB over 22 m).
    """
    low = higher_mode_loss(profile, shortest, bend_radius) < CABLE_CUTOFF_LOSS
    survives: xr.Variable = reduced(np.any, low, "core", "channel")
    return survives


def refuse_multimode(profile: IndexProfile, shortest: xr.Variable, bend_radius: Quantity, path: str) -> None:
    """Say up to where LP11 survives.

    Raises
    ------
    DescriptionError
        Always.

    References
    ----------
    .. [1] ITU-T Recommendation G.650.1 (cut-off wavelength).
    """
    title = "core"
    cut = _cutoffs(profile, CABLE_CUTOFF_LOSS_DB_PER_M, bend_radius)["practical_cutoff_wavelength"]
    msg = (
        f"is multimode at {float(shortest.min()) * 1e9:.2f} nm: LP11 survives up to {float(cut.max()) * 1e9:.1f} nm; "
        "reduce the core's radius or index difference, or use longer wavelengths"
    )
    raise DescriptionError(title, [(path, msg)])


def cladding_index(profile: IndexProfile, wavelength: xr.Variable) -> xr.Variable:
    """Index of the cladding's glass at wavelengths in m."""
    result: xr.Variable = compute("refractive_index", materials.sellmeier_index, wavelength, profile.cladding)
    return result
