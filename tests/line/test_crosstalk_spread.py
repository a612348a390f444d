"""Crosstalk between labels: pairs, powers of the cores, quantiles, draws."""

import math

import numpy as np
import pytest
import systems
import xarray as xr

import mcfiber as mcf
from mcfiber.arrays import crosstalk as plain
from mcfiber.fiber.channels import channels
from mcfiber.line.crosstalk import crosstalk


def fiber(**changes):
    values = {
        "layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 40},
        "cladding_diameter_um": 190,
        "crosstalk": {"crosstalk_db": -40, "length_km": 10, "definition": "total_from_neighbours"},
    }
    return mcf.MulticoreFiber(**(values | changes))


SPECTRUM = mcf.Spectrum(groups=[{"band": "C", "channels": 3, "spacing_ghz": 100, "symbol_rate_gbd": 64}])


def system(**changes):
    base = mcf.System(
        spectrum=SPECTRUM,
        fiber=fiber(),
        link={"span": {"length_km": 80}, "span_count": 10},
        transceiver={"format": "16QAM"},
    )
    return base.replace(changes) if changes else base


def total(one):
    return crosstalk(*systems.stages(one.link, one.fiber, channels(one.spectrum)))


def test_mean__is_what_the_plain_arrays_say():
    pairs = mcf.mean_crosstalk(fiber(), SPECTRUM, length_km=80, spans=10)
    assert pairs.dims == ("core_out", "core_in")
    h = plain.measured_coupling(1e-4, 10e3, neighbours=6)
    expected = plain.pair_crosstalk(np.where(pairs.values > 0.9 * pairs.values.max(), h, 0.0), 80e3, spans=10)
    np.testing.assert_allclose(pairs.values, expected, rtol=1e-10)
    np.testing.assert_allclose(pairs.sum("core_in").values, total(system()).values, rtol=1e-14)
    assert pairs.attrs["units"] == "1"


def test_mean__needs_weakly_coupled_cores():
    with pytest.raises(ValueError, match="weakly"):
        mcf.mean_crosstalk(fiber(coupling="random", crosstalk=None), SPECTRUM, length_km=80)


def test_budget__devices_have_the_spread_of_the_glass():
    wide = system(**{"models.crosstalk_probability": 1e-4, "link.span.fan_in_crosstalk_db": -40.0}).evaluate()
    mean = system(**{"link.span.fan_in_crosstalk_db": -40.0}).evaluate()
    assert float(mean.crosstalk.max() - system().evaluate().crosstalk.max()) == pytest.approx(1e-3, rel=1e-9)
    np.testing.assert_allclose((wide.crosstalk / mean.crosstalk).isel(core=0), plain_quantile(48), rtol=2e-3)


def test_budget__launch_powers_of_the_cores_weigh():
    power = [0.0] * 3 + [10 * math.log10(2)] + [0.0] * 3
    even, uneven = total(system()), total(system(**{"link.core_launch_offset_db": power}))
    ratio = (uneven / even).values
    # the strong core hears half of everyone else, and others more of it, if it is their neighbour
    assert ratio[3] == pytest.approx(0.5, rel=0.01)
    assert np.delete(ratio, 3).max() > 1.2


def test_budget__a_quantile_lies_above_the_mean_and_skew_narrows_it():
    mean, wide = system().evaluate(), system(**{"models.crosstalk_probability": 1e-4}).evaluate()
    narrow = system(**{"models.crosstalk_probability": 1e-4, "fiber.skew_ps_per_km": 1.0}).evaluate()
    assert wide.crosstalk.attrs["model"] == "quantile"
    ratio = wide.crosstalk.isel(core=0) / mean.crosstalk.isel(core=0)
    # six equal neighbours and eight degrees of freedom each
    gamma = plain_quantile(48)
    np.testing.assert_allclose(ratio, gamma, rtol=2e-3)
    assert (mean.crosstalk < narrow.crosstalk).all()
    assert (narrow.crosstalk < wide.crosstalk).all()
    assert (wide.snr_xt < mean.snr_xt).all()


