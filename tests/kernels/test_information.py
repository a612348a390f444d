"""Information and bit errors of constellations, against other quadratures and real noise."""

import math

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import dblquad

from mcfiber.descriptions.formats import UNIFORM_FORMATS, PointFormat, ShapedFormat
from mcfiber.kernels import information as kernels
from mcfiber.receiver.constellation import Constellation, constellation
from mcfiber.receiver.information import bit_error_ratio, format_table, information

# MI and GMI in bit per symbol of uniform Gray-labelled square QAM (SNR in dB).
VECTORS = {
    "QPSK": {0: (0.9718883, 0.9718883), 5: (1.7183882, 1.7183882), 10: (1.9935126, 1.9935126)},
    "16QAM": {
        0: (0.9897414, 0.8993402),
        5: (1.9731673, 1.9315731),
        8: (2.6837360, 2.6782489),
        10: (3.1639432, 3.1635789),
        12: (3.5794057, 3.5794017),
        15: (3.9285317, 3.9285317),
    },
    "64QAM": {
        0: (0.9917721, 0.8434153),
        5: (1.9926136, 1.8022085),
        10: (3.2685724, 3.1685201),
        15: (4.6814329, 4.6779970),
        20: (5.8014618, 5.8014618),
        25: (5.9992253, 5.9992253),
    },
    "256QAM": {
        0: (0.9922062, 0.8289724),
        5: (1.9965855, 1.7559216),
        10: (3.2838223, 3.0313926),
        15: (4.7292992, 4.5718503),
        20: (6.2571164, 6.2441432),
        25: (7.6166833, 7.6166825),
    },
}
SHAPED = ShapedFormat(base="64QAM", entropy=5.0)
SKEWED = PointFormat(
    points=np.array([1, 0.3 + 1j, -1.2, 0.1 - 0.9j]), labels=[2, 0, 1, 3], probabilities=[0.4, 0.3, 0.2, 0.1]
)
SIX = PointFormat(  # of the labels of three bits two do not occur
    points=np.array([1, 0.6 + 0.9j, -0.5 + 0.8j, -1.1, -0.4 - 0.9j, 0.7 - 0.7j]),
    labels=[4, 5, 7, 3, 2, 0],
    probabilities=[0.3, 0.1, 0.15, 0.2, 0.15, 0.1],
)
SHAPED_36, SHAPED_100 = ShapedFormat(base="36QAM", entropy=4.6), ShapedFormat(base="100QAM", entropy=6.2)
EVERY = [*UNIFORM_FORMATS, SHAPED, SKEWED, SIX, SHAPED_36, SHAPED_100]


def plane(known):
    """The same constellation without the knowledge that its dimensions are independent."""
    return Constellation(known.points, known.labels, known.probabilities)


def bits_set(known):
    return (known.labels[:, None] >> np.arange(known.bits)) & 1


def densities(known, received, snr):
    """Joint densities of symbols and received values, but for a factor. Shape (received, symbol)."""
    real = np.exp(-snr * (received.real[:, None] - known.points.real) ** 2)
    return known.probabilities * real * np.exp(-snr * (received.imag[:, None] - known.points.imag) ** 2)


def sampled(known, sent, received, snr):
    """MI and GMI in each sample: what was sent, given what was received."""
    joint = densities(known, received, snr)
    total = joint.sum(1)
    own = joint[np.arange(len(sent)), sent]
    ones = joint @ bits_set(known)
    same = np.where(bits_set(known)[sent] == 1, ones, total[:, None] - ones)
    mutual = np.log2(own / total) - np.log2(known.probabilities[sent])
    return mutual, known.entropy + np.log2(np.maximum(same, 1e-300) / total[:, None]).sum(1), joint.argmax(1)


def gauss_hermite(known, snr, nodes):
    """MI and GMI by quadrature around each symbol: another rule, and conditional instead of joint entropies."""
    t, w = np.polynomial.hermite.hermgauss(nodes)
    offset, weight = (t[:, None] + 1j * t).ravel() / math.sqrt(snr), np.outer(w, w).ravel() / math.pi
    offset, weight = offset[weight > 1e-13], weight[weight > 1e-13]
    mutual = generalised = 0.0
    for symbol, probability in enumerate(known.probabilities):
        sent = np.full(len(offset), symbol)
        values = sampled(known, sent, known.points[symbol] + offset, snr)
        mutual += probability * float(weight @ values[0])
        generalised += probability * float(weight @ values[1])
    return mutual, generalised


