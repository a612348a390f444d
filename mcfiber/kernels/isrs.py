"""Nonlinear interference of a span in closed form, with Raman tilt, coherence and modulation format.

Every channel's power along the span is written as a short sum of exponentials,
rho(z) = sum_m c_m exp(-a_m z).  The integral of |int rho exp(j Phi z) dz|^2 over the phase mismatch is then a
sum of arctangents (cross-channel) or inverse hyperbolic sines (within the channel).  Two terms reproduce the
closed form of Semrau, Killey and Bayvel, J. Lightw. Technol. 37, 1924 (2019), eq. (9) ff.; more terms follow
the profile where the tilt is strong.

Notes
-----
(1) ``rho = exp(-a z) sum_n (-x (1 - e^{-A z})/A)^n/n!``, the profile expanded in the tilt x [1]_;
(2) ``(5/6) Phi_k`` times the cross-channel interference of one span, with the excess kurtosis Phi_k [3]_;
(3) ``[(2 |df| - B_k) ln((2 |df| - B_k)/(2 |df| + B_k)) + 2 B_k]/phi``, shape of its limit for each of many spans [3]_.

References
----------
.. [1] D. Semrau, R. I. Killey, P. Bayvel, "A closed-form approximation of the Gaussian noise model in the presence of
   inter-channel stimulated Raman scattering," J. Lightw. Technol. 37, 1924 (2019), :doi:`10.1109/JLT.2019.2895237`.
.. [2] P. Poggiolini et al., "The GN-model of fiber non-linear propagation and its applications," J. Lightw. Technol.
   32, 694 (2014).
.. [3] D. Semrau, E. Sillekens, R. I. Killey, P. Bayvel, "A modulation format correction formula for the Gaussian noise
   model in the presence of inter-channel stimulated Raman scattering," arXiv:1903.02506 (2019).
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.kernels.elementary import atan_positive
from mcfiber.typing import FloatArray


@kernel("(channel),(channel),(channel)->(channel,term),(channel,term)")
def tilted_profile(
    attenuation: FloatArray, shape: FloatArray, rate: FloatArray, coefficient: FloatArray, decay: FloatArray
) -> None:
    """Exponentials for rho(z) = exp(-a z) exp(-x (1 - exp(-A z))/A), expanded in the tilt x.

    Two terms are the first order of Semrau et al. (2019): c = (1 - x/A, x/A), decays a and a + A.

    Parameters
    ----------
    attenuation, shape, rate
        a, A (usually equal to a) and x, the Raman loss per metre at the input; for a linear Raman gain
        x = C_r P_tot (f - mean f). Shape (n, channel). [1/m]
    coefficient, decay
        Shape (n, channel, term). [1, 1/m]
    """
    terms = coefficient.shape[2]
    for design in range(attenuation.shape[0]):
        for i in range(attenuation.shape[1]):
            ratio = rate[design, i] / shape[design, i]
            for m in range(terms):
                decay[design, i, m] = attenuation[design, i] + m * shape[design, i]
                # sum over n >= m of (-x/A)^n/n! C(n, m) (-1)^m
                term = 1.0
                for n in range(1, m + 1):
                    term *= ratio / n
                total = term
                for n in range(m + 1, terms):
                    term *= -ratio / (n - m)
                    total += term
                coefficient[design, i, m] = total  # Eq. (1)


@kernel("(channel,panel,node),(channel),(panel),(node,node_in)->(channel,term),(channel,term)")
def fitted_profile(
    profile: FloatArray,
    attenuation: FloatArray,
    panel: FloatArray,
    integration: FloatArray,
    coefficient: FloatArray,
    decay: FloatArray,
) -> None:
    """Exponentials that fit a computed power profile, least squares over the span.

    The decays are a, 2a, 3a ...: what first, second ... order of Raman scattering add, so three terms follow
    tilts of many decibels to 1e-3.

    Parameters
    ----------
    profile
        Power at the nodes, from `mcfiber.kernels.raman.raman_power`. Shape (n, channel, panel, node). [W]
    attenuation
        a, above zero. Shape (n, channel). [1/m]
    panel, integration
        As in `raman_power`. Shapes (n, panel), (n, node, node_in). [m, 1]
    coefficient, decay
        Zero coefficients for a dark channel. Shape (n, channel, term). [1, 1/m]
    """
    count, terms = coefficient.shape[1:]
    panels, nodes = profile.shape[2:]
    basis = np.empty((terms, panels * nodes))
    gram = np.empty((terms, terms))
    moment = np.empty(terms)
    position = np.empty(panels * nodes)
    weight = np.empty(panels * nodes)
    for design in range(profile.shape[0]):
        _quadrature(panel[design], integration[design], position, weight)
        for i in range(count):
            powers = profile[design, i].reshape(panels * nodes)
            fitted = i > 0 and attenuation[design, i] == attenuation[design, i - 1]
            if not fitted:
                _normal_matrix(attenuation[design, i], position, weight, basis, gram)
            for m in range(terms):
                decay[design, i, m] = (m + 1) * attenuation[design, i]
                moment[m] = 0.0
                for k in range(panels * nodes):
                    moment[m] += weight[k] * basis[m, k] * powers[k]
            _solve(gram, moment)
            for m in range(terms):
                coefficient[design, i, m] = moment[m] / powers[0] if powers[0] > 0.0 else 0.0


@kernel
def _quadrature(panel: FloatArray, integration: FloatArray, position: FloatArray, weight: FloatArray) -> None:
    """Place of every node along the span, and its weight in an integral over the span."""
    nodes = integration.shape[0]
    start = 0.0
    for s in range(panel.shape[0]):
        for m in range(nodes):
            place = 0.0
            for n in range(nodes):
                place += integration[m, n]
            position[s * nodes + m] = start + 0.5 * panel[s] * place
            weight[s * nodes + m] = 0.5 * panel[s] * integration[nodes - 1, m]
        start += panel[s]


@kernel
def _normal_matrix(
    attenuation: float, position: FloatArray, weight: FloatArray, basis: FloatArray, gram: FloatArray
) -> None:
    """Basis at the nodes, and the Cholesky factor of its Gram matrix."""
    terms = basis.shape[0]
    for k in range(position.shape[0]):
        one = math.exp(-attenuation * position[k])
        value = 1.0
        for m in range(terms):
            value *= one
            basis[m, k] = value
    for m in range(terms):
        for n in range(m + 1):
            total = 0.0
            for k in range(position.shape[0]):
                total += weight[k] * basis[m, k] * basis[n, k]
            for q in range(n):
                total -= gram[m, q] * gram[n, q]
            gram[m, n] = math.sqrt(total) if m == n else total / gram[n, n]


@kernel
def _solve(gram: FloatArray, moment: FloatArray) -> None:
    """Solve for the coefficients, in place, with the Cholesky factor."""
    terms = moment.shape[0]
    for m in range(terms):
        for n in range(m):
            moment[m] -= gram[m, n] * moment[n]
        moment[m] /= gram[m, m]
    for m in range(terms - 1, -1, -1):
        for n in range(m + 1, terms):
            moment[m] -= gram[n, m] * moment[n]
        moment[m] /= gram[m, m]


@kernel("(channel),(channel),(channel),(channel),(channel),(channel,term),(channel,term)->(channel),(channel)")
def isrs_gn_closed_form(
    frequency: FloatArray,
    symbol_rate: FloatArray,
    power: FloatArray,
    gamma: FloatArray,
    beta2: FloatArray,
    coefficient: FloatArray,
    decay: FloatArray,
    own: FloatArray,
    cross: FloatArray,
) -> None:
    """Nonlinear interference power of one span, from within each channel and from the others.

    Semrau et al. (2019), eqs. (10) and (11), with beta2 averaged over the pair (exact for a linear slope) and
    any number of exponentials. Self- and cross-channel terms at the channel's centre; span loss above 7 dB.

    Parameters
    ----------
    frequency, symbol_rate, power, gamma, beta2
        Launch powers; beta2 is not zero. Shape (n, channel). [Hz, Hz, W, 1/(W m), s2/m]
    coefficient, decay
        Power profile of each channel over its launch power. Shape (n, channel, term). [1, 1/m]
    own, cross
        Power in the symbol rate, referred to the input of the span; zero for a dark channel.
        Shape (n, channel). [W]
    """
    count, terms = coefficient.shape[1:]
    weight = np.empty((terms, count))
    lengths = np.empty((terms, count))
    scale = np.empty(count)
    phase = np.empty(count)
    share = np.empty(count)
    for design in range(frequency.shape[0]):
        _weights(coefficient[design], decay[design], weight, lengths)
        for k in range(count):
            scale[k] = power[design, k] ** 2 / symbol_rate[design, k]
        for i in range(count):
            rate = symbol_rate[design, i]
            launched = power[design, i]
            within = 1.5 * math.pi**2 * abs(beta2[design, i])
            total = 0.0
            for m in range(terms):
                total += weight[m, i] * math.asinh(within * rate**2 / math.pi * lengths[m, i])
            factor = 4.0 / 9.0 * math.pi / (rate**2 * within)  # Eq. (10) of [1]
            own[design, i] = gamma[design, i] ** 2 * launched**3 * factor * total
            _mismatch(i, frequency[design], beta2[design], rate, scale, phase, share)
            others = 0.0
            for m in range(terms):
                others += _cross(phase, share, weight[m], lengths[m])
            cross[design, i] = 32.0 / 27.0 * gamma[design, i] ** 2 * launched * others  # Eq. (11) of [1]


@kernel
def _weights(coefficient: FloatArray, decay: FloatArray, weight: FloatArray, length: FloatArray) -> None:
    """Weight of each exponential in int |int rho exp(j Phi z) dz|^2 dPhi: c_m sum_n 2 c_n/(a_m + a_n); and 1/a_m."""
    terms = coefficient.shape[1]
    for k in range(coefficient.shape[0]):
        for m in range(terms):
            total = 0.0
            for n in range(terms):
                total += 2.0 * coefficient[k, n] / (decay[k, m] + decay[k, n])
            weight[m, k] = coefficient[k, m] * total  # w_m of Eq. (3) of docs/theory/raman-scattering
            length[m, k] = 1.0 / decay[k, m]


@kernel
def _mismatch(
    i: int,
    frequency: FloatArray,
    beta2: FloatArray,
    rate: float,
    scale: FloatArray,
    phase: FloatArray,
    share: FloatArray,
) -> None:
    """Phase mismatch phi_ik B_i of channel i with every other, and P_k^2/(B_k phi_ik); zero with itself."""
    for k in range(frequency.shape[0]):
        # phi of Eq. (3) of docs/theory/raman-scattering
        mismatch = math.pi**2 * abs((frequency[k] - frequency[i]) * (beta2[i] + beta2[k]))
        phase[k] = mismatch * rate
        share[k] = scale[k] / mismatch if k != i else 0.0


@kernel
def _cross(phase: FloatArray, share: FloatArray, weight: FloatArray, length: FloatArray) -> float:
    """Sum over the interferers, one exponential: P_k^2/(B_k phi_ik) w_k atan(phi_ik B_i/a_k)."""
    total = 0.0
    for k in range(phase.shape[0]):
        total += share[k] * weight[k] * atan_positive(phase[k] * length[k])  # Eq. (3) of docs/theory/raman-scattering
    return total


@kernel("(channel),(channel),(channel),()->(channel)")
def coherence_exponent(
    symbol_rate: FloatArray, beta2: FloatArray, attenuation: FloatArray, length: FloatArray, out: FloatArray
) -> None:
    """Exponent epsilon: interference from within a channel grows as spans^(1 + epsilon) over equal spans.

    Poggiolini et al., J. Lightw. Technol. 32, 694 (2014), eq. (40), per channel as Semrau et al. (2019).

    Parameters
    ----------
    symbol_rate, beta2, attenuation
        Shape (n, channel). [Hz, s2/m, 1/m]
    length
        Of one span. Shape (n,). [m]
    out
        Shape (n, channel). [1]
    """
    for design in range(symbol_rate.shape[0]):
        for i in range(symbol_rate.shape[1]):
            loss = attenuation[design, i]
            argument = 0.5 * math.pi**2 * abs(beta2[design, i]) * symbol_rate[design, i] ** 2 / loss
            out[design, i] = 0.3 * math.log1p(6.0 / (loss * length[design] * math.asinh(argument)))  # Eq. (40) of [2]


@kernel(
    "(channel),(channel),(channel),(channel),(channel),(channel,term),(channel,term),(channel),()->(channel),(channel)"
)
def format_correction_closed_form(
    frequency: FloatArray,
    symbol_rate: FloatArray,
    power: FloatArray,
    gamma: FloatArray,
    beta2: FloatArray,
    coefficient: FloatArray,
    decay: FloatArray,
    kurtosis: FloatArray,
    length: FloatArray,
    near: FloatArray,
    far: FloatArray,
) -> None:
    """Cross-channel interference that the interferers' modulation format adds to the Gaussian one.

    Semrau, Sillekens, Killey and Bayvel, arXiv:1903.02506. Over n equal spans the correction is ``near`` for
    n = 1 and ``near + n far`` beyond; ``far`` is the limit of many spans and is 25 % low for interferers
    500 GHz away after 10. Channels do not overlap. Within the channel no correction is made.

    Parameters
    ----------
    frequency, symbol_rate, power, gamma, beta2, coefficient, decay
        As in `isrs_gn`.
    kurtosis
        Excess kurtosis E|b|^4/E^2|b|^2 - 2 of each channel's symbols: 0 Gaussian, -1 QPSK.
        Shape (n, channel). [1]
    length
        Of one span. Shape (n,). [m]
    near, far
        Negative for every uniform format. Shape (n, channel). [W]
    """
    count, terms = coefficient.shape[1:]
    weight = np.empty((terms, count))
    lengths = np.empty((terms, count))
    scale = np.empty(count)
    reach = np.empty(count)
    phase = np.empty(count)
    share = np.empty(count)
    for design in range(frequency.shape[0]):
        _weights(coefficient[design], decay[design], weight, lengths)
        for k in range(count):
            scale[k] = kurtosis[design, k] * power[design, k] ** 2 / symbol_rate[design, k]
            effective = 0.0  # effective length int rho dz: T_k/(a^2 (a+A)^2) is its square
            for m in range(terms):
                effective += coefficient[design, k, m] / decay[design, k, m]
            reach[k] = scale[k] * effective**2 / symbol_rate[design, k] ** 2
        for i in range(count):
            factor = 32.0 / 27.0 * gamma[design, i] ** 2 * power[design, i]
            _mismatch(i, frequency[design], beta2[design], symbol_rate[design, i], scale, phase, share)
            total = 0.0
            for m in range(terms):
                total += _cross(phase, share, weight[m], lengths[m])
            near[design, i] = factor * 5.0 / 6.0 * total  # Eq. (2)
            asymptote = _asymptote(i, frequency[design], symbol_rate[design], beta2[design], reach)
            far[design, i] = factor * 5.0 / 3.0 * math.pi * asymptote / length[design]


@kernel
def _asymptote(i: int, frequency: FloatArray, symbol_rate: FloatArray, beta2: FloatArray, reach: FloatArray) -> float:
    total = 0.0
    for k in range(frequency.shape[0]):
        if k != i:
            twice = 2.0 * abs(frequency[k] - frequency[i])
            band = symbol_rate[k]
            phase = 2.0 * math.pi**2 * abs(beta2[i] + beta2[k])
            shape = (twice - band) * math.log((twice - band) / (twice + band)) + 2.0 * band  # Eq. (3)
            total += reach[k] * shape / phase
    return total
