"""Where the bits went: rates as one limit after the other is taken into account, and their totals."""

from typing import Any

import xarray as xr

from mcfiber import units, variables
from mcfiber._jit import lift
from mcfiber.kernels import modulation as kernels
from mcfiber.rate.achievable import POLARISATIONS, achievable_rate
from mcfiber.rate.transceiver import Transceiver

RUNGS = (
    "amplifier_noise",
    "line_noise",
    "mode_dependent_loss",
    "transceiver_noise",
    "mutual_information",
    "gmi",
    "decoded",
)
"""Limits in the order in which they are taken into account; each name says which one came last."""

_LADDER = lift(kernels.ladder, "(),(),(),(),(),(),(),()->(rung)")


def rate_ladder(
    transceiver: Transceiver, symbol_rate: Any, *, snr_ase: Any, gsnr: Any, snr: Any, mdl_penalty: Any = 1.0
) -> xr.DataArray:
    """Rates of a channel as one limit after the other is taken into account.

    Amplifier noise alone (Shannon), all noise of the line, mode-dependent loss with the receiver used,
    noise of the transceivers, mutual information of the format, its GMI, what the code and the pilots leave.

    Parameters
    ----------
    transceiver
        Format, code and pilots.
    symbol_rate
        Symbols per second and polarisation. [Hz]
    snr_ase, gsnr, snr
        Signal over amplifier noise, over all noise of the line, and at the decision, linear. Any dimensions. [1]
    mdl_penalty
        Factor by which mode-dependent loss multiplies the line's noise. [1]

    Returns
    -------
    :data:`~mcfiber.variables.ladder_rate`
        Dimension ``rung`` and those of the inputs; of a channel in a core, both polarisations. [bit/s]

    Notes
    -----
    No rung is above the one before: where an input says otherwise, the lower of the two stands.

    Examples
    --------
    >>> ladder = rate_ladder(Transceiver(format="16QAM"), 49e9, snr_ase=20.0, gsnr=15.0, snr=10.0)
    >>> [f"{rate / 1e9:.0f}" for rate in ladder.values]
    ['430', '392', '392', '339', '310', '310', '291']
    """
    rates = achievable_rate(transceiver, snr, symbol_rate)
    carried = (rates["mutual_information"], rates["gmi"], rates["net_rate"])
    gross = units.mapped(lambda rate: POLARISATIONS * rate, symbol_rate)
    inputs = (snr_ase, gsnr, mdl_penalty, snr, gross, *carried)
    result = variables.compute("ladder_rate", _LADDER, *inputs, sizes={"rung": len(RUNGS)})
    return result.assign_coords(rung=list(RUNGS))


def ladder_totals(ladder: xr.DataArray, *, cores: int, channels: int) -> xr.Dataset:
    """Sum a ladder over cores and channels: one table of where the bits went.

    Parameters
    ----------
    ladder
        Made by `rate_ladder`.
    cores, channels
        How many there are; needed where the ladder does not differ along them.

    Returns
    -------
    xarray.Dataset
        :data:`~mcfiber.variables.ladder_total` of each rung, and :data:`~mcfiber.variables.ladder_loss`, what that
        limit took away (0 on the first rung).

    Examples
    --------
    >>> ladder = rate_ladder(Transceiver(format="16QAM"), 49e9, snr_ase=20.0, gsnr=15.0, snr=10.0)
    >>> table = ladder_totals(ladder, cores=19, channels=180)
    >>> f"{float(table.ladder_loss.sel(rung='line_noise')) / 1e12:.0f} Tb/s"
    '131 Tb/s'
    """
    total = _summed(_summed(ladder, "core", cores), "channel", channels)
    loss = (total.shift(rung=1) - total).fillna(0.0)
    return xr.Dataset(
        {"ladder_total": variables.stamp("ladder_total", total), "ladder_loss": variables.stamp("ladder_loss", loss)}
    )


def rate_totals(net_rate: xr.DataArray, *, cores: int, channels: int) -> dict[str, xr.DataArray]:
    """Net rates of each core, of each wavelength, and of the whole system.

    Parameters
    ----------
    net_rate
        Of each channel in each core. [bit/s]
    cores, channels
        How many there are; needed where the rate does not differ along them.

    Returns
    -------
    dict
        By name: :data:`~mcfiber.variables.core_net_rate`, :data:`~mcfiber.variables.wavelength_net_rate`,
        :data:`~mcfiber.variables.total_net_rate`.

    Examples
    --------
    >>> totals = rate_totals(xr.DataArray([1e9, 2e9], dims="channel"), cores=3, channels=2)
    >>> float(totals["total_net_rate"])
    9000000000.0
    """
    by_core, by_wavelength = _summed(net_rate, "channel", channels), _summed(net_rate, "core", cores)
    totals = {
        "core_net_rate": by_core,
        "wavelength_net_rate": by_wavelength,
        "total_net_rate": _summed(by_core, "core", cores),
    }
    return {name: variables.stamp(name, array.copy(deep=False)) for name, array in totals.items()}


def _summed(rate: xr.DataArray, dim: str, count: int) -> xr.DataArray:
    return rate.sum(dim, skipna=False) if dim in rate.dims else rate * float(count)
