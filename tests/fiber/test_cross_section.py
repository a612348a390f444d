import numpy as np
import pytest
import xarray as xr

from mcfiber import HexagonalLayout, MulticoreFiber
from mcfiber.descriptions.profile import RingsCore, StepCore, TrenchAssistedCore
from mcfiber.fiber.attenuation import core_attenuation
from mcfiber.fiber.coupling import core_coupling
from mcfiber.fiber.cross_section import largest_layout, matched_core, required_cladding_thickness, required_pitch
from mcfiber.fiber.geometry import outer_cladding_thickness
from mcfiber.fiber.modes import core_modes

STEP = StepCore(radius_um=4.5, delta_percent=0.35)
TRENCH = TrenchAssistedCore(radius_um=4.5, delta_percent=0.36, trench_delta_percent=-0.7)


def test_thickness__loses_what_is_allowed():
    limit = xr.DataArray([1e-2, 1e-3], dims="limit")
    thickness = required_cladding_thickness(STEP, loss_limit_db_per_km=limit)
    for i in range(2):
        fiber = MulticoreFiber(
            layout=HexagonalLayout(cores=1), core=STEP, cladding_diameter_um=2e6 * thickness.values[i]
        )
        leak = core_attenuation(fiber, wavelength_nm=1625).coating_loss.item() * 1e4 / np.log(10)
        assert leak == pytest.approx(limit.values[i], rel=1e-9)
    assert required_cladding_thickness(TRENCH).item() < thickness.values[1]
    with pytest.raises(ValueError, match="above 0"):
        required_cladding_thickness(STEP, loss_limit_db_per_km=0)


@pytest.mark.parametrize("definition", ["pair", "total_from_neighbours"])
def test_pitch__has_the_crosstalk_allowed(definition):
    fiber = MulticoreFiber(layout=HexagonalLayout(cores=7, pitch_um=40), cladding_diameter_um=200, core=TRENCH)
    pitch = required_pitch(fiber, crosstalk_limit_db=-40, length_km=100, wavelength_nm=1565, definition=definition)
    found = core_coupling(fiber.replace({"layout.pitch_um": pitch}), wavelength_nm=1565).power_coupling.values * 1e5
    worst = found.max() if definition == "pair" else found.sum(axis=1).max()
    assert 10 * np.log10(worst) == pytest.approx(-40, abs=1e-6)
    with pytest.raises(ValueError, match="crosstalk_limit_db: got -10 dB; allowed: a number, -300 to -15 dB"):
        required_pitch(fiber, crosstalk_limit_db=-10, length_km=100, wavelength_nm=1565)


@pytest.mark.parametrize(
    ("kind", "diameter", "cores"),
    [("hexagonal", 160, 7), ("hexagonal", 240, 19), ("hexagonal", 239, 7), ("hexagonal", 320, 37),
     ("square", 136.569, 4), ("ring", 160, 6), ("ring", 184.6, 8), ("ring", 184.4, 7), ("ring", 234.6, 12)],
)  # fmt: skip
def test_layout__most_cores(kind, diameter, cores):
    layout = largest_layout(kind, pitch_um=40, cladding_diameter_um=diameter, cladding_thickness_um=40)
    assert layout.cores == cores
    assert outer_cladding_thickness(layout, diameter * 1e-6) >= 40e-6 - 1e-12


def test_layout__nothing_fits():
    with pytest.raises(ValueError, match="no ring layout fits"):
        largest_layout("ring", pitch_um=40, cladding_diameter_um=100, cladding_thickness_um=40)


@pytest.mark.parametrize("like", [STEP, TRENCH])
def test_matched_core__has_diameter_and_cutoff(like):
    core = matched_core(like, mode_field_diameter_um=9.8, cutoff_nm=1300)
    found = core_modes(core, wavelength_nm=1550)
    assert found.petermann_diameter.item() * 1e6 == pytest.approx(9.8, abs=1e-6)
    assert found.cutoff_wavelength.item() * 1e9 == pytest.approx(1300, abs=1e-4)
    assert type(core) is type(like)


def test_matched_core__practical_cutoff():
    core = matched_core(
        STEP, mode_field_diameter_um=9.8, cutoff_nm=1300, diameter="gaussian", cutoff="practical", bend_radius_mm=140
    )
    from mcfiber.fiber.modes import cutoff_wavelengths

    found = cutoff_wavelengths(core, bend_radius_mm=140).practical_cutoff_wavelength
    assert found.item() * 1e9 == pytest.approx(1300, abs=0.05)
    assert core_modes(core, wavelength_nm=1550).gaussian_diameter.item() * 1e6 == pytest.approx(9.8, abs=1e-4)


def test_matched_core__impossible():
    with pytest.raises(ValueError, match="no radius gives cutoff_nm = 1300 and mode_field_diameter_um = 90"):
        matched_core(STEP, mode_field_diameter_um=90, cutoff_nm=1300)
    with pytest.raises(ValueError, match="one radius_um and delta_percent"):
        matched_core(RingsCore(radius_um=[4.0], delta_percent=[0.3]), mode_field_diameter_um=10, cutoff_nm=1300)
