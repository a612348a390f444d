"""Figures of results; they know only datasets, and need the extra `plot`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mcfiber import units
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.line import Link
from mcfiber.descriptions.models import Models
from mcfiber.descriptions.spectrum import Spectrum
from mcfiber.extras import attempt_import
from mcfiber.fiber.along import medium_along
from mcfiber.fiber.channels import channels
from mcfiber.figures.crosstalk import plot_crosstalk_against, plot_crosstalk_matrix
from mcfiber.figures.style import (
    BLACK,
    SKY,
    Look,
    legend,
    median_and_band,
    new_axes,
    power_looks,
    quantiles,
    ratio_looks,
    without_gaps,
)
from mcfiber.labelled import coordinates_of, labelled_result
from mcfiber.line.amplifiers import driven_line
from mcfiber.line.crosstalk import line_pairs
from mcfiber.line.line import line
from mcfiber.typing import FloatArray, is_axis

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

RUNG_LABELS = {
    "amplifier_noise": "amplifier noise only",
    "line_noise": "all noise of the line",
    "mode_dependent_loss": "mode-dependent loss",
    "transceiver_noise": "transceivers",
    "mutual_information": "format",
    "gmi": "bit-wise decoding",
    "decoded": "code and pilots",
}
"""What each rung of the ladder takes into account, beside all before it."""


class ResultPlots:
    """Figures of one result: ``result.mcf.plot.budget()`` and its siblings; each returns its Axes."""

    def __init__(self, dataset: "xr.Dataset") -> None:
        self._dataset = dataset

    def _there(self, looks: Mapping[str, Look]) -> dict[str, Look]:
        """Looks of the variables that the result holds: some noises are of pumped lines alone."""
        return {name: look for name, look in looks.items() if name in self._dataset}

    def budget(self, *, ax: "Axes | None" = None) -> "Axes":
        """Signal-to-noise ratios against wavelength: what each noise alone would leave, and what is received.

        Lines are medians over cores and samples; bands hold 90 % of them.
        """
        ax = new_axes(ax)
        wavelength = np.asarray(self._dataset["wavelength"])
        for name, look in self._there(ratio_looks()).items():
            median_and_band(ax, wavelength, units.decibels(self._dataset[name]), look)
        ax.set(xlabel="wavelength (nm)", ylabel="signal-to-noise ratio (dB)")
        legend(ax)
        ax.margins(x=0.01)
        return ax

    def spectrum(self, *, ax: "Axes | None" = None) -> "Axes":
        """Power of the signal and of each noise in the channels of one core, against frequency."""
        ax = new_axes(ax)
        ds = self._dataset
        frequency = np.asarray(ds["frequency"]) / 1e12
        for name, look in self._there(power_looks("signal")).items():
            level = quantiles(units.decibels(ds[name]) + 30.0, ds.sizes["channel"])[1]
            if np.isfinite(level).any():
                ax.plot(frequency, level, ".", ms=3, color=look.colour, label=look.label)
        ax.set(xlabel="frequency (THz)", ylabel="power in a channel and core (dBm)")
        legend(ax)
        return ax

    def ladder(self, *, ax: "Axes | None" = None) -> "Axes":
        """Where the bits went: the system's rate as one limit after the other is taken into account."""
        ax = new_axes(ax)
        table = cast("Any", self._dataset).mcf.ladder()
        others = [dim for dim in table["ladder_total"].dims if dim != "rung"]
        totals = table["ladder_total"].median(others).values / 1e12
        names = [RUNG_LABELS[str(rung)] for rung in table["rung"].values]
        place = np.arange(len(names))[::-1]
        ax.barh(place, totals, color=[SKY] * (len(names) - 1) + [BLACK], height=0.7)
        for y, total, lost in zip(place, totals, np.diff(totals, prepend=totals[0]), strict=True):
            taken = f"  ({lost:,.3g})" if lost < -5e-4 * total else ""
            ax.annotate(f" {total:,.4g}{taken}", (total, y), va="center", fontsize=8)
        ax.set_yticks(place, names)
        ax.set(xlabel="rate of the system (Tb/s)", xlim=(0, 1.2 * float(totals.max())))
        return ax

    def launch(self, *, ax: "Axes | None" = None) -> "Axes":
        """Launch power of every channel against wavelength, with what each noise leaves of it."""
        ax = new_axes(ax)
        wavelength = np.asarray(self._dataset["wavelength"])
        for name, look in self._there(power_looks("launch power")).items():
            median_and_band(ax, wavelength, units.decibels(self._dataset[name] * 1e3), look)
        ax.set(xlabel="wavelength (nm)", ylabel="power (dBm)")
        legend(ax)
        return ax

    def cross_section(self, *, ax: "Axes | None" = None) -> "Axes":
        """The cores in the cladding, coloured by their net rate."""
        ax = new_axes(ax)
        points, cladding = _cores_um(self._dataset)
        numbers = _numbers(self._dataset, "core")
        points, rate = points[numbers], _per_core(self._dataset) / 1e12
        circle = attempt_import("matplotlib.patches", "plot").Circle
        ax.add_patch(circle((0, 0), cladding / 2, facecolor="#eef3f8", edgecolor="#55606a"))
        shown = ax.scatter(
            points[:, 0], points[:, 1], c=rate, s=90, cmap="viridis", edgecolor="black", linewidth=0.5, zorder=2
        )
        for number, (x, y) in zip(numbers, points, strict=True):
            ax.annotate(str(number), (x, y), textcoords="offset points", xytext=(0, 8), ha="center", fontsize=7)
        known = rate[np.isfinite(rate)]
        if known.size and np.ptp(known) > 1e-9 * np.max(known):
            ax.figure.colorbar(shown, ax=ax, label="net rate (Tb/s)")
        else:
            told = f"{known[0]:.4g} Tb/s" if known.size else "unknown"
            ax.set_title(f"net rate of each core: {told}", fontsize="medium")
        ax.set(xlabel="x (\u00b5m)", ylabel="y (\u00b5m)", aspect="equal")
        ax.margins(0.05)
        return ax

    def crosstalk(self, *, along: str = "wavelength", ax: "Axes | None" = None) -> "Axes":
        """Crosstalk of the worst core, with a band down to the best, against wavelength or an axis of the result.

        Parameters
        ----------
        along
            "wavelength", or the name of an axis that was swept; then of the worst channel.
        ax
            Where to draw; a new figure if left out.
        """
        ds = self._dataset
        level = _of_weak_cores(ds)
        kept = "channel" if along == "wavelength" else along
        if along == "wavelength":
            level = level if "channel" in level.dims else level.expand_dims(channel=ds.sizes["channel"])
        elif "channel" in level.dims:
            level = level.max("channel")
        if others := [str(dim) for dim in level.dims if dim not in ("core", kept)]:
            msg = f"the crosstalk differs along {', '.join(others)}; choose one of each, or draw along one of them"
            raise ValueError(msg)
        if kept not in level.dims:
            msg = f"along: the crosstalk does not differ along {along!r}; it has {', '.join(map(str, level.dims))}"
            raise ValueError(msg)
        axis = ds["wavelength"] if along == "wavelength" else ds[along]
        label = "wavelength (nm)" if along == "wavelength" else along.replace("_", " ")
        return plot_crosstalk_against(level, np.asarray(axis), label=label, ax=ax)

    def crosstalk_matrix(
        self, *, channel: int | None = None, into: int | None = None, ax: "Axes | None" = None
    ) -> "Axes":
        """Mean crosstalk between the cores on the cross-section, computed again from the system.

        Parameters
        ----------
        channel
            Number of the channel in the system; by default the one of most crosstalk of those at hand.
        into
            Place of the core whose crosstalk from every other is drawn; all pairs by default.
        ax
            Where to draw; a new figure if left out.
        """
        _of_weak_cores(self._dataset)
        points, _ = _cores_um(self._dataset)
        pairs = _pairs(self._dataset)
        if extra := set(pairs.dims) - {"core_out", "core_in", "channel"}:
            msg = f"the crosstalk differs along {', '.join(map(str, extra))}; evaluate one system to draw it"
            raise ValueError(msg)
        cores = _numbers(self._dataset, "core")
        if len(cores) < 2:
            msg = "the crosstalk between cores needs at least two of them; select more cores"
            raise ValueError(msg)
        pairs = pairs.isel(core_out=cores, core_in=cores)
        if "channel" in pairs.dims:
            at_hand = pairs.isel(channel=_numbers(self._dataset, "channel"))
            worst = at_hand.isel(channel=int(at_hand.sum("core_in").max("core_out").argmax("channel")))
            pairs = worst if channel is None else pairs.isel(channel=channel)
        return plot_crosstalk_matrix(pairs, points[cores], into=into, ax=ax)


