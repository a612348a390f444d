"""Moments of a power profile, and the few Lorentzians that stand for its squared link function.

The squared link function depends on the profile rho alone: ``|int rho e^{j Phi z} dz|^2 = 2 int C(t) cos(Phi t) dt``
with ``C(t) = int rho(z) rho(z+t) dz``.  Few exponentials for C are few Lorentzians for its transform, whatever the
profile: decay, gain of pumps from either end, lumped losses.  Their parameters follow from as many moments.

Notes
-----
(1) ``|mu|^2 = sum_m A_m b_m^2/(b_m^2 + Phi^2)``, complex ones in pairs;
(2) ``M_k = sum_m A_m b_m^k``, with ``M_-n = 2 int rho J_n dz``, ``J_0 = int_0^z rho``, ``J_n = int_0^z J_(n-1)``,
    ``M_1 = 2 int rho^2 dz``, ``M_2 = rho(0)^2 + rho(L)^2 + sum of squared jumps``: M_0 is the peak, (pi/2) M_1 the
    whole area, M_2 the tail M_2/Phi^2;
(3) the n poles that 2n consecutive moments give: their polynomial solves a Hankel system.
The moments are Taylor coefficients of (1) at zero and infinite mismatch, so (3) is a two-point Pade approximant [1]_.

References
----------
.. [1] G. A. Baker, P. Graves-Morris, "Pade Approximants," Cambridge University Press, 2nd edition, 1996.
"""

import math

import numpy as np

from mcfiber._jit import kernel
from mcfiber.typing import AnyArray, FloatArray

LOWEST = -4  # order of the first moment
MOMENTS = 7  # orders -4 to 2
POLES = 3
# poles and lowest order, in the order of trial
CHOICES = np.array([[3, -3], [3, -4], [2, -2], [2, -1], [1, 0]])
SMALLEST_PIVOT = 1e-9
SMALLEST_POLE, LARGEST_POLE = 0.05, 1e3  # real part, and size, over M_1/M_0


@kernel("(channel,panel,node),(channel),(panel),(node,node_in)->(channel,moment)")
def profile_moments(
    profile: FloatArray, launch: FloatArray, panel: FloatArray, integration: FloatArray, out: FloatArray
) -> None:
    """Moments M_-4 to M_2 of each channel's power over its launch power; Eq. (2).

    Parameters
    ----------
    profile
        At the Chebyshev nodes of each panel. Shape (n, channel, panel, node). [W]
    launch
        Shape (n, channel). [W]
    panel
        Lengths; a power may jump from one panel to the next. Shape (n, panel). [m]
    integration
        See `mcfiber.kernels.raman.panel_integration`. Shape (n, node, node_in).
    out
        Shape (n, channel, 7). [m^(2-k)]
    """
    panels, nodes = profile.shape[2:]
    inner, following = np.empty((panels, nodes)), np.empty((panels, nodes))
    for design in range(profile.shape[0]):
        for i in range(profile.shape[1]):
            # a dark channel disturbs nobody: any profile
            rho = profile[design, i] / launch[design, i] if launch[design, i] > 0.0 else np.ones((panels, nodes))
            inner[:, :] = rho
            for order in range(-LOWEST + 1):
                _running_integral(inner, panel[design], integration[design], following)
                inner[:, :] = following
                total = _integral(rho, inner, panel[design], integration[design])
                out[design, i, -order - LOWEST] = 2.0 * total
            out[design, i, 1 - LOWEST] = 2.0 * _integral(rho, rho, panel[design], integration[design])
            out[design, i, 2 - LOWEST] = _squared_jumps(rho, panel[design])


@kernel
def _running_integral(values: FloatArray, panel: FloatArray, integration: FloatArray, out: FloatArray) -> None:
    """Integral from the start of the span to each node."""
    before = 0.0
    for s in range(panel.size):
        for m in range(values.shape[1]):
            total = 0.0
            for n in range(values.shape[1]):
                total += integration[m, n] * values[s, n]
            out[s, m] = before + 0.5 * panel[s] * total
        before = out[s, values.shape[1] - 1]


@kernel
def _integral(first: FloatArray, second: FloatArray, panel: FloatArray, integration: FloatArray) -> float:
    """Integral of a product over the span."""
    total, last = 0.0, first.shape[1] - 1
    for s in range(panel.size):
        for n in range(last + 1):
            total += 0.5 * panel[s] * integration[last, n] * first[s, n] * second[s, n]
    return total


@kernel
def _squared_jumps(rho: FloatArray, panel: FloatArray) -> float:
    """Sum of the squared jumps at both ends and at lumped losses; panels of no length do not count."""
    total, before = 0.0, 0.0
    for s in range(panel.size):
        if panel[s] > 0.0:
            total += (rho[s, 0] - before) ** 2
            before = rho[s, rho.shape[1] - 1]
    return total + before * before


