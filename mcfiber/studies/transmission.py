"""The judge: a system simulated sample by sample, through a real equaliser, beside what the budget predicts of it."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, Literal

import numpy as np
import xarray as xr

from mcfiber.arguments import NUMBER, SEED, arguments, choice, instance, real, several, whole
from mcfiber.descriptions.errors import shown
from mcfiber.descriptions.formats import DESCRIBED_FORMATS, UNIFORM_FORMATS
from mcfiber.descriptions.record import axes
from mcfiber.descriptions.system import System
from mcfiber.evaluate import quantities, records
from mcfiber.fiber.channels import Channels
from mcfiber.labelled import labelled_dataset
from mcfiber.line.budget import Scene, line_noises
from mcfiber.receiver.receiver import Receiver
from mcfiber.simulation.equalizers import Equalized, Equalizer, equalized
from mcfiber.simulation.front_end import ReceivedField
from mcfiber.simulation.phase import PhaseRecovery
from mcfiber.simulation.points import number_at
from mcfiber.simulation.propagation import Effects
from mcfiber.simulation.quality import SignalQuality, effective_snr, signal_quality
from mcfiber.simulation.readings import reading
from mcfiber.simulation.streams import root_of
from mcfiber.simulation.transceivers import Setup, Transmission
from mcfiber.simulation.transmitter import GAUSSIAN, Draw, Modulation
from mcfiber.typing import AnyArray, FloatArray, Quantity

POLARIZATIONS = ("x", "y")

_SHARED = {
    "channel": whole(low=0, remedy="a number of the spectrum, the lowest frequency first"),
    "channels": whole(low=1, high=10_000),
    "cores": several(whole(low=0), different=True),
    "symbols": whole(low=64, high=2**24),
    "samples": whole(low=128, high=2**28),
    "modulation": choice(*UNIFORM_FORMATS, GAUSSIAN, kinds=DESCRIBED_FORMATS),
    "laser_linewidth_khz": real(low=0, high=1e6, dims=NUMBER),
    "sections": whole(low=1, high=1_000_000),
    "seed": SEED,
    "point": instance(dict, otherwise="give positions by the names of the axes, as in {'launch': 0}"),
}


@arguments(**_SHARED, draw=whole(low=0))
def received_field(
    system: System,
    *,
    channel: int | None = None,
    channels: int = 1,
    cores: Sequence[int] | None = None,
    symbols: int = 8192,
    samples: int | None = None,
    modulation: Modulation = None,
    laser_linewidth_khz: float = 0.0,
    oscillators: Literal["common", "each"] = "common",
    kerr: bool = True,
    noise: bool = True,
    sections: int | None = None,
    precision: Literal["single", "double"] = "double",
    point: dict[str, int] | None = None,
    seed: int = 0,
    draw: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> ReceivedField:
    """Samples of a system's channel as an equaliser gets them, and the symbols that were sent.

    Parameters
    ----------
    system
        What is simulated: fibre, line, amplifiers and transceivers, its format and the line width of its local
        oscillator.
    channel
        Number of the channel of interest; the middle one where left out.
    channels
        Number of neighbouring channels that are launched, that of interest in their middle; they matter with the Kerr
        effect only.
    cores
        Cores that carry light, whole groups of them; all where left out.
    symbols
        Of the channel of interest in the period; all rates and carriers are rounded to multiples of its rate over this.
    samples
        In the period; twice the band of the field where left out.
    modulation
        Format of all channels: the transceiver's where left out; "gaussian" for Gaussian symbols.
    laser_linewidth_khz
        Of the transmitters' lasers, each common to all cores.
    oscillators
        Whether all cores share one local oscillator, or "each" has its own.
    kerr, noise
        Whether the Kerr effect acts, and whether amplifiers and transceivers add noise.
    sections
        Random mixtures in every span; by rule where left out: at most 1 km long, and so short that ``pi B S sqrt(dz)``
        stays below 0.7; at least 100 in the line without the Kerr effect.
    precision
        Of the field along the line.
    point
        Position along every axis of the system.
    seed, draw
        Of all random numbers, and number of the realisation: those of `simulate_transmission`.
    progress
        Called with the number of spans done, and of all.

    Returns
    -------
    ReceivedField
        Arrays: `samples` (mode, 2 symbols), dispersion and mean delay removed, and `symbols` (mode, symbol).

    Raises
    ------
    ValueError
        If samples are too few for the band, power does not decay evenly, or the format is not one.

    Notes
    -----
    Coupled Manakov equations [1]_, Eq. (1), Eq. (3) and Eq. (4) of `mcfiber.kernels.splitstep`.

    References
    ----------
    .. [1] C. Antonelli, M. Shtaif, and A. Mecozzi, "Modeling of nonlinear propagation in space-division multiplexed
       fiber-optic transmission," *J. Lightw. Technol.*, vol. 34, pp. 36-54, 2016.

    Examples
    --------
    >>> import mcfiber as mcf
    >>> system = mcf.load("nict-2021-4core").system.replace({"transceiver.format": "16QAM"})
    >>> field = mcf.received_field(system, symbols=256, kerr=False, seed=1)
    >>> field.samples.shape, field.symbols.shape
    ((8, 512), (8, 256))
    """
    effects = Effects(kerr=kerr, noise=noise, sections=sections, precision=precision)
    setup = {"cores": cores, "symbols": symbols, "samples": samples, "modulation": modulation}
    lasers = laser_linewidth_khz, oscillators
    ready = _Ready(system, channel, channels, effects, lasers, point, **setup)
    return ready.transmission.received(Draw(root_of(seed), draw), progress=progress)


@arguments(**_SHARED, draws=whole(low=1, high=1_000_000), equalizer=instance(Equalizer), phase=instance(PhaseRecovery))
def simulate_transmission(
    system: System,
    *,
    channel: int | None = None,
    channels: int = 1,
    cores: Sequence[int] | None = None,
    symbols: int = 8192,
    samples: int | None = None,
    draws: int = 1,
    modulation: Modulation = None,
    equalizer: Equalizer | None = None,
    phase: PhaseRecovery | None = None,
    laser_linewidth_khz: float = 0.0,
    oscillators: Literal["common", "each"] = "common",
    kerr: bool = True,
    noise: bool = True,
    sections: int | None = None,
    precision: Literal["single", "double"] = "double",
    point: dict[str, int] | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Signal-to-noise ratios and rates of a system, from a waveform through a real equaliser.

    Parameters
    ----------
    system, channel, channels, cores, symbols, samples, modulation, laser_linewidth_khz, oscillators, kerr, noise
        As for `received_field`.
    draws
        Number of realisations of symbols, fibre and noise.
    equalizer
        How modes are separated; least squares with as many taps as the mode dispersion asks for where left out.
    phase
        How the phase of the lasers is recovered; a window of 64 known symbols where lasers have a line width, and
        nothing else is said.
    sections, precision, point, seed
        As for `received_field`.
    progress
        Called with the number of realisations done, and of all.

    Returns
    -------
    xarray.Dataset
        :data:`~mcfiber.variables.waveform_snr`, :data:`~mcfiber.variables.waveform_gmi` and others of every stream
        (draw, core, polarization) with standard errors; :data:`~mcfiber.variables.simulated_snr` beside
        :data:`~mcfiber.variables.predicted_snr`; mode-dependent loss and delays as drawn, and as the taps show them.

    Raises
    ------
    ValueError
        As `received_field`; or if symbols are too few for the taps, or a step does not converge.

    Warns
    -----
    ShortSimulationWarning
        If the window is shorter than the impulse response, or symbols are few for the taps.

    Notes
    -----
    Streams by `signal_quality`; ``effective_snr = 2^mean(log2(1 + snr)) - 1`` is what the budget predicts,
    ``1/snr = mdl_penalty/gsnr + 1/snr_trx``: :doc:`/theory/waveforms` says where they differ, and why.

    References
    ----------
    .. [1] S. J. Savory, "Digital filters for coherent optical receivers," *Opt. Express*, vol. 16, pp. 804-817, 2008.

    Examples
    --------
    >>> import mcfiber as mcf
    >>> system = mcf.load("nict-2021-4core").system.replace({"transceiver.format": "16QAM"})
    >>> equalizer = mcf.Equalizer(taps=16, training=2048)
    >>> found = mcf.simulate_transmission(system, symbols=4096, kerr=False, equalizer=equalizer, seed=1)
    >>> dict(found.waveform_snr.sizes)
    {'draw': 1, 'core': 4, 'polarization': 2}
    """
    effects = Effects(kerr=kerr, noise=noise, sections=sections, precision=precision)
    setup = {"cores": cores, "symbols": symbols, "samples": samples, "modulation": modulation}
    lasers = laser_linewidth_khz, oscillators
    ready = _Ready(system, channel, channels, effects, lasers, point, **setup)
    how, recovery = ready.equalizer(equalizer), ready.phase(phase)
    ready.transmission.check(how)
    root, rows = root_of(seed), []
    for number in range(draws):
        field = ready.transmission.received(Draw(root, number), fine=how.kind == "known")
        rows.append(_Row(field, equalized(field, how, phase=recovery)))
        if progress is not None:
            progress(number + 1, draws)
    return _dataset(rows, ready, how)


