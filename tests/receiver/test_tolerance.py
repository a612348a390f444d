"""Penalty, tolerated crosstalk, reach and pitch of modulation formats."""

import numpy as np
import pytest
import xarray as xr
from scipy import optimize, special

import mcfiber as mcf
from mcfiber.arrays import crosstalk as plain
from mcfiber.fiber.coupling import core_coupling
from mcfiber.receiver.tolerance import needed_snr

SQUARE = {"QPSK": 4, "16QAM": 16, "64QAM": 64}
# T. Hayashi, T. Sasaki, E. Sasaoka, IEICE Trans. Commun. E97-B, 936 (2014): mean crosstalk for a penalty of 1 dB of the
# Q factor from Q = 9.8 dB, where Q is geometric: Q^2 = 3 SNR/(M - 1).
PUBLISHED = {"QPSK": -16.7, "16QAM": -23.7, "64QAM": -29.9}
# The same at a bit error ratio of 1e-3 of Gray-coded square QAM, computed with many digits.
AT_ERROR_RATIO = {"QPSK": -16.668075812845135, "16QAM": -23.411254328936835, "64QAM": -29.417261545038606}
GRID = mcf.Spectrum(frequency_thz=[190.0, 193.4, 195.0], symbol_rate_gbd=64)


def in_db(ratio):
    return 10.0 * np.log10(np.asarray(ratio, dtype=float))


def seven(**changes):
    measured = {"crosstalk_db": -40, "length_km": 80, "definition": "total_from_neighbours"}
    return mcf.MulticoreFiber(
        layout=mcf.HexagonalLayout(cores=7, pitch_um=40), cladding_diameter_um=180, crosstalk=measured | changes
    )


@pytest.mark.parametrize("name", PUBLISHED)
def test_tolerated__published_levels(name):
    transceiver = mcf.Transceiver(format=name)
    assert in_db(mcf.tolerated_crosstalk(transceiver, q_db=9.8)) == pytest.approx(PUBLISHED[name], abs=0.05)
    by_hand = (10**-0.98 - 10**-1.08) * 3 / (SQUARE[name] - 1)
    assert float(mcf.tolerated_crosstalk(transceiver, q_db=9.8)) == pytest.approx(by_hand, rel=1e-12)
    at_ratio = mcf.tolerated_crosstalk(transceiver, bit_error_ratio=1e-3)
    assert in_db(at_ratio) == pytest.approx(AT_ERROR_RATIO[name], abs=1e-9)


def test_needed__error_ratio_of_qpsk_is_that_of_a_binary_signal():
    ratio = xr.DataArray([1e-4, 1e-3, 1e-2], dims="ratio")
    found = needed_snr(mcf.Transceiver(format="QPSK"), bit_error_ratio=ratio)
    np.testing.assert_allclose(found, 2 * special.erfcinv(2 * ratio.values) ** 2, rtol=1e-11)
    # A two-level signal's Q is the geometric one.
    q_db = 20 * np.log10(mcf.q_factor(ratio))
    np.testing.assert_allclose(needed_snr(mcf.Transceiver(format="QPSK"), q_db=q_db), found, rtol=1e-11)


def test_penalty__is_what_the_receiver_meets():
    transceiver = mcf.Transceiver(format="16QAM")
    crosstalk = xr.DataArray([0.0, 1e-3, 5e-3], dims="core")
    penalty = mcf.crosstalk_penalty(transceiver, crosstalk, ngmi=0.85)
    needed = float(mcf.required_snr(transceiver, ngmi=0.85))
    # The other noises leave `penalty * needed`; with crosstalk on top, just what is needed is left.
    np.testing.assert_allclose(1 / (1 / (penalty * needed) + crosstalk), needed, rtol=1e-12)
    tolerated = mcf.tolerated_crosstalk(transceiver, penalty_db=in_db(penalty[2]), ngmi=0.85)
    assert float(tolerated) == pytest.approx(5e-3, rel=1e-9)
    assert float(penalty[0]) == 1.0
    assert np.isinf(mcf.crosstalk_penalty(transceiver, 0.5, ngmi=0.85))


