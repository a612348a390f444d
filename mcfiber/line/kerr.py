"""Kerr interference over all islands by quadrature: any power profile, any dispersion, coupled cores included.

Nothing is fitted here, and an error estimate of the quadrature comes with every value.
"""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

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
    real,
    several,
)
from mcfiber.kernels.gn_integral import link_table
from mcfiber.kernels.islands import Bands, Mixing, Phase, Rules, Table, area_tables, area_tails, island_density
from mcfiber.kernels.mixed_islands import ratio_nodes
from mcfiber.kernels.phase import Dispersion, cells_between, dispersion_between, phase_polynomials
from mcfiber.line.gn_integral import Interference, SpanProfile, as_comb, as_leading, summed, wanted_channels
from mcfiber.typing import FloatArray, IntArray

WIDTHS = 80.0  # of the link function that its table covers
MOST_POINTS = 1 << 16
MIXED_ROWS, MIXED_PANELS = 24, 24  # most profiles and panels of a span for which tables in mode dispersion are made
LAYER_STEP = 0.3  # of the tables in mode dispersion, in asinh(rate/scale)
WIDEST_RATE = 300.0  # of the last layer, in widths of the link function


@dataclass(frozen=True)
class CoupledCores:
    """Cores that mix strongly.

    Attributes
    ----------
    cores
        How many mix; 1 for a core alone.
    mode_dispersion
        Rms modal group delay per square root of length. [s/sqrt(m)]
    """

    cores: int = 1
    mode_dispersion: float = 0.0

    @property
    def factor(self) -> float:
        """Interference without mode dispersion over that of one core: 3/(2N+1)."""
        return 3.0 / (2 * self.cores + 1)

    @property
    def mixing(self) -> Mixing:
        """Strength of the mode dispersion, Eq. (1) of `mcfiber.kernels.coupled_interference`, and number of modes."""
        modes = 2.0 * self.cores
        return (self.mode_dispersion**2 / (modes - 1.0 / modes) if self.cores > 1 else 0.0), modes


ONE_CORE = CoupledCores()


@arguments(
    frequency=FREQUENCIES,
    symbol_rate=SYMBOL_RATES,
    power=POWERS,
    spans=several(instance(SpanProfile), alone=True),
    channels=NUMBERS,
    roll_off=real(low=0, high=1, dims=NUMBER),
    workers=THREADS,
)
def kerr_integral(
    frequency: Any,
    symbol_rate: Any,
    power: Any,
    spans: Sequence[SpanProfile] | SpanProfile,
    *,
    channels: Sequence[int] | IntArray | None = None,
    terms: Literal["spm+xpm", "all"] = "all",
    band: Literal["centre", "average"] = "centre",
    accumulation: Literal["coherent", "incoherent"] = "incoherent",
    coupled: CoupledCores = ONE_CORE,
    roll_off: float = 0.0,
    workers: int = 1,
) -> Interference:
    """Kerr interference power by the Gaussian-noise integral over all islands.

    Referred to the launched power of the first span; both polarisations, per core; Gaussian signals.

    Parameters
    ----------
    frequency, symbol_rate, power
        Channels in ascending order; power launched into the first span. Shape (channel,), the last two also ().
        [Hz, Hz, W]
    spans
        The spans in order. `SpanProfile.beta2` may also be a function of frequency; by channel it is joined by a
        cubic spline.
    channels
        Numbers of the channels wanted; all by default.
    terms
        ``"all"`` for every triple of fields, ``"spm+xpm"`` for self- and cross-phase modulation alone.
    band
        ``"centre"`` for the density at the channel's centre times its symbol rate, ``"average"`` for the power in
        the band of one symbol rate.
    accumulation
        How the interference of different spans adds: fields (``"coherent"``) or powers.
    coupled
        Cores that mix strongly, and their mode dispersion.
    roll_off
        Of the raised-cosine spectrum, the same for all channels.
    workers
        Threads over which the channels are spread; the values do not depend on it.

    Returns
    -------
    Interference
        Power and the error that a coarser quadrature shows. Shape (channel,). [W]

    Raises
    ------
    ValueError
        If channels overlap or are not ascending, or a choice is not known.

    Notes
    -----
    Eq. (1) of `mcfiber.kernels.islands` [1]_; mode dispersion over all islands, Eq. (5) there.

    References
    ----------
    .. [1] P. Poggiolini, "The GN model of non-linear propagation in uncompensated coherent optical systems," *J.
       Lightw. Technol.*, vol. 30, no. 24, pp. 3857-3879, 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from mcfiber.line.gn_integral import plain_span
    >>> span = plain_span(attenuation=4.605e-5, length=100e3, beta2=-21.68e-27, gamma=1.3e-3)
    >>> power, error = kerr_integral(np.array([193.4e12]), 32e9, 1e-3, span)
    >>> round(float(power[0]) * 1e9, 1)
    230.3
    """
    comb = as_comb(frequency, symbol_rate, power, roll_off)
    if not comb.power.any():  # dark: nothing interferes
        nothing = np.zeros(wanted_channels(channels, comb.frequency.size).size)
        return Interference(nothing, nothing.copy())
    spans = [spans] if isinstance(spans, SpanProfile) else list(spans)
    wanted = wanted_channels(channels, comb.frequency.size)
    links = _links(spans, comb, coherent=accumulation == "coherent")

    def at(link: _Link, refined: bool) -> FloatArray:
        choice = terms == "all", band == "average", workers
        return _power(comb, link, wanted, coupled, *choice, refined=refined)

    return summed(links, at, wanted.size)


