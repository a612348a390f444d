"""From the form in which a described value varies to the channels and cores that it belongs to."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from mcfiber import units
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.record import Description
from mcfiber.descriptions.values import ByChannel, ByCore, RateTable, WavelengthTable, declared
from mcfiber.fiber.channels import Channels
from mcfiber.labelled import array, joined, stacked, variable
from mcfiber.typing import IntArray, Quantity, is_axis

Convert = Callable[[Any], Any]


def on_grid(description: Description, field: str, channels: Channels, path: str = "") -> Quantity:
    """Read a field in SI, with dimensions channel and core where its form makes it differ along them.

    Parameters
    ----------
    description
        Holds the field.
    field
        Its name; what it may hold is in its declaration (`mcfiber.descriptions.values`).
    channels
        Channels in SI: their bands, their wavelengths, and their order in the description.
    path
        Of the description in the system, for a refusal.

    Returns
    -------
    Variable or number
        Tables against wavelength are interpolated in the unit of the field, then converted.

    Raises
    ------
    DescriptionError
        If a table does not cover the channels.

    Examples
    --------
    >>> from mcfiber.descriptions.line import Amplifier
    >>> from mcfiber.descriptions.spectrum import Spectrum
    >>> from mcfiber.fiber.channels import channels as entered
    >>> grid = entered(Spectrum(frequency_thz=[190.0, 193.0], symbol_rate_gbd=64))
    >>> on_grid(Amplifier(noise_figure_db={"C": 10, "L": 20}), "noise_figure_db", grid).values.tolist()
    [100.0, 10.0]
    """
    value = getattr(description, field)
    if value is None:
        return None
    unit = units.unit_of(field)
    to_si = unit.to_si if unit is not None else _same
    if isinstance(value, float):
        return to_si(value)
    try:
        return _placed(value, to_si, channels, _listed_by(type(description), field))
    except ValueError as error:
        msg = f"{'.'.join(filter(None, (path, field)))}: {error}"
        raise refused(msg) from None


def _same(value: Quantity) -> Quantity:
    return value


@cache
def _listed_by(model: type[Description], field: str) -> str:
    """Along which dimension a plain list of the field goes."""
    rule = declared(model, field)
    return rule.listed or ("core" if "core" in rule.varies else "channel")


def _placed(value: Any, to_si: Convert, channels: Channels, listed_by: str) -> Quantity:
    if isinstance(value, WavelengthTable):
        return units.mapped(to_si, units.mapped(value.at, channels.wavelength * 1e9))
    if isinstance(value, RateTable):
        return units.mapped(to_si, units.mapped(partial(_interpolated, value), channels.symbol_rate * 1e-9))
    if isinstance(value, ByCore):
        return stacked([_placed(item, to_si, channels, "core") for item in value.core], "core")
    if isinstance(value, ByChannel):
        return channels.spread(tuple(_entered(item, to_si) for item in value.channel))
    if isinstance(value, dict):
        return _by_band(value, to_si, channels, listed_by)
    if isinstance(value, tuple):
        items = tuple(_placed(item, to_si, channels, listed_by) for item in value)
        return stacked(items, "core") if listed_by == "core" else channels.spread(items)
    return _entered(value, to_si)


def _interpolated(table: RateTable, asked: Quantity) -> Quantity:
    below, weight = table.place(np.asarray(asked))
    values = np.asarray(table.value)
    return values[below] * (1.0 - weight) + values[below + 1] * weight


def _entered(value: Any, to_si: Convert) -> Quantity:
    return units.mapped(to_si, variable(value)) if is_axis(value) else to_si(value)


def _by_band(value: dict[str, Any], to_si: Convert, channels: Channels, listed_by: str) -> Quantity:
    """One value for each band, each in a form of its own."""
    items = [value[band] for band in channels.members]
    alone = not any(isinstance(item, tuple) for item in items)
    if (alone or listed_by == "channel") and not any(isinstance(item, Description) for item in items):
        plain = {
            band: tuple(_entered(one, to_si) for one in item) if isinstance(item, tuple) else _entered(item, to_si)
            for band, item in value.items()
        }
        return channels.spread(plain)
    parts = [_placed(value[band], to_si, channels.part(where), listed_by) for band, where in channels.members.items()]
    where: list[IntArray] = list(channels.members.values())
    together = joined(parts, [one.size for one in where], "channel")
    order = np.argsort(np.concatenate(where))
    return array(together.dims, np.take(together.data, order, axis=together.dims.index("channel")))
