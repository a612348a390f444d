"""Crosstalk around its mean, with labels: quantiles, and draws of the random channel."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mcfiber import units, variables
from mcfiber._jit import lift
from mcfiber.fiber.multicore import MulticoreFiber
from mcfiber.fiber.properties import properties
from mcfiber.kernels import crosstalk_statistics as kernels
from mcfiber.link.crosstalk_statistics import Aggressors
from mcfiber.link.transfer_draws import Chain, coupled_chain, power_draws, transfer_draws
from mcfiber.spectrum import Channels, band_of

if TYPE_CHECKING:
    import xarray as xr

_VARIANCE = lift(kernels.short_term_variance, "(),(),()->()")
_QUANTILE = lift(kernels.gamma_sum_quantile, "(core_in),(core_in),()->()")


@dataclass(frozen=True)
class Spread:
    """What the spread of crosstalk around its mean depends on, in SI.

    Attributes
    ----------
    probability
        Probability with which the wanted quantile is exceeded.
    symbol_rate
        Width of the neighbours' spectra. [Hz]
    skew
        Steady skew between neighbours. [s/m]
    random_skew
        Standard deviation of its random part. [s/sqrt(m)]
    polarizations
        Polarisations that a neighbour fills with independent data.
    aggressors
        "independent": the neighbours carry their own data and their powers add; "same_laser": they carry the same
        light, their fields add, and the sum has the spread of one.
    """

    probability: Any
    symbol_rate: Any
    skew: Any = 0.0
    random_skew: Any = 0.0
    polarizations: Literal[1, 2] = 2
    aggressors: Aggressors = "independent"


def crosstalk_spread(fiber: MulticoreFiber, grid: Channels, *, probability: Any) -> Spread | None:
    """Spread of the crosstalk of a fibre's channels; None for the mean, which needs none.

    Parameters
    ----------
    fiber
        For its skew.
    grid
        For the symbol rates.
    probability
        Probability of more crosstalk than the quantile, or None.
    """
    if probability is None:
        return None
    return Spread(
        probability=probability,
        symbol_rate=grid.symbol_rate,
        skew=units.si(fiber, "skew_ps_per_km"),
        random_skew=units.si(fiber, "random_skew_ps_per_sqrt_km"),
    )


def exceeded_crosstalk(pairs: "xr.DataArray", spread: Spread, distance: Any) -> "xr.DataArray":
    """Crosstalk that the sum over the neighbours exceeds with a probability.

    Neighbours with independent data add their powers; each is Gamma distributed with the variance that its skew
    and symbol rate leave, and the sum over unequal ones is exact.

    Parameters
    ----------
    pairs
        Mean crosstalk of every pair, dimensions core_out and core_in.
    spread
        Probability, skew, symbol rate.
    distance
        Length of the line. [m]

    Returns
    -------
    :data:`crosstalk`
        Dimension core, and those of the pairs and the spread.
    """
    import xarray as xr

    if spread.aggressors == "same_laser":
        pairs = pairs.sum("core_in").expand_dims(core_in=1)
    random_skew = spread.random_skew * units.mapped(np.sqrt, distance)
    variance = xr.apply_ufunc(_VARIANCE, spread.symbol_rate, spread.skew * distance, random_skew, keep_attrs=False)
    shape = spread.polarizations / variance
    exceeded = variables.compute("crosstalk", _QUANTILE, pairs, shape, spread.probability)
    result = variables.stamp("crosstalk", exceeded.rename(core_out="core"))
    result.attrs["model"] = "quantile"
    return result


def crosstalk_quantile(
    pairs: "xr.DataArray",
    *,
    probability: Any,
    length_km: Any,
    symbol_rate_gbd: Any,
    skew_ps_per_km: Any = 0.0,
    random_skew_ps_per_sqrt_km: Any = 0.0,
    polarizations: Literal[1, 2] = 2,
    aggressors: Aggressors = "independent",
) -> "xr.DataArray":
    """Crosstalk of every core that is exceeded with a probability, all other cores lit.

    Parameters
    ----------
    pairs
        Mean crosstalk of every pair, from `mean_crosstalk`.
    probability
        Probability of more crosstalk: a share of times, of wavelengths or of fibres.
    length_km
        Length of the whole line, over which skew accumulates.
    symbol_rate_gbd
        Symbol rate of the neighbours; the wider their spectra, the narrower the spread.
    skew_ps_per_km, random_skew_ps_per_sqrt_km
        Skew between neighbouring cores: its steady part, and the standard deviation of its random part. None gives
        the widest spread.
    polarizations
        Polarisations that the neighbours fill with independent data.
    aggressors
        "independent": each neighbour carries its own data, and powers add. "same_laser": all carry the same light,
        as in a measurement with one source, and fields add.

    Returns
    -------
    :data:`crosstalk`
        Dimension core, and those of the arguments.

    Raises
    ------
    ValueError
        If `aggressors` is neither.

    Examples
    --------
    >>> import mcfiber as mcf
    >>> import xarray as xr
    >>> pairs = xr.DataArray([[0.0, 1e-3], [1e-3, 0.0]], dims=("core_out", "core_in"))
    >>> worst = mcf.crosstalk_quantile(pairs, probability=1e-4, length_km=80, symbol_rate_gbd=32, polarizations=1)
    >>> (10 * np.log10(worst / 1e-3)).values.round(2)
    array([7.69, 7.69])
    """
    spread = Spread(
        probability=probability,
        symbol_rate=units.convert(symbol_rate_gbd, "gbd"),
        skew=units.convert(skew_ps_per_km, "ps_per_km"),
        random_skew=units.convert(random_skew_ps_per_sqrt_km, "ps_per_sqrt_km"),
        polarizations=polarizations,
        aggressors=aggressors,
    )
    if aggressors not in ("independent", "same_laser"):
        msg = f"aggressors: got {aggressors!r}; allowed: 'independent', 'same_laser'"
        raise ValueError(msg)
    return exceeded_crosstalk(pairs, spread, units.convert(length_km, "km"))


def draw_crosstalk(
    fiber: MulticoreFiber,
    *,
    length_km: float,
    frequency_ghz: Any,
    draws: int,
    seed: int,
    wavelength_nm: float = 1550.0,
    skew_ps_per_km: Any = 0.0,
    random_skew_ps_per_sqrt_km: Any = 0.0,
    polarization_delay_ps: float = 0.0,
    times_s: Any = (0.0,),
    drift_per_s: float = 0.0,
    quantity: Literal["field", "power"] = "field",
) -> "xr.DataArray":
    """Draw random transfer matrices of weakly coupled cores: both polarisations, over frequency and time.

    Every matrix is unitary at every frequency; the mean of its powers obeys the coupled-power equations at any
    strength.  Loss, common delay and common dispersion are left to the signal.

    Parameters
    ----------
    fiber
        Weakly coupled cores.
    length_km
        Length of fibre.
    frequency_ghz
        Offsets from the carrier.
    draws, seed
        Number of draws and their seed; the first n of N draws are those of n.
    wavelength_nm
        Of the carrier.
    skew_ps_per_km
        Delay of every core relative to a common one, or one number: the delay grows by it from core to core.
    random_skew_ps_per_sqrt_km
        Standard deviation of the random part of a core's delay.
    polarization_delay_ps
        Mean differential group delay of a core's polarisations over the fibre.
    times_s, drift_per_s
        Times at which a drifting fibre is looked at; the correlation of crosstalk falls as ``exp(-2 drift t)``.
    quantity
        "field": complex matrices between modes, two for every core. "power": what a core receives from a core
        that is launched in one polarisation.

    Returns
    -------
    :data:`transfer_matrix` or :data:`drawn_transfer`
        Dimensions draw, time, frequency, mode_out, mode_in; or draw, time, core_out, core_in, frequency. For more
        draws than fit into memory see `mcfiber.link.transfer_draws`, which yields them in blocks.

    Raises
    ------
    ValueError
        If the cores are not weakly coupled.

    Examples
    --------
    >>> import mcfiber as mcf
    >>> fiber = mcf.MulticoreFiber(
    ...     layout=mcf.HexagonalLayout(cores=7, pitch_um=40),
    ...     cladding_diameter_um=180,
    ...     crosstalk={"crosstalk_db": -30, "length_km": 10, "definition": "pair"},
    ... )
    >>> matrix = mcf.draw_crosstalk(fiber, length_km=10, frequency_ghz=[0, 10], skew_ps_per_km=10, draws=3, seed=1)
    >>> dict(matrix.sizes)
    {'draw': 3, 'time': 1, 'frequency': 2, 'mode_out': 14, 'mode_in': 14}
    >>> float((abs(matrix) ** 2).sum("mode_out").max().round(9))
    1.0
    """
    import xarray as xr

    h = _coupling_at(fiber, wavelength_nm)
    skew = np.asarray(skew_ps_per_km, np.float64)
    skew = skew * np.arange(fiber.cores) if skew.ndim == 0 else skew
    chain = coupled_chain(
        h,
        units.convert(length_km, "km"),
        units.convert(np.atleast_1d(np.asarray(frequency_ghz, np.float64)), "ghz"),
        delay=units.convert(skew, "ps_per_km") * units.convert(length_km, "km"),
        random_delay=units.convert(random_skew_ps_per_sqrt_km, "ps_per_sqrt_km") * math.sqrt(length_km * 1e3),
        polarization_delay=units.convert(polarization_delay_ps, "ps"),
    )
    options = {"draws": draws, "seed": seed, "times": times_s, "drift": drift_per_s}
    name, dims, values = _drawn(chain, quantity, options)
    coordinates = {"time": np.asarray(times_s, np.float64), "frequency": chain.frequency}
    return variables.stamp(name, xr.DataArray(values, dims=dims, coords=coordinates))


def _drawn(chain: Chain, quantity: str, options: dict[str, Any]) -> tuple[str, tuple[str, ...], Any]:
    if quantity == "field":
        fields = np.concatenate(list(transfer_draws(chain, **options)))
        return "transfer_matrix", ("draw", "time", "frequency", "mode_out", "mode_in"), fields
    if quantity == "power":
        powers = np.concatenate(list(power_draws(chain, **options)))
        return "drawn_transfer", ("draw", "time", "core_out", "core_in", "frequency"), powers
    msg = f"quantity: got {quantity!r}; allowed: 'field', 'power'"
    raise ValueError(msg)


def _coupling_at(fiber: MulticoreFiber, wavelength_nm: float) -> Any:
    """Power coupling of every pair at one wavelength. [1/m]"""
    import xarray as xr

    hertz = units.wavelength(wavelength_nm * 1e-9)
    grid = Channels(xr.DataArray([hertz], dims="channel"), 1e9, (band_of(hertz * 1e-12),))
    coupling = properties(fiber, grid).power_coupling
    if coupling is None or fiber.coupled_cores > 1:
        msg = "crosstalk needs more than one core, weakly coupled; cores that are received together have none"
        raise ValueError(msg)
    coupling = coupling.isel(channel=0) if "channel" in coupling.dims else coupling
    if set(coupling.dims) != {"core_out", "core_in"}:
        msg = f"draws need one fibre; the coupling has the axes {', '.join(map(str, coupling.dims))}; choose one point"
        raise ValueError(msg)
    return coupling.transpose("core_out", "core_in").values
