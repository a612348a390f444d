"""The evaluation of a power-fed cable: from the feed to pump light, and through the one evaluation path to bits.

Equations are those of :doc:`/theory/power-fed-cables`.
"""

import math
import numbers
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from mcfiber import result, status, units
from mcfiber.arguments import arguments, dataset
from mcfiber.descriptions.cable import Cable
from mcfiber.descriptions.erbium import ErbiumAmplifier, FixedEfficiencyAmplifier
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.line import Amplifier
from mcfiber.descriptions.record import axes, plain
from mcfiber.descriptions.system import System
from mcfiber.descriptions.values import Axis
from mcfiber.dimensions import spread
from mcfiber.evaluate import quantities, records
from mcfiber.fiber.channels import channels
from mcfiber.kernels.erbium import best_output_factor
from mcfiber.labelled import (
    array,
    as_variable,
    combined,
    compute,
    coordinates_of,
    has,
    plain_numbers,
    quantity,
    reduced,
    variable,
)
from mcfiber.line.budget import Scene
from mcfiber.line.erbium import launch_shape
from mcfiber.line.line import Line
from mcfiber.line.power import droop, droop_slope, undisplaced
from mcfiber.receiver.rates import achievable_rate
from mcfiber.receiver.receiver import Receiver
from mcfiber.typing import AnyArray, IntArray, Quantity, is_axis

LIMITS = ("feed", "space", "nonlinearity", "pump", "crosstalk")
"""What may bind the rate of a cable, in the order of the flags of :data:`binding_limit`."""

POINT = "cable_point"
"""Dimension of points that have one number of spans."""

CABLE_NUMBERS = (
    *("cable_net_rate", "fiber_pair_net_rate", "energy_per_bit", "feed_power", "feed_current", "cable_heat"),
    *("earth_potential_power", "repeater_power", "pump_power_available", "repeaters", "pump_to_signal"),
    *("feed_to_signal", "signal_power_added", "binding_limit"),
)
"""Variables that a cable adds to those of its fibre."""


def evaluate_cable(cable: Cable) -> xr.Dataset:
    """Evaluate what a cable carries under its feed.

    Parameters
    ----------
    cable
        Its real fields may be labelled axes, and the number of fibre pairs an axis of whole numbers.

    Returns
    -------
    xarray.Dataset
        The result of one fibre (`mcfiber.evaluate.evaluate`), and of the cable
        :data:`~mcfiber.variables.cable_net_rate`, :data:`~mcfiber.variables.fiber_pair_net_rate`,
        :data:`~mcfiber.variables.energy_per_bit`, :data:`~mcfiber.variables.feed_power`,
        :data:`~mcfiber.variables.feed_current`, :data:`~mcfiber.variables.cable_heat`,
        :data:`~mcfiber.variables.repeater_power`, :data:`~mcfiber.variables.pump_to_signal`,
        :data:`~mcfiber.variables.feed_to_signal`, :data:`~mcfiber.variables.binding_limit`, where costs are known
        :data:`~mcfiber.variables.cost_per_bit`, and what `power_use` tells.

    Raises
    ------
    DescriptionError
        If nothing is an axis, and the feed is exhausted, a repeater left without power or a pump below threshold.

    Notes
    -----
    Eq. (1) to Eq. (4) of :doc:`/theory/power-fed-cables`.

    Examples
    --------
    >>> import mcfiber
    >>> result = evaluate_cable(mcfiber.load_cable("nec-2026-7000km-4core").cable)
    >>> f"{1e12 * float(result.energy_per_bit):.0f} pJ/bit"
    '17 pJ/bit'
    """
    system, values = cable_quantities(cable)
    grid = channels(system.spectrum)
    if np.any(values["status"].data != status.OK) and not any(True for _ in axes(cable)):
        raise status.failure(int(values["status"]), values)
    found = result.pack(system, grid, values, cores=cable.fiber.cores)
    labels = {name: value for name, value in coordinates_of(cable).items() if set(value.dims) <= set(found.dims)}
    found = found.assign_coords({name: value for name, value in labels.items() if name not in found.coords})
    return result.noted(found, cable=plain(cable), **_notes(cable, values))


