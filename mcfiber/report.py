"""Text for people: tables of a prediction, of the catalogue, of what is assumed."""

import json
import math
import statistics
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Group
from rich.table import Table
from rich.text import Text

from mcfiber import units
from mcfiber.catalog import CatalogEntry, Provenance, load, names
from mcfiber.descriptions.errors import printable
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.record import Description, plain
from mcfiber.descriptions.system import System
from mcfiber.figures.results import RUNG_LABELS
from mcfiber.line.line import distance
from mcfiber.result import rounded
from mcfiber.studies.calibration import calibrated
from mcfiber.studies.uncertainty import influences, interval, predict
from mcfiber.typing import is_axis

if TYPE_CHECKING:
    import xarray as xr

_TERA, _EXA_KM = 1e12, 1e21

ROUNDING = 1e-12
"""Part of a rate below which a loss is rounding noise."""


def as_text(thing: object, *, style: str = "", lines: bool = False) -> Text:
    """Text as it was written: no markup, nothing that a terminal would obey.

    Parameters
    ----------
    thing
        Anything that has a text.
    style
        Of all of it.
    lines
        Whether its line breaks stay.
    """
    return Text(printable(thing, lines=lines), style=style)


def catalogue_table() -> Table:
    """Table of all systems: reported rate and distance."""
    table = Table(box=None, header_style="bold")
    for heading in ("system", "cores", "channels", "km", "reported Tb/s", ""):
        table.add_column(heading, justify="left" if heading in ("system", "") else "right", no_wrap=heading == "system")
    for name in names():
        entry = load(name)
        system = entry.system
        reported = entry.reported.net_rate_tbps
        table.add_row(
            *map(
                as_text,
                (
                    name,
                    system.fiber.cores,
                    system.spectrum.count,
                    f"{float(distance(system.link)) / 1e3:,.5g}",
                    f"{reported:,.5g}" if reported else "-",
                    entry.title,
                ),
            )
        )
    return table


def catalogue_numbers() -> list[dict[str, Any]]:
    """All systems with reported rate and distance, as plain numbers for machines."""
    entries = [load(name) for name in names()]
    return [
        {
            "name": entry.name,
            "title": entry.title,
            "cores": entry.system.fiber.cores,
            "channels": entry.system.spectrum.count,
            "distance_km": float(distance(entry.system.link)) / 1e3,
            "reported_net_rate_tbps": entry.reported.net_rate_tbps,
        }
        for entry in entries
    ]


def provenance_table(entry: CatalogEntry) -> Table:
    """Table of the values of an entry and where they come from."""
    table = _three_columns("path", "value", "status: source or reason")
    for path, known in entry.provenance.items():
        spread = f" ({_allowed(path, known)})" if known.range or known.choices else ""
        value = _short(entry.system.value_at(path)) + spread
        table.add_row(as_text(path), as_text(value), as_text(f"{known.status}: {known.source}", lines=True))
    return table


def prediction(result: "xr.Dataset", entry: CatalogEntry) -> Group:
    """Everything that ``mcfiber run`` prints: prediction, report, limits, assumptions."""
    figures = numbers(result, entry)
    parts: list[Any] = [
        as_text(entry.title or entry.name, style="bold"),
        _headline(figures),
        _limits(figures),
        _ladder(figures),
    ]
    if entry.ranges or entry.choices:
        parts += [
            Text("assumed: uniform over these ranges, independent, common to all spans", style="bold"),
            assumed_table(entry),
            Text("The interval is a 5-95 % prior predictive over the ranges, not a confidence interval.", style="dim"),
        ]
    parts += [_taken(figures)]
    return Group(*(item for part in parts for item in (part, Text(""))))


@dataclass(frozen=True)
class AtlasRow:
    """Prediction and report of one system, net rates in Tb/s."""

    name: str
    reported: float
    low: float
    median: float
    high: float
    widest: str
    rank_correlation: float
    deviation: str
    calibrated_on: str = ""
    notes: tuple[str, ...] = ()

    @property
    def ratio(self) -> float:
        """Predicted median over reported rate."""
        return self.median / self.reported

    @property
    def inside(self) -> bool:
        """Whether the report, announced with three digits, lies inside the interval."""
        rounding = 0.5 * 10.0 ** (math.floor(math.log10(self.reported)) - 2)
        return self.low - rounding <= self.reported <= self.high + rounding


