"""Figures of simulated waveforms: constellations, taps, streams, convergence, and the simulation beside the budget.

They need the extra `plot`; each returns its Axes.
"""

from typing import TYPE_CHECKING

import numpy as np

from mcfiber import units
from mcfiber.figures.style import BLACK, BLUE, LIGHT_GREY, SKY, VERMILION, new_axes
from mcfiber.simulation.equalizers import Equalized
from mcfiber.simulation.front_end import ReceivedField

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

SHOWN = 4000
"""Symbols of a constellation that are drawn."""


def plot_constellation(
    field: ReceivedField, recovered: Equalized, *, core: int = 0, ax: "Axes | None" = None
) -> "Axes":
    """Draw the recovered symbols of both polarisations of one core at unit gain.

    Parameters
    ----------
    field, recovered
        What was received, and what an equaliser made of it.
    core
        Place of the core among those that carry light.

    Notes
    -----
    The gain is ``<a* z>/<|a|^2>``, as in `mcfiber.signal_quality`.
    """
    ax = new_axes(ax)
    for mode, colour in zip((2 * core, 2 * core + 1), (BLUE, VERMILION), strict=True):
        sent, got = field.symbols[mode, recovered.measured], recovered.symbols[mode, recovered.measured]
        gain = np.sum(sent.conj() * got) / np.sum(np.abs(sent) ** 2)
        points = (got / gain)[:SHOWN]
        ax.plot(points.real, points.imag, ".", markersize=1.5, alpha=0.4, color=colour, rasterized=True)
    ax.set(xlabel="in phase", ylabel="quadrature", aspect="equal", title=f"core {field.cores[core]}")
    return ax


def plot_taps(result: "xr.Dataset", *, ax: "Axes | None" = None) -> "Axes":
    """Draw the energy of the taps over delay, mean over draws and groups of cores, beside the law of many sections.

    Parameters
    ----------
    result
        From `mcfiber.simulate_transmission`, of an equaliser with taps.

    Notes
    -----
    Eq. (2) of `mcfiber.kernels.mode_delay`, with the rms delay as it was drawn.
    """
    ax = new_axes(ax)
    energy = result["tap_intensity"].mean(["draw", "group"])
    delay = result["delay"].values
    ax.plot(delay, units.decibels(energy), ".-", color=BLUE, label="taps")
    sigma = float(np.sqrt((result["drawn_delay_rms"] ** 2).mean())) * 1e12
    if sigma > 0.0:
        law = np.exp(-0.5 * (delay / sigma) ** 2) * (delay[1] - delay[0]) / (sigma * np.sqrt(2.0 * np.pi))
        ax.plot(delay, 10.0 * np.log10(np.maximum(law, 1e-12)), color=BLACK, label=f"law, {sigma:.0f} ps rms")
    low = float(units.decibels(energy.min()))
    ax.set(xlabel="delay (ps)", ylabel="energy of a tap (dB)", ylim=(low - 3.0, None))
    ax.legend(frameon=False)
    return ax


def plot_streams(result: "xr.Dataset", *, ax: "Axes | None" = None) -> "Axes":
    """Draw the signal-to-noise ratio of every stream with its standard error, and that of all, beside the budget's.

    Parameters
    ----------
    result
        From `mcfiber.simulate_transmission`.

    Notes
    -----
    Streams by `mcfiber.signal_quality`; the budget by Eq. (2) of :doc:`/theory/index`.
    """
    ax = new_axes(ax)
    streams = result["waveform_snr"].mean("draw").stack(stream=("core", "polarization"))
    place = np.arange(streams.size)
    error = result["waveform_snr_error"].mean("draw").stack(stream=("core", "polarization"))
    width = units.DB_PER_NEPER * (error / streams).values / np.sqrt(result.sizes["draw"])
    ax.errorbar(place, units.decibels(streams).values, width, fmt="o", color=BLUE, label="streams")
    ax.axhline(float(units.decibels(result["simulated_snr"])), color=BLACK, label="simulated, effective")
    ax.axhline(float(units.decibels(result["predicted_snr"].mean())), color=VERMILION, ls="--", label="budget")
    names = [f"{core} {polarization}" for core, polarization in streams["stream"].values]
    ax.set_xticks(place, names, rotation=90 if place.size > 12 else 0)
    ax.set(xlabel="core and polarisation", ylabel="signal-to-noise ratio (dB)")
    ax.legend(frameon=False)
    return ax


def plot_convergence(recovered: Equalized, *, ax: "Axes | None" = None) -> "Axes":
    """Draw the mean square error of an adaptive equaliser over time, of each group of cores.

    Parameters
    ----------
    recovered
        Of an equaliser of kind "lms" or "frequency_lms".

    Notes
    -----
    The error before each update, Eq. (1) of `mcfiber.kernels.equalizers`.
    """
    ax = new_axes(ax)
    blocks = recovered.errors.shape[1]
    time = (np.arange(blocks) + 0.5) / max(blocks, 1)
    for row in recovered.errors:
        ax.plot(time, 10.0 * np.log10(row), color=SKY if len(recovered.errors) > 1 else BLUE)
    ax.set(xlabel="part of the adaptation", ylabel="mean square error (dB)")
    return ax


def plot_simulated(simulated: "xr.DataArray", predicted: "xr.DataArray", *, ax: "Axes | None" = None) -> "Axes":
    """Draw simulated signal-to-noise ratios against predicted ones.

    Parameters
    ----------
    simulated, predicted
        Of the same systems, with the same dimensions. [1]

    Notes
    -----
    On the line the budget and the waveform agree.
    """
    ax = new_axes(ax)
    x, y = units.decibels(predicted).values.ravel(), units.decibels(simulated).values.ravel()
    ends = min(x.min(), y.min()) - 0.5, max(x.max(), y.max()) + 0.5
    ax.plot(ends, ends, color=LIGHT_GREY)
    ax.plot(x, y, "o", color=BLUE)
    ax.set(xlabel="predicted (dB)", ylabel="simulated (dB)", xlim=ends, ylim=ends, aspect="equal")
    return ax
