"""Crosstalk of opposite directions: measured, at the near end of fan devices, and by their reflections."""

import numpy as np
import pytest

import mcfiber as mcf
from mcfiber.descriptions.errors import DescriptionError

pytestmark = pytest.mark.filterwarnings("ignore::mcfiber.descriptions.errors.ValidityWarning")  # of low span losses


def two_cores(km=60.0, measured=None, span=None, **link):
    crosstalk = {"crosstalk_db": -50, "length_km": 80, "definition": "pair", "slope_db_per_nm": 0} | (measured or {})
    fiber = {
        "layout": {"kind": "ring", "cores": 2, "pitch_um": 50},
        "cladding_diameter_um": 150,
        "attenuation_db_per_km": 0.18,
        "crosstalk": crosstalk,
    }
    return mcf.System(
        spectrum={"frequency_thz": [193.4, 195.4], "symbol_rate_gbd": 64},
        fiber=fiber,
        link={"span": {"length_km": km} | (span or {}), "core_directions": [1, -1]} | link,
        models={"raman": "none", "nonlinear_interference": "gn"},
    )


def crosstalk(system):
    return system.evaluate().crosstalk.transpose("core", "channel").values


@pytest.mark.parametrize("km", [5.0, 80.0, 200.0])
@pytest.mark.parametrize("loss", [1e-9, 1e-4, 0.18, 0.35])
def test_measured_opposite__is_found_again(km, loss):
    """At the length and the wavelength of the measurement, whatever the coupling and the loss are."""
    at = mcf.System(
        spectrum={"frequency_thz": [299792.458 / 1550], "symbol_rate_gbd": 64},
        fiber=two_cores(measured={"length_km": km, "opposite_crosstalk_db": -67.0}).fiber.replace(
            {"attenuation_db_per_km": loss}
        ),
        link={"span": {"length_km": km}, "core_directions": [1, -1]},
        models={"nonlinear_interference": "gn", "raman": "none"},
    )
    np.testing.assert_allclose(crosstalk(at), 10**-6.7, rtol=3e-5)


def test_measured_opposite__of_several_neighbours_and_channels():
    measured = {"definition": "total_from_neighbours", "opposite_crosstalk_db": -70.0, "wavelength_nm": 1540.0}
    fiber = two_cores(measured=measured).fiber.replace({"layout": {"kind": "ring", "cores": 3, "pitch_um": 40}})
    system = two_cores(80.0).replace({"fiber": fiber, "link.core_directions": [1, -1, -1]})
    found = crosstalk(system)[0]  # both of its neighbours go the other way
    wavelength = 299792.458 / np.array([193.4, 195.4])
    # Rayleigh scattering falls with the fourth power of the wavelength, of which the captured part gains two.
    np.testing.assert_allclose(found, 1e-7 * (1540.0 / wavelength) ** 2, rtol=1e-4)


def test_measured_opposite__takes_the_place_of_the_scattering_of_the_glass():
    measured = two_cores(measured={"opposite_crosstalk_db": -67.0})
    other = measured.replace({"fiber.rayleigh_db_per_km": 0.3})
    np.testing.assert_array_equal(crosstalk(measured), crosstalk(other))


def test_measured_opposite__not_beside_a_matrix():
    with pytest.raises(DescriptionError, match=r"opposite_crosstalk_db: is one number, but crosstalk_db is a matrix"):
        two_cores(measured={"crosstalk_db": [[0, -50], [-50, 0]], "opposite_crosstalk_db": -70})


# ---------------------------------------------------------------------------------------------------------
# fan devices


def added(span, km=60.0, spans=1, **changes):
    """What a device adds to the crosstalk of core 0."""
    fans = {"fan_in_loss_db": 1.5, "fan_out_loss_db": 0.5}
    plain = two_cores(km, {"crosstalk_db": -80}, fans, span_count=spans).replace(changes)
    with_it = plain.replace({f"link.span.{name}": value for name, value in span.items()})
    return crosstalk(with_it)[0] - crosstalk(plain)[0]