def atlas_row(entry: CatalogEntry, *, samples: int, seed: int) -> AtlasRow:
    """Predict one system and set it beside its report.

    Parameters
    ----------
    entry
        The system, with a reported rate.
    samples, seed
        As for `mcfiber.predict`.

    Raises
    ------
    ValueError
        If the entry has no reported rate.

    Notes
    -----
    The interval is that of the prior predictive distribution [1]_.

    References
    ----------
    .. [1] G. E. P. Box, "Sampling and Bayes' inference in scientific modelling and robustness," *J. R. Stat. Soc. A*,
       vol. 143, pp. 383-430, 1980.
    """
    if entry.reported.net_rate_tbps is None:
        msg = f"{entry.name} has no reported rate"
        raise ValueError(msg)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        prediction = predict(entry, samples=samples, seed=seed)
    low, middle, high = (rate / _TERA for rate in interval(prediction["total_net_rate"]))
    widest = next(iter(influences(entry, prediction)), None)
    return AtlasRow(
        name=entry.name,
        reported=entry.reported.net_rate_tbps,
        low=low,
        median=middle,
        high=high,
        widest=widest.path if widest else "",
        rank_correlation=widest.rank_correlation if widest else 0.0,
        deviation=entry.reported.deviation,
        notes=tuple(dict.fromkeys(str(warning.message) for warning in caught)),
    )


def calibrated_row(entry: CatalogEntry, *, samples: int, seed: int) -> AtlasRow:
    """Predict one system conditioned on the report of its sibling: a second number, marked as such."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said with the prediction itself
        result = calibrated(entry, load(entry.calibrated_on), samples=samples, seed=seed)
    low, middle, high = (rate / _TERA for rate in result.net_rate)
    reported = entry.reported.net_rate_tbps or float("nan")
    return AtlasRow(entry.name, reported, low, middle, high, "", 0.0, "", entry.calibrated_on)


def atlas_table(rows: Sequence[AtlasRow]) -> Group:
    """Table of predictions beside reports, and how often they agree."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("system", "reported", "median", "5-95 %", "ratio", "inside", "widened most by (rank correlation)"):
        table.add_column(heading, justify="left" if heading[0] in "sw" else "right", no_wrap=heading[0] != "w")
    for row in rows:
        widest = f"{row.widest} ({row.rank_correlation:+.2f})" if row.rank_correlation else "-"
        if row.calibrated_on:
            widest = f"calibrated on {row.calibrated_on}"
        table.add_row(
            as_text(row.name),
            as_text(rounded(row.reported, 5)),
            as_text(rounded(row.median)),
            as_text(f"{rounded(row.low)} to {rounded(row.high)}"),
            as_text(f"{row.ratio:.2f}"),
            as_text("yes") if row.inside else as_text("no", style="bold red"),
            as_text(widest),
        )
    plain = [row for row in rows if not row.calibrated_on]
    inside = sum(row.inside for row in plain)
    middle = statistics.median(row.ratio for row in plain)
    verdict = Text(
        f"{inside} of {len(plain)} reports lie inside their interval; median ratio {middle:.2f}. Rates in Tb/s."
    )
    reasons = [as_text(f"{row.name}: {row.deviation}", lines=True) for row in rows if not row.inside and row.deviation]
    notes = [as_text(f"{row.name}: {note}", style="dim") for row in rows for note in row.notes]
    return Group(table, Text(""), verdict, *reasons, *notes)


