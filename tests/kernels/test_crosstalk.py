"""Mean crosstalk: against mpmath's matrix exponential, closed forms and published numbers."""

import math

import mpmath as mp
import numpy as np
import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mcfiber.kernels import crosstalk as kernels
from mcfiber.kernels import crosstalk_closed_forms as closed

transfer = kernels.coupled_power_transfer
accumulated = kernels.accumulated_crosstalk
repeated = kernels.repeated_crosstalk
coupling = closed.coupling_from_crosstalk
star = closed.star_crosstalk
returned = kernels.backscattered_transfer
directional = kernels.directional_crosstalk
counter = closed.counter_propagating_crosstalk
unequal = closed.unequal_loss_crosstalk

ONE = np.ones(1)
DB_PER_KM = math.log(10.0) / 1e4


def hexagon(rings):
    """Adjacency of the nearest neighbours of a hexagonal layout; the centre is the middle core."""
    points = [(q, r) for q in range(-rings, rings + 1) for r in range(-rings, rings + 1) if abs(q + r) <= rings]
    x = np.array([q + r / 2 for q, r in points])
    y = np.array([r * math.sqrt(3) / 2 for q, r in points])
    distance = np.hypot(x[:, None] - x, y[:, None] - y)
    return (np.abs(distance - 1.0) < 1e-9).astype(float)


def exact(h, attenuation, length, digits=50):
    """The same matrix exponential in many digits."""
    cores = len(h)
    with mp.workdps(digits):
        matrix = mp.zeros(cores)
        for m in range(cores):
            for n in range(cores):
                if m != n:
                    matrix[m, n] += mp.mpf(h[m, n]) * mp.mpf(length)
                    matrix[n, n] -= mp.mpf(h[m, n]) * mp.mpf(length)
            matrix[m, m] -= mp.mpf(attenuation[m]) * mp.mpf(length)
        result = mp.expm(matrix, method="taylor")
        return np.array([[float(result[m, n]) for n in range(cores)] for m in range(cores)])


@pytest.mark.parametrize("strength", [1e-15, 1e-9, 1e-4, 0.1, 1.0, 10.0])
@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_transfer__every_entry_to_the_last_digits(strength, spread):
    rng = np.random.default_rng(1)
    couples = hexagon(1)
    h = couples * rng.uniform(0.5, 1.5, couples.shape)
    h = (h + h.T) * strength / 2e5
    loss = 0.17 * DB_PER_KM * (1.0 + spread * rng.uniform(size=7))
    np.testing.assert_allclose(transfer(h, loss, 1e5), exact(h, loss, 1e5), rtol=2e-14, atol=0.0)


@pytest.mark.nojit
def test_transfer__unsymmetric_coupling_has_the_core_that_light_leaves_in_the_last_place():
    h = np.array([[0.0, 3e-6], [1e-6, 0.0]])
    result = transfer(h, np.zeros(2), 1e4)
    np.testing.assert_allclose(result, exact(h, np.zeros(2), 1e4), rtol=1e-14)
    np.testing.assert_allclose(result.sum(axis=0), 1.0, rtol=1e-15)
    assert result[0, 1] == pytest.approx(3 * result[1, 0])


def test_transfer__far_cores_of_nineteen_keep_their_digits():
    h = hexagon(2) * 1e-10
    result, expected = transfer(h, np.full(19, 4e-5), 8e4), exact(h, np.full(19, 4e-5), 8e4)
    assert expected.min() < 1e-19  # four hops
    np.testing.assert_allclose(result, expected, rtol=2e-14, atol=0.0)


def test_transfer__blocks_and_repeated_designs_equal_single_ones():
    rng = np.random.default_rng(2)
    h = hexagon(1) * rng.uniform(1e-9, 1e-5, (50, 1, 1))
    h = np.repeat(h, 3, axis=0)[:131]
    lengths = rng.uniform(1e3, 1e5, 131)
    lengths[:60] = 5e4
    loss = rng.uniform(3e-5, 5e-5, (131, 7))
    loss[:30] = loss[0]
    result = transfer(h, loss, lengths)
    for i in range(131):
        np.testing.assert_allclose(result[i], transfer(h[i], loss[i], lengths[i]), rtol=3e-15)


