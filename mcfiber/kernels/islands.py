"""Kerr interference over all islands: the Gaussian-noise integral for any dispersion, power profile and spectrum.

The interference at frequency f is a double integral over the offsets ``x = f1 - f`` and ``y = f2 - f`` of the first
two fields; the third one sits at ``f3 = f + x + y``.  The spectrum is a row of rectangles, the bands, so the plane
falls into islands: polygons in which each of the three fields stays in one band.  Of two bands the one farther from f
is the outer variable.  Along the inner one the phase mismatch runs through both of its zeros, that at ``f2 = f`` and
that at the fibre's zero dispersion, and the inner integral is a difference of one function of the mismatch: the running
integral of the squared link function of the third field's channel, tabulated once.  What is left is a quadrature in
one variable, with nodes drawn to the ends of every panel, where a resonance enters or leaves the polygon.

Notes
-----
(1) ``G(f) = int int G(f1) G(f2) G(f3) K(f1, f2) df1 df2``, without 16/27 and the nonlinear coefficient [1]_;
(2) ``K = |int rho(z) exp(j Phi z) dz|^2`` with the profile of f3's channel [2]_;
(3) ``Phi = beta(f) + beta(f3) - beta(f1) - beta(f2)``, exact for any dispersion;
(4) ``int K dy = (y1 - y0) (F(Phi1) - F(Phi0))/(Phi1 - Phi0)`` with F the running integral of K over Phi.
With spatial mode dispersion of coupled cores [3]_, two pairings of modes with the rates l1 and l2 and the amplitudes a1
and a2 of `mcfiber.kernels.coupled_interference`:
(5) ``K = sum_j a_j/(D+1) I(l_j, Phi)``, ``I = int int rho(z) rho(z') exp(-l |z-z'| + j Phi (z-z')) dz dz'``;
(6) ``I -> M1 (l + b)/((l + b)^2 + Phi^2)`` at large l or Phi, ``M1 = 2 int rho^2 dz``, ``b = sum of squared jumps/M1``.

References
----------
.. [1] P. Poggiolini, "The GN model of non-linear propagation in uncompensated coherent optical systems,"
   J. Lightw. Technol., vol. 30, pp. 3857-3879, 2012.
.. [2] D. Semrau, R. I. Killey, P. Bayvel, "The Gaussian noise model in the presence of inter-channel
   stimulated Raman scattering," J. Lightw. Technol., vol. 36, pp. 3046-3055, 2018.
.. [3] P. Serena, C. Lasagni, A. Bononi, C. Antonelli, and A. Mecozzi, "The ergodic GN model for
   space-division multiplexing with strong mode coupling," J. Lightw. Technol., vol. 40, 2022.
"""

import cmath
import math
from typing import TypeAlias

import numpy as np

from mcfiber._jit import kernel
from mcfiber.kernels.coupled_interference import pairings
from mcfiber.typing import FloatArray, IntArray

# lower and upper edge, level, and channel of every band
Bands: TypeAlias = tuple[FloatArray, FloatArray, FloatArray, IntArray]
# origin, step and polynomials of the cells of the phase
Phase: TypeAlias = tuple[float, float, FloatArray]
# spacing, row of each channel, slope, area, tail, width of the link function, step and scale of the layers in l, and
# the width of the link function of the widest span
Table: TypeAlias = tuple[float, IntArray, FloatArray, FloatArray, FloatArray, float, float, float, float]
# strength of mode dispersion and number of modes; 0 without
Mixing: TypeAlias = tuple[float, float]
# Gauss nodes and weights for resonant, near and far islands, phase that one panel may span, tolerance of a piece
Rules: TypeAlias = tuple[FloatArray, FloatArray, FloatArray, float, float]

GRADES = 9  # halvings of the panels beside the observed frequency
NEAR, FAR = 8.0, 100.0  # least mismatch over the link function's width: below it resonant, above it smooth
SHARE = 0.4
MOST_PIECES = 48
ROOM = 48  # breaks of a polygon


