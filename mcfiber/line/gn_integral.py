"""Nonlinear interference by quadrature: the slow reference that the closed forms are held to.

Nothing here is fitted or expanded: the Gaussian-noise (GN) integral is evaluated for the power profile
that is given, and an error estimate of the quadrature comes with every value.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from mcfiber.arguments import (
    FREQUENCIES,
    NUMBER,
    NUMBERS,
    POWERS,
    SYMBOL_RATES,
    THREADS,
    arguments,
    instance,
    plain_array,
    real,
    several,
    whole,
)
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.medium import FiberMedium
from mcfiber.kernels.gn_integral import gn_density, link_table
from mcfiber.line.line import Line
from mcfiber.line.power import PowerProfile
from mcfiber.line.raman import Evolution
from mcfiber.typing import FloatArray, IntArray, Quantity

POINTS_PER_PERIOD = 16  # of the table, in the fastest oscillation of the link function
MOST_LOSS = 600.0  # Np; beyond, no light is left that a number could hold
DECADES_OF_LOSS = 80.0  # mismatch over loss beyond which the link function's expansion is good to 1e-6
MOST_POINTS = 1 << 18

FINE = 8  # positions between two nodes of a computed power


DISPERSIONS = plain_array("channel", exact=True, low=-1e-20, high=1e-20, unit="s^2/m")

NONLINEARITIES = plain_array("channel", exact=True, low=0, high=1e3, unit="1/(W m)")

ATTENUATIONS = plain_array("channel", exact=True, low=0, high=10, unit="1/m")


@arguments(
    position=plain_array("z", exact=True, scalar=False, high=1e12, unit="m"),
    relative_power=plain_array("z", scalar=False, above=0),
    beta2=plain_array("channel", exact=True, low=-1e-20, high=1e-20, unit="s^2/m", functions=True),
    gamma=NONLINEARITIES,
    beta2_slope=plain_array("channel", exact=True),
    count=whole(low=1),
)
@dataclass(frozen=True)
class SpanProfile:
    """One span, or a number of equal ones, as the GN integral sees it; plain arrays in SI.

    Attributes
    ----------
    position
        Ascending, first the span's start and last its end; a position given twice marks a lumped loss. Shape (z,). [m]
    relative_power
        Power over the launched power of the first span. Between two positions it is an exponential, so a
        fibre without Raman gain needs its two ends only. Shape (channel, z) or (z,). [1]
    beta2
        Dispersion at the channels' centres, shape (channel,) or (); a function of frequency for `kerr_integral`
        alone. [s^2/m]
    gamma
        Nonlinear coefficient, without the 8/9 of polarisation averaging. Shape (channel,) or (). [1/(W m)]
    beta2_slope
        Derivative of beta2 in frequency, 2 pi beta3; taken from beta2 by channel when left out. [s^3/m]
    count
        Number of equal spans in a row.
    """

    position: FloatArray
    relative_power: FloatArray
    beta2: Any
    gamma: Any
    beta2_slope: Any = None
    count: int = 1

    @property
    def length(self) -> float:
        """Length of one span. [m]"""
        return float(self.position[-1] - self.position[0])

    @classmethod
    def of(
        cls,
        line: Line,
        medium: FiberMedium,
        power: PowerProfile,
        channels: Channels,
        *,
        point: Mapping[str, int] | None = None,
    ) -> "tuple[SpanProfile, ...]":
        """Spans of a system, as the records behind its doors hold them: equal ones as one with their number.

        Parameters
        ----------
        line, medium, power, channels
            Records in SI.
        point
            Position along every axis, and core where cores differ.

        Examples
        --------
        >>> from mcfiber import load
        >>> from mcfiber.evaluate import records
        >>> found, _ = records(load("ucl-2019-6300km").system)
        >>> spans = SpanProfile.of(found.line, found.medium, found.power, found.channels)
        >>> len(spans), spans[0].count > 1
        (1, True)
        """
        here = point or {}
        parts = [power.launch, power.fiber_input, power.attenuation, power.length, line.panel]
        parts += [medium.group_velocity_dispersion, medium.nonlinear_coefficient]
        lap = max(dict(getattr(value, "sizes", {})).get("span", 1) for value in parts)
        several = lap > 1 and line.count > 1
        places = [{**here, "span": number % lap} for number in range(line.count)] if several else [dict(here)]
        count = 1 if several else line.count
        return tuple(cls._one(medium, power, channels.count, place, count) for place in places)

    @classmethod
    def _one(
        cls, medium: FiberMedium, power: PowerProfile, channels: int, place: Mapping[str, int], count: int
    ) -> "SpanProfile":
        launch = by_channel(power.launch, place, channels)
        if power.evolution is None:
            position = np.array([0.0, float(_at(power.length, place))])
            loss = by_channel(power.attenuation, place, channels)[:, None] * position
            profile = by_channel(power.fiber_input, place, channels)[:, None] * np.exp(-loss)
        else:
            position, profile = _evolution(power.evolution, place, channels)
        lit = np.where(launch > 0.0, launch, 1.0)[:, None]  # a dark channel disturbs nobody: any profile
        relative = np.where(launch[:, None] > 0.0, profile / lit, 1.0)
        beta2 = by_channel(medium.group_velocity_dispersion, place, channels)
        gamma = by_channel(medium.nonlinear_coefficient, place, channels)
        return cls(position, relative, beta2, gamma, count=count)


class Interference(NamedTuple):
    """Interference power in each channel, and the error that the quadrature's refinement shows. [W]"""

    power: FloatArray
    error: FloatArray


