"""A whole transmission system: spectrum, fibre, link, transceiver, and which models are used."""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, model_validator

from mcfiber.descriptions.errors import refused, shown
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.forms import Extent, refuse_misfits
from mcfiber.descriptions.line import Amplifier, Link
from mcfiber.descriptions.models import Models, refuse_contradictions
from mcfiber.descriptions.record import Description, plain
from mcfiber.descriptions.spectrum import Spectrum
from mcfiber.descriptions.transceiver import Transceiver
from mcfiber.typing import is_axis

if TYPE_CHECKING:
    import xarray as xr


class System(Description):
    """A transmission system, ready to evaluate.

    Parameters
    ----------
    name
        Shown in reports.
    spectrum, fiber, link, transceiver
        The parts.
    fibers
        Other fibres of the line, by the names that spans (and pieces of spans) give them. One with a single core stands
        for a bundle of such fibres, one for each core.
    models
        Which model computes what.

    Raises
    ------
    DescriptionError
        If the parts do not fit each other: a band without launch power or noise figure, a list of launch powers
        of another length than the channels, a spread of attenuation between randomly coupled cores.

    Examples
    --------
    >>> system = System(
    ...     spectrum={"groups": [{"band": "C", "channels": 40, "spacing_ghz": 100, "symbol_rate_gbd": 64}]},
    ...     fiber={"layout": {"kind": "hexagonal", "cores": 1}},
    ...     link={"span": {"length_km": 80}, "span_count": 5},
    ... )
    >>> result = system.evaluate()
    >>> result.sizes["channel"]
    40
    """

    name: str = ""
    spectrum: Spectrum
    fiber: MulticoreFiber
    link: Link
    fibers: dict[str, MulticoreFiber] = Field(default_factory=dict)
    transceiver: Transceiver = Transceiver()
    models: Models = Models()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        extent = Extent(self.spectrum, self.fiber)
        refuse_misfits({"link": self.link, "transceiver": self.transceiver, "models": self.models}, extent)
        self._check_coupling()
        self._check_names()
        refuse_contradictions(self, "system")
        return self

    def _check_names(self) -> None:
        """Refuse the name of a fibre that is not described."""
        listed = isinstance(self.link.span, tuple)
        for index, span in enumerate(self.link.spans):
            where = f"link.span.{index}" if listed else "link.span"
            of_pieces = ((f"{where}.pieces.{k}.fiber", piece.fiber) for k, piece in enumerate(span.pieces))
            for path, name in ((f"{where}.fiber", span.fiber), *of_pieces):
                if name is not None and name not in self.fibers:
                    known = ", ".join(self.fibers) or "none"
                    msg = f"{path}: there is no fibre {shown(name)} in fibers (known: {known}); describe it there"
                    raise refused(msg)

    def _amplifiers(self) -> dict[str, Amplifier]:
        """Every amplifier of the link by its path."""
        link = self.link
        found = {"link.amplifier": link.amplifier} if isinstance(link.amplifier, Amplifier) else {}
        if link.loop:
            found["link.loop.amplifier"] = link.loop.amplifier
        spans = dict(enumerate(link.span)) if isinstance(link.span, tuple) else {None: link.span}
        for index, span in spans.items():
            if span.amplifier is not None:
                found["link.span.amplifier" if index is None else f"link.span.{index}.amplifier"] = span.amplifier
        return found

    def _check_coupling(self) -> None:
        """Refuse values of cores that are not one for each, or have no meaning for those received together."""
        attenuation = self.fiber.attenuation_db_per_km
        if isinstance(attenuation, tuple) and _differs(attenuation, self.fiber):
            msg = (
                "fiber.attenuation_db_per_km: randomly coupled cores share their light, so a spread of attenuation is "
                "mode-dependent loss; give one value, and the spread in link.mode_dependent_loss_rms_db"
            )
            raise refused(msg)
        for path, amplifier in self._amplifiers().items():
            for name in ("core_noise_figure_offset_db", "core_output_offset_db"):
                _check_cores(f"{path}.{name}", getattr(amplifier, name), self.fiber)
        for name in ("core_launch_offset_db", "core_directions", "core_permutation"):
            value = getattr(self.link, name)
            _check_cores(f"link.{name}", None if value == "same" else value, self.fiber)

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """Read a system from a TOML file (its `system` table, or the whole file).

        Raises
        ------
        DescriptionError
            If the file is missing, is not TOML, or describes no valid system.
        """
        table = read_toml(path)
        system = table.get("system", table)
        if not isinstance(system, dict):
            msg = f"system: got {system!r}; allowed: a table of the values of a System"
            raise refused(msg)
        return cls(**system)

    def to_dict(self) -> dict[str, Any]:
        """Plain tables, lists and numbers of everything that was set; an axis is a table of dim and values."""
        tables: dict[str, Any] = plain(self)
        return tables

    def to_toml(self) -> str:
        """Text of a TOML file that `from_toml` reads back."""
        import tomli_w

        return tomli_w.dumps({"system": self.to_dict()})

    def evaluate(self, *, draws: int | None = None, seed: int | None = None) -> "xr.Dataset":
        """Compute the powers, noises, signal-to-noise ratios and rates of every channel in every core.

        Parameters
        ----------
        draws, seed
            Number of random realisations of coupled cores (dimension ``draw``), and their seed; the mean
            realisation where left out.

        See Also
        --------
        mcfiber.evaluate.evaluate : does the work.
        """
        from mcfiber.evaluate import evaluate

        return evaluate(self, draws=draws, seed=seed)


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a TOML file, with errors that name it.

    Raises
    ------
    DescriptionError
        If the file is missing or is not TOML.

    References
    ----------
    .. [1] "TOML: Tom's Obvious Minimal Language," version 1.0.0, 2021, https://toml.io.
    """
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
        check_depth(table)
    except FileNotFoundError:
        msg = f": there is no file {str(path)!r}"
    except (OSError, UnicodeDecodeError) as error:
        msg = f": cannot read {str(path)!r}: {error}"
    except tomllib.TOMLDecodeError as error:
        msg = f": {str(path)!r} is not valid TOML: {error}"
    except RecursionError:
        msg = f": {str(path)!r} is nested more than {DEEPEST} levels deep"
    else:
        return table
    raise refused(msg)


DEEPEST = 30
"""Levels of tables and lists at most; a system has eight."""


def check_depth(value: object) -> None:
    """Refuse tables and lists that are nested deeper than any description, before anything walks through them.

    Raises
    ------
    RecursionError
        If they are.
    """
    level = [value]
    for _ in range(DEEPEST):
        level = [item for one in level for item in (one.values() if isinstance(one, dict) else one)]  # type: ignore[attr-defined]
        level = [item for item in level if isinstance(item, (dict, list))]
        if not level:
            return
    msg = f"nested more than {DEEPEST} levels deep"
    raise RecursionError(msg)


def _check_cores(path: str, values: tuple[float, ...] | None, fiber: MulticoreFiber) -> None:
    """Refuse differences between cores that are not one for each, or that are mode-dependent loss."""
    if values is None:
        return
    if fiber.coupling == "random" or (len(values) == fiber.cores and _differs(values, fiber)):
        remedy = (
            "so differences between cores are mode-dependent loss; give their spread in link.mode_dependent_loss_rms_db"
            if path.endswith("_db")
            else "so no core has a signal of its own; leave it out"
        )
        msg = f"{path}: randomly coupled cores share their light, {remedy}"
        raise refused(msg)
    if len(values) != fiber.cores:
        msg = f"{path}: got {len(values)} values for {fiber.cores} cores; give one for each core"
        raise refused(msg)


def _differs(values: tuple[Any, ...], fiber: MulticoreFiber) -> bool:
    """Whether cores that are received together are given values of their own (all cores: even equal ones)."""
    if fiber.coupling == "random":
        return True
    together = [[values[core] for core in group] for group in fiber.core_groups if len(group) > 1]
    return any(any(map(is_axis, group)) or len(set(group)) > 1 for group in together)
