"""Dispersion and area by table, by band and from the zero of dispersion."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_systems import small

import mcfiber as mcf
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.evaluate import records
from mcfiber.fiber.channels import channels
from mcfiber.fiber.medium import medium

LIGHT = 299792458.0
WIDE = mcf.Spectrum(
    groups=[
        {"band": "O", "channels": 5, "spacing_ghz": 200, "symbol_rate_gbd": 100},
        {"band": "C", "channels": 5, "spacing_ghz": 200, "symbol_rate_gbd": 100},
        {"band": "U", "channels": 5, "spacing_ghz": 200, "symbol_rate_gbd": 100},
    ]
)
GRID = channels(WIDE)
WAVELENGTH = np.asarray(GRID.wavelength.data)


def fiber(**changes):
    return mcf.MulticoreFiber(layout={"kind": "hexagonal", "cores": 1}, **changes)


def dispersion(one):
    """Of every channel. [ps/(nm km)]"""
    beta2 = np.broadcast_to(np.asarray(medium(one, GRID).group_velocity_dispersion), WAVELENGTH.shape)
    return -2 * math.pi * LIGHT * beta2 / WAVELENGTH**2 * 1e6


def test_zero__of_standard_fibre():
    """17.46 ps/(nm km) at 1550 nm from 1,310 nm and 0.092 ps/(nm^2 km); none at the zero; its slope there."""
    one = fiber(zero_dispersion_wavelength_nm=1310.0, zero_dispersion_slope_ps_per_nm2_km=0.092)
    nm = WAVELENGTH * 1e9
    np.testing.assert_allclose(dispersion(one), 0.023 * (nm - 1310.0**4 / nm**3), rtol=1e-12)
    near = channels(mcf.Spectrum(frequency_thz=[LIGHT * 1e-3 / 1550.0], symbol_rate_gbd=64))
    beta2 = float(medium(one, near).group_velocity_dispersion[0])
    assert -2 * math.pi * LIGHT * beta2 / 1.55e-6**2 * 1e6 == pytest.approx(17.46, abs=0.005)


def test_table__is_the_dispersion_there():
    table = {"wavelength_nm": [1250.0, 1550.0, 1700.0], "value": [-6.0, 17.0, 24.0]}
    expected = np.interp(WAVELENGTH * 1e9, table["wavelength_nm"], table["value"])
    np.testing.assert_allclose(dispersion(fiber(dispersion_ps_per_nm_km=table)), expected, rtol=1e-12)


@given(st.lists(st.floats(-20, 25), min_size=3, max_size=3), st.lists(st.floats(40, 150), min_size=3, max_size=3))
def test_forms__that_say_the_same_are_the_same(values, areas):
    bands = dict(zip("OCU", values, strict=True)), dict(zip("OCU", areas, strict=True))
    listed = [{"channel": [one[band] for band in "OCU" for _ in range(5)]} for one in bands]
    order = np.argsort(WAVELENGTH)
    tables = [
        {"wavelength_nm": (WAVELENGTH[order] * 1e9).tolist(), "value": [one[GRID.bands[k]] for k in order]}
        for one in bands
    ]
    found = [
        medium(fiber(dispersion_ps_per_nm_km=first, effective_area_um2=second), GRID)
        for first, second in (bands, listed, tables)
    ]
    for other in found[1:]:
        for name in ("group_velocity_dispersion", "nonlinear_coefficient", "effective_area"):
            np.testing.assert_allclose(getattr(other, name), getattr(found[0], name), rtol=1e-12, atol=1e-40)


def test_area__by_wavelength_is_in_the_kerr_coefficient_and_its_mean_in_raman_scattering():
    table = {"wavelength_nm": [1250.0, 1700.0], "value": [60.0, 96.0]}
    found = medium(fiber(effective_area_um2=table), GRID)
    areas = np.interp(WAVELENGTH * 1e9, [1250.0, 1700.0], [60.0, 96.0]) * 1e-12
    np.testing.assert_allclose(found.nonlinear_coefficient, 2 * math.pi * 2.6e-20 / (WAVELENGTH * areas), rtol=1e-12)
    assert float(found.effective_area) == pytest.approx(areas.mean(), rel=1e-12)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"zero_dispersion_wavelength_nm": 1310}, "zero_dispersion_slope_ps_per_nm2_km: is missing beside zero_disp"),
        (
            {
                "zero_dispersion_wavelength_nm": 1310,
                "zero_dispersion_slope_ps_per_nm2_km": 0.09,
                "dispersion_ps_per_nm_km": 17,
            },
            "dispersion_ps_per_nm_km: is given beside zero_dispersion_wavelength_nm; describe",
        ),
        (
            {"dispersion_ps_per_nm_km": {"C": 17}, "dispersion_slope_ps_per_nm2_km": 0.06},
            "dispersion_slope_ps_per_nm2_km: is in the values of dispersion_ps_per_nm_km already; leave it out",
        ),
    ],
)
def test_dispersion__said_twice_or_by_half(changes, told):
    with pytest.raises(DescriptionError, match=told):
        fiber(**changes)


def test_table__that_does_not_cover_the_channels():
    short = {"wavelength_nm": [1540.0, 1560.0], "value": [16.0, 18.0]}
    with pytest.raises(DescriptionError, match=r"fiber\.dispersion_ps_per_nm_km: .*1540"):
        medium(fiber(dispersion_ps_per_nm_km=short), GRID)


def test_splices__take_the_area_at_their_wavelength():
    plain = small(effective_area_um2=90.0).fiber
    table = small(effective_area_um2={"wavelength_nm": [1500.0, 1600.0], "value": [80.0, 100.0]}).fiber
    options = {"offset_um": 0.3, "draws": 3, "seed": 1}
    expected = mcf.draw_splice_loss(plain, wavelength_nm=1550.0, **options)
    np.testing.assert_allclose(mcf.draw_splice_loss(table, wavelength_nm=1550.0, **options), expected, rtol=1e-12)
    bands = small(effective_area_um2={"C": 80.0}).fiber
    with pytest.raises(DescriptionError, match="effective_area_um2: differs between channels; give one number"):
        mcf.draw_splice_loss(bands, wavelength_nm=1550.0, **options)


def test_system__of_a_table_is_that_of_numbers_where_they_agree():
    flat = {"wavelength_nm": [1500.0, 1600.0], "value": [17.0, 17.0]}
    scene, _ = records(small(dispersion_ps_per_nm_km=flat))
    wavelength = np.asarray(scene.channels.wavelength.data)
    expected = -17e-6 * wavelength**2 / (2 * math.pi * LIGHT)
    np.testing.assert_allclose(scene.medium.group_velocity_dispersion, expected, rtol=1e-12)
    assert float(small(dispersion_ps_per_nm_km=flat).evaluate().status) == 0
