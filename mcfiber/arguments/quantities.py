"""Rules for real numbers: labelled ones, which broadcast by name, and plain arrays, which broadcast by place."""

import math
import numbers
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import xarray as xr

from mcfiber.arguments.rules import ArgumentRule, refusal
from mcfiber.descriptions.errors import DescriptionError, is_truth, shown, without_array
from mcfiber.descriptions.values import Axis, Declaration, number
from mcfiber.typing import AnyArray
from mcfiber.units import unit_label

POINT = "point"
"""Dimension of a list whose values have no other order than that in which they are given."""

LARGEST = 1e100
"""Largest magnitude of a complex number, whose square is still a number."""


@dataclass(frozen=True)
class _Numbers:
    """A range with its unit; the end of the argument's name tells the unit where none is given."""

    range: Declaration
    unit: str

    def _unit(self, name: str) -> str:
        return f" {self.unit}" if self.unit else unit_label(name.partition(".")[0])

    def _span(self, name: str) -> str:
        return self.range.range_text(self._unit(name))

    def _check_range(self, name: str, values: AnyArray, form: str, *, missing: bool = False) -> None:
        """Refuse the first number that lies outside, with its place; one that is missing may stay so."""
        inside = np.asarray(self.range.inside(values))
        bad = ~(inside | np.isnan(values)) if missing else ~inside
        if bad.any():
            at = f" at position {tuple(np.argwhere(bad)[0].tolist())}" if values.ndim else ""
            given = f"{float(values[bad].flat[0]):g}{self._unit(name)}{at}"
            raise refusal(name, given, f"{form}, {self._span(name)}", self.range.remedy)


# ---------------------------------------------------------------------------------------------------------
# labelled


@dataclass(frozen=True)
class _Real(_Numbers):
    """A real number, or many of them along named dimensions."""

    dims: tuple[str, ...]  # of a list
    alone: bool  # whether one number will do
    any_dims: bool  # whether a labelled array may have others instead
    table: tuple[str, ...]  # known names of a table

    def entered(self, name: str, value: object) -> object:
        if type(value) is xr.Variable:  # from behind the doors
            return value
        value = without_array(value)
        if isinstance(value, Mapping) and self.table:
            return self._table(name, value)
        if self.alone and isinstance(value, numbers.Real) and not is_truth(value):
            return self._number(name, value)
        if not self.dims:
            raise self._refusal(name, shown(value))
        return self._labelled(name, self._array(name, value), missing=isinstance(value, xr.DataArray))

    def _table(self, name: str, value: Mapping[str, object]) -> dict[str, object]:
        if not value or any(key not in self.table for key in value):
            raise refusal(name, shown(value), f"a table with {', '.join(self.table)}")
        return {key: self.entered(f"{name}.{key}", item) for key, item in value.items()}

    def _refusal(self, name: str, given: str) -> DescriptionError:
        return refusal(name, given, f"{self._form()}, {self._span(name)}", self.range.remedy)

    def _form(self) -> str:
        lists = f"lists of numbers along {', '.join(self.dims)}" if len(self.dims) > 1 else "a list of numbers"
        forms = ["a number"] * self.alone + [lists, "a labelled array of them"] * bool(self.dims)
        return " or ".join(forms)

    def _number(self, name: str, value: numbers.Real) -> float:
        result = _as_float(value)
        if not self.range.inside(result):
            raise self._refusal(name, f"{result:g}{self._unit(name)}")
        return result

    def _array(self, name: str, value: object) -> xr.DataArray:
        """A labelled array as it is; anything that lists numbers along the dimension of the rule."""
        if isinstance(value, xr.DataArray):
            return value
        if isinstance(value, Axis):
            return xr.DataArray(value.values, dims=value.dims, coords=value.coords)
        if _is_series(value):
            index = cast("Any", value).index
            coords = {} if index.name is None else {str(index.name): index.to_numpy()}
            return xr.DataArray(_as_array(name, value), dims=next(iter(coords), self.dims[0]), coords=coords)
        if not isinstance(value, (Sequence, np.ndarray)) or isinstance(value, (str, bytes)):
            raise self._refusal(name, shown(value))
        values = _as_array(name, value)
        if values.ndim != len(self.dims):
            remedy = "or name its dimensions: xarray.DataArray(values, dims=(...))"
            raise refusal(name, f"an array of shape {values.shape}", self._form(), remedy)
        return xr.DataArray(values, dims=self.dims)

    def _labelled(self, name: str, array: xr.DataArray, *, missing: bool) -> xr.DataArray:
        if array.dtype.kind not in "iuf" or not array.size:
            given = f"an array of {array.dtype}" if array.size else "an empty array"
            raise self._refusal(name, given)
        if not (self.alone or self.any_dims or set(self.dims) <= set(array.dims)):
            given = f"an array along {', '.join(map(str, array.dims))}"
            raise refusal(name, given, f"one along {', '.join(self.dims)}")
        self._check_range(name, np.asarray(array.values, dtype=np.float64), self._form(), missing=missing)
        return array if array.dtype == np.float64 else array.astype(np.float64)


