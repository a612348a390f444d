"""What README and documentation show is so: code runs, refusals are worded as printed, described files are valid."""

import re
import tomllib
from pathlib import Path

import pytest

import mcfiber
from mcfiber import catalog

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
HOW_TO = (ROOT / "docs" / "howto.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_readme__python_runs():
    names: dict[str, object] = {}
    for block in blocks(README, "python"):
        refusal = re.search(r"^# DescriptionError: (.*)$", block, re.MULTILINE)
        program = compile("import mcfiber as mcf\n" + block, "README.md", "exec")
        if refusal:
            with pytest.raises(mcfiber.DescriptionError) as caught:
                exec(program, names)
            assert str(caught.value) == refusal[1]
        else:
            exec(program, names)
    assert names["prediction"].sizes["sample"] > 1


def test_readme__commands_exist():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = re.findall(r"\$ make (\w+)", README)
    assert {"run", "test"} <= set(named) <= targets


def test_readme__files_it_links_to_exist():
    links = re.findall(r"\]\(((?!https?://)[^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_how_to__described_system_evaluates(tmp_path):
    system, _, provenance = blocks(HOW_TO, "toml")
    path = tmp_path / "my-line.toml"
    path.write_text(system + provenance, encoding="utf-8")
    entry = catalog.load(path)
    assert entry.ranges == {"link.launch_power_dbm": (-1.0, 3.0)}
    assert entry.system.evaluate().total_net_rate > 0
    assert tomllib.loads(system)["system"]["name"] == entry.system.name


def test_how_to__groups_of_cores_evaluate():
    system, grouped, _ = map(tomllib.loads, blocks(HOW_TO, "toml"))
    tables = system["system"] | {"fiber": grouped["system"]["fiber"]}
    tables["link"] |= grouped["system"]["link"]
    result = mcfiber.System(**tables).evaluate()
    assert float(result.mdl_penalty.min()) > 1
    assert float(result.crosstalk.min()) > 0


def test_how_to__python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks(HOW_TO, "python"):
        exec(compile("import mcfiber as mcf\n" + block, "howto.md", "exec"), names)
    assert (tmp_path / "designs.zarr").is_dir()