def plot_interference(results: "Mapping[str, xr.Dataset]", *, ax: "Axes | None" = None) -> "Axes":
    """Nonlinear interference over signal against wavelength, one line for each result, as by model.

    Parameters
    ----------
    results
        Results by label.
    ax
        Where to draw; a new figure if left out.

    Notes
    -----
    The inverse of ``snr_nli`` in Eq. (1) of :doc:`/theory/index`.
    """
    ax = new_axes(ax)
    for label, dataset in results.items():
        level = units.decibels(1.0 / dataset["snr_nli"])
        wavelength = np.asarray(dataset["wavelength"])
        others = [dim for dim in level.dims if dim != "channel"]
        middle = np.broadcast_to(level.median(others) if others else level, wavelength.shape)
        order = np.argsort(wavelength)
        ax.plot(*without_gaps(wavelength[order], middle[order]), label=label)
    ax.set(xlabel="wavelength (nm)", ylabel="interference over signal (dB)")
    legend(ax)
    return ax


def plot_power_map(powers: "xr.DataArray", *, ax: "Axes | None" = None) -> "Axes":
    """Map of signal power over wavelength and distance.

    Parameters
    ----------
    powers
        From `mcfiber.line.power.power_map`; of one core.
    ax
        Where to draw; a new figure if left out.

    Notes
    -----
    With Raman scattering the power obeys Eq. (1) of :doc:`/theory/raman-scattering`.
    """
    ax = new_axes(ax)
    level = units.decibels(powers * 1e3).transpose("position", "channel")
    mesh = ax.pcolormesh(powers["wavelength"], powers["position"], level, shading="nearest", rasterized=True)
    ax.figure.colorbar(mesh, ax=ax, label="power (dBm)")
    ax.set(xlabel="wavelength (nm)", ylabel="distance (km)")
    return ax


