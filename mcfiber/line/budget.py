"""The budget: the table of noises, and the signal against each of them."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mcfiber.fiber.channels import Channels
from mcfiber.fiber.medium import FiberMedium
from mcfiber.kernels import budget as kernels
from mcfiber.kernels.filtering import filtered_ratio
from mcfiber.kernels.scattering import double_scattering
from mcfiber.labelled import array, combined, compute, stacked
from mcfiber.line.amplifiers import amplifier_noise, impossible_noise
from mcfiber.line.closed_forms import Accumulation
from mcfiber.line.crosstalk import crosstalk, crosstalk_spread
from mcfiber.line.interference import CLOSED_FORMS, nonlinear_interference
from mcfiber.line.line import Line, over_spans
from mcfiber.line.power import PowerProfile, displaced
from mcfiber.line.raman import RamanModel
from mcfiber.typing import Quantity

OSNR_BANDWIDTH = 12.5e9
"""Bandwidth of the optical signal-to-noise ratio: 0.1 nm at 1550 nm. [Hz]"""


@dataclass(frozen=True)
class Choices:
    """Which models compute what, for the noises; see `mcfiber.descriptions.models.Models`.

    Attributes
    ----------
    amplifier_noise, nonlinear_interference, raman, accumulation
        Names of models.
    mode_dispersion
        Whether mode dispersion counts in the interference of coupled cores.
    kurtosis
        Excess kurtosis of the symbols, 0 where it is not to count. [1]
    terms
        Of the interference.
    crosstalk_probability
        With which crosstalk exceeds the value used; None for its mean. [1]
    """

    amplifier_noise: str = "exact"
    nonlinear_interference: str = "gn"
    raman: RamanModel = "none"
    accumulation: Accumulation = "incoherent"
    mode_dispersion: bool = True
    kurtosis: float = 0.0
    terms: Literal["spm+xpm", "all"] = "spm+xpm"
    crosstalk_probability: Quantity = None


@dataclass(frozen=True)
class Scene:
    """Everything that noises are computed from: the records behind the doors, and the models.

    Attributes
    ----------
    channels, medium, line, power
        Records in SI.
    choices
        Models.
    """

    channels: Channels
    medium: FiberMedium
    line: Line
    power: PowerProfile
    choices: Choices


@dataclass(frozen=True)
class Noise:
    """One noise of the budget.

    Attributes
    ----------
    name
        As in `result.mcf.limits()`.
    power, ratio
        Variables of the table: its power, and the signal over it.
    enters
        "line": multiplied by the penalty of mode-dependent loss; "receiver": not.
    label, colour
        In figures and reports.
    compute
        Variables of a scene by name, its power among them; None where the noise is known by its ratio. [W]
    of_sum
        The same of a noise that depends on the sum of all others; it takes the scene and that sum.
    displaces
        Whether amplifiers that hold the total power lower the signal for it.
    always
        Whether every line and receiver has it.
    part_of
        Name of the row that it takes the place of, together with the others that are parts of that.
    follows
        How it follows the launch powers: "gradient", the optimiser knows its derivative; "signal", it is a fixed part
        of the signal where all cores are launched alike; "unknown", the optimiser refuses it.
    """

    name: str
    power: str
    ratio: str
    enters: Literal["line", "receiver"]
    label: str
    colour: str
    compute: Callable[[Scene], Mapping[str, Quantity]] | None = None
    of_sum: "Callable[[Scene, Quantity], Mapping[str, Quantity]] | None" = None
    displaces: bool = False
    always: bool = True
    part_of: str = ""
    follows: Literal["gradient", "signal", "unknown"] = "unknown"


def _amplifiers(scene: Scene) -> Mapping[str, Quantity]:
    model = scene.choices.amplifier_noise
    return {"ase_power": amplifier_noise(scene.line, scene.power, scene.channels, model=model)}


def _interference(scene: Scene) -> Mapping[str, Quantity]:
    choices = scene.choices
    power = nonlinear_interference(
        scene.line,
        scene.medium,
        scene.power,
        scene.channels,
        model=choices.nonlinear_interference,
        accumulation=choices.accumulation,
        kurtosis=choices.kurtosis,
        mode_dispersion=choices.mode_dispersion,
        terms=choices.terms,
    )
    return {"nli_power": power}


def _crosstalk(scene: Scene) -> Mapping[str, Quantity]:
    spread = crosstalk_spread(scene.medium, scene.channels, probability=scene.choices.crosstalk_probability)
    ratio = crosstalk(scene.line, scene.medium, scene.power, spread=spread)
    return {"crosstalk": ratio, "crosstalk_power": combined(np.multiply, ratio, scene.power.launch)}


POSITIONS = 1001
"""Places in each panel at which double scattering is integrated: good to 2e-4 with pumps of 25 dB."""


def _twice_scattered(scene: Scene) -> Mapping[str, Quantity]:
    """Light that is scattered back twice, where pumps amplify it; without them it is far below all else."""
    line, evolution, scattered = scene.line, scene.power.evolution, scene.medium.backscatter
    if not line.pumped or evolution is None or scattered is None:
        return {}
    level, place = evolution.fine_levels(POSITIONS)
    part = compute("scattering_power", double_scattering, level, place, scattered)
    total = over_spans(line, combined(np.multiply, part, scene.power.launch), launch=scene.power.launch)
    return {"scattering_power": total}


def behind_filters(scene: Scene, gsnr: Quantity) -> Quantity:
    """Signal-to-noise ratio of the line that its filters leave. [1]

    Parameters
    ----------
    scene
        The filters, if there are any, and the symbol rates.
    gsnr
        Without them. [1]

    Notes
    -----
    Eq. (2) of `mcfiber.kernels.filtering`.
    """
    filters = scene.line.filters
    if filters is None:
        return gsnr
    shape = scene.channels.symbol_rate, filters.roll_off, filters.bandwidth, filters.order, float(filters.count)
    return compute("gsnr", filtered_ratio, gsnr, *shape)


def _filtered(scene: Scene, others: Quantity) -> Mapping[str, Quantity]:
    """Noise that a cascade of filters amounts to: what is missing from the ratio that they leave."""
    if scene.line.filters is None:
        return {}
    launch = scene.power.launch
    ratio = behind_filters(scene, combined(np.divide, launch, others))
    return {"filtering_power": combined(_missing, launch, ratio, others)}


def _missing(launch: Quantity, ratio: Quantity, others: Quantity) -> Quantity:
    with np.errstate(divide="ignore"):
        return np.maximum(launch / ratio - others, 0.0)


# Colours of Okabe and Ito, which differ with any colour vision.
NOISES: tuple[Noise, ...] = (
    Noise(
        name="amplifier_noise",
        power="ase_power",
        ratio="snr_ase",
        enters="line",
        label="amplifier noise",
        colour="#0072B2",
        compute=_amplifiers,
        displaces=True,
        follows="gradient",
    ),
    Noise(
        name="nonlinear_interference",
        power="nli_power",
        ratio="snr_nli",
        enters="line",
        label="nonlinear interference",
        colour="#D55E00",
        compute=_interference,
        displaces=True,
        follows="gradient",
    ),
    Noise(
        name="crosstalk",
        power="crosstalk_power",
        ratio="snr_xt",
        enters="line",
        label="crosstalk",
        colour="#CC79A7",
        compute=_crosstalk,
        follows="signal",
    ),
    Noise(
        name="double_scattering",
        power="scattering_power",
        ratio="snr_scattering",
        enters="line",
        label="double Rayleigh scattering",
        colour="#F0E442",
        compute=_twice_scattered,
        always=False,
        follows="signal",
    ),
    Noise(
        name="filtering",
        power="filtering_power",
        ratio="snr_filtering",
        enters="line",
        label="optical filters",
        colour="#56B4E9",
        of_sum=_filtered,
        always=False,
    ),
    Noise(name="transceiver", power="", ratio="snr_trx", enters="receiver", label="transceivers", colour="#999999"),
    Noise(
        name="transmitter",
        power="",
        ratio="snr_transmitter",
        enters="receiver",
        label="transmitters",
        colour="#999999",
        always=False,
        part_of="transceiver",
    ),
    Noise(
        name="receiver",
        power="",
        ratio="snr_receiver",
        enters="receiver",
        label="receivers",
        colour="#666666",
        always=False,
        part_of="transceiver",
    ),
    Noise(
        name="phase_noise",
        power="",
        ratio="snr_phase_noise",
        enters="receiver",
        label="enhanced phase noise",
        colour="#009E73",
        always=False,
    ),
    Noise(
        name="equalizer",
        power="",
        ratio="snr_equalizer",
        enters="receiver",
        label="short equalisers",
        colour="black",
        always=False,
    ),
    Noise(
        name="adaptation",
        power="",
        ratio="snr_adaptation",
        enters="receiver",
        label="adaptation",
        colour="#E69F00",
        always=False,
    ),
)
"""Every noise, in the order of the path: evaluation, limits, figures and the optimiser read this table.

