"""The command line: what it prints, what it writes, and how it says what is wrong."""

import io
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
import warnings
from pathlib import Path

import nobody
import numpy as np
import pytest
import systems

from mcfiber import System, cli, load, open_result, predict, report
from mcfiber.catalog import names

RECORD = "nict-2025-1808km"
FEW = ["--samples", "4"]


@pytest.fixture
def mcfiber(monkeypatch, capsys, tmp_path):
    """Run the command line in this process and in an empty folder: exit status, output, errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["mcfiber", *map(str, arguments)])
        with warnings.catch_warnings(), pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


@pytest.fixture
def mine(tmp_path):
    """Write a system's file, changed as text, and name it."""

    def write(old="", new="", make=systems.weak):
        text = make().to_toml()
        assert old in text
        path = tmp_path / "mine.toml"
        path.write_text(text.replace(old, new, 1))
        return path

    return write


# ---------------------------------------------------------------------------------------------------------
# list and show


def test_list__names_every_system(mcfiber):
    status, printed, _ = mcfiber("list")
    assert status == 0
    assert all(name in printed for name in names())
    assert "1,020" in printed


def test_list__as_json(mcfiber):
    status, printed, _ = mcfiber("list", "--json")
    assert status == 0
    table = {row["name"]: row for row in json.loads(printed)}
    assert table.keys() == set(names())
    record = table[RECORD]
    assert (record["cores"], record["channels"], record["reported_net_rate_tbps"]) == (19, 180, 1020)
    assert record["distance_km"] == pytest.approx(1808.1)


def test_show__values_with_their_sources(mcfiber):
    status, printed, _ = mcfiber("show", RECORD)
    assert status == 0
    for part in ("link.launch_power_dbm", "-3 to 3 dBm", "published", "NICT press release"):
        assert part in printed


def test_show__toml_runs_again(mcfiber, tmp_path):
    status, printed, _ = mcfiber("show", RECORD, "--toml")
    assert status == 0
    assert tomllib.loads(printed)["system"]["link"]["span_count"] == 21
    (tmp_path / "my.toml").write_text(printed)
    assert load(tmp_path / "my.toml").system == load(RECORD).system
    status, again, _ = mcfiber("run", "my.toml", "--json")
    assert status == 0
    figures = json.loads(again)
    assert (figures["name"], figures["samples"], figures["interval"]) == (load(RECORD).system.name or "my", 1, "none")
    assert figures["reported_net_rate_tbps"] is None
    expected = float(load(RECORD).system.evaluate().total_net_rate) / 1e12
    assert figures["net_rate_tbps"] == pytest.approx(expected, rel=1e-12)


def test_show__a_file_without_sources_is_shown_as_it_is(mcfiber, mine):
    path = mine()
    status, printed, _ = mcfiber("show", path)
    assert status == 0
    assert "[system.fiber]" in printed
    assert "[[system.spectrum.groups]]" in printed
    (path.parent / "again.toml").write_text(printed.partition("\n")[2])
    assert System.from_toml(path.parent / "again.toml") == systems.weak()


# ---------------------------------------------------------------------------------------------------------
# run


