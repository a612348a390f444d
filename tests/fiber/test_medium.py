"""What the glass does to channels, against published vectors and independent formulas."""

import math

import numpy as np
import pytest
import xarray as xr
from scipy.linalg import expm

from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.spectrum import Spectrum
from mcfiber.fiber.channels import channels
from mcfiber.fiber.geometry import neighbours
from mcfiber.fiber.medium import medium
from mcfiber.units import SPEED_OF_LIGHT

GRID = channels(Spectrum(frequency_thz=[190.0, 192.0, SPEED_OF_LIGHT / 1550e-9 / 1e12, 195.0], symbol_rate_gbd=64))
ONE = MulticoreFiber(layout={"kind": "hexagonal", "cores": 1})


def seven(**changes):
    crosstalk = {"crosstalk_db": -40, "length_km": 10, "definition": "pair"} | changes.pop("crosstalk", {})
    layout = {"kind": "hexagonal", "cores": 7, "pitch_um": 42} | changes.pop("layout", {})
    return MulticoreFiber(**({"layout": layout, "cladding_diameter_um": 187, "crosstalk": crosstalk} | changes))


# ---------------------------------------------------------------------------------------------------------
# attenuation


def test_attenuation__a_number_has_no_dimension():
    # alpha = 0.2 dB/km is ln(10)/10 * 0.2e-3 1/m.
    assert medium(ONE, GRID).attenuation == pytest.approx(4.60517018598809e-05, rel=1e-14)


def test_attenuation__of_each_core():
    losses = [0.2, 0.19, 0.21, 0.2, 0.22, 0.2, 0.25]
    found = medium(seven(attenuation_db_per_km=losses), GRID).attenuation
    assert found.dims == ("core",)
    np.testing.assert_allclose(found, np.array(losses) * math.log(10) / 1e4, rtol=1e-14)


def test_attenuation__of_one_core_as_axis():
    axis = xr.DataArray([0.2, 0.3], dims="sample", coords={"sample": [4, 5]})
    found = medium(seven(attenuation_db_per_km=[0.2] * 6 + [axis]), GRID).attenuation
    assert set(found.dims) == {"core", "sample"}
    np.testing.assert_allclose(found.isel(core=6), np.array([0.2, 0.3]) * math.log(10) / 1e4, rtol=1e-14)
    np.testing.assert_allclose(found.isel(core=0), 0.2 * math.log(10) / 1e4, rtol=1e-14)


def test_attenuation__from_a_table():
    table = {"wavelength_nm": [1500, 1600], "value": [0.18, 0.28]}
    found = medium(ONE.replace({"attenuation_db_per_km": table}), GRID).attenuation
    expected = 0.18 + (SPEED_OF_LIGHT / GRID.frequency.values * 1e9 - 1500) * 1e-3
    np.testing.assert_allclose(found, expected * math.log(10) / 1e4, rtol=1e-12)


def test_attenuation__a_table_that_does_not_cover_the_channels():
    table = {"wavelength_nm": [1545, 1600], "value": [0.2, 0.2]}
    with pytest.raises(DescriptionError, match=r"fiber\.attenuation_db_per_km: the table covers 1545 to 1600 nm"):
        medium(ONE.replace({"attenuation_db_per_km": table}), GRID)


# ---------------------------------------------------------------------------------------------------------
# dispersion and nonlinearity


def test_dispersion__vector():
    # D = 17 ps/(nm km) at 1550 nm: beta_2 = -D lambda^2 / (2 pi c).
    found = medium(ONE, GRID).group_velocity_dispersion
    assert found == pytest.approx(-21.682619391414892e-27, rel=1e-14)


def test_dispersion__slope_gives_the_third_order():
    # D = 17 ps/(nm km), S = 0.067 ps/(nm^2 km) at 1550 nm: beta_3 = 1.4467740897269276e-40 s^3/m.
    fiber = ONE.replace({"dispersion_slope_ps_per_nm2_km": 0.067})
    found = medium(fiber, GRID).group_velocity_dispersion
    assert found.values[2] == pytest.approx(-21.682619391414892e-27, rel=1e-12)
    slopes = np.diff(found) / np.diff(2 * np.pi * GRID.frequency)
    np.testing.assert_allclose(slopes, 1.4467740897269276e-40, rtol=1e-9)


def test_dispersion__slope_agrees_with_the_wavelength_picture():
    # D(lambda) = D + S (lambda - lambda_0) to first order around the reference wavelength.
    fiber = ONE.replace({"dispersion_slope_ps_per_nm2_km": 0.06})
    frequency = SPEED_OF_LIGHT / (np.array([1549.0, 1551.0]) * 1e-9)
    grid = channels(Spectrum(frequency_thz=(frequency * 1e-12)[::-1], symbol_rate_gbd=64))
    beta2 = medium(fiber, grid).group_velocity_dispersion.values[::-1]
    dispersion = -2 * np.pi * SPEED_OF_LIGHT / (SPEED_OF_LIGHT / frequency) ** 2 * beta2 * 1e6
    np.testing.assert_allclose(dispersion, [17 - 0.06, 17 + 0.06], rtol=1e-5)


def test_dispersion__slope_may_be_an_axis():
    slope = xr.DataArray([0.0, 0.067], dims="slope")
    found = medium(ONE.replace({"dispersion_slope_ps_per_nm2_km": slope}), GRID).group_velocity_dispersion
    single = medium(ONE.replace({"dispersion_slope_ps_per_nm2_km": 0.067}), GRID).group_velocity_dispersion
    np.testing.assert_allclose(found.isel(slope=1), single, rtol=1e-14)


