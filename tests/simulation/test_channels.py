import math

import numpy as np
import pytest
from scipy import stats

from mcfiber.kernels.mode_loss import expected_spread, growth
from mcfiber.simulation import channels as link
from mcfiber.simulation.channels import CoupledLine, draw_channel

DB = 10.0 / math.log(10.0)


def mean_and_error(values):
    return np.mean(values), np.std(values, ddof=1) / math.sqrt(np.size(values))


def assert_within(values, expected, bias=0.0):
    mean, error = mean_and_error(np.asarray(values))
    assert abs(mean - expected) < 4 * error + bias, f"{mean} +- {error}, expected {expected}"


def steps(modes):
    line = np.linspace(-1, 1, modes)
    return line / line.std()


@pytest.mark.parametrize(("modes", "xi_db"), [(2, 5), (4, 10), (8, 5)])
def test_draw_channel__accumulated_gains(modes, xi_db):
    line = CoupledLine(modes=modes, spans=64, loss_rms=xi_db / DB / 8)
    gains = link.mode_gains(draw_channel(line, draws=700, seed=2)).values[:, 0] * DB
    law = xi_db**2 * (1 + (xi_db / DB) ** 2 / 12 * modes**2 / (modes**2 - 1))
    assert_within(gains.var(axis=1), law, bias=0.012 * law)  # 64 spans, not the limit of many
    peak = (gains[:, -1] - gains[:, 0]) / math.sqrt(law)
    assert_within(peak, expected_spread(modes), bias=0.02)


@pytest.mark.parametrize("repeat", ["independent", "same"])
def test_draw_channel__first_order_laws_of_repetition(repeat):
    modes, spans, small = 6, 15, 1e-4
    line = CoupledLine(modes=modes, spans=spans, loss_rms=small, repeat=repeat)
    gains = link.mode_gains(draw_channel(line, draws=900, seed=4)).values[:, 0]
    assert_within(gains.var(axis=1) / small**2, growth(spans, modes, repeat))


def test_draw_channel__imperfect_mixing():
    """Equal spans whose frames stay correlated: sum over pairs of r^|k - l|."""
    modes, spans, strength, sections, small = 4, 12, 0.35, 1, 1e-4
    line = CoupledLine(modes=modes, spans=spans, loss_rms=small, sections=sections, mixing=strength)
    gains = link.mode_gains(draw_channel(line, draws=1500, seed=5)).values[:, 0]
    kept = np.sinc(strength) ** 2  # E|tr V|^2 = D + D (D - 1) sinc^2 of a section
    section = (modes + modes * (modes - 1) * kept - 1) / (modes**2 - 1)
    distance = np.abs(np.subtract.outer(np.arange(spans), np.arange(spans)))
    law = np.sum((section ** (sections + 1)) ** distance)
    assert spans * 1.2 < law < spans**2
    assert_within(gains.var(axis=1) / small**2, law)
    still = CoupledLine(modes=modes, spans=spans, loss_rms=small, mixing=0.0)
    gains = link.mode_gains(draw_channel(still, seed=6)).values[0, 0]
    np.testing.assert_allclose(gains, small * spans * steps(modes), rtol=1e-6)


def test_draw_channel__group_delays():
    modes, spans, rms = 8, 30, 20e-12
    line = CoupledLine(modes=modes, spans=spans, delay_rms=rms)
    channels = draw_channel(line, draws=600, seed=7, frequency=[0.0, 5e7])
    delays = link.mode_delays(channels).values[:, 0]
    assert_within(delays.var(axis=1) / rms**2, spans, bias=1e-3)
    assert_within((delays[:, -1] - delays[:, 0]) / (rms * math.sqrt(spans)), expected_spread(modes), bias=0.01)


