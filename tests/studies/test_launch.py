"""Launch powers: exact gradients, the closed law, optimality, limits, refusals."""

import math
import re
from typing import Any

import numpy as np
import pytest

import mcfiber as mcf
from mcfiber import DescriptionError
from mcfiber.descriptions.models import INTERFERENCE
from mcfiber.evaluate import records
from mcfiber.line.budget import NOISES
from mcfiber.studies.launch import CoreLaunchProblem, LaunchProblem, optimize_launch
from mcfiber.studies.launch_gradient import GRADIENTS, NoiseOfLaunch, optimum_power

MODELS: dict[str, dict[str, Any]] = {
    "gn": {},
    "gn with scattering": {"models.raman": "silica"},
    "isrs_gn": {"models.nonlinear_interference": "isrs_gn"},
    "isrs_gn with scattering": {
        "models.nonlinear_interference": "isrs_gn",
        "models.raman": "silica",
        "models.accumulation": "coherent",
    },
}


def system(changes: dict[str, Any] | None = None) -> mcf.System:
    base = mcf.System(
        spectrum={
            "groups": [
                {
                    "band": "L",
                    "channels": 11,
                    "spacing_ghz": 400,
                    "symbol_rate_gbd": 380,
                    "lowest_frequency_thz": 186.5,
                },
                {
                    "band": "C",
                    "channels": 10,
                    "spacing_ghz": 400,
                    "symbol_rate_gbd": 350,
                    "lowest_frequency_thz": 191.6,
                },
            ]
        },
        fiber={"layout": {"kind": "hexagonal", "cores": 1}, "dispersion_slope_ps_per_nm2_km": 0.06},
        link={"span": {"length_km": 80, "fan_in_loss_db": 1.0}, "span_count": 20, "launch_power_dbm": 8.0},
        transceiver={"snr_db": 20.0},
    )
    return base.replace(changes or {})


def central_difference(problem: LaunchProblem, launch: Any, k: int) -> float:
    step = 1e-4 * launch[k]
    up, down = launch.copy(), launch.copy()
    up[k] += step
    down[k] -= step
    return (problem.value_and_gradient(up)[0] - problem.value_and_gradient(down)[0]) / (2 * step)


def check_gradient(problem: LaunchProblem, count: int) -> None:
    launch = problem.start * np.random.default_rng(3).uniform(0.5, 1.5, count)
    _, gradient = problem.value_and_gradient(launch)
    differences = [central_difference(problem, launch, k) for k in range(count)]
    np.testing.assert_allclose(gradient, differences, atol=1e-6 * np.abs(gradient).max())


@pytest.mark.parametrize("objective", ["net_rate", "shannon", "minimum_snr"])
@pytest.mark.parametrize("model", MODELS)
def test_gradient__equals_finite_differences(model: str, objective: Any) -> None:
    check_gradient(LaunchProblem(system(MODELS[model]), objective), 21)


def test_gradient__different_spans_and_cores() -> None:
    fiber = {
        "layout": {"kind": "ring", "cores": 3, "pitch_um": 40},
        "cladding_diameter_um": 180,
        "attenuation_db_per_km": [0.19, 0.2, 0.22],
        "crosstalk": {"crosstalk_db": -45, "length_km": 80, "definition": "pair"},
    }
    spans = [{"length_km": 80}, {"length_km": 90, "lumped_losses": [{"position_km": 20, "loss_db": 1.0}]}]
    link = {"span": spans, "launch_power_dbm": 5.0}
    check_gradient(LaunchProblem(system(MODELS["isrs_gn with scattering"] | {"fiber": fiber, "link": link})), 21)


@pytest.mark.parametrize("model", MODELS)
def test_problem__value_is_that_of_the_evaluation(model: str) -> None:
    one = system(MODELS[model])
    problem = LaunchProblem(one)
    launch = np.full(21, 10**0.8 * 1e-3)
    assert problem.value(launch) == pytest.approx(float(one.evaluate().total_net_rate), rel=1e-10)
    smallest = LaunchProblem(one, "minimum_snr").value(launch)
    assert smallest == pytest.approx(float(one.evaluate().snr.min()), rel=1e-10)


