"""Scalar (LP) modes of circular profiles: rings of constant index around a constant or graded centre.

The radial field F and G = r F' solve (r F')' = (w^2 - v + l^2/r^2) r F, with lengths in units of the first
radius, v(r) = k^2 (n^2 - n_clad^2) and w^2 = beta^2 - k^2 n_clad^2.  They are carried outwards from the axis
and inwards from the cladding to the edge of the ring of highest index, by Bessel functions in rings of
constant index and by Chebyshev collocation in a graded centre.  The mismatch M(w^2) of G/F has the
derivative M' = int F^2 r dr / F^2 (Green's identity), and the zeros of F with the sign of M count the modes
above w^2 (Sturm), so a safeguarded Newton iteration finds any mode to rounding.

Notes
-----
(1) ``M(w^2) = G/F`` of the inner solution less that of the outer one, zero for a mode;
(2) ``M' = int F^2 r dr/F^2``, from both sides (Green's identity);
(3) ``int F^2 r dr = [(q r^2 - l^2) F^2 + G^2]/(2 q)`` in a ring with ``q = v - w^2``;
(4) the number of modes above w^2 is that of the zeros of F, and one more where ``M < 0`` (Sturm);
(5) ``(2 l + 2) h + r h' = -q f`` with ``F = r^l f`` and ``f' = r h``, in a graded centre.

References
----------
.. [1] M. Abramowitz, I. A. Stegun (editors), "Handbook of Mathematical Functions," National Bureau of Standards, 1964.
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.kernels.bessel import (
    bessel_i,
    bessel_j,
    bessel_k,
    bessel_k_scaled,
    cylinder_scaled,
    modified_scaled,
    neighbouring_i,
    neighbouring_j,
    neighbouring_k,
    scaled,
)
from mcfiber.typing import FloatArray

_POINTS = 10
_GAUSS_NODE, _GAUSS_WEIGHT = (np.ascontiguousarray(a) for a in np.polynomial.legendre.leggauss(_POINTS))
LARGEST_FREQUENCY = 200.0
"""Normalised frequency V up to which modes of rings are right: room for the panels of one ring."""

LARGEST_GRADED_FREQUENCY = 40.0
"""The same of a graded centre."""

_PANELS = 128  # most quadrature panels in one ring, enough up to LARGEST_FREQUENCY
_PHASE = 1.7  # radians of u r in one panel: less than the least distance between two zeros
_DECAY = 1.3  # decay lengths in one panel
_TAIL = 9.5  # decay lengths of the cladding that quadrature covers: exp(-4 * 9.5) = 3e-17
_TAIL_PANELS = 40
_LEAST = 1e-100  # least w^2 over the greatest v: below, the mode ends within rounding

# ---------------------------------------------------------------------------------------------------------
# one ring of constant index


@kernel
def _coefficients(order: int, q: float, r: float, f: float, g: float) -> tuple[float, float, int, int]:
    """F = a J + b Y (q > 0) or a I exp(-x_r) + b K exp(x_r) (q < 0) from F and r F' at r; a and b with their shifts."""
    x = math.sqrt(abs(q)) * r
    if q > 0.0:
        j, dj, y, dy, first, second = cylinder_scaled(order, x)
        # Eq. (9.1.16) of [1]: Wronskian 2/pi
        return 0.5 * math.pi * (f * dy - g * y), 0.5 * math.pi * (g * j - f * dj), second, first
    i, di, k, dk, first, second = modified_scaled(order, x)
    return g * k - f * dk, f * di - g * i, second, first  # Eq. (9.6.15) of [1]: Wronskian -1


@kernel
def _evaluate(
    order: int, q: float, origin: float, part: tuple[float, float, int, int], r: float
) -> tuple[float, float]:
    """F and r F' at r from the coefficients found at `origin`."""
    a, b, a_shift, b_shift = part
    x = math.sqrt(abs(q)) * r
    if q > 0.0:
        j, dj, y, dy, first, second = cylinder_scaled(order, x)
        first, second = first + a_shift, second + b_shift
        return scaled(a * j, first) + scaled(b * y, second), scaled(a * dj, first) + scaled(b * dy, second)
    i, di, k, dk, first, second = modified_scaled(order, x)
    first, second = first + a_shift, second + b_shift
    grow = math.exp(x - math.sqrt(abs(q)) * origin)
    return (
        scaled(a * i, first) * grow + scaled(b * k, second) / grow,
        scaled(a * di, first) * grow + scaled(b * dk, second) / grow,
    )


