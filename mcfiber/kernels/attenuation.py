"""Attenuation of a core: spectrum of the glass, bends, and the coating behind a thin outer cladding.

Notes
-----
(1) ``alpha = pi^(3/2) A^2 exp(-2 w^3 R/(3 beta^2))/(w sqrt(w R))``, half of it for order 0, loss of a bend [1]_;
(2) ``A/l^4 + B + C exp(-D/l) + E exp(F/l)`` and Gaussian hydroxyl bands, loss of the glass [2]_.

References
----------
.. [1] D. Marcuse, "Curvature loss formula for optical fibers," J. Opt. Soc. Am. 66, 216 (1976),
   :doi:`10.1364/JOSA.66.000216`.
.. [2] S. S. Walker, "Rapid modeling and estimation of total spectral loss in optical fibers," J. Lightw. Technol. 4,
   1125 (1986).
.. [3] A. Ghatak, K. Thyagarajan, "An Introduction to Fiber Optics," Cambridge University Press (1998).
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.typing import FloatArray

_NODE, _WEIGHT = np.polynomial.legendre.leggauss(28)
_SINE = np.sin(0.25 * np.pi * (1.0 + _NODE))  # ky = last sin(s) also tames the root at ky = kt
_COSINE = 0.25 * np.pi * _WEIGHT * np.cos(0.25 * np.pi * (1.0 + _NODE))


@kernel
def bend_attenuation(order: int, amplitude: float, decay: float, beta: float, radius: float) -> float:
    """Power attenuation (1/m) of a mode in a bend: Marcuse, J. Opt. Soc. Am. 66, 216 (1976), any circular profile.

    Written with the field A K_l(w r) outside (2 pi int F^2 r dr = 1): in a step-index core
    A^2 = U^2/(pi a^2 V^2 K_{l-1} K_{l+1}), which gives the printed form.
    """
    if math.isinf(radius):
        return 0.0
    square = amplitude * amplitude * (0.5 if order == 0 else 1.0)
    damping = math.exp(-2.0 * decay**3 * radius / (3.0 * beta * beta))
    # Eq. (1); Eq. (10.29) of [3] for a step
    return float(math.pi**1.5 * square * damping / (decay * math.sqrt(decay * radius)))


@kernel("(),(channel),(channel),(channel),()->(channel)")
def macrobend_loss(
    order: FloatArray,
    log_amplitude: FloatArray,
    decay: FloatArray,
    beta: FloatArray,
    radius: FloatArray,
    loss: FloatArray,
) -> None:
    """Bend loss. order, radius (n,) m; log of the amplitude, w (1/m), beta, loss (1/m) (n, channel)."""
    for row in range(radius.shape[0]):
        for i in range(decay.shape[1]):
            amplitude = math.exp(log_amplitude[row, i])
            loss[row, i] = bend_attenuation(int(order[row]), amplitude, decay[row, i], beta[row, i], radius[row])


@kernel
def coating_attenuation(
    log_amplitude: float, w: float, beta: float, index: float, wavelength: float, t: float, coating: float
) -> float:
    """Power attenuation (1/m) of a core at the distance t from a coating, see `coating_loss`."""
    k = 2.0 * math.pi / wavelength
    kt2 = (k * coating) ** 2 - beta * beta
    if not kt2 > 0.0:
        return 0.0 * kt2
    # exp(-2 (q - w) t) < 1e-17 beyond `last`
    last = math.sqrt(min(kt2, (w + 20.0 / t) ** 2 - w * w))
    total = 0.0
    for j in range(_SINE.shape[0]):
        ky = last * _SINE[j]
        q = math.sqrt(w * w + ky * ky)
        kx = math.sqrt(max(kt2 - ky * ky, 0.0))
        total += _COSINE[j] * kx * math.exp(2.0 * (log_amplitude - q * t))
    total *= 2.0 * last  # both signs of ky
    return float(2.0 * math.pi / beta * total / ((k * coating) ** 2 - (k * index) ** 2))  # Eq. (5) of docs/theory/glass


@kernel("(channel),(channel),(channel),(channel),(channel),(),()->(channel)")
def coating_loss(
    log_amplitude: FloatArray,
    decay: FloatArray,
    beta: FloatArray,
    index: FloatArray,
    wavelength: FloatArray,
    thickness: FloatArray,
    coating: FloatArray,
    loss: FloatArray,
) -> None:
    """Excess loss of a straight core at a distance from an absorbing coating of higher index.

    The field A K_0(w r) meets a plane boundary at t, is transmitted as plane waves and does not come back:
    alpha = (2 pi A^2/beta) int_{-kt}^{kt} kx exp(-2 q t)/(q^2 + kx^2) dky, with q^2 = w^2 + ky^2,
    kx^2 = kt^2 - ky^2 and kt^2 = k^2 nc^2 - beta^2, so that q^2 + kx^2 = k^2 (nc^2 - n0^2). Agrees with a
    two-dimensional eigenmode with absorbing layers to 1-2 % for thicknesses of several core radii.

    log of A, w (1/m), beta (1/m), cladding index, wavelength (m), loss (1/m): (n, channel); thickness (m) and
    coating index: (n,). No loss where the coating's index is below the effective index.
    """
    for row in range(thickness.shape[0]):
        for i in range(decay.shape[1]):
            loss[row, i] = coating_attenuation(
                log_amplitude[row, i],
                decay[row, i],
                beta[row, i],
                index[row, i],
                wavelength[row, i],
                thickness[row],
                coating[row],
            )


@kernel
def _glass_parts(
    length: float,
    rayleigh: float,
    constant: float,
    infrared: float,
    infrared_edge: float,
    ultraviolet: float,
    ultraviolet_edge: float,
    hydroxyl: float,
    hydroxyl_width: float,
) -> tuple[float, float, float, float, float]:
    first = (length - 1383e-9) / hydroxyl_width
    second = (length - 1240e-9) / hydroxyl_width
    return (
        rayleigh / length**4,  # Eq. (2), term by term
        constant,
        infrared * math.exp(-infrared_edge / length),
        ultraviolet * math.exp(ultraviolet_edge / length),
        hydroxyl * (math.exp(-0.5 * first * first) + 0.1 * math.exp(-0.5 * second * second)),
    )


@kernel("(channel),(),(),(),(),(),(),(),()->(channel),(channel),(channel),(channel),(channel)")
def glass_loss(
    wavelength: FloatArray,
    rayleigh: FloatArray,
    constant: FloatArray,
    infrared: FloatArray,
    infrared_edge: FloatArray,
    ultraviolet: FloatArray,
    ultraviolet_edge: FloatArray,
    hydroxyl: FloatArray,
    hydroxyl_width: FloatArray,
    scattering: FloatArray,
    offset: FloatArray,
    vibration: FloatArray,
    electronic: FloatArray,
    water: FloatArray,
) -> None:
    """Parts of the attenuation of glass: A/l^4, B, C exp(-D/l), E exp(F/l), OH bands at 1383 and 1240 nm.

    wavelength (n, channel) m; the rest (n,), SI: A m^3, B 1/m, C 1/m and D m, E 1/m and F m, height (1/m) and
    standard deviation (m) of the 1383-nm band; outputs (n, channel) 1/m. Structure: Walker, J. Lightwave
    Technol. 4, 1125 (1986). The band at 1240 nm has a tenth of the height.
    """
    for row in range(wavelength.shape[0]):
        for i in range(wavelength.shape[1]):
            parts = _glass_parts(
                wavelength[row, i],
                rayleigh[row],
                constant[row],
                infrared[row],
                infrared_edge[row],
                ultraviolet[row],
                ultraviolet_edge[row],
                hydroxyl[row],
                hydroxyl_width[row],
            )
            scattering[row, i], offset[row, i], vibration[row, i], electronic[row, i], water[row, i] = parts


@kernel("(channel),(),(),(),(),(),(),(),(),(channel),(channel),(channel),(channel),(),(),()->(channel)")
def total_loss(
    wavelength: FloatArray,
    rayleigh: FloatArray,
    constant: FloatArray,
    infrared: FloatArray,
    infrared_edge: FloatArray,
    ultraviolet: FloatArray,
    ultraviolet_edge: FloatArray,
    hydroxyl: FloatArray,
    hydroxyl_width: FloatArray,
    log_amplitude: FloatArray,
    decay: FloatArray,
    effective_index: FloatArray,
    index: FloatArray,
    thickness: FloatArray,
    coating: FloatArray,
    bend_radius: FloatArray,
    loss: FloatArray,
) -> None:
    """Attenuation (1/m) of LP01 by glass, bends and coating together; inputs as in the functions of the parts."""
    for row in range(wavelength.shape[0]):
        for i in range(wavelength.shape[1]):
            beta = effective_index[row, i] * 2.0 * math.pi / wavelength[row, i]
            a, b, c, d, e = _glass_parts(
                wavelength[row, i],
                rayleigh[row],
                constant[row],
                infrared[row],
                infrared_edge[row],
                ultraviolet[row],
                ultraviolet_edge[row],
                hydroxyl[row],
                hydroxyl_width[row],
            )
            bend = bend_attenuation(0, math.exp(log_amplitude[row, i]), decay[row, i], beta, bend_radius[row])
            leak = coating_attenuation(
                log_amplitude[row, i],
                decay[row, i],
                beta,
                index[row, i],
                wavelength[row, i],
                thickness[row],
                coating[row],
            )
            loss[row, i] = a + b + c + d + e + bend + leak