def _check_point(system: System, point: Mapping[str, Any]) -> None:
    """Refuse positions along what is no axis, or beyond its end."""
    sizes = {str(dim): size for _, axis in axes(system) for dim, size in zip(axis.dims, axis.shape, strict=True)}
    for name, place in point.items():
        if name not in sizes or isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < sizes[name]:
            known = (
                ", ".join(f"{dim} (0 to {size - 1})" for dim, size in sizes.items()) or "none: the system has no axes"
            )
            msg = f"point: got {shown(name)}: {shown(place)}; allowed: a position along {known}"
            raise ValueError(msg)


class _Ready:
    """A system behind its doors, and the part of it that is simulated."""

    def __init__(
        self,
        system: System,
        channel: int | None,
        channels: int,
        effects: Effects,
        lasers: tuple[float, str],
        point: Mapping[str, int] | None,
        **setup: Any,
    ) -> None:
        _check_point(system, point or {})
        scene, arrived = records(system)
        count = scene.channels.count
        middle = count // 2 if channel is None else channel
        if middle >= count:
            msg = f"channel: got {middle}; allowed: 0 to {count - 1}, the numbers of the channels"
            raise ValueError(msg)
        first = middle - channels // 2
        neighbours = tuple(one for one in range(first, first + channels) if 0 <= one < count)
        oscillator = arrived.oscillator_linewidth
        here = dict(point or {}) | {"channel": middle}
        setup["cores"] = None if setup["cores"] is None else tuple(setup["cores"])
        self.setup = Setup(
            channel=middle,
            neighbours=neighbours,
            laser_linewidth=lasers[0] * 1e3,
            oscillators=lasers[1],
            oscillator_linewidth=0.0 if oscillator is None else number_at(oscillator, "linewidth", here),
            effects=effects,
            point=dict(point or {}),
            **setup,
        )
        self.arrived = arrived if effects.noise else replace(arrived, snr=math.inf)
        self.scene = scene
        self.transmission = Transmission(scene, self.arrived, self.setup)

    def equalizer(self, given: Equalizer | None) -> Equalizer:
        """What was asked for; else least squares over five times the rms delay and the pulses."""
        if given is not None:
            return given
        delay = float(self.transmission.line.delay_rms().max()) * self.transmission.symbol_rate
        return Equalizer(taps=2 * math.ceil(6.6 * delay + 8.0))

    def phase(self, given: PhaseRecovery | None) -> PhaseRecovery:
        """What was asked for; else a window of known symbols where there is a line width."""
        if given is not None:
            return given
        moves = self.setup.laser_linewidth + self.setup.oscillator_linewidth > 0.0
        return PhaseRecovery("data_aided") if moves else PhaseRecovery()

    def predicted(self) -> Quantity:
        """What the budget says of the channels and effects that are simulated. [1]"""
        setup = self.setup
        where = np.array(setup.neighbours if setup.effects.kerr else (setup.channel,))
        scene, arrived = _part(self.scene, where), _part(self.arrived, where)
        noises = dict(line_noises(scene))
        for name in noises:
            left_out = (name == "ase_power" and not setup.effects.noise) or (
                name == "nli_power" and not setup.effects.kerr
            )
            if left_out:
                noises[name] = noises[name] * 0.0
        snr = quantities(scene, arrived, noises=noises)["snr"]
        here = dict(setup.point) | {"channel": int(np.flatnonzero(where == setup.channel)[0])}
        return snr.isel({dim: place for dim, place in here.items() if dim in getattr(snr, "dims", ())})