@kernel("(channel,panel,node),(channel),(panel),(node,node_in),(channel,moment)->(channel,panel,node),(channel)")
def profile_moments_adjoint(
    profile: FloatArray,
    launch: FloatArray,
    panel: FloatArray,
    integration: FloatArray,
    moment_adjoint: FloatArray,
    profile_adjoint: FloatArray,
    launch_adjoint: FloatArray,
) -> None:
    """Backwards through `profile_moments`.

    Parameters
    ----------
    profile, launch, panel, integration
        As in the forward kernel; no channel is dark.
    moment_adjoint
        Derivative of the objective by each moment. Shape (n, channel, 7).
    profile_adjoint, launch_adjoint
        Derivatives by the inputs. Shapes (n, channel, panel, node), (n, channel). [1/W]
    """
    panels, nodes = profile.shape[2:]
    running, following = np.empty((panels, nodes)), np.empty((panels, nodes))
    weighted, gathered = np.empty((panels, nodes)), np.empty((panels, nodes))
    for design in range(profile.shape[0]):
        for i in range(profile.shape[1]):
            rho, by_rho = profile[design, i] / launch[design, i], profile_adjoint[design, i]
            _weighted(rho, panel[design], integration[design], weighted)
            by_rho[:, :] = 4.0 * moment_adjoint[design, i, 1 - LOWEST] * weighted
            _squared_jumps_adjoint(rho, panel[design], moment_adjoint[design, i, 2 - LOWEST], by_rho)
            running[:, :] = rho
            for order in range(-LOWEST + 1):  # the factor rho outside
                _running_integral(running, panel[design], integration[design], following)
                running[:, :] = following
                scale = 2.0 * moment_adjoint[design, i, -order - LOWEST]
                for s in range(panels):
                    for n in range(nodes):
                        weight = 0.5 * panel[design, s] * integration[design, nodes - 1, n]
                        by_rho[s, n] += scale * weight * running[s, n]
            gathered[:, :] = 0.0
            for order in range(-LOWEST, -1, -1):  # the one inside, by Horner's rule
                gathered += 2.0 * moment_adjoint[design, i, -order - LOWEST] * weighted
                _running_transposed(gathered, panel[design], integration[design], following)
                gathered[:, :] = following
            by_rho += gathered
            total = 0.0
            for s in range(panels):
                for n in range(nodes):
                    total += by_rho[s, n] * rho[s, n]
                    by_rho[s, n] /= launch[design, i]
            launch_adjoint[design, i] = -total / launch[design, i]


@kernel
def _weighted(values: FloatArray, panel: FloatArray, integration: FloatArray, out: FloatArray) -> None:
    last = values.shape[1] - 1
    for s in range(panel.size):
        for n in range(last + 1):
            out[s, n] = 0.5 * panel[s] * integration[last, n] * values[s, n]


@kernel
def _squared_jumps_adjoint(rho: FloatArray, panel: FloatArray, scale: float, out: FloatArray) -> None:
    before, last = -1, rho.shape[1] - 1
    for s in range(panel.size):
        if panel[s] > 0.0:
            jump = rho[s, 0] - (rho[before, last] if before >= 0 else 0.0)
            out[s, 0] += 2.0 * scale * jump
            if before >= 0:
                out[before, last] -= 2.0 * scale * jump
            before = s
    if before >= 0:
        out[before, last] += 2.0 * scale * rho[before, last]


@kernel
def _running_transposed(values: FloatArray, panel: FloatArray, integration: FloatArray, out: FloatArray) -> None:
    """Transpose of the running integral."""
    nodes, later = values.shape[1], 0.0
    for s in range(panel.size - 1, -1, -1):
        inside = 0.0
        for n in range(nodes):
            total = integration[nodes - 1, n] * later
            for m in range(nodes):
                total += integration[m, n] * values[s, m]
            out[s, n] = 0.5 * panel[s] * total
            inside += values[s, n]
        later += inside


# ---------------------------------------------------------------------------------------------------------
# poles


@kernel("(channel,moment)->(channel,pole),(channel,pole)", dtype=np.complex128)
def profile_poles(moment: FloatArray, amplitude: AnyArray, pole: AnyArray) -> None:
    """Amplitudes and poles of Eq. (1), three where the moments allow it, else two or one; Eq. (3).

    Parameters
    ----------
    moment
        Orders -4 to 2. Shape (n, channel, 7). [m^(2-k)]
    amplitude, pole
        Unused ones have no amplitude. Shape (n, channel, 3). [m^2, 1/m]
    """
    scaled = np.empty(MOMENTS)
    for design in range(moment.shape[0]):
        for i in range(moment.shape[1]):
            peak = moment[design, i, -LOWEST]
            width = moment[design, i, 1 - LOWEST] / peak
            for k in range(MOMENTS):
                scaled[k] = moment[design, i, k] / (peak * width ** (k + LOWEST))
            _chosen(scaled, amplitude[design, i], pole[design, i])
            for m in range(POLES):
                amplitude[design, i, m] *= peak
                pole[design, i, m] *= width


