"""A submarine cable that is fed from its ends, as described: feed, repeaters, amplifiers, costs."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, cast

import numpy as np
from pydantic import Field, PlainValidator, model_validator

from mcfiber.descriptions.checks import integer, number
from mcfiber.descriptions.erbium import ErbiumAmplifier, FixedEfficiencyAmplifier
from mcfiber.descriptions.errors import refused, shown, without_array
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.line import Amplifier, Span
from mcfiber.descriptions.record import Description, plain
from mcfiber.descriptions.spectrum import Spectrum
from mcfiber.descriptions.system import System, read_toml
from mcfiber.descriptions.values import Axis, Quantity
from mcfiber.typing import is_axis

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

MOST_FIBER_PAIRS = 100_000


class PowerFeed(Description):
    """What feeds the repeaters of a cable: a constant current through its conductor.

    Parameters
    ----------
    voltage_kv
        Between the conductor and earth at the end that feeds.
    resistance_ohm_per_km
        Of the conductor.
    power_limit_kw
        Largest power of the feeding equipment; both ends together where both feed.
    current_limit_a
        Largest current. Of several limits the smallest current holds.
    ends
        "one": fed from one end, earthed at the other. "both": from both ends with opposite polarity, twice the voltage.
    earth_potential_v_per_km
        Difference of the earth potential along the cable that the voltage must overcome.

    Examples
    --------
    >>> PowerFeed(voltage_kv=18, resistance_ohm_per_km=0.8, power_limit_kw=22).ends
    'one'
    """

    voltage_kv: Annotated[Quantity, number(above=0, high=1000, remedy="usual: 10 to 20 kV")]
    resistance_ohm_per_km: Annotated[Quantity, number(above=0, high=1000, remedy="usual: 0.7 to 1.6 ohm/km")]
    power_limit_kw: Annotated[Quantity | None, number(above=0, high=1e6)] = None
    current_limit_a: Annotated[Quantity | None, number(above=0, high=1e4)] = None
    ends: Literal["one", "both"] = "one"
    earth_potential_v_per_km: Annotated[Quantity, number(low=0, high=1000, remedy="a usual allowance is 0.1")] = 0.0


class Repeater(Description):
    """What the repeaters of a cable make of electrical power.

    Parameters
    ----------
    pump_efficiency_percent
        Pump light in the erbium over electrical power: converters, redundancy, lasers and combiners together. Pumps
        are shared, so every amplifier has the same part.
    control_power_w
        That a repeater needs for other things than pumps.

    Examples
    --------
    >>> Repeater(pump_efficiency_percent=3.8).control_power_w
    0.0
    """

    pump_efficiency_percent: Annotated[Quantity, number(above=0, high=100)]
    control_power_w: Annotated[Quantity, number(low=0, high=1e6)] = 0.0


_COST = number(low=0, high=1e15, remedy="any currency, or relative units")


class CableCost(Description):
    """What a cable costs, in any currency or in relative units; nothing is known by default.

    Parameters
    ----------
    fixed
        Whatever the cable is.
    per_km
        Of cable, its laying included, without fibres.
    per_fiber_km
        Of fibre.
    per_repeater
        Without its amplifiers.
    per_amplifier
        Of one core in one direction.
    per_bps
        Of transceivers, for a bit per second of one direction.

    Examples
    --------
    >>> CableCost(fixed=0, per_km=1, per_fiber_km=0.01, per_repeater=10, per_amplifier=0.1, per_bps=0).per_km
    1.0
    """

    fixed: Annotated[Quantity, _COST]
    per_km: Annotated[Quantity, _COST]
    per_fiber_km: Annotated[Quantity, _COST]
    per_repeater: Annotated[Quantity, _COST]
    per_amplifier: Annotated[Quantity, _COST]
    per_bps: Annotated[Quantity, _COST]


def _pairs(value: Any, info: Any) -> Any:
    """Accept a whole number, or an axis of whole numbers."""
    value = without_array(value)
    if isinstance(value, dict) and "axis" in value:
        value = Axis(**value)
    if not is_axis(value):
        return _whole.func(value, info)  # type: ignore[call-arg]
    numbers_of = np.asarray(value.values)
    wrong = (numbers_of != np.round(numbers_of)) | ~(numbers_of >= 1) | ~(numbers_of <= MOST_FIBER_PAIRS)
    if value.ndim != 1 or not value.size or wrong.any():
        worst = f"{numbers_of[wrong].flat[0]:g}" if wrong.any() else f"an axis of shape {value.shape}"
        msg = f"got {worst}; allowed: whole numbers of at least 1"
        raise ValueError(msg)
    return value


_whole = integer(low=1, high=MOST_FIBER_PAIRS)


class Cable(Description):
    """A cable with repeaters that are fed from its ends: how many bits a second, and how many joules a bit.

    Parameters
    ----------
    name
        Shown in reports.
    system
        One fibre of the cable: spectrum, fibre, span and transceiver. The number of spans follows from the length of
        the cable, the launch power from the feed; what its link says of them is only the shape over the channels.
    length_km
        Of the cable. The number of spans is the nearest whole number of those of `system`, whose length adapts.
    fiber_pairs
        Number of fibre pairs: a whole number, or an axis of whole numbers.
    feed, repeater
        Where electrical power comes from, and what repeaters make of it.
    amplifier
        Of each core and direction, without its pump power.
    cost
        What things cost, where that is known.
    bandwidth_thz
        That channels like those of `system` fill, around the middle of its spectrum: whole channels, the rest of it
        stays dark. The spectrum is that of `system` where left out.
    fibers_at_most
        Fibres for which the cable and its repeaters have room; any number where left out.
    launch
        "at_most_optimum": no core is launched above its nonlinear optimum; power beyond it is fed, and not used.
        "all": all pump light is used.

    Raises
    ------
    DescriptionError
        If the parts do not fit each other.

    Notes
    -----
    Capacities are those of one direction of the cable, both polarisations; the energy of a bit is the power of the
    feeding equipment over that capacity, without terminals.

    Examples
    --------
    >>> import mcfiber
    >>> cable = mcfiber.load_cable("nec-2026-7000km-2core").cable
    >>> f"{float(cable.evaluate().cable_net_rate) / 1e15:.1f} Pb/s"
    '1.1 Pb/s'
    """

    name: str = ""
    system: System
    length_km: Annotated[Quantity, number(above=0, high=100_000)]
    fiber_pairs: Annotated[Any, PlainValidator(_pairs)]
    feed: PowerFeed
    repeater: Repeater
    amplifier: ErbiumAmplifier | FixedEfficiencyAmplifier = Field(default=ErbiumAmplifier(), discriminator="kind")
    cost: CableCost | None = None
    bandwidth_thz: Annotated[float | None, number(above=0, high=100, axis=False)] = None
    fibers_at_most: Annotated[int | None, integer(low=2)] = None
    launch: Literal["at_most_optimum", "all"] = "at_most_optimum"

    @model_validator(mode="before")
    @classmethod
    def _kind_of_amplifier(cls, values: Any) -> Any:
        given = values.get("amplifier") if isinstance(values, dict) else None
        if isinstance(given, dict) and "kind" not in given:
            return values | {"amplifier": {"kind": "erbium"} | given}
        return values

    @model_validator(mode="after")
    def _line_of_a_cable(self) -> Self:
        link = self.system.link
        if not isinstance(link.span, Span):
            msg = "system.link.span: got a list; a cable has equal spans, so give one"
            raise refused(msg)
        for name in ("loop", "laps", "total_launch_power_dbm", "core_launch_offset_db"):
            if getattr(link, name) is not None:
                msg = f"system.link.{name}: the cable gives spans and launch powers; leave it out"
                raise refused(msg)
        if link.power_control == "signal":
            msg = (
                "system.link.power_control: got 'signal'; allowed in a cable: 'channel', 'band'; amplifiers of a "
                "cable hold total power"
            )
            raise refused(msg)
        if link.span.raman_pumps:
            path = "system.link.span.raman_pumps"
            msg = f"{path}: pumps along the fibre are not fed by repeaters of a Cable; leave them out"
            raise refused(msg)
        if link.amplifier != Amplifier() or link.span.amplifier is not None:
            msg = "system.link.amplifier: the amplifier of the Cable stands in its place; leave it out"
            raise refused(msg)
        return self

    @model_validator(mode="after")
    def _pump_of_the_feed(self) -> Self:
        if getattr(self.amplifier, "pump_power_mw", None) is not None:
            msg = "amplifier.pump_power_mw: follows from the feed of a cable; leave it out"
            raise refused(msg)
        return self

    @model_validator(mode="after")
    def _feed_suffices(self) -> Self:
        values = (self.feed.voltage_kv, self.feed.earth_potential_v_per_km, self.length_km)
        if not any(map(is_axis, values)):
            voltage, lost = self.voltage_v, self.feed.earth_potential_v_per_km * self.length_km
            if lost >= voltage:
                msg = (
                    f"feed.earth_potential_v_per_km: earth potential takes {lost / 1e3:g} kV of {voltage / 1e3:g} kV, "
                    "so nothing is left for repeaters; raise the voltage"
                )
                raise refused(msg)
        most, pairs = self.fibers_at_most, self.fiber_pairs
        if most is not None and isinstance(pairs, int) and 2 * pairs > most:
            msg = (
                f"fiber_pairs: got {pairs}, which are {2 * pairs} fibres; allowed: at most {most} fibres "
                "(fibers_at_most)"
            )
            raise refused(msg)
        return self

    @model_validator(mode="after")
    def _spectrum_fits(self) -> Self:
        if self.bandwidth_thz is not None:
            self.spectrum  # noqa: B018 - refuses what cannot be filled
        return self

    @property
    def voltage_v(self) -> Any:
        """Voltage of both ends together. [V]"""
        volts = self.feed.voltage_kv * 1e3
        return volts * 2.0 if self.feed.ends == "both" else volts

    @property
    def span(self) -> Span:
        """The span that is repeated; its length adapts."""
        return cast("Span", self.system.link.span)

    @property
    def fiber(self) -> MulticoreFiber:
        """The fibre."""
        return self.system.fiber

    @property
    def spectrum(self) -> Spectrum:
        """Channels: those of the system, or as many like them as fill the bandwidth."""
        if self.bandwidth_thz is None:
            return self.system.spectrum
        return self.system.spectrum.filling(self.bandwidth_thz)

    @classmethod
    def from_toml(cls, path: "str | Path") -> Self:
        """Read a cable from a TOML file (its `cable` table, or the whole file).

        Raises
        ------
        DescriptionError
            If the file is missing, is not TOML, or describes no valid cable.
        """
        table = read_toml(path)
        cable = table.get("cable", table)
        if not isinstance(cable, dict):
            msg = f"cable: got {shown(cable)}; allowed: a table of the values of a Cable"
            raise refused(msg)
        return cls(**cable)

    def to_dict(self) -> dict[str, Any]:
        """Plain tables, lists and numbers of everything that was set; an axis is a table of dim and values."""
        tables: dict[str, Any] = plain(self)
        return tables

    def evaluate(self) -> "xr.Dataset":
        """Compute what the feed leaves for the repeaters, and what the fibres carry with it.

        See Also
        --------
        mcfiber.cable.evaluate_cable : does the work.
        """
        from mcfiber.cable import evaluate_cable

        return evaluate_cable(self)
