"""What crosstalk costs a modulation format, how much of it is borne, how far, and at which pitch."""

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from mcfiber import labelled, units
from mcfiber._jit import kernel
from mcfiber.arguments import NUMBER, ONE_WAVELENGTH_NM, arguments, plain_array, real
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.formats import SingleFormat, candidates
from mcfiber.descriptions.spectrum import Spectrum
from mcfiber.descriptions.transceiver import Transceiver
from mcfiber.fiber.channels import channels
from mcfiber.fiber.cross_section import required_pitch
from mcfiber.fiber.medium import medium
from mcfiber.kernels import crosstalk as crosstalk_kernels
from mcfiber.receiver.constellation import constellation
from mcfiber.receiver.information import bit_error_ratio as errors_of
from mcfiber.receiver.requirement import HALVINGS, HIGHEST_DB, LOWEST_DB, has_threshold, required_snr
from mcfiber.typing import FloatArray, Quantity
from mcfiber.units import DB_PER_NEPER

_DOUBLINGS = 60  # after which a length counts as infinite


TARGET = {
    "bit_error_ratio": real(above=0, high=0.5),
    "q_db": real(low=-100, high=200),
    "net_bits": real(low=0, high=1e3),
    "ngmi": real(low=0, high=1),
}
"""What a format must reach, by the definition in use."""

LIMITS_DB = (-300.0, -15.0)
"""Crosstalk for which a pitch is found."""

CROSSTALK = real(low=0, high=1e6)

PENALTY_DB = real(low=0, high=1e3)

MARGIN_DB = real(low=-300, high=300)


@arguments(
    bit_error_ratio=real(above=0, high=0.5),
    q_db=real(low=-100, high=200),
    net_bits=real(low=0, high=1e3),
    ngmi=real(low=0, high=1),
)
def needed_snr(
    transceiver: Transceiver, *, bit_error_ratio: Quantity = None, q_db: Quantity = None, **target: Any
) -> xr.DataArray:
    """Signal-to-noise ratio that a format needs, by any of the definitions in use.

    Parameters
    ----------
    transceiver
        Format and code.
    bit_error_ratio
        Bit error ratio before decoding.
    q_db
        Geometric Q factor ``20 log10(d / (2 s))``: half the distance of the closest symbols over the standard
        deviation of the noise in one dimension; ``SNR = Q^2 (M - 1)/3`` for square M-QAM.
    **target
        As for `required_snr`: `net_bits`, `ngmi`, or neither, for the threshold of the code.

    Returns
    -------
    Linear; infinite where the target cannot be met. [1]

    Raises
    ------
    ValueError
        If more than one is given, or a ratio or Q is asked of the best of several formats.

    Notes
    -----
    The geometric Q is that of the published levels [1]_.

    References
    ----------
    .. [1] T. Hayashi, T. Sasaki, and E. Sasaoka, "Behavior of inter-core crosstalk as a noise and its effect on
       Q-factor in multi-core fiber," *IEICE Trans. Commun.*, vol. E97-B, pp. 936-944, 2014.

    Examples
    --------
    >>> f"{10 * np.log10(float(needed_snr(Transceiver(format='16QAM'), q_db=9.8))):.2f} dB"
    '16.79 dB'
    """
    given = {"bit_error_ratio": bit_error_ratio, "q_db": q_db} | target
    given = {name: value for name, value in given.items() if value is not None}
    if len(given) > 1:
        msg = f"{next(iter(given))}: got {' and '.join(given)}; give one definition of what is needed"
        raise ValueError(msg)
    if not given and not has_threshold(transceiver):
        kind = getattr(transceiver.code, "kind", "")
        msg = f"bit_error_ratio: a code of kind {kind} has no threshold; give bit_error_ratio, q_db, net_bits or ngmi"
        raise ValueError(msg)
    if bit_error_ratio is None and q_db is None:
        return required_snr(transceiver, **target)
    formats = candidates(transceiver.format)
    if len(formats) > 1:
        msg = f"{next(iter(given))}: belongs to one format, not to the best of several; give net_bits"
        raise ValueError(msg)
    if q_db is not None:
        quality = labelled.entered(q_db, "db")
        distance = constellation(formats[0]).smallest_distance
        return labelled.labelled_result("required_snr", quality * (2.0 / distance**2))
    result: xr.DataArray = labelled.compute("required_snr", _bisected_errors, bit_error_ratio, formats[0])
    return result


