"""Geometric shaping: where the points of a constellation carry most at one signal-to-noise ratio.

Only the points of one quadrant move; the others are their mirror images, and labels stay. The GMI has many maxima, and
that of square constellations is caught between products of two lines. So the search begins at several places: the
constellation itself, moved a little at random, once at the signal-to-noise ratio that is asked for, and once at lower
ones, where points form fewer groups. The random numbers are always the same.
"""

import math

import numpy as np

from mcfiber.kernels.information import mirrored_slopes
from mcfiber.typing import AnyArray, FloatArray

SIGN_REAL, SIGN_IMAGINARY = np.array([1.0, -1.0, 1.0, -1.0]), np.array([1.0, 1.0, -1.0, -1.0])

WAYS_DB = ((0.0,), (4.0, 3.0, 2.0, 1.0, 0.0), (4.0, 3.0, 2.0, 1.0, 0.0))
"""Signal-to-noise ratios below the one asked for, which a search passes one after the other."""

MOVED, NUDGED = 0.2, 0.05
"""Random moves before a search, and between two of its steps, relative to the distance of neighbours."""

ROUGH, FINE = 1e-7, 1e-14
"""Relative change of the GMI at which searches end, and at which the best of them does."""


def mirrored(quadrant: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Points of all quadrants, block by block, from those of the first: real parts, then imaginary ones."""
    x, y = np.split(quadrant, 2)
    return np.outer(SIGN_REAL, x).ravel(), np.outer(SIGN_IMAGINARY, y).ravel()


def lost_information(quadrant: FloatArray, snr: float, labels: AnyArray, bits: int) -> tuple[float, FloatArray]:
    """Negative GMI of mirrored points scaled to unit energy, and its gradient.

    Parameters
    ----------
    quadrant
        Real parts of the points of one quadrant, then imaginary parts, in any scale.
    snr
        Symbol energy over N0.
    labels, bits
        Bits of the points of all quadrants, in the order of `mirrored`, as integers, and their number.

    Notes
    -----
    GMI of Eq. (3) of `mcfiber.kernels.information`, and its slopes.
    """
    count = quadrant.size // 2
    size = math.sqrt(float(quadrant @ quadrant) / count)
    unit = quadrant / size
    gmi, along_real, along_imaginary = mirrored_slopes(*mirrored(unit), snr, labels, bits)
    slopes = np.concatenate(
        [
            SIGN_REAL @ along_real.reshape(4, count),
            SIGN_IMAGINARY @ along_imaginary.reshape(4, count),
        ]
    )
    slopes -= unit * float(unit @ slopes) / count  # the energy stays
    return -float(gmi), -slopes / size


def shaped_points(quadrant: FloatArray, snr: float, labels: AnyArray, bits: int, distance: float) -> FloatArray:
    """Points of the largest GMI that the searches find, as `lost_information` takes them; never less than at first.

    Parameters
    ----------
    quadrant, snr, labels, bits
        Where the search begins, and the rest as for `lost_information`.
    distance
        Of neighbouring points.

    References
    ----------
    .. [1] N. S. Loghin et al., "Non-uniform constellations for ATSC 3.0," IEEE Trans. Broadcast. 62(1), 197-203, 2016.
    """
    ends = [_searched(quadrant, snr, labels, bits, ROUGH)]
    random = np.random.default_rng(0)
    for way in WAYS_DB:
        points, move = quadrant, MOVED
        for below_db in way:
            moved = points + move * distance * random.standard_normal(points.size)
            end = _searched(moved, snr * 10.0 ** (-0.1 * below_db), labels, bits, ROUGH)
            points, move = end[1], NUDGED
        ends.append(end)
    return _searched(min(ends, key=lambda end: end[0])[1], snr, labels, bits, FINE)[1]


def _searched(start: FloatArray, snr: float, labels: AnyArray, bits: int, change: float) -> tuple[float, FloatArray]:
    """Negative GMI where a search ends, and the points there."""
    from scipy.optimize import minimize  # late: it loads slowly

    found = minimize(
        lost_information,
        start,
        args=(snr, labels, bits),
        method="L-BFGS-B",
        jac=True,
        options={"maxiter": 1000, "maxfun": 2000, "maxcor": 20, "ftol": change, "gtol": 1e-7},
    )
    return float(found.fun), found.x / math.sqrt(float(found.x @ found.x) / (0.5 * found.x.size))
