"""Plain-array crosstalk: published levels, penalties, directions, permutations, speed of meaning not of time."""

import math

import numpy as np
import pytest
from scipy import optimize, special

from mcfiber.arrays import crosstalk as plain
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.layout import HexagonalLayout
from mcfiber.descriptions.profile import StepCore
from mcfiber.fiber.coupling import core_coupling

RING = np.roll(np.eye(6), 1, axis=0) + np.roll(np.eye(6), -1, axis=0)


def decibels(ratio):
    return 10.0 * np.log10(ratio)


def test_power_coupling__bend_limited_formula():
    h = plain.bent_coupling(0.0255, 0.14, 2 * math.pi * 1.4465 / 1.55e-6, 40e-6)
    assert h == pytest.approx(7.76268194910977e-07, rel=1e-12)


def test_published__minus_53_db_at_seven_kilometres_is_minus_42_at_eighty():
    # T. Hayashi et al., Opt. Express 20, B94 (2012)
    h = plain.measured_coupling(10**-5.3, 6.99e3)
    pairs = plain.pair_crosstalk(np.array([[0.0, 1.0], [1.0, 0.0]]) * h, 80e3)
    assert decibels(pairs[0, 1]) == pytest.approx(-42.5, abs=0.1)


def test_pair_crosstalk__seven_neighbour_powers_and_losses():
    loss = np.linspace(4e-5, 5e-5, 6)
    power = np.linspace(1.0, 2.0, 6)
    weak = plain.pair_crosstalk(RING * 1e-12, 8e4, spans=3, attenuation=loss, power=power)
    equal = plain.pair_crosstalk(RING * 1e-12, 8e4, spans=3)
    exponent = (loss[:, None] - loss) * 8e4
    mean = np.where(exponent == 0, 1.0, np.expm1(exponent) / np.where(exponent == 0, 1.0, exponent))
    expected = equal * mean * power / power[:, None]
    near = RING > 0
    np.testing.assert_allclose(weak[near], expected[near], rtol=1e-6)


def test_pair_crosstalk__common_loss_and_number_of_spans_do_not_matter():
    one = plain.pair_crosstalk(RING * 1e-8, 8e5)
    np.testing.assert_allclose(plain.pair_crosstalk(RING * 1e-8, 8e4, spans=10), one, rtol=1e-13)
    lossy = plain.pair_crosstalk(RING * 1e-8, 8e4, spans=10, attenuation=np.full(6, 4.6e-5))
    np.testing.assert_allclose(lossy, one, rtol=1e-12)


def test_lit__dark_neighbours_do_not_disturb():
    pairs = plain.pair_crosstalk(RING * 1e-9, 8e4)
    lit = np.random.default_rng(1).integers(0, 2, (40, 6))
    np.testing.assert_allclose(plain.lit_crosstalk(pairs, lit), lit @ pairs.T, rtol=1e-14)
    assert (plain.lit_crosstalk(pairs, np.ones((40, 6))) >= plain.lit_crosstalk(pairs, lit)).all()


def test_chain__weak_elements_add():
    fan = plain.lumped_transfer(RING * 1e-6)
    splice = plain.lumped_transfer(RING * 3e-7)
    span = plain.span_transfer(RING * 1e-11, 8e4)
    total = plain.chain_crosstalk([fan, span, splice, span, fan])
    near = RING > 0
    np.testing.assert_allclose(total[near], 2 * 1e-6 + 3e-7 + 2 * 8e-7, rtol=2e-5)
    np.testing.assert_allclose(fan.sum(axis=0), 1.0, rtol=1e-15)


def test_chain__no_coupling_no_crosstalk():
    assert (plain.chain_crosstalk([np.eye(3), np.eye(3)]) == 0.0).all()


def test_permuted__each_signal_meets_other_neighbours():
    loss = np.linspace(4e-5, 5e-5, 6)
    order = np.array([np.roll(np.arange(6) * 5 % 6, shift) for shift in range(6)])
    span = plain.span_transfer(RING * 1e-10, 8e4, attenuation=loss)
    survival = np.exp(-loss * 8e4)
    spans, shares = plain.permuted(span, order), survival[order]
    moved = plain.chain_crosstalk(spans, survival=shares)
    fixed = plain.chain_crosstalk(np.repeat(span[None], 6, axis=0), survival=np.repeat(survival[None], 6, axis=0))
    # the total over all signals is nearly kept, the worst signal gains
    assert moved.sum(axis=1).max() < fixed.sum(axis=1).max() * 0.99
    assert np.ptp(moved.sum(axis=1)) < 1e-3 * np.ptp(fixed.sum(axis=1))
    np.testing.assert_array_equal(plain.permuted(span, np.arange(6)), span)


def test_bidirectional__alternating_ring_hears_only_what_scatters_and_two_hops():
    loss, scatter = 0.17 * math.log(10) / 1e4, 1.6e-3 * 0.14 * math.log(10) / 1e4
    h = RING * 1e-9
    same = plain.bidirectional_crosstalk(h, 80e3, np.ones(6), attenuation=loss, backscatter=scatter, spans=5)
    np.testing.assert_allclose(same, plain.pair_crosstalk(h, 80e3, spans=5), rtol=1e-10)
    both = plain.bidirectional_crosstalk(h, 80e3, [1, -1, 1, -1, 1, -1], attenuation=loss, backscatter=scatter, spans=5)
    assert both[0, 1] == pytest.approx(5 * 3.80235033849743e-07, rel=1e-3)
    assert both[0, 2] == pytest.approx(5 * 8e-5**2 / 2, rel=1e-2)


