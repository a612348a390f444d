"""Door 3: the spans of a line, and what adds up along them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mcfiber import units
from mcfiber.descriptions.line import Link, Span
from mcfiber.labelled import stacked
from mcfiber.typing import IntArray, is_axis


def along_spans(link: Link, value_of: Callable[[Span], Any]) -> Any:
    """Read a value of every span: one value where all are equal, else with the dimension span."""
    if isinstance(link.span, Span):
        return value_of(link.span)
    values = [value_of(span) for span in link.span]
    if all(not is_axis(value) and value == values[0] for value in values):
        return values[0]
    return stacked(values, "span")


def over_spans(link: Link, value: Any, *, launch: Any = 1.0) -> Any:
    """Sum a value over the spans that a signal passes: times their number where it does not differ along them.

    Parameters
    ----------
    link
        The spans, and how cores are exchanged between them.
    value
        Of one span; with dimension span where it differs along them, and core where cores differ.
    launch
        Launch power that `value` belongs to, where it is a noise power: where cores are exchanged, what a core
        adds counts relative to the power that is launched into it.
    """
    if link.core_permutation is not None and is_axis(value) and "core" in value.dims:
        return _over_paths(link, value / launch) * launch
    if is_axis(value) and "span" in value.dims:
        return value.sum("span")
    return units.mapped(lambda one: one * link.count, value)


def core_paths(link: Link, cores: int) -> IntArray:
    """Core that each signal, numbered by its core in the first span, has in every span.

    Returns
    -------
    numpy.ndarray
        Shape (span, core).

    Examples
    --------
    >>> core_paths(Link(span=Span(length_km=80), span_count=3, core_permutation=[1, 2, 0]), 3).tolist()
    [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
    """
    order = np.arange(cores) if link.core_permutation is None else np.asarray(link.core_permutation)
    paths = np.empty((link.count, cores), np.int64)
    paths[0] = np.arange(cores)
    for span in range(1, link.count):
        paths[span] = order[paths[span - 1]]
    return paths


def _over_paths(link: Link, value: Any) -> Any:
    """Sum over the spans what each signal meets in the cores that it passes."""
    import xarray as xr

    cores = value.sizes["core"]
    paths = core_paths(link, cores)
    if "span" in value.dims:
        met = {
            "core": xr.DataArray(paths, dims=("span", "core")),
            "span": xr.DataArray(np.arange(link.count), dims="span"),
        }
        return value.isel(met).sum("span")
    visits = (paths[:, :, None] == np.arange(cores)).sum(axis=0)
    return xr.dot(xr.DataArray(visits, dims=("signal", "core")), value, dim="core").rename(signal="core")


def distance(link: Link) -> Any:
    """Length of the whole line. [m]

    Examples
    --------
    >>> round(distance(Link(span=Span(length_km=80), span_count=10)) / 1e3)
    800
    """
    return over_spans(link, along_spans(link, lambda span: units.si(span, "length_km")))
