"""A computation that fails does not look perfect: every failure is refused, or marked and NaN."""

import math
from typing import Any

import numpy as np
import pytest
import xarray as xr
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from soundness import evaluated, unsound

import mcfiber as mcf
from mcfiber import DescriptionError, System
from mcfiber.evaluate import quantities, records
from mcfiber.line.closed_forms import ValidityWarning
from mcfiber.line.interference import nonlinear_interference, nonlinear_interference_integral
from mcfiber.line.power import displaced
from mcfiber.status import FLAGS
from mcfiber.studies.fronts import non_dominated

NUMBER = {name: value for value, name in FLAGS.items()}


def single(**changes: Any) -> System:
    tables: dict[str, Any] = {
        "spectrum": {"groups": [{"band": "C", "channels": 6, "spacing_ghz": 600, "symbol_rate_gbd": 64}]},
        "fiber": {"layout": {"kind": "hexagonal", "cores": 1}},
        "link": {"span": {"length_km": 80.0}, "span_count": 10, "launch_power_dbm": 8.0},
        "transceiver": {"format": "16QAM"},
        "models": {"raman": "silica"},
    }
    return System(**tables).replace({path.replace("__", "."): value for path, value in changes.items()})


def pumped(milliwatt: Any, figure: Any = 5.0) -> System:
    pump = [{"wavelength_nm": 1450.0, "power_mw": milliwatt}]
    return single(link__span__raman_pumps=pump, link__amplifier__noise_figure_db=figure)


def seven(**changes: Any) -> System:
    tables: dict[str, Any] = {
        "spectrum": {"groups": [{"band": "C", "channels": 3, "spacing_ghz": 100, "symbol_rate_gbd": 64}]},
        "fiber": {
            "layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 40.0},
            "cladding_diameter_um": 150.0,
            "crosstalk": {"crosstalk_db": -45.0, "length_km": 80.0, "definition": "total_from_neighbours"},
        },
        "link": {"span": {"length_km": 80.0}, "span_count": 3},
        "transceiver": {"format": "16QAM"},
    }
    return System(**tables).replace({path.replace("__", "."): value for path, value in changes.items()})


# ---------------------------------------------------------------------------------------------------------
# failures


@pytest.mark.filterwarnings("ignore::mcfiber.line.closed_forms.ValidityWarning")
def test_strong_pump__is_solved_and_heard() -> None:
    found = pumped(1000.0, 12.0).evaluate()
    assert int(found.status) == 0
    assert np.isfinite(found.ase_power).all()
    assert np.isfinite(found.snr).all()
    assert (found.snr < pumped(1000.0, 12.0).replace({"link.span_count": 1}).evaluate().snr).all()


@pytest.mark.filterwarnings("ignore::mcfiber.line.closed_forms.ValidityWarning")
def test_net_gain__is_not_blamed_on_the_noise_figure() -> None:
    with pytest.raises(DescriptionError, match="gives a channel more than the span takes"):
        pumped(1000.0).evaluate()
    found = pumped(xr.DataArray([250.0, 1000.0], dims="pump")).evaluate()
    assert found.status.values.tolist() == [0, NUMBER["raman_gain_too_high"]]
    assert np.isnan(found.snr.isel(pump=1)).all()
    assert np.isnan(found.total_net_rate[1])


@pytest.mark.filterwarnings("ignore::mcfiber.line.closed_forms.ValidityWarning")
def test_unsolved_pumps__are_refused_or_marked() -> None:
    pumps = [{"wavelength_nm": 1430.0 + 8.0 * k, "power_mw": 5000.0} for k in range(4)]
    with pytest.raises(DescriptionError, match="could not be solved"):
        single(link__span__raman_pumps=pumps).evaluate()
    first = xr.DataArray([1.0, 5000.0], dims="pump")
    pumps = [{**pump, "power_mw": first} for pump in pumps]
    found = single(link__span__raman_pumps=pumps).evaluate()
    assert found.status.values.tolist() == [0, NUMBER["raman_not_solved"]]
    assert np.isnan(found.snr.isel(pump=1)).all()


@pytest.mark.filterwarnings("ignore::mcfiber.line.closed_forms.ValidityWarning")
def test_noise_figure__below_what_the_gain_allows() -> None:
    short = single(models__raman="none", link__span__length_km=10.0)
    with pytest.raises(DescriptionError, match="less noise than none"):
        short.replace({"link.amplifier.noise_figure_db": -3.0}).evaluate()
    figures = xr.DataArray([-3.0, 5.0], dims="figure")
    found = short.replace({"link.amplifier.noise_figure_db": figures}).evaluate()
    assert found.status.values.tolist() == [NUMBER["noise_figure_too_low"], 0]
    alone = short.replace({"link.amplifier.noise_figure_db": 5.0}).evaluate()
    np.testing.assert_array_equal(found.snr.isel(figure=1), alone.snr)


