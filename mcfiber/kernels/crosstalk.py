"""Mean crosstalk between cores: coupled-power equations, chains of spans, either direction.

The powers in the cores obey ``dP/dz = (H - diag(alpha)) P`` with ``H[m, n] = h[m, n]`` the power that core
`m` takes from core `n` per metre, and ``H[n, n] = -sum_m h[m, n]``, so that coupling loses nothing [1]_.

Notes
-----
With ``T[m, n]`` the power transfer of an element, s the part that its amplifier undoes and p the launch powers:

(1) ``T[m, n] p[n]/(s[m] p[m])``, the element in units of the launch power of each core;
(2) ``X[m, n] = C[m, n]/C[m, m]``, crosstalk over signal after the product C of all elements;
(3) ``sum_(n != m) X[m, n] p[n]/p[m]``, crosstalk from the lit neighbours.

References
----------
.. [1] M. Koshiba, K. Saitoh, K. Takenaga, S. Matsuo, "Analytical expression of average power-coupling
   coefficients for estimating intercore crosstalk in multicore fibers," IEEE Photonics J. 4, 1987 (2012),
   :doi:`10.1109/JPHOT.2012.2221085`.
.. [3] E. Brinkmeyer, "Analysis of the backscattering method for single-mode optical fibers," J. Opt. Soc. Am. 70, 1010
   (1980).
.. [2] M. Abramowitz, I. A. Stegun (editors), "Handbook of Mathematical Functions," National Bureau of Standards, 1964.
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.typing import FloatArray, IntArray

# A term below this part of every entry is the last; those left out are at most half of it together.
NEGLIGIBLE = 2.0**-52
# Above this exponent the series is taken of a fraction of the length, and the result squared.
LARGEST_EXPONENT = 4.0
# Designs computed side by side, in the lanes of the processor's vectors.
LANES = 32
# Gauss-Legendre rule of 8 points on [-1, 1]: positive nodes and weights (Abramowitz and Stegun, table 25.4).
NODES = (0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363)
WEIGHTS = (0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763)


@kernel("(core_out,core_in),(core_out),()->(core_out,core_in)")
def coupled_power_transfer(h: FloatArray, attenuation: FloatArray, length: FloatArray, out: FloatArray) -> None:
    """Power transfer matrix of a length of fibre, ``expm((H - diag(attenuation)) length)``.

    Summed as ``exp(-s) expm(H length + s)``, whose terms are all positive: every entry keeps its relative
    accuracy, whether ``h length`` is 1e-15 or 10.  Pairs of cores that couple in no design of a block cost
    nothing, and a design equal to the one before it is copied.

    Parameters
    ----------
    h
        Power that core_out takes from core_in; the diagonal is not read. Shape (n, core_out, core_in). [1/m]
    attenuation
        Power attenuation of every core. Shape (n, core_out). [1/m]
    length
        Length of the fibre. Shape (n,). [m]
    out
        Power in core_out for unit power launched into core_in. Shape (n, core_out, core_in). [1]
    """
    count, cores = h.shape[0], h.shape[1]
    width = min(LANES, count)
    value = np.empty((cores * cores, width))  # H length + s in compressed rows, for the designs of a block
    column = np.empty(cores * cores, np.int64)
    start = np.empty(cores + 1, np.int64)
    total = np.empty((cores, cores, width))
    term = np.empty((cores, cores, width))
    other = np.empty((cores, cores, width))
    exponent = np.empty((cores + 2, width))  # of every core; then their largest; then the common loss
    lane_of = np.zeros(width, np.int64)
    first = 0
    while first < count:
        # A block: up to `width` designs that differ, and the repetitions between them.
        lanes, last = 0, first
        while last < count:
            if last == first or not _same_design(h, attenuation, length, last):
                if lanes == width:
                    break
                lane_of[lanes] = last
                lanes += 1
            last += 1
        for lane in range(lanes, width):
            lane_of[lane] = lane_of[0]
        doublings = _exponents(h, attenuation, length, lane_of, exponent)
        _compressed(h, length, lane_of, exponent, 0.5**doublings, value, column, start)
        _positive_exponential(value, column, start, total, term, other)
        for lane in range(width):
            factor = math.exp(-exponent[cores, lane] * 0.5**doublings)
            for m in range(cores):
                for n in range(cores):
                    total[m, n, lane] *= factor
        for _ in range(doublings):  # products of non-negative matrices: no cancellation either
            _squares(total, other)
            total, other = other, total
        for lane in range(lanes):
            i = lane_of[lane]
            factor = math.exp(-exponent[cores + 1, lane])
            for m in range(cores):
                for n in range(cores):
                    out[i, m, n] = total[m, n, lane] * factor  # solution of Eq. (1) of docs/theory/crosstalk
        for i in range(first + 1, last):
            if _same_design(h, attenuation, length, i):
                for m in range(cores):
                    for n in range(cores):
                        out[i, m, n] = out[i - 1, m, n]
        first = last


_power_transfer = coupled_power_transfer.compiled  # as other kernels call it


@kernel
def _same_design(h: FloatArray, attenuation: FloatArray, length: FloatArray, i: int) -> bool:
    cores = h.shape[1]
    if length[i] != length[i - 1]:
        return False
    for m in range(cores):
        if attenuation[i, m] != attenuation[i - 1, m]:
            return False
        for n in range(cores):
            if h[i, m, n] != h[i - 1, m, n]:
                return False
    return True


@kernel
def _exponents(
    h: FloatArray, attenuation: FloatArray, length: FloatArray, lane_of: IntArray, exponent: FloatArray
) -> int:
    """What each core loses beyond the common loss; the number of halvings that makes it small."""
    cores, width = h.shape[1], exponent.shape[1]
    doublings = 0
    for lane in range(width):
        i = lane_of[lane]
        least = attenuation[i, 0]
        for n in range(cores):
            least = min(least, attenuation[i, n])
        shift = 0.0
        for n in range(cores):
            exponent[n, lane] = attenuation[i, n] - least
        for m in range(cores):
            for n in range(cores):
                if m != n:
                    exponent[n, lane] += h[i, m, n]  # diagonal of Eq. (1) of docs/theory/crosstalk
        for n in range(cores):
            exponent[n, lane] *= length[i]
            shift = max(shift, exponent[n, lane])
        exponent[cores, lane] = shift
        exponent[cores + 1, lane] = least * length[i]
        while shift * 0.5**doublings > LARGEST_EXPONENT and doublings < 60:
            doublings += 1
    return doublings


@kernel
def _compressed(
    h: FloatArray,
    length: FloatArray,
    lane_of: IntArray,
    exponent: FloatArray,
    scale: float,
    value: FloatArray,
    column: IntArray,
    start: IntArray,
) -> None:
    """Rows of ``(H length + s) scale`` without the entries that are zero in all designs of the block."""
    cores, width = h.shape[1], exponent.shape[1]
    filled = 0
    for m in range(cores):
        start[m] = filled
        for n in range(cores):
            used = 0
            for lane in range(width):
                i = lane_of[lane]
                # Eq. (1) of docs/theory/crosstalk, shifted
                entry = exponent[cores, lane] - exponent[m, lane] if m == n else h[i, m, n] * length[i]
                value[filled, lane] = entry * scale
                used += int(entry != 0.0)
            if used > 0:
                column[filled] = n
                filled += 1  # otherwise the next entry overwrites these zeros
    start[cores] = filled


@kernel
def _positive_exponential(
    value: FloatArray,
    column: IntArray,
    start: IntArray,
    total: FloatArray,
    term: FloatArray,
    other: FloatArray,
) -> None:
    """Exponential of non-negative matrices B in compressed rows.

    Once a term is below `NEGLIGIBLE` times the sum in every entry, all later terms are too: from
    ``B^k/k! <= c sum_{j<=k} B^j/j!`` follows the same for k + 1, entry by entry, because B >= 0.
    """
    cores, width = total.shape[0], total.shape[2]
    for m in range(cores):
        for n in range(cores):
            for lane in range(width):
                term[m, n, lane] = 0.0
                total[m, n, lane] = 1.0 if m == n else 0.0
        for position in range(start[m], start[m + 1]):  # the term of order 1
            for lane in range(width):
                term[m, column[position], lane] = value[position, lane]
                total[m, column[position], lane] += value[position, lane]
    order = 2
    more = True
    while more and order < 1000:  # NaN and infinity end here
        over = 1.0 / order
        pending = 0
        for m in range(cores):
            for n in range(cores):
                for lane in range(width):
                    other[m, n, lane] = 0.0
            if width == 1:
                _add_rows(value[:, 0], column, start[m], start[m + 1], term.reshape(cores, cores), other[m, :, 0])
            for position in range(start[m], start[m + 1] if width > 1 else start[m]):
                row, weight = column[position], value[position]
                for n in range(cores):
                    target, source = other[m, n], term[row, n]
                    for lane in range(width):
                        target[lane] += weight[lane] * source[lane]
            for n in range(cores):
                target, result = other[m, n], total[m, n]
                for lane in range(width):
                    target[lane] *= over
                    result[lane] += target[lane]
                    pending += int(target[lane] > NEGLIGIBLE * result[lane])
        more = pending > 0
        term, other = other, term
        order += 1


@kernel
def _add_rows(weight: FloatArray, column: IntArray, first: int, last: int, matrix: FloatArray, out: FloatArray) -> None:
    """Sum of weighted rows of a matrix: the product of a compressed row with it, for a design alone."""
    cores = matrix.shape[1]
    sums = np.zeros(cores)
    for position in range(first, last):
        row, factor = column[position], weight[position]
        for n in range(cores):
            sums[n] += factor * matrix[row, n]
    for n in range(cores):
        out[n] = sums[n]


@kernel
def _squares(matrix: FloatArray, out: FloatArray) -> None:
    """Squares of the matrices of a block."""
    cores, width = matrix.shape[0], matrix.shape[2]
    for m in range(cores):
        for n in range(cores):
            for lane in range(width):
                out[m, n, lane] = 0.0
        for k in range(cores):
            weight = matrix[m, k]
            for n in range(cores):
                target, source = out[m, n], matrix[k, n]
                for lane in range(width):
                    target[lane] += weight[lane] * source[lane]


@kernel
def _product(left: FloatArray, right: FloatArray, out: FloatArray) -> None:
    cores = left.shape[0]
    for m in range(cores):
        for n in range(cores):
            out[m, n] = 0.0
        for k in range(cores):
            weight = left[m, k]
            if weight != 0.0:
                for n in range(cores):
                    out[m, n] += weight * right[k, n]


@kernel
def _levelled(transfer: FloatArray, survival: FloatArray, power: FloatArray, out: FloatArray) -> None:
    """One element and its amplifier, with powers counted in units of the launch power of each core."""
    cores = transfer.shape[0]
    for m in range(cores):
        gain = 1.0 / (survival[m] * power[m])
        for n in range(cores):
            out[m, n] = transfer[m, n] * power[n] * gain  # Eq. (1)


@kernel
def _ratio(chain: FloatArray, out: FloatArray) -> None:
    """Crosstalk over signal: what came from another core against what stayed in its own."""
    cores = chain.shape[0]
    for m in range(cores):
        over = 1.0 / chain[m, m]
        for n in range(cores):
            out[m, n] = 0.0 if m == n else chain[m, n] * over  # Eq. (2)


@kernel("(span,core_out,core_in),(span,core_out),(span,core_out)->(core_out,core_in)")
def accumulated_crosstalk(transfer: FloatArray, survival: FloatArray, power: FloatArray, out: FloatArray) -> None:
    """Crosstalk over signal power after a chain of spans, each ending in an amplifier for every core.

    An amplifier undoes what its core lost in the span and sets the power of the next launch, so a span
    counts as ``transfer[m, n] power[n] / (survival[m] power[m])``.  Lumped elements (splice, fan-out,
    multicore amplifier) are elements of the chain like spans.

    Parameters
    ----------
    transfer
        Power transfer matrices in the order in which light meets them.
        Shape (n, span, core_out, core_in). [1]
    survival
        Part of the power of a core that the amplifier takes the span to let through, ``exp(-alpha L)``.
        Shape (n, span, core_out). [1]
    power
        Launch power of every core into every span (only ratios matter). Shape (n, span, core_out). [W]
    out
        Power that began in core_in over power that began in core_out, at the end of core_out; zero on the
        diagonal. Shape (n, core_out, core_in). [1]
    """
    cores = transfer.shape[2]
    element = np.empty((cores, cores))
    chain = np.empty((cores, cores))
    other = np.empty((cores, cores))
    for i in range(transfer.shape[0]):
        _levelled(transfer[i, 0], survival[i, 0], power[i, 0], chain)
        for span in range(1, transfer.shape[1]):
            _levelled(transfer[i, span], survival[i, span], power[i, span], element)
            _product(element, chain, other)
            chain, other = other, chain
        _ratio(chain, out[i])


@kernel("(core_out,core_in),(core_out),(core_out),()->(core_out,core_in)")
def repeated_crosstalk(
    transfer: FloatArray, survival: FloatArray, power: FloatArray, spans: FloatArray, out: FloatArray
) -> None:
    """Crosstalk over signal power after equal spans, by repeated squaring.

    Parameters
    ----------
    transfer, survival, power
        As in `accumulated_crosstalk`, without the dimension span.
    spans
        Number of spans, at least 1. Shape (n,). [1]
    out
        As in `accumulated_crosstalk`. Shape (n, core_out, core_in). [1]
    """
    cores = transfer.shape[1]
    element = np.empty((cores, cores))
    chain = np.empty((cores, cores))
    other = np.empty((cores, cores))
    for i in range(transfer.shape[0]):
        _levelled(transfer[i], survival[i], power[i], element)
        left = int(spans[i])
        empty = True
        while left > 0:
            if left % 2 == 1:
                if empty:
                    for m in range(cores):
                        for n in range(cores):
                            chain[m, n] = element[m, n]
                    empty = False
                else:
                    _product(element, chain, other)
                    chain, other = other, chain
            left //= 2
            if left > 0:
                _product(element, element, other)
                element, other = other, element
        _ratio(chain, out[i])
        if empty:
            for m in range(cores):
                for n in range(cores):
                    out[i, m, n] = math.nan


@kernel("(core_out,core_in),(core_out),(core_out),()->(core_out,core_in)")
def backscattered_transfer(
    h: FloatArray, attenuation: FloatArray, backscatter: FloatArray, length: FloatArray, out: FloatArray
) -> None:
    """Power that comes back from a span after coupling and Rayleigh scattering, in either order.

    Light that enters at the far end goes a distance u, is scattered back into the guide of its core, and
    returns: ``int_0^L e^{A u} diag(r) e^{A u} du`` with the matrix A of the coupled-power equations. To first
    order in h this is, between cores of equal loss, ``h r [1 - (1 + 2 a L) e^{-2 a L}] / (2 a^2)``. The rule of
    Gauss and Legendre has positive weights, so small entries stay accurate.

    Parameters
    ----------
    h, attenuation, length
        As in `coupled_power_transfer`.
    backscatter
        Power scattered into the backward guided mode, the Rayleigh part of the attenuation times the capture
        fraction. Shape (n, core_out). [1/m]
    out
        Power that leaves core_out at the end where core_in was launched. Shape (n, core_out, core_in). [1]
    """
    cores = h.shape[1]
    for i in range(h.shape[0]):
        strength = 0.0
        for m in range(cores):
            strength = max(strength, attenuation[i, m])
            for n in range(cores):
                strength += h[i, m, n] / cores
        panels = 1 + int(0.5 * strength * length[i])
        nodes = 8 * panels
        place = np.empty(nodes)
        weight = np.empty(nodes)
        for panel in range(panels):
            for j in range(8):
                node = NODES[j // 2] if j % 2 == 0 else -NODES[j // 2]
                place[8 * panel + j] = (panel + 0.5 + 0.5 * node) * length[i] / panels  # Eq. (25.4.30) of [2]
                weight[8 * panel + j] = WEIGHTS[j // 2] * 0.5 * length[i] / panels
        coupling = np.empty((nodes, cores, cores))
        losses = np.empty((nodes, cores))
        for j in range(nodes):
            for m in range(cores):
                losses[j, m] = attenuation[i, m]
                for n in range(cores):
                    coupling[j, m, n] = h[i, m, n]
        going = np.empty((nodes, cores, cores))
        _power_transfer(coupling, losses, place, going)
        for m in range(cores):
            for n in range(cores):
                out[i, m, n] = 0.0
        for j in range(nodes):
            for m in range(cores):
                for k in range(cores):
                    part = weight[j] * going[j, m, k] * backscatter[i, k]  # Eq. (3) of docs/theory/crosstalk
                    for n in range(cores):
                        out[i, m, n] += part * going[j, k, n]


@kernel(
    "(span,core_out,core_in),(span,core_out,core_in),(span,core_out),(span,core_out),(core_out)->(core_out,core_in)"
)
def directional_crosstalk(
    transfer: FloatArray,
    returned: FloatArray,
    survival: FloatArray,
    power: FloatArray,
    direction: FloatArray,
    out: FloatArray,
) -> None:
    """Crosstalk over signal power where the cores carry light in either direction.

    Cores of the same direction disturb each other as in `accumulated_crosstalk`, also by way of a core of the
    other direction within a span; isolators of the amplifiers stop what would go on through that core.
    Cores of the other direction disturb by what is scattered back, span by span.

    Parameters
    ----------
    transfer, survival, power
        As in `accumulated_crosstalk`, spans numbered in the direction +1.
        Shapes (n, span, core_out, core_in), (n, span, core_out), (n, span, core_out).
    returned
        What is scattered back, from `backscattered_transfer`. Shape (n, span, core_out, core_in). [1]
    direction
        +1 or -1 for every core. Shape (n, core_out).
    out
        Crosstalk at the end of core_out, where its own light leaves, from the signal of core_in over its own;
        zero on the diagonal. Shape (n, core_out, core_in). [1]
    """
    spans, cores = transfer.shape[1], transfer.shape[2]
    element = np.empty((cores, cores))
    back = np.empty((cores, cores))
    chain = np.empty((cores, cores))
    other = np.empty((cores, cores))
    for i in range(transfer.shape[0]):
        for way in (1.0, -1.0):
            for m in range(cores):
                for n in range(cores):
                    chain[m, n] = 1.0 if m == n and direction[i, n] == way else 0.0
            for step in range(spans):
                span = step if way > 0.0 else spans - 1 - step
                _levelled(transfer[i, span], survival[i, span], power[i, span], element)
                _levelled(returned[i, span], survival[i, span], power[i, span], back)
                _product(element, chain, other)
                for m in range(cores):
                    for n in range(cores):
                        if direction[i, m] != way:
                            chain[m, n] = 0.0  # isolators
                        elif direction[i, n] != way:
                            chain[m, n] = other[m, n] + back[m, n]
                        else:
                            chain[m, n] = other[m, n]
            for m in range(cores):
                if direction[i, m] == way:
                    for n in range(cores):
                        out[i, m, n] = 0.0 if m == n else chain[m, n] / chain[m, m]  # Eq. (2)


@kernel("(core_out,core_in),(core_in)->(core_out)")
def summed_over_lit(pairs: FloatArray, lit: FloatArray, out: FloatArray) -> None:
    """Crosstalk of every core from the neighbours that are lit.

    Parameters
    ----------
    pairs
        Crosstalk of every pair at equal powers. Shape (n, core_out, core_in). [1]
    lit
        Power of every core in units of the disturbed one's. Shape (n, core_in). [1]
    out
        Shape (n, core_out). [1]
    """
    for i in range(pairs.shape[0]):
        for m in range(pairs.shape[1]):
            total = 0.0
            for n in range(pairs.shape[2]):
                if n != m:
                    total += pairs[i, m, n] * lit[i, n]  # Eq. (3)
            out[i, m] = total


@kernel("(core_out,core_in),(core_out,position),(core_out),(),(core_out),()->(core_out,core_in)")
def amplified_crosstalk(
    h: FloatArray,
    level: FloatArray,
    backscatter: FloatArray,
    reflection: FloatArray,
    direction: FloatArray,
    length: FloatArray,
    out: FloatArray,
) -> None:
    """Crosstalk over signal of one span whose power profile is given, to first order in the coupling.

    Cores of the same direction: ``h int exp(K_n(z) - K_m(z)) dz`` with the log of the power K along either core.  Of
    the other direction, with a(z) the log power of the disturbing light where the disturbed has come to z, what is
    coupled and then scattered back, and what is scattered back and then coupled [1]_ [3]_:
    ``h int dz' int_(z > z') dz [r_m e^(a(z) + K_m(z) - 2 K_m(z')) + r_n e^(2 a(z') - a(z) - K_m(z))]``; a reflection is
    the same scattering at the one place where the disturbing light leaves, z' = 0.

    Parameters
    ----------
    h
        Power that core_out takes from core_in; the diagonal is not read. Shape (n, core_out, core_in). [1/m]
    level
        Natural logarithm of the power at even distances along the direction of the core's own light, any reference.
        Shape (n, core_out, position).
    backscatter
        As in `backscattered_transfer`. Shape (n, core_out). [1/m]
    reflection
        Of power at either end of every core. Shape (n,). [1]
    direction
        +1 or -1 for every core. Shape (n, core_out).
    length
        Of the fibre. Shape (n,). [m]
    out
        At equal powers into the fibre. Shape (n, core_out, core_in). [1]
    """
    cores, count = level.shape[1], level.shape[2]
    for i in range(h.shape[0]):
        step = length[i] / (count - 1)
        for m in range(cores):
            for n in range(cores):
                total = 0.0
                if m != n and h[i, m, n] > 0.0:
                    own, other = level[i, m], level[i, n]
                    coupled, scattered = 0.0, 0.0  # inner integrals from z' to the end
                    before_coupled, before_scattered, light = 0.0, 0.0, 0.0
                    for place in range(count - 1, -1, -1):
                        weight = step * (0.5 if place in (0, count - 1) else 1.0)
                        signal = own[place] - own[0]
                        if direction[i, m] == direction[i, n]:
                            total += weight * math.exp(other[place] - other[0] - signal)
                            continue
                        light = other[count - 1 - place] - other[0]
                        now_coupled, now_scattered = math.exp(light + signal), math.exp(-light - signal)
                        if place < count - 1:
                            coupled += 0.5 * step * (now_coupled + before_coupled)
                            scattered += 0.5 * step * (now_scattered + before_scattered)
                        before_coupled, before_scattered = now_coupled, now_scattered
                        first = backscatter[i, m] * math.exp(-2.0 * signal) * coupled
                        total += weight * (first + backscatter[i, n] * math.exp(2.0 * light) * scattered)
                    if direction[i, m] != direction[i, n]:
                        total += reflection[i] * (coupled + math.exp(2.0 * light) * scattered)
                    total *= h[i, m, n]
                out[i, m, n] = total
