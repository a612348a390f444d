"""Crosstalk between cores."""

import time

import numpy as np

from mcfiber.arrays import crosstalk as plain
from mcfiber.arrays import crosstalk_statistics as statistics
from mcfiber.kernels import crosstalk as kernels
from mcfiber.simulation import crosstalk as drawing


def hexagon(rings):
    points = [(q, r) for q in range(-rings, rings + 1) for r in range(-rings, rings + 1) if abs(q + r) <= rings]
    x = np.array([q + r / 2 for q, r in points])
    y = np.array([r * 3**0.5 / 2 for q, r in points])
    return (np.abs(np.hypot(x[:, None] - x, y[:, None] - y) - 1.0) < 1e-9).astype(float)


class MeanCrosstalk:
    """Nineteen cores, 180 channels."""

    def setup(self):
        self.h = hexagon(2) * np.geomspace(1e-9, 1e-8, 180)[:, None, None]
        self.loss = np.full(19, 4e-5)
        self.one = np.ones(1)
        self.span = self.time_transfer()
        self.time_twenty_one_spans()

    def time_transfer(self):
        return kernels.coupled_power_transfer(self.h, self.loss, 86.1e3)

    def time_twenty_one_spans(self):
        return kernels.repeated_crosstalk(self.span, self.one, self.one, 21.0)


class Draws:
    """Transfer matrices, 64 draws of 50 steps, beside NumPy's batched products of as many full matrices."""

    params = ((7, 19), (16, 64))
    param_names = ("cores", "frequencies")

    def setup(self, cores, frequencies):
        h = hexagon(1 if cores == 7 else 2) * 1e-4
        offsets = np.linspace(0.0, 1e9, frequencies)
        self.chain = drawing.coupled_chain(h, 1.0, offsets, delay=np.linspace(0, 1e-9, cores), steps=50)
        self.step = np.exp(1j * np.random.default_rng(1).uniform(size=(frequencies, 2 * cores, 2 * cores)))
        self.step *= 0.5 / cores
        next(drawing.transfer_draws(self.chain, draws=1, seed=1))

    def time_draws(self, cores, frequencies):
        for _ in drawing.transfer_draws(self.chain, draws=64, seed=1):
            pass

    def time_one_core_out(self, cores, frequencies):
        for _ in drawing.power_draws(self.chain, draws=64, seed=1, core_out=[0]):
            pass

    def time_numpy_products_of_eight_draws(self, cores, frequencies):
        for _ in range(8):
            product = self.step
            for _ in range(50):
                product = np.matmul(self.step, product)

    def track_rate_over_numpy(self, cores, frequencies):
        """Draws a second over NumPy's chains of products a second, side by side."""
        spent = {}
        for name in ("time_draws", "time_numpy_products_of_eight_draws"):
            start = time.perf_counter()
            getattr(self, name)(cores, frequencies)
            spent[name] = time.perf_counter() - start
        return spent["time_numpy_products_of_eight_draws"] / 8 / (spent["time_draws"] / 64)

    def peakmem_draws(self, cores, frequencies):
        self.time_draws(cores, frequencies)


class PlainArrays:
    """What a network simulator asks for: 100 links of 19 cores and 96 channels, some of them lit."""

    def setup(self):
        self.lit = np.random.default_rng(1).integers(0, 2, (100, 96, 19)).astype(float)
        self.h = hexagon(2) * np.geomspace(1e-9, 1e-8, 100)[:, None, None]
        self.time_lit_neighbours()
        self.time_penalty()

    def time_lit_neighbours(self):
        pairs = plain.pair_crosstalk(self.h, 80e3, spans=20)
        return plain.lit_crosstalk(pairs[:, None], self.lit)

    def time_penalty(self):
        return plain.snr_penalty_db(self.lit, 100.0)


class Quantiles:
    """Crosstalk exceeded with 1e-4, of six unequal aggressors: ten thousand values."""

    params = ("one_shape", "many_shapes", "equal")
    param_names = ("aggressors",)

    def setup(self, aggressors):
        draws = np.random.default_rng(1)
        self.mean = 10 ** draws.uniform(-3.0, 0.0, (10_000, 6))
        self.variance = np.full(6, 0.5)
        if aggressors == "many_shapes":
            self.variance = 10 ** draws.uniform(-2.0, 0.0, (10_000, 6))
        if aggressors == "equal":
            self.mean = np.ones((10_000, 6))
        statistics.exceeded_level(self.mean[:1], 0.5, 1e-4)
        statistics.outage_probability(self.mean[:1], 0.5, 1.0)

    def time_quantile(self, aggressors):
        return statistics.exceeded_level(self.mean, self.variance, 1e-4)

    def time_outage(self, aggressors):
        return statistics.outage_probability(self.mean, self.variance, 2.0)
