"""Constellations: points, labels and probabilities, and their moments."""

import math
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from mcfiber.arguments import FORMATS, arguments
from mcfiber.descriptions.errors import refused, shown, suggestion
from mcfiber.descriptions.formats import (
    SHAPED_SIDES,
    UNIFORM_FORMATS,
    Format,
    GeometricFormat,
    PointFormat,
    ShapedFormat,
    SingleFormat,
    candidates,
)
from mcfiber.receiver.geometric import mirrored, shaped_points
from mcfiber.typing import AnyArray, ComplexArray, FloatArray


@dataclass(frozen=True, eq=False)
class SymbolLine:
    """Symbols of one real dimension, ascending; in units of the root of a symbol's energy in the plane."""

    levels: FloatArray
    probabilities: FloatArray
    labels: AnyArray
    bits: int


@dataclass(frozen=True, eq=False)
class Constellation:
    """Symbols of unit mean energy.

    Attributes
    ----------
    points
        The symbols. Shape (symbol,).
    labels
        Bits of each, as an integer. Shape (symbol,).
    probabilities
        How often each is sent. Shape (symbol,).
    lines
        The real and the imaginary dimension, where they are independent of each other; else none.
    """

    points: ComplexArray
    labels: AnyArray
    probabilities: FloatArray
    lines: tuple[SymbolLine, ...] = ()

    @property
    def bits(self) -> int:
        """Number of bits of a label; not all labels need occur."""
        return int(self.labels.max()).bit_length()

    @cached_property
    def entropy(self) -> float:
        """Entropy of the symbols, in bit."""
        return _entropy(self.probabilities)

    @cached_property
    def smallest_distance(self) -> float:
        """Distance of the closest two symbols."""
        if self.lines:
            return min(float(np.diff(line.levels).min()) for line in self.lines)
        distance = np.abs(self.points[:, None] - self.points)
        return float(distance[~np.eye(len(self.points), dtype=bool)].min())

    @cached_property
    def is_mirrored(self) -> bool:
        """Whether mirroring at either axis only flips the same bits of all labels."""
        place = {_key(point): index for index, point in enumerate(self.points)}
        for images in (self.points.conj(), -self.points.conj()):
            found = [place.get(_key(point), -1) for point in images]
            flips = self.labels ^ self.labels[found]
            same = np.allclose(self.probabilities, self.probabilities[found], rtol=1e-12)
            if -1 in found or not same or np.any(flips != flips[0]):
                return False
        return True


