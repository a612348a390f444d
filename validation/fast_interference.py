"""The fast form of the Kerr interference beside the integral, on random lines from the O to the U band.

Run as ``python validation/fast_interference.py [lines]``; results go to ``fast_interference.json`` beside this file.
Each line has 10 to 200 channels, a loss of 2 to 25 dB, and by chance lumped losses, pumps from either end and a Raman
tilt; three of its channels are compared at their centres, with all islands and with self- and cross-phase modulation
alone.
"""

import json
import math
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np
import scipy

from mcfiber.kernels.moments import profile_moments, profile_poles
from mcfiber.kernels.phase import cells_between, phase_polynomials
from mcfiber.kernels.raman import panel_integration
from mcfiber.kernels.semi_closed import semi_closed
from mcfiber.line.gn_integral import SpanProfile
from mcfiber.line.kerr import kerr_integral

RESULTS = Path(__file__).with_suffix(".json")
LIGHT = 299792458.0
NODES = 20
FINE = 24  # exponentials of the integral on each panel
NEPER = math.log(10) / 10  # of a decibel


@dataclass(frozen=True)
class RandomLine:
    """One span: channels, dispersion of the form of G.652, loss, lumped losses, pumps and tilt."""

    frequency: Any
    symbol_rate: float
    slope: float
    zero: float
    attenuation: float
    panel: Any
    transmission: Any
    forward: float
    backward: float
    tilt: float

    @classmethod
    def drawn(cls, seed: int) -> "RandomLine":
        """One of the random lines."""
        rng = np.random.default_rng(seed)
        low, high = LIGHT / 1675e-9, LIGHT / 1260e-9
        spacing = rng.choice([37.5e9, 50e9, 75e9, 100e9, 150e9])
        count = int(min(rng.integers(10, 201), (high - low) / spacing - 1))
        start = rng.uniform(low, high - count * spacing)
        loss, per_km = rng.uniform(2.0, 25.0), rng.uniform(0.15, 0.3)
        length = loss / per_km * 1e3
        cuts = np.sort(rng.uniform(0.02, 0.98, rng.choice([0, 0, 1, 2]))) * length
        passed = 10 ** (-0.1 * rng.uniform(0.1, 3.0, cuts.size))
        return cls(
            start + spacing * np.arange(count), spacing * rng.uniform(0.6, 1.0), rng.uniform(70.0, 92.0),
            rng.uniform(1300e-9, 1324e-9), per_km * NEPER * 1e-3, np.diff(np.concatenate([[0.0], cuts, [length]])),
            np.concatenate([[1.0], passed]), *(rng.uniform(0.0, 12.0) * rng.choice([0, 0, 1]) for _ in range(2)),
            rng.uniform(-3.0, 3.0),
        )  # fmt: skip

    @property
    def length(self) -> float:
        """Length. [m]"""
        return float(np.sum(self.panel))

    def beta2(self, frequency: Any) -> Any:
        """Dispersion by the three-term Sellmeier form. [s^2/m]"""
        wave = LIGHT / np.asarray(frequency)
        dispersion = 0.25 * self.slope * (wave - self.zero**4 / wave**3)
        return -dispersion * wave**2 / (2.0 * math.pi * LIGHT)

    def profile(self, place: Any) -> tuple[Any, Any]:
        """Positions and relative power of every channel at places 0 to 1 of each panel: shapes (panel, place)."""
        start = np.concatenate([[0.0], np.cumsum(self.panel)[:-1]])
        z = start[:, None] + np.asarray(self.panel)[:, None] * place
        pump = 1.3 * self.attenuation  # of the pumps' light
        ahead, behind = -np.expm1(-pump * z), np.exp(-pump * (self.length - z)) - math.exp(-pump * self.length)
        gain = (self.forward * ahead + self.backward * behind) / -math.expm1(-pump * self.length) * NEPER
        band = self.frequency - self.frequency.mean()
        shape = 1.0 - 0.3 * (2.0 * band / max(np.ptp(self.frequency), 1.0)) ** 2  # pumps give the edges less
        lean = self.tilt * NEPER * band / np.ptp(self.frequency)
        effective = -np.expm1(-self.attenuation * z) / -math.expm1(-self.attenuation * self.length)
        passed = np.cumprod(self.transmission)[:, None]
        exponent = shape[:, None, None] * gain + lean[:, None, None] * effective - self.attenuation * z
        return z, passed * np.exp(exponent)


