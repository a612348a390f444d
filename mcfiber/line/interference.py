"""Kerr noise: nonlinear interference of the channels with themselves and each other."""

import math
import warnings
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mcfiber import labelled, units
from mcfiber._jit import lift
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.line import Link
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.groups import by_group_size
from mcfiber.fiber.medium import Glass
from mcfiber.kernels import isrs as kernels
from mcfiber.kernels.nonlinear import gn_closed_form
from mcfiber.line.line import over_spans
from mcfiber.line.power import PowerProfile
from mcfiber.typing import is_axis
from mcfiber.units import DB_PER_NEPER, decibels

if TYPE_CHECKING:
    import xarray as xr

InterferenceModel = Literal["gn", "isrs_gn"]


Accumulation = Literal["incoherent", "coherent"]


TERMS = 3
"""Exponentials that describe a power profile with Raman scattering."""


_GN = lift(gn_closed_form, "(channel),(channel),(channel),(channel),(channel),(channel),()->(channel)")


_EXPONENTIALS = "(channel),(channel),(channel),(channel),(channel),(channel,term),(channel,term)"


_ISRS = lift(kernels.isrs_gn, f"{_EXPONENTIALS}->(channel),(channel)")


_COHERENCE = lift(kernels.coherence_exponent, "(channel),(channel),(channel),()->(channel)")


_FORMAT = lift(kernels.format_correction, f"{_EXPONENTIALS},(channel),()->(channel),(channel)")


_FITTED = lift(
    kernels.fitted_profile, "(channel,panel,node),(channel),(panel),(node,node_in)->(channel,term),(channel,term)"
)


def nonlinear_interference(
    link: Link,
    glass: Glass,
    power: PowerProfile,
    grid: Channels,
    *,
    model: InterferenceModel = "gn",
    accumulation: Accumulation = "incoherent",
    kurtosis: Any = 0.0,
    mode_dispersion: bool = True,
) -> Any:
    """Nonlinear interference of the whole line in each channel. [W]

    Self- and cross-phase modulation at the channel's centre, from closed forms of the Gaussian-noise model.
    Randomly coupled cores multiply it by 3/(2N+1), and by the factor of their spatial mode dispersion.

    Parameters
    ----------
    link
        The spans.
    glass
        Dispersion and nonlinearity of one core.
    power
        Power along the fibre.
    grid
        Channels.
    model
        "gn" [1]_: exponential decay of every channel.  "isrs_gn" [2]_: follows the power along the fibre, with
        Raman scattering, as a sum of exponentials; span loss above 7 dB.
    accumulation
        "incoherent": interference powers of the spans add.  "coherent" ("isrs_gn" only): what a channel does to
        itself grows as spans^(1 + epsilon).
    kurtosis
        Excess kurtosis of the symbols, for the modulation-format correction [3]_ of "isrs_gn": 0 for Gaussian
        symbols (no correction), -1 for QPSK; see `mcfiber.receiver.constellation.symbol_moments`.  Coupled cores need
        none: mixing makes their fields Gaussian.
    mode_dispersion
        Whether spatial mode dispersion, where the fibre's is known, lowers the interference of coupled cores.

    Returns
    -------
    :data:`nli_power`
        At launch level, both polarisations; attributes `model`, `band` and `terms` say what it holds.

    Raises
    ------
    DescriptionError
        If the dispersion of a channel is zero.

    Warns
    -----
    ValidityWarning
        If a span loses less than 7 dB, or dispersion is too small for the closed forms.

    References
    ----------
    .. [1] P. Poggiolini, "A detailed analytical derivation of the GN model," arXiv:1209.0394, eqs. (120)-(123).
    .. [2] D. Semrau, R. I. Killey and P. Bayvel, "A closed-form approximation of the Gaussian noise model in the
       presence of inter-channel stimulated Raman scattering," *J. Lightw. Technol.*, vol. 37, no. 9,
       pp. 1924-1936, 2019. :doi:`10.1109/JLT.2019.2895237`.
    .. [3] D. Semrau, E. Sillekens, R. I. Killey and P. Bayvel, "A modulation format correction formula for the
       Gaussian noise model in the presence of inter-channel stimulated Raman scattering," arXiv:1903.02506.
    """
    warn_outside(glass, power, grid)
    if model == "gn":
        total = labelled.combined(np.multiply, _gn(glass, power, grid), _to_launch_level(power))
        total = over_spans(link, total, launch=power.launch)
    else:
        total = _isrs(link, glass, power, grid, accumulation, kurtosis)
    factor = coupling_factor(glass, power, grid, mode_dispersion)
    result = labelled.stamp("nli_power", labelled.combined(np.multiply, total, factor))
    result.attrs |= {"model": model, "band": "centre", "terms": "spm+xpm", "accumulation": accumulation}
    return result


