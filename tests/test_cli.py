"""The command line: what it prints, what it writes, and how it says what is wrong."""

import json
import math
import os
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path

import numpy as np
import pytest
import systems

from mcfiber import System, cli, load, open_result
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
    assert (figures["name"], figures["samples"], figures["interval"]) == ("my", 1, "none")
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


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_wrong__folder_that_cannot_be_written_to(mcfiber, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    status, _, errors = mcfiber("run", RECORD, *FEW, "--output", "locked/result.nc")
    assert status == 2
    assert "--output: the folder 'locked' cannot be written to" in one_sentence(errors)


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
