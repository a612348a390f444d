"""The signal-to-noise ratio that a transceiver needs, and how much more there is."""

from typing import Any

import numpy as np
import xarray as xr

from mcfiber import labelled
from mcfiber._jit import kernel
from mcfiber.arguments import NUMBER, RATIO, arguments, real
from mcfiber.descriptions.codes import DvbS2Code, FixedRateCode, GapToShannon, OverheadCode
from mcfiber.descriptions.formats import candidates
from mcfiber.descriptions.transceiver import Transceiver
from mcfiber.kernels import information as kernels
from mcfiber.line.budget import OSNR_BANDWIDTH
from mcfiber.receiver.receiver import Receiver, receiver
from mcfiber.typing import FloatArray, Quantity

LOWEST_DB, HIGHEST_DB = -60.0, 90.0
HALVINGS = 48  # of 150 dB: to 1e-12 dB


@arguments(net_bits=real(low=0, high=1e3), ngmi=real(low=0, high=1))
def required_snr(transceiver: Transceiver, *, net_bits: Quantity = None, ngmi: Quantity = None) -> xr.DataArray:
    """Signal-to-noise ratio at the decision from which on a target is met.

    Parameters
    ----------
    transceiver
        Format, code and pilots.
    net_bits
        Net bits per symbol and polarisation, after code and pilots.
    ngmi
        Normalised GMI. Without either target: that the code works at all.

    Returns
    -------
    :data:`~mcfiber.variables.required_snr`
        Linear; infinite where the target cannot be met. [1]

    Raises
    ------
    ValueError
        If both targets are given; if none is and the code has no threshold; if `ngmi` is asked of the best of
        several formats.

    Notes
    -----
    NGMI is Eq. (4) of `mcfiber.kernels.information`; thresholds of NGMI hardly depend on the format [1]_.

    References
    ----------
    .. [1] A. Alvarado et al., "Achievable information rates for fiber optics: applications and computations," *J.
       Lightw. Technol.*, vol. 36, no. 2, pp. 424-439, 2018.

    Examples
    --------
    >>> code = {"kind": "fixed_rate", "code_rate": 0.8, "ngmi_threshold": 0.85}
    >>> snr = required_snr(Transceiver(format="16QAM", code=code))
    >>> f"{10 * np.log10(float(snr)):.2f} dB"
    '11.07 dB'
    """
    _checked(transceiver, net_bits, ngmi)
    return _required(receiver(transceiver), net_bits, ngmi)


def _required(entered: Receiver, net_bits: Quantity = None, ngmi: Quantity = None) -> xr.DataArray:
    law, kept = entered.law, entered.kept * entered.law.outer_rate
    wanted = ngmi if ngmi is not None else np.finfo(float).tiny if net_bits is None else net_bits
    if law.shannon_gap is not None and net_bits is not None:
        bits = labelled.combined(lambda bits, kept: np.expm1(bits / kept * np.log(2.0)), net_bits, kept)
        return labelled.labelled_result("required_snr", labelled.combined(np.multiply, bits, law.shannon_gap))
    code = (law.fraction, law.gap, law.code_rate)
    shared = (entered.tables, ngmi is not None)
    result: xr.DataArray = labelled.compute("required_snr", _bisected, wanted, kept, *code, *shared)
    return result


@arguments(snr=RATIO, net_bits=real(low=0, high=1e3), ngmi=real(low=0, high=1))
def snr_margin(transceiver: Transceiver, snr: Quantity, **target: Any) -> xr.DataArray:
    """Signal-to-noise ratio over the required one; at least 1 where the target is met.

    Parameters
    ----------
    transceiver
        Format, code and pilots.
    snr
        Signal-to-noise ratio at the decision, linear. Any dimensions. [1]
    **target
        As for `required_snr`.

    Returns
    -------
    :data:`~mcfiber.variables.snr_margin`
        Linear. [1]

    Notes
    -----
    By definition `snr` over `required_snr`, which inverts Eq. (4) of `mcfiber.kernels.information`.

    Examples
    --------
    >>> code = {"kind": "fixed_rate", "code_rate": 0.8, "ngmi_threshold": 0.85}
    >>> f"{10 * np.log10(float(snr_margin(Transceiver(format='16QAM', code=code), 20.0))):.2f} dB"
    '1.94 dB'
    """
    needed = required_snr(transceiver, **target)
    with np.errstate(divide="ignore"):  # what needs nothing has an infinite margin
        margin = xr.apply_ufunc(np.divide, snr, needed, keep_attrs=False)
    return labelled.labelled_result("snr_margin", margin)