def kerr_integral_of_many(frequency: Any, symbol_rate: Any, power: Any, spans: Any, **options: Any) -> Interference:
    """`kerr_integral` of all channels, with the effect of mode dispersion from few of them.

    The ratio of the interference with mode dispersion to that without is smooth in frequency between gaps of the
    spectrum; it is computed at few channels of every stretch, and straight between them.

    Parameters
    ----------
    frequency, symbol_rate, power, spans, **options
        As in `kerr_integral`, but for `channels`.

    Notes
    -----
    Eqs. (1) and (5) of `mcfiber.kernels.islands` [1]_.

    References
    ----------
    .. [1] P. Serena, C. Lasagni, A. Bononi, C. Antonelli, and A. Mecozzi, "The ergodic GN model for space-division
       multiplexing with strong mode coupling," *J. Lightw. Technol.*, vol. 40, 2022.
    """
    comb = as_comb(frequency, symbol_rate, power, options.get("roll_off", 0.0))
    coupled: CoupledCores = options.pop("coupled", ONE_CORE)
    nodes = ratio_nodes(comb.frequency, comb.symbol_rate)
    line = comb.frequency, comb.symbol_rate, comb.power, spans
    if coupled.mixing[0] == 0.0 or nodes.size == comb.frequency.size:
        return kerr_integral(*line, coupled=coupled, **options)
    plain = kerr_integral(*line, coupled=CoupledCores(coupled.cores), **options)
    some = kerr_integral(*line, coupled=coupled, channels=nodes, **options)
    lit = np.where(plain.power[nodes] > 0.0, plain.power[nodes], 1.0)
    ratio = np.interp(comb.frequency, comb.frequency[nodes], some.power / lit)
    spread = np.interp(comb.frequency, comb.frequency[nodes], some.error / lit)
    return Interference(plain.power * ratio, plain.error * ratio + plain.power * spread)


@dataclass(frozen=True)
class _Link:
    """Panels of a link, which may repeat; profiles by row, and the row of each channel."""

    length: FloatArray
    start: FloatArray
    end: FloatArray
    row: Any
    count: int
    coherent: bool
    beta2: Dispersion
    gamma: FloatArray

    @property
    def repeated(self) -> float:
        """Length that adds up coherently. [m]"""
        return float(self.length.sum()) * (self.count if self.coherent else 1)