@kernel
def island_density(
    frequency: FloatArray,
    own: IntArray,
    bands: Bands,
    phase: Phase,
    table: Table,
    mixing: Mixing,
    rules: Rules,
    everything: bool,
    out: FloatArray,
) -> None:
    """Double integral at chosen frequencies; Eq. (1) with the kernel (2), or (5) for coupled cores.

    Parameters
    ----------
    frequency, own
        Frequencies, and the channels that they lie in. Shape (point,). [Hz, 1]
    bands
        Lower and upper edges, power densities of both polarisations, channels; ascending. Shape (band,).
        [Hz, Hz, W/Hz, 1]
    phase
        Propagation constant less a straight line: origin and step of its cells, and in each six coefficients of
        a polynomial in the place 0 to 1. [Hz, Hz, 1/m]
    table
        Of `area_tables`: spacing, row of each channel, slope and area of shape (row, layer, point), tail of shape
        (row, layer, 2), width of the link function, step and scale of the layers, and the widest span's width.
    mixing
        Strength c of the mode dispersion and number of modes D; c = 0 without. [s^2/m, 1]
    rules
        Gauss nodes and weights on 0 to 1, shape (2, node), for resonant, near and far islands; mismatch that one panel
        may span; departure from a straight line that one piece along y may have.
    everything
        All islands, or self- and cross-phase modulation alone.
    out
        Shape (point,). [W^3 m^2/Hz]
    """
    for point in range(frequency.size):
        out[point] = _density_at(frequency[point], own[point], bands, phase, table, mixing, rules, everything)


@kernel
def _density_at(
    f: float, own: int, bands: Bands, phase: Phase, table: Table, mixing: Mixing, rules: Rules, everything: bool
) -> float:
    """Sum over unordered pairs of bands of the first two fields; both orders are counted by the 2."""
    low, high, level, channel = bands
    breaks = np.empty(ROOM)
    total = 0.0
    for i in range(low.size):
        for k in range(i, low.size):
            if not everything and channel[i] != own and channel[k] != own:
                continue
            farther = abs(low[i] + high[i] - 2.0 * f) > abs(low[k] + high[k] - 2.0 * f)
            first, second = (i, k) if farther else (k, i)
            third = -1 if everything else channel[i] if channel[k] == own else channel[k]
            same = i == k and low[i] <= f <= high[i]
            value = _pair(f, first, second, third, same, bands, phase, table, mixing, rules, breaks)
            total += (2.0 if i != k or same else 1.0) * level[i] * level[k] * value
    return total


@kernel
def _pair(
    f: float,
    first: int,
    second: int,
    third: int,
    half: bool,
    bands: Bands,
    phase: Phase,
    table: Table,
    mixing: Mixing,
    rules: Rules,
    breaks: FloatArray,
) -> float:
    """Islands with f1 and f2 in two bands; half: only |y| <= |x| of the band that f lies in."""
    low, high, level, channel = bands
    a0, a1, b0, b1 = low[first] - f, high[first] - f, low[second] - f, high[second] - f
    least, exit0, exit1 = _resonance(f, a0, a1, b0, b1, phase)
    smooth = least > FAR * table[8]
    if smooth and mixing[0] == 0.0:
        return _far(f, (a0, a1, b0, b1), third, bands, phase, table)
    resonant = least < NEAR * table[8] or half
    smooth = smooth and _spread(a0, a1, b0, b1) < 0.2
    rule = rules[0] if resonant else rules[2] if smooth else rules[1]
    total = 0.0
    c = _first_above(high, f + a0 + b0)
    while c < low.size and low[c] - f < a1 + b1:
        if third < 0 or channel[c] == third:
            box = (a0, a1, b0, b1, low[c] - f, high[c] - f)
            count = _breaks(box, half, exit0, exit1, breaks)
            for panel in range(count - 1):
                value = _panel(
                    f,
                    breaks[panel],
                    breaks[panel + 1],
                    box,
                    half,
                    resonant,
                    rule,
                    channel[c],
                    phase,
                    table,
                    mixing,
                    rules,
                )
                total += level[c] * value
        c += 1
    return total


@kernel
def _far(
    f: float, box: tuple[float, float, float, float], third: int, bands: Bands, phase: Phase, table: Table
) -> float:
    """Islands far from every resonance, where K is smooth: its value at the middle, Eq. (6), times their areas."""
    low, high, level, channel = bands
    a0, a1, b0, b1 = box
    middle = _mismatch(f, 0.5 * (a0 + a1), 0.5 * (b0 + b1), phase) ** 2
    total = 0.0
    c = _first_above(high, f + a0 + b0)
    while c < low.size and low[c] - f < a1 + b1:
        if third < 0 or channel[c] == third:
            row = table[1][channel[c]]
            norm, width = table[4][row, 0, 0], table[4][row, 0, 1]
            area = _below(high[c] - f, box) - _below(low[c] - f, box)
            total += level[c] * area * norm * width / (width * width + middle)
        c += 1
    return total