def test_problem__mode_dispersion_of_coupled_cores() -> None:
    fiber = {
        "layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 18},
        "coupling": "random",
        "spatial_mode_dispersion_ps_per_sqrt_km": 9.0,
    }
    one = system(MODELS["isrs_gn"] | {"fiber": fiber, "link.launch_power_dbm": 12.0})
    problem = LaunchProblem(one)
    assert problem.value(np.full(21, 10**1.2 * 1e-3)) == pytest.approx(float(one.evaluate().total_net_rate), rel=1e-10)
    best = optimize_launch(one)
    assert float(best.result.total_net_rate) == pytest.approx(best.value, rel=1e-9)
    draw = np.random.default_rng(0)
    launch = 1e-3 * 10 ** (best.launch_power_dbm / 10)
    for _ in range(10):
        assert problem.value(launch * np.exp(0.1 * draw.normal(size=21))) < best.value


def test_law__vector() -> None:
    assert optimum_power(5e-6, 1000.0) == pytest.approx(0.0013572088082974539, rel=1e-12)


def test_optimum__is_the_closed_law_for_one_channel() -> None:
    one = system({"spectrum": {"frequency_thz": [193.4], "symbol_rate_gbd": 64.0}})
    best = optimize_launch(one, objective="shannon")
    result = one.evaluate()
    eta = float((result.nli_power / result.signal_power**3)[0])
    law = optimum_power(float(result.ase_power[0]), eta)
    assert best.launch_power_dbm[0] == pytest.approx(10 * math.log10(law * 1e3), abs=1e-4)
    # There the interference is half the amplifiers' noise, whatever crosstalk and transceivers add.
    assert float(best.result.snr_nli[0] / best.result.snr_ase[0]) == pytest.approx(2.0, rel=1e-4)


@pytest.mark.parametrize("objective", ["net_rate", "shannon"])
def test_optimum__beats_any_perturbation(objective: Any) -> None:
    one = system(MODELS["isrs_gn with scattering"])
    best = optimize_launch(one, objective=objective)
    problem = LaunchProblem(one, objective)
    launch = 1e-3 * 10 ** (best.launch_power_dbm / 10)
    draw = np.random.default_rng(0)
    for size in (0.003, 0.03, 0.3):
        for _ in range(10):
            assert problem.value(launch * np.exp(size * draw.normal(size=21))) < best.value


def test_optimum__more_freedom_is_never_worse() -> None:
    one = system(MODELS["isrs_gn with scattering"])
    flat, bands, free = (optimize_launch(one, by=by) for by in ("flat", "band", "channel"))
    assert float(one.evaluate().total_net_rate) < flat.value < bands.value < free.value
    assert flat.system.link.launch_power_dbm == pytest.approx(flat.launch_power_dbm[0])
    assert set(bands.system.link.launch_power_dbm) == {"L", "C"}
    for best in (flat, bands, free):
        assert float(best.result.total_net_rate) == pytest.approx(best.value, rel=1e-9)


def test_optimum__worst_channel() -> None:
    one = system(MODELS["isrs_gn with scattering"])
    fair, rich = (optimize_launch(one, objective=objective) for objective in ("minimum_snr", "shannon"))
    assert fair.value > float(rich.result.snr.min())
    assert float(fair.result.snr.max() / fair.result.snr.min()) < 1.05  # all channels end up alike


@pytest.mark.parametrize("by", ["channel", "band", "flat"])
def test_optimum__power_limits(by: Any) -> None:
    one = system()
    free = optimize_launch(one, by=by)
    total = 10 * np.log10((10 ** (free.launch_power_dbm / 10)).sum())
    limited = optimize_launch(one, by=by, core_power_limit_dbm=total - 3)
    reached = 10 * np.log10((10 ** (limited.launch_power_dbm / 10)).sum())
    assert reached == pytest.approx(total - 3, abs=1e-9)
    assert limited.value < free.value
    loose = optimize_launch(one, by=by, core_power_limit_dbm=total + 1)
    assert loose.value == pytest.approx(free.value, rel=1e-9)


