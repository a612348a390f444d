"""Figures of power-fed cables: over pairs, over energy, over length, over spans, and where the power goes."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mcfiber.extras import attempt_import
from mcfiber.figures.style import BLACK, BLUE, GREEN, GREY, LIGHT_GREY, PURPLE, SKY, VERMILION, legend, new_axes

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

COLOURS = (BLUE, VERMILION, GREEN, PURPLE, SKY, BLACK)

PETA, PICO = 1e15, 1e-12

USE_LABELS = {
    "earth_potential": "earth potential",
    "cable_heat": "heat of the conductor",
    "control": "control",
    "converters": "converters, lasers",
    "unused_pump": "pump not used",
    "amplifiers": "lost in amplifiers",
    "signal": "signal light",
}


def plot_over_pairs(
    outcomes: "Mapping[str, xr.Dataset]", *, gap_db: float | None = None, axes: "Sequence[Axes] | None" = None
) -> "tuple[Axes, Axes]":
    """Draw net rate and signal-to-noise ratio of cables against their number of fibre pairs.

    Parameters
    ----------
    outcomes
        Of `Cable.evaluate`, by label, whose one axis is that of ``fiber_pairs``.
    gap_db
        To Shannon's limit: its root, where many parallel paths carry the most, is marked.
    axes
        Upper and lower; new ones if left out.

    Notes
    -----
    The root of the gap is Eq. (6) of :doc:`/theory/power-fed-cables`.

    Returns
    -------
    tuple of matplotlib.axes.Axes
        Of the rates, and of the ratios.
    """
    upper, lower = axes if axes is not None else _two_axes()
    for (label, outcome), colour in zip(outcomes.items(), _colours(len(outcomes)), strict=True):
        pairs = _axis(outcome, "fiber_pairs")
        (dim,) = outcome["cable_net_rate"].dims
        upper.plot(pairs, outcome["cable_net_rate"].values / PETA, color=colour, label=label)
        ratio = 10.0 * np.log10(outcome["snr"].mean([one for one in outcome["snr"].dims if one != dim]).values)
        lower.plot(pairs, np.broadcast_to(ratio, pairs.shape), color=colour, label=label)
    if gap_db is not None:
        lower.axhline(0.5 * gap_db, color=GREY, ls="--", lw=1.0)
        lower.annotate("half the gap", (1.0, 0.5 * gap_db), xycoords=("axes fraction", "data"), ha="right", va="bottom")
    upper.set_ylabel("net rate, one direction (Pb/s)")
    lower.set(xlabel="fibre pairs", ylabel="mean SNR (dB)", xlim=(0, None))
    upper.set_ylim(0, None)
    legend(upper)
    return upper, lower


def plot_energy(
    outcomes: "Mapping[str, xr.Dataset]", *, front: "Iterable[Any]" = (), ax: "Axes | None" = None
) -> "Axes":
    """Draw the energy of a bit against the net rate of cables.

    Parameters
    ----------
    outcomes
        Of `Cable.evaluate`, by label, along one axis, such as the power of the feed.
    front
        What `mcfiber.pareto_front` returns for both: a line through what nothing dominates.
    ax
        Where to draw; new axes if left out.

    Notes
    -----
    Eq. (4) of :doc:`/theory/power-fed-cables`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = new_axes(ax)
    for (label, outcome), colour in zip(outcomes.items(), _colours(len(outcomes)), strict=True):
        rate, energy = outcome["cable_net_rate"].values / PETA, outcome["energy_per_bit"].values / PICO
        ax.plot(rate, energy, color=colour, marker=".", label=label)
    if best := sorted((one.objectives["cable_net_rate"], one.objectives["energy_per_bit"]) for one in front):
        rate, energy = np.array(best).T
        ax.plot(rate / PETA, energy / PICO, color=BLACK, lw=3.0, alpha=0.3, label="nothing is better in both")
    ax.set(xlabel="net rate, one direction (Pb/s)", ylabel="energy per bit (pJ)", xlim=(0, None), ylim=(0, None))
    legend(ax)
    return ax


def plot_power_use(use: "xr.DataArray", *, ax: "Axes | None" = None) -> "Axes":
    """Draw where the power that feeds a cable goes, step by step from the shore to the signal.

    Parameters
    ----------
    use
        Of `mcfiber.power_use`, of one cable.
    ax
        Where to draw; new axes if left out.

    Raises
    ------
    ValueError
        If it is of several cables.

    Notes
    -----
    Eq. (2) and Eq. (3) of :doc:`/theory/power-fed-cables`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if use.dims != ("use",):
        msg = f"use: got the dimensions {', '.join(map(str, use.dims))}; allowed: use alone; select one cable"
        raise ValueError(msg)
    ax = new_axes(ax)
    kept = [(str(name), float(watts)) for name, watts in zip(use["use"].values, use.values, strict=True) if watts > 0]
    total = left = sum(watts for _, watts in kept)
    ax.bar(0, total, color=GREY, width=0.7)
    ax.annotate(_watts(total), (0, total), ha="center", va="bottom", fontsize="small")
    for place, (name, watts) in enumerate(kept, start=1):
        last = name == "signal"
        ax.bar(place, watts, bottom=0.0 if last else left - watts, color=BLUE if last else LIGHT_GREY, width=0.7)
        ax.annotate(_watts(watts), (place, watts if last else left), ha="center", va="bottom", fontsize="small")
        left -= watts
    ax.set_yscale("log")
    ax.set_xticks(range(len(kept) + 1), ["feed", *(USE_LABELS[name] for name, _ in kept)], rotation=20, ha="right")
    ax.set(ylabel="power (W)", ylim=(0.3 * min(watts for _, watts in kept), 3.0 * total))
    return ax


def plot_over_length(outcomes: "Mapping[str, xr.Dataset]", *, ax: "Axes | None" = None) -> "Axes":
    """Draw the net rate of cables against their length, as far as the feed reaches.

    Parameters
    ----------
    outcomes
        Of `Cable.evaluate`, by label, whose one axis is that of ``length_km``; where a cable cannot exist, its line
        ends with a cross.
    ax
        Where to draw; new axes if left out.

    Notes
    -----
    The reach of the feed is that of Eq. (1) of :doc:`/theory/power-fed-cables`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = new_axes(ax)
    for (label, outcome), colour in zip(outcomes.items(), _colours(len(outcomes)), strict=True):
        length, rate = _axis(outcome, "length_km"), outcome["cable_net_rate"].values / PETA
        ax.plot(length, rate, color=colour, label=label)
        good = np.flatnonzero(np.isfinite(rate))
        if good.size and good[-1] + 1 < rate.size:
            ax.plot(length[good[-1]], rate[good[-1]], color=colour, marker="x", ms=8)
    ax.set(xlabel="length (km)", ylabel="net rate, one direction (Pb/s)", ylim=(0, None))
    legend(ax)
    return ax


