"""Choices, such as a format or a code, that may differ by band, channel or core."""

from collections.abc import Iterator, Mapping
from typing import Any

from mcfiber.descriptions.spectrum import BANDS_NM

BY = ("channel", "core")
"""Keys of a choice that is listed, beside the names of bands."""


def which(value: object) -> str:
    """Tell whether a choice is one for all, or several in a table: ``_one``, ``_several``."""
    if isinstance(value, Mapping) and value and not {"kind"} & set(value):
        return "_several" if set(map(str, value)) <= {*BANDS_NM, *BY} else "_one"
    return "_one"


def checked_choices(value: Any) -> Any:
    """Refuse a table that mixes bands with lists, or lists of both kinds.

    Raises
    ------
    ValueError
        If it does, or a list stands for a band, or no list for channels or cores.
    """
    if not isinstance(value, dict):
        return value
    listed = [key for key in value if key in BY]
    if listed and len(value) > 1:
        msg = f"got {', '.join(value)} together; give one for each band, or one list by channel, or one by core"
        raise ValueError(msg)
    for key, item in value.items():
        if isinstance(item, tuple) != (key in BY):
            what = "a list with one for each" if key in BY else "one for the whole band"
            msg = f"got {'a single choice' if key in BY else 'a list'} for {key}; allowed: {what}"
            raise ValueError(msg)
    return value


def every(value: Any) -> Iterator[Any]:
    """Every choice of a field that may be a table, with repetitions."""
    if isinstance(value, dict):
        for item in value.values():
            yield from item if isinstance(item, tuple) else (item,)
    else:
        yield value