def _notes(cable: Cable, values: Mapping[str, Quantity]) -> dict[str, Any]:
    """What a reader must know of how the cable was cut into spans and channels."""
    notes: dict[str, Any] = {}
    spans = values["repeaters"]
    if not spans.ndim and not is_axis(cable.span.length_km) and not is_axis(cable.length_km):
        asked, had = float(cable.span.length_km), float(cable.length_km) / float(spans)
        if abs(had / asked - 1.0) > 1e-9:
            notes["span_note"] = f"{int(spans)} spans of {had:.3f} km instead of {asked:g} km"
    if cable.bandwidth_thz is not None:
        group = cable.spectrum.groups[0]
        filled = group.channels * group.spacing_ghz * 1e-3
        if cable.bandwidth_thz - filled > 1e-9:
            notes["bandwidth_note"] = f"{group.channels} whole channels fill {filled:g} of {cable.bandwidth_thz:g} THz"
    return notes


# ---------------------------------------------------------------------------------------------------------
# points that differ in their number of spans


def span_counts(cable: Cable) -> Quantity:
    """Number of spans: the nearest whole number, Eq. (3), at least 1; with the dimensions of length and span length."""
    length, span = variable(cable.length_km), variable(cable.span.length_km)
    return combined(lambda whole, part: np.maximum(1.0, np.round(whole / part)), length, span)  # Eq. (3)


def cable_quantities(cable: Cable) -> tuple[System, dict[str, xr.Variable]]:
    """Every variable of a cable's result by name, and a system that has been evaluated for it.

    Parameters
    ----------
    cable
        May have axes.

    Returns
    -------
    tuple
        The system (of the first number of spans, where there are several), and the variables.

    Raises
    ------
    DescriptionError
        If a value is refused.

    Notes
    -----
    Points with one number of spans are one evaluation. Eq. (1) to Eq. (4) of :doc:`/theory/power-fed-cables`.
    """
    counts = span_counts(cable)
    numbers_of = np.unique(plain_numbers(counts))
    if numbers_of.size == 1:
        return _of_spans(cable, int(numbers_of[0]))
    flat = counts.data.ravel()
    parts, places = [], []
    for number in numbers_of:
        where = np.flatnonzero(flat == number)
        parts.append(_of_spans(_at_points(cable, counts, where), int(number)))
        places.append(where)
    values = {name: _together([part[name] for _, part in parts], places, counts) for name in parts[0][1]}
    return parts[0][0], values


def _at_points(cable: Cable, counts: xr.Variable, where: IntArray) -> Cable:
    """Cable whose axes along the dimensions of the counts hold chosen points, one after the other."""
    index = dict(zip(counts.dims, np.unravel_index(where, counts.shape), strict=True))
    return cable.replace(
        {
            path: Axis(axis=POINT, values=np.asarray(axis.values)[index[axis.dims[0]]])
            for path, axis in axes(cable)
            if axis.dims[0] in index
        }
    )


def _together(parts: list[xr.Variable], places: list[IntArray], counts: xr.Variable) -> xr.Variable:
    """One variable from those of points with one number of spans each."""
    first = parts[0]
    alike = all(POINT not in one.dims and one.dims == first.dims for one in parts)
    if alike and all(np.array_equal(one.data, first.data, equal_nan=True) for one in parts):
        return first
    others = tuple(dict.fromkeys(str(dim) for one in parts for dim in one.dims if dim != POINT))
    wide = [spread(one, (POINT, *others)) for one in parts]
    inner = np.broadcast_shapes(*(one.shape[1:] for one in wide))
    data = np.empty((counts.size, *inner), first.dtype)
    for place, one in zip(places, wide, strict=True):
        data[place] = one
    made = array((*counts.dims, *others), data.reshape((*counts.shape, *inner)))
    made.attrs.update(first.attrs)
    return made


