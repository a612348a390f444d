"""What a system refuses as a number it marks where it is an axis: ranges that belong to cores, pairs and channels."""

from typing import Any

import numpy as np
import pytest
import systems
import xarray as xr

from mcfiber import DescriptionError
from mcfiber.status import FLAGS
from mcfiber.studies.launch import optimize_launch


def axis(values: Any) -> xr.DataArray:
    return xr.DataArray(np.asarray(values, dtype=float), dims="point")


@pytest.mark.parametrize(
    ("path", "values", "expected"),
    [
        ("fiber.core.radius_um", [4.0] * 6 + [axis([4.0, 39.0])], "cores_overlap"),
        ("fiber.layout.pitch_um", axis([42.0, 7.9]), "cores_overlap"),
        ("fiber.cladding_diameter_um", axis([187.0, 91.0]), "cores_outside_cladding"),
    ],
)
def test_status__of_every_core_with_its_radius(path, values, expected):
    """One core of seven that grows meets a neighbour; a centre 42 um from the axis and a radius of 4 um need 92 um."""
    core = {"kind": "step", "radius_um": 4.0, "delta_percent": 0.35}
    system = systems.weak().replace({"fiber.crosstalk": None, "fiber.core": core})
    ds = system.replace({path: values}).evaluate()
    assert [FLAGS[int(value)] for value in ds.status] == ["ok", expected]
    assert np.isnan(ds.snr.isel(point=1)).all()


def test_status__of_mode_dependent_loss_beyond_the_table_of_penalties():
    """Three spans of 7 dB add up to 12 dB, of 10 dB to 17 dB; zero forcing has a law of its own."""
    system = systems.random()
    path = "link.mode_dependent_loss_rms_db"
    for options in ({}, {"draws": 2, "seed": 1}):
        ds = system.replace({path: axis([7.0, 10.0])}).evaluate(**options)
        assert [FLAGS[int(value)] for value in ds.status] == ["ok", "mode_dependent_loss_too_high"]
        assert np.isnan(ds.total_net_rate.isel(point=1)).all()
        with pytest.raises(DescriptionError, match=r"link.mode_dependent_loss_rms_db: .*allowed: up to 15.2 dB"):
            system.replace({path: 10.0}).evaluate(**options)
    forced = system.replace({"transceiver.receiver": "zero_forcing", path: axis([7.0, 10.0])}).evaluate()
    assert (forced.status == 0).all()


def test_rates__more_mode_dependent_loss_never_delivers_more():
    ds = systems.random().replace({"link.mode_dependent_loss_rms_db": axis(np.linspace(0.0, 8.7, 30))}).evaluate()
    assert (ds.status == 0).all()
    assert (np.diff(ds.total_net_rate) <= 0).all()


# ---------------------------------------------------------------------------------------------------------
# lists by channel are in the order of the description

LISTED = {"frequency_thz": [193.0, 193.1, 193.25, 187.0], "symbol_rate_gbd": [90.0, 90.0, 150.0, 64.0]}
DBM = [0.0, 1.0, 2.0, -3.0]


def assert_same(first, second):
    for name in ("symbol_rate", "signal_power", "snr", "net_rate"):
        np.testing.assert_array_equal(first[name].values, second[name].values, err_msg=name)


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 0, 1, 2], [2, 3, 1, 0], [1, 3, 0, 2]])
@pytest.mark.parametrize("form", [tuple, lambda values: {"channel": values}], ids=["list", "table"])
def test_list__stays_with_its_channels_in_any_order(order, form):
    def evaluated(order):
        return (
            systems.single()
            .replace({
                "spectrum.frequency_thz": [LISTED["frequency_thz"][one] for one in order],
                "spectrum.symbol_rate_gbd": [LISTED["symbol_rate_gbd"][one] for one in order],
                "link.launch_power_dbm": form([DBM[one] for one in order]),
            })
            .evaluate()
        )  # fmt: skip

    found = evaluated(order)
    np.testing.assert_allclose(found.signal_power, 10.0 ** (np.array([-3.0, 0.0, 1.0, 2.0]) / 10.0 - 3.0), rtol=1e-12)
    np.testing.assert_allclose(found.symbol_rate, [64e9, 90e9, 90e9, 150e9])
    assert_same(found, evaluated([3, 0, 1, 2]))


def test_list__of_a_band_is_in_the_order_of_the_description():
    powers = {"C": [0.0, 1.0, 2.0], "L": [-3.0]}
    turned = systems.single().replace({"link.launch_power_dbm": powers})
    frequencies, rates = LISTED["frequency_thz"], LISTED["symbol_rate_gbd"]
    other = systems.single().replace(
        {
            "spectrum.frequency_thz": frequencies[::-1],
            "spectrum.symbol_rate_gbd": rates[::-1],
            "link.launch_power_dbm": {"C": [2.0, 1.0, 0.0], "L": [-3.0]},
        }
    )
    assert_same(turned.evaluate(), other.evaluate())


def test_list__with_axes_stays_with_its_channels():
    system = systems.single().replace({"link.launch_power_dbm": [0.0, 1.0, axis([2.0, 4.0]), -3.0]})
    loud = systems.single().replace({"link.launch_power_dbm": [0.0, 1.0, 4.0, -3.0]})
    assert_same(system.evaluate().isel(point=1), loud.evaluate())


def test_list__through_groups_as_they_are_listed():
    """The C band listed first, above the L band."""
    groups = systems.weak().spectrum.groups
    powers = np.linspace(-1.0, 1.0, 11).tolist()  # five channels of L, six of C
    rising = systems.weak().replace({"link.launch_power_dbm": powers})
    falling = systems.weak().replace(
        {"spectrum.groups": groups[::-1], "link.launch_power_dbm": powers[5:] + powers[:5]}
    )
    assert_same(rising.evaluate(), falling.evaluate())
    np.testing.assert_allclose(rising.evaluate().signal_power * 1e3, 10.0 ** (np.array(powers) / 10.0), rtol=1e-12)


def test_optimum__is_described_in_the_order_of_the_description():
    best = optimize_launch(systems.single(), objective="shannon")
    np.testing.assert_allclose(best.result.signal_power * 1e3, 10.0 ** (best.launch_power_dbm / 10.0), rtol=1e-9)
    assert best.system.link.launch_power_dbm[3] == pytest.approx(best.launch_power_dbm[0], abs=1e-9)
