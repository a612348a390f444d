"""How a value may vary: one grammar for every real-valued field.

A field declares once, with `number`, in which range its value lies and how it may vary:

===============  ===============================================================================================
word             what the field holds, and the forms that say so
===============  ===============================================================================================
(none)           a number
``axis``         a labelled axis: `Axis`, ``{axis = "pitch", values = [...]}``, a one-dimensional DataArray with a
                 free name, a pandas Series whose index has one
``band``         a value for each band, ``{C = 5, L = 6}``; each may vary in the other ways
``source``       a value for each of other known names
``channel``      a value for each channel: ``{channel = [...]}``, a list, a DataArray or Series by ``channel``
``core``         a value for each core, alike; each may be a table against wavelength
``list``         a list of numbers that are neither channels nor cores
``wavelength``   a table ``{wavelength_nm = [...], value = [...]}`` (or ``frequency_thz``), a DataArray or Series by
                 ``wavelength``, a DataFrame with these columns
``symbol_rate``  a table ``{symbol_rate_gbd = [...], value = [...]}``, for the symbol rate of each channel
``gain``         a table ``{gain_db = [...], value = [...]}``, for the gain that an amplifier has; each value may be a
                 table against wavelength
``pairs``        a value for each pair of cores, ``{core_out_core_in = [[...]]}``, an array or DataFrame
===============  ===============================================================================================

Forms that say the same are stored alike: lists as tuples where a field varies by either channels or cores, and as
`ByChannel` or `ByCore` where it may by both.  A DataArray of a free axis stays the DataArray that it is, and a table or
Series becomes an `Axis`; both have ``dims``, ``values``, ``data`` and compare equal.  `declared` reads a declaration.
"""

import math
import numbers
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, TypeAlias

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    GetCoreSchemaHandler,
    PlainValidator,
    PrivateAttr,
    ValidationInfo,
    model_validator,
)

from mcfiber.descriptions.errors import DescriptionError, Problem, is_truth, refused, shown, without_array
from mcfiber.descriptions.foreign import unlabelled
from mcfiber.descriptions.record import Description
from mcfiber.typing import AnyArray, FloatArray, is_axis
from mcfiber.units import SPEED_OF_LIGHT, likely, unit_label

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

    from mcfiber.typing import Real

    Quantity: TypeAlias = Real
    """A number, or a labelled axis of numbers."""

    ByBand: TypeAlias = dict[str, Quantity]

    ByList: TypeAlias = tuple[Quantity, ...]

    Varying: TypeAlias = Any
    """A value in any form that its declaration allows; the door puts it on the grid."""
else:
    # The declaration checks; pydantic need not know what a DataArray is.
    Quantity = ByBand = ByList = Varying = Any

EVERYWHERE = "axis band channel core wavelength"
"""Words of a value that may differ by whatever a channel in a core is told apart by."""


FORMS: Mapping[str, str] = {
    "axis": "an axis",
    "band": "one for each band",
    "source": "one for each source",
    "channel": "a list by channel",
    "core": "a list by core",
    "list": "a list",
    "wavelength": "a table against wavelength",
    "symbol_rate": "a table against symbol rate",
    "gain": "a table against gain",
    "pairs": "a matrix of pairs of cores",
}
"""Ways in which a value may vary, by the word that declares them."""

_BY_SPAN = "give a list of spans in link.span"
_BY_CHANNEL = "give {channel = [...]} where a value may differ by channel"
_BY_CORE = "give {core = [...]} where a value may differ by core"
_BY_PAIR = "give {core_out_core_in = [[...]]} where a value may differ by pair"
_BY_WAVELENGTH = "give {wavelength_nm = [...], value = [...]} where a value may differ by wavelength"
_RENAME = "give the axis another name"

