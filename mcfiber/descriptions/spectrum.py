"""The channels of one core: bands, grids, symbol rates."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from pydantic import model_validator

from mcfiber import units
from mcfiber.descriptions.checks import each, flag, integer, number, sequence
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.record import Description
from mcfiber.typing import Real, is_axis

if TYPE_CHECKING:
    pass

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


_TOLERANCE_GHZ = 1e-6


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
        If the channels do not fit the band, a given lowest frequency puts them elsewhere, or it is not on the
        ITU-T grid.

    Examples
    --------
    >>> group = ChannelGroup(band="C", channels=80, spacing_ghz=50, symbol_rate_gbd=32, grid="itu")
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
            return self
        _check_place(self)
        if self.grid == "itu":
            steps = (self.lowest_frequency_thz - ANCHOR_THZ) * 1e3 / self.spacing_ghz
            beside = np.abs(steps - np.round(steps)) > 1e-6
            if np.any(beside):
                msg = (
                    f"lowest_frequency_thz: got {_shown(self.lowest_frequency_thz, beside)} THz, which is not 193.1 "
                    f'THz plus a multiple of {_shown(self.spacing_ghz, beside)} GHz; move it, or set grid = "free"'
                )
                raise refused(msg)
        return self

    def frequencies_thz(self) -> Any:
        """Centre frequencies in THz, ascending: shape (channels,), or labelled where a field is an axis."""
        steps: Any = np.arange(self.channels)
        if is_axis(self.spacing_ghz) or is_axis(self.lowest_frequency_thz):
            import xarray as xr

            steps = xr.DataArray(steps, dims="channel")
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
    >>> spectrum.count
    3
    """

    groups: Annotated[tuple[ChannelGroup, ...], sequence()] = ()
    frequency_thz: Annotated[tuple[float, ...] | None, each(number(low=170, high=245, axis=False), single=False)] = None
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

    def channels_of_band(self, band: str) -> int:
        """Number of channels of one band."""
        if self.frequency_thz is not None:
            return sum(band_of(frequency) == band for frequency in self.frequency_thz)
        return sum(group.channels for group in self.groups if group.band == band)

    @property
    def band_names(self) -> tuple[str, ...]:
        """Bands of the channels, each once."""
        if self.frequency_thz is not None:
            return tuple(dict.fromkeys(band_of(frequency) for frequency in sorted(self.frequency_thz)))
        return tuple(dict.fromkeys(group.band for group in self.groups))


def band_limits_thz(band: str) -> tuple[float, float]:
    """Frequency limits of a band in THz, ascending."""
    short, long = BANDS_NM[band]
    return units.SPEED_OF_LIGHT / long * 1e-3, units.SPEED_OF_LIGHT / short * 1e-3


def band_of(frequency_thz: float) -> str:
    """Name of the band that holds a frequency.

    Returns
    -------
    Name of the band.

    Raises
    ------
    ValueError
        If the frequency lies outside O to U.

    References
    ----------
    .. [1] ITU-T Series G Supplement 39 (bands).
    """
    for band in BANDS_NM:
        low, high = band_limits_thz(band)
        if low < frequency_thz <= high * (1 + _TOLERANCE):
            return band
    low, high = band_limits_thz("U")[0], band_limits_thz("O")[1]
    msg = f"got {frequency_thz:g} THz; allowed: {low:.3f} to {high:.3f} THz, the bands O to U"
    raise ValueError(msg)


def _shown(value: Any, where: Any = True) -> str:
    """Write a number, or the first value of an axis that is meant."""
    if not is_axis(value):
        return f"{value:g}"
    chosen = where if is_axis(where) and where.dims == value.dims else np.ones(value.shape, bool)
    return f"{value.values[int(np.argmax(np.asarray(chosen)))]:g}"


def _too_wide(group: ChannelGroup) -> Any:
    low, high = band_limits_thz(group.band)
    return group.spacing_ghz * (1e-3 * group.channels) > (high - low) * (1 + _TOLERANCE)


def _check_fit(group: ChannelGroup) -> None:
    wrong = _too_wide(group)
    if not is_axis(wrong) and wrong:
        low, high = band_limits_thz(group.band)
        msg = (
            f"channels: {group.channels} channels of {group.spacing_ghz:g} GHz need "
            f"{group.spacing_ghz * 1e-3 * group.channels:.3f} THz, the {group.band} band has {high - low:.3f} THz; "
            "take fewer, or place them with lowest_frequency_thz"
        )
        raise refused(msg)


