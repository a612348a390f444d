"""Which points of a sweep cannot exist, and why: nothing that is not a number leaves an evaluation without a mark."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import numpy as np
import xarray as xr

from mcfiber.descriptions.errors import DescriptionError, refused
from mcfiber.labelled import array, combined, plain_numbers, reduced
from mcfiber.line.budget import Scene, failures
from mcfiber.receiver.rates import POLARISATIONS
from mcfiber.receiver.receiver import Receiver
from mcfiber.typing import Quantity, is_axis
from mcfiber.variables import lookup

OK = 0
CORES_OUTSIDE_CLADDING = 1
CHANNELS_OVERLAP = 2
SECOND_AMPLIFIER_ATTENUATES = 3
CHANNELS_OUTSIDE_BAND = 4
CROSSTALK_TOO_HIGH = 5
CORE_MULTIMODE = 6
CORE_NOT_GUIDED = 7
NOISE_FIGURE_TOO_LOW = 8
RAMAN_GAIN_TOO_HIGH = 9
RAMAN_NOT_SOLVED = 10
DISPERSION_ZERO = 11
CORES_OVERLAP = 12
NOT_FINITE = 13
REFUSED = 14
MODE_DEPENDENT_LOSS_TOO_HIGH = 15
DISPERSION_BEYOND_WINDOW = 16
AMPLIFIER_CANNOT = 17
TOO_MANY_FIBERS = 18
REPEATER_WITHOUT_POWER = 19
FEED_EXHAUSTED = 20
NOT_COMPUTED = 255

FLAGS = {
    OK: "ok",
    CORES_OUTSIDE_CLADDING: "cores_outside_cladding",
    CHANNELS_OVERLAP: "channels_overlap",
    SECOND_AMPLIFIER_ATTENUATES: "second_amplifier_attenuates",
    CHANNELS_OUTSIDE_BAND: "channels_outside_band",
    CROSSTALK_TOO_HIGH: "crosstalk_too_high",
    CORE_MULTIMODE: "core_multimode",
    CORE_NOT_GUIDED: "core_not_guided",
    NOISE_FIGURE_TOO_LOW: "noise_figure_too_low",
    RAMAN_GAIN_TOO_HIGH: "raman_gain_too_high",
    RAMAN_NOT_SOLVED: "raman_not_solved",
    DISPERSION_ZERO: "dispersion_zero",
    CORES_OVERLAP: "cores_overlap",
    NOT_FINITE: "not_finite",
    REFUSED: "refused",
    MODE_DEPENDENT_LOSS_TOO_HIGH: "mode_dependent_loss_too_high",
    DISPERSION_BEYOND_WINDOW: "dispersion_beyond_window",
    AMPLIFIER_CANNOT: "amplifier_cannot",
    TOO_MANY_FIBERS: "too_many_fibers",
    REPEATER_WITHOUT_POWER: "repeater_without_power",
    FEED_EXHAUSTED: "feed_exhausted",
    NOT_COMPUTED: "not_computed",
}
"""Meaning of the values of `status`; the highest that applies stands."""

REASONS = {
    NOISE_FIGURE_TOO_LOW: (
        "link.amplifier.noise_figure_db: the noise figure is below what the gain allows (F G < 1, less noise than "
        "none); raise it, or lengthen the span that it is equivalent for"
    ),
    RAMAN_GAIN_TOO_HIGH: (
        "link.span: Raman scattering gives a channel more than the span takes, and the amplifier behind it would have "
        "to attenuate without noise; lower the power of the pumps, or lengthen the span"
    ),
    RAMAN_NOT_SOLVED: (
        "link.span.raman_pumps: the powers along the fibre could not be solved, so fast do pumps and channels exchange "
        "them; lower the power of the pumps, or of the channels"
    ),
    DISPERSION_ZERO: (
        "fiber.dispersion_ps_per_nm_km: is zero at a channel, where the closed forms of nonlinear interference "
        "have no value; give the fibre's dispersion, or its slope"
    ),
    AMPLIFIER_CANNOT: (
        "link.amplifier.pump_power_mw: is below threshold, so the erbium cannot have the gain that the span needs; "
        "raise the pump power, or shorten the span"
    ),
}
"""What to say of a system without axes whose evaluation fails."""

UNBOUNDED = (
    *("snr_ase", "osnr", "snr_nli", "snr_xt", "snr_scattering", "snr_filtering", "gsnr"),
    *(
        "snr_trx",
        "snr_transmitter",
        "snr_receiver",
        "snr_phase_noise",
        "snr_equalizer",
        "snr_adaptation",
        "snr",
        "shannon",
    ),
)
"""Variables that are infinite by their meaning where there is no noise."""

SMALL = 100_000
"""Number of values up to which a copy of all of them is cheaper than a look at each variable."""

ROUNDING = 1e-9
"""Part by which a rate may exceed what the format carries."""


class Record(Protocol):
    """A record behind a door, which knows the points of its axes that cannot exist."""

    @property
    def problems(self) -> Mapping[str, Quantity]:
        """By name of `FLAGS`, a truth or one for each point."""


def problems(*records: Record) -> xr.Variable:
    """Status of every point of a system's axes: 0 where it can exist, else the value of `FLAGS`.

    A description refuses such values outright where they are numbers; where they are axes, it is here that single
    points are marked.

    Parameters
    ----------
    *records
        What the doors made of the system.

    References
    ----------
    .. [1] B. Eaton et al., "NetCDF Climate and Forecast (CF) Metadata Conventions," version 1.11, 2023,
       https://cfconventions.org (section 3.5: flags).
    """
    found = {name: wrong for record in records for name, wrong in record.problems.items() if is_axis(wrong)}
    status: Quantity = array((), np.asarray(OK, np.uint8))
    for value, name in FLAGS.items():
        if name in found:
            status = combined(np.where, found[name], np.uint8(value), status)
    result: xr.Variable = status.astype(np.uint8)
    return result


def judged(scene: Scene, arrived: Receiver, values: Mapping[str, Quantity], known: xr.Variable) -> xr.Variable:
    """Mark every point whose evaluation failed, with the cause where it is known.

    Parameters
    ----------
    scene, arrived
        What was evaluated.
    values
        Variables of the result by name.
    known
        Status so far: points that cannot exist.

    Returns
    -------
    Variable
        No value is NaN, infinite (but by its meaning), negative or above the format's bits where it is 0.

    References
    ----------
    .. [1] T. M. Cover and J. A. Thomas, "Elements of Information Theory," 2nd edition, Wiley, 2006, section 2.4 (no
       rate exceeds the entropy of the symbols).
    """
    faults = _faults(values, arrived)
    if not faults:
        return known
    status = known
    for value, wrong in _by_flag(failures(scene)):
        fresh = combined(lambda state, wrong: (state == OK) & wrong, known, wrong)
        status = combined(np.where, fresh, np.uint8(value), status)
    for wrong in faults.values():
        fresh = combined(lambda state, wrong: (state == OK) & wrong, status, wrong)
        status = combined(np.where, fresh, np.uint8(NOT_FINITE), status)
    result: xr.Variable = status.astype(np.uint8)
    return result


def failure(status: int, values: Mapping[str, Quantity]) -> DescriptionError:
    """Make the error for a system without axes whose evaluation failed.

    Parameters
    ----------
    status
        Its status.
    values
        Variables of the result by name.
    """
    if status in REASONS:
        return refused(REASONS[status])
    wrong = ", ".join(name for name, value in values.items() if not np.all(np.isfinite(plain_numbers(value))))
    return refused(f"the evaluation gives no finite values (of {wrong or 'rates'}); bring the system closer to others")


def _by_flag(found: Mapping[str, Quantity]) -> Iterable[tuple[int, Quantity]]:
    """Value of the flag and truths over the axes, in the order of the flags."""
    return [(value, _over_axes(found[name])) for value, name in FLAGS.items() if name in found]


def _faults(values: Mapping[str, Quantity], arrived: Receiver) -> dict[str, Quantity]:
    """Points where a variable is not what it can be, by the variable's name; only of those that are."""
    faults: dict[str, Quantity] = {}
    with np.errstate(invalid="ignore", over="ignore"):
        for name, value in () if _all_sound(values) else values.items():
            plain = plain_numbers(value)
            total, least = np.sum(plain), np.min(plain)  # NaN and infinity show in the sum, at a fraction of the cost
            if least >= 0.0 and (np.isfinite(total) or (name in UNBOUNDED and not np.isnan(total))):
                continue
            faults[name] = _over_axes(combined(_not_finite if name not in UNBOUNDED else _not_positive, value), name)
        bits = arrived.most_bits * POLARISATIONS * (1.0 + ROUNDING)
        above = combined(lambda rate, symbols: rate > bits * symbols, values["net_rate"], values["symbol_rate"])
    if np.any(plain_numbers(above)):
        faults["net_rate above the format"] = _over_axes(above)
    return faults


def _all_sound(values: Mapping[str, Quantity]) -> bool:
    """Whether nothing is NaN, negative or, but by its meaning, infinite: one look at all where they are small."""
    bounded = [plain_numbers(value).ravel() for name, value in values.items() if name not in UNBOUNDED]
    others = [plain_numbers(value).ravel() for name, value in values.items() if name in UNBOUNDED]
    if sum(part.size for part in bounded) > SMALL:
        return False
    plain, unbounded = np.concatenate(bounded), np.concatenate([*others, np.ones(1)])
    return bool(plain.min() >= 0.0 and np.isfinite(plain.sum()) and unbounded.min() >= 0.0)


def _not_finite(value: Quantity) -> Quantity:
    return ~(np.isfinite(value) & (np.asarray(value) >= 0.0))


def _not_positive(value: Quantity) -> Quantity:
    return ~(np.asarray(value) >= 0.0)


INNER = ("channel", "core", "core_out", "core_in", "span", "draw")
"""Dimensions that are no axes of a system."""


def _over_axes(wrong: Quantity, name: str = "") -> Quantity:
    own = lookup(name).dims if name else ()
    return reduced(np.any, wrong, *INNER, *own)
