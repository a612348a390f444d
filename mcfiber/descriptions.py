"""The base of every description: frozen, strict, changed only through `replace`.

A description is a record in engineering units, spelled in the field names.  A real-valued field holds a
number or a labelled axis (a 1-D DataArray): that one idea makes an evaluation, a sweep and a prediction
the same computation.
"""

import math
import numbers
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self, TypeVar

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainValidator, ValidationError, ValidationInfo
from pydantic.fields import FieldInfo

from mcfiber.units import unit_label

T = TypeVar("T")
Check = Callable[[Any, ValidationInfo], Any]


class DescriptionError(ValueError):
    """A value that a description refuses; `problems` lists (path, sentence) pairs."""

    def __init__(self, title: str, problems: list[tuple[str, str]]) -> None:
        self.title = title
        self.problems = problems
        super().__init__(title, problems)

    def __str__(self) -> str:
        return "; ".join(f"{path}: {text}" if path else text for path, text in self.problems)


class Description(BaseModel):
    """A frozen record that refuses unknown keys and wrong values, and says why."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise DescriptionError(type(self).__name__, list(_problems(error, type(self)))) from None

    def replace(self, changes: Mapping[str, Any]) -> Self:
        """Copy with other values, validated again.

        Parameters
        ----------
        changes
            New values by path, as in ``{"layout.pitch_um": 40.0}``; a path goes through nested descriptions,
            keys of tables and positions of lists.

        Raises
        ------
        DescriptionError
            If a path leads nowhere or a new value is refused.
        """
        result: Self = _replaced(self, _tree(changes), ())
        return result

    def value_at(self, path: str) -> Any:
        """Read the value at a path of the form that `replace` takes."""
        value: Any = self
        for position, key in enumerate(path.split(".")):
            value = _child(value, key, tuple(path.split(".")[:position]))
        return value

    def __eq__(self, other: object) -> bool:
        return (
            type(self) is type(other)
            and self.__dict__.keys() == other.__dict__.keys()
            and all(_same(value, other.__dict__[name]) for name, value in self.__dict__.items())
        )

    __hash__ = None  # type: ignore[assignment]  # fields may hold arrays


# ---------------------------------------------------------------------------------------------------------
# numbers


def number(
    *,
    low: float = -math.inf,
    high: float = math.inf,
    above: float = -math.inf,
    infinite: bool = False,
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
    remedy
        What to do about a refused value.
    """

    def check(value: Any, info: ValidationInfo) -> Any:
        unit = unit_label(info.field_name or "")
        allowed = _range_text(low, high, above, unit)
        return _checked_number(value, unit, allowed, _within(low, high, above, infinite), remedy)

    return PlainValidator(check)


def integer(*, low: int, high: int | None = None, remedy: str = "") -> PlainValidator:
    """Accept a whole number inside a range (structural: it cannot be an axis)."""

    def check(value: Any) -> int:
        allowed = f"a whole number of at least {low}" if high is None else f"a whole number, {low} to {high}"
        whole = isinstance(value, numbers.Integral) and not isinstance(value, (bool, np.bool_))
        if not whole or value < low or (high is not None and value > high):
            shown = "true" if value is True else "false" if value is False else repr(value)
            msg = f"got {shown}; allowed: {allowed}" + (f"; {remedy}" if remedy else "")
            raise ValueError(msg)
        return int(value)

    return PlainValidator(check)


def each(inner: PlainValidator, *, remedy: str = "") -> PlainValidator:
    """Accept one value, or a list with one value for each core or channel."""
    check: Check = inner.func  # type: ignore[assignment]

    def checked(value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, np.ndarray) and value.ndim == 1:
            value = value.tolist()
        if isinstance(value, (list, tuple)):
            if not value:
                msg = "an empty list is no value" + (f"; {remedy}" if remedy else "")
                raise ValueError(msg)
            return tuple(_located(f"[{index}]", check, item, info) for index, item in enumerate(value))
        return check(value, info)

    return PlainValidator(checked)


def by_band(inner: PlainValidator) -> PlainValidator:
    """Accept one value, or a table with one value for each band."""
    check: Check = inner.func  # type: ignore[assignment]

    def checked(value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, Mapping):
            if not value:
                msg = "an empty table is no value; give one value, or one for each band"
                raise ValueError(msg)
            return {band: _located(f"[{band}]", check, item, info) for band, item in value.items()}
        return check(value, info)

    return PlainValidator(checked)


def sequence() -> BeforeValidator:
    """Accept NumPy arrays where a list is asked for."""
    return BeforeValidator(lambda value: value.tolist() if isinstance(value, np.ndarray) else value)


def is_axis(value: Any) -> bool:
    """Tell whether a value of a field is a labelled axis."""
    return hasattr(value, "dims")


def _checked_number(value: Any, unit: str, allowed: str, inside: Callable[[Any], Any], remedy: str) -> Any:
    end = f"; {remedy}" if remedy else ""
    if is_axis(value):
        return _checked_axis(value, unit, allowed, inside, end)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        shown = "true" if value is True else "false" if value is False else repr(value)
        msg = f"got {shown}, which is not a number; allowed: {allowed}{end}"
        raise ValueError(msg)
    result = float(value)
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


