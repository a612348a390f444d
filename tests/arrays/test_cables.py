"""Laws of power-fed cables: values, the numerical optimum of what they are the optimum of, limits."""

import math

import numpy as np
import pytest
from cables import VALUES
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from mcfiber.arrays import cables


def db(value):
    return 10 * np.log10(value)


def ratio(value):
    return 10 ** (0.1 * value)


def spans_of(row):
    return math.inf if row["spans"] == "infinite" else row["spans"]


@pytest.mark.parametrize(
    "row", VALUES["droop"]["vectors"], ids=lambda row: f"{row['gsnr_without_droop_db']}-{row['spans']}"
)
def test_drooped_snr__values(row):
    found = db(cables.drooped_snr(ratio(row["gsnr_without_droop_db"]), spans_of(row)))
    assert found == pytest.approx(row["snr_db"], abs=1e-6)


@pytest.mark.parametrize("row", VALUES["parallel_paths"]["vectors"], ids=lambda row: f"{row['gap_db']}dB")
def test_best_path_snr__is_the_root_of_the_gap_for_many_spans(row):
    snr, gap = cables.best_path_snr(ratio(row["gap_db"])), ratio(row["gap_db"])
    assert db(snr) == pytest.approx(row["snr_db"], abs=1e-9)
    assert math.log2(1 + snr / gap) == pytest.approx(row["bit_per_symbol_and_polarisation"], rel=1e-6)
    carried = math.log(1 + 1 / snr) * math.log(1 + snr / gap) * gap
    assert carried == pytest.approx(row["capacity_over_the_limit_without_droop"], rel=1e-5)


@pytest.mark.parametrize(
    "row", VALUES["parallel_paths"]["finite_spans"]["vectors"], ids=lambda row: f"{row['gap_db']}-{row['spans']}"
)
def test_best_path_snr__finite_spans(row):
    assert db(cables.best_path_snr(ratio(row["gap_db"]), row["spans"])) == pytest.approx(row["snr_db"], abs=2e-4)


@given(gap=st.floats(0, 12), spans=st.integers(2, 2000))
@at_most(50)
def test_best_path_snr__is_the_numerical_optimum(gap, spans):
    """Paths of one total power: noise over signal of a span grows with their number."""

    def carried(snr_db):
        snr = ratio(snr_db)
        paths = math.expm1(math.log1p(1 / snr) / spans)
        return -paths * math.log2(1 + snr / ratio(gap))

    found = minimize_scalar(carried, bounds=(-30, 30), method="bounded", options={"xatol": 1e-9})
    assert db(cables.best_path_snr(ratio(gap), spans)) == pytest.approx(found.x, abs=1e-5)


def test_best_path_snr__near_0_db_as_published():
    (row,) = [one for one in VALUES["ratios"] if one["published"] == "near 0 dB"]
    assert row["accept_db"][0] <= db(cables.best_path_snr(1.0, 117)) <= row["accept_db"][1]


@pytest.mark.parametrize("row", VALUES["fixed_share"]["vectors"], ids=lambda row: f"{row['fixed_over_gap']}")
def test_best_snr_of_a_share__values(row):
    z = cables.best_snr_of_a_share(row["fixed_over_gap"])
    assert z == pytest.approx(row["snr_over_gap"], rel=1e-7)
    assert math.log2(1 + z) == pytest.approx(row["bit_per_symbol_and_polarisation"], rel=1e-7)


def test_best_snr_of_a_share__paths_that_cost_money():
    row = VALUES["fixed_share"]["cost_example"]
    z = cables.best_snr_of_a_share(row["snr_over_gap_of_one_path"] * row["c1_over_c0"])
    assert z == pytest.approx(row["snr_over_gap"], rel=1e-6)
    assert row["snr_over_gap_of_one_path"] / z == pytest.approx(row["best_paths"], rel=1e-6)


@given(share=st.floats(1e-9, 1e6))
@at_most(60)
def test_best_snr_of_a_share__is_the_numerical_optimum(share):
    """Of all power Q, n paths leave (Q/n - share) each: rate n ln(1 + Q/n - share), over z."""
    z = float(cables.best_snr_of_a_share(share))
    assert (1 + z) * math.log1p(z) - z == pytest.approx(share, rel=1e-6)
    if share > 1e-6:
        found = minimize_scalar(
            lambda x: -math.log1p(math.exp(x)) / (math.exp(x) + share), bounds=(-40, 40), method="bounded",
            options={"xatol": 1e-10},
        )  # fmt: skip
        assert math.log(z) == pytest.approx(found.x, abs=1e-4)


def test_best_snr_of_a_share__without_a_share_is_nothing():
    assert cables.best_snr_of_a_share(0.0) == 0.0


@pytest.mark.parametrize(
    "row", VALUES["span"]["vectors"], ids=lambda row: f"{row['noise_figure_db']}-{row['fixed_db']}"
)
def test_best_span_loss__values_and_numerical_optimum(row):
    figure, fixed = ratio(row["noise_figure_db"]), ratio(row["fixed_db"])
    found = float(cables.best_span_loss(figure, fixed))
    assert db(math.exp(found)) == pytest.approx(row["fiber_loss_db"], abs=1e-6)
    noise = minimize_scalar(
        lambda a: (figure * fixed * math.exp(a) - 1) / a**2, bounds=(0.5, 3), method="bounded", options={"xatol": 1e-10}
    )
    assert found == pytest.approx(noise.x, abs=1e-6)
    assert found < 2.0


@pytest.mark.parametrize("row", VALUES["split"]["vectors"], ids=lambda row: f"{row['z']}-{row['paths']}")
def test_split_gain__values(row):
    if row["paths"] == "infinite":
        assert row["z"] / math.log1p(row["z"]) == pytest.approx(row["ratio"], rel=1e-6)
        assert cables.split_gain(row["z"], 1e9) == pytest.approx(row["ratio"], rel=1e-6)
    else:
        assert cables.split_gain(row["z"], row["paths"]) == pytest.approx(row["ratio"], rel=1e-6)


@given(gsnr=st.floats(1e-3, 1e6), spans=st.integers(1, 10_000))
@at_most(60)
def test_drooped_snr__is_below_and_one_span_has_none(gsnr, spans):
    drooped = cables.drooped_snr(gsnr, spans)
    assert drooped <= gsnr * (1 + 1e-12)
    assert cables.drooped_snr(gsnr, 1) == pytest.approx(gsnr, rel=1e-9)
    assert cables.drooped_snr(gsnr) <= drooped * (1 + 1e-9)
