"""The best launch powers, by exact gradients."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.optimize import minimize

from mcfiber import units
from mcfiber.arguments import NUMBER, NUMBERS, arguments, choice, real, several
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.models import refuse_contradictions
from mcfiber.dimensions import spread
from mcfiber.evaluate import evaluate, quantities, records
from mcfiber.labelled import array, as_variable, combined
from mcfiber.line.budget import Scene, behind_filters, entering
from mcfiber.line.crosstalk import line_pairs
from mcfiber.line.mode_loss import mode_dependent_loss
from mcfiber.line.power import droop, droop_slope
from mcfiber.receiver.decoder import at_decoder
from mcfiber.receiver.penalty import mdl_penalty
from mcfiber.receiver.rates import achievable_rate
from mcfiber.status import OK, failure
from mcfiber.studies.launch_gradient import NoiseOfLaunch, optimum_power
from mcfiber.typing import AnyArray, FloatArray, Quantity

if TYPE_CHECKING:
    import xarray as xr

    from mcfiber.descriptions.system import System

Variables = Literal["channel", "band", "flat"]
Launch = tuple[float, ...] | dict[str, float] | float
Objective = Literal["net_rate", "shannon", "minimum_snr"]

SHARPNESS = (4.0, 16.0, 64.0, 256.0)
"""Of the smooth minimum of "minimum_snr", one run after the other; the last is within ln(channels)/256 nepers."""


POWER_LIMIT_DBM = real(low=-200, high=200, infinite=True, dims=NUMBER)


@dataclass(frozen=True)
class LaunchOptimum:
    """The best launch powers that were found.

    Attributes
    ----------
    system
        The system with these powers.
    result
        Its evaluation.
    launch_power_dbm
        Of each channel (of the cores without an offset). Shape (channel,).
    value
        The objective: net or Shannon rate in bit/s, or the smallest signal-to-noise ratio.
    evaluations
        Number of evaluations of objective and gradient.
    core_launch_offset_db
        Of each core, where groups of cores were launched differently. Shape (core,).
    """

    system: "System"
    result: "xr.Dataset"
    launch_power_dbm: FloatArray
    value: float
    evaluations: int
    core_launch_offset_db: FloatArray | None = None


@arguments(
    by=choice("channel", "band", "flat"),
    core_groups=several(NUMBERS),
    objective=choice("net_rate", "shannon", "minimum_snr"),
    core_power_limit_dbm=POWER_LIMIT_DBM,
    fiber_power_limit_dbm=POWER_LIMIT_DBM,
)
def optimize_launch(
    system: "System",
    *,
    by: Variables = "channel",
    core_groups: Sequence[Sequence[int]] | None = None,
    objective: Objective = "net_rate",
    core_power_limit_dbm: float = math.inf,
    fiber_power_limit_dbm: float = math.inf,
) -> LaunchOptimum:
    """Find the launch powers with the highest rate, or the best worst channel.

    Gradients are exact (adjoints of the interference, of the Raman equations and of the amplifiers' noise), so
    powers of hundreds of channels are found in a second.  Every core is launched alike unless there are `core_groups`:
    crosstalk then makes a quiet core worth what it spares its neighbours.  How much spatial mode
    dispersion lowers the interference of coupled cores depends on the powers a little: it is settled in three rounds.

    Parameters
    ----------
    system
        The line, without axes and Raman pumps; its launch powers are only a start.
    by
        One power for each "channel", for each "band", or one for all ("flat").
    core_groups
        Numbers of weakly coupled cores that share an offset of their launch powers, every core in one group, as in
        ``[[0], [1, 2, 3, 4, 5, 6]]``; the first group has the offset 0.
    objective
        "net_rate", or "shannon": sum over cores and channels.  "minimum_snr": the smallest signal-to-noise ratio at
        the decoder.
    core_power_limit_dbm, fiber_power_limit_dbm
        Largest total power of one core, and of all cores together.

    Returns
    -------
    LaunchOptimum
        System, its evaluation and the powers.

    Raises
    ------
    DescriptionError
        If the system has axes, or breaks a rule of `mcfiber.descriptions.models.RULES` for "optimize_launch": pumps, a
        code of one fixed rate (its net rate has no slope), a format correction, an interference model without
        gradient, the triangular Raman model; with `core_groups` also a `crosstalk_probability`.

    Notes
    -----
    Derivatives of Eq. (2) of :doc:`/theory/nonlinear-interference`, or of Eq. (1) and Eq. (3) of
    :doc:`/theory/raman-scattering`; see `mcfiber.kernels.launch_gradient`.

    Examples
    --------
    >>> import mcfiber
    >>> system = mcfiber.load("ucl-2019-6300km").system
    >>> best = optimize_launch(system, by="flat")
    >>> best.value >= float(system.evaluate().total_net_rate)
    True
    """
    if core_groups is not None:
        limits = units.watts(core_power_limit_dbm), units.watts(fiber_power_limit_dbm)
        return _optimum_by_cores(CoreLaunchProblem(system, core_groups, objective), by, limits)
    problem = LaunchProblem(system, objective)
    groups, _ = _groups(problem.bands, by)
    limit = min(units.watts(core_power_limit_dbm), units.watts(fiber_power_limit_dbm) / problem.cores)
    launch = problem.maximise(groups, limit)
    dbm = units.dbm(launch)
    best = system.replace({"link.launch_power_dbm": problem.described(dbm, by)})
    return LaunchOptimum(best, evaluate(best), dbm, problem.value(launch), problem.evaluations)


class LaunchProblem:
    """An objective of the launch powers, with its exact gradient.

    Parameters
    ----------
    system
        The line.
    objective
        "net_rate", "shannon" or "minimum_snr".

    Examples
    --------
    >>> import mcfiber
    >>> problem = LaunchProblem(mcfiber.load("ucl-2019-6300km").system, "shannon")
    >>> value, gradient = problem.value_and_gradient(problem.start)
    >>> gradient.shape == problem.start.shape
    True
    """

    def __init__(self, system: "System", objective: Objective = "net_rate") -> None:
        _check(system, objective)
        self.system, self.objective = system, objective
        scene, self._receiver = records(system)
        given = quantities(scene, self._receiver)
        if int(given["status"]) != OK:
            raise failure(int(given["status"]), given)
        self._scene, self._grid = scene, scene.channels
        self.bands, self.cores = scene.channels.bands, scene.medium.cores
        self.noise = NoiseOfLaunch(scene)
        self._following = _rows(following_noise(scene), self._grid.count)
        self._modes = 2 * scene.medium.coupled_cores  # in every group, by the rules of the optimiser
        self._loss = mode_dependent_loss(
            as_variable(scene.line.mode_dependent_loss),
            modes=self._modes,
            spans=scene.line.count,
            repeat=scene.line.repeat,
        ).effective
        self.sharpness = SHARPNESS[-1]
        self.evaluations = 0
        self.start = self._start(np.broadcast_to(np.asarray(scene.power.launch, dtype=float), (self._grid.count,)))

    def described(self, dbm: FloatArray, by: Variables) -> Any:
        """Launch powers as a description takes them: a list by channel in its order, a table by band, or one number."""
        if by == "channel":
            return self._grid.listed(dbm)
        groups, bands = _groups(self.bands, by)
        values = dict(zip(bands, dbm[np.unique(groups, return_index=True)[1]].tolist(), strict=True))
        return values if by == "band" else float(dbm[0])

    def value(self, launch: FloatArray) -> float:
        """Objective for the launch power of each channel; the true minimum for "minimum_snr"."""
        self.noise.settle(launch)
        _, gsnr = self._ratios(launch)
        if self.objective == "minimum_snr":
            return float(self._received(gsnr).min())
        return float(self._rates(gsnr).sum()) * self._copies(gsnr)

    def value_and_gradient(self, launch: FloatArray) -> tuple[float, FloatArray]:
        """Objective and its derivative by each launch power; a smooth minimum in nepers for "minimum_snr".

        Parameters
        ----------
        launch
            Shape (channel,). [W]
        """
        self.evaluations += 1
        added, gsnr = self._ratios(launch)
        value, by_gsnr = self._of_gsnr(gsnr)
        # 1/gsnr = (ase + nli)/launch, drooping, + what follows the signal
        by_noise = -by_gsnr * gsnr**2 * self._droop_slope(added) / launch
        direct = -(by_noise * added).sum(axis=0)
        return value, direct + self.noise.pullback(by_noise, by_noise)

    def maximise(self, groups: AnyArray, limit: float = math.inf) -> FloatArray:
        """Powers that maximise the objective, equal within each group of channels.

        Parameters
        ----------
        groups
            Number of each channel's group. Shape (channel,).
        limit
            Largest sum of the powers. [W]

        Returns
        -------
        FloatArray
            Shape (channel,). [W]
        """
        start = np.array([np.log(self.start[groups == group]).mean() for group in range(groups.max() + 1)])
        found = start
        for _ in range(3 if self.noise.mixes else 1):  # the effect of mode dispersion settles with the powers
            self.noise.settle(np.exp(found[groups]))
            found = self._search(lambda x: np.exp(x[groups]), found, groups)
        if np.exp(found[groups]).sum() <= limit:
            within: FloatArray = np.exp(found[groups])
            return within

        # The best powers exceed the limit, so the limit is reached: shares of it remain to be found.
        def shares(x: FloatArray) -> FloatArray:
            weights = np.exp(x[groups] - x.max())
            result: FloatArray = limit * weights / weights.sum()
            return result

        return shares(self._search(shares, found, groups, limit))

    def _search(
        self, powers: Callable[[FloatArray], FloatArray], start: FloatArray, groups: AnyArray, limit: float = 0.0
    ) -> FloatArray:
        def descend(x: FloatArray) -> tuple[float, FloatArray]:
            launch = powers(x)
            value, gradient = self.value_and_gradient(launch)
            by_log = gradient * launch
            if limit:
                by_log = by_log - launch * by_log.sum() / limit  # the powers' sum stays
            by_group = np.bincount(groups, weights=by_log)
            return -value / scale, -by_group / scale

        x = start
        for sharpness in SHARPNESS if self.objective == "minimum_snr" else SHARPNESS[-1:]:
            self.sharpness = sharpness
            scale = abs(self.value_and_gradient(powers(x))[0]) or 1.0
            options: Any = {"maxiter": 1000, "maxcor": 30, "ftol": 1e-13, "gtol": 1e-9}
            x = minimize(descend, x, method="L-BFGS-B", jac=True, options=options).x
        if not np.isfinite(x).all():
            msg = "optimize_launch: the search met powers whose evaluation fails; begin with other launch powers"
            raise refused(msg)
        result: FloatArray = x
        return result

    def _start(self, launch: FloatArray) -> FloatArray:
        """Optimum of every channel for the interference that it meets now."""
        ase, nli = self.noise(launch)
        eta = nli.mean(axis=0) / launch**3
        result: FloatArray = np.clip(optimum_power(ase.mean(axis=0), eta), 1e-6, 1.0)
        return result

    def _ratios(self, launch: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What the spans add to noise over signal, and the signal-to-noise ratio of the line."""
        ase, nli = self.noise(launch)
        added = (ase + nli) / launch
        return added, 1.0 / (self._droop(added) + self._following)

    def _droop(self, added: FloatArray) -> FloatArray:
        """Noise over signal behind amplifiers that hold what they hold."""
        line = self._scene.line
        held: FloatArray = added if line.power_control == "signal" else droop(added, line.amplifiers)
        return held

    def _droop_slope(self, added: FloatArray) -> Quantity:
        line = self._scene.line
        return 1.0 if line.power_control == "signal" else droop_slope(added, line.amplifiers)

    def _copies(self, gsnr: FloatArray) -> float:
        """Cores that one row stands for."""
        return float(self.cores) / len(gsnr)

    def _of_gsnr(self, gsnr: FloatArray) -> tuple[float, FloatArray]:
        """Objective, and its derivative by the line's signal-to-noise ratio in each core and channel."""
        if self.objective == "minimum_snr":
            level, slope = _slope(lambda one: np.log(self._received(one)), gsnr)
            weights = np.exp(-self.sharpness * (level - level.min()))
            value = float(level.min() - math.log(weights.sum()) / self.sharpness)
            return value, slope * weights / weights.sum()
        rates, slope = _slope(self._rates, gsnr)
        copies = self._copies(gsnr)
        return float(rates.sum()) * copies, slope * copies

    def _received(self, gsnr: FloatArray) -> FloatArray:
        """Ratio at the decoder; any leading dimensions."""
        labelled = array(("step", "core", "channel")[-gsnr.ndim :], gsnr)
        passed = behind_filters(self._scene, labelled)

        def penalty_of(ratio: Quantity, loss: Quantity) -> Quantity:
            return mdl_penalty(ratio, loss, modes=self._modes, receiver=self._receiver.kind)

        snr = at_decoder(self._scene, self._receiver, passed, self._loss, penalty_of)["snr"]
        result: FloatArray = snr.transpose(*labelled.dims).data
        return result

    def _rates(self, gsnr: FloatArray) -> FloatArray:
        """Rate of each channel in one core; any leading dimensions. [bit/s]"""
        symbol_rate = _rows(self._grid.symbol_rate, self._grid.count)[0]
        snr = self._received(gsnr)
        if self.objective == "shannon":
            bound: FloatArray = 2.0 * symbol_rate * np.log2(1.0 + snr)
            return bound
        labelled = array(("step", "core", "channel")[-gsnr.ndim :], snr)
        rate = achievable_rate(self._receiver, labelled, array(("channel",), symbol_rate))["net_rate"]
        result: FloatArray = rate.transpose(*labelled.dims).data
        return result


class CoreLaunchProblem(LaunchProblem):
    """An objective of launch powers by channel, and of an offset by group of weakly coupled cores.

    Parameters
    ----------
    system, objective
        As for `LaunchProblem`.
    core_groups
        Numbers of the cores of each group.
    """

    def __init__(
        self, system: "System", core_groups: Sequence[Sequence[int]], objective: Objective = "net_rate"
    ) -> None:
        super().__init__(system, objective)
        scene, cores = self._scene, self.cores
        if scene.medium.coupled_cores > 1:
            msg = "core_groups: randomly coupled cores share their light, so none has a power of its own; leave it out"
            raise refused(msg)
        if scene.choices.crosstalk_probability is not None:
            msg = "core_groups: are launched for the mean crosstalk; leave models.crosstalk_probability out"
            raise refused(msg)
        if sorted(core for group in core_groups for core in group) != list(range(cores)):
            told = list(map(list, core_groups))
            msg = f"core_groups: got {told}; allowed: every core from 0 to {cores - 1} in one group"
            raise refused(msg)
        self.member = np.empty(cores, dtype=np.int64)
        for number, group in enumerate(core_groups):
            self.member[list(group)] = number
        self._others = _rows(following_noise(scene, without="crosstalk"), self._grid.count)
        self._pairs = np.zeros((cores, cores, self._grid.count))
        if scene.medium.power_coupling is not None:
            pairs = line_pairs(scene.line, scene.medium, scene.power)
            self._pairs += pairs.transpose("core_out", "core_in", ...).data.reshape(cores, cores, -1)

    def by_cores(self, launch: FloatArray, offset: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Objective, and its derivative by each launch power and by the logarithm of each group's offset.

        Parameters
        ----------
        launch
            Of the cores with offset 1. Shape (channel,). [W]
        offset
            Factor of each group. Shape (group,). [1]
        """
        self.evaluations += 1
        factor = offset[self.member]
        noise = np.empty((factor.size, launch.size))
        for group, one in enumerate(offset):
            own = self.member == group
            noise[own] = self._of_group(self.noise(launch * one), own)
        power = factor[:, None] * launch
        meeting = self._pairs * (factor[None, :] / factor[:, None])[..., None]  # P_j/P_i of every pair
        gsnr = 1.0 / (self._droop(noise / power) + meeting.sum(axis=1) + self._others)
        value, by_gsnr = self._of_gsnr(gsnr)
        by_inverse = -by_gsnr * gsnr**2
        by_crosstalk = (by_inverse[:, None, :] * meeting).sum(axis=2)
        by_factor = by_crosstalk.sum(axis=0) - by_crosstalk.sum(axis=1)
        by_added = by_inverse * self._droop_slope(noise / power)
        by_launch = np.zeros_like(launch)
        by_offset: FloatArray = np.bincount(self.member, weights=by_factor, minlength=offset.size).astype(np.float64)
        for group, one in enumerate(offset):
            own = self.member == group
            rows = self.noise(launch * one)[0].shape[0]  # what `pullback` refers to
            by_noise = np.where(own[:, None], by_added / power, 0.0)
            shared = by_noise.sum(axis=0, keepdims=True) if rows == 1 else by_noise
            by_power = self.noise.pullback(shared, shared) - (by_noise * noise / power).sum(axis=0)
            by_launch += one * by_power
            by_offset[group] += one * float(by_power @ launch)
        return value, by_launch, by_offset

    def _of_group(self, noises: tuple[FloatArray, FloatArray], own: AnyArray) -> FloatArray:
        total = noises[0] + noises[1]
        return total if len(total) == 1 else total[own]


def following_noise(scene: Scene, *, without: str = "") -> Quantity:
    """Noise of the line that is a fixed part of the signal where all cores are launched alike, over the signal.

    Parameters
    ----------
    scene
        What noises are computed from.
    without
        Name of a row of the table that is left out.

    Returns
    -------
    Number or Variable. [1]

    Raises
    ------
    DescriptionError
        If the table has a noise of which it is not known how it follows the launch powers.

    Notes
    -----
    Terms of Eq. (1) of :doc:`/theory/index`; the gradient knows the others.
    """
    total: Quantity = 0.0
    for row in entering("line"):
        if row.follows == "gradient" or row.of_sum is not None or row.name == without:
            continue
        if row.follows == "unknown" or row.compute is None:
            msg = f"optimize_launch: how {row.label} follows the launch powers is not known; leave it out"
            raise refused(msg)
        if (power := row.compute(scene).get(row.power)) is not None:
            total = total + combined(np.divide, power, scene.power.launch)
    return total


def _optimum_by_cores(problem: CoreLaunchProblem, by: Variables, limits: tuple[float, float]) -> LaunchOptimum:
    groups, _ = _groups(problem.bands, by)
    size, count = int(groups.max()) + 1, int(problem.member.max()) + 1
    start = np.array([np.log(problem.start[groups == group]).mean() for group in range(size)])

    def split(x: FloatArray) -> tuple[FloatArray, FloatArray]:
        return np.exp(x[:size][groups]), np.exp(np.concatenate([[0.0], x[size:]]))

    def descend(x: FloatArray) -> tuple[float, FloatArray]:
        launch, offset = split(x)
        value, by_launch, by_offset = problem.by_cores(launch, offset)
        gradient = np.concatenate([np.bincount(groups, weights=by_launch * launch), by_offset[1:]])
        return -value / scale, -gradient / scale

    def room(x: FloatArray) -> FloatArray:
        """Logarithm of limit over power: of every group's core, then of the fibre."""
        launch, offset = split(x)
        totals = np.append(launch.sum() * offset, launch.sum() * offset[problem.member].sum())
        allowed = np.append(np.full(count, limits[0]), limits[1])
        kept: FloatArray = np.log(allowed / totals)[np.isfinite(allowed)]
        return kept

    x = np.concatenate([start, np.zeros(count - 1)])
    for sharpness in SHARPNESS if problem.objective == "minimum_snr" else SHARPNESS[-1:]:
        problem.sharpness = sharpness
        scale = abs(problem.by_cores(*split(x))[0]) or 1.0
        if np.isfinite(limits).any():
            x[:size] += min(0.0, float(room(x).min()))  # begin inside
            bounded: Any = {"type": "ineq", "fun": room}
            x = minimize(descend, x, jac=True, method="SLSQP", constraints=[bounded], options={"ftol": 1e-12}).x
        else:
            options: Any = {"maxiter": 1000, "maxcor": 30, "ftol": 1e-13, "gtol": 1e-9}
            x = minimize(descend, x, jac=True, method="L-BFGS-B", options=options).x
    launch, offset = split(x)
    dbm, shift = units.dbm(launch), units.decibels(offset)[problem.member]
    best = problem.system.replace(
        {
            "link.launch_power_dbm": problem.described(dbm, by),
            "link.core_launch_offset_db": tuple(shift.tolist()),
        }
    )
    found = evaluate(best)
    value = found.snr.min() if problem.objective == "minimum_snr" else problem.by_cores(launch, offset)[0]
    return LaunchOptimum(best, found, dbm, float(value), problem.evaluations, shift)


def _slope(function: Callable[[FloatArray], FloatArray], at: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Value and derivative of a function of each entry alone, by a central difference good to 1e-9."""
    step = 1e-5
    values = function(np.stack([at * (1.0 - step), at, at * (1.0 + step)]))
    return values[1], (values[2] - values[0]) / (2.0 * step * at)


def _check(system: "System", objective: str) -> None:
    if objective not in ("net_rate", "shannon", "minimum_snr"):
        msg = f"objective: got {objective!r}; allowed: 'net_rate', 'shannon', 'minimum_snr'"
        raise refused(msg)
    refuse_contradictions(system, "optimize_launch", when=objective)


def _groups(bands: tuple[str, ...], by: str) -> tuple[AnyArray, tuple[str, ...]]:
    """Number of the group of each channel, and the names of bands in the order of the numbers."""
    if by not in ("channel", "band", "flat"):
        msg = f"by: got {by!r}; allowed: 'channel', 'band', 'flat'"
        raise refused(msg)
    if by == "channel":
        return np.arange(len(bands)), bands
    names = tuple(dict.fromkeys(bands)) if by == "band" else ("all",)
    return np.array([names.index(band) if by == "band" else 0 for band in bands]), names


def _rows(value: Quantity, count: int) -> FloatArray:
    """Plain array of shape (core, channel), one row where cores are equal."""
    plain = spread(value, ("core", "channel"))
    wide: FloatArray = np.broadcast_to(plain, np.broadcast_shapes(plain.shape, (1, count)))
    return wide