def _links(spans: Sequence[SpanProfile], comb: Any, *, coherent: bool) -> list[_Link]:
    """Equal spans as one repeated link; unequal ones apart, or joined where their fields add."""
    lone = [_link(span, comb, coherent) for span in spans]
    if len(lone) == 1 or not coherent:
        return lone
    first = lone[0]
    for link in lone[1:]:
        at = comb.frequency
        if not np.allclose(link.beta2(at), first.beta2(at), rtol=1e-6):
            msg = "coherent accumulation needs fibres of one dispersion in all spans; use accumulation='incoherent'"
            raise ValueError(msg)
    parts: list[tuple[FloatArray, FloatArray, FloatArray]] = []
    for link in lone:
        weight = (link.gamma / first.gamma)[:, None]
        one = link.length, weight * link.start[link.row], weight * link.end[link.row]
        parts += [one] * link.count
    length = np.concatenate([part[0] for part in parts])
    start, end = (np.concatenate([part[k] for part in parts], axis=1) for k in (1, 2))
    return [_Link(length, start, end, np.arange(start.shape[0]), 1, True, first.beta2, first.gamma)]


def _link(span: SpanProfile, comb: Any, coherent: bool) -> _Link:
    z = np.asarray(span.position, dtype=float)
    power = np.asarray(span.relative_power, dtype=float)
    if np.any(np.diff(z) < 0.0) or power.shape[-1] != z.size or np.any(power <= 0.0):
        msg = f"position must ascend and relative_power be positive at each of its {z.size} values"
        raise ValueError(msg)
    power = np.atleast_2d(power)
    same = power.shape[0] > 1 and bool(np.all(power == power[0]))
    power = power[:1] if same else power
    row = np.zeros(comb.frequency.size, np.int64) if power.shape[0] == 1 else np.arange(comb.frequency.size)
    real = np.diff(z) > 0.0  # a position given twice is a jump, not a panel
    gamma = np.broadcast_to(np.asarray(span.gamma, dtype=float), comb.frequency.shape)
    start, end = (np.ascontiguousarray(part[:, real]) for part in (power[:, :-1], power[:, 1:]))
    return _Link(np.diff(z)[real], start, end, row, span.count, coherent, _dispersion(span, comb), gamma)


def _dispersion(span: SpanProfile, comb: Any) -> Dispersion:
    """beta2 as a function of frequency: as given, or through its values at the channels."""
    if callable(span.beta2):
        return cast(Dispersion, span.beta2)
    value = np.broadcast_to(np.asarray(span.beta2, dtype=float), comb.frequency.shape)
    if span.beta2_slope is None or np.ptp(value) > 0.0:
        return dispersion_between(comb.frequency, value)
    slope = float(np.mean(span.beta2_slope))
    middle, at = float(np.mean(value)), float(np.mean(comb.frequency))
    return lambda f: np.asarray(middle + slope * (np.asarray(f) - at))


def _power(
    comb: Any,
    link: _Link,
    wanted: Any,
    coupled: CoupledCores,
    everything: bool,
    average: bool,
    workers: int,
    *,
    refined: bool,
) -> FloatArray:
    """Interference power at one refinement of tables, pieces and nodes."""
    bands = _bands(comb)
    low, high = float(bands[0][0]) - 1e9, float(bands[1][-1]) + 1e9
    phase = phase_polynomials(link.beta2, low, high, cells_between(low, high))
    table = _table(link, bands, phase, coupled, everything, refined)
    rules = _rules(link, refined)
    place, share = _points_in_band(comb, link, average, refined)

    def integral(some: Any) -> FloatArray:
        at = (comb.frequency[some, None] + comb.symbol_rate[some, None] * place).ravel()
        out = np.empty(at.size)
        own = np.repeat(some, place.size)
        island_density(at, own, bands, phase, table, coupled.mixing, rules, everything, out)
        return np.asarray(out.reshape(some.size, place.size) @ share)

    parts = [wanted[k :: 4 * workers] for k in range(min(4 * workers, wanted.size))] if workers > 1 else [wanted]
    density = np.empty(wanted.size)
    with ThreadPoolExecutor(workers) as pool:
        for k, found in enumerate(pool.map(integral, parts)):
            density[k :: len(parts)] = found
    return np.asarray(16.0 / 27.0 * coupled.factor * link.gamma[wanted] ** 2 * comb.symbol_rate[wanted] * density)


