"""Signals for the split-step method, and the nonlinear interference that a receiver finds in them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import fft

from mcfiber.arguments import NUMBER, SEED, arguments, choice, plain_array, real, several, whole
from mcfiber.simulation.splitstep import HostArrays, SplitStepLine, Steps, linear_channel_removed, propagated
from mcfiber.simulation.streams import Stream, random_stream
from mcfiber.typing import AnyArray, FloatArray

FORMATS = ("gaussian", "qpsk", "16qam", "64qam", "256qam")


_POWERS = plain_array("channel", exact=True, low=1e-30, high=1e6, unit="W")

_EVEN = whole(low=2, high=10_000, remedy="two polarisations for each core")


@dataclass(frozen=True)
class WdmSignal:
    """Channels of rectangular spectra on a periodic frequency grid; symbols are on the grid of their channel.

    Attributes
    ----------
    spectrum
        Fourier transform of the field. Shape (mode, frequency). [W^0.5]
    sample_rate
        Samples in a second. [Hz]
    bins
        Places of each channel's frequencies in the spectrum. Shapes (symbol,).
    power
        Launched in each channel and core, both polarisations. Shape (channel,). [W]
    """

    spectrum: AnyArray
    sample_rate: float
    bins: tuple[AnyArray, ...]
    power: FloatArray

    def channel(self, spectrum: AnyArray, number: int) -> AnyArray:
        """Spectrum of one channel's symbols, in units of the field. Shape (mode, symbol)."""
        return np.asarray(spectrum[:, self.bins[number]])