def test_run__json_of_the_record(mcfiber):
    status, printed, _ = mcfiber("run", RECORD, "--json", "--samples", "32")
    assert status == 0
    figures = json.loads(printed, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert (figures["channels"], figures["cores"]) == (180, 19)
    assert figures["distance_km"] == 1808.1
    assert (figures["reported_net_rate_tbps"], figures["derived_reported_net_rate_tbps"]) == (1020, 1029)
    low, high = figures["net_rate_interval_tbps"]
    assert low < figures["net_rate_tbps"] < high
    product = figures["net_rate_tbps"] * 1808.1e-6
    assert figures["capacity_distance_ebps_km"] == pytest.approx(product, rel=1e-9)
    limits = {row["name"]: row for row in figures["limits"]}
    assert limits.keys() == {
        "amplifier_noise",
        "nonlinear_interference",
        "crosstalk",
        "mode_dependent_loss",
        "transceiver",
    }
    assert all(row["net_rate_without_tbps"] >= figures["net_rate_tbps"] * (1 - 1e-9) for row in limits.values())
    assert (figures["status"], figures["samples"]) == (0, 32)


def test_run__text_of_the_record(mcfiber):
    status, printed, _ = mcfiber("run", RECORD, *FEW)
    assert status == 0
    for part in (
        "net rate, predicted",
        "net rate, reported",
        "1,020 Tb/s",
        "1,029 Tb/s",
        "1,808.1 km",
        "19 x 180",
        "amplifier noise",
        "link.launch_power_dbm",
        "prior predictive",
    ):
        assert part in printed, part


def test_run__same_seed_same_bits(mcfiber):
    first, second, other = (mcfiber("run", RECORD, *FEW, "--json", "--seed", seed)[1] for seed in (3, 3, 4))
    assert first == second != other


def test_run__set_takes_uncertainty_away(mcfiber):
    _, before, _ = mcfiber("run", RECORD, *FEW, "--json")
    status, after, _ = mcfiber(
        "run", RECORD, *FEW, "--json", "--set", "link.launch_power_dbm=-3", "--set", "transceiver.format=QPSK"
    )
    assert status == 0
    low, high = (json.loads(text)["net_rate_tbps"] for text in (after, before))
    assert low < high
    assert "link.launch_power_dbm " not in mcfiber("run", RECORD, *FEW, "--set", "link.launch_power_dbm=1")[1]


@pytest.mark.parametrize(
    "change",
    [
        "link.amplifier.noise_figure_db=4.5",
        "link.launch_power_dbm={C = 1, L = 0}",
        "link.span_count=3",
        'link.repeat="same"',
        "link.repeat=same",
        "transceiver.code={kind = 'ideal'}",
        "name=mine",
        "spectrum.groups.0.symbol_rate_gbd=40",
    ],
)
def test_run__set_takes_any_value(mcfiber, change):
    status, _, errors = mcfiber("run", RECORD, *FEW, "--json", "--set", change)
    assert (status, errors) == (0, "")


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_run__output_opens_again(mcfiber, tmp_path, suffix):
    status, printed, _ = mcfiber("run", RECORD, *FEW, "--json", "--output", f"result{suffix}")
    assert status == 0
    with open_result(tmp_path / f"result{suffix}") as result:
        middle = float(result.total_net_rate.median()) / 1e12
        assert result.snr.sel(wavelength=1550, method="nearest").sizes["sample"] == 4
        assert result.mcf.provenance["entry"] == RECORD
    assert json.loads(printed)["net_rate_tbps"] == pytest.approx(middle, rel=1e-12)
    assert [path.name for path in tmp_path.iterdir()] == [f"result{suffix}"]


def test_run__a_system_that_carries_nothing_prints_no_nan(mcfiber, mine):
    path = mine(make=systems.single)
    status, printed, _ = mcfiber("run", path, "--json", "--set", "link.launch_power_dbm=-100")
    assert status == 0
    assert "NaN" not in printed
    assert "Infinity" not in printed
    assert json.loads(printed)["net_rate_tbps"] < 1e-6


def test_print_json__has_null_where_there_is_no_number(capsys):
    cli._print_json({"a": [math.nan, math.inf, 1.0], "b": {"c": (-math.inf, "NaN")}})
    assert json.loads(capsys.readouterr().out) == {"a": [None, None, 1.0], "b": {"c": [None, "NaN"]}}


# ---------------------------------------------------------------------------------------------------------
# what is wrong


def one_sentence(errors):
    """The message, which is one line of text for people."""
    assert "Traceback" not in errors
    lines = [line for line in errors.splitlines() if line.strip()]
    assert len(lines) == 1, errors
    assert lines[0].startswith("mcfiber: ")
    return lines[0].removeprefix("mcfiber: ")


SET = [
    # negative, zero, out of range
    ("fiber.attenuation_db_per_km=-0.2", "fiber.attenuation_db_per_km: got -0.2 dB/km; allowed: above 0 dB/km"),
    ("link.span.length_km=0", "link.span.length_km: got 0 km; allowed: above 0 km and at most 2000 km"),
    ("link.span.fan_out_loss_db=-1", "link.span.fan_out_loss_db: got -1 dB; allowed: 0 to 100 dB"),
    ("link.launch_power_dbm=99", "link.launch_power_dbm: got 99 dBm; allowed: -100 to 40 dBm"),
    ("link.amplifier.noise_figure_db.C=-13", "link.amplifier.noise_figure_db.C: got -13 dB; allowed: -10 to 30 dB"),
    ("transceiver.pilot_overhead_percent=120", "transceiver.pilot_overhead_percent: got 120 %; allowed: 0 to 99 %"),
    # no numbers
    ("fiber.effective_area_um2=nan", "fiber.effective_area_um2: got nan um^2; allowed: above 1 um^2"),
    ("link.span.length_km=inf", "link.span.length_km: got inf km"),
    ("link.span.length_km=true", "link.span.length_km: got true, which is not a number"),
    ("link.span.length_km='80'", "link.span.length_km: got '80', which is not a number"),
    ("link.span.length_km=far", "link.span.length_km: got 'far', which is not a number"),
    ("link.span.length_km=", "link.span.length_km: got '', which is not a number"),
    ("link.span_count=2.5", "link.span_count: got 2.5; allowed: a whole number, 1 to 100000"),
    ("link.span_count=true", "link.span_count: got true; allowed: a whole number"),
    ("link.span_count=0", "link.span_count: got 0; allowed: a whole number"),
    # unknown
    ("link.lunch_power_dbm=0", "link.lunch_power_dbm: there is no such value; did you mean launch_power_dbm?"),
    ("link.launch_power_dbm.C=0", "link.launch_power_dbm.C: link.launch_power_dbm is 0.0, which has no parts"),
    ("spectrum.groups.7.channels=3", "spectrum.groups.7: there is no such value"),
    ("fiber.coupling=strong", "fiber.coupling: got 'strong'; allowed: 'weak', 'random' or 'groups'"),
    ("transceiver.format=15QAM", "transceiver.format: got '15QAM'; allowed: QPSK"),
    ("transceiver.code={kind = 'magic'}", "transceiver.code: got a kind 'magic'; allowed: "),
    ("spectrum.groups.0.band=K", "spectrum.groups.0.band: got 'K'; allowed: 'O', 'E', 'S', 'C', 'L' or 'U'"),
    ("link.amplifier.noise_figure_db={C = 5, K = 5}", "link.amplifier.noise_figure_db: got a band 'K'; allowed: O, E"),
    # what does not fit together
    ("spectrum.groups.0.symbol_rate_gbd=60", "spectrum.groups.0.symbol_rate_gbd: got 60 GBd on a spacing of 50 GHz"),
    ("spectrum.guard_gap_ghz=900", "spectrum.groups.1.lowest_frequency_thz: the gap between groups 0 and 1 is 501 GHz"),
    ("spectrum.groups.0.channels=0", "spectrum.groups.0.channels: got 0; allowed: a whole number, 1 to 100000"),
    ("spectrum.groups=[]", "spectrum.groups: give either groups of channels"),
    ("spectrum.groups.1.lowest_frequency_thz=230", "spectrum.groups.1.lowest_frequency_thz: got 230 THz"),
    (
        "fiber.cladding_diameter_um=60",
        "fiber.cladding_diameter_um: got 60 um, but the outermost core's centre lies 6 um",
    ),
    ("fiber.layout.cores=20", "fiber.layout.cores: got 20; allowed: 1, 7, 19"),
    ("fiber.coupling=weak", "fiber.crosstalk: is missing; weakly coupled cores"),
    ("link.amplifier.noise_figure_db={C = 5}", "link.amplifier.noise_figure_db: has no value for the band L"),
    ("link.launch_power_dbm=[0, 1, 2]", "link.launch_power_dbm: got 3 values for 180 channels; give one for each"),
    ("link.loop.first_amplifier_excess_db=20", "link.loop.first_amplifier_excess_db: got 20 dB, more than the loss"),
    ("fiber.attenuation_db_per_km=[0.2, 0.2]", "fiber.attenuation_db_per_km: got 2 values for 19 cores"),
    (
        "fiber.attenuation_db_per_km={wavelength_nm = [1530, 1565], value = [0.2, 0.2]}",
        "fiber.attenuation_db_per_km: the table covers 1530 to 1565 nm, asked for 1530.",
    ),
    (
        "fiber.attenuation_db_per_km={wavelength_nm = [1500, 1650], value = [0.2, -0.2]}",
        "fiber.attenuation_db_per_km.value.1: got -0.2 dB/km",
    ),
    ("fiber.dispersion_ps_per_nm_km=0", "fiber.dispersion_ps_per_nm_km: is zero at a channel"),
    # --set itself
    ("link.launch_power_dbm", "--set: got 'link.launch_power_dbm'; write path=value"),
    ("=3", "--set: got '=3'; write path=value"),
]


@pytest.mark.parametrize(("change", "start"), SET, ids=[change for change, _ in SET])
def test_wrong__value(mcfiber, tmp_path, change, start):
    status, printed, errors = mcfiber("run", RECORD, *FEW, "--set", change, "--output", "result.nc")
    assert (status, printed) == (2, "")
    assert one_sentence(errors).startswith(start)
    assert list(tmp_path.iterdir()) == []


FILES = [
    ("[system.fiber]", "[system.fibre]", "system.fibre: unknown key; did you mean fiber?"),
    ("length_km = 80.0", "length_km = -80.0", "system.link.span.length_km: got -80 km"),
    ("length_km = 80.0", "lenght_km = 80.0", "system.link.span.lenght_km: unknown key; did you mean length_km?"),
    ("length_km = 80.0", "length_km = '80'", "system.link.span.length_km: got '80', which is not a number"),
    ("length_km = 80.0", "length_km = ", "'{path}' is not valid TOML: "),
    ("cores = 7", "cores = 6", "system.fiber.layout.cores: got 6; allowed: 1, 7, 19"),
    ('kind = "hexagonal"', 'kind = "heptagonal"', "system.fiber.layout: got a kind 'heptagonal'; allowed: "),
    (
        "[system.link]",
        "[system.link]\nspan_counts = 4",
        "system.link.span_counts: unknown key; did you mean span_count?",
    ),
    ("0.22", "nan", "system.fiber.attenuation_db_per_km.4: got nan dB/km"),
    ("crosstalk_db = -38.0", "crosstalk_db = 38.0", "system.fiber.crosstalk.crosstalk_db: got 38 dB; allowed: -150 to"),
    ("[system.link.loop]", "loop = 3\n[system.loop]", "system.loop"),
]


@pytest.mark.parametrize(("old", "new", "start"), FILES, ids=[new for _, new, _ in FILES])
def test_wrong__file(mcfiber, mine, old, new, start):
    path = mine(old, new)
    status, printed, errors = mcfiber("run", path)
    assert (status, printed) == (2, "")
    assert start.format(path=path) in one_sentence(errors)


def test_wrong__truncated_file(mcfiber, mine):
    path = mine()
    path.write_text(path.read_text()[:200])
    status, _, errors = mcfiber("run", path)
    assert status == 2
    assert "is not valid TOML" in one_sentence(errors) or "is missing" in one_sentence(errors)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "nict-2025-1809km"], "did you mean 'nict-2025-1808km'?"),
        (["show", "nothing"], "there is no system 'nothing' in the catalogue; known: "),
        (["run", "missing.toml"], "there is no file 'missing.toml'"),
        (["run", "folder.toml"], "cannot read 'folder.toml'"),
        (["run", "bytes.toml"], "cannot read 'bytes.toml'"),
        (["run", "empty.toml"], "system.spectrum: is missing"),
        (["run", "number.toml"], "system: got 3; allowed: a table"),
        (["run", RECORD, "--output", "result.csv"], "--output: got 'result.csv'; the name must end in .nc"),
        (["run", RECORD, "--output", "no/where/result.nc"], "--output: there is no folder 'no/where'; make it first"),
        (["run", RECORD, "--output", "folder.nc"], "--output: 'folder.nc' is a folder; choose another name"),
        (["run", RECORD, "--output", "folder.zarr"], "--output: 'folder.zarr' exists already; remove it"),
    ],
)
def test_wrong__names(mcfiber, tmp_path, arguments, message):
    for name in ("folder.toml", "folder.nc", "folder.zarr"):
        (tmp_path / name).mkdir()
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "empty.toml").write_text("")
    (tmp_path / "number.toml").write_text("system = 3")
    before = sorted(tmp_path.rglob("*"))
    status, printed, errors = mcfiber(*arguments, *(FEW if arguments[0] == "run" else []))
    assert (status, printed) == (2, "")
    assert message in one_sentence(errors)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["r.nc", "r.zarr"])
