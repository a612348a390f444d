"""The best cable: pairs, cores, spans, bandwidth and launch powers under a feed, within constraints."""

import itertools
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr

from mcfiber import units
from mcfiber.arguments import NUMBER, TABLE, TEXT, arguments, real, sequence_of, several
from mcfiber.cable import cable_quantities, evaluate_cable
from mcfiber.descriptions.cable import Cable
from mcfiber.descriptions.errors import DescriptionError, ValidityWarning, refused, shown
from mcfiber.descriptions.line import Amplifier
from mcfiber.descriptions.record import Description
from mcfiber.descriptions.record import axes as axes_of
from mcfiber.descriptions.system import System
from mcfiber.descriptions.values import Declaration, declarations
from mcfiber.dimensions import spread
from mcfiber.evaluate import records
from mcfiber.status import OK
from mcfiber.studies.fronts import Constraint, non_dominated
from mcfiber.studies.launch import optimize_launch
from mcfiber.studies.outputs import PointRefused, checked, evaluated
from mcfiber.studies.waterfilling import filled_powers
from mcfiber.typing import AnyArray, FloatArray

COARSE = 7
"""Values of a range that a search begins with."""

FINE = 5
"""Values of a range around the best one, in every round."""

ROUNDS = 8
"""Rounds, each of which halves the distance of the values: a range is known to 1/1536."""

FRONT = 9
"""Values of a range that a front is made of."""

LARGEST_BLOCK = 2048
"""Designs of one evaluation at most, so that memory is bounded and it can be stopped."""

BANDWIDTH = "bandwidth_thz"

SPAN = "system.link.span.length_km"

Shape = Literal["as described", "water-filling", "gradient"]

_CONSTRAINT = sequence_of(TEXT, real(infinite=True, dims=NUMBER), real(infinite=True, dims=NUMBER))


@dataclass(frozen=True)
class CableOptimum:
    """One cable of a search.

    Attributes
    ----------
    cable
        With the values that were found.
    system
        One of its fibres, with the pump that the feed gives: it evaluates by itself to the rate of a fibre pair.
    result
        Evaluation of the cable.
    values
        Of what was varied, by path.
    objectives
        By name, as the outputs tell them (a minus sign of the name is not applied).
    evaluations
        Number of designs that the whole search evaluated.
    """

    cable: Cable
    system: System
    result: xr.Dataset
    values: dict[str, Any]
    objectives: dict[str, float]
    evaluations: int


@arguments(variables=TABLE, objective=TEXT, constraints=several(_CONSTRAINT, least=0))
def optimize_cable(
    cable: Cable,
    variables: Mapping[str, Any],
    objective: str = "cable_net_rate",
    constraints: Sequence[Constraint] = (),
    *,
    launch: Shape = "as described",
    progress: Callable[[int, int], None] | None = None,
) -> CableOptimum:
    """Find the cable with the largest objective.

    Every combination of what is listed is evaluated, pairs and other numbers as axes of one evaluation; what has a
    range is searched in rounds that close in on the best, for each combination of listed descriptions by itself.

    Parameters
    ----------
    cable
        The cable whose fields vary.
    variables
        By path a list of values (numbers, words or descriptions), or the range ``(low, high)`` of a real field, as in
        ``{"fiber_pairs": range(1, 25), "system.fiber": [one, two], "system.link.span.length_km": (40, 120)}``.
    objective
        What is maximised: a variable of the result, as ``"cable_net_rate"``, or with a minus sign what is minimised,
        as ``"-energy_per_bit"``.
    constraints
        Outputs (or paths of variables) with the smallest and largest value that they may have, in SI units for
        outputs, as in ``("energy_per_bit", 0, 25e-12)``.
    launch
        Shape of the launch powers of the best cable: "as described"; "water-filling", by Eq. (9) of
        :doc:`/theory/power-fed-cables`, which leaves interference out; or "gradient", from there by `optimize_launch`.
        A shape that is worse than the one described is not taken.
    progress
        Called with the number of finished combinations and of all.

    Returns
    -------
    CableOptimum
        The best cable, and a valid system.

    Raises
    ------
    DescriptionError
        If a path, value, output or constraint is refused, or no cable keeps the constraints.

    Notes
    -----
    Eq. (1) to Eq. (4) of :doc:`/theory/power-fed-cables`.

    Examples
    --------
    >>> import mcfiber
    >>> cable = mcfiber.load_cable("nec-2026-7000km-2core").cable
    >>> best = optimize_cable(cable, {"fiber_pairs": [8, 16, 24], "system.link.span.length_km": (55.0, 65.0)})
    >>> best.values["fiber_pairs"]
    24
    """
    search = _Search(cable, variables, (objective,), constraints)
    best = search.best(progress or (lambda _done, _all: None))
    found = search.optimum(best)
    return found if launch == "as described" else _shaped(found, search, launch)


