"""Terms of the enhanced Gaussian-noise (EGN) model: what the modulation format takes away from the GN integral.

Rectangular spectra, constant dispersion inside the pair of channels, any power profile.

Notes
-----
With ``mu(x, y)`` the link function of the offsets ``x = f1 - f`` and ``y = f2 - f``, and R the symbol rate [1]_:

(1) ``I1 = R^-3 int int int |mu|^2 dx dy df``, the Gaussian term;
(2) ``I2 = R^-4 int int |int mu dy|^2 dx df``;
(3) ``I3 = R^-4 int int |int mu(x, s - x) dx|^2 ds df``;
(4) ``I4 = R^-5 int |int int mu dx dy|^2 df``;
(5) ``int int |mu|^2 dx dy/R^2`` and ``int |int mu dx|^2 dy/R^3``, x over the interferer, y over the observed channel;
(6) ``mu = int rho(z) exp(j Phi z) dz``, times ``sin(N Phi L/2)/sin(Phi L/2)`` for N links in a row.

References
----------
.. [1] A. Carena, G. Bosco, V. Curri, Y. Jiang, P. Poggiolini, F. Forghieri, "EGN model of non-linear fiber
   propagation," Opt. Express, vol. 22, pp. 16335-16362, 2014. :doi:`10.1364/OE.22.016335`
"""

import cmath
import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.typing import ComplexArray, FloatArray

NODES, WEIGHTS = np.polynomial.legendre.leggauss(6)


@kernel
def self_channel_integrals(
    position: FloatArray,
    length: FloatArray,
    start: FloatArray,
    end: FloatArray,
    repeats: FloatArray,
    period: FloatArray,
    dispersion: FloatArray,
    symbol_rate: FloatArray,
    points: FloatArray,
    out: FloatArray,
) -> None:
    """Integrals of the self-channel interference of a rectangular spectrum.

    The four frequencies lie on one grid of `points` cells, so that every inner integral is a difference of
    running sums of the link function along a row or an anti-diagonal of its table.

    Parameters
    ----------
    position, length, start, end
        Panels of the link and the relative power at their ends. Shape (n, panel). [m, m, 1, 1]
    repeats, period
        Number of equal links in a row, whose fields add, and the link's length. Shape (n,). [1, m]
    dispersion, symbol_rate
        Shape (n,). [s^2/m, Hz]
    points
        Cells across the band. Shape (n,).
    out
        I1, I2, I3, I4 of [1]_ for a nonlinear coefficient of 1, and the squared mean over the band of the double
        integral J, by which a least-squares removal of the gain lowers I4. Shape (n, 5). [m^2]
    """
    for d in range(points.size):
        count = int(points[d])
        table = np.empty((2 * count - 1, 2 * count - 1), np.complex128)
        scale = 4.0 * math.pi**2 * dispersion[d] * (symbol_rate[d] / count) ** 2
        for i in range(count):
            for k in range(i, count):
                value = link_field(scale * i * k, position[d], length[d], start[d], end[d], repeats[d], period[d])
                for a, b in ((i, k), (k, i)):
                    table[count - 1 + a, count - 1 + b] = table[count - 1 - a, count - 1 - b] = value
                    table[count - 1 + a, count - 1 - b] = table[count - 1 - a, count - 1 + b] = value.conjugate()
        _sums(count, table, out[d])


@kernel
def _sums(count: int, table: ComplexArray, out: FloatArray) -> None:
    """Sums over a grid; offsets x, y from the observed frequency f index the table from -(count - 1)."""
    size = 2 * count - 1
    row = np.zeros((size, size + 1), np.complex128)  # running sums along y
    square = np.zeros((size, size + 1))
    diagonal = np.zeros((2 * size - 1, size + 1), np.complex128)  # running sums along x at fixed x + y
    for i in range(size):
        for k in range(size):
            row[i, k + 1] = row[i, k] + table[i, k]
            square[i, k + 1] = square[i, k] + abs(table[i, k]) ** 2
    for total in range(2 * size - 1):
        for i in range(size):
            inside = 0 <= total - i < size
            diagonal[total, i + 1] = diagonal[total, i] + (table[i, total - i] if inside else 0.0)
    out[:] = 0.0
    mean = 0.0 + 0.0j
    for f in range(count):
        double = 0.0 + 0.0j
        for x in range(-f, count - f):
            low, high = max(-f, -f - x), min(count - 1 - f, count - 1 - f - x)  # f + y and f + x + y in the band
            first, last = low + count - 1, high + count
            inner = row[x + count - 1, last] - row[x + count - 1, first]
            out[0] += square[x + count - 1, last] - square[x + count - 1, first]  # Eq. (1)
            out[1] += abs(inner) ** 2  # Eq. (2)
            double += inner
            # here x stands for x + y: the frequency f + x + y in the band, and with it f + x and f + y
            low, high = max(-f, x - (count - 1 - f)), min(count - 1 - f, x + f)
            total = x + 2 * (count - 1)
            out[2] += abs(diagonal[total, high + count] - diagonal[total, low + count - 1]) ** 2  # Eq. (3)
        out[3] += abs(double) ** 2  # Eq. (4)
        mean += double
    out[0] /= float(count) ** 3
    out[1] /= float(count) ** 4
    out[2] /= float(count) ** 4
    out[3] /= float(count) ** 5
    out[4] = abs(mean / float(count) ** 3) ** 2