# ---------------------------------------------------------------------------------------------------------
# the feed


def feeding(cable: Cable) -> dict[str, Quantity]:
    """Current and powers of the feed, in SI; NaN where nothing is left for the repeaters.

    Parameters
    ----------
    cable
        Its length, and its feed.

    Returns
    -------
    dict
        :data:`feed_current`, :data:`feed_power`, :data:`cable_heat`, :data:`earth_potential_power` and
        :data:`repeater_power`, which sum to the feed's.

    Notes
    -----
    Eq. (1) and Eq. (2) of :doc:`/theory/power-fed-cables`.

    Examples
    --------
    >>> import mcfiber
    >>> cable = mcfiber.load_cable("nec-2026-7000km-2core").cable
    >>> f"{feeding(cable)['repeater_power'] / 1e3:.2f} kW"
    '13.63 kW'
    """
    feed = cable.feed
    voltage = quantity(feed, "voltage_kv") * (2.0 if feed.ends == "both" else 1.0)
    length, resistance = quantity(cable, "length_km"), quantity(feed, "resistance_ohm_per_km")
    earth = combined(np.multiply, quantity(feed, "earth_potential_v_per_km"), length)
    conductor = combined(np.multiply, resistance, length)
    most_power, most_current = quantity(feed, "power_limit_kw"), quantity(feed, "current_limit_a")

    def current(
        voltage: AnyArray, earth: AnyArray, conductor: AnyArray, power: AnyArray, current: AnyArray
    ) -> AnyArray:
        best = (voltage - earth) / (2.0 * conductor)  # Eq. (1)
        least: AnyArray = np.minimum(np.minimum(best, power / voltage), current)
        return np.where(voltage > earth, least, np.nan)

    limits = (math.inf if one is None else one for one in (most_power, most_current))
    amperes = combined(current, voltage, earth, conductor, *limits)
    heat = combined(lambda current, ohms: current**2 * ohms, amperes, conductor)
    lost, power = combined(np.multiply, earth, amperes), combined(np.multiply, voltage, amperes)
    return {
        "feed_current": amperes,
        "feed_power": power,
        "cable_heat": heat,
        "earth_potential_power": lost,
        "repeater_power": combined(lambda all_of, *gone: all_of - gone[0] - gone[1], power, heat, lost),  # Eq. (2)
    }


def _pump_light(cable: Cable, fed: Mapping[str, Quantity], spans: int) -> tuple[Quantity, dict[str, Quantity]]:
    """Pump light of one core in one direction of a repeater, Eq. (3), and where the axes leave none. [W]"""
    repeater, pairs = cable.repeater, variable(cable.fiber_pairs)
    each = fed["repeater_power"] * (1.0 / spans)
    control = quantity(repeater, "control_power_w")
    none_left = combined(lambda each, control: ~(each > control), each, control)
    if not is_axis(none_left) and none_left:
        msg = (
            f"repeater.control_power_w: control takes {float(control):g} W, more than the {float(each):.1f} W a "
            "repeater gets; lower it, or raise the voltage of the feed"
        )
        raise refused(msg)
    efficiency = quantity(repeater, "pump_efficiency_percent")
    cores = float(cable.fiber.cores)

    def light(efficiency: AnyArray, each: AnyArray, control: AnyArray, pairs: AnyArray) -> AnyArray:
        left: AnyArray = efficiency * (each - control) / (2.0 * pairs * cores)  # Eq. (3)
        return np.where(left > 0.0, left, np.nan)

    pump = combined(light, efficiency, each, control, pairs)
    wrong = {"feed_exhausted": combined(np.isnan, fed["feed_current"]), "repeater_without_power": none_left}
    most = cable.fibers_at_most
    if most is not None:
        wrong["too_many_fibers"] = combined(lambda pairs: 2.0 * pairs > most, pairs)
        pump = combined(lambda pump, pairs: np.where(2.0 * pairs > most, np.nan, pump), pump, pairs)
    return pump, wrong


