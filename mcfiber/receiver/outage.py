"""How capacity varies over realisations and frequency, and what is left with certainty."""

from statistics import NormalDist
from typing import Literal

import numpy as np
import xarray as xr

from mcfiber import labelled
from mcfiber.arguments import DELAY, FRACTION, LOSS, MODES, RATIO, TEXT, arguments, real, whole
from mcfiber.kernels import mode_delay as kernels
from mcfiber.typing import Quantity

Noise = Literal["distributed", "receiver"]


@arguments(
    separation=real(low=-1e15, high=1e15, unit="Hz", dims=("separation",)),
    rms=DELAY,
    spans=whole(low=1),
    modes=MODES,
)
def capacity_correlation(
    separation: Quantity, rms: Quantity, *, spans: int, modes: int, noise: Noise = "distributed"
) -> Quantity:
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

    Eq. (6) of `mcfiber.kernels.mode_delay`; see [1]_.

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
        kernels.rate_correlation,
        separation,
        rms,
        float(spans),
        float(modes),
        float(noise == "distributed"),
    )


@arguments(bandwidth=real(low=0, high=1e15, unit="Hz"), rms=DELAY, spans=whole(low=1), modes=MODES)
def frequency_diversity(
    bandwidth: Quantity, rms: Quantity, *, spans: int, modes: int, noise: Noise = "distributed"
) -> Quantity:
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

    Notes
    -----
    Eq. (7) of `mcfiber.kernels.mode_delay` [1]_.

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
        kernels.band_diversity,
        bandwidth,
        rms,
        float(spans),
        float(modes),
        float(noise == "distributed"),
    )


@arguments(gsnr=RATIO, loss=LOSS, spans=whole(low=1), modes=MODES)
def capacity_deviation(
    gsnr: Quantity, loss: Quantity, *, spans: int, modes: int, noise: Noise = "distributed"
) -> Quantity:
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

    Eq. (8) of `mcfiber.kernels.mode_delay`.

    Examples
    --------
    >>> round(float(capacity_deviation(100.0, 2.29 / 4.342945, spans=21, modes=38)), 4)
    0.0035
    """
    return labelled.compute(
        "capacity_deviation",
        kernels.rate_deviation,
        gsnr,
        loss,
        float(spans),
        float(modes),
        float(noise == "distributed"),
    )


@arguments(
    capacity=real(low=0, high=1e20, unit="bit", dims=("draw",), alone=False, any_dims=True),
    probability=FRACTION,
    diversity=real(low=1, high=1e9),
    dim=TEXT,
)
def outage_capacity(
    capacity: Quantity, probability: float, *, diversity: Quantity = 1.0, dim: str = "draw"
) -> xr.DataArray:
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
    values = xr.DataArray(capacity)
    if dim not in values.dims:
        dims = ", ".join(map(str, values.dims))
        msg = f"capacity: has the dimensions {dims}, not dim={dim!r}; name that of the draws"
        raise ValueError(msg)
    if np.ndim(diversity) == 0 and float(diversity) == 1.0:
        if probability * values.sizes[dim] < 1.0:
            msg = f"probability: {probability} needs more than {values.sizes[dim]} draws; allowed: at least 1/draws"
            raise ValueError(msg)
        return labelled.labelled_result("outage_capacity", values.quantile(probability, dim).drop_vars("quantile"))
    below = NormalDist().inv_cdf(probability)
    result = values.mean(dim) + below * values.std(dim, ddof=1) / np.sqrt(diversity)
    return labelled.labelled_result("outage_capacity", result)
