"""The line, as described: spans with pumps and lumped losses, amplifiers, loops."""

import itertools
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, PlainValidator, Tag, model_validator

from mcfiber.descriptions.checks import each, integer
from mcfiber.descriptions.erbium import ErbiumAmplifier, amplifier_kind
from mcfiber.descriptions.errors import is_truth, refused
from mcfiber.descriptions.models import refuse_contradictions
from mcfiber.descriptions.record import Description
from mcfiber.descriptions.spectrum import BANDS_NM
from mcfiber.descriptions.values import EVERYWHERE, ByBand, Quantity, Varying, number
from mcfiber.typing import is_axis


class RamanPump(Description):
    """A pump that amplifies the signals of every core along the fibre.

    Parameters
    ----------
    wavelength_nm
        Of the pump, outside the spectrum of every channel: beside the bands of the signals, or in a gap between them.
    power_mw
        In each core, where the pump enters the fibre; one for all cores, or one for each.
    direction
        "backward": from the end of the span towards its start; "forward": with the signals. Where cores
        carry light both ways, with or against the signals of each core.
    attenuation_db_per_km
        Of the fibre at the pump's wavelength.

    Examples
    --------
    >>> RamanPump(wavelength_nm=1450, power_mw=250).direction
    'backward'
    """

    wavelength_nm: Annotated[Quantity, number(low=1000, high=2000)]
    power_mw: Annotated[Varying, number(low=0, high=5000, varies="axis core")]
    direction: Literal["forward", "backward"] = "backward"
    attenuation_db_per_km: Annotated[Quantity, number(low=0, high=10)] = 0.25


class LumpedLoss(Description):
    """A loss at one place of a span, such as a bad splice.

    Parameters
    ----------
    position_km
        From the start of the span, inside it.
    loss_db
        Of signals and pumps.

    Examples
    --------
    >>> LumpedLoss(position_km=40, loss_db=0.5).loss_db
    0.5
    """

    position_km: Annotated[Quantity, number(above=0, high=2000)]
    loss_db: Annotated[Quantity, number(low=0, high=100, remedy="a loss in dB is positive")]


_LOSS = number(low=0, high=100, remedy="a loss in dB is positive")

_DEVICE = number(low=0, high=100, varies=EVERYWHERE, names=BANDS_NM, remedy="a loss in dB is positive")


def _directions(value: Any, info: Any) -> Any:
    """Accept "same", or a list of +1 and -1."""
    return value if isinstance(value, str) and value == "same" else _ways.func(value, info)  # type: ignore[call-arg]


def _way(value: object, _info: object) -> int:
    if is_truth(value) or is_axis(value) or value not in (1, -1):
        msg = f"got {value!r}; allowed: +1 or -1"
        raise ValueError(msg)
    return int(value)


_ways = each(PlainValidator(_way), single=False, remedy='+1 or -1 for each core, or "same"')


