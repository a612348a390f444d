"""Where the cores sit, as described."""

import math
from functools import cache
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from mcfiber.descriptions.checks import integer, number, sequence
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.record import Description
from mcfiber.typing import FloatArray, Real
from mcfiber.units import likely

_LEAST_PITCH = 1.0  # um


_PITCH = number(low=_LEAST_PITCH, high=1000)


_Coordinate = Annotated[float, number(low=-10_000, high=10_000, axis=False)]


class _Layout(Description):
    """What all layouts share."""

    @property
    def place_field(self) -> str:
        """Field that says how far apart cores are."""
        return "pitch_um" if "pitch_um" in type(self).model_fields else "positions_um"


class HexagonalLayout(_Layout):
    """Cores on a hexagonal lattice, filled ring by ring around a central core.

    Parameters
    ----------
    cores
        1, 7, 19, 37, 61, ...: complete rings.
    pitch_um
        Distance of neighbouring cores.

    Examples
    --------
    >>> from mcfiber.fiber.geometry import neighbours
    >>> layout = HexagonalLayout(cores=19, pitch_um=35)
    >>> neighbours(layout).sum(axis=1).tolist()[:3]
    [6, 6, 6]
    """

    kind: Literal["hexagonal"] = "hexagonal"
    cores: Annotated[int, integer(low=1, high=1000)]
    pitch_um: Annotated[Real, _PITCH] = 40.0

    @model_validator(mode="after")
    def _complete(self) -> Self:
        complete = [1 + 3 * ring * (ring + 1) for ring in range(19)]
        if self.cores not in complete:
            msg = (
                f"cores: got {self.cores}; allowed: {', '.join(map(str, complete[:6]))}, ... (complete rings); "
                "for other numbers use a ring, square or custom layout"
            )
            raise refused(msg)
        return self

    def unit_positions(self) -> FloatArray:
        """Core centres in units of the pitch, shape (cores, 2)."""
        return _hexagon(self.cores)


class RingLayout(_Layout):
    """Cores on one circle, at equal angles.

    Parameters
    ----------
    cores
        Number of cores, at least 2.
    pitch_um
        Distance of neighbouring cores.
    """

    kind: Literal["ring"] = "ring"
    cores: Annotated[int, integer(low=2, high=1000)]
    pitch_um: Annotated[Real, _PITCH]

    def unit_positions(self) -> FloatArray:
        """Core centres in units of the pitch, shape (cores, 2)."""
        angle = 2 * np.pi * np.arange(self.cores) / self.cores
        return np.column_stack([np.cos(angle), np.sin(angle)]) / (2 * math.sin(math.pi / self.cores))


class SquareLayout(_Layout):
    """Cores on a square lattice, n by n.

    Parameters
    ----------
    cores
        4, 9, 16, ...: square numbers.
    pitch_um
        Distance of neighbouring cores.
    """

    kind: Literal["square"] = "square"
    cores: Annotated[int, integer(low=1, high=1024)]
    pitch_um: Annotated[Real, _PITCH]

    @model_validator(mode="after")
    def _square(self) -> Self:
        if math.isqrt(self.cores) ** 2 != self.cores:
            msg = f"cores: got {self.cores}; allowed: a square number (4, 9, 16, ...)"
            raise refused(msg)
        return self

    def unit_positions(self) -> FloatArray:
        """Core centres in units of the pitch, shape (cores, 2)."""
        side = math.isqrt(self.cores)
        row, column = np.divmod(np.arange(self.cores), side)
        return np.column_stack([column, row]) - (side - 1) / 2


class CustomLayout(_Layout):
    """Cores anywhere.

    Parameters
    ----------
    positions_um
        Centres (x, y) of the cores, from the middle of the fibre; no two at the same place.
    """

    kind: Literal["custom"] = "custom"
    positions_um: Annotated[tuple[tuple[_Coordinate, _Coordinate], ...], sequence(), Field(min_length=1)]

    @model_validator(mode="after")
    def _apart(self) -> Self:
        positions = np.asarray(self.positions_um)
        distance = distances(positions) + np.diag([np.inf] * len(positions))
        if distance.min() <= 0:
            first, second = np.argwhere(distance <= 0)[0]
            msg = f"positions_um: cores {first} and {second} are at the same place; move one"
            raise refused(msg)
        if (least := float(distance.min())) < _LEAST_PITCH:
            first, second = np.argwhere(distance == least)[0]
            told = likely(least, "um", lambda guess: _LEAST_PITCH <= guess <= 10_000)
            msg = (
                f"positions_um: cores {first} and {second} are {least:g} um apart; allowed: at least {_LEAST_PITCH:g} "
                f"um; {told or 'move one'}"
            )
            raise refused(msg)
        return self

    @property
    def cores(self) -> int:
        """Number of cores."""
        return len(self.positions_um)

    @property
    def pitch_um(self) -> float:
        """Smallest distance of two cores (for one core: 1 um, the scale of its coordinates)."""
        positions = np.asarray(self.positions_um)
        if len(positions) == 1:
            return 1.0
        return float((distances(positions) + np.diag([np.inf] * len(positions))).min())

    def unit_positions(self) -> FloatArray:
        """Core centres in units of the smallest distance, shape (cores, 2)."""
        return np.asarray(self.positions_um) / self.pitch_um


Layout = Annotated[HexagonalLayout | RingLayout | SquareLayout | CustomLayout, Field(discriminator="kind")]


def distances(points: FloatArray) -> FloatArray:
    """Distance of every pair of points, shape (point, point)."""
    difference = points[:, None, :] - points[None, :, :]
    return np.hypot(difference[..., 0], difference[..., 1])


@cache
def _hexagon(cores: int) -> FloatArray:
    points = [(0.0, 0.0)]
    ring = 0
    while len(points) < cores:
        ring += 1
        corners = [(ring * math.cos(k * math.pi / 3), ring * math.sin(k * math.pi / 3)) for k in range(6)]
        for side in range(6):
            (x0, y0), (x1, y1) = corners[side], corners[(side + 1) % 6]
            points += [(x0 + (x1 - x0) * step / ring, y0 + (y1 - y0) * step / ring) for step in range(ring)]
    result = np.asarray(points)
    result.setflags(write=False)
    return result