def test_dispersion__of_zero_marks_its_point() -> None:
    found = single(fiber__dispersion_ps_per_nm_km=xr.DataArray([0.0, 17.0], dims="d")).evaluate()
    assert found.status.values.tolist() == [NUMBER["dispersion_zero"], 0]
    with pytest.raises(DescriptionError, match="is zero at a channel"):
        single(fiber__dispersion_ps_per_nm_km=0.0).evaluate()


def test_overlapping_cores__mark_their_point() -> None:
    core = {"kind": "step", "radius_um": 4.5, "delta_percent": 0.35}
    changes = {"fiber.crosstalk": None, "fiber.core": core, "fiber.cladding_diameter_um": 250.0}
    found = seven().replace(changes | {"fiber.layout.pitch_um": xr.DataArray([8.0, 45.0], dims="pitch")}).evaluate()
    assert found.status.values.tolist() == [NUMBER["cores_overlap"], 0]


def test_not_finite__stands_where_no_cause_is_known() -> None:
    scene, arrived = records(single())
    values = quantities(scene, arrived)
    assert int(values["status"]) == 0
    from mcfiber import status

    broken = {**values, "nli_power": values["nli_power"] * np.nan}
    known = status.problems(scene.channels, scene.medium, scene.line)
    found = status.judged(scene, arrived, {name: broken[name] for name in values if name != "status"}, known)
    assert int(found) == NUMBER["not_finite"]
    assert "nli_power" in str(status.failure(int(found), broken))
    above = {**values, "net_rate": values["net_rate"] * 10.0}
    found = status.judged(scene, arrived, {name: above[name] for name in values if name != "status"}, known)
    assert int(found) == NUMBER["not_finite"]


def test_droop__without_noise_and_with_nothing_but_noise() -> None:
    scene, _ = records(single(link__power_control="channel"))
    none, much = (displaced(scene.line, 1e-3, [noise, noise], scene.channels) for noise in (0.0, 1e100))
    assert none == (0.0, 0.0)
    assert all(math.isfinite(noise) and noise > 0.0 for noise in much)


# ---------------------------------------------------------------------------------------------------------
# sweeps and searches go on


def test_sweep__a_refused_core_count_is_marked() -> None:
    over = {"fiber.layout.cores": [7, 19, 1], "link.launch_power_dbm": [0.0, 1.0]}
    found = mcf.sweep(seven(), over, outputs=["snr:min", "total_net_rate"])
    assert found.status.values.tolist() == [[0, 0], [NUMBER["refused"]] * 2, [0, 0]]
    assert np.isnan(found.total_net_rate[1]).all()
    alone = mcf.sweep(seven(), over | {"fiber.layout.cores": [7]}, outputs=["snr:min"])
    np.testing.assert_array_equal(found.snr_min[0], alone.snr_min[0])


def test_sweep__is_refused_where_all_are() -> None:
    with pytest.raises(DescriptionError, match="cladding_diameter_um"):
        mcf.sweep(seven(), {"fiber.layout.cores": [19, 37]})
    with pytest.raises(DescriptionError, match="no such value"):
        mcf.sweep(seven(), {"fiber.layout.coress": [7, 19]})
    with pytest.raises(DescriptionError, match="no variable"):
        mcf.sweep(seven(), {"fiber.layout.cores": [7, 19]}, outputs="nothing")


def test_sweep__only_the_point_to_blame_is_refused() -> None:
    table = {"wavelength_nm": [1545.0, 1555.0], "value": [0.2, 0.2]}
    system = seven(fiber__attenuation_db_per_km=table)
    lowest = [191.8, 193.0, 193.5, 195.5]  # the first and the last leave the table
    over = {"spectrum.groups.0.lowest_frequency_thz": lowest}
    found = mcf.sweep(system, over, outputs=["snr:min"])
    assert (found.status.values == 0).tolist() == [False, True, True, False]
    alone = mcf.sweep(system, {"spectrum.groups.0.lowest_frequency_thz": lowest[1:3]}, outputs=["snr:min"])
    np.testing.assert_array_equal(found.snr_min[1:3], alone.snr_min)


@pytest.mark.filterwarnings("ignore::mcfiber.line.closed_forms.ValidityWarning")
def test_search__passes_over_impossible_designs() -> None:
    best = mcf.optimize_design(
        pumped(250.0), {"link.span.raman_pumps.0.power_mw": (100.0, 1500.0)}, "snr:min", population=4, generations=3
    )
    assert math.isfinite(best.objectives["snr:min"])
    assert int(best.result().status) == 0