@kernel
def _below(limit: float, box: tuple[float, float, float, float]) -> float:
    """Area of the part of a rectangle in which x + y is below a limit."""
    a0, a1, b0, b1 = box
    total = max(limit - a0 - b0, 0.0) ** 2 + max(limit - a1 - b1, 0.0) ** 2
    return 0.5 * (total - max(limit - a1 - b0, 0.0) ** 2 - max(limit - a0 - b1, 0.0) ** 2)


@kernel
def _spread(a0: float, a1: float, b0: float, b1: float) -> float:
    """Widest relative extent of an island, over which the rates of the pairings change."""
    return max(abs(a1 - a0) / abs(a0 + a1), abs(b1 - b0) / abs(b0 + b1))


@kernel
def _first_above(values: FloatArray, limit: float) -> int:
    """First of ascending values above a limit."""
    below, above = 0, values.size
    while below < above:
        middle = (below + above) // 2
        if values[middle] > limit:
            above = middle
        else:
            below = middle + 1
    return below


@kernel
def propagation(f: float, phase: Phase) -> float:
    """Propagation constant less a straight line. [1/m]"""
    origin, step, polynomial = phase
    place = (f - origin) / step
    cell = min(max(int(place), 0), polynomial.shape[0] - 1)
    t = place - cell
    p = polynomial[cell]
    return float(p[0] + t * (p[1] + t * (p[2] + t * (p[3] + t * (p[4] + t * p[5])))))


@kernel
def _mismatch(f: float, x: float, y: float, phase: Phase) -> float:
    """Phase mismatch Phi; Eq. (3). [1/m]"""
    return propagation(f + x + y, phase) - propagation(f + x, phase) - propagation(f + y, phase) + propagation(f, phase)


@kernel
def _resonance(f: float, a0: float, a1: float, b0: float, b1: float, phase: Phase) -> tuple[float, float, float]:
    """Least mismatch in a rectangle, and where the dispersion's zero leaves it by its edges in x (else infinite)."""
    at_f, left, right = propagation(f, phase), propagation(f + a0, phase), propagation(f + a1, phase)
    bottom, top = propagation(f + b0, phase) - at_f, propagation(f + b1, phase) - at_f
    low0, low1 = propagation(f + a0 + b0, phase) - left - bottom, propagation(f + a1 + b0, phase) - right - bottom
    high0, high1 = propagation(f + a0 + b1, phase) - left - top, propagation(f + a1 + b1, phase) - right - top
    exit0, exit1 = _exit(f, a0, a1, b0, low0, low1, phase), _exit(f, a0, a1, b1, high0, high1, phase)
    least = min(min(abs(low0), abs(low1)), min(abs(high0), abs(high1)))
    one_side = low0 > 0.0 and low1 > 0.0 and high0 > 0.0 and high1 > 0.0
    other_side = low0 < 0.0 and low1 < 0.0 and high0 < 0.0 and high1 < 0.0
    return (least if one_side or other_side else 0.0), exit0, exit1


@kernel
def _exit(f: float, a0: float, a1: float, y: float, start: float, stop: float, phase: Phase) -> float:
    """Zero of the mismatch along an edge y, from its values at both ends, other than x = 0."""
    if start * stop * (1.0 if a0 * a1 > 0.0 else -1.0) >= 0.0:
        return math.inf
    left, right, at_left = a0, a1, start / a0
    for _ in range(40):
        middle = 0.5 * (left + right)
        at_middle = _mismatch(f, middle, y, phase) / (middle if middle != 0.0 else 1.0)
        if (at_middle > 0.0) == (at_left > 0.0):
            left, at_left = middle, at_middle
        else:
            right = middle
    return 0.5 * (left + right)


