"""The budget: from powers to signal-to-noise ratios."""

import math

from mcfiber._jit import kernel
from mcfiber.typing import FloatArray


@kernel("(),(noise)->(noise),()")
def ratios_of_noises(signal: FloatArray, noise: FloatArray, ratio: FloatArray, total: FloatArray) -> None:
    """Signal over each noise of the line, and over their sum.

    A channel without signal has ratio zero everywhere; a noise of zero gives an infinite ratio, and what is not a
    number, or negative, gives NaN.

    Parameters
    ----------
    signal
        Shape (n,). [W]
    noise
        Shape (n, noise). [W]
    ratio
        Shape (n, noise). [1]
    total
        Shape (n,). [1]
    """
    for i in range(signal.shape[0]):
        together = 0.0
        for k in range(noise.shape[1]):
            ratio[i, k] = _ratio(signal[i], noise[i, k])
            together += noise[i, k]
        total[i] = _ratio(signal[i], together)  # Eq. (1) of docs/theory/index


@kernel
def _ratio(signal: float, noise: float) -> float:
    if not (signal >= 0.0 and noise >= 0.0):
        return math.nan
    if signal == 0.0:
        return 0.0
    return signal / noise if noise > 0.0 else math.inf


@kernel("(),(),()->()")
def ratio_at_decoder(gsnr: FloatArray, penalty: FloatArray, transceiver: FloatArray, out: FloatArray) -> None:
    """Signal-to-noise ratio that the decoder sees: 1/snr = penalty/gsnr + 1/snr_trx.

    Mode-dependent loss multiplies the noise of the line; transmitter noise passes the channel like the signal.

    Parameters
    ----------
    gsnr, penalty, transceiver
        Shape (n,). [1]
    out
        Shape (n,). [1]
    """
    for i in range(gsnr.shape[0]):
        if gsnr[i] > 0.0 and transceiver[i] > 0.0:
            noise = penalty[i] / gsnr[i] + 1.0 / transceiver[i]
            out[i] = 1.0 / noise if noise != 0.0 else math.inf
        elif gsnr[i] >= 0.0 and transceiver[i] >= 0.0:
            out[i] = 0.0
        else:
            out[i] = math.nan
