"""Where the results of a sweep go: into memory, or into a Zarr store that a killed sweep resumes from.

A store is its own manifest.  Chunks are the blocks of the sweep, and `status` of a block is written after
everything else of it, so a block with a status is whole; Zarr itself writes every chunk beside and renames it.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from mcfiber.descriptions.errors import refused
from mcfiber.fiber.channels import channels
from mcfiber.result import PROVENANCE, coordinates, indexed, open_result, provenance, versions
from mcfiber.status import NOT_COMPUTED
from mcfiber.studies.axes import Axes, Block
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
            if path.is_dir() and any(path.iterdir()):
                self._block = self._resumed()
            else:
                self._block = block
                self._create()
        except OSError as error:
            raise _unwritable(self._path, error) from error

    def blocks(self) -> list[Block]:
        """All blocks."""
        return list(self._axes.blocks(self._block))

    def missing(self) -> list[Block]:
        """Blocks without a status."""
        status: Any = _group(self._path, "r")["status"]
        return [block for block in self.blocks() if bool(np.any(np.asarray(status[block]) == NOT_COMPUTED))]

    def writer(self) -> Writer:
        """What workers need to write their blocks."""
        return Writer(self._path, self._outputs)

    def write(self, block: Block, arrays: Arrays) -> None:
        """Write the arrays of a block."""
        self.writer().write(block, arrays)

    def dataset(self) -> xr.Dataset:
        """Everything, read lazily."""
        return open_result(self._path)

    def _create(self) -> None:
        """Make the empty store beside, then rename it: it exists whole or not at all."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_name(f".{self._path.name}.new")
        shutil.rmtree(beside, ignore_errors=True)
        try:
            frame = _frame(self._axes, self._outputs, self._block)
            frame.to_zarr(beside, mode="w", consolidated=False, zarr_format=3)
            group = _group(beside, "r+")
            for output in self._outputs:
                group.create_array(
                    output.name,
                    shape=(*self._axes.shape, *output.inner.values()),
                    chunks=(*self._block, *output.inner.values()),
                    dtype=output.dtype,
                    fill_value=output.fill,
                    dimension_names=(*self._axes.names, *output.inner),
                    attributes=output.attributes,
                )
            if self._path.exists():
                self._path.rmdir()
            beside.rename(self._path)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise

    def _resumed(self) -> tuple[int, ...]:
        """Check that the store is of this sweep, clear what a killed write left, and tell its blocks."""
        known = _sweep_of(self._path)
        mine = _identity(self._axes, self._outputs)
        if differing := [name for name, value in mine.items() if known.get(name) != value]:
            msg = (
                f"store: {str(self._path)!r} belongs to another sweep ({' and '.join(differing)} differ); "
                "choose another folder, or remove it"
            )
            raise refused(msg)
        for leftover in self._path.rglob("*.partial"):
            leftover.unlink(missing_ok=True)
        return tuple(known["block"])


def _group(path: Path, mode: Literal["r", "r+"]) -> "Group":
    """Open a store: with zarr, which is optional."""
    import zarr

    return zarr.open_group(str(path), mode=mode)


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
        found: dict[str, Any] = json.loads(str(note))["sweep"]
    except (FileNotFoundError, KeyError, ValueError):
        msg = f"store: {str(path)!r} holds something else than a sweep; choose another folder"
        raise refused(msg) from None
    return found


def _unwritable(path: Path, error: OSError, more: str = "") -> OSError:
    reason = error.strerror or str(error)
    return OSError(error.errno, f"store: cannot write to {str(path)!r}: {reason}{more}")
