"""From the line to the decoder: what a receiver adds, in the order in which the light meets it."""

import math
import warnings
from collections.abc import Callable
from typing import Literal

import numpy as np

from mcfiber.arguments import MODES, NUMBER, arguments, real, whole
from mcfiber.descriptions.errors import ValidityWarning
from mcfiber.kernels import receivers as kernels
from mcfiber.labelled import as_variable, combined, compute, plain_numbers
from mcfiber.line.budget import Scene, received_ratio
from mcfiber.line.line import over_spans
from mcfiber.receiver.receiver import Receiver
from mcfiber.receiver.window import equalizer_ratio, with_both
from mcfiber.typing import Quantity

USUAL_LINEWIDTH = 100e3
"""Of a local oscillator of which nothing is said, for a warning. [Hz]"""

AT, NOTICED_DB = 10.0, 0.5
"""Signal-to-noise ratio at which it is asked what phase noise costs, and cost that is told. [1, dB]"""

PenaltyOf = Callable[[Quantity, Quantity], Quantity]
"""Penalty of mode-dependent loss by the ratio to all noise that it multiplies, and the loss as that noise sees it."""


def at_decoder(
    scene: Scene, arrived: Receiver, gsnr: Quantity, loss: Quantity, penalty_of: PenaltyOf
) -> dict[str, Quantity]:
    """Signal-to-noise ratio that the decoder sees, and what is added on the way there.

    Parameters
    ----------
    scene, arrived
        Records behind the doors.
    gsnr
        Of the line. [1]
    loss
        Effective mode-dependent loss. [Np]
    penalty_of
        Its penalty.

    Returns
    -------
    dict
        :data:`snr`, :data:`mdl_penalty`, and by the ratios of `mcfiber.line.budget.NOISES` what the receiver is said to
        add. [1]

    Notes
    -----
    Eq. (2) of :doc:`/theory/index`; with all terms ``1/snr = (v + e)(1 + M)/(1 - e)``, ``v = p/gsnr + (1 - r)/snr_trx +
    r p'/snr_trx + 1/snr_phase``, Eq. (1) to Eq. (4) of `mcfiber.kernels.receivers` and Eq. (4) of
    `mcfiber.kernels.mode_delay`.
    """
    found = _multiplied(arrived, gsnr, loss, penalty_of)
    if (phase := phase_noise_ratio(scene, arrived)) is not None:
        found |= {"snr_phase_noise": phase, "snr": with_both(found["snr"], phase)}
    if (truncated := equalizer_ratio(scene, arrived, found["snr"])) is not None:
        found |= {"snr_equalizer": truncated, "snr": with_both(found["snr"], truncated)}
    if arrived.misadjustment is not None:
        added = compute("snr_adaptation", kernels.adaptation_ratio, found["snr"], arrived.misadjustment)
        found |= {"snr_adaptation": added, "snr": with_both(found["snr"], added)}
    return found


def _multiplied(arrived: Receiver, gsnr: Quantity, loss: Quantity, penalty_of: PenaltyOf) -> dict[str, Quantity]:
    """Ratio to the noises that mode-dependent loss multiplies, and to that of the transmitter."""
    share = arrived.receiver_share
    if share is None:
        penalty = penalty_of(gsnr, loss)
        return {"mdl_penalty": penalty, "snr": received_ratio(gsnr, penalty, arrived.snr)}
    own = combined(_part, arrived.snr, share)
    together = with_both(gsnr, own)
    penalty, at_end = penalty_of(together, loss), penalty_of(together, loss_at_end(loss))
    sent = combined(lambda snr, share: _part(snr, 1.0 - share), arrived.snr, share)
    received = combined(np.divide, own, at_end)
    return {
        "mdl_penalty": penalty,
        "receiver_penalty": at_end,
        "snr_transmitter": sent,
        "snr_receiver": received,
        "snr": received_ratio(gsnr, penalty, with_both(sent, received)),
    }


def _part(snr: Quantity, share: Quantity) -> Quantity:
    with np.errstate(divide="ignore"):
        return np.asarray(snr) / np.asarray(share, np.float64)


def loss_at_end(loss: Quantity) -> Quantity:
    """Mode-dependent loss as noise of the receiver sees it, which meets all of it. [Np]

    Parameters
    ----------
    loss
        Effective mode-dependent loss of the line. [Np]

    Notes
    -----
    Eq. (1) of `mcfiber.kernels.receivers`: noise that enters evenly along a longer line is multiplied as much, so that
    one table of penalties serves both. At most 0.05 dB off up to 4 dB rms, 0.11 dB at 6 dB (4 to 38 modes).

    Examples
    --------
    >>> round(float(loss_at_end(0.857**0.5)) ** 2, 5)
    1.52405
    """
    return compute("mode_dependent_loss_effective", kernels.end_loss, loss)


