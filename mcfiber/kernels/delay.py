"""Memory of randomly coupled cores: how long a pulse gets, and what an equaliser must span."""

import math

from mcfiber._jit import kernel, lift
from mcfiber.typing import FloatArray


@kernel
def accumulated_delay(dispersion: FloatArray, length: FloatArray, factor: FloatArray, out: FloatArray) -> None:
    """Rms modal group delay of a chain of spans: S sqrt(L), spans of equal or of given length.

    dispersion, length (n, span) s/sqrt(m), m; factor (n,) = `mixing.growth` over the number of spans; out (n,) s.
    Sum of independently rotated delay operators: Ho & Kahn, J. Lightw. Technol. 29, 3119 (2011).
    """
    for i in range(dispersion.shape[0]):
        total = 0.0
        for span in range(dispersion.shape[1]):
            total += dispersion[i, span] ** 2 * length[i, span]
        out[i] = math.sqrt(total / dispersion.shape[1] * factor[i])


@kernel
def impulse_intensity(time: FloatArray, rms: FloatArray, out: FloatArray) -> None:
    """Mean intensity of the impulse response, unit area: a Gaussian; time (n, time) s, rms (n,) s, out 1/s.

    The mean over the modes is the convolution of the sections' delay distributions.
    """
    for i in range(time.shape[0]):
        for k in range(time.shape[1]):
            x = time[i, k] / rms[i]
            out[i, k] = math.exp(-0.5 * x * x) / (rms[i] * math.sqrt(2.0 * math.pi))


@kernel
def taps(
    rms: FloatArray, rate: FloatArray, quantile: FloatArray, extra: FloatArray, oversampling: FloatArray,
    margin: FloatArray, out: FloatArray,
) -> None:  # fmt: skip
    """Taps of an equaliser: samples in the window 2 z sigma and in other delays, rounded up, and a margin.

    rms, extra (n,) s; rate (n,) Hz; quantile z (n,); oversampling, margin (n,); out (n,).
    """
    for i in range(rms.shape[0]):
        out[i] = math.ceil(oversampling[i] * rate[i] * (2.0 * quantile[i] * rms[i] + extra[i])) + margin[i]


@kernel
def truncation_penalty(snr: FloatArray, rms: FloatArray, window: FloatArray, out: FloatArray) -> None:
    """Factor by which noise seems to grow if an equaliser sees only a window of the impulse response.

    A fraction e = erfc(T/(2 sqrt(2) sigma)) of the energy is outside: lost to the signal, and interference:
    1/snr' = (1/snr + e)/(1 - e).  snr (n,); rms, window (n,) s; out (n,).
    """
    for i in range(snr.shape[0]):
        lost = math.erfc(window[i] / (2.0 * math.sqrt(2.0) * rms[i])) if rms[i] > 0.0 else 0.0
        out[i] = (1.0 + lost * snr[i]) / (1.0 - lost)


@kernel
def capacity_correlation(
    separation: FloatArray, rms: FloatArray, spans: FloatArray, modes: FloatArray, out: FloatArray
) -> None:
    """Correlation of the capacities at two frequencies of a line of K spans that mix anew.

    sum over q of (K - q) e^(-a q) / (K (K - 1)/2), a = (2 pi df sigma)^2/K D^2/(D^2 - 1): capacity varies with
    the products of two spans' gains, whose correlation fades with the q spans between them.
    separation (n, separation) Hz; rms (n,) s, of all spans; spans, modes (n,); out (n, separation).
    """
    for i in range(separation.shape[0]):
        k = spans[i]
        finite = modes[i] ** 2 / (modes[i] ** 2 - 1.0)
        for j in range(separation.shape[1]):
            a = (2.0 * math.pi * separation[i, j] * rms[i]) ** 2 / k * finite
            if k < 2.0:
                out[i, j] = math.exp(-a)
                continue
            total = 0.0
            for q in range(1, int(k)):
                total += (k - q) * math.exp(-a * q)
            out[i, j] = total / (0.5 * k * (k - 1.0))


@kernel
def frequency_diversity(
    bandwidth: FloatArray, rms: FloatArray, spans: FloatArray, modes: FloatArray, out: FloatArray
) -> None:
    """Number of independent frequencies in a band: 1 / mean of the correlation over pairs of frequencies.

    Mean over all pairs in the band: integral of 2 (1 - u) rho(u B) over u, with
    integral of 2 (1 - u) e^(-b u^2) = sqrt(pi/b) erf(sqrt b) - (1 - e^-b)/b.  All (n,); Hz, s.
    """
    for i in range(bandwidth.shape[0]):
        k = spans[i]
        finite = modes[i] ** 2 / (modes[i] ** 2 - 1.0)
        b = (2.0 * math.pi * bandwidth[i] * rms[i]) ** 2 / k * finite
        total, weights = 0.0, 0.0
        for q in range(1, max(int(k), 2)):
            weight = max(k - q, 1.0)
            x = b * q
            mean = 1.0 - x / 6.0
            if x > 1e-6:
                mean = math.sqrt(math.pi / x) * math.erf(math.sqrt(x)) + math.expm1(-x) / x
            total += weight * mean
            weights += weight
        out[i] = weights / total


ACCUMULATED_DELAY = lift(accumulated_delay, "(span),(span),()->()")
IMPULSE_INTENSITY = lift(impulse_intensity, "(time),()->(time)")
TAPS = lift(taps, "(),(),(),(),(),()->()")
TRUNCATION_PENALTY = lift(truncation_penalty, "(),(),()->()")
CAPACITY_CORRELATION = lift(capacity_correlation, "(separation),(),(),()->(separation)")
FREQUENCY_DIVERSITY = lift(frequency_diversity, "(),(),(),()->()")
