"""Power along a span under Raman scattering, and the noise that it adds.

The waves of one core (channels and pumps) exchange power: the coupled equations are solved as integral
equations for the logarithm of each wave's power, on Chebyshev panels, by successive approximation.  Waves
that run backwards only change the end at which their integral starts, so a boundary-value problem costs no
more than an initial-value problem.  Powers stay positive by construction.

Strong backward pumps, which the signals deplete, make successive approximation swing ever wider.  Newton's method
takes over then, from dark fibre up to the full power of all waves; its linear equations are again integral equations of
the second kind, on which generalised minimal residuals (GMRES [2]_) end after a few tens of products.

Notes
-----
(1) ``P_i(z) = P_i(0) e^{-a_i z} P e^{-P C L_eff f_i}/sum_k P_k(0) e^{-P C L_eff f_k}``, total power P, gain slope C and
    ``L_eff = (1 - e^{-a z})/a``, for a gain that grows linearly with the offset [1]_.

References
----------
.. [1] M. Zirngibl, "Analytical model of Raman gain effects in massive wavelength division multiplexed transmission
   systems," Electron. Lett. 34, 789 (1998), :doi:`10.1049/el:19980555`.
.. [2] Y. Saad and M. H. Schultz, "GMRES: a generalized minimal residual algorithm for solving nonsymmetric linear
   systems," SIAM J. Sci. Stat. Comput. 7, 856 (1986), :doi:`10.1137/0907058`.
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.typing import FloatArray
from mcfiber.units import BOLTZMANN, PLANCK

TOLERANCE = 1e-11  # change of ln(power) at which the iteration ends
ITERATIONS = 400
LARGEST = 60.0  # of ln(power over launched power): beyond it the iteration only gets lost

NEWTON_STEPS = 25  # at one share of the power
SMALLEST_SHARE = 2.0**-8  # step of the share of the power below which the solution is given up
ATTEMPTS = 30  # shares of the power that are tried
BASIS = 60  # products of one linear solve
PRECISE = 1e-6  # residual of a linear solve over its right side

RESOLVED = 5e-7  # of the last Chebyshev term of ln(power); the powers along the fibre are then good to about as much
FINE = 1e-7  # the same where panels are cut into parts
FINEST = 16  # parts of a panel at most


def panel_integration(nodes: int) -> FloatArray:
    """Integrals from -1 to each Chebyshev-Lobatto node over the Lagrange functions of these nodes.

    Shape (node, node_in); row by row exact for polynomials of degree ``nodes - 1``.
    """
    place = -np.cos(np.pi * np.arange(nodes) / (nodes - 1))
    values = np.polynomial.chebyshev.chebvander(place, nodes - 1)
    antiderivative = np.polynomial.chebyshev.chebint(np.eye(nodes), lbnd=-1.0)
    integrals = np.polynomial.chebyshev.chebval(place, antiderivative).T
    result: FloatArray = integrals @ np.linalg.inv(values)
    return result


@kernel(
    "(channel),(channel),(channel),(channel),(channel),(offset),(),(),(panel),(panel),(node,node_in)"
    "->(channel,panel,node)"
)
def raman_power(
    frequency: FloatArray,
    power: FloatArray,
    direction: FloatArray,
    attenuation: FloatArray,
    effective_area: FloatArray,
    efficiency: FloatArray,
    step: FloatArray,
    photon: FloatArray,
    panel: FloatArray,
    transmission: FloatArray,
    integration: FloatArray,
    out: FloatArray,
) -> None:
    """Power of every wave along a span.

    dP_i/dz = +-P_i [-alpha_i + sum_(nu_j > nu_i) g_ij P_j - sum_(nu_j < nu_i) (nu_i/nu_j) g_ji P_j], with
    g = efficiency nu_pump / A_overlap (polarisation averaged) and the overlap area of two Gaussian modes, the
    mean of their areas: D'Amico et al., J. Lightw. Technol. 40, 3499 (2022), section III.D.

    Parameters
    ----------
    frequency, power, direction, attenuation, effective_area
        Power where the wave enters: at the start for direction +1, at the end for -1. Shape (n, wave).
        [Hz, W, 1, 1/m, m2]
    efficiency, step
        Raman gain over pump frequency and area, on an even grid of frequency offsets from zero; zero beyond.
        Shapes (n, offset), (n,). [m/(W Hz), Hz]
    photon
        1 where scattering conserves the number of photons (the physics), 0 where it conserves power.
        Shape (n,). [1]
    panel, transmission
        Length of each panel, and lumped transmission at its start. Shape (n, panel). [m, 1]
    integration
        Integrals from -1 to each node over the panel's Lagrange functions. Shape (n, node, node_in). [1]
    out
        Power at the nodes; NaN if the iteration does not settle. Where the panels do not resolve the powers, they
        are cut into parts for the solution. Shape (n, wave, panel, node). [W]
    """
    waves, panels, nodes = out.shape[1:]
    gain = np.empty((waves, waves))
    base = np.empty((waves, panels * nodes))
    rate = np.empty((waves, panels * nodes))
    exchange = np.empty((waves, panels * nodes))
    for design in range(frequency.shape[0]):
        _gain_matrix(frequency[design], effective_area[design], efficiency[design], step[design], photon[design], gain)
        profile = out[design].reshape(waves, panels * nodes)
        _without_raman(
            power[design],
            direction[design],
            attenuation[design],
            panel[design],
            transmission[design],
            integration[design],
            base,
        )
        exchange[:, :] = 0.0
        settled = False
        relaxation = 1.0
        before = math.inf
        for iteration in range(ITERATIONS):
            _profile(power[design], base, exchange, profile)
            _product(gain, profile, rate)  # sums of Eq. (1) of docs/theory/raman-scattering
            change = _update(direction[design], panel[design], integration[design], rate, relaxation, exchange)
            if change < TOLERANCE:
                settled = True
                break
            if iteration > 6 and change > before:
                relaxation = max(0.05, 0.7 * relaxation)  # strongly depleted backward pumps overshoot
            before = change
        _profile(power[design], base, exchange, profile)
        if not settled:
            settled = _continued(power[design], direction[design], panel[design], integration[design], gain, base,
                                 exchange, profile, rate)  # fmt: skip
        if not (settled and _resolved(panel[design], integration[design], rate, RESOLVED)):
            settled = _refined(power[design], direction[design], attenuation[design], panel[design],
                               transmission[design], integration[design], gain, exchange)  # fmt: skip
            _profile(power[design], base, exchange, profile)
        if not settled:
            profile[:, :] = math.nan


@kernel
def _resolved(panel: FloatArray, integration: FloatArray, rate: FloatArray, allowed: float) -> bool:
    """Whether the last Chebyshev term of every rate is too small to matter in the logarithm of the power."""
    panels, nodes = panel.shape[0], integration.shape[0]
    for i in range(rate.shape[0]):
        for s in range(panels):
            term, sign = 0.0, 1.0
            for n in range(nodes):
                weight = 0.5 if n in (0, nodes - 1) else 1.0
                term += sign * weight * rate[i, s * nodes + n]
                sign = -sign
            if not abs(term) / (nodes - 1) * 0.5 * panel[s] / nodes < allowed:
                return False
    return True


@kernel
def _refined(
    power: FloatArray,
    direction: FloatArray,
    attenuation: FloatArray,
    panel: FloatArray,
    transmission: FloatArray,
    integration: FloatArray,
    gain: FloatArray,
    exchange: FloatArray,
) -> bool:
    """Solution on ever finer parts of the panels, read at their nodes; tells whether there is one."""
    waves, panels, nodes = power.shape[0], panel.shape[0], integration.shape[0]
    parts = 2
    while parts <= FINEST:
        short = np.empty(panels * parts)
        passed = np.ones(panels * parts)
        for s in range(panels):
            passed[s * parts] = transmission[s]
            for q in range(parts):
                short[s * parts + q] = panel[s] / parts
        shape = (waves, panels * parts * nodes)
        fine, profile, rate, fine_base = np.empty(shape), np.empty(shape), np.empty(shape), np.empty(shape)
        _without_raman(power, direction, attenuation, short, passed, integration, fine_base)
        settled = _continued(power, direction, short, integration, gain, fine_base, fine, profile, rate)
        if settled and _resolved(short, integration, rate, FINE):
            for i in range(waves):
                for s in range(panels):
                    for m in range(nodes):
                        place = parts * _place(integration, m)
                        q = min(int(place), parts - 1)
                        start = (s * parts + q) * nodes
                        exchange[i, s * nodes + m] = _between(fine[i, start : start + nodes], 2.0 * (place - q) - 1.0)
            return True
        parts *= 2
    return False


@kernel
def _between(values: FloatArray, place: float) -> float:
    """Polynomial through values at Chebyshev-Lobatto nodes, at a place from -1 to 1: barycentric formula."""
    last = values.shape[0] - 1
    above, below, sign = 0.0, 0.0, 1.0
    for n in range(last + 1):
        apart = place + math.cos(math.pi * n / last)
        if abs(apart) < 1e-13:
            return float(values[n])
        weight = sign * (0.5 if n in (0, last) else 1.0) / apart
        above += weight * values[n]
        below += weight
        sign = -sign
    return above / below


@kernel
def _continued(
    power: FloatArray,
    direction: FloatArray,
    panel: FloatArray,
    integration: FloatArray,
    gain: FloatArray,
    base: FloatArray,
    exchange: FloatArray,
    profile: FloatArray,
    rate: FloatArray,
) -> bool:
    """Solution at full power, reached over shares of it; leaves the profile, and tells whether there is one."""
    known = np.zeros_like(exchange)
    reached, step = 0.0, 1.0
    for _ in range(ATTEMPTS):
        share = min(1.0, reached + step)
        exchange[:, :] = known
        if _newton(share * power, direction, panel, integration, gain, base, exchange, profile, rate):
            if share >= 1.0:
                return True
            reached = share
            known[:, :] = exchange
            step *= 2.0
        else:
            step *= 0.5
            if step < SMALLEST_SHARE:
                break
    return False


@kernel
def _newton(
    power: FloatArray,
    direction: FloatArray,
    panel: FloatArray,
    integration: FloatArray,
    gain: FloatArray,
    base: FloatArray,
    exchange: FloatArray,
    profile: FloatArray,
    rate: FloatArray,
) -> bool:
    """Newton's method with a line search, from the exchange that is given; tells whether it settles."""
    shape = exchange.shape
    correction = np.empty(shape)
    missing = np.empty(shape)
    tried = np.empty(shape)
    basis = np.empty((BASIS + 1, *shape))
    size = _missing(power, direction, panel, integration, gain, base, exchange, profile, rate, missing)
    for _ in range(NEWTON_STEPS):
        if size < TOLERANCE:
            return True
        if not size < math.inf:
            return False
        _correct(direction, panel, integration, gain, profile, missing, basis, rate, tried, correction)
        part = 1.0
        while True:
            for i in range(shape[0]):
                for m in range(shape[1]):
                    tried[i, m] = exchange[i, m] + part * correction[i, m]
            new = _missing(power, direction, panel, integration, gain, base, tried, profile, rate, missing)
            if new < (1.0 - 0.25 * part) * size or new < TOLERANCE:
                break
            part *= 0.5
            if part < 0.01:
                return False
        exchange[:, :] = tried
        size = new
    return size < TOLERANCE


