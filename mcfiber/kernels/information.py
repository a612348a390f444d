"""How much a constellation carries over additive white Gaussian noise, and the rate a code makes of it.

Mutual information (MI) and generalised mutual information (GMI, bit-metric decoding) are differences of
entropies, and the entropies are integrals over the received value y, taken by the trapezoidal rule in
steps of a fifth of the noise's standard deviation.  The integrands are analytic and die off like a
Gaussian, so the rule converges exponentially; what is left (below 1e-10 bit) comes from the complex zeros
of p(y).  One pass over y serves all symbols, which a Gauss-Hermite rule around each symbol does not.

Notes
-----
(1) ``C = log2(1 + SNR)`` bit per two-dimensional symbol, the Shannon limit [1]_;
(2) ``MI = h(Y) - h(Y|X)``, mutual information [1]_;
(3) ``GMI = H(X) - sum_b H(B_b|Y)``, generalised mutual information of bit-metric decoding [2]_;
(4) ``NGMI = 1 - (H - GMI)/m``, for m bits a symbol [2]_;
(5) ``H - (1 - R_c) m``, bits that a code of rate R_c delivers;
(6) ``H(X) = -sum p log2 p``, entropy of the symbols [1]_;
(7) ``dGMI/dx = integral of sum_b log2 P(b(x)|y) dp(x, y)/dx``, the derivative of (3) by the place of a symbol x; those
    of the logarithms sum to zero, since probabilities sum to 1.

References
----------
.. [1] C. E. Shannon, "A mathematical theory of communication," Bell Syst. Tech. J. 27, 1948.
.. [2] A. Alvarado, T. Fehenberger, B. Chen, F. M. J. Willems, "Achievable information rates for fiber
   optics: applications and computations," J. Lightw. Technol. 36(2), 424-439, 2018.
.. [3] L. N. Trefethen, J. A. C. Weideman, "The exponentially convergent trapezoidal rule," SIAM Review
   56(3), 385-458, 2014.
.. [4] M. Abramowitz, I. A. Stegun (editors), "Handbook of Mathematical Functions," National Bureau of Standards, 1964.
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.typing import AnyArray, FloatArray

STEP = 0.2  # of the integration along a line, in standard deviations of the noise of one dimension
PLANE_STEP = 0.25  # in a plane: below 1e-8 bit
LINE_STEP = 0.1  # between lines of a decision
NIL = 1e-17  # a density that adds nothing
REACH = 8.5  # standard deviations after which a symbol's noise is nil: exp(-8.5**2 / 2) = 2e-16
NOISE_ENTROPY = 0.5 * math.log2(2.0 * math.pi * math.e)  # of a real Gaussian of unit variance, bit
ROOT_TWO = math.sqrt(2.0)
DENSITY = 1.0 / math.sqrt(2.0 * math.pi)


@kernel("(),[levels],[probabilities],[labels],[bits]->(),()")
def line_information(
    snr: FloatArray,
    levels: FloatArray,
    probabilities: FloatArray,
    labels: AnyArray,
    bits: int,
    mutual: FloatArray,
    generalised: FloatArray,
) -> None:
    """Information carried by one real dimension (pulse amplitudes).

    The constellation is shared by all n: it has no leading dimension.

    Parameters
    ----------
    snr
        Energy of a two-dimensional symbol over N0. Shape (n,).
    levels, probabilities
        Amplitudes, in units of the root of the symbol energy, and how often they are sent. Shape (level,).
    labels, bits
        Bits of each amplitude, as an integer, and their number. Shapes (level,) and ().
    mutual
        MI, H(X) - H(X|Y), in bit. Shape (n,).
    generalised
        GMI, H(X) - sum of H(bit|Y), in bit; not clipped at zero. Shape (n,).
    """
    weights = np.empty(levels.shape[0])
    entropy = _entropy(probabilities)
    for row in range(snr.shape[0]):
        scale = math.sqrt(2.0 * snr[row])  # 1/sigma with sigma**2 = N0/2
        low = levels.min() * scale - REACH
        high = levels.max() * scale + REACH
        joint = 0.0  # integral of p log2 p
        split = 0.0  # sum over bits of the integral of p1 log2 p1 + p0 log2 p0
        for index in range(int((high - low) / STEP) + 2):
            total = 0.0
            for level in range(levels.shape[0]):
                distance = low + STEP * index - levels[level] * scale
                weights[level] = probabilities[level] * _normal(distance)
                total += weights[level]
            joint += _xlogx(total)
            for bit in range(bits):
                ones = 0.0
                zeros = 0.0
                for level in range(levels.shape[0]):
                    if (labels[level] >> bit) & 1:
                        ones += weights[level]
                    else:
                        zeros += weights[level]
                split += _xlogx(ones) + _xlogx(zeros)
        mutual[row] = -joint * STEP - NOISE_ENTROPY  # Eq. (2): h(Y) - h(Y|X)
        generalised[row] = entropy - (bits * joint - split) * STEP  # Eq. (3): H(X) - sum H(bit|Y)


@kernel("(),[real],[imaginary],[probabilities],[labels],[bits],[quarter]->(),()")
def plane_information(
    snr: FloatArray,
    real: FloatArray,
    imaginary: FloatArray,
    probabilities: FloatArray,
    labels: AnyArray,
    bits: int,
    quarter: bool,
    mutual: FloatArray,
    generalised: FloatArray,
) -> None:
    """Information carried by symbols of a plane, as `line_information` for one dimension.

    Parameters
    ----------
    snr
        Symbol energy over N0. Shape (n,).
    real, imaginary, probabilities
        Symbols, in units of the root of their energy, and how often they are sent. Shape (symbol,).
    labels, bits
        Bits of each symbol, as an integer, and their number. Shapes (symbol,) and ().
    quarter
        Whether mirroring the constellation at either axis only flips bits; a quarter of the plane is enough
        then.
    mutual, generalised
        MI and GMI [bit]. Shape (n,).
    """
    spread = np.empty((real.shape[0], int(2.0 * REACH / PLANE_STEP) + 1))  # noise of each symbol along x
    first = np.empty(real.shape[0], np.int64)
    across = np.empty(real.shape[0])  # noise of each symbol at a line
    order = np.argsort(real)
    totals = np.empty(2)  # integral of p log2 p, and its sum over bits with p split by their values
    entropy = _entropy(probabilities)
    for row in range(snr.shape[0]):
        scale = math.sqrt(2.0 * snr[row])
        left = 0.5 * PLANE_STEP if quarter else real.min() * scale - REACH
        low = 0.5 * PLANE_STEP if quarter else imaginary.min() * scale - REACH
        sums = np.zeros((bits + 1, int((real.max() * scale + REACH - left) / PLANE_STEP) + 1))
        _spread(real, probabilities, scale, left, first, spread)
        totals[:] = 0.0
        line = _next_line(imaginary, scale, low, -1)
        while line <= int((imaginary.max() * scale + REACH - low) / PLANE_STEP):
            for symbol in range(real.shape[0]):
                across[symbol] = _normal(low + PLANE_STEP * line - imaginary[symbol] * scale)
                if across[symbol] > 0.0:
                    _scatter(sums, first[symbol], across[symbol], spread[symbol], labels[symbol])
            _gather(sums, order, first, across, spread.shape[1], totals)
            line = _next_line(imaginary, scale, low, line)
        area = PLANE_STEP**2 * (4.0 if quarter else 1.0)
        mutual[row] = -totals[0] * area - 2.0 * NOISE_ENTROPY  # Eq. (2)
        generalised[row] = entropy - (bits * totals[0] - totals[1]) * area  # Eq. (3)


@kernel("(symbol),(symbol),(),[labels],[bits]->(),(symbol),(symbol)")
def mirrored_slopes(
    real: FloatArray,
    imaginary: FloatArray,
    snr: FloatArray,
    labels: AnyArray,
    bits: int,
    generalised: FloatArray,
    along_real: FloatArray,
    along_imaginary: FloatArray,
) -> None:
    """GMI of equally likely symbols that are mirrored at both axes, and what its slopes are made of.

    Parameters
    ----------
    real, imaginary
        Symbols in units of the root of their energy; mirroring at either axis only flips bits. Shape (n, symbol).
    snr
        Symbol energy over N0. Shape (n,).
    labels, bits
        Bits of each symbol, as an integer, and their number. Shapes (symbol,) and ().
    generalised
        GMI [bit]. Shape (n,).
    along_real, along_imaginary
        What a quarter of the plane has of the derivatives of the GMI by the coordinates of each symbol, times four.
        Summed over a symbol and its mirror images, with the signs of the coordinates, it is the derivative by a
        coordinate that moves all of them. Shape (n, symbol).
    """
    count = real.shape[1]
    probabilities = np.full(count, 1.0 / count)
    spread = np.empty((count, int(2.0 * REACH / PLANE_STEP) + 1))
    first = np.empty(count, np.int64)
    area = 4.0 * PLANE_STEP**2
    start = 0.5 * PLANE_STEP
    for row in range(real.shape[0]):
        scale = math.sqrt(2.0 * snr[row])
        sums = np.empty((bits + 1, int((real[row].max() * scale + REACH - start) / PLANE_STEP) + 1))
        logs = np.empty((2, bits, sums.shape[1]))
        _spread(real[row], probabilities, scale, start, first, spread)
        along_real[row] = 0.0
        along_imaginary[row] = 0.0
        missing = 0.0
        for line in range(int((imaginary[row].max() * scale + REACH - start) / PLANE_STEP) + 1):
            y = start + PLANE_STEP * line
            sums[:] = 0.0
            for symbol in range(count):
                across = _normal(y - imaginary[row, symbol] * scale)
                if across > 0.0:
                    _scatter(sums, first[symbol], across, spread[symbol], labels[symbol])
            missing += area * _bit_logs(sums, logs)
            for symbol in range(count):
                away = y - imaginary[row, symbol] * scale
                weight = area * scale * _normal(away)
                if weight > 0.0:
                    origin = real[row, symbol] * scale - start
                    total, moment = _known_bits(first[symbol], origin, spread[symbol], logs, labels[symbol])
                    along_real[row, symbol] += weight * moment  # Eq. (7)
                    along_imaginary[row, symbol] += weight * away * total
        generalised[row] = math.log2(count) - missing  # Eq. (3)


@kernel
def _bit_logs(sums: FloatArray, logs: FloatArray) -> float:
    """Fill in log2 P(bit|y) along a line for bits that are 0 and 1; gives their entropies, weighed by p(y)."""
    missing = 0.0
    for column in range(sums.shape[1]):
        total = sums[0, column]
        for bit in range(logs.shape[1]):
            ones = sums[bit + 1, column]
            zeros = total - ones
            logs[0, bit, column] = math.log2(zeros / total) if zeros > NIL * total else 0.0
            logs[1, bit, column] = math.log2(ones / total) if ones > NIL * total else 0.0
            missing -= zeros * logs[0, bit, column] + ones * logs[1, bit, column]
    return missing


@kernel
def _known_bits(first: int, origin: float, along: FloatArray, logs: FloatArray, label: int) -> tuple[float, float]:
    """Sum of log2 P(bit|y) over a symbol's bits and over its noise along a line, and the same times the distance."""
    total = 0.0
    moment = 0.0
    for index in range(max(0, -first), min(along.shape[0], logs.shape[2] - first)):
        known = 0.0
        for bit in range(logs.shape[1]):
            known += logs[(label >> bit) & 1, bit, first + index]
        total += along[index] * known
        moment += along[index] * known * (PLANE_STEP * (first + index) - origin)
    return total, moment


