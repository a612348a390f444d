"""Figures of randomly coupled cores show what they were given."""

import numpy as np
import pytest

import mcfiber as mcf
from mcfiber.figures.mixing import (
    plot_against_distance,
    plot_capacity_distribution,
    plot_impulse_response,
    plot_mode_gains,
)
from mcfiber.simulation.channels import channel_impulse_response, draw_mode_gains

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
LINE = mcf.CoupledLine(modes=4, spans=6, loss_rms=0.2, delay_rms=2e-11)


@pytest.fixture(autouse=True)
def _close():
    yield
    matplotlib.pyplot.close("all")


def area(patches):
    return sum(patch.get_height() * patch.get_width() for patch in patches)


def test_plot_mode_gains__densities():
    gains = mcf.mode_gains(mcf.draw_channel(LINE, draws=30, seed=1))
    ax = plot_mode_gains(gains, law=draw_mode_gains(0.5, modes=4, draws=100, seed=1))
    assert area(ax.patches[:30]) == pytest.approx(1)
    low, high = ax.get_xlim()
    assert low < float(gains.min()) * 4.34
    assert high > float(gains.max()) * 4.35
    assert ax.get_xlabel().endswith("(dB)")


def test_plot_capacity_distribution__receivers_and_law():
    capacity = mcf.draw_capacity(LINE, 20.0, draws=200, seed=1)
    optimal = capacity.sel(receiver="optimal")
    ax = plot_capacity_distribution(capacity, mean=float(optimal.mean()), deviation=float(optimal.std()))
    assert area(ax.patches) == pytest.approx(3)
    x, y = ax.lines[0].get_data()
    assert x[np.argmax(y)] == pytest.approx(float(optimal.mean()), rel=0.01)
    assert np.trapezoid(y, x) == pytest.approx(1, rel=1e-3)
    assert len(ax.get_legend().get_texts()) == 4


def test_plot_impulse_response__mean_and_law():
    channels = mcf.draw_channel(LINE, draws=20, seed=1, frequency=np.arange(64) * 1e9)
    response = channel_impulse_response(channels)
    ax = plot_impulse_response(response, rms=2e-11 * 6**0.5)
    assert len(ax.lines) == 3
    np.testing.assert_allclose(ax.lines[1].get_ydata(), response.mean("draw") * 1e-9)
    assert len(plot_impulse_response(response.mean("draw")).lines) == 1


def test_plot_against_distance__intervals_and_reports():
    distance = np.array([100.0, 200.0, 300.0])
    curves = {"independent": np.array([[9, 10, 11], [8, 9, 10], [7, 8, 9]]), "same": [10.0, 8.0, 5.0]}
    ax = plot_against_distance(distance, curves, label="SNR (dB)", reports={150.0: (9.0, 9.5)})
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [10, 9, 8])
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), [10, 8, 5])
    np.testing.assert_array_equal(ax.lines[2].get_data(), [[150, 150], [9, 9.5]])
    assert len(ax.collections) == 1
    assert ax.get_ylabel() == "SNR (dB)"
