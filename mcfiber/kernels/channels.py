"""Random channels of strongly coupled cores, and the rates that receivers get out of them.

A span is a chain of sections, each a random unitary mixing followed by the modes' delays, and at its end
the modes' gains.  A section's mixing is a fixed unitary matrix out of a pool, its columns turned by a random
step, between random phases: E[V X V^H] = tr(X)/D exactly, as for a uniformly (Haar) distributed matrix, and
after two sections tests cannot tell the two apart; it costs a tenth of drawing a Haar matrix.

Every realisation is computed by itself with products of D x D matrices, so its bits depend neither on the
number of threads nor on its neighbours.

Notes
-----
With B_k the matrix of span k, T_k that of all spans behind it, w_k the share and P_k the signal power there:

(1) ``T_(k-1) = T_k B_k`` and ``R = sum_k w_k (P_k/P_K) T_k T_k^H``, the covariance of the noise;
(2) ``log2 det(I + S)/D`` with ``S = snr H^H R^-1 H``, optimal detection [1]_;
(3) mean of ``-log2 [(I + S)^-1]_ii``, linear receiver of least mean-square error;
(4) mean of ``log2(1 + 1/[S^-1]_ii)``, zero forcing;
(5) ``sum_i log2(mu g_i)/D`` with ``sum_i (mu - 1/g_i) = D snr`` over the filled eigenchannels of gain g_i.

References
----------
.. [1] P. J. Winzer, G. J. Foschini, "MIMO capacities and outage probabilities in spatially multiplexed optical
   transport systems," Opt. Express 19, 16680 (2011), :doi:`10.1364/OE.19.016680`.
"""

import math
from functools import cache

import numpy as np

from mcfiber._jit import kernel
from mcfiber.typing import AnyArray, ComplexArray, FloatArray

POOL = 32


@cache
def unitary_pool(modes: int) -> ComplexArray:
    """Fixed Haar-distributed matrices (pool, D, D): the same for every user and seed."""
    random = np.random.default_rng(np.random.SeedSequence(1612, spawn_key=(modes,)))
    parts = random.standard_normal((2, POOL, modes, modes))
    unitary, upper = np.linalg.qr(parts[0] + 1j * parts[1])
    phase = np.diagonal(upper, axis1=1, axis2=2)
    return np.ascontiguousarray(unitary * (phase / np.abs(phase))[:, None, :])


@kernel
def _turn(scale: ComplexArray, matrix: ComplexArray, shift: int, out: ComplexArray) -> None:
    """Write rows of a matrix times a scale each, moved down by a cyclic shift."""
    count = matrix.shape[0]
    for i in range(count):
        row = i + shift
        if row >= count:
            row -= count
        factor = scale[i]
        for j in range(matrix.shape[1]):
            out[row, j] = factor * matrix[i, j]


@kernel
def _span(
    pool: ComplexArray,
    index: AnyArray,
    shift: AnyArray,
    phase: FloatArray,
    delay: ComplexArray,
    gain: FloatArray,
    work: ComplexArray,
    out: ComplexArray,
) -> None:
    """Transfer matrix of a span at one frequency.

    pool (p, D, D); index, shift (section,); phase (section, D) in turns; delay (D,) = exp(-j omega tau) of one
    section; gain (D,) in Np of power; work (2, D, D); out (D, D).  The last section has gains for delays.
    """
    sections = index.shape[0]
    factor = np.empty(gain.shape[0], np.complex128)
    for section in range(sections):
        last = section == sections - 1
        for i in range(factor.shape[0]):
            turn = 2.0 * math.pi * phase[section, i]
            factor[i] = complex(math.cos(turn), math.sin(turn))
            factor[i] *= math.exp(gain[i] / 2.0) if last else delay[i]
        if section == 0:
            source = pool[index[0]]
        else:
            np.dot(pool[index[section]], work[0], work[1])
            source = work[1]
        # Columns of the next section's matrix turn by its shift: move the rows of this one instead.
        _turn(factor, source, 0 if last else shift[section + 1], out if last else work[0])


