"""Every variable of a result: its dimensions, unit, meaning, valid range and source.

One table serves to stamp attributes, to build the documentation and to test.  `compute` is the one door
between labelled data and kernels: it applies an array function by named core dimensions and stamps.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from mcfiber.typing import AnyArray

if TYPE_CHECKING:
    import xarray as xr

    from mcfiber._jit import Lifted


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


def stamp(name: str, array: "xr.DataArray") -> "xr.DataArray":
    """Set name and attributes of a labelled array from the table."""
    array.name = name
    array.attrs = lookup(name).attributes()
    return array


@overload
def compute(name: str, function: "Lifted", /, *inputs: Any, sizes: dict[str, int] | None = ...) -> "xr.DataArray": ...
@overload
def compute(
    name: tuple[str, ...], function: "Lifted", /, *inputs: Any, sizes: dict[str, int] | None = ...
) -> "tuple[xr.DataArray, ...]": ...
def compute(
    name: str | tuple[str, ...], function: "Lifted", /, *inputs: Any, sizes: dict[str, int] | None = None
) -> Any:
    """Apply a lifted kernel to labelled data and stamp the result.

    Core dimensions are those of the kernel's signature; an input that lacks one does not differ along it, and
    neither does the result where every input lacks it.  All other dimensions (core, span, sample, a sweep's axes)
    broadcast by name.

    Parameters
    ----------
    name
        Variable of the table, or one for each output.
    function
        Kernel made by `mcfiber._jit.lift`.
    *inputs
        Numbers, arrays of the core dimensions, or DataArrays.
    sizes
        Lengths of output dimensions that no input has.
    """
    import xarray as xr

    present = [
        tuple(dim for dim in core if dim in getattr(value, "dims", core[-np.ndim(value) :] if np.ndim(value) else ()))
        for value, core in zip(inputs, function.signature.inputs, strict=True)
    ]

    known = {dim for dims in present for dim in dims} | (sizes or {}).keys()
    carried = [tuple(dim for dim in core if dim in known) for core in function.signature.outputs]

    def call(*arrays: AnyArray) -> Any:
        result = function(
            *(
                _with_missing(np.asarray(array), have, core)
                for array, have, core in zip(arrays, present, function.signature.inputs, strict=True)
            ),
            sizes=sizes,
        )
        if isinstance(result, tuple):
            return tuple(map(_without_missing, result, carried, function.signature.outputs))
        return _without_missing(result, carried[0], function.signature.outputs[0])

    result = xr.apply_ufunc(
        call,
        *(_labelled(value, have) for value, have in zip(inputs, present, strict=True)),
        input_core_dims=present,
        output_core_dims=carried,
        keep_attrs=False,
    )
    if isinstance(name, str):
        return stamp(name, _as_dataarray(result))
    return tuple(stamp(one, _as_dataarray(array)) for one, array in zip(name, result, strict=True))


def _labelled(value: Any, dims: tuple[str, ...]) -> Any:
    import xarray as xr

    return xr.DataArray(value, dims=dims) if isinstance(value, np.ndarray) and value.ndim else value


def _with_missing(array: AnyArray, have: tuple[str, ...], core: tuple[str, ...]) -> AnyArray:
    lead = array.ndim - len(have)
    return array.reshape(
        array.shape[:lead] + tuple(array.shape[lead + have.index(dim)] if dim in have else 1 for dim in core)
    )


def _without_missing(array: AnyArray, have: tuple[str, ...], core: tuple[str, ...]) -> AnyArray:
    lead = array.ndim - len(core)
    return array.reshape(array.shape[:lead] + tuple(array.shape[lead + core.index(dim)] for dim in have))


def _as_dataarray(value: Any) -> "xr.DataArray":
    import xarray as xr

    return value if isinstance(value, xr.DataArray) else xr.DataArray(value)


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
_add("format_index", "core channel", "1", "index of the modulation format")
# mode-dependent loss of randomly coupled cores
_add("mode_dependent_loss_sum", "", "1", "root sum square of the spans' mode-dependent loss",
     "Nepers of power, rms over the modes: xi, what penalties and statistics depend on.")  # fmt: skip
_add("mode_dependent_loss_rms", "", "1", "accumulated mode-dependent loss",
     "Nepers of power: standard deviation of the log gains (squared singular values) over the modes.")  # fmt: skip
_add("mode_dependent_loss_peak_to_peak", "", "1", "mean peak-to-peak mode-dependent loss",
     "Nepers of power: log ratio of the largest to the smallest gain, mean over realisations.")  # fmt: skip
_add("mdl_penalty", "core channel", "1", "factor by which mode-dependent loss multiplies the line's noise",
     "For the named receiver; 1 where cores are not coupled.", low=1.0)  # fmt: skip
_add("coupled_interference_factor", "channel", "1", "nonlinear interference relative to a single core",
     "Per core, at the same power: mixing of the cores and spatial mode dispersion.", high=1.0)  # fmt: skip
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
