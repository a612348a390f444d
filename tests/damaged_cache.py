"""Kernels whose files of machine code are damaged, each kind of damage in processes of its own; run by test_jit.py.

Every kind is prepared in the folder that ``NUMBA_CACHE_DIR`` names, met by a first process, and by a second one; what
they computed, complained about, loaded and compiled is printed as JSON.  Processes are forked, for loading Numba takes
longer than all that they do.
"""

import json
import os
import pickle
import resource
import shutil
import socket
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numba import njit

from mcfiber import _numba
from mcfiber._jit import kernel


@kernel
def doubled(value):
    """A helper, which is compiled before its caller and has a file of its own."""
    return 2.0 * value


@kernel("()->()")
def result(value, out):
    """value (n,), out (n,)."""
    for n in range(value.shape[0]):
        out[n] = doubled(value[n]) + 1.0


@kernel("()->()")
def other(value, out):
    """value (n,), out (n,): the same types as `result`, another result."""
    for n in range(value.shape[0]):
        out[n] = doubled(value[n]) - 1.0


FOLDER = Path(result.compiled._cache.cache_path if hasattr(result.compiled, "_cache") else "not compiled")
ASIDE = FOLDER.with_name("of_other_types")


def file_of(name: str) -> Path:
    """The file of a kernel."""
    return next(path for path in FOLDER.iterdir() if f".{name}-" in path.name)


class Gone:
    """A class that later processes do not have."""


def rewritten(change: Callable[[bytes], bytes], name: str = "result") -> Callable[[], None]:
    def damage() -> None:
        path = file_of(name)
        path.write_bytes(change(path.read_bytes()))

    return damage


def replaced(make: Callable[[Path], object], name: str = "result") -> Callable[[], None]:
    def damage() -> None:
        path = file_of(name)
        path.unlink()
        make(path)

    return damage


def instead_of_folder(make: Callable[[], object]) -> Callable[[], None]:
    def damage() -> None:
        shutil.rmtree(FOLDER)
        make()

    return damage


def flipped(place: float) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        at = min(int(place * len(content)), len(content) - 1)
        return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]

    return change


def kept(data: object = None, **different: object) -> Callable[[], None]:
    """A file that is whole, but of something that is no machine code, or made by something else."""

    def made() -> None:
        files = result.compiled._cache._cache_file
        files._source = different.get("source", files._source)
        _numba._MAKERS = different.get("makers", _numba._MAKERS)
        _numba.dumps = lambda _: pickle.dumps(data)
        result(1.0)

    def damage() -> None:
        file_of("result").unlink()
        in_child(made)

    return damage


def all_files(change: Callable[[bytes], bytes]) -> Callable[[], None]:
    def damage() -> None:
        for path in FOLDER.iterdir():
            path.write_bytes(change(path.read_bytes()))

    return damage


def filled_folder(path: Path) -> None:
    path.mkdir()
    (path / "something").touch()


def no_space() -> None:
    """A disk that takes no byte more, for this process."""
    file_of("result").unlink()
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def bound_socket(path: Path) -> None:
    here = os.open(".", os.O_RDONLY)
    os.chdir(path.parent)  # the name of a socket has at most 100 characters
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("s")
    Path("s").rename(path)
    os.fchdir(here)
    os.close(here)


def noise(size: int) -> bytes:
    return np.random.default_rng(1).bytes(size)


