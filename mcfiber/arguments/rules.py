"""Rules for what is taken as it is or refused: whole numbers, words, truths, records, texts, and lists of them."""

import errno
import numbers
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import xarray as xr

from mcfiber.descriptions.errors import DescriptionError, is_truth, meant, refused, shown, shown_kind, without_array
from mcfiber.descriptions.record import Description


class ArgumentRule(Protocol):
    """What an argument may be."""

    def entered(self, name: str, value: object) -> object:
        """Give the value as the function wants it, or refuse it under the argument's name."""


def refusal(name: str, given: str, allowed: str, remedy: str = "") -> DescriptionError:
    """Make the error of an argument: what was given, what is allowed, and what to do."""
    return refused(f"{name}: got {given}; allowed: {allowed}{'; ' if remedy else ''}{remedy}")


# ---------------------------------------------------------------------------------------------------------
# whole numbers and words


@dataclass(frozen=True)
class _Whole:
    """A whole number of a range."""

    low: int
    high: int | None
    remedy: str

    def entered(self, name: str, value: object) -> object:
        number = without_array(value)
        if not isinstance(number, numbers.Integral) or is_truth(number) or not self._inside(int(number)):
            end = "" if self.high is None else f" and at most {self.high:,}"
            raise refusal(name, shown(number), f"a whole number of at least {self.low}{end}", self.remedy)
        return int(number)

    def _inside(self, number: int) -> bool:
        return self.low <= number and (self.high is None or number <= self.high)


MANY = 10**7
"""Largest number of spans, draws or samples: beyond, no memory would hold them."""


def whole(*, low: int, high: int | None = MANY, remedy: str = "") -> ArgumentRule:
    """Take a whole number of a range."""
    return _Whole(low, high, remedy)


@dataclass(frozen=True)
class _Words:
    """One of a few words (or whole numbers), or a record of some type."""

    known: tuple[object, ...]
    kinds: tuple[type, ...] = ()

    def entered(self, name: str, value: object) -> object:
        word = without_array(value)
        if isinstance(word, self.kinds):
            return word
        if isinstance(word, (str, numbers.Integral)) and not is_truth(word) and word in self.known:
            return self.known[self.known.index(word)]  # Python's own, where NumPy's was given
        hint = meant(word, map(str, self.known)) if isinstance(word, str) else ""
        allowed = [repr(known) for known in self.known] + [kind.__name__ for kind in self.kinds]
        raise refusal(name, shown(word), ", ".join(allowed), hint)


def choice(*known: object, kinds: Iterable[type] = ()) -> ArgumentRule:
    """Take one of some words, or a record of one of some types; a ``Literal`` needs no rule."""
    return _Words(known, tuple(kinds))


# ---------------------------------------------------------------------------------------------------------
# what is taken as it is


@dataclass(frozen=True)
class _Fitting:
    """A value that passes a test, taken as it is."""

    fits: Callable[[Any], bool]
    allowed: str
    remedy: Callable[[object], str] = lambda _: ""
    show: Callable[[object], str] = shown

    def entered(self, name: str, value: object) -> object:
        if not self.fits(value):
            raise refusal(name, self.show(value), self.allowed, self.remedy(value))
        return value


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def _is_path(value: object) -> bool:
    if not (_is_text(value) or isinstance(value, Path)):
        return False
    try:
        Path(cast("str | Path", value)).exists()
    except OSError as error:
        return error.errno != errno.ENAMETOOLONG
    return True


TRUTH: ArgumentRule = _Fitting(is_truth, "True or False")

FUNCTION: ArgumentRule = _Fitting(lambda value: callable(value) and not isinstance(value, type), "a function")

TEXT: ArgumentRule = _Fitting(_is_text, "a text")

PATH: ArgumentRule = _Fitting(_is_path, "a path: a text or a pathlib.Path, no longer than the system allows")

TABLE: ArgumentRule = _Fitting(
    lambda value: isinstance(value, Mapping) and bool(value) and all(isinstance(key, str) for key in value),
    "a table by path, as in {'fiber.layout.pitch_um': [35, 40]}",
)
"""Take a table whose keys are texts; what it holds the function checks."""


def instance(*kinds: type | str, otherwise: str = "") -> ArgumentRule:
    """Take a record of one of some types; a name stands for a type that loads late.

    An annotation that names one needs no rule, but where there is more to say to those who give something else.
    """

    def fits(value: object) -> bool:
        names = {kind.__name__ for kind in type(value).__mro__}
        return any(kind in names if isinstance(kind, str) else isinstance(value, kind) for kind in kinds)

    def remedy(value: object) -> str:
        if isinstance(value, type):
            return f"{value.__name__} is a type; make one of it, {value.__name__}(...)"
        if isinstance(value, Mapping) and isinstance(kinds[0], type):
            return f"make one of the table, {kinds[0].__name__}(**table)"
        return otherwise

    return _Fitting(
        fits,
        "a " + " or ".join(kind if isinstance(kind, str) else kind.__name__ for kind in kinds),
        remedy,
        lambda value: shown_kind(value) if isinstance(value, Description) else shown(value),
    )


def dataset(*variables: str) -> ArgumentRule:
    """Take a dataset that holds some variables."""

    def fits(value: object) -> bool:
        return isinstance(value, xr.Dataset) and all(name in value.variables for name in variables)

    return _Fitting(fits, f"an xarray.Dataset that holds {', '.join(variables)}")


# ---------------------------------------------------------------------------------------------------------
# lists


@dataclass(frozen=True)
class _Listed:
    """A list of values of one kind."""

    item: ArgumentRule
    alone: bool
    least: int
    different: bool

    def entered(self, name: str, value: object) -> object:
        if self.alone and not isinstance(value, (list, tuple, set)):
            return self.item.entered(name, value)
        plain = isinstance(value, np.ndarray) and value.ndim == 1
        if isinstance(value, (str, bytes, bytearray, memoryview)) or not (plain or isinstance(value, (Sequence, set))):
            raise refusal(name, shown(value), "a list")
        items = list(cast("Iterable[object]", value))
        if len(items) < self.least:
            raise refusal(name, shown(value), f"a list that holds at least {self.least}")
        found = [self.item.entered(f"{name}.{place}", item) for place, item in enumerate(items)]
        if self.different and len(set(map(repr, found))) < len(found):
            raise refusal(name, shown(value), "a list without repetition")
        return found


def several(item: ArgumentRule, *, alone: bool = False, least: int = 1, different: bool = False) -> ArgumentRule:
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
class _Places:
    """A list of given length, whose places have rules of their own."""

    rules: tuple[ArgumentRule, ...]

    def entered(self, name: str, value: object) -> object:
        if not isinstance(value, (list, tuple)) or len(value) != len(self.rules):
            raise refusal(name, shown(value), f"a list of {len(self.rules)} values")
        pairs = enumerate(zip(self.rules, value, strict=True))
        return tuple(rule.entered(f"{name}.{place}", item) for place, (rule, item) in pairs)


def sequence_of(*rules: ArgumentRule) -> ArgumentRule:
    """Take a list of given length, whose places have rules of their own."""
    return _Places(rules)
