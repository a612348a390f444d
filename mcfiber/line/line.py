"""Door 3: the line in SI, and what adds up along its spans."""

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import xarray as xr

from mcfiber import units
from mcfiber.descriptions.erbium import ErbiumAmplifier
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.line import Amplifier, Link, LoopEquipment, OpticalFilters, Piece, Span
from mcfiber.descriptions.values import GainTable
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.grid import on_grid
from mcfiber.fiber.medium import FiberMedium
from mcfiber.labelled import array, as_variable, combined, entered, has, quantity, reduced, stacked, variable
from mcfiber.line.erbium import Driven, Erbium, erbium
from mcfiber.typing import FloatArray, IntArray, Quantity, is_axis


@dataclass(frozen=True)
class AmplifierOutput:
    """What amplifiers make of the launch power that is asked for.

    Attributes
    ----------
    tilt_db
        Of each band: highest less lowest frequency, (channel) where bands differ. [dB]
    ripple
        Ratio of each channel's output to what is asked for. [1]
    core_offset
        Ratio of each core's output; None where cores are alike. [1]
    limit
        Largest signal output: one, or by band; None without limit. [W]
    shared_pump
        Whether the limit is that of the sum over the cores.
    """

    tilt_db: Quantity
    ripple: Quantity
    core_offset: Quantity
    limit: Quantity
    shared_pump: bool


@dataclass(frozen=True)
class GainCurve:
    """Noise figure that depends on the gain an amplifier has.

    Attributes
    ----------
    points_db
        Ascending gains; none is extrapolated beyond them. [dB]
    values_db
        Noise figure at each, (channel) where it differs. [dB]
    factor
        Ratio of each core's. [1]
    """

    points_db: FloatArray
    values_db: tuple[Quantity, ...]
    factor: Quantity

    def at(self, gain: Quantity) -> Quantity:
        """Noise figure at a gain, interpolated in decibels; NaN outside the table at points of axes. [1]

        Raises
        ------
        DescriptionError
            If the gain lies outside the table, and no axis changes it.
        """
        gain_db = units.decibels(as_variable(gain))
        points = self.points_db
        low, high = points[0], points[-1]
        outside = np.asarray((gain_db < low * (1 - 1e-12)) | (gain_db > high * (1 + 1e-12)))
        if set(gain_db.dims) <= {"channel", "core", "span"} and outside.any():
            least, most = float(np.min(gain_db.data)), float(np.max(gain_db.data))
            msg = (
                f"link.amplifier.noise_figure_db: the table covers gains of {low:g} to {high:g} dB, and {least:.2f} to "
                f"{most:.2f} dB are needed; extend the table, or change the loss of the spans"
            )
            raise refused(msg)
        inside = np.clip(gain_db.data, low, high)
        below = np.clip(np.searchsorted(points, inside, side="right") - 1, 0, points.size - 2)
        weight = (inside - points[below]) / (points[below + 1] - points[below])
        figure: Quantity = 0.0
        for k, value in enumerate(self.values_db):
            share = np.where(below == k, 1.0 - weight, np.where(below + 1 == k, weight, 0.0))
            figure = figure + array(gain_db.dims, np.where(outside, np.nan, share)) * value
        return combined(np.multiply, entered(figure, "db"), self.factor)


@dataclass(frozen=True)
class CurvesBySpan:
    """Noise figures along the dimension span, some of which depend on the gain.

    Attributes
    ----------
    each
        A number, a labelled array or a `GainCurve` for each place along a lap.
    """

    each: "tuple[Quantity | GainCurve, ...]"

    def at(self, gain: Quantity) -> Quantity:
        """Noise figure of every span at its gain. [1]"""
        along = enumerate(self.each)
        return stacked([figure_at(one, gain.isel(span=k) if has(gain, "span") else gain) for k, one in along], "span")


def figure_at(noise_figure: "Quantity | GainCurve | CurvesBySpan", gain: Quantity) -> Quantity:
    """Noise figure of amplifiers that have a gain. [1]

    Notes
    -----
    The figure F of Eq. (1) of :doc:`/theory/amplifier-noise`.

    Examples
    --------
    >>> figure_at(3.2, 100.0)
    3.2
    """
    return noise_figure.at(gain) if isinstance(noise_figure, (GainCurve, CurvesBySpan)) else noise_figure


