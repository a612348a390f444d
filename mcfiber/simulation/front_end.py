"""From the field at the end of a line to samples that an equaliser takes: two a symbol, in units of the signal."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import fft

from mcfiber.simulation.transmission_line import Groups
from mcfiber.simulation.transmitter import (
    Chance,
    Draw,
    FrequencyGrid,
    Modulation,
    Transmitted,
    phase_walk,
    smooth,
)
from mcfiber.simulation.truth import Truth
from mcfiber.typing import AnyArray, ComplexArray, FloatArray, IntArray


@dataclass(frozen=True)
class ReceivedField:
    """Samples behind dispersion compensation and timing, with what was sent: everything an equaliser may want.

    Attributes
    ----------
    samples
        Two a symbol, the even ones at the symbols' instants, of mean signal power 1. Shape (mode, sample): both
        polarisations of one core after the other.
    symbols
        Sent. Shape (mode, symbol).
    numbers
        Which point of the constellation each is; -1 for Gaussian symbols. Shape (mode, symbol).
    symbol_rate
        In the channel of interest. [Hz]
    roll_off
        Of its pulses. [1]
    modulation
        Its format, or "gaussian".
    groups
        Cores that share their light.
    truths
        Linear channel of each group as it is.
    receiver_noise
        Of the receiver alone over the signal of a mode behind a matched filter. [1]
    cores
        Numbers of the cores in the system.
    """

    samples: ComplexArray
    symbols: ComplexArray
    numbers: IntArray
    symbol_rate: float
    roll_off: float
    modulation: Modulation
    groups: Groups
    truths: tuple[Truth, ...]
    receiver_noise: float = 0.0
    cores: tuple[int, ...] = ()

    @property
    def modes(self) -> int:
        """Two polarisations of every core."""
        return len(self.samples)

    def noise_of(self, group: int) -> float:
        """Noise of the line and the receiver over the signal, mean over modes and frequencies of a group. [1]"""
        along = np.einsum("fii->fi", self.truths[group].noise).real
        return float(np.mean(along)) + self.receiver_noise

    def members(self, group: int) -> list[int]:
        """Modes of a group of cores, in its order."""
        return [mode for core in self.groups[group] for mode in (2 * core, 2 * core + 1)]


@dataclass(frozen=True)
class FrontEnd:
    """What a receiver does to the field before its equaliser.

    Attributes
    ----------
    noise
        Of the receiver over the signal behind a matched filter: white, alike in all modes. [1]
    linewidth
        Of the local oscillator. [Hz]
    oscillators
        "common" to all cores, or one for "each" core.
    """

    noise: float = 0.0
    linewidth: float = 0.0
    oscillators: str = "common"

    def sampled(
        self,
        spectrum: AnyArray,
        grid: FrequencyGrid,
        sent: Transmitted,
        dispersion: tuple[float, float],
        late: FloatArray,
        draw: Draw,
    ) -> ComplexArray:
        """Samples of the channel at the centre of the grid, two a symbol. Shape (mode, sample).

        Parameters
        ----------
        spectrum, grid
            Field behind the line. Shape (mode, frequency). [W^0.5]
        sent
            For the unit of the samples, and the number of symbols.
        dispersion
            Accumulated ``beta2`` and ``beta3``, which are undone exactly. [s^2, s^3]
        late
            Mean delay of each mode, which is undone exactly: it is the timing. Shape (mode,). [s]
        draw
            The realisation.

        Notes
        -----
        The local oscillator turns the field before its dispersion is undone, so that each frequency meets another of
        its phases: equaliser-enhanced phase noise [1]_.

        References
        ----------
        .. [1] W. Shieh and K.-P. Ho, "Equalization-enhanced phase noise for coherent-detection systems using electronic
           digital signal processing," *Opt. Express*, vol. 16, pp. 15718-15727, 2008.
        """
        symbols = sent.symbols.shape[1]
        field = np.asarray(spectrum, np.complex128) / sent.scale[:, None]
        if self.noise > 0.0:
            field += draw.noise(Chance.RECEIVER_NOISE, field.shape) * math.sqrt(self.noise * symbols)
        if self.linewidth > 0.0:
            field = self._turned(field, grid, symbols, draw)
        offset = np.fft.fftfreq(2 * symbols, 0.5 / symbols).astype(np.int64)
        found = field[:, offset % field.shape[1]] * 2.0
        angular = 2.0 * math.pi * offset * grid.spacing
        found *= np.exp(-1j * (dispersion[0] / 2.0 * angular**2 + dispersion[1] / 6.0 * angular**3))
        if np.any(late):
            found *= np.exp(1j * late[:, None] * angular)
        return np.asarray(fft.ifft(found, axis=-1))

    def _turned(self, field: ComplexArray, grid: FrequencyGrid, symbols: int, draw: Draw) -> ComplexArray:
        """Field behind the local oscillator; only what its line can bring into the channel is looked at."""
        near = min(field.shape[1], smooth(4 * symbols))
        offset = np.fft.fftfreq(near, 1.0 / near).astype(np.int64)
        seen, part = FrequencyGrid(grid.spacing, near), field[:, offset % field.shape[1]]
        count = 1 if self.oscillators == "common" else len(field) // 2
        walks = [phase_walk(draw.stream(Chance.LOCAL_OSCILLATOR, k), self.linewidth, seen) for k in range(count)]
        turns = np.exp(1j * np.array(walks))
        turns = turns if count == 1 else np.repeat(turns, 2, axis=0)
        return np.asarray(fft.fft(fft.ifft(part, axis=-1) * turns, axis=-1))
