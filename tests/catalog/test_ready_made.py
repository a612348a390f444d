import numpy as np
import pytest

from mcfiber import DescriptionError
from mcfiber.catalog.ready_made import fiber_names, load_fiber
from mcfiber.fiber.attenuation import core_attenuation
from mcfiber.fiber.coupling import core_coupling
from mcfiber.fiber.modes import check_single_mode, core_modes


def leaves(value, path):
    """Paths of the numbers that an entry gives."""
    if hasattr(value, "model_fields_set"):
        for name in value.model_fields_set:
            yield from leaves(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, (int, float)) or (isinstance(value, tuple) and value):
        yield path


@pytest.mark.parametrize("name", fiber_names())
def test_every_number_has_a_source(name):
    entry = load_fiber(name)
    missing = [path for path in leaves(entry.fiber, "fiber") if entry.provenance_of(path) is None]
    assert not missing


@pytest.mark.parametrize("name", fiber_names())
def test_single_mode_and_hardly_leaking_in_the_bands(name):
    fiber = load_fiber(name).fiber
    check_single_mode(fiber, 1530)
    found = core_attenuation(fiber, wavelength_nm=1550)
    assert float(found.coating_loss.max()) * 1e4 / np.log(10) < 0.01


def test_claims():
    area = core_modes(load_fiber("g654-like").fiber, wavelength_nm=1550).effective_area.item()
    assert area == pytest.approx(132e-12, rel=5e-3)
    het = core_coupling(load_fiber("seven-core-heterogeneous").fiber, wavelength_nm=1550)
    neighbours = het.critical_bend_radius.values[[0, 0, 1], [1, 2, 2]]
    assert (neighbours < 0.09).all()
    coupled = core_coupling(load_fiber("nineteen-core-coupled").fiber, wavelength_nm=1550, length_km=1)
    assert coupled.coupling_regime.values[0, 1] == 2


def test_unknown():
    with pytest.raises(DescriptionError, match="did you mean 'four-core-125'"):
        load_fiber("four-core")