def test_budget__quantiles_of_an_axis_of_probabilities_and_one_of_skews():
    axes = {
        "models.crosstalk_probability": xr.DataArray([1e-2, 1e-4], dims="probability"),
        "fiber.skew_ps_per_km": xr.DataArray([0.0, 5.0, 50.0], dims="skew"),
    }
    found = system(**axes).evaluate().crosstalk.isel(core=0)
    assert found.sizes["probability"] == 2
    assert found.sizes["skew"] == 3
    assert (found.diff("probability") > 0).all()
    assert (found.diff("skew") < 0).all()
    one = system(**{"models.crosstalk_probability": 1e-4, "fiber.skew_ps_per_km": 5.0}).evaluate().crosstalk
    np.testing.assert_allclose(found.isel(probability=1, skew=1), one.isel(core=0), rtol=1e-12)


def plain_quantile(freedom):
    from scipy import stats

    return stats.chi2(freedom).isf(1e-4) / freedom


def test_quantile__one_neighbour_one_polarisation_is_chi_square():
    pairs = xr.DataArray([[0.0, 2e-4], [1e-4, 0.0]], dims=("core_out", "core_in"))
    options = {"length_km": 80, "symbol_rate_gbd": 32, "polarizations": 1}
    result = mcf.crosstalk_quantile(pairs, probability=1e-4, **options)
    np.testing.assert_allclose(result, np.array([2e-4, 1e-4]) * plain_quantile(4), rtol=1e-10)
    axis = xr.DataArray([1e-2, 1e-3, 1e-4], dims="probability")
    several = mcf.crosstalk_quantile(pairs, probability=axis, **options)
    assert (several.diff("probability") > 0).all()


def test_quantile__same_laser_has_the_spread_of_one_neighbour():
    pairs = mcf.mean_crosstalk(fiber(), SPECTRUM, length_km=80)
    options = {"probability": 1e-4, "length_km": 80, "symbol_rate_gbd": 32, "polarizations": 1}
    together = mcf.crosstalk_quantile(pairs, aggressors="same_laser", **options)
    np.testing.assert_allclose(together, pairs.sum("core_in") * plain_quantile(4), rtol=1e-10)
    assert (mcf.crosstalk_quantile(pairs, **options) < together).all()
    with pytest.raises(ValueError, match="same_laser"):
        mcf.crosstalk_quantile(pairs, aggressors="none", **options)


def test_budget__splices_and_amplifiers_add_theirs():
    changes = {"link.span.splices": 4, "link.span.splice_crosstalk_db": -60.0, "link.amplifier.crosstalk_db": -50.0}
    added = total(system(**changes)) - total(system())
    np.testing.assert_allclose(added, 10 * (4e-6 + 1e-5), rtol=1e-9)


def test_budget__a_device_weighs_its_neighbours_powers():
    offsets = {"link.amplifier.core_output_offset_db": [3.0, 0, 0, 0, 0, 0, 0]}
    device = {"link.amplifier.crosstalk_db": -30.0}
    added = (total(system(**offsets, **device)) - total(system(**offsets))) / (10 * 1e-3)
    strong = 10**0.3
    expected = [1 / strong] + [(2 + strong) / 3] * 6  # the centre; an outer core's neighbours are the centre and two
    np.testing.assert_allclose(added.squeeze(), expected, rtol=1e-9)


def test_draws__mean_power_is_the_mean_crosstalk():
    drawn = mcf.draw_crosstalk(
        fiber(), length_km=100, frequency_ghz=[0.0], draws=1000, seed=4, skew_ps_per_km=3.0, quantity="power"
    )
    assert drawn.dims == ("draw", "time", "core_out", "core_in", "frequency")
    mean = drawn.mean("draw").squeeze()
    error = drawn.std("draw").squeeze() / math.sqrt(1000)
    h = plain.measured_coupling(1e-4, 10e3, neighbours=6)
    pattern = mcf.mean_crosstalk(fiber(), SPECTRUM, length_km=1) > 1e-8
    expected = plain.span_transfer(np.where(pattern, h, 0.0), 1e5)
    assert (np.abs(mean.values - expected) < 4.0 * error.values).all()


