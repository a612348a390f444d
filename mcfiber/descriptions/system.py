"""A whole transmission system: spectrum, fibre, link, transceiver, and which models are used."""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import model_validator

from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.fiber import MulticoreFiber
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
    transceiver: Transceiver = Transceiver()
    models: Models = Models()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        bands = self.spectrum.band_names
        by_band: dict[str, Any] = {"link.launch_power_dbm": self.link.launch_power_dbm}
        by_band["link.amplifier.output_power_limit_dbm"] = self.link.amplifier.output_power_limit_dbm
        by_band |= {f"{path}.noise_figure_db": one.noise_figure_db for path, one in self._amplifiers().items()}
        for path, value in by_band.items():
            _check_bands(path, value, bands)
        _check_counts("link.launch_power_dbm", self.link.launch_power_dbm, self.spectrum)
        self._check_coupling()
        refuse_contradictions(self, "system")
        return self

    def _amplifiers(self) -> dict[str, Amplifier]:
        """Every amplifier of the link by its path."""
        link = self.link
        found = {"link.amplifier": link.amplifier}
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


def _check_bands(path: str, value: object, bands: tuple[str, ...]) -> None:
    if isinstance(value, dict) and (missing := [band for band in bands if band not in value]):
        msg = f"{path}: has no value for the band {missing[0]}; give one for each of {', '.join(bands)}, or one number"
        raise refused(msg)


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


def _check_counts(path: str, value: object, spectrum: Spectrum) -> None:
    """Refuse a list by channel of another length than the channels, of all bands or of one."""
    if isinstance(value, tuple) and len(value) != spectrum.count:
        msg = f"{path}: got {len(value)} values for {spectrum.count} channels; give one for each"
        raise refused(msg)
    if isinstance(value, dict):
        for band, item in value.items():
            count = spectrum.channels_of_band(band)
            if isinstance(item, tuple) and len(item) != count:
                msg = f"{path}.{band}: got {len(item)} values for {count} channels of this band; give one for each"
                raise refused(msg)
