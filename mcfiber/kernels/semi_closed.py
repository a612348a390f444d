"""Kerr interference over all islands from few Lorentzians for each profile, with derivatives by the launch powers.

A channel's squared link function is a sum of few Lorentzians (`mcfiber.kernels.moments`), so its running integral F
is a sum of arctangents, and every island is a quadrature of few nodes: no table, no fit, any span loss and any sign
of dispersion, zero included.  Everything is linear in F, which makes the way back as short as the way forth.

Notes
-----
With ``K = 4 pi^2 |beta_2|`` at the mean of f1 and f2, the interference of channel i is ``(16/27) gamma^2 R_i`` times
(1) own: ``2 G_i^3 int [F(K y (R/2 - y)) + F(K y R/2)]/(K y) dy`` over 0 < y < R/2;
(2) cross: ``2 G_i G_k^2 int [F(K y x_r) + F(K y x_l)]/(K y) dy`` over the interferer's band about the offset D, with
    ``x_r = min(R_i/2, D + R_k/2 - y)``, ``x_l = min(R_i/2, y - D + R_k/2)``;
(3) far: (2) with the two first terms of F at large mismatch, ``(2 pi M_1/K) ln((D + R_k/2)/(D - R_k/2))
    - (8 M_2/(R_i K^2)) R_k/(D^2 - R_k^2/4)``;
(4) mixing: all other islands within reach of a resonance, ``G_1 G_2 G_3 int int K dy dx`` by Eq. (4) of
    `mcfiber.kernels.islands`.
The double integral is that of [1]_; F belongs to the channel of f3 [2]_.

References
----------
.. [1] P. Poggiolini, "The GN model of non-linear propagation in uncompensated coherent optical systems,"
   J. Lightw. Technol., vol. 30, pp. 3857-3879, 2012.
.. [2] D. Semrau, R. I. Killey, P. Bayvel, "The Gaussian noise model in the presence of inter-channel
   stimulated Raman scattering," J. Lightw. Technol., vol. 36, pp. 3046-3055, 2018.
"""

import math
from typing import TypeAlias

import numpy as np

from mcfiber._jit import kernel
from mcfiber.kernels.islands import Phase, _breaks, _first_above, _resonance, propagation
from mcfiber.kernels.moments import LOWEST, mirror_pairs, running_area, running_area_adjoint
from mcfiber.typing import AnyArray, FloatArray

# amplitudes, poles, moments M_1 and M_2, and width M_1/M_0, by channel
Link: TypeAlias = tuple[AnyArray, AnyArray, FloatArray, FloatArray, FloatArray]
# whether to go back, and derivatives by amplitudes, poles, M_1 and M_2
Back: TypeAlias = tuple[bool, AnyArray, AnyArray, FloatArray, FloatArray]

DISTANT = 60.0  # mismatch over width beyond which an interferer's F is that of Eq. (3)
REACH = 60.0  # mismatch over width beyond which mixing islands are left out
MOST_PIECES = 12
OWN = np.polynomial.legendre.leggauss(8)
PAIR = np.polynomial.legendre.leggauss(4)
STEEP = np.polynomial.legendre.leggauss(10)
RESONANT = np.polynomial.legendre.leggauss(4)
SMOOTH = np.polynomial.legendre.leggauss(2)


