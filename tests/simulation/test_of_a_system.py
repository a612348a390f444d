"""Simulators made from the records of a system are those that one makes by hand."""

import math

import numpy as np
import pytest
import systems

import mcfiber as mcf
from mcfiber.evaluate import records
from mcfiber.line.gn_integral import SpanProfile
from mcfiber.units import SPEED_OF_LIGHT

DB = 10.0 / math.log(10.0)
LOSS = 0.2e-3 / DB


def equal(**changes):
    """Nineteen coupled cores and equal spans, without tables."""
    given = {
        "link.span": {"length_km": 80.0, "splices": 4, "splice_loss_db": 0.05},
        "link.span_count": 5,
        "fiber.attenuation_db_per_km": 0.2,
        "fiber.spatial_mode_dispersion_ps_per_sqrt_km": 6.0,
        "fiber.dispersion_slope_ps_per_nm2_km": 0.06,
    }
    return systems.random().replace(given | {path.replace("__", "."): value for path, value in changes.items()})


def scene_of(system):
    return records(system)[0]


def beta2_of(system):
    fiber = system.fiber
    return (
        -fiber.dispersion_ps_per_nm_km
        * 1e-6
        * (fiber.reference_wavelength_nm * 1e-9) ** 2
        / (2 * math.pi * SPEED_OF_LIGHT)
    )


# ---------------------------------------------------------------------------------------------------------
# CoupledLine


def test_coupled_line__equal_spans():
    scene = scene_of(equal())
    found = mcf.CoupledLine.of(scene.line, scene.medium)
    delay = 6e-12 / math.sqrt(1e3) * math.sqrt(80e3)
    assert (found.modes, found.spans, found.repeat) == (38, 5, "independent")
    assert found.loss_rms == pytest.approx(1.0 / DB, rel=1e-14)
    assert found.delay_rms == pytest.approx(delay, rel=1e-14)
    made = mcf.CoupledLine(modes=38, spans=5, loss_rms=found.loss_rms, delay_rms=found.delay_rms)
    assert found == made
    one, other = (mcf.draw_capacity(line, 50.0, draws=3, seed=2) for line in (found, made))
    np.testing.assert_array_equal(one, other)


def test_coupled_line__loops_sources_and_spans_that_differ():
    sources = {"fan_in": 0.6, "amplifier": 0.8}
    scene = scene_of(equal(link__repeat="same", link__mode_dependent_loss_rms_db=sources))
    found = mcf.CoupledLine.of(scene.line, scene.medium)
    assert found.repeat == "same"
    assert found.loss_rms == pytest.approx(1.0 / DB, rel=1e-14)
    scene = scene_of(systems.random(fiber__spatial_mode_dispersion_ps_per_sqrt_km=6.0))
    found = mcf.CoupledLine.of(scene.line, scene.medium)
    expected = 6e-12 / math.sqrt(1e3) * np.sqrt([86.1e3, 70e3, 90e3])
    np.testing.assert_allclose(found.delay_rms, expected, rtol=1e-14)
    assert found.spans == 3
    assert mcf.draw_channel(found, seed=1).sizes["mode_out"] == 38
    assert mcf.CoupledLine.of(*_of(systems.random(fiber__spatial_mode_dispersion_ps_per_sqrt_km=None))).delay_rms == 0.0


def _of(system):
    scene = scene_of(system)
    return scene.line, scene.medium


def test_coupled_line__groups_need_a_core_and_axes_a_place():
    line, medium = _of(systems.groups())
    with pytest.raises(ValueError, match=r"groups of 1 and 3 cores; choose a core"):
        mcf.CoupledLine.of(line, medium)
    three, alone = (mcf.CoupledLine.of(line, medium, point={"core": core}) for core in (1, 0))
    assert (three.modes, alone.modes) == (6, 2)
    assert three.loss_rms == pytest.approx(1.0 / DB, rel=1e-14)
    assert alone.loss_rms == 0.0
    loss = mcf.System(**equal().model_dump()).replace({"link.mode_dependent_loss_rms_db": _axis(0.5, 1.0)})
    line, medium = _of(loss)
    with pytest.raises(ValueError, match=r"mode_dependent_loss: differs along loss; choose a place, point="):
        mcf.CoupledLine.of(line, medium)
    assert mcf.CoupledLine.of(line, medium, point={"loss": 0}).loss_rms == pytest.approx(0.5 / DB)


def _axis(*values):
    import xarray as xr

    return xr.DataArray(list(values), dims="loss")


# ---------------------------------------------------------------------------------------------------------
# CoupledFiber and SplitStepLine


