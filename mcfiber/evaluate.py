"""The one evaluation path: a plain system, a system with axes, samples and draws all take it."""

import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from mcfiber import result, status
from mcfiber.descriptions.errors import ValidityWarning, check_count, check_seed
from mcfiber.descriptions.record import axes
from mcfiber.fiber.along import medium_along
from mcfiber.fiber.channels import channels
from mcfiber.labelled import as_variable, combined, plain_numbers, quantity, stacked
from mcfiber.line.amplifiers import driven_line
from mcfiber.line.budget import OSNR_BANDWIDTH, Choices, Scene, line_noises, line_ratios
from mcfiber.line.erbium import amplifier_variables
from mcfiber.line.line import Line, line, repeated
from mcfiber.line.mode_delay import group_delay_spread
from mcfiber.line.mode_loss import grouped_loss
from mcfiber.receiver.decoder import at_decoder, loss_at_end, warn_of_oscillator
from mcfiber.receiver.outage import frequency_diversity
from mcfiber.receiver.penalty import grouped_penalty, loss_range
from mcfiber.receiver.rates import achievable_rate
from mcfiber.receiver.receiver import Receiver, receiver
from mcfiber.receiver.window import dispersion_range
from mcfiber.simulation.penalties import draw_mdl_penalty, loop_scatter
from mcfiber.typing import Quantity

if TYPE_CHECKING:
    from mcfiber.descriptions.system import System


def evaluate(system: "System", *, draws: int | None = None, seed: int | None = None) -> xr.Dataset:
    """Powers, noises, signal-to-noise ratios and rates of every channel in every core.

    Fields of the system that are labelled axes give the result their dimensions; a quantity carries a dimension
    only if it differs along it (equal cores have no dimension core, though the dataset has its coordinate).

    Parameters
    ----------
    system
        What to evaluate.
    draws, seed
        Number of random realisations of the mode-dependent loss of coupled cores, in the dimension ``draw`` and
        independent from channel to channel and from group to group, and their seed; the mean where left out.
        ``link.repeat = "same"`` enters by the effective loss, by the delay spread of the line, and by the wider
        scatter of laps of the same fibre (`mcfiber.simulation.penalties.loop_scatter`); `mcfiber.draw_capacity` draws
        a loop lap by lap.

    Returns
    -------
    xarray.Dataset
        Dimensions channel, core where cores differ, and the axes of the system; points of
        the axes that cannot exist, or whose evaluation fails, are NaN and have a `status` other than 0.

    Raises
    ------
    DescriptionError
        If a value is refused, or the system has no axes and its evaluation fails: amplifiers with less noise than
        none, pumps whose powers cannot be solved, closed forms without dispersion.

    Notes
    -----
    Noises add by Eq. (1) of :doc:`/theory/index`; the decoder sees Eq. (2) there. The source of each variable is in
    `mcfiber.variables`.

    Examples
    --------
    >>> import mcfiber
    >>> result = mcfiber.load("nict-2025-1808km").system.evaluate()
    >>> result.sizes["channel"]
    180
    """
    if draws is not None:
        check_count("draws", draws)
    check_seed(seed)
    scene, arrived = records(system)
    values = quantities(scene, arrived, draws=draws, seed=seed)
    if np.any(values["status"].data != status.OK) and not any(True for _ in axes(system)):
        raise status.failure(int(values["status"]), values)
    _warn_without_droop(scene, values)
    return result.pack(system, scene.channels, values, cores=scene.medium.cores)


DROOPLESS = 10.0**0.8
"""Signal-to-noise ratio of the line below which it must not be left out that noise displaces signal: 8 dB. [1]"""


def _warn_without_droop(scene: Scene, values: dict[str, Quantity]) -> None:
    """Say that amplifiers which hold the signal's power alone are a poor model of a line with much noise."""
    if scene.line.power_control == "signal" and bool(np.any(plain_numbers(values["gsnr"]) < DROOPLESS)):
        worst = 10.0 * np.log10(max(float(np.nanmin(plain_numbers(values["gsnr"]))), 1e-300))
        text = (
            f"the signal-to-noise ratio of the line is {worst:.1f} dB with link.power_control = 'signal', which leaves "
            "out that noise displaces signal (0.5 dB and more below 8 dB); use 'channel'"
        )
        warnings.warn(text, ValidityWarning, stacklevel=3)


def records(system: "System", *, adjusted: Callable[[Line], Line] | None = None) -> tuple[Scene, Receiver]:
    """Take a system through the four doors: every field is entered into SI once, and no description goes further.

    Parameters
    ----------
    system
        The description.
    adjusted
        Changes the line in SI before light enters it: what a cable gives its amplifiers.

    Returns
    -------
    tuple
        What noises are computed from (channels, medium, line, power and models), and the receiver.

    Examples
    --------
    >>> import mcfiber
    >>> scene, arrived = records(mcfiber.load("nict-2025-1808km").system)
    >>> scene.channels.count, scene.medium.cores, scene.line.count, arrived.kind
    (180, 19, 21, 'mmse')
    """
    grid = channels(system.spectrum)
    glass = medium_along(system.fiber, system.fibers, system.link.fibers_along, grid)
    spans = line(system.link, glass, grid)
    arrived = receiver(system.transceiver, grid)
    choices = _choices(system, arrived)
    spans, power = driven_line(spans if adjusted is None else adjusted(spans), glass, grid, raman=choices.raman)
    return Scene(grid, glass, spans, power, choices), arrived


