"""Hand-written adjoints against central differences of their forward kernels."""

from collections.abc import Callable

import numpy as np
import pytest

from mcfiber.kernels import isrs, nonlinear, raman, silica
from mcfiber.kernels import launch_gradient as adjoint
from mcfiber.typing import FloatArray

COUNT = 9
DRAW = np.random.default_rng(5)
RATE = DRAW.uniform(30e9, 90e9, COUNT)
FREQUENCY = 188e12 + np.cumsum(RATE + DRAW.uniform(1e10, 1e12, COUNT))
POWER = DRAW.uniform(5e-3, 3e-2, COUNT)
GAMMA = DRAW.uniform(1e-3, 1.4e-3, COUNT)
BETA2 = -DRAW.uniform(15e-27, 25e-27, COUNT)
LOSS = DRAW.uniform(4e-5, 5e-5, COUNT)
PANEL, INTEGRATION = np.array([30e3, 50e3]), raman.panel_integration(10)
DIRECTION = np.array([1.0] * (COUNT - 2) + [-1.0, 1.0])


def slope(function: Callable[[FloatArray], FloatArray], at: FloatArray, out: FloatArray) -> FloatArray:
    """Derivative of sum(out * function) by every entry, central differences in relative steps."""
    result = np.empty(at.size)
    for k in range(at.size):
        up, down = at.ravel().copy(), at.ravel().copy()
        step = 1e-5 * abs(at.ravel()[k])
        up[k] += step
        down[k] -= step
        change = function(up.reshape(at.shape)) - function(down.reshape(at.shape))
        result[k] = (out * change).sum() / (2 * step)
    return result.reshape(at.shape)


def raman_waves(power: FloatArray) -> FloatArray:
    result: FloatArray = raman.raman_power(
        FREQUENCY, power, DIRECTION, LOSS, np.full(COUNT, 70e-12), silica.raman_efficiency(), silica.STEP, 1.0,
        PANEL, np.array([1.0, 0.8]), INTEGRATION,
    )  # fmt: skip
    return result


def test_adjoint__gn() -> None:
    out = DRAW.normal(size=COUNT)

    def forward(power: FloatArray) -> FloatArray:
        result: FloatArray = nonlinear.gn_closed_form(FREQUENCY, RATE, power, GAMMA, BETA2, LOSS, 8e4)
        return result

    back = adjoint.gn_closed_form_adjoint(FREQUENCY, RATE, POWER, GAMMA, BETA2, LOSS, 8e4, forward(POWER), out)
    np.testing.assert_allclose(back, slope(forward, POWER, out), rtol=1e-7)


def test_adjoint__isrs() -> None:
    coefficient, decay = isrs.fitted_profile(raman_waves(POWER), LOSS, PANEL, INTEGRATION, sizes={"term": 3})
    own_out, cross_out = DRAW.normal(size=(2, COUNT))

    def forward(power: FloatArray, coefficient: FloatArray) -> FloatArray:
        return np.stack(isrs.isrs_gn_closed_form(FREQUENCY, RATE, power, GAMMA, BETA2, coefficient, decay))

    cross = forward(POWER, coefficient)[1]
    by_power, by_coefficient = adjoint.isrs_gn_adjoint(
        FREQUENCY, RATE, POWER, GAMMA, BETA2, coefficient, decay, cross, own_out, cross_out
    )
    out = np.stack([own_out, cross_out])
    np.testing.assert_allclose(by_power, slope(lambda power: forward(power, coefficient), POWER, out), rtol=1e-7)
    np.testing.assert_allclose(by_coefficient, slope(lambda one: forward(POWER, one), coefficient, out), rtol=1e-6)


def test_adjoint__fit() -> None:
    profile = raman_waves(POWER)
    coefficient, _ = isrs.fitted_profile(profile, LOSS, PANEL, INTEGRATION, sizes={"term": 3})
    out = DRAW.normal(size=coefficient.shape)
    back = adjoint.fitted_profile_adjoint(profile, LOSS, PANEL, INTEGRATION, coefficient, out)

    def forward(powers: FloatArray) -> FloatArray:
        result: FloatArray = isrs.fitted_profile(powers, LOSS, PANEL, INTEGRATION, sizes={"term": 3})[0]
        return result

    np.testing.assert_allclose(back, slope(forward, profile, out), rtol=1e-6, atol=1e-7 * np.abs(back).max())


@pytest.mark.parametrize("backward", [True, False])
def test_adjoint__raman(backward: bool) -> None:
    direction = DIRECTION if backward else np.ones(COUNT)

    def forward(power: FloatArray) -> FloatArray:
        result: FloatArray = raman.raman_power(
            FREQUENCY, power, direction, LOSS, np.full(COUNT, 70e-12), silica.raman_efficiency(), silica.STEP, 1.0,
            PANEL, np.array([1.0, 0.8]), INTEGRATION,
        )  # fmt: skip
        return result

    profile = forward(POWER)
    out = DRAW.normal(size=profile.shape)
    back = adjoint.raman_power_adjoint(
        FREQUENCY, POWER, direction, np.full(COUNT, 70e-12), silica.raman_efficiency(), silica.STEP, 1.0, PANEL,
        INTEGRATION, profile, out,
    )  # fmt: skip
    np.testing.assert_allclose(back, slope(forward, POWER, out), rtol=1e-6)