@kernel
def _missing(
    power: FloatArray,
    direction: FloatArray,
    panel: FloatArray,
    integration: FloatArray,
    gain: FloatArray,
    base: FloatArray,
    exchange: FloatArray,
    profile: FloatArray,
    rate: FloatArray,
    missing: FloatArray,
) -> float:
    """Integrals of the rates less the exchange that they belong to, and the largest of these differences."""
    _profile(power, base, exchange, profile)
    _product(gain, profile, rate)
    missing[:, :] = exchange
    largest = _update(direction, panel, integration, rate, 1.0, missing)
    for i in range(missing.shape[0]):
        for m in range(missing.shape[1]):
            missing[i, m] -= exchange[i, m]
    return largest


@kernel
def _rotate(
    triangle: FloatArray, right: FloatArray, cosine: FloatArray, sine: FloatArray, column: int, length: float
) -> None:
    """Turn a new column, whose entry below the diagonal is length, into the triangle, and the right side with it."""
    k = column
    for j in range(k):
        upper, lower = triangle[j, k], triangle[j + 1, k]
        triangle[j, k] = cosine[j] * upper + sine[j] * lower
        triangle[j + 1, k] = cosine[j] * lower - sine[j] * upper
    whole = math.hypot(triangle[k, k], length)
    cosine[k], sine[k] = triangle[k, k] / whole, length / whole
    triangle[k, k] = whole
    right[k + 1] = -sine[k] * right[k]
    right[k] *= cosine[k]


