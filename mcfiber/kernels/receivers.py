"""What a receiver adds: its noise under mode-dependent loss, enhanced phase noise, and errors of adaptation.

Notes
-----
With ``x = xi^2`` of the line, R the symbol rate, and D modes:

(1) ``(e^x' - 1)/x' = e^x``: noise that enters at the end is multiplied as evenly spread noise of the longer line x';
(2) ``r p(x')/snr_trx``, noise of the receiver, p the penalty at the ratio to all noise that is multiplied;
(3) ``1/snr = pi dnu T_d/3 (1 - 0.72 rolloff)`` with ``T_d = 2 pi |beta2| L R``: of the phases of the local oscillator
    that the frequencies of a symbol meet, recovery removes the mean, and ``2 pi dnu T_d/6`` stays [1]_; where also a
    slope over frequency is removed, ``2 pi dnu T_d/15``;
(4) ``1/snr' = (1 + M)/snr``, error that adaptation adds;
(5) ``M = q/(1 - q)`` with ``q = mu tr R/2``, least mean squares [2]_;
(6) ``q = mu D/2``, block least mean squares in the frequency domain, normalised to the power of each bin [3]_;
(7) ``q = p (1 - lambda)/(1 + lambda)``, recursive least squares with p unknowns;
(8) ``n/(n - p)``, error on other symbols of a fit to n, over the least one.

References
----------
.. [1] W. Shieh, K.-P. Ho, "Equalization-enhanced phase noise for coherent-detection systems using electronic digital
   signal processing," Opt. Express 16, 15718 (2008).
.. [2] B. Widrow et al., "Stationary and nonstationary learning characteristics of the LMS adaptive filter," Proc. IEEE
   64, 1151 (1976).
.. [3] S. O. Arik, D. Askarov, J. M. Kahn, "Adaptive frequency-domain equalization in mode-division multiplexing
   systems," J. Lightw. Technol. 32, 1841 (2014).
"""

import math

from mcfiber._jit import kernel
from mcfiber.typing import FloatArray

ROUNDS = 60
SMALL = 1e-2  # below which a series keeps all digits


@kernel
def _log_mean_gain(x: float) -> float:
    """Logarithm of (e^x - 1)/x."""
    if x < SMALL:
        return x / 2.0 + x * x / 24.0 - x**4 / 2880.0
    return x + math.log1p(-math.exp(-x)) - math.log(x)


@kernel("()->()")
def end_loss(xi: FloatArray, out: FloatArray) -> None:
    """Loss of the line along which evenly spread noise is multiplied as is noise at the end of this one.

    xi (n,) Np; out (n,) Np, at least xi.
    """
    for i in range(xi.shape[0]):
        x = xi[i] * xi[i]
        if not x > 0.0 or x == math.inf:
            out[i] = xi[i]
            continue
        longer = 2.0 * x  # the limit of small losses; the root lies between x and this
        for _ in range(ROUNDS):
            value = _log_mean_gain(longer) - x  # Eq. (1)
            slope = 0.5 + longer / 12.0 if longer < SMALL else 1.0 / (-math.expm1(-longer)) - 1.0 / longer
            step = value / slope
            longer -= step
            if abs(step) <= 1e-15 * longer:
                break
        out[i] = math.sqrt(longer)


@kernel("(),(),(),()->()")
def phase_noise_snr(
    linewidth: FloatArray, dispersion: FloatArray, symbol_rate: FloatArray, roll_off: FloatArray, out: FloatArray
) -> None:
    """Signal over phase noise of the local oscillator that dispersion compensation enhances, behind phase recovery.

    linewidth (n,) Hz; dispersion (n,) s^2, beta2 times length; symbol_rate (n,) Hz; roll_off (n,); out (n,).
    """
    for i in range(linewidth.shape[0]):
        spread = 2.0 * math.pi * abs(dispersion[i]) * symbol_rate[i]
        noise = math.pi * linewidth[i] * spread / 3.0 * (1.0 - 0.72 * roll_off[i])  # Eq. (3)
        out[i] = 1.0 / noise if noise > 0.0 else math.inf


@kernel("(),()->()")
def adaptation_ratio(snr: FloatArray, misadjustment: FloatArray, out: FloatArray) -> None:
    """Signal over the error that adaptation adds to that of all other noise. snr, misadjustment, out (n,)."""
    for i in range(snr.shape[0]):
        out[i] = snr[i] / misadjustment[i] if misadjustment[i] > 0.0 else math.inf  # Eq. (4)
