"""Door 4: the transceiver in SI: formats as tables, codes as laws, and its own noise."""

import math
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, Literal, NamedTuple, cast

import numpy as np

from mcfiber.descriptions.codes import (
    DVB_S2_RATES,
    DVB_S2_THRESHOLDS_DB,
    AdaptiveCode,
    Code,
    DecodedFraction,
    DvbS2Code,
    FixedRateCode,
    GapToShannon,
    OverheadCode,
)
from mcfiber.descriptions.errors import refused
from mcfiber.descriptions.formats import SingleFormat, candidates, format_name
from mcfiber.descriptions.transceiver import Transceiver
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.grid import on_grid
from mcfiber.labelled import array, quantity
from mcfiber.receiver.constellation import constellation, symbol_moments
from mcfiber.receiver.information import format_table, information, stacked_tables
from mcfiber.typing import FloatArray, Quantity, is_axis

ReceiverKind = Literal["mmse", "zero_forcing", "optimal"]
"""How coupled cores are separated."""


ROLL_OFF = 0.1
"""Of pulses of which nothing is said. [1]"""


class CodeLaw(NamedTuple):
    """What the kernel knows of a code.

    Without `steps` it delivers ``fraction * GMI - gap * bits``; with them it has the rates ``code_rate +
    steps[0]``, and each needs an NGMI of ``code_rate + steps[1] + gap``; what is left after the outer code is no more
    than the GMI, so `fraction` is then one over its rate.  With `shannon_gap` it delivers Shannon's limit at a
    signal-to-noise ratio that is lower by this factor, and its symbols are Gaussian.
    """

    fraction: Quantity
    gap: Quantity
    code_rate: Quantity
    outer_rate: Quantity
    steps: FloatArray
    shannon_gap: Quantity = None


def code_law(code: Code) -> CodeLaw:
    """Translate a code into its law."""
    nothing, one = np.empty((2, 0)), np.zeros((2, 1))
    if isinstance(code, DecodedFraction):
        return CodeLaw(quantity(code, "decoded_to_gmi"), 0.0, 0.0, 1.0, nothing)
    if isinstance(code, AdaptiveCode):
        return CodeLaw(1.0, quantity(code, "ngmi_gap"), 0.0, quantity(code, "outer_rate"), nothing)
    if isinstance(code, FixedRateCode):
        rate = quantity(code, "code_rate")
        gap = quantity(code, "ngmi_threshold") - rate
        outer = quantity(code, "outer_rate")
        return CodeLaw(1.0 / outer, gap, rate, outer, one)
    if isinstance(code, OverheadCode):
        rate = 1.0 / (1.0 + quantity(code, "overhead_percent"))
        outer = quantity(code, "outer_rate")
        return CodeLaw(1.0 / outer, quantity(code, "ngmi_gap"), rate, outer, one)
    if isinstance(code, GapToShannon):
        return CodeLaw(1.0, 0.0, 0.0, 1.0, nothing, quantity(code, "gap_db"))
    if isinstance(code, DvbS2Code):
        outer = quantity(code, "outer_rate")
        return CodeLaw(1.0 / outer, quantity(code, "ngmi_margin"), 0.0, outer, _dvb_s2_steps(code.puncturing))
    return CodeLaw(1.0, 0.0, 0.0, 1.0, nothing)


@cache
def _dvb_s2_steps(puncturing: bool) -> FloatArray:
    """Rates of DVB-S2 and the NGMI that each needs: that of QPSK at the standard's threshold."""
    rates = np.array(DVB_S2_RATES)
    _, gmi = information(constellation("QPSK"), 10.0 ** (0.1 * np.array(DVB_S2_THRESHOLDS_DB)))
    every = np.union1d(rates, np.arange(25, 91) / 100.0) if puncturing else rates
    return np.stack([every, np.interp(every, rates, gmi / 2.0)])


