"""Kerr noise: nonlinear interference of the channels with themselves and each other, by the model of choice."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

import numpy as np
import xarray as xr

from mcfiber.arguments import THREADS, arguments
from mcfiber.descriptions.errors import refused
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.groups import by_group_size
from mcfiber.fiber.medium import FiberMedium
from mcfiber.labelled import array, combined, has, labelled_result
from mcfiber.line import closed_forms
from mcfiber.line.closed_forms import Accumulation
from mcfiber.line.coupled_interference import coupling_factor
from mcfiber.line.gn_integral import Interference, SpanProfile, by_channel, gn_integral
from mcfiber.line.kerr import CoupledCores, kerr_integral_of_many
from mcfiber.line.kerr_fast import Terms, kerr_interference
from mcfiber.line.line import Line
from mcfiber.line.power import PowerProfile
from mcfiber.typing import FloatArray, Quantity, is_axis

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
    terms: Terms = "spm+xpm",
) -> xr.Variable:
    """Nonlinear interference of the whole line in each channel. [W]

    At the channel's centre, by the Gaussian-noise model. Random coupling of N cores multiplies it by 3/(2N+1), and
    their spatial mode dispersion lowers it further.

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
        fibre, with Raman scattering, as a sum of exponentials; span loss above 7 dB.  "kerr": any profile and span
        loss, see `mcfiber.line.kerr_fast`.  "gn_integral", "kerr_integral": quadrature.
    accumulation
        "incoherent": interference powers of the spans add.  "coherent" ("isrs_gn" only): what a channel does to
        itself grows as spans^(1 + epsilon).
    kurtosis
        Excess kurtosis of the symbols, for the modulation-format correction [3]_ of "isrs_gn": 0 for Gaussian
        symbols (no correction), -1 for QPSK; see `mcfiber.receiver.constellation.symbol_moments`.  Coupled cores need
        none: mixing makes their fields Gaussian.
    mode_dispersion
        Whether spatial mode dispersion, where the fibre's is known, lowers the interference of coupled cores.
    terms
        Self- and cross-phase modulation ("spm+xpm"), or also the mixing between different channels ("all"), which
        "kerr", "kerr_integral" and "gn_integral" know.

    Returns
    -------
    :data:`nli_power`
        At launch level, both polarisations; its attributes `model`, `band`, `terms` and `accumulation` say what it
        holds.

    Raises
    ------
    DescriptionError
        If the dispersion of a channel is zero with "gn" or "isrs_gn", or the model does not know the terms.

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
    if terms == "all" and model not in KNOW_ALL_TERMS:
        msg = f'models.terms: got "{terms}", which nonlinear_interference = "{model}" does not know'
        raise refused(msg)
    coupled = {"mode_dispersion": mode_dispersion}
    factor = 1.0 if model in KNOW_COUPLING else coupling_factor(medium, power, channels, **coupled)
    options: dict[str, Any] = {"accumulation": accumulation, "kurtosis": kurtosis, "terms": terms, **coupled}
    result = MODELS[model](line, medium, power, channels, factor=factor, **options)
    said = {"model": model, "band": "centre", "terms": terms, "accumulation": accumulation}
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
        terms: Terms,
        mode_dispersion: bool,
    ) -> Quantity: ...


def _gn(
    line: Line, medium: FiberMedium, power: PowerProfile, channels: Channels, *, factor: Quantity, **_options: Any
) -> Quantity:
    return closed_forms.gn(line, medium, power, channels, factor=factor)


def _isrs_gn(
    line: Line,
    medium: FiberMedium,
    power: PowerProfile,
    channels: Channels,
    *,
    accumulation: Accumulation,
    kurtosis: Quantity,
    factor: Quantity,
    **_: Any,
) -> Quantity:
    options: dict[str, Any] = {"accumulation": accumulation, "kurtosis": kurtosis, "factor": factor}
    return closed_forms.isrs_gn(line, medium, power, channels, **options)


def _gn_integral(
    line: Line,
    medium: FiberMedium,
    power: PowerProfile,
    channels: Channels,
    *,
    accumulation: Accumulation,
    factor: Quantity,
    terms: Terms,
    **_: Any,
) -> Quantity:
    options: dict[str, Any] = {"accumulation": accumulation, "terms": terms, "workers": os.cpu_count() or 1}
    return integrals(line, medium, power, channels, factor=factor, **options)[0]


def _kerr(
    line: Line,
    medium: FiberMedium,
    power: PowerProfile,
    channels: Channels,
    *,
    terms: Terms,
    mode_dispersion: bool,
    **_: Any,
) -> Quantity:
    return kerr_interference(line, medium, power, channels, terms=terms, mode_dispersion=mode_dispersion)


def _kerr_integral(
    line: Line,
    medium: FiberMedium,
    power: PowerProfile,
    channels: Channels,
    *,
    accumulation: Accumulation,
    terms: Terms,
    mode_dispersion: bool,
    **_: Any,
) -> Quantity:
    options: dict[str, Any] = {"accumulation": accumulation, "terms": terms, "workers": os.cpu_count() or 1}
    return kerr_integrals(line, medium, power, channels, mode_dispersion=mode_dispersion, **options)[0]


MODELS: Mapping[str, _Model] = {
    "gn": _gn,
    "isrs_gn": _isrs_gn,
    "gn_integral": _gn_integral,
    "kerr": _kerr,
    "kerr_integral": _kerr_integral,
}
"""What computes the interference, by the names of `mcfiber.descriptions.models.INTERFERENCE`."""

