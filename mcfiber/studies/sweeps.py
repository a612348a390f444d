"""Many systems at once: sweeps in blocks, in memory or in a store, on this machine or beyond it.

The axes of a sweep and a memory budget fix its blocks; who computes a block, and in which order, changes no number.
"""

import itertools
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from mcfiber.arguments import NUMBER, PATH, SEED, TABLE, TEXT, THREADS, arguments, real, several, whole
from mcfiber.descriptions.errors import DescriptionError, refused
from mcfiber.descriptions.record import axes as axes_of
from mcfiber.extras import attempt_import
from mcfiber.studies.axes import Arrangement, Axes, Block, grid_or_paired, sampled
from mcfiber.studies.memory import peak_bytes
from mcfiber.studies.outputs import Output, PointRefused, checked, evaluated, impossible, placed, planned
from mcfiber.studies.store import Arrays, Memory, Store, Writer
from mcfiber.typing import AnyArray

if TYPE_CHECKING:
    from distributed import Client

    from mcfiber.descriptions.cable import Cable
    from mcfiber.descriptions.system import System
    from mcfiber.studies.axes import Subject

LARGEST_BLOCK = 4096
"""Points of a block at most: a second of work, so that progress and resuming are fine-grained."""

PROBED = 64
"""Points whose evaluation tells the memory of a point."""

Task = tuple[Block, "Subject | None"]

Kept = Callable[["Subject"], dict[str, xr.Variable]]

Run = Callable[[Block, "Subject | None"], tuple[Block, Arrays | None]]


