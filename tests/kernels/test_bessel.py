import math

import mpmath as mp
import numpy as np
import pytest
from scipy import special

from mcfiber.kernels import bessel

SMALL_AND_LARGE = np.concatenate([np.geomspace(1e-6, 1, 60), np.linspace(1, 60, 400)])
ORDERS = [0, 1, 2, 3, 7]


def greatest_error(function, reference, size):
    found = np.array([function(float(x)) for x in SMALL_AND_LARGE])
    return np.max(np.abs(found - reference) / size)


@pytest.mark.parametrize("order", ORDERS)
def test_oscillating__agrees_with_scipy(order):
    x = SMALL_AND_LARGE
    j, dj, y, dy = special.jv(order, x), x * special.jvp(order, x), special.yv(order, x), x * special.yvp(order, x)
    envelope, slope_envelope = np.hypot(j, y), np.hypot(dj, dy)
    for part, reference, size in ((0, j, 1), (1, dj, 1 + np.sqrt(x)), (2, y, envelope), (3, dy, slope_envelope)):
        assert greatest_error(lambda t, part=part: bessel.cylinder(order, t)[part], reference, size) < 4e-15
    assert greatest_error(lambda t: bessel.bessel_j(order, t)[0], j, 1) < 4e-15


@pytest.mark.parametrize("order", ORDERS)
def test_modified__agrees_with_scipy(order):
    x = SMALL_AND_LARGE
    i, k = special.ive(order, x), special.kve(order, x)
    # SciPy's own error grows with the order at tiny arguments.
    assert greatest_error(lambda t: bessel.bessel_i(order, t)[0], i, i) < 3e-14
    assert greatest_error(lambda t: bessel.bessel_k(order, t)[0], k, k) < 5e-15
    slope = order * i + x * special.ive(order + 1, x)
    assert greatest_error(lambda t: bessel.bessel_i(order, t)[1], slope, np.abs(slope)) < 3e-14
    slope = order * k - x * special.kve(order + 1, x)
    assert greatest_error(lambda t: bessel.bessel_k(order, t)[1], slope, np.abs(slope)) < 5e-15


@pytest.mark.nojit
@pytest.mark.parametrize("order", [0, 1, 4])
@pytest.mark.parametrize("x", [1e-3, 0.7, 3.9, 4.1, 33.0])
def test_wronskians(order, x):
    j, dj, y, dy = bessel.cylinder(order, x)
    assert j * dy - dj * y == pytest.approx(2 / math.pi, rel=1e-13)
    i, di = bessel.bessel_i(order, x)
    k, dk = bessel.bessel_k(order, x)
    assert i * dk - di * k == pytest.approx(-1, rel=1e-13)


@pytest.mark.parametrize("order", [15, 40, 120, 200])
@pytest.mark.parametrize("ratio", [1e-5, 0.1, 0.5, 0.99, 1.0, 1.004, 1.3, 3.0])
def test_high_orders__agree_with_mpmath(order, ratio):
    """In powers of 1e100, where double precision ends; beside x = order, where a power series cancels."""
    x = order * ratio
    j, dj, y, dy, first, second = bessel.cylinder_scaled(order, x)
    i, di, k, dk, third, fourth = bessel.modified_scaled(order, x)
    with mp.workdps(60):
        large = mp.mpf(10) ** 100
        envelope = 1 if ratio < 1 else mp.hypot(mp.besselj(order, x), mp.bessely(order, x)) / abs(mp.besselj(order, x))
        slope = 1 if ratio < 1 else mp.hypot(j, y) * (order + x) / abs(x * mp.besselj(order, x, 1))
        for found, shift, expected, wide in (
            (j, first, mp.besselj(order, x), envelope),
            (dj, first, x * mp.besselj(order, x, 1), slope),
            (y, second, mp.bessely(order, x), 10),
            (dy, second, x * mp.bessely(order, x, 1), 10),
            (i, third, mp.besseli(order, x) * mp.exp(-x), 1),
            (di, third, x * mp.besseli(order, x, 1) * mp.exp(-x), 1),
            (k, fourth, mp.besselk(order, x) * mp.exp(x), 1),
            (dk, fourth, x * mp.diff(lambda t: mp.besselk(order, t), x) * mp.exp(x), 1),
        ):
            assert abs(found * large**shift / expected - 1) < 2e-12 * wide


def chebyshev_series(function, terms):
    """Coefficients to 30 digits, computed anew."""
    angles = [mp.pi * (k + mp.mpf(1) / 2) / terms for k in range(terms)]
    values = [function(mp.cos(angle)) for angle in angles]
    return [
        (2 if j else 1) * mp.fsum(v * mp.cos(j * a) for v, a in zip(values, angles, strict=True)) / terms
        for j in range(terms)
    ]


def hankel_part(order, part):
    def function(t):
        x = 4 / mp.sqrt((t + 1) / 2)
        wave = mp.hankel1(order, x) * mp.sqrt(mp.pi * x / 2) * mp.expj(-(x - order * mp.pi / 2 - mp.pi / 4))
        return mp.re(wave) if part == "P" else mp.im(wave) * x

    return function


TABLES = {
    "_P0": hankel_part(0, "P"),
    "_Q0": hankel_part(0, "Q"),
    "_P1": hankel_part(1, "P"),
    "_Q1": hankel_part(1, "Q"),
    "_I0": lambda t: mp.besseli(0, 8 / (t + 1)) * mp.exp(-8 / (t + 1)) * mp.sqrt(8 / (t + 1)),
    "_I1": lambda t: mp.besseli(1, 8 / (t + 1)) * mp.exp(-8 / (t + 1)) * mp.sqrt(8 / (t + 1)),
    "_K0": lambda t: mp.besselk(0, 4 / (t + 1)) * mp.exp(4 / (t + 1)) * mp.sqrt(4 / (t + 1)),
    "_K1": lambda t: mp.besselk(1, 4 / (t + 1)) * mp.exp(4 / (t + 1)) * mp.sqrt(4 / (t + 1)),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables__regenerated(name):
    table = getattr(bessel, name)
    with mp.workdps(40):
        series = chebyshev_series(TABLES[name], 60 if "I" in name else 48)
    assert [float(c) for c in series[: len(table)]] == pytest.approx(table.tolist(), rel=1e-12, abs=1e-19)
    assert max(abs(c) for c in series[len(table) :]) < 5e-17
