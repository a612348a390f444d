"""Stores and files under two hands, on full disks, and damaged: how many are wrong, and how many end in a traceback.

    python validation/stores.py      # minutes; writes stores.json

Pairs of processes that begin one store at the same moment; disks (file systems in memory, of a few kilobytes, where
this process may mount them, else a limit on the size of files) that fill up under a result or a sweep, and have room
again; every kind of damage of `tests/damaged_stores.py` and `tests/damaged_cache.py`.
"""

import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import xarray as xr
import zarr

TESTS = Path(__file__).resolve().parent.parent / "tests"
sys.path.insert(0, str(TESTS))

import damaged_stores  # noqa: E402
from small_systems import small  # noqa: E402

import mcfiber as mcf  # noqa: E402
from mcfiber import cli  # noqa: E402
from mcfiber.result import write  # noqa: E402
from mcfiber.studies import sweeps  # noqa: E402

PAIRS, DISKS, SEED = 50, 20, 5
OVER = {"link.launch_power_dbm": [-2.0, -1.0, 0.0, 1.0, 2.0], "fiber.attenuation_db_per_km": [0.16, 0.2]}
TARGETS = ("r.nc", "r.zarr", "s.zarr", "t.zarr")  # results, and stores of sweeps along one axis and two
KEPT = ["total_net_rate", "snr"]


def in_child(work: Callable[[], object], folder: Path) -> tuple[int, int]:
    """Process and descriptor of what a forked process says on its error stream; it ends with the status of `work`."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.dup2(writing, 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.stdout, sys.stderr = (open(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))  # noqa: SIM115
        os.chdir(folder)
        code = 99
        try:
            work()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        except BaseException:  # noqa: BLE001
            import traceback

            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(writing)
    return child, reading


def ended(started: tuple[int, int]) -> tuple[int, str]:
    """Exit status of a child (minus the signal that ended it), and what it said."""
    with os.fdopen(started[1], encoding="utf-8", errors="replace") as stream:
        said = stream.read()
    _, status = os.waitpid(started[0], 0)
    return os.waitstatus_to_exitcode(status), said


def same(found: xr.Dataset, expected: xr.Dataset) -> bool:
    """Whether every number and coordinate is the same."""
    return set(found.variables) == set(expected.variables) and all(
        found[name].equals(expected[name]) for name in expected.variables
    )


# ---------------------------------------------------------------------------------------------------------
# two hands


def pairs(count: int) -> dict[str, int]:
    """Let pairs of processes begin one store, a little apart from each other."""
    over = OVER | {"transceiver.format": ["QPSK", "16QAM"]}
    expected, random = mcf.sweep(small(), over, outputs=KEPT).load(), np.random.default_rng(SEED)
    result = {"pairs": count, "exit_0": 0, "wrong": 0, "tracebacks": 0}
    for _ in range(count):
        apart = float(random.exponential(0.02))
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "both.zarr"

            def work(wait: float, path: Path = path) -> None:
                time.sleep(wait)
                with patch.object(sweeps, "LARGEST_BLOCK", 2):
                    mcf.sweep(small(), over, outputs=KEPT, store=path, workers=2)

            started = [in_child(lambda wait=wait: work(wait), Path(name)) for wait in (0.0, apart)]
            answers = [ended(one) for one in started]
            result["exit_0"] += sum(status == 0 for status, _ in answers)
            result["tracebacks"] += sum("Traceback" in said for _, said in answers)
            with mcf.open_result(path) as both:
                whole = same(both.load(), expected) and [one.name for one in Path(name).iterdir()] == [path.name]
            if not whole or any(status for status, _ in answers):
                result["wrong"] += 1
                print(f"pair {apart:.4f} s apart: {'whole' if whole else 'not whole'}, {answers}")
    return result


# ---------------------------------------------------------------------------------------------------------
# full disks


@contextmanager
def small_disk(kilobytes: int) -> Iterator[tuple[Path, Callable[[], None]]]:
    """A file system of this size, and what makes it larger; without the right to mount, no disk at all."""
    with tempfile.TemporaryDirectory() as name:
        size = f"size={kilobytes}k"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", name], check=True, capture_output=True)
        try:
            larger = ["mount", "-o", "remount,size=64m", name]
            yield Path(name), lambda: subprocess.run(larger, check=True, capture_output=True)
        finally:
            subprocess.run(["umount", name], check=True, capture_output=True)


@contextmanager
def limited_files(kilobytes: int) -> Iterator[tuple[Path, Callable[[], None]]]:
    """A folder where no file of this process becomes larger, until that is lifted."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with tempfile.TemporaryDirectory() as name:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * kilobytes // 40, before[1]))
        try:
            yield Path(name), lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


