"""Moments of power profiles, and the Lorentzians that they give."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from mcfiber.kernels.moments import (
    profile_moments,
    profile_moments_adjoint,
    profile_poles,
    profile_poles_adjoint,
    running_area,
)
from mcfiber.kernels.raman import panel_integration

PROFILES = {
    one["id"]: one
    for one in json.loads((Path(__file__).parents[1] / "data" / "kerr_islands.json").read_text())["profiles"]
}
LOSS = 0.2e-3 * math.log(10) / 10
PUMP = 0.25e-3 * math.log(10) / 10
NODES = 20
PLACE = 0.5 - 0.5 * np.cos(np.pi * np.arange(NODES) / (NODES - 1))


def shapes(name):
    """Profile at the nodes of its panels."""
    if name == "lumped-3-db-at-1-km":
        panel, passed = np.array([1e3, 79e3]), np.array([1.0, 10**-0.3])
        z = np.array([0.0, 1e3])[:, None] + panel[:, None] * PLACE
        return passed[:, None] * np.exp(-LOSS * z), panel
    length = 35e3 if name == "exponential-7-db" else 80e3
    z = length * PLACE[None]
    gain = {
        "forward-250-mw": 1e-4 * -np.expm1(-PUMP * z) / PUMP,
        "backward-500-mw": 2e-4 * (np.exp(-PUMP * (length - z)) - math.exp(-PUMP * length)) / PUMP,
    }
    return np.exp(-LOSS * z + gain.get(name, 0.0)), np.array([length])


def moments(name):
    profile, panel = shapes(name)
    return profile_moments(profile[None], np.ones(1), panel, panel_integration(NODES), sizes={"moment": 7})


@pytest.mark.parametrize("name", PROFILES)
def test_moments__of_five_profiles(name):
    # The two with pumps were computed on 120 exponential panels, which is good to 3e-4.
    tolerance = 3.1e-4 if name.startswith(("forward", "backward")) else 5e-8
    expected = [PROFILES[name]["moments_m_to_minus_k_plus_2"][str(k)] for k in range(-4, 3)]
    assert moments(name)[0] == pytest.approx(expected, rel=tolerance)


@pytest.mark.nojit
@pytest.mark.parametrize("name", PROFILES)
def test_poles__give_the_moments_back(name):
    moment = moments(name)
    amplitude, pole = profile_poles(moment, sizes={"pole": 3})
    for order in range(-3, 3):
        total = (amplitude[0] * pole[0] ** order).sum()
        assert total.real == pytest.approx(moment[0, order + 4], rel=1e-9)
        assert abs(total.imag) < 1e-9 * moment[0, order + 4]


@pytest.mark.parametrize("name", PROFILES)
def test_running_area__of_the_poles(name):
    amplitude, pole = profile_poles(moments(name), sizes={"pole": 3})
    tolerance = 2e-4 if name.startswith(("forward", "backward")) else 5e-6
    found = [running_area(phase, amplitude[0], pole[0]) for phase in PROFILES[name]["phase_mismatch_per_m"]]
    assert found == pytest.approx(PROFILES[name]["running_area_poles_m"], rel=tolerance)
    assert found == pytest.approx(PROFILES[name]["running_area_exact_m"], rel=0.025)


def test_poles__fewer_where_the_profile_has_no_more():
    # A long span is one exponential: one Lorentzian of the width of its loss.
    profile = np.exp(-400e3 * LOSS * PLACE)[None, None]
    moment = profile_moments(profile, np.ones(1), np.array([400e3]), panel_integration(NODES), sizes={"moment": 7})
    amplitude, pole = profile_poles(moment, sizes={"pole": 3})
    assert (amplitude[0] * pole[0]).sum().real == pytest.approx(moment[0, 5], rel=1e-9)
    assert np.all(pole[0].real > 0.0)


@pytest.mark.nojit
@pytest.mark.parametrize("name", PROFILES)
def test_adjoint__against_differences(name):
    profile, panel = shapes(name)
    integration, launch = panel_integration(NODES), np.array([2e-3])
    rng = np.random.default_rng(3)
    by_amplitude = rng.normal(size=3) + 0.0j
    mixed = 1e-4

    def objective(profile, launch):
        moment = profile_moments(profile, launch, panel, integration, sizes={"moment": 7})
        amplitude, pole = profile_poles(moment, sizes={"pole": 3})
        return (np.log(amplitude[0] * pole[0] / (pole[0] + mixed))).sum().real, moment, amplitude, pole

    powers = 2e-3 * profile[None]
    _, moment, amplitude, pole = objective(powers, launch)
    by_amplitude, by_pole = 1.0 / amplitude, 1.0 / pole - 1.0 / (pole + mixed)
    by_moment = profile_poles_adjoint(moment, by_amplitude, by_pole)
    by_profile, by_launch = profile_moments_adjoint(powers, launch, panel, integration, by_moment)
    change, of_launch = powers * (1.0 + rng.normal() * np.linspace(-1, 1, NODES)), launch * rng.normal()
    step = 1e-4

    def moved(size):
        return objective(powers + size * change, launch + size * of_launch)[0]

    slope = (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * step)
    assert (by_profile * change).sum() + (by_launch * of_launch).sum() == pytest.approx(slope, rel=1e-6, abs=1e-9)
