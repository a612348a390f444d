"""Where the results of a sweep go: into memory, or into a Zarr store that a killed sweep resumes from.

A store is its own manifest.  Chunks are the blocks of the sweep, and `status` of a block is written after
everything else of it, so a block with a status is whole; Zarr itself writes every chunk beside and renames it.
What is lost or damaged later is found when a sweep resumes, and computed again.  Several processes may work on one
store: each computes what is missing, and all write the same numbers.
"""

import errno
import json
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from mcfiber.descriptions.errors import refused
from mcfiber.extras import attempt_import
from mcfiber.fiber.channels import channels
from mcfiber.files import AtWork, alone, beside, one_at_a_time, remove
from mcfiber.result import (
    PROVENANCE,
    coordinates,
    indexed,
    noted_as_written,
    open_result,
    provenance,
    versions,
    write_folder,
)
from mcfiber.status import NOT_COMPUTED, OK
from mcfiber.studies.axes import Axes, Block
from mcfiber.studies.memory import refuse_beyond_memory
from mcfiber.studies.outputs import Output
from mcfiber.typing import AnyArray

if TYPE_CHECKING:
    from zarr import Group

Arrays = Mapping[str, AnyArray]


class Memory:
    """Results in memory.

    Parameters
    ----------
    axes, outputs, block
        Dimensions, what is kept, and the shape of blocks.
    """

    def __init__(self, axes: Axes, outputs: Sequence[Output], block: tuple[int, ...]) -> None:
        self._axes, self._outputs, self._block = axes, outputs, block
        each = sum(np.dtype(output.dtype).itemsize * math.prod(output.inner.values()) for output in outputs)
        refuse_beyond_memory("over", math.prod(axes.shape), each, "points", ", or write to a store")
        self._arrays: dict[str, AnyArray] = {
            output.text: np.full((*axes.shape, *output.inner.values()), output.fill, output.dtype) for output in outputs
        }

    def blocks(self) -> list[Block]:
        """All blocks."""
        return list(self._axes.blocks(self._block))

    def missing(self) -> list[Block]:
        """Blocks that are not there yet: all."""
        return self.blocks()

    def writer(self) -> None:
        """Nothing: workers hand their blocks back."""

    def write(self, block: Block, arrays: Arrays) -> None:
        """Put the arrays of a block into their place."""
        for text, values in arrays.items():
            self._arrays[text][block] = values

    def dataset(self) -> xr.Dataset:
        """Everything, with coordinates and provenance."""
        frame = _frame(self._axes, self._outputs, self._block)
        arrays = {
            output.name: ((*self._axes.names, *output.inner), self._arrays[output.text], output.attributes)
            for output in self._outputs
        }
        return indexed(frame.assign(arrays))


@dataclass(frozen=True)
class Writer:
    """Writes blocks into a store, from any thread or process that sees its folder."""

    path: Path
    outputs: tuple[Output, ...]

    def write(self, block: Block, arrays: Arrays) -> None:
        """Write the arrays of a block, `status` last.

        Raises
        ------
        OSError
            If the store cannot be written to; what it holds stays as it is.
        """
        try:
            group = _group(self.path, "r+")
            for output in sorted(self.outputs, key=lambda one: one.text == "status"):
                group[output.name][block] = arrays[output.text]  # type: ignore[index]
        except OSError as error:
            raise _unwritable(self.path, error, "; finished blocks are safe, and the same sweep resumes") from error


