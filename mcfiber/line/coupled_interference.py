"""What random coupling of cores does to nonlinear interference."""

import numpy as np
import xarray as xr

from mcfiber import units
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.groups import by_group_size
from mcfiber.fiber.medium import FiberMedium
from mcfiber.kernels.coupled_interference import mode_dispersion_factor
from mcfiber.labelled import combined, compute, labelled_result
from mcfiber.line.power import PowerProfile
from mcfiber.typing import Quantity, is_axis


def coupling_factor(
    medium: FiberMedium, power: PowerProfile, channels: Channels, *, mode_dispersion: bool = True
) -> Quantity:
    """Interference of randomly coupled cores over that of one core: 3/(2N+1), less what mode dispersion takes.

    With dimension span where spans differ and mode dispersion counts: it belongs to the interference of each span.

    Parameters
    ----------
    medium
        Groups of cores, dispersion, spatial mode dispersion.
    power
        Power at the input of the fibre.
    channels
        Channels.
    mode_dispersion
        Whether spatial mode dispersion counts, where it is known.

    References
    ----------
    .. [1] A. Mecozzi, C. Antonelli, and M. Shtaif, "Nonlinear propagation in multi-mode fibers in the strong
       coupling regime," *Opt. Express*, vol. 20, pp. 11673-11678, 2012.
    """

    def of_group(cores: int) -> Quantity:
        if cores == 1 or medium.mode_dispersion is None or not mode_dispersion:
            return coupled_core_factor(cores)
        return coupled_interference(
            channels.frequency,
            channels.symbol_rate,
            power.fiber_input,
            group_velocity_dispersion=medium.group_velocity_dispersion,
            attenuation=power.attenuation,
            length=power.length,
            cores=cores,
            spatial_mode_dispersion=medium.mode_dispersion,
        )

    return by_group_size(medium.group_sizes, lambda cores: in_bundles(medium, of_group(cores)))


def in_bundles(medium: FiberMedium, factor: Quantity) -> Quantity:
    """Factor of coupled cores, and 1 in spans of separate fibres, where light mixes only before and behind.

    Examples
    --------
    >>> import numpy as np
    >>> from mcfiber.descriptions.fiber import MulticoreFiber
    >>> from mcfiber.descriptions.spectrum import Spectrum
    >>> from mcfiber.fiber.along import medium_along
    >>> from mcfiber.fiber.channels import channels
    >>> grid = channels(Spectrum(frequency_thz=[193.0], symbol_rate_gbd=64))
    >>> coupled = MulticoreFiber(layout={"kind": "square", "cores": 4, "pitch_um": 20}, coupling="random")
    >>> single = MulticoreFiber(layout={"kind": "hexagonal", "cores": 1})
    >>> in_bundles(medium_along(coupled, {"smf": single}, [None, "smf"], grid), 1 / 3).values.round(3).tolist()
    [0.333, 1.0]
    """
    return combined(np.where, medium.separate, 1.0, factor) if is_axis(medium.separate) else factor


def coupled_interference(
    frequency: Quantity,
    symbol_rate: Quantity,
    power: Quantity,
    *,
    group_velocity_dispersion: Quantity,
    attenuation: Quantity,
    length: Quantity,
    cores: int,
    spatial_mode_dispersion: Quantity = 0.0,
) -> "xr.DataArray | xr.Variable":
    """Nonlinear interference per core of randomly coupled cores, relative to a single core of equal power.

    Strong mixing of N cores leaves 3/(2N + 1) of the interference, and spatial mode dispersion lowers it
    further: the random rotations at different frequencies become independent along the span.

    Parameters
    ----------
    frequency, symbol_rate, power
        Channels in ascending order, dimension ``channel``. [Hz, Hz, W]
    group_velocity_dispersion, attenuation
        beta_2 and power attenuation. [s^2/m, 1/m]
    length
        Length of a span. [m]
    cores
        Number of cores that mix.
    spatial_mode_dispersion
        Rms modal group delay per square root of length (standard deviation of the intensity impulse
        response), 0 to leave it out. [s/sqrt(m)]

    Returns
    -------
    :data:`~mcfiber.variables.coupled_interference_factor`, along ``channel``. [1]

    Notes
    -----
    Holds where the cores mix over much less than the effective length.  For S above about 3 ps/sqrt(km) a
    distant channel keeps (D + 1)/(2D) of its interference, D = 2N; neighbouring ones more.  Incoherent over
    spans.  Held against coupled split-step simulations; see `mcfiber.kernels.coupled_interference`.

    References
    ----------
    .. [1] A. Mecozzi, C. Antonelli, and M. Shtaif, "Nonlinear propagation in multi-mode fibers in the strong
       coupling regime," *Opt. Express*, vol. 20, pp. 11673-11678, 2012.
    .. [2] P. Serena, C. Lasagni, A. Bononi, C. Antonelli, and A. Mecozzi, "The ergodic GN model for
       space-division multiplexing with strong mode coupling," *J. Lightw. Technol.*, vol. 40, 2022.

    Examples
    --------
    >>> import numpy as np
    >>> factor = coupled_interference(193e12 + 50e9 * np.arange(3), np.full(3, 49e9), np.full(3, 1e-3),
    ...     group_velocity_dispersion=-21.7e-27, attenuation=4.6e-5, length=80e3, cores=4)
    >>> float(factor[0])
    0.3333333333333333
    """
    line = frequency, symbol_rate, power, group_velocity_dispersion, attenuation, length
    name = "coupled_interference_factor"
    factor = compute(name, mode_dispersion_factor, *line, spatial_mode_dispersion, 2.0 * cores)
    lowered: xr.DataArray | xr.Variable = units.mapped(lambda value: value * coupled_core_factor(cores), factor)
    return labelled_result(name, lowered) if isinstance(lowered, xr.DataArray) else lowered


def coupled_core_factor(cores: int) -> float:
    """Nonlinear interference per core of N randomly coupled cores, over that of a single core: 3/(2N+1).

    Same power per core, single-core nonlinear coefficient, no mode dispersion; mixing much shorter than the
    effective length.  It follows from the generalised Manakov equation with ``(8/9) 3/(2N+1)`` in place of 8/9
    and D + 1 = 2N + 1 pairings of the D components.

    Returns
    -------
    Ratio of the interference powers, at most 1. [1]

    Notes
    -----
    Eq. (3) of :doc:`/theory/nonlinear-interference` [1]_, [2]_.

    References
    ----------
    .. [1] A. Mecozzi, C. Antonelli, and M. Shtaif, "Nonlinear propagation in multi-mode fibers in the strong
       coupling regime," *Opt. Express*, vol. 20, pp. 11673-11678, 2012.
    .. [2] C. Antonelli, M. Shtaif, and A. Mecozzi, "Modeling of nonlinear propagation in space-division multiplexed
       fiber-optic transmission," *J. Lightw. Technol.*, vol. 34, pp. 36-54, 2016.

    Examples
    --------
    >>> round(coupled_core_factor(4), 6)
    0.333333
    """
    return 3.0 / (2 * cores + 1)
