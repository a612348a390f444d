"""What a public function takes: one rule for each argument, checked and entered at its door.

A function that a user calls declares its arguments once, in a decorator:

>>> @arguments(length_km=real(above=0), spans=whole(low=1))
... def distance(length_km: float, *, spans: int = 1, repeat: Literal["same", "independent"] = "same") -> float:
...     return length_km * spans

A rule refuses what the argument cannot be, and names the argument, the value, the unit, what is allowed and what to do.
What it takes it enters: a list, an array or a Series becomes a labelled array along the dimension that the rule names.
Words of a ``Literal``, truths, descriptions and records need no rule: the annotation says what they are.  A number that
is not a number (NaN) is refused; in a labelled array it marks a point that is missing, and the result lacks it too.

Behind the doors quantities are `xarray.Variable`: where one comes in, a call passes unchecked.
"""

import functools
import inspect
import math
import numbers
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, TypeVar, Union, cast, get_args, get_origin

import numpy as np
import xarray as xr

from mcfiber.descriptions.errors import DescriptionError, is_truth, meant, refused, shown, suggestion, without_array
from mcfiber.descriptions.formats import UNIFORM_FORMATS, BestFormat, PointFormat, ShapedFormat
from mcfiber.descriptions.line import LOSS_SOURCES
from mcfiber.descriptions.values import Axis, Declaration, number
from mcfiber.typing import AnyArray, FloatArray
from mcfiber.units import unit_label

F = TypeVar("F", bound=Callable[..., Any])

POINT = "point"
"""Dimension of a list whose values have no other order than that in which they are given."""


class Rule(Protocol):
    """What an argument may be."""

    def entered(self, name: str, value: object) -> object:
        """Give the value as the function wants it, or refuse it under the argument's name."""


def _refusal(name: str, value: object, allowed: str, remedy: str = "") -> DescriptionError:
    return _said(name, shown(value), allowed, remedy)


def _said(name: str, given: str, allowed: str, remedy: str = "") -> DescriptionError:
    end = f"; {remedy}" if remedy else ""
    return refused(f"{name}: got {given}; allowed: {allowed}{end}")


# ---------------------------------------------------------------------------------------------------------
# numbers, and labelled arrays of them