@kernel
def _breaks(
    box: tuple[float, float, float, float, float, float],
    half: bool,
    exit0: float,
    exit1: float,
    breaks: FloatArray,
) -> int:
    """Offsets x between which the inner integral is smooth, ascending; fewer than two where the polygon is empty."""
    a0, a1, b0, b1, c0, c1 = box
    left, right = max(a0, c0 - b1), min(a1, c1 - b0)
    if right <= left:
        return 0
    breaks[0], breaks[1] = left, right
    count = 2
    for value in (c0 - b0, c1 - b1, exit0, exit1):  # f3's edges meet f2's; the dispersion's zero leaves
        count = _add_break(value, left, right, count, breaks)
    nearest, farthest = min(abs(left), abs(right)), max(abs(left), abs(right))
    if left < 0.0 < right or nearest < 0.3 * farthest:  # towards x = 0, where every mismatch vanishes
        size = farthest
        for _ in range(GRADES):
            size *= 0.5
            count = _add_break(size, left, right, count, breaks)
            count = _add_break(-size, left, right, count, breaks)
        count = _add_break(0.0, left, right, count, breaks)
    if half:
        for value in (b0, -b0, b1, -b1, 0.5 * c0, 0.5 * c1):  # the rim |y| = |x|
            count = _add_break(value, left, right, count, breaks)
    for index in range(1, count):  # few: sorted by insertion
        value, place = breaks[index], index
        while place > 0 and breaks[place - 1] > value:
            breaks[place] = breaks[place - 1]
            place -= 1
        breaks[place] = value
    return count


@kernel
def _add_break(value: float, left: float, right: float, count: int, breaks: FloatArray) -> int:
    if left < value < right:
        breaks[count] = value
        return count + 1
    return count


@kernel
def _panel(
    f: float,
    left: float,
    right: float,
    box: tuple[float, float, float, float, float, float],
    half: bool,
    resonant: bool,
    rule: FloatArray,
    third: int,
    phase: Phase,
    table: Table,
    mixing: Mixing,
    rules: Rules,
) -> float:
    """Integral over x from one break to the next; nodes are drawn to both ends where a resonance may sit there."""
    _, _, b0, b1, c0, c1 = box
    width = right - left
    parts = 1
    if resonant:
        parts = _parts(f, left, right, box, half, phase, table, rules[3])
    total = 0.0
    for part in range(parts):
        for node in range(rule.shape[1]):
            s = (part + rule[0, node]) / parts
            place, density = s, 1.0
            if resonant:
                place = s * s * s * (10.0 - s * (15.0 - 6.0 * s))
                density = 30.0 * s * s * (1.0 - s) * (1.0 - s)
            x = left + width * place
            lower, upper = max(b0, c0 - x), min(b1, c1 - x)
            if half:
                lower, upper = max(lower, -abs(x)), min(upper, abs(x))
            if upper > lower:
                inner = _strip(f, x, lower, upper, third, phase, table, mixing, rules[4])
                total += rule[1, node] * density / parts * inner
    return width * total


@kernel
def _parts(
    f: float,
    left: float,
    right: float,
    box: tuple[float, float, float, float, float, float],
    half: bool,
    phase: Phase,
    table: Table,
    resolution: float,
) -> int:
    """Parts of a panel, so that the mismatch at the ends of the inner integral turns little in each."""
    _, _, b0, b1, c0, c1 = box
    farthest = table[0] * (table[3].shape[2] - 1)
    turn = 0.0
    for side in range(2):
        before, after = 0.0, 0.0
        for end in range(2):
            x = left if end == 0 else right
            y = max(b0, c0 - x) if side == 0 else min(b1, c1 - x)
            if half:
                y = min(max(y, -abs(x)), abs(x))
            before, after = after, _mismatch(f, x, y, phase)
        if min(abs(before), abs(after)) < farthest:  # beyond the table the link function is smooth
            turn = max(turn, abs(max(min(after, farthest), -farthest) - max(min(before, farthest), -farthest)))
    return 1 + int(min(turn / resolution, 200.0))


@kernel
def _strip(
    f: float,
    x: float,
    lower: float,
    upper: float,
    third: int,
    phase: Phase,
    table: Table,
    mixing: Mixing,
    tolerance: float,
) -> float:
    """Integral of K along y, split at y = 0, in pieces over which the mismatch is nearly linear."""
    total = 0.0
    if lower < 0.0 < upper:
        total += _side(f, x, 0.0, lower, third, phase, table, mixing, tolerance)
        return total + _side(f, x, 0.0, upper, third, phase, table, mixing, tolerance)
    if abs(lower) < abs(upper):
        return _side(f, x, lower, upper, third, phase, table, mixing, tolerance)
    return _side(f, x, upper, lower, third, phase, table, mixing, tolerance)


