"""Measured transfer matrices from files, and the line that they tell of."""

import math
from collections.abc import Collection
from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr

from mcfiber.arguments import CHANNELS, NUMBER, PATH, arguments, real, whole
from mcfiber.descriptions.errors import refused
from mcfiber.extras import attempt_import
from mcfiber.kernels.mode_loss import growth
from mcfiber.labelled import labelled_result
from mcfiber.simulation.channels import as_channels, mode_delays, mode_gains

DB = 10.0 / math.log(10.0)
"""Decibels in one neper of power."""

PS_PER_SQRT_KM = 1e12 * math.sqrt(1e3)
"""The unit in one s/sqrt(m)."""


@arguments(path=PATH)
def read_channel(path: str | Path) -> xr.Dataset:
    """Read measured transfer matrices, and keep their loss apart.

    Parameters
    ----------
    path
        A NumPy archive (``.npz``) with the arrays ``channel`` (frequency, D, D) or (draw, frequency, D, D),
        ``frequency`` [Hz] and, where known, ``noise_covariance``; or a netCDF file with the same names, as
        `draw_channel` returns them.

    Returns
    -------
    xarray.Dataset
        As from `as_channels`, with a mean power gain of 1 over modes and frequencies of each draw; what the matrices
        lost before, ``-ln`` of the mean power gain, is :data:`~mcfiber.variables.channel_loss` in ``loss`` (draw). [Np]

    Raises
    ------
    DescriptionError
        If the file lacks an array, or the matrices hold no signal.
    FileNotFoundError
        If there is no file.

    Notes
    -----
    The H and R of Eq. (2) of `mcfiber.kernels.channels`, where a signal-to-noise ratio is that of the received signal:
    the loss is in it already. The noise covariance stays as it is.
    """
    path = Path(path)
    if not path.is_file():
        msg = f"path: there is no file {str(path)!r}"
        raise FileNotFoundError(msg)
    if path.suffix == ".npz":
        with np.load(path) as data:
            found = {name: data[name] for name in data.files}
        _check_holds(path, found)
        return _normalised(path, as_channels(found["channel"], found.get("noise_covariance"), found["frequency"]))
    attempt_import("h5netcdf", "io")
    dataset: xr.Dataset = xr.load_dataset(path, engine="h5netcdf")
    _check_holds(path, list(dataset.variables))
    return _normalised(path, dataset)


def _check_holds(path: Path, names: Collection[object]) -> None:
    for name in ("channel", "frequency"):
        if name not in names:
            msg = f"path: {path.name} has no array {name!r}; it holds {', '.join(map(str, names))}"
            raise refused(msg)


def _normalised(path: Path, channels: xr.Dataset) -> xr.Dataset:
    """Divide by the mean amplitude of each draw; a loss that was kept apart before stays so."""
    matrices = channels["channel"]
    power = (abs(matrices) ** 2).sum(["mode_out", "mode_in"]).mean("frequency") / matrices.sizes["mode_in"]
    if not np.all(np.isfinite(power) & (power > 0.0)):
        msg = f"path: {path.name} has matrices that are zero or not finite; leave those draws out"
        raise refused(msg)
    loss = -np.log(power) + channels.get("loss", 0.0)
    normal = labelled_result("channel_matrix", matrices / np.sqrt(power)).transpose(*matrices.dims)
    return channels.assign(channel=normal, loss=labelled_result("channel_loss", loss))


