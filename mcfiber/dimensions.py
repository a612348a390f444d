"""Arrays with named dimensions, by name beside each other: what descriptions and labelled data share.

A value is a number, or anything with `dims` (a tuple of names) and `values`; nothing here loads xarray.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from mcfiber.typing import AnyArray

Dims = tuple[str, ...]


def broadcast(*values: Any) -> tuple[Dims, list[AnyArray]]:
    """Dimensions of all values, in the order in which they appear, and the values as arrays that broadcast.

    References
    ----------
    .. [1] S. Hoyer and J. J. Hamman, "xarray: N-D labeled arrays and datasets in Python," *J. Open Res. Softw.*, vol.
       5, p. 10, 2017, :doi:`10.5334/jors.148` (broadcasting by name).

    Examples
    --------
    >>> broadcast(2.0, 3.0)[0]
    ()
    """
    dims: Dims = ()
    for value in values:
        dims = merged(dims, getattr(value, "dims", ()))
    return dims, [spread(value, dims) for value in values]


def merged(dims: Dims, more: Iterable[str]) -> Dims:
    """Dimensions, followed by those of others that are not among them."""
    return dims + tuple(dim for dim in more if dim not in dims)


def spread(value: Any, dims: Dims) -> AnyArray:
    """Array of a value along dimensions, of length 1 along those that it lacks."""
    have = getattr(value, "dims", None)
    if have is None:
        return np.asarray(value).reshape((1,) * len(dims))
    data: AnyArray = value.values
    if have == dims:
        return data
    order, place = _placing(tuple(have), dims)
    data = data if order is None else data.transpose(order)
    result: AnyArray = data[place]
    return result


@lru_cache(maxsize=4096)
def _placing(have: Dims, dims: Dims) -> tuple[tuple[int, ...] | None, tuple[Any, ...]]:
    order = tuple(have.index(dim) for dim in dims if dim in have)
    place = tuple(slice(None) if dim in have else None for dim in dims)
    return (None if order == tuple(range(len(order))) else order), place


def trimmed(sizes: Mapping[str, int], values: AnyArray, *of: Any) -> tuple[Dims, AnyArray]:
    """Leave out the leading dimensions that no value has from which an array was computed."""
    own = {dim for value in of for dim in getattr(value, "dims", ())}
    other = tuple(place for place, dim in enumerate(sizes) if dim not in own)
    dims = tuple(dim for dim in sizes if dim in own)
    return dims, values.squeeze(axis=other) if other else values
