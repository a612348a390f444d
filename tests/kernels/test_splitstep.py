"""Loops of the split-step method against plain NumPy, in both precisions."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcfiber.kernels.splitstep import delayed, filtered, kerr_rotation, transfer

PRECISIONS = [(np.complex128, 2e-14), (np.complex64, 2e-6)]


def noise(*shape: int, kind: Any = np.complex128) -> Any:
    generator = np.random.default_rng(5)
    return (generator.normal(size=shape) + 1j * generator.normal(size=shape)).astype(kind)


@pytest.mark.parametrize(("kind", "tolerance"), PRECISIONS)
@pytest.mark.parametrize("strength", [1e-3, -0.03, 0.0, 0.3, 40.0])
@pytest.mark.nojit
def test_kerr_rotation(kind: Any, tolerance: float, strength: float) -> None:
    field = noise(3, 2, 500, kind=kind)
    phase = strength * np.array([1.0, 2.0, 0.5])[:, None] * (np.abs(field.astype(complex)) ** 2).sum(axis=1)
    expected = field * np.exp(1j * phase)[:, None, :]
    kerr_rotation(strength * np.array([1.0, 2.0, 0.5]), field)
    assert field.dtype == kind
    # a large phase is known to the rounding of the power that it comes from
    assert np.abs(field - expected).max() < tolerance * (4 + np.abs(phase).max())


@given(st.floats(-0.6, 0.6))
def test_kerr_rotation__keeps_power(strength: float) -> None:
    field = noise(1, 2, 64)
    before = np.abs(field) ** 2
    kerr_rotation(np.array([strength]), field)
    assert np.abs(field) ** 2 == pytest.approx(before, rel=1e-14)


@pytest.mark.parametrize(("kind", "tolerance"), PRECISIONS)
@pytest.mark.nojit
def test_transfer_and_filtered(kind: Any, tolerance: float) -> None:
    propagation, length = np.linspace(-3.0, 5.0, 300), np.array([7.0])
    function = np.empty((1, 300), kind)
    transfer(propagation[None], length, function)
    assert np.abs(function[0] - np.exp(7j * propagation)).max() < tolerance
    field = noise(4, 300, kind=kind)
    expected = field * function[0]
    filtered(function[0], field)
    assert field == pytest.approx(expected, rel=10 * tolerance)


@pytest.mark.parametrize("size", [64, 65, 250, 1001])
def test_delayed(size: int) -> None:
    field, turns = noise(3, size), np.array([0.01, -2.7, 40.0])
    expected = field * np.exp(-1j * turns[:, None] * np.fft.fftfreq(size, 1.0 / size))
    delayed(turns, field)
    assert np.abs(field - expected).max() < 1e-11


@pytest.mark.nojit
def test_delayed__whole_samples() -> None:
    # Delaying by a sample shifts the field by a sample.
    field = noise(1, 96)
    spectrum = np.fft.fft(field)
    delayed(np.array([2 * np.pi * 5 / 96]), spectrum)
    assert np.fft.ifft(spectrum) == pytest.approx(np.roll(field, 5), abs=1e-12)
