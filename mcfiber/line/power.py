"""What amplifiers make of the asked launch power: tilt, unequal cores, output limits, noise that displaces signal."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mcfiber import labelled, units
from mcfiber.descriptions.line import Amplifier, Link
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.medium import Glass
from mcfiber.labelled import stacked
from mcfiber.line.line import along_spans
from mcfiber.line.raman import Evolution, RamanModel, check_pumps, is_uneven, span_evolution
from mcfiber.typing import is_axis

PowerControl = Literal["signal", "channel", "band"]


def output_levels(amplifier: Amplifier, launch: Any, grid: Channels, *, cores: int) -> Any:
    """Launch power of every channel (and core) that an amplifier delivers. [W]

    Parameters
    ----------
    amplifier
        Residual tilt, differences between cores, and the limit of its output power.
    launch
        Asked for, of each channel. [W]
    grid
        Channels and their bands: every band has an amplifier of its own.
    cores
        That a cladding-pumped amplifier serves with one pump.

    Returns
    -------
    DataArray or number
        With dimension core where cores differ. Where the limit is exceeded, all channels of the band are lowered
        alike: in each core alone, or over all cores of a cladding-pumped amplifier, whose cores share the pump.
    """
    import xarray as xr

    if is_axis(amplifier.output_tilt_db) or amplifier.output_tilt_db:
        place = xr.DataArray(_place_in_band(grid), dims="channel")
        launch = launch * units.convert(place * amplifier.output_tilt_db, "db")
    if amplifier.core_output_offset_db is not None:
        offset = np.asarray(amplifier.core_output_offset_db)
        launch = launch * xr.DataArray(units.convert(offset, "db"), dims="core")
    limit = units.si(amplifier, "output_power_limit_dbm")
    return launch if limit is None else launch * _limiting(amplifier, launch, limit, grid, cores)


def _place_in_band(grid: Channels) -> Any:
    """Frequency of each channel from -1/2 to 1/2 over the channels of its band."""
    place = np.zeros(grid.count)
    frequency = np.asarray(grid.frequency.transpose("channel", ...).data).reshape(grid.count, -1)[:, 0]
    for members in _bands(grid).values():
        inside = frequency[members]
        if inside.size > 1:
            place[members] = (inside - inside.min()) / (inside.max() - inside.min()) - 0.5
    return place


def _bands(grid: Channels) -> dict[str, Any]:
    names = np.array(grid.bands)
    return {band: np.flatnonzero(names == band) for band in dict.fromkeys(grid.bands)}


def _limiting(amplifier: Amplifier, launch: Any, limit: Any, grid: Channels, cores: int) -> Any:
    """Factor of at most 1 that keeps the output of every band within the limit."""
    import xarray as xr

    spread = xr.DataArray(launch)
    if "channel" not in spread.dims:
        spread = spread.expand_dims(channel=grid.count)
    parts = []
    for band, members in _bands(grid).items():
        total = spread.isel(channel=members).sum("channel")
        if amplifier.pumping == "cladding":
            total = total.sum("core") if "core" in total.dims else total * float(cores)
        allowed = limit[band] if isinstance(limit, dict) else limit
        factor = np.minimum(1.0, allowed / total)
        parts.append(factor.expand_dims(channel=members.size))
    factors = xr.concat(parts, dim="channel")
    order = np.argsort(np.concatenate(list(_bands(grid).values())))
    return factors.isel(channel=order)


def displaced(link: Link, launch: Any, ase: Any, nli: Any, grid: Channels) -> tuple[Any, Any]:
    """Noises of the line where amplifiers hold the total power, so that noise displaces signal. [W]

    With signal plus noise held constant by every amplifier, each of n spans adds x = noise/signal and lowers all
    that it receives by 1/(1 + x): noise over signal ends at (1 + x)^n - 1 instead of n x [1]_.  The total power then
    drives the interference, as it does here.

    Parameters
    ----------
    link
        Number of spans, and what its amplifiers hold: "signal" (nothing is displaced), the power of every
        "channel", or that of a "band".
    launch, ase, nli
        Signal, and the noises of the whole line at its level. [W]
    grid
        Bands of the channels.

    Returns
    -------
    tuple
        Amplifier noise and interference, at the level of the signal.

    References
    ----------
    .. [1] A. Bononi, J.-C. Antona, M. Lonardi, A. Carbo-Meseguer and P. Serena, "The generalized droop formula for
       low signal to noise ratio optical links," *J. Lightw. Technol.*, vol. 38, no. 8, pp. 2201-2213, 2020.
    """
    if link.power_control == "signal":
        return ase, nli
    ratio = (ase + nli) / launch
    if link.power_control == "band":
        ratio = _over_bands(ase + nli, grid) / _over_bands(launch, grid)
    factor = np.expm1(link.count * np.log1p(ratio / link.count)) / ratio
    return (ase * factor).assign_attrs(ase.attrs), (nli * factor).assign_attrs(nli.attrs)


def _over_bands(value: Any, grid: Channels) -> Any:
    """Mean over the channels of each band, given to every channel of it."""
    import xarray as xr

    if "channel" not in getattr(value, "dims", ()):
        return value
    band = np.unique(np.array(grid.bands), return_inverse=True)[1]
    same = band[:, None] == band
    mixing = xr.DataArray(same / same.sum(axis=1), dims=("channel_out", "channel"))
    return xr.dot(mixing, value, dim="channel").rename(channel_out="channel")


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

    Exponential decay; with Raman scattering, pumps or lumped losses see `mcfiber.line.raman`.

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

    Notes
    -----
    With Raman scattering Eq. (1) of :doc:`/theory/raman-scattering` [1]_.

    References
    ----------
    .. [1] A. D'Amico et al., "Scalable and disaggregated GGN approximation applied to a C+L+S optical network," *J.
       Lightw. Technol.*, vol. 40, no. 11, pp. 3499-3511, 2022.
    """
    launch = output_levels(link.amplifier, asked_power(link, grid), grid, cores=glass.cores)
    length = along_spans(link, lambda span: units.si(span, "length_km"))
    splices = along_spans(link, lambda span: span.splice_loss_db * span.splices)
    fan_in = along_spans(link, lambda span: units.si(span, "fan_in_loss_db"))
    fan_out = along_spans(link, lambda span: units.si(span, "fan_out_loss_db"))
    attenuation = glass.attenuation + units.convert(splices, "rms_db") / length
    fiber_input = labelled.combined(np.divide, launch, fan_in)
    evolution = None
    if raman == "none" and not is_uneven(link):
        fiber_loss = labelled.combined(lambda loss, distance: np.exp(loss * distance), attenuation, length)
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
        span_loss=labelled.combined(lambda *losses: math.prod(losses), fan_in, fan_out, fiber_loss),
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

    Notes
    -----
    With Raman scattering Eq. (1) of :doc:`/theory/raman-scattering` [1]_.

    References
    ----------
    .. [1] A. D'Amico et al., "Scalable and disaggregated GGN approximation applied to a C+L+S optical network," *J.
       Lightw. Technol.*, vol. 40, no. 11, pp. 3499-3511, 2022.

    Examples
    --------
    >>> import mcfiber
    >>> from mcfiber.fiber.medium import properties
    >>> from mcfiber.fiber.channels import channels
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
    return labelled.stamp("power_map", powers)


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
