"""Measured crosstalk: by pair, with the slope and the bends of the glass, and warnings where it does not fit."""

import math
import warnings

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
from small_systems import small

import mcfiber as mcf
from mcfiber.descriptions.errors import DescriptionError, ValidityWarning
from mcfiber.fiber.channels import channels
from mcfiber.fiber.coupling import INDEX, bend_factor
from mcfiber.fiber.geometry import core_places
from mcfiber.fiber.medium import medium

STEP = {"kind": "step", "radius_um": 4.5, "delta_percent": 0.35}


def grid(channels_=3, spacing=100.0):
    group = {"band": "C", "channels": channels_, "spacing_ghz": spacing, "symbol_rate_gbd": 32}
    return mcf.Spectrum(groups=[group])


def levels(cores=7, seed=3):
    drawn = np.random.default_rng(seed).uniform(-60, -40, (cores, cores))
    np.fill_diagonal(drawn, np.nan)
    return drawn


def test_pairs__crosstalk_of_one_lit_core_comes_back():
    matrix = levels()
    measured = {"crosstalk_db": matrix.tolist(), "length_km": 80, "definition": "pair", "slope_db_per_nm": 0}
    found = mcf.mean_crosstalk(small(crosstalk=measured).fiber, grid(), length_km=80)
    off = ~np.eye(7, dtype=bool)
    np.testing.assert_allclose(10 * np.log10(found.values[off]), matrix[off], atol=0.02)  # two hops besides


def test_pairs__are_exact_for_two_cores():
    matrix = [[0, -12.0], [-12.0, 0]]
    fiber = mcf.MulticoreFiber(
        layout={"kind": "ring", "cores": 2, "pitch_um": 40},
        crosstalk={"crosstalk_db": matrix, "length_km": 10, "definition": "pair", "slope_db_per_nm": 0},
    )
    found = mcf.mean_crosstalk(fiber, grid(), length_km=10)
    np.testing.assert_allclose(found.values[[0, 1], [1, 0]], 10**-1.2, rtol=1e-13)
    h = math.atanh(10**-1.2) / 10e3
    long = mcf.mean_crosstalk(fiber, grid(), length_km=300)
    matrix = scipy.linalg.expm(np.array([[-h, h], [h, -h]]) * 300e3)
    assert float(long[0, 1]) == pytest.approx(matrix[0, 1] / matrix[0, 0], rel=1e-12)


def test_pairs__in_a_system_are_those_of_the_matrix():
    measured = {"crosstalk_db": levels(), "length_km": 80, "definition": "pair", "slope_db_per_nm": 0}
    system = small(crosstalk=measured)
    total = 10 ** (np.nan_to_num(levels(), nan=-np.inf) / 10)
    np.testing.assert_allclose(system.evaluate().crosstalk, 2 * total.sum(axis=1), rtol=5e-3)


def test_pairs__between_groups_are_their_mean():
    base = {"layout": {"kind": "custom", "positions_um": [[-40, 0], [-25, 0], [25, 0], [40, 0]]}, "coupling": "groups"}
    matrix = levels(4)
    measured = {"crosstalk_db": matrix, "length_km": 80, "definition": "pair", "slope_db_per_nm": 0}
    fiber = mcf.MulticoreFiber(**base, groups=[[0, 1], [2, 3]], crosstalk=measured)
    coupling = medium(fiber, channels(grid())).power_coupling.values
    ratio = 10 ** (matrix / 10)
    expected = np.arctanh(ratio[:2, 2:].mean()) / 80e3
    np.testing.assert_allclose(coupling[:2, 2:], expected, rtol=1e-12)
    np.testing.assert_array_equal(coupling[:2, :2], 0.0)


def test_slope__is_that_of_the_glass_where_it_is_known():
    measured = {"crosstalk_db": -45, "length_km": 100, "definition": "pair", "wavelength_nm": 1550}
    fiber = small(core=STEP, crosstalk=measured).fiber
    wide = mcf.Spectrum(frequency_thz=[193.414489 - 0.62, 193.414489 + 0.62], symbol_rate_gbd=32)
    found = mcf.mean_crosstalk(fiber, wide, length_km=1).isel(core_out=0, core_in=1)
    nanometres = channels(wide).wavelength.values * 1e9
    slope = 10 * np.log10(float(found[0] / found[1])) / (nanometres[0] - nanometres[1])
    assert slope == pytest.approx(0.10515, abs=2e-3)  # step core of 4.5 um, 0.35 %, 40 um at 1550 nm


