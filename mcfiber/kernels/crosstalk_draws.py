"""Random transfer matrices of coupled cores: exactly unitary, with the coupled-power equations as their mean.

A fibre is a chain of steps.  In each step every pair of cores exchanges the same part of its power, with a
random phase; then the polarisation of every core is scrambled; then every mode advances by its own delay.
All randomness is common to all frequencies, only the delays tell frequencies apart [1]_.

The mean over the phases of a rotation by ``sin^2`` is ``[[1 - sin^2, sin^2], [sin^2, 1 - sin^2]]``, which is
the solution of the coupled-power equations of that pair if ``sin^2 = (1 - exp(-2 h dz)) / 2``: so the mean
of the chain is right at any ``h L``, but for the order of the pairs within a step.  That order alternates
(Strang), which leaves an error of second order in the step.

Notes
-----
(1) ``[[c, -s e^{-j phi}], [s e^{j phi}, c]]`` with ``s^2 = (1 - exp(-2 h dz))/2``, the exchange of a pair [1]_;
(2) ``[[a, -b*], [b, a*]]`` with ``|a|^2 + |b|^2 = 1``, the scrambling of the two polarisations, Haar on SU(2);
(3) ``exp(-j 2 pi f tau - alpha dz/2)``, the advance of a mode;
(4) ``sum_(p, q) |H[2 m + p, 2 n + q]|^2``, over the number of launched polarisations q: power from core n in core m.

References
----------
.. [1] R. O. J. Soeiro, T. M. F. Alves, A. V. T. Cartaxo, "Dual polarization discrete changes model of
   inter-core crosstalk in multi-core fibers," IEEE Photonics Technol. Lett. 29, 1395 (2017),
   :doi:`10.1109/LPT.2017.2723662`.
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.typing import ComplexArray, FloatArray, IntArray

# Columns of the matrix times frequencies that are carried through the chain together: they stay in the cache.
COLUMNS = 96


@kernel
def transfer_matrices(
    phase: FloatArray,
    polarization: FloatArray,
    sine: FloatArray,
    pairs: IntArray,
    advance: ComplexArray,
    outputs: IntArray,
    out: ComplexArray,
) -> None:
    """Transfer matrices at all frequencies, for a number of draws.

    The chain is run backwards from the wanted outputs, so the crosstalk into one core costs 1/N of the
    whole matrix.

    Parameters
    ----------
    phase
        Phase of the exchange of every pair. Shape (n, step, pair). [rad]
    polarization
        Uniform random numbers, three for each core: two phases and a power ratio make a matrix of the Haar
        measure of SU(2). Shape (n, step, core, 3). [1]
    sine
        Sine of the angle of exchange, its square the part of the power. Shape (step, pair); one step stands
        for all. [1]
    pairs
        The two cores of every pair. Shape (pair, 2).
    advance
        What a mode gains in a step, ``exp(-j 2 pi f tau - alpha dz / 2)``. Shape (step, mode, frequency); one
        step stands for all. [1]
    outputs
        Modes whose rows of the matrix are wanted; core n has the modes 2 n and 2 n + 1. Shape (output,).
    out
        Field in a mode at the end for unit field in a mode at the start.
        Shape (n, frequency, output, mode). [1]
    """
    steps, modes, frequencies = phase.shape[1], advance.shape[1], advance.shape[2]
    cores, count = modes // 2, phase.shape[2]
    wide = min(frequencies, COLUMNS)
    many = min(outputs.shape[0], max(1, COLUMNS // wide))
    real = np.empty(modes * many * wide)
    imag = np.empty(modes * many * wide)
    exchange = np.empty((steps, count, 2))
    scramble = np.empty((steps, cores, 4))
    for i in range(phase.shape[0]):
        _coefficients(phase[i], polarization[i], sine, exchange, scramble)
        for first in range(0, frequencies, wide):
            width = min(wide, frequencies - first)
            for row in range(0, outputs.shape[0], many):
                rows = min(many, outputs.shape[0] - row)
                size = rows * width
                real[:] = 0.0
                imag[:] = 0.0
                for o in range(rows):
                    for f in range(width):
                        real[outputs[row + o] * size + o * width + f] = 1.0
                for back in range(steps):
                    step = steps - 1 - back
                    _advance(advance[step % advance.shape[0]], first, width, rows, real, imag)
                    _scramble(scramble[step], size, real, imag)
                    _exchange(exchange[step], sine[step % sine.shape[0]], pairs, step, size, real, imag)
                for mode in range(modes):
                    for o in range(rows):
                        for f in range(width):
                            at = mode * size + o * width + f
                            out[i, first + f, row + o, mode] = complex(real[at], imag[at])


@kernel
def _coefficients(
    phase: FloatArray, polarization: FloatArray, sine: FloatArray, exchange: FloatArray, scramble: FloatArray
) -> None:
    for step in range(phase.shape[0]):
        for pair in range(phase.shape[1]):
            size = sine[step % sine.shape[0], pair]
            exchange[step, pair, 0] = size * math.cos(phase[step, pair])  # Eq. (1)
            exchange[step, pair, 1] = size * math.sin(phase[step, pair])
        for core in range(polarization.shape[1]):
            one = 2.0 * math.pi * polarization[step, core, 0]
            two = 2.0 * math.pi * polarization[step, core, 1]
            part = polarization[step, core, 2]  # sin^2 is uniform under the Haar measure of SU(2)
            large, small = math.sqrt(1.0 - part), math.sqrt(part)  # Eq. (2)
            scramble[step, core, 0] = large * math.cos(one)
            scramble[step, core, 1] = large * math.sin(one)
            scramble[step, core, 2] = small * math.cos(two)
            scramble[step, core, 3] = small * math.sin(two)


@kernel
def _advance(advance: ComplexArray, first: int, width: int, rows: int, real: FloatArray, imag: FloatArray) -> None:
    """Every mode times its own factor, which differs from frequency to frequency."""
    size = rows * width
    cosine = np.empty(width)
    sine = np.empty(width)
    for mode in range(advance.shape[0]):
        for f in range(width):
            cosine[f] = advance[mode, first + f].real
            sine[f] = advance[mode, first + f].imag
        for o in range(rows):
            start = mode * size + o * width
            x, y = real[start : start + width], imag[start : start + width]
            for f in range(width):
                kept = x[f]
                x[f] = kept * cosine[f] - y[f] * sine[f]  # Eq. (3)
                y[f] = kept * sine[f] + y[f] * cosine[f]


@kernel
def _scramble(scramble: FloatArray, size: int, real: FloatArray, imag: FloatArray) -> None:
    """Transpose of [[a, -b*], [b, a*]] on the two polarisations of every core."""
    for core in range(scramble.shape[0]):
        ar, ai, br, bi = scramble[core, 0], scramble[core, 1], scramble[core, 2], scramble[core, 3]
        start = 2 * core * size
        xr, xi = real[start : start + size], imag[start : start + size]
        yr, yi = real[start + size : start + 2 * size], imag[start + size : start + 2 * size]
        for c in range(size):
            pr, pi, qr, qi = xr[c], xi[c], yr[c], yi[c]
            xr[c] = ar * pr - ai * pi + br * qr - bi * qi  # Eq. (2), transposed
            xi[c] = ar * pi + ai * pr + br * qi + bi * qr
            yr[c] = ar * qr + ai * qi - br * pr - bi * pi
            yi[c] = ar * qi - ai * qr - br * pi + bi * pr


@kernel
def _exchange(
    exchange: FloatArray,
    sine: FloatArray,
    pairs: IntArray,
    step: int,
    size: int,
    real: FloatArray,
    imag: FloatArray,
) -> None:
    """Transpose of [[c, -s e^{-j phi}], [s e^{j phi}, c]] on every pair, both polarisations alike."""
    count = pairs.shape[0]
    both = 2 * size
    for position in range(count):
        pair = count - 1 - position if step % 2 == 0 else position  # light meets them the other way
        c = math.sqrt(1.0 - sine[pair] * sine[pair])
        sr, si = exchange[pair, 0], exchange[pair, 1]
        one, two = pairs[pair, 0] * both, pairs[pair, 1] * both
        xr, xi = real[one : one + both], imag[one : one + both]
        yr, yi = real[two : two + both], imag[two : two + both]
        for k in range(both):
            pr, pi, qr, qi = xr[k], xi[k], yr[k], yi[k]
            xr[k] = c * pr + sr * qr - si * qi  # Eq. (1), transposed
            xi[k] = c * pi + sr * qi + si * qr
            yr[k] = c * qr - sr * pr - si * pi
            yi[k] = c * qi - sr * pi + si * pr


@kernel
def crosstalk_powers(matrix: ComplexArray, polarizations: int, out: FloatArray) -> None:
    """Power in a core for unit power launched into a core.

    Parameters
    ----------
    matrix
        Transfer matrices. Shape (n, frequency, output, mode). [1]
    polarizations
        1: the launched light has one polarisation, 2: it has equal powers in both.
    out
        Shape (n, core_out, core_in, frequency), core_out counting pairs of outputs. [1]
    """
    for i in range(matrix.shape[0]):
        for f in range(matrix.shape[1]):
            for m in range(out.shape[1]):
                for n in range(out.shape[2]):
                    total = 0.0
                    for p in range(2):
                        for q in range(polarizations):
                            value = matrix[i, f, 2 * m + p, 2 * n + q]
                            total += value.real * value.real + value.imag * value.imag  # Eq. (4)
                    out[i, m, n, f] = total / polarizations
