"""How much a constellation carries over additive white Gaussian noise, and the rate a code makes of it.

Mutual information (MI) and generalised mutual information (GMI, bit-metric decoding) are differences of
entropies, and the entropies are integrals over the received value y, taken by the trapezoidal rule in
steps of a fifth of the noise's standard deviation.  The integrands are analytic and die off like a
Gaussian, so the rule converges exponentially; what is left (below 1e-10 bit) comes from the complex zeros
of p(y).  One pass over y serves all symbols, which a Gauss-Hermite rule around each symbol does not.

References
----------
.. [1] C. E. Shannon, "A mathematical theory of communication," Bell Syst. Tech. J. 27, 1948.
.. [2] A. Alvarado, T. Fehenberger, B. Chen, F. M. J. Willems, "Achievable information rates for fiber
   optics: applications and computations," J. Lightw. Technol. 36(2), 424-439, 2018.
.. [3] L. N. Trefethen, J. A. C. Weideman, "The exponentially convergent trapezoidal rule," SIAM Review
   56(3), 385-458, 2014.
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.typing import AnyArray, FloatArray

STEP = 0.2  # of the integration, in standard deviations of the noise of one dimension
REACH = 8.5  # standard deviations after which a symbol's noise is nil: exp(-8.5**2 / 2) = 2e-16
NOISE_ENTROPY = 0.5 * math.log2(2.0 * math.pi * math.e)  # of a real Gaussian of unit variance, bit
DENSITY = 1.0 / math.sqrt(2.0 * math.pi)


@kernel
def line_information(
    snr: FloatArray,
    levels: FloatArray,
    probabilities: FloatArray,
    labels: AnyArray,
    bits: AnyArray,
    mutual: FloatArray,
    generalised: FloatArray,
) -> None:
    """Information carried by one real dimension (pulse amplitudes), each symbol once.

    Parameters
    ----------
    snr
        Symbol energy over noise, E[x**2] of both dimensions over N0. Shape (n,).
    levels, probabilities
        Amplitudes and how often they are sent; scaled so that a square of two such dimensions has unit
        energy. Shape (n, level).
    labels
        Bits of each amplitude, as an integer. Shape (n, level).
    bits
        Number of bits of a label. Shape (n,).
    mutual
        MI, H(X) - H(X|Y), in bit. Shape (n,).
    generalised
        GMI, H(X) - sum of H(bit|Y), in bit; not clipped at zero. Shape (n,).
    """
    weights = np.empty(levels.shape[1])
    for row in range(snr.shape[0]):
        scale = math.sqrt(2.0 * snr[row])  # 1/sigma with sigma**2 = N0/2
        low = levels[row].min() * scale - REACH
        high = levels[row].max() * scale + REACH
        joint = 0.0  # integral of p log2 p
        split = 0.0  # sum over bits of the integral of p1 log2 p1 + p0 log2 p0
        for index in range(int((high - low) / STEP) + 2):
            y = low + STEP * index
            total = 0.0
            for level in range(levels.shape[1]):
                weights[level] = probabilities[row, level] * _normal(y - levels[row, level] * scale)
                total += weights[level]
            joint += _xlogx(total)
            for bit in range(bits[row]):
                ones = 0.0
                zeros = 0.0
                for level in range(levels.shape[1]):
                    if (labels[row, level] >> bit) & 1:
                        ones += weights[level]
                    else:
                        zeros += weights[level]
                split += _xlogx(ones) + _xlogx(zeros)
        entropy = 0.0
        for level in range(levels.shape[1]):
            entropy -= _xlogx(probabilities[row, level])
        mutual[row] = -joint * STEP - NOISE_ENTROPY  # [1], h(Y) - h(Y|X)
        generalised[row] = entropy - (bits[row] * joint - split) * STEP  # [2], H(X) - sum H(bit|Y)


@kernel
def _normal(distance: float) -> float:
    """Density of the noise at a distance in standard deviations."""
    if abs(distance) > REACH:
        return 0.0
    return DENSITY * math.exp(-0.5 * distance * distance)


@kernel
def _xlogx(value: float) -> float:
    """p log2 p, zero at zero."""
    return value * math.log2(value) if value > 0.0 else 0.0


@kernel
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
        Without `steps` a code delivers ``fraction * GMI - gap * bits``; with them, a code rate needs an NGMI
        of itself plus the gap. Shape (n,).
    code_rate
        Added to each of `steps`. Shape (n,).
    table
        Per format MI and GMI [bit], each as values and slopes per step of the grid.
        Shape (format, 2, 2, point).
    grid
        First SNR and step of the table [dB]. Shape (2,).
    entropy, bits
        Of each format's symbols [bit]. Shape (format,).
    steps
        Code rates of a family, ascending; empty for a code that follows the GMI. Shape (step,).
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
        shannon[row] = math.log1p(snr[row]) / math.log(2.0)  # [1]
        net[row] = -1.0
        generalised[row] = -1.0
        choice[row] = 0.0
        place = (10.0 * math.log10(snr[row]) - grid[0]) / grid[1] if snr[row] > 0.0 else -math.inf
        for form in range(table.shape[0]):
            # Interpolation errs by 1e-7 bit; the order GMI <= MI <= log2(1 + SNR) holds whatever it does.
            mi = min(shannon[row], _interpolated(table[form, 0], place, snr[row], grid[0]))
            gmi = max(0.0, min(mi, _interpolated(table[form, 1], place, snr[row], grid[0])))
            ngmi = 1.0 - (entropy[form] - gmi) / bits[form]  # [2], Eq. (25)
            carried = fraction[row] * gmi - gap[row] * bits[form]
            if steps.shape[0] > 0:
                best = _best_step(steps, code_rate[row], ngmi - gap[row])
                carried = entropy[form] - (1.0 - best) * bits[form] if best > 0.0 else 0.0
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
def _interpolated(values: FloatArray, place: float, snr: float, start_db: float) -> float:
    """Cubic Hermite interpolation; linear in the SNR below the table, constant above it."""
    last = values.shape[1] - 1
    if place >= last:
        return float(values[0, last])
    if not place >= 0.0:
        return float(values[0, 0] * snr * 10.0 ** (-0.1 * start_db))
    index = int(place)
    t = place - index
    rise = values[0, index + 1] - values[0, index]
    first = values[1, index]
    second = values[1, index + 1]
    bend = 3.0 * rise - 2.0 * first - second + t * (first + second - 2.0 * rise)
    return float(values[0, index] + t * (first + t * bend))


@kernel
def _best_step(steps: FloatArray, code_rate: float, allowed: float) -> float:
    """The highest code rate that an NGMI less its gap allows; zero if none."""
    for step in range(steps.shape[0] - 1, -1, -1):
        if code_rate + steps[step] <= allowed:
            return float(code_rate + steps[step])
    return 0.0
