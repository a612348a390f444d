"""Memory of randomly coupled cores: how long a pulse gets, and what an equaliser must span.

Notes
-----
With sigma the rms group delay, K spans and D modes:

(1) ``sigma^2 = sum_k S_k^2 L_k``, sum of independently rotated delay operators [1]_;
(2) ``exp(-t^2/(2 sigma^2))/(sigma sqrt(2 pi))``, mean intensity of the impulse response;
(3) ``os R (2 z sigma + extra) + margin``, taps of an equaliser, rounded up;
(4) ``1/snr' = (1/snr + e)/(1 - e)`` with ``e = erfc(T/(2 sqrt(2) sigma))``, an equaliser of the window T;
(5) ``c_kl = w_l (2 - w_k)``, weight of a pair of spans, w the share of the noise that enters behind a span;
(6) ``sum c_kl^2 e^{-a (l - k)}/sum c_kl^2`` with ``a = (2 pi df sigma)^2/K D^2/(D^2 - 1)``, correlation [2]_;
(7) ``1/F = int_0^1 2 (1 - u) rho(u B) du``, frequency diversity of the band B [2]_;
(8) ``snr/(1 + snr) xi^2/K sqrt(sum c_kl^2/(D^2 - 1))/ln 2``, deviation of the rate per mode.

References
----------
.. [1] K.-P. Ho, J. M. Kahn, "Statistics of group delays in multimode fiber with strong mode coupling," J. Lightw.
   Technol. 29, 3119 (2011).
.. [2] K.-P. Ho, J. M. Kahn, "Frequency diversity in mode-division multiplexing systems," J. Lightw. Technol. 29, 3719
   (2011).
"""

import math

from mcfiber._jit import kernel
from mcfiber.typing import FloatArray


@kernel("(span),(span),()->()")
def accumulated_delay(dispersion: FloatArray, length: FloatArray, factor: FloatArray, out: FloatArray) -> None:
    """Rms modal group delay of a chain of spans: S sqrt(L), spans of equal or of given length.

    dispersion, length (n, span) s/sqrt(m), m; factor (n,) = `mixing.growth` over the number of spans; out (n,) s.
    Sum of independently rotated delay operators: Ho & Kahn, J. Lightw. Technol. 29, 3119 (2011).
    """
    for i in range(dispersion.shape[0]):
        total = 0.0
        for span in range(dispersion.shape[1]):
            total += dispersion[i, span] ** 2 * length[i, span]  # Eq. (1)
        out[i] = math.sqrt(total / dispersion.shape[1] * factor[i])


@kernel("(time),()->(time)")
def impulse_intensity(time: FloatArray, rms: FloatArray, out: FloatArray) -> None:
    """Mean intensity of the impulse response, unit area: a Gaussian; time (n, time) s, rms (n,) s, out 1/s.

    The mean over the modes is the convolution of the sections' delay distributions.
    """
    for i in range(time.shape[0]):
        for k in range(time.shape[1]):
            x = time[i, k] / rms[i]
            out[i, k] = math.exp(-0.5 * x * x) / (rms[i] * math.sqrt(2.0 * math.pi))  # Eq. (2)


@kernel("(),(),(),(),(),()->()")
def taps(
    rms: FloatArray,
    rate: FloatArray,
    quantile: FloatArray,
    extra: FloatArray,
    oversampling: FloatArray,
    margin: FloatArray,
    out: FloatArray,
) -> None:
    """Taps of an equaliser: samples in the window 2 z sigma and in other delays, rounded up, and a margin.

    rms, extra (n,) s; rate (n,) Hz; quantile z (n,); oversampling, margin (n,); out (n,).
    """
    for i in range(rms.shape[0]):
        samples = oversampling[i] * rate[i] * (2.0 * quantile[i] * rms[i] + extra[i])
        out[i] = (math.ceil(samples) if samples < math.inf else samples) + margin[i]  # Eq. (3)


@kernel("(),(),()->()")
def truncation_penalty(snr: FloatArray, rms: FloatArray, window: FloatArray, out: FloatArray) -> None:
    """Factor by which noise seems to grow if an equaliser sees only a window of the impulse response.

    A fraction e = erfc(T/(2 sqrt(2) sigma)) of the energy is outside: lost to the signal, and interference:
    1/snr' = (1/snr + e)/(1 - e).  snr (n,); rms, window (n,) s; out (n,).
    """
    for i in range(snr.shape[0]):
        lost = math.erfc(window[i] / (2.0 * math.sqrt(2.0) * rms[i])) if rms[i] > 0.0 else 0.0
        out[i] = (1.0 + lost * snr[i]) / (1.0 - lost)  # Eq. (4)


