"""Terms of the modulation format: independent quadratures, Monte Carlo, limits."""

import math
from typing import Any

import numpy as np
import pytest

from mcfiber.kernels.egn import cross_channel_integrals, link_field, self_channel_integrals
from mcfiber.line.gn_integral import as_leading as one
from mcfiber.line.gn_integral import gn_integral, plain_span
from mcfiber.simulation.egn import format_correction
from mcfiber.typing import FloatArray
from mcfiber.units import SPEED_OF_LIGHT

# D = 17 ps/(nm km) at 1550 nm, 0.2 dB/km, 1.3 1/(W km), 100 km; 32 GBd.
BETA2 = -17e-6 * 1550e-9**2 / (2 * math.pi * SPEED_OF_LIGHT)
LOSS = 0.2e-3 * math.log(10) / 10
GAMMA = 1.3e-3
LENGTH = 100e3
RATE = 32e9
FORMATS = {"gaussian": (0.0, 0.0), "qpsk": (-1.0, 4.0), "16qam": (-0.68, 2.08), "64qam": (-13 / 21, 1.797214)}


def link(spans: float) -> tuple[Any, ...]:
    return one([0.0]), one([LENGTH]), one([1.0]), one([math.exp(-LOSS * LENGTH)]), one(spans), one(LENGTH)


def own_eta(name: str, spans: int, **options: Any) -> float:
    span = plain_span(attenuation=LOSS, length=LENGTH, beta2=BETA2, gamma=GAMMA, count=spans)
    gaussian = gn_integral([0.0], RATE, 1e-3, span, band="average").power[0]
    kurtosis, sixth = FORMATS[name]
    correction = format_correction([0.0], RATE, 1e-3, span, kurtosis=kurtosis, sixth=sixth, **options)
    assert correction.others[0] == 0.0
    assert correction.error[0] < 1e-3 * gaussian
    return float((gaussian + correction.own[0]) / 1e-9)


@pytest.mark.parametrize(
    ("name", "spans", "removal", "expected"),
    [
        ("gaussian", 1, "none", 197.85),
        ("qpsk", 1, "none", 73.93),
        ("qpsk", 1, "least_squares", 46.17),
        ("16qam", 1, "none", 94.57),
        ("16qam", 1, "least_squares", 81.74),
        ("64qam", 1, "none", 100.97),
        ("64qam", 1, "least_squares", 90.33),
        ("16qam", 5, "none", 1025.1),
        ("qpsk", 5, "none", 875.9),
    ],
)
def test_one_channel(name: str, spans: int, removal: str, expected: float) -> None:
    # Independent quadrature of the same four integrals; that with least squares also agrees with split-step.
    assert own_eta(name, spans, gain_removal=removal) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("offset", "spans", "gaussian", "kurtosis"),
    [
        (50e9, 1, 91.986, 71.453),
        (100e9, 1, 47.326, 37.980),
        (500e9, 1, 9.8293, 8.1094),
        (50e9, 10, 925.95, 369.11),
        (-100e9, 10, 474.60, 202.54),
        (100e9, 40, 1899.2, 709.46),
    ],
)
def test_pairs(offset: float, spans: int, gaussian: float, kurtosis: float) -> None:
    # Independent numerical integrals of a pair.
    out = np.empty((1, 1, 2))
    position, length, start, end, repeats, period = link(spans)
    cross_channel_integrals(
        one([offset]), one([RATE]), one([RATE]), position, length, start[:, None], end[:, None],
        repeats, period, one([BETA2]), one(0.5), out,
    )  # fmt: skip
    assert out[0, 0] * GAMMA**2 * [32 / 27, 80 / 81] == pytest.approx([gaussian, kurtosis], rel=1e-4)


def test_integrals__monte_carlo() -> None:
    # I1 and I2 by their definitions, with independent uniform frequencies; 4 standard errors.
    rng = np.random.default_rng(7)
    f, f1, y1, y2 = (rng.uniform(-RATE / 2, RATE / 2, 200_000) for _ in range(4))
    x = f1 - f

    def term(y: FloatArray) -> FloatArray:
        pole = -LOSS + 4j * math.pi**2 * BETA2 * x * y
        inside = np.abs(f + x + y) < RATE / 2
        return np.asarray((np.exp(pole * LENGTH) - 1) / pole * inside)

    out = np.empty((1, 5))
    self_channel_integrals(*link(1), one(BETA2), one(RATE), one(512), out)
    for value, samples in (
        (out[0, 0], np.abs(term(y1 - f)) ** 2),
        (out[0, 1], np.real(term(y1 - f) * np.conj(term(y2 - f)))),
    ):
        error = samples.std() / math.sqrt(samples.size)
        assert value == pytest.approx(samples.mean(), abs=4 * error)


def test_no_dispersion() -> None:
    # The link function is the effective length, and J(f) is it times 3/4 - (f/R)^2; I2 and I3 are moments of lengths.
    effective = -math.expm1(-LOSS * LENGTH) / LOSS
    out = np.empty((1, 5))
    self_channel_integrals(*link(1), one(0.0), one(RATE), one(400), out)
    assert out[0] / effective**2 == pytest.approx([2 / 3, 1 / 2, 1 / 2, 9 / 20, 4 / 9], rel=2e-5)


@pytest.mark.nojit
def test_link_field__many_spans() -> None:
    # Equal spans one by one.
    panels = [np.array([0.0, 60e3]), np.array([60e3, 40e3]), np.array([1.0, 0.05]), np.array([0.06, 0.01])]
    for mismatch in (0.0, 1e-5, 2 * math.pi / LENGTH, -3e-4):
        one_span = link_field(mismatch, *panels, 1.0, LENGTH)
        twin = sum(one_span * np.exp(1j * mismatch * LENGTH * number) for number in range(7))
        assert abs(link_field(mismatch, *panels, 7.0, LENGTH)) == pytest.approx(abs(twin), rel=1e-9)


def test_comb() -> None:
    # The pairs add, each with its own format, power and the GN part's scaling.
    span = plain_span(attenuation=LOSS, length=LENGTH, beta2=BETA2, gamma=GAMMA)
    options = {"kurtosis": np.array([-1.0, 0.0, -0.5]), "sixth": 0.0, "channels": [1]}
    power = np.array([1e-3, 2e-3, 3e-3])
    result = format_correction([-100e9, 0.0, 50e9], RATE, power, span, **options)
    assert result.own[0] == 0.0
    expected = -37.980 * 2e-3 * 1e-6 - 0.5 * 71.453 * 2e-3 * 9e-6
    assert result.others[0] == pytest.approx(expected, rel=1e-4)


def test_refused() -> None:
    span = plain_span(attenuation=LOSS, length=LENGTH, beta2=BETA2, gamma=GAMMA)
    with pytest.raises(ValueError, match="gain_removal: got 'phase'; allowed: 'none', 'least_squares'"):
        format_correction([0.0], RATE, 1e-3, span, kurtosis=0.0, sixth=0.0, gain_removal="phase")  # type: ignore[arg-type]