@kernel(
    "(channel),(channel),(channel),(channel),(channel,pole),(channel,pole),(channel,moment),(cell,coefficient),(),(),()->(channel)"
)
def semi_closed(
    frequency: FloatArray,
    symbol_rate: FloatArray,
    power: FloatArray,
    gamma: FloatArray,
    amplitude: AnyArray,
    pole: AnyArray,
    moment: FloatArray,
    polynomial: FloatArray,
    origin: FloatArray,
    step: FloatArray,
    mixing: FloatArray,
    out: FloatArray,
) -> None:
    """Interference power of one span at the centre of each channel; Eqs. (1) to (4).

    Parameters
    ----------
    frequency, symbol_rate, power
        Ascending, from the same origin as the cells of the phase; launch power. Shape (n, channel). [Hz, Hz, W]
    gamma
        Shape (n, channel). [1/(W m)]
    amplitude, pole, moment
        Of `mcfiber.kernels.moments`. Shapes (n, channel, 3), (n, channel, 3), (n, channel, 7).
    polynomial, origin, step
        Propagation constant less a straight line, in cells. Shapes (n, cell, 6), (n,), (n,). [1/m, Hz, Hz]
    mixing
        1 with four-wave mixing between different channels, 0 without. Shape (n,).
    out
        Shape (n, channel). [W]
    """
    count = frequency.shape[1]
    nobody = np.zeros((0, 0), np.complex128)
    nothing = np.zeros(0)
    back = (False, nobody, nobody, nothing, nothing)
    for design in range(frequency.shape[0]):
        link = _link(amplitude[design], pole[design], moment[design])
        phase = (origin[design], step[design], polynomial[design])
        density, none = power[design] / symbol_rate[design], np.zeros(count)
        for i in range(count):
            total = _channel(
                i, frequency[design], symbol_rate[design], density, link, phase, mixing[design] > 0.0, 0.0, none, back
            )
            out[design, i] = 16.0 / 27.0 * gamma[design, i] ** 2 * symbol_rate[design, i] * total


@kernel(
    "(channel),(channel),(channel),(channel),(channel,pole),(channel,pole),(channel,moment),(cell,coefficient),(),(),(),(channel)"
    "->(channel),(channel,pole),(channel,pole),(channel,moment)",
    dtype=np.complex128,
)
def semi_closed_adjoint(
    frequency: FloatArray,
    symbol_rate: FloatArray,
    power: FloatArray,
    gamma: FloatArray,
    amplitude: AnyArray,
    pole: AnyArray,
    moment: FloatArray,
    polynomial: FloatArray,
    origin: FloatArray,
    step: FloatArray,
    mixing: FloatArray,
    nli_adjoint: FloatArray,
    power_adjoint: AnyArray,
    amplitude_adjoint: AnyArray,
    pole_adjoint: AnyArray,
    moment_adjoint: AnyArray,
) -> None:
    """Backwards through `semi_closed`, at fixed profiles and by them.

    Parameters
    ----------
    frequency, symbol_rate, power, gamma, amplitude, pole, moment, polynomial, origin, step, mixing
        As in the forward kernel.
    nli_adjoint
        Derivative of the objective by the interference. Shape (n, channel). [1/W]
    power_adjoint, amplitude_adjoint, pole_adjoint, moment_adjoint
        Derivatives by the inputs. Shapes as theirs.
    """
    count = frequency.shape[1]
    for design in range(frequency.shape[0]):
        link = _link(amplitude[design], pole[design], moment[design])
        phase = (origin[design], step[design], polynomial[design])
        density, by_density = power[design] / symbol_rate[design], np.zeros(count)
        by_first, by_second = np.zeros(count), np.zeros(count)
        amplitude_adjoint[design] = 0.0
        pole_adjoint[design] = 0.0
        back = (True, amplitude_adjoint[design], pole_adjoint[design], by_first, by_second)
        for i in range(count):
            scale = nli_adjoint[design, i] * 16.0 / 27.0 * gamma[design, i] ** 2 * symbol_rate[design, i]
            _channel(
                i,
                frequency[design],
                symbol_rate[design],
                density,
                link,
                phase,
                mixing[design] > 0.0,
                scale,
                by_density,
                back,
            )
        moment_adjoint[design] = 0.0
        for i in range(count):
            power_adjoint[design, i] = by_density[i] / symbol_rate[design, i]
            mirror_pairs(pole[design, i], amplitude_adjoint[design, i], pole_adjoint[design, i])
            moment_adjoint[design, i, 1 - LOWEST] = by_first[i]
            moment_adjoint[design, i, 2 - LOWEST] = by_second[i]


@kernel
def _link(amplitude: AnyArray, pole: AnyArray, moment: FloatArray) -> Link:
    first, second = moment[:, 1 - LOWEST].copy(), moment[:, 2 - LOWEST].copy()
    return amplitude, pole, first, second, first / moment[:, -LOWEST]


