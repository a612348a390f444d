"""Spread of crosstalk: against scipy's Gamma, mpmath, quadrature and Monte Carlo."""

import math

import mpmath as mp
import numpy as np
import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special, stats

from mcfiber.arrays import crosstalk_statistics as plain
from mcfiber.kernels import crosstalk_statistics as kernels

tails = kernels.gamma_sum_tails
quantile = kernels.gamma_sum_quantile


@pytest.mark.parametrize("shape", [0.5, 1.0, 2.0, 4.0, 12.0, 100.0])
def test_tails__one_term_is_a_gamma_distribution_far_into_both_tails(shape):
    value = np.geomspace(1e-5, 30.0, 41)
    density, below, above = tails(np.ones(1), np.array([shape]), value)
    gamma = stats.gamma(shape, scale=1.0 / shape)
    tolerance = 2e-13 if shape >= 1.0 else 3e-11
    right = (value >= 1.0) & (gamma.sf(value) > 1e-290)
    left = (value < 1.0) & (gamma.cdf(value) > 1e-290)
    np.testing.assert_allclose(above[right], gamma.sf(value)[right], rtol=tolerance)
    np.testing.assert_allclose(below[left], gamma.cdf(value)[left], rtol=tolerance)
    np.testing.assert_allclose(density[right | left], gamma.pdf(value)[right | left], rtol=tolerance)
    np.testing.assert_allclose(above + below, 1.0, rtol=1e-15)


@pytest.mark.nojit
def test_tails__unequal_exponentials_in_closed_form():
    scales = [1.0, 0.5, 0.3, 0.01, 1e-5]
    value = np.array([0.5, 2.0, 10.0, 100.0])
    with mp.workdps(40):
        theta = [mp.mpf(scale) for scale in scales]
        expected = [
            float(sum(mp.exp(-x / one) * mp.fprod(one / (one - two) for two in theta if two != one) for one in theta))
            for x in value
        ]
    above = tails(np.array(scales), np.ones(5), value)[2]
    np.testing.assert_allclose(above, expected, rtol=1e-13)


def test_tails__unequal_shapes_against_a_convolution():
    one, two = stats.gamma(2.0, scale=0.5), stats.gamma(5.5, scale=0.01)
    expected, _ = integrate.quad(lambda x: two.pdf(x) * one.sf(3.0 - x), 0.0, 3.0, epsabs=1e-14, limit=400)
    above = tails(np.array([1.0, 0.055]), np.array([2.0, 5.5]), 3.0)[2]
    assert above == pytest.approx(expected + two.sf(3.0), rel=1e-9)


def test_tails__draws():
    rng = np.random.default_rng(1)
    mean, shape = np.array([1.0, 0.7, 0.05]), np.array([2.0, 3.1, 8.0])
    drawn = sum(rng.gamma(k, m / k, 200_000) for m, k in zip(mean, shape, strict=True))
    for value in (0.5, 1.75, 4.0):
        part = (drawn > value).mean()
        assert tails(mean, shape, value)[2] == pytest.approx(part, abs=4 * math.sqrt(part * (1 - part) / 2e5))


def test_tails__nothing_to_sum():
    density, below, above = tails(np.zeros(2), np.ones(2), np.array([0.0, 1.0]))
    np.testing.assert_array_equal([density, below, above], [[0, 0], [1, 1], [0, 0]])
    assert quantile(np.zeros(2), np.ones(2), 1e-4) == 0.0
    assert np.isnan(quantile(np.ones(2), np.ones(2), 1.5))


@given(
    st.lists(st.tuples(st.floats(-6, 0), st.floats(0.5, 30.0)), min_size=1, max_size=8),
    st.floats(-12.0, -0.001),
)
@at_most(80)
def test_quantile__inverts_the_tail_and_falls_with_probability(terms, exponent):
    mean, shape = np.array([10.0**m for m, _ in terms]), np.array([k for _, k in terms])
    probability = 10.0**exponent
    value = quantile(mean, shape, probability)
    _, below, above = tails(mean, shape, value)
    assert above == pytest.approx(probability, rel=1e-9, abs=1e-13)
    assert below == pytest.approx(1.0 - probability, rel=1e-9)
    assert quantile(mean, shape, 0.5 * probability) > value


# Degrees of freedom; mean of dB less dB of mean; standard deviation in dB; quantiles of the chi-square
# distribution over its mean, exceeded with 1e-2, 1e-3, 1e-4 (scipy.stats.chi2).
CHI_SQUARE = [
    (2, -2.50681578134852, 5.5700431400525, 4.60517018598809, 6.90775527898214, 9.21034037197618),
    (4, -1.17417091895582, 3.48772287902645, 3.31917603399691, 4.61670673822579, 5.87818561124771),
    (8, -0.565350193068529, 2.31370545516126, 2.5112793787079, 3.26556019479702, 3.97845350015779),
    (24, -0.183467572776028, 1.28026207144599, 1.79082583913965, 2.13244157405739, 2.4422070728459),
]


