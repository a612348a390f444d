"""What all figures share: colours, axes, legends, and bands of what varies."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mcfiber.extras import attempt_import
from mcfiber.line import budget
from mcfiber.typing import AnyArray, FloatArray

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

# Colours of Okabe and Ito, which differ with any colour vision.
BLACK, GREY, LIGHT_GREY = "#000000", "#999999", "#BBBBBB"
BLUE, SKY, GREEN = "#0072B2", "#56B4E9", "#009E73"
VERMILION, PURPLE = "#D55E00", "#CC79A7"

QUANTILES = (0.05, 0.5, 0.95)
"""Lower edge of a band, its line, and its upper edge."""


class Look(NamedTuple):
    """How one variable is drawn.

    Attributes
    ----------
    label, colour
        In the legend, and of line and band.
    width, style
        Of the line, as in matplotlib.
    band
        Strength of the band of what varies; 0 leaves it out.
    """

    label: str
    colour: str
    width: float = 1.2
    style: str = "-"
    band: float = 0.1


def ratio_looks() -> dict[str, Look]:
    """Looks of all signal-to-noise ratios, by variable: of every noise, of the line, and what is received."""
    noises = {
        noise.ratio: Look(noise.label, noise.colour, style="--" if noise.enters == "receiver" else "-")
        for noise in budget.NOISES
    }
    return noises | {
        "gsnr": Look("line, all noise", SKY, width=2.0, band=0.0),  # would only repeat that of the strongest noise
        "snr": Look("received", BLACK, width=2.0, band=0.25),
    }


def power_looks(signal: str) -> dict[str, Look]:
    """Looks of the signal, labelled as given, and of every noise that has a power, by variable."""
    noises = {noise.power: Look(noise.label, noise.colour) for noise in budget.NOISES if noise.power}
    return {"signal_power": Look(signal, BLACK, width=2.0, band=0.25)} | noises


def new_axes(ax: "Axes | None", *, size: tuple[float, float] = (7.0, 4.0)) -> "Axes":
    """Take the axes that were given, or make a figure.

    Parameters
    ----------
    ax
        Given, or None.
    size
        Width and height of a new figure. [inch]

    Raises
    ------
    ImportError
        If a figure is needed and matplotlib is missing; it names the extra.
    """
    if ax is not None:
        return ax
    axes: Axes = attempt_import("matplotlib.pyplot", "plot").subplots(figsize=size, layout="constrained")[1]
    return axes


def legend(ax: "Axes") -> None:
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


def quantiles(level: "xr.DataArray", channels: int) -> FloatArray:
    """5, 50 and 95 % of what is finite in each channel, over all other dimensions: shape (3, channels)."""
    others = [dim for dim in level.dims if dim != "channel"]
    rows = level.transpose("channel", *others, missing_dims="ignore").values
    rows = rows.reshape(level.sizes.get("channel", 1), -1)
    found = np.full((3, channels), np.nan)
    for index, row in enumerate(np.broadcast_to(rows, (channels, rows.shape[1]))):
        if (finite := row[np.isfinite(row)]).size:
            found[:, index] = np.quantile(finite, QUANTILES)
    return found


def median_and_band(ax: "Axes", wavelength: AnyArray, level: "xr.DataArray", look: Look) -> None:
    """Draw the median of a level against wavelength, with a band that holds 90 % of what varies.

    Parameters
    ----------
    ax
        Where to draw.
    wavelength
        Of the channels, in any order. Shape (channel,). [nm]
    level
        In decibels. Dimension channel where it differs along it, and any others; nothing is drawn where no value is
        finite.
    look
        Label, colour and strength of the band.
    """
    if not bool(np.isfinite(level).any()):
        return
    order = np.argsort(wavelength)
    low, middle, high = quantiles(level, wavelength.size)[:, order]
    x, line, lower, upper = without_gaps(wavelength[order], middle, low, high)
    ax.plot(x, line, color=look.colour, lw=look.width, ls=look.style, label=look.label)
    if look.band and set(level.dims) - {"channel"}:
        ax.fill_between(x, lower, upper, color=look.colour, alpha=look.band, lw=0)


def without_gaps(x: AnyArray, *lines: AnyArray) -> list[FloatArray]:
    """Break lines where the spectrum has a gap between bands; `x` comes first."""
    step = np.diff(x)
    gaps = np.flatnonzero(step > 3 * np.median(step)) + 1 if step.size else np.empty(0, np.int64)
    return [np.insert(np.asarray(line, dtype=float), gaps, np.nan) for line in (x, *lines)]
