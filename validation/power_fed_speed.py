"""How long cables take: many designs in bounded memory, and the best of pairs, fibres, spans and bandwidth.

python validation/power_fed_speed.py
"""

import json
import os
import resource
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mcfiber as mcf
from mcfiber.descriptions.errors import ValidityWarning
from mcfiber.result import versions

RECORD = Path(__file__).with_suffix(".json")

DESIGNS = 100_000
WORKERS = 2
SPAN = "system.link.span.length_km"
RANGES = {
    "feed.voltage_kv": (10.0, 20.0),
    "feed.power_limit_kw": (10.0, 40.0),
    "repeater.pump_efficiency_percent": (2.0, 10.0),
    "system.fiber.attenuation_db_per_km": (0.14, 0.18),
}


def timed(work: Callable[[], Any]) -> dict[str, float]:
    """Seconds on the clock and of the processors, and the memory that the process has had at most."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {
        "wall_s": round(time.perf_counter() - wall, 2),
        "cpu_s": round(time.process_time() - cpu, 2),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "load_average": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    """Time everything once, with kernels compiled, and write the record."""
    warnings.simplefilter("ignore", ValidityWarning)
    cable = mcf.load_cable("nec-2026-7000km-2core").cable
    fibers = [mcf.load_cable(f"nec-2026-7000km-{cores}core").cable.system.fiber for cores in (1, 2, 4)]
    best = {"fiber_pairs": range(1, 25), "system.fiber": fibers, SPAN: (40, 120), "bandwidth_thz": (3, 5)}
    limit = [("energy_per_bit", 0, 25e-12)]

    def swept(ranges: dict[str, tuple[float, float]]) -> Callable[[], Any]:
        return lambda: mcf.sweep(cable, ranges, samples=DESIGNS, outputs="cable_net_rate", workers=WORKERS)

    mcf.sweep(cable, RANGES, samples=64, outputs="cable_net_rate", workers=WORKERS)
    record = {
        "command": "python validation/power_fed_speed.py",
        "versions": versions(),
        "processors": os.cpu_count(),
        "workers": WORKERS,
        "designs": DESIGNS,
        "sweep_at_one_span_length": timed(swept(RANGES)),
        "sweep_with_span_lengths": timed(swept(RANGES | {SPAN: (45.0, 90.0)})),
        "optimize_cable": timed(lambda: mcf.optimize_cable(cable, best, constraints=limit)),
    }
    print(json.dumps(record, indent=1))
    RECORD.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
