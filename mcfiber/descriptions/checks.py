"""Checks of single values: numbers in a range, whole numbers, truths, lists, tables."""

import math
import numbers
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from pydantic import BeforeValidator, PlainValidator, ValidationInfo

from mcfiber.descriptions.errors import DescriptionError, Problem, is_truth, shown, without_array
from mcfiber.typing import is_axis
from mcfiber.units import unit_label

Check = Callable[[Any, ValidationInfo], Any]


def number(
    *,
    low: float = -math.inf,
    high: float = math.inf,
    above: float = -math.inf,
    infinite: bool = False,
    axis: bool = True,
    remedy: str = "",
) -> PlainValidator:
    """Accept a number, or a labelled axis of numbers, inside a range.

    Parameters
    ----------
    low, high
        Smallest and largest allowed value.
    above
        Bound that the value must exceed.
    infinite
        Whether plus infinity is a value.
    axis
        Whether the value may be an axis.
    remedy
        What to do about a refused value.
    """

    def check(value: Any, info: ValidationInfo) -> Any:
        unit = unit_label(info.field_name or "")
        allowed = _range_text(low, high, above, infinite, unit)
        if not axis and is_axis(value) and value.ndim:
            msg = f"got an axis, but this value cannot be one; allowed: {allowed}"
            raise ValueError(msg)
        return _checked_number(value, unit, allowed, _within(low, high, above, infinite), remedy)

    return PlainValidator(check)


def integer(*, low: int, high: int | None = None, remedy: str = "") -> PlainValidator:
    """Accept a whole number inside a range (structural: it cannot be an axis)."""
    allowed = f"a whole number of at least {low}" if high is None else f"a whole number, {low} to {high}"
    end = f"; {remedy}" if remedy else ""

    def check(value: Any, _info: ValidationInfo) -> int:
        value = without_array(value)
        if is_axis(value):
            msg = f"got an axis, but this value cannot be one; allowed: {allowed}{end}"
            raise ValueError(msg)
        whole = isinstance(value, numbers.Integral) and not is_truth(value)
        if not whole or value < low or (high is not None and value > high):
            msg = f"got {shown(value)}; allowed: {allowed}{end}"
            raise ValueError(msg)
        return int(value)

    return PlainValidator(check)


def flag() -> PlainValidator:
    """Accept true or false, and nothing that merely looks like it."""

    def check(value: Any, _info: ValidationInfo) -> bool:
        if not is_truth(value):
            msg = f"got {shown(value)}; allowed: true or false"
            raise ValueError(msg)
        return bool(value)

    return PlainValidator(check)


def each(inner: PlainValidator, *, single: bool = True, remedy: str = "") -> PlainValidator:
    """Accept one value (unless a list is asked for), or a list with one value for each core or channel."""
    check: Check = inner.func  # type: ignore[assignment]

    def checked(value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, np.ndarray) and value.ndim == 1:
            value = value.tolist()
        if not isinstance(value, (list, tuple)):
            if single or value is None:
                return check(value, info)
            msg = f"got {shown(value)}; allowed: a list of numbers" + (f"; {remedy}" if remedy else "")
            raise ValueError(msg)
        if not value:
            msg = "got an empty list; give one value, or one for each" + (f"; {remedy}" if remedy else "")
            raise ValueError(msg)
        return tuple(_checked_items(check, enumerate(value), info).values())

    return PlainValidator(checked)


def by_band(inner: PlainValidator, *, bands: Iterable[str] = ()) -> PlainValidator:
    """Accept one value, or a table with one value for each band (of known names, where those are given)."""
    return by_name(inner, "band", names=bands)


def by_name(inner: PlainValidator, what: str, *, names: Iterable[str] = ()) -> PlainValidator:
    """Accept one value, or a table with one value for each of something (of known names, where those are given)."""
    check: Check = inner.func  # type: ignore[assignment]
    known = tuple(names)

    def checked(value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, Mapping):
            return check(value, info)
        if not value:
            msg = f"got an empty table; give one value, or one for each {what}"
            raise ValueError(msg)
        if known and (wrong := [name for name in value if name not in known]):
            msg = f"got a {what} {shown(wrong[0])}; allowed: {', '.join(known)}"
            raise ValueError(msg)
        return _checked_items(check, value.items(), info)

    return PlainValidator(checked)


def sequence() -> BeforeValidator:
    """Accept NumPy arrays where a list is asked for."""
    return BeforeValidator(lambda value: value.tolist() if isinstance(value, np.ndarray) else value)


def _checked_items(check: Check, items: Iterable[tuple[Any, Any]], info: ValidationInfo) -> dict[Any, Any]:
    """Check every item and report all that are refused, each under its own path."""
    accepted: dict[Any, Any] = {}
    problems: list[Problem] = []
    for key, item in items:
        try:
            accepted[key] = check(item, info)
        except DescriptionError as error:
            problems += [(f"{key}.{path}", text) for path, text in error.problems]
        except ValueError as error:
            problems.append((str(key), str(error)))
    if problems:
        raise DescriptionError(str(info.field_name), problems)
    return accepted


def _checked_number(value: Any, unit: str, allowed: str, inside: Callable[[Any], Any], remedy: str) -> Any:
    end = f"; {remedy}" if remedy else ""
    value = without_array(value)
    if is_axis(value):
        return _checked_axis(value, unit, allowed, inside, end)
    if is_truth(value) or not isinstance(value, numbers.Real):
        msg = f"got {shown(value)}, which is not a number; allowed: {allowed}{end}"
        raise ValueError(msg)
    try:
        result = float(value)
    except OverflowError:
        result = math.inf
    if not inside(result):
        msg = f"got {result:g}{unit}; allowed: {allowed}{end}"
        raise ValueError(msg)
    return result


def _checked_axis(value: Any, unit: str, allowed: str, inside: Callable[[Any], Any], end: str) -> Any:
    if value.ndim != 1 or value.size == 0:
        msg = f"got an axis of shape {value.shape}; allowed: one labelled dimension, at least one value{end}"
        raise ValueError(msg)
    if value.dtype.kind not in "iuf":
        msg = f"got an axis of {value.dtype}; allowed: numbers, {allowed}{end}"
        raise ValueError(msg)
    bad = ~inside(np.asarray(value.data, dtype=np.float64))
    if bad.any():
        where = int(np.argmax(bad))
        msg = f"got {float(value.data[where]):g}{unit} at position {where} of the axis; allowed: {allowed}{end}"
        raise ValueError(msg)
    return value.astype(np.float64)


def _within(low: float, high: float, above: float, infinite: bool) -> Callable[[Any], Any]:
    def inside(value: Any) -> Any:
        # NaN fails every comparison, so it is refused with the rest.
        finite = value < math.inf if not infinite else value == value
        return (value >= low) & (value <= high) & (value > above) & finite & (value > -math.inf)

    return inside


def _range_text(low: float, high: float, above: float, infinite: bool, unit: str) -> str:
    text = _bounds_text(low, high, above, unit)
    return f"{text}, or infinity" if infinite else text


def _bounds_text(low: float, high: float, above: float, unit: str) -> str:
    if low > -math.inf and high < math.inf:
        return f"{low:g} to {high:g}{unit}"
    if above > -math.inf:
        end = f" and at most {high:g}{unit}" if high < math.inf else ""
        return f"above {above:g}{unit}{end}"
    if low > -math.inf:
        return f"at least {low:g}{unit}"
    if high < math.inf:
        return f"at most {high:g}{unit}"
    return f"any finite number{' of' + unit if unit else ''}"
