"""Nonlinear interference by the Gaussian-noise (GN) integral, for any power profile.

The interference at frequency ``f`` is a double integral over the offsets ``x = f1 - f`` and ``y = f2 - f`` of the
first two fields; the third one sits at ``f3 = f + x + y``.  Along ``y`` the phase mismatch is (nearly)
linear and spectra are staircases, so that the inner integral is a difference of one function, the running
integral of the squared link function, that depends on the third field's power profile only.  It is
tabulated once for each channel (`link_table`) and shared by all pairs, offsets and spans; what is left is
a one-dimensional quadrature.

The profile that counts is ``sqrt(r1 r2 r3 / r)``, with ``r`` the power relative to the launched one.  Where
``ln r`` is linear in frequency between the four fields this equals ``r3`` exactly; it does for self- and
cross-phase modulation whatever the profile.  The table therefore belongs to the channel of ``f3``.

Notes
-----
(1) ``|mu|^2 = |int rho(z) exp(j Phi z) dz|^2``, the squared link function [2]_;
(2) ``sin^2(N Phi L/2)/sin^2(Phi L/2)``, for N equal spans of the length L whose fields add [1]_;
(3) ``int_0^inf |mu|^2 dPhi = pi int rho^2 dz`` (Parseval);
(4) ``|mu|^2 -> J/Phi^2`` at large mismatch, J the sum of the squared jumps of the profile;
(5) ``Phi = 4 pi^2 x y beta_2((f1 + f2)/2)``, the phase mismatch;
(6) ``int |mu|^2 dy = (y1 - y0) (F(Phi1) - F(Phi0))/(Phi1 - Phi0)`` with F the running integral of (1).

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
from mcfiber.typing import FloatArray

TABLE_NODES, TABLE_WEIGHTS = np.polynomial.legendre.leggauss(3)
# One design's spectrum: edges and levels of the staircase, steps in a channel, then frequency, dispersion and
# its slope by channel.  One design's table: spacing, slope, area, tail as in `link_table`.
Staircase: TypeAlias = tuple[FloatArray, FloatArray, FloatArray, int, FloatArray, FloatArray, FloatArray]
Table: TypeAlias = tuple[float, FloatArray, FloatArray, FloatArray]
Ranges: TypeAlias = tuple[int, int, int, int]

LAYERS = 4  # quarterings of the panels beside an edge
GRADES = 8  # halvings of the panels beside a channel's own frequency


@kernel
def link_table(
    position: FloatArray,
    length: FloatArray,
    start: FloatArray,
    end: FloatArray,
    group: FloatArray,
    repeats: FloatArray,
    period: FloatArray,
    spacing: FloatArray,
    slope: FloatArray,
    area: FloatArray,
    tail: FloatArray,
) -> None:
    """Squared link function and its running integral, for each channel.

    Between two positions the relative power is an exponential, so plain fibres and lumped losses are exact.

    Parameters
    ----------
    position, length
        Start and length of the panels of the link, in order. Shape (n, panel). [m]
    start, end
        Relative power at both ends of each panel. Shape (n, channel, panel). [1]
    group
        Number of the set of panels whose fields add coherently; sets add in power. Shape (n, panel).
    repeats, period
        How often the link repeats, and its length; negative repeats add in power. Shape (n,). [1, m]
    spacing
        Step of the table in phase mismatch. Shape (n,). [1/m]
    slope, area
        Squared link function and its integral from zero mismatch. Shape (n, channel, point). [m^2, m]
    tail
        Saturated area, and coefficients of the square's expansion in powers -2 and -4 of the mismatch.
        Shape (n, channel, 3). [m, 1, 1/m^2]
    """
    for d in range(position.shape[0]):
        _fill_table(
            position[d], length[d], start[d], end[d], group[d], repeats[d], period[d], spacing[d], slope[d], area[d]
        )
        for channel in range(start.shape[1]):
            tail[d, channel, 0] = _saturation(length[d], start[d, channel], end[d, channel]) * abs(repeats[d])
            tail[d, channel, 1] = _jumps(group[d], start[d, channel], end[d, channel], repeats[d])
            last = (area.shape[2] - 1) * spacing[d]
            rest = tail[d, channel, 0] - area[d, channel, -1] - tail[d, channel, 1] / last
            tail[d, channel, 2] = 3.0 * last**3 * rest


@kernel
def _fill_table(
    position: FloatArray,
    length: FloatArray,
    start: FloatArray,
    end: FloatArray,
    group: FloatArray,
    repeats: float,
    period: float,
    spacing: float,
    slope: FloatArray,
    area: FloatArray,
) -> None:
    channels, points = slope.shape
    square = np.empty(channels)
    rate = np.empty(start.shape)
    for channel in range(channels):
        area[channel, 0] = 0.0
        for panel in range(length.shape[0]):
            rate[channel, panel] = math.log(start[channel, panel] / end[channel, panel]) / length[panel]
    for point in range(points):
        _link_square(point * spacing, position, length, start, end, rate, group, repeats, period, square)
        slope[:, point] = square
        if point + 1 < points:
            area[:, point + 1] = area[:, point]
            for node in range(TABLE_NODES.size):
                mismatch = (point + 0.5 + 0.5 * TABLE_NODES[node]) * spacing
                _link_square(mismatch, position, length, start, end, rate, group, repeats, period, square)
                for channel in range(channels):
                    area[channel, point + 1] += 0.5 * spacing * TABLE_WEIGHTS[node] * square[channel]


@kernel
def _link_square(
    mismatch: float,
    position: FloatArray,
    length: FloatArray,
    start: FloatArray,
    end: FloatArray,
    rate: FloatArray,
    group: FloatArray,
    repeats: float,
    period: float,
    square: FloatArray,
) -> None:
    """Square of the integral of relative power times exp(j mismatch z); Eq. (3.1) of [1]_, [2]_."""
    channels, panels = start.shape
    real, imag = np.zeros(channels), np.zeros(channels)
    square[:] = 0.0
    for panel in range(panels):
        if panel > 0 and group[panel] != group[panel - 1]:
            for channel in range(channels):
                square[channel] += real[channel] ** 2 + imag[channel] ** 2
                real[channel] = imag[channel] = 0.0
        cos0, sin0 = math.cos(mismatch * position[panel]), math.sin(mismatch * position[panel])
        stop = position[panel] + length[panel]
        cos1, sin1 = math.cos(mismatch * stop), math.sin(mismatch * stop)
        for channel in range(channels):
            decay = rate[channel, panel]
            size = decay * decay + mismatch * mismatch
            if size * length[panel] ** 2 > 1e-10:  # (w1 e^{j phi z1} - w0 e^{j phi z0}) / (j phi - a)
                up = end[channel, panel] * cos1 - start[channel, panel] * cos0
                across = end[channel, panel] * sin1 - start[channel, panel] * sin0
                real[channel] += (-decay * up + mismatch * across) / size  # Eq. (1)
                imag[channel] += (-decay * across - mismatch * up) / size
            else:  # the limit without loss and mismatch, to second order
                mean = 0.5 * (start[channel, panel] + end[channel, panel]) * length[panel]
                real[channel] += mean * 0.5 * (cos0 + cos1)
                imag[channel] += mean * 0.5 * (sin0 + sin1)
    factor = _array_factor(mismatch * period, repeats)
    for channel in range(channels):
        square[channel] = factor * (square[channel] + real[channel] ** 2 + imag[channel] ** 2)


@kernel
def _array_factor(phase: float, repeats: float) -> float:
    """Power of a sum of equal fields a phase apart: sin^2(N phase/2)/sin^2(phase/2)."""
    half = 0.5 * phase
    half -= math.pi * math.floor(half / math.pi + 0.5)
    if repeats < 0.0:
        return -repeats
    if abs(half) * repeats < 1e-5:
        return repeats * repeats * (1.0 - (repeats * repeats - 1.0) * half * half / 3.0)
    return (math.sin(repeats * half) / math.sin(half)) ** 2  # Eq. (2)


@kernel
def _saturation(length: FloatArray, start: FloatArray, end: FloatArray) -> float:
    """Integral of the squared link function over all positive mismatches (Parseval)."""
    total = 0.0
    for panel in range(length.size):
        ratio = math.log(start[panel] / end[panel])
        if abs(ratio) > 1e-6:
            total += length[panel] * (start[panel] ** 2 - end[panel] ** 2) / (2.0 * ratio)
        else:
            total += length[panel] * start[panel] * end[panel]
    return math.pi * total  # Eq. (3)


@kernel
def _jumps(group: FloatArray, start: FloatArray, end: FloatArray, repeats: float) -> float:
    """Sum of the squared jumps of the profile, which rule the link function at large mismatch."""
    last = start.size - 1
    total = start[0] ** 2 + end[last] ** 2
    for panel in range(last):
        if group[panel] == group[panel + 1]:
            total += (start[panel + 1] - end[panel]) ** 2  # Eq. (4)
        else:
            total += start[panel + 1] ** 2 + end[panel] ** 2
    if repeats < 0.0:
        return float(-repeats * total)
    return float(repeats * total - (repeats - 1.0) * 2.0 * start[0] * end[last])


@kernel
def gn_density(
    offset: FloatArray,
    cut: FloatArray,
    frequency: FloatArray,
    symbol_rate: FloatArray,
    density: FloatArray,
    dispersion: FloatArray,
    dispersion_slope: FloatArray,
    step_edge: FloatArray,
    step_level: FloatArray,
    spacing: FloatArray,
    slope: FloatArray,
    area: FloatArray,
    tail: FloatArray,
    node: FloatArray,
    weight: FloatArray,
    resolution: FloatArray,
    everything: FloatArray,
    out: FloatArray,
) -> None:
    """Double integral of the GN model at chosen frequencies, without 16/27 and the nonlinear coefficient.

    Parameters
    ----------
    offset, cut
        Frequency from the centre of the observed channel, and that channel's number. Shape (n, point). [Hz, 1]
    frequency, symbol_rate, density
        Channels in ascending order: centre, symbol rate, power density of both polarisations.
        Shape (n, channel). [Hz, Hz, W/Hz]
    dispersion, dispersion_slope
        Second derivative of the propagation constant in angular frequency at the channel's centre, and its
        derivative in frequency. Shape (n, channel). [s^2/m, s^3/m]
    step_edge, step_level
        Staircase of a channel's spectrum: edges in symbol rates, levels relative to the density.
        Shapes (n, edge), (n, step) with one edge more than steps.
    spacing, slope, area, tail
        Table of `link_table`.
    node, weight
        Gauss-Legendre rule for each panel of the first field's offset. Shape (n, node).
    resolution
        Phase mismatch that one panel of the quadrature may span. Shape (n,). [1/m]
    everything
        1 for all triples of fields, 0 for self- and cross-phase modulation alone. Shape (n,).
    out
        Integral. Shape (n, point). [W^3 m^2/Hz]
    """
    for d in range(offset.shape[0]):
        low, high, level = _staircase(frequency[d], symbol_rate[d], density[d], step_edge[d], step_level[d])
        steps = step_level.shape[1]
        spectrum = (low, high, level, steps, frequency[d], dispersion[d], dispersion_slope[d])
        table = (spacing[d], slope[d], area[d], tail[d])
        for point in range(offset.shape[1]):
            own = int(cut[d, point])
            f = frequency[d, own] + offset[d, point]
            out[d, point] = _density_at(f, own, spectrum, table, node[d], weight[d], resolution[d], everything[d] > 0.0)


@kernel
def _staircase(
    frequency: FloatArray, symbol_rate: FloatArray, density: FloatArray, edge: FloatArray, level: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Lower and upper edges, and levels, of all steps of all channels."""
    steps = level.size
    size = frequency.size * steps
    lows, highs, levels = np.empty(size), np.empty(size), np.empty(size)
    for index in range(size):
        channel, step = index // steps, index % steps
        lows[index] = frequency[channel] + symbol_rate[channel] * edge[step]
        highs[index] = frequency[channel] + symbol_rate[channel] * edge[step + 1]
        levels[index] = density[channel] * level[step]
    return lows, highs, levels


