"""Forward error correction, as described: what part of the GMI a code delivers."""

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from mcfiber.descriptions.checks import flag
from mcfiber.descriptions.choices import checked_choices, which
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.record import Description
from mcfiber.descriptions.values import Quantity, number
from mcfiber.dimensions import broadcast

OuterRate = Annotated[Quantity, number(above=0.0, high=1.0, remedy="1 without an outer code")]
Gap = Annotated[Quantity, number(low=0.0, high=1.0, remedy="real codes need 0.03 to 0.06")]

DVB_S2_RATES = (1 / 4, 1 / 3, 2 / 5, 1 / 2, 3 / 5, 2 / 3, 3 / 4, 4 / 5, 5 / 6, 8 / 9, 9 / 10)
"""Code rates of ETSI EN 302 307-1, Table 5a (frames of 64,800 bits)."""

DVB_S2_THRESHOLDS_DB = (-2.35, -1.24, -0.30, 1.00, 2.23, 3.10, 4.03, 4.68, 5.18, 6.20, 6.42)
"""Es/N0 at which each is quasi error-free with QPSK (packet error ratio 1e-7), EN 302 307-1, Table 13."""


class IdealCode(Description):
    """A code that delivers the GMI: the bound of bit-metric decoding."""

    kind: Literal["ideal"] = "ideal"


class DecodedFraction(Description):
    """A code that delivers a fixed part of the GMI, as experiments with adaptive codes report.

    The default is empirical: published ratios of decoded to GMI rate lie between 0.92 and 0.96.
    """

    kind: Literal["decoded_fraction"] = "decoded_fraction"
    decoded_to_gmi: Annotated[Quantity, number(low=0.0, high=1.0, remedy="measured ratios are 0.92 to 0.96")] = 0.94


class FixedRateCode(Description):
    """A code of one rate, error-free from an NGMI threshold on and useless below it.

    Parameters
    ----------
    code_rate
        Rate of the code.
    ngmi_threshold
        NGMI from which on it is error-free, with its outer code: at least the product of both rates, for no code
        delivers more than the GMI.
    outer_rate
        Rate of an outer code.

    Raises
    ------
    DescriptionError
        If the threshold is below the rate.

    Examples
    --------
    >>> FixedRateCode(code_rate=0.826, ngmi_threshold=0.857).outer_rate
    1.0
    """

    kind: Literal["fixed_rate"] = "fixed_rate"
    code_rate: Annotated[Quantity, number(above=0.0, high=1.0, remedy="an overhead of 25 % is a rate of 0.8")]
    ngmi_threshold: Annotated[Quantity, number(low=0.0, high=1.0, remedy="a code of rate 0.8 needs about 0.85")]
    outer_rate: OuterRate = 1.0

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        _, (threshold, rate, outer) = broadcast(self.ngmi_threshold, self.code_rate, self.outer_rate)
        rate = rate * outer
        if np.any(wrong := threshold < rate * (1 - 1e-12)):
            least = float(np.broadcast_to(rate, wrong.shape)[wrong].max())
            got = float(np.broadcast_to(threshold, wrong.shape)[wrong].min())
            msg = (
                f"ngmi_threshold: got {got:g}; allowed: at least {least:g}, the rate of the code, as none delivers "
                "more than the GMI; a code of rate 0.8 needs about 0.85"
            )
            raise refused(msg)
        return self


class OverheadCode(Description):
    """A code known by its overhead, ``1 / rate - 1``: its threshold is its rate plus a gap."""

    kind: Literal["overhead"] = "overhead"
    overhead_percent: Annotated[Quantity, number(low=0.0, high=900.0, remedy="usual: 7 to 27 %")]
    ngmi_gap: Gap = 0.05
    outer_rate: OuterRate = 1.0


class AdaptiveCode(Description):
    """A code whose rate follows the channel continuously: the NGMI less a gap."""

    kind: Literal["adaptive"] = "adaptive"
    ngmi_gap: Gap = 0.05
    outer_rate: OuterRate = 1.0


class DvbS2Code(Description):
    """The LDPC codes of DVB-S2, punctured to rates between, with an outer hard-decision code.

    Parameters
    ----------
    ngmi_margin
        NGMI that a code needs beyond the threshold of the standard; below 0 where an outer code relaxes it. Whatever
        it is, no more than the GMI is delivered.
    puncturing
        Whether leaving bits out makes rates in steps of 0.01 between the lowest and the highest of the
        standard, with thresholds interpolated between its codes; otherwise only its eleven rates.
    outer_rate
        Rate of the hard-decision code that cleans up; the default is an overhead of 1 %.
    """

    kind: Literal["dvb_s2"] = "dvb_s2"
    ngmi_margin: Annotated[Quantity, number(low=-0.1, high=1.0, remedy="usual: -0.02 to 0.02")] = 0.0
    puncturing: Annotated[bool, flag()] = True
    outer_rate: OuterRate = 1.0 / 1.01


class GapToShannon(Description):
    """Gaussian symbols and a code whose rate follows the channel, a fixed ratio short of Shannon's limit.

    It stands for transceivers of which only their gap is known, as in studies of whole cables. The net rate is that of
    Shannon's limit at a signal-to-noise ratio that is lower by the gap; the modulation format has no part in it.

    Parameters
    ----------
    gap_db
        Ratio of the signal-to-noise ratio that is needed to that of Shannon's limit.

    Examples
    --------
    >>> GapToShannon(gap_db=3.4).gap_db
    3.4
    """

    kind: Literal["gap_to_shannon"] = "gap_to_shannon"
    gap_db: Annotated[Quantity, number(low=0.0, high=30.0, remedy="usual: 1 to 4 dB")]


Code = Annotated[
    IdealCode | DecodedFraction | FixedRateCode | OverheadCode | AdaptiveCode | DvbS2Code | GapToShannon,
    Field(discriminator="kind"),
]

CodesByPlace = Annotated[
    Annotated[Code, Tag("_one")] | Annotated[dict[str, Code | tuple[Code, ...]], Tag("_several")],
    Discriminator(which),
    AfterValidator(checked_choices),
]
"""One code, or one for each band, channel or core."""
