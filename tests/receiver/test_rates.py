"""From a signal-to-noise ratio to the net rate."""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from mcfiber import labelled
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.formats import UNIFORM_FORMATS, BestFormat, PointFormat, ShapedFormat
from mcfiber.descriptions.transceiver import Transceiver
from mcfiber.receiver.constellation import constellation
from mcfiber.receiver.information import information
from mcfiber.receiver.rates import achievable_rate

IDEAL = {"kind": "ideal"}
FORMATS = [
    *UNIFORM_FORMATS,
    ShapedFormat(base="64QAM", entropy=4.2),
    ShapedFormat(base="36QAM", entropy=4.7),
    ShapedFormat(base="1024QAM", entropy=8.0),
    ShapedFormat(base="1024QAM", entropy=2.5),
    PointFormat(points=np.exp(2j * np.pi * np.arange(8) / 8), labels=[0, 1, 3, 2, 6, 7, 5, 4]),
    PointFormat(points=[1, 0.6 + 0.9j, -0.5 + 0.8j, -1.1, -0.4 - 0.9j, 0.7 - 0.7j], labels=[4, 5, 7, 3, 2, 0]),
]
CODES = [
    IDEAL,
    {"kind": "decoded_fraction"},
    {"kind": "adaptive"},
    {"kind": "fixed_rate", "code_rate": 0.8, "ngmi_threshold": 0.85},
    {"kind": "overhead", "overhead_percent": 20},
    {"kind": "dvb_s2"},
    {"kind": "dvb_s2", "puncturing": False},
    {"kind": "dvb_s2", "ngmi_margin": -0.1},
    {"kind": "dvb_s2", "ngmi_margin": -0.1, "puncturing": False, "outer_rate": 1.0},
    {"kind": "overhead", "overhead_percent": 0, "ngmi_gap": 0.0, "outer_rate": 0.9},
    {"kind": "fixed_rate", "code_rate": 0.9, "ngmi_threshold": 0.9 * 0.99, "outer_rate": 0.99},
]


def at(transceiver, snr, symbol_rate=1.0):
    return {name: value.values for name, value in achievable_rate(transceiver, snr, symbol_rate).items()}


@pytest.mark.parametrize("modulation", FORMATS, ids=str)
def test_tables__within_their_error_at_random_ratios(modulation):
    count = 1000 if modulation != "512QAM" else 40
    snr_db = np.random.default_rng(1).uniform(-45.0, 45.0 if modulation != "512QAM" else 20.0, count)
    mutual, generalised = information(constellation(modulation), 10.0 ** (0.1 * snr_db))
    rates = at(Transceiver(format=modulation), xr.DataArray(10.0 ** (0.1 * snr_db), dims="draw"))
    assert np.abs(rates["mutual_information"] - mutual).max() < 1e-6
    assert np.abs(rates["gmi"] - np.maximum(generalised, 0.0)).max() < 1e-6


@given(st.sampled_from(FORMATS), st.sampled_from(CODES), st.floats(-50.0, 60.0), st.floats(0.0, 30.0))
def test_achievable_rate__ordered_and_monotone(modulation, code, snr_db, more_db):
    snr = xr.DataArray(10.0 ** (0.1 * np.array([snr_db, snr_db + more_db])), dims="draw")
    rates = at(Transceiver(format=modulation, code=code), snr)
    entropy = constellation(modulation).entropy
    assert np.all(rates["net_rate"] >= 0.0)
    assert np.all(rates["net_rate"] <= 2.0 * rates["gmi"] + 1e-11)
    assert np.all(rates["net_rate"] <= 2.0 * np.log2(1.0 + snr.values) * (1.0 + 1e-12))
    assert np.all(rates["gmi"] >= 0.0)
    assert np.all(rates["gmi"] <= rates["mutual_information"])
    assert np.all(rates["mutual_information"] <= np.minimum(entropy, rates["shannon"]))
    for values in rates.values():
        assert values[1] >= values[0] - 1e-13


@pytest.mark.parametrize("code", CODES, ids=str)
def test_achievable_rate__dark_and_noiseless(code):
    rates = at(Transceiver(format="64QAM", code=code), xr.DataArray([0.0, math.inf, math.nan], dims="draw"))
    assert all(values[0] == 0.0 for values in rates.values())
    assert rates["gmi"][1] == rates["mutual_information"][1] == 6.0
    assert rates["ngmi"][1] == 1.0
    assert rates["shannon"][1] == math.inf
    assert all(np.isnan(values[2]) for values in rates.values())


@pytest.mark.nojit
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
    overhead = {"kind": "overhead", "overhead_percent": 25.0}
    assert net(overhead | {"ngmi_gap": gmi / 4 - 0.8 - 1e-9}) == pytest.approx(100e9 * 3.2, rel=1e-14)
    assert net(overhead | {"ngmi_gap": gmi / 4 - 0.8 + 1e-9}) == 0.0