@dataclass(frozen=True)
class _Real:
    """A real number, or many of them along named dimensions."""

    range: Declaration
    unit: str
    dims: tuple[str, ...]  # of a list
    alone: bool  # whether one number will do
    any_dims: bool  # whether a labelled array may have others instead
    table: tuple[str, ...]  # known names of a table

    def entered(self, name: str, value: object) -> object:
        if type(value) is xr.Variable:  # from behind the doors
            return value
        value = without_array(value)
        if isinstance(value, dict) and self.table:
            return self._table(name, value)
        if self.alone and isinstance(value, numbers.Real) and not is_truth(value):
            return self._number(name, value)
        if not self.dims:
            raise self._refusal(name, value, "")
        return self._labelled(name, self._array(name, value), missing=isinstance(value, xr.DataArray))

    def _table(self, name: str, value: Mapping[str, object]) -> dict[str, object]:
        if not value or (unknown := [key for key in value if key not in self.table]):
            given = shown(unknown[0]) if value else "an empty table"
            raise _said(name, given, f"a table with {', '.join(self.table)}")
        return {key: self.entered(f"{name}.{key}", item) for key, item in value.items()}

    def _allowed(self, name: str) -> str:
        return self.range.range_text(f" {self.unit}" if self.unit else unit_label(name.partition(".")[0]))

    def _refusal(self, name: str, value: object, where: str) -> DescriptionError:
        unit = f" {self.unit}" if self.unit else unit_label(name.partition(".")[0])
        plain = isinstance(value, numbers.Real) and not is_truth(value)
        given = f"{_float(value):g}{unit}{where}" if plain else shown(value)
        return _said(name, given, f"{self._forms()}, {self._allowed(name)}", self.range.remedy)

    def _forms(self) -> str:
        shape = f" along {', '.join(self.dims)}" if len(self.dims) > 1 else ""
        lists = [f"lists of numbers{shape}" if shape else "a list of numbers", "a labelled array of them"]
        return " or ".join([*(["a number"] if self.alone else []), *(lists if self.dims else [])])

    def _number(self, name: str, value: numbers.Real) -> float:
        result = _float(value)
        if not self.range.inside(result):
            raise self._refusal(name, result, "")
        return result

    def _array(self, name: str, value: object) -> xr.DataArray:
        """A labelled array as it is; anything that lists numbers along the dimension of the rule."""
        if isinstance(value, xr.DataArray):
            return value
        if isinstance(value, Axis):
            return xr.DataArray(value.values, dims=value.dims, coords=value.coords)
        if _is_series(value):
            index = cast(Any, value).index
            own = None if index.name is None else str(index.name)
            coords = None if own is None else {own: index.to_numpy()}
            return xr.DataArray(_as_array(name, value), dims=own or self.dims[0], coords=coords)
        if not isinstance(value, (Sequence, np.ndarray)) or isinstance(value, (str, bytes)):
            raise self._refusal(name, value, "")
        values = _as_array(name, value)
        if values.ndim != len(self.dims):
            remedy = "or name its dimensions: xarray.DataArray(values, dims=(...))"
            raise _said(name, f"an array of shape {values.shape}", self._forms(), remedy)
        return xr.DataArray(values, dims=self.dims)

    def _labelled(self, name: str, array: xr.DataArray, *, missing: bool) -> xr.DataArray:
        if array.dtype.kind not in "iuf":
            raise _said(name, f"an array of {array.dtype}", f"numbers, {self._allowed(name)}")
        if not array.size:
            raise _said(name, "an empty array", f"at least one number, {self._allowed(name)}")
        if not (self.alone or self.any_dims) and (lacking := [dim for dim in self.dims if dim not in array.dims]):
            raise _said(name, f"an array along {', '.join(map(str, array.dims))}", f"one along {', '.join(lacking)}")
        values = np.asarray(array.values, dtype=np.float64)
        bad = ~(np.asarray(self.range.inside(values)) | (np.isnan(values) & missing))
        if bad.any():
            raise self._refusal(name, values[bad][0], f" at position {tuple(np.argwhere(bad)[0].tolist())}")
        return array if array.dtype == np.float64 else array.astype(np.float64)


def real(
    *,
    low: float = -math.inf,
    high: float = math.inf,
    above: float = -math.inf,
    infinite: bool = False,
    unit: str = "",
    dims: tuple[str, ...] = (POINT,),
    alone: bool = True,
    any_dims: bool = False,
    table: Iterable[str] = (),
    remedy: str = "",
) -> Rule:
    """Take a real number, a list of numbers or a labelled array of them.

    Parameters
    ----------
    low, high, above, infinite
        Range, as of a field: see `mcfiber.descriptions.values.number`.
    unit
        Of an argument in SI; otherwise the end of the argument's name tells it.
    dims
        Dimensions of a list, in the order in which it is nested; none for a number alone.
    alone
        Whether one number will do.
    any_dims
        Whether a labelled array may lack these dimensions where one number will not do.
    table
        Names of a table that may hold such values.
    remedy
        What to do about a refused value.

    Examples
    --------
    >>> real(low=0).entered("snr", [1, 10]).dims
    ('point',)
    """
    declared = number(low=low, high=high, above=above, infinite=infinite, remedy=remedy)
    return _Real(declared, unit, dims, alone, any_dims, tuple(table))


# ---------------------------------------------------------------------------------------------------------
# plain arrays