@kernel
def _channel(
    i: int,
    frequency: FloatArray,
    rate: FloatArray,
    density: FloatArray,
    link: Link,
    phase: Phase,
    mixing: bool,
    scale: float,
    by_density: FloatArray,
    back: Back,
) -> float:
    """All terms of one channel, without 16/27 gamma^2 R; on the way back with their derivatives, times scale."""
    here = density[i]
    value = _own(frequency[i], rate[i], i, link, phase, scale * here**3, back)
    total = here**3 * value
    if back[0]:
        by_density[i] += 3.0 * scale * here**2 * value
    for k in range(frequency.size):
        there = density[k]
        if k == i or there == 0.0:
            continue
        weight = here * there * there
        value = _cross(
            frequency[i], frequency[k] - frequency[i], rate[i], rate[k], k, link, phase, scale * weight, back
        )
        total += weight * value
        if back[0]:
            by_density[i] += scale * there * there * value
            by_density[k] += 2.0 * scale * here * there * value
    if mixing:
        total += _mixing(i, frequency, rate, density, link, phase, scale, by_density, back)
    return float(total)


@kernel
def _area(phase: float, scale: float, k: int, link: Link, back: Back) -> float:
    """F of channel k; on the way back its derivatives are added, times scale."""
    if back[0]:
        running_area_adjoint(phase, scale, link[0][k], link[1][k], back[1][k], back[2][k])
    return running_area(phase, link[0][k], link[1][k])


@kernel
def _curvature(f: float, phase: Phase) -> float:
    """4 pi^2 beta_2: second derivative of the propagation constant in frequency."""
    origin, step, polynomial = phase
    place = (f - origin) / step
    cell = min(max(int(place), 0), polynomial.shape[0] - 1)
    t = place - cell
    p = polynomial[cell]
    return float((2.0 * p[2] + t * (6.0 * p[3] + t * (12.0 * p[4] + t * 20.0 * p[5]))) / (step * step))


@kernel
def _own(f: float, rate: float, i: int, link: Link, phase: Phase, scale: float, back: Back) -> float:
    """Eq. (1), with nodes drawn to y = 0 by y = (R/2) t^2."""
    curve = max(abs(_curvature(f, phase)), 1e-6 * link[4][i] / rate**2)
    total = 0.0
    for n in range(OWN[0].size):
        t = 0.5 * (OWN[0][n] + 1.0)
        y = 0.5 * rate * t * t
        factor = 2.0 * (0.5 * OWN[1][n] * rate * t) / (curve * y)
        total += factor * _area(curve * y * (0.5 * rate - y), scale * factor, i, link, back)
        total += factor * _area(curve * y * 0.5 * rate, scale * factor, i, link, back)
    return total


@kernel
def _cross(
    f: float, offset: float, rate: float, width: float, k: int, link: Link, phase: Phase, scale: float, back: Back
) -> float:
    """Eq. (3) for a far interferer, else Eq. (2) in two panels."""
    signed = _curvature(f + 0.5 * offset, phase)
    curve, distance = abs(signed), abs(offset)
    if curve * (distance - 0.5 * width) * 0.5 * rate > DISTANT * link[4][k]:
        change = abs(_curvature(f + 0.5 * offset + 0.25 * width, phase) - signed)
        if change < 0.05 * curve:
            edges = math.log((distance + 0.5 * width) / (distance - 0.5 * width))
            first = 2.0 * math.pi / curve * edges
            second = -8.0 * width / (rate * curve * curve * (distance * distance - 0.25 * width * width))
            if back[0]:
                back[3][k] += scale * first
                back[4][k] += scale * second
            return float(first * link[2][k] + second * link[3][k])
    start, stop = offset - 0.5 * width, offset + 0.5 * width
    below, above = _curvature(f + 0.5 * start, phase), _curvature(f + 0.5 * stop, phase)
    zero = start + width * below / (below - above) if below * above < 0.0 else offset
    first, second = min(zero, offset), max(zero, offset)
    steep = abs(above - below) > 0.3 * min(abs(below), abs(above))
    total = 0.0
    for left, right in ((start, first), (first, second), (second, stop)):
        if right > left:
            total += _cross_panel(f, offset, left, right, rate, width, steep, k, link, phase, scale, back)
    return total