@dataclass(frozen=True)
class Loop:
    """Equipment of a recirculating loop, behind the last span of every lap.

    Attributes
    ----------
    spans
        Number of spans (or pieces) of a lap.
    loss
        Between the two amplifiers of a lap. [1]
    excess
        Output of the first amplifier over the launch power. [1]
    noise_figure
        Of the second amplifier. [1]
    """

    spans: int
    loss: Quantity
    excess: Quantity
    noise_figure: Quantity


@dataclass(frozen=True)
class Filters:
    """Optical filters, evenly along the line.

    Attributes
    ----------
    bandwidth
        At half the power. [Hz]
    order, roll_off
        Of the passband, and of the channels' spectra. [1]
    count
        Number of filters.
    """

    bandwidth: Quantity
    order: Quantity
    roll_off: Quantity
    count: int


@dataclass(frozen=True)
class Pumps:
    """Pumps of distributed Raman amplification, one item each.

    Attributes
    ----------
    frequency, power, attenuation
        In SI; with dimension span where spans differ. [Hz, W, 1/m]
    direction
        1 with the signals, -1 against them.
    """

    frequency: tuple[Quantity, ...]
    power: tuple[Quantity, ...]
    attenuation: tuple[Quantity, ...]
    direction: tuple[float, ...]


@dataclass(frozen=True)
class Pieces:
    """Places along the dimension span of spans that consist of several pieces of fibre.

    Attributes
    ----------
    position
        Number of each piece within its span, 0 for the first.
    last
        Whether an amplifier follows it.
    joint
        Loss between it and the piece before, (span). [1]
    """

    position: tuple[int, ...]
    last: tuple[bool, ...]
    joint: Quantity


@dataclass(frozen=True)
class Line:
    """A line in SI; each value has a dimension only where it differs along it.

    Along the dimension span go the spans of one lap, or the pieces that they consist of.

    Attributes
    ----------
    count
        Number of spans (or pieces) of the whole line.
    length
        Fibre of a span, (span). [m]
    fan_in, fan_out
        Loss from an amplifier's output to the fibre, and from the fibre to the next amplifier, (span), (channel) and
        (core). [1]
    pieces
        Which places along the dimension span are pieces of one span; None where every one is a span.
    lap
        Number of spans (or pieces) of one lap, after which everything repeats.
    splice_loss
        All splices of a span together. [Np]
    panel, transmission
        Fibre from one lumped loss to the next, and what each loss lets pass, dimension panel. [m, 1]
    lumped_losses
        Largest number of lumped losses of a span.
    pumps
        Raman pumps; None without.
    temperature
        Of the fibre. [K]
    asked
        Launch power that is asked for, (channel) and (core). [W]
    output
        What amplifiers make of it.
    noise_figure
        Of the amplifier after each span, (span), (channel) and (core), or how it depends on the gain; see
        `figure_at`. [1]
    polarization_loss
        Rms over the two polarisations of one span's polarisation-dependent loss, (channel) and (core). [Np]
    loop
        Equipment of a recirculating loop behind the last span of every lap; None without.
    filters
        Optical filters; None without.
    device_crosstalk
        Of fan-ins, fan-outs, splices and amplifiers of a span, at equal powers of the cores. [1]
    near_end_crosstalk, reflection
        Of the fan devices of a span, from what enters the fibre at one end to what leaves it there: into the neighbours
        that end there, and back into the same core. [1]
    directions
        +1 or -1 for each core; None where all signals go the same way.
    permutation
        Core that the signal of each core enters in the next span; None where signals keep to their cores.
    mode_dependent_loss
        Rms over the modes of one span, all its sources together. [Np]
    power_control, repeat
        As described.
    erbium
        The amplifier, where its pump tells what it puts out; else None.
    driven
        What it does, once the loss of the spans is known: `mcfiber.line.amplifiers.driven_line`.
    problems
        Which points of the axes cannot exist: by name of `mcfiber.status.FLAGS`, a truth or one for each point.
    """

    count: int
    length: Quantity
    fan_in: Quantity = 1.0
    fan_out: Quantity = 1.0
    pieces: Pieces | None = None
    lap: int = 1
    splice_loss: Quantity = 0.0
    panel: Quantity = None
    transmission: Quantity = 1.0
    lumped_losses: int = 0
    pumps: Pumps | None = None
    temperature: Quantity = 300.0
    asked: Quantity = 1.0
    output: AmplifierOutput | None = None
    noise_figure: Quantity = 1.0
    loop: Loop | None = None
    filters: Filters | None = None
    device_crosstalk: Quantity = 0.0
    near_end_crosstalk: Quantity = 0.0
    reflection: Quantity = 0.0
    directions: tuple[int, ...] | None = None
    permutation: tuple[int, ...] | None = None
    mode_dependent_loss: Quantity = 0.0
    polarization_loss: Quantity = 0.0
    power_control: Literal["signal", "channel", "band"] = "signal"
    repeat: Literal["independent", "same"] = "independent"
    erbium: Erbium | None = None
    driven: Driven | None = None
    problems: Mapping[str, Quantity] = field(default_factory=dict)

    @cached_property
    def distance(self) -> Quantity:
        """Length of the whole line. [m]"""
        return over_spans(self, self.length)

    @property
    def amplifiers(self) -> int:
        """Number of amplified spans of the whole line."""
        return self.count if self.pieces is None else self.count // len(self.pieces.last) * sum(self.pieces.last)

    @property
    def pumped(self) -> bool:
        """Whether some pump has power."""
        return self.pumps is not None and any(bool(np.any(np.asarray(one) > 0.0)) for one in self.pumps.power)

    @property
    def is_uneven(self) -> bool:
        """Whether a span loses or wins power elsewhere than evenly."""
        return self.lumped_losses > 0 or self.pumps is not None


