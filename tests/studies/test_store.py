import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import nobody
import numpy as np
import pytest
import stores
import sweep_until_killed
import xarray as xr
import zarr
from damaged_stores import MENDED, ODD_BLOCKS, ODD_NOTES, OF_FILE, OF_FOLDER, with_block
from small_systems import small
from sweep_until_killed import sweep

import mcfiber as mcf
from mcfiber.files import AtWork
from mcfiber.studies import outputs, sweeps
from mcfiber.studies.axes import grid_or_paired
from mcfiber.studies.store import Store

LAUNCH, LOSS = "link.launch_power_dbm", "fiber.attenuation_db_per_km"
OVER = {LAUNCH: [-2.0, -1.0, 0.0, 1.0, 2.0], LOSS: [0.16, 0.2]}
LOOKS = 2
SCRIPT = Path(sweep_until_killed.__file__)


def files(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def blocks_of_two(monkeypatch):
    monkeypatch.setattr(sweeps, "LARGEST_BLOCK", 2)


@pytest.fixture
def counted(monkeypatch):
    """Count evaluations, less the two that look what is to come."""
    whole, calls = outputs.quantities, []
    monkeypatch.setattr(outputs, "quantities", lambda *a, **k: calls.append(1) or whole(*a, **k))
    return lambda: len(calls) - LOOKS


def test_store__equals_memory_and_reads_lazily(tmp_path, blocks_of_two):
    over = OVER | {"transceiver.format": ["QPSK", "16QAM"]}
    kept = ["total_net_rate", "crosstalk:max", "snr"]
    memory = mcf.sweep(small(), over, outputs=kept)
    store = mcf.sweep(small(), over, outputs=kept, store=tmp_path / "designs.zarr")
    reopened = mcf.open_result(tmp_path / "designs.zarr")
    assert not reopened["snr"].variable._in_memory
    assert reopened["status"].dtype == np.uint8
    for name in memory.data_vars:
        np.testing.assert_array_equal(store[name], memory[name])
        assert reopened[name].attrs == memory[name].attrs
    for name in memory.coords:
        np.testing.assert_array_equal(reopened[name], memory[name])
        assert reopened[name].attrs == memory[name].attrs
    assert reopened.mcf.provenance == memory.mcf.provenance
    assert float(reopened["snr"].sel(wavelength=1553, method="nearest").isel(core=0).mean()) > 0
    assert reopened["snr"].encoding["chunks"] == (1, 2, 1, 7, 4)


def test_store__a_finished_sweep_computes_nothing_again(tmp_path, blocks_of_two, counted):
    mcf.sweep(small(), OVER, store=tmp_path / "designs.zarr")
    assert counted() == 5
    before = files(tmp_path)
    told = []
    mcf.sweep(small(), OVER, store=tmp_path / "designs.zarr", progress=lambda *numbers: told.append(numbers))
    assert counted() == 5 + LOOKS
    assert told == [(5, 5)]
    assert files(tmp_path) == before


def test_store__resumes_with_its_own_blocks_and_clears_leftovers(tmp_path, monkeypatch, blocks_of_two, counted):
    path = tmp_path / "designs.zarr"
    mcf.sweep(small(), OVER, store=path)
    zarr.open_group(str(path), mode="r+")["status"][2:4] = 255
    leftover = path / "total_net_rate" / "c" / "0" / "0.123abc.partial"
    leftover.write_bytes(b"half")
    monkeypatch.setattr(sweeps, "LARGEST_BLOCK", 4096)
    before = counted()
    result = mcf.sweep(small(), OVER, store=path, memory_mb=500)
    assert counted() - before == LOOKS + 2
    assert not leftover.exists()
    np.testing.assert_array_equal(result["total_net_rate"], mcf.sweep(small(), OVER)["total_net_rate"])


def test_store__what_is_not_computed_yet_has_status_255_and_is_nan(tmp_path, monkeypatch, blocks_of_two):
    path = tmp_path / "designs.zarr"

    def stop(done, _total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mcf.sweep(small(), OVER, store=path, progress=stop, workers=1)
    there = mcf.open_result(path)
    done = there["status"] == 0
    assert 4 <= int(done.sum()) < 10
    assert (there["status"].where(~done, 255) == 255).all()
    assert (there["total_net_rate"].notnull() == done).all()
    finished = mcf.sweep(small(), OVER, store=path)
    np.testing.assert_array_equal(finished["total_net_rate"], mcf.sweep(small(), OVER)["total_net_rate"])


@pytest.mark.parametrize(
    ("system", "over", "options", "told"),
    [
        ({LOSS: 0.21}, {LAUNCH: [1.0, 2.0]}, {}, "system differ"),
        ({}, {LAUNCH: [1.0, 2.5]}, {}, "axes differ"),
        ({}, {LAUNCH: [1.0, 2.0, 3.0]}, {}, "axes differ"),
        ({}, {LOSS: [0.18, 0.2]}, {}, "axes differ"),
        ({}, {LAUNCH: [1.0, 2.0]}, {"outputs": ["crosstalk:max"]}, "outputs differ"),
        ({"link.span_count": 3}, {LOSS: [0.18, 0.2]}, {}, "system and axes differ"),
    ],
)
def test_store__another_sweep_is_refused_and_left_alone(tmp_path, system, over, options, told):
    path = tmp_path / "designs.zarr"
    mcf.sweep(small(), {LAUNCH: [1.0, 2.0]}, store=path)
    before = files(tmp_path)
    with pytest.raises(mcf.DescriptionError, match=f"belongs to another sweep.*{told}"):
        mcf.sweep(small().replace(system), over, store=path, **options)
    assert files(tmp_path) == before


def test_store__another_version_is_refused(tmp_path):
    path = tmp_path / "designs.zarr"
    mcf.sweep(small(), {LAUNCH: [1.0, 2.0]}, store=path)
    note = path / "zarr.json"
    table = json.loads(note.read_text())
    provenance = json.loads(table["attributes"]["mcfiber"])
    provenance["sweep"]["version"] = "0.0.1"
    table["attributes"]["mcfiber"] = json.dumps(provenance)
    note.write_text(json.dumps(table))
    with pytest.raises(mcf.DescriptionError, match="version differ"):
        mcf.sweep(small(), {LAUNCH: [1.0, 2.0]}, store=path)


@pytest.mark.parametrize("kind", ["folder", "result", "zarr"])
def test_store__a_folder_of_something_else_is_refused_and_left_alone(tmp_path, kind):
    path = tmp_path / "designs.zarr"
    if kind == "folder":
        path.mkdir()
        (path / "thesis.tex").write_text("years of work")
    elif kind == "result":
        small().evaluate().drop_vars(["band", "wavelength", "frequency"]).to_zarr(path, consolidated=False)
    else:
        zarr.open_group(str(path), mode="w")
    before = files(tmp_path)
    with pytest.raises(mcf.DescriptionError, match="something else than a sweep"):
        mcf.sweep(small(), {LAUNCH: [1.0, 2.0]}, store=path)
    assert files(tmp_path) == before


def test_store__a_path_that_cannot_be_a_folder_is_an_error(tmp_path):
    (tmp_path / "file").write_text("here")
    for path in (tmp_path / "file", tmp_path / "file" / "designs.zarr"):
        with pytest.raises(OSError, match=r"store: cannot write to .*file"):
            mcf.sweep(small(), {LAUNCH: [1.0, 2.0]}, store=path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


SWEEP = """
from small_systems import small
import mcfiber as mcf
try:
    mcf.sweep(small(), {"link.launch_power_dbm": [1.0, 2.0]}, store="locked/designs.zarr")
except PermissionError as error:
    print(error.strerror)
"""


def test_store__a_folder_without_permission_is_an_error(tmp_path):
    tests = Path(sweep_until_killed.__file__).parent
    paths = os.pathsep.join([str(tests), str(tests.parent)])
    (tmp_path / "locked").mkdir(mode=0o555)
    done = nobody.run(SWEEP, tmp_path, PYTHONPATH=paths)
    assert not list((tmp_path / "locked").iterdir())
    assert done.stdout.startswith("store: cannot write to "), done.stderr
    assert done.stdout.endswith("designs.zarr': Permission denied\n")


def test_store__an_empty_folder_is_taken_and_a_killed_beginning_is_replaced(tmp_path):
    path = tmp_path / "designs.zarr"
    path.mkdir()
    beginning = tmp_path / ".designs.zarr.0123abcd.partial"
    beginning.mkdir()
    (beginning / "zarr.json").write_text("{")
    result = mcf.sweep(small(), {LAUNCH: [1.0, 2.0]}, store=path)
    assert (result["status"] == 0).all()
    assert not beginning.exists()


def test_store__a_full_disk_is_an_error_that_leaves_finished_blocks_and_resumes(tmp_path, monkeypatch, blocks_of_two):
    path = tmp_path / "designs.zarr"
    whole, written = zarr.storage._local._put, []

    def full(where, value, *args, **kwargs):
        if path in where.parents and "status" not in where.parts and len(written) >= 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if path in where.parents:
            written.append(where)
        return whole(where, value, *args, **kwargs)

    monkeypatch.setattr(zarr.storage._local, "_put", full)
    with pytest.raises(OSError, match=r"cannot write to .*No space left.*the same sweep resumes") as caught:
        mcf.sweep(small(), OVER, store=path, workers=1)
    assert caught.value.errno == errno.ENOSPC
    before = files(path)
    there = mcf.open_result(path)
    assert 0 < int((there["status"] == 0).sum()) < 10
    assert (there["total_net_rate"].notnull() | (there["status"] == 255)).all()
    with pytest.raises(OSError, match="No space left"):  # still full
        mcf.sweep(small(), OVER, store=path, workers=1)
    assert {name: files(path)[name] for name in before} == before
    monkeypatch.undo()
    result = mcf.sweep(small(), OVER, store=path)
    np.testing.assert_array_equal(result["total_net_rate"], mcf.sweep(small(), OVER)["total_net_rate"])


def test_store__a_full_disk_at_the_beginning_leaves_nothing(tmp_path, monkeypatch):
    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(zarr.storage._local, "_put", full)
    with pytest.raises(OSError, match="No space left"):
        mcf.sweep(small(), {LAUNCH: [1.0, 2.0]}, store=tmp_path / "designs.zarr")
    assert not list(tmp_path.iterdir())


# ---------------------------------------------------------------------------------------------------------
# several at once, and what is lost or damaged


def test_store__several_that_begin_it_share_a_whole_one(tmp_path, blocks_of_two):
    """Each beginning is of its own; one becomes the store, with every coordinate, and the others resume it."""
    over = OVER | {"transceiver.format": ["QPSK", "16QAM"]}
    axes = grid_or_paired(small(), over)
    plan, _ = sweeps.probe(axes, partial(outputs.evaluated, texts=("total_net_rate", "snr", "status")), 100.0)
    expected = mcf.sweep(small(), over, outputs=["total_net_rate", "snr"], store=tmp_path / "alone.zarr")
    for number in range(6):
        path, start = tmp_path / f"{number}.zarr", threading.Barrier(4)

        def begin(_, path=path, start=start):
            start.wait()
            return len(Store(path, axes, plan, (1, 2, 1)).missing())

        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(begin, range(4))) == {10}
        begun = mcf.open_result(path)
        for name in expected.coords:
            np.testing.assert_array_equal(begun[name], expected[name])
    assert len(list(tmp_path.iterdir())) == 7


def test_store__two_processes_at_once_both_finish(tmp_path):
    path, environment = (
        tmp_path / "both.zarr",
        os.environ | {"PYTHONPATH": os.pathsep.join([str(SCRIPT.parent), *sys.path])},
    )
    running = [
        subprocess.Popen([sys.executable, str(SCRIPT), str(path), "0.0"], env=environment, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    told = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], told
    both = mcf.open_result(path)
    expected = sweep()
    for name in expected.variables:
        np.testing.assert_array_equal(both[name], expected[name])
    assert list(tmp_path.iterdir()) == [path]


def test_store__a_half_written_chunk_of_another_that_is_at_work_stays(tmp_path, blocks_of_two):
    path = tmp_path / "designs.zarr"
    mcf.sweep(small(), OVER, store=path)
    leftover = path / "total_net_rate" / "c" / "0" / "0.123abc.partial"
    leftover.write_bytes(b"half")
    working = AtWork(path)
    mcf.sweep(small(), OVER, store=path)
    assert leftover.exists()
    del working
    mcf.sweep(small(), OVER, store=path)
    assert not leftover.exists()


def test_store__is_opened_while_others_write_to_it(tmp_path, blocks_of_two):
    path = tmp_path / "designs.zarr"
    expected = mcf.sweep(small(), OVER, store=path)
    for name in ("status", "total_net_rate"):
        (path / name / "c" / "0" / "0.123abc.partial").write_bytes(b"half")
    np.testing.assert_array_equal(mcf.open_result(path)["total_net_rate"], expected["total_net_rate"])


@pytest.mark.parametrize("damage", MENDED)
def test_store__what_is_lost_or_damaged_is_made_again(tmp_path, blocks_of_two, damage):
    place, harm = MENDED[damage]
    kept = ["total_net_rate", "snr"]
    path, expected = tmp_path / "designs.zarr", mcf.sweep(small(), OVER, outputs=kept)
    mcf.sweep(small(), OVER, outputs=kept, store=path)
    harm(path / place)
    mended = mcf.sweep(small(), OVER, outputs=kept, store=path)
    for name in expected.variables:
        np.testing.assert_array_equal(mended[name], expected[name])
        assert mended[name].attrs == expected[name].attrs
    before = files(path)
    mcf.sweep(small(), OVER, outputs=kept, store=path)
    assert files(path) == before


@pytest.mark.parametrize("damage", MENDED)
def test_store__what_is_lost_or_damaged_is_never_shown_as_computed(tmp_path, blocks_of_two, damage):
    place, harm = MENDED[damage]
    kept = ["total_net_rate", "snr"]
    path, expected = tmp_path / "designs.zarr", mcf.sweep(small(), OVER, outputs=kept)
    mcf.sweep(small(), OVER, outputs=kept, store=path)
    harm(path / place)
    try:
        with mcf.open_result(path) as opened:
            found = opened.load()
    except (OSError, ValueError, RuntimeError) as error:  # refused, or a checksum told when the numbers were read
        told = str(error)
    else:
        told = ""
    if told:
        assert "\n" not in told
        return
    done = found["status"] == 0
    for name in expected.variables:
        if name != "status":
            hidden = [values.where(done) if name in kept else values for values in (found[name], expected[name])]
            np.testing.assert_array_equal(*hidden, err_msg=name)


@pytest.mark.parametrize("block", ODD_BLOCKS)
def test_store__odd_notes_on_blocks_are_refused(tmp_path, block):
    path = tmp_path / "designs.zarr"
    mcf.sweep(small(), OVER, store=path)
    with_block(path, block)
    before = files(path)
    with pytest.raises(mcf.DescriptionError, match=r"notes in .* on its blocks are damaged; remove it"):
        mcf.sweep(small(), OVER, store=path)
    assert files(path) == before


@pytest.mark.parametrize("note", ODD_NOTES)
def test_store__odd_notes_are_refused(tmp_path, note):
    path = tmp_path / "designs.zarr"
    path.mkdir()
    (path / "zarr.json").write_text(note)
    with pytest.raises(mcf.DescriptionError, match="something else than a sweep"):
        mcf.sweep(small(), OVER, store=path)


# ---------------------------------------------------------------------------------------------------------
# kills


def kill_and_resume(path, expected, random):
    """Kill a sweep at a random moment, check what it left, resume and compare."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(SCRIPT.parent), *sys.path])}
    process = subprocess.Popen([sys.executable, str(SCRIPT), str(path), "0.01"], env=environment)
    deadline = time.monotonic() + 120
    while not path.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(random.uniform(0.0, 0.5))
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = mcf.open_result(path)
    done = left["status"] == 0
    assert ((left["status"] == 255) | done).all()
    for name in ("total_net_rate", "crosstalk_max", "snr_min"):
        np.testing.assert_array_equal(left[name].where(done), expected[name].where(done))
    finished = sweep(path)
    for name in expected.data_vars:
        np.testing.assert_array_equal(finished[name], expected[name])
    assert not list(path.rglob("*.partial"))
    return float(done.mean())


def test_store__resumes_after_kills(tmp_path, monkeypatch):
    monkeypatch.setattr(sweeps, "LARGEST_BLOCK", 12)
    expected, random = sweep(), np.random.default_rng(1)
    shares = [kill_and_resume(tmp_path / f"{number}.zarr", expected, random) for number in range(2)]
    assert min(shares) < 1.0


@pytest.mark.validate
def test_store__resumes_after_twenty_kills(tmp_path, monkeypatch):
    monkeypatch.setattr(sweeps, "LARGEST_BLOCK", 12)
    expected, random = sweep(), np.random.default_rng(2)
    shares = [kill_and_resume(tmp_path / f"{number}.zarr", expected, random) for number in range(20)]
    assert sum(0.0 < share < 1.0 for share in shares) >= 10


# ---------------------------------------------------------------------------------------------------------
# beyond this machine's threads


@pytest.fixture(scope="module")
def cluster():
    dask = pytest.importorskip("dask")
    distributed = pytest.importorskip("distributed")
    settings = mcf.cluster_settings() | {"distributed.comm.timeouts.connect": "60s"}
    with (
        dask.config.set(settings),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_cluster__workers_compute_with_one_thread(cluster):
    seen = cluster.run(lambda: os.environ["NUMBA_NUM_THREADS"])
    assert set(seen.values()) == {"1"}
    assert len(seen) == 2


def test_cluster__same_bits_as_threads_with_and_without_a_store(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(sweeps, "LARGEST_BLOCK", 12)
    here = sweep()
    beyond = sweep(client=cluster)
    stored = sweep(tmp_path / "designs.zarr", client=cluster)
    for name in here.data_vars:
        np.testing.assert_array_equal(beyond[name], here[name])
        np.testing.assert_array_equal(stored[name], here[name])


def test_cluster__a_refused_block_is_marked(cluster):
    table = {"wavelength_nm": [1550.0, 1560.0], "value": [0.2, 0.2]}
    over = {LAUNCH: [0.0], LOSS: [0.2, table]}  # the first is probed, the second does not cover the channels
    found = mcf.sweep(small().replace({"spectrum.groups.0.lowest_frequency_thz": 194.0}), over, client=cluster)
    assert found["status"].values.tolist() == [[0, 14]]
    assert np.isnan(found["total_net_rate"].values).tolist() == [[False, True]]


def test_cluster__a_worker_that_dies_in_the_middle_costs_nothing_but_time(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(sweeps, "LARGEST_BLOCK", 4)
    expected = mcf.sweep(small(), OVER)
    victims = [cluster.run(os.getpid)[next(iter(cluster.scheduler_info()["workers"]))]]

    def kill(done, _total):
        if done >= 1 and victims:
            os.kill(victims.pop(), signal.SIGKILL)

    result = mcf.sweep(small(), OVER, store=tmp_path / "designs.zarr", client=cluster, progress=kill)
    assert not victims
    xr.testing.assert_equal(result["total_net_rate"].load(), expected["total_net_rate"])


# ---------------------------------------------------------------------------------------------------------
# the record


def test_record__of_stores_is_of_the_script_and_nothing_is_wrong():
    record = json.loads(Path(stores.__file__).with_suffix(".json").read_text())
    assert (record["pairs"]["pairs"], record["full_disks"]["full"]) == (stores.PAIRS, stores.DISKS)
    assert record["damaged_stores"]["kinds"] == len(MENDED) + len(ODD_NOTES) + len(ODD_BLOCKS)
    assert record["damaged_results"]["kinds"] == len(OF_FOLDER) + len(OF_FILE)
    parts = [part for part in record.values() if isinstance(part, dict) and "wrong" in part]
    assert len(parts) == 5
    assert all(part["wrong"] == part["tracebacks"] == 0 for part in parts)


def _apart(code):
    """Answer of a program that knows `stores`: it forks, which a process with the threads of a cluster must not."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    program = f"import json, stores; print(json.dumps({code}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("target", ["r.nc", "r.zarr", "s.zarr", "t.zarr"])
def test_disk__without_room_is_a_sentence_and_leaves_what_resumes(target):
    found = _apart(f"stores.disks(1, targets=({target!r},), mount=False)")
    assert (found["of"], found["full"], found["wrong"], found["tracebacks"]) == ("limited_files", 1, 0, 0)


def test_pairs__that_begin_one_store_both_end_well():
    assert _apart("stores.pairs(2)") == {"pairs": 2, "exit_0": 4, "wrong": 0, "tracebacks": 0}
