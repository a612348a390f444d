"""The one evaluation path: a plain system, a system with axes, samples and draws all take it."""

from typing import TYPE_CHECKING, Any

from mcfiber import result, units
from mcfiber.fiber.properties import properties
from mcfiber.link.amplifier import amplifier_noise
from mcfiber.link.budget import line_ratios, received_ratio
from mcfiber.link.crosstalk import crosstalk
from mcfiber.link.mixing import mode_dependent_loss
from mcfiber.link.nonlinear import nonlinear_interference
from mcfiber.link.power import power_profile
from mcfiber.rate.achievable import achievable_rate
from mcfiber.rate.capacity import mdl_penalty
from mcfiber.spectrum import channels

if TYPE_CHECKING:
    import xarray as xr

    from mcfiber.system import System


def evaluate(system: "System", *, draws: int | None = None, seed: int | None = None) -> "xr.Dataset":
    """Powers, noises, signal-to-noise ratios and rates of every channel in every core.

    Fields of the system that are labelled axes give the result their dimensions; a quantity carries a dimension
    only if it differs along it (equal cores have no dimension core, though the dataset has its coordinate).

    Parameters
    ----------
    system
        What to evaluate.
    draws, seed
        Number of random channels of coupled cores, and their seed.

    Returns
    -------
    xarray.Dataset
        Dimensions channel, core where cores differ, and the axes of the system; see :doc:`/reference/variables`.

    Raises
    ------
    ValueError
        If the system cannot exist (the message of its status), where it has no axes; with axes, status marks the
        points.

    Examples
    --------
    >>> import mcfiber
    >>> result = mcfiber.load("nict-2025-1808km").system.evaluate()
    >>> result.sizes["channel"]
    180
    """
    grid = channels(system.spectrum)
    glass = properties(system.fiber, grid)
    power = power_profile(system.link, glass, grid)
    ase = amplifier_noise(system.link, power, grid, model=system.models.amplifier_noise)
    nli = nonlinear_interference(system.link, glass, power, grid)
    xt = crosstalk(system.link, glass, power)
    mdl = mode_dependent_loss(system.link, glass)
    snr_ase, snr_nli, snr_xt, gsnr = line_ratios(power.launch, ase, nli, xt)
    penalty = mdl_penalty(gsnr, mdl, system.transceiver.receiver, glass.coupled_cores)
    snr_trx = units.si(system.transceiver, "snr_db")
    snr = received_ratio(gsnr, penalty, snr_trx)
    rate = achievable_rate(system.transceiver, snr, grid.symbol_rate)
    return result.pack(
        system,
        grid,
        symbol_rate=grid.symbol_rate,
        signal_power=power.launch,
        ase_power=ase,
        nli_power=nli,
        crosstalk=xt,
        snr_ase=snr_ase,
        snr_nli=snr_nli,
        snr_xt=snr_xt,
        gsnr=gsnr,
        mdl_rms=mdl,
        mdl_penalty=penalty,
        snr_trx=snr_trx,
        snr=snr,
        **rate,
    )
