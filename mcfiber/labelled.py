"""The one way from labelled data to kernels: named dimensions, broadcasting, stamps from the table."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from mcfiber.typing import AnyArray, is_axis
from mcfiber.variables import lookup

if TYPE_CHECKING:
    import xarray as xr

    from mcfiber._jit import Lifted


def stacked(values: Iterable[Any], dim: str) -> Any:
    """Put the values of a list, numbers or axes, along a dimension."""
    import xarray as xr

    listed = list(values)
    if not any(map(is_axis, listed)):
        return xr.DataArray(np.asarray(listed), dims=dim)
    return xr.concat(xr.broadcast(*map(xr.DataArray, listed)), dim=dim)


def stamp(name: str, array: "xr.DataArray") -> "xr.DataArray":
    """Set name and attributes of a labelled array from the table; meanings of its own flags stay."""
    array.name = name
    flags = {key: value for key, value in array.attrs.items() if key in ("flag_values", "flag_meanings")}
    array.attrs = lookup(name).attributes() | flags
    return array


@overload
def compute(name: str, function: "Lifted", /, *inputs: Any, sizes: dict[str, int] | None = ...) -> "xr.DataArray": ...


@overload
def compute(
    name: tuple[str, ...], function: "Lifted", /, *inputs: Any, sizes: dict[str, int] | None = ...
) -> "tuple[xr.DataArray, ...]": ...


def compute(
    name: str | tuple[str, ...], function: "Lifted", /, *inputs: Any, sizes: dict[str, int] | None = None
) -> Any:
    """Apply a lifted kernel to labelled data and stamp the result.

    Core dimensions are those of the kernel's signature; an input that lacks one does not differ along it, and
    neither does the result where every input lacks it.  All other dimensions (core, span, sample, a sweep's axes)
    broadcast by name.

    Parameters
    ----------
    name
        Variable of the table, or one for each output.
    function
        Kernel made by `mcfiber._jit.lift`.
    *inputs
        Numbers, arrays of the core dimensions, or DataArrays.
    sizes
        Lengths of output dimensions that no input has.
    """
    import xarray as xr

    present = [
        tuple(dim for dim in core if dim in getattr(value, "dims", core[-np.ndim(value) :] if np.ndim(value) else ()))
        for value, core in zip(inputs, function.signature.inputs, strict=True)
    ]

    known = {dim for dims in present for dim in dims} | (sizes or {}).keys()
    carried = [tuple(dim for dim in core if dim in known) for core in function.signature.outputs]

    def call(*arrays: AnyArray) -> Any:
        result = function(
            *(
                _with_missing(np.asarray(array), have, core)
                for array, have, core in zip(arrays, present, function.signature.inputs, strict=True)
            ),
            sizes=sizes,
        )
        if isinstance(result, tuple):
            return tuple(map(_without_missing, result, carried, function.signature.outputs))
        return _without_missing(result, carried[0], function.signature.outputs[0])

    lead = _common_lead(inputs, present)
    if lead is None:
        result = xr.apply_ufunc(
            call,
            *(_labelled(value, have) for value, have in zip(inputs, present, strict=True)),
            input_core_dims=present,
            output_core_dims=carried,
            keep_attrs=False,
        )
    else:
        arrays = call(*(value.data if hasattr(value, "dims") else value for value in inputs))
        several = arrays if isinstance(arrays, tuple) else (arrays,)
        labelled = tuple(xr.DataArray(one, dims=lead + dims) for one, dims in zip(several, carried, strict=True))
        result = labelled if isinstance(arrays, tuple) else labelled[0]
    if isinstance(name, str):
        return stamp(name, _as_dataarray(result))
    return tuple(stamp(one, _as_dataarray(array)) for one, array in zip(name, result, strict=True))


def combined(function: Callable[..., Any], *values: Any) -> Any:
    """Combine arrays and numbers with an elementwise function, keeping labels but no attributes.

    Labelled values that agree in their dimensions take a short way, several times faster than arithmetic on labelled
    arrays; others are broadcast by name.

    Parameters
    ----------
    function
        Of arrays, such as ``numpy.multiply``.
    *values
        Numbers or DataArrays.

    Examples
    --------
    >>> combined(max, 2.0, 3.0)
    3.0
    """
    import xarray as xr

    labelled = [value for value in values if hasattr(value, "dims")]
    if not labelled:
        return function(*values)
    if any(value.dims != labelled[0].dims for value in labelled):
        return xr.apply_ufunc(function, *values, keep_attrs=False)
    data = function(*(value.data if hasattr(value, "dims") else value for value in values))
    result = max(labelled, key=lambda value: len(value.coords)).copy(deep=False, data=data)
    result.attrs = {}
    return result


def _common_lead(inputs: tuple[Any, ...], present: list[tuple[str, ...]]) -> tuple[str, ...] | None:
    """Dimensions in front of the core ones where all labelled inputs share them and none has coordinates.

    Then there is nothing to align or to broadcast by name, and the general way, four times slower, is not needed.
    """
    lead: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    for value, have in zip(inputs, present, strict=True):
        if not hasattr(value, "dims"):
            continue
        count = len(value.dims) - len(have)
        own = value.dims[:count]
        if (
            value.dims != own + have
            or len(value.coords) > 0
            or (own and lead and (own, value.shape[:count]) != (lead, shape))
        ):
            return None
        if own:
            lead, shape = own, value.shape[:count]
    return lead


def _labelled(value: Any, dims: tuple[str, ...]) -> Any:
    import xarray as xr

    return xr.DataArray(value, dims=dims) if isinstance(value, np.ndarray) and value.ndim else value


def _with_missing(array: AnyArray, have: tuple[str, ...], core: tuple[str, ...]) -> AnyArray:
    lead = array.ndim - len(have)
    return array.reshape(
        array.shape[:lead] + tuple(array.shape[lead + have.index(dim)] if dim in have else 1 for dim in core)
    )


def _without_missing(array: AnyArray, have: tuple[str, ...], core: tuple[str, ...]) -> AnyArray:
    lead = array.ndim - len(core)
    return array.reshape(array.shape[:lead] + tuple(array.shape[lead + core.index(dim)] for dim in have))


def _as_dataarray(value: Any) -> "xr.DataArray":
    import xarray as xr

    return value if isinstance(value, xr.DataArray) else xr.DataArray(value)


def as_dataarray(axis: Any) -> "xr.DataArray":
    """Make a labelled array of an axis of a description, `mcfiber.descriptions.values.Axis`.

    Parameters
    ----------
    axis
        Has ``dim``, ``values`` and ``labels``.
    """
    import xarray as xr

    return xr.DataArray(axis.values, dims=axis.dim, coords=axis.coords)


def from_tables(value: Any) -> Any:
    """Turn the tables that `mcfiber.descriptions.record.plain` makes of axes into labelled arrays, in what holds them.

    Examples
    --------
    >>> from_tables({"pitch_um": {"axis": "pitch", "values": [35.0, 40.0]}})["pitch_um"].dims
    ('pitch',)
    """
    import xarray as xr

    if isinstance(value, dict):
        if {"axis", "values"} <= value.keys() <= {"axis", "values", "labels"}:
            coordinates = {value["axis"]: value["labels"]} if "labels" in value else None
            return xr.DataArray(value["values"], dims=value["axis"], coords=coordinates)
        return {key: from_tables(item) for key, item in value.items()}
    return [from_tables(item) for item in value] if isinstance(value, (list, tuple)) else value
