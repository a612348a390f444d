"""Kerr noise of the whole line at the labelled level, and the budget that it enters."""

import math

import numpy as np
import pytest
import systems
from hypothesis import given
from hypothesis import strategies as st

from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.line import Link
from mcfiber.descriptions.spectrum import Spectrum
from mcfiber.fiber.channels import channels
from mcfiber.line.budget import line_ratios, received_ratio
from mcfiber.line.coupled_interference import coupled_core_factor
from mcfiber.line.interference import nonlinear_interference

GRID = channels(Spectrum(groups=[{"band": "C", "channels": 41, "spacing_ghz": 50, "symbol_rate_gbd": 32}]))
FIBRE = {"attenuation_db_per_km": 0.2, "dispersion_ps_per_nm_km": 17}


def interference(link, cores=1, **changes):
    coupling = {"coupling": "random"} if cores > 1 else {}
    layout = {"kind": "hexagonal", "cores": cores, "pitch_um": 18}
    fiber = MulticoreFiber(layout=layout, cladding_diameter_um=200, **(FIBRE | coupling | changes))
    return nonlinear_interference(*systems.stages(link, fiber, GRID), GRID)


LINK = Link(span={"length_km": 100})


def test_interference__vector_of_41_channels():
    # arXiv:1209.0394, eqs. (120)-(123), gamma = 1.3 1/(W km) around 193.4 THz: 954.204 and 666.009 /W^2.
    centre = float(GRID.frequency[20])
    index = 1.3e-3 * 299792458.0 * 80e-12 / (2 * math.pi * centre)
    found = interference(LINK, nonlinear_index_m2_per_w=index) / 1e-9
    assert float(found[20]) == pytest.approx(954.2042029137301, rel=1e-7)
    # The described coefficient follows the frequency; undo that at the edge.
    edge = (centre / float(GRID.frequency[0])) ** 2
    assert float(found[0]) * edge == pytest.approx(666.0091917371044, rel=1e-7)


@pytest.mark.parametrize(
    ("cores", "decibels"),
    # Factor 3/(2N+1): split-step runs of N = 2 and 4 with local Kerr effect and random mixing agree with it.
    [(1, 0.0), (7, -6.9897), (19, -11.1394)],
)
def test_interference__of_coupled_cores(cores, decibels):
    ratio = interference(LINK, cores=cores) / interference(LINK)
    np.testing.assert_allclose(10 * np.log10(ratio), decibels, atol=1e-4)
    assert coupled_core_factor(cores) == pytest.approx(float(ratio[0]), rel=1e-14)


@pytest.mark.parametrize(
    ("cores", "decibels"), [(1, 0), (2, -2.218), (3, -3.680), (4, -4.771), (7, -6.990), (12, -9.208), (19, -11.139)]
)
def test_coupled_core_factor__table(cores, decibels):
    assert 10 * math.log10(coupled_core_factor(cores)) == pytest.approx(decibels, abs=5e-4)


@given(st.floats(-10, 10))
def test_interference__grows_with_the_cube_of_power(level):
    one, other = (float(interference(LINK.replace({"launch_power_dbm": power}))[7]) for power in (level, level + 3))
    assert other / one == pytest.approx(10**0.9, rel=1e-10)


def test_interference__adds_up_over_spans():
    np.testing.assert_allclose(interference(LINK.replace({"span_count": 9})), 9 * interference(LINK), rtol=1e-14)
    listed = Link(span=[{"length_km": 100, "fan_in_loss_db": loss} for loss in (0, 1, 2)])
    each = [interference(Link(span={"length_km": 100, "fan_in_loss_db": loss})) for loss in (0, 1, 2)]
    np.testing.assert_allclose(interference(listed), sum(each), rtol=1e-14)


def test_interference__fan_in_loss_lowers_it_twice_at_launch_level():
    # The cube of the power in the fibre, and the amplifier that restores launch power: square of the loss.
    bare, lossy = interference(LINK), interference(LINK.replace({"span.fan_in_loss_db": 2}))
    np.testing.assert_allclose(lossy / bare, 10**-0.4, rtol=1e-12)
    np.testing.assert_allclose(interference(LINK.replace({"span.fan_out_loss_db": 2})), bare, rtol=1e-14)


def test_interference__of_dark_channels():
    powers = [0.0] * 41
    powers[5] = -100.0
    lit = interference(LINK.replace({"launch_power_dbm": powers}))
    assert 0 < float(lit[5]) < 1e-9 * float(lit[6])


