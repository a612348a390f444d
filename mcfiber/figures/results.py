"""Figures of results; they know only datasets, and need the extra `plot`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mcfiber import units
from mcfiber.typing import is_axis

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

# Okabe and Ito: distinguishable with any colour vision.
COLOURS = {
    "snr_ase": "#0072B2",
    "snr_nli": "#D55E00",
    "snr_xt": "#CC79A7",
    "snr_trx": "#999999",
    "gsnr": "#56B4E9",
    "snr": "#000000",
}


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


LABELS = {
    "snr_ase": "amplifier noise",
    "snr_nli": "nonlinear interference",
    "snr_xt": "crosstalk",
    "snr_trx": "transceivers",
    "gsnr": "line, all noise",
    "snr": "received",
}


class ResultPlots:
    """Figures of one result: ``result.mcf.plot.budget()`` and its siblings; each returns its Axes."""

    def __init__(self, dataset: "xr.Dataset") -> None:
        self._dataset = dataset

    def budget(self, *, ax: "Axes | None" = None) -> "Axes":
        """Signal-to-noise ratios against wavelength: what each noise alone would leave, and what is received.

        Lines are medians over cores and samples; bands hold 90 % of them.
        """
        ax = _axes(ax)
        for name in ("snr_ase", "snr_nli", "snr_xt", "snr_trx", "gsnr", "snr"):
            ratio = self._dataset[name]
            level = units.decibels(ratio)
            if bool(np.isfinite(level).any()):
                _band(ax, self._dataset, level, name)
        ax.set(xlabel="wavelength (nm)", ylabel="signal-to-noise ratio (dB)")
        _legend(ax)
        ax.margins(x=0.01)
        return ax

    def spectrum(self, *, ax: "Axes | None" = None) -> "Axes":
        """Power of the signal and of each noise in the channels of one core, against frequency."""
        ax = _axes(ax)
        ds = self._dataset
        powers = {
            "signal": (ds["signal_power"], "#000000"),
            "amplifier noise": (ds["ase_power"], COLOURS["snr_ase"]),
            "nonlinear interference": (ds["nli_power"], COLOURS["snr_nli"]),
            "crosstalk": (ds["crosstalk_power"], COLOURS["snr_xt"]),
        }
        frequency = np.asarray(ds["frequency"]) / 1e12
        for label, (power, colour) in powers.items():
            level = _quantiles(units.decibels(power) + 30.0, ds.sizes["channel"])[1]
            if np.isfinite(level).any():
                ax.plot(frequency, level, ".", ms=3, color=colour, label=label)
        ax.set(xlabel="frequency (THz)", ylabel="power in a channel and core (dBm)")
        _legend(ax)
        return ax

    def ladder(self, *, ax: "Axes | None" = None) -> "Axes":
        """Where the bits went: the system's rate as one limit after the other is taken into account."""
        ax = _axes(ax)
        table = cast("Any", self._dataset).mcf.ladder()
        others = [dim for dim in table["ladder_total"].dims if dim != "rung"]
        totals = table["ladder_total"].median(others).values / 1e12
        names = [RUNG_LABELS[str(rung)] for rung in table["rung"].values]
        place = np.arange(len(names))[::-1]
        ax.barh(place, totals, color=["#56B4E9"] * (len(names) - 1) + ["#000000"], height=0.7)
        for y, total, lost in zip(place, totals, np.diff(totals, prepend=totals[0]), strict=True):
            taken = f"  ({lost:,.3g})" if lost < -5e-4 * total else ""
            ax.annotate(f" {total:,.4g}{taken}", (total, y), va="center", fontsize=8)
        ax.set_yticks(place, names)
        ax.set(xlabel="rate of the system (Tb/s)", xlim=(0, 1.2 * float(totals.max())))
        return ax

    def launch(self, *, ax: "Axes | None" = None) -> "Axes":
        """Launch power of every channel against wavelength, with what each noise leaves of it."""
        ax = _axes(ax)
        for name, label in {
            "signal_power": "launch power",
            "ase_power": "amplifier noise",
            "nli_power": "nonlinear interference",
        }.items():
            level = units.decibels(self._dataset[name] * 1e3)
            style = {"signal_power": "snr", "ase_power": "snr_ase", "nli_power": "snr_nli"}[name]
            _band(ax, self._dataset, level, style)
            ax.lines[-1].set_label(label)
        ax.set(xlabel="wavelength (nm)", ylabel="power (dBm)")
        _legend(ax)
        return ax

    def cross_section(self, *, ax: "Axes | None" = None) -> "Axes":
        """The cores in the cladding, coloured by their net rate."""
        from matplotlib.patches import Circle

        ax = _axes(ax)
        points, cladding = _cores_um(self._dataset)
        rate = _per_core(self._dataset["net_rate"], self._dataset) / 1e12
        ax.add_patch(Circle((0, 0), cladding / 2, facecolor="#eef3f8", edgecolor="#55606a"))
        shown = ax.scatter(
            points[:, 0], points[:, 1], c=rate, s=90, cmap="viridis", edgecolor="black", linewidth=0.5, zorder=2
        )
        for index, (x, y) in enumerate(points):
            ax.annotate(str(index), (x, y), textcoords="offset points", xytext=(0, 8), ha="center", fontsize=7)
        if np.ptp(rate) > 1e-9 * np.max(rate):
            ax.figure.colorbar(shown, ax=ax, label="net rate (Tb/s)")
        else:
            ax.set_title(f"net rate of each core: {rate[0]:.4g} Tb/s", fontsize="medium")
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
        from mcfiber.figures.crosstalk import plot_crosstalk_against

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
            Which channel; by default the one of most crosstalk.
        into
            Core whose crosstalk from every other is drawn; all pairs by default.
        ax
            Where to draw; a new figure if left out.
        """
        from mcfiber.figures.crosstalk import plot_crosstalk_matrix

        _of_weak_cores(self._dataset)
        points, _ = _cores_um(self._dataset)
        pairs = _pairs(self._dataset)
        if extra := set(pairs.dims) - {"core_out", "core_in", "channel"}:
            msg = f"the crosstalk differs along {', '.join(map(str, extra))}; evaluate one system to draw it"
            raise ValueError(msg)
        if "channel" in pairs.dims:
            worst = int(pairs.sum("core_in").max("core_out").argmax("channel"))
            pairs = pairs.isel(channel=worst if channel is None else channel)
        return plot_crosstalk_matrix(pairs, points, into=into, ax=ax)


def interference(results: "Mapping[str, xr.Dataset]", *, ax: "Axes | None" = None) -> "Axes":
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
    ax = _axes(ax)
    for label, dataset in results.items():
        level = units.decibels(1.0 / dataset["snr_nli"])
        wavelength = np.asarray(dataset["wavelength"])
        others = [dim for dim in level.dims if dim != "channel"]
        middle = np.broadcast_to(level.median(others) if others else level, wavelength.shape)
        order = np.argsort(wavelength)
        ax.plot(*_without_gaps(wavelength[order], middle[order]), label=label)
    ax.set(xlabel="wavelength (nm)", ylabel="interference over signal (dB)")
    _legend(ax)
    return ax


def power_map(powers: "xr.DataArray", *, ax: "Axes | None" = None) -> "Axes":
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
    ax = _axes(ax)
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
    from mcfiber.descriptions.system import System
    from mcfiber.fiber.channels import channels
    from mcfiber.fiber.medium import medium
    from mcfiber.labelled import coordinates_of, labelled_result
    from mcfiber.line.crosstalk import line_pairs
    from mcfiber.line.line import line
    from mcfiber.line.power import power_profile

    system = System(**cast("Any", ds).mcf.system)
    grid = channels(system.spectrum)
    glass = medium(system.fiber, grid)
    spans = line(system.link, glass, grid)
    power = power_profile(spans, glass, grid, raman=system.models.raman)
    return labelled_result("pair_crosstalk", line_pairs(spans, glass, power), coordinates_of(system))


def _cores_um(ds: "xr.Dataset") -> tuple[Any, float]:
    """Centres of the cores (cores, 2) and cladding diameter in um, from the description in the provenance."""
    from mcfiber.descriptions.fiber import MulticoreFiber

    fiber = MulticoreFiber(**cast("Any", ds).mcf.system["fiber"])
    pitch, cladding = fiber.layout.pitch_um, fiber.cladding_diameter_um
    if is_axis(pitch) or is_axis(cladding):
        msg = "the cross-section differs between the points of this result; evaluate one system to draw it"
        raise ValueError(msg)
    return fiber.layout.unit_positions() * pitch, cast("float", cladding)


def _axes(ax: "Axes | None") -> "Axes":
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        msg = "figures need matplotlib: install it with `pip install mcfiber[plot]`"
        raise ImportError(msg) from None
    return plt.subplots(figsize=(7, 4), layout="constrained")[1]


def _band(ax: "Axes", ds: "xr.Dataset", level: "xr.DataArray", name: str) -> None:
    order = np.argsort(np.asarray(ds["wavelength"]))
    wavelength = np.asarray(ds["wavelength"])[order]
    low, middle, high = _quantiles(level, ds.sizes["channel"])[:, order]
    width = 2.0 if name in ("gsnr", "snr") else 1.2
    style = "--" if name == "snr_trx" else "-"
    ax.plot(*_without_gaps(wavelength, middle), color=COLOURS[name], lw=width, ls=style, label=LABELS[name])
    if set(level.dims) - {"channel"} and name != "gsnr":  # its band would only repeat that of the strongest noise
        x, *bounds = _without_gaps(wavelength, low, high)
        ax.fill_between(x, *bounds, color=COLOURS[name], alpha=0.25 if name == "snr" else 0.1, lw=0)


def _legend(ax: "Axes") -> None:
    """Set a legend above the axes, where it covers no curve."""
    count = len(ax.get_legend_handles_labels()[0])
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=min(3, count),
        frameon=False,
        fontsize="small",
        borderaxespad=0.2,
    )


def _quantiles(level: "xr.DataArray", channels: int) -> Any:
    """5, 50 and 95 % of what is finite in each channel, over all other dimensions: shape (3, channels)."""
    others = [dim for dim in level.dims if dim != "channel"]
    rows = level.transpose("channel", *others, missing_dims="ignore").values
    rows = rows.reshape(level.sizes.get("channel", 1), -1)
    found = np.full((3, channels), np.nan)
    for index, row in enumerate(np.broadcast_to(rows, (channels, rows.shape[1]))):
        if (finite := row[np.isfinite(row)]).size:
            found[:, index] = np.quantile(finite, (0.05, 0.5, 0.95))
    return found


def _without_gaps(x: Any, *lines: Any) -> list[Any]:
    """Break lines where the spectrum has a gap between bands."""
    step = np.diff(x)
    gaps = np.flatnonzero(step > 3 * np.median(step)) + 1 if step.size else np.empty(0, np.int64)
    return [np.insert(np.asarray(line, dtype=float), gaps, np.nan) for line in (x, *lines)]


def _per_core(array: "xr.DataArray", ds: "xr.Dataset") -> Any:
    total = array.sum("channel") if "channel" in array.dims else array * ds.sizes["channel"]
    others = [dim for dim in total.dims if dim != "core"]
    return np.broadcast_to(total.median(others) if others else total, (ds.sizes["core"],))
