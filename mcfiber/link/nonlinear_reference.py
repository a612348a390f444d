"""Nonlinear interference of a line by quadrature: the judge of the closed forms, in the same place of the path."""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from mcfiber import variables
from mcfiber.descriptions import refused
from mcfiber.fiber.properties import Glass
from mcfiber.link.interference import SpanProfile, gn_integral
from mcfiber.link.nonlinear import coupling_factor
from mcfiber.link.power import PowerProfile
from mcfiber.link.span import Link
from mcfiber.spectrum import Channels
from mcfiber.typing import FloatArray

FINE = 8  # positions between two of the evolution's nodes
INNER = ("channel", "span", "panel", "node", "node_in")


def nonlinear_interference_integral(
    link: Link,
    glass: Glass,
    power: PowerProfile,
    grid: Channels,
    *,
    terms: Literal["spm+xpm", "all"] = "spm+xpm",
    band: Literal["centre", "average"] = "centre",
    accumulation: Literal["coherent", "incoherent"] = "incoherent",
    mode_dispersion: bool = True,
    workers: int = 1,
) -> tuple[Any, Any]:
    """Nonlinear interference of the whole line in each channel, by the Gaussian-noise integral. [W]

    The slow counterpart of `mcfiber.link.nonlinear.nonlinear_interference`: no closed form, no smallest span loss,
    the computed power profile as it is. One integral for each core and each point of an axis.

    Parameters
    ----------
    link, glass, power, grid
        As in `mcfiber.link.nonlinear.nonlinear_interference`.
    terms, band, accumulation, workers
        As in `mcfiber.link.interference.gn_integral`.
    mode_dispersion
        As in `mcfiber.link.nonlinear.nonlinear_interference`.

    Returns
    -------
    tuple of :data:`nli_power`
        Interference at launch level, and the error of its quadrature.
    """
    import xarray as xr

    inputs = {
        "frequency": grid.frequency,
        "symbol_rate": grid.symbol_rate,
        "launch": power.launch,
        "input": power.fiber_input,
        "attenuation": power.attenuation,
        "length": power.length,
        "gamma": glass.nonlinear_coefficient,
        "beta2": glass.group_velocity_dispersion,
    }
    if power.evolution is not None:
        inputs |= {"power": power.evolution.power, "panel": power.evolution.panel}
    labelled = {name: xr.DataArray(value).drop_vars(_coordinates(value)) for name, value in inputs.items()}
    shape: dict[Any, int] = {}
    for value in labelled.values():
        shape |= {dim: size for dim, size in value.sizes.items() if dim not in INNER}
    if link.core_permutation is not None and "core" in shape:
        msg = (
            'link.core_permutation: "gn_integral" does not follow signals through unlike cores; '
            'use models.nonlinear_interference = "gn" or "isrs_gn"'
        )
        raise refused(msg)
    total = np.empty((2, *shape.values(), grid.count))
    for place in np.ndindex(*shape.values()):
        here = dict(zip(shape, place, strict=True))
        point = {
            name: value.isel({dim: here[dim] for dim in value.dims if dim in here}) for name, value in labelled.items()
        }
        result = gn_integral(
            _channels(point["frequency"], grid.count),
            _channels(point["symbol_rate"], grid.count),
            _channels(point["launch"], grid.count),
            list(_spans(point, link, grid.count)),
            terms=terms,
            band=band,
            accumulation=accumulation,
            workers=workers,
        )
        total[(0, *place)], total[(1, *place)] = result
    dims = (*shape, "channel")
    factor = coupling_factor(glass, power, grid, mode_dispersion)
    interference, error = (variables.stamp("nli_power", xr.DataArray(values, dims=dims) * factor) for values in total)
    interference.attrs |= {"model": "gn_integral", "band": band, "terms": terms, "accumulation": accumulation}
    error.attrs["long_name"] = "error of the quadrature of the nonlinear interference"
    return interference, error


def _coordinates(value: Any) -> list[Any]:
    return list(value.coords) if hasattr(value, "coords") else []


def _channels(value: Any, count: int) -> FloatArray:
    return np.broadcast_to(np.asarray(value, dtype=float), (count,)).copy()


def _spans(point: dict[str, Any], link: Link, count: int) -> Iterator[SpanProfile]:
    """Equal spans as one with their number, others one by one."""
    several = any("span" in value.dims for value in point.values())
    for number in range(link.count if several else 1):
        one = {name: value.isel(span=number) if "span" in value.dims else value for name, value in point.items()}
        launch = _channels(one["launch"], count)
        if "power" in one:
            position, profile = _evolution(one, count)
        else:
            position = np.array([0.0, float(one["length"])])
            profile = _channels(one["input"], count)[:, None] * np.exp(
                -_channels(one["attenuation"], count)[:, None] * position
            )
        lit = np.where(launch > 0.0, launch, 1.0)[:, None]  # a dark channel disturbs nobody: any profile
        yield SpanProfile(
            position,
            np.where(launch[:, None] > 0.0, profile / lit, 1.0),
            _channels(one["beta2"], count),
            _channels(one["gamma"], count),
            count=1 if several else link.count,
        )


def _evolution(one: dict[str, Any], count: int) -> tuple[FloatArray, FloatArray]:
    """Power between the Chebyshev nodes: the polynomial of its logarithm, at a few positions between nodes."""
    power = one["power"].transpose("channel", "panel", "node").to_numpy()
    length = np.atleast_1d(one["panel"].to_numpy())
    nodes = power.shape[-1]
    place = -np.cos(np.pi * np.arange(nodes) / (nodes - 1))
    fine = -np.cos(np.pi * np.linspace(0.0, 1.0, FINE * (nodes - 1) + 1))
    to_polynomial = np.linalg.inv(np.polynomial.chebyshev.chebvander(place, nodes - 1))
    between = np.polynomial.chebyshev.chebvander(fine, nodes - 1) @ to_polynomial
    start = np.concatenate([[0.0], np.cumsum(length)])
    position = [start[k] + length[k] * 0.5 * (1.0 + fine) for k in range(length.size) if length[k] > 0.0]
    values = [np.exp(np.log(power[:, k]) @ between.T) for k in range(length.size) if length[k] > 0.0]
    joined = np.concatenate(values, axis=1)
    return np.concatenate(position), np.broadcast_to(joined, (count, joined.shape[1]))
