"""What mode dispersion of coupled cores does to their Kerr interference, over all islands.

Mode dispersion broadens phase matching: what self- and cross-phase modulation lose falls on the islands beside them, so
the ratio needs all of them.  It is taken as that of two sums over the same fixed quasi-random points, in which
most of the error of either cancels.

Notes
-----
(1) ``ratio = int int G1 G2 G3 K_S / int int G1 G2 G3 K_0`` over all f1, f2;
(2) ``K_S = sum_j a_j/(D+1) sum_m A_m b_m (b_m + l_j)/((b_m + l_j)^2 + Phi^2)``, with the pairings (a_j, l_j) of
    `mcfiber.kernels.coupled_interference` [1]_ and the Lorentzians of `mcfiber.kernels.moments`;
(3) points ``u_n = n (1/g, 1/g^2) mod 1`` with the plastic number g [2]_, ``x = w sinh`` of a place even in asinh(x/w).

References
----------
.. [1] P. Serena, C. Lasagni, A. Bononi, C. Antonelli, and A. Mecozzi, "The ergodic GN model for
   space-division multiplexing with strong mode coupling," J. Lightw. Technol., vol. 40, 2022.
.. [2] M. Roberts, "The unreasonable effectiveness of quasirandom sequences," extremelearning.com.au, 2018.
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.kernels.islands import Phase, propagation, shares
from mcfiber.kernels.moments import LOWEST, POLES
from mcfiber.typing import AnyArray, FloatArray, IntArray

PLASTIC = 1.324717957244746
NODES = 7  # channels of each stretch without a gap at which the ratio is computed; linear in frequency between them
GAP = 2.0  # unlit width, in symbol rates, at which a stretch ends
POINTS = 1 << 13


@kernel(
    "(channel),(channel),(channel),(channel,pole),(channel,pole),(channel,moment),(cell,coefficient),(),(),(),(),()->(channel)"
)
def mixed_ratio(
    frequency: FloatArray,
    symbol_rate: FloatArray,
    power: FloatArray,
    amplitude: AnyArray,
    pole: AnyArray,
    moment: FloatArray,
    polynomial: FloatArray,
    origin: FloatArray,
    step: FloatArray,
    dispersion: FloatArray,
    modes: FloatArray,
    everything: FloatArray,
    out: FloatArray,
) -> None:
    """Interference with mode dispersion over that without, at the centre of each channel, one span; Eq. (1).

    Parameters
    ----------
    frequency, symbol_rate, power, amplitude, pole, moment, polynomial, origin, step
        As in `mcfiber.kernels.semi_closed.semi_closed`.
    dispersion, modes
        Rms modal group delay per square root of length, and D = 2 x cores. Shape (n,). [s/sqrt(m), 1]
    everything
        1 for all islands, 0 for self- and cross-phase modulation alone. Shape (n,).
    out
        Shape (n, channel).
    """
    for design in range(frequency.shape[0]):
        generator = dispersion[design] ** 2 / (modes[design] - 1.0 / modes[design])
        density = power[design] / symbol_rate[design]
        phase = (origin[design], step[design], polynomial[design])
        width = moment[design, :, 1 - LOWEST] / moment[design, :, -LOWEST]
        out[design, :] = 1.0
        if generator <= 0.0:
            continue
        before = -1
        for i in ratio_nodes(frequency[design], symbol_rate[design]):
            out[design, i] = _ratio(
                i,
                frequency[design],
                symbol_rate[design],
                density,
                amplitude[design],
                pole[design],
                width[i],
                phase,
                generator,
                modes[design],
                everything[design] > 0.0,
            )
            for k in range(before + 1, i if before >= 0 else before + 1):
                share = frequency[design, k] - frequency[design, before]
                share /= frequency[design, i] - frequency[design, before]
                out[design, k] = out[design, before] + share * (out[design, i] - out[design, before])
            before = i


@kernel
def ratio_nodes(frequency: FloatArray, rate: FloatArray) -> IntArray:
    """Channels at which the ratio is computed: both ends of every stretch without a gap, and denser towards them."""
    count, start = frequency.size, 0
    chosen = np.zeros(count, np.int64)
    for i in range(count):
        last = i == count - 1
        if last or frequency[i + 1] - frequency[i] > 0.5 * (rate[i] + rate[i + 1]) + GAP * max(rate[i], rate[i + 1]):
            for node in range(NODES):
                place = math.sin(0.5 * math.pi * node / (NODES - 1)) ** 2
                chosen[start + round((i - start) * place)] = 1
            start = i + 1
    return np.flatnonzero(chosen)


@kernel
def _ratio(
    i: int,
    frequency: FloatArray,
    rate: FloatArray,
    density: FloatArray,
    amplitude: AnyArray,
    pole: AnyArray,
    width: float,
    phase: Phase,
    generator: float,
    modes: float,
    everything: bool,
) -> float:
    f, last = frequency[i], frequency.size - 1
    low, high = frequency[0] - 0.5 * rate[0] - f, frequency[last] + 0.5 * rate[last] - f
    curve = abs(propagation(f + rate[i], phase) + propagation(f - rate[i], phase) - 2.0 * propagation(f, phase))
    scale = min(2e8, 0.3 * width * rate[i] ** 2 / (max(curve, 1e-12) * (high - low)))
    start, stop = math.asinh(low / scale), math.asinh(high / scale)
    mixed, plain = 0.0, 0.0
    u, v = 0.5, 0.5
    for _ in range(POINTS):
        u, v = (u + 1.0 / PLASTIC) % 1.0, (v + 1.0 / PLASTIC**2) % 1.0  # Eq. (3)
        x, y = scale * math.sinh(start + (stop - start) * u), scale * math.sinh(start + (stop - start) * v)
        first, second = _lit(f + x, frequency, rate), _lit(f + y, frequency, rate)
        third = _lit(f + x + y, frequency, rate)
        if first < 0 or second < 0 or third < 0:
            continue
        if not everything and not ((first == i and second == third) or (second == i and first == third)):
            continue
        weight = density[first] * density[second] * density[third] * math.hypot(x, scale) * math.hypot(y, scale)
        mismatch = propagation(f + x + y, phase) - propagation(f + x, phase)
        mismatch -= propagation(f + y, phase) - propagation(f, phase)
        a1, l1, a2, l2 = shares(x, y, generator, modes)
        some = a1 * _coherence(mismatch, l1, amplitude[third], pole[third])
        some += a2 * _coherence(mismatch, l2, amplitude[third], pole[third])
        mixed += weight * some
        plain += weight * _coherence(mismatch, 0.0, amplitude[third], pole[third])
    return mixed / plain if plain > 0.0 else 1.0


@kernel
def _lit(f: float, frequency: FloatArray, rate: FloatArray) -> int:
    """Channel that a frequency lies in, or -1."""
    below, above = 0, frequency.size
    while below < above:
        middle = (below + above) // 2
        if frequency[middle] + 0.5 * rate[middle] > f:
            above = middle
        else:
            below = middle + 1
    if below < frequency.size and f > frequency[below] - 0.5 * rate[below]:
        return below
    return -1


@kernel
def _coherence(phase: float, rate: float, amplitude: AnyArray, pole: AnyArray) -> float:
    """One pairing of Eq. (2)."""
    total = 0.0
    for m in range(POLES):
        shifted = pole[m] + rate
        total += (amplitude[m] * pole[m] * shifted / (shifted * shifted + phase * phase)).real
    return total
