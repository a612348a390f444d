"""Noise of amplifiers on plain arrays: densities, powers, and noise figures of several together.

Arrays or numbers in SI in, arrays out; all functions broadcast.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from mcfiber.arguments import arguments, plain_array
from mcfiber.line.amplifiers import DENSITIES
from mcfiber.line.amplifiers import cascaded_noise_figure as cascaded_noise_figure
from mcfiber.line.amplifiers import equivalent_noise_figure as equivalent_noise_figure
from mcfiber.typing import FloatArray

NoiseModel = Literal["exact", "excess_gain", "input_noise"]


@arguments(
    frequency=plain_array(above=0, high=1e16, unit="Hz"),
    gain=plain_array(above=0, high=1e30),
    noise_figure=plain_array(above=0, high=1e30),
)
def noise_density(
    frequency: ArrayLike, gain: ArrayLike, noise_figure: ArrayLike, *, model: NoiseModel = "exact"
) -> FloatArray:
    """Power spectral density of the amplified spontaneous emission of an amplifier, both polarisations.

    Parameters
    ----------
    frequency
        Of the channel. [Hz]
    gain, noise_figure
        Linear. [1]
    model
        "exact" ``(F G - 1) h nu``; "excess_gain" ``F (G - 1) h nu``, too low at small gain; "input_noise"
        ``F G h nu``, as GNPy has it, too high.

    Returns
    -------
    At the output of the amplifier. Shape of the inputs together. [W/Hz]

    Raises
    ------
    ValueError
        If the model is not known.

    Notes
    -----
    Eq. (1) of :doc:`/theory/amplifier-noise` [1]_. It is not clipped: ``F G < 1`` has no meaning, and gives a
    negative number.

    References
    ----------
    .. [1] R.-J. Essiambre et al., "Capacity limits of optical fiber networks," *J. Lightw. Technol.*, vol. 28, no.
       4, pp. 662-701, 2010. :doi:`10.1109/JLT.2009.2039464`, Eq. (54).

    Examples
    --------
    >>> power = noise_density(193.4e12, 10**1.6, 10**0.5) * 12.5e9
    >>> float((10 * np.log10(power * 1e3)).round(2))  # dBm in 0.1 nm
    -36.99
    """
    if model not in DENSITIES:
        msg = f"model: got {model!r}; allowed: {', '.join(map(repr, DENSITIES))}"
        raise ValueError(msg)
    return _each(DENSITIES[model](*(_one_channel(value) for value in (frequency, gain, noise_figure))))


@arguments(
    frequency=plain_array(above=0, high=1e16, unit="Hz"),
    symbol_rate=plain_array(above=0, high=1e15, unit="Hz"),
    gain=plain_array(above=0, high=1e30),
    noise_figure=plain_array(above=0, high=1e30),
    spans=plain_array(low=0, high=1e9),
)
def noise_power(
    frequency: ArrayLike,
    symbol_rate: ArrayLike,
    gain: ArrayLike,
    noise_figure: ArrayLike,
    *,
    spans: ArrayLike = 1,
    model: NoiseModel = "exact",
) -> FloatArray:
    """Amplifier noise of equal spans in the band of a channel, at the level of the launched signal.

    Parameters
    ----------
    frequency, gain, noise_figure, model
        As in `noise_density`; the gain is the loss of a span.
    symbol_rate
        Width of the channel. [Hz]
    spans
        Number of spans, each followed by its amplifier. [1]

    Returns
    -------
    Both polarisations. Shape of the inputs together. [W]

    Notes
    -----
    Amplifiers restore the signal, so noise once added keeps its ratio to it, and spans add up [1]_.

    References
    ----------
    .. [1] R.-J. Essiambre et al., "Capacity limits of optical fiber networks," *J. Lightw. Technol.*, vol. 28, no.
       4, pp. 662-701, 2010. :doi:`10.1109/JLT.2009.2039464`, Eq. (54).

    Examples
    --------
    >>> noise = noise_power(193.4e12, 64e9, 10**1.6, 10**0.5, spans=10)
    >>> float((10 * np.log10(1e-3 / noise)).round(2))  # dB, of 0 dBm
    19.9
    """
    density = noise_density(frequency, gain, noise_figure, model=model)
    result: FloatArray = density * np.asarray(symbol_rate, np.float64) * np.asarray(spans, np.float64)
    return result


def _one_channel(value: ArrayLike) -> FloatArray:
    """Give a value the dimension channel that the kernel loops over."""
    return np.asarray(value, np.float64)[..., None]


def _each(density: FloatArray) -> FloatArray:
    return density[..., 0]