RESERVED_AXES: Mapping[str, str] = {
    "span": _BY_SPAN,
    "channel": _BY_CHANNEL,
    "core": _BY_CORE,
    "core_out": _BY_PAIR,
    "core_in": _BY_PAIR,
    "wavelength": _BY_WAVELENGTH,
    "frequency": _BY_WAVELENGTH,
    "band": "give a table such as {C = 5, L = 6} where a value may differ by band",
} | dict.fromkeys(
    (
        *("core_a", "core_b", "signal", "supermode", "coordinate", "panel", "node", "node_in", "term", "position"),
        *("draw", "step", "time", "mode", "mode_in", "mode_out", "mode_out_other", "receiver", "separation"),
        *("limit", "rung", "status", "symbol_rate", "cell", "coefficient", "moment", "pole", "use"),
        *("tap", "polarization", "group"),
    ),
    _RENAME,
)
"""Dimensions and coordinates that a result has for other reasons, and what to do instead of naming an axis so."""


def _free_name(name: str) -> str:
    if name in RESERVED_AXES:
        msg = f"got an axis named {name!r}, which has a meaning of its own in every result; {RESERVED_AXES[name]}"
        raise ValueError(msg)
    if not name:
        msg = "got an axis without a name; give it one"
        raise ValueError(msg)
    return name


def _fixed(array: AnyArray) -> AnyArray:
    array.setflags(write=False)
    return array


def _axis_values(value: object) -> FloatArray:
    array = np.array(value)
    if array.ndim != 1 or array.size == 0:
        msg = f"got an axis of shape {array.shape}; allowed: one labelled dimension, at least one value"
        raise ValueError(msg)
    if array.dtype.kind not in "iuf":
        msg = f"got an axis of {array.dtype}; allowed: numbers"
        raise ValueError(msg)
    return _fixed(array.astype(np.float64))


def _axis_labels(value: object) -> AnyArray:
    array = np.array(value)
    if array.ndim != 1:
        msg = f"got {shown(value)}; allowed: a list with a label for each value"
        raise ValueError(msg)
    return _fixed(array)


class Axis(Description):
    """Numbers along a dimension with a name: what a system is evaluated at, all at once.

    It is data without arithmetic; the doors of the library make labelled arrays of it.

    Parameters
    ----------
    axis
        Name of the dimension; any but those of `RESERVED_AXES`.
    values
        Numbers, at least one.
    labels
        Label of each value, such as its number among all samples; left out, there are none.

    Examples
    --------
    >>> pitch = Axis(axis="pitch", values=[35, 40])
    >>> pitch.dims, pitch.values.tolist()
    (('pitch',), [35.0, 40.0])
    """

    axis: Annotated[str, AfterValidator(_free_name)]
    values: Annotated[FloatArray, PlainValidator(_axis_values)]
    labels: Annotated[AnyArray | None, PlainValidator(_axis_labels)] = None

    @model_validator(mode="after")
    def _labelled(self) -> Self:
        if self.labels is not None and self.labels.size != self.values.size:
            msg = f"labels: got {self.labels.size} labels for {self.values.size} values; give one for each"
            raise refused(msg)
        return self

    def __hash__(self) -> int:
        labels = None if self.labels is None else tuple(self.labels.tolist())
        return hash((self.axis, self.values.tobytes(), labels))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> AnyArray:
        return np.array(self.values, dtype=dtype) if copy or dtype is not None else self.values

    def with_values(self, values: AnyArray) -> Self:
        """Copy with other values, of the same name and labels."""
        return self.replace({"values": values})

    @property
    def dim(self) -> str:
        """Name of the dimension."""
        return self.axis

    @property
    def dims(self) -> tuple[str]:
        """Names of the dimensions: one."""
        return (self.axis,)

    @property
    def data(self) -> FloatArray:
        """The values."""
        return self.values

    @property
    def coords(self) -> dict[str, AnyArray]:
        """Labels by dimension; empty where there are none."""
        return {} if self.labels is None else {self.axis: self.labels}

    @property
    def ndim(self) -> int:
        """Number of dimensions: 1."""
        return 1

    @property
    def size(self) -> int:
        """Number of values."""
        return int(self.values.size)

    @property
    def shape(self) -> tuple[int]:
        """Number of values, as a tuple."""
        return (self.size,)

    @property
    def dtype(self) -> "np.dtype[np.float64]":
        """Type of the values."""
        return self.values.dtype


