"""Kerr noise: nonlinear interference of the channels with themselves and each other."""

from typing import Any

from mcfiber import variables
from mcfiber._jit import lift
from mcfiber.fiber.properties import Glass
from mcfiber.kernels.nonlinear import gn_closed_form
from mcfiber.link.power import PowerProfile
from mcfiber.link.span import Link, over_spans
from mcfiber.spectrum import Channels

_GN = lift(gn_closed_form, "(channel),(channel),(channel),(channel),(channel),(channel),()->(channel)")


def nonlinear_interference(link: Link, glass: Glass, power: PowerProfile, grid: Channels) -> Any:
    """Nonlinear interference of the whole line in each channel. [W]

    Closed form of the Gaussian-noise model for channels with gaps [1]_: self- and cross-phase modulation at the
    channel's centre, incoherent over spans.  Randomly coupled cores multiply it by 3/(2N+1).

    Parameters
    ----------
    link
        The spans.
    glass
        Dispersion and nonlinearity of one core.
    power
        Power at the input of the fibre.
    grid
        Channels.

    Returns
    -------
    :data:`nli_power`
        At launch level, both polarisations.

    References
    ----------
    .. [1] P. Poggiolini, "A detailed analytical derivation of the GN model," arXiv:1209.0394, eqs. (120)-(123).
    """
    single_core = variables.compute(
        "nli_power",
        _GN,
        grid.frequency,
        grid.symbol_rate,
        power.fiber_input,
        glass.nonlinear_coefficient,
        glass.group_velocity_dispersion,
        power.attenuation,
        power.length,
    )
    at_launch_level = single_core * (power.launch / power.fiber_input * coupled_core_factor(glass.coupled_cores))
    return variables.stamp("nli_power", over_spans(link, at_launch_level))


def coupled_core_factor(cores: int) -> float:
    """Nonlinear interference per core of N randomly coupled cores, over that of a single core: 3/(2N+1).

    Same power per core, single-core nonlinear coefficient, no mode dispersion; mixing much shorter than the
    effective length.  It follows from the generalised Manakov equation with ``(8/9) 3/(2N+1)`` in place of 8/9
    and D + 1 = 2N + 1 pairings of the D components.

    Examples
    --------
    >>> round(coupled_core_factor(4), 6)
    0.333333
    """
    return 3.0 / (2 * cores + 1)
