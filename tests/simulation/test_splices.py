"""Losses of splices: Marcuse's forms against the overlap of two fields, and the statistics of draws."""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import mcfiber as mcf
from mcfiber.simulation.splices import draw_splice_loss, splice_loss


def decibels(loss):
    return 10 * np.log10(np.asarray(loss, dtype=float))


@pytest.mark.parametrize(
    ("first", "second", "offset", "tilt", "expected"),  # um, um, um, degree, dB
    [
        (5.2, 5.2, 0.5, 0.0, 0.0401530),
        (5.2, 5.2, 1.0, 0.0, 0.1606119),
        (5.2, 6.0, 0.7, 0.0, 0.1561463),
        (4.5, 5.2, 0.0, 0.0, 0.0904692),
        (5.2, 5.2, 0.0, 0.5, 0.0766049),
    ],
)
def test_splice_loss__values(first, second, offset, tilt, expected):
    loss = splice_loss(first * 1e-6, second * 1e-6, offset=offset * 1e-6, tilt=math.radians(tilt))
    assert decibels(loss) == pytest.approx(expected, abs=5e-8)


def test_splice_loss__overlap_of_two_fields():
    first, second, offset, tilt, index, wavelength = 4.5e-6, 5.6e-6, 1.3e-6, 0.012, 1.444, 1.55e-6
    x = np.linspace(-40e-6, 40e-6, 801)
    ramp = np.exp(2j * math.pi * index / wavelength * tilt * x)
    along = np.sum(np.exp(-(x**2) / first**2) * np.exp(-((x - offset) ** 2) / second**2) * ramp)
    across = np.sum(np.exp(-(x**2) / first**2 - x**2 / second**2))
    norms = [np.sum(np.exp(-2 * x**2 / radius**2)) for radius in (first, second)]
    passed = abs(along * across) ** 2 / (norms[0] * norms[1]) ** 2
    loss = splice_loss(first, second, offset=offset, tilt=tilt, index=index, wavelength=wavelength)
    assert float(loss) == pytest.approx(1 / passed, rel=1e-10)


def test_splice_loss__gap_is_that_of_a_spreading_beam():
    # The overlap of a Gaussian beam with itself after a distance z: 1/(1 + (z/2 z_R)^2).
    rayleigh = math.pi * 1.444 * 5.2e-6**2 / 1.55e-6
    assert float(splice_loss(5.2e-6, gap=20e-6)) == pytest.approx(1 + (20e-6 / (2 * rayleigh)) ** 2, rel=1e-14)


@given(st.floats(1e-6, 2e-5), st.floats(1e-6, 2e-5), st.floats(0, 5e-6), st.floats(0, 0.02), st.floats(0, 1e-5))
def test_splice_loss__never_a_gain_and_the_same_both_ways(first, second, offset, tilt, gap):
    forward = float(splice_loss(first, second, offset=offset, tilt=tilt, gap=gap))
    assert forward >= 1 - 1e-12
    assert float(splice_loss(second, first, offset=offset, tilt=tilt, gap=gap)) == pytest.approx(forward, rel=1e-12)
    assert float(splice_loss(first, second, offset=2 * offset, tilt=tilt, gap=gap)) >= forward - 1e-12


@pytest.fixture(scope="module")
def fiber():
    return mcf.MulticoreFiber(
        layout=mcf.HexagonalLayout(cores=7, pitch_um=35),
        cladding_diameter_um=150,
        coupling="random",
        effective_area_um2=math.pi * 5.2**2,
    )


def test_draw__rotation_spares_the_core_on_the_axis(fiber):
    loss = draw_splice_loss(fiber, draws=50, seed=3, rotation_deg=1.0)
    assert loss.dims == ("draw", "core")
    assert decibels(loss.sel(core=0)) == pytest.approx(0, abs=1e-12)
    outer = loss.isel(core=slice(1, None))
    np.testing.assert_allclose(outer, outer.isel(core=[0] * 6), rtol=1e-12)
    # A rotation by one degree moves a core at 35 um by 0.6109 um: 0.05993 dB.
    square = np.mean(decibels(outer.isel(core=0)))
    spread = np.std(decibels(outer.isel(core=0))) / math.sqrt(50)
    assert abs(square - 0.05993) < 4 * spread


@pytest.mark.parametrize("shared", [True, False])
def test_draw__mean_loss_and_correlation_of_cores(fiber, shared):
    sizes = {"offset_um": 0.4} if shared else {"position_error_um": 0.4}
    loss = decibels(draw_splice_loss(fiber, draws=4000, seed=11, **sizes))
    mean = 10 / math.log(10) * 2 * 0.4**2 / 5.2**2  # of an offset with two normal components
    for core in range(7):
        assert abs(loss[:, core].mean() - mean) < 4 * loss[:, core].std() / math.sqrt(4000)
    correlation = np.corrcoef(loss[:, 0], loss[:, 4])[0, 1]
    assert correlation == pytest.approx(1 if shared else 0, abs=1e-9 if shared else 4 / math.sqrt(4000))


def test_draw__tilt_is_common_and_its_mean_follows(fiber):
    loss = decibels(draw_splice_loss(fiber, draws=4000, seed=5, tilt_deg=0.3))
    np.testing.assert_allclose(loss[:, 0], loss[:, 6], rtol=1e-12)
    mean = 10 / math.log(10) * 2 * (math.pi * 1.444 * 5.2e-6 * math.radians(0.3) / 1.55e-6) ** 2
    assert abs(loss[:, 0].mean() - mean) < 4 * loss[:, 0].std() / math.sqrt(4000)


def test_draw__first_of_many(fiber):
    few, many = (draw_splice_loss(fiber, draws=n, seed=2, offset_um=0.5, position_error_um=0.2) for n in (70, 200))
    xr.testing.assert_identical(few, many.isel(draw=slice(70)))


@pytest.mark.parametrize(("name", "value"), [("offset_um", -1.0), ("tilt_deg", math.nan), ("draws", 0)])
def test_draw__refusals(fiber, name, value):
    with pytest.raises(ValueError, match=name):
        draw_splice_loss(fiber, **({"draws": 1, "seed": 1} | {name: value}))