# What is done before the kernel is used; of the process: in the first of the two that use it.
KINDS: dict[str, Callable[[], object]] = {
    "nothing": lambda: None,
    "empty": rewritten(lambda _: b""),
    "one byte": rewritten(lambda _: b"\x80"),
    "digest alone": rewritten(lambda content: content[:32]),
    "half": rewritten(lambda content: content[: len(content) // 2]),
    "a byte missing": rewritten(lambda content: content[:-1]),
    "a byte more": rewritten(lambda content: content + b"\0"),
    "twice": rewritten(lambda content: content + content),
    "first bit": rewritten(flipped(0.0)),
    "a bit of the machine code": rewritten(flipped(0.3)),
    "a bit in the middle": rewritten(flipped(0.5)),
    "last bit": rewritten(flipped(1.0)),
    "a kilobyte of zeros": rewritten(lambda content: content[:2048] + bytes(1024) + content[3072:]),
    "zeros": rewritten(lambda content: bytes(len(content))),
    "random bytes": rewritten(lambda content: noise(len(content))),
    "few random bytes": rewritten(lambda _: noise(40)),
    "text": rewritten(lambda _: b"no machine code here\n"),
    "a pickle": rewritten(lambda _: pickle.dumps({"wrong": "thing"})),
    "a pickle of what is gone": rewritten(lambda _: pickle.dumps(Gone()).replace(b"Gone", b"Lost")),
    "Numba's own index": rewritten(lambda _: pickle.dumps("0.1") + pickle.dumps((b"stamp", {}))),
    "file of another function": lambda: shutil.copy(file_of("other"), file_of("result")),
    "file of a helper": lambda: shutil.copy(file_of("doubled"), file_of("result")),
    "file of other types": lambda: shutil.copy(ASIDE, file_of("result")),
    "whole, of something else": kept("nonsense"),
    "whole, of nothing": kept(None),
    "whole, of an empty library": kept((("name", "object", (b"", b"")), None, None)),
    "of another version of Numba": kept("nonsense", makers=("0.0",)),
    "of an older source": kept("nonsense", source=b"older"),
    "missing": lambda: file_of("result").unlink(),
    "helper missing": lambda: file_of("doubled").unlink(),
    "helper empty": rewritten(lambda _: b"", "doubled"),
    "all missing": lambda: [path.unlink() for path in FOLDER.iterdir()],
    "all cut": all_files(lambda content: content[:100]),
    "all random": all_files(lambda content: noise(len(content))),
    "an empty folder in its place": replaced(Path.mkdir),
    "a folder in its place": replaced(filled_folder),
    "a link to itself": replaced(lambda path: path.symlink_to(path.name)),
    "a link to nothing": replaced(lambda path: path.symlink_to("nothing")),
    "a link to a folder": replaced(lambda path: path.symlink_to("/")),
    "a link to zeros without end": replaced(lambda path: path.symlink_to("/dev/zero")),
    "a pipe": replaced(os.mkfifo),
    "a socket": replaced(bound_socket),
    "closed": lambda: file_of("result").chmod(0),
    "closed, all": lambda: [path.chmod(0) for path in FOLDER.iterdir()],
    "parts of files": lambda: [path.with_name(path.name + ".tmp.0").write_bytes(b"part") for path in FOLDER.iterdir()],
    "no folder": lambda: shutil.rmtree(FOLDER),
    "folder read only": lambda: FOLDER.chmod(0o555),
    "a file in place of the folder": instead_of_folder(FOLDER.touch),
    "a folder that links to itself": instead_of_folder(lambda: FOLDER.symlink_to(FOLDER.name)),
    "a folder that links to nothing": instead_of_folder(lambda: FOLDER.symlink_to("nothing")),
    "no space": no_space,
}
OF_THE_PROCESS = {"no space"}


def in_child(work: Callable[[], object]) -> object:
    """What a function returns in a forked process, or the traceback there."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = work()
        except BaseException:  # noqa: BLE001
            answer = traceback.format_exc()
        os.write(writing, json.dumps(answer).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        said = stream.read()
    _, status = os.waitpid(child, 0)
    return json.loads(said) if said else f"ended with status {status}"


def used() -> dict[str, object]:
    """What a process computes and says, and how many kernels it compiles."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        numbers = [float(one) for one in result([1.0, 2.0])]
        other(3.0)
    compiled = sum(sum(one.stats.cache_misses.values()) for one in (result.compiled, other.compiled, doubled))
    return {"result": numbers, "warnings": [f"{one.category.__name__}: {one.message}" for one in seen], "new": compiled}


def filled() -> None:
    """Fill the folder, and move what is of single precision out of it."""
    result.compiled(np.ones(1, np.float32), np.empty(1))
    file_of("result").rename(ASIDE)
    shutil.rmtree(FOLDER)
    result(1.0)
    other(1.0)


def clear(folder: Path) -> None:
    if folder.is_dir() and not folder.is_symlink():
        folder.chmod(0o755)
        shutil.rmtree(folder)
    elif folder.is_symlink() or folder.exists():
        folder.unlink()


def main() -> None:
    njit(lambda value: value + 1.0)(1.0)  # Numba makes itself ready once, here, and not in every process
    in_child(filled)
    whole = FOLDER.with_name("whole")
    shutil.copytree(FOLDER, whole)
    found = {}
    for kind, damage in KINDS.items():
        clear(FOLDER)
        shutil.copytree(whole, FOLDER)
        inside = kind in OF_THE_PROCESS
        if not inside:
            damage()
        first = in_child(lambda inside=inside, damage=damage: (damage() if inside else None, used())[1])
        found[kind] = {"first": first, "second": in_child(used)}
    clear(FOLDER)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