def cable_front(
    cable: Cable,
    variables: Mapping[str, Any],
    objectives: Sequence[str],
    constraints: Sequence[Constraint] = (),
) -> list[CableOptimum]:
    """Cables that no other beats in every objective; of a range nine values are tried.

    Parameters
    ----------
    cable, variables, constraints
        As for `optimize_cable`.
    objectives
        Two or three.

    Returns
    -------
    list of CableOptimum
        The best of the first objective first.

    Raises
    ------
    DescriptionError
        As `optimize_cable`.

    Notes
    -----
    Eq. (1) to Eq. (4) of :doc:`/theory/power-fed-cables`.

    Examples
    --------
    >>> import mcfiber
    >>> cable = mcfiber.load_cable("nec-2026-7000km-4core").cable
    >>> front = cable_front(cable, {"fiber_pairs": [8, 16, 24]}, ["cable_net_rate", "-energy_per_bit"])
    >>> front[0].values
    {'fiber_pairs': 24}
    """
    search = _Search(cable, variables, tuple(objectives), constraints)
    return [search.optimum(design) for design in search.front()]


# ---------------------------------------------------------------------------------------------------------
# the search


@dataclass(frozen=True)
class _Design:
    """One design: its values by path, its objectives with the sign that makes larger better, and what it misses."""

    values: dict[str, Any]
    better: tuple[float, ...]
    missed: float


