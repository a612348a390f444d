"""What a description refuses, in the user's words."""

import difflib
import reprlib
from collections.abc import Iterable
from typing import Any

import numpy as np

Problem = tuple[str, str]  # path of the refused value, and a sentence


class ValidityWarning(UserWarning):
    """A model is used outside the range where it is known to hold."""


class DescriptionError(ValueError):
    """A value that a description refuses; `problems` lists (path, sentence) pairs."""

    def __init__(self, title: str, problems: list[Problem]) -> None:
        self.title = title
        self.problems = [(shortened(path, 120), shortened(text)) for path, text in problems]
        super().__init__(title, self.problems)

    def __str__(self) -> str:
        return "; ".join(f"{path}: {text}" if path else text for path, text in self.problems)


LONGEST = 600
"""Characters of a message at most; what users write into a file may have megabytes."""


def shortened(text: str, longest: int = LONGEST) -> str:
    """Leave out the middle of a text that is too long to be read.

    Examples
    --------
    >>> shortened("a" * 100, longest=20)
    'aaaaaaaaaa ... aaaaa'
    """
    return text if len(text) <= longest else f"{text[: longest // 2]} ... {text[len(text) - longest // 2 + 5 :]}"


def without_array(value: object) -> Any:
    """Take a number out of an array without dimensions, labelled or not."""
    return value.item() if getattr(value, "ndim", None) == 0 and hasattr(value, "item") else value


def is_truth(value: object) -> bool:
    """Tell whether a value is true or false, Python's or NumPy's."""
    return isinstance(value, (bool, np.bool_))


def shown(value: object) -> str:
    """Show a refused value as its writer wrote it (TOML spells true), and not at any length."""
    if is_truth(value):
        return "true" if value else "false"
    if value is None:
        return "nothing (None)"
    return " ".join(_SHORT.repr(value).split())


def printable(text: object, *, lines: bool = False) -> str:
    r"""Show a text without anything that a terminal would obey: control characters are spelled out.

    Parameters
    ----------
    text
        Anything that has a text.
    lines
        Whether line breaks stay.

    References
    ----------
    .. [1] ECMA-48, "Control functions for coded character sets," 5th edition, 1991 (what a terminal obeys).

    Examples
    --------
    >>> printable("a \x1b[31mred\x1b[0m name")
    'a \\x1b[31mred\\x1b[0m name'
    """
    return "".join(
        one if one.isprintable() or (lines and one == "\n") else one.encode("unicode_escape").decode("ascii")
        for one in str(text)
    )


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60


def shown_kind(value: object) -> str:
    """Show what kind of thing a value is, where the thing itself is too long."""
    return f"a {type(value).__name__}"


def check_count(name: str, value: object) -> None:
    """Refuse a number of samples or draws that is not a whole number of at least 1."""
    if is_truth(value) or not isinstance(value, (int, np.integer)) or value < 1:
        msg = f"{name}: got {shown(value)}; allowed: a whole number of at least 1"
        raise refused(msg)


def check_seed(value: object) -> None:
    """Refuse a seed that is neither left out nor a whole number of at least 0."""
    if value is not None and (is_truth(value) or not isinstance(value, (int, np.integer)) or value < 0):
        msg = f"seed: got {shown(value)}; allowed: a whole number of at least 0"
        raise refused(msg)


def refused(message: str) -> DescriptionError:
    """Make the error for a message of the form ``"field: sentence"``."""
    path, _, text = message.partition(": ")
    return DescriptionError("value", [(path, text)])


def meant(word: str, known: Iterable[str]) -> str:
    """Ask for the known word that a wrong one was probably meant to be; empty where none is near."""
    by_case = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_case, n=1)
    return f"did you mean {by_case[close[0]]!r}?" if close else ""


def suggestion(key: str, known: Iterable[str]) -> str:
    """Name the known word that a wrong one was probably meant to be, and all known ones."""
    names = list(known)
    close = difflib.get_close_matches(key, names, n=1)
    guess = f"; did you mean {close[0]}?" if close else ""
    return f"{guess} (known here: {', '.join(names)})" if names else guess
