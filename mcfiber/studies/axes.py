"""The axes of a sweep: which values, along which dimensions, and the blocks that they are cut into."""

import hashlib
import itertools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
import xarray as xr

from mcfiber import units, variables
from mcfiber.descriptions.cable import Cable
from mcfiber.descriptions.errors import DescriptionError, refused, shown, shown_kind
from mcfiber.descriptions.record import Description, plain
from mcfiber.descriptions.system import System
from mcfiber.descriptions.values import RESERVED_AXES, declarations
from mcfiber.studies.memory import refuse_beyond_memory
from mcfiber.typing import AnyArray, FloatArray

Arrangement = Literal["grid", "paired"]

Subject: TypeAlias = System | Cable
"""What is swept over."""

Block = tuple[slice, ...]

RESERVED = {*RESERVED_AXES, "point", "sample"}
"""Names that no description may give an axis, and those of the sweeps' own axes."""


MOST_POINTS = 10**10
"""Points of a sweep at most: days of work."""

MOST_COMBINATIONS = 10_000
"""Combinations of words, whole numbers and descriptions at most: each is a system that is checked by itself."""


@dataclass(frozen=True)
class Dimension:
    """One dimension of a sweep: the paths that change along it, and their values.

    Attributes
    ----------
    name
        Of the dimension.
    values
        By path: an array of numbers, or a tuple of what a structural field takes.
    structural
        Whether the values are looped over (words, whole numbers, descriptions), not broadcast.
    """

    name: str
    values: Mapping[str, FloatArray | tuple[Any, ...]]
    structural: bool

    @property
    def size(self) -> int:
        """Number of points."""
        return len(next(iter(self.values.values())))

    def changes(self, part: slice) -> dict[str, Any]:
        """Changes to the system for a part of the axis (one point of a structural one)."""
        if self.structural:
            return {path: values[part.start] for path, values in self.values.items()}
        return {path: xr.DataArray(values[part], dims=self.name) for path, values in self.values.items()}

    def identity(self) -> dict[str, Any]:
        """Fix the values in a few words, however many they are."""
        if self.structural:
            return {path: [plain(value) for value in values] for path, values in self.values.items()}
        return {
            path: {"values": len(values), "sha256": hashlib.sha256(np.asarray(values).tobytes()).hexdigest()}
            for path, values in self.values.items()
        }


