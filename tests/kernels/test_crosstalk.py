"""Mean crosstalk: against mpmath's matrix exponential, closed forms and published numbers."""

import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mcfiber._jit import lift
from mcfiber.kernels import crosstalk as kernels

transfer = lift(kernels.coupled_power_transfer, "(core_out,core_in),(core_out),()->(core_out,core_in)")
accumulated = lift(
    kernels.accumulated_crosstalk,
    "(span,core_out,core_in),(span,core_out),(span,core_out)->(core_out,core_in)",
)
repeated = lift(kernels.repeated_crosstalk, "(core_out,core_in),(core_out),(core_out),()->(core_out,core_in)")
coupling = lift(kernels.coupling_from_crosstalk, "(),(),()->()")
star = lift(kernels.star_crosstalk, "(),(),()->()")
unequal = lift(kernels.unequal_loss_crosstalk, "(),(),(),()->()")

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
@settings(max_examples=60, deadline=None)
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
