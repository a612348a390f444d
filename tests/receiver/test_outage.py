import math

import numpy as np
import pytest
import xarray as xr
from scipy import integrate

from mcfiber.kernels.mode_loss import penalty_table
from mcfiber.line.mode_loss import mode_dependent_loss
from mcfiber.receiver import outage
from mcfiber.receiver.penalty import mdl_penalty
from mcfiber.simulation.capacity import channel_capacity, draw_capacity
from mcfiber.simulation.channels import CoupledLine, draw_channel
from mcfiber.simulation.penalties import draw_mdl_penalty, loop_scatter

RMS = 5e-12 / math.sqrt(1e3) * math.sqrt(21 * 86.1e3)  # 5 ps/sqrt(km), 21 spans of 86.1 km


def test_capacity_correlation__values():
    separation = np.array([0.0, 1.2375e9, 2.475e9, 4.95e9])
    correlation = outage.capacity_correlation(separation, RMS, spans=21, modes=8, noise="receiver")
    # sum over q of (K - q) e^(-a q) over K (K - 1)/2
    np.testing.assert_allclose(correlation, [1, 0.452400, 0.126855, 0.012972], atol=2e-6)
    line = outage.capacity_correlation(separation, RMS, spans=21, modes=8)
    assert bool((line[1:] > correlation[1:]).all())


def test_frequency_diversity__integral_of_the_correlation():
    for bandwidth in (1.0, 1e9, 49.5e9):

        def over(u, bandwidth=bandwidth):
            rho = outage.capacity_correlation(np.array([u * bandwidth]), RMS, spans=21, modes=8)
            return 2 * (1 - u) * float(rho[0])

        mean = integrate.quad(over, 0, 1, points=[0.02, 0.1], epsrel=1e-6)[0]
        diversity = float(outage.frequency_diversity(bandwidth, RMS, spans=21, modes=8))
        assert diversity == pytest.approx(1 / mean, rel=1e-5)
    assert float(outage.frequency_diversity(0.0, RMS, spans=21, modes=8)) == 1
    assert float(outage.frequency_diversity(49.5e9, RMS, spans=1, modes=8)) >= 1


@pytest.mark.parametrize("noise", ["distributed", "receiver"])
def test_frequency_diversity__draws(noise):
    """Deviation and correlation of drawn capacities, and the variance of their mean over a band."""
    line = CoupledLine(modes=4, spans=12, loss_rms=0.06, delay_rms=RMS / math.sqrt(12), amplifier="frequency",
                       noise="even" if noise == "distributed" else "receiver")  # fmt: skip
    frequency = np.arange(12) * 0.6e9
    channels = draw_channel(line, draws=800, seed=6, frequency=frequency)
    drawn = channel_capacity(channels, 100.0).sel(receiver="optimal").values
    keywords = {"spans": 12, "modes": 4, "noise": noise}
    law = outage.capacity_correlation(frequency, RMS, **keywords).values
    measured = np.corrcoef(drawn.T)
    for lag in (1, 2, 4):
        # each diagonal has a few independent estimates; the error of one is (1 - r^2)/sqrt(n)
        mean = np.diagonal(measured, lag).mean()
        assert abs(mean - law[lag]) < 4 * (1 - law[lag] ** 2) / math.sqrt(800)
    deviation = float(outage.capacity_deviation(100.0, 0.06 * math.sqrt(12), **keywords))
    assert drawn.std(axis=0).mean() == pytest.approx(deviation, rel=4 / math.sqrt(2 * 800))
    pairs = law[np.abs(np.subtract.outer(np.arange(12), np.arange(12)))].mean()
    ratio = drawn.mean(axis=1).var() / drawn.var(axis=0).mean()
    assert ratio == pytest.approx(pairs, rel=4 * math.sqrt(2 / 800))


def test_capacity_deviation__limit_of_the_shipped_table():
    for modes in (2, 8, 38):
        drawn = penalty_table("optimal", modes, "spread")[3, 21] * 0.04 / math.log(2)  # xi = 0.2 Np, 20 dB
        law = float(outage.capacity_deviation(100.0, 0.2, spans=400, modes=modes))
        assert drawn == pytest.approx(law, rel=0.1)


