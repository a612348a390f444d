"""Time and memory of whole simulations, where the time goes, and their bits with one thread and two.

Run as ``python validation/waveform_speed.py``; results go to ``waveform_speed.json`` beside this file.
"""

import cProfile
import hashlib
import json
import os
import platform
import pstats
import resource
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
import scipy
from threadpoolctl import threadpool_limits

import mcfiber as mcf

RESULTS = Path(__file__).with_suffix(".json")


def nineteen_cores() -> Any:
    """A linear line of 38 modes: 21 spans with mode-dependent loss, delays and noise, 2^15 symbols of 49 GBd."""
    system = mcf.load("nict-2025-1808km").system
    equalizer = mcf.Equalizer("frequency_lms", 186, step=0.01, rounds=2)
    return mcf.simulate_transmission(system, symbols=2**15, kerr=False, equalizer=equalizer, seed=1)


def five_channels() -> Any:
    """Two coupled cores, five channels, ten spans, with the Kerr effect."""
    fiber = {"layout": {"kind": "ring", "cores": 2, "pitch_um": 20}, "coupling": "random"}
    system = mcf.System(
        spectrum={"groups": [{"band": "C", "channels": 5, "spacing_ghz": 50, "symbol_rate_gbd": 32}]},
        fiber=fiber | {"spatial_mode_dispersion_ps_per_sqrt_km": 3.0},
        link={"span": {"length_km": 80}, "span_count": 10, "launch_power_dbm": 0.0},
        transceiver={"format": "16QAM"},
    )
    equalizer = mcf.Equalizer(taps=48, training=1536)
    options = {"channels": 5, "symbols": 2048, "precision": "single", "equalizer": equalizer, "seed": 1}
    return mcf.simulate_transmission(system, **options)


def shares(profile: cProfile.Profile) -> dict[str, float]:
    """Part of the time in transforms, products of matrices, and compiled loops."""
    stats = pstats.Stats(profile)
    total = stats.total_tt  # type: ignore[attr-defined]
    found = dict.fromkeys(("transforms", "mixing", "delays, dispersion and Kerr loops", "equaliser", "noise"), 0.0)
    for (file, _, name), (_, _, own, cumulative, _) in stats.stats.items():  # type: ignore[attr-defined]
        if "pocketfft" in file or "pypocketfft" in name or name in ("c2c", "execute"):
            found["transforms"] += own
        elif name == "_product" or (name == "mixed" and "splitstep" in file):
            found["mixing"] += own
        elif name in ("delayed", "kerr_rotation", "filtered", "_dispersed", "_section", "_mixed", "transfer"):
            found["delays, dispersion and Kerr loops"] += own
        elif name == "equalized" and "equalizers" in file:
            found["equaliser"] += cumulative
        elif name == "complex_normal":
            found["noise"] += cumulative
    return {key: round(value / total, 3) for key, value in found.items()} | {"profiled seconds": round(total, 1)}


def measured(function: Callable[[], Any]) -> dict[str, Any]:
    """Time, memory, shares, and whether one thread gives the bits of two."""
    started, used = time.perf_counter(), time.process_time()
    found = function()
    row = {
        "seconds": round(time.perf_counter() - started, 1),
        "processor seconds": round(time.process_time() - used, 1),
    }
    row["peak GiB"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)
    profile = cProfile.Profile()
    with threadpool_limits(1):
        profile.enable()
        other = function()
        profile.disable()
    bits = [hashlib.sha256(np.ascontiguousarray(one.waveform_snr.data).tobytes()).hexdigest() for one in (found, other)]
    row |= {"same bits with one thread": bits[0] == bits[1], "shares with one thread": shares(profile)}
    for name in ("simulated_snr", "predicted_snr"):
        row[f"{name}, dB"] = round(float(10 * np.log10(found[name].mean())), 2)
    return row


def main() -> None:
    """Write the record."""
    warnings.simplefilter("ignore")
    mcf.simulate_transmission(
        mcf.load("nict-2021-4core").system, symbols=1024, modulation="16QAM", cores=[0]
    )  # compiles
    rows = {function.__name__: measured(function) for function in (five_channels, nineteen_cores)}
    about = {
        "command": "python validation/waveform_speed.py", "python": platform.python_version(), "numpy": np.__version__,
        "scipy": scipy.__version__, "numba": numba.__version__, "cores": os.cpu_count(), "load": os.getloadavg()[0],
    }  # fmt: skip
    RESULTS.write_text(json.dumps({"about": about, "rows": rows}, indent=1) + "\n")
    print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
