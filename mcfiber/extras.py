"""Packages that not everyone needs: where one is missing, the message names the extra that brings it."""

from importlib import import_module
from types import ModuleType
from typing import Literal

Extra = Literal["plot", "io", "scale", "fem"]


def attempt_import(name: str, extra: Extra) -> ModuleType:
    """Import a module of an optional package.

    Parameters
    ----------
    name
        Of the module.
    extra
        Of `mcfiber` that installs its package.

    Raises
    ------
    ImportError
        If it is missing; the message says how to install it.

    Examples
    --------
    >>> attempt_import("json", "io").__name__
    'json'
    """
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        reason = "" if isinstance(error, ModuleNotFoundError) and error.name in (name, package) else f" ({error})"
        msg = f"this needs {package}, which cannot be imported{reason}; install it with: pip install 'mcfiber[{extra}]'"
        raise ImportError(msg, name=name) from None
