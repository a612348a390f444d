"""Random mixtures of one span: matrices and delays of its sections, and the gains of its modes, drawn on the host."""

import math
from dataclasses import dataclass

import numpy as np

from mcfiber.simulation.transmission_line import TransmissionLine, TransmissionSpan
from mcfiber.simulation.transmitter import Chance, Draw, complex_normal
from mcfiber.typing import ComplexArray, FloatArray


@dataclass(frozen=True)
class Mixtures:
    """What one span does to its modes, the same at all frequencies but for the delays.

    Attributes
    ----------
    matrices
        Of each section, crosstalk between groups in it. Shape (section, mode, mode).
    own
        The same without light of other groups: equal to `matrices` where there is no crosstalk.
    delays
        Of each section about the mean of its group. Shape (section, mode). [s]
    group_delay
        Of each section, of the groups after one another. Shape (section, mode). [s]
    turn, gain
        At the end of the span: a matrix, and the log gains behind it. Shapes (mode, mode) and (mode,). [1, Np]
    """

    matrices: ComplexArray
    own: ComplexArray
    delays: FloatArray
    group_delay: FloatArray
    turn: ComplexArray
    gain: FloatArray


def haar(generator: np.random.Generator, count: int, size: int) -> ComplexArray:
    """Unitary matrices of the Haar measure. Shape (count, size, size).

    References
    ----------
    .. [1] F. Mezzadri, "How to generate random matrices from the classical compact groups," *Notices AMS*, vol. 54, pp.
       592-604, 2007.
    """
    q, r = np.linalg.qr(complex_normal(generator, (count, size, size)))
    diagonal = np.einsum("sii->si", r)
    return np.asarray(q * (diagonal / np.abs(diagonal))[:, None, :])


def even_steps(size: int) -> FloatArray:
    """Log gains of modes in even steps, of mean 0 and mean square 1."""
    steps = np.linspace(-1.0, 1.0, size)
    return np.asarray(steps / np.sqrt(np.mean(steps**2)))


def mixtures(line: TransmissionLine, number: int, sections: int, draw: Draw) -> Mixtures:
    """Draw the mixtures of a span.

    Parameters
    ----------
    line
        Groups of cores, and the spans.
    number
        Of the span.
    sections
        Number of its sections.
    draw
        The realisation; spans of the same place have the same mixtures.

    Notes
    -----
    Sections are Haar-distributed within a group [1]_; between groups ``exp(j M)`` with blocks of ``sqrt(h dz)`` times a
    random unitary matrix, whose mean crosstalk is that of the coupled-power equations.

    References
    ----------
    .. [1] K.-P. Ho and J. M. Kahn, "Mode-dependent loss and gain: statistics and effect on mode-division
       multiplexing," *Opt. Express*, vol. 19, pp. 16612-16635, 2011.
    """
    span, step = line.span(number), line.span(number).length / sections
    generator, every = draw.stream(Chance.SPAN, line.place(number)), np.arange(sections)
    own = np.zeros((sections, line.modes, line.modes), np.complex128)
    delays, turn, gain = np.zeros((sections, line.modes)), np.zeros((line.modes, line.modes), complex), []
    for index, modes in enumerate(line.mixtures):
        inside = np.ix_(every, np.array(modes), np.array(modes))
        if sections > 1 and span.mixes:
            own[inside] = haar(generator, sections, len(modes))
        elif sections > 1:
            for pair in np.reshape(modes, (-1, 2)):
                own[np.ix_(every, pair, pair)] = haar(generator, sections, 2)
        else:
            own[inside] = np.eye(len(modes))
        delays[:, list(modes)] = _delays(generator, (sections, len(modes))) * (
            span.mode_dispersion[index] * math.sqrt(step)
        )
        lossy = span.loss_rms[index] > 0.0
        turn[np.ix_(modes, modes)] = haar(generator, 1, len(modes))[0] if lossy else np.eye(len(modes))
        gain.append(even_steps(len(modes)) * span.loss_rms[index])
    matrices = own if span.coupling is None else _coupled(own, span, line, step, generator)
    return Mixtures(matrices, own, delays, _skew(span, line, step, sections, generator), turn, np.concatenate(gain))


def _delays(generator: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    delays = generator.standard_normal(shape)
    delays -= delays.mean(axis=1, keepdims=True)
    return np.asarray(delays / np.sqrt(np.mean(delays**2, axis=1, keepdims=True)))


def _skew(
    span: TransmissionSpan, line: TransmissionLine, step: float, sections: int, generator: np.random.Generator
) -> FloatArray:
    """Delay of each group after the one before it, steady and random. [s]

    Sections differ by up to half of their length: of equal ones a skew of whole symbols would keep crosstalk aligned
    with the signal, whose spare bandwidth then helps the receiver less than it does.
    """
    groups = len(line.groups)
    if groups == 1:
        return np.zeros((sections, line.modes))
    uneven = 0.5 + generator.random((sections, 1))
    late = np.arange(groups) * (span.skew * step) * (uneven / uneven.mean())
    if span.random_skew > 0.0:
        late = late + generator.standard_normal((sections, groups)) * (span.random_skew * math.sqrt(step))
    place = np.repeat(np.arange(groups), [len(modes) for modes in line.mixtures])
    return np.asarray(late[:, place])


def _coupled(
    own: ComplexArray, span: TransmissionSpan, line: TransmissionLine, step: float, generator: np.random.Generator
) -> ComplexArray:
    """Sections with light of other cores."""
    coupling = span.coupling
    if coupling is None:
        return own
    sections, modes = len(own), line.modes
    hermitian = np.zeros((sections, modes, modes), np.complex128)
    for first in range(line.cores):
        for second in range(first + 1, line.cores):
            if coupling[first, second] == 0.0:
                continue
            block = haar(generator, sections, 2) * math.sqrt(coupling[first, second] * step)
            block *= np.exp(2j * math.pi * generator.random((sections, 1, 1)))
            rows, columns = slice(2 * first, 2 * first + 2), slice(2 * second, 2 * second + 2)
            hermitian[:, rows, columns] = block
            hermitian[:, columns, rows] = block.conj().transpose(0, 2, 1)
    values, vectors = np.linalg.eigh(hermitian)
    unitary = (vectors * np.exp(1j * values)[:, None, :]) @ vectors.conj().transpose(0, 2, 1)
    return np.asarray(unitary @ own)
