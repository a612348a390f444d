"""The judge: one realisation from end to end, on the records of a system: transmitter, line, receiver's front end."""

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mcfiber.line.budget import Scene
from mcfiber.receiver.receiver import Receiver
from mcfiber.simulation.equalizers import Equalizer
from mcfiber.simulation.front_end import FrontEnd, ReceivedField
from mcfiber.simulation.points import channels_at, number_at
from mcfiber.simulation.propagation import Effects, Progress, passed
from mcfiber.simulation.transmission_line import TransmissionLine
from mcfiber.simulation.transmitter import (
    GAUSSIAN,
    Draw,
    FrequencyGrid,
    Modulation,
    WdmChannel,
    smooth,
    transmitted,
)
from mcfiber.simulation.truth import Follower, truth_frequencies
from mcfiber.typing import FloatArray


class ShortSimulationWarning(UserWarning):
    """Symbols, taps or samples are so few that they show in the result."""


@dataclass(frozen=True)
class Setup:
    """What is simulated of a system.

    Attributes
    ----------
    channel
        Number of the channel of interest.
    neighbours
        Numbers of all channels that are launched, that of interest among them.
    cores
        Those that carry light; all where left out.
    symbols
        Of the channel of interest in the period.
    samples
        In the period; twice the band of the field where left out.
    modulation
        Format of every channel; the transceiver's where left out, or "gaussian".
    laser_linewidth
        Of the transmitters. [Hz]
    oscillator_linewidth, oscillators
        Of the local oscillators, and whether one is "common" to all cores or "each" has its own. [Hz]
    effects
        What counts.
    point
        Position along every axis of the system.
    """

    channel: int
    neighbours: tuple[int, ...]
    cores: tuple[int, ...] | None = None
    symbols: int = 8192
    samples: int | None = None
    modulation: Modulation = None
    laser_linewidth: float = 0.0
    oscillator_linewidth: float = 0.0
    oscillators: str = "common"
    effects: Effects = field(default_factory=Effects)
    point: Mapping[str, int] = field(default_factory=dict)


class Transmission:
    """A system made ready to be simulated: everything that all realisations share.

    Parameters
    ----------
    scene, arrived
        Records behind the doors.
    setup
        What is simulated.

    Raises
    ------
    ValueError
        If samples are too few for the band, or anything differs along an axis of which no position is given.
    """

    def __init__(self, scene: Scene, arrived: Receiver, setup: Setup) -> None:
        self.setup = setup
        here = dict(setup.point) | {"channel": setup.channel}
        self.line = TransmissionLine.of(scene, channel=setup.channel, cores=setup.cores, point=setup.point)
        self.symbol_rate = number_at(scene.channels.symbol_rate, "symbol_rate", here)
        self.roll_off = number_at(arrived.roll_off, "roll_off", here)
        snr = number_at(arrived.snr, "snr_trx", here)
        given = arrived.receiver_share
        share = 0.0 if given is None else number_at(given, "receiver_noise_share", here)
        self.transmitter_noise, self.receiver_noise = (1.0 - share) / snr, share / snr
        self.modulation = _modulation(arrived, setup)
        self.spacing = self.symbol_rate / setup.symbols
        self.channels = self._channels(scene)
        self.bandwidth = self._bandwidth()
        self.grid = FrequencyGrid(self.spacing, self._samples())

    def _channels(self, scene: Scene) -> tuple[WdmChannel, ...]:
        setup, count = self.setup, scene.channels.count
        frequency = channels_at(scene.channels.frequency, "frequency", setup.point, count)
        rate = channels_at(scene.channels.symbol_rate, "symbol_rate", setup.point, count)
        launch = scene.power.launch
        cores = range(scene.medium.cores) if setup.cores is None else setup.cores
        chosen = setup.neighbours if setup.effects.kerr else (setup.channel,)

        def power(channel: int) -> FloatArray:
            points = (dict(setup.point) | {"channel": channel, "core": core} for core in cores)
            return np.array([number_at(launch, "launch", point) for point in points])

        return tuple(
            WdmChannel(
                round((frequency[one] - frequency[setup.channel]) / self.spacing),
                round(rate[one] / self.spacing),
                power(one),
                self.modulation,
            )
            for one in chosen
        )

    @property
    def place(self) -> int:
        """Of the channel of interest among those that are launched."""
        return [channel.center for channel in self.channels].index(0)

    def _bandwidth(self) -> float:
        """Twice the distance from the middle of the channel of interest to the far edge of the field. [Hz]"""
        edges = [abs(one.center) + 0.5 * (1.0 + self.roll_off) * one.symbols for one in self.channels]
        return float(2.0 * max(edges) * self.spacing)

    def _samples(self) -> int:
        symbols, effects = self.setup.symbols, self.setup.effects
        fewest = 2 * symbols
        if effects.kerr:
            fewest = max(fewest, math.ceil(2.0 * self.bandwidth / self.spacing - 1e-9))
        given = self.setup.samples
        if given is None:
            return smooth(fewest)
        if given < fewest or given % 2:
            msg = (
                f"samples: got {given}; allowed: an even number of at least {fewest}, twice the band of "
                f"{self.bandwidth / 1e9:.4g} GHz, so that products of the Kerr effect do not fold into it"
            )
            raise ValueError(msg)
        return given

    def received(self, draw: Draw, *, fine: bool = False, progress: Progress | None = None) -> ReceivedField:
        """One realisation up to the samples that an equaliser takes.

        Parameters
        ----------
        draw
            The realisation.
        fine
            Whether the channel is to be known at every frequency.
        progress
            Called with the number of spans done, and of all.
        """
        setup, line = self.setup, self.line
        sent = transmitted(
            self.channels,
            self.grid,
            modes=line.modes,
            of_interest=self.place,
            roll_off=self.roll_off,
            noise=self.transmitter_noise,
            linewidth=setup.laser_linewidth,
            draw=draw,
        )
        frequency = truth_frequencies(line, self.symbol_rate, setup.symbols, self.roll_off, fine=fine)
        follower = Follower(line, self.symbol_rate, frequency, noisy=setup.effects.noise, roll_off=self.roll_off)
        centers = np.sort([channel.center * self.spacing for channel in self.channels])
        arrived = passed(
            sent.spectrum,
            self.grid,
            line,
            follower,
            bandwidth=self.bandwidth,
            centers=centers,
            effects=setup.effects,
            draw=draw,
            progress=progress,
        )
        front = FrontEnd(self.receiver_noise, setup.oscillator_linewidth, setup.oscillators)
        dispersion = line.dispersion() if setup.effects.dispersion else (0.0, 0.0)
        samples = front.sampled(arrived.spectrum, self.grid, sent, dispersion, arrived.late, draw)
        return ReceivedField(
            samples=samples,
            symbols=sent.symbols,
            numbers=sent.numbers,
            symbol_rate=self.symbol_rate,
            roll_off=self.roll_off,
            modulation=self.modulation,
            groups=line.groups,
            truths=arrived.truths,
            receiver_noise=self.receiver_noise,
            cores=tuple(range(line.cores)) if setup.cores is None else setup.cores,
        )

    def check(self, equalizer: Equalizer) -> None:
        """Refuse or warn of symbols and taps that are too few.

        Raises
        ------
        ValueError
            If the period is shorter than the window, training symbols are no more than the unknowns, or an adaptive
            equaliser's step does not converge.

        Warns
        -----
        ShortSimulationWarning
            If the window is shorter than the impulse response, or training symbols cost more than half a decibel.

        Notes
        -----
        Truncation: Eq. (4) of `mcfiber.kernels.mode_delay`; finite training raises the error by ``n/(n - p)``.
        """
        count, modes = self.setup.symbols, 2 * max(map(len, self.line.groups))
        if equalizer.kind == "known":
            return
        if equalizer.taps >= 2 * count:
            msg = f"symbols: got {count}; allowed: more than {equalizer.taps // 2}, the window of {equalizer.taps} taps"
            raise ValueError(msg)
        _check_window(self, equalizer.taps)
        if equalizer.kind == "mmse":
            _check_training(equalizer, count, modes * equalizer.taps)
        else:
            _check_step(equalizer, modes)


