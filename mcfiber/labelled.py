"""The one way from labels to kernels: named dimensions, broadcasting by name, stamps from the table.

Behind the doors a quantity is a number or an `xarray.Variable`: an array with named dimensions and nothing else, ten
times cheaper to make than a DataArray.  Coordinates of axes are put back when a result is packed.  Every function here
takes numbers, Variables and DataArrays; `compute` gives Variables where Variables come in, and otherwise what a user
wants to see: DataArrays, stamped and with their coordinates.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import xarray as xr

from mcfiber import units
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.record import Description, axes
from mcfiber.dimensions import Dims, broadcast, merged, spread
from mcfiber.typing import AnyArray, IntArray, Quantity, is_axis
from mcfiber.variables import lookup

if TYPE_CHECKING:
    from mcfiber._jit import Kernel, Signature

# ---------------------------------------------------------------------------------------------------------
# making labelled arrays


def array(dims: Iterable[Hashable], values: AnyArray) -> xr.Variable:
    """Label the dimensions of an array."""
    return xr.Variable(tuple(dims), values, fastpath=True)


def variable(value: Any) -> Quantity:
    """Take what a description holds: a number as it is, an axis as an array with a named dimension."""
    if isinstance(value, xr.Variable) or not is_axis(value):
        return value
    return array(value.dims, np.asarray(value.values))


def quantity(description: Description, field: str) -> Quantity:
    """Read a field of a description in SI: a number or a labelled array; lists and tables item by item."""
    return _read(description, field)


def entered(value: object, unit: str) -> Quantity:
    """Enter an argument of a public function into SI: a number, a list, an array or an axis.

    Parameters
    ----------
    value
        In engineering units.
    unit
        Suffix that the argument's name ends with, as in ``"km"``; see `mcfiber.units.UNITS`.

    References
    ----------
    .. [1] BIPM, "The International System of Units (SI)," 9th edition, 2019.

    Examples
    --------
    >>> entered(80, "km")
    80000.0
    """
    return units.mapped(units.UNITS[unit].to_si, variable(value))


def _read(description: Description, field: str) -> Any:
    unit = units.unit_of(field)
    return _in_si(getattr(description, field), None if unit is None else unit.to_si)


def _in_si(value: object, to_si: Callable[[Any], Any] | None) -> Any:
    if isinstance(value, tuple):
        return tuple(_in_si(item, to_si) for item in value)
    if isinstance(value, dict):
        return {key: _in_si(item, to_si) for key, item in value.items()}
    return variable(value) if value is None or to_si is None else units.mapped(to_si, variable(value))


def stacked(values: Iterable[Quantity], dim: str, *, last: bool = False) -> xr.Variable:
    """Put numbers and labelled arrays along a new dimension, in front or last; they broadcast by name."""
    listed = list(values)
    if not any(map(is_axis, listed)):
        return array((dim,), np.asarray(listed, dtype=np.float64))
    lead, arrays = broadcast(*listed)
    if last:
        return array((*lead, dim), np.stack(np.broadcast_arrays(*arrays), axis=-1))
    return array((dim, *lead), np.stack(np.broadcast_arrays(*arrays)))


def joined(values: Sequence[Quantity], counts: Sequence[int], dim: str) -> xr.Variable:
    """Put values one after the other along a dimension, each over its own count of places (last dimension)."""
    lead: Dims = ()
    for value in values:
        lead = merged(lead, (name for name in getattr(value, "dims", ()) if name != dim))
    parts = [spread(value, (*lead, dim)) for value in values]
    shape = np.broadcast_shapes(*(part.shape[:-1] for part in parts))
    wide = [np.broadcast_to(part, (*shape, count)) for part, count in zip(parts, counts, strict=True)]
    return array((*lead, dim), np.concatenate(wide, axis=-1))


def renamed(value: Quantity, **names: str) -> Quantity:
    """Rename dimensions, where there are any of these names."""
    if not any(name in getattr(value, "dims", ()) for name in names):
        return value
    if isinstance(value, xr.DataArray):
        return value.rename({old: new for old, new in names.items() if old in value.dims})
    return array(tuple(names.get(dim, dim) for dim in value.dims), value.data)


def as_variable(value: Quantity) -> Quantity:
    """Label a number, without dimensions, so that what is computed of it stays behind the doors."""
    return value if is_axis(value) else array((), np.asarray(value, dtype=np.float64))


def plain_numbers(value: Quantity) -> AnyArray:
    """Take the plain array of a number or labelled array (`numpy.asarray` of a Variable costs ten times as much)."""
    return np.asarray(value.data if is_axis(value) else value)


def has(value: Quantity, dim: str) -> bool:
    """Tell whether a value differs along a dimension."""
    return dim in getattr(value, "dims", ())


# ---------------------------------------------------------------------------------------------------------
# stamps


def stamp(name: str, values: object) -> Any:
    """Set name and attributes of a labelled array from the table; meanings of its own flags stay.

    A number or an `xarray.Variable` comes back as it is: it is stamped where a result is packed.
    """
    return _stamped(name, values) if isinstance(values, xr.DataArray) else values


def _stamped(name: str, values: xr.DataArray) -> xr.DataArray:
    values.name = name
    flags = {key: value for key, value in values.attrs.items() if key in ("flag_values", "flag_meanings")}
    values.attrs = lookup(name).attributes() | flags
    return values


def labelled_result(name: str, value: Quantity, coords: Mapping[Any, Any] | None = None) -> xr.DataArray:
    """Make the stamped DataArray that a public function returns."""
    made = value if isinstance(value, xr.DataArray) else xr.DataArray(value)
    known = {key: item for key, item in (coords or {}).items() if set(_dims_of(item, key)) <= set(made.dims)}
    return _stamped(name, made.assign_coords(known) if known else made)


def _dims_of(coordinate: Any, name: Hashable) -> Dims:
    if isinstance(coordinate, tuple):
        return (coordinate[0],) if isinstance(coordinate[0], str) else tuple(coordinate[0])
    return tuple(coordinate.dims) if is_axis(coordinate) else (str(name),)


def labelled_dataset(values: Mapping[str, Quantity], coords: Mapping[str, Any]) -> xr.Dataset:
    """Make the dataset that a public function returns: stamped variables of the table, and coordinates."""
    dims = {dim for value in values.values() for dim in getattr(value, "dims", ())}
    known = {name: item for name, item in coords.items() if set(_dims_of(item, name)) <= dims}
    data = {
        name: (getattr(value, "dims", ()), getattr(value, "data", value), lookup(name).attributes())
        for name, value in values.items()
    }
    return xr.Dataset(data, coords=known)


def coordinates_of(*descriptions: Any) -> dict[str, Any]:
    """Labels of all axes that descriptions hold, by name; the same axis must have the same labels everywhere.

    Raises
    ------
    DescriptionError
        If two fields hold axes of one name with different labels or lengths.
    """
    found: dict[str, Any] = {}
    sizes: dict[str, tuple[int, str]] = {}
    for description in descriptions:
        for path, axis in axes(description):
            for dim, size in zip(axis.dims, axis.shape, strict=True):
                known, first = sizes.setdefault(dim, (size, path))
                if known != size:
                    msg = f"{path}: the axis {dim!r} has {size} values, but {known} in {first}; give both one length"
                    raise refused(msg)
            for name, labels in _labels(axis):
                if name in found and not np.array_equal(np.asarray(found[name].values), np.asarray(labels.values)):
                    msg = f"{path}: the axis {name!r} has other labels than elsewhere; give both the same"
                    raise refused(msg)
                found.setdefault(name, labels)
    return found


def _labels(axis: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(axis, xr.DataArray):
        for name, labels in axis.coords.items():
            yield str(name), labels
    elif getattr(axis, "labels", None) is not None:
        yield axis.dims[0], xr.DataArray(axis.labels, dims=axis.dims[0])


# ---------------------------------------------------------------------------------------------------------
# computing


@overload
def compute(name: str, function: "Kernel", /, *inputs: Any, sizes: dict[str, int] | None = ...) -> Quantity: ...
@overload
def compute(
    name: tuple[str, ...], function: "Kernel", /, *inputs: Any, sizes: dict[str, int] | None = ...
) -> tuple[Quantity, ...]: ...
def compute(
    name: str | tuple[str, ...], function: "Kernel", /, *inputs: Any, sizes: dict[str, int] | None = None
) -> Any:
    """Apply a kernel to labelled data.

    Core dimensions are those of the kernel's signature; an input that lacks one does not differ along it, and
    neither does the result where every input lacks it.  All other dimensions (core, span, sample, a sweep's axes)
    broadcast by name.

    Parameters
    ----------
    name
        Variable of the table, or one for each output: where a DataArray comes in, the results are stamped.
    function
        Made by `mcfiber._jit.kernel` with a signature.
    *inputs
        Numbers, arrays of the core dimensions, Variables or DataArrays; inputs that all designs share as plain arrays.
    sizes
        Lengths of output dimensions that no input has.

    References
    ----------
    .. [1] S. Hoyer and J. J. Hamman, "xarray: N-D labeled arrays and datasets in Python," *J. Open Res. Softw.*, vol.
       5, p. 10, 2017, :doi:`10.5334/jors.148` (broadcasting by name).
    .. [2] NumPy Enhancement Proposal 5, "Generalized universal functions," 2008, https://numpy.org/neps (signatures of
       core dimensions).
    """
    names = (name,) if isinstance(name, str) else name
    results: tuple[Quantity, ...]
    if any(isinstance(value, xr.DataArray) for value in inputs):
        results = _with_coordinates(names, function, inputs, sizes)
    else:
        results = _computed(function, inputs, sizes)
        if not any(isinstance(value, xr.Variable) for value in inputs):
            results = tuple(map(labelled_result, names, results))
    return results[0] if isinstance(name, str) else results


@dataclass(frozen=True)
class _Plan:
    """How inputs of given dimensions reach a kernel: made once for each combination."""

    spread: tuple[Dims | None, ...]  # dimensions that each input is spread over; None for a number
    outputs: tuple[Dims, ...]  # dimensions of each output
    dropped: tuple[tuple[int, ...], ...]  # places, from the end, of core dimensions that no input has


@lru_cache(maxsize=4096)
def _plan(signature: "Signature", given: tuple[Dims | None, ...], sizes: Dims) -> _Plan:
    lead: Dims = ()
    known = set(sizes)
    for dims, core in zip(given, signature.inputs, strict=True):
        if dims is not None:
            lead = merged(lead, (dim for dim in dims if dim not in core))
            known |= set(dims) & set(core)
    spread = tuple(None if dims is None else lead + core for dims, core in zip(given, signature.inputs, strict=True))
    outputs = tuple(lead + tuple(dim for dim in core if dim in known) for core in signature.outputs)
    dropped = tuple(
        tuple(place - len(core) for place, dim in enumerate(core) if dim not in known) for core in signature.outputs
    )
    return _Plan(spread, outputs, dropped)


def _computed(function: "Kernel", inputs: Sequence[Any], sizes: dict[str, int] | None) -> tuple[xr.Variable, ...]:
    signature = function.signature
    own = [
        array(core[len(core) - value.ndim :], value) if isinstance(value, np.ndarray) and value.ndim else value
        for value, core in zip(inputs, signature.inputs, strict=False)
    ]
    plan = _plan(signature, tuple(getattr(value, "dims", None) for value in own), tuple(sizes or ()))
    arrays = [value if dims is None else spread(value, dims) for value, dims in zip(own, plan.spread, strict=True)]
    outputs = function(*arrays, *inputs[len(own) :], sizes=sizes)
    several = outputs if isinstance(outputs, tuple) else (outputs,)
    return tuple(
        array(dims, values.squeeze(axis=dropped) if dropped else values)
        for values, dims, dropped in zip(several, plan.outputs, plan.dropped, strict=True)
    )


def _with_coordinates(
    names: Sequence[str], function: "Kernel", inputs: Sequence[Any], sizes: dict[str, int] | None
) -> tuple[xr.DataArray, ...]:
    """Where a DataArray comes in: its coordinates are aligned (and refused where they differ), and stay."""
    aligned = xr.align(*(value for value in inputs if isinstance(value, xr.DataArray)), join="exact", copy=False)
    taken = iter(aligned)
    plain = [next(taken).variable if isinstance(value, xr.DataArray) else value for value in inputs]
    coords = {name: one for labelled in aligned for name, one in labelled.coords.items()}
    results = _computed(function, plain, sizes)
    return tuple(labelled_result(name, value, coords) for name, value in zip(names, results, strict=True))


def combined(function: Callable[..., Any], *values: Quantity) -> Quantity:
    """Combine numbers and labelled arrays with an elementwise function; they broadcast by name, attributes go.

    Parameters
    ----------
    function
        Of arrays, such as ``numpy.multiply``.
    *values
        Numbers, Variables or DataArrays.

    Examples
    --------
    >>> combined(max, 2.0, 3.0)
    3.0
    """
    named = [value for value in values if is_axis(value)]
    if not named:
        return function(*values)
    if any(isinstance(value, xr.DataArray) for value in named):
        return xr.apply_ufunc(function, *values, keep_attrs=False)
    if all(value.dims == named[0].dims for value in named):
        return array(named[0].dims, function(*(value.data if is_axis(value) else value for value in values)))
    dims, arrays = broadcast(*values)
    return array(dims, function(*arrays))


def reduced(function: Callable[..., Any], value: Quantity, *dims: str) -> Quantity:
    """Reduce an array along the dimensions that it has of these, as by ``numpy.sum``; NaN stays NaN.

    Fifty times cheaper than the method of a labelled array, and it hides no value that is missing.  What is reduced
    comes last and lies together in memory, so that one design is summed in the order in which it is summed in a block.
    """
    have = getattr(value, "dims", ())
    gone = tuple(dict.fromkeys(dim for dim in dims if dim in have))
    if not gone:
        return value
    left = tuple(dim for dim in have if dim not in gone)
    data = value.data.transpose([have.index(dim) for dim in left + gone])
    rows = np.ascontiguousarray(data).reshape(*data.shape[: len(left)], -1)
    return array(left, np.asarray(function(rows, axis=-1)))


def averaged(value: Any, dim: str, members: IntArray) -> xr.Variable:
    """Give every place along a dimension the mean over the places of the same number; the dimension comes first.

    Parameters
    ----------
    value
        With the dimension `dim`.
    dim
        Name of the dimension.
    members
        A number for each place along it.
    """
    each, place = np.unique(members, return_inverse=True)
    means = [reduced(np.mean, value.isel({dim: np.flatnonzero(members == one)}), dim) for one in each]
    result: xr.Variable = stacked(means, dim).isel({dim: place})
    return result


def kept(value: Quantity, condition: Quantity, other: Quantity = np.nan) -> Quantity:
    """Keep a value where a condition holds; dimensions in the order of the value's."""
    return combined(lambda one, holds, instead: np.where(holds, one, instead), value, condition, other)


def from_tables(value: object) -> Any:
    """Turn the tables that `mcfiber.descriptions.record.plain` makes of axes into labelled arrays, in what holds them.

    Examples
    --------
    >>> from_tables({"pitch_um": {"axis": "pitch", "values": [35.0, 40.0]}})["pitch_um"].dims
    ('pitch',)
    """
    if isinstance(value, dict):
        if {"axis", "values"} <= value.keys() <= {"axis", "values", "labels"}:
            coordinates = {value["axis"]: value["labels"]} if "labels" in value else None
            return xr.DataArray(value["values"], dims=value["axis"], coords=coordinates)
        return {key: from_tables(item) for key, item in value.items()}
    return [from_tables(item) for item in value] if isinstance(value, (list, tuple)) else value
