import errno
import json
import os

import numpy as np
import pytest
import zarr
from small_systems import small

import mcfiber as mcf
from mcfiber import cli


@pytest.fixture
def line(tmp_path):
    path = tmp_path / "my.toml"
    path.write_text(small().to_toml())
    return path


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr("sys.argv", ["mcfiber", "sweep", *map(str, arguments)])
    code = 0
    try:
        cli.main()
    except SystemExit as stop:
        code = stop.code or 0
    told = capsys.readouterr()
    return code, told.out, told.err


def test_sweep__grid_into_a_store_that_opens_again(monkeypatch, capsys, line, tmp_path):
    store = tmp_path / "out.zarr"
    arguments = (line, "--over", "fiber.layout.pitch_um=36:46:11", "--over", "link.launch_power_dbm=-6:4:21",
                 "--store", store, "--workers", 2)  # fmt: skip
    code, out, _ = run(monkeypatch, capsys, *arguments)
    assert code == 0
    assert "231 points" in out
    assert "total_net_rate" in out
    result = mcf.open_result(store)
    assert dict(result.sizes) == {"pitch_um": 11, "launch_power_dbm": 21}
    np.testing.assert_array_equal(result["launch_power_dbm"], np.linspace(-6, 4, 21))
    best = result["total_net_rate"].argmax(...)
    code, out, _ = run(monkeypatch, capsys, *arguments, "--json")  # resumes: nothing left to do
    assert code == 0
    largest = json.loads(out)["outputs"]["total_net_rate"]["largest"]
    assert largest["value"] == float(result["total_net_rate"].isel(best))
    assert largest["at"]["launch_power_dbm"] == float(result["launch_power_dbm"][best["launch_power_dbm"]])


@pytest.mark.parametrize(
    ("text", "path", "values"),
    [
        ("a.b=0:1:3", "a.b", [0, 0.5, 1]),
        ("a.b=10:20:11", "a.b", list(range(10, 21))),  # not ten minutes past the eleventh second
        ("a.b=01:20:20", "a.b", list(range(1, 21))),
        ("a.b=1.0:3.0:3", "a.b", [1.0, 2.0, 3.0]),
        ("a.b=-6:4:2", "a.b", [-6, 4]),
        ("a.b=4:4:1", "a.b", [4]),
        (" a.b = 1,2.5", "a.b", [1, 2.5]),
        ("a.b=QPSK,16QAM", "a.b", ["QPSK", "16QAM"]),
        ("a.b=16QAM", "a.b", ["16QAM"]),
        ("a.b=true,false", "a.b", [True, False]),
        ("a.b=[1, 2]", "a.b", [1, 2]),
        ("a.b=[[1, 2], [3, 4]]", "a.b", [[1, 2], [3, 4]]),
        ('a.b={kind = "ideal"}', "a.b", [{"kind": "ideal"}]),
    ],
)
def test_axis__forms(text, path, values):
    found, given = cli._axis(text)
    assert found == path
    assert [type(one) for one in list(given)] == [type(one) for one in values] or isinstance(given, np.ndarray)
    np.testing.assert_array_equal(np.array(given, dtype=object), np.array(values, dtype=object))


@pytest.mark.parametrize(
    ("over", "told"),
    [
        (["fiber.layout.pitch_um"], "--over: got 'fiber.layout.pitch_um'; write path=from:to:count"),
        (["fiber.layout.pitch_um=30:50:0"], "whole count of at least 1"),
        (["fiber.layout.pitch_um=30:50:2.5"], "whole count of at least 1"),
        (["fiber.layout.pitch_um=30:wide:2"], "whole count of at least 1"),
        (["fiber.layout.pitch_um=30:inf:2"], "whole count of at least 1"),
        (["fiber.layout.pitch_um=1e308:-1e308:3"], "whose limits are further apart than numbers reach"),
        (["fiber.layout.pitch=30:50:3"], "pitch_um"),
        (["fiber.layout.pitch_um=-3:50:3"], "-3 um at position 0"),
        (["transceiver.snr_db=1979-05-27,inf"], "got datetime.date(1979, 5, 27), a date, which no field of a system"),
        (["transceiver.format=[QPSK, 1979-05-27]"], "QPSK"),
        (["transceiver.format=[['QPSK', 07:32:00]]"], "datetime.time(7, 32)"),
        (["link.launch_power_dbm=2147483648,1.0"], "got 2.14748e+09 dBm"),
        (["link.span_count=2.5"], "2.5; allowed: a whole number"),
        (["transceiver.format=17QAM"], "17QAM"),
        (["link.launch_power_dbm=1", "link.launch_power_dbm=2"], "given twice"),
    ],
)
def test_sweep__a_mistake_is_one_sentence_and_status_two(monkeypatch, capsys, line, tmp_path, over, told):
    options = [word for text in over for word in ("--over", text)]
    code, out, err = run(monkeypatch, capsys, line, *options, "--store", tmp_path / "out.zarr")
    assert code == 2
    assert out == ""
    assert told in err
    assert err.startswith("mcfiber: ")
    assert err.count("\n") == 1
    assert not (tmp_path / "out.zarr").exists()


def test_sweep__a_store_of_another_sweep_or_a_full_disk(monkeypatch, capsys, line, tmp_path):
    store = tmp_path / "out.zarr"
    over = ("--over", "link.launch_power_dbm=0,1", "--store", store)
    assert run(monkeypatch, capsys, line, *over)[0] == 0
    code, _, err = run(monkeypatch, capsys, line, *over, "--save", "crosstalk:max")
    assert code == 2
    assert "belongs to another sweep (outputs differ)" in err

    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(zarr.storage._local, "_put", full)
    code, _, err = run(monkeypatch, capsys, line, "--over", "link.launch_power_dbm=0,1", "--store", tmp_path / "b.zarr")
    assert code == 2
    assert err.startswith("mcfiber: store: cannot write to")
    assert "No space left on device" in err
    assert not (tmp_path / "b.zarr").exists()


def test_sweep__points_that_cannot_exist_are_counted(monkeypatch, capsys, line):
    code, out, _ = run(monkeypatch, capsys, line, "--over", "fiber.layout.pitch_um=40,90", "--save", "crosstalk:max")
    assert code == 0
    assert "2 points; 1 cannot exist" in out
    code, out, _ = run(monkeypatch, capsys, line, "--over", "fiber.layout.pitch_um=80,90", "--json")
    assert json.loads(out)["outputs"] == {"total_net_rate": {}}
