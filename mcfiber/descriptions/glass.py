"""Glasses and their losses, as described."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from mcfiber.descriptions.checks import each, number
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.record import Description
from mcfiber.typing import FloatArray, Real
from mcfiber.units import SPEED_OF_LIGHT

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


_SPREAD = 0.01
"""How much the three terms of a glass are expected to differ from doped silica, relative: 0.3 ps/(nm km) at 1550 nm."""


_ROOM = 1.5
"""What a fit may miss a table by, in units of its rounding, which least squares do not meet at every point."""


_FINEST = 1e-11
"""Least rounding of a table: that of double precision, with room."""


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

    Dispersion is a second derivative, so the last digit of a table decides about it: five digits leave tens of
    ps/(nm km) open to any curve through them.  Of all Sellmeier equations that agree with the table to its rounding the
    one is taken that is nearest to silica with a dopant: the content of germanium or fluorine is fitted, and the three
    terms depart from it as little as the table allows.  The fit must reproduce the table to 2e-5, or to its rounding;
    what the rounding leaves open is told by `dispersion_uncertainty`.

    Parameters
    ----------
    wavelength_nm, index
        Ascending wavelengths, at least four, and the index at each; the number of its digits is its rounding.

    Examples
    --------
    >>> from mcfiber.fiber.index import refractive_index
    >>> glass = TabulatedGlass(wavelength_nm=[1300, 1400, 1500, 1600],
    ...                        index=[1.446918, 1.445788, 1.444617, 1.443419])
    >>> round(refractive_index(glass, 1550).item(), 4)
    1.444
    >>> bool(glass.dispersion_uncertainty(1550) < 1.0)
    True
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
        worst, allowed = self.fit().misses, max(_TABLE_ERROR, _ROOM * self.rounding)
        if worst > allowed:
            msg = (
                f"index: a Sellmeier equation with the resonances of doped silica misses the table by {worst:.1g}; "
                f"allowed: {allowed:g}; check the table for misprints, or give a doped silica"
            )
            raise refused(msg)
        return self

    @property
    def rounding(self) -> float:
        """Greatest error that the number of digits of the table leaves: half a unit of the last one."""
        digits = max(len(np.format_float_positional(value, trim="-").partition(".")[2]) for value in self.index)
        return max(0.5 * 10.0**-digits, _FINEST)

    def fit(self) -> "TableFit":
        """Sellmeier equation nearest to doped silica that agrees with the table to its rounding."""
        um, index = np.asarray(self.wavelength_nm) * 1e-3, np.asarray(self.index)
        # Neighbours that round to the same number tell nothing new.
        error = self.rounding * math.sqrt(index.size / np.unique(index).size)
        for spread in (_SPREAD, 10.0 * _SPREAD):
            found = _fitted(um, index, error, spread)
            if found.misses <= _ROOM * self.rounding:
                return found
        # Last digits that no smooth curve explains, or another glass: what is missed is the error then.
        for spread in (_SPREAD, 10.0 * _SPREAD, 100.0 * _SPREAD, 1e4 * _SPREAD):
            found = _fitted(um, index, error, spread)
            if found.misses <= _TABLE_ERROR:
                return _fitted(um, index, max(error, found.misses), spread)
        return found

    def dispersion_uncertainty(self, wavelength_nm: Any) -> Any:
        """Uncertainty of the dispersion in ps/(nm km) that the rounding of the table leaves.

        Parameters
        ----------
        wavelength_nm
            Number or array.

        Returns
        -------
        Twice the standard deviation over the glasses that agree with the table to a unit of its last digit and are as
        near to doped silica as glasses are: three terms within 1 %, more where the table asks for it.

        Examples
        --------
        >>> coarse = TabulatedGlass(wavelength_nm=[1300, 1400, 1500, 1600], index=[1.4469, 1.4458, 1.4446, 1.4434])
        >>> bool(0.5 < coarse.dispersion_uncertainty(1550) < 2.0)
        True
        """
        um = np.asarray(wavelength_nm, dtype=np.float64) * 1e-3
        found = self.fit()
        slopes = np.stack(
            [(_dispersion(um, *one) - _dispersion(um, *two)) * 0.5 for one, two in found.neighbours()], -1
        )
        return 2.0 * np.sqrt((slopes**2).sum(axis=-1))


@dataclass(frozen=True)
class TableFit:
    """A Sellmeier equation fitted to a table.

    Attributes
    ----------
    dopant
        Mole fraction of GeO2, or less than 0: of fluorine.
    departure
        Difference of the three terms from those of the doped silica.
    deviations
        Independent standard deviations of both together. Shape (direction, 4).
    misses
        Greatest difference from the table.
    """

    dopant: float
    departure: FloatArray
    deviations: FloatArray
    misses: float

    @property
    def numbers(self) -> tuple[FloatArray, FloatArray]:
        """Three terms, and their resonances in um."""
        terms, resonances = doped(self.dopant)
        return terms + self.departure, resonances

    def neighbours(self) -> list[tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]]:
        """Terms and resonances one standard deviation to both sides, in every direction."""

        def moved(step: FloatArray) -> tuple[FloatArray, FloatArray]:
            terms, resonances = doped(self.dopant + step[0], self.dopant)
            return terms + self.departure + step[1:], resonances

        return [(moved(one), moved(-one)) for one in self.deviations]


def doped(dopant: float, side: float | None = None) -> tuple[FloatArray, FloatArray]:
    """Three terms and resonances (um) of silica with a mole fraction of GeO2, or less than 0: of fluorine.

    Parameters
    ----------
    dopant
        Mole fraction.
    side
        Mole fraction whose sign decides which dopant it is, for small steps across 0.

    References
    ----------
    .. [1] J. W. Fleming, "Dispersion in GeO2-SiO2 glasses," Appl. Opt., vol. 23, pp. 4486-4493, 1984, Eq. (2).
    """
    germanium = (dopant if side is None else side) >= 0.0
    pure, other = np.asarray(SILICA), np.asarray(GERMANIA if germanium else FLUORINE_1_MOLE_PERCENT)
    six = pure + (dopant if germanium else -100.0 * dopant) * (other - pure)
    return six[:3], six[3:]


def _fitted(um: FloatArray, index: FloatArray, error: float, spread: float) -> TableFit:
    """Least squares in the dopant and the departures from it, by the method of Gauss and Newton for either dopant."""
    found = [_fitted_on(side, um, index, error, spread) for side in (1.0, -1.0)]
    return min(found, key=lambda one: one[0])[1]


def _fitted_on(side: float, um: FloatArray, index: FloatArray, error: float, spread: float) -> tuple[float, TableFit]:
    weight = 1.0 / (2.0 * index * error)
    width = spread * np.asarray(SILICA[:3])
    dopant, departure = 0.0, np.zeros(3)
    low, high = (0.0, 1.0) if side > 0 else (-0.1, 0.0)
    matrix = np.zeros((um.size + 3, 4))
    for _ in range(30):
        terms, resonances = doped(dopant, side)
        basis = _basis(um, resonances)
        step = 1e-6 * side
        after, moved = doped(dopant + step, side)
        matrix[: um.size, 0] = weight * (_basis(um, moved) @ (after + departure) - basis @ (terms + departure)) / step
        matrix[: um.size, 1:] = weight[:, None] * basis
        matrix[um.size :, 1:] = np.diag(1.0 / width)
        right = np.concatenate([weight * (index**2 - 1.0 - basis @ (terms + departure)), -departure / width])
        scale = np.linalg.norm(matrix, axis=0)
        change = np.linalg.lstsq(matrix / scale, right, rcond=1e-15)[0] / scale
        before, dopant = dopant, min(max(dopant + float(change[0]), low), high)
        rest = right - matrix[:, 0] * (dopant - before)  # what is left where the dopant has met its limit
        part, norm = matrix[:, 1:], scale[1:]
        departure = departure + np.linalg.lstsq(part / norm, rest, rcond=1e-15)[0] / norm
        if abs(dopant - before) < 1e-13:
            break
    terms, resonances = doped(dopant, side)
    rest = _basis(um, resonances) @ (terms + departure) - (index**2 - 1.0)
    cost = float(((weight * rest) ** 2).sum() + ((departure / width) ** 2).sum())
    misses = float(np.max(np.abs(np.sqrt(index**2 + rest) - index)))
    _, sizes, directions = np.linalg.svd(matrix / scale, full_matrices=False)
    return cost, TableFit(dopant, departure, directions / np.maximum(sizes, 1e-12)[:, None] / scale, misses)


def _basis(um: FloatArray, resonances: FloatArray) -> FloatArray:
    square = um[:, None] ** 2
    result: FloatArray = square / (square - resonances**2)
    return result


def _dispersion(um: FloatArray, terms: FloatArray, resonances: FloatArray) -> FloatArray:
    """Dispersion -(l/c) n'' of a Sellmeier equation, in ps/(nm km)."""
    far = um[..., None] ** 2 - resonances**2
    square = 1.0 + (terms * um[..., None] ** 2 / far).sum(-1)
    first = (terms * -2.0 * um[..., None] * resonances**2 / far**2).sum(-1)
    second = (terms * 2.0 * resonances**2 * (3.0 * um[..., None] ** 2 + resonances**2) / far**3).sum(-1)
    index = np.sqrt(square)
    slope = first / (2.0 * index)
    curvature = (0.5 * second - slope**2) / index
    result: FloatArray = -um * curvature / SPEED_OF_LIGHT * 1e12
    return result


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
