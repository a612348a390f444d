"""How capacity varies over realisations and frequency, and what is left with certainty."""

from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mcfiber import labelled
from mcfiber.kernels import delay as delay_kernels
from mcfiber.kernels import mixing as kernels
from mcfiber.line.mode_loss import mode_dependent_loss
from mcfiber.receiver.penalty import Receiver, check_receiver
from mcfiber.simulation.capacity import draw_capacity
from mcfiber.simulation.channels import CoupledLine

if TYPE_CHECKING:
    import xarray as xr

Noise = Literal["distributed", "receiver"]


BLOCK = 64  # realisations that share a seed


STAGE = 8  # first entry of the spawn key: penalties


SCATTER_DRAWS = 256  # of each kind of line, for the scatter of loops


WEAK_LOSS = 0.02  # Np, where the scatter goes with the square of the loss


def capacity_correlation(
    separation: Any, rms: Any, *, spans: int, modes: int, noise: Noise = "distributed"
) -> "xr.DataArray":
    """Correlation of the capacities of a channel at two frequencies.

    Parameters
    ----------
    separation
        Distance of the frequencies, dimension ``separation``. [Hz]
    rms
        Rms group delay of the modes over all spans. [s]
    spans
        Number of spans with gains of their own.
    modes
        Number of modes.
    noise
        "distributed" over the spans, or all of it at the "receiver".

    Returns
    -------
    :data:`~mcfiber.variables.capacity_correlation`, along ``separation``. [1]

    Notes
    -----
    Second order in the gains: capacity varies with products of two spans' gains, whose correlation fades with
    the delays between them.  Distributed noise gives early spans more weight than late ones, which raises the
    correlation above that of a receiver's noise.

    Eq. (6) of `mcfiber.kernels.delay`; see [1]_.

    References
    ----------
    .. [1] K.-P. Ho and J. M. Kahn, "Frequency diversity in mode-division multiplexing systems," *J. Lightw.
       Technol.*, vol. 29, pp. 3719-3726, 2011.

    Examples
    --------
    >>> import numpy as np
    >>> float(capacity_correlation(np.array([0.0]), 1e-10, spans=21, modes=8)[0])
    1.0
    """
    return labelled.compute(
        "capacity_correlation",
        delay_kernels.CAPACITY_CORRELATION,
        *(separation, rms, float(spans), float(modes), float(noise == "distributed")),
    )


def frequency_diversity(
    bandwidth: Any, rms: Any, *, spans: int, modes: int, noise: Noise = "distributed"
) -> "xr.DataArray":
    """Number of independent frequencies in a band: the variance of its mean capacity falls by this factor.

    Parameters
    ----------
    bandwidth
        Width of the band, the symbol rate of a channel. [Hz]
    rms
        Rms group delay of the modes over all spans. [s]
    spans
        Number of spans with gains of their own.
    modes
        Number of modes.
    noise
        "distributed" over the spans, or all of it at the "receiver".

    Returns
    -------
    :data:`~mcfiber.variables.frequency_diversity`, at least 1. [1]

    References
    ----------
    .. [1] K.-P. Ho and J. M. Kahn, "Frequency diversity in mode-division multiplexing systems," *J. Lightw.
       Technol.*, vol. 29, pp. 3719-3726, 2011.

    Examples
    --------
    >>> round(float(frequency_diversity(49.5e9, 212.6e-12, spans=21, modes=8, noise="receiver")))
    18
    """
    return labelled.compute(
        "frequency_diversity",
        delay_kernels.FREQUENCY_DIVERSITY,
        *(bandwidth, rms, float(spans), float(modes), float(noise == "distributed")),
    )


def capacity_deviation(gsnr: Any, loss: Any, *, spans: int, modes: int, noise: Noise = "distributed") -> "xr.DataArray":
    """Standard deviation over realisations of the optimal receiver's rate per mode, at one frequency.

    Parameters
    ----------
    gsnr
        Signal-to-noise ratio of the line. [1]
    loss
        Root sum square xi of the spans' mode-dependent loss. [Np]
    spans
        Number of spans with gains of their own.
    modes
        Number of modes.
    noise
        "distributed" over the spans, or all of it at the "receiver".

    Returns
    -------
    :data:`~mcfiber.variables.capacity_deviation`. [bit]

    Notes
    -----
    Second order in the gains, high signal-to-noise ratio: within 15 % up to 5 dB rms.  Falls as 1/modes; the mean
    over a band has this over the root of `frequency_diversity`.

    Eq. (8) of `mcfiber.kernels.delay`.

    Examples
    --------
    >>> round(float(capacity_deviation(100.0, 2.29 / 4.342945, spans=21, modes=38)), 4)
    0.0035
    """
    return labelled.compute(
        "capacity_deviation",
        delay_kernels.CAPACITY_DEVIATION,
        *(gsnr, loss, float(spans), float(modes), float(noise == "distributed")),
    )


