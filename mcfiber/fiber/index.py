"""Refractive index: of glasses, and of the rings of a core's profile as the mode solver takes them."""

from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from mcfiber._jit import Kernel
from mcfiber.arguments import ONE_WAVELENGTH_NM, WAVELENGTH_NM, arguments, plain_array
from mcfiber.descriptions.glass import (
    FLUORINE_1_MOLE_PERCENT,
    GERMANIA,
    RANGE_NM,
    SILICA,
    ConstantGlass,
    Glass,
    SilicaGlass,
    TabulatedGlass,
)
from mcfiber.descriptions.profile import GradedCore, Profile, RingsCore, StepCore, TrenchAssistedCore, WCore
from mcfiber.dimensions import broadcast
from mcfiber.kernels import index as kernels
from mcfiber.labelled import array, compute, coordinates_of, entered, labelled_result, quantity, stacked, variable
from mcfiber.typing import FloatArray, Quantity, is_axis

# ---------------------------------------------------------------------------------------------------------
# glasses


@singledispatch
def sellmeier(glass: Glass) -> list[Quantity]:
    """Six numbers of a glass: B_1, B_2, B_3 and the resonances l_1, l_2, l_3. [1, m]

    Doped silica by linear interpolation of all six, Eq. (2) of [1]_.

    References
    ----------
    .. [1] J. W. Fleming, "Dispersion in GeO2-SiO2 glasses," Appl. Opt., vol. 23, pp. 4486-4493, 1984,
       doi:10.1364/AO.23.004486.
    """
    msg = f"got a {type(glass).__name__}; allowed: SilicaGlass, ConstantGlass or TabulatedGlass"
    raise TypeError(msg)


@sellmeier.register
def _(glass: SilicaGlass) -> list[Quantity]:
    germanium = variable(glass.germanium_mole_percent) / 100
    fluorine = variable(glass.fluorine_mole_percent)
    scale = (1.0, 1.0, 1.0, 1e-6, 1e-6, 1e-6)
    return [
        (pure + germanium * (oxide - pure) + fluorine * (doped - pure)) * factor  # Eq. (2) of [1]
        for pure, oxide, doped, factor in zip(SILICA, GERMANIA, FLUORINE_1_MOLE_PERCENT, scale, strict=True)
    ]


@sellmeier.register
def _(glass: ConstantGlass) -> list[Quantity]:
    return [variable(glass.index) ** 2 - 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]


@sellmeier.register
def _(glass: TabulatedGlass) -> list[Quantity]:
    terms, resonances = glass.fit().numbers
    return [*terms.tolist(), *(resonances * 1e-6).tolist()]


@arguments(wavelength_nm=WAVELENGTH_NM)
def refractive_index(glass: Glass, wavelength_nm: ArrayLike) -> xr.DataArray:
    """Refractive index of a glass.

    Parameters
    ----------
    glass
        A glass, as described.
    wavelength_nm
        Vacuum wavelengths: a number, a list or a labelled array.

    Raises
    ------
    ValueError
        If a wavelength lies outside 250 to 3500 nm.

    References
    ----------
    .. [1] I. H. Malitson, J. Opt. Soc. Am. 55, 1205 (1965), doi:10.1364/JOSA.55.001205 (three-term Sellmeier equation).

    Examples
    --------
    >>> from mcfiber.descriptions.glass import SilicaGlass
    >>> round(refractive_index(SilicaGlass(), 1550).item(), 10)
    1.4440236217
    """
    return _computed("refractive_index", kernels.sellmeier_index, glass, wavelength_nm)


@arguments(wavelength_nm=WAVELENGTH_NM)
def group_index(glass: Glass, wavelength_nm: ArrayLike) -> xr.DataArray:
    """Group index ``n - l dn/dl`` of a glass; arguments and source as in `refractive_index`, Eq. (1) differentiated.

    Examples
    --------
    >>> from mcfiber.descriptions.glass import SilicaGlass
    >>> round(group_index(SilicaGlass(), 1550).item(), 9)
    1.462596484
    """
    return _computed("group_index", kernels.sellmeier_group_index, glass, wavelength_nm)


