"""Sweeps in blocks: in memory, into a store, resumed; and design search."""

import shutil
import tempfile
from pathlib import Path

import numpy as np

import mcfiber as mcf
from benchmarks import parameterized, seven_cores

OUTPUTS = ("total_net_rate", "crosstalk:max")
RANGES = {
    "fiber.layout.pitch_um": (38.0, 46.0),
    "fiber.attenuation_db_per_km": (0.16, 0.22),
    "fiber.effective_area_um2": (70.0, 120.0),
    "fiber.crosstalk.crosstalk_db": (-60.0, -40.0),
    "link.launch_power_dbm": (-4.0, 4.0),
}


def grid(designs):
    """Five axes, the last one longest."""
    counts = (4, 2, 4, 2, designs // 64)
    return {path: np.linspace(*limits, count) for (path, limits), count in zip(RANGES.items(), counts, strict=True)}


@parameterized("designs, arrangement", [1024, 8192], ["grid", "sampled"])
class Sweep:
    """Seven cores, 96 channels; every value of a sampled design differs from the next one's."""

    timeout = 300

    def setup(self, designs, arrangement):
        self.system = seven_cores()
        self.given = {"over": grid(designs)} if arrangement == "grid" else {"over": RANGES, "samples": designs}
        mcf.sweep(self.system, RANGES, samples=2, outputs=OUTPUTS)

    def time_sweep(self, designs, arrangement):
        mcf.sweep(self.system, **self.given, outputs=OUTPUTS, workers=1)

    def peakmem_sweep(self, designs, arrangement):
        mcf.sweep(self.system, **self.given, outputs=OUTPUTS, workers=1)


class Store:
    """A thousand designs in small blocks, so that the store is what is timed."""

    timeout = 300

    def setup(self):
        self.system, self.over = seven_cores(16), grid(1024)
        self.folder = Path(tempfile.mkdtemp())
        mcf.sweep(self.system, self.over, outputs=OUTPUTS, store=self.folder / "finished.zarr", memory_mb=0.25)

    def teardown(self):
        shutil.rmtree(self.folder)

    def time_sweep_into_a_store(self):
        path = self.folder / "new.zarr"
        mcf.sweep(self.system, self.over, outputs=OUTPUTS, store=path, memory_mb=0.25, workers=1)
        shutil.rmtree(path)

    def time_resume_a_finished_one(self):
        mcf.sweep(self.system, self.over, outputs=OUTPUTS, store=self.folder / "finished.zarr", memory_mb=0.25)

    def time_open_and_find_the_best(self):
        mcf.open_result(self.folder / "finished.zarr")["total_net_rate"].argmax(...)


class DesignSearch:
    """Three variables and a constraint, 16 channels."""

    timeout = 300

    def setup(self):
        self.system = seven_cores(16)
        self.variables = dict(list(RANGES.items())[-3:])
        self.time_optimize_design()

    def time_optimize_design(self):
        mcf.optimize_design(
            self.system, self.variables, constraints=[("crosstalk:max", 0, 1e-3)], population=8, generations=20
        )