@dataclass(frozen=True)
class Declaration:
    """What a real-valued field holds: its range, its unit and the ways in which it may vary.

    It is both the annotation that checks a field and the record that documents it; `number` makes it, `declared`
    finds it.

    Attributes
    ----------
    low, high
        Smallest and largest allowed value.
    above
        Bound that the value must exceed.
    infinite
        Whether plus infinity is a value.
    varies
        Words of `FORMS`.
    single
        Whether the value may be one number (or axis); otherwise it is a list.
    listed
        What a plain list goes along, where the value may differ by both channel and core.
    names
        Known keys of a table by band or source; any where empty.
    remedy
        What to do about a refused value.
    unit
        Label of the unit, known to `declared`.
    below
        Bound that the value must not reach.
    """

    low: float = -math.inf
    high: float = math.inf
    above: float = -math.inf
    infinite: bool = False
    varies: tuple[str, ...] = ("axis",)
    single: bool = True
    names: tuple[str, ...] = ()
    remedy: str = ""
    listed: str = ""
    unit: str = ""
    below: float = math.inf

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> "CoreSchema":
        return PlainValidator(self.check).__get_pydantic_core_schema__(source, handler)

    def __get_pydantic_json_schema__(self, _schema: object, _handler: object) -> dict[str, Any]:
        return self.json_schema()

    def check(self, value: object, info: ValidationInfo) -> Any:
        """Accept a value of the field that `info` names, in its stored form, or refuse it."""
        return _Checked(self, unit_label(info.field_name or "")).varying(value, frozenset(self.varies))

    def inside(self, value: Any) -> Any:
        """Tell whether a number, or each of an array, lies in the range."""
        # NaN fails every comparison, so it is refused with the rest.
        finite = (value <= self.high) & (value < self.below)
        below = finite | (value == math.inf) if self.infinite else finite
        return (value >= self.low) & below & (value > self.above) & (value > -math.inf)

    def range_text(self, unit: str | None = None) -> str:
        """Allowed range in words, as in "above 0 um and at most 200 um"."""
        unit = (f" {self.unit}" if self.unit else "") if unit is None else unit
        text = _bounds_text(self, unit)
        return f"{text}, or infinity" if self.infinite else text

    def forms_text(self) -> str:
        """Allowed forms in words, as in "a number, an axis, a list by core"."""
        return ", ".join([*(["a number"] if self.single else []), *(FORMS[word] for word in self.varies)])

    def json_schema(self) -> dict[str, Any]:
        """Every allowed form as a JSON schema."""
        one: dict[str, Any] = {"type": "number"}
        if self.low > -math.inf:
            one["minimum"] = self.low
        if self.above > -math.inf:
            one["exclusiveMinimum"] = self.above
        if self.high < math.inf:
            one["maximum"] = self.high
        if self.below < math.inf:
            one["exclusiveMaximum"] = self.below
        item: dict[str, Any] = one
        listed = {"type": "array", "items": item, "minItems": 1}
        tables: dict[str, Any] = {
            "axis": _object(axis={"type": "string"}, values=listed),
            "channel": _object(channel=listed),
            "core": _object(core=listed),
            "list": listed,
            "wavelength": _object(wavelength_nm={"type": "array", "items": {"type": "number"}}, value=listed),
            "symbol_rate": _object(symbol_rate_gbd={"type": "array", "items": {"type": "number"}}, value=listed),
            "gain": _object(gain_db={"type": "array", "items": {"type": "number"}}, value={"type": "array"}),
            "pairs": _object(core_out_core_in={"type": "array", "items": {"type": "array"}}),
        }
        forms = [one] if self.single else []
        forms += [tables[word] for word in self.varies if word in tables]
        if len({"channel", "core"} & set(self.varies)) == 1 or self.listed:
            forms.append(listed)
        if {"band", "source"} & set(self.varies):
            keys = {"propertyNames": {"enum": list(self.names)}} if self.names else {}
            forms.append({"type": "object", "additionalProperties": {"anyOf": list(forms)}} | keys)
        return forms[0] if len(forms) == 1 else {"anyOf": forms}


