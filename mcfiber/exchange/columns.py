"""Columns and arrays of measured files: text with names of columns in its first line, and MATLAB files."""

import csv
import io
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mcfiber.descriptions.errors import refused, shown
from mcfiber.typing import AnyArray

Rows = list[tuple[int, list[str]]]
"""Cells of every line that is no comment, with the line's number."""


class Columns(NamedTuple):
    """Columns of a file by their names.

    Attributes
    ----------
    values
        Numbers of each column.
    places
        Where each row stands, as in "line 3", to be told with what is wrong there.
    """

    values: dict[str, list[float]]
    places: list[str]


def text_rows(path: Path, file: str) -> Rows:
    """Read the lines of a text file: commas, semicolons, tabs or spaces between cells; # begins a comment.

    References
    ----------
    .. [1] Y. Shafranovich, "Common format and MIME type for comma-separated values (CSV) files," RFC 4180, 2005.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{file}: cannot be read: {error}"
        raise refused(msg) from None
    rows = _rows(text)
    if not rows:
        msg = f"{file}: is empty; the first line names the columns"
        raise refused(msg)
    return rows


def named_columns(rows: Rows, file: str) -> Columns:
    """Numbers below the names in the first line."""
    first, names = rows[0]
    found: dict[str, list[float]] = {name: [] for name in names}
    if len(found) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        msg = f"{file}: line {first}: the column {shown(twice)} is there twice; give each another name"
        raise refused(msg)
    for line, row in rows[1:]:
        if len(row) != len(names):
            msg = f"{file}: line {line}: got {len(row)} values for {len(names)} columns; give one for each"
            raise refused(msg)
        for name, item in zip(names, row, strict=True):
            found[name].append(number_in(item, file, line, name))
    return Columns(found, [f"line {line}" for line, _ in rows[1:]])


def _rows(text: str) -> Rows:
    """Cells of every line that is no comment."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    lines = [(number, line) for number, line in lines if not line.lstrip().startswith("#")]
    if not lines:
        return []
    head = lines[0][1]
    mark = next((mark for mark in (";", "\t", ",") if mark in head), None)
    if mark is None:
        return [(number, line.split()) for number, line in lines]
    cells = csv.reader(io.StringIO("\n".join(line for _, line in lines)), delimiter=mark)
    return [(number, [cell.strip() for cell in row]) for (number, _), row in zip(lines, cells, strict=False)]


def is_number(text: str) -> bool:
    """Tell whether a cell holds a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def number_in(text: str, file: str, line: int, column: str) -> float:
    """Read the number in a cell, or tell where there is none."""
    if is_number(text):
        return float(text)
    told = "a comma in a number" if re.fullmatch(r"[+-]?\d+,\d+", text) else "which is not a number"
    msg = f"{file}: line {line}, column {shown(column)}: got {shown(text)}, {told}; allowed: numbers such as 0.19"
    raise refused(msg)


def matlab_arrays(path: Path, file: str) -> dict[str, AnyArray]:
    """Arrays of numbers in a MATLAB file, without dimensions of length one."""
    import scipy.io
    from scipy.io.matlab import MatReadError

    try:
        held = scipy.io.loadmat(path)
    except (OSError, ValueError, NotImplementedError, MatReadError) as error:
        msg = f"{file}: cannot be read: {error}"
        raise refused(msg) from None
    arrays = {name: np.asarray(item) for name, item in held.items() if not name.startswith("__")}
    return {name: np.squeeze(item) for name, item in arrays.items() if item.dtype.kind in "iufc"}
