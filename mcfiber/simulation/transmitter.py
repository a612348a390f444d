"""Signals of one period: random symbols of any format in raised-cosine pulses, lasers, and noise of the transmitter.

Everything is periodic, so that filters are products of spectra and can be undone exactly.  Frequencies are multiples
of the symbol rate over the number of symbols in the period.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeAlias

import numpy as np
from scipy import fft

from mcfiber.receiver.constellation import Constellation, constellation
from mcfiber.simulation.streams import Entropy, Stream, random_stream
from mcfiber.typing import ComplexArray, FloatArray, IntArray

Modulation: TypeAlias = Any
"""A format as the fourth door holds it: a name, or a description of points."""

GAUSSIAN = "gaussian"
"""Symbols that are no constellation: complex Gaussian numbers."""


class Chance(IntEnum):
    """Third word of the key of the stream `Stream.TRANSMISSION`, behind the number of the draw."""

    SYMBOLS = 0
    TRANSMITTER_NOISE = 1
    TRANSMITTER_LASER = 2
    SPAN = 3
    AMPLIFIER_NOISE = 4
    RECEIVER_NOISE = 5
    LOCAL_OSCILLATOR = 6


@dataclass(frozen=True)
class Draw:
    """One realisation: all its random numbers are children of one seed, drawn on the host.

    Attributes
    ----------
    root
        Entropy that the seed gives.
    number
        Of the realisation.
    """

    root: Entropy
    number: int = 0

    def stream(self, part: Chance, index: int = 0) -> np.random.Generator:
        """Generator of one part of the realisation: of a channel, a span or a laser."""
        return random_stream(Stream.TRANSMISSION, self.root, self.number, int(part), index)

    def noise(self, part: Chance, shape: tuple[int, ...], index: int = 0) -> ComplexArray:
        """Complex Gaussian numbers of mean energy 1."""
        return complex_normal(self.stream(part, index), shape)


def complex_normal(generator: np.random.Generator, shape: tuple[int, ...]) -> ComplexArray:
    """Complex Gaussian numbers of mean energy 1."""
    pairs = generator.standard_normal((*shape, 2))
    found: ComplexArray = pairs.view(np.complex128)[..., 0]
    found *= math.sqrt(0.5)
    return found


@dataclass(frozen=True)
class WdmChannel:
    """One channel on the grid of the period.

    Attributes
    ----------
    center
        Number of its carrier's frequency on the grid.
    symbols
        Number of its symbols in the period, so that its rate is that many over the period.
    power
        Launched, both polarisations: one number, or one for each core. [W]
    modulation
        Format of its symbols: a name, a description, or "gaussian".
    """

    center: int
    symbols: int
    power: float | FloatArray
    modulation: Modulation = "16QAM"


@dataclass(frozen=True)
class FrequencyGrid:
    """Frequencies of a period, in the order of the fast Fourier transform.

    Attributes
    ----------
    spacing
        One over the period. [Hz]
    samples
        Number of frequencies, and of samples in the period; even.
    """

    spacing: float
    samples: int

    @property
    def order(self) -> IntArray:
        """Whole number of each frequency."""
        return np.fft.fftfreq(self.samples, 1.0 / self.samples).round().astype(np.int64)

    @property
    def frequency(self) -> FloatArray:
        """Offset of each from the reference of the dispersion. [Hz]"""
        return np.asarray(self.order * self.spacing)

    @property
    def sample_rate(self) -> float:
        """Samples in a second. [Hz]"""
        return self.samples * self.spacing


@dataclass(frozen=True)
class Transmitted:
    """A wavelength-multiplexed field, and what was sent in the channel of interest.

    Attributes
    ----------
    spectrum
        Fourier transform of the field. Shape (mode, frequency). [W^0.5]
    symbols
        Sent in the channel of interest. Shape (mode, symbol). [1]
    numbers
        Which point of the constellation each is; -1 for Gaussian symbols. Shape (mode, symbol).
    scale
        Spectrum of the field over that of symbols of unit energy: of each mode. Shape (mode,). [W^0.5]
    """

    spectrum: ComplexArray
    symbols: ComplexArray
    numbers: IntArray
    scale: FloatArray


def raised_cosine_root(offset: IntArray, symbols: int, roll_off: float) -> FloatArray:
    """Amplitude of a root-raised-cosine pulse at whole numbers of the grid; its square sums to 1 over aliases.

    Parameters
    ----------
    offset
        Frequencies from the carrier, on the grid.
    symbols
        Grid points in a symbol rate.
    roll_off
        Share of the symbol rate by which the band is wider; 0 is a rectangle. [1]

    Notes
    -----
    Eq. (9.2-27) of [1]_.

    References
    ----------
    .. [1] J. G. Proakis and M. Salehi, "Digital Communications," 5th edition, McGraw-Hill, 2008.

    Examples
    --------
    >>> raised_cosine_root(np.array([0, 4, 5]), 8, 0.0).tolist()
    [1.0, 0.7071067811865476, 0.0]
    """
    place = np.abs(offset) / symbols
    if roll_off * symbols < 1.0:  # narrower than the grid: a rectangle, with half the power at either edge
        return np.where(place < 0.5, 1.0, np.where(place == 0.5, math.sqrt(0.5), 0.0))
    edge = np.clip((place - 0.5 * (1.0 - roll_off)) / roll_off, 0.0, 1.0)
    return np.asarray(np.cos(0.5 * math.pi * edge))  # Eq. (9.2-27) of [1]


def random_symbols(
    modulation: Modulation, generator: np.random.Generator, shape: tuple[int, int]
) -> tuple[ComplexArray, IntArray]:
    """Symbols as often as the format sends them, of unit mean energy over the constellation.

    Parameters
    ----------
    modulation
        A format, or "gaussian".
    generator
        Of random numbers.
    shape
        Modes and symbols.

    Returns
    -------
    tuple
        Symbols, and the number of the point that each is (-1 for Gaussian ones).
    """
    if modulation == GAUSSIAN:
        return complex_normal(generator, shape), np.full(shape, -1)
    known = constellation(modulation)
    borders = np.cumsum(known.probabilities)
    numbers = np.searchsorted(borders / borders[-1], generator.random(shape), side="right")
    return known.points[numbers], numbers


def known_constellation(modulation: Modulation) -> Constellation | None:
    """Points of a format; None for Gaussian symbols."""
    return None if modulation == GAUSSIAN else constellation(modulation)


def phase_walk(generator: np.random.Generator, linewidth: float, grid: FrequencyGrid) -> FloatArray:
    """Phase of a laser over a period: a Wiener process that ends where it begins. [rad]

    Parameters
    ----------
    generator
        Of random numbers.
    linewidth
        Full width at half the maximum of its Lorentzian line. [Hz]
    grid
        Samples of the period.

    Notes
    -----
    Steps of variance ``2 pi dnu/sample_rate`` [1]_, less the frequency offset that closes the period: over times that
    are short against it the walk is that of a free laser.

    References
    ----------
    .. [1] C. H. Henry, "Theory of the linewidth of semiconductor lasers," *IEEE J. Quantum Electron.*, vol. 18, pp.
       259-264, 1982.
    """
    steps = generator.standard_normal(grid.samples) * math.sqrt(2.0 * math.pi * linewidth / grid.sample_rate)
    return np.asarray(np.cumsum(steps - steps.mean()))


def transmitted(
    channels: Sequence[WdmChannel],
    grid: FrequencyGrid,
    *,
    modes: int,
    of_interest: int = 0,
    roll_off: float = 0.1,
    noise: float = 0.0,
    linewidth: float = 0.0,
    draw: Draw,
) -> Transmitted:
    """Field of all channels behind their transmitters.

    Parameters
    ----------
    channels
        On the grid.
    grid
        Frequencies of the period.
    modes
        Two polarisations of each core.
    of_interest
        Number of the channel whose symbols are kept.
    roll_off
        Of the pulses. [1]
    noise
        Of the transmitter over the signal behind a matched filter: white in the band of the pulse. [1]
    linewidth
        Of the transmitters' lasers, one a channel and common to all cores. [Hz]
    draw
        The realisation.

    Returns
    -------
    Transmitted

    Notes
    -----
    The pulse is that of `raised_cosine_root`, the phase of the laser that of `phase_walk`.
    """
    spectrum = np.zeros((modes, grid.samples), np.complex128)
    kept: Transmitted | None = None
    for number, channel in enumerate(channels):
        symbols, points = random_symbols(
            channel.modulation, draw.stream(Chance.SYMBOLS, number), (modes, channel.symbols)
        )
        reach = min(math.ceil(0.5 * (1.0 + roll_off) * channel.symbols), channel.symbols)
        offset = np.arange(-reach, reach)
        comb = fft.fft(symbols, axis=-1)[:, offset % channel.symbols]
        comb *= raised_cosine_root(offset, channel.symbols, roll_off)
        if noise > 0.0:
            inside = 2.0 * np.abs(offset) <= (1.0 + roll_off) * channel.symbols
            added = draw.noise(Chance.TRANSMITTER_NOISE, comb.shape, number)
            comb += added * (math.sqrt(noise * channel.symbols) * inside)
        power = np.repeat(np.broadcast_to(np.asarray(channel.power, np.float64), (modes // 2,)), 2)
        scale = grid.samples / channel.symbols * np.sqrt(0.5 * power)
        field = np.zeros((modes, grid.samples), np.complex128)
        field[:, (channel.center + offset) % grid.samples] = comb * scale[:, None]
        if linewidth > 0.0:
            walk = phase_walk(draw.stream(Chance.TRANSMITTER_LASER, number), linewidth, grid)
            field = fft.fft(fft.ifft(field, axis=-1) * np.exp(1j * walk), axis=-1)
        spectrum += field
        if number == of_interest:
            kept = Transmitted(spectrum, symbols, points, scale)
    if kept is None:
        msg = f"of_interest: got {of_interest}; allowed: 0 to {len(channels) - 1}, a number of the channels"
        raise ValueError(msg)
    return kept


def smooth(size: int) -> int:
    """Next even length with small prime factors."""
    return 2 * int(fft.next_fast_len(max((size + 1) // 2, 1)))