@kernel("(),[format]->()", jit=False)
def _bisected_errors(wanted: FloatArray, modulation: SingleFormat, snr: FloatArray) -> None:
    low, high = np.full_like(wanted, LOWEST_DB), np.full_like(wanted, HIGHEST_DB)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        ratio = xr.DataArray(10.0 ** (0.1 * middle), dims="design")
        enough = errors_of(modulation, ratio).values <= wanted
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    snr[:] = 10.0 ** (0.1 * high)


@arguments(crosstalk=CROSSTALK, **TARGET)
def crosstalk_penalty(transceiver: Transceiver, crosstalk: Quantity, **target: Any) -> xr.DataArray:
    """Factor by which crosstalk raises the signal-to-noise ratio that all other noises must leave.

    ``1/(1 - SNR_required XT)``, for crosstalk that acts as Gaussian noise.

    Parameters
    ----------
    transceiver
        Format and code.
    crosstalk
        Total crosstalk over signal. Any dimensions. [1]
    **target
        What is needed, as for `needed_snr`.

    Returns
    -------
    :data:`~mcfiber.variables.crosstalk_penalty`
        Infinite where crosstalk alone is too much. [1]

    Notes
    -----
    Noises add as inverse ratios, Eq. (1) of :doc:`/theory/index`; that crosstalk acts as Gaussian noise: [1]_.

    References
    ----------
    .. [1] T. Hayashi, T. Sasaki, and E. Sasaoka, "Behavior of inter-core crosstalk as a noise and its effect on
       Q-factor in multi-core fiber," *IEICE Trans. Commun.*, vol. E97-B, pp. 936-944, 2014.

    Examples
    --------
    >>> penalty = crosstalk_penalty(Transceiver(format="QPSK"), 10**-1.67, q_db=9.8)
    >>> f"{10 * np.log10(float(penalty)):.2f} dB"
    '0.99 dB'
    """
    needed = needed_snr(transceiver, **target)
    rise = xr.apply_ufunc(_rise, crosstalk, needed, keep_attrs=False)
    return labelled.labelled_result("crosstalk_penalty", rise)


def _rise(crosstalk: FloatArray, needed: FloatArray) -> FloatArray:
    """Rise of what all other noises must leave; infinite where crosstalk alone is too much."""
    with np.errstate(divide="ignore"):
        return np.asarray(1.0 / (1.0 - np.minimum(needed * crosstalk, 1.0)))


@arguments(required_snr=plain_array(above=0, infinite=True), penalty_db=plain_array(low=0, high=1e3))
def crosstalk_tolerance(required_snr: ArrayLike, penalty_db: ArrayLike = 1.0) -> FloatArray:
    """Crosstalk that costs a format a penalty, ``(1 - 10^(-penalty / 10)) / SNR_required``.

    Parameters
    ----------
    required_snr
        Signal-to-noise ratio that the format needs, of the definition that is wanted: at a bit error ratio, or
        ``Q^2 (M - 1) / 3``. [1]
    penalty_db
        Rise of the required signal-to-noise ratio. [dB]

    References
    ----------
    .. [1] T. Hayashi, T. Sasaki, E. Sasaoka, "Behavior of inter-core crosstalk as a noise and its effect on
       Q-factor in multi-core fiber," IEICE Trans. Commun. E97-B, 936 (2014): -16.7, -23.7, -29.9 dB for 1 dB at
       Q = 9.8 dB of QPSK, 16QAM, 64QAM.

    Examples
    --------
    >>> required = 10**0.98 * (np.array([4, 16, 64]) - 1) / 3
    >>> (10 * np.log10(crosstalk_tolerance(required))).round(2)
    array([-16.67, -23.66, -29.89])
    """
    return _tolerance(np.asarray(required_snr, np.float64), np.asarray(penalty_db, np.float64))


def _tolerance(required_snr: FloatArray, penalty_db: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):  # what needs no signal bears any crosstalk
        result: FloatArray = -np.expm1(-penalty_db / DB_PER_NEPER) / required_snr
    return result