@dataclass(frozen=True)
class Axes:
    """A system and the dimensions that it is swept along."""

    system: Subject
    axes: tuple[Dimension, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each dimension."""
        return tuple(axis.size for axis in self.axes)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the dimensions."""
        return tuple(axis.name for axis in self.axes)

    @cached_property
    def structures(self) -> tuple[Subject, ...]:
        """Systems with every possible combination of the structural values, and the first of the numbers."""
        first = [axis.changes(slice(0, 1)) for axis in self.axes if not axis.structural]
        return tuple(system for _, system in self._possible(_merged(first)))

    def check(self) -> None:
        """Refuse what every combination of the structural values refuses, before anything is computed.

        Raises
        ------
        DescriptionError
            That of the first combination, if none is possible; or if there are too many combinations or points.
        """
        combinations = math.prod(axis.size for axis in self.axes if axis.structural)
        if combinations > MOST_COMBINATIONS:
            paths = ", ".join(path for axis in self.axes if axis.structural for path in axis.values)
            msg = (
                f"over: {paths} make {combinations:,} combinations that are looped over; allowed: {MOST_COMBINATIONS:,}"
            )
            raise refused(msg)
        if (points := math.prod(self.shape)) > MOST_POINTS:
            msg = f"over: the axes make {points:.3g} points; allowed: {MOST_POINTS:.0e}; give fewer values, or samples"
            raise refused(msg)
        numbers = _merged(axis.changes(slice(None)) for axis in self.axes if not axis.structural)
        next(self._possible(numbers))

    def probe(self, points: int) -> tuple[Subject, int]:
        """Make the system of a first block, with the largest structure; and tell its number of points."""
        first = _merged(axis.changes(slice(0, 1)) for axis in self.axes if not axis.structural)
        sizes = {place: one.fiber.cores * one.spectrum.count for place, one in self._possible(first)}
        choices = [axis.size for axis in self.axes if axis.structural]
        largest = iter(np.unravel_index(max(sizes, key=lambda place: sizes[place]), choices)) if choices else iter(())
        shape = self.block_shape(points)
        starts = [int(next(largest)) if axis.structural else 0 for axis in self.axes]
        block = tuple(slice(start, start + step) for start, step in zip(starts, shape, strict=True))
        return self.put(block), math.prod(shape)

    def put(self, block: Block) -> Subject:
        """Make the system of one block: numbers as axes, structural values as they are."""
        parts = list(zip(self.axes, block, strict=True))
        return self._changed(
            _merged(axis.changes(part) for axis, part in parts if axis.structural),
            _merged(axis.changes(part) for axis, part in parts if not axis.structural),
        )

    def _possible(self, numbers: dict[str, Any]) -> Iterator[tuple[int, Subject]]:
        """Number and system of every combination of the structural values that is not refused.

        Raises
        ------
        DescriptionError
            That of the first combination, if none is possible.
        """
        first: DescriptionError | None = None
        found = False
        for place, structure in enumerate(self._combinations()):
            try:
                system = self._changed(structure, numbers)
            except DescriptionError as error:
                first = first or error
                continue
            found = True
            yield place, system
        if first is not None and not found:
            raise first

    def _combinations(self) -> Iterator[dict[str, Any]]:
        choices = [
            [axis.changes(slice(index, index + 1)) for index in range(axis.size)]
            for axis in self.axes
            if axis.structural
        ]
        return map(_merged, itertools.product(*choices))

    def _changed(self, structure: dict[str, Any], numbers: dict[str, Any]) -> Subject:
        """All changes at once, for they may need each other; then numbers inside descriptions that change whole."""
        inside = {path for path in numbers if any(path.startswith(f"{whole}.") for whole in structure)}
        outside = {path: value for path, value in numbers.items() if path not in inside}
        system = self.system.replace(structure | outside)
        return system.replace({path: numbers[path] for path in inside}) if inside else system

    def block_shape(self, points: int) -> tuple[int, ...]:
        """Largest hyper-rectangle, filled from the last dimension, of no more points than allowed."""
        left, shape = max(1, points), []
        for axis in reversed(self.axes):
            step = 1 if axis.structural else min(axis.size, left)
            left = max(1, left // step)
            shape.append(step)
        return tuple(reversed(shape))

    def blocks(self, block_shape: tuple[int, ...]) -> Iterator[Block]:
        """All blocks, as slices of the dimensions."""
        edges = [
            [slice(start, min(start + step, size)) for start in range(0, size, step)]
            for size, step in zip(self.shape, block_shape, strict=True)
        ]
        return itertools.product(*edges)

    def coordinates(self) -> dict[str, Any]:
        """Values of every path along its dimension, with path and unit as attributes."""
        found: dict[str, Any] = {}
        names = dimension_names(self.structures[0].value_at, [path for axis in self.axes for path in axis.values])
        for axis in self.axes:
            for path, values in axis.values.items():
                found[names[path]] = (axis.name, _coordinate(values), _attributes(path))
        return found

    def identity(self) -> dict[str, Any]:
        """Everything that fixes the numbers of this sweep, as plain tables."""
        return {"system": self.system.to_dict(), "axes": {axis.name: axis.identity() for axis in self.axes}}


def grid_or_paired(system: Subject, over: Mapping[str, Any], arrangement: Arrangement = "grid") -> Axes:
    """Make the axes of listed values.

    Parameters
    ----------
    system
        The system at the centre.
    over
        Lists of values by path.
    arrangement
        "grid": a dimension for each path.  "paired": one dimension `point`, for lists of one length.

    Raises
    ------
    DescriptionError
        If there is nothing to sweep over, or a path or value is refused.
    """
    if arrangement not in ("grid", "paired"):
        msg = f"arrangement: got {arrangement!r}; allowed: 'grid', 'paired'"
        raise refused(msg)
    values = _listed(over)
    value_at, structural = _structure(system, values)
    if arrangement == "grid":
        names = dimension_names(value_at, list(values))
        axes = Axes(
            system,
            tuple(Dimension(names[path], {path: given}, path in structural) for path, given in values.items()),
        )
    else:
        axes = Axes(system, (_together("point", values, structural),))
    axes.check()
    return axes


def sampled(system: Subject, over: Mapping[str, Any], samples: int, seed: int) -> Axes:
    """Make one axis `sample` of points that fill the ranges evenly: a scrambled Sobol sequence.

    Parameters
    ----------
    system
        The system at the centre.
    over
        Ranges (low, high) by path.
    samples
        Number of points; the first n of N are the same for any N.
    seed
        Of the scrambling.

    Raises
    ------
    DescriptionError
        If there is nothing to sweep over, or a path, range or value is refused.

    References
    ----------
    .. [1] I. M. Sobol, "On the distribution of points in a cube and the approximate evaluation of integrals," *USSR
       Comput. Math. Math. Phys.*, vol. 7, no. 4, pp. 86-112, 1967.
    """
    from scipy.stats import qmc

    if samples < 1 or samples != int(samples):
        msg = f"samples: got {samples!r}; allowed: a whole number of at least 1"
        raise refused(msg)
    limits = _listed(over)
    refuse_beyond_memory("samples", int(samples), 32.0 * len(limits), "samples", "")
    for path, pair in limits.items():
        if len(pair) != 2 or not _are_numbers(pair) or not pair[0] < pair[1]:
            msg = f"{path}: got {list(pair)!r}; with samples, give the range (low, high)"
            raise refused(msg)
    _, structural = _structure(system, limits)
    low, high = np.array(list(limits.values())).T
    sequence = qmc.Sobol(len(limits), rng=np.random.default_rng(np.random.SeedSequence(seed)))
    points = sequence.random_base2(max(0, math.ceil(math.log2(samples))))[:samples]
    points *= high - low
    points += low
    axis = _together("sample", dict(zip(limits, points.T, strict=True)), structural)
    axes = Axes(system, (axis,))
    axes.check()
    return axes


def dimension_names(value_at: Callable[[str], Any], paths: list[str]) -> dict[str, str]:
    """Name each path by its field, or by the whole path where that is not unique or means something else."""
    short = {path: _field(value_at, path) for path in paths}
    taken = RESERVED | {name for variable in variables.every_variable() for name in (variable.name, *variable.dims)}
    return {
        path: path.replace(".", "_") if word in taken or list(short.values()).count(word) > 1 else word
        for path, word in short.items()
    }


def _merged(changes: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {path: value for change in changes for path, value in change.items()}


def _field(value_at: Callable[[str], Any], path: str) -> str:
    """Last field of a path, with the keys of tables and positions of lists that follow it."""
    words = path.split(".")
    for start in range(len(words) - 1, 0, -1):
        if isinstance(value_at(".".join(words[:start])), Description):
            return "_".join(words[start:])
    return "_".join(words)


def _listed(over: Mapping[str, Any]) -> dict[str, FloatArray | tuple[Any, ...]]:
    """Values of every path: numbers as an array, anything else as a tuple."""
    if not over:
        msg = "over: is empty; give values for at least one path"
        raise refused(msg)
    found: dict[str, FloatArray | tuple[Any, ...]] = {}
    for path, given in over.items():
        if isinstance(given, (str, bytes, Mapping)) or not hasattr(given, "__len__"):
            msg = f"{path}: got {given!r}; an axis is a list of values"
            raise refused(msg)
        if not len(given):
            msg = f"{path}: an empty axis has no points; give at least one value"
            raise refused(msg)
        if getattr(given, "ndim", 1) != 1:
            msg = f"{path}: got an array of shape {given.shape}; an axis has one dimension"
            raise refused(msg)
        found[path] = _numbers(given)
        for value in found[path] if isinstance(found[path], tuple) else ():
            _check_kind(path, value)
    return found


def _check_kind(path: str, value: object) -> None:
    """Refuse what no field of a system takes, such as dates, before it is noted in a store."""
    try:
        json.dumps(plain(value), default=float)
    except (TypeError, ValueError):
        msg = f"{path}: got {shown(value)}, {shown_kind(value)}, which no field of a system takes"
        raise refused(msg) from None


def _numbers(given: Sequence[object] | AnyArray | xr.DataArray) -> FloatArray | tuple[Any, ...]:
    if isinstance(given, (np.ndarray, xr.DataArray)):
        array = np.asarray(given)
        return array.astype(np.float64) if array.dtype.kind == "f" else tuple(array.tolist())
    values = tuple(given)
    plain_numbers = all(isinstance(value, (float, np.floating)) for value in values)
    return np.array(values, dtype=np.float64) if plain_numbers else values


def _structure(
    system: Subject, values: dict[str, FloatArray | tuple[Any, ...]]
) -> tuple[Callable[[str], Any], set[str]]:
    """Find which paths are structural, and turn the others' values into arrays; also tell how to look paths up."""
    structural = {path for path, given in values.items() if not _are_numbers(given)}

    def value_at(path: str) -> object:
        if not path:
            return system
        try:
            return system.value_at(path)
        except DescriptionError:  # perhaps a field of a description that the sweep puts there
            if not any(path.startswith(f"{whole}.") for whole in structural):
                raise
            return _first_possible(system, {whole: values[whole] for whole in structural}).value_at(path)

    for path in values:
        if isinstance(value_at(path), int) or _takes_no_axis(path, value_at):  # whole numbers and truths, and such
            structural.add(path)
        if path not in structural:
            values[path] = np.asarray(values[path], dtype=np.float64)
    return value_at, structural


def _takes_no_axis(path: str, value_at: Callable[[str], Any]) -> bool:
    """Whether a path leads to a real field that can only be one number."""
    whole, _, field = path.rpartition(".")
    owner = value_at(whole) if whole else value_at("")
    rule = declarations(type(owner)).get(field) if isinstance(owner, Description) else None
    return rule is not None and not rule.varies


def _first_possible(system: Subject, values: Mapping[str, Any]) -> Subject:
    """Put the first combination of structural values into a system that it does not refuse."""
    first: DescriptionError | None = None
    for combination in itertools.product(*values.values()):
        try:
            return system.replace(dict(zip(values, combination, strict=True)))
        except DescriptionError as error:
            first = first or error
    raise first or refused("over: is empty; give values for at least one path")


def _are_numbers(values: Sequence[object] | AnyArray) -> bool:
    return isinstance(values, np.ndarray) or all(
        isinstance(value, (int, float, np.number)) and not isinstance(value, bool) for value in values
    )


def _together(name: str, values: Mapping[str, Any], structural: set[str]) -> Dimension:
    """Make one axis of values of several paths, hand in hand."""
    lengths = {path: len(given) for path, given in values.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{path} has {length}" for path, length in lengths.items())
        msg = f"over: paired values need one length, but {told}"
        raise refused(msg)
    if structural:
        path = next(path for path in values if path in structural)
        msg = f"{path}: takes no axis, so it goes into a grid only; one sweep for each of its values does the same"
        raise refused(msg)
    return Dimension(name, values, structural=False)


def _coordinate(values: FloatArray | tuple[Any, ...]) -> AnyArray:
    if isinstance(values, np.ndarray):
        return values
    for kind in (bool, int, float):
        if all(type(value) is kind for value in values):
            return np.array(values)
    texts = [value if isinstance(value, str) else json.dumps(plain(value), default=str) for value in values]
    return np.array(texts, dtype=object)


def _attributes(path: str) -> dict[str, Any]:
    """Path of the field, and its unit, which the field's name spells; keys of tables come after the field."""
    found = (unit for word in reversed(path.split(".")) if (unit := units.unit_of(word)))
    unit = next(found, None)
    return {"path": path} | ({"units": unit.label} if unit else {})