def test_nonlinear_coefficient__follows_frequency():
    # GNPy 3.0.1 for 83 um^2 and n2 = 2.6e-20 m^2/W: 1.26982e-3 1/(W m) at 1550 nm.
    found = medium(ONE.replace({"effective_area_um2": 83}), GRID).nonlinear_coefficient
    assert found.values[2] == pytest.approx(1.26982e-3, rel=1e-5)
    np.testing.assert_allclose(found / GRID.frequency, found[0] / GRID.frequency[0], rtol=1e-14)


# ---------------------------------------------------------------------------------------------------------
# coupling from a measured crosstalk


def crosstalk_of(coupling, length, core):
    """Crosstalk of one core, all lit, from the matrix exponential of the coupled-power equations."""
    generator = coupling - np.diag(coupling.sum(axis=0))
    transfer = expm(generator * length)
    return np.delete(transfer[core], core).sum() / transfer[core, core]


@pytest.mark.parametrize("decibels", [-60.0, -40.0, -20.0, -10.0, -4.0])
def test_coupling__total_returns_what_was_measured(decibels):
    # The core with six neighbours: the closed form is exact there, because the ring is symmetric.
    fiber = seven(crosstalk={"crosstalk_db": decibels, "definition": "total_from_neighbours"})
    coupling = medium(fiber, GRID).power_coupling.values
    assert 10 * math.log10(crosstalk_of(coupling, 1e4, core=0)) == pytest.approx(decibels, abs=1e-9)


@pytest.mark.parametrize("decibels", [-60.0, -40.0, -10.0])
def test_coupling__pair_returns_what_was_measured(decibels):
    fiber = seven(crosstalk={"crosstalk_db": decibels}, layout={"kind": "ring", "cores": 2})
    coupling = medium(fiber, GRID).power_coupling.values
    assert 10 * math.log10(crosstalk_of(coupling, 1e4, core=0)) == pytest.approx(decibels, abs=1e-9)


def test_coupling__published_scaling_with_length():
    # Hayashi et al., Opt. Express 20, B94 (2012): -53 dB in 6.99 km is -42.4 dB in 80 km.
    fiber = seven(crosstalk={"crosstalk_db": -53, "length_km": 6.99, "definition": "total_from_neighbours"})
    coupling = medium(fiber, GRID).power_coupling.values
    assert 10 * math.log10(crosstalk_of(coupling, 8e4, core=0)) == pytest.approx(-42.414, abs=1e-3)


def test_coupling__joins_neighbours_only():
    coupling = medium(seven(), GRID).power_coupling
    assert coupling.dims == ("core_out", "core_in")
    np.testing.assert_array_equal(coupling.values > 0, neighbours(seven().layout))
    np.testing.assert_array_equal(coupling, coupling.T)


def test_coupling__slope_with_wavelength():
    fiber = seven(crosstalk={"slope_db_per_nm": 0.1, "wavelength_nm": 1550})
    coupling = medium(fiber, GRID).power_coupling
    assert set(coupling.dims) == {"core_out", "core_in", "channel"}
    wavelength = SPEED_OF_LIGHT / GRID.frequency.values * 1e9
    level = 10 * np.log10(np.tanh(coupling.isel(core_out=0, core_in=1) * 1e4))
    np.testing.assert_allclose(level, -40 + 0.1 * (wavelength - 1550), atol=1e-9)


def test_coupling__crosstalk_as_axis_equals_single_values():
    values = [-50.0, -30.0]
    axis = xr.DataArray(values, dims="sample")
    swept = medium(seven(crosstalk={"crosstalk_db": axis}), GRID).power_coupling
    for index, value in enumerate(values):
        single = medium(seven(crosstalk={"crosstalk_db": value}), GRID).power_coupling
        np.testing.assert_allclose(
            swept.isel(sample=index).transpose("core_out", "core_in"), single, rtol=1e-13, atol=0
        )


def test_coupling__none_where_cores_are_received_together_or_alone():
    assert medium(ONE, GRID).power_coupling is None
    random = MulticoreFiber(layout={"kind": "hexagonal", "cores": 7, "pitch_um": 18}, coupling="random")
    assert medium(random, GRID).power_coupling is None


def test_coupling__a_slope_that_leads_beyond_equal_powers_is_refused():
    # 1 dB/nm from -10 dB at 1500 nm: at 1578 nm more power than the core itself has.
    fiber = seven(crosstalk={"crosstalk_db": -10, "slope_db_per_nm": 1, "wavelength_nm": 1500})
    with pytest.raises(DescriptionError, match=r"fiber\.crosstalk\.slope_db_per_nm: .* equal power"):
        medium(fiber, GRID)


def test_coupling__points_of_an_axis_that_lead_beyond_equal_powers_are_told():
    slope = xr.DataArray([0.0, 1.0], dims="sample")
    fiber = seven(crosstalk={"crosstalk_db": -10, "slope_db_per_nm": slope, "wavelength_nm": 1500})
    np.testing.assert_array_equal(medium(fiber, GRID).problems["crosstalk_too_high"], [False, True])
    assert np.isfinite(medium(fiber, GRID).power_coupling.isel(sample=0)).all()
    assert not medium(ONE, GRID).problems["crosstalk_too_high"]