def numbers(result: "xr.Dataset", entry: CatalogEntry) -> dict[str, Any]:
    """Figures of a prediction, as plain numbers for machines."""
    total = result.mcf.total_rate()
    low, middle, high = interval(total)
    product = interval(total * result["distance"])
    snr = interval(units.decibels(result["snr"]))
    return {
        "name": entry.name,
        "title": entry.title,
        "cores": result.sizes["core"],
        "channels": result.sizes["channel"],
        "distance_km": round(float(result["distance"].median()) / 1e3, 6),
        "net_rate_tbps": middle / _TERA,
        "net_rate_interval_tbps": [low / _TERA, high / _TERA],
        "reported_net_rate_tbps": entry.reported.net_rate_tbps,
        "derived_reported_net_rate_tbps": entry.reported.derived_net_rate_tbps,
        "reported_note": entry.reported.note,
        "capacity_distance_ebps_km": product[1] / _EXA_KM,
        "capacity_distance_interval_ebps_km": [product[0] / _EXA_KM, product[2] / _EXA_KM],
        "spectral_efficiency_bit_per_s_per_hz": interval(result["spectral_efficiency"])[1],
        "snr_db": {"low": snr[0], "median": snr[1], "high": snr[2], "over": _over(result["snr"])},
        "margin_db": _margin(result),
        "given": (known := values_taken(entry.system)).given,
        "defaults": known.defaults,
        "notes": list(known.notes),
        "samples": result.sizes.get("sample", 1),
        "interval": "5-95 % prior predictive over the assumed ranges" if "sample" in result.dims else "none",
        "limits": _limit_rows(result),
        "ladder": _ladder_rows(result),
        "status": int(result["status"].max()),
    }


@dataclass(frozen=True)
class ValuesTaken:
    """Where the values of a system come from.

    Attributes
    ----------
    given
        Paths of what was described.
    defaults
        Values that nobody gave and that are not simply absent, by path.
    notes
        What is missing of a description, in words.
    """

    given: list[str]
    defaults: dict[str, Any]
    notes: tuple[str, ...] = ()


def values_taken(system: System) -> ValuesTaken:
    """Tell which values of a system were given, and which are defaults.

    Parameters
    ----------
    system
        The description.

    Returns
    -------
    ValuesTaken
        Without what is zero, empty, or left to the index profile of the fibre's cores.

    Notes
    -----
    A default is no measurement: `Provenance` tells where those that were given come from.

    Examples
    --------
    >>> from mcfiber import load
    >>> taken = values_taken(load("nict-2025-1808km").system)
    >>> "link.span.length_km" in taken.given, taken.defaults["models.nonlinear_interference"]
    (True, 'gn')
    """
    found = ValuesTaken([], {})
    _take(system, "", found)
    lossless = not any(_numbers_in(system.link.mode_dependent_loss_rms_db))
    notes = ("coupled cores are without mode-dependent loss",) if system.fiber.coupled_cores > 1 and lossless else ()
    return ValuesTaken(sorted(found.given), found.defaults, notes)


def _take(part: Any, path: str, found: ValuesTaken) -> None:
    if isinstance(part, (tuple, dict)):
        for key, item in part.items() if isinstance(part, dict) else enumerate(part):
            _take(item, f"{path}.{key}", found)
        return
    for name in type(part).model_fields:
        value, where = getattr(part, name), f"{path}.{name}" if path else name
        own = name in part.model_fields_set
        if _left_to_glass(part, name) and not own:
            continue
        if _holds_descriptions(value) and not is_axis(value):
            _take(value, where, found)
        elif own and value is not None:
            found.given.append(where)
        elif not own and _says_something(value):
            found.defaults[where] = plain(value)


OF_GLASS = ("glass_loss", "coating_index", "bend_radius_mm", "twist_rate_per_m", "correlation_length_m", "elasto_optic")
"""Fields of a fibre that nothing reads unless its cores are described by their glass."""


def _left_to_glass(part: object, name: str) -> bool:
    """Whether a value of a fibre is computed from its profile, or of no use without one."""
    if not isinstance(part, MulticoreFiber):
        return False
    return part.computes(name) or (part.core is None and name in OF_GLASS)


def _holds_descriptions(value: object) -> bool:
    if isinstance(value, (tuple, dict)):
        inside = value.values() if isinstance(value, dict) else value
        return bool(value) and all(isinstance(one, Description) for one in inside)
    return isinstance(value, Description)


