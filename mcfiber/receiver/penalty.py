"""What mode-dependent loss costs a receiver."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mcfiber import units
from mcfiber.arguments import LOSS, MODES, RATIO, arguments, several, whole
from mcfiber.descriptions.errors import refused
from mcfiber.fiber.groups import by_group_size
from mcfiber.kernels import mode_loss as kernels
from mcfiber.labelled import array, compute, plain_numbers, reduced
from mcfiber.receiver.receiver import ReceiverKind
from mcfiber.typing import Quantity, is_axis


@arguments(gsnr=RATIO, loss=LOSS, modes=MODES)
def mdl_penalty(gsnr: Quantity, loss: Quantity, *, modes: int, receiver: ReceiverKind = "mmse") -> Quantity:
    """Factor by which mode-dependent loss multiplies the line's noise, for a named receiver.

    The signal-to-noise ratio of the line (amplifiers, nonlinear interference, crosstalk) becomes
    ``gsnr / mdl_penalty``; noise of the transmitter passes the channel like the signal and is not multiplied.

    Parameters
    ----------
    gsnr
        Signal-to-noise ratio of the line, linear.
    loss
        Root sum square xi of the spans' mode-dependent loss, as the noise sees it: `ModeDependentLoss.effective`.
        [Np]
    modes
        Number of modes received together, twice the number of coupled cores.
    receiver
        "mmse": linear, least mean-square error.  "zero_forcing": linear, inverts the channel; the law for many
        modes, conservative for few.  "optimal": maximum-likelihood detection or successive cancellation.

    Returns
    -------
    :data:`~mcfiber.variables.mdl_penalty`. At least 1, and 1 without mode-dependent loss. [1]

    Raises
    ------
    ValueError
        If the receiver is unknown, there are fewer than two modes, or the loss exceeds the table's 15.2 dB rms (points
        of axes are NaN; zero forcing has a law without a table).

    Notes
    -----
    ``penalty = gsnr / (2**rate - 1)`` with the rate per mode, mean over streams, frequencies and realisations.
    The linear and the optimal receiver come from a table made from random draws of the limit of
    many weak spans (``validation/mmse_penalty.py``), exact at small loss; standard error at most 0.02 dB up
    to 8 dB rms and 0.06 dB beyond, up to 15 dB.

    References
    ----------
    .. [1] P. J. Winzer and G. J. Foschini, "MIMO capacities and outage probabilities in spatially multiplexed
       optical transport systems," *Opt. Express*, vol. 19, pp. 16680-16696, 2011.

    Examples
    --------
    >>> round(float(mdl_penalty(10.0, 4.58 / 4.342945, modes=38)), 2)  # 2.3 dB
    1.7
    """
    check_receiver(receiver, modes)
    if (told := loss_problem(loss, receiver)) is not None:
        raise ValueError(told)
    return compute("mdl_penalty", kernels.tabulated_penalty, gsnr, loss, receiver, modes)


_NOT_AXES = frozenset({"channel", "core", "span", "draw"})


@dataclass(frozen=True)
class LossRange:
    """Whether penalties are known at an accumulated mode-dependent loss.

    Attributes
    ----------
    problems
        Which points of the axes lie beyond: by name of `mcfiber.status.FLAGS`, one truth for each point.
    """

    problems: Mapping[str, Quantity]


def loss_range(loss: Quantity, receiver: str, *, drawn: bool = False) -> LossRange:
    """Compare an accumulated mode-dependent loss with the largest at which penalties are known.

    Parameters
    ----------
    loss
        As for `mdl_penalty`. [Np]
    receiver
        As there.
    drawn
        Whether penalties of realisations are wanted, which are in the table for all receivers.

    Raises
    ------
    DescriptionError
        If it is larger, and no axis.

    Notes
    -----
    The table is of Eq. (1) of `mcfiber.kernels.mode_loss`.
    """
    if (told := loss_problem(loss, "mmse" if drawn else receiver)) is not None:
        msg = f"link.mode_dependent_loss_rms_db: {told}"
        raise refused(msg)
    if not is_axis(loss) or (receiver == "zero_forcing" and not drawn):
        return LossRange({})
    wrong = array(loss.dims, plain_numbers(loss) > _largest())
    return LossRange({"mode_dependent_loss_too_high": reduced(np.any, wrong, *_NOT_AXES)})


def loss_problem(loss: Quantity, receiver: str) -> str | None:
    """Say why a loss that is no axis is too large; None where it is not."""
    if receiver == "zero_forcing" or set(getattr(loss, "dims", ())) - _NOT_AXES:
        return None
    largest = float(np.max(plain_numbers(loss)))
    if not largest > _largest():
        return None
    found, allowed = (value * units.DB_PER_NEPER for value in (largest, kernels.largest_loss()))
    return (
        f"the mode-dependent loss adds up to {found:.4g} dB rms; allowed: up to {allowed:.3g} dB, where the penalty of "
        "the receiver is known; lower it, or take fewer spans"
    )


def _largest() -> float:
    return kernels.largest_loss() * (1.0 + 1e-9)


@arguments(gsnr=RATIO, loss=LOSS, sizes=several(whole(low=1)))
def grouped_penalty(
    gsnr: Quantity, loss: Quantity, sizes: Sequence[int], *, receiver: ReceiverKind = "mmse"
) -> Quantity:
    """Penalty of every core, where groups of cores are received together.

    Parameters
    ----------
    gsnr, loss, receiver
        As for `mdl_penalty`.
    sizes
        Number of cores in each core's group; with one size, groups add no dimension core.

    Returns
    -------
    :data:`~mcfiber.variables.mdl_penalty`
        With dimension core where the sizes differ. [1]

    Notes
    -----
    Eq. (1) of `mcfiber.kernels.mode_loss`, for zero forcing Eq. (3) there, with twice as many modes as cores in the
    group.
    """
    return by_group_size(sizes, lambda cores: mdl_penalty(gsnr, loss, modes=2 * cores, receiver=receiver))


def check_receiver(receiver: str, modes: int) -> None:
    """Refuse an unknown receiver and an impossible number of modes."""
    if receiver not in kernels.RECEIVERS:
        msg = f"receiver: got {receiver!r}; allowed: {', '.join(map(repr, kernels.RECEIVERS))}"
        raise ValueError(msg)
    if modes < 2:
        msg = f"modes: got {modes}; allowed: at least 2, both polarisations of one core"
        raise ValueError(msg)