def line(link: Link, medium: FiberMedium, channels: Channels) -> Line:
    """Enter a line into SI, every field once.

    Parameters
    ----------
    link
        The description.
    medium
        Glass of the spans: number of cores.
    channels
        Channels in SI, for what is described by band.

    Returns
    -------
    Line
        What power, noise, crosstalk and mode-dependent loss are computed from.

    Raises
    ------
    DescriptionError
        If a value by core does not have one for each, or a pump lies among the signals.
    """
    places = _places(link)
    directions = None if link.core_directions == "same" else _for_each_core("directions", link, medium)
    _for_each_core("permutation", link, medium)
    events = max(len(place.span.lumped_losses) for place in places)
    return Line(
        count=link.count * len(places) // len(link.lap),
        length=_along(places, lambda place: quantity(place.fibre, "length_km")),
        fan_in=_along(places, lambda place: _device_loss(place, "before", channels)),
        fan_out=_along(places, lambda place: _device_loss(place, "after", channels)),
        pieces=_pieces(places),
        lap=1 if link.laps is None else link.spans_per_lap * len(places) // len(link.lap),
        splice_loss=_along(places, _splice_loss),
        panel=_along(places, lambda place: _panels(place, events)),
        transmission=_along(places, lambda place: _transmission(place.span, events)),
        lumped_losses=events,
        pumps=_pumps(tuple(place.span for place in places), channels),
        temperature=_along(places, lambda place: quantity(place.span, "temperature_k")),
        asked=_asked(link, channels),
        output=_output(link.amplifier, channels) if isinstance(link.amplifier, Amplifier) else None,
        noise_figure=_along(places, _noise_figures(link, channels)),
        erbium=_pumped(link, medium, channels),
        loop=None if link.loop is None else _loop(link.loop, places, channels),
        filters=None if link.filters is None else _filters(link.filters),
        device_crosstalk=_device_crosstalk(link, places),
        near_end_crosstalk=_along(places, _near_end),
        reflection=_along(places, lambda place: _or_none(place.span, "fan_reflection_db")),
        directions=directions if link.both_directions else None,
        permutation=link.core_permutation,
        mode_dependent_loss=_mode_dependent_loss(link, places),
        polarization_loss=_polarization_loss(link, places, channels),
        power_control=link.power_control,
        repeat=link.repeat,
        problems={} if link.loop is None else {"second_amplifier_attenuates": _attenuates(link.loop)},
    )


