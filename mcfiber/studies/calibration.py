"""What a reported rate says about unknown inputs."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from mcfiber.arguments import NUMBER, SEED, arguments, real, whole
from mcfiber.catalog import CatalogEntry
from mcfiber.descriptions.errors import ValidityWarning, refused
from mcfiber.evaluate import records
from mcfiber.labelled import labelled_result
from mcfiber.line.budget import OSNR_BANDWIDTH, entering
from mcfiber.line.power import droop
from mcfiber.studies.uncertainty import ENTRY, INTERVAL, predict

if TYPE_CHECKING:
    from mcfiber.descriptions.system import System

HALVINGS = 60
"""Of an interval, down to the last bit of a number."""


@dataclass(frozen=True)
class Calibrated:
    """A prediction conditioned on the report of a sibling system; never mixed with the prediction itself.

    Attributes
    ----------
    on
        Name of the sibling.
    net_rate
        5 %, 50 % and 95 % quantile. [bit/s]
    effective_samples
        How many samples agree with the sibling's report; below about 50 the quantiles are coarse.
    """

    on: str
    net_rate: tuple[float, float, float]
    effective_samples: float


@arguments(entry=ENTRY, sibling=ENTRY, samples=whole(low=1), seed=SEED, tolerance=real(low=1e-6, high=10, dims=NUMBER))
def calibrated(
    entry: CatalogEntry, sibling: CatalogEntry, *, samples: int = 2048, seed: int = 0, tolerance: float = 0.03
) -> Calibrated:
    """Predict a system given what a sibling on the same line reported.

    Inputs of the same path and range take the same value in both systems.  Each sample is weighted with a normal
    likelihood of the sibling's report given the sibling's prediction.

    Parameters
    ----------
    entry
        The system to predict.
    sibling
        A system that shares inputs with it, with a reported rate.
    samples, seed
        Of the common samples.
    tolerance
        Relative standard deviation of the sibling's report about a right prediction: what the model itself may
        be wrong by.

    Raises
    ------
    ValueError
        If the sibling has no report, or no sample comes near it.

    Notes
    -----
    The weight of a sample is ``exp(-(p/r - 1)^2/(2 tolerance^2))`` with the predicted rate p and the reported one r
    of the sibling: importance sampling of the posterior [1]_.

    References
    ----------
    .. [1] A. Gelman et al., "Bayesian Data Analysis," 3rd edition, CRC Press, 2013.
    """
    reported = sibling.reported.net_rate_tbps
    if reported is None:
        msg = f"{sibling.name} has no reported rate to condition on"
        raise ValueError(msg)
    known = predict(sibling, samples=samples, seed=seed)["total_net_rate"].values / 1e12
    wanted = predict(entry, samples=samples, seed=seed)["total_net_rate"].values
    weight = np.exp(-0.5 * ((known / reported - 1.0) / tolerance) ** 2)
    possible = ~(np.isnan(known) | np.isnan(wanted))
    weight, wanted = weight[possible], wanted[possible]
    if weight.sum() < 1.0:
        msg = (
            f"no sample of {sibling.name} comes within {tolerance:.0%} of its report; widen the ranges or the tolerance"
        )
        raise ValueError(msg)
    low, middle, high = np.quantile(wanted, INTERVAL, weights=weight, method="inverted_cdf")
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    return Calibrated(sibling.name, (float(low), float(middle), float(high)), effective)


@arguments(osnr_db=real(low=-50, high=150, dims=NUMBER, remedy="in 12.5 GHz; usual: 10 to 40 dB"))
def noise_figure_for_osnr(system: "System", osnr_db: float) -> xr.DataArray:
    """Noise figure of all amplifiers with which an optical signal-to-noise ratio is received.

    Parameters
    ----------
    system
        The line, without axes; the noise figures of its own amplifiers do not count.
    osnr_db
        Received, in 12.5 GHz.

    Returns
    -------
    :data:`~mcfiber.variables.noise_figure`
        For each channel (and core) by itself, linear. [1]

    Raises
    ------
    DescriptionError
        If amplifiers hold the total power of a band, where every channel's noise displaces the signal of all.

    Notes
    -----
    Amplifier noise is linear in the noise figure, Eq. (1) of :doc:`/theory/amplifier-noise` [1]_; where noise displaces
    signal, what the spans add is looked for by bisection in Eq. (1) of `mcfiber.line.power.droop`.

    References
    ----------
    .. [1] R.-J. Essiambre et al., "Capacity limits of optical fiber networks," *J. Lightw. Technol.*, vol. 28, no. 4,
       pp. 662-701, 2010. :doi:`10.1109/JLT.2009.2039464`, eq. (54).

    Examples
    --------
    >>> import mcfiber
    >>> system = mcfiber.load("ucl-2019-6300km").system
    >>> figure = noise_figure_for_osnr(system, 12.0)
    >>> given = system.replace({"link.amplifier.noise_figure_db": float(10 * np.log10(figure[0]))})
    >>> round(float(10 * np.log10(given.evaluate().osnr[0])), 9)
    12.0
    """
    if system.link.power_control == "band":
        msg = 'link.power_control: got "band"; noise figures are found for "signal" and "channel"; name one of these'
        raise refused(msg)
    listed = isinstance(system.link.span, tuple)
    own = [k for k, span in enumerate(system.link.spans) if span.amplifier is not None]
    where = ["link", *(["link.loop"] if system.link.loop else [])]
    where += [f"link.span.{k}" if listed else "link.span" for k in own]
    paths = [f"{place}.amplifier.noise_figure_db" for place in where]
    plain = system.replace({"link.power_control": "signal"})
    with warnings.catch_warnings():  # neither of the two is the system: a warning of their ratios would mean nothing
        warnings.filterwarnings("ignore", "the signal-to-noise ratio of the line is", ValidityWarning)
        weak, strong = (plain.replace(dict.fromkeys(paths, db)).evaluate() for db in (10.0, 20.0))
    low, high = 1.0 / weak["snr_ase"], 1.0 / strong["snr_ase"]
    wanted = 10.0 ** (-osnr_db / 10.0) * weak["symbol_rate"] / OSNR_BANDWIDTH
    if system.link.power_control == "channel":
        rows = [row for row in entering("line") if row.displaces and row.ratio in weak]
        others = sum((1.0 / weak[row.ratio] for row in rows), -low)
        wanted = _added(wanted, others, records(plain)[0].line.amplifiers)
    figure = 10.0 + (wanted - low) * (90.0 / (high - low))
    return labelled_result("noise_figure", figure)


def _added(wanted: xr.DataArray, others: xr.DataArray, spans: int) -> xr.DataArray:
    """What the spans add of one noise over signal, so that with others it droops to what is wanted. [1]"""
    wanted, others = xr.broadcast(wanted, others)
    low, high = xr.zeros_like(wanted), wanted.copy()
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        total = middle + others
        enough = middle * droop(total, spans) >= wanted * total
        low, high = low.where(enough, middle), high.where(~enough, middle)
    return 0.5 * (low + high)