class _Search:
    """Designs over listed values and ranges."""

    def __init__(
        self, cable: Cable, variables: Mapping[str, Any], objectives: tuple[str, ...], constraints: Sequence[Constraint]
    ) -> None:
        if own := next(axes_of(cable), None):
            msg = f"cable: has an axis at {own[0]}; give one number there, and its values among the variables"
            raise refused(msg)
        self._cable, self._constraints = cable, [_checked(one) for one in constraints]
        self._signs = {name.removeprefix("-"): -1.0 if name.startswith("-") else 1.0 for name in objectives}
        names = dict.fromkeys([*self._signs, *(name for name, _, _ in self._constraints)])
        self._texts = checked([name for name in names if name not in variables] or ["cable_net_rate"])
        self._loops: dict[str, tuple[Any, ...]] = {}
        self._listed: dict[str, FloatArray] = {}
        self._ranges: dict[str, tuple[float, float]] = {}
        for path, given in variables.items():
            self._sort(path, given)
        self._refused: DescriptionError | None = None
        self.evaluations = 0

    def _sort(self, path: str, given: Any) -> None:
        """Put a variable where its values belong."""
        rule = self._rule(path)
        takes_axis = path == "fiber_pairs" or (rule is not None and "axis" in rule.varies)
        if rule is not None and isinstance(given, tuple) and len(given) == 2 and path != "fiber_pairs":
            self._ranges[path] = _range(path, given)
            return
        if isinstance(given, (str, bytes, Mapping)) or not hasattr(given, "__len__") or not len(given):
            msg = f"{path}: got {shown(given)}; allowed: a list of values, or the range (low, high) of a real field"
            raise refused(msg)
        values = tuple(value.item() if isinstance(value, np.generic) else value for value in given)
        if takes_axis and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
            self._listed[path] = np.asarray(values, dtype=np.float64)
        else:
            self._loops[path] = values

    def _rule(self, path: str) -> Declaration | None:
        """What the field at a path declares, where it is real-valued."""
        whole, _, field = path.rpartition(".")
        owner = self._cable.value_at(whole) if whole else self._cable
        self._cable.value_at(path)
        return declarations(type(owner)).get(field) if isinstance(owner, Description) else None

    def best(self, progress: Callable[[int, int], None]) -> _Design:
        """The best design that keeps the constraints."""
        found: list[_Design] = []
        combinations = list(itertools.product(*self._loops.values()))
        first: DescriptionError | None = None
        for done, values in enumerate(combinations):
            progress(done, len(combinations))
            try:
                found.append(self._closed_in(dict(zip(self._loops, values, strict=True))))
            except DescriptionError as error:
                first = first or error
        progress(len(combinations), len(combinations))
        if not found:
            raise first or refused("variables: no cable can be evaluated")
        best = min(found, key=_order)
        if best.missed > 0.0 or not np.isfinite(best.better[0]):
            raise refused(self._no_design(best))
        return best

    def _closed_in(self, loop: dict[str, Any]) -> _Design:
        """The best design of a combination: a coarse grid over the ranges, then finer ones around the best."""
        axes = {path: self._steps(path, low, high, COARSE) for path, (low, high) in self._ranges.items()}
        step = {path: (high - low) / (COARSE - 1) for path, (low, high) in self._ranges.items()}
        best = min(self._designs(loop, axes), key=_order, default=None)
        if best is None:
            raise self._refused or refused("variables: no cable can be evaluated")
        for _ in range(ROUNDS if axes else 0):
            around = {}
            for path, (low, high) in self._ranges.items():
                middle = best.values[path]
                around[path] = self._steps(path, max(low, middle - step[path]), min(high, middle + step[path]), FINE)
                around[path] = _different(np.append(around[path], middle))
                step[path] *= 0.5
            if all(len(values) == 1 for values in around.values()):
                break  # nothing lies between: whole spans and whole channels
            best = min([best, *self._designs(loop, around)], key=_order)
        return best

    def _steps(self, path: str, low: float, high: float, count: int) -> FloatArray:
        values = np.linspace(low, high, count)
        if path == SPAN and not {"length_km"} & {*self._loops, *self._listed, *self._ranges}:
            length = float(self._cable.length_km)
            return np.unique(length / np.maximum(1.0, np.round(length / values)))  # of whole spans
        if path != BANDWIDTH:
            return values
        spacing = 1e-3 * float(self._cable.system.spectrum.groups[0].spacing_ghz)
        whole = np.unique(np.floor(values / spacing * (1.0 + 1e-9))) * spacing
        least = math.ceil(self._ranges[path][0] / spacing * (1.0 - 1e-9)) * spacing
        return np.unique(np.maximum(whole, least))

    def front(self) -> list[_Design]:
        """Designs that nothing dominates."""
        axes = {path: self._steps(path, low, high, FRONT) for path, (low, high) in self._ranges.items()}
        found: list[_Design] = []
        for values in itertools.product(*self._loops.values()):
            found += self._designs(dict(zip(self._loops, values, strict=True)), axes)
        good = [one for one in found if one.missed == 0.0 and np.isfinite(one.better).all()]
        if not found:
            raise self._refused or refused("variables: no cable can be evaluated")
        if not good:
            raise refused(self._no_design(min(found, key=_order)))
        return [good[place] for place in non_dominated(np.array([one.better for one in good]))]

    def _designs(self, loop: dict[str, Any], ranges: Mapping[str, FloatArray]) -> Iterator[_Design]:
        """The best design of every evaluation, or all of them where there are several objectives."""
        bandwidths = ranges.get(BANDWIDTH, np.array([np.nan]))
        numbers = self._listed | {path: values for path, values in ranges.items() if path != BANDWIDTH}
        for bandwidth in bandwidths:
            given = loop | ({} if np.isnan(bandwidth) else {BANDWIDTH: float(bandwidth)})
            for block in _blocks(numbers):
                yield from self._evaluated(given, block)

    def _evaluated(self, given: dict[str, Any], numbers: Mapping[str, FloatArray]) -> list[_Design]:
        names = {path: f"search_{place}" for place, path in enumerate(numbers)}
        axes = {path: xr.DataArray(values, dims=names[path]) for path, values in numbers.items()}
        cable = self._cable.replace(given | axes)
        dims, shape = tuple(names.values()), tuple(len(values) for values in numbers.values())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ValidityWarning)  # said of the best one
            try:
                found = evaluated(cable, self._texts)
            except PointRefused as error:  # as of a bandwidth beyond what the amplifiers know; others may do
                self._refused = self._refused or DescriptionError(error.title, error.problems)
                return []
            except DescriptionError as error:
                told = [("objective" if path == "outputs" else path, text) for path, text in error.problems]
                raise DescriptionError(error.title, told) from None
        self.evaluations += max(1, math.prod(shape))
        table = {name: np.broadcast_to(spread(value, dims), shape) for name, value in found.items()}
        grid = np.meshgrid(*numbers.values(), indexing="ij") if numbers else []
        table |= dict(zip(numbers, grid, strict=True))
        known = {name: np.full(shape, value) for name, value in given.items() if isinstance(value, (int, float))}
        return self._chosen(given, numbers, known | table, shape)

    def _chosen(
        self,
        given: dict[str, Any],
        numbers: Mapping[str, FloatArray],
        table: dict[str, AnyArray],
        shape: tuple[int, ...],
    ) -> list[_Design]:
        missed = np.where(table["status"] == OK, 0.0, np.inf)
        for name, low, high in self._constraints:
            value = table[name]
            scale = max(abs(low) if np.isfinite(low) else 0.0, abs(high) if np.isfinite(high) else 0.0) or 1.0
            with np.errstate(invalid="ignore"):
                over = np.maximum(0.0, np.maximum(low - value, value - high)) / scale
            missed = missed + np.where(np.isnan(over), np.inf, over)
        better = np.stack([sign * table[name] for name, sign in self._signs.items()], axis=-1)

        def design(place: Any) -> _Design:
            values = given | {path: _plain(path, one[k]) for (path, one), k in zip(numbers.items(), place, strict=True)}
            return _Design(values, tuple(better[place].tolist()), float(missed[place]))

        if len(self._signs) > 1:
            return [design(place) for place in np.ndindex(shape)]
        order = np.lexsort((-np.nan_to_num(better[..., 0].ravel(), nan=-np.inf), missed.ravel()))
        return [design(np.unravel_index(order[0], shape))]

    def optimum(self, design: _Design) -> CableOptimum:
        """Evaluate a design by itself."""
        cable = self._cable.replace(design.values)
        if SPAN in design.values:  # whole spans: their length is the cable's over their number
            spans = max(1, round(cable.length_km / cable.span.length_km))
            cable = cable.replace({SPAN: cable.length_km / spans})
        return self.optimum_of(cable, {path: cable.value_at(path) for path in design.values})

    def optimum_of(self, cable: Cable, values: dict[str, Any]) -> CableOptimum:
        """Everything that is told of one cable."""
        result = evaluate_cable(cable)
        system, _ = cable_quantities(cable)
        told = {name: values[name] if name in values else _number(result, name) for name in self._signs}
        return CableOptimum(cable, system, result, values, told, self.evaluations)

    def objective(self, found: CableOptimum) -> float:
        """The first objective with the sign that makes larger better."""
        name, sign = next(iter(self._signs.items()))
        return sign * found.objectives[name]

    def keeps(self, found: CableOptimum) -> bool:
        """Whether a cable keeps the constraints."""
        values = [found.values.get(name, None) for name, _, _ in self._constraints]
        told = [
            _number(found.result, name) if value is None else value
            for value, (name, _, _) in zip(values, self._constraints, strict=True)
        ]
        return all(low <= value <= high for value, (_, low, high) in zip(told, self._constraints, strict=True))

    def _no_design(self, best: _Design) -> str:
        if not np.isfinite(best.missed):
            return "constraints: no cable within the values and ranges can exist; widen or move them"
        found = self.optimum(best)
        for name, low, high in self._constraints:
            value = found.values[name] if name in found.values else _number(found.result, name)
            if not low <= value <= high:
                return (
                    f"constraints: no cable keeps them all; the nearest one has {name} = {value:g}, allowed: {low:g} "
                    f"to {high:g}; loosen the constraint, or widen the ranges"
                )
        return "constraints: no cable keeps them all; loosen them, or widen the ranges"