def outage_capacity(capacity: Any, probability: float, *, diversity: Any = 1.0, dim: str = "draw") -> "xr.DataArray":
    """Rate that a realisation misses with a given probability.

    Parameters
    ----------
    capacity
        Drawn capacities along `dim`, each at one frequency or the mean of a band. [bit]
    probability
        Probability of a smaller capacity.
    diversity
        Independent frequencies in the band, where `capacity` holds single frequencies: the mean over the band
        is taken as Gaussian with the variance over `diversity`.  With 1, the quantile of the draws themselves.

    Returns
    -------
    :data:`~mcfiber.variables.outage_capacity`. [bit]

    Raises
    ------
    ValueError
        If the probability is not between 0 and 1, or too small for the number of draws.

    Notes
    -----
    Outage of channels with mode-dependent loss: [1]_.

    References
    ----------
    .. [1] K.-P. Ho and J. M. Kahn, "Mode-dependent loss and gain: statistics and effect on mode-division
       multiplexing," *Opt. Express*, vol. 19, pp. 16612-16635, 2011.

    Examples
    --------
    >>> import numpy as np
    >>> import xarray as xr
    >>> float(outage_capacity(xr.DataArray(np.arange(101.0), dims="draw"), 0.1))
    10.0
    """
    import xarray as xr

    values = xr.DataArray(capacity)
    if not 0.0 < probability < 1.0:
        msg = f"probability: got {probability}; allowed: between 0 and 1"
        raise ValueError(msg)
    if np.ndim(diversity) == 0 and float(diversity) == 1.0:
        if probability * values.sizes[dim] < 1.0:
            msg = f"probability: {probability} needs more than {values.sizes[dim]} draws; allowed: at least 1/draws"
            raise ValueError(msg)
        return labelled.stamp("outage_capacity", values.quantile(probability, dim).drop_vars("quantile"))
    below = NormalDist().inv_cdf(probability)
    result = values.mean(dim) + below * values.std(dim, ddof=1) / np.sqrt(diversity)
    return labelled.stamp("outage_capacity", result)


@cache
def loop_scatter(modes: int, spans: int, receiver: Receiver = "mmse") -> float:
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
    Rates of the draws by Eq. (2) to Eq. (4) of `mcfiber.kernels.channel`.

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


def draw_mdl_penalty(
    gsnr: Any,
    loss: Any,
    *,
    modes: int,
    diversity: Any = 1.0,
    scatter: float = 1.0,
    draws: int,
    seed: int | None = None,
    stream: int = 0,
    receiver: Receiver = "mmse",
) -> "xr.DataArray":
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

    Notes
    -----
    The rate per mode is taken as Gaussian about its mean with the tabulated standard deviation over
    realisations, which falls about as 1/modes and with the root of the diversity.  `draw_capacity` computes
    realisations without that assumption.

    Eq. (2) of `mcfiber.kernels.mixing`.

    Examples
    --------
    >>> penalty = draw_mdl_penalty(10.0, 0.8, modes=8, draws=4, seed=1)
    >>> dict(penalty.sizes)
    {'draw': 4}
    """
    check_receiver(receiver, modes)
    channels = dict(getattr(gsnr, "sizes", {})).get("channel", 0)
    parts = [
        np.random.default_rng(
            np.random.SeedSequence(root, spawn_key=(STAGE, block, *([stream] if stream else [])))
        ).standard_normal((BLOCK, max(channels, 1)))
        for root in [np.random.SeedSequence(seed).entropy]
        for block in range(-(-draws // BLOCK))
    ]
    import xarray as xr

    normal = np.concatenate(parts)[:draws]
    deviation = xr.DataArray(normal if channels else normal[:, 0], dims=("draw", "channel") if channels else ("draw",))
    penalty = labelled.compute(
        "mdl_penalty", kernels.drawn_penalty(receiver, modes), gsnr, loss, deviation * (scatter / np.sqrt(diversity))
    )
    return penalty.transpose("draw", ...)
