"""Groups of cores that are received together."""

from collections.abc import Sequence

import numpy as np

from mcfiber.typing import AnyArray

Groups = tuple[tuple[int, ...], ...]


def core_groups(coupling: str, groups: Sequence[Sequence[int]] | None, cores: int) -> Groups:
    """Cores that share their light, group by group: each alone, all together, or as described.

    Parameters
    ----------
    coupling, groups, cores
        As in `MulticoreFiber`.

    Examples
    --------
    >>> core_groups("groups", [[0, 2], [1]], 3)
    ((0, 2), (1,))
    >>> core_groups("weak", None, 3)
    ((0,), (1,), (2,))
    """
    if coupling == "groups":
        return tuple(tuple(group) for group in groups or ())
    return (tuple(range(cores)),) if coupling == "random" else tuple((core,) for core in range(cores))


def group_numbers(groups: Sequence[Sequence[int]]) -> AnyArray:
    """Number of each core's group.

    Examples
    --------
    >>> group_numbers([[0, 2], [1]]).tolist()
    [0, 1, 0]
    """
    numbers = np.empty(sum(map(len, groups)), dtype=np.int64)
    for number, group in enumerate(groups):
        numbers[list(group)] = number
    return numbers


def group_sizes(groups: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Number of cores in each core's group.

    Examples
    --------
    >>> group_sizes([[0, 2], [1]])
    (2, 1, 2)
    """
    return tuple(len(groups[number]) for number in group_numbers(groups))