@kernel
def _density_at(
    f: float,
    own: int,
    spectrum: Staircase,
    table: Table,
    node: FloatArray,
    weight: FloatArray,
    resolution: float,
    everything: bool,
) -> float:
    """Sum over the channel of the first field; the symmetric half |f2 - f| > |f1 - f| is counted by the 2."""
    low, high, level, steps, frequency, dispersion, _ = spectrum
    own0, own1 = own * steps, (own + 1) * steps
    reach = 0.5 * (high[own1 - 1] - low[own0])
    farthest = table[0] * (table[1].shape[1] - 1)
    breaks = np.empty(6 * low.size + 2 * (GRADES + LAYERS) + 16)
    total = 0.0
    for first in range(frequency.size):
        third0, third1 = first * steps, (first + 1) * steps
        # without four-wave mixing f2 is in the observed channel, and f3 in the channel of f1
        ranges = (0, low.size, 0, low.size) if everything else (own0, own1, third0, third1)
        limited = everything or first == own
        for step in range(third0, third1):
            count = _breaks(f, step, (own0, own1, third0, third1), limited, low, high, breaks)
            for panel in range(count - 1):
                left, width = breaks[panel], breaks[panel + 1] - breaks[panel]
                turn = 4.0 * math.pi**2 * abs(dispersion[first]) * reach
                nearest = min(abs(left), abs(left + width))
                # beyond the table the link function is smooth: nothing to resolve
                parts = 1 if turn * nearest > farthest else 1 + int(turn * width / resolution)
                for part in range(parts):
                    for point in range(node.size):
                        x = left + width * (part + 0.5 + 0.5 * node[point]) / parts
                        limit = abs(x) if limited else math.inf
                        inner = _inner(f, x, first, limit, ranges, spectrum, table)
                        # Eq. (1) of docs/theory/nonlinear-interference
                        total += level[step] * weight[point] * 0.5 * width / parts * inner
    return 2.0 * total


