"""Derivatives of an objective by the launch powers, backwards through the closed forms and the Raman equations.

Each kernel takes the derivatives of a scalar by the outputs of its forward kernel and returns those by its inputs,
exactly and at the cost of the forward kernel, however many channels there are.

References
----------
.. [1] P. Poggiolini et al., "A detailed analytical derivation of the GN model of non-linear interference in coherent
   optical transmission systems," arXiv:1209.0394 (2012).
.. [2] D. Semrau, R. I. Killey, P. Bayvel, "A closed-form approximation of the Gaussian noise model in the presence of
   inter-channel stimulated Raman scattering," J. Lightw. Technol. 37, 1924 (2019), :doi:`10.1109/JLT.2019.2895237`.
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.kernels.elementary import asinh_difference, atan_positive
from mcfiber.kernels.isrs import _normal_matrix, _quadrature, _solve, _weights
from mcfiber.kernels.raman import ITERATIONS, TOLERANCE, _gain_matrix
from mcfiber.typing import FloatArray


@kernel("(channel),(channel),(channel),(channel),(channel),(channel),(),(channel),(channel)->(channel)")
def gn_closed_form_adjoint(
    frequency: FloatArray,
    symbol_rate: FloatArray,
    power: FloatArray,
    gamma: FloatArray,
    beta2: FloatArray,
    attenuation: FloatArray,
    length: FloatArray,
    nli: FloatArray,
    nli_adjoint: FloatArray,
    out: FloatArray,
) -> None:
    """Backwards through `mcfiber.kernels.nonlinear.gn_closed_form`.

    Parameters
    ----------
    frequency, symbol_rate, power, gamma, beta2, attenuation, length
        As in the forward kernel; no channel is dark.
    nli, nli_adjoint
        Output of the forward kernel, and the derivative of the objective by it. Shape (n, channel). [W, 1/W]
    out
        Derivative of the objective by each power. Shape (n, channel). [1/W]
    """
    count = frequency.shape[1]
    drive = np.empty(count)
    for design in range(frequency.shape[0]):
        for i in range(count):
            strength = 16.0 / 27.0 * gamma[design, i] ** 2 * power[design, i]  # Eq. (120) of [1]
            drive[i] = nli_adjoint[design, i] * strength
        for k in range(count):
            loss = attenuation[design, k]
            effective = -math.expm1(-loss * length[design]) / loss
            weight = loss * (effective / symbol_rate[design, k]) ** 2 / (2.0 * math.pi)
            dispersion = abs(beta2[design, k])
            reach = 0.5 * math.pi**2 * dispersion * symbol_rate[design, k] ** 2 / loss
            disturbed = drive[k] * math.asinh(reach) / dispersion  # Eq. (123) of [1]
            disturbed += 2.0 * _disturbed(k, 0, k, frequency[design], symbol_rate[design], beta2[design], loss, drive)
            disturbed += 2.0 * _disturbed(
                k, k + 1, count, frequency[design], symbol_rate[design], beta2[design], loss, drive
            )
            own = nli_adjoint[design, k] * nli[design, k] / power[design, k]
            out[design, k] = own + 2.0 * power[design, k] * weight * disturbed


@kernel
def _disturbed(
    k: int,
    start: int,
    stop: int,
    frequency: FloatArray,
    symbol_rate: FloatArray,
    beta2: FloatArray,
    attenuation: float,
    drive: FloatArray,
) -> float:
    """Sum over the channels start..stop that channel k disturbs."""
    total = 0.0
    half = 0.5 * symbol_rate[k]
    for i in range(start, stop):
        dispersion = abs(beta2[i] + beta2[k])
        reach = 0.5 * math.pi**2 * symbol_rate[i] * dispersion / attenuation
        offset = abs(frequency[i] - frequency[k])
        # Eq. (123) of [1]
        total += drive[i] * asinh_difference(reach * (offset + half), reach * (offset - half)) / dispersion
    return total


@kernel(
    "(channel),(channel),(channel),(channel),(channel),(channel,term),(channel,term),(channel),(channel),(channel)"
    "->(channel),(channel,term)"
)
def isrs_gn_adjoint(
    frequency: FloatArray,
    symbol_rate: FloatArray,
    power: FloatArray,
    gamma: FloatArray,
    beta2: FloatArray,
    coefficient: FloatArray,
    decay: FloatArray,
    cross: FloatArray,
    own_adjoint: FloatArray,
    cross_adjoint: FloatArray,
    power_adjoint: FloatArray,
    coefficient_adjoint: FloatArray,
) -> None:
    """Backwards through `mcfiber.kernels.isrs.isrs_gn_closed_form`.

    Parameters
    ----------
    frequency, symbol_rate, power, gamma, beta2, coefficient, decay
        As in the forward kernel; no channel is dark.
    cross
        Output of the forward kernel. Shape (n, channel). [W]
    own_adjoint, cross_adjoint
        Derivative of the objective by the outputs. Shape (n, channel). [1/W]
    power_adjoint, coefficient_adjoint
        Derivative by the inputs. Shapes (n, channel), (n, channel, term). [1/W, 1]
    """
    count, terms = coefficient.shape[1:]
    weight = np.empty((terms, count))
    lengths = np.empty((terms, count))
    drive = np.empty(count)
    reach = np.empty(count)
    share = np.empty(count)
    weight_adjoint = np.empty(terms)
    for design in range(frequency.shape[0]):
        _weights(coefficient[design], decay[design], weight, lengths)
        for i in range(count):
            strength = 32.0 / 27.0 * gamma[design, i] ** 2 * power[design, i]  # Eq. (11) of [2]
            drive[i] = cross_adjoint[design, i] * strength
        for k in range(count):
            rate, launched = symbol_rate[design, k], power[design, k]
            phase = 1.5 * math.pi**2 * abs(beta2[design, k])
            # Eq. (10) of [2]
            factor = 4.0 / 9.0 * math.pi / (rate**2 * phase) * gamma[design, k] ** 2 * own_adjoint[design, k]
            total = cross_adjoint[design, k] * cross[design, k] / launched
            for i in range(count):
                mismatch = math.pi**2 * abs(
                    (frequency[design, k] - frequency[design, i]) * (beta2[design, i] + beta2[design, k])
                )
                reach[i] = mismatch * symbol_rate[design, i]
                share[i] = drive[i] / mismatch if i != k else 0.0
            for m in range(terms):
                within = factor * math.asinh(phase * rate**2 / math.pi * lengths[m, k])
                among = 0.0
                for i in range(count):
                    among += share[i] * atan_positive(reach[i] * lengths[m, k])
                among /= rate
                total += weight[m, k] * (3.0 * launched**2 * within + 2.0 * launched * among)
                weight_adjoint[m] = launched**3 * within + launched**2 * among
            power_adjoint[design, k] = total
            for q in range(terms):
                total = 0.0
                for m in range(terms):
                    overlap = 2.0 / (decay[design, k, m] + decay[design, k, q])
                    total += overlap * coefficient[design, k, m] * (weight_adjoint[q] + weight_adjoint[m])
                coefficient_adjoint[design, k, q] = total


@kernel("(channel,panel,node),(channel),(panel),(node,node_in),(channel,term),(channel,term)->(channel,panel,node)")
def fitted_profile_adjoint(
    profile: FloatArray,
    attenuation: FloatArray,
    panel: FloatArray,
    integration: FloatArray,
    coefficient: FloatArray,
    coefficient_adjoint: FloatArray,
    out: FloatArray,
) -> None:
    """Backwards through `mcfiber.kernels.isrs.fitted_profile`: derivative by the power at every node.

    Parameters
    ----------
    profile, attenuation, panel, integration, coefficient
        Inputs and first output of the forward kernel; no channel is dark.
    coefficient_adjoint
        Shape (n, channel, term). [1]
    out
        Shape (n, channel, panel, node). [1/W]
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
            if i == 0 or attenuation[design, i] != attenuation[design, i - 1]:
                _normal_matrix(attenuation[design, i], position, weight, basis, gram)
            start = profile[design, i, 0, 0]
            scale = 0.0
            for m in range(terms):
                moment[m] = coefficient_adjoint[design, i, m] / start
                scale += moment[m] * coefficient[design, i, m]
            _solve(gram, moment)
            nodes_adjoint = out[design, i].reshape(panels * nodes)
            for k in range(panels * nodes):
                total = 0.0
                for m in range(terms):
                    total += moment[m] * basis[m, k]
                nodes_adjoint[k] = weight[k] * total
            nodes_adjoint[0] -= scale