@arguments(penalty_db=PENALTY_DB, **TARGET)
def tolerated_crosstalk(transceiver: Transceiver, *, penalty_db: Quantity = 1.0, **target: Any) -> xr.DataArray:
    """Crosstalk that costs a format a penalty.

    Parameters
    ----------
    transceiver
        Format and code.
    penalty_db
        Rise of the signal-to-noise ratio that all other noises must leave.
    **target
        What is needed, as for `needed_snr`. The levels depend on it by decibels, so state it with them.

    Returns
    -------
    :data:`~mcfiber.variables.tolerated_crosstalk`
        Mean crosstalk from all neighbours together. [1]

    Notes
    -----
    The published -16.7, -23.7 and -29.9 dB of QPSK, 16QAM and 64QAM [1]_ are those of a penalty of 1 dB at a
    geometric Q of 9.8 dB. At a bit error ratio of 1e-3 they would be -16.7, -23.4 and -29.4 dB.

    References
    ----------
    .. [1] T. Hayashi, T. Sasaki, E. Sasaoka, "Behavior of inter-core crosstalk as a noise and its effect on
       Q-factor in multi-core fiber," IEICE Trans. Commun. E97-B, 936 (2014).

    Examples
    --------
    >>> for name in ("QPSK", "16QAM", "64QAM"):
    ...     tolerated = tolerated_crosstalk(Transceiver(format=name), q_db=9.8)
    ...     print(f"{10 * np.log10(float(tolerated)):.1f} dB")
    -16.7 dB
    -23.7 dB
    -29.9 dB
    """
    needed = needed_snr(transceiver, **target)
    level = xr.apply_ufunc(_tolerance, needed, penalty_db, keep_attrs=False)
    return labelled.labelled_result("tolerated_crosstalk", level)


@arguments(penalty_db=PENALTY_DB, margin_db=MARGIN_DB, **TARGET)
def crosstalk_reach(
    fiber: MulticoreFiber,
    spectrum: Spectrum,
    transceiver: Transceiver,
    *,
    penalty_db: Quantity = 1.0,
    margin_db: Quantity = 0.0,
    **target: Any,
) -> xr.DataArray:
    """Length of fibre after which crosstalk costs the worst core a penalty, all cores lit alike.

    Parameters
    ----------
    fiber
        Weakly coupled cores; its own losses do not count, as if amplifiers were close.
    spectrum
        Channels.
    transceiver
        Format and code.
    penalty_db
        Penalty that is borne.
    margin_db
        Between the mean of the crosstalk and a quantile that is to be borne, see `crosstalk_quantile`.
    **target
        What is needed, as for `needed_snr`.

    Returns
    -------
    :data:`~mcfiber.variables.crosstalk_reach`
        By the coupled-power equations, with dimension channel where the coupling depends on it; infinite where
        cores of equal power do not reach what is tolerated. [m]

    Raises
    ------
    ValueError
        If the cores are not weakly coupled.

    Notes
    -----
    Eq. (1) of :doc:`/theory/crosstalk`, solved for the length.

    Examples
    --------
    >>> import mcfiber as mcf
    >>> fiber = mcf.MulticoreFiber(
    ...     layout=mcf.HexagonalLayout(cores=7, pitch_um=40),
    ...     cladding_diameter_um=160,
    ...     crosstalk={"crosstalk_db": -50, "length_km": 80, "definition": "total_from_neighbours"},
    ... )
    >>> grid = mcf.Spectrum(frequency_thz=[193.4], symbol_rate_gbd=64)
    >>> reach = crosstalk_reach(fiber, grid, Transceiver(format="16QAM"), q_db=9.8)
    >>> f"{float(reach) * 1e-3:.0f} km"
    '34397 km'
    """
    margin = labelled.entered(margin_db, "db")
    coupling = medium(fiber, channels(spectrum)).power_coupling
    if coupling is None:
        msg = "crosstalk needs more than one core, weakly coupled; cores that are received together have none"
        raise ValueError(msg)
    tolerated = tolerated_crosstalk(transceiver, penalty_db=penalty_db, **target) / margin
    result: xr.DataArray = labelled.compute("crosstalk_reach", _lengths, coupling, tolerated)
    return result


