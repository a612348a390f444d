"""Refractive index of glasses and profiles."""

from typing import TYPE_CHECKING, Any

import numpy as np

from mcfiber.descriptions.glass import RANGE_NM
from mcfiber.typing import is_axis

if TYPE_CHECKING:
    import xarray as xr


def refractive_index(glass: Any, wavelength_nm: Any) -> "xr.DataArray":
    """Refractive index of a glass.

    Parameters
    ----------
    glass
        A description of this module.
    wavelength_nm
        Vacuum wavelengths: a number, a list or a labelled array.

    Returns
    -------
    xarray.DataArray
        Dimension channel, or those of labelled wavelengths; none for a number. [1]

    Raises
    ------
    ValueError
        If a wavelength lies outside 250 to 3500 nm.

    Notes
    -----
    Sellmeier equation, Eq. (1) of `mcfiber.kernels.materials`; fused silica by [1]_, doped with germanium by [2]_.

    References
    ----------
    .. [1] I. H. Malitson, "Interspecimen comparison of the refractive index of fused silica," *J. Opt. Soc. Am.*,
       vol. 55, pp. 1205-1209, 1965. :doi:`10.1364/JOSA.55.001205`
    .. [2] J. W. Fleming, "Dispersion in GeO2-SiO2 glasses," *Appl. Opt.*, vol. 23, pp. 4486-4493, 1984.
       :doi:`10.1364/AO.23.004486`

    Examples
    --------
    >>> from mcfiber.descriptions.glass import SilicaGlass
    >>> round(refractive_index(SilicaGlass(), 1550).item(), 10)
    1.4440236217
    """
    return _computed("refractive_index", glass, wavelength_nm)


def group_index(glass: Any, wavelength_nm: Any) -> "xr.DataArray":
    """Group index of a glass; arguments as in `refractive_index`.

    Returns
    -------
    xarray.DataArray
        Dimension channel, or those of labelled wavelengths; none for a number. [1]

    Notes
    -----
    Eq. (2) of `mcfiber.kernels.materials`.

    Examples
    --------
    >>> from mcfiber.descriptions.glass import SilicaGlass
    >>> round(group_index(SilicaGlass(), 1550).item(), 9)
    1.462596484
    """
    return _computed("group_index", glass, wavelength_nm)


def material_dispersion(glass: Any, wavelength_nm: Any) -> "xr.DataArray":
    """Dispersion D = -(l/c) n'' of a glass, in s/m^2 (1e-6 s/m^2 is 1 ps/(nm km)).

    Returns
    -------
    xarray.DataArray
        Dimension channel, or those of labelled wavelengths; none for a number. [s/m^2]

    Notes
    -----
    Eq. (3) of `mcfiber.kernels.materials`.

    Examples
    --------
    >>> from mcfiber.descriptions.glass import SilicaGlass
    >>> round(material_dispersion(SilicaGlass(), 1550).item() * 1e6, 6)
    21.9118
    """
    return _computed("material_dispersion", glass, wavelength_nm)


def _computed(function: str, glass: Any, wavelength_nm: Any) -> "xr.DataArray":
    from mcfiber import labelled
    from mcfiber._jit import lift
    from mcfiber.kernels import materials as kernels

    wavelength, squeeze = wavelength_axis(wavelength_nm)
    lifted = lift(getattr(kernels, function), "(channel),(term)->(channel)")
    name = {"refractive_index": "refractive_index", "group_index": "group_index"}.get(function, "dispersion")
    result = labelled.compute(name, lifted, wavelength, stacked(glass.sellmeier(), "term"))
    return result.isel(channel=0, drop=True) if squeeze else result


def check_range(wavelength_nm: Any) -> None:
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
            f"got a wavelength of {bad:g} nm; allowed: {RANGE_NM[0]:g} to {RANGE_NM[1]:g} nm, where the Sellmeier "
            "equations of silica hold; wavelengths are in nm"
        )
        raise ValueError(msg)


def wavelength_axis(wavelength_nm: Any) -> "tuple[xr.DataArray, bool]":
    """Wavelengths (m) with dimension channel and a coordinate in nm, and whether one number was given."""
    import xarray as xr

    check_range(wavelength_nm)
    if is_axis(wavelength_nm) and "channel" in wavelength_nm.dims:
        if wavelength_nm.ndim == 1 and "wavelength" not in wavelength_nm.coords:
            wavelength_nm = wavelength_nm.assign_coords(wavelength=("channel", wavelength_nm.values))
        return wavelength_nm * 1e-9, False
    if is_axis(wavelength_nm):
        return (wavelength_nm * 1e-9).expand_dims(channel=1, axis=-1), True
    values = np.atleast_1d(np.asarray(wavelength_nm, dtype=np.float64))
    coordinate = {"wavelength": ("channel", values, {"units": "nm", "long_name": "vacuum wavelength"})}
    return xr.DataArray(values * 1e-9, dims="channel", coords=coordinate), np.ndim(wavelength_nm) == 0


def stacked(values: list[Any], dim: str) -> "xr.DataArray":
    """Stack numbers and labelled axes along a new last dimension, broadcast by name."""
    import xarray as xr

    if not any(is_axis(value) for value in values):
        return xr.DataArray(np.array(values, dtype=np.float64), dims=dim)
    labelled = xr.broadcast(*(value if is_axis(value) else xr.DataArray(float(value)) for value in values))
    data = np.stack([array.values for array in labelled], axis=-1)
    return xr.DataArray(data, dims=(*labelled[0].dims, dim), coords=labelled[0].coords)


def index_profile(profile: Any, radius_um: Any, wavelength_nm: float = 1550.0) -> Any:
    """Refractive index against the distance from the axis, for figures and checks.

    Parameters
    ----------
    profile
        A profile that is the same for every core, without axes.
    radius_um
        Distances from the axis.
    wavelength_nm
        Wavelength.

    Returns
    -------
    Index at each distance. [1]

    Notes
    -----
    Eq. (1) of `mcfiber.kernels.modes`.

    Examples
    --------
    >>> from mcfiber.descriptions.profile import StepCore
    >>> index_profile(StepCore(radius_um=4.5, delta_percent=0.35), [0, 10]).round(6).tolist()
    [1.449104, 1.444024]
    """
    from mcfiber.fiber.index import refractive_index

    rings = profile.rings()
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
            square[here] = ring - (ring - clad**2) * (position[here] / outer) ** rings.exponent
        inner = outer
    return np.sqrt(square)