@arguments(
    frequency=plain_array("channel", exact=True, scalar=False, low=-1e16, high=1e16, unit="Hz"),
    symbol_rate=real(low=1e3, high=1e15, unit="Hz", dims=NUMBER),
    power=_POWERS,
    symbols=whole(low=1, high=2**30),
    samples=whole(low=1, high=2**30),
    modes=_EVEN,
    seed=SEED,
    modulation=choice(*FORMATS),
)
def wdm_signal(
    frequency: Sequence[float] | FloatArray,
    symbol_rate: float,
    power: float | FloatArray,
    *,
    symbols: int,
    samples: int,
    modes: int,
    seed: int,
    modulation: str = "gaussian",
) -> WdmSignal:
    """Random symbols in rectangular (Nyquist) pulses, independent in all channels and modes.

    Parameters
    ----------
    frequency
        Offsets of the channels from the reference of the dispersion; multiples of symbol_rate/symbols. [Hz]
    symbol_rate, power
        Symbol rate; launched power of a channel in a core, both polarisations, met exactly in every draw.
        [Hz, W]
    symbols, samples
        Symbols in the period, and samples in it.
    modes
        Field components: twice the number of cores.
    seed
        Of the symbols.
    modulation
        ``"gaussian"``, ``"qpsk"``, ``"16qam"``, ``"64qam"`` or ``"256qam"``.

    Returns
    -------
    WdmSignal

    Raises
    ------
    ValueError
        If channels overlap, leave the grid or lie between its frequencies, or the modulation is not known.

    Notes
    -----
    Pulses of the least bandwidth without intersymbol interference [1]_.

    References
    ----------
    .. [1] H. Nyquist, "Certain topics in telegraph transmission theory," *Trans. AIEE*, vol. 47, pp. 617-644, 1928.
    """
    frequency = np.asarray(frequency, dtype=float)
    power = np.broadcast_to(np.asarray(power, dtype=float), frequency.shape)
    spacing = symbol_rate / symbols
    center = np.round(frequency / spacing).astype(int)
    if np.any(np.abs(frequency / spacing - center) > 1e-6):
        msg = f"frequency: must be multiples of symbol_rate/symbols = {spacing:.6g} Hz; change symbols"
        raise ValueError(msg)
    if np.any(np.diff(np.sort(center)) < symbols) or np.abs(center).max() + symbols // 2 > samples // 2:
        short = f"{samples} samples hold less than their band"
        msg = f"frequency: channels overlap, or {short}; need more samples or spacing"
        raise ValueError(msg)
    spectrum = np.zeros((modes, samples), complex)
    order = np.fft.fftfreq(symbols, 1.0 / symbols).astype(int)
    bins = []
    for number, place in enumerate(center):
        generator = random_stream(Stream.WAVEFORMS, seed, number)
        values = np.fft.fft(_symbols(generator, modulation, (modes, symbols)), axis=-1)
        energy = np.mean(np.abs(values.reshape(modes // 2, -1)) ** 2, axis=-1) * 2 * symbols
        scale = np.repeat(np.sqrt(power[number] / energy), 2) * samples
        bins.append((order + place) % samples)
        spectrum[:, bins[-1]] = values * scale[:, None]
    return WdmSignal(spectrum, spacing * samples, tuple(bins), power)


def _symbols(generator: np.random.Generator, modulation: str, shape: tuple[int, int]) -> AnyArray:
    if modulation == "gaussian":
        return np.asarray(generator.normal(size=shape) + 1j * generator.normal(size=shape))
    levels = 2 if modulation == "qpsk" else math.isqrt(int(modulation.removesuffix("qam")))
    draw = 2.0 * generator.integers(0, levels, (2, *shape)) - (levels - 1)
    return np.asarray(draw[0] + 1j * draw[1])


@dataclass(frozen=True)
class InterferenceEstimate:
    """Interference power of each channel in one core, mean over cores and draws, and its standard error. [W]

    Attributes
    ----------
    power, standard_error
        Shape (channel,). The error is that of the mean over the draws; infinite for one draw.
    draws
        Every draw's power. Shape (draw, channel).
    """

    power: FloatArray
    standard_error: FloatArray
    draws: FloatArray


@arguments(received=plain_array("mode", "frequency", exact=True, scalar=False, kind="complex"))
def received_noise(
    signal: WdmSignal, received: AnyArray, *, gain_removal: Literal["least_squares", "phase"] = "least_squares"
) -> FloatArray:
    """Noise power of each channel in one core after the linear channel has been removed.

    Parameters
    ----------
    signal
        What was sent.
    received
        Spectrum without the linear channel. Shape (mode, frequency). [W^0.5]
    gain_removal
        ``"least_squares"`` fits the matrix of gains between all modes, which also takes away the part of the
        interference that is in proportion to the symbols; ``"phase"`` removes one common phase only.

    Returns
    -------
    ndarray
        Mean over cores, both polarisations; free of the bias of the fitted gains. Shape (channel,). [W]

    Notes
    -----
    What least squares take away is a part of Eq. (4) of `mcfiber.kernels.egn`.
    """
    if received.shape != signal.spectrum.shape:
        msg = f"received: got an array of shape {received.shape}; allowed: {signal.spectrum.shape}, as was sent"
        raise ValueError(msg)
    out = np.empty(len(signal.bins))
    for number in range(len(signal.bins)):
        sent, got = signal.channel(signal.spectrum, number), signal.channel(received, number)
        modes, symbols = sent.shape
        if gain_removal == "least_squares":
            gain = np.linalg.solve(sent @ sent.conj().T, sent @ got.conj().T).conj().T
            residue, freedom = got - gain @ sent, symbols - modes
        else:
            common = np.vdot(sent, got)
            residue, freedom = got - sent * (common / abs(common)), symbols
        share = symbols / freedom / (modes / 2)
        out[number] = share * np.sum(np.abs(residue) ** 2) / signal.spectrum.shape[1] ** 2
    return out


@arguments(
    frequency=plain_array("channel", exact=True, scalar=False, low=-1e16, high=1e16, unit="Hz"),
    symbol_rate=real(low=1e3, high=1e15, unit="Hz", dims=NUMBER),
    power=_POWERS,
    seeds=several(SEED, different=True),
    symbols=whole(low=1, high=2**30),
    oversampling=whole(low=2, high=64),
    modulation=choice(*FORMATS),
)
def simulated_interference(
    frequency: Sequence[float] | FloatArray,
    symbol_rate: float,
    power: float,
    line: SplitStepLine,
    *,
    seeds: Sequence[int],
    symbols: int = 4096,
    oversampling: int = 2,
    modulation: str = "gaussian",
    steps: Steps | None = None,
    precision: Literal["single", "double"] = "single",
    gain_removal: Literal["least_squares", "phase"] = "least_squares",
    arrays: HostArrays | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> InterferenceEstimate:
    """Nonlinear interference of WDM channels by the split-step method, over random draws.

    Parameters
    ----------
    frequency, symbol_rate, power
        As in `wdm_signal`. [Hz, Hz, W]
    line
        Fibre and spans; its seed is replaced by each of `seeds`.
    seeds
        One draw of symbols and mixtures each.
    symbols
        Symbols of a draw. Power fluctuates between draws as 1/sqrt(symbols) within a channel, and enters cubed.
    oversampling
        Samples over the occupied band, at least 2.
    modulation, gain_removal
        See `wdm_signal` and `received_noise`.
    steps, precision, arrays, progress
        See `mcfiber.simulation.splitstep.propagated`.

    Returns
    -------
    InterferenceEstimate

    Notes
    -----
    Coupled Manakov equations [1]_; to first order the mean is Eq. (1) of :doc:`/theory/nonlinear-interference`
    times Eq. (3) there, for Gaussian signals and without mode dispersion.

    References
    ----------
    .. [1] C. Antonelli, M. Shtaif, and A. Mecozzi, "Modeling of nonlinear propagation in space-division multiplexed
       fiber-optic transmission," *J. Lightw. Technol.*, vol. 34, pp. 36-54, 2016.

    Examples
    --------
    >>> from mcfiber.simulation.splitstep import CoupledFiber
    >>> fiber = CoupledFiber(length=80e3, attenuation=4.6e-5, beta2=-21.7e-27, gamma=1.3e-3)
    >>> estimate = simulated_interference([0.0], 32e9, 1e-3, SplitStepLine(fiber), seeds=range(2), symbols=512)
    >>> estimate.draws.shape
    (2, 1)
    """
    frequency = np.asarray(frequency, dtype=float)
    widest = 2.0 * np.abs(frequency).max() + symbol_rate
    samples = _smooth(math.ceil(oversampling * widest / symbol_rate * symbols))
    draws = []
    for seed in seeds:
        period = {"symbols": symbols, "samples": samples, "modes": line.fiber.modes}
        signal = wdm_signal(frequency, symbol_rate, power, **period, seed=seed, modulation=modulation)
        way = replace(line, seed=seed)
        received = propagated(
            signal.spectrum, signal.sample_rate, way, steps=steps, precision=precision, arrays=arrays, progress=progress
        )
        field = linear_channel_removed(received, signal.sample_rate, way, arrays=arrays)
        draws.append(received_noise(signal, field, gain_removal=gain_removal))
    every = np.array(draws)
    error = every.std(axis=0, ddof=1) / math.sqrt(len(draws)) if len(draws) > 1 else np.full(frequency.size, np.inf)
    return InterferenceEstimate(every.mean(axis=0), error, every)


def _smooth(size: int) -> int:
    """Next even length with small prime factors."""
    return 2 * int(fft.next_fast_len((size + 1) // 2))
