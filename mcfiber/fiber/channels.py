"""Door 1: the channels of a spectrum in SI."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mcfiber import units
from mcfiber.descriptions.spectrum import ChannelGroup, Spectrum, _ascending, _overlaps, _too_wide, band_of
from mcfiber.labelled import stacked
from mcfiber.typing import is_axis

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Channels:
    """The channels of a spectrum in SI, ascending in frequency.

    Attributes
    ----------
    frequency
        Centre frequencies, dimension channel and the axes of the spectrum. [Hz]
    symbol_rate
        Symbol rates, dimension channel only where they differ. [Hz]
    bands
        Name of the band of each channel.
    """

    frequency: Any
    symbol_rate: Any
    bands: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of channels."""
        return len(self.bands)


def channels(spectrum: Spectrum) -> Channels:
    """Channels of a spectrum, ascending in frequency.

    Parameters
    ----------
    spectrum
        A description; groups are merged.

    Returns
    -------
    Channels
        Frequencies and symbol rates in SI, with the bands.

    References
    ----------
    .. [1] ITU-T Recommendation G.694.1 (grid of frequencies).
    .. [2] ITU-T Series G Supplement 39 (bands).
    """
    import xarray as xr

    if spectrum.frequency_thz is not None:
        frequency_thz = np.asarray(spectrum.frequency_thz)
        order = np.argsort(frequency_thz, kind="stable")
        bands = tuple(band_of(value) for value in frequency_thz[order])
        frequency: Any = xr.DataArray(frequency_thz[order] * 1e12, dims="channel")
        rate = units.si(spectrum, "symbol_rate_gbd")
        if isinstance(rate, tuple):
            rate = stacked([rate[index] for index in order], "channel")
        return Channels(frequency, rate, bands)
    groups = [spectrum.groups[index] for index in _ascending(spectrum.groups)]
    bands = tuple(band for group in groups for band in (group.band,) * group.channels)
    frequency = _joined([group.frequencies_thz() for group in groups], groups) * 1e12
    rates = [units.si(group, "symbol_rate_gbd") for group in groups]
    equal = len(groups) == 1 or all(not is_axis(rate) and rate == rates[0] for rate in rates)
    rate = rates[0] if equal else _joined(rates, groups)
    if spectrum.super_nyquist and frequency.ndim == 1:  # groups may interleave
        order = np.argsort(frequency.values, kind="stable")
        bands = tuple(bands[index] for index in order)
        return Channels(frequency[order], rate if equal else rate.isel(channel=order), bands)
    return Channels(frequency, rate, bands)


def channels_overlap(spectrum: Spectrum) -> Any:
    """Whether channels overlap or a guard gap is too small: a truth, or one for each point of the axes."""
    wrong: Any = False
    for _, found in _overlaps(spectrum):
        wrong = wrong | found
    return wrong


def channels_outside_band(spectrum: Spectrum) -> Any:
    """Whether a group is wider than its band: a truth, or one for each point of the axes."""
    wrong: Any = False
    for group in spectrum.groups:
        if group.lowest_frequency_thz is None:
            wrong = wrong | _too_wide(group)
    return wrong


def _joined(values: list[Any], groups: list[ChannelGroup]) -> "xr.DataArray":
    """Values of several groups, one after the other along the dimension channel."""
    import xarray as xr

    if not any(is_axis(value) for value in values):
        plain = [np.broadcast_to(value, (group.channels,)) for value, group in zip(values, groups, strict=True)]
        return xr.DataArray(np.concatenate(plain), dims="channel")
    labelled = [
        value
        if is_axis(value) and "channel" in value.dims
        else xr.DataArray(value).expand_dims(channel=group.channels)
        if np.ndim(value) == 0 or is_axis(value)
        else xr.DataArray(value, dims="channel")
        for value, group in zip(values, groups, strict=True)
    ]
    return xr.concat(xr.broadcast(*labelled, exclude=["channel"]), dim="channel")
