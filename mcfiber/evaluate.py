"""The one evaluation path: a plain system, a system with axes, samples and draws all take it."""

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from mcfiber import labelled, result, units
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.formats import candidates
from mcfiber.descriptions.line import Link
from mcfiber.fiber.channels import Channels, channels
from mcfiber.fiber.medium import Glass, properties
from mcfiber.labelled import stacked
from mcfiber.line.amplifiers import amplifier_noise
from mcfiber.line.budget import line_ratios, received_ratio
from mcfiber.line.crosstalk import crosstalk, crosstalk_spread
from mcfiber.line.interference import nonlinear_interference
from mcfiber.line.line import along_spans
from mcfiber.line.mode_delay import group_delay_spread
from mcfiber.line.mode_loss import grouped_loss
from mcfiber.line.power import PowerProfile, displaced, power_profile
from mcfiber.receiver.constellation import symbol_moments
from mcfiber.receiver.outage import draw_mdl_penalty, frequency_diversity, loop_scatter
from mcfiber.receiver.penalty import grouped_penalty
from mcfiber.receiver.rates import achievable_rate
from mcfiber.simulation.gn_integral import nonlinear_interference_integral
from mcfiber.status import problems

if TYPE_CHECKING:
    import xarray as xr

    from mcfiber.descriptions.system import System


def evaluate(system: "System", *, draws: int | None = None, seed: int | None = None) -> "xr.Dataset":
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
        scatter of laps of the same fibre (`mcfiber.receiver.outage.loop_scatter`); `mcfiber.draw_capacity` draws a loop
        lap by lap.

    Returns
    -------
    xarray.Dataset
        Dimensions channel, core where cores differ, and the axes of the system; points of
        the axes that cannot exist are NaN and have a `status` other than 0.

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
    grid = channels(system.spectrum)
    return result.pack(system, grid, quantities(system, grid, draws=draws, seed=seed))


def quantities(
    system: "System", grid: Channels, *, draws: int | None = None, seed: int | None = None
) -> "dict[str, xr.DataArray]":
    """Every variable of the result by name, before it becomes a dataset (which a sweep has no need of).

    Parameters
    ----------
    system
        What to evaluate.
    grid
        Its channels.
    draws, seed
        Number of random realisations, and their seed.

    Notes
    -----
    Noises add by Eq. (1) of :doc:`/theory/index`; the decoder sees Eq. (2) there.
    """
    glass = properties(system.fiber, grid)
    power = power_profile(system.link, glass, grid, raman=system.models.raman)
    ase = amplifier_noise(system.link, power, grid, model=system.models.amplifier_noise)
    nli = _interference(system, glass, power, grid)
    ase, nli = displaced(system.link, power.launch, ase, nli, grid)
    spread = crosstalk_spread(system.fiber, grid, probability=system.models.crosstalk_probability)
    xt = crosstalk(system.link, glass, power, spread=spread)
    mdl = grouped_loss(
        units.si(system.link, "mode_dependent_loss_rms_db"),
        glass.group_sizes,
        spans=system.link.count,
        repeat=system.link.repeat,
    )
    snr_ase, snr_nli, snr_xt, gsnr = line_ratios(power.launch, ase, nli, xt)
    if draws is not None and glass.coupled_cores > 1:
        penalty = _drawn_penalty(system, glass, grid, gsnr, mdl.effective, draws, seed)
    else:
        penalty = grouped_penalty(gsnr, mdl.effective, glass.group_sizes, receiver=system.transceiver.receiver)
    snr_trx = units.si(system.transceiver, "snr_db")
    snr = received_ratio(gsnr, penalty, snr_trx)
    rate = achievable_rate(system.transceiver, snr, grid.symbol_rate)
    return result.with_totals(
        system,
        grid,
        symbol_rate=grid.symbol_rate,
        signal_power=power.launch,
        ase_power=ase,
        nli_power=nli,
        crosstalk=xt,
        crosstalk_power=labelled.combined(np.multiply, xt, power.launch),
        snr_ase=snr_ase,
        snr_nli=snr_nli,
        snr_xt=snr_xt,
        gsnr=gsnr,
        mode_dependent_loss_sum=mdl.sum,
        mode_dependent_loss_effective=mdl.effective,
        mode_dependent_loss_rms=mdl.rms,
        mode_dependent_loss_peak_to_peak=mdl.peak_to_peak,
        mdl_penalty=penalty,
        snr_trx=snr_trx,
        snr=snr,
        **rate,
        status=problems(system, grid),
    )


def _interference(system: "System", glass: Glass, power: PowerProfile, grid: Channels) -> Any:
    models = system.models
    if models.nonlinear_interference == "gn_integral":
        power_and_error = nonlinear_interference_integral(
            *(system.link, glass, power, grid),
            accumulation=models.accumulation,
            mode_dispersion=models.mode_dispersion,
            workers=os.cpu_count() or 1,
        )
        return power_and_error[0]
    return nonlinear_interference(
        *(system.link, glass, power, grid),
        model=models.nonlinear_interference,
        accumulation=models.accumulation,
        kurtosis=_kurtosis(system),
        mode_dispersion=models.mode_dispersion,
    )


def _drawn_penalty(
    system: "System", glass: Glass, grid: Channels, gsnr: Any, loss: Any, draws: int, seed: int | None
) -> Any:
    """Penalties of random realisations; every group of cores has its own, and a core alone has none."""
    receiver = system.transceiver.receiver

    def drawn(group: tuple[int, ...], gsnr: Any, loss: Any) -> Any:
        modes = 2 * len(group)
        if modes == 2:
            return grouped_penalty(gsnr, loss, (1,), receiver=receiver)
        diversity = _diversity(system.link, glass, grid, modes)
        scatter = loop_scatter(modes, system.link.count, receiver) if system.link.repeat == "same" else 1.0
        return draw_mdl_penalty(
            *(gsnr, loss), modes=modes, diversity=diversity, scatter=scatter, draws=draws, seed=seed,
            stream=min(group), receiver=receiver,
        )  # fmt: skip

    if len(glass.groups) < 2:
        return drawn(tuple(range(glass.cores)), gsnr, loss)
    of_core = {core: drawn(group, _of(core, gsnr), _of(core, loss)) for group in glass.groups for core in group}
    return stacked([of_core[core] for core in range(glass.cores)], "core").transpose("draw", "core", ...)


def _of(core: int, value: Any) -> Any:
    return value.isel(core=core) if "core" in getattr(value, "dims", ()) else value


def _diversity(link: Link, glass: Glass, grid: Channels, modes: int) -> Any:
    """Independent frequencies in each channel of randomly coupled cores; 1 where mode dispersion is not known."""
    if glass.mode_dispersion is None or link.count < 2:
        return 1.0
    length = along_spans(link, lambda span: units.si(span, "length_km"))
    rms, _ = group_delay_spread(glass.mode_dispersion, length, modes=modes, spans=link.count, repeat=link.repeat)
    return frequency_diversity(grid.symbol_rate, rms, spans=link.count, modes=modes)


def _kurtosis(system: "System") -> float:
    if not system.models.format_correction:
        return 0.0
    modulation = system.transceiver.format
    if len(candidates(modulation)) > 1:
        msg = "models.format_correction: needs one modulation format, but transceiver.format may be one of several"
        raise refused(msg)
    return symbol_moments(modulation)[0]
