"""Modulation formats, as described: by name, shaped in probability or in place, points, or the best of several."""

import math
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Discriminator, Tag, model_validator

from mcfiber.descriptions.checks import sequence
from mcfiber.descriptions.choices import checked_choices, every, which
from mcfiber.descriptions.errors import refused, shown
from mcfiber.descriptions.record import Description
from mcfiber.descriptions.values import number

UNIFORM_FORMATS = {
    "QPSK": 2,
    "8QAM": 3,
    "rectangular-8QAM": 3,
    "16QAM": 4,
    "32QAM": 5,
    "64QAM": 6,
    "128QAM": 7,
    "256QAM": 8,
    "512QAM": 9,
    "1024QAM": 10,
}
"""Bits per symbol of the formats that have a name."""

SHAPED_SIDES = {"16QAM": 4, "36QAM": 6, "64QAM": 8, "100QAM": 10, "144QAM": 12, "256QAM": 16, "1024QAM": 32}
"""Levels of each dimension of the squares whose probabilities can be shaped.

Where they are no power of two they are the inner ones of the next power of two: 36QAM is 64QAM without its outermost
levels, and has 6 bits a symbol.
"""


def shaped_bits(base: str) -> int:
    """Bits of a label of a square that can be shaped."""
    return 2 * (SHAPED_SIDES[base] - 1).bit_length()


def _known(name: str) -> str:
    if name not in (*UNIFORM_FORMATS, "best"):
        kinds = "shaped, points, geometric or best"
        msg = f"got {shown(name)}; allowed: {', '.join(UNIFORM_FORMATS)}, best, or a table of kind {kinds}"
        raise ValueError(msg)
    return name


def _pairs(value: object) -> Any:
    """Turn complex numbers into pairs, which TOML and JSON can hold."""
    if isinstance(value, (np.ndarray, list, tuple)):
        array = np.asarray(value)
        if array.ndim == 1 and array.dtype.kind == "c":
            return tuple((float(point.real), float(point.imag)) for point in array)
        return array.tolist() if isinstance(value, np.ndarray) else value
    return value


class ShapedFormat(Description):
    """Square QAM with Maxwell-Boltzmann probabilities: the more energy, the rarer.

    Parameters
    ----------
    base
        The constellation. 36QAM is 64QAM without its outermost levels, and keeps the labels of the others: truncated
        64QAM [2]_, in which these are not sent. So are 100QAM and 144QAM parts of 256QAM.
    entropy
        Entropy of its symbols in bit, above 2 and at most that of uniform symbols.

    References
    ----------
    .. [1] F. R. Kschischang, S. Pasupathy, "Optimal nonuniform signaling for Gaussian channels," IEEE Trans.
       Inf. Theory 39(3), 913-929, 1993.
    .. [2] I. Fernandez de Jauregui Ruiz et al., "25.4-Tb/s transmission over transpacific distances using truncated
       probabilistically shaped PDM-64QAM," J. Lightw. Technol. 36(6), 1354-1361, 2018.

    Examples
    --------
    >>> ShapedFormat(base="64QAM", entropy=5.0).entropy
    5.0
    >>> ShapedFormat.for_rate("64QAM", net_bits=4.0, code_rate=0.75).entropy
    5.5
    >>> ShapedFormat.for_rate("36QAM", net_bits=3.0, code_rate=0.75).entropy  # of 6 bits a label, 1.5 are parity
    4.5
    """

    kind: Literal["shaped"] = "shaped"
    base: Literal["16QAM", "36QAM", "64QAM", "100QAM", "144QAM", "256QAM", "1024QAM"]
    entropy: Annotated[
        float,
        number(
            above=2.0,
            high=10.0,
            varies="",
            remedy="every entropy is a constellation of its own: give one number, and loop over them",
        ),
    ]

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        most = 2.0 * math.log2(SHAPED_SIDES[self.base])
        if self.entropy > most:
            msg = f"entropy: got {self.entropy:g}; {self.base} carries at most {most:g} bit"
            raise refused(msg)
        return self

    @classmethod
    def for_rate(cls, base: str, *, net_bits: float, code_rate: float) -> Self:
        """Choose the entropy with which a code of one rate carries a net rate (shaping before the code).

        Parameters
        ----------
        base
            The constellation.
        net_bits
            Net bits per symbol and polarisation, ``entropy - (1 - code_rate) * bits`` with the bits of a label.
        code_rate
            Rate of the code.
        """
        bits = shaped_bits(base) if base in SHAPED_SIDES else 0  # the base is refused below
        return cls(base=base, entropy=net_bits + (1.0 - code_rate) * bits)


