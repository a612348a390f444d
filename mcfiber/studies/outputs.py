"""What a sweep keeps of an evaluation: variables, or their extremes over cores and channels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from mcfiber import variables
from mcfiber.cable import cable_quantities
from mcfiber.descriptions.cable import Cable
from mcfiber.descriptions.errors import DescriptionError, refused
from mcfiber.evaluate import quantities, records
from mcfiber.labelled import kept
from mcfiber.result import attributes_of
from mcfiber.status import NOT_COMPUTED, OK, REFUSED
from mcfiber.typing import AnyArray

if TYPE_CHECKING:
    from mcfiber.descriptions.system import System
    from mcfiber.studies.axes import Subject

REDUCTIONS = ("max", "min", "mean")


class PointRefused(DescriptionError):
    """No point of a block could be evaluated as one."""


INNER = ("core", "channel")
"""Dimensions that a reduction goes over."""


@dataclass(frozen=True)
class Output:
    """One output: ``"snr"`` with its cores and channels, or ``"crosstalk:max"`` over them.

    Attributes
    ----------
    text
        As it was asked for.
    inner
        Lengths of the dimensions that it has beside those of the sweep.
    """

    text: str
    inner: Mapping[str, int]

    @property
    def name(self) -> str:
        """Name in the dataset."""
        return self.text.replace(":", "_")

    @property
    def fill(self) -> float:
        """Value of a point that is not computed yet."""
        return NOT_COMPUTED if self.text == "status" else np.nan

    @property
    def dtype(self) -> type:
        """Type of the values."""
        return np.uint8 if self.text == "status" else np.float64

    @property
    def attributes(self) -> dict[str, Any]:
        """Attributes of the table; a reduction is said in the long name."""
        variable, _, reduction = self.text.partition(":")
        known = attributes_of(variable)
        if reduction:
            known["long_name"] = f"{known['long_name']} ({reduction} over cores and channels)"
        return known


def evaluated(
    system: "System | Cable", texts: Sequence[str], *, draws: int | None = None, seed: int | None = None
) -> dict[str, xr.Variable]:
    """Evaluate a system and keep the outputs, NaN at points that cannot exist, and `status`.

    Parameters
    ----------
    system
        May have axes.
    texts
        Outputs, as in ``"total_net_rate"`` or ``"crosstalk:max"``.
    draws, seed
        Number of random realisations, and their seed.

    Returns
    -------
    dict
        By output, in SI; dimensions of the system's axes, and of what is not reduced.

    Raises
    ------
    PointRefused
        If the system is refused; one of its points may be the reason.
    DescriptionError
        If there is no such variable or reduction.

    Notes
    -----
    Eq. (1) and Eq. (2) of :doc:`/theory/index`, as in `mcfiber.evaluate.evaluate`.
    """
    try:
        arrays = _every_variable(system, draws, seed)
    except DescriptionError as error:
        raise PointRefused(error.title, error.problems) from error
    except ValueError as error:
        title = "value"
        raise PointRefused(title, [("", str(error))]) from error
    status = arrays["status"]
    found = {text: _reduced(arrays, text) for text in texts if text != "status"}
    if bool((status != OK).any()):
        found = {text: kept(array, status == OK) for text, array in found.items()}
    return found | {"status": status}


def _every_variable(system: "System | Cable", draws: int | None, seed: int | None) -> Mapping[str, xr.Variable]:
    if not isinstance(system, Cable):
        return quantities(*records(system), draws=draws, seed=seed)
    if draws is not None:
        msg = "draws: a cable is evaluated for the mean of its fibres; leave it out"
        raise refused(msg)
    return cable_quantities(system)[1]


def checked(outputs: Sequence[str] | str) -> tuple[str, ...]:
    """Make a list of different outputs, with `status` last."""
    texts = tuple(dict.fromkeys([outputs] if isinstance(outputs, str) else outputs))
    if not texts:
        msg = "outputs: is empty; name at least one variable, as in total_net_rate"
        raise refused(msg)
    return (*(text for text in texts if text != "status"), "status")


def planned(probe: Mapping[str, xr.Variable], systems: "Sequence[Subject]", dims: Sequence[str]) -> tuple[Output, ...]:
    """Find the dimensions of every output from the evaluation of a few points.

    Parameters
    ----------
    probe
        What `evaluated` returned.
    systems
        With every combination of structural values.
    dims
        Dimensions of the sweep.

    Raises
    ------
    DescriptionError
        If the system has an axis of its own, or an output no one shape.
    """
    return tuple(Output(text, _inner(text, array, systems, dims)) for text, array in probe.items())


def placed(array: xr.Variable, output: Output, names: tuple[str, ...], shape: tuple[int, ...]) -> AnyArray:
    """Values over all dimensions of a block, also those that the output does not differ along."""
    sizes = dict(zip(names, shape, strict=True)) | dict(output.inner)
    present = [name for name in sizes if name in array.dims]
    values = array.transpose(*present).values
    wide = values.reshape([size if name in present else 1 for name, size in sizes.items()])
    result: AnyArray = np.array(np.broadcast_to(wide, tuple(sizes.values())), dtype=output.dtype)
    return result


def impossible(output: Output, names: tuple[str, ...], shape: tuple[int, ...]) -> AnyArray:
    """Values of an output at points that are refused."""
    sizes = dict(zip(names, shape, strict=True)) | dict(output.inner)
    return np.full(tuple(sizes.values()), REFUSED if output.text == "status" else np.nan, output.dtype)


def _reduced(arrays: Mapping[str, xr.Variable], text: str) -> xr.Variable:
    variable, colon, reduction = text.partition(":")
    if variable not in arrays:
        msg = f"outputs: there is no variable {variable!r}; known: {', '.join(sorted(arrays))}"
        raise refused(msg)
    array = arrays[variable]
    if not colon:
        return array
    if reduction not in REDUCTIONS:
        msg = f"outputs: got the reduction {reduction!r}; allowed: {', '.join(REDUCTIONS)}"
        raise refused(msg)
    axes = tuple(axis for axis, dim in enumerate(array.dims) if dim in INNER)
    left = [dim for dim in array.dims if dim not in INNER]
    return xr.Variable(left, getattr(np, reduction)(array.data, axis=axes)) if axes else array


def _inner(text: str, array: xr.Variable, systems: "Sequence[Subject]", dims: Sequence[str]) -> dict[str, int]:
    """Cores and channels that an output differs along; where the structure changes, all that it may."""
    if foreign := [str(dim) for dim in array.dims if dim not in (*INNER, "draw", *dims)]:
        msg = f"system: has an axis {foreign[0]!r} of its own; sweep over its values instead"
        raise refused(msg)
    may = array.dims if len(systems) == 1 or ":" in text else variables.lookup(text).dims
    found = {}
    for dim in (dim for dim in INNER if dim in may):
        sizes = {one.fiber.cores if dim == "core" else one.spectrum.count for one in systems}
        if len(sizes) > 1:
            msg = (
                f"outputs: {text} has no one shape, as the sweep changes the number of {dim}s; "
                f"write {text}:max (or min, mean)"
            )
            raise refused(msg)
        found[dim] = sizes.pop()
    return found | ({"draw": array.sizes["draw"]} if "draw" in array.dims else {})
