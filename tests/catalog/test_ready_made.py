import numpy as np
import pytest
from small_systems import small

import mcfiber as mcf
from mcfiber import DescriptionError
from mcfiber.catalog.ready_made import amplifier_names, fiber_names, load_amplifier, load_fiber
from mcfiber.fiber.attenuation import core_attenuation
from mcfiber.fiber.channels import channels
from mcfiber.fiber.coupling import core_coupling
from mcfiber.fiber.medium import medium
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


@pytest.mark.parametrize("name", amplifier_names())
def test_amplifiers__every_number_has_a_source(name):
    entry = load_amplifier(name)
    given = entry.amplifier.model_fields_set
    assert given
    assert [field for field in given if entry.provenance_of(f"amplifier.{field}") is None] == []


def test_amplifiers__cladding_pumping_of_the_l_band_costs_3_db():
    core, cladding = (load_amplifier(name).amplifier for name in ("edfa-l-band", "edfa-cladding-pumped-l-band"))
    assert cladding.noise_figure_db - core.noise_figure_db == 3.0
    assert (core.pumping, cladding.pumping) == ("core", "cladding")


@pytest.mark.parametrize("name", ["edfa-c-band", "edfa-planning-medium-gain", "amplifiers-o-to-u", "edfa-measured-8m"])
def test_amplifiers__work_in_a_system(name):
    amplifier = load_amplifier(name).amplifier
    found = small().replace({"link.amplifier": amplifier, "link.span.length_km": 90.0}).evaluate()
    assert int(found.status) == 0
    assert float(found.total_net_rate) > 0


def test_amplifiers__unknown():
    with pytest.raises(DescriptionError, match="did you mean 'edfa-c-band'"):
        load_amplifier("edfa-c-bnd")


@pytest.mark.parametrize(
    ("usual", "name"), [("G.652.D", "g652d"), ("G.654.E", "g654e"), ("g655", "g655"), ("G657A", "g657a")]
)
def test_fibers__by_their_usual_names(usual, name):
    assert load_fiber(usual) == load_fiber(name)


@pytest.mark.parametrize(("name", "cores"), [("ntt-2012-12core", 12), ("nict-2025-1808km", 19), ("ofs-2011-7core", 7)])
def test_fibers__of_published_systems(name, cores):
    entry = load_fiber(name)
    assert entry.fiber.cores == cores
    assert entry.provenance


def test_fibers__dispersion_of_standard_fibre_is_that_of_its_zero():
    """17.46 ps/(nm km) at 1550 nm, with a slope of 0.0582 ps/(nm^2 km) between channels."""
    nm = np.array([1549.0, 1550.0, 1551.0])
    grid = channels(mcf.Spectrum(frequency_thz=sorted(299792.458 / nm), symbol_rate_gbd=10))
    beta2 = np.asarray(medium(load_fiber("G.652.D").fiber, grid).group_velocity_dispersion)
    wavelength = np.asarray(grid.wavelength.data)
    found = -2 * np.pi * 299792458.0 * beta2 / wavelength**2 * 1e6
    ratio = (1310 / 1550) ** 4
    assert found[1] == pytest.approx(0.092 * 1550 / 4 * (1 - ratio), abs=1e-9)
    assert (found[0] - found[2]) / 2 == pytest.approx(0.092 / 4 * (1 + 3 * ratio), abs=1e-6)


OF_GLASS = [name for name in fiber_names() if load_fiber(name).fiber.core is not None]


@pytest.mark.parametrize("name", OF_GLASS)
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
