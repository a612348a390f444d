"""Power-fed cables and erbium amplifiers: single ones, many at once, the best one."""

import warnings

import numpy as np
import xarray as xr

import mcfiber as mcf
from benchmarks import parameterized
from mcfiber.descriptions.errors import ValidityWarning
from mcfiber.kernels import erbium as kernels
from mcfiber.studies.waterfilling import water_filled_line

NAMES = {cores: f"nec-2026-7000km-{cores}core" for cores in (1, 2, 4)}

RANGES = {
    "feed.voltage_kv": (10.0, 20.0),
    "feed.power_limit_kw": (10.0, 40.0),
    "repeater.pump_efficiency_percent": (2.0, 10.0),
    "system.fiber.attenuation_db_per_km": (0.14, 0.18),
}

SPAN = "system.link.span.length_km"


def two_cores():
    return mcf.load_cable(NAMES[2]).cable


class Evaluate:
    """One cable, and many pairs of it as an axis."""

    def setup(self):
        self.cable = two_cores()
        pairs = xr.DataArray(np.arange(1, 257), dims="pairs")
        self.pairs = self.cable.replace({"fiber_pairs": pairs, "fibers_at_most": None})
        self.cable.evaluate()
        self.pairs.evaluate()

    def time_one(self):
        self.cable.evaluate()

    def time_256_pairs(self):
        self.pairs.evaluate()

    def time_power_use(self):
        mcf.power_use(self.cable.evaluate())


@parameterized("spans", ["fixed", "varying"])
class Sweep:
    """Eight thousand designs; where the length of spans varies, points of one number of spans go together."""

    timeout = 300

    def setup(self, spans):
        warnings.simplefilter("ignore", ValidityWarning)
        self.cable = two_cores()
        self.ranges = RANGES if spans == "fixed" else RANGES | {SPAN: (45.0, 90.0)}
        mcf.sweep(self.cable, self.ranges, samples=16, outputs="cable_net_rate")

    def time_sweep(self, spans):
        mcf.sweep(self.cable, self.ranges, samples=8192, outputs="cable_net_rate", workers=2)

    def peakmem_sweep(self, spans):
        mcf.sweep(self.cable, self.ranges, samples=8192, outputs="cable_net_rate", workers=2)


class Optimize:
    """Pairs, three fibres, span and bandwidth under a limit of energy."""

    timeout = 300

    def setup(self):
        warnings.simplefilter("ignore", ValidityWarning)
        self.cable = two_cores()
        self.fibers = [mcf.load_cable(name).cable.system.fiber for name in NAMES.values()]
        self.cable.evaluate()

    def time_optimize(self):
        variables = {"fiber_pairs": range(1, 25), "system.fiber": self.fibers, SPAN: (40, 120), "bandwidth_thz": (3, 5)}
        mcf.optimize_cable(self.cable, variables, constraints=[("energy_per_bit", 0, 25e-12)])

    def time_water_filling(self):
        mcf.optimize_cable(self.cable, {"fiber_pairs": [24]}, launch="water-filling")

    def time_front(self):
        variables = {"fiber_pairs": range(1, 25), "feed.power_limit_kw": (5, 28)}
        mcf.pareto_front(self.cable, variables, ["cable_net_rate", "-energy_per_bit"])


class Erbium:
    """A thousand amplifiers of 46 channels: their best length and output, and noise along the erbium."""

    def setup(self):
        one = np.ones((1000, 46))
        frequency = np.linspace(191.4e12, 196.0e12, 46) * one
        absorption, gain = np.linspace(0.4, 1.6, 46) * one, np.linspace(0.7, 1.5, 46) * one
        pump = np.linspace(0.02, 0.1, 1000)
        rest = 3.06e14, 0.96, 0.0, 3.5e15, 1.0
        self.design = frequency, absorption, gain, 10.0 * one, one / 460.0, pump, *rest, np.nan, np.inf
        output, length, inversion, used, _ = kernels.flattened_amplifier(*self.design)
        power = output[:, None] / 460.0 * one
        self.along = frequency, absorption, gain, power, used, *rest, length, inversion, 0.0
        kernels.along_erbium(*self.along)

    def time_flattened(self):
        kernels.flattened_amplifier(*self.design)

    def time_along(self):
        kernels.along_erbium(*self.along)

    def time_water_filled_line(self):
        amplifier = mcf.ErbiumAmplifier(pump_power_mw=60, before_loss_db=0, after_loss_db=0)
        slots = np.arange(191.05, 196.5, 0.05)
        water_filled_line(amplifier, slots, span_loss_db=9.75, spans=287, symbol_rate_gbd=50, gap_db=1)
