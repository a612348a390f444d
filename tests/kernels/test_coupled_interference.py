import math

import numpy as np
import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from mcfiber.kernels import coupled_interference as md

LIGHT = 299792458.0
BETA2 = -20e-6 * 1550e-9**2 / (2 * math.pi * LIGHT)
LOSS = 0.18e-3 * math.log(10) / 10
LENGTH, RATE = 86.1e3, 49.5e9
ONE = np.ones(1)
factor = md.mode_dispersion_factor

# cores, S [ps/sqrt(km)]: self-channel factor, cross-channel factor at 50, 100, 500, 2000 GHz; quadrature of the
# same integrals by an independent program, good to about 2e-4
TABLE = {
    (1, 1): (0.990409, 0.975321, 0.946376, 0.844987, 0.778062),
    (4, 3): (0.912687, 0.835964, 0.720218, 0.596112, 0.570897),
    (19, 5): (0.791833, 0.746114, 0.631559, 0.536805, 0.519065),
    (19, 10): (0.557969, 0.746722, 0.708670, 0.562856, 0.525755),
}


def generator(cores, dispersion_ps):
    modes = 2.0 * cores
    return (dispersion_ps * 1e-12) ** 2 / 1e3 / (modes - 1 / modes), modes


@pytest.mark.parametrize("case", TABLE)
def test_factors__table(case):
    c, modes = generator(*case)
    arguments = (c, modes, BETA2, LOSS, LENGTH)
    own = md.channel_factor(0.0, RATE, RATE, *arguments, md._COARSE, md._COARSE)
    assert own == pytest.approx(TABLE[case][0], abs=6e-4)
    fine = md.gauss(40)
    for separation, expected in zip((50e9, 100e9, 500e9, 2000e9), TABLE[case][1:], strict=True):
        exact = md.channel_factor(separation, RATE, RATE, *arguments, fine, fine)
        fast = md.channel_factor(separation, RATE, RATE, *arguments, md._INNER, md._NEAR)
        assert exact == pytest.approx(expected, abs=3e-4)
        assert fast == pytest.approx(exact, abs=3e-3)


def brute_force(separation, cores, dispersion_ps, length):
    """The integral on a dense grid, with the echo undamped and the pairings from the matrix' eigenvalues."""
    c, modes = generator(cores, dispersion_ps)
    total = plain = 0.0
    nodes, weights = np.polynomial.legendre.leggauss(15)
    for node, weight in zip(nodes, weights, strict=True):
        y = separation + RATE / 2 * node
        x = np.linspace(max(-RATE / 2, separation - RATE / 2 - y), min(RATE / 2, separation + RATE / 2 - y), 60002)
        squares = c * (2 * np.pi * np.stack([x, np.full_like(x, y)])) ** 2
        half = modes * squares.sum(axis=0) / 2
        slow = half - np.sqrt(half**2 - (modes**2 - 1) * squares.prod(axis=0))
        fast = 2 * half - slow
        share = (squares.mean(axis=0) * (modes**2 - 1) - slow * (modes + 1)) / (fast - slow)
        mismatch = 4j * np.pi**2 * BETA2 * x * y

        def span(decay, mismatch=mismatch):
            q = LOSS + decay - mismatch
            ends = -np.expm1(-2 * LOSS * length) / (2 * LOSS) - -np.expm1(-q * length) / q
            return 2 * (ends / (decay - LOSS - mismatch)).real

        total += weight * np.trapezoid(share * span(fast) + (modes + 1 - share) * span(slow), x)
        plain += weight * np.trapezoid((modes + 1) * span(0.0), x)
    return total / plain


@pytest.mark.parametrize(("separation", "length"), [(50e9, 86.1e3), (400e9, 86.1e3), (100e9, 25e3)])
def test_channel_factor__brute_force(separation, length):
    c, modes = generator(4, 6.0)
    fast = md.channel_factor(separation, RATE, RATE, c, modes, BETA2, LOSS, length, md._INNER, md._NEAR)
    assert fast == pytest.approx(brute_force(separation, 4, 6.0, length), abs=4e-3)