@pytest.mark.parametrize("km", [20.0, 60.0, 110.0])
def test_near_end__meets_light_that_has_lost_what_the_span_loses(km):
    """Light at the fan-in over light at the fan-out: fan-in, fibre and fan-out have attenuated the one."""
    found = added({"near_end_crosstalk_db": -70.0}, km)
    np.testing.assert_allclose(found, 10 ** ((-70.0 + 0.18 * km + 2.0) / 10), rtol=3e-8)


def test_near_end__spans_add():
    np.testing.assert_allclose(
        added({"near_end_crosstalk_db": -70.0}, spans=12), 12 * added({"near_end_crosstalk_db": -70.0}), rtol=3e-7
    )


def test_near_end__only_neighbours_that_go_the_other_way_count():
    three = {"kind": "ring", "cores": 3, "pitch_um": 40}
    base = two_cores(60.0, {"crosstalk_db": -80}).replace({"fiber.layout": three, "link.core_directions": [1, -1, 1]})
    plain, with_it = crosstalk(base), crosstalk(base.replace({"link.span.near_end_crosstalk_db": -60.0}))
    total = 10 ** ((-60.0 + 0.18 * 60.0) / 10)
    np.testing.assert_allclose((with_it - plain)[:, 0], [total / 2, total, total / 2], rtol=1e-6)


@pytest.mark.parametrize("km", [20.0, 60.0])
def test_reflection__brings_back_crosstalk_twice(km):
    """Changed cores before the reflection or after it, light has come there with what the fibre lets pass."""
    found = added({"fan_reflection_db": -30.0}, km)
    pair = 1e-8 * km / 80.0
    np.testing.assert_allclose(found, 2 * 1e-3 * pair * 10 ** (-0.018 * km), rtol=3e-7)


def test_both__with_pumps_without_power_are_as_without_pumps():
    pump = {"wavelength_nm": 1450, "power_mw": 0.0}
    for device in ({"near_end_crosstalk_db": -70.0}, {"fan_reflection_db": -30.0}):
        pumped = {"link.span.raman_pumps": [pump], "models.raman": "silica", "link.launch_power_dbm": -40.0}
        np.testing.assert_allclose(added(device, **pumped), added(device), rtol=2e-4)


@pytest.mark.parametrize("gain_db", [5.0, 9.0])
def test_reflection__with_pumps_is_the_integral(gain_db):
    """Only core 1 is pumped: its light passes the fibre with the gain, and comes back through the other without."""
    pump = {"wavelength_nm": 1455, "power_mw": {"core": [0.0, 300.0]}, "attenuation_db_per_km": 0.2}
    base = two_cores(60.0, launch_power_dbm=-40.0).replace({"link.span.raman_pumps": [pump], "models.raman": "silica"})
    base = mcf.pumped_to_gain(base, gain_db)
    plain, with_it = crosstalk(base)[0], crosstalk(base.replace({"link.span.fan_reflection_db": -30.0}))[0]
    from mcfiber.evaluate import records

    level, _ = records(base)[0].power.evolution.fine_levels(2001)
    level = level.transpose("core", "channel", "position").values
    place = np.linspace(0.0, 60e3, 2001)
    own = level[0] - level[0, :, :1]
    other = (level[1] - level[1, :, :1])[:, ::-1]  # at the places of core 0
    h = 1e-5 / 80e3
    arrived = np.exp(other[:, 0])
    first = np.trapezoid(np.exp(other + own), place)  # changes cores, is reflected, goes along with the signal
    second = arrived * np.trapezoid(np.exp(other[:, :1] - other - own), place)  # is reflected, and then changes
    np.testing.assert_allclose(with_it - plain, 1e-3 * h * (first + second), rtol=1e-4)


@pytest.mark.parametrize("name", ["near_end_crosstalk_db", "fan_reflection_db"])
def test_devices__of_cores_that_go_the_same_way(name):
    with pytest.raises(DescriptionError, match=f"span.{name}: light that comes back disturbs only"):
        two_cores(span={name: -60.0}, core_directions="same")
