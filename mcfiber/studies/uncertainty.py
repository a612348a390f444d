"""Predictions with intervals: a prediction is a sweep over what is not known."""

import itertools
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from mcfiber import result
from mcfiber.arguments import SEED, arguments, dataset, instance, whole
from mcfiber.catalog import CatalogEntry
from mcfiber.catalog.cable_entries import CableEntry
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.system import System
from mcfiber.status import REFUSED
from mcfiber.studies.memory import peak_bytes, refuse_beyond_memory
from mcfiber.typing import AnyArray, FloatArray, IntArray

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

INTERVAL = (0.05, 0.5, 0.95)

PROBED = 4096
"""Samples beyond which a prediction looks first whether it fits into memory."""


ENTRY = instance(
    CatalogEntry,
    otherwise="load(...) gives one; a System has no ranges: ask for system.evaluate(), or make "
    "CatalogEntry(name=..., system=system)",
)
"""Rule of an argument that is a system with what is known of it."""


@arguments(entry=ENTRY, samples=whole(low=1), seed=SEED)
def predict(entry: CatalogEntry, *, samples: int = 256, seed: int = 0) -> xr.Dataset:
    """Evaluate a catalogue entry over the ranges of what is not known of it.

    Ranges are uniform, independent and common to all spans, so quantiles of the result are a prior predictive
    interval, not a confidence interval.

    Parameters
    ----------
    entry
        System (or cable), ranges and report.
    samples
        Number of samples, at least 1.
    seed
        Of the samples, at least 0; the first n of N are the same for any N.

    Raises
    ------
    DescriptionError
        If it is not given an entry, or more samples than fit into memory.

    Returns
    -------
    xarray.Dataset
        The result of `evaluate` with dimension `sample`, if anything is uncertain; its provenance holds what was
        reported.

    Notes
    -----
    Prior predictive distribution: [1]_.

    References
    ----------
    .. [1] G. E. P. Box, "Sampling and Bayes' inference in scientific modelling and robustness," *J. R. Stat. Soc.
       A*, vol. 143, pp. 383-430, 1980.

    Examples
    --------
    >>> import mcfiber
    >>> prediction = mcfiber.predict(mcfiber.load("nict-2025-1808km"), samples=8)
    >>> prediction.sizes["sample"]
    8
    """
    if not entry.ranges and not entry.choices:
        return result.noted(entry.system.evaluate(), entry=entry.name, reported=entry.reported.model_dump())
    if samples > PROBED:
        _refuse_beyond_memory(entry, samples, seed)
    drawn = entry.sampled(samples, seed)
    blocks = list(_blocks(entry, drawn, samples))
    parts = _evaluated([(entry.system, changes) for _, changes in blocks])
    numbers = {path: xr.DataArray(drawn[path], dims="sample") for path in entry.ranges}
    described = entry.system.replace(numbers).to_dict()
    return result.noted(
        _joined(parts, [members for members, _ in blocks]) if entry.choices else parts[0],
        **{"cable" if isinstance(entry, CableEntry) else "system": described},
        entry=entry.name,
        reported=entry.reported.model_dump(),
        samples=samples,
        seed=seed,
    )


def _refuse_beyond_memory(entry: CatalogEntry, samples: int, seed: int) -> None:
    """Refuse more samples than fit: a prediction is in memory, and its report needs as much again."""
    few = PROBED // 16
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said with the prediction itself
        each = peak_bytes(lambda: predict(entry, samples=few, seed=seed)) / few
    refuse_beyond_memory("samples", samples, 2.0 * each, "samples", "")


def _blocks(entry: CatalogEntry, drawn: dict[str, Any], samples: int) -> Iterator[tuple[IntArray, dict[str, Any]]]:
    """Samples that share a combination of words, and their changes; numbers are axes over these samples."""
    position = np.arange(samples)
    words = {path: np.unique(drawn[path]) for path in entry.choices}
    for combination in itertools.product(*words.values()):
        chosen = dict(zip(words, combination, strict=True))
        members = position[np.all([np.full(samples, True), *(drawn[path] == word for path, word in chosen.items())], 0)]
        if members.size:
            numbers = {
                path: xr.DataArray(drawn[path][members], dims="sample", coords={"sample": members})
                for path in entry.ranges
            }
            yield members, {path: str(word) for path, word in chosen.items()} | numbers