def phase_noise_ratio(scene: Scene, arrived: Receiver) -> Quantity:
    """Signal over the local oscillator's phase noise that dispersion compensation enhances; None where none is given.

    Parameters
    ----------
    scene
        Dispersion and lengths of the spans.
    arrived
        Line width and roll-off.

    Returns
    -------
    :data:`~mcfiber.variables.snr_phase_noise`

    Notes
    -----
    Eq. (3) of `mcfiber.kernels.receivers`: behind phase recovery over times that are short against the delay of the
    dispersion, while the ratio is above 15 dB.
    """
    if arrived.oscillator_linewidth is None:
        return None
    return _phase_noise(scene, arrived, arrived.oscillator_linewidth)


def _phase_noise(scene: Scene, arrived: Receiver, linewidth: Quantity) -> Quantity:
    beta2 = scene.medium.group_velocity_dispersion
    accumulated = as_variable(over_spans(scene.line, combined(np.multiply, beta2, scene.line.length)))
    inputs = accumulated, scene.channels.symbol_rate, arrived.roll_off
    return compute("snr_phase_noise", kernels.phase_noise_snr, linewidth, *inputs)


def warn_of_oscillator(scene: Scene, arrived: Receiver) -> None:
    """Tell that nothing is said of a local oscillator where a usual one would matter.

    Parameters
    ----------
    scene, arrived
        Records behind the doors.

    Warns
    -----
    ValidityWarning
        If one of 100 kHz would cost more than 0.5 dB at a signal-to-noise ratio of 10 dB.

    Notes
    -----
    Eq. (3) of `mcfiber.kernels.receivers`.
    """
    if arrived.oscillator_linewidth is not None:
        return
    least = float(np.min(plain_numbers(_phase_noise(scene, arrived, USUAL_LINEWIDTH)), initial=math.inf))
    cost = 10.0 * math.log10(1.0 + AT / least) if least > 0.0 else 0.0
    if cost > NOTICED_DB:
        text = (
            f"a local oscillator of {USUAL_LINEWIDTH / 1e3:g} kHz would cost {cost:.1f} dB at a ratio of 10 dB, behind "
            "so much dispersion at this symbol rate; give transceiver.local_oscillator_linewidth_khz (0 for none)"
        )
        warnings.warn(text, ValidityWarning, stacklevel=3)


@arguments(
    step=real(low=0, high=2, dims=NUMBER),
    modes=MODES,
    taps=whole(low=1),
    forgetting=real(above=0, high=1, dims=NUMBER),
    training=whole(low=1),
)
def equalizer_misadjustment(
    kind: Literal["lms", "frequency_lms", "rls", "fit"],
    *,
    modes: int,
    taps: int = 1,
    step: float = 0.0,
    forgetting: float = 1.0,
    training: int | None = None,
) -> float:
    """Error that an equaliser's adaptation adds, over the least one: `Transceiver.equalizer_misadjustment`.

    Parameters
    ----------
    kind
        "lms", "frequency_lms", "rls", or "fit" to a training sequence.
    modes
        Received together.
    taps
        At half symbols, of each pair of modes.
    step
        mu times the trace of the covariance of the inputs with "lms"; mu with "frequency_lms". [1]
    forgetting
        lambda of "rls". [1]
    training
        Symbols of "fit".

    Returns
    -------
    float
        Of a channel that stands still, in small steps. [1]

    Raises
    ------
    ValueError
        If adaptation does not converge, or a fit has no more symbols than unknowns.

    Notes
    -----
    Eq. (5) to Eq. (8) of `mcfiber.kernels.receivers`, [1]_ and [2]_; valid below 0.4.

    References
    ----------
    .. [1] B. Widrow et al., "Stationary and nonstationary learning characteristics of the LMS adaptive filter," *Proc.
       IEEE*, vol. 64, pp. 1151-1162, 1976.
    .. [2] S. O. Arik, D. Askarov, and J. M. Kahn, "Adaptive frequency-domain equalization in mode-division multiplexing
       systems," *J. Lightw. Technol.*, vol. 32, pp. 1841-1852, 2014.

    Examples
    --------
    >>> round(equalizer_misadjustment("frequency_lms", modes=4, step=0.05), 4)
    0.1111
    >>> round(equalizer_misadjustment("rls", modes=4, taps=32, forgetting=0.9998), 5)
    0.01297
    """
    unknowns = modes * taps
    if kind == "fit":
        if training is None or training <= unknowns:
            msg = f"training: got {training} symbols; allowed: more than the {unknowns} unknowns of a stream"
            raise ValueError(msg)
        return unknowns / (training - unknowns)  # Eq. (8), less 1
    shares = {
        "lms": 0.5 * step,  # Eq. (5)
        "frequency_lms": 0.5 * step * modes,  # Eq. (6)
        "rls": unknowns * (1.0 - forgetting) / (1.0 + forgetting),  # Eq. (7)
    }
    share = shares[kind]
    if share >= 1.0:
        name = "forgetting" if kind == "rls" else "step"
        msg = f"{name}: got a share of {share:.3g}; allowed: below 1, where adaptation converges"
        raise ValueError(msg)
    return share / (1.0 - share)
