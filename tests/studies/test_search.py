import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from small_systems import small

import mcfiber as mcf

LAUNCH, AREA, XT = "link.launch_power_dbm", "fiber.effective_area_um2", "fiber.crosstalk.crosstalk_db"
PITCH, CLADDING = "fiber.layout.pitch_um", "fiber.cladding_diameter_um"


def best_of_grid(over, output, keep=lambda result: True):
    result = mcf.sweep(small(), over, outputs=[output, "crosstalk:max"], workers=1)
    values = result[output.replace(":", "_")].where(keep(result))
    return float(values.max())


def test_optimize_design__finds_the_launch_power_that_a_fine_grid_finds():
    found = mcf.optimize_design(small(), {LAUNCH: (-8, 8)}, "snr:min", population=8, seed=3)
    grid = best_of_grid({LAUNCH: np.linspace(-8, 8, 2001)}, "snr:min")
    assert grid * (1 - 1e-4) < found.objectives["snr:min"] < grid * (1 + 1e-4)
    alone = found.result()
    assert float(alone["snr"].min()) == pytest.approx(found.objectives["snr:min"], rel=1e-12)
    assert found.system.link.launch_power_dbm == found.values[LAUNCH]
    assert int(alone["status"]) == 0


def test_optimize_design__constraints_on_outputs_and_variables_are_kept_and_reached():
    limit = 2e-5
    found = mcf.optimize_design(
        small(), {LAUNCH: (-4, 4), AREA: (60, 120), XT: (-60, -40)}, "snr:min",
        [("crosstalk:max", limit / 4, limit), (AREA, 0, 90)], population=8, generations=60,
    )  # fmt: skip
    crosstalk = float(found.result()["crosstalk"].max())
    assert limit / 4 <= crosstalk <= limit
    assert crosstalk < 1.02 * limit / 4  # least crosstalk is best
    assert 89.5 < found.values[AREA] <= 90  # and the largest area


def test_optimize_design__a_minus_minimises_and_a_variable_is_an_objective():
    found = mcf.optimize_design(
        small(), {CLADDING: (60, 200), PITCH: (30, 45)}, f"-{CLADDING}", [(PITCH, 40, 45)], population=10
    )
    assert 80 < found.objectives[CLADDING] < 80.5  # seven cores of pitch 40 and no cladding beyond
    assert 40 <= found.values[PITCH] < 40.3
    assert found.system.fiber.cladding_diameter_um == found.objectives[CLADDING] > 2 * found.values[PITCH]


def test_optimize_design__a_seed_is_a_design():
    options = {"population": 4, "generations": 4}
    first, again, other = (
        mcf.optimize_design(small(), {LAUNCH: (-8, 8), AREA: (60, 120)}, "snr:min", seed=seed, **options)
        for seed in (1, 1, 2)
    )
    assert first.values == again.values
    assert first.evaluations == again.evaluations
    assert first.values != other.values


@pytest.mark.parametrize(
    ("variables", "objective", "constraints", "told"),
    [
        ({}, "snr:min", [], r"variables: got \{\}; allowed: a table by path"),
        ({"fiber.pitch_um": (1, 2)}, "snr:min", [], "fiber.pitch_um|pitch_um"),
        ({LAUNCH: (2, 1)}, "snr:min", [], "the range"),
        ({LAUNCH: (1, 2, 3)}, "snr:min", [], "the range"),
        ({AREA: (-5, 100)}, "snr:min", [], "-5 um"),
        ({"link.span_count": (2, 5)}, "snr:min", [], "takes no axis"),
        ({LAUNCH: (1, 2)}, "snr", [], "write snr:max"),
        ({LAUNCH: (1, 2)}, "rate", [], "no variable 'rate'"),
        ({LAUNCH: (1, 2)}, "snr:min", [("crosstalk:max", 2, 1)], "smallest and the largest"),
        ({LAUNCH: (1, 2)}, "snr:min", [("crosstalk:max", 0, 1e-12)], "no design keeps them all.*crosstalk:max"),
        ({PITCH: (80, 90)}, "snr:min", [], "no design within the ranges can exist"),
    ],
)
def test_optimize_design__mistakes_and_impossible_wishes_are_told(variables, objective, constraints, told):
    with pytest.raises(mcf.DescriptionError, match=told):
        mcf.optimize_design(small(), variables, objective, constraints, population=4, generations=2)


# ---------------------------------------------------------------------------------------------------------
# fronts


def beaten(values, row):
    return any((other >= row).all() and (other > row).any() for other in values)


@given(hnp.arrays(float, st.tuples(st.integers(1, 40), st.integers(2, 3)), elements=st.integers(-4, 4).map(float)))
def test_non_dominated__is_what_brute_force_finds(values):
    kept = mcf.non_dominated(values)
    assert {tuple(values[k]) for k in kept} == {tuple(row) for row in values if not beaten(values, row)}
    assert len({tuple(values[k]) for k in kept}) == len(kept)
    assert (np.diff(values[kept, 0]) <= 0).all()


def test_pareto_front__no_design_of_it_or_of_a_grid_beats_another():
    variables, objectives = {XT: (-60, -40), LAUNCH: (-6, 6)}, ["total_net_rate", "-signal_power:max"]
    front = mcf.pareto_front(small(), variables, objectives, directions=4, population=8, generations=15)
    values = np.array([[one.objectives["total_net_rate"], -one.objectives["signal_power:max"]] for one in front])
    assert len(front) > 10
    assert not any(beaten(values, row) for row in values)
    grid = mcf.sweep(
        small(), {LAUNCH: np.linspace(-6, 6, 41), XT: [-60.0, -50.0]}, outputs=["total_net_rate", "signal_power:max"]
    )
    for rate, power in zip(grid["total_net_rate"].values.ravel(), grid["signal_power_max"].values.ravel(), strict=True):
        # For each design of the grid, the front has one that is as good to a few parts in a thousand.
        assert ((values[:, 0] >= rate * 0.995) & (values[:, 1] >= -power * 1.03)).any()
    for one in itertools.chain(front[:2], front[-2:]):
        assert float(one.result()["total_net_rate"]) == pytest.approx(one.objectives["total_net_rate"], rel=1e-12)


def test_pareto_front__three_objectives():
    variables = {XT: (-60, -30), LAUNCH: (-6, 6), CLADDING: (90, 200)}
    objectives = ["snr:min", f"-{CLADDING}", "-signal_power:max"]
    front = mcf.pareto_front(small(), variables, objectives, directions=2, population=6, generations=5)
    values = np.array([[one.objectives["snr:min"], -one.objectives[CLADDING], -one.objectives["signal_power:max"]]
                       for one in front])  # fmt: skip
    assert len(front) > 3
    assert not any(beaten(values, row) for row in values)


@pytest.mark.parametrize("objectives", [["snr:min"], ["snr:min", "snr:min"], ["a", "b", "c", "d"]])
def test_pareto_front__takes_two_or_three_objectives(objectives):
    with pytest.raises(mcf.DescriptionError, match="two or three"):
        mcf.pareto_front(small(), {LAUNCH: (-6, 6)}, objectives)