def real(
    *,
    low: float = -math.inf,
    high: float = math.inf,
    above: float = -math.inf,
    below: float = math.inf,
    infinite: bool = False,
    unit: str = "",
    dims: tuple[str, ...] = (POINT,),
    alone: bool = True,
    any_dims: bool = False,
    table: Iterable[str] = (),
    remedy: str = "",
) -> ArgumentRule:
    """Take a real number, a list of numbers or a labelled array of them.

    Parameters
    ----------
    low, high, above, below, infinite
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
    declared = number(low=low, high=high, above=above, below=below, infinite=infinite, remedy=remedy)
    return _Real(declared, unit, dims, alone, any_dims, tuple(table))


# ---------------------------------------------------------------------------------------------------------
# plain arrays


@dataclass(frozen=True)
class Plain(_Numbers):
    """A plain array of which the last dimensions have names; any others lead and broadcast."""

    last: tuple[str, ...]
    exact: bool
    scalar: bool
    functions: bool
    missing: bool
    kind: Literal["real", "complex", "whole"]

    def entered(self, name: str, value: object) -> object:
        """Give a plain array, or the number that it is."""
        if self.functions and callable(value) and not isinstance(value, type):
            return value
        array = self._array(name, value)
        if array.dtype.kind not in {"real": "iuf", "complex": "iufc", "whole": "iu"}[self.kind]:
            given = f"an array of {array.dtype}" if array.ndim else shown(value)
            raise refusal(name, given, f"{self._form()}, {self._span(name)}")
        self._check_shape(name, array)
        if self.kind == "complex":
            if not float(np.abs(array).max()) <= LARGEST:  # NaN is not
                raise refusal(name, "a value that is no number, or too large", self._form())
            array = array.astype(np.complex128, copy=False)
        else:
            self._check_range(name, array.astype(np.float64), self._form(), missing=self.missing)
            array = array.astype(np.int64 if self.kind == "whole" else np.float64, copy=False)
        return array if array.ndim else array.item()

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
        if not fits or not array.size:
            raise refusal(name, f"an array of shape {array.shape}", f"{self._form()}, not empty")

    def _form(self) -> str:
        lead = () if self.exact else ("...",)
        what = {"real": "numbers", "complex": "complex numbers", "whole": "whole numbers"}[self.kind]
        shaped = f"{what} of shape ({', '.join((*lead, *self.last))})" if self.last else f"an array of {what}"
        one = ["a number"] * self.scalar + ["a function"] * self.functions
        return " or ".join([*one, shaped])

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
    below: float = math.inf,
    infinite: bool = False,
    unit: str = "",
    exact: bool = False,
    scalar: bool = True,
    functions: bool = False,
    missing: bool = False,
    kind: Literal["real", "complex", "whole"] = "real",
) -> ArgumentRule:
    """Take a plain array (a number, lists, a labelled array), and check its shape with those of the other arguments.

    Parameters
    ----------
    *last
        Names of the last dimensions; the same name has the same length everywhere.
    low, high, above, below, infinite, unit
        As for `real`.
    exact
        Whether there are no other dimensions in front.
    scalar
        Whether one number will do.
    functions
        Whether a function will do.
    missing
        Whether NaN marks what is missing.
    kind
        What the elements are.
    """
    declared = number(low=low, high=high, above=above, below=below, infinite=infinite)
    return Plain(declared, unit, last, exact, scalar, functions, missing, kind)


# ---------------------------------------------------------------------------------------------------------
# arrays of what users give


def _as_float(value: object) -> float:
    """Python's float of a real number; what is too large is infinite."""
    try:
        return float(cast("float", value))
    except OverflowError:
        return math.inf


def _is_series(value: object) -> bool:
    return hasattr(value, "index") and hasattr(value, "to_numpy") and not hasattr(value, "columns")


def _as_array(name: str, value: object) -> AnyArray:
    """Array of what a user gave; ragged lists and objects are refused."""
    if isinstance(value, np.ma.MaskedArray):
        value = np.ma.filled(value.astype(np.float64), np.nan)  # a masked number is none
    try:
        found = np.asarray(None if isinstance(value, (bytes, bytearray, memoryview)) else value)
    except (ValueError, TypeError):
        found = np.asarray(None)
    if found.dtype.kind == "O" and found.ndim and all(isinstance(item, numbers.Real) for item in found.flat):
        found = np.reshape([_as_float(item) for item in found.flat], found.shape)
    if found.dtype.kind not in "biufc" or (found.dtype.kind == "b" and not found.ndim):
        raise refusal(name, shown(value), "a number or an array of numbers, of equal lengths")
    return found