def test_wrong__folder_that_cannot_be_written_to(name, tmp_path):
    arguments = ["mcfiber", "run", RECORD, "--output", f"locked/{name}"]
    code = f"import sys; from mcfiber import cli; sys.argv = {arguments}; cli.main()"
    (tmp_path / "locked").mkdir(mode=0o555)
    done = nobody.run(code, tmp_path, PYTHONPATH=str(Path(__file__).parents[1]))
    assert not list((tmp_path / "locked").iterdir())
    assert (done.returncode, done.stdout) == (2, "")
    assert "--output: the folder 'locked' cannot be written to" in one_sentence(done.stderr)


def test_wrong__file_that_cannot_be_written(mcfiber, monkeypatch, tmp_path):
    def full(*_arguments, **_keywords):
        raise OSError(28, "No space left on device", "result.nc")

    monkeypatch.setattr("xarray.Dataset.to_netcdf", full)
    status, printed, errors = mcfiber("run", RECORD, *FEW, "--output", "result.nc")
    assert (status, printed) == (2, "")
    assert one_sentence(errors) == "result.nc: No space left on device"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", RECORD, "--samples", "0"], "--samples: got 0; allowed: a whole number, 1 to 1000000"),
        (["run", RECORD, "--samples", "-4"], "--samples: got -4; allowed"),
        (["run", RECORD, "--samples", "many"], "Invalid value for '--samples'"),
        (["run", RECORD, "--seed", "-1"], "--seed: got -1; allowed: a whole number, at least 0"),
        (["run", RECORD, "--sample", "4"], "No such option"),
        (["run"], "Missing argument 'SYSTEM'"),
        (["walk"], "No such command 'walk'"),
        (["run", RECORD, "again"], "unexpected extra argument"),
    ],
)
def test_wrong__usage(mcfiber, arguments, message):
    status, printed, errors = mcfiber(*arguments)
    assert (status, printed) == (2, "")
    assert message in one_sentence(errors)