class Amplifier(Description):
    """An amplifier for each core that restores the power lost since the last one.

    Parameters
    ----------
    noise_figure_db
        Signal-spontaneous noise figure: one number, one for each band, channel or core, a table against wavelength, or
        one against gain (and wavelength), whose ends are the limits of the gain.  Below 0 dB it is the equivalent
        figure of a hybrid with distributed Raman amplification, of a fictitious amplifier behind the span (see
        `mcfiber.line.amplifiers.equivalent_noise_figure`; or give the span its `raman_pumps`).
    core_noise_figure_offset_db
        Difference of each core's noise figure, where cores differ.
    output_tilt_db
        Tilt of the output that gain flattening leaves in each band: highest less lowest frequency; one for all bands
        or one for each.
    output_ripple_db
        What gain flattening leaves beside the tilt: difference of each channel's output from what is asked for, the
        same after every span; usually a table against wavelength.
    core_output_offset_db
        Difference of each core's output power, where gains differ; the same after every span.
    output_power_limit_dbm
        Largest signal output: one number, or one for each band. Where more is asked for, all channels are lowered.
    pumping
        "core": the limit is that of each core. "cladding": all cores share one pump, and the limit is that of their
        sum.
    crosstalk_db
        Crosstalk of a multicore amplifier: total from all neighbours; none by default.

    Examples
    --------
    >>> Amplifier(noise_figure_db={"C": 5.0, "L": 6.0}).noise_figure_db["L"]
    6.0
    """

    noise_figure_db: Annotated[
        Varying,
        number(
            low=-10,
            high=30,
            varies=f"{EVERYWHERE} gain",
            names=BANDS_NM,
            remedy="below 0 dB only for hybrids with distributed Raman amplification",
        ),
    ] = 5.0
    core_noise_figure_offset_db: Annotated[
        tuple[float, ...] | None, number(low=-20, high=20, varies="core", single=False)
    ] = None
    output_tilt_db: Annotated[Quantity | ByBand, number(low=-30, high=30, varies="axis band", names=BANDS_NM)] = 0.0
    output_ripple_db: Annotated[Varying, number(low=-30, high=30, varies=EVERYWHERE, names=BANDS_NM)] = 0.0
    core_output_offset_db: Annotated[
        tuple[float, ...] | None, number(low=-30, high=30, varies="core", single=False)
    ] = None
    output_power_limit_dbm: Annotated[
        Quantity | ByBand | None, number(low=-50, high=60, varies="axis band", names=BANDS_NM)
    ] = None
    pumping: Literal["core", "cladding"] = "core"
    crosstalk_db: Annotated[Quantity | None, number(low=-150, high=-3)] = None


class Piece(Description):
    """A further piece of fibre within a span, spliced to the one before it; no amplifier stands between.

    Parameters
    ----------
    length_km
        Length of the piece.
    fiber
        Name of its fibre in `System.fibers`; the system's `fiber` where left out.
    splice_loss_db
        Loss of the joint in front of it, in either fibre's light: mode fields that differ, a fan-in between.
    splice_crosstalk_db
        Crosstalk of that joint: total from all neighbours; none by default.

    Examples
    --------
    >>> Piece(length_km=2, fiber="smf", splice_loss_db=0.3).fiber
    'smf'
    """

    length_km: Annotated[Quantity, number(above=0, high=2000, remedy="give the length of this piece")]
    fiber: str | None = None
    splice_loss_db: Annotated[Quantity, _LOSS] = 0.0
    splice_crosstalk_db: Annotated[Quantity | None, number(low=-150, high=-3)] = None


