"""Equalisers of many inputs and outputs: least squares in closed form, adaptive ones, and the known channel."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import fft

from mcfiber.arguments import NUMBER, arguments, real, whole
from mcfiber.kernels.equalizers import least_mean_squares
from mcfiber.simulation.front_end import ReceivedField
from mcfiber.simulation.least_squares import (
    covariance,
    cross_covariance,
    factored,
    filter_output,
    solved_taps,
    tributaries,
)
from mcfiber.simulation.phase import PhaseRecovery
from mcfiber.simulation.transmitter import known_constellation, raised_cosine_root
from mcfiber.typing import AnyArray, ComplexArray, FloatArray


@arguments(
    taps=whole(low=1, high=100_000),
    training=whole(low=1, high=2**40),
    step=real(above=0, below=2, dims=NUMBER),
    rounds=whole(low=1, high=10_000),
    loop_gain=real(low=0, high=1, dims=NUMBER),
)
@dataclass(frozen=True)
class Equalizer:
    """How modes are separated.

    Attributes
    ----------
    kind
        "mmse": least squares over the training symbols, in closed form; "lms": adapted symbol by symbol;
        "frequency_lms": adapted block by block in the frequency domain; "known": the linear receiver of least
        mean-square error of the channel as it is, at every frequency.
    taps
        Number of taps at half symbols, of each pair of modes; even with "frequency_lms".
    training
        Known symbols: of the whole period with "mmse", over all rounds with the adaptive ones, which decide after.
    step
        Of the adaptive ones: ``mu`` times the trace of the covariance of the inputs with "lms", which must stay below
        2; ``mu`` with "frequency_lms". [1]
    rounds
        Times that an adaptive one passes the period; what it makes of the last one counts.
    loop_gain
        Of the phase loop inside an adaptive one; 0 for none.
    """

    kind: Literal["mmse", "lms", "frequency_lms", "known"] = "mmse"
    taps: int = 48
    training: int | None = None
    step: float = 0.1
    rounds: int = 2
    loop_gain: float = 0.0


@dataclass(frozen=True)
class Equalized:
    """What an equaliser makes of a field.

    Attributes
    ----------
    symbols
        Recovered, before the common gain of a stream is removed. Shape (mode, symbol).
    measured
        Places of the symbols that the equaliser was not fitted to. Shape (measured,).
    taps
        Of each group of cores, in the order of its modes. Shape (stream, tap, mode); none of the known channel.
    phase
        Removed from the symbols, of each group. Shape (group, symbol). [rad]
    errors
        Mean square error block by block, of an adaptive one. Shape (group, block). [1]
    """

    symbols: ComplexArray
    measured: AnyArray
    taps: tuple[ComplexArray, ...]
    phase: FloatArray
    errors: FloatArray


@arguments()
def equalized(
    field: ReceivedField, equalizer: Equalizer | None = None, *, phase: PhaseRecovery | None = None
) -> Equalized:
    """Separate the modes of a received field, group by group of cores.

    Parameters
    ----------
    field
        Samples, and what was sent.
    equalizer
        How; least squares with 48 taps where left out.
    phase
        How the phase is recovered; not at all where left out.

    Returns
    -------
    Equalized

    Notes
    -----
    Least squares over windows of half-symbol taps, ``W = E[a y^H] E[y y^H]^-1`` [1]_.

    References
    ----------
    .. [1] S. J. Savory, "Digital filters for coherent optical receivers," *Opt. Express*, vol. 16, pp. 804-817, 2008.
    """
    how, recovery = equalizer or Equalizer(), phase or PhaseRecovery()
    count = field.symbols.shape[1]
    out = np.empty(field.symbols.shape, np.complex128)
    kept: list[ComplexArray] = []
    turns, errors = np.zeros((len(field.groups), count)), []
    measured = np.arange(count)
    for group in range(len(field.groups)):
        modes = field.members(group)
        own = replace(field, samples=field.samples[modes], symbols=field.symbols[modes], truths=(field.truths[group],))
        found = _METHODS[how.kind](own, how, recovery)
        out[modes], turns[group], measured = found.symbols, found.phase[0], found.measured
        kept += found.taps
        errors.append(found.errors[0])
    return Equalized(out, measured, tuple(kept), turns, np.array(errors))


# ---------------------------------------------------------------------------------------------------------
# least squares in closed form


ROUNDS_OF_PHASE = 5
"""In which the fit and the phase of the training symbols take turns."""


def _least_squares(field: ReceivedField, how: Equalizer, phase: PhaseRecovery) -> Equalized:
    count = field.symbols.shape[1]
    training = count // 2 if how.training is None else how.training
    pair = tributaries(field.samples, how.taps)
    factor = factored(covariance(pair, 0, training, how.taps))
    turn = np.zeros(count)
    start = phase.shortest(len(field.samples) * how.taps, training)
    if start is not None:  # a block that is short against the walk of the phase
        short = factored(covariance(pair, 0, start, how.taps))
        weights = solved_taps(short, cross_covariance(pair, field.symbols, 0, start, how.taps))
        turn = phase.known(filter_output(pair, weights), field.symbols)
    for _ in range(1 if phase.kind == "none" else ROUNDS_OF_PHASE):
        targets = field.symbols * np.exp(1j * turn)
        weights = solved_taps(factor, cross_covariance(pair, targets, 0, training, how.taps))
        if phase.kind != "none":
            turn = phase.known(filter_output(pair, weights), field.symbols)
    out = filter_output(pair, weights)
    turn = phase.recovered(out, field)
    reach = how.taps // 2
    measured = np.arange(training + reach, count - reach) if training < count else np.arange(count)
    streams = weights.reshape(len(out), how.taps, -1)
    return Equalized(out * np.exp(-1j * turn), measured, (streams,), turn[None], np.zeros((1, 0)))


# ---------------------------------------------------------------------------------------------------------
# adaptive


def _adapted(field: ReceivedField, how: Equalizer, phase: PhaseRecovery) -> Equalized:
    """Least mean squares, symbol by symbol."""
    count, streams = field.symbols.shape[1], len(field.symbols)
    taps = np.zeros((streams, how.taps, streams), np.complex128)
    trace = how.taps * float(np.sum(np.mean(np.abs(field.samples) ** 2, axis=1)))
    out = np.empty((streams, how.rounds * count), np.complex128)
    turns = np.empty(how.rounds * count)
    training = how.rounds * count if how.training is None else how.training
    points = _points(field)
    step = how.step / trace
    least_mean_squares(field.samples, field.symbols, points, training, step, how.loop_gain, taps, out, turns)
    return _last_round(field, how, phase, out, turns, taps)


def _points(field: ReceivedField) -> ComplexArray:
    known = known_constellation(field.modulation)
    return np.zeros(1, complex) if known is None else known.points


def _last_round(
    field: ReceivedField, how: Equalizer, phase: PhaseRecovery, out: ComplexArray, turns: FloatArray, taps: ComplexArray
) -> Equalized:
    count = field.symbols.shape[1]
    wanted = np.tile(field.symbols, how.rounds)[:, : out.shape[1]]
    errors = np.mean(np.abs(out - wanted) ** 2, axis=0)
    blocks = max(1, errors.size // 64)
    history = errors[: errors.size // blocks * blocks].reshape(blocks, -1).mean(axis=1)
    place = np.arange(out.shape[1] - count, out.shape[1]) % count  # blocks need not end with the period
    last, inside = np.empty_like(out[:, :count]), np.empty(count)
    last[:, place], inside[place] = out[:, -count:], turns[-count:]
    turn = phase.recovered(last, field)
    return Equalized(last * np.exp(-1j * turn), np.arange(count), (taps,), (turn + inside)[None], history[None])


def _frequency_adapted(field: ReceivedField, how: Equalizer, phase: PhaseRecovery) -> Equalized:
    """Block least mean squares in the frequency domain: overlap-save by halves, gradient cut to the taps.

    Notes
    -----
    Tributaries of ``L = taps/2`` taps, transforms of 2 L, ``mu conj(X) E/P`` with the mean power P of each bin and
    tributary [1]_.

    References
    ----------
    .. [1] S. O. Arik, D. Askarov, and J. M. Kahn, "Adaptive frequency-domain equalization in mode-division multiplexing
       systems," *J. Lightw. Technol.*, vol. 32, pp. 1841-1852, 2014.
    """
    count, streams = field.symbols.shape[1], len(field.symbols)
    length = how.taps // 2
    blocks = how.rounds * count // length
    training = how.rounds * count if how.training is None else how.training
    pair = tributaries(field.samples, how.taps)
    power = _bin_power(pair, length)
    weights = np.zeros((2 * length, streams, len(pair)), np.complex128)
    out, turns, turn = np.empty((streams, blocks * length), np.complex128), np.empty(blocks * length), 0.0
    decide = _decider(field)
    for block in range(blocks):
        places = (np.arange(-length, length) + block * length) % count
        inputs = fft.fft(pair[:, places], axis=-1).T
        outputs = fft.ifft((weights @ inputs[:, :, None])[:, :, 0].T, axis=-1)[:, length:] * np.exp(-1j * turn)
        now = slice(block * length, (block + 1) * length)
        out[:, now], turns[now] = outputs, turn
        sent = field.symbols[:, places[length:]]
        wanted = sent if (block + 1) * length <= training else decide(outputs)
        error = np.concatenate([np.zeros((streams, length)), (wanted - outputs) * np.exp(1j * turn)], axis=-1)
        gradient = fft.fft(error, axis=-1).T[:, :, None] * inputs.conj()[:, None, :]
        cut = fft.ifft(gradient * (how.step / power)[:, None, :], axis=0)
        cut[length:] = 0.0
        weights += fft.fft(cut, axis=0)
        if how.loop_gain > 0.0:
            turn += how.loop_gain * float(np.angle(np.sum(outputs * wanted.conj())))
    taps = np.moveaxis(fft.ifft(weights, axis=0)[:length], 0, 1)  # (stream, lag, tributary)
    return _last_round(field, how, phase, out, turns, taps.reshape(streams, how.taps, -1))


def _bin_power(pair: ComplexArray, length: int) -> FloatArray:
    """Mean power of each bin and tributary over the blocks of a period. Shape (bin, tributary)."""
    total = np.zeros((2 * length, len(pair)))
    starts = range(0, pair.shape[1] - 2 * length + 1, length)
    for start in starts:
        total += np.abs(fft.fft(pair[:, start : start + 2 * length], axis=-1).T) ** 2
    return total / len(starts)


def _decider(field: ReceivedField) -> Callable[[ComplexArray], ComplexArray]:
    points = _points(field)

    def decided(outputs: ComplexArray) -> ComplexArray:
        return np.asarray(points[np.argmin(np.abs(outputs[..., None] - points), axis=-1)])

    return decided


# ---------------------------------------------------------------------------------------------------------
# the known channel

BINS = 2048
"""Frequencies at a time."""


def _known(field: ReceivedField, _: Equalizer, phase: PhaseRecovery) -> Equalized:
    """Linear receiver of least mean-square error of the channel and the noise as they are, per frequency.

    Notes
    -----
    ``W = (sum_aliases H^H R^-1 H + I)^-1 H^H R^-1``, both aliases of a symbol's frequency together. What the Kerr
    effect adds is taken into R as a covariance over the whole band, from what is left of the samples beside the linear
    channel's.
    """
    count = field.symbols.shape[1]
    received = fft.fft(field.samples, axis=-1) * 0.5
    sent = fft.fft(field.symbols, axis=-1)
    excess = _excess(field, received, sent)
    out = np.empty_like(field.symbols)
    for start in range(0, count, BINS):
        place = np.arange(start, min(start + BINS, count))
        out[:, place] = _separated(field, received, place, excess)
    found = fft.ifft(out, axis=-1)
    turn = phase.recovered(found, field)
    return Equalized(found * np.exp(-1j * turn), np.arange(count), (), turn[None], np.zeros((1, 0)))


def _aliases(field: ReceivedField, place: AnyArray) -> list[tuple[AnyArray, FloatArray, FloatArray]]:
    """Both frequencies that fall on one of the symbols: place among the samples, amplitude of the pulse, offset."""
    count = field.symbols.shape[1]
    signed = np.where(place < (count + 1) // 2, place, place - count)
    found = []
    for offset in (signed, np.where(signed >= 0, signed - count, signed + count)):
        pulse = raised_cosine_root(offset, count, field.roll_off)
        found.append((offset % (2 * count), pulse, offset * (field.symbol_rate / count)))
    return found


def _separated(field: ReceivedField, received: ComplexArray, place: AnyArray, excess: ComplexArray) -> ComplexArray:
    modes = len(received)
    inside, matched = np.zeros((place.size, modes, modes), complex), np.zeros((place.size, modes), complex)
    white = excess + (field.receiver_noise + 1e-12) * np.eye(modes)
    for bins, pulse, offset in _aliases(field, place):
        lit = pulse > 0.0
        if not lit.any():
            continue
        channel, noise = field.truths[0].at(offset[lit])
        channel = channel * pulse[lit, None, None]
        weighed = np.linalg.solve(
            noise + white, np.concatenate([channel, received[:, bins[lit]].T[:, :, None]], axis=2)
        )
        adjoint = channel.conj().transpose(0, 2, 1)
        inside[lit] += adjoint @ weighed[:, :, :modes]
        matched[lit] += (adjoint @ weighed[:, :, modes:])[:, :, 0]
    return np.asarray(np.linalg.solve(inside + np.eye(modes), matched[:, :, None])[:, :, 0].T)


def _excess(field: ReceivedField, received: ComplexArray, sent: ComplexArray) -> ComplexArray:
    """Covariance over the band of what is left beside the linear channel's noise. Shape (mode, mode)."""
    count, modes = sent.shape[1], len(sent)
    total: ComplexArray = np.zeros((modes, modes), np.complex128)
    expected: ComplexArray = np.zeros((modes, modes), np.complex128)
    seen = 0
    for start in range(0, count, BINS):
        place = np.arange(start, min(start + BINS, count))
        bins, pulse, offset = _aliases(field, place)[0]
        flat = pulse > 1.0 - 1e-9
        channel, noise = field.truths[0].at(offset[flat])
        there = (channel @ sent.T[place[flat], :, None])[:, :, 0]
        got = received[:, bins[flat]].T
        gain = np.sum(there.conj() * got) / np.sum(np.abs(there) ** 2)
        left = got - gain * there
        total += left.T @ left.conj() / count
        expected += noise.sum(axis=0) + flat.sum() * field.receiver_noise * np.eye(modes)
        seen += int(flat.sum())
    values, vectors = np.linalg.eigh((total - expected) / max(seen, 1))
    return np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.conj().T)


_METHODS: dict[str, Callable[[ReceivedField, Equalizer, PhaseRecovery], Equalized]] = {
    "mmse": _least_squares,
    "lms": _adapted,
    "frequency_lms": _frequency_adapted,
    "known": _known,
}