@dataclass(frozen=True)
class _Plain:
    """A plain array of which the last dimensions have names; any others lead and broadcast."""

    range: Declaration
    unit: str
    last: tuple[str, ...]
    exact: bool
    scalar: bool
    kind: Literal["real", "complex", "whole"]

    def entered(self, name: str, value: object) -> object:
        array = self._array(name, value)
        if array.dtype.kind not in {"real": "iuf", "complex": "iufc", "whole": "iu"}[self.kind]:
            given = shown(value) if array.ndim == 0 else f"an array of {array.dtype}"
            raise _said(name, given, self._allowed(name))
        self._check_shape(name, array)
        if self.kind == "complex":
            double = array.astype(np.complex128)
            if not np.all(np.abs(double) <= LARGEST):  # NaN is not
                raise _said(name, "a value that is no number, or too large", self._allowed(name))
            return _number_or(double)
        bad = ~np.asarray(self.range.inside(array.astype(np.float64)))
        if bad.any():
            at = f" at position {tuple(np.argwhere(bad)[0].tolist())}" if array.ndim else ""
            unit = f" {self.unit}" if self.unit else unit_label(name)
            raise _said(name, f"{float(array[bad].flat[0]):g}{unit}{at}", self._allowed(name))
        return _number_or(array.astype(np.int64 if self.kind == "whole" else np.float64))

    def _array(self, name: str, value: object) -> AnyArray:
        if isinstance(value, (xr.DataArray, xr.Variable)) and set(self.last) <= set(value.dims):
            return np.asarray(value.transpose(..., *dict.fromkeys(self.last)).values)
        # A truth counts as a number in a list (lit or dark), and nowhere else.
        array = _as_array(name, value)
        return array.astype(np.float64) if array.dtype.kind == "b" and array.ndim else array

    def _check_shape(self, name: str, array: AnyArray) -> None:
        if array.ndim == 0 and self.scalar:
            return
        fits = array.ndim == len(self.last) if self.exact else array.ndim >= max(len(self.last), 1)
        if not fits:
            raise _said(name, f"an array of shape {array.shape}", self._allowed(name))
        if not array.size:
            raise _said(name, f"an empty array of shape {array.shape}", self._allowed(name))

    def _allowed(self, name: str) -> str:
        unit = f" {self.unit}" if self.unit else unit_label(name)
        lead = () if self.exact else ("...",)
        shape = f"shape ({', '.join((*lead, *self.last))})" if self.last or not self.exact else ""
        words = " or ".join([*(["a number"] if self.scalar else []), *([shape] if shape else [])])
        what = {"real": "", "complex": "complex numbers, ", "whole": "whole numbers, "}[self.kind]
        return f"{words}; {what}{self.range.range_text(unit)}"

    def sizes(self, array: AnyArray) -> tuple[tuple[int, ...], list[tuple[str, int]]]:
        """Leading shape, and sizes by name."""
        if array.ndim == 0:
            return (), []
        cut = array.ndim - len(self.last)
        return array.shape[:cut], list(zip(self.last, array.shape[cut:], strict=True))


def plain_array(
    *last: str,
    low: float = -math.inf,
    high: float = math.inf,
    above: float = -math.inf,
    infinite: bool = False,
    unit: str = "",
    exact: bool = False,
    scalar: bool = True,
    kind: Literal["real", "complex", "whole"] = "real",
) -> Rule:
    """Take a plain array (a number, lists, a labelled array), and check its shape with those of the other arguments.

    Parameters
    ----------
    *last
        Names of the last dimensions; the same name has the same length everywhere.
    low, high, above, infinite, unit
        As for `real`.
    exact
        Whether there are no other dimensions in front.
    scalar
        Whether one number will do.
    kind
        What the elements are.
    """
    return _Plain(number(low=low, high=high, above=above, infinite=infinite), unit, last, exact, scalar, kind)


LARGEST = 1e100
"""Largest magnitude of a complex number, whose square is still a number."""


def _float(value: object) -> float:
    """Python's float of a real number; what is too large is infinite."""
    try:
        return float(cast(float, value))
    except OverflowError:
        return math.inf


def _number_or(array: AnyArray) -> object:
    return array if array.ndim else array.item()


def _is_series(value: object) -> bool:
    return hasattr(value, "index") and hasattr(value, "to_numpy") and not hasattr(value, "columns")