@arguments(
    attenuation=ATTENUATIONS,
    length=real(above=0, high=1e12, unit="m", dims=NUMBER),
    beta2=DISPERSIONS,
    gamma=NONLINEARITIES,
    beta2_slope=plain_array("channel", exact=True),
    count=whole(low=1),
)
def plain_span(
    *, attenuation: object, length: float, beta2: object, gamma: object, beta2_slope: object = None, count: int = 1
) -> SpanProfile:
    """Span of a fibre with exponential decay, followed by an amplifier that restores the launched power.

    Parameters
    ----------
    attenuation
        Power attenuation. Shape (channel,) or (). [1/m]
    length
        Of one span. [m]
    beta2, gamma, beta2_slope, count
        See `SpanProfile`.

    Returns
    -------
    SpanProfile

    Notes
    -----
    ``rho(z) = exp(-attenuation z)`` in Eq. (1) of `mcfiber.kernels.gn_integral`.
    """
    loss = np.asarray(attenuation, dtype=float)[..., None] * np.array([0.0, length])
    if loss.max() > MOST_LOSS:
        msg = f"attenuation: loses {loss.max():g} Np over length = {length:g} m; allowed: at most {MOST_LOSS:g} Np"
        raise ValueError(msg)
    return SpanProfile(np.array([0.0, length]), np.exp(-loss), beta2, gamma, beta2_slope, count)


