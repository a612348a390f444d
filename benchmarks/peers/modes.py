"""Modes of a step and a trench core: mcfiber beside ofiber and PyFiberModes, speed and values in one run.

    python benchmarks/peers/modes.py [--output modes.json]

Needs ``pip install ofiber pyfibermodes``.  A point is one design at one wavelength.  mcfiber's time is that of
everything its kernel gives (index, group index, dispersion and slope, area, diameters, field outside) for a thousand
designs at 96 wavelengths; the peers' times are those of the effective index, and of the dispersion, alone, per call.
All times are processor times of one thread; medians of warm runs.
"""

import argparse
import importlib.metadata
import json
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mcfiber.kernels import modes

SILICA = np.array([0.6961663, 0.4079426, 0.8974794, 0.0684043e-6, 0.1162414e-6, 9.896161e-6])
CORES = {"step": ([4.5e-6], [0.0035]), "trench": ([4.5e-6, 9e-6, 13.5e-6], [0.0037, 0.0, -0.007])}
WAVELENGTH = np.linspace(1530e-9, 1625e-9, 96)


def timed(function: Callable[[], Any], repeats: int = 5) -> tuple[float, Any]:
    """Median processor time of a warm call, and its result."""
    result = function()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = function()
        times.append(time.process_time() - start)
    return float(np.median(times)), result


def silica(wavelength: float) -> float:
    """Index of silica."""
    square = wavelength**2
    return float(np.sqrt(1 + np.sum(SILICA[:3] * square / (square - SILICA[3:] ** 2))))


def layers(core: str, wavelength: float) -> list[tuple[float, float]]:
    """Outer radius and index of every ring, then of the cladding."""
    clad = silica(wavelength)
    rings = [(radius, clad / np.sqrt(1 - 2 * delta)) for radius, delta in zip(*CORES[core], strict=True)]
    return [*rings, (np.inf, clad)]


def ours(core: str) -> tuple[float, np.ndarray, np.ndarray]:
    """Time of one point, and index and dispersion at the wavelengths."""
    radius, delta = map(np.array, CORES[core])
    glass = np.tile(SILICA, (len(radius) + 1, 1))
    many = radius * np.linspace(0.9, 1.1, 1000)[:, None]
    spent, _ = timed(lambda: modes.lp_modes(0, 1, WAVELENGTH, many, delta, np.inf, glass))
    index, _, dispersion, *_ = modes.lp_modes(0, 1, WAVELENGTH, radius, delta, np.inf, glass)
    return spent / many.shape[0] / WAVELENGTH.size, index, dispersion


def ofiber_step() -> dict[str, Any]:
    """ofiber: LP01 of the step core."""
    import ofiber

    radius = CORES["step"][0][0]

    def index(wavelength: float) -> float:
        core, clad = (n for _, n in layers("step", wavelength))
        normalised = ofiber.V_parameter(radius, np.sqrt(core**2 - clad**2), wavelength)
        b = ofiber.LP_mode_value(normalised, 0, 1)
        return float(np.sqrt(clad**2 + b * (core**2 - clad**2)))

    def dispersion(wavelength: float) -> float:
        return float(sum(ofiber.Dispersion(ofiber.doped_glass(0.036), silica(wavelength), radius, wavelength)))

    spent, values = timed(lambda: [index(w) for w in WAVELENGTH])
    dispersion_spent, _ = timed(lambda: [dispersion(w) for w in WAVELENGTH])
    return {"index_s": spent / 96, "dispersion_s": dispersion_spent / 96, "index": values}


def pyfibermodes(core: str) -> dict[str, Any]:
    """PyFiberModes: LP01 at every twelfth wavelength."""
    import PyFiberModes
    from PyFiberModes.units import quantity

    def fiber(wavelength: float) -> Any:
        result = PyFiberModes.Fiber(quantity(wavelength, "meter"))
        *rings, (_, clad) = layers(core, wavelength)
        for i, (radius, index) in enumerate(rings):
            result.add_layer(name=f"ring{i}", radius=quantity(radius, "meter"), index=quantity(index, "dimensionless"))
        result.add_layer(name="cladding", radius=quantity(np.inf, "meter"), index=quantity(clad, "dimensionless"))
        result.initialize_layers()
        return result

    mode = PyFiberModes.LP01
    few = WAVELENGTH[::12]
    spent, values = timed(lambda: [float(fiber(w).get_effective_index(mode).magnitude) for w in few], 3)
    dispersion_spent, _ = timed(lambda: [fiber(w).get_dispersion(mode) for w in few], 3)
    return {"index_s": spent / few.size, "dispersion_s": dispersion_spent / few.size, "index": values}


def report() -> dict[str, Any]:
    """Run everything and compare."""
    result: dict[str, Any] = {
        "case": "LP01, 96 wavelengths of C+L; mcfiber: everything, 1000 designs at a time; peers: one value a call",
        "versions": {name: importlib.metadata.version(name) for name in ("ofiber", "PyFiberModes", "numpy", "numba")},
        "machine": f"{platform.machine()}, Python {platform.python_version()}, one thread",
    }
    for core in CORES:
        spent, index, _ = ours(core)
        entry: dict[str, Any] = {"mcfiber_point_s": spent, "mcfiber_designs_per_s": 1 / (96 * spent)}
        peers = {"pyfibermodes": (pyfibermodes(core), index[::12])}
        if core == "step":
            peers["ofiber"] = (ofiber_step(), index)
        for name, (found, own) in peers.items():
            entry[name] = {
                "index_s": found["index_s"],
                "dispersion_s": found["dispersion_s"],
                "ratio_index": found["index_s"] / spent,
                "ratio_index_and_dispersion": (found["index_s"] + found["dispersion_s"]) / spent,
                "largest_difference_of_index": float(np.max(np.abs(np.array(found["index"]) - own))),
            }
        result[core] = entry
    return result


def main() -> None:
    """Read the arguments, run, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    text = json.dumps(report(), indent=1)
    print(text)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
