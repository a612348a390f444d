"""Split-step method: exact solutions, conservation, order of convergence, theory with its standard error."""

import math
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import fft

from mcfiber.simulation.splitstep import (
    CoupledFiber,
    Mixing,
    ModuleArrays,
    SplitStepLine,
    Steps,
    UnresolvedStepWarning,
    linear_channel_removed,
    propagated,
)
from mcfiber.simulation.waveforms import received_noise, simulated_interference, wdm_signal
from mcfiber.typing import AnyArray
from mcfiber.units import SPEED_OF_LIGHT

BETA2 = -17e-6 * 1550e-9**2 / (2 * math.pi * SPEED_OF_LIGHT)
LOSS = 0.2e-3 * math.log(10) / 10
FIBER = CoupledFiber(length=100e3, attenuation=LOSS, beta2=BETA2, gamma=1.3e-3)
COUPLED = replace(FIBER, cores=3, section=5e3, mode_dispersion=1e-13, beta3=1.4e-40)


def signal(modes: int = 2, power: float = 1e-3, symbols: int = 512, seed: int = 1) -> Any:
    return wdm_signal([0.0], 32e9, power, symbols=symbols, samples=4 * symbols, modes=modes, seed=seed)


def energy(spectrum: AnyArray) -> float:
    return float(np.sum(np.abs(spectrum) ** 2))


# ---------------------------------------------------------------------------------------------------------
# exact properties


def test_energy_conserved() -> None:
    sent = signal(6, power=0.05)
    line = SplitStepLine(replace(COUPLED, attenuation=0.0), spans=2)
    received = propagated(sent.spectrum, sent.sample_rate, line, steps=Steps("constant", count=100))
    assert energy(received) == pytest.approx(energy(sent.spectrum), rel=1e-10)
    assert np.abs(received - sent.spectrum).max() > 0.1 * np.abs(sent.spectrum).max()


@pytest.mark.parametrize("fiber", [FIBER, COUPLED])
def test_linear_channel_inverse(fiber: CoupledFiber) -> None:
    sent = signal(fiber.modes)
    line = SplitStepLine(replace(fiber, gamma=0.0), spans=3, seed=4)
    received = propagated(sent.spectrum, sent.sample_rate, line)
    back = linear_channel_removed(received, sent.sample_rate, line)
    assert np.abs(back - sent.spectrum).max() < 1e-12 * np.abs(sent.spectrum).max()


def test_continuous_wave() -> None:
    # A constant field only turns its phase: 8/9 gamma P L_eff.
    spectrum = np.zeros((2, 64), complex)
    spectrum[:, 0] = 64 * np.array([0.3, 0.4j])
    received = propagated(spectrum, 64e9, SplitStepLine(FIBER, spans=2), bandwidth=1e9)
    phase = 2 * 8 / 9 * 1.3e-3 * 0.25 * -math.expm1(-LOSS * 100e3) / LOSS
    assert received == pytest.approx(spectrum * np.exp(1j * phase), abs=1e-11 * 64)


def test_soliton() -> None:
    # Without loss a pulse sech(t/T) with (8/9) gamma P T^2 = |beta2| keeps its shape; its phase is |beta2| z/(2 T^2).
    width, length, count = 20e-12, 30e3, 1024
    t = (np.arange(count) - count / 2) * 1e-12
    peak = abs(BETA2) / (8 / 9 * 1.3e-3 * width**2)
    field = math.sqrt(peak) / np.cosh(t / width) * np.array([[0.6], [0.8j]])
    fiber = replace(FIBER, length=length, attenuation=0.0)
    received = propagated(
        fft.fft(field), 1e12, SplitStepLine(fiber), steps=Steps("constant", count=3000), bandwidth=4e11
    )
    phase = abs(BETA2) * length / (2 * width**2)
    assert np.abs(fft.ifft(received) - field * np.exp(1j * phase)).max() < 3e-6 * math.sqrt(peak)


@pytest.mark.filterwarnings("ignore::mcfiber.simulation.splitstep.UnresolvedStepWarning")
def test_second_order() -> None:
    sent = signal(power=20e-3)
    runs = [
        propagated(sent.spectrum, sent.sample_rate, SplitStepLine(FIBER), steps=Steps("constant", count=count))
        for count in (200, 400, 3200)
    ]
    errors = [math.sqrt(energy(run - runs[2])) for run in runs[:2]]
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.1)


def test_averaged_equals_fast_mixing() -> None:
    # One core: averaging over all cores is the Manakov equation itself.
    sent = signal()
    one = propagated(sent.spectrum, sent.sample_rate, SplitStepLine(FIBER))
    averaged = propagated(sent.spectrum, sent.sample_rate, SplitStepLine(replace(FIBER, averaged=True)))
    assert averaged == pytest.approx(one, rel=1e-12)


