"""Capacities of channels, drawn or measured."""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from mcfiber import labelled
from mcfiber.arguments import (
    CHANNELS,
    NUMBER,
    NUMBERS,
    OFFSETS,
    SEED,
    THREADS,
    arguments,
    plain_array,
    real,
    several,
    whole,
)
from mcfiber.kernels.channels import channel_rates
from mcfiber.receiver.receiver import ReceiverKind
from mcfiber.simulation.channels import CoupledLine, one_block
from mcfiber.simulation.streams import BLOCK, root_of
from mcfiber.typing import AnyArray, FloatArray


@arguments(channels=CHANNELS, snr=plain_array("snr", exact=True, low=0, high=1e15))
def channel_capacity(channels: xr.Dataset, snr: ArrayLike, *, informed: bool = False) -> xr.DataArray:
    """Rates per mode of given channels, drawn or measured, for every receiver.

    Parameters
    ----------
    channels
        From `draw_channel` or `as_channels`.
    snr
        Signal-to-noise ratio of the line without mode-dependent loss: a number or a 1-D array (dimension snr).
    informed
        Whether to add the receiver "informed": optimal, with power on the best eigenchannels of each frequency
        because the transmitter knows the channel.

    Returns
    -------
    :data:`~mcfiber.variables.mode_capacity`, (receiver, draw, frequency) and snr. [bit]

    Notes
    -----
    With S = snr H^H R^-1 H [1]_: "optimal" log2 det(I + S)/D, "mmse" the mean of -log2 [(I + S)^-1]_ii,
    "zero_forcing" the mean of log2(1 + 1/[S^-1]_ii), all with equal power and Gaussian symbols in every mode.

    References
    ----------
    .. [1] P. J. Winzer and G. J. Foschini, "MIMO capacities and outage probabilities in spatially multiplexed
       optical transport systems," *Opt. Express*, vol. 19, pp. 16680-16696, 2011.

    Examples
    --------
    >>> from mcfiber.simulation.channels import as_channels
    >>> import numpy as np
    >>> channel_capacity(as_channels(np.eye(4)[None], None, [0.0]), 3.0).values.ravel().round(12)
    array([2., 2., 2.])
    """
    channel, noise = channels["channel"].values, channels["noise_covariance"].values
    lead = channel.shape[:2]
    rates = _rates(channel, noise, snr, informed)
    return _labelled_rates(rates.reshape((len(rates), *lead, -1)), snr, ("draw", "frequency"), informed)


