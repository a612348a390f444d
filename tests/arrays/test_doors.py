"""The plain-array doors give what an evaluation of a whole system gives."""

import numpy as np
import pytest
import systems

from mcfiber.arrays import amplifiers, crosstalk, crosstalk_statistics, interference, rates
from mcfiber.evaluate import records
from mcfiber.line.power import PowerProfile


def one(value):
    return np.asarray(getattr(value, "values", value), dtype=float)


def raman_system():
    return systems.single().replace({"models.nonlinear_interference": "isrs_gn", "models.raman": "silica"})


def of_records(scene):
    grid, medium, power = scene.channels, scene.medium, scene.power
    wave = one(grid.frequency), one(grid.symbol_rate), one(power.fiber_input)
    return wave, {"gamma": one(medium.nonlinear_coefficient), "beta2": one(medium.group_velocity_dispersion)}


def test_gn_interference__is_that_of_an_evaluation():
    system = systems.single()
    scene, _ = records(system)
    wave, glass = of_records(scene)
    power = scene.power
    one_span = interference.gn_interference(
        *wave, **glass, attenuation=one(power.attenuation), length=one(power.length)
    )
    level = one(power.launch) / one(power.fiber_input)
    np.testing.assert_allclose(10 * one_span * level, one(system.evaluate().nli_power), rtol=1e-12)


def test_gn_interference__broadcasts_over_designs():
    frequency, power = 193e12 + 1e11 * np.arange(3), np.full(3, 1e-3)
    glass = {"gamma": 1.3e-3, "beta2": -21.7e-27, "attenuation": 4.6e-5}
    many = interference.gn_interference(frequency, 64e9, power, **glass, length=np.array([[60e3], [90e3]]))
    assert many.shape == (2, 1, 3)
    np.testing.assert_allclose(many[1, 0], interference.gn_interference(frequency, 64e9, power, **glass, length=90e3))


def test_raman_interference__of_fitted_exponentials_is_that_of_an_evaluation():
    system = raman_system()
    scene, _ = records(system)
    wave, glass = of_records(scene)
    power: PowerProfile = scene.power
    evolution = power.evolution
    assert evolution is not None
    nodes = interference.panel_nodes(one(power.length), evolution.power.sizes["node"])
    assert nodes[0] == 0.0
    assert nodes[-1] == pytest.approx(float(power.length))
    profile = interference.fitted_exponentials(
        evolution.power.isel(panel=0).transpose("channel", "node").values, one(power.attenuation), one(power.length)
    )
    own, cross = interference.raman_interference(*wave, profile, **glass)
    level = one(power.launch) / one(power.fiber_input)
    np.testing.assert_allclose(10 * (own + cross) * level, one(system.evaluate().nli_power), rtol=1e-9)


def test_cross_format_correction__is_that_of_an_evaluation():
    plain = raman_system().replace({"models.raman": "none", "transceiver.format": "QPSK"})
    corrected = plain.replace({"models.format_correction": True})
    scene, arrived = records(corrected)
    wave, glass = of_records(scene)
    power = scene.power
    profile = interference.tilted_exponentials(np.broadcast_to(one(power.attenuation), 4), 0.0, terms=1)
    found = interference.cross_format_correction(
        *wave, profile, **glass, kurtosis=arrived.kurtosis, length=one(power.length)
    )
    level = one(power.launch) / one(power.fiber_input)
    difference = one(corrected.evaluate().nli_power) - one(plain.evaluate().nli_power)
    np.testing.assert_allclose((found.near + 10 * found.far) * level, difference, rtol=1e-9)


def test_tilted_exponentials__first_order_in_the_tilt():
    loss, tilt, length = 4.6e-5, 1e-7, 80e3
    coefficient, decay = interference.tilted_exponentials(np.array([loss]), np.array([tilt]))
    place = np.linspace(0, length, 9)
    exact = np.exp(-loss * place - tilt * (1 - np.exp(-loss * place)) / loss)
    np.testing.assert_allclose(np.exp(-place[:, None] * decay[0]) @ coefficient[0], exact, rtol=3e-6)