@kernel
def _correct(
    direction: FloatArray,
    panel: FloatArray,
    integration: FloatArray,
    gain: FloatArray,
    profile: FloatArray,
    missing: FloatArray,
    basis: FloatArray,
    rate: FloatArray,
    work: FloatArray,
    correction: FloatArray,
) -> None:
    """Solve d - integral of (gain @ (profile d)) = missing for the correction d, by GMRES without restart."""
    waves, flat = missing.shape
    triangle = np.zeros((BASIS + 1, BASIS))
    cosine, sine = np.zeros(BASIS), np.zeros(BASIS)
    right = np.zeros(BASIS + 1)
    right[0] = math.sqrt(np.sum(missing * missing))
    enough = PRECISE * right[0]
    for i in range(waves):
        for m in range(flat):
            basis[0, i, m] = missing[i, m] / right[0]
    count = 0
    for k in range(BASIS):
        for i in range(waves):
            for m in range(flat):
                correction[i, m] = profile[i, m] * basis[k, i, m]
        _product(gain, correction, rate)
        work[:, :] = 0.0
        _update(direction, panel, integration, rate, 1.0, work)
        new = basis[k + 1]
        for i in range(waves):
            for m in range(flat):
                new[i, m] = basis[k, i, m] - work[i, m]  # derivative of Eq. (1) of docs/theory/raman-scattering
        for j in range(k + 1):  # algorithm 2 of [2], modified Gram-Schmidt
            along = np.sum(new * basis[j])
            triangle[j, k] = along
            for i in range(waves):
                for m in range(flat):
                    new[i, m] -= along * basis[j, i, m]
        length = math.sqrt(np.sum(new * new))
        _rotate(triangle, right, cosine, sine, k, length)
        count = k + 1
        if abs(right[k + 1]) <= enough or length == 0.0:
            break
        for i in range(waves):
            for m in range(flat):
                new[i, m] /= length
    for k in range(count - 1, -1, -1):
        right[k] = (right[k] - np.sum(triangle[k, k + 1 : count] * right[k + 1 : count])) / triangle[k, k]
    correction[:, :] = 0.0
    for k in range(count):
        for i in range(waves):
            for m in range(flat):
                correction[i, m] += right[k] * basis[k, i, m]


