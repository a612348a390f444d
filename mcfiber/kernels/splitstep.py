"""Fused loops of the split-step method; fields are complex64 or complex128 and change in place.

The leading dimension counts the fields that do not see each other: cores for the Kerr effect, components for
the linear part.

Notes
-----
(1) ``A -> A exp(j s P)``, P the power of all components together: the Kerr effect of a step [1]_;
(2) ``exp(j phi) = (1 + j t)/(1 - j t)`` with ``t = tan(phi/2)``;
(3) ``exp(j beta(f) L)``, dispersion of a step;
(4) ``exp(-j 2 pi f tau)``, delay of a mode.

References
----------
.. [1] C. Antonelli, M. Shtaif, A. Mecozzi, "Modeling of nonlinear propagation in space-division multiplexed fiber-optic
   transmission," J. Lightw. Technol. 34, 36 (2016).
.. [2] M. Abramowitz, I. A. Stegun (editors), "Handbook of Mathematical Functions," National Bureau of Standards, 1964.
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.typing import ComplexArray, FloatArray

SMALL = 0.25  # phase up to which seven terms of the tangent's series are exact to rounding
BLOCK = 64  # samples between two exact values of a rotating phase


@kernel
def kerr_rotation(strength: FloatArray, field: ComplexArray) -> None:
    """Rotate each sample by a phase proportional to the power that its components hold together.

    A small rotation is (1 + j t)/(1 - j t) with t = tan(phase/2): its modulus is 1 to rounding whatever the
    error of t, and the loop has no branch and no call.

    Parameters
    ----------
    strength
        Phase for each unit of power. Shape (n,). [1/W]
    field
        Changed in place. Shape (n, component, sample). [W^0.5]
    """
    components, samples = field.shape[1], field.shape[2]
    power = np.empty(samples, field.real.dtype)
    for i in range(field.shape[0]):
        most = 0.0
        for sample in range(samples):
            power[sample] = 0.0
        for component in range(components):
            for sample in range(samples):
                value = field[i, component, sample]
                power[sample] += value.real * value.real + value.imag * value.imag
        for sample in range(samples):
            most = max(most, power[sample])
        if most * abs(strength[i]) < SMALL:
            _small_rotation(power, power.dtype.type(0.5 * strength[i]), field[i])
        else:
            for sample in range(samples):
                phase = strength[i] * power[sample]
                factor = complex(math.cos(phase), math.sin(phase))  # Eq. (1)
                for component in range(components):
                    field[i, component, sample] *= factor


@kernel
def _small_rotation(power: FloatArray, strength: float, field: ComplexArray) -> None:
    kind = power.dtype.type
    one, two = kind(1.0), kind(2.0)
    a3, a5, a7, a9 = kind(1.0 / 3.0), kind(2.0 / 15.0), kind(17.0 / 315.0), kind(62.0 / 2835.0)
    a11, a13 = kind(1382.0 / 155925.0), kind(21844.0 / 6081075.0)
    for sample in range(power.size):
        x = strength * power[sample]
        s = x * x
        t = x * (one + s * (a3 + s * (a5 + s * (a7 + s * (a9 + s * (a11 + s * a13))))))  # Eq. (4.3.67) of [2]
        scale = one / (one + t * t)
        cosine, sine = (one - t * t) * scale, two * t * scale  # Eq. (2)
        for component in range(field.shape[0]):
            value = field[component, sample]
            field[component, sample] = complex(
                value.real * cosine - value.imag * sine, value.real * sine + value.imag * cosine
            )


@kernel
def transfer(propagation: FloatArray, length: FloatArray, out: ComplexArray) -> None:
    """Phase of a piece of fibre at each frequency, in double precision whatever the field's.

    Parameters
    ----------
    propagation
        Propagation constant without its value and slope at the reference. Shape (n, frequency). [1/m]
    length
        Shape (n,). [m]
    out
        Shape (n, frequency).
    """
    for i in range(length.size):
        for frequency in range(propagation.shape[1]):
            phase = propagation[i, frequency] * length[i]
            out[i, frequency] = complex(math.cos(phase), math.sin(phase))  # Eq. (3)


@kernel
def filtered(transfer: ComplexArray, field: ComplexArray) -> None:
    """Multiply all rows of a spectrum by one transfer function. Shapes (frequency,), (n, frequency)."""
    for i in range(field.shape[0]):
        for frequency in range(field.shape[1]):
            field[i, frequency] *= transfer[frequency]


@kernel
def mixed(matrix: ComplexArray, field: ComplexArray) -> None:
    """Multiply the components of a field by one matrix, in place: a product of few rows, without threads of its own.

    matrix (component, component), of the field's kind; field (component, sample), changed in place.
    """
    count = field.shape[0]
    part = np.empty((count, BLOCK), field.dtype)
    for start in range(0, field.shape[1], BLOCK):
        stop = min(start + BLOCK, field.shape[1])
        for row in range(count):
            for sample in range(stop - start):
                part[row, sample] = field[row, start + sample]
        for row in range(count):
            for sample in range(start, stop):
                field[row, sample] = 0.0
            for column in range(count):
                factor = matrix[row, column]
                for sample in range(stop - start):
                    field[row, start + sample] += factor * part[column, sample]


@kernel
def delayed(turn: FloatArray, field: ComplexArray) -> None:
    """Delay each row of a spectrum by its own time.

    Parameters
    ----------
    turn
        Delay over the duration of the signal, in radians: phase from one frequency to the next. Shape (n,).
    field
        Spectrum in the order of the fast Fourier transform, changed in place. Shape (n, frequency).
    """
    size = field.shape[1]
    half = (size + 1) // 2
    for i in range(field.shape[0]):
        step = complex(math.cos(turn[i]), -math.sin(turn[i]))
        for start in range(0, size, BLOCK):
            for sign in range(2):  # a block may hold the wrap from positive to negative frequencies
                low = start if sign == 0 else max(start, half)
                high = min(start + BLOCK, half if sign == 0 else size)
                phase = turn[i] * (low - (0 if sign == 0 else size))
                factor = complex(math.cos(phase), -math.sin(phase))  # Eq. (4)
                for frequency in range(low, high):
                    field[i, frequency] *= factor
                    factor *= step
