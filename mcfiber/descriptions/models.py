"""Which model computes what, and the one table of what goes with what."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import model_validator

from mcfiber.descriptions.checks import flag
from mcfiber.descriptions.choices import every
from mcfiber.descriptions.codes import DvbS2Code, FixedRateCode, OverheadCode
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.formats import candidates
from mcfiber.descriptions.record import Description
from mcfiber.descriptions.values import ByCore, GainTable, Quantity, number
from mcfiber.typing import is_axis

if TYPE_CHECKING:
    from mcfiber.descriptions.line import Link
    from mcfiber.descriptions.system import System

T = TypeVar("T")


@dataclass(frozen=True)
class InterferenceModel:
    """One way to compute nonlinear interference.

    Attributes
    ----------
    name
        As in `Models.nonlinear_interference`.
    what
        What it is.
    valid
        Where it is valid.
    gradient
        Whether its derivative by the launch powers is known.
    follows_power
        Whether it follows the computed power along the fibre (Raman scattering, pumps, lumped losses).
    accumulations
        How interference may add up over the spans.
    format_correction
        Whether it can count that the symbols are not Gaussian.
    terms
        Which islands it can hold.
    """

    name: str
    what: str
    valid: str
    gradient: bool
    follows_power: bool
    accumulations: tuple[str, ...]
    format_correction: bool
    terms: tuple[str, ...] = ("spm+xpm",)


INTERFERENCE: Mapping[str, InterferenceModel] = {
    row.name: row
    for row in (
        InterferenceModel(
            name="gn",
            what="closed form of the Gaussian-noise model for channels with gaps; self- and cross-phase modulation, at "
            "the centre of the channel",
            valid="exponential decay, span loss above 7 dB, channels far from zero dispersion",
            gradient=True,
            follows_power=False,
            accumulations=("incoherent",),
            format_correction=False,
        ),
        InterferenceModel(
            name="isrs_gn",
            what='the same as "gn" along the computed power profile, as a sum of exponentials',
            valid="span loss above 7 dB, channels far from zero dispersion",
            gradient=True,
            follows_power=True,
            accumulations=("incoherent", "coherent"),
            format_correction=True,
        ),
        InterferenceModel(
            name="gn_integral",
            what="the integral of the Gaussian-noise model by quadrature; seconds instead of milliseconds",
            valid="any power profile and span loss",
            gradient=False,
            follows_power=True,
            accumulations=("incoherent", "coherent"),
            format_correction=False,
            terms=("spm+xpm", "all"),
        ),
        InterferenceModel(
            name="kerr",
            what='all islands from few Lorentzians for each profile; with terms = "spm+xpm" in milliseconds',
            valid="any power profile and span loss, zero dispersion included",
            gradient=True,
            follows_power=True,
            accumulations=("incoherent",),
            format_correction=False,
            terms=("spm+xpm", "all"),
        ),
        InterferenceModel(
            name="kerr_integral",
            what="the integral over all islands by quadrature, mode dispersion of coupled cores included",
            valid="any power profile, span loss and dispersion",
            gradient=False,
            follows_power=True,
            accumulations=("incoherent", "coherent"),
            format_correction=False,
            terms=("spm+xpm", "all"),
        ),
    )
}
"""Models of nonlinear interference, by name."""


def _quoted(names: Iterable[str]) -> str:
    return " or ".join(f'"{name}"' for name in names)


@dataclass(frozen=True)
class Rule(Generic[T]):
    """What does not go together.

    Attributes
    ----------
    broken
        Paths of a description at which the rule is broken; none where it is kept.
    sentence
        Why that is refused.
    remedy
        What to do.
    at
        Where it is looked for, in the tables of rules of the documentation.
    when
        Objective of an optimisation that the rule belongs to; empty for all.
    """

    broken: Callable[[T], Iterable[str]]
    sentence: str
    remedy: str
    at: str
    when: str = ""

    @property
    def text(self) -> str:
        """Sentence and remedy."""
        return f"{self.sentence}; {self.remedy}"


def _where(path: str, broken: bool) -> tuple[str, ...]:
    return (path,) if broken else ()


def _interference(models: "Models") -> InterferenceModel | None:
    return INTERFERENCE.get(models.nonlinear_interference)


def _without_accumulation(models: "Models") -> tuple[str, ...]:
    row = _interference(models)
    return _where("accumulation", row is not None and models.accumulation not in row.accumulations)


def _without_format(models: "Models") -> tuple[str, ...]:
    row = _interference(models)
    return _where("format_correction", models.format_correction and row is not None and not row.format_correction)


def _without_terms(models: "Models") -> tuple[str, ...]:
    row = _interference(models)
    return _where("terms", row is not None and models.terms not in row.terms)


MODEL_RULES: tuple[Rule["Models"], ...] = (
    Rule(
        _without_accumulation,
        "needs nonlinear_interference = "
        + _quoted(name for name, row in INTERFERENCE.items() if "coherent" in row.accumulations),
        'or set accumulation = "incoherent"',
        at="accumulation",
    ),
    Rule(
        _without_format,
        "needs nonlinear_interference = "
        + _quoted(name for name, row in INTERFERENCE.items() if row.format_correction),
        "or set format_correction = false",
        at="format_correction",
    ),
    Rule(
        _without_terms,
        "needs nonlinear_interference = " + _quoted(name for name, row in INTERFERENCE.items() if "all" in row.terms),
        'or set terms = "spm+xpm"',
        at="terms",
    ),
)
"""What goes with what among the models."""


def _both_ways(link: "Link") -> tuple[str, ...]:
    uneven = link.loop is not None or any(span.lumped_losses for span in link.spans)
    pumped = any(span.raman_pumps for span in link.spans)
    uneven = uneven or (pumped and link.core_permutation is not None)
    return _where("core_directions", link.both_directions and uneven)


def _has_pieces(link: "Link") -> bool:
    return any(span.pieces for span in link.spans)


def _named_fibers(link: "Link") -> bool:
    return any(link.fibers_along)


def _of_both_ways(link: "Link") -> tuple[str, ...]:
    names = ("near_end_crosstalk_db", "fan_reflection_db")
    return tuple(f"span.{name}" for name in names if any(getattr(span, name) is not None for span in link.spans))


def _is_erbium(link: "Link") -> bool:
    return getattr(link.amplifier, "kind", "") == "erbium"


def _powers_beside_a_pump(link: "Link") -> tuple[str, ...]:
    if not _is_erbium(link):
        return ()
    names = ("total_launch_power_dbm", "core_launch_offset_db")
    return tuple(name for name in names if getattr(link, name) is not None)


def _unlike_spans_of_a_pump(link: "Link") -> tuple[str, ...]:
    unlike = len(link.spans) > 1 or _has_pieces(link) or any(span.amplifier is not None for span in link.spans)
    return _where("amplifier", _is_erbium(link) and (unlike or link.loop is not None))


LINK_RULES: tuple[Rule["Link"], ...] = (
    Rule(
        _powers_beside_a_pump,
        "an erbium amplifier puts out what its pump makes of it",
        "leave it out, or give output_power_limit_dbm to the amplifier",
        at="total_launch_power_dbm, core_launch_offset_db",
    ),
    Rule(
        lambda link: _where(
            "amplifier.pump_power_mw", _is_erbium(link) and getattr(link.amplifier, "pump_power_mw", None) is None
        ),
        "an erbium amplifier puts out what its pump makes of it, and none is given",
        "give one (in a Cable it follows from the feed)",
        at="amplifier.pump_power_mw",
    ),
    Rule(
        _unlike_spans_of_a_pump,
        "an amplifier that is known by its pump stands behind equal spans of one piece, without a loop",
        "give one span, or an amplifier with a noise figure",
        at="amplifier",
    ),
    Rule(
        _both_ways,
        "with both directions in use a loop, lumped losses along the fibre, or Raman pumps where cores are exchanged "
        "would differ between cores, which is not modelled",
        "leave them out, or let all cores go the same way",
        at="core_directions",
    ),
    Rule(
        lambda link: _where("span.raman_pumps", len({len(span.raman_pumps) for span in link.spans}) > 1),
        "every span must have the same number of pumps",
        "give power_mw = 0 to missing ones",
        at="span.raman_pumps",
    ),
    Rule(
        lambda link: () if link.both_directions else _of_both_ways(link),
        "light that comes back disturbs only where cores carry light both ways",
        "leave it out, or give core_directions",
        at="span.near_end_crosstalk_db, span.fan_reflection_db",
    ),
    Rule(
        lambda link: _where("core_permutation", link.core_permutation is not None and _has_pieces(link)),
        "cores are exchanged between spans, which is not known where a span has several pieces",
        "describe every piece as a span, or leave it out",
        at="core_permutation",
    ),
    Rule(
        lambda link: _where("core_directions", link.both_directions and (_has_pieces(link) or _named_fibers(link))),
        "with both directions in use spans must be of one fibre and of one piece",
        "leave the pieces out, or let all cores go the same way",
        at="core_directions",
    ),
)
"""What goes with what on a line, whichever models are used."""


def _triangular_losses(system: "System") -> tuple[str, ...]:
    spans = system.link.spans
    losses = any(span.lumped_losses for span in spans) and not any(span.raman_pumps for span in spans)
    return _where("models.raman", system.models.raman == "triangular" and losses)


def _pumps_without_silica(system: "System") -> tuple[str, ...]:
    pumps = any(span.raman_pumps for span in system.link.spans)
    return _where("link.span.raman_pumps", pumps and system.models.raman != "silica")


def _unlike_cores_exchanged(system: "System") -> tuple[str, ...]:
    """Cores that differ by description; those that differ by their profiles are known where the glass is."""
    link, fiber = system.link, system.fiber
    offsets = (link.core_launch_offset_db, getattr(link.amplifier, "core_output_offset_db", None))
    unlike = isinstance(fiber.attenuation_db_per_km, tuple) or any(offset is not None for offset in offsets)
    integral = system.models.nonlinear_interference in ("gn_integral", "kerr_integral")
    return _where("link.core_permutation", integral and link.core_permutation is not None and unlike)


def _ways_of_groups(system: "System") -> tuple[str, ...]:
    groups = system.fiber.core_groups
    together = len(groups) > 1 and max(map(len, groups)) > 1
    return _where("link.core_directions", together and system.link.both_directions)


def _several_formats(system: "System") -> tuple[str, ...]:
    several = len(candidates(system.transceiver.format)) > 1
    return _where("models.format_correction", system.models.format_correction and several)


def _loss_of_lone_cores(system: "System") -> tuple[str, ...]:
    loss = system.link.mode_dependent_loss_rms_db
    losses = loss.values() if isinstance(loss, dict) else (loss,)
    alone = system.fiber.coupling != "random" and system.fiber.coupled_cores == 1
    lossy = any(is_axis(value) or value > 0 for value in losses)
    return _where("link.mode_dependent_loss_rms_db", alone and lossy)


def _devices_of_one_group(system: "System") -> Iterable[str]:
    if len(system.fiber.core_groups) > 1:
        return
    listed = isinstance(system.link.span, tuple)
    for index, span in enumerate(system.link.spans):
        where = f"link.span.{index}" if listed else "link.span"
        for name in ("fan_in_crosstalk_db", "fan_out_crosstalk_db"):
            if getattr(span, name) is not None:
                yield f"{where}.{name}"


SYSTEM_RULES: tuple[Rule["System"], ...] = (
    Rule(
        _loss_of_lone_cores,
        "weakly coupled cores are received one by one, so they have no mode-dependent loss",
        'leave it out (or set fiber.coupling = "random")',
        at="link.mode_dependent_loss_rms_db",
    ),
    Rule(
        _devices_of_one_group,
        "only several cores that are received one by one have crosstalk",
        "leave it out",
        at="link.span.fan_in_crosstalk_db, link.span.fan_out_crosstalk_db",
    ),
    Rule(
        _pumps_without_silica,
        'need models.raman = "silica"',
        "set it, or leave the pumps out",
        at="link.span.raman_pumps",
    ),
    Rule(_triangular_losses, '"triangular" knows no lumped losses', 'use "silica"', at="models.raman"),
    Rule(
        _ways_of_groups,
        "is known for cores that are received one by one",
        "leave it out where groups are",
        at="link.core_directions",
    ),
    Rule(
        _several_formats,
        "needs one modulation format, but transceiver.format may be one of several",
        "name one, or set it to false",
        at="models.format_correction",
    ),
    Rule(
        _unlike_cores_exchanged,
        "an integral does not follow signals through unlike cores",
        'use models.nonlinear_interference = "gn", "isrs_gn" or "kerr"',
        at="link.core_permutation",
    ),
)
"""What goes with what in a system."""


def _without_gradient(system: "System") -> tuple[str, ...]:
    row = _interference(system.models)
    return _where("models.nonlinear_interference", row is None or not row.gradient)


def _amplifier_limits(system: "System") -> tuple[str, ...]:
    limits = {"output_tilt_db", "output_ripple_db", "core_output_offset_db", "output_power_limit_dbm"}
    amplifier = system.link.amplifier
    if _is_erbium(system.link):
        return ("link.amplifier",)
    given = sorted(amplifier.model_fields_set & limits)
    return tuple(f"link.amplifier.{name}" for name in given)


def _unlike_launch(system: "System") -> tuple[str, ...]:
    link = system.link
    names = ("core_launch_offset_db", "core_permutation", "total_launch_power_dbm")
    found = [f"link.{name}" for name in names if getattr(link, name) is not None]
    tilted = is_axis(link.launch_tilt_db) or bool(link.launch_tilt_db != 0.0)
    of_cores = isinstance(link.launch_power_dbm, ByCore)
    return (*found, *_where("link.launch_tilt_db", tilted), *_where("link.launch_power_dbm", of_cores))


def _follows_gain(system: "System") -> tuple[str, ...]:
    link = system.link
    own = [span.amplifier for span in link.spans]
    every = [None if _is_erbium(link) else link.amplifier, *own, None if link.loop is None else link.loop.amplifier]
    found = any(one is not None and isinstance(one.noise_figure_db, GainTable) for one in every)
    return _where("link.amplifier.noise_figure_db", found)


LAUNCH_RULES: tuple[Rule["System"], ...] = (
    Rule(
        lambda system: _where("fiber.groups", len(set(map(len, system.fiber.core_groups))) > 1),
        "launch powers are optimised for groups of one size",
        "make them equal",
        at="fiber.groups",
    ),
    Rule(
        _without_gradient,
        "this model has no gradient",
        f"optimise with {_quoted(name for name, row in INTERFERENCE.items() if row.gradient)}, then check",
        at="models.nonlinear_interference",
    ),
    Rule(
        lambda system: _where("models.raman", system.models.raman == "triangular"),
        'launch powers are optimised with "silica" or "none", not "triangular"',
        "set one of them",
        at="models.raman",
    ),
    Rule(
        _amplifier_limits,
        "launch powers are optimised for amplifiers that deliver what is asked for",
        "leave it out, and give limits to optimize_launch",
        at="link.amplifier (of erbium), link.amplifier.output_tilt_db, link.amplifier.output_ripple_db, "
        "link.amplifier.core_output_offset_db, "
        "link.amplifier.output_power_limit_dbm",
    ),
    Rule(
        lambda system: _where("link.span.raman_pumps", any(span.raman_pumps for span in system.link.spans)),
        "launch powers are optimised for lines without pumps",
        "remove them",
        at="link.span.raman_pumps",
    ),
    Rule(
        _unlike_launch,
        "launch powers are optimised for signals that keep to cores launched alike",
        "leave it out",
        at="link.core_launch_offset_db, link.core_permutation, link.total_launch_power_dbm, link.launch_tilt_db, "
        "link.launch_power_dbm",
    ),
    Rule(
        _follows_gain,
        "launch powers are optimised for noise figures that do not follow the gain",
        "give the figure at the gain that the spans need",
        at="link.amplifier.noise_figure_db",
    ),
    Rule(
        lambda system: _where("transceiver.format", system.transceiver.varies),
        "launch powers are optimised for one format and one code in all channels and cores",
        "name one, and check the optimum with the others",
        at="transceiver.format",
    ),
    Rule(
        lambda system: _where("link.span", _has_pieces(system.link) or _named_fibers(system.link)),
        "launch powers are optimised for lines of one fibre, spans of one piece",
        "optimise such a line without them, and check with them",
        at="link.span",
    ),
    Rule(
        lambda system: _where("link.laps", system.link.laps is not None and len(system.link.lap) > 1),
        "launch powers are optimised for lines whose spans are one lap",
        "give one span and the span_count of the whole line, or list all spans",
        at="link.laps",
    ),
    Rule(
        lambda system: _where("link.power_control", system.link.power_control == "band"),
        'launch powers are optimised for "signal"',
        "set it",
        at="link.power_control",
    ),
    Rule(
        lambda system: _where("models.format_correction", system.models.format_correction),
        "launch powers are optimised for Gaussian symbols",
        "set it to false",
        at="models.format_correction",
    ),
    Rule(
        lambda system: _where(
            "transceiver.code",
            any(isinstance(one, FixedRateCode | OverheadCode | DvbS2Code) for one in every(system.transceiver.code)),
        ),
        "the net rate climbs in steps, without a slope",
        'use objective = "shannon"',
        at="transceiver.code",
        when="net_rate",
    ),
)
"""What the optimiser of launch powers asks of a system, beyond what every system keeps."""

RULES: Mapping[str, tuple[Rule[Any], ...]] = {
    "models": MODEL_RULES,
    "link": LINK_RULES,
    "system": SYSTEM_RULES,
    "optimize_launch": LAUNCH_RULES,
}
"""Every rule of what goes with what, by who asks: `Models`, `Link` and `System` of themselves, the optimiser."""


def rules_for(who: str, *, when: str = "") -> tuple[Rule[Any], ...]:
    """Rules that one asks for.

    Parameters
    ----------
    who
        Key of `RULES`.
    when
        Objective of an optimisation.

    Examples
    --------
    >>> [rule.remedy for rule in rules_for("models")]
    ['or set accumulation = "incoherent"', 'or set format_correction = false', 'or set terms = "spm+xpm"']
    """
    return tuple(rule for rule in RULES[who] if rule.when in ("", when))


def refuse_contradictions(subject: Description, who: str, *, when: str = "") -> None:
    """Refuse a description that breaks a rule, naming every place and its remedy.

    Parameters
    ----------
    subject
        What the rules are about: `Models`, a `Link` or a `System`.
    who, when
        As for `rules_for`.

    Raises
    ------
    DescriptionError
        If a rule is broken.
    """
    problems = [(path, rule.text) for rule in rules_for(who, when=when) for path in rule.broken(subject)]
    if problems:
        raise DescriptionError(type(subject).__name__, problems)


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
        loss; seconds instead of milliseconds.  "kerr": any power profile, span loss and dispersion in milliseconds;
        "kerr_integral" its integral.
    terms
        Which parts the last three hold: self- and cross-phase modulation ("spm+xpm"), or also the mixing of different
        channels ("all").
    raman
        Raman scattering between the channels (and pumps): "none", "silica" (coupled equations with the measured
        gain of silica) or "triangular" (closed form with a linear gain).
    accumulation
        Of "isrs_gn" and the integrals over the spans: "incoherent", or "coherent" (with "isrs_gn", for what a channel
        does to itself).
    format_correction
        Whether "isrs_gn" counts that the symbols of the transceiver's format are not Gaussian.
    mode_dispersion
        Whether spatial mode dispersion, where the fibre's is known, lowers the nonlinear interference of randomly
        coupled cores.
    crosstalk_probability
        Probability with which crosstalk exceeds the value that is used, given the fibre's skew; the mean is used
        where it is left out.

    Raises
    ------
    DescriptionError
        If models contradict each other; `RULES` lists what goes with what.

    Examples
    --------
    >>> Models(nonlinear_interference="isrs_gn", raman="silica").accumulation
    'incoherent'
    """

    amplifier_noise: Literal["exact", "excess_gain", "input_noise"] = "exact"
    nonlinear_interference: Literal["gn", "isrs_gn", "gn_integral", "kerr", "kerr_integral"] = "gn"
    terms: Literal["spm+xpm", "all"] = "spm+xpm"
    raman: Literal["none", "silica", "triangular"] = "none"
    accumulation: Literal["incoherent", "coherent"] = "incoherent"
    format_correction: Annotated[bool, flag()] = False
    mode_dispersion: Annotated[bool, flag()] = True
    crosstalk_probability: Annotated[Quantity | None, number(above=0, high=0.999, remedy="1e-4 is usual")] = None

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        refuse_contradictions(self, "models")
        return self
