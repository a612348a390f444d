"""Interference and Raman scattering of a C+L line: mcfiber beside GNPy and ISRSGNmodel, speed and values in one run.

    python benchmarks/peers/line.py [--spans 21] [--isrsgnmodel PATH] [--output line.json]

GNPy (pip install gnpy) is run through its Python API.  Its ``ggn_approx`` is run over one span only, and its time
multiplied by the spans, because every span costs the same and takes seconds.  ``--isrsgnmodel`` points at the file
Functions/Python/ISRSGNmodel.py of github.com/dsemrau/ISRSGNmodel, which is on no package index.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import math
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mcfiber.kernels import isrs, nonlinear, raman, silica

FREQUENCY = 186.525e12 + 50e9 * np.arange(180)
RATE, POWER, LENGTH, LOSS = np.full(180, 49e9), np.full(180, 1e-3), 86.1e3, 0.17e-3


def timed(function: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Median time of a warm call, and its result."""
    result = function()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = function()
        times.append(time.process_time() - start)
    return float(np.median(times)), result


def gnpy_fibre(method: str, scattering: bool) -> tuple[Any, Callable[[], Any]]:
    """GNPy's fibre of one span, set to a method, and a maker of fresh spectra."""
    from gnpy.core.elements import Fiber
    from gnpy.core.info import create_arbitrary_spectral_information
    from gnpy.core.parameters import SimParams

    SimParams.set_params(
        {"nli_params": {"method": method}, "raman_params": {"flag": scattering, "method": "perturbative", "order": 2}}
    )
    fibre = Fiber(
        uid="span",
        params={
            "length": LENGTH / 1e3, "length_units": "km", "loss_coef": LOSS * 1e3, "dispersion": 1.67e-05,
            "effective_area": 83e-12, "pmd_coef": 0.0, "con_in": 0.0, "con_out": 0.0, "att_in": 0.0,
        },
    )  # fmt: skip
    fibre.ref_pch_in_dbm = 0.0

    def spectrum() -> Any:
        return create_arbitrary_spectral_information(
            frequency=FREQUENCY, pch=POWER, baud_rate=RATE, tx_osnr=100.0, slot_width=50e9, roll_off=0.01
        )

    return fibre, spectrum


def gnpy_line(method: str, scattering: bool, spans: int, repeats: int) -> tuple[float, Any]:
    """Time of a whole line with its power restored after every span, and the interference of its first span."""
    from gnpy.core.science_utils import NliSolver, RamanSolver

    fibre, spectrum = gnpy_fibre(method, scattering)

    def line() -> Any:
        for _ in range(spans):
            one = spectrum()
            srs = RamanSolver.calculate_stimulated_raman_scattering(one, fibre)
            nli = NliSolver.compute_nli(one, srs, fibre)
        return nli

    return timed(line, repeats)


def ours_gn(fibre: Any, spans: int) -> tuple[float, float, Any]:
    """Time of a line of different spans in one block, and of equal spans, which are computed once."""
    inputs = (FREQUENCY, RATE, POWER, fibre.gamma(FREQUENCY), fibre.beta2(FREQUENCY), fibre.alpha(FREQUENCY))
    block = np.full(spans, LENGTH)
    each, _ = timed(lambda: nonlinear.gn_closed_form(*inputs, block), 50)
    once, nli = timed(lambda: spans * nonlinear.gn_closed_form(*inputs, LENGTH) / spans, 50)
    return each, once, nli


def ours_isrs(fibre: Any, spans: int) -> tuple[float, float, Any]:
    """The same with Raman equations, fitted profile and interference along it."""
    one, loss = np.ones(180), fibre.alpha(FREQUENCY)
    area = fibre.params.effective_area_scaling(FREQUENCY)
    panel, integration = np.array([LENGTH]), raman.panel_integration(12)
    efficiency, lumped = silica.raman_efficiency(), np.ones(1)
    gamma, beta2 = fibre.gamma(FREQUENCY), fibre.beta2(FREQUENCY)

    def line(power: Any) -> Any:
        profile = raman.raman_power(
            FREQUENCY, power, one, loss, area, efficiency, silica.STEP, 0.0, panel, lumped, integration
        )
        exponentials = isrs.fitted_profile(profile, loss, panel, integration, sizes={"term": 3})
        own, cross = isrs.isrs_gn_closed_form(FREQUENCY, RATE, power, gamma, beta2, *exponentials)
        return own + cross

    block = np.broadcast_to(POWER, (spans, 180))
    each, _ = timed(lambda: line(block), 10)
    once, nli = timed(lambda: line(POWER), 50)
    return each, once, nli


