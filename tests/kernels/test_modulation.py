"""Mutual information of constellations, against Gauss-Hermite quadrature and real noise."""

import math

import numpy as np
import pytest

from mcfiber.rate.modulation import gray, line_information, pulse_amplitudes

# MI and GMI in bit per symbol of uniform Gray-labelled square QAM (SNR in dB).
VECTORS = {
    4: {0: (0.9718883, 0.9718883), 5: (1.7183882, 1.7183882), 10: (1.9935126, 1.9935126)},
    16: {
        0: (0.9897414, 0.8993402),
        5: (1.9731673, 1.9315731),
        8: (2.6837360, 2.6782489),
        10: (3.1639432, 3.1635789),
        12: (3.5794057, 3.5794017),
        15: (3.9285317, 3.9285317),
    },
    64: {
        0: (0.9917721, 0.8434153),
        5: (1.9926136, 1.8022085),
        10: (3.2685724, 3.1685201),
        15: (4.6814329, 4.6779970),
        20: (5.8014618, 5.8014618),
        25: (5.9992253, 5.9992253),
    },
    256: {
        0: (0.9922062, 0.8289724),
        5: (1.9965855, 1.7559216),
        10: (3.2838223, 3.0313926),
        15: (4.7292992, 4.5718503),
        20: (6.2571164, 6.2441432),
        25: (7.6166833, 7.6166825),
    },
}


def square(order, snr):
    count = math.isqrt(order)
    bits = count.bit_length() - 1
    mutual, generalised = line_information(snr, pulse_amplitudes(count), np.full(count, 1.0 / count), gray(count), bits)
    return 2.0 * mutual, 2.0 * generalised


def gauss_hermite(order, snr, nodes=64):
    """The same by quadrature around each symbol: an independent rule and formula."""
    t, w = np.polynomial.hermite.hermgauss(nodes)
    count = math.isqrt(order)
    levels, labels = pulse_amplitudes(count), gray(count)
    y = levels[:, None] + t / math.sqrt(snr)
    likelihood = np.exp(-snr * (y[..., None] - levels) ** 2)
    weights = w / (count * math.sqrt(math.pi))
    own = likelihood[np.arange(count), :, np.arange(count)]
    mutual = math.log2(count) + np.sum(weights * np.log2(own / likelihood.sum(-1)))
    generalised = 0.0
    for bit in range(count.bit_length() - 1):
        value = (labels >> bit) & 1
        same = np.sum(likelihood * (value[:, None, None] == value[None, None, :]), -1)
        generalised += 1.0 + np.sum(weights * np.log2(same / likelihood.sum(-1)))
    return 2.0 * mutual, 2.0 * generalised


@pytest.mark.parametrize("order", VECTORS)
def test_line_information__published_values(order):
    for snr_db, expected in VECTORS[order].items():
        assert square(order, 10.0 ** (0.1 * snr_db)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("order", [4, 16, 64, 256, 1024])
def test_line_information__equals_gauss_hermite(order):
    for snr_db in np.linspace(-15.0, 30.0, 16):
        snr = 10.0 ** (0.1 * snr_db)
        assert square(order, snr) == pytest.approx(gauss_hermite(order, snr), abs=5e-6)


def test_line_information__two_levels_at_high_precision():
    mpmath = pytest.importorskip("mpmath")
    snr = 10.0**0.7

    def lost(y):
        return mpmath.exp(-((y - mpmath.sqrt(snr)) ** 2) / 2) * mpmath.log(1 + mpmath.exp(-2 * y * mpmath.sqrt(snr)), 2)

    integral = mpmath.quad(lost, [-20, -5, 0, 2, 5, 20]) / mpmath.sqrt(2 * mpmath.pi)
    assert square(4, snr)[0] == pytest.approx(2.0 * (1.0 - float(integral)), abs=1e-10)


def test_line_information__weak_and_strong_signals():
    mutual, generalised = square(16, np.array([1e-6, 1e6]))
    assert mutual[0] == pytest.approx(1e-6 / math.log(2.0), rel=1e-5)
    assert 0.0 < generalised[0] < mutual[0]
    assert mutual[1] == pytest.approx(4.0, abs=1e-12)
    assert generalised[1] == pytest.approx(4.0, abs=1e-12)


def test_gray__neighbours_differ_by_one_bit():
    labels = gray(32)
    assert sorted(labels) == list(range(32))
    assert all(int(step).bit_count() == 1 for step in labels[1:] ^ labels[:-1])