@kernel
def _side(
    f: float,
    x: float,
    start: float,
    stop: float,
    third: int,
    phase: Phase,
    table: Table,
    mixing: Mixing,
    tolerance: float,
) -> float:
    """Integral of K over |y| from start outwards to stop."""
    constant = propagation(f + x, phase) - propagation(f, phase)
    before = propagation(f + x + start, phase) - propagation(f + start, phase) - constant
    after = propagation(f + x + stop, phase) - propagation(f + stop, phase) - constant
    y = 0.5 * (start + stop)
    middle = propagation(f + x + y, phase) - propagation(f + y, phase) - constant
    departure = abs(middle - 0.5 * (before + after))
    scale = max(max(table[5], abs(after - before)), min(min(abs(before), abs(after)), abs(middle)))
    pieces = 1 + int(math.sqrt(departure / (tolerance * scale)))
    grade = 1.0
    if mixing[0] > 0.0:
        extra, grade = _mixed_pieces(x, start, stop, before, after, table, mixing, tolerance)
        pieces = max(pieces, extra)
    pieces = min(pieces, MOST_PIECES)
    total, y0, phase0, area0 = 0.0, start, before, 0.0
    if mixing[0] == 0.0:
        area0 = _area_at(phase0, third, 0, table)
    for piece in range(pieces):
        place = (piece + 1.0) / pieces
        y1 = start + (stop - start) * (place if grade == 1.0 else place * place)
        phase1 = (
            after if piece == pieces - 1 else propagation(f + x + y1, phase) - propagation(f + y1, phase) - constant
        )
        if mixing[0] == 0.0:
            area1 = _area_at(phase1, third, 0, table)
            total += abs(y1 - y0) * _chord(phase0, phase1, area0, area1, third, table)
            area0 = area1
        else:
            total += abs(y1 - y0) * _mixed_chord(x, y0, y1, phase0, phase1, third, table, mixing)
        y0, phase0 = y1, phase1
    return total


@kernel
def _chord(phase0: float, phase1: float, area0: float, area1: float, third: int, table: Table) -> float:
    """Mean of K between two mismatches; Eq. (4)."""
    if abs(phase1 - phase0) > 1e-7 * (abs(phase0) + abs(phase1)) + 1e-6 * table[5]:
        return (area1 - area0) / (phase1 - phase0)
    step = 1e-3 * table[5]
    centre = 0.5 * (phase0 + phase1)
    return (_area_at(centre + step, third, 0, table) - _area_at(centre - step, third, 0, table)) / (2.0 * step)


@kernel
def _area_at(phase: float, channel: int, layer: int, table: Table) -> float:
    """Running integral of K: cubic from values and slopes; beyond the table Eq. (6), joined to its last value."""
    spacing, row, slope, area, tail = table[:5]
    k = row[channel]
    place = abs(phase) / spacing
    if place >= area.shape[2] - 1:
        value = tail[k, layer, 0] * math.atan(abs(phase) / tail[k, layer, 1])  # integral of Eq. (6)
    else:
        cell = int(place)
        t = place - cell
        start = area[k, layer, cell]
        step = area[k, layer, cell + 1] - start
        first, last = slope[k, layer, cell] * spacing, slope[k, layer, cell + 1] * spacing
        value = start + t * (first + t * (3.0 * step - 2.0 * first - last + t * (first + last - 2.0 * step)))
    return math.copysign(value, phase)


# ---------------------------------------------------------------------------------------------------------
# coupled cores with mode dispersion


@kernel
def shares(first: float, second: float, generator: float, modes: float) -> tuple[float, float, float, float]:
    """Shares and decay rates (a1, l1, a2, l2) of the two pairings of modes, mean of both orders; a1 + a2 = 1.

    first, second: f1 - f and f2 - f, Hz; generator: c = S^2/(D - 1/D), s^2/m.
    """
    # Eqs. (2) and (3) of `mcfiber.kernels.coupled_interference`
    some, fast, other, slow = pairings(2.0 * math.pi * first, 2.0 * math.pi * second, generator, modes)
    return some / (modes + 1.0), fast, other / (modes + 1.0), slow