@pytest.mark.parametrize("arguments", [["--help"], []])
def test_help__names_the_commands(mcfiber, arguments):
    status, printed, _ = mcfiber(*arguments)
    assert status == 0
    assert all(name in printed for name in ("list", "show", "run"))


# ---------------------------------------------------------------------------------------------------------
# what nobody foresees

NAME = 'name = "seven weakly coupled cores"'
ODD_FILES = {
    "an axis for a name": (NAME, "name = {axis = 1, values = [1]}", "system.name: got {'axis': 1, 'values': [1]}"),
    "an axis named by a number": ("pitch_um = 42.0", "pitch_um = {axis = 1, values = [1]}", "pitch_um.axis: got 1"),
    "self": ("[system]", "self = 1\n[system]", "self: unknown key"),
    "self, inside": ("[system.fiber]", "[system.fiber]\nself = 1", "system.fiber.self: unknown key"),
    "a ratio beyond numbers": (
        "snr_db = 20.0",
        "snr_db = 4000",
        "snr_db: got 4000 dB; allowed: -100 to 200 dB, or infi",
    ),
    "huge points": (
        '"16QAM"',
        '{kind = "points", points = [[1e200, 0], [-1e200, 0]]}',
        "points: got values up to 1e+200",
    ),
    "tiny points": ('"16QAM"', '{kind = "points", points = [[5e-324, 0], [0, 0]]}', "points: got values up to 4.94"),
    "equal points": (
        '"16QAM"',
        '{kind = "points", points = [[1.0, 0], [1.0000000000001, 0]]}',
        "points: got two that are closer than 1e-05 of the largest",
    ),
    "500 nestings": (NAME, f"name = {'[' * 500}{']' * 500}", "is nested more than 30 levels deep"),
    "20000 nestings": (NAME, f"name = {'[' * 20_000}{']' * 20_000}", "is nested more than 30 levels deep"),
    "a key of a megabyte": (NAME, f"{'k' * 1_000_000} = 1", " ... "),
    "a word of a megabyte": ('"16QAM"', f'"{"x" * 1_000_000}"', "transceiver.format: got 'xxx"),
    "a kind of a megabyte": ('kind = "hexagonal"', f'kind = "{"x" * 1_000_000}"', "layout: got a kind 'xxx"),
    "many mistakes": (NAME, "\n".join(f"key{number} = 1" for number in range(1000)), "and 995 more"),
    "a terminal escape": (NAME, '"\\u001b[31m" = 1', "system.\\x1b[31m: unknown key"),
}