def test_outage_capacity__quantile_and_gaussian():
    random = np.random.default_rng(2)
    capacity = xr.DataArray(5 + 0.1 * random.standard_normal(20000), dims="draw")
    direct = float(outage.outage_capacity(capacity, 0.01))
    assert direct == pytest.approx(5 - 0.1 * 2.326, abs=0.02)
    assert float(outage.outage_capacity(capacity, 0.01, diversity=4.0)) == pytest.approx(5 - 0.05 * 2.326, abs=0.005)
    assert outage.outage_capacity(capacity, 0.01).name == "outage_capacity"
    with pytest.raises(ValueError, match="at least 1/draws"):
        outage.outage_capacity(capacity[:50], 0.01)
    with pytest.raises(ValueError, match=r"probability: got 1.5; allowed: .*above 0 and below 1"):
        outage.outage_capacity(capacity, 1.5)


def test_draw_mdl_penalty__mean_spread_and_reproducibility():
    gsnr = xr.DataArray(np.full(40, 30.0), dims="channel")
    loss = mode_dependent_loss(0.2, modes=4, spans=24).sum
    drawn = draw_mdl_penalty(gsnr, loss, modes=4, draws=300, seed=4)
    assert drawn.dims == ("draw", "channel")
    rate = np.log2(1 + 30 / drawn)
    mean = np.log2(1 + 30 / float(mdl_penalty(30.0, loss, modes=4)))
    assert float(rate.mean()) == pytest.approx(mean, abs=4 * float(rate.std()) / math.sqrt(12000) + 1e-3)
    # the spread of drawn channels, one frequency each
    line = CoupledLine(modes=4, spans=24, loss_rms=0.2, amplifier="frequency")
    channels = channel_capacity(draw_channel(line, draws=700, seed=1), 30.0).sel(receiver="mmse")
    assert float(rate.std()) == pytest.approx(float(channels.std()), rel=0.15)
    again = draw_mdl_penalty(gsnr, loss, modes=4, draws=70, seed=4)
    np.testing.assert_array_equal(drawn[:70], again)
    calm = draw_mdl_penalty(gsnr, loss, modes=4, draws=70, seed=4, diversity=100.0)
    assert float(calm.std()) < 0.15 * float(again.std())


def test_draw_mdl_penalty__ends_and_receivers():
    for receiver in ("mmse", "optimal", "zero_forcing"):
        penalty = draw_mdl_penalty(
            xr.DataArray([0.0, 1e-9, 10.0, np.inf], dims="channel"), 0.6, modes=4, draws=9, seed=1, receiver=receiver
        )
        assert not bool(penalty.isnull().any())
        assert bool((penalty >= 1).all())
    none = draw_mdl_penalty(10.0, 0.0, modes=4, draws=3, seed=1)
    np.testing.assert_array_equal(none, 1.0)


def test_loop_scatter__against_draws_of_a_loop():
    # At 0.5 dB a lap, where the weak limit is a tenth off; 6 % and 3 % are the standard errors of factor and draws.
    line = CoupledLine(modes=8, spans=21, loss_rms=0.1151, repeat="same")
    drawn = draw_capacity(line, 100.0, draws=600, seed=17).sel(receiver="optimal")
    effective = mode_dependent_loss(0.1151, modes=8, spans=21, repeat="same").effective
    scatter = loop_scatter(8, 21, "optimal")
    penalty = draw_mdl_penalty(100.0, effective, modes=8, scatter=scatter, draws=600, seed=3, receiver="optimal")
    rate = np.log2(1.0 + 100.0 / penalty)
    assert float(rate.std()) == pytest.approx(float(drawn.std()), rel=0.2)
    assert float(rate.mean()) == pytest.approx(float(drawn.mean()), abs=4 * float(drawn.std()) / math.sqrt(600) + 0.02)


def test_loop_scatter__one_lap_is_no_loop_and_more_laps_scatter_more():
    assert loop_scatter(8, 1) == 1.0
    assert 1.0 < loop_scatter(8, 4) < loop_scatter(8, 21)