# ---------------------------------------------------------------------------------------------------------
# one number of spans


def _of_spans(cable: Cable, spans: int) -> tuple[System, dict[str, xr.Variable]]:
    """Evaluate the fibre of a cable with what the feed gives its amplifiers."""
    fed = feeding(cable)
    pump, wrong = _pump_light(cable, fed, spans)
    system = _system(cable, spans)
    drive = _Drive(cable, pump, wrong)
    scene, arrived = records(system, adjusted=drive)
    values = quantities(scene, arrived)
    added, factor = _added(scene, values), math.inf
    if cable.launch == "at_most_optimum":
        factor = compute("amplifier_gain", best_output_factor, *added)
        if bool(np.any(plain_numbers(factor) < 1.0)):
            drive = _Drive(cable, pump, wrong, limit=_held(factor, drive.output(scene)))
            scene, arrived = records(system, adjusted=drive)
            values = quantities(scene, arrived)
            added = _added(scene, values)
    binding = _binding(scene, arrived, drive, values, added, factor)
    more = _of_cable(cable, scene, drive, fed, values, spans) | {"binding_limit": binding}
    named = _marked({name: as_variable(value) for name, value in more.items()}, values["status"])
    return _with_power(system, drive, scene), values | named


class _Drive:
    """Gives amplifiers what the feed leaves them: what `records` takes to adjust a line."""

    def __init__(self, cable: Cable, pump: Quantity, wrong: Mapping[str, Quantity], limit: Quantity = math.inf) -> None:
        self.amplifier, self.cores = cable.amplifier, cable.fiber.cores
        self.pump, self.wrong, self.limit = pump, wrong, limit

    def __call__(self, line: Line) -> Line:
        problems = {**line.problems, **self.wrong}
        if line.erbium is not None:
            limit = combined(np.minimum, line.erbium.limit, self.limit)
            pump = self.pump * float(line.erbium.cores)
            return replace(line, erbium=replace(line.erbium, pump_power=pump, limit=limit), problems=problems)
        count = dict(getattr(line.asked, "sizes", {})).get("channel", 1)
        output = combined(np.minimum, self.pump * quantity(self.amplifier, "conversion_percent"), self.limit)
        return replace(line, asked=combined(np.multiply, launch_shape(line.asked, count), output), problems=problems)

    def output(self, scene: Scene) -> Quantity:
        """Signal that an amplifier puts out, of one core. [W]"""
        if scene.line.driven is not None:
            return scene.line.driven.output
        launch = scene.power.launch
        return reduced(np.sum, launch, "channel") if has(launch, "channel") else launch * float(scene.channels.count)

    def used(self, scene: Scene) -> Quantity:
        """Pump light that is used for one core. [W]"""
        if scene.line.driven is not None:
            return scene.line.driven.pump_power * (1.0 / scene.line.erbium.cores)  # type: ignore[union-attr]
        return combined(np.divide, self.output(scene), quantity(self.amplifier, "conversion_percent"))


def _system(cable: Cable, spans: int) -> System:
    """The system of one fibre, whose amplifiers still lack what the feed gives them."""
    span = units.mapped(lambda length: length / spans, cable.length_km)
    given = {"span_count": spans, "span.length_km": span, "amplifier": _amplifier(cable.amplifier, 1.0)}
    changes: dict[str, Any] = {f"link.{name}": value for name, value in given.items()}
    if cable.bandwidth_thz is not None:
        changes["spectrum"] = cable.spectrum
    if isinstance(cable.amplifier, FixedEfficiencyAmplifier):
        changes["link.launch_power_dbm"] = _each_channel(cable)
    return cable.system.replace(changes)


def _each_channel(cable: Cable) -> Any:
    """Shape of the launch powers; one number would have no dimension channel to spread a total over."""
    given = cable.system.link.launch_power_dbm
    return {"channel": [given] * cable.spectrum.count} if isinstance(given, numbers.Real) else given