@kernel
def _off_zero(q: float, r: float) -> float:
    """Keep q r^2 away from 0, where the two solutions of a ring coincide."""
    least = 1e-12 / (r * r)
    return math.copysign(max(abs(q), least), q)


@kernel
def _panels(q: float, width: float) -> int:
    """Panels of a ring, each less than one zero (or a few decay lengths) wide."""
    return min(_PANELS, 1 + int(math.sqrt(abs(q)) * width / (_PHASE if q > 0.0 else _DECAY)))


@kernel
def _power(order: int, q: float, r: float, f: float, g: float) -> float:
    """Antiderivative of F^2 r: [(q r^2 - l^2) F^2 + (r F')^2]/(2 q)."""
    return ((q * r * r - order * order) * f * f + g * g) / (2.0 * q)  # Eq. (3)


@kernel
def across(order: int, q: float, start: float, end: float, f: float, g: float) -> tuple[float, float, float, int]:
    """Carry F and r F' across a ring: F, r F', |int F^2 r dr| and the number of zeros of F."""
    q = _off_zero(q, max(start, end))
    part = _coefficients(order, q, start, f, g)
    count, zeros, last = _panels(q, abs(end - start)) if q > 0.0 else 1, 0, f
    value, slope = f, g
    for panel in range(1, count + 1):
        value, slope = _evaluate(order, q, start, part, start + (end - start) * panel / count)
        zeros += (value < 0.0) != (last < 0.0)
        last = value
    if abs(q) * max(start, end) ** 2 > 1e-3:
        power = abs(_power(order, q, end, value, slope) - _power(order, q, start, f, g))
    else:  # F is nearly straight in r^2 or log r: only Newton's speed depends on this
        power = 0.25 * abs(end * end - start * start) * (f * f + value * value)
    return value, slope, power, zeros


@kernel
def _centre(order: int, q: float, end: float) -> tuple[float, float, float, int]:
    """F, r F', int F^2 r dr and zeros of the regular solution at the edge of a disc of constant index, in any scale."""
    q = _off_zero(q, end)
    root = math.sqrt(abs(q))
    if q < 0.0 and order < 2:
        f, g = bessel_i(order, root * end)
        return f, g, _power(order, q, end, f, g), 0
    if q < 0.0:
        above, below = neighbouring_i(order, root * end)
        return 1.0, order + root * end * above, 0.5 * end * end * (1.0 - above * below), 0
    if order > 1 and root * end <= order:  # before the first zero, where J may be too small for double precision
        above, below = neighbouring_j(order, root * end)
        return 1.0, order - root * end * above, 0.5 * end * end * (1.0 - above * below), 0  # Eq. (3)
    count, zeros, last = _panels(q, end), 0, 1.0
    f, g = 1.0, 0.0
    for panel in range(1, count + 1):
        f, g = bessel_j(order, root * end * panel / count)
        zeros += (f < 0.0) != (last < 0.0)
        last = f
    return f, g, _power(order, q, end, f, g), zeros


@kernel
def _cladding(order: int, w2: float, r: float) -> tuple[float, float, float]:
    """F = 1, r F' and int F^2 r dr of the decaying solution outside r (at w = 0 without the integral)."""
    if w2 == 0.0:
        return 1.0, -float(order), 0.0
    x = math.sqrt(w2) * r
    if order == 0:
        k, dk = bessel_k(order, x)
        g = dk / k
        return 1.0, g, (g * g - x * x) / (2.0 * w2)  # Eq. (3), q = -w^2
    above, below = neighbouring_k(order, x)
    # Eq. (3) once more, without the difference of nearly equal numbers beside a cutoff
    return 1.0, -x * below - order, 0.5 * r * r * (above * below - 1.0)


# ---------------------------------------------------------------------------------------------------------
# a graded centre: n^2 - n_clad^2 falls as 1 - r^exponent from the axis to r = 1

_ORDER, _FINE_ORDER = 40, 100  # of the polynomials; the second beyond a V or an exponent
_FINE, _SHARP = 20.0, 50.0


