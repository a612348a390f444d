"""Spread of crosstalk: against scipy's Gamma, mpmath, mixtures, quadrature and Monte Carlo."""

import json
import math

import mpmath as mp
import numpy as np
import pytest
from examples import at_most
from gamma_sums import VECTORS
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special, stats

from mcfiber.arrays import crosstalk_statistics as plain
from mcfiber.kernels import crosstalk_statistics as kernels

tails = kernels.gamma_sum_tails
density = kernels.gamma_sum_density
quantile = kernels.gamma_sum_quantile

# Sums of one to eight terms over many decades; a hundred of them in the vectors.
MEANS = st.floats(-12.0, 0.0).map(lambda exponent: 10.0**exponent)
SHAPES = st.one_of(st.sampled_from([0.5, 1.0, 12.0, 1e6]), st.floats(-0.3, 6.0).map(lambda exponent: 10.0**exponent))
SUMS = st.lists(st.tuples(MEANS, SHAPES), min_size=1, max_size=8).map(lambda terms: np.array(terms).T)
PROBABILITIES = st.one_of(
    st.floats(-12.0, -0.01).map(lambda exponent: 10.0**exponent),
    st.floats(-9.0, -0.01).map(lambda exponent: 1.0 - 10.0**exponent),
)


@pytest.mark.parametrize("shape", [0.5, 1.0, 2.0, 4.0, 12.0, 100.0])
def test_tails__one_term_is_a_gamma_distribution_far_into_both_tails(shape):
    value = np.geomspace(1e-5, 30.0, 41)
    below, above = tails(np.ones(1), np.array([shape]), value)
    gamma = stats.gamma(shape, scale=1.0 / shape)
    tolerance = 2e-13
    right = (value >= 1.0) & (gamma.sf(value) > 1e-290)
    left = (value < 1.0) & (gamma.cdf(value) > 1e-290)
    np.testing.assert_allclose(above[right], gamma.sf(value)[right], rtol=tolerance)
    np.testing.assert_allclose(below[left], gamma.cdf(value)[left], rtol=tolerance)
    found = density(np.ones(1), np.array([shape]), value)
    np.testing.assert_allclose(found[right | left], gamma.pdf(value)[right | left], rtol=tolerance)
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
    above = tails(np.array(scales), np.ones(5), value)[1]
    np.testing.assert_allclose(above, expected, rtol=1e-13)


def test_tails__unequal_shapes_against_a_convolution():
    one, two = stats.gamma(2.0, scale=0.5), stats.gamma(5.5, scale=0.01)
    expected, _ = integrate.quad(lambda x: two.pdf(x) * one.sf(3.0 - x), 0.0, 3.0, epsabs=1e-14, limit=400)
    above = tails(np.array([1.0, 0.055]), np.array([2.0, 5.5]), 3.0)[1]
    assert above == pytest.approx(expected + two.sf(3.0), rel=1e-9)


def test_tails__draws():
    rng = np.random.default_rng(1)
    mean, shape = np.array([1.0, 0.7, 0.05]), np.array([2.0, 3.1, 8.0])
    drawn = sum(rng.gamma(k, m / k, 200_000) for m, k in zip(mean, shape, strict=True))
    for value in (0.5, 1.75, 4.0):
        part = (drawn > value).mean()
        assert tails(mean, shape, value)[1] == pytest.approx(part, abs=4 * math.sqrt(part * (1 - part) / 2e5))


@pytest.mark.nojit
@pytest.mark.nojit
def test_tails__nothing_to_sum():
    below, above = tails(np.zeros(2), np.ones(2), np.array([0.0, 1.0]))
    np.testing.assert_array_equal([below, above], [[1, 1], [0, 0]])
    np.testing.assert_array_equal(density(np.zeros(2), np.ones(2), np.array([0.0, 1.0])), 0.0)
    assert quantile(np.zeros(2), np.ones(2), 1e-4) == 0.0
    assert np.isnan(quantile(np.ones(2), np.ones(2), 1.5))


@pytest.mark.nojit
def test_tails__a_number_that_is_none_stays_one():
    for mean, shape, value in [([1.0, math.nan], [1.0, 1.0], 1.0), ([1.0], [math.inf], 1.0), ([1.0], [1.0], math.nan)]:
        assert np.isnan(tails(np.array(mean), np.array(shape), value)).all()
        assert np.isnan(density(np.array(mean), np.array(shape), value))
    assert np.isnan(quantile(np.array([math.nan]), np.ones(1), 0.5))


@pytest.mark.parametrize("shape", [0.5, 1.0, 2.0])
def test_density__at_zero_is_the_limit_from_above(shape):
    expected = stats.gamma(shape, scale=1.0 / shape).pdf(0.0)
    np.testing.assert_allclose(density(np.ones(1), np.array([shape]), 0.0), expected, rtol=1e-14)


