"""What formats carry over Gaussian noise: direct computation, tables, bit errors."""

import math
import threading
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from mcfiber import labelled
from mcfiber._jit import kernel
from mcfiber.arguments import FORMAT, RATIO, arguments, real
from mcfiber.descriptions.formats import SingleFormat
from mcfiber.kernels import information as kernels
from mcfiber.receiver.constellation import Constellation, constellation
from mcfiber.typing import FloatArray, Quantity

TABLE_START_DB = -30.0
TABLE_STEP_DB = 0.25

# Above SATURATION / (smallest distance)**2 what is missing to the full entropy is below 1e-10 bit.
SATURATION = 100.0

TABLES_KEPT = 1024
TILT = math.pi / 8.0  # borders between symbols of QAM lie along multiples of 45 degrees; none may be horizontal


@dataclass(frozen=True, eq=False)
class Table:
    """MI and GMI of one format on a uniform grid of SNR in decibels, with slopes per grid step.

    Interpolated by monotone cubics the error is below 1e-6 bit.
    """

    values: FloatArray  # (2, 2, point): MI and GMI, value and slope
    entropy: float
    bits: int
    floor: float  # GMI without signal


def information(known: Constellation, snr: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """MI and GMI of a constellation by integration, in bit; the GMI is not clipped at zero.

    Parameters
    ----------
    known
        The constellation.
    snr
        Symbol energy over noise, any shape.

    Returns
    -------
    tuple of numpy.ndarray
        MI and GMI, each of the shape of `snr`. [bit]

    Notes
    -----
    Eq. (2) [1]_ and Eq. (3) [2]_ of `mcfiber.kernels.information`.

    References
    ----------
    .. [1] C. E. Shannon, "A mathematical theory of communication," *Bell Syst. Tech. J.*, vol. 27, 1948.
    .. [2] A. Alvarado et al., "Achievable information rates for fiber optics: applications and computations," *J.
       Lightw. Technol.*, vol. 36, no. 2, pp. 424-439, 2018.
    """
    if known.lines:
        parts = [
            kernels.line_information(snr, line.levels, line.probabilities, line.labels, line.bits)
            for line in known.lines
        ]
        return parts[0][0] + parts[1][0], parts[0][1] + parts[1][1]
    real, imaginary = known.points.real.copy(), known.points.imag.copy()
    shared = (real, imaginary, known.probabilities, known.labels, known.bits, known.is_mirrored)
    mutual, generalised = kernels.plane_information(snr, *shared)
    return mutual, generalised


_TABLES: dict[str, Table] = {}
_LOCK = threading.Lock()


def format_table(modulation: SingleFormat) -> Table:
    """Tabulate a format, once a process."""
    key = modulation if isinstance(modulation, str) else modulation.model_dump_json()
    with _LOCK:
        if key not in _TABLES:
            while len(_TABLES) >= TABLES_KEPT:
                _TABLES.pop(next(iter(_TABLES)))
            _TABLES[key] = _tabulated(constellation(modulation))
        return _TABLES[key]


def _tabulated(known: Constellation) -> Table:
    top_db = 10.0 * math.log10(SATURATION / known.smallest_distance**2)
    points = math.ceil((top_db - TABLE_START_DB) / TABLE_STEP_DB) + 1
    grid_db = TABLE_START_DB + TABLE_STEP_DB * np.arange(points)
    both = information(known, 10.0 ** (0.1 * grid_db))
    return Table(
        np.stack([_with_slopes(values, known.entropy) for values in both]), known.entropy, known.bits, _floor(known)
    )


def _floor(known: Constellation) -> float:
    """GMI without signal: the entropy of the symbols less those of their bits, 0 where these are independent."""
    set_ = (known.labels[:, None] >> np.arange(known.bits)) & 1
    ones = known.probabilities @ set_
    each = np.stack([ones, 1.0 - ones])
    difference = known.entropy + float(np.sum(each * np.log2(np.maximum(each, 1e-300))))
    return difference if difference < -1e-12 else 0.0


def _with_slopes(values: FloatArray, entropy: float) -> FloatArray:
    """Slopes of a monotone interpolant that ends at the entropy: limited central differences."""
    values = np.minimum(values, entropy)
    values[-1] = entropy
    slopes = np.gradient(values, edge_order=2)
    slopes[2:-2] = (8.0 * (values[3:-1] - values[1:-3]) - (values[4:] - values[:-4])) / 12.0
    rise = np.diff(values, prepend=values[0] - slopes[0], append=values[-1])
    # F. N. Fritsch, R. E. Carlson, SIAM Journal on Numerical Analysis 17, 238 (1980): monotone if within 0 and 3 rises.
    limit = 3.0 * np.minimum(np.maximum(rise[:-1], 0.0), np.maximum(rise[1:], 0.0))
    return np.stack([values, np.clip(slopes, 0.0, limit)])


def stacked_tables(tables: list[Table]) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Tables of several formats on one grid, the grid, entropies, bits and floors: what the kernel shares."""
    longest = max(one.values.shape[-1] for one in tables)
    values = np.zeros((len(tables), 2, 2, longest))
    values[:, :, 0] = np.array([one.entropy for one in tables])[:, None, None]
    for index, one in enumerate(tables):
        values[index, :, :, : one.values.shape[-1]] = one.values
    entropy = np.array([one.entropy for one in tables])
    bits = np.array([float(one.bits) for one in tables])
    floor = np.array([one.floor for one in tables])
    return values, np.array([TABLE_START_DB, TABLE_STEP_DB]), entropy, bits, floor


@arguments(modulation=FORMAT, snr=RATIO)
def bit_error_ratio(modulation: SingleFormat, snr: Quantity) -> xr.DataArray:
    """Bit error ratio before decoding, when the most probable symbol is decided for.

    Parameters
    ----------
    modulation
        A name, a shaped format or points.
    snr
        Symbol energy over noise, per polarisation. Any dimensions. [1]

    Returns
    -------
    :data:`~mcfiber.variables.bit_error_ratio`
        Dimensions of `snr`. [1]

    Notes
    -----
    Exact along a line; formats whose dimensions are not independent by a sum over lines of a plane.

    Decisions of greatest a-posteriori probability [1]_.

    References
    ----------
    .. [1] J. G. Proakis and M. Salehi, "Digital Communications," 5th edition, McGraw-Hill, 2008.

    Examples
    --------
    >>> f"{float(bit_error_ratio('QPSK', 10.0)):.3e}"
    '7.827e-04'
    """
    result: xr.DataArray = labelled.compute("bit_error_ratio", _errors, snr, constellation(modulation))
    return result


@kernel("(),[constellation]->()", jit=False)
def _errors(snr: FloatArray, known: Constellation, errors: FloatArray) -> None:
    """Fill in the bit error ratio of a constellation."""
    if known.lines:
        errors[:] = 0.0
        for line in known.lines:
            errors += kernels.line_bit_errors(snr, line.levels, line.probabilities, line.labels, line.bits)
    else:
        turned = known.points * np.exp(1j * TILT)
        order = np.argsort(turned.real)
        real, imaginary = turned.real[order], turned.imag[order]
        shared = (known.probabilities[order], known.labels[order], known.bits)
        errors[:] = kernels.plane_bit_errors(snr, real, imaginary, *shared)
    errors /= known.bits
    errors[np.isinf(snr)] = 0.0  # without noise


@arguments(error_ratio=real(low=0, high=0.5))
def q_factor(error_ratio: Quantity) -> xr.DataArray:
    """Q factor of a bit error ratio: the distance to the threshold of a two-level signal that errs as often.

    Parameters
    ----------
    error_ratio
        Bit error ratio, above 0 and at most 0.5. Any dimensions. [1]

    Returns
    -------
    :data:`~mcfiber.variables.q_factor`
        A ratio of amplitudes; in decibels it is 20 log10(Q). [1]

    Notes
    -----
    ``error ratio = erfc(Q/sqrt(2))/2`` [1]_.

    References
    ----------
    .. [1] N. S. Bergano, F. W. Kerfoot, and C. R. Davidson, "Margin measurements in optical amplifier systems,"
       *IEEE Photon. Technol. Lett.*, vol. 5, pp. 304-306, 1993.

    Examples
    --------
    >>> f"{20 * np.log10(float(q_factor(3.8e-3))):.2f} dB"
    '8.53 dB'
    """
    from scipy.special import ndtri  # late: it loads slowly

    found = xr.apply_ufunc(lambda ratio: -ndtri(ratio), error_ratio, keep_attrs=False)
    return labelled.labelled_result("q_factor", found)
