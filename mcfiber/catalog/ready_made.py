"""Ready-made fibres and amplifiers, with where every number comes from."""

import difflib
import re
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Self

from pydantic import Field, model_validator

from mcfiber.arguments import TEXT, arguments
from mcfiber.catalog import Provenance, load, names
from mcfiber.descriptions.errors import DescriptionError, refused
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.line import Amplifier
from mcfiber.descriptions.record import Description
from mcfiber.descriptions.system import read_toml


class Part(Description):
    """Something ready-made, and what is known of its numbers.

    Parameters
    ----------
    name, title
        Name in the catalogue, and one line for people.
    provenance
        Where values come from, by path; a path covers all that lies below it.
    """

    name: str
    title: str = ""
    provenance: dict[str, Provenance] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _paths_lead_somewhere(self) -> Self:
        for path in self.provenance:
            try:
                self.value_at(path)
            except DescriptionError as error:
                msg = f"provenance.{path}: {error}"
                raise refused(msg) from None
        return self

    def provenance_of(self, path: str) -> Provenance | None:
        """Provenance of a value (``"fiber.core.radius_um"``): its own, or that of what it is a part of."""
        words = path.split(".")
        covering = (".".join(words[:length]) for length in range(len(words), 0, -1))
        return next((self.provenance[name] for name in covering if name in self.provenance), None)


class FiberEntry(Part):
    """A fibre and what is known of its numbers.

    Parameters
    ----------
    name, title, provenance
        As for `Part`.
    fiber
        The fibre.
    """

    fiber: MulticoreFiber


class AmplifierEntry(Part):
    """An amplifier and what is known of its numbers.

    Parameters
    ----------
    name, title, provenance
        As for `Part`.
    amplifier
        The amplifier.
    """

    amplifier: Amplifier


@arguments(name=TEXT)
def load_fiber(name: str) -> FiberEntry:
    """Load a ready-made fibre by name.

    Parameters
    ----------
    name
        One of `fiber_names`, also as it is usually spelled ("G.652.D"); or a published system of the catalogue, for its
        fibre.

    Raises
    ------
    DescriptionError
        If there is no such fibre.

    References
    ----------
    Every number of an entry has its own: see its `provenance`.

    Examples
    --------
    >>> load_fiber("four-core-125").fiber.cores
    4
    >>> load_fiber("G.652.D").fiber.effective_area_um2
    80.0
    """
    plain, known = _plain(name), {_plain(one): one for one in fiber_names()}
    if plain not in known and name in names():
        entry = load(name)
        of_fiber = {
            path.removeprefix("system."): one for path, one in entry.provenance.items() if ".fiber" in f".{path}"
        }
        return FiberEntry(name=name, title=entry.title, fiber=entry.system.fiber, provenance=of_fiber)
    return FiberEntry(**_table(known.get(plain, name), fiber_names(), "fibre", "fibers"))


def _plain(name: str) -> str:
    """Name without what is spelled in different ways: capitals, dots and hyphens."""
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


@arguments(name=TEXT)
def load_amplifier(name: str) -> AmplifierEntry:
    """Load a ready-made amplifier by name.

    Parameters
    ----------
    name
        One of `amplifier_names`.

    Raises
    ------
    DescriptionError
        If there is no such amplifier.

    References
    ----------
    Every number of an entry has its own: see its `provenance`.

    Examples
    --------
    >>> load_amplifier("edfa-c-band").amplifier.noise_figure_db
    5.0
    """
    return AmplifierEntry(**_table(name, amplifier_names(), "amplifier", "amplifiers"))


def _table(name: str, known: list[str], what: str, folder: str) -> dict[str, Any]:
    """Values of an entry as its file has them."""
    if name not in known:
        close = difflib.get_close_matches(str(name), known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
        msg = f"name: there is no {what} {name!r} in the catalogue; {hint}"
        raise refused(msg)
    return {"name": name} | read_toml(str(_folder(folder) / f"{name}.toml"))


def fiber_names() -> list[str]:
    """Names of all ready-made fibres.

    Examples
    --------
    >>> len(fiber_names()) >= 6
    True
    """
    return _names("fibers")


def amplifier_names() -> list[str]:
    """Names of all ready-made amplifiers.

    Examples
    --------
    >>> "edfa-c-band" in amplifier_names()
    True
    """
    return _names("amplifiers")


def _names(folder: str) -> list[str]:
    return sorted(path.name.removesuffix(".toml") for path in _folder(folder).iterdir() if path.name.endswith(".toml"))


def _folder(name: str) -> Traversable:
    return resources.files("mcfiber.catalog") / name
