"""Nonlinear interference of a span in closed form, without Raman tilt.

References
----------
.. [1] P. Poggiolini et al., "A detailed analytical derivation of the GN model of non-linear interference in coherent
   optical transmission systems," arXiv:1209.0394 (2012).
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.kernels.elementary import asinh_difference
from mcfiber.typing import FloatArray


@kernel("(channel),(channel),(channel),(channel),(channel),(channel),()->(channel)")
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
    shape = np.empty((count, count))
    for design in range(frequency.shape[0]):
        if design == 0 or not (
            _same(frequency, design)
            and _same(symbol_rate, design)
            and _same(beta2, design)
            and _same(attenuation, design)
        ):
            # The transcendental part depends on neither powers nor lengths, so a block that differs in these is cheap.
            for i in range(count):
                _shape_row(i, frequency[design], symbol_rate[design], beta2[design], attenuation[design], shape[i])
        for k in range(count):
            effective = -math.expm1(-attenuation[design, k] * length[design]) / attenuation[design, k]
            density = power[design, k] / symbol_rate[design, k]
            weight[k] = attenuation[design, k] * (effective * density) ** 2 / (2.0 * math.pi)
        for i in range(count):
            total = 0.0
            for k in range(count):
                total += shape[i, k] * weight[k]
            out[design, i] = 16.0 / 27.0 * gamma[design, i] ** 2 * power[design, i] * total  # Eq. (120) of [1]


@kernel
def _same(values: FloatArray, design: int) -> bool:
    for k in range(values.shape[1]):
        if values[design, k] != values[design - 1, k]:
            return False
    return True


@kernel
def _shape_row(
    i: int,
    frequency: FloatArray,
    symbol_rate: FloatArray,
    beta2: FloatArray,
    attenuation: FloatArray,
    row: FloatArray,
) -> None:
    """Shape of every interferer on channel i, psi of eq. (123) without its prefactor; once itself, twice another."""
    scale = 0.5 * math.pi**2 * symbol_rate[i]
    for k in range(row.shape[0]):
        dispersion = abs(beta2[i] + beta2[k])  # twice the mean of the pair
        reach = scale * dispersion / attenuation[k]
        offset = abs(frequency[i] - frequency[k])
        half = 0.5 * symbol_rate[k]
        # Eq. (123) of [1]
        row[k] = 2.0 * asinh_difference(reach * (offset + half), reach * (offset - half)) / dispersion
    own = 0.5 * math.pi**2 * abs(beta2[i]) * symbol_rate[i] ** 2 / attenuation[i]
    row[i] = math.asinh(own) / abs(beta2[i])  # Eq. (123) of [1]