class Span(Description):
    """A length of fibre between two amplifiers, with its fan-in, fan-out and splices.

    Parameters
    ----------
    length_km
        Length of fibre.
    fiber
        Name of its fibre in `System.fibers`; the system's `fiber` where left out.
    pieces
        Further pieces of fibre behind the first, of other fibres or of the same, with the joints between them.
    loss_before_db, loss_after_db
        Attenuator, equaliser or switch between the amplifier and the fan-in (which lowers the power that enters
        the fibre), and between the fan-out and the next amplifier: one value, or one for each band, channel, core or
        wavelength.
    fan_in_loss_db
        Loss from the amplifier's output (where launch power is defined) to the fibre.
    fan_out_loss_db
        Loss from the fibre to the next amplifier's input.
    splices, splice_loss_db
        Number of splices and mean loss of each; they are spread evenly, so their loss adds to the attenuation.
    lumped_losses
        Losses at single places of the fibre, ascending positions.
    amplifier
        After this span, if it is another than that of the link: its noise figure. What amplifiers put out belongs to
        the link, for the launch power is the same at every span.
    raman_pumps
        Pumps of distributed Raman amplification; the amplifier after the span restores what is still missing.
    temperature_k
        Of the fibre, for the noise of Raman amplification.
    fan_in_crosstalk_db, fan_out_crosstalk_db
        Crosstalk of the devices: total from all neighbours; none by default.
    splice_crosstalk_db
        Crosstalk of each splice: total from all neighbours; none by default.
    near_end_crosstalk_db
        Where cores carry light both ways: what a fan device lets over from the light that all neighbours send into it
        into a core that ends there, over the light of one of them; none by default. It meets light that has lost what
        the span loses.
    fan_reflection_db
        Power that the fan device at either end of the fibre reflects, over what reaches it; none by default. Where
        cores carry light both ways, crosstalk comes back with it.

    Examples
    --------
    >>> Span(length_km=86.1, fan_in_loss_db=0.9, fan_out_loss_db=3.1).length_km
    86.1
    """

    length_km: Annotated[Quantity, number(above=0, high=2000, remedy="give the length of one span")]
    fiber: str | None = None
    pieces: tuple[Piece, ...] = ()
    loss_before_db: Annotated[Varying, _DEVICE] = 0.0
    loss_after_db: Annotated[Varying, _DEVICE] = 0.0
    fan_in_loss_db: Annotated[Quantity, _LOSS] = 0.0
    fan_out_loss_db: Annotated[Quantity, _LOSS] = 0.0
    splices: Annotated[int, integer(low=0, high=100_000)] = 0
    splice_loss_db: Annotated[Quantity, _LOSS] = 0.0
    lumped_losses: tuple[LumpedLoss, ...] = ()
    amplifier: Amplifier | None = None
    raman_pumps: tuple[RamanPump, ...] = ()
    temperature_k: Annotated[Quantity, number(above=0, high=1000)] = 300.0
    fan_in_crosstalk_db: Annotated[Quantity | None, number(low=-150, high=-3)] = None
    fan_out_crosstalk_db: Annotated[Quantity | None, number(low=-150, high=-3)] = None
    splice_crosstalk_db: Annotated[Quantity | None, number(low=-150, high=-3)] = None
    near_end_crosstalk_db: Annotated[Quantity | None, number(low=-200, high=-3)] = None
    fan_reflection_db: Annotated[Quantity | None, number(low=-200, high=-3)] = None

    @model_validator(mode="after")
    def _amplifier_of_noise_only(self) -> Self:
        given = set() if self.amplifier is None else self.amplifier.model_fields_set
        if other := sorted(given - {"noise_figure_db", "core_noise_figure_offset_db"}):
            msg = f"amplifier.{other[0]}: is the same for all spans; give it in the link's amplifier"
            raise refused(msg)
        return self

    @model_validator(mode="after")
    def _pieces_plain(self) -> Self:
        for name in ("raman_pumps", "lumped_losses"):
            if self.pieces and getattr(self, name):
                msg = (
                    f"{name}: are not known in a span of several pieces; leave them out, or take the joints' "
                    "splice_loss_db for losses between pieces"
                )
                raise refused(msg)
        return self

    @model_validator(mode="after")
    def _losses_inside(self) -> Self:
        places = [0.0, *(loss.position_km for loss in self.lumped_losses), self.length_km]
        if any(is_axis(place) for place in places):
            return self
        if any(after <= before for before, after in itertools.pairwise(places)):
            msg = f"lumped_losses: positions must ascend inside the span, between 0 and {self.length_km:g} km"
            raise refused(msg)
        return self


class LoopEquipment(Description):
    """What a recirculating loop adds, once a lap, after the amplifier of its last span: equaliser, switch, amplifier.

    Parameters
    ----------
    loss_db
        Loss between the two amplifiers.
    first_amplifier_excess_db
        Output power of the first of the two amplifiers, that of the lap's last span, above the launch power.
    amplifier
        The second amplifier, which restores launch power.
    """

    loss_db: Annotated[Quantity, _LOSS]
    first_amplifier_excess_db: Annotated[Quantity, number(low=0, high=30)] = 0.0
    amplifier: Amplifier = Amplifier()

    @model_validator(mode="after")
    def _amplifies(self) -> Self:
        if is_axis(self.first_amplifier_excess_db) or is_axis(self.loss_db):
            return self  # single points are marked by their status
        if self.first_amplifier_excess_db > self.loss_db:
            msg = (
                f"first_amplifier_excess_db: got {self.first_amplifier_excess_db:g} dB, more than the loss of "
                f"{self.loss_db:g} dB between the amplifiers, so the second one would attenuate; lower it"
            )
            raise refused(msg)
        return self


