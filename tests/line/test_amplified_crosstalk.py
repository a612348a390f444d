"""Crosstalk of cores that carry light both ways while pumps amplify it."""

import math

import numpy as np
import pytest
import scipy.integrate

import mcfiber as mcf
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.kernels.crosstalk import amplified_crosstalk, backscattered_transfer

COUPLING = np.array([[0.0, 1e-11], [1e-11, 0.0]])
SCATTER = np.array([4e-8, 4e-8])
OPPOSITE = np.array([1.0, -1.0])


def line(km=108.5, directions=(1, -1), powers=(1.0, 1.0), **link):
    pump = {"wavelength_nm": 1455, "power_mw": {"core": list(powers)}, "attenuation_db_per_km": 0.2}
    span = {"length_km": km, "raman_pumps": [pump]}
    return mcf.System(
        spectrum={"frequency_thz": [193.4145], "symbol_rate_gbd": 64},
        fiber=mcf.load_fiber("two-core-submarine").fiber,
        link={"span": span, "launch_power_dbm": -10, "core_directions": directions} | link,
        models={"raman": "silica", "nonlinear_interference": "kerr"},
        transceiver={"format": "QPSK"},
    )


@pytest.mark.parametrize("length", [20e3, 80e3, 150e3])
def test_kernel__without_gain_is_the_passive_one(length):
    alpha = 4e-5
    level = np.broadcast_to(-alpha * np.linspace(0, length, 4001), (2, 4001))
    found = amplified_crosstalk(COUPLING, level, SCATTER, 0.0, OPPOSITE, length)
    passive = backscattered_transfer(COUPLING, np.full(2, alpha), SCATTER, length)
    assert found[0, 1] == pytest.approx(passive[0, 1] * math.exp(alpha * length), rel=1e-4)
    same = amplified_crosstalk(COUPLING, level, SCATTER, 0.0, np.ones(2), length)
    assert same[0, 1] == pytest.approx(1e-11 * length, rel=1e-12)


def test_kernel__with_gain_is_the_double_integral():
    """Pumps of 15 dB in one core and 5 dB in the other, each against its own signal."""
    length, alpha, decay = 90e3, 3.5e-5, 4.6e-5
    gains = np.array([15.0, 5.0]) / 4.342944819

    def own(core, z):  # log power along the core's own direction
        shape = (math.exp(-decay * (length - z)) - math.exp(-decay * length)) / (1 - math.exp(-decay * length))
        return -alpha * z + gains[core] * shape

    level = np.array([[own(core, z) for z in np.linspace(0, length, 2001)] for core in (0, 1)])
    found = amplified_crosstalk(COUPLING, level, SCATTER, 0.0, OPPOSITE, length)

    def light(z):
        return own(1, length - z)

    def both(z, start):  # coupled at z and scattered at start, in either order
        first = math.exp(light(z) + own(0, z) - 2 * own(0, start))
        return first + math.exp(2 * light(start) - light(z) - own(0, z))

    total = scipy.integrate.dblquad(both, 0, length, lambda start: start, lambda _: length, epsrel=1e-7)[0]
    assert found[0, 1] == pytest.approx(1e-11 * 4e-8 * total, rel=2e-5)


def test_same_direction__only_the_length_counts():
    """-59 dB after 100 km: -65.5, -58.7, -54.8, -54.2 dB at 22.6, 108.5, 265, 303.4 km."""
    for km, published in {22.6: -65.5, 108.5: -58.7, 265.0: -54.8, 303.4: -54.2}.items():
        found = mcf.pumped_to_gain(line(km, "same"), 20.5 if km > 100 else 2.0).evaluate().mcf.to_db().crosstalk
        assert float(found.max()) == pytest.approx(published, abs=0.06)


@pytest.mark.parametrize(
    ("km", "powers", "expected"),
    [
        (265.0, (1.0, 1.0), -56.1),
        (303.4, (1.0, 1.0), -50.3),
        (265.0, (1.0, 0.0), -56.1),
        (303.4, (1.0, 0.0), -50.3),
        (108.5, (1.0, 0.0), -79.8),
    ],
)
def test_opposite_direction__by_another_integral(km, powers, expected):
    """-79.8, -56.1 and -50.3 dB; on the shortest span that is where the disturbing core has no pump, with one -76.2."""
    found = mcf.pumped_to_gain(line(km, powers=powers), 20.5).evaluate().mcf.to_db().crosstalk
    assert float(found.sel(core=0).max()) == pytest.approx(expected, abs=0.15)


def test_opposite_direction__spans_add():
    one = mcf.pumped_to_gain(line(80.0), 8.0)
    three = one.replace({"link.span_count": 3})
    np.testing.assert_allclose(three.evaluate().crosstalk, 3 * one.evaluate().crosstalk, rtol=1e-12)


def test_opposite_direction__powers_of_the_cores_weigh():
    base = mcf.pumped_to_gain(line(80.0), 8.0)
    louder = base.replace({"link.core_launch_offset_db": [0.0, 3.0]}).evaluate().crosstalk.isel(channel=0)
    even = base.evaluate().crosstalk.isel(channel=0)
    assert float(louder[0] / even[0]) == pytest.approx(10**0.3, rel=2e-3)  # the pumps deplete a little more
    assert float(louder[1] / even[1]) == pytest.approx(10**-0.3, rel=2e-3)


def test_pumped_to_gain__gives_it():
    system = line(100.0, "same", powers=(1.0, 0.5))
    found = mcf.pumped_to_gain(system, 12.0)
    powers = found.link.span.raman_pumps[0].power_mw
    assert powers[0] / powers[1] == pytest.approx(2.0)
    again = mcf.pumped_to_gain(found, 12.0)
    np.testing.assert_allclose(again.link.span.raman_pumps[0].power_mw, powers, rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"link.span.raman_pumps": []}, "link.span.raman_pumps: there are none"),
        ({"link.span.raman_pumps.0.power_mw": {"axis": "p", "values": [1.0, 2.0]}}, "a power is an axis"),
    ],
)
def test_pumped_to_gain__refuses(change, told):
    with pytest.raises(DescriptionError, match=told):
        mcf.pumped_to_gain(line().replace(change), 10.0)


def test_pumped_to_gain__of_next_to_nothing():
    with pytest.raises(DescriptionError, match="gain_db: got 1e-12 dB, which the described pumps exceed by far"):
        mcf.pumped_to_gain(line(), 1e-12)


def test_pumps_of_cores__are_one_for_each():
    with pytest.raises(DescriptionError, match=r"raman_pumps\.0\.power_mw: got 3 values for 2 cores"):
        line(powers=(1.0, 1.0, 1.0))
