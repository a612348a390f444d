"""Constellations, and the tables of what they carry."""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from mcfiber._jit import lift
from mcfiber.kernels import modulation as kernels
from mcfiber.rate.transceiver import SQUARE_FORMATS
from mcfiber.typing import AnyArray, FloatArray

TABLE_START_DB = -30.0
TABLE_STEP_DB = 0.25
# Above SATURATION / (smallest distance)**2 what is missing to the full entropy is below 1e-10 bit.
SATURATION = 100.0

line_information = lift(kernels.line_information, "(),(level),(level),(level),()->(),()")


@dataclass(frozen=True, eq=False)
class Table:
    """MI and GMI of one format on a uniform grid of SNR in decibels, with slopes per grid step.

    Interpolated by monotone cubics the error is below 1e-6 bit.
    """

    values: FloatArray  # (2, 2, point): MI and GMI, value and slope
    entropy: float
    bits: int


def gray(count: int) -> AnyArray:
    """Binary-reflected Gray labels of a row of levels."""
    order = np.arange(count)
    return order ^ (order >> 1)


def pulse_amplitudes(count: int) -> FloatArray:
    """Equidistant levels of one dimension; a square of two dimensions has unit energy."""
    odd = np.arange(1.0 - count, count, 2.0)
    unit: FloatArray = odd / math.sqrt(2.0 * float(np.mean(odd**2)))
    return unit


@cache
def table(name: str) -> Table:
    """Tabulate a format, once a process."""
    count = math.isqrt(SQUARE_FORMATS[name])
    levels = pulse_amplitudes(count)
    bits = 2 * (count.bit_length() - 1)
    top_db = 10.0 * math.log10(SATURATION / float(np.diff(levels).min()) ** 2)
    grid_db = TABLE_START_DB + TABLE_STEP_DB * np.arange(math.ceil((top_db - TABLE_START_DB) / TABLE_STEP_DB) + 1)
    uniform = np.full(count, 1.0 / count)
    mutual, generalised = line_information(10.0 ** (0.1 * grid_db), levels, uniform, gray(count), bits // 2)
    entropy = float(bits)
    values = [_with_slopes(2.0 * mutual, entropy), _with_slopes(2.0 * generalised, entropy)]
    return Table(np.stack(values), entropy, bits)


def _with_slopes(values: FloatArray, entropy: float) -> FloatArray:
    """Slopes of a monotone interpolant that ends at the entropy: limited central differences."""
    values = np.minimum(values, entropy)
    values[-1] = entropy
    slopes = np.gradient(values, edge_order=2)
    slopes[2:-2] = (8.0 * (values[3:-1] - values[1:-3]) - (values[4:] - values[:-4])) / 12.0
    rise = np.diff(values, prepend=values[0] - slopes[0], append=values[-1])
    # F. N. Fritsch, R. E. Carlson, SIAM J. Numer. Anal. 17, 238 (1980): monotone if within 0 and 3 rises.
    limit = 3.0 * np.minimum(np.maximum(rise[:-1], 0.0), np.maximum(rise[1:], 0.0))
    return np.stack([values, np.clip(slopes, 0.0, limit)])
