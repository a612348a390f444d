"""Door 1: the channels of a spectrum in SI."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from mcfiber import units
from mcfiber.descriptions.record import axes
from mcfiber.descriptions.spectrum import ChannelGroup, Comb, Spectrum, ascending, band_of, combs, overlaps
from mcfiber.dimensions import trimmed
from mcfiber.labelled import array, has, joined, quantity, stacked
from mcfiber.typing import FloatArray, IntArray, Quantity, is_axis


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
    order
        Number of each channel in the description: in the list `frequency_thz`, or through the groups as they are
        listed, each ascending. Ascending where left out.
    problems
        Which points of the axes cannot exist: by name of `mcfiber.status.FLAGS`, a truth or one for each point.
    """

    frequency: Quantity
    symbol_rate: Quantity
    bands: tuple[str, ...]
    order: IntArray | None = None
    problems: Mapping[str, Quantity] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of channels."""
        return len(self.bands)

    @cached_property
    def wavelength(self) -> Quantity:
        """Vacuum wavelengths. [m]"""
        return units.wavelength(self.frequency)

    @cached_property
    def members(self) -> Mapping[str, IntArray]:
        """Numbers of the channels of each band."""
        names = np.array(self.bands)
        return {band: np.flatnonzero(names == band) for band in dict.fromkeys(self.bands)}

    @cached_property
    def described(self) -> IntArray:
        """Number of each channel in the description."""
        return np.arange(self.count) if self.order is None else self.order

    def part(self, where: IntArray) -> "Channels":
        """Some of the channels, ascending; their places in a list by channel are those among themselves."""
        rate = self.symbol_rate.isel(channel=where) if has(self.symbol_rate, "channel") else self.symbol_rate
        order = np.argsort(np.argsort(self.described[where], kind="stable"), kind="stable")
        return Channels(self.frequency.isel(channel=where), rate, tuple(self.bands[k] for k in where), order)

    def listed(self, values: FloatArray) -> tuple[float, ...]:
        """Put values of the channels into the order of the description: the inverse of `spread`."""
        return tuple(values[np.argsort(self.described)].tolist())

    def spread(self, value: object) -> Quantity:
        """Put a value on the channels: a number or labelled array, a table by band, or a list by channel.

        Parameters
        ----------
        value
            Field of a description, in SI; lists by channel, of all bands or of one, in the order of the description.
        """
        if isinstance(value, tuple):
            return stacked([value[index] for index in self.described], "channel")
        if not isinstance(value, dict):
            return value
        # Every value once, then picked by position: a table by band holds few, and they may be axes.
        distinct: list[Any] = []
        position = np.empty(self.count, np.int64)
        for band, where in self.members.items():
            items = value[band] if isinstance(value[band], tuple) else (value[band],)
            position[where] = len(distinct)
            if len(items) > 1:
                position[where] += np.argsort(np.argsort(self.described[where]))  # among the described of this band
            distinct.extend(items)
        table = stacked(distinct, "channel")
        return array(table.dims, table.data[position])


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

    Examples
    --------
    >>> grid = channels(Spectrum(frequency_thz=[193.2, 193.1], symbol_rate_gbd=64))
    >>> grid.count, grid.bands
    (2, ('C', 'C'))
    """
    if spectrum.frequency_thz is not None:
        return _listed(spectrum, np.asarray(spectrum.frequency_thz))
    sizes, groups, _ = combs(spectrum.groups)
    order = ascending(groups)
    groups = tuple(groups[index] for index in order)
    described = [spectrum.groups[index] for index in order]
    counts = [group.channels for group in groups]
    first = np.cumsum([0, *(group.channels for group in spectrum.groups)])
    numbers = np.concatenate([first[index] + np.arange(count) for index, count in zip(order, counts, strict=True)])
    bands = tuple(band for group in groups for band in (group.band,) * group.channels)
    frequency = _concatenated(sizes, groups, described)
    rates = [quantity(group, "symbol_rate_gbd") for group in described]
    equal = len(groups) == 1 or all(isinstance(rate, float) and rate == rates[0] for rate in rates)
    rate = rates[0] if equal else joined(rates, counts, "channel")
    if spectrum.super_nyquist and frequency.ndim == 1:  # groups may interleave
        sorting = np.argsort(frequency.values, kind="stable")
        bands, numbers = tuple(bands[index] for index in sorting), numbers[sorting]
        frequency, rate = frequency[sorting], rate.isel(channel=sorting) if has(rate, "channel") else rate
    outside = _outside_band(sizes, groups, described)
    return Channels(frequency, rate, bands, numbers, {**_overlap(spectrum), "channels_outside_band": outside})


def _listed(spectrum: Spectrum, frequency_thz: Any) -> Channels:
    order = np.argsort(frequency_thz, kind="stable")
    rate = quantity(spectrum, "symbol_rate_gbd")
    if isinstance(rate, tuple):
        rate = stacked([rate[index] for index in order], "channel")
    frequency = array(("channel",), frequency_thz[order] * 1e12)
    bands = tuple(band_of(value) for value in frequency_thz[order])
    return Channels(frequency, rate, bands, order, _overlap(spectrum))


def _concatenated(sizes: Mapping[str, int], groups: Sequence[Comb], described: Sequence[ChannelGroup]) -> xr.Variable:
    """Frequencies of the groups, one after the other. [Hz]"""
    parts = [group.frequencies() for group in groups]
    lead = np.broadcast_shapes(*(part.shape[:-1] for part in parts))
    wide = np.concatenate([np.broadcast_to(part, (*lead, part.shape[-1])) for part in parts], axis=-1) * 1e12
    places = (value for one in described for value in (one.spacing_ghz, one.lowest_frequency_thz))
    dims, values = trimmed(sizes, wide, *places)
    return array((*dims, "channel"), values)


def _overlap(spectrum: Spectrum) -> dict[str, Quantity]:
    """Where channels overlap or a guard gap is too small; where there are no axes, a description refuses it."""
    if not any(True for _ in axes(spectrum)):
        return {}
    sizes, found = overlaps(spectrum)
    if not found:
        return {}
    wrong = np.logical_or.reduce(np.broadcast_arrays(*(wrong for _, wrong in found)))
    alike = tuple(place for place, size in enumerate(sizes.values()) if wrong.shape[place] != size)
    dims = [dim for place, dim in enumerate(sizes) if place not in alike]
    return {"channels_overlap": array(dims, wrong.squeeze(axis=alike))}


def _outside_band(sizes: Mapping[str, int], groups: Sequence[Comb], described: Sequence[ChannelGroup]) -> Quantity:
    """Where a group is wider than its band."""
    centred = [
        (group, one.spacing_ghz)
        for group, one in zip(groups, described, strict=True)
        if one.lowest_frequency_thz is None and is_axis(one.spacing_ghz)
    ]
    if not centred:
        return False
    wrong = np.logical_or.reduce(np.broadcast_arrays(*(group.too_wide() for group, _ in centred)))
    dims, values = trimmed(sizes, wrong, *(spacing for _, spacing in centred))
    return array(dims, values)