@arguments(channels=CHANNELS, spans=whole(low=1), length_km=real(above=0, high=1e9, dims=NUMBER))
def measured_line(
    channels: xr.Dataset,
    *,
    spans: int = 1,
    length_km: float | None = None,
    repeat: Literal["independent", "same"] = "independent",
) -> dict[str, float | str]:
    """Mode-dependent loss and mode dispersion of the spans of a measured line, as fields of a system.

    Parameters
    ----------
    channels
        Channels of the whole line, from `read_channel`, `as_channels` or `draw_channel`; mean squares are taken over
        draws and frequencies.
    spans
        Number of equal spans of the line.
    length_km
        Length of a span; left out, nothing is said of mode dispersion. It needs two or more frequencies, close enough
        that no delay turns a phase by more than half a turn from one to the next.
    repeat
        "independent" spans, or the "same" fibre every lap of a loop.

    Returns
    -------
    dict
        ``link.mode_dependent_loss_rms_db`` and, with a length, ``fiber.spatial_mode_dispersion_ps_per_sqrt_km`` with
        its definition ``"sigma"``: for `System.replace`, with which a system of as many modes, spans and kilometres has
        the loss and the delays that were measured.

    Raises
    ------
    DescriptionError
        If there is one mode only.
    ValueError
        If there is only one frequency for a dispersion.

    Notes
    -----
    The rms of the log gains is that of the singular values about their mean (`mode_gains`). With
    sigma^2 = xi^2 (1 + xi^2/12 D^2/(D^2 - 1)) [1]_ it gives the root sum square xi of the spans' loss; xi^2 is the
    square of a span's times the number of spans, or the correlated sum of `mcfiber.kernels.mode_loss.growth`. The
    square of the rms group delay (`mode_delays`) is that of the dispersion times the length of a span and the same
    number [2]_. Few modes, draws and independent frequencies tell little: the relative standard error of a mean square
    of the gains is about sqrt(2/(n (D^2 - 1))) for n independent matrices.

    References
    ----------
    .. [1] K.-P. Ho and J. M. Kahn, "Mode-dependent loss and gain: statistics and effect on mode-division
       multiplexing," *Opt. Express*, vol. 19, pp. 16612-16635, 2011.
    .. [2] K.-P. Ho and J. M. Kahn, "Statistics of group delays in multimode fiber with strong mode coupling,"
       *J. Lightw. Technol.*, vol. 29, pp. 3119-3128, 2011.

    Examples
    --------
    >>> from mcfiber import CoupledLine, draw_channel
    >>> line = CoupledLine(modes=8, spans=4, loss_rms=0.2)
    >>> drawn = draw_channel(line, draws=400, seed=1)
    >>> {name: round(value, 2) for name, value in measured_line(drawn, spans=4).items()}  # 0.2 Np are 0.87 dB
    {'link.mode_dependent_loss_rms_db': 0.87}
    """
    modes = channels["channel"].sizes["mode_in"]
    if modes < 2:
        msg = "channels: got one mode; mode-dependent loss is that of two or more"
        raise refused(msg)
    factor = growth(spans, modes, repeat)
    variance = _mean_square(mode_gains(channels), "mode-dependent loss")
    bend = modes**2 / (12.0 * (modes**2 - 1.0))
    summed = (
        2.0 * variance / (1.0 + math.sqrt(1.0 + 4.0 * bend * variance))
    )  # Eq. (1) of docs/theory/mode-dependent-loss
    values: dict[str, float | str] = {"link.mode_dependent_loss_rms_db": DB * math.sqrt(summed / factor)}
    if length_km is not None:
        delay = math.sqrt(_mean_square(mode_delays(channels), "mode dispersion"))
        dispersion = delay / math.sqrt(1e3 * length_km * factor)  # Eq. (1) of `mcfiber.kernels.mode_delay`
        values["fiber.spatial_mode_dispersion_ps_per_sqrt_km"] = dispersion * PS_PER_SQRT_KM
        values["fiber.spatial_mode_dispersion_definition"] = "sigma"
    return values


def _mean_square(values: xr.DataArray, of: str) -> float:
    found = float((values**2).mean())
    if not math.isfinite(found):
        msg = (
            f"channels: the {of} is not finite: a matrix loses a mode altogether, or is not finite; leave that draw out"
        )
        raise refused(msg)
    return found