def _as_array(name: str, value: object) -> AnyArray:
    """Array of what a user gave; ragged lists and objects are refused."""
    if value is None or isinstance(value, (str, bytes, Mapping, set)) or inspect.isclass(value):
        raise _refusal(name, value, "a number or an array of numbers")
    try:
        found = np.asarray(value)
    except (ValueError, TypeError):
        found = np.asarray(None)
    if found.dtype.kind == "O" and found.ndim and all(isinstance(item, numbers.Real) for item in found.flat):
        found = _floats(found)
    if found.dtype.kind not in "biufc" or (found.dtype.kind == "b" and not found.ndim):
        raise _refusal(name, value, "a number or an array of numbers, of equal lengths")
    return found


def _floats(values: AnyArray) -> FloatArray:
    """Numbers of other types, such as fractions; what is too large is infinite."""
    try:
        return values.astype(np.float64)
    except OverflowError:
        return np.full(values.shape, np.inf)


# ---------------------------------------------------------------------------------------------------------
# whole numbers, words, truths, records


@dataclass(frozen=True)
class _Whole:
    """A whole number."""

    low: int
    high: int | None
    remedy: str

    def entered(self, name: str, value: object) -> object:
        value = without_array(value)
        whole = isinstance(value, numbers.Integral) and not is_truth(value)
        if not whole or (given := int(cast(int, value))) < self.low or (self.high is not None and given > self.high):
            up = f"of at least {self.low}" if self.high is None else f"from {self.low} to {self.high}"
            raise _refusal(name, value, f"a whole number {up}", self.remedy)
        return given


MANY = 10**7
"""Largest number of spans, draws or samples: beyond, no memory would hold them."""


def whole(*, low: int, high: int | None = MANY, remedy: str = "") -> Rule:
    """Take a whole number of a range."""
    return _Whole(low, high, remedy)


SEED: Rule = _Whole(0, None, "the same seed gives the same draws")
"""Take a seed: a whole number of at least 0."""


MODES: Rule = _Whole(2, 10_000, "two polarisations for each core")
"""Take a number of modes: two for each core."""


@dataclass(frozen=True)
class _Words:
    """One of a few words (or numbers), or a record of some type."""

    known: tuple[object, ...]
    kinds: tuple[type, ...] = ()

    def entered(self, name: str, value: object) -> object:
        value = without_array(value)
        if self.kinds and isinstance(value, self.kinds):
            return value
        for word in self.known:
            alike = str if isinstance(word, str) else numbers.Integral
            if isinstance(value, alike) and not is_truth(value) and word == value:
                return word
        hint = meant(value, map(str, self.known)) if isinstance(value, str) else ""
        allowed = [repr(word) for word in self.known] + [kind.__name__ for kind in self.kinds]
        raise _refusal(name, value, ", ".join(allowed), hint)


def choice(*known: object, kinds: Iterable[type] = ()) -> Rule:
    """Take one of some words, or a record of one of some types; a ``Literal`` needs no rule."""
    return _Words(known, tuple(kinds))


@dataclass(frozen=True)
class _Truth:
    """True or false."""

    def entered(self, name: str, value: object) -> object:
        if not is_truth(value):
            raise _refusal(name, value, "True or False")
        return bool(value)


@dataclass(frozen=True)
class _Instance:
    """A record, description or dataset of one of some types; a name stands for a type that loads late."""

    kinds: tuple[type | str, ...]

    def entered(self, name: str, value: object) -> object:
        names = {kind.__name__ for kind in type(value).__mro__}
        if any(kind in names if isinstance(kind, str) else isinstance(value, kind) for kind in self.kinds):
            return value
        wanted = " or ".join(kind if isinstance(kind, str) else kind.__name__ for kind in self.kinds)
        raise _refusal(name, value, f"a {wanted}", _remedy_of(value, self.kinds))


@dataclass(frozen=True)
class _Dataset:
    """A dataset that holds some variables."""

    variables: tuple[str, ...]

    def entered(self, name: str, value: object) -> object:
        if not isinstance(value, xr.Dataset):
            raise _refusal(name, value, "an xarray.Dataset")
        if missing := [known for known in self.variables if known not in value.variables]:
            raise _said(name, f"a dataset without {', '.join(missing)}", f"one with {', '.join(self.variables)}")
        return value


def dataset(*variables: str) -> Rule:
    """Take a dataset that holds some variables."""
    return _Dataset(variables)