@kernel
def _mixed_pieces(
    x: float, start: float, stop: float, before: float, after: float, table: Table, mixing: Mixing, tolerance: float
) -> tuple[int, float]:
    """Pieces along y over which the rates of the pairings hardly change, and whether they are drawn to the start."""
    width = table[5]
    least = 0.0 if before * after <= 0.0 else min(abs(before), abs(after))
    _, fast0, _, slow0 = shares(x, start, mixing[0], mixing[1])
    _, fast1, _, slow1 = shares(x, stop, mixing[0], mixing[1])
    change = abs(slow1 - slow0) / (width + least + min(slow0, slow1))
    change = max(change, abs(fast1 - fast0) / (width + least + min(fast0, fast1)))
    change = math.log1p(change) + abs(stop - start) / max(abs(x), abs(stop))
    # near both resonances finely, far from them as the smooth function that is left
    near = 1.7 if start == 0.0 else 1.0 if least < 3.0 * (width + slow0) else 0.3
    return 1 + int(near * change * SHARE / math.sqrt(tolerance)), (2.0 if start == 0.0 else 1.0)


@kernel
def _mixed_chord(
    x: float, y0: float, y1: float, phase0: float, phase1: float, third: int, table: Table, mixing: Mixing
) -> float:
    """Mean of K over a piece along y, with the pairings at one place of it; Eqs. (4) and (5)."""
    a1, l1, a2, l2 = shares(x, 0.5 * (y0 + y1), mixing[0], mixing[1])
    if phase0 * phase1 > 0.0 and y0 * y1 > 0.0 and min(abs(phase0), abs(phase1)) > table[8] + l2:
        # far off the rates grow as y^2 where K falls as y^-2: the geometric mean is the exact place
        a1, l1, a2, l2 = shares(x, math.sqrt(y0 * y1), mixing[0], mixing[1])
    step = 0.5 * abs(phase1 - phase0)
    if step < 1e-3 * table[5]:
        centre, step = 0.5 * (phase0 + phase1), 1e-3 * table[5]
        phase0, phase1 = centre - step, centre + step
    total = 0.0
    for pairing in range(2):
        share, rate = (a1, l1) if pairing == 0 else (a2, l2)
        if share != 0.0:
            total += share * (_layered(phase1, rate, third, table) - _layered(phase0, rate, third, table))
    return total / (phase1 - phase0)


@kernel
def _layered(phase: float, rate: float, channel: int, table: Table) -> float:
    """Running integral of I(l, Phi) at any rate l: cubic through four layers, or Eq. (6) beyond the last."""
    row, tail, step, scale = table[1], table[4], table[6], table[7]
    layers = tail.shape[1]
    place = math.asinh(rate / scale) / step
    if place >= layers - 1:
        k = row[channel]
        last = scale * math.sinh((layers - 1) * step)
        return float(tail[k, layers - 1, 0] * math.atan(phase / (tail[k, layers - 1, 1] + rate - last)))
    k = min(max(int(place) - 1, 0), layers - 4)
    t = place - k
    w0 = -(t - 1.0) * (t - 2.0) * (t - 3.0) / 6.0
    w1 = t * (t - 2.0) * (t - 3.0) / 2.0
    w2 = -t * (t - 1.0) * (t - 3.0) / 2.0
    w3 = t * (t - 1.0) * (t - 2.0) / 6.0
    total = w0 * _area_at(phase, channel, k, table) + w1 * _area_at(phase, channel, k + 1, table)
    return float(total + w2 * _area_at(phase, channel, k + 2, table) + w3 * _area_at(phase, channel, k + 3, table))


# ---------------------------------------------------------------------------------------------------------
# tables


@kernel
def area_tables(
    length: FloatArray,
    start: FloatArray,
    end: FloatArray,
    repeats: int,
    coherent: bool,
    rate: FloatArray,
    spacing: float,
    slope: FloatArray,
    area: FloatArray,
) -> None:
    """I(l, Phi) of Eq. (5) and its running integral over Phi, for each row of profiles and each rate l.

    Parameters
    ----------
    length
        Of the panels of a span, or of a whole link. Shape (panel,). [m]
    start, end
        Relative power at both ends of each panel, between which it is an exponential. Shape (row, panel). [1]
    repeats, coherent
        How often the panels repeat, and whether the fields of the repetitions add, or their powers.
    rate
        Rates l of the layers. Shape (layer,). [1/m]
    spacing
        Step in mismatch. [1/m]
    slope, area
        Shape (row, layer, point). [m^2, m]
    """
    rows, layers, points = slope.shape
    here, between = np.empty(rows), np.empty(rows)
    decay = np.log(end / start)
    for layer in range(layers):
        area[:, layer, 0] = 0.0
        for point in range(points):
            _coherence(length, start, end, decay, repeats, coherent, rate[layer], point * spacing, here)
            slope[:, layer, point] = here
            if point > 0:
                middle = (point - 0.5) * spacing
                _coherence(length, start, end, decay, repeats, coherent, rate[layer], middle, between)
                for row in range(rows):  # Simpson
                    add = slope[row, layer, point - 1] + 4.0 * between[row] + here[row]
                    area[row, layer, point] = area[row, layer, point - 1] + spacing / 6.0 * add