def distance(link: Link) -> Quantity:
    """Length of a whole line, from its description alone. [m]

    Examples
    --------
    >>> distance(Link(span=Span(length_km=80), span_count=10))
    800000.0
    """
    places = _places(link)
    length = _along(places, lambda place: quantity(place.fibre, "length_km"))
    return over_spans(Line(link.count * len(places) // len(link.lap), length), length)


def plain_line(length: Quantity, spans: int = 1, **rest: Any) -> Line:
    """Equal spans of fibre and nothing else, with amplifiers that restore every core. [m]"""
    return Line(count=spans, length=length, panel=stacked([length], "panel"), **rest)


def over_spans(line: Line, value: Quantity, *, launch: Quantity = 1.0) -> Quantity:
    """Sum a value over the spans that a signal passes: times their number where it does not differ along them.

    Parameters
    ----------
    line
        The spans, and how cores are exchanged between them.
    value
        Of one span; with dimension span where it differs along them, and core where cores differ.
    launch
        Launch power that `value` belongs to, where it is a noise power: where cores are exchanged, what a core
        adds counts relative to the power that is launched into it.

    References
    ----------
    .. [1] R.-J. Essiambre et al., "Capacity limits of optical fiber networks," *J. Lightw. Technol.*, vol. 28,
       no. 4, pp. 662-701, 2010. :doi:`10.1109/JLT.2009.2039464`, Eq. (54) (noise of a chain of equal spans).
    """
    if line.permutation is not None and has(value, "core"):
        return _over_paths(line, value / launch) * launch
    if has(value, "span"):
        laps = line.count // value.sizes["span"]
        total = reduced(np.sum, value, "span")
        return total if laps == 1 else total * laps
    return units.mapped(lambda one: one * line.count, value)


def repeated(line: Line, value: Quantity) -> Quantity:
    """Give a value that differs along the spans of a lap one place for every span of the whole line."""
    if not has(value, "span") or value.sizes["span"] == line.count:
        return value
    return value.isel(span=np.arange(line.count) % value.sizes["span"])


def last_of_lap(line: Line, there: Quantity, elsewhere: Quantity) -> Quantity:
    """Value that one place has, the last span of every lap, and another that all others have."""
    if line.loop is None or line.loop.spans == 1:
        return there
    last = array(("span",), np.arange(line.loop.spans) == line.loop.spans - 1)
    return combined(np.where, last, there, elsewhere)


def core_paths(permutation: tuple[int, ...] | None, spans: int, cores: int) -> IntArray:
    """Core that each signal, numbered by its core in the first span, has in every span.

    Parameters
    ----------
    permutation
        Core that the signal of each core enters in the next span; None where signals keep to their cores.
    spans, cores
        Number of spans and cores.

    Returns
    -------
    numpy.ndarray
        Shape (span, core).

    Notes
    -----
    The powers of the permutation that the product of transfer matrices takes, Eq. (1) of :doc:`/theory/crosstalk`.

    Examples
    --------
    >>> core_paths((1, 2, 0), 3, 3).tolist()
    [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
    """
    order = np.arange(cores) if permutation is None else np.asarray(permutation)
    paths = np.empty((spans, cores), np.int64)
    paths[0] = np.arange(cores)
    for span in range(1, spans):
        paths[span] = order[paths[span - 1]]
    return paths


def along_paths(line: Line, value: Quantity, cores: int) -> Quantity:
    """Spread what belongs to cores over the spans, by the signals that have them there."""
    if not is_axis(value):
        return value
    paths = core_paths(line.permutation, line.count, cores)
    along = {dim: array(("span", dim), paths) for dim in ("core_out", "core_in")}
    along["span"] = array(("span",), np.arange(line.count) % dict(value.sizes).get("span", line.count))
    return value.isel({dim: along[dim] for dim in value.dims if dim in along})


def _over_paths(line: Line, value: xr.Variable) -> xr.Variable:
    """Sum over the spans what each signal meets in the cores that it passes."""
    cores = value.sizes["core"]
    paths = core_paths(line.permutation, line.count, cores)
    if has(value, "span"):
        place = np.arange(line.count) % value.sizes["span"]
        met = {"core": array(("span", "core"), paths), "span": array(("span",), place)}
        result: xr.Variable = reduced(np.sum, value.isel(met), "span")
        return result
    visits = (paths[:, :, None] == np.arange(cores)).sum(axis=0)
    # One core after the other: a product of matrices would round by the number of designs.
    total = array(("core",), visits[:, 0]) * value.isel(core=0)
    for core in range(1, cores):
        total = total + array(("core",), visits[:, core]) * value.isel(core=core)
    return total


# ---------------------------------------------------------------------------------------------------------
# entering SI


@dataclass(frozen=True)
class _Place:
    """One place along the dimension span: a span, or a piece of one."""

    span: Span
    piece: Piece | None = None
    position: int = 0

    @property
    def fibre(self) -> Span | Piece:
        """What has a length."""
        return self.span if self.piece is None else self.piece

    @property
    def last(self) -> bool:
        """Whether an amplifier follows."""
        return self.position == len(self.span.pieces)


def _places(link: Link) -> tuple[_Place, ...]:
    """Spans of a lap in their order, piece by piece; equal ones are one object."""
    of_span = {
        id(span): (_Place(span), *(_Place(span, piece, 1 + k) for k, piece in enumerate(span.pieces)))
        for span in link.spans
    }
    return tuple(place for span in link.lap for place in of_span[id(span)])


def _along(places: tuple[_Place, ...], value_of: Callable[[_Place], Quantity]) -> Quantity:
    """Read a value of every place: one value where all are equal, else with the dimension span."""
    known = {id(place): place for place in places}
    if len(known) == 1:
        return value_of(places[0])
    found = {key: value_of(place) for key, place in known.items()}
    values = [found[id(place)] for place in places]
    if any(isinstance(value, GainCurve) for value in values):
        same = all(value is values[0] for value in values)
        return values[0] if same else CurvesBySpan(tuple(values))
    if all(_same(value, values[0]) for value in values):
        return values[0]
    return stacked(values, "span")


def _pieces(places: tuple[_Place, ...]) -> Pieces | None:
    if all(place.last and place.piece is None for place in places):
        return None
    joint = _along(places, lambda place: 1.0 if place.piece is None else quantity(place.piece, "splice_loss_db"))
    return Pieces(tuple(place.position for place in places), tuple(place.last for place in places), joint)


def _device_loss(place: _Place, where: str, channels: Channels) -> Quantity:
    """Loss of fan and of what stands between it and the amplifier, at the first and the last piece of a span. [1]"""
    span = place.span
    if (place.position > 0) if where == "before" else not place.last:
        return 1.0
    fan = quantity(span, "fan_in_loss_db" if where == "before" else "fan_out_loss_db")
    given = span.loss_before_db if where == "before" else span.loss_after_db
    if isinstance(given, float) and given == 0.0:
        return fan
    return combined(np.multiply, fan, on_grid(span, f"loss_{where}_db", channels, "link.span"))


def _same(first: Quantity, second: Quantity) -> bool:
    if is_axis(first) or is_axis(second):
        return first is second
    return bool(first == second)


def _splice_loss(place: _Place) -> Quantity:
    if place.piece is not None:
        return 0.0
    return units.convert(variable(place.span.splice_loss_db) * place.span.splices, "rms_db")


def _panels(place: _Place, events: int) -> Quantity:
    """Lengths from one lumped loss to the next; spans with fewer losses end in panels of no length."""
    losses = place.span.lumped_losses
    places = [0.0, *(variable(loss.position_km) for loss in losses)]
    places += [variable(place.fibre.length_km)] * (1 + events - len(losses))
    return stacked([units.convert(after - before, "km") for before, after in itertools.pairwise(places)], "panel")


def _transmission(span: Span, events: int) -> Quantity:
    passed = [1.0 / quantity(loss, "loss_db") for loss in span.lumped_losses]
    return stacked([1.0, *passed, *[1.0] * (events - len(passed))], "panel")


def _pumps(spans: tuple[Span, ...], channels: Channels) -> Pumps | None:
    first = spans[0].raman_pumps
    if not first:
        return None

    places = tuple(map(_Place, spans))

    def each(field: str) -> tuple[Quantity, ...]:
        return tuple(
            _along(places, lambda place, k=k: _of_cores(quantity(place.span.raman_pumps[k], field)))  # type: ignore[misc]
            for k in range(len(first))
        )

    frequency = tuple(map(units.wavelength, each("wavelength_nm")))
    for k, (pump, one) in enumerate(zip(first, frequency, strict=True)):
        within = np.asarray(combined(_within, channels.frequency, one, channels.symbol_rate))
        if within.any():
            msg = (
                f"link.span.raman_pumps.{k}.wavelength_nm: got {pump.wavelength_nm} nm, where there is a signal; "
                "allowed: outside the spectrum of every channel, so beside the bands or in a gap between them"
            )
            raise refused(msg)
    signs = tuple(1.0 if pump.direction == "forward" else -1.0 for pump in first)
    return Pumps(frequency, each("power_mw"), each("attenuation_db_per_km"), signs)


def _within(frequency: Quantity, pump: Quantity, symbol_rate: Quantity) -> Quantity:
    return np.abs(frequency - pump) <= 0.5 * symbol_rate


def _of_cores(value: Quantity) -> Quantity:
    return stacked(value, "core") if isinstance(value, tuple) else value


def _asked(link: Link, channels: Channels) -> Quantity:
    """Launch power that is asked for, with dimensions channel and core where it differs along them. [W]"""
    asked = on_grid(link, "launch_power_dbm", channels, "link")
    tilt = channels.spread(_axes_of_bands(link.launch_tilt_db))
    if is_axis(tilt) or tilt:
        asked = asked * entered(place_in_band(channels) * tilt, "db")
    if link.total_launch_power_dbm is not None:
        asked = _with_total(link, asked, channels)
    offset = quantity(link, "core_launch_offset_db")
    return asked if offset is None else asked * stacked(offset, "core")


def _axes_of_bands(value: Quantity) -> Quantity:
    return {band: variable(one) for band, one in value.items()} if isinstance(value, dict) else variable(value)


def _with_total(link: Link, shape: Quantity, channels: Channels) -> Quantity:
    """Powers of a shape that sum to the total of each core, or of each band in it. [W]"""
    given = link.total_launch_power_dbm
    total = on_grid(link, "total_launch_power_dbm", channels, "link")
    groups = channels.members if isinstance(given, dict) else {"": np.arange(channels.count)}
    wide = shape if has(shape, "channel") else shape * array(("channel",), np.ones(channels.count))
    sums: list[Quantity] = [None] * channels.count
    for members in groups.values():
        together = reduced(np.sum, wide.isel(channel=members), "channel")
        for member in members:
            sums[member] = together
    return combined(lambda power, total, sums: power * (total / sums), wide, total, stacked(sums, "channel"))


def place_in_band(channels: Channels) -> xr.Variable:
    """Frequency of each channel from -1/2 to 1/2 over the channels of its band."""
    frequency = channels.frequency.transpose("channel", ...)
    place = np.zeros(frequency.shape)
    for members in channels.members.values():
        inside = frequency.data[members]
        if members.size > 1:
            low, high = inside.min(axis=0), inside.max(axis=0)
            place[members] = (inside - low) / (high - low) - 0.5
    return array(frequency.dims, place)


def _output(amplifier: Amplifier, channels: Channels) -> AmplifierOutput:
    offset = quantity(amplifier, "core_output_offset_db")
    return AmplifierOutput(
        tilt_db=channels.spread(_axes_of_bands(amplifier.output_tilt_db)),
        ripple=on_grid(amplifier, "output_ripple_db", channels, "link.amplifier"),
        core_offset=None if offset is None else stacked(offset, "core"),
        limit=quantity(amplifier, "output_power_limit_dbm"),
        shared_pump=amplifier.pumping == "cladding",
    )


def _pumped(link: Link, medium: FiberMedium, channels: Channels) -> Erbium | None:
    """The amplifier, where it is known by its pump."""
    if not isinstance(link.amplifier, ErbiumAmplifier):
        return None
    return erbium(link.amplifier, channels, cores=medium.cores)


def _noise_figures(link: Link, channels: Channels) -> Callable[[_Place], Quantity]:
    """Noise figure after a span: that of its own amplifier, or of the link's, which is entered once."""
    shared: list[Quantity] = []

    def after(place: _Place) -> Quantity:
        if place.span.amplifier is not None:
            return noise_figure(place.span.amplifier, channels)
        if isinstance(link.amplifier, ErbiumAmplifier):
            return math.nan  # follows from the pump
        if not shared:
            shared.append(noise_figure(link.amplifier, channels))
        return shared[0]

    return after


def noise_figure(amplifier: Amplifier, channels: Channels) -> "Quantity | GainCurve":
    """Linear noise figure, with dimensions channel and core where it differs along them, or its curve over gain. [1]"""
    offset = quantity(amplifier, "core_noise_figure_offset_db")
    of_core = 1.0 if offset is None else stacked(offset, "core")
    given = amplifier.noise_figure_db
    if isinstance(given, GainTable):
        values = (one.at(channels.wavelength * 1e9) if hasattr(one, "at") else one for one in given.value)
        known = tuple(array(channels.frequency.dims, one) if isinstance(one, np.ndarray) else one for one in values)
        return GainCurve(np.asarray(given.gain_db), known, of_core)
    value = on_grid(amplifier, "noise_figure_db", channels, "link.amplifier")
    return value if offset is None else value * of_core


def _loop(loop: LoopEquipment, places: tuple[_Place, ...], channels: Channels) -> Loop:
    return Loop(
        spans=len(places),
        loss=quantity(loop, "loss_db"),
        excess=quantity(loop, "first_amplifier_excess_db"),
        noise_figure=noise_figure(loop.amplifier, channels),
    )


def _filters(filters: OpticalFilters) -> Filters:
    names = ("bandwidth_ghz", "order", "roll_off")
    bandwidth, order, roll_off = (quantity(filters, name) for name in names)
    return Filters(bandwidth, order, roll_off, filters.count)


def _attenuates(loop: LoopEquipment) -> Quantity:
    """Whether the second amplifier of a lap would have to attenuate."""
    return combined(np.greater, variable(loop.first_amplifier_excess_db), variable(loop.loss_db))


def _device_crosstalk(link: Link, places: tuple[_Place, ...]) -> Quantity:
    """Crosstalk of the fan-ins, fan-outs, splices and amplifiers of a span, at equal powers of the cores. [1]"""
    plain = _crosstalk_of(link.amplifier)
    end = plain if link.loop is None else plain + _crosstalk_of(link.loop.amplifier)

    def of_place(place: _Place) -> Quantity:
        span, piece = place.span, place.piece
        if piece is None:
            found = [quantity(span, "fan_in_crosstalk_db")]
            if span.splices and span.splice_crosstalk_db is not None:
                found.append(quantity(span, "splice_crosstalk_db") * span.splices)
        else:
            found = [quantity(piece, "splice_crosstalk_db")]
        if place.last:
            found.insert(1, quantity(span, "fan_out_crosstalk_db"))
        return sum(value for value in found if value is not None)

    devices = _along(places, of_place)
    if len(places) == 1 or (link.loop is None and _pieces(places) is None):
        return devices + end
    each = [(end if k == len(places) - 1 else plain) if place.last else 0.0 for k, place in enumerate(places)]
    return devices + (stacked(each, "span") if any(is_axis(one) or one != each[0] for one in each) else each[0])


def _near_end(place: _Place) -> Quantity:
    """Crosstalk at one end, counted in the fibre: its light has a fan device before it, and one behind. [1]"""
    span = place.span
    if span.near_end_crosstalk_db is None:
        return 0.0
    passed = quantity(span, "fan_in_loss_db") * quantity(span, "fan_out_loss_db")
    return quantity(span, "near_end_crosstalk_db") * passed


def _or_none(span: Span, field: str) -> Quantity:
    value = quantity(span, field)
    return 0.0 if value is None else value


def _crosstalk_of(amplifier: Amplifier | ErbiumAmplifier) -> Quantity:
    value = quantity(amplifier, "crosstalk_db")
    return 0.0 if value is None else value


def _mode_dependent_loss(link: Link, places: tuple[_Place, ...]) -> Quantity:
    """Mode-dependent loss of one span: variances of its sources add; in a span of pieces, at its end. [Np]"""
    sources = quantity(link, "mode_dependent_loss_rms_db")
    together = sum(value**2 for value in sources.values()) ** 0.5 if isinstance(sources, dict) else sources
    if all(place.last for place in places):
        return together
    return stacked([together if place.last else 0.0 for place in places], "span")


def _polarization_loss(link: Link, places: tuple[_Place, ...], channels: Channels) -> Quantity:
    """Half the difference of the gains of two polarisations: their standard deviation; at the end of a span. [Np]"""
    given = link.polarization_dependent_loss_db
    if isinstance(given, float) and given == 0.0:
        return 0.0
    value = units.mapped(np.log, on_grid(link, "polarization_dependent_loss_db", channels, "link")) * 0.5
    if all(place.last for place in places):
        return value
    return stacked([value if place.last else 0.0 for place in places], "span")


def _for_each_core(name: str, link: Link, medium: FiberMedium) -> Any:
    """Value of a field with one item for each core.

    Raises
    ------
    DescriptionError
        If it has another number of items, or is given for groups of cores.
    """
    given = getattr(link, f"core_{name}")
    if given is None or given == "same":
        return None
    if len(given) != medium.cores:
        what = "+1 or -1" if name == "directions" else "one"
        msg = f"core_{name}: got {len(given)} values for {medium.cores} cores; give {what} for each core"
        raise refused(msg)
    return given
