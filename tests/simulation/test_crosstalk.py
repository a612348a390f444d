"""Random transfer matrices: unitary, coupled-power mean, Gamma spread, sinc^2 spectrum, drift in time."""

import math

import numpy as np
import pytest
from scipy import stats

from mcfiber.kernels import crosstalk as mean_kernels
from mcfiber.simulation import crosstalk as drawing
from mcfiber.simulation.streams import Stream

transfer = mean_kernels.coupled_power_transfer
SEVEN = np.array(  # centre last
    [[float(min((m - n) % 6, (n - m) % 6) == 1 or m == 6) for n in range(6)] + [float(m < 6)] for m in range(7)]
)
SEVEN[6, 6] = 0.0
PAIR = np.array([[0.0, 1.0], [1.0, 0.0]])


def powers(chain, **options):
    return np.concatenate(list(drawing.power_draws(chain, **options)))


def scheme_mean(chain):
    """Mean of the chain: the product of the means of its rotations, pair by pair."""
    cores = chain.advance.shape[0] // 2
    mean = np.eye(cores)
    for step in range(chain.steps):
        order = range(len(chain.pairs)) if step % 2 == 0 else reversed(range(len(chain.pairs)))
        for pair in order:
            p, q = chain.pairs[pair]
            part = chain.sine[pair] ** 2
            rotation = np.eye(cores)
            rotation[p, p] = rotation[q, q] = 1.0 - part
            rotation[p, q] = rotation[q, p] = part
            mean = rotation @ mean
    return mean


def test_layout__centre_has_six_neighbours():
    np.testing.assert_array_equal(SEVEN.sum(axis=0), [3, 3, 3, 3, 3, 3, 6])
    np.testing.assert_array_equal(SEVEN, SEVEN.T)


@pytest.mark.parametrize("strength", [1e-4, 1e-2, 0.1, 1.0])
def test_mean__obeys_the_coupled_power_equations(strength):
    chain = drawing.coupled_chain(SEVEN * strength, 1.0, 0.0)
    expected = transfer(SEVEN * strength, np.zeros(7), 1.0)
    np.testing.assert_allclose(scheme_mean(chain), expected, rtol=3e-4)
    drawn = powers(chain, draws=2000, seed=1)[:, 0, :, :, 0]
    error = drawn.std(axis=0, ddof=1) / math.sqrt(len(drawn))
    deviation = (drawn.mean(axis=0) - expected) / error
    # 49 entries: three standard errors for their mean square and for the total that leaves the centre
    assert (deviation**2).mean() == pytest.approx(1.0, abs=3.0 * math.sqrt(2.0 / 28))
    assert np.abs(deviation).max() < 4.0
    leaving = drawn[:, :6, 6].sum(axis=1)
    assert abs(leaving.mean() - expected[:6, 6].sum()) < 3.0 * leaving.std() / math.sqrt(len(leaving))


def test_matrices__unitary_at_every_frequency_and_time():
    chain = drawing.coupled_chain(
        SEVEN * 0.3, 1.0, np.linspace(-1e9, 1e9, 5), delay=np.linspace(0, 1e-9, 7), polarization_delay=1e-11
    )
    (block,) = drawing.transfer_draws(chain, draws=3, seed=2, times=[0.0, 1.0], drift=0.1)
    assert block.shape == (3, 2, 5, 14, 14)
    product = block @ block.conj().swapaxes(-1, -2)
    np.testing.assert_allclose(product, np.broadcast_to(np.eye(14), product.shape), atol=2e-14)