def number(
    *,
    low: float = -math.inf,
    high: float = math.inf,
    above: float = -math.inf,
    below: float = math.inf,
    infinite: bool = False,
    varies: str = "axis",
    single: bool = True,
    names: Iterable[str] = (),
    axis: bool = True,
    remedy: str = "",
    listed: str = "",
) -> Declaration:
    """Declare a real-valued field: its range, and how it may vary.

    Parameters
    ----------
    low, high
        Smallest and largest allowed value.
    above, below
        Bounds that the value must exceed, and not reach.
    infinite
        Whether plus infinity is a value.
    varies
        Words of `FORMS`, with spaces between: ``"axis band channel core list wavelength pairs"`` or fewer; empty for
        a number alone.
    single
        Whether one number will do where the value may be a list.
    names
        Known keys of a table by band or source.
    axis
        False takes the word ``axis`` out.
    remedy
        What to do about a refused value.
    listed
        "channel" or "core": what a plain list goes along, where the value may differ by both.

    Examples
    --------
    >>> class Cable(Description):
    ...     loss_db_per_km: Annotated[Quantity, number(above=0, high=100, varies="axis core")] = 0.2
    >>> Cable(loss_db_per_km={"core": [0.2, 0.3]}).loss_db_per_km
    (0.2, 0.3)
    """
    words = tuple(word for word in varies.split() if axis or word != "axis")
    if unknown := [word for word in words if word not in FORMS]:
        msg = f"varies: got {unknown[0]!r}; allowed: {', '.join(FORMS)}"
        raise ValueError(msg)
    return Declaration(low, high, above, infinite, words, single, tuple(names), remedy, listed, below=below)


def declared(model: type[Description], field: str) -> Declaration:
    """What a real-valued field of a description declares.

    Parameters
    ----------
    model
        A description.
    field
        Name of its field.

    Raises
    ------
    KeyError
        If the description has no such field, or it is not real-valued.

    Examples
    --------
    >>> from mcfiber.descriptions.fiber import MulticoreFiber
    >>> found = declared(MulticoreFiber, "attenuation_db_per_km")
    >>> found.range_text(), found.forms_text()
    ('above 0 dB/km and at most 100 dB/km', 'a number, an axis, a list by core, a table against wavelength')
    """
    for item in model.model_fields[field].metadata:
        if isinstance(item, Declaration):
            return replace(item, unit=unit_label(field).strip())
    msg = f"{model.__name__}.{field} is not a real-valued field"
    raise KeyError(msg)


def declarations(model: type[Description]) -> dict[str, Declaration]:
    """All real-valued fields of a description, by name."""
    return {
        name: declared(model, name)
        for name, field in model.model_fields.items()
        if any(isinstance(item, Declaration) for item in field.metadata)
    }


class ByChannel(Description):
    """A value for each channel, in the order in which they are described.

    Examples
    --------
    >>> ByChannel(channel=[1.0, 2.0]).channel
    (1.0, 2.0)
    """

    channel: Annotated[ByList, number(varies="axis list", single=False, infinite=True)]


class ByCore(Description):
    """A value, or a table against wavelength, for each core.

    Examples
    --------
    >>> ByCore(core=[1.0, 2.0]).core
    (1.0, 2.0)
    """

    core: Annotated[ByList, number(varies="axis list wavelength", single=False, infinite=True)]


def _matrix(value: object) -> tuple[tuple[float, ...], ...]:
    rows = [list(row) if isinstance(row, (list, tuple, np.ndarray)) else [row] for row in _rows_of(value)]
    if not rows or any(len(row) != len(rows) for row in rows):
        told = sorted({len(row) for row in rows})
        msg = f"got {len(rows)} rows of {told} values; allowed: as many rows as columns, one for each core"
        raise ValueError(msg)
    result = []
    for out, row in enumerate(rows):
        missing = row[out] is None or (isinstance(row[out], float) and math.isnan(row[out]))
        if not missing and (is_truth(row[out]) or row[out] != 0):
            msg = f"got {shown(row[out])} for core {out} and itself; allowed: 0, or a missing value (NaN)"
            raise ValueError(msg)
        row[out] = 0.0
        for item in row:
            if is_truth(item) or not isinstance(item, numbers.Real):
                msg = f"got {shown(item)} in row {out}, which is not a number"
                raise ValueError(msg)
        result.append(tuple(map(float, row)))
    return tuple(result)


