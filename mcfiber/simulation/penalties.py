"""Draws of what mode-dependent loss costs a receiver, from realisation to realisation."""

from functools import cache

import numpy as np
import xarray as xr

from mcfiber.arguments import LOSS, MODES, NUMBER, RATIO, SEED, arguments, real, whole
from mcfiber.kernels import mode_loss as kernels
from mcfiber.labelled import array, compute
from mcfiber.line.mode_loss import mode_dependent_loss
from mcfiber.receiver.penalty import check_receiver, loss_problem
from mcfiber.receiver.receiver import ReceiverKind
from mcfiber.simulation.capacity import draw_capacity
from mcfiber.simulation.channels import CoupledLine
from mcfiber.simulation.streams import BLOCK, Stream, random_stream, root_of
from mcfiber.typing import Quantity

SCATTER_DRAWS = 256  # of each kind of line, for the scatter of loops
WEAK_LOSS = 0.02  # Np, where the scatter goes with the square of the loss


@arguments(modes=MODES, spans=whole(low=1))
@cache
def loop_scatter(modes: int, spans: int, receiver: ReceiverKind = "mmse") -> float:
    """Factor by which rates scatter more where every span is a lap of the same fibre, at equal effective loss.

    Laps add up coherently, so fewer independent matrices decide about a loop.  The factor hardly depends on the loss
    (by a tenth up to 0.5 dB a lap), so it is taken once, at weak loss, from draws of both kinds of line: 6 % standard
    error, the same at every call.

    Parameters
    ----------
    modes, spans
        Modes received together, and number of laps.
    receiver
        Linear ("mmse", "zero_forcing") or "optimal".

    Returns
    -------
    Factor on the standard deviation. [1]

    Notes
    -----
    Rates of the draws by Eq. (2) to Eq. (4) of `mcfiber.kernels.channels`.

    Examples
    --------
    >>> 2.0 < loop_scatter(8, 21) < 4.0
    True
    """
    if spans < 2:
        return 1.0
    spread = []
    for repeat in ("same", "independent"):
        line = CoupledLine(modes=modes, spans=spans, loss_rms=WEAK_LOSS, repeat=repeat)
        rates = draw_capacity(line, 100.0, draws=SCATTER_DRAWS, seed=0).sel(receiver=receiver)
        effective = mode_dependent_loss(WEAK_LOSS, modes=modes, spans=spans, repeat=repeat).effective
        spread.append(float(rates.std(ddof=1)) / float(effective) ** 2)
    return spread[0] / spread[1]


@arguments(
    gsnr=RATIO,
    loss=LOSS,
    modes=MODES,
    diversity=real(low=1, high=1e9),
    scatter=real(low=0, high=1e3, dims=NUMBER),
    draws=whole(low=1),
    seed=SEED,
    stream=whole(low=0),
)
def draw_mdl_penalty(
    gsnr: Quantity,
    loss: Quantity,
    *,
    modes: int,
    diversity: Quantity = 1.0,
    scatter: float = 1.0,
    draws: int,
    seed: int | None = None,
    stream: int = 0,
    receiver: ReceiverKind = "mmse",
) -> Quantity:
    """Penalty of mode-dependent loss in random realisations of a line, independent from channel to channel.

    Parameters
    ----------
    gsnr, loss, modes, receiver
        As for `mcfiber.receiver.penalty.mdl_penalty`; channels along the dimension ``channel`` of `gsnr`.
    diversity
        Independent frequencies in the band of a channel. [1]
    scatter
        Factor on the standard deviation of independent spans: `loop_scatter` for laps of the same fibre. [1]
    draws, seed
        Number of realisations and seed; the first n of N are those of a smaller request.
    stream
        Different numbers give independent realisations for one seed, as for groups of cores of one fibre.

    Returns
    -------
    :data:`~mcfiber.variables.mdl_penalty` with the dimension ``draw``. [1]

    Raises
    ------
    ValueError
        If the receiver is unknown, or the loss exceeds the table's 15.2 dB rms (points of axes are NaN).

    Notes
    -----
    The rate per mode is taken as Gaussian about its mean with the tabulated standard deviation over
    realisations, which falls about as 1/modes and with the root of the diversity.  `draw_capacity` computes
    realisations without that assumption.

    Eq. (2) of `mcfiber.kernels.mode_loss`.

    Examples
    --------
    >>> penalty = draw_mdl_penalty(10.0, 0.8, modes=8, draws=4, seed=1)
    >>> dict(penalty.sizes)
    {'draw': 4}
    """
    check_receiver(receiver, modes)
    if (told := loss_problem(loss, "mmse")) is not None:
        raise ValueError(told)
    channels = dict(getattr(gsnr, "sizes", {})).get("channel", 0)
    parts = [
        random_stream(Stream.PENALTIES, root, block, *([stream] if stream else [])).standard_normal(
            (BLOCK, max(channels, 1))
        )
        for root in [root_of(seed)]
        for block in range(-(-draws // BLOCK))
    ]
    normal = np.concatenate(parts)[:draws]
    dims = ("draw", "channel") if channels else ("draw",)
    deviation: Quantity = array(dims, normal if channels else normal[:, 0])
    if not isinstance(gsnr, xr.Variable):
        deviation = xr.DataArray(deviation)
    deviation = deviation * (scatter / np.sqrt(diversity))
    penalty: Quantity = compute("mdl_penalty", kernels.drawn_penalty, gsnr, loss, deviation, receiver, modes)
    return penalty.transpose("draw", ...)
