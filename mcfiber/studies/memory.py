"""What fits into memory: measured, compared with what is free, and refused with numbers."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

from mcfiber.descriptions.errors import refused

_GROUP = Path("/sys/fs/cgroup")
_MACHINE = Path("/proc/meminfo")


def peak_bytes(function: Callable[[], object]) -> int:
    """Most memory that a call holds at a time, at least 1."""
    traced = tracemalloc.is_tracing()
    if traced:
        tracemalloc.reset_peak()
    else:
        tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    try:
        function()
        return max(1, tracemalloc.get_traced_memory()[1] - before)
    finally:
        if not traced:
            tracemalloc.stop()


def free_bytes() -> float:
    """Memory that is free on this machine, and for this group of processes; infinite where that is not known."""
    try:
        lines = dict(line.split(":", 1) for line in _MACHINE.read_text().splitlines())
        machine = 1024.0 * float(lines["MemAvailable"].split()[0])
    except (OSError, KeyError, ValueError):
        machine = float("inf")
    try:
        group = float((_GROUP / "memory.max").read_text()) - float((_GROUP / "memory.current").read_text())
    except (OSError, ValueError):  # no group, or no limit
        group = float("inf")
    return min(machine, max(0.0, group))


def refuse_beyond_memory(field: str, count: int, each: float, what: str, remedy: str) -> None:
    """Refuse what does not fit into memory.

    Parameters
    ----------
    field
        That asks for it.
    count
        How many.
    each
        Memory of one. [byte]
    what
        Name of many.
    remedy
        What else can be done.

    Raises
    ------
    DescriptionError
        If they need more memory than is free.
    """
    free = free_bytes()
    if count * each > free:
        msg = (
            f"{field}: {count:,} {what} need about {count * each / 1e9:,.3g} GB of memory, and {free / 1e9:,.3g} GB "
            f"are free; give at most {int(free / each):,}{remedy}"
        )
        raise refused(msg)
