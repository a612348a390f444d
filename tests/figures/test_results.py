"""Figures: the lines they show, and what they say about themselves."""

import sys
import warnings

import matplotlib as mpl
import numpy as np
import pytest
import systems
import xarray as xr

mpl.use("Agg")

import matplotlib.pyplot as plt

from mcfiber import load, predict
from mcfiber.figures.results import plot_interference, plot_power_map
from mcfiber.figures.style import new_axes, ratio_looks
from mcfiber.line.budget import NOISES

OPTIONAL = {row.ratio for row in NOISES if not row.always}
LABELS = {name: look.label for name, look in ratio_looks().items() if name not in OPTIONAL}


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


def test_launch__has_the_signal_and_every_noise_with_a_power(weak):
    ax = drawn(weak.mcf.plot.launch())
    assert labels(ax) == ["launch power", "amplifier noise", "nonlinear interference", "crosstalk"]
    wavelength, level = ax.get_lines()[0].get_data()
    order = np.argsort(weak.wavelength.values)
    shown = np.isfinite(wavelength)
    np.testing.assert_allclose(level[shown], 10 * np.log10(weak.signal_power * 1e3).values[order])


def test_crosstalk_matrix__is_computed_again_from_the_provenance(weak):
    ax = drawn(weak.mcf.plot.crosstalk_matrix(channel=0))
    drawn_totals = ax.collections[-1].get_array()
    assert len(drawn_totals) == 7
    np.testing.assert_allclose(drawn_totals, 10 * np.log10(weak.crosstalk.isel(channel=0, missing_dims="ignore")))


def test_interference__has_a_line_for_every_result(weak):
    ax = drawn(plot_interference({"one": weak, "two": weak}))
    assert labels(ax) == ["one", "two"]
    level = ax.get_lines()[0].get_ydata()
    expected = -10 * np.log10(weak.snr_nli.median([dim for dim in weak.snr_nli.dims if dim != "channel"]))
    np.testing.assert_allclose(np.sort(level[np.isfinite(level)]), np.sort(expected))


def test_power_map__shows_decibels_over_distance():
    powers = xr.DataArray(
        [[1e-3, 1e-4], [2e-3, 2e-4]],
        dims=("channel", "position"),
        coords={"wavelength": ("channel", [1540.0, 1550.0]), "position": [0.0, 80.0]},
    )
    ax = drawn(plot_power_map(powers))
    np.testing.assert_allclose(ax.collections[0].get_array(), [[0.0, 3.0103], [-10.0, -6.9897]], atol=1e-4)


def test_new_axes__without_matplotlib_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'mcfiber\[plot\]'"):
        new_axes(None)