@kernel(
    "(channel),(channel),(channel),(channel),(offset),(),(),(panel),(node,node_in),(channel,panel,node),"
    "(channel,panel,node)->(channel)"
)
def raman_power_adjoint(
    frequency: FloatArray,
    power: FloatArray,
    direction: FloatArray,
    effective_area: FloatArray,
    efficiency: FloatArray,
    step: FloatArray,
    photon: FloatArray,
    panel: FloatArray,
    integration: FloatArray,
    profile: FloatArray,
    profile_adjoint: FloatArray,
    out: FloatArray,
) -> None:
    """Backwards through `mcfiber.kernels.raman.raman_power`: derivative by the power where each wave enters.

    The adjoint of the integral equations, solved like them by successive approximation.

    Parameters
    ----------
    frequency, power, direction, effective_area, efficiency, step, photon, panel, integration
        As in the forward kernel; no wave is dark.
    profile, profile_adjoint
        Output of the forward kernel, and the derivative of the objective by it.
        Shape (n, wave, panel, node). [W, 1/W]
    out
        Shape (n, wave). [1/W]
    """
    waves, panels, nodes = profile.shape[1:]
    gain = np.empty((waves, waves))
    flat = panels * nodes
    source = np.empty((waves, flat))
    adjoint = np.empty((waves, flat))
    gathered = np.empty((waves, flat))
    driven = np.empty((waves, flat))
    for design in range(frequency.shape[0]):
        _gain_matrix(frequency[design], effective_area[design], efficiency[design], step[design], photon[design], gain)
        powers = profile[design].reshape(waves, flat)
        given = profile_adjoint[design].reshape(waves, flat)
        largest = 0.0
        for i in range(waves):
            for m in range(flat):
                source[i, m] = given[i, m] * powers[i, m]
                adjoint[i, m] = source[i, m]
                largest = max(largest, abs(source[i, m]))
        change = math.inf
        for _ in range(ITERATIONS):
            if not change > TOLERANCE * largest:
                break
            _gather(direction[design], panel[design], integration[design], adjoint, gathered)
            _transposed_product(gain, gathered, driven)
            change = 0.0
            for i in range(waves):
                for m in range(flat):
                    # adjoint of Eq. (1) of docs/theory/raman-scattering
                    value = source[i, m] + powers[i, m] * driven[i, m]
                    change = max(change, abs(value - adjoint[i, m]))
                    adjoint[i, m] = value
        for i in range(waves):
            total = 0.0
            for m in range(flat):
                total += adjoint[i, m]
            out[design, i] = total / power[design, i] if change <= TOLERANCE * largest else math.nan


