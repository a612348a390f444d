"""The base of every description: frozen, strict, changed only through `replace`.

A description is a record in engineering units, spelled in the field names.  A real-valued field holds a
number or a labelled axis (a 1-D DataArray): that one idea makes an evaluation, a sweep and a prediction
the same computation.
"""

import difflib
import math
import numbers
import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainValidator, ValidationError, ValidationInfo

from mcfiber.units import unit_label

Check = Callable[[Any, ValidationInfo], Any]
Problem = tuple[str, str]  # path of the refused value, and a sentence


class DescriptionError(ValueError):
    """A value that a description refuses; `problems` lists (path, sentence) pairs."""

    def __init__(self, title: str, problems: list[Problem]) -> None:
        self.title = title
        self.problems = problems
        super().__init__(title, problems)

    def __str__(self) -> str:
        return "; ".join(f"{path}: {text}" if path else text for path, text in self.problems)


class Description(BaseModel):
    """A frozen record that refuses unknown keys and wrong values, and says why."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    def __init__(self, **values: Any) -> None:
        # None where None is the default means: not given.
        fields = type(self).model_fields
        given = {
            name: value
            for name, value in values.items()
            if value is not None or name not in fields or fields[name].get_default() is not None
        }
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise DescriptionError(type(self).__name__, _problems(error, type(self), values)) from None

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
        keys = tuple(path.split("."))
        for position, key in enumerate(keys):
            value = _child(value, key, keys[:position])
        return value

    def __eq__(self, other: object) -> bool:
        return (
            type(self) is type(other)
            and self.__dict__.keys() == other.__dict__.keys()
            and all(_same(value, other.__dict__[name]) for name, value in self.__dict__.items())
        )


# ---------------------------------------------------------------------------------------------------------
# numbers


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
        value = _without_array(value)
        if is_axis(value):
            msg = f"got an axis, but this value cannot be one; allowed: {allowed}{end}"
            raise ValueError(msg)
        whole = isinstance(value, numbers.Integral) and not _is_truth(value)
        if not whole or value < low or (high is not None and value > high):
            msg = f"got {_shown(value)}; allowed: {allowed}{end}"
            raise ValueError(msg)
        return int(value)

    return PlainValidator(check)


def flag() -> PlainValidator:
    """Accept true or false, and nothing that merely looks like it."""

    def check(value: Any, _info: ValidationInfo) -> bool:
        if not _is_truth(value):
            msg = f"got {_shown(value)}; allowed: true or false"
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
            msg = f"got {_shown(value)}; allowed: a list of numbers" + (f"; {remedy}" if remedy else "")
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
            msg = f"got a {what} {_shown(wrong[0])}; allowed: {', '.join(known)}"
            raise ValueError(msg)
        return _checked_items(check, value.items(), info)

    return PlainValidator(checked)


def sequence() -> BeforeValidator:
    """Accept NumPy arrays where a list is asked for."""
    return BeforeValidator(lambda value: value.tolist() if isinstance(value, np.ndarray) else value)


def is_axis(value: Any) -> bool:
    """Tell whether a value of a field is a labelled axis."""
    return hasattr(value, "dims")


def stacked(values: Iterable[Any], dim: str) -> Any:
    """Put the values of a list, numbers or axes, along a dimension."""
    import xarray as xr

    listed = list(values)
    if not any(map(is_axis, listed)):
        return xr.DataArray(np.asarray(listed), dims=dim)
    return xr.concat(xr.broadcast(*map(xr.DataArray, listed)), dim=dim)


def plain(value: Any) -> Any:
    """Turn a value of a description into plain tables, lists and numbers; an axis into a table of its values."""
    if isinstance(value, Description):
        kind = {"kind": value.kind} if "kind" in type(value).model_fields else {}  # type: ignore[attr-defined]
        given = {name: getattr(value, name) for name in sorted(value.model_fields_set)}
        return kind | {name: plain(item) for name, item in given.items() if item is not None}
    if is_axis(value):
        (dim,) = value.dims
        labels = {"labels": value[dim].values.tolist()} if dim in value.coords else {}
        return {"axis": dim, "values": value.values.tolist()} | labels
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def with_axes(value: Any) -> Any:
    """Turn the tables that `plain` makes of axes back into axes, in whatever holds them."""
    if isinstance(value, dict):
        if {"axis", "values"} <= value.keys() <= {"axis", "values", "labels"}:
            import xarray as xr

            coordinates = {value["axis"]: value["labels"]} if "labels" in value else None
            return xr.DataArray(value["values"], dims=value["axis"], coords=coordinates)
        return {key: with_axes(item) for key, item in value.items()}
    return [with_axes(item) for item in value] if isinstance(value, (list, tuple)) else value


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
    value = _without_array(value)
    if is_axis(value):
        return _checked_axis(value, unit, allowed, inside, end)
    if _is_truth(value) or not isinstance(value, numbers.Real):
        msg = f"got {_shown(value)}, which is not a number; allowed: {allowed}{end}"
        raise ValueError(msg)
    try:
        result = float(value)
    except OverflowError:
        result = math.inf
    if not inside(result):
        msg = f"got {result:g}{unit}; allowed: {allowed}{end}"
        raise ValueError(msg)
    return result


def _without_array(value: Any) -> Any:
    """Take a number out of an array without dimensions, labelled or not."""
    return value.item() if getattr(value, "ndim", None) == 0 and hasattr(value, "item") else value


def _is_truth(value: Any) -> bool:
    return isinstance(value, (bool, np.bool_))


def _shown(value: Any) -> str:
    """Show a refused value as its writer wrote it (TOML spells true), and not at any length."""
    if _is_truth(value):
        return "true" if value else "false"
    if value is None:
        return "nothing (None)"
    return " ".join(_SHORT.repr(value).split())


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60


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
                msg = f"{path}: another change replaces all of {key!r}"
                raise refused(msg)
        if last in branch:
            msg = f"{path}: another change replaces a part of it"
            raise refused(msg)
        branch[last] = _Leaf(value)
    return tree


def _replaced(target: Any, change: Any, path: tuple[str, ...]) -> Any:
    if isinstance(change, _Leaf):
        return change.value
    parts = {key: _replaced(_child(target, key, path), inner, (*path, key)) for key, inner in change.items()}
    if isinstance(target, Description):
        # Fields that were never given stay so: what is computed from others is computed anew.
        given = {name: getattr(target, name) for name in target.model_fields_set}
        try:
            return type(target)(**(given | parts))
        except DescriptionError as error:
            problems = [(".".join(filter(None, (*path, where))), text) for where, text in error.problems]
            raise DescriptionError(error.title, problems) from None
    if isinstance(target, dict):
        return target | parts
    return tuple(parts.get(str(index), item) for index, item in enumerate(target))


def _child(target: Any, key: str, path: tuple[str, ...]) -> Any:
    """Step from a description, a table or a list to one of its parts."""
    if isinstance(target, Description):
        known = {name: getattr(target, name) for name in type(target).model_fields}
    elif isinstance(target, dict):
        known = {str(name): item for name, item in target.items()}
    elif isinstance(target, (list, tuple)):
        known = {str(index): item for index, item in enumerate(target)}
    else:
        msg = f"{'.'.join((*path, key))}: {'.'.join(path)} is {_shown(target)}, which has no parts"
        raise refused(msg)
    if key not in known:
        msg = f"{'.'.join((*path, key))}: there is no such value{_suggestion(key, known)}"
        raise refused(msg)
    return known[key]


def refused(message: str) -> DescriptionError:
    """Make the error for a message of the form ``"field: sentence"``."""
    path, _, text = message.partition(": ")
    return DescriptionError("value", [(path, text)])


def _same(first: Any, second: Any) -> bool:
    if is_axis(first) or is_axis(second):
        return is_axis(first) and is_axis(second) and bool(first.identical(second))
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(map(_same, first, second))
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(_same(item, second[key]) for key, item in first.items())
    return bool(np.array_equal(first, second)) if isinstance(first, np.ndarray) else bool(first == second)


# ---------------------------------------------------------------------------------------------------------
# messages


def _problems(error: ValidationError, model: type[BaseModel], values: Mapping[str, Any]) -> list[Problem]:
    """Say in the user's terms what pydantic found.

    Where a value may be one of several descriptions, pydantic tries each and reports them all; only the
    complaints of the one that fits best are of use: it is about a part of the value, not all of it, or short.
    """
    attempts: dict[str, dict[str, list[Problem]]] = {}
    for item in error.errors(include_url=False):
        path, place, branch = _split(item["loc"], values)
        attempts.setdefault(place, {}).setdefault(branch, []).extend(_told(item, path, model))
    best = (
        min(branches.values(), key=lambda problems: (all(path == place for path, _ in problems), len(problems)))
        for place, branches in attempts.items()
    )
    return list(dict.fromkeys(problem for problems in best for problem in problems))


def _told(item: Any, path: str, model: type[BaseModel]) -> Iterator[Problem]:
    cause = item.get("ctx", {}).get("error")
    if isinstance(cause, DescriptionError):
        for inner, text in cause.problems:
            yield ".".join(filter(None, (path, inner))), text
    else:
        yield path, str(cause) if cause is not None else _sentence(item, model)


def _split(loc: tuple[Any, ...], values: Mapping[str, Any]) -> tuple[str, str, str]:
    """Find the path that the user wrote in a location, and where it enters which branch of a union."""
    keys, place, branch = [str(part) for part in loc[:1]], "", ""
    inside: Any = values.get(str(loc[0])) if loc else None
    for part in loc[1:]:
        if isinstance(inside, Mapping) and part in inside:
            inside = inside[part]
        elif isinstance(inside, (list, tuple)) and isinstance(part, int):
            inside = inside[part] if part < len(inside) else None
        else:  # not a key of the user's: pydantic's name for a branch
            place, branch = (place, branch) if branch else (".".join(keys), str(part))
            continue
        keys.append(str(part))
    return ".".join(keys), place, branch


def _sentence(item: Any, model: type[BaseModel]) -> str:
    kind, shown, details = item["type"], _shown(item["input"]), item.get("ctx", {})
    if kind == "extra_forbidden":
        return f"unknown key{_suggestion(str(item['loc'][-1]), model.model_fields)}"
    if kind == "missing":
        return "is missing and has no default"
    if kind == "union_tag_invalid":
        return f"got a {_bare(details['discriminator'])} {details['tag']!r}; allowed: {details['expected_tags']}"
    if kind == "union_tag_not_found":
        return f"got {shown}, which does not say its {_bare(details['discriminator'])}"
    if kind in _ALLOWED:
        return f"got {shown}; allowed: {_ALLOWED[kind].format(**details)}"
    return f"got {shown}; {item['msg'][:1].lower()}{item['msg'][1:]}"


def _bare(quoted: str) -> str:
    return quoted.strip("'")


_ALLOWED = {
    "literal_error": "{expected}",
    "enum": "{expected}",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "a text",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table of the values of a {class_name}, or a {class_name}",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
}


def _suggestion(key: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(key, names, n=1)
    guess = f"; did you mean {close[0]}?" if close else ""
    return f"{guess} (known here: {', '.join(names)})" if names else guess
