"""Cascades of optical filters: what the edges of their passbands cost.

Notes
-----
Every filter passes the power ``h(f) = 2^-(2|f|/B)^(2 o)``, o its order and B its width at half the power, and the
amplifier behind it restores the power of the channel and adds noise. With the raised-cosine spectrum P of the channel,
``<>`` the mean over it, and g the signal-to-noise ratio of the whole line without filters,

(1) ``S(f) = K g P(f) / sum_(j=1..K) <h^j> / h^j(f)``, to which aliases at the symbol rate add,

(2) ``1 + SNR = 1 / mean of 1/(1 + S)`` over the symbol rate, of a linear receiver of least mean square error [1]_.

References
----------
.. [1] J. M. Cioffi et al., "MMSE decision-feedback equalizers and coding - Part I," *IEEE Trans. Commun.*, vol. 43,
   no. 10, pp. 2582-2594, 1995. :doi:`10.1109/26.469441` (error of the linear equaliser).
"""

import math
from typing import Final

import numpy as np

from mcfiber._jit import kernel
from mcfiber.typing import FloatArray

COUNT: Final = 64
"""Places in the flat part of half the spectrum, and as many in its edge: good to 2e-5 of 25 steep filters."""

NODES: Final[FloatArray] = 0.5 + 0.5 * np.polynomial.legendre.leggauss(COUNT)[0]

WEIGHTS: Final[FloatArray] = 0.5 * np.polynomial.legendre.leggauss(COUNT)[1]

STEEPEST: Final = 700.0
"""Attenuation of a filter in nepers beyond which nothing is left of a part of the spectrum."""


@kernel("(),(),(),(),(),()->()")
def filtered_ratio(
    snr: FloatArray,
    symbol_rate: FloatArray,
    roll_off: FloatArray,
    bandwidth: FloatArray,
    order: FloatArray,
    count: FloatArray,
    out: FloatArray,
) -> None:
    """Signal-to-noise ratio of a channel behind a cascade of filters.

    Parameters
    ----------
    snr
        Of the line without them. Shape (n,). [1]
    symbol_rate, roll_off
        Of the channel. Shape (n,). [Hz, 1]
    bandwidth
        Width of a filter at half the power. Shape (n,). [Hz]
    order
        Of the filters. Shape (n,). [1]
    count
        Number of filters, evenly along the line. Shape (n,). [1]
    out
        Shape (n,). [1]
    """
    places = 2 * COUNT
    weight, power = np.empty(places), np.empty(places)
    loss, noise = np.empty((2, places)), np.empty((2, places))  # of a place and of its alias
    for i in range(snr.shape[0]):
        _places(roll_off[i], weight, power, loss)
        width = bandwidth[i] / (2.0 * symbol_rate[i])
        for k in range(places):
            for side in range(2):
                loss[side, k] = math.log(2.0) * (loss[side, k] / width) ** (2.0 * order[i])
                noise[side, k] = 0.0
        filters = int(count[i])
        for j in range(1, filters + 1):
            mean = 0.0
            for k in range(places):
                there = power[k] * math.exp(-j * loss[0, k])
                mean += weight[k] * (there + (1.0 - power[k]) * math.exp(-j * loss[1, k]))
            for k in range(places):
                for side in range(2):
                    noise[side, k] += mean * math.exp(min(j * loss[side, k], STEEPEST))
        left = 0.0
        for k in range(places):
            ratio = power[k] / noise[0, k] + (1.0 - power[k]) / noise[1, k]
            left += weight[k] / (1.0 + filters * snr[i] * ratio)  # Eq. (1)
        out[i] = 1.0 / left - 1.0 if left < 1.0 else 0.0  # Eq. (2)


@kernel
def _places(roll_off: float, weight: FloatArray, power: FloatArray, place: FloatArray) -> None:
    """Half the band: weights that sum to 1, the spectrum, and frequencies (of the alias too) over the symbol rate."""
    flat = 0.5 * (1.0 - roll_off)
    for k in range(COUNT):
        edge = COUNT + k
        weight[k], weight[edge] = 2.0 * flat * WEIGHTS[k], roll_off * WEIGHTS[k]
        place[0, k], place[0, edge] = flat * NODES[k], flat + 0.5 * roll_off * NODES[k]
        power[k], power[edge] = 1.0, 0.5 * (1.0 + math.cos(0.5 * math.pi * NODES[k]))  # raised cosine
        for one in (k, edge):
            place[1, one] = 1.0 - place[0, one]