def constellation(modulation: SingleFormat) -> Constellation:
    """Build the constellation of a format: unit energy, Gray labels or what comes closest.

    Labels: binary-reflected Gray codes of both dimensions where these are independent, of which squares whose sides
    are no power of two have the middle part; for the 8QAM of two
    rings the best of all labellings, even words inside and odd ones outside; for crosses the labels of the
    rectangle whose outer columns are folded onto it [1]_.

    References
    ----------
    .. [1] J. G. Smith, "Odd-bit quadrature amplitude-shift keying," IEEE Transactions on Communications
       23(3), 385-389, 1975.
    """
    if isinstance(modulation, ShapedFormat):
        line = shaped_line(SHAPED_SIDES[modulation.base], modulation.entropy / 2.0)
        return _product(line, line)
    if isinstance(modulation, PointFormat):
        return _from_points(modulation)
    if isinstance(modulation, GeometricFormat):
        return _moved(modulation)
    if modulation not in UNIFORM_FORMATS:
        msg = f"format: got {shown(modulation)}{suggestion(str(modulation).upper(), UNIFORM_FORMATS)}"
        raise refused(msg)
    bits = UNIFORM_FORMATS[modulation]
    if modulation == "8QAM":
        return _two_rings()
    if modulation == "rectangular-8QAM" or bits % 2 == 0:
        return _rectangle((bits + 1) // 2, bits // 2)
    return _cross(bits)


@arguments(modulation=FORMATS)
def symbol_moments(modulation: Format) -> tuple[float, float]:
    """Excess fourth and sixth moments of a format, which the nonlinear interference depends on.

    Parameters
    ----------
    modulation
        A format that is one constellation.

    Returns
    -------
    tuple
        Phi = ``E|b|^4 / E^2 - 2`` and Psi = ``E|b|^6 / E^3 - 9 E|b|^4 / E^2 + 12``; both are 0 for Gaussian symbols.

    Raises
    ------
    ValueError
        If the format may be one of several.

    References
    ----------
    .. [1] A. Carena, G. Bosco, V. Curri, Y. Jiang, P. Poggiolini, F. Forghieri, "EGN model of non-linear fiber
       propagation," Opt. Express 22(13), 16335-16362, 2014.

    Examples
    --------
    >>> phi, psi = symbol_moments("16QAM")
    >>> f"{phi:.4f} {psi:.4f}"
    '-0.6800 2.0800'
    """
    several = candidates(modulation)
    if len(several) > 1:
        msg = "modulation: the moments of the best of several formats are those of the one chosen; ask for that one"
        raise ValueError(msg)
    only = several[0]
    return _named_moments(only) if isinstance(only, str) else _moments(only)


def _moments(modulation: SingleFormat) -> tuple[float, float]:
    known = constellation(modulation)
    energy = np.abs(known.points) ** 2
    second, fourth, sixth = (float(np.sum(known.probabilities * energy**power)) for power in (1, 2, 3))
    fourth /= second**2
    return fourth - 2.0, sixth / second**3 - 9.0 * fourth + 12.0


_named_moments = cache(_moments)


def gray(count: int) -> AnyArray:
    """Binary-reflected Gray labels of a row of levels, or of its middle part where no power of two is left."""
    whole = 1 << (count - 1).bit_length()
    order = np.arange(count) + (whole - count) // 2
    return order ^ (order >> 1)


def shaped_line(count: int, entropy: float) -> SymbolLine:
    """Equidistant levels with Maxwell-Boltzmann probabilities of a given entropy (bit)."""
    odd = np.arange(1.0 - count, count, 2.0)
    low, high = 0.0, 50.0  # at 50 only the innermost two levels are left
    for _ in range(200 if entropy < math.log2(count) else 0):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _entropy(_boltzmann(odd, middle)) > entropy else (low, middle)
    probabilities = _boltzmann(odd, low)
    # Levels so rare that they vanish in double precision would have no logarithm.
    probabilities = np.maximum(probabilities, 1e-300)
    levels: FloatArray = odd / math.sqrt(2.0 * float(np.sum(probabilities * odd**2)))
    return SymbolLine(levels, probabilities, gray(count), (count - 1).bit_length())


def _boltzmann(levels: FloatArray, rate: float) -> FloatArray:
    weights = np.exp(-rate * (levels**2 - 1.0))
    result: FloatArray = weights / weights.sum()
    return result


def _entropy(probabilities: FloatArray) -> float:
    """Entropy in bit; symbols so rare that they vanish in double precision add nothing."""
    positive = probabilities[probabilities > 0.0]
    return float(-np.sum(positive * np.log2(positive)))


def _product(real: SymbolLine, imaginary: SymbolLine) -> Constellation:
    points = (real.levels[:, None] + 1j * imaginary.levels).ravel()
    labels = ((real.labels[:, None] << imaginary.bits) | imaginary.labels).ravel()
    return Constellation(
        points, labels, np.outer(real.probabilities, imaginary.probabilities).ravel(), (real, imaginary)
    )


def _rectangle(real_bits: int, imaginary_bits: int) -> Constellation:
    sides = [np.arange(1.0 - 2**bits, 2**bits, 2.0) for bits in (real_bits, imaginary_bits)]
    scale = 1.0 / math.sqrt(sum(float(np.mean(side**2)) for side in sides))
    lines = [
        SymbolLine(side * scale, np.full(len(side), 1.0 / len(side)), gray(len(side)), len(side).bit_length() - 1)
        for side in sides
    ]
    return _product(*lines)


def _two_rings() -> Constellation:
    inner = np.array([1 + 1j, -1 + 1j, -1 - 1j, 1 - 1j])
    outer = (1.0 + math.sqrt(3.0)) * np.array([1, 1j, -1, -1j])
    return _uniform(np.concatenate([inner, outer]), np.array([0, 3, 5, 6, 2, 1, 7, 4]))


def _cross(bits: int) -> Constellation:
    wide, high = 2 ** ((bits + 1) // 2), 2 ** ((bits - 1) // 2)
    x, y = (side.ravel() for side in np.meshgrid(np.arange(1.0 - wide, wide, 2.0), np.arange(1.0 - high, high, 2.0)))
    labels = np.add.outer(gray(high), gray(wide) * high).ravel()
    arm = wide // 4  # width of a column that is folded, twice the number of its amplitudes
    columns, near = np.abs(x) > 3 * arm, np.abs(y) < arm
    # The halves of a column fold apart, so that rows that were neighbours stay so [1].
    across = np.where(near, 4 * arm - np.abs(x), np.abs(x) - 2 * arm)
    over = np.where(near, 2 * arm + np.abs(y), 4 * arm - np.abs(y))
    x, y = np.where(columns, np.sign(x) * across, x), np.where(columns, np.sign(y) * over, y)
    return _uniform(x + 1j * y, labels)


def _uniform(points: ComplexArray, labels: AnyArray) -> Constellation:
    scaled = points / math.sqrt(float(np.mean(np.abs(points) ** 2)))
    return Constellation(scaled, labels, np.full(len(points), 1.0 / len(points)))


def _from_points(modulation: PointFormat) -> Constellation:
    pairs = np.array(modulation.points)
    points = pairs[:, 0] + 1j * pairs[:, 1]
    count = len(points)
    labels = np.array(modulation.labels or range(count), dtype=np.int64)
    probabilities = np.array(modulation.probabilities or np.full(count, 1.0 / count))
    scale = math.sqrt(float(np.sum(probabilities * np.abs(points) ** 2)))
    return Constellation(points / scale, labels, probabilities)


@cache
def _moved(modulation: GeometricFormat) -> Constellation:
    base = constellation(modulation.base)
    labels = {_key(point): label for point, label in zip(base.points, base.labels, strict=True)}
    first = base.points[(base.points.real > 0.0) & (base.points.imag > 0.0)]
    quadrant = np.concatenate([first.real, first.imag])
    x, y = mirrored(quadrant)
    in_order = np.array([labels[_key(complex(*place))] for place in zip(x, y, strict=True)])
    found = shaped_points(quadrant, 10.0 ** (0.1 * modulation.snr_db), in_order, base.bits, base.smallest_distance)
    x, y = mirrored(found)
    return _uniform(x + 1j * y, in_order)


def _key(point: complex) -> tuple[int, int]:
    return round(point.real * 1e9), round(point.imag * 1e9)
