"""What a system refuses as a number it marks where it is an axis: ranges that belong to cores, pairs and channels."""

from typing import Any

import numpy as np
import pytest
import systems
import xarray as xr

from mcfiber import DescriptionError
from mcfiber.status import FLAGS


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