@kernel("(),(),()->()")
def truncation_ratio(snr: FloatArray, rms: FloatArray, window: FloatArray, out: FloatArray) -> None:
    """Signal over the noise that a window of the impulse response amounts to, beside all other noise.

    What `truncation_penalty` makes of a ratio, as one more noise: 1/snr' = 1/snr + 1/out.
    snr (n,); rms, window (n,) s; out (n,).
    """
    for i in range(snr.shape[0]):
        lost = math.erfc(window[i] / (2.0 * math.sqrt(2.0) * rms[i])) if rms[i] > 0.0 else 0.0
        added = lost * (1.0 + 1.0 / snr[i]) if snr[i] > 0.0 else math.inf  # Eq. (4), less 1/snr
        out[i] = (1.0 - lost) / added if lost > 0.0 else math.inf


@kernel
def _pairs(lag: int, spans: int, distributed: float) -> float:
    """Weight of all pairs of spans at a distance: sum of c_kl^2.

    To second order, capacity (nats) is lowered by the sum over pairs k < l of c_kl tr(X_k X_l)/D, X the spans'
    gains in one frame, c_kl = w_l (2 - w_k), w the share of the noise that enters behind a span (middle of the
    span; high SNR); all noise at the receiver gives w = 1 and equal weights.
    """
    total = 0.0
    for k in range(spans - lag):
        early = 1.0 - distributed * (k + 0.5) / spans
        late = 1.0 - distributed * (k + lag + 0.5) / spans
        total += (late * (2.0 - early)) ** 2  # Eq. (5)
    return total


@kernel("(separation),(),(),(),()->(separation)")
def rate_correlation(
    separation: FloatArray,
    rms: FloatArray,
    spans: FloatArray,
    modes: FloatArray,
    distributed: FloatArray,
    out: FloatArray,
) -> None:
    """Correlation of the capacities at two frequencies of a line of K spans that mix anew.

    Mean over pairs of spans of e^(-a (l - k)) with their weights, a = (2 pi df sigma)^2/K D^2/(D^2 - 1): the
    product of two spans' gains forgets with the delays between them.
    separation (n, separation) Hz; rms (n,) s, of all spans; spans, modes (n,); distributed (n,): 1, or 0 for
    noise of the receiver; out (n, separation).
    """
    for i in range(separation.shape[0]):
        k = max(int(spans[i]), 2)
        finite = modes[i] ** 2 / (modes[i] ** 2 - 1.0)
        out[i, :] = 0.0
        weights = 0.0
        for q in range(1, k):
            weight = _pairs(q, k, distributed[i])
            weights += weight
            for j in range(separation.shape[1]):
                a = (2.0 * math.pi * separation[i, j] * rms[i]) ** 2 / k * finite
                out[i, j] += weight * math.exp(-a * q)  # Eq. (6)
        out[i, :] /= weights


@kernel("(),(),(),(),()->()")
def band_diversity(
    bandwidth: FloatArray,
    rms: FloatArray,
    spans: FloatArray,
    modes: FloatArray,
    distributed: FloatArray,
    out: FloatArray,
) -> None:
    """Number of independent frequencies in a band: 1 / mean of the correlation over pairs of frequencies.

    Mean over all pairs in the band: integral of 2 (1 - u) rho(u B) over u, with
    integral of 2 (1 - u) e^(-b u^2) = sqrt(pi/b) erf(sqrt b) - (1 - e^-b)/b.  All (n,); Hz, s.
    """
    for i in range(bandwidth.shape[0]):
        k = max(int(spans[i]), 2)
        finite = modes[i] ** 2 / (modes[i] ** 2 - 1.0)
        b = (2.0 * math.pi * bandwidth[i] * rms[i]) ** 2 / k * finite
        total, weights = 0.0, 0.0
        for q in range(1, k):
            weight = _pairs(q, k, distributed[i])
            x = b * q
            mean = 1.0 - x / 6.0
            if x > 1e-6:
                mean = math.sqrt(math.pi / x) * math.erf(math.sqrt(x)) + math.expm1(-x) / x  # Eq. (7)
            total += weight * mean
            weights += weight
        out[i] = weights / total


@kernel("(),(),(),(),()->()")
def rate_deviation(
    snr: FloatArray, xi: FloatArray, spans: FloatArray, modes: FloatArray, distributed: FloatArray, out: FloatArray
) -> None:
    """Standard deviation of the capacity per mode at one frequency, bit, to second order in the gains.

    snr/(1 + snr) xi^2/K sqrt(sum of c_kl^2/(D^2 - 1)): Haar mixing gives tr(X_k X_l)/D the variance
    sigma^4/(D^2 - 1).  All (n,); xi Np, of all spans.
    """
    for i in range(snr.shape[0]):
        k = int(spans[i])
        total = 0.0
        for q in range(1, k):
            total += _pairs(q, k, distributed[i])
        share = snr[i] / (1.0 + snr[i]) if snr[i] < math.inf else 1.0
        out[i] = share * xi[i] ** 2 / k * math.sqrt(total / (modes[i] ** 2 - 1.0)) / math.log(2.0)  # Eq. (8)
