"""Split-step interference against theory, over enough draws to tell a few percent: minutes, not a test.

Run as ``python validation/splitstep.py [part ...]``; results go to ``splitstep.json`` beside this file.
"""

import json
import math
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numba
import numpy as np
import scipy

from mcfiber.line.gn_integral import gn_integral, plain_span
from mcfiber.simulation.egn import format_correction
from mcfiber.simulation.splitstep import (
    CoupledFiber,
    HostArrays,
    SplitStepLine,
    Steps,
    linear_channel_removed,
    propagated,
)
from mcfiber.simulation.waveforms import received_noise, simulated_interference, wdm_signal
from mcfiber.units import SPEED_OF_LIGHT

RESULTS = Path(__file__).with_suffix(".json")
BETA2 = -17e-6 * 1550e-9**2 / (2 * math.pi * SPEED_OF_LIGHT)  # D = 17 ps/(nm km)
LOSS = 0.2e-3 * math.log(10) / 10
FIBER = CoupledFiber(length=100e3, attenuation=LOSS, beta2=BETA2, gamma=1.3e-3)
PS_PER_SQRT_KM = 1e-12 / math.sqrt(1e3)
FINE = Steps(phase=0.2)


def row(theory: float, fiber: CoupledFiber, draws: int, modulation: str = "gaussian", **options: Any) -> dict[str, Any]:
    """One channel of 32 GBd at 0 dBm: interference over power cubed, 1/W^2."""
    started = time.perf_counter()
    options = {"steps": FINE, "symbols": 4096} | options
    estimate = simulated_interference(
        [0.0], 32e9, 1e-3, SplitStepLine(fiber), seeds=range(draws), modulation=modulation, **options
    )
    eta, error = estimate.power[0] / 1e-9, estimate.standard_error[0] / 1e-9
    return {
        "eta": eta, "standard_error": error, "theory": theory, "ratio": eta / theory,
        "draws": draws, "modulation": modulation, "seconds": time.perf_counter() - started,
    }  # fmt: skip


def formats() -> dict[str, Any]:
    """One core, one span; theory: EGN without the part that least squares remove."""
    theory = {"gaussian": 197.853, "qpsk": 46.170, "16qam": 81.740, "64qam": 90.334}
    return {name: row(value, FIBER, 96, name) for name, value in theory.items()}


def neighbours() -> dict[str, Any]:
    """Middle of three channels on 100 GHz: theory with the format terms of the channel and of its neighbours."""
    frequency, result = np.array([-100e9, 0.0, 100e9]), {}
    for spans in (1, 3):
        span = plain_span(attenuation=LOSS, length=100e3, beta2=BETA2, gamma=1.3e-3, count=spans)
        gaussian = gn_integral(frequency, 32e9, 1e-3, span, band="average", terms="all", channels=[1]).power[0]
        for name, kurtosis, sixth in (("16qam", -0.68, 2.08), ("qpsk", -1.0, 4.0)):
            own, others, _ = format_correction(
                frequency, 32e9, 1e-3, span,
                kurtosis=kurtosis, sixth=sixth, channels=[1], gain_removal="least_squares",
            )  # fmt: skip
            theory = float(gaussian + own[0] + others[0]) / 1e-9
            estimate = simulated_interference(
                frequency, 32e9, 1e-3, SplitStepLine(FIBER, spans), seeds=range(12), modulation=name,
                steps=Steps(phase=math.pi / 2), symbols=4096,
            )  # fmt: skip
            eta = float(estimate.power[1]) / 1e-9
            result[f"{name}, {spans} spans"] = {
                "eta": eta, "standard_error": float(estimate.standard_error[1]) / 1e-9, "theory": theory,
                "ratio": eta / theory, "gaussian": float(gaussian) / 1e-9, "draws": 12,
            }  # fmt: skip
    return result


def cores() -> dict[str, Any]:
    """3/(2N + 1) of one core's interference: Kerr effect core by core with mixtures, and averaged."""
    result = {}
    for count in (2, 4):
        theory = 197.853 * 3 / (2 * count + 1)
        result[f"{count} cores averaged"] = row(theory, replace(FIBER, cores=count, averaged=True), 48)
        result[f"{count} cores, 200 m sections"] = row(theory, replace(FIBER, cores=count, section=200.0), 24)
    return result


