"""The channels of one core: bands, grids, symbol rates."""

import itertools
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple, Self

import numpy as np
from pydantic import model_validator

from mcfiber import units
from mcfiber.descriptions.checks import each, flag, integer, number, sequence
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.record import Description
from mcfiber.dimensions import broadcast
from mcfiber.typing import AnyArray, FloatArray, Real, is_axis

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
    spacing_ghz: Annotated[Real, number(low=0.1, high=100_000)]
    symbol_rate_gbd: Annotated[Real, number(low=0.1, high=10_000)]
    lowest_frequency_thz: Annotated[Real | None, number(low=170, high=245)] = None
    grid: Literal["itu", "free"] = "free"

    @model_validator(mode="after")
    def _on_grid(self) -> Self:
        sizes, (comb,), _ = combs((self,))
        if self.lowest_frequency_thz is None:
            if not sizes:
                _check_fit(comb)
            return self
        _check_place(comb)
        if self.grid == "itu":
            steps = (comb.lowest - ANCHOR_THZ) * 1e3 / comb.spacing
            beside = np.abs(steps - np.round(steps)) > 1e-6
            if np.any(beside):
                msg = (
                    f"lowest_frequency_thz: got {_first(comb.lowest, beside)} THz, which is not 193.1 "
                    f'THz plus a multiple of {_first(comb.spacing, beside)} GHz; move it, or set grid = "free"'
                )
                raise refused(msg)
        return self

    def frequencies_thz(self) -> FloatArray:
        """Centre frequencies in THz, ascending: the axes of the group, then its channels."""
        _, (comb,), _ = combs((self,))
        return comb.frequencies()


