"""What a waveform passes: spans with their mixing, gains of modes, crosstalk, filters, and amplifiers with noise."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mcfiber.labelled import combined
from mcfiber.line.amplifiers import added_noise
from mcfiber.line.budget import Scene
from mcfiber.line.crosstalk import device_shares
from mcfiber.line.line import Filters
from mcfiber.simulation.points import channels_at, number_at
from mcfiber.simulation.splitstep import CoupledFiber
from mcfiber.typing import FloatArray, Quantity

LONGEST_SECTION = 1e3
"""Between two mixtures; well below the effective length. [m]"""

MIXTURES = 100
"""Of a whole line without Kerr effect, at least: what arrives is then Gaussian in time."""

HELD_ANGLE = 0.7
"""Largest ``pi B S sqrt(dz)`` over which a section holds its delays, with the Kerr effect. [rad]"""

Groups = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class TransmissionSpan:
    """One span of fibre and what follows it, in SI; amplitudes are relative to the signal at the amplifiers' outputs.

    Attributes
    ----------
    length, beta2, beta3
        Of its fibre, about the channel of interest. [m, s^2/m, s^3/m]
    attenuation, kerr
        Of each core: power attenuation, and ``8/9 gamma`` times the power at the fibre's input over that at the
        amplifier's output. Shape (core,). [1/m, 1/(W m)]
    mode_dispersion
        Rms delay of the modes of each group per square root of length. Shape (group,). [s/m^0.5]
    loss_rms
        Standard deviation over the modes of each group of the log gains at its end. Shape (group,). [Np]
    noise
        Power spectral density of its amplifier, both polarisations of each core. Shape (core,). [W/Hz]
    coupling
        Power coupling of every pair of weakly coupled cores, devices included; None without. Shape (core, core). [1/m]
    skew, random_skew
        Delay of each core after the one before it. [s/m, s/m^0.5]
    mixes
        Whether modes of one group mix in the fibre; separate fibres only turn polarisations.
    filters
        Number of optical filters in front of its amplifier.
    """

    length: float
    beta2: float
    beta3: float
    attenuation: FloatArray
    kerr: FloatArray
    mode_dispersion: FloatArray
    loss_rms: FloatArray
    noise: FloatArray
    coupling: FloatArray | None = None
    skew: float = 0.0
    random_skew: float = 0.0
    mixes: bool = True
    filters: int = 0

    @property
    def dispersive(self) -> bool:
        """Whether modes have delays."""
        return bool(np.any(self.mode_dispersion > 0.0))

    def fiber(self, core: int, section: float) -> CoupledFiber:
        """Fibre as the split step sees it, of the core that decays as one of them."""
        return CoupledFiber(self.length, float(self.attenuation[core]), self.beta2, 1.0, self.beta3, 1, section)

    def effective_length(self, start: float, stop: float) -> FloatArray:
        """Integral of the relative power of each core between two positions. [m]"""
        alpha = np.where(self.attenuation > 0.0, self.attenuation, 1.0)
        found = (np.exp(-alpha * start) - np.exp(-alpha * stop)) / alpha
        return np.where(self.attenuation > 0.0, found, stop - start)


@dataclass(frozen=True)
class TransmissionLine:
    """A line as a waveform sees it; `of` makes it from the records of a system.

    Attributes
    ----------
    spans
        Spans of one lap.
    count
        Number of spans of the whole line.
    groups
        Cores that share their light, numbered from 0.
    launch
        Power of the channel of interest that noise counts against, both polarisations. Shape (core,). [W]
    power_control
        What amplifiers hold: the power of the "signal", or the "total" power with all noise.
    repeat
        "independent": every span mixes anew; "same": every lap passes the same fibre.
    filters
        Shape of the optical filters; None without.
    """

    spans: tuple[TransmissionSpan, ...]
    count: int
    groups: Groups
    launch: FloatArray
    power_control: Literal["signal", "total"] = "signal"
    repeat: Literal["independent", "same"] = "independent"
    filters: Filters | None = None

    @property
    def cores(self) -> int:
        """Number of cores that carry light."""
        return sum(map(len, self.groups))

    @property
    def modes(self) -> int:
        """Two polarisations of every core."""
        return 2 * self.cores

    @property
    def mixtures(self) -> tuple[tuple[int, ...], ...]:
        """Modes of each group, in its order."""
        return tuple(tuple(mode for core in group for mode in (2 * core, 2 * core + 1)) for group in self.groups)

    def span(self, number: int) -> TransmissionSpan:
        """Span by its number along the whole line."""
        return self.spans[number % len(self.spans)]

    def place(self, number: int) -> int:
        """Which mixtures a span has: those of its place in a lap where laps are the same."""
        return number % len(self.spans) if self.repeat == "same" else number

    @property
    def length(self) -> float:
        """Of the whole line. [m]"""
        return sum(self.span(number).length for number in range(self.count))

    def dispersion(self) -> tuple[float, float]:
        """Accumulated ``beta2`` and ``beta3``. [s^2, s^3]"""
        along = [self.span(number) for number in range(self.count)]
        return sum(span.beta2 * span.length for span in along), sum(span.beta3 * span.length for span in along)

    def delay_rms(self) -> FloatArray:
        """Rms delay of the modes of each group at the end: squares add. Shape (group,). [s]

        Notes
        -----
        Eq. (1) of `mcfiber.kernels.mode_delay`; laps of the same fibre spread up to the number of laps as far.
        """
        along = [self.span(number) for number in range(len(self.spans))]
        once = sum((span.mode_dispersion**2 * span.length for span in along), np.zeros(len(self.groups)))
        laps = self.count / len(self.spans)
        return np.asarray(np.sqrt(once * (laps**2 if self.repeat == "same" else laps)))

    def sections(self, number: int, bandwidth: float, *, kerr: bool) -> int:
        """Number of mixtures in a span.

        Parameters
        ----------
        number
            Of the span.
        bandwidth
            Of the whole field. [Hz]
        kerr
            Whether the Kerr effect acts between them.

        Notes
        -----
        With the Kerr effect a section is at most 1 km long, and holds its delays over ``pi B S sqrt(dz) <= 0.7`` rad:
        the coherence of two frequencies falls as ``exp(-dw^2 S^2 z/2)``, and holding it biases the interference by a
        quarter of the square of that angle. Without it, the whole line has at least 100.
        """
        span = self.span(number)
        alone = all(len(group) == 1 for group in self.groups) or not span.mixes
        if alone and not span.dispersive and span.coupling is None and span.random_skew == 0.0:
            return 1  # nothing but the polarisations turns, over which the 8/9 is an average
        if not kerr:
            return max(math.ceil(MIXTURES / self.count), 2 if span.coupling is None else 20)
        strongest = bandwidth * float(span.mode_dispersion.max())
        held = (HELD_ANGLE / (math.pi * strongest)) ** 2 if strongest > 0.0 else math.inf
        return max(1, math.ceil(span.length / min(LONGEST_SECTION, held) - 1e-9))

    @classmethod
    def of(
        cls,
        scene: Scene,
        *,
        channel: int,
        cores: Sequence[int] | None = None,
        point: Mapping[str, int] | None = None,
    ) -> "TransmissionLine":
        """Line of a system, as the records behind its doors hold it.

        Parameters
        ----------
        scene
            What `mcfiber.evaluate.records` returns first.
        channel
            Number of the channel of interest.
        cores
            Those that carry light, whole groups of them; all where left out.
        point
            Position along every axis.

        Raises
        ------
        ValueError
            If a value differs along an axis of which no position is given, cores of a group are left out, power does
            not decay evenly, or signals change their cores or go both ways.

        Examples
        --------
        >>> from mcfiber import load
        >>> from mcfiber.evaluate import records
        >>> scene, _ = records(load("nict-2025-1808km").system)
        >>> found = TransmissionLine.of(scene, channel=90)
        >>> found.modes, found.count, len(found.spans)
        (38, 21, 1)
        """
        _check(scene)
        here = dict(point or {}) | {"channel": channel}
        known = scene.medium.groups or _groups(scene)
        chosen = tuple(range(scene.medium.cores)) if cores is None else tuple(cores)
        groups = _chosen_groups(known, chosen)
        order = tuple(core for group in groups for core in group)
        reader = _Reader(scene, here, order, groups)
        filters = scene.line.filters
        return cls(
            spans=tuple(reader.span(place) for place in range(scene.line.lap if _uneven(scene) else 1)),
            count=scene.line.count,
            groups=_renumbered(groups),
            power_control="signal" if scene.line.power_control == "signal" else "total",
            repeat=scene.line.repeat,
            filters=None if filters is None else _plain_filters(filters, here),
            launch=reader.by_core(scene.power.launch, "launch", 0),
        )._with_filters()

    def _with_filters(self) -> "TransmissionLine":
        """Filters evenly along the line: one place for every span."""
        if self.filters is None:
            return self
        place = [math.ceil((k + 1) * self.count / self.filters.count) - 1 for k in range(self.filters.count)]
        each = np.bincount(place, minlength=self.count)
        return replace(self, spans=tuple(replace(self.span(k), filters=int(each[k])) for k in range(self.count)))


def _check(scene: Scene) -> None:
    line = scene.line
    if line.is_uneven:
        msg = "span: power decays evenly in a waveform; leave out lumped losses and Raman pumps of the spans"
        raise ValueError(msg)
    if line.permutation is not None or line.directions is not None:
        name = "core_permutation" if line.permutation is not None else "core_directions"
        msg = f"{name}: a waveform keeps to its cores, and all go the same way; leave it out"
        raise ValueError(msg)


def _uneven(scene: Scene) -> bool:
    """Whether anything differs along the spans of a lap."""
    line, medium, power = scene.line, scene.medium, scene.power
    values = (
        *(line.length, line.splice_loss, line.noise_figure, line.mode_dependent_loss, line.polarization_loss),
        *(line.device_crosstalk, medium.attenuation, medium.group_velocity_dispersion, medium.mode_dispersion),
        *(medium.nonlinear_coefficient, medium.power_coupling, medium.separate, power.fiber_input, power.span_loss),
    )
    different = any("span" in getattr(value, "dims", ()) for value in values) or hasattr(line.noise_figure, "each")
    return different or (line.loop is not None and line.loop.spans > 1) or line.pieces is not None


def _groups(scene: Scene) -> Groups:
    cores = range(scene.medium.cores)
    return (tuple(cores),) if scene.medium.coupled_cores > 1 else tuple((core,) for core in cores)


def _chosen_groups(groups: Groups, cores: tuple[int, ...]) -> Groups:
    found = tuple(tuple(group) for group in groups if set(group) & set(cores))
    inside = {core for group in found for core in group}
    if inside != set(cores) or not cores:
        msg = f"cores: got {list(cores)}; allowed: whole groups of {[list(group) for group in groups][:20]}"
        raise ValueError(msg)
    return found


def _renumbered(groups: Groups) -> Groups:
    place, found = 0, []
    for group in groups:
        found.append(tuple(range(place, place + len(group))))
        place += len(group)
    return tuple(found)


def _plain_filters(filters: Filters, here: Mapping[str, int]) -> Filters:
    names = ("bandwidth", "order", "roll_off")
    bandwidth, order, roll_off = (number_at(getattr(filters, name), f"filters.{name}", here) for name in names)
    return Filters(bandwidth, order, roll_off, filters.count)


@dataclass(frozen=True)
class _Reader:
    """Takes the values of one channel and of the chosen cores out of the records."""

    scene: Scene
    here: Mapping[str, int]
    cores: tuple[int, ...]
    groups: Groups

    def by_core(self, value: Quantity, name: str, place: int) -> FloatArray:
        point = dict(self.here) | {"span": place}
        return np.array([number_at(value, name, point | {"core": core}) for core in self.cores])

    def span(self, place: int) -> TransmissionSpan:
        scene = self.scene
        line, medium, power = scene.line, scene.medium, scene.power
        point = dict(self.here) | {"span": place}

        def number(value: Quantity, name: str) -> float:
            return number_at(value, name, point)

        density = added_noise(line, power.span_loss, scene.channels, model=scene.choices.amplifier_noise)
        entering = combined(np.divide, power.fiber_input, power.launch)
        length = number(power.length, "length")
        return TransmissionSpan(
            length=length,
            beta2=number(medium.group_velocity_dispersion, "group_velocity_dispersion"),
            beta3=self._third_order(point),
            attenuation=self.by_core(power.attenuation, "attenuation", place),
            kerr=8.0
            / 9.0
            * self.by_core(medium.nonlinear_coefficient, "nonlinear_coefficient", place)
            * self.by_core(entering, "fiber_input", place),
            mode_dispersion=self._of_groups(medium.mode_dispersion, medium.polarization_dispersion, place),
            loss_rms=self._of_groups(_together(line.mode_dependent_loss), line.polarization_loss, place),
            noise=self.by_core(density, "noise", place),
            coupling=self._coupling(point, length),
            skew=number(medium.skew, "skew"),
            random_skew=number(medium.random_skew, "random_skew"),
            mixes=not bool(number(medium.separate, "separate")),
        )

    def _of_groups(self, together: Quantity, alone: Quantity, place: int) -> FloatArray:
        """Values of groups, which a core by itself has for its two polarisations."""
        point = dict(self.here) | {"span": place}
        found = []
        for group in self.groups:
            value = together if len(group) > 1 else alone
            found.append(number_at(0.0 if value is None else value, "of a group", point | {"core": group[0]}))
        return np.array(found)

    def _third_order(self, point: Mapping[str, int]) -> float:
        """Slope of the dispersion over angular frequency. [s^3/m]"""
        channels, beta2 = self.scene.channels, self.scene.medium.group_velocity_dispersion
        if channels.count < 2:
            return 0.0
        frequency = channels_at(channels.frequency, "frequency", point, channels.count)
        values = channels_at(beta2, "group_velocity_dispersion", point, channels.count)
        return float(np.gradient(values, frequency)[point["channel"]] / (2.0 * math.pi))

    def _coupling(self, point: Mapping[str, int], length: float) -> FloatArray | None:
        """Power coupling of the chosen cores, with what devices add spread over the fibre. [1/m]"""
        coupling = self.scene.medium.power_coupling
        if coupling is None or len(self.groups) < 2:
            return None
        devices = device_shares(coupling) * self.scene.line.device_crosstalk

        def matrix(value: Quantity) -> FloatArray:
            wide = {dim: point[dim] for dim in getattr(value, "dims", ()) if dim not in ("core_out", "core_in")}
            plain = value.isel(wide).transpose("core_out", "core_in").data
            return np.asarray(plain, np.float64)[np.ix_(self.cores, self.cores)]

        found = matrix(coupling) + matrix(devices) / length
        found = 0.5 * (found + found.T)
        same = np.zeros(found.shape, bool)
        for group in _renumbered(self.groups):
            same[np.ix_(group, group)] = True
        return np.where(same, 0.0, found)


def _together(loss: Quantity) -> Quantity:
    """Mode-dependent loss of one span: modes mix between its sources, so that variances add. [Np]"""
    return sum(value**2 for value in loss.values()) ** 0.5 if isinstance(loss, Mapping) else loss
