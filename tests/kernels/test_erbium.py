"""Kernels of erbium amplifiers beside NumPy and SciPy, in both modes."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from mcfiber.kernels import erbium

PLANCK = 6.62607015e-34
RNG = np.random.default_rng(5)
FREQUENCY = np.linspace(191.5e12, 195.8e12, 9)
ABSORPTION = np.linspace(0.4, 1.6, 9)
GAIN = np.linspace(0.75, 1.5, 9)
PUMP = {"pump_frequency": 3.06e14, "pump_absorption": 0.96, "pump_gain": 0.0, "saturation": 3.5e15}


def output(length, *, asked=12.0, pump=0.03, cores=1.0, part=1.0):
    """Output by the formula, with entering light of 1/asked of it in equal channels."""
    inversion = max((np.log(asked) + ABSORPTION * length) / (ABSORPTION + GAIN))
    gains = np.exp((ABSORPTION + GAIN) * inversion - ABSORPTION * length)
    left = math.exp(cores * part * 0.96 * (inversion - length))
    flux = pump / (PLANCK * PUMP["pump_frequency"])
    weight = (gains - 1) / (PLANCK * FREQUENCY) / asked / 9
    return (flux * (1 - left) / cores - 3.5e15 * inversion) / weight.sum()


def flattened(*, length=math.nan, pump=0.03, cores=1.0, part=1.0, limit=math.inf, asked=12.0):
    rest = PUMP["pump_frequency"], 0.96 * part, 0.0, 3.5e15, cores, length, limit
    one = np.ones(9)
    return erbium.flattened_amplifier(FREQUENCY, ABSORPTION, GAIN, asked * one, one / asked / 9, pump, *rest)


@pytest.mark.parametrize(("cores", "part"), [(1.0, 1.0), (4.0, 0.05)])
def test_flattened_amplifier__formula_at_a_length(cores, part):
    found, length, inversion, used, gains = flattened(length=7.0, pump=0.2, cores=cores, part=part)
    assert found == pytest.approx(output(7.0, pump=0.2, cores=cores, part=part), rel=1e-12)
    assert (length, used) == (7.0, 0.2)
    assert gains.min() == pytest.approx(12.0, rel=1e-12)
    assert 0 < inversion < 1


def test_flattened_amplifier__best_length_is_scipys():
    found, length, *_ = flattened()
    best = minimize_scalar(lambda one: -output(one), bounds=(3.4, 30), method="bounded", options={"xatol": 1e-9})
    assert found == pytest.approx(-best.fun, rel=1e-6)
    assert found >= -best.fun * (1 - 1e-9)
    assert length == pytest.approx(best.x, abs=1e-3)


def test_flattened_amplifier__limit_turns_the_pump_down():
    found, length, _, used, gains = flattened(limit=0.005)
    assert found == 0.005
    again = flattened(length=float(length), pump=float(used))
    assert again[0] == pytest.approx(0.005, rel=1e-12)
    assert again[4] == pytest.approx(gains, rel=1e-12)


def test_flattened_amplifier__below_threshold_nothing_is_told():
    assert all(np.isnan(one).all() for one in flattened(pump=1e-4))
    assert all(np.isnan(one).all() for one in flattened(asked=0.9))


def test_saturated_amplifier__is_the_root():
    power = RNG.uniform(1e-5, 3e-4, 9)
    rest = PUMP["pump_frequency"], 0.96, 0.0, 3.5e15, 1.0
    inversion, gains, left = erbium.saturated_amplifier(FREQUENCY, ABSORPTION, GAIN, power, 0.04, *rest, 8.0)

    def over(m):
        grown = np.exp((ABSORPTION + GAIN) * m - ABSORPTION * 8.0)
        flux = 0.04 / (PLANCK * PUMP["pump_frequency"])
        return flux * (1 - math.exp(0.96 * (m - 8.0))) - (power / (PLANCK * FREQUENCY) * (grown - 1)).sum() - 3.5e15 * m

    root = brentq(over, 1e-9, 8.0, xtol=1e-14)
    assert inversion * 8.0 == pytest.approx(root, rel=1e-10)
    assert left == pytest.approx(math.exp(0.96 * (root - 8.0)), rel=1e-9)
    _, _, reached = erbium.along_erbium(
        FREQUENCY, ABSORPTION, GAIN, power, 0.04, *rest, 8.0, inversion, np.array([0.0, 1.0])
    )
    assert reached == pytest.approx(np.full(2, float(inversion)), rel=2e-5)
    assert gains.shape == (9,)


def test_best_output_factor__is_scipys():
    linear, cubic = RNG.uniform(1e-3, 1e-1, (4, 9)), RNG.uniform(1e-4, 1e-2, (4, 9))
    found = erbium.best_output_factor(linear, cubic)
    for one, a, b in zip(found, linear, cubic, strict=True):
        best = minimize_scalar(
            lambda x, a=a, b=b: np.log(a / math.exp(x) + b * math.exp(2 * x)).sum(), bounds=(-5, 5), method="bounded",
            options={"xatol": 1e-10},
        )  # fmt: skip
        assert one == pytest.approx(math.exp(best.x), rel=1e-6)
    assert erbium.best_output_factor(linear[0], np.zeros(9)) == math.inf
