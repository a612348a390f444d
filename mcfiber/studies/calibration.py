"""What a reported rate says about unknown inputs."""

from dataclasses import dataclass

import numpy as np

from mcfiber.arguments import NUMBER, SEED, arguments, real, whole
from mcfiber.catalog import CatalogEntry
from mcfiber.studies.uncertainty import ENTRY, INTERVAL, predict


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