@kernel
def area_tails(
    length: FloatArray,
    start: FloatArray,
    end: FloatArray,
    repeats: float,
    spacing: float,
    area: FloatArray,
    tail: FloatArray,
) -> None:
    """M1 and b + l of Eq. (6) of each row and layer, the latter so that the last value of the table is met."""
    rows, layers, points = area.shape
    for row in range(rows):
        total = 2.0 * repeats * _square_integral(length, start[row], end[row])
        for layer in range(layers):
            tail[row, layer, 0] = total
            angle = min(area[row, layer, points - 1] / total, 0.5 * math.pi - 1e-6)
            tail[row, layer, 1] = (points - 1) * spacing / math.tan(angle)


@kernel
def _square_integral(length: FloatArray, start: FloatArray, end: FloatArray) -> float:
    """Integral of the squared profile over a span."""
    total = 0.0
    for panel in range(length.size):
        ratio = 2.0 * math.log(end[panel] / start[panel])
        total += length[panel] * start[panel] ** 2 * (math.expm1(ratio) / ratio if abs(ratio) > 1e-9 else 1.0)
    return total


@kernel
def _coherence(
    length: FloatArray,
    start: FloatArray,
    end: FloatArray,
    decay: FloatArray,
    repeats: int,
    coherent: bool,
    rate: float,
    phase: float,
    out: FloatArray,
) -> None:
    """I(l, Phi) of each row; Eq. (5). Memory U(z) = int_0^z rho(z') e^{k (z-z')} dz' with k = j Phi - l."""
    k = complex(-rate, phase)
    rows = start.shape[0]
    memory, forward = np.zeros(rows, np.complex128), np.zeros(rows, np.complex128)
    total, turned = 0.0, 1.0 + 0.0j
    out[:] = 0.0
    for panel in range(length.size):
        h = length[panel]
        turn = cmath.exp(k * h)
        for row in range(rows):
            s, d = start[row, panel], decay[row, panel]  # d = -a h
            ratio = end[row, panel] / s
            along = s * h * _quotient(k * h + d, turn * ratio, 1.0)  # int rho e^{k t} dt
            inside = s * s * h * h * _second_difference(2.0 * d, k * h + d, ratio * ratio, turn * ratio)
            out[row] += 2.0 * (memory[row] * along + inside).real
            forward[row] += turned * along
            memory[row] = memory[row] * turn + s * h * _quotient(d - k * h, ratio, turn)
        turned *= turn
        total += h
    series = 0.0j  # of the pairs of repetitions m apart
    if coherent:
        for m in range(1, repeats):
            series += (repeats - m) * cmath.exp((m - 1.0) * total * k)
    for row in range(rows):
        out[row] = repeats * out[row] + 2.0 * (series * forward[row] * memory[row]).real


@kernel
def _quotient(u: complex, after: complex, before: complex) -> complex:
    """(after - before)/u where after = before e^u."""
    if abs(u) < 0.02:
        return before * (1.0 + u * (0.5 + u * (1.0 / 6.0 + u * (1.0 / 24.0 + u / 120.0))))
    return (after - before) / u


@kernel
def _second_difference(u: complex, v: complex, exp_u: complex, exp_v: complex) -> complex:
    """Divided difference of (e^u - 1)/u, which stays finite where u = v or either vanishes."""
    if abs(u) < 0.1 and abs(v) < 0.1:
        square = u * u + u * v + v * v
        cube = (u + v) * (u * u + v * v)
        fourth = u * u * u * u + u * u * u * v + u * u * v * v + u * v * v * v + v * v * v * v
        return 0.5 + (u + v) / 6.0 + square / 24.0 + cube / 120.0 + fourth / 720.0
    if abs(u - v) < 1e-4 * (1.0 + abs(u)):
        centre = 0.5 * (u + v)
        return (cmath.exp(centre) * (centre - 1.0) + 1.0) / (centre * centre)
    return (_quotient(u, exp_u, 1.0) - _quotient(v, exp_v, 1.0)) / (u - v)