@kernel
def cross_channel_integrals(
    offset: FloatArray,
    symbol_rate: FloatArray,
    own_rate: FloatArray,
    position: FloatArray,
    length: FloatArray,
    start: FloatArray,
    end: FloatArray,
    repeats: FloatArray,
    period: FloatArray,
    dispersion: FloatArray,
    detail: FloatArray,
    out: FloatArray,
) -> None:
    """Gaussian and kurtosis integrals of cross-channel interference at the centre of the observed channel.

    Parameters
    ----------
    offset, symbol_rate
        Interfering channel: distance of its centre, and symbol rate. Shape (n, pair). [Hz]
    own_rate
        Symbol rate of the observed channel. Shape (n, pair). [Hz]
    position, length, start, end, repeats, period
        As in `self_channel_integrals`, with the interferer's power.
    dispersion
        Half-way between the two channels. Shape (n, pair). [s^2/m]
    detail
        Panels of six Gauss points in a turn of the phase over the whole link. Shape (n,).
    out
        Integral of |mu|^2 over both offsets, divided by the square of the interferer's symbol rate; and the
        integral over the own offset of |integral of mu over the other|^2, divided by its cube.
        Shape (n, pair, 2). [m^2]
    """
    for d in range(detail.size):
        turn = 2.0 * math.pi / (period[d] * repeats[d]) / detail[d]
        for pair in range(offset.shape[1]):
            scale = 4.0 * math.pi**2 * abs(dispersion[d, pair])
            half, rate = 0.5 * own_rate[d, pair], symbol_rate[d, pair]
            distance = abs(offset[d, pair])
            panels = 2 + int(half * scale * (distance + 0.5 * rate) / turn)
            square = single = 0.0
            for panel in range(panels):
                for node in range(NODES.size):
                    y = half * (panel + 0.5 + 0.5 * NODES[node]) / panels
                    weight = half * 0.5 * WEIGHTS[node] / panels
                    # f1 and f3 = f1 + y inside the interferer; y and -y give mirrored intervals
                    for sign in (-1.0, 1.0):
                        low = distance - 0.5 * rate + max(-sign * y, 0.0)
                        high = distance + 0.5 * rate + min(-sign * y, 0.0)
                        parts = 1 + int((high - low) * scale * y / turn)
                        total = 0.0 + 0.0j
                        for part in range(parts):
                            for point in range(NODES.size):
                                x = low + (high - low) * (part + 0.5 + 0.5 * NODES[point]) / parts
                                field = link_field(
                                    scale * x * y,
                                    position[d],
                                    length[d],
                                    start[d, pair],
                                    end[d, pair],
                                    repeats[d],
                                    period[d],
                                )
                                share = 0.5 * WEIGHTS[point] * (high - low) / parts
                                total += share * field
                                square += weight * share * abs(field) ** 2
                        single += weight * abs(total) ** 2
            out[d, pair, 0] = square / rate**2  # Eq. (5)
            out[d, pair, 1] = single / rate**3


@kernel
def link_field(
    mismatch: float,
    position: FloatArray,
    length: FloatArray,
    start: FloatArray,
    end: FloatArray,
    repeats: float,
    period: float,
) -> complex:
    """Integral of relative power times exp(j mismatch z) along equal links in a row."""
    total = 0.0 + 0.0j
    for panel in range(length.size):
        exponent = complex(math.log(end[panel] / start[panel]), mismatch * length[panel])
        if abs(exponent) > 1e-4:
            mean = (cmath.exp(exponent) - 1.0) / exponent
        else:
            mean = 1.0 + exponent * (0.5 + exponent / 6.0)
        total += start[panel] * length[panel] * mean * cmath.exp(1j * mismatch * position[panel])  # Eq. (6)
    half = 0.5 * mismatch * period
    turns = math.floor(half / math.pi + 0.5)
    rest = half - math.pi * turns  # sin(N half)/sin(half), with the sign that whole turns leave
    if abs(rest) * repeats < 1e-6:
        factor = repeats
    else:
        factor = math.sin(repeats * rest) / math.sin(rest)
    return total * factor * cmath.exp(1j * (repeats - 1.0) * rest)