@kernel
def _chosen(moment: FloatArray, amplitude: AnyArray, pole: AnyArray) -> int:
    """First choice of moments whose poles decay; its number, or -1."""
    for choice in range(CHOICES.shape[0]):
        count, low = CHOICES[choice, 0], CHOICES[choice, 1]
        amplitude[:] = 0.0
        pole[:] = 1.0
        if _polynomial_roots(moment, count, low, pole):
            _amplitudes(moment, count, low, amplitude, pole)
            return choice
    return -1


@kernel
def _polynomial_roots(moment: FloatArray, count: int, low: int, pole: AnyArray) -> bool:
    """Poles from the Hankel system of 2 count moments; whether they are sound."""
    hankel, right = np.zeros((count, count), np.complex128), np.zeros(count, np.complex128)
    for i in range(count):
        right[i] = -moment[low + count + i - LOWEST]
        for k in range(count):
            hankel[i, k] = moment[low + i + k - LOWEST]
    if _eliminate(hankel, right) < SMALLEST_PIVOT:
        return False
    if count == 1:
        pole[0] = -right[0]
    elif count == 2:
        _quadratic(right[1].real, right[0].real, pole)
    else:
        _cubic(right[2].real, right[1].real, right[0].real, pole)
    for m in range(count):
        if not (pole[m].real > SMALLEST_POLE and abs(pole[m]) < LARGEST_POLE):
            return False
    return True


@kernel
def _eliminate(matrix: AnyArray, right: AnyArray) -> float:
    """Solve in place by elimination with row pivots; the smallest pivot over the largest entry."""
    size = right.size
    largest, smallest = 0.0, math.inf
    for i in range(size):
        for k in range(size):
            largest = max(largest, abs(matrix[i, k]))
    for i in range(size):
        best = i
        for row in range(i + 1, size):
            if abs(matrix[row, i]) > abs(matrix[best, i]):
                best = row
        smallest = min(smallest, abs(matrix[best, i]))
        if abs(matrix[best, i]) <= 1e-300:
            return 0.0
        for k in range(size):
            matrix[i, k], matrix[best, k] = matrix[best, k], matrix[i, k]
        right[i], right[best] = right[best], right[i]
        for row in range(i + 1, size):
            factor = matrix[row, i] / matrix[i, i]
            for k in range(i, size):
                matrix[row, k] -= factor * matrix[i, k]
            right[row] -= factor * right[i]
    for i in range(size - 1, -1, -1):
        for k in range(i + 1, size):
            right[i] -= matrix[i, k] * right[k]
        right[i] /= matrix[i, i]
    return smallest / largest


@kernel
def _quadratic(linear: float, constant: float, root: AnyArray) -> None:
    """Roots of t^2 + linear t + constant."""
    discriminant = 0.25 * linear * linear - constant
    if discriminant < 0.0:
        root[0] = complex(-0.5 * linear, math.sqrt(-discriminant))
        root[1] = complex(-0.5 * linear, -math.sqrt(-discriminant))
    else:
        far = -0.5 * linear - math.copysign(math.sqrt(discriminant), linear)
        root[0], root[1] = far, (constant / far if far != 0.0 else 0.0)


@kernel
def _cubic(square: float, linear: float, constant: float, root: AnyArray) -> None:
    """Roots of t^3 + square t^2 + linear t + constant; a pair is exactly conjugate."""
    shift = square / 3.0
    p = linear - 3.0 * shift * shift
    q = 2.0 * shift**3 - shift * linear + constant
    discriminant = 0.25 * q * q + p**3 / 27.0
    if discriminant > 0.0:
        u = -0.5 * q - math.copysign(math.sqrt(discriminant), q)
        u = math.copysign(abs(u) ** (1.0 / 3.0), u)
        real = u - p / (3.0 * u) - shift
    else:
        radius = math.sqrt(max(-p / 3.0, 0.0))
        angle = math.acos(min(max(-0.5 * q / max(radius**3, 1e-300), -1.0), 1.0))
        real = 2.0 * radius * math.cos(angle / 3.0) - shift
    for _ in range(3):  # Newton's steps repair what cancellation has lost
        slope = (3.0 * real + 2.0 * square) * real + linear
        if slope != 0.0:
            real -= (((real + square) * real + linear) * real + constant) / slope
    root[0] = real
    _quadratic(square + real, linear + real * (square + real), root[1:])