@arguments(
    frequency=FREQUENCIES,
    symbol_rate=SYMBOL_RATES,
    power=POWERS,
    spans=several(instance(SpanProfile), alone=True),
    channels=NUMBERS,
    roll_off=real(low=0, high=1, dims=NUMBER),
    workers=THREADS,
)
def gn_integral(
    frequency: object,
    symbol_rate: object,
    power: object,
    spans: Sequence[SpanProfile] | SpanProfile,
    *,
    channels: Sequence[int] | None = None,
    terms: Literal["spm+xpm", "all"] = "spm+xpm",
    band: Literal["centre", "average"] = "centre",
    accumulation: Literal["coherent", "incoherent"] = "coherent",
    roll_off: float = 0.0,
    workers: int = 1,
) -> Interference:
    """Nonlinear interference power by the Gaussian-noise integral, for any power profile.

    Referred to the launched power of the first span; both polarisations; Manakov equation, Gaussian signals.

    Parameters
    ----------
    frequency, symbol_rate, power
        Channels in ascending order; power launched into the first span. Shape (channel,), the last two also ().
        [Hz, Hz, W]
    spans
        The spans in order.
    channels
        Numbers of the channels wanted; all by default.
    terms
        ``"spm+xpm"`` for self- and cross-phase modulation, as closed forms and GNPy have it; ``"all"`` adds
        four-wave mixing between different channels.
    band
        ``"centre"`` for the density at the channel's centre times its symbol rate, ``"average"`` for the power
        in the band of one symbol rate. For one channel they differ by 0.7 dB.
    accumulation
        How the interference of different spans adds: fields (``"coherent"``) or powers.
    roll_off
        Of the raised-cosine spectrum, the same for all channels; 0 is a rectangle, and ten times as fast.
    workers
        Threads over which the channels are spread; the values do not depend on it.

    Returns
    -------
    Interference
        Power and error estimate. Shape (channel,). [W]

    Raises
    ------
    ValueError
        If channels overlap or are not ascending, or a choice is not known.

    Notes
    -----
    Eq. (1) of [1]_ with the profile of [2]_; see `mcfiber.kernels.gn_integral` for the method. Between spans of
    different dispersion, coherent accumulation scales the phase by the ratio of their dispersions at the
    middle of the spectrum.

    References
    ----------
    .. [1] P. Poggiolini et al., J. Lightw. Technol., vol. 32, pp. 694-721, 2014.
    .. [2] D. Semrau et al., J. Lightw. Technol., vol. 36, pp. 3046-3055, 2018.

    Examples
    --------
    >>> import numpy as np
    >>> span = plain_span(attenuation=4.605e-5, length=100e3, beta2=-21.68e-27, gamma=1.3e-3)
    >>> power, error = gn_integral(np.array([193.4e12]), 32e9, 1e-3, span)
    >>> round(float(power[0]) * 1e9, 1)
    230.3
    """
    comb = as_comb(frequency, symbol_rate, power, roll_off)
    spans = [spans] if isinstance(spans, SpanProfile) else list(spans)
    choice = _Choice(terms == "all", band == "average", workers)
    wanted = wanted_channels(channels, comb.frequency.size)
    links = [joined_spans(spans, comb)] if accumulation == "coherent" else [_lone(span, comb) for span in spans]
    return summed(links, lambda link, refined: _power(comb, link, wanted, choice, refined=refined), wanted.size)


def summed(links: Sequence[Any], power: Callable[[Any, bool], FloatArray], channels: int) -> Interference:
    """Sum the interference of links, and what refining the quadrature changed in each.

    Parameters
    ----------
    links
        Spans, alone or joined.
    power
        Interference of a link, refined or not. Shape (channel,). [W]
    channels
        Number of channels.

    References
    ----------
    .. [1] P. Poggiolini et al., "The GN-model of fiber non-linear propagation and its applications," *J. Lightw.
       Technol.*, vol. 32, no. 4, pp. 694-721, 2014 (interference of spans adds in power).
    """
    total, error = np.zeros(channels), np.zeros(channels)
    for link in links:
        fine, coarse = power(link, True), power(link, False)
        total += fine
        error += np.abs(fine - coarse)
    return Interference(total, error)


def wanted_channels(channels: Sequence[int] | IntArray | None, count: int) -> IntArray:
    """Numbers of the channels that are asked for, all by default; a number that no channel has is refused."""
    wanted = np.arange(count) if channels is None else np.asarray(channels, dtype=np.int64)
    if np.any(wanted >= count):
        msg = f"channels: got {wanted.max()}; allowed: 0 to {count - 1}, the numbers of the {count} channels"
        raise ValueError(msg)
    return wanted


@dataclass(frozen=True)
class _Choice:
    """What the integral holds, and how many threads share it."""

    everything: bool
    average: bool
    workers: int