@kernel
def _gather(
    direction: FloatArray, panel: FloatArray, integration: FloatArray, adjoint: FloatArray, gathered: FloatArray
) -> None:
    """Transpose of the integration from the end where each wave enters."""
    panels, nodes = panel.shape[0], integration.shape[0]
    for i in range(direction.shape[0]):
        later = 0.0  # adjoint of the nodes in the panels that come after, for a forward wave
        total = 0.0
        for m in range(panels * nodes):
            total += adjoint[i, m]
        for s in range(panels - 1, -1, -1):
            inside = 0.0
            for n in range(nodes):
                value = 0.0
                for m in range(nodes):
                    value += integration[m, n] * adjoint[i, s * nodes + m]
                value += integration[nodes - 1, n] * later
                if direction[i] < 0.0:  # a backward wave collects the whole integral less this
                    value = integration[nodes - 1, n] * total - value
                gathered[i, s * nodes + n] = 0.5 * panel[s] * value
                inside += adjoint[i, s * nodes + n]
            later += inside


@kernel
def _transposed_product(matrix: FloatArray, columns: FloatArray, out: FloatArray) -> None:
    """out = matrix^T @ columns, four rows at a time."""
    waves = matrix.shape[0]
    whole = waves - waves % 4
    out[:, :] = 0.0
    for i in range(0, whole, 4):
        for j in range(matrix.shape[1]):
            a, b, c, d = matrix[i, j], matrix[i + 1, j], matrix[i + 2, j], matrix[i + 3, j]
            for m in range(columns.shape[1]):
                out[j, m] += a * columns[i, m] + b * columns[i + 1, m] + c * columns[i + 2, m] + d * columns[i + 3, m]
    for i in range(whole, waves):
        for j in range(matrix.shape[1]):
            for m in range(columns.shape[1]):
                out[j, m] += matrix[i, j] * columns[i, m]
