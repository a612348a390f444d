"""Kerr interference over all islands in milliseconds, for any span loss, power profile and dispersion."""

from typing import Any, Literal

import numpy as np

from mcfiber.fiber.channels import Channels
from mcfiber.fiber.groups import by_group_size
from mcfiber.fiber.medium import FiberMedium
from mcfiber.kernels import moments
from mcfiber.kernels.mixed_islands import mixed_ratio
from mcfiber.kernels.phase import cells_between, phase_cells
from mcfiber.kernels.raman import panel_integration
from mcfiber.kernels.semi_closed import semi_closed
from mcfiber.labelled import array, combined, compute
from mcfiber.line.coupled_interference import coupled_core_factor, in_bundles
from mcfiber.line.line import Line, over_spans
from mcfiber.line.power import PowerProfile
from mcfiber.typing import Quantity

Terms = Literal["spm+xpm", "all"]

NODES_OF_DECAY = 16  # of an exponential profile; the moments of 40 dB are good to 1e-9


def kerr_interference(
    line: Line,
    medium: FiberMedium,
    power: PowerProfile,
    channels: Channels,
    *,
    terms: Terms = "all",
    mode_dispersion: bool = True,
) -> Quantity:
    """Kerr interference at the channels' centres, powers added over the spans, per core of coupled cores. [W]

    Parameters
    ----------
    line, medium, power, channels, mode_dispersion
        As in `mcfiber.line.interference.nonlinear_interference`.
    terms
        "all" islands, or self- and cross-phase modulation alone ("spm+xpm").

    Notes
    -----
    Eqs. (1) to (4) of `mcfiber.kernels.semi_closed` [1]_. Against the integral (`mcfiber.line.kerr`) 95 % of the
    errors are below 0.05 dB for spans of 2 to 25 dB with pumps and lumped losses, from the O to the U band; see
    ``validation/fast_interference.json``.

    References
    ----------
    .. [1] P. Poggiolini, "The GN model of non-linear propagation in uncompensated coherent optical systems," *J.
       Lightw. Technol.*, vol. 30, no. 24, pp. 3857-3879, 2012.
    """
    waves = channels.frequency, channels.symbol_rate, power.fiber_input
    link, phase = profile_lorentzians(power), phase_of(medium, channels)
    inputs = (*waves, medium.nonlinear_coefficient, *link, *phase, float(terms == "all"))
    total = compute("nli_power", semi_closed, *inputs)
    factor = islands_factor(medium, power, channels, terms=terms, mode_dispersion=mode_dispersion)
    level = combined(np.divide, power.launch, power.fiber_input)
    return over_spans(line, combined(lambda *of: of[0] * of[1] * of[2], total, factor, level), launch=power.launch)


def islands_factor(
    medium: FiberMedium,
    power: PowerProfile,
    channels: Channels,
    *,
    terms: Terms = "all",
    mode_dispersion: bool = True,
) -> Quantity:
    """Interference of randomly coupled cores over that of one core, with mode dispersion over all islands.

    Parameters
    ----------
    medium, power, channels, terms, mode_dispersion
        As in `kerr_interference`.

    Notes
    -----
    3/(2N+1) times Eq. (1) of `mcfiber.kernels.mixed_islands` [1]_.

    References
    ----------
    .. [1] P. Serena, C. Lasagni, A. Bononi, C. Antonelli, and A. Mecozzi, "The ergodic GN model for space-division
       multiplexing with strong mode coupling," *J. Lightw. Technol.*, vol. 40, 2022.
    """
    waves = channels.frequency, channels.symbol_rate, power.fiber_input

    def of_group(cores: int) -> Quantity:
        if cores == 1 or medium.mode_dispersion is None or not mode_dispersion:
            return coupled_core_factor(cores)
        line = (*waves, *profile_lorentzians(power), *phase_of(medium, channels))
        inputs = (*line, medium.mode_dispersion, 2.0 * cores, float(terms == "all"))
        return compute("coupled_interference_factor", mixed_ratio, *inputs) * coupled_core_factor(cores)

    return by_group_size(medium.group_sizes, lambda cores: in_bundles(medium, of_group(cores)))


def profile_lorentzians(power: PowerProfile) -> tuple[Quantity, Quantity, Quantity]:
    """Amplitudes and poles of each channel's squared link function, and the moments that they come from.

    Notes
    -----
    Eqs. (1) and (2) of `mcfiber.kernels.moments` [1]_.

    References
    ----------
    .. [1] G. A. Baker, P. Graves-Morris, "Pade Approximants," Cambridge University Press, 2nd edition, 1996.
    """
    moment = compute("profile_moment", moments.profile_moments, *_nodes(power), sizes={"moment": moments.MOMENTS})
    names = ("profile_amplitude", "profile_pole")
    amplitude, pole = compute(names, moments.profile_poles, moment, sizes={"pole": moments.POLES})
    return amplitude, pole, moment


def _nodes(power: PowerProfile) -> tuple[Any, ...]:
    """Profile at Chebyshev nodes, what it is relative to, panels and their integration."""
    if power.evolution is not None:
        evolution = power.evolution
        return evolution.power, power.fiber_input, evolution.panel, evolution.integration
    integration = panel_integration(NODES_OF_DECAY)
    place = array(("panel", "node"), 0.5 * integration.sum(axis=1)[None])
    loss = combined(np.multiply, power.attenuation, power.length)
    profile = combined(lambda loss, place: np.exp(-loss * place), loss, place)
    panel = combined(lambda length, one: length * one, power.length, array(("panel",), np.ones(1)))
    return profile, 1.0, panel, array(("node", "node_in"), integration)


def phase_of(medium: FiberMedium, channels: Channels) -> tuple[Quantity, Quantity, Quantity]:
    """Propagation constant of all channels in cells, with start and width of the cells.

    Notes
    -----
    Eq. (1) of `mcfiber.kernels.phase` [1]_.

    References
    ----------
    .. [1] G. P. Agrawal, "Nonlinear Fiber Optics," 5th edition, Academic Press, 2013, chapter 10 (four-wave mixing).
    """
    frequency = np.asarray(channels.frequency.data)
    sizes = {"cell": cells_between(float(frequency.min()), float(frequency.max())), "coefficient": 6}
    names = ("phase_polynomial", "phase_origin", "phase_step")
    inputs = channels.frequency, channels.symbol_rate, medium.group_velocity_dispersion
    polynomial, origin, step = compute(names, phase_cells, *inputs, sizes=sizes)
    return polynomial, origin, step
