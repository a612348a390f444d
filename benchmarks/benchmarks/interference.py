"""The slow truth of nonlinear interference: integral and split-step."""

import numpy as np

from mcfiber.line.gn_integral import SpanProfile, gn_integral, plain_span
from mcfiber.line.kerr import kerr_integral
from mcfiber.simulation.splitstep import CoupledFiber, SplitStepLine, Steps, propagated
from mcfiber.simulation.waveforms import wdm_signal


class GnIntegral:
    """180 channels of 49 GBd over 86.1 km, self- and cross-phase modulation at the centre, error estimate included."""

    params = ("plain", "raman")
    param_names = ("profile",)

    def setup(self, profile):
        self.frequency = (np.arange(180) - 89.5) * 50e9
        loss, length = 3.914e-5, 86.1e3
        if profile == "plain":
            self.span = plain_span(attenuation=loss, length=length, beta2=-21.3e-27, gamma=1.3e-3)
        else:
            z = np.linspace(0.0, length, 44)
            tilt = np.exp(0.18 * 2.8e-17 * np.expm1(-loss * z) / loss * self.frequency[:, None])
            self.span = SpanProfile(z, np.exp(-loss * z) * tilt / tilt.mean(axis=0), -21.3e-27, 1.3e-3)
        gn_integral(self.frequency[:2], 49e9, 1e-3, plain_span(attenuation=loss, length=1e4, beta2=-2e-26, gamma=1e-3))

    def time_all_channels(self, profile):
        gn_integral(self.frequency, 49e9, 1e-3, self.span)

    def time_one_channel_all_terms(self, profile):
        gn_integral(self.frequency, 49e9, 1e-3, self.span, channels=[90], terms="all")

    def peakmem_all_channels(self, profile):
        gn_integral(self.frequency, 49e9, 1e-3, self.span)


class KerrIntegral(GnIntegral):
    """The same by the integral over all islands, and all of them for all channels."""

    def setup(self, profile):
        super().setup(profile)
        kerr_integral(
            self.frequency[:2], 49e9, 1e-3, plain_span(attenuation=4e-5, length=1e4, beta2=-2e-26, gamma=1e-3)
        )

    def time_all_channels(self, profile):
        kerr_integral(self.frequency, 49e9, 1e-3, self.span, terms="spm+xpm")

    def time_one_channel_all_terms(self, profile):
        kerr_integral(self.frequency, 49e9, 1e-3, self.span, channels=[90])

    def time_all_channels_all_terms(self, profile):
        kerr_integral(self.frequency, 49e9, 1e-3, self.span)

    def peakmem_all_channels(self, profile):
        kerr_integral(self.frequency, 49e9, 1e-3, self.span)


class SplitStep:
    """100 steps of 16,384 samples."""

    params = ((1, 4), ("single", "double"))
    param_names = ("cores", "precision")

    def setup(self, cores, precision):
        section = np.inf if cores == 1 else 1e3
        self.line = SplitStepLine(CoupledFiber(100e3, 4.6e-5, -21.7e-27, 1.3e-3, cores=cores, section=section))
        self.signal = wdm_signal([0.0], 32e9, 1e-3, symbols=4096, samples=16384, modes=2 * cores, seed=1)
        self.time_steps(cores, precision)

    def time_steps(self, cores, precision):
        steps = Steps("constant", count=100)
        propagated(self.signal.spectrum, self.signal.sample_rate, self.line, steps=steps, precision=precision)

    def peakmem_steps(self, cores, precision):
        self.time_steps(cores, precision)
