"""Nonlinear interference of strongly coupled cores with spatial mode dispersion.

Mode dispersion turns the fields of distant frequencies independently, so the pairings of modes that make
the interference fade along the span.  The unitary mixing is Brownian motion driven by a Hermitian generator
without a trace, c = S^2/(D - 1/D) per metre and squared angular frequency; S is the rms modal group delay
per square root of length (standard deviation of the intensity impulse response).  The two pairings then obey
a linear pair of equations whose solution is a1 exp(-l1 z) + a2 exp(-l2 z).  The idea of averaging over the
mixing: Serena et al., "The ergodic GN model for space-division multiplexing with strong mode coupling,"
J. Lightw. Technol. 40, 3263 (2022), doi:10.1109/JLT.2022.3160207; the form here is derived independently and
holds against coupled split-step simulations.

Notes
-----
With delta and epsilon ``c (2 pi (f1 - f))^2`` and ``c (2 pi (f2 - f))^2`` for D modes:

(1) ``c = S^2/(D - 1/D)``, strength of the generator;
(2) ``l_1,2 = h +- sqrt(h^2 - (D^2 - 1) delta epsilon)`` with ``h = D (delta + epsilon)/2``, decay of the pairings;
(3) ``a_1 = [(delta + epsilon) (D^2 - 1)/2 - l_2 (D + 1)]/(l_1 - l_2)`` and ``a_2 = D + 1 - a_1``, their amplitudes;
(4) ``int int exp(-alpha (z + z') - l |z - z'| + j Phi (z - z')) dz dz'`` over a span;
(5) ``sum_j a_j I(l_j, Phi)/(D + 1)`` with the integral (4), in place of the squared link function.
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.kernels.elementary import asinh_difference, log_quotient
from mcfiber.typing import FloatArray


def gauss(count: int) -> FloatArray:
    """Nodes and weights (2, count) of Gauss and Legendre on the interval 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return np.ascontiguousarray([(nodes + 1.0) / 2.0, weights / 2.0])


SEPARATIONS = 14  # nodes of the table of the cross-channel factor, even in the logarithm of the separation
_INNER, _NEAR, _DISTANT, _COARSE = gauss(12), gauss(5), gauss(2), gauss(8)  # factors good to about 0.002


@kernel
def pairings(first: float, second: float, generator: float, modes: float) -> tuple[float, float, float, float]:
    """Amplitudes and decay rates (a1, l1, a2, l2) of the two pairings of modes.

    first, second: 2 pi (f1 - f) and 2 pi (f2 - f), rad/s; generator: c, s2/m.  a1 + a2 = D + 1.
    """
    delta, epsilon = generator * first * first, generator * second * second
    mean = modes * (delta + epsilon) / 2.0
    determinant = (modes * modes - 1.0) * delta * epsilon
    if mean <= 0.0:
        return modes + 1.0, 0.0, 0.0, 0.0
    root = math.sqrt(mean * mean - determinant)  # Eq. (2)
    fast = mean + root
    slow = determinant / fast
    # Mean of both orders of f1 and f2: each counts half of the plane.
    amplitude = ((delta + epsilon) / 2.0 * (modes * modes - 1.0) - slow * (modes + 1.0)) / (2.0 * root)  # Eq. (3)
    return amplitude, fast, modes + 1.0 - amplitude, slow


@kernel
def _coherence(
    decay: float, mismatch: float, attenuation: float, length: float, steady: float, turned: complex
) -> float:
    """Double integral over a span of exp(-alpha (z + z') - l |z - z'| + j Phi (z - z')).

    steady: (1 - exp(-2 alpha L))/(2 alpha).  turned: exp(-alpha L + j Phi L), damped (`_turned`).
    """
    near, apart = decay + attenuation, decay - attenuation
    distance = apart * apart + mismatch * mismatch
    if distance * length * length < 1e-8:  # both terms cancel: the limit, with l = alpha and Phi = 0
        a = attenuation * length
        return 2.0 * length * length * (1.0 - math.exp(-2.0 * a) * (1.0 + 2.0 * a)) / (4.0 * a * a)
    rest = 1.0 - turned * math.exp(-decay * length)
    settled = steady - rest * complex(near, mismatch) / (near * near + mismatch * mismatch)
    return 2.0 * (settled.real * apart - settled.imag * mismatch) / distance  # Eq. (4)


@kernel
def _turned(mismatch: float, attenuation: float, length: float) -> complex:
    """Return exp(-alpha L + j Phi L), damped where it has turned several times.

    There it integrates to nothing over frequency, and would only disturb the quadrature; below 1e-4 beyond 45 rad.
    """
    turns = mismatch * length
    if abs(turns) >= 45.0:
        return 0.0j
    size = math.exp(-attenuation * length - turns * turns / 200.0)
    return complex(size * math.cos(turns), size * math.sin(turns))