def test_precision_and_array_module() -> None:
    sent = signal(6)
    line = SplitStepLine(COUPLED)
    one = propagated(sent.spectrum, sent.sample_rate, line)
    module = propagated(sent.spectrum, sent.sample_rate, line, arrays=ModuleArrays(np, np.fft))
    assert np.abs(module - one).max() < 1e-10 * np.abs(one).max()
    single = propagated(sent.spectrum, sent.sample_rate, line, precision="single")
    assert single.dtype == np.complex64
    assert energy(single - one) < 1e-8 * energy(one)


def test_same_seed_same_mixtures() -> None:
    first, again, other = (Mixing.draw(COUPLED, seed, 1) for seed in (3, 3, 4))
    assert first is not None
    assert again is not None
    assert other is not None
    assert np.array_equal(first.matrices, again.matrices)
    assert np.abs(first.matrices - other.matrices).max() > 0.1
    assert first.matrices @ first.matrices.conj().swapaxes(1, 2) == pytest.approx(
        np.broadcast_to(np.eye(6), (20, 6, 6))
    )
    assert np.sqrt(np.mean(first.delays**2, axis=1)) == pytest.approx(1e-13 * math.sqrt(5e3))
    assert first.delays.sum(axis=1) == pytest.approx(0.0, abs=1e-20)
    assert Mixing.draw(FIBER, 1, 0) is None


def test_mode_dispersion__delay_spread() -> None:
    # Group-delay operator from the channel at two frequencies: the squares of its eigenvalues average to S^2 L.
    fiber = replace(FIBER, cores=2, section=1e3, mode_dispersion=1e-12 / math.sqrt(1e3), gamma=0.0, beta2=0.0)
    count, rate, total = 16, 1e9, []
    for seed in range(60):
        columns = []
        for mode in range(4):
            spectrum = np.zeros((4, count), complex)
            spectrum[mode] = 1.0
            columns.append(propagated(spectrum, rate, SplitStepLine(fiber, seed=seed), bandwidth=rate / 2))
        channel = np.array(columns)  # (input, output, frequency)
        turn = channel[:, :, 1].T @ np.linalg.inv(channel[:, :, 0].T)
        delays = -np.angle(np.linalg.eigvals(turn)) / (2 * math.pi * rate / count)
        total.append(np.mean(delays**2))
    error = np.std(total) / math.sqrt(60)
    assert np.mean(total) == pytest.approx(1e-24 * 100, abs=4 * error)


def test_loop_repeats_its_fibre() -> None:
    line = SplitStepLine(COUPLED, spans=3, repeated=True)
    first, second, _ = line.mixings()
    assert first is not None
    assert second is not None
    assert np.array_equal(first.matrices, second.matrices)


def test_progress() -> None:
    seen: list[tuple[int, int]] = []
    sent = signal(6, symbols=64)
    propagated(
        sent.spectrum, sent.sample_rate, SplitStepLine(COUPLED, spans=2), progress=lambda *done: seen.append(done)
    )
    assert seen == [(number, 40) for number in range(1, 41)]


# ---------------------------------------------------------------------------------------------------------
# steps


@pytest.mark.parametrize("rule", ["four_wave_mixing", "logarithmic", "constant"])
@pytest.mark.parametrize("section", [math.inf, 7e3, 200.0])
def test_steps_fill_the_span(rule: Any, section: float) -> None:
    fiber = replace(FIBER, section=section)
    plan = Steps(rule, count=70).plan(fiber, 32e9)
    lengths = [step for part in plan for step in part]
    assert sum(lengths) == pytest.approx(fiber.length, rel=1e-9)
    assert min(lengths) > 0.0
    assert len(plan) == (1 if math.isinf(section) else math.ceil(fiber.length / section))


def test_steps__equal_effective_length() -> None:
    plan = Steps("logarithmic", count=50).plan(FIBER, 32e9)[0]
    ends = np.cumsum(plan)
    effective = [FIBER.effective_length(stop - step, stop) for step, stop in zip(plan, ends, strict=True)]
    assert len(plan) == 50
    assert effective == pytest.approx(np.full(50, effective[0]), rel=1e-6)