def _remedy_of(value: object, kinds: tuple[type | str, ...]) -> str:
    if isinstance(value, type):
        return f"{value.__name__} is a type; make one of it, {value.__name__}(...)"
    if isinstance(value, Mapping) and isinstance(kinds[0], type):
        return f"make one of the table, {kinds[0].__name__}(**table)"
    return ""


def instance(*kinds: type | str) -> Rule:
    """Take a record of one of some types; an annotation that names one needs no rule."""
    return _Instance(kinds)


@dataclass(frozen=True)
class _Called:
    """Something to call."""

    def entered(self, name: str, value: object) -> object:
        if not callable(value) or isinstance(value, type):
            raise _refusal(name, value, "a function")
        return value


@dataclass(frozen=True)
class _Listed:
    """A list of values of one kind."""

    item: Rule
    alone: bool
    least: int
    different: bool

    def entered(self, name: str, value: object) -> object:
        if self.alone and not isinstance(value, (list, tuple, set)):
            return self.item.entered(name, value)
        plain = isinstance(value, np.ndarray) and value.ndim == 1
        if isinstance(value, (str, bytes, Mapping)) or not (plain or isinstance(value, (Sequence, set))):
            raise _refusal(name, value, "a list")
        items = list(cast(Iterable[object], value))
        if len(items) < self.least:
            raise _refusal(name, value, f"a list of at least {self.least}")
        found = [self.item.entered(f"{name}.{index}", item) for index, item in enumerate(items)]
        if self.different and len(set(map(repr, found))) < len(found):
            raise _refusal(name, value, "a list without repetition")
        return found


def several(item: Rule, *, alone: bool = False, least: int = 1, different: bool = False) -> Rule:
    """Take a list of values of one kind.

    Parameters
    ----------
    item
        Rule of each.
    alone
        Whether one value will do without a list.
    least
        Smallest number of values.
    different
        Whether none may occur twice.
    """
    return _Listed(item, alone, least, different)


@dataclass(frozen=True)
class _Sequence:
    """A list of given length, whose places have rules of their own."""

    items: tuple[Rule, ...]

    def entered(self, name: str, value: object) -> object:
        if not isinstance(value, (list, tuple)) or len(value) != len(self.items):
            raise _refusal(name, value, f"a list of {len(self.items)} values")
        return tuple(
            rule.entered(f"{name}.{at}", item) for at, (rule, item) in enumerate(zip(self.items, value, strict=True))
        )


def sequence_of(*items: Rule) -> Rule:
    """Take a list of given length, whose places have rules of their own."""
    return _Sequence(items)


@dataclass(frozen=True)
class _Text:
    """A text that is not empty."""

    paths: bool

    def entered(self, name: str, value: object) -> object:
        if isinstance(value, str) and value.strip() and "\0" not in value:
            return value
        if self.paths and isinstance(value, Path):
            return value
        raise _refusal(name, value, "a path: a text or a pathlib.Path" if self.paths else "a text")


TEXT: Rule = _Text(paths=False)
"""Take a text."""


PATH: Rule = _Text(paths=True)
"""Take a path: a text or a `pathlib.Path`."""


@dataclass(frozen=True)
class _Table:
    """A table by text."""

    def entered(self, name: str, value: object) -> object:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value) or not value:
            raise _refusal(name, value, "a table by path, as in {'fiber.layout.pitch_um': [35, 40]}")
        return value


TABLE: Rule = _Table()
"""Take a table whose keys are texts; what it holds the function checks."""


# ---------------------------------------------------------------------------------------------------------
# the door