def test_optimum__limit_of_the_fibre_is_shared_by_its_cores() -> None:
    coupled = {"layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 18}, "coupling": "random"}
    best = optimize_launch(system({"fiber": coupled}), fiber_power_limit_dbm=20.0)
    reached = 7 * (10 ** (best.launch_power_dbm / 10)).sum()
    assert 10 * math.log10(reached) == pytest.approx(20.0, abs=1e-9)


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({}, {"by": "core"}, "by: got 'core'; allowed: 'channel', 'band', 'flat'"),
        ({}, {"objective": "osnr"}, "objective: got 'osnr'; allowed: 'net_rate', 'shannon', 'minimum_snr'"),
        ({"models.nonlinear_interference": "gn_integral"}, {}, "this model has no gradient"),
        ({"models.raman": "triangular"}, {}, 'launch powers are optimised with "silica" or "none"'),
        (
            {"models.nonlinear_interference": "isrs_gn", "models.format_correction": True},
            {},
            "optimised for Gaussian symbols",
        ),
        (
            {"transceiver.code": {"kind": "fixed_rate", "code_rate": 0.8, "ngmi_threshold": 0.85}},
            {},
            "the net rate climbs in steps",
        ),
        (
            {
                "models.raman": "silica",
                "link.span": {"length_km": 80, "raman_pumps": [{"wavelength_nm": 1450, "power_mw": 100}]},
            },
            {},
            "optimised for lines without pumps",
        ),
        (
            {"link.core_permutation": [0]},
            {},
            "link.core_permutation: launch powers are optimised for signals that keep",
        ),
    ],
)
def test_refused(changes: dict[str, Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(DescriptionError, match=re.escape(message)):
        optimize_launch(system(changes), **options)


def test_gradient__is_known_for_what_the_tables_say() -> None:
    assert set(GRADIENTS) == {name for name, row in INTERFERENCE.items() if row.gradient}
    assert [row.name for row in NOISES if row.follows == "gradient"] == ["amplifier_noise", "nonlinear_interference"]


def test_gradient__no_model_is_taken_for_another() -> None:
    scene, _ = records(system({"models.nonlinear_interference": "gn_integral"}))
    with pytest.raises(DescriptionError, match="got 'gn_integral', which has no gradient; optimise with \"gn\""):
        NoiseOfLaunch(scene)


def test_refused__axes() -> None:
    import xarray as xr

    with pytest.raises(DescriptionError, match=r"has the axes launch; give numbers"):
        optimize_launch(system({"link.launch_power_dbm": xr.DataArray([0.0, 1.0], dims="launch")}))


# ---------------------------------------------------------------------------------------------------------
# groups of cores


RINGS = [[0], [1, 2, 3, 4, 5, 6]]


def seven(changes: dict[str, Any] | None = None) -> mcf.System:
    cores = {
        "fiber.layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 40.0},
        "fiber.cladding_diameter_um": 160.0,
        "fiber.crosstalk": {"crosstalk_db": -33.0, "length_km": 80.0, "definition": "pair", "slope_db_per_nm": 0.02},
    }
    return system(cores).replace(changes or {})


@pytest.mark.parametrize("objective", ["net_rate", "minimum_snr"])
@pytest.mark.parametrize("changes", [{}, {"fiber.attenuation_db_per_km": [0.19, 0.2, 0.2, 0.21, 0.2, 0.2, 0.22]}])
def test_core_groups__gradient_is_that_of_differences(objective: Any, changes: dict[str, Any]) -> None:
    problem = CoreLaunchProblem(seven(changes), [[0], [1, 3, 5], [2, 4, 6]], objective)
    launch, offset = problem.start * np.linspace(0.8, 1.2, problem.start.size), np.array([1.0, 0.8, 1.3])
    _, by_launch, by_offset = problem.by_cores(launch, offset)
    for k in (0, 10, 20):
        step = np.zeros_like(launch)
        step[k] = 1e-4 * launch[k]
        up, down = (problem.by_cores(launch + sign * step, offset)[0] for sign in (1, -1))
        assert by_launch[k] == pytest.approx((up - down) / (2 * step[k]), rel=1e-6)
    for group in range(3):
        factor = np.ones(3)
        factor[group] = math.exp(1e-4)
        up, down = (problem.by_cores(launch, offset * factor**sign)[0] for sign in (1, -1))
        assert by_offset[group] == pytest.approx((up - down) / 2e-4, rel=1e-6)


def test_core_groups__equal_launches_are_the_problem_without_groups() -> None:
    whole, grouped = LaunchProblem(seven()), CoreLaunchProblem(seven(), RINGS)
    value, by_launch, _ = grouped.by_cores(whole.start, np.ones(2))
    assert value == pytest.approx(whole.value(whole.start), rel=1e-12)
    np.testing.assert_allclose(by_launch, whole.value_and_gradient(whole.start)[1], rtol=1e-9)


def test_core_groups__optimum_is_the_evaluated_rate_and_beats_its_neighbours() -> None:
    best = optimize_launch(seven(), by="flat", core_groups=RINGS)
    assert best.value == pytest.approx(float(best.result.total_net_rate), rel=1e-9)
    assert best.value > optimize_launch(seven(), by="flat").value
    assert best.core_launch_offset_db is not None
    assert best.core_launch_offset_db[0] == 0.0
    for moved in (-0.2, 0.2):
        shifted = (0.0, *(best.core_launch_offset_db[1:] + moved))
        other = best.system.replace({"link.core_launch_offset_db": shifted}).evaluate()
        assert float(other.total_net_rate) <= best.value
        louder = best.system.replace({"link.launch_power_dbm": best.system.link.launch_power_dbm + moved}).evaluate()
        assert float(louder.total_net_rate) <= best.value


def test_core_groups__without_crosstalk_no_core_is_quiet() -> None:
    quiet = {"fiber.crosstalk.crosstalk_db": -120.0}
    best = optimize_launch(seven(quiet), by="band", core_groups=RINGS)
    assert best.core_launch_offset_db == pytest.approx(0.0, abs=1e-3)
    assert best.value == pytest.approx(optimize_launch(seven(quiet), by="band").value, rel=1e-9)


def test_core_groups__limits_hold() -> None:
    core, fiber = 15.0, 22.0  # dBm
    best = optimize_launch(
        seven(), by="band", core_groups=RINGS, core_power_limit_dbm=core, fiber_power_limit_dbm=fiber
    )
    assert best.core_launch_offset_db is not None
    totals = np.sum(10 ** (best.launch_power_dbm / 10)) * 10 ** (best.core_launch_offset_db / 10)
    assert 10 * math.log10(totals.max()) <= core + 1e-6
    assert 10 * math.log10(totals.sum()) <= fiber + 1e-6
    assert max(10 * math.log10(totals.max()) - core, 10 * math.log10(totals.sum()) - fiber) == pytest.approx(
        0, abs=1e-4
    )


def test_core_groups__minimum_is_levelled() -> None:
    best = optimize_launch(seven(), by="flat", core_groups=RINGS, objective="minimum_snr")
    alike = optimize_launch(seven(), by="flat", objective="minimum_snr")
    assert best.value == pytest.approx(float(best.result.snr.min()), rel=1e-12)
    assert best.value > alike.value


@pytest.mark.parametrize("groups", [[[0], [1, 2]], [[0, 0], [1, 2, 3, 4, 5, 6]], [list(range(8))]])
def test_core_groups__every_core_in_one(groups: Any) -> None:
    with pytest.raises(DescriptionError, match="core_groups: got"):
        optimize_launch(seven(), core_groups=groups)


def test_optimum__counts_crosstalk_that_is_exceeded_with_a_probability() -> None:
    rare = seven({"models.crosstalk_probability": 1e-4, "fiber.skew_ps_per_km": 100.0})
    best = optimize_launch(rare, by="flat")
    assert best.value == pytest.approx(float(best.result.total_net_rate), rel=1e-9)
    with pytest.raises(DescriptionError, match="core_groups: are launched for the mean crosstalk"):
        optimize_launch(rare, by="flat", core_groups=RINGS)


def test_core_groups__coupled_cores_have_no_power_of_their_own() -> None:
    with pytest.raises(DescriptionError, match="core_groups: randomly coupled"):
        optimize_launch(mcf.load("nict-2025-1808km").system, core_groups=[list(range(19))])
