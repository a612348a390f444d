import numpy as np
import pytest
import xarray as xr

from mcfiber import DescriptionError, HexagonalLayout, MulticoreFiber, Spectrum, System
from mcfiber.descriptions.profile import StepCore, TrenchAssistedCore
from mcfiber.fiber.channels import channels
from mcfiber.fiber.coupling import core_coupling
from mcfiber.fiber.medium import medium
from mcfiber.fiber.modes import core_modes
from mcfiber.labelled import renamed

GRID = channels(Spectrum(groups=[{"band": "C", "channels": 5, "spacing_ghz": 800, "symbol_rate_gbd": 90}]))
TRENCH = TrenchAssistedCore(radius_um=4.5, delta_percent=0.36, trench_delta_percent=-0.7)
FIBER = MulticoreFiber(layout=HexagonalLayout(cores=7, pitch_um=42), cladding_diameter_um=187, core=TRENCH)
WAVELENGTH_NM = 299792458.0 / GRID.frequency * 1e9


def test_left_out__computed():
    glass = medium(FIBER, GRID)
    modes = core_modes(FIBER, wavelength_nm=WAVELENGTH_NM)
    beta2 = -modes.dispersion * (WAVELENGTH_NM * 1e-9) ** 2 / (2 * np.pi * 299792458.0)
    np.testing.assert_allclose(glass.group_velocity_dispersion.values, beta2.values, rtol=1e-10)
    gamma = 2 * np.pi * 2.6e-20 / (WAVELENGTH_NM * 1e-9) / modes.effective_area
    np.testing.assert_allclose(glass.nonlinear_coefficient.values, gamma.values, rtol=1e-12)
    h = core_coupling(FIBER, wavelength_nm=WAVELENGTH_NM).power_coupling
    np.testing.assert_allclose(glass.power_coupling.transpose(*h.dims).values, h.values, rtol=1e-12)
    assert glass.attenuation.isel(core=0, channel=2).item() * 1e4 / np.log(10) == pytest.approx(0.19, abs=2e-3)


def test_given__wins():
    given = {
        "attenuation_db_per_km": 0.3,
        "dispersion_ps_per_nm_km": 5.0,
        "dispersion_slope_ps_per_nm2_km": 0.1,
        "effective_area_um2": 100.0,
        "crosstalk": {"crosstalk_db": -40, "length_km": 10, "definition": "pair", "slope_db_per_nm": 0},
    }
    glass = medium(FIBER.replace(given), GRID)
    described = medium(MulticoreFiber(layout=FIBER.layout, cladding_diameter_um=187, **given), GRID)
    for name in ("attenuation", "group_velocity_dispersion", "nonlinear_coefficient", "power_coupling"):
        assert np.array_equal(np.asarray(getattr(glass, name)), np.asarray(getattr(described, name))), name


def test_dispersion_or_slope_given__the_other_computed():
    middle = core_modes(FIBER, wavelength_nm=1550)
    slope = middle.dispersion_slope.item() * 1e-3
    mixed = medium(FIBER.replace({"dispersion_ps_per_nm_km": 5.0}), GRID).group_velocity_dispersion
    both = FIBER.replace({"dispersion_ps_per_nm_km": 5.0, "dispersion_slope_ps_per_nm2_km": slope})
    expected = medium(both, GRID).group_velocity_dispersion
    np.testing.assert_allclose(mixed.values, expected.values, rtol=1e-10)


def test_random_coupling__cores_share_their_loss():
    fiber = MulticoreFiber(
        layout=HexagonalLayout(cores=19, pitch_um=18),
        coupling="random",
        core=StepCore(radius_um=4.1, delta_percent=0.55),
    )
    glass = medium(fiber, GRID)
    assert glass.attenuation.dims == ("channel",)
    assert glass.power_coupling is None


def test_refused_where_single_and_marked_where_swept():
    wide = StepCore(radius_um=6, delta_percent=0.4)
    with pytest.raises(DescriptionError, match=r"core: is multimode at 15"):
        medium(FIBER.replace({"core": wide}), GRID)
    with pytest.raises(ValueError, match="LP01 is not guided"):
        medium(FIBER.replace({"core": TRENCH.replace({"delta_percent": 0.01})}), GRID)
    radius = xr.DataArray([2.0, 4.5, 6.0], dims="radius")
    swept = FIBER.replace({"core": TRENCH.replace({"radius_um": radius, "delta_percent": 0.3})})
    glass = medium(swept, GRID)
    assert glass.problems["core_multimode"].values.tolist() == [False, False, True]
    assert glass.problems["core_not_guided"].values.tolist() == [True, False, False]
    assert medium(FIBER, GRID).problems["core_not_guided"] is False
    assert np.isnan(glass.group_velocity_dispersion.isel(radius=0)).all()


def budget(fiber, **link):
    return System(
        spectrum=Spectrum(groups=[{"band": "C", "channels": 5, "spacing_ghz": 800, "symbol_rate_gbd": 90}]),
        fiber=fiber,
        link={"span": {"length_km": 80}, "span_count": 3} | link,
    ).evaluate()


def test_budget__crosstalk_is_measured_where_given_and_computed_otherwise():
    computed = budget(FIBER)
    pairs = core_coupling(FIBER, wavelength_nm=WAVELENGTH_NM).power_coupling * 240e3
    expected = pairs.sum("core_in").rename(core_out="core")
    assert float(expected.max()) < 1e-4  # so that first order is good to 1e-3
    np.testing.assert_allclose(computed.crosstalk.transpose(*expected.dims), expected, rtol=1e-3)
    measured = {"crosstalk_db": -30, "length_km": 240, "definition": "total_from_neighbours", "slope_db_per_nm": 0}
    given = budget(FIBER.replace({"crosstalk": measured}))
    assert float(given.crosstalk.max()) == pytest.approx(1e-3, rel=1e-7)  # the coating adds a little loss outside


def test_budget__computed_coupling_is_reciprocal_and_falls_with_pitch():
    coupling = medium(FIBER, GRID).power_coupling
    turned = renamed(coupling, core_out="core_in", core_in="core_out").transpose(*coupling.dims)
    np.testing.assert_allclose(coupling, turned, rtol=1e-14)
    pitch = xr.DataArray([38.0, 40.0, 42.0, 45.0], dims="pitch")
    level = budget(FIBER.replace({"layout.pitch_um": pitch})).crosstalk.transpose("pitch", "core", "channel")
    assert (np.diff(level, axis=0) < 0).all()
    assert (np.diff(level.isel(core=0), axis=-1) < 0).all()  # and with frequency


def test_budget__computed_coupling_in_both_directions():
    same, both = budget(FIBER), budget(FIBER, core_directions=[1, -1, 1, -1, 1, -1, 1])
    assert (both.crosstalk.max("channel") < same.crosstalk.max("channel")).all()
