"""Sweep 10,000, 100,000 and a million designs: time, designs per second, peak memory, and what Python adds.

Seven cores, 96 channels, 20 spans; pitch x core radius x index difference x bend radius x launch power, from the index
profile to the total net rate and the worst crosstalk, into a Zarr store; and the same count of designs of a fibre
that is described by measured values.  Every sweep runs in a process of its own, whose largest resident memory is
noted; kernels are compiled before the clock starts.  `overhead` is the processor time of all blocks over that of their
kernels.  `cluster` compares one with two single-thread processes of dask, start-up excluded.

    python validation/million_designs.py                    # all sizes: up to ten minutes on two free processors
    python validation/million_designs.py --designs 10000    # one size; prints, and writes nothing
"""

import argparse
import json
import multiprocessing
import os
import platform
import resource
import sys
import tempfile
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

import mcfiber as mcf

SIZES = (10_000, 100_000, 1_000_000)
OUTPUTS = ("total_net_rate", "crosstalk:max")
# Points along the axes; the product is the number of designs.
GRIDS = {10_000: (5, 5, 4, 4, 25), 100_000: (10, 10, 5, 8, 25), 1_000_000: (20, 20, 10, 10, 25)}
AXES = {
    "profile": {
        "fiber.layout.pitch_um": (38.0, 46.0),
        "fiber.core.radius_um": (4.2, 4.8),
        "fiber.core.delta_percent": (0.33, 0.39),
        "fiber.bend_radius_mm": (80.0, 200.0),
        "link.launch_power_dbm": (-4.0, 4.0),
    },
    "measured": {
        "fiber.layout.pitch_um": (38.0, 46.0),
        "fiber.attenuation_db_per_km": (0.16, 0.22),
        "fiber.effective_area_um2": (70.0, 120.0),
        "fiber.crosstalk.crosstalk_db": (-60.0, -40.0),
        "link.launch_power_dbm": (-4.0, 4.0),
    },
}


def system(kind: str) -> mcf.System:
    """Describe the line, with a fibre from its index profile or from measured values."""
    core = {"kind": "trench", "radius_um": 4.5, "delta_percent": 0.36, "trench_delta_percent": -0.7}
    measured = {"crosstalk_db": -50, "length_km": 80, "definition": "total_from_neighbours"}
    fiber = {"core": core} if kind == "profile" else {"crosstalk": measured}
    group = {
        "band": "C", "channels": 96, "spacing_ghz": 50, "symbol_rate_gbd": 32, "lowest_frequency_thz": 191.35
    }  # fmt: skip
    return mcf.System(
        spectrum={"groups": [group]},
        fiber={"layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 42}, "cladding_diameter_um": 187, **fiber},
        link={"span": {"length_km": 80}, "span_count": 20},
        transceiver={"format": "16QAM", "snr_db": 20},
    )


def over(kind: str, designs: int) -> dict[str, np.ndarray]:
    """Values along each axis."""
    counts = GRIDS[designs]
    return {
        path: np.linspace(low, high, count)
        for (path, (low, high)), count in zip(AXES[kind].items(), counts, strict=True)
    }


def sweep(kind: str, designs: int, arrangement: str, workers: int) -> dict[str, object]:
    """Run one sweep and measure it; "sampled" varies all five values from design to design."""
    ranges, values = AXES[kind], over(kind, designs)
    given = {"over": values} if arrangement == "grid" else {"over": ranges, "samples": designs}
    mcf.sweep(system(kind), {path: value[:2] for path, value in values.items()}, outputs=OUTPUTS)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        result = mcf.sweep(system(kind), **given, outputs=OUTPUTS, workers=workers, store=Path(folder) / "designs.zarr")
        seconds = time.perf_counter() - began
        status = result["status"].values
        rate = result["total_net_rate"].values[status == 0]
    return {
        "fiber": kind,
        "arrangement": arrangement,
        "designs": status.size,
        "workers": workers,
        "seconds": round(seconds, 2),
        "designs_per_second": round(status.size / seconds),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "cannot_exist": int((status != 0).sum()),
        "nan": int(np.isnan(rate).sum()),
        "best_net_rate_tbps": float(rate.max() / 1e12),
    }


def overhead(kind: str) -> dict[str, object]:
    """Compare the processor time of blocks with that of their kernels."""
    from mcfiber import _jit
    from mcfiber.studies import axes, outputs, sweeps

    spent, call = [0.0], _jit.Kernel.__call__

    def timed(self, *arrays, **options):
        if not hasattr(self.compiled, "timed"):
            compiled = self.compiled

            def clocked(*given):
                began = time.thread_time()
                compiled(*given)
                spent[0] += time.thread_time() - began

            clocked.timed = True
            self.compiled = clocked
        return call(self, *arrays, **options)

    plan = axes.sampled(system(kind), AXES[kind], 4096, 0)
    kept = partial(outputs.evaluated, texts=outputs.checked(OUTPUTS))
    planned, points = sweeps.probe(plan, kept, 128.0)
    _jit.Kernel.__call__ = timed
    try:
        began = time.thread_time()
        for block in plan.blocks(plan.block_shape(points)):
            sweeps.run_block(block, plan.put(block), kept=kept, names=plan.names, outputs=planned)
        whole = time.thread_time() - began
    finally:
        _jit.Kernel.__call__ = call
    return {"fiber": kind, "block": points, "seconds": whole, "kernels": spent[0], "ratio": whole / spent[0]}


def cluster(kind: str, designs: int) -> dict[str, object]:
    """Time one and two single-thread processes of dask on the same sweep; every worker is warm."""
    import dask
    from distributed import Client, LocalCluster

    seconds, rates, blocks = {}, {}, []
    given = {"over": AXES[kind], "outputs": OUTPUTS, "memory_mb": 512}
    for workers in (1, 2):
        with (
            dask.config.set(mcf.cluster_settings()),
            LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None) as local,
            Client(local) as client,
        ):
            mcf.sweep(system(kind), **(given | {"memory_mb": 4}), samples=64, client=client)  # every worker compiles
            began = time.perf_counter()
            result = mcf.sweep(
                system(kind), **given, samples=designs, client=client, progress=lambda _, total: blocks.append(total)
            )
            seconds[workers] = time.perf_counter() - began
            rates[workers] = result["total_net_rate"].values
    return {
        "fiber": kind,
        "designs": designs,
        "blocks": blocks[0],
        "seconds": seconds,
        "seconds_a_block": seconds[1] / blocks[0],
        "speed_up": seconds[1] / seconds[2],
        "same_bits": bool(np.array_equal(rates[1], rates[2], equal_nan=True)),
    }