@at_most(50)
@given(st.floats(1e9, 1e13), st.floats(1e9, 1e13), st.sampled_from([2.0, 4.0, 38.0]), st.floats(1.0, 1e5))
def test_pairings__solve_their_equations(first, second, modes, z):
    c = 1e-31 / modes
    means = []
    for d, e in ((second, first), (first, second)):
        matrix = c * np.array([[modes * d**2, -(d**2)], [-(e**2), modes * e**2]])
        if np.max(matrix) * z < 50:
            means.append(np.sum(expm(-matrix * z) @ [modes**2, modes]) / modes)
    if len(means) == 2:
        a1, l1, a2, l2 = md.pairings(first, second, c, modes)
        assert a1 * math.exp(-l1 * z) + a2 * math.exp(-l2 * z) == pytest.approx(np.mean(means), rel=1e-8, abs=1e-10)


def comb(channels, dispersion_ps, cores=19, **changes):
    frequency = 193e12 + 50e9 * np.arange(channels)
    values = {"length": LENGTH, "beta2": BETA2} | changes
    return factor(frequency, RATE * ONE, 1e-3 * ONE, values["beta2"] * ONE, LOSS * ONE, values["length"],
                  dispersion_ps * 1e-12 / math.sqrt(1e3), 2.0 * cores)  # fmt: skip


@pytest.mark.nojit
def test_mode_dispersion_factor__no_dispersion_is_one():
    np.testing.assert_allclose(comb(9, 0.0), 1.0, rtol=1e-12)


@pytest.mark.nojit
def test_mode_dispersion_factor__one_channel_is_the_self_channel_factor():
    assert comb(1, 5.0)[0] == pytest.approx(TABLE[19, 5][0], abs=6e-4)


def test_mode_dispersion_factor__weighted_mean_of_exact_factors():
    channels = 60
    result = comb(channels, 5.0)
    c, modes = generator(19, 5.0)
    fine = md.gauss(24)
    arguments = (c, modes, BETA2, LOSS, LENGTH, fine, fine)
    scale = math.pi**2 * abs(BETA2) * RATE / LOSS
    own = math.asinh(scale * RATE / 2)
    offsets = 50e9 * np.arange(1, channels)
    weights = np.arcsinh(scale * (offsets + RATE / 2)) - np.arcsinh(scale * (offsets - RATE / 2))
    factors = np.array([md.channel_factor(offset, RATE, RATE, *arguments) for offset in offsets])
    exact = (own * md.channel_factor(0.0, RATE, RATE, *arguments) + weights @ factors) / (own + weights.sum())
    assert result[0] == pytest.approx(exact, abs=3e-3)
    assert result[-1] == pytest.approx(result[0], rel=1e-9)
    assert result[channels // 2] < result[0]


def test_mode_dispersion_factor__distant_channels_keep_half():
    # distant pairs of frequencies turn independently: (D + 1)/(2 D) of the interference is left
    c, modes = generator(19, 5.0)
    far = md.channel_factor(8e12, RATE, RATE, c, modes, BETA2, LOSS, LENGTH, md._INNER, md._DISTANT)
    assert far == pytest.approx((modes + 1) / (2 * modes), rel=0.01)


def test_mode_dispersion_factor__shapes_and_limits():
    short = comb(20, 5.0, length=np.array([20e3, 80e3]))
    assert short.shape == (2, 20)
    assert np.all((short > 0.4) & (short < 1.0))
    many, few = comb(200, 5.0), comb(200, 5.0, beta2=-BETA2)
    np.testing.assert_allclose(many, few, rtol=1e-12)  # the sign of the dispersion does not matter
    assert np.all(np.abs(np.diff(many)) < 5e-3)
