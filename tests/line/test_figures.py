"""Maps and figures of the way: values on the map, and that figures show what they say."""

from typing import Any

import numpy as np
import pytest

import mcfiber as mcf
from mcfiber.evaluate import records
from mcfiber.figures import results as plot
from mcfiber.line.power import power_map

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

SPAN = {"length_km": 80, "lumped_losses": [{"position_km": 30, "loss_db": 2.0}]}


def system(changes: dict[str, Any] | None = None) -> mcf.System:
    base = mcf.System(
        spectrum={"groups": [{"band": "C", "channels": 20, "spacing_ghz": 200, "symbol_rate_gbd": 190}]},
        fiber={"layout": {"kind": "hexagonal", "cores": 1}},
        link={"span": SPAN, "span_count": 10, "launch_power_dbm": 8.0},
        models={"nonlinear_interference": "isrs_gn", "raman": "silica"},
    )
    return base.replace(changes or {})


def test_power_map__values() -> None:
    one = system()
    scene, _ = records(one)
    here, profile = (scene.line, scene.medium, scene.channels), scene.power
    powers = power_map(*here, points=81)
    np.testing.assert_allclose(powers[:, 0], profile.launch, rtol=1e-12)
    np.testing.assert_allclose(powers[:, -1], profile.evolution.end, rtol=1e-9)
    decibels = 10 * np.log10(powers)
    drop = decibels.diff("position")
    assert np.all(drop < 0)
    np.testing.assert_allclose(drop[:, 29], -2.2, atol=0.03)  # the lumped loss, and a kilometre of fibre
    # Without scattering the same interpolation gives the exponential to the last digits.
    plain = power_map(*here, raman="none", points=9)
    expected = 8.0 - 0.2 * plain.position - 2.0 * (plain.position >= 30)
    np.testing.assert_allclose(10 * np.log10(plain[0] * 1e3), expected, atol=1e-9)


def test_figures__draw() -> None:
    import matplotlib.pyplot as plt

    one = system()
    scene, _ = records(one)
    axes = plot.plot_power_map(power_map(scene.line, scene.medium, scene.channels))
    assert axes.get_ylabel() == "distance (km)"
    results = {model: system({"models.nonlinear_interference": model}).evaluate() for model in ("gn", "isrs_gn")}
    axes = plot.plot_interference(results)
    assert [line.get_label() for line in axes.lines] == ["gn", "isrs_gn"]
    drawn = np.sort(axes.lines[0].get_ydata())
    np.testing.assert_allclose(drawn, np.sort(-10 * np.log10(results["gn"].snr_nli)), rtol=1e-12)
    axes = results["gn"].mcf.plot.launch()
    assert [line.get_label() for line in axes.lines] == ["launch power", "amplifier noise", "nonlinear interference"]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), 8.0, atol=1e-12)
    plt.close("all")
