"""Many systems at once: sweeps in blocks, in memory or in a store, on this machine or beyond it.

The axes of a sweep and a memory budget fix its blocks; who computes a block, and in which order, changes no number.
"""

import itertools
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr

from mcfiber.descriptions import DescriptionError, refused
from mcfiber.evaluate import evaluate
from mcfiber.status import FLAGS, NOT_COMPUTED
from mcfiber.system import System

ARRAYS_ALIVE = 24
"""Arrays of one value a channel and point that an evaluation holds at the same time (measured, rounded up)."""

LARGEST_BLOCK = 4096
"""Points of a block at most: half a second of work, so that progress and resuming are fine-grained."""

REDUCTIONS = ("max", "min", "mean", "sum")

Arrangement = Literal["grid", "paired"]


@dataclass(frozen=True)
class Axis:
    """One dimension of a sweep: the paths that change along it, and their values."""

    name: str
    values: Mapping[str, tuple[Any, ...]]
    structural: bool

    @property
    def size(self) -> int:
        """Number of points."""
        return len(next(iter(self.values.values())))

    def changes(self, part: slice) -> dict[str, Any]:
        """Changes to the system for a part of the axis."""
        if self.structural:
            return {path: values[part.start] for path, values in self.values.items()}
        positions = np.arange(part.start, part.stop)
        return {
            path: xr.DataArray(
                np.asarray(values[part], dtype=np.float64), dims=self.name, coords={self.name: positions}
            )
            for path, values in self.values.items()
        }


@dataclass(frozen=True)
class Axes:
    """The dimensions of a sweep and its blocks."""

    system: System
    axes: tuple[Axis, ...]
    block: tuple[int, ...] = field(default=())

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each dimension."""
        return tuple(axis.size for axis in self.axes)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the dimensions."""
        return tuple(axis.name for axis in self.axes)

    def blocks(self) -> Iterator[tuple[slice, ...]]:
        """All blocks, as slices of the dimensions."""
        edges = [
            [slice(start, min(start + step, size)) for start in range(0, size, step)]
            for size, step in zip(self.shape, self.block, strict=True)
        ]
        return itertools.product(*edges)

    def put(self, block: tuple[slice, ...]) -> System:
        """Make the system of one block: real values as axes, structural ones as they are."""
        changes: dict[str, Any] = {}
        for axis, part in zip(self.axes, block, strict=True):
            changes |= axis.changes(part)
        return self.system.replace(changes)

    def coordinates(self) -> dict[str, Any]:
        """Coordinates of the result: along each dimension the values of every path that changes."""
        found: dict[str, Any] = {}
        for axis in self.axes:
            for path, values in axis.values.items():
                name = axis.name if len(axis.values) == 1 else path.rsplit(".", 1)[-1]
                found[name] = (axis.name, _coordinate(values), {"path": path})
        return found

    def fingerprint(self) -> dict[str, Any]:
        """Everything that fixes the numbers of this sweep, as plain tables."""
        return {
            "system": self.system.to_dict(),
            "axes": {axis.name: {path: list(values) for path, values in axis.values.items()} for axis in self.axes},
            "block": list(self.block),
        }