def _of_weak_cores(ds: "xr.Dataset") -> "xr.DataArray":
    level = ds["crosstalk"]
    if not bool((level > 0).any()):
        msg = "there is no crosstalk to draw: it needs several cores that are received one by one"
        raise ValueError(msg)
    return level


def _pairs(ds: "xr.Dataset") -> "xr.DataArray":
    """Mean crosstalk of every pair at the end of the line, from the description in the provenance."""
    system = cast("Any", ds).mcf.system
    spectrum, fiber, link = Spectrum(**system["spectrum"]), MulticoreFiber(**system["fiber"]), Link(**system["link"])
    grid = channels(spectrum)
    others = {name: MulticoreFiber(**one) for name, one in system.get("fibers", {}).items()}
    glass = medium_along(fiber, others, link.fibers_along, grid)
    spans, power = driven_line(line(link, glass, grid), glass, grid, raman=Models(**system.get("models", {})).raman)
    return labelled_result("pair_crosstalk", line_pairs(spans, glass, power), coordinates_of(spectrum, fiber, link))


def _cores_um(ds: "xr.Dataset") -> tuple[FloatArray, float]:
    """Centres of the cores (cores, 2) and cladding diameter in um, from the description in the provenance."""
    fiber = MulticoreFiber(**cast("Any", ds).mcf.system["fiber"])
    pitch, cladding = fiber.layout.pitch_um, fiber.cladding_diameter_um
    if is_axis(pitch) or is_axis(cladding):
        msg = "the cross-section differs between the points of this result; evaluate one system to draw it"
        raise ValueError(msg)
    return fiber.layout.unit_positions() * pitch, cast("float", cladding)


def _numbers(ds: "xr.Dataset", dim: str) -> list[int]:
    """Numbers, in the system, of the cores or channels at hand."""
    return [int(label) for label in np.atleast_1d(ds[dim].values)]


def _per_core(ds: "xr.Dataset") -> FloatArray:
    rate = cast("Any", ds).mcf.rates()["core_net_rate"]
    others = [dim for dim in rate.dims if dim != "core"]
    return np.broadcast_to(rate.median(others) if others else rate, (ds.sizes["core"],))