def _check_place(group: ChannelGroup) -> None:
    """A placed group may reach beyond its band (amplifiers do), but its middle may not."""
    low, high = band_limits_thz(group.band)
    middle = group._lowest() + group.spacing_ghz * (0.5e-3 * (group.channels - 1))
    outside = (middle < low) | (middle > high)
    if np.any(outside):
        msg = (
            f"lowest_frequency_thz: got {_shown(group.lowest_frequency_thz, outside)} THz, which puts the middle of "
            f"the group at {_shown(middle, outside)} THz; allowed: {low:.3f} to {high:.3f} THz, the {group.band} band"
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


def _edges(group: ChannelGroup) -> tuple[Any, Any]:
    """Lower and upper spectral edge of a group in THz, with its axes."""
    half = group.symbol_rate_gbd * 0.5e-3
    lowest = group._lowest()
    return lowest - half, lowest + group.spacing_ghz * (1e-3 * (group.channels - 1)) + half


def _ascending(groups: tuple[ChannelGroup, ...]) -> list[int]:
    """Order of the groups by their lowest edge (its mean over the axes)."""
    return sorted(range(len(groups)), key=lambda index: float(np.mean(np.asarray(_edges(groups[index])[0]))))


def _overlaps(spectrum: Spectrum) -> Iterator[tuple[Callable[[], str], Any]]:
    """Ways in which channels may overlap: a message, and whether (or at which points of the axes) it is so."""
    if spectrum.frequency_thz is not None:
        if not spectrum.super_nyquist:
            yield from _overlaps_of_list(spectrum)
        return
    for index, group in enumerate(spectrum.groups):
        if group.channels > 1 and not spectrum.super_nyquist:
            yield (
                partial(_told_dense, index, group),
                group.symbol_rate_gbd > group.spacing_ghz * (1 + _TOLERANCE),
            )
    guard = spectrum.guard_gap_ghz
    if spectrum.super_nyquist and not is_axis(guard) and guard == 0:
        return
    for first, second in itertools.pairwise(_ascending(spectrum.groups)):
        gap = (_edges(spectrum.groups[second])[0] - _edges(spectrum.groups[first])[1]) * 1e3
        yield partial(_told_gap, first, second, gap, guard), gap < guard - _TOLERANCE_GHZ


def _told_dense(index: int, group: ChannelGroup) -> str:
    return (
        f"groups.{index}.symbol_rate_gbd: got {group.symbol_rate_gbd:g} GBd on a spacing of "
        f"{group.spacing_ghz:g} GHz, so channels overlap; widen the spacing, or set super_nyquist = true"
    )


def _told_gap(first: int, second: int, gap: Any, guard: Any) -> str:
    return (
        f"groups.{second}.lowest_frequency_thz: the gap between groups {first} and {second} is {gap:g} GHz; "
        f"allowed: at least {guard:g} GHz (guard_gap_ghz); move a group or drop channels"
    )


def _overlaps_of_list(spectrum: Spectrum) -> Iterator[tuple[Callable[[], str], Any]]:
    """Neighbours suffice: if two channels overlap, one of them overlaps any channel between them."""
    frequency = np.asarray(spectrum.frequency_thz)
    order = np.argsort(frequency, kind="stable")
    rate = spectrum.symbol_rate_gbd
    rates: list[Any] = [rate[index] if isinstance(rate, tuple) else rate for index in order]
    for position in range(len(order) - 1):
        pair = frequency[order[position]], frequency[order[position + 1]]
        excess = (rates[position] + rates[position + 1]) * 0.5 - (pair[1] - pair[0]) * 1e3
        yield partial(_told_pair, pair, excess), excess > _TOLERANCE_GHZ


def _told_pair(pair: tuple[float, float], excess: float) -> str:
    return (
        f"frequency_thz: channels at {pair[0]:g} and {pair[1]:g} THz overlap by {excess:g} GHz; "
        "move one, lower the symbol rate, or set super_nyquist = true"
    )


def _check_overlap(spectrum: Spectrum) -> None:
    for told, wrong in _overlaps(spectrum):
        if not is_axis(wrong) and wrong:
            raise refused(told())
