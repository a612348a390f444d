"""From a signal-to-noise ratio to the net rate."""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from mcfiber import descriptions
from mcfiber.rate import modulation
from mcfiber.rate.achievable import achievable_rate
from mcfiber.rate.transceiver import SQUARE_FORMATS, Transceiver

IDEAL = {"kind": "ideal"}
FORMATS = list(SQUARE_FORMATS)
CODES = [
    IDEAL,
    {"kind": "decoded_fraction"},
    {"kind": "adaptive"},
    {"kind": "fixed_rate", "code_rate": 0.8, "ngmi_threshold": 0.85},
]


def at(transceiver, snr, symbol_rate=1.0):
    return {name: value.values for name, value in achievable_rate(transceiver, snr, symbol_rate).items()}


@pytest.mark.parametrize("name", FORMATS)
def test_tables__within_their_error_at_random_ratios(name):
    snr_db = np.random.default_rng(1).uniform(-45.0, 45.0, 1000)
    count = math.isqrt(SQUARE_FORMATS[name])
    direct = modulation.line_information(
        10.0 ** (0.1 * snr_db),
        modulation.pulse_amplitudes(count),
        np.full(count, 1.0 / count),
        modulation.gray(count),
        count.bit_length() - 1,
    )
    rates = at(Transceiver(format=name), xr.DataArray(10.0 ** (0.1 * snr_db), dims="draw"))
    assert np.abs(rates["mutual_information"] - 2.0 * direct[0]).max() < 1e-6
    assert np.abs(rates["gmi"] - 2.0 * direct[1]).max() < 1e-6


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(FORMATS),
    st.sampled_from(CODES),
    st.floats(-50.0, 60.0),
    st.floats(0.0, 30.0),
)
def test_achievable_rate__ordered_and_monotone(name, code, snr_db, more_db):
    transceiver = Transceiver(format=name, code=code)
    snr = xr.DataArray(10.0 ** (0.1 * np.array([snr_db, snr_db + more_db])), dims="draw")
    rates = at(transceiver, snr)
    bits = math.log2(SQUARE_FORMATS[name])
    assert np.all(rates["net_rate"] >= 0.0)
    assert np.all(rates["net_rate"] <= 2.0 * rates["gmi"] + 1e-12)
    assert np.all(rates["gmi"] >= 0.0)
    assert np.all(rates["gmi"] <= rates["mutual_information"])
    assert np.all(rates["mutual_information"] <= np.minimum(bits, rates["shannon"]))
    for values in rates.values():
        assert values[1] >= values[0] - 1e-13


@pytest.mark.parametrize("code", CODES)
def test_achievable_rate__dark_and_noiseless(code):
    rates = at(Transceiver(format="64QAM", code=code), xr.DataArray([0.0, math.inf, math.nan], dims="draw"))
    assert all(values[0] == 0.0 for values in rates.values())
    assert rates["gmi"][1] == rates["mutual_information"][1] == 6.0
    assert rates["ngmi"][1] == 1.0
    assert rates["shannon"][1] == math.inf
    assert all(np.isnan(values[2]) for values in rates.values())


def test_achievable_rate__codes_pilots_and_symbol_rate():
    snr = 10.0**1.2
    gmi = float(at(Transceiver(format="16QAM"), snr)["gmi"])

    def net(code, **rest):
        return float(at(Transceiver(format="16QAM", code=code, **rest), snr, 50e9)["net_rate"])

    assert net(IDEAL) == pytest.approx(100e9 * gmi, rel=1e-14)
    assert net(IDEAL, pilot_overhead_percent=5.0) == pytest.approx(95e9 * gmi, rel=1e-14)
    assert net({"kind": "decoded_fraction", "decoded_to_gmi": 0.9}) == pytest.approx(90e9 * gmi, rel=1e-14)
    adaptive = {"kind": "adaptive", "ngmi_gap": 0.05, "outer_rate": 0.99}
    assert net(adaptive) == pytest.approx(99e9 * (gmi - 0.2), rel=1e-13)
    fixed = {"kind": "fixed_rate", "code_rate": 0.8}
    assert net(fixed | {"ngmi_threshold": gmi / 4 - 1e-9}) == pytest.approx(100e9 * 3.2, rel=1e-14)
    assert net(fixed | {"ngmi_threshold": gmi / 4 + 1e-9}) == 0.0


def test_achievable_rate__labels_and_axes():
    snr = xr.DataArray(np.linspace(5.0, 50.0, 12).reshape(3, 4), dims=("core", "channel"))
    pilots = xr.DataArray([0.0, 2.0], dims="pilots", coords={"pilots": [0.0, 2.0]})
    symbol_rate = xr.DataArray([24e9, 32e9, 49e9, 64e9], dims="channel")
    rates = achievable_rate(Transceiver(format="QPSK", pilot_overhead_percent=pilots), snr, symbol_rate)
    assert set(rates) == {"shannon", "mutual_information", "gmi", "ngmi", "net_rate"}
    assert rates["net_rate"].sizes == {"core": 3, "channel": 4, "pilots": 2}
    assert rates["net_rate"].attrs["units"] == "bit s-1"
    one = achievable_rate(
        Transceiver(format="QPSK", pilot_overhead_percent=2.0), float(snr[1, 2]), float(symbol_rate[2])
    )
    picked = rates["net_rate"].transpose("core", "channel", "pilots")[1, 2, 1]
    assert float(picked) == pytest.approx(float(one["net_rate"]), rel=1e-14)


def test_transceiver__refuses_what_cannot_be():
    with pytest.raises(descriptions.DescriptionError, match="QPSK"):
        Transceiver(format="17QAM")
    with pytest.raises(descriptions.DescriptionError, match="decoded_to_gmi"):
        Transceiver(format="16QAM", code={"kind": "decoded_fraction", "decoded_to_gmi": 1.2})
    with pytest.raises(descriptions.DescriptionError, match="snr_db"):
        Transceiver(format="16QAM", snr_db=math.nan)
