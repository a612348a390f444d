"""Closed forms of random coupling against the committed records of draws (`make validate` draws them again)."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from mcfiber.kernels.mixing import expected_spread, growth
from mcfiber.line.mode_loss import mode_dependent_loss
from mcfiber.receiver.outage import capacity_correlation, capacity_deviation
from mcfiber.receiver.penalty import mdl_penalty

RECORD = json.loads((Path(__file__).parents[1] / "validation" / "random_coupling.json").read_text())
DB = 10 / math.log(10)


def rows(*quantities):
    found = [row for row in RECORD["rows"] if row["quantity"] in quantities]
    assert found
    return found


def outside(row, law, bias=0.0):
    """Whether a closed form, computed now, lies outside four standard errors and a known bias of the draws."""
    return abs(row["draws"] - law) > 4 * row["error"] + bias * law


def test_record__says_how_it_was_made():
    assert RECORD["command"] == "python validation/random_coupling.py"
    assert {"python", "numpy", "numba"} <= set(RECORD["versions"])
    assert {row["modes"] for row in RECORD["rows"]} == {2, 4, 8, 16, 38, 64}
    assert {row["spans"] for row in RECORD["rows"]} == {1, 4, 21, 100}


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


def test_record__chain_of_the_record():
    chain = RECORD["chain"]
    for curve in chain["snr_db"].values():
        median = [row[2] for row in curve]
        assert np.all(np.diff(median) < 0)
        assert all(row[1] < row[2] < row[3] for row in curve)
    independent, same = (chain["fall_from_21_to_60_spans_db"][name] for name in ("independent", "same"))
    assert independent["quantiles_5_50_95"][1] < same["quantiles_5_50_95"][1]