def _part(record: Any, where: AnyArray) -> Any:
    """Record of some of the channels."""
    if isinstance(record, Channels):
        return record.part(where)
    if isinstance(record, (Scene, Receiver)) or (is_dataclass(record) and not isinstance(record, type)):
        given = {one.name: getattr(record, one.name) for one in fields(record) if one.init}
        changed = {name: _part(value, where) for name, value in given.items()}
        return replace(record, **{name: value for name, value in changed.items() if value is not given[name]})
    if isinstance(record, xr.Variable):
        return record.isel(channel=where) if "channel" in record.dims else record
    if isinstance(record, Mapping):
        return {key: _part(value, where) for key, value in record.items()}
    if isinstance(record, tuple) and any(isinstance(one, xr.Variable) or is_dataclass(one) for one in record):
        return tuple(_part(one, where) for one in record) if type(record) is tuple else record
    return record


class _Row:
    """One realisation, measured."""

    def __init__(self, field: ReceivedField, found: Equalized) -> None:
        place = found.measured
        self.field, self.found = field, found
        self.quality: SignalQuality = signal_quality(
            found.symbols[:, place], field.symbols[:, place], field.numbers[:, place], field.modulation
        )
        self.readings = [
            reading(field, taps, 1.0 / max(field.noise_of(group), 1e-12)) for group, taps in enumerate(found.taps)
        ]

    def streams(self, values: FloatArray) -> FloatArray:
        """Values of the streams in the order of the cores of the system. Shape (core, polarization)."""
        order = np.argsort(np.array(self.field.cores), kind="stable")
        return values.reshape(-1, 2)[order]


