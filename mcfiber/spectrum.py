"""The channels of one core: bands, grids, symbol rates."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from pydantic import model_validator

from mcfiber import units
from mcfiber.descriptions import Description, each, flag, integer, is_axis, number, refused, sequence
from mcfiber.typing import Real

if TYPE_CHECKING:
    import xarray as xr

BandName = Literal["O", "E", "S", "C", "L", "U"]

BANDS_NM: Mapping[str, tuple[float, float]] = {
    "O": (1260.0, 1360.0),
    "E": (1360.0, 1460.0),
    "S": (1460.0, 1530.0),
    "C": (1530.0, 1565.0),
    "L": (1565.0, 1625.0),
    "U": (1625.0, 1675.0),
}
"""Wavelength limits of the bands in nm (ITU-T Series G Supplement 39)."""

ANCHOR_THZ = 193.1
"""Frequency that fixed grids are anchored at, in THz (ITU-T G.694.1)."""

_TOLERANCE = 1e-9  # relative; the sum of decimal numbers of GHz is not exact


class ChannelGroup(Description):
    """Equally spaced channels of one band.

    Parameters
    ----------
    band
        Transmission band, which also names the amplifier that serves the group.
    channels
        Number of channels.
    spacing_ghz
        Distance of neighbouring centres.
    symbol_rate_gbd
        Symbol rate of every channel.
    lowest_frequency_thz
        Centre of the lowest channel.  Left out, the group is centred in its band: on the ITU-T grid
        ``193.1 THz + n * spacing`` if `grid` is "itu", anywhere if it is "free".
    grid
        "itu" keeps every centre on the anchored grid of ITU-T G.694.1; "free" does not.

    Raises
    ------
    DescriptionError
        If the channels do not fit the band, or a given lowest frequency is not on the ITU-T grid.

    Examples
    --------
    >>> group = ChannelGroup(band="C", channels=80, spacing_ghz=50, symbol_rate_gbd=32)
    >>> group.frequencies_thz()[[0, -1]].round(3).tolist()
    [191.8, 195.75]
    """

    band: BandName
    channels: Annotated[int, integer(low=1, high=100_000, remedy="a band without channels is left out")]
    spacing_ghz: Annotated[Real, number(above=0, high=100_000)]
    symbol_rate_gbd: Annotated[Real, number(above=0, high=10_000)]
    lowest_frequency_thz: Annotated[Real | None, number(low=170, high=245)] = None
    grid: Literal["itu", "free"] = "free"

    @model_validator(mode="after")
    def _on_grid(self) -> Self:
        if self.lowest_frequency_thz is None:
            _check_fit(self)
        elif self.grid == "itu":
            steps = (self.lowest_frequency_thz - ANCHOR_THZ) * 1e3 / self.spacing_ghz
            if np.any(np.abs(np.asarray(steps) - np.round(steps)) > 1e-6):
                msg = (
                    f"lowest_frequency_thz: got {self.lowest_frequency_thz} THz, which is not 193.1 THz plus a "
                    f'multiple of {self.spacing_ghz} GHz; move it, or set grid = "free"'
                )
                raise refused(msg)
        return self

    def frequencies_thz(self) -> Any:
        """Centre frequencies in THz, ascending: shape (channels,), or labelled where a field is an axis."""
        steps = _channel_axis(np.arange(self.channels), self)
        return self._lowest() + steps * self.spacing_ghz * 1e-3

    def _lowest(self) -> Any:
        if self.lowest_frequency_thz is not None:
            return self.lowest_frequency_thz
        low, high = band_limits_thz(self.band)
        lowest = (low + high) / 2 - (self.channels - 1) / 2 * self.spacing_ghz * 1e-3
        if self.grid == "free":
            return lowest
        step = self.spacing_ghz * 1e-3
        return ANCHOR_THZ + np.round((lowest - ANCHOR_THZ) / step) * step


class Spectrum(Description):
    """The channels of one core: groups on grids, or a list of channels.

    Every core carries the same channels.

    Parameters
    ----------
    groups
        Groups of equally spaced channels, one for each band or part of a band.
    frequency_thz
        Centre frequencies of an arbitrary list of channels, instead of `groups`.
    symbol_rate_gbd
        Symbol rate of the listed channels: one number, or one for each.
    guard_gap_ghz
        Smallest allowed gap between the edges of channels of different groups.
    super_nyquist
        Allow channels that overlap (symbol rate above the spacing).

    Raises
    ------
    DescriptionError
        If channels overlap, a guard gap is too small, or a channel lies outside every band.

    Examples
    --------
    >>> spectrum = Spectrum(frequency_thz=[193.1, 193.2, 193.25], symbol_rate_gbd=[64, 32, 32])
    >>> channels(spectrum).count
    3
    """

    groups: Annotated[tuple[ChannelGroup, ...], sequence()] = ()
    frequency_thz: Annotated[tuple[float, ...] | None, each(number(low=170, high=245))] = None
    symbol_rate_gbd: Annotated[Real | tuple[float, ...] | None, each(number(above=0, high=10_000))] = None
    guard_gap_ghz: Annotated[Real, number(low=0)] = 0.0
    super_nyquist: Annotated[bool, flag()] = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if bool(self.groups) == (self.frequency_thz is not None):
            msg = "groups: give either groups of channels or a list frequency_thz, not both and not neither"
            raise refused(msg)
        if self.frequency_thz is not None:
            _check_list(self.frequency_thz, self.symbol_rate_gbd)
        elif self.symbol_rate_gbd is not None:
            msg = "symbol_rate_gbd: belongs to a list frequency_thz; groups have their own"
            raise refused(msg)
        _check_overlap(self)
        return self

    @property
    def count(self) -> int:
        """Number of channels."""
        if self.frequency_thz is not None:
            return len(self.frequency_thz)
        return sum(group.channels for group in self.groups)

    @property
    def band_names(self) -> tuple[str, ...]:
        """Bands of the channels, each once."""
        if self.frequency_thz is not None:
            return tuple(dict.fromkeys(band_of(frequency) for frequency in sorted(self.frequency_thz)))
        return tuple(dict.fromkeys(group.band for group in self.groups))


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
    """
    import xarray as xr

    if spectrum.frequency_thz is not None:
        frequency_thz = np.asarray(spectrum.frequency_thz)
        order = np.argsort(frequency_thz, kind="stable")
        bands = tuple(band_of(value) for value in frequency_thz[order])
        frequency: Any = xr.DataArray(frequency_thz[order] * 1e12, dims="channel")
        rate: Any = (
            units.si(spectrum, "symbol_rate_gbd")
            if not isinstance(spectrum.symbol_rate_gbd, tuple)
            else xr.DataArray(np.asarray(spectrum.symbol_rate_gbd)[order] * 1e9, dims="channel")
        )
        return Channels(frequency, rate, bands)
    groups = sorted(spectrum.groups, key=lambda group: float(_edge_values(group)[0]))
    bands = tuple(band for group in groups for band in (group.band,) * group.channels)
    frequency = _joined([group.frequencies_thz() for group in groups], groups)
    rates = [units.si(group, "symbol_rate_gbd") for group in groups]
    equal = len(groups) == 1 or all(not is_axis(rate) and rate == rates[0] for rate in rates)
    return Channels(frequency * 1e12, rates[0] if equal else _joined(rates, groups), bands)


