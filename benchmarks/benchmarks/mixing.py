"""Random coupling: penalties, mode dispersion in the interference, random channels."""

import time

import numpy as np

from mcfiber.kernels import coupled_interference as mode_dispersion
from mcfiber.kernels import mode_loss as mixing
from mcfiber.simulation.capacity import draw_capacity
from mcfiber.simulation.channels import BLOCK, CoupledLine, blocks, draw_channel

FREQUENCY = np.arange(16) * 3e9
LINE = CoupledLine(modes=38, spans=21, loss_rms=0.16, delay_rms=80e-12)


class Penalty:
    """256 samples of 180 channels."""

    def setup(self):
        random = np.random.default_rng(1)
        self.snr, self.loss = 10 ** random.uniform(0, 2.5, (256, 180)), random.uniform(0, 2, (256, 1))
        self.time_penalty()

    def time_penalty(self):
        return mixing.tabulated_penalty(self.snr, self.loss, "mmse", 38)


class ModeDispersion:
    """180 channels, 19 cores."""

    def setup(self):
        self.channels = 186.4e12 + 50e9 * np.arange(180), np.full(180, 49e9), np.full(180, 1e-3)
        self.time_factor()

    def time_factor(self):
        return mode_dispersion.mode_dispersion_factor(*self.channels, [-22e-27], [4.1e-5], 86.1e3, 2.7e-13, 38.0)


def products(line, frequencies):
    """Products of D x D matrices that a realisation takes: sections, forward, backward, noise."""
    return frequencies * (line.spans * (line.sections + 3) - 2)


class RandomChannels:
    """38 modes, 21 spans, 16 frequencies."""

    timeout = 300

    def setup(self):
        draw_capacity(LINE, 20.0, draws=1, seed=1, frequency=FREQUENCY)
        random = np.random.default_rng(1)
        shape = products(LINE, 1), 38, 38
        self.left, self.right = (random.standard_normal(shape) + 1j * random.standard_normal(shape) for _ in range(2))
        self.out = np.empty_like(self.left)

    def time_channels(self):
        return draw_channel(LINE, draws=2, seed=1, frequency=FREQUENCY)

    def time_capacity(self):
        return draw_capacity(LINE, 20.0, draws=2, seed=1, frequency=FREQUENCY)

    def time_products_of_numpy(self):
        for _ in range(2 * FREQUENCY.size):
            np.matmul(self.left, self.right, out=self.out)

    def track_rate_over_that_of_numpy(self):
        """Products per second, drawing included, over those of numpy's batched product in the same run."""
        ratios = []
        for _ in range(3):
            start = time.process_time()
            self.time_products_of_numpy()
            middle = time.process_time()
            self.time_channels()
            ratios.append((middle - start) / (time.process_time() - middle))
        return float(np.median(ratios))

    def track_rate_over_that_of_numpy_with_capacities(self):
        ratios = []
        for _ in range(3):
            start = time.process_time()
            self.time_products_of_numpy()
            middle = time.process_time()
            self.time_capacity()
            ratios.append((middle - start) / (time.process_time() - middle))
        return float(np.median(ratios))


class ManyDraws:
    """Two cores, 1e5 realisations: memory does not grow with their number."""

    params = (1000, 100_000)
    timeout = 300

    def setup(self, draws):
        self.line = CoupledLine(modes=4, spans=8, loss_rms=0.2)
        draw_capacity(self.line, 20.0, draws=1, seed=1)

    def time_draws(self, draws):
        return draw_capacity(self.line, 20.0, draws=draws, seed=1)

    def peakmem_draws(self, draws):
        for _ in blocks(self.line, np.zeros(1), draws // BLOCK * BLOCK, 1):
            pass