def _amplifier(given: ErbiumAmplifier | FixedEfficiencyAmplifier, pump_mw: float) -> ErbiumAmplifier | Amplifier:
    if isinstance(given, ErbiumAmplifier):
        return given.replace({"pump_power_mw": pump_mw})
    return Amplifier(noise_figure_db=given.noise_figure_db, crosstalk_db=given.crosstalk_db)


def _with_power(system: System, drive: _Drive, scene: Scene) -> System:
    """The system with the pump, or the launch power, of its amplifiers; as it is where that differs along axes."""
    pump, output = drive.pump, drive.output(scene)
    if (is_axis(pump) and pump.ndim) or (is_axis(output) and output.ndim) or not np.isfinite(float(output)):
        return system
    if isinstance(drive.amplifier, FixedEfficiencyAmplifier):
        return system.replace({"link.total_launch_power_dbm": units.dbm(float(output))})
    erbium = scene.line.erbium
    changes = {"link.amplifier.pump_power_mw": float(pump) * erbium.cores * 1e3}  # type: ignore[union-attr]
    if np.isfinite(limit := float(erbium.limit)):  # type: ignore[union-attr]
        changes["link.amplifier.output_power_limit_dbm"] = units.dbm(limit)
    return system.replace(changes)


def _added(scene: Scene, values: Mapping[str, Quantity]) -> tuple[Quantity, Quantity]:
    """What amplifiers and interference add to noise over signal on the whole line, before noise displaces signal."""
    launch = scene.power.launch
    noises = undisplaced(scene.line, launch, [values["ase_power"], values["nli_power"]], scene.channels)
    return combined(np.divide, noises[0], launch), combined(np.divide, noises[1], launch)


def _held(factor: Quantity, output: Quantity) -> Quantity:
    return combined(lambda factor, output: np.where(factor < 1.0, factor * output, np.inf), factor, output)


def _of_cable(
    cable: Cable,
    scene: Scene,
    drive: _Drive,
    fed: Mapping[str, Quantity],
    values: Mapping[str, Quantity],
    spans: int,
) -> dict[str, Quantity]:
    """Variables of the whole cable."""
    pairs, cores = variable(cable.fiber_pairs), cable.fiber.cores
    amplifiers = pairs * (2.0 * cores * spans)
    rate = combined(np.multiply, values["total_net_rate"], pairs)  # Eq. (4)
    output, used = (_mean_of_cores(one) for one in (drive.output(scene), drive.used(scene)))
    signal, pumped = combined(np.multiply, output, amplifiers), combined(np.multiply, used, amplifiers)
    found = {
        **fed,
        "cable_net_rate": rate,
        "fiber_pair_net_rate": values["total_net_rate"],
        "energy_per_bit": combined(_over, fed["feed_power"], rate),  # Eq. (4)
        "pump_power_available": combined(np.multiply, drive.pump, amplifiers),
        "pump_to_signal": combined(_over, signal, pumped),
        "feed_to_signal": combined(_over, signal, fed["feed_power"]),
        "signal_power_added": combined(np.multiply, _added_light(scene), amplifiers),
        "repeaters": float(spans),
        "amplifier_output_power": drive.output(scene),
        "amplifier_pump_power": drive.used(scene) * float(1 if scene.line.erbium is None else scene.line.erbium.cores),
    }
    if cable.cost is not None:
        found["cable_cost"] = _cost(cable, rate, spans, amplifiers)
        found["cost_per_bit"] = combined(_over, found["cable_cost"], rate)
    return found


def _added_light(scene: Scene) -> Quantity:
    """Signal light at the output of an amplifier less that at its input, of one core. [W]"""
    added = combined(lambda launch, loss: launch * (1.0 - 1.0 / loss), scene.power.launch, scene.power.span_loss)
    whole = reduced(np.sum, added, "channel") if has(added, "channel") else added * float(scene.channels.count)
    return _mean_of_cores(whole)


