"""Draws of the random transfer matrix against theory, with standard errors, and the memory of a million draws.

    python validation/crosstalk_draws.py      # minutes; writes validation/crosstalk_draws.json

Each deviation is in standard errors of the draws, so that a number of order 1 says agreement.
"""

import json
import platform
import resource
import sys
import time
from pathlib import Path

import numba
import numpy as np
from scipy import stats

from mcfiber.arrays import crosstalk as plain
from mcfiber.arrays import crosstalk_statistics as theory
from mcfiber.simulation import crosstalk as drawing

PAIR = np.array([[0.0, 1.0], [1.0, 0.0]])
RING = np.roll(np.eye(6), 1, axis=0) + np.roll(np.eye(6), -1, axis=0)
SEVEN = np.block([[RING, np.ones((6, 1))], [np.ones((1, 6)), np.zeros((1, 1))]])
SEED = 20251123


def powers(chain: drawing.Chain, **options) -> np.ndarray:
    """Drawn powers of all blocks at the only time."""
    return np.concatenate([block[:, 0] for block in drawing.power_draws(chain, seed=SEED, **options)])


def mean(draws: int) -> list[dict]:
    """Seven cores against the coupled-power equations."""
    rows = []
    for strength in (1e-4, 1e-2, 0.1, 1.0):
        drawn = powers(drawing.coupled_chain(SEVEN * strength, 1.0, 0.0), draws=draws)[..., 0]
        expected = plain.span_transfer(SEVEN * strength, 1.0)
        error = drawn.std(axis=0, ddof=1) / np.sqrt(draws)
        deviation = (drawn.mean(axis=0) - expected) / error
        rows.append(
            {
                "h_times_length": strength,
                "draws": draws,
                "root_mean_square_deviation": float(np.sqrt((deviation**2).mean())),
                "largest_deviation_of_49": float(np.abs(deviation).max()),
                "relative_standard_error_of_a_neighbour": float((error / expected)[0, 1]),
            }
        )
    return rows


def distribution(draws: int) -> list[dict]:
    """Kolmogorov-Smirnov test against the Gamma distribution, weak coupling."""
    chain = drawing.coupled_chain(PAIR * 1e-6, 1.0, 0.0, steps=400)
    rows = []
    for polarizations in (1, 2):
        drawn = powers(chain, draws=draws, core_out=[0], polarizations=polarizations)[:, 0, 1, 0] / 1e-6
        test = stats.kstest(drawn, stats.gamma(2.0 * polarizations, scale=0.5 / polarizations).cdf)
        rows.append({"polarizations": polarizations, "draws": draws, "p_value": float(test.pvalue)})
    return rows


def spectrum(draws: int) -> dict:
    """Autocovariance sinc^2(S df), and the variance of crosstalk averaged over a band."""
    skew, frequency = 1e-9, np.linspace(0.0, 3e9, 97)
    chain = drawing.coupled_chain(PAIR * 1e-6, 1.0, frequency, delay=[0.0, skew], steps=400)
    drawn = powers(chain, draws=draws, core_out=[0])[:, 0, 1] / 1e-6
    products = 2.0 * (drawn - drawn.mean(axis=0)) * (drawn[:, :1] - drawn[:, 0].mean())
    error = products.std(axis=0, ddof=1) / np.sqrt(draws)
    deviation = (products.mean(axis=0) - theory.crosstalk_correlation(frequency, skew)) / error
    band = []
    for points in (4, 33, 97):  # band of 0.09, 1 and 3 over the skew
        width = frequency[points - 1]
        average = np.trapezoid(drawn[:, :points], frequency[:points], axis=1) / width
        square = (average - average.mean()) ** 2
        band.append(
            {
                "skew_times_bandwidth": float(skew * width),
                "variance": float(square.mean()),
                "theory": float(theory.crosstalk_variance(skew, width)),
                "standard_error": float(square.std() / np.sqrt(draws)),
            }
        )
    return {
        "draws": draws,
        "largest_deviation_of_97": float(np.abs(deviation).max()),
        "root_mean_square_deviation": float(np.sqrt((deviation**2).mean())),
        "band_averages": band,
    }


def memory(draws: int) -> dict:
    """Peak memory before and after many draws."""
    chain = drawing.coupled_chain(PAIR * 1e-3, 1.0, 0.0)
    total, count = 0.0, 0
    next(drawing.power_draws(chain, draws=64, seed=SEED, core_out=[0]))
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    for block in drawing.power_draws(chain, draws=draws, seed=SEED, core_out=[0]):
        total, count = total + float(block[:, 0, 0, 1, 0].sum()), count + len(block)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "draws": count,
        "seconds": round(time.perf_counter() - start, 1),
        "mean_over_tanh": total / count / (0.5 * -np.expm1(-2e-3)),
        "growth_of_peak_memory_mib": (after - before) / 1024,
    }


def main() -> None:
    """Run everything and write the record."""
    record = {
        "command": "python validation/crosstalk_draws.py",
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "numba": numba.__version__,
            "machine": platform.machine(),
        },
        "seed": SEED,
        "memory": memory(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000),
        "mean": mean(10_000),
        "distribution": distribution(10_000),
        "spectrum": spectrum(10_000),
    }
    check(record)
    Path(__file__).with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n")


def check(record: dict) -> None:
    """Refuse a record of draws that disagree with theory: three standard errors, 5 % of the distribution."""
    wrong = [row for row in record["mean"] if row["largest_deviation_of_49"] >= 3.0]
    wrong += [row for row in record["distribution"] if row["p_value"] <= 0.05]
    wrong += [record["spectrum"]] if record["spectrum"]["largest_deviation_of_97"] >= 3.0 else []
    memory = record["memory"]
    wrong += [memory] if memory["growth_of_peak_memory_mib"] >= 16 or abs(memory["mean_over_tanh"] - 1) > 3e-3 else []
    if wrong:
        sys.exit(f"draws disagree with theory: {wrong}")


if __name__ == "__main__":
    main()