def _rows_of(value: object) -> list[Any]:
    if not isinstance(value, (list, tuple, np.ndarray)):
        msg = f"got {shown(value)}; allowed: a list of rows"
        raise ValueError(msg)
    return list(value.tolist() if isinstance(value, np.ndarray) else value)


class PairMatrix(Description):
    """A value for each pair of different cores.

    Parameters
    ----------
    core_out_core_in
        Rows by the core that receives, columns by the core that sends. The diagonal means nothing: it is given as 0 or
        NaN, and kept as 0.

    Examples
    --------
    >>> PairMatrix(core_out_core_in=[[0, -40], [-41, 0]]).core_out_core_in
    ((0.0, -40.0), (-41.0, 0.0))
    """

    core_out_core_in: Annotated[tuple[tuple[float, ...], ...], PlainValidator(_matrix)]


class WavelengthTable(Description):
    """A quantity against wavelength, interpolated linearly (so without overshoot) and never extrapolated.

    Parameters
    ----------
    wavelength_nm
        Ascending wavelengths, at least two. `frequency_thz`, ascending too, may be given instead and is converted.
    value
        One value for each wavelength, in the unit of the field that holds the table.

    Examples
    --------
    >>> round(float(WavelengthTable(wavelength_nm=[1530, 1550], value=[0.22, 0.20]).at(1540)), 6)
    0.21
    """

    wavelength_nm: Annotated[tuple[float, ...], number(low=1000, high=2000, varies="list", single=False)]
    value: Annotated[tuple[float, ...], number(varies="list", single=False)]
    _arrays: tuple[FloatArray, FloatArray] | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _of_frequencies(cls, given: object) -> Any:
        if not isinstance(given, Mapping) or "frequency_thz" not in given:
            return given
        if "wavelength_nm" in given:
            msg = "frequency_thz: give either frequencies or wavelengths, not both"
            raise refused(msg)
        frequency = [_frequency(item) for item in _rows_of(given["frequency_thz"])]
        if len(frequency) < 2 or np.any(np.diff(frequency) <= 0):
            msg = "frequency_thz: give at least two frequencies, ascending"
            raise refused(msg)
        others = {key: item for key, item in given.items() if key != "frequency_thz"}
        if isinstance(others.get("value"), (list, tuple, np.ndarray)):
            others["value"] = list(others["value"])[::-1]
        return others | {"wavelength_nm": [SPEED_OF_LIGHT * 1e-3 / one for one in reversed(frequency)]}

    @model_validator(mode="after")
    def _aligned(self) -> Self:
        if len(self.wavelength_nm) < 2 or np.any(np.diff(self.wavelength_nm) <= 0):
            msg = "wavelength_nm: give at least two wavelengths, ascending"
            raise refused(msg)
        if len(self.value) != len(self.wavelength_nm):
            msg = f"value: got {len(self.value)} values for {len(self.wavelength_nm)} wavelengths; give one for each"
            raise refused(msg)
        return self

    def at(self, wavelength_nm: object) -> Any:
        """Interpolate at wavelengths in nm.

        Raises
        ------
        ValueError
            If a wavelength lies outside the table.
        """
        wavelength, value = self.arrays
        low, high = float(wavelength[0]), float(wavelength[-1])
        asked = np.asarray(wavelength_nm)
        if asked.min() < low or asked.max() > high:
            msg = (
                f"the table covers {low:g} to {high:g} nm, asked for {asked.min():.2f} to {asked.max():.2f} nm; "
                "extend the table (nothing is extrapolated)"
            )
            raise ValueError(msg)
        return np.interp(asked, wavelength, value)

    @property
    def arrays(self) -> tuple[FloatArray, FloatArray]:
        """Wavelengths and values as arrays, made once."""
        if self._arrays is None:
            made = _fixed(np.asarray(self.wavelength_nm)), _fixed(np.asarray(self.value))
            BaseModel.__setattr__(self, "_arrays", made)  # no field: descriptions stay frozen
            return made
        return self._arrays