@pytest.mark.parametrize("odd", ODD_FILES)
def test_odd__file_is_one_short_sentence(mcfiber, mine, odd):
    old, new, told = ODD_FILES[odd]
    status, printed, errors = mcfiber("run", mine(old, new))
    assert (status, printed) == (2, "")
    assert told in one_sentence(errors)
    assert len(errors) < 800
    assert errors.strip().isprintable()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", RECORD, "--samples", "1000000"], "samples: 1,000,000 samples need about "),
        (["run", RECORD, "--set", "link.span_count=3\nname=4"], "which is more than one value; repeat --set for each"),
        (["run", RECORD, "--set", f"name={'[' * 300}{']' * 300}"], "is nested too deeply"),
        (["run", RECORD, "--set", f"name={'[' * 40}{']' * 40}"], "is nested too deeply"),
        (["run", RECORD, "--set", "\x1b[31m=1"], "\\x1b[31m: there is no such value"),
        (["run", RECORD, "--output", "\x1b[31m.csv"], "--output: got '\\x1b[31m.csv'"),
        (["run", "\x1b[31m"], "there is no system '\\x1b[31m'"),
        (
            ["sweep", RECORD, "--over", "link.launch_power_dbm=0:1:1000000000"],
            "1,000,000,000 values; allowed: at most 1",
        ),
        (["sweep", RECORD, "--over", "link.span_count=1:20000:20000"], "make 20,000 combinations that are looped over"),
        (
            ["sweep", RECORD, "--over", "link.launch_power_dbm=0:1:900000", "--over", "transceiver.snr_db=9:10:900000"],
            "over: the axes make 8.1e+11 points; allowed: 1e+10",
        ),
    ],
)
def test_odd__argument_is_one_short_sentence(mcfiber, monkeypatch, tmp_path, arguments, told):
    monkeypatch.setattr("mcfiber.studies.memory.free_bytes", lambda: 1e9)
    status, printed, errors = mcfiber(*arguments)
    assert (status, printed) == (2, "")
    assert told in one_sentence(errors)
    assert len(errors) < 800
    assert list(tmp_path.iterdir()) == []


