"""Cables of the catalogue: power-fed cables, with where every number comes from."""

import difflib
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from mcfiber.arguments import PATH, arguments
from mcfiber.catalog import CatalogEntry
from mcfiber.descriptions.cable import Cable
from mcfiber.descriptions.errors import DescriptionError, refused
from mcfiber.descriptions.system import read_toml


class CableEntry(CatalogEntry):
    """A cable, what is known of its numbers, and what was reported.

    Parameters
    ----------
    name, title, provenance, reported, calibrated_on
        As for `mcfiber.catalog.CatalogEntry`; what is reported is the net rate of the cable in one direction.
    system
        The cable, with central values; paths of the provenance begin with its fields.

    Examples
    --------
    >>> load_cable("nec-2026-7000km-2core").cable.feed.voltage_kv
    18.0
    """

    system: Cable  # type: ignore[assignment]

    @property
    def cable(self) -> Cable:
        """The cable."""
        return self.system


@arguments(name=PATH)
def load_cable(name: str | Path) -> CableEntry:
    """Load a cable of the catalogue by name, or a TOML file of your own by path.

    Parameters
    ----------
    name
        Name of an entry (see `cable_names`), or a path that ends in ``.toml``.

    Raises
    ------
    DescriptionError
        If there is no such entry or file, or it describes no valid cable.

    References
    ----------
    Every number of an entry has its own: see its `provenance`.

    Examples
    --------
    >>> load_cable("nec-2026-7000km-4core").cable.fiber.cores
    4
    """
    if isinstance(name, Path) or str(name).endswith(".toml"):
        return _entry(Path(name).stem, read_toml(name), str(name))
    known = cable_names()
    if name not in known:
        close = difflib.get_close_matches(str(name), known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
        msg = f"name: there is no cable {name!r} in the catalogue; {hint} (or give a path that ends in .toml)"
        raise refused(msg)
    return _entry(name, read_toml(str(_folder() / f"{name}.toml")), name)


def cable_names() -> list[str]:
    """Names of all cables of the catalogue.

    Examples
    --------
    >>> "nec-2026-7000km-2core" in cable_names()
    True
    """
    return sorted(path.name.removesuffix(".toml") for path in _folder().iterdir() if path.name.endswith(".toml"))


def _folder() -> Traversable:
    return resources.files("mcfiber.catalog") / "cables"


def _entry(name: str, table: dict[str, Any], where: str) -> CableEntry:
    given = table if "cable" in table else {"cable": table}
    known = {"name": name} | {key: value for key, value in given.items() if key != "cable"}
    try:
        return CableEntry(**known, system=given["cable"])
    except DescriptionError as error:
        told = [
            (path.replace("system", "cable", 1) if path.startswith("system") else path, text)
            for path, text in error.problems
        ]
        raise DescriptionError(where, told) from None