class OpticalFilters(Description):
    """Filters that every channel passes along the line, such as those of wavelength-selective switches.

    Parameters
    ----------
    bandwidth_ghz
        Full width of a passband at half the power; its middle is that of the channel.
    count
        Number of filters on the whole line, spread evenly; their mean loss belongs to the spans.
    order
        Of the super-Gaussian passband, ``2^-(2|f|/B)^(2 order)``: the edges of switches have 3 to 6.
    roll_off
        Of the channels' root-raised-cosine spectra.

    Examples
    --------
    >>> OpticalFilters(bandwidth_ghz=68, count=8).order
    4.0
    """

    bandwidth_ghz: Annotated[Quantity, number(above=0, high=100_000)]
    count: Annotated[int, integer(low=1, high=10_000)]
    order: Annotated[Quantity, number(low=0.5, high=50)] = 4.0
    roll_off: Annotated[Quantity, number(low=0, high=1)] = 0.1


LOSS_SOURCES = ("fan_in", "fan_out", "splices", "fiber", "amplifier")
"""Where mode-dependent loss arises in a span."""


LinkAmplifier = Annotated[
    Annotated[Amplifier, Tag("_restoring")] | Annotated[ErbiumAmplifier, Tag("_erbium")],
    Discriminator(amplifier_kind),
]
"""What amplifies after each span."""


