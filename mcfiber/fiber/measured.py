"""Measured crosstalk of a fibre: the coupling that it tells, and where what is described does not fit the glass."""

import warnings
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from mcfiber import units
from mcfiber.descriptions.errors import ValidityWarning, refused
from mcfiber.descriptions.fiber import MeasuredCrosstalk, MulticoreFiber
from mcfiber.descriptions.groups import Groups, group_numbers
from mcfiber.descriptions.values import PairMatrix
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.coupling import bend_factor, mode_coupling, pairs_of, power_coupling
from mcfiber.fiber.geometry import CorePlaces, neighbours, neighbours_between
from mcfiber.fiber.groups import between_groups
from mcfiber.fiber.modes import LPMode, solved
from mcfiber.fiber.structure import FiberStructure, fiber_structure
from mcfiber.labelled import array, combined, has, quantity, reduced
from mcfiber.typing import FloatArray, Quantity, is_axis

WIDTH_NM = 15.0
"""Width of the channels up to which a crosstalk without slope is taken as the same at all of them."""

STEP_NM = 1.0
"""Distance of the wavelengths between which the slope of the glass is taken."""

SHORT = 1e-6
"""Two-way loss in nepers below which a fibre is taken as lossless, where its series is good to 1e-6."""

MIXING = 5e3
"""Length over which cores must exchange their power to mix: a part of the effective length of nonlinearity. [m]"""


@dataclass(frozen=True)
class Measured:
    """Measured crosstalk in SI: linear ratio at every channel, the length, and the neighbours that it comes from.

    Attributes
    ----------
    ratio
        Of one core, or (core_out, core_in) of every pair. [1]
    length
        Of the measurement. [m]
    neighbours
        Pairs of neighbours as ones, between groups the share of their pairs.
    lit
        Number of neighbours that were lit.
    bends
        Coupling in the line over that of the measurement. [1]
    given
        As measured, at its own wavelength. [1]
    opposite
        Of a core whose neighbours carry light the other way, at the wavelength of the measurement. [1]
    wavelength
        Of the measurement. [m]
    """

    ratio: Quantity
    length: Quantity
    neighbours: FloatArray
    lit: float
    bends: Quantity = 1.0
    given: Quantity = 0.0
    opposite: Quantity = None
    wavelength: Quantity = None

    @classmethod
    def of(cls, fiber: MulticoreFiber, channels: Channels, places: CorePlaces) -> "Measured | None":
        """Enter it; None where nothing is measured, or no cores are received one by one."""
        measured = fiber.crosstalk
        if measured is None or len(fiber.core_groups) == 1:
            return None
        pattern = _neighbours(places, fiber.groups)
        if isinstance(measured.crosstalk_db, PairMatrix):
            pattern = _of_pairs(np.ones_like(pattern) - np.eye(fiber.cores), fiber.groups)
        lit = 1.0 if measured.definition == "pair" else float(pattern.sum(axis=1).max())
        given = _given_ratio(fiber, measured)
        return cls(
            _at_channels(given, fiber, measured, channels),
            quantity(measured, "length_km"),
            pattern,
            lit,
            _bends(fiber, measured, places, channels),
            given,
            quantity(measured, "opposite_crosstalk_db"),
            None if measured.opposite_crosstalk_db is None else quantity(measured, "wavelength_nm"),
        )

    @property
    def too_high(self) -> Quantity:
        """Whether the crosstalk, carried to the channels by its slope, exceeds that of equal powers."""
        wrong = self.ratio >= self.lit
        if not is_axis(wrong):
            return wrong
        wrong = reduced(np.any, wrong, "channel", "core_out", "core_in")
        return wrong if wrong.ndim else bool(wrong)

    def power_coupling(self) -> xr.Variable:
        """Power-coupling coefficient h of every pair of cores. [1/m]

        Nearest neighbours couple equally; farther pairs are taken as uncoupled, which a measurement of the total
        cannot tell apart.  A matrix tells every pair.  The measured value is inverted with the exact solution of the
        coupled-power equations for one core and its n neighbours,
        ``x = n (1 - e^{-(n+1) h L}) / (1 + n e^{-(n+1) h L})``.

        References
        ----------
        .. [1] M. Koshiba et al., "Analytical expression of average power-coupling coefficients for estimating intercore
           crosstalk in multicore fibers," *IEEE Photon. J.*, vol. 4, pp. 1987-1995, 2012.
           :doi:`10.1109/JPHOT.2012.2221085`
        """
        if not is_axis(self.too_high) and self.too_high:
            msg = (
                "fiber.crosstalk.slope_db_per_nm: with this slope some channel has more crosstalk than cores of equal "
                "power can have; lower it, or give the crosstalk at a wavelength nearer to the channels"
            )
            raise refused(msg)
        scale = self._coupling(self.ratio)
        scale = scale if isinstance(self.bends, float) and self.bends == 1.0 else scale * self.bends
        result: xr.Variable = array(("core_out", "core_in"), self.neighbours) * scale
        return result

    def _coupling(self, ratio: Quantity) -> Quantity:
        """Power coupling with each neighbour that gives a crosstalk, as measured. [1/m]"""
        count = self.lit
        with np.errstate(invalid="ignore"):  # points that `too_high` tells
            exponent = units.mapped(lambda x: -np.log1p(-(count + 1) * x / (count * (1 + x))), ratio)
        return exponent / ((count + 1) * self.length)

    def backscatter(self, attenuation: Quantity, channels: Channels) -> Quantity:
        """Power scattered backwards that explains the crosstalk of opposite directions. [1/m]

        Parameters
        ----------
        attenuation
            Of the cores; that of the channel nearest to the measurement counts. [1/m]
        channels
            To which the scattering is carried: with the fourth power of the frequency, of which the captured part
            takes two.

        Notes
        -----
        Between cores of equal loss the crosstalk of opposite directions is to first order ``h r e^(a L)
        [1 - (1 + 2 a L) e^(-2 a L)] / (2 a^2)``, the closed form of Eq. (3) of :doc:`/theory/crosstalk`.

        References
        ----------
        .. [1] E. Brinkmeyer, "Analysis of the backscattering method for single-mode optical fibers," J. Opt. Soc.
           Am. 70, 1010 (1980) (the fraction that is captured).
        """
        loss = reduced(np.mean, attenuation, "core")
        if has(loss, "channel"):
            away = np.abs(np.asarray(channels.wavelength.data) - np.asarray(self.wavelength))
            loss = loss.isel(channel=int(np.argmin(away.reshape(len(channels.bands), -1)[:, 0])))
        share = combined(_two_ways, loss, self.length)
        scattered = self.opposite / (self.lit * self._coupling(self.given) * share)
        return scattered * (self.wavelength / channels.wavelength) ** 2