def test_non_dominated__nan_never_wins() -> None:
    assert non_dominated(np.array([[1.0, np.nan], [2.0, 1.0]])).tolist() == [1]
    assert non_dominated(np.array([[np.nan, 5.0], [2.0, 1.0], [3.0, 0.5]])).tolist() == [2, 1]
    assert non_dominated(np.array([[np.nan, 5.0]])).tolist() == []


def test_unguided_designs__have_no_coupling_and_no_thickness() -> None:
    from mcfiber.fiber.coupling import core_coupling
    from mcfiber.fiber.cross_section import required_cladding_thickness

    core = {
        "kind": "w",
        "radius_um": xr.DataArray([0.5, 4.5], dims="r"),
        "delta_percent": 0.35,
        "depressed_delta_percent": -0.4,
        "depressed_width_ratio": 1.0,
    }
    fiber = seven().fiber.replace({"crosstalk": None, "core": core})
    coupling = core_coupling(fiber, wavelength_nm=1550).power_coupling.sel(core_out=0, core_in=1)
    assert np.isnan(coupling.values).tolist() == [True, False]
    thickness = required_cladding_thickness(fiber)
    assert np.isnan(thickness.values).tolist() == [True, False]


# ---------------------------------------------------------------------------------------------------------
# spans that differ


NEAR = {"length_km": 80.0, "fan_in_loss_db": 1.0}
FAR = {"length_km": 90.0, "splices": 4, "splice_loss_db": 0.05}


def coupled(span: Any, **models: Any) -> System:
    count = {} if isinstance(span, list) else {"span_count": 1}
    return System(
        spectrum={"groups": [{"band": "C", "channels": 3, "spacing_ghz": 50, "symbol_rate_gbd": 49}]},
        fiber={
            "layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 20},
            "coupling": "random",
            "spatial_mode_dispersion_ps_per_sqrt_km": 4.0,
        },
        link={"span": span, **count, "power_control": "signal"},
        models=models,
    )


@pytest.mark.parametrize("model", ["gn", "isrs_gn", "gn_integral"])
def test_coupled_spans__add_up_each_with_its_own_factor(model: str) -> None:
    together = coupled([NEAR, FAR], nonlinear_interference=model).evaluate()
    apart = [coupled(one, nonlinear_interference=model).evaluate() for one in (NEAR, FAR)]
    assert together.total_net_rate.dims == ()
    assert all("span" not in value.dims for value in together.variables.values())
    np.testing.assert_allclose(together.nli_power, sum(one.nli_power for one in apart), rtol=1e-12)


def test_coupled_spans__optimum_of_launch_powers_sees_the_same_noise() -> None:
    found = mcf.optimize_launch(coupled([NEAR, FAR]), by="flat")
    assert found.value == pytest.approx(float(found.result.total_net_rate), rel=1e-6)


# ---------------------------------------------------------------------------------------------------------
# what the warnings say


def test_warning__names_the_worst_channel_of_the_worst_point() -> None:
    slope = xr.DataArray([0.02, 0.06], dims="sample")
    system = single(
        fiber__dispersion_ps_per_nm_km=1.0, fiber__dispersion_slope_ps_per_nm2_km=slope, models__raman="none"
    )
    with pytest.warns(ValidityWarning, match=r"\(channel \d at 15\d\d\.\d\d nm, sample 1\).*four-wave mixing"):
        system.evaluate()
    lengths = xr.DataArray([80.0, 20.0, 30.0], dims="sample")
    with pytest.warns(ValidityWarning, match=r"loses 4\.00 dB \(sample 1\)"):
        single(link__span__length_km=lengths, models__raman="none").evaluate()


@pytest.mark.parametrize("model", ["gn", "isrs_gn"])
def test_warning__tells_the_sign_of_the_error(model: str) -> None:
    system = single(fiber__dispersion_ps_per_nm_km=0.1, link__span_count=1, models__raman="none").replace(
        {"spectrum.groups.0.spacing_ghz": 75.0}
    )
    scene, _ = records(system)
    parts = scene.line, scene.medium, scene.power, scene.channels
    with pytest.warns(ValidityWarning, match="overestimate self- and cross-phase modulation"):
        closed = np.asarray(nonlinear_interference(*parts, model=model))
    same, whole = (nonlinear_interference_integral(*parts, terms=terms)[0].values for terms in ("spm+xpm", "all"))
    assert (same < closed).all()
    assert (closed < 1.4 * same).all()
    assert (closed[2:4] < whole[2:4]).all()  # four-wave mixing weighs more


# ---------------------------------------------------------------------------------------------------------
# any system


