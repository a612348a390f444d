"""A gap to Shannon's limit as a code, and spectra that fill a bandwidth."""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import mcfiber as mcf


def transceiver(gap_db, **more):
    return mcf.Transceiver(code={"kind": "gap_to_shannon", "gap_db": gap_db}, **more)


@given(gap=st.floats(0, 10), snr=st.floats(1e-3, 1e4))
def test_rate__is_shannons_limit_at_a_lower_ratio(gap, snr):
    rates = mcf.achievable_rate(transceiver(gap), snr, 50e9)
    by_hand = 2 * 50e9 * math.log2(1 + snr / 10 ** (0.1 * gap))
    assert float(rates["net_rate"]) == pytest.approx(by_hand, rel=1e-12)
    assert float(rates["gmi"]) == float(rates["mutual_information"]) == float(rates["shannon"])
    assert float(rates["ngmi"]) == 1.0


def test_rate__no_format_bounds_it_and_pilots_count():
    many = mcf.achievable_rate(transceiver(0, format="QPSK", pilot_overhead_percent=10), 1e4, 1.0)
    assert float(many["net_rate"]) == pytest.approx(0.9 * 2 * math.log2(1 + 1e4), rel=1e-12)
    system = mcf.load("ucl-2020-40km").system.replace({"transceiver": transceiver(1.0, format="QPSK")})
    assert int(system.evaluate().status) == 0


def test_rate__gap_may_be_an_axis_and_differ_by_band():
    gaps = xr.DataArray([0.0, 3.0], dims="gap")
    rates = mcf.achievable_rate(transceiver(gaps), 10.0, 1.0)["net_rate"]
    assert rates.values == pytest.approx([2 * math.log2(11), 2 * math.log2(1 + 10 / 10**0.3)])
    code = {"C": {"kind": "gap_to_shannon", "gap_db": 0}, "L": {"kind": "ideal"}}
    system = mcf.load("nict-2025-1808km").system
    both = system.replace({"transceiver.code": code}).evaluate()
    band = both.band.values
    shannon = (2 * both.shannon * both.symbol_rate * (1 - 0.0)).values
    kept = both.net_rate.values[band == "C"] / shannon[band == "C"]
    assert np.allclose(kept, kept[0])


def test_required_snr__inverts_the_rate():
    snr = mcf.required_snr(transceiver(3.0), net_bits=3.0)
    assert float(snr) == pytest.approx(10**0.3 * 7.0, rel=1e-12)
    with pytest.raises(ValueError, match="give net_bits"):
        mcf.required_snr(transceiver(3.0), ngmi=0.8)
    with pytest.raises(ValueError, match="no threshold of its own"):
        mcf.required_snr(transceiver(3.0))


def test_launch__is_optimised_for_a_gap():
    system = mcf.load("ucl-2019-6300km").system.replace({"transceiver.code": {"kind": "gap_to_shannon", "gap_db": 3}})
    best = mcf.optimize_launch(system, by="flat")
    assert best.value >= float(system.evaluate().total_net_rate)


def test_gap__refuses_less_than_none():
    with pytest.raises(mcf.DescriptionError, match="gap_db: got -1 dB; allowed: 0 to 30 dB"):
        mcf.GapToShannon(gap_db=-1)


@given(bandwidth=st.floats(0.2, 4.0), spacing=st.sampled_from([25.0, 37.5, 50.0, 75.0, 100.0]))
def test_spectrum__fills_a_bandwidth_with_whole_channels(bandwidth, spacing):
    one = mcf.Spectrum.filled(bandwidth_thz=spacing * 1e-3, center_thz=193.5, spacing_ghz=spacing)
    found = one.filling(bandwidth)
    places = found.groups[0].frequencies_thz()
    assert found.count * spacing <= bandwidth * 1e3 * (1 + 1e-9) < (found.count + 1) * spacing * (1 + 1e-8)
    assert places.mean() == pytest.approx(193.5, abs=1e-9)
    assert found.groups[0].symbol_rate_gbd == spacing


def test_spectrum__tells_what_stays_dark_and_refuses_what_holds_no_channel():
    with pytest.warns(UserWarning, match=r"46 channels of 100 GHz fill 4.6 THz of 4.65 THz; 50 GHz stay dark"):
        mcf.Spectrum.filled(bandwidth_thz=4.65, center_thz=193.7, spacing_ghz=100)
    with pytest.raises(mcf.DescriptionError, match=r"bandwidth_thz: got 0.05 THz; allowed: at least one channel"):
        mcf.Spectrum.filled(bandwidth_thz=0.05, center_thz=193.7, spacing_ghz=100)
    with pytest.raises(mcf.DescriptionError, match="center_thz: got 100 THz"):
        mcf.Spectrum.filled(bandwidth_thz=1, center_thz=100, spacing_ghz=100)
    with pytest.raises(mcf.DescriptionError, match="describe one group"):
        mcf.Spectrum(frequency_thz=[193.1], symbol_rate_gbd=50).filling(1.0)