def _two_ways(loss: Quantity, length: Quantity) -> Quantity:
    """Crosstalk of opposite directions over coupling and scattering. [m^2]"""
    way = 2.0 * loss * length
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (-np.expm1(-way) - way * np.exp(-way)) / (2.0 * loss**2)  # Eq. (3) of docs/theory/crosstalk
    return np.where(way < SHORT, length**2, share) * np.exp(0.5 * way)


def _given_ratio(fiber: MulticoreFiber, measured: MeasuredCrosstalk) -> Quantity:
    """Measured crosstalk at its own wavelength, linear."""
    if isinstance(measured.crosstalk_db, PairMatrix):
        return _pair_ratios(measured.crosstalk_db, fiber.groups)
    return quantity(measured, "crosstalk_db")


def _at_channels(ratio: Quantity, fiber: MulticoreFiber, measured: MeasuredCrosstalk, channels: Channels) -> Quantity:
    """Measured crosstalk at the frequencies of the channels, linear."""
    slope = _slope(fiber, measured, channels)
    if not is_axis(slope) and slope == 0:
        return ratio
    return ratio * np.exp(slope * (channels.wavelength - quantity(measured, "wavelength_nm")))


def _pair_ratios(matrix: PairMatrix, groups: Groups | None) -> xr.Variable:
    """Ratios of the matrix; between groups their mean over the pairs of two groups."""
    values = np.asarray(matrix.core_out_core_in)
    ratio = np.power(10.0, values / 10.0)
    np.fill_diagonal(ratio, 0.0)
    found = array(("core_out", "core_in"), ratio)
    return found if groups is None else between_groups(found, groups)


def _of_pairs(pattern: FloatArray, groups: Groups | None) -> FloatArray:
    if groups is None:
        return pattern
    result: FloatArray = between_groups(array(("core_out", "core_in"), pattern), groups).values
    return result


def _slope(fiber: MulticoreFiber, measured: MeasuredCrosstalk, channels: Channels) -> Quantity:
    """Slope that is given, or that of the glass, or none. [Np/m]"""
    if measured.slope_db_per_nm is not None:
        return quantity(measured, "slope_db_per_nm")
    if fiber.core is not None:
        return _slope_of_glass(fiber_structure(fiber), quantity(measured, "wavelength_nm"))
    wavelength = np.asarray(channels.wavelength.data) * 1e9
    width = float(wavelength.max() - wavelength.min())
    if width > WIDTH_NM:
        text = (
            f"fiber.crosstalk has no slope_db_per_nm, and the channels reach over {width:.0f} nm; crosstalk is taken "
            "as the same at all of them, though it grows by about 0.1 dB/nm; give the slope, or 0"
        )
        warnings.warn(text, ValidityWarning, stacklevel=2)
    return 0.0


