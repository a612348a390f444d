"""Cascades of optical filters: what they cost, against powers followed filter by filter."""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from small_systems import small
from soundness import unsound

from mcfiber.kernels.filtering import filtered_ratio
from mcfiber.studies.launch import LaunchProblem


def walked(snr, symbol_rate, roll_off, bandwidth, order, count, points=4000):
    """Signal and noise of every frequency, filter by filter and amplifier by amplifier; then a linear receiver."""
    folded = ((np.arange(points) + 0.5) / points - 0.5) * symbol_rate
    frequency = folded + symbol_rate * np.array([[-1.0], [0.0], [1.0]])
    away, edge = np.abs(frequency) / symbol_rate, 0.5 * (1 - roll_off)
    signal = np.where(away < edge, 1.0, 0.0)
    if roll_off:
        slope = 0.5 * (1 + np.cos(np.pi / roll_off * (away - edge)))
        signal = np.where(np.abs(away - 0.5) <= 0.5 * roll_off, slope, signal)
    passed = 2.0 ** (-((2 * np.abs(frequency) / bandwidth) ** (2 * order)))
    noise = np.zeros_like(signal)
    for _ in range(count):
        signal, noise = signal * passed, noise * passed
        gain = points / signal.sum()  # the amplifier restores the power of the channel
        signal, noise = signal * gain, noise * gain + 1.0 / (snr * count)
    quality = (signal / noise).sum(axis=0)
    return 1.0 / np.mean(1.0 / (1.0 + quality)) - 1.0


@pytest.mark.parametrize(
    ("rate", "width", "order", "count", "snr_db", "expected"),
    [(32, 40, 3.5, 10, 14, 13.7952), (64, 68, 4, 8, 16, 14.7977), (64, 68, 4, 30, 16, 8.58553)],
)
def test_kernel__known_values(rate, width, order, count, snr_db, expected):
    """A simulation of waveforms with 64 taps has 13.80(2), 14.78(1) and 8.55(2) dB."""
    found = filtered_ratio(10 ** (snr_db / 10), rate * 1e9, 0.1, width * 1e9, order, count)
    assert 10 * math.log10(found) == pytest.approx(expected, abs=1e-4)


@given(
    snr_db=st.floats(0, 30),
    roll_off=st.one_of(st.just(0.0), st.floats(0.02, 0.5)),
    width=st.floats(0.9, 2.0),
    order=st.floats(1.0, 6.0),
    count=st.integers(1, 25),
)
def test_kernel__follows_the_powers(snr_db, roll_off, width, order, count):
    snr = 10 ** (snr_db / 10)
    found = float(filtered_ratio(snr, 1.0, roll_off, width, order, count))
    assert 0.0 <= found <= snr * (1 + 1e-9)
    assert found == pytest.approx(walked(snr, 1.0, roll_off, width, order, count), rel=1e-4)


def test_kernel__wide_filters_cost_nothing_and_more_filters_cost_more():
    assert float(filtered_ratio(50.0, 32e9, 0.1, 200e9, 4.0, 40)) == pytest.approx(50.0, rel=1e-6)
    ratios = filtered_ratio(50.0, 32e9, 0.1, 36e9, 4.0, np.arange(1.0, 30.0))
    assert np.all(np.diff(ratios) < 0)
    assert float(filtered_ratio(0.0, 32e9, 0.1, 36e9, 4.0, 5)) == 0.0


FILTERS = {"bandwidth_ghz": 34.0, "count": 6, "order": 3.5}


def test_system__filters_are_one_more_noise():
    base = small().replace({"link.core_launch_offset_db": [0, 1, 2, 0, 1, 2, 0]})
    plain, filtered = base.evaluate(), base.replace({"link.filters": FILTERS}).evaluate()
    assert "snr_filtering" not in plain
    expected = filtered_ratio(plain.gsnr.values, 32e9, 0.1, 34e9, 3.5, 6)
    np.testing.assert_allclose(filtered.gsnr.transpose(*plain.gsnr.dims), expected, rtol=1e-12)
    assert unsound(base.replace({"link.filters": FILTERS}), filtered) == []
    shares = filtered.mcf.limits()
    np.testing.assert_allclose(shares.noise_share.sum("limit"), 1.0, rtol=1e-12)
    assert "filtering" in shares.limit
    without = float(shares.total_net_rate_without.sel(limit="filtering"))
    assert without == pytest.approx(float(plain.total_net_rate), rel=1e-9)


def test_system__axis_is_a_loop():
    widths = [33.0, 36.0, 50.0]
    axis = xr.DataArray(widths, dims="width")
    swept = small().replace({"link.filters": FILTERS | {"bandwidth_ghz": axis}}).evaluate()
    for place, width in enumerate(widths):
        one = small().replace({"link.filters": FILTERS | {"bandwidth_ghz": width}}).evaluate()
        np.testing.assert_allclose(swept.gsnr.isel(width=place), one.gsnr, rtol=1e-13)


def test_optimiser__knows_filters_and_windows():
    system = small().replace(
        {
            "link.filters": FILTERS,
            "transceiver.equalizer_window_ps": 12.0,
            "fiber.polarization_mode_dispersion_ps_per_sqrt_km": 0.2,
            "models": {"nonlinear_interference": "gn", "raman": "none"},
        }
    )
    problem = LaunchProblem(system, "shannon")
    launch = np.full(4, 2e-3)
    given_ = system.replace({"link.launch_power_dbm": 10 * math.log10(2.0)}).evaluate()
    bound = 2 * (32e9 * np.log2(1 + given_.snr)).sum()
    assert problem.value(launch) == pytest.approx(float(bound), rel=1e-9)
    _, gradient = problem.value_and_gradient(launch)
    for channel in range(4):
        step = np.zeros(4)
        step[channel] = 2e-7
        difference = (problem.value(launch + step) - problem.value(launch - step)) / 4e-7
        assert gradient[channel] == pytest.approx(difference, rel=1e-5)
