"""Every variable of a result: its dimensions, unit, meaning, valid range and source.

One table serves to stamp attributes, to build the documentation and to test.  `compute` is the one door
between labelled data and kernels: it applies an array function by named core dimensions and stamps.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Variable:
    """What the library says about one result variable."""

    name: str
    dims: tuple[str, ...]
    units: str
    long_name: str
    comment: str = ""
    source: str = ""
    low: float = 0.0
    high: float = math.inf

    def attributes(self) -> dict[str, Any]:
        """Attributes for a DataArray: units (UDUNITS text), long name, comment."""
        attributes = {"units": self.units, "long_name": self.long_name}
        return attributes | ({"comment": self.comment} if self.comment else {})


_TABLE: dict[str, Variable] = {}


def register(variable: Variable) -> Variable:
    """Add a variable to the table; a name is taken once."""
    if variable.name in _TABLE:
        msg = f"variable {variable.name!r} is in the table already"
        raise ValueError(msg)
    _TABLE[variable.name] = variable
    return variable


def lookup(name: str) -> Variable:
    """Find a variable of the table.

    Raises
    ------
    KeyError
        If no variable has that name.
    """
    return _TABLE[name]


def table() -> Iterator[Variable]:
    """Iterate over all variables, by name."""
    return iter(sorted(_TABLE.values(), key=lambda variable: variable.name))


def _add(name: str, dims: str, units: str, long_name: str, comment: str = "", **rest: Any) -> None:
    register(Variable(name, tuple(dims.split()), units, long_name, comment, **rest))


_add("frequency", "channel", "Hz", "centre frequency of the channel")
_add("wavelength", "channel", "nm", "vacuum wavelength of the channel's centre")
_add("symbol_rate", "channel", "Hz", "symbol rate", "Two-dimensional symbols per second and polarisation.")
_add("band", "channel", "", "transmission band of the channel")
_add("status", "", "", "status of the point", "0 where the point can exist; see flag_meanings.", high=255)

# The budget: powers of one channel in one core, both polarisations, at the amplifier's output.
_add(
    "signal_power", "core channel", "W", "launch power of the channel", "At the amplifier's output, before the fan-in."
)
_add("ase_density", "channel", "W Hz-1", "power spectral density of amplified spontaneous emission")
_add(
    "ase_power",
    "core channel",
    "W",
    "amplified spontaneous emission in the channel",
    "In a bandwidth of the symbol rate.",
)
_add("nli_power", "core channel", "W", "nonlinear interference in the channel")
_add("crosstalk_power", "core channel", "W", "mean inter-core crosstalk in the channel")
_add("pair_crosstalk", "core_out core_in channel", "1", "mean crosstalk from core_in over signal power in core_out")
_add("power_transfer", "core_out core_in channel", "1", "mean power in core_out for unit power launched into core_in")
_add("crosstalk", "core channel", "1", "mean inter-core crosstalk over signal power", high=math.inf)
_add("snr_ase", "core channel", "1", "signal over amplified spontaneous emission")
_add("snr_nli", "core channel", "1", "signal over nonlinear interference")
_add("snr_xt", "core channel", "1", "signal over inter-core crosstalk")
_add(
    "gsnr",
    "core channel",
    "1",
    "signal-to-noise ratio of the line",
    "1/gsnr = 1/snr_ase + 1/snr_nli + 1/snr_xt; transceivers and mode-dependent loss are not in it.",
)
_add(
    "snr",
    "core channel",
    "1",
    "signal-to-noise ratio that the decoder sees",
    "1/snr = mdl_penalty/gsnr + 1/snr_trx.",
)
_add("snr_trx", "", "1", "signal-to-noise ratio of the transceivers")

# Totals over cores and channels.
_add("total_net_rate", "", "bit s-1", "net rate of the whole system")
_add("distance", "", "m", "length of the line")
_add("capacity_distance", "", "bit m s-1", "net rate times distance")
_add("spectral_efficiency", "", "bit s-1 Hz-1", "net rate over the bandwidth that the channels take")
# What arrives: rates.
_add(
    "shannon",
    "core channel",
    "bit",
    "Shannon limit",
    "log2(1 + SNR), per two-dimensional symbol and polarisation.",
)
_add(
    "mutual_information",
    "core channel",
    "bit",
    "mutual information",
    "Per two-dimensional symbol and polarisation.",
)
_add(
    "gmi",
    "core channel",
    "bit",
    "generalised mutual information",
    "Bit-metric decoding; per two-dimensional symbol and polarisation.",
)
_add("ngmi", "core channel", "1", "normalised generalised mutual information", high=1.0)
_add("net_rate", "core channel", "bit s-1", "net rate", "Of a channel in a core, both polarisations.")
_add("format_index", "core channel", "1", "index of the modulation format", "Names in flag_meanings.")
_add("bit_error_ratio", "core channel", "1", "bit error ratio before decoding", high=0.5)
_add("required_snr", "", "1", "required signal-to-noise ratio", "Infinite where no ratio is enough.")
_add("snr_margin", "core channel", "1", "signal-to-noise ratio over the required one")
_add("ladder_rate", "core channel rung", "bit s-1", "rate after a limit", "Of a channel in a core; limits add up.")
_add("ladder_total", "rung", "bit s-1", "rate of the whole system after a limit", "Limits add up.")
_add("ladder_loss", "rung", "bit s-1", "rate that a limit takes away")
_add("core_net_rate", "core", "bit s-1", "net rate of a core", "All channels, both polarisations.")
_add("wavelength_net_rate", "channel", "bit s-1", "net rate of a wavelength", "All cores, both polarisations.")
_add("q_factor", "core channel", "1", "Q factor", "Ratio of amplitudes; 20 log10 of it in decibels.", low=-math.inf)
# mode-dependent loss of randomly coupled cores
_add("mode_dependent_loss_sum", "core", "1", "root sum square of the spans' mode-dependent loss",
     "Nepers of power, rms over the modes: xi, what the statistics of the gains depend on.")  # fmt: skip
_add("mode_dependent_loss_effective", "core", "1", "mode-dependent loss as the noise along the way sees it",
     "Nepers of power, rms over the modes: what penalties depend on; the sum where equal spans mix anew.")  # fmt: skip
_add("mode_dependent_loss_rms", "core", "1", "accumulated mode-dependent loss",
     "Nepers of power: standard deviation of the log gains (squared singular values) over the modes.")  # fmt: skip
_add("mode_dependent_loss_peak_to_peak", "core", "1", "mean peak-to-peak mode-dependent loss",
     "Nepers of power: log ratio of the largest to the smallest gain, mean over realisations.")  # fmt: skip
_add("mdl_penalty", "core channel", "1", "factor by which mode-dependent loss multiplies the line's noise",
     "For the named receiver; 1 where cores are not coupled.", low=1.0)  # fmt: skip

# The glass: modes of cores, coupling, attenuation (per metre).
_add("refractive_index", "channel", "1", "refractive index", low=1.0)
_add("effective_index", "core channel", "1", "effective index of the mode", "Scalar (LP) approximation.", low=1.0)
_add("group_index", "core channel", "1", "group index", low=1.0)
_add("dispersion", "core channel", "s m-2", "chromatic dispersion", "-(2 pi c/l^2) beta_2.", low=-math.inf)
_add("dispersion_slope", "core channel", "s m-3", "slope of the chromatic dispersion", low=-math.inf)
_add("effective_area", "core channel", "m2", "effective area", "(int F^2 dA)^2 / int F^4 dA.")
_add("petermann_diameter", "core channel", "m", "mode-field diameter, Petermann II",
     "2 sqrt(2 int F^2 r dr / int F'^2 r dr): that of far-field and variable-aperture measurements.")  # fmt: skip
_add("gaussian_diameter", "core channel", "m", "mode-field diameter of the Gaussian of greatest overlap",
     "Full width at 1/e of the field, 1/e^2 of the power.")  # fmt: skip
_add("confinement", "core channel", "1", "fraction of the power inside the ring of highest index", high=1.0)
_add("exterior_decay", "core channel", "m-1", "decay constant w of the field outside", "Field A K_l(w r).")
_add("exterior_log_amplitude", "core channel", "1", "log of the amplitude A (1/m) of the field outside",
     "Field A K_l(w r), with 2 pi int F^2 r dr = 1.", low=-math.inf)  # fmt: skip
_add("cutoff_wavelength", "core", "m", "theoretical cutoff wavelength of LP11", "Where its n_eff is the cladding's.")
_add("practical_cutoff_wavelength", "core", "m", "practical cutoff wavelength of LP11",
     "Where the attenuation of the leaky or bent mode passes the threshold.")  # fmt: skip
_add("guided_modes", "core channel", "1", "number of guided LP modes of one azimuthal order")
_add("higher_mode_loss", "core channel", "m-1", "attenuation of LP11 by bends or leakage")
_add("attenuation", "core channel", "m-1", "power attenuation")
_add("loss_offset", "core", "m-1", "attenuation of a core less the computed one", low=-math.inf)
_add("bend_loss", "core channel", "m-1", "macrobend loss")
_add("coating_loss", "core channel", "m-1", "excess loss to the coating", "Of a straight core near the edge.")
_add("mode_coupling", "core_out core_in channel", "m-1", "mode-coupling coefficient kappa of a pair of cores")
_add("index_difference", "core_out core_in channel", "1", "difference of the effective indices", low=-math.inf)
_add("power_coupling", "core_out core_in channel", "m-1", "power-coupling coefficient h of a pair of cores",
     "dP_out/dz = h (P_in - P_out).")  # fmt: skip
_add("critical_bend_radius", "core_out core_in channel", "m", "bend radius above which a pair is never phase-matched",
     "Infinite for equal cores.")  # fmt: skip
_add("coupling_regime", "core_out core_in channel", "1", "coupling regime of a pair",
     "0 weak, 1 intermediate, 2 random, 3 systematic.", high=3.0)  # fmt: skip
_add("supermode_shift", "supermode channel", "m-1", "propagation constant of a supermode, from the mean of the cores",
     low=-math.inf)  # fmt: skip
_add("rayleigh_scattering", "channel", "m-1", "attenuation by Rayleigh scattering")
_add("constant_loss", "channel", "m-1", "attenuation that does not depend on wavelength", low=-math.inf)
_add("infrared_absorption", "channel", "m-1", "attenuation by infrared absorption")
_add("ultraviolet_absorption", "channel", "m-1", "attenuation by ultraviolet absorption")
_add("hydroxyl_absorption", "channel", "m-1", "attenuation by hydroxyl")
_add("coupled_interference_factor", "channel", "1", "nonlinear interference relative to a single core",
     "Per core, at the same power: mixing of the cores and spatial mode dispersion.", high=1.0)  # fmt: skip

# the way: power along a span, and interference with Raman scattering
_add("signal_evolution", "core channel panel node", "W", "power of the channel along the fibre of a span")
_add("power_map", "core channel position", "W", "power of the channel along the fibre of a span")
_add("raman_noise_density", "core channel", "W Hz-1", "power spectral density of spontaneous Raman emission")
_add("profile_coefficient", "core channel term", "1", "coefficients of the power profile's exponentials", low=-math.inf)
_add("profile_decay", "core channel term", "m-1", "decay of the power profile's exponentials")
_add("nli_own_power", "core channel", "W", "nonlinear interference of a channel with itself")
_add("nli_cross_power", "core channel", "W", "nonlinear interference from the other channels")
_add("nli_coherence", "core channel", "1", "exponent of the coherent growth of a channel's own interference")
_add("nli_format_near", "core channel", "W", "modulation-format correction of one span", low=-math.inf)
_add("nli_format_far", "core channel", "W", "modulation-format correction for each of many spans", low=-math.inf)

# crosstalk: draws of the random channel
_add("transfer_matrix", "draw time frequency mode_out mode_in", "1", "field transfer between modes",
     "Complex, unitary; core n has the modes 2 n and 2 n + 1.", low=-math.inf)  # fmt: skip
_add(
    "crosstalk_variance",
    "",
    "1",
    "variance of the crosstalk over its squared mean",
    "Of one neighbour, one polarisation.",
)
_add("drawn_transfer", "draw time core_out core_in frequency", "1", "power in core_out for unit power into core_in",
     "One launched polarisation; the mean over draws is power_transfer.", high=1.0)  # fmt: skip
_add("channel_matrix", "draw frequency mode_out mode_in", "1", "transfer matrix of the channel", "Complex amplitudes.")
_add("noise_covariance", "draw frequency mode_out mode_out_other", "1", "covariance of the noise",
     "Relative to the noise of all amplifiers without mode-dependent loss.")  # fmt: skip
_add("stream_snr", "draw mode_in", "1", "signal-to-noise ratio of a stream", "Behind the linear receiver.")
_add("mode_capacity", "receiver draw", "bit", "rate per mode", "Bit per symbol, Gaussian symbols.")
_add(
    "group_delay_rms", "", "s", "rms group delay of the modes", "Standard deviation of the intensity impulse response."
)
_add("group_delay_peak_to_peak", "", "s", "mean peak-to-peak group delay of the modes")
_add("impulse_response", "time", "s-1", "mean intensity of the impulse response", "Unit area.")
_add("energy_window", "", "s", "window of time that holds the impulse response")
_add("equalizer_taps", "", "1", "taps of the equaliser", "For each pair of modes.")
_add("coherence_bandwidth", "", "Hz", "coherence bandwidth")
_add("finite_equalizer_penalty", "", "1", "factor by which a short equaliser multiplies the noise", low=1.0)
_add("capacity_correlation", "separation", "1", "correlation of the capacities at two frequencies")
_add("capacity_deviation", "", "bit", "standard deviation of the rate per mode", "Over realisations, at one frequency.")
_add("frequency_diversity", "", "1", "independent frequencies in a channel's band", low=1.0)
_add("outage_capacity", "", "bit", "rate per mode that a realisation misses with the given probability")
_add("mode_gain", "draw mode", "1", "log gain of a mode", "Nepers of power, ascending.", low=-math.inf)
_add("mode_delay", "draw frequency mode", "s", "group delay of a mode", "About the mean, ascending.", low=-math.inf)

# what crosstalk costs a modulation format
_add("crosstalk_penalty", "core channel", "1", "factor by which crosstalk raises the required signal-to-noise ratio",
     "Of all other noises; infinite where crosstalk alone is too much.", low=1.0)  # fmt: skip
_add("tolerated_crosstalk", "", "1", "crosstalk that costs a format a given penalty")
_add("crosstalk_reach", "channel", "m", "length of fibre after which crosstalk costs a given penalty")
_add("required_cladding_thickness", "", "m", "distance of the core's centre from the cladding's edge",
     "At which the loss to the coating meets a limit.")  # fmt: skip
# Splices.
_add("splice_loss", "draw core", "1", "power before over power after a splice", low=1.0)
