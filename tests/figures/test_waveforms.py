"""Figures of waveforms: what is drawn is what was computed."""

import warnings

import numpy as np
import pytest

import mcfiber as mcf
from mcfiber.figures.waveforms import plot_constellation, plot_convergence, plot_simulated, plot_streams, plot_taps


@pytest.fixture(scope="module")
def made():
    fiber = {"layout": {"kind": "ring", "cores": 2, "pitch_um": 20}, "coupling": "random"}
    system = mcf.System(
        spectrum={"frequency_thz": [193.4], "symbol_rate_gbd": 32},
        fiber=fiber | {"spatial_mode_dispersion_ps_per_sqrt_km": 2.0},
        link={"span": {"length_km": 80}, "span_count": 2},
        transceiver={"format": "16QAM", "snr_db": 18},
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = mcf.simulate_transmission(
            system, symbols=2048, kerr=False, draws=2, equalizer=mcf.Equalizer(taps=16), seed=1
        )
    field = mcf.received_field(system, symbols=2048, kerr=False, seed=1)
    return result, field, mcf.equalized(field, mcf.Equalizer("frequency_lms", 16, step=0.05))


def test_streams__are_those_of_the_result(made):
    result, _, _ = made
    ax = plot_streams(result)
    drawn = ax.containers[0].lines[0].get_ydata()
    np.testing.assert_allclose(drawn, 10 * np.log10(result.waveform_snr.mean("draw").values.ravel()))
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0 x", "0 y", "1 x", "1 y"]


def test_taps__are_those_of_the_result(made):
    result, _, _ = made
    line = plot_taps(result).lines[0]
    np.testing.assert_allclose(line.get_ydata(), 10 * np.log10(result.tap_intensity.mean(["draw", "group"])))
    np.testing.assert_allclose(line.get_xdata(), result.delay)


def test_constellation__is_at_unit_gain(made):
    _, field, found = made
    drawn = plot_constellation(field, found, core=1).lines[0]
    points = np.asarray(drawn.get_xdata()) + 1j * np.asarray(drawn.get_ydata())
    sent = field.symbols[2, found.measured][: points.size]
    assert np.mean(np.abs(points - sent) ** 2) < 0.2
    assert abs(np.vdot(sent, points) / np.vdot(sent, sent) - 1.0) < 0.01


def test_convergence__falls(made):
    _, _, found = made
    drawn = plot_convergence(found).lines[0].get_ydata()
    np.testing.assert_allclose(drawn, 10 * np.log10(found.errors[0]))
    assert drawn[-1] < drawn[0]


def test_simulated__lies_beside_the_predicted(made):
    result, _, _ = made
    line = plot_simulated(result.simulated_snr, result.predicted_snr).lines[1]
    assert line.get_ydata()[0] == pytest.approx(10 * np.log10(float(result.simulated_snr)))
