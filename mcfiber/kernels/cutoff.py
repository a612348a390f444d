"""Cutoff wavelengths of LP modes: where the guided mode ends, and where its loss passes a threshold.

Behind a trench a mode is no longer guided at the first (n_eff = n_clad), but decays so slowly that it is
still there: the second, at longer wavelengths, is what single-mode use depends on.

Notes
-----
(1) ``Im w^2 = Im M/M'``, the root of the mismatch M(w^2) off the real axis, to first order in the loss;
(2) ``alpha = 2 Im beta = Im(w^2)/beta``, the attenuation of the leaky mode.
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.kernels.attenuation import bend_attenuation
from mcfiber.kernels.bessel import bessel_k, cylinder
from mcfiber.kernels.modes import relative_radii, rings
from mcfiber.kernels.radial import (
    across,
    field_nodes,
    first_ring,
    matching_ring,
    modes_above,
    node_limit,
    root,
    workspace,
)
from mcfiber.typing import FloatArray

SHORTEST, LONGEST = 0.25e-6, 3.5e-6  # m, where a cutoff is sought: inside Malitson's range of silica
_SCAN = 0.985  # ratio of the wavelengths of the search for the practical cutoff
_BEYOND = 1.6  # the search begins at this multiple of the theoretical cutoff


@kernel
def _longest_guided(
    order: int,
    number: int,
    radius: FloatArray,
    delta: FloatArray,
    exponent: float,
    glass: FloatArray,
    rho: FloatArray,
    v: FloatArray,
    group: FloatArray,
    field: FloatArray,
) -> float:
    """Wavelength at which a mode ends, by bisection of the number of guided modes."""
    low, high = SHORTEST, LONGEST
    for step in range(62):
        middle = low if step == 0 else high if step == 1 else 0.5 * (low + high)
        rings(middle, radius, delta, glass, v, group)
        guided = modes_above(order, rho, v, exponent, 0.0, field) >= number
        if (step == 0 and not guided) or (step == 1 and guided):
            return math.nan
        if guided:
            low = middle
        else:
            high = middle
        if step > 1 and high - low < 1e-15 * high:
            break
    return 0.5 * (low + high)


@kernel("(),(channel),(ring),(ring),(),(medium,term)->(channel)")
def guided_modes(
    order: FloatArray,
    wavelength: FloatArray,
    radius: FloatArray,
    delta: FloatArray,
    exponent: FloatArray,
    glass: FloatArray,
    count: FloatArray,
) -> None:
    """Number of guided modes of an azimuthal order; inputs as in `modes.lp_modes`, count (n, channel)."""
    layers = radius.shape[1]
    rho, v, group, field = np.empty(layers), np.empty(layers), np.empty(layers), workspace()
    for row in range(radius.shape[0]):
        relative_radii(radius[row], rho)
        for i in range(wavelength.shape[1]):
            rings(wavelength[row, i], radius[row], delta[row], glass[row], v, group)
            count[row, i] = modes_above(int(order[row]), rho, v, exponent[row], 0.0, field)


@kernel("(),(),(ring),(ring),(),(medium,term)->()")
def cutoff_at_cladding_index(
    order: FloatArray,
    number: FloatArray,
    radius: FloatArray,
    delta: FloatArray,
    exponent: FloatArray,
    glass: FloatArray,
    cutoff: FloatArray,
) -> None:
    """Longest wavelength at which a mode is guided, n_eff = n_clad; NaN outside 0.25 to 3.5 um.

    Inputs as in `modes.lp_modes`; cutoff (n,) m.
    """
    layers = radius.shape[1]
    rho, v, group, field = np.empty(layers), np.empty(layers), np.empty(layers), workspace()
    for row in range(radius.shape[0]):
        relative_radii(radius[row], rho)
        cutoff[row] = _longest_guided(
            int(order[row]), int(number[row]), radius[row], delta[row], exponent[row], glass[row], rho, v, group, field
        )


@kernel
def _outgoing(order: int, rho: FloatArray, v: FloatArray, w2: float) -> tuple[float, float]:
    """Real and imaginary part of r F'/F of the outgoing wave, carried inwards to the matching edge (w2 < 0)."""
    last = v.shape[0] - 1
    j, dj, y, dy = cylinder(order, math.sqrt(-w2) * rho[last])
    for i in range(last, matching_ring(v), -1):
        # The inward growth of both solutions is the same, so their ratio is safe; scale by the larger.
        size = math.hypot(j, y)
        j, dj, y, dy = j / size, dj / size, y / size, dy / size
        a, b = j, y
        j, dj, _, _ = across(order, v[i] - w2, rho[i], rho[i - 1], a, dj)
        y, dy, _, _ = across(order, v[i] - w2, rho[i], rho[i - 1], b, dy)
    norm = j * j + y * y
    # r F'/F of J - j Y, a solution of Eq. (1) of docs/theory/glass
    return (j * dj + y * dy) / norm, (j * dy - y * dj) / norm


