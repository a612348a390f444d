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


def _ratio(decibels: Any) -> Any:
    # Python's own power, and that of NumPy's single numbers, round otherwise than NumPy does for an array.
    ratio = np.power(10.0, np.divide(decibels, 10.0))
    return ratio if isinstance(decibels, np.ndarray) else float(ratio)


UNITS: dict[str, Unit] = {
    "nm": _scaled("nm", 1e-9),
    "um": _scaled("um", 1e-6),
    "mm": _scaled("mm", 1e-3),
    "m": _scaled("m", 1.0),
    "km": _scaled("km", 1e3),
    "um2": _scaled("um^2", 1e-12),
    "ghz": _scaled("GHz", 1e9),
    "thz": _scaled("THz", 1e12),
    "khz": _scaled("kHz", 1e3),
    "gbd": _scaled("GBd", 1e9),
    "s": _scaled("s", 1.0),
    "ps": _scaled("ps", 1e-12),
    "k": _scaled("K", 1.0),
    "w": _scaled("W", 1.0),
    "mw": _scaled("mW", 1e-3),
    "kw": _scaled("kW", 1e3),
    "kv": _scaled("kV", 1e3),
    "a": _scaled("A", 1.0),
    "deg": _scaled("degree", math.pi / 180.0),
    "percent": _scaled("%", 1e-2),
    "per_m": _scaled("1/m", 1.0),
    "per_km": _scaled("1/km", 1e-3),
    "per_m_s": _scaled("1/(m s)", 1.0),
    "ohm_per_km": _scaled("ohm/km", 1e-3),
    "v_per_km": _scaled("V/km", 1e-3),
    "per_w_km": _scaled("1/(W km)", 1e-3),
    "m2_per_w": _scaled("m^2/W", 1.0),
    "ps_per_nm": _scaled("ps/nm", 1e-3),
    "ps_per_nm_km": _scaled("ps/(nm km)", 1e-6),
    "ps_per_nm2_km": _scaled("ps/(nm^2 km)", 1e3),
    "ps_per_km": _scaled("ps/km", 1e-15),
    "ps_per_sqrt_km": _scaled("ps/sqrt(km)", 1e-12 / math.sqrt(1e3)),
    "tbps": _scaled("Tb/s", 1e12),
    "ebps_km": _scaled("Eb/s km", 1e21),
    "db": Unit("dB", _ratio, lambda value: 10.0 * np.log10(value)),
    "dbm": Unit("dBm", lambda value: 1e-3 * _ratio(value), lambda value: 10.0 * np.log10(value * 1e3)),
    "db_per_km": _scaled("dB/km", 1e-3 / DB_PER_NEPER),
    "db_per_m": _scaled("dB/m", 1.0 / DB_PER_NEPER),
    "db_um4_per_km": _scaled("dB um^4/km", 1e-3 * 1e-24 / DB_PER_NEPER),
    "db_per_nm": _scaled("dB/nm", 1e9 / DB_PER_NEPER),
    "rms_db": _scaled("dB", 1.0 / DB_PER_NEPER),
}


@cache
def unit_of(field: str) -> Unit | None:
    """Find the unit that a field's name ends with; None for a pure number."""
    words = field.split("_")
    if words[0] == "per":  # what a kilometre costs is not a length
        return None
    for start in range(1, len(words)):
        unit = UNITS.get("_".join(words[start:]))
        if unit is not None:
            return unit
    return None


def unit_label(field: str) -> str:
    """Spell the unit of a field, with a space before it; empty for a pure number."""
    unit = unit_of(field)
    return f" {unit.label}" if unit else ""


_FAMILIES: tuple[tuple[str, dict[str, Unit]], ...] = (
    ("lengths", {unit.label: unit for unit in map(UNITS.get, ("m", "um", "nm", "mm", "km")) if unit is not None}),
    ("frequencies", {"Hz": _scaled("Hz", 1.0), "kHz": UNITS["khz"], "GHz": UNITS["ghz"], "THz": UNITS["thz"]}),
    ("symbol rates", {"Bd": _scaled("Bd", 1.0), "GBd": UNITS["gbd"], "TBd": _scaled("TBd", 1e12)}),
    ("powers", {"W": UNITS["w"], "mW": UNITS["mw"], "dBm": UNITS["dbm"]}),
    ("times", {"s": UNITS["s"], "ps": UNITS["ps"]}),
    ("ratios", {"dB": UNITS["db"]}),
)
"""Units of one kind, by label: what a value in the wrong one was probably given in, the SI unit first."""


def likely(value: float, label: str, inside: Callable[[float], Any]) -> str:
    """Say what a refused value was probably meant to be, if it fits in SI or in another unit of the same kind.

    Parameters
    ----------
    value
        The refused number.
    label
        Label of the unit that its field is in.
    inside
        Tells whether a number is allowed.

    Examples
    --------
    >>> likely(40e-6, "um", lambda number: 1 <= number <= 1000)
    'did you mean 40 um? lengths are in um'
    """
    own = next((unit for unit in UNITS.values() if unit.label == label), None)
    if own is None or not math.isfinite(value) or value == 0.0:
        return ""
    kind, family = next((known for known in _FAMILIES if label in known[1]), ("values", {}))
    logarithmic = label.startswith("dB") and label in ("dB", "dBm")
    if value < 0.0 and (logarithmic or "dBm" not in family):
        return ""
    tried = [_scaled("", 1.0)] if label != "dB" or not inside(1.0) else []
    for unit in (*tried, *family.values()):
        if unit is own or (value < 0.0 and unit.label != "dBm"):
            continue
        with np.errstate(over="ignore", under="ignore", divide="ignore"):
            guess = float(own.from_si(unit.to_si(value)))
        if inside(guess):
            return f"did you mean {guess:.6g} {label}? {kind} are in {label}"
    return ""


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
    if not hasattr(value, "coords"):  # behind the doors
        return type(value)(value.dims, function(value.data), fastpath=True)
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
