"""What amplifiers make of the asked launch power: tilt, unequal cores, output limits, noise that displaces signal."""

from typing import Any, Literal

import numpy as np

from mcfiber import units
from mcfiber.descriptions import is_axis
from mcfiber.link.span import Amplifier, Link
from mcfiber.spectrum import Channels

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
