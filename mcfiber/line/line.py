"""Door 3: the line in SI, and what adds up along its spans."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import xarray as xr

from mcfiber import units
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.line import Amplifier, Link, LoopEquipment, Span
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.medium import FiberMedium
from mcfiber.labelled import array, combined, has, quantity, reduced, stacked, variable
from mcfiber.typing import IntArray, Quantity, is_axis


@dataclass(frozen=True)
class AmplifierOutput:
    """What amplifiers make of the launch power that is asked for.

    Attributes
    ----------
    tilt_db
        Of each band: highest less lowest frequency. [dB]
    core_offset
        Ratio of each core's output; None where cores are alike. [1]
    limit
        Largest signal output: one, or by band; None without limit. [W]
    shared_pump
        Whether the limit is that of the sum over the cores.
    """

    tilt_db: Quantity
    core_offset: Quantity
    limit: Quantity
    shared_pump: bool


@dataclass(frozen=True)
class Loop:
    """Equipment of a recirculating loop.

    Attributes
    ----------
    loss
        Between the two amplifiers of a lap. [1]
    excess
        Output of the first amplifier over the launch power. [1]
    noise_figure
        Of the second amplifier. [1]
    """

    loss: Quantity
    excess: Quantity
    noise_figure: Quantity


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
class Line:
    """A line in SI; each value has a dimension only where it differs along it.

    Attributes
    ----------
    count
        Number of spans.
    length
        Fibre of a span, (span). [m]
    fan_in, fan_out
        Loss from an amplifier's output to the fibre, and from the fibre to the next amplifier. [1]
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
        Of the amplifier after each span, (span), (channel) and (core). [1]
    loop
        Equipment of a recirculating loop; None without.
    device_crosstalk
        Of fan-ins, fan-outs, splices and amplifiers of a span, at equal powers of the cores. [1]
    directions
        +1 or -1 for each core; None where all signals go the same way.
    permutation
        Core that the signal of each core enters in the next span; None where signals keep to their cores.
    mode_dependent_loss
        Rms over the modes of one span, all its sources together. [Np]
    power_control, repeat
        As described.
    problems
        Which points of the axes cannot exist: by name of `mcfiber.status.FLAGS`, a truth or one for each point.
    """

    count: int
    length: Quantity
    fan_in: Quantity = 1.0
    fan_out: Quantity = 1.0
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
    device_crosstalk: Quantity = 0.0
    directions: tuple[int, ...] | None = None
    permutation: tuple[int, ...] | None = None
    mode_dependent_loss: Quantity = 0.0
    power_control: Literal["signal", "channel", "band"] = "signal"
    repeat: Literal["independent", "same"] = "independent"
    problems: Mapping[str, Quantity] = field(default_factory=dict)

    @cached_property
    def distance(self) -> Quantity:
        """Length of the whole line. [m]"""
        return over_spans(self, self.length)

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
    spans = link.spans
    directions = None if link.core_directions == "same" else _for_each_core("directions", link, medium)
    _for_each_core("permutation", link, medium)
    events = max(len(span.lumped_losses) for span in spans)
    return Line(
        count=link.count,
        length=_along(spans, lambda span: quantity(span, "length_km")),
        fan_in=_along(spans, lambda span: quantity(span, "fan_in_loss_db")),
        fan_out=_along(spans, lambda span: quantity(span, "fan_out_loss_db")),
        splice_loss=_along(spans, lambda span: _splice_loss(span)),
        panel=_along(spans, lambda span: _panels(span, events)),
        transmission=_along(spans, lambda span: _transmission(span, events)),
        lumped_losses=events,
        pumps=_pumps(spans, channels),
        temperature=_along(spans, lambda span: quantity(span, "temperature_k")),
        asked=_asked(link, channels),
        output=_output(link.amplifier),
        noise_figure=_along(spans, _noise_figures(link, channels)),
        loop=None if link.loop is None else _loop(link.loop, channels),
        device_crosstalk=_device_crosstalk(link),
        directions=directions if link.both_directions else None,
        permutation=link.core_permutation,
        mode_dependent_loss=_mode_dependent_loss(link),
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
    length = _along(link.spans, lambda span: quantity(span, "length_km"))
    return over_spans(Line(link.count, length), length)


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
        return reduced(np.sum, value, "span")
    return units.mapped(lambda one: one * line.count, value)


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
    along["span"] = array(("span",), np.arange(line.count))
    return value.isel({dim: along[dim] for dim in value.dims if dim in along})


def _over_paths(line: Line, value: xr.Variable) -> xr.Variable:
    """Sum over the spans what each signal meets in the cores that it passes."""
    cores = value.sizes["core"]
    paths = core_paths(line.permutation, line.count, cores)
    if has(value, "span"):
        met = {"core": array(("span", "core"), paths), "span": array(("span",), np.arange(line.count))}
        result: xr.Variable = reduced(np.sum, value.isel(met), "span")
        return result
    visits = (paths[:, :, None] == np.arange(cores)).sum(axis=0)
    others = tuple(str(dim) for dim in value.dims if dim != "core")
    return array(("core", *others), np.tensordot(visits, value.transpose("core", *others).data, axes=1))


# ---------------------------------------------------------------------------------------------------------
# entering SI


def _along(spans: tuple[Span, ...], value_of: Callable[[Span], Quantity]) -> Quantity:
    """Read a value of every span: one value where all are equal, else with the dimension span."""
    if len(spans) == 1:
        return value_of(spans[0])
    values = [value_of(span) for span in spans]
    if all(_same(value, values[0]) for value in values):
        return values[0]
    return stacked(values, "span")


def _same(first: Quantity, second: Quantity) -> bool:
    if is_axis(first) or is_axis(second):
        return first is second
    return bool(first == second)


def _splice_loss(span: Span) -> Quantity:
    return units.convert(variable(span.splice_loss_db) * span.splices, "rms_db")


def _panels(span: Span, events: int) -> Quantity:
    """Lengths from one lumped loss to the next; spans with fewer losses end in panels of no length."""
    places = [0.0, *(variable(loss.position_km) for loss in span.lumped_losses)]
    places += [variable(span.length_km)] * (1 + events - len(span.lumped_losses))
    return stacked([units.convert(after - before, "km") for before, after in itertools.pairwise(places)], "panel")


def _transmission(span: Span, events: int) -> Quantity:
    passed = [1.0 / quantity(loss, "loss_db") for loss in span.lumped_losses]
    return stacked([1.0, *passed, *[1.0] * (events - len(passed))], "panel")


def _pumps(spans: tuple[Span, ...], channels: Channels) -> Pumps | None:
    first = spans[0].raman_pumps
    if not first:
        return None

    def each(field: str) -> tuple[Quantity, ...]:
        return tuple(
            _along(spans, lambda span, k=k: quantity(span.raman_pumps[k], field))  # type: ignore[misc]
            for k in range(len(first))
        )

    frequency = tuple(map(units.wavelength, each("wavelength_nm")))
    low, high = float(channels.frequency.min()), float(channels.frequency.max())
    for k, (pump, one) in enumerate(zip(first, frequency, strict=True)):
        if np.any((one >= low) & (one <= high)):
            band = f"{units.wavelength(high) * 1e9:.1f} to {units.wavelength(low) * 1e9:.1f} nm"
            msg = (
                f"link.span.raman_pumps.{k}.wavelength_nm: got {pump.wavelength_nm} nm, inside the signals' "
                f"band of {band}; move the pump"
            )
            raise refused(msg)
    signs = tuple(1.0 if pump.direction == "forward" else -1.0 for pump in first)
    return Pumps(frequency, each("power_mw"), each("attenuation_db_per_km"), signs)


def _asked(link: Link, channels: Channels) -> Quantity:
    """Launch power that is asked for, with dimensions channel and core where it differs along them. [W]"""
    asked = channels.spread(quantity(link, "launch_power_dbm"))
    offset = quantity(link, "core_launch_offset_db")
    return asked if offset is None else asked * stacked(offset, "core")


def _output(amplifier: Amplifier) -> AmplifierOutput:
    offset = quantity(amplifier, "core_output_offset_db")
    return AmplifierOutput(
        tilt_db=variable(amplifier.output_tilt_db),
        core_offset=None if offset is None else stacked(offset, "core"),
        limit=quantity(amplifier, "output_power_limit_dbm"),
        shared_pump=amplifier.pumping == "cladding",
    )


def _noise_figures(link: Link, channels: Channels) -> Callable[[Span], Quantity]:
    """Noise figure after a span: that of its own amplifier, or of the link's, which is entered once."""
    shared: list[Quantity] = []

    def after(span: Span) -> Quantity:
        if span.amplifier is not None:
            return noise_figure(span.amplifier, channels)
        if not shared:
            shared.append(noise_figure(link.amplifier, channels))
        return shared[0]

    return after


