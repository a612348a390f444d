"""Where the bits went."""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from mcfiber.descriptions.transceiver import Transceiver
from mcfiber.receiver.rates import RUNGS, achievable_rate, ladder_totals, rate_ladder, rate_totals

RATIO = st.one_of(st.floats(0.0, 1e6), st.just(math.inf))


@pytest.mark.nojit
def test_rate_ladder__rungs():
    transceiver = Transceiver(format="16QAM", pilot_overhead_percent=2.0)
    ladder = rate_ladder(transceiver, 49e9, snr_ase=25.0, gsnr=18.0, mdl_penalty=1.2, snr=11.0)
    rates = achievable_rate(transceiver, 11.0, 49e9)
    expected = [math.log2(1.0 + ratio) for ratio in (25.0, 18.0, 15.0, 11.0)]
    expected += [float(rates["mutual_information"]), float(rates["gmi"]), 0.98 * 0.94 * float(rates["gmi"])]
    np.testing.assert_allclose(ladder, 98e9 * np.array(expected), rtol=1e-13)
    assert list(ladder.rung.values) == list(RUNGS)


@given(
    st.tuples(RATIO, RATIO, RATIO),
    st.floats(1.0, 100.0),
    st.sampled_from(["QPSK", "16QAM", "best"]),
    st.sampled_from(["ideal", "adaptive", "dvb_s2"]),
)
def test_rate_ladder__ordered_for_any_inputs(ratios, penalty, modulation, code):
    transceiver = Transceiver(format=modulation, code={"kind": code})
    ladder = rate_ladder(transceiver, 1.0, snr_ase=ratios[0], gsnr=ratios[1], snr=ratios[2], mdl_penalty=penalty).values
    assert np.all(ladder >= 0.0)
    assert np.all(ladder[1:] <= ladder[:-1])


@given(st.floats(0.1, 1e4), st.floats(0.0, 1.0), st.floats(1.0, 10.0), st.floats(0.0, 1.0))
def test_rate_ladder__of_a_consistent_system_keeps_every_rate(snr_ase, other, penalty, transceiver_noise):
    gsnr = 1.0 / (1.0 / snr_ase + other)
    snr = 1.0 / (penalty / gsnr + transceiver_noise)
    transceiver = Transceiver(format="64QAM", code={"kind": "ideal"})
    ladder = rate_ladder(transceiver, 1.0, snr_ase=snr_ase, gsnr=gsnr, snr=snr, mdl_penalty=penalty).values
    assert ladder[3] == pytest.approx(2.0 * math.log2(1.0 + snr), rel=1e-12)
    assert ladder[6] == pytest.approx(float(achievable_rate(transceiver, snr, 1.0)["net_rate"]), rel=1e-12)


def test_totals__labels_and_missing_dimensions():
    snr = xr.DataArray(np.linspace(5.0, 20.0, 8), dims="channel")
    transceiver = Transceiver(format="16QAM")
    ladder = rate_ladder(transceiver, 49e9, snr_ase=snr * 2.0, gsnr=snr * 1.5, snr=snr)
    alone = ladder_totals(ladder, cores=3, channels=8)
    spread = ladder_totals(ladder.expand_dims(core=3), cores=3, channels=8)
    xr.testing.assert_allclose(alone, spread)
    net = achievable_rate(transceiver, snr, 49e9)["net_rate"]
    assert float(alone.ladder_total[-1]) == pytest.approx(3.0 * float(net.sum()), rel=1e-13)
    assert float(alone.ladder_total[0] - alone.ladder_loss.sum()) == pytest.approx(float(alone.ladder_total[-1]))
    totals = rate_totals(net, cores=3, channels=8)
    assert float(totals["total_net_rate"]) == pytest.approx(3.0 * float(net.sum()), rel=1e-13)
    assert totals["wavelength_net_rate"].sizes == {"channel": 8}
    assert float(totals["core_net_rate"]) == pytest.approx(float(net.sum()), rel=1e-13)


def test_totals__a_dark_channel_or_core_adds_nothing():
    lit = xr.DataArray(np.linspace(5.0, 20.0, 6).reshape(2, 3), dims=("core", "channel"))
    dark = lit.pad(core=(0, 1), channel=(0, 2), constant_values=0.0)
    transceiver = Transceiver(format="16QAM")
    tables = []
    for snr in (lit, dark):
        ladder = rate_ladder(transceiver, 49e9, snr_ase=snr * 2.0, gsnr=snr, snr=snr)
        tables.append(ladder_totals(ladder, cores=snr.sizes["core"], channels=snr.sizes["channel"]))
    xr.testing.assert_allclose(*tables, rtol=1e-14)
