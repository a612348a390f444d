import math

import numpy as np
import pytest
import xarray as xr

from mcfiber.line.coupled_interference import coupled_core_factor, coupled_interference
from mcfiber.line.mode_loss import mode_dependent_loss


def test_mode_dependent_loss__equal_and_unequal_spans():
    equal = mode_dependent_loss(0.2, modes=8, spans=3)
    listed = mode_dependent_loss(xr.DataArray([0.2, 0.2, 0.2], dims="span"), modes=8)
    assert float(equal.sum) == pytest.approx(0.2 * math.sqrt(3))
    assert float(listed.rms) == pytest.approx(float(equal.rms), rel=1e-14)
    unequal = mode_dependent_loss(xr.DataArray([0.3, 0.0, 0.4], dims="span"), modes=8)
    assert float(unequal.sum) == pytest.approx(0.5)
    assert float(unequal.rms) > float(unequal.sum)
    # noise enters evenly: 5/6 of it behind the first of three spans, 1/6 behind the last
    assert float(unequal.effective) ** 2 == pytest.approx(2 * (0.09 * 5 / 6 + 0.16 / 6))
    assert unequal.rms.attrs["long_name"] == "accumulated mode-dependent loss"


def test_mode_dependent_loss__sources_add_as_variances():
    sources = {"fan_in": 0.03, "amplifier": xr.DataArray([0.04, 0.0], dims="sample"), "fan_out": 0.0}
    loss = mode_dependent_loss(sources, modes=8, spans=4)
    np.testing.assert_allclose(loss.sum, [0.1, 0.06], rtol=1e-13)


def test_mode_dependent_loss__keeps_other_dimensions():
    rms = xr.DataArray(np.full((4, 3), 0.1), dims=("sample", "span"))
    loss = mode_dependent_loss(rms, modes=38, repeat="same")
    assert loss.peak_to_peak.dims == ("sample",)
    np.testing.assert_allclose(loss.peak_to_peak / loss.rms, 3.6848, rtol=1e-4)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"modes": 1}, "modes: got 1; allowed: a whole number of at least 2"),
        ({"modes": 2, "spans": 0}, "spans: got 0; allowed: a whole number of at least 1"),
        ({"modes": 2, "repeat": "often"}, "'independent', 'same'"),
    ],
)
def test_mode_dependent_loss__refuses(keywords, message):
    with pytest.raises(ValueError, match=message):
        mode_dependent_loss(0.1, **keywords)


def test_mode_dependent_loss__refuses_another_count():
    with pytest.raises(ValueError, match="leave it out"):
        mode_dependent_loss(xr.DataArray([0.1, 0.2], dims="span"), modes=4, spans=5)


def test_coupled_interference__with_and_without_mode_dispersion():
    frequency = xr.DataArray(193e12 + 50e9 * np.arange(5), dims="channel")
    fibre = {"group_velocity_dispersion": -21e-27, "attenuation": 4e-5, "length": 80e3, "cores": 19}
    plain = coupled_interference(frequency, 49e9, 1e-3, **fibre)
    np.testing.assert_allclose(plain, 3 / 39, rtol=1e-14)
    dispersion = xr.DataArray([0.0, 3e-12 / 1e3**0.5], dims="sample")
    factor = coupled_interference(frequency, 49e9, 1e-3, spatial_mode_dispersion=dispersion, **fibre)
    assert factor.dims == ("sample", "channel")
    np.testing.assert_allclose(factor[0], plain, rtol=1e-12)
    assert bool((factor[1] < 0.95 * plain).all())
    assert factor.name == "coupled_interference_factor"


def test_coupled_core_factor__decibels():
    expected = {1: 0, 2: -2.218, 3: -3.680, 4: -4.771, 7: -6.990, 12: -9.208, 19: -11.139}
    for cores, value in expected.items():
        assert 10 * math.log10(coupled_core_factor(cores)) == pytest.approx(value, abs=6e-4)


def test_coupled_core_factor__haar_average():
    # power of three pairings: gamma^2 kappa^2 (D + 1), kappa from the mean share of one core
    for cores in (1, 2, 5):
        modes = 2 * cores
        share = 6 / (modes * (modes + 1))  # E of the squared share of two of D components
        kappa = cores * share
        assert coupled_core_factor(cores) == pytest.approx(kappa**2 * (modes + 1) / 3)
