"""The door of a function: a decorator that enters every argument by its rule."""

import functools
import inspect
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin

import numpy as np
import xarray as xr

from mcfiber.arguments.quantities import Plain
from mcfiber.arguments.rules import FUNCTION, TRUTH, ArgumentRule, choice, instance, refusal
from mcfiber.descriptions.errors import refused, suggestion

F = TypeVar("F", bound=Callable[..., Any])


def arguments(**rules: ArgumentRule) -> Callable[[F], F]:
    """Give a function (or a plain dataclass) a door: rules for its arguments, by name.

    Parameters
    ----------
    **rules
        One for every argument whose annotation does not say what it is; those that are not arguments of the function
        belong to what it takes by any name (``**target``).

    Raises
    ------
    TypeError
        Where the function is defined, if an argument has no rule.

    Examples
    --------
    >>> from mcfiber.arguments import real
    >>> from mcfiber.descriptions.errors import DescriptionError
    >>> @arguments(snr=real(low=0))
    ... def halved(snr: float, *, law: Literal["linear", "square"] = "linear") -> float:
    ...     return snr / 2
    >>> try:
    ...     halved(3, law="squared")
    ... except DescriptionError as error:
    ...     print(error)
    law: got 'squared'; allowed: 'linear', 'square'; did you mean 'square'?
    """

    def with_door(function: F) -> F:
        if not isinstance(function, type):
            return cast("F", _checking(function, _door(function, rules)))
        made: Any = function
        made.__init__ = _checking(made.__init__, _door(made, rules), first=1)
        return function

    return with_door


def _checking(function: Callable[..., Any], door: "_Door", first: int = 0) -> Callable[..., Any]:
    """Wrap a function (or a method, whose first argument is not looked at) with its door."""
    inside = xr.Variable

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        for value in args:
            if type(value) is inside:
                return function(*args, **kwargs)
        by_place, by_name = door.entered(args[first:], kwargs)
        return function(*args[:first], *by_place, **by_name)

    _DOORS.add(checked)
    return checked


_DOORS: set[Callable[..., Any]] = set()


def has_door(function: object) -> bool:
    """Tell whether a function, or a type in making its objects, enters its arguments by rules."""
    known: Any = function
    return (known.__init__ if isinstance(known, type) else known) in _DOORS  # type: ignore[misc]


