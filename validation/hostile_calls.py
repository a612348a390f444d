"""Mistakes that users make in calls of public functions: every one is refused by name, or has a defined result.

For every public function one good call is known (`GOOD`); each of its arguments is replaced, one at a time, by every
mistake of its kind.  A call counts as

refused     a `ValueError`, `TypeError` or missing file, raised here, whose message names the argument
defined     a result of finite numbers, or of what the documentation defines (infinity without noise)
other words any other exception, or a message that does not name the argument
silent      a wrong kind of value that was taken, or a result that is not a number, or none within seconds

    python validation/hostile_calls.py            # writes hostile_calls.json beside
"""

import datetime as dt
import io
import json
import math
import platform
import re
import resource
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from decimal import Decimal
from pathlib import Path
from types import GeneratorType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from good_calls import Call, Word, good_calls
from scipy import sparse

import mcfiber as mcf

SECONDS = 20
"""Of one call, beyond which it counts as silent."""

MEMORY = 6 * 1024**3
"""Bytes that the whole process may take, so that a call which wants more fails instead of filling the machine."""

OUTCOMES = ("refused", "defined", "other words", "silent")


class Mistake(NamedTuple):
    """A wrong value; a wrong kind must be refused, an unusual number may have a defined result."""

    name: str
    value: object
    kind: bool = True


class Anything:
    """An object of no use."""

    def __repr__(self) -> str:
        return "Anything()"


WRONG_FOR_ALL = (
    Mistake("a dictionary", {"a": 1}),
    Mistake("an object", Anything()),
    Mistake("a type", int),
    Mistake("a complex number", 1j),
    Mistake("bytes", b"1"),
    Mistake("bytes that change", bytearray(b"10")),
    Mistake("an ellipsis", ...),
    Mistake("not implemented", NotImplemented),
    Mistake("an error", ValueError("10")),
    Mistake("a module", math),
    Mistake("a slice", slice(0, 1)),
    Mistake("a frozen set", frozenset({1.0})),
    Mistake("an iterator", iter([1.0])),
    Mistake("a decimal number", Decimal("1.5")),
    Mistake("a day", dt.date(2025, 1, 1)),
    Mistake("a time", dt.timedelta(seconds=1)),
    Mistake("a time of pandas", pd.Timestamp("2025-01-01")),
    Mistake("not a time", pd.NaT),
    Mistake("missing", pd.NA),
    Mistake("a data frame of texts", pd.DataFrame({"a": ["x"]})),
    Mistake("a series of texts", pd.Series(["x", "y"])),
    Mistake("a pattern", re.compile("10")),
    Mistake("a file", io.StringIO("10")),
    Mistake("a list of tables", [{"a": 1}]),
    Mistake("nested lists of nothing", [[], []]),
    Mistake("a list of lists of texts", [["a"]]),
    Mistake("a list of nothing", (None,)),
    Mistake("a view of bytes", memoryview(b"10")),
    Mistake("pairs", zip([1.0], [2.0], strict=True)),
    Mistake("an index of texts", pd.Index(["a", "b"])),
    Mistake("categories", pd.Categorical(["a"])),
    Mistake("a year", pd.Period("2025")),
    Mistake("a sparse matrix", sparse.eye_array(2)),
    Mistake("a tree of datasets", xr.DataTree()),
    Mistake("not a date", np.datetime64("NaT")),
    Mistake("an array of times", np.array(["2025-01-01"], dtype="datetime64[D]")),
    Mistake("a table with fields", np.zeros(2, dtype=[("a", float)])),
)

WRONG_TEXTS = (
    Mistake("a very long text", "x" * 100_000),
    Mistake("a text with a line break", "a\nb"),
    Mistake("a text that a terminal obeys", "\x1b[31mred"),
    Mistake("the text nan", "nan"),
    Mistake("the text inf", "inf"),
    Mistake("a text with a unit", "10 km"),
    Mistake("a text with a comma", "1,5"),
    Mistake("other digits", "\uff11\uff10"),
)