def test_reach__of_the_middle_core_in_closed_form():
    transceiver = mcf.Transceiver(format="QPSK")
    tolerated = float(mcf.tolerated_crosstalk(transceiver, q_db=9.8))
    h = plain.measured_coupling(1e-4, 80e3, neighbours=6)
    found = mcf.crosstalk_reach(seven(), GRID, transceiver, q_db=9.8)
    assert found.dims == ()
    assert float(found) == pytest.approx(float(plain.tolerated_length(h, tolerated, neighbours=6)), rel=1e-12)
    margin = mcf.crosstalk_reach(seven(), GRID, transceiver, q_db=9.8, margin_db=3.0)
    expected = plain.tolerated_length(h, tolerated, neighbours=6, excess=10**0.3)
    assert float(margin) == pytest.approx(float(expected), rel=1e-12)


def test_reach__line_of_that_length_has_the_tolerated_crosstalk():
    fiber = seven(slope_db_per_nm=0.1)
    transceiver = mcf.Transceiver(format="16QAM")
    reach = mcf.crosstalk_reach(fiber, GRID, transceiver, ngmi=0.9)
    assert reach.dims == ("channel",)
    assert (np.diff(reach) > 0).all()  # crosstalk falls with frequency
    tolerated = float(mcf.tolerated_crosstalk(transceiver, ngmi=0.9))
    for index in range(3):
        pairs = mcf.mean_crosstalk(fiber, GRID, length_km=float(reach[index]) * 1e-4, spans=10)
        assert float(pairs.isel(channel=index).sum("core_in").max()) == pytest.approx(tolerated, rel=1e-9)


def test_reach__higher_formats_get_less_far_and_some_never_end():
    reaches = [
        float(mcf.crosstalk_reach(seven(), GRID, mcf.Transceiver(format=name), bit_error_ratio=1e-2))
        for name in ("QPSK", "16QAM", "64QAM", "256QAM")
    ]
    assert reaches == sorted(reaches, reverse=True)
    rate = mcf.Transceiver(format="QPSK", code={"kind": "ideal"})
    assert np.isinf(mcf.crosstalk_reach(seven(), GRID, rate, penalty_db=60.0, net_bits=0.05))


def test_pitch__at_it_the_line_has_the_tolerated_crosstalk():
    core = mcf.TrenchAssistedCore(radius_um=4.5, delta_percent=0.36, trench_delta_percent=-0.7)
    fiber = mcf.MulticoreFiber(layout=mcf.HexagonalLayout(cores=7, pitch_um=42), cladding_diameter_um=250, core=core)
    transceiver = mcf.Transceiver(format="64QAM")
    demand = {"length_km": 1000, "wavelength_nm": 1565, "q_db": 9.8}
    pitch = mcf.crosstalk_limited_pitch(fiber, transceiver, **demand)
    h = core_coupling(fiber.replace({"layout.pitch_um": pitch}), wavelength_nm=1565).power_coupling
    total = float(h.sum("core_in").max()) * 1e6
    assert in_db(total) == pytest.approx(-29.89, abs=0.005)
    wider = mcf.crosstalk_limited_pitch(fiber, transceiver, **demand, margin_db=6.0)
    coarser = mcf.crosstalk_limited_pitch(fiber, mcf.Transceiver(format="16QAM"), **demand)
    assert wider > pitch > coarser
    # kappa^2 falls as exp(-2 w d)/d, so 6 dB are about ln(4)/(2 w + ...) of pitch.
    step = optimize.approx_fprime(
        [pitch],
        lambda one: in_db(
            core_coupling(fiber.replace({"layout.pitch_um": float(one[0])}), wavelength_nm=1565)
            .power_coupling.sum("core_in")
            .max()
        ),
        1e-4,
    )
    assert wider - pitch == pytest.approx(-6.0 / float(step[0]), rel=0.02)


def test_refused():
    best = mcf.Transceiver(format="best")
    with pytest.raises(ValueError, match="got bit_error_ratio and ngmi; give one"):
        mcf.tolerated_crosstalk(mcf.Transceiver(format="QPSK"), bit_error_ratio=1e-3, ngmi=0.9)
    with pytest.raises(ValueError, match="q_db: belongs to one format"):
        mcf.tolerated_crosstalk(best, q_db=9.8)
    random = mcf.MulticoreFiber(layout=mcf.HexagonalLayout(cores=7, pitch_um=18), coupling="random")
    with pytest.raises(ValueError, match="weakly coupled"):
        mcf.crosstalk_reach(random, GRID, mcf.Transceiver(format="QPSK"), q_db=9.8)