@dataclass(frozen=True)
class Receiver:
    """A transceiver in SI.

    Attributes
    ----------
    snr
        Signal-to-noise ratio back to back; infinite without transceiver noise. [1]
    kept
        Part of all symbols that carries data. [1]
    law
        What the code delivers.
    kind
        How coupled cores are separated.
    window
        Length of impulse responses that the equaliser spans; None where it spans any. [s]
    dispersion_window
        Largest accumulated dispersion that is made good; None where any is. [s/m]
    receiver_share
        Part of the noise that the receiver adds; None where it is not told apart. [1]
    misadjustment
        Error that adaptation adds over the least one; None without. [1]
    oscillator_linewidth
        Of the local oscillator; None where it has none. [Hz]
    roll_off
        Of the pulses. [1]
    formats
        Modulation formats that it may use.
    parts
        The receivers of single channels and cores where formats or codes differ between them; else empty.
    which
        Number of the part that each channel and core has, (channel) and (core).
    """

    snr: Quantity
    kept: Quantity
    law: CodeLaw
    kind: ReceiverKind
    formats: tuple[SingleFormat, ...]
    window: Quantity = None
    dispersion_window: Quantity = None
    receiver_share: Quantity = None
    misadjustment: Quantity = None
    oscillator_linewidth: Quantity = None
    roll_off: Quantity = ROLL_OFF
    parts: "tuple[Receiver, ...]" = ()
    which: Quantity = 0

    @property
    def format_names(self) -> tuple[str, ...]:
        """Names of the formats, without spaces."""
        return tuple(map(format_name, self.formats))

    @cached_property
    def tables(self) -> tuple[FloatArray, ...]:
        """What all rates share: tables of MI and GMI, their grid, entropies, bits, and the steps of the code."""
        return (*stacked_tables([format_table(one) for one in self.formats]), self.law.steps)

    @property
    def most_bits(self) -> float:
        """Most bits of a symbol that any of its formats carries; infinite for Gaussian symbols."""
        if any(part.law.shannon_gap is not None for part in self.parts or (self,)):
            return math.inf
        return float(np.max(self.tables[3]))

    @property
    def kurtosis(self) -> float:
        """Excess kurtosis of the symbols of its one format. [1]

        Raises
        ------
        ValueError
            If it may use several.
        """
        if len(self.formats) > 1:
            msg = "the moments of the best of several formats are those of the one chosen; ask for that one"
            raise ValueError(msg)
        return symbol_moments(self.formats[0])[0]


def receiver(transceiver: Transceiver, channels: Channels | None = None) -> Receiver:
    """Enter a transceiver into SI, every field once.

    Parameters
    ----------
    transceiver
        The description.
    channels
        Channels in SI; needed where something differs between them.

    Returns
    -------
    Receiver
        Frozen; ratios linear, tables of MI and GMI made on first use.

    Raises
    ------
    DescriptionError
        If something differs between channels or cores, and the channels are not given.

    Notes
    -----
    The law of its code is Eq. (5) of `mcfiber.kernels.information`, its tables are Eq. (2) and Eq. (3) there.

    Examples
    --------
    >>> receiver(Transceiver(format="16QAM", snr_db=20)).snr
    100.0
    """
    varied = [name for name in ("format", "code") if isinstance(getattr(transceiver, name), dict)]
    plain = isinstance(transceiver.snr_db, float) or is_axis(transceiver.snr_db)
    if channels is None and (varied or not plain):
        msg = (
            f"transceiver.{varied[0] if varied else 'snr_db'}: differs between channels or cores; give the transceiver "
            "of one of them"
        )
        raise refused(msg)
    snr = quantity(transceiver, "snr_db") if channels is None else _snr(transceiver, channels)
    if varied and channels is not None:
        return _in_parts(transceiver, channels, snr)
    return Receiver(
        snr=snr,
        kept=1.0 - quantity(transceiver, "pilot_overhead_percent"),
        law=code_law(cast("Code", transceiver.code)),
        kind=transceiver.receiver,
        window=quantity(transceiver, "equalizer_window_ps"),
        dispersion_window=quantity(transceiver, "dispersion_window_ps_per_nm"),
        receiver_share=quantity(transceiver, "receiver_noise_share"),
        misadjustment=quantity(transceiver, "equalizer_misadjustment"),
        oscillator_linewidth=quantity(transceiver, "local_oscillator_linewidth_khz"),
        roll_off=ROLL_OFF if transceiver.roll_off is None else quantity(transceiver, "roll_off"),
        formats=candidates(transceiver.format),
    )


def _snr(transceiver: Transceiver, channels: Channels) -> Quantity:
    return on_grid(transceiver, "snr_db", channels, "transceiver")


def _in_parts(transceiver: Transceiver, channels: Channels, snr: Quantity) -> Receiver:
    """One receiver for each format and code that occur, and which of them each channel and core has."""
    given: list[dict[str, Any]] = [value for value in (transceiver.format, transceiver.code) if isinstance(value, dict)]
    cores = max([1, *(len(value["core"]) for value in given if "core" in value)])
    across = any("core" not in value for value in given)
    places = range(channels.count) if across else range(1)
    found: list[Transceiver] = []
    number = np.empty((len(places), cores), np.int64)
    for channel in places:
        for core in range(cores):
            one = transceiver.of_place(channels.bands[channel], int(channels.described[channel]), core)
            if one not in found:
                found.append(one)
            number[channel, core] = found.index(one)
    along = {dim: size for dim, size in (("channel", channels.count), ("core", cores)) if dim == "core" or across}
    if cores == 1:
        del along["core"]
    which = array(tuple(along), number.reshape(tuple(along.values())))
    parts = tuple(replace(receiver(one.model_copy(update={"snr_db": math.inf})), snr=snr) for one in found)
    return replace(parts[0], formats=candidates(transceiver.format), parts=parts, which=which)
