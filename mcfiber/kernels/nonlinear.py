"""Nonlinear interference of a span in closed form, without Raman tilt."""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.kernels.elementary import asinh_difference
from mcfiber.typing import FloatArray


@kernel
def gn_closed_form(
    frequency: FloatArray,
    symbol_rate: FloatArray,
    power: FloatArray,
    gamma: FloatArray,
    beta2: FloatArray,
    attenuation: FloatArray,
    length: FloatArray,
    out: FloatArray,
) -> None:
    """Nonlinear interference power of one span, WDM Gaussian-noise model.

    Self- and cross-channel interference at the channel's centre, incoherent, no four-wave mixing between
    different channels: Poggiolini et al., arXiv:1209.0394, eqs. (120) and (123), with beta2 averaged over the
    pair and attenuation and effective length of the interferer, as in GNPy's ``gn_model_analytic``.

    Parameters
    ----------
    frequency, symbol_rate, power
        Shape (n, channel). [Hz, Hz, W]
    gamma, beta2, attenuation
        Nonlinear coefficient of the disturbed channel, dispersion (not zero), power attenuation (above zero).
        Shape (n, channel). [1/(W m), s2/m, 1/m]
    length
        Shape (n,). [m]
    out
        Power in the symbol rate, referred to the input of the span; zero for a dark channel.
        Shape (n, channel). [W]
    """
    count = frequency.shape[1]
    weight = np.empty(count)
    asymptotic = np.empty(count)
    for design in range(frequency.shape[0]):
        for k in range(count):
            effective = -math.expm1(-attenuation[design, k] * length[design]) / attenuation[design, k]
            density = power[design, k] / symbol_rate[design, k]
            asymptotic[k] = 1.0 / attenuation[design, k]
            weight[k] = attenuation[design, k] * (effective * density) ** 2 / (2.0 * math.pi)
        for i in range(count):
            dispersion = abs(beta2[design, i])
            reach = 0.5 * math.pi**2 * dispersion * symbol_rate[design, i] ** 2 / attenuation[design, i]
            own = weight[i] * math.asinh(reach) / dispersion  # psi_ii, eq. (123)
            others = _cross(i, 0, i, frequency[design], symbol_rate[design], beta2[design],
                            asymptotic, weight)  # fmt: skip
            others += _cross(i, i + 1, count, frequency[design], symbol_rate[design], beta2[design],
                             asymptotic, weight)  # fmt: skip
            out[design, i] = 16.0 / 27.0 * gamma[design, i] ** 2 * power[design, i] * (own + 2.0 * others)


@kernel
def _cross(
    i: int,
    start: int,
    stop: int,
    frequency: FloatArray,
    symbol_rate: FloatArray,
    beta2: FloatArray,
    asymptotic: FloatArray,
    weight: FloatArray,
) -> float:
    """Sum of interferers start..stop on channel i: 2 pi |beta2| L_a psi_in weight, eq. (123)."""
    total = 0.0
    scale = 0.5 * math.pi**2 * symbol_rate[i]
    for k in range(start, stop):
        dispersion = abs(beta2[i] + beta2[k])  # twice the mean of the pair
        reach = scale * dispersion * asymptotic[k]
        offset = abs(frequency[i] - frequency[k])
        half = 0.5 * symbol_rate[k]
        total += weight[k] * asinh_difference(reach * (offset + half), reach * (offset - half)) / dispersion
    return total