class Spectrum(Description):
    """The channels of one core: groups on grids, or a list of channels.

    Every core carries the same channels.

    Parameters
    ----------
    groups
        Groups of equally spaced channels, one for each band or part of a band.
    frequency_thz
        Centre frequencies of an arbitrary list of channels, instead of `groups`, in any order. Every list by channel is
        in this order; channels of results ascend.
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
    symbol_rate_gbd: Annotated[Real | tuple[float, ...] | None, each(number(low=0.1, high=10_000))] = None
    guard_gap_ghz: Annotated[Real, number(low=0, high=100_000)] = 0.0
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

    @classmethod
    def filled(
        cls,
        *,
        bandwidth_thz: float,
        center_thz: float,
        spacing_ghz: float,
        symbol_rate_gbd: float | None = None,
    ) -> Self:
        """Make a spectrum that fills a bandwidth with whole channels; a warning tells what stays dark.

        Parameters
        ----------
        bandwidth_thz, center_thz
            What is to be filled, and its middle, in the middle of which the channels stand.
        spacing_ghz, symbol_rate_gbd
            Of the channels; without gaps where the symbol rate is left out.

        Raises
        ------
        DescriptionError
            If not even one channel fits, or the channels lie outside every band.

        Notes
        -----
        The number of channels is the bandwidth over the spacing, rounded down.

        Examples
        --------
        >>> Spectrum.filled(bandwidth_thz=4.8, center_thz=193.7, spacing_ghz=100).count
        48
        """
        rate = spacing_ghz if symbol_rate_gbd is None else symbol_rate_gbd
        one = {"band": _band_at(center_thz), "channels": 1, "spacing_ghz": spacing_ghz, "symbol_rate_gbd": rate}
        found = cls(groups=(one | {"lowest_frequency_thz": center_thz},)).filling(bandwidth_thz)
        left = bandwidth_thz * 1e3 - found.count * spacing_ghz
        if left > _TOLERANCE_GHZ:
            told = f"{found.count} channels of {spacing_ghz:g} GHz fill {found.count * spacing_ghz * 1e-3:g} THz"
            warnings.warn(f"{told} of {bandwidth_thz:g} THz; {left:g} GHz stay dark", UserWarning, stacklevel=2)
        return found

    def filling(self, bandwidth_thz: float) -> Self:
        """Make a spectrum of channels like these, as many as fill a bandwidth around their middle.

        Parameters
        ----------
        bandwidth_thz
            What is to be filled.

        Raises
        ------
        DescriptionError
            If not even one channel fits, or there are several groups, a list of channels or axes.

        Examples
        --------
        >>> Spectrum.filled(bandwidth_thz=4.8, center_thz=193.7, spacing_ghz=100).filling(4.0).count
        40
        """
        if len(self.groups) != 1 or any(map(is_axis, (self.groups[0].spacing_ghz, self.groups[0].symbol_rate_gbd))):
            msg = "bandwidth_thz: is filled with channels of one group, whose spacing is a number; describe one group"
            raise refused(msg)
        _, (comb,), _ = combs(self.groups)
        spacing, middle = float(comb.spacing), float(np.mean(comb.frequencies()))
        count = int(bandwidth_thz * 1e3 / spacing * (1.0 + _TOLERANCE))
        if count < 1:
            msg = f"bandwidth_thz: got {bandwidth_thz:g} THz; allowed: at least one channel of {spacing:g} GHz"
            raise refused(msg)
        lowest = middle - 0.5e-3 * (count - 1) * spacing
        return self.replace(
            {"groups.0.channels": count, "groups.0.lowest_frequency_thz": lowest, "groups.0.grid": "free"}
        )

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


def _band_at(center_thz: float) -> str:
    try:
        return band_of(center_thz)
    except ValueError as error:
        msg = f"center_thz: {error}"
        raise refused(msg) from None


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


class Comb(NamedTuple):
    """A group of channels as numbers, or as arrays that broadcast against those of the other groups.

    Attributes
    ----------
    band, channels
        As described.
    spacing, symbol_rate
        In GHz and GBd.
    lowest
        Centre of the lowest channel, given or from the middle of the band. [THz]
    """

    band: str
    channels: int
    spacing: FloatArray
    symbol_rate: FloatArray
    lowest: FloatArray

    def frequencies(self) -> FloatArray:
        """Centre frequencies along a new last dimension. [THz]"""
        result: FloatArray = self.lowest[..., None] + np.arange(self.channels) * self.spacing[..., None] * 1e-3
        return result

    def edges(self) -> tuple[FloatArray, FloatArray]:
        """Lower and upper edge of the spectrum. [THz]"""
        half = self.symbol_rate * 0.5e-3
        return self.lowest - half, self.lowest + self.spacing * (1e-3 * (self.channels - 1)) + half

    def too_wide(self) -> Any:
        """Whether the channels need more than their band."""
        low, high = band_limits_thz(self.band)
        return self.spacing * (1e-3 * self.channels) > (high - low) * (1 + _TOLERANCE)


def combs(groups: Sequence[ChannelGroup], *others: Any) -> tuple[dict[str, int], tuple[Comb, ...], list[AnyArray]]:
    """Sizes of all axes of the groups (and of other values), groups of arrays that broadcast, and the other values."""
    fields = [(one.spacing_ghz, one.symbol_rate_gbd, one.lowest_frequency_thz) for one in groups]
    dims, arrays = broadcast(*(0.0 if value is None else value for row in fields for value in row), *others)
    found = []
    for index, group in enumerate(groups):
        spacing, rate, lowest = arrays[3 * index : 3 * index + 3]
        place = _middle_of_band(group, spacing) if group.lowest_frequency_thz is None else lowest
        found.append(Comb(group.band, group.channels, spacing, rate, place))
    sizes = dict(zip(dims, np.broadcast_shapes(*(one.shape for one in arrays)), strict=True))
    return sizes, tuple(found), arrays[3 * len(groups) :]


def _middle_of_band(group: ChannelGroup, spacing: FloatArray) -> FloatArray:
    low, high = band_limits_thz(group.band)
    lowest: FloatArray = np.asarray((low + high) / 2 - (group.channels - 1) / 2 * spacing * 1e-3)
    if group.grid == "free":
        return lowest
    step = spacing * 1e-3
    return np.asarray(ANCHOR_THZ + np.round((lowest - ANCHOR_THZ) / step) * step)


def ascending(groups: Sequence[Comb]) -> list[int]:
    """Order of the groups by their lowest edge (its mean over the axes)."""
    return sorted(range(len(groups)), key=lambda index: float(np.mean(groups[index].edges()[0])))


def _first(value: Any, where: Any) -> str:
    """Write a number, or the first value of an axis that is meant."""
    values, chosen = np.broadcast_arrays(value, where)
    return f"{values[chosen].flat[0]:g}"


def _check_fit(comb: Comb) -> None:
    if comb.too_wide():
        low, high = band_limits_thz(comb.band)
        msg = (
            f"channels: {comb.channels} channels of {comb.spacing:g} GHz need "
            f"{comb.spacing * 1e-3 * comb.channels:.3f} THz, the {comb.band} band has {high - low:.3f} THz; "
            "take fewer, or place them with lowest_frequency_thz"
        )
        raise refused(msg)


def _check_place(comb: Comb) -> None:
    """A placed group may reach beyond its band (amplifiers do), but its middle may not."""
    low, high = band_limits_thz(comb.band)
    middle = comb.lowest + comb.spacing * (0.5e-3 * (comb.channels - 1))
    outside = (middle < low) | (middle > high)
    if np.any(outside):
        msg = (
            f"lowest_frequency_thz: got {_first(comb.lowest, outside)} THz, which puts the middle of "
            f"the group at {_first(middle, outside)} THz; allowed: {low:.3f} to {high:.3f} THz, the {comb.band} band"
        )
        raise refused(msg)


def _check_list(frequency_thz: tuple[float, ...], symbol_rate_gbd: object) -> None:
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


def overlaps(spectrum: Spectrum) -> tuple[dict[str, int], list[tuple[Callable[[], str], Any]]]:
    """Ways in which channels may overlap: sizes of their axes; a message, and whether (or where) it is so."""
    if spectrum.frequency_thz is not None:
        return _overlaps_of_list(spectrum, np.asarray(spectrum.frequency_thz))
    sizes, groups, (guard,) = combs(spectrum.groups, spectrum.guard_gap_ghz)
    found: list[tuple[Callable[[], str], Any]] = []
    if not spectrum.super_nyquist:
        for index, group in enumerate(groups):
            if group.channels > 1:
                dense = group.symbol_rate > group.spacing * (1 + _TOLERANCE)
                found.append((partial(_told_dense, index, group), dense))
    elif not np.any(guard):
        return sizes, found
    for first, second in itertools.pairwise(ascending(groups)):
        gap = (groups[second].edges()[0] - groups[first].edges()[1]) * 1e3
        found.append((partial(_told_gap, first, second, gap, guard), gap < guard - _TOLERANCE_GHZ))
    return sizes, found


def _overlaps_of_list(
    spectrum: Spectrum, frequency: FloatArray
) -> tuple[dict[str, int], list[tuple[Callable[[], str], Any]]]:
    """Neighbours suffice: if two channels overlap, one of them overlaps any channel between them."""
    if spectrum.super_nyquist:
        return {}, []
    order = np.argsort(frequency, kind="stable")
    given = spectrum.symbol_rate_gbd
    dims, rates = broadcast(*(given[index] if isinstance(given, tuple) else given for index in order))
    found: list[tuple[Callable[[], str], Any]] = []
    for position in range(len(order) - 1):
        pair = frequency[order[position]], frequency[order[position + 1]]
        excess = (rates[position] + rates[position + 1]) * 0.5 - (pair[1] - pair[0]) * 1e3
        found.append((partial(_told_pair, pair, excess), excess > _TOLERANCE_GHZ))
    return dict(zip(dims, np.broadcast_shapes(*(one.shape for one in rates)), strict=True)), found


def _told_dense(index: int, group: Comb) -> str:
    return (
        f"groups.{index}.symbol_rate_gbd: got {group.symbol_rate:g} GBd on a spacing of "
        f"{group.spacing:g} GHz, so channels overlap; widen the spacing, or set super_nyquist = true"
    )


def _told_gap(first: int, second: int, gap: object, guard: object) -> str:
    return (
        f"groups.{second}.lowest_frequency_thz: the gap between groups {first} and {second} is {gap:g} GHz; "
        f"allowed: at least {guard:g} GHz (guard_gap_ghz); move a group or drop channels"
    )


def _told_pair(pair: tuple[float, float], excess: object) -> str:
    return (
        f"frequency_thz: channels at {pair[0]:g} and {pair[1]:g} THz overlap by {excess:g} GHz; "
        "move one, lower the symbol rate, or set super_nyquist = true"
    )


def _check_overlap(spectrum: Spectrum) -> None:
    sizes, found = overlaps(spectrum)
    for told, wrong in found:
        if not sizes and wrong:
            raise refused(told())