def _slope_of_glass(structure: FiberStructure, wavelength: Quantity) -> Quantity:
    """Growth of the strongest power coupling with wavelength, at the wavelength of the measurement. [Np/m]"""
    dims, place = getattr(wavelength, "dims", ()), np.asarray(wavelength)
    ends = array((*dims, "channel"), place[..., None] + np.array([-0.5, 0.5]) * STEP_NM * 1e-9)
    found = solved(0, 1, ends, structure.profile)
    coupling = power_coupling(structure, mode_coupling(structure, ends, found), pairs_of(structure, ends, found))
    strongest = reduced(np.max, coupling, "core_out", "core_in")
    logs = units.mapped(np.log, strongest)
    return (logs.isel(channel=1) - logs.isel(channel=0)) / (STEP_NM * 1e-9)


def _bends(fiber: MulticoreFiber, measured: MeasuredCrosstalk, places: CorePlaces, channels: Channels) -> Quantity:
    """Coupling at the bend radius of the line over that at the radius of the measurement."""
    if measured.bend_radius_mm is None:
        return 1.0
    factor = quantity(fiber, "elasto_optic")
    radii = (quantity(one, "bend_radius_mm") * factor for one in (fiber, measured))
    line, spool = (
        bend_factor(fiber_glass(fiber), radius, places, reduced(np.mean, channels.wavelength, "channel"))
        for radius in radii
    )
    return line / spool


def fiber_glass(fiber: MulticoreFiber) -> tuple[Quantity, Quantity]:
    """Correlation length and spread of effective indices, which bends compete with. [m, 1]"""
    return quantity(fiber, "correlation_length_m"), quantity(fiber, "index_spread")


def _neighbours(places: CorePlaces, groups: Groups | None) -> FloatArray:
    """Pairs of neighbours as ones; between groups, the share of their pairs that are nearest."""
    if groups is None:
        return neighbours(places).astype(np.float64)
    nearest = neighbours_between(places, group_numbers(groups)).astype(np.float64)
    return _of_pairs(nearest, groups)


def warn_uncoupled(fiber: MulticoreFiber, structure: FiberStructure, wavelength: xr.Variable, found: LPMode) -> None:
    """Warn where cores that are said to be randomly coupled are not, by their own glass.

    Parameters
    ----------
    fiber
        Its coupling and groups.
    structure, wavelength, found
        Glass, wavelengths (m), and the modes of the cores.

    Warns
    -----
    ValidityWarning
        If no pair of cores of a group exchanges its power, ``1/h``, within `MIXING`.

    References
    ----------
    .. [1] T. Hayashi, T. Taru, O. Shimakawa, T. Sasaki, and E. Sasaoka, "Design and fabrication of ultra-low crosstalk
       and low-loss multi-core fiber," *Opt. Express*, vol. 19, pp. 16576-16592, 2011 (phase-matching points).
    """
    middle = wavelength.isel(channel=slice(wavelength.sizes["channel"] // 2, wavelength.sizes["channel"] // 2 + 1))
    one = replace(found, **{name: _at_middle(value, wavelength) for name, value in vars(found).items()})
    kappa = mode_coupling(structure, middle, one)
    pairs = pairs_of(structure, middle, one)
    h = power_coupling(structure, kappa, pairs)
    together = group_numbers(fiber.core_groups)
    inside = array(
        ("core_out", "core_in"), ((together[:, None] == together) & ~np.eye(len(together), dtype=bool)) * 1.0
    )
    strongest = np.asarray(reduced(np.max, combined(np.multiply, h, inside), "core_out", "core_in", "channel"))
    if not np.any(strongest * MIXING < 1.0):
        return
    weakest = 1e-3 / max(float(np.nanmin(strongest)), 1e-15)
    text = (
        f'fiber.coupling: "{fiber.coupling}" says that cores mix, but by their glass they exchange their power only '
        f'within {weakest:.3g} km; describe them as "weak", or bring the cores closer'
    )
    warnings.warn(text, ValidityWarning, stacklevel=2)


def _at_middle(value: Quantity, wavelength: xr.Variable) -> Quantity:
    if "channel" not in getattr(value, "dims", ()):
        return value
    middle = wavelength.sizes["channel"] // 2
    return value.isel(channel=slice(middle, middle + 1))
