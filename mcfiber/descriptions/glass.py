"""Glasses and their losses, as described."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from mcfiber.descriptions.checks import each, number
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.record import Description
from mcfiber.typing import FloatArray, Real

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
    >>> from mcfiber.fiber.index import refractive_index
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


class ConstantGlass(Description):
    """A medium of constant index, for comparison with calculations that neglect material dispersion.

    Parameters
    ----------
    index
        Refractive index.
    """

    kind: Literal["constant"] = "constant"
    index: Annotated[Real, number(low=1, high=4)]


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
    >>> from mcfiber.fiber.index import refractive_index
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
        _, fitted = self.fit()
        worst = float(np.max(np.abs(np.sqrt(1 + fitted) - self.index)))
        if worst > _TABLE_ERROR:
            msg = (
                f"index: a Sellmeier equation with the resonances of silica misses the table by {worst:.1g}; allowed: "
                f"{_TABLE_ERROR:g}; check the table for misprints, or give a doped silica"
            )
            raise refused(msg)
        return self

    def fit(self) -> tuple[FloatArray, FloatArray]:
        """Three Sellmeier terms at the resonances of silica, and the squared index less 1 that they give."""
        square = (np.asarray(self.wavelength_nm) * 1e-3) ** 2
        basis = np.stack([square / (square - resonance**2) for resonance in SILICA[3:]], axis=1)
        # Stay near silica in the directions that a narrow table does not determine.
        excess = np.asarray(self.index) ** 2 - 1 - basis @ np.asarray(SILICA[:3])
        terms = np.asarray(SILICA[:3]) + np.linalg.lstsq(basis, excess, rcond=1e-7)[0]
        return terms, basis @ terms


Glass = Annotated[SilicaGlass | ConstantGlass | TabulatedGlass, Field(discriminator="kind")]


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
    hydroxyl_width_nm: Annotated[Real, number(low=0.1, high=100)] = 12.0


LOSS_FITS: Mapping[str, GlassLoss] = {
    "g652d_typical": GlassLoss(rayleigh_db_um4_per_km=0.9138, constant_db_per_km=0.0197),
    "g652d_cable_maximum": GlassLoss(rayleigh_db_um4_per_km=0.9740, constant_db_per_km=0.0193),
    "ultra_low_loss_maximum": GlassLoss(rayleigh_db_um4_per_km=0.9138, constant_db_per_km=-0.0003),
    "pure_silica": GlassLoss(rayleigh_db_um4_per_km=0.7936, constant_db_per_km=0.0005),
}
"""Named sets.  They are fits of A and B to two points each, not values of a recommendation:
0.330/0.190, 0.350/0.200, 0.310/0.170 and 0.270/0.150 dB/km at 1310/1550 nm."""


def named_loss(value: object) -> Any:
    """Turn the name of a fit into its description; leave other values.

    Raises
    ------
    ValueError
        If no fit has that name.

    Notes
    -----
    A fit holds the constants of Eq. (2) of `mcfiber.kernels.attenuation`.
    """
    if not isinstance(value, str):
        return value
    if value not in LOSS_FITS:
        msg = f"got {value!r}; allowed: {', '.join(LOSS_FITS)}, or a table of values"
        raise ValueError(msg)
    return LOSS_FITS[value]