def test_transfer__strong_and_long_stays_finite():
    result = transfer(hexagon(1), np.zeros(7), 1e3)
    np.testing.assert_allclose(result, 1.0 / 7.0, rtol=1e-10)


def test_transfer__not_a_number_ends_and_shows():
    assert np.isnan(transfer(np.full((2, 2), np.nan), np.zeros(2), 1.0)).all()


symmetric = hnp.arrays(np.float64, (4, 4), elements=st.floats(0.0, 1e-4)).map(lambda h: np.triu(h, 1) + np.triu(h, 1).T)


@given(symmetric, st.floats(0.0, 1e5))
@at_most(60)
def test_transfer__conserves_power_is_reciprocal_and_composes(h, length):
    result = transfer(h, np.zeros(4), length)
    np.testing.assert_allclose(result.sum(axis=0), 1.0, rtol=1e-13)
    np.testing.assert_allclose(result, result.T, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(transfer(h, np.zeros(4), 2 * length), result @ result, rtol=1e-12, atol=1e-300)


# Star graph with n neighbours, all lit; the values for six neighbours equal those of the matrix exponential
# of seven cores (closed form in 40 digits).
STAR = [
    (1e-4, 1, 9.99999996666667e-05),
    (1e-4, 6, 0.000600150012997124),
    (1e-4, 2, 0.000200009998999875),
    (1e-2, 1, 0.00999966667999946),
    (1e-2, 6, 0.06151270191223),
    (1e-2, 2, 0.0200989875362268),
    (0.1, 1, 0.0996679946249558),
    (0.1, 6, 0.759009725762151),
    (0.1, 2, 0.20887973354863),
    (0.5, 1, 0.46211715726001),
    (0.5, 6, 4.92625553593618),
    (0.5, 2, 1.07431536210868),
]


@pytest.mark.parametrize(("strength", "neighbours", "expected"), STAR)
def test_star__closed_form_and_back(strength, neighbours, expected):
    assert star(strength, neighbours, 1.0) == pytest.approx(expected, rel=1e-12)
    assert coupling(expected, neighbours, 80e3) * 80e3 == pytest.approx(strength, rel=1e-12)


@pytest.mark.parametrize(("strength", "outer"), [(1e-2, 0.0302998), (0.1, 0.329576)])
def test_seven_cores__centre_is_a_star_and_outer_cores_see_three_neighbours(strength, outer):
    matrix = transfer(hexagon(1) * strength, np.zeros(7), 1.0)
    crosstalk = repeated(matrix, ONE, ONE, 1.0).sum(axis=-1)
    assert crosstalk[3] == pytest.approx(float(star(strength, 6, 1.0)), rel=1e-13)
    assert crosstalk[0] == pytest.approx(outer, rel=2e-6)


@given(st.floats(-300.0, 1.0), st.sampled_from([1, 2, 3, 4, 6]))
def test_coupling__inverts_the_star_at_any_strength(exponent, neighbours):
    strength = 10.0 ** min(exponent, 0.3)
    back = coupling(star(strength / 1e4, neighbours, 1e4), neighbours, 1e4) * 1e4
    # near x = n the star forgets h: d ln h / d ln x grows as exp((n + 1) h L)
    assert back == pytest.approx(strength, rel=1e-14 * math.exp((neighbours + 1) * strength))


def test_coupling__impossible_crosstalk_is_not_a_number():
    assert np.isnan(coupling(np.array([1.0, 1.5, -0.1]), 1.0, 1.0)).all()


def test_unequal_loss__lossier_core_suffers_more():
    loss = np.array([0.20, 0.17]) * DB_PER_KM
    first_order = unequal(1e-9, loss[0], loss[1], 80e3)
    assert first_order == pytest.approx(1.068076e-4, rel=1e-6)
    matrix = transfer(np.array([[0.0, 1e-9], [1e-9, 0.0]]), loss, 80e3)
    assert matrix[0, 1] / matrix[0, 0] == pytest.approx(float(first_order), rel=2e-4)
    assert unequal(1e-9, loss[0], loss[0], 80e3) == pytest.approx(8e-5, rel=1e-15)


def test_accumulated__equal_spans_with_equal_loss_are_one_long_fibre():
    h, loss = hexagon(1) * 1e-8, np.full(7, 4e-5)
    span = transfer(h, loss, 8e4)
    survival = np.exp(-loss * 8e4)
    chain = accumulated(np.stack([span] * 21), survival[None], ONE[None])
    long = transfer(h, np.zeros(7), 21 * 8e4)
    expected = long / np.diag(long)[:, None] * (1 - np.eye(7))
    np.testing.assert_allclose(chain, expected, rtol=1e-12)
    np.testing.assert_allclose(repeated(span, survival, ONE, 21.0), chain, rtol=1e-13)


@pytest.mark.nojit
def test_accumulated__neighbours_powers_weigh_span_by_span():
    h, loss = np.array([[0.0, 1e-12], [1e-12, 0.0]]), np.array([5e-5, 4e-5])
    power = np.array([[1e-3, 2e-3], [1e-3, 5e-4], [1e-3, 1e-9]])
    span = transfer(h, loss, 8e4)
    result = accumulated(np.stack([span] * 3), np.exp(-loss * 8e4)[None], power)
    ratio = unequal(1e-12, loss[0], loss[1], 8e4)
    assert result[0, 1] == pytest.approx(float(ratio) * 2.500001, rel=1e-6)


def test_accumulated__light_meets_the_first_span_first():
    rng = np.random.default_rng(3)
    spans = [transfer(hexagon(1) * rng.uniform(0, 1e-6, (7, 7)), np.zeros(7), 1e5) for _ in range(4)]
    forward = accumulated(np.stack(spans), ONE[None], ONE[None])
    plain = np.linalg.multi_dot(spans[::-1])
    np.testing.assert_allclose(forward, plain / np.diag(plain)[:, None] * (1 - np.eye(7)), rtol=1e-13)


def test_repeated__no_span_is_not_a_number():
    assert np.isnan(repeated(np.eye(2), ONE, ONE, 0.0)).all()


def test_published__seven_core_fibre_from_seven_to_eighty_kilometres():
    # T. Hayashi et al., Opt. Express 20, B94 (2012): -53 dB after 6.99 km, -42.5 dB expected after 80 km.
    h = coupling(10**-5.3, 1.0, 6.99e3)
    assert 10 * math.log10(float(star(h, 1.0, 80e3))) == pytest.approx(-42.5, abs=0.1)


def test_budget__two_neighbours_over_twenty_one_spans():
    # 1e-9 per metre, 86.1 km: -37.640 dB per span, -24.417 dB over 21 spans, to first order.
    once, often = star(1e-9, 2.0, 86.1e3), star(1e-9, 2.0, 21 * 86.1e3)
    assert 10 * math.log10(float(once)) == pytest.approx(-37.640, abs=1e-3)
    assert 10 * math.log10(float(often)) == pytest.approx(-24.417, abs=1e-2)


RAYLEIGH = 1.6e-3 * 0.14 * DB_PER_KM  # capture fraction times scattering loss
# h, length, crosstalk at 0.17 dB/km: closed form in 40 digits; a boundary-value solver agrees to 5e-5.
COUNTER = [(1e-9, 80e3, 3.80235033849743e-07), (1e-10, 60e3, 1.67082615907183e-08)]


@pytest.mark.parametrize(("h", "length", "expected"), COUNTER)
def test_counter_propagation__scattered_back_after_or_before_coupling(h, length, expected):
    loss = 0.17 * DB_PER_KM
    assert counter(h, loss, RAYLEIGH, length) == pytest.approx(expected, rel=1e-10)
    pair = np.array([[0.0, h], [h, 0.0]])
    back = returned(pair, np.full(2, loss), np.full(2, RAYLEIGH), length)
    # all orders of h: scattering keeps the factor 1 - O(h L)
    assert back[0, 1] * math.exp(loss * length) == pytest.approx(expected, rel=2 * h * length)


@pytest.mark.nojit
def test_counter_propagation__no_loss_and_little_loss():
    assert counter(1e-9, 0.0, 1e-8, 1e5) == pytest.approx(1e-9 * 1e-8 * 1e10, rel=1e-15)
    with mp.workdps(40):
        for loss in (1e-12, 1e-9, 2e-7, 1e-5):
            far = 2 * mp.mpf(loss) * 100000
            form = (1 - (1 + far) * mp.exp(-far)) / (2 * mp.mpf(loss) ** 2) * mp.exp(far / 2)
            assert counter(1.0, loss, 1.0, 1e5) == pytest.approx(float(form), rel=1e-12)


def test_returned__matrix_integral_of_strong_coupling():
    rng = np.random.default_rng(4)
    h = hexagon(1) * rng.uniform(0.5, 1.5, (7, 7)) * 5e-6
    h = h + h.T
    loss, scatter = rng.uniform(3e-5, 5e-5, 7), rng.uniform(1e-8, 2e-8, 7)
    back = returned(h, loss, scatter, 9e4)
    place = (np.arange(4000) + 0.5) * 9e4 / 4000
    going = transfer(h, loss, place)
    expected = (going @ (scatter[:, None] * going)).sum(axis=0) * 9e4 / 4000
    np.testing.assert_allclose(back, expected, rtol=1e-5)
    np.testing.assert_allclose(back, back.T, rtol=1e-12)


def test_directional__all_one_way_is_the_plain_chain():
    rng = np.random.default_rng(5)
    loss = rng.uniform(3e-5, 5e-5, 7)
    spans = np.stack([transfer(hexagon(1) * scale, loss, 8e4) for scale in (1e-8, 3e-8, 2e-8)])
    survival, power = np.exp(-loss * 8e4)[None], rng.uniform(1.0, 2.0, (3, 7))
    plain = accumulated(spans, survival, power)
    none = np.zeros((1, 7, 7))
    np.testing.assert_allclose(directional(spans, none, survival, power, np.ones(7)), plain, rtol=1e-13)
    backward = accumulated(spans[::-1], survival, power[::-1])
    np.testing.assert_allclose(directional(spans, none, survival, power, -np.ones(7)), backward, rtol=1e-13)


def test_directional__neighbour_the_other_way_adds_span_by_span():
    h, loss = 1e-9, 0.17 * DB_PER_KM
    pair = np.array([[0.0, h], [h, 0.0]])
    span, back = transfer(pair, np.full(2, loss), 80e3), returned(pair, np.full(2, loss), np.full(2, RAYLEIGH), 80e3)
    many = np.stack([span] * 10), np.stack([back] * 10)
    result = directional(*many, np.exp(-loss * 80e3) * np.ones((1, 1)), ONE[None], np.array([1.0, -1.0]))
    expected = 10 * counter(h, loss, RAYLEIGH, 80e3)
    np.testing.assert_allclose(result, [[0.0, expected], [expected, 0.0]], rtol=2e-3)
    # 23.23 dB below light that goes the same way
    assert 10 * math.log10(10 * h * 80e3 / result[0, 1]) == pytest.approx(23.23, abs=0.01)


@pytest.mark.nojit
def test_directional__two_hops_through_a_core_of_the_other_way():
    line = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]) * 1e-8
    span = transfer(line, np.zeros(3), 1e5)[None]
    result = directional(span, np.zeros((1, 3, 3)), ONE[None], ONE[None], np.array([1.0, -1.0, 1.0]))
    assert result[0, 2] == pytest.approx((1e-8 * 1e5) ** 2 / 2, rel=4e-3)
    twice = directional(
        np.repeat(span, 2, axis=0), np.zeros((1, 3, 3)), ONE[None], ONE[None], np.array([1.0, -1.0, 1.0])
    )
    assert twice[0, 2] == pytest.approx(2 * result[0, 2], rel=1e-2)  # isolators: not four times


@given(symmetric, st.integers(0, 3), st.integers(0, 3), st.floats(1e-6, 1e-4))
@at_most(40)
def test_mean__a_new_neighbour_never_lowers_the_crosstalk(h, one, two, added):
    more = h.copy()
    if one == two:
        return
    more[one, two] += added
    more[two, one] += added
    before = repeated(transfer(h, np.zeros(4), 1e3), ONE, ONE, 1.0).sum(axis=-1)
    after = repeated(transfer(more, np.zeros(4), 1e3), ONE, ONE, 1.0).sum(axis=-1)
    assert (after[[one, two]] >= before[[one, two]] * (1 - 1e-12)).all()
