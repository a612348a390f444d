"""Hold the closed forms of random coupling against random draws, and the record's chain against its reports.

Every row has a quantity, its closed form, the mean of draws and its standard error.  Channels are drawn with
`mcfiber.simulation.channels` (whose matrices the tests hold against Haar's distribution), for 2 to 64 modes and 1 to
100 spans; the closed forms know nothing of them.

    python validation/random_coupling.py          # minutes; writes validation/random_coupling.json
"""

import json
import math
import platform
import time
from pathlib import Path

import numba
import numpy as np

import mcfiber
from mcfiber.kernels.mode_loss import expected_spread, growth
from mcfiber.line.mode_loss import mode_dependent_loss
from mcfiber.receiver.outage import capacity_correlation, capacity_deviation, frequency_diversity
from mcfiber.receiver.penalty import mdl_penalty
from mcfiber.simulation.capacity import channel_capacity, draw_capacity
from mcfiber.simulation.channels import CoupledLine, draw_channel, mode_delays, mode_gains

ROOT = Path(__file__).resolve().parent.parent
DB = 10 / math.log(10)
MODES = (2, 4, 8, 16, 38, 64)
SPANS = (1, 4, 21, 100)
SEED = 20251123


def draws(modes: int, spans: int) -> int:
    """Number of draws that takes about as long for any number of modes and spans."""
    return int(np.clip(6e6 / (spans * modes**2.2), 24, 1500))


def row(quantity: str, law: float, values: np.ndarray, **case: object) -> dict[str, object]:
    """One comparison."""
    error = float(np.std(values, ddof=1) / math.sqrt(np.size(values)))
    return {"quantity": quantity, **case, "law": float(law), "draws": float(np.mean(values)), "error": error,
            "number": int(np.size(values))}  # fmt: skip


def accumulation(modes: int, spans: int) -> list[dict[str, object]]:
    """Variance of weak gains and of delays, and the spread of strong gains."""
    rows = []
    for repeat in ("independent", "same"):
        line = CoupledLine(modes=modes, spans=spans, loss_rms=1e-4, delay_rms=1e-12, repeat=repeat)
        channels = draw_channel(line, draws=draws(modes, spans), seed=SEED, frequency=[0.0, 1e8])
        case = {"modes": modes, "spans": spans, "repeat": repeat}
        gains = mode_gains(channels).values[:, 0].var(axis=1) / 1e-8
        delays = mode_delays(channels).values[:, 0].var(axis=1) / 1e-24
        rows += [row("variance of gains", growth(spans, modes, repeat), gains, **case),
                 row("variance of delays", growth(spans, modes, repeat), delays, **case)]  # fmt: skip
    if spans >= 21:
        for loss_db in (5.0, 10.0):
            line = CoupledLine(modes=modes, spans=spans, loss_rms=loss_db / DB / math.sqrt(spans))
            gains = mode_gains(draw_channel(line, draws=draws(modes, spans), seed=SEED)).values[:, 0]
            loss = mode_dependent_loss(line.loss_rms, modes=modes, spans=spans)
            case = {"modes": modes, "spans": spans, "loss_db": loss_db}
            rows += [row("rms loss, Np^2", float(loss.rms) ** 2, gains.var(axis=1), **case),
                     row("peak to peak over rms", expected_spread(modes),
                         (gains[:, -1] - gains[:, 0]) / float(loss.rms), **case)]  # fmt: skip
    return rows


def rates(modes: int, spans: int) -> list[dict[str, object]]:
    """Rates of the receivers against the table of penalties."""
    rows = []
    for repeat in ("independent", "same"):
        for loss_db, snr_db in ((2.5, 20.0), (5.0, 10.0), (5.0, 20.0)):
            span_rms = loss_db / DB / math.sqrt(growth(spans, modes, repeat))
            loss = mode_dependent_loss(span_rms, modes=modes, spans=spans, repeat=repeat).effective
            line = CoupledLine(modes=modes, spans=spans, loss_rms=span_rms, repeat=repeat,
                               amplifier="frequency")  # fmt: skip
            snr = 10 ** (snr_db / 10)
            drawn = draw_capacity(line, snr, draws=draws(modes, spans), seed=SEED)
            for receiver in ("optimal", "mmse"):
                law = math.log2(1 + snr / float(mdl_penalty(snr, loss, modes=modes, receiver=receiver)))
                rows.append(row(f"rate, {receiver}", law, drawn.sel(receiver=receiver).values, modes=modes,
                                spans=spans, repeat=repeat, loss_db=loss_db, snr_db=snr_db))  # fmt: skip
    return rows


