"""Predictions with intervals: a prediction is a sweep over what is not known."""

from typing import TYPE_CHECKING, Any

import numpy as np

from mcfiber.catalog import CatalogEntry
from mcfiber.evaluate import evaluate

if TYPE_CHECKING:
    import xarray as xr

INTERVAL = (0.05, 0.5, 0.95)


def predict(entry: CatalogEntry, *, samples: int = 256, seed: int = 0) -> "xr.Dataset":
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
    from mcfiber import result

    if not entry.ranges and not entry.choices:
        return result.noted(evaluate(entry.system), entry=entry.name, reported=entry.reported.model_dump())
    parts = [evaluate(entry.system.replace(changes)) for _, changes in entry.sampled(samples, seed)]
    joined = parts[0] if len(parts) == 1 else _joined(parts)
    return result.noted(
        joined,
        entry=entry.name,
        reported=entry.reported.model_dump(),
        samples=samples,
        seed=seed,
        ranges={path: list(limits) for path, limits in entry.ranges.items()},
        system=entry.system.to_dict(),
    )


def interval(values: Any) -> tuple[float, float, float]:
    """5 %, 50 % and 95 % quantile over all samples."""
    low, middle, high = np.quantile(np.asarray(values), INTERVAL)
    return float(low), float(middle), float(high)


def _joined(parts: "list[xr.Dataset]") -> "xr.Dataset":
    import xarray as xr

    joined = xr.concat(
        parts, dim="sample", data_vars="minimal", coords="minimal", compat="override", join="override",
        combine_attrs="override",
    )
    return joined.sortby("sample")