@kernel
def _next_line(imaginary: FloatArray, scale: float, low: float, line: int) -> int:
    """The next line that the noise of any symbol reaches: between strong signals there is nothing to add."""
    following = 2**62
    for symbol in range(imaginary.shape[0]):
        centre = imaginary[symbol] * scale - low
        if math.floor((centre + REACH) / PLANE_STEP) > line:
            following = min(following, max(line + 1, math.floor((centre - REACH) / PLANE_STEP)))
    return following


@kernel
def _gather(
    sums: FloatArray, order: AnyArray, first: AnyArray, across: FloatArray, width: int, totals: FloatArray
) -> None:
    """Add up a line where there is noise, each column once from left to right, and clear it."""
    done = 0
    for symbol in order:
        if across[symbol] > 0.0:
            stop = min(first[symbol] + width, sums.shape[1])
            for column in range(max(done, first[symbol]), stop):
                total = sums[0, column]
                if total > NIL:
                    totals[0] += _xlogx(total)
                    for bit in range(sums.shape[0] - 1):
                        totals[1] += _xlogx(sums[bit + 1, column]) + _xlogx(total - sums[bit + 1, column])
                sums[:, column] = 0.0
            done = max(done, stop)


@kernel
def _spread(
    real: FloatArray,
    probabilities: FloatArray,
    scale: float,
    left: float,
    first: AnyArray,
    spread: FloatArray,
) -> None:
    """Density of each symbol's noise on the columns around it, and the first of these columns."""
    for symbol in range(real.shape[0]):
        first[symbol] = math.ceil((real[symbol] * scale - REACH - left) / PLANE_STEP)
        for index in range(spread.shape[1]):
            x = left + PLANE_STEP * (first[symbol] + index)
            spread[symbol, index] = probabilities[symbol] * _normal(x - real[symbol] * scale)


