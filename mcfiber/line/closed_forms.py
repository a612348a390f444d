"""Closed forms of nonlinear interference, and where they hold."""

import math
import warnings
from typing import Literal

import numpy as np
import xarray as xr

from mcfiber.descriptions.errors import ValidityWarning, refused
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.groups import by_group_size
from mcfiber.fiber.medium import FiberMedium
from mcfiber.kernels import isrs as kernels
from mcfiber.kernels.nonlinear import gn_closed_form
from mcfiber.labelled import array, as_variable, combined, compute, kept, plain_numbers
from mcfiber.line.line import Line, over_spans
from mcfiber.line.power import PowerProfile
from mcfiber.typing import Quantity
from mcfiber.units import DB_PER_NEPER, decibels

Accumulation = Literal["incoherent", "coherent"]

TERMS = 3
"""Exponentials that describe a power profile with Raman scattering."""

SMALLEST_SPAN_LOSS_DB = 7.0
"""Below this loss of the fibre, the light that is left at its end counts, which closed forms neglect."""


def gn(line: Line, medium: FiberMedium, power: PowerProfile, channels: Channels, *, factor: Quantity = 1.0) -> Quantity:
    """Closed form for exponential decay of every channel, summed over the spans. [W]

    Parameters
    ----------
    line, medium, power, channels
        As in `mcfiber.line.interference.nonlinear_interference`.
    factor
        Of the interference of each span: what coupling of cores does to it.

    References
    ----------
    .. [1] P. Poggiolini, "A detailed analytical derivation of the GN model," arXiv:1209.0394, eqs. (120)-(123).
    """
    warn_outside(medium, power, channels)
    wave = channels.frequency, channels.symbol_rate, power.fiber_input
    glass = medium.nonlinear_coefficient, known_dispersion(medium), power.attenuation, power.length
    total = combined(np.multiply, compute("nli_power", gn_closed_form, *wave, *glass), _to_launch_level(power))
    return over_spans(line, combined(np.multiply, total, factor), launch=power.launch)


def isrs_gn(
    line: Line,
    medium: FiberMedium,
    power: PowerProfile,
    channels: Channels,
    *,
    accumulation: Accumulation = "incoherent",
    kurtosis: Quantity = 0.0,
    factor: Quantity = 1.0,
) -> Quantity:
    """Closed form along the computed power profile, as a sum of exponentials, over the spans. [W]

    Parameters
    ----------
    line, medium, power, channels, accumulation, kurtosis
        As in `mcfiber.line.interference.nonlinear_interference`.
    factor
        Of the interference of each span: what coupling of cores does to it.

    References
    ----------
    .. [1] D. Semrau, R. I. Killey and P. Bayvel, "A closed-form approximation of the Gaussian noise model in the
       presence of inter-channel stimulated Raman scattering," *J. Lightw. Technol.*, vol. 37, no. 9,
       pp. 1924-1936, 2019. :doi:`10.1109/JLT.2019.2895237`.
    .. [2] D. Semrau, E. Sillekens, R. I. Killey and P. Bayvel, "A modulation format correction formula for the
       Gaussian noise model in the presence of inter-channel stimulated Raman scattering," arXiv:1903.02506.
    """
    warn_outside(medium, power, channels)
    dispersion = known_dispersion(medium)
    wave = channels.frequency, channels.symbol_rate, power.fiber_input
    inputs = (*wave, medium.nonlinear_coefficient, dispersion, *profile_exponentials(power))
    own, cross = compute(("nli_own_power", "nli_cross_power"), kernels.isrs_gn_closed_form, *inputs)
    level = combined(np.multiply, _to_launch_level(power), factor)
    growth: Quantity = 1.0
    if accumulation == "coherent":
        spread = channels.symbol_rate, dispersion, power.attenuation, power.length
        exponent = compute("nli_coherence", kernels.coherence_exponent, *spread)
        growth = float(line.count) ** exponent
    total = over_spans(line, own * growth * level, launch=power.launch)
    total = total + over_spans(line, cross * level, launch=power.launch)
    alone = by_group_size(medium.group_sizes, lambda cores: float(cores == 1))
    if not np.any(plain_numbers(alone)) or not np.any(plain_numbers(kurtosis)):
        return total
    names = ("nli_format_near", "nli_format_far")
    near, far = compute(names, kernels.format_correction_closed_form, *inputs, kurtosis, power.length)
    level = _to_launch_level(power)  # cores that couple need no correction
    # The near part does not grow with the spans: it is that of the mean span.
    correction = over_spans(line, near * level, launch=power.launch) / line.count
    if line.count > 1:
        correction = correction + over_spans(line, far * level, launch=power.launch)
    return combined(np.maximum, total + correction * alone, 0.0)


def known_dispersion(medium: FiberMedium) -> Quantity:
    """Group-velocity dispersion, NaN where it is zero and the closed forms have no value. [s^2/m]"""
    dispersion = medium.group_velocity_dispersion
    return dispersion if np.all(plain_numbers(dispersion)) else kept(as_variable(dispersion), dispersion != 0.0)