def _gn(glass: Glass, power: PowerProfile, grid: Channels) -> Any:
    return labelled.compute(
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


def _to_launch_level(power: PowerProfile) -> Any:
    return labelled.combined(np.divide, power.launch, power.fiber_input)


def _isrs(
    link: Link, glass: Glass, power: PowerProfile, grid: Channels, accumulation: Accumulation, kurtosis: Any
) -> Any:
    dispersion = glass.group_velocity_dispersion
    inputs = (
        grid.frequency,
        grid.symbol_rate,
        power.fiber_input,
        glass.nonlinear_coefficient,
        dispersion,
        *profile_exponentials(power),
    )
    own, cross = labelled.compute(("nli_own_power", "nli_cross_power"), _ISRS, *inputs)
    level = _to_launch_level(power)
    growth: Any = 1.0
    if accumulation == "coherent":
        exponent = labelled.compute(
            "nli_coherence", _COHERENCE, grid.symbol_rate, dispersion, power.attenuation, power.length
        )
        growth = float(link.count) ** exponent
    total = over_spans(link, own * growth * level, launch=power.launch)
    total = total + over_spans(link, cross * level, launch=power.launch)
    alone = by_group_size(glass.group_sizes, lambda cores: float(cores == 1))
    if not np.any(alone) or not np.any(kurtosis):
        return total
    names = ("nli_format_near", "nli_format_far")
    near, far = labelled.compute(names, _FORMAT, *inputs, kurtosis, power.length)
    # The near part does not grow with the spans: it is that of the mean span.
    correction = over_spans(link, near * level, launch=power.launch) / link.count
    if link.count > 1:
        correction = correction + over_spans(link, far * level, launch=power.launch)
    return (total + correction * alone).clip(0.0)


def profile_exponentials(power: PowerProfile) -> tuple[Any, ...]:
    """Coefficients and decays of the exponentials that describe each channel's power along the fibre.

    One exponential where the power decays like one; else `TERMS` of them, fitted.

    Notes
    -----
    The coefficients and decays of Eq. (3) of :doc:`/theory/raman-scattering` [1]_.

    References
    ----------
    .. [1] D. Semrau, R. I. Killey, and P. Bayvel, "A closed-form approximation of the Gaussian noise model in the
       presence of inter-channel stimulated Raman scattering," *J. Lightw. Technol.*, vol. 37, pp. 1924-1936, 2019.
       :doi:`10.1109/JLT.2019.2895237`
    """
    import xarray as xr

    if power.evolution is None:
        return xr.DataArray(np.ones(1), dims="term"), xr.DataArray(power.attenuation).expand_dims("term", -1)
    names = ("profile_coefficient", "profile_decay")
    evolution = power.evolution
    return labelled.compute(
        names,
        _FITTED,
        evolution.power,
        power.attenuation,
        evolution.panel,
        evolution.integration,
        sizes={"term": TERMS},
    )


def coupling_factor(glass: Glass, power: PowerProfile, grid: Channels, mode_dispersion: bool) -> Any:
    """Interference of randomly coupled cores over that of one core: 3/(2N+1), less what mode dispersion takes."""

    def factor(cores: int) -> Any:
        return _group_factor(cores, glass, power, grid, mode_dispersion)

    return by_group_size(glass.group_sizes, factor)


def _group_factor(cores: int, glass: Glass, power: PowerProfile, grid: Channels, mode_dispersion: bool) -> Any:
    if cores == 1 or glass.mode_dispersion is None or not mode_dispersion:
        return coupled_core_factor(cores)
    length = power.length
    return coupled_interference(
        grid.frequency,
        grid.symbol_rate,
        power.fiber_input,
        group_velocity_dispersion=glass.group_velocity_dispersion,
        attenuation=power.attenuation,
        length=length.mean("span") if is_axis(length) and "span" in length.dims else length,
        cores=cores,
        spatial_mode_dispersion=glass.mode_dispersion,
    )


SMALLEST_SPAN_LOSS_DB = 7.0
"""Below this loss of the fibre, the light that is left at its end counts, which closed forms neglect."""


class ValidityWarning(UserWarning):
    """A model is used outside the range where it is known to hold."""


def warn_outside(glass: Glass, power: "PowerProfile", grid: Channels) -> None:
    """Refuse zero dispersion, and warn of spans or dispersion outside the validity of the closed forms.

    Parameters
    ----------
    glass
        Dispersion.
    power
        Loss of the spans' fibre, less what pumps give back.
    grid
        Symbol rates.

    Raises
    ------
    DescriptionError
        If the group-velocity dispersion of a channel is zero.

    Warns
    -----
    ValidityWarning
        If a span's fibre loses less than `SMALLEST_SPAN_LOSS_DB`, or a channel spreads by less than its symbol over
        the effective length: ``(pi^2/2) |beta2| R^2 / alpha < 1``.

    Notes
    -----
    The ratio is the argument of the inverse hyperbolic sine in the own term of Eq. (2) of
    :doc:`/theory/nonlinear-interference`.
    """
    smallest = float(np.min(np.abs(np.asarray(glass.group_velocity_dispersion))))
    if smallest == 0.0:
        msg = (
            "fiber.dispersion_ps_per_nm_km: is zero at a channel, where the closed forms of nonlinear interference "
            "have no value; give the fibre's dispersion, or its slope"
        )
        raise refused(msg)
    if power.evolution is None:
        loss = float(np.min(power.attenuation * power.length)) * DB_PER_NEPER
    else:
        loss = float(decibels(power.fiber_input / power.evolution.end).min())
    if loss < SMALLEST_SPAN_LOSS_DB:
        text = (
            f"a span's fibre loses {loss:.2f} dB; closed forms of nonlinear interference hold above "
            f"{SMALLEST_SPAN_LOSS_DB:g} dB"
        )
        warnings.warn(text, ValidityWarning, stacklevel=3)
    rate = float(np.min(np.asarray(grid.symbol_rate)))
    largest = float(np.max(np.asarray(power.attenuation)))
    spread = 0.5 * math.pi**2 * smallest * rate**2 / largest
    if spread < 1.0:
        text = (
            f"dispersion falls to {smallest * 1e27:.3g} ps^2/km, where a channel hardly spreads; closed forms of "
            "nonlinear interference overestimate it"
        )
        warnings.warn(text, ValidityWarning, stacklevel=3)


def coupled_interference(
    frequency: Any,
    symbol_rate: Any,
    power: Any,
    *,
    group_velocity_dispersion: Any,
    attenuation: Any,
    length: Any,
    cores: int,
    spatial_mode_dispersion: Any = 0.0,
) -> "xr.DataArray":
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
    spans.  Held against coupled split-step simulations; see `mcfiber.kernels.mode_dispersion`.

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
    from mcfiber.kernels import mode_dispersion

    factor = labelled.compute(
        "coupled_interference_factor",
        mode_dispersion.MODE_DISPERSION_FACTOR,
        *(frequency, symbol_rate, power, group_velocity_dispersion, attenuation, length),
        *(spatial_mode_dispersion, 2.0 * cores),
    )
    lowered: xr.DataArray = units.mapped(lambda value: value * coupled_core_factor(cores), factor)
    return labelled.stamp("coupled_interference_factor", lowered)


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