@arguments(wavelength_nm=WAVELENGTH_NM)
def material_dispersion(glass: Glass, wavelength_nm: ArrayLike) -> xr.DataArray:
    """Dispersion D = -(l/c) n'' of a glass, in s/m^2 (1e-6 s/m^2 is 1 ps/(nm km)); see `refractive_index`.

    References
    ----------
    .. [1] G. P. Agrawal, Nonlinear Fiber Optics, section 1.2.3 (chromatic dispersion).

    Examples
    --------
    >>> from mcfiber.descriptions.glass import SilicaGlass
    >>> round(material_dispersion(SilicaGlass(), 1550).item() * 1e6, 6)
    21.9118
    """
    return _computed("dispersion", kernels.sellmeier_dispersion, glass, wavelength_nm)


def _computed(name: str, kernel: Kernel, glass: Glass, wavelength_nm: ArrayLike) -> xr.DataArray:
    asked = wavelengths(wavelength_nm)
    values = compute(name, kernel, asked.metres, stacked(sellmeier(glass), "term", last=True))
    result = labelled_result(name, values, asked.coords | coordinates_of(glass))
    return result.isel(channel=0, drop=True) if asked.single else result


# ---------------------------------------------------------------------------------------------------------
# wavelengths that a user asks for


@dataclass(frozen=True)
class Wavelengths:
    """Wavelengths in SI, and what their result shows of them.

    Attributes
    ----------
    metres
        Along the dimension channel. [m]
    coords
        Coordinates: the wavelengths in nm, and those of a labelled array.
    single
        Whether one number was given, so that the result has no dimension channel.
    """

    metres: xr.Variable
    coords: dict[str, Any]
    single: bool


def wavelengths(wavelength_nm: ArrayLike) -> Wavelengths:
    """Take wavelengths in nm: a number, a list, or labelled with dimension channel or as an axis.

    Raises
    ------
    ValueError
        If a wavelength lies outside 250 to 3500 nm.
    """
    check_range(wavelength_nm)
    if not is_axis(wavelength_nm):
        values = np.atleast_1d(np.asarray(wavelength_nm, dtype=np.float64))
        return Wavelengths(array(("channel",), values * 1e-9), _in_nm(values), np.ndim(wavelength_nm) == 0)
    coords = dict(getattr(wavelength_nm, "coords", {}))
    nm = variable(wavelength_nm)
    if "channel" not in nm.dims:
        return Wavelengths(array((*nm.dims, "channel"), nm.data[..., None] * 1e-9), coords, single=True)
    if nm.ndim == 1 and "wavelength" not in coords:
        coords |= _in_nm(nm.data)
    return Wavelengths(nm * 1e-9, coords, single=False)


def _in_nm(values: FloatArray) -> dict[str, Any]:
    return {"wavelength": ("channel", values, {"units": "nm", "long_name": "vacuum wavelength"})}


def check_range(wavelength_nm: ArrayLike) -> None:
    """Refuse wavelengths at which Sellmeier equations say nothing.

    Raises
    ------
    ValueError
        If a wavelength lies outside 250 to 3500 nm.

    Notes
    -----
    Silica was measured from 210 to 3710 nm [1]_.

    References
    ----------
    .. [1] I. H. Malitson, "Interspecimen comparison of the refractive index of fused silica," *J. Opt. Soc. Am.*,
       vol. 55, pp. 1205-1209, 1965. :doi:`10.1364/JOSA.55.001205`
    """
    asked = np.asarray(wavelength_nm, dtype=np.float64)
    if not np.all((asked >= RANGE_NM[0]) & (asked <= RANGE_NM[1])):  # NaN is outside too
        bad = asked[~((asked >= RANGE_NM[0]) & (asked <= RANGE_NM[1]))].flat[0]
        msg = (
            f"wavelength_nm: got a wavelength of {bad:g} nm; allowed: {RANGE_NM[0]:g} to {RANGE_NM[1]:g} nm, where the "
            "Sellmeier equations of silica hold; wavelengths are in nm"
        )
        raise ValueError(msg)