@kernel
def _weak_mixing(
    pool: ComplexArray,
    index: AnyArray,
    shift: AnyArray,
    phase: FloatArray,
    frame_index: AnyArray,
    frame_phase: FloatArray,
    strength: float,
    work: ComplexArray,
    out: ComplexArray,
) -> None:
    """Matrices of sections that mix imperfectly: Q diag(exp(j 2 pi strength phase)) Q^H; out (section, D, D).

    The frame Q is as random as two sections of strong mixing; shapes as in `_span`.
    """
    factor = np.empty(phase.shape[1], np.complex128)
    for section in range(index.shape[0]):
        for i in range(factor.size):
            turn = 2.0 * math.pi * frame_phase[section, i]
            factor[i] = complex(math.cos(turn), math.sin(turn))
        _turn(factor, pool[frame_index[section]], shift[section], work[0])
        np.dot(pool[index[section]], work[0], work[1])
        for i in range(factor.size):
            turn = 2.0 * math.pi * strength * phase[section, i]
            scale = complex(math.cos(turn), math.sin(turn))
            for j in range(factor.size):
                work[0, i, j] = scale * work[1, j, i].conjugate()
        np.dot(work[1], work[0], out[section])


@kernel
def _power(matrix: ComplexArray) -> float:
    """Mean square of the singular values."""
    total = 0.0
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            total += matrix[i, j].real ** 2 + matrix[i, j].imag ** 2
    return float(total / matrix.shape[0])


@kernel
def _accumulate(weight: float, matrix: ComplexArray, work: ComplexArray, noise: ComplexArray) -> None:
    """Add weight x matrix x matrix^H to the noise; work (2, D, D)."""
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[0]):
            work[0, j, i] = matrix[i, j].conjugate()
    np.dot(matrix, work[0], work[1])
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[0]):
            noise[i, j] += weight * work[1, i, j]  # Eq. (1)


@kernel
def random_channels(
    pool: ComplexArray,
    index: AnyArray,
    shift: AnyArray,
    phase: FloatArray,
    frame_index: AnyArray,
    frame_phase: FloatArray,
    gain: FloatArray,
    delay: ComplexArray,
    weight: FloatArray,
    spans: int,
    strength: float,
    band: bool,
    channel: ComplexArray,
    noise: ComplexArray,
) -> None:
    """Channels and noise covariances of random lines.

    Parameters
    ----------
    pool
        Unitary matrices. Shape (p, D, D).
    index, shift, phase
        Which matrix, turned by which step, between which phases (turns), for each section of each distinct
        span. Shapes (n, distinct, section), (n, distinct, section), (n, distinct, section, D).
    frame_index, frame_phase
        The same again, for the frames of sections that mix imperfectly; not read for strong mixing.
    gain
        Log gains at the end of each span. Shape (n, distinct, D). [Np of power]
    delay
        exp(-j omega tau) of one section. Shape (1 or distinct, frequency, D).
    weight
        Share of the noise that enters before the first span and behind each; sums to 1. Shape (spans + 1,).
    spans
        Number of spans; a single distinct span is repeated.
    strength
        1 for strong mixing; below, every section mixes imperfectly.
    band
        Whether an amplifier holds the signal power of the band, or of each frequency.
    channel, noise
        H with mean power 1 in the band or at each frequency, and the covariance of the noise relative to the
        noise of all amplifiers. Shape (n, frequency, D, D).
    """
    n, distinct, sections = index.shape
    frequencies, modes = delay.shape[1], delay.shape[2]
    work = np.empty((2, modes, modes), np.complex128)
    span = np.empty((distinct, frequencies, modes, modes), np.complex128)
    mixed = np.empty((sections, modes, modes), np.complex128)
    order, still = np.arange(sections), np.zeros(sections, np.int64)
    calm = np.zeros((sections, modes))
    power = np.empty((spans + 1, frequencies))
    for draw in range(n):
        for k in range(distinct):
            if strength < 1.0:
                _weak_mixing(
                    pool,
                    index[draw, k],
                    shift[draw, k],
                    phase[draw, k],
                    frame_index[draw, k],
                    frame_phase[draw, k],
                    strength,
                    work,
                    mixed,
                )
            for f in range(frequencies):
                turn = delay[k if delay.shape[0] > 1 else 0, f]
                if strength < 1.0:
                    _span(mixed, order, still, calm, turn, gain[draw, k], work, span[k, f])
                else:
                    _span(pool, index[draw, k], shift[draw, k], phase[draw, k], turn, gain[draw, k], work, span[k, f])
        for f in range(frequencies):
            _forward(span, f, spans, work, power[:, f])
        if band:
            for k in range(spans + 1):
                power[k] = np.sum(power[k]) / frequencies
        for f in range(frequencies):
            _backward(span, f, spans, weight, power[:, f], work, channel[draw, f], noise[draw, f])


