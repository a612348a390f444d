"""Erbium amplifiers: gain, output and noise of a fibre whose inversion is saturated by its light.

With the mean inversion times the length of the fibre, m, the gains of all channels and the pump are known, whatever the
inversion does along the fibre [1]_, [2]_; photon fluxes are in 1/s, coefficients in 1/m.

Notes
-----
(1) ``ln G_k = (a_k + g_k) m - a_k L``, the gain of a channel from absorption a and gain g at full inversion [1]_, [2]_;
(2) ``T_p = exp(M r ((a_p + g_p) m - a_p L))``, what is left of a pump that M cores share, each with the overlap r;
(3) ``Q_p (1 - T_p)/M + sum Q_k (1 - G_k) = xi m``: photons that go in and do not come out keep the inversion up [1]_;
(4) ``m(L) = max_k (ln G_k + a_k L)/(a_k + g_k)``, so that the weakest channel has the gain that is asked for;
(5) ``P = (Q_p (1 - T_p)/M - xi m)/sum_k u_k (G_k - 1)/(h nu_k)``, the output of a flattened amplifier whose channels
    enter with ``u_k P``: (3) solved for P, without a root;
(6) ``dm/dz = n = sum Q a/(xi + sum Q (a + g))``, the inversion along the fibre, of which (1) makes one equation;
(7) ``F_k = 1/G_k + 2 g_k int n/G_k(z) dz``: noise ``dS/dz = S ((a + g) n - a) + 2 g n`` of both polarisations [2]_,
    with ``F = (S + 1)/G``.

References
----------
.. [1] A. A. M. Saleh, R. M. Jopson, J. D. Evankow, J. Aspell, "Modeling of gain in erbium-doped fiber amplifiers," IEEE
   Photon. Technol. Lett. 2(10), 714-717, 1990, doi:10.1109/68.60769.
.. [2] C. R. Giles, E. Desurvire, "Modeling erbium-doped fiber amplifiers," J. Lightw. Technol. 9(2), 271-283, 1991,
   doi:10.1109/50.65886.
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.typing import FloatArray

PLANCK = 6.626_070_15e-34  # J s

LENGTHS = 48  # tried lengths before the best is refined
LONGEST = 40.0  # of them, over the shortest that can have the gain
GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)
REFINED = 34  # golden sections: a neighbourhood shrinks to 1e-7 of itself
STEPS = 32  # of the integration along the fibre, which is good to 1e-5 dB


@kernel
def _inversion(log_gain: FloatArray, absorption: FloatArray, gain: FloatArray, length: float) -> float:
    """Mean inversion times length with which the weakest channel has the gain that is asked for."""
    most = 0.0
    for k in range(log_gain.shape[0]):
        most = max(most, (log_gain[k] + absorption[k] * length) / (absorption[k] + gain[k]))  # Eq. (4)
    return most


@kernel
def _output(
    inversion: float,
    length: float,
    energy: FloatArray,
    absorption: FloatArray,
    gain: FloatArray,
    entering: FloatArray,
    pump: float,
    pump_absorption: float,
    pump_gain: float,
    saturation: float,
    cores: float,
) -> float:
    """Output at an inversion and a length [W]; below zero where the pump does not keep the inversion up."""
    left = math.exp(cores * ((pump_absorption + pump_gain) * inversion - pump_absorption * length))  # Eq. (2)
    weight = 0.0
    for k in range(energy.shape[0]):
        raised = math.expm1((absorption[k] + gain[k]) * inversion - absorption[k] * length)  # Eq. (1)
        weight += entering[k] * raised / energy[k]
    if weight <= 0.0:
        return -math.inf
    return (pump * (1.0 - left) / cores - saturation * inversion) / weight  # Eq. (5)


@kernel
def _best_length(
    shortest: float,
    log_gain: FloatArray,
    energy: FloatArray,
    absorption: FloatArray,
    gain: FloatArray,
    entering: FloatArray,
    pump: float,
    pump_absorption: float,
    pump_gain: float,
    saturation: float,
    cores: float,
) -> float:
    """Length with the largest output: the best of a row of lengths, then by golden sections beside it."""
    a, g, u, p, xi = absorption, gain, entering, pump_absorption, saturation
    tried = np.empty(LENGTHS)
    top = 0
    most = -math.inf
    for i in range(LENGTHS):
        tried[i] = shortest * LONGEST ** ((i + 1.0) / LENGTHS)
        at = _inversion(log_gain, a, g, tried[i])
        value = _output(at, tried[i], energy, a, g, u, pump, p, pump_gain, xi, cores)
        if value > most:
            most = value
            top = i
    low = shortest if top == 0 else tried[top - 1]
    high = tried[min(top + 1, LENGTHS - 1)]
    near = high - GOLDEN * (high - low)
    far = low + GOLDEN * (high - low)
    of_near = _output(_inversion(log_gain, a, g, near), near, energy, a, g, u, pump, p, pump_gain, xi, cores)
    of_far = _output(_inversion(log_gain, a, g, far), far, energy, a, g, u, pump, p, pump_gain, xi, cores)
    for _ in range(REFINED):
        if of_near >= of_far:
            high = far
            far = near
            of_far = of_near
            near = high - GOLDEN * (high - low)
            of_near = _output(_inversion(log_gain, a, g, near), near, energy, a, g, u, pump, p, pump_gain, xi, cores)
        else:
            low = near
            near = far
            of_near = of_far
            far = low + GOLDEN * (high - low)
            of_far = _output(_inversion(log_gain, a, g, far), far, energy, a, g, u, pump, p, pump_gain, xi, cores)
    best: float = 0.5 * (low + high)
    return best


@kernel("(channel),(channel),(channel),(channel),(channel),(),(),(),(),(),(),(),()->(),(),(),(),(channel)")
def flattened_amplifier(
    frequency: FloatArray,
    absorption: FloatArray,
    gain: FloatArray,
    asked: FloatArray,
    entering: FloatArray,
    pump: FloatArray,
    pump_frequency: FloatArray,
    pump_absorption: FloatArray,
    pump_gain: FloatArray,
    saturation: FloatArray,
    cores: FloatArray,
    given_length: FloatArray,
    limit: FloatArray,
    output: FloatArray,
    length: FloatArray,
    inversion: FloatArray,
    used: FloatArray,
    gains: FloatArray,
) -> None:
    """Output, length and inversion of an amplifier that has at least the gain that is asked for in every channel.

    Parameters
    ----------
    frequency, absorption, gain
        Of the channels [Hz, 1/m, 1/m]. Shape (n, channel).
    asked
        Gain of the erbium that each channel needs, above 1. Shape (n, channel).
    entering
        Power of each channel in front of the erbium over the output of the whole amplifier. Shape (n, channel).
    pump, pump_frequency
        Of all cores that share it [W, Hz]. Shape (n,).
    pump_absorption, pump_gain
        In one core [1/m]. Shape (n,).
    saturation
        Photons that full inversion of a metre loses [1/(m s)]. Shape (n,).
    cores
        That share the pump. Shape (n,).
    given_length
        Of the erbium [m]; NaN for the length with the largest output. Shape (n,).
    limit
        Largest output, to which the pump is turned down [W]. Shape (n,).
    output, length, inversion, used
        Output [W], length [m], mean inversion, and the pump that is used [W]; NaN where the pump is below threshold.
        Shape (n,).
    gains
        Of the erbium, before a filter flattens them. Shape (n, channel).
    """
    energy = np.empty(frequency.shape[1])
    log_gain = np.empty(frequency.shape[1])
    for row in range(frequency.shape[0]):
        a, g, u = absorption[row], gain[row], entering[row]
        shortest = 0.0
        for k in range(energy.shape[0]):
            energy[k] = PLANCK * frequency[row, k]
            log_gain[k] = math.log(asked[row, k])
            shortest = max(shortest, log_gain[k] / g[k])
        flux = pump[row] / (PLANCK * pump_frequency[row])
        pa, pg, xi, many = pump_absorption[row], pump_gain[row], saturation[row], cores[row]
        best = given_length[row]
        if math.isnan(best) and shortest > 0.0:
            best = _best_length(shortest, log_gain, energy, a, g, u, flux, pa, pg, xi, many)
        at = _inversion(log_gain, a, g, best)
        power = _output(at, best, energy, a, g, u, flux, pa, pg, xi, many)
        if not (power > 0.0 and at < best and shortest > 0.0):
            output[row] = length[row] = inversion[row] = used[row] = math.nan
            gains[row] = math.nan
            continue
        share = 1.0
        if power > limit[row]:  # Eq. (5), solved for the pump
            kept = xi * at * many / (flux * (1.0 - math.exp(many * ((pa + pg) * at - pa * best))))
            share = kept + (1.0 - kept) * limit[row] / power
            power = limit[row]
        output[row] = power
        length[row] = best
        inversion[row] = at / best
        used[row] = share * pump[row]
        for k in range(energy.shape[0]):
            gains[row, k] = math.exp((a[k] + g[k]) * at - a[k] * best)  # Eq. (1)


@kernel
def _slope(
    reached: float,
    place: float,
    flux: FloatArray,
    absorption: FloatArray,
    gain: FloatArray,
    pump: float,
    pump_absorption: float,
    pump_gain: float,
    saturation: float,
    cores: float,
    grown: FloatArray,
) -> float:
    """Inversion at a place where m has been reached; fills the gains up to there."""
    exponent = cores * ((pump_absorption + pump_gain) * reached - pump_absorption * place)
    here = pump * math.exp(exponent)
    up = here * pump_absorption
    both = saturation + here * (pump_absorption + pump_gain)
    for k in range(flux.shape[0]):
        grown[k] = math.exp((absorption[k] + gain[k]) * reached - absorption[k] * place)  # Eq. (1)
        up += flux[k] * grown[k] * absorption[k]
        both += flux[k] * grown[k] * (absorption[k] + gain[k])
    return up / both  # Eq. (6)


@kernel("(channel),(channel),(channel),(channel),(),(),(),(),(),(),(),(),()->(channel),(channel),()")
def along_erbium(
    frequency: FloatArray,
    absorption: FloatArray,
    gain: FloatArray,
    power: FloatArray,
    pump: FloatArray,
    pump_frequency: FloatArray,
    pump_absorption: FloatArray,
    pump_gain: FloatArray,
    saturation: FloatArray,
    cores: FloatArray,
    length: FloatArray,
    inversion: FloatArray,
    backward: FloatArray,
    figure: FloatArray,
    gains: FloatArray,
    reached: FloatArray,
) -> None:
    """Noise figure of every channel, integrated along the erbium.

    Parameters
    ----------
    frequency, absorption, gain, pump_frequency, pump_absorption, pump_gain, saturation, cores, length
        As in `flattened_amplifier`.
    power
        Of each channel in front of the erbium [W]. Shape (n, channel).
    pump
        That is used, of all cores that share it [W]. Shape (n,).
    inversion
        Mean inversion that the amplifier has; it tells what is left of a pump against the signals. Shape (n,).
    backward
        1 where the pump goes against the signals, else 0. Shape (n,).
    figure
        Noise figure of the erbium. Shape (n, channel).
    gains, reached
        Gains and mean inversion that the integration ends with, which are those given. Shapes (n, channel) and (n,).
    """
    count = frequency.shape[1]
    flux, grown, scratch, noise = np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    for row in range(frequency.shape[0]):
        a, g = absorption[row], gain[row]
        pa, pg, xi, many = pump_absorption[row], pump_gain[row], saturation[row], cores[row]
        for k in range(count):
            flux[k] = power[row, k] / (PLANCK * frequency[row, k])
            noise[k] = 0.0
        start = pump[row] / (PLANCK * pump_frequency[row])
        if backward[row] > 0.5:
            start *= math.exp(many * ((pa + pg) * inversion[row] - pa) * length[row])  # Eq. (2)
            pump_sign = -1.0
        else:
            pump_sign = 1.0
        step = length[row] / STEPS
        at = 0.0
        for i in range(STEPS + 1):
            place = i * step
            first = _slope(at, place, flux, a, g, start, pa, pg, xi, pump_sign * many, grown)
            weight = step / 3.0 if i in (0, STEPS) else (4.0 if i % 2 else 2.0) * step / 3.0
            for k in range(count):
                noise[k] += weight * first / grown[k]
            if i < STEPS:  # classical Runge-Kutta
                middle = place + 0.5 * step
                second = _slope(
                    at + 0.5 * step * first, middle, flux, a, g, start, pa, pg, xi, pump_sign * many, scratch
                )
                third = _slope(
                    at + 0.5 * step * second, middle, flux, a, g, start, pa, pg, xi, pump_sign * many, scratch
                )
                last = _slope(at + step * third, place + step, flux, a, g, start, pa, pg, xi, pump_sign * many, scratch)
                at += step * (first + 2.0 * second + 2.0 * third + last) / 6.0
        reached[row] = at / length[row]
        for k in range(count):
            gains[row, k] = grown[k]
            figure[row, k] = 1.0 / grown[k] + 2.0 * g[k] * noise[k]  # Eq. (7)


@kernel("(channel),(channel),(channel),(channel),(),(),(),(),(),(),()->(),(channel),()")
def saturated_amplifier(
    frequency: FloatArray,
    absorption: FloatArray,
    gain: FloatArray,
    power: FloatArray,
    pump: FloatArray,
    pump_frequency: FloatArray,
    pump_absorption: FloatArray,
    pump_gain: FloatArray,
    saturation: FloatArray,
    cores: FloatArray,
    length: FloatArray,
    inversion: FloatArray,
    gains: FloatArray,
    left: FloatArray,
) -> None:
    """Inversion and gains of erbium that is given its light: the root of one equation.

    Parameters
    ----------
    frequency, absorption, gain, pump, pump_frequency, pump_absorption, pump_gain, saturation, cores, length
        As in `flattened_amplifier`.
    power
        Of each channel in front of the erbium [W]. Shape (n, channel).
    inversion
        Mean inversion. Shape (n,).
    gains
        Of the channels. Shape (n, channel).
    left
        Part of the pump that is left. Shape (n,).
    """
    for row in range(frequency.shape[0]):
        a, g = absorption[row], gain[row]
        pa, pg, xi, many = pump_absorption[row], pump_gain[row], saturation[row], cores[row]
        flux = pump[row] / (PLANCK * pump_frequency[row])
        low, high = 0.0, length[row]
        for _ in range(200):  # Eq. (3) falls with m
            at = 0.5 * (low + high)
            over = -flux * math.expm1(many * ((pa + pg) * at - pa * length[row])) / many - xi * at
            for k in range(a.shape[0]):
                photons = power[row, k] / (PLANCK * frequency[row, k])
                over -= photons * math.expm1((a[k] + g[k]) * at - a[k] * length[row])
            if over > 0.0:
                low = at
            else:
                high = at
            if high - low <= 1e-15 * length[row]:
                break
        inversion[row] = at / length[row]
        left[row] = math.exp(many * ((pa + pg) * at - pa * length[row]))  # Eq. (2)
        for k in range(a.shape[0]):
            gains[row, k] = math.exp((a[k] + g[k]) * at - a[k] * length[row])  # Eq. (1)


@kernel("(channel),(channel)->()")
def best_output_factor(linear: FloatArray, cubic: FloatArray, factor: FloatArray) -> None:
    """Factor of all launch powers that is best for the mean signal-to-noise ratio in decibels.

    Minimises ``sum_k ln(a_k/f + b_k f^2)``: its derivative, a sum of ``(2 b u - a)/(b u + a)``, grows with u = f^3.

    Parameters
    ----------
    linear, cubic
        Noise over signal that does not follow the powers, and that follows their cube, now. Shape (n, channel).
    factor
        Infinite without interference. Shape (n,).
    """
    for row in range(linear.shape[0]):
        least, most = math.inf, 0.0
        for k in range(linear.shape[1]):
            if cubic[row, k] > 0.0:
                one = 0.5 * linear[row, k] / cubic[row, k]
                least = min(least, one)
                most = max(most, one)
        if most == 0.0:
            factor[row] = math.inf if linear[row, 0] >= 0.0 else math.nan
            continue
        for _ in range(60):
            middle = math.sqrt(least * most)
            total = 0.0
            for k in range(linear.shape[1]):
                a, b = linear[row, k], cubic[row, k]
                total += (2.0 * b * middle - a) / (b * middle + a)
            if total > 0.0:
                most = middle
            else:
                least = middle
            if most <= least * (1.0 + 1e-14):
                break
        factor[row] = math.sqrt(least * most) ** (1.0 / 3.0)
