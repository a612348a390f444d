"""Power of the signal along the line."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mcfiber import units
from mcfiber.descriptions import is_axis
from mcfiber.fiber.properties import Glass
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
        From one amplifier's output to the next amplifier's input, as a ratio above 1.
    """

    launch: Any
    fiber_input: Any
    attenuation: Any
    length: Any
    span_loss: Any


def power_profile(link: Link, glass: Glass, grid: Channels) -> PowerProfile:
    """Power of every channel along a span: exponential decay, and amplifiers that restore launch power.

    Parameters
    ----------
    link
        The line.
    glass
        Attenuation of the fibre.
    grid
        Channels, for launch powers by band.

    Returns
    -------
    PowerProfile
        In SI.
    """
    launch = per_channel(link.launch_power_dbm, "dbm", grid)
    length = along_spans(link, lambda span: units.si(span, "length_km"))
    splices = along_spans(link, lambda span: span.splice_loss_db * span.splices)
    fan_in = along_spans(link, lambda span: units.si(span, "fan_in_loss_db"))
    fan_out = along_spans(link, lambda span: units.si(span, "fan_out_loss_db"))
    attenuation = glass.attenuation + units.convert(splices, "rms_db") / length
    fiber_loss = units.mapped(np.exp, attenuation * length)
    return PowerProfile(
        launch=launch,
        fiber_input=launch / fan_in,
        attenuation=attenuation,
        length=length,
        span_loss=fan_in * fan_out * fiber_loss,
    )


def per_channel(value: Any, unit: str, grid: Channels) -> Any:
    """Turn a number, a table by band or a list by channel into SI, with the dimension channel where needed.

    Parameters
    ----------
    value
        Field of a description, in engineering units.
    unit
        Suffix of the units table.
    grid
        Channels and their bands.
    """
    import xarray as xr

    if isinstance(value, tuple):
        return xr.DataArray(units.convert(np.asarray(value), unit), dims="channel")
    if not isinstance(value, dict):
        return units.convert(value, unit)
    converted = {band: units.convert(value[band], unit) for band in dict.fromkeys(grid.bands)}
    if not any(is_axis(item) for item in converted.values()):
        return xr.DataArray(np.array([converted[band] for band in grid.bands]), dims="channel")
    labelled = [xr.DataArray(item) for item in converted.values()]
    index = {band: position for position, band in enumerate(converted)}
    stacked = xr.concat(labelled, dim="channel")
    return stacked.isel(channel=[index[band] for band in grid.bands])