@dataclass(frozen=True)
class _Comb:
    """Channels, and the staircase that stands for a channel's spectrum."""

    frequency: FloatArray
    symbol_rate: FloatArray
    power: FloatArray
    edge: FloatArray
    level: FloatArray

    @property
    def width(self) -> FloatArray:
        return np.asarray(self.symbol_rate * (self.edge[-1] - self.edge[0]))


@dataclass(frozen=True)
class _Link:
    """Panels of a link in the order of `link_table`, dispersion by channel, and gamma by channel."""

    position: FloatArray
    length: FloatArray
    start: FloatArray
    end: FloatArray
    repeats: float
    period: float
    beta2: FloatArray
    slope: FloatArray
    gamma: FloatArray


def as_comb(frequency: object, symbol_rate: object, power: object, roll_off: float) -> _Comb:
    """Read channels and check that they ascend and do not overlap."""
    frequency = np.asarray(frequency, dtype=float)
    symbol_rate = np.broadcast_to(np.asarray(symbol_rate, dtype=float), frequency.shape).copy()
    power = np.broadcast_to(np.asarray(power, dtype=float), frequency.shape).copy()
    if not 0.0 <= roll_off < 1.0:
        msg = f"roll_off: got {roll_off!r}; allowed: at least 0 and below 1"
        raise ValueError(msg)
    comb = _Comb(frequency, symbol_rate, power, *_raised_cosine(roll_off))
    gap = np.diff(frequency) - 0.5 * (comb.width[1:] + comb.width[:-1])
    if np.any(gap < -1e-6 * symbol_rate[1:]):
        worst = int(np.argmin(gap))
        between = f"channels {worst} and {worst + 1} overlap by {-gap[worst]:.4g} Hz"
        msg = f"frequency: {between}; sort them, or widen the spacing"
        raise ValueError(msg)
    return comb


def _raised_cosine(roll_off: float) -> tuple[FloatArray, FloatArray]:
    """Staircase of a raised-cosine density: each step's level is the mean over the step."""
    if roll_off == 0.0:
        return np.array([-0.5, 0.5]), np.array([1.0])
    t = np.linspace(-0.5, 0.5, max(4, 2 * math.ceil(16 * roll_off)) + 1)  # across a flank, in roll-offs
    fall = 0.5 + 0.5 * np.diff(np.cos(np.pi * t)) / (np.pi * np.diff(t))
    edge = 0.5 + t * roll_off
    return np.concatenate([-edge[::-1], edge]), np.concatenate([fall[::-1], [1.0], fall])


def _lone(span: SpanProfile, comb: _Comb) -> _Link:
    """One span, or equal spans whose interference adds in power."""
    beta2, slope = _dispersion(span, comb)
    gamma = np.broadcast_to(np.asarray(span.gamma, dtype=float), comb.frequency.shape)
    position, length, start, end = _panels(span, comb)
    return _Link(position, length, start, end, -float(span.count), span.length, beta2, slope, gamma)


def joined_spans(spans: list[SpanProfile], comb: _Comb) -> _Link:
    """All spans as one link whose fields add; positions in lengths of the first fibre's dispersion."""
    if len(spans) == 1:
        link = _lone(spans[0], comb)
        return _Link(**(link.__dict__ | {"repeats": -link.repeats}))
    first = _lone(spans[0], comb)
    middle = comb.frequency.size // 2
    parts: list[tuple[FloatArray, ...]] = []
    origin = 0.0
    for span in spans:
        lone = _lone(span, comb)
        ratio = float(lone.beta2[middle] / first.beta2[middle])
        if ratio <= 0.0:
            msg = "accumulation: adding fields needs dispersion of one sign in all spans; use accumulation='incoherent'"
            raise ValueError(msg)
        weight = (lone.gamma / first.gamma)[:, None] / ratio
        for _ in range(span.count):
            parts.append((origin + ratio * lone.position, ratio * lone.length, weight * lone.start, weight * lone.end))
            origin += ratio * span.length
    position, length = (np.concatenate([part[index] for part in parts]) for index in (0, 1))
    start, end = (np.concatenate([part[index] for part in parts], axis=1) for index in (2, 3))
    return _Link(position, length, start, end, 1.0, origin, first.beta2, first.slope, first.gamma)