def in_its_own_process(function, *arguments):
    """Call a function where nothing else has taken memory."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        result = pool.apply(function, arguments)
    print(json.dumps(result))
    return result


def main() -> None:
    """Measure, print, and write the record beside this script."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--designs", type=int, choices=SIZES)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    sizes = [options.designs] if options.designs else SIZES
    runs = [
        in_its_own_process(sweep, kind, designs, arrangement, options.workers)
        for kind in AXES
        for arrangement in ("grid", "sampled")
        for designs in sizes
        # From the profile, a million designs that all differ would take a quarter of an hour.
        if not (kind == "profile" and arrangement == "sampled" and designs > 100_000)
    ]
    ratios = [in_its_own_process(overhead, kind) for kind in AXES]
    record = {
        "command": " ".join(["python", "validation/million_designs.py", *sys.argv[1:]]),
        "versions": {name: version(name) for name in ("numpy", "numba", "xarray", "zarr", "dask", "distributed")}
        | {"python": platform.python_version()},
        "processors": os.cpu_count(),
        "runs": runs,
        "overhead": ratios,
    }
    if not options.designs:
        record["cluster"] = cluster("profile", 20_480)
        print(json.dumps(record["cluster"]))
        check(record)
        Path(__file__).with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n")


def check(record: dict) -> None:
    """Refuse a record whose memory grows with the designs, or whose processes disagree."""
    grids = [run for run in record["runs"] if run["arrangement"] == "grid"]
    peaks = {(run["fiber"], run["designs"]): run["peak_memory_mb"] for run in grids}
    # Beside the blocks, outputs of a million designs take some tens of megabytes.
    wrong = [(kind, size) for kind, size in peaks if peaks[kind, size] >= 1.25 * peaks[kind, min(SIZES)] + 50]
    wrong += [run for run in record["runs"] if run["nan"]]
    wrong += [one for one in record["overhead"] if one["ratio"] > 1.4]
    wrong += [] if record["cluster"]["same_bits"] else [record["cluster"]]
    if wrong:
        sys.exit(f"not as it should be: {wrong}")


if __name__ == "__main__":
    main()