def _frequency(item: Any) -> float:
    low, high = SPEED_OF_LIGHT * 1e-3 / 2000, SPEED_OF_LIGHT * 1e-3 / 1000
    if is_truth(item) or not isinstance(item, numbers.Real) or not low <= float(item) <= high:
        number = not is_truth(item) and isinstance(item, numbers.Real)
        told = likely(float(item), "THz", lambda guess: low <= guess <= high) if number else ""
        msg = f"frequency_thz: got {shown(item)}; allowed: {low:.1f} to {high:.1f} THz" + (f"; {told}" if told else "")
        raise refused(msg)
    return float(item)


class _Curve(Description):
    """Values at ascending points of something else than wavelength, interpolated linearly and never extrapolated."""

    value: Any

    _name: ClassVar[str]
    _unit: ClassVar[str]

    @model_validator(mode="after")
    def _aligned(self) -> Self:
        points = self.points
        if len(points) < 2 or np.any(np.diff(points) <= 0):
            msg = f"{self._name}: give at least two values, ascending"
            raise refused(msg)
        if len(self.value) != len(points):
            msg = f"value: got {len(self.value)} values for {len(points)} in {self._name}; give one for each"
            raise refused(msg)
        return self

    @property
    def points(self) -> tuple[float, ...]:
        """Where the values are."""
        found: tuple[float, ...] = getattr(self, self._name)
        return found

    def place(self, asked: AnyArray) -> tuple[AnyArray, FloatArray]:
        """Number of the point below each asked one, and the weight of the next.

        Raises
        ------
        ValueError
            If a point lies outside the table.
        """
        points = np.asarray(self.points)
        slack = 1e-9 * (points[-1] - points[0])
        if asked.min() < points[0] - slack or asked.max() > points[-1] + slack:
            msg = (
                f"the table covers {points[0]:g} to {points[-1]:g} {self._unit}, asked for {asked.min():.4g} to "
                f"{asked.max():.4g} {self._unit}; extend the table (nothing is extrapolated)"
            )
            raise ValueError(msg)
        below = np.clip(np.searchsorted(points, asked, side="right") - 1, 0, points.size - 2)
        return below, (asked - points[below]) / (points[below + 1] - points[below])


class RateTable(_Curve):
    """A quantity against the symbol rate of a channel.

    Parameters
    ----------
    symbol_rate_gbd
        Ascending symbol rates, at least two.
    value
        One for each, in the unit of the field that holds the table.

    Examples
    --------
    >>> RateTable(symbol_rate_gbd=[32, 96], value=[22, 18]).points
    (32.0, 96.0)
    """

    symbol_rate_gbd: Annotated[tuple[float, ...], number(low=0.1, high=10_000, varies="list", single=False)]
    value: Annotated[tuple[float, ...], number(varies="list", single=False)]

    _name: ClassVar[str] = "symbol_rate_gbd"
    _unit: ClassVar[str] = "GBd"


class GainTable(_Curve):
    """A quantity against the gain of an amplifier, and against wavelength where its values are tables.

    Parameters
    ----------
    gain_db
        Ascending gains, at least two.
    value
        A number, or a table against wavelength, for each.

    Examples
    --------
    >>> GainTable(gain_db=[15, 25], value=[7.0, 5.5]).points
    (15.0, 25.0)
    """

    gain_db: Annotated[tuple[float, ...], number(low=0, high=60, varies="list", single=False)]
    value: Annotated[tuple[float | WavelengthTable, ...], number(varies="list wavelength", single=False)]

    _name: ClassVar[str] = "gain_db"
    _unit: ClassVar[str] = "dB"


_Form: TypeAlias = Axis | ByChannel | ByCore | PairMatrix | WavelengthTable | RateTable | GainTable

_TABLES: Mapping[str, tuple[str, type[_Form]]] = {
    "axis": ("axis", Axis),
    "channel": ("channel", ByChannel),
    "core": ("core", ByCore),
    "core_out_core_in": ("pairs", PairMatrix),
    "wavelength_nm": ("wavelength", WavelengthTable),
    "frequency_thz": ("wavelength", WavelengthTable),
    "symbol_rate_gbd": ("symbol_rate", RateTable),
    "gain_db": ("gain", GainTable),
}
"""Form that a table has, by the key that tells it: the word that allows it, and its description."""


