"""Mode-dependent loss of randomly coupled cores: how it accumulates, and what it costs a receiver.

Log gains are in nepers of power throughout.  The penalties compare with a channel without mode-dependent
loss: `penalty = snr / (2**rate - 1)`, where `rate` is the mean rate per mode of the named receiver, noise
enters along the whole way, and every amplifier holds the signal power.

Notes
-----
With ``x = xi^2``:

(1) ``p = exp(r(xi, snr) x)``, the penalty from the table of r;
(2) ``snr/p = exp(ln(1 + snr/p_mean) + shift) - 1``, a realisation whose rate lies off the mean by the shift, in nats;
(3) ``p = (e^x - 1)/x``, zero forcing, many modes;
(4) ``1/(1 + SINR) = m/(m + snr) - snr v/(m + snr)^3``, least mean-square error, to second order in the spread, with
    ``m = (e^x - 1)/x``, ``v = 2 [e^x A(x) - A(2 x)]`` and ``A(y) = (1 + (y - 1) e^y)/y^2``.
"""

import math
from functools import cache
from importlib.resources import files

import numpy as np

from mcfiber._jit import kernel
from mcfiber.typing import FloatArray

RECEIVERS = ("mmse", "zero_forcing", "optimal")


# ---------------------------------------------------------------------------------------------------------
# accumulation


