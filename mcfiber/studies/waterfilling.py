"""The launch powers of a line of erbium amplifiers that are best without interference: water-filling over photons."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from mcfiber import units
from mcfiber.arguments import NUMBER, arguments, plain_array, real, whole
from mcfiber.descriptions.erbium import ErbiumAmplifier
from mcfiber.descriptions.errors import refused
from mcfiber.fiber.channels import Channels
from mcfiber.labelled import array
from mcfiber.line.erbium import erbium
from mcfiber.typing import FloatArray


def filled_powers(weight: FloatArray, noise: FloatArray, budget: float) -> FloatArray:
    """Powers that maximise ``sum ln(1 + p/noise)`` while ``sum weight p`` is a budget.

    Parameters
    ----------
    weight
        What a watt costs in each channel; infinite where it has no part. Shape (channel,).
    noise
        In each channel, times the gap to Shannon's limit. Shape (channel,). [W]
    budget
        In the unit of weight times power.

    Notes
    -----
    Eq. (9) of :doc:`/theory/power-fed-cables` [1]_: ``p = max(0, mu/weight - noise)``.

    References
    ----------
    .. [1] T. M. Cover and J. A. Thomas, "Elements of Information Theory," 2nd edition, Wiley, 2006, section 9.4.

    Examples
    --------
    >>> filled_powers(np.ones(3), np.array([1.0, 2.0, 9.0]), 5.0).tolist()
    [3.0, 2.0, 0.0]
    """
    cost = np.where(np.isfinite(weight), weight * noise, np.inf)
    order = np.argsort(cost)
    sums = np.cumsum(cost[order])
    level = (budget + sums) / np.arange(1, cost.size + 1)
    count = int(np.count_nonzero(level > cost[order]))
    powers = np.zeros(cost.size)
    if count:
        kept = order[:count]
        powers[kept] = level[count - 1] / weight[kept] - noise[kept]  # Eq. (9)
    return powers


@dataclass(frozen=True)
class WaterFilling:
    """Launch powers of a line of erbium amplifiers, and the amplifier that they are best with.

    Attributes
    ----------
    rate
        Of one core, both polarisations. [bit/s]
    launch_power
        Of each channel, at the amplifiers' outputs; 0 for channels that are left dark. Shape (channel,). [W]
    length_m, inversion
        Of the erbium, and its mean inversion.
    """

    rate: float
    launch_power: FloatArray
    length_m: float
    inversion: float


_LENGTHS = np.geomspace(1.5, 40.0, 34)

_INVERSIONS = np.linspace(0.45, 0.99, 55)


@arguments(
    frequency_thz=plain_array("channel", exact=True, scalar=False, low=170, high=245, unit="THz"),
    span_loss_db=real(low=0.1, high=60, dims=NUMBER),
    spans=whole(low=1),
    symbol_rate_gbd=real(above=0, high=1e4, dims=NUMBER),
    excess_noise=real(low=0.5, high=100, dims=NUMBER),
    gap_db=real(low=0, high=30, dims=NUMBER),
)
def water_filled_line(
    amplifier: ErbiumAmplifier,
    frequency_thz: FloatArray,
    *,
    span_loss_db: float,
    spans: int,
    symbol_rate_gbd: float,
    excess_noise: float = 1.4,
    gap_db: float = 0.0,
) -> WaterFilling:
    """Launch powers, erbium length and inversion with the largest rate of a line, without interference and droop.

    Channels whose gain does not reach the loss of the span stay dark; those that are lit share the photons that the
    pump leaves, less those that the noise of all amplifiers before takes.

    Parameters
    ----------
    amplifier
        With its pump power; its losses around the erbium count.
    frequency_thz
        Of channels that may be lit. Shape (channel,). [THz]
    span_loss_db, spans
        Loss of a span, and their number. [dB]
    symbol_rate_gbd
        Of every channel. [GBd]
    excess_noise
        Spontaneous-emission factor of the amplifiers. [1]
    gap_db
        To Shannon's limit. [dB]

    Returns
    -------
    WaterFilling
        The best.

    Raises
    ------
    DescriptionError
        If no pump power is given, channels lie outside the table of the fibre, or the pump is below threshold.

    Notes
    -----
    Eq. (9) of :doc:`/theory/power-fed-cables`, within a search over length and inversion. What [1]_ found by particle
    swarms follows in closed form.

    References
    ----------
    .. [1] J. K. Perin et al., "Importance of amplifier physics in maximizing the capacity of submarine links," *J.
       Lightw. Technol.*, vol. 37, no. 9, pp. 2076-2085, 2019, arXiv:1803.07905.

    Examples
    --------
    >>> amplifier = ErbiumAmplifier(pump_power_mw=60, before_loss_db=0, after_loss_db=0)
    >>> slots = np.arange(191.5, 196.0, 0.1)
    >>> best = water_filled_line(amplifier, slots, span_loss_db=10, spans=100, symbol_rate_gbd=100)
    >>> 0.4 < best.inversion < 1.0
    True
    """
    if amplifier.pump_power_mw is None:
        msg = "amplifier.pump_power_mw: is missing; give the pump light in the erbium"
        raise refused(msg)
    problem = _Line(amplifier, np.asarray(frequency_thz) * 1e12, span_loss_db, spans, symbol_rate_gbd * 1e9)
    problem.excess, problem.gap = excess_noise, 10.0 ** (0.1 * gap_db)
    tried = [(problem.rate(length, one)[0], length, one) for length in _LENGTHS for one in _INVERSIONS]
    best = max(tried)
    if not best[0] > 0.0:
        msg = (
            "amplifier.pump_power_mw: is below threshold for every length of the erbium; raise it, or shorten the spans"
        )
        raise refused(msg)
    options: Any = {"xatol": 1e-7, "fatol": 1e-10, "maxiter": 2000}
    solve: Any = minimize  # its stubs know no such start
    found = solve(
        lambda x: -problem.rate(math.exp(x[0]), x[1])[0] / best[0],
        [math.log(best[1]), best[2]], method="Nelder-Mead", options=options,
    )  # fmt: skip
    length, inversion = math.exp(found.x[0]), float(found.x[1])
    rate, powers = problem.rate(length, inversion)
    return WaterFilling(rate, powers, length, inversion)


class _Line:
    """Rate of a line at an erbium length and an inversion."""

    excess: float
    gap: float

    def __init__(
        self, amplifier: ErbiumAmplifier, frequency: FloatArray, span_loss_db: float, spans: int, symbol_rate: float
    ) -> None:
        channels = Channels(array(("channel",), frequency), symbol_rate, ("C",) * frequency.size)
        self.erbium = erbium(amplifier, channels, cores=1, path="amplifier")
        self.energy = units.PLANCK * frequency
        self.absorption, self.gain = (np.asarray(one.data) for one in (self.erbium.absorption, self.erbium.gain))
        self.loss, self.spans, self.symbol_rate = 10.0 ** (0.1 * span_loss_db), spans, symbol_rate
        self.before, self.after = (float(one) for one in (self.erbium.before, self.erbium.after))

    def rate(self, length: float, inversion: float) -> tuple[float, FloatArray]:
        """Rate and launch powers; 0 where the pump does not keep the inversion up. [bit/s, W]"""
        one, mean = self.erbium, inversion * length
        gain = np.exp((self.absorption + self.gain) * mean - self.absorption * length)  # Eq. (1) of the kernels
        asked = self.loss * self.before * self.after
        lit = gain >= asked
        left = math.exp((one.pump_absorption + one.pump_gain) * mean - one.pump_absorption * length)
        flux = float(one.pump_power) / (units.PLANCK * one.pump_frequency)
        photons = flux * (1.0 - left) - one.saturation * mean
        # Noise of both polarisations at the outputs, of all amplifiers; what enters the last one is that of the others.
        each = 2.0 * self.excess * (self.loss - 1.0) * self.energy * self.symbol_rate
        weight = np.where(lit, (gain - 1.0) / self.energy * self.after / asked, np.inf)
        noise = self.spans * each
        budget = photons - float(np.sum(np.where(lit, weight * each * (self.spans - 1), 0.0)[lit]))
        if not lit.any() or budget <= 0.0:
            return 0.0, np.zeros(gain.size)
        powers = filled_powers(weight, noise * self.gap, budget)
        bits = 2.0 * self.symbol_rate * np.log2(1.0 + powers / (noise * self.gap))
        return float(bits.sum()), powers