@kernel
def _gain_matrix(
    frequency: FloatArray,
    area: FloatArray,
    efficiency: FloatArray,
    step: float,
    photon: float,
    gain: FloatArray,
) -> None:
    """Rate of change of ln P_i for each watt of wave j. [1/(W m)]"""
    last = efficiency.shape[0] - 1
    for i in range(frequency.shape[0]):
        for j in range(frequency.shape[0]):
            offset = abs(frequency[j] - frequency[i]) / step
            left = min(int(offset), last - 1)
            part = offset - left
            value = (1.0 - part) * efficiency[left] + part * efficiency[left + 1]
            value = value if offset <= last else 0.0
            value *= max(frequency[i], frequency[j]) / (0.5 * (area[i] + area[j]))
            # The pump loses a quantum h nu_i for each h nu_j that the signal wins.
            lost = 1.0 if photon == 0.0 else frequency[i] / frequency[j]
            # g of Eq. (1) of docs/theory/raman-scattering
            gain[i, j] = value if frequency[j] > frequency[i] else -value * lost
        gain[i, i] = 0.0


@kernel
def _without_raman(
    power: FloatArray,
    direction: FloatArray,
    attenuation: FloatArray,
    panel: FloatArray,
    transmission: FloatArray,
    integration: FloatArray,
    base: FloatArray,
) -> None:
    """Logarithm of transmission by attenuation and lumped losses alone, at every node."""
    panels, nodes = panel.shape[0], integration.shape[0]
    for i in range(power.shape[0]):
        total = 0.0
        for s in range(panels):
            total += math.log(transmission[s])
            for m in range(nodes):
                # alpha of Eq. (1) of docs/theory/raman-scattering
                base[i, s * nodes + m] = total - attenuation[i] * panel[s] * _place(integration, m)
            total -= attenuation[i] * panel[s]
        if direction[i] < 0.0:
            for m in range(panels * nodes):
                base[i, m] = total - base[i, m]


