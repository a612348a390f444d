"""The linear channel of one realisation as it is: its matrix and the covariance of its noise over frequency."""

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from mcfiber.simulation.mixtures import Mixtures
from mcfiber.simulation.transmission_line import TransmissionLine
from mcfiber.simulation.transmitter import raised_cosine_root
from mcfiber.typing import ComplexArray, FloatArray

RESOLVED_TURN = 0.1
"""Phase that the most delayed light turns from one frequency to the next, for interpolation to 1e-6. [rad]"""

FARTHEST = 4.0
"""Delays over their rms, beyond which there is hardly any light."""


@dataclass(frozen=True)
class Truth:
    """Channel and noise of one group of cores, without dispersion and the delay of the group.

    Attributes
    ----------
    frequency
        Offsets from the channel's centre, ascending. [Hz]
    channel
        Matrix of amplitudes. Shape (frequency, mode_out, mode_in).
    noise
        Covariance of the amplifiers' noise over the signal of one mode. Shape (frequency, mode_out, mode_out).
    """

    frequency: FloatArray
    channel: ComplexArray
    noise: ComplexArray

    @cached_property
    def log_gains(self) -> FloatArray:
        """Log gains of the modes about their mean, ascending. Shape (frequency, mode). [Np]

        Notes
        -----
        Twice the logarithms of the singular values.
        """
        values = 2.0 * np.log(np.linalg.svd(self.channel, compute_uv=False))
        return np.sort(values - values.mean(axis=-1, keepdims=True), axis=-1)

    @property
    def loss_rms(self) -> float:
        """Rms of the log gains over modes and frequencies. [Np]"""
        return float(np.sqrt(np.mean(self.log_gains**2)))

    @cached_property
    def delay_rms(self) -> float:
        """Rms delay: root mean square of the eigenvalues of the group-delay operator. [s]

        Notes
        -----
        ``j H^-1 dH/dw``, Eq. (9) of [1]_, by differences between neighbouring frequencies.

        References
        ----------
        .. [1] K.-P. Ho and J. M. Kahn, "Statistics of group delays in multimode fiber with strong mode coupling," *J.
           Lightw. Technol.*, vol. 29, pp. 3119-3128, 2011.
        """
        if len(self.frequency) < 3:
            return 0.0
        step = 2.0 * math.pi * (self.frequency[2:] - self.frequency[:-2])
        slope = (self.channel[2:] - self.channel[:-2]) / step[:, None, None]
        operator = 1j * np.linalg.solve(self.channel[1:-1], slope)
        hermitian = 0.5 * (operator + operator.conj().transpose(0, 2, 1))
        return float(np.sqrt(np.mean(np.linalg.eigvalsh(hermitian) ** 2)))

    def at(self, offset: FloatArray) -> tuple[ComplexArray, ComplexArray]:
        """Channel and noise at other frequencies inside the band, by cubic splines."""
        from scipy.interpolate import CubicSpline  # late: it loads slowly

        if len(self.frequency) == 1:
            shape = (len(offset), *self.channel.shape[1:])
            return np.broadcast_to(self.channel, shape), np.broadcast_to(self.noise, shape)
        inside = np.clip(offset, self.frequency[0], self.frequency[-1])
        found = (CubicSpline(self.frequency, values)(inside) for values in (self.channel, self.noise))
        channel, noise = found
        return channel, noise


@dataclass
class _Group:
    """State of one group along the line."""

    modes: list[int]
    channel: ComplexArray
    noise: ComplexArray