@kernel
def _breaks(
    f: float,
    step: int,
    edges: Ranges,
    limited: bool,
    low: FloatArray,
    high: FloatArray,
    breaks: FloatArray,
) -> int:
    """Offsets of the first field where the inner integral has a kink, in ascending order."""
    own0, own1, third0, third1 = edges
    left, right = low[step] - f, high[step] - f
    breaks[0], breaks[1] = left, right
    count = 2
    part = right - left
    narrow = part < 0.2 * (high[third1 - 1] - low[third0])  # a step of a flank
    for _ in range(0 if narrow else LAYERS):  # beside an edge the resonance at y = 0 is cut off within a narrow layer
        part *= 0.25
        count = _add_break(left + part, left, right, count, breaks)
        count = _add_break(right - part, left, right, count, breaks)
    for own in (low[own0], high[own1 - 1]):
        for third in range(max(third0 - 1, 0), min(third1 + 1, low.size)):  # an edge of f3 meets an edge of f2
            count = _add_break(low[third] - own, left, right, count, breaks)
            count = _add_break(high[third] - own, left, right, count, breaks)
    if limited:
        for index in range(low.size):  # f3 = f + 2 x at the rim of the symmetric half
            count = _add_break(0.5 * (low[index] - f), left, right, count, breaks)
            count = _add_break(0.5 * (high[index] - f), left, right, count, breaks)
        reach = high[own1 - 1] - low[own0]
        for _ in range(GRADES):
            reach *= 0.5
            count = _add_break(reach, left, right, count, breaks)
            count = _add_break(-reach, left, right, count, breaks)
        count = _add_break(0.0, left, right, count, breaks)
    breaks[:count].sort()
    return count