class Store:
    """Results in a Zarr store.

    Parameters
    ----------
    path
        Folder of the store; made if there is none, else resumed.
    axes, outputs, block
        Dimensions, what is kept, and the shape of blocks; a store that is resumed keeps its own blocks.

    Raises
    ------
    DescriptionError
        If the folder holds something else than this sweep.
    OSError
        If it cannot be written to.
    """

    def __init__(self, path: Path, axes: Axes, outputs: Sequence[Output], block: tuple[int, ...]) -> None:
        self._path, self._axes, self._outputs = path.absolute(), axes, tuple(outputs)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with one_at_a_time(self._path.parent):  # one mends what another would find damaged
                made = not (path.is_dir() and any(path.iterdir())) and self._created(block)
                self._block = block if made else self._resumed()
                self._at_work = AtWork(self._path)
        except OSError as error:
            raise _unwritable(self._path, error) from error

    def blocks(self) -> list[Block]:
        """All blocks."""
        return list(self._axes.blocks(self._block))

    def missing(self) -> list[Block]:
        """Blocks without a status, and those of which something is lost or damaged, which lose their status."""
        group = _group(self._path, "r")
        return [block for block in self.blocks() if not self._computed(group, block)]

    def _computed(self, group: "Group", block: Block) -> bool:
        try:
            status = _read(group, "status", block)
            if np.any(status == NOT_COMPUTED):
                return False
            floats = [output.name for output in self._outputs if output.text != "status"]
            if not any(_lost(_read(group, name, block), status) for name in floats):
                return True
        except DAMAGED:
            pass
        self._forget(block)
        return False

    def _forget(self, block: Block) -> None:
        """Remove the chunks of a block, its status first."""
        place = [str(part.start // step) for part, step in zip(block, self._block, strict=True)]
        for output in sorted(self._outputs, key=lambda one: one.text != "status"):
            zeros = ["0"] * len(output.inner)
            self._path.joinpath(output.name, "c", *place, *zeros).unlink(missing_ok=True)

    def writer(self) -> Writer:
        """What workers need to write their blocks."""
        return Writer(self._path, self._outputs)

    def write(self, block: Block, arrays: Arrays) -> None:
        """Write the arrays of a block."""
        self.writer().write(block, arrays)

    def dataset(self) -> xr.Dataset:
        """Everything, read lazily."""
        return open_result(self._path)

    def _created(self, block: tuple[int, ...]) -> bool:
        """Make the empty store beside, then rename it: it exists whole or not at all. False: another was faster."""
        attempt_import("zarr", "io")
        with beside(self._path, folder=True) as own:
            self._write_frame(own, block)
            self._make_arrays(own, block, self._outputs)
            try:
                own.rename(self._path)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                return False
        return True

    def _make_arrays(self, path: Path, block: tuple[int, ...], outputs: Iterable[Output]) -> None:
        codecs = attempt_import("zarr.codecs", "io")
        group = _group(path, "r+")
        for output in outputs:
            group.create_array(
                output.name,
                shape=(*self._axes.shape, *output.inner.values()),
                chunks=(*block, *output.inner.values()),
                dtype=output.dtype,
                fill_value=output.fill,
                compressors=codecs.ZstdCodec(level=0, checksum=True),
                dimension_names=(*self._axes.names, *output.inner),
                attributes=output.attributes,
            )

    def _resumed(self) -> tuple[int, ...]:
        """Check that the store is of this sweep, mend what was lost of it, and tell its blocks."""
        known = _sweep_of(self._path)
        mine = _identity(self._axes, self._outputs)
        if differing := [name for name, value in mine.items() if known.get(name) != value]:
            msg = (
                f"store: {str(self._path)!r} belongs to another sweep ({' and '.join(differing)} differ); "
                "choose another folder, or remove it"
            )
            raise refused(msg)
        block = self._known_block(known)
        with alone(self._path) as free:
            for leftover in self._path.rglob("*.partial") if free else ():
                leftover.unlink(missing_ok=True)
        self._mend_arrays(block)
        self._mend_coordinates(block)
        return block

    def _known_block(self, known: Mapping[str, Any]) -> tuple[int, ...]:
        """Shape of the blocks that the store was made with."""
        block, shape = known.get("block"), self._axes.shape
        steps = tuple(block) if isinstance(block, list) and all(type(step) is int for step in block) else ()
        if len(steps) != len(shape) or any(not 1 <= step <= size for step, size in zip(steps, shape, strict=True)):
            msg = f"store: the notes in {str(self._path)!r} on its blocks are damaged; remove it, or choose another"
            raise refused(msg)
        return steps

    def _mend_arrays(self, block: tuple[int, ...]) -> None:
        """Make arrays anew that are lost, damaged, or cut otherwise than the blocks."""
        bad = [output for output in self._outputs if not self._is_planned(output, block)]
        for output in bad:
            remove(self._path / output.name)
        if bad:
            self._make_arrays(self._path, block, bad)

    def _is_planned(self, output: Output, block: tuple[int, ...]) -> bool:
        inner = tuple(output.inner.values())
        try:
            array: Any = _group(self._path, "r")[output.name]
            planned = ((*self._axes.shape, *inner), (*block, *inner), np.dtype(output.dtype))
            return bool((array.shape, array.chunks, array.dtype) == planned)
        except DAMAGED:
            return False

    def _mend_coordinates(self, block: tuple[int, ...]) -> None:
        """Write coordinates again if they are not those of the sweep."""
        frame = _frame(self._axes, self._outputs, block)
        try:
            with open_result(self._path) as stored:
                if all(_same(stored, frame, name) for name in frame.coords):
                    return
        except DAMAGED:
            pass
        for name in frame.coords:
            remove(self._path / str(name))
        self._write_frame(self._path, block)

    def _write_frame(self, path: Path, block: tuple[int, ...]) -> None:
        """Write coordinates and provenance."""
        frame = noted_as_written(_frame(self._axes, self._outputs, block), *(output.name for output in self._outputs))
        write_folder(frame, path, mode="w" if not path.exists() else "a")


DAMAGED = (FileNotFoundError, KeyError, ValueError, TypeError, AttributeError, RuntimeError)
"""What Zarr raises where files are lost or hold something else."""


def _read(group: "Group", name: str, block: Block) -> AnyArray:
    array: Any = group[name]
    return np.asarray(array[block])


def _lost(values: AnyArray, status: AnyArray) -> bool:
    """Whether points that exist have no number: Zarr gives the fill value where a chunk is gone."""
    known = values[status == OK]
    return bool(known.size) and bool(np.isnan(known).all())


def _same(stored: xr.Dataset, frame: xr.Dataset, name: Hashable) -> bool:
    return name in stored.coords and bool(stored[name].variable.equals(frame[name].variable))  # type: ignore[no-untyped-call]


def _group(path: Path, mode: Literal["r", "r+"]) -> "Group":
    """Open a store: with zarr, which is optional."""
    group: Group = attempt_import("zarr", "io").open_group(str(path), mode=mode)
    return group


def _frame(axes: Axes, outputs: Sequence[Output], block: tuple[int, ...]) -> xr.Dataset:
    """Coordinates and provenance, without the outputs."""
    coords = axes.coordinates() | _inner_coordinates(axes, {dim for output in outputs for dim in output.inner})
    notes = _identity(axes, outputs)
    return xr.Dataset(coords=coords, attrs={PROVENANCE: provenance(axes.system, sweep=notes | {"block": list(block)})})


def _inner_coordinates(axes: Axes, dims: set[str]) -> dict[str, Any]:
    """Coordinates of cores and channels, where outputs have them and the sweep does not change them."""
    system, _ = axes.probe(1)
    known = xr.Dataset(coords=coordinates(system.fiber.cores, channels(system.spectrum))).drop_indexes(
        ["core", "channel"]
    )
    found = {str(name): array.variable for name, array in known.coords.items() if set(array.dims) <= dims}
    # Texts as objects: Zarr has no settled form for texts of fixed length.
    return {name: array.astype(object) if array.dtype.kind == "U" else array for name, array in found.items()}


def _identity(axes: Axes, outputs: Sequence[Output]) -> dict[str, Any]:
    """Everything that fixes the numbers, as it reads back from JSON."""
    found = axes.identity() | {"outputs": [output.text for output in outputs], "version": versions()["mcfiber"]}
    identity: dict[str, Any] = json.loads(json.dumps(found, default=float))
    return identity


def _sweep_of(path: Path) -> dict[str, Any]:
    """What a store says about its sweep."""
    try:
        note = _group(path, "r").attrs[PROVENANCE]
        found: dict[str, Any] = dict(json.loads(str(note))["sweep"])
    except DAMAGED:
        msg = f"store: {str(path)!r} holds something else than a sweep; choose another folder"
        raise refused(msg) from None
    return found


def _unwritable(path: Path, error: OSError, more: str = "") -> OSError:
    reason = error.strerror or str(error)
    return OSError(error.errno, f"store: cannot write to {str(path)!r}: {reason}{more}")
