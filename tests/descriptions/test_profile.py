import numpy as np
import pytest
import xarray as xr

from mcfiber import DescriptionError
from mcfiber.descriptions.glass import SilicaGlass
from mcfiber.descriptions.profile import GradedCore, RingsCore, StepCore, TrenchAssistedCore, WCore
from mcfiber.fiber.index import index_profile, index_profile_of


def test_index_profile__of_every_kind():
    clad, core = 1.4440236217, 1.4440236217 / np.sqrt(1 - 0.007)
    trench = 1.4440236217 / np.sqrt(1 + 0.014)
    r = [0, 2.25, 5, 10, 20]
    common = {"radius_um": 4.5, "delta_percent": 0.35}
    assert index_profile(StepCore(**common), r) == pytest.approx([core, core, clad, clad, clad], rel=1e-9)
    ditch = TrenchAssistedCore(**common, trench_delta_percent=-0.7)
    assert index_profile(ditch, r) == pytest.approx([core, core, clad, trench, clad], rel=1e-9)
    w = WCore(**common, depressed_delta_percent=-0.7)
    assert index_profile(w, r) == pytest.approx([core, core, trench, clad, clad], rel=1e-9)
    middle = np.sqrt(core**2 - (core**2 - clad**2) / 4)
    assert index_profile(GradedCore(**common), r) == pytest.approx([core, middle, clad, clad, clad], rel=1e-9)
    rings = RingsCore(radius_um=[4.5], delta_percent=[0.35])
    assert index_profile(rings, r) == pytest.approx([core, core, clad, clad, clad], rel=1e-9)


def test_per_core__lists_and_axes():
    core = StepCore(radius_um=[4.5, 4.0], delta_percent=0.35)
    assert core.cores == 2
    assert index_profile_of(core).radius.dims == ("core", "ring")
    axis = xr.DataArray([4.0, 4.5], dims="radius")
    swept = index_profile_of(StepCore(radius_um=axis, delta_percent=0.35)).radius
    assert swept.dims == ("radius", "ring")
    assert swept.values[:, 0].tolist() == [4e-6, 4.5e-6]
    with pytest.raises(ValueError, match="one design"):
        index_profile(core, [0])


def test_refusals():
    with pytest.raises(DescriptionError, match="not both and not neither"):
        StepCore(radius_um=4.5)
    with pytest.raises(DescriptionError, match="not both and not neither"):
        StepCore(radius_um=4.5, delta_percent=0.35, glass=SilicaGlass())
    with pytest.raises(DescriptionError, match="above 0"):
        StepCore(radius_um=4.5, delta_percent=-0.35)
    with pytest.raises(DescriptionError, match="one value for each core"):
        StepCore(radius_um=[4.5, 4.0], delta_percent=[0.3, 0.3, 0.3])
    with pytest.raises(DescriptionError, match="must ascend"):
        RingsCore(radius_um=[4, 3], delta_percent=[0.3, 0.1])
    with pytest.raises(DescriptionError, match="nothing is guided"):
        RingsCore(radius_um=[3, 4], delta_percent=[-0.3, 0])
    with pytest.raises(DescriptionError, match="one value for each ring"):
        RingsCore(radius_um=[3, 4], delta_percent=[0.3])
    with pytest.raises(DescriptionError, match="trench_delta_percent"):
        TrenchAssistedCore(radius_um=4.5, delta_percent=0.35, trench_delta_percent=0.1)