@kernel
def coherence_ratio(
    first: float,
    second: float,
    generator: float,
    modes: float,
    beta2: float,
    attenuation: float,
    length: float,
    steady: float,
) -> tuple[float, float]:
    """Kernel of the Gaussian-noise integral with and without mode dispersion, per pairing.

    first, second: f1 - f and f2 - f, Hz.  steady: as for `_coherence`.  Both tend to |mu|^2 of a single core for c = 0.
    """
    mismatch = 4.0 * math.pi**2 * beta2 * first * second
    a1, l1, a2, l2 = pairings(2.0 * math.pi * first, 2.0 * math.pi * second, generator, modes)
    turned = _turned(mismatch, attenuation, length)
    together, without = 0.0, 0.0
    for term in range(3 if generator > 0.0 else 1):  # a loop, so that the kernel compiles once
        decay = 0.0 if term == 0 else l1 if term == 1 else l2
        value = _coherence(decay, mismatch, attenuation, length, steady, turned)
        if term == 0:
            without = value
        else:
            together += (a1 if term == 1 else a2) * value / (modes + 1.0)  # Eq. (5)
    return together if generator > 0.0 else without, without


@kernel
def _along(
    low: float,
    high: float,
    other: float,
    generator: float,
    modes: float,
    beta2: float,
    attenuation: float,
    length: float,
    rule: FloatArray,
) -> tuple[float, float]:
    """Integrate over f1 - f from low (below 0) to high, on nodes drawn to the phase-matched centre."""
    width = attenuation / (4.0 * math.pi**2 * abs(beta2 * other))
    steady = -math.expm1(-2.0 * attenuation * length) / (2.0 * attenuation)
    total, plain = 0.0, 0.0
    for side in range(2):
        stop = math.asinh((low if side == 0 else high) / width)
        for k in range(rule.shape[1]):
            place = math.sinh(stop * rule[0, k])
            step = rule[1, k] * abs(stop) * width * math.sqrt(1.0 + place * place)
            some, none = coherence_ratio(width * place, other, generator, modes, beta2, attenuation, length, steady)
            total += step * some
            plain += step * none
    return total, plain


@kernel
def channel_factor(
    separation: float,
    own: float,
    other: float,
    generator: float,
    modes: float,
    beta2: float,
    attenuation: float,
    length: float,
    inner: FloatArray,
    outer: FloatArray,
) -> float:
    """Factor by which mode dispersion lowers the interference of a channel at a distance, or of itself at 0.

    own, other: symbol rates of the disturbed channel, at whose centre it holds, and of the interferer.  f1 lies
    in the disturbed channel, f2 and f1 + f2 - f in the interferer.  inner, outer: quadrature rules (2, node) on
    0 to 1.
    """
    total, plain = 0.0, 0.0
    for k in range(outer.shape[1]):
        if separation == 0.0:  # half of the hexagon |x|, |y|, |x + y| <= R/2; the rest by symmetry
            y = own / 2.0 * outer[0, k] ** 2
            below, above, step = -own / 2.0, own / 2.0 - y, outer[0, k] * outer[1, k]
        else:
            y = separation + other * (outer[0, k] - 0.5)
            below, above = max(-own / 2.0, separation - other / 2.0 - y), min(own / 2.0, separation + other / 2.0 - y)
            step = outer[1, k]
        some, none = _along(below, above, y, generator, modes, beta2, attenuation, length, inner)
        total += step * some
        plain += step * none
    return total / plain


@kernel
def _fill_table(
    low: float,
    high: float,
    rate: float,
    generator: float,
    modes: float,
    beta2: float,
    attenuation: float,
    length: float,
    table: FloatArray,
) -> None:
    """Cross-channel factors at separations even in the logarithm, one spare node beyond either end.

    The last entry is the factor of a channel on itself.
    """
    last = table.size - 1
    step = math.log(high / low) / (last - 3)
    for k in range(table.size):
        separation = 0.0 if k == last else low * math.exp(step * (k - 1))
        inner, outer = (_COARSE, _COARSE) if k == last else (_INNER, _NEAR)
        if separation > 4.0 * rate:
            inner, outer = _COARSE, _DISTANT
        width = min(rate, 1.9 * separation)  # the band of an interferer does not reach the channel's centre
        table[k] = channel_factor(separation, rate, width, generator, modes, beta2, attenuation, length, inner, outer)


@kernel
def _from_table(place: float, table: FloatArray) -> float:
    """Cubic convolution at a place in steps from the table's second node; its last entry is no node."""
    nodes = table.size - 1
    place = min(max(place, 0.0), nodes - 3.0)
    k = min(int(place), nodes - 4)
    x = place - k
    a, b, c, d = table[k], table[k + 1], table[k + 2], table[k + 3]
    curve = 2.0 * a - 5.0 * b + 4.0 * c - d + x * (3.0 * (b - c) + d - a)
    return float(b + 0.5 * x * (c - a + x * curve))


