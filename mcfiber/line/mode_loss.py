"""Mode-dependent loss of randomly coupled cores along the line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mcfiber.arguments import LOSS, MODES, arguments, real, several, whole
from mcfiber.descriptions.line import LOSS_SOURCES
from mcfiber.fiber.groups import by_group_size
from mcfiber.kernels import mode_loss as kernels
from mcfiber.labelled import compute
from mcfiber.typing import Quantity, is_axis

Repeat = Literal["independent", "same"]

_SPAN_LOSS = real(low=0, high=100, unit="Np", table=LOSS_SOURCES, remedy="one neper is 4.34 dB")


@dataclass(frozen=True)
class ModeDependentLoss:
    """Mode-dependent loss of a whole line, in nepers of power; each has a dimension only where it differs.

    Attributes
    ----------
    sum
        Root sum square over the spans, xi: what the statistics of the gains depend on.
    effective
        The same as the noise of the line sees it, which enters along the way: what the penalty of a receiver
        depends on.  Equal to `sum` for equal independent spans.
    rms
        Standard deviation over the modes of the accumulated log gains.
    peak_to_peak
        Mean log ratio of the largest to the smallest gain.
    """

    sum: Quantity
    effective: Quantity
    rms: Quantity
    peak_to_peak: Quantity


@arguments(
    span_rms=_SPAN_LOSS,
    modes=MODES,
    spans=whole(low=1),
    lap=whole(low=1),
)
def mode_dependent_loss(
    span_rms: Quantity, *, modes: int, spans: int = 1, repeat: Repeat = "independent", lap: int = 1
) -> ModeDependentLoss:
    """Mode-dependent loss or gain that a line of strongly mixing spans accumulates.

    Parameters
    ----------
    span_rms
        Standard deviation of the log power gains of one span with its devices, over the modes: a number, or a
        labelled array; along a dimension ``span`` it holds one value for each span.  A table holds one for each
        source ({"fan_in": ..., "amplifier": ..., "splices": ..., "fiber": ...}), between which the modes mix, so
        that variances add. [Np]
    modes
        Number of modes, twice the number of cores.
    spans
        Number of equal spans; left out where `span_rms` has the dimension ``span``.
    repeat
        "independent": spans mix anew, variances add.  "same": a loop that passes the same fibre every lap.
    lap
        Number of spans of a lap of the "same" fibre, which mix independently of each other.

    Returns
    -------
    ModeDependentLoss
        Root sum square, the same as noise sees it, rms and mean peak to peak.

    Raises
    ------
    ValueError
        If there are fewer than two modes or no span, or `repeat` is unknown.

    Notes
    -----
    With xi^2 = K sigma^2 (or the correlated sum, `mcfiber.kernels.mode_loss.growth`), the rms is
    xi sqrt(1 + xi^2/12 D^2/(D^2 - 1)) [1]_ [2]_, exact for many weak spans.  The peak to peak is the rms times
    the mean spread of a random Hermitian matrix, within 1 % up to 15 dB.  A singular value of the channel's
    matrix counts, never an eigenvalue.  The effective loss is exact to second order: twice the variance that the
    channel has gathered, on average over where the noise enters.  With it one table of penalties serves loops too,
    where the sum would err by up to 1 dB, but only about: for laps of the same fibre (5 dB rms) it overstates the
    penalty by 0.3 dB for two modes, agrees within 0.1 dB for eight, and understates it for many modes and laps, by
    0.05 to 0.30 dB for 38 modes and 100 laps (24 draws, 2.4 standard errors).

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
    if isinstance(span_rms, Mapping):
        span_rms = sum(value**2 for value in span_rms.values()) ** 0.5
    spans = _count(span_rms, spans)
    names = tuple(f"mode_dependent_loss_{what}" for what in ("sum", "effective", "rms", "peak_to_peak"))
    factors = (kernels.growth(spans, modes, repeat, lap), kernels.noise_growth(spans, modes, repeat, lap))
    numbers = (float(modes), kernels.expected_spread(modes))
    return ModeDependentLoss(*compute(names, kernels.accumulated_loss, span_rms, *factors, *numbers))


@arguments(
    span_rms=_SPAN_LOSS,
    sizes=several(whole(low=1)),
    spans=whole(low=1),
    lap=whole(low=1),
    polarization=LOSS,
)
def grouped_loss(
    span_rms: Quantity,
    sizes: Sequence[int],
    *,
    spans: int = 1,
    repeat: Repeat = "independent",
    lap: int = 1,
    polarization: Quantity = 0.0,
) -> ModeDependentLoss:
    """Mode-dependent loss of groups of cores: of every core's group, which has twice as many modes as cores.

    A core that is alone in its group is received by itself: the loss that differs between its two polarisations counts.

    Parameters
    ----------
    span_rms, spans, repeat, lap
        As for `mode_dependent_loss`.
    sizes
        Number of cores in each core's group; with one size, nothing differs between cores.
    polarization
        Standard deviation of the log gains of the two polarisations of one span, half its polarisation-dependent
        loss, for cores that are alone in their group. [Np]

    Returns
    -------
    ModeDependentLoss
        With dimension core where the sizes differ. [Np]

    Notes
    -----
    Eq. (1) of :doc:`/theory/mode-dependent-loss`, with D twice the number of cores in the group.

    Examples
    --------
    >>> loss = grouped_loss(0.1, (2, 2, 1), spans=16)
    >>> [round(float(value), 3) for value in loss.sum]
    [0.4, 0.4, 0.0]
    """
    given = is_axis(polarization) or polarization > 0.0
    mixed = len(set(sizes)) > 1 or given

    def loss(cores: int) -> tuple[Any, ...]:
        own = polarization if cores == 1 and mixed else span_rms
        found = mode_dependent_loss(own, modes=2 * cores, spans=spans, repeat=repeat, lap=lap)
        return found.sum, found.effective, found.rms, found.peak_to_peak

    return ModeDependentLoss(*by_group_size(sizes, loss))


def _count(span_rms: Quantity, spans: int) -> int:
    sizes = dict(getattr(span_rms, "sizes", {}))
    if spans != 1 and sizes.get("span", spans) != spans:
        msg = f"spans: got {spans} with {sizes['span']} values along the dimension span; leave it out"
        raise ValueError(msg)
    return int(sizes.get("span", spans))
