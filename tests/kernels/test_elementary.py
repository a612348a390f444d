"""Branch-free functions against 40-digit arithmetic."""

import mpmath
import numpy as np
import pytest

from mcfiber.kernels.elementary import asinh_difference, atan_positive, log_quotient

ULP = np.finfo(float).eps


def test_log_quotient() -> None:
    draw = np.random.default_rng(0)
    numerator = np.concatenate([10 ** draw.uniform(-150, 150, 2000), draw.uniform(0.9, 1.1, 2000)])
    denominator = np.concatenate([10 ** draw.uniform(-150, 150, 2000), draw.uniform(0.9, 1.1, 2000)])
    got = np.array([log_quotient(n, d) for n, d in zip(numerator, denominator, strict=True)])
    with mpmath.workdps(40):
        exact = np.array([float(mpmath.log(mpmath.mpf(n) / d)) for n, d in zip(numerator, denominator, strict=True)])
    assert np.all(np.abs(got - exact) <= 2 * ULP * np.abs(exact))
    assert log_quotient(3.7, 3.7) == 0.0


def test_atan_positive() -> None:
    arguments = np.concatenate([[0.0], np.geomspace(1e-300, 1e300, 401), np.linspace(0.0, 5.0, 801)])
    got = np.array([atan_positive(x) for x in arguments])
    with mpmath.workdps(40):
        exact = np.array([float(mpmath.atan(x)) for x in arguments])
    assert np.all(np.abs(got - exact) <= 2 * ULP * exact)


@pytest.mark.parametrize(
    ("upper", "lower"),
    [(1.0, 0.0), (5.0, 4.9999999), (3e4, 2.99e4), (1e-9, -1e-9), (20.0, -3.0), (300.0, -300.0), (0.0, 0.0)],
)
def test_asinh_difference(upper: float, lower: float) -> None:
    with mpmath.workdps(40):
        exact = float(mpmath.asinh(upper) - mpmath.asinh(lower))
    # Rounding e^asinh loses a unit of each.
    assert asinh_difference(upper, lower) == pytest.approx(exact, rel=4 * ULP, abs=2 * ULP)