@kernel
def _amplitudes(moment: FloatArray, count: int, low: int, amplitude: AnyArray, pole: AnyArray) -> None:
    """Amplitudes that meet the lowest moments of a choice."""
    matrix, right = np.zeros((count, count), np.complex128), np.zeros(count, np.complex128)
    for i in range(count):
        right[i] = moment[low + i - LOWEST]
        for m in range(count):
            matrix[i, m] = pole[m] ** (low + i)
    _eliminate(matrix, right)
    amplitude[:count] = right


@kernel("(channel,moment),(channel,pole),(channel,pole)->(channel,moment)")
def profile_poles_adjoint(
    moment: FloatArray,
    amplitude_adjoint: AnyArray,
    pole_adjoint: AnyArray,
    out: FloatArray,
) -> None:
    """Backwards through `profile_poles`: the transposed Jacobian of Eq. (2), solved.

    Parameters
    ----------
    moment
        Input of the forward kernel.
    amplitude_adjoint, pole_adjoint
        Derivatives of the objective, as an analytic function, by each. Shape (n, channel, 3).
    out
        Derivative by the moments. Shape (n, channel, 7).
    """
    scaled = np.empty(MOMENTS)
    a, b = np.empty(POLES, np.complex128), np.empty(POLES, np.complex128)
    for design in range(moment.shape[0]):
        for i in range(moment.shape[1]):
            peak = moment[design, i, -LOWEST]
            width = moment[design, i, 1 - LOWEST] / peak
            for k in range(MOMENTS):
                scaled[k] = moment[design, i, k] / (peak * width ** (k + LOWEST))
            out[design, i, :] = 0.0
            choice = _chosen(scaled, a, b)
            count, low = CHOICES[choice, 0], CHOICES[choice, 1]
            matrix, right = np.zeros((2 * count, 2 * count), np.complex128), np.zeros(2 * count, np.complex128)
            for m in range(count):
                right[m] = amplitude_adjoint[design, i, m] * peak
                right[count + m] = pole_adjoint[design, i, m] * width
                for k in range(2 * count):
                    order = low + k
                    matrix[m, k] = b[m] ** order  # derivatives of Eq. (2)
                    matrix[count + m, k] = order * a[m] * b[m] ** (order - 1)
            _eliminate(matrix, right)
            for k in range(2 * count):
                order = low + k
                out[design, i, order - LOWEST] = right[k].real / (peak * width**order)


@kernel
def arc_tangent(z: complex) -> complex:
    """Arctangent for Re z >= 0."""
    x, y = z.real, z.imag
    size = x * x + y * y
    real = 0.5 * math.atan2(2.0 * x, 1.0 - size)
    return complex(real, 0.25 * math.log((size + 2.0 * y + 1.0) / (size - 2.0 * y + 1.0)))


@kernel
def running_area(phase: float, amplitude: AnyArray, pole: AnyArray) -> float:
    """Running integral of Eq. (1) over the mismatch: sum of A b atan(Phi/b)."""
    total = 0.0
    for m in range(POLES):
        if pole[m].imag == 0.0:
            if amplitude[m].real != 0.0:
                total += amplitude[m].real * pole[m].real * math.atan(phase / pole[m].real)
        elif pole[m].imag > 0.0:
            total += 2.0 * (amplitude[m] * pole[m] * arc_tangent(abs(phase) / pole[m])).real * math.copysign(1.0, phase)
    return total


@kernel
def running_area_adjoint(
    phase: float, scale: float, amplitude: AnyArray, pole: AnyArray, by_amplitude: AnyArray, by_pole: AnyArray
) -> None:
    """Add the derivatives of scale times `running_area`; of a pair only to its first."""
    sign, size = math.copysign(1.0, phase) * scale, abs(phase)
    for m in range(POLES):
        if pole[m].imag >= 0.0 and (amplitude[m].real != 0.0 or amplitude[m].imag != 0.0):
            b = pole[m]
            angle = arc_tangent(size / b)
            by_amplitude[m] += sign * b * angle
            by_pole[m] += sign * amplitude[m] * (angle - size * b / (b * b + size * size))


@kernel
def mirror_pairs(pole: AnyArray, by_amplitude: AnyArray, by_pole: AnyArray) -> None:
    """Give the second pole of each pair the conjugate derivatives of the first."""
    for m in range(1, POLES):
        if pole[m].imag < 0.0:
            by_amplitude[m] = by_amplitude[m - 1].conjugate()
            by_pole[m] = by_pole[m - 1].conjugate()
