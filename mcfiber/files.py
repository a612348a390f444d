"""Files that are whole or not there: written beside, under a name that nobody else takes, then renamed.

Whoever writes holds a lock on what is being written, which ends with the process; so what a killed one left is told
from what another one is writing.
"""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

HAVE_LOCKS = find_spec("fcntl") is not None
"""Whether the system has these locks; without them leftovers of killed processes stay."""

if HAVE_LOCKS:
    import fcntl


@contextmanager
def beside(path: Path, *, folder: bool = False) -> Iterator[Path]:
    """Make a new file beside a path, for the caller to fill and to rename; else it is removed.

    Parameters
    ----------
    path
        What is to be made in the end.
    folder
        Whether it is a folder. It is then for the caller to make, within one that stays locked: libraries make the
        folder that they write anew, and a lock would stay with the old one.
    """
    _clear_leftovers(path)
    own, lock = _made(path, folder=folder)
    try:
        yield own / path.name if folder else own
    finally:
        remove(own)  # gone already if it was renamed
        _release(lock)


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file so that its name always stands for a whole one: the old or the new.

    Raises
    ------
    OSError
        If it cannot be written; the old file is as it was.

    References
    ----------
    .. [1] IEEE Std 1003.1-2017 (POSIX), rename(): a new name stands for the old or the new file at any time.
    """
    try:
        with beside(path) as own:
            with own.open("r+b") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            own.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> OSError:
    """Make the same error of the path that a user knows."""
    return OSError(error.errno, error.strerror or str(error), str(path))


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there; never what a link leads to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Tell whether nobody else is at work on a file or folder, and keep it so meanwhile."""
    lock = _locked(path, alone=True)
    try:
        yield lock is not None
    finally:
        _release(lock)


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Wait until nobody else is between these lines for the same folder, in this process or another."""
    lock = _locked(folder, wait=True)
    try:
        yield
    finally:
        _release(lock)


class AtWork:
    """Says that somebody is at work on a file or folder, until it is released or the process ends.

    Parameters
    ----------
    path
        Of the file or folder.
    """

    def __init__(self, path: Path) -> None:
        self._lock = _locked(path)

    def __del__(self) -> None:
        _release(self._lock)


def _made(path: Path, *, folder: bool) -> tuple[Path, int | None]:
    while True:
        own = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
        with suppress(FileExistsError):
            own.mkdir() if folder else own.touch(exist_ok=False)
            lock = _locked(own)
            if own.exists():
                return own, lock
            _release(lock)  # another process cleared it before it was locked


def _clear_leftovers(path: Path) -> None:
    """Remove what killed processes left beside a path."""
    mine = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{8}}\.partial")
    for left in path.parent.iterdir() if path.parent.is_dir() else ():
        if mine.fullmatch(left.name) and not left.is_symlink():
            with alone(left) as free:
                if free:
                    remove(left)


def _locked(path: Path, *, alone: bool = False, wait: bool = False) -> int | None:
    """Lock a file or folder, with others, alone if that is possible, or alone after a wait; None where it is not."""
    if not HAVE_LOCKS:
        return None
    descriptor = None
    try:
        descriptor = os.open(path, os.O_RDONLY)
        exclusive = fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB
        fcntl.flock(descriptor, exclusive if alone or wait else fcntl.LOCK_SH)
    except OSError:  # gone, held by another, or on a file system without locks
        _release(descriptor)
        return None
    return descriptor


def _release(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)
