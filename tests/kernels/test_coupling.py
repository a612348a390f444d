"""Coupling against exact two-core supermodes, quadrature, and limits."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from mcfiber.kernels import coupling

power = coupling.averaged_power_coupling
regime = coupling.coupling_regime
BETA = 2 * math.pi * 1.4465 / 1.55e-6


@pytest.mark.parametrize(
    ("correlation", "difference", "bend", "expected"),
    [  # 40-digit evaluation of the average over the twist, kappa = 0.02 1/m, 40 um
        (0.05, 0.0, 0.14, 4.77485819669735e-07),
        (0.05, 1e-4, 0.14, 4.92099510366924e-07),
        (0.05, 5e-4, 0.14, 2.18019698502185e-08),
        (0.05, 1e-3, 0.14, 1.28949416111174e-09),
        (0.05, 1e-3, 0.03, 1.19666566073131e-07),
        (0.005, 5e-4, 0.1, 6.02913963581248e-07),
        (0.5, 4e-4, 0.14, 1.89760468389035e-06),
    ],
)
def test_power_coupling__average_over_the_twist(correlation, difference, bend, expected):
    mismatch = BETA / 1.4465 * difference
    h = power(0.02, mismatch, BETA, 40e-6, bend, correlation)
    assert h == pytest.approx(expected, rel=1e-12)

    def local(angle):  # the local coefficient: Fourier transform of exp(-|z|/d)
        detuning = mismatch + BETA * 40e-6 / bend * math.cos(angle)
        return 2 * 0.02**2 * correlation / (1 + (detuning * correlation) ** 2)

    peaks = [math.acos(-mismatch * bend / (BETA * 40e-6))] if mismatch * bend < BETA * 40e-6 else None
    average = integrate.quad(local, 0, math.pi, points=peaks, limit=2000, epsabs=0, epsrel=1e-10)[0] / math.pi
    assert h == pytest.approx(average, rel=1e-8)


@pytest.mark.nojit
def test_power_coupling__limits():
    kappa, pitch, bend = 0.0255, 40e-6, 0.14
    homogeneous = 2 * kappa**2 * bend / (BETA * pitch)
    assert homogeneous == pytest.approx(7.76268194910977e-07, rel=1e-5)
    assert power(kappa, 0.0, BETA, pitch, bend, np.inf) == pytest.approx(homogeneous, rel=1e-14)
    assert power(kappa, 0.0, BETA, pitch, bend, 1e6) == pytest.approx(homogeneous, rel=1e-12)  # no cancellation
    mismatch, length = 4000.0, 0.05
    straight = 2 * kappa**2 * length / (1 + (mismatch * length) ** 2)
    assert power(kappa, mismatch, BETA, pitch, np.inf, length) == pytest.approx(straight, rel=1e-13)
    assert power(kappa, mismatch, BETA, pitch, 1e9, 1e3) == pytest.approx(2 * kappa**2 / (1e3 * mismatch**2), rel=1e-6)
    assert power(kappa, mismatch, BETA, pitch, bend, 1e-9) == pytest.approx(2 * kappa**2 * 1e-9, rel=1e-6)
    assert power(kappa, mismatch, BETA, pitch, 2 * BETA * pitch / mismatch, np.inf) == 0.0
    assert power(0.0, 0.0, BETA, pitch, np.inf, np.inf) == 0.0


@given(st.floats(0, 1e4), st.floats(0.01, 10), st.floats(1e-3, 10))
def test_power_coupling__even_in_the_mismatch(mismatch, bend, length):
    forward = power(0.01, mismatch, BETA, 40e-6, bend, length)
    assert forward == power(0.01, -mismatch, BETA, 40e-6, bend, length)
    assert 0 < forward <= 2 * 0.01**2 * length


def test_power_coupling__monte_carlo_of_phase_jumps():
    """Two straight cores, Poisson jumps of the phase: the mean of the first-order crosstalk over the length is h."""
    kappa, length, mismatch, total = 0.002, 0.05, 60.0, 60.0
    random = np.random.default_rng(4)
    samples = np.empty(400)
    for i in range(samples.size):
        jumps = np.sort(random.uniform(0, total, random.poisson(total / length)))
        edges = np.concatenate([[0], jumps, [total]])
        phase = np.exp(2j * np.pi * random.uniform(size=edges.size - 1))
        parts = np.diff(np.exp(1j * mismatch * edges)) / (1j * mismatch)
        samples[i] = abs(kappa * np.sum(phase * parts)) ** 2 / total
    expected = power(kappa, mismatch, BETA, 40e-6, np.inf, length)
    assert abs(samples.mean() - expected) < 4 * samples.std() / math.sqrt(samples.size)


@pytest.mark.nojit
def test_regime__from_weak_to_systematic():
    """Step core 4.5 um, 0.35 %, bends of 140 mm, 0.2 turns a metre, 1 km: kappa against the distance."""
    distance = np.array([45, 40, 35, 30, 25, 20, 17, 15, 12, 10]) * 1e-6
    kappa = np.array([0.00438, 0.02548, 0.1494, 0.8842, 5.31, 32.46, 97.5, 205.0, 640.0, 1390.0])
    h = power(kappa, 0.0, BETA, distance, 0.14, 0.05)
    found = regime(kappa, 0.0, BETA, distance, 0.14, 0.2 * 2 * math.pi, h, 1e3)
    assert found.astype(int).tolist() == [0, 0, 1, 1, 2, 2, 2, 2, 3, 3]


def test_regime__landau_zener():
    """kappa = 5 1/m and a slope of 2105.27 rad/m^2 transfer 7.19 %; without twist and mismatch everything does."""
    tilt = 2105.2730346434296 / (0.2 * 2 * math.pi)
    distance = tilt * 0.14 / BETA
    transfer = 1 - math.exp(-2 * math.pi * 25 / 2105.2730346434296)
    assert transfer == pytest.approx(0.07189692065269, rel=1e-10)
    assert regime(5.0, 0.0, BETA, distance, 0.14, 0.2 * 2 * math.pi, 1.0, 1.0) == 1
    assert regime(6.0, 0.0, BETA, distance, 0.14, 0.2 * 2 * math.pi, 1.0, 1.0) == 2
    assert regime(5.0, 2 * tilt, BETA, distance, 0.14, 0.2 * 2 * math.pi, 1e-6, 1.0) == 0
