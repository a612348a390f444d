"""Every number of the library at one moment, and whether today's code still gives them.

``python validation/golden.py record [FOLDER]`` computes and writes the record, ``compare`` computes again and tells
what differs.  The folder is ``golden/`` beside this file where it is left out, and without any argument the record
there is compared.  A number that moves by more than 1e-12 of itself, and a key or a text that is new, missing or
different, makes the exit status 1; ``exceptions.json`` of the folder (or ``--allow FILE``) names exceptions, a JSON
table of reasons by pattern of keys.

Machine code that was compiled in a process and the same code read from Numba's cache may round differently, so what
is kept comes from a process that compiled nothing: where something had to be, the script starts again.  What another
compilation changes is recorded as well, in ``spread.json``, and is no difference up to `SLACK` times as much: rounding
shows in values that are left of a subtraction, such as a loss between two equal rates.

A record is ``record.json`` (tables of the random systems, texts, and the shape and a digest of every array) and
``arrays.npz`` (the numbers of each section, one after the other).  Of a larger array as many values are kept as
`KEPT` tells, spread over it, with its extremes, the sum of magnitudes and the number of finite values; the digest is
that of all values.  Where digests differ and nothing that is kept does, the key is listed and not counted.
"""

import argparse
import fnmatch
import hashlib
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy
import xarray as xr
from golden_systems import random_system
from numba.core import event
from soundness import with_axes
from typer.testing import CliRunner

import mcfiber as mcf

# ---------------------------------------------------------------------------------------------------------
# The adapter: all that is reached by the path of a module.  Point these elsewhere when modules move; the rest of
# this script uses names of `mcfiber` itself.
from mcfiber.arrays import crosstalk as crosstalk_arrays
from mcfiber.arrays import crosstalk_statistics
from mcfiber.catalog import names as catalog_names
from mcfiber.catalog.ready_made import fiber_names
from mcfiber.cli import app
from mcfiber.descriptions.glass import ConstantGlass, TabulatedGlass
from mcfiber.evaluate import records
from mcfiber.fiber.attenuation import glass_attenuation
from mcfiber.fiber.index import index_profile, refractive_index
from mcfiber.fiber.modes import bend_loss
from mcfiber.receiver.outage import capacity_correlation, capacity_deviation
from mcfiber.simulation.capacity import stream_snr
from mcfiber.simulation.penalties import draw_mdl_penalty
from mcfiber.simulation.splitstep import linear_channel_removed
from mcfiber.simulation.waveforms import received_noise


def integral_of_line(system: mcf.System, **options: Any) -> Any:
    """Interference of a line by the integral, with its quadrature error."""
    scene, _ = records(system)
    return mcf.nonlinear_interference_integral(scene.line, scene.medium, scene.power, scene.channels, **options)


# ---------------------------------------------------------------------------------------------------------

FOLDER = Path(__file__).with_suffix("")
TOLERANCE = 1e-12
SLACK = 10.0
FLOOR = 1e-15  # relative to the largest value of an array
SECOND = "MCFIBER_GOLDEN_SECOND"  # set in the process that finds all kernels compiled
KEPT = {"random": 400}
KEPT_ELSEWHERE = 256
RANDOM_SYSTEMS = 300
SAME_ERROR = 3  # random systems whose evaluation is refused with the same words
GOLDEN_RATIO = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Entry:
    """One array of a record: dimensions as they came, and shape, digest and kept values in their sorted order."""

    dims: str
    shape: tuple[int, ...]
    digest: str
    kept: np.ndarray

    @classmethod
    def of(cls, dims: Sequence[str], values: Any, kept: int) -> "Entry":
        """Make the entry of an array; complex numbers get a last dimension of real and imaginary part."""
        array = np.asarray(values)
        if array.dtype.kind == "c":
            array = np.stack([array.real, array.imag], axis=-1)
            dims = (*dims, "part")
        order = sorted(range(array.ndim), key=lambda axis: dims[axis])
        array = np.array(array.transpose(order), dtype=np.float64, order="C")
        array[np.isnan(array)] = np.nan
        digest = hashlib.sha256(array.tobytes()).hexdigest()[:16]
        return cls(" ".join(dims), array.shape, digest, _thinned(array.ravel(), kept))


def _thinned(flat: np.ndarray, kept: int) -> np.ndarray:
    if flat.size <= kept:
        return flat
    places = np.unique((np.arange(1, kept - 3) * GOLDEN_RATIO % 1.0 * flat.size).astype(np.int64))
    finite = flat[np.isfinite(flat)] if np.isfinite(flat).any() else np.zeros(1)
    whole = [finite.min(), finite.max(), np.abs(finite).sum(), np.isfinite(flat).sum()]
    return np.concatenate([flat[places], whole])