def test_coherent_exponent__is_that_of_an_evaluation():
    plain = raman_system().replace({"models.raman": "none"})
    scene, _ = records(plain)
    wave, glass = of_records(scene)
    power = scene.power
    profile = interference.tilted_exponentials(np.broadcast_to(one(power.attenuation), 4), 0.0, terms=1)
    own, cross = interference.raman_interference(*wave, profile, **glass)
    exponent = interference.coherent_exponent(
        wave[1], beta2=glass["beta2"], attenuation=one(power.attenuation), length=one(power.length)
    )
    level = one(power.launch) / one(power.fiber_input)
    expected = one(plain.replace({"models.accumulation": "coherent"}).evaluate().nli_power)
    np.testing.assert_allclose(10 * (own * 10**exponent + cross) * level, expected, rtol=1e-12)


@pytest.mark.parametrize("model", ["exact", "excess_gain", "input_noise"])
def test_noise_power__is_that_of_an_evaluation(model):
    system = systems.single().replace({"models.amplifier_noise": model})
    scene, _ = records(system)
    inputs = one(scene.channels.frequency), one(scene.channels.symbol_rate), one(scene.power.span_loss)
    found = amplifiers.noise_power(*inputs, one(scene.line.noise_figure), spans=10, model=model)
    np.testing.assert_allclose(found, one(system.evaluate().ase_power), rtol=1e-12)


def test_noise_density__numbers_broadcast_and_a_wrong_model_is_refused():
    assert amplifiers.noise_density(193e12, np.full((2, 3), 40.0), 3.0).shape == (2, 3)
    assert amplifiers.noise_density(193e12, 40.0, 3.0).shape == ()
    with pytest.raises(ValueError, match=r"model: got 'none'; allowed: 'exact'"):
        amplifiers.noise_density(193e12, 40.0, 3.0, model="none")  # type: ignore[arg-type]


def test_noise_figures__of_stages():
    lossless = amplifiers.cascaded_noise_figure(np.array([2.0, 3.0]), 5.0, gain=1e9, loss=1.0)
    np.testing.assert_allclose(lossless, [2.0, 3.0])
    assert amplifiers.equivalent_noise_figure(0.0, frequency=193e12, gain=np.array([10.0]))[0] == pytest.approx(0.1)


CODES = (
    ({"kind": "ideal"}, rates.net_rate, {}),
    ({"kind": "decoded_fraction", "decoded_to_gmi": 0.94}, rates.net_rate, {"fraction": 0.94}),
    ({"kind": "adaptive", "ngmi_gap": 0.03}, rates.net_rate, {"ngmi_gap": 0.03}),
    (
        {"kind": "fixed_rate", "code_rate": 0.8, "ngmi_threshold": 0.85},
        rates.fixed_net_rate,
        {"code_rate": 0.8, "ngmi_threshold": 0.85},
    ),
)


@pytest.mark.parametrize(("code", "function", "given"), CODES)
@pytest.mark.parametrize("modulation", ["64QAM", "best"])
def test_rates__are_those_of_an_evaluation(code, function, given, modulation):
    changes = {"transceiver.code": code, "transceiver.format": modulation, "transceiver.pilot_overhead_percent": 3.0}
    result = systems.single().replace(changes).evaluate()
    snr = one(result.snr)
    net = function(modulation, snr, one(result.symbol_rate), pilot_share=0.03, **given)
    np.testing.assert_allclose(net, one(result.net_rate), rtol=1e-12)
    if modulation != "best":
        found = rates.information_rates(modulation, snr)
        for name in ("shannon", "mutual_information", "gmi", "ngmi"):
            np.testing.assert_allclose(getattr(found, name), one(result[name]), rtol=1e-12)


def test_rates__shapes_broadcast_and_a_wrong_format_is_refused():
    assert rates.net_rate("QPSK", np.ones((5, 1)), np.full(3, 32e9)).shape == (5, 3)
    assert rates.information_rates("QPSK", 1.0).gmi.shape == ()
    with pytest.raises(ValueError, match=r"modulation: got '17QAM'; allowed: 'QPSK'"):
        rates.information_rates("17QAM", 1.0)


