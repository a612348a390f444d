"""What differs between groups of cores of different sizes."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mcfiber.descriptions.groups import group_numbers

if TYPE_CHECKING:
    import xarray as xr


def by_group_size(sizes: Sequence[int], value_of: Callable[[int], Any]) -> Any:
    """Evaluate once for each size of a group, and give every core its own: no dimension core for equal sizes.

    Parameters
    ----------
    sizes
        Number of cores in each core's group.
    value_of
        Number or labelled array for groups of so many cores; a tuple of them gives a tuple.

    Examples
    --------
    >>> by_group_size((2, 2), lambda size: 3.0 / (2 * size + 1))
    0.6
    >>> by_group_size((2, 1, 2), float).values.tolist()
    [2.0, 1.0, 2.0]
    """
    first, *others = sorted(set(sizes))
    if not others:
        return value_of(first)
    import xarray as xr

    own = xr.DataArray(np.asarray(sizes), dims="core")

    def chosen(values: dict[int, Any]) -> Any:
        result = xr.DataArray(values[first])
        for size in others:
            result = xr.where(own == size, values[size], result)  # type: ignore[no-untyped-call]
        return result

    found = {size: value_of(size) for size in (first, *others)}
    if not isinstance(found[first], tuple):
        return chosen(found)
    return tuple(chosen({size: one[place] for size, one in found.items()}) for place in range(len(found[first])))


def between_groups(coupling: "xr.DataArray", groups: Sequence[Sequence[int]]) -> "xr.DataArray":
    """Mean of a quantity of pairs of cores over all pairs of two groups; zero inside a group.

    Strong mixing spreads what a core takes evenly over its group, so only this mean matters; it keeps the
    symmetry of the pairs.

    Parameters
    ----------
    coupling
        Dimensions core_out and core_in.
    groups
        Cores of each group.

    Returns
    -------
    Dimensions of `coupling`, and its unit.

    Notes
    -----
    The mean of Eq. (2) of :doc:`/theory/crosstalk`.
    """
    import xarray as xr

    numbers = group_numbers(groups)
    member = numbers == np.arange(len(groups))[:, None]
    mean = xr.DataArray(member / member.sum(axis=1, keepdims=True), dims=("group", "core"))
    reduced = xr.dot(mean.rename(group="group_out", core="core_out"), coupling, dim="core_out")
    reduced = xr.dot(reduced, mean.rename(group="group_in", core="core_in"), dim="core_in")
    spread = reduced.isel(group_out=numbers, group_in=numbers).rename(group_out="core_out", group_in="core_in")
    others = [dim for dim in coupling.dims if dim not in ("core_out", "core_in")]
    result: xr.DataArray = (spread * foreign(groups)).transpose("core_out", "core_in", *others)
    return result.assign_coords({name: coupling[name] for name in ("core_out", "core_in") if name in coupling.coords})


def foreign(groups: Sequence[Sequence[int]]) -> "xr.DataArray":
    """1 for pairs of cores of different groups, 0 for those of one."""
    import xarray as xr

    numbers = group_numbers(groups)
    return xr.DataArray((numbers[:, None] != numbers).astype(np.float64), dims=("core_out", "core_in"))


def averaged_over_groups(value: "xr.DataArray", groups: Sequence[Sequence[int]]) -> "xr.DataArray":
    """Mean over the group of each core, along the dimension core."""
    import xarray as xr

    numbers = group_numbers(groups)
    same = numbers[:, None] == numbers
    mean = xr.DataArray(same / same.sum(axis=1), dims=("core_out", "core"))
    result: xr.DataArray = xr.dot(mean, value, dim="core").rename(core_out="core")
    return result