def _evaluated(blocks: list[tuple[System, dict[str, Any]]]) -> list[xr.Dataset]:
    """Evaluate every block; one whose words are refused together is marked, unless all are.

    Raises
    ------
    DescriptionError
        That of the first block, if all are refused.
    """
    found: list[xr.Dataset | DescriptionError] = []
    for system, changes in blocks:
        try:
            found.append(system.replace(changes).evaluate())
        except DescriptionError as error:
            found.append(error)
    good = [one for one in found if isinstance(one, xr.Dataset)]
    if not good:
        raise next(one for one in found if isinstance(one, DescriptionError))
    like = good[0].isel(sample=0, drop=True) if "sample" in good[0].dims else good[0]
    missing = xr.full_like(like.astype(float), np.nan)
    missing = missing.assign(status=xr.full_like(like["status"], REFUSED))
    return [one if isinstance(one, xr.Dataset) else missing for one in found]


def interval(values: "ArrayLike | xr.DataArray") -> tuple[float, float, float]:
    """5 %, 50 % and 95 % quantile over all samples, leaving out points that cannot exist."""
    known = np.asarray(values, dtype=float)
    known = known[~np.isnan(known)]
    if not known.size:
        return math.nan, math.nan, math.nan
    # Between infinity and a number there is nothing to interpolate.
    method: Literal["linear", "inverted_cdf"] = "linear" if np.isfinite(known).all() else "inverted_cdf"
    low, middle, high = np.quantile(known, INTERVAL, method=method)
    return float(low), float(middle), float(high)


def _joined(parts: list[xr.Dataset], members: list[IntArray]) -> xr.Dataset:
    """Join blocks of samples; a variable has the dimension sample if it does in a block, or differs between them."""
    order = np.argsort(np.concatenate(members))
    first = parts[0]
    joined: dict[Any, xr.Variable] = {}
    for name, variable in first.variables.items():
        pieces = [part.variables[name] for part in parts if name in part.variables]
        if name == "sample" or len(pieces) < len(parts):
            continue
        varies = any("sample" in piece.dims or not _equal(piece, variable) for piece in pieces)
        if varies or name == "total_net_rate":
            wide = [_over_samples(piece, mine.size) for piece, mine in zip(pieces, members, strict=True)]
            whole: Any = xr.Variable.concat([piece.transpose(*wide[0].dims) for piece in wide], "sample")  # type: ignore[no-untyped-call]
            joined[name] = whole.isel(sample=order)
        else:
            joined[name] = variable.to_base_variable()
    joined["sample"] = xr.Variable("sample", np.concatenate(members)[order])
    names = [name for name in joined if name in first.coords or name == "sample"]
    return result.indexed(xr.Dataset(joined, attrs=first.attrs).set_coords(names))


def _equal(first: xr.Variable, second: xr.Variable) -> bool:
    return bool(first.equals(second))  # type: ignore[no-untyped-call]


def _over_samples(variable: xr.Variable, count: int) -> xr.Variable:
    plain: Any = variable.to_base_variable()
    wide: xr.Variable = plain if "sample" in plain.dims else plain.set_dims({"sample": count, **plain.sizes})
    return wide


@dataclass(frozen=True)
class Influence:
    """How much an uncertain input moves the predicted rate: rank correlation, -1 to 1."""

    path: str
    rank_correlation: float


@arguments(entry=ENTRY, prediction=dataset("total_net_rate"))
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

    References
    ----------
    .. [1] C. Spearman, "The proof and measurement of association between two things," *Am. J. Psychol.*, vol. 15,
       pp. 72-101, 1904.
    """
    notes = prediction.mcf.provenance
    drawn = entry.sampled(notes["samples"], notes["seed"])
    rate = prediction["total_net_rate"].values
    possible = ~np.isnan(rate)
    rate = ranks(rate[possible])
    found = [Influence(path, correlation(ranks(values[possible]), rate)) for path, values in drawn.items()]
    return sorted(found, key=lambda one: -abs(one.rank_correlation))


def ranks(values: AnyArray) -> FloatArray:
    """Ranks, with the mean rank for equal values."""
    _, group, size = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(size)
    return (last - (size - 1) / 2.0)[group]


def correlation(first: FloatArray, second: FloatArray) -> float:
    """Correlation coefficient of two lists of numbers; 0 where one does not vary."""
    first, second = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / scale if scale > 0.0 else 0.0
