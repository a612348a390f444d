"""Rates of modulation formats."""

import numpy as np
import xarray as xr

from mcfiber.descriptions.transceiver import Transceiver
from mcfiber.receiver import information as modulation
from mcfiber.receiver.constellation import constellation
from mcfiber.receiver.geometric import lost_information
from mcfiber.receiver.rates import achievable_rate, rate_ladder
from mcfiber.receiver.requirement import required_snr


class Tables:
    """Tabulate a format from nothing."""

    params = ("16QAM", "64QAM", "1024QAM", "8QAM", "128QAM")
    param_names = ("format",)

    def setup(self, name):
        self.time_table(name)

    def time_table(self, name):
        modulation._TABLES.clear()
        modulation.format_table(name)


class Rates:
    """Rates of 19 cores and 180 channels, and of 256 samples of them."""

    params = (("16QAM", "best"), (1, 256))
    param_names = ("format", "samples")

    def setup(self, name, samples):
        shape = (samples, 180, 19)
        ratios = np.random.default_rng(1).uniform(5.0, 30.0, shape)
        self.snr = xr.DataArray(ratios, dims=("sample", "channel", "core"))
        self.symbol_rate = xr.DataArray(np.full(180, 49e9), dims="channel")
        self.transceiver = Transceiver(format=name)
        self.time_achievable_rate(name, samples)

    def time_achievable_rate(self, name, samples):
        achievable_rate(self.transceiver, self.snr, self.symbol_rate)

    def peakmem_achievable_rate(self, name, samples):
        achievable_rate(self.transceiver, self.snr, self.symbol_rate)


class Others:
    """A ladder of 19 cores and 180 channels, an inverse, bit errors, one direct integration."""

    def setup(self):
        ratios = np.random.default_rng(1).uniform(5.0, 30.0, (180, 19))
        self.snr = xr.DataArray(ratios, dims=("channel", "core"))
        self.transceiver = Transceiver(format="16QAM")
        self.time_rate_ladder()
        self.time_required_snr()
        self.time_bit_error_ratio()
        self.time_information_of_a_cross()
        rng = np.random.default_rng(2)
        self.quadrant, self.labels = np.abs(rng.standard_normal(32)), np.arange(64)
        self.time_gradient_of_geometric_shaping()

    def time_rate_ladder(self):
        rate_ladder(self.transceiver, 49e9, snr_ase=self.snr, gsnr=self.snr, snr=self.snr)

    def time_required_snr(self):
        required_snr(self.transceiver, net_bits=3.0)

    def time_bit_error_ratio(self):
        modulation.bit_error_ratio("16QAM", self.snr)

    def time_information_of_a_cross(self):
        modulation.information(constellation("32QAM"), 20.0)

    def time_gradient_of_geometric_shaping(self):
        lost_information(self.quadrant, 16.0, self.labels, 6)