def _marked(found: dict[str, Quantity], good: Quantity) -> dict[str, Quantity]:
    """Nothing is told of a cable that cannot exist, and the flags of what binds are."""
    if bool((good != status.OK).any()):
        found = {name: combined(_where_good, value, good) for name, value in found.items()}
    found["binding_limit"].attrs |= {"flag_values": list(range(len(LIMITS))), "flag_meanings": " ".join(LIMITS)}
    return found


def _where_good(value: AnyArray, good: AnyArray) -> AnyArray:
    return np.where(good == status.OK, value, np.nan)


def _over(one: AnyArray, other: AnyArray) -> AnyArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        result: AnyArray = np.divide(one, other)
    return result


def _mean_of_cores(value: Quantity) -> Quantity:
    return reduced(np.mean, value, "core") if has(value, "core") else value


def _cost(cable: Cable, rate: Quantity, spans: int, amplifiers: Quantity) -> Quantity:
    """What the cable costs, terminals included."""
    cost: Any = cable.cost
    names = ("fixed", "per_km", "per_fiber_km", "per_repeater", "per_amplifier", "per_bps")
    fixed, per_km, per_fiber_km, per_repeater, per_amplifier, per_bps = (variable(getattr(cost, one)) for one in names)
    length, pairs = variable(cable.length_km), variable(cable.fiber_pairs)

    def total(*parts: AnyArray) -> AnyArray:
        fixed, km, fiber_km, repeater, amplifier, bps, length, pairs, amplifiers, rate = parts
        glass = (km + fiber_km * 2.0 * pairs) * length
        whole: AnyArray = fixed + glass + repeater * spans + amplifier * amplifiers + bps * rate  # Eq. (4)
        return whole

    given = fixed, per_km, per_fiber_km, per_repeater, per_amplifier, per_bps
    return combined(total, *given, length, pairs, amplifiers, rate)


# ---------------------------------------------------------------------------------------------------------
# what binds


NUDGE = 1e-4
"""Part by which a signal-to-noise ratio is changed for the slope of the rate."""


def _binding(
    scene: Scene,
    arrived: Receiver,
    drive: _Drive,
    values: Mapping[str, Quantity],
    added: tuple[Quantity, Quantity],
    factor: Quantity,
) -> Quantity:
    """Which limit binds: number in `LIMITS`, by Eq. (8)."""
    elasticity = _rate_by_output(scene, arrived, values, added)
    used = _mean_of_cores(drive.used(scene))
    share = _threshold_share(scene, used)
    crossed = combined(
        lambda xt, ase, nli: xt > ase + nli,
        _mean_of(values["crosstalk_power"]), _mean_of(values["ase_power"]), _mean_of(values["nli_power"]),
    )  # fmt: skip

    def chosen(elasticity: AnyArray, share: AnyArray, factor: AnyArray, crossed: AnyArray) -> AnyArray:
        more_paths = 1.0 - elasticity / (1.0 - share)  # Eq. (8)
        found = np.where(more_paths > 0.0, 1.0, np.where(share > 0.5, 3.0, 0.0))
        found = np.where(crossed, 4.0, found)
        return np.where(factor < 1.0, 2.0, found)

    return combined(chosen, elasticity, share, _least_of_cores(factor), crossed)


def _least_of_cores(value: Quantity) -> Quantity:
    return reduced(np.min, value, "core") if has(value, "core") else value


def _mean_of(value: Quantity) -> Quantity:
    return reduced(np.mean, value, "core", "channel") if is_axis(value) else value


def _threshold_share(scene: Scene, used: Quantity) -> Quantity:
    """Part of the used pump light that only keeps the erbium inverted: offset over slope times pump, of Eq. (5)."""
    erbium, driven = scene.line.erbium, scene.line.driven
    if erbium is None or driven is None:
        return 0.0
    length, inversion = _mean_of_cores(driven.length), _mean_of_cores(driven.inversion)

    def share(length: AnyArray, inversion: AnyArray, used: AnyArray, *glass: AnyArray) -> AnyArray:
        absorption, gain, saturation = glass
        left = np.exp(erbium.cores * length * ((absorption + gain) * inversion - absorption))
        flux = used / (units.PLANCK * erbium.pump_frequency) * (1.0 - left)
        kept: AnyArray = saturation * inversion * length / flux
        return kept

    return combined(share, length, inversion, used, erbium.pump_absorption, erbium.pump_gain, erbium.saturation)


