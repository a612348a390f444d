"""Glasses: pure, germanium- and fluorine-doped silica by Sellmeier equations, tables, constant indices.

A glass becomes six numbers, the terms B_i and resonances l_i of a Sellmeier equation, which is what the mode
solver wants at every wavelength.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from mcfiber.descriptions import Description, each, is_axis, number, refused
from mcfiber.typing import FloatArray, Real

if TYPE_CHECKING:
    import xarray as xr

# B_1..B_3 and l_1..l_3 in um.
SILICA = (0.6961663, 0.4079426, 0.8974794, 0.0684043, 0.1162414, 9.896161)
"""Fused silica: I. H. Malitson, J. Opt. Soc. Am. 55, 1205 (1965), doi:10.1364/JOSA.55.001205."""
GERMANIA = (0.80686642, 0.71815848, 0.85416831, 0.068972606, 0.15396605, 11.841931)
"""GeO2: J. W. Fleming, Appl. Opt. 23, 4486 (1984), doi:10.1364/AO.23.004486."""
FLUORINE_1_MOLE_PERCENT = (0.691116, 0.399166, 0.890423, 0.068227, 0.116460, 9.993707)
"""Silica with 1 mol% fluorine: table of the PyPI package ofiber 1.0.1 (another set is in circulation)."""

RANGE_NM = (250.0, 3500.0)
"""Wavelengths at which the Sellmeier equations may be used: inside Malitson's 210 to 3710 nm."""

_TABLE_ERROR = 2e-5


class SilicaGlass(Description):
    """Silica, pure or doped with germanium or fluorine.

    Parameters
    ----------
    germanium_mole_percent
        GeO2 in mol%; terms and resonances are interpolated linearly between silica and GeO2.
    fluorine_mole_percent
        Fluorine in mol%; terms and resonances go linearly from silica through the set for 1 mol%.

    Notes
    -----
    Linear interpolation of all six Sellmeier numbers is that of Fleming (1984), Eq. (2) [1]_.

    References
    ----------
    .. [1] J. W. Fleming, "Dispersion in GeO2-SiO2 glasses," Appl. Opt., vol. 23, pp. 4486-4493, 1984,
       doi:10.1364/AO.23.004486.

    Examples
    --------
    >>> round(refractive_index(SilicaGlass(germanium_mole_percent=3.5), 1550).item(), 9)
    1.449280221
    """

    kind: Literal["silica"] = "silica"
    germanium_mole_percent: Annotated[Real, number(low=0, high=100)] = 0.0
    fluorine_mole_percent: Annotated[Real, number(low=0, high=3, remedy="the set was measured at 1 mol%")] = 0.0

    @model_validator(mode="after")
    def _one_dopant(self) -> Self:
        if np.any(np.asarray(self.germanium_mole_percent) > 0) and np.any(np.asarray(self.fluorine_mole_percent) > 0):
            msg = "fluorine_mole_percent: no data for silica doped with both; give one dopant"
            raise refused(msg)
        return self

    def sellmeier(self) -> list[Any]:
        """Six numbers: B_1, B_2, B_3 and l_1, l_2, l_3. [1, m]"""
        germanium, fluorine = self.germanium_mole_percent / 100, self.fluorine_mole_percent
        scale = (1.0, 1.0, 1.0, 1e-6, 1e-6, 1e-6)
        return [
            (pure + germanium * (oxide - pure) + fluorine * (doped - pure)) * factor
            for pure, oxide, doped, factor in zip(SILICA, GERMANIA, FLUORINE_1_MOLE_PERCENT, scale, strict=True)
        ]


class ConstantGlass(Description):
    """A medium of constant index, for comparison with calculations that neglect material dispersion.

    Parameters
    ----------
    index
        Refractive index.
    """

    kind: Literal["constant"] = "constant"
    index: Annotated[Real, number(low=1, high=4)]

    def sellmeier(self) -> list[Any]:
        """Six numbers: B_1, B_2, B_3 and l_1, l_2, l_3. [1, m]"""
        return [self.index**2 - 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]


