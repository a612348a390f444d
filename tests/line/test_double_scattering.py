"""Double Rayleigh scattering of pumped lines."""

import math

import numpy as np
import pytest
import scipy.integrate

import mcfiber as mcf
from mcfiber.kernels.scattering import double_scattering


def pumped(gain_db: float, **link: object) -> mcf.System:
    pump = {"wavelength_nm": 1455, "power_mw": 1.0, "attenuation_db_per_km": 0.25}
    system = mcf.System(
        spectrum={"frequency_thz": [193.3, 193.4], "symbol_rate_gbd": 64},
        fiber={"layout": {"kind": "hexagonal", "cores": 1}},
        link={"span": {"length_km": 100, "raman_pumps": [pump]}, "launch_power_dbm": -10} | link,
        models={"raman": "silica", "nonlinear_interference": "kerr"},
        transceiver={"format": "QPSK"},
    )
    return mcf.pumped_to_gain(system, gain_db)


@pytest.mark.parametrize(("alpha", "length"), [(4.6e-5, 100e3), (4.6e-5, 20e3), (3.5e-5, 300e3)])
def test_kernel__passive_span(alpha, length):
    place = np.linspace(0, length, 4001)
    found = double_scattering(-alpha * place, place, 5.5e-8)
    closed = length / (2 * alpha) - (1 - math.exp(-2 * alpha * length)) / (4 * alpha**2)
    assert float(found) == pytest.approx(5.5e-8**2 * closed, rel=1e-4)


def test_kernel__with_gain():
    length, gain = 100e3, 15 / 4.342944819

    def level(z):
        return -4.6e-5 * z + gain * (math.exp(-5.7e-5 * (length - z)) - math.exp(-5.7e-5 * length))

    place = np.linspace(0, length, 2001)
    found = double_scattering(np.array([level(z) for z in place]), place, 5.5e-8)
    total = scipy.integrate.dblquad(
        lambda there, z: math.exp(2 * (level(there) - level(z))), 0, length, lambda z: z, lambda _: length, epsrel=1e-8
    )[0]
    assert float(found) == pytest.approx(5.5e-8**2 * total, rel=1e-4)


@pytest.mark.parametrize(("gain", "published"), [(10.0, -52.5), (20.0, -43.7)])
def test_noise__of_random_scatterers(gain, published):
    """100 km of 0.2 dB/km, 80 um^2: -52.5 dB at 10 dB, -43.7 dB at 20 dB; random scatterers agree within 0.1 dB."""
    found = pumped(gain).evaluate().mcf.to_db()
    assert float(-found.snr_scattering.mean()) == pytest.approx(published, abs=0.25)  # the pump's loss is not told


def test_noise__adds_over_spans_and_does_not_depend_on_launch():
    base = pumped(12.0)
    one, three = base.evaluate(), base.replace({"link.span_count": 3}).evaluate()
    np.testing.assert_allclose(three.snr_scattering * 3, one.snr_scattering, rtol=1e-12)
    quiet = base.replace({"link.launch_power_dbm": -25.0}).evaluate()
    np.testing.assert_allclose(quiet.snr_scattering, one.snr_scattering, rtol=5e-3)  # pumps deplete less
    inverse = 1 / one.snr_ase + 1 / one.snr_nli + 1 / one.snr_scattering
    np.testing.assert_allclose(1 / one.gsnr, inverse, rtol=1e-12)


def test_noise__is_told_of_pumped_lines_alone():
    found = pumped(20.0).evaluate()
    assert "double_scattering" in found.mcf.limits().limit
    plain = pumped(20.0).replace({"link.span.raman_pumps": [], "models.raman": "none"}).evaluate()
    assert "snr_scattering" not in plain
    assert "double_scattering" not in plain.mcf.limits().limit


def test_noise__figures_show_it():
    pytest.importorskip("matplotlib").use("Agg")
    for result, shown in ((pumped(20.0).evaluate(), True), (mcf.load("ofs-2011-7core").system.evaluate(), False)):
        texts = [text.get_text() for text in result.mcf.plot.budget().get_legend().get_texts()]
        assert ("double Rayleigh scattering" in texts) == shown


def test_noise__behind_a_lumped_loss():
    """A loss at the very start of a span is no loss to what is scattered behind it."""
    base = pumped(15.0)
    losses = base.replace({"link.span.lumped_losses": [{"position_km": 1e-4, "loss_db": 1e-9}]})
    np.testing.assert_allclose(losses.evaluate().snr_scattering, base.evaluate().snr_scattering, rtol=1e-3)
