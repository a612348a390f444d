"""The base of every description: frozen, strict, changed only through `replace`.

A description is a record in engineering units, spelled in the field names.  A real-valued field holds a
number or a labelled axis: that one idea makes an evaluation, a sweep and a prediction the same computation.
How else it may vary says `mcfiber.descriptions.values`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from mcfiber.descriptions.errors import DescriptionError, Problem, refused, shown, suggestion
from mcfiber.typing import is_axis


class Description(BaseModel):
    """A frozen record that refuses unknown keys and wrong values, and says why."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    def __init__(self, /, **values: Any) -> None:
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

    def __setattr__(self, name: str, value: object) -> None:
        raise refused(_frozen(name))

    def __delattr__(self, name: str) -> None:
        raise refused(_frozen(name))

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


_LEAVES = frozenset({int, float, bool, str, type(None)})
"""Types that hold nothing further."""


def _frozen(name: str) -> str:
    return f"{name}: descriptions are frozen; make a changed copy with replace({{{name!r}: ...}})"


def axes(value: object, path: str = "") -> Iterator[tuple[str, Any]]:
    """All axes inside a description, each with its path."""
    if type(value) in _LEAVES:
        return
    if is_axis(value):
        yield path, value
    elif isinstance(value, Description):
        for name in value.model_fields_set:
            item = getattr(value, name)
            if type(item) not in _LEAVES:
                yield from axes(item, f"{path}.{name}" if path else name)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from axes(item, f"{path}.{key}")
    elif isinstance(value, tuple) and not numbers_alone(value):
        for index, item in enumerate(value):
            yield from axes(item, f"{path}.{index}")


def numbers_alone(value: Sequence[Any]) -> bool:
    """Whether a list holds nothing but numbers: thousands of them are told at once."""
    return {*map(type, value)} <= {float, int}


def plain(value: Any) -> Any:
    """Turn a value of a description into plain tables, lists and numbers; an axis into a table of its values."""
    if type(value) in _LEAVES:
        return value
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
        return list(value) if numbers_alone(value) else [plain(item) for item in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


class _Leaf:
    """A new value at the end of a path (it may itself be a table)."""

    def __init__(self, value: object) -> None:
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


def _child(target: object, key: str, path: tuple[str, ...]) -> Any:
    """Step from a description, a table or a list to one of its parts."""
    if isinstance(target, Description):
        known = {name: getattr(target, name) for name in type(target).model_fields}
    elif isinstance(target, dict):
        known = {str(name): item for name, item in target.items()}
    elif isinstance(target, (list, tuple)):
        known = {str(index): item for index, item in enumerate(target)}
    else:
        msg = f"{'.'.join((*path, key))}: {'.'.join(path)} is {shown(target)}, which has no parts"
        raise refused(msg)
    if key not in known:
        msg = f"{'.'.join((*path, key))}: there is no such value{suggestion(key, known)}"
        raise refused(msg)
    return known[key]


def _same(first: Any, second: Any) -> bool:
    if is_axis(first) or is_axis(second):
        return is_axis(first) and is_axis(second) and _same_axis(first, second)
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(map(_same, first, second))
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(_same(item, second[key]) for key, item in first.items())
    return bool(np.array_equal(first, second)) if isinstance(first, np.ndarray) else bool(first == second)


def _same_axis(first: Any, second: Any) -> bool:
    """Whether two axes, each of either kind, have the same name, values and labels."""
    if first.dims != second.dims or not np.array_equal(first.values, second.values):
        return False
    labels = [one.coords[dim] if (dim := one.dims[0]) in one.coords else None for one in (first, second)]
    if labels[0] is None or labels[1] is None:
        return labels[0] is labels[1]
    return bool(np.array_equal(np.asarray(labels[0]), np.asarray(labels[1])))


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
        if str(part).startswith("_"):  # which of two forms it is, as nobody wrote it
            continue
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
    kind, given, details = item["type"], shown(item["input"]), item.get("ctx", {})
    if kind == "extra_forbidden":
        return f"unknown key{suggestion(str(item['loc'][-1]), model.model_fields)}"
    if kind == "missing":
        return "is missing and has no default"
    if kind == "union_tag_invalid":
        return f"got a {_bare(details['discriminator'])} {shown(details['tag'])}; allowed: {details['expected_tags']}"
    if kind == "union_tag_not_found":
        return f"got {given}, which does not say its {_bare(details['discriminator'])}"
    if kind in _ALLOWED:
        return f"got {given}; allowed: {_ALLOWED[kind].format(**details)}"
    return f"got {given}; {item['msg'][:1].lower()}{item['msg'][1:]}"


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
