"""Launch powers over all islands: derivatives through the fast form and Raman scattering."""

import numpy as np
import pytest

import mcfiber as mcf
from mcfiber.evaluate import records
from mcfiber.line.interference import nonlinear_interference
from mcfiber.studies.launch_gradient import NoiseOfLaunch


def scene(raman, terms):
    few = mcf.Spectrum(frequency_thz=list(np.arange(188.0, 196.0, 0.5)), symbol_rate_gbd=49.0)
    models = {"models.raman": raman, "models.nonlinear_interference": "kerr", "models.terms": terms}
    return records(mcf.load("nict-2025-1808km").system.replace({"spectrum": few} | models))[0]


@pytest.mark.parametrize("raman", ["none", "silica"])
@pytest.mark.parametrize("terms", ["spm+xpm", "all"])
def test_gradient__against_differences(raman, terms):
    here = scene(raman, terms)
    noise, rng = NoiseOfLaunch(here), np.random.default_rng(0)
    launch = 2e-3 * np.linspace(0.7, 1.3, here.channels.count)
    weights = [rng.normal(size=power.shape) / power for power in noise(launch)]
    slope_of = noise.pullback(*weights)
    change, step = launch * rng.normal(size=launch.size), 1e-4

    def moved(size):
        return sum((weight * power).sum() for weight, power in zip(weights, noise(launch + size * change), strict=True))

    slope = (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * step)
    assert slope_of @ change == pytest.approx(slope, rel=1e-6)


def test_noise__is_that_of_the_model():
    here = scene("silica", "all")
    launch = np.broadcast_to(np.asarray(here.power.launch), (here.channels.count,))
    _, found = NoiseOfLaunch(here)(launch)
    model = nonlinear_interference(here.line, here.medium, here.power, here.channels, model="kerr", terms="all")
    assert found.ravel() == pytest.approx(np.asarray(model.data).ravel(), rel=1e-9)
    assert model.attrs["terms"] == "all"