def test_draw_channel__two_modes_are_polarisation_mode_dispersion():
    """Differential group delay is Maxwellian, and so is weak polarisation-dependent loss in dB."""
    line = CoupledLine(modes=2, spans=60, delay_rms=3e-12, loss_rms=0.02)
    channels = draw_channel(line, draws=1500, seed=8, frequency=[0.0, 5e7])
    delays = link.mode_delays(channels).values[:, 0]
    gains = link.mode_gains(channels).values[:, 0]
    for values, rms in ((delays, 3e-12 * math.sqrt(60)), (gains, 0.02 * math.sqrt(60))):
        difference = values[:, 1] - values[:, 0]
        scale = 2 * rms / math.sqrt(3)
        assert stats.kstest(difference, stats.maxwell(scale=scale).cdf).pvalue > 1e-3
        assert_within(difference, 2 * math.sqrt(2 / math.pi) * scale, bias=0.01 * scale)


def test_draw_channel__correlation_over_frequency():
    modes, spans, rms, sections = 8, 25, 10e-12, 2
    shift = 1.0 / (2 * math.pi * rms * 5)  # omega sigma = 1
    line = CoupledLine(modes=modes, spans=spans, delay_rms=rms, sections=sections)
    channel = draw_channel(line, draws=900, seed=9, frequency=[0.0, shift]).channel.values
    turn = channel[:, 1] @ channel[:, 0].conj().swapaxes(1, 2)
    np.testing.assert_allclose(turn[0] @ turn[0].conj().T, np.eye(modes), atol=1e-11)
    trace = np.trace(turn, axis1=1, axis2=2) / modes
    one = np.mean(np.exp(-2j * math.pi * shift * rms / math.sqrt(sections) * steps(modes))) ** (spans * sections)
    assert_within(trace.real, one.real)
    square = 1 + (modes**2 - 1) * math.exp(-(modes**2) / (modes**2 - 1))  # continuous limit
    assert_within(np.abs(trace * modes) ** 2, square, bias=0.02 * square)


def test_channel_impulse_response__gaussian_of_the_rms_delay():
    spans, rms = 40, 5e-12
    line = CoupledLine(modes=6, spans=spans, delay_rms=rms)
    response = link.channel_impulse_response(draw_channel(line, draws=60, seed=10, frequency=np.arange(96) * 2e9))
    mean = response.mean("draw")
    variance = float((mean * mean.time**2).integrate("time"))
    assert math.sqrt(variance) == pytest.approx(rms * math.sqrt(spans), rel=0.03)


def test_draw_mode_gains__law_and_chain():
    modes, xi = 4, 15 / DB
    gains = link.draw_mode_gains(xi, modes=modes, draws=6000, seed=11).values
    assert_within(gains.var(axis=1), xi**2 * (1 + xi**2 / 12 * modes**2 / (modes**2 - 1)))
    # ordered means of another program's draws of the same law, 20000 of them: dB
    np.testing.assert_allclose(gains.mean(axis=0) * DB, [-28.22, -9.01, 9.02, 28.21], atol=0.25)
    line = CoupledLine(modes=modes, spans=150, loss_rms=xi / math.sqrt(150))
    chain = link.mode_gains(draw_channel(line, draws=500, seed=12)).values[:, 0]
    for k in range(modes):
        assert_within(chain[:, k], gains[:, k].mean(), bias=0.012 * abs(gains[:, k].mean()) + 0.02)


@pytest.mark.nojit
def test_draw_channel__noise_covariance():
    """Rebuilt span by span from the definition, with the spans read out of shorter lines of the same seed."""
    for noise, repeat in (("even", "same"), ("behind", "same"), ("receiver", "independent")):
        line = CoupledLine(modes=3, spans=4, loss_rms=0.4, noise=noise, repeat=repeat, amplifier="frequency")
        channels = draw_channel(line, draws=2, seed=13)
        got = channels.noise_covariance.values[0, 0]
        if noise == "receiver":
            np.testing.assert_array_equal(got, np.eye(3))
            continue
        single = CoupledLine(modes=3, spans=1, loss_rms=0.4, noise=noise, repeat=repeat, amplifier="frequency")
        span = draw_channel(single, draws=2, seed=13).channel.values[0, 0]
        weights = line.noise_weights()
        signal, expected = np.eye(3) + 0j, weights[0] * np.eye(3) + 0j
        for weight in weights[1:]:
            signal, expected = span @ signal, span @ expected @ span.conj().T
            power = np.sum(np.abs(signal) ** 2) / 3
            signal, expected = signal / math.sqrt(power), expected / power + weight * np.eye(3)
        np.testing.assert_allclose(got, expected, atol=1e-12)
        np.testing.assert_allclose(channels.channel.values[0, 0], signal, atol=1e-12)