@dataclass
class Record:
    """Arrays and texts by key, and the tables that the random systems are made of."""

    entries: dict[str, Entry] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    systems: list[dict[str, Any]] = field(default_factory=list)

    def put(self, key: str, function: Callable[..., Any], *arguments: Any, **options: Any) -> None:
        """Call a function and keep all numbers and words of its result, or what it raises."""
        try:
            result = function(*arguments, **options)
        except Exception as error:  # noqa: BLE001  (an error is a result like any other)
            self.texts[f"{key}/raises"] = _told(error)
        else:
            self.add(key, result)

    def add(self, key: str, value: Any) -> None:
        """Keep all numbers and words of a value, whatever holds them."""
        for path, dims, leaf in _leaves(key, value):
            array = np.asarray(leaf)
            if array.dtype.kind in "biufc":
                kept = KEPT.get(key.partition("/")[0], KEPT_ELSEWHERE)
                self.entries[path] = Entry.of(dims, array, kept)
            else:
                text = " ".join(map(str, array.ravel().tolist()))
                self.texts[path] = text if len(text) < 200 else hashlib.sha256(text.encode()).hexdigest()[:16]

    def write(self, folder: Path) -> None:
        """Write the record into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        numbers: dict[str, list[np.ndarray]] = {}
        index = {}
        for key, entry in self.entries.items():
            index[key] = [entry.dims, list(entry.shape), entry.digest, entry.kept.size]
            numbers.setdefault(key.partition("/")[0], []).append(entry.kept)
        np.savez_compressed(folder / "arrays.npz", **{name: np.concatenate(parts) for name, parts in numbers.items()})
        versions = {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__}
        tables = {"versions": versions, "systems": self.systems, "texts": self.texts, "arrays": index}
        lines = [f'"{name}": {_one_a_line(table)}' for name, table in tables.items()]
        (folder / "record.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Record":
        """Read a record."""
        tables = json.loads((folder / "record.json").read_text(encoding="utf-8"))
        record = cls(texts=tables["texts"], systems=tables["systems"])
        with np.load(folder / "arrays.npz") as arrays:
            numbers = {name: arrays[name] for name in arrays.files}
        start = dict.fromkeys(numbers, 0)
        for key, (dims, shape, digest, count) in tables["arrays"].items():
            section = key.partition("/")[0]
            kept = numbers[section][start[section] : start[section] + count]
            start[section] += count
            record.entries[key] = Entry(dims, tuple(shape), digest, kept)
        return record


def _one_a_line(table: Any) -> str:
    dump = json.JSONEncoder(separators=(",", ":")).encode
    if isinstance(table, list):
        return "[\n" + ",\n".join(map(dump, table)) + "\n]"
    return "{\n" + ",\n".join(f"{dump(key)}:{dump(value)}" for key, value in table.items()) + "\n}"


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Sequence[str], Any]]:
    """Arrays, numbers and words of a value, with their keys and dimensions."""
    if isinstance(value, mcf.Description) or value is None:
        return
    if isinstance(value, xr.DataArray):
        yield key, [str(dim) for dim in value.dims], value.values
    elif isinstance(value, (np.ndarray, np.generic, float, int, bool, str)):
        yield key, [f"dim{index}" for index in range(np.ndim(value))], value
    else:
        for name, part in _parts(value):
            yield from _leaves(f"{key}/{name}", part)


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, xr.Dataset):
        yield from ((str(name), value[name]) for name in sorted(value.variables, key=str))
    elif isinstance(value, Mapping):
        yield from ((str(name), part) for name, part in value.items())
    elif hasattr(value, "_asdict"):
        yield from value._asdict().items()
    elif is_dataclass(value):
        yield from ((one.name, getattr(value, one.name)) for one in fields(value))
    elif isinstance(value, (list, tuple)):
        yield from ((str(index), part) for index, part in enumerate(value))
    else:
        msg = f"no numbers are known of a {type(value).__name__}"
        raise TypeError(msg)


# ---------------------------------------------------------------------------------------------------------
# what stands in the record


def drawn_systems() -> list[dict[str, Any]]:
    """Tables of the random systems: valid ones, and few whose evaluation is refused with the same words."""
    found: list[dict[str, Any]] = []
    told: dict[str, int] = {}
    seed = 0
    while len(found) < RANDOM_SYSTEMS:
        seed += 1
        tables = random_system(seed)
        try:
            system = mcf.System(**with_axes(tables["system"]))
        except mcf.DescriptionError:
            continue
        try:
            system.evaluate(**tables["options"])
        except Exception as error:  # noqa: BLE001  (what evaluation refuses is recorded too)
            told[_told(error)] = told.get(_told(error), 0) + 1
            if told[_told(error)] > SAME_ERROR:
                continue
        found.append(tables)
    return found


def described_and_evaluated(tables: dict[str, Any]) -> xr.Dataset:
    """Result of a random system; what does not go together may be refused at either step."""
    return mcf.System(**with_axes(tables["system"])).evaluate(**tables["options"])


def random(record: Record) -> None:
    """The random systems: every variable of their results; the account of limits and rates of every third."""
    for number, tables in enumerate(record.systems):
        key = f"random/{number:03}"
        record.put(key, described_and_evaluated, tables)
        if number % 3 == 0 and f"{key}/raises" not in record.texts:
            result = described_and_evaluated(tables)
            record.put(f"{key}/limits", result.mcf.limits)
            record.put(f"{key}/ladder", result.mcf.ladder)


TILTED = {"models.raman": "silica", "models.nonlinear_interference": "isrs_gn"}


def catalogue(record: Record) -> None:
    """Every published system: its result, prediction, limits, ladder and what people read of it."""
    for name in catalog_names():
        entry, key = mcf.load(name), f"catalogue/{name}"
        result = entry.system.evaluate()
        record.add(f"{key}/evaluate", result)
        record.put(f"{key}/summary", result.mcf.summary)
        record.put(f"{key}/limits", result.mcf.limits)
        record.put(f"{key}/ladder", result.mcf.ladder)
        record.put(f"{key}/decibels", result.mcf.to_db)
        record.add(f"{key}/toml", entry.system.to_toml())
        record.put(f"{key}/predict", mcf.predict, entry, samples=64, seed=5)
        record.put(f"{key}/tilted", entry.system.replace(TILTED).evaluate)
    entry = mcf.load("nict-2025-5166km")
    record.put("catalogue/influences", lambda: mcf.influences(entry, mcf.predict(entry, samples=64, seed=5)))
    sibling = mcf.load("nict-2025-1808km")
    record.put("catalogue/calibrated", mcf.calibrated, entry, sibling, samples=256, seed=2, tolerance=0.1)
    record.put("catalogue/draws", sibling.system.evaluate, draws=4, seed=7)


COMMANDS = {
    "list": "list --json",
    "run": "run nict-2025-1808km --samples 8 --seed 1 --set link.launch_power_dbm=1 --json",
    "sweep": "sweep ofs-2011-7core --over link.launch_power_dbm=-2:2:3 --json",
    "atlas": "atlas --samples 8 --seed 1 --json",
}


def commands(record: Record) -> None:
    """What the command line answers as JSON."""
    for name, line in COMMANDS.items():
        record.put(f"commands/{name}", lambda line: json.loads(CliRunner().invoke(app, line.split()).stdout), line)
    shown = CliRunner().invoke(app, ["show", "nict-2025-1808km", "--toml"])
    record.add("commands/toml", shown.stdout)


def small(**fiber: Any) -> mcf.System:
    """Seven weakly coupled cores, a few channels, two spans."""
    given = {
        "layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 40.0},
        "cladding_diameter_um": 150.0,
        "crosstalk": {"crosstalk_db": -50.0, "length_km": 80.0, "definition": "total_from_neighbours"},
    }
    group = {"band": "C", "channels": 4, "spacing_ghz": 50, "symbol_rate_gbd": 32, "lowest_frequency_thz": 193.0}
    return mcf.System(
        spectrum={"groups": [group]},
        fiber=given | fiber,
        link={"span": {"length_km": 80.0}, "span_count": 2},
        transceiver={"format": "16QAM", "snr_db": 20.0},
    )


LAUNCH, AREA, XT = "link.launch_power_dbm", "fiber.effective_area_um2", "fiber.crosstalk.crosstalk_db"
PITCH, CLADDING = "fiber.layout.pitch_um", "fiber.cladding_diameter_um"


def sweeps(record: Record) -> None:
    """Grids, pairs, samples, structural axes and draws."""
    outputs = ["total_net_rate", "crosstalk:max", "snr:min", "gsnr:mean"]
    grid = {LAUNCH: [-3.0, 0.0, 2.0], PITCH: [36.0, 40.0, 80.0]}
    record.put("sweeps/grid", mcf.sweep, small(), grid, outputs=outputs, workers=1)
    record.put("sweeps/channels", mcf.sweep, small(), grid, outputs=["snr", "nli_power"], workers=1)
    paired = {LAUNCH: [-3.0, 0.0, 2.0], AREA: [80.0, 90.0, 120.0]}
    record.put("sweeps/paired", mcf.sweep, small(), paired, outputs=outputs, arrangement="paired", workers=1)
    ranges = {LAUNCH: (-4.0, 4.0), XT: (-60.0, -40.0), AREA: (60.0, 120.0)}
    record.put("sweeps/samples", mcf.sweep, small(), ranges, outputs=outputs, samples=24, seed=7, workers=1)
    structural = {
        "transceiver.format": ["QPSK", "16QAM", "best"],
        "link.span_count": [2, 5],
        "transceiver.code": [{"kind": "ideal"}, {"kind": "dvb_s2"}],
        LAUNCH: [-1.0, 1.0],
    }
    record.put("sweeps/structural", mcf.sweep, small(), structural, outputs=outputs, workers=1)
    layouts = [mcf.HexagonalLayout(cores=7, pitch_um=40), mcf.RingLayout(cores=6, pitch_um=40)]
    record.put("sweeps/layouts", mcf.sweep, small(), {"fiber.layout": layouts, PITCH: [38.0, 42.0]}, workers=1)
    coupled = mcf.load("nict-2025-1808km").system
    record.put("sweeps/draws", mcf.sweep, coupled, {LAUNCH: [-1.0, 1.0]}, outputs=outputs[:1], draws=3, seed=3)
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "designs.zarr"
        record.put("sweeps/stored", mcf.sweep, small(), {LAUNCH: [-1.0, 1.0]}, outputs=outputs, store=store)
        record.put("sweeps/opened", lambda: mcf.open_result(store).load())
    core = {"kind": "trench", "radius_um": 4.3, "delta_percent": 0.36, "trench_delta_percent": -0.6}
    designed = small(core=core, crosstalk=None, cladding_diameter_um=190.0)
    glass = {"fiber.core.radius_um": [4.0, 4.3], PITCH: [36.0, 42.0]}
    record.put("sweeps/glass", mcf.sweep, designed, glass, outputs=outputs, workers=1)


def optima(record: Record) -> None:
    """Launch powers and designs that are searched for."""
    line = small().replace({"link.span_count": 10})
    coupled = {"layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 18}, "coupling": "random"}
    cases: dict[str, tuple[mcf.System, dict[str, Any]]] = {
        "channel": (line, {}),
        "flat": (line, {"by": "flat", "objective": "shannon", "core_power_limit_dbm": 3.0}),
        "band": (line.replace(TILTED), {"by": "band", "objective": "minimum_snr"}),
        "coupled": (line.replace(TILTED | {"fiber": coupled}), {"fiber_power_limit_dbm": 12.0}),
        "cores": (line.replace({XT: -35.0}), {"by": "flat", "core_groups": [[0], [1, 2, 3, 4, 5, 6]]}),
    }
    for name, (system, options) in cases.items():
        record.put(f"optima/launch/{name}", mcf.optimize_launch, system, **options)
    few = {"population": 4, "generations": 5, "seed": 1}
    ranges = {LAUNCH: (-8.0, 8.0), AREA: (60.0, 120.0), XT: (-60.0, -40.0)}
    limits = [("crosstalk:max", 5e-6, 2e-5), (AREA, 0.0, 100.0)]
    record.put("optima/design", mcf.optimize_design, small(), ranges, "snr:min", limits, **few)
    goals = ["total_net_rate", "-signal_power:max"]
    front = {XT: (-60.0, -40.0), LAUNCH: (-6.0, 6.0)}
    record.put("optima/front", mcf.pareto_front, small(), front, goals, directions=3, **few)
    record.put("optima/non_dominated", mcf.non_dominated, np.random.default_rng(1).normal(size=(60, 3)))


def coupled_lines() -> dict[str, mcf.CoupledLine]:
    """Lines of randomly coupled cores, small."""
    return {
        "plain": mcf.CoupledLine(modes=4, spans=3, loss_rms=0.2, delay_rms=20e-12),
        "loop": mcf.CoupledLine(modes=6, spans=5, loss_rms=0.1, delay_rms=10e-12, repeat="same", gains="gaussian"),
        "weak": mcf.CoupledLine(modes=4, spans=2, loss_rms=[0.1, 0.3], mixing=0.2, sections=4, noise="behind"),
        "receiver": mcf.CoupledLine(modes=4, spans=3, loss_rms=0.2, noise="receiver", amplifier="frequency"),
        "shares": mcf.CoupledLine(modes=4, spans=2, loss_rms=0.2, noise_share=[0.25, 0.75], delay_rms=5e-12),
    }


def coupling(record: Record) -> None:
    """Channels of randomly coupled cores, their capacity, and closed forms of both."""
    frequency = np.linspace(-20e9, 20e9, 5)
    for name, line in coupled_lines().items():
        drawn = mcf.draw_channel(line, draws=3, seed=1, frequency=frequency)
        record.add(f"coupling/{name}/channel", drawn)
        record.put(f"coupling/{name}/gains", mcf.mode_gains, drawn)
        record.put(f"coupling/{name}/delays", mcf.mode_delays, drawn)
        record.put(f"coupling/{name}/capacity", mcf.channel_capacity, drawn, 20.0)
        record.put(f"coupling/{name}/informed", mcf.channel_capacity, drawn, 20.0, informed=True)
        record.put(f"coupling/{name}/streams", stream_snr, drawn, 20.0)
        record.put(f"coupling/{name}/many", mcf.draw_capacity, line, [5.0, 50.0], draws=20, seed=3, frequency=frequency)
    drawn = mcf.draw_capacity(coupled_lines()["plain"], 20.0, draws=200, seed=4)
    record.put("coupling/outage", mcf.outage_capacity, drawn, 0.05, diversity=3.0)
    gsnr = xr.DataArray([1.0, 10.0, 100.0], dims="channel")
    spread = xr.DataArray([0.0, 1e-12, 3e-11], dims="spread")
    for receiver in ("mmse", "zero_forcing", "optimal"):
        record.put(f"coupling/penalty/{receiver}", mcf.mdl_penalty, gsnr, 0.4, modes=14, receiver=receiver)
        drawing = {"modes": 8, "draws": 5, "seed": 2, "diversity": 2.0, "scatter": 1.5, "receiver": receiver}
        record.put(f"coupling/drawn_penalty/{receiver}", draw_mdl_penalty, gsnr, 0.4, **drawing)
    record.put("coupling/deviation", capacity_deviation, gsnr, 0.4, spans=12, modes=14)
    record.put("coupling/correlation", capacity_correlation, np.linspace(0, 4, 9) * 1e10, 20e-12, spans=5, modes=8)
    for repeat in ("independent", "same"):
        options: dict[str, Any] = {"modes": 14, "spans": 12, "repeat": repeat}
        record.put(f"coupling/loss/{repeat}", mcf.mode_dependent_loss, 0.15, **options)
        record.put(f"coupling/delay/{repeat}", mcf.group_delay_spread, 1e-13, 80e3, **options)
    record.put("coupling/taps", mcf.equalizer_taps, spread, 49e9)
    record.put("coupling/diversity", mcf.frequency_diversity, 49e9, spread, spans=12, modes=14)
    record.put("coupling/diversity_one", mcf.frequency_diversity, 49e9, spread, spans=3, modes=4, noise="receiver")


BETA2 = -17e-6 * 1550e-9**2 / (2 * math.pi * 299792458.0)
DECAY = 0.2e-3 * math.log(10) / 10


def interference(record: Record) -> None:
    """Integrals of the Gaussian-noise model and corrections for the format."""
    frequency = np.array([-100e9, 0.0, 50e9])
    span = mcf.plain_span(attenuation=DECAY, length=80e3, beta2=BETA2, gamma=1.3e-3, count=4)
    z = np.array([0.0, 20e3, 20e3, 60e3])
    bent = mcf.SpanProfile(z, np.exp(-DECAY * z) * np.array([1, 1, 0.8, 0.8]), BETA2, np.array([1.2e-3] * 3), 1e-40)
    for accumulation in ("coherent", "incoherent"):
        for terms, band in (("spm+xpm", "centre"), ("all", "average")):
            options: dict[str, Any] = {"accumulation": accumulation, "terms": terms, "band": band}
            key = f"interference/{accumulation}/{terms}"
            record.put(f"{key}/equal", mcf.gn_integral, frequency, 49e9, 1e-3, span, **options)
            record.put(f"{key}/unlike", mcf.gn_integral, frequency, 40e9, [1e-3, 2e-3, 5e-4], [span, bent], **options)
    rolled = {"roll_off": 0.2, "channels": [1]}
    record.put("interference/rolled", mcf.gn_integral, frequency, 32e9, 1e-3, span, **rolled)
    for removal in ("none", "least_squares"):
        moments: dict[str, Any] = {"kurtosis": -0.68, "sixth": 2.08, "gain_removal": removal}
        record.put(
            f"interference/format/{removal}", mcf.format_correction, frequency, 40e9, 1e-3, [span, bent], **moments
        )
    line = small().replace({"models.raman": "silica", "spectrum.groups.0.channels": 2})
    record.put("interference/line", integral_of_line, line, accumulation="coherent", terms="all")
    coupled = {"layout": {"kind": "ring", "cores": 3, "pitch_um": 18}, "coupling": "random"}
    coupled["spatial_mode_dispersion_ps_per_sqrt_km"] = 4.0
    record.put("interference/coupled_line", integral_of_line, line.replace({"fiber": coupled}))


def waveforms(record: Record) -> None:
    """Split-step propagation of small signals."""
    fiber = mcf.CoupledFiber(length=60e3, attenuation=DECAY, beta2=BETA2, gamma=1.3e-3, beta3=1e-40)
    spread = {"cores": 2, "section": 20e3, "mode_dispersion": 1e-13}
    shape = {"length": 60e3, "attenuation": DECAY, "beta2": BETA2, "gamma": 1.3e-3}
    lines = {
        "one": mcf.SplitStepLine(fiber, spans=2),
        "coupled": mcf.SplitStepLine(mcf.CoupledFiber(**shape, **spread), spans=2, seed=3),
        "averaged": mcf.SplitStepLine(
            mcf.CoupledFiber(**shape, **spread, averaged=True), spans=2, seed=4, repeated=True
        ),
    }
    rules = {"one": mcf.Steps(phase=1.5), "coupled": mcf.Steps("logarithmic", count=12)}
    for name, line in lines.items():
        modes = 2 * line.fiber.cores
        grid = {"symbols": 64, "samples": 1024, "modes": modes, "seed": 5, "modulation": "16qam"}
        signal = mcf.wdm_signal([-50e9, 0.0, 50e9], 32e9, 2e-3, **grid)
        record.add(f"waveforms/{name}/signal", signal)
        steps = rules.get(name, mcf.Steps("constant", count=9))
        received = mcf.propagated(signal.spectrum, signal.sample_rate, line, steps=steps)
        record.add(f"waveforms/{name}/received", received)
        removed = linear_channel_removed(received, signal.sample_rate, line)
        record.add(f"waveforms/{name}/removed", removed)
        record.put(f"waveforms/{name}/noise", received_noise, signal, removed)
        options: dict[str, Any] = {"seeds": range(2), "symbols": 128, "steps": steps, "precision": "double"}
        estimate = mcf.simulated_interference([0.0, 50e9], 32e9, 1e-3, line, modulation="qpsk", **options)
        record.add(f"waveforms/{name}/interference", estimate)


CORES: dict[str, Any] = {
    "step": mcf.StepCore(radius_um=4.3, delta_percent=0.35),
    "doped": mcf.StepCore(radius_um=4.1, glass=mcf.SilicaGlass(germanium_mole_percent=3.6)),
    "listed": mcf.StepCore(radius_um=[4.2, 4.4, 4.3], delta_percent=[0.34, 0.35, 0.36]),
    "trench": mcf.TrenchAssistedCore(radius_um=4.4, delta_percent=0.36, trench_delta_percent=-0.7),
    "w": mcf.WCore(radius_um=4.3, delta_percent=0.36, depressed_delta_percent=-0.1),
    "graded": mcf.GradedCore(radius_um=5.0, delta_percent=0.45, exponent=3.0),
    "rings": mcf.RingsCore(radius_um=[2.0, 4.2, 9.0], delta_percent=[0.3, 0.36, -0.1]),
    "wide": mcf.StepCore(radius_um=9.0, delta_percent=0.5),
}


def glass(record: Record) -> None:
    """Modes, cut-offs, coupling and attenuation of cores."""
    grid = [1310.0, 1550.0, 1610.0]
    for name, core in CORES.items():
        record.put(f"glass/{name}/modes", mcf.core_modes, core, wavelength_nm=grid)
        record.put(f"glass/{name}/all", mcf.core_modes, core, wavelength_nm=1310.0, modes="all")
        record.put(f"glass/{name}/cutoffs", mcf.cutoff_wavelengths, core)
        record.put(f"glass/{name}/bent_cutoffs", mcf.cutoff_wavelengths, core, bend_radius_mm=140.0)
        record.put(f"glass/{name}/bend", bend_loss, core, wavelength_nm=grid, bend_radius_mm=10.0)
        record.put(f"glass/{name}/profile", index_profile, core, np.linspace(0, 15, 31))
        layout = {"kind": "ring", "cores": 3, "pitch_um": 36.0}
        fiber = mcf.MulticoreFiber(layout=layout, cladding_diameter_um=160, core=core, glass_loss="pure_silica")
        record.put(f"glass/{name}/attenuation", mcf.core_attenuation, fiber, wavelength_nm=grid)
        record.put(f"glass/{name}/coupling", mcf.core_coupling, fiber, wavelength_nm=grid, length_km=10.0)
        midplane: dict[str, Any] = {"wavelength_nm": 1550.0, "unlike_cores": "midplane"}
        record.put(f"glass/{name}/midplane", mcf.core_coupling, fiber, **midplane)
        record.put(f"glass/{name}/supermodes", mcf.supermodes, fiber, wavelength_nm=[1530.0, 1550.0])
    swept = mcf.StepCore(radius_um=xr.DataArray([3.8, 4.2, 4.6], dims="radius"), delta_percent=0.35)
    record.put("glass/swept/modes", mcf.core_modes, swept, wavelength_nm=grid)
    record.put("glass/loss", glass_attenuation, mcf.GlassLoss(hydroxyl_peak_db_per_km=0.2), wavelength_nm=grid)
    table = TabulatedGlass(wavelength_nm=[1300, 1400, 1500, 1600], index=[1.446918, 1.445788, 1.444617, 1.443419])
    doped = (mcf.SilicaGlass(germanium_mole_percent=3.5), mcf.SilicaGlass(fluorine_mole_percent=1.2))
    for number, medium in enumerate((mcf.SilicaGlass(), *doped, ConstantGlass(index=1.444), table)):
        record.put(f"glass/index/{number}", refractive_index, medium, np.array(grid))
        clad = mcf.StepCore(radius_um=4.3, delta_percent=0.35, cladding=medium)
        record.put(f"glass/clad/{number}", mcf.core_modes, clad, wavelength_nm=grid)
    for name in fiber_names():
        fiber = mcf.load_fiber(name).fiber
        record.put(f"glass/fibers/{name}/modes", mcf.core_modes, fiber, wavelength_nm=grid)
        record.put(f"glass/fibers/{name}/attenuation", mcf.core_attenuation, fiber, wavelength_nm=grid)
        record.put(f"glass/fibers/{name}/coupling", mcf.core_coupling, fiber, wavelength_nm=1550.0)
        record.put(f"glass/fibers/{name}/supermodes", mcf.supermodes, fiber, wavelength_nm=1550.0)
    table = mcf.WavelengthTable(wavelength_nm=[1500.0, 1550.0, 1600.0], value=[0.21, 0.19, 0.2])
    record.add("glass/table", table.at(np.linspace(1500, 1600, 7)))
    fiber = small(effective_area_um2=85.0).fiber
    errors = {"offset_um": 0.4, "rotation_deg": 0.5, "position_error_um": 0.2, "tilt_deg": 0.2}
    record.put("glass/splices", mcf.draw_splice_loss, fiber, draws=9, seed=3, **errors)
    record.put(
        "glass/splice",
        mcf.splice_loss,
        5e-6,
        5.4e-6,
        offset=xr.DataArray([0.0, 5e-7, 1e-6], dims="offset"),
        tilt=0.003,
        gap=2e-6,
    )


def crosstalk(record: Record) -> None:
    """Mean, spread, draws, penalties and limits of crosstalk."""
    grid = mcf.Spectrum(frequency_thz=[190.0, 193.4, 195.0], symbol_rate_gbd=64)
    fiber = small().fiber.replace({"crosstalk.slope_db_per_nm": 0.1})
    square = fiber.replace({"layout": {"kind": "square", "cores": 4, "pitch_um": 40.0}, "crosstalk.definition": "pair"})
    pairs = mcf.mean_crosstalk(square, grid, length_km=80.0, spans=12)
    record.add("crosstalk/mean", pairs)
    record.put("crosstalk/ways", mcf.mean_crosstalk, square, grid, length_km=80.0, spans=3, direction=[1, -1, -1, 1])
    ordered: dict[str, Any] = {"length_km": 80.0, "spans": 5, "permutation": [1, 3, 0, 2]}
    record.put("crosstalk/permuted", mcf.mean_crosstalk, square, grid, **ordered)
    chance = xr.DataArray([1e-2, 1e-4], dims="probability")
    skews = {"skew_ps_per_km": xr.DataArray([0.0, 5.0, 50.0], dims="skew"), "random_skew_ps_per_sqrt_km": 2.0}
    for aggressors in ("independent", "same_laser"):
        for polarizations in (1, 2):
            options = skews | {"aggressors": aggressors, "polarizations": polarizations}
            options |= {"probability": chance, "length_km": 80.0, "symbol_rate_gbd": 64.0}
            record.put(f"crosstalk/quantile/{aggressors}/{polarizations}", mcf.crosstalk_quantile, pairs, **options)
    drawing: dict[str, Any] = {"length_km": 80.0, "frequency_ghz": [-20.0, 0.0, 20.0], "draws": 3, "seed": 1}
    moving = {"skew_ps_per_km": 5.0, "polarization_delay_ps": 1.0, "times_s": (0.0, 1.0), "drift_per_s": 0.1}
    for quantity in ("field", "power"):
        record.put(f"crosstalk/draws/{quantity}", mcf.draw_crosstalk, square, **drawing, **moving, quantity=quantity)
    targets: tuple[dict[str, Any], ...] = ({"ngmi": 0.85}, {"bit_error_ratio": 1e-3}, {"q_db": 9.8}, {"net_bits": 1.5})
    core = CORES["trench"]
    designed = mcf.MulticoreFiber(layout=mcf.SquareLayout(cores=4, pitch_um=42), core=core, cladding_diameter_um=200)
    for name in ("QPSK", "16QAM", "64QAM"):
        sender = mcf.Transceiver(format=name)
        for target in targets:
            key = f"crosstalk/{name}/{next(iter(target))}"
            levels = xr.DataArray([0.0, 1e-4, 1e-3, 0.01], dims="level")
            record.put(f"{key}/penalty", mcf.crosstalk_penalty, sender, levels, **target)
            record.put(f"{key}/tolerated", mcf.tolerated_crosstalk, sender, penalty_db=0.5, **target)
            record.put(f"{key}/reach", mcf.crosstalk_reach, fiber, grid, sender, margin_db=3.0, **target)
        demand = {"length_km": 1000.0, "wavelength_nm": 1565.0, "q_db": 9.8}
        record.put(f"crosstalk/{name}/pitch", mcf.crosstalk_limited_pitch, designed, sender, **demand)
    _plain_crosstalk(record)


def _plain_crosstalk(record: Record) -> None:
    """Functions of crosstalk on plain arrays."""
    plain, statistics = crosstalk_arrays, crosstalk_statistics
    ring = np.roll(np.eye(6), 1, axis=0) + np.roll(np.eye(6), -1, axis=0)
    h = plain.bent_coupling(0.0255, 0.14, 2 * math.pi * 1.4465 / 1.55e-6, 40e-6)
    record.add("crosstalk/plain/h", [h, plain.measured_coupling(10**-5.3, 6.99e3, neighbours=[1, 2, 6])])
    pairs = plain.pair_crosstalk(ring * 1e-10, 80e3, spans=12)
    record.add("crosstalk/plain/pairs", pairs)
    lit = np.random.default_rng(1).random((9, 6)) < 0.5
    record.put("crosstalk/plain/lit", plain.lit_crosstalk, pairs, lit)
    transfer = [plain.span_transfer(ring * 1e-9, 60e3), plain.lumped_transfer(ring * 1e-5)]
    record.put("crosstalk/plain/chain", plain.chain_crosstalk, np.stack(transfer))
    record.put("crosstalk/plain/permuted", plain.permuted, transfer[0], [1, 2, 0, 3, 5, 4])
    level = np.array([0.0, 1e-4, 1e-2])
    record.put("crosstalk/plain/penalty", plain.snr_penalty_db, level, 20.0)
    record.put("crosstalk/plain/required", plain.required_snr_penalty_db, level, 20.0)
    record.put("crosstalk/plain/tolerance", plain.crosstalk_tolerance, [5.0, 50.0], 1.0)
    record.put("crosstalk/plain/reach", plain.tolerated_length, 1e-10, [1e-3, 1e-2], neighbours=2)
    record.put("crosstalk/plain/correlation", statistics.crosstalk_correlation, np.linspace(0, 1e11, 7), 4e-11)
    record.put("crosstalk/plain/bandwidth", statistics.decorrelation_bandwidth, [1e-11, 1e-10], random_skew=2e-11)
    record.put("crosstalk/plain/outage", statistics.outage_probability, 2e-3, [1e-3, 5e-4], 1e-7)
    record.put("crosstalk/plain/density", statistics.crosstalk_density, np.linspace(0, 5e-3, 9), 1e-3, 3e-7)
    record.put("crosstalk/plain/decibels", statistics.mean_of_decibels, 1e-3, [1e-8, 3e-7])
    record.put("crosstalk/plain/deviation", statistics.deviation_of_decibels, [0.01, 0.3])


FORMATS: dict[str, Any] = {
    name: name
    for name in ("QPSK", "8QAM", "rectangular-8QAM", "16QAM", "32QAM", "64QAM", "128QAM", "256QAM", "512QAM", "1024QAM")
} | {
    "shaped-16": mcf.ShapedFormat(base="16QAM", entropy=3.3),
    "shaped-64": mcf.ShapedFormat(base="64QAM", entropy=5.0),
    "shaped-256": mcf.ShapedFormat(base="256QAM", entropy=6.5),
    "points": mcf.PointFormat(points=[(1, 0.1), (0, 1), (-1.2, 0), (0, -1)], probabilities=(0.4, 0.3, 0.2, 0.1)),
    "best": mcf.BestFormat(candidates=("QPSK", "16QAM", "64QAM")),
}
CODES: dict[str, dict[str, Any]] = {
    "ideal": {"kind": "ideal"},
    "fraction": {"kind": "decoded_fraction"},
    "fixed": {"kind": "fixed_rate", "code_rate": 0.826, "ngmi_threshold": 0.857},
    "overhead": {"kind": "overhead", "overhead_percent": 20.0},
    "adaptive": {"kind": "adaptive", "ngmi_gap": 0.04},
    "dvb": {"kind": "dvb_s2"},
    "dvb-plain": {"kind": "dvb_s2", "puncturing": False},
}


def rates(record: Record) -> None:
    """What formats and codes carry, what they need, bit errors, and the ladder of rates."""
    snr = xr.DataArray(10 ** (np.linspace(-5, 32, 24) / 10), dims="channel")
    for name, modulation in FORMATS.items():
        if name != "best":
            record.put(f"rates/{name}/errors", mcf.bit_error_ratio, modulation, snr)
        record.put(f"rates/{name}/moments", mcf.symbol_moments, modulation)
        for code, described in CODES.items():
            sender = mcf.Transceiver(format=modulation, code=described, pilot_overhead_percent=1.5)
            record.put(f"rates/{name}/{code}/achievable", mcf.achievable_rate, sender, snr, 49e9)
            record.put(f"rates/{name}/{code}/required", mcf.required_snr, sender, net_bits=1.2)
        sender = mcf.Transceiver(format=modulation)
        record.put(f"rates/{name}/required", mcf.required_snr, sender, ngmi=xr.DataArray([0.7, 0.85], dims="ngmi"))
        record.put(f"rates/{name}/margin", mcf.snr_margin, sender, snr, ngmi=0.85)
        record.put(f"rates/{name}/ladder", mcf.rate_ladder, sender, 49e9, snr_ase=snr * 2, gsnr=snr * 1.5, snr=snr)
    record.put("rates/fixed/required", mcf.required_snr, mcf.Transceiver(format="16QAM", code=CODES["fixed"]))
    sender = mcf.Transceiver(format="64QAM", code=CODES["dvb"])
    penalised = {"snr_ase": snr * 2, "gsnr": snr * 1.5, "snr": snr, "mdl_penalty": 1.2}
    ladder = mcf.rate_ladder(sender, 49e9, **penalised)
    record.put("rates/ladder_totals", mcf.ladder_totals, ladder, cores=3, channels=24)
    net = mcf.achievable_rate(sender, snr, 49e9)["net_rate"]
    record.put("rates/totals", mcf.rate_totals, net, cores=3, channels=24)
    record.put("rates/q", mcf.q_factor, xr.DataArray([1e-6, 1e-3, 3.8e-3, 0.1], dims="ratio"))


SECTIONS = (catalogue, commands, random, sweeps, optima, coupling, interference, waveforms, glass, crosstalk, rates)


def computed(systems: list[dict[str, Any]], wanted: Sequence[str]) -> Record:
    """Compute what stands in a record, by section."""
    record = Record(systems=systems)
    for section in SECTIONS:
        if section.__name__ in wanted:
            started = time.perf_counter()
            try:
                section(record)
            except Exception as error:  # noqa: BLE001  (what is missing then is told key by key)
                record.texts[f"{section.__name__}/raises"] = _told(error)
            print(f"{section.__name__}: {time.perf_counter() - started:.1f} s", file=sys.stderr, flush=True)
    return record


# ---------------------------------------------------------------------------------------------------------
# comparison


@dataclass(frozen=True)
class Difference:
    """What is different about one key: how much, relative, and in words."""

    key: str
    relative: float
    words: str = ""

    @property
    def is_large(self) -> bool:
        """Whether it is more than a number that is rounded otherwise."""
        return self.relative > TOLERANCE or self.words.startswith("was ")


def differences(known: Record, found: Record) -> list[Difference]:
    """All keys that are not the same bit by bit."""
    result = []
    for key in sorted(known.entries.keys() | known.texts.keys() | found.entries.keys() | found.texts.keys()):
        one, two = (record.entries.get(key, record.texts.get(key)) for record in (known, found))
        if one is None or two is None:
            result.append(Difference(key, math.inf, "is new" if one is None else "is missing"))
        elif isinstance(one, Entry) and isinstance(two, Entry):
            if (one.dims, one.shape, one.digest) != (two.dims, two.shape, two.digest):
                result.append(_compared(key, one, two))
        elif one != two:
            result.append(Difference(key, math.inf, f"was {_shown(one)}, is {_shown(two)}"))
    return result


def _shown(value: Any) -> str:
    return f"an array ({value.dims})" if isinstance(value, Entry) else repr(value)


def _compared(key: str, known: Entry, found: Entry) -> Difference:
    words = "" if known.dims == found.dims else f"was ({known.dims}) {known.shape}, is ({found.dims}) {found.shape}"
    if sorted(known.dims.split()) != sorted(found.dims.split()) or known.shape != found.shape:
        return Difference(key, math.inf, words or f"was {known.shape}, is {found.shape}")
    if not np.array_equal(np.isnan(known.kept), np.isnan(found.kept)):
        return Difference(key, math.inf, "is NaN at other places")
    largest = relative_difference(found.kept, known.kept)
    if largest == 0.0 and known.digest != found.digest:
        words = words or "differs in values that are not kept"
    return Difference(key, largest, words)


def relative_difference(found: np.ndarray, known: np.ndarray) -> float:
    """Largest difference of two arrays relative to the known values; NaN and equal infinities differ by nothing."""
    meant = ~np.isnan(known) & (found != known)
    if not meant.any():
        return 0.0
    found, size = found[meant], np.abs(known[np.isfinite(known)]).max(initial=0.0)
    known = known[meant]
    if not (np.isfinite(found) & np.isfinite(known)).all():
        return math.inf
    return float((np.abs(found - known) / np.maximum(np.abs(known), max(size * FLOOR, np.finfo(float).tiny))).max())


def report(known: Record, found: Record, allowed: Mapping[str, str], spread: Mapping[str, float]) -> int:
    """Print what is different, by section, and tell the number of differences that nobody allowed."""
    different = differences(known, found)
    print(f"{'section':14}{'keys':>7}{'same bits':>11}  largest relative difference")
    every = [_section(key) for key in known.entries | known.texts | found.entries | found.texts]
    for name in dict.fromkeys(every):
        changed = [one for one in different if _section(one.key) == name]
        largest = max(changed, key=lambda one: one.relative, default=Difference("", 0.0))
        same = every.count(name) - len(changed)
        print(f"{name:14}{every.count(name):7}{same:11}  {largest.relative:.3g}  {largest.key}".rstrip())
    slight = [one for one in different if not one.is_large]
    large = [one for one in different if one.is_large]
    rounded = [one for one in large if not one.words and one.relative <= SLACK * spread.get(one.key, 0.0)]
    excused = {one.key: why for one in large for pattern, why in allowed.items() if fnmatch.fnmatch(one.key, pattern)}
    failed = [one for one in large if one not in rounded and one.key not in excused]
    _listed("rounded otherwise, or different in values that are not kept", slight)
    _listed("as different as another compilation makes them", rounded)
    _listed("allowed", [one for one in large if one not in rounded and one.key in excused], excused)
    _listed("DIFFERENT", failed)
    return len(failed)


def _section(key: str) -> str:
    return key.partition("/")[0]


def _listed(title: str, different: Sequence[Difference], reasons: Mapping[str, str] | None = None) -> None:
    if different:
        print(f"\n{title}:")
    for one in different:
        print(f"  {one.key}  {one.relative:.3g}  {one.words}  {(reasons or {}).get(one.key, '')}".rstrip())


def _of_sections(record: Record, wanted: Sequence[str]) -> Record:
    """A record without the keys of other sections."""
    entries = {key: entry for key, entry in record.entries.items() if _section(key) in wanted}
    texts = {key: text for key, text in record.texts.items() if _section(key) in wanted}
    return Record(entries, texts, record.systems)


def from_cache(systems: list[dict[str, Any]] | None, wanted: Sequence[str]) -> Record:
    """Compute a record (of new random systems, without any) by kernels from the cache; start again otherwise."""
    with event.install_recorder("numba:compile") as compiled:
        record = computed(drawn_systems() if systems is None else systems, wanted)
    if compiled.buffer and SECOND not in os.environ:
        print("kernels were compiled; once more with those of the cache", file=sys.stderr, flush=True)
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {SECOND: "1"})
    if compiled.buffer:
        print(f"Numba keeps no cache: {len(compiled.buffer)} compilations; numbers may be rounded otherwise")
    return record


def record_spread(folder: Path) -> None:
    """Write what changes beyond the tolerance where a process compiles all kernels itself."""
    known = Record.read(folder)
    found = differences(known, computed(known.systems, [section.__name__ for section in SECTIONS]))
    spread = {one.key: float(f"{one.relative:.2g}") for one in found if 0.1 * TOLERANCE < one.relative < math.inf}
    (folder / "spread.json").write_text(_one_a_line(spread) + "\n", encoding="utf-8")


def make(folder: Path, wanted: Sequence[str]) -> None:
    """Write a record and, by a process with an empty cache, its spread."""
    from_cache(None, wanted).write(folder)
    with tempfile.TemporaryDirectory() as empty:
        command = [sys.executable, __file__, "spread", str(folder)]
        subprocess.run(command, env=os.environ | {"NUMBA_CACHE_DIR": empty}, check=True)


def compare(folder: Path, wanted: Sequence[str], allow: Path | None) -> int:
    """Compare today's code with a record, and tell the number of differences that nobody allowed."""
    started = time.perf_counter()
    known = _of_sections(Record.read(folder), wanted)
    allow = allow or folder / "exceptions.json"
    allowed = json.loads(allow.read_text(encoding="utf-8")) if allow.exists() else {}
    spread = json.loads((folder / "spread.json").read_text(encoding="utf-8"))
    failed = report(known, from_cache(known.systems, wanted), allowed, spread)
    print(f"\n{failed} differences that are not allowed; {time.perf_counter() - started:.0f} s")
    return failed


def main() -> int:
    """Record or compare, as the command line says."""
    every = [section.__name__ for section in SECTIONS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("record", "spread", "compare"), nargs="?", default="compare")
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    parser.add_argument("--allow", type=Path, help="JSON table of reasons by pattern of keys")
    parser.add_argument("--only", choices=every, action="append", help="compare these sections alone")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"mcfiber of {Path(mcf.__file__).parent}", file=sys.stderr)
    if given.what == "compare":
        return int(compare(given.folder, given.only or every, given.allow) > 0)
    if given.what == "record":
        make(given.folder, every)
    else:
        record_spread(given.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
