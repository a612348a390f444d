"""Noise of the amplifiers along the line."""

from typing import Any

import numpy as np

from mcfiber import labelled, units
from mcfiber._jit import lift
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.line import Amplifier, Link
from mcfiber.fiber.channels import Channels
from mcfiber.kernels import amplifier as kernels
from mcfiber.labelled import stacked
from mcfiber.line.line import along_spans, over_spans
from mcfiber.line.power import PowerProfile, per_channel

_DENSITY = {
    name: lift(kernel, "(channel),(channel),(channel)->(channel)")
    for name, kernel in {
        "exact": kernels.ase_density,
        "excess_gain": kernels.ase_density_excess_gain,
        "input_noise": kernels.ase_density_input_noise,
    }.items()
}


def amplifier_noise(link: Link, power: PowerProfile, grid: Channels, *, model: str = "exact") -> Any:
    """Amplified spontaneous emission of the whole line in each channel. [W]

    Every amplifier restores what was lost since the last one, so noise once added keeps its ratio to the signal
    and adds up over the spans.

    Parameters
    ----------
    link
        Amplifiers, and the equipment of a loop.
    power
        Loss of the spans.
    grid
        Channels: frequencies and symbol rates.
    model
        "exact", "excess_gain" or "input_noise".

    Returns
    -------
    :data:`ase_power`
        At launch level, both polarisations, in a bandwidth of the symbol rate.

    References
    ----------
    .. [1] R.-J. Essiambre et al., "Capacity limits of optical fiber networks," *J. Lightw. Technol.*, vol. 28,
       no. 4, pp. 662-701, 2010. :doi:`10.1109/JLT.2009.2039464`, eq. (54).
    """
    density = added_noise(link, power.span_loss, grid, model=model)
    if float(np.min(density)) < 0.0:
        msg = (
            "link.amplifier.noise_figure_db: the noise figure is below what the gain allows (F G < 1, less noise than "
            "none); raise it, or lengthen the span that it is equivalent for"
        )
        raise refused(msg)
    if power.evolution is not None:
        density = density + power.evolution.noise_density * (power.launch / power.evolution.end)
    total = over_spans(link, density, launch=power.launch)
    return labelled.stamp("ase_power", labelled.combined(np.multiply, total, grid.symbol_rate))


def added_noise(link: Link, span_loss: Any, grid: Channels, *, model: str = "exact") -> Any:
    """Power spectral density that the amplifiers after one span add, at launch level. [W/Hz]

    It is linear in the loss of the span, in every model.

    Notes
    -----
    Eq. (1) of :doc:`/theory/amplifier-noise` [1]_, or the approximation that the model names.

    References
    ----------
    .. [1] R.-J. Essiambre et al., "Capacity limits of optical fiber networks," *J. Lightw. Technol.*, vol. 28, no.
       4, pp. 662-701, 2010. :doi:`10.1109/JLT.2009.2039464`, eq. (54).
    """
    noise_figure = along_spans(link, lambda span: _noise_figure(span.amplifier or link.amplifier, grid))
    if link.loop is None:
        return _density(noise_figure, span_loss, grid, model)
    excess = units.si(link.loop, "first_amplifier_excess_db")
    loss = units.si(link.loop, "loss_db")
    first = _density(noise_figure, labelled.combined(np.multiply, span_loss, excess), grid, model)
    second = _density(_noise_figure(link.loop.amplifier, grid), labelled.combined(np.divide, loss, excess), grid, model)
    return labelled.combined(lambda one, ratio, other: one / ratio + other, first, excess, second)


def _density(noise_figure: Any, gain: Any, grid: Channels, model: str) -> Any:
    return labelled.compute("ase_density", _DENSITY[model], grid.frequency, gain, noise_figure)


def _noise_figure(amplifier: Amplifier, grid: Channels) -> Any:
    """Linear noise figure, with dimensions channel and core where it differs along them."""
    noise_figure = per_channel(units.si(amplifier, "noise_figure_db"), grid)
    if amplifier.core_noise_figure_offset_db is None:
        return noise_figure
    return noise_figure * stacked(units.si(amplifier, "core_noise_figure_offset_db"), "core")


def equivalent_noise_figure(noise_density: Any, *, frequency: Any, gain: Any) -> Any:
    """Noise figure of a fictitious amplifier behind the span, for noise that was made along it.

    ``F = (S/(h nu) + 1)/G``, all linear; it may be below 1 (negative in decibels), because distributed gain acts where
    the signal is stronger.

    Parameters
    ----------
    noise_density
        Of both polarisations, at the end of the span. [W/Hz]
    frequency
        Of the channel. [Hz]
    gain
        That the fictitious amplifier has: on-off gain of the Raman pumps. [1]

    References
    ----------
    .. [1] J. Bromage, "Raman amplification for fiber communications systems," *J. Lightw. Technol.*, vol. 22, no. 1,
       pp. 79-93, 2004.

    Examples
    --------
    >>> import math
    >>> photons = 6.95313  # 10 dB from one backward pump over 100 km, no thermal photons
    >>> figure = equivalent_noise_figure(photons * units.PLANCK * 193.4e12, frequency=193.4e12, gain=10.0)
    >>> round(10 * math.log10(figure), 4)
    -0.9946
    """
    return (noise_density / (units.PLANCK * frequency) + 1.0) / gain


def cascaded_noise_figure(first: Any, second: Any, *, gain: Any, loss: Any) -> Any:
    """Noise figure of two amplifier stages with a passive loss between them.

    ``F1 + (L - 1)/G1 + (F2 - 1) L/G1``, all linear (Friis). It is what an amplifier with a mid-stage device has as its
    one noise figure; a passive loss in front of an amplifier simply adds to it in decibels.

    Parameters
    ----------
    first, second
        Noise figures of the stages. [1]
    gain
        Of the first stage. [1]
    loss
        Between the stages, above 1. [1]

    Returns
    -------
    Noise figure of the whole. [1]

    References
    ----------
    .. [1] H. T. Friis, "Noise figures of radio receivers," *Proc. IRE*, vol. 32, pp. 419-422, 1944.

    Examples
    --------
    >>> from math import log10
    >>> stages = cascaded_noise_figure(10**0.5, 10**0.6, gain=10**1.5, loss=10**0.8)
    >>> round(10 * log10(stages), 6)
    5.938378
    """
    return first + (loss - 1.0) / gain + (second - 1.0) * loss / gain