def _to_launch_level(power: PowerProfile) -> Quantity:
    return combined(np.divide, power.launch, power.fiber_input)


def profile_exponentials(power: PowerProfile) -> tuple[xr.Variable, xr.Variable]:
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
    if power.evolution is None:
        decay = power.attenuation
        dims = getattr(decay, "dims", ())
        return array(("term",), np.ones(1)), array((*dims, "term"), plain_numbers(decay)[..., None])
    evolution = power.evolution
    inputs = evolution.power, power.attenuation, evolution.panel, evolution.integration
    names = ("profile_coefficient", "profile_decay")
    coefficient, decay = compute(names, kernels.fitted_profile, *inputs, sizes={"term": TERMS})
    return coefficient, decay


# ---------------------------------------------------------------------------------------------------------
# where closed forms hold


def warn_outside(medium: FiberMedium, power: PowerProfile, channels: Channels) -> None:
    """Refuse zero dispersion, and warn of spans or dispersion outside the validity of the closed forms.

    One warning of each kind, for the worst channel of the worst point.

    Parameters
    ----------
    medium
        Dispersion.
    power
        Loss of the spans' fibre, less what pumps give back.
    channels
        Symbol rates.

    Raises
    ------
    DescriptionError
        If the group-velocity dispersion of a channel is zero, and no axis changes it.

    Warns
    -----
    ValidityWarning
        If a span's fibre loses less than `SMALLEST_SPAN_LOSS_DB`, or a channel spreads by less than its symbol over
        the effective length: ``(pi^2/2) |beta2| R^2 / alpha < 1``.

    Notes
    -----
    The ratio is the argument of the inverse hyperbolic sine in the own term of Eq. (2) of
    :doc:`/theory/nonlinear-interference`.  Below 1, against the Gaussian-noise integral of the same terms, "gn" lies
    0.2 to 0.6 dB and "isrs_gn" 0.2 to 1.4 dB too high; against that of all terms "gn" lies up to 4 dB too low (1 to 15
    channels of 32 to 90 GBd over 80 km).
    """
    dispersion = as_variable(medium.group_velocity_dispersion)
    if set(dispersion.dims) <= {"channel", "core", "span"} and not np.all(dispersion.data):
        msg = (
            "fiber.dispersion_ps_per_nm_km: is zero at a channel, where the closed forms of nonlinear interference "
            "have no value; give the fibre's dispersion, or its slope"
        )
        raise refused(msg)
    if power.evolution is None:
        loss = as_variable(power.attenuation * power.length) * DB_PER_NEPER
    else:
        loss = decibels(power.fiber_input / power.evolution.end)
    least = _least(loss)
    if least is not None and (value := float(loss.data[least])) < SMALLEST_SPAN_LOSS_DB:
        text = (
            f"a span's fibre loses {value:.2f} dB{_told(loss, least, channels)}; closed forms of nonlinear "
            f"interference hold above {SMALLEST_SPAN_LOSS_DB:g} dB"
        )
        warnings.warn(text, ValidityWarning, stacklevel=3)
    strength = combined(np.abs, dispersion)
    spread = combined(
        lambda beta2, rate, alpha: 0.5 * math.pi**2 * beta2 * rate**2 / alpha,
        strength,
        channels.symbol_rate,
        power.attenuation,
    )
    least = _least(spread)
    if least is not None and float(spread.data[least]) < 1.0:
        here = dict(zip(spread.dims, least, strict=True))
        value = float(strength.isel({dim: here[dim] for dim in strength.dims}).data)
        text = (
            f"dispersion falls to {value * 1e27:.3g} ps^2/km{_told(spread, least, channels)}, where a channel hardly "
            "spreads; closed forms overestimate self- and cross-phase modulation there (by up to 1.5 dB), and leave "
            "out four-wave mixing between channels, without which the interference may be several dB too low"
        )
        warnings.warn(text, ValidityWarning, stacklevel=3)


def _least(values: xr.Variable) -> tuple[int, ...] | None:
    """Place of the smallest value that is a number and not zero, in every dimension; None without one."""
    known = np.where(np.isfinite(values.data) & (values.data != 0.0), values.data, np.inf)
    place = np.unravel_index(int(np.argmin(known)), known.shape)
    return tuple(map(int, place)) if np.isfinite(known[place]) else None


def _told(values: xr.Variable, place: tuple[int, ...], channels: Channels) -> str:
    """Name the place: channel with its wavelength, core, span, and position along every axis."""
    here = {str(dim): number for dim, number in zip(values.dims, place, strict=True)}
    words = []
    if "channel" in here:
        wavelength = channels.wavelength
        at = wavelength.isel({dim: here.get(str(dim), 0) for dim in wavelength.dims})
        words.append(f"channel {here['channel']} at {float(at.data) * 1e9:.2f} nm")
    words += [f"{dim} {number}" for dim, number in here.items() if dim != "channel"]
    return f" ({', '.join(words)})" if words else ""