@kernel
def _scatter(sums: FloatArray, first: int, across: float, along: FloatArray, label: int) -> None:
    """Add a symbol's noise to the sum of all symbols, and to those of the bits that it sets."""
    start = max(0, -first)
    stop = min(along.shape[0], sums.shape[1] - first)
    for index in range(start, stop):
        sums[0, first + index] += across * along[index]
    for bit in range(sums.shape[0] - 1):
        if (label >> bit) & 1:
            for index in range(start, stop):
                sums[bit + 1, first + index] += across * along[index]


@kernel("(),[levels],[probabilities],[labels],[bits]->()")
def line_bit_errors(
    snr: FloatArray,
    levels: FloatArray,
    probabilities: FloatArray,
    labels: AnyArray,
    bits: int,
    errors: FloatArray,
) -> None:
    """Wrong bits per amplitude when the most probable one is decided for.

    Parameters as in `line_information`; `levels` ascend. errors: expected number of wrong bits. Shape (n,).
    """
    intercepts = np.empty(levels.shape[0])
    for row in range(snr.shape[0]):
        scale = math.sqrt(2.0 * snr[row])
        for level in range(levels.shape[0]):
            intercepts[level] = math.log(probabilities[level]) - 0.5 * (levels[level] * scale) ** 2
        errors[row] = _decision_errors(levels, scale, intercepts, probabilities, labels, bits)