@dataclass
class Follower:
    """Follows the linear channel span by span, and tells the amplifiers their gains.

    Attributes
    ----------
    line
        Groups, launch power and what amplifiers hold.
    symbol_rate
        Bandwidth in which noise counts. [Hz]
    frequency
        Offsets from the channel's centre. [Hz]
    noisy
        Whether amplifiers add noise.
    roll_off
        Of the pulses, whose spectrum weighs the frequencies. [1]
    """

    line: TransmissionLine
    symbol_rate: float
    frequency: FloatArray
    noisy: bool = True
    roll_off: float = 0.1
    groups: list[_Group] = field(default_factory=list)
    known: dict[int, list[ComplexArray]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        fine = 1 << 20  # of the symbol rate, in which the pulse counts its frequencies
        offset = np.round(self.frequency / self.symbol_rate * fine).astype(np.int64)
        power = raised_cosine_root(offset, fine, self.roll_off) ** 2
        self.weights = power / power.sum()
        for modes in self.line.mixtures:
            shape = (len(self.frequency), len(modes), len(modes))
            still = np.broadcast_to(np.eye(len(modes), dtype=complex), shape).copy()
            self.groups.append(_Group(list(modes), still, np.zeros(shape, complex)))

    def span(self, number: int, drawn: Mixtures, passband: FloatArray) -> FloatArray:
        """Pass one span; what its amplifiers divide the power by. Shape (mode,).

        Parameters
        ----------
        number
            Of the span.
        drawn
            Its mixtures.
        passband
            Amplitude that its filters let pass. Shape (frequency,).

        Notes
        -----
        Signal held: the mean over the pulse's power of ``tr(H H^H)/D``. Total power held: that and all noise,
        also what this amplifier adds.
        """
        place = self.line.place(number)
        if place not in self.known:
            passed = [_transfer(drawn, group.modes, self.frequency) for group in self.groups]
            self.known = {place: passed} if self.line.repeat != "same" else self.known | {place: passed}
        divisor = np.ones(self.line.modes)
        density = np.repeat(self.line.span(number).noise / self.line.launch, 2)
        added = density * self.symbol_rate * (1.0 if self.noisy else 0.0)
        for group, transfer in zip(self.groups, self.known[place], strict=True):
            filtered = transfer * passband[:, None, None]
            group.channel = filtered @ group.channel
            group.noise = filtered @ group.noise @ filtered.conj().transpose(0, 2, 1)
            own = np.diag(added[group.modes])
            total = self._mean_gain(group.channel @ group.channel.conj().transpose(0, 2, 1))
            if self.line.power_control == "total":
                group.noise = group.noise + own
                total += self._mean_gain(group.noise)
            group.channel /= math.sqrt(total)
            group.noise /= total
            if self.line.power_control == "signal":
                group.noise = group.noise + own
            divisor[group.modes] = total
        return divisor

    def _mean_gain(self, power: ComplexArray) -> float:
        return float(self.weights @ np.mean(np.einsum("fii->fi", power).real, axis=1))

    def truths(self) -> tuple[Truth, ...]:
        """Channel of each group so far."""
        return tuple(Truth(self.frequency, group.channel, group.noise) for group in self.groups)


def _transfer(drawn: Mixtures, modes: list[int], frequency: FloatArray) -> ComplexArray:
    """Matrix of one span at every frequency, without dispersion. Shape (frequency, mode, mode)."""
    count, inside = len(modes), np.ix_(modes, modes)
    field = np.zeros((count, count, len(frequency)), complex)
    field[range(count), range(count)] = 1.0
    for matrix, delays in zip(drawn.own, drawn.delays[:, modes], strict=True):
        field = (matrix[inside] @ field.reshape(count, -1)).reshape(field.shape)
        if np.any(delays):
            field *= np.exp(-2j * math.pi * delays[:, None] * frequency)[:, None, :]
    field = (drawn.turn[inside] @ field.reshape(count, -1)).reshape(field.shape)
    field *= np.exp(0.5 * drawn.gain[modes])[:, None, None]
    return np.ascontiguousarray(np.moveaxis(field, -1, 0))


def truth_frequencies(
    line: TransmissionLine, symbol_rate: float, symbols: int, roll_off: float, *, fine: bool
) -> FloatArray:
    """Frequencies at which the channel is followed.

    Parameters
    ----------
    line
        For its delays.
    symbol_rate, symbols, roll_off
        Of the channel of interest. [Hz, 1, 1]
    fine
        Whether it is to be interpolated to every frequency, or only to be described.

    Notes
    -----
    A channel whose delays have the standard deviation sigma is described by a spacing of ``1/(6 pi sigma)``.
    """
    width = (1.0 + roll_off) * symbol_rate
    delay = float(line.delay_rms().max())
    turn = 2.0 * math.pi * width * delay
    count = math.ceil(turn * FARTHEST / RESOLVED_TURN if fine else 3.0 * turn) + 1
    count = min(max(count, 65), 2 * symbols)
    if turn == 0.0 and line.filters is None:
        count = 1 if not fine else 2
    return np.linspace(-0.5 * width, 0.5 * width, count) if count > 1 else np.zeros(1)