def test_coupled_fiber__is_that_made_by_hand():
    system = equal()
    scene = scene_of(system)
    found = mcf.CoupledFiber.of(scene.line, scene.medium, scene.channels, channel=3, section=2e3)
    frequency = scene.channels.frequency.values
    glass = system.fiber
    start = glass.reference_wavelength_nm * 1e-9
    slope = glass.dispersion_slope_ps_per_nm2_km * 1e3
    curve = start**3 * (start * slope + 2 * glass.dispersion_ps_per_nm_km * 1e-6) / (2 * math.pi * SPEED_OF_LIGHT) ** 2
    offset = 2 * math.pi * (frequency[3] - SPEED_OF_LIGHT / start)
    index, area = glass.nonlinear_index_m2_per_w, glass.effective_area_um2 * 1e-12
    assert (found.cores, found.section, found.length, found.averaged) == (19, 2e3, 80e3, False)
    assert found.attenuation == pytest.approx(LOSS + 4 * 0.05 / DB / 80e3, rel=1e-13)
    assert found.beta2 == pytest.approx(beta2_of(system) + curve * offset, rel=1e-12)
    assert found.beta3 == pytest.approx(curve, rel=1e-6)
    assert found.gamma == pytest.approx(2 * math.pi * frequency[3] * index / (SPEED_OF_LIGHT * area), rel=1e-13)
    assert found.mode_dispersion == pytest.approx(6e-12 / math.sqrt(1e3), rel=1e-14)
    assert mcf.CoupledFiber.of(scene.line, scene.medium, channel=3, section=2e3).beta3 == 0.0


def test_coupled_fiber__one_channel_has_no_slope_and_one_core_no_delay():
    scene = scene_of(systems.single(spectrum__frequency_thz=[193.4], spectrum__symbol_rate_gbd=64.0))
    found = mcf.CoupledFiber.of(scene.line, scene.medium, scene.channels, channel=0)
    assert (found.cores, found.beta3, found.mode_dispersion) == (1, 0.0, 0.0)


def test_split_step_line__spans_and_laps():
    line, medium = _of(equal(link__repeat="same"))
    found = mcf.SplitStepLine.of(line, medium, channel=3, section=20e3, seed=7)
    fiber = mcf.CoupledFiber.of(line, medium, channel=3, section=20e3)
    assert found == mcf.SplitStepLine(fiber, spans=5, seed=7, repeated=True)


def test_split_step_line__runs_what_a_system_describes():
    """One channel of one core: the mean of a few draws against the integral over the same records."""
    system = systems.single(
        spectrum__frequency_thz=[193.4], spectrum__symbol_rate_gbd=32.0, link__launch_power_dbm=0.0, link__span_count=1
    )
    scene = scene_of(system)
    line = mcf.SplitStepLine.of(scene.line, scene.medium, channel=0)
    power = float(np.ravel(scene.power.fiber_input)[0])
    estimate = mcf.simulated_interference([0.0], 32e9, power, line, seeds=range(4), symbols=2048)
    spans = SpanProfile.of(scene.line, scene.medium, scene.power, scene.channels)
    launch = float(np.ravel(scene.power.launch)[0])
    theory = mcf.gn_integral([193.4e12], 32e9, launch, spans, band="average").power
    # The integral counts from the launch, the split step from the fibre's input.
    assert estimate.power[0] == pytest.approx(theory[0] * power / launch, rel=0.1)


def test_split_step__refuses_what_is_ambiguous():
    line, medium = _of(equal())
    with pytest.raises(ValueError, match=r"differs along channel; choose a place, point=\{'channel': \.\.\.\}"):
        mcf.CoupledFiber.of(line, medium, section=1e3)
    with pytest.raises(ValueError, match="section: give the length between two mixtures"):
        mcf.SplitStepLine.of(line, medium, channel=0)
    line, medium = _of(systems.random())
    with pytest.raises(ValueError, match="length: differs along span"):
        mcf.SplitStepLine.of(line, medium, channel=0, section=1e3)
    with pytest.raises(ValueError, match="all spans of a line of the split step are equal"):
        mcf.SplitStepLine.of(line, medium, channel=0, section=1e3, point={"span": 1})
    assert mcf.CoupledFiber.of(line, medium, channel=0, section=1e3, point={"span": 1}).length == 70e3
    line, medium = _of(systems.weak())
    with pytest.raises(ValueError, match="attenuation: differs along core"):
        mcf.CoupledFiber.of(line, medium, channel=0)
    assert mcf.CoupledFiber.of(line, medium, channel=0, point={"core": 4}).cores == 1
    line, medium = _of(systems.weak(link__core_permutation=[1, 2, 3, 4, 5, 6, 0]))
    with pytest.raises(ValueError, match="permutation"):
        mcf.CoupledFiber.of(line, medium, channel=0, point={"core": 4})
    lumped = systems.single(link__span={"length_km": 80.0, "lumped_losses": [{"position_km": 20.0, "loss_db": 1.0}]})
    with pytest.raises(ValueError, match="leave out lumped losses"):
        mcf.CoupledFiber.of(*_of(lumped), channel=0)