def test_decoder_snr__with_mode_dependent_loss_is_that_of_an_evaluation():
    result = systems.random().evaluate()
    gsnr, loss = one(result.gsnr), one(result.mode_dependent_loss_effective)
    penalty = rates.mode_loss_penalty(gsnr, loss, modes=38)
    np.testing.assert_allclose(penalty, one(result.mdl_penalty), rtol=1e-12)
    found = rates.decoder_snr(gsnr, penalty=penalty, transceiver=10**1.7)
    np.testing.assert_allclose(found, one(result.snr), rtol=1e-12)
    with pytest.raises(ValueError, match="receiver"):
        rates.mode_loss_penalty(gsnr, loss, modes=38, receiver="none")  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------------------
# what they refuse by name


GLASS = {"gamma": 1.3e-3, "beta2": -21.7e-27}


def two_channels():
    return interference.tilted_exponentials(np.full(2, 4.6e-5), 0.0, terms=1)


@pytest.mark.parametrize("frequency", [[193.5e12, 193.4e12], [193.4e12, 193.4e12]])
def test_interference__of_channels_that_do_not_ascend_is_refused(frequency):
    told = pytest.raises(ValueError, match=r"^frequency: got channels that do not ascend")
    with told:
        interference.gn_interference(frequency, 64e9, 1e-3, **GLASS, attenuation=4.6e-5, length=80e3)
    with told:
        interference.raman_interference(frequency, 64e9, 1e-3, two_channels(), **GLASS)
    with told:
        interference.cross_format_correction(frequency, 64e9, 1e-3, two_channels(), **GLASS, kurtosis=-1.0, length=80e3)


def test_interference__of_more_channels_than_the_profile_has_is_refused():
    with pytest.raises(ValueError, match=r"^frequency: got an array of shape \(3,\); allowed: 2 channels"):
        interference.raman_interference(193.4e12 + 1e11 * np.arange(3), 64e9, 1e-3, two_channels(), **GLASS)
    with pytest.raises(ValueError, match=r"^frequency: got channels less than half a symbol rate apart"):
        interference.cross_format_correction(
            [193.4e12, 193.43e12], 64e9, 1e-3, two_channels(), **GLASS, kurtosis=-1.0, length=80e3
        )


def test_fitted_exponentials__of_a_span_that_loses_nothing_are_refused():
    """Down to the least loss that is taken the fit gives the profile back."""
    nodes = interference.panel_nodes(80e3)
    for attenuation in (4.6e-5, 1.3e-10):
        power = np.exp(-attenuation * nodes)[None]
        found = interference.fitted_exponentials(power, attenuation, 80e3)
        again = (found.coefficient[..., None] * np.exp(-found.decay[..., None] * nodes)).sum(axis=-2)
        np.testing.assert_allclose(again, power, rtol=1e-6)
    with pytest.raises(ValueError, match=r"^attenuation and length: got a loss of less than 1e-05 Np"):
        interference.fitted_exponentials(power, 1e-10, 80e3)


def test_statistics__one_mean_is_that_of_every_aggressor():
    variances = [1e-3, 5e-4]
    alike = crosstalk_statistics.outage_probability([2e-3, 2e-3], variances, 4.1e-3)
    assert 0.0 < alike < 1.0
    assert crosstalk_statistics.outage_probability(2e-3, variances, 4.1e-3) == alike
    assert crosstalk_statistics.mean_of_decibels(2e-3, variances) == crosstalk_statistics.mean_of_decibels(
        [2e-3, 2e-3], variances
    )


def test_pitch__of_a_range_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"^low and high: got 4e-05 and 3e-05 m"):
        crosstalk.smallest_pitch(lambda pitch: 1e3 * np.exp(-pitch / 1e-6), 1e-9, low=40e-6, high=30e-6)