@pytest.mark.parametrize("value", [1e-300, 1e-100, 1e-30, 1e30, 1e100, 1e300])
def test_tails__far_away(value):
    mean, shape = np.array([1.0, 17.4, 1e-6]), np.array([3.0, 8e5, 0.5])
    np.testing.assert_array_equal(tails(mean, shape, value), [value > 1.0, value < 1.0])
    assert density(mean, shape, value) == 0.0


with VECTORS.open(encoding="utf-8") as file:
    ROWS = json.load(file)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{len(row['mean'])}-{row['shape'][0]:g}-{row['probability']:g}")
def test_sums__vectors_of_fifty_digits(row):
    mean, shape = np.array(row["mean"]), np.array(row["shape"])
    assert quantile(mean, shape, row["probability"]) == pytest.approx(row["quantile"], rel=1e-12)
    side = 1 if row["side"] > 0 else 0
    found = tails(mean, shape, row["quantile"])
    # Where the smaller of the tails is the other one, this one has the absolute accuracy of that.
    assert found[side] == pytest.approx(row["tail"], rel=1e-10, abs=1e-15)
    assert density(mean, shape, row["quantile"]) == pytest.approx(row["density"], rel=1e-9)


@pytest.mark.parametrize("value", [0.9, 0.97, 0.997, 0.9999, 1.0, 1.003, 1.05])
@pytest.mark.parametrize("shape", [100.0, 1000.0, 2000.0, 1e6])
def test_outage__a_narrow_term_by_integration(shape, value):
    """The regularised incomplete Gamma function by `mpmath`."""
    with mp.workdps(40):
        k, x = mp.mpf(shape), mp.mpf(shape) * mp.mpf(value)
        top = min(mp.mpf(1), x / k)
        cuts = [x - (x - k * top * (1 - 60 / mp.sqrt(k))) * mp.mpf(n) / 60 for n in range(60, -1, -1)]
        cuts = [max(cut, mp.mpf(0)) for cut in cuts]
        less = mp.quad(lambda t: mp.exp((k - 1) * mp.log(t) - t - mp.loggamma(k)) if t else mp.mpf(0), cuts)
    found = plain.outage_probability([1.0], 1.0 / shape, value)
    assert found == pytest.approx(float(1 - less), rel=1e-9 if value <= 1.0 or shape < 1e4 else 1e-6, abs=1e-9)


def mixture(mean, shape, value):
    """Tails as a mixture of Gamma distributions of one scale: Eqs. (2.9) to (2.11) of Moschopoulos (1985)."""
    scale = mean / shape
    least, total = scale.min(), shape.sum()
    count = 20_000
    ratio = 1.0 - least / scale
    powers = np.cumprod(np.broadcast_to(ratio, (count, ratio.size)), axis=0) @ shape  # k times gamma_k
    weights = np.empty(count)
    weights[0] = np.exp(np.sum(shape * np.log(least / scale)))
    for k in range(1, count):
        weights[k] = powers[:k] @ weights[k - 1 :: -1] / k
        if k > 50 and weights[k] < 1e-18 * weights[: k + 1].max():
            weights[k + 1 :] = 0.0
            break
    terms = total + np.arange(count)
    used = weights > 0.0
    below = special.gammainc(terms[used], value / least) @ weights[used]
    return below, special.gammaincc(terms[used], value / least) @ weights[used]


@given(
    st.lists(st.tuples(st.floats(1.0, 8.0), st.floats(0.5, 20.0)), min_size=2, max_size=5),
    st.floats(0.05, 4.0),
)
@at_most(60)
def test_tails__a_mixture_of_gammas(terms, part):
    scale, shape = np.array(terms).T
    mean = scale * shape
    value = part * mean.sum()
    expected = mixture(mean, shape, value)
    smaller = int(np.argmin(expected))
    assert tails(mean, shape, value)[smaller] == pytest.approx(expected[smaller], rel=1e-9, abs=1e-16)


@given(SUMS, PROBABILITIES)
@at_most(100)
def test_sums__falls_as_it_must_and_nothing_is_negative(terms, probability):
    mean, shape = terms
    value = quantile(mean, shape, probability)
    assert value > 0.0
    assert quantile(mean, shape, 0.5 * probability) > value
    assert quantile(mean, shape, 0.999 * probability) > value
    values = np.sort(np.concatenate([mean.sum() * np.geomspace(1e-9, 1e3, 40), value * np.linspace(0.9, 1.1, 21)]))
    below, above = tails(mean, shape, values)
    assert (np.diff(above) <= 1e-14).all()
    assert (np.diff(below) >= -1e-14).all()
    assert ((above >= 0.0) & (above <= 1.0) & (below >= 0.0) & (below <= 1.0)).all()
    found = density(mean, shape, values)
    assert ((found >= 0.0) & np.isfinite(found)).all()


