"""Figures of cables: what is drawn is what was computed."""

import numpy as np
import pytest
import xarray as xr
from cables import cable

import mcfiber as mcf
from mcfiber.figures.cables import (
    plot_assumptions,
    plot_energy,
    plot_optimum_map,
    plot_over_length,
    plot_over_pairs,
    plot_power_use,
)

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

pytestmark = pytest.mark.filterwarnings("ignore:a span's fibre loses")


@pytest.fixture(autouse=True)
def closed():
    yield
    matplotlib.pyplot.close("all")


def axis(values, name):
    return xr.DataArray(values, dims=name)


def test_over_pairs__lines_are_the_rates():
    pairs = axis([4, 8, 24], "pairs")
    found = {f"{cores} cores": cable(cores, bandwidth_thz=4.0, fiber_pairs=pairs).evaluate() for cores in (1, 4)}
    upper, lower = plot_over_pairs(found, gap_db=3.39)
    for line, outcome in zip(upper.lines, found.values(), strict=True):
        assert line.get_xdata().tolist() == [4, 8, 24]
        assert line.get_ydata() == pytest.approx(outcome.cable_net_rate.values / 1e15)
    ratio = 10 * np.log10(found["4 cores"].snr.mean(["channel", "core"]).values)
    assert lower.lines[1].get_ydata() == pytest.approx(ratio)
    assert lower.lines[-1].get_ydata() == pytest.approx([1.695, 1.695])


def test_energy__points_and_front():
    power = axis([8.0, 22.0], "power")
    outcome = cable(2, bandwidth_thz=4.0, **{"feed.power_limit_kw": power}).evaluate()
    front = mcf.pareto_front(
        cable(2, bandwidth_thz=4.0), {"fiber_pairs": [8, 24]}, ["cable_net_rate", "-energy_per_bit"]
    )
    ax = plot_energy({"two": outcome}, front=front)
    assert ax.lines[0].get_ydata() == pytest.approx(outcome.energy_per_bit.values / 1e-12)
    assert ax.lines[1].get_xdata() == pytest.approx([front[0].objectives["cable_net_rate"] / 1e15])


def test_power_use__bars_are_the_watts():
    use = mcf.power_use(cable(2).evaluate())
    ax = plot_power_use(use)
    heights = [bar.get_height() for bar in ax.patches]
    assert heights[0] == pytest.approx(22_000)
    assert sum(heights[1:]) == pytest.approx(22_000)
    with pytest.raises(ValueError, match="select one cable"):
        plot_power_use(mcf.power_use(cable(2, fiber_pairs=axis([4, 8], "pairs")).evaluate()))


def test_over_length__ends_where_the_feed_does():
    length = axis([4000.0, 8000.0, 20_000.0], "length")
    outcome = cable(2, length_km=length, **{"feed.earth_potential_v_per_km": 1.0}).evaluate()
    ax = plot_over_length({"two": outcome})
    assert np.isnan(ax.lines[0].get_ydata()[-1])
    assert ax.lines[1].get_xdata() == [8000.0]


def test_optimum_map__marks_the_best():
    axes = {
        "fiber_pairs": axis([8, 16, 24], "pairs"),
        "system.link.span.length_km": axis([50.0, 60.0, 80.0], "span_length"),
    }
    outcome = cable(4, bandwidth_thz=4.0).replace(axes).evaluate()
    ax = plot_optimum_map(outcome)
    rate = outcome.cable_net_rate.transpose("span_length", "pairs").values
    place = np.unravel_index(rate.argmax(), rate.shape)
    assert ax.lines[-1].get_xdata() == [[8, 16, 24][place[1]]]
    assert ax.lines[-1].get_ydata() == [[50.0, 60.0, 80.0][place[0]]]


def test_assumptions__bars_are_the_changes():
    ax = plot_assumptions({"no droop": [1.0, 2.0], "10 W": [-3.0, -5.0]}, ["one", "two"])
    assert [bar.get_width() for bar in ax.patches] == [1.0, -3.0, 2.0, -5.0]


def test_figures__want_an_axis():
    with pytest.raises(ValueError, match="fiber_pairs: is no axis"):
        plot_over_pairs({"one": cable(1).evaluate()})
