"""Units: one table from the suffix of a field's name to SI, and decibels.

Nothing else in the library converts: descriptions spell their engineering units in their field names
(`pitch_um`, `attenuation_db_per_km`), and the doors ask for `mcfiber.labelled.quantity(description, "pitch_um")`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from mcfiber.typing import AnyArray, FloatArray, Quantity

if TYPE_CHECKING:
    import xarray as xr


T = TypeVar("T", float, AnyArray, "xr.DataArray", "xr.Variable")

SPEED_OF_LIGHT = 299_792_458.0  # m/s, exact (SI 2019)
PLANCK = 6.626_070_15e-34  # J s, exact (SI 2019)
BOLTZMANN = 1.380_649e-23  # J/K, exact (SI 2019)
DB_PER_NEPER = 10.0 / math.log(10.0)  # decibels of power in one neper of power


@dataclass(frozen=True)
class Unit:
    """How a number in engineering units becomes SI."""

    label: str
    to_si: Callable[[Any], Any]
    from_si: Callable[[Any], Any]


def _scaled(label: str, factor: float) -> Unit:
    return Unit(label, lambda value: value * factor, lambda value: value / factor)


UNITS: dict[str, Unit] = {
    "nm": _scaled("nm", 1e-9),
    "um": _scaled("um", 1e-6),
    "mm": _scaled("mm", 1e-3),
    "m": _scaled("m", 1.0),
    "km": _scaled("km", 1e3),
    "um2": _scaled("um^2", 1e-12),
    "ghz": _scaled("GHz", 1e9),
    "thz": _scaled("THz", 1e12),
    "gbd": _scaled("GBd", 1e9),
    "s": _scaled("s", 1.0),
    "ps": _scaled("ps", 1e-12),
    "k": _scaled("K", 1.0),
    "w": _scaled("W", 1.0),
    "mw": _scaled("mW", 1e-3),
    "deg": _scaled("degree", math.pi / 180.0),
    "percent": _scaled("%", 1e-2),
    "per_m": _scaled("1/m", 1.0),
    "per_km": _scaled("1/km", 1e-3),
    "per_w_km": _scaled("1/(W km)", 1e-3),
    "m2_per_w": _scaled("m^2/W", 1.0),
    "ps_per_nm_km": _scaled("ps/(nm km)", 1e-6),
    "ps_per_nm2_km": _scaled("ps/(nm^2 km)", 1e3),
    "ps_per_km": _scaled("ps/km", 1e-15),
    "ps_per_sqrt_km": _scaled("ps/sqrt(km)", 1e-12 / math.sqrt(1e3)),
    "tbps": _scaled("Tb/s", 1e12),
    "ebps_km": _scaled("Eb/s km", 1e21),
    "db": Unit("dB", lambda value: 10.0 ** (value / 10.0), lambda value: 10.0 * np.log10(value)),
    "dbm": Unit("dBm", lambda value: 1e-3 * 10.0 ** (value / 10.0), lambda value: 10.0 * np.log10(value * 1e3)),
    "db_per_km": _scaled("dB/km", 1e-3 / DB_PER_NEPER),
    "db_um4_per_km": _scaled("dB um^4/km", 1e-3 * 1e-24 / DB_PER_NEPER),
    "db_per_nm": _scaled("dB/nm", 1e9 / DB_PER_NEPER),
    "rms_db": _scaled("dB", 1.0 / DB_PER_NEPER),
}


@cache
def unit_of(field: str) -> Unit | None:
    """Find the unit that a field's name ends with; None for a pure number."""
    words = field.split("_")
    for start in range(1, len(words)):
        unit = UNITS.get("_".join(words[start:]))
        if unit is not None:
            return unit
    return None


def unit_label(field: str) -> str:
    """Spell the unit of a field, with a space before it; empty for a pure number."""
    unit = unit_of(field)
    return f" {unit.label}" if unit else ""


def convert(value: Quantity, unit: str) -> Quantity:
    """Turn a value in engineering units into SI.

    Parameters
    ----------
    value
        A number, an array or a labelled array.
    unit
        Suffix of the table `UNITS`, as in ``"db_per_km"``.

    Returns
    -------
    In SI, of the kind of `value`.

    Notes
    -----
    Ratios in decibels are those of powers, ``10^(x/10)``; attenuation and log gains are in nepers of power,
    ``ln(10)/10`` for each decibel. On decibel and neper see [1]_.

    References
    ----------
    .. [1] BIPM, "The International System of Units (SI)," 9th edition, 2019, table 8.
    """
    return mapped(UNITS[unit].to_si, value)


def mapped(function: Callable[[Any], Any], value: Quantity) -> Quantity:
    """Apply an elementwise function of an array or number, keeping labels but no attributes: the unit changes.

    Several times faster than arithmetic on labelled arrays; for several values see `mcfiber.labelled.combined`.
    """
    if not hasattr(value, "dims"):
        return function(value)
    if hasattr(value, "with_values"):  # the axis of a description
        return value.with_values(function(value.values))
    result = value.copy(deep=False, data=function(value.data))
    result.attrs = {}
    return result


def decibels(ratio: T) -> T:
    """Turn a linear power ratio into decibels; zero gives minus infinity."""

    def log(values: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore"):
            return 10.0 * np.log10(values)

    result: T = mapped(log, ratio)
    return result


def watts(dbm: T) -> T:
    """Turn a power in dBm into W; infinity, where there is no limit, stays."""
    result: T = mapped(UNITS["dbm"].to_si, dbm)
    return result


def dbm(power: T) -> T:
    """Turn a power in W into dBm."""
    result: T = mapped(UNITS["dbm"].from_si, power)
    return result


def wavelength(frequency: T) -> T:
    """Turn a frequency (Hz) into a vacuum wavelength (m), or back."""
    result: T = mapped(lambda value: SPEED_OF_LIGHT / value, frequency)
    return result
