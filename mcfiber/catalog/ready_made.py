"""Ready-made fibres, described by their glass, with where every number comes from."""

import difflib
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Self

from pydantic import Field, model_validator

from mcfiber.arguments import TEXT, arguments
from mcfiber.catalog import Provenance
from mcfiber.descriptions.errors import DescriptionError, refused
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.record import Description
from mcfiber.descriptions.system import read_toml


class FiberEntry(Description):
    """A fibre and what is known of its numbers.

    Parameters
    ----------
    name, title
        Name in the catalogue, and one line for people.
    fiber
        The fibre.
    provenance
        Where values come from, by path; a path covers all that lies below it.
    """

    name: str
    title: str = ""
    fiber: MulticoreFiber
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


@arguments(name=TEXT)
def load_fiber(name: str) -> FiberEntry:
    """Load a ready-made fibre by name.

    Parameters
    ----------
    name
        One of `fiber_names`.

    Raises
    ------
    DescriptionError
        If there is no such fibre.

    Examples
    --------
    >>> load_fiber("four-core-125").fiber.cores
    4
    """
    known = fiber_names()
    if name not in known:
        close = difflib.get_close_matches(str(name), known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
        msg = f"name: there is no fibre {name!r} in the catalogue; {hint}"
        raise refused(msg)
    try:
        return FiberEntry(**({"name": name} | read_toml(str(_folder() / f"{name}.toml"))))
    except DescriptionError as error:
        raise DescriptionError(name, error.problems) from None


def fiber_names() -> list[str]:
    """Names of all ready-made fibres.

    Examples
    --------
    >>> len(fiber_names()) >= 6
    True
    """
    return sorted(path.name.removesuffix(".toml") for path in _folder().iterdir() if path.name.endswith(".toml"))


def _folder() -> Traversable:
    return resources.files("mcfiber.catalog") / "fibers"
