"""What sends and receives: format, transceiver noise, code, pilots, receiver."""

import math
from typing import Annotated, Literal

from mcfiber.descriptions.codes import Code, DecodedFraction
from mcfiber.descriptions.formats import Format
from mcfiber.descriptions.record import Description
from mcfiber.descriptions.values import Quantity, number


class Transceiver(Description):
    """A transmitter and its receiver, the same for every channel and core.

    Parameters
    ----------
    format
        Modulation format of each polarisation: a name (QPSK, 8QAM, 16QAM, 32QAM, 64QAM ... 1024QAM), a shaped
        format, points, or "best" for the best of all in each channel.
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

    format: Format = "16QAM"
    snr_db: Annotated[
        Quantity, number(low=-100.0, high=200.0, infinite=True, remedy="back-to-back values are 14 to 25 dB")
    ] = math.inf
    code: Code = DecodedFraction()
    pilot_overhead_percent: Annotated[Quantity, number(low=0.0, high=99.0, remedy="usual: 0 to 5 %")] = 0.0
    receiver: Literal["mmse", "zero_forcing", "optimal"] = "mmse"
