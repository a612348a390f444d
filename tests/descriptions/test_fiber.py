"""The fibre's description: what fits together, and tables against wavelength."""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.layout import HexagonalLayout
from mcfiber.descriptions.values import WavelengthTable

CROSSTALK = {"crosstalk_db": -40, "length_km": 10, "definition": "pair"}
SEVEN = {"layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 42}, "cladding_diameter_um": 187}
WEAK = SEVEN | {"crosstalk": CROSSTALK}


def refusal(**values):
    with pytest.raises(DescriptionError) as caught:
        MulticoreFiber(**values)
    return dict(caught.value.problems)


def test_fiber__defaults_are_a_standard_core():
    fiber = MulticoreFiber(layout=HexagonalLayout(cores=1))
    assert (fiber.cores, fiber.coupled_cores) == (1, 1)
    assert fiber.cladding_diameter_um == 125
    assert fiber.attenuation_db_per_km == 0.2


def test_fiber__coupled_cores_are_received_together():
    assert MulticoreFiber(**SEVEN, coupling="random").coupled_cores == 7
    assert MulticoreFiber(**WEAK).coupled_cores == 1


@pytest.mark.parametrize(
    ("changes", "path", "part"),
    [
        ({"cladding_diameter_um": 83}, "cladding_diameter_um", "lies 0.5 um outside; allowed: above 84 um"),
        ({"cladding_diameter_um": 84}, "cladding_diameter_um", "widen the cladding"),
        ({"cladding_diameter_um": -1}, "cladding_diameter_um", "got -1 um; allowed: 10 to 2000 um"),
        ({"attenuation_db_per_km": -0.2}, "attenuation_db_per_km", "got -0.2 dB/km; allowed: above 0 dB/km"),
        ({"attenuation_db_per_km": 0}, "attenuation_db_per_km", "got 0 dB/km"),
        ({"attenuation_db_per_km": [0.2] * 6}, "attenuation_db_per_km", "got 6 values for 7 cores"),
        ({"attenuation_db_per_km": [0.2] * 6 + ["x"]}, "attenuation_db_per_km.6", "got 'x', which is not a number"),
        ({"attenuation_db_per_km": True}, "attenuation_db_per_km", "got true"),
        ({"attenuation_db_per_km": "0.2"}, "attenuation_db_per_km", "got '0.2', which is not a number"),
        ({"crosstalk": None}, "crosstalk", "weakly coupled cores need their measured crosstalk"),
        ({"coupling": "random"}, "crosstalk", "remove it"),
        ({"coupling": "strong"}, "coupling", "allowed: 'weak', 'random' or 'groups'"),
        ({"crosstalk": CROSSTALK | {"crosstalk_db": 40}}, "crosstalk.crosstalk_db", "allowed: -150 to -3 dB"),
        ({"crosstalk": CROSSTALK | {"definition": "sum"}}, "crosstalk.definition", "'total_from_neighbours'"),
        ({"crosstalk": CROSSTALK | {"length_km": 0}}, "crosstalk.length_km", "above 0 km"),
        ({"effective_area_um2": 0.5}, "effective_area_um2", "above 1 um^2"),
        ({"nonlinear_index_m2_per_w": 2.6}, "nonlinear_index_m2_per_w", "0 to 1e-17 m^2/W"),
        ({"dispersion_ps_per_nm_km": math.nan}, "dispersion_ps_per_nm_km", "got nan ps/(nm km)"),
        ({"bend_radius_mm": -math.inf}, "bend_radius_mm", "or infinity"),
        ({"layout": {"kind": "star", "cores": 7}}, "layout", "got a kind 'star'"),
        ({"layout": {"cores": 7}}, "layout", "does not say its kind"),
        ({"groups": [[0], [1, 2, 3, 4, 5, 6]]}, "groups", 'means nothing for coupling = "weak"'),
        ({"coupling": "groups"}, "groups", "is missing; give the core numbers"),
        ({"coupling": "groups", "groups": [[0, 1, 2], [3, 4, 5]]}, "groups", "core 6 is listed 0 times"),
        ({"coupling": "groups", "groups": [[0, 1, 2, 3], [3, 4, 5, 6]]}, "groups", "core 3 is listed 2 times"),
        ({"coupling": "groups", "groups": [[0, 1, 2, 3], [4, 5, 6, 7]]}, "groups", "got core 7; allowed: 0 to 6"),
        ({"coupling": "groups", "groups": [[*range(7)], []]}, "groups.1", "got an empty list"),
        (
            {"coupling": "groups", "groups": [[0, 1, 2, 3, 4, 5, True]]},
            "groups.0.6",
            "got true; allowed: a whole number",
        ),
        ({"coupling": "groups", "groups": [0]}, "groups.0", "allowed: a list of numbers"),
        ({"coupling": "groups", "groups": [[*range(7)]]}, "crosstalk", "received together"),
        ({"coupling": "groups", "groups": [[0], [*range(1, 7)]], "crosstalk": None}, "crosstalk", "is missing"),
        ({"atenuation_db_per_km": 0.2}, "atenuation_db_per_km", "did you mean attenuation_db_per_km?"),
    ],
)
def test_fiber__refuses(changes, path, part):
    problems = refusal(**(WEAK | changes))
    assert list(problems) == [path]
    assert part in problems[path]


def test_fiber__a_straight_fibre_has_an_infinite_bend_radius():
    assert MulticoreFiber(**WEAK, bend_radius_mm=math.inf).bend_radius_mm == math.inf


def test_fiber__cladding_too_small_for_some_points_is_no_mistake_of_the_description():
    pitch = xr.DataArray([42.0, 100.0], dims="pitch")
    assert MulticoreFiber(**WEAK).replace({"layout.pitch_um": pitch}).cores == 7


def test_fiber__losses_of_cores_may_hold_an_axis():
    axis = xr.DataArray([0.2, 0.3], dims="sample")
    fiber = MulticoreFiber(**WEAK, attenuation_db_per_km=[0.2] * 6 + [axis])
    assert fiber.attenuation_db_per_km[6].identical(axis)


# ---------------------------------------------------------------------------------------------------------
# cores of different radii

STEP = {"kind": "step", "delta_percent": 0.35}


def three(radius, pitch=15.0, **changes):
    """Cores at (-d/sqrt(3), ...) of a triangle with sides d."""
    layout = {"kind": "ring", "cores": 3, "pitch_um": pitch}
    return {"layout": layout, "core": STEP | {"radius_um": radius}} | changes


@pytest.mark.parametrize(
    ("radius", "pitch", "pair"),
    [
        ([4, 12, 12], 15, "cores 1 and 2 of 12 um"),
        ([12, 4, 12], 15, "cores 0 and 2 of 12 um"),
        ([12, 12, 4], 15, "cores 0 and 1 of 12 um"),
        ([17.6, 6.5, 9.5], 27, "cores 0 and 2 of 17.6 and 9.5 um"),
        ([9.5, 6.5, 17.6], 27, "cores 0 and 2 of 9.5 and 17.6 um"),
        (7.6, 15, "cores 0 and 1 of 7.6 um"),
        ([4, xr.DataArray([4.0, 5.0], dims="radius"), 12], 15, "cores 0 and 2 of 4 and 12 um"),
    ],
)
def test_fiber__every_pair_of_cores_keeps_apart(radius, pitch, pair):
    problems = refusal(**three(radius, pitch))
    assert list(problems) == ["layout.pitch_um"]
    assert f"{pair} radius overlap at a distance of {pitch} um" in problems["layout.pitch_um"]


@pytest.mark.parametrize("radius", [[17.5, 6.5, 9.5], [9.5, 6.5, 17.5], [6.5, 17.5, 9.5]])
def test_fiber__cores_may_touch_in_any_order(radius):
    assert MulticoreFiber(**three(radius, 27)).cores == 3


def test_fiber__custom_places_are_named():
    layout = {"kind": "custom", "positions_um": [[0, 0], [40, 0], [40, 20]]}
    problems = refusal(layout=layout, core=STEP | {"radius_um": [4, 12, 8.5]})
    assert "cores 1 and 2 of 12 and 8.5 um radius overlap at a distance of 20 um" in problems["layout.positions_um"]


def test_fiber__the_glass_holds_every_core_with_its_radius():
    layout = {"kind": "custom", "positions_um": [[0, 0], [30, 0], [-25, 0]]}
    values = {"layout": layout, "core": STEP | {"radius_um": [4, 4, 12]}}
    problems = refusal(**values, cladding_diameter_um=70)
    assert "core 2 with its radius of 12 um reaches 2 um outside; allowed: at least 74 um" in str(problems)
    assert MulticoreFiber(**values, cladding_diameter_um=74).cores == 3


@given(st.lists(st.floats(1, 12), min_size=4, max_size=4), st.permutations(range(4)), st.floats(10, 25))
def test_fiber__order_of_cores_decides_nothing(radii, order, scale):
    places = np.array([[0, 0], [1, 0], [0, 1.3], [1.1, 1.2]]) * scale

    def accepted(index):
        try:
            MulticoreFiber(
                layout={"kind": "custom", "positions_um": places[index].tolist()},
                core=STEP | {"radius_um": [radii[core] for core in index]},
            )
        except DescriptionError:
            return False
        return True

    touching = any(
        radii[one] + radii[two] > math.dist(places[one], places[two]) for one in range(4) for two in range(one)
    )
    assert accepted(list(range(4))) == accepted(list(order)) == (not touching)


# ---------------------------------------------------------------------------------------------------------
# tables

TABLE = WavelengthTable(wavelength_nm=[1530, 1550, 1600], value=[0.22, 0.20, 0.30])


def test_table__interpolates_linearly():
    asked = np.array([1530, 1540, 1550, 1575, 1600])
    np.testing.assert_allclose(TABLE.at(asked), [0.22, 0.21, 0.20, 0.25, 0.30], rtol=1e-14)
    assert TABLE.at(1540) == pytest.approx(0.21)


@given(st.floats(1000, 2000))
def test_table__is_never_extrapolated(wavelength):
    if 1530 <= wavelength <= 1600:
        assert 0.20 - 1e-15 <= TABLE.at(wavelength) <= 0.30 + 1e-15
    else:
        with pytest.raises(ValueError, match=r"the table covers 1530 to 1600 nm, asked for .*nothing is extrapolated"):
            TABLE.at(wavelength)


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"wavelength_nm": [1550], "value": [0.2]}, "wavelength_nm"),
        ({"wavelength_nm": [1550, 1530], "value": [0.2, 0.2]}, "wavelength_nm"),
        ({"wavelength_nm": [1530, 1530], "value": [0.2, 0.2]}, "wavelength_nm"),
        ({"wavelength_nm": [1530, 1550], "value": [0.2]}, "value"),
        ({"wavelength_nm": [1.53, 1.55], "value": [0.2, 0.2]}, "wavelength_nm.0"),
        ({"wavelength_nm": 1550, "value": 0.2}, "wavelength_nm"),
        ({"wavelength_nm": [1530, 1550], "value": 0.2}, "value"),
        ({"wavelength_nm": [1530, 1550]}, "value"),
    ],
)
def test_table__refuses(values, path):
    with pytest.raises(DescriptionError) as caught:
        WavelengthTable(**values)
    assert caught.value.problems[0][0] == path


@pytest.mark.parametrize("loss", [-0.1, 0.0, 1000.0])
def test_fiber__a_table_of_losses_holds_losses(loss):
    table = {"wavelength_nm": [1500, 1600], "value": [0.2, loss]}
    problems = refusal(**(WEAK | {"attenuation_db_per_km": table}))
    assert list(problems) == ["attenuation_db_per_km.value.1"]
    assert "dB/km" in problems["attenuation_db_per_km.value.1"]


def test_fiber__says_what_is_wrong_in_a_table():
    problems = refusal(**(WEAK | {"attenuation_db_per_km": {"wavelength_nm": [1500, 1600], "values": [0.2, 0.2]}}))
    assert "did you mean value?" in problems["attenuation_db_per_km.values"]
