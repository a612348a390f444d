"""Measured tables from files and from other libraries, as values that a description takes."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mcfiber.arguments import TABLE, TEXT, arguments, instance
from mcfiber.descriptions.errors import DescriptionError, refused, shown, suggestion
from mcfiber.descriptions.foreign import unlabelled
from mcfiber.descriptions.values import ByChannel, ByCore, GainTable, PairMatrix, RateTable, WavelengthTable
from mcfiber.exchange.columns import Rows, is_number, matlab_arrays, named_columns, number_in, text_rows
from mcfiber.extras import attempt_import
from mcfiber.typing import AnyArray

AGAINST: dict[str, Any] = {
    "wavelength_nm": WavelengthTable,
    "frequency_thz": WavelengthTable,
    "symbol_rate_gbd": RateTable,
    "gain_db": GainTable,
    "channel": ByChannel,
    "core": ByCore,
}
"""What a table may be against, by the name of its column, and the value that it becomes."""

OF_CORE = re.compile(r"core[ _]?(\d+)")
"""Name of a column that holds the values of one core."""

Table = WavelengthTable | RateTable | GainTable | ByChannel | ByCore | PairMatrix


_SOURCE = instance(
    "str",
    "Path",
    "DataFrame",
    "Series",
    "DataArray",
    "dict",
    "list",
    "tuple",
    "ndarray",
    otherwise="give the path of a CSV, MATLAB or Touchstone file, a DataFrame, or a labelled array",
)


@arguments(source=_SOURCE, columns=TABLE, value=TEXT)
def table(source: object, *, columns: Mapping[str, str] | None = None, value: str | None = None) -> Table:
    """Read a measured table: a CSV, MATLAB or Touchstone file, a frame or series, or a labelled array.

    Parameters
    ----------
    source
        Path of a ``.csv`` (or ``.txt``, ``.tsv``) or ``.mat`` file; a pandas DataFrame or Series; an xarray DataArray
        with the dimensions wavelength, channel, core, or core and wavelength. A CSV file begins with the names of its
        columns: one of `AGAINST`, and one of values, or one for each core (``core_0``, ``core_1``, ...). A square of
        numbers without names, or with the numbers of the cores around it, is a matrix of pairs of cores. A Touchstone
        file (``.s2p``, ``.s4p``, ...) of a network analyser gives the loss between two ports against wavelength, in dB.
    columns
        Names in the source of what is called ``wavelength_nm``, ``value`` and so on here, as in ``{"wavelength_nm":
        "lambda"}``.
    value
        Name of the column of values, where there are several; of a Touchstone file the element, as in ``"s21"``, which
        it is of two ports: what leaves port 2 of what enters port 1 (``"s11_2"`` of ten or more ports).

    Returns
    -------
    WavelengthTable, RateTable, GainTable, ByChannel, ByCore or PairMatrix
        To be given as the value of a field; its unit is that of the field.

    Raises
    ------
    DescriptionError
        If the file cannot be read, a column is unknown or missing, or an entry is no number: with line and column.

    Notes
    -----
    CSV files as of [1]_, with commas, semicolons, tabs or spaces between the columns; lines that begin with ``#`` are
    left out. Touchstone files as of [2]_: the loss is ``-20 log10 |S|``; they need scikit-rf, of the extra ``io``.

    References
    ----------
    .. [1] Y. Shafranovich, "Common format and MIME type for comma-separated values (CSV) files," RFC 4180, 2005.
    .. [2] IBIS Open Forum, "Touchstone file format specification," version 2.0, 2009.

    Examples
    --------
    >>> import pandas as pd
    >>> loss = pd.DataFrame({"wavelength_nm": [1530, 1565], "loss": [0.20, 0.19]})
    >>> table(loss).value
    (0.2, 0.19)
    """
    wanted = dict(columns or {}) | ({} if value is None else {"value": value})
    if isinstance(source, (str, Path)):
        path = Path(source)
        read = _of_matlab if path.suffix.lower() == ".mat" else _of_text
        read = _of_touchstone if PORTS.fullmatch(path.suffix) else read
        return read(path, wanted, f"source: {path.name}")
    try:
        found = _unlabelled(source)
    except ValueError as error:
        msg = f"source: {error}"
        raise refused(msg) from None
    if isinstance(found, Mapping) and "core_out_core_in" in found:
        return _made(PairMatrix, "source", core_out_core_in=found["core_out_core_in"])
    if isinstance(found, Mapping) and all(isinstance(item, (list, tuple, np.ndarray)) for item in found.values()):
        return _of_columns({str(name): list(item) for name, item in found.items()}, wanted, "source")
    if isinstance(found, (list, tuple)) and all(isinstance(row, (list, tuple, np.ndarray)) for row in found):
        return _made(PairMatrix, "source", core_out_core_in=found)
    msg = f"source: got {shown(source)}; allowed: the path of a file, a DataFrame or Series, or a labelled array"
    raise refused(msg)


def _made(kind: type[Table], source: str, **given: Any) -> Table:
    """Make a table, and say where it comes from if it cannot be made."""
    try:
        return kind(**given)
    except DescriptionError as error:
        msg = f"{source}: {error}"
        raise refused(msg) from None


def _unlabelled(source: Any) -> Any:
    dims = getattr(source, "dims", ())
    if set(dims) == {"core", "wavelength"}:
        cores = source.transpose("core", "wavelength")
        axis = {"wavelength_nm": cores["wavelength"].values}
        return axis | {f"core_{k}": row for k, row in enumerate(cores.values)}
    return unlabelled(source)


# ---------------------------------------------------------------------------------------------------------
# files


def _of_text(path: Path, wanted: Mapping[str, str], file: str) -> Table:
    rows = text_rows(path, file)
    names = rows[0][1]
    if all(is_number(name) for name in names) or names[0] in ("", "core_out", "core_out\\core_in"):
        return _matrix(rows, file)
    return _of_columns(named_columns(rows, file).values, wanted, file)


def _matrix(rows: Rows, file: str) -> Table:
    """A square of numbers, with the numbers of the cores around it or without."""
    around = not is_number(rows[0][1][0])
    body = rows[1:] if around else rows
    values = []
    for line, row in body:
        cells = row[1:] if around else row
        values.append([number_in(cell, file, line, str(column)) for column, cell in enumerate(cells)])
    for (line, _), found in zip(body, values, strict=True):
        if len(found) != len(body):
            msg = f"{file}: line {line}: got {len(found)} values in a matrix of {len(body)} rows; give as many of both"
            raise refused(msg)
    return _made(PairMatrix, file, core_out_core_in=values)


def _of_matlab(path: Path, wanted: Mapping[str, str], file: str) -> Table:
    numbers = {name: item for name, item in matlab_arrays(path, file).items() if item.dtype.kind != "c"}
    squares = [item for item in numbers.values() if item.ndim == 2 and item.shape[0] == item.shape[1]]
    if len(squares) == 1 and not wanted:
        return _made(PairMatrix, file, core_out_core_in=squares[0].tolist())
    return _of_columns({name: item.tolist() for name, item in numbers.items() if item.ndim == 1}, wanted, file)


PORTS = re.compile(r"\.s(\d+)p", re.IGNORECASE)
"""Ending of the name of a Touchstone file, with the number of ports."""


def _of_touchstone(path: Path, wanted: Mapping[str, str], file: str) -> Table:
    """Loss between two ports against frequency."""
    touchstone = attempt_import("skrf.io.touchstone", "io")
    try:
        frequency, scattering = touchstone.Touchstone(str(path)).get_sparameter_arrays()
    except (OSError, ValueError, IndexError) as error:
        msg = f"{file}: cannot be read: {error}"
        raise refused(msg) from None
    gain = np.abs(_element(scattering, wanted, file))
    if not gain.size or not gain.all():
        told = "a gain of zero, whose loss is infinite" if gain.size else "no frequency"
        msg = f"{file}: got {told}; give measured values"
        raise refused(msg)
    columns = {"frequency_thz": (frequency * 1e-12).tolist(), "value": (-20.0 * np.log10(gain)).tolist()}
    return _of_columns(columns, {}, file)


def _element(scattering: AnyArray, wanted: Mapping[str, str], file: str) -> AnyArray:
    """The element that is named, as in s21: what leaves port 2 of what enters port 1."""
    ports = scattering.shape[1]
    if set(wanted) - {"value"}:
        msg = f"columns: {file.removeprefix('source: ')} has no columns; name the element instead: value = 's21'"
        raise refused(msg)
    if "value" not in wanted and ports != 2:
        msg = f"value: {file.removeprefix('source: ')} has {ports} ports; name the element, as in value = 's21'"
        raise refused(msg)
    known = {
        f"s{leaving + 1}{entering + 1}" if ports < 10 else f"s{leaving + 1}_{entering + 1}": (leaving, entering)
        for leaving in range(ports)
        for entering in range(ports)
    }
    name = wanted.get("value", "s21").lower()
    if name not in known:
        msg = f"value: got {shown(name)}; allowed: {', '.join(list(known)[:4])}, ... of {ports} ports"
        raise refused(msg + suggestion(name, known))
    element: AnyArray = scattering[:, *known[name]]
    return element


# ---------------------------------------------------------------------------------------------------------
# columns


def _of_columns(found: dict[str, list[Any]], wanted: Mapping[str, str], file: str) -> Table:
    renamed = _renamed(found, wanted, file)
    keys = [name for name in renamed if name in AGAINST]
    if len(keys) != 1:
        told = f"got {' and '.join(keys)}" if keys else f"got the columns {', '.join(found)}"
        msg = f"{file}: {told}; allowed: one of {', '.join(AGAINST)} (or name it in columns), and values"
        raise refused(msg)
    key = keys[0]
    cores = {name: OF_CORE.fullmatch(name.lower()) for name in renamed if name != key}
    if "value" not in renamed and cores and all(cores.values()):
        numbers = {int(match[1]): renamed[name] for name, match in cores.items() if match}
        if sorted(numbers) != list(range(len(numbers))):
            msg = f"{file}: got columns of the cores {sorted(numbers)}; give one for each, numbered from 0"
            raise refused(msg)
        columns = [{key: renamed[key], "value": numbers[core]} for core in range(len(numbers))]
        return _made(ByCore, file, core=columns)
    value = _values_of(renamed, key, file)
    if key in ("channel", "core"):
        return _made(AGAINST[key], file, **{key: _in_order(renamed[key], value, key, file)})
    order = np.argsort(renamed[key], kind="stable")
    points = [renamed[key][k] for k in order]
    return _made(AGAINST[key], file, **{key: points, "value": [value[k] for k in order]})


def _renamed(found: Mapping[str, list[Any]], wanted: Mapping[str, str], file: str) -> dict[str, list[Any]]:
    """Columns by the names that they have here."""
    for here, there in wanted.items():
        argument = "value" if here == "value" else f"columns.{here}"
        if here not in (*AGAINST, "value") and not OF_CORE.fullmatch(here):
            msg = f"{argument}: is no column of a table; allowed: {', '.join(AGAINST)}, value, core_0, core_1, ..."
            raise refused(msg)
        if there not in found:
            msg = f"{argument}: there is no column {shown(there)} in {file.removeprefix('source: ')}"
            raise refused(msg + suggestion(str(there), found))
    back = {there: here for here, there in wanted.items()}
    return {back.get(name, name): values for name, values in found.items()}


def _values_of(renamed: Mapping[str, list[Any]], key: str, file: str) -> list[Any]:
    if "value" in renamed:
        return renamed["value"]
    others = [name for name in renamed if name != key]
    if len(others) == 1:
        return renamed[others[0]]
    told = f"got the columns {', '.join(others)}" if others else "got no column of values"
    msg = f"{file}: {told} beside {key}; say which holds the values: value = ..."
    raise refused(msg)


def _in_order(labels: Sequence[Any], values: Sequence[Any], key: str, file: str) -> list[Any]:
    order = np.argsort(labels, kind="stable")
    if [int(labels[k]) for k in order] != list(range(len(labels))):
        msg = f"{file}: got the numbers {', '.join(f'{one:g}' for one in labels[:8])} of {key}; number them from 0"
        raise refused(msg)
    return [values[k] for k in order]
