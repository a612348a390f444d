import math

import numpy as np
import pytest
from scipy.optimize import brentq

from mcfiber import DescriptionError
from mcfiber.descriptions.glass import SILICA, ConstantGlass, SilicaGlass, TabulatedGlass
from mcfiber.fiber.index import group_index, material_dispersion, refractive_index

# n, n_g and D in ps/(nm km), evaluated with 40 digits from the published terms.
EXACT = {
    ("silica", 1310): (1.44680431755273, 1.46163999174338, 3.58181752829321),
    ("silica", 1550): (1.44402362170326, 1.46259648389415, 21.9118002194579),
    ("germanium", 1310): (1.45203229141946, 1.46675910650888, 2.11117002384402),
    ("germanium", 1550): (1.44928022129296, 1.46761724444128, 20.6047270998842),
    ("fluorine", 1310): (1.44214227604476, 1.45665507742195, 3.11614457128986),
    ("fluorine", 1550): (1.43942438861891, 1.45756471245373, 21.0837481988974),
}
GLASSES = {
    "silica": SilicaGlass(),
    "germanium": SilicaGlass(germanium_mole_percent=3.5),
    "fluorine": SilicaGlass(fluorine_mole_percent=1.0),
}


@pytest.mark.parametrize(("name", "wavelength"), EXACT)
def test_sellmeier__exact(name, wavelength):
    index, group, dispersion = EXACT[name, wavelength]
    glass = GLASSES[name]
    assert refractive_index(glass, wavelength).item() == pytest.approx(index, rel=2e-14)
    assert group_index(glass, wavelength).item() == pytest.approx(group, rel=2e-14)
    assert material_dispersion(glass, wavelength).item() * 1e6 == pytest.approx(dispersion, rel=1e-11)


def test_silica__zero_dispersion():
    zero = brentq(lambda nm: material_dispersion(SilicaGlass(), nm).item(), 1200, 1350, xtol=1e-9)
    assert zero == pytest.approx(1272.75393277497, abs=1e-6)


def test_group_index__is_the_derivative():
    nm = np.array([1549.9, 1550.0, 1550.1])
    n = refractive_index(SilicaGlass(), nm).values
    assert group_index(SilicaGlass(), 1550).item() == pytest.approx(n[1] - 1550 * (n[2] - n[0]) / 0.2, abs=1e-8)


def test_table__gives_back_silica():
    nm = np.linspace(1260, 1675, 9)
    table = TabulatedGlass(wavelength_nm=nm, index=refractive_index(SilicaGlass(), nm).values)
    assert refractive_index(table, 1550).item() == pytest.approx(1.44402362170326, abs=1e-9)
    assert material_dispersion(table, 1550).item() * 1e6 == pytest.approx(21.9118, abs=1e-3)


GRIDS = {
    "four": np.array([1300.0, 1400.0, 1500.0, 1600.0]),
    "O to U": np.linspace(1260, 1675, 9),
    "C": np.linspace(1530, 1565, 8),
    "dense": np.linspace(1500, 1600, 101),
    "visible to infrared": np.linspace(400, 2000, 33),
    "two pairs": np.array([500.0, 550.0, 1500.0, 1600.0]),
}


def dispersions(glass, nm=(1310.0, 1550.0, 1600.0)):
    return material_dispersion(glass, list(nm)).values * 1e6


@pytest.mark.parametrize("digits", [4, 5, 6, 7, 8, 9])
@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize(
    "glass",
    [*GLASSES.values(), SilicaGlass(germanium_mole_percent=12.0), SilicaGlass(fluorine_mole_percent=0.3)],
    ids=["silica", "germanium", "fluorine", "much germanium", "little fluorine"],
)
def test_table__dispersion_of_a_rounded_one_within_its_uncertainty(glass, grid, digits):
    nm = GRIDS[grid]
    table = TabulatedGlass(wavelength_nm=nm, index=np.round(refractive_index(glass, nm).values, digits))
    error = np.abs(dispersions(table) - dispersions(glass))
    assert (error <= table.dispersion_uncertainty([1310.0, 1550.0, 1600.0])).all()
    assert table.dispersion_uncertainty(1550.0) < 1.6


def test_table__five_digits():
    """Of doped silica with 20.60 ps/(nm km): any curve through the rounded points would do, and gave 0.24."""
    nm = np.linspace(1500, 1600, 11)
    table = TabulatedGlass(wavelength_nm=nm, index=np.round(refractive_index(GLASSES["germanium"], nm).values, 5))
    assert dispersions(table, [1550])[0] == pytest.approx(20.6047, abs=float(table.dispersion_uncertainty(1550)))
    assert dispersions(table, [1550])[0] == pytest.approx(20.6047, abs=0.7)
    assert table.rounding == pytest.approx(5e-6)


def test_table__finer_ones_leave_less():
    nm = GRIDS["O to U"]
    exact = refractive_index(GLASSES["germanium"], nm).values
    left = [
        float(TabulatedGlass(wavelength_nm=nm, index=np.round(exact, digits)).dispersion_uncertainty(1550))
        for digits in range(4, 10)
    ]
    assert np.all(np.diff(left) < 0)
    assert left[-1] < 1e-3


def test_table__a_glass_that_is_no_doped_silica():
    """Silica with one term 4 % stronger: the departure is taken from the table where that has the digits."""
    nm = GRIDS["visible to infrared"]
    square = (nm * 1e-3) ** 2
    terms = np.array(SILICA[:3]) * [1.0, 1.04, 1.0]
    index = np.sqrt(1 + sum(b * square / (square - one**2) for b, one in zip(terms, SILICA[3:], strict=True)))
    table = TabulatedGlass(wavelength_nm=nm, index=np.round(index, 7))
    assert refractive_index(table, nm).values == pytest.approx(np.round(index, 7), abs=2e-7)
    step = 5e-3
    middle = [1.55 - step, 1.55, 1.55 + step]
    n = [
        math.sqrt(1 + sum(b * x * x / (x * x - one**2) for b, one in zip(terms, SILICA[3:], strict=True)))
        for x in middle
    ]
    expected = -1.55e-6 / 299_792_458.0 * (n[0] - 2 * n[1] + n[2]) / (step * 1e-6) ** 2 * 1e6
    assert dispersions(table, [1550])[0] == pytest.approx(expected, abs=float(table.dispersion_uncertainty(1550)))


def test_refusals():
    with pytest.raises(ValueError, match="250 to 3500 nm"):
        refractive_index(SilicaGlass(), 1.55)
    with pytest.raises(ValueError, match="250 to 3500 nm"):
        refractive_index(SilicaGlass(), [1550, float("nan")])
    with pytest.raises(DescriptionError, match="one dopant"):
        SilicaGlass(germanium_mole_percent=1, fluorine_mole_percent=1)
    with pytest.raises(DescriptionError, match="misses the table"):
        TabulatedGlass(wavelength_nm=[1300, 1400, 1500, 1600], index=[1.447, 1.446, 1.452, 1.443])
    with pytest.raises(DescriptionError, match="ascending"):
        TabulatedGlass(wavelength_nm=[1300, 1400, 1350, 1600], index=[1.447, 1.446, 1.445, 1.443])
    with pytest.raises(DescriptionError, match="one for each"):
        TabulatedGlass(wavelength_nm=[1300, 1400, 1500, 1600], index=[1.447, 1.446, 1.445])
    assert refractive_index(ConstantGlass(index=1.444), 1550).item() == pytest.approx(1.444, rel=1e-15)
