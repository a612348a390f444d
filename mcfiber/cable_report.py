"""Text for people about power-fed cables: rates, energy, where the power goes, what binds."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Group
from rich.table import Table
from rich.text import Text

from mcfiber.cable import limits_of, power_use
from mcfiber.catalog.cable_entries import CableEntry, cable_names, load_cable
from mcfiber.report import as_text, assumed_table
from mcfiber.studies.uncertainty import interval

if TYPE_CHECKING:
    import xarray as xr

SHOWN: tuple[tuple[str, str, float, str], ...] = (
    ("cable_net_rate", "net rate of the cable, one direction", 1e15, "Pb/s"),
    ("fiber_pair_net_rate", "net rate of a fibre pair", 1e12, "Tb/s"),
    ("energy_per_bit", "energy per bit", 1e-12, "pJ"),
    ("cost_per_bit", "cost per bit", 1e-12, "per Tb/s"),
    ("feed_power", "power of the feed", 1e3, "kW"),
    ("feed_current", "current of the feed", 1.0, "A"),
    ("amplifier_pump_power", "pump light of an amplifier", 1e-3, "mW"),
    ("amplifier_output_power", "output of a core's amplifier", 1e-3, "mW"),
    ("repeaters", "repeaters", 1.0, ""),
)
"""Variables that are told, with what they are called, and a unit."""

USE_LABELS = {
    "earth_potential": "earth potential",
    "cable_heat": "heat of the conductor",
    "control": "control of the repeaters",
    "converters": "converters and lasers",
    "unused_pump": "pump light that is not used",
    "amplifiers": "lost in the amplifiers",
    "signal": "signal light",
}


def cable_table() -> Table:
    """Table of all cables: cores, length, pairs, reported rate."""
    table = Table(box=None, header_style="bold")
    for heading in ("cable", "cores", "pairs", "km", "reported Pb/s", ""):
        table.add_column(heading, justify="left" if heading in ("cable", "") else "right", no_wrap=heading == "cable")
    for one in cable_list():
        cells = one["name"], one["cores"], one["fiber_pairs"], f"{one['length_km']:,.5g}"
        reported = one["reported_net_rate_tbps"]
        told = f"{reported / 1e3:,.4g}" if reported else "-"
        table.add_row(*map(as_text, (*cells, told, one["title"])))
    return table


def cable_list() -> list[dict[str, Any]]:
    """All cables of the catalogue as plain numbers for machines."""
    entries = [load_cable(name) for name in cable_names()]
    return [
        {
            "name": entry.name,
            "title": entry.title,
            "cores": entry.cable.fiber.cores,
            "fiber_pairs": entry.cable.fiber_pairs,
            "length_km": entry.cable.length_km,
            "reported_net_rate_tbps": entry.reported.net_rate_tbps,
        }
        for entry in entries
    ]


def cable_numbers(outcome: "xr.Dataset", central: "xr.Dataset", entry: CableEntry) -> dict[str, Any]:
    """Everything that is told of a cable, as plain numbers.

    Parameters
    ----------
    outcome
        Its prediction, over the ranges of what is not known.
    central
        Its evaluation with central values.
    entry
        The cable.
    """
    quantities = {}
    for name, _, unit, label in SHOWN:
        if name in outcome:
            low, middle, high = (value / unit for value in interval(outcome[name]))
            value = float(central[name].mean()) / unit
            quantities[name] = {"unit": label, "value": value, "low": low, "median": middle, "high": high}
    use = power_use(central)
    binding = Counter(filter(None, limits_of(outcome)))
    total = sum(binding.values())
    return {
        "name": entry.name,
        "title": entry.title,
        "quantities": quantities,
        "power_use_w": {str(name): float(value) for name, value in zip(use["use"].values, use.values, strict=True)},
        "binds": {name: count / total for name, count in binding.most_common()},
        "snr_db": float(10.0 * np.log10(central["snr"]).mean()),
        "reported_net_rate_tbps": entry.reported.net_rate_tbps,
        "reported_note": entry.reported.note,
        "notes": [central.mcf.provenance[key] for key in NOTES if key in central.mcf.provenance],
    }


NOTES = ("span_note", "bandwidth_note")


def cable_text(figures: dict[str, Any], entry: CableEntry) -> Group:
    """Everything that ``mcfiber cable`` prints."""
    parts: list[Any] = [as_text(entry.title or entry.name, style="bold"), _rates(figures), _uses(figures)]
    binds = ", ".join(f"{name} ({100 * part:.0f} % of the samples)" for name, part in figures["binds"].items())
    parts.append(as_text(f"binds: {binds or 'nothing'}; mean SNR {figures['snr_db']:.2f} dB"))
    if entry.ranges or entry.choices:
        parts += [Text("assumed: uniform over these ranges, independent", style="bold"), assumed_table(entry)]
        told = "The interval is a 5-95 % prior predictive over the ranges, not a confidence interval."
        parts.append(Text(told, style="dim"))
    parts += [as_text(note, style="dim") for note in figures["notes"]]
    return Group(*(item for part in parts for item in (part, Text(""))))


def _rates(figures: dict[str, Any]) -> Table:
    table = Table(box=None, header_style="bold")
    for heading in ("", "central", "5 %", "median", "95 %", ""):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, label, _, _ in SHOWN:
        if (one := figures["quantities"].get(name)) is not None:
            cells = (f"{one[key]:,.4g}" for key in ("value", "low", "median", "high"))
            table.add_row(*map(as_text, (label, *cells, one["unit"])))
    if figures["reported_net_rate_tbps"]:
        told = f"{figures['reported_net_rate_tbps'] / 1e3:,.4g}"
        table.add_row(*map(as_text, ("reported", told, "", "", "", f"Pb/s {figures['reported_note']}".strip())))
    return table


def _uses(figures: dict[str, Any]) -> Table:
    table = Table(box=None, header_style="bold", title="where the power of the feed goes", title_justify="left")
    for heading in ("", "W", "%"):
        table.add_column(heading, justify="right" if heading else "left")
    total = sum(figures["power_use_w"].values())
    for name, watts in figures["power_use_w"].items():
        table.add_row(*map(as_text, (USE_LABELS[name], f"{watts:,.1f}", f"{100 * watts / total:.2f}")))
    return table