class TabulatedGlass(Description):
    """A glass from a table of its index.

    The three terms of a Sellmeier equation with the resonances of silica are fitted to the table (least
    squares); the fit must reproduce it to 2e-5.

    Parameters
    ----------
    wavelength_nm, index
        Ascending wavelengths, at least four, and the index at each.

    Examples
    --------
    >>> glass = TabulatedGlass(wavelength_nm=[1300, 1400, 1500, 1600],
    ...                        index=[1.446918, 1.445788, 1.444617, 1.443419])
    >>> round(refractive_index(glass, 1550).item(), 4)
    1.444
    """

    kind: Literal["table"] = "table"
    wavelength_nm: Annotated[tuple[float, ...], each(number(low=RANGE_NM[0], high=RANGE_NM[1]))]
    index: Annotated[tuple[float, ...], each(number(low=1, high=4))]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.wavelength_nm) < 4 or np.any(np.diff(self.wavelength_nm) <= 0):
            msg = "wavelength_nm: give at least four wavelengths, ascending"
            raise refused(msg)
        if len(self.index) != len(self.wavelength_nm):
            msg = f"index: got {len(self.index)} values for {len(self.wavelength_nm)} wavelengths; give one for each"
            raise refused(msg)
        _, fitted = self._fit()
        worst = float(np.max(np.abs(np.sqrt(1 + fitted) - self.index)))
        if worst > _TABLE_ERROR:
            msg = (
                f"index: a Sellmeier equation with the resonances of silica misses the table by {worst:.1g}; allowed: "
                f"{_TABLE_ERROR:g}; check the table for misprints, or give a doped silica"
            )
            raise refused(msg)
        return self

    def _fit(self) -> tuple[FloatArray, FloatArray]:
        square = (np.asarray(self.wavelength_nm) * 1e-3) ** 2
        basis = np.stack([square / (square - resonance**2) for resonance in SILICA[3:]], axis=1)
        # Stay near silica in the directions that a narrow table does not determine.
        excess = np.asarray(self.index) ** 2 - 1 - basis @ np.asarray(SILICA[:3])
        terms = np.asarray(SILICA[:3]) + np.linalg.lstsq(basis, excess, rcond=1e-7)[0]
        return terms, basis @ terms

    def sellmeier(self) -> list[Any]:
        """Six numbers: B_1, B_2, B_3 and l_1, l_2, l_3. [1, m]"""
        return [*self._fit()[0].tolist(), *(resonance * 1e-6 for resonance in SILICA[3:])]


Glass = Annotated[SilicaGlass | ConstantGlass | TabulatedGlass, Field(discriminator="kind")]


def refractive_index(glass: Any, wavelength_nm: Any) -> "xr.DataArray":
    """Refractive index of a glass.

    Parameters
    ----------
    glass
        A description of this module.
    wavelength_nm
        Vacuum wavelengths: a number, a list or a labelled array.

    Raises
    ------
    ValueError
        If a wavelength lies outside 250 to 3500 nm.

    Examples
    --------
    >>> round(refractive_index(SilicaGlass(), 1550).item(), 10)
    1.4440236217
    """
    return _computed("refractive_index", glass, wavelength_nm)


def group_index(glass: Any, wavelength_nm: Any) -> "xr.DataArray":
    """Group index of a glass; arguments as in `refractive_index`.

    Examples
    --------
    >>> round(group_index(SilicaGlass(), 1550).item(), 9)
    1.462596484
    """
    return _computed("group_index", glass, wavelength_nm)


def material_dispersion(glass: Any, wavelength_nm: Any) -> "xr.DataArray":
    """Dispersion D = -(l/c) n'' of a glass, in s/m^2 (1e-6 s/m^2 is 1 ps/(nm km)).

    Examples
    --------
    >>> round(material_dispersion(SilicaGlass(), 1550).item() * 1e6, 6)
    21.9118
    """
    return _computed("material_dispersion", glass, wavelength_nm)


def _computed(function: str, glass: Any, wavelength_nm: Any) -> "xr.DataArray":
    from mcfiber import variables
    from mcfiber._jit import lift
    from mcfiber.kernels import materials as kernels

    wavelength, squeeze = wavelength_axis(wavelength_nm)
    lifted = lift(getattr(kernels, function), "(channel),(term)->(channel)")
    name = {"refractive_index": "refractive_index", "group_index": "group_index"}.get(function, "dispersion")
    result = variables.compute(name, lifted, wavelength, stacked(glass.sellmeier(), "term"))
    return result.isel(channel=0, drop=True) if squeeze else result


def check_range(wavelength_nm: Any) -> None:
    """Refuse wavelengths at which Sellmeier equations say nothing.

    Raises
    ------
    ValueError
        If a wavelength lies outside 250 to 3500 nm.
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