@kernel("(),[real],[imaginary],[probabilities],[labels],[bits]->()")
def plane_bit_errors(
    snr: FloatArray,
    real: FloatArray,
    imaginary: FloatArray,
    probabilities: FloatArray,
    labels: AnyArray,
    bits: int,
    errors: FloatArray,
) -> None:
    """Wrong bits per symbol when the most probable one is decided for.

    Exact along each line of constant imaginary part, a sum over such lines: no border between symbols may run
    along them. Parameters as in `plane_information`; `real` ascends. errors: expected number of wrong bits.
    Shape (n,).
    """
    intercepts = np.empty(real.shape[0])
    weights = np.empty(real.shape[0])
    for row in range(snr.shape[0]):
        scale = math.sqrt(2.0 * snr[row])
        low = imaginary.min() * scale - REACH
        errors[row] = 0.0
        for line in range(int((imaginary.max() * scale + REACH - low) / LINE_STEP) + 2):
            for symbol in range(real.shape[0]):
                across = low + LINE_STEP * line - imaginary[symbol] * scale
                weights[symbol] = probabilities[symbol] * _normal(across)
                intercepts[symbol] = (
                    math.log(probabilities[symbol]) - 0.5 * across**2 - 0.5 * (real[symbol] * scale) ** 2
                )
            errors[row] += LINE_STEP * _decision_errors(real, scale, intercepts, weights, labels, bits)


@kernel
def _decision_errors(
    positions: FloatArray,
    scale: float,
    intercepts: FloatArray,
    weights: FloatArray,
    labels: AnyArray,
    bits: int,
) -> float:
    """Expected wrong bits along a line; its borders are the corners of the highest of straight lines.

    The logarithm of a symbol's density is, but for the same -x**2/2 for all, a straight line with the
    position as slope: the most probable symbol is the highest line.
    """
    decided = 0
    for symbol in range(positions.shape[0]):
        if positions[symbol] == positions[0] and intercepts[symbol] > intercepts[decided]:
            decided = symbol
    left = -math.inf
    result = 0.0
    while left < math.inf:
        right = math.inf
        following = decided
        for symbol in range(decided + 1, positions.shape[0]):
            rise = (positions[symbol] - positions[decided]) * scale
            if rise > 0.0:
                corner = (intercepts[decided] - intercepts[symbol]) / rise
                if corner < right:
                    right = corner
                    following = symbol
        for symbol in range(positions.shape[0]):
            if weights[symbol] > 0.0 and symbol != decided:
                centre = positions[symbol] * scale
                different = _ones(labels[symbol] ^ labels[decided], bits)
                result += weights[symbol] * different * _between(left - centre, right - centre)
        left = right
        decided = following
    return result