@kernel
def _cross_panel(
    f: float,
    offset: float,
    start: float,
    stop: float,
    rate: float,
    width: float,
    steep: bool,
    k: int,
    link: Link,
    phase: Phase,
    scale: float,
    back: Back,
) -> float:
    """Part of Eq. (2), with nodes drawn to both ends, where the dispersion has its zero or an island its edge."""
    node, weight = STEEP if steep else PAIR
    total, least = 0.0, 1e-6 * link[4][k] / rate**2
    for n in range(node.size):
        s = 0.5 * (node[n] + 1.0)
        y = start + (stop - start) * s * s * (3.0 - 2.0 * s)
        right, left = min(0.5 * rate, offset + 0.5 * width - y), min(0.5 * rate, y - offset + 0.5 * width)
        factor = weight[n] * 6.0 * s * (1.0 - s) * (stop - start)
        if steep:  # the dispersion changes within the channel too: the mismatch as it is
            total += factor * _side(f, y, -left, 0.0, k, link, phase, scale * factor, back)
            total += factor * _side(f, y, 0.0, right, k, link, phase, scale * factor, back)
            continue
        turn = max(abs(_curvature(f + 0.5 * y, phase)), least) * abs(y)
        factor /= turn
        total += factor * _area(turn * right, scale * factor, k, link, back)
        total += factor * _area(turn * left, scale * factor, k, link, back)
    return total


# ---------------------------------------------------------------------------------------------------------
# mixing between different channels


@kernel
def _mixing(
    i: int,
    frequency: FloatArray,
    rate: FloatArray,
    density: FloatArray,
    link: Link,
    phase: Phase,
    scale: float,
    by_density: FloatArray,
    back: Back,
) -> float:
    """Eq. (4): every pair of channels with an island near a resonance."""
    f, widest = frequency[i], np.max(link[4])
    high = frequency + 0.5 * rate
    breaks = np.empty(48)
    total = 0.0
    for p in range(frequency.size):
        for q in range(p, frequency.size):
            if density[p] == 0.0 or density[q] == 0.0 or (p == i and q == i and frequency.size == 1):
                continue
            farther = abs(frequency[p] - f) > abs(frequency[q] - f)
            first, second = (p, q) if farther else (q, p)
            if _least(f, first, second, frequency, rate, phase) < REACH * widest:
                factor = 1.0 if p == q and p != i else 2.0
                total += factor * _pair(
                    i,
                    first,
                    second,
                    high,
                    frequency,
                    rate,
                    density,
                    link,
                    phase,
                    scale * factor,
                    by_density,
                    back,
                    breaks,
                )
    return total


@kernel
def _least(f: float, first: int, second: int, frequency: FloatArray, rate: FloatArray, phase: Phase) -> float:
    """About the least mismatch between two bands."""
    x, y = frequency[first] - f, frequency[second] - f
    near_x, near_y = max(abs(x) - 0.5 * rate[first], 0.0), max(abs(y) - 0.5 * rate[second], 0.0)
    span = 0.25 * (rate[first] + rate[second])
    middle = f + 0.5 * (x + y)
    below, above = _curvature(middle - span, phase), _curvature(middle + span, phase)
    return float(near_x * near_y * (min(abs(below), abs(above)) if below * above > 0.0 else 0.0))


