"""Mean crosstalk between weakly coupled cores along the line."""

from typing import Any

import numpy as np

from mcfiber import units, variables
from mcfiber._jit import lift
from mcfiber.fiber.properties import Glass
from mcfiber.kernels import crosstalk as kernels
from mcfiber.link.power import PowerProfile
from mcfiber.link.span import Link, Span, along_spans, over_spans

_TRANSFER = lift(kernels.coupled_power_transfer, "(core_out,core_in),(core_out),()->(core_out,core_in)")
_REPEATED = lift(kernels.repeated_crosstalk, "(core_out,core_in),(core_out),(core_out),()->(core_out,core_in)")
_CHAIN = lift(
    kernels.accumulated_crosstalk,
    "(span,core_out,core_in),(span,core_out),(span,core_out)->(core_out,core_in)",
)


def crosstalk(link: Link, glass: Glass, power: PowerProfile) -> Any:
    """Mean crosstalk over signal power of every core at the end of the line; zero without weak coupling.

    Coupled-power equations ``dP/dz = (H - diag(alpha)) P`` [1]_, all cores lit with the same power in a channel;
    amplifiers restore every core after each span.  Crosstalk of fan-ins and fan-outs is small and adds to it.

    Parameters
    ----------
    link
        The spans.
    glass
        Power coupling of every pair of cores.
    power
        Attenuation of the cores.

    Returns
    -------
    :data:`crosstalk`
        Dimension core, and channel where the coupling depends on wavelength.

    References
    ----------
    .. [1] M. Koshiba et al., "Analytical expression of average power-coupling coefficients," *IEEE Photon. J.*,
       vol. 4, no. 5, pp. 1987-1995, 2012. :doi:`10.1109/JPHOT.2012.2221085`.
    """
    if glass.power_coupling is None:
        return 0.0
    pairs = _pair_crosstalk(link, glass.power_coupling, power)
    total = pairs.sum("core_in").rename(core_out="core")
    return variables.stamp("crosstalk", total + _device_crosstalk(link))


def _device_crosstalk(link: Link) -> Any:
    """Crosstalk of all fan-ins and fan-outs along the line, over signal power."""

    def of_span(span: Span) -> Any:
        found = (units.si(span, name) for name in ("fan_in_crosstalk_db", "fan_out_crosstalk_db"))
        return sum(value for value in found if value is not None)

    return over_spans(link, along_spans(link, of_span))


def _pair_crosstalk(link: Link, coupling: Any, power: PowerProfile) -> Any:
    """Crosstalk of every pair; where all cores lose alike, the spans act as one long fibre without loss."""
    name = "pair_crosstalk"
    if "core" not in getattr(power.attenuation, "dims", ()):
        distance = over_spans(link, power.length)
        transfer = variables.compute("power_transfer", _TRANSFER, coupling, 0.0, distance)
        return variables.compute(name, _REPEATED, transfer, 1.0, 1.0, 1.0)
    attenuation = power.attenuation.rename(core="core_out")
    transfer = variables.compute("power_transfer", _TRANSFER, coupling, attenuation, power.length)
    survival = np.exp(-attenuation * power.length)
    if "span" in transfer.dims:
        return variables.compute(name, _CHAIN, transfer, survival, 1.0)
    return variables.compute(name, _REPEATED, transfer, survival, 1.0, float(link.count))
