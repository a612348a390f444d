"""The net rate that arrives at a signal-to-noise ratio, and where the bits went."""

import numpy as np
import xarray as xr

from mcfiber import units
from mcfiber.arguments import RATIO, SYMBOL_RATE, arguments, real, whole
from mcfiber.descriptions.transceiver import Transceiver
from mcfiber.kernels import information as kernels
from mcfiber.labelled import array, as_variable, combined, compute, labelled_result, stamp
from mcfiber.receiver.receiver import Receiver, receiver
from mcfiber.typing import Quantity, is_axis

NAMES = ("shannon", "mutual_information", "gmi", "ngmi", "net_rate", "format_index")

POLARISATIONS = 2.0


PENALTY = real(above=0, infinite=True)


@arguments(snr=RATIO, symbol_rate=SYMBOL_RATE)
def achievable_rate(transceiver: Transceiver | Receiver, snr: Quantity, symbol_rate: Quantity) -> dict[str, Quantity]:
    """Rates that a transceiver reaches at a signal-to-noise ratio.

    Parameters
    ----------
    transceiver
        Format, code and pilots. Its own noise is not added here: it belongs into `snr`.
    snr
        Signal-to-noise ratio at the decision, noise of the line and of the transceivers together
        (linear; energy of a symbol over noise of one polarisation). Any dimensions. [1]
    symbol_rate
        Symbols per second and polarisation; broadcasts against `snr`. [Hz]

    Returns
    -------
    dict
        By name: :data:`~mcfiber.variables.shannon`, :data:`~mcfiber.variables.mutual_information`,
        :data:`~mcfiber.variables.gmi` (bit per symbol and polarisation), :data:`~mcfiber.variables.ngmi`, and
        :data:`~mcfiber.variables.net_rate` (bit/s of a channel in a core, both polarisations); with several
        formats also :data:`~mcfiber.variables.format_index`, the one chosen (highest net rate, then highest
        GMI; names in its attribute ``flag_meanings``).

    Notes
    -----
    A channel without signal (SNR 0) has rate 0.  MI and GMI are those of additive white Gaussian noise and
    bit-metric decoding, from tables with an error below 1e-6 bit.

    Shannon's limit [1]_, GMI and NGMI [2]_ are Eq. (1) to Eq. (4), the rate of a code is Eq. (5) of
    `mcfiber.kernels.information`.

    References
    ----------
    .. [1] C. E. Shannon, "A mathematical theory of communication," *Bell Syst. Tech. J.*, vol. 27, 1948.
    .. [2] A. Alvarado et al., "Achievable information rates for fiber optics: applications and computations," *J.
       Lightw. Technol.*, vol. 36, no. 2, pp. 424-439, 2018.

    Examples
    --------
    >>> rates = achievable_rate(Transceiver(format="16QAM", code={"kind": "ideal"}), 10.0, 49e9)
    >>> f"{float(rates['gmi']):.4f} bit, {float(rates['net_rate']) / 1e9:.1f} Gb/s"
    '3.1636 bit, 310.0 Gb/s'
    """
    entered = transceiver if isinstance(transceiver, Receiver) else receiver(transceiver)
    if entered.parts:
        return _of_parts(entered, snr, symbol_rate)
    law = entered.law
    gross = units.mapped(lambda rate: POLARISATIONS * rate, symbol_rate) * (entered.kept * law.outer_rate)
    code = law.fraction, law.gap, law.code_rate
    rates = dict(zip(NAMES, compute(NAMES, kernels.rates, snr, gross, *code, *entered.tables), strict=True))
    if law.shannon_gap is not None:
        rates |= _short_of_shannon(rates["shannon"], snr, gross, law.shannon_gap)
    if len(entered.formats) == 1:
        del rates["format_index"]
    else:
        rates["format_index"].attrs |= _flags(entered)
    return rates


def _short_of_shannon(shannon: Quantity, snr: Quantity, gross: Quantity, gap: Quantity) -> dict[str, Quantity]:
    """Rates of Gaussian symbols: information is Shannon's limit, the net rate Eq. (1) at a ratio lower by the gap."""
    net = combined(lambda snr, gross, gap: gross * np.log1p(snr / gap) / np.log(2.0), snr, gross, gap)
    rates = {"mutual_information": shannon, "gmi": shannon, "ngmi": shannon * 0.0 + 1.0, "net_rate": net}
    if not isinstance(shannon, xr.DataArray):
        return {name: as_variable(one) for name, one in rates.items()}
    return {name: labelled_result(name, one.copy() if is_axis(one) else one) for name, one in rates.items()}


