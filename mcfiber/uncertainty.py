"""Predictions with intervals: a prediction is a sweep over what is not known."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from mcfiber import result
from mcfiber.catalog import CatalogEntry
from mcfiber.evaluate import evaluate

INTERVAL = (0.05, 0.5, 0.95)


def predict(entry: CatalogEntry, *, samples: int = 256, seed: int = 0) -> xr.Dataset:
    """Evaluate a catalogue entry over the ranges of what is not known of it.

    Ranges are uniform, independent and common to all spans, so quantiles of the result are a prior predictive
    interval, not a confidence interval.

    Parameters
    ----------
    entry
        System, ranges and report.
    samples
        Number of samples.
    seed
        Of the samples; the first n of N are the same for any N.

    Returns
    -------
    xarray.Dataset
        The result of `evaluate` with dimension `sample`, if anything is uncertain; its provenance holds what was
        reported.

    Examples
    --------
    >>> import mcfiber
    >>> prediction = mcfiber.predict(mcfiber.load("nict-2025-1808km"), samples=8)
    >>> prediction.sizes["sample"]
    8
    """
    if not entry.ranges and not entry.choices:
        return result.noted(evaluate(entry.system), entry=entry.name, reported=entry.reported.model_dump())
    drawn = entry.sampled(samples, seed)
    parts = [evaluate(entry.system.replace(changes)) for changes in _blocks(entry, drawn, samples)]
    numbers = {path: xr.DataArray(drawn[path], dims="sample") for path in entry.ranges}
    return result.noted(
        parts[0] if len(parts) == 1 else _joined(parts),
        system=entry.system.replace(numbers).to_dict(),
        entry=entry.name,
        reported=entry.reported.model_dump(),
        samples=samples,
        seed=seed,
    )


def _blocks(entry: CatalogEntry, drawn: dict[str, Any], samples: int) -> Iterator[dict[str, Any]]:
    """Changes for each combination of words; numbers are axes over the samples that share it."""
    position = np.arange(samples)
    words = {path: np.unique(drawn[path]) for path in entry.choices}
    for combination in itertools.product(*words.values()):
        chosen = dict(zip(words, combination, strict=True))
        members = position[np.all([np.full(samples, True), *(drawn[path] == word for path, word in chosen.items())], 0)]
        if members.size:
            yield {path: str(word) for path, word in chosen.items()} | {
                path: xr.DataArray(drawn[path][members], dims="sample", coords={"sample": members})
                for path in entry.ranges
            }


def interval(values: Any) -> tuple[float, float, float]:
    """5 %, 50 % and 95 % quantile over all samples."""
    low, middle, high = np.quantile(np.asarray(values), INTERVAL)
    return float(low), float(middle), float(high)


def _joined(parts: list[xr.Dataset]) -> xr.Dataset:
    joined = xr.concat(
        parts,
        dim="sample",
        data_vars="minimal",
        coords="minimal",
        compat="override",
        join="override",
        combine_attrs="override",
    )
    return joined.sortby("sample")
