"""The way of a waveform: fibres with the Kerr effect, mixing and delays, amplifiers with their noise, span by span."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy import fft

from mcfiber.kernels.splitstep import delayed, filtered, kerr_rotation, mixed, transfer
from mcfiber.simulation.mixtures import Mixtures, mixtures
from mcfiber.simulation.splitstep import KEPT_LENGTHS, Steps
from mcfiber.simulation.transmission_line import TransmissionLine, TransmissionSpan
from mcfiber.simulation.transmitter import Chance, Draw, FrequencyGrid
from mcfiber.simulation.truth import Follower, Truth
from mcfiber.typing import AnyArray, ComplexArray, FloatArray

Progress = Callable[[int, int], None]

FEW = 16
"""Modes up to which a compiled loop mixes as fast as a library whose threads wait for each other."""


@dataclass(frozen=True)
class Effects:
    """What the simulation counts, and how fine.

    Attributes
    ----------
    kerr
        Whether the Kerr effect acts; without it nothing but frequencies of the channel of interest matters.
    noise
        Whether amplifiers add noise.
    dispersion
        Whether chromatic dispersion acts.
    steps
        How spans are cut.
    precision
        Of the field: single is enough for 60 dB.
    sections
        Mixtures in a span, in place of the rule of `TransmissionLine.sections`.
    """

    kerr: bool = True
    noise: bool = True
    dispersion: bool = True
    steps: Steps = field(default_factory=Steps)
    precision: Literal["single", "double"] = "double"
    sections: int | None = None


@dataclass(frozen=True)
class Passed:
    """What arrives.

    Attributes
    ----------
    spectrum
        Of the field. Shape (mode, frequency). [W^0.5]
    truths
        Linear channel of each group of cores.
    late
        Mean delay of each mode: that of its group of cores after the first. Shape (mode,). [s]
    sections
        Number of mixtures in each span.
    """

    spectrum: AnyArray
    truths: tuple[Truth, ...]
    late: FloatArray
    sections: tuple[int, ...]


def passed(
    spectrum: ComplexArray,
    grid: FrequencyGrid,
    line: TransmissionLine,
    follower: Follower,
    *,
    bandwidth: float,
    centers: FloatArray,
    effects: Effects,
    draw: Draw,
    progress: Progress | None = None,
) -> Passed:
    """Field behind a line.

    Parameters
    ----------
    spectrum, grid
        Field behind the transmitters. Shape (mode, frequency). [W^0.5]
    line
        What it passes.
    follower
        Follows the linear channel beside it.
    bandwidth
        Of the whole field. [Hz]
    centers
        Carriers of the channels, which filters pass. [Hz]
    effects
        What counts.
    draw
        The realisation.
    progress
        Called with the number of spans done, and of all.

    Notes
    -----
    Coupled Manakov equations [1]_ by the symmetric split step, Eq. (1), Eq. (3) and Eq. (4) of
    `mcfiber.kernels.splitstep`. Without the Kerr effect everything is a product in frequency.

    References
    ----------
    .. [1] C. Antonelli, M. Shtaif, and A. Mecozzi, "Modeling of nonlinear propagation in space-division multiplexed
       fiber-optic transmission," *J. Lightw. Technol.*, vol. 34, pp. 36-54, 2016.
    """
    kind = np.complex64 if effects.precision == "single" and effects.kerr else np.complex128
    field = np.array(spectrum, kind, order="C")
    engine = _Engine(grid, line.cores, kind, effects)
    late, counts = np.zeros(line.modes), []
    for number in range(line.count):
        span = line.span(number)
        sections = effects.sections or line.sections(number, bandwidth, kerr=effects.kerr)
        drawn = mixtures(line, number, sections, draw)
        field = engine.fiber(field, span, drawn, bandwidth)
        field = engine.mode_gains(field, drawn)
        if span.filters:
            field = field * _passband(line, span, grid.frequency, centers).astype(field.real.dtype)
        divisor = follower.span(number, drawn, _passband(line, span, follower.frequency, np.zeros(1)))
        noise = _amplifier_noise(span, grid, draw, number) if effects.noise else None
        field = _amplified(field, divisor, noise, before=line.power_control == "total")
        late += drawn.group_delay.sum(axis=0)
        counts.append(sections)
        if progress is not None:
            progress(number + 1, line.count)
    return Passed(field, follower.truths(), late, tuple(counts))


def _amplified(field: AnyArray, divisor: FloatArray, noise: ComplexArray | None, *, before: bool) -> AnyArray:
    """Amplify, and add noise: in front of the attenuator that holds the total power, or behind."""
    if noise is not None and before:
        field += noise
    field /= np.sqrt(divisor).astype(field.real.dtype)[:, None]
    if noise is not None and not before:
        field += noise
    return field


def _amplifier_noise(span: TransmissionSpan, grid: FrequencyGrid, draw: Draw, number: int) -> ComplexArray:
    """White over the simulated band, half of each core's in either polarisation."""
    density = 0.5 * np.repeat(span.noise, 2)
    noise = draw.noise(Chance.AMPLIFIER_NOISE, (density.size, grid.samples), number)
    noise *= (grid.samples * np.sqrt(density * grid.spacing))[:, None]
    return noise


def _passband(line: TransmissionLine, span: TransmissionSpan, frequency: FloatArray, centers: FloatArray) -> FloatArray:
    """Amplitude that the filters of a span let pass about the nearest carrier.

    Notes
    -----
    Super-Gaussian, Eq. (1) of `mcfiber.kernels.filtering`.
    """
    shape = line.filters
    if shape is None or not span.filters:
        return np.ones(frequency.size)
    middle = 0.5 * (centers[1:] + centers[:-1])
    offset = np.abs(frequency - centers[np.searchsorted(middle, frequency)])
    exponent = (2.0 * offset / shape.bandwidth) ** (2.0 * shape.order)
    return np.asarray(2.0 ** (-0.5 * span.filters * np.minimum(exponent, 2000.0)))