def mode_dispersion() -> dict[str, Any]:
    """Theory: ergodic model by quadrature (independent): 181.7, 105.7, 57.6, 47.1."""
    result = {}
    for count, spread, theory in ((1, 3, 181.7), (2, 3, 105.7), (4, 3, 57.6), (4, 6, 47.1)):
        fiber = replace(FIBER, cores=count, section=200.0, mode_dispersion=spread * PS_PER_SQRT_KM)
        result[f"{count} cores, {spread} ps/sqrt(km)"] = row(theory, fiber, 24)
    return result


def five_channels() -> dict[str, Any]:
    """Error of the received field and bias of the interference by steps: 5 x 32 GBd, 50 GHz, +3 dBm."""
    signal = wdm_signal((np.arange(5) - 2) * 50e9, 32e9, 10**0.3 * 1e-3, symbols=2048, samples=32768, modes=2, seed=1)
    line = SplitStepLine(FIBER)

    def run(steps: Steps, precision: Any = "double") -> tuple[Any, float]:
        started = time.perf_counter()
        received = propagated(signal.spectrum, signal.sample_rate, line, steps=steps, precision=precision)
        return received, time.perf_counter() - started

    def noise(received: Any) -> float:
        return float(received_noise(signal, linear_channel_removed(received, signal.sample_rate, line))[2])

    reference, _ = run(Steps(phase=math.pi / 32))
    scale, result = np.sum(np.abs(reference) ** 2), {}
    choices = {f"four-wave mixing phase pi*{share:g}": Steps(phase=share * math.pi) for share in (1, 0.5, 0.25, 0.125)}
    choices |= {f"logarithmic {count}": Steps("logarithmic", count=count) for count in (160, 400)}
    choices |= {f"constant {count}": Steps("constant", count=count) for count in (400,)}
    for name, steps in choices.items():
        for precision in ("double", "single"):
            received, seconds = run(steps, precision)
            result[f"{name}, {precision}"] = {
                "steps": len(steps.plan(FIBER, 232e9)[0]),
                "field_error_db": 10 * math.log10(np.sum(np.abs(received - reference) ** 2) / scale),
                "interference_bias_db": 10 * math.log10(noise(received) / noise(reference)),
                "seconds": seconds,
            }
    return result


def eleven_channels() -> dict[str, Any]:
    """11 x 32 GBd, 50 GHz, 80 km, 0 dBm each: every channel against the integral with all mixing, averaged."""
    beta2 = -16.7e-6 * SPEED_OF_LIGHT / (2 * math.pi * 193.1e12**2)
    frequency = (np.arange(11) - 5) * 50e9
    started = time.perf_counter()
    estimate = simulated_interference(
        frequency, 32e9, 1e-3, SplitStepLine(replace(FIBER, length=80e3, beta2=beta2)),
        seeds=range(16), symbols=8192, steps=Steps(phase=math.pi),
    )  # fmt: skip
    seconds = time.perf_counter() - started
    span = plain_span(attenuation=LOSS, length=80e3, beta2=beta2, gamma=1.3e-3)
    theory = gn_integral(frequency, 32e9, 1e-3, span, terms="all", band="average")
    difference = 10 * np.log10(estimate.power / theory.power)
    return {
        "eta": (estimate.power / 1e-9).tolist(),
        "standard_error": (estimate.standard_error / 1e-9).tolist(),
        "theory": (theory.power / 1e-9).tolist(),
        "difference_db": difference.tolist(),
        "mean_difference_db": float(difference.mean()),
        "draws": 16,
        "seconds": seconds,
    }