@kernel
def _pair(
    i: int,
    first: int,
    second: int,
    high: FloatArray,
    frequency: FloatArray,
    rate: FloatArray,
    density: FloatArray,
    link: Link,
    phase: Phase,
    scale: float,
    by_density: FloatArray,
    back: Back,
    breaks: FloatArray,
) -> float:
    """Islands with f1 and f2 in two channels, but not those of Eqs. (1) and (2)."""
    f = frequency[i]
    a0, a1 = frequency[first] - 0.5 * rate[first] - f, frequency[first] + 0.5 * rate[first] - f
    b0, b1 = frequency[second] - 0.5 * rate[second] - f, frequency[second] + 0.5 * rate[second] - f
    least, exit0, exit1 = _resonance(f, a0, a1, b0, b1, phase)
    total = 0.0
    c = _first_above(high, f + a0 + b0)
    while c < frequency.size and high[c] - rate[c] - f < a1 + b1:
        known = (first == i and c == second) or (second == i and c == first)
        if density[c] > 0.0 and not known:
            box = (a0, a1, b0, b1, high[c] - rate[c] - f, high[c] - f)
            one, two, three = density[first], density[second], density[c]
            half = first == second and first == i
            count = _breaks(box, half, exit0, exit1, breaks)
            value = 0.0
            for panel in range(count - 1):
                value += _panel(
                    f,
                    breaks[panel],
                    breaks[panel + 1],
                    box,
                    half,
                    least < 3.0 * link[4][c],
                    c,
                    link,
                    phase,
                    scale * one * two * three,
                    back,
                )
            total += one * two * three * value
            if back[0]:
                by_density[first] += scale * two * three * value
                by_density[second] += scale * one * three * value
                by_density[c] += scale * one * two * value
        c += 1
    return total


@kernel
def _panel(
    f: float,
    left: float,
    right: float,
    box: tuple[float, float, float, float, float, float],
    half: bool,
    resonant: bool,
    c: int,
    link: Link,
    phase: Phase,
    scale: float,
    back: Back,
) -> float:
    """Integral over x from one break to the next; nodes are drawn to both ends where a resonance may sit there."""
    _, _, b0, b1, c0, c1 = box
    node, weight = RESONANT if resonant else SMOOTH
    total = 0.0
    for n in range(node.size):
        s = 0.5 * (node[n] + 1.0)
        place, density = (s * s * (3.0 - 2.0 * s), 6.0 * s * (1.0 - s)) if resonant else (s, 1.0)
        x = left + (right - left) * place
        lower, upper = max(b0, c0 - x), min(b1, c1 - x)
        if half:
            lower, upper = max(lower, -abs(x)), min(upper, abs(x))
        if upper > lower:
            share = 0.5 * weight[n] * density * (right - left)
            split = min(max(0.0, lower), upper)
            total += share * _side(f, x, lower, split, c, link, phase, scale * share, back)
            total += share * _side(f, x, split, upper, c, link, phase, scale * share, back)
    return total


@kernel
def _side(
    f: float, x: float, lower: float, upper: float, c: int, link: Link, phase: Phase, scale: float, back: Back
) -> float:
    """Integral along y on one side of y = 0, in pieces over which the mismatch is nearly linear."""
    if upper <= lower:
        return 0.0
    constant = propagation(f + x, phase) - propagation(f, phase)
    before = propagation(f + x + lower, phase) - propagation(f + lower, phase) - constant
    after = propagation(f + x + upper, phase) - propagation(f + upper, phase) - constant
    y = 0.5 * (lower + upper)
    middle = propagation(f + x + y, phase) - propagation(f + y, phase) - constant
    departure = abs(middle - 0.5 * (before + after))
    size = max(max(link[4][c], abs(after - before)), min(min(abs(before), abs(after)), abs(middle)))
    pieces = min(1 + int(math.sqrt(departure / (0.02 * size))), MOST_PIECES)
    total, phase0, width = 0.0, before, (upper - lower) / pieces
    for piece in range(pieces):
        y = lower + width * (piece + 1)
        phase1 = after if piece == pieces - 1 else propagation(f + x + y, phase) - propagation(f + y, phase) - constant
        total += width * _chord(phase0, phase1, c, link, scale * width, back)
        phase0 = phase1
    return total


@kernel
def _chord(phase0: float, phase1: float, c: int, link: Link, scale: float, back: Back) -> float:
    """Mean of the squared link function between two mismatches; Eq. (4) of `mcfiber.kernels.islands`."""
    if abs(phase1 - phase0) < 1e-4 * link[4][c]:
        centre = 0.5 * (phase0 + phase1)
        phase0, phase1 = centre - 5e-5 * link[4][c], centre + 5e-5 * link[4][c]
    slope = 1.0 / (phase1 - phase0)
    return slope * (_area(phase1, scale * slope, c, link, back) - _area(phase0, -scale * slope, c, link, back))