KNOW_COUPLING = ("kerr", "kerr_integral")
"""Models that hold what random coupling of cores does; the others are multiplied by `coupling_factor`."""

KNOW_ALL_TERMS = ("gn_integral", "kerr", "kerr_integral")
"""Models that hold the mixing between different channels, too."""

CLOSED_FORMS = ("gn", "isrs_gn")
"""Those without a value where the dispersion is zero."""


@arguments(workers=THREADS)
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
    if not has(factor, "span"):
        found = _at_points(line, medium, power, channels, lambda _place: options, gn_integral)
        interference, error = (combined(np.multiply, one, factor) for one in found)
        return interference, error

    def at(place: Mapping[str, int]) -> dict[str, Any]:
        spans = range(factor.sizes["span"])
        own = np.array([by_channel(factor, {**place, "span": span}, channels.count) for span in spans])
        return options | {"factor": own}

    return _at_points(line, medium, power, channels, at, _lowered_integral, factor)


def _lowered_integral(
    frequency: FloatArray,
    symbol_rate: FloatArray,
    power: FloatArray,
    spans: Sequence[SpanProfile],
    *,
    factor: FloatArray,
    **options: Any,
) -> Interference:
    """Integral and its error, the interference of each span multiplied by a factor of its own (span, channel)."""
    alone = options | {"accumulation": "incoherent"}
    each = np.array([gn_integral(frequency, symbol_rate, power, span, **alone) for span in spans])
    lowered = (each * factor[:, None]).sum(axis=0)
    if options.get("accumulation") == "coherent":
        total = each[:, 0].sum(axis=0)
        share = np.where(total > 0.0, lowered[0], 0.0) / np.maximum(total, 1e-300)
        lowered = np.array(gn_integral(frequency, symbol_rate, power, spans, **options)) * share
    return Interference(*lowered)


def kerr_integrals(
    line: Line,
    medium: FiberMedium,
    power: PowerProfile,
    channels: Channels,
    *,
    mode_dispersion: bool = True,
    **options: Any,
) -> tuple[Quantity, Quantity]:
    """Kerr interference of every core, coupled ones included, by quadrature over all islands, and its error. [W]

    Parameters
    ----------
    line, medium, power, channels, mode_dispersion
        As in `nonlinear_interference`.
    **options
        Of `mcfiber.line.kerr.kerr_integral`.

    Notes
    -----
    Eq. (1) of `mcfiber.kernels.islands` [1]_.

    References
    ----------
    .. [1] P. Poggiolini, "The GN model of non-linear propagation in uncompensated coherent optical systems," *J.
       Lightw. Technol.*, vol. 30, no. 24, pp. 3857-3879, 2012.
    """
    dispersion = medium.mode_dispersion if mode_dispersion and medium.mode_dispersion is not None else 0.0

    if is_axis(medium.separate):
        msg = (
            'models.nonlinear_interference: "kerr_integral" does not know separate fibres in a line of coupled cores; '
            'use "kerr", or "gn_integral"'
        )
        raise refused(msg)

    def of_group(cores: int) -> tuple[Quantity, Quantity]:
        def at(place: Mapping[str, int]) -> dict[str, Any]:
            value = float(by_channel(dispersion, place, 1)[0])
            return options | {"coupled": CoupledCores(cores, value if cores > 1 else 0.0)}

        return _at_points(line, medium, power, channels, at, kerr_integral_of_many, dispersion if cores > 1 else 0.0)

    found: tuple[Quantity, Quantity] = by_group_size(medium.group_sizes, of_group)
    return found


def _at_points(
    line: Line,
    medium: FiberMedium,
    power: PowerProfile,
    channels: Channels,
    options: Callable[[Mapping[str, int]], dict[str, Any]],
    integral: Callable[..., Interference],
    *more: Quantity,
) -> tuple[xr.Variable, xr.Variable]:
    """Evaluate an integral once for each core and each point of the axes."""
    sizes = _sizes_of_points(line, medium, power, channels, *more)
    if line.permutation is not None and "core" in sizes:
        msg = (
            "link.core_permutation: an integral does not follow signals through unlike cores; "
            'use models.nonlinear_interference = "gn", "isrs_gn" or "kerr"'
        )
        raise refused(msg)
    total = np.empty((2, *sizes.values(), channels.count))
    for place in np.ndindex(*sizes.values()):
        here = dict(zip(sizes, place, strict=True))
        first = {**here, "span": 0}
        waves = channels.frequency, channels.symbol_rate, power.launch
        frequency, rate, launch = (by_channel(value, first, channels.count) for value in waves)
        spans = SpanProfile.of(line, medium, power, channels, point=here)
        total[(0, *place)], total[(1, *place)] = integral(frequency, rate, launch, spans, **options(here))
    dims = (*sizes, "channel")
    return array(dims, total[0]), array(dims, total[1])


def _sizes_of_points(
    line: Line, medium: FiberMedium, power: PowerProfile, channels: Channels, *more: Quantity
) -> dict[str, int]:
    """Sizes of the dimensions along which integrals differ: cores and axes."""
    values = [channels.frequency, channels.symbol_rate, power.launch, power.fiber_input, power.attenuation]
    values += [power.length, medium.nonlinear_coefficient, medium.group_velocity_dispersion, *more]
    if power.evolution is not None:
        values += [power.evolution.power, line.panel]
    found = {dim: size for value in values for dim, size in dict(getattr(value, "sizes", {})).items()}
    return {dim: size for dim, size in found.items() if dim not in OF_ONE_POINT}