@kernel
def _inward(
    order: int, rho: FloatArray, v: FloatArray, exponent: float, w2: float, field: FloatArray
) -> tuple[float, float, int]:
    """r F'/F and int F^2 r dr/F^2 of the regular solution at the matching edge, and its zeros."""
    f, g, power, zeros = first_ring(order, v, exponent, w2, field)
    for i in range(1, matching_ring(v) + 1):
        start, slope = f, g
        f, g, more, found = across(order, v[i] - w2, rho[i - 1], rho[i], start, slope)
        power, zeros = power + more, zeros + found
    return g / f, power / (f * f), zeros


@kernel
def _resonance(order: int, number: int, rho: FloatArray, v: FloatArray, exponent: float, field: FloatArray) -> float:
    """|Im w^2| of the leaky mode just above cutoff, to first order in the loss; infinite if there is none."""
    top = v[matching_ring(v)]
    high, low = -1e-14 * top, -1e-14 * top
    found = False
    for _ in range(60):  # walk down from w^2 = 0 until the real mismatch changes sign
        low = 2.0 * low if low > -1e-3 * top else low - 0.01 * top
        ratio, _, zeros = _inward(order, rho, v, exponent, low, field)
        if zeros != number - 1 or low < -top:
            return math.inf
        if ratio - _outgoing(order, rho, v, low)[0] < 0.0:
            found = True
            break
        high = low
    if not found:
        return math.inf
    for _ in range(60):
        middle = 0.5 * (low + high)
        ratio, _, _ = _inward(order, rho, v, exponent, middle, field)
        if ratio - _outgoing(order, rho, v, middle)[0] < 0.0:
            low = middle
        else:
            high = middle
        if high - low < 1e-12 * abs(low):
            break
    w2 = 0.5 * (low + high)
    step = 1e-4 * abs(w2)
    up = _inward(order, rho, v, exponent, w2 + step, field)[0] - _outgoing(order, rho, v, w2 + step)[0]
    down = _inward(order, rho, v, exponent, w2 - step, field)[0] - _outgoing(order, rho, v, w2 - step)[0]
    if up <= down:
        return math.inf
    # M is analytic in w^2: the root moves off the axis by Im M / M'
    return float(abs(_outgoing(order, rho, v, w2)[1]) * 2.0 * step / (up - down))  # Eq. (1)