@kernel
def _add_break(value: float, left: float, right: float, count: int, breaks: FloatArray) -> int:
    if left < value < right:
        breaks[count] = value
        return count + 1
    return count


@kernel
def _inner(f: float, x: float, first: int, limit: float, ranges: Ranges, spectrum: Staircase, table: Table) -> float:
    """Integral over the second field's offset y, |y| <= limit, for one offset x of the first."""
    low, high, level, steps, frequency, dispersion, dispersion_slope = spectrum
    spacing, slope, area, tail = table
    i, stop, k, third_stop = ranges
    beta = dispersion[first] + dispersion_slope[first] * (f + x - frequency[first])
    scale = 4.0 * math.pi**2 * x  # Phi = 4 pi^2 x y beta2((f1 + f2)/2)
    total = 0.0
    while i < stop and k < third_stop:
        lower = max(low[i] - f, low[k] - f - x, -limit)
        upper = min(high[i] - f, high[k] - f - x, limit)
        if lower > limit:
            break
        if upper > lower:
            second, third = i // steps, k // steps
            # half-way between f1 and f2 the dispersion is the mean of both values
            # beta_2 of Eq. (5)
            base = 0.5 * (beta + dispersion[second] + dispersion_slope[second] * (f - frequency[second]))
            tilt = 0.5 * dispersion_slope[second]
            own = (spacing, slope[third], area[third], tail[third])
            split = min(max(0.0, lower), upper)
            inside = _strip(lower, split, scale, base, tilt, own) + _strip(split, upper, scale, base, tilt, own)
            total += level[i] * level[k] * inside
        if high[i] - f <= high[k] - f - x:
            i += 1
        else:
            k += 1
    return total