def _says_something(value: object) -> bool:
    """Whether a default is more than the absence of a thing."""
    return value is not None and value is not False and value not in (0.0, math.inf, "", (), {}) and value != "weak"


def _numbers_in(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for one in value.values() for number in _numbers_in(one)]
    return np.ravel(np.asarray(value.values if is_axis(value) else value, dtype=float)).tolist()


def _taken(figures: dict[str, Any]) -> Text:
    """Defaults in one paragraph, and what is missing."""
    told = ", ".join(f"{path} = {_plainly(value)}" for path, value in figures["defaults"].items())
    notes = "".join(f"Note: {note}.\n" for note in figures["notes"])
    return as_text(f"{notes}{len(figures['given'])} values were given; defaults: {told}", style="dim", lines=True)


def _plainly(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else json.dumps(value, default=str)


def _margin(result: "xr.Dataset") -> dict[str, float] | None:
    """Margin to the threshold of the code: of the worst channel in the median of all samples, and of the median one."""
    margin = result.mcf.margins()
    if margin is None:
        return None
    decibels = units.decibels(margin)
    worst = decibels.min([dim for dim in decibels.dims if dim != "sample"])
    return {"worst": float(worst.median()), "median": float(decibels.median())}


def _over(array: "xr.DataArray") -> str:
    """What a spread is over, in words: cores and channels differ, samples are what is not known."""
    dims = [f"{dim}s" for dim in ("core", "channel", "sample") if dim in array.dims]
    return f"of {' and '.join(filter(None, (', '.join(dims[:-1]), *dims[-1:])))}" if dims else "of one"


def sweep_numbers(result: "xr.Dataset") -> dict[str, Any]:
    """Figures of a sweep: its size, how many points exist, and the extreme points of every output."""
    status = result["status"].values
    figures: dict[str, Any] = {
        "points": int(status.size),
        "points_that_cannot_exist": int((status != 0).sum()),
        "axes": {str(name): int(size) for name, size in result["status"].sizes.items()},
        "outputs": {},
    }
    for name, array in result.data_vars.items():
        if name != "status":
            figures["outputs"][str(name)] = _extremes(result, array)
    return figures


def _extremes(result: "xr.Dataset", array: "xr.DataArray") -> dict[str, Any]:
    valid = array.where(result["status"] == 0)
    if not bool(valid.notnull().any()):
        return {}
    found = {}
    for side, where in (("smallest", valid.argmin(...)), ("largest", valid.argmax(...))):
        point = array.isel(where)
        at = {str(name): coordinate.item() for name, coordinate in point.coords.items()}
        found[side] = {"value": float(point), "units": str(array.attrs.get("units", "")), "at": at}
    return found


def sweep_table(figures: dict[str, Any]) -> Group:
    """Table of the extreme points of a sweep."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("output", "", "value", "at"):
        table.add_column(heading)
    for name, extremes in figures["outputs"].items():
        for side, found in extremes.items():
            at = ", ".join(
                f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}"
                for key, value in found["at"].items()
            )
            table.add_row(*map(as_text, (name, side, f"{found['value']:.6g} {found['units']}", at)))
    missing = figures["points_that_cannot_exist"]
    note = f"; {missing:,} cannot exist" if missing else ""
    return Group(table, Text(f"{figures['points']:,} points{note}"))


def _limit_rows(result: "xr.Dataset") -> list[dict[str, Any]]:
    limits = result.mcf.limits()
    total = float(result.mcf.total_rate().median())
    share = limits["noise_share"]
    share = share.median([dim for dim in share.dims if dim != "limit"])
    without = limits["total_net_rate_without"]
    without = without.median([dim for dim in without.dims if dim != "limit"])
    rows = [
        {
            "name": str(name),
            "noise_share": float(part),
            "net_rate_without_tbps": float(rate) / _TERA,
            "gain_without": float(rate) / total - 1.0 if total else 0.0,
        }
        for name, part, rate in zip(limits["limit"].values, share.values, without.values, strict=True)
    ]
    return sorted(rows, key=lambda row: -float(row["noise_share"]))


def _headline(figures: dict[str, Any]) -> Table:
    table = Table(box=None, show_header=False)
    low, high = figures["net_rate_interval_tbps"]
    spread = f"   (5-95 %: {rounded(low)} to {rounded(high)})" if figures["samples"] > 1 else ""
    predicted = Text.assemble((f"{rounded(figures['net_rate_tbps'])} Tb/s", "bold"), spread)
    table.add_row("net rate, predicted", predicted)
    reported, derived = figures["reported_net_rate_tbps"], figures["derived_reported_net_rate_tbps"]
    if reported:
        also = f"   ({derived:,.5g} Tb/s from other published figures)" if derived else ""
        table.add_row("net rate, reported", f"{reported:,.5g} Tb/s{also}")
    table.add_row("distance", f"{figures['distance_km']:,.5g} km")
    table.add_row("rate times distance", f"{figures['capacity_distance_ebps_km']:.3g} Eb/s km")
    table.add_row("cores x channels", f"{figures['cores']} x {figures['channels']}")
    snr = figures["snr_db"]
    table.add_row(
        "SNR at the decoder", f"{snr['median']:.1f} dB   (5-95 % {snr['over']}: {snr['low']:.1f} to {snr['high']:.1f})"
    )
    if (margin := figures["margin_db"]) is not None:
        told = f"{margin['median']:.1f} dB   (worst channel: {margin['worst']:.1f})"
        table.add_row("margin to the code's threshold", told)
    return table


def _limits(figures: dict[str, Any]) -> Table:
    table = Table(box=None, header_style="bold")
    for heading in ("what limits", "share of the noise", "net rate without it"):
        table.add_column(heading, justify="left" if heading == "what limits" else "right")
    for row in figures["limits"]:
        if row["noise_share"] > 0:
            table.add_row(
                row["name"].replace("_", " "),
                f"{row['noise_share']:.1%}",
                f"{rounded(row['net_rate_without_tbps'])} Tb/s ({row['gain_without']:+.1%})",
            )
    return table


def _ladder_rows(result: "xr.Dataset") -> list[dict[str, Any]]:
    total = result.mcf.ladder()["ladder_total"]
    total = total.median([dim for dim in total.dims if dim != "rung"])
    return [
        {"name": str(name), "rate_tbps": float(rate) / _TERA}
        for name, rate in zip(total["rung"].values, total.values, strict=True)
    ]


def _ladder(figures: dict[str, Any]) -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column("where the bits went")
    table.add_column("rate left", justify="right")
    table.add_column("lost", justify="right")
    before = None
    for row in figures["ladder"]:
        rate = row["rate_tbps"]
        lost = before is not None and before - rate > ROUNDING * before
        table.add_row(
            RUNG_LABELS[row["name"]], f"{rounded(rate)} Tb/s", f"{rounded(before - rate)} Tb/s" if lost else ""
        )
        before = rate
    return table


def assumed_table(entry: CatalogEntry) -> Table:
    """Table of what is assumed of an entry, over which range, and why."""
    table = _three_columns("what", "range", "why")
    for path, known in entry.provenance.items():
        if known.range or known.choices:
            table.add_row(as_text(path), as_text(_allowed(path, known)), as_text(known.source, lines=True))
    return table


def _three_columns(*headings: str) -> Table:
    """Table whose long last column wraps; on a narrow terminal the reasons go below each other, paths stay whole."""
    table = Table(box=None, header_style="bold", expand=True, padding=(0, 2, 0, 0))
    for heading, ratio in zip(headings, (None, None, 1), strict=True):
        table.add_column(heading, no_wrap=ratio is None, ratio=ratio, overflow="fold", min_width=None if ratio else 8)
    return table


def _allowed(path: str, known: Provenance) -> str:
    """Range with its unit, which the field's name spells; keys of tables (a band) come after the field."""
    if not known.range:
        return " | ".join(known.choices or ())
    words = path.split(".")
    unit = next((label for word in reversed(words) if (label := units.unit_label(word))), "")
    return f"{known.range[0]:g} to {known.range[1]:g}{unit}"


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
