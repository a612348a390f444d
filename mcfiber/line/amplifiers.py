"""Noise of the amplifiers along the line."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from mcfiber import units
from mcfiber._jit import Kernel
from mcfiber.arguments import arguments, real
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.medium import FiberMedium
from mcfiber.kernels import amplifiers as kernels
from mcfiber.labelled import array, combined, compute, kept, plain_numbers
from mcfiber.line.erbium import driven, launch_shape
from mcfiber.line.line import Line, figure_at, last_of_lap, over_spans
from mcfiber.line.power import PowerProfile, power_profile
from mcfiber.line.raman import RamanModel
from mcfiber.typing import Quantity

DENSITIES: Mapping[str, Kernel] = {
    "exact": kernels.ase_density,
    "excess_gain": kernels.ase_density_excess_gain,
    "input_noise": kernels.ase_density_input_noise,
}
"""Power spectral density of amplified spontaneous emission, by the name of its model."""


def amplifier_noise(line: Line, power: PowerProfile, channels: Channels, *, model: str = "exact") -> Quantity:
    """Amplified spontaneous emission of the whole line in each channel. [W]

    Every amplifier restores what was lost since the last one, so noise once added keeps its ratio to the signal
    and adds up over the spans.

    Parameters
    ----------
    line
        Amplifiers, and the equipment of a loop.
    power
        Loss of the spans.
    channels
        Channels: frequencies and symbol rates.
    model
        "exact", "excess_gain" or "input_noise".

    Returns
    -------
    :data:`ase_power`
        At launch level, both polarisations, in a bandwidth of the symbol rate; NaN where `impossible_noise` tells why.

    References
    ----------
    .. [1] R.-J. Essiambre et al., "Capacity limits of optical fiber networks," *J. Lightw. Technol.*, vol. 28,
       no. 4, pp. 662-701, 2010. :doi:`10.1109/JLT.2009.2039464`, eq. (54).
    """
    density = added_noise(line, power.span_loss, channels, model=model)
    if bool(np.any(plain_numbers(density) < 0.0)):
        density = kept(density, density >= 0.0)
    if power.evolution is not None:
        density = density + power.evolution.noise_density * (power.launch / power.evolution.end)
    total = over_spans(line, density, launch=power.launch)
    return combined(np.multiply, total, channels.symbol_rate)


SETTLED = 1e-12
"""Part by which powers still change when amplifiers, whose output follows the loss of the spans, are settled."""

ROUNDS = 50
"""Rounds at most; Raman scattering, which makes the loss follow the powers, changes it by a few per cent."""


def driven_line(
    line: Line, medium: FiberMedium, channels: Channels, *, raman: RamanModel = "none"
) -> tuple[Line, PowerProfile]:
    """Power of every channel along a span, and the line with amplifiers that are settled.

    Parameters
    ----------
    line, medium, channels, raman
        As for `mcfiber.line.power.power_profile`.

    Returns
    -------
    tuple
        The line, whose launch power and noise figure follow from the pump of its erbium amplifiers where it has such,
        and the powers.

    Notes
    -----
    Output and noise figure: Eq. (5) and Eq. (7) of `mcfiber.kernels.erbium`. Where Raman scattering makes the loss of
    a span follow the powers, both are found in turns.
    """
    if line.erbium is None:
        return line, power_profile(line, medium, channels, raman=raman)
    shape = launch_shape(line.asked, channels.count)
    power = power_profile(replace(line, asked=combined(np.multiply, shape, 1e-3)), medium, channels)
    for _ in range(ROUNDS):
        found = driven(line.erbium, power.span_loss, shape, channels.frequency)
        settled = replace(line, asked=found.launch, noise_figure=found.noise_figure, driven=found)
        before, power = power, power_profile(settled, medium, channels, raman=raman)
        change = combined(lambda one, other: np.abs(one / other - 1.0), power.span_loss, before.span_loss)
        if not bool(np.any(plain_numbers(change) > SETTLED)):
            break
    return settled, power


def impossible_noise(
    line: Line, power: PowerProfile, channels: Channels, *, model: str = "exact"
) -> dict[str, Quantity]:
    """Where amplifiers would add less noise than none (F G < 1), by what is to blame.

    Parameters
    ----------
    line, power, channels, model
        As for `amplifier_noise`.

    Returns
    -------
    dict
        Truths by name of `mcfiber.status.FLAGS`: the noise figure, or a span that gives more than it takes.

    Notes
    -----
    The noise of Eq. (1) of :doc:`/theory/amplifier-noise` below zero.
    """
    impossible = added_noise(line, power.span_loss, channels, model=model) < 0.0
    gains = power.span_loss < 1.0
    return {
        "noise_figure_too_low": combined(lambda wrong, gains: wrong & ~gains, impossible, gains),
        "raman_gain_too_high": combined(np.logical_and, impossible, gains),
    }


def added_noise(line: Line, span_loss: Quantity, channels: Channels, *, model: str = "exact") -> Quantity:
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
    kernel, frequency = DENSITIES[model], channels.frequency

    def density(gain: Quantity, noise_figure: Quantity) -> Quantity:
        return compute("ase_density", kernel, frequency, gain, figure_at(noise_figure, gain))

    if line.loop is None:
        return _amplified(line, density(span_loss, line.noise_figure))
    loop = line.loop
    one = density(combined(np.multiply, span_loss, loop.excess), line.noise_figure)
    other = density(combined(np.divide, loop.loss, loop.excess), loop.noise_figure)
    end = combined(lambda one, ratio, other: one / ratio + other, one, loop.excess, other)
    if loop.spans == 1:
        return end
    return _amplified(line, last_of_lap(line, end, density(span_loss, line.noise_figure)))


def _amplified(line: Line, density: Quantity) -> Quantity:
    """Noise where an amplifier follows; none at the joints within a span."""
    if line.pieces is None:
        return density
    return kept(density, array(("span",), np.array(line.pieces.last)), 0.0)


@arguments(
    noise_density=real(low=0, high=1, unit="W/Hz"),
    frequency=real(low=1, high=1e16, unit="Hz"),
    gain=real(above=0, high=1e30),
)
def equivalent_noise_figure(noise_density: Quantity, *, frequency: Quantity, gain: Quantity) -> Quantity:
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


@arguments(
    first=real(above=0, high=1e30),
    second=real(above=0, high=1e30),
    gain=real(above=0, high=1e30),
    loss=real(low=1, high=1e30),
)
def cascaded_noise_figure(first: Quantity, second: Quantity, *, gain: Quantity, loss: Quantity) -> Quantity:
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
