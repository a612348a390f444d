"""Kerr noise: nonlinear interference of the channels with themselves and each other, by the model of choice."""

import os
from collections.abc import Mapping
from typing import Any, Literal, Protocol

import numpy as np
import xarray as xr

from mcfiber.descriptions.errors import refused
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.medium import FiberMedium
from mcfiber.labelled import array, combined, has, labelled_result
from mcfiber.line import closed_forms
from mcfiber.line.closed_forms import Accumulation
from mcfiber.line.coupled_interference import coupling_factor
from mcfiber.line.gn_integral import SpanProfile, by_channel, gn_integral
from mcfiber.line.line import Line
from mcfiber.line.power import PowerProfile
from mcfiber.typing import Quantity

OF_ONE_POINT = ("channel", "span", "panel", "node", "node_in")
"""Dimensions that one integral goes over; it is evaluated anew along all others."""


def nonlinear_interference(
    line: Line,
    medium: FiberMedium,
    power: PowerProfile,
    channels: Channels,
    *,
    model: str = "gn",
    accumulation: Accumulation = "incoherent",
    kurtosis: Quantity = 0.0,
    mode_dispersion: bool = True,
) -> xr.Variable:
    """Nonlinear interference of the whole line in each channel. [W]

    Self- and cross-phase modulation at the channel's centre, from closed forms of the Gaussian-noise model.
    Randomly coupled cores multiply it by 3/(2N+1), and by the factor of their spatial mode dispersion.

    Parameters
    ----------
    line
        The spans.
    medium
        Dispersion and nonlinearity of one core.
    power
        Power along the fibre.
    channels
        Channels.
    model
        Row of `MODELS`.  "gn" [1]_: exponential decay of every channel.  "isrs_gn" [2]_: follows the power along the
        fibre, with Raman scattering, as a sum of exponentials; span loss above 7 dB.
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
        At launch level, both polarisations; its attributes `model`, `band`, `terms` and `accumulation` say what it
        holds.

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
    factor = coupling_factor(medium, power, channels, mode_dispersion=mode_dispersion)
    options: dict[str, Any] = {"accumulation": accumulation, "kurtosis": kurtosis, "factor": factor}
    result = MODELS[model](line, medium, power, channels, **options)
    said = {"model": model, "band": "centre", "terms": "spm+xpm", "accumulation": accumulation}
    return xr.Variable(result.dims, result.data, said, fastpath=True)


class _Model(Protocol):
    def __call__(
        self,
        line: Line,
        medium: FiberMedium,
        power: PowerProfile,
        channels: Channels,
        *,
        accumulation: Accumulation,
        kurtosis: Quantity,
        factor: Quantity,
    ) -> Quantity: ...


def _gn(
    line: Line, medium: FiberMedium, power: PowerProfile, channels: Channels, *, factor: Quantity, **_options: Any
) -> Quantity:
    return closed_forms.gn(line, medium, power, channels, factor=factor)


def _gn_integral(
    line: Line,
    medium: FiberMedium,
    power: PowerProfile,
    channels: Channels,
    *,
    accumulation: Accumulation,
    factor: Quantity,
    **_: Any,
) -> Quantity:
    workers = os.cpu_count() or 1
    found, _error = integrals(line, medium, power, channels, factor=factor, accumulation=accumulation, workers=workers)
    return found


MODELS: Mapping[str, _Model] = {"gn": _gn, "isrs_gn": closed_forms.isrs_gn, "gn_integral": _gn_integral}
"""What computes the interference of one core, by the names of `mcfiber.descriptions.models.INTERFERENCE`."""

CLOSED_FORMS = ("gn", "isrs_gn")
"""Those without a value where the dispersion is zero."""


def nonlinear_interference_integral(
    line: Line,
    medium: FiberMedium,
    power: PowerProfile,
    channels: Channels,
    *,
    terms: Literal["spm+xpm", "all"] = "spm+xpm",
    band: Literal["centre", "average"] = "centre",
    accumulation: Accumulation = "incoherent",
    mode_dispersion: bool = True,
    workers: int = 1,
) -> tuple[xr.DataArray, xr.DataArray]:
    """Nonlinear interference of the whole line in each channel, by the Gaussian-noise integral. [W]

    The slow counterpart of `mcfiber.line.interference.nonlinear_interference`: no closed form, no smallest span loss,
    the computed power profile as it is. One integral for each core and each point of an axis.

    Parameters
    ----------
    line, medium, power, channels
        As in `mcfiber.line.interference.nonlinear_interference`.
    terms, band, accumulation, workers
        As in `mcfiber.line.gn_integral.gn_integral`.
    mode_dispersion
        As in `mcfiber.line.interference.nonlinear_interference`.

    Returns
    -------
    tuple of :data:`nli_power`
        Interference at launch level, and the error of its quadrature.

    Notes
    -----
    Eq. (1) of :doc:`/theory/nonlinear-interference` [1]_ along the computed profile [2]_.

    References
    ----------
    .. [1] P. Poggiolini, "The GN model of non-linear propagation in uncompensated coherent optical systems," *J.
       Lightw. Technol.*, vol. 30, no. 24, pp. 3857-3879, 2012.
    .. [2] D. Semrau, R. I. Killey, and P. Bayvel, "The Gaussian noise model in the presence of inter-channel
       stimulated Raman scattering," *J. Lightw. Technol.*, vol. 36, pp. 3046-3055, 2018.
       :doi:`10.1109/JLT.2018.2830973`
    """
    options: dict[str, Any] = {"terms": terms, "band": band, "accumulation": accumulation, "workers": workers}
    factor = coupling_factor(medium, power, channels, mode_dispersion=mode_dispersion)
    found = integrals(line, medium, power, channels, factor=factor, **options)
    interference, error = (labelled_result("nli_power", one) for one in found)
    interference.attrs |= {"model": "gn_integral", "band": band, "terms": terms, "accumulation": accumulation}
    error.attrs["long_name"] = "error of the quadrature of the nonlinear interference"
    return interference, error


def integrals(
    line: Line,
    medium: FiberMedium,
    power: PowerProfile,
    channels: Channels,
    *,
    factor: Quantity = 1.0,
    **options: Any,
) -> tuple[xr.Variable, xr.Variable]:
    """Integral and its error, for every core and every point of the axes. [W]

    Parameters
    ----------
    line, medium, power, channels
        As in `nonlinear_interference`.
    factor
        Of the interference of each span.  Where fields of different spans add, the mean of the spans' factors counts,
        weighted with the interference of each.
    **options
        Of `mcfiber.line.gn_integral.gn_integral`, whose Eq. (1) it evaluates.
    """
    sizes = _sizes_of_points(line, medium, power, channels)
    by_span = has(factor, "span")
    if by_span:
        sizes |= {dim: size for dim, size in factor.sizes.items() if dim not in OF_ONE_POINT}
    if line.permutation is not None and "core" in sizes:
        msg = (
            'link.core_permutation: "gn_integral" does not follow signals through unlike cores; '
            'use models.nonlinear_interference = "gn" or "isrs_gn"'
        )
        raise refused(msg)
    total = np.empty((2, *sizes.values(), channels.count))
    for place in np.ndindex(*sizes.values()):
        here = dict(zip(sizes, place, strict=True))
        first = {**here, "span": 0}
        waves = channels.frequency, channels.symbol_rate, power.launch
        frequency, rate, launch = (by_channel(value, first, channels.count) for value in waves)
        spans = SpanProfile.of(line, medium, power, channels, point=here)
        if not by_span:
            total[(0, *place)], total[(1, *place)] = gn_integral(frequency, rate, launch, spans, **options)
            continue
        alone = options | {"accumulation": "incoherent"}
        each = np.array([gn_integral(frequency, rate, launch, span, **alone) for span in spans])
        own = np.array([by_channel(factor, {**here, "span": k}, channels.count) for k in range(len(spans))])
        lowered = (each * own[:, None]).sum(axis=0)
        if options.get("accumulation") == "coherent":
            share = np.where(each[:, 0].sum(axis=0) > 0.0, lowered[0], 0.0) / np.maximum(each[:, 0].sum(axis=0), 1e-300)
            lowered = np.array(gn_integral(frequency, rate, launch, spans, **options)) * share
        total[(0, *place)], total[(1, *place)] = lowered
    dims = (*sizes, "channel")
    power_and_error = array(dims, total[0]), array(dims, total[1])
    if by_span:
        return power_and_error
    interference, error = (combined(np.multiply, one, factor) for one in power_and_error)
    return interference, error


def _sizes_of_points(line: Line, medium: FiberMedium, power: PowerProfile, channels: Channels) -> dict[str, int]:
    """Sizes of the dimensions along which integrals differ: cores and axes."""
    values = [channels.frequency, channels.symbol_rate, power.launch, power.fiber_input, power.attenuation]
    values += [power.length, medium.nonlinear_coefficient, medium.group_velocity_dispersion]
    if power.evolution is not None:
        values += [power.evolution.power, line.panel]
    found = {dim: size for value in values for dim, size in dict(getattr(value, "sizes", {})).items()}
    return {dim: size for dim, size in found.items() if dim not in OF_ONE_POINT}
