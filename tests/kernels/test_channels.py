import math

import numpy as np
import pytest
from scipy.optimize import minimize

from mcfiber.kernels import channels as kernels

DB = 10.0 / math.log(10.0)


def spans(modes, draws, *, loss=0.0, sections=3, seed=1):
    """Transfer matrices of single spans, straight from the kernel."""
    random = np.random.default_rng(seed)
    steps = np.linspace(-1, 1, modes)
    gain = loss * steps / steps.std()
    work, out = np.empty((2, modes, modes), complex), np.empty((draws, modes, modes), complex)
    index = random.integers(0, kernels.POOL, (draws, sections))
    shift = random.integers(0, modes, (draws, sections))
    phase = random.uniform(-0.5, 0.5, (draws, sections, modes))
    one = np.ones(modes, complex)
    for k in range(draws):
        kernels._span(kernels.unitary_pool(modes), index[k], shift[k], phase[k], one, gain, work, out[k])
    return out


def mean_and_error(values):
    return values.mean(), values.std(ddof=1) / math.sqrt(values.size)


@pytest.mark.parametrize("modes", [2, 6, 38])
def test_span__statistics_of_a_haar_matrix(modes):
    matrix = spans(modes, 4000 if modes < 38 else 800)
    np.testing.assert_allclose(matrix[0] @ matrix[0].conj().T, np.eye(modes), atol=1e-12)
    power = np.abs(matrix) ** 2
    eigenvalues = np.linalg.eigvals(matrix[:800])
    checks = {
        "first moment": (power[:, 0, 0], 1 / modes),
        "second moment": (power[:, 1, 1] ** 2, 2 / (modes * (modes + 1))),
        "same row": (power[:, 0, 0] * power[:, 0, 1], 1 / (modes * (modes + 1))),
        "other row and column": (power[:, 0, 0] * power[:, 1, 1], 1 / (modes**2 - 1)),
        "trace": (np.abs(eigenvalues.sum(axis=1)) ** 2, 1),
        "trace of the square": (np.abs((eigenvalues**2).sum(axis=1)) ** 2, 2),
        "trace of a high power": (np.abs((eigenvalues ** (modes + 3)).sum(axis=1)) ** 2, modes),
    }
    for name, (values, expected) in checks.items():
        mean, error = mean_and_error(values)
        assert abs(mean - expected) < 4 * error, name


@pytest.mark.parametrize("modes", [2, 8])
def test_span__exact_moments_of_the_gains(modes):
    """E[tr(H H^H)]/D is the product of the spans' mean gains, for any number of modes and spans."""
    draws, count, loss = 1500, 6, 2 / DB
    matrix = spans(modes, draws * count, loss=loss).reshape(draws, count, modes, modes)
    channel = matrix[:, 0]
    for k in range(1, count):
        channel = matrix[:, k] @ channel
    steps = np.linspace(-1, 1, modes)
    gain = np.exp(loss * steps / steps.std())
    for exponent in (1, -1):
        values = np.mean(np.linalg.svd(channel, compute_uv=False) ** (2.0 * exponent), axis=1)
        mean, error = mean_and_error(values)
        assert abs(mean - np.mean(gain**exponent) ** count) < 4 * error


def random_case(modes=5, draws=3, seed=3):
    random = np.random.default_rng(seed)
    parts = random.standard_normal((4, draws, modes, modes))
    channel, colour = parts[0] + 1j * parts[1], parts[2] + 1j * parts[3]
    return channel, colour @ colour.conj().swapaxes(1, 2) + np.eye(modes)


def rates(channel, noise, snr, informed=True):
    out = np.empty((4, len(channel), np.size(snr)))
    kernels.channel_rates(channel, noise, np.atleast_1d(snr), informed, *out)
    return out


@pytest.mark.nojit
def test_channel_rates__definitions():
    channel, noise = random_case()
    snr = np.array([0.3, 20.0])
    optimal, mmse, forcing, _ = rates(channel, noise, snr)
    for draw in range(len(channel)):
        for m, ratio in enumerate(snr):
            signal = ratio * channel[draw] @ channel[draw].conj().T
            both = np.linalg.slogdet(noise[draw] + signal)[1] - np.linalg.slogdet(noise[draw])[1]
            assert optimal[draw, m] == pytest.approx(both / 5 / math.log(2), rel=1e-12)
            # every stream apart: h^H (R + sum of the others)^-1 h, and the inverse channel's noise
            streams = np.sqrt(ratio) * channel[draw].T
            total = noise[draw] + signal
            sinr = [(h.conj() @ np.linalg.solve(total - np.outer(h, h.conj()), h)).real for h in streams]
            assert mmse[draw, m] == pytest.approx(np.mean(np.log2(1 + np.array(sinr))), rel=1e-11)
            inverse = np.linalg.inv(channel[draw])
            enhanced = np.diag(inverse @ noise[draw] @ inverse.conj().T).real
            assert forcing[draw, m] == pytest.approx(np.mean(np.log2(1 + ratio / enhanced)), rel=1e-11)


def test_channel_rates__water_filling_is_the_best_distribution():
    channel, noise = random_case(modes=3, draws=2)
    for snr in (0.2, 5.0):
        informed = rates(channel, noise, snr)[3][:, 0]
        for draw in range(2):
            gains = np.linalg.eigvals(np.linalg.solve(noise[draw], channel[draw] @ channel[draw].conj().T)).real

            def loss(powers, gains=gains):
                return -np.mean(np.log2(1 + powers * gains))

            best = minimize(loss, np.full(3, snr), bounds=[(0, None)] * 3, method="SLSQP",
                            constraints={"type": "eq", "fun": lambda p, snr=snr: p.sum() - 3 * snr},
                            options={"ftol": 1e-12})  # fmt: skip
            assert informed[draw] == pytest.approx(-best.fun, abs=1e-6)


def test_channel_rates__order_bounds_and_unitary_invariance():
    channel, noise = random_case(modes=6, draws=20, seed=5)
    snr = np.array([0.1, 1.0, 30.0])
    optimal, mmse, forcing, informed = rates(channel, noise, snr)
    assert np.all(forcing <= mmse + 1e-12)
    assert np.all(mmse <= optimal + 1e-12)
    assert np.all(optimal <= informed + 1e-12)
    gains = np.trace(np.linalg.solve(noise, channel @ channel.conj().swapaxes(1, 2)), axis1=1, axis2=2).real
    assert np.all(optimal <= np.log2(1 + snr * gains[:, None] / 6) + 1e-12)
    left, right = spans(6, 2)
    turned = rates(left @ channel @ right, left @ noise @ left.conj().T, snr)
    np.testing.assert_allclose(turned[0], optimal, rtol=1e-11)
    np.testing.assert_allclose(turned[3], informed, rtol=1e-11)
    flat = rates(np.eye(6)[None] + 0j, np.eye(6)[None] + 0j, snr)
    np.testing.assert_allclose(flat[:, 0], np.log2(1 + snr) * np.ones((4, 1)), rtol=1e-13)