class _Engine:
    """Operators of the line on one frequency grid."""

    def __init__(self, grid: FrequencyGrid, cores: int, kind: type, effects: Effects) -> None:
        self.grid, self.cores, self.kind, self.effects = grid, cores, kind, effects
        self.angular = 2.0 * math.pi * grid.frequency
        self.kept: dict[tuple[float, float, float], AnyArray] = {}
        self.plans: dict[tuple[float, ...], list[list[float]]] = {}

    def fiber(self, field: AnyArray, span: TransmissionSpan, drawn: Mixtures, bandwidth: float) -> AnyArray:
        """Pass the fibre of a span: section by section with the Kerr effect, without it mixing and dispersion alone."""
        sections = len(drawn.matrices)
        if not self.effects.kerr:
            for section in range(sections):
                field = self._mixed(field, drawn, section)
            return self._dispersed(field, span, span.length)
        position = 0.0
        for section, lengths in enumerate(self._plan(span, sections, bandwidth)):
            field = self._section(field, span, position, lengths)
            field = self._mixed(field, drawn, section)
            position += sum(lengths)
        return field

    def mode_gains(self, field: AnyArray, drawn: Mixtures) -> AnyArray:
        """Mix at the end of a span, and give each mode its gain."""
        if np.any(drawn.gain):
            field = self._product(drawn.turn, field)
            field *= np.exp(0.5 * drawn.gain).astype(field.real.dtype)[:, None]
        return field

    def _product(self, matrix: ComplexArray, field: AnyArray) -> AnyArray:
        if len(matrix) > FEW:
            return matrix.astype(self.kind) @ field
        mixed(np.ascontiguousarray(matrix, self.kind), field)
        return field

    def _plan(self, span: TransmissionSpan, sections: int, bandwidth: float) -> list[list[float]]:
        key = (span.length, span.beta2, float(span.attenuation[0]), float(sections))
        if key not in self.plans:
            length = span.length / sections if sections > 1 else math.inf
            self.plans[key] = self.effects.steps.plan(span.fiber(0, length), bandwidth)
        return self.plans[key]

    def _dispersed(self, field: AnyArray, span: TransmissionSpan, length: float) -> AnyArray:
        """Dispersion of a length; transfer functions of the latest lengths are kept."""
        if not self.effects.dispersion:
            return field
        key = (span.beta2, span.beta3, length)
        if key not in self.kept:
            if len(self.kept) >= KEPT_LENGTHS:
                self.kept.clear()
            propagation = span.beta2 / 2.0 * self.angular**2 + span.beta3 / 6.0 * self.angular**3
            out: AnyArray = np.empty((1, propagation.size), self.kind)
            transfer(propagation[None], np.array([length]), out)
            self.kept[key] = out[0]
        filtered(self.kept[key], field)
        return field

    def _section(self, field: AnyArray, span: TransmissionSpan, position: float, lengths: list[float]) -> AnyArray:
        """Steps of a section: half the dispersion, the Kerr phase, half the dispersion; neighbours' halves together."""
        field = self._dispersed(field, span, 0.5 * lengths[0])
        for index, step in enumerate(lengths):
            strength = span.kerr * span.effective_length(position, position + step)
            field = fft.ifft(field, axis=-1, overwrite_x=True)
            kerr_rotation(strength, field.reshape(self.cores, 2, -1))
            field = fft.fft(field, axis=-1, overwrite_x=True)
            rest = lengths[index + 1] if index + 1 < len(lengths) else 0.0
            field = self._dispersed(field, span, 0.5 * (step + rest))
            position += step
        return field

    def _mixed(self, field: AnyArray, drawn: Mixtures, section: int) -> AnyArray:
        """Mixture of a section: a unitary matrix, then delays."""
        matrix = drawn.matrices[section]
        if len(drawn.matrices) > 1 or np.any(matrix != np.eye(len(matrix))):
            field = self._product(matrix, field)
        delays = drawn.delays[section] + drawn.group_delay[section]
        if np.any(delays):
            delayed(2.0 * math.pi * delays * self.grid.spacing, field)
        return field


def line_removed(
    spectrum: ComplexArray, grid: FrequencyGrid, line: TransmissionLine, sections: tuple[int, ...], draw: Draw
) -> ComplexArray:
    """Undo mixing, delays, gains and dispersion of a line exactly, last first; for the signal held, without filters.

    Parameters
    ----------
    spectrum, grid, line, draw
        As in `passed`.
    sections
        Number of mixtures in each span.

    Notes
    -----
    Inverse of Eq. (3) and Eq. (4) of `mcfiber.kernels.splitstep`, and of the matrices of `Mixtures`. Amplifiers' common
    gains are not undone.
    """
    field = np.array(spectrum, np.complex128, order="C")
    angular = 2.0 * math.pi * grid.frequency
    for number in reversed(range(line.count)):
        span, drawn = line.span(number), mixtures(line, number, sections[number], draw)
        if np.any(drawn.gain):
            field = drawn.turn.conj().T @ (field * np.exp(-0.5 * drawn.gain)[:, None])
        field *= np.exp(-1j * span.length * (span.beta2 / 2.0 * angular**2 + span.beta3 / 6.0 * angular**3))
        for section in reversed(range(sections[number])):
            delays = drawn.delays[section] + drawn.group_delay[section]
            delayed(-2.0 * math.pi * delays * grid.spacing, field)
            field = drawn.matrices[section].conj().T @ field
    return field
