"""Predictions with intervals: a prediction is a sweep over what is not known."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Influence:
    """How much an uncertain input moves the predicted rate: rank correlation, -1 to 1."""

    path: str
    rank_correlation: float


def influences(entry: CatalogEntry, prediction: xr.Dataset) -> list[Influence]:
    """Rank the uncertain inputs of a prediction by their influence on the net rate, strongest first.

    Spearman's rank correlation between the samples of each input and the total net rate; the squares of
    independent inputs with monotone effects add up to about 1.

    Parameters
    ----------
    entry
        The entry that was predicted.
    prediction
        Its result, with the dimension sample.
    """
    notes = prediction.mcf.provenance
    drawn = entry.sampled(notes["samples"], notes["seed"])
    rate = _ranks(prediction["total_net_rate"].values)
    found = [Influence(path, _correlation(_ranks(values), rate)) for path, values in drawn.items()]
    return sorted(found, key=lambda one: -abs(one.rank_correlation))


@dataclass(frozen=True)
class Calibrated:
    """A prediction conditioned on the report of a sibling system; never mixed with the prediction itself.

    Attributes
    ----------
    on
        Name of the sibling.
    net_rate
        5 %, 50 % and 95 % quantile. [bit/s]
    effective_samples
        How many samples agree with the sibling's report; below about 50 the quantiles are coarse.
    """

    on: str
    net_rate: tuple[float, float, float]
    effective_samples: float


def calibrated(
    entry: CatalogEntry, sibling: CatalogEntry, *, samples: int = 2048, seed: int = 0, tolerance: float = 0.03
) -> Calibrated:
    """Predict a system given what a sibling on the same line reported.

    Inputs of the same path and range take the same value in both systems.  Each sample is weighted with a normal
    likelihood of the sibling's report given the sibling's prediction.

    Parameters
    ----------
    entry
        The system to predict.
    sibling
        A system that shares inputs with it, with a reported rate.
    samples, seed
        Of the common samples.
    tolerance
        Relative standard deviation of the sibling's report about a right prediction: what the model itself may
        be wrong by.

    Raises
    ------
    ValueError
        If the sibling has no report, or no sample comes near it.
    """
    reported = sibling.reported.net_rate_tbps
    if reported is None:
        msg = f"{sibling.name} has no reported rate to condition on"
        raise ValueError(msg)
    known = predict(sibling, samples=samples, seed=seed)["total_net_rate"].values / 1e12
    wanted = predict(entry, samples=samples, seed=seed)["total_net_rate"].values
    weight = np.exp(-0.5 * ((known / reported - 1.0) / tolerance) ** 2)
    if weight.sum() < 1.0:
        msg = (
            f"no sample of {sibling.name} comes within {tolerance:.0%} of its report; widen the ranges or the tolerance"
        )
        raise ValueError(msg)
    low, middle, high = np.quantile(wanted, INTERVAL, weights=weight, method="inverted_cdf")
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    return Calibrated(sibling.name, (float(low), float(middle), float(high)), effective)


def _ranks(values: Any) -> Any:
    """Ranks, with the mean rank for equal values."""
    _, group, size = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(size)
    return (last - (size - 1) / 2.0)[group]


def _correlation(first: Any, second: Any) -> float:
    first, second = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / scale if scale > 0.0 else 0.0