# ---------------------------------------------------------------------------------------------------------
# the budget


def ratios(signal, ase, nli, xt):
    """Signal over each noise power and over their sum, in the order of the path."""
    found = line_ratios(signal, {"ase_power": ase, "nli_power": nli, "crosstalk_power": xt})
    assert list(found) == ["snr_ase", "snr_nli", "snr_xt", "gsnr"]
    return tuple(found.values())


def decibels_of(*values):
    return [10 ** (value / 10) for value in values]


def test_budget__example():
    # 20, 18, 25 dB of the line and 22 dB of the transceivers: 14.519697 dB.
    ase, nli, xt, trx = decibels_of(20, 18, 25, 22)
    *_, gsnr = ratios(1.0, 1 / ase, 1 / nli, 1 / xt)
    assert 10 * math.log10(float(received_ratio(gsnr, 1.0, trx))) == pytest.approx(14.519696770747384, abs=1e-12)


@pytest.mark.parametrize("level", [0.0, 1e-3])
def test_budget__dark_channels_and_absent_noise(level):
    snr_ase, snr_nli, snr_xt, gsnr = (float(one) for one in ratios(level, 0.0, 0.0, 0.0))
    expected = math.inf if level else 0.0
    assert (snr_ase, snr_nli, snr_xt, gsnr) == (expected,) * 4
    assert float(received_ratio(gsnr, 1.0, math.inf)) == expected
    assert float(received_ratio(gsnr, 1.0, 50.0)) == (50.0 if level else 0.0)


def test_budget__optimum_launch_power():
    # eta = 1000 /W^2, P_ASE = 5 uW: P_opt = (P_ASE/(2 eta))^(1/3), where ASE is twice the interference.
    eta, ase = 1000.0, 5e-6
    best = (ase / (2 * eta)) ** (1 / 3)
    assert best == pytest.approx(1.3572088082974539e-3, rel=1e-12)
    xt, trx = decibels_of(-25, 20)

    def received(power, crosstalk=0.0, transceiver=math.inf):
        *_, gsnr = ratios(power, ase, eta * power**3, crosstalk * power)
        return float(received_ratio(gsnr, 1.0, transceiver))

    assert received(best) == pytest.approx(180.96117443966043, rel=1e-12)
    assert 10 * math.log10(received(best, xt, trx)) == pytest.approx(17.284296240153587, abs=1e-10)
    snr_ase, snr_nli, *_ = ratios(best, ase, eta * best**3, 0.0)
    assert float(snr_nli / snr_ase) == pytest.approx(2.0, rel=1e-12)  # ASE is twice the interference
    for factor in (0.97, 1.03):  # crosstalk and transceivers move no optimum
        assert received(best * factor) < received(best)
        assert received(best * factor, xt, trx) < received(best, xt, trx)


def test_budget__one_decibel_costs_a_third():
    # At the optimum 1 dB of eta costs 1/3 dB and 1 dB of noise 2/3 dB.
    def best_snr(eta, ase):
        power = (ase / (2 * eta)) ** (1 / 3)
        *_, gsnr = ratios(power, ase, eta * power**3, 0.0)
        return 10 * math.log10(float(gsnr))

    step = 10**0.1
    assert best_snr(1000.0, 5e-6) - best_snr(1000.0 * step, 5e-6) == pytest.approx(1 / 3, abs=1e-12)
    assert best_snr(1000.0, 5e-6) - best_snr(1000.0, 5e-6 * step) == pytest.approx(2 / 3, abs=1e-12)


positive = st.floats(1e-9, 1e9)


@given(positive, positive, positive, st.floats(0, 1))
def test_budget__reciprocals_add_up(signal, ase, nli, xt):
    snr_ase, snr_nli, snr_xt, gsnr = (float(one) for one in ratios(signal, ase, nli, xt * signal))
    total = 1 / snr_ase + 1 / snr_nli + (1 / snr_xt if xt else 0.0)
    assert 1 / gsnr == pytest.approx(total, rel=1e-12)
    assert gsnr <= min(snr_ase, snr_nli, snr_xt) * (1 + 1e-12)


@given(positive, st.floats(1, 10), positive)
def test_budget__penalty_multiplies_the_noise_of_the_line(gsnr, penalty, transceiver):
    found = float(received_ratio(gsnr, penalty, transceiver))
    assert 1 / found == pytest.approx(penalty / gsnr + 1 / transceiver, rel=1e-12)
