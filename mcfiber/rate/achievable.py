"""The net rate that arrives at a signal-to-noise ratio."""

from typing import Any

import numpy as np
import xarray as xr

from mcfiber import units, variables
from mcfiber._jit import lift
from mcfiber.kernels import modulation as kernels
from mcfiber.rate.modulation import TABLE_START_DB, TABLE_STEP_DB, Table, table
from mcfiber.rate.transceiver import AdaptiveCode, DecodedFraction, FixedRateCode, Transceiver
from mcfiber.typing import FloatArray, Real

NAMES = ("shannon", "mutual_information", "gmi", "ngmi", "net_rate", "format_index")
GRID = np.array([TABLE_START_DB, TABLE_STEP_DB])


def achievable_rate(transceiver: Transceiver, snr: Any, symbol_rate: Any) -> dict[str, xr.DataArray]:
    """Rates that a transceiver reaches at a signal-to-noise ratio.

    Parameters
    ----------
    transceiver
        Format, code and pilots. Its own noise is not added here: see Notes.
    snr
        Signal-to-noise ratio at the decision, noise of the line and of the transceivers together
        (linear; energy of a symbol over noise of one polarisation). Any dimensions. [1]
    symbol_rate
        Symbols per second and polarisation; broadcasts against `snr`. [Hz]

    Returns
    -------
    `shannon`, `mutual_information`, `gmi` (bit per symbol and polarisation), `ngmi`, and `net_rate`
    (bit/s of a channel in a core, both polarisations).

    Notes
    -----
    A channel without signal (SNR 0) has rate 0.  MI and GMI are those of uniform symbols with
    binary-reflected Gray labels in additive white Gaussian noise, from tables with an error below 1e-6 bit.

    Examples
    --------
    >>> rates = achievable_rate(Transceiver(format="16QAM", code={"kind": "ideal"}), 10.0, 49e9)
    >>> f"{float(rates['gmi']):.4f} bit, {float(rates['net_rate']) / 1e9:.1f} Gb/s"
    '3.1636 bit, 310.0 Gb/s'
    """
    tables = [table(transceiver.format)]
    fraction, gap, code_rate, outer, steps = _code(transceiver)
    kept = 1.0 - units.si(transceiver, "pilot_overhead_percent")
    gross = units.mapped(lambda rate: 2.0 * rate, symbol_rate) * (kept * outer)
    lifted = _lifted(tables, steps)
    results = variables.compute(NAMES, lifted, snr, gross, fraction, gap, code_rate)
    return dict(zip(NAMES[:-1], results[:-1], strict=True))


def _code(transceiver: Transceiver) -> tuple[Real, Real, Real, Real, FloatArray]:
    """Fraction of the GMI, gap, code rate, outer rate and steps: what the kernel knows of a code."""
    code, none = transceiver.code, np.empty(0)
    if isinstance(code, DecodedFraction):
        return code.decoded_to_gmi, 0.0, 0.0, 1.0, none
    if isinstance(code, AdaptiveCode):
        return 1.0, code.ngmi_gap, 0.0, code.outer_rate, none
    if isinstance(code, FixedRateCode):
        return 1.0, code.ngmi_threshold - code.code_rate, code.code_rate, code.outer_rate, np.zeros(1)
    return 1.0, 0.0, 0.0, 1.0, none


def _lifted(tables: list[Table], steps: FloatArray) -> Any:
    """Bind to the kernel what all designs share, so that it is not copied for each."""
    stacked = np.stack([one.values for one in tables])
    entropy = np.array([one.entropy for one in tables])
    bits = np.array([float(one.bits) for one in tables])

    def bound(*arrays: FloatArray) -> None:
        shared = (stacked, GRID, entropy, bits, steps)
        kernels.rates(*(arrays[:5] + shared + arrays[5:]))

    return lift(bound, "(),(),(),(),()->(),(),(),(),(),()")
