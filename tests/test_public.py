"""The public face: names, laziness, versions."""

import importlib
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import mcfiber

ROOT = Path(__file__).parent.parent
HEAVY = ("numba", "xarray", "pandas", "scipy", "matplotlib", "dask", "typer", "rich")


def loaded_after(code: str, names: tuple[str, ...] = HEAVY) -> list[str]:
    """Heavy packages in memory after a program has run in a fresh process."""
    report = f"import sys; {code}; print(*(name for name in {names} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.split()


def test_import__loads_no_heavy_package():
    assert loaded_after("import mcfiber") == []


def test_import__describing_loads_neither_numba_nor_xarray():
    describing = (
        "import mcfiber as mcf; "
        "layout = mcf.HexagonalLayout(cores=7, pitch_um=42); "
        "fiber = mcf.MulticoreFiber(layout=layout, cladding_diameter_um=187, coupling='random'); "
        "fiber.replace({'layout.pitch_um': 43}); "
        "mcf.Link(span=mcf.Span(length_km=80), span_count=3, amplifier=mcf.Amplifier(noise_figure_db=5)); "
        "mcf.Spectrum(groups=[mcf.ChannelGroup(band='C', channels=80, spacing_ghz=50, symbol_rate_gbd=32)])"
    )
    assert {"numba", "xarray"}.isdisjoint(loaded_after(describing))


def test_import__an_evaluation_loads_no_package_that_only_others_need():
    """Splines of dispersion and optimisers: half a second of SciPy (xarray itself loads dask, where it is)."""
    parts = ("scipy.interpolate", "scipy.optimize", "matplotlib")
    evaluating = "import mcfiber as mcf; mcf.load('nict-2025-1808km').system.evaluate()"
    assert "xarray" in loaded_after(evaluating)
    assert loaded_after(evaluating, parts) == []


@pytest.mark.parametrize("name", mcfiber.__all__)
def test_public_name__exists_and_says_what_it_is(name):
    thing = getattr(mcfiber, name)
    assert thing.__doc__
    first = thing.__doc__.strip().splitlines()[0]
    assert first.endswith((".", "]"))
    assert thing.__module__.startswith("mcfiber.")


def test_public_names__are_no_names_of_modules():
    modules = {module.name for module in pkgutil.iter_modules(mcfiber.__path__)}
    # Once imported, a module hides a public name that is spelled the same.
    assert modules.isdisjoint(mcfiber.__all__)


def test_modules__every_one_can_be_imported_and_has_a_docstring():
    for module in pkgutil.walk_packages(mcfiber.__path__, "mcfiber."):
        assert importlib.import_module(module.name).__doc__, module.name


def test_version__is_the_same_everywhere():
    with (ROOT / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["version"] == mcfiber.__version__
    assert f"version: {mcfiber.__version__}\n" in (ROOT / "CITATION.cff").read_text()