def _dataset(rows: Sequence[_Row], ready: _Ready, how: Equalizer) -> xr.Dataset:
    """Label what was measured."""

    def streams(name: str) -> xr.Variable:
        values = np.array([row.streams(getattr(row.quality, name)) for row in rows])
        return xr.Variable(("draw", "core", "polarization"), values)

    names = {
        "waveform_snr": "snr",
        "waveform_snr_error": "snr_error",
        "waveform_mutual_information": "mutual_information",
        "waveform_gmi": "gmi",
        "waveform_gmi_error": "gmi_error",
        "waveform_ngmi": "ngmi",
        "waveform_bit_error_ratio": "bit_error_ratio",
        "waveform_bit_error_ratio_error": "bit_error_error",
    }
    found: dict[str, Quantity] = {variable: streams(name) for variable, name in names.items()}
    inverse = 1.0 / found["waveform_snr"].data
    found["waveform_core_snr"] = xr.Variable(("draw", "core"), 1.0 / inverse.mean(axis=-1))
    found |= _summary(rows) | _readings(rows)
    predicted = ready.predicted()
    cores = sorted(rows[0].field.cores)
    if "core" in getattr(predicted, "dims", ()):
        predicted = predicted.isel(core=cores)
    found["predicted_snr"] = predicted
    coords = {"core": ("core", cores), "polarization": ("polarization", list(POLARIZATIONS))}
    if "tap_intensity" in found:
        time = (np.arange(how.taps) - how.taps // 2) * (0.5e12 / rows[0].field.symbol_rate)
        coords["delay"] = ("tap", time, {"units": "ps"})  # type: ignore[assignment]
    return labelled_dataset(found, coords)


def _summary(rows: Sequence[_Row]) -> dict[str, Quantity]:
    """Mean over the draws in decibels, and its standard error."""
    every = np.array([effective_snr(row.quality.snr) for row in rows])
    logs = np.log(every)
    mean = math.exp(float(logs.mean()))
    if len(rows) > 1:
        spread = float(logs.std(ddof=1)) / math.sqrt(len(rows))
    else:
        quality = rows[0].quality
        weight = (1.0 + every[0]) / (1.0 + quality.snr) / quality.snr.size  # of the mean of logarithms
        spread = float(np.sqrt(np.sum((weight * quality.snr_error) ** 2)) / every[0])
    return {
        "effective_snr": xr.Variable("draw", every),
        "simulated_snr": xr.Variable((), mean),
        "simulated_snr_error": xr.Variable((), mean * spread),
    }


def _readings(rows: Sequence[_Row]) -> dict[str, Quantity]:
    """What the draws are, and what the taps tell of them."""
    truths = [row.field.truths for row in rows]
    dims = ("draw", "group")
    found: dict[str, Quantity] = {
        "drawn_loss_rms": xr.Variable(dims, [[one.loss_rms for one in row] for row in truths]),
        "drawn_delay_rms": xr.Variable(dims, [[one.delay_rms for one in row] for row in truths]),
    }
    if not rows[0].readings:
        return found
    names = {"read_loss_rms": "loss_rms", "corrected_loss_rms": "loss_rms_corrected", "read_delay_rms": "delay_rms"}
    for variable, name in names.items():
        found[variable] = xr.Variable(dims, [[getattr(one, name) for one in row.readings] for row in rows])
    taps = np.array([[one.intensity for one in row.readings] for row in rows])
    return found | {"tap_intensity": xr.Variable((*dims, "tap"), taps)}
