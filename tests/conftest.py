"""Profiles of hypothesis, and which tests run in both modes of the kernels."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# `same` is the one of `make test`, here and in continuous integration: the same examples for everyone. `deep` is that
# of `make validate`: many, and others each time. No deadline: the first call of a kernel compiles it.
COMMON = {"deadline": None, "print_blob": True, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("same", max_examples=100, derandomize=True, database=None, **COMMON)
settings.register_profile("deep", max_examples=5000, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# Kernel tests that take seconds even as plain Python: `make test` runs them again with NUMBA_DISABLE_JIT=1.
BOTH_MODES = {
    "adjoint",
    "amplifier",
    "bessel",
    "channel",
    "crosstalk",
    "elementary",
    "erbium",
    "isrs",
    "mixing",
    "mode_dispersion",
    "nonlinear",
    "raman",
}
KERNELS = Path(__file__).parent / "kernels"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the kernel tests that run in both modes."""
    for item in items:
        if item.path.parent == KERNELS and item.path.stem.removeprefix("test_") in BOTH_MODES:
            item.add_marker(pytest.mark.nojit)