def _panels(span: SpanProfile, comb: _Comb) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    z = np.asarray(span.position, dtype=float) - span.position[0]
    power = np.asarray(span.relative_power, dtype=float)
    if np.any(np.diff(z) < 0.0) or power.shape[-1] != z.size or np.any(power <= 0.0):
        msg = f"position: must ascend, and relative_power have a value above 0 at each of its {z.size} places"
        raise ValueError(msg)
    power = np.broadcast_to(power, (comb.frequency.size, z.size))
    real = np.diff(z) > 0.0  # a position given twice is a jump, not a panel
    return z[:-1][real], np.diff(z)[real], power[:, :-1][:, real].copy(), power[:, 1:][:, real].copy()


def _dispersion(span: SpanProfile, comb: _Comb) -> tuple[FloatArray, FloatArray]:
    if callable(span.beta2):
        msg = "spans: beta2 is a function of frequency, which kerr_integral alone takes; give values by channel"
        raise ValueError(msg)
    beta2 = np.broadcast_to(np.asarray(span.beta2, dtype=float), comb.frequency.shape).copy()
    if span.beta2_slope is not None:
        return beta2, np.broadcast_to(np.asarray(span.beta2_slope, dtype=float), beta2.shape).copy()
    if beta2.size < 2 or np.ptp(beta2) <= 1e-12 * np.abs(beta2).max():
        return beta2, np.zeros(beta2.shape)
    return beta2, np.gradient(beta2, comb.frequency)