def growth(spans: int, modes: int, repeat: str = "independent", lap: int = 1) -> float:
    """Factor by which the variance of log gains grows over a chain of equal spans.

    Parameters
    ----------
    spans
        Number of spans, K.
    modes
        Number of modes, D = 2 x cores.
    repeat
        ``"independent"``: every span mixes anew, variance grows as K.  ``"same"``: every lap passes the
        same fibre (one Haar matrix U repeated), ``E|tr U^m|^2 = min(m, D)`` correlates the laps:
        ``K + [sum over k != l of min(|k - l|, D) - K (K - 1)] / (D^2 - 1)``.  The same holds for group delays.
    lap
        Number of spans of a lap, which mix independently of each other; K is then the number of laps.
    """
    if repeat == "independent":
        return float(spans)
    if lap > 1:
        return lap * growth(spans // lap, modes, repeat)
    laps = np.arange(1, spans)
    correlated = 2.0 * np.sum((spans - laps) * (np.minimum(laps, modes) - 1.0))
    return float(spans + correlated / (modes**2 - 1.0))


def noise_growth(spans: int, modes: int, repeat: str = "independent", lap: int = 1) -> float:
    """Factor by which variance counts for noise that enters evenly along the way: 2 x mean of `growth` so far.

    To second order the noise of amplifier k is enhanced by the variance that the channel has gathered before
    it; where spans are independent that is half of the whole on average, and the factor is K.  Laps of the
    same fibre gather most of it at the end, behind most of the noise: down to 2/3 of `growth`.
    """
    if repeat == "independent":
        return float(spans)
    if lap > 1:
        return lap * noise_growth(spans // lap, modes, repeat)
    so_far = [growth(count, modes, repeat) for count in range(spans + 1)]
    return 2.0 / spans * (sum(so_far) - so_far[-1] / 2.0)


@kernel("(span),(),(),(),()->(),(),(),()")
def accumulated_loss(
    span_rms: FloatArray,
    factor: FloatArray,
    seen: FloatArray,
    modes: FloatArray,
    spread: FloatArray,
    xi: FloatArray,
    effective: FloatArray,
    rms: FloatArray,
    peak_to_peak: FloatArray,
) -> None:
    """Accumulated mode-dependent loss of a chain, with spans of equal or of given strength.

    span_rms (n, span) Np, rms log gain of a span; factor (n,) = growth(K, D, repeat), seen (n,) =
    noise_growth(K, D, repeat); modes (n,); spread (n,) = expected_spread(D).  xi (n,) Np, root sum square;
    effective (n,) Np, the same as even noise along the way sees it; rms (n,) Np, rms over the modes of the
    accumulated log gain; peak_to_peak (n,) Np, mean of largest over smallest gain.
    """
    for i in range(span_rms.shape[0]):
        square, early = 0.0, 0.0
        count = span_rms.shape[1]
        for span in range(count):
            square += span_rms[i, span] ** 2
            early += span_rms[i, span] ** 2 * 2.0 * (1.0 - (span + 0.5) / count)  # share of the noise behind it
        square *= factor[i] / count
        effective[i] = math.sqrt(early * seen[i] / count)
        finite = modes[i] ** 2 / (modes[i] ** 2 - 1.0)
        xi[i] = math.sqrt(square)
        # Ho & Kahn, Opt. Express 19, 16612 (2011), for many modes; the factor for any number of modes
        # follows from Ho, J. Lightwave Technol. 30, 3603 (2012): Gaussian plus uniform matrix.
        rms[i] = math.sqrt(square * (1.0 + square / 12.0 * finite))  # Eq. (1) of docs/theory/mode-dependent-loss
        peak_to_peak[i] = spread[i] * rms[i]


@cache
def expected_spread(modes: int) -> float:
    """Mean distance of the largest and the smallest eigenvalue, over their rms, of a random Hermitian matrix.

    For group delays of any strength and for log gains (exact for two modes and for small ones, and within a
    percent for large ones).  Gaussian unitary ensemble without a trace; 2 sqrt(8/(3 pi)) for two modes, 4 for
    many.  Distribution of the largest eigenvalue as a determinant of overlaps of Hermite functions (Mehta,
    "Random Matrices", section 6.3), integrated.

    Parameters
    ----------
    modes
        Number of modes, D, at least 2.
    """
    edge = math.sqrt(2.0 * modes) + 6.0
    x = np.linspace(-edge, edge, int(edge * 60.0))
    value, slope = _hermite_functions(x, modes)
    product = value[:, :, None] * value[:, None, :]
    change = slope[:, :, None] * value[:, None, :] + value[:, :, None] * slope[:, None, :]
    step = x[1] - x[0]
    # trapezoids with the end correction of Euler and Maclaurin: fourth order
    overlap = np.zeros_like(product)
    overlap[1:] = np.cumsum((product[1:] + product[:-1]) * step / 2.0, axis=0)
    overlap -= (change - change[:1]) * step**2 / 12.0
    below = np.linalg.det(overlap)  # probability that no eigenvalue exceeds x
    largest = edge - step * (np.sum(below) - below[-1] / 2.0)
    return float(2.0 * largest / math.sqrt((modes**2 - 1.0) / (2.0 * modes)))


def _hermite_functions(x: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """Values and slopes (x, order) of the normalised Hermite functions by their recurrence."""
    value = np.zeros((count + 1, x.size))
    value[0] = math.pi**-0.25 * np.exp(-(x**2) / 2.0)
    value[1] = math.sqrt(2.0) * x * value[0]
    for n in range(2, count + 1):
        value[n] = math.sqrt(2.0 / n) * x * value[n - 1] - math.sqrt((n - 1.0) / n) * value[n - 2]
    order = np.arange(count)[:, None]
    below = np.concatenate([np.zeros((1, x.size)), value[: count - 1]])
    slope = np.sqrt(order / 2.0) * below - np.sqrt((order + 1.0) / 2.0) * value[1:]
    return value[:count].T, slope.T


# ---------------------------------------------------------------------------------------------------------
# penalties


@cache
def _shipped_table() -> dict[str, FloatArray]:
    with np.load(str(files("mcfiber.kernels") / "mdl_penalty.npz")) as data:
        return {name: np.asarray(data[name], dtype=np.float64) for name in data.files}


@cache
def penalty_table(receiver: str, modes: int, quantity: str = "table") -> FloatArray:
    """Table (xi, snr) for a number of modes, padded by one point on every side.

    quantity: "table", ln(penalty)/xi^2, or "spread", standard deviation of the rate over realisations in nats
    over xi^2.  Made by ``validation/mmse_penalty.py``.  Between the tabulated numbers of modes the entries are
    linear in 1/(D + 1), the order in which streams differ; at xi = 0 penalties are exact.
    """
    shipped = _shipped_table()
    entries, known = shipped[quantity][RECEIVERS.index(receiver) // 2], shipped["modes"]
    place = 1.0 / (known + 1.0)
    right = int(np.clip(np.searchsorted(known, modes), 1, len(known) - 1))
    weight = (1.0 / (modes + 1.0) - place[right - 1]) / (place[right] - place[right - 1])
    plane = np.maximum(entries[right - 1] + weight * (entries[right] - entries[right - 1]), 0.0)
    # The ratio is even in xi, so the point before xi = 0 repeats the one after it; it is level far out.
    padded = np.pad(plane, ((1, 1), (1, 1)), mode="edge")
    padded[0] = padded[2]
    return np.ascontiguousarray(padded)


@cache
def largest_loss() -> float:
    """Greatest xi of the table. [Np]"""
    return float(_shipped_table()["xi"][-1])


@cache
def _grid() -> tuple[float, float, float]:
    """Step of xi, lowest SNR in dB and its step."""
    xi, snr_db = _shipped_table()["xi"], _shipped_table()["rho_db"]
    return float(xi[1] - xi[0]), float(snr_db[0]), float(snr_db[1] - snr_db[0])


@kernel
def _ratio(snr: float, xi: float, table: FloatArray, xi_step: float, snr_low_db: float, snr_step_db: float) -> float:
    """Entry of a padded table by cubic convolution; held level outside its SNR, NaN beyond its greatest xi."""
    rows, columns = table.shape[0] - 2, table.shape[1] - 2
    y = (10.0 * math.log10(max(snr, 1e-30)) - snr_low_db) / snr_step_db
    x = abs(xi) / xi_step
    if math.isnan(snr + xi) or x > (rows - 1.0) * (1.0 + 1e-9):
        return math.nan
    x = min(x, rows - 1.0)
    y = min(max(y, 0.0), columns - 1.0)
    row, column = min(int(x), rows - 2), min(int(y), columns - 2)
    x -= row
    y -= column
    # Keys' cubic convolution: third order, with a continuous slope
    x0, x1 = ((2.0 - x) * x - 1.0) * x / 2.0, (x * x * (3.0 * x - 5.0) + 2.0) / 2.0
    x2, x3 = ((4.0 - 3.0 * x) * x + 1.0) * x / 2.0, (x - 1.0) * x * x / 2.0
    y0, y1 = ((2.0 - y) * y - 1.0) * y / 2.0, (y * y * (3.0 * y - 5.0) + 2.0) / 2.0
    y2, y3 = ((4.0 - 3.0 * y) * y + 1.0) * y / 2.0, (y - 1.0) * y * y / 2.0
    ratio = 0.0
    for k in range(4):
        weight = x0 if k == 0 else x1 if k == 1 else x2 if k == 2 else x3
        ratio += weight * (
            y0 * table[row + k, column]
            + y1 * table[row + k, column + 1]
            + y2 * table[row + k, column + 2]
            + y3 * table[row + k, column + 3]
        )
    return ratio


@kernel("(),(),[table],[xi_step],[snr_low_db],[snr_step_db]->()")
def interpolated_penalty(
    snr: FloatArray,
    xi: FloatArray,
    table: FloatArray,
    xi_step: float,
    snr_low_db: float,
    snr_step_db: float,
    penalty: FloatArray,
) -> None:
    """Penalty from a padded table of ln(penalty)/xi^2.

    snr (n,); xi (n,) Np; table (xi + 2, snr + 2), shared by all n; steps in Np and dB; penalty (n,).
    """
    for i in range(snr.shape[0]):
        penalty[i] = math.exp(_ratio(snr[i], xi[i], table, xi_step, snr_low_db, snr_step_db) * xi[i] * xi[i])  # Eq. (1)


@kernel("(),(),(),[table],[spread],[xi_step],[snr_low_db],[snr_step_db]->()")
def interpolated_drawn_penalty(
    snr: FloatArray,
    xi: FloatArray,
    deviation: FloatArray,
    table: FloatArray,
    spread: FloatArray,
    xi_step: float,
    snr_low_db: float,
    snr_step_db: float,
    penalty: FloatArray,
) -> None:
    """Penalty of a realisation whose rate lies `deviation` standard deviations above the mean; at least 1.

    Shapes as `interpolated_penalty`; deviation (n,); spread: table of the rate's standard deviation over xi^2.
    """
    for i in range(snr.shape[0]):
        square = xi[i] * xi[i]
        mean = math.exp(_ratio(snr[i], xi[i], table, xi_step, snr_low_db, snr_step_db) * square)
        shift = deviation[i] * square * _ratio(snr[i], xi[i], spread, xi_step, snr_low_db, snr_step_db)
        penalty[i] = mean
        if snr[i] > 0.0 and snr[i] < math.inf:
            equivalent = math.expm1(math.log1p(snr[i] / mean) + shift)  # Eq. (2)
            if equivalent == equivalent:
                penalty[i] = max(snr[i] / equivalent, 1.0) if equivalent > 0.0 else math.inf


@kernel("(),()->()")
def zero_forcing_penalty(snr: FloatArray, xi: FloatArray, penalty: FloatArray) -> None:
    """Penalty of a zero-forcing receiver, many modes: (e^x - 1)/x with x = xi^2, whatever the SNR.

    snr (n,); xi (n,) Np; penalty (n,).  Mean of H_k^-1 H_k^-H over the way: the inverse gains of the first
    part of the way grow as e^(x t) where amplifiers hold the signal power.  Conservative for few modes.
    """
    for i in range(snr.shape[0]):
        square = xi[i] * xi[i] + 0.0 * min(snr[i], 1.0)
        penalty[i] = math.expm1(square) / square if square > 0.0 else 1.0 + square  # Eq. (3)


@kernel("(),(),[receiver],[modes]->()", jit=False)
def tabulated_penalty(snr: FloatArray, xi: FloatArray, receiver: str, modes: int, penalty: FloatArray) -> None:
    """Factor by which mode-dependent loss multiplies the line's noise.

    snr (n,), of the line; xi (n,) Np; receiver "mmse", "zero_forcing" or "optimal"; modes received together,
    D = 2 x cores; penalty (n,), 1 at xi = 0 and rising with xi.  0 and infinity are signal-to-noise ratios like any
    other.  Table: up to 15.2 dB rms, NaN beyond; -20 to 44 dB.
    """
    if receiver == "zero_forcing":
        zero_forcing_penalty.compiled(snr, xi, penalty)
    else:
        interpolated_penalty.compiled(snr, xi, penalty_table(receiver, modes), *_grid(), penalty)


@kernel("(),(),(),[receiver],[modes]->()", jit=False)
def drawn_penalty(
    snr: FloatArray, xi: FloatArray, deviation: FloatArray, receiver: str, modes: int, penalty: FloatArray
) -> None:
    """As `tabulated_penalty`, for realisations; deviation (n,), standard deviations of the rate above its mean.

    Zero forcing, whose law is a mean, varies like the receiver of least mean-square error.
    """
    spread, grid = penalty_table("optimal" if receiver == "optimal" else "mmse", modes, "spread"), _grid()
    table = penalty_table(receiver, modes)
    interpolated_drawn_penalty.compiled(snr, xi, deviation, table, spread, *grid, penalty)
    if receiver == "zero_forcing":
        mean, law = np.empty_like(penalty), np.empty_like(penalty)
        interpolated_penalty.compiled(snr, xi, table, *grid, mean)
        zero_forcing_penalty.compiled(snr, xi, law)
        penalty *= law / mean


@kernel("(),()->()")
def second_order_penalty(snr: FloatArray, xi: FloatArray, penalty: FloatArray) -> None:
    """Penalty of a receiver of least mean-square error for small xi, many modes; the check on the table.

    snr (n,); xi (n,) Np; penalty (n,).  With x = xi^2, the noise matrix M has mean m = (e^x - 1)/x and
    variance v = 2 [e^x A(x) - A(2x)], A(y) = (1 + (y - 1) e^y)/y^2, of its eigenvalues;
    1/(1 + SINR) = m/(m + snr) - snr v/(m + snr)^3.  Within 0.2 dB for xi <= 5 dB and snr >= 3 dB.
    """
    for i in range(snr.shape[0]):
        x = xi[i] * xi[i]
        mean, spread = 1.0 + x / 2.0, x / 3.0
        if x > 1e-3:
            mean = math.expm1(x) / x
            first = (1.0 + (x - 1.0) * math.exp(x)) / (x * x)
            second = (1.0 + (2.0 * x - 1.0) * math.exp(2.0 * x)) / (4.0 * x * x)
            spread = 2.0 * (math.exp(x) * first - second)
        total = mean + snr[i]
        error = mean / total - snr[i] * spread / total**3  # Eq. (4)
        penalty[i] = snr[i] * error / (1.0 - error)