@kernel("(channel),(channel),(channel),(channel),(channel),(),(),()->(channel)")
def mode_dispersion_factor(
    frequency: FloatArray,
    symbol_rate: FloatArray,
    power: FloatArray,
    beta2: FloatArray,
    attenuation: FloatArray,
    length: FloatArray,
    dispersion: FloatArray,
    modes: FloatArray,
    out: FloatArray,
) -> None:
    """Factor by which spatial mode dispersion multiplies the nonlinear interference of coupled cores.

    Mean of the factors of self- and cross-channel interference, weighted as the closed form of one span
    weighs them (`mcfiber.kernels.nonlinear.gn_closed_form`).  The cross-channel factor comes from a table over
    the separation at the least and the largest dispersion beta2, the self-channel factor from both ends.

    Parameters
    ----------
    frequency, symbol_rate, power
        Ascending frequencies. Shape (n, channel). [Hz, Hz, W]
    beta2, attenuation
        Shape (n, channel). [s2/m, 1/m]
    length
        Shape (n,). [m]
    dispersion
        Rms modal group delay per square root of length. Shape (n,). [s/sqrt(m)]
    modes
        D = 2 x cores. Shape (n,).
    out
        Shape (n, channel).
    """
    count = frequency.shape[1]
    weight, ends = np.empty(count), np.empty(2)
    tables = np.empty((2, SEPARATIONS + 3))
    for design in range(frequency.shape[0]):
        if dispersion[design] <= 0.0:
            for k in range(count):
                out[design, k] = 1.0
            continue
        d = modes[design]
        generator = dispersion[design] ** 2 / (d - 1.0 / d)  # Eq. (1)
        rate, loss, nearest = 0.0, 0.0, math.inf
        ends[0], ends[1] = math.inf, 0.0
        for k in range(count):
            density = power[design, k] / symbol_rate[design, k]
            weight[k] = density * density
            rate += symbol_rate[design, k] / count
            loss += attenuation[design, k] / count
            ends[0] = min(ends[0], abs(beta2[design, k]))
            ends[1] = max(ends[1], abs(beta2[design, k]))
            if k > 0:
                nearest = min(nearest, frequency[design, k] - frequency[design, k - 1])
        farthest = max(frequency[design, count - 1] - frequency[design, 0], 2.0 * min(nearest, 1e12))
        nearest = min(nearest, farthest / 2.0)
        for side in range(2):
            _fill_table(nearest, farthest, rate, generator, d, ends[side], loss, length[design], tables[side])
        _weighted(
            frequency[design],
            symbol_rate[design],
            beta2[design],
            loss,
            weight,
            ends,
            tables,
            nearest,
            farthest,
            out[design],
        )


@kernel
def _weighted(
    frequency: FloatArray,
    symbol_rate: FloatArray,
    beta2: FloatArray,
    attenuation: float,
    weight: FloatArray,
    ends: FloatArray,
    tables: FloatArray,
    nearest: float,
    farthest: float,
    out: FloatArray,
) -> None:
    """Mean factor of every channel, with the weights of the closed form; of every few among very many."""
    scale = (tables.shape[1] - 4) / math.log(farthest / nearest)
    middle, place, each = np.empty(tables.shape[1]), np.empty(frequency.size), np.empty(frequency.size)
    stride = max(1, frequency.size // 48)
    last = frequency.size - 1
    for node in range((last + stride - 1) // stride + 1):
        i = min(node * stride, last)
        share = (abs(beta2[i]) - ends[0]) / (ends[1] - ends[0]) if ends[1] > ends[0] else 0.0
        for k in range(middle.size):
            middle[k] = tables[0, k] + share * (tables[1, k] - tables[0, k])
        reach = 0.5 * math.pi**2 * abs(beta2[i]) / attenuation * symbol_rate[i]
        plain = weight[i] * math.asinh(reach * symbol_rate[i])
        total = plain * middle[-1]
        for k in range(frequency.size):  # without branches, so that it is done several channels at a time
            offset = abs(frequency[i] - frequency[k]) if k != i else nearest
            half = 0.5 * symbol_rate[k]
            upper, lower = 2.0 * reach * (offset + half), 2.0 * reach * (offset - half)
            each[k] = weight[k] * asinh_difference(upper, lower)  # Eq. (2) of docs/theory/nonlinear-interference
            place[k] = log_quotient(offset, nearest) * scale
        each[i] = 0.0
        for k in range(frequency.size):
            plain += each[k]
            total += each[k] * _from_table(place[k], middle)
        out[i] = total / plain if plain > 0.0 else 1.0
        before = max(node - 1, 0) * stride
        for k in range(before + 1, i):
            out[k] = out[before] + (out[i] - out[before]) * (k - before) / (i - before)