def _joined(values: list[Any], groups: list[ChannelGroup]) -> "xr.DataArray":
    """Values of several groups, one after the other along the dimension channel."""
    import xarray as xr

    if not any(is_axis(value) for value in values):
        plain = [np.broadcast_to(value, (group.channels,)) for value, group in zip(values, groups, strict=True)]
        return xr.DataArray(np.concatenate(plain), dims="channel")
    labelled = [
        value if is_axis(value) and "channel" in value.dims else _with_channels(value, group.channels)
        for value, group in zip(values, groups, strict=True)
    ]
    return labelled[0] if len(labelled) == 1 else xr.concat(labelled, dim="channel")


def _with_channels(value: Any, count: int) -> "xr.DataArray":
    import xarray as xr

    if is_axis(value):
        wide: xr.DataArray = value.expand_dims(channel=count)
        return wide
    return xr.DataArray(np.broadcast_to(value, (count,)), dims="channel")


def band_limits_thz(band: str) -> tuple[float, float]:
    """Frequency limits of a band in THz, ascending."""
    short, long = BANDS_NM[band]
    return units.SPEED_OF_LIGHT / long * 1e-3, units.SPEED_OF_LIGHT / short * 1e-3


def band_of(frequency_thz: float) -> str:
    """Name of the band that holds a frequency.

    Raises
    ------
    ValueError
        If the frequency lies outside O to U.
    """
    for band in BANDS_NM:
        low, high = band_limits_thz(band)
        if low < frequency_thz <= high * (1 + _TOLERANCE):
            return band
    low, high = band_limits_thz("U")[0], band_limits_thz("O")[1]
    msg = f"got {frequency_thz:g} THz; allowed: {low:.3f} to {high:.3f} THz, the bands O to U"
    raise ValueError(msg)