@pytest.mark.nojit
def test_matrices__equal_a_plain_product_of_steps():
    frequency, delay = np.array([0.0, 3e8]), np.array([0.0, 1e-9, 2e-9])
    line = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) * 0.2
    chain = drawing.coupled_chain(line, 1.0, frequency, delay=delay, attenuation=[0.1, 0.2, 0.3], steps=4)
    (block,) = drawing.transfer_draws(chain, draws=1, seed=5)
    numbers = np.random.default_rng(np.random.SeedSequence(5, spawn_key=(Stream.CROSSTALK, 0))).random((4, 2 + 9))
    for f, hertz in enumerate(frequency):
        expected = np.eye(6, dtype=complex)
        for step in range(4):
            for pair in [0, 1] if step % 2 == 0 else [1, 0]:
                p, q = chain.pairs[pair]
                sine, phase = chain.sine[pair], np.exp(2j * np.pi * numbers[step, pair])
                rotation = np.eye(3, dtype=complex)
                rotation[p, p] = rotation[q, q] = math.sqrt(1 - sine**2)
                rotation[q, p], rotation[p, q] = sine * phase, -sine * phase.conj()
                expected = np.kron(rotation, np.eye(2)) @ expected
            for core in range(3):
                one, two, part = numbers[step, 2 + 3 * core : 5 + 3 * core]
                a = math.sqrt(1 - part) * np.exp(2j * np.pi * one)
                b = math.sqrt(part) * np.exp(2j * np.pi * two)
                rows = slice(2 * core, 2 * core + 2)
                expected[rows] = np.array([[a, -b.conj()], [b, a.conj()]]) @ expected[rows]
            gain = np.exp(-2j * np.pi * hertz * delay / 4 - 0.5 * np.array([0.1, 0.2, 0.3]) / 4)
            expected = np.repeat(gain, 2)[:, None] * expected
        np.testing.assert_allclose(block[0, 0, f], expected, atol=1e-14)


def test_draws__first_ones_do_not_depend_on_how_many():
    chain = drawing.coupled_chain(PAIR * 0.1, 1.0, [0.0, 1e9], delay=[0.0, 1e-9], random_delay=1e-10)
    few, many = powers(chain, draws=70, seed=3), powers(chain, draws=130, seed=3)
    np.testing.assert_array_equal(few, many[:70])
    assert not np.array_equal(many[:64], many[64:128])
    assert not np.array_equal(few, powers(chain, draws=70, seed=4))
    short = powers(chain, draws=5, seed=3, times=[0.0, 1.0], drift=0.3)
    long = powers(chain, draws=5, seed=3, times=[0.0, 1.0, 4.0], drift=0.3)
    np.testing.assert_array_equal(long[:, :2], short)
    np.testing.assert_array_equal(long[:, 0], few[:5, 0])
    assert not np.allclose(long[:, 1], long[:, 0])


def test_draws__one_core_out_is_a_row_of_the_whole():
    chain = drawing.coupled_chain(SEVEN * 0.1, 1.0, np.linspace(0, 1e9, 120), delay=np.linspace(0, 1e-9, 7))
    whole, row = powers(chain, draws=2, seed=3), powers(chain, draws=2, seed=3, core_out=[5])
    np.testing.assert_allclose(whole[:, :, 5:6], row, rtol=1e-12)
    np.testing.assert_allclose(whole.sum(axis=2), 1.0, rtol=1e-12)


@pytest.mark.parametrize("polarizations", [1, 2])
def test_spread__gamma_with_four_degrees_of_freedom_a_launched_polarisation(polarizations):
    chain = drawing.coupled_chain(PAIR * 1e-6, 1.0, 0.0, steps=200)
    drawn = powers(chain, draws=4000, seed=7, core_out=[0], polarizations=polarizations)[:, 0, 0, 1, 0]
    shape = 2.0 * polarizations
    assert stats.kstest(drawn / 1e-6, stats.gamma(shape, scale=1.0 / shape).cdf).pvalue > 0.05
    other = 2.0 * (3 - polarizations)
    assert stats.kstest(drawn / 1e-6, stats.gamma(other, scale=1.0 / other).cdf).pvalue < 1e-6


def autocovariance(drawn):
    """In units of the variance of a Gamma distribution with 4 degrees of freedom; standard error."""
    mean = drawn.mean(axis=0)
    products = 2.0 * (drawn - mean) * (drawn[:, :1] - mean[0]) / mean[0] ** 2
    return products.mean(axis=0), products.std(axis=0, ddof=1) / math.sqrt(len(drawn))


@pytest.mark.parametrize(("skew", "random"), [(1e-9, 0.0), (5e-10, 4e-10)])
def test_spectrum__autocovariance_follows_the_skew(skew, random):
    frequency = np.linspace(0.0, 2e9, 9)
    chain = drawing.coupled_chain(PAIR * 1e-6, 1.0, frequency, delay=[0.0, skew], random_delay=[0.0, random], steps=100)
    drawn = powers(chain, draws=4000, seed=11, core_out=[0])[:, 0, 0, 1]
    measured, error = autocovariance(drawn)
    exponent = 2j * np.pi * frequency * skew + 2.0 * (np.pi * frequency * random) ** 2
    exponent[0] = 1e-3
    expected = 2.0 * ((np.exp(-exponent) - 1.0 + exponent) / exponent**2).real
    if random == 0.0:
        np.testing.assert_allclose(expected, np.sinc(skew * frequency) ** 2, atol=1e-3)
    assert (np.abs(measured - expected) < 3.0 * error + 0.02).all()  # 1/steps of the variance is missing