@kernel
def _strip(
    lower: float,
    upper: float,
    scale: float,
    base: float,
    tilt: float,
    table: Table,
) -> float:
    """Integral of the squared link function along y, in parts over which the dispersion hardly changes."""
    if upper <= lower:
        return 0.0
    change = abs(tilt) * (upper - lower)
    size = abs(base + tilt * lower) + abs(base + tilt * upper)
    parts = 1 if 20.0 * change <= size else min(64, 1 + int(20.0 * change / (size + 1e-3 * change)))
    total, width = 0.0, (upper - lower) / parts
    phase = scale * lower * (base + tilt * lower)
    before = _area_at(phase, table)
    for part in range(parts):
        y = lower + width * (part + 1)
        following = scale * y * (base + tilt * y)
        after = _area_at(following, table)
        if abs(following - phase) > 1e-9 * (abs(following) + abs(phase)) + 1e-12 * table[0]:
            total += width * (after - before) / (following - phase)  # Eq. (6)
        else:
            total += width * _slope_at(phase, table)
        phase, before = following, after
    return total


@kernel
def _area_at(phase: float, table: Table) -> float:
    """Running integral of the squared link function: cubic from values and slopes, then its expansion."""
    spacing, slope, area, tail = table
    place = abs(phase) / spacing
    if place >= area.size - 1:
        inverse = 1.0 / abs(phase)
        value = tail[0] - inverse * (tail[1] + tail[2] * inverse * inverse / 3.0)  # integral of Eq. (4)
    else:
        cell = int(place)
        t = place - cell
        step = area[cell + 1] - area[cell]
        first, last = slope[cell] * spacing, slope[cell + 1] * spacing
        value = area[cell] + t * (first + t * (3.0 * step - 2.0 * first - last + t * (first + last - 2.0 * step)))
    return math.copysign(value, phase)


@kernel
def _slope_at(phase: float, table: Table) -> float:
    spacing, slope, _, tail = table
    place = abs(phase) / spacing
    if place >= slope.size - 1:
        return float((tail[1] + tail[2] / (phase * phase)) / (phase * phase))  # Eq. (4) and the next order
    cell = int(place)
    return float(slope[cell] + (place - cell) * (slope[cell + 1] - slope[cell]))