NOT_A_NUMBER = (
    *WRONG_FOR_ALL,
    *WRONG_TEXTS,
    Mistake("a list with a masked number", np.ma.MaskedArray([1.0, 2.0], mask=[False, True])),
    Mistake("a series with a missing number", pd.Series([1.0, math.nan])),
    Mistake("nan", math.nan),
    Mistake("a number as text", "10"),
    Mistake("a word", "ten"),
    Mistake("an empty text", ""),
    Mistake("true", True),
    Mistake("an empty list", []),
    Mistake("a list of nan", [math.nan]),
    Mistake("a list of texts", ["a", "b"]),
    Mistake("a list with None", [1.0, None]),
    Mistake("a ragged list", [[1.0], [1.0, 2.0]]),
    Mistake("an array of objects", np.array([Anything(), 1], dtype=object)),
    Mistake("an array of texts", np.array(["1", "2"])),
    Mistake("three dimensions too many", np.ones((1, 1, 1, 1, 1, 0))),
    Mistake("a labelled array of texts", xr.DataArray(["a"], dims="point")),
    Mistake("a dataset", xr.Dataset({"a": 1.0})),
    Mistake("a date", np.datetime64("2025-01-01")),
    Mistake("infinity", math.inf, kind=False),
    Mistake("minus infinity", -math.inf, kind=False),
    Mistake("negative", -1e9, kind=False),
    Mistake("minus one", -1.0, kind=False),
    Mistake("zero", 0.0, kind=False),
    Mistake("huge", 1e300, kind=False),
    Mistake("a huge whole number", 10**400, kind=False),
    Mistake("tiny", 1e-300, kind=False),
    Mistake("an array of no dimension", np.array(-3.5), kind=False),
    Mistake("two dimensions", np.full((2, 3), 0.5), kind=False),
    Mistake("a list with infinity", [1.0, math.inf], kind=False),
    Mistake("a list with a negative number", [1.0, -1e9], kind=False),
    Mistake("a list too long", [0.5] * 7, kind=False),
    Mistake("a labelled array of another dimension", xr.DataArray([0.5, 0.6], dims="other"), kind=False),
)

NOT_WHOLE = (
    *(one for one in NOT_A_NUMBER if one.kind),
    Mistake("a fraction", 2.5),
    Mistake("infinity", math.inf),
    Mistake("negative", -3, kind=False),
    Mistake("zero", 0, kind=False),
    Mistake("huge", 10**30, kind=False),
    Mistake("a list", [2, 3]),
    Mistake("an array", np.array([2, 3])),
    Mistake("a float that is whole", 1e20),
)

NOT_A_WORD = (
    *WRONG_FOR_ALL,
    *WRONG_TEXTS,
    Mistake("a number", 7.25),
    Mistake("nan", math.nan),
    Mistake("no such word", "no-such-word"),
    Mistake("an empty text", ""),
    Mistake("a blank", " "),
    Mistake("a list of words", ["a", "b"]),
    Mistake("an array", np.array([1.0, 2.0])),
    Mistake("true", True),
)

NOT_A_TRUTH = tuple(one for one in NOT_A_WORD if one.name != "true")

NOT_A_RECORD = (
    *(one for one in NOT_A_WORD if one not in WRONG_TEXTS),
    Mistake("a list", [1.0]),
    Mistake("another description", mcf.Span(length_km=80)),
    Mistake("a dataset without variables", xr.Dataset()),
    Mistake("a labelled array", xr.DataArray([1.0], dims="other")),
)

NOT_A_PATH = (
    *(one for one in NOT_A_WORD if one.name != "a blank"),
    Mistake("a missing file", "/nowhere/at/all.npz"),
    Mistake("a text with a null", "a\0b"),
)

NOTHING = Mistake("None", None)


def misspelt(word: str) -> Iterator[Mistake]:
    """A word with a letter too few, too many, and in capitals."""
    yield Mistake("a letter too few", word[:-1])
    yield Mistake("a letter too many", f"{word}x")
    yield Mistake("in other letters", word.swapcase() if word.swapcase() != word else f"{word}_")


def mistakes_for(good: object, *, optional: bool) -> list[Mistake]:
    """Every mistake of the kind of a good value."""
    found: list[Mistake]
    if isinstance(good, bool):
        found = list(NOT_A_TRUTH)
    elif isinstance(good, Word):
        found = [*NOT_A_WORD, *misspelt(str(good))]
    elif isinstance(good, Path):
        found = list(NOT_A_PATH)
    elif isinstance(good, int):
        found = list(NOT_WHOLE)
    elif isinstance(good, (float, np.ndarray)) or (isinstance(good, list) and good and _numbers(good)):
        found = list(NOT_A_NUMBER)
        if np.ndim(good):
            found = [one for one in found if one.name != "a list with None"] + list(_broken(np.asarray(good)))
    else:
        found = list(NOT_A_RECORD)
    return found + ([] if optional else [NOTHING])


def _numbers(values: list[Any]) -> bool:
    return np.asarray(values).dtype.kind in "iufc"


def _broken(good: np.ndarray) -> Iterator[Mistake]:
    """An array with one bad element, or of another shape."""
    for name, value in (("nan", math.nan), ("infinity", math.inf), ("a huge number", -1e300)):
        bad = good.astype(complex if good.dtype.kind == "c" else float)
        bad.flat[0] = value
        yield Mistake(f"{name} in the array", bad, kind=name == "nan")
    yield Mistake("a longer array", np.concatenate([good, good]), kind=False)
    yield Mistake("an empty array", good[:0])
    yield Mistake("an array of objects that are no numbers", np.full(good.shape, Anything(), dtype=object))


