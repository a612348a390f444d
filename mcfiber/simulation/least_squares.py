"""Least squares over windows of half-symbol taps, in closed form: covariances, their factor, and taps."""

import numpy as np
from scipy import linalg

from mcfiber.typing import ComplexArray

RIDGE = 1e-9
"""Added to the diagonal of the covariance, relative to its mean."""

BLOCK = 48
"""Columns that are factored at a time: so few that the linear-algebra library does not divide them among threads."""


def tributaries(samples: ComplexArray, taps: int) -> ComplexArray:
    """First two taps of the window at every symbol; later pairs are the same, whole symbols before.

    Parameters
    ----------
    samples
        Two a symbol, periodic. Shape (mode, sample).
    taps
        Of the window, centred on the symbol.

    Returns
    -------
    ndarray
        Shape (2 modes, symbol).
    """
    half = taps // 2
    return np.concatenate([np.roll(samples, -half, axis=-1)[:, 0::2], np.roll(samples, 1 - half, axis=-1)[:, 0::2]])


def covariance(pair: ComplexArray, first: int, last: int, taps: int) -> ComplexArray:
    """Sum over symbols of the products of all taps: exact least squares at the cost of its first rows.

    Parameters
    ----------
    pair
        What `tributaries` returns.
    first, last
        Symbols over which is summed, the last one left out.
    taps
        Of the window.

    Returns
    -------
    ndarray
        Upper triangle, of blocks of modes for each tap. Shape (taps modes, taps modes).

    Notes
    -----
    Of two windows that begin a symbol apart all sums but those of the ends are the same:
    ``R[a + 1, b + 1] = R[a, b] + u_a(k0 - 1) u_b(k0 - 1)^H - u_a(k1 - 1) u_b(k1 - 1)^H`` (displacement structure [1]_).

    References
    ----------
    .. [1] M. Morf, B. Dickinson, T. Kailath, and A. Vieira, "Efficient solution of covariance equations for linear
       prediction," *IEEE Trans. Acoust., Speech, Signal Process.*, vol. 25, pp. 429-433, 1977.
    """
    size, count = len(pair), pair.shape[1]
    blocks = -(-taps // 2)
    window = np.arange(first, last)
    inside = pair[:, window % count]
    out = np.zeros((blocks, size, blocks, size), np.complex128)
    for lag in range(blocks):
        out[0, :, lag] = inside @ pair[:, (window - lag) % count].conj().T
    before = np.concatenate([pair[:, (first - 1 - lag) % count] for lag in range(blocks)])
    after = np.concatenate([pair[:, (last - 1 - lag) % count] for lag in range(blocks)])
    for lag in range(1, blocks):
        rest = (blocks - lag) * size
        rows = slice((lag - 1) * size, lag * size)
        change = np.outer(before[rows], before[(lag - 1) * size : (lag - 1) * size + rest].conj())
        change -= np.outer(after[rows], after[(lag - 1) * size : (lag - 1) * size + rest].conj())
        out[lag, :, lag:] = out[lag - 1, :, lag - 1 : -1] + change.reshape(size, blocks - lag, size)
    unknowns = taps * size // 2
    return out.reshape(blocks * size, blocks * size)[:unknowns, :unknowns]


def cross_covariance(pair: ComplexArray, targets: ComplexArray, first: int, last: int, taps: int) -> ComplexArray:
    """Sum over symbols of targets times the window. Shape (stream, taps modes)."""
    count, blocks = pair.shape[1], -(-taps // 2)
    window = np.arange(first, last)
    inside = targets[:, window % count]
    parts = [inside @ pair[:, (window - lag) % count].conj().T for lag in range(blocks)]
    return np.concatenate(parts, axis=1)[:, : taps * len(pair) // 2]


def filter_output(pair: ComplexArray, weights: ComplexArray) -> ComplexArray:
    """Output of the equaliser at every symbol.

    Parameters
    ----------
    pair
        What `tributaries` returns.
    weights
        Shape (stream, taps modes).
    """
    size = len(pair)
    out = np.zeros((len(weights), pair.shape[1]), np.complex128)
    for lag in range(-(-weights.shape[1] // size)):
        part = weights[:, lag * size : (lag + 1) * size]
        out += part @ np.roll(pair[: part.shape[1]], lag, axis=-1)
    return out


def factored(summed: ComplexArray) -> ComplexArray:
    """Cholesky factor, with the same bits for any number of threads: its lower triangle. Shape (unknown, unknown).

    Parameters
    ----------
    summed
        Covariance of the inputs: its upper triangle. Shape (unknown, unknown).

    Notes
    -----
    Block by block, ``L_jj L_jj^H = A_jj - L_j L_j^H`` (algorithm 4.2.3 of [1]_): only products divide among threads.

    References
    ----------
    .. [1] G. H. Golub and C. F. Van Loan, "Matrix Computations," 4th edition, Johns Hopkins University Press, 2013.
    """
    out = np.ascontiguousarray(summed.conj().T)
    diagonal = np.einsum("ii->i", out)
    diagonal += RIDGE * diagonal.real.mean()
    for start in range(0, len(out), BLOCK):
        stop = min(start + BLOCK, len(out))
        if start:
            out[start:, start:stop] -= out[start:, :start] @ out[start:stop, :start].conj().T
        lower = np.linalg.cholesky(out[start:stop, start:stop])
        out[start:stop, start:stop] = lower
        if stop < len(out):
            rest = out[stop:, start:stop].conj().T
            out[stop:, start:stop] = linalg.solve_triangular(lower, rest, lower=True, check_finite=False).conj().T
    return out


def solved_taps(factor: ComplexArray, cross: ComplexArray) -> ComplexArray:
    """Taps of least mean-square error. Shape (stream, unknown).

    Parameters
    ----------
    factor
        What `factored` makes of the covariance of the inputs. Shape (unknown, unknown).
    cross
        Of the targets with the inputs. Shape (stream, unknown).

    Notes
    -----
    ``W = E[a y^H] E[y y^H]^-1``, one factor for all streams.
    """
    found: ComplexArray = linalg.cho_solve((factor, True), cross.conj().T, check_finite=False).conj().T
    return found
