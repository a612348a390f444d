"""What sends and receives: format, transceiver noise, code, pilots, receiver."""

import math
from typing import Annotated, Any, Literal, Self

from mcfiber.descriptions.choices import BY
from mcfiber.descriptions.codes import CodesByPlace, DecodedFraction
from mcfiber.descriptions.formats import FormatsByPlace
from mcfiber.descriptions.record import Description
from mcfiber.descriptions.spectrum import BANDS_NM
from mcfiber.descriptions.values import EVERYWHERE, Quantity, Varying, number


class Transceiver(Description):
    """A transmitter and its receiver.

    Parameters
    ----------
    format
        Modulation format of each polarisation: a name (QPSK, 8QAM, 16QAM, 32QAM, 64QAM ... 1024QAM), a shaped or a
        geometric format, points, or "best" for the best of all in each channel. One for all, or a table: one for each
        band, ``{C = "16QAM", L = "QPSK"}``, or a list by channel or core.
    snr_db
        Signal-to-noise ratio of the transceivers back to back; infinite without transceiver noise. It may differ by
        band, channel or core, or follow a table against wavelength or symbol rate.
    code
        Forward error correction; one for all, or a table as for `format`.
    pilot_overhead_percent
        Part of all symbols that carries no data.
    receiver
        How the coupled cores are separated.
    equalizer_window_ps
        Length of the impulse response that the equaliser spans; any where left out. What mode dispersion of coupled
        cores, or polarisation-mode dispersion of single ones, spreads beyond it is lost and disturbs.
    dispersion_window_ps_per_nm
        Largest accumulated chromatic dispersion, of either sign, that the receiver makes good; any where left out.
    receiver_noise_share
        Part of the transceivers' noise that the receiver adds: mode-dependent loss of the whole line multiplies it.
        Left out, all noise of the transceivers passes the line like the signal.
    equalizer_misadjustment
        Error that adaptation adds, over the least one: 0.1 is 0.41 dB. See `mcfiber.equalizer_misadjustment`.
    local_oscillator_linewidth_khz
        Of the receiver's laser, whose phase noise dispersion compensation enhances; left out, none.
    roll_off
        Of the pulses, raised cosine, 0.1 where left out: what phase noise and waveforms ask.

    Examples
    --------
    >>> Transceiver(format="16QAM", snr_db=18.0).code.decoded_to_gmi
    0.94
    """

    format: FormatsByPlace = "16QAM"
    snr_db: Annotated[
        Varying,
        number(
            low=-100.0,
            high=200.0,
            infinite=True,
            varies=f"{EVERYWHERE} symbol_rate",
            names=BANDS_NM,
            remedy="back-to-back values are 14 to 25 dB",
        ),
    ] = math.inf
    code: CodesByPlace = DecodedFraction()
    pilot_overhead_percent: Annotated[Quantity, number(low=0.0, high=99.0, remedy="usual: 0 to 5 %")] = 0.0
    receiver: Literal["mmse", "zero_forcing", "optimal"] = "mmse"
    equalizer_window_ps: Annotated[Quantity | None, number(above=0, high=1e9)] = None
    dispersion_window_ps_per_nm: Annotated[Quantity | None, number(above=0, high=1e9)] = None
    receiver_noise_share: Annotated[
        Quantity | None, number(low=0.0, high=1.0, remedy="0 is all noise at the transmitter, 1 all at the receiver")
    ] = None
    equalizer_misadjustment: Annotated[
        Quantity | None, number(low=0.0, high=1.0, remedy="a fraction: 0.05 to 0.2 is usual")
    ] = None
    local_oscillator_linewidth_khz: Annotated[Quantity | None, number(low=0.0, high=1e6)] = None
    roll_off: Annotated[Quantity | None, number(low=0.0, high=1.0, remedy="usual: 0.01 to 0.2")] = None

    @property
    def varies(self) -> bool:
        """Whether formats or codes differ between channels or cores."""
        return isinstance(self.format, dict) or isinstance(self.code, dict)

    def of_place(self, band: str, channel: int, core: int) -> Self:
        """Transceiver of one channel in one core, by its number in the description.

        Parameters
        ----------
        band, channel, core
            Where it is.

        Examples
        --------
        >>> Transceiver(format={"C": "16QAM", "L": "QPSK"}).of_place("L", 0, 0).format
        'QPSK'
        """
        place = {"channel": channel, "core": core}

        def chosen(value: Any) -> Any:
            if not isinstance(value, dict):
                return value
            key = next(iter(value))
            return value[key][place[key]] if key in BY else value[band]

        return self.model_copy(update={"format": chosen(self.format), "code": chosen(self.code)})