def _of_parts(entered: Receiver, snr: Quantity, symbol_rate: Quantity) -> dict[str, Quantity]:
    """Rates of every channel and core with the format and the code that it has."""
    found: dict[str, Quantity] = {}
    for number, part in enumerate(entered.parts):
        rates = achievable_rate(part, snr, symbol_rate)
        own = np.array([entered.formats.index(one) for one in part.formats])
        index = rates.get("format_index")
        rates["format_index"] = own[0] if index is None else array(index.dims, own[np.asarray(index).astype(int)])
        here = entered.which == number
        for name, rate in rates.items():
            found[name] = combined(np.where, here, rate, found[name]) if name in found else rate
    index = as_variable(found.pop("format_index"))
    if len(entered.formats) > 1:
        found["format_index"] = stamp("format_index", index * 1.0)
        found["format_index"].attrs |= _flags(entered)
    return {name: stamp(name, rate) for name, rate in found.items()}


def _flags(entered: Receiver) -> dict[str, object]:
    return {"flag_values": np.arange(len(entered.formats)), "flag_meanings": " ".join(entered.format_names)}


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


@arguments(symbol_rate=SYMBOL_RATE, snr_ase=RATIO, gsnr=RATIO, snr=RATIO, mdl_penalty=PENALTY)
def rate_ladder(
    transceiver: Transceiver | Receiver,
    symbol_rate: Quantity,
    *,
    snr_ase: Quantity,
    gsnr: Quantity,
    snr: Quantity,
    mdl_penalty: Quantity = 1.0,
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

    Eq. (1) of `mcfiber.kernels.information` [1]_ for the first four rungs, Eq. (2) to Eq. (5) there for the others
    [2]_.

    References
    ----------
    .. [1] C. E. Shannon, "A mathematical theory of communication," *Bell Syst. Tech. J.*, vol. 27, 1948.
    .. [2] A. Alvarado et al., "Achievable information rates for fiber optics: applications and computations," *J.
       Lightw. Technol.*, vol. 36, no. 2, pp. 424-439, 2018.

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
    result: xr.DataArray = compute("ladder_rate", kernels.ladder, *inputs, sizes={"rung": len(RUNGS)})
    return result.assign_coords(rung=list(RUNGS))


@arguments(cores=whole(low=1), channels=whole(low=1))
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

    Notes
    -----
    The sum of the rungs, Eq. (1) to Eq. (5) of `mcfiber.kernels.information`; what a limit took is the rung before
    less the rung.

    Examples
    --------
    >>> ladder = rate_ladder(Transceiver(format="16QAM"), 49e9, snr_ase=20.0, gsnr=15.0, snr=10.0)
    >>> table = ladder_totals(ladder, cores=19, channels=180)
    >>> f"{float(table.ladder_loss.sel(rung='line_noise')) / 1e12:.0f} Tb/s"
    '131 Tb/s'
    """
    if "rung" not in ladder.dims:
        given = ", ".join(map(str, ladder.dims))
        msg = f"ladder: got the dimensions {given}; allowed: what rate_ladder gives, along rung"
        raise ValueError(msg)
    total = _summed(_summed(ladder, "core", cores), "channel", channels)
    loss = (total.shift(rung=1) - total).fillna(0.0)
    return xr.Dataset({"ladder_total": stamp("ladder_total", total), "ladder_loss": stamp("ladder_loss", loss)})


@arguments(net_rate=real(low=0, high=1e20, unit="bit/s", dims=("channel",)), cores=whole(low=1), channels=whole(low=1))
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

    Notes
    -----
    Sums over cores and channels of the net rate, Eq. (5) of `mcfiber.kernels.information` for a code of fixed rate.

    Examples
    --------
    >>> totals = rate_totals(xr.DataArray([1e9, 2e9], dims="channel"), cores=3, channels=2)
    >>> float(totals["total_net_rate"])
    9000000000.0
    """
    net_rate = net_rate if hasattr(net_rate, "dims") else xr.DataArray(net_rate)
    by_core, by_wavelength = _summed(net_rate, "channel", channels), _summed(net_rate, "core", cores)
    totals = {
        "core_net_rate": by_core,
        "wavelength_net_rate": by_wavelength,
        "total_net_rate": _summed(by_core, "core", cores),
    }
    return {name: stamp(name, array.copy(deep=False)) for name, array in totals.items()}


def _summed(rate: xr.DataArray, dim: str, count: int) -> xr.DataArray:
    return rate.sum(dim, skipna=False) if dim in rate.dims else rate * float(count)
