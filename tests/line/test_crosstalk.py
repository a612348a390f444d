"""Crosstalk along the line, against published vectors and the matrix exponential."""

import math

import numpy as np
import pytest
import systems
import xarray as xr
from scipy.linalg import expm

from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.line import Link
from mcfiber.descriptions.spectrum import Spectrum
from mcfiber.fiber.channels import channels
from mcfiber.fiber.medium import FiberMedium, medium
from mcfiber.line.crosstalk import crosstalk

GRID = channels(Spectrum(frequency_thz=[193.4, 193.5], symbol_rate_gbd=64))


def glass_of(coupling, attenuation=4.6e-5, cores=2):
    return FiberMedium(
        attenuation=attenuation,
        group_velocity_dispersion=-21e-27,
        nonlinear_coefficient=1.3e-3,
        effective_area=80e-12,
        power_coupling=xr.Variable(("core_out", "core_in"), np.asarray(coupling, dtype=float)),
        cores=cores,
        coupled_cores=1,
    )


def line(link, glass):
    return crosstalk(*systems.stages(link, glass, GRID))


def decibels(ratio):
    return 10 * np.log10(np.asarray(ratio, dtype=float))


def test_crosstalk__vector_of_two_neighbours():
    # h = 1e-9 1/m from two neighbours: -37.640 dB in 86.1 km, -24.417 dB in 21 such spans, to first order.
    coupling = 1e-9 * (np.eye(3, k=1) + np.eye(3, k=-1))
    single = line(Link(span={"length_km": 86.1}), glass_of(coupling, cores=3))
    assert decibels(single[1]) == pytest.approx(-37.63966852882364, abs=2e-3)
    whole = line(Link(span={"length_km": 86.1}, span_count=21), glass_of(coupling, cores=3))
    assert decibels(whole[1]) == pytest.approx(-24.417475581484446, abs=0.03)
    # Exactly: x = n (1 - e^(-(n+1) h L)) / (1 + n e^(-(n+1) h L)) for the core in the middle.
    rest = math.exp(-3 * 1e-9 * 21 * 86.1e3)
    assert float(whole[1]) == pytest.approx(2 * (1 - rest) / (1 + 2 * rest), rel=1e-12)


@pytest.mark.parametrize("exponent", [1e-6, 0.01, 0.1, 1.0])
def test_crosstalk__of_two_cores_is_a_hyperbolic_tangent(exponent):
    coupling = exponent / 80e3 * (1 - np.eye(2))
    found = line(Link(span={"length_km": 80}), glass_of(coupling))
    np.testing.assert_allclose(found, math.tanh(exponent), rtol=1e-12)


def seven(**changes):
    measured = {"crosstalk_db": -15, "length_km": 80, "definition": "total_from_neighbours"}
    values = {
        "layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 40},
        "cladding_diameter_um": 160,
        "crosstalk": measured,
    }
    return MulticoreFiber(**(values | changes))


def test_crosstalk__returns_the_measured_value_in_the_middle_core():
    glass = medium(seven(), GRID)
    found = line(Link(span={"length_km": 80}), glass)
    assert found.dims == ("core",)
    assert decibels(found[0]) == pytest.approx(-15, abs=1e-9)
    assert np.all(found[1:] < found[0])
    np.testing.assert_allclose(found[1:], found[1], rtol=1e-12)


def by_expm(coupling, attenuations, lengths):
    """Chain of spans with amplifiers that restore every core, by scipy's matrix exponential."""
    chain = np.eye(len(coupling))
    for attenuation, length in zip(attenuations, lengths, strict=True):
        generator = coupling - np.diag(coupling.sum(axis=0)) - np.diag(attenuation)
        chain = np.diag(np.exp(attenuation * length)) @ expm(generator * length) @ chain
    return (chain.sum(axis=1) - np.diag(chain)) / np.diag(chain)


