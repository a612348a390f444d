"""Modes of cores, from profile to dispersion."""

import numpy as np

from mcfiber.kernels import modes

SILICA = [0.6961663, 0.4079426, 0.8974794, 0.0684043e-6, 0.1162414e-6, 9.896161e-6]
PROFILES = {
    "step": ([4.5e-6], [0.0035]),
    "trench": ([4.5e-6, 9e-6, 13.5e-6], [0.0037, 0.0, -0.007]),
}


class FundamentalMode:
    """LP01 of a thousand designs at 96 wavelengths: index, dispersion, slope, area, diameters, field outside."""

    params = tuple(PROFILES)
    param_names = ("profile",)

    def setup(self, profile):
        radius, delta = (np.array(values) for values in PROFILES[profile])
        self.radius = radius * np.linspace(0.9, 1.1, 1000)[:, None]
        self.rest = delta, np.inf, np.tile(SILICA, (len(radius) + 1, 1))
        self.wavelength = np.linspace(1530e-9, 1625e-9, 96)
        modes.lp_modes(0, 1, self.wavelength, self.radius[:1], *self.rest)

    def time_thousand_designs(self, profile):
        modes.lp_modes(0, 1, self.wavelength, self.radius, *self.rest)

    def peakmem_thousand_designs(self, profile):
        modes.lp_modes(0, 1, self.wavelength, self.radius, *self.rest)
