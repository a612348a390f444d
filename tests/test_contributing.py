"""What CONTRIBUTING.md says of the code is so: its table has every module, its lists of files are short and true."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import mcfiber
from mcfiber.line.budget import NOISES

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
LISTS = re.findall(r"^### (.+?) \(at most (\d) files?\)\n\n(.*?)(?=^#)", TEXT, re.MULTILINE | re.DOTALL)
PROMISED = {
    "A noise": 4,
    "An interference model": 3,
    "An amplifier type": 4,
    "A loss source": 4,
    "A format": 3,
    "A band": 1,
}


def rows() -> dict[str, set[str]]:
    """Modules and packages of the table, with the modules that the row of a package names."""
    table = re.findall(r"^\| (`.+?`) \| (.+) \|$", TEXT, re.MULTILINE)
    return {
        name: set(re.findall(r"`(\w+)`", told)) for names, told in table for name in re.findall(r"`([\w/]+)`", names)
    }


def test_table__has_every_module():
    told = rows()
    for found in pkgutil.walk_packages(mcfiber.__path__, "mcfiber."):
        package, _, module = found.name.removeprefix("mcfiber.").rpartition(".")
        if found.ispkg:
            assert f"{module}/" in told
        elif not package:
            assert module in told
        elif package != "kernels":
            assert module in told[f"{package}/"], f"{package}/{module}.py"


def test_table__names_no_room_that_is_gone():
    for name, modules in rows().items():
        package = importlib.import_module(f"mcfiber.{name.rstrip('/')}")
        for module in modules:
            file = Path(package.__file__ or "").with_name(f"{module}.py")
            assert not name.endswith("/") or file.exists(), f"{name}{module}"


def test_table__goes_from_the_bottom_to_the_top():
    contracts = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    layers = re.findall(r"mcfiber\.(\w+)", re.search(r"layers = \[(.*?)\]", contracts, re.DOTALL)[1])
    assert set(layers) == {name.rstrip("/") for name in rows()}


def test_lists__are_there():
    assert {name: int(limit) for name, limit, _ in LISTS if name in PROMISED} == PROMISED
    others = {"A figure", "A variable", "A kernel", "A public name", "A catalogue entry"}
    assert {name for name, *_ in LISTS} == PROMISED.keys() | others


@pytest.mark.parametrize(("name", "limit", "text"), LISTS, ids=[name for name, *_ in LISTS])
def test_lists__are_short_and_name_files_that_exist(name, limit, text):
    files = re.findall(r"^- `([^`]+)`:", text, re.MULTILINE)
    assert files == re.findall(r"^- .*?`([^`]+)`", text, re.MULTILINE)
    assert 1 <= len(set(files)) == len(files) <= int(limit)
    assert [file for file in files if not (ROOT / file).exists()] == []


@pytest.mark.parametrize("text", [text for *_, text in LISTS], ids=[name for name, *_ in LISTS])
def test_lists__name_what_their_files_hold(text):
    for file, told in re.findall(r"^- `([^`]+\.py)`: (.*?)(?=^- |^$)", text, re.MULTILINE | re.DOTALL):
        source = (ROOT / file).read_text(encoding="utf-8")
        assert [name for name in re.findall(r"`(\w+)`", told) if not re.search(rf"\b{name}\b", source)] == []


def test_paths__exist():
    for path in re.findall(r"`((?:mcfiber|tests|docs|benchmarks|validation)/[\w./]*)`", TEXT):
        assert (ROOT / path).exists() or "SUBJECT" in path, path


def test_noises__every_one_has_its_variables():
    table = {variable.name for variable in importlib.import_module("mcfiber.variables").every_variable()}
    for noise in NOISES:
        assert noise.ratio in table
        assert noise.power in table or noise.enters == "receiver"
