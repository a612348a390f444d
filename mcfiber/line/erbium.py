"""Erbium amplifiers in SI: what a pump makes of a gain that is needed, or of light that comes in."""

import math
from dataclasses import dataclass

import numpy as np
import xarray as xr

from mcfiber import units
from mcfiber.arguments import arguments, real
from mcfiber.descriptions.erbium import ErbiumAmplifier
from mcfiber.descriptions.errors import refused
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.grid import on_grid
from mcfiber.kernels import erbium as kernels
from mcfiber.labelled import array, as_variable, combined, compute, entered, has, labelled_dataset, quantity, reduced
from mcfiber.typing import FloatArray, Quantity


@dataclass(frozen=True)
class Erbium:
    """An erbium amplifier in SI.

    Attributes
    ----------
    absorption, gain
        Of the channels. [1/m]
    pump_power, pump_frequency, pump_absorption, pump_gain
        Pump of all cores that share it, and its coefficients in one core. [W, Hz, 1/m]
    saturation
        Photons that full inversion of a metre loses. [1/(m s)]
    length
        NaN for the one with the largest output. [m]
    before, after
        Losses in front of the erbium and behind it. [1]
    cores
        That share a pump.
    backward
        Whether the pump goes against the signals.
    noise_figure
        Of the whole amplifier, where it is not to be integrated; else None. [1]
    limit
        Largest output of a core. [W]
    """

    absorption: Quantity
    gain: Quantity
    pump_power: Quantity
    pump_frequency: Quantity
    pump_absorption: Quantity
    pump_gain: Quantity
    saturation: Quantity
    length: Quantity = math.nan
    before: Quantity = 1.0
    after: Quantity = 1.0
    cores: int = 1
    backward: bool = False
    noise_figure: Quantity = None
    limit: Quantity = math.inf


@dataclass(frozen=True)
class Driven:
    """What an amplifier does behind a span.

    Attributes
    ----------
    output
        Signal of a core; NaN where the pump is below threshold. [W]
    launch
        Of each channel. [W]
    pump_power
        That is used, of all cores that share it. [W]
    length, inversion
        Of the erbium, and its mean inversion. [m, 1]
    net_gain, noise_figure
        Of the whole amplifier. [1]
    photons
        That the erbium adds for a watt of output in each channel. [1/J]
    """

    output: Quantity
    launch: Quantity
    pump_power: Quantity
    length: Quantity
    inversion: Quantity
    net_gain: Quantity
    noise_figure: Quantity
    photons: Quantity


def erbium(amplifier: ErbiumAmplifier, channels: Channels, *, cores: int, path: str = "link.amplifier") -> Erbium:
    """Enter an erbium amplifier into SI, every field once.

    Parameters
    ----------
    amplifier
        The description.
    channels
        Where its coefficients are wanted.
    cores
        Of the fibre, which share the pump of a cladding.
    path
        Of the description, for a refusal.

    Returns
    -------
    Erbium
        What the kernels of Eq. (1) to Eq. (7) of `mcfiber.kernels.erbium` take.

    Raises
    ------
    DescriptionError
        If channels lie outside the table of its fibre.
    """
    fiber = amplifier.fiber
    shared = cores if amplifier.pumping == "cladding" else 1
    part = quantity(amplifier, "doped_area_ratio") if amplifier.pumping == "cladding" else 1.0
    pump = quantity(amplifier, "pump_power_mw")
    length, limit = quantity(amplifier, "length_m"), quantity(amplifier, "output_power_limit_dbm")
    nothing = amplifier.noise_figure_db is None
    return Erbium(
        absorption=_at_channels(amplifier, "absorption_db_per_m", channels, path),
        gain=_at_channels(amplifier, "gain_db_per_m", channels, path),
        pump_power=math.nan if pump is None else pump,
        pump_frequency=units.SPEED_OF_LIGHT / (fiber.pump_wavelength_nm * 1e-9),
        pump_absorption=quantity(fiber, "pump_absorption_db_per_m") * part,
        pump_gain=quantity(fiber, "pump_gain_db_per_m") * part,
        saturation=quantity(fiber, "saturation_per_m_s"),
        length=math.nan if length is None else length,
        before=on_grid(amplifier, "before_loss_db", channels, path),
        after=on_grid(amplifier, "after_loss_db", channels, path),
        cores=shared,
        backward=amplifier.pump_direction == "backward",
        noise_figure=None if nothing else on_grid(amplifier, "noise_figure_db", channels, path),
        limit=math.inf if limit is None else limit,
    )


def _at_channels(amplifier: ErbiumAmplifier, name: str, channels: Channels, path: str) -> Quantity:
    """Coefficient at every channel, interpolated linearly. [1/m]"""
    points, asked = np.asarray(amplifier.fiber.wavelength_nm), np.asarray(channels.wavelength.data) * 1e9
    if asked.min() < points[0] * (1.0 - 1e-12) or asked.max() > points[-1] * (1.0 + 1e-12):
        msg = (
            f"{path}.fiber.wavelength_nm: the table covers {points[0]:g} to {points[-1]:g} nm, asked for "
            f"{asked.min():.2f} to {asked.max():.2f} nm; nothing is extrapolated; take channels inside it"
        )
        raise refused(msg)
    values = np.interp(asked, points, np.asarray(getattr(amplifier.fiber, name)))
    return entered(array(channels.wavelength.dims, values), "db_per_m")


