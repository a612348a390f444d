import numpy as np
import pytest
import xarray as xr

from mcfiber import DescriptionError, HexagonalLayout, MulticoreFiber
from mcfiber.descriptions.glass import ConstantGlass, SilicaGlass
from mcfiber.descriptions.profile import GradedCore, StepCore, TrenchAssistedCore, WCore
from mcfiber.fiber.modes import bend_loss, check_single_mode, core_modes, cutoff_wavelengths

STEP = StepCore(radius_um=4.5, delta_percent=0.35)
TRENCH = TrenchAssistedCore(radius_um=4.5, delta_percent=0.37, trench_delta_percent=-0.7)


def test_core_modes__labels_units_and_values():
    found = core_modes(STEP, wavelength_nm=[1530, 1550])
    assert found.effective_index.dims == ("channel",)
    assert found.wavelength.values.tolist() == [1530, 1550]
    assert found.effective_index.values == pytest.approx([1.446746639645037, 1.446465913050094], abs=1e-14)
    assert found.dispersion.attrs["units"] == "s m-2"
    assert found.cutoff_wavelength.item() == pytest.approx(1426.8957938078609e-9, abs=1e-18)
    one = core_modes(STEP, wavelength_nm=1550)
    assert one.effective_index.ndim == 0
    assert one.wavelength.item() == 1550


def test_core_modes__doped_core():
    """4.1 um with 3.63 mol% GeO2 in silica (5-point differences of a 40-digit n_eff)."""
    core = StepCore(radius_um=4.1, glass=SilicaGlass(germanium_mole_percent=3.63))
    found = core_modes(core, wavelength_nm=[1310, 1550, 1625])
    assert found.effective_index.values[1] == pytest.approx(1.446445111, abs=6e-10)
    assert found.group_index.values[1] == pytest.approx(1.468341489, abs=6e-10)
    assert found.dispersion.values * 1e6 == pytest.approx([0.326, 16.9197, 21.076], abs=6e-4)


def test_core_modes__axes_and_cores_only_where_they_differ():
    radius = xr.DataArray([4.0, 4.2, 4.4], dims="radius")
    swept = core_modes(STEP.replace({"radius_um": radius}), wavelength_nm=[1530, 1550])
    assert swept.effective_index.dims == ("radius", "channel")
    alone = core_modes(STEP.replace({"radius_um": 4.2}), wavelength_nm=[1530, 1550])
    for name in ("effective_index", "dispersion", "cutoff_wavelength", "practical_cutoff_wavelength"):
        assert np.array_equal(swept[name].isel(radius=1).values, alone[name].values), name
    cores = core_modes(STEP.replace({"radius_um": [4.5, 4.2]}), wavelength_nm=1550)
    assert cores.effective_index.dims == ("core",)
    doped = xr.DataArray([3.0, 3.5], dims="doping")
    glass = SilicaGlass(germanium_mole_percent=doped)
    assert core_modes(StepCore(radius_um=4.1, glass=glass), wavelength_nm=1550).effective_index.dims == ("doping",)


def test_core_modes__all():
    """V = 5.2: the modes whose cutoffs (2.405, 3.832, 3.832, 5.136) lie below."""
    clad = ConstantGlass(index=1.444)
    k, v, radius = 2 * np.pi / 1.55e-6, 5.2, 6e-6
    aperture = (v / (k * radius)) ** 2
    core = StepCore(radius_um=6.0, delta_percent=50 * aperture / (1.444**2 + aperture), cladding=clad)
    found = core_modes(core, wavelength_nm=1550, modes="all", cutoffs=False)
    assert found.mode.values.tolist() == ["LP01", "LP02", "LP11", "LP21", "LP31"]
    order = found.effective_index.sel(mode=["LP01", "LP11", "LP21", "LP02", "LP31"]).values
    assert (np.diff(order) < 0).all()
    assert found.gaussian_diameter.isnull().values.tolist() == [False, False, True, True, True]
    with pytest.raises(ValueError, match="not guided"):
        core_modes(WCore(radius_um=2, delta_percent=0.1, depressed_delta_percent=-3), wavelength_nm=1550, modes="all")


