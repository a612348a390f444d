"""Random channels of strongly coupled cores: the line they run through, drawn or measured."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from mcfiber.arguments import CHANNELS, MODES, NUMBER, OFFSETS, SEED, arguments, plain_array, real, whole
from mcfiber.fiber.medium import FiberMedium
from mcfiber.kernels import channels as kernels
from mcfiber.labelled import labelled_result
from mcfiber.line.line import Line, repeated
from mcfiber.simulation.points import received_together, spans_at
from mcfiber.simulation.streams import BLOCK, Entropy, Stream, random_stream, root_of
from mcfiber.typing import AnyArray, ComplexArray, FloatArray, Quantity

LARGEST = 2**31  # bytes of channels that are returned at once


@arguments(
    modes=MODES,
    spans=whole(low=1),
    loss_rms=plain_array("span", exact=True, low=0, high=100, unit="Np"),
    delay_rms=plain_array("span", exact=True, low=0, high=1, unit="s"),
    sections=whole(low=1, high=100_000),
    mixing=real(low=0, high=1, dims=NUMBER),
    noise_share=plain_array("span", exact=True, low=0, high=1e9),
)
@dataclass(frozen=True)
class CoupledLine:
    """A line of randomly coupled cores, as its random channels see it (SI units and nepers of power).

    Parameters
    ----------
    modes
        Number of modes, D: twice the number of cores.
    spans
        Number of spans, K.
    loss_rms
        Standard deviation over the modes of the log gains that a span adds; one number, or one for each span. [Np]
    delay_rms
        Standard deviation over the modes of the group delays that a span adds, S sqrt(L); one number, or one for
        each span. [s]
    sections
        Sections of mixing and delay in a span, besides the mixing before its gains.
    repeat
        "independent": every span mixes anew.  "same": a loop that passes the same span every lap.
    mixing
        1 for strong mixing; below, every section only turns by random phases within +-pi x mixing, and 0 is none.
    gains
        Distribution of a span's log gains over the modes: "uniform" steps, or "gaussian" draws.
    noise
        Where noise enters: "even" half before and half behind a span's gains, the limit of many spans also for
        few; "behind" them; or all at the "receiver".
    noise_share
        Noise of each span, relative to their sum; equal if left out.
    amplifier
        Whether amplifiers hold the signal power of the whole "band" of frequencies or of each "frequency".

    Raises
    ------
    ValueError
        If a value is impossible or a list does not have one value for each span.
    """

    modes: int
    spans: int = 1
    loss_rms: ArrayLike = 0.0
    delay_rms: ArrayLike = 0.0
    sections: int = 2
    repeat: Literal["independent", "same"] = "independent"
    mixing: float = 1.0
    gains: Literal["uniform", "gaussian"] = "uniform"
    noise: Literal["even", "behind", "receiver"] = "even"
    noise_share: ArrayLike | None = None
    amplifier: Literal["band", "frequency"] = "band"

    def __post_init__(self) -> None:
        for name in ("loss_rms", "delay_rms", "noise_share"):
            _check_list(name, getattr(self, name), self.spans, self.repeat)

    @classmethod
    def of(cls, line: Line, medium: FiberMedium, *, point: Mapping[str, int] | None = None) -> "CoupledLine":
        """Line of a system, as the records behind its doors hold it; change the rest with `dataclasses.replace`.

        Parameters
        ----------
        line, medium
            Records in SI: spans with their mode-dependent loss, and glass with its groups of cores and mode
            dispersion. Where the dispersion is not known the modes have no delays.
        point
            Position along every axis, and of a core where groups of cores differ.

        Raises
        ------
        ValueError
            If a value differs along an axis of which no position is given, or laps of one fibre are unequal.

        Examples
        --------
        >>> from mcfiber import load
        >>> from mcfiber.evaluate import records
        >>> scene, _ = records(load("nict-2025-1808km").system)
        >>> found = CoupledLine.of(scene.line, scene.medium)
        >>> found.modes, found.spans, found.repeat
        (38, 21, 'independent')
        """
        here = point or {}
        cores = received_together(medium, here)
        alone = cores == 1 and len(set(medium.group_sizes)) > 1  # beside groups: received by itself, it loses none
        sources = repeated(line, _of_all_sources(line.mode_dependent_loss))
        loss = 0.0 if alone else spans_at(sources, "mode_dependent_loss", here)
        known = medium.mode_dispersion is not None
        along = repeated(line, medium.mode_dispersion) if known else 0.0
        dispersion = spans_at(along, "mode_dispersion", here)
        length = spans_at(repeated(line, line.length), "length", here)
        delay = dispersion * np.sqrt(length) if np.any(dispersion) else 0.0
        if line.repeat == "same" and (line.lap > 1 or np.ndim(loss) or np.ndim(delay)):
            msg = 'repeat: "same" is a loop of one fibre, whose laps are equal; got spans that differ'
            raise ValueError(msg)
        return cls(2 * cores, line.count, loss, _plain(delay), repeat=line.repeat)

    def per_span(self, name: str) -> FloatArray:
        """Values of a field at every distinct span."""
        return np.broadcast_to(np.asarray(getattr(self, name), dtype=np.float64), (self.distinct,)).copy()

    @property
    def distinct(self) -> int:
        """Number of spans that are drawn: one where the same is repeated."""
        return 1 if self.repeat == "same" else self.spans

    def noise_weights(self) -> FloatArray:
        """Share of the noise before the first span and behind each one."""
        share = np.ones(self.spans) if self.noise_share is None else np.asarray(self.noise_share, dtype=np.float64)
        share = np.broadcast_to(share, (self.spans,)) / np.sum(np.broadcast_to(share, (self.spans,)))
        weights = np.zeros(self.spans + 1)
        if self.noise == "receiver":
            weights[-1] = 1.0
        elif self.noise == "behind":
            weights[1:] = share
        else:
            weights[1:] += share / 2.0
            weights[:-1] += share / 2.0
        return weights


def _of_all_sources(loss: Quantity) -> Quantity:
    """Mode-dependent loss of one span: modes mix between its sources, so that variances add. [Np]"""
    return sum(value**2 for value in loss.values()) ** 0.5 if isinstance(loss, Mapping) else loss


def _plain(value: float | FloatArray) -> float | FloatArray:
    return float(value) if np.ndim(value) == 0 else value


@arguments(draws=whole(low=1), seed=SEED, frequency=OFFSETS)
def draw_channel(
    line: CoupledLine, *, draws: int = 1, seed: int | None = None, frequency: ArrayLike = 0.0
) -> xr.Dataset:
    """Random channels of a line of strongly coupled cores, with the colour of their noise.

    Parameters
    ----------
    line
        The line.
    draws
        Number of realisations.  The first n of N are the n realisations of a smaller request.
    seed
        Seed of the random numbers; a new one each time if left out.
    frequency
        Offsets from the channel's centre.  Spacing below 1/(6 pi sigma) resolves a channel whose modal delays
        have the standard deviation sigma. [Hz]

    Returns
    -------
    xarray.Dataset
        ``channel`` H (draw, frequency, mode_out, mode_in), mean power 1, and ``noise_covariance`` (draw,
        frequency, mode_out, mode_out_other), relative to the noise of all amplifiers.

    Raises
    ------
    ValueError
        If the result would not fit in 2 GiB; `mcfiber.simulation.capacity.draw_capacity` keeps no channels.

    Notes
    -----
    Eq. (1) of `mcfiber.kernels.channels`, spans of random sections as in [1]_.

    References
    ----------
    .. [1] K.-P. Ho and J. M. Kahn, "Mode-dependent loss and gain: statistics and effect on mode-division
       multiplexing," *Opt. Express*, vol. 19, pp. 16612-16635, 2011.

    Examples
    --------
    >>> line = CoupledLine(modes=8, spans=21, loss_rms=0.1, delay_rms=46e-12)
    >>> channels = draw_channel(line, draws=2, seed=1, frequency=[-1e9, 0.0, 1e9])
    >>> dict(channels.channel.sizes)
    {'draw': 2, 'frequency': 3, 'mode_out': 8, 'mode_in': 8}
    """
    offsets = np.atleast_1d(np.asarray(frequency, dtype=np.float64))
    size = 32 * draws * offsets.size * line.modes**2
    if size > LARGEST:
        msg = f"draws: {draws} channels would take {size / 2**30:.1f} GiB; ask for fewer, or use draw_capacity"
        raise ValueError(msg)
    parts = list(blocks(line, offsets, draws, seed))
    channel, noise = (np.concatenate([part[which] for part in parts]) for which in (0, 1))
    return as_channels(channel, noise, offsets)


@arguments(
    channel=plain_array("frequency", "mode", "mode", scalar=False, kind="complex"),
    noise=plain_array("frequency", "mode", "mode", scalar=False, kind="complex"),
    frequency=OFFSETS,
)
def as_channels(channel: AnyArray, noise: AnyArray | None, frequency: AnyArray) -> xr.Dataset:
    """Label channel matrices, drawn or measured, for the functions that take channels.

    Parameters
    ----------
    channel
        Transfer matrices. Shape (draw, frequency, D, D) or (frequency, D, D): output mode first.
    noise
        Noise covariances of the same shape; the identity if left out (noise of the receiver).
    frequency
        Offsets or absolute frequencies. [Hz]

    Returns
    -------
    xarray.Dataset
        ``channel`` (draw, frequency, mode_out, mode_in) and ``noise_covariance``, as from `draw_channel`.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Notes
    -----
    The H and R of Eq. (1) and Eq. (2) of `mcfiber.kernels.channels`.

    Examples
    --------
    >>> as_channels(np.eye(4)[None], None, [0.0]).sizes["draw"]
    1
    """
    channel = np.asarray(channel, dtype=np.complex128)
    channel = channel[None] if channel.ndim == 3 else channel
    frequency = np.atleast_1d(np.asarray(frequency, dtype=np.float64))
    if channel.ndim != 4 or channel.shape[2] != channel.shape[3] or channel.shape[1] != frequency.size:
        msg = (
            f"channel: got the shape {channel.shape} with {frequency.size} frequencies; allowed: (draw, frequency, "
            "D, D)"
        )
        raise ValueError(msg)
    noise = np.broadcast_to(np.eye(channel.shape[2]) + 0j, channel.shape) if noise is None else np.asarray(noise)
    dims = ("draw", "frequency", "mode_out", "mode_in")
    return xr.Dataset(
        {
            "channel": labelled_result("channel_matrix", xr.DataArray(channel, dims=dims)),
            "noise_covariance": labelled_result(
                "noise_covariance", xr.DataArray(noise, dims=(*dims[:3], "mode_out_other"))
            ),
        },
        coords={"frequency": ("frequency", frequency, {"units": "Hz"})},
    )


def blocks(
    line: CoupledLine, frequency: FloatArray, draws: int, seed: int | None
) -> Iterator[tuple[ComplexArray, ComplexArray]]:
    """Draw channels and noise covariances (draw, frequency, D, D) block by block, in bounded memory."""
    root = root_of(seed)
    for block in range(-(-draws // BLOCK)):
        yield one_block(line, frequency, root, block, min(BLOCK, draws - block * BLOCK))


def one_block(
    line: CoupledLine, frequency: FloatArray, seed: Entropy, block: int, count: int
) -> tuple[ComplexArray, ComplexArray]:
    """Draw the first realisations of one block."""
    random = random_stream(Stream.CHANNELS, seed, block)
    shape = (BLOCK, line.distinct, line.sections + 1)
    index = random.integers(0, kernels.POOL, shape)[:count]
    shift = random.integers(0, line.modes, shape)[:count]
    phase = random.uniform(-0.5, 0.5, (*shape, line.modes))[:count]
    gain = _gains(line, random)[:count]
    frame_index, frame_phase = index, phase
    if line.mixing < 1.0:
        frame_index = random.integers(0, kernels.POOL, shape)[:count]
        frame_phase = random.uniform(-0.5, 0.5, (*shape, line.modes))[:count]
    channel = np.empty((count, frequency.size, line.modes, line.modes), np.complex128)
    noise = np.empty_like(channel)
    draws = index, shift, phase, frame_index, frame_phase, np.ascontiguousarray(gain)
    fixed = _delays(line, frequency), line.noise_weights(), line.spans, line.mixing, line.amplifier == "band"
    kernels.random_channels(kernels.unitary_pool(line.modes), *draws, *fixed, channel, noise)
    return channel, noise


def _steps(modes: int) -> FloatArray:
    """Even steps over the modes with mean zero and mean square one."""
    steps = np.linspace(-1.0, 1.0, modes)
    return np.asarray(steps / np.sqrt(np.mean(steps**2)))


def _gains(line: CoupledLine, random: np.random.Generator) -> FloatArray:
    shape = (BLOCK, line.distinct, line.modes)
    if line.gains == "gaussian":
        gains = random.standard_normal(shape)
        gains -= gains.mean(axis=-1, keepdims=True)
        gains *= math.sqrt(line.modes / (line.modes - 1.0))
    else:
        gains = np.broadcast_to(_steps(line.modes), shape)
    return gains * line.per_span("loss_rms")[:, None]


def _delays(line: CoupledLine, frequency: FloatArray) -> ComplexArray:
    """Factors exp(-j omega tau) of one section, (1 or distinct, frequency, D)."""
    rms = line.per_span("delay_rms") / math.sqrt(line.sections)
    rms = rms[:1] if np.all(rms == rms[0]) else rms
    angle = 2.0 * math.pi * frequency[None, :, None] * rms[:, None, None] * _steps(line.modes)
    return np.ascontiguousarray(np.exp(-1j * angle))


def _check_list(name: str, value: ArrayLike | None, spans: int, repeat: str) -> None:
    if value is None or np.ndim(value) == 0:
        return
    if np.shape(value) != (spans,):
        msg = f"{name}: got the shape {np.shape(value)}; allowed: one number, or one for each of the {spans} spans"
        raise ValueError(msg)
    if repeat == "same" and name != "noise_share":
        msg = f"{name}: got a list with repeat='same'; give the number that every lap has"
        raise ValueError(msg)


@arguments(channels=CHANNELS)
def mode_gains(channels: xr.Dataset) -> xr.DataArray:
    """Log gains of the modes of given channels, about their mean.

    Parameters
    ----------
    channels
        From `draw_channel`, `as_channels` or `read_channel`.

    Returns
    -------
    :data:`~mcfiber.variables.mode_gain`, (draw, frequency, mode), ascending. [Np]
        Standard deviation over ``mode`` is the rms mode-dependent loss, last less first the peak to peak.

    Notes
    -----
    Twice the logarithm of the singular values; eigenvalues of the channel's matrix mean nothing here.

    Definition by singular values: [1]_.

    References
    ----------
    .. [1] K.-P. Ho and J. M. Kahn, "Mode-dependent loss and gain: statistics and effect on mode-division
       multiplexing," *Opt. Express*, vol. 19, pp. 16612-16635, 2011.

    Examples
    --------
    >>> channels = as_channels(np.diag([1.0, 10.0])[None], None, [0.0])
    >>> gains = mode_gains(channels)
    >>> round(float(gains.max() - gains.min()) * 4.342945, 3)  # dB
    20.0
    """
    values = np.linalg.svd(channels["channel"].values, compute_uv=False)[..., ::-1]
    gains = 2.0 * np.log(values)
    gains -= gains.mean(axis=-1, keepdims=True)
    array = xr.DataArray(gains, dims=("draw", "frequency", "mode"), coords={"frequency": channels["frequency"]})
    return labelled_result("mode_gain", array)


@arguments(channels=CHANNELS)
def mode_delays(channels: xr.Dataset) -> xr.DataArray:
    """Group delays of the principal modes of given channels, about their mean.

    Parameters
    ----------
    channels
        Channels at two or more frequencies, close enough that no delay turns a phase by more than half a turn
        from one to the next.

    Returns
    -------
    :data:`~mcfiber.variables.mode_delay`, (draw, frequency, mode) between neighbouring frequencies. [s]

    Raises
    ------
    ValueError
        If there is only one frequency.

    Notes
    -----
    Phases of the eigenvalues of U(f + df) U(f)^H over -2 pi df, with U the unitary factor of H.

    Principal modes: [1]_.

    References
    ----------
    .. [1] S. Fan and J. M. Kahn, "Principal modes in multimode waveguides," *Opt. Lett.*, vol. 30, pp. 135-137,
       2005.

    Examples
    --------
    >>> turn = np.exp(-2j * np.pi * 1e9 * np.array([1e-11, -1e-11]))
    >>> channels = as_channels(np.stack([np.eye(2), np.diag(turn)]), None, [0.0, 1e9])
    >>> mode_delays(channels).values.ravel().round(14)
    array([-1.e-11,  1.e-11])
    """
    frequency = channels["frequency"].values
    if frequency.size < 2:
        msg = "frequency: got one; group delays need the channel at two or more frequencies"
        raise ValueError(msg)
    left, _, right = np.linalg.svd(channels["channel"].values)
    unitary = left @ right
    turn = unitary[:, 1:] @ unitary[:, :-1].conj().swapaxes(-1, -2)
    trace = np.trace(turn, axis1=-2, axis2=-1)
    phase = np.angle(np.linalg.eigvals(turn * (np.abs(trace) / trace)[..., None, None]))
    delays = np.sort(-phase / (2.0 * np.pi * np.diff(frequency)[:, None]), axis=-1)
    delays -= delays.mean(axis=-1, keepdims=True)
    middle = (frequency[1:] + frequency[:-1]) / 2.0
    array = xr.DataArray(delays, dims=("draw", "frequency", "mode"), coords={"frequency": middle})
    return labelled_result("mode_delay", array)


@arguments(channels=CHANNELS)
def channel_impulse_response(channels: xr.Dataset) -> xr.DataArray:
    """Intensity of the impulse response of given channels, mean over pairs of modes, unit area.

    Parameters
    ----------
    channels
        Channels at evenly spaced frequencies.

    Returns
    -------
    :data:`~mcfiber.variables.impulse_response`, (draw, time). [1/s]

    Raises
    ------
    ValueError
        If the frequencies are not evenly spaced.

    Notes
    -----
    The frequencies are weighed with a Hann window, which leaves no tails; it adds about 0.4 over the band to the
    length of the response.

    Its mean over realisations is Eq. (2) of `mcfiber.kernels.mode_delay` for spans that mix strongly.

    Examples
    --------
    >>> line = CoupledLine(modes=4, spans=10, delay_rms=20e-12)
    >>> response = channel_impulse_response(draw_channel(line, seed=1, frequency=np.arange(256) * 0.2e9))
    >>> round(float(response.integrate("time")[0]), 2)
    1.0
    """
    frequency = channels["frequency"].values
    steps = np.diff(frequency)
    if frequency.size < 2 or np.any(np.abs(steps - steps[0]) > 1e-6 * abs(steps[0])):
        msg = "frequency: the frequencies must be evenly spaced, at least two"
        raise ValueError(msg)
    window = np.hanning(frequency.size + 2)[1:-1]
    weighed = channels["channel"].values * window[:, None, None]
    response = np.fft.fftshift(np.fft.ifft(weighed, axis=1), axes=1)
    time = np.fft.fftshift(np.fft.fftfreq(frequency.size, steps[0]))
    intensity = np.sum(np.abs(response) ** 2, axis=(-2, -1))
    intensity /= intensity.sum(axis=1, keepdims=True) * (time[1] - time[0])
    array = xr.DataArray(intensity, dims=("draw", "time"), coords={"time": ("time", time, {"units": "s"})})
    return labelled_result("impulse_response", array)


@arguments(loss=real(low=0, high=100, unit="Np", dims=NUMBER), modes=MODES, draws=whole(low=1), seed=SEED)
def draw_mode_gains(loss: float, *, modes: int, draws: int, seed: int | None = None) -> xr.DataArray:
    """Log gains of the modes of random lines with many weak spans, from their exact law.

    Parameters
    ----------
    loss
        Root sum square xi of the spans' mode-dependent loss. [Np]
    modes
        Number of modes, D.
    draws, seed
        Number of realisations and seed; the first n of N are those of a smaller request.

    Returns
    -------
    :data:`~mcfiber.variables.mode_gain`, (draw, mode), ascending. [Np]

    Notes
    -----
    Eigenvalues of sqrt(t) G + t diag((D - 1)/2, ..., -(D - 1)/2) with a Gaussian Hermitian matrix G and
    t = xi^2 D/(D^2 - 1) [1]_: repulsion that is not weak spreads the gains evenly.

    References
    ----------
    .. [1] K.-P. Ho, "Exact model for mode-dependent gains and losses in multimode fiber," *J. Lightw.
       Technol.*, vol. 30, pp. 3603-3609, 2012.

    Examples
    --------
    >>> gains = draw_mode_gains(0.5, modes=4, draws=3, seed=1)
    >>> gains.sizes["mode"]
    4
    """
    strength = loss**2 * modes / (modes**2 - 1.0)
    ladder = strength * (np.arange(modes) - (modes - 1) / 2.0)
    root = root_of(seed)
    parts = []
    for block in range(-(-draws // BLOCK)):
        random = random_stream(Stream.MODE_GAINS, root, block)
        entries = random.standard_normal((2, BLOCK, modes, modes)) / 2.0
        matrix = entries[0] + 1j * entries[1]
        matrix = math.sqrt(strength) * (matrix + matrix.conj().swapaxes(1, 2)) + np.diag(ladder)
        parts.append(np.linalg.eigvalsh(matrix))
    gains = np.concatenate(parts)[:draws]
    gains -= gains.mean(axis=1, keepdims=True)
    return labelled_result("mode_gain", xr.DataArray(gains, dims=("draw", "mode")))