def margin_of(entered: Receiver, snr: xr.DataArray) -> xr.DataArray:
    """Signal-to-noise ratio over what the code needs, where formats and codes may differ between channels and cores.

    Parameters
    ----------
    entered
        Formats and codes.
    snr
        At the decision, linear. [1]

    Returns
    -------
    :data:`~mcfiber.variables.snr_margin`
        NaN where a code has no threshold of its own. [1]

    Notes
    -----
    As `snr_margin`, by Eq. (4) of `mcfiber.kernels.information`.
    """
    margin = xr.full_like(snr, np.nan)
    for number, part in enumerate(entered.parts or (entered,)):
        if part.law.steps.size:
            own = xr.apply_ufunc(np.divide, snr, _required(part), keep_attrs=False)
            here = xr.DataArray(entered.which) == number
            margin = own.where(here, margin) if entered.parts else own
    return labelled.labelled_result("snr_margin", margin)


@arguments(
    osnr_db=real(
        low=-50,
        high=150,
    ),
    snr_db=real(low=-50, high=100),
    symbol_rate_gbd=real(above=0, high=1e4, dims=NUMBER),
)
def transceiver_snr(osnr_db: object, snr_db: object, *, symbol_rate_gbd: float) -> float:
    """Signal-to-noise ratio of a transceiver from measurements back to back, in dB.

    Parameters
    ----------
    osnr_db
        Optical signal-to-noise ratios in 12.5 GHz at which it was measured.
    snr_db
        Signal-to-noise ratio after the receiver at each.
    symbol_rate_gbd
        Of the signal.

    Returns
    -------
    float
        What `Transceiver.snr_db` takes. [dB]

    Raises
    ------
    ValueError
        If the lists differ in length, or the receiver did better than the light's own noise allows.

    Notes
    -----
    Mean of ``1/snr - B/(osnr R)`` with B of 12.5 GHz, as the noise of the transceiver adds to that of the light
    [1]_; of a dual-polarisation signal.

    References
    ----------
    .. [1] R.-J. Essiambre et al., "Capacity limits of optical fiber networks," *J. Lightw. Technol.*, vol. 28, no. 4,
       pp. 662-701, 2010. :doi:`10.1109/JLT.2009.2039464`, Eq. (34).

    Examples
    --------
    >>> round(transceiver_snr([20.0, 40.0], [13.0, 19.6], symbol_rate_gbd=49.0), 2)
    15.34
    """
    light, received = (np.atleast_1d(np.asarray(value, dtype=float)) for value in (osnr_db, snr_db))
    if light.shape != received.shape or light.size == 0:
        msg = f"snr_db: got {received.size} values for {light.size} in osnr_db; give one for each"
        raise ValueError(msg)
    noise = 10.0 ** (-received / 10.0) - OSNR_BANDWIDTH / (symbol_rate_gbd * 1e9) * 10.0 ** (-light / 10.0)
    mean = float(noise.mean())
    if not mean > 0.0:
        msg = (
            f"snr_db: is higher than osnr_db allows at symbol_rate_gbd = {symbol_rate_gbd:g}; "
            "check the bandwidth of osnr_db (12.5 GHz)"
        )
        raise ValueError(msg)
    return -10.0 * float(np.log10(mean))


def has_threshold(transceiver: Transceiver) -> bool:
    """Whether what the codes need is their own matter: their rates come in steps, or differ by band."""
    return transceiver.varies or isinstance(transceiver.code, (FixedRateCode, OverheadCode, DvbS2Code))


def _checked(transceiver: Transceiver, net_bits: Quantity, ngmi: Quantity) -> None:
    if net_bits is not None and ngmi is not None:
        msg = "net_bits: given beside ngmi; give one of them"
        raise ValueError(msg)
    if net_bits is None and ngmi is None and not has_threshold(transceiver):
        kind = getattr(transceiver.code, "kind", "")
        msg = f"net_bits: a code of kind {kind} has no threshold of its own; give what is needed: net_bits or ngmi"
        raise ValueError(msg)
    if ngmi is not None and isinstance(transceiver.code, GapToShannon):
        msg = "ngmi: belongs to a format, and the symbols of a gap to Shannon's limit are Gaussian; give net_bits"
        raise ValueError(msg)
    if ngmi is not None and len(candidates(transceiver.format)) > 1:
        msg = "ngmi: belongs to one format, not to the best of several; give net_bits"
        raise ValueError(msg)


@kernel("(),(),(),(),(),[tables],[by_ngmi]->()", jit=False)
def _bisected(
    wanted: FloatArray,
    gross: FloatArray,
    fraction: FloatArray,
    gap: FloatArray,
    code_rate: FloatArray,
    tables: tuple[FloatArray, ...],
    by_ngmi: bool,
    snr: FloatArray,
) -> None:
    """Fill in the smallest ratio that is enough; rates and NGMI rise with the ratio."""
    low, high = np.full_like(wanted, LOWEST_DB), np.full_like(wanted, HIGHEST_DB)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        reached = kernels.rates(10.0 ** (0.1 * middle), gross, fraction, gap, code_rate, *tables)
        enough = reached[3 if by_ngmi else 4] >= wanted
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    snr[:] = np.where(high == HIGHEST_DB, np.inf, np.where(low == LOWEST_DB, 0.0, 10.0 ** (0.1 * high)))
