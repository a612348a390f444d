"""Figures of crosstalk show the numbers they are given."""

import matplotlib as mpl
import numpy as np
import pytest
import systems
import xarray as xr

mpl.use("Agg")
import matplotlib.pyplot as plt

import mcfiber as mcf
from mcfiber.arrays.crosstalk_statistics import crosstalk_density
from mcfiber.figures.crosstalk import (
    plot_crosstalk_against,
    plot_crosstalk_distribution,
    plot_crosstalk_map,
    plot_crosstalk_matrix,
)


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


FIBER = mcf.MulticoreFiber(
    layout={"kind": "hexagonal", "cores": 7, "pitch_um": 40},
    cladding_diameter_um=180,
    crosstalk={
        "crosstalk_db": -40,
        "length_km": 10,
        "definition": "total_from_neighbours",
        "slope_db_per_nm": 0.1,
    },
)
SPECTRUM = mcf.Spectrum(groups=[{"band": "C", "channels": 5, "spacing_ghz": 500, "symbol_rate_gbd": 64}])


def test_matrix__lines_between_neighbours_and_totals_on_the_cores():
    pairs = mcf.mean_crosstalk(FIBER, SPECTRUM, length_km=80).isel(channel=0)
    points = FIBER.layout.unit_positions() * 40
    ax = plot_crosstalk_matrix(pairs, points)
    strong = int((pairs.values > pairs.values.max() * 1e-4).sum())
    assert len(ax.lines) == strong
    np.testing.assert_allclose(ax.collections[0].get_array(), 10 * np.log10(pairs.sum("core_in")), rtol=1e-12)
    single = plot_crosstalk_matrix(pairs, points, into=0)
    assert len(single.lines) == 6


def test_against__worst_core_over_wavelength():
    pairs = mcf.mean_crosstalk(FIBER, SPECTRUM, length_km=80)
    wavelength = np.array([1560.0, 1555.0, 1550.0, 1545.0, 1540.0])
    ax = plot_crosstalk_against(pairs, wavelength, label="wavelength (nm)")
    x, y = ax.lines[0].get_data()
    assert (np.diff(x) > 0).all()
    assert (np.diff(y) > 0).all()  # crosstalk grows with wavelength
    assert y.max() == pytest.approx(10 * np.log10(float(pairs.sum("core_in").max())))
    named = pairs.sum("core_in").rename(core_out="core").assign_coords(wavelength=("channel", wavelength))
    assert plot_crosstalk_against(named, "wavelength", label="nm").lines[0].get_ydata()[-1] == pytest.approx(y[-1])


def test_distribution__histogram_and_theory_have_the_same_area():
    drawn = np.random.default_rng(1).gamma(2.0, 0.5e-4, 5000)
    values = np.geomspace(1e-7, 1e-2, 400)
    ax = plot_crosstalk_distribution(drawn, values=values, density=crosstalk_density([1e-4], 0.5, values))
    x, y = ax.lines[0].get_data()
    assert np.trapezoid(y, x) == pytest.approx(1.0, abs=1e-3)
    area = sum(patch.get_width() * patch.get_height() for patch in ax.patches)
    assert area == pytest.approx(1.0)


def test_map__one_draw_over_frequency_and_time():
    drawn = mcf.draw_crosstalk(
        FIBER,
        length_km=10,
        frequency_ghz=np.linspace(0, 5, 6),
        draws=1,
        seed=1,
        skew_ps_per_km=100,
        times_s=[0.0, 1.0, 2.0],
        drift_per_s=0.1,
        quantity="power",
    )
    one = drawn.isel(draw=0, core_out=0, core_in=1)
    mesh = plot_crosstalk_map(one).collections[0]
    np.testing.assert_allclose(
        mesh.get_array().reshape(6, 3), 10 * np.log10(one.transpose("frequency", "time")), rtol=1e-12
    )
    with pytest.raises(ValueError, match="core_in"):
        plot_crosstalk_map(drawn)
    assert isinstance(one, xr.DataArray)


def test_result__matrix_sums_to_the_crosstalk_of_the_budget():
    result = systems.weak(link__core_launch_offset_db=[0.0, 1.0, -1.0, 0.0, 2.0, 0.0, 0.0]).evaluate()
    ax = result.mcf.plot.crosstalk_matrix()
    ax.figure.canvas.draw()
    worst = int(result.crosstalk.max("core").argmax("channel"))
    expected = 10 * np.log10(result.crosstalk.isel(channel=worst).values)
    np.testing.assert_allclose(ax.collections[0].get_array(), expected, rtol=1e-10)
    first = result.mcf.plot.crosstalk_matrix(channel=0, into=2)
    assert len(first.lines) == 6
    assert np.isnan(np.ma.filled(first.collections[0].get_array(), np.nan)[2])


def test_result__crosstalk_against_wavelength_and_axis():
    result = systems.weak().evaluate()
    x, y = result.mcf.plot.crosstalk().lines[0].get_data()
    order = np.argsort(result.wavelength.values)
    np.testing.assert_allclose(x, result.wavelength.values[order])
    np.testing.assert_allclose(y, 10 * np.log10(result.crosstalk.max("core").values[order]))
    spans = xr.DataArray([40.0, 60.0, 80.0], dims="span_length", coords={"span_length": [40.0, 60.0, 80.0]})
    swept = systems.weak(link__span__length_km=spans).evaluate()
    x, y = swept.mcf.plot.crosstalk(along="span_length").lines[0].get_data()
    np.testing.assert_allclose(x, spans)
    np.testing.assert_allclose(y, 10 * np.log10(swept.crosstalk.max(["core", "channel"])))
    with pytest.raises(ValueError, match="differs along span_length"):
        swept.mcf.plot.crosstalk()
    with pytest.raises(ValueError, match="does not differ along 'pitch'"):
        result.mcf.plot.crosstalk(along="pitch")
    with pytest.raises(ValueError, match="differs along span_length"):
        swept.mcf.plot.crosstalk_matrix()


def test_result__no_crosstalk_to_draw():
    result = systems.random().evaluate()
    for figure in (result.mcf.plot.crosstalk, result.mcf.plot.crosstalk_matrix):
        with pytest.raises(ValueError, match="no crosstalk to draw"):
            figure()
