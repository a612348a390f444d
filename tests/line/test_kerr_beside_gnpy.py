"""The integral and the fast form beside GNPy 3.0.1, without and with Raman scattering."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from mcfiber.kernels import moments, raman, silica
from mcfiber.kernels.phase import phase_cells
from mcfiber.kernels.semi_closed import semi_closed
from mcfiber.line.gn_integral import SpanProfile, plain_span
from mcfiber.line.kerr import kerr_integral

DATA = Path(__file__).parents[1] / "data"
LIGHT = 299792458.0


def gnpy(name):
    return {k: np.array(v) if isinstance(v, list) else v for k, v in json.loads((DATA / name).read_text()).items()}


def decibels(first, second):
    return 10 * np.log10(first / second)


def fast(frequency, rate, power, gamma, beta2, nodes, panel):
    """Self- and cross-phase modulation of one span, from its profile at Chebyshev nodes."""
    full = [np.full(frequency.size, value) for value in (rate, power)]
    integration = raman.panel_integration(nodes.shape[-1])
    moment = moments.profile_moments(nodes, full[1], panel, integration, sizes={"moment": 7})
    poles = moments.profile_poles(moment, sizes={"pole": 3})
    phase = phase_cells(frequency, full[0], beta2, sizes={"cell": 100, "coefficient": 6})
    return semi_closed(frequency, *full, gamma, *poles, moment, *phase, 0.0)


def test_c_band():
    # GNPy takes raised cosines within 250 GHz, here are rectangles: 0.035 dB, as with the first integral.
    grid, record = gnpy("gnpy_3.0.1_c_band_80x32gbd_1x100km.json"), gnpy("gnpy_3.0.1_ggn_c_band_80x32gbd.json")
    frequency, loss, length = grid["frequency_hz"], grid["attenuation_per_m"], grid["span_length_m"]
    span = plain_span(attenuation=loss, length=length, beta2=grid["beta2_s2_per_m"], gamma=grid["gamma_per_w_m"])
    found = kerr_integral(frequency, 32e9, 1e-3, span, terms="spm+xpm").power
    assert decibels(found, record["nli_1x100km_w"]) == pytest.approx(0.035, abs=0.012)
    place = 0.5 * raman.panel_integration(16).sum(axis=1)
    nodes = np.broadcast_to(1e-3 * np.exp(-loss * length * place), (80, 1, 16))
    near = fast(frequency, 32e9, 1e-3, grid["gamma_per_w_m"], grid["beta2_s2_per_m"], nodes, np.array([length]))
    assert decibels(near, found) == pytest.approx(0.0, abs=0.04)


def area_of_gnpy(frequency):
    """Effective area of GNPy's default fibre: 83 um2 at 1550 nm."""
    core, index, reference = 4.2e-6, 1.468, LIGHT / 1550e-9
    wave = LIGHT / (2 * math.pi * reference * core * index)
    contrast = 0.5 * (wave * math.exp(math.pi * core**2 / 83e-12)) ** 2
    normalised = 2 * math.pi * frequency / LIGHT * core * index * math.sqrt(2 * contrast)
    return math.pi * core**2 / np.log(normalised)


def test_c_and_l_band_with_raman():
    # The first integral lies up to 0.053 dB below GNPy, whose profile is known every 10 km.
    record = gnpy("gnpy_3.0.1_cl_band_180x49gbd_21x86km.json")
    frequency, length = record["frequency_hz"], record["span_length_m"]
    loss, power, one = (np.full(180, v) for v in (record["attenuation_per_m"], record["launch_power_w"], 1.0))
    gain, integration = (silica.raman_efficiency(), silica.STEP, 0.0), raman.panel_integration(16)
    glass = area_of_gnpy(frequency), *gain, np.array([length]), np.ones(1), integration
    nodes = raman.raman_power(frequency, power, one, loss, *glass)
    place = 0.5 * integration.sum(axis=1)
    fine = np.linspace(0.0, 1.0, 61)
    logarithm = np.linalg.solve(np.polynomial.chebyshev.chebvander(2 * place - 1, 15), np.log(nodes[:, 0] / 1e-3).T)
    relative = np.exp(np.polynomial.chebyshev.chebvander(2 * fine - 1, 15) @ logarithm).T
    span = SpanProfile(fine * length, relative, record["beta2_s2_per_m"], record["gamma_per_w_m"])
    theirs = record["ggn_spectrally_separated"]
    chosen = np.array(theirs["channels"])
    found = kerr_integral(frequency, 49e9, 1e-3, span, terms="spm+xpm", channels=chosen).power
    assert decibels(found, np.array(theirs["nli_after_span_1_w"])) == pytest.approx(0.0, abs=0.06)
    near = fast(frequency, 49e9, 1e-3, record["gamma_per_w_m"], record["beta2_s2_per_m"], nodes, np.array([length]))
    assert decibels(near[chosen], found) == pytest.approx(0.0, abs=0.04)
