"""Noise of the amplifiers along the line."""

from typing import Any

from mcfiber import units, variables
from mcfiber._jit import lift
from mcfiber.kernels import amplifier as kernels
from mcfiber.link.power import PowerProfile, per_channel
from mcfiber.link.span import Amplifier, Link, over_spans
from mcfiber.spectrum import Channels

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
    if link.loop is None:
        density = _density(link.amplifier, power.span_loss, grid, model)
    else:
        excess = units.si(link.loop, "first_amplifier_excess_db")
        loss = units.si(link.loop, "loss_db")
        first = _density(link.amplifier, power.span_loss * excess, grid, model)
        second = _density(link.loop.amplifier, loss / excess, grid, model)
        density = first / excess + second
    return variables.stamp("ase_power", over_spans(link, density) * grid.symbol_rate)


def _density(amplifier: Amplifier, gain: Any, grid: Channels, model: str) -> Any:
    noise_figure = per_channel(amplifier.noise_figure_db, "db", grid)
    return variables.compute("ase_density", _DENSITY[model], grid.frequency, gain, noise_figure)