def test_time__autocovariance_falls_with_twice_the_diffusion():
    chain = drawing.coupled_chain(PAIR * 1e-6, 1.0, 0.0, steps=100)
    times = np.array([0.0, 0.5, 1.0, 3.0])
    drawn = powers(chain, draws=4000, seed=13, core_out=[0], times=times, drift=0.4)[:, :, 0, 1, 0]
    measured, error = autocovariance(drawn)
    assert (np.abs(measured - np.exp(-0.8 * times)) < 3.0 * error + 0.02).all()


def test_polarisation_delay__mean_split_of_a_core():
    step = 1e8
    chain = drawing.coupled_chain(np.zeros((1, 1)), 1.0, [0.0, step], polarization_delay=1e-12, steps=60)
    block = np.concatenate(list(drawing.transfer_draws(chain, draws=1500, seed=17)))[:, 0]
    turn = block[:, 1] @ block[:, 0].conj().swapaxes(-1, -2)
    angles = np.angle(np.linalg.eigvals(turn))
    split = np.abs(angles[:, 0] - angles[:, 1]) / (2 * np.pi * step)
    # Maxwell distributed: standard deviation sqrt(3 pi / 8 - 1) of the mean
    assert split.mean() == pytest.approx(1e-12, abs=4 * 0.422e-12 / math.sqrt(1500) + 0.005e-12)


@pytest.mark.nojit
def test_phase_matching__landau_zener_and_its_weak_limit():
    assert float(drawing.phase_matching_sines(5.0, 2105.2730346434296) ** 2) == pytest.approx(
        0.07189692065269, rel=1e-10
    )
    # kappa = 0.0255/m, R = 0.14 m, n_eff = 1.4465, pitch 40 um, 1550 nm, 0.2 turns a metre
    slope = 2 * math.pi / 1.55e-6 * 1.4465 * 40e-6 * 2 * math.pi * 0.2 / 0.14
    assert float(drawing.phase_matching_sines(0.0255, slope) ** 2) == pytest.approx(1.94067048727744e-06, rel=2e-6)


def test_matched_chain__strong_points_mix_as_their_mean():
    chain = drawing.matched_chain(PAIR * 20.0, 2105.2730346434296, 10, 0.0)
    part = chain.sine[0] ** 2
    assert part == pytest.approx(0.697, abs=1e-3)
    drawn = powers(chain, draws=3000, seed=19, core_out=[0])[:, 0, 0, 1, 0]
    expected = 0.5 * (1.0 - (1.0 - 2.0 * part) ** 10)
    assert abs(drawn.mean() - expected) < 3.0 * drawn.std() / math.sqrt(len(drawn))


def test_steps__even_and_enough():
    assert drawing.step_count(0.0, 0.0) == 50
    assert drawing.step_count(7.1, 0.0) == 114
    assert drawing.step_count(0.0, 100.0) == 300


def test_chain__refuses_unsymmetric_coupling():
    with pytest.raises(ValueError, match="symmetric"):
        drawing.coupled_chain([[0.0, 1.0], [2.0, 0.0]], 1.0, 0.0)
    with pytest.raises(ValueError, match=r"h: got -1 1/m at position \(0, 1\); allowed: .*0 to"):
        drawing.coupled_chain([[0.0, -1.0], [-1.0, 0.0]], 1.0, 0.0)


def test_dispersion__quadratic_phase():
    chain = drawing.coupled_chain(np.zeros((2, 2)), 1.0, [2e9], dispersion=[0.0, 1e-21], steps=2)
    phase = np.angle(chain.advance[:, 0]) * 2
    np.testing.assert_allclose(phase, [0, 0, *[-0.5e-21 * (4e9 * np.pi) ** 2] * 2], atol=1e-12)


def test_matched__in_phase_exchange_everything():
    """The limit of a slope that vanishes: all is exchanged, and nothing where the cores do not couple."""
    assert drawing.phase_matching_sines([0.0, 1e-3, 5.0], 0.0).tolist() == [0.0, 1.0, 1.0]
    assert drawing.phase_matching_sines(5.0, 1e-9) == 1.0