@pytest.mark.nojit
@pytest.mark.parametrize("name", VECTORS)
def test_information__published_values(name):
    for snr_db, expected in VECTORS[name].items():
        assert information(constellation(name), 10.0 ** (0.1 * snr_db)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("modulation", "snr_db"),
    [
        *[("QPSK", 3), ("8QAM", 8), ("rectangular-8QAM", 9), ("16QAM", 10), ("32QAM", 13), ("64QAM", 16)],
        *[(SHAPED, 13), (SIX, 5), (SHAPED_36, 12), (SHAPED_100, 18)],
    ],
)
def test_information__equals_gauss_hermite(modulation, snr_db):
    known = constellation(modulation)
    expected = gauss_hermite(known, 10.0 ** (0.1 * snr_db), 48)
    assert information(known, 10.0 ** (0.1 * snr_db)) == pytest.approx(expected, abs=5e-6)


@pytest.mark.nojit
def test_information__of_a_plane_in_both_modes():
    both = information(plane(constellation("QPSK")), 10.0**0.5)
    assert both == pytest.approx(VECTORS["QPSK"][5], abs=1e-6)


@pytest.mark.parametrize("name", ["16QAM", "64QAM", "rectangular-8QAM", SHAPED_36], ids=str)
def test_information__line_equals_plane(name):
    known = constellation(name)
    snr = 10.0 ** np.array([-0.5, 0.6, 1.3, 2.0])
    assert plane(known).is_mirrored
    np.testing.assert_allclose(information(plane(known), snr), information(known, snr), atol=1e-8)


def test_information__of_three_phases_by_polar_quadrature():
    """MI of 3-PSK, and the GMI of its three labels, by SciPy's adaptive rule over angle and radius."""
    snr = 10.0**0.4
    phases = 2.0 * np.pi * np.arange(3) / 3.0
    points = np.exp(1j * phases)

    def lost(angle, radius, sets):
        """Density times what the received value leaves open of which set was sent."""
        parts = np.exp(-snr * np.abs(radius * np.exp(1j * angle) - points) ** 2) * snr / np.pi / 3.0
        sums = [parts[members].sum() for members in sets]
        return -radius * sum(one * math.log2(one / sum(sums)) for one in sums if one > 0.0)

    def integral(*sets):
        return dblquad(lost, 0.0, 5.0, -np.pi, np.pi, args=(sets,), epsabs=1e-9, epsrel=1e-9)[0]

    mutual = math.log2(3.0) - integral([0], [1], [2])
    generalised = math.log2(3.0) - integral([0, 2], [1]) - integral([0, 1], [2])  # labels 00, 01, 10
    found = information(constellation(PointFormat(points=points, labels=[0, 1, 2])), snr)
    assert found == pytest.approx((mutual, generalised), abs=2e-8)


@pytest.mark.parametrize("apart", [1e-2, 1e-4])
def test_information__of_two_points_that_nearly_coincide(apart):
    """Far from the others they are two levels: 1.5 bit, and half of what QPSK carries in one dimension."""
    known = constellation(PointFormat(points=[(1.0, 0.0), (1.0 + apart, 0.0), (-1.0, 0.2), (0.3, 1.0)]))
    near = known.smallest_distance
    snr = np.array([0.2, 1.0, 5.0, 30.0]) / near**2
    expected = 1.5 + 0.5 * information(constellation("QPSK"), 0.5 * snr * near**2)[0] / 2.0
    mutual, generalised = information(known, snr)
    np.testing.assert_allclose(mutual, expected, atol=1e-8)
    np.testing.assert_allclose(generalised, expected, atol=1e-8)  # only one bit of the two labels differs
    assert format_table(PointFormat(points=[(1, 0), (1 + apart, 0), (-1, 0.2), (0.3, 1)])).entropy == 2.0


