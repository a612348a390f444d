"""Every variable of a result: its dimensions, unit, meaning, valid range and source.

One table serves to stamp attributes, to build the documentation and to test.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Variable:
    """What the library says about one result variable.

    Attributes
    ----------
    name, dims
        Name, and the dimensions that it may have beside the axes of a system.
    units
        Of its values, in UDUNITS spelling.
    long_name, comment
        What it is, and what else a reader must know.
    source
        Where its definition or its equation stands.
    low, high
        Smallest and largest possible value, in its unit.
    """

    name: str
    dims: tuple[str, ...]
    units: str
    long_name: str
    comment: str = ""
    source: str = ""
    low: float = 0.0
    high: float = math.inf

    def attributes(self) -> dict[str, str]:
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


def every_variable() -> Iterator[Variable]:
    """Iterate over all variables, by name."""
    return iter(sorted(_TABLE.values(), key=lambda variable: variable.name))


def _add(name: str, dims: str, units: str, long_name: str, comment: str = "", **rest: Any) -> None:
    register(Variable(name, tuple(dims.split()), units, long_name, comment, **rest))


# What more than one variable rests on.
_ESSIAMBRE = (
    "R.-J. Essiambre et al., Capacity limits of optical fiber networks, J. Lightw. Technol. 28, 662 (2010), "
    "doi:10.1109/JLT.2009.2039464"
)
_GN = "P. Poggiolini, The GN model of non-linear propagation, J. Lightw. Technol. 30, 3857 (2012)"
_GN_GROWTH = (
    "P. Poggiolini et al., The GN-model of fiber non-linear propagation and its applications, J. Lightw. "
    "Technol. 32, 694 (2014), eq. (40)"
)
_ISRS = (
    "D. Semrau, R. I. Killey, P. Bayvel, A closed-form approximation of the Gaussian noise model in the "
    "presence of inter-channel stimulated Raman scattering, J. Lightw. Technol. 37, 1924 (2019), "
    "doi:10.1109/JLT.2019.2895237"
)
_PADE = "G. A. Baker, P. Graves-Morris, Pade Approximants, 2nd ed., Cambridge University Press (1996)"
_FORMAT = (
    "D. Semrau, E. Sillekens, R. I. Killey, P. Bayvel, A modulation format correction formula for the "
    "Gaussian noise model, arXiv:1903.02506 (2019)"
)
_KOSHIBA = (
    "M. Koshiba et al., Analytical expression of average power-coupling coefficients, IEEE Photon. J. 4, 1987 "
    "(2012), doi:10.1109/JPHOT.2012.2221085"
)
_HAYASHI = (
    "T. Hayashi, T. Sasaki, E. Sasaoka, Behavior of inter-core crosstalk as a noise and its effect on "
    "Q-factor in multi-core fiber, IEICE Trans. Commun. E97-B, 936 (2014)"
)
_DRAWS = (
    "R. O. J. Soeiro, T. M. F. Alves, A. V. T. Cartaxo, Dual polarization discrete changes model of "
    "inter-core crosstalk, IEEE Photon. Technol. Lett. 29, 1395 (2017), doi:10.1109/LPT.2017.2723662"
)
_HO_KAHN = (
    "K.-P. Ho, J. M. Kahn, Mode-dependent loss and gain: statistics and effect on mode-division multiplexing, "
    "Opt. Express 19, 16612 (2011)"
)
_HO = (
    "K.-P. Ho, Exact model for mode-dependent gains and losses in multimode fiber, J. Lightw. Technol. 30, 3603 (2012)"
)
_DELAYS = (
    "K.-P. Ho, J. M. Kahn, Statistics of group delays in multimode fiber with strong mode coupling, J. "
    "Lightw. Technol. 29, 3119 (2011)"
)
_DIVERSITY = (
    "K.-P. Ho, J. M. Kahn, Frequency diversity in mode-division multiplexing systems, J. Lightw. Technol. 29, "
    "3719 (2011)"
)
_WINZER = (
    "P. J. Winzer, G. J. Foschini, MIMO capacities and outage probabilities in spatially multiplexed optical "
    "transport systems, Opt. Express 19, 16680 (2011), doi:10.1364/OE.19.016680"
)
_SHANNON = "C. E. Shannon, A mathematical theory of communication, Bell Syst. Tech. J. 27, 379 (1948)"
_ALVARADO = "A. Alvarado et al., Achievable information rates for fiber optics, J. Lightw. Technol. 36, 424 (2018)"
_MALITSON = (
    "I. H. Malitson, Interspecimen comparison of the refractive index of fused silica, J. Opt. Soc. Am. 55, "
    "1205 (1965), doi:10.1364/JOSA.55.001205"
)
_MARCUSE = (
    "D. Marcuse, Curvature loss formula for optical fibers, J. Opt. Soc. Am. 66, 216 (1976), doi:10.1364/JOSA.66.000216"
)
_WALKER = (
    "S. S. Walker, Rapid modeling and estimation of total spectral loss in optical fibers, J. Lightw. "
    "Technol. 4, 1125 (1986)"
)
_DAMICO = (
    "A. D'Amico et al., Scalable and disaggregated GGN approximation applied to a C+L+S optical network, J. "
    "Lightw. Technol. 40, 3499 (2022)"
)
_SCALAR = "D. Gloge, Weakly guiding fibers, Appl. Opt. 10, 2252 (1971), doi:10.1364/AO.10.002252"
_FIBRE_TESTS = "ITU-T Recommendation G.650.1"
_SPLICES = "D. Marcuse, Loss analysis of single-mode fiber splices, Bell Syst. Tech. J. 56, 703 (1977)"

_add(
    "frequency",
    "channel",
    "Hz",
    "centre frequency of the channel",
    source="ITU-T Recommendation G.694.1 for fixed grids; else as described",
)
_add(
    "wavelength",
    "channel",
    "nm",
    "vacuum wavelength of the channel's centre",
    source="definition: c/frequency, in vacuum",
)
_add(
    "symbol_rate",
    "channel",
    "Hz",
    "symbol rate",
    "Two-dimensional symbols per second and polarisation.",
    source="definition: symbols a second of one polarisation",
)
_add("band", "channel", "", "transmission band of the channel", source="ITU-T Series G Supplement 39")
_add(
    "status",
    "",
    "",
    "status of the point",
    "0 where the point can exist; see flag_meanings.",
    high=255,
    source="definition: the bits of flag_meanings",
)

# The budget: powers of one channel in one core, both polarisations, at the amplifier's output.
_add(
    "signal_power",
    "core channel",
    "W",
    "launch power of the channel",
    "At the amplifier's output, before the fan-in.",
    source="definition: power of both polarisations at the output of the amplifier",
)
_add(
    "ase_density",
    "channel",
    "W Hz-1",
    "power spectral density of amplified spontaneous emission",
    source=f"{_ESSIAMBRE}, eq. (54)",
)
_add(
    "ase_power",
    "core channel",
    "W",
    "amplified spontaneous emission in the channel",
    "In a bandwidth of the symbol rate.",
    source="definition: ase_density times symbol_rate, summed over the amplifiers",
)
_add("nli_power", "core channel", "W", "nonlinear interference in the channel", source=_GN)
_add(
    "crosstalk_power",
    "core channel",
    "W",
    "mean inter-core crosstalk in the channel",
    source="definition: crosstalk times signal_power",
)
_add(
    "pair_crosstalk",
    "core_out core_in channel",
    "1",
    "mean crosstalk from core_in over signal power in core_out",
    source=_KOSHIBA,
)
_add(
    "power_transfer",
    "core_out core_in channel",
    "1",
    "mean power in core_out for unit power launched into core_in",
    source=_KOSHIBA,
)
_add(
    "crosstalk",
    "core channel",
    "1",
    "mean inter-core crosstalk over signal power",
    high=math.inf,
    source="definition: sum of pair_crosstalk over core_in",
)
_add(
    "snr_ase",
    "core channel",
    "1",
    "signal over amplified spontaneous emission",
    source="definition: signal_power/ase_power",
)
_add(
    "osnr",
    "core channel",
    "1",
    "optical signal-to-noise ratio in 12.5 GHz (0.1 nm at 1550 nm)",
    "Both polarisations of signal and amplifier noise.",
    source="definition: snr_ase symbol_rate/12.5 GHz",
)
_add(
    "scattering_power",
    "core channel",
    "W",
    "light that was scattered back twice by Rayleigh scattering",
    "At launch level; of lines with Raman pumps.",
    source="Wan and Conradi, J. Lightw. Technol. 14, 288 (1996)",
)
_add(
    "snr_scattering",
    "core channel",
    "1",
    "signal over double Rayleigh scattering",
    source="definition: signal_power/scattering_power",
)
_add(
    "filtering_power",
    "core channel",
    "W",
    "noise that optical filters amount to",
    "At launch level; of lines with filters.",
    source="Cioffi et al., IEEE Trans. Commun. 43, 2582 (1995); Eq. (2) of mcfiber.kernels.filtering",
)
_add(
    "snr_filtering",
    "core channel",
    "1",
    "signal over the noise that optical filters amount to",
    source="definition: signal_power/filtering_power",
)
_add(
    "snr_equalizer",
    "core channel",
    "1",
    "signal over what falls outside the window of the equaliser",
    "Of receivers whose window is given.",
    source="Eq. (4) of mcfiber.kernels.mode_delay",
)
_add(
    "snr_transmitter",
    "core channel",
    "1",
    "signal over noise of the transmitter",
    "Of transceivers whose receiver's share is given.",
    source="definition: snr_trx over what the receiver does not add",
)
_add(
    "snr_receiver",
    "core channel",
    "1",
    "signal over noise of the receiver, multiplied by mode-dependent loss",
    "Of transceivers whose receiver's share is given.",
    source="Eq. (2) of mcfiber.kernels.receivers",
)
_add(
    "receiver_penalty",
    "core channel",
    "1",
    "factor by which mode-dependent loss multiplies the noise of the receiver",
    source="Eq. (1) of mcfiber.kernels.receivers, in the table of mdl_penalty",
    low=1.0,
)
_add(
    "snr_phase_noise",
    "core channel",
    "1",
    "signal over phase noise of the local oscillator that dispersion compensation enhances",
    source="Eq. (3) of mcfiber.kernels.receivers",
)
_add(
    "snr_adaptation",
    "core channel",
    "1",
    "signal over the error that adaptation of the equaliser adds",
    source="Eq. (4) of mcfiber.kernels.receivers",
)
_add("snr_nli", "core channel", "1", "signal over nonlinear interference", source="definition: signal_power/nli_power")
_add("snr_xt", "core channel", "1", "signal over inter-core crosstalk", source="definition: 1/crosstalk")
_add(
    "gsnr",
    "core channel",
    "1",
    "signal-to-noise ratio of the line",
    "1/gsnr = 1/snr_ase + 1/snr_nli + 1/snr_xt; transceivers and mode-dependent loss are not in it.",
    source="definition: signal_power/(ase_power + nli_power + crosstalk_power)",
)
_add(
    "snr",
    "core channel",
    "1",
    "signal-to-noise ratio that the decoder sees",
    "1/snr = mdl_penalty/gsnr + 1/snr_trx.",
    source="definition: 1/(mdl_penalty/gsnr + 1/snr_trx)",
)
_add(
    "snr_trx",
    "",
    "1",
    "signal-to-noise ratio of the transceivers",
    source="definition: signal over noise, back to back, in a bandwidth of the symbol rate",
)

# Totals over cores and channels.
_add(
    "total_net_rate",
    "",
    "bit s-1",
    "net rate of the whole system",
    "Of everything that was evaluated; result.mcf.total_rate() gives that of a selection.",
    source="definition: sum of net_rate over cores and channels",
)
_add("distance", "", "m", "length of the line", source="definition: sum of the lengths of the spans")
_add(
    "capacity_distance", "", "bit m s-1", "net rate times distance", source="definition: total_net_rate times distance"
)
_add(
    "spectral_efficiency",
    "",
    "bit s-1 Hz-1",
    "net rate over the bandwidth that the channels take",
    source="definition: total_net_rate over the sum of the widths of the channels",
)
# What arrives: rates.
_add(
    "shannon",
    "core channel",
    "bit",
    "Shannon limit",
    "log2(1 + SNR), per two-dimensional symbol and polarisation.",
    source=_SHANNON,
)
_add(
    "mutual_information",
    "core channel",
    "bit",
    "mutual information",
    "Per two-dimensional symbol and polarisation.",
    source=_SHANNON,
)
_add(
    "gmi",
    "core channel",
    "bit",
    "generalised mutual information",
    "Bit-metric decoding; per two-dimensional symbol and polarisation.",
    source=_ALVARADO,
)
_add("ngmi", "core channel", "1", "normalised generalised mutual information", high=1.0, source=_ALVARADO)
_add(
    "net_rate",
    "core channel",
    "bit s-1",
    "net rate",
    "Of a channel in a core, both polarisations.",
    source="definition: 2 symbol_rate (H - (1 - R_c) m) times the rates of the outer code and the pilots",
)
_add(
    "format_index",
    "core channel",
    "1",
    "index of the modulation format",
    "Names in flag_meanings.",
    source="definition: position of the format in flag_meanings",
)
_add(
    "bit_error_ratio",
    "core channel",
    "1",
    "bit error ratio before decoding",
    high=0.5,
    source="definition: mean number of wrong bits over that of bits, most probable symbol decided",
)
_add(
    "required_snr",
    "",
    "1",
    "required signal-to-noise ratio",
    "Infinite where no ratio is enough.",
    source="definition: inverse of the rates as functions of snr",
)
_add(
    "noise_figure",
    "core channel",
    "1",
    "noise figure of the amplifiers",
    low=0.0,
    source="definition: noise density over that of the quantum limit; Friis, Proc. IRE 32, 419 (1944)",
)
_add(
    "snr_margin",
    "core channel",
    "1",
    "signal-to-noise ratio over the required one",
    source="definition: snr/required_snr",
)
_add(
    "ladder_rate",
    "core channel rung",
    "bit s-1",
    "rate after a limit",
    "Of a channel in a core; limits add up.",
    source=f"{_SHANNON}; {_ALVARADO}",
)
_add(
    "ladder_total",
    "rung",
    "bit s-1",
    "rate of the whole system after a limit",
    "Limits add up.",
    source="definition: sum of ladder_rate over cores and channels",
)
_add(
    "ladder_loss",
    "rung",
    "bit s-1",
    "rate that a limit takes away",
    source="definition: ladder_total of the rung before less that of the rung",
)
_add(
    "core_net_rate",
    "core",
    "bit s-1",
    "net rate of a core",
    "All channels, both polarisations.",
    source="definition: sum of net_rate over channels",
)
_add(
    "wavelength_net_rate",
    "channel",
    "bit s-1",
    "net rate of a wavelength",
    "All cores, both polarisations.",
    source="definition: sum of net_rate over cores",
)
_add(
    "q_factor",
    "core channel",
    "1",
    "Q factor",
    "Ratio of amplitudes; 20 log10 of it in decibels.",
    low=-math.inf,
    source="definition: bit error ratio = erfc(Q/sqrt(2))/2",
)
# mode-dependent loss of randomly coupled cores
_add(
    "mode_dependent_loss_sum",
    "core",
    "1",
    "root sum square of the spans' mode-dependent loss",
    "Nepers of power, rms over the modes: xi, what the statistics of the gains depend on.",
    source=_HO_KAHN,
)
_add(
    "mode_dependent_loss_effective",
    "core",
    "1",
    "mode-dependent loss as the noise along the way sees it",
    "Nepers of power, rms over the modes: what penalties depend on; the sum where equal spans mix anew.",
    source="definition: root of twice the mean over the line of the variance gathered so far",
)
_add(
    "mode_dependent_loss_rms",
    "core",
    "1",
    "accumulated mode-dependent loss",
    "Nepers of power: standard deviation of the log gains (squared singular values) over the modes.",
    source=f"{_HO_KAHN}; {_HO}",
)
_add(
    "mode_dependent_loss_peak_to_peak",
    "core",
    "1",
    "mean peak-to-peak mode-dependent loss",
    "Nepers of power: log ratio of the largest to the smallest gain, mean over realisations.",
    source=("definition: ln of the largest over the smallest gain of a realisation, mean over realisations"),
)
_add(
    "mdl_penalty",
    "core channel",
    "1",
    "factor by which mode-dependent loss multiplies the line's noise",
    "For the named receiver; 1 where cores are not coupled.",
    low=1.0,
    source=("definition: gsnr/(2^rate - 1), with the mean rate per mode of the named receiver (mode_capacity)"),
)

# What a waveform measures: streams are the polarisations of the cores.
_STREAM = "one complex gain for each stream, and what is left of its symbols: mcfiber.signal_quality"
_add("waveform_snr", "draw core polarization", "1", "signal-to-noise ratio of a stream", source=_STREAM)
_add(
    "waveform_snr_error",
    "draw core polarization",
    "1",
    "standard error of the signal-to-noise ratio of a stream",
    source="means of batches of symbols",
)
_add(
    "waveform_core_snr",
    "draw core",
    "1",
    "signal-to-noise ratio of a core",
    "From the mean error of both streams.",
    source=_STREAM,
)
_add(
    "waveform_mutual_information",
    "draw core polarization",
    "bit",
    "mutual information of a stream",
    source="Eq. (4) of mcfiber.kernels.equalizers",
)
_add(
    "waveform_gmi",
    "draw core polarization",
    "bit",
    "generalised mutual information of a stream",
    low=-20.0,
    source="Eq. (5) of mcfiber.kernels.equalizers",
)
_add(
    "waveform_gmi_error",
    "draw core polarization",
    "bit",
    "standard error of the generalised mutual information of a stream",
    source="means of batches of symbols",
)
_add(
    "waveform_ngmi",
    "draw core polarization",
    "1",
    "part of the bits that a code may keep",
    "1 - (entropy - gmi)/bits.",
    low=-20.0,
    source="J. Cho et al., J. Lightw. Technol. 37, 1590 (2019)",
)
_add(
    "waveform_bit_error_ratio",
    "draw core polarization",
    "1",
    "bit error ratio of a stream, counted",
    source="most probable symbols against those sent",
)
_add(
    "waveform_bit_error_ratio_error",
    "draw core polarization",
    "1",
    "standard error of the counted bit error ratio",
    source="means of batches of symbols",
)
_add(
    "effective_snr",
    "draw",
    "1",
    "signal-to-noise ratio of the mean rate of all streams",
    source="definition: 2^mean(log2(1 + waveform_snr)) - 1",
)
_add(
    "simulated_snr",
    "",
    "1",
    "signal-to-noise ratio that was simulated",
    source="definition: mean of effective_snr over the draws, in decibels",
)
_add(
    "simulated_snr_error",
    "",
    "1",
    "standard error of the simulated signal-to-noise ratio",
    "Between draws; of one draw, from batches of its symbols.",
    source="standard deviation of effective_snr over the root of the number of draws",
)
_add(
    "predicted_snr",
    "core",
    "1",
    "signal-to-noise ratio that the budget predicts of what is simulated",
    source="mcfiber.evaluate.quantities, of the channels and effects that are simulated",
)
_add(
    "drawn_loss_rms",
    "draw group",
    "Np",
    "rms mode-dependent loss of the channel as it was drawn",
    source="singular values of its matrix",
)
_add(
    "read_loss_rms",
    "draw group",
    "Np",
    "rms mode-dependent loss that the taps of the equaliser show",
    source="singular values of the taps' transfer matrix",
)
_add(
    "corrected_loss_rms",
    "draw group",
    "Np",
    "rms mode-dependent loss from the taps, corrected for the noise",
    "Exact for noise of the receiver; noise of the line makes it too large.",
    source="R. S. B. Ospina et al., J. Lightw. Technol. 39, 1968 (2021)",
)
_add(
    "drawn_delay_rms",
    "draw group",
    "s",
    "rms delay of the modes of the channel as it was drawn",
    source="group-delay operator: K.-P. Ho, J. M. Kahn, J. Lightw. Technol. 29, 3119 (2011)",
)
_add("read_delay_rms", "draw group", "s", "rms width of the taps of the equaliser", source="their energy over delay")
_add(
    "tap_intensity",
    "draw group tap",
    "1",
    "energy of each tap of the equaliser",
    source="sum over modes and streams of the squares of the taps, sum 1",
)

# The glass: modes of cores, coupling, attenuation (per metre).
_add("refractive_index", "channel", "1", "refractive index", low=1.0, source=f"{_MALITSON} (silica)")
_add(
    "effective_index",
    "core channel",
    "1",
    "effective index of the mode",
    "Scalar (LP) approximation.",
    low=1.0,
    source=_SCALAR,
)
_add("group_index", "core channel", "1", "group index", low=1.0, source="definition: n_eff - l dn_eff/dl")
_add(
    "dispersion",
    "core channel",
    "s m-2",
    "chromatic dispersion",
    "-(2 pi c/l^2) beta_2.",
    low=-math.inf,
    source="definition: (1/c) d group_index/dl",
)
_add(
    "dispersion_slope",
    "core channel",
    "s m-3",
    "slope of the chromatic dispersion",
    low=-math.inf,
    source="definition: d dispersion/dl",
)
_add(
    "effective_area",
    "core channel",
    "m2",
    "effective area",
    "(int F^2 dA)^2 / int F^4 dA.",
    source="definition: (int F^2 dA)^2/int F^4 dA",
)
_add(
    "petermann_diameter",
    "core channel",
    "m",
    "mode-field diameter, Petermann II",
    "2 sqrt(2 int F^2 r dr / int F'^2 r dr): that of far-field and variable-aperture measurements.",
    source=f"{_FIBRE_TESTS} (mode field diameter)",
)
_add(
    "gaussian_diameter",
    "core channel",
    "m",
    "mode-field diameter of the Gaussian of greatest overlap",
    "Full width at 1/e of the field, 1/e^2 of the power.",
    source=_SPLICES,
)
_add(
    "confinement",
    "core channel",
    "1",
    "fraction of the power inside the ring of highest index",
    high=1.0,
    source="definition: int F^2 r dr up to that radius over the whole",
)
_add(
    "exterior_decay",
    "core channel",
    "m-1",
    "decay constant w of the field outside",
    "Field A K_l(w r).",
    source="definition: sqrt(beta^2 - k^2 n_clad^2)",
)
_add(
    "exterior_log_amplitude",
    "core channel",
    "1",
    "log of the amplitude A (1/m) of the field outside",
    "Field A K_l(w r), with 2 pi int F^2 r dr = 1.",
    low=-math.inf,
    source="definition: ln of F/K_l(w r) outside, with 2 pi int F^2 r dr = 1",
)
_add(
    "cutoff_wavelength",
    "core",
    "m",
    "theoretical cutoff wavelength of LP11",
    "Where its n_eff is the cladding's.",
    source=_SCALAR,
)
_add(
    "practical_cutoff_wavelength",
    "core",
    "m",
    "practical cutoff wavelength of LP11",
    "Where the attenuation of the leaky or bent mode passes the threshold.",
    source=f"{_FIBRE_TESTS} (cut-off by 19.3 dB)",
)
_add("guided_modes", "core channel", "1", "number of guided LP modes of one azimuthal order", source=_SCALAR)
_add(
    "higher_mode_loss",
    "core channel",
    "m-1",
    "attenuation of LP11 by bends or leakage",
    source=f"{_MARCUSE} (bends); Im(w^2)/beta of the outgoing wave (leakage)",
)
_add("attenuation", "core channel", "m-1", "power attenuation", source="definition: -d ln P/dz")
_add(
    "loss_offset",
    "core",
    "m-1",
    "attenuation of a core less the computed one",
    low=-math.inf,
    source="definition: described less computed attenuation",
)
_add("bend_loss", "core channel", "m-1", "macrobend loss", source=_MARCUSE)
_add(
    "coating_loss",
    "core channel",
    "m-1",
    "excess loss to the coating",
    "Of a straight core near the edge.",
    source=("definition: (2 pi A^2/beta) int kx exp(-2 q t)/(q^2 + kx^2) dky, as derived on the page on the glass"),
)
_add(
    "mode_coupling",
    "core_out core_in channel",
    "m-1",
    "mode-coupling coefficient kappa of a pair of cores",
    source="definition: overlap integral (k^2/(2 beta_m)) int (n^2 - n_clad^2) F_m F_n dA over a core",
)
_add(
    "index_difference",
    "core_out core_in channel",
    "1",
    "difference of the effective indices",
    low=-math.inf,
    source="definition: effective_index of core_out less that of core_in",
)
_add(
    "power_coupling",
    "core_out core_in channel",
    "m-1",
    "power-coupling coefficient h of a pair of cores",
    "dP_out/dz = h (P_in - P_out).",
    source=_KOSHIBA,
)
_add(
    "critical_bend_radius",
    "core_out core_in channel",
    "m",
    "bend radius above which a pair is never phase-matched",
    "Infinite for equal cores.",
    source="definition: beta pitch over the difference of beta",
)
_add(
    "coupling_regime",
    "core_out core_in channel",
    "1",
    "coupling regime of a pair",
    "0 weak, 1 intermediate, 2 random, 3 systematic.",
    high=3.0,
    source=(
        "C. Zener, Non-adiabatic crossing of energy levels, Proc. Royal Soc. A 137, 696 (1932), "
        "doi:10.1098/rspa.1932.0165; thresholds by convention"
    ),
)
_add(
    "supermode_shift",
    "supermode channel",
    "m-1",
    "propagation constant of a supermode, from the mean of the cores",
    low=-math.inf,
    source="definition: eigenvalues of the propagation constants, from their mean, and kappa",
)
_add("rayleigh_scattering", "channel", "m-1", "attenuation by Rayleigh scattering", source=_WALKER)
_add("constant_loss", "channel", "m-1", "attenuation that does not depend on wavelength", low=-math.inf, source=_WALKER)
_add("infrared_absorption", "channel", "m-1", "attenuation by infrared absorption", source=_WALKER)
_add("ultraviolet_absorption", "channel", "m-1", "attenuation by ultraviolet absorption", source=_WALKER)
_add("hydroxyl_absorption", "channel", "m-1", "attenuation by hydroxyl", source=_WALKER)
_add(
    "coupled_interference_factor",
    "channel",
    "1",
    "nonlinear interference relative to a single core",
    "Per core, at the same power: mixing of the cores and spatial mode dispersion.",
    high=1.0,
    source=(
        "A. Mecozzi, C. Antonelli, M. Shtaif, Nonlinear propagation in multi-mode fibers in the "
        "strong coupling regime, Opt. Express 20, 11673 (2012); P. Serena et al., The ergodic GN "
        "model for space-division multiplexing with strong mode coupling, J. Lightw. Technol. 40, "
        "3263 (2022), doi:10.1109/JLT.2022.3160207"
    ),
)

# the way: power along a span, and interference with Raman scattering
_add(
    "signal_evolution", "core channel panel node", "W", "power of the channel along the fibre of a span", source=_DAMICO
)
_add("power_map", "core channel position", "W", "power of the channel along the fibre of a span", source=_DAMICO)
_add(
    "raman_noise_density",
    "core channel",
    "W Hz-1",
    "power spectral density of spontaneous Raman emission",
    source=("J. Bromage, Raman amplification for fiber communications systems, J. Lightw. Technol. 22, 79 (2004)"),
)
_add(
    "profile_coefficient",
    "core channel term",
    "1",
    "coefficients of the power profile's exponentials",
    low=-math.inf,
    source=_ISRS,
)
_add("profile_decay", "core channel term", "m-1", "decay of the power profile's exponentials", source=_ISRS)
_add(
    "nli_own_power", "core channel", "W", "nonlinear interference of a channel with itself", source=f"{_ISRS}, eq. (10)"
)
_add(
    "nli_cross_power",
    "core channel",
    "W",
    "nonlinear interference from the other channels",
    source=f"{_ISRS}, eq. (11)",
)
_add(
    "nli_coherence",
    "core channel",
    "1",
    "exponent of the coherent growth of a channel's own interference",
    source=_GN_GROWTH,
)
_add(
    "profile_moment",
    "core channel moment",
    "1",
    "moments of the squared link function",
    "Of the orders -4 to 2; that of order k in m^(2-k).",
    source=_PADE,
)
_add(
    "profile_amplitude",
    "core channel pole",
    "m2",
    "amplitudes of the squared link function's Lorentzians",
    "Complex, in pairs.",
    low=-math.inf,
    source=_PADE,
)
_add(
    "profile_pole",
    "core channel pole",
    "m-1",
    "widths of the squared link function's Lorentzians",
    "Complex, in pairs.",
    low=-math.inf,
    source=_PADE,
)
_add(
    "phase_polynomial",
    "cell coefficient",
    "m-1",
    "propagation constant less a straight line",
    "Coefficients in the place 0 to 1 of each cell.",
    low=-math.inf,
    source="definition: second integral of beta_2 over angular frequency",
)
_add("phase_origin", "", "Hz", "start of the cells of the propagation constant", source="definition")
_add("phase_step", "", "Hz", "width of the cells of the propagation constant", source="definition")
_add("nli_format_near", "core channel", "W", "modulation-format correction of one span", low=-math.inf, source=_FORMAT)
_add(
    "nli_format_far",
    "core channel",
    "W",
    "modulation-format correction for each of many spans",
    low=-math.inf,
    source=_FORMAT,
)

# crosstalk: draws of the random channel
_add(
    "transfer_matrix",
    "draw time frequency mode_out mode_in",
    "1",
    "field transfer between modes",
    "Complex, unitary; core n has the modes 2 n and 2 n + 1.",
    low=-math.inf,
    source=_DRAWS,
)
_add(
    "crosstalk_variance",
    "",
    "1",
    "variance of the crosstalk over its squared mean",
    "Of one neighbour, one polarisation.",
    source="M. Koshiba et al., IEEE Photon. J. 4, 1987 (2012), doi:10.1109/JPHOT.2012.2221085 (coupled powers); the "
    "variance of an average over a band: J. W. Goodman, Statistical Optics, 2nd ed., section 6.1",
)
_add(
    "required_cladding_thickness",
    "",
    "m",
    "distance of the core's centre from the cladding's edge",
    "At which the loss to the coating meets a limit.",
    source="definition: the distance at which coating_loss equals the limit",
)
_add(
    "drawn_transfer",
    "draw time core_out core_in frequency",
    "1",
    "power in core_out for unit power into core_in",
    "One launched polarisation; the mean over draws is power_transfer.",
    high=1.0,
    source="definition: squared modulus of transfer_matrix, summed over the received polarisations",
)
_add(
    "channel_matrix",
    "draw frequency mode_out mode_in",
    "1",
    "transfer matrix of the channel",
    "Complex amplitudes.",
    source=_WINZER,
)
_add(
    "channel_loss",
    "draw",
    "1",
    "loss that the matrix of a measured channel does not hold",
    "Nepers of power, mean over modes and frequencies; negative for a gain.",
    low=-math.inf,
    source="definition: -ln of the mean squared magnitude of a column of the measured matrix",
)
_add(
    "noise_covariance",
    "draw frequency mode_out mode_out_other",
    "1",
    "covariance of the noise",
    "Relative to the noise of all amplifiers without mode-dependent loss.",
    source=_WINZER,
)
_add(
    "stream_snr",
    "draw mode_in",
    "1",
    "signal-to-noise ratio of a stream",
    "Behind the linear receiver.",
    source="definition: 1/[(I + S)^-1]_ii - 1 (mmse) or 1/[S^-1]_ii (zero forcing), S = snr H^H R^-1 H",
)
_add("mode_capacity", "receiver draw", "bit", "rate per mode", "Bit per symbol, Gaussian symbols.", source=_WINZER)
_add(
    "group_delay_rms",
    "",
    "s",
    "rms group delay of the modes",
    "Standard deviation of the intensity impulse response.",
    source=_DELAYS,
)
_add("group_delay_peak_to_peak", "", "s", "mean peak-to-peak group delay of the modes", source=_DELAYS)
_add("impulse_response", "time", "s-1", "mean intensity of the impulse response", "Unit area.", source=_DELAYS)
_add(
    "energy_window",
    "",
    "s",
    "window of time that holds the impulse response",
    source="definition: 2 z group_delay_rms, with the fraction erfc(z/sqrt(2)) of the energy outside",
)
_add(
    "equalizer_taps",
    "",
    "1",
    "taps of the equaliser",
    "For each pair of modes.",
    source=(
        "definition: oversampling times symbol_rate times energy_window and residual delays, rounded up, and a margin"
    ),
)
_add(
    "coherence_bandwidth",
    "",
    "Hz",
    "coherence bandwidth",
    source="definition: df with exp(-(2 pi df group_delay_rms)^2/2) = correlation",
)
_add(
    "finite_equalizer_penalty",
    "",
    "1",
    "factor by which a short equaliser multiplies the noise",
    low=1.0,
    source="definition: (1 + e snr)/(1 - e), with the fraction e of the energy outside the window",
)
_add("capacity_correlation", "separation", "1", "correlation of the capacities at two frequencies", source=_DIVERSITY)
_add(
    "capacity_deviation",
    "",
    "bit",
    "standard deviation of the rate per mode",
    "Over realisations, at one frequency.",
    source="definition: standard deviation of mode_capacity over realisations, at one frequency",
)
_add("frequency_diversity", "", "1", "independent frequencies in a channel's band", low=1.0, source=_DIVERSITY)
_add(
    "outage_capacity",
    "",
    "bit",
    "rate per mode that a realisation misses with the given probability",
    source="definition: quantile of mode_capacity over realisations",
)
_add(
    "mode_gain",
    "draw mode",
    "1",
    "log gain of a mode",
    "Nepers of power, ascending.",
    low=-math.inf,
    source="definition: ln of the squared singular values of channel_matrix, from their mean",
)
_add(
    "mode_delay",
    "draw frequency mode",
    "s",
    "group delay of a mode",
    "About the mean, ascending.",
    low=-math.inf,
    source=_DELAYS,
)

# what crosstalk costs a modulation format
_add(
    "crosstalk_penalty",
    "core channel",
    "1",
    "factor by which crosstalk raises the required signal-to-noise ratio",
    "Of all other noises; infinite where crosstalk alone is too much.",
    low=1.0,
    source="definition: 1/(1 - required_snr crosstalk)",
)
_add("tolerated_crosstalk", "", "1", "crosstalk that costs a format a given penalty", source=_HAYASHI)
_add(
    "crosstalk_reach",
    "channel",
    "m",
    "length of fibre after which crosstalk costs a given penalty",
    source="definition: length at which crosstalk equals tolerated_crosstalk",
)
# Splices.
_add("splice_loss", "draw core", "1", "power before over power after a splice", low=1.0, source=_SPLICES)

# Erbium amplifiers, and cables that are fed from their ends.
_SALEH = (
    "A. A. M. Saleh et al., Modeling of gain in erbium-doped fiber amplifiers, IEEE Photon. Technol. Lett. 2, 714 "
    "(1990), doi:10.1109/68.60769"
)
_GILES = (
    "C. R. Giles, E. Desurvire, Modeling erbium-doped fiber amplifiers, J. Lightw. Technol. 9, 271 (1991), "
    "doi:10.1109/50.65886"
)
_CABLE = "definition: Eq. (1) to Eq. (4) of the page on power-fed cables"
_add("amplifier_gain", "core channel", "1", "gain of an amplifier", "Net: with the losses around it.", source=_SALEH)
_add("erbium_gain", "core channel", "1", "gain of the erbium before a filter flattens it", source=_SALEH)
_add("erbium_length", "core", "m", "length of the erbium-doped fibre of an amplifier", source=_SALEH)
_add("erbium_inversion", "core", "1", "mean inversion of the erbium", source=_SALEH, high=1.0)
_add("pump_left", "", "1", "part of the pump that leaves the erbium", source=_SALEH, high=1.0)
_add("amplifier_output_power", "core", "W", "signal that an amplifier puts out, of one core", source=_SALEH)
_add(
    "amplifier_pump_power",
    "core",
    "W",
    "pump light of an amplifier",
    "Of one core; of all cores together where they share the pump of a cladding.",
    source=_SALEH,
)
_add(
    "cable_net_rate",
    "",
    "bit s-1",
    "net rate of a cable in one direction",
    source="definition: that of its fibre pairs",
)
_add(
    "fiber_pair_net_rate",
    "",
    "bit s-1",
    "net rate of a fibre pair in one direction",
    source="definition: total_net_rate",
)
_add(
    "energy_per_bit",
    "",
    "J",
    "power of the feeding equipment over the net rate",
    "Infinite where a code delivers nothing.",
    source=_CABLE,
)
_add("cost_per_bit", "", "1", "cost over the net rate", "In seconds times the currency of the input.", source=_CABLE)
_add("cable_cost", "", "1", "cost of a cable", "In the currency of the input.", source=_CABLE)
_add("feed_power", "", "W", "power that feeds a cable", source=_CABLE)
_add("feed_current", "", "A", "current that feeds a cable", source=_CABLE)
_add("cable_heat", "", "W", "heat of the conductor of a cable", source=_CABLE)
_add("repeater_power", "", "W", "electrical power of all repeaters of a cable", source=_CABLE)
_add("earth_potential_power", "", "W", "power that overcomes the earth potential along a cable", source=_CABLE)
_add("pump_power_available", "", "W", "pump light that all repeaters of a cable can make", source=_CABLE)
_add("pump_to_signal", "", "1", "signal light over pump light of a cable", source=_CABLE)
_add("feed_to_signal", "", "1", "signal light of all amplifiers over the power that feeds a cable", source=_CABLE)
_add(
    "signal_power_added",
    "",
    "W",
    "signal light that all amplifiers of a cable add",
    "At their outputs less that at their inputs.",
    source=_CABLE,
)
_add("repeaters", "", "1", "number of repeaters of a cable", source="definition: the number of spans")
_add(
    "binding_limit",
    "",
    "1",
    "what binds the net rate of a cable",
    "The flags say which; Eq. (8) of the page on power-fed cables.",
    source=_CABLE,
)
_add("power_use", "use", "W", "where the power that feeds a cable goes", source=_CABLE)