class _TimedArrays(HostArrays):
    """Host arrays that add up the time of their Fourier transforms."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def forward(self, field: Any) -> Any:
        return self._timed(super().forward, field)

    def backward(self, field: Any) -> Any:
        return self._timed(super().backward, field)

    def _timed(self, transform: Callable[[Any], Any], field: Any) -> Any:
        started = time.perf_counter()
        result = transform(field)
        self.seconds += time.perf_counter() - started
        return result


def fourier_share() -> dict[str, Any]:
    """Share of the time in Fourier transforms: 65536 samples, 400 equal steps in all."""
    result = {}
    for name, fiber in {
        "1 core": FIBER,
        "4 cores, 250 m sections, delays": replace(FIBER, cores=4, section=250.0, mode_dispersion=PS_PER_SQRT_KM),
    }.items():
        signal = wdm_signal([0.0], 32e9, 1e-3, symbols=8192, samples=65536, modes=fiber.modes, seed=1)
        for precision in ("single", "double"):
            seconds = []
            for _ in range(3):
                arrays = _TimedArrays()
                started = time.perf_counter()
                propagated(
                    signal.spectrum, signal.sample_rate, SplitStepLine(fiber), steps=Steps("constant", count=400),
                    precision=precision, arrays=arrays,
                )  # fmt: skip
                seconds.append((time.perf_counter() - started, arrays.seconds))
            total, transforms = min(seconds)
            result[f"{name}, {precision}"] = {"seconds": total, "fourier_share": transforms / total}
    return result


def opticommpy() -> dict[str, Any] | None:
    """OptiCommPy's Manakov solver on the same waveform in one run: 5 channels, error against our finest steps."""
    try:
        from optic.models.channels import manakovSSF
        from optic.utils import parameters
    except ImportError:
        return None
    signal = wdm_signal((np.arange(5) - 2) * 50e9, 32e9, 10**0.3 * 1e-3, symbols=2048, samples=32768, modes=2, seed=1)
    line = SplitStepLine(FIBER)
    reference = propagated(signal.spectrum, signal.sample_rate, line, steps=Steps(phase=math.pi / 32))

    def judged(received: Any, seconds: float) -> dict[str, float]:
        gain = np.vdot(received, reference) / np.vdot(received, received)  # the peer leaves a common phase
        error = np.sum(np.abs(gain * received - reference) ** 2) / np.sum(np.abs(reference) ** 2)
        noise = [
            received_noise(signal, linear_channel_removed(field, signal.sample_rate, line))[2]
            for field in (received, reference)
        ]
        return {
            "field_error_db": 10 * math.log10(error),
            "interference_bias_db": 10 * math.log10(noise[0] / noise[1]),
            "seconds": seconds,
        }

    def ours(phase: float) -> dict[str, float]:
        started = time.process_time()
        received = propagated(signal.spectrum, signal.sample_rate, line, steps=Steps(phase=phase))
        return judged(received, time.process_time() - started)

    def theirs(**options: Any) -> dict[str, float]:
        settings = parameters()
        fixed = {
            "Ltotal": 100, "Lspan": 100, "alpha": 0.2, "D": 17.0, "gamma": 1.3, "Fc": SPEED_OF_LIGHT / 1550e-9,
            "Fs": signal.sample_rate, "amp": "ideal", "prgsBar": False,
        }  # fmt: skip
        for name, value in (fixed | options).items():
            setattr(settings, name, value)
        field = np.fft.ifft(signal.spectrum, axis=1).T.copy()
        started = time.process_time()
        arrived = manakovSSF(field, settings)
        return judged(np.fft.fft(arrived.T, axis=1), time.process_time() - started)

    ours(math.pi)
    theirs(nlprMethod=False, hz=5.0)
    result = {f"mcfiber, phase pi*{share:g}": ours(share * math.pi) for share in (1, 0.5, 0.25)}
    for step in (1.0, 0.25, 0.1):
        result[f"OptiCommPy 0.11.0, {step:g} km"] = theirs(nlprMethod=False, hz=step)
    for rotation in (0.01, 0.005):
        result[f"OptiCommPy 0.11.0, rotation {rotation:g} rad"] = theirs(nlprMethod=True, maxNlinPhaseRot=rotation)
    return result


PARTS = (opticommpy, formats, neighbours, cores, mode_dispersion, five_channels, fourier_share, eleven_channels)


def main() -> None:
    """Run the parts named on the command line, or all, and merge them into the results."""
    wanted = sys.argv[1:] or [part.__name__ for part in PARTS]
    for part in PARTS:
        if part.__name__ in wanted:
            value = part()
            if value is None:  # a peer that is not installed
                continue
            record = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
            record[part.__name__] = value
            print(part.__name__, json.dumps(value, indent=1), flush=True)
            record["versions"] = {
                "python": platform.python_version(), "numpy": np.__version__,
                "scipy": scipy.__version__, "numba": numba.__version__,
            }  # fmt: skip
            record["command"] = "python validation/splitstep.py"
            RESULTS.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
