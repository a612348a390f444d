"""The integral in the path of an evaluation: beside the closed forms, and beside itself given by hand."""

import warnings
from typing import Any

import numpy as np
import pytest
import xarray as xr

import mcfiber as mcf
from mcfiber.evaluate import records
from mcfiber.line.gn_integral import gn_integral, plain_span
from mcfiber.line.interference import nonlinear_interference, nonlinear_interference_integral
from mcfiber.units import decibels


def stages(raman: Any = "none", changes: Any = None) -> tuple[Any, ...]:
    system = mcf.load("nict-2025-1808km").system.replace({"link.span.length_km": 60.0} | (changes or {}))
    few = mcf.Spectrum(frequency_thz=list(np.arange(188.0, 196.0, 0.25)), symbol_rate_gbd=49.0)
    scene, _ = records(system.replace({"spectrum": few, "models.raman": raman}))
    return scene.line, scene.medium, scene.power, scene.channels


@pytest.mark.parametrize(("raman", "model", "apart"), [("none", "gn", 0.6), ("silica", "isrs_gn", 0.5)])
def test_beside_closed_forms(raman: Any, model: Any, apart: float) -> None:
    # Spans of 9 dB: the closed form takes the square of the effective length where the far channels see
    # (1 - e^(-2 a L))/(2 a) of it, too little by (1 + e^(-a L))/(1 - e^(-a L)) less what it has too much elsewhere.
    inputs = stages(raman)
    integral, error = nonlinear_interference_integral(*inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        closed = nonlinear_interference(*inputs, model=model)
    assert float((error / integral).max()) < 1e-3
    assert integral.dims == closed.dims
    assert np.abs(decibels(integral / closed)).max() < apart
    assert integral.attrs["model"] == "gn_integral"


def test_given_by_hand() -> None:
    line, glass, power, grid = stages()
    here, _ = nonlinear_interference_integral(line, glass, power, grid, mode_dispersion=False)
    span = plain_span(
        attenuation=np.broadcast_to(power.attenuation, grid.count),
        length=60e3,
        beta2=np.asarray(glass.group_velocity_dispersion),
        gamma=np.asarray(glass.nonlinear_coefficient),
        count=line.count,
    )
    launch = np.broadcast_to(power.launch, grid.count)
    inside = np.broadcast_to(power.fiber_input, grid.count)
    rate = np.asarray(grid.symbol_rate)
    alone = gn_integral(grid.frequency.values, rate, inside, span, accumulation="incoherent").power
    share = 3 / (2 * glass.coupled_cores + 1)
    assert here.values == pytest.approx(alone * launch / inside * share, rel=1e-6)


def test_axes() -> None:
    axis = xr.DataArray([-1.0, 1.0], dims="launch")
    result, _ = nonlinear_interference_integral(*stages(changes={"link.launch_power_dbm": axis}))
    assert result.dims == ("launch", "channel")
    assert (result[1] / result[0]).values == pytest.approx(10**0.6, rel=1e-9)
