"""One point of the records behind the doors, in plain numbers: what a simulation runs on."""

from collections.abc import Mapping

import numpy as np

from mcfiber.fiber.medium import FiberMedium
from mcfiber.typing import FloatArray, Quantity


def number_at(value: Quantity, name: str, point: Mapping[str, int]) -> float:
    """Plain value at a point.

    Parameters
    ----------
    value
        Of a record.
    name
        What it is, for the refusal.
    point
        Position along each dimension: channel, core, span, axes.

    Raises
    ------
    ValueError
        If the value differs along a dimension of which no position is given.

    Notes
    -----
    A quantity carries a dimension only if it differs along it, so what is left is a choice to be made.

    Examples
    --------
    >>> number_at(0.2, "attenuation", {"core": 3})
    0.2
    """
    return float(_chosen(value, name, point))


def spans_at(value: Quantity, name: str, point: Mapping[str, int]) -> float | FloatArray:
    """Plain value at a point: one number where all spans are alike, else one for each. Shape (span,).

    Parameters
    ----------
    value, name, point
        As in `number_at`.
    """
    found = _chosen(value, name, point, spans=True)
    return float(found) if found.ndim == 0 else found


def channels_at(value: Quantity, name: str, point: Mapping[str, int], count: int) -> FloatArray:
    """Plain values of all channels at a point. Shape (channel,).

    Parameters
    ----------
    value, name, point
        As in `number_at`; a position along channel is not read.
    count
        Number of channels.
    """
    here = {dim: place for dim, place in point.items() if dim != "channel"}
    dims = getattr(value, "dims", ())
    found = [_chosen(value.isel(channel=k), name, here) for k in range(count)] if "channel" in dims else [value] * count
    return np.array(found, np.float64)


def received_together(medium: FiberMedium, point: Mapping[str, int]) -> int:
    """Number of cores that share their light, of the group of the core that is chosen.

    Parameters
    ----------
    medium
        Glass in SI.
    point
        With a position along core where groups differ in size.

    Raises
    ------
    ValueError
        If groups differ in size and no core is chosen.

    Notes
    -----
    Groups are those of Eq. (3) of :doc:`/theory/mode-dependent-loss`.

    Examples
    --------
    >>> from mcfiber import load
    >>> from mcfiber.evaluate import records
    >>> scene, _ = records(load("nict-2025-1808km").system)
    >>> received_together(scene.medium, {})
    19
    """
    sizes = set(medium.group_sizes)
    if len(sizes) > 1 and "core" not in point:
        several = " and ".join(map(str, sorted(sizes)))
        msg = f"groups: there are groups of {several} cores; choose a core of one, point={{'core': ...}}"
        raise ValueError(msg)
    return medium.group_sizes[point["core"]] if "core" in point else sizes.pop()


def _chosen(value: Quantity, name: str, point: Mapping[str, int], *, spans: bool = False) -> FloatArray:
    dims = getattr(value, "dims", ())
    if not dims:
        return np.asarray(value, np.float64)
    kept = ("span",) if spans and "span" not in point else ()
    if missing := [dim for dim in dims if dim not in point and dim not in kept]:
        places = ", ".join(f"{dim!r}: ..." for dim in missing)
        msg = f"{name}: differs along {' and '.join(missing)}; choose a place, point={{{places}}}"
        raise ValueError(msg)
    return np.asarray(value.isel({dim: point[dim] for dim in dims if dim not in kept}), np.float64)
