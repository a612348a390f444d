"""What follows from the field of a mode: indices, dispersion, areas, diameters, the field outside.

Modes are smooth in wavelength: they are solved at a few Chebyshev wavelengths and interpolated.  The group
index is exact at every wavelength (the variational theorem, no difference quotient), so dispersion and its
slope are derivatives of an interpolant that is good to rounding.

Notes
-----
(1) ``n^2 = n_glass^2/(1 - 2 Delta)``, index of a ring;
(2) ``W = 1.1428 V - 0.9960``, first guess for LP01 [1]_;
(3) ``1 = 2 s <r^2>``, mean with the weight ``F exp(-s r^2)``: the Gaussian ``w^2 = 1/s`` of greatest overlap;
(4) ``n_eff n_g = <n n_g>``, mean over the power of the mode (variational theorem);
(5) ``A_eff = (int F^2 dA)^2/int F^4 dA``, effective area;
(6) ``d = 2 sqrt(2 int F^2 r dr/int F'^2 r dr)``, mode-field diameter, Petermann II;
(7) ``D = (1/c) d n_g/d l``, dispersion.

References
----------
.. [1] H.-D. Rudolph, E.-G. Neumann, "Approximations for the eigenvalues of the fundamental mode of a step index glass
   fiber waveguide," Nachrichtentech. Z. 29, 328 (1976).
.. [2] M. Abramowitz, I. A. Stegun (editors), "Handbook of Mathematical Functions," National Bureau of Standards, 1964.
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.kernels.bessel import LARGE, bessel_k_scaled
from mcfiber.kernels.index import permittivity
from mcfiber.kernels.radial import (
    LARGEST_FREQUENCY,
    LARGEST_GRADED_FREQUENCY,
    field_nodes,
    matching_ring,
    node_limit,
    root,
    workspace,
)
from mcfiber.typing import FloatArray

_LIGHT = 299_792_458.0
_QUANTITIES = 8  # n_eff, n_g, A_eff, two mode-field diameters, confinement, decay, log of the amplitude
_HALF_SPAN = 0.02  # least half width of the interpolation interval, relative to its middle
_NARROW = 0.002  # the same beside a cutoff
_STEEP = 2.0  # ratio of w^2 in an interval from which on its end, where w = 0, is too near for a polynomial
_STEEP_WITHOUT_END = 100.0  # the same of LP01, which does not end in simple profiles
_DEEPEST = 300.0  # decay lengths of rings around the core that double precision has room for: exp(2 * 300)
_LEAST_HALF = 1e-6  # least half width of an interval that ends at a wavelength, beside a cutoff


# ---------------------------------------------------------------------------------------------------------
# rings


@kernel
def rings(
    wavelength: float,
    radius: FloatArray,
    delta: FloatArray,
    glass: FloatArray,
    v: FloatArray,
    group: FloatArray,
) -> tuple[float, float, float]:
    """Fill v = k^2 r_0^2 (n^2 - n_clad^2) and the same contrast of n n_g (without k^2 r_0^2) of every ring.

    n^2 = n_glass^2/(1 - 2 delta) in each ring. Returns n_clad^2, (n n_g)_clad and k r_0.
    """
    last = radius.shape[0]
    index, product = permittivity(glass[last], wavelength)
    scale = 2.0 * math.pi / wavelength * radius[0]
    for i in range(last):
        ring_index, ring_product = permittivity(glass[i], wavelength)
        step = 2.0 * delta[i] / (1.0 - 2.0 * delta[i])  # no difference of nearly equal squares
        v[i] = scale * scale * (ring_index - index + ring_index * step)  # Eq. (1)
        group[i] = ring_product - product + ring_product * step
    return index, product, scale


@kernel
def relative_radii(radius: FloatArray, rho: FloatArray) -> None:
    """Radii in units of the first."""
    for i in range(radius.shape[0]):
        rho[i] = radius[i] / radius[0]


@kernel
def _first_guess(order: int, number: int, rho: FloatArray, v: FloatArray) -> float:
    """W = 1.1428 V - 0.9960 for LP01 [Rudolph and Neumann 1976]; otherwise none."""
    edge = matching_ring(v)
    normalised = math.sqrt(max(v[edge], 0.0)) * rho[edge]
    if order > 0 or number > 1 or normalised < 1.2:
        return math.nan
    w = (1.1428 * normalised - 0.9960) / rho[edge]  # Eq. (2)
    return float(min(w * w, 0.95 * v[edge]))


# ---------------------------------------------------------------------------------------------------------
# observables of one mode at one wavelength


@kernel
def _gaussian_diameter(node: FloatArray, count: int, start: float) -> float:
    """2 w of the Gaussian exp(-r^2/w^2) of greatest overlap with the field; start is a diameter."""
    s = 4.0 / (start * start)
    for _ in range(50):
        m0, m1, m2 = 0.0, 0.0, 0.0
        for i in range(count):
            square = node[0, i] * node[0, i]
            part = node[1, i] * node[2, i] * math.exp(-s * square)
            m0 += part
            m1 += part * square
            m2 += part * square * square
        # Stationary overlap: 1 - 2 s m1/m0 = 0, by Newton's method
        ratio = m1 / m0
        change = (1.0 - 2.0 * s * ratio) / (2.0 * (ratio - s * (m2 / m0 - ratio * ratio)))  # Eq. (3)
        s = s + change if 0.0 < s + change < 4.0 * s else 0.5 * s
        if abs(change) < 1e-9 * s:
            break
    return 2.0 / math.sqrt(s)


@kernel
def _observe(
    order: int,
    rho: FloatArray,
    v: FloatArray,
    group: FloatArray,
    exponent: float,
    w2: float,
    index: float,
    product: float,
    scale: float,
    unit: float,
    field: FloatArray,
    node: FloatArray,
    out: FloatArray,
) -> None:
    """Fill the quantities of one mode (index: n_clad^2; product: (n n_g)_clad; scale: k r_0; unit: r_0)."""
    inside, count, outer, tail = field_nodes(order, rho, v, exponent, w2, field, node)
    power, core, grouped, fourth, slope = tail, 0.0, 0.0, 0.0, -w2 * tail
    for i in range(count):
        square = node[2, i] * node[2, i]
        part = node[1, i] * square
        fourth += part * square
        if order > 0 and node[0, i] > 0.0:
            slope -= order * order * part / (node[0, i] * node[0, i])
        ring = int(node[4, i])
        if ring >= 0:
            power += part
            slope += (node[3, i] - w2) * part  # int F'^2 r dr = int (v - w^2 - l^2/r^2) F^2 r dr
            grouped += part * group[ring] * (node[3, i] / v[ring] if v[ring] != 0.0 else 1.0)
        if i < inside:
            core += part
    n_eff = math.sqrt(index + w2 / (scale * scale))
    out[0] = n_eff
    out[1] = (product + grouped / power) / n_eff  # Eq. (4); d(beta^2)/d omega = <d(k^2 n^2)/d omega>
    shape = 2.0 * math.pi if order == 0 else 4.0 * math.pi / 3.0  # cos^2 around the axis for l > 0
    out[2] = shape * power * power / fourth * unit * unit  # Eq. (5)
    diameter = 2.0 * math.sqrt(2.0 * power / slope)  # Eq. (6); Petermann II
    out[3] = diameter * unit
    out[4] = _gaussian_diameter(node, count, diameter) * unit if order == 0 else math.nan
    out[5] = core / power
    out[6] = math.sqrt(w2) / unit
    edge = math.sqrt(w2) * rho[rho.shape[0] - 1]
    outside, shift = bessel_k_scaled(order, edge)
    # the root of the power by itself: F^2 may exceed double precision beside a cutoff
    out[7] = math.log(abs(outer) / math.sqrt(power) / outside) + edge - shift * math.log(LARGE)
    out[7] -= math.log(math.sqrt(2.0 * math.pi) * unit)


# ---------------------------------------------------------------------------------------------------------
# wavelengths


@kernel
def _interval(wavelength: FloatArray, least: float) -> tuple[float, float, int]:
    """Middle, half width and number of Chebyshev wavelengths."""
    low, high = wavelength[0], wavelength[0]
    for i in range(wavelength.shape[0]):
        low, high = min(low, wavelength[i]), max(high, wavelength[i])
    middle = 0.5 * (low + high)
    half = max(0.5 * (high - low), least * middle)
    span = half / middle
    return middle, half, 8 if span < 0.035 else 12 if span < 0.08 else 18 if span < 0.15 else 32


@kernel
def chebyshev_interval(wavelength: FloatArray) -> tuple[float, float, int]:
    """Middle, half width and number of the Chebyshev wavelengths for some wavelengths."""
    return _interval(wavelength, _HALF_SPAN)


@kernel
def _differs(first: FloatArray, second: FloatArray) -> bool:
    for i in range(first.shape[0]):
        if first[i] != second[i]:
            return True
    return False


@kernel
def chebyshev_matrices(wavelength: FloatArray, middle: float, half: float, size: int, matrix: FloatArray) -> None:
    """Matrices (value, derivative, second derivative) from Chebyshev nodes to wavelengths."""
    basis = np.empty((3, size))
    for i in range(wavelength.shape[0]):
        t = (wavelength[i] - middle) / half
        for k in range(size):
            if k == 0:
                basis[0, 0], basis[1, 0], basis[2, 0] = 1.0, 0.0, 0.0
            elif k == 1:
                basis[0, 1], basis[1, 1], basis[2, 1] = t, 1.0, 0.0
            else:
                basis[0, k] = 2.0 * t * basis[0, k - 1] - basis[0, k - 2]  # Eq. (22.7.4) of [2]
                basis[1, k] = 2.0 * basis[0, k - 1] + 2.0 * t * basis[1, k - 1] - basis[1, k - 2]
                basis[2, k] = 4.0 * basis[1, k - 1] + 2.0 * t * basis[2, k - 1] - basis[2, k - 2]
        for j in range(size):
            for d in range(3):
                total = 0.0
                for k in range(size):
                    factor = (1.0 if k == 0 else 2.0) / size
                    total += factor * math.cos(math.pi * k * (j + 0.5) / size) * basis[d, k]
                matrix[d, i, j] = total / half**d


@kernel
def _extrapolated(node: FloatArray, value: FloatArray, i: int) -> float:
    """Value at node i of the parabola through the three nodes before it."""
    if i == 0:
        return math.nan
    if i == 1:
        return float(value[0])
    if i == 2:
        return float(value[1] + (value[1] - value[0]) * (node[2] - node[1]) / (node[1] - node[0]))
    a, b, c, x = node[i - 3], node[i - 2], node[i - 1], node[i]
    return float(
        value[i - 3] * (x - b) * (x - c) / ((a - b) * (a - c))
        + value[i - 2] * (x - a) * (x - c) / ((b - a) * (b - c))
        + value[i - 1] * (x - a) * (x - b) / ((c - a) * (c - b))
    )


@kernel
def _solve_at(
    order: int,
    number: int,
    wavelength: FloatArray,
    radius: FloatArray,
    delta: FloatArray,
    exponent: float,
    glass: FloatArray,
    rho: FloatArray,
    v: FloatArray,
    group: FloatArray,
    field: FloatArray,
    node: FloatArray,
    values: FloatArray,
) -> bool:
    """Solve at each wavelength; values (wavelength, quantity). False where the mode is not guided, or ends within."""
    square = np.empty(wavelength.shape[0])
    for i in range(wavelength.shape[0]):
        index, product, scale = rings(wavelength[i], radius, delta, glass, v, group)
        guess = _first_guess(order, number, rho, v) if i == 0 else _extrapolated(wavelength, square, i)
        square[i] = root(order, number, rho, v, exponent, guess, field)
        if math.isnan(square[i]):
            return False
        _observe(
            order,
            rho,
            v,
            group,
            exponent,
            square[i],
            index,
            product,
            scale,
            radius[0],
            field,
            node,
            values[i],
        )
    steep = _STEEP_WITHOUT_END if order == 0 and number == 1 else _STEEP
    return bool(square.max() <= steep * square.min())


@kernel
def _solve_beside_cutoff(
    order: int,
    number: int,
    wavelength: FloatArray,
    radius: FloatArray,
    delta: FloatArray,
    exponent: float,
    glass: FloatArray,
    rho: FloatArray,
    v: FloatArray,
    group: FloatArray,
    field: FloatArray,
    node: FloatArray,
    values: FloatArray,
    nodes: FloatArray,
    matrix: FloatArray,
    result: FloatArray,
) -> None:
    """One wavelength by itself; result (1, quantity), NaN where the mode is not guided.

    Dispersion needs wavelengths around it; where the mode ends among them, or nearly, those that are shorter.
    """
    middle, half, points = _interval(wavelength, _NARROW)
    there = wavelength[0]
    if not _solve_at(order, number, wavelength, radius, delta, exponent, glass, rho, v, group, field, node, values):
        for k in range(_QUANTITIES + 2):
            result[0, k] = math.nan
        return
    own = values[0].copy()
    for step in range(12):
        if step > 0:
            half = max(0.5 * _NARROW * there * 0.25 ** (step - 1), _LEAST_HALF * there)
            middle = there - half
        for j in range(points):
            nodes[j] = middle + half * math.cos(math.pi * (j + 0.5) / points)
        smooth = _solve_at(
            order, number, nodes[:points], radius, delta, exponent, glass, rho, v, group, field, node, values
        )
        if smooth or half <= _LEAST_HALF * there:
            break
    chebyshev_matrices(wavelength, middle, half, points, matrix)
    _contract(matrix, values, points, result, 0, 1)
    result[0, :_QUANTITIES] = own


@kernel("(channel),(ring),(ring),(),(medium,term)->(channel),(channel)")
def normalised_frequency(
    wavelength: FloatArray,
    radius: FloatArray,
    delta: FloatArray,
    exponent: FloatArray,
    glass: FloatArray,
    frequency: FloatArray,
    largest: FloatArray,
) -> None:
    """V of the ring of highest index, and the largest at which the solver is right; inputs as in `lp_modes`."""
    layers = radius.shape[1]
    rho, v, group = np.empty(layers), np.empty(layers), np.empty(layers)
    for row in range(radius.shape[0]):
        relative_radii(radius[row], rho)
        for i in range(wavelength.shape[1]):
            rings(wavelength[row, i], radius[row], delta[row], glass[row], v, group)
            edge = matching_ring(v)
            frequency[row, i] = math.sqrt(max(v[edge], 0.0)) * rho[edge]
            largest[row, i] = LARGEST_FREQUENCY if math.isinf(exponent[row]) else LARGEST_GRADED_FREQUENCY
            decay = 0.0
            for ring in range(edge + 1, layers):
                decay += math.sqrt(v[edge] + abs(v[ring])) * (rho[ring] - rho[ring - 1])
            if decay > _DEEPEST:  # the field would fall out of double precision behind the rings
                largest[row, i] = min(largest[row, i], frequency[row, i] * _DEEPEST / decay)


@kernel(
    "(),(),(channel),(ring),(ring),(),(medium,term)"
    "->(channel),(channel),(channel),(channel),(channel),(channel),(channel),(channel),(channel),(channel)"
)
def lp_modes(
    order: FloatArray,
    number: FloatArray,
    wavelength: FloatArray,
    radius: FloatArray,
    delta: FloatArray,
    exponent: FloatArray,
    glass: FloatArray,
    effective_index: FloatArray,
    group_index: FloatArray,
    dispersion: FloatArray,
    dispersion_slope: FloatArray,
    effective_area: FloatArray,
    petermann_diameter: FloatArray,
    gaussian_diameter: FloatArray,
    confinement: FloatArray,
    decay: FloatArray,
    log_amplitude: FloatArray,
) -> None:
    """One guided LP mode of each design at given wavelengths; NaN where it is not guided.

    order, number, exponent (n,); wavelength (n, channel) m; radius, delta (n, ring), radii rising; glass
    (n, ring + 1, 6), the last that of the cladding. Outputs (n, channel): n_eff; n_g; D s/m^2; dD/dl s/m^3;
    A_eff m^2; Petermann II and Gaussian mode-field diameter m; fraction of the power inside the ring of
    highest index; w 1/m and the log of A (1/m) of the field A K_l(w r) outside, 2 pi int F^2 r dr = 1.
    """
    count, size = wavelength.shape
    layers = radius.shape[1]
    rho, v, group, field = np.empty(layers), np.empty(layers), np.empty(layers), workspace()
    node = np.empty((5, node_limit(layers)))
    values, matrix = np.empty((32, _QUANTITIES)), np.empty((3, size, 32))
    nodes, known, narrow = np.empty(32), 0, np.empty((3, 1, 32))
    result = np.empty((size, _QUANTITIES + 2))
    for row in range(count):
        relative_radii(radius[row], rho)
        middle, half, points = chebyshev_interval(wavelength[row])
        if row == 0 or _differs(wavelength[row], wavelength[row - 1]):
            chebyshev_matrices(wavelength[row], middle, half, points, matrix)
            known = points
        for j in range(known):
            nodes[j] = middle + half * math.cos(math.pi * (j + 0.5) / known)
        azimuthal, radial = int(order[row]), int(number[row])
        core = radius[row], delta[row], exponent[row], glass[row]
        room = rho, v, group, field, node, values
        guided = _solve_at(azimuthal, radial, nodes[:known], *core, *room)
        if guided:
            _contract(matrix, values, known, result, 0, size)
        else:  # beside a cutoff: every wavelength by itself
            for i in range(size):
                one = nodes, narrow, result[i : i + 1]
                _solve_beside_cutoff(azimuthal, radial, wavelength[row, i : i + 1], *core, *room, *one)
        for i in range(size):
            effective_index[row, i] = result[i, 0]
            group_index[row, i] = result[i, 1]
            dispersion[row, i] = result[i, 8]
            dispersion_slope[row, i] = result[i, 9]
            effective_area[row, i] = result[i, 2]
            petermann_diameter[row, i] = result[i, 3]
            gaussian_diameter[row, i] = result[i, 4]
            confinement[row, i] = result[i, 5]
            decay[row, i] = result[i, 6]
            log_amplitude[row, i] = result[i, 7]


@kernel
def _contract(matrix: FloatArray, values: FloatArray, points: int, result: FloatArray, first: int, size: int) -> None:
    """Interpolate all quantities, and differentiate the group index: D = (1/c) d n_g/d l."""
    for i in range(size):
        for k in range(_QUANTITIES):
            result[first + i, k] = 0.0
        first_derivative, second_derivative = 0.0, 0.0
        for j in range(points):
            for k in range(_QUANTITIES):
                result[first + i, k] += matrix[0, i, j] * values[j, k]
            first_derivative += matrix[1, i, j] * values[j, 1]
            second_derivative += matrix[2, i, j] * values[j, 1]
        result[first + i, _QUANTITIES] = first_derivative / _LIGHT  # Eq. (7)
        result[first + i, _QUANTITIES + 1] = second_derivative / _LIGHT
