"""Figures: the lines they show, and what they say about themselves."""

import warnings

import matplotlib as mpl
import numpy as np
import pytest
import systems
import xarray as xr

mpl.use("Agg")

import matplotlib.pyplot as plt

from mcfiber import load, predict
from mcfiber.figures.results import LABELS


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def weak():
    return systems.weak().evaluate()


@pytest.fixture(scope="module")
def sampled():
    return predict(load("nict-2025-1808km"), samples=16)


def drawn(ax):
    """Render, so that what fails only then fails here."""
    ax.figure.canvas.draw()
    return ax


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_budget__has_a_line_for_every_noise(weak):
    ax = drawn(weak.mcf.plot.budget())
    assert labels(ax) == list(LABELS.values())
    assert ax.get_xlabel() == "wavelength (nm)"
    assert ax.get_ylabel() == "signal-to-noise ratio (dB)"
    received = ax.get_lines()[-1]
    wavelength, level = received.get_data()
    expected = 10 * np.log10(weak.snr.median("core"))
    order = np.argsort(weak.wavelength.values)
    shown = np.isfinite(wavelength)
    np.testing.assert_allclose(wavelength[shown], weak.wavelength.values[order])
    np.testing.assert_allclose(level[np.isfinite(level)], expected.values[order], atol=0.02)


def test_budget__leaves_out_what_is_absent_and_breaks_between_bands(sampled):
    ax = drawn(sampled.mcf.plot.budget())
    assert LABELS["snr_xt"] not in labels(ax)
    (broken,) = np.flatnonzero(np.isnan(ax.get_lines()[0].get_ydata()))
    assert 0 < broken < 180
    assert len(ax.collections) >= 4  # bands of the samples


def test_spectrum__has_points_for_signal_and_noises(weak):
    ax = drawn(weak.mcf.plot.spectrum())
    assert labels(ax) == ["signal", "amplifier noise", "nonlinear interference", "crosstalk"]
    frequency, level = ax.get_lines()[0].get_data()
    np.testing.assert_allclose(frequency, weak.frequency / 1e12)
    np.testing.assert_allclose(level, 10 * np.log10(weak.signal_power * 1e3))
    assert ax.get_xlabel() == "frequency (THz)"


@pytest.mark.parametrize("make", [systems.weak, systems.random, systems.single])
def test_cross_section__has_a_dot_for_every_core(make):
    system = make()
    ds = system.evaluate()
    ax = drawn(ds.mcf.plot.cross_section())
    (dots,) = ax.collections
    assert len(dots.get_offsets()) == system.fiber.cores
    rate = ds.net_rate.sum("channel") / 1e12
    np.testing.assert_allclose(dots.get_array(), np.broadcast_to(rate, system.fiber.cores))
    assert ax.get_aspect() == 1
    (cladding,) = ax.patches
    assert cladding.get_radius() == system.fiber.cladding_diameter_um / 2


def test_ladder__has_a_bar_for_every_rung(sampled):
    ax = drawn(sampled.mcf.plot.ladder())
    widths = [bar.get_width() for bar in ax.patches]
    assert len(widths) == 7
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == pytest.approx(float(sampled.total_net_rate.median()) / 1e12)


@pytest.mark.parametrize("name", ["budget", "spectrum", "cross_section", "ladder"])
def test_figure__draws_into_given_axes(name, weak):
    ax = plt.subplots()[1]
    assert getattr(weak.mcf.plot, name)(ax=ax) is ax
    drawn(ax)


@pytest.mark.parametrize("name", ["budget", "spectrum", "ladder"])
def test_figure__of_points_that_cannot_be(name):
    pitch = xr.DataArray([42.0, 100.0], dims="pitch")
    ds = systems.weak().replace({"fiber.layout.pitch_um": pitch}).evaluate()
    ax = drawn(getattr(ds.mcf.plot, name)())
    assert ax.get_lines() or ax.patches


def test_budget__of_a_channel_without_signal(weak):
    dark = weak.copy(deep=True)
    for name in ("snr_ase", "snr_nli", "snr_xt", "gsnr", "snr", "signal_power"):
        dark[name] = dark[name].where(dark.channel != 3, 0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = drawn(dark.mcf.plot.budget())
    assert LABELS["snr"] in labels(ax)


def test_cross_section__of_different_cross_sections():
    pitch = xr.DataArray([40.0, 42.0], dims="pitch")
    ds = systems.weak().replace({"fiber.layout.pitch_um": pitch}).evaluate()
    with pytest.raises(ValueError, match="evaluate one system to draw it"):
        ds.mcf.plot.cross_section()