def _power(comb: _Comb, link: _Link, wanted: Any, choice: _Choice, *, refined: bool) -> FloatArray:
    """Interference power at one refinement of table, panels and points in the band."""
    node, weight = np.polynomial.legendre.leggauss(6 if refined else 4)
    turns = (
        math.pi / 2.0 * float(np.max(np.abs(link.beta2) * comb.symbol_rate**2)) * link.period * max(link.repeats, 1.0)
    )
    count = 12 + int(min(turns, 24.0))  # fields of many spans make ripples in the band
    place, share = _points_in_band(choice.average, count if refined else 2 * count // 3)
    points = POINTS_PER_PERIOD if refined else POINTS_PER_PERIOD // 2
    (spacing, slope, area, tail), period = _table(comb, link, choice.everything, points)
    resolution = (1.0 if refined else 4.0) * 2.0 * math.pi / period

    def integral(some: Any) -> FloatArray:
        out = np.empty((1, some.size * place.size))
        inputs = (
            (comb.symbol_rate[some, None] * place).ravel(),
            np.repeat(some, place.size),
            comb.frequency,
            comb.symbol_rate,
            comb.power / comb.symbol_rate,
            link.beta2,
            link.slope,
            comb.edge,
            comb.level,
            spacing,
            slope,
            area,
            tail,
            node,
            weight,
            resolution,
            float(choice.everything),
        )
        arrays = [*map(as_leading, inputs), out]
        gn_density(*arrays)
        return np.asarray(out[0].reshape(some.size, place.size) @ share)

    parts = np.array_split(wanted, min(4 * choice.workers, wanted.size) if choice.workers > 1 else 1)
    with ThreadPoolExecutor(choice.workers) as pool:
        density = np.concatenate(list(pool.map(integral, parts)))
    return np.asarray(16.0 / 27.0 * link.gamma[wanted] ** 2 * comb.symbol_rate[wanted] * density)


def _points_in_band(average: bool, count: int) -> tuple[FloatArray, FloatArray]:
    """Offsets in symbol rates, denser towards the edges, where the density changes fastest."""
    if not average:
        return np.zeros(1), np.ones(1)
    x, weight = np.polynomial.legendre.leggauss(count)
    return 0.5 * np.sin(0.5 * np.pi * x), 0.25 * np.pi * np.cos(0.5 * np.pi * x) * weight


def _table(
    comb: _Comb, link: _Link, everything: bool, density: int
) -> tuple[tuple[FloatArray, FloatArray, FloatArray, FloatArray], float]:
    """Table of the link function up to the mismatch that matters, and the coherent length."""
    period = link.period * max(link.repeats, 1.0)
    spacing = 2.0 * math.pi / (density * period)
    extent = comb.frequency[-1] - comb.frequency[0] + comb.width.max()
    beta2 = np.abs(link.beta2).max() + np.abs(link.slope).max() * comb.width.max()
    largest = 4.0 * math.pi**2 * beta2 * extent * (extent if everything else comb.width.max())
    loss = np.max(np.abs(np.log(link.start / link.end)) / link.length)
    enough = max(DECADES_OF_LOSS * loss, 40.0 * 2.0 * math.pi / link.period)
    resonance = 2.0 * math.pi / link.period
    last = (math.floor(min(enough, largest) / resonance) + 1.5) * resonance  # half-way between resonances
    points = min(math.ceil(last / spacing) + 1, MOST_POINTS)
    slope, area = (np.empty((comb.frequency.size, points)) for _ in range(2))
    tail = np.empty((comb.frequency.size, 3))
    inputs = (
        link.position,
        link.length,
        link.start,
        link.end,
        np.zeros(link.length.size),
        link.repeats,
        link.period,
        spacing,
    )
    arrays = [*map(as_leading, inputs), slope[None], area[None], tail[None]]
    link_table(*arrays)
    return (np.asarray(spacing), slope, area, tail), period


def as_leading(value: object) -> FloatArray:
    """Give an array the leading dimension of kernels."""
    return np.ascontiguousarray(np.asarray(value, dtype=float)[None])


def by_channel(value: Quantity, place: Mapping[str, int], count: int) -> FloatArray:
    """Plain values of the channels at one place of all other dimensions. Shape (channel,)."""
    return np.broadcast_to(np.asarray(_at(value, place), dtype=float), (count,)).copy()


def _at(value: Quantity, place: Mapping[str, int]) -> Any:
    dims = getattr(value, "dims", ())
    return value.isel({dim: place[dim] for dim in dims if dim in place}).data if dims else np.asarray(value)


def _evolution(evolution: Evolution, place: Mapping[str, int], count: int) -> tuple[FloatArray, FloatArray]:
    """Power between the Chebyshev nodes: the polynomial of its logarithm, at a few positions between nodes."""
    chosen = evolution.power.isel({dim: place[str(dim)] for dim in evolution.power.dims if dim in place})
    nodes_last = chosen.transpose(..., "panel", "node")
    power = nodes_last.to_numpy().reshape(-1, *nodes_last.shape[-2:])
    length = np.atleast_1d(np.asarray(_at(evolution.panel, place)))
    nodes = power.shape[-1]
    node = -np.cos(np.pi * np.arange(nodes) / (nodes - 1))
    fine = -np.cos(np.pi * np.linspace(0.0, 1.0, FINE * (nodes - 1) + 1))
    to_polynomial = np.linalg.inv(np.polynomial.chebyshev.chebvander(node, nodes - 1))
    between = np.polynomial.chebyshev.chebvander(fine, nodes - 1) @ to_polynomial
    start = np.concatenate([[0.0], np.cumsum(length)])
    position = [start[k] + length[k] * 0.5 * (1.0 + fine) for k in range(length.size) if length[k] > 0.0]
    values = [np.exp(np.log(power[:, k]) @ between.T) for k in range(length.size) if length[k] > 0.0]
    joined = np.concatenate(values, axis=1)
    return np.concatenate(position), np.broadcast_to(joined, (count, joined.shape[1]))
