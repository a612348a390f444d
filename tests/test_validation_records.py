"""Theory, computed now, against the committed records of draws (`make validate` draws them again)."""

import json
import math
import runpy
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from mcfiber import load, symbol_moments
from mcfiber.arrays.crosstalk_statistics import crosstalk_variance
from mcfiber.kernels.mode_loss import expected_spread, growth
from mcfiber.line.gn_integral import gn_integral, plain_span
from mcfiber.line.mode_loss import mode_dependent_loss
from mcfiber.receiver.outage import capacity_correlation, capacity_deviation
from mcfiber.receiver.penalty import mdl_penalty
from mcfiber.simulation.egn import format_correction
from mcfiber.units import SPEED_OF_LIGHT

VALIDATION = Path(__file__).parents[1] / "validation"
RECORD = json.loads((VALIDATION / "random_coupling.json").read_text())
DB = 10 / math.log(10)


def rows(*quantities):
    found = [row for row in RECORD["rows"] if row["quantity"] in quantities]
    assert found
    return found


def outside(row, law, bias=0.0):
    """Whether a closed form, computed now, lies outside four standard errors and a known bias of the draws."""
    return abs(row["draws"] - law) > 4 * row["error"] + bias * law


def test_record__is_of_the_script_beside_it():
    script = runpy.run_path(str(VALIDATION / "random_coupling.py"))
    assert {row["modes"] for row in RECORD["rows"]} == set(script["MODES"])
    assert {row["spans"] for row in RECORD["rows"]} == set(script["SPANS"])
    assert RECORD["seed"] == script["SEED"]
    counted = [row for row in RECORD["rows"] if row["quantity"] == "variance of gains"]
    assert all(row["number"] == script["draws"](row["modes"], row["spans"]) for row in counted)


def test_record__weak_gains_and_delays_grow_by_law():
    bad = [
        row for row in rows("variance of gains", "variance of delays")
        if outside(row, growth(row["spans"], row["modes"], row["repeat"]), bias=1e-5)
    ]  # fmt: skip
    assert not bad


def test_record__strong_gains():
    for row in rows("rms loss, Np^2", "peak to peak over rms"):
        loss = mode_dependent_loss(
            row["loss_db"] / DB / math.sqrt(row["spans"]), modes=row["modes"], spans=row["spans"]
        )
        law = float(loss.rms) ** 2 if row["quantity"].startswith("rms") else expected_spread(row["modes"])
        # spans with uniform gains are not the limit of many weak ones: fourth order in a span's loss
        bias = 0.13 * (row["loss_db"] / DB) ** 2 / row["spans"]
        assert not outside(row, law, bias=bias), row


@pytest.mark.parametrize("repeat", ["independent", "same"])
def test_record__rates_of_the_receivers(repeat):
    for row in rows("rate, optimal", "rate, mmse"):
        if row["repeat"] != repeat:
            continue
        span = row["loss_db"] / DB / math.sqrt(growth(row["spans"], row["modes"], repeat))
        loss = mode_dependent_loss(span, modes=row["modes"], spans=row["spans"], repeat=repeat).effective
        snr = 10 ** (row["snr_db"] / 10)
        receiver = row["quantity"].removeprefix("rate, ")
        law = math.log2(1 + snr / float(mdl_penalty(snr, loss, modes=row["modes"], receiver=receiver)))
        # error of the table; laps of the same fibre are exact to second order only: 0.3 dB at 5 dB rms
        bias = 0.003 if repeat == "independent" else 0.3 * np.log2(10) / 10 / law * (row["loss_db"] / 5) ** 2
        assert not outside(row, law, bias=bias), row