def test_odd__a_sweep_beyond_memory_goes_into_a_store(mcfiber, monkeypatch):
    monkeypatch.setattr("mcfiber.studies.memory.free_bytes", lambda: 1000.0)
    status, printed, errors = mcfiber("sweep", RECORD, "--over", "link.launch_power_dbm=0:1:500")
    assert (status, printed) == (2, "")
    assert "500 points need about" in one_sentence(errors)
    assert "give at most 111, or write to a store" in errors


def test_odd__a_byte_order_mark_is_no_mistake(mcfiber, mine):
    path = mine()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    status, printed, errors = mcfiber("run", path, "--json")
    assert (status, errors) == (0, "")
    assert json.loads(printed)["name"] == "seven weakly coupled cores"


def test_odd__the_name_in_the_file_is_shown(mcfiber, mine):
    assert mcfiber("run", mine())[1].startswith("seven weakly coupled cores\n")
    assert mcfiber("run", mine(NAME, 'name = ""'))[1].startswith("mine\n")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            ZeroDivisionError("division by zero"),
            "internal error, please report it: ZeroDivisionError: division by zero",
        ),
        (KeyError("snr"), "internal error, please report it: KeyError: 'snr'"),
        (RecursionError("deep"), "a value is nested too deeply"),
        (MemoryError(), "there is not enough memory; ask for fewer samples or points"),
        (ValueError("one\ntwo \x1b[31m"), "one two \\x1b[31m"),
        (ValueError("x" * 1_000_000), "x ... x"),
    ],
)
def test_odd__an_error_is_never_a_traceback(mcfiber, monkeypatch, error, told):
    def fails(*_arguments, **_keywords):
        raise error

    monkeypatch.setattr("mcfiber.predict", fails)
    status, printed, errors = mcfiber("run", RECORD)
    assert (status, printed) == (2, "")
    assert told in one_sentence(errors)
    assert len(errors) < 800


