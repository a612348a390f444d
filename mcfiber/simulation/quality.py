"""What recovered symbols are worth: signal-to-noise ratio, information, bit errors, each with its standard error."""

import math
from dataclasses import dataclass

import numpy as np

from mcfiber.arguments import arguments, choice, plain_array
from mcfiber.descriptions.formats import DESCRIBED_FORMATS, UNIFORM_FORMATS
from mcfiber.kernels.equalizers import symbol_losses
from mcfiber.receiver.constellation import Constellation
from mcfiber.simulation.transmitter import GAUSSIAN, Modulation, known_constellation
from mcfiber.typing import ComplexArray, FloatArray, IntArray

BATCHES = 8
"""Into which the symbols of a draw are divided for standard errors, at least."""


@dataclass(frozen=True)
class SignalQuality:
    """Of every stream; the second of each pair is its standard error from batches. Shapes (stream,).

    Attributes
    ----------
    snr
        Signal-to-noise ratio. [1]
    mutual_information, gmi
        Of a symbol; for Gaussian symbols ``log2(1 + snr)``. [bit]
    ngmi
        Part of the bits that a code may keep. [1]
    bit_error_ratio
        By counting, most probable symbols decided for. [1]
    snr_error, gmi_error, bit_error_error
        Standard errors.
    """

    snr: FloatArray
    mutual_information: FloatArray
    gmi: FloatArray
    ngmi: FloatArray
    bit_error_ratio: FloatArray
    snr_error: FloatArray
    gmi_error: FloatArray
    bit_error_error: FloatArray


def effective_snr(snr: FloatArray) -> float:
    """Signal-to-noise ratio of the mean rate of all streams: ``2^mean(log2(1 + snr)) - 1``. [1]

    Examples
    --------
    >>> round(effective_snr(np.array([10.0, 10.0])), 12)
    10.0
    """
    return math.expm1(float(np.mean(np.log1p(snr))))


_SYMBOLS = plain_array("stream", "symbol", exact=True, scalar=False, kind="complex")


@arguments(
    recovered=_SYMBOLS,
    symbols=_SYMBOLS,
    numbers=plain_array("stream", "symbol", exact=True, scalar=False, low=-1, high=4095, kind="whole"),
    modulation=choice(*UNIFORM_FORMATS, GAUSSIAN, kinds=DESCRIBED_FORMATS),
)
def signal_quality(
    recovered: ComplexArray, symbols: ComplexArray, numbers: IntArray, modulation: Modulation
) -> SignalQuality:
    """Quality of recovered symbols beside those that were sent.

    Parameters
    ----------
    recovered, symbols
        Shape (stream, symbol).
    numbers
        Which point of the constellation each is. Shape (stream, symbol).
    modulation
        Format, or "gaussian".

    Raises
    ------
    ValueError
        If a number is none of a point of the format, or a stream holds nothing of its symbols.

    Notes
    -----
    ``g = <a* z>/<|a|^2>``, ``snr = |g|^2 <|a|^2>/<|z - g a|^2>``: one complex gain for each stream, whose bias is
    undone. GMI by bit metrics with the noise of the stream, Eq. (4) and Eq. (5) of `mcfiber.kernels.equalizers` [1]_.

    References
    ----------
    .. [1] A. Alvarado et al., "Achievable information rates for fiber optics: applications and computations," *J.
       Lightw. Technol.*, vol. 36, no. 2, pp. 424-439, 2018.
    """
    known = known_constellation(modulation)
    if known is not None and not (np.min(numbers) >= 0 and np.max(numbers) < known.points.size):
        msg = (
            f"numbers: got {np.min(numbers)} to {np.max(numbers)}; allowed: 0 to {known.points.size - 1}, of the points"
        )
        raise ValueError(msg)
    if symbols.shape[1] < 2 or not np.all(np.abs(np.sum(symbols.conj() * recovered, axis=1)) > 0.0):
        msg = (
            "recovered: a stream holds nothing of its symbols, or has fewer than two; give both as they belong together"
        )
        raise ValueError(msg)
    each = [_one(*row, known) for row in zip(recovered, symbols, numbers, strict=True)]
    return SignalQuality(*(np.array(column) for column in zip(*each, strict=True)))


def _one(
    recovered: ComplexArray, symbols: ComplexArray, numbers: IntArray, known: Constellation | None
) -> tuple[float, ...]:
    count = symbols.size
    energy = np.mean(np.abs(symbols) ** 2)
    gain = np.sum(symbols.conj() * recovered) / count / energy
    noise = np.abs(recovered - gain * symbols) ** 2
    left = float(np.mean(noise)) / (1.0 - 1.0 / count)
    if left == 0.0:
        return math.inf, known_entropy(known), known_entropy(known), 1.0, 0.0, 0.0, 0.0, 0.0
    snr = float(np.abs(gain) ** 2 * energy) / left
    snr_error = snr * _error(noise) / float(np.mean(noise))
    if known is None:
        rate = math.log2(1.0 + snr)
        return snr, rate, rate, math.nan, math.nan, snr_error, snr_error / (1.0 + snr) / math.log(2.0), math.nan
    losses = np.empty((3, count))
    variance = max(float(np.mean(noise) / np.abs(gain) ** 2), 1e-300)
    shared = known.points, known.probabilities, np.asarray(known.labels, np.int64), known.bits
    symbol_losses(np.ascontiguousarray(recovered / gain), np.asarray(numbers, np.int64), variance, *shared, *losses)
    mutual, gmi = (known.entropy - float(np.mean(loss)) for loss in losses[:2])
    errors = losses[2] / known.bits
    ngmi = 1.0 - (known.entropy - gmi) / known.bits
    return snr, mutual, gmi, ngmi, float(np.mean(errors)), snr_error, _error(losses[1]), _error(errors)


def known_entropy(known: Constellation | None) -> float:
    """Entropy of the symbols of a format; infinite of Gaussian ones. [bit]"""
    return math.inf if known is None else known.entropy


def _error(values: FloatArray) -> float:
    """Standard error of a mean, from the means of batches in their order."""
    size = max(1, values.size // (4 * BATCHES))
    batches = values[: values.size // size * size].reshape(-1, size).mean(axis=1)
    return float(batches.std(ddof=1) / math.sqrt(batches.size)) if batches.size > 1 else math.inf