# ---------------------------------------------------------------------------------------------------------
# profiles


@dataclass(frozen=True)
class IndexProfile:
    """Rings of a core as the mode solver takes them, in SI; dimension core where cores differ.

    Attributes
    ----------
    radius, delta
        Outer radius (m) and relative index difference of every ring, from inside: last dimension ring.
    exponent
        Of a graded centre; infinite for a constant one.
    glass
        Sellmeier numbers of every ring's glass, then of the cladding's: last dimensions medium and term.
    cladding
        Those of the cladding alone: last dimension term.
    guiding_radius
        Outer radius of the ring of highest index; dimension core where cores differ. [m]
    """

    radius: xr.Variable
    delta: xr.Variable
    exponent: Quantity
    glass: xr.Variable
    cladding: xr.Variable
    guiding_radius: Quantity

    @property
    def design(self) -> tuple[Quantity, ...]:
        """Radii, index differences, exponent and glasses: what the kernels take."""
        return self.radius, self.delta, self.exponent, self.glass


@dataclass(frozen=True)
class _Rings:
    """Rings before they are stacked: numbers or labelled arrays, and the described glasses."""

    radius: list[Quantity]
    delta: list[Quantity]
    glasses: list[Glass]
    exponent: Quantity = np.inf


def index_profile_of(profile: Profile) -> IndexProfile:
    """Enter a profile, as described, into SI."""
    found = _rings(profile)
    known: dict[int, xr.Variable] = {}  # most rings share the cladding's glass: each is entered once
    for glass in found.glasses:
        if id(glass) not in known:
            known[id(glass)] = stacked(sellmeier(glass), "term", last=True)
    glasses = [known[id(glass)] for glass in found.glasses]
    lead, parts = broadcast(*glasses)
    dims = (*(dim for dim in lead if dim != "term"), "term")
    if dims != lead:
        parts = [array(lead, part).transpose(*dims).data for part in parts]
    media = np.stack(np.broadcast_arrays(*parts), axis=-2)
    return IndexProfile(
        radius=stacked(found.radius, "ring", last=True),
        delta=stacked(found.delta, "ring", last=True),
        exponent=found.exponent,
        glass=array((*dims[:-1], "medium", "term"), media),
        cladding=known[id(profile.cladding)],
        guiding_radius=_guiding_radius(profile),
    )


def _guiding_radius(profile: Profile) -> Quantity:
    radius = profile.radius_of_cores()
    return (
        entered(radius, "um") if not isinstance(radius, tuple) else stacked([entered(r, "um") for r in radius], "core")
    )


def _per_core(profile: Profile, field: str) -> Quantity:
    """Read a field in SI; a list becomes a labelled array along core."""
    value = quantity(profile, field)
    return stacked(value, "core") if isinstance(value, tuple) else value


def _centre(profile: Any) -> tuple[Quantity, Quantity, Glass]:
    """Radius (m), relative index difference and glass of a core that has one ring in its middle."""
    delta = 0.0 if profile.delta_percent is None else _per_core(profile, "delta_percent")
    return _per_core(profile, "radius_um"), delta, profile.glass or profile.cladding


@singledispatch
def _rings(profile: Profile) -> _Rings:
    msg = f"got a {type(profile).__name__}; allowed: an index profile such as StepCore"
    raise TypeError(msg)


@_rings.register
def _(profile: StepCore) -> _Rings:
    radius, delta, glass = _centre(profile)
    return _Rings([radius], [delta], [glass, profile.cladding])