@kernel
def _loss(
    order: int,
    number: int,
    wavelength: float,
    radius: FloatArray,
    delta: FloatArray,
    exponent: float,
    glass: FloatArray,
    bend_radius: float,
    rho: FloatArray,
    v: FloatArray,
    group: FloatArray,
    field: FloatArray,
    node: FloatArray,
) -> float:
    """Attenuation (1/m) of a mode: bend loss where it is guided, leakage where it is not."""
    index, _, scale = rings(wavelength, radius, delta, glass, v, group)
    w2 = root(order, number, rho, v, exponent, math.nan, field)
    if math.isnan(w2):
        shift = _resonance(order, number, rho, v, exponent, field)
        return float(shift / (radius[0] * scale * math.sqrt(index)))  # Eq. (2); alpha = 2 Im beta = Im(w^2)/beta
    if math.isinf(bend_radius):
        return 0.0
    _, count, outer, tail = field_nodes(order, rho, v, exponent, w2, field, node)
    power = tail
    for i in range(count):
        if node[4, i] >= 0.0:
            power += node[1, i] * node[2, i] * node[2, i]
    decay, edge = math.sqrt(w2) / radius[0], math.sqrt(w2) * rho[rho.shape[0] - 1]
    amplitude = outer / bessel_k(order, edge)[0] * math.exp(edge) / math.sqrt(2.0 * math.pi * power) / radius[0]
    beta = math.sqrt(index * (scale / radius[0]) ** 2 + decay * decay)
    return bend_attenuation(order, amplitude, decay, beta, bend_radius)


@kernel("(),(),(channel),(ring),(ring),(),(medium,term),()->(channel)")
def mode_attenuation(
    order: FloatArray,
    number: FloatArray,
    wavelength: FloatArray,
    radius: FloatArray,
    delta: FloatArray,
    exponent: FloatArray,
    glass: FloatArray,
    bend_radius: FloatArray,
    loss: FloatArray,
) -> None:
    """Attenuation (1/m) of a mode by bends where it is guided, by leakage where it is not; infinite if there is none.

    wavelength, loss (n, channel); bend_radius (n,) m; the rest as in `modes.lp_modes`.
    """
    layers = radius.shape[1]
    rho, v, group, field = np.empty(layers), np.empty(layers), np.empty(layers), workspace()
    node = np.empty((5, node_limit(layers)))
    for row in range(radius.shape[0]):
        relative_radii(radius[row], rho)
        for i in range(wavelength.shape[1]):
            loss[row, i] = _loss(
                int(order[row]),
                int(number[row]),
                wavelength[row, i],
                radius[row],
                delta[row],
                exponent[row],
                glass[row],
                bend_radius[row],
                rho,
                v,
                group,
                field,
                node,
            )


@kernel("(),(),(ring),(ring),(),(medium,term),(),()->()")
def practical_cutoff(
    order: FloatArray,
    number: FloatArray,
    radius: FloatArray,
    delta: FloatArray,
    exponent: FloatArray,
    glass: FloatArray,
    threshold: FloatArray,
    bend_radius: FloatArray,
    cutoff: FloatArray,
) -> None:
    """Longest wavelength at which the attenuation of a mode is below a threshold; NaN outside 0.25 to 3.5 um.

    threshold (n,) 1/m; bend_radius (n,) m, infinite for a straight fibre; the rest as in `modes.lp_modes`.
    """
    layers = radius.shape[1]
    rho, v, group, field = np.empty(layers), np.empty(layers), np.empty(layers), workspace()
    node = np.empty((5, node_limit(layers)))
    for row in range(radius.shape[0]):
        relative_radii(radius[row], rho)
        end = _longest_guided(
            int(order[row]), int(number[row]), radius[row], delta[row], exponent[row], glass[row], rho, v, group, field
        )
        start = min(LONGEST, _BEYOND * end)
        low, high, cutoff[row] = math.nan, start, math.nan
        for step in range(400):
            trial = start * _SCAN**step if math.isnan(low) else math.sqrt(low * high)
            if not trial > SHORTEST:  # also where nothing is guided
                break
            small = threshold[row] > _loss(
                int(order[row]),
                int(number[row]),
                trial,
                radius[row],
                delta[row],
                exponent[row],
                glass[row],
                bend_radius[row],
                rho,
                v,
                group,
                field,
                node,
            )
            if small:
                low = trial
            else:
                high = trial
            if high - low < 1e-12 * high:
                break
        cutoff[row] = 0.5 * (low + high)