def _bands(comb: Any) -> Bands:
    """Rectangles of the spectrum of channels that are lit."""
    lit = np.flatnonzero(comb.power > 0.0)
    centre, rate = comb.frequency[lit, None], comb.symbol_rate[lit, None]
    level = (comb.power / comb.symbol_rate)[lit, None] * comb.level
    low, high = centre + rate * comb.edge[:-1], centre + rate * comb.edge[1:]
    channel = np.repeat(lit, comb.level.size).astype(np.int64)
    return low.ravel(), high.ravel(), level.ravel(), channel


def _rules(link: _Link, refined: bool) -> Rules:
    nodes = (8, 4, 2) if refined else (5, 3, 1)
    resolution = (1.5 if refined else 6.0) * 2.0 * math.pi / link.repeated * _calm(link)
    resonant, near, far = (_gauss(count) for count in nodes)
    return resonant, near, far, resolution, 0.003 if refined else 0.012


def _calm(link: _Link) -> float:
    """How many periods of the link function may pass unresolved: its ripple is the light left at the end of a span."""
    if link.coherent and link.count > 1:
        return 1.0
    first, last = link.start[:, 0], link.end[:, -1]
    ripple = float(np.max(2.0 * first * last / (first**2 + last**2)))
    return max(1.0, (0.4 / ripple) ** 2)


def _gauss(count: int) -> FloatArray:
    """Nodes and weights on 0 to 1. Shape (2, node)."""
    node, weight = np.polynomial.legendre.leggauss(count)
    return np.ascontiguousarray([0.5 * (node + 1.0), 0.5 * weight])