@_rings.register
def _(profile: GradedCore) -> _Rings:
    radius, delta, glass = _centre(profile)
    return _Rings([radius], [delta], [glass, profile.cladding], _per_core(profile, "exponent"))


@_rings.register
def _(profile: TrenchAssistedCore) -> _Rings:
    radius, delta, glass = _centre(profile)
    inner, width = _per_core(profile, "trench_inner_ratio"), _per_core(profile, "trench_width_ratio")
    clad = profile.cladding
    return _Rings(
        [radius, radius * inner, radius * (inner + width)],
        [delta, 0.0, _per_core(profile, "trench_delta_percent")],
        [glass, clad, clad, clad],
    )


@_rings.register
def _(profile: WCore) -> _Rings:
    radius, delta, glass = _centre(profile)
    width = _per_core(profile, "depressed_width_ratio")
    return _Rings(
        [radius, radius * (1.0 + width)],
        [delta, _per_core(profile, "depressed_delta_percent")],
        [glass, profile.cladding, profile.cladding],
    )


@_rings.register
def _(profile: RingsCore) -> _Rings:
    radii, deltas = list(quantity(profile, "radius_um")), list(quantity(profile, "delta_percent"))
    return _Rings(radii, deltas, [profile.cladding] * (len(radii) + 1))


def profile_of(fiber: object) -> Profile:
    """Index profile of a fibre, or the profile itself.

    Raises
    ------
    ValueError
        If the fibre has none.
    """
    if isinstance(fiber, (StepCore, GradedCore, TrenchAssistedCore, WCore, RingsCore)):
        return fiber
    profile: Profile | None = getattr(fiber, "core", None)
    if profile is None:
        msg = "the fibre has no index profile; give it a `core`, as in core=StepCore(radius_um=4.5, delta_percent=0.35)"
        raise ValueError(msg)
    return profile


@arguments(radius_um=plain_array(low=0, high=1e6), wavelength_nm=ONE_WAVELENGTH_NM)
def index_profile(profile: Profile, radius_um: ArrayLike, wavelength_nm: float = 1550.0) -> FloatArray:
    """Refractive index against the distance from the axis, for figures and checks.

    Parameters
    ----------
    profile
        A profile that is the same for every core, without axes.
    radius_um
        Distances from the axis.
    wavelength_nm
        Wavelength.

    Raises
    ------
    ValueError
        If a value of the profile differs between cores or is an axis.

    References
    ----------
    .. [1] D. Gloge and E. A. J. Marcatili, "Multimode theory of graded-core fibers," Bell Syst. Tech. J., vol. 52,
       pp. 1563-1578, 1973 (the power law of a graded centre).

    Examples
    --------
    >>> from mcfiber.descriptions.profile import StepCore
    >>> index_profile(StepCore(radius_um=4.5, delta_percent=0.35), [0, 10]).round(6).tolist()
    [1.449104, 1.444024]
    """
    rings = _rings(profile)
    if any(is_axis(value) for value in (*rings.radius, *rings.delta, rings.exponent)):
        msg = "an index profile is drawn for one design and one core; choose one first"
        raise ValueError(msg)
    position = np.abs(np.asarray(radius_um, dtype=np.float64)) * 1e-6
    clad = float(refractive_index(rings.glasses[-1], wavelength_nm))
    square = np.full(position.shape, clad**2)
    inner = 0.0
    for outer, delta, glass in zip(rings.radius, rings.delta, rings.glasses[:-1], strict=True):
        here = (position >= inner) & (position < outer)
        ring = float(refractive_index(glass, wavelength_nm)) ** 2 / (1 - 2 * delta)
        square[here] = ring
        if inner == 0.0 and np.isfinite(rings.exponent):
            square[here] = ring - (ring - clad**2) * (position[here] / outer) ** rings.exponent  # Eq. (1) of [1]
        inner = outer
    result: FloatArray = np.sqrt(square)
    return result
