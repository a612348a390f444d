"""What equalisers span: delays beyond the window, and dispersion beyond what is made good."""

import math

import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm
from small_systems import small
from soundness import unsound

from mcfiber.descriptions.errors import DescriptionError
from mcfiber.status import FLAGS
from mcfiber.variables import lookup

PMD = "fiber.polarization_mode_dispersion_ps_per_sqrt_km"
WINDOW = "transceiver.equalizer_window_ps"


def coupled(**changes):
    fiber = {"layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 20}, "coupling": "random"}
    base = small().replace({"fiber": fiber | {"spatial_mode_dispersion_ps_per_sqrt_km": 5.0}, "link.span_count": 25})
    return base.replace(changes)


def beyond(snr, window, spread):
    """Ratio with the energy outside a window of +-w/2 of a Gaussian response lost and disturbing."""
    lost = 2 * norm.sf(0.5 * window / spread)
    return (1 - lost) / (1 / snr + lost)


def test_coupled_cores__lose_what_falls_outside():
    plain = coupled().evaluate()
    spread = 5.0 * math.sqrt(25 * 80)  # ps
    for window in (2.5, 4.0, 6.6):
        found = coupled(**{WINDOW: window * spread}).evaluate()
        np.testing.assert_allclose(found.snr, beyond(plain.snr, window, 1.0), rtol=1e-9)
        assert unsound(coupled(**{WINDOW: window * spread}), found) == []


@pytest.mark.parametrize(("snr_db", "expected"), [(10.4, 9.88103), (16.4, 14.71)])
def test_law__known_values(snr_db, expected):
    """A window of +-2.559 rms delays."""
    from mcfiber.kernels.mode_delay import truncation_ratio

    snr = 10 ** (snr_db / 10)
    other = float(truncation_ratio(snr, 1e-10, 2 * 2.559e-10))
    assert -10 * math.log10(1 / snr + 1 / other) == pytest.approx(expected, abs=6e-3)


def test_single_cores__polarisations_spread_by_half_of_the_differential_delay():
    """Mean of a Maxwellian delay is the coefficient times the root of the length; rms of half of it counts."""
    draws = np.random.default_rng(1).normal(size=(400_000, 3))
    delay = np.sqrt((draws**2).sum(axis=1))
    mean, error = delay.mean(), delay.std() / math.sqrt(len(delay))
    ratio = math.sqrt((delay**2).mean()) / 2 / mean
    spread = math.sqrt(3 * math.pi / 32)
    assert ratio == pytest.approx(spread, abs=5 * error / mean)
    base = small().replace({PMD: 0.5, "link.span_count": 10})
    plain = base.evaluate()
    window = 5.0 * spread * 0.5 * math.sqrt(800.0)
    found = base.replace({WINDOW: window}).evaluate()
    np.testing.assert_allclose(found.snr, beyond(plain.snr, 5.0, 1.0), rtol=1e-9)
    np.testing.assert_array_equal(base.replace({WINDOW: window, PMD: 0.0}).evaluate().snr, plain.snr)


def test_window__is_one_more_noise_of_the_receiver():
    found = coupled(**{WINDOW: 1000.0}).evaluate()
    table = found.mcf.limits()
    np.testing.assert_allclose(table.noise_share.sum("limit"), 1.0, rtol=1e-12)
    assert float(table.total_net_rate_without.sel(limit="equalizer")) > float(found.total_net_rate)
    assert "snr_equalizer" not in coupled().evaluate()
    assert lookup("snr_equalizer").source


def test_window__of_coupled_cores_without_known_delays():
    bare = coupled(**{"fiber.spatial_mode_dispersion_ps_per_sqrt_km": None})
    with pytest.raises(DescriptionError, match=r"transceiver\.equalizer_window_ps: what falls outside depends on"):
        bare.replace({WINDOW: 1000.0}).evaluate()


def test_dispersion__that_is_not_made_good():
    base = small().replace({"fiber.dispersion_ps_per_nm_km": 17.0, "link.span_count": 10})
    accumulated = 17.0 * 800  # at 1550 nm; beta_2 is the same at all channels
    widest = accumulated * (1550.0 / (299792.458 / 193.15)) ** 2
    base.replace({"transceiver.dispersion_window_ps_per_nm": widest * 1.001}).evaluate()
    with pytest.raises(DescriptionError, match=rf"got .* ps/nm, and the line accumulates up to {widest:.0f} ps/nm"):
        base.replace({"transceiver.dispersion_window_ps_per_nm": widest * 0.999}).evaluate()
    negative = base.replace({"fiber.dispersion_ps_per_nm_km": -17.0})
    with pytest.raises(DescriptionError, match="accumulates up to"):
        negative.replace({"transceiver.dispersion_window_ps_per_nm": 10_000.0}).evaluate()


def test_dispersion__points_of_an_axis_are_marked():
    kilometres = xr.DataArray([40.0, 80.0, 120.0], dims="km")
    base = small().replace({"link.span.length_km": kilometres, "link.span_count": 10})
    found = base.replace({"transceiver.dispersion_window_ps_per_nm": 17.0 * 1000}).evaluate()
    assert [FLAGS[int(one)] for one in found.status] == ["ok", "ok", "dispersion_beyond_window"]
    assert np.isnan(found.snr.isel(km=2)).all()