def test_information__quarter_of_the_plane_equals_all_of_it():
    known = constellation("32QAM")
    real, imaginary = known.points.real.copy(), known.points.imag.copy()
    shared = (real, imaginary, known.probabilities, known.labels, 5)
    whole, quarter = (kernels.plane_information([0.1, 10.0, 100.0], *shared, part) for part in (False, True))
    np.testing.assert_allclose(quarter, whole, atol=1e-8)


def test_information__two_levels_at_high_precision():
    mpmath = pytest.importorskip("mpmath")
    snr = 10.0**0.7

    def lost(y):
        far = mpmath.log(1 + mpmath.exp(-2 * y * mpmath.sqrt(snr)), 2)
        return mpmath.exp(-((y - mpmath.sqrt(snr)) ** 2) / 2) * far

    integral = mpmath.quad(lost, [-20, -5, 0, 2, 5, 20]) / mpmath.sqrt(2 * mpmath.pi)
    assert information(constellation("QPSK"), snr)[0] == pytest.approx(2.0 * (1.0 - float(integral)), abs=1e-10)


@pytest.mark.parametrize("modulation", EVERY, ids=str)
def test_information__weak_and_strong_signals(modulation):
    known = constellation(modulation)
    mean = abs(np.sum(known.probabilities * known.points)) ** 2
    mutual, generalised = information(known, np.array([1e-4, 1e5]))
    assert mutual[0] == pytest.approx(1e-4 * (1.0 - mean) / math.log(2.0), rel=1e-3)
    assert generalised[0] <= mutual[0] + 1e-12
    assert mutual[1] == pytest.approx(known.entropy, abs=1e-8)
    assert generalised[1] == pytest.approx(known.entropy, abs=1e-8)


@pytest.mark.parametrize("modulation", EVERY, ids=str)
def test_information__and_bit_errors_of_real_noise(modulation):
    known = constellation(modulation)
    rng = np.random.default_rng(7)
    snr = 2.0**known.entropy  # where about a fifth of the entropy is lost
    count = 100_000 if known.bits < 8 else 20_000
    sent = rng.choice(len(known.points), count, p=known.probabilities / known.probabilities.sum())
    noise = (rng.standard_normal(count) + 1j * rng.standard_normal(count)) / math.sqrt(2.0 * snr)
    results = []
    for part in np.array_split(np.arange(count), count // 5000):
        mutual, generalised, decided = sampled(known, sent[part], known.points[sent[part]] + noise[part], snr)
        wrong = (bits_set(known)[sent[part]] != bits_set(known)[decided]).mean(1)
        results.append(np.stack([mutual, generalised, wrong]))
    drawn = np.concatenate(results, 1)
    expected = np.array([*information(known, snr), float(bit_error_ratio(modulation, snr))])
    error = drawn.std(1) / math.sqrt(count)
    assert np.all(error < [0.02, 0.02, 0.002])
    np.testing.assert_array_less(np.abs(drawn.mean(1) - expected), 4.0 * error)


@pytest.mark.nojit
def test_bit_error_ratio__closed_forms():
    erfc = math.erfc
    for snr in (0.5, 4.0, 20.0, 60.0):
        assert float(bit_error_ratio("QPSK", snr)) == pytest.approx(0.5 * erfc(math.sqrt(snr / 2.0)), rel=1e-12)
        # Of 16QAM: the outer bit errs beyond 1 or 3 half distances, the inner one beyond 1, less beyond 5, or 3.
        q = [0.5 * erfc(k * math.sqrt(snr / 10.0)) for k in (1, 3, 5)]
        expected = (3.0 * q[0] + 2.0 * q[1] - q[2]) / 4.0
        assert float(bit_error_ratio("16QAM", snr)) == pytest.approx(expected, rel=1e-11)


def test_bit_errors__line_equals_plane():
    known = constellation("64QAM")
    turned = known.points * np.exp(1j * math.pi / 8.0)
    order = np.argsort(turned.real)
    snr = 10.0 ** np.array([0.0, 1.0, 2.0])
    real, imaginary = turned.real[order], turned.imag[order]
    errors = kernels.plane_bit_errors(snr, real, imaginary, known.probabilities[order], known.labels[order], 6)
    np.testing.assert_allclose(errors / 6.0, bit_error_ratio("64QAM", xr.DataArray(snr, dims="draw")).values, rtol=1e-9)
