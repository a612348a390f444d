"""Figures of crosstalk: between cores, along an axis, its distribution, its drift over frequency and time.

They know only labelled arrays, and need the extra `plot`; each returns its Axes.
"""

from typing import TYPE_CHECKING

import numpy as np

from mcfiber import units
from mcfiber.figures.style import BLACK, new_axes, ratio_looks

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

COLOUR = ratio_looks()["snr_xt"].colour


def plot_crosstalk_matrix(
    pairs: "xr.DataArray", positions_um: "ArrayLike", *, into: int | None = None, ax: "Axes | None" = None
) -> "Axes":
    """Draw the crosstalk between cores on the cross-section.

    Parameters
    ----------
    pairs
        From `mean_crosstalk`, dimensions core_out and core_in alone.
    positions_um
        Centres of the cores. Shape (core, 2).
    into
        Core whose crosstalk the lines show, from every other; by default every pair has a line, and the cores
        are coloured by their total.

    Returns
    -------
    matplotlib.axes.Axes
        With the cores and lines between them; lines 40 dB below the strongest are left out.

    Notes
    -----
    The total of a core is the sum over core_in of Eq. (1) of :doc:`/theory/crosstalk`.
    """
    ax = new_axes(ax)
    points = np.asarray(positions_um, dtype=float)
    matrix = pairs.transpose("core_out", "core_in").values
    level = np.asarray(units.decibels(np.maximum(matrix, 1e-30)))
    chosen = [(m, n) for m in range(len(points)) for n in range(len(points)) if m != n and into in (None, m)]
    top = max(level[pair] for pair in chosen)
    drawn = [pair for pair in chosen if level[pair] > top - 40.0]  # fainter ones would only be dirt
    for m, n in sorted(drawn, key=lambda pair: float(level[pair])):
        weight = 1.0 + (level[m, n] - top) / 40.0
        ax.plot(*points[[m, n]].T, color=COLOUR, lw=0.3 + 4.0 * weight, alpha=0.15 + 0.85 * weight, zorder=1)
    total = units.decibels(np.maximum(matrix.sum(axis=1) if into is None else matrix[into], 1e-30))
    shown = np.where(np.arange(len(points)) == into, np.nan, total)
    circles = ax.scatter(
        points[:, 0], points[:, 1], c=shown, s=160, cmap="viridis", edgecolor="black", plotnonfinite=True, zorder=2
    )
    for index, (x, y) in enumerate(points):
        ax.annotate(str(index), (x, y), textcoords="offset points", xytext=(0, 9), ha="center", fontsize=7)
    label = "crosstalk from all (dB)" if into is None else f"crosstalk into core {into} (dB)"
    ax.figure.colorbar(circles, ax=ax, label=label)
    ax.set(xlabel="x (um)", ylabel="y (um)", aspect="equal")
    ax.margins(0.15)
    return ax


def plot_crosstalk_against(
    crosstalk: "xr.DataArray", axis: "ArrayLike | str", *, label: str, ax: "Axes | None" = None
) -> "Axes":
    """Draw crosstalk against wavelength, length, bend radius or anything else that was swept.

    Parameters
    ----------
    crosstalk
        Crosstalk of cores (dimension core) or of pairs (dimensions core_out and core_in, summed over core_in), and
        one dimension more. The line is the worst core, the band reaches to the best.
    axis
        Values along that dimension, or the name of a coordinate that has them.
    label
        What they are, with their unit.

    Notes
    -----
    Crosstalk of pairs is that of Eq. (1) of :doc:`/theory/crosstalk`; that of a core is its sum over core_in.
    """
    ax = new_axes(ax)
    total = crosstalk.sum("core_in").rename(core_out="core") if "core_in" in crosstalk.dims else crosstalk
    values = np.asarray(total.coords[axis] if isinstance(axis, str) else axis)
    order = np.argsort(values)
    level = units.decibels(total)
    cores = [dim for dim in level.dims if dim == "core"]
    ax.plot(values[order], np.asarray(level.max(cores))[order], color=COLOUR, label="worst core")
    if cores:
        low = np.asarray(level.min(cores))[order]
        ax.fill_between(values[order], low, np.asarray(level.max(cores))[order], color=COLOUR, alpha=0.15, lw=0)
    ax.set(xlabel=label, ylabel="crosstalk (dB)")
    ax.margins(x=0.01)
    return ax


def plot_crosstalk_distribution(
    drawn: "ArrayLike",
    *,
    density: "ArrayLike | None" = None,
    values: "ArrayLike | None" = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw a histogram of drawn crosstalk in dB, with theory over it.

    Parameters
    ----------
    drawn
        Drawn crosstalk, any shape.
    values, density
        Crosstalk and its probability density by theory, for instance of
        `mcfiber.arrays.crosstalk_statistics.crosstalk_density`.

    Notes
    -----
    The density is the derivative of Eq. (3) of `mcfiber.kernels.crosstalk_statistics`.
    """
    ax = new_axes(ax)
    level = np.asarray(units.decibels(np.asarray(drawn, dtype=float))).ravel()
    ax.hist(level, bins=max(10, int(level.size**0.4)), density=True, color=COLOUR, alpha=0.5, label="draws")
    if density is not None:
        crosstalk = np.asarray(values, dtype=float)
        # density over decibels: times dX / d(dB)
        over = np.asarray(density) * crosstalk / units.DB_PER_NEPER
        ax.plot(units.decibels(crosstalk), over, color=BLACK, lw=1.5, label="theory")
        ax.legend(frameon=False, fontsize="small")
    mean = float(units.decibels(np.mean(np.asarray(drawn, dtype=float))))
    ax.axvline(mean, color=BLACK, lw=0.8, ls="--")
    ax.set(xlabel="crosstalk (dB)", ylabel="probability density (1/dB)")
    return ax


def plot_crosstalk_map(drawn: "xr.DataArray", *, ax: "Axes | None" = None) -> "Axes":
    """Draw the crosstalk of one draw and one pair over frequency and time.

    Parameters
    ----------
    drawn
        From `draw_crosstalk` with ``quantity="power"``: choose draw, core_out and core_in.

    Raises
    ------
    ValueError
        If dimensions other than time and frequency are left.

    References
    ----------
    .. [1] R. O. J. Soeiro, T. M. F. Alves and A. V. T. Cartaxo, "Dual polarization discrete changes model of inter-core
       crosstalk in multi-core fibers," *IEEE Photon. Technol. Lett.*, vol. 29, no. 16, pp. 1395-1398, 2017.
       :doi:`10.1109/LPT.2017.2723662` (what is drawn).
    """
    extra = set(drawn.dims) - {"time", "frequency"}
    if extra:
        msg = f"a map has time and frequency alone; choose one of each of {', '.join(sorted(map(str, extra)))}"
        raise ValueError(msg)
    ax = new_axes(ax)
    level = np.asarray(units.decibels(drawn.transpose("frequency", "time").values))
    time, frequency = np.asarray(drawn["time"]), np.asarray(drawn["frequency"]) * 1e-9
    top = float(level.max())
    shown = ax.pcolormesh(time, frequency, level, cmap="viridis", vmin=top - 30.0, vmax=top, shading="nearest")
    ax.figure.colorbar(shown, ax=ax, label="crosstalk (dB)")
    ax.set(xlabel="time (s)", ylabel="offset from the carrier (GHz)")
    return ax
