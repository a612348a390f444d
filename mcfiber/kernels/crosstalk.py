"""Mean crosstalk between cores: coupled-power equations, chains of spans, and h from a measurement.

The powers in the cores obey ``dP/dz = (H - diag(alpha)) P`` with ``H[m, n] = h[m, n]`` the power that core
`m` takes from core `n` per metre, and ``H[n, n] = -sum_m h[m, n]``, so that coupling loses nothing [1]_.

References
----------
.. [1] M. Koshiba, K. Saitoh, K. Takenaga, S. Matsuo, "Analytical expression of average power-coupling
   coefficients for estimating intercore crosstalk in multicore fibers," IEEE Photonics J. 4, 1987 (2012),
   :doi:`10.1109/JPHOT.2012.2221085`.
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


@kernel
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
        lane_of[lanes:] = lane_of[0]
        doublings = _exponents(h, attenuation, length, lane_of, exponent)
        _compressed(h, length, lane_of, exponent, 0.5**doublings, value, column, start)
        _positive_exponential(value, column, start, total, term, other)
        for lane in range(width):
            total[:, :, lane] *= math.exp(-exponent[cores, lane] * 0.5**doublings)
        for _ in range(doublings):  # products of non-negative matrices: no cancellation either
            _squares(total, other)
            total, other = other, total
        for lane in range(lanes):
            i = lane_of[lane]
            factor = math.exp(-exponent[cores + 1, lane])
            for m in range(cores):
                for n in range(cores):
                    out[i, m, n] = total[m, n, lane] * factor
        for i in range(first + 1, last):
            if _same_design(h, attenuation, length, i):
                out[i] = out[i - 1]
        first = last


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
                    exponent[n, lane] += h[i, m, n]
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
    total[:] = 0.0
    term[:] = 0.0
    for m in range(cores):
        total[m, m] = 1.0
        for position in range(start[m], start[m + 1]):  # the term of order 1
            term[m, column[position]] = value[position]
            total[m, column[position]] += value[position]
    order = 2
    more = True
    while more and order < 1000:  # NaN and infinity end here
        over = 1.0 / order
        pending = 0
        for m in range(cores):
            other[m] = 0.0
            for position in range(start[m], start[m + 1]):
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
def _squares(matrix: FloatArray, out: FloatArray) -> None:
    """Squares of the matrices of a block."""
    cores, width = matrix.shape[0], matrix.shape[2]
    out[:] = 0.0
    for m in range(cores):
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
            out[m, n] = transfer[m, n] * power[n] * gain


@kernel
def _ratio(chain: FloatArray, out: FloatArray) -> None:
    """Crosstalk over signal: what came from another core against what stayed in its own."""
    cores = chain.shape[0]
    for m in range(cores):
        over = 1.0 / chain[m, m]
        for n in range(cores):
            out[m, n] = 0.0 if m == n else chain[m, n] * over


@kernel
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


@kernel
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
                    chain[:] = element
                    empty = False
                else:
                    _product(element, chain, other)
                    chain, other = other, chain
            left //= 2
            if left > 0:
                _product(element, element, other)
                element, other = other, element
        if empty:
            out[i] = np.nan
        else:
            _ratio(chain, out[i])


@kernel
def coupling_from_crosstalk(crosstalk: FloatArray, neighbours: FloatArray, length: FloatArray, out: FloatArray) -> None:
    """Power coupling coefficient from a measured crosstalk, exactly.

    Inverts ``X = n (1 - e^{-(n+1) h L}) / (1 + n e^{-(n+1) h L})``, the crosstalk of a core with n equal
    neighbours, all lit; for one neighbour this is ``h = atanh(X) / L``.

    Parameters
    ----------
    crosstalk
        Crosstalk over signal power in the measured core, below n. Shape (n,). [1]
    neighbours
        Number of lit neighbours: 1 for the crosstalk of a pair. Shape (n,). [1]
    length
        Length of the measured fibre. Shape (n,). [m]
    out
        Power coupling coefficient; NaN where no h gives that crosstalk. Shape (n,). [1/m]
    """
    for i in range(crosstalk.shape[0]):
        x, n = crosstalk[i], neighbours[i]
        if x < 0.0 or x >= n:
            out[i] = np.nan
        else:
            out[i] = -math.log1p(-(n + 1.0) * x / (n * (1.0 + x))) / ((n + 1.0) * length[i])


@kernel
def star_crosstalk(h: FloatArray, neighbours: FloatArray, length: FloatArray, out: FloatArray) -> None:
    """Crosstalk of a core from n equal neighbours, all lit with the core's own power.

    Exact where the neighbours are equal among themselves (two cores, the centre of a ring): coupling among
    them cancels by symmetry.  ``tanh(h L)`` for one neighbour.

    Parameters
    ----------
    h
        Power coupling coefficient of core and neighbour. Shape (n,). [1/m]
    neighbours
        Number of lit neighbours. Shape (n,). [1]
    length
        Length of the fibre. Shape (n,). [m]
    out
        Crosstalk over signal power. Shape (n,). [1]
    """
    for i in range(h.shape[0]):
        n = neighbours[i]
        rise = -math.expm1(-(n + 1.0) * h[i] * length[i])
        out[i] = n * rise / (1.0 + n * (1.0 - rise))


@kernel
def unequal_loss_crosstalk(
    h: FloatArray,
    attenuation_of_signal: FloatArray,
    attenuation_of_aggressor: FloatArray,
    length: FloatArray,
    out: FloatArray,
) -> None:
    """Weak crosstalk between two cores of different loss, ``h (e^{(a_s - a_a) L} - 1) / (a_s - a_a)``.

    Parameters
    ----------
    h
        Power coupling coefficient. Shape (n,). [1/m]
    attenuation_of_signal, attenuation_of_aggressor
        Power attenuation of the disturbed core and of the disturbing one. Shape (n,). [1/m]
    length
        Length of the fibre. Shape (n,). [m]
    out
        Crosstalk over signal power at the end of the disturbed core, to first order in h. Shape (n,). [1]
    """
    for i in range(h.shape[0]):
        exponent = (attenuation_of_signal[i] - attenuation_of_aggressor[i]) * length[i]
        mean = math.expm1(exponent) / exponent if exponent != 0.0 else 1.0
        out[i] = h[i] * length[i] * mean