def frequencies(modes: int, spans: int) -> list[dict[str, object]]:
    """Deviation of the capacity, its correlation over frequency and the variance of its mean over a band."""
    loss, delay, offsets, snr = 0.15, 200e-12, np.arange(12) * 0.6e9, 100.0
    line = CoupledLine(modes=modes, spans=spans, loss_rms=loss / math.sqrt(spans), amplifier="frequency",
                       delay_rms=delay / math.sqrt(spans))  # fmt: skip
    count = max(200, draws(modes, spans) // 4)
    channels = draw_channel(line, draws=count, seed=SEED, frequency=offsets)
    capacity = channel_capacity(channels, snr).sel(receiver="optimal").values
    capacity = capacity - capacity.mean(axis=0)
    case = {"modes": modes, "spans": spans}
    deviation = float(capacity_deviation(snr, loss, **case))
    law = capacity_correlation(offsets, delay, **case).values
    band = offsets[-1] + (offsets[1] - offsets[0])
    pairs = law[np.abs(np.subtract.outer(np.arange(12), np.arange(12)))].mean()
    return [
        row("variance of capacity over its law", 1.0, capacity[:, 0] ** 2 / deviation**2, **case),
        row("correlation at 1.2 GHz", law[2], capacity[:, :-2] * capacity[:, 2:] / capacity.var(), **case),
        row("variance of the mean of 12 frequencies", pairs, capacity.mean(axis=1) ** 2 / capacity.var(), **case),
        {"quantity": "frequency diversity of 7.2 GHz", **case, "law": float(frequency_diversity(band, delay, **case)),
         "draws": 1 / pairs, "error": 0.0, "number": 0},
    ]  # fmt: skip


REPORTED = {
    "nict-2025-1808km": (10.1, 10.6, "1.02 Pb/s decoded, decoded over GMI 0.92 to 0.95, 49 GBd inferred"),
    "nict-2025-5166km": (6.1, 6.8, "568.8 Tb/s decoded, QPSK, with the same gap"),
}  # SNR in dB that carries the reported rate
CHAIN = (1, 5, 10, 15, 21, 30, 40, 50, 60)


def chain(samples: int = 200) -> dict[str, object]:
    """SNR of the record's line against spans for both assumptions on the mixing, with the entries' ranges."""
    curves: dict[str, object] = {}
    for name in REPORTED:
        entry = mcfiber.load(name)
        drawn = entry.sampled(samples, 0)
        import xarray as xr

        numbers = {path: xr.DataArray(drawn[path], dims="sample") for path in entry.ranges}
        for repeat in ("independent", "same"):
            rows = []
            for spans in CHAIN:
                system = entry.system.replace({**numbers, "link.repeat": repeat, "link.span_count": spans})
                snr = 10 * np.log10(system.evaluate().snr.mean("channel"))
                rows.append([spans, *np.quantile(snr, (0.05, 0.5, 0.95)).round(3).tolist()])
            curves[f"{name}, {repeat}"] = rows
    both = {}
    for repeat in ("independent", "same"):
        both[repeat] = fall(samples, repeat)
    return {"columns": ["spans", "5 %", "50 %", "95 %"], "snr_db": curves, "reported_snr_db": REPORTED,
            "fall_from_21_to_60_spans_db": both}  # fmt: skip


def fall(samples: int, repeat: str) -> dict[str, object]:
    """Fall of the SNR from 1,808 to 5,166 km on the same line: unknowns that both share cancel in part."""
    import xarray as xr

    first, second = (mcfiber.load(name) for name in REPORTED)
    drawn = first.sampled(samples, 0)
    numbers = {path: xr.DataArray(drawn[path], dims="sample") for path in first.ranges}
    values = [
        10 * np.log10(entry.system.replace({**numbers, "link.repeat": repeat}).evaluate().snr.mean("channel")).values
        for entry in (first, second)
    ]
    difference = values[0] - values[1]
    near, far = (REPORTED[name] for name in REPORTED)
    inside = np.mean([(near[0] < a < near[1]) and (far[0] < b < far[1]) for a, b in zip(*values, strict=True)])
    return {"quantiles_5_50_95": np.quantile(difference, (0.05, 0.5, 0.95)).round(3).tolist(),
            "reported": [round(near[0] - far[1], 2), round(near[1] - far[0], 2)],
            "share_of_samples_inside_both_reports": float(inside)}  # fmt: skip


def main() -> None:
    """Compute all rows and write them."""
    started, rows = time.perf_counter(), []
    for modes in MODES:
        for spans in SPANS:
            rows += accumulation(modes, spans)
            rows += rates(modes, spans) if spans >= 21 else []
        rows += frequencies(modes, 21) if modes <= 16 else []
        print(modes, len(rows), f"{time.perf_counter() - started:.0f} s", flush=True)
    record = {
        "command": "python validation/random_coupling.py",
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "numba": numba.__version__},
        "seed": SEED,
        "rows": rows,
        "chain": chain(),
    }
    text = json.dumps(record)
    (ROOT / "validation" / "random_coupling.json").write_text(text.replace('{"quantity', '\n{"quantity') + "\n")


if __name__ == "__main__":
    main()