@pytest.mark.nojit
def test_draw_channel__unequal_spans_and_noise():
    line = CoupledLine(modes=4, spans=3, loss_rms=[0.0, 0.3, 0.0], noise_share=[3.0, 0.0, 1.0], noise="behind")
    np.testing.assert_allclose(line.noise_weights(), [0, 0.75, 0, 0.25])
    gains = link.mode_gains(draw_channel(line, draws=2, seed=1)).values
    np.testing.assert_allclose(gains[0, 0], 0.3 * steps(4), atol=1e-12)  # one span's gains alone are not mixed


def test_draw_channel__amplifiers_hold_the_power():
    line = CoupledLine(modes=4, spans=10, loss_rms=0.3, delay_rms=2e-10)
    frequency = np.arange(6) * 2e9
    power = (np.abs(draw_channel(line, draws=5, seed=1, frequency=frequency).channel) ** 2).sum(
        ("mode_in", "mode_out")
    ) / 4
    np.testing.assert_allclose(power.mean("frequency"), 1.0, rtol=1e-12)
    assert float(power.std()) > 0.01
    each = CoupledLine(modes=4, spans=10, loss_rms=0.3, delay_rms=2e-10, amplifier="frequency")
    power = (np.abs(draw_channel(each, draws=5, seed=1, frequency=frequency).channel) ** 2).sum(
        ("mode_in", "mode_out")
    ) / 4
    np.testing.assert_allclose(power, 1.0, rtol=1e-12)


def test_draw_channel__first_draws_of_many():
    line = CoupledLine(modes=4, spans=3, loss_rms=0.1, delay_rms=1e-11, gains="gaussian")
    many = draw_channel(line, draws=130, seed=3, frequency=[0.0, 1e9])
    few = draw_channel(line, draws=70, seed=3, frequency=[0.0, 1e9])
    np.testing.assert_array_equal(many.channel[:70], few.channel)
    np.testing.assert_array_equal(many.noise_covariance[:70], few.noise_covariance)
    assert not np.array_equal(many.channel[0], many.channel[64])
    other = draw_channel(line, draws=1, seed=4, frequency=[0.0, 1e9])
    assert not np.array_equal(other.channel[0], many.channel[0])


def test_draw_channel__refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="draw_capacity"):
        draw_channel(CoupledLine(modes=38), draws=10**6)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"modes": 1}, "modes: got 1; .* at least 2"),
        ({"modes": 4, "mixing": 1.2}, "mixing: got 1.2; .* 0 to 1"),
        ({"modes": 4, "noise": "loud"}, "'even', 'behind', 'receiver'"),
        ({"modes": 4, "spans": 3, "loss_rms": [0.1, 0.2]}, "each of the 3 spans"),
        ({"modes": 4, "spans": 2, "loss_rms": [0.1, 0.2], "repeat": "same"}, "every lap"),
        ({"modes": 4, "loss_rms": -0.1}, "loss_rms: got -0.1 Np"),
    ],
)
def test_coupled_line__refuses(values, message):
    with pytest.raises(ValueError, match=message):
        CoupledLine(**values)


def test_mode_delays__common_delay_and_one_frequency():
    turn = np.exp(-2j * np.pi * 1e9 * (np.array([1e-11, -3e-11, 2e-11]) + 4e-10))
    channels = link.as_channels(np.stack([np.eye(3), np.diag(turn)]), None, [0.0, 1e9])
    np.testing.assert_allclose(link.mode_delays(channels).values.ravel(), [-3e-11, 1e-11, 2e-11], atol=1e-16)
    with pytest.raises(ValueError, match="two or more"):
        link.mode_delays(channels.isel(frequency=[0]))
    with pytest.raises(ValueError, match="shape"):
        link.as_channels(np.eye(3), None, [0.0])
    with pytest.raises(ValueError, match="evenly"):
        link.channel_impulse_response(link.as_channels(np.ones((3, 1, 1)), None, [0.0, 1.0, 3.0]))
