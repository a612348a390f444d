"""What a system refuses as a number it marks where it is an axis: ranges that belong to cores, pairs and channels."""

from typing import Any

import numpy as np
import pytest
import systems
import xarray as xr

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