def _different(values: FloatArray) -> FloatArray:
    """Ascending values without those that differ by rounding alone."""
    ascending = np.sort(values)
    kept: FloatArray = ascending[np.append(True, np.diff(ascending) > 1e-9 * np.abs(ascending[1:]))]
    return kept


def _order(design: _Design) -> tuple[float, float]:
    first = design.better[0]
    return design.missed, math.inf if math.isnan(first) else -first


def _blocks(numbers: Mapping[str, FloatArray]) -> Iterator[dict[str, FloatArray]]:
    """Grids of no more designs than one evaluation may have, cut along the longest axis."""
    size = math.prod(len(values) for values in numbers.values())
    if size <= LARGEST_BLOCK or not numbers:
        yield dict(numbers)
        return
    longest = max(numbers, key=lambda path: len(numbers[path]))
    half = len(numbers[longest]) // 2
    for part in (numbers[longest][:half], numbers[longest][half:]):
        yield from _blocks(dict(numbers) | {longest: part})


def _plain(path: str, value: float) -> Any:
    return round(value) if path == "fiber_pairs" else float(value)


def _number(result: xr.Dataset, name: str) -> float:
    variable, _, reduction = name.partition(":")
    value = result[variable]
    return float(getattr(value, reduction)()) if reduction else float(value)


