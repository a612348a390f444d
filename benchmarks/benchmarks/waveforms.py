"""Waveforms: spans with the Kerr effect, linear lines, equalisers."""

import warnings

import numpy as np

import mcfiber as mcf
from mcfiber.kernels.equalizers import least_mean_squares
from mcfiber.simulation.least_squares import covariance, factored
from mcfiber.simulation.transmitter import complex_normal


def coupled(cores, spans):
    fiber = {"layout": {"kind": "ring", "cores": cores, "pitch_um": 20}, "coupling": "random"}
    return mcf.System(
        spectrum={"frequency_thz": [193.4], "symbol_rate_gbd": 32},
        fiber=fiber | {"spatial_mode_dispersion_ps_per_sqrt_km": 3.0},
        link={"span": {"length_km": 80}, "span_count": spans, "mode_dependent_loss_rms_db": 0.5},
    )


class Waveform:
    """10 spans, 8192 symbols: a linear line, and one with the Kerr effect."""

    params = ([2, 4], [False, True])
    param_names = ("cores", "kerr")
    timeout = 300

    def setup(self, cores, kerr):
        warnings.simplefilter("ignore")
        self.system = coupled(cores, 10)
        mcf.received_field(self.system, symbols=512, kerr=kerr, seed=1)

    def time_received(self, cores, kerr):
        mcf.received_field(self.system, symbols=8192, kerr=kerr, seed=1)

    def peakmem_received(self, cores, kerr):
        mcf.received_field(self.system, symbols=8192, kerr=kerr, seed=1)


class LeastSquares:
    """101 taps at half symbols, 8192 symbols."""

    params = (4, 8)
    param_names = ("modes",)

    def setup(self, modes):
        self.pair = complex_normal(np.random.default_rng(1), (2 * modes, 8192))

    def time_fit(self, modes):
        factored(covariance(self.pair, 0, 8192, 101))


class Adaptive:
    """Least mean squares: 8 modes, 101 taps, 4096 symbols."""

    def setup(self):
        random = np.random.default_rng(1)
        self.samples, self.symbols = complex_normal(random, (8, 8192)), complex_normal(random, (8, 4096))
        self.points = np.ones(1, complex)
        self.time_adapted()

    def time_adapted(self):
        taps, out = np.zeros((8, 101, 8), complex), np.empty((8, 4096), complex)
        least_mean_squares(self.samples, self.symbols, self.points, 4096, 1e-4, 0.0, taps, out, np.empty(4096))