def driven(amplifier: Erbium, net_gain: Quantity, shape: Quantity, frequency: Quantity) -> Driven:
    """What an amplifier puts out that restores what a span loses.

    Parameters
    ----------
    amplifier
        In SI.
    net_gain
        That the whole amplifier must have, (channel) and (core) where it differs. [1]
    shape
        Part of the output that each channel has; they sum to 1. [1]
    frequency
        Of the channels. [Hz]

    Returns
    -------
    Driven
        Output by Eq. (5), noise figure by Eq. (7) of `mcfiber.kernels.erbium`, with the losses before and behind.

    Raises
    ------
    DescriptionError
        If cores of one cladding pump need different gains.
    """
    if amplifier.cores > 1 and (has(net_gain, "core") or has(shape, "core")):
        msg = (
            "link.amplifier.pumping: cores that share the pump of a cladding need the same gain, and those of this "
            'line differ; make them equal, or use pumping = "core"'
        )
        raise refused(msg)
    asked = combined(lambda gain, *losses: gain * losses[0] * losses[1], net_gain, amplifier.before, amplifier.after)
    entering = combined(lambda part, after, gain: part * after / gain, shape, amplifier.after, asked)
    own = frequency, amplifier.absorption, amplifier.gain
    pumped = amplifier.pump_frequency, amplifier.pump_absorption, amplifier.pump_gain, amplifier.saturation
    names = ("amplifier_output_power", "erbium_length", "erbium_inversion", "amplifier_pump_power", "erbium_gain")
    output, length, inversion, used, gain = compute(
        names, kernels.flattened_amplifier, *own, asked, entering, amplifier.pump_power, *pumped,
        float(amplifier.cores), amplifier.length, amplifier.limit,
    )  # fmt: skip
    figure = amplifier.noise_figure
    if figure is None:
        power = combined(np.multiply, entering, output)
        figure, _, _ = compute(
            ("noise_figure", "erbium_gain", "erbium_inversion"), kernels.along_erbium, *own, power, used, *pumped,
            float(amplifier.cores), length, inversion, float(amplifier.backward),
        )  # fmt: skip
        figure = combined(_with_losses, figure, gain, net_gain, amplifier.before)
    launch = combined(np.multiply, shape, output)
    photons = combined(
        lambda gain, after, asked, frequency: (gain - 1.0) * after / asked / (units.PLANCK * frequency),
        gain, amplifier.after, asked, frequency,
    )  # fmt: skip
    return Driven(output, launch, used, length, inversion, as_variable(net_gain), figure, photons)


def _with_losses(figure: FloatArray, gain: FloatArray, net_gain: FloatArray, before: FloatArray) -> FloatArray:
    """Noise figure of erbium between losses: photons S = F G - 1 at its end reach the output, times what is lost there.

    With ``S net/(G/before)`` photons at the output, ``(S' + 1)/net`` is ``before (F - 1/G) + 1/net``.
    """
    return before * (figure - 1.0 / gain) + 1.0 / net_gain


