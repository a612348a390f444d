"""Make the table of the penalty that mode-dependent loss costs a receiver, from random draws.

The channel is the limit of many sections: Brownian motion of log gains without a trace (rms over the modes
`xi`, in nepers of power, where the noise enters evenly along the way and every amplifier holds the total
signal power.  With ``H_t`` the channel up to the fraction t of the way, a receiver sees the matrix

    M = integral over t of tr(H_t H_t^H)/D * (H_t^H H_t)^-1 ,      S = rho M^-1  of equations (6.4) and (6.7),

so one draw holds every signal-to-noise ratio `rho`: a stream's mean-square error is the diagonal of
``M (M + rho)^-1`` and the capacity per mode the mean of ``log2(1 + rho/m)`` over the eigenvalues m.
The table holds  ln(penalty)/xi^2  with  penalty = rho / (2^rate - 1), rate the mean over streams and draws,
and the standard deviation of the rate per mode over draws, in nats, over xi^2 (at xi = 0 that of 0.1 Np).

    python validation/mmse_penalty.py      # minutes; writes mcfiber/kernels/mdl_penalty.npz and a record
"""

import json
import platform
import sys
import time
from pathlib import Path

import numpy as np

MODES = {2: 40000, 4: 20000, 6: 10000, 8: 6000, 16: 2000, 38: 600}  # draws for each number of modes
XI = np.linspace(0.0, 3.5, 36)  # Np, 0 to 15.2 dB
RHO_DB = np.arange(-20.0, 44.1, 2.0)
STEP = 0.02  # largest step of xi^2 (Np^2)
SEED = 20251123
ROOT = Path(__file__).resolve().parent.parent


def generator(random: np.random.Generator, draws: int, modes: int, variance: float) -> np.ndarray:
    """Draw Hermitian matrices without a trace whose eigenvalues have the given mean square."""
    scale = np.sqrt(variance * modes / (modes**2 - 1) / 2)
    parts = random.standard_normal((2, draws, modes, modes))
    matrix = (parts[0] + 1j * parts[1]) * scale / np.sqrt(2)
    matrix += matrix.conj().swapaxes(1, 2)
    trace = np.trace(matrix, axis1=1, axis2=2).real / modes
    matrix[:, np.arange(modes), np.arange(modes)] -= trace[:, None]
    return matrix


def half_exponentials(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return exp(G/2) and exp(-G/2) to fourth order."""
    half = matrix / 2
    square = half @ half
    even = np.eye(matrix.shape[1]) + square / 2 + square @ square / 24
    odd = half + square @ half / 6
    return even + odd, even - odd


def power(matrix: np.ndarray) -> np.ndarray:
    """Mean square of a matrix' singular values."""
    return np.sum(np.abs(matrix) ** 2, axis=(1, 2)) / matrix.shape[1]


def rates(noise: np.ndarray, rho: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rates per mode in nats (draw, rho): linear receiver of least mean-square error, and optimal receiver."""
    values, vectors = np.linalg.eigh(noise)
    share = np.abs(vectors) ** 2
    error = share @ (values[:, :, None] / (values[:, :, None] + rho))
    return -np.log(error).mean(axis=1), np.log1p(rho / values[:, :, None]).mean(axis=1)


def block(random: np.random.Generator, draws: int, modes: int, rho: np.ndarray) -> np.ndarray:
    """Rates (receiver, xi, draw, rho) of a block of draws, all `xi` on the same paths."""
    channel = inverse = np.broadcast_to(np.eye(modes, dtype=complex), (draws, modes, modes))
    seen = np.zeros((draws, modes, modes), dtype=complex)
    now = np.broadcast_to(np.eye(modes, dtype=complex), (draws, modes, modes))
    result = np.empty((2, len(XI) - 1, draws, len(rho)))
    for index, (low, high) in enumerate(zip(XI[:-1] ** 2, XI[1:] ** 2, strict=True)):
        steps = max(8, int(np.ceil((high - low) / STEP)))
        for _ in range(steps):
            forward, backward = half_exponentials(generator(random, draws, modes, (high - low) / steps))
            channel, inverse = forward @ channel, inverse @ backward
            before, now = now, power(channel)[:, None, None] * (inverse @ inverse.conj().swapaxes(1, 2))
            seen = seen + (before + now) * ((high - low) / steps / 2)
        result[:, index] = rates(seen / high, rho)
    return result


def ratios(rate: np.ndarray, rho: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Table entries ln(penalty)/xi^2 and their standard errors, from rates (receiver, xi, draw, rho)."""
    square = XI[1:, None] ** 2
    mean = rate.mean(axis=2)
    error = rate.std(axis=2, ddof=1) / np.sqrt(rate.shape[2])
    equivalent = np.expm1(mean)
    return np.log(rho / equivalent) / square, error * (equivalent + 1) / equivalent / square


def limit(modes: int, rho: np.ndarray) -> np.ndarray:
    """Exact limit of the table entries at xi = 0 (second-order expansion of M about the identity)."""
    linear = 1 / 2 - 1 / (3 * (1 + rho)) - rho / (6 * (modes + 1) * (1 + rho))
    optimal = (1 + 2 * rho) / (6 * (1 + rho))
    return np.stack([linear, optimal])


def main() -> None:
    """Draw, write the table beside the kernels, and the record beside this script."""
    rho = 10 ** (RHO_DB / 10)
    table = np.empty((2, len(MODES), len(XI), len(rho)))
    error, spread = np.zeros_like(table), np.zeros_like(table)
    started, drawn = time.perf_counter(), {}
    for position, (modes, draws) in enumerate(MODES.items()):
        random = np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=(modes,)))
        size = max(1, min(draws, 40000 // modes**2))
        rate = np.concatenate([block(random, size, modes, rho) for _ in range(-(-draws // size))], axis=2)
        table[:, position, 1:], error[:, position, 1:] = ratios(rate, rho)
        table[:, position, 0] = limit(modes, rho)
        spread[:, position, 1:] = rate.std(axis=2, ddof=1) / XI[1:, None] ** 2
        spread[:, position, 0] = spread[:, position, 1]
        drawn[str(modes)] = rate.shape[2]
        print(modes, rate.shape[2], f"{time.perf_counter() - started:.0f} s", flush=True)
    np.savez_compressed(
        ROOT / "mcfiber" / "kernels" / "mdl_penalty.npz",
        table=table.astype(np.float32),
        spread=spread.astype(np.float32),
        modes=np.array(list(MODES)),
        xi=XI,
        rho_db=RHO_DB,
    )
    decibels = error * XI[:, None] ** 2 * 10 / np.log(10)
    worst = {
        receiver: {
            f"{limit_db:g} dB": round(float(decibels[which][:, XI * 10 / np.log(10) <= limit_db].max()), 4)
            for limit_db in (5.0, 8.0, 12.0, 16.0)
        }
        for which, receiver in enumerate(("mmse", "optimal"))
    }
    record = {
        "command": "python validation/mmse_penalty.py",
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "seed": SEED,
        "draws": drawn,
        "largest_step_of_xi_squared": STEP,
        "largest_standard_error_db_up_to_rms": worst,
        "seconds": round(time.perf_counter() - started),
    }
    (ROOT / "validation" / "mmse_penalty.json").write_text(json.dumps(record, indent=1) + "\n")
    print(json.dumps(worst, indent=1), file=sys.stderr)


if __name__ == "__main__":
    main()