@arguments(
    over=TABLE,
    outputs=several(TEXT, alone=True, least=0),
    samples=whole(low=1),
    draws=whole(low=1),
    seed=SEED,
    store=PATH,
    workers=THREADS,
    memory_mb=real(above=0, high=1e9, dims=NUMBER),
)
def sweep(
    system: "System | Cable",
    over: Mapping[str, Any],
    *,
    outputs: Sequence[str] | str = ("total_net_rate",),
    arrangement: Arrangement = "grid",
    samples: int | None = None,
    draws: int | None = None,
    seed: int = 0,
    store: str | Path | None = None,
    client: "Client | None" = None,
    workers: int | None = None,
    memory_mb: float = 128.0,
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Evaluate a system over many values of its fields.

    Parameters
    ----------
    system
        The system, or the cable, at the centre.
    over
        Values by path, as in ``{"fiber.layout.pitch_um": np.linspace(30, 50, 41)}``.  Numbers become axes of one
        evaluation; words, whole numbers (core count) and descriptions are looped over.
    outputs
        Variables to keep; ``"crosstalk:max"`` keeps the largest over cores and channels (also min and mean).
    arrangement
        "grid": all combinations, one dimension for each path.  "paired": the first values together, then the second
        ...; one dimension `point`.
    samples
        With a number of samples, `over` holds ranges ``(low, high)``, filled evenly by a scrambled Sobol sequence
        along the dimension `sample`; the first n of N samples are the same for any N.
    draws
        Number of random realisations of every point, in the dimension `draw`; the same ones at every point.
    seed
        Of samples and draws.
    store
        Folder of a Zarr store to write to and to resume from; without one the result is kept in memory.
    client
        A ``distributed.Client``; without one, threads of this machine work.
    workers
        Number of threads (all processors by default).
    memory_mb
        Memory that one block may take; every worker has one block at a time.
    progress
        Called with the number of finished blocks and of all blocks.

    Returns
    -------
    xarray.Dataset
        The outputs over the dimensions of the sweep, and `status`; read lazily from the store if there is one.
        Points that cannot exist, are refused or whose evaluation fails are NaN and have a `status` other than 0.

    Raises
    ------
    DescriptionError
        If a path leads nowhere, an axis is empty, a number or every combination of the other values is refused, an
        output is unknown, or the store belongs to another sweep.  Nothing is written then.
    OSError
        If the store cannot be written to.  Finished blocks stay, and the same call resumes.

    Notes
    -----
    The points of ``samples`` are those of Sobol [1]_, scrambled.

    References
    ----------
    .. [1] I. M. Sobol, "On the distribution of points in a cube and the approximate evaluation of integrals," *USSR
       Comput. Math. Math. Phys.*, vol. 7, no. 4, pp. 86-112, 1967.

    Examples
    --------
    >>> import mcfiber
    >>> system = mcfiber.load("nict-2025-1808km").system
    >>> result = sweep(system, {"link.launch_power_dbm": [-2.0, 0.0, 2.0]})
    >>> dict(result.total_net_rate.sizes)
    {'launch_power_dbm': 3}
    """
    texts = checked(outputs)
    _check_resources(client, workers, memory_mb)
    axes = sampled(system, over, samples, seed) if samples is not None else grid_or_paired(system, over, arrangement)
    kept = partial(evaluated, texts=texts, draws=draws, seed=seed)
    plan, points = probe(axes, kept, memory_mb)
    shape = axes.block_shape(points)
    sink = Memory(axes, plan, shape) if store is None else Store(Path(store), axes, plan, shape)
    todo, total = sink.missing(), len(sink.blocks())
    report = progress or (lambda _done, _all: None)
    report(total - len(todo), total)
    run = partial(run_block, kept=kept, names=axes.names, outputs=plan, writer=sink.writer())
    tasks = ((block, _put(axes, block)) for block in todo)
    finished = _on_threads(run, tasks, workers) if client is None else _on_cluster(run, tasks, client)
    for done, (block, arrays) in enumerate(finished, start=total - len(todo) + 1):
        if arrays is not None:
            sink.write(block, arrays)
        report(done, total)
    return sink.dataset()


def cluster_settings() -> dict[str, Any]:
    """Settings of dask for workers that compute with one thread each, so that blocks are what runs in parallel.

    Dask holds BLAS to one thread a worker by itself, but not Numba.

    Examples
    --------
    >>> import dask
    >>> with dask.config.set(cluster_settings()):
    ...     pass  # make the LocalCluster, SLURMCluster ... here
    """
    return {
        "distributed.nanny.pre-spawn-environ.NUMBA_NUM_THREADS": 1,
        "distributed.nanny.pre-spawn-environ.OMP_NUM_THREADS": 1,
        "distributed.nanny.pre-spawn-environ.OPENBLAS_NUM_THREADS": 1,
        "distributed.nanny.pre-spawn-environ.MKL_NUM_THREADS": 1,
        "distributed.worker.multiprocessing-method": "spawn",
    }


def probe(axes: Axes, kept: Kept, memory_mb: float) -> tuple[tuple[Output, ...], int]:
    """Evaluate a few points: what outputs look like, and how many points fit into the memory of a block.

    Mistakes show here, before anything is written, and kernels are compiled before threads want them.

    Parameters
    ----------
    axes
        Of the sweep.
    kept
        Evaluates a system and keeps the outputs.
    memory_mb
        That a block may take.

    Raises
    ------
    DescriptionError
        If a value or an output is refused.
    """
    plan = planned(_first_evaluated(axes, kept), axes.structures, axes.names)
    system, points = axes.probe(PROBED)
    fitting = memory_mb * 1e6 * points / peak_bytes(partial(_tried, kept, system))
    # A power of two: a few bytes more or less in the measurement do not change the blocks.
    return plan, min(LARGEST_BLOCK, 2 ** int(math.log2(max(1.0, fitting))))


def _first_evaluated(axes: Axes, kept: Kept) -> dict[str, xr.Variable]:
    """What is kept of a few points: the first that can be evaluated, in the largest structure or else in any.

    Raises
    ------
    DescriptionError
        That of the first points, if no point can be evaluated.
    """
    try:
        return kept(axes.probe(2)[0])
    except PointRefused as error:
        for block in axes.blocks(axes.block_shape(1)):
            system = _put(axes, block)
            found = None if system is None else _tried(kept, system)
            if found is not None:
                return found
        raise DescriptionError(error.title, error.problems) from None


def _tried(kept: Kept, system: "Subject") -> dict[str, xr.Variable] | None:
    """Evaluate; None where the system is refused."""
    try:
        return kept(system)
    except PointRefused:
        return None


def _put(axes: Axes, block: Block) -> "Subject | None":
    """Make the system of a block; None where its structural values are refused together."""
    try:
        return axes.put(block)
    except DescriptionError:
        return None


def run_block(
    block: Block,
    system: "Subject | None",
    *,
    kept: Kept,
    names: tuple[str, ...],
    outputs: Sequence[Output],
    writer: Writer | None = None,
) -> tuple[Block, Arrays | None]:
    """Evaluate one block; write it where there is a store, else hand it back.

    Parameters
    ----------
    block, system
        Slices of the dimensions, and the system with the values of these slices as axes; None where it is refused.
    kept
        Evaluates a system and keeps the outputs.
    names, outputs
        Dimensions of the sweep, and what is kept.
    writer
        Of the store.
    """
    shape = tuple(part.stop - part.start for part in block)
    arrays = _evaluated(system, shape, kept, names, outputs)
    if writer is None:
        return block, arrays
    writer.write(block, arrays)
    return block, None


def _evaluated(
    system: "Subject | None", shape: tuple[int, ...], kept: Kept, names: tuple[str, ...], outputs: Sequence[Output]
) -> dict[str, AnyArray]:
    """Evaluate a block; where it is refused its halves, down to the points that are to blame."""
    found = None if system is None else _tried(kept, system)
    if found is not None:
        return {output.text: placed(found[output.text], output, names, shape) for output in outputs}
    longest = int(np.argmax(shape))
    if system is None or shape[longest] == 1:
        return {output.text: impossible(output, names, shape) for output in outputs}
    half = shape[longest] // 2
    parts = []
    for part in (slice(0, half), slice(half, shape[longest])):
        size = part.stop - part.start
        smaller = (*shape[:longest], size, *shape[longest + 1 :])
        parts.append(_evaluated(_points(system, names[longest], part), smaller, kept, names, outputs))
    return {text: np.concatenate([one[text] for one in parts], axis=longest) for text in parts[0]}


def _points(system: "Subject", dim: str, part: slice) -> "Subject":
    """Keep a part of the points along an axis of a system."""
    return system.replace({path: axis.isel({dim: part}) for path, axis in axes_of(system) if dim in axis.dims})


def _check_resources(client: "Client | None", workers: int | None, memory_mb: float) -> None:
    if workers is not None and (workers < 1 or workers != int(workers)):
        msg = f"workers: got {workers!r}; allowed: a whole number of at least 1"
        raise refused(msg)
    if client is not None and workers is not None:
        msg = "workers: counts threads of this machine; with a client, its cluster decides; give one of the two"
        raise refused(msg)
    if not memory_mb > 0:
        msg = f"memory_mb: got {memory_mb!r}; allowed: above 0 MB"
        raise refused(msg)


def _on_threads(run: Run, tasks: Iterable[Task], workers: int | None) -> Iterator[tuple[Block, Arrays | None]]:
    """Results in the order of the tasks; a few blocks are under way at a time."""
    count = workers or os.cpu_count() or 1
    with _one_thread_each(), ThreadPoolExecutor(count) as pool:
        waiting = iter(tasks)
        running = [pool.submit(run, *task) for task in itertools.islice(waiting, count + 1)]
        try:
            while running:
                yield running.pop(0).result()
                running += [pool.submit(run, *task) for task in itertools.islice(waiting, 1)]
        finally:
            for future in running:
                future.cancel()


def _on_cluster(run: Run, tasks: Iterable[Task], client: "Client") -> Iterator[tuple[Block, Arrays | None]]:
    """Results as they come.  Dask computes the blocks of a worker that died elsewhere."""
    distributed = attempt_import("distributed", "scale")
    waiting = iter(tasks)
    # A window of blocks bounds what the scheduler, and a driver without a store, must hold.
    threads: dict[str, int] = client.nthreads()  # type: ignore[no-untyped-call]
    window = max(8, 3 * sum(threads.values()))
    running = {client.submit(run, *task, pure=False) for task in itertools.islice(waiting, window)}
    finished: Any = distributed.as_completed(running)
    try:
        for future in finished:
            yield future.result()
            running.discard(future)
            for task in itertools.islice(waiting, 1):
                following = client.submit(run, *task, pure=False)
                running.add(following)
                finished.add(following)
    except distributed.KilledWorker as error:
        msg = "several workers died while they computed the same block; they may lack memory: lower memory_mb"
        raise RuntimeError(msg) from error
    finally:
        client.cancel(list(running))  # type: ignore[no-untyped-call]


def _one_thread_each() -> AbstractContextManager[Any]:
    """Let every worker compute with one thread: blocks are what runs in parallel."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:  # optional; BLAS is not in the path of an evaluation
        return nullcontext()
    limits: AbstractContextManager[Any] = threadpool_limits(1)
    return limits
