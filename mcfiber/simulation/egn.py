"""What a modulation format takes away from the Gaussian-noise integral (EGN model)."""

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mcfiber.arguments import FREQUENCIES, NUMBERS, POWERS, SYMBOL_RATES, arguments, instance, plain_array, several
from mcfiber.kernels.egn import cross_channel_integrals, self_channel_integrals
from mcfiber.line.gn_integral import SpanProfile, as_comb, as_leading, joined_spans, wanted_channels
from mcfiber.typing import FloatArray, IntArray


class FormatCorrection(NamedTuple):
    """Power to add to the GN integral, by origin, and the error that refinement shows. Shape (channel,). [W]"""

    own: FloatArray
    others: FloatArray
    error: FloatArray


@arguments(
    frequency=FREQUENCIES,
    symbol_rate=SYMBOL_RATES,
    power=POWERS,
    spans=several(instance(SpanProfile), alone=True),
    kurtosis=plain_array("channel", exact=True, low=-1, high=1e6),
    sixth=plain_array("channel", exact=True, low=-1e6, high=1e6),
    channels=NUMBERS,
)
def format_correction(
    frequency: ArrayLike,
    symbol_rate: ArrayLike,
    power: ArrayLike,
    spans: Sequence[SpanProfile] | SpanProfile,
    *,
    kurtosis: ArrayLike,
    sixth: ArrayLike,
    channels: Sequence[int] | None = None,
    gain_removal: Literal["none", "least_squares"] = "none",
) -> FormatCorrection:
    """Difference of the interference of a modulation format and of Gaussian signals; mostly negative.

    Self-channel terms of second to sixth order, averaged over the band; cross-channel terms of fourth order
    at the channel's centre.  Add it to `gn_integral` with ``terms="spm+xpm"``.

    Parameters
    ----------
    frequency, symbol_rate, power, spans
        As in `mcfiber.line.gn_integral.gn_integral`; rectangular spectra, fields of all spans add.
    kurtosis
        E|b|^4/E^2|b|^2 - 2 of the symbols: -1 for QPSK, -0.68 for 16QAM, 0 for Gaussian. Shape (channel,) or ().
    sixth
        E|b|^6/E^3|b|^2 - 9 E|b|^4/E^2|b|^2 + 12: 4 for QPSK, 2.08 for 16QAM, 0 for Gaussian.
    channels
        Numbers of the channels wanted; all by default.
    gain_removal
        ``"least_squares"`` for a receiver that removes the mean complex gain by least squares: it removes
        (16/81) kurtosis^2 <J>^2 of the interference with it, not little in the first spans.

    Returns
    -------
    FormatCorrection

    Raises
    ------
    ValueError
        If ``gain_removal`` is not known, or channels overlap.

    Notes
    -----
    16/27, 80/81, 16/81, 16/81 and the 80/81 of cross-channel terms are those of [1]_. Four-wave mixing between
    different channels and the fourth-order terms with two symbols of the observed channel are left out.

    References
    ----------
    .. [1] A. Carena et al., Opt. Express, vol. 22, pp. 16335-16362, 2014. :doi:`10.1364/OE.22.016335`

    Examples
    --------
    >>> from mcfiber.line.gn_integral import gn_integral, plain_span
    >>> span = plain_span(attenuation=4.605e-5, length=100e3, beta2=-21.68e-27, gamma=1.3e-3)
    >>> gaussian = gn_integral([193.4e12], 32e9, 1e-3, span, band="average").power
    >>> qpsk = gaussian + format_correction([193.4e12], 32e9, 1e-3, span, kurtosis=-1.0, sixth=4.0).own
    >>> round(float(qpsk[0]) * 1e9, 1)
    73.9
    """
    comb = as_comb(frequency, symbol_rate, power, 0.0)
    link = joined_spans([spans] if isinstance(spans, SpanProfile) else list(spans), comb)
    wanted = wanted_channels(channels, comb.frequency.size)
    phi = np.broadcast_to(np.asarray(kurtosis, dtype=float), comb.frequency.shape)
    psi = np.broadcast_to(np.asarray(sixth, dtype=float), comb.frequency.shape)
    own, others, error = (np.zeros(wanted.size) for _ in range(3))
    for index, channel in enumerate(wanted):
        scale = link.gamma[channel] ** 2
        fine, rough = _self_terms(comb, link, int(channel), 256)
        terms = np.array([0.0, 80.0 * phi[channel], 16.0 * phi[channel], 16.0 * psi[channel], 0.0]) / 81.0
        if gain_removal == "least_squares":
            terms[4] = -16.0 / 81.0 * phi[channel] ** 2
        own[index] = scale * comb.power[channel] ** 3 * (terms @ fine)
        pumps, fine_cross, rough_cross = _cross_terms(comb, link, int(channel))
        share = 80.0 / 81.0 * scale * phi[pumps] * comb.power[pumps] ** 2 * comb.power[channel]
        others[index] = share @ fine_cross
        error[index] = abs(scale * comb.power[channel] ** 3 * (terms @ (fine - rough)))
        error[index] += abs(share @ (fine_cross - rough_cross))
    return FormatCorrection(own, others, error)


def _self_terms(comb: Any, link: Any, channel: int, points: int) -> tuple[FloatArray, FloatArray]:
    """Integrals of the own channel on two grids: extrapolated, and the finer one."""
    turns = math.pi / 2.0 * abs(link.beta2[channel]) * comb.symbol_rate[channel] ** 2 * link.period * link.repeats
    points = min(1024, max(points, 2 ** math.ceil(math.log2(1.0 + 8.0 * turns))))
    out = np.empty((2, 1, 5))
    own = link.start[channel], link.end[channel], link.repeats, link.period, link.beta2[channel]
    given = [as_leading(value) for value in (link.position, link.length, *own, comb.symbol_rate[channel])]
    for row, count in enumerate((points // 2, points)):
        inputs = [*given, as_leading(count), out[row]]
        self_channel_integrals(*inputs)
    return np.asarray((4.0 * out[1, 0] - out[0, 0]) / 3.0), np.asarray(out[1, 0])


def _cross_terms(comb: Any, link: Any, channel: int) -> tuple[IntArray, FloatArray, FloatArray]:
    """Kurtosis integrals of all other channels at two details."""
    pumps = np.delete(np.arange(comb.frequency.size), channel)
    out = np.zeros((2, 1, pumps.size, 2))
    if pumps.size:
        offset = comb.frequency[pumps] - comb.frequency[channel]
        rates = comb.symbol_rate[pumps], np.full(pumps.size, comb.symbol_rate[channel])
        way = link.position, link.length, link.start[pumps], link.end[pumps], link.repeats, link.period
        middle = 0.5 * (link.beta2[pumps] + link.beta2[channel])
        given = [as_leading(value) for value in (offset, *rates, *way, middle)]
        for row, detail in enumerate((0.5, 0.35)):
            inputs = [*given, as_leading(detail), out[row]]
            cross_channel_integrals(*inputs)
    return pumps, out[0, 0, :, 1], out[1, 0, :, 1]
