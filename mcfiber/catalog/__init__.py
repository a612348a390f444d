"""The catalogue: published systems, with where every number comes from.

An entry is a TOML file: plain numbers in ``[system]``, what is known of each in ``[provenance]`` (keyed by
path), and what was published of the result in ``[reported]``.
"""

import difflib
import zlib
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from mcfiber.arguments import PATH, arguments
from mcfiber.descriptions.checks import each, number, sequence
from mcfiber.descriptions.errors import DescriptionError, refused
from mcfiber.descriptions.record import Description
from mcfiber.descriptions.system import System, read_toml
from mcfiber.descriptions.values import Axis
from mcfiber.typing import is_axis

Status = Literal["published", "secondary", "inferred", "derived", "assumed", "calibrated"]


class Provenance(Description):
    """Where a value comes from, and over what range it may lie.

    Parameters
    ----------
    status
        "published" (primary source), "secondary" (notes on it), "inferred" (from a sibling experiment),
        "derived" (computed from published values), "assumed", or "calibrated" (conditioned on another result).
    source
        Reference, or the reason of an assumption.
    range
        Smallest and largest value of an assumed number.
    choices
        Possible values of an assumed word.
    """

    status: Status
    source: str
    range: Annotated[tuple[float, ...] | None, each(number(axis=False), single=False)] = None
    choices: Annotated[tuple[str, ...] | None, sequence()] = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.range is not None and (len(self.range) != 2 or self.range[0] >= self.range[1]):
            msg = f"range: got {list(self.range)}; give the smallest and the largest value"
            raise refused(msg)
        return self


class Reported(Description):
    """What was published of the result.

    Parameters
    ----------
    net_rate_tbps
        Net rate as it was announced.
    derived_net_rate_tbps
        Net rate that other published figures imply, where it differs.
    source
        Reference.
    note
        What else a reader must know.
    deviation
        Why the report lies outside the predicted interval, where it does.
    """

    net_rate_tbps: Annotated[float | None, number(above=0)] = None
    derived_net_rate_tbps: Annotated[float | None, number(above=0)] = None
    source: str = ""
    note: str = ""
    deviation: str = ""


