"""Geometric shaping: gradient, optimum, and constellations of a standard."""

import math

import numpy as np
import pytest

from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.formats import GEOMETRIC_SNR_DB, UNIFORM_FORMATS, GeometricFormat, format_name
from mcfiber.descriptions.transceiver import Transceiver
from mcfiber.receiver.constellation import Constellation, constellation, symbol_moments
from mcfiber.receiver.geometric import lost_information, mirrored
from mcfiber.receiver.information import format_table, information
from mcfiber.receiver.rates import achievable_rate

# Constellations for 64 points and the code rates 8/15 and 10/15: ATSC A/322, Physical Layer Protocol, annex on
# non-uniform constellations (points of the first quadrant, in the order of their labels).
ATSC_8 = [
    *[1.4827 + 0.2920j, 1.2563 + 0.8411j, 1.0211 + 0.2174j, 0.8798 + 0.5702j, 0.2920 + 1.4827j, 0.8410 + 1.2563j],
    *[0.2174 + 1.0211j, 0.5702 + 0.8798j, 0.3040 + 0.1475j, 0.3028 + 0.1691j, 0.6855 + 0.1871j, 0.6126 + 0.3563j],
    *[0.1475 + 0.3040j, 0.1691 + 0.3028j, 0.1871 + 0.6855j, 0.3563 + 0.6126j],
]
ATSC_10 = [
    *[0.1177 + 0.1729j, 0.1601 + 0.3212j, 0.1352 + 0.7279j, 0.3246 + 0.6148j, 0.4192 + 0.1179j, 0.4033 + 0.2421j],
    *[0.7524 + 0.1581j, 0.5996 + 0.4330j, 0.2902 + 1.4611j, 0.8180 + 1.2291j, 0.2036 + 1.0575j, 0.5641 + 0.8965j],
    *[1.4453 + 0.2907j, 1.2157 + 0.8186j, 1.0447 + 0.2242j, 0.8497 + 0.6176j],
]


def gmi(known, snr_db):
    return float(information(known, 10.0 ** (0.1 * snr_db))[1])


def of_standard(quadrant):
    first = np.array(quadrant)
    points = np.concatenate([first, -first.conj(), first.conj(), -first])
    points /= math.sqrt(np.mean(np.abs(points) ** 2))
    return Constellation(points, np.arange(64), np.full(64, 1.0 / 64.0))


