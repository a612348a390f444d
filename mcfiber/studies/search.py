"""Design search: the values of a system's fields that serve an objective best, within constraints."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.optimize import NonlinearConstraint, differential_evolution

from mcfiber.arguments import NUMBER, SEED, TABLE, TEXT, arguments, real, sequence_of, several, whole
from mcfiber.descriptions.cable import Cable
from mcfiber.descriptions.errors import DescriptionError, refused
from mcfiber.evaluate import evaluate
from mcfiber.status import OK
from mcfiber.studies.axes import grid_or_paired
from mcfiber.studies.fronts import Constraint, non_dominated
from mcfiber.studies.outputs import checked, evaluated
from mcfiber.studies.sweeps import probe, run_block
from mcfiber.typing import FloatArray

if TYPE_CHECKING:
    import xarray as xr

    from mcfiber.descriptions.system import System
    from mcfiber.studies.cables import CableOptimum

Goal = Callable[[FloatArray], FloatArray]

LARGEST = 1e300
"""Stands for a violation without measure: of an output at a point that cannot exist."""

MEMORY_MB = 128.0


_CONSTRAINT = sequence_of(TEXT, real(infinite=True, dims=NUMBER), real(infinite=True, dims=NUMBER))


@dataclass(frozen=True)
class DesignOptimum:
    """One design of a search.

    Attributes
    ----------
    system
        The template with the values that were found.
    values
        Of the fields that were varied, by path.
    objectives
        By name, as the outputs tell them (a minus sign of the name is not applied).
    evaluations
        Number of designs that the whole search evaluated.
    """

    system: "System"
    values: dict[str, float]
    objectives: dict[str, float]
    evaluations: int

    def result(self) -> "xr.Dataset":
        """Evaluate the design."""
        return evaluate(self.system)


@arguments(
    variables=TABLE,
    objective=TEXT,
    constraints=several(_CONSTRAINT, least=0),
    population=whole(low=1, high=10_000),
    generations=whole(low=1),
    tolerance=real(low=0, high=1e9, dims=NUMBER),
    seed=SEED,
)
def optimize_design(
    template: "System",
    variables: Mapping[str, tuple[float, float]],
    objective: str = "total_net_rate",
    constraints: Sequence[Constraint] = (),
    *,
    population: int = 15,
    generations: int = 200,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> DesignOptimum:
    """Find the design with the largest objective.

    Differential evolution, a generation in one evaluation; constraints are kept by comparing violations.

    Parameters
    ----------
    template
        The system whose fields vary.
    variables
        Range (low, high) of every field that varies, by path.
    objective
        What is maximised: an output of `sweep`, as ``"total_net_rate"``, or with a minus sign what is minimised, as
        ``"-crosstalk:max"``; also the path of a variable.
    constraints
        Outputs (or paths of variables) with the smallest and largest value that they may have, in SI units for
        outputs, as in ``("crosstalk:max", 0, 1e-3)``; use infinity for no bound.
    population
        Designs in a generation, per variable.
    generations
        Largest number of generations.
    tolerance
        The search ends when the objectives of a generation spread by less than this part of their mean.
    seed
        The same seed gives the same design.

    Returns
    -------
    DesignOptimum
        The best design, a valid system.

    Raises
    ------
    DescriptionError
        If a path, range, output or constraint is refused, or no design keeps the constraints.

    Notes
    -----
    Differential evolution: [1]_.

    References
    ----------
    .. [1] R. Storn and K. Price, "Differential evolution: a simple and efficient heuristic for global optimization
       over continuous spaces," *J. Global Optim.*, vol. 11, pp. 341-359, 1997. :doi:`10.1023/A:1008202821328`

    Examples
    --------
    >>> import mcfiber
    >>> system = mcfiber.load("nict-2025-1808km").system
    >>> best = optimize_design(system, {"link.launch_power_dbm": (-5.0, 5.0)}, population=4, generations=3)
    >>> best.objectives["total_net_rate"] >= float(system.evaluate().total_net_rate)
    True
    """
    designs = _Designs(template, variables, (objective,), constraints)
    return designs.best(
        designs.search(designs.goal(0), population=population, generations=generations, tolerance=tolerance, seed=seed)
    )


@arguments(
    variables=TABLE,
    objectives=several(TEXT, least=0),
    constraints=several(_CONSTRAINT, least=0),
    directions=whole(low=1, high=10_000),
    population=whole(low=1, high=10_000),
    generations=whole(low=1),
    seed=SEED,
)
def pareto_front(
    template: "System | Cable",
    variables: Mapping[str, Any],
    objectives: Sequence[str],
    constraints: Sequence[Constraint] = (),
    *,
    directions: int = 10,
    population: int = 15,
    generations: int = 50,
    seed: int = 0,
) -> "list[DesignOptimum] | list[CableOptimum]":
    """Find designs that no other beats in every objective.

    Searches in several directions, each for the least of the weighted distances to the best values found so far
    (Chebyshev), and keeps every design on the way that no other one dominates.

    Parameters
    ----------
    template, variables, constraints, population, seed
        As for `optimize_design`.
    objectives
        Two or three.
    directions
        Number of weights between two objectives.
    generations
        Number of generations in each direction.

    Of a `Cable`, every combination of listed values and of nine values of each range is evaluated instead, and
    directions, population, generations and seed play no part.

    Returns
    -------
    list of DesignOptimum, or of CableOptimum
        Valid systems, the best of the first objective first.

    Raises
    ------
    DescriptionError
        As `optimize_design`, and if there are not two or three objectives.

    Notes
    -----
    Weighted Chebyshev distances: [1]_.

    References
    ----------
    .. [1] R. E. Steuer and E.-U. Choo, "An interactive weighted Tchebycheff procedure for multiple objective
       programming," *Math. Program.*, vol. 26, pp. 326-344, 1983.

    Examples
    --------
    >>> import mcfiber
    >>> template = mcfiber.load("ucl-2020-40km").system
    >>> front = pareto_front(
    ...     template, {"link.launch_power_dbm": (-10.0, 0.0)}, ["total_net_rate", "-signal_power:max"],
    ...     directions=2, population=4, generations=2,
    ... )
    >>> front[0].objectives["total_net_rate"] >= front[-1].objectives["total_net_rate"]
    True
    """
    if not 2 <= len(objectives) <= 3 or len(set(objectives)) < len(objectives):
        msg = f"objectives: got {list(objectives)}; allowed: two or three different ones"
        raise refused(msg)
    if isinstance(template, Cable):
        from mcfiber.studies.cables import cable_front  # which stands on this module

        return cable_front(template, variables, objectives, constraints)
    designs = _Designs(template, variables, tuple(objectives), constraints)
    options: dict[str, Any] = {"population": population, "generations": generations, "tolerance": 0.0}
    for index in range(len(objectives)):
        designs.search(designs.goal(index), **options, seed=seed)
    best, worst = designs.limits()
    for number, weights in enumerate(_weights(len(objectives), directions), start=1):
        designs.search(partial(_distance, weights, best, worst), **options, seed=seed + number)
    return designs.front()


class _Quantity(NamedTuple):
    """An output or a variable, and the sign that makes larger better."""

    name: str
    sign: float

    @classmethod
    def read(cls, text: str) -> "_Quantity":
        return cls(text.removeprefix("-"), -1.0 if text.startswith("-") else 1.0)


class _Designs:
    """Every design that a search has met, evaluated once."""

    def __init__(
        self,
        template: "System",
        variables: Mapping[str, tuple[float, float]],
        objectives: tuple[str, ...],
        constraints: Sequence[Constraint],
    ) -> None:
        self._template, self._paths = template, tuple(variables)
        self._bounds = [_range(path, limits) for path, limits in variables.items()]
        self._objectives = tuple(map(_Quantity.read, objectives))
        self._constraints = [_constraint(given) for given in constraints]
        names = dict.fromkeys([one.name for one in self._objectives] + [name for name, _, _ in self._constraints])
        self._names = tuple(names)
        texts = checked([name for name in names if name not in variables] or ["total_net_rate"])
        self._kept = partial(evaluated, texts=texts)
        ends = grid_or_paired(template, {path: list(limits) for path, limits in variables.items()}, "paired")
        try:
            self._plan, self._points = probe(ends, self._kept, MEMORY_MB)
        except DescriptionError as error:
            problems = [("objectives" if path == "outputs" else path, text) for path, text in error.problems]
            raise DescriptionError(error.title, problems) from None
        if wide := [output.text for output in self._plan if output.inner]:
            msg = f"objectives: {wide[0]} differs over cores or channels; write {wide[0]}:max (or min, mean)"
            raise refused(msg)
        self._known: dict[bytes, FloatArray] = {}

    def search(self, goal: Goal, *, population: int, generations: int, tolerance: float, seed: int) -> FloatArray:
        """Values of the best design for a goal: a function of the objectives that is to be small."""
        low = [0.0] + [low for _, low, _ in self._constraints]
        high = [0.0] + [high for _, _, high in self._constraints]

        def energies(x: FloatArray) -> FloatArray:
            energy = goal(self._better(x))
            result: FloatArray = np.where(np.isnan(energy), np.inf, energy)
            return result

        solve: Any = differential_evolution  # its stubs know neither vectorised functions nor several constraints
        found = solve(
            energies,
            self._bounds,
            constraints=(NonlinearConstraint(self._restricted, low, high),),
            popsize=population,
            maxiter=generations,
            tol=tolerance,
            init="sobol",
            updating="deferred",
            vectorized=True,
            polish=False,
            rng=np.random.default_rng(np.random.SeedSequence(seed)),
        )
        row = self._rows(found.x[:, None])[0]
        if (self._violations(row[None]) > 0).any() or np.isnan(row).any():
            raise refused(self._no_design(row))
        result: FloatArray = found.x
        return result

    def goal(self, index: int) -> Goal:
        """Goal of one objective alone."""
        return lambda better: -better[:, index]

    def limits(self) -> tuple[FloatArray, FloatArray]:
        """Best and worst of every objective among the designs that nothing dominates."""
        values = self._feasible()[1]
        front = values[non_dominated(values)]
        return front.max(axis=0), front.min(axis=0)

    def front(self) -> list[DesignOptimum]:
        """All designs that nothing dominates."""
        points, values = self._feasible()
        return [self.best(points[position]) for position in non_dominated(values)]

    def best(self, point: FloatArray) -> DesignOptimum:
        """Make the system of a point."""
        values = dict(zip(self._paths, point.tolist(), strict=True))
        system = self._template.replace(values)
        row = self._rows(point[:, None])[0]
        objectives = {one.name: float(row[1 + self._names.index(one.name)]) for one in self._objectives}
        return DesignOptimum(system, values, objectives, len(self._known))

    def _better(self, x: FloatArray) -> FloatArray:
        """Objectives with the sign that makes larger better. Shape (design, objective)."""
        return self._signed(self._rows(x))

    def _signed(self, rows: FloatArray) -> FloatArray:
        columns = [one.sign * rows[:, 1 + self._names.index(one.name)] for one in self._objectives]
        return np.stack(columns, axis=1)

    def _restricted(self, x: FloatArray) -> FloatArray:
        """Status and what is constrained, finite. Shape (constraint, design)."""
        rows = self._rows(x.reshape(len(self._paths), -1))
        columns = [rows[:, 0]] + [rows[:, 1 + self._names.index(name)] for name, _, _ in self._constraints]
        values = np.stack([np.where(np.isfinite(column), column, LARGEST) for column in columns])
        return values if x.ndim > 1 else values[:, 0]

    def _violations(self, rows: FloatArray) -> FloatArray:
        """How far each constraint is missed. Shape (design, 1 + constraint)."""
        missed = [np.abs(rows[:, 0] - OK)]
        for name, low, high in self._constraints:
            value = np.nan_to_num(rows[:, 1 + self._names.index(name)], nan=LARGEST)
            missed.append(np.maximum(0.0, np.maximum(low - value, value - high)))
        return np.stack(missed, axis=1)

    def _feasible(self) -> tuple[FloatArray, FloatArray]:
        points = np.array([np.frombuffer(key) for key in self._known])
        rows = np.array(list(self._known.values()))
        kept = (self._violations(rows) == 0).all(axis=1) & ~np.isnan(self._signed(rows)).any(axis=1)
        return points[kept], self._signed(rows[kept])

    def _rows(self, x: FloatArray) -> FloatArray:
        """Status and quantities of designs (the columns of x), computed for those that are new."""
        keys = [np.ascontiguousarray(column).tobytes() for column in x.T]
        new = list(dict.fromkeys(key for key in keys if key not in self._known))
        for start in range(0, len(new), self._points):
            part = new[start : start + self._points]
            self._known |= dict(zip(part, self._evaluated(np.array([np.frombuffer(key) for key in part])), strict=True))
        return np.array([self._known[key] for key in keys]).reshape(len(keys), 1 + len(self._names))

    def _evaluated(self, points: FloatArray) -> FloatArray:
        """Evaluate designs in one block. Shape (design, 1 + quantity), the status first."""
        over = dict(zip(self._paths, points.T, strict=True))
        axes = grid_or_paired(self._template, over, "paired")
        block = (slice(0, len(points)),)
        _, arrays = run_block(block, axes.put(block), kept=self._kept, names=axes.names, outputs=self._plan)
        known = over | dict(arrays or {})
        return np.stack([known["status"].astype(np.float64), *(known[name] for name in self._names)], axis=1)

    def _no_design(self, row: FloatArray) -> str:
        missed = self._violations(row[None])[0]
        if missed[0]:
            return "constraints: no design within the ranges can exist; widen or move the ranges"
        (name, low, high), value = next(
            (one, row[1 + self._names.index(one[0])])
            for one, much in zip(self._constraints, missed[1:], strict=True)
            if much > 0
        )
        return (
            f"constraints: no design keeps them all; the nearest one has {name} = {value:g}, allowed: {low:g} to "
            f"{high:g}; loosen the constraint, or widen the ranges"
        )


def _weights(objectives: int, directions: int) -> list[FloatArray]:
    """Weights of all directions between the objectives, without those of one alone."""
    steps = np.arange(1, directions + 1) / (directions + 1)
    if objectives == 2:
        return [np.array([step, 1.0 - step]) for step in steps]
    return [np.array([one, two, 1.0 - one - two]) for one in steps for two in steps if one + two < 1.0 - 1e-9]


def _distance(weights: FloatArray, best: FloatArray, worst: FloatArray, better: FloatArray) -> FloatArray:
    """Largest weighted distance to the best, with a little of the sum so that no objective is given away."""
    apart = weights * (best - better) / np.where(best > worst, best - worst, 1.0)
    distance: FloatArray = apart.max(axis=1) + 1e-3 * apart.sum(axis=1)
    return distance


def _range(path: str, limits: Sequence[float]) -> tuple[float, float]:
    ends = list(limits) if isinstance(limits, (list, tuple, np.ndarray)) else []
    if len(ends) != 2 or not limits[0] < limits[1]:
        msg = f"{path}: got {limits!r}; give the range (low, high)"
        raise refused(msg)
    return float(limits[0]), float(limits[1])


def _constraint(given: Constraint) -> Constraint:
    name, low, high = given
    if not low <= high:
        msg = f"constraints: {name}: got {low!r} to {high!r}; give the smallest and the largest allowed value"
        raise refused(msg)
    return str(name), float(low), float(high)