def _labelled(values: Any) -> "xr.DataArray":
    import xarray as xr

    return values if is_axis(values) else xr.DataArray(values, dims="channel")


def _channel_axis(values: Any, group: ChannelGroup) -> Any:
    if is_axis(group.spacing_ghz) or is_axis(group.lowest_frequency_thz):
        return _labelled(values)
    return values


def _check_fit(group: ChannelGroup) -> None:
    low, high = band_limits_thz(group.band)
    needed = float(np.max(np.asarray(group.spacing_ghz))) * 1e-3 * group.channels
    if needed > (high - low) * (1 + _TOLERANCE):
        msg = (
            f"channels: {group.channels} channels of {group.spacing_ghz} GHz need {needed:.3f} THz, the {group.band} "
            f"band has {high - low:.3f} THz; take fewer, or place them with lowest_frequency_thz"
        )
        raise refused(msg)


def _check_list(frequency_thz: tuple[float, ...], symbol_rate_gbd: Any) -> None:
    if symbol_rate_gbd is None:
        msg = "symbol_rate_gbd: is missing; a list of channels needs one number, or one for each channel"
        raise refused(msg)
    if isinstance(symbol_rate_gbd, tuple) and len(symbol_rate_gbd) != len(frequency_thz):
        msg = (
            f"symbol_rate_gbd: got {len(symbol_rate_gbd)} values for {len(frequency_thz)} channels; "
            "give one number, or one for each channel"
        )
        raise refused(msg)
    for index, frequency in enumerate(frequency_thz):
        try:
            band_of(frequency)
        except ValueError as error:
            msg = f"frequency_thz.{index}: {error}"
            raise refused(msg) from None


def _edge_values(group: ChannelGroup) -> tuple[Any, Any]:
    """Lower and upper spectral edge of a group in THz, over its axes."""
    half = np.asarray(group.symbol_rate_gbd) * 0.5e-3
    lowest = np.asarray(group._lowest())
    highest = lowest + (group.channels - 1) * np.asarray(group.spacing_ghz) * 1e-3
    return np.min(lowest - half), np.max(highest + half)


def _check_overlap(spectrum: Spectrum) -> None:
    if spectrum.frequency_thz is not None:
        _check_list_overlap(spectrum)
        return
    for index, group in enumerate(spectrum.groups):
        overlaps = group.symbol_rate_gbd > group.spacing_ghz * (1 + _TOLERANCE)
        if group.channels > 1 and not spectrum.super_nyquist and not is_axis(overlaps) and overlaps:
            msg = (
                f"groups.{index}.symbol_rate_gbd: got {group.symbol_rate_gbd:g} GBd on a spacing of "
                f"{group.spacing_ghz:g} GHz, so channels overlap; widen the spacing, or set super_nyquist = true"
            )
            raise refused(msg)
    edges = sorted((*_edge_values(group), index) for index, group in enumerate(spectrum.groups))
    for (_, top, first), (bottom, _, second) in itertools.pairwise(edges):
        gap = float(bottom - top) * 1e3
        guard = float(np.max(np.asarray(spectrum.guard_gap_ghz)))
        if gap < guard - 1e-6 and not (spectrum.super_nyquist and guard == 0):
            msg = (
                f"groups.{second}.lowest_frequency_thz: the gap between groups {first} and {second} is {gap:g} GHz; "
                f"allowed: at least {guard:g} GHz (guard_gap_ghz); move a group or drop channels"
            )
            raise refused(msg)


def _check_list_overlap(spectrum: Spectrum) -> None:
    frequency = np.asarray(spectrum.frequency_thz) * 1e3
    order = np.argsort(frequency, kind="stable")
    rate = spectrum.symbol_rate_gbd
    widest = np.max(np.asarray(rate)) if not isinstance(rate, tuple) else np.asarray(rate)
    half = np.broadcast_to(widest, frequency.shape)[order] / 2
    gap = np.diff(frequency[order]) - half[1:] - half[:-1]
    if gap.size and gap.min() < -1e-6 and not spectrum.super_nyquist:
        where = int(np.argmin(gap))
        pair = spectrum.frequency_thz[order[where]], spectrum.frequency_thz[order[where + 1]]  # type: ignore[index]
        msg = (
            f"frequency_thz: channels at {pair[0]:g} and {pair[1]:g} THz overlap by {-gap[where]:g} GHz; "
            "move one, lower the symbol rate, or set super_nyquist = true"
        )
        raise refused(msg)