def sweep(
    system: System,
    over: Mapping[str, Any],
    *,
    outputs: Sequence[str] = ("total_net_rate",),
    arrangement: Arrangement = "grid",
    samples: int | None = None,
    seed: int = 0,
    store: str | Path | None = None,
    client: Any = None,
    workers: int | None = None,
    memory_mb: float = 128.0,
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Evaluate a system over many values of its fields.

    Parameters
    ----------
    system
        The system at the centre.
    over
        Values by path, as in ``{"fiber.layout.pitch_um": np.linspace(30, 50, 41)}``.  Numbers become axes of one
        evaluation; words and whole numbers (core count, format) are looped over.
    outputs
        Variables to keep; ``"crosstalk:max"`` keeps the largest over cores and channels (also min, mean, sum).
    arrangement
        "grid": all combinations, one dimension for each path.  "paired": the first values together, then the second
        ...; one dimension `point`.
    samples, seed
        With a number of samples, `over` holds ranges ``(low, high)``, filled by a scrambled Sobol sequence along the
        dimension `sample`.
    store
        Folder of a Zarr store to write to and to resume from; without one the result is kept in memory.
    client
        A ``distributed.Client``; without one, threads of this machine work.
    workers
        Number of threads (all processors by default).
    memory_mb
        Memory that one block may take.
    progress
        Called with the number of finished blocks and of all blocks.

    Returns
    -------
    xarray.Dataset
        The outputs over the dimensions of the sweep, and `status`; read lazily from the store if there is one.

    Raises
    ------
    DescriptionError
        If a path leads nowhere, an axis is empty or a value is refused.
    ValueError
        If an output is unknown, or the store belongs to another sweep.

    Examples
    --------
    >>> import mcfiber
    >>> system = mcfiber.load("nict-2025-1808km").system
    >>> result = sweep(system, {"link.launch_power_dbm": [-2.0, 0.0, 2.0]})
    >>> dict(result.total_net_rate.sizes)
    {'launch_power_dbm': 3}
    """
    axes = _axes(system, over, arrangement, samples, seed)
    axes = Axes(axes.system, axes.axes, _block_shape(axes, memory_mb))
    sink = _Memory(axes, tuple(outputs)) if store is None else _Store(axes, tuple(outputs), Path(store))
    todo = sink.missing()
    total = math.prod(-(-size // step) for size, step in zip(axes.shape, axes.block, strict=True))
    report = progress or (lambda _done, _all: None)
    report(total - len(todo), total)
    run = partial(_run, axes, tuple(outputs), sink.remote())
    for done, (block, arrays) in enumerate(_executed(run, todo, client, workers), start=total - len(todo) + 1):
        if arrays is not None:
            sink.write(block, arrays)
        report(done, total)
    return sink.dataset()


# ---------------------------------------------------------------------------------------------------------
# axes


def _axes(system: System, over: Mapping[str, Any], arrangement: Arrangement, samples: int | None, seed: int) -> Axes:
    if not over:
        msg = "over: is empty; give values for at least one path"
        raise refused(msg)
    if samples is not None:
        return Axes(system, (Axis("sample", _sampled(over, samples, seed), structural=False),))
    values = {path: _listed(path, given) for path, given in over.items()}
    for path in values:
        system.value_at(path)
    if arrangement == "paired":
        return Axes(system, (_paired(system, values),))
    names = _dimension_names(list(values))
    return Axes(
        system,
        tuple(
            Axis(names[path], {path: given}, structural=_is_structural(system, path, given))
            for path, given in values.items()
        ),
    )


def _listed(path: str, given: Any) -> tuple[Any, ...]:
    if isinstance(given, (str, bytes, Mapping)) or not hasattr(given, "__len__"):
        msg = f"{path}: got {given!r}; an axis is a list of values"
        raise refused(msg)
    values = tuple(np.asarray(given).tolist()) if isinstance(given, (np.ndarray, xr.DataArray)) else tuple(given)
    if not values:
        msg = f"{path}: an empty axis has no points; give at least one value"
        raise refused(msg)
    return values


def _dimension_names(paths: list[str]) -> dict[str, str]:
    """Last word of each path where that is unique, else the whole path."""
    short = [path.rsplit(".", 1)[-1] for path in paths]
    return {
        path: word if short.count(word) == 1 and not word.isdigit() else path.replace(".", "_")
        for path, word in zip(paths, short, strict=True)
    }


def _is_structural(system: System, path: str, values: tuple[Any, ...]) -> bool:
    """Real-valued fields take an axis; everything else is looped over, and checked value by value."""
    numeric = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
    if numeric:
        try:
            system.replace({path: xr.DataArray(np.asarray(values, dtype=np.float64), dims="axis")})
        except DescriptionError:
            pass
        else:
            return False
    for value in values:
        system.replace({path: value})
    return True


def _paired(system: System, values: Mapping[str, tuple[Any, ...]]) -> Axis:
    lengths = {path: len(given) for path, given in values.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{path} has {length}" for path, length in lengths.items())
        msg = f"over: paired values need one length, but {told}"
        raise refused(msg)
    structural = [path for path, given in values.items() if _is_structural(system, path, given)]
    if structural:
        msg = f"{structural[0]}: takes no axis, so it cannot be paired; use the grid arrangement"
        raise refused(msg)
    return Axis("point", values, structural=False)


def _sampled(over: Mapping[str, Any], samples: int, seed: int) -> dict[str, tuple[Any, ...]]:
    from scipy.stats import qmc

    limits = []
    for path, given in over.items():
        low_high = _listed(path, given)
        if len(low_high) != 2 or not low_high[0] < low_high[1]:
            msg = f"{path}: got {low_high}; with samples, give the range (low, high)"
            raise refused(msg)
        limits.append(low_high)
    low, high = np.asarray(limits, dtype=np.float64).T
    sequence = qmc.Sobol(len(over), rng=np.random.default_rng(np.random.SeedSequence(seed)))
    points = low + (high - low) * sequence.random_base2(max(0, math.ceil(math.log2(samples))))[:samples]
    return {path: tuple(column.tolist()) for path, column in zip(over, points.T, strict=True)}


def _block_shape(axes: Axes, memory_mb: float) -> tuple[int, ...]:
    """Largest hyper-rectangle, filled from the last dimension, that keeps to the memory budget."""
    cores = axes.system.fiber.cores
    bytes_a_point = 8 * ARRAYS_ALIVE * axes.system.spectrum.count * (cores if cores > 1 else 1)
    left = max(1, min(LARGEST_BLOCK, int(memory_mb * 1e6 / bytes_a_point)))
    shape = []
    for axis in reversed(axes.axes):
        step = 1 if axis.structural else min(axis.size, left)
        left = max(1, left // step)
        shape.append(step)
    return tuple(reversed(shape))


def _coordinate(values: tuple[Any, ...]) -> Any:
    plain = all(isinstance(value, (int, float, str)) for value in values)
    return np.asarray(values) if plain else np.asarray([json.dumps(value, default=str) for value in values])


# ---------------------------------------------------------------------------------------------------------
# one block


def _run(
    axes: Axes, outputs: tuple[str, ...], remote: "_Remote | None", block: tuple[slice, ...]
) -> tuple[tuple[slice, ...], dict[str, np.ndarray[Any, Any]] | None]:
    """Evaluate one block; write it where a store is given, else hand it back."""
    result = evaluate(axes.put(block))
    shape = tuple(part.stop - part.start for part in block)
    arrays = {name: _placed(_output(result, name), axes, shape) for name in (*outputs, "status")}
    if remote is None:
        return block, arrays
    remote.write(block, arrays)
    return block, None


def _output(result: xr.Dataset, name: str) -> xr.DataArray:
    variable, _, reduction = name.partition(":")
    if variable not in result.data_vars:
        known = ", ".join(sorted(map(str, result.data_vars)))
        msg = f"outputs: there is no variable {variable!r}; known: {known}"
        raise ValueError(msg)
    array = result[variable]
    inner = [dim for dim in array.dims if dim in ("core", "channel")]
    if not reduction:
        if inner:
            msg = f"outputs: {variable} differs along {' and '.join(inner)}; write {variable}:max (or min, mean, sum)"
            raise ValueError(msg)
        return array
    if reduction not in REDUCTIONS:
        msg = f"outputs: got the reduction {reduction!r}; allowed: {', '.join(REDUCTIONS)}"
        raise ValueError(msg)
    reduced: xr.DataArray = getattr(array, reduction)(inner, skipna=False) if inner else array
    return reduced


def _placed(array: xr.DataArray, axes: Axes, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Values over all dimensions of the block, also those that the output does not differ along."""
    present = [name for name in axes.names if name in array.dims]
    values = array.transpose(*present).values
    wide = values.reshape([shape[k] if name in present else 1 for k, name in enumerate(axes.names)])
    return np.array(np.broadcast_to(wide, shape))


def _executed(
    run: Callable[[tuple[slice, ...]], Any], blocks: Sequence[tuple[slice, ...]], client: Any, workers: int | None
) -> Iterator[Any]:
    if client is not None:
        from distributed import as_completed

        # A window of blocks bounds what the scheduler and a driver without a store must hold.
        window = 4 * max(1, sum(client.nthreads().values()))
        waiting = iter(blocks)
        futures: Any = as_completed(  # type: ignore[no-untyped-call]
            [client.submit(run, block, pure=False) for block in itertools.islice(waiting, window)]
        )
        for future in futures:
            yield future.result()
            for block in itertools.islice(waiting, 1):
                futures.add(client.submit(run, block, pure=False))
        return
    count = workers or os.cpu_count() or 1
    with _one_thread_each(), ThreadPoolExecutor(count) as pool:
        waiting = iter(blocks)
        running = [pool.submit(run, block) for block in itertools.islice(waiting, 2 * count)]
        while running:
            yield running.pop(0).result()
            running += [pool.submit(run, block) for block in itertools.islice(waiting, 1)]


def _one_thread_each() -> Any:
    """Let every worker compute with one thread: blocks are what runs in parallel."""
    from contextlib import nullcontext

    try:
        from threadpoolctl import threadpool_limits
    except ImportError:  # optional; BLAS is not in the path of an evaluation
        return nullcontext()
    return threadpool_limits(1)


# ---------------------------------------------------------------------------------------------------------
# where results go


class _Memory:
    """Results of a sweep in memory."""

    def __init__(self, axes: Axes, outputs: tuple[str, ...]) -> None:
        self._axes = axes
        self._arrays = {name: np.full(axes.shape, np.nan) for name in outputs}
        self._arrays["status"] = np.full(axes.shape, NOT_COMPUTED, dtype=np.uint8)

    def missing(self) -> list[tuple[slice, ...]]:
        return list(self._axes.blocks())

    def remote(self) -> None:
        return None

    def write(self, block: tuple[slice, ...], arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        for name, values in arrays.items():
            self._arrays[name][block] = values

    def dataset(self) -> xr.Dataset:
        return xr.Dataset(
            {
                _variable_name(name): (self._axes.names, values, _attributes(name))
                for name, values in self._arrays.items()
            },
            coords=self._axes.coordinates(),
            attrs={"mcfiber_sweep": json.dumps(self._axes.fingerprint(), default=str)},
        )


@dataclass(frozen=True)
class _Remote:
    """What a worker needs to write its block."""

    path: Path
    names: tuple[str, ...]

    def write(self, block: tuple[slice, ...], arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        import zarr

        group = zarr.open_group(str(self.path), mode="r+")
        for name in (*self.names, "status"):  # status last: a block with a status is whole
            array = group[_variable_name(name)]
            array[block] = arrays[name]  # type: ignore[index]


class _Store:
    """Results of a sweep in a Zarr store, whose `status` says which blocks are whole."""

    def __init__(self, axes: Axes, outputs: tuple[str, ...], path: Path) -> None:
        self._axes, self._outputs, self._path = axes, outputs, path
        mark = axes.fingerprint() | {"outputs": list(outputs), "version": _version()}
        self._mark = json.dumps(mark, default=str, sort_keys=True)
        if path.exists() and any(path.iterdir()):
            self._resume()
        else:
            self._create()

    def _create(self) -> None:
        """Make the whole store beside, then rename it: it exists complete or not at all."""
        import zarr

        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_name(f".{self._path.name}.new-{os.getpid()}")
        coordinates = xr.Dataset(coords=self._axes.coordinates(), attrs={"mcfiber_sweep": self._mark})
        coordinates.to_zarr(beside, mode="w", consolidated=False, zarr_format=3)
        group = zarr.open_group(str(beside), mode="r+")
        for name in (*self._outputs, "status"):
            kind, fill = (np.uint8, NOT_COMPUTED) if name == "status" else (np.float64, np.nan)
            group.create_array(
                _variable_name(name),
                shape=self._axes.shape,
                chunks=self._axes.block,
                dtype=kind,
                fill_value=fill,
                dimension_names=self._axes.names,
                attributes=_attributes(name),
            )
        if self._path.exists():
            self._path.rmdir()
        beside.rename(self._path)

    def _resume(self) -> None:
        import zarr

        try:
            known = zarr.open_group(str(self._path), mode="r").attrs.get("mcfiber_sweep")
        except (FileNotFoundError, ValueError, KeyError):
            known = None
        if known is None:
            msg = f"store: {str(self._path)!r} holds something else than a sweep; choose another folder"
            raise ValueError(msg)
        if known != self._mark:
            parts = _differing(json.loads(str(known)), json.loads(self._mark))
            msg = f"store: {str(self._path)!r} belongs to another sweep ({parts} differ); choose another folder"
            raise ValueError(msg)
        for leftover in self._path.rglob("*.partial"):
            leftover.unlink(missing_ok=True)

    def missing(self) -> list[tuple[slice, ...]]:
        import zarr

        status = zarr.open_array(str(self._path / "status"), mode="r")
        return [block for block in self._axes.blocks() if bool(np.any(np.asarray(status[block]) == NOT_COMPUTED))]

    def remote(self) -> _Remote:
        return _Remote(self._path, self._outputs)

    def write(self, block: tuple[slice, ...], arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        self.remote().write(block, arrays)

    def dataset(self) -> xr.Dataset:
        stored: xr.Dataset = xr.open_zarr(self._path, consolidated=False, chunks=None, mask_and_scale=False)
        return stored


def _variable_name(output: str) -> str:
    return output.replace(":", "_")


def _attributes(output: str) -> dict[str, Any]:
    from mcfiber import variables

    if output == "status":
        return {
            "long_name": "status of the point",
            "flag_values": list(FLAGS),
            "flag_meanings": " ".join(FLAGS.values()),
        }
    variable, _, reduction = output.partition(":")
    known = variables.lookup(variable).attributes()
    if reduction:
        known["long_name"] = f"{known['long_name']} ({reduction} over cores and channels)"
    return known


def _differing(first: Mapping[str, Any], second: Mapping[str, Any]) -> str:
    return ", ".join(key for key in second if first.get(key) != second[key])


def _version() -> str:
    try:
        return version("mcfiber")
    except PackageNotFoundError:
        return "unknown"