def test_steps__too_long() -> None:
    with pytest.warns(UnresolvedStepWarning, match=r"first step of 1e\+04 m is too long .* at most 272.* m are needed"):
        Steps("constant", count=10).plan(FIBER, 232.2e9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Steps("constant", count=400).plan(FIBER, 232.2e9)


# ---------------------------------------------------------------------------------------------------------
# interference; what takes longer is in validation/


def within(value: Any, theory: float, share: float) -> None:
    """Within the share asked for, and the draws tell that much."""
    power, error = float(value.power[0]) / 1e-9, float(value.standard_error[0]) / 1e-9
    assert 3 * error < 2 * share * theory
    assert power == pytest.approx(theory, abs=share * theory + 2 * error)


@pytest.mark.parametrize(("modulation", "theory", "draws"), [("gaussian", 197.853, 48), ("qpsk", 46.17, 12)])
def test_interference__formats(modulation: str, theory: float, draws: int) -> None:
    # Theory: GN; EGN without what least squares remove.
    options: dict[str, Any] = {"steps": Steps(phase=0.5), "symbols": 2048, "modulation": modulation}
    within(simulated_interference([0.0], 32e9, 1e-3, SplitStepLine(FIBER), seeds=range(draws), **options), theory, 0.03)


def test_interference__two_cores() -> None:
    fiber = replace(FIBER, cores=2, averaged=True)
    estimate = simulated_interference([0.0], 32e9, 1e-3, SplitStepLine(fiber), seeds=range(24), symbols=2048)
    within(estimate, 197.853 * 3 / 5, 0.05)


def test_propagated__a_dark_field_stays_dark() -> None:
    dark = np.zeros((2, 64), dtype=complex)
    assert not propagated(dark, 64e9, SplitStepLine(FIBER)).any()


def test_noise_of_a_known_channel() -> None:
    # A gain matrix is removed; white noise is found with its power, both gains removed alike.
    sent = signal(4, symbols=4096)
    generator = np.random.default_rng(3)
    noise = (generator.normal(size=sent.spectrum.shape) + 1j * generator.normal(size=sent.spectrum.shape)) * 3e-4
    noise *= sent.spectrum.shape[1]
    share = 2 * 2 * 9e-8 * 4096  # two components of two quadratures, at the channel's frequencies
    turned = np.exp(0.3j) * sent.spectrum + noise
    assert received_noise(sent, turned, gain_removal="phase") == pytest.approx(share, rel=0.05)
    mixed = generator.normal(size=(4, 4)) @ sent.spectrum + noise
    assert received_noise(sent, mixed) == pytest.approx(share, rel=0.05)


# ---------------------------------------------------------------------------------------------------------
# refused


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"length": 0.0}, "length: got 0 m; allowed: a number, above 0 m"),
        ({"section": -1.0}, "section: got -1 m; allowed: a number, above 0 m"),
        ({"attenuation": -1e-5}, "attenuation: got -1e-05 1/m; allowed: a number, 0 to 10 1/m"),
        ({"cores": 2}, "section: give the length between two mixtures"),
        ({"mode_dispersion": 1e-13}, "section: give the length between two mixtures"),
    ],
)
def test_fiber_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(FIBER, **changes)


def test_propagation_refused() -> None:
    sent = signal()
    with pytest.raises(ValueError, match="3 cores have 6 components"):
        propagated(sent.spectrum, sent.sample_rate, SplitStepLine(COUPLED))
    with pytest.raises(ValueError, match="at least twice the bandwidth"):
        propagated(sent.spectrum, 60e9, SplitStepLine(FIBER), bandwidth=32e9)
    with pytest.raises(ValueError, match="precision: got 'half'; allowed: 'single', 'double'"):
        propagated(sent.spectrum, sent.sample_rate, SplitStepLine(FIBER), precision="half")  # type: ignore[arg-type]
    with pytest.raises(
        ValueError, match="rule: got 'adaptive'; allowed: 'four_wave_mixing', 'logarithmic', 'constant'"
    ):
        Steps("adaptive").plan(FIBER, 32e9)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="gain_removal: got 'none'; allowed: 'least_squares', 'phase'"):
        received_noise(sent, sent.spectrum, gain_removal="none")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^received: got an array of shape .*, as was sent"):
        received_noise(sent, np.tile(sent.spectrum, (2, 1)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frequency": [0.0, 30e9]}, "overlap"),
        ({"frequency": [0.0, 50.0001e9]}, "multiples of symbol_rate/symbols"),
        ({"modulation": "8psk"}, "modulation: got '8psk'; allowed: 'gaussian', 'qpsk'"),
    ],
)
def test_signal_refused(options: dict[str, Any], message: str) -> None:
    values: dict[str, Any] = {"frequency": [0.0], "symbol_rate": 32e9, "power": 1e-3} | options
    with pytest.raises(ValueError, match=message):
        wdm_signal(**values, symbols=512, samples=4096, modes=2, seed=0)