def launch_shape(launch: Quantity, count: int) -> Quantity:
    """Part of the power of a core that each channel has. [1]

    Parameters
    ----------
    launch
        Asked for, of each channel. [W]
    count
        Number of channels.

    Notes
    -----
    What enters Eq. (5) of `mcfiber.kernels.erbium`.

    Examples
    --------
    >>> launch_shape(2.0, 4).values.tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    wide = launch if has(launch, "channel") else combined(np.multiply, array(("channel",), np.ones(count)), launch)
    return combined(np.divide, wide, reduced(np.sum, wide, "channel"))


# ---------------------------------------------------------------------------------------------------------
# one amplifier alone


_POWERS = real(above=0, high=1e5, dims=("channel",))

_WAVELENGTHS = real(low=1400, high=1700, dims=("channel",), alone=False)


@arguments(wavelength_nm=_WAVELENGTHS, gain_db=real(above=0, high=60, dims=("channel",)))
def erbium_output(amplifier: ErbiumAmplifier, *, wavelength_nm: Quantity, gain_db: Quantity) -> xr.Dataset:
    """What an erbium amplifier puts out that has a gain in every channel, all channels alike.

    Parameters
    ----------
    amplifier
        With its pump power; cores of a cladding pump count as one.
    wavelength_nm
        Of the channels. [nm]
    gain_db
        Of the whole amplifier. [dB]

    Returns
    -------
    xarray.Dataset
        :data:`~mcfiber.variables.amplifier_output_power`, :data:`~mcfiber.variables.amplifier_pump_power`,
        :data:`~mcfiber.variables.erbium_length`, :data:`~mcfiber.variables.erbium_inversion`,
        :data:`~mcfiber.variables.amplifier_gain` and :data:`~mcfiber.variables.noise_figure`; NaN where the pump is
        below threshold.

    Raises
    ------
    DescriptionError
        If no pump power is given, or a wavelength lies outside the table of the fibre.

    Notes
    -----
    Eq. (4), Eq. (5) and Eq. (7) of `mcfiber.kernels.erbium`.

    Examples
    --------
    >>> import numpy as np
    >>> from mcfiber.descriptions.erbium import ErbiumAmplifier
    >>> alone = ErbiumAmplifier(pump_power_mw=30, before_loss_db=0, after_loss_db=0)
    >>> found = erbium_output(alone, wavelength_nm=np.linspace(1540, 1560, 41), gain_db=12)
    >>> f"{1e3 * float(found.amplifier_output_power):.1f} mW"
    '13.6 mW'
    """
    channels = _channels(amplifier, wavelength_nm)
    gain = entered(gain_db, "db")
    shape = launch_shape(1.0, channels.count)
    found = driven(erbium(amplifier, channels, cores=1, path="amplifier"), gain, shape, channels.frequency)
    return labelled_dataset(amplifier_variables(found), {"wavelength": channels.wavelength * 1e9})


@arguments(wavelength_nm=_WAVELENGTHS, input_power_mw=_POWERS)
def erbium_response(amplifier: ErbiumAmplifier, *, wavelength_nm: Quantity, input_power_mw: Quantity) -> xr.Dataset:
    """Gain and noise figure that erbium of a given length has for light that comes in, without a flattening filter.

    Parameters
    ----------
    amplifier
        With its length and pump power; its losses in front of the erbium and behind it do not count.
    wavelength_nm
        Of the channels. [nm]
    input_power_mw
        Of each channel in front of the erbium. [mW]

    Returns
    -------
    xarray.Dataset
        :data:`~mcfiber.variables.amplifier_gain`, :data:`~mcfiber.variables.noise_figure`,
        :data:`~mcfiber.variables.amplifier_output_power`, :data:`~mcfiber.variables.erbium_inversion` and
        :data:`~mcfiber.variables.pump_left`.

    Raises
    ------
    DescriptionError
        If length or pump power is missing, or a wavelength lies outside the table of the fibre.

    Notes
    -----
    The root of Eq. (3), and Eq. (7), of `mcfiber.kernels.erbium`.

    Examples
    --------
    >>> import numpy as np
    >>> from mcfiber.descriptions.erbium import ErbiumAmplifier
    >>> amplifier = ErbiumAmplifier(pump_power_mw=40, length_m=8)
    >>> found = erbium_response(amplifier, wavelength_nm=np.linspace(1530, 1565, 41), input_power_mw=1 / 41)
    >>> f"{float(found.erbium_inversion):.3f}"
    '0.643'
    """
    channels = _channels(amplifier, wavelength_nm)
    if amplifier.length_m is None:
        msg = "amplifier.length_m: is missing; give the length of the erbium, or ask erbium_output for the best"
        raise refused(msg)
    one = erbium(_lossless(amplifier), channels, cores=1, path="amplifier")
    power = combined(np.multiply, entered(input_power_mw, "mw"), array(("channel",), np.ones(channels.count)))
    own = channels.frequency, one.absorption, one.gain, power, one.pump_power, one.pump_frequency
    rest = one.pump_absorption, one.pump_gain, one.saturation, 1.0, one.length
    names = ("erbium_inversion", "amplifier_gain", "pump_left")
    inversion, gain, left = compute(names, kernels.saturated_amplifier, *own, *rest)
    names = ("noise_figure", "amplifier_gain", "erbium_inversion")
    figure, _, _ = compute(names, kernels.along_erbium, *own, *rest, inversion, float(one.backward))
    output = reduced(np.sum, combined(np.multiply, power, gain), "channel")
    values = {"erbium_inversion": inversion, "amplifier_gain": gain, "pump_left": left, "noise_figure": figure}
    return labelled_dataset(values | {"amplifier_output_power": output}, {"wavelength": channels.wavelength * 1e9})


def _lossless(amplifier: ErbiumAmplifier) -> ErbiumAmplifier:
    """Copy without the losses around the erbium."""
    return amplifier.replace({"before_loss_db": 0.0, "after_loss_db": 0.0})


def amplifier_variables(found: Driven) -> dict[str, Quantity]:
    """Variables of a result that tell what an amplifier does."""
    return {
        "amplifier_gain": found.net_gain,
        "noise_figure": found.noise_figure,
        "amplifier_output_power": found.output,
        "amplifier_pump_power": found.pump_power,
        "erbium_length": found.length,
        "erbium_inversion": found.inversion,
    }


def _channels(amplifier: ErbiumAmplifier, wavelength_nm: Quantity) -> Channels:
    """Channels at wavelengths, in any order."""
    if amplifier.pump_power_mw is None:
        msg = "amplifier.pump_power_mw: is missing; give the pump light in the erbium"
        raise refused(msg)
    wavelength = entered(wavelength_nm, "nm")
    plain = array(wavelength.dims, np.asarray(wavelength.data))
    return Channels(units.wavelength(plain), 1.0, ("C",) * plain.sizes["channel"])