def fast(line: RandomLine, *, everything: bool) -> Any:
    """Interference of all channels at 1 mW each by the fast form. [W]"""
    place = -np.cos(np.pi * np.arange(NODES) / (NODES - 1))
    _, profile = line.profile(0.5 + 0.5 * place)
    count = line.frequency.size
    launch, rate, gamma = np.full(count, 1e-3), np.full(count, line.symbol_rate), np.full(count, 1.3e-3)
    integration = panel_integration(NODES)
    moment = profile_moments(profile * 1e-3, launch, line.panel, integration, sizes={"moment": 7})
    amplitude, pole = profile_poles(moment, sizes={"pole": 3})
    low, high = line.frequency[0] - line.symbol_rate, line.frequency[-1] + line.symbol_rate
    origin, step, cells = phase_polynomials(line.beta2, low, high, cells_between(low, high))
    link = amplitude, pole, moment, cells, origin, step
    return semi_closed(line.frequency, rate, launch, gamma, *link, float(everything))


def slow(line: RandomLine, channels: Any, *, everything: bool) -> Any:
    """Interference of few channels and its error by the integral. [W]"""
    position, profile = line.profile(np.linspace(0.0, 1.0, FINE + 1))
    flat = profile.reshape(line.frequency.size, -1)
    span = SpanProfile(position.ravel(), flat, line.beta2, 1.3e-3)
    terms: Any = "all" if everything else "spm+xpm"
    return kerr_integral(line.frequency, line.symbol_rate, 1e-3, span, channels=channels, terms=terms)


def compared(seed: int) -> list[dict[str, Any]]:
    """Fast form over the integral at three channels of one line, in decibels."""
    line = RandomLine.drawn(seed)
    count = line.frequency.size
    channels = [0, count // 3, count // 2]
    rows = []
    for everything in (False, True):
        near, (power, error) = fast(line, everything=everything), slow(line, channels, everything=everything)
        for k, channel in enumerate(channels):
            rows.append(
                {
                    "seed": seed, "channel": channel, "channels": count, "terms": "all" if everything else "spm+xpm",
                    "error_db": round(10 * math.log10(near[channel] / power[k]), 4),
                    "integral_error_db": round(10 * math.log10(1 + error[k] / power[k]), 4),
                }
            )  # fmt: skip
    return rows


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Quantiles of the sizes of the errors, and the worst."""
    found = {}
    for terms in ("spm+xpm", "all"):
        some = [row for row in rows if row["terms"] == terms]
        size = np.abs([row["error_db"] for row in some])
        worst = some[int(size.argmax())]
        found[terms] = {
            "values": size.size, "within_0.2_db": float(np.mean(size < 0.2)),
            "quantiles_db": {str(q): round(float(np.quantile(size, q)), 4) for q in (0.5, 0.9, 0.95, 0.99)},
            "worst": worst,
            "integral_error_db_0.95": round(float(np.quantile([row["integral_error_db"] for row in some], 0.95)), 4),
        }  # fmt: skip
    return found


def main() -> None:
    """Compare all lines and write the summary."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    started, rows = time.process_time(), []
    for seed in range(count):
        rows += compared(seed)
        if seed % 20 == 19:
            print(seed + 1, json.dumps(summary(rows)), flush=True)
    record = {
        "command": "python validation/fast_interference.py", "lines": count, **summary(rows),
        "largest": sorted(rows, key=lambda row: -abs(row["error_db"]))[:12],
        "cpu_seconds": round(time.process_time() - started, 1),
        "versions": {
            "python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__,
            "numba": numba.__version__,
        },
    }  # fmt: skip
    RESULTS.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