def plot_optimum_map(outcome: "xr.Dataset", *, ax: "Axes | None" = None) -> "Axes":
    """Draw the net rate of a cable over span length and fibre pairs, with its best.

    Parameters
    ----------
    outcome
        Of `Cable.evaluate`, whose two axes are those of ``system.link.span.length_km`` and ``fiber_pairs``.
    ax
        Where to draw; new axes if left out.

    Notes
    -----
    Eq. (4) of :doc:`/theory/power-fed-cables`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = new_axes(ax)
    span, pairs = _axis(outcome, "system.link.span.length_km"), _axis(outcome, "fiber_pairs")
    across = _dim(outcome, "fiber_pairs")
    rate = outcome["cable_net_rate"].transpose(..., across).values / PETA
    levels = np.nanmax(rate) * np.array([0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99])
    filled = ax.contourf(pairs, span, rate, levels=20, cmap="viridis")
    lines = ax.contour(pairs, span, rate, levels=levels, colors="white", linewidths=0.8)
    parts = {level: f"{100 * level / np.nanmax(rate):.0f} %" for level in levels}
    ax.clabel(lines, fmt=lambda level: parts[min(parts, key=lambda known: abs(known - level))], fontsize="small")
    where = np.unravel_index(np.nanargmax(rate), rate.shape)
    ax.plot(pairs[where[1]], span[where[0]], color=VERMILION, marker="+", ms=12, mew=2)
    ax.figure.colorbar(filled, ax=ax, label="net rate, one direction (Pb/s)")
    ax.set(xlabel="fibre pairs", ylabel="span (km)")
    return ax


def plot_assumptions(
    changes: "Mapping[str, Sequence[float]]", labels: Sequence[str], *, ax: "Axes | None" = None
) -> "Axes":
    """Draw what each assumption changes of the net rate of several cables, as bars.

    Parameters
    ----------
    changes
        By assumption, one change for each cable. [%]
    labels
        Of the cables.
    ax
        Where to draw; new axes if left out.

    Notes
    -----
    Changes of Eq. (4) of :doc:`/theory/power-fed-cables`, with all else held.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = new_axes(ax, size=(7.0, 0.5 + 0.45 * len(changes)))
    height = 0.8 / len(labels)
    places = np.arange(len(changes))
    for number, (label, colour) in enumerate(zip(labels, _colours(len(labels)), strict=True)):
        values = [change[number] for change in changes.values()]
        ax.barh(places + (number - 0.5 * (len(labels) - 1)) * height, values, height, color=colour, label=label)
    ax.axvline(0.0, color=BLACK, lw=0.8)
    ax.set_yticks(places, list(changes))
    ax.invert_yaxis()
    ax.set_xlabel("change of the net rate (%)")
    legend(ax)
    return ax


def _two_axes() -> "tuple[Axes, Axes]":
    pyplot = attempt_import("matplotlib.pyplot", "plot")
    _, axes = pyplot.subplots(2, 1, sharex=True, figsize=(7.0, 6.0), layout="constrained")
    return axes[0], axes[1]


def _colours(count: int) -> list[str]:
    return [COLOURS[place % len(COLOURS)] for place in range(count)]


def _given(outcome: "xr.Dataset", path: str) -> Any:
    """What the cable holds at a path, from the provenance of a result."""
    value: Any = outcome.mcf.provenance["cable"]
    for key in path.split("."):
        value = value[key]
    return value


def _dim(outcome: "xr.Dataset", path: str) -> str:
    value = _given(outcome, path)
    if not isinstance(value, dict) or "axis" not in value:
        msg = f"{path}: is no axis of this result; evaluate a cable over its values"
        raise ValueError(msg)
    return str(value["axis"])


def _axis(outcome: "xr.Dataset", path: str) -> Any:
    """Values of the axis that a field of the cable holds."""
    _dim(outcome, path)
    return np.asarray(_given(outcome, path)["values"])


def _watts(watts: float) -> str:
    digits = max(0, 2 - math.floor(math.log10(watts))) if watts < 1e3 else 0
    return f"{watts:,.{min(digits, 1)}f} W"
