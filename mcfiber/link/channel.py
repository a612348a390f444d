"""Random channels of strongly coupled cores: the line they run through, drawn or measured."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mcfiber.kernels import channel as kernels
from mcfiber.typing import AnyArray, ComplexArray, FloatArray
from mcfiber.variables import stamp

if TYPE_CHECKING:
    import xarray as xr

BLOCK = 64  # realisations that share a seed; part of what a seed means
STAGE = 7  # first entry of the spawn key: random channels
LARGEST = 2**31  # bytes of channels that are returned at once


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
    loss_rms: Any = 0.0
    delay_rms: Any = 0.0
    sections: int = 2
    repeat: Literal["independent", "same"] = "independent"
    mixing: float = 1.0
    gains: Literal["uniform", "gaussian"] = "uniform"
    noise: Literal["even", "behind", "receiver"] = "even"
    noise_share: Any = None
    amplifier: Literal["band", "frequency"] = "band"

    def __post_init__(self) -> None:
        if self.modes < 2 or self.spans < 1 or self.sections < 1:
            msg = (
                f"got {self.modes} modes, {self.spans} spans and {self.sections} sections; allowed: at least two "
                "modes (one core), one span and one section"
            )
            raise ValueError(msg)
        if not 0.0 <= self.mixing <= 1.0:
            msg = f"mixing: got {self.mixing}; allowed: 0 (none) to 1 (strong)"
            raise ValueError(msg)
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                msg = f"{name}: got {getattr(self, name)!r}; allowed: {', '.join(map(repr, known))}"
                raise ValueError(msg)
        for name in ("loss_rms", "delay_rms", "noise_share"):
            _check_list(name, getattr(self, name), self.spans, self.repeat)

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


_CHOICES = {
    "repeat": ("independent", "same"),
    "gains": ("uniform", "gaussian"),
    "noise": ("even", "behind", "receiver"),
    "amplifier": ("band", "frequency"),
}


def draw_channel(
    line: CoupledLine, *, draws: int = 1, seed: int | None = None, frequency: Any = 0.0
) -> "xr.Dataset":
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
        If the result would not fit in 2 GiB; `mcfiber.rate.capacity.draw_capacity` keeps no channels.

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


def as_channels(channel: AnyArray, noise: AnyArray | None, frequency: AnyArray) -> "xr.Dataset":
    """Label channel matrices, drawn or measured, for the functions that take channels.

    Parameters
    ----------
    channel
        Transfer matrices. Shape (draw, frequency, D, D) or (frequency, D, D): output mode first.
    noise
        Noise covariances of the same shape; the identity if left out (noise of the receiver).
    frequency
        Offsets or absolute frequencies. [Hz]

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> as_channels(np.eye(4)[None], None, [0.0]).sizes["draw"]
    1
    """
    import xarray as xr

    channel = np.asarray(channel, dtype=np.complex128)
    channel = channel[None] if channel.ndim == 3 else channel
    frequency = np.atleast_1d(np.asarray(frequency, dtype=np.float64))
    if channel.ndim != 4 or channel.shape[2] != channel.shape[3] or channel.shape[1] != frequency.size:
        msg = f"channel: got the shape {channel.shape} with {frequency.size} frequencies; allowed: (draw, frequency, D, D)"
        raise ValueError(msg)
    noise = np.broadcast_to(np.eye(channel.shape[2]), channel.shape) if noise is None else np.asarray(noise)
    dims = ("draw", "frequency", "mode_out", "mode_in")
    return xr.Dataset(
        {
            "channel": stamp("channel_matrix", xr.DataArray(channel, dims=dims)),
            "noise_covariance": stamp("noise_covariance", xr.DataArray(noise, dims=(*dims[:3], "mode_out_other"))),
        },
        coords={"frequency": ("frequency", frequency, {"units": "Hz"})},
    )


def blocks(
    line: CoupledLine, frequency: FloatArray, draws: int, seed: int | None
) -> Iterator[tuple[ComplexArray, ComplexArray]]:
    """Draw channels and noise covariances (draw, frequency, D, D) block by block, in bounded memory."""
    root = np.random.SeedSequence(seed).entropy
    for block in range(-(-draws // BLOCK)):
        yield one_block(line, frequency, root, block, min(BLOCK, draws - block * BLOCK))


def one_block(
    line: CoupledLine, frequency: FloatArray, seed: Any, block: int, count: int
) -> tuple[ComplexArray, ComplexArray]:
    """Draw the first realisations of one block."""
    random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(STAGE, block)))
    shape = (BLOCK, line.distinct, line.sections + 1)
    index = random.integers(0, kernels.POOL, shape)[:count]
    shift = random.integers(0, line.modes, shape)[:count]
    phase = random.uniform(-0.5, 0.5, (*shape, line.modes))[:count]
    gain = _gains(line, random)[:count]
    channel = np.empty((count, frequency.size, line.modes, line.modes), np.complex128)
    noise = np.empty_like(channel)
    kernels.random_channels(
        *(kernels.unitary_pool(line.modes), index, shift, phase, np.ascontiguousarray(gain)),
        *(_delays(line, frequency), line.noise_weights(), line.spans, line.mixing, line.amplifier == "band"),
        *(channel, noise),
    )
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


def _check_list(name: str, value: Any, spans: int, repeat: str) -> None:
    if value is None or np.ndim(value) == 0:
        values = np.atleast_1d(0.0 if value is None else value)
    else:
        values = np.asarray(value, dtype=np.float64)
        if values.shape != (spans,):
            msg = f"{name}: got the shape {values.shape}; allowed: one number, or one for each of the {spans} spans"
            raise ValueError(msg)
        if repeat == "same" and name != "noise_share":
            msg = f"{name}: got a list with repeat='same'; give the number that every lap has"
            raise ValueError(msg)
    if not np.all(np.isfinite(values) & (values >= 0)):
        msg = f"{name}: got {value!r}; allowed: numbers of at least 0"
        raise ValueError(msg)