@dataclass(frozen=True)
class _Door:
    """The rules of one function."""

    name: str
    order: tuple[str, ...]  # of arguments that may be given by position
    rules: Mapping[str, ArgumentRule]
    optional: frozenset[str]  # may be None
    more: Mapping[str, ArgumentRule] | None  # of what comes by any name, where something may

    def entered(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Check and enter all arguments of a call; of their number and names Python itself tells."""
        by_place = [self._one(name, value) for name, value in zip(self.order, args, strict=False)]
        by_name = {name: self._one(name, value) for name, value in kwargs.items()}
        found = dict(zip(self.order, by_place, strict=False)) | by_name
        _check_labels(found)
        self._check_shapes(found)
        return by_place + list(args[len(by_place) :]), by_name

    def _one(self, name: str, value: object) -> object:
        if (rule := self.rules.get(name)) is not None:
            return value if value is None and name in self.optional else rule.entered(name, value)
        if self.more is None:
            return value
        if name not in self.more:
            msg = f"{name}: {self.name} has no such argument{suggestion(name, (*self.rules, *self.more))}"
            raise refused(msg)
        return None if value is None else self.more[name].entered(name, value)

    def _check_shapes(self, found: Mapping[str, Any]) -> None:
        """Plain arrays: equal lengths of what has one name, and leading dimensions that broadcast."""
        known: dict[str, tuple[int, str]] = {}
        lead: tuple[int, ...] = ()
        for name, value in found.items():
            rule = self.rules.get(name)
            if not isinstance(rule, Plain) or not isinstance(value, np.ndarray):
                continue
            front, sizes = rule.sizes(value)
            for dim, size in sizes:
                _check_length(name, dim, size, known, exact=rule.exact)
            try:
                lead = np.broadcast_shapes(lead, front)
            except ValueError:
                given = f"the shape {value.shape}, which does not broadcast with the other arguments"
                raise refusal(name, given, "arrays of one shape, or numbers") from None


def _check_length(name: str, dim: str, size: int, known: dict[str, tuple[int, str]], *, exact: bool) -> None:
    """Refuse a length that differs from those before; a length of 1 broadcasts unless arrays are exact."""
    before, first = known.setdefault(dim, (size, name))
    if size != before and (exact or 1 not in (size, before)):
        beside = f" of {first}" if first != name else " before"
        msg = f"{name}: got {size} along {dim}, and {before}{beside}; give both one length"
        raise refused(msg)
    known[dim] = max((before, first), (size, name), key=lambda one: one[0])


def _check_labels(found: Mapping[str, object]) -> None:
    """Labelled arrays: one length and the same labels for every dimension."""
    labelled = {name: value for name, value in found.items() if isinstance(value, xr.DataArray)}
    known: dict[object, tuple[xr.DataArray, str]] = {}
    for name, value in labelled.items():
        for dim, size in value.sizes.items():
            before, first = known.setdefault(dim, (value, name))
            if before.sizes[dim] != size:
                remedy = "or dimensions of different names: xarray.DataArray(values, dims=...)"
                given = f"{size} values along {dim}, and {before.sizes[dim]} of {first}"
                raise refusal(name, given, "one length", remedy)
            both = dim in before.indexes and dim in value.indexes
            if both and not before.indexes[dim].equals(value.indexes[dim]):
                msg = f"{name}: has other labels along {dim} than {first}; give both the same"
                raise refused(msg)


# ---------------------------------------------------------------------------------------------------------
# what annotations say


def _door(function: Callable[..., Any], rules: Mapping[str, ArgumentRule]) -> _Door:
    parameters = inspect.signature(function).parameters.values()
    named = [one for one in parameters if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)]
    own = {one.name: rules.get(one.name) or _of_annotation(one.annotation) for one in named}
    more = {name: rule for name, rule in rules.items() if name not in own}
    if without := [name for name, rule in own.items() if rule is None]:
        msg = f"{function.__qualname__}: no rule for {', '.join(without)}"
        raise TypeError(msg)
    any_name = any(one.kind is one.VAR_KEYWORD for one in parameters)
    if more and not any_name:
        msg = f"{function.__qualname__} has no argument {', '.join(more)}"
        raise TypeError(msg)
    return _Door(
        function.__name__,
        tuple(one.name for one in named if one.kind is not one.KEYWORD_ONLY),
        cast("Mapping[str, ArgumentRule]", own),
        frozenset(one.name for one in named if one.default is None or type(None) in get_args(one.annotation)),
        more if any_name else None,
    )


def _of_annotation(annotation: object) -> ArgumentRule | None:
    """Rule that an annotation says: words, truths, records, functions; None where it does not say enough."""
    if isinstance(annotation, str):  # of types that load late
        names = [name.strip() for name in annotation.split("|") if name.strip() != "None"]
        named = all(name.replace(".", "").isidentifier() for name in names)
        return instance(*(name.rpartition(".")[2] for name in names)) if named else None
    members = [member for member in _members(annotation) if member is not type(None)]
    if members == [bool]:
        return TRUTH
    if len(members) == 1 and get_origin(members[0]) is Literal:
        return choice(*get_args(members[0]))
    if len(members) == 1 and get_origin(members[0]) is cast("object", Callable):
        return FUNCTION
    kinds = [kind for kind in members if isinstance(kind, type) and kind.__module__.startswith(("mcfiber.", "xarray."))]
    return instance(*kinds) if kinds and len(kinds) == len(members) else None


def _members(annotation: object) -> Iterator[object]:
    """Members of a union."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _members(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    else:
        yield annotation
