"""Coupled Manakov equations by the symmetric split-step method, in cores that mix at random.

In each core ``dA/dz = (-attenuation/2 + j beta2/2 w^2 + j beta3/6 w^3) A + j (8/9) gamma |A|^2 A``; after each
section a random unitary matrix mixes the two polarisations of all cores, and each mixture gets its own delay.
Amplitudes are normalised to the loss, and amplifiers restore the power: the linear part is unitary.  One core
alone is the Manakov equation.  Interference shrinks as 3/(2 cores + 1) when cores mix strongly [1]_.

References
----------
.. [1] C. Antonelli, M. Shtaif, A. Mecozzi, "Modeling of nonlinear propagation in space-division multiplexed
   fiber-optic transmission," J. Lightw. Technol., vol. 34, pp. 36-54, 2016.
.. [2] S. Musetti, P. Serena, A. Bononi, "On the accuracy of split-step Fourier simulations for wideband
   nonlinear optical communications," J. Lightw. Technol., vol. 36, pp. 5669-5677, 2018.
"""

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import DTypeLike
from scipy import fft

from mcfiber.arguments import NUMBER, SEED, arguments, plain_array, real, whole
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.medium import FiberMedium
from mcfiber.kernels.splitstep import delayed, filtered, kerr_rotation, transfer
from mcfiber.line.line import Line
from mcfiber.simulation.points import channels_at, number_at, received_together
from mcfiber.simulation.streams import Stream, random_stream
from mcfiber.typing import AnyArray, FloatArray

RESOLVED_PHASE = math.pi  # mismatch of the outermost four-wave mixing in a step, above which it is not resolved
EQUAL_STEPS = 8  # steps of one length in a row, so that their transfer function is computed once
KEPT_LENGTHS = 16  # transfer functions held at a time

DeviceArray: TypeAlias = Any
"""Array of the module that computes: NumPy's, or CuPy's on a graphics processor, which have no type in common."""


class UnresolvedStepWarning(UserWarning):
    """Steps too long for the signal's bandwidth: the interference comes out too large."""


@arguments(
    length=real(above=0, high=1e12, unit="m", dims=NUMBER),
    attenuation=real(low=0, high=10, unit="1/m", dims=NUMBER),
    beta2=real(low=-1e-20, high=1e-20, unit="s^2/m", dims=NUMBER),
    gamma=real(low=0, high=1e3, unit="1/(W m)", dims=NUMBER),
    beta3=real(low=-1e-30, high=1e-30, unit="s^3/m", dims=NUMBER),
    cores=whole(low=1, high=5000),
    section=real(above=0, infinite=True, unit="m", dims=NUMBER),
    mode_dispersion=real(low=0, high=1, unit="s/sqrt(m)", dims=NUMBER),
)
@dataclass(frozen=True)
class CoupledFiber:
    """A span of fibre with equal cores, in SI.

    Attributes
    ----------
    length, attenuation, beta2, beta3
        Of the span; power attenuation. [m, 1/m, s^2/m, s^3/m]
    gamma
        Nonlinear coefficient of one core, without the 8/9. [1/(W m)]
    cores
        Number of cores whose fields mix; a core alone holds two polarisations.
    section
        Length between two random mixtures; infinity for none (the 8/9 has averaged the polarisations). [m]
    mode_dispersion
        Rms of the delays of the 2 x cores modes after a length, over its square root. [s/m^0.5]
    averaged
        Whether the Kerr effect acts on the power of all cores together, with 8/9 x 3/(2 cores + 1), instead of in
        each core between the mixtures.
    """

    length: float
    attenuation: float
    beta2: float
    gamma: float
    beta3: float = 0.0
    cores: int = 1
    section: float = math.inf
    mode_dispersion: float = 0.0
    averaged: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if math.isinf(self.section) and (self.mode_dispersion > 0.0 or (self.cores > 1 and not self.averaged)):
            msg = "section: give the length between two mixtures: without it cores do not mix and modes have no delay"
            raise ValueError(msg)

    @classmethod
    def of(
        cls,
        line: Line,
        medium: FiberMedium,
        channels: Channels | None = None,
        *,
        channel: int | None = None,
        point: Mapping[str, int] | None = None,
        section: float = math.inf,
        averaged: bool = False,
    ) -> "CoupledFiber":
        """Span of a system, as the records behind its doors hold it; splices are spread over the fibre.

        Parameters
        ----------
        line, medium
            Records in SI.
        channels
            For the slope of the dispersion; without them `beta3` is 0.
        channel
            Number of the channel that offsets of frequency count from: where dispersion and the rest are taken.
        point
            Position along every axis, of a span where they differ, and of a core where cores differ.
        section, averaged
            As above: how cores that share their light mix.

        Raises
        ------
        ValueError
            If a value differs along a dimension of which no position is given, or power does not decay evenly.

        Examples
        --------
        >>> from mcfiber import load
        >>> from mcfiber.evaluate import records
        >>> scene, _ = records(load("nict-2025-1808km").system)
        >>> fiber = CoupledFiber.of(scene.line, scene.medium, scene.channels, channel=90, section=1e3)
        >>> fiber.cores, fiber.length
        (19, 86100.0)
        """
        here = dict(point or {}) | ({} if channel is None else {"channel": channel})
        if line.is_uneven:
            msg = "power decays evenly in the split step; leave out lumped losses and Raman pumps of the spans"
            raise ValueError(msg)
        if line.permutation is not None and "core" in here:
            msg = "permutation: signals change their cores from span to span, so one core is no line; leave it out"
            raise ValueError(msg)
        cores = received_together(medium, here)
        length = number_at(line.length, "length", here)
        splices = number_at(line.splice_loss, "splice_loss", here)
        known = cores > 1 and medium.mode_dispersion is not None
        return cls(
            length=length,
            attenuation=number_at(medium.attenuation, "attenuation", here) + splices / length,
            beta2=number_at(medium.group_velocity_dispersion, "group_velocity_dispersion", here),
            gamma=number_at(medium.nonlinear_coefficient, "nonlinear_coefficient", here),
            beta3=0.0 if channels is None else _third_order(medium, channels, here),
            cores=cores,
            section=section,
            mode_dispersion=number_at(medium.mode_dispersion, "mode_dispersion", here) if known else 0.0,
            averaged=averaged,
        )

    @property
    def modes(self) -> int:
        """Field components: two polarisations of each core."""
        return 2 * self.cores

    def effective_length(self, start: float, stop: float) -> float:
        """Integral of the relative power between two positions. [m]"""
        if self.attenuation == 0.0:
            return stop - start
        return (math.exp(-self.attenuation * start) - math.exp(-self.attenuation * stop)) / self.attenuation


