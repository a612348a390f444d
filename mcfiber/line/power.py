"""Power of the signal along the line, and what amplifiers make of the asked launch power."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import xarray as xr

from mcfiber.fiber.channels import Channels
from mcfiber.fiber.medium import FiberMedium
from mcfiber.labelled import array, averaged, combined, entered, has, joined, labelled_result, reduced
from mcfiber.line.line import AmplifierOutput, Line, Pieces, place_in_band
from mcfiber.line.raman import Evolution, RamanModel, span_evolution
from mcfiber.typing import Quantity, is_axis


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

    launch: Quantity
    fiber_input: Quantity
    attenuation: Quantity
    length: Quantity
    span_loss: Quantity
    evolution: Evolution | None = None


def power_profile(line: Line, medium: FiberMedium, channels: Channels, *, raman: RamanModel = "none") -> PowerProfile:
    """Power of every channel along a span, and amplifiers that restore launch power.

    Exponential decay ``P(z) = P(0) exp(-alpha z)``, Eq. (1) of [1]_; with Raman scattering, pumps or lumped losses see
    `mcfiber.line.raman`.

    Parameters
    ----------
    line
        The spans.
    medium
        Attenuation of the fibre.
    channels
        Channels, for output limits by band.
    raman
        "none", "silica" or "triangular".

    Returns
    -------
    PowerProfile
        In SI.

    References
    ----------
    .. [1] G. P. Agrawal, Nonlinear Fiber Optics, section 1.2.1 (fibre losses).
    """
    start = _at_input(line, medium, channels)
    if line.pieces is not None:
        along = partial(_along_fiber, line, medium, channels, raman=raman)
        return _through_pieces(line, line.pieces, start, along)
    evolution, loss = _along_fiber(line, medium, channels, start, raman=raman)
    span_loss = combined(lambda *losses: math.prod(losses), line.fan_in, line.fan_out, loss)
    return replace(start, span_loss=span_loss, evolution=evolution)


def _along_fiber(
    line: Line, medium: FiberMedium, channels: Channels, start: PowerProfile, *, raman: RamanModel
) -> tuple[Evolution | None, Quantity]:
    """Power along every span, where it is not exponential, and the loss of its fibre. [1]"""
    if raman == "none" and not line.is_uneven:
        return None, combined(lambda alpha, length: np.exp(alpha * length), start.attenuation, start.length)
    evolution = span_evolution(line, medium, channels, start.fiber_input, start.attenuation, model=raman)
    return evolution, start.fiber_input / evolution.end


def _through_pieces(
    line: Line,
    pieces: Pieces,
    start: PowerProfile,
    along: Callable[[PowerProfile], tuple[Evolution | None, Quantity]],
) -> PowerProfile:
    """Follow the light from piece to piece; what is lost before the next amplifier is the loss of the last one."""
    order = np.arange(len(pieces.position))
    position = array(("span",), np.array(pieces.position))
    before = np.maximum(order - 1, 0)
    entry = _by_span(start.fiber_input, order.size)
    for depth in range(max(pieces.position) + 1):
        power = replace(start, fiber_input=entry)
        evolution, loss = along(power)
        if depth < max(pieces.position):
            left = _by_span(combined(np.divide, entry, loss), order.size).isel(span=before)
            entry = combined(
                lambda place, passed, joint, known, depth=depth: np.where(place == depth + 1, passed / joint, known),
                position,
                left,
                pieces.joint,
                entry,
            )
    end = combined(lambda into, loss, fan: into / loss / fan, entry, loss, line.fan_out)
    return replace(power, span_loss=combined(np.divide, start.launch, end), evolution=evolution)


def _by_span(value: Quantity, spans: int) -> xr.Variable:
    """Value with the dimension span in any case."""
    result: xr.Variable = combined(np.multiply, array(("span",), np.ones(spans)), value)
    return result


def _at_input(line: Line, medium: FiberMedium, channels: Channels) -> PowerProfile:
    launch = line.asked
    if line.output is not None:
        launch = output_levels(line.output, launch, channels, cores=medium.cores)
    attenuation = medium.attenuation
    if is_axis(line.splice_loss) or line.splice_loss:
        attenuation = attenuation + line.splice_loss / line.length
    return PowerProfile(launch, combined(np.divide, launch, line.fan_in), attenuation, line.length, span_loss=1.0)


def power_map(
    line: Line, medium: FiberMedium, channels: Channels, *, raman: RamanModel = "silica", points: int = 101
) -> xr.DataArray:
    """Signal power along the fibre of a span, at even distances, for a map or a plot.

    Parameters
    ----------
    line, medium, channels, raman
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
    >>> from mcfiber.fiber.channels import channels
    >>> from mcfiber.fiber.medium import medium
    >>> from mcfiber.line.line import line
    >>> system = mcfiber.load("ucl-2019-6300km").system
    >>> grid = channels(system.spectrum)
    >>> glass = medium(system.fiber, grid)
    >>> power_map(line(system.link, glass, grid), glass, grid, points=11).sizes["position"]
    11
    """
    start = _at_input(line, medium, channels)
    evolution = span_evolution(line, medium, channels, start.fiber_input, start.attenuation, model=raman)
    position = np.linspace(0.0, float(line.length), points)
    dims = (*(dim for dim in evolution.power.dims if dim not in ("panel", "node")), "position")
    coords = {"position": position * 1e-3, "wavelength": ("channel", channels.wavelength.data * 1e9)}
    return labelled_result("power_map", array(dims, evolution.at(position)), coords)


# ---------------------------------------------------------------------------------------------------------
# what amplifiers deliver


def output_levels(output: AmplifierOutput, launch: Quantity, channels: Channels, *, cores: int) -> Quantity:
    """Launch power of every channel (and core) that an amplifier delivers. [W]

    Parameters
    ----------
    output
        Residual tilt, differences between cores, and the limit of its output power.
    launch
        Asked for, of each channel. [W]
    channels
        Channels and their bands: every band has an amplifier of its own.
    cores
        That a cladding-pumped amplifier serves with one pump.

    Returns
    -------
    Variable or number
        With dimension core where cores differ. Where the limit is exceeded, all channels of the band are lowered
        alike: in each core alone, or over all cores of a cladding-pumped amplifier, whose cores share the pump.
    """
    if is_axis(output.tilt_db) or output.tilt_db:
        launch = launch * entered(place_in_band(channels) * output.tilt_db, "db")
    if is_axis(output.ripple) or output.ripple != 1.0:
        launch = combined(np.multiply, launch, output.ripple)
    if output.core_offset is not None:
        launch = launch * output.core_offset
    return launch if output.limit is None else launch * _limiting(output, launch, channels, cores)


def _limiting(output: AmplifierOutput, launch: Quantity, channels: Channels, cores: int) -> Quantity:
    """Factor of at most 1 that keeps the output of every band within the limit."""
    parts, counts, order = [], [], []
    for band, members in channels.members.items():
        total = launch * float(members.size)
        if has(launch, "channel"):
            total = reduced(np.sum, launch.isel(channel=members), "channel")
        if output.shared_pump:
            total = reduced(np.sum, total, "core") if has(total, "core") else total * float(cores)
        allowed = output.limit[band] if isinstance(output.limit, dict) else output.limit
        parts.append(combined(np.minimum, 1.0, allowed / total))
        counts.append(members.size)
        order.append(members)
    factors = joined(parts, counts, "channel")
    return factors.isel(channel=np.argsort(np.concatenate(order)))


def displaced(line: Line, launch: Quantity, noises: Sequence[Quantity], channels: Channels) -> tuple[Quantity, ...]:
    """Noises of the line where amplifiers hold the total power, so that noise displaces signal. [W]

    With signal plus noise held constant by every amplifier, each of n spans adds x = noise/signal and lowers all
    that it receives by 1/(1 + x): noise over signal ends at (1 + x)^n - 1 instead of n x [1]_.  The total power then
    drives the interference, as it does here.

    Parameters
    ----------
    line
        Number of spans, and what its amplifiers hold: "signal" (nothing is displaced), the power of every
        "channel", or that of a "band".
    launch
        Signal. [W]
    noises
        Of the whole line at its level. [W]
    channels
        Bands of the channels.

    Returns
    -------
    tuple
        The noises, at the level of the signal.

    References
    ----------
    .. [1] A. Bononi, J.-C. Antona, M. Lonardi, A. Carbo-Meseguer and P. Serena, "The generalized droop formula for
       low signal to noise ratio optical links," *J. Lightw. Technol.*, vol. 38, no. 8, pp. 2201-2213, 2020.
    """
    if line.power_control == "signal":
        return tuple(noises)
    total = sum(noises)
    ratio = total / launch
    if line.power_control == "band":
        ratio = _over_bands(total, channels) / _over_bands(launch, channels)
    factor = combined(lambda ratio: _displacing(ratio, line.amplifiers), ratio)
    return tuple(noise * factor for noise in noises)


def undisplaced(line: Line, launch: Quantity, noises: Sequence[Quantity], channels: Channels) -> tuple[Quantity, ...]:
    """Noises as the spans add them, from those that `displaced` gives. [W]

    Parameters
    ----------
    line, launch, noises, channels
        As for `displaced`, and what it returns.

    Returns
    -------
    tuple
        The noises before any is displaced.

    Notes
    -----
    The inverse of Eq. (1) of `droop`.
    """
    if line.power_control == "signal":
        return tuple(noises)
    total = sum(noises)
    ratio = combined(np.divide, total, launch)
    if line.power_control == "band":
        ratio = _over_bands(total, channels) / _over_bands(launch, channels)
    factor = combined(lambda ratio: _undoing(ratio, line.amplifiers), ratio)
    return tuple(combined(np.multiply, noise, factor) for noise in noises)


def _undoing(ratio: Quantity, spans: int) -> Quantity:
    """Sum of what the spans add to noise over signal, over noise over signal behind them."""
    known = np.asarray(ratio) > 0.0
    known &= np.isfinite(ratio)
    noise = np.where(known, ratio, 1.0)
    return np.where(known, spans * np.expm1(np.log1p(noise) / spans) / noise, 1.0)


def _displacing(ratio: Quantity, spans: int) -> Quantity:
    """Noise over signal behind all spans, over the sum of what they add; 1 without noise, or without signal."""
    known = np.asarray(ratio) > 0.0
    known &= np.isfinite(ratio)
    noise = np.where(known, ratio, 1.0)
    return np.where(known, droop(noise, spans) / noise, 1.0)


def droop(ratio: Quantity, spans: int) -> Quantity:
    """Noise over signal behind spans whose amplifiers hold the total power. [1]

    Parameters
    ----------
    ratio
        Sum over the spans of noise over signal, as each adds it. [1]
    spans
        Their number.

    References
    ----------
    .. [1] A. Bononi, J.-C. Antona, M. Lonardi, A. Carbo-Meseguer and P. Serena, "The generalized droop formula for
       low signal to noise ratio optical links," *J. Lightw. Technol.*, vol. 38, no. 8, pp. 2201-2213, 2020.

    Examples
    --------
    >>> float(droop(0.25, 60).round(4))  # 6 dB become 5.45 dB
    0.2834
    """
    # Where the signal drowns, the number only has to stay finite.
    return np.expm1(np.minimum(spans * np.log1p(ratio / spans), 300.0))  # Eq. (1) of [1] for equal spans


def droop_slope(ratio: Quantity, spans: int) -> Quantity:
    """Derivative of `droop` by the ratio; of noise that drowns the signal, that where it stays finite. [1]

    Notes
    -----
    Of Eq. (1) of `droop`.

    Examples
    --------
    >>> float(droop_slope(0.0, 10))
    1.0
    """
    return np.exp(np.minimum((spans - 1) * np.log1p(ratio / spans), 300.0))


def _over_bands(value: Quantity, channels: Channels) -> Quantity:
    """Mean over the channels of each band, given to every channel of it."""
    if not has(value, "channel"):
        return value
    return averaged(value, "channel", np.unique(np.array(channels.bands), return_inverse=True)[1])