def test_cutoffs__a_trench_lowers_one_and_parts_the_other():
    bare = cutoff_wavelengths(StepCore(radius_um=4.5, delta_percent=0.37))
    found = cutoff_wavelengths(TRENCH)
    assert found.cutoff_wavelength.item() == pytest.approx(1368.2382093308245e-9, abs=1e-17)
    assert bare.cutoff_wavelength.item() == pytest.approx(1466.9e-9, abs=1e-10)
    assert found.practical_cutoff_wavelength > found.cutoff_wavelength + 9e-9
    assert bare.practical_cutoff_wavelength == pytest.approx(bare.cutoff_wavelength.item(), abs=0.3e-9)
    strict = cutoff_wavelengths(TRENCH, loss_threshold_db_per_m=10)
    assert strict.practical_cutoff_wavelength > found.practical_cutoff_wavelength


def test_graded__guides_less_than_a_step():
    graded = core_modes(GradedCore(radius_um=4.5, delta_percent=0.6), wavelength_nm=1550, cutoffs=False)
    step = core_modes(StepCore(radius_um=4.5, delta_percent=0.6), wavelength_nm=1550, cutoffs=False)
    assert graded.effective_index < step.effective_index


def test_bend_loss__elasto_optic_is_a_factor_on_the_radius():
    core = StepCore(radius_um=4.1, delta_percent=0.36, cladding=ConstantGlass(index=1.444))
    plain = bend_loss(core, wavelength_nm=1550, bend_radius_mm=xr.DataArray([7.5, 9.6], dims="bend"))
    assert plain.values * 10 / np.log(10) == pytest.approx([406.378593855769, 86.5171272980867], rel=1e-8)
    assert bend_loss(core, wavelength_nm=1550, bend_radius_mm=7.5, elasto_optic=1.28) == pytest.approx(plain.values[1])


def test_refusals():
    with pytest.raises(ValueError, match="250 to 3500 nm"):
        core_modes(STEP, wavelength_nm=1550e-9)
    weak = WCore(radius_um=3.5, delta_percent=[0.5, 0.1], depressed_delta_percent=-3)
    with pytest.raises(ValueError, match=r"LP01 is not guided at 1550.00 nm in core 1"):
        core_modes(weak, wavelength_nm=1550)
    axis = xr.DataArray([0.6, 0.1], dims="delta")
    swept = core_modes(weak.replace({"delta_percent": axis, "radius_um": 3.5}), wavelength_nm=1550, cutoffs=False)
    assert np.isnan(swept.effective_index.values).tolist() == [False, True]
    with pytest.raises(DescriptionError, match=r"multimode at 1300.00 nm: LP11 survives up to 1427.0 nm"):
        check_single_mode(STEP, [1300, 1550])
    check_single_mode(STEP, 1440)
    with pytest.raises(DescriptionError, match="multimode"):  # above the theoretical cutoff, below the practical one
        check_single_mode(TRENCH, 1375)
    check_single_mode(TRENCH, 1380)


def test_single_mode__in_bends_of_the_effective_radius():
    """Stress widens a bend of 140 mm to 179.2 mm: LP11 survives up to 1,319 nm there, and to 1,299 nm without it."""
    core = StepCore(radius_um=4.6, delta_percent=0.35)
    fiber = MulticoreFiber(layout=HexagonalLayout(cores=1), core=core, bend_radius_mm=140, elasto_optic=1.28)
    wide, tight = (
        cutoff_wavelengths(core, bend_radius_mm=radius).practical_cutoff_wavelength.item() * 1e9
        for radius in (140 * 1.28, 140)
    )
    assert wide == pytest.approx(1319, abs=0.5)
    assert tight == pytest.approx(1299, abs=0.5)
    for between in (tight + 0.5, wide - 0.5):
        with pytest.raises(DescriptionError, match=f"LP11 survives up to {wide:.1f} nm"):
            check_single_mode(fiber, between)
    check_single_mode(fiber, wide + 0.5)
    check_single_mode(fiber.replace({"elasto_optic": 1.0}), tight + 0.5)
