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
VALUES = (ROOT / "docs" / "values.md").read_text(encoding="utf-8")
LINES = (ROOT / "docs" / "lines.md").read_text(encoding="utf-8")
HOUSE = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{re.escape(language)}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def cells(text: str) -> list[str]:
    return blocks(text, "{code-cell} ipython3")


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


def test_values__python_runs_and_refuses_what_it_says(capsys):
    names: dict[str, object] = {}
    refused = 0
    for cell in cells(VALUES):
        exec(compile(cell, "values.md", "exec"), names)
        told = capsys.readouterr().out
        if "DescriptionError" in cell:
            refused += 1
            assert re.search(r"give|allowed|extend", told)
    assert refused == 3


def test_values__shows_every_form():
    shown = set(re.findall(r"\{(?:\"|)(channel|core|axis|wavelength_nm|frequency_thz|C)\b", VALUES.replace("{ ", "{")))
    assert shown == {"channel", "core", "axis", "wavelength_nm", "frequency_thz", "C"}


def test_values__described_file_is_valid():
    tables = tomllib.loads(blocks(VALUES, "toml")[0])["system"]
    names: dict[str, object] = {}
    exec(compile(cells(VALUES)[0], "values.md", "exec"), names)
    changes = {f"{part}.{field}": value for part, fields in tables.items() for field, value in fields.items()}
    described = changes.pop("link.span") | {}
    changes["link.span.length_km"] = described["length_km"]
    changes["link.amplifier.noise_figure_db"] = changes.pop("link.amplifier")["noise_figure_db"]
    assert names["system"].replace(changes).evaluate().sizes["length"] == 3


def test_lines__every_cell_runs(capsys):
    names: dict[str, object] = {}
    for cell in cells(LINES):
        exec(compile(cell, "lines.md", "exec"), names)
    told = capsys.readouterr().out
    assert "120 spans, 7440 km" in told
    opposite = [float(names["alone"][km][0]) for km in (108.5, 265.0, 303.4)]
    assert opposite == pytest.approx([-79.8, -56.1, -50.3], abs=0.15)  # published, good to 0.1 dB


def test_house__walks_as_the_code_does():
    source = (ROOT / "mcfiber" / "evaluate.py").read_text(encoding="utf-8")
    steps = ["channels", "medium_along", "line", "receiver", "driven_line", "line_noises", "line_ratios"]
    steps += ["grouped_loss", "grouped_penalty", "at_decoder", "achievable_rate", "with_totals", "pack"]
    told = re.findall(r"`(\w+)(?:\([^`]*\))?`", HOUSE)
    assert list(dict.fromkeys(step for step in told if step in steps)) == steps
    assert [step for step in steps if not re.search(rf"\b{step}\(", source)] == []
