"""What differs between groups of cores of different sizes."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from mcfiber.descriptions.groups import group_numbers
from mcfiber.labelled import array, averaged, combined
from mcfiber.typing import FloatArray, Quantity


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
    own = array(("core",), np.asarray(sizes))

    def chosen(values: dict[int, Quantity]) -> Quantity:
        result = values[first]
        for size in others:
            result = combined(np.where, own == size, values[size], result)
        return result

    found = {size: value_of(size) for size in (first, *others)}
    if not isinstance(found[first], tuple):
        return chosen(found)
    return tuple(chosen({size: one[place] for size, one in found.items()}) for place in range(len(found[first])))


def between_groups(coupling: xr.Variable, groups: Sequence[Sequence[int]]) -> xr.Variable:
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
    numbers = group_numbers(groups)
    member = numbers == np.arange(len(groups))[:, None]
    mean = member / member.sum(axis=1, keepdims=True)
    others = tuple(str(dim) for dim in coupling.dims if dim not in ("core_out", "core_in"))
    # Laid out alike for one design and for many, as the product of matrices rounds by their layout.
    pairs = np.ascontiguousarray(coupling.transpose(*others, "core_out", "core_in").data)
    between = mean @ pairs @ mean.T
    spread = between[..., numbers[:, None], numbers] * foreign(groups)
    return array((*others, "core_out", "core_in"), spread).transpose("core_out", "core_in", *others)


def foreign(groups: Sequence[Sequence[int]]) -> FloatArray:
    """1 for pairs of cores of different groups, 0 for those of one: shape (core_out, core_in)."""
    numbers = group_numbers(groups)
    other: FloatArray = (numbers[:, None] != numbers).astype(np.float64)
    return other


def averaged_over_groups(value: xr.Variable, groups: Sequence[Sequence[int]]) -> xr.Variable:
    """Mean over the group of each core, along the dimension core."""
    return averaged(value, "core", group_numbers(groups))