def noise_figure(amplifier: Amplifier, channels: Channels) -> Quantity:
    """Linear noise figure, with dimensions channel and core where it differs along them. [1]"""
    value = channels.spread(quantity(amplifier, "noise_figure_db"))
    offset = quantity(amplifier, "core_noise_figure_offset_db")
    return value if offset is None else value * stacked(offset, "core")


def _loop(loop: LoopEquipment, channels: Channels) -> Loop:
    return Loop(
        loss=quantity(loop, "loss_db"),
        excess=quantity(loop, "first_amplifier_excess_db"),
        noise_figure=noise_figure(loop.amplifier, channels),
    )


def _attenuates(loop: LoopEquipment) -> Quantity:
    """Whether the second amplifier of a lap would have to attenuate."""
    return combined(np.greater, variable(loop.first_amplifier_excess_db), variable(loop.loss_db))


def _device_crosstalk(link: Link) -> Quantity:
    """Crosstalk of the fan-ins, fan-outs, splices and amplifiers of a span, at equal powers of the cores. [1]"""

    def of_span(span: Span) -> Quantity:
        found = [quantity(span, name) for name in ("fan_in_crosstalk_db", "fan_out_crosstalk_db")]
        if span.splices and span.splice_crosstalk_db is not None:
            found.append(quantity(span, "splice_crosstalk_db") * span.splices)
        return sum(value for value in found if value is not None)

    amplifiers = [link.amplifier] if link.loop is None else [link.amplifier, link.loop.amplifier]
    found = (quantity(amplifier, "crosstalk_db") for amplifier in amplifiers)
    return _along(link.spans, of_span) + sum(value for value in found if value is not None)


def _mode_dependent_loss(link: Link) -> Quantity:
    """Mode-dependent loss of one span: variances of its sources add. [Np]"""
    sources = quantity(link, "mode_dependent_loss_rms_db")
    return sum(value**2 for value in sources.values()) ** 0.5 if isinstance(sources, dict) else sources


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
