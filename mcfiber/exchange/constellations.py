"""Constellations from files, as formats."""

from pathlib import Path
from typing import Any

import numpy as np

from mcfiber.arguments import PATH, arguments
from mcfiber.descriptions.errors import DescriptionError, refused, shown
from mcfiber.descriptions.formats import PointFormat
from mcfiber.exchange.columns import Columns, matlab_arrays, named_columns, text_rows

NAMES = {"real": ("real", "i"), "imag": ("imag", "q"), "labels": ("label",), "probabilities": ("probability",)}
"""Names that a column may have in a file, in capitals or not."""

TOLD = "real and imag (or i and q), and where known label and probability"


@arguments(path=PATH)
def read_constellation(path: str | Path) -> PointFormat:
    r"""Read a constellation from a CSV or MATLAB file.

    Parameters
    ----------
    path
        A text file whose first line names its columns: ``real`` and ``imag`` (or ``i`` and ``q``), and where known
        ``label``, a whole number, and ``probability``; or a ``.mat`` file with arrays of these names, or with one array
        of complex numbers beside ``label`` and ``probability``. Any scale will do; the order is that of the file.

    Returns
    -------
    PointFormat
        To be given as the `format` of a transceiver.

    Raises
    ------
    DescriptionError
        If the file cannot be read, a column is missing or unknown, an entry is no number or no whole number, or points,
        labels and probabilities are no constellation.

    Notes
    -----
    CSV files as of [1]_, with commas, semicolons, tabs or spaces between the columns; lines that begin with ``#`` are
    left out.

    References
    ----------
    .. [1] Y. Shafranovich, "Common format and MIME type for comma-separated values (CSV) files," RFC 4180, 2005.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "three.csv"
    ...     _ = file.write_text("i,q,label\n1,0,0\n-0.5,0.87,1\n-0.5,-0.87,2\n")
    ...     print(read_constellation(file).labels)
    (0, 1, 2)
    """
    path = Path(path)
    file = f"path: {path.name}"
    matlab = path.suffix.lower() == ".mat"
    held = _of_matlab(path, file) if matlab else named_columns(text_rows(path, file), file)
    found = _by_meaning(held, file)
    values: dict[str, Any] = {"points": tuple(zip(found["real"], found["imag"], strict=True))}
    if "labels" in found:
        values["labels"] = _whole(found["labels"], held.places, file)
    if "probabilities" in found:
        values["probabilities"] = tuple(found["probabilities"])
    try:
        return PointFormat(**values)
    except DescriptionError as error:
        msg = f"{file}: {error}"
        raise refused(msg) from None


def _of_matlab(path: Path, file: str) -> Columns:
    arrays = {name: np.atleast_1d(item) for name, item in matlab_arrays(path, file).items()}
    points = [name for name, item in arrays.items() if item.dtype.kind == "c"]
    if len(points) == 1:
        item = arrays.pop(points[0])
        arrays |= {"real": item.real, "imag": item.imag}
    sizes = {name: item.size for name, item in arrays.items()}
    if len(set(sizes.values())) > 1 or any(item.ndim > 1 or item.dtype.kind == "c" for item in arrays.values()):
        shapes = ", ".join(f"{name} {item.shape}" for name, item in arrays.items())
        msg = f"{file}: got arrays of the shapes {shapes}; give one value of each for every point"
        raise refused(msg)
    count = next(iter(sizes.values()), 0)
    return Columns({name: item.tolist() for name, item in arrays.items()}, [f"row {row + 1}" for row in range(count)])


def _by_meaning(held: Columns, file: str) -> dict[str, list[float]]:
    """Columns by what they mean here."""
    meaning = {name: here for here, names in NAMES.items() for name in names}
    found: dict[str, list[float]] = {}
    for name, values in held.values.items():
        here = meaning.get(name.lower())
        if here is None or here in found:
            msg = f"{file}: got the column {shown(name)}{' besides' if here else ''}; allowed: {TOLD}"
            raise refused(msg)
        found[here] = values
    if missing := [name for name in ("real", "imag") if name not in found]:
        msg = f"{file}: got the columns {', '.join(held.values)}, and none named {missing[0]}; allowed: {TOLD}"
        raise refused(msg)
    return found


def _whole(values: list[float], places: list[str], file: str) -> tuple[int, ...]:
    """Labels as whole numbers."""
    for place, value in zip(places, values, strict=True):
        if not float(value).is_integer():
            msg = f"{file}: {place}, column 'label': got {value:g}; allowed: whole numbers from 0 on"
            raise refused(msg)
    return tuple(int(value) for value in values)