def test_draws__fields_are_unitary_and_labelled():
    matrix = mcf.draw_crosstalk(
        fiber(), length_km=10, frequency_ghz=[-5.0, 5.0], draws=2, seed=1, times_s=[0.0, 60.0], drift_per_s=1e-3
    )
    assert dict(matrix.sizes) == {"draw": 2, "time": 2, "frequency": 2, "mode_out": 14, "mode_in": 14}
    np.testing.assert_allclose(matrix.frequency, [-5e9, 5e9])
    np.testing.assert_allclose((np.abs(matrix) ** 2).sum("mode_out"), 1.0, rtol=1e-12)


def test_draws__refuse_what_they_cannot_draw():
    with pytest.raises(ValueError, match="quantity"):
        mcf.draw_crosstalk(fiber(), length_km=1, frequency_ghz=[0.0], draws=1, seed=1, quantity="dB")
    with pytest.raises(ValueError, match="weakly"):
        mcf.draw_crosstalk(fiber(coupling="random", crosstalk=None), length_km=1, frequency_ghz=[0.0], draws=1, seed=1)


def test_directions__both_against_the_plain_arrays():
    ring = fiber(layout={"kind": "ring", "cores": 6, "pitch_um": 40})
    ways = [1, -1, 1, 1, -1, 1]
    pairs = mcf.mean_crosstalk(ring, SPECTRUM, length_km=80, spans=5, direction=ways)
    assert set(pairs.dims) == {"core_out", "core_in", "channel"}
    h = plain.measured_coupling(1e-4, 10e3, neighbours=2)
    adjacent = np.roll(np.eye(6), 1, axis=0) + np.roll(np.eye(6), -1, axis=0)
    wavelength = 299792458.0 / channels(SPECTRUM).frequency.values[1]
    loss, scattering = 0.2 * math.log(10) / 1e4, 0.14 * math.log(10) / 1e4 * (1550e-9 / wavelength) ** 4
    expected = plain.bidirectional_crosstalk(
        adjacent * h,
        80e3,
        ways,
        attenuation=loss,
        backscatter=scattering * plain.capture_fraction(wavelength, 1.4445, 80e-12),
        spans=5,
    )
    found = pairs.isel(channel=1).transpose("core_out", "core_in").values
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_directions__all_the_same_is_the_mean():
    pairs = mcf.mean_crosstalk(fiber(), SPECTRUM, length_km=80, spans=5, direction=[-1] * 7)
    same = mcf.mean_crosstalk(fiber(), SPECTRUM, length_km=80, spans=5)
    np.testing.assert_allclose(pairs.transpose("core_out", "core_in"), same, rtol=1e-10)
    with pytest.raises(ValueError, match="direction"):
        mcf.mean_crosstalk(fiber(), SPECTRUM, length_km=80, direction=[1, 2])


def test_permutation__against_the_plain_arrays():
    ring = fiber(layout={"kind": "ring", "cores": 6, "pitch_um": 40})
    order = [1, 3, 5, 0, 2, 4]
    pairs = mcf.mean_crosstalk(ring, SPECTRUM, length_km=80, spans=3, permutation=order)
    h = plain.measured_coupling(1e-4, 10e3, neighbours=2)
    adjacent = np.roll(np.eye(6), 1, axis=0) + np.roll(np.eye(6), -1, axis=0)
    once = np.array(order)
    spans = plain.permuted(plain.span_transfer(adjacent * h, 80e3), [np.arange(6), once, once[once]])
    expected = plain.chain_crosstalk(spans)
    np.testing.assert_allclose(pairs.transpose("core_out", "core_in"), expected, rtol=1e-10)
    with pytest.raises(ValueError, match=r"permutation: got \[1, 0, 2, 4, 3\] for 6 cores"):
        mcf.mean_crosstalk(ring, SPECTRUM, length_km=80, spans=3, permutation=[1, 0, 2, 4, 3])