def may_mount() -> bool:
    """Whether this process may mount file systems."""
    try:
        with small_disk(64):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def command(*arguments: object) -> Callable[[], None]:
    """The command line in a child."""

    def work() -> None:
        sys.argv = ["mcfiber", *map(str, arguments)]
        with patch.object(sweeps, "LARGEST_BLOCK", 10):
            cli.main()

    return work


def disks(count: int, targets: Sequence[str] = TARGETS, *, mount: bool = True) -> dict[str, Any]:
    """Fill disks under a result and a sweep; then give them room, and do the same again."""
    kind = small_disk if mount and may_mount() else limited_files
    result = {"disks": count, "of": kind.__name__, "full": 0, "wrong": 0, "tracebacks": 0}
    with tempfile.TemporaryDirectory() as name:
        described = Path(name) / "my.toml"
        described.write_text(small(channels=60).to_toml())
        room = {target: _needed(described, target) for target in targets}
        shares = np.linspace(0.1, 0.9, -(-count // len(targets)))
        cases = [(max(8, int(share * room[target]) // 4 * 4), target) for share in shares for target in targets]
        for size, target in cases[:count]:
            with kind(size) as (folder, larger):
                work = _writing(described, target)
                status, said = ended(in_child(work, folder))
                full = status == 2
                left = sorted(path.name for path in folder.iterdir())
                wrong = not full and status != 0
                wrong |= full and (said.count("\n") != 1 or not said.startswith("mcfiber: ") or target not in said)
                wrong |= full and (target.startswith("r") and bool(left))
                larger()
                again, more = ended(in_child(work, folder)) if full else (0, "")
                wrong |= again != 0 or bool(more)
                wrong |= not _readable(folder / target)
                if wrong:
                    print(f"disk of {size} kB under {target}: {status} {said!r}, left {left}; {again} {more!r}")
                result["full"] += full
                result["wrong"] += bool(wrong)
                result["tracebacks"] += "Traceback" in said + more
    return result


def _needed(described: Path, target: str) -> int:
    """Kilobytes that a target takes, in blocks of four."""
    with tempfile.TemporaryDirectory() as name:
        ended(in_child(_writing(described, target), Path(name)))
        files = [path for path in Path(name).rglob("*") if path.is_file()]
        return sum(4 * -(-path.stat().st_size // 4096) for path in files)


def _writing(described: Path, target: str) -> Callable[[], None]:
    if target.startswith("r"):
        return command("run", described, "--samples", 1, "--output", target)
    over = ["link.launch_power_dbm=-4:4:30"]
    if target == "t.zarr":
        over = ["link.launch_power_dbm=-4:4:5", "fiber.layout.pitch_um=38:45:4"]
    axes = [word for one in over for word in ("--over", one)]
    return command("sweep", described, *axes, "--save", "snr", "--store", target)


def _readable(path: Path) -> bool:
    with mcf.open_result(path) as found:
        loaded = found.load()
    return bool((loaded["status"] == 0).all()) and bool(np.isfinite(loaded["snr"]).all())


# ---------------------------------------------------------------------------------------------------------
# damage


def damaged_stores_of_sweeps() -> dict[str, int]:
    """Damage a store in every way; open it, and sweep again."""
    result = {"kinds": 0, "mended": 0, "refused": 0, "wrong": 0, "tracebacks": 0}
    with patch.object(sweeps, "LARGEST_BLOCK", 2), tempfile.TemporaryDirectory() as name:
        expected = mcf.sweep(small(), OVER, outputs=KEPT)
        whole = Path(name) / "whole.zarr"
        mcf.sweep(small(), OVER, outputs=KEPT, store=whole)
        harms: dict[str, Callable[[Path], Any]] = {
            kind: lambda path, place=place, harm=harm: harm(path / place)
            for kind, (place, harm) in damaged_stores.MENDED.items()
        }
        for number, note in enumerate(damaged_stores.ODD_NOTES):
            harms[f"notes {number}"] = lambda path, note=note: (path / "zarr.json").write_text(note)
        for number, block in enumerate(damaged_stores.ODD_BLOCKS):
            harms[f"blocks {number}"] = lambda path, block=block: damaged_stores.with_block(path, block)
        for kind, harm in harms.items():
            path = Path(name) / "designs.zarr"
            shutil.copytree(whole, path)
            harm(path)
            answer = _swept_again(path, expected)
            result["kinds"] += 1
            result[answer] += 1
            wanted = "mended" if kind in damaged_stores.MENDED else "refused"
            if answer != wanted:
                print(f"store with {kind}: {answer}")
                result["wrong"] += answer != "wrong"
            shutil.rmtree(path)
    return result


def _swept_again(path: Path, expected: xr.Dataset) -> str:
    try:
        found = mcf.sweep(small(), OVER, outputs=KEPT, store=path)
        return "mended" if same(found.load(), expected) else "wrong"
    except mcf.DescriptionError:
        return "refused"
    except Exception as error:  # noqa: BLE001
        print(repr(error))
        return "tracebacks"


def damaged_results() -> dict[str, int]:
    """Damage results in every way, and open and read them."""
    result = {"kinds": 0, "refused": 0, "told_when_read": 0, "wrong": 0, "tracebacks": 0}
    dataset = small().evaluate()
    kinds: list[tuple[str, str, Callable[[Path], Any]]] = [
        (f"folder, {kind}", ".zarr", lambda path, place=place, harm=harm: harm(path / place))
        for kind, (place, harm) in damaged_stores.OF_FOLDER.items()
    ]
    kinds += [(f"file, {kind}", ".nc", harm) for kind, harm in damaged_stores.OF_FILE.items()]
    for kind, suffix, harm in kinds:
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / f"r{suffix}"
            write(dataset, path)
            harm(path)
            answer = _opened(path)
        result["kinds"] += 1
        result[answer] += 1
        if answer in ("wrong", "tracebacks"):
            print(f"{kind}: {answer}")
    return result


def _opened(path: Path) -> str:
    try:
        found = mcf.open_result(path)
    except mcf.DescriptionError:
        return "refused"
    except Exception as error:  # noqa: BLE001
        print(repr(error))
        return "tracebacks"
    try:
        with found:
            found.load()
    except Exception:  # noqa: BLE001  (checksums: the library that reads tells)
        return "told_when_read"
    return "wrong"


def damaged_caches() -> dict[str, int]:
    """Damage files of compiled kernels in every way; what `tests/damaged_cache.py` tells."""
    with tempfile.TemporaryDirectory() as name:
        done = subprocess.run(
            [sys.executable, str(TESTS / "damaged_cache.py")],
            env=os.environ | {"NUMBA_CACHE_DIR": name},
            capture_output=True,
            text=True,
            check=False,
        )
    told = json.loads(done.stdout)
    answers = [one[which] for one in told.values() for which in ("first", "second")]
    return {
        "kinds": len(told),
        "wrong": sum(not isinstance(one, dict) or one["result"] != [3.0, 5.0] for one in answers),
        "warned_of": sum(bool(one["first"]["warnings"]) for one in told.values() if isinstance(one["first"], dict)),
        "tracebacks": sum(not isinstance(one, dict) for one in answers) + done.stderr.count("Traceback"),
    }


def main() -> None:
    """Run all, and write the record beside this script."""
    began = time.monotonic()
    record: dict[str, Any] = {
        "command": "python validation/stores.py",
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "xarray": xr.__version__,
            "zarr": zarr.__version__,
        },
        "seed": SEED,
    }
    for name, part in {
        "damaged_stores": damaged_stores_of_sweeps,
        "damaged_results": damaged_results,
        "full_disks": lambda: disks(DISKS),
        "pairs": lambda: pairs(PAIRS),
        "damaged_caches": damaged_caches,
    }.items():
        record[name] = part()
        print(name, record[name], f"{time.monotonic() - began:.0f} s", flush=True)
    record["seconds"] = round(time.monotonic() - began)
    Path(__file__).with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