def test_odd__stopped(mcfiber, monkeypatch):
    def stops(*_arguments, **_keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr("mcfiber.predict", stops)
    assert mcfiber("run", RECORD) == (130, "", "mcfiber: stopped\n")


# ---------------------------------------------------------------------------------------------------------
# what users write is text

SAID = "[dB] of [doi:10.1/x] [/km] [bold]b[/bold] :smile: \x1b[31m"
SHOWN = "[dB] of [doi:10.1/x] [/km] [bold]b[/bold] :smile: \\x1b[31m"


def test_text__titles_and_sources_are_printed_as_they_are(mcfiber, mine):
    path = mine("[system]\n", f"title = {json.dumps(SAID)}\n[system]\n")
    known = f'\n[provenance."transceiver.snr_db"]\nstatus = "assumed"\nsource = {json.dumps(SAID)}\nrange = [18, 22]\n'
    path.write_text(path.read_text() + known)
    for arguments in (["show", path], ["run", path, *FEW]):
        status, printed, errors = mcfiber(*arguments)
        assert (status, errors) == (0, "")
        assert printed.startswith(SHOWN + "\n")
        assert printed.count(SHOWN) == 2
        assert "\x1b" not in printed


def test_text__of_a_summary_and_of_tables_for_any_console():
    from rich.console import Console

    system = systems.weak(name=SAID)
    assert system.evaluate().mcf.summary().startswith(SHOWN + ": 7 cores")
    row = report.AtlasRow(SAID, 1.0, 2.0, 3.0, 4.0, "", 0.0, SAID, calibrated_on="", notes=(SAID,))
    figures = {"outputs": {SAID: {"largest": {"value": 1.0, "units": "1", "at": {"format": SAID}}}}, "points": 1}
    console = Console(width=400, record=True, file=io.StringIO())
    console.print(report.atlas_table([row]))
    console.print(report.sweep_table(figures | {"points_that_cannot_exist": 0}))
    told = console.export_text()
    assert told.count(SHOWN) == 7
    assert "\x1b" not in told


def test_text__a_note_is_one_line(mcfiber, monkeypatch):
    def warns(*arguments, **keywords):
        warnings.simplefilter("always")
        warnings.warn("look:\n\x1b[31m", stacklevel=1)
        return predict(*arguments, **keywords)

    monkeypatch.setattr("mcfiber.predict", warns)
    assert mcfiber("run", RECORD, *FEW, "--json")[2] == "mcfiber: note: look: \\x1b[31m\n"


def test_text__a_spread_says_what_it_is_over(mcfiber, mine):
    assert "(5-95 % of cores and channels: " in mcfiber("run", mine())[1]
    assert "(5-95 % of channels and samples: " in mcfiber("run", RECORD, *FEW)[1]


def test_text__rounding_noise_is_nothing(mcfiber, mine):
    printed = mcfiber("run", mine(make=systems.single), "--set", "transceiver.snr_db=-100")[1]
    assert "net rate, predicted  0 Tb/s" in printed
    assert not re.search(r"e-\d+ Tb/s", printed)


# ---------------------------------------------------------------------------------------------------------
# as a process


def process(*arguments, cwd):
    code = "from mcfiber.cli import main; main()"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=cwd, env=environment
    )


