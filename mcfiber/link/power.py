"""Power of the signal along the line."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from mcfiber import units, variables
from mcfiber.descriptions import stacked
from mcfiber.fiber.properties import Glass
from mcfiber.link.evolution import Evolution, RamanModel, check_pumps, is_uneven, span_evolution
from mcfiber.link.levels import output_levels
from mcfiber.link.span import Link, along_spans
from mcfiber.spectrum import Channels


@dataclass(frozen=True)
class PowerProfile:
    """Signal power of a channel in one core, both polarisations; dimensions only where it differs.

    Attributes
    ----------
    launch
        At the amplifier's output before the fan-in, the same at every span. [W]
    fiber_input
        At the input of the fibre of a span. [W]
    attenuation
        Of the fibre with its splices. [1/m]
    length
        Of the spans' fibre. [m]
    span_loss
        From one amplifier's output to the next amplifier's input, as a ratio; above 1 unless pumps overcompensate.
    evolution
        Power along the fibre, where it is not exponential; else None.
    """

    launch: Any
    fiber_input: Any
    attenuation: Any
    length: Any
    span_loss: Any
    evolution: Evolution | None = None


def power_profile(link: Link, glass: Glass, grid: Channels, *, raman: RamanModel = "none") -> PowerProfile:
    """Power of every channel along a span, and amplifiers that restore launch power.

    Exponential decay; with Raman scattering, pumps or lumped losses see `mcfiber.link.evolution`.

    Parameters
    ----------
    link
        The line.
    glass
        Attenuation of the fibre.
    grid
        Channels, for launch powers by band.
    raman
        "none", "silica" or "triangular".

    Returns
    -------
    PowerProfile
        In SI.
    """
    launch = output_levels(link.amplifier, asked_power(link, grid), grid, cores=glass.cores)
    length = along_spans(link, lambda span: units.si(span, "length_km"))
    splices = along_spans(link, lambda span: span.splice_loss_db * span.splices)
    fan_in = along_spans(link, lambda span: units.si(span, "fan_in_loss_db"))
    fan_out = along_spans(link, lambda span: units.si(span, "fan_out_loss_db"))
    attenuation = glass.attenuation + units.convert(splices, "rms_db") / length
    fiber_input = variables.combined(np.divide, launch, fan_in)
    evolution = None
    if raman == "none" and not is_uneven(link):
        fiber_loss = variables.combined(lambda loss, distance: np.exp(loss * distance), attenuation, length)
    else:
        check_pumps(link, grid, raman)
        evolution = span_evolution(
            link, glass, grid, power=fiber_input, attenuation=attenuation, length=length, model=raman
        )
        fiber_loss = fiber_input / evolution.end
    return PowerProfile(
        launch=launch,
        fiber_input=fiber_input,
        attenuation=attenuation,
        length=length,
        span_loss=variables.combined(lambda *losses: math.prod(losses), fan_in, fan_out, fiber_loss),
        evolution=evolution,
    )


def power_map(link: Link, glass: Glass, grid: Channels, *, raman: RamanModel = "silica", points: int = 101) -> Any:
    """Signal power along the fibre of a span, at even distances, for a map or a plot.

    Parameters
    ----------
    link, glass, grid, raman
        As in `power_profile`; one span, or equal ones, and no field an axis.
    points
        Number of distances, first the start and last the end of the span.

    Returns
    -------
    :data:`power_map`
        Dimensions channel and position, with coordinates `position` (km) and `wavelength` (nm).

    Examples
    --------
    >>> import mcfiber
    >>> from mcfiber.fiber.properties import properties
    >>> from mcfiber.spectrum import channels
    >>> system = mcfiber.load("ucl-2019-6300km").system
    >>> grid = channels(system.spectrum)
    >>> power_map(system.link, properties(system.fiber, grid), grid, points=11).sizes["position"]
    11
    """
    import xarray as xr

    launch = output_levels(link.amplifier, asked_power(link, grid), grid, cores=glass.cores)
    check_pumps(link, grid, raman)
    power = launch / along_spans(link, lambda span: units.si(span, "fan_in_loss_db"))
    splices = along_spans(link, lambda span: span.splice_loss_db * span.splices)
    length = along_spans(link, lambda span: units.si(span, "length_km"))
    attenuation = glass.attenuation + units.convert(splices, "rms_db") / length
    evolution = span_evolution(link, glass, grid, power=power, attenuation=attenuation, length=length, model=raman)
    position = np.linspace(0.0, float(length), points)
    powers = xr.DataArray(
        evolution.at(position),
        dims=(*(dim for dim in evolution.power.dims if dim not in ("panel", "node")), "position"),
        coords={"position": position * 1e-3, "wavelength": ("channel", units.wavelength(grid.frequency).data * 1e9)},
    )
    return variables.stamp("power_map", powers)


def asked_power(link: Link, grid: Channels) -> Any:
    """Launch power that is asked for, with dimensions channel and core where it differs along them. [W]"""
    asked = per_channel(units.si(link, "launch_power_dbm"), grid)
    offset = units.si(link, "core_launch_offset_db")
    return asked if offset is None else asked * stacked(offset, "core")


def per_channel(value: Any, grid: Channels) -> Any:
    """Spread a number, a table by band or a list by channel over the channels, where they differ.

    Parameters
    ----------
    value
        Field of a description, in SI.
    grid
        Channels and their bands.
    """
    if isinstance(value, tuple):
        return stacked(value, "channel")
    if not isinstance(value, dict):
        return value
    # Every value once, then picked by position: a table by band holds few, and they may be axes.
    distinct: list[Any] = []
    position = np.empty(grid.count, np.int64)
    for band in dict.fromkeys(grid.bands):
        where = np.flatnonzero(np.array(grid.bands) == band)
        items = value[band] if isinstance(value[band], tuple) else (value[band],)
        position[where] = len(distinct) + np.minimum(np.arange(where.size), len(items) - 1)
        distinct.extend(items)
    return stacked(distinct, "channel").isel(channel=position)