def _points_in_band(comb: Any, link: _Link, average: bool, refined: bool) -> tuple[FloatArray, FloatArray]:
    """Offsets in symbol rates, denser towards the edges, where the density changes fastest."""
    if not average:
        return np.zeros(1), np.ones(1)
    beta2 = float(np.abs(link.beta2(comb.frequency)).max())
    turns = math.pi / 2.0 * beta2 * float(comb.symbol_rate.max()) ** 2 * link.repeated
    count = 12 + int(min(turns, 24.0))  # fields of many spans make ripples in the band
    x, weight = np.polynomial.legendre.leggauss(count if refined else 2 * count // 3)
    return 0.5 * np.sin(0.5 * np.pi * x), 0.25 * np.pi * np.cos(0.5 * np.pi * x) * weight


def _widths(link: _Link) -> tuple[float, float]:
    """Width of the squared link function, area over peak, of the whole link and of its widest part. [1/m]"""
    ratio = np.log(link.end / link.start)
    mean = np.where(np.abs(ratio) > 1e-9, np.expm1(ratio) / np.where(np.abs(ratio) > 1e-9, ratio, 1.0), 1.0)
    twice = np.where(np.abs(ratio) > 1e-9, np.expm1(2 * ratio) / np.where(np.abs(ratio) > 1e-9, 2 * ratio, 1.0), 1.0)
    whole = (link.length * link.start * mean).sum(axis=1)
    square = (link.length * link.start**2 * twice).sum(axis=1)
    single = float(np.max(2.0 * square / whole**2))
    jumps = 1 + int(np.count_nonzero(np.abs(np.log(link.start[0, 1:] / link.end[0, :-1])) > 1e-9))
    repeats = link.count if link.coherent else 1
    return single / repeats, single * (jumps if link.coherent and link.count == 1 else 1)


def _table(link: _Link, bands: Bands, phase: Phase, coupled: CoupledCores, everything: bool, refined: bool) -> Table:
    """Running integrals of the link function up to the mismatch that matters."""
    width, reach = _widths(link)
    spacing = 2.0 * math.pi / ((16 if refined else 8) * link.repeated)
    resonance = 2.0 * math.pi / float(link.length.sum())
    extent, widest = float(bands[1][-1] - bands[0][0]), float(np.max(bands[1] - bands[0])) * bands[0].size
    curve = 2.0 * float(np.abs(phase[2][:, 2]).max()) / phase[1] ** 2  # 4 pi^2 |beta2|
    largest = curve * extent * (extent if everything else min(extent, widest))
    last = (math.floor(min(max(WIDTHS * reach, 12.0 * resonance), largest) / resonance) + 1.5) * resonance
    points = min(max(math.ceil(last / spacing) + 1, 16), MOST_POINTS)
    rate, scale = _layers(width, reach, coupled)
    rows = link.start.shape[0]
    slope, area, tail = (
        np.empty((rows, rate.size, points)),
        np.empty((rows, rate.size, points)),
        np.empty((rows, rate.size, 2)),
    )
    _fill_lowest(link, spacing, slope, area)
    if rate.size > 1:
        few, row = _few_profiles(link)
        others = tuple(np.empty((few.start.shape[0], rate.size - 1, points)) for _ in range(2))
        area_tables(few.length, few.start, few.end, few.count, few.coherent, rate[1:], spacing, *others)
        slope[:, 1:], area[:, 1:] = (other[row] for other in others)
    area_tails(link.length, link.start, link.end, float(link.count), spacing, area, tail)
    return spacing, np.asarray(link.row, np.int64), slope, area, tail, width, LAYER_STEP, scale, reach


def _few_profiles(link: _Link) -> tuple[_Link, Any]:
    """Fewer profiles, even over the channels, with fewer panels; and which of them is next to each row."""
    rows = link.start.shape[0]
    chosen = np.unique(np.linspace(0, rows - 1, min(rows, MIXED_ROWS)).round().astype(np.int64))
    row = np.abs(np.arange(rows)[:, None] - chosen).argmin(axis=1)
    jump = np.any(np.abs(np.log(link.start[:, 1:] / link.end[:, :-1])) > 1e-9, axis=0)
    place = np.arange(link.length.size - 1)
    stride = max(1, -(-link.length.size // MIXED_PANELS))
    ends = np.append(place[jump | (place % stride == stride - 1)], link.length.size - 1)
    starts = np.append(0, ends[:-1] + 1)
    length = np.add.reduceat(link.length, starts)
    start, end = (np.ascontiguousarray(part[chosen]) for part in (link.start[:, starts], link.end[:, ends]))
    return replace(link, length=length, start=start, end=end), row


def _layers(width: float, reach: float, coupled: CoupledCores) -> tuple[FloatArray, float]:
    """Rates of the pairings of modes at which tables are made, and the scale that they are even on."""
    scale = 0.3 * width
    if coupled.mixing[0] == 0.0:
        return np.zeros(1), scale
    count = math.ceil(math.asinh(WIDEST_RATE * reach / scale) / LAYER_STEP) + 1
    return scale * np.sinh(LAYER_STEP * np.arange(count)), scale


def _fill_lowest(link: _Link, spacing: float, slope: FloatArray, area: FloatArray) -> None:
    """Layer without mode dispersion, for which the square of a field is enough."""
    rows, points = slope.shape[0], slope.shape[2]
    position = np.concatenate([[0.0], np.cumsum(link.length)[:-1]])
    repeats = float(link.count if link.coherent else -link.count)
    inputs = position, link.length, link.start, link.end, np.zeros(link.length.size)
    out = np.empty((1, rows, points)), np.empty((1, rows, points)), np.empty((1, rows, 3))
    scalars = (np.array([value]) for value in (repeats, float(link.length.sum()), spacing))
    everything = [as_leading(value) for value in inputs] + list(scalars) + list(out)
    link_table(*everything)
    slope[:, 0], area[:, 0] = out[0][0], out[1][0]