_OF_CORES = frozenset({"wavelength"})
"""Ways in which the value of one core may vary, beside along an axis."""


@dataclass(frozen=True)
class _Checked:
    """A declaration at work on one field, whose name spells the unit."""

    rule: Declaration
    unit: str

    @property
    def allowed(self) -> str:
        return self.rule.range_text(self.unit)

    @property
    def end(self) -> str:
        return f"; {self.rule.remedy}" if self.rule.remedy else ""

    def _guess(self, value: float) -> str:
        """What a refused number was probably meant to be, in another unit."""
        told = likely(value, self.unit.strip(), self.rule.inside) if self.unit else ""
        return f"; {told}" if told else ""

    def varying(self, given: object, forms: frozenset[str]) -> Any:
        """Accept a value in any of the forms, in its stored form."""
        value = unlabelled(without_array(given))
        if isinstance(value, Description):
            return self._form(value, forms)
        if is_axis(value) and self.rule.single:
            return self._axis(value, forms)
        if isinstance(value, Mapping):
            return self._table(value, forms)
        if isinstance(value, (list, tuple)):
            return self._list(value, forms, given)
        if not self.rule.single:
            msg = f"got {shown(given)}; allowed: a list of numbers{self.end}"
            raise ValueError(msg)
        return self._number(value, forms)

    def _number(self, value: object, forms: frozenset[str]) -> float:
        if is_truth(value) or not isinstance(value, numbers.Real):
            others = [FORMS[word] for word in FORMS if word in forms - {"axis"}]
            either = f" ({', '.join(['a number', *others])})" if others else ""
            msg = f"got {shown(value)}, which is not a number; allowed: {self.allowed}{either}{self.end}"
            raise ValueError(msg)
        try:
            result = float(value)
        except OverflowError:
            result = math.inf
        if not self.rule.inside(result):
            msg = f"got {result:g}{self.unit}; allowed: {self.allowed}{self._guess(result)}{self.end}"
            raise ValueError(msg)
        return result

    def _axis(self, value: Any, forms: frozenset[str]) -> Any:
        if "axis" not in forms:
            msg = f"got an axis, but this value cannot be one; allowed: {self.allowed}"
            raise ValueError(msg)
        if value.ndim != 1 or value.size == 0:
            msg = f"got an axis of shape {value.shape}; allowed: one labelled dimension, at least one value{self.end}"
            raise ValueError(msg)
        if value.dtype.kind not in "iuf":
            msg = f"got an axis of {value.dtype}; allowed: numbers, {self.allowed}{self.end}"
            raise ValueError(msg)
        _free_name(str(value.dims[0]))
        bad = ~self.rule.inside(np.asarray(value.data, dtype=np.float64))
        if bad.any():
            where = int(np.argmax(bad))
            wrong = float(value.data[where])
            msg = (
                f"got {wrong:g}{self.unit} at position {where} of the axis; "
                f"allowed: {self.allowed}{self._guess(wrong)}{self.end}"
            )
            raise ValueError(msg)
        return value if isinstance(value, Axis) else value.astype(np.float64)

    def _table(self, value: Mapping[Any, Any], forms: frozenset[str]) -> Any:
        found = next((_TABLES[key] for key in _TABLES if key in value), None)
        if found is not None and found[0] in forms:
            return self._form(found[1](**{str(key): item for key, item in value.items()}), forms)
        if found is not None:
            return self._refused_form(found[0], forms)
        what = next((word for word in ("band", "source") if word in forms), None)
        if what is None:
            return self._number(value, forms)
        if not value:
            msg = f"got an empty table; give one value, or one for each {what}"
            raise ValueError(msg)
        known = self.rule.names
        if known and (wrong := [name for name in value if name not in known]):
            msg = f"got a {what} {shown(wrong[0])}; allowed: {', '.join(known)}"
            raise ValueError(msg)
        return self._items(value.items(), forms - {"band", "source"})

    def _refused_form(self, word: str, forms: frozenset[str]) -> Any:
        if word == "axis":
            msg = f"got an axis, but this value cannot be one; allowed: {self.allowed}"
            raise ValueError(msg)
        kept = [FORMS[one] for one in FORMS if one in forms]
        told = ", ".join([*(["a number"] if self.rule.single else []), *kept])
        msg = f"got {FORMS[word]}, but this value cannot vary so; allowed: {told}, {self.allowed}"
        raise ValueError(msg)

    def _form(self, value: Description, forms: frozenset[str]) -> Any:
        if isinstance(value, Axis) and self.rule.single:
            return self._axis(value, forms)
        word = next((word for word, kind in _TABLES.values() if isinstance(value, kind)), None)
        if word is None:
            return self._number(value, forms)
        if word not in forms:
            return self._refused_form(word, forms)
        numbers_alone = frozenset[str]()
        if isinstance(value, (WavelengthTable, RateTable, GainTable)):
            inside = numbers_alone if not isinstance(value, GainTable) else _OF_CORES
            self._items(((f"value.{index}", item) for index, item in enumerate(value.value)), inside)
        elif isinstance(value, PairMatrix):
            self._items(
                (
                    (f"core_out_core_in.{out}.{into}", item)
                    for out, row in enumerate(value.core_out_core_in)
                    for into, item in enumerate(row)
                    if out != into
                ),
                numbers_alone,
            )
        else:
            items = value.channel if isinstance(value, ByChannel) else value.core  # type: ignore[attr-defined]
            named = ((f"{word}.{index}", item) for index, item in enumerate(items))
            kept = tuple(self._items(named, forms & ({"axis"} | _OF_CORES if word == "core" else {"axis"})).values())
            return value.replace({word: kept}) if {"channel", "core"} <= forms and self.rule.listed != word else kept
        return value

    def _list(self, value: list[Any] | tuple[Any, ...], forms: frozenset[str], given: object) -> Any:
        ways = [word for word in ("channel", "core", "list") if word in forms]
        ways = [self.rule.listed] if self.rule.listed in ways else ways
        if "pairs" in forms and value and all(isinstance(row, (list, tuple)) for row in value):
            return self._form(PairMatrix(core_out_core_in=value), forms)
        if not ways:
            return self._number(given, forms)
        if len(ways) > 1:
            told = " or ".join(f"{{{word} = [...]}}" for word in ways)
            msg = f"got a list, and the value may differ by {' and by '.join(ways)}; write {told}"
            raise ValueError(msg)
        if not value:
            msg = f"got an empty list; give one value, or one for each{self.end}"
            raise ValueError(msg)
        inside = {"axis"} if ways[0] == "channel" else {"axis"} | _OF_CORES
        return tuple(self._items(enumerate(value), forms & inside).values())

    def _items(self, items: Iterable[tuple[Any, Any]], forms: frozenset[str]) -> dict[Any, Any]:
        """Check every item and report all that are refused, each under its own path."""
        one = replace(self, rule=replace(self.rule, single=True))
        return checked_items(lambda item: one.varying(item, forms), items)


def checked_items(check: Any, items: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """Check every item of a list or table, and report all that are refused, each under its own path."""
    accepted: dict[Any, Any] = {}
    problems: list[Problem] = []
    for key, item in items:
        try:
            accepted[key] = check(item)
        except DescriptionError as error:
            problems += [(".".join(filter(None, (str(key), path))), text) for path, text in error.problems]
        except ValueError as error:
            problems.append((str(key), str(error)))
    if problems:
        title = "value"
        raise DescriptionError(title, problems)
    return accepted


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _bounds_text(range_: Declaration, unit: str) -> str:
    low, high = range_.low, range_.high
    if low > -math.inf and high < math.inf:
        return f"{low:g} to {high:g}{unit}"
    first = f"above {range_.above:g}{unit}" if range_.above > -math.inf else ""
    first = f"at least {low:g}{unit}" if low > -math.inf else first
    last = f"below {range_.below:g}{unit}" if range_.below < math.inf else ""
    last = f"at most {high:g}{unit}" if high < math.inf else last
    if first or last:
        return " and ".join(filter(None, (first, last)))
    return f"any finite number{' of' + unit if unit else ''}"