class CatalogEntry(Description):
    """A system, what is known of its numbers, and what was reported.

    Parameters
    ----------
    name, title
        Name in the catalogue, and one line for people.
    system
        The system, with central values.
    provenance
        Where values come from, by path; a path covers all that lies below it.
    reported
        What was published of the result.
    calibrated_on
        Name of a sibling on the same line that a second, separate prediction may be conditioned on.

    Examples
    --------
    >>> entry = load("nict-2025-1808km")
    >>> entry.reported.net_rate_tbps
    1020.0
    """

    name: str
    title: str = ""
    system: System
    provenance: dict[str, Provenance] = Field(default_factory=dict)
    reported: Reported = Reported()
    calibrated_on: str = ""

    @model_validator(mode="after")
    def _paths_lead_somewhere(self) -> Self:
        for path, known in self.provenance.items():
            try:
                value = self.system.value_at(path)
            except DescriptionError as error:
                msg = f"provenance.{path}: {error}"
                raise refused(msg) from None
            _check_known(f"provenance.{path}", known, value)
        for path, (low, high) in self.ranges.items():
            if not is_axis(self.system.value_at(path)):
                _check_range(self.system, path, low, high)
        return self

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Ranges of the numbers that are not known, by path."""
        return {path: known.range for path, known in self.provenance.items() if known.range}  # type: ignore[misc]

    @property
    def choices(self) -> dict[str, tuple[str, ...]]:
        """Alternatives of the words that are not known, by path."""
        return {path: known.choices for path, known in self.provenance.items() if known.choices}

    def provenance_of(self, path: str) -> Provenance | None:
        """Provenance of a value: its own, or that of the nearest table or list around it."""
        words = path.split(".")
        covering = (".".join(words[:length]) for length in range(len(words), 0, -1))
        return next((self.provenance[name] for name in covering if name in self.provenance), None)

    def with_values(self, changes: dict[str, Any]) -> Self:
        """Copy with values set by a user, which are then no longer uncertain."""
        kept = {
            path: known
            for path, known in self.provenance.items()
            if not any(path == changed or path.startswith(f"{changed}.") for changed in changes)
        }
        mine = Provenance(status="assumed", source="set by the user")
        fixed = kept | {path: mine for path, value in changes.items() if value is not None}
        system = self.system.replace(changes)
        result: Self = self.replace({"system": system, "provenance": fixed})
        return result

    def sampled(self, samples: int, seed: int) -> dict[str, Any]:
        """Draw what is not known: uniform, independent, and common to all spans.

        Returns
        -------
        dict
            By path, an array of `samples` numbers or words.  The first n of N samples do not depend on N, and those
            of a path do not depend on which others are uncertain.
        """
        drawn: dict[str, Any] = {
            path: low + (high - low) * _generator(seed, path).random(samples)
            for path, (low, high) in self.ranges.items()
        }
        for path, options in self.choices.items():
            drawn[path] = np.array(options)[_generator(seed, path).integers(len(options), size=samples)]
        return drawn


@arguments(name=PATH)
def load(name: str | Path) -> CatalogEntry:
    """Load an entry of the catalogue by name, or a TOML file of your own by path.

    Parameters
    ----------
    name
        Name of an entry (see `names`), or a path that ends in ``.toml``.

    Raises
    ------
    DescriptionError
        If there is no such entry or file, or it describes no valid system.
    """
    if isinstance(name, Path) or str(name).endswith(".toml"):
        table = read_toml(name)
        return _entry(_own_name(table) or Path(name).stem, table, str(name))
    known = names()
    if name not in known:
        close = difflib.get_close_matches(str(name), known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
        msg = f"name: there is no system {name!r} in the catalogue; {hint} (or give a path that ends in .toml)"
        raise refused(msg)
    return _entry(name, read_toml(str(_folder() / f"{name}.toml")), name)


def names() -> list[str]:
    """Names of all systems of the catalogue."""
    return sorted(path.name.removesuffix(".toml") for path in _folder().iterdir() if path.name.endswith(".toml"))


def _folder() -> Traversable:
    return resources.files("mcfiber.catalog") / "systems"


def _own_name(table: dict[str, Any]) -> str:
    """Name that a file gives to its system."""
    system = table.get("system", table)
    name = system.get("name", "") if isinstance(system, dict) else ""
    return name if isinstance(name, str) else ""


def _entry(name: str, table: dict[str, Any], where: str) -> CatalogEntry:
    if "system" not in table:
        table = {"system": table}
    try:
        return CatalogEntry(**({"name": name} | table))
    except DescriptionError as error:
        raise DescriptionError(where, error.problems) from None


def _generator(seed: int, path: str) -> np.random.Generator:
    """A stream of its own for every path, so that adding one changes no other."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(zlib.crc32(path.encode()),)))


def _check_range(system: System, path: str, low: float, high: float) -> None:
    """Refuse a range whose values the system would refuse."""
    try:
        system.replace({path: Axis(axis="sample", values=[low, high])})
    except DescriptionError as error:
        reasons = "; ".join(text for _, text in error.problems)
        msg = (
            f"provenance.{path}: a range belongs to a number that may vary as an axis; the system refuses it: {reasons}"
        )
        raise refused(msg) from None


def _check_known(path: str, known: Provenance, value: object) -> None:
    """Refuse ranges and choices that do not hold the value, or that cannot be drawn from."""
    if known.range is not None and not is_axis(value):
        low, high = known.range
        if not isinstance(value, float):
            msg = f"{path}: a range belongs to a number that may vary; this one is {value!r}, which may not"
            raise refused(msg)
        if not low <= value <= high:
            msg = f"{path}: the range {low:g} to {high:g} does not hold the value {value:g}"
            raise refused(msg)
    if known.choices is not None and value not in known.choices:
        msg = f"{path}: the choices {', '.join(known.choices)} do not hold the value {value}"
        raise refused(msg)