def _third_order(medium: FiberMedium, channels: Channels, point: Mapping[str, int]) -> float:
    """Slope of the dispersion over angular frequency. [s^3/m]"""
    if channels.count < 2:
        return 0.0
    frequency = channels_at(channels.frequency, "frequency", point, channels.count)
    beta2 = channels_at(medium.group_velocity_dispersion, "group_velocity_dispersion", point, channels.count)
    slope = np.gradient(beta2, frequency)[point.get("channel", 0)]
    return float(slope / (2.0 * math.pi))


@arguments(phase=real(above=0, high=1e6, unit="rad", dims=NUMBER), count=whole(low=1))
@dataclass(frozen=True)
class Steps:
    """How a span is cut into steps.

    Attributes
    ----------
    rule
        ``"four_wave_mixing"``: the first step lets the outermost four-wave mixing of the band turn by `phase`,
        later ones grow with the third root of the loss, which keeps the local error constant;
        ``"logarithmic"``: `count` steps of equal effective length; ``"constant"``: `count` equal steps.
    phase
        Mismatch ``pi^2 |beta2| bandwidth^2`` times the first step. [rad]
    count
        Number of steps in a span, before they are fitted into sections.
    """

    rule: Literal["four_wave_mixing", "logarithmic", "constant"] = "four_wave_mixing"
    phase: float = 0.25 * RESOLVED_PHASE
    count: int = 100

    def length(self, fiber: CoupledFiber, position: float, bandwidth: float) -> float:
        """Length of a step that starts at a position of the span. [m]"""
        loss = fiber.attenuation * position
        if self.rule == "four_wave_mixing":
            return self.phase / max(_mismatch(fiber, bandwidth), 1e-300) * math.exp(loss / 3.0)
        if self.rule == "logarithmic" and fiber.attenuation > 0.0:
            share = fiber.effective_length(0.0, fiber.length) / self.count
            rest = math.exp(-loss) - fiber.attenuation * share
            return -math.log(rest) / fiber.attenuation - position if rest > 0.0 else math.inf
        return fiber.length / self.count

    def plan(self, fiber: CoupledFiber, bandwidth: float) -> list[list[float]]:
        """Lengths of the steps, section by section. [m]"""
        sections = max(1, math.ceil(fiber.length / fiber.section - 1e-9))
        width = fiber.length / sections
        plan = [self._section(fiber, number * width, (number + 1) * width, bandwidth) for number in range(sections)]
        turn = _mismatch(fiber, bandwidth) * plan[0][0]
        if turn > RESOLVED_PHASE * (1.0 + 1e-9):
            needed = plan[0][0] * RESOLVED_PHASE / turn
            msg = (
                f"the first step of {plan[0][0]:.4g} m is too long for a bandwidth of {bandwidth:.4g} Hz: "
                f"interference will come out too large; at most {needed:.4g} m are needed"
            )
            warnings.warn(msg, UnresolvedStepWarning, stacklevel=3)
        return plan

    def _section(self, fiber: CoupledFiber, start: float, stop: float, bandwidth: float) -> list[float]:
        lengths: list[float] = []
        while stop - start > 1e-9 * stop:
            step = self.length(fiber, start, bandwidth)
            repeats = 1 if self.rule == "logarithmic" else EQUAL_STEPS
            if step * repeats >= (stop - start) * (1.0 - 1e-9):  # what is left, in equal steps
                repeats = max(1, math.ceil((stop - start) / step - 1e-9))
                step = (stop - start) / repeats
            lengths += [step] * repeats
            start += step * repeats
        return lengths


