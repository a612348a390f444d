"""Loops of a receiver that cannot be products of whole arrays: adaptive taps, phase search, metrics of bits.

Notes
-----
(1) ``z = sum_p w_p x_p``, an output of the equaliser; ``w <- w + mu e x*``, least mean squares [1]_;
(2) ``phi <- phi + g arg sum_d z_d a_d*``, a phase loop that all streams share;
(3) ``min_b sum_{d, window} min_a |z e^{-j phi_b} - a|^2``, blind phase search [2]_;
(4) ``log2(sum_a p_a exp(-|z - a|^2/s) / [p exp(-|z - a|^2/s)]_sent)``, loss of mutual information of a symbol [3]_;
(5) ``sum_b log2(1 + e^{-L_b})`` with the log ratios ``L_b`` of both values of a bit, loss of generalised mutual
information [3]_.

References
----------
.. [1] B. Widrow et al., "Stationary and nonstationary learning characteristics of the LMS adaptive filter," Proc. IEEE
   64, 1151 (1976).
.. [2] T. Pfau, S. Hoffmann, R. Noe, "Hardware-efficient coherent digital receiver concept with feedforward carrier
   recovery for M-QAM constellations," J. Lightw. Technol. 27, 989 (2009).
.. [3] A. Alvarado et al., "Achievable information rates for fiber optics: applications and computations," J. Lightw.
   Technol. 36, 424 (2018).
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.typing import ComplexArray, FloatArray, IntArray


@kernel
def _nearest(real: float, imaginary: float, points_real: FloatArray, points_imaginary: FloatArray) -> int:
    best, place = math.inf, 0
    for k in range(points_real.size):
        x, y = real - points_real[k], imaginary - points_imaginary[k]
        distance = x * x + y * y
        if distance < best:
            best, place = distance, k
    return place


@kernel
def least_mean_squares(
    samples: ComplexArray,
    symbols: ComplexArray,
    points: ComplexArray,
    training: int,
    step: float,
    loop_gain: float,
    taps: ComplexArray,
    output: ComplexArray,
    phase: FloatArray,
) -> None:
    """Adapt taps symbol by symbol, over the period again and again; the output is that before each update.

    Parameters
    ----------
    samples
        Two a symbol, periodic. Shape (mode, sample).
    symbols
        Sent. Shape (mode, symbol).
    points
        For decisions behind the training. Shape (point,).
    training
        Number of symbols, over all rounds, whose values are known.
    step
        mu, in the units of the samples. [1]
    loop_gain
        Of the phase loop that all streams share; 0 for none.
    taps
        Changed in place: first value. Shape (stream, tap, mode).
    output
        Filled, with the phase removed; as many symbols as rounds need. Shape (stream, symbol).
    phase
        Filled: that was removed. Shape (symbol,). [rad]
    """
    modes, period = samples.shape[0], symbols.shape[1]
    length, streams = taps.shape[1], taps.shape[0]
    size, half = length * modes, length // 2
    real, imaginary = np.empty(size), np.empty(size)
    weights_real = taps.real.copy().reshape(streams, size)
    weights_imaginary = taps.imag.copy().reshape(streams, size)
    points_real, points_imaginary = points.real.copy(), points.imag.copy()
    turn = 0.0
    for time in range(output.shape[1]):
        symbol = time % period
        for tap in range(length):
            sample = (2 * symbol + half - tap) % (2 * period)
            for mode in range(modes):
                value = samples[mode, sample]
                real[tap * modes + mode], imaginary[tap * modes + mode] = value.real, value.imag
        cosine, sine = math.cos(turn), -math.sin(turn)
        together_real, together_imaginary = 0.0, 0.0
        for stream in range(streams):
            x, y = 0.0, 0.0
            for k in range(size):
                x += weights_real[stream, k] * real[k] - weights_imaginary[stream, k] * imaginary[k]  # Eq. (1)
                y += weights_real[stream, k] * imaginary[k] + weights_imaginary[stream, k] * real[k]
            u, v = x * cosine - y * sine, x * sine + y * cosine
            output[stream, time] = complex(u, v)
            if time < training:
                wanted = symbols[stream, symbol]
                a, b = wanted.real, wanted.imag
            else:
                place = _nearest(u, v, points_real, points_imaginary)
                a, b = points_real[place], points_imaginary[place]
            together_real += u * a + v * b
            together_imaginary += v * a - u * b
            e, f = step * (a - u), step * (b - v)
            e, f = e * cosine + f * sine, f * cosine - e * sine  # the error with the phase put back
            for k in range(size):
                weights_real[stream, k] += e * real[k] + f * imaginary[k]  # Eq. (1)
                weights_imaginary[stream, k] += f * real[k] - e * imaginary[k]
        phase[time] = turn
        if loop_gain > 0.0:
            turn += loop_gain * math.atan2(together_imaginary, together_real)  # Eq. (2)
    for stream in range(streams):
        for tap in range(length):
            for mode in range(modes):
                k = tap * modes + mode
                taps[stream, tap, mode] = complex(weights_real[stream, k], weights_imaginary[stream, k])


@kernel
def phase_distances(outputs: ComplexArray, points: ComplexArray, angles: FloatArray, distance: FloatArray) -> None:
    """Squared distance to the nearest point of each symbol turned by each test angle, summed over streams.

    outputs (stream, symbol); points (point,); angles (angle,) rad; distance (angle, symbol), filled: Eq. (3), before
    its sum over the window.
    """
    points_real, points_imaginary = points.real.copy(), points.imag.copy()
    for k in range(angles.size):
        cosine, sine = math.cos(angles[k]), -math.sin(angles[k])
        for symbol in range(outputs.shape[1]):
            total = 0.0
            for stream in range(outputs.shape[0]):
                value = outputs[stream, symbol]
                u, v = value.real * cosine - value.imag * sine, value.real * sine + value.imag * cosine
                place = _nearest(u, v, points_real, points_imaginary)
                x, y = u - points_real[place], v - points_imaginary[place]
                total += x * x + y * y  # Eq. (3)
            distance[k, symbol] = total


@kernel
def symbol_losses(
    outputs: ComplexArray,
    sent: IntArray,
    variance: float,
    points: ComplexArray,
    probabilities: FloatArray,
    labels: IntArray,
    bits: int,
    mutual: FloatArray,
    generalised: FloatArray,
    errors: FloatArray,
) -> None:
    """Information that noise takes from each symbol, and bits decided wrongly.

    Parameters
    ----------
    outputs, sent
        What arrived at unit gain, and the number of the point that was sent. Shape (symbol,).
    variance
        Of the noise, both dimensions. [1]
    points, probabilities, labels
        Of the constellation. Shape (point,).
    bits
        Of a label.
    mutual, generalised
        Filled: bits that are lost. Shape (symbol,). [bit]
    errors
        Filled: wrong bits of the most probable symbol. Shape (symbol,).
    """
    count = points.size
    weight, each = np.empty(count), np.empty((bits, 2))
    for symbol in range(outputs.size):
        best, place = -math.inf, 0
        for k in range(count):
            gap = outputs[symbol] - points[k]
            weight[k] = math.log(probabilities[k]) - (gap.real * gap.real + gap.imag * gap.imag) / variance
            if weight[k] > best:
                best, place = weight[k], k
        total = 0.0
        each[:] = 0.0
        for k in range(count):
            likelihood = math.exp(weight[k] - best)
            total += likelihood
            for bit in range(bits):
                each[bit, (labels[k] >> bit) & 1] += likelihood
        own = sent[symbol]
        mutual[symbol] = (math.log(total) + best - weight[own]) / math.log(2.0)  # Eq. (4)
        lost = 0.0
        for bit in range(bits):
            right = each[bit, (labels[own] >> bit) & 1]
            wrong = each[bit, 1 - ((labels[own] >> bit) & 1)]
            if right > 0.0:
                lost += math.log1p(wrong / right) / math.log(2.0)  # Eq. (5)
            else:  # below the smallest number: the distance itself tells
                lost += (best - weight[own]) / math.log(2.0)
        generalised[symbol] = lost
        different = labels[own] ^ labels[place]
        wrong_bits = 0
        while different:
            wrong_bits += different & 1
            different >>= 1
        errors[symbol] = wrong_bits
