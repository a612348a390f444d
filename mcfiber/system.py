"""A whole transmission system: spectrum, fibre, link, transceiver, and which models are used."""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import model_validator

from mcfiber.descriptions import Description, flag, is_axis, number, plain, refused, with_axes
from mcfiber.fiber.multicore import MulticoreFiber
from mcfiber.link.span import Amplifier, Link
from mcfiber.rate.transceiver import Transceiver
from mcfiber.spectrum import Spectrum
from mcfiber.typing import Real

if TYPE_CHECKING:
    import xarray as xr


class Models(Description):
    """Which model computes what.

    Parameters
    ----------
    amplifier_noise
        Power spectral density of amplified spontaneous emission: "exact" is ``(F G - 1) h f``;
        "excess_gain" ``F (G - 1) h f`` and "input_noise" ``F G h f`` are the approximations in circulation.
    nonlinear_interference
        "gn": closed form of the Gaussian-noise model for channels with gaps; self- and cross-phase modulation,
        at the centre of the channel, incoherent over spans.  "isrs_gn": the same along the computed power profile,
        with Raman scattering.  "gn_integral": the integral itself by quadrature, for any power profile and span
        loss; seconds instead of milliseconds.
    raman
        Raman scattering between the channels (and pumps): "none", "silica" (coupled equations with the measured
        gain of silica) or "triangular" (closed form with a linear gain).
    accumulation
        Of "isrs_gn" over the spans: "incoherent", or "coherent" for what a channel does to itself.
    format_correction
        Whether "isrs_gn" counts that the symbols of the transceiver's format are not Gaussian.
    mode_dispersion
        Whether spatial mode dispersion, where the fibre's is known, lowers the nonlinear interference of randomly
        coupled cores.
    crosstalk_probability
        Probability with which crosstalk exceeds the value that is used, given the fibre's skew; the mean is used
        where it is left out.
    """

    amplifier_noise: Literal["exact", "excess_gain", "input_noise"] = "exact"
    nonlinear_interference: Literal["gn", "isrs_gn", "gn_integral"] = "gn"
    raman: Literal["none", "silica", "triangular"] = "none"
    accumulation: Literal["incoherent", "coherent"] = "incoherent"
    format_correction: Annotated[bool, flag()] = False
    mode_dispersion: Annotated[bool, flag()] = True
    crosstalk_probability: Annotated[Real | None, number(above=0, high=0.999, remedy="1e-4 is usual")] = None

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if self.nonlinear_interference == "gn" and self.accumulation == "coherent":
            msg = 'accumulation: needs nonlinear_interference = "isrs_gn" or "gn_integral"'
            raise refused(msg)
        if self.nonlinear_interference != "isrs_gn" and self.format_correction:
            msg = 'format_correction: needs nonlinear_interference = "isrs_gn"'
            raise refused(msg)
        return self


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
        """Refuse what has no meaning for cores that are received one by one, or for those received together."""
        loss = self.link.mode_dependent_loss_rms_db
        losses = loss.values() if isinstance(loss, dict) else (loss,)
        alone = self.fiber.coupling != "random" and self.fiber.coupled_cores == 1
        if alone and any(is_axis(value) or value > 0 for value in losses):
            msg = (
                "link.mode_dependent_loss_rms_db: weakly coupled cores are received one by one, so they have no "
                'mode-dependent loss; leave it out (or set fiber.coupling = "random")'
            )
            raise refused(msg)
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
        spans = self.link.span if isinstance(self.link.span, tuple) else (self.link.span,)
        for index, span in enumerate(spans):
            for name in ("fan_in_crosstalk_db", "fan_out_crosstalk_db"):
                if getattr(span, name) is not None and len(self.fiber.core_groups) == 1:
                    where = f"link.span.{index}" if isinstance(self.link.span, tuple) else "link.span"
                    msg = (
                        f"{where}.{name}: only several cores that are received one by one have crosstalk; leave it out"
                    )
                    raise refused(msg)

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """Read a system from a TOML file (its `system` table, or the whole file).

        Raises
        ------
        DescriptionError
            If the file is missing, is not TOML, or describes no valid system.
        """
        table = read_toml(path)
        system = with_axes(table.get("system", table))
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
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        msg = f": there is no file {str(path)!r}"
    except (OSError, UnicodeDecodeError) as error:
        msg = f": cannot read {str(path)!r}: {error}"
    except tomllib.TOMLDecodeError as error:
        msg = f": {str(path)!r} is not valid TOML: {error}"
    raise refused(msg)


def _check_bands(path: str, value: Any, bands: tuple[str, ...]) -> None:
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


def _check_counts(path: str, value: Any, spectrum: Spectrum) -> None:
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
