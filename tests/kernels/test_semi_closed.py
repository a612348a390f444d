"""The fast form: beside the integral on random lines, at the vectors, and its derivatives."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from mcfiber.kernels.mixed_islands import mixed_ratio
from mcfiber.kernels.moments import (
    profile_moments,
    profile_moments_adjoint,
    profile_poles,
    profile_poles_adjoint,
)
from mcfiber.kernels.phase import dispersion_between, phase_cells, phase_polynomials
from mcfiber.kernels.raman import panel_integration
from mcfiber.kernels.semi_closed import semi_closed, semi_closed_adjoint

ROOT = Path(__file__).parents[2]
DATA = json.loads((ROOT / "tests" / "data" / "kerr_islands.json").read_text())
RECORD = json.loads((ROOT / "validation" / "fast_interference.json").read_text())
_spec = importlib.util.spec_from_file_location("fast_interference", ROOT / "validation" / "fast_interference.py")
random_lines = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(random_lines)
NODES = 20
PLACE = 0.5 - 0.5 * np.cos(np.pi * np.arange(NODES) / (NODES - 1))


def test_record__says_how_it_was_made_and_holds_the_bound():
    assert RECORD["command"] == "python validation/fast_interference.py"
    assert RECORD["lines"] == 200
    for terms in ("spm+xpm", "all"):
        assert RECORD[terms]["quantiles_db"]["0.95"] < 0.2


@pytest.mark.parametrize("seed", [1, 3, 7])
def test_fast__beside_the_integral_on_random_lines(seed):
    rows = random_lines.compared(seed)
    assert max(abs(row["error_db"]) for row in rows) < 0.25
    assert np.median([abs(row["error_db"]) for row in rows]) < 0.1


def inputs_of(line):
    """Inputs of the fast form of a random line, and what its profile is made from."""
    _, profile = line.profile(PLACE)
    count = line.frequency.size
    launch = 1e-3 * np.linspace(0.5, 1.5, count)
    cells = phase_polynomials(line.beta2, line.frequency[0] - 1e11, line.frequency[-1] + 1e11, 64)
    return profile * launch[:, None, None], launch, (line.panel, panel_integration(NODES)), (cells[2], *cells[:2])


@pytest.mark.parametrize("seed", [3, 7])
@pytest.mark.parametrize("mixing", [0.0, 1.0])
def test_adjoint__against_differences(seed, mixing):
    line = random_lines.RandomLine.drawn(seed)
    line = line.__class__(**(line.__dict__ | {"frequency": line.frequency[:14]}))
    profile, launch, panels, phase = inputs_of(line)
    rng = np.random.default_rng(seed)
    rate, gamma, weight = np.full(14, line.symbol_rate), np.full(14, 1.3e-3), rng.normal(size=14)

    def forward(profile, launch):
        moment = profile_moments(profile, launch, *panels, sizes={"moment": 7})
        amplitude, pole = profile_poles(moment, sizes={"pole": 3})
        return moment, (line.frequency, rate, launch, gamma, amplitude, pole, moment, *phase, mixing)

    moment, given = forward(profile, launch)
    by_power, by_amplitude, by_pole, by_moment = semi_closed_adjoint(*given, weight)
    by_moment = by_moment.real + profile_poles_adjoint(moment, by_amplitude, by_pole)
    by_profile, by_launch = profile_moments_adjoint(profile, launch, *panels, by_moment)
    of_launch = launch * rng.normal(size=14)
    of_profile = profile * rng.normal(size=(14, 1, 1)) * np.linspace(0.5, 1.0, NODES)

    def moved(step):
        return weight @ semi_closed(*forward(profile + step * of_profile, launch + step * of_launch)[1])

    step = 1e-4
    slope = (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * step)
    found = (by_profile * of_profile).sum() + (by_launch + by_power.real) @ of_launch
    assert found == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize(
    "row", DATA["mode_dispersion_ratios"], ids=lambda row: f"{row['cores']}-cores-{row['channel']}"
)
def test_mixed_ratio__table(row):
    count = row["channels"]
    frequency = 193.4e12 + (np.arange(count) - count // 2) * row["spacing_hz"]
    rate, launch = np.full(count, row["symbol_rate_baud"]), np.full(count, 1e-3)
    profile = np.exp(-row["attenuation_per_m"] * row["length_m"] * PLACE)
    panels = np.array([row["length_m"]]), panel_integration(NODES)
    moment = profile_moments(np.broadcast_to(profile, (count, 1, NODES)), np.ones(count), *panels, sizes={"moment": 7})
    amplitude, pole = profile_poles(moment, sizes={"pole": 3})
    phase = phase_cells(frequency, rate, np.full(count, row["beta2_s2_per_m"]), sizes={"cell": 16, "coefficient": 6})
    line = (frequency, rate, launch, amplitude, pole, moment, *phase, row["mode_dispersion_s_per_sqrt_m"])
    for everything, name in ((1.0, "ratio_all"), (0.0, "ratio_spm_xpm")):
        ratio = mixed_ratio(*line, 2.0 * row["cores"], everything)
        assert 10 * np.log10(ratio[row["channel"]] / row[name]) == pytest.approx(0.0, abs=0.06)


def test_mixed_ratio__is_one_without_mode_dispersion():
    frequency, rate = 193e12 + 50e9 * np.arange(5), np.full(5, 49e9)
    moment = profile_moments(
        np.broadcast_to(np.exp(-4.0 * PLACE), (5, 1, NODES)), np.ones(5), np.array([80e3]), panel_integration(NODES),
        sizes={"moment": 7},
    )  # fmt: skip
    phase = phase_cells(frequency, rate, np.full(5, -20e-27), sizes={"cell": 8, "coefficient": 6})
    poles = profile_poles(moment, sizes={"pole": 3})
    assert np.all(mixed_ratio(frequency, rate, np.full(5, 1e-3), *poles, moment, *phase, 0.0, 8.0, 1.0) == 1.0)


def test_phase__mismatch_of_the_form_of_g652():
    fibre = DATA["dispersion"]["fibre"]
    slope, zero = fibre["zero_dispersion_slope_s_per_m3"], fibre["zero_dispersion_wavelength_m"]

    def beta2(frequency):
        wave = 299792458.0 / frequency
        return -0.25 * slope * (wave - zero**4 / wave**3) * wave**2 / (2 * np.pi * 299792458.0)

    origin, step, cells = phase_polynomials(beta2, 222e12, 236e12, 140)

    def constant(frequency):
        cell, place = int((frequency - origin) / step), (frequency - origin) / step % 1.0
        return np.polynomial.polynomial.polyval(place, cells[cell])

    for row in DATA["dispersion"]["phase_mismatch_per_m"]:
        f, x, y = row["f_hz"], row["f1_minus_f_hz"], row["f2_minus_f_hz"]
        mismatch = constant(f) + constant(f + x + y) - constant(f + x) - constant(f + y)
        assert mismatch == pytest.approx(row["value"], rel=1e-7, abs=1e-11)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_dispersion_between__meets_the_channels(count):
    frequency = 193e12 + 1e12 * np.arange(count)
    beta2 = -20e-27 + 1e-28 * np.arange(count) ** 2
    assert dispersion_between(frequency, beta2)(frequency) == pytest.approx(beta2, rel=1e-12)
