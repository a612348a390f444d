"""Propagation constant of the channels, less a straight line: what phase mismatches are differences of.

Notes
-----
(1) ``beta(f) = 4 pi^2 int int beta_2 df df``, so that ``Phi = beta(f) + beta(f3) - beta(f1) - beta(f2)`` holds for any
    dispersion [1]_; a constant and a straight line drop out of it.

References
----------
.. [1] G. P. Agrawal, "Nonlinear Fiber Optics," 5th edition, Academic Press, 2013, chapter 10 (four-wave mixing).
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from mcfiber._jit import kernel
from mcfiber.typing import FloatArray

Dispersion = Callable[[Any], FloatArray]

CELL = 0.1e12  # width of the cells, about. [Hz]


def dispersion_between(frequency: FloatArray, beta2: FloatArray) -> Dispersion:
    """beta_2 between the channels' centres: constant, a parabola at most for few of them, else a cubic spline.

    Parameters
    ----------
    frequency, beta2
        At the centres. Shape (channel,). [Hz, s^2/m]
    """
    if beta2.size == 1 or np.ptp(beta2) <= 1e-12 * np.abs(beta2).max():
        middle = float(np.mean(beta2))
        return lambda f: np.full(np.shape(f), middle)
    if beta2.size < 4:
        line = np.polynomial.Polynomial.fit(frequency, beta2, beta2.size - 1)
        return lambda f: np.asarray(line(np.asarray(f)))
    from scipy.interpolate import CubicSpline  # late: it loads slowly, and few evaluations need it

    spline = CubicSpline(frequency, beta2)
    return lambda f: np.asarray(spline(np.asarray(f)))


def phase_polynomials(beta2: Dispersion, low: float, high: float, count: int) -> tuple[float, float, FloatArray]:
    """Propagation constant in equal cells, as polynomials of fifth degree through both derivatives; Eq. (1).

    Parameters
    ----------
    beta2
        Dispersion as a function of frequency. [s^2/m]
    low, high, count
        Range, and number of cells. [Hz, Hz, 1]

    Returns
    -------
    tuple
        Start and width of the cells, and coefficients in the place 0 to 1. Shape (cell, 6). [Hz, Hz, 1/m]
    """
    step = (high - low) / count
    node, weight = np.polynomial.legendre.leggauss(5)
    node, weight = 0.5 * (node + 1.0), 0.5 * weight
    edges = low + step * np.arange(count + 1)
    curve = 4.0 * math.pi**2 * step**2 * beta2(edges)  # second derivative in the place
    inside = 4.0 * math.pi**2 * step**2 * beta2(edges[:-1, None] + step * node)
    gain, lift = inside @ weight, inside @ (weight * (1.0 - node))
    slope = np.concatenate([[0.0], np.cumsum(gain)])
    slope -= slope[count // 2]
    value = np.concatenate([[0.0], np.cumsum(slope[:-1] + lift)])
    value -= value[count // 2]
    rise = value[1:] - value[:-1] - slope[:-1] - 0.5 * curve[:-1]
    bend, turn = slope[1:] - slope[:-1] - curve[:-1], curve[1:] - curve[:-1]
    powers = [value[:-1], slope[:-1], 0.5 * curve[:-1], 10.0 * rise - 4.0 * bend + 0.5 * turn]
    powers += [-15.0 * rise + 7.0 * bend - turn, 6.0 * rise - 3.0 * bend + 0.5 * turn]
    return low, step, np.ascontiguousarray(np.stack(powers, axis=1))


def cells_between(low: float, high: float) -> int:
    """Number of cells for a range of frequencies. [Hz]"""
    return max(4, math.ceil((high - low) / CELL))


@kernel("(channel),(channel),(channel)->(cell,coefficient),(),()", jit=False)
def phase_cells(
    frequency: FloatArray,
    symbol_rate: FloatArray,
    beta2: FloatArray,
    polynomial: FloatArray,
    origin: FloatArray,
    step: FloatArray,
) -> None:
    """Cells of the propagation constant over all channels, from dispersion at their centres; Eq. (1).

    Parameters
    ----------
    frequency, symbol_rate, beta2
        Ascending. Shape (n, channel). [Hz, Hz, s^2/m]
    polynomial, origin, step
        Shapes (n, cell, 6), (n,), (n,). [1/m, Hz, Hz]
    """
    for n in range(frequency.shape[0]):
        same = n > 0 and np.array_equal(frequency[n], frequency[n - 1]) and np.array_equal(beta2[n], beta2[n - 1])
        if same and np.array_equal(symbol_rate[n], symbol_rate[n - 1]):
            origin[n], step[n], polynomial[n] = origin[n - 1], step[n - 1], polynomial[n - 1]
            continue
        found = dispersion_between(frequency[n], beta2[n])
        low, high = frequency[n, 0] - symbol_rate[n, 0], frequency[n, -1] + symbol_rate[n, -1]
        origin[n], step[n], polynomial[n] = phase_polynomials(found, low, high, polynomial.shape[1])
