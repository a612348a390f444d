"""The net rate that arrives at a signal-to-noise ratio."""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from mcfiber import labelled, units
from mcfiber._jit import Lifted, lift
from mcfiber.descriptions.codes import (
    DVB_S2_RATES,
    DVB_S2_THRESHOLDS_DB,
    AdaptiveCode,
    Code,
    DecodedFraction,
    DvbS2Code,
    FixedRateCode,
    OverheadCode,
)
from mcfiber.descriptions.formats import candidates, format_name
from mcfiber.descriptions.transceiver import Transceiver
from mcfiber.kernels import modulation as kernels
from mcfiber.receiver.constellation import constellation
from mcfiber.receiver.information import information, stacked, table
from mcfiber.typing import FloatArray, Real

NAMES = ("shannon", "mutual_information", "gmi", "ngmi", "net_rate", "format_index")


POLARISATIONS = 2.0


def achievable_rate(transceiver: Transceiver, snr: Any, symbol_rate: Any) -> dict[str, xr.DataArray]:
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
    `mcfiber.kernels.modulation`.

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
    law = code_law(transceiver.code)
    kept = 1.0 - units.si(transceiver, "pilot_overhead_percent")
    gross = units.mapped(lambda rate: POLARISATIONS * rate, symbol_rate) * (kept * law.outer_rate)
    results = labelled.compute(NAMES, _lifted(transceiver), snr, gross, law.fraction, law.gap, law.code_rate)
    rates = dict(zip(NAMES, results, strict=True))
    several = candidates(transceiver.format)
    if len(several) == 1:
        del rates["format_index"]
    else:
        rates["format_index"].attrs |= {
            "flag_values": np.arange(len(several)),
            "flag_meanings": " ".join(format_name(one) for one in several),
        }
    return rates


class CodeLaw(NamedTuple):
    """What the kernel knows of a code.

    Without `steps` it delivers ``fraction * GMI - gap * bits``; with them it has the rates ``code_rate +
    steps[0]``, and each needs an NGMI of ``code_rate + steps[1] + gap``.
    """

    fraction: Real
    gap: Real
    code_rate: Real
    outer_rate: Real
    steps: FloatArray


def code_law(code: Code) -> CodeLaw:
    """Translate a code into its law."""
    nothing, one = np.empty((2, 0)), np.zeros((2, 1))
    if isinstance(code, DecodedFraction):
        return CodeLaw(code.decoded_to_gmi, 0.0, 0.0, 1.0, nothing)
    if isinstance(code, AdaptiveCode):
        return CodeLaw(1.0, code.ngmi_gap, 0.0, code.outer_rate, nothing)
    if isinstance(code, FixedRateCode):
        gap = code.ngmi_threshold - code.code_rate
        return CodeLaw(1.0, gap, code.code_rate, code.outer_rate, one)
    if isinstance(code, OverheadCode):
        rate = 1.0 / (1.0 + units.si(code, "overhead_percent"))
        return CodeLaw(1.0, code.ngmi_gap, rate, code.outer_rate, one)
    if isinstance(code, DvbS2Code):
        return CodeLaw(1.0, code.ngmi_margin, 0.0, code.outer_rate, _dvb_s2_steps(code.puncturing))
    return CodeLaw(1.0, 0.0, 0.0, 1.0, nothing)


@cache
def _dvb_s2_steps(puncturing: bool) -> FloatArray:
    """Rates of DVB-S2 and the NGMI that each needs: that of QPSK at the standard's threshold."""
    rates = np.array(DVB_S2_RATES)
    _, gmi = information(constellation("QPSK"), 10.0 ** (0.1 * np.array(DVB_S2_THRESHOLDS_DB)))
    every = np.union1d(rates, np.arange(25, 91) / 100.0) if puncturing else rates
    return np.stack([every, np.interp(every, rates, gmi / 2.0)])


def shared_tables(transceiver: Transceiver) -> tuple[FloatArray, ...]:
    """Collect what the kernel needs of formats and code: tables, grid, entropies, bits, steps."""
    return (*stacked([table(one) for one in candidates(transceiver.format)]), code_law(transceiver.code).steps)


def _lifted(transceiver: Transceiver) -> Lifted:
    """Bind to the kernel what all designs share, so that it is not copied for each."""
    shared = shared_tables(transceiver)

    def bound(*arrays: FloatArray) -> None:
        kernels.rates(*(arrays[:5] + shared + arrays[5:]))

    return lift(bound, "(),(),(),(),()->(),(),(),(),(),()")


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

    Eq. (1) of `mcfiber.kernels.modulation` [1]_ for the first four rungs, Eq. (2) to Eq. (5) there for the others
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
    result = labelled.compute("ladder_rate", _LADDER, *inputs, sizes={"rung": len(RUNGS)})
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

    Notes
    -----
    The sum of the rungs, Eq. (1) to Eq. (5) of `mcfiber.kernels.modulation`; what a limit took is the rung before
    less the rung.

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
        {"ladder_total": labelled.stamp("ladder_total", total), "ladder_loss": labelled.stamp("ladder_loss", loss)}
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

    Notes
    -----
    Sums over cores and channels of the net rate, Eq. (5) of `mcfiber.kernels.modulation` for a code of fixed rate.

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
    return {name: labelled.stamp(name, array.copy(deep=False)) for name, array in totals.items()}


def _summed(rate: xr.DataArray, dim: str, count: int) -> xr.DataArray:
    return rate.sum(dim, skipna=False) if dim in rate.dims else rate * float(count)
