import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mcfiber.line import mode_delay as delay
from mcfiber.simulation.channels import CoupledLine, channel_impulse_response, draw_channel

PS = 1e-12 / math.sqrt(1e3)  # s/sqrt(m)


def test_group_delay_spread__definitions_and_repetition():
    rms, peak = delay.group_delay_spread(5 * PS, 86.1e3, modes=38, spans=21)
    assert float(rms) == pytest.approx(212.609e-12, rel=1e-5)
    assert float(peak / rms) == pytest.approx(3.6848, rel=1e-4)
    half, _ = delay.group_delay_spread(5 * PS, 86.1e3, modes=38, spans=21, definition="2sigma")
    assert float(half) == pytest.approx(float(rms) / 2)
    same, _ = delay.group_delay_spread(5 * PS, 86.1e3, modes=38, spans=60, repeat="same")
    once, _ = delay.group_delay_spread(5 * PS, 86.1e3, modes=38, spans=60)
    assert float(same / once) == pytest.approx(1.3227, rel=1e-4)
    lengths = xr.DataArray([50e3, 70e3, 90e3], dims="span")
    assert float(delay.group_delay_spread(5 * PS, lengths, modes=4)[0]) == pytest.approx(5 * PS * math.sqrt(210e3))
    with pytest.raises(ValueError, match="'2sigma'"):
        delay.group_delay_spread(5 * PS, 1.0, modes=4, definition="rms")


@pytest.mark.nojit
def test_group_delay_spread__two_modes():
    rms, peak = delay.group_delay_spread(1 * PS, 100e3, modes=2)
    assert float(peak) == pytest.approx(math.sqrt(8 / (3 * math.pi)) * 2 * float(rms), rel=1e-6)  # mean DGD


@pytest.mark.parametrize(
    ("dispersion_ps", "definition", "taps"),
    [
        (5, "sigma", 147),
        (5, "2sigma", 78),
        (10, "sigma", 286),
        (10, "2sigma", 147),
        (3, "2sigma", 50),
        (7, "sigma", 202),
    ],
)
def test_equalizer_taps__table(dispersion_ps, definition, taps):
    rms, _ = delay.group_delay_spread(dispersion_ps * PS, 1808.1e3, modes=38, definition=definition)
    assert int(delay.equalizer_taps(rms, 49.5e9)) == taps


def test_equalizer_taps__other_delays():
    assert (
        int(delay.equalizer_taps(1e-10, 50e9, residual_dispersion=1e-9)) == int(delay.equalizer_taps(1e-10, 50e9)) + 100
    )


@given(st.floats(1e-6, 0.5), st.floats(1e-13, 1e-8))
def test_energy_window__holds_the_energy(outside, rms):
    window = float(delay.energy_window(rms, outside=outside))
    inside = math.erf(window / (2 * math.sqrt(2) * rms))
    assert inside == pytest.approx(1 - outside, rel=1e-9)


def test_energy_window__published_window_of_a_field_cable():
    # 12 coupled cores, 68 km, 5.3 ps/sqrt(km): 120 to 165 ps read off the response
    rms, _ = delay.group_delay_spread(5.3 * PS, 68e3, modes=24)
    assert 120e-12 < float(delay.energy_window(rms, outside=0.1)) < 165e-12
    with pytest.raises(ValueError, match="fraction"):
        delay.energy_window(rms, outside=1.0)


def test_impulse_response__normal_density():
    time = np.linspace(-1e-9, 1e-9, 11)
    response = delay.impulse_response(time, 2e-10)
    np.testing.assert_allclose(response, stats.norm(scale=2e-10).pdf(time), rtol=1e-12)
    assert response.dims == ("time",)


def test_coherence_bandwidth__falls_with_the_delay_spread():
    bandwidth = float(delay.coherence_bandwidth(1e-10, correlation=math.exp(-0.5)))
    assert bandwidth == pytest.approx(1 / (2 * math.pi * 1e-10))
    assert float(delay.coherence_bandwidth(2e-10, correlation=math.exp(-0.5))) == pytest.approx(bandwidth / 2)
    with pytest.raises(ValueError, match="above 0 and below 1"):
        delay.coherence_bandwidth(1e-10, correlation=1.0)


def test_equalizer_complexity__time_and_frequency():
    assert delay.equalizer_complexity(100, 4, domain="time") == 1600
    # block of 256, half kept: each of D signals two transforms of 128 x 8, and D^2 products a bin, for 128/2 symbols
    per_symbol = (4 * 2 * 128 * 8 + 16 * 256) / (128 / 2)
    assert delay.equalizer_complexity(100, 4) == pytest.approx(per_symbol)


@given(st.floats(0, 1e4), st.floats(1e-12, 1e-9), st.floats(2.0, 50.0))
def test_finite_equalizer_penalty__limits(snr, rms, width):
    penalty = float(delay.finite_equalizer_penalty(snr, rms, width * rms))
    assert penalty >= 1
    assert float(delay.finite_equalizer_penalty(snr, rms, 2 * width * rms)) <= penalty
    assert float(delay.finite_equalizer_penalty(snr, 0.0, 1e-10)) == 1


def test_energy_window__drawn_channels():
    """Energy of drawn impulse responses outside a window, and what an equaliser of that window loses."""
    rms, spans = 5e-12, 30
    line = CoupledLine(modes=6, spans=spans, delay_rms=rms)
    response = channel_impulse_response(draw_channel(line, draws=80, seed=3, frequency=np.arange(128) * 2e9))
    total = rms * math.sqrt(spans)
    for outside in (0.3, 0.05):
        window = float(delay.energy_window(total, outside=outside))
        lost = response.where(abs(response.time) > window / 2).sum("time") / response.sum("time")
        error = float(lost.std()) / math.sqrt(80)
        # bins of 4 ps in a window of 57 ps and more
        assert abs(float(lost.mean()) - outside) < 4 * error + 0.1 * outside
        penalty = float(delay.finite_equalizer_penalty(20.0, total, window))
        assert 20.0 / penalty == pytest.approx((1 - outside) / (1 / 20.0 + outside), rel=1e-9)