@kernel
def _place(integration: FloatArray, m: int) -> float:
    """Position of a node in its panel, 0 to 1: the integral of one up to it."""
    total = 0.0
    for n in range(integration.shape[1]):
        total += integration[m, n]
    return 0.5 * total


@kernel
def _profile(power: FloatArray, base: FloatArray, exchange: FloatArray, profile: FloatArray) -> None:
    for i in range(power.shape[0]):
        for m in range(base.shape[1]):
            profile[i, m] = power[i] * math.exp(min(base[i, m] + exchange[i, m], LARGEST))


@kernel
def _product(matrix: FloatArray, columns: FloatArray, out: FloatArray) -> None:
    """out = matrix @ columns; four rows at a time, for each pass over the few columns costs a store."""
    waves = matrix.shape[1]
    whole = waves - waves % 4
    for i in range(matrix.shape[0]):
        for m in range(columns.shape[1]):
            out[i, m] = 0.0
        for j in range(0, whole, 4):
            a, b, c, d = matrix[i, j], matrix[i, j + 1], matrix[i, j + 2], matrix[i, j + 3]
            for m in range(columns.shape[1]):
                out[i, m] += a * columns[j, m] + b * columns[j + 1, m] + c * columns[j + 2, m] + d * columns[j + 3, m]
        for j in range(whole, waves):
            for m in range(columns.shape[1]):
                out[i, m] += matrix[i, j] * columns[j, m]


@kernel
def _update(
    direction: FloatArray,
    panel: FloatArray,
    integration: FloatArray,
    rate: FloatArray,
    relaxation: float,
    exchange: FloatArray,
) -> float:
    """Integrate the rates from the end where each wave enters; return the largest change."""
    panels, nodes = panel.shape[0], integration.shape[0]
    largest = 0.0
    for i in range(direction.shape[0]):
        start = 0.0
        if direction[i] < 0.0:  # from the far end: the whole integral less the part before
            for s in range(panels):
                for n in range(nodes):
                    start += 0.5 * panel[s] * integration[nodes - 1, n] * rate[i, s * nodes + n]
        for s in range(panels):
            half = 0.5 * panel[s] * direction[i]
            for m in range(nodes):
                value = start
                for n in range(nodes):
                    # Eq. (1) of docs/theory/raman-scattering, integrated
                    value += half * integration[m, n] * rate[i, s * nodes + n]
                change = value - exchange[i, s * nodes + m]
                # What the clipped exponential hides has not settled (nor has NaN, which fails every comparison).
                largest = max(largest, abs(change)) if abs(value) < LARGEST else math.inf
                exchange[i, s * nodes + m] += relaxation * change
            for n in range(nodes):
                start += half * integration[nodes - 1, n] * rate[i, s * nodes + n]
    return largest