def test_capture_fraction__value():
    assert plain.capture_fraction(1.55e-6, 1.4444, 80e-12) == pytest.approx(0.00171822425298562, rel=1e-12)


def qam_error_ratio(snr, bits):
    """Exact bit error ratio of Gray-coded square QAM; K. Cho and D. Yoon, IEEE Trans. Commun. 50, 1074 (2002)."""
    levels = 2 ** (bits // 2)
    total = 0.0
    for k in range(1, bits // 2 + 1):
        for i in range(int((1 - 2.0**-k) * levels)):
            sign = (-1) ** (i * 2 ** (k - 1) // levels)
            weight = 2 ** (k - 1) - math.floor(i * 2 ** (k - 1) / levels + 0.5)
            total += sign * weight * special.erfc((2 * i + 1) * math.sqrt(1.5 * snr / (levels**2 - 1)))
    return total / levels / (bits // 2)


# Crosstalk in dB that costs 1 dB at a bit error ratio, QPSK, 16QAM, 64QAM, 256QAM.
TOLERATED = {
    1e-3: (-16.668075812845135, -23.411254328936835, -29.417261545038606, -35.282903944015054),
    1e-2: (-14.201746406764082, -20.770770251656, -26.603612192033666, -32.29933928267812),
    2e-2: (-13.119200165416155, -19.579049363511064, -25.298, -30.875772012044717),
}


@pytest.mark.parametrize("ratio", TOLERATED)
def test_tolerance__formats_at_a_bit_error_ratio(ratio):
    required = [
        optimize.brentq(lambda snr, bits=bits: qam_error_ratio(snr, bits) - ratio, 0.1, 1e5, xtol=1e-12)
        for bits in (2, 4, 6, 8)
    ]
    np.testing.assert_allclose(decibels(plain.crosstalk_tolerance(required)), TOLERATED[ratio], atol=5e-4)


def test_tolerance__published_q_penalty():
    # T. Hayashi, T. Sasaki, E. Sasaoka, IEICE Trans. Commun. E97-B, 936 (2014): Q penalty below 1 dB at Q = 9.8 dB,
    # with the geometric definition SNR = Q^2 (M - 1) / 3.
    required = 10**0.98 * (np.array([4.0, 16.0, 64.0]) - 1.0) / 3.0
    np.testing.assert_allclose(decibels(plain.crosstalk_tolerance(required)), [-16.7, -23.7, -29.9], atol=0.05)


def test_penalties__values_and_inverse():
    cases = [(10, -16, 1.2563), (10, -24, 0.1764), (17, -24, 0.9665), (17, -32, 0.1396)]
    for snr, level, penalty in cases:
        assert plain.required_snr_penalty_db(10 ** (level / 10), 10 ** (snr / 10)) == pytest.approx(penalty, abs=1e-4)
    assert plain.required_snr_penalty_db(0.2, 10.0) == math.inf
    assert plain.required_snr_penalty_db(plain.crosstalk_tolerance(20.0, 0.7), 20.0) == pytest.approx(0.7)
    # 1/SNR = 1/SNR_0 + XT
    assert 20.0 - plain.snr_penalty_db(10**-2.5, 100.0) == pytest.approx(18.8067, abs=1e-4)


def test_reach__crosstalk_at_the_reach_is_the_tolerance():
    reach = plain.tolerated_length(2e-9, 4e-3, neighbours=2, excess=1.7)
    line = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    assert plain.pair_crosstalk(line * 2e-9, reach)[0].sum() * 1.7 == pytest.approx(4e-3, rel=1e-12)


def test_pitch__allowed_coupling_lies_on_it():
    def coupling(pitch):
        return 1e3 * math.exp(-pitch / 1e-6)

    pitch = plain.smallest_pitch(coupling, 1e-9)
    assert coupling(pitch) == pytest.approx(1e-9, rel=1e-9)
    with pytest.raises(ValueError, match="widen"):
        plain.smallest_pitch(coupling, 1e-9, high=20e-6)


def test_pitch__of_a_step_core_for_a_reach():
    fiber = MulticoreFiber(
        layout=HexagonalLayout(cores=7, pitch_um=40),
        cladding_diameter_um=400,
        core=StepCore(radius_um=4.5, delta_percent=0.35),
    )

    def coupling(pitch):
        pairs = core_coupling(fiber.replace({"layout.pitch_um": pitch * 1e6}), wavelength_nm=1565).power_coupling
        return pairs.sel(core_out=0, core_in=1).item()

    # what 16QAM at a required 12 dB bears for 0.5 dB over 1000 km, six neighbours
    allowed = float(plain.measured_coupling(plain.crosstalk_tolerance(10**1.2, 0.5), 1e6, neighbours=6))
    pitch = plain.smallest_pitch(coupling, allowed, low=30e-6, high=80e-6)
    assert 45e-6 < pitch < 60e-6
    assert coupling(pitch) == pytest.approx(allowed, rel=1e-6)
    assert plain.tolerated_length(
        coupling(pitch), plain.crosstalk_tolerance(10**1.2, 0.5), neighbours=6
    ) == pytest.approx(1e6, rel=1e-6)