MOST_POINTS = 4096

SMALLEST, LARGEST, CLOSEST = 1e-100, 1e100, 1e-5
"""Scale of the points of a constellation, and their least distance, relative to it."""


class PointFormat(Description):
    """Any constellation: points, with labels and probabilities.

    Parameters
    ----------
    points
        2 to 4096 symbols as pairs (real, imaginary) or complex numbers, in any scale.
    labels
        Bits of each point, as an integer below the next power of two of their number; where that is no power of two
        some labels do not occur. Left out, a point's position in the list, which is hardly ever the best.
    probabilities
        How often each is sent; left out, equally often.

    Notes
    -----
    Of a label that does not occur the receiver knows so: its probability is zero in all bit metrics. Codes count the
    bits of a label, ``entropy - (1 - code_rate) * bits`` is what they leave; a code that is to leave out labels needs
    a distribution matcher.

    Examples
    --------
    Three phases, and 6 of the 8 labels of three bits:

    >>> PointFormat(points=[(1, 0), (-0.5, 0.866), (-0.5, -0.866)]).labels
    ()
    >>> PointFormat(points=[1, 1j, -1, -1j, 0.3, -0.3], labels=[0, 1, 3, 2, 4, 7]).labels
    (0, 1, 3, 2, 4, 7)
    """

    kind: Literal["points"] = "points"
    points: Annotated[tuple[tuple[float, float], ...], BeforeValidator(_pairs)]
    labels: Annotated[tuple[int, ...], sequence()] = ()
    probabilities: Annotated[tuple[float, ...], sequence()] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        count = len(self.points)
        _check_points(self.points)
        most = 2 ** (count - 1).bit_length() - 1
        if self.labels and not (len(self.labels) == len(set(self.labels)) == count and _within(self.labels, most)):
            msg = f"labels: got {shown(list(self.labels))}; give {count} different whole numbers, 0 to {most}"
            raise refused(msg)
        if self.probabilities and not (
            len(self.probabilities) == count
            and min(self.probabilities) > 0.0
            and math.isclose(sum(self.probabilities), 1.0, rel_tol=1e-9)
        ):
            msg = f"probabilities: give {count} values above 0 that sum to 1"
            raise refused(msg)
        return self


def _within(labels: tuple[int, ...], most: int) -> bool:
    return min(labels) >= 0 and max(labels) <= most


def _check_points(points: tuple[tuple[float, float], ...]) -> None:
    """Refuse points that are too few or too many, of no scale, or too close to each other."""
    count = len(points)
    if not 2 <= count <= MOST_POINTS or len(set(points)) < count:
        msg = f"points: got {len(set(points))} different points of {count}; allowed: 2 to {MOST_POINTS}, each once"
        raise refused(msg)
    if not np.all(np.isfinite(points)):
        msg = "points: got a value that is not finite"
        raise refused(msg)
    peak = float(np.abs(points).max())
    if not SMALLEST <= peak <= LARGEST:
        msg = f"points: got values up to {peak:g}; allowed: {SMALLEST:g} to {LARGEST:g} (any scale will do)"
        raise refused(msg)
    if len(np.unique(np.round(np.asarray(points) / peak / CLOSEST), axis=0)) < count:
        msg = f"points: got two that are closer than {CLOSEST:g} of the largest value; leave one of them out"
        raise refused(msg)


