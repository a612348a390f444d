"""Checks of values that do not vary: whole numbers, truths, lists and tables of something else."""

import numbers
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from pydantic import BeforeValidator, PlainValidator, ValidationInfo

from mcfiber.descriptions.errors import is_truth, shown, without_array
from mcfiber.descriptions.values import Declaration, checked_items, number
from mcfiber.typing import is_axis

__all__ = ["each", "flag", "integer", "number", "sequence"]

Check: TypeAlias = Callable[[Any, ValidationInfo], Any]
Inner: TypeAlias = PlainValidator | Declaration


def _check_of(inner: Inner) -> Check:
    return inner.check if isinstance(inner, Declaration) else inner.func  # type: ignore[return-value]


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

    def check(value: object, _info: ValidationInfo) -> bool:
        if not is_truth(value):
            msg = f"got {shown(value)}; allowed: true or false"
            raise ValueError(msg)
        return bool(value)

    return PlainValidator(check)


def each(inner: Inner, *, single: bool = True, remedy: str = "") -> PlainValidator:
    """Accept one value (unless a list is asked for), or a list of values.

    Real values that differ by channel or core say so in their declaration instead, see
    `mcfiber.descriptions.values.number`.
    """
    check = _check_of(inner)

    def checked(value: object, info: ValidationInfo) -> Any:
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
        return tuple(checked_items(lambda item: check(item, info), enumerate(value)).values())

    return PlainValidator(checked)


def sequence() -> BeforeValidator:
    """Accept NumPy arrays where a list is asked for."""
    return BeforeValidator(lambda value: value.tolist() if isinstance(value, np.ndarray) else value)
