"""Where closed forms of nonlinear interference stand beside the Gaussian-noise integral, and what the integral costs.

Run as ``python validation/gn_integral.py [part ...]``; results go to ``gn_integral.json`` beside this file. The part
`gnpy` needs the package gnpy (3.0.1) and is left out without it.
"""

import json
import math
import platform
import sys
import time
from pathlib import Path
from typing import Any

import numba
import numpy as np
import scipy

from mcfiber.kernels.isrs import isrs_gn_closed_form
from mcfiber.kernels.nonlinear import gn_closed_form
from mcfiber.line.gn_integral import SpanProfile, gn_integral, plain_span
from mcfiber.simulation.egn import format_correction
from mcfiber.units import SPEED_OF_LIGHT

RESULTS = Path(__file__).with_suffix(".json")
BETA2 = -17e-6 * 1550e-9**2 / (2 * math.pi * SPEED_OF_LIGHT)  # D = 17 ps/(nm km)
GAMMA = 1.3e-3
BASE = {"symbol_rate": 49e9, "spacing": 50e9, "channels": 41, "spans": 1, "length": 80e3, "loss_db_per_km": 0.2}


def bias(**changes: Any) -> dict[str, Any]:
    """Closed forms and other choices over the integral at the centre of the middle channel, in decibels."""
    case = BASE | changes
    count, rate = case["channels"], case["symbol_rate"]
    frequency = (np.arange(count) - count // 2) * case["spacing"]
    loss = case["loss_db_per_km"] * 1e-3 * math.log(10) / 10
    span = plain_span(attenuation=loss, length=case["length"], beta2=BETA2, gamma=GAMMA, count=case["spans"])
    middle = count // 2

    def integral(**options: Any) -> float:
        return float(gn_integral(frequency, rate, 1e-3, span, channels=[middle], **options).power[0])

    values = [np.full(count, value) for value in (rate, 1e-3, GAMMA, BETA2, loss)]
    gn = gn_closed_form(frequency, *values, case["length"])[middle] * case["spans"]
    one, decay = np.ones((count, 1)), np.full((count, 1), loss)
    isrs = sum(isrs_gn_closed_form(frequency, *values[:4], one, decay))[middle] * case["spans"]
    reference = integral(accumulation="incoherent")
    own, others, _ = (
        format_correction(frequency, rate, 1e-3, span, kurtosis=-0.68, sixth=2.08, channels=[middle])
        if case["spans"] * count <= 410
        else (math.nan, math.nan, 0.0)
    )
    coherent = integral()
    average = integral(accumulation="incoherent", band="average")
    shown = {
        "gn closed form": gn / reference,
        "isrs closed form": isrs / reference,
        "all terms": integral(accumulation="incoherent", terms="all") / reference,
        "band average": average / reference,
        "coherent spans": coherent / reference,
        "16QAM": float(np.squeeze(coherent + own + others)) / coherent,
    }
    return changes | {name: round(10 * math.log10(value), 4) if value > 0 else None for name, value in shown.items()}


def closed_forms() -> list[dict[str, Any]]:
    """One thing at a time around 41 channels of 49 GBd on 50 GHz, one span of 80 km, 0.2 dB/km."""
    cases: list[dict[str, Any]] = [{}]
    cases += [{"symbol_rate": rate, "spacing": rate * 50 / 49} for rate in (10e9, 32e9, 96e9, 130e9)]
    cases += [{"spacing": spacing} for spacing in (62.5e9, 75e9, 100e9)]
    cases += [{"channels": count} for count in (1, 3, 11, 101, 201)]
    cases += [{"spans": spans} for spans in (5, 10, 20)]
    cases += [{"length": length} for length in (20e3, 40e3, 60e3, 100e3, 120e3)]
    cases += [{"loss_db_per_km": loss} for loss in (0.15, 0.17, 0.25)]
    return [bias(**case) for case in cases]


def wide_band() -> dict[str, Any]:
    """180 channels of 49 GBd over 86.1 km with a Raman tilt in closed form: time of all channels, after compilation."""
    frequency = (np.arange(180) - 89.5) * 50e9
    loss, length = 0.17e-3 * math.log(10) / 10, 86.1e3
    z = np.linspace(0.0, length, 44)
    effective = -np.expm1(-loss * z) / loss
    tilt = np.exp(-0.18 * 2.8e-17 * effective * frequency[:, None])
    profile = np.exp(-loss * z) * tilt / tilt.mean(axis=0)
    result = {}
    for name, spans, options in (
        ("incoherent", 21, {"accumulation": "incoherent"}),
        ("coherent", 21, {"accumulation": "coherent"}),
        ("everything", 21, {"accumulation": "incoherent", "terms": "all"}),
    ):
        span = SpanProfile(z, profile, BETA2, GAMMA, count=spans)
        gn_integral(frequency[:3], 49e9, 1e-3, SpanProfile(z, profile[:3], BETA2, GAMMA))
        started = time.perf_counter()
        power, error = gn_integral(frequency, 49e9, 1e-3, span, workers=2, **options)  # type: ignore[arg-type]
        result[name] = {
            "seconds": time.perf_counter() - started,
            "error_db": float(10 * np.log10(1 + np.max(error / power))),
        }
    return result


def gnpy() -> dict[str, Any] | None:
    """GNPy and the integral in one run: 80 channels of 32 GBd, 100 km, no Raman scattering."""
    try:
        from gnpy.core.elements import Fiber
        from gnpy.core.info import create_arbitrary_spectral_information
        from gnpy.core.parameters import SimParams
    except ImportError:
        return None
    frequency = 191.525e12 + np.arange(80) * 50e9
    SimParams.set_params(
        {"raman_params": {"flag": False},
         "nli_params": {"method": "ggn_spectrally_separated", "dispersion_tolerance": 4, "phase_shift_tolerance": 0.1}}
    )  # fmt: skip
    parameters = {
        "length": 100.0, "length_units": "km", "loss_coef": 0.2, "dispersion": 1.67e-5, "effective_area": 83e-12,
        "con_in": 0.0, "con_out": 0.0, "att_in": 0.0, "pmd_coef": 0.0,
    }  # fmt: skip
    fiber = Fiber(uid="fiber", params=parameters)
    fiber.ref_pch_in_dbm = 0.0
    signal = create_arbitrary_spectral_information(
        frequency=frequency, slot_width=50e9, pch=1e-3, baud_rate=32e9, roll_off=0.15, tx_osnr=100.0, tx_power=1e-3
    )
    started = time.process_time()
    arrived = fiber(signal)
    theirs = time.process_time() - started
    nli = arrived.nli / arrived.pch * 1e-3
    span = plain_span(
        attenuation=fiber.alpha(frequency), length=100e3, beta2=fiber.beta2(frequency), gamma=fiber.gamma(frequency)
    )
    seconds = []
    for _ in range(5):
        started = time.process_time()
        result = gn_integral(frequency, 32e9, 1e-3, span)
        seconds.append(time.process_time() - started)
    difference = 10 * np.log10(result.power / nli)
    return {
        "gnpy_seconds": theirs, "seconds": min(seconds), "ratio": theirs / min(seconds),
        "difference_db": [float(difference.min()), float(difference.max())],
    }  # fmt: skip


PARTS = (closed_forms, wide_band, gnpy)


def main() -> None:
    """Run the parts named on the command line, or all, and merge them into the results."""
    wanted = sys.argv[1:] or [part.__name__ for part in PARTS]
    for part in PARTS:
        if part.__name__ in wanted and (value := part()) is not None:
            record = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
            record[part.__name__] = value
            print(part.__name__, json.dumps(value, indent=1), flush=True)
            record["versions"] = {
                "python": platform.python_version(), "numpy": np.__version__,
                "scipy": scipy.__version__, "numba": numba.__version__,
            }  # fmt: skip
            record["command"] = "python validation/gn_integral.py"
            RESULTS.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