@kernel("(channel),(channel),(channel),(),(node)->(channel,node)")
def triangular_power(
    frequency: FloatArray,
    power: FloatArray,
    attenuation: FloatArray,
    slope: FloatArray,
    position: FloatArray,
    out: FloatArray,
) -> None:
    """Power along a span for a Raman gain that grows linearly with frequency offset.

    Zirngibl, Electron. Lett. 34, 789 (1998): exact for equal attenuation, a linear gain and no photon-number
    term; bandwidths below about 13 THz. With unequal attenuations each wave keeps its own and the exchange
    follows their power-weighted mean.

    Parameters
    ----------
    frequency, power, attenuation
        Shape (n, channel). [Hz, W, 1/m]
    slope
        Raman gain over frequency offset. Shape (n,). [1/(W m Hz)]
    position
        Shape (n, position). [m]
    out
        Shape (n, channel, position). [W]
    """
    for design in range(frequency.shape[0]):
        total, mean = 0.0, 0.0
        for k in range(frequency.shape[1]):
            total += power[design, k]
            mean += power[design, k] * attenuation[design, k]
        mean = mean / total if total > 0.0 else attenuation[design, 0]
        for z in range(position.shape[1]):
            effective = -math.expm1(-mean * position[design, z]) / mean
            tilt = total * slope[design] * effective
            weighted = 0.0
            for k in range(frequency.shape[1]):
                offset = frequency[design, k] - frequency[design, 0]
                weighted += power[design, k] * math.exp(-tilt * offset)
            share = total / weighted if total > 0.0 else 1.0
            for i in range(frequency.shape[1]):
                offset = frequency[design, i] - frequency[design, 0]
                exponent = -attenuation[design, i] * position[design, z] - tilt * offset
                out[design, i, z] = power[design, i] * math.exp(exponent) * share  # Eq. (1)


@kernel("(channel),(channel,panel,node),(channel),(),(channel),(offset),(),(panel),(node,node_in)->(channel)")
def raman_noise(
    frequency: FloatArray,
    profile: FloatArray,
    emitting: FloatArray,
    temperature: FloatArray,
    effective_area: FloatArray,
    efficiency: FloatArray,
    step: FloatArray,
    panel: FloatArray,
    integration: FloatArray,
    out: FloatArray,
) -> None:
    """Spontaneous Raman emission at the end of a span, both polarisations.

    S = 2 h nu int g n_sp T dz with T from z to the end: Bromage, J. Lightw. Technol. 22, 79 (2004). A wave
    above in frequency emits with 1 + n_thermal, one below (anti-Stokes) with n_thermal.

    Parameters
    ----------
    frequency, emitting
        Waves and their weight as emitters: 1 for those that count, 0 for those that do not.
        Shape (n, wave). [Hz, 1]
    profile
        Power at the nodes, from `raman_power`; no wave is dark. Shape (n, wave, panel, node). [W]
    temperature
        Shape (n,). [K]
    effective_area, efficiency, step, panel, integration
        As in `raman_power`.
    out
        Power spectral density that leaves the end of the span at each wave's frequency, meant for waves with
        direction +1. Shape (n, wave). [W/Hz]
    """
    waves, panels, nodes = profile.shape[1:]
    gain = np.empty((waves, waves))
    emission = np.empty((waves, panels * nodes))
    for design in range(frequency.shape[0]):
        powers = profile[design].reshape(waves, panels * nodes)
        _gain_matrix(frequency[design], effective_area[design], efficiency[design], step[design], 1.0, gain)
        for i in range(waves):
            for j in range(waves):
                quanta = _quanta(frequency[design, j] - frequency[design, i], temperature[design])
                gain[i, j] = emitting[design, j] * abs(gain[i, j]) * quanta
        _product(gain, powers, emission)
        for i in range(waves):
            end = powers[i, panels * nodes - 1]
            total = 0.0
            for s in range(panels):
                for n in range(nodes):
                    weight = 0.5 * panel[design, s] * integration[design, nodes - 1, n]
                    total += weight * emission[i, s * nodes + n] * end / powers[i, s * nodes + n]
            out[design, i] = 2.0 * PLANCK * frequency[design, i] * total  # Eq. (2) of docs/theory/raman-scattering


@kernel
def _quanta(offset: float, temperature: float) -> float:
    """1 + n_thermal for a pump above, n_thermal for one below; zero for the wave itself."""
    if offset == 0.0:
        return 0.0
    cold = PLANCK * abs(offset) / (BOLTZMANN * temperature)
    thermal = -math.exp(-cold) / math.expm1(-cold)
    return 1.0 + thermal if offset > 0.0 else thermal  # n_sp of Eq. (2) of docs/theory/raman-scattering
