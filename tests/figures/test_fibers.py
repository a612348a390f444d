"""Figures of fibres show the numbers they are given."""

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from scipy import special

mpl.use("Agg")
import matplotlib.pyplot as plt

import mcfiber as mcf
from mcfiber.fiber.modes import mode_field
from mcfiber.figures.fibers import plot_coupling_against, plot_dispersion, plot_index_section, plot_mode_field

STEP = mcf.StepCore(radius_um=4.5, delta_percent=0.35)
TRENCH = mcf.TrenchAssistedCore(radius_um=4.5, delta_percent=0.37, trench_delta_percent=-0.7)


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def fibre(core):
    return mcf.MulticoreFiber(layout=mcf.HexagonalLayout(cores=7, pitch_um=40), cladding_diameter_um=160, core=core)


def test_section__shows_core_and_trench():
    ax = plot_index_section(fibre(TRENCH.replace({"radius_um": [4.5] * 6 + [4.0]})))
    values = ax.collections[0].get_array()
    assert np.nanmax(values) == pytest.approx(1.449396346180916 - 1.444023621703261, abs=1e-12)
    assert np.nanmin(values) == pytest.approx(1.434020368817141 - 1.444023621703261, abs=1e-12)


def test_field__is_that_of_the_core():
    radius = np.array([0.0, 1.0, 3.0, 4.4, 4.6, 9.0, 20.0])
    found = mode_field(STEP, radius_um=radius)
    modes = mcf.core_modes(STEP, wavelength_nm=1550)
    w = modes.exterior_decay.item() * 4.5e-6
    u = np.sqrt(2.2116142386251854**2 - w**2)
    x = radius / 4.5
    exact = np.where(x < 1, special.j0(u * x), special.j0(u) / special.k0(w) * special.k0(np.maximum(w * x, w)))
    assert found == pytest.approx(exact, abs=2e-6)
    line = plot_mode_field(TRENCH, reach_um=20).lines[0]
    assert line.get_xdata()[-1] == 20
    assert (np.diff(line.get_ydata()) < 0).all()
    with pytest.raises(ValueError, match="one core"):
        mode_field(STEP.replace({"radius_um": [4, 5]}), radius_um=0)
    with pytest.raises(ValueError, match="not guided"):
        mode_field(mcf.WCore(radius_um=2, delta_percent=0.1, depressed_delta_percent=-3), radius_um=0)


def test_dispersion__in_engineering_units():
    line = plot_dispersion(mcf.core_modes(STEP, wavelength_nm=[1530, 1550])).lines[0]
    assert line.get_ydata() == pytest.approx([17.48254344126225, 18.628246259970453])


def test_coupling__against_the_pitch():
    pitch = xr.DataArray([35.0, 40.0, 45.0], dims="pitch")
    fiber = fibre(STEP).replace({"layout.pitch_um": pitch, "cladding_diameter_um": 200})
    found = mcf.core_coupling(fiber, wavelength_nm=1550)
    ax = plot_coupling_against(found, pitch, label="pitch (um)")
    assert ax.lines[0].get_ydata() == pytest.approx([0.149316068, 0.0254716339, 0.00437837056], rel=1e-7)
    with pytest.raises(ValueError, match="leave one dimension"):
        plot_coupling_against(mcf.core_coupling(fiber, wavelength_nm=[1530, 1550]), pitch, label="pitch")
    with pytest.raises(ValueError, match="nothing; leave one"):
        plot_coupling_against(mcf.core_coupling(fibre(STEP), wavelength_nm=1550), [1], label="pitch")