def _rate_by_output(
    scene: Scene, arrived: Receiver, values: Mapping[str, Quantity], added: tuple[Quantity, Quantity]
) -> Quantity:
    """Relative change of the rate with the output of all amplifiers, for a relative change of 1."""
    spans, held = scene.line.amplifiers, scene.line.power_control != "signal"

    def slope(linear: AnyArray, cubic: AnyArray, gsnr: AnyArray, snr: AnyArray) -> AnyArray:
        added = linear + cubic
        left = droop_slope(added, spans) if held else 1.0
        noise = droop(added, spans) if held else added
        return left * (linear - 2.0 * cubic) / np.maximum(noise, 1.0 / gsnr) * (snr / gsnr)

    by_output = combined(slope, *added, values["gsnr"], values["snr"])
    rates = [
        achievable_rate(arrived, values["snr"] * (1.0 + sign * NUDGE), values["symbol_rate"])["net_rate"]
        for sign in (-1.0, 1.0)
    ]
    change = combined(lambda less, more, by: (more - less) / (2.0 * NUDGE) * by, *rates, by_output)
    return combined(_over, _mean_of(change), _mean_of(values["net_rate"]))


# ---------------------------------------------------------------------------------------------------------
# where the power goes


USES = ("earth_potential", "cable_heat", "control", "converters", "unused_pump", "amplifiers", "signal")
"""Where the power of the feed goes, from the shore to the signal."""


@arguments(outcome=dataset(*CABLE_NUMBERS))
def power_use(outcome: xr.Dataset) -> xr.DataArray:
    """Where the power that feeds a cable goes: its parts sum to the feed's.

    Parameters
    ----------
    outcome
        Of `Cable.evaluate`.

    Returns
    -------
    :data:`~mcfiber.variables.power_use`
        Dimension ``use`` (`USES`): what overcomes the earth potential, heat of the conductor, control of the repeaters,
        what their converters and lasers lose, pump light that is not used, what the amplifiers lose, and the signal
        light that they add, which the fibre takes. [W]

    Raises
    ------
    DescriptionError
        If it is not the result of a cable.

    Notes
    -----
    Eq. (2) and Eq. (3) of :doc:`/theory/power-fed-cables`.

    Examples
    --------
    >>> import mcfiber
    >>> outcome = mcfiber.load_cable("nec-2026-7000km-2core").cable.evaluate()
    >>> f"{float(power_use(outcome).sel(use='signal')):.0f} W"
    '191 W'
    """
    cable = Cable(**outcome.mcf.provenance["cable"])
    control = xr.DataArray(variable(quantity(cable.repeater, "control_power_w"))) * outcome["repeaters"]
    pumped = outcome["feed_to_signal"] * outcome["feed_power"] / outcome["pump_to_signal"]
    signal = outcome["signal_power_added"]
    parts = {
        "earth_potential": outcome["earth_potential_power"],
        "cable_heat": outcome["cable_heat"],
        "control": control,
        "converters": outcome["repeater_power"] - control - outcome["pump_power_available"],
        "unused_pump": outcome["pump_power_available"] - pumped,
        "amplifiers": pumped - signal,
        "signal": signal,
    }
    wide = xr.broadcast(*parts.values())
    made: xr.DataArray = xr.concat(wide, dim="use").assign_coords(use=list(parts))
    made.name, made.attrs = "power_use", result.attributes_of("power_use")
    return made.reset_coords(drop=True) if any(name not in made.dims for name in made.coords) else made


def limits_of(outcome: xr.Dataset) -> Iterator[str]:
    """Names of the limits that bind, point by point."""
    for value in np.atleast_1d(outcome["binding_limit"].values).ravel():
        yield LIMITS[int(value)] if np.isfinite(value) else ""
