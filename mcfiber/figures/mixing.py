"""Figures of randomly coupled cores: gains of the modes, capacities, impulse response, laps of a loop.

They know only labelled arrays, and need the extra `plot`; each returns its Axes.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from mcfiber import units
from mcfiber.figures.style import BLACK, BLUE, GREEN, LIGHT_GREY, PURPLE, SKY, VERMILION, new_axes

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

RECEIVERS = {"optimal": BLUE, "mmse": VERMILION, "zero_forcing": PURPLE, "informed": GREEN}
MIXING = {"independent": BLUE, "same": VERMILION}


def plot_mode_gains(gains: "xr.DataArray", *, law: "xr.DataArray | None" = None, ax: "Axes | None" = None) -> "Axes":
    """Draw the distribution of the modes' log gains in decibels.

    Parameters
    ----------
    gains
        From `mcfiber.mode_gains`.
    law
        Gains drawn from the law of many weak spans, `mcfiber.simulation.channels.draw_mode_gains`.

    Notes
    -----
    The variance of the law is Eq. (1) of :doc:`/theory/mode-dependent-loss`.
    """
    ax = new_axes(ax)
    ax.hist(gains.values.ravel() * units.DB_PER_NEPER, bins=30, density=True, color=SKY, label="channels")
    if law is not None:
        values = law.values.ravel() * units.DB_PER_NEPER
        ax.hist(values, bins=60, density=True, histtype="step", color=BLACK, label="law")
    ax.set(xlabel="log gain (dB)", ylabel="density (1/dB)")
    ax.legend(frameon=False)
    return ax


def plot_capacity_distribution(
    capacity: "xr.DataArray", *, mean: float | None = None, deviation: float | None = None, ax: "Axes | None" = None
) -> "Axes":
    """Draw the distribution of the rate per mode for each receiver.

    Parameters
    ----------
    capacity
        From `mcfiber.draw_capacity`, at one signal-to-noise ratio.
    mean, deviation
        Law of the optimal receiver: mean from `mcfiber.mdl_penalty`, standard deviation from
        `mcfiber.receiver.outage.capacity_deviation`. [bit]

    Notes
    -----
    The deviation is Eq. (8) of `mcfiber.kernels.mode_delay`.
    """
    ax = new_axes(ax)
    for receiver in capacity["receiver"].values:
        values = capacity.sel(receiver=receiver).values.ravel()
        ax.hist(values, bins=40, density=True, color=RECEIVERS[str(receiver)], alpha=0.5, label=str(receiver))
    if mean is not None and deviation:
        x = np.linspace(mean - 4.0 * deviation, mean + 4.0 * deviation, 200)
        density = np.exp(-(((x - mean) / deviation) ** 2) / 2.0) / (deviation * math.sqrt(2.0 * math.pi))
        ax.plot(x, density, color=BLACK, label="law, optimal")
    ax.set(xlabel="rate per mode (bit)", ylabel="density (1/bit)")
    ax.legend(frameon=False)
    return ax


def plot_impulse_response(response: "xr.DataArray", *, rms: float | None = None, ax: "Axes | None" = None) -> "Axes":
    """Draw the intensity of the impulse response: one realisation, the mean of all, and the law.

    Parameters
    ----------
    response
        From `mcfiber.simulation.channels.channel_impulse_response`.
    rms
        Rms group delay of the modes, for the Gaussian law. [s]

    Notes
    -----
    The law is Eq. (2) of `mcfiber.kernels.mode_delay`.
    """
    ax = new_axes(ax)
    time = response["time"].values
    if "draw" in response.dims:
        ax.plot(time * 1e12, response.isel(draw=0) * 1e-9, color=LIGHT_GREY, lw=0.7, label="one channel")
        response = response.mean("draw")
    ax.plot(time * 1e12, response * 1e-9, color=SKY, label="mean")
    if rms is not None:
        law = np.exp(-((time / rms) ** 2) / 2.0) / (rms * math.sqrt(2.0 * math.pi))
        ax.plot(time * 1e12, law * 1e-9, color=BLACK, lw=1.0, label="law")
        ax.set_xlim(-5e12 * rms, 5e12 * rms)
    ax.set(xlabel="time (ps)", ylabel="intensity (1/ns)")
    ax.legend(frameon=False)
    return ax


def plot_against_distance(
    distance_km: "ArrayLike",
    curves: "Mapping[str, ArrayLike]",
    *,
    label: str,
    reports: Mapping[float, tuple[float, float]] | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw a quantity against distance for each assumption on how the spans mix.

    Parameters
    ----------
    distance_km
        Distances. Shape (distance,).
    curves
        Values by assumption, "independent" or "same". Shape (distance,), or (distance, 3) with the lower end, the
        middle and the upper end of an interval.
    label
        What is drawn, with its unit.
    reports
        Intervals of reported values by distance.

    Notes
    -----
    What spans that mix alike do to delays is Eq. (3) of `mcfiber.kernels.mode_delay`.
    """
    ax = new_axes(ax)
    for name, values in curves.items():
        array = np.atleast_2d(np.asarray(values, dtype=float).T).T
        if array.shape[1] == 3:
            ax.fill_between(distance_km, array[:, 0], array[:, 2], color=MIXING[name], alpha=0.15)
        ax.plot(distance_km, array[:, array.shape[1] // 2], color=MIXING[name], label=f"{name} spans")
    for distance, (low, high) in (reports or {}).items():
        ax.plot([distance, distance], [low, high], color=BLACK, lw=4, solid_capstyle="butt")
    ax.set(xlabel="distance (km)", ylabel=label)
    ax.legend(frameon=False)
    return ax