@arguments(
    snr=plain_array("snr", exact=True, low=0, high=1e15),
    draws=whole(low=1),
    seed=SEED,
    frequency=OFFSETS,
    threads=THREADS,
)
def draw_capacity(
    line: CoupledLine,
    snr: ArrayLike,
    *,
    draws: int,
    seed: int | None = None,
    frequency: ArrayLike = 0.0,
    informed: bool = False,
    threads: int = 1,
) -> xr.DataArray:
    """Distribution of the rates per mode over random channels, mean over the frequencies of each.

    Channels are made and left block by block, so memory does not grow with their number.

    Parameters
    ----------
    line, draws, seed, frequency
        As for `mcfiber.simulation.channels.draw_channel`, of which these are the channels.
    snr, informed
        As for `channel_capacity`.
    threads
        Number of threads; the result has the same bits for any.

    Returns
    -------
    :data:`~mcfiber.variables.mode_capacity`, (receiver, draw) and snr. [bit]

    Notes
    -----
    Eq. (2) to Eq. (5) of `mcfiber.kernels.channels` [1]_.

    References
    ----------
    .. [1] P. J. Winzer and G. J. Foschini, "MIMO capacities and outage probabilities in spatially multiplexed
       optical transport systems," *Opt. Express*, vol. 19, pp. 16680-16696, 2011.

    Examples
    --------
    >>> line = CoupledLine(modes=4, spans=10, loss_rms=0.15)
    >>> capacity = draw_capacity(line, 100.0, draws=200, seed=1)
    >>> float(capacity.sel(receiver="optimal").quantile(0.01)) < 6.6  # 1 % outage
    True
    """
    offsets = np.atleast_1d(np.asarray(frequency, dtype=np.float64))
    root = root_of(seed)

    def one(block: int) -> FloatArray:
        count = min(BLOCK, draws - block * BLOCK)
        rates = _rates(*one_block(line, offsets, root, block, count), snr, informed)
        mean: FloatArray = rates.reshape((len(rates), count, offsets.size, -1)).mean(axis=2)
        return mean

    numbers = range(-(-draws // BLOCK))
    if threads == 1:
        results = [one(block) for block in numbers]
    else:
        with ThreadPoolExecutor(threads) as pool:
            results = list(pool.map(one, numbers))
    return _labelled_rates(np.concatenate(results, axis=1), snr, ("draw",), informed)


@arguments(channels=CHANNELS, snr=real(above=0, high=1e15, dims=NUMBER))
def stream_snr(channels: xr.Dataset, snr: float, *, receiver: ReceiverKind = "mmse") -> xr.DataArray:
    """Signal-to-noise ratio of every stream behind a linear receiver, symbols spread over all frequencies.

    Rates of real constellations follow from it, stream by stream, as for any other signal-to-noise ratio.

    Parameters
    ----------
    channels
        From `draw_channel` or `as_channels`.
    snr
        Signal-to-noise ratio of the line without mode-dependent loss.
    receiver
        "mmse" or "zero_forcing".

    Returns
    -------
    :data:`~mcfiber.variables.stream_snr`, (draw, mode_in). [1]

    Raises
    ------
    ValueError
        If the receiver is not a linear one.

    Notes
    -----
    Eq. (3) and Eq. (4) of `mcfiber.kernels.channels` [1]_, with the mean over the frequencies of the inverse's
    diagonal.

    References
    ----------
    .. [1] P. J. Winzer and G. J. Foschini, "MIMO capacities and outage probabilities in spatially multiplexed
       optical transport systems," *Opt. Express*, vol. 19, pp. 16680-16696, 2011.

    Examples
    --------
    >>> from mcfiber.simulation.channels import draw_channel
    >>> channels = draw_channel(CoupledLine(modes=4, spans=10, loss_rms=0.1), draws=3, seed=1)
    >>> stream_snr(channels, 10.0).sizes["mode_in"]
    4
    """
    if receiver not in ("mmse", "zero_forcing"):
        msg = f"receiver: got {receiver!r}; allowed: 'mmse', 'zero_forcing'; other receivers decide streams jointly"
        raise ValueError(msg)
    gram = _gram(channels["channel"].values, channels["noise_covariance"].values) * snr
    if receiver == "mmse":
        error = np.diagonal(np.linalg.inv(gram + np.eye(gram.shape[-1])), axis1=-2, axis2=-1).real.mean(axis=1)
        values = 1.0 / error - 1.0
    else:
        values = 1.0 / np.diagonal(np.linalg.inv(gram), axis1=-2, axis2=-1).real.mean(axis=1)
    return labelled.labelled_result("stream_snr", xr.DataArray(values, dims=("draw", "mode_in")))


@arguments(channels=CHANNELS, snr=real(low=0, high=1e15, dims=NUMBER), groups=several(NUMBERS))
def group_capacity(
    channels: xr.Dataset, snr: float, groups: Sequence[Sequence[int]], *, receiver: ReceiverKind = "optimal"
) -> xr.DataArray:
    """Rates per mode where groups of modes are received apart: crosstalk from other groups is noise.

    Parameters
    ----------
    channels
        From `draw_channel` or `as_channels`.
    snr
        Signal-to-noise ratio of the line without mode-dependent loss, the same in all modes.
    groups
        Mode numbers of each group, received together; a mode belongs to one group at most.
    receiver
        "optimal" or "mmse", inside a group.

    Returns
    -------
    :data:`~mcfiber.variables.mode_capacity`, (group, draw, frequency). [bit]

    Raises
    ------
    ValueError
        If groups overlap or the receiver is another.

    Notes
    -----
    Eq. (2) or Eq. (3) of `mcfiber.kernels.channels` [1]_ for the modes of a group, with the light of the others
    added to the noise.

    References
    ----------
    .. [1] P. J. Winzer and G. J. Foschini, "MIMO capacities and outage probabilities in spatially multiplexed
       optical transport systems," *Opt. Express*, vol. 19, pp. 16680-16696, 2011.

    Examples
    --------
    >>> from mcfiber.simulation.channels import as_channels
    >>> import numpy as np
    >>> group_capacity(as_channels(np.eye(4)[None], None, [0.0]), 3.0, [[0, 1], [2, 3]]).values.ravel()
    array([2., 2.])
    """
    flat = [mode for group in groups for mode in group]
    if len(set(flat)) != len(flat) or receiver not in ("optimal", "mmse"):
        msg = f"groups: got {groups!r} for {receiver!r}; allowed: groups without a common mode, 'optimal' or 'mmse'"
        raise ValueError(msg)
    channel, noise = channels["channel"].values, channels["noise_covariance"].values
    rates = []
    for group in groups:
        inside = np.asarray(group)
        outside = np.setdiff1d(np.arange(channel.shape[-1]), inside)
        rows = channel[..., inside, :]
        disturbance = rows[..., outside]
        disturbed = noise[..., inside[:, None], inside] + snr * disturbance @ _adjoint(disturbance)
        received = np.eye(inside.size) + snr * _gram(rows[..., inside], disturbed)
        if receiver == "optimal":
            rates.append(np.linalg.slogdet(received)[1] / (inside.size * math.log(2.0)))
        else:
            errors = np.diagonal(np.linalg.inv(received), axis1=-2, axis2=-1).real
            rates.append(-np.log2(errors).mean(axis=-1))
    return labelled.labelled_result("mode_capacity", xr.DataArray(np.stack(rates), dims=("group", "draw", "frequency")))


def _adjoint(matrix: AnyArray) -> AnyArray:
    return matrix.conj().swapaxes(-1, -2)


def _gram(channel: AnyArray, noise: AnyArray) -> AnyArray:
    """H^H R^-1 H."""
    product = _adjoint(channel) @ np.linalg.solve(noise, channel)
    return (product + _adjoint(product)) / 2.0


def _rates(channel: AnyArray, noise: AnyArray, snr: ArrayLike, informed: bool) -> FloatArray:
    channel, noise = (
        np.ascontiguousarray(part, dtype=np.complex128).reshape((-1, *part.shape[2:])) for part in (channel, noise)
    )
    ratios = np.atleast_1d(np.asarray(snr, dtype=np.float64))
    rates = np.empty((4, len(channel), ratios.size))
    channel_rates(channel, noise, ratios, informed, *rates)
    return rates if informed else rates[:3]


def _labelled_rates(rates: FloatArray, snr: ArrayLike, dims: tuple[str, ...], informed: bool) -> xr.DataArray:
    names = ["optimal", "mmse", "zero_forcing", *(["informed"] if informed else [])]
    array = xr.DataArray(rates, dims=("receiver", *dims, "snr"), coords={"receiver": names})
    array = array.isel(snr=0) if np.ndim(snr) == 0 else array.assign_coords(snr=np.asarray(snr, dtype=np.float64))
    return labelled.labelled_result("mode_capacity", array)