A line has those whose power its scene gives: double scattering is one of pumped lines alone, filtering of lines with
filters, and what a receiver adds where it is described: noise of its own beside the transmitter's, phase noise, a
window, adaptation."""


def entering(where: Literal["line", "receiver"]) -> tuple[Noise, ...]:
    """Rows of `NOISES` that enter on the line, or in the receiver."""
    return tuple(noise for noise in NOISES if noise.enters == where)


def rows_of(where: Literal["line", "receiver"], known: Container[Any]) -> tuple[Noise, ...]:
    """Rows of `NOISES` that a result has, of those that enter at one place; parts stand instead of their whole.

    Parameters
    ----------
    where
        "line" or "receiver".
    known
        Names of the variables of the result.
    """
    rows = tuple(row for row in entering(where) if row.always or row.ratio in known)
    whole = {row.part_of for row in rows}
    return tuple(row for row in rows if row.name not in whole)


def line_noises(scene: Scene) -> dict[str, Quantity]:
    """Powers of all noises of the line at launch level, by variable, and what belongs to them. [W]"""
    found: dict[str, Quantity] = {}
    rows = entering("line")
    for noise in rows:
        if noise.compute is not None:
            found |= noise.compute(scene)
    names = [noise.power for noise in rows if noise.displaces]
    powers = displaced(scene.line, scene.power.launch, [found[name] for name in names], scene.channels)
    found |= dict(zip(names, powers, strict=True))
    for noise in rows:
        if noise.of_sum is not None:
            others = sum(found[row.power] for row in rows if row.power in found)
            found |= noise.of_sum(scene, others)
    return found


def failures(scene: Scene) -> dict[str, Quantity]:
    """Where the noises of the line have no value, and why: truths by name of `mcfiber.status.FLAGS`.

    Parameters
    ----------
    scene
        What the noises were computed from.

    References
    ----------
    .. [1] C. M. Caves, "Quantum limits on noise in linear amplifiers," *Phys. Rev. D*, vol. 26, pp. 1817-1839, 1982,
       :doi:`10.1103/PhysRevD.26.1817` (the least noise of an amplifier).
    """
    power, choices = scene.power, scene.choices
    found = impossible_noise(scene.line, power, scene.channels, model=choices.amplifier_noise)
    if scene.line.driven is not None:
        found["amplifier_cannot"] = combined(np.isnan, scene.line.driven.output)
    if power.evolution is not None:
        given = combined(lambda *values: np.isfinite(sum(values)), power.fiber_input, power.attenuation)
        found["raman_not_solved"] = combined(np.logical_and, power.evolution.unsolved, given)
    if choices.nonlinear_interference in CLOSED_FORMS:
        found["dispersion_zero"] = scene.medium.group_velocity_dispersion == 0.0
    return found


def line_ratios(signal: Quantity, powers: Mapping[str, Quantity]) -> dict[str, Quantity]:
    """Signal over each noise of the line and over their sum.

    ``1/gsnr = 1/snr_ase + 1/snr_nli + 1/snr_xt``, Eq. (1) of [1]_.

    Parameters
    ----------
    signal
        Power of a channel in one core. [W]
    powers
        Of every noise of the line, by its variable. [W]

    Returns
    -------
    dict
        The ratios of `NOISES` and :data:`gsnr`, by variable. [1]

    References
    ----------
    .. [1] V. Curri, "GNPy model of the physical layer for open and disaggregated optical networking," J. Opt.
       Commun. Netw., vol. 14, no. 6, pp. C92-C104, 2022 (generalised SNR).
    """
    rows = [noise for noise in entering("line") if noise.power in powers]
    together = stacked([powers[noise.power] for noise in rows], "noise", last=True)
    ratio, gsnr = compute(("gsnr", "gsnr"), kernels.ratios_of_noises, signal, together)
    each = {noise.ratio: array(ratio.dims[:-1], ratio.data[..., k]) for k, noise in enumerate(rows)}
    return each | {"gsnr": gsnr}


def received_ratio(gsnr: Quantity, penalty: Quantity, transceiver: Quantity) -> Quantity:
    """Signal-to-noise ratio that the decoder sees, ``1/snr = penalty/gsnr + 1/snr_trx``.

    Parameters
    ----------
    gsnr
        Of the line. [1]
    penalty
        Of mode-dependent loss, at least 1. [1]
    transceiver
        Of the transceivers; infinite where they add no noise. [1]

    Returns
    -------
    :data:`snr`
        Dimensions of the inputs.

    References
    ----------
    .. [1] P. Poggiolini et al., "The GN-model of fiber non-linear propagation and its applications," J. Lightw.
       Technol., vol. 32, no. 4, pp. 694-721, 2014 (noises add as Gaussian, Eq. (1)).
    """
    return compute("snr", kernels.ratio_at_decoder, gsnr, penalty, transceiver)
