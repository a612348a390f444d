"""Kerr noise: nonlinear interference of the channels with themselves and each other."""

from typing import Any, Literal

import numpy as np

from mcfiber import variables
from mcfiber._jit import lift
from mcfiber.descriptions import is_axis
from mcfiber.fiber.groups import by_group_size
from mcfiber.fiber.properties import Glass
from mcfiber.kernels import isrs as kernels
from mcfiber.kernels.nonlinear import gn_closed_form
from mcfiber.link.mixing import coupled_core_factor, coupled_interference
from mcfiber.link.power import PowerProfile
from mcfiber.link.span import Link, over_spans
from mcfiber.link.validity import warn_outside
from mcfiber.spectrum import Channels

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
        symbols (no correction), -1 for QPSK; see `mcfiber.rate.constellation.symbol_moments`.  Coupled cores need
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
        total = variables.combined(np.multiply, _gn(glass, power, grid), _to_launch_level(power))
        total = over_spans(link, total, launch=power.launch)
    else:
        total = _isrs(link, glass, power, grid, accumulation, kurtosis)
    factor = coupling_factor(glass, power, grid, mode_dispersion)
    result = variables.stamp("nli_power", variables.combined(np.multiply, total, factor))
    result.attrs |= {"model": model, "band": "centre", "terms": "spm+xpm", "accumulation": accumulation}
    return result


def _gn(glass: Glass, power: PowerProfile, grid: Channels) -> Any:
    return variables.compute(
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
    return variables.combined(np.divide, power.launch, power.fiber_input)


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
    own, cross = variables.compute(("nli_own_power", "nli_cross_power"), _ISRS, *inputs)
    level = _to_launch_level(power)
    growth: Any = 1.0
    if accumulation == "coherent":
        exponent = variables.compute(
            "nli_coherence", _COHERENCE, grid.symbol_rate, dispersion, power.attenuation, power.length
        )
        growth = float(link.count) ** exponent
    total = over_spans(link, own * growth * level, launch=power.launch)
    total = total + over_spans(link, cross * level, launch=power.launch)
    alone = by_group_size(glass.group_sizes, lambda cores: float(cores == 1))
    if not np.any(alone) or not np.any(kurtosis):
        return total
    names = ("nli_format_near", "nli_format_far")
    near, far = variables.compute(names, _FORMAT, *inputs, kurtosis, power.length)
    # The near part does not grow with the spans: it is that of the mean span.
    correction = over_spans(link, near * level, launch=power.launch) / link.count
    if link.count > 1:
        correction = correction + over_spans(link, far * level, launch=power.launch)
    return (total + correction * alone).clip(0.0)


def profile_exponentials(power: PowerProfile) -> tuple[Any, ...]:
    """Coefficients and decays of the exponentials that describe each channel's power along the fibre.

    One exponential where the power decays like one; else `TERMS` of them, fitted.
    """
    import xarray as xr

    if power.evolution is None:
        return xr.DataArray(np.ones(1), dims="term"), xr.DataArray(power.attenuation).expand_dims("term", -1)
    names = ("profile_coefficient", "profile_decay")
    evolution = power.evolution
    return variables.compute(
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
