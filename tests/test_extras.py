"""Optional packages: where one is missing, the message names the extra that brings it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import systems

import mcfiber
from mcfiber.extras import attempt_import
from mcfiber.figures.style import new_axes
from mcfiber.result import write

LIBRARY = Path(mcfiber.__file__).parent
OPTIONAL = ("matplotlib", "h5netcdf", "zarr", "dask", "distributed", "skfem", "skrf", "threadpoolctl")
LAUNCH = "link.launch_power_dbm"


@pytest.fixture
def without(monkeypatch):
    """Hide packages and what is loaded of them."""

    def hide(*packages):
        for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
            monkeypatch.delitem(sys.modules, name)
        for package in packages:
            monkeypatch.setitem(sys.modules, package, None)

    return hide


def told(package, extra):
    return pytest.raises(ImportError, match=rf"needs {package}, .*install it with: pip install 'mcfiber\[{extra}\]'")


def test_attempt_import__names_package_and_extra(without):
    assert attempt_import("json.decoder", "io").JSONDecodeError
    without("skfem")
    with told("skfem", "fem"):
        attempt_import("skfem.assembly", "fem")


def test_attempt_import__says_what_else_is_wrong(tmp_path, monkeypatch):
    (tmp_path / "half_there.py").write_text("import nothing_of_this_name")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match=r"needs half_there, .*No module named 'nothing_of_this_name'.*mcfiber\[io\]"):
        attempt_import("half_there", "io")


def test_extra__io(without, tmp_path):
    ds = systems.weak().evaluate()
    write(ds, tmp_path / "there.nc")
    write(ds, tmp_path / "there.zarr")
    without("zarr", "h5netcdf")
    for suffix, package in (("nc", "h5netcdf"), ("zarr", "zarr")):
        with told(package, "io"):
            write(ds, tmp_path / f"new.{suffix}")
        with told(package, "io"):
            mcfiber.open_result(tmp_path / f"there.{suffix}")
    with told("zarr", "io"):
        mcfiber.sweep(systems.weak(), {LAUNCH: [0.0, 1.0]}, store=tmp_path / "store.zarr")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there.nc", "there.zarr"]


def test_extra__scale(without):
    without("distributed")
    with told("distributed", "scale"):
        mcfiber.sweep(systems.weak(), {LAUNCH: [0.0, 1.0]}, client=type("Client", (), {})())


def test_extra__plot(without):
    ds = systems.weak().evaluate()
    without("matplotlib")
    for draw in (lambda: new_axes(None), ds.mcf.plot.budget, ds.mcf.plot.cross_section):
        with told("matplotlib", "plot"):
            draw()


def test_extra__none_is_needed_to_evaluate_and_to_sweep():
    code = f"""
import sys
sys.modules.update(dict.fromkeys({OPTIONAL!r}))
import mcfiber, systems
print(dict(mcfiber.sweep(systems.weak(), {{{LAUNCH!r}: [0.0, 1.0]}}, workers=1).sizes))
"""
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    assert found.stdout.strip() == "{'launch_power_dbm': 2}", found.stderr


@pytest.mark.parametrize("path", sorted(LIBRARY.rglob("*.py")), ids=lambda path: str(path.relative_to(LIBRARY)))
def test_imports__of_optional_packages_go_through_the_one_door(path):
    """What is imported for its types alone is indented under TYPE_CHECKING, and what may be missing says so."""
    source = path.read_text(encoding="utf-8")
    source = re.sub(r"^if TYPE_CHECKING:\n(?:(?:    .*)?\n)+", "", source, flags=re.MULTILINE)
    found = re.findall(rf"^\s*(?:import|from) (?:{'|'.join(OPTIONAL)})\b.*$", source, flags=re.MULTILINE)
    assert [line for line in found if "threadpoolctl" not in line] == []