@given(SUMS, PROBABILITIES, st.floats(-30.0, 30.0), st.randoms(use_true_random=False))
@at_most(60)
def test_sums__unit_order_and_terms_of_nothing_do_not_matter(terms, probability, exponent, random):
    mean, shape = terms
    value = quantile(mean, shape, probability)
    order = random.sample(range(mean.size), mean.size)
    assert quantile(mean[order], shape[order], probability) == pytest.approx(value, rel=1e-11)
    assert quantile(np.append(mean, 0.0), np.append(shape, 3.0), probability) == pytest.approx(value, rel=1e-12)
    factor = 10.0**exponent
    assert quantile(factor * mean, shape, probability) == pytest.approx(factor * value, rel=1e-11)


@given(st.floats(-0.3, 3.0), st.integers(1, 100), PROBABILITIES)
@at_most(60)
def test_quantile__equal_terms_are_one(exponent, count, probability):
    shape = 10.0**exponent
    gamma = stats.gamma(count * shape, scale=1.0 / shape)
    expected = gamma.isf(probability) if probability <= 0.5 else gamma.ppf(1.0 - probability)
    assert quantile(np.ones(count), np.full(count, shape), probability) == pytest.approx(expected, rel=1e-9)
    almost = 1.0 + 1e-13 * np.arange(count)
    assert quantile(almost, np.full(count, shape), probability) == pytest.approx(expected, rel=1e-9)


def test_log_mean__a_wide_term_beside_a_narrow_one():
    mean, shape = np.array([1.0, 1e-20]), np.array([0.5, 1e6])
    log_mean = plain.mean_of_decibels(mean, 1.0 / shape) * math.log(10) / 10
    # E[ln X] of the wide term alone, and E[ln(1 + a/X)] = 2 sqrt(pi a / (2 m)) for a small a = 1e-20, with m = 1
    expected = special.digamma(0.5) - math.log(0.5) + math.sqrt(2.0 * math.pi) * 1e-10
    assert log_mean == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("mean", lambda wrong: plain.exceeded_level([1.0, wrong], 0.5, 1e-4)),
        ("variance", lambda wrong: plain.outage_probability([1.0, 1.0], [0.5, wrong], 1.0)),
        ("probability", lambda wrong: plain.exceeded_level([1.0], 0.5, [1e-4, wrong])),
        ("threshold", lambda wrong: plain.outage_probability([1.0], 0.5, wrong)),
        ("value", lambda wrong: plain.crosstalk_density([1.0], 0.5, wrong)),
        ("mean", lambda wrong: plain.mean_of_decibels([wrong], 0.5)),
        ("variance", plain.deviation_of_decibels),
        ("separation", lambda wrong: plain.crosstalk_correlation(wrong, 1e-9)),
        ("skew", lambda wrong: plain.crosstalk_variance(wrong, 1e10)),
        ("random_skew", lambda wrong: plain.decorrelation_bandwidth(1e-9, random_skew=wrong)),
        ("level", lambda wrong: plain.decorrelation_bandwidth(1e-9, level=wrong)),
        ("symbol_rate", lambda wrong: plain.crosstalk_variance(1e-9, wrong)),
    ],
)
def test_door__names_what_is_no_number(name, call, wrong):
    given = rf"{name}: got {wrong:g}( s| Hz)?( at position \(\d,\))?"
    what = r"(a number or an array of numbers|(a number or )?numbers of shape \(..., aggressor\))"
    allowed = rf"{what}, (-1e|1e-12 to 2|0 to|above 0)"
    with pytest.raises(ValueError, match=f"^{given}; allowed: {allowed}"):
        call(wrong)


def test_door__names_what_is_out_of_range():
    with pytest.raises(ValueError, match=r"mean: got -1 at position \(1,\); allowed: .*, 0 to 1e\+09"):
        plain.exceeded_level([1.0, -1.0], 0.5, 1e-4)
    with pytest.raises(ValueError, match=r"variance: got 0; .*1e-12 to 2"):
        plain.exceeded_level([1.0], 0.0, 1e-4)
    with pytest.raises(ValueError, match=r"variance: got 2\.5; .*1e-12 to 2"):
        plain.exceeded_level([1.0], 2.5, 1e-4)
    for wrong in (0.0, 1.0):
        with pytest.raises(ValueError, match=f"probability: got {wrong:g}; .*above 0 and below 1"):
            plain.exceeded_level([1.0], 0.5, wrong)


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
        return y * density(mean, shape, math.exp(y)) * math.exp(y)

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
    assert plain.outage_probability(six, 0.5, 6e-4 * 2.4422070728459) == pytest.approx(1e-4, rel=1e-10)
    with pytest.raises(ValueError, match="same_laser"):
        plain.exceeded_level(six, 0.5, 1e-4, aggressors="both")