def _mismatch(fiber: CoupledFiber, bandwidth: float) -> float:
    """Largest four-wave mixing mismatch at the middle of the band. [1/m]"""
    return math.pi**2 * (abs(fiber.beta2) + math.pi * abs(fiber.beta3) * bandwidth) * bandwidth**2


@dataclass(frozen=True)
class Mixing:
    """Random mixtures of one span: unitary matrices and delays for each section, drawn on the host.

    Attributes
    ----------
    matrices
        Shape (section, mode, mode).
    delays
        Shape (section, mode). [s]
    """

    matrices: AnyArray
    delays: FloatArray

    @classmethod
    def draw(cls, fiber: CoupledFiber, seed: int, span: int) -> "Mixing | None":
        """Draw the mixtures of a span; the same ones for the same seed and span, whatever device computes."""
        if math.isinf(fiber.section):
            return None
        generator = random_stream(Stream.SPLIT_STEP, seed, span)
        sections, modes = max(1, math.ceil(fiber.length / fiber.section - 1e-9)), fiber.modes
        shape = (sections, modes, modes)
        gaussian = generator.normal(size=shape) + 1j * generator.normal(size=shape)
        q, r = np.linalg.qr(gaussian)
        diagonal = np.einsum("sii->si", r)
        delays = generator.normal(size=(sections, modes))
        delays -= delays.mean(axis=1, keepdims=True)
        rms = np.sqrt(np.mean(delays**2, axis=1, keepdims=True))
        delays *= fiber.mode_dispersion * math.sqrt(fiber.length / sections) / rms
        return cls(q * (diagonal / np.abs(diagonal))[:, None, :], delays)


class HostArrays:
    """The arrays' side of the computation: scipy's Fourier transform and compiled loops."""

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers

    def array(self, values: DeviceArray, kind: DTypeLike) -> DeviceArray:
        """Copy values to the device."""
        return np.array(values, dtype=kind, order="C")

    def host(self, values: DeviceArray) -> AnyArray:
        """Copy values to the host."""
        return np.asarray(values)

    def forward(self, field: DeviceArray) -> DeviceArray:
        """Spectrum of each row."""
        return fft.fft(field, axis=-1, overwrite_x=True, workers=self.workers)

    def backward(self, field: DeviceArray) -> DeviceArray:
        """Field of each row."""
        return fft.ifft(field, axis=-1, overwrite_x=True, workers=self.workers)

    def kerr(self, field: DeviceArray, strength: float, groups: int) -> DeviceArray:
        """Rotate each group of components by its power."""
        kerr_rotation(np.full(groups, strength), field.reshape(groups, -1, field.shape[-1]))
        return field

    def transfer(self, propagation: DeviceArray, length: float, kind: DTypeLike) -> DeviceArray:
        """Transfer function of a piece of fibre."""
        out = np.empty((1, propagation.size), kind)
        transfer(propagation[None], np.array([length]), out)
        return out[0]

    def filtered(self, field: DeviceArray, function: DeviceArray) -> DeviceArray:
        """Multiply all rows by a transfer function."""
        filtered(function, field)
        return field

    def delayed(self, field: DeviceArray, turns: FloatArray) -> DeviceArray:
        """Delay each row."""
        delayed(turns, field)
        return field