@pytest.mark.parametrize(("rate", "threshold_db"), [(1 / 4, -2.35), (1 / 2, 1.0), (4 / 5, 4.68), (9 / 10, 6.42)])
def test_achievable_rate__codes_of_dvb_s2_start_at_the_thresholds_of_the_standard(rate, threshold_db):
    code = {"kind": "dvb_s2", "puncturing": False, "outer_rate": 1.0}
    snr = xr.DataArray(10.0 ** (0.1 * (threshold_db + np.array([-0.001, 0.001]))), dims="draw")
    net = at(Transceiver(format="QPSK", code=code), snr)["net_rate"]
    assert net[1] == pytest.approx(4.0 * rate, rel=1e-12)
    assert net[0] < net[1]


def test_achievable_rate__puncturing_fills_the_gaps_between_codes():
    snr = xr.DataArray(10.0 ** (0.1 * np.linspace(-5.0, 12.0, 8000)), dims="draw")
    punctured, plain = (
        at(Transceiver(format="QPSK", code={"kind": "dvb_s2", "puncturing": on}), snr)["net_rate"]
        for on in (True, False)
    )
    assert np.all(punctured >= plain)
    assert len(set(np.round(plain, 9))) == 1 + 11
    assert len(set(np.round(punctured, 9))) == 1 + 66 + 4  # 0.25 ... 0.90, and 1/3, 2/3, 5/6, 8/9
    assert plain.max() == pytest.approx(4.0 * 0.9 / 1.01, rel=1e-12)


def test_achievable_rate__shaped_symbols():
    # Gaps of optimally shaped 64QAM to log2(1 + SNR), 0.0088 to 0.4456 bit, and the GMI there.
    for snr_db, entropy, expected in (
        (8.0, 4.382727651, 2.860966770),
        (10.0, 4.890562634, 3.447678986),
        (15.0, 5.667707700, 4.892575800),
        (18.0, 5.902930313, 5.556547078),
    ):
        shaped = at(Transceiver(format=ShapedFormat(base="64QAM", entropy=entropy)), 10.0 ** (0.1 * snr_db))
        assert float(shaped["gmi"]) == pytest.approx(expected, abs=2e-6)
        assert float(shaped["ngmi"]) == pytest.approx(1.0 - (entropy - expected) / 6.0, abs=1e-6)
    # Amplitude shaping carries entropy - (1 - code rate) * bits.
    code = {"kind": "fixed_rate", "code_rate": 0.8, "ngmi_threshold": 0.85}
    for base in ("64QAM", "36QAM"):
        shaped = ShapedFormat.for_rate(base, net_bits=3.9, code_rate=0.8)
        assert float(at(Transceiver(format=shaped, code=code), 1e3)["net_rate"]) == pytest.approx(7.8, rel=1e-12)


def test_achievable_rate__labels_that_do_not_occur():
    """Three phases have labels of two bits: the code's parity counts both, and so does the NGMI."""
    phases = PointFormat(points=np.exp(2j * np.pi * np.arange(3) / 3), labels=[0, 1, 2])
    code = {"kind": "fixed_rate", "code_rate": 0.9, "ngmi_threshold": 0.93}
    strong = at(Transceiver(format=phases, code=code), 1e3)
    assert float(strong["net_rate"]) == pytest.approx(2.0 * (math.log2(3.0) - 0.1 * 2.0), rel=1e-12)
    weak = at(Transceiver(format=phases, code=IDEAL), 10.0**0.4)
    _, gmi = information(constellation(phases), 10.0**0.4)
    assert float(weak["ngmi"]) == pytest.approx(1.0 - (math.log2(3.0) - gmi) / 2.0, abs=1e-6)
    assert float(weak["net_rate"]) == pytest.approx(2.0 * gmi, abs=2e-6)


def test_achievable_rate__best_of_several_formats():
    names = BestFormat().candidates
    snr = xr.DataArray(10.0 ** (0.1 * np.linspace(-10.0, 35.0, 60)), dims="channel")
    for code in (IDEAL, CODES[3]):
        best = achievable_rate(Transceiver(format="best", code=code), snr, 1.0)
        singles = [at(Transceiver(format=name, code=code), snr) for name in names]
        net = np.stack([single["net_rate"] for single in singles])
        np.testing.assert_array_equal(best["net_rate"], net.max(0))
        chosen = best["format_index"].values.astype(int)
        for name in ("mutual_information", "gmi", "ngmi"):
            picked = [singles[index][name][place] for place, index in enumerate(chosen)]
            np.testing.assert_array_equal(best[name], picked)
        assert best["format_index"].attrs["flag_meanings"].split() == list(names)
        assert np.all(np.diff(best["net_rate"]) >= 0.0)
        assert len(set(chosen)) >= 4
        assert labelled.stamp("format_index", best["format_index"].copy()).attrs["flag_meanings"]