@pytest.mark.parametrize(("freedom", "mean_db", "deviation_db", "q99", "q999", "q9999"), CHI_SQUARE)
def test_chi_square__published_table(freedom, mean_db, deviation_db, q99, q999, q9999):
    variance = 2.0 / freedom
    np.testing.assert_allclose(
        plain.exceeded_level([1.0], variance, [1e-2, 1e-3, 1e-4]), [q99, q999, q9999], rtol=1e-12
    )
    assert plain.mean_of_decibels([1.0], variance) == pytest.approx(mean_db, rel=1e-12)
    assert plain.deviation_of_decibels(variance) == pytest.approx(deviation_db, rel=1e-12)


def test_log_mean__unequal_terms_by_quadrature():
    mean, shape = np.array([1.0, 0.2, 1e-4]), np.array([2.0, 3.0, 2.0])
    log_mean = plain.mean_of_decibels(mean, 1.0 / shape) * math.log(10) / 10

    def integrand(y):
        return y * tails(mean, shape, math.exp(y))[0] * math.exp(y)

    expected, _ = integrate.quad(integrand, -12.0, 4.0, epsabs=1e-12, limit=200)
    assert log_mean == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(
    ("periods", "expected"),
    [(0.1, 0.497272819846297), (1.0, 0.327918703242981), (3.0, 0.141274331038878), (10.0, 0.047103518320335)],
)
def test_variance__flat_spectrum(periods, expected):
    # int_0^1 (1 - u) sinc^2(S B u) du, by mpmath
    assert plain.crosstalk_variance(periods * 1e-10, 1e10) == pytest.approx(expected, rel=1e-12)
    assert plain.crosstalk_variance(periods, 1.0, polarizations=2) == pytest.approx(expected / 2, rel=1e-12)


def test_variance__closed_form_at_any_skew():
    x = np.pi * np.geomspace(0.3, 300.0, 13)
    sine, cosine = special.sici(2 * x)
    cin = np.euler_gamma + np.log(2 * x) - cosine
    expected = (sine - np.sin(x) ** 2 / x) / x - cin / (2 * x**2)
    np.testing.assert_allclose(plain.crosstalk_variance(x / np.pi, 1.0), expected, rtol=1e-12)


@pytest.mark.nojit
def test_variance__limits():
    assert plain.crosstalk_variance(0.0, 1e10) == pytest.approx(0.5, rel=1e-15)
    assert plain.crosstalk_variance(1e-6, 1e10) == pytest.approx(0.5e-4, rel=1e-3)
    assert plain.crosstalk_variance(0.0, 1e10, random_skew=1e-7) < 1e-3


def test_variance__random_skew_by_quadrature():
    def correlation(u):
        def inner(w):
            return (1 - w) * math.cos(2.6 * math.pi * u * w) * math.exp(-2 * (math.pi * 0.8 * u) ** 2 * w)

        return 2 * integrate.quad(inner, 0, 1)[0]

    expected, _ = integrate.quad(lambda u: (1 - u) * correlation(u), 0, 1)
    assert plain.crosstalk_variance(1.3, 1.0, random_skew=0.8) == pytest.approx(expected, rel=1e-10)


@pytest.mark.nojit
def test_correlation__sinc_squared_and_its_zero():
    assert plain.crosstalk_correlation(3e8, 1e-9) == pytest.approx(0.73683972932225, rel=1e-12)
    assert abs(plain.crosstalk_correlation(1e9, 1e-9)) < 1e-15
    separation = np.linspace(0.0, 3e9, 50)
    np.testing.assert_allclose(
        plain.crosstalk_correlation(separation, 1e-9), np.sinc(separation * 1e-9) ** 2, atol=1e-14
    )


@pytest.mark.nojit
def test_bandwidth__half_of_the_correlation():
    for skew, random in [(1e-9, 0.0), (0.0, 1e-9), (2e-10, 5e-10)]:
        width = plain.decorrelation_bandwidth(skew, random_skew=random, level=0.3)
        assert plain.crosstalk_correlation(width, skew, random_skew=random) == pytest.approx(0.3, rel=1e-9)
    assert plain.decorrelation_bandwidth(0.0) == math.inf


def test_quantile__published_margins_over_skew_times_rate():
    # Margin over the mean exceeded with 1e-4: +7.69 dB for small skew, then +6.63, +4.81, +3.04 dB.
    variance = plain.crosstalk_variance([0.0, 1.0, 3.0, 10.0], 1.0)
    margin = 10 * np.log10(plain.exceeded_level([1.0], variance[:, None], 1e-4))
    np.testing.assert_allclose(margin, [7.692, 6.63, 4.81, 3.04], atol=0.006)


def test_aggressors__same_laser_keeps_the_spread_of_one():
    six = np.full(6, 1e-4)
    together = plain.exceeded_level(six, 0.5, 1e-4, aggressors="same_laser")
    apart = plain.exceeded_level(six, 0.5, 1e-4)
    assert together == pytest.approx(6e-4 * 5.87818561124771, rel=1e-12)
    assert apart == pytest.approx(6e-4 * 2.4422070728459, rel=1e-12)
    assert plain.outage_probability(six, 0.5, apart) == pytest.approx(1e-4, rel=1e-10)
    with pytest.raises(ValueError, match="same_laser"):
        plain.exceeded_level(six, 0.5, 1e-4, aggressors="both")
