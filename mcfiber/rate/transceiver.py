"""What sends and receives: format, transceiver noise, code, pilots, receiver."""

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from mcfiber.descriptions import Description, number
from mcfiber.typing import Real

SQUARE_FORMATS = {"QPSK": 4, "16QAM": 16, "64QAM": 64, "256QAM": 256, "1024QAM": 1024}


class IdealCode(Description):
    """A code that delivers the GMI: the bound of bit-metric decoding."""

    kind: Literal["ideal"] = "ideal"


class DecodedFraction(Description):
    """A code that delivers a fixed part of the GMI, as experiments with adaptive codes report.

    The default is empirical: published ratios of decoded to GMI rate lie between 0.92 and 0.96.
    """

    kind: Literal["decoded_fraction"] = "decoded_fraction"
    decoded_to_gmi: Annotated[Real, number(low=0.0, high=1.0, remedy="measured ratios are 0.92 to 0.96")] = 0.94


class FixedRateCode(Description):
    """A code of one rate, error-free from an NGMI threshold on and useless below it."""

    kind: Literal["fixed_rate"] = "fixed_rate"
    code_rate: Annotated[Real, number(above=0.0, high=1.0, remedy="an overhead of 25 % is a rate of 0.8")]
    ngmi_threshold: Annotated[Real, number(low=0.0, high=1.0, remedy="a code of rate 0.8 needs about 0.85")]
    outer_rate: Annotated[Real, number(above=0.0, high=1.0, remedy="1 without an outer code")] = 1.0


class AdaptiveCode(Description):
    """A code whose rate follows the channel: the NGMI less a gap."""

    kind: Literal["adaptive"] = "adaptive"
    ngmi_gap: Annotated[Real, number(low=0.0, high=1.0, remedy="real codes need 0.03 to 0.06")] = 0.05
    outer_rate: Annotated[Real, number(above=0.0, high=1.0, remedy="1 without an outer code")] = 1.0


Code = Annotated[
    IdealCode | DecodedFraction | FixedRateCode | AdaptiveCode,
    Field(discriminator="kind"),
]


def _known_format(value: str) -> str:
    if value not in SQUARE_FORMATS:
        msg = f"got {value!r}; allowed: {', '.join(SQUARE_FORMATS)}"
        raise ValueError(msg)
    return value


class Transceiver(Description):
    """A transmitter and its receiver, the same for every channel and core.

    Attributes
    ----------
    format
        Modulation format of each polarisation.
    snr_db
        Signal-to-noise ratio of the transceivers back to back; infinite without transceiver noise.
    code
        Forward error correction.
    pilot_overhead_percent
        Part of all symbols that carries no data.
    receiver
        How the coupled cores are separated.

    Examples
    --------
    >>> Transceiver(format="16QAM", snr_db=18.0).code.decoded_to_gmi
    0.94
    """

    format: Annotated[str, AfterValidator(_known_format)] = "16QAM"
    snr_db: Annotated[Real, number(infinite=True, remedy="back-to-back values are 14 to 25 dB")] = math.inf
    code: Code = DecodedFraction()
    pilot_overhead_percent: Annotated[Real, number(low=0.0, high=99.0, remedy="usual: 0 to 5 %")] = 0.0
    receiver: Literal["mmse", "zero_forcing", "optimal"] = "mmse"

    def achievable_rate(self, snr: Any, symbol_rate: Any) -> dict[str, Any]:
        """Rates at a signal-to-noise ratio; see `mcfiber.achievable_rate`."""
        from mcfiber.rate.achievable import achievable_rate

        return achievable_rate(self, snr, symbol_rate)
