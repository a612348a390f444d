"""Attenuation kernels against printed values and quadrature."""

import math

import numpy as np
import pytest
from scipy import integrate, special

from mcfiber.kernels.attenuation import coating_loss, glass_loss, macrobend_loss


@pytest.mark.nojit
def test_glass__terms():
    """The terms one by one in dB/km, evaluated with 40 digits: A = 0.9, both infrared sets, 3.5 mol% GeO2."""
    table = {
        1.31: (0.305602798446931, 6.6136312758792e-05, 2.3884019550928e-05, 0.0300125158890661),
        1.46: (0.198075648417802, 0.00296274680801492, 0.00148037784988445, 0.020873830028688),
        1.55: (0.155924987087462, 0.0203723158073006, 0.0120011940956021, 0.017363323211009),
        1.625: (0.129071110955499, 0.0862931406163785, 0.0575040159538452, 0.0151271949667262),
    }
    wavelength = np.array(list(table)) * 1e-6
    ultraviolet = 1.542 * 0.035 / (46.6 * 0.035 + 60)
    for column, (height, edge) in ((1, (7.81e11, 48.48e-6)), (2, (6.65e12, 52.62e-6))):
        scattering, constant, infrared, electronic, water = glass_loss(
            wavelength, 0.9e-24, 0.0, height, edge, ultraviolet, 4.63e-6, 0.0, 12e-9
        )
        expected = np.array(list(table.values())).T
        np.testing.assert_allclose(scattering, expected[0], rtol=1e-12)
        np.testing.assert_allclose(infrared, expected[column], rtol=1e-11)
        np.testing.assert_allclose(electronic, expected[3], rtol=1e-12)
        assert not constant.any()
        assert not water.any()


def test_glass__water_peak():
    water = glass_loss(np.array([1383e-9, 1395e-9, 1240e-9]), 0, 0, 0, 1, 0, 1, 0.3, 12e-9)[4]
    assert water == pytest.approx([0.3, 0.3 * math.exp(-0.5), 0.03], rel=1e-6)


def step(a, delta, n0, wavelength):
    """w, log of A and beta of LP01 from SciPy alone."""
    k = 2 * math.pi / wavelength
    n1 = n0 / math.sqrt(1 - 2 * delta)
    v = k * a * math.sqrt(n1**2 - n0**2)

    def mismatch(u):
        w = math.sqrt(v * v - u * u)
        return u * special.j1(u) * special.k0(w) - w * special.k1(w) * special.j0(u)

    from scipy.optimize import brentq

    u = brentq(mismatch, 1e-6, min(v, 2.4048) - 1e-9, xtol=1e-15, rtol=1e-14)
    w = math.sqrt(v * v - u * u)
    amplitude = u / (math.sqrt(math.pi) * a * v * special.k1(w))
    return w / a, math.log(amplitude), math.sqrt((k * n0) ** 2 + (w / a) ** 2), u, w, v


@pytest.mark.parametrize(
    ("wavelength", "thickness", "expected"),
    [
        (1.55e-6, 35e-6, 0.00290784025708792),
        (1.625e-6, 35e-6, 0.0142976725477437),
        (1.625e-6, 40e-6, 0.000574186320061518),
    ],
)
def test_coating__printed_values_and_quadrature(wavelength, thickness, expected):
    n0, coating = 1.444, 1.486
    decay, log_amplitude, beta, *_ = step(4.5e-6, 0.0035, n0, wavelength)
    found = coating_loss(*(np.array([x]) for x in (log_amplitude, decay, beta, n0, wavelength)), thickness, coating)[0]
    assert found * 1e4 / math.log(10) == pytest.approx(expected, rel=1e-7)
    k = 2 * math.pi / wavelength
    kt = math.sqrt((k * coating) ** 2 - beta**2)

    def integrand(ky):
        q, kx = math.hypot(decay, ky), math.sqrt(kt * kt - ky * ky)
        return kx * math.exp(-2 * q * thickness) / (q * q + kx * kx)

    whole = 2 * integrate.quad(integrand, 0, kt, points=[2e5, 5e5], epsabs=0, epsrel=1e-11)[0]
    assert found == pytest.approx(2 * math.pi * math.exp(2 * log_amplitude) / beta * whole, rel=1e-9)


@pytest.mark.nojit
def test_coating__lower_index_does_not_leak():
    found = coating_loss(*(np.array([x]) for x in (13.0, 3e5, 5.86e6, 1.444, 1.55e-6)), 30e-6, np.array([1.40, 1.486]))
    assert found[0, 0] == 0
    assert found[1, 0] > 0


@pytest.mark.parametrize(
    ("bend", "expected", "corrected"),
    [
        (0.0075, 406.378593855769, 86.5171272980867),
        (0.010, 64.6369422014499, 8.56204464223305),
        (0.015, 1.78022079361443, 0.0912896178928503),
        (0.030, 4.83142185663062e-05, 1.43739120810406e-07),
    ],
)
def test_bend__marcuse(bend, expected, corrected):
    """Marcuse (1976) in U, V, W for a = 4.1 um, Delta = 0.36 %, n_clad = 1.444, 1550 nm, in dB/m."""
    a = 4.1e-6
    decay, log_amplitude, beta, u, w, v = step(a, 0.0036, 1.444, 1.55e-6)
    inputs = [np.array([x]) for x in (log_amplitude, decay, beta)]
    assert macrobend_loss(0, *inputs, bend)[0] * 10 / math.log(10) == pytest.approx(expected, rel=1e-9)
    assert macrobend_loss(0, *inputs, 1.28 * bend)[0] * 10 / math.log(10) == pytest.approx(corrected, rel=1e-9)
    printed = (
        math.sqrt(math.pi) * u**2 * math.exp(-2 * w**3 * bend / (3 * a**3 * beta**2))
        / (2 * w**1.5 * v**2 * math.sqrt(a * bend) * special.k1(w) ** 2)
    )  # fmt: skip
    assert macrobend_loss(0, *inputs, bend)[0] == pytest.approx(printed, rel=1e-12)
    assert macrobend_loss(0, *inputs, np.inf)[0] == 0
