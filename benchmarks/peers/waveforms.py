"""One channel over one span: mcfiber's waveforms beside OptiCommPy's Manakov solver, time at equal error in one run.

    python benchmarks/peers/waveforms.py [--output waveforms.json]

Errors are against each program's own field with sixteen times as many steps, relative to the signal.  OptiCommPy
(pip install OptiCommPy) runs with its adaptive default and with fixed steps; both programs in double precision, on one
core.
"""

import argparse
import importlib.metadata
import json
import math
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from optic.models.channels import manakovSSF
from optic.utils import parameters

from mcfiber.simulation.propagation import Effects, passed
from mcfiber.simulation.splitstep import Steps
from mcfiber.simulation.transmission_line import TransmissionLine, TransmissionSpan
from mcfiber.simulation.transmitter import Draw, FrequencyGrid, WdmChannel, transmitted
from mcfiber.simulation.truth import Follower

RATE, POWER, LENGTH, LOSS_DB_KM, DISPERSION, GAMMA = 32e9, 2e-3, 80e3, 0.2, 16.0, 1.3e-3
BETA2 = -DISPERSION * 1e-6 * 1550e-9**2 / (2 * math.pi * 299792458.0)
SYMBOLS, SAMPLES = 16384, 65536


def timed(function: Callable[[], Any], repeats: int = 3) -> tuple[float, Any]:
    """Least processor time of a warm call, and its result."""
    result, times = function(), []
    for _ in range(repeats):
        start = time.process_time()
        result = function()
        times.append(time.process_time() - start)
    return min(times), result


def error_db(field: Any, reference: Any) -> float:
    """Power of the difference over that of the signal, apart from a common phase. [dB]"""
    turn = np.vdot(reference, field)
    difference = field * (abs(turn) / turn) - reference
    return float(10 * np.log10(np.sum(np.abs(difference) ** 2) / np.sum(np.abs(reference) ** 2)))


def ours() -> Callable[[int], Any]:
    """Field at the end of the span in steps by the rule of four-wave mixing, whose first lets it turn by a phase."""
    each = np.ones(1)
    still = np.zeros(1)
    span = TransmissionSpan(
        LENGTH, BETA2, 0.0, each * LOSS_DB_KM * 1e-3 * math.log(10) / 10, each * 8 / 9 * GAMMA, still, still, still
    )  # fmt: skip
    line = TransmissionLine((span,), 1, ((0,),), each * POWER)
    grid = FrequencyGrid(RATE / SYMBOLS, SAMPLES)
    sent = transmitted([WdmChannel(0, SYMBOLS, POWER)], grid, modes=2, draw=Draw(1))

    def field(phase: float) -> Any:
        effects = Effects(noise=False, steps=Steps(phase=phase))
        follower = Follower(line, RATE, np.zeros(1), noisy=False)
        shared = {"bandwidth": 1.1 * RATE, "centers": np.zeros(1), "effects": effects, "draw": Draw(1)}
        return np.fft.ifft(passed(sent.spectrum, grid, line, follower, **shared).spectrum, axis=-1)

    field.sent = np.fft.ifft(sent.spectrum, axis=-1)  # type: ignore[attr-defined]
    return field


def theirs(sent: Any) -> Callable[..., Any]:
    """Field of OptiCommPy, in steps of a length in km, or with its adaptive default."""

    def field(step_km: float | None, phase: float = 2e-2) -> Any:
        param = parameters()
        param.Ltotal = param.Lspan = LENGTH / 1e3
        param.alpha, param.D, param.gamma = LOSS_DB_KM, DISPERSION, GAMMA * 1e3
        param.Fc, param.Fs, param.amp = 299792458.0 / 1550e-9, RATE / SYMBOLS * SAMPLES, "ideal"
        param.prgsBar, param.nlprMethod, param.maxNlinPhaseRot = False, step_km is None, phase
        param.hz = 0.5 if step_km is None else step_km
        return manakovSSF(np.ascontiguousarray(sent.T), param).T

    return field


def main() -> None:
    """Print and write the comparison."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    mine = ours()
    other = theirs(mine.sent)  # type: ignore[attr-defined]
    fine = mine(0.02)
    rows: dict[str, Any] = {}
    for phase in (3.0, 2.0, 1.5, 0.7854, 0.5, 0.25, 0.1):
        seconds, field = timed(lambda phase=phase: mine(phase))
        rows[f"mcfiber, first step of {phase} rad"] = {"seconds": seconds, "error_db": error_db(field, fine)}
    fixed = other(0.05)
    for name, options in {"adaptive": (None,), "fixed, 2 km": (2.0,), "fixed, 0.5 km": (0.5,)}.items():
        seconds, field = timed(lambda options=options: other(*options))
        rows[f"OptiCommPy, {name}"] = {"seconds": seconds, "error_db": error_db(field, fixed)}
    for name, row in rows.items():
        if name.startswith("OptiCommPy"):
            as_good = [
                r["seconds"] for n, r in rows.items() if n.startswith("mcfiber") and r["error_db"] <= row["error_db"]
            ]
            row["mcfiber is faster by"] = row["seconds"] / min(as_good) if as_good else None
        print(name, row)
    versions = {name: importlib.metadata.version(name) for name in ("OptiCommPy", "numpy", "scipy", "numba")}
    found = {
        "command": "python benchmarks/peers/waveforms.py",
        "python": platform.python_version(),
        "versions": versions,
    }
    parser.parse_args().output.write_text(json.dumps(found | {"rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