def published_case(path: Path | None) -> dict[str, Any]:
    """251 channels over 10 THz, 6 spans, coherent: the example of ISRSGNmodel."""
    count, spans, light = 251, 6, 3e8
    offset = (np.arange(count) - 125) * 40.005e9
    loss, rate, power = np.full(count, 0.2 / 4.343 / 1e3), np.full(count, 40.004e9), np.full(count, 1e-3)
    slope, wavelength, dispersion, gamma = 67.0, 1550e-9, 17e-6, 1.2e-3
    beta2 = -dispersion * wavelength**2 / (2 * math.pi * light)
    beta3 = wavelength**2 / (2 * math.pi * light) ** 2 * (wavelength**2 * slope + 2 * wavelength * dispersion)
    beta = beta2 + 2 * math.pi * beta3 * offset

    def ours() -> Any:
        exponentials = isrs.tilted_profile(loss, loss, 2.8e-17 * power.sum() * offset, sizes={"term": 2})
        own, cross = isrs.isrs_gn_closed_form(offset, rate, power, np.full(count, gamma), beta, *exponentials)
        return own * spans ** (1 + isrs.coherence_exponent(rate, beta, loss, 1e5)) + spans * cross

    report: dict[str, Any] = {}
    report["mcfiber_s"], mine = timed(ours, 100)
    if path is None:
        return report
    spec = importlib.util.spec_from_file_location("ISRSGNmodel", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def columns(value: Any) -> Any:
        return np.tile(np.asarray(value)[:, None], (1, spans))

    def theirs() -> Any:
        return module.ISRSGNmodel(
            columns(loss), columns(loss), columns(np.full(count, 2.8e-17)), columns(power), columns(offset),
            columns(rate), np.full(spans, 1e5), np.full(spans, dispersion), np.full(spans, slope),
            np.full(spans, gamma), wavelength, coherent=True,
        )[0]  # fmt: skip

    report["isrsgnmodel_s"], other = timed(theirs, 5)
    report["ratio"] = report["isrsgnmodel_s"] / report["mcfiber_s"]
    report["largest_relative_difference"] = float(np.abs(mine / other - 1).max())
    return report


def decibels(one: Any, other: Any) -> dict[str, float]:
    """Largest and mean difference of two spectra."""
    difference = 10 * np.log10(np.asarray(one) / np.asarray(other))
    return {"largest_db": float(np.abs(difference).max()), "mean_db": float(difference.mean())}


def compared(ours: tuple[float, float, Any], theirs_s: float, theirs: Any) -> dict[str, Any]:
    """One row of the report."""
    each, once, nli = ours
    return {
        "gnpy_s": theirs_s,
        "mcfiber_each_span_s": each,
        "mcfiber_equal_spans_s": once,
        "ratio_each_span": theirs_s / each,
        "ratio_equal_spans": theirs_s / once,
        "mcfiber_over_gnpy": decibels(nli, theirs),
    }


def main() -> None:
    """Run everything and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=21)
    parser.add_argument("--isrsgnmodel", type=Path)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    fibre, _ = gnpy_fibre("gn_model_analytic", scattering=False)
    gn_s, gn = gnpy_line("gn_model_analytic", scattering=False, spans=options.spans, repeats=5)
    report: dict[str, Any] = {
        "case": f"180 x 49 GBd in C+L, {options.spans} x 86.1 km, 0 dBm, one core, interference only",
        "versions": {name: importlib.metadata.version(name) for name in ("gnpy", "numpy", "numba")},
        "machine": f"{platform.machine()}, Python {platform.python_version()}, one thread",
        "gn_model_analytic": compared(ours_gn(fibre, options.spans), gn_s, gn),
    }
    approx_s, approx = gnpy_line("ggn_approx", scattering=True, spans=1, repeats=1)
    tilted = ours_isrs(fibre, options.spans)
    report["ggn_approx_one_span_times_spans"] = compared(tilted, approx_s * options.spans, approx)
    report["isrsgnmodel_251_channels_6_spans"] = published_case(options.isrsgnmodel)
    text = json.dumps(report, indent=1)
    print(text)
    if options.output:
        options.output.write_text(text + "\n")


if __name__ == "__main__":
    main()
