import numpy as np
import pytest

from mcfiber import DescriptionError, HexagonalLayout, MulticoreFiber
from mcfiber.descriptions.glass import LOSS_FITS, GlassLoss
from mcfiber.descriptions.profile import StepCore
from mcfiber.fiber.attenuation import core_attenuation, glass_attenuation

STEP = StepCore(radius_um=4.5, delta_percent=0.35)
DB_PER_KM = 1e4 / np.log(10)


@pytest.mark.parametrize(
    ("name", "values"),
    [  # dB/km at 1310, 1383, 1460, 1550, 1565, 1625 and 1675 nm
        ("ultra_low_loss_maximum", (0.310, 0.2497, 0.2023, 0.170, 0.1686, 0.1882, 0.2670)),
        ("g652d_cable_maximum", (0.350, 0.2857, 0.2351, 0.200, 0.1982, 0.2164, 0.2942)),
        ("g652d_typical", (0.330, 0.2697, 0.2223, 0.190, 0.1886, 0.2082, 0.2870)),
        ("pure_silica", (0.270, 0.2176, 0.1766, 0.150, 0.1494, 0.1718, 0.2525)),
    ],
)
def test_fits__values(name, values):
    parts = glass_attenuation(LOSS_FITS[name], wavelength_nm=[1310, 1383, 1460, 1550, 1565, 1625, 1675])
    total = sum(part.values for part in parts.values()) * DB_PER_KM
    assert total == pytest.approx(values, abs=1e-4)
    grid = np.arange(1500, 1640)
    spectrum = sum(part.values for part in glass_attenuation(LOSS_FITS[name], wavelength_nm=grid).values())
    assert 1560 <= grid[np.argmin(spectrum)] <= 1573


def test_ultraviolet__of_germanium():
    parts = glass_attenuation(GlassLoss(ultraviolet_germanium_mole_percent=3.5), wavelength_nm=[1310, 1550])
    assert parts.ultraviolet_absorption.values * DB_PER_KM == pytest.approx([0.0300125158890661, 0.017363323211009])


def test_core_attenuation__parts_add_up():
    fiber = MulticoreFiber(
        layout=HexagonalLayout(cores=19, pitch_um=18), coupling="random", core=STEP,
        attenuation_offset_db_per_km=[0.001 * i for i in range(19)], glass_loss="pure_silica",
    )  # fmt: skip
    found = core_attenuation(fiber, wavelength_nm=[1550, 1608])
    total = sum(found[name] for name in found.data_vars if name != "attenuation")
    assert np.array_equal(found.attenuation.values, total.transpose(*found.attenuation.dims).values)
    leak = found.coating_loss.transpose("core", "channel").values[:, 0] * DB_PER_KM
    assert leak[[7, 9]].max() == pytest.approx(1.10, abs=0.01)  # 26.5 um from the edge
    assert leak[0] < 1e-9
    assert found.loss_offset.values[4] * DB_PER_KM == pytest.approx(0.004)


def test_coating__alike_in_a_ring_has_no_dimension():
    fiber = MulticoreFiber(layout=HexagonalLayout(cores=1), core=STEP)
    assert core_attenuation(fiber, wavelength_nm=1550).coating_loss.dims == ()


def test_names__unknown():
    with pytest.raises(DescriptionError, match=r"g652d_typical, g652d_cable_maximum"):
        MulticoreFiber(layout=HexagonalLayout(cores=1), core=STEP, glass_loss="smf")
