"""Required signal-to-noise ratios and margins."""

import math

import numpy as np
import pytest
import xarray as xr

from mcfiber.descriptions.transceiver import Transceiver
from mcfiber.receiver.rates import achievable_rate
from mcfiber.receiver.requirement import required_snr, snr_margin

# SNR in dB at which uniform Gray-labelled square QAM has an NGMI of 0.70, 0.80, 0.85, 0.90.
THRESHOLDS = {
    "QPSK": (2.7330, 4.0812, 4.8471, 5.7505),
    "16QAM": (8.4903, 10.1582, 11.0713, 12.1177),
    "64QAM": (13.3816, 15.4261, 16.5168, 17.7294),
    "256QAM": (18.0429, 20.4887, 21.7829, 23.1859),
}
# GMI in bit per symbol of both polarisations together of 16QAM, and the SNR in dB that it takes.
DUAL_POLARISATION_16QAM = {4: 5.2805, 5: 7.2873, 5.5: 8.2884, 6: 9.3086, 6.25: 9.8344, 6.5: 10.3787, 7: 11.5707}


def in_db(ratio):
    return 10.0 * np.log10(np.asarray(ratio))


@pytest.mark.parametrize("name", THRESHOLDS)
def test_required_snr__of_an_ngmi(name):
    ngmi = xr.DataArray([0.70, 0.80, 0.85, 0.90], dims="ngmi")
    found = in_db(required_snr(Transceiver(format=name), ngmi=ngmi))
    np.testing.assert_allclose(found, THRESHOLDS[name], atol=1e-3)


def test_required_snr__of_a_rate():
    ideal = Transceiver(format="16QAM", code={"kind": "ideal"})
    for both, expected in DUAL_POLARISATION_16QAM.items():
        assert in_db(required_snr(ideal, net_bits=both / 2.0)) == pytest.approx(expected, abs=1e-3)
    # 1.02 Pb/s over 19 cores and 180 channels of 49 GBd.
    net_bits = 1.02e15 / (19 * 180 * 49e9) / 2.0
    assert 2.0 * net_bits == pytest.approx(6.0866, abs=1e-4)
    assert in_db(required_snr(ideal, net_bits=net_bits)) == pytest.approx(9.4892, abs=1e-3)


@pytest.mark.parametrize("code", [{"kind": "ideal"}, {"kind": "decoded_fraction"}, {"kind": "dvb_s2"}], ids=str)
@pytest.mark.parametrize("modulation", ["16QAM", "best"])
def test_required_snr__is_the_inverse_of_the_rate(modulation, code):
    transceiver = Transceiver(format=modulation, code=code, pilot_overhead_percent=3.0)
    wanted = xr.DataArray([0.5, 1.5, 2.5, 3.3], dims="wanted")
    needed = required_snr(transceiver, net_bits=wanted)
    enough = achievable_rate(transceiver, needed * 1.000001, 0.5)["net_rate"]
    short = achievable_rate(transceiver, needed * 0.999999, 0.5)["net_rate"]
    assert np.all(enough >= wanted)
    assert np.all(short < wanted)


def test_required_snr__thresholds_of_codes():
    fixed = Transceiver(format="64QAM", code={"kind": "fixed_rate", "code_rate": 0.8, "ngmi_threshold": 0.85})
    assert in_db(required_snr(fixed)) == pytest.approx(16.5168, abs=1e-3)
    overhead = Transceiver(format="64QAM", code={"kind": "overhead", "overhead_percent": 25.0, "ngmi_gap": 0.05})
    assert float(required_snr(overhead)) == pytest.approx(float(required_snr(fixed)), rel=1e-9)
    lowest = Transceiver(format="QPSK", code={"kind": "dvb_s2"})
    assert in_db(required_snr(lowest)) == pytest.approx(-2.35, abs=1e-3)


def test_required_snr__out_of_reach_and_trivial():
    transceiver = Transceiver(format="16QAM", code={"kind": "ideal"})
    assert float(required_snr(transceiver, net_bits=4.1)) == math.inf
    assert float(required_snr(transceiver, net_bits=0.0)) == 0.0


def test_required_snr__refuses_unclear_targets():
    with pytest.raises(ValueError, match="no threshold"):
        required_snr(Transceiver(format="16QAM"))
    with pytest.raises(ValueError, match="net_bits: given beside ngmi; give one of them"):
        required_snr(Transceiver(format="16QAM"), ngmi=0.8, net_bits=2.0)
    with pytest.raises(ValueError, match="best"):
        required_snr(Transceiver(format="best"), ngmi=0.8)


def test_snr_margin__is_one_at_the_requirement():
    transceiver = Transceiver(format="16QAM")
    needed = required_snr(transceiver, net_bits=3.0)
    margin = snr_margin(transceiver, needed * xr.DataArray([0.5, 1.0, 4.0], dims="channel"), net_bits=3.0)
    np.testing.assert_allclose(margin, [0.5, 1.0, 4.0], rtol=1e-12)
    assert margin.name == "snr_margin"