GEOMETRIC_SNR_DB = {"16QAM": (4, 16), "32QAM": (7, 19), "64QAM": (9, 22), "128QAM": (12, 25), "256QAM": (15, 28)}
"""Constellations whose points can be moved, and the signal-to-noise ratios for which."""


class GeometricFormat(Description):
    """QAM whose points are moved to where they carry most at one signal-to-noise ratio: geometric shaping.

    All points are sent equally often and keep their labels; the four quadrants mirror each other. They are moved to the
    largest GMI over additive white Gaussian noise that a search finds [1]_, always the same one. It takes one or two
    seconds for 64 points and ten for 256, once a process.

    Parameters
    ----------
    base
        The constellation whose points are moved.
    snr_db
        Signal-to-noise ratio at the decision for which. Below the range points fall together, so that a smaller
        constellation carries as much; above it every constellation carries all its bits.

    References
    ----------
    .. [1] N. S. Loghin et al., "Non-uniform constellations for ATSC 3.0," IEEE Trans. Broadcast. 62(1), 197-203, 2016.

    Examples
    --------
    >>> GeometricFormat(base="64QAM", snr_db=12.0).snr_db
    12.0
    """

    kind: Literal["geometric"] = "geometric"
    base: Literal["16QAM", "32QAM", "64QAM", "128QAM", "256QAM"]
    snr_db: Annotated[
        float,
        number(
            low=4.0,
            high=28.0,
            varies="",
            remedy="every ratio makes a constellation of its own: give one number, and loop over them",
        ),
    ]

    @model_validator(mode="after")
    def _worthwhile(self) -> Self:
        low, high = GEOMETRIC_SNR_DB[self.base]
        if not low <= self.snr_db <= high:
            remedy = (
                "take a smaller base, whose points do not fall together" if self.snr_db < low else "take a larger base"
            )
            msg = f"snr_db: got {self.snr_db:g} dB; allowed for {self.base}: {low} to {high} dB; {remedy}"
            raise refused(msg)
        return self


DESCRIBED_FORMATS = (ShapedFormat, PointFormat, GeometricFormat)
"""Formats that have no name but a description."""

SingleFormat = Annotated[str, AfterValidator(_known)] | ShapedFormat | PointFormat | GeometricFormat


class BestFormat(Description):
    """For every channel the format with the highest net rate.

    GMI is not nested: at low signal-to-noise ratios 256QAM carries less than 16QAM.

    Parameters
    ----------
    candidates
        The formats to choose from.
    """

    kind: Literal["best"] = "best"
    candidates: tuple[SingleFormat, ...] = ("QPSK", "8QAM", "16QAM", "32QAM", "64QAM", "128QAM", "256QAM", "1024QAM")

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.candidates or "best" in self.candidates:
            msg = "candidates: give at least one format, none of them best"
            raise refused(msg)
        return self


Format = SingleFormat | BestFormat

FormatsByPlace = Annotated[
    Annotated[Format, Tag("_one")] | Annotated[dict[str, Format | tuple[Format, ...]], Tag("_several")],
    Discriminator(which),
    AfterValidator(checked_choices),
]
"""One format, or one for each band, ``{C = "16QAM", L = "QPSK"}``, channel or core, ``{core = [...]}``."""


def candidates(modulation: Any) -> tuple[SingleFormat, ...]:
    """List the formats that a transceiver may use."""
    if isinstance(modulation, dict):
        found = [one for part in every(modulation) for one in candidates(part)]
        return tuple(one for place, one in enumerate(found) if one not in found[:place])
    if isinstance(modulation, str) and modulation == "best":
        return BestFormat().candidates
    return modulation.candidates if isinstance(modulation, BestFormat) else (modulation,)


def format_name(modulation: SingleFormat) -> str:
    """Name a format for tables and attributes, without spaces."""
    if isinstance(modulation, ShapedFormat):
        return f"{modulation.base}-{modulation.entropy:g}bit"
    if isinstance(modulation, GeometricFormat):
        return f"{modulation.base}-for-{modulation.snr_db:g}dB"
    return f"{len(modulation.points)}-points" if isinstance(modulation, PointFormat) else modulation