class ModuleArrays(HostArrays):
    """The same with the operations of an array module alone: NumPy, or CuPy on a graphics processor."""

    def __init__(self, module: ModuleType, fourier: ModuleType) -> None:
        super().__init__()
        self.module = module
        self.fourier = fourier

    def array(self, values: DeviceArray, kind: DTypeLike) -> DeviceArray:
        """Copy values to the device."""
        return self.module.array(values, dtype=kind)

    def host(self, values: DeviceArray) -> AnyArray:
        """Copy values to the host."""
        return np.asarray(values.get() if hasattr(values, "get") else values)

    def forward(self, field: DeviceArray) -> DeviceArray:
        """Spectrum of each row."""
        return self.fourier.fft(field, axis=-1).astype(field.dtype, copy=False)

    def backward(self, field: DeviceArray) -> DeviceArray:
        """Field of each row."""
        return self.fourier.ifft(field, axis=-1).astype(field.dtype, copy=False)

    def kerr(self, field: DeviceArray, strength: float, groups: int) -> DeviceArray:
        """Rotate each group of components by its power."""
        grouped = field.reshape(groups, -1, field.shape[-1])
        power = (grouped.real**2 + grouped.imag**2).sum(axis=1, keepdims=True)
        return (grouped * self.module.exp(1j * strength * power).astype(field.dtype)).reshape(field.shape)

    def transfer(self, propagation: DeviceArray, length: float, kind: DTypeLike) -> DeviceArray:
        """Transfer function of a piece of fibre."""
        return self.module.exp(1j * length * propagation).astype(kind)

    def filtered(self, field: DeviceArray, function: DeviceArray) -> DeviceArray:
        """Multiply all rows by a transfer function."""
        return field * function

    def delayed(self, field: DeviceArray, turns: FloatArray) -> DeviceArray:
        """Delay each row."""
        order = self.module.fft.fftfreq(field.shape[-1], 1.0 / field.shape[-1])
        phase = self.module.asarray(turns)[:, None] * order
        return field * self.module.exp(-1j * phase).astype(field.dtype)


@arguments(spans=whole(low=1), seed=SEED)
@dataclass(frozen=True)
class SplitStepLine:
    """Equal spans, each followed by an amplifier that restores the power exactly; no noise.

    Attributes
    ----------
    fiber
        One span.
    spans
        Number of spans.
    seed
        Of the random mixtures.
    repeated
        Whether all spans have the mixtures of the first one (a loop).
    """

    fiber: CoupledFiber
    spans: int = 1
    seed: int = 0
    repeated: bool = False

    @classmethod
    def of(
        cls,
        line: Line,
        medium: FiberMedium,
        channels: Channels | None = None,
        *,
        channel: int | None = None,
        point: Mapping[str, int] | None = None,
        section: float = math.inf,
        averaged: bool = False,
        seed: int = 0,
    ) -> "SplitStepLine":
        """Line of a system, as the records behind its doors hold it.

        Signals are launched with the power at the fibre's input, `mcfiber.line.power.PowerProfile.fiber_input`.

        Parameters
        ----------
        line, medium, channels, channel, point, section, averaged
            As for `CoupledFiber.of`.
        seed
            Of the random mixtures.

        Raises
        ------
        ValueError
            As `CoupledFiber.of`, or if a span is chosen of several, which differ.

        Examples
        --------
        >>> from mcfiber import load
        >>> from mcfiber.evaluate import records
        >>> scene, _ = records(load("nict-2025-1808km").system)
        >>> found = SplitStepLine.of(scene.line, scene.medium, channel=90, section=1e3)
        >>> found.spans, found.repeated
        (21, False)
        """
        if line.count > 1 and "span" in (point or {}):
            msg = "span: all spans of a line of the split step are equal; choose one by CoupledFiber.of"
            raise ValueError(msg)
        fiber = CoupledFiber.of(
            line, medium, channels, channel=channel, point=point, section=section, averaged=averaged
        )
        return cls(fiber, line.count, seed, line.repeat == "same")

    def mixings(self) -> Iterator[Mixing | None]:
        """Mixtures, span by span."""
        for span in range(self.spans):
            yield Mixing.draw(self.fiber, self.seed, 0 if self.repeated else span)