@kernel
def _ones(label: int, bits: int) -> int:
    """Number of bits that are set."""
    count = 0
    for bit in range(bits):
        count += (label >> bit) & 1
    return count


@kernel
def _between(low: float, high: float) -> float:
    """Probability that normal noise falls between two values, accurate in the tails."""
    if low > 0.0:
        return 0.5 * (math.erfc(low / ROOT_TWO) - math.erfc(high / ROOT_TWO))
    if high < 0.0:
        return 0.5 * (math.erfc(-high / ROOT_TWO) - math.erfc(-low / ROOT_TWO))
    return 1.0 - 0.5 * math.erfc(-low / ROOT_TWO) - 0.5 * math.erfc(high / ROOT_TWO)


@kernel
def _entropy(probabilities: FloatArray) -> float:
    """Entropy of the symbols, in bit."""
    total = 0.0
    for index in range(probabilities.shape[0]):
        total -= _xlogx(probabilities[index])  # Eq. (6)
    return total


@kernel
def _normal(distance: float) -> float:
    """Density of the noise at a distance in standard deviations."""
    if abs(distance) > REACH:
        return 0.0
    return DENSITY * math.exp(-0.5 * distance * distance)  # Eq. (26.2.1) of [4]


@kernel
def _xlogx(value: float) -> float:
    """p log2 p, zero at zero."""
    return value * math.log2(value) if value > 0.0 else 0.0


@kernel("(),(),(),(),(),[table],[grid],[entropy],[bits],[floor],[steps]->(),(),(),(),(),()")
def rates(
    snr: FloatArray,
    gross: FloatArray,
    fraction: FloatArray,
    gap: FloatArray,
    code_rate: FloatArray,
    table: FloatArray,
    grid: FloatArray,
    entropy: FloatArray,
    bits: FloatArray,
    floor: FloatArray,
    steps: FloatArray,
    shannon: FloatArray,
    mutual: FloatArray,
    generalised: FloatArray,
    normalised: FloatArray,
    net: FloatArray,
    choice: FloatArray,
) -> None:
    """From a signal-to-noise ratio to the net rate, through tables of MI and GMI.

    The tables and what belongs to a format are shared by all n: they have no leading dimension.  Of several
    formats the one with the highest net rate is taken (of equals the one with the highest GMI).

    Parameters
    ----------
    snr
        Symbol energy over noise; zero is a dark channel. Shape (n,).
    gross
        Data symbols per second, both polarisations, times the rate of the outer code [1/s]. Shape (n,).
    fraction, gap
        Without `steps` a code delivers ``fraction * GMI - gap * bits``; with them the gap adds to all
        thresholds, and no more than ``fraction * GMI`` is delivered. Shape (n,).
    code_rate
        Adds to all rates of `steps` and to their thresholds. Shape (n,).
    table
        Per format MI and GMI [bit], each as values and slopes per step of the grid.
        Shape (format, 2, 2, point).
    grid
        First SNR and step of the table [dB]. Shape (2,).
    entropy, bits
        Of each format's symbols [bit]. Shape (format,).
    floor
        GMI without signal: below 0 where the bits of shaped symbols depend on each other [bit]. Shape (format,).
    steps
        Code rates of a family and the NGMI that each needs, ascending; empty for a code that follows the GMI.
        Shape (2, step).
    shannon, mutual, generalised
        log2(1 + SNR), MI, GMI in bit per symbol and polarisation. Shape (n,).
    normalised
        NGMI, 1 - (entropy - GMI) / bits. Shape (n,).
    net
        Net rate [bit/s]. Shape (n,).
    choice
        Index of the format. Shape (n,).
    """
    for row in range(snr.shape[0]):
        shannon[row] = math.log1p(snr[row]) / math.log(2.0)  # Eq. (1)
        net[row] = -1.0
        generalised[row] = -1.0
        choice[row] = 0.0
        place = (10.0 * math.log10(snr[row]) - grid[0]) / grid[1] if snr[row] > 0.0 else -math.inf
        for form in range(table.shape[0]):
            # Interpolation errs by 1e-7 bit; the order GMI <= MI <= log2(1 + SNR) holds whatever it does.
            mi = min(shannon[row], _interpolated(table[form, 0], place, snr[row], grid[0], 0.0))
            gmi = max(0.0, min(mi, _interpolated(table[form, 1], place, snr[row], grid[0], floor[form])))
            ngmi = 1.0 - (entropy[form] - gmi) / bits[form]  # Eq. (4)
            carried = fraction[row] * gmi - gap[row] * bits[form]
            if steps.shape[1] > 0:
                best = _best_step(steps, code_rate[row], ngmi - gap[row])
                decoded = entropy[form] - (1.0 - best) * bits[form] if best > 0.0 else 0.0  # Eq. (5)
                carried = min(decoded, fraction[row] * gmi)  # whatever threshold is claimed
            carried = max(0.0, carried) * gross[row]
            if carried > net[row] or (carried == net[row] and gmi > generalised[row]):
                net[row] = carried
                mutual[row] = mi
                generalised[row] = gmi
                normalised[row] = ngmi
                choice[row] = form
        if snr[row] != snr[row]:
            net[row] = mutual[row] = generalised[row] = normalised[row] = snr[row]


