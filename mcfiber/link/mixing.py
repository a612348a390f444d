"""Random coupling along the way: how mode-dependent loss accumulates."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mcfiber import variables
from mcfiber.kernels import mixing as kernels

if TYPE_CHECKING:
    import xarray as xr

Repeat = Literal["independent", "same"]


@dataclass(frozen=True)
class ModeDependentLoss:
    """Mode-dependent loss of a whole line, in nepers of power; each has a dimension only where it differs.

    Attributes
    ----------
    sum
        Root sum square over the spans, xi: what the penalty of a receiver depends on.
    rms
        Standard deviation over the modes of the accumulated log gains.
    peak_to_peak
        Mean log ratio of the largest to the smallest gain.
    """

    sum: "xr.DataArray"
    rms: "xr.DataArray"
    peak_to_peak: "xr.DataArray"


def mode_dependent_loss(
    span_rms: Any, *, modes: int, spans: int = 1, repeat: Repeat = "independent"
) -> ModeDependentLoss:
    """Mode-dependent loss or gain that a line of strongly mixing spans accumulates.

    Parameters
    ----------
    span_rms
        Standard deviation of the log power gains of one span with its devices, over the modes: a number, or a
        labelled array; along a dimension ``span`` it holds one value for each span. [Np]
    modes
        Number of modes, twice the number of cores.
    spans
        Number of equal spans; left out where `span_rms` has the dimension ``span``.
    repeat
        "independent": spans mix anew, variances add.  "same": a loop that passes the same fibre every lap.

    Returns
    -------
    ModeDependentLoss
        Root sum square, rms and mean peak to peak.

    Raises
    ------
    ValueError
        If there are fewer than two modes or no span, or `repeat` is unknown.

    Notes
    -----
    With xi^2 = K sigma^2 (or the correlated sum, `mcfiber.kernels.mixing.growth`), the rms is
    xi sqrt(1 + xi^2/12 D^2/(D^2 - 1)) [1]_ [2]_, exact for many weak spans.  The peak to peak is the rms times
    the mean spread of a random Hermitian matrix, within 1 % up to 15 dB.  A singular value of the channel's
    matrix counts, never an eigenvalue.

    References
    ----------
    .. [1] K.-P. Ho and J. M. Kahn, "Mode-dependent loss and gain: statistics and effect on mode-division
       multiplexing," *Opt. Express*, vol. 19, pp. 16612-16635, 2011.
    .. [2] K.-P. Ho, "Exact model for mode-dependent gains and losses in multimode fiber," *J. Lightw.
       Technol.*, vol. 30, pp. 3603-3609, 2012.

    Examples
    --------
    >>> loss = mode_dependent_loss(0.7 / 4.342945, modes=38, spans=21)
    >>> round(float(loss.rms) * 4.342945, 2)  # dB
    3.28
    """
    spans = _count(span_rms, spans)
    if modes < 2 or spans < 1:
        msg = f"got {modes} modes and {spans} spans; allowed: at least two modes (one core) and one span"
        raise ValueError(msg)
    if repeat not in ("independent", "same"):
        msg = f"repeat: got {repeat!r}; allowed: 'independent', 'same'"
        raise ValueError(msg)
    names = ("mode_dependent_loss_sum", "mode_dependent_loss_rms", "mode_dependent_loss_peak_to_peak")
    factor = kernels.growth(spans, modes, repeat)
    spread = kernels.expected_spread(modes)
    return ModeDependentLoss(
        *variables.compute(names, kernels.ACCUMULATED_LOSS, span_rms, factor, float(modes), spread)
    )


def _count(span_rms: Any, spans: int) -> int:
    sizes = dict(getattr(span_rms, "sizes", {}))
    if spans != 1 and sizes.get("span", spans) != spans:
        msg = f"spans: got {spans} with {sizes['span']} values along the dimension span; leave it out"
        raise ValueError(msg)
    return int(sizes.get("span", spans))
