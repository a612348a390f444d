"""Points, labels, probabilities and moments."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import xarray as xr

from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.formats import UNIFORM_FORMATS, PointFormat, ShapedFormat
from mcfiber.descriptions.transceiver import Transceiver
from mcfiber.receiver.constellation import Constellation, constellation, gray, shaped_line, symbol_moments
from mcfiber.receiver.information import information
from mcfiber.receiver.rates import achievable_rate


@pytest.mark.parametrize("name", UNIFORM_FORMATS)
def test_constellation__energy_labels_and_distances(name):
    known = constellation(name)
    assert len(known.points) == 2**known.bits == 2 ** UNIFORM_FORMATS[name]
    assert sorted(known.labels) == list(range(2**known.bits))
    assert np.mean(np.abs(known.points) ** 2) == pytest.approx(1.0, rel=1e-14)
    assert known.entropy == pytest.approx(known.bits, rel=1e-14)
    distance = np.abs(known.points[:, None] - known.points)
    assert known.smallest_distance == pytest.approx(distance[distance > 1e-9].min(), rel=1e-12)


def penalty(name):
    """Mean number of bits between neighbours."""
    known = constellation(name)
    distance = np.abs(known.points[:, None] - known.points)
    near = (distance < 1.001 * known.smallest_distance) & (distance > 0.0)
    differing = np.bitwise_count(known.labels[:, None] ^ known.labels)
    return float(np.mean((differing * near).sum(1) / near.sum(1)))


def test_constellation__gray_labels():
    for name in ("QPSK", "rectangular-8QAM", "16QAM", "64QAM", "256QAM", "1024QAM"):
        assert penalty(name) == 1.0
    # Crosses cannot be labelled so: J. G. Smith, IEEE Transactions on Communications 23, 385 (1975).
    assert penalty("32QAM") == pytest.approx(7.0 / 6.0, rel=1e-14)
    for name, count in (("128QAM", 128), ("512QAM", 512)):
        assert penalty(name) == pytest.approx(1.0 + 1.0 / math.sqrt(2 * count) + 1.0 / (3 * count), rel=1e-14)


def test_constellation__two_rings_have_the_best_labels():
    rings = constellation("8QAM")
    snr = 10.0**0.9
    best = information(rings, snr)[1]
    # Flipping a bit of all labels changes nothing: label 0 may stay where it is.
    for other in itertools.islice(itertools.permutations(range(1, 8)), 0, None, 7):
        labels = np.array([0, *other])
        assert information(Constellation(rings.points, labels, rings.probabilities), snr)[1] <= best + 1e-12


def test_gray__neighbours_differ_by_one_bit():
    labels = gray(32)
    assert sorted(labels) == list(range(32))
    assert all(int(step).bit_count() == 1 for step in labels[1:] ^ labels[:-1])


def exact_moments(energies):
    """Phi and Psi of integer energies, without rounding."""
    e2, e4, e6 = (Fraction(sum(energy**power for energy in energies), len(energies)) for power in (1, 2, 3))
    return float(e4 / e2**2 - 2), float(e6 / e2**3 - 9 * e4 / e2**2 + 12)


def integer_energies(wide, cut):
    side = range(1 - wide, wide, 2)
    return [x * x + y * y for x in side for y in side if min(abs(x), abs(y)) <= wide - 1 - cut]


@pytest.mark.parametrize(
    ("name", "wide", "cut"),
    [
        ("QPSK", 2, 0),
        ("16QAM", 4, 0),
        ("64QAM", 8, 0),
        ("256QAM", 16, 0),
        ("1024QAM", 32, 0),
        ("32QAM", 6, 2),
        ("128QAM", 12, 4),
        ("512QAM", 24, 8),
    ],
)
def test_symbol_moments__exact(name, wide, cut):
    energies = integer_energies(wide, cut)
    assert len(energies) == 2 ** UNIFORM_FORMATS[name]
    assert symbol_moments(name) == pytest.approx(exact_moments(energies), abs=1e-12)


def test_symbol_moments__two_rings_and_shaped():
    assert symbol_moments("8QAM") == pytest.approx((-2.0 / 3.0, 2.0), abs=1e-12)
    assert symbol_moments("rectangular-8QAM") == pytest.approx(
        exact_moments([x * x + y * y for x in (1, 3) for y in (1,)]), abs=1e-12
    )
    odd = np.arange(-7.0, 8.0, 2.0)
    for rate, phi in ((0.02, -0.43311945392097106), (0.05, -0.18333628556119597), (0.1, -0.019269061170675394)):
        weights = np.exp(-rate * odd**2) / np.exp(-rate * odd**2).sum()
        entropy = float(-2.0 * np.sum(weights * np.log2(weights)))
        assert symbol_moments(ShapedFormat(base="64QAM", entropy=entropy))[0] == pytest.approx(phi, abs=1e-12)
    with pytest.raises(ValueError, match="best"):
        symbol_moments("best")


def test_symbol_moments__of_gaussian_points_vanish():
    rng = np.random.default_rng(3)
    points = rng.standard_normal(4096) + 1j * rng.standard_normal(4096)
    phi, psi = symbol_moments(PointFormat(points=points))
    # To first order they are the means of 2 L2 and -6 L3 of |b|^2, Laguerre polynomials of unit variance.
    assert abs(phi) < 4.0 * 2.0 / math.sqrt(4096)
    assert abs(psi) < 4.0 * 6.0 / math.sqrt(4096)


@pytest.mark.parametrize("entropy", [1.001, 1.5, 2.2, 2.9, 3.0])
def test_shaped_line__entropy_and_law(entropy):
    line = shaped_line(8, entropy)
    p = line.probabilities
    assert p.sum() == pytest.approx(1.0, abs=1e-14)
    assert -np.sum(p * np.log2(p)) == pytest.approx(entropy, abs=1e-9)
    assert 2.0 * np.sum(p * line.levels**2) == pytest.approx(1.0, rel=1e-13)
    if entropy > 2.0:  # the logarithm of the probability falls linearly with the energy
        slope = np.diff(np.log(p[4:])) / np.diff(line.levels[4:] ** 2)
        np.testing.assert_allclose(slope, slope[0], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["qpsk", "15QAM", 3])
def test_symbol_moments__of_an_unknown_format(name):
    with pytest.raises(DescriptionError, match=rf"modulation: got '?{name}.*allowed: 'QPSK', '8QAM'"):
        symbol_moments(name)


@pytest.mark.parametrize("scale", [1e-90, 1.0, 1e90])
def test_point_format__takes_any_scale(scale):
    known = constellation(PointFormat(points=[(scale, 0), (-scale, 0)]))
    np.testing.assert_allclose(known.points, [1.0, -1.0])


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"points": [(0, 1)]}, "points: got 1 different points of 1; allowed: 2 to 4096"),
        ({"points": [(0, 1), (0, 1)]}, "points: got 1 different points of 2; allowed: 2 to 4096"),
        ({"points": np.exp(1j * np.arange(4097))}, "points: got 4097 different points"),
        ({"points": [(0, 1), (1, 0)], "labels": [1, 1]}, "labels: got [1, 1]; give 2 different whole numbers, 0 to 1"),
        ({"points": [(0, 1), (1, 0), (1, 1)], "labels": [0, 1, 4]}, "give 3 different whole numbers, 0 to 3"),
        ({"points": [(0, 1), (1, 0), (1, 1)], "labels": [0, 1, -1]}, "give 3 different whole numbers, 0 to 3"),
        ({"points": [(0, 1), (1, 0), (1, 1)], "labels": [0, 1]}, "labels: got [0, 1]; give 3"),
        ({"points": [(0, 1), (1, 0)], "probabilities": [0.5, 0.6]}, "probabilities: give 2 values"),
    ],
)
def test_point_format__refuses(values, told):
    with pytest.raises(DescriptionError) as caught:
        PointFormat(**values)
    assert told in str(caught.value)


def test_point_format__without_labels_they_are_the_places():
    known = constellation(PointFormat(points=np.array([3.0, -3.0 + 0j])))
    assert list(known.points) == [1.0, -1.0]
    assert list(known.labels) == [0, 1]
    assert list(constellation(PointFormat(points=np.exp(2j * np.arange(5)))).labels) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("count", "bits"), [(2, 1), (3, 2), (4, 2), (5, 3), (36, 6), (64, 6), (65, 7), (4096, 12)])
def test_point_format__bits_of_its_labels(count, bits):
    known = constellation(PointFormat(points=np.exp(2j * np.pi * np.arange(count) / count)))
    assert known.bits == bits
    assert known.entropy == pytest.approx(math.log2(count), rel=1e-14)


@pytest.mark.parametrize(("base", "whole", "side"), [("36QAM", "64QAM", 6), ("100QAM", "256QAM", 10)])
def test_shaped_format__part_of_a_larger_square(base, whole, side):
    part = constellation(ShapedFormat(base=base, entropy=2.0 * math.log2(side)))
    larger = constellation(whole)
    assert part.bits == larger.bits
    of_larger, found = on_grid(larger, larger.lines[0].levels.size), on_grid(part, side)
    assert len(found) == side**2
    assert all(max(abs(x), abs(y)) < side for x, y in found)
    assert all(of_larger[place] == label for place, label in found.items())


def on_grid(known, side):
    """Labels of a square by odd coordinates, whose mean energy is 2 (side^2 - 1)/3."""
    places = known.points * math.sqrt(2.0 * (side**2 - 1.0) / 3.0)
    found = {(round(place.real), round(place.imag)): label for place, label in zip(places, known.labels, strict=True)}
    assert np.abs(places - [complex(*place) for place in found]).max() < 1e-12
    return found


def test_shaped_format__36qam_has_the_probabilities_and_moments_of_its_law():
    rate = 0.06
    levels = np.array([1.0, 3.0, 5.0])
    p = np.exp(-rate * levels**2) / (2.0 * np.exp(-rate * levels**2).sum())
    entropy = -4.0 * float(np.sum(p * np.log2(p)))
    known = constellation(ShapedFormat(base="36QAM", entropy=entropy))
    np.testing.assert_allclose(known.lines[0].probabilities, [*p[::-1], *p], rtol=1e-12)
    assert known.entropy == pytest.approx(entropy, abs=1e-12)
    second, fourth = (4.0 * float(np.sum(p * levels**power)) for power in (2, 4))  # of both dimensions
    kurtosis = (fourth + 0.5 * second**2) / second**2 - 2.0
    assert symbol_moments(ShapedFormat(base="36QAM", entropy=entropy))[0] == pytest.approx(kurtosis, abs=1e-12)


def test_shaped_format__refuses():
    with pytest.raises(ValueError, match="at most 4"):
        ShapedFormat(base="16QAM", entropy=4.5)
    with pytest.raises(ValueError, match=r"36QAM carries at most 5\.16993 bit"):
        ShapedFormat(base="36QAM", entropy=5.17)
    with pytest.raises(ValueError, match="36QAM"):
        ShapedFormat.for_rate("35QAM", net_bits=4.0, code_rate=0.75)
    assert ShapedFormat.for_rate("64QAM", net_bits=4.0, code_rate=0.75).entropy == 5.5
    # Of its labels of six bits a quarter is parity: 3 = H - 1.5.
    assert ShapedFormat.for_rate("36QAM", net_bits=3.0, code_rate=0.75).entropy == 4.5


@pytest.mark.parametrize("base", ["16QAM", "36QAM", "64QAM", "144QAM", "256QAM", "1024QAM"])
@pytest.mark.parametrize("entropy", [2.0001, 2.01, 2.1, 2.5, 3.0])
def test_shaped__hardly_more_than_two_bit_by_a_gauss_hermite_rule(base, entropy):
    """Outer symbols of 1024QAM vanish in double precision; nodes around every level that matters."""
    known = constellation(ShapedFormat(base=base, entropy=entropy))
    assert known.entropy == pytest.approx(entropy, abs=1e-9)
    node, weight = np.polynomial.hermite.hermgauss(160)
    line = known.lines[0]
    kept = line.probabilities > 1e-30
    level, p = line.levels[kept], line.probabilities[kept]
    for snr in 10.0 ** (0.1 * np.array([-10.0, 0.0, 5.0, 10.0, 15.0, 20.0, 40.0])):
        mutual, generalised = (float(one) for one in information(known, snr))
        y = level[:, None] + node / math.sqrt(snr)
        density = np.exp(-snr * (y[..., None] - level) ** 2) @ p
        own = np.exp(-(node**2))
        expected = 2.0 * float(p @ (np.log2(own / density) @ weight)) / math.sqrt(math.pi)
        assert mutual == pytest.approx(expected, abs=2e-6)
        assert generalised <= mutual + 1e-9
        assert mutual <= min(known.entropy, math.log2(1.0 + snr)) + 1e-9


@pytest.mark.parametrize("base", ["16QAM", "36QAM", "64QAM", "256QAM", "1024QAM"])
@pytest.mark.parametrize("entropy", [2.00001, 2.1, 2.5, 2.9])
def test_shaped__never_carries_more_than_its_entropy(base, entropy):
    transceiver = Transceiver(format=ShapedFormat(base=base, entropy=entropy), code={"kind": "ideal"})
    snr = 10.0 ** (0.1 * np.arange(-20.0, 60.0))
    rates = {name: one.values for name, one in achievable_rate(transceiver, xr.DataArray(snr, dims="snr"), 1.0).items()}
    for name in ("gmi", "mutual_information"):
        assert (rates[name] <= entropy + 1e-9).all()
        assert (np.diff(rates[name]) >= -1e-9).all()
        assert rates[name][-1] == pytest.approx(entropy, abs=1e-9)
    assert (rates["net_rate"] <= 2 * np.minimum(entropy, np.log2(1 + snr)) + 1e-9).all()