@kernel
def _interpolated(values: FloatArray, place: float, snr: float, start_db: float, floor: float) -> float:
    """Cubic Hermite interpolation; linear in the SNR from the floor to the table, constant above it."""
    last = values.shape[1] - 1
    if place >= last:
        return float(values[0, last])
    if not place >= 0.0:
        return float(floor + (values[0, 0] - floor) * snr * 10.0 ** (-0.1 * start_db))
    index = int(place)
    t = place - index
    rise = values[0, index + 1] - values[0, index]
    first = values[1, index]
    second = values[1, index + 1]
    bend = 3.0 * rise - 2.0 * first - second + t * (first + second - 2.0 * rise)
    return float(values[0, index] + t * (first + t * bend))


@kernel
def _best_step(steps: FloatArray, code_rate: float, allowed: float) -> float:
    """The highest code rate that an NGMI less the gap allows; zero if none."""
    for step in range(steps.shape[1] - 1, -1, -1):
        if code_rate + steps[1, step] <= allowed + 1e-12:  # at the threshold, whatever the rounding
            return float(code_rate + steps[0, step])
    return 0.0


@kernel("(),(),(),(),(),(),(),()->(rung)")
def ladder(
    snr_ase: FloatArray,
    gsnr: FloatArray,
    penalty: FloatArray,
    snr: FloatArray,
    gross: FloatArray,
    mutual: FloatArray,
    generalised: FloatArray,
    net: FloatArray,
    rungs: FloatArray,
) -> None:
    """Rates as one limit after the other is taken into account.

    Parameters
    ----------
    snr_ase, gsnr, snr
        Signal over amplifier noise, over all noise of the line, at the decision. Shape (n,).
    penalty
        Of mode-dependent loss, on the line's noise. Shape (n,).
    gross
        Symbols per second, both polarisations [1/s]. Shape (n,).
    mutual, generalised
        MI and GMI at `snr` [bit]. Shape (n,).
    net
        Net rate [bit/s]. Shape (n,).
    rungs
        Rates, none above the one before [bit/s]. Shape (n, 7).
    """
    for row in range(snr.shape[0]):
        per_symbol = gross[row] / math.log(2.0)
        rungs[row, 0] = per_symbol * math.log1p(snr_ase[row])  # Eq. (1)
        rungs[row, 1] = per_symbol * math.log1p(gsnr[row])
        rungs[row, 2] = per_symbol * math.log1p(gsnr[row] / penalty[row])
        rungs[row, 3] = per_symbol * math.log1p(snr[row])
        rungs[row, 4] = gross[row] * mutual[row]
        rungs[row, 5] = gross[row] * generalised[row]
        rungs[row, 6] = net[row]
        for rung in range(1, 7):  # equal steps differ by rounding
            rungs[row, rung] = min(rungs[row, rung], rungs[row, rung - 1])