def test_record__frequencies():
    offsets = np.arange(12) * 0.6e9
    for row in rows("correlation at 1.2 GHz"):
        law = capacity_correlation(offsets, 200e-12, modes=row["modes"], spans=row["spans"])[2]
        # pairs of neighbouring frequencies are not independent draws: a third of the count
        assert abs(row["draws"] - float(law)) < 4 * math.sqrt(3) * row["error"]
    for row in rows("variance of capacity over its law"):
        assert not outside(row, 1.0)
        assert float(capacity_deviation(100.0, 0.15, modes=row["modes"], spans=row["spans"])) > 0


@pytest.mark.parametrize("repeat", ["independent", "same"])
def test_record__chain_of_the_record(repeat):
    """The curve of the committed chain is that of systems evaluated now, at the ends and between."""
    entry, chain = load("nict-2025-1808km"), RECORD["chain"]["snr_db"]
    drawn = entry.sampled(64, 0)
    numbers = {path: xr.DataArray(drawn[path], dims="sample") for path in entry.ranges}
    for spans, low, middle, high in chain[f"nict-2025-1808km, {repeat}"][::4]:
        system = entry.system.replace({**numbers, "link.repeat": repeat, "link.span_count": spans})
        snr = 10 * np.log10(system.evaluate().snr.mean("channel"))
        assert float(snr.median()) == pytest.approx(middle, abs=0.15 * (high - low))


def test_record__random_transfer_matrices_vary_as_theory_says():
    """Variance over a band that draws gave, against the closed form computed now."""
    record = json.loads((VALIDATION / "crosstalk_draws.json").read_text())
    for row in record["spectrum"]["band_averages"]:
        law = crosstalk_variance(1e-9, row["skew_times_bandwidth"] / 1e-9)
        assert abs(row["variance"] - float(law)) < 3.0 * row["standard_error"], row


# ---------------------------------------------------------------------------------------------------------
# split-step draws against the integral and the format terms, computed now

SPLIT_STEP = json.loads((VALIDATION / "splitstep.json").read_text())
LOSS = 0.2e-3 * math.log(10) / 10


def dispersion(ps_per_nm_km, frequency):
    return -ps_per_nm_km * 1e-6 * SPEED_OF_LIGHT / (2 * math.pi * frequency**2)


def one_channel(kurtosis, sixth):
    """Interference of one channel of 32 GBd over 100 km, over its power cubed. [1/W^2]"""
    beta2 = dispersion(17, SPEED_OF_LIGHT / 1550e-9)
    span = plain_span(attenuation=LOSS, length=100e3, beta2=beta2, gamma=1.3e-3)
    gaussian = gn_integral([0.0], 32e9, 1e-3, span, band="average", terms="all").power[0]
    own, others, _ = format_correction(
        np.array([0.0]), 32e9, 1e-3, span, kurtosis=kurtosis, sixth=sixth, gain_removal="least_squares"
    )
    return float(gaussian + own[0] + others[0]) / 1e-9


@pytest.mark.parametrize("name", ["gaussian", "qpsk", "16qam", "64qam"])
def test_split_step__formats(name):
    moments = (0.0, 0.0) if name == "gaussian" else symbol_moments(name.upper())
    row = SPLIT_STEP["formats"][name]
    assert row["eta"] == pytest.approx(one_channel(*moments), rel=0.03)


def test_split_step__several_cores_share_the_kerr_effect():
    alone = one_channel(0.0, 0.0)
    for name, row in SPLIT_STEP["cores"].items():
        count = int(name.split()[0])
        assert row["eta"] == pytest.approx(alone * 3 / (2 * count + 1), rel=0.05), name


def test_split_step__eleven_channels():
    frequency = (np.arange(11) - 5) * 50e9
    span = plain_span(attenuation=LOSS, length=80e3, beta2=dispersion(16.7, 193.1e12), gamma=1.3e-3)
    chosen = [0, 5]
    theory = gn_integral(frequency, 32e9, 1e-3, span, terms="all", band="average", channels=chosen).power / 1e-9
    drawn = np.array(SPLIT_STEP["eleven_channels"]["eta"])[chosen]
    np.testing.assert_allclose(10 * np.log10(drawn / theory), 0, atol=0.1)