@arguments(
    spectrum=plain_array("mode", "frequency", exact=True, scalar=False, kind="complex"),
    sample_rate=real(above=0, high=1e16, unit="Hz", dims=NUMBER),
    bandwidth=real(above=0, high=1e16, unit="Hz", dims=NUMBER),
)
def propagated(
    spectrum: AnyArray,
    sample_rate: float,
    line: SplitStepLine,
    *,
    steps: Steps | None = None,
    bandwidth: float | None = None,
    precision: Literal["single", "double"] = "double",
    arrays: HostArrays | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> AnyArray:
    """Spectrum of the field after a line.

    Parameters
    ----------
    spectrum
        Fourier transform of the periodic field, polarisations of a core side by side.
        Shape (mode, frequency). [W^0.5]
    sample_rate
        Samples in a second; at least twice the bandwidth, so that mixing products do not fold into it. [Hz]
    line
        Fibre, spans, seed.
    steps
        Cut of a span into steps.
    bandwidth
        Occupied by the signal; found from the spectrum if left out. [Hz]
    precision
        ``"single"`` (complex64) is enough for one span: about -85 dB of the signal.
    arrays
        Where arrays live: `HostArrays` by default, `ModuleArrays` for another array module.
    progress
        Called with the number of sections done, and of all sections.

    Returns
    -------
    ndarray
        Spectrum on the host, with the whole linear channel in it. Shape (mode, frequency). [W^0.5]

    Raises
    ------
    ValueError
        If the spectrum's rows are not the fibre's modes, or the sample rate is below twice the bandwidth.

    Warns
    -----
    UnresolvedStepWarning
        If the first step cannot resolve the bandwidth.

    Notes
    -----
    Coupled Manakov equations [1]_; step lengths after [2]_. A step takes Eq. (1) and Eq. (3) of
    `mcfiber.kernels.splitstep`.

    References
    ----------
    .. [1] C. Antonelli, M. Shtaif, and A. Mecozzi, "Modeling of nonlinear propagation in space-division multiplexed
       fiber-optic transmission," *J. Lightw. Technol.*, vol. 34, pp. 36-54, 2016.
    .. [2] S. Musetti, P. Serena, and A. Bononi, "On the accuracy of split-step Fourier simulations for wideband
       nonlinear optical communications," *J. Lightw. Technol.*, vol. 36, pp. 5669-5677, 2018.

    Examples
    --------
    >>> import numpy as np
    >>> fiber = CoupledFiber(length=80e3, attenuation=4.6e-5, beta2=-21.7e-27, gamma=1.3e-3)
    >>> from mcfiber.simulation.waveforms import wdm_signal
    >>> signal = wdm_signal([0.0], 32e9, 1e-3, symbols=256, samples=1024, modes=2, seed=1)
    >>> received = propagated(signal.spectrum, signal.sample_rate, SplitStepLine(fiber))
    >>> float(round(np.sum(np.abs(received) ** 2) / np.sum(np.abs(signal.spectrum) ** 2), 9))
    1.0
    """
    fiber = line.fiber
    if spectrum.shape[0] != fiber.modes:
        msg = f"spectrum: has {spectrum.shape[0]} rows; {fiber.cores} cores have {fiber.modes} components"
        raise ValueError(msg)
    occupied = _occupied(spectrum, sample_rate) if bandwidth is None else bandwidth
    if sample_rate < 2.0 * occupied * (1.0 - 1e-9):
        msg = f"sample_rate: got {sample_rate:.4g} Hz; allowed: at least twice the bandwidth, {2.0 * occupied:.4g} Hz"
        raise ValueError(msg)
    plan = (steps or Steps()).plan(fiber, occupied)
    engine = _Engine(fiber, spectrum.shape[1], sample_rate, precision, arrays or HostArrays())
    field = engine.arrays.array(spectrum, engine.kind)
    for span, mixing in enumerate(line.mixings()):
        position = 0.0
        for section, lengths in enumerate(plan):
            field = engine.section(field, position, lengths)
            if mixing is not None:
                field = engine.mixed(field, mixing.matrices[section], mixing.delays[section])
            position += sum(lengths)
            if progress is not None:
                progress(span * len(plan) + section + 1, line.spans * len(plan))
    return engine.arrays.host(field)


@arguments(
    spectrum=plain_array("mode", "frequency", exact=True, scalar=False, kind="complex"),
    sample_rate=real(above=0, high=1e16, unit="Hz", dims=NUMBER),
)
def linear_channel_removed(
    spectrum: AnyArray, sample_rate: float, line: SplitStepLine, *, arrays: HostArrays | None = None
) -> AnyArray:
    """Spectrum without the linear part of a line: dispersion, mixtures and delays undone, last first.

    Parameters
    ----------
    spectrum, sample_rate, line, arrays
        As in `propagated`.

    Returns
    -------
    ndarray
        Shape (mode, frequency). [W^0.5]

    Notes
    -----
    Inverse of Eq. (3) and Eq. (4) of `mcfiber.kernels.splitstep` and of the mixtures.
    """
    fiber = line.fiber
    engine = _Engine(fiber, spectrum.shape[1], sample_rate, "double", arrays or HostArrays())
    field = engine.arrays.array(spectrum, engine.kind)
    for mixing in reversed(list(line.mixings())):
        for section in range(0 if mixing is None else len(mixing.delays) - 1, -1, -1):
            if mixing is not None:
                field = engine.unmixed(field, mixing.matrices[section], mixing.delays[section])
    field = engine.linear(field, -fiber.length * line.spans)
    return engine.arrays.host(field)


class _Engine:
    """Operators of one fibre on one frequency grid."""

    def __init__(self, fiber: CoupledFiber, size: int, sample_rate: float, precision: str, arrays: HostArrays) -> None:
        self.fiber = fiber
        self.arrays = arrays
        self.kind = np.complex64 if precision == "single" else np.complex128
        self.duration = size / sample_rate
        w = 2.0 * math.pi * np.fft.fftfreq(size, 1.0 / sample_rate)
        self.propagation = arrays.array(fiber.beta2 / 2.0 * w**2 + fiber.beta3 / 6.0 * w**3, np.float64)
        self.kept: dict[float, DeviceArray] = {}

    def linear(self, field: DeviceArray, length: float) -> DeviceArray:
        """Dispersion of a length; transfer functions of the latest lengths are kept."""
        if length not in self.kept:
            if len(self.kept) >= KEPT_LENGTHS:
                self.kept.clear()
            self.kept[length] = self.arrays.transfer(self.propagation, length, self.kind)
        return self.arrays.filtered(field, self.kept[length])

    def section(self, field: DeviceArray, position: float, lengths: list[float]) -> DeviceArray:
        """Steps of a section: half the dispersion, the Kerr phase, half the dispersion; neighbours' halves together."""
        fiber = self.fiber
        field = self.linear(field, 0.5 * lengths[0])
        factor = 8.0 / 9.0 * fiber.gamma * (3.0 / (2 * fiber.cores + 1) if fiber.averaged else 1.0)
        for index, step in enumerate(lengths):
            strength = factor * fiber.effective_length(position, position + step)
            field = self.arrays.backward(field)
            field = self.arrays.kerr(field, strength, 1 if fiber.averaged else fiber.cores)
            field = self.arrays.forward(field)
            rest = lengths[index + 1] if index + 1 < len(lengths) else 0.0
            field = self.linear(field, 0.5 * (step + rest))
            position += step
        return field

    def mixed(self, field: DeviceArray, matrix: AnyArray, delays: FloatArray) -> DeviceArray:
        """Mixture after a section: a unitary matrix, then delays."""
        field = self.arrays.array(matrix, self.kind) @ field
        return self.arrays.delayed(field, 2.0 * math.pi * delays / self.duration) if np.any(delays) else field

    def unmixed(self, field: DeviceArray, matrix: AnyArray, delays: FloatArray) -> DeviceArray:
        """Undo a mixture."""
        if np.any(delays):
            field = self.arrays.delayed(field, -2.0 * math.pi * delays / self.duration)
        return self.arrays.array(matrix.conj().T, self.kind) @ field


def _occupied(spectrum: AnyArray, sample_rate: float) -> float:
    """Width of the band that holds anything."""
    order = np.fft.fftfreq(spectrum.shape[1], 1.0 / sample_rate)
    bin_width = sample_rate / spectrum.shape[1]
    there = order[np.any(np.abs(spectrum) > 1e-9 * np.abs(spectrum).max(), axis=0)]
    return float(np.ptp(there) + bin_width) if there.size else bin_width  # a dark field stays dark