def test_process__says_what_is_wrong_on_the_error_stream(tmp_path):
    done = process("run", RECORD, "--set", "link.span.length_km=-1", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert one_sentence(done.stderr).startswith("link.span.length_km: got -1 km; allowed: above 0 km")


def test_process__lists_without_compiling_or_computing(tmp_path):
    done = process("list", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == len(names())


def test_process__prediction_equals_the_library(tmp_path):
    done = process("run", RECORD, *FEW, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    from mcfiber import predict

    expected = np.median(predict(load(RECORD), samples=4).total_net_rate) / 1e12
    assert json.loads(done.stdout)["net_rate_tbps"] == pytest.approx(expected, rel=1e-12)


def test_process__stops_when_it_is_interrupted(tmp_path):
    # A shell starts what runs in its background with interrupts ignored, and children inherit that.
    handled = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{handled}; import mcfiber.cli as cli; cli.main()"
    arguments = ["sweep", RECORD, "--over", "link.launch_power_dbm=0:1:100000", "--store", "out.zarr", "--workers", "1"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment,
    ) as running:  # fmt: skip
        deadline = time.monotonic() + 120
        while not (tmp_path / "out.zarr").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate()
    assert (running.returncode, errors) == (130, "mcfiber: stopped\n")
    assert [path.name for path in tmp_path.iterdir()] == ["out.zarr"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is always full")
def test_process__a_full_disk_under_the_output_is_one_sentence(tmp_path):
    code = "from mcfiber.cli import main; main()"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code, "list"], stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, "mcfiber: No space left on device\n")


def test_cable__tells_rate_energy_watts_and_what_binds(mcfiber):
    status, printed, _ = mcfiber("cable", "nec-2026-7000km-2core", "--samples", "8")
    assert status == 0
    for part in ("1.105", "Pb/s", "heat of the conductor", "8,365.4", "binds: space", "117 spans of 59.829 km"):
        assert part in printed


def test_cable__lists_sets_and_refuses(mcfiber):
    assert "nec-2026-6700km-2core" in mcfiber("cable")[1]
    assert {one["cores"] for one in json.loads(mcfiber("cable", "--json")[1])} == {1, 2, 4}
    found = json.loads(
        mcfiber("cable", "nec-2026-7000km-2core", "--set", "fiber_pairs=12", "--samples", "4", "--json")[1]
    )
    assert sum(found["power_use_w"].values()) == pytest.approx(22_000, rel=1e-9)
    assert found["quantities"]["cable_net_rate"]["value"] < 1.0
    for given, told in (
        (("nec-2026-7000km",), "there is no cable 'nec-2026-7000km'"),
        (("nec-2026-7000km-2core", "--set", "feed.voltage_kv=-18"), "got -18 kV; allowed: above 0 kV"),
        (("nec-2026-7000km-2core", "--set", "feed.earth_potential_v_per_km=3"), "takes 21 kV of 18 kV"),
    ):
        status, _, complaint = mcfiber("cable", *given)
        assert status == 2
        assert told in complaint