def mistakes_of(call: Call) -> Iterator[tuple[str, Mistake]]:
    """Every argument of a call with every mistake."""
    for name, good in call.arguments.items():
        for mistake in mistakes_for(good, optional=name in call.optional):
            if (name, mistake.name) not in call.fine:
                yield name, mistake


class _TooLongError(BaseException):
    pass


@contextmanager
def limited() -> Iterator[None]:
    """End a call that takes too long."""

    def stop(_number: int, _frame: object) -> None:
        raise _TooLongError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcome(call: Call, name: str, mistake: Mistake) -> tuple[str, str]:
    """What becomes of a call with one mistake, and the words of it."""
    try:
        with warnings.catch_warnings(), limited():
            warnings.simplefilter("error")
            result = call.target()(**{**call.arguments, name: mistake.value})
            if isinstance(result, GeneratorType):
                result = next(result)
    except _TooLongError:
        return "silent", f"more than {SECONDS} s"
    except (ValueError, TypeError, FileNotFoundError) as error:
        own = "mcfiber" in traceback.extract_tb(error.__traceback__)[-1].filename
        said = f"{type(error).__name__}: {error}"
        keys = tuple(mistake.value) if isinstance(mistake.value, dict) else ()  # tables are refused by their keys
        named = name in str(error) or any(str(error).startswith(f"{key}:") for key in keys)
        return ("refused" if own and named else "other words"), said
    except Exception as error:  # noqa: BLE001 what else there may be is what is counted
        return "other words", f"{type(error).__name__}: {error}"
    missing = call.missing and mistake.name == "nan in the array"  # which then marks what is missing
    if mistake.kind and not missing:
        return "silent", f"took {mistake.name}"
    return ("defined", "") if is_defined(result, call) else ("silent", f"gave {str(result)[:200]}")


def is_defined(result: object, call: Call) -> bool:
    """Whether all numbers of a result are such as the documentation defines."""
    for values in _values(result):
        if values.dtype.kind not in "iufcb":
            continue
        if np.isnan(values).any() and not call.missing:
            return False
        if np.isinf(values).any() and not call.infinite:
            return False
    return True


def _values(result: object) -> Iterator[np.ndarray]:
    if isinstance(result, xr.Dataset):
        for variable in result.data_vars.values():
            yield np.asarray(variable.values)
    elif isinstance(result, Mapping):
        for item in result.values():
            yield from _values(item)
    elif isinstance(result, (tuple, list)):
        for item in result:
            yield from _values(item)
    elif hasattr(result, "__dataclass_fields__"):
        if not type(result).__module__.endswith(("splitstep", "gn_integral", "channels")):
            for field in result.__dataclass_fields__:
                yield from _values(getattr(result, field))
    elif isinstance(result, (int, float, complex, np.ndarray, np.number, xr.DataArray)):
        yield np.asarray(result)


def counted(call: Call, every: int = 1) -> tuple[dict[str, int], list[tuple[str, str, str, str]]]:
    """Outcomes of the mistakes of a function, and those that must not be; of every n-th mistake alone."""
    counts = dict.fromkeys(OUTCOMES, 0)
    bad = []
    if not call.function.startswith(("load", "open_result", "read_")):  # of files that are not there
        call.target()(**call.arguments)  # what is called good must be
    for number, (name, mistake) in enumerate(mistakes_of(call)):
        if number % every:
            continue
        found, words = outcome(call, name, mistake)
        counts[found] += 1
        if found in ("other words", "silent"):
            bad.append((name, mistake.name, found, words))
    return counts, bad


def main() -> None:
    """Make every mistake once, and write what becomes of them."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    wanted = sys.argv[1:]
    record: dict[str, dict[str, int]] = {}
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        for call in good_calls():
            if wanted and call.function not in wanted:
                continue
            counts, bad = counted(call)
            known = record.setdefault(call.function, dict.fromkeys(OUTCOMES, 0))
            for what, count in counts.items():
                known[what] += count
            for line in bad:
                print(call.function, *(part.replace("\n", " ")[:300] for part in line), sep=" | ", flush=True)
    totals = {what: sum(one[what] for one in record.values()) for what in OUTCOMES}
    print(totals, "of", sum(totals.values()), "mistakes in", len(record), "functions")
    if not wanted:
        versions = {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "pandas": pd.__version__,
            "xarray": xr.__version__,
            "mcfiber": mcf.__version__,
        }
        found = {
            "command": "python validation/hostile_calls.py",
            "memory_limit_bytes": MEMORY,
            "versions": versions,
            "totals": totals,
            "functions": record,
        }
        Path(__file__).resolve().with_suffix(".json").write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