def _range(path: str, given: tuple[Any, ...]) -> tuple[float, float]:
    low, high = given
    if isinstance(low, bool) or not all(isinstance(one, (int, float)) for one in given) or not low < high:
        msg = f"{path}: got {given!r}; give the range (low, high)"
        raise refused(msg)
    return float(low), float(high)


def _checked(given: Constraint) -> Constraint:
    name, low, high = given
    if not low <= high:
        msg = f"constraints: {name}: got {low!r} to {high!r}; give the smallest and the largest allowed value"
        raise refused(msg)
    return str(name), float(low), float(high)


# ---------------------------------------------------------------------------------------------------------
# the shape of the launch powers


def _shaped(found: CableOptimum, search: _Search, launch: str) -> CableOptimum:
    """The cable with the best of the shapes that were asked for."""
    tried = [found, search.optimum_of(water_filled(found.cable), found.values)]
    if launch == "gradient":
        start = max(tried, key=search.objective)
        tried.append(search.optimum_of(_by_gradient(start), found.values))
    return max(filter(search.keeps, tried), key=search.objective)


def water_filled(cable: Cable, *, rounds: int = 8) -> Cable:
    """Cable whose launch powers share the photons of its amplifiers as is best without interference.

    Parameters
    ----------
    cable
        Without axes, whose code has a gap to Shannon's limit (1 is taken for others).
    rounds
        In which the length of the erbium and the shape settle.

    Raises
    ------
    DescriptionError
        If it has axes, or cannot exist.

    Notes
    -----
    Eq. (9) of :doc:`/theory/power-fed-cables`: a photon costs every channel what its gain takes.

    Examples
    --------
    >>> import mcfiber
    >>> cable = mcfiber.load_cable("nec-2026-7000km-2core").cable
    >>> bool(water_filled(cable).evaluate().cable_net_rate > cable.evaluate().cable_net_rate)
    True
    """
    code = cable.system.transceiver.code
    gap = 10.0 ** (0.1 * float(getattr(code, "gap_db", 0.0)))
    for _ in range(rounds):
        system, values = cable_quantities(cable)
        scene, _ = records(system)
        count = scene.channels.count
        launch, noise = (_by_channel(values[name], count) for name in ("signal_power", "ase_power"))
        weight = np.ones(count)
        if scene.line.driven is not None:
            weight = _by_channel(scene.line.driven.photons, count)
        powers = filled_powers(weight, noise * gap, float(weight @ launch))
        shape = units.dbm(np.maximum(powers, 1e-6 * powers.max()))
        listed = scene.channels.listed(shape)
        cable = cable.replace({"system.link.launch_power_dbm": {"channel": list(listed)}, **_frozen_spectrum(cable)})
    return cable


def _frozen_spectrum(cable: Cable) -> dict[str, Any]:
    """The channels that fill the bandwidth, described: a list by channel belongs to their number."""
    return {} if cable.bandwidth_thz is None else {"system.spectrum": cable.spectrum}


def _by_channel(value: Any, count: int) -> FloatArray:
    plain = spread(value, ("core", "channel")).mean(axis=0)
    wide: FloatArray = np.array(np.broadcast_to(plain, (count,)))
    return wide


def _by_gradient(found: CableOptimum) -> Cable:
    """Cable whose shape `optimize_launch` finds within the output of its amplifiers."""
    system, result = found.system, found.result
    scene, _ = records(system)
    given: dict[str, Any] = {
        "link.launch_power_dbm": {"channel": list(scene.channels.listed(_dbm_of(result, "signal_power")))},
        "link.total_launch_power_dbm": None,
    }
    if scene.line.driven is not None:
        figure = units.decibels(_by_channel(scene.line.noise_figure, scene.channels.count))
        given["link.amplifier"] = Amplifier(noise_figure_db={"channel": list(scene.channels.listed(figure))})
    output = float(result["amplifier_output_power"].mean())
    best = optimize_launch(system.replace(given), core_power_limit_dbm=float(units.dbm(output)))
    shape = list(scene.channels.listed(best.launch_power_dbm))
    return found.cable.replace({"system.link.launch_power_dbm": {"channel": shape}, **_frozen_spectrum(found.cable)})


def _dbm_of(result: xr.Dataset, name: str) -> FloatArray:
    value = result[name]
    plain = value.mean("core") if "core" in value.dims else value
    wide: FloatArray = np.broadcast_to(units.dbm(plain.values), (result.sizes["channel"],))
    return wide