@kernel("(core_out,core_in),()->()", jit=False)
def _lengths(h: FloatArray, tolerated: FloatArray, length: FloatArray) -> None:
    """Fill in the length at which the worst core has the tolerated crosstalk; shapes (n, core_out, core_in), (n,)."""

    def too_long(after: FloatArray) -> NDArray[np.bool_]:
        transfer = crosstalk_kernels.coupled_power_transfer(h, np.zeros(1), after)
        pairs = crosstalk_kernels.repeated_crosstalk(transfer, np.ones(1), np.ones(1), 1.0)
        worst = pairs.sum(axis=-1).max(axis=-1)
        return np.asarray(worst >= tolerated)

    strongest = h.sum(axis=-1).max(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.where(strongest > 0.0, 0.5 * tolerated / strongest, np.inf)
    finite = np.isfinite(first)
    low, high = np.zeros_like(first), np.where(finite, first, 0.0)
    for _ in range(_DOUBLINGS):
        short = finite & ~too_long(high)
        if not short.any():
            break
        low, high = np.where(short, high, low), np.where(short, 2.0 * high, high)
    reached = finite & too_long(high)
    for _ in range(60):
        middle = 0.5 * (low + high)
        beyond = too_long(middle)
        high, low = np.where(beyond, middle, high), np.where(beyond, low, middle)
    length[:] = np.where(reached, high, np.where(np.isnan(first), np.nan, np.inf))


@arguments(
    length_km=real(above=0, high=1e9, dims=NUMBER),
    wavelength_nm=ONE_WAVELENGTH_NM,
    penalty_db=real(low=0, high=1e3, dims=NUMBER),
    margin_db=real(low=-300, high=300, dims=NUMBER),
    bit_error_ratio=real(above=0, high=0.5, dims=NUMBER),
    q_db=real(low=-100, high=200, dims=NUMBER),
    net_bits=real(low=0, high=1e3, dims=NUMBER),
    ngmi=real(low=0, high=1, dims=NUMBER),
)
def crosstalk_limited_pitch(
    fiber: MulticoreFiber,
    transceiver: Transceiver,
    *,
    length_km: float,
    wavelength_nm: float,
    penalty_db: float = 1.0,
    margin_db: float = 0.0,
    **target: Any,
) -> float:
    """Pitch in um at which crosstalk costs the worst core of a fibre a penalty, from its index profile.

    Parameters
    ----------
    fiber
        A fibre with a `core`.
    transceiver
        Format and code.
    length_km
        Length of the line.
    wavelength_nm
        Longest wavelength in use, where crosstalk is largest.
    penalty_db, margin_db
        As for `crosstalk_reach`.
    **target
        What is needed, as for `needed_snr`.

    Raises
    ------
    ValueError
        If more than -15 dB are tolerated, or no pitch up to 500 um is enough.

    See Also
    --------
    mcfiber.fiber.cross_section.required_pitch : the same for a given crosstalk.

    Notes
    -----
    Coupling by Eq. (2) to Eq. (4) of :doc:`/theory/glass`, solved for the pitch.

    Examples
    --------
    >>> import mcfiber as mcf
    >>> fiber = mcf.MulticoreFiber(layout=mcf.HexagonalLayout(cores=7, pitch_um=40), cladding_diameter_um=200,
    ...                            core=mcf.StepCore(radius_um=4.5, delta_percent=0.35))
    >>> qam = Transceiver(format="16QAM")
    >>> round(crosstalk_limited_pitch(fiber, qam, length_km=1000, wavelength_nm=1565, q_db=9.8), 1)
    50.3
    """
    tolerated = float(tolerated_crosstalk(transceiver, penalty_db=penalty_db, **target))
    limit = float(units.decibels(np.float64(tolerated))) - margin_db
    if not LIMITS_DB[0] <= limit <= LIMITS_DB[1]:
        names = ", ".join(("penalty_db", "margin_db", *target))
        msg = f"{names}: tolerate a crosstalk of {limit:g} dB; allowed: {LIMITS_DB[0]:g} to {LIMITS_DB[1]:g} dB"
        raise ValueError(msg)
    return required_pitch(fiber, crosstalk_limit_db=limit, length_km=length_km, wavelength_nm=wavelength_nm)