@st.composite
def systems(draw: st.DrawFn) -> System:
    """A valid system: models, pumps, loops, coupling and axes as they come."""
    raman = draw(st.sampled_from(["none", "silica", "triangular"]))
    model = draw(st.sampled_from(["gn", "isrs_gn"]))
    span: dict[str, Any] = {
        "length_km": draw(st.floats(1.0, 150.0)),
        "fan_in_loss_db": draw(st.floats(0.0, 3.0)),
        "fan_out_loss_db": draw(st.floats(0.0, 3.0)),
    }
    link: dict[str, Any] = {
        "span_count": draw(st.integers(1, 60)),
        "launch_power_dbm": draw(st.floats(-60.0, 15.0)),
        "amplifier": {"noise_figure_db": draw(st.floats(-8.0, 12.0))},
        "power_control": draw(st.sampled_from(["signal", "channel", "band"])),
        "span": span,
    }
    models: dict[str, Any] = {
        "raman": raman,
        "nonlinear_interference": model,
        "amplifier_noise": draw(st.sampled_from(["exact", "excess_gain", "input_noise"])),
    }
    if raman == "silica" and draw(st.booleans()):
        count = draw(st.integers(1, 3))
        span["raman_pumps"] = [
            {
                "wavelength_nm": draw(st.floats(1400.0, 1480.0)),
                "power_mw": draw(st.floats(0.0, 2500.0)),
                "direction": draw(st.sampled_from(["forward", "backward"])),
            }
            for _ in range(count)
        ]
    if draw(st.booleans()):
        loss = draw(st.floats(1.0, 15.0))
        link["loop"] = {"loss_db": loss, "first_amplifier_excess_db": draw(st.floats(0.0, 1.0)) * loss}
    fiber: dict[str, Any] = {"layout": {"kind": "hexagonal", "cores": 1}}
    kind = draw(st.sampled_from(["single", "weak", "random"]))
    if kind != "single":
        fiber["layout"] = {"kind": "hexagonal", "cores": 7, "pitch_um": 40.0}
        fiber["cladding_diameter_um"] = 200.0
    if kind == "weak":
        level = draw(st.floats(-90.0, -3.0))
        fiber["crosstalk"] = {"crosstalk_db": level, "length_km": 80.0, "definition": "total_from_neighbours"}
        if "loop" not in link and draw(st.booleans()):
            link["core_directions"] = [1, -1, 1, -1, 1, -1, 1]
            span["near_end_crosstalk_db"] = draw(st.floats(-150.0, -20.0))
            span["fan_reflection_db"] = draw(st.floats(-150.0, -10.0))
            fiber["crosstalk"]["opposite_crosstalk_db"] = draw(st.one_of(st.none(), st.floats(-120.0, -20.0)))
    if kind == "random":
        fiber |= {"coupling": "random", "spatial_mode_dispersion_ps_per_sqrt_km": draw(st.floats(0.0, 20.0))}
        link["mode_dependent_loss_rms_db"] = draw(st.floats(0.0, 2.0))
    fiber["dispersion_ps_per_nm_km"] = draw(st.sampled_from([17.0, 4.0, 0.5, 0.0, -10.0]))
    if draw(st.booleans()):
        width, count = draw(st.floats(20.0, 500.0)), draw(st.integers(1, 200))
        link["filters"] = {"bandwidth_ghz": width, "count": count, "order": draw(st.floats(0.5, 10.0))}
    transceiver = {"format": draw(st.sampled_from(["QPSK", "16QAM", "64QAM"]))}
    if draw(st.booleans()):
        transceiver["equalizer_window_ps"] = 10.0 ** draw(st.floats(-2.0, 4.0))
        fiber["polarization_mode_dispersion_ps_per_sqrt_km"] = draw(st.floats(0.0, 2.0))
    if draw(st.booleans()):
        transceiver["snr_db"] = draw(st.floats(0.0, 30.0))
    channels = {"channels": 4, "spacing_ghz": draw(st.floats(70.0, 600.0)), "symbol_rate_gbd": 64}
    system = System(
        spectrum={"groups": [{"band": "C", **channels}]}, fiber=fiber, link=link, models=models, transceiver=transceiver
    )
    if draw(st.booleans()):
        other = draw(st.floats(-8.0, 12.0))
        figures = [link["amplifier"]["noise_figure_db"], other]
        system = system.replace({"link.amplifier.noise_figure_db": xr.DataArray(figures, dims="point")})
    return system


def check_sound(system: System) -> None:
    try:
        found = evaluated(system)
    except DescriptionError:  # a failure that is told
        return
    assert unsound(system, found) == []


@at_most(40)
@given(system=systems())
def test_any_system__is_sound_where_its_status_is_zero(system: System) -> None:
    check_sound(system)
