"""Pump powers that give an on-off gain."""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from scipy.optimize import brentq

from mcfiber.arguments import NUMBER, arguments, real
from mcfiber.descriptions.errors import refused
from mcfiber.evaluate import records
from mcfiber.labelled import has, reduced
from mcfiber.line.line import Line
from mcfiber.line.power import power_profile
from mcfiber.typing import is_axis

if TYPE_CHECKING:
    from mcfiber.descriptions.system import System

WEAKEST, STRONGEST = 1e-4, 1e3
"""Factors on the described pump powers between which the gain is looked for."""


@arguments(gain_db=real(above=0, high=100, dims=NUMBER, remedy="usual: 5 to 25 dB"))
def pumped_to_gain(system: "System", gain_db: float) -> "System":
    """Scale the Raman pumps of a line so that they give an on-off gain.

    Parameters
    ----------
    system
        Without axes, with pumps in its spans; their powers only say how they share.
    gain_db
        Power of the signals at the end of a span over that without pumps: its mean in dB over the channels, the
        spans, and the cores that have pumps.

    Returns
    -------
    System
        With the powers found.

    Raises
    ------
    DescriptionError
        If there are no pumps, something is an axis, or no power gives this gain.

    Notes
    -----
    The coupled equations of `mcfiber.kernels.raman`, with depletion of the pumps [1]_; bisection.

    References
    ----------
    .. [1] J. Bromage, "Raman amplification for fiber communications systems," *J. Lightw. Technol.*, vol. 22, no. 1,
       pp. 79-93, 2004.

    Examples
    --------
    >>> import mcfiber as mcf
    >>> system = mcf.System(
    ...     spectrum={"frequency_thz": [193.4], "symbol_rate_gbd": 64},
    ...     fiber={"layout": {"kind": "hexagonal", "cores": 1}},
    ...     link={"span": {"length_km": 100, "raman_pumps": [{"wavelength_nm": 1455, "power_mw": 1}]}},
    ...     models={"raman": "silica"},
    ... )
    >>> found = pumped_to_gain(system, 10.0)
    >>> 200 < found.link.span.raman_pumps[0].power_mw < 400
    True
    """
    paths = _power_paths(system)
    if not paths:
        msg = "link.span.raman_pumps: there are none; give at least one, with any power"
        raise refused(msg)
    without = _end_db(_scaled(system, paths, 0.0))

    def excess(logarithm: float) -> float:
        gain = _end_db(_scaled(system, paths, float(np.exp(logarithm)))) - without
        pumped = gain.where(gain > 1e-6)
        return float(pumped.mean()) - gain_db if bool((gain > 1e-6).any()) else -gain_db

    low, high = np.log(WEAKEST), np.log(WEAKEST)
    if excess(low) >= 0.0:
        msg = f"gain_db: got {gain_db:g} dB, which the described pumps exceed by far; ask for more, or lower them"
        raise refused(msg)
    while excess(high) < 0.0:
        low, high = high, high + 1.0
        if high > np.log(STRONGEST):
            msg = f"gain_db: got {gain_db:g} dB, which no power of these pumps gives; move them, or ask for less"
            raise refused(msg)
    return _scaled(system, paths, float(np.exp(brentq(excess, low, high, xtol=1e-12))))


def _power_paths(system: "System") -> list[str]:
    listed = isinstance(system.link.span, tuple)
    found = []
    for index, span in enumerate(system.link.spans):
        place = f"link.span.{index}" if listed else "link.span"
        found += [f"{place}.raman_pumps.{k}.power_mw" for k in range(len(span.raman_pumps))]
    return found


def _scaled(system: "System", paths: list[str], factor: float) -> "System":
    def times(value: Any) -> Any:
        if is_axis(value):
            msg = "link.span.raman_pumps: a power is an axis; give numbers"
            raise refused(msg)
        return tuple(map(times, value)) if isinstance(value, tuple) else value * factor

    return system.replace({path: times(system.value_at(path)) for path in paths})


def _end_db(system: "System") -> xr.DataArray:
    """Power of the signals at the end of the fibre, in dB of a watt."""
    scene, _ = records(system)
    line: Line = scene.line
    evolution = power_profile(line, scene.medium, scene.channels, raman="silica").evolution
    if evolution is None:
        msg = 'models.raman: "silica" is needed'
        raise refused(msg)
    end = 10.0 * np.log10(evolution.end)
    return xr.DataArray(reduced(np.mean, end, "channel") if has(end, "channel") else end)