def test_achievable_rate__gmi_is_not_nested():
    low, high = (float(at(Transceiver(format=name), 10.0**0.5)["gmi"]) for name in ("256QAM", "16QAM"))
    assert low < high - 0.1


def test_achievable_rate__labels_and_axes():
    snr = xr.DataArray(np.linspace(5.0, 50.0, 12).reshape(3, 4), dims=("core", "channel"))
    pilots = xr.DataArray([0.0, 2.0], dims="pilots", coords={"pilots": [0.0, 2.0]})
    threshold = xr.DataArray([0.82, 0.86, 0.9], dims="threshold")
    symbol_rate = xr.DataArray([24e9, 32e9, 49e9, 64e9], dims="channel")
    code = {"kind": "fixed_rate", "code_rate": 0.8, "ngmi_threshold": threshold}
    rates = achievable_rate(Transceiver(format="QPSK", code=code, pilot_overhead_percent=pilots), snr, symbol_rate)
    assert set(rates) == {"shannon", "mutual_information", "gmi", "ngmi", "net_rate"}
    assert rates["net_rate"].sizes == {"core": 3, "channel": 4, "pilots": 2, "threshold": 3}
    assert rates["net_rate"].attrs["units"] == "bit s-1"
    for index, value in enumerate(threshold.values):
        one = Transceiver(format="QPSK", code=code | {"ngmi_threshold": value}, pilot_overhead_percent=2.0)
        alone = float(achievable_rate(one, float(snr[1, 2]), float(symbol_rate[2]))["net_rate"])
        picked = rates["net_rate"].isel(core=1, channel=2, pilots=1, threshold=index)
        assert float(picked) == pytest.approx(alone, rel=1e-14)


@given(
    st.sampled_from([name for name in FORMATS if name != "512QAM"]),
    st.floats(0.05, 1.0),
    st.floats(0.0, 1.0),
    st.floats(0.5, 1.0),
    st.floats(-20.0, 45.0),
)
def test_achievable_rate__no_fixed_rate_beyond_capacity(modulation, rate, above, outer, snr_db):
    """Whatever threshold is accepted: also of a shaped format, and of a code that an outer one helps."""
    threshold = rate * outer + above * (1.0 - rate * outer)
    code = {"kind": "fixed_rate", "code_rate": rate, "ngmi_threshold": min(threshold, 1.0), "outer_rate": outer}
    snr = 10.0 ** (0.1 * snr_db)
    rates = at(Transceiver(format=modulation, code=code), snr)
    assert rates["net_rate"] <= 2.0 * rates["gmi"] * (1.0 + 1e-12) + 1e-12
    assert rates["net_rate"] <= 2.0 * math.log2(1.0 + snr) * (1.0 + 1e-12)


@pytest.mark.parametrize(
    "changes",
    [
        {"ngmi_threshold": 0.5},
        {"ngmi_threshold": 0.899},
        {"ngmi_threshold": 0.88, "outer_rate": 0.99},
        {"ngmi_threshold": xr.DataArray([0.95, 0.85], dims="threshold")},
        {"ngmi_threshold": 0.95, "code_rate": xr.DataArray([0.9, 0.96], dims="rate")},
    ],
    ids=str,
)
def test_fixed_rate__no_threshold_below_the_rate(changes):
    with pytest.raises(DescriptionError, match=r"ngmi_threshold: .*allowed: at least 0\.\d+, the rate of the code"):
        Transceiver(format="1024QAM", code={"kind": "fixed_rate", "code_rate": 0.9} | changes)


def test_transceiver__refuses_what_cannot_be():
    with pytest.raises(DescriptionError, match="QPSK"):
        Transceiver(format="17QAM")
    with pytest.raises(DescriptionError, match="decoded_to_gmi"):
        Transceiver(format="16QAM", code={"kind": "decoded_fraction", "decoded_to_gmi": 1.2})
    with pytest.raises(DescriptionError, match="snr_db"):
        Transceiver(format="16QAM", snr_db=math.nan)
    with pytest.raises(DescriptionError, match="entropy"):
        Transceiver(format={"kind": "shaped", "base": "64QAM", "entropy": 7.0})
    with pytest.raises(DescriptionError, match="axis"):
        Transceiver(format=ShapedFormat(base="64QAM", entropy=xr.DataArray([4.0, 5.0], dims="entropy")))
    with pytest.raises(DescriptionError, match="candidates"):
        Transceiver(format={"kind": "best", "candidates": []})


def test_transceiver__formats_as_tables():
    shaped = Transceiver(format={"kind": "shaped", "base": "256QAM", "entropy": 6.5})
    assert shaped.format == ShapedFormat(base="256QAM", entropy=6.5)
    assert shaped.replace({"format.entropy": 6.0}).format.entropy == 6.0
    points = Transceiver(format={"kind": "points", "points": [[0, 1], [1, 0], [0, -1], [-1, 0]]})
    assert points.format.points[1] == (1.0, 0.0)