def of_quadrant(known):
    """What `lost_information` takes of a constellation in the order of `mirrored`."""
    first = known.points[: len(known.points) // 4]
    return np.concatenate([first.real, first.imag]), known.labels, known.bits


def random_start(base, seed):
    """Points of a quadrant at random places, with random labels of which two bits say the quadrant."""
    rng = np.random.default_rng(seed)
    bits = UNIFORM_FORMATS[base]
    inner = rng.permutation(2 ** (bits - 2))
    labels = np.concatenate([inner + (part << (bits - 2)) for part in range(4)])
    return np.abs(rng.standard_normal(2 * inner.size)), labels, bits


@pytest.mark.nojit
@pytest.mark.parametrize("snr_db", [-3.0, 6.0])
def test_lost_information__is_the_gmi_of_the_plane(snr_db):
    quadrant, labels, bits = random_start("16QAM", 5)
    x, y = mirrored(quadrant / math.sqrt(np.mean(quadrant**2) * 2.0))
    expected = gmi(Constellation(x + 1j * y, labels, np.full(16, 1.0 / 16.0)), snr_db)
    lost, _ = lost_information(3.0 * quadrant, 10.0 ** (0.1 * snr_db), labels, bits)
    assert -lost == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(("base", "snr_db"), [("16QAM", 6.0), ("32QAM", 12.0), ("64QAM", 16.0), ("256QAM", 20.0)])
def test_lost_information__gradient_equals_central_differences(base, snr_db):
    start, labels, bits = random_start(base, 3)
    snr, step = 10.0 ** (0.1 * snr_db), 1e-5
    _, gradient = lost_information(start, snr, labels, bits)
    for place in range(0, start.size, max(1, start.size // 8)):
        move = np.where(np.arange(start.size) == place, step, 0.0)
        ahead, behind = (lost_information(start + sign * move, snr, labels, bits)[0] for sign in (1.0, -1.0))
        assert gradient[place] == pytest.approx((ahead - behind) / (2.0 * step), abs=1e-6 * np.abs(gradient).max())


@pytest.mark.parametrize(
    ("base", "snr_db"), [("16QAM", 8.0), ("32QAM", 12.0), ("64QAM", 9.0), ("64QAM", 12.0), ("64QAM", 18.0)]
)
def test_geometric__more_than_its_base_and_a_local_optimum(base, snr_db):
    known = constellation(GeometricFormat(base=base, snr_db=snr_db))
    best = gmi(known, snr_db)
    assert gmi(constellation(base), snr_db) + 0.03 < best < math.log2(1.0 + 10.0 ** (0.1 * snr_db))
    quadrant, labels, bits = of_quadrant(known)
    snr = 10.0 ** (0.1 * snr_db)
    lost, gradient = lost_information(quadrant, snr, labels, bits)
    assert np.abs(gradient).max() < 1e-5
    rng = np.random.default_rng(1)
    for size in (1e-3, 1e-2):
        for _ in range(20):
            moved = quadrant + size * rng.standard_normal(quadrant.size)
            assert lost_information(moved, snr, labels, bits)[0] > lost


def test_geometric__symmetry_labels_and_energy():
    known, base = constellation(GeometricFormat(base="64QAM", snr_db=12.0)), constellation("64QAM")
    assert known.is_mirrored
    assert sorted(known.labels) == list(range(64))
    assert np.mean(np.abs(known.points) ** 2) == pytest.approx(1.0, rel=1e-14)
    assert known.entropy == pytest.approx(6.0, rel=1e-14)
    x, y = mirrored(of_quadrant(known)[0])
    np.testing.assert_array_equal(x + 1j * y, known.points)
    home = {label: (point.real > 0.0, point.imag > 0.0) for point, label in zip(base.points, base.labels, strict=True)}
    assert [home[label] for label in known.labels] == [(p.real > 0.0, p.imag > 0.0) for p in known.points]


def test_geometric__equals_the_constellations_of_a_standard():
    """Found for the same purpose by others, for about 12 and 14 dB, with labels of their own and four decimals."""
    for snr_db, others in ((12.0, ATSC_8), (14.0, ATSC_10)):
        published = gmi(of_standard(others), snr_db)
        found = gmi(constellation(GeometricFormat(base="64QAM", snr_db=snr_db)), snr_db)
        assert published > gmi(constellation("64QAM"), snr_db) + 0.14
        assert published <= found < published + 0.003


def test_geometric__in_a_transceiver():
    described = {"kind": "geometric", "base": "64QAM", "snr_db": 12}
    transceiver = Transceiver(format=described, code={"kind": "ideal"})
    assert transceiver.format == GeometricFormat(base="64QAM", snr_db=12.0)
    assert format_name(transceiver.format) == "64QAM-for-12dB"
    assert Transceiver(**transceiver.model_dump()) == transceiver
    snr = 10.0**1.2
    known = constellation(transceiver.format)
    assert constellation(GeometricFormat(base="64QAM", snr_db=12)) is known  # searched for once
    rates = achievable_rate(transceiver, snr, 1.0)
    assert float(rates["gmi"]) == pytest.approx(gmi(known, 12.0), abs=1e-6)
    assert float(rates["ngmi"]) == pytest.approx(gmi(known, 12.0) / 6.0, abs=1e-6)
    energy = np.abs(known.points) ** 2
    assert symbol_moments(transceiver.format)[0] == pytest.approx(np.mean(energy**2) - 2.0, abs=1e-12)
    assert format_table(transceiver.format).entropy == pytest.approx(6.0, rel=1e-14)


@pytest.mark.parametrize(
    ("base", "snr_db", "told"),
    [
        ("64QAM", 8.9, "snr_db: got 8.9 dB; allowed for 64QAM: 9 to 22 dB; take a smaller base"),
        ("64QAM", 22.1, "snr_db: got 22.1 dB; allowed for 64QAM: 9 to 22 dB; take a larger base"),
        ("256QAM", 30, "snr_db: got 30 dB; allowed: 4 to 28 dB; "),
        ("16QAM", [5.0, 6.0], "every ratio makes a constellation of its own: give one number"),
        ("512QAM", 20.0, "base: got '512QAM'"),
    ],
)
def test_geometric__refuses(base, snr_db, told):
    with pytest.raises(DescriptionError) as caught:
        GeometricFormat(base=base, snr_db=snr_db)
    assert told in str(caught.value)


@pytest.mark.parametrize("base", GEOMETRIC_SNR_DB)
def test_geometric__at_the_ends_of_the_range_the_base_carries_half_and_nearly_all(base):
    low, high = (gmi(constellation(base), snr_db) / UNIFORM_FORMATS[base] for snr_db in GEOMETRIC_SNR_DB[base])
    assert 0.4 < low < 0.6
    assert 0.99 < high < 1.0
