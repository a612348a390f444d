"""Rules that many functions share."""

from mcfiber.arguments.quantities import plain_array, real
from mcfiber.arguments.rules import ArgumentRule, choice, dataset, several, whole
from mcfiber.descriptions.formats import DESCRIBED_FORMATS, UNIFORM_FORMATS, BestFormat

SEED: ArgumentRule = whole(low=0, high=None, remedy="the same seed gives the same draws")

MODES: ArgumentRule = whole(low=2, high=10_000, remedy="two polarisations for each core")

NUMBER: tuple[str, ...] = ()
"""Dimensions of what can only be one number."""

RATIO = real(low=0, high=1e200, infinite=True)
"""A linear signal-to-noise ratio: infinite without noise."""

SYMBOL_RATE = real(above=0, high=1e15, unit="Hz", remedy="in symbols a second, as in 64e9")

LENGTH = real(above=0, high=1e12, unit="m")

LENGTH_KM = real(above=0, high=1e9)

WAVELENGTH_NM = real(low=250, high=3500, dims=("channel",), remedy="wavelengths are in nm")

ONE_WAVELENGTH_NM = real(low=250, high=3500, dims=NUMBER, remedy="wavelengths are in nm")

DELAY = real(low=0, high=1, unit="s")

SPREAD = real(above=0, high=1, unit="s")
"""A delay that something is divided by."""

LOSS = real(low=0, high=100, unit="Np", remedy="one neper is 4.34 dB")

FRACTION = real(above=0, below=1, dims=NUMBER, remedy="give a fraction, as in 0.01")
"""A number between 0 and 1, which are left out."""

THREADS = whole(low=1, high=1024)

FORMAT = choice(*UNIFORM_FORMATS, kinds=DESCRIBED_FORMATS)

FORMATS = choice(*UNIFORM_FORMATS, "best", kinds=(*DESCRIBED_FORMATS, BestFormat))

CHANNELS = dataset("channel", "noise_covariance", "frequency")

FREQUENCIES = plain_array("channel", exact=True, scalar=False, low=-1e16, high=1e16, unit="Hz")

OFFSETS = plain_array("frequency", exact=True, low=-1e16, high=1e16, unit="Hz")
"""Frequencies relative to a channel's centre or to a carrier."""

SYMBOL_RATES = plain_array("channel", exact=True, low=1e3, high=1e15, unit="Hz")

POWERS = plain_array("channel", exact=True, low=0, high=1e6, unit="W")

NUMBERS = several(whole(low=0))
"""Numbers of channels, cores or modes."""