def _collocation(order: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Chebyshev points s on [0, 1], differentiation and integration matrices, quadrature weights."""
    k = np.arange(order + 1)
    s = 0.5 - 0.5 * np.cos(np.pi * k / order)
    basis = np.polynomial.chebyshev.chebvander(2 * s - 1, order)
    unit = np.eye(order + 1)
    slope = np.stack(
        [np.polynomial.chebyshev.chebval(2 * s - 1, 2 * np.polynomial.chebyshev.chebder(c)) for c in unit], 1
    )
    area = np.stack(
        [np.polynomial.chebyshev.chebval(2 * s - 1, 0.5 * np.polynomial.chebyshev.chebint(c, lbnd=-1)) for c in unit],
        1,
    )
    inverse = np.linalg.inv(basis)
    derivative, integral = slope @ inverse, area @ inverse
    return s, np.ascontiguousarray(derivative), np.ascontiguousarray(integral), integral[-1].copy()


_S, _DERIVATIVE, _INTEGRAL, _CLENSHAW_CURTIS = _collocation(_ORDER)
_FINE_S, _FINE_DERIVATIVE, _FINE_INTEGRAL, _FINE_CLENSHAW_CURTIS = _collocation(_FINE_ORDER)


@kernel
def _eliminate(matrix: FloatArray, right: FloatArray) -> None:
    """Solve in place by Gaussian elimination with partial pivoting (much quicker to compile than LAPACK's call)."""
    size = right.shape[0]
    for k in range(size):
        pivot = k
        for i in range(k + 1, size):
            if abs(matrix[i, k]) > abs(matrix[pivot, k]):
                pivot = i
        for j in range(k, size):
            matrix[k, j], matrix[pivot, j] = matrix[pivot, j], matrix[k, j]
        right[k], right[pivot] = right[pivot], right[k]
        for i in range(k + 1, size):
            factor = matrix[i, k] / matrix[k, k]
            for j in range(k + 1, size):
                matrix[i, j] -= factor * matrix[k, j]
            right[i] -= factor * right[k]
    for k in range(size - 1, -1, -1):
        for j in range(k + 1, size):
            right[k] -= matrix[k, j] * right[j]
        right[k] /= matrix[k, k]


@kernel
def _graded(order: int, v: float, exponent: float, w2: float, f: FloatArray) -> tuple[float, float, float, int]:
    """F (also at r = s^2, in f), r F', int F^2 r dr and zeros of the regular solution in a graded disc.

    With F = r^l f and f' = r h: (2 l + 2) h + r h' = -q f, solved for h; r = s^2 keeps r^exponent smooth.
    """
    point, derivative, integral, weight = _S, _DERIVATIVE, _INTEGRAL, _CLENSHAW_CURTIS
    if v > _FINE * _FINE or exponent > _SHARP:
        point, derivative, integral, weight = _FINE_S, _FINE_DERIVATIVE, _FINE_INTEGRAL, _FINE_CLENSHAW_CURTIS
    size = point.shape[0]
    matrix = np.empty((size, size))
    right = np.empty(size)
    for i in range(size):
        q = v * (1.0 - point[i] ** (2.0 * exponent)) - w2
        right[i] = -q
        for j in range(size):
            matrix[i, j] = 0.5 * point[i] * derivative[i, j] + q * integral[i, j] * 2.0 * point[j] ** 3  # Eq. (5)
        matrix[i, i] += 2.0 * order + 2.0
    _eliminate(matrix, right)
    h = right
    power, zeros = 0.0, 0
    for i in range(size):
        value = 1.0
        for j in range(size):
            value += integral[i, j] * 2.0 * point[j] ** 3 * h[j]
        zeros += i > 0 and (value < 0.0) != (f[i - 1] < 0.0)
        f[i] = value
    for i in range(size):
        f[i] *= point[i] ** (2 * order)
        power += weight[i] * 2.0 * point[i] ** 3 * f[i] * f[i]
    return f[size - 1], order * f[size - 1] + h[size - 1], power, zeros


# ---------------------------------------------------------------------------------------------------------
# the characteristic function and its roots


@kernel
def first_ring(order: int, v: FloatArray, exponent: float, w2: float, f: FloatArray) -> tuple[float, float, float, int]:
    """F, r F', int F^2 r dr and zeros at the edge of the central disc, constant or graded."""
    if math.isinf(exponent):
        return _centre(order, v[0] - w2, 1.0)
    return _graded(order, v[0], exponent, w2, f)


@kernel
def matching_ring(v: FloatArray) -> int:
    """The ring of highest index (the outermost of equals): both solutions are carried stably to its edge."""
    best = 0
    for i in range(1, v.shape[0]):
        if v[i] >= v[best]:
            best = i
    return best


@kernel
def mismatch(
    order: int, rho: FloatArray, v: FloatArray, exponent: float, w2: float, f: FloatArray
) -> tuple[float, float, int]:
    """M(w^2), its derivative, and the zeros of F on both sides of the matching edge."""
    edge = matching_ring(v)
    inner, inner_slope, inner_power, zeros = first_ring(order, v, exponent, w2, f)
    for i in range(1, edge + 1):
        start, start_slope = inner, inner_slope
        inner, inner_slope, power, more = across(order, v[i] - w2, rho[i - 1], rho[i], start, start_slope)
        inner_power, zeros = inner_power + power, zeros + more
    last = v.shape[0] - 1
    outer, outer_slope, outer_power = _cladding(order, w2, rho[last])
    for i in range(last, edge, -1):
        start, start_slope = outer, outer_slope
        outer, outer_slope, power, more = across(order, v[i] - w2, rho[i], rho[i - 1], start, start_slope)
        outer_power, zeros = outer_power + power, zeros + more
    value = inner_slope / inner - outer_slope / outer  # Eq. (1)
    return value, inner_power / (inner * inner) + outer_power / (outer * outer), zeros  # Eq. (2)


@kernel
def modes_above(order: int, rho: FloatArray, v: FloatArray, exponent: float, w2: float, f: FloatArray) -> int:
    """Number of modes of an azimuthal order whose w^2 exceeds a value (0: all that are guided)."""
    value, _, zeros = mismatch(order, rho, v, exponent, w2, f)
    return zeros + (1 if value < 0.0 else 0)  # Eq. (4)


@kernel
def root(
    order: int, number: int, rho: FloatArray, v: FloatArray, exponent: float, guess: float, f: FloatArray
) -> float:
    """w^2 of the mode LP(order, number) in units of the first radius; NaN where it is not guided."""
    top = 0.0
    for i in range(v.shape[0]):
        top = max(top, v[i])
    low, high = _LEAST * top, top
    if top == 0.0 or modes_above(order, rho, v, exponent, 0.0, f) < number:
        return math.nan
    if modes_above(order, rho, v, exponent, low, f) < number:  # so near its cutoff that n_eff is the cladding's
        return low
    w2 = guess if low < guess < high else 0.5 * high
    for _ in range(400):
        value, slope, zeros = mismatch(order, rho, v, exponent, w2, f)
        if zeros + (value < 0.0) >= number:
            low = w2
        else:
            high = w2
        change = -value / slope  # Newton, Eqs. (1) and (2)
        if zeros == number - 1 and abs(change) <= 1e-9 * min(w2, top - w2):
            return w2 + change
        w2 += change
        if zeros != number - 1 or not low < w2 < high:
            w2 = math.sqrt(low * high) if high > 30.0 * low else 0.5 * (low + high)
        if high - low <= 4e-16 * high:
            return w2
    return w2


# ---------------------------------------------------------------------------------------------------------
# the field


@kernel
def _ring_nodes(
    order: int,
    w2: float,
    v: FloatArray,
    ring: int,
    start: float,
    end: float,
    f: float,
    g: float,
    node: FloatArray,
    first: int,
) -> tuple[int, float, float]:
    """Append Gauss points of a ring (rows: r, weight r dr, F, v, ring); f and g are given at start."""
    q = _off_zero(v[ring] - w2, max(start, end))
    part = _coefficients(order, q, start, f, g)
    low, high = min(start, end), max(start, end)
    count, position = _panels(q, high - low), first
    for panel in range(count):
        half = 0.5 * (high - low) / count
        middle = low + half * (2 * panel + 1)
        for i in range(_POINTS):
            r = middle + half * _GAUSS_NODE[i]
            node[0, position], node[1, position] = r, half * _GAUSS_WEIGHT[i] * r
            node[2, position] = _evaluate(order, q, start, part, r)[0]
            node[3, position], node[4, position] = v[ring], ring
            position += 1
    value, slope = _evaluate(order, q, start, part, end)
    return position, value, slope


@kernel
def _disc_nodes(order: int, q: float, v: float, end: float, node: FloatArray) -> tuple[int, float, float]:
    """Gauss points of the central disc of constant index."""
    q = _off_zero(q, end)
    root_q = math.sqrt(abs(q))
    count, position = _panels(q, end), 0
    value, slope, shift = _regular(order, q, root_q * end)
    scale = 1.0 if shift == 0 else value  # where F is too small for double precision, in its scale at the edge
    for panel in range(count):
        half = 0.5 * end / count
        for i in range(_POINTS):
            r = half * (2 * panel + 1) + half * _GAUSS_NODE[i]
            field, _, own = _regular(order, q, root_q * r)
            grow = 1.0 if q > 0.0 else math.exp(root_q * (r - end))
            node[0, position], node[1, position] = r, half * _GAUSS_WEIGHT[i] * r
            node[2, position] = scaled(field / scale, own - shift) * grow
            node[3, position], node[4, position] = v, 0.0
            position += 1
    return position, value / scale, slope / scale


@kernel
def _regular(order: int, q: float, x: float) -> tuple[float, float, int]:
    """J and x J' (q > 0), or I and x I' times exp(-x), with their shift."""
    if q > 0.0:
        j, dj, _, _, shift, _ = cylinder_scaled(order, x)
        return j, dj, shift
    i, di, _, _, shift, _ = modified_scaled(order, x)
    return i, di, shift


@kernel
def _graded_nodes(
    order: int, v: float, exponent: float, w2: float, field: FloatArray, node: FloatArray
) -> tuple[int, float, float]:
    """Chebyshev points of the graded disc."""
    f, g, _, _ = _graded(order, v, exponent, w2, field)
    point, weight = _S, _CLENSHAW_CURTIS
    if v > _FINE * _FINE or exponent > _SHARP:
        point, weight = _FINE_S, _FINE_CLENSHAW_CURTIS
    for i in range(point.shape[0]):
        node[0, i], node[1, i] = point[i] ** 2, weight[i] * 2.0 * point[i] ** 3
        node[2, i], node[3, i] = field[i], v * (1.0 - point[i] ** (2.0 * exponent))
        node[4, i] = 0.0
    return point.shape[0], f, g


@kernel
def _tail_nodes(order: int, w2: float, r: float, node: FloatArray, first: int) -> int:
    """Gauss points of the cladding, on panels that widen from the edge; F = 1 at the edge."""
    w = math.sqrt(w2)
    edge = w * r
    scale, shift = bessel_k_scaled(order, edge)
    start, position = edge, first
    # Beside the edge F falls as r^-order; F^4 has fallen where panels are wide.
    growth = 1.0 if order < 3 else 2.0 / order
    for panel in range(_TAIL_PANELS):
        width = min(growth * start, 1.2 + 0.5 * min(panel, 3))
        half = 0.5 * width
        for i in range(_POINTS):
            x = start + half * (1.0 + _GAUSS_NODE[i])
            node[0, position] = x / w
            node[1, position] = half * _GAUSS_WEIGHT[i] * x / w2
            value, own = bessel_k_scaled(order, x)
            node[2, position] = scaled(value / scale, own - shift) * math.exp(edge - x)
            node[3, position], node[4, position] = 0.0, -1.0
            position += 1
        start += width
        if start > edge + _TAIL or (order > 2 and node[2, position - 1] < 1e-8):
            break
    return position


@kernel
def node_limit(rings: int) -> int:
    """Most quadrature points that `field_nodes` writes."""
    return _FINE_ORDER + 1 + (rings * _PANELS + _TAIL_PANELS) * _POINTS


@kernel
def workspace() -> FloatArray:
    """Room for the field in a graded centre."""
    return np.empty(_FINE_ORDER + 1)


@kernel
def field_nodes(
    order: int,
    rho: FloatArray,
    v: FloatArray,
    exponent: float,
    w2: float,
    field: FloatArray,
    node: FloatArray,
) -> tuple[int, int, float, float]:
    """Quadrature points of the field (rows of node: r, weight r dr, F, v, ring; ring -1 is the cladding).

    Returns the number of points inside the matching edge, the number of all, F at the last radius, and
    int F^2 r dr of the cladding in closed form.
    """
    edge, last = matching_ring(v), v.shape[0] - 1
    if math.isinf(exponent):
        inside, f, g = _disc_nodes(order, v[0] - w2, v[0], 1.0, node)
    else:
        inside, f, g = _graded_nodes(order, v[0], exponent, w2, field, node)
    for i in range(1, edge + 1):
        inside, f, g = _ring_nodes(order, w2, v, i, rho[i - 1], rho[i], f, g, node, inside)
    one, slope, power = _cladding(order, w2, rho[last])
    count, outer = inside, one
    for i in range(last, edge, -1):
        count, outer, slope = _ring_nodes(order, w2, v, i, rho[i], rho[i - 1], outer, slope, node, count)
    count = _tail_nodes(order, w2, rho[last], node, count)
    scale = f / outer if abs(f) > 0.1 * abs(g) else g / slope
    for i in range(inside, count):
        node[2, i] *= scale
    return inside, count, scale, power * scale * scale