@kernel
def _forward(span: ComplexArray, f: int, spans: int, work: ComplexArray, power: FloatArray) -> None:
    """Signal power behind each span, if no amplifier held it; power (spans + 1,)."""
    power[0] = 1.0
    work[0] = span[0, f]
    power[1] = _power(work[0])
    here = 0
    for k in range(1, spans):
        np.dot(span[k % span.shape[0], f], work[here], work[1 - here])
        here = 1 - here
        power[k + 1] = _power(work[here])


@kernel
def _backward(
    span: ComplexArray,
    f: int,
    spans: int,
    weight: FloatArray,
    power: FloatArray,
    work: ComplexArray,
    channel: ComplexArray,
    noise: ComplexArray,
) -> None:
    """Channel and noise from the receiver back: T_(k-1) = T_k B_k, R = sum of w_k (P_k/P_K) T_k T_k^H."""
    count = channel.shape[0]
    rest = np.empty((2, count, count), np.complex128)
    noise[:] = 0.0
    for i in range(count):
        noise[i, i] = weight[spans]
    rest[0] = span[(spans - 1) % span.shape[0], f]
    here = 0
    for k in range(spans - 1, -1, -1):
        if weight[k] > 0.0:
            _accumulate(weight[k] * power[k] / power[spans], rest[here], work, noise)  # Eq. (1)
        if k > 0:
            np.dot(rest[here], span[(k - 1) % span.shape[0], f], rest[1 - here])
            here = 1 - here
    scale = 1.0 / math.sqrt(power[spans])
    for i in range(count):
        for j in range(count):
            channel[i, j] = scale * rest[here, i, j]


@kernel
def channel_rates(
    channel: ComplexArray,
    noise: ComplexArray,
    snr: FloatArray,
    informed: bool,
    optimal: FloatArray,
    mmse: FloatArray,
    zero_forcing: FloatArray,
    known: FloatArray,
) -> None:
    """Rates per mode of four ways to send and receive, in bit per symbol.

    With G = H^H R^-1 H and S = snr G: optimal, log2 det(I + S)/D; linear of least mean-square error, mean of
    -log2 [(I + S)^-1]_ii; zero forcing, mean of log2(1 + 1/[S^-1]_ii); Winzer & Foschini, Opt. Express 19,
    16680 (2011).  `known`: optimal with power given to the best eigenchannels, where the transmitter knows
    the channel (filled if `informed`).

    channel, noise (n, D, D); snr (m,); each rate (n, m).
    """
    modes = channel.shape[1]
    received = np.empty((modes, modes), np.complex128)
    for draw in range(channel.shape[0]):
        lower = np.linalg.cholesky(noise[draw])
        white = np.linalg.solve(lower, channel[draw])
        gram = np.dot(white.conj().T.copy(), white)
        gains = np.linalg.eigvalsh(gram) if informed else np.zeros(modes)
        inverse = np.linalg.inv(gram)
        for m in range(snr.shape[0]):
            for i in range(modes):
                for j in range(modes):
                    received[i, j] = snr[m] * gram[i, j]
                received[i, i] += 1.0
            factor = np.linalg.cholesky(received)
            error = np.linalg.inv(received)
            best, linear, forced = 0.0, 0.0, 0.0
            for i in range(modes):
                best += 2.0 * math.log2(factor[i, i].real)  # Eq. (2)
                linear -= math.log2(error[i, i].real)  # Eq. (3)
                forced += math.log2(1.0 + snr[m] / inverse[i, i].real)  # Eq. (4)
            optimal[draw, m] = best / modes
            mmse[draw, m] = linear / modes
            zero_forcing[draw, m] = forced / modes
            known[draw, m] = _filled(gains, snr[m]) if informed else math.nan


@kernel
def _filled(gains: FloatArray, snr: float) -> float:
    """Rate per mode with water-filling: ascending gains, total power D snr."""
    modes = gains.shape[0]
    for unused in range(modes):
        inverse = 0.0
        for i in range(unused, modes):
            inverse += 1.0 / gains[i]
        level = (modes * snr + inverse) / (modes - unused)  # Eq. (5)
        if level * gains[unused] > 1.0:
            total = 0.0
            for i in range(unused, modes):
                total += math.log2(level * gains[i])
            return float(total / modes)
    return 0.0