def test_slope__unknown_over_a_wide_band_is_warned_of():
    measured = {"crosstalk_db": -40, "length_km": 100, "definition": "pair"}
    fiber = small(crosstalk=measured).fiber
    with pytest.warns(ValidityWarning, match="no slope_db_per_nm, and the channels reach over 2. nm"):
        medium(fiber, channels(grid(3, 1400.0)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        medium(fiber, channels(grid()))
        medium(fiber.replace({"crosstalk.slope_db_per_nm": 0.0}), channels(grid(3, 1400.0)))


def test_bends__a_cable_couples_more_than_its_spool():
    spool = {"crosstalk_db": -46.5, "length_km": 100, "definition": "pair", "slope_db_per_nm": 0, "bend_radius_mm": 140}
    fiber = small(crosstalk=spool, bend_radius_mm=1500).fiber
    cable = 10 * math.log10(mcf.mean_crosstalk(fiber, grid(), length_km=100).isel(core_out=0, core_in=1))
    assert cable == pytest.approx(-36.2, abs=0.15)
    glass = small(core=STEP, crosstalk=None)
    ratio = [
        float(mcf.core_coupling(glass.fiber.replace({"bend_radius_mm": r}), wavelength_nm=1550).power_coupling[0, 1])
        for r in (1500, 140)
    ]
    assert cable + 46.5 == pytest.approx(10 * math.log10(ratio[0] / ratio[1]), abs=0.01)


@pytest.mark.parametrize("radius", [0.14, 1.5, 20.0])
def test_bends__mean_over_unlike_cores(radius):
    places = core_places(small().fiber.layout)
    spread, correlation = 5e-6, 0.05
    beta = INDEX * 2 * math.pi / 1550e-9
    bend = beta * 40e-6 / radius

    def local(difference):
        mismatch = beta * difference / INDEX
        return (2 * correlation / np.sqrt((1 + 1j * mismatch * correlation) ** 2 + (bend * correlation) ** 2)).real

    sigma = spread * math.sqrt(2)
    weighed = lambda n: local(n) * math.exp(-0.5 * (n / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))  # noqa: E731
    expected = scipy.integrate.quad(weighed, -8 * sigma, 8 * sigma, limit=500, epsrel=1e-10)[0]
    found = bend_factor((correlation, spread), radius, places, 1550e-9)
    assert float(found) == pytest.approx(expected, rel=1e-6)


def test_index_spread__lowers_crosstalk_of_straight_fibres():
    glass = small(core=STEP, crosstalk=None, bend_radius_mm=5000).fiber
    even, spread = (
        float(mcf.core_coupling(glass.replace({"index_spread": n}), wavelength_nm=1550).power_coupling[0, 1])
        for n in (0.0, 1e-5)
    )
    assert spread < 0.8 * even


def test_coupling__that_the_glass_denies_is_warned_of():
    base = {"crosstalk": None, "coupling": "random", "core": STEP, "cladding_diameter_um": 200.0}
    apart = small(**base, layout={"kind": "hexagonal", "cores": 7, "pitch_um": 45}).fiber
    with pytest.warns(ValidityWarning, match='fiber.coupling: "random" says that cores mix'):
        medium(apart, channels(grid()))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        medium(small(**base, layout={"kind": "hexagonal", "cores": 7, "pitch_um": 20}).fiber, channels(grid()))


@pytest.mark.parametrize(
    ("change", "start"),
    [
        ({"crosstalk_db": [[0, -40], [-40, 0]]}, "fiber.crosstalk.crosstalk_db: got a matrix of 2 cores for 7"),
        ({"crosstalk_db": [[0, -40], [-40]]}, "fiber.crosstalk.crosstalk_db.core_out_core_in: got 2 rows"),
        ({"crosstalk_db": [[-30, -40], [-40, 0]]}, "fiber.crosstalk.crosstalk_db.core_out_core_in: got -30"),
        ({"crosstalk_db": [[0, -1], [-40, 0]]}, "fiber.crosstalk.crosstalk_db.core_out_core_in.0.1: got -1 dB"),
        (
            {"crosstalk_db": levels(), "definition": "total_from_neighbours"},
            'fiber.crosstalk.definition: got "total_from_neighbours" with a matrix',
        ),
    ],
)
def test_measured__refuses(change, start):
    with pytest.raises(DescriptionError) as caught:
        small().replace({"fiber.crosstalk": {"crosstalk_db": -40, "length_km": 80, "definition": "pair"} | change})
    assert str(caught.value).startswith(start), str(caught.value)