def _choices(system: "System", arrived: Receiver) -> Choices:
    models = system.models
    return Choices(
        amplifier_noise=models.amplifier_noise,
        nonlinear_interference=models.nonlinear_interference,
        raman=models.raman,
        accumulation=models.accumulation,
        mode_dispersion=models.mode_dispersion,
        kurtosis=arrived.kurtosis if models.format_correction else 0.0,
        terms=models.terms,
        crosstalk_probability=quantity(models, "crosstalk_probability"),
    )


def quantities(
    scene: Scene,
    arrived: Receiver,
    *,
    draws: int | None = None,
    seed: int | None = None,
    noises: Mapping[str, Quantity] | None = None,
) -> dict[str, Quantity]:
    """Every variable of the result by name, before it becomes a dataset (which a sweep has no need of).

    Parameters
    ----------
    scene, arrived
        What `records` returns.
    draws, seed
        Number of random realisations, and their seed.
    noises
        Powers of the line's noises by variable, where some are to be left out; all where not given. [W]

    Notes
    -----
    Noises add by Eq. (1) of :doc:`/theory/index`; the decoder sees Eq. (2) there.
    """
    grid, spans, power = scene.channels, scene.line, scene.power
    noises = line_noises(scene) if noises is None else noises
    ratios = line_ratios(power.launch, noises)
    loss = grouped_loss(
        as_variable(repeated(spans, spans.mode_dependent_loss)),
        scene.medium.group_sizes,
        spans=spans.count,
        repeat=spans.repeat,
        lap=spans.lap,
        polarization=repeated(spans, spans.polarization_loss),
    )
    drawn = draws is not None and scene.medium.coupled_cores > 1
    widest = loss.effective if arrived.receiver_share is None else loss_at_end(loss.effective)
    penalties = loss_range(widest, arrived.kind, drawn=drawn)

    def penalty_of(ratio: Quantity, loss: Quantity) -> Quantity:
        if draws is not None and drawn:
            return _drawn_penalty(scene, arrived, ratio, loss, draws, seed)
        return grouped_penalty(ratio, loss, scene.medium.group_sizes, receiver=arrived.kind)

    received = at_decoder(scene, arrived, ratios["gsnr"], loss.effective, penalty_of)
    warn_of_oscillator(scene, arrived)
    values = {
        "symbol_rate": grid.symbol_rate,
        "signal_power": power.launch,
        **noises,
        **ratios,
        "osnr": combined(np.multiply, ratios["snr_ase"], grid.symbol_rate * (1.0 / OSNR_BANDWIDTH)),
        "mode_dependent_loss_sum": loss.sum,
        "mode_dependent_loss_effective": loss.effective,
        "mode_dependent_loss_rms": loss.rms,
        "mode_dependent_loss_peak_to_peak": loss.peak_to_peak,
        "mdl_penalty": received.pop("mdl_penalty"),
        "snr_trx": arrived.snr,
        **({} if spans.driven is None else amplifier_variables(spans.driven)),
        **received,
        **achievable_rate(arrived, received["snr"], grid.symbol_rate),
    }
    known = status.problems(grid, scene.medium, spans, penalties, dispersion_range(scene, arrived))
    return result.with_totals(values | {"status": status.judged(scene, arrived, values, known)}, scene)


def _drawn_penalty(
    scene: Scene, arrived: Receiver, gsnr: Quantity, loss: Quantity, draws: int, seed: int | None
) -> Quantity:
    """Penalties of random realisations; every group of cores has its own, and a core alone has none."""
    groups, spans = scene.medium.groups, scene.line

    def drawn(group: tuple[int, ...], gsnr: Quantity, loss: Quantity) -> Quantity:
        modes = 2 * len(group)
        if modes == 2:
            return grouped_penalty(gsnr, loss, (1,), receiver=arrived.kind)
        return draw_mdl_penalty(
            gsnr,
            loss,
            modes=modes,
            diversity=_diversity(scene, modes),
            scatter=loop_scatter(modes, spans.count // spans.lap, arrived.kind) if spans.repeat == "same" else 1.0,
            draws=draws,
            seed=seed,
            stream=min(group),
            receiver=arrived.kind,
        )

    if len(groups) < 2:
        return drawn(tuple(range(scene.medium.cores)), gsnr, loss)
    of_core = {core: drawn(group, _of(core, gsnr), _of(core, loss)) for group in groups for core in group}
    return stacked([of_core[core] for core in range(scene.medium.cores)], "core").transpose("draw", "core", ...)


def _of(core: int, value: Quantity) -> Quantity:
    return value.isel(core=core) if "core" in getattr(value, "dims", ()) else value


def _diversity(scene: Scene, modes: int) -> Quantity:
    """Independent frequencies in each channel of randomly coupled cores; 1 where mode dispersion is not known."""
    dispersion, spans = scene.medium.mode_dispersion, scene.line
    if dispersion is None or spans.count < 2:
        return 1.0
    along = as_variable(repeated(spans, dispersion)), repeated(spans, spans.length)
    rms, _ = group_delay_spread(*along, modes=modes, spans=spans.count, repeat=spans.repeat, lap=spans.lap)
    return frequency_diversity(scene.channels.symbol_rate, rms, spans=spans.count, modes=modes)