class Link(Description):
    """The whole line of one fibre.

    Parameters
    ----------
    span
        One span, repeated `span_count` times, or a list of different spans.
    span_count
        Number of equal spans; where there is `loop` equipment and no `laps`, a lap is one span, and this their number.
    laps
        How often the listed spans, or `span_count` equal ones, are passed: laps of a loop, or a pattern that repeats.
    amplifier
        Amplifier after each span: one that delivers what is asked for, or an `ErbiumAmplifier`, whose pump says it.
    loop
        Equipment of a recirculating loop, where there is one: once a lap, behind its last span.
    filters
        Optical filters along the line, where there are some.
    launch_power_dbm
        Power of a channel in one core, both polarisations, at the amplifier's output before the fan-in: one
        number, a list with one for each channel, for all bands or for each, a value for each core, or a table against
        wavelength. Lists are in the order in which the spectrum describes its channels: that of `frequency_thz`, or
        its groups as they are listed, each ascending.
    total_launch_power_dbm
        Power of all channels of one core together, or of those of each band; one for all cores, or one for each.
        `launch_power_dbm` then only says the shape over the channels.
    launch_tilt_db
        Tilt over each band that comes on top: highest less lowest frequency, 0 in the middle of the band.
    core_launch_offset_db
        Difference of each core's launch power, where cores are launched unequally; -100 leaves a core dark.
        Amplifiers restore it after every span, and their own `core_output_offset_db` comes on top.
    core_directions
        "same", or a list of +1 and -1: which way the signal of each core travels. Spans are numbered in the direction
        +1; fan-in and fan-out are each signal's own. A neighbour of the other direction disturbs by what is scattered
        back (see `MulticoreFiber.rayleigh_db_per_km`) and by two hops, and not in fan-ins, splices and amplifiers.
    core_permutation
        Where cores are exchanged between spans: the core that the signal of each core enters in the next span
        (spans counted in the direction +1). What a result tells of a core is then of the signal that has it in the
        first span.
    mode_dependent_loss_rms_db
        Standard deviation of the modes' power gains in dB that one span (with its devices and amplifiers) adds
        where cores are randomly coupled: one number, or a table of its sources ("fan_in", "fan_out", "splices",
        "fiber", "amplifier"), each with all that it adds in one span. Modes mix between them, so variances add.
    polarization_dependent_loss_db
        Polarisation-dependent loss that one span with its devices and amplifiers adds, where cores are received one by
        one: difference of its two gains. In coupled cores it is part of the mode-dependent loss.
    power_control
        What the amplifiers after the spans restore: the total power, noise included, of every "channel", as automatic
        power control does, or of each "band", where noise displaces signal (the signal droops); or the power of the
        "signal" alone.
    repeat
        "independent": every span mixes the modes anew; "same": a loop sends light through the same fibre again,
        lap for lap.

    Examples
    --------
    >>> link = Link(span=Span(length_km=80), span_count=10, launch_power_dbm={"C": 0, "L": -1})
    >>> link.count
    10
    >>> Link(span=Span(length_km=62), span_count=6, laps=100, loop=LoopEquipment(loss_db=15)).count
    600
    """

    span: Span | tuple[Span, ...]
    span_count: Annotated[int | None, integer(low=1, high=100_000)] = None
    laps: Annotated[int | None, integer(low=1, high=100_000)] = None
    amplifier: LinkAmplifier = Amplifier()
    loop: LoopEquipment | None = None
    filters: OpticalFilters | None = None
    launch_power_dbm: Annotated[
        Varying, number(low=-100, high=40, varies=EVERYWHERE, names=BANDS_NM, listed="channel")
    ] = 0.0
    total_launch_power_dbm: Annotated[
        Varying, number(low=-100, high=60, varies="axis band core", names=BANDS_NM, listed="core")
    ] = None
    launch_tilt_db: Annotated[Quantity | ByBand, number(low=-60, high=60, varies="axis band", names=BANDS_NM)] = 0.0
    core_launch_offset_db: Annotated[
        tuple[float, ...] | None, number(low=-100, high=40, varies="core", single=False)
    ] = None
    core_directions: Annotated[Literal["same"] | tuple[int, ...], PlainValidator(_directions)] = "same"
    core_permutation: Annotated[tuple[int, ...] | None, each(integer(low=0), single=False)] = None
    polarization_dependent_loss_db: Annotated[Varying, number(low=0, high=20, varies=EVERYWHERE, names=BANDS_NM)] = 0.0
    mode_dependent_loss_rms_db: Annotated[
        Quantity | dict[str, Quantity], number(low=0, high=20, varies="axis source", names=LOSS_SOURCES)
    ] = 0.0
    power_control: Literal["signal", "channel", "band"] = "channel"
    repeat: Literal["independent", "same"] = "independent"

    @model_validator(mode="after")
    def _counted(self) -> Self:
        if isinstance(self.span, tuple):
            if not self.span:
                msg = "span: an empty list is no line; give at least one span"
                raise refused(msg)
            if self.span_count not in (None, len(self.span)):
                msg = f"span_count: got {self.span_count} with a list of {len(self.span)} spans; leave it out"
                raise refused(msg)
        return self

    @model_validator(mode="after")
    def _exchanged(self) -> Self:
        order = self.core_permutation
        if order is not None and sorted(order) != list(range(len(order))):
            msg = (
                f"core_permutation: got {list(order)}, which does not have each core from 0 to {len(order) - 1} once; "
                "give for each core the one that its signal enters in the next span"
            )
            raise refused(msg)
        return self

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        refuse_contradictions(self, "link")
        return self

    @property
    def both_directions(self) -> bool:
        """Whether some cores carry light one way and some the other."""
        return self.core_directions != "same" and len(set(self.core_directions)) > 1

    @property
    def spans(self) -> tuple[Span, ...]:
        """Every span that is described: one where all are equal."""
        return self.span if isinstance(self.span, tuple) else (self.span,)

    @property
    def lap(self) -> tuple[Span, ...]:
        """Spans of one lap in their order: what repeats; one span where nothing distinguishes those of a lap."""
        if isinstance(self.span, tuple):
            return self.span
        together = self.laps is not None and self.loop is not None
        return (self.span,) * (self.spans_per_lap if together else 1)

    @property
    def fibers_along(self) -> tuple[str | None, ...]:
        """Name of the fibre of every span of a lap, piece by piece."""
        return tuple(name for span in self.lap for name in (span.fiber, *(piece.fiber for piece in span.pieces)))

    @property
    def spans_per_lap(self) -> int:
        """Number of spans between two passes of the same place."""
        if isinstance(self.span, tuple):
            return len(self.span)
        return self.span_count or 1 if self.laps is not None else 1

    @property
    def count(self) -> int:
        """Number of spans."""
        if self.laps is not None or isinstance(self.span, tuple):
            return self.spans_per_lap * (self.laps or 1)
        return self.span_count or 1