@pytest.mark.parametrize("equal_losses", [True, False])
@pytest.mark.parametrize("lengths", [[80.0], [80.0] * 7, [40.0, 100.0, 75.0]])
def test_crosstalk__chains_against_the_matrix_exponential(lengths, equal_losses):
    losses = 0.2 if equal_losses else [0.17, 0.2, 0.25, 0.18, 0.22, 0.2, 0.19]
    glass = medium(seven(attenuation_db_per_km=losses), GRID)
    repeated = len(set(lengths)) == 1
    link = (
        Link(span={"length_km": lengths[0]}, span_count=len(lengths))
        if repeated
        else Link(span=[{"length_km": length} for length in lengths])
    )
    attenuation = np.broadcast_to(np.asarray(losses) * math.log(10) / 1e4, (7,))
    expected = by_expm(glass.power_coupling.values, [attenuation] * len(lengths), [1e3 * one for one in lengths])
    np.testing.assert_allclose(line(link, glass), expected, rtol=1e-9)


def test_crosstalk__unequal_loss_vector():
    # The lossier core suffers more: h (e^((aB - aA) L) - 1)/(aB - aA); 0.17 and 0.20 dB/km, 80 km, h = 1e-9 1/m.
    losses = xr.Variable("core", np.array([0.17, 0.20]) * math.log(10) / 1e4)
    found = line(Link(span={"length_km": 80}), glass_of(1e-9 * (1 - np.eye(2)), attenuation=losses))
    assert float(found[1]) == pytest.approx(1.068076e-4, rel=2e-4)
    assert float(found[0]) < 8e-5 < float(found[1])


def test_crosstalk__list_of_equal_spans_equals_repeated_span():
    losses = [0.17, 0.2, 0.25, 0.18, 0.22, 0.2, 0.19]
    glass = medium(seven(attenuation_db_per_km=losses), GRID)
    span = {"length_km": 60, "splices": 5, "splice_loss_db": 0.1}
    np.testing.assert_allclose(
        line(Link(span=[span] * 4), glass), line(Link(span=span, span_count=4), glass), rtol=1e-13
    )


def test_crosstalk__slope_gives_it_the_dimension_channel():
    measured = {
        "crosstalk_db": -40,
        "length_km": 80,
        "definition": "total_from_neighbours",
        "slope_db_per_nm": 0.1,
        "wavelength_nm": 299792.458 / 193.4,
    }
    found = line(Link(span={"length_km": 80}), medium(seven(crosstalk=measured), GRID))
    assert set(found.dims) == {"core", "channel"}
    step = 299792.458 / 193.5 - 299792.458 / 193.4
    np.testing.assert_allclose(decibels(found.isel(core=0)), [-40, -40 + 0.1 * step], atol=1e-8)


def test_crosstalk__devices_add_theirs():
    glass = medium(seven(), GRID)
    bare = line(Link(span={"length_km": 80}, span_count=3), glass)
    span = {"length_km": 80, "fan_in_crosstalk_db": -50, "fan_out_crosstalk_db": -40}
    equipped = line(Link(span=span, span_count=3), glass)
    np.testing.assert_allclose(equipped - bare, 3 * (1e-5 + 1e-4), rtol=1e-9)
    listed = line(Link(span=[span, {"length_km": 80}, {"length_km": 80, "fan_in_crosstalk_db": -45}]), glass)
    np.testing.assert_allclose(listed - bare, 1e-5 + 1e-4 + 10**-4.5, rtol=1e-9)


def test_crosstalk__is_zero_without_coupling():
    random = MulticoreFiber(layout={"kind": "hexagonal", "cores": 7, "pitch_um": 18}, coupling="random")
    assert line(Link(span={"length_km": 80}), medium(random, GRID)) == 0.0


def test_crosstalk__axis_of_lengths_equals_single_lines():
    glass = medium(seven(attenuation_db_per_km=[0.17, 0.2, 0.25, 0.18, 0.22, 0.2, 0.19]), GRID)
    lengths = xr.DataArray([50.0, 100.0], dims="length")
    swept = line(Link(span={"length_km": lengths}, span_count=3), glass)
    for index, length in enumerate(lengths.values):
        single = line(Link(span={"length_km": length}, span_count=3), glass)
        np.testing.assert_allclose(swept.isel(length=index), single, rtol=1e-13)