def _range_text(low: float, high: float, above: float, unit: str) -> str:
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


def _located(place: str, check: Check, item: Any, info: ValidationInfo) -> Any:
    try:
        return check(item, info)
    except ValueError as error:
        msg = f"at {place}: {error}"
        raise ValueError(msg) from None


# ---------------------------------------------------------------------------------------------------------
# replace and paths


class _Leaf:
    """A new value at the end of a path (it may itself be a table)."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _tree(changes: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in changes.items():
        *parents, last = path.split(".")
        branch = tree
        for key in parents:
            branch = branch.setdefault(key, {})
            if isinstance(branch, _Leaf):
                msg = f"{path}: another change already replaces {key!r}"
                raise refused(msg)
        branch[last] = _Leaf(value)
    return tree


def _replaced(target: Any, change: Any, path: tuple[str, ...]) -> Any:
    if isinstance(change, _Leaf):
        return change.value
    if isinstance(target, Description):
        values = {name: getattr(target, name) for name in target.model_fields_set}
        for key, inner in change.items():
            values[key] = _replaced(_child(target, key, path), inner, (*path, key))
        try:
            return type(target)(**values)
        except DescriptionError as error:
            problems = [(".".join((*path, where)) if where else ".".join(path), text) for where, text in error.problems]
            raise DescriptionError(error.title, problems) from None
    if isinstance(target, dict):
        return target | {
            key: _replaced(_child(target, key, path), inner, (*path, key)) for key, inner in change.items()
        }
    items = list(target) if isinstance(target, (list, tuple)) else []
    for key, inner in change.items():
        items[_index(target, key, path)] = _replaced(_child(target, key, path), inner, (*path, key))
    return tuple(items)


def _child(target: Any, key: str, path: tuple[str, ...]) -> Any:
    if isinstance(target, Description):
        if key in type(target).model_fields:
            return getattr(target, key)
        raise _no_such_path(path, key, list(type(target).model_fields))
    if isinstance(target, dict):
        if key in target:
            return target[key]
        raise _no_such_path(path, key, [str(name) for name in target])
    return target[_index(target, key, path)] if isinstance(target, (list, tuple)) else _index(target, key, path)


def _index(target: Any, key: str, path: tuple[str, ...]) -> int:
    if not isinstance(target, (list, tuple)):
        msg = f"{'.'.join((*path, key))}: {'.'.join(path)} holds {target!r}, which has no part {key!r}"
        raise refused(msg)
    if not key.isdigit() or int(key) >= len(target):
        raise _no_such_path(path, key, [str(index) for index in range(len(target))])
    return int(key)


def _no_such_path(path: tuple[str, ...], key: str, known: list[str]) -> DescriptionError:
    return refused(f"{'.'.join((*path, key))}: no such field; known here: {', '.join(known)}")


def refused(message: str) -> DescriptionError:
    """Make the error for a message of the form ``"field: sentence"``."""
    path, _, text = message.partition(": ")
    return DescriptionError("value", [(path, text)])


def _same(first: Any, second: Any) -> bool:
    if is_axis(first) or is_axis(second):
        return is_axis(first) and is_axis(second) and bool(first.identical(second))
    return bool(first == second)


# ---------------------------------------------------------------------------------------------------------
# messages


def _problems(error: ValidationError, model: type[BaseModel]) -> Iterable[tuple[str, str]]:
    for item in error.errors(include_url=False):
        cause = item.get("ctx", {}).get("error")
        path = ".".join(str(part) for part in item["loc"] if not _is_tag(part))
        if isinstance(cause, DescriptionError):
            for inner, text in cause.problems:
                yield (".".join(filter(None, (path, inner))), text)
        else:
            yield (path, _sentence(item, cause, model))


def _is_tag(part: Any) -> bool:
    """Tell the names that pydantic adds for the branches of a union from the keys of a user."""
    return isinstance(part, str) and (not part.isidentifier() or part[:1].isupper())


def _sentence(item: Any, cause: Any, model: type[BaseModel]) -> str:
    kind = item["type"]
    if cause is not None:
        return str(cause)
    if kind == "extra_forbidden":
        known = _fields_at(model, item["loc"][:-1])
        return f"unknown key{': known here are ' + ', '.join(known) if known else ''}"
    if kind == "missing":
        return "is missing and has no default"
    if kind in ("literal_error", "enum"):
        return f"got {item['input']!r}; allowed: {item['ctx']['expected']}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        known_kinds = item.get("ctx", {}).get("expected_tags", "the known kinds")
        return f"got {item['input']!r}; `kind` must be one of {known_kinds}"
    return f"got {item['input']!r}: {item['msg'].lower()}"


def _fields_at(model: type[BaseModel], loc: tuple[Any, ...]) -> list[str]:
    if not loc:
        return list(model.model_fields)
    field: FieldInfo | None = model.model_fields.get(str(loc[0]))
    annotation = field.annotation if field else None
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _fields_at(annotation, loc[1:])
    return []
