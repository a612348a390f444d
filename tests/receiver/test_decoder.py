"""What a receiver adds: its noise under mode-dependent loss, enhanced phase noise, adaptation."""

import math

import mpmath
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from small_systems import small
from soundness import unsound

import mcfiber as mcf
from mcfiber.descriptions.errors import DescriptionError, ValidityWarning
from mcfiber.kernels import receivers as kernels
from mcfiber.receiver.decoder import loss_at_end
from mcfiber.receiver.penalty import mdl_penalty

NP = 10 / math.log(10)
SHARE = "transceiver.receiver_noise_share"
WIDTH = "transceiver.local_oscillator_linewidth_khz"
MISADJUSTMENT = "transceiver.equalizer_misadjustment"


def ratio(decibels):
    return 10 ** (decibels / 10)


def db(value):
    return 10 * np.log10(value)


def coupled(**changes):
    fiber = {"layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 20}, "coupling": "random"}
    base = small().replace({"fiber": fiber, "link.span_count": 20, "link.mode_dependent_loss_rms_db": 0.9})
    return base.replace({"transceiver.snr_db": 15.0} | changes)


# ---------------------------------------------------------------------------------------------------------
# noise of the receiver


@pytest.mark.parametrize(("x", "expected"), [(0.25, 0.480775), (0.857, 1.52405)])
def test_loss_at_end__known_values(x, expected):
    assert float(loss_at_end(math.sqrt(x))) ** 2 == pytest.approx(expected, abs=1e-5)


@pytest.mark.nojit
@pytest.mark.parametrize("xi", [1e-6, 1e-3, 0.05, 0.5, 2.0, 7.0])
def test_loss_at_end__is_the_root(xi):
    mpmath.mp.dps = 40
    x = mpmath.mpf(xi) ** 2
    root = mpmath.findroot(lambda y: mpmath.log(mpmath.expm1(y) / y) - x, 2 * x if xi < 1 else x + mpmath.log(2 * x))
    assert float(kernels.end_loss(xi)) == pytest.approx(float(mpmath.sqrt(root)), rel=1e-10)


@given(st.floats(0.0, 50.0))
def test_loss_at_end__lies_between_the_line_and_twice_its_square(xi):
    found = float(kernels.end_loss(xi))
    assert xi <= found <= math.sqrt(2.0) * xi * (1 + 1e-12)


# Drawn matrices of 20 spans (another computation, standard errors 0.003 to 0.03 dB), met within what the rule errs.
@pytest.mark.parametrize(
    ("modes", "span_db", "line_db", "trx_db", "share", "drawn", "tolerance"),
    [
        (8, 0.45, 14, 17, 0.5, 11.80, 0.05),
        (8, 0.90, 14, 17, 0.5, 10.39, 0.05),
        (8, 0.90, 14, 17, 1.0, 9.93, 0.05),
        (8, 1.35, 14, 17, 0.5, 7.93, 0.12),
        (38, 0.90, 10, 17, 0.5, 7.46, 0.05),
        (4, 0.90, 18, 20, 1.0, 13.50, 0.05),
    ],
)
def test_receiver_noise__rule_meets_drawn_matrices(modes, span_db, line_db, trx_db, share, drawn, tolerance):
    loss, gsnr, own = span_db / NP * math.sqrt(20), ratio(line_db), ratio(trx_db) / share
    together = 1 / (1 / gsnr + 1 / own)
    line = float(mdl_penalty(together, loss, modes=modes)) / gsnr
    end = float(mdl_penalty(together, float(loss_at_end(loss)), modes=modes)) / own
    assert -db(line + end + (1 - share) / ratio(trx_db)) == pytest.approx(drawn, abs=tolerance)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_receiver_noise__system_follows_the_rule(share):
    found = coupled(**{SHARE: share}).evaluate()
    own = ratio(15) / share if share else math.inf
    together = 1 / (1 / found.gsnr + 1 / own)
    loss = found.mode_dependent_loss_effective
    line = mdl_penalty(together, loss, modes=14) / found.gsnr
    end = mdl_penalty(together, loss_at_end(loss), modes=14) / own
    np.testing.assert_allclose(1 / found.snr, line + end + (1 - share) / ratio(15), rtol=1e-10)
    np.testing.assert_allclose(found.mcf.limits().noise_share.sum("limit"), 1.0, rtol=1e-12)
    assert unsound(coupled(**{SHARE: share}), found) == []


def test_receiver_noise__of_no_share_is_the_old_rule():
    apart, before = coupled(**{SHARE: 0.0}).evaluate(), coupled().evaluate()
    np.testing.assert_allclose(apart.snr, before.snr, rtol=1e-12)
    assert "snr_receiver" not in before
    assert list(before.mcf.limits().limit.values) != list(apart.mcf.limits().limit.values)


def test_receiver_noise__without_mode_dependent_loss_it_does_not_matter_where():
    still = {"link.mode_dependent_loss_rms_db": 0.0}
    levels = [coupled(**still, **{SHARE: share}).evaluate().snr for share in (0.0, 0.5, 1.0)]
    for one in levels[1:]:
        np.testing.assert_allclose(one, levels[0], rtol=1e-12)


def test_limits__without_one_are_those_of_a_system_without_it():
    found = coupled(**{SHARE: 0.5}).evaluate().mcf.limits().total_net_rate_without
    lossless = coupled(**{SHARE: 0.5, "link.mode_dependent_loss_rms_db": 0.0}).evaluate()
    assert float(found.sel(limit="mode_dependent_loss")) == pytest.approx(float(lossless.total_net_rate), rel=1e-10)
    half = coupled(**{SHARE: 0.0, "transceiver.snr_db": 15.0 + 10 * math.log10(2)}).evaluate()
    assert float(found.sel(limit="receiver")) == pytest.approx(float(half.total_net_rate), rel=1e-10)


# ---------------------------------------------------------------------------------------------------------
# phase noise


def dispersive(rate_gbd, length_km, dispersion, roll_off, **changes):
    group = {
        "band": "C",
        "channels": 1,
        "spacing_ghz": 200,
        "symbol_rate_gbd": rate_gbd,
        "lowest_frequency_thz": 193.4145,
    }
    fiber = {
        "layout": {"kind": "hexagonal", "cores": 1},
        "dispersion_ps_per_nm_km": dispersion,
        "dispersion_slope_ps_per_nm2_km": 0.0,
    }
    spans = round(length_km / 80)
    link = {"span": {"length_km": length_km / spans}, "span_count": spans}
    transceiver = {"format": "16QAM", "snr_db": 20, "roll_off": roll_off}
    return mcf.System(spectrum={"groups": [group]}, fiber=fiber, link=link, transceiver=transceiver).replace(changes)


@pytest.mark.parametrize(
    ("rate", "length", "dispersion", "roll_off", "expected"),
    [
        (49, 8610, 19, 0.0, 21.7218),
        (49, 8610, 19, 0.1, 22.0472),
        (140, 7000, 20, 0.0, 17.8388),
        (140, 1016, 20, 0.0, 26.2208),
    ],
)
def test_phase_noise__law(rate, length, dispersion, roll_off, expected):
    found = dispersive(rate, length, dispersion, roll_off, **{WIDTH: 100.0}).evaluate()
    assert float(db(found.snr_phase_noise.max())) == pytest.approx(expected, abs=0.02)
    without = dispersive(rate, length, dispersion, roll_off, **{WIDTH: 0.0}).evaluate()
    np.testing.assert_allclose(1 / found.snr, 1 / without.snr + 1 / found.snr_phase_noise, rtol=1e-12)
    assert bool(np.isinf(without.snr_phase_noise).all())


def test_phase_noise__is_proportional_to_line_width_and_length():
    widths = xr.DataArray([50.0, 100.0], dims="width")
    found = dispersive(49, 2000, 19, 0.1, **{WIDTH: widths}).evaluate()
    each = found.snr_phase_noise.isel(width=0) / found.snr_phase_noise.isel(width=1)
    np.testing.assert_allclose(each, 2.0)


def test_phase_noise__of_which_nothing_is_said_is_told_where_it_matters():
    with pytest.warns(ValidityWarning, match=r"a local oscillator of 100 kHz would cost 0\.\d dB"):
        dispersive(140, 7000, 20, 0.1, **{"link.launch_power_dbm": 3.0}).evaluate()
    coupled().evaluate()  # no warning, which would be an error


# ---------------------------------------------------------------------------------------------------------
# adaptation


def test_adaptation__raises_all_noise():
    found, before = coupled(**{MISADJUSTMENT: 0.1}).evaluate(), coupled().evaluate()
    np.testing.assert_allclose(found.snr, before.snr / 1.1, rtol=1e-12)
    np.testing.assert_allclose(found.mcf.limits().noise_share.sum("limit"), 1.0, rtol=1e-12)
    assert unsound(coupled(**{MISADJUSTMENT: 0.1}), found) == []


def test_adaptation__comes_behind_window_and_phase_noise():
    every = {
        "fiber.spatial_mode_dispersion_ps_per_sqrt_km": 5.0,
        "transceiver.equalizer_window_ps": 800.0,
        WIDTH: 500.0,
        SHARE: 0.5,
    }
    window, sigma = 800.0, 5.0 * math.sqrt(20 * 80)
    found = coupled(**every, **{MISADJUSTMENT: 0.2}).evaluate()
    lost = math.erfc(window / (2 * math.sqrt(2) * sigma))
    noise = (
        found.mdl_penalty / found.gsnr + 1 / found.snr_transmitter + 1 / found.snr_receiver + 1 / found.snr_phase_noise
    )
    np.testing.assert_allclose(1 / found.snr, (noise + lost) * 1.2 / (1 - lost), rtol=1e-10)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"kind": "lms", "modes": 8, "step": 0.182}, 0.100110),
        ({"kind": "lms", "modes": 8, "step": 0.333}, 0.199760),
        ({"kind": "frequency_lms", "modes": 4, "step": 0.02}, 0.041667),
        ({"kind": "rls", "modes": 4, "taps": 32, "forgetting": 0.9998}, 0.0129673),
        ({"kind": "fit", "modes": 8, "taps": 32, "training": 1024}, 1 / 3),
    ],
)
def test_misadjustment__laws(given, expected):
    assert mcf.equalizer_misadjustment(**given) == pytest.approx(expected, abs=1e-5)


def test_misadjustment__refuses_what_does_not_converge():
    with pytest.raises(ValueError, match="forgetting: got a share of 1"):
        mcf.equalizer_misadjustment("rls", modes=38, taps=81, forgetting=0.999)
    with pytest.raises(ValueError, match="training: got 100 symbols; allowed: more than the 256"):
        mcf.equalizer_misadjustment("fit", modes=8, taps=32, training=100)


@pytest.mark.parametrize("field", [SHARE, MISADJUSTMENT, WIDTH, "transceiver.roll_off"])
def test_fields__refuse_what_cannot_be(field):
    with pytest.raises(DescriptionError, match=field.split(".")[1]):
        coupled(**{field: -0.1})


def test_launch__is_optimised_with_what_the_receiver_adds():
    one = small().replace({WIDTH: 1000.0, MISADJUSTMENT: 0.1, "link.power_control": "signal"})
    found = mcf.optimize_launch(one, by="flat")
    assert float(found.result.snr.min()) > 0.0
    assert "snr_adaptation" in found.result
