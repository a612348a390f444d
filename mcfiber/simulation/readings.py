"""What the taps of an equaliser tell of the line: mode-dependent loss and impulse response, beside the truth."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import fft

from mcfiber.simulation.front_end import ReceivedField
from mcfiber.typing import ComplexArray, FloatArray

FREQUENCIES = 256
"""At which taps are looked at, over two symbol rates."""


@dataclass(frozen=True)
class Reading:
    """Of one group of cores.

    Attributes
    ----------
    loss_rms
        Rms over the modes of the log gains, from the singular values of the taps' transfer matrix. [Np]
    loss_rms_corrected
        The same behind the correction of what the receiver of least mean-square error hides; exact for noise of the
        receiver, too large for noise of the line. [Np]
    delay_rms
        Rms width of the taps' energy over delay, above its floor. [s]
    intensity
        Energy of each tap, sum 1. Shape (tap,).
    """

    loss_rms: float
    loss_rms_corrected: float
    delay_rms: float
    intensity: FloatArray


def reading(field: ReceivedField, taps: ComplexArray, snr: float) -> Reading:
    """Mode-dependent loss and delay spread from the taps of an equaliser.

    Parameters
    ----------
    field
        For symbol rate and roll-off.
    taps
        Of one group. Shape (stream, tap, mode).
    snr
        Signal-to-noise ratio at the input of the equaliser, for the correction. [1]

    Notes
    -----
    Least mean squares give ``w = h/(h^2 + nu)`` for a gain h of amplitude, with ``nu = 1/snr``: undone by
    ``h = (1 + sqrt(1 - 4 nu w^2))/(2 w)`` [1]_, on the branch of strong gains. The floor of the
    taps' energy is the mean of its weakest eighth.

    References
    ----------
    .. [1] R. S. B. Ospina et al., "Mode-dependent loss and gain estimation in SDM transmission based on MMSE
       equalizers," *J. Lightw. Technol.*, vol. 39, pp. 1968-1975, 2021.
    """
    flat = 0.5 * (1.0 - field.roll_off) * field.symbol_rate
    frequency = np.fft.fftfreq(FREQUENCIES, 0.5 / field.symbol_rate)
    spectrum = np.moveaxis(fft.fft(taps, FREQUENCIES, axis=1), 1, 0)[np.abs(frequency) < max(flat, 1.0)]
    values = np.linalg.svd(spectrum, compute_uv=False)
    inside = np.sqrt(np.maximum(1.0 - 4.0 * np.minimum(values**2 / snr, 0.25), 0.0))
    intensity = np.sum(np.abs(taps) ** 2, axis=(0, 2))
    above = np.maximum(intensity - np.sort(intensity)[: max(1, intensity.size // 8)].mean(), 0.0)
    time = np.arange(intensity.size) * (0.5 / field.symbol_rate)
    center = np.sum(time * above) / np.sum(above)
    width = math.sqrt(float(np.sum((time - center) ** 2 * above) / np.sum(above)))
    return Reading(_rms(values), _rms((1.0 + inside) / (2.0 * values)), width, intensity / intensity.sum())


def _rms(gains: FloatArray) -> float:
    """Rms about the mean of the log power gains at every frequency. [Np]"""
    logs = 2.0 * np.log(gains)
    return float(np.sqrt(np.mean((logs - logs.mean(axis=-1, keepdims=True)) ** 2)))