WIDEST = 2.0 * 2.576
"""Window over the rms of a Gaussian response, outside which lies a hundredth of its energy."""


def _check_window(transmission: Transmission, taps: int) -> None:
    delay = float(transmission.line.delay_rms().max())
    needed = math.ceil(2.0 * transmission.symbol_rate * WIDEST * delay / 2.0) * 2
    if taps < needed:
        msg = (
            f"taps: {taps} span {0.5e12 * taps / transmission.symbol_rate:.4g} ps, where modes have delays of "
            f"{delay * 1e12:.4g} ps rms: more than 1 % of the energy lies outside; {needed} taps are needed"
        )
        warnings.warn(msg, ShortSimulationWarning, stacklevel=4)


def _check_training(equalizer: Equalizer, count: int, unknowns: int) -> None:
    training = count // 2 if equalizer.training is None else equalizer.training
    if training > count:
        msg = f"training: got {training} symbols; allowed: at most {count}, those of the period"
        raise ValueError(msg)
    if training <= unknowns:
        msg = (
            f"training: got {training} symbols for {unknowns} unknowns of a stream; allowed: more than {unknowns}, and "
            f"{44 * unknowns} cost 0.1 dB; give more symbols, or fewer taps"
        )
        raise ValueError(msg)
    if training < 9 * unknowns:
        cost = -10.0 * math.log10(1.0 - unknowns / training)
        msg = (
            f"training: {training} symbols for {unknowns} unknowns of a stream cost {cost:.2g} dB; "
            f"{44 * unknowns} cost 0.1 dB"
        )
        warnings.warn(msg, ShortSimulationWarning, stacklevel=4)


def _check_step(equalizer: Equalizer, modes: int) -> None:
    limit = 2.0 if equalizer.kind == "lms" else 2.0 / modes
    if not 0.0 < equalizer.step < limit:
        msg = f"step: got {equalizer.step:g}; allowed: above 0 and below {limit:g}, where adaptation converges"
        raise ValueError(msg)
    if equalizer.kind == "frequency_lms" and equalizer.taps % 2:
        msg = f"taps: got {equalizer.taps}; allowed: an even number for blocks in the frequency domain"
        raise ValueError(msg)


def _modulation(arrived: Receiver, setup: Setup) -> Any:
    if setup.modulation is not None:
        return setup.modulation
    if len(arrived.formats) > 1:
        msg = (
            f"modulation: the transceiver may use {', '.join(arrived.format_names)}; name the format to simulate, or "
            f'"{GAUSSIAN}"'
        )
        raise ValueError(msg)
    return arrived.formats[0]