@dataclass(frozen=True)
class _Door:
    """The rules of one function."""

    name: str
    order: tuple[str, ...]  # of arguments that may be given by position
    rules: Mapping[str, Rule]
    optional: frozenset[str]  # may be None
    more: Mapping[str, Rule] | None  # of what comes by any name, where something may
    plain: Mapping[str, _Plain] = field(init=False)

    def __post_init__(self) -> None:
        known = {**self.rules, **(self.more or {})}
        object.__setattr__(self, "plain", {name: rule for name, rule in known.items() if isinstance(rule, _Plain)})

    def entered(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Check and enter all arguments of a call."""
        by_place = [self._one(name, value) for name, value in zip(self.order, args, strict=False)]
        by_name = {name: self._one(name, value) for name, value in kwargs.items()}
        found = dict(zip(self.order, by_place, strict=False)) | by_name
        _check_labels(found)
        self._check_shapes(found)
        return by_place + list(args[len(by_place) :]), by_name

    def _one(self, name: str, value: object) -> object:
        if (value is None and name in self.optional) or name not in self.rules:
            return value if name in self.rules else self._of_any_name(name, value)
        return self.rules[name].entered(name, value)

    def _of_any_name(self, name: str, value: object) -> object:
        if self.more is None:
            return value  # the call itself says that there is no such argument
        if name not in self.more:
            msg = f"{name}: {self.name} has no such argument{suggestion(name, (*self.rules, *self.more))}"
            raise refused(msg)
        return None if value is None else self.more[name].entered(name, value)

    def _check_shapes(self, found: Mapping[str, Any]) -> None:
        """Plain arrays: equal lengths of what has one name, and leading dimensions that broadcast."""
        lengths: dict[str, tuple[int, str]] = {}
        lead: tuple[int, ...] = ()
        for name, rule in self.plain.items():
            if (value := found.get(name)) is None:
                continue
            front, sizes = rule.sizes(np.asarray(value))
            for dim, size in sizes:
                known, first = lengths.setdefault(dim, (size, name))
                if size != known and (rule.exact or 1 not in (size, known)):
                    beside = f" of {first}" if first != name else " before"
                    msg = f"{name}: got {size} along {dim}, and {known}{beside}; give both one length"
                    raise refused(msg)
                if size != known:
                    lengths[dim] = (max(size, known), first if known > size else name)
            try:
                lead = np.broadcast_shapes(lead, front)
            except ValueError:
                given = f"the shape {np.shape(value)}, which does not broadcast with the other arguments"
                raise _said(name, given, "arrays of one shape, or numbers") from None


def _check_labels(found: Mapping[str, object]) -> None:
    """Labelled arrays: one length and the same labels for every dimension."""
    labelled = {name: value for name, value in found.items() if isinstance(value, xr.DataArray)}
    if len(labelled) < 2:
        return
    known: dict[object, tuple[xr.DataArray, str]] = {}
    for name, value in labelled.items():
        for dim, size in value.sizes.items():
            before, first = known.setdefault(dim, (value, name))
            if before.sizes[dim] != size:
                remedy = "or dimensions of different names: xarray.DataArray(values, dims=...)"
                given = f"{size} values along {dim}, and {before.sizes[dim]} of {first}"
                raise _said(name, given, "one length", remedy)
            both = dim in before.indexes and dim in value.indexes
            if both and not before.indexes[dim].equals(value.indexes[dim]):
                msg = f"{name}: has other labels along {dim} than {first}; give both the same"
                raise refused(msg)


def arguments(**rules: Rule) -> Callable[[F], F]:
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
            return cast(F, _checking(function, _door(function, rules)))
        made: Any = function
        made.__init__ = _checking(made.__init__, _door(made, rules), first=1)
        return function

    return with_door


def _checking(function: Callable[..., Any], door: _Door, first: int = 0) -> Callable[..., Any]:
    """Wrap a function (or a method, whose first argument is not looked at) with its door."""
    inside = xr.Variable

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        for value in args:
            if type(value) is inside:
                return function(*args, **kwargs)
        by_place, by_name = door.entered(args[first:], kwargs)
        return function(*args[:first], *by_place, **by_name)

    return checked


def _door(function: Callable[..., Any], rules: Mapping[str, Rule]) -> _Door:
    parameters = inspect.signature(function).parameters.values()
    named = [one for one in parameters if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)]
    any_name = any(one.kind is one.VAR_KEYWORD for one in parameters)
    own = {one.name: rules.get(one.name) or _of_annotation(one.annotation) for one in named}
    more = {name: rule for name, rule in rules.items() if name not in own}
    if without := [name for name, rule in own.items() if rule is None]:
        msg = f"{function.__qualname__}: no rule for {', '.join(without)}"
        raise TypeError(msg)
    if more and not any_name:
        msg = f"{function.__qualname__} has no argument {', '.join(more)}"
        raise TypeError(msg)
    return _Door(
        function.__name__,
        tuple(one.name for one in named if one.kind is not one.KEYWORD_ONLY),
        cast(Mapping[str, Rule], own),
        frozenset(one.name for one in named if one.default is None or _may_be_none(one.annotation)),
        more if any_name else None,
    )


def _of_annotation(annotation: object) -> Rule | None:
    """Rule that an annotation says: words, truths, records, functions; None where it does not say enough."""
    if isinstance(annotation, str):
        names = [name.strip() for name in annotation.split("|") if name.strip() != "None"]
        return _Instance(tuple(name.rpartition(".")[2] for name in names)) if all(map(_is_name, names)) else None
    parts = _parts(annotation)
    if len(parts) == 1 and get_origin(parts[0]) is Literal:
        return _Words(get_args(parts[0]))
    if parts == [bool]:
        return _Truth()
    if len(parts) == 1 and get_origin(parts[0]) is cast(object, Callable):
        return _Called()
    kinds = [part for part in parts if isinstance(part, type) and part.__module__.partition(".")[0] in _RECORDS]
    return _Instance(tuple(kinds)) if parts and len(kinds) == len(parts) else None


_RECORDS = ("mcfiber", "xarray")


def _may_be_none(annotation: object) -> bool:
    return type(None) in get_args(annotation)


def _is_name(word: str) -> bool:
    return word.replace(".", "").isidentifier()


def _parts(annotation: object) -> list[object]:
    """Members of a union, without None."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _parts(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [part for member in get_args(annotation) for part in _parts(member)]
    return [] if annotation in (None, type(None)) else [annotation]


# ---------------------------------------------------------------------------------------------------------
# rules that many functions share


NUMBER: tuple[str, ...] = ()
"""Dimensions of what can only be one number."""

RATIO = real(low=0, high=1e200, infinite=True)
"""A linear signal-to-noise ratio: infinite without noise."""

SYMBOL_RATE = real(low=1, high=1e15, unit="Hz", remedy="in symbols a second, as in 64e9")

LENGTH = real(above=0, high=1e12, unit="m")

LENGTH_KM = real(above=0, high=1e9)

WAVELENGTH_NM = real(low=250, high=3500, dims=("channel",), remedy="wavelengths are in nm")

ONE_WAVELENGTH_NM = real(low=250, high=3500, dims=NUMBER, remedy="wavelengths are in nm")

DELAY = real(low=0, high=1, unit="s")

SPREAD = real(above=0, high=1, unit="s")
"""A delay that something is divided by."""

LOSS = real(low=0, high=100, unit="Np", remedy="one neper is 4.34 dB")

FRACTION = real(low=-1e9, high=1e9, dims=NUMBER)
"""A number between 0 and 1, ends excluded, of which the function says what they would mean."""

SPAN_LOSS = real(low=0, high=100, unit="Np", table=LOSS_SOURCES, remedy="one neper is 4.34 dB")
"""Mode-dependent loss of a span: of all, or of each of its sources."""

THREADS = whole(low=1, high=1024)

FORMAT = choice(*UNIFORM_FORMATS, kinds=(ShapedFormat, PointFormat))

FORMATS = choice(*UNIFORM_FORMATS, "best", kinds=(ShapedFormat, PointFormat, BestFormat))

CHANNELS = dataset("channel", "noise_covariance", "frequency")

FREQUENCIES = plain_array("channel", exact=True, scalar=False, low=-1e16, high=1e16, unit="Hz")

OFFSETS = plain_array("frequency", exact=True, low=-1e16, high=1e16, unit="Hz")
"""Frequencies relative to a channel's centre or to a carrier."""

SYMBOL_RATES = plain_array("channel", exact=True, low=1e3, high=1e15, unit="Hz")

POWERS = plain_array("channel", exact=True, low=0, high=1e6, unit="W")

NUMBERS = several(whole(low=0))
"""Numbers of channels, cores or modes."""
