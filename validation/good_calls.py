"""One good call of every public function, for `hostile_calls.py`."""

import importlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import mcfiber as mcf
from mcfiber.arrays import interference
from mcfiber.evaluate import records
from mcfiber.line.kerr import CoupledCores
from mcfiber.simulation.crosstalk import coupled_chain


class Word(str):
    """A word of a few."""

    __slots__ = ()


@dataclass(frozen=True)
class Call:
    """A good call of a function, by the names of its arguments."""

    function: str
    arguments: Mapping[str, Any]
    optional: tuple[str, ...] = ()  # may be None
    infinite: bool = False  # whether its results may be infinite
    missing: bool = False  # whether its results may be NaN where documented
    fine: tuple[tuple[str, str], ...] = ()  # argument and mistake that are none

    def target(self) -> Callable[..., Any]:
        """The function."""
        room, _, name = self.function.rpartition(".")
        return getattr(importlib.import_module(f"mcfiber.{room}" if room else "mcfiber"), name)


@cache
def _system() -> mcf.System:
    return mcf.load("ucl-2020-40km").system


def _measured() -> pd.DataFrame:
    return pd.DataFrame({"lambda": [1530.0, 1560.0], "loss": [0.20, 0.19], "ripple": [0.1, 0.0]})


def _pumped() -> mcf.System:
    return mcf.System(
        spectrum={"frequency_thz": [193.4], "symbol_rate_gbd": 64},
        fiber={"layout": {"kind": "hexagonal", "cores": 1}},
        link={"span": {"length_km": 100, "raman_pumps": [{"wavelength_nm": 1455, "power_mw": 1}]}},
        models={"raman": "silica"},
    )


def _short() -> mcf.System:
    return mcf.System(
        spectrum={"frequency_thz": [193.4], "symbol_rate_gbd": 32},
        fiber={"layout": {"kind": "hexagonal", "cores": 1}},
        link={"span": {"length_km": 80}},
    )


def _weak() -> mcf.MulticoreFiber:
    layout = mcf.HexagonalLayout(cores=7, pitch_um=40)
    crosstalk = {"crosstalk_db": -30, "length_km": 10, "definition": "pair"}
    return mcf.MulticoreFiber(layout=layout, cladding_diameter_um=180, crosstalk=crosstalk)


def _drawn() -> mcf.MulticoreFiber:
    core = mcf.StepCore(radius_um=4.5, delta_percent=0.35)
    return mcf.MulticoreFiber(layout=mcf.HexagonalLayout(cores=7, pitch_um=40), cladding_diameter_um=200, core=core)


def _records() -> dict[str, Any]:
    spectrum = {"frequency_thz": [193.4, 193.5], "symbol_rate_gbd": 64}
    system = mcf.System(spectrum=spectrum, fiber=_weak(), link={"span": {"length_km": 80}, "span_count": 2})
    scene, _ = records(system)
    return {name: getattr(scene, name) for name in ("line", "medium", "power", "channels")}


def _public_calls() -> list[Call]:
    """Of the names of `mcfiber`, and of the plain-array door."""
    qam, code = mcf.Transceiver(format="16QAM"), {"kind": "fixed_rate", "code_rate": 0.8, "ngmi_threshold": 0.85}
    stepped = mcf.Transceiver(format="16QAM", code=code)
    grid = mcf.Spectrum(frequency_thz=[193.4], symbol_rate_gbd=64)
    weak, drawn = _weak(), _drawn()
    way = mcf.CoupledLine(modes=4, spans=2, loss_rms=0.1, delay_rms=1e-11)
    channels = mcf.draw_channel(way, draws=2, seed=1, frequency=[0.0, 1e9])
    span = mcf.plain_span(attenuation=4.6e-5, length=100e3, beta2=-21.7e-27, gamma=1.3e-3)
    comb = {"frequency": np.array([193.4e12]), "symbol_rate": 32e9, "power": 1e-3, "spans": span}
    glass = mcf.CoupledFiber(length=80e3, attenuation=4.6e-5, beta2=-21.7e-27, gamma=1.3e-3)
    line = mcf.SplitStepLine(glass)
    signal_ = mcf.wdm_signal([0.0], 32e9, 1e-3, symbols=64, samples=256, modes=2, seed=1)
    ladder = mcf.rate_ladder(qam, 49e9, snr_ase=20.0, gsnr=15.0, snr=10.0)
    coupling = [[0.0, 1e-9], [1e-9, 0.0]]
    target = {"q_db": 9.8}
    fed = mcf.load_cable("nec-2026-7000km-1core").cable
    erbium = mcf.ErbiumAmplifier(pump_power_mw=30.0, length_m=8.0)
    filling = {"span_loss_db": 10.0, "spans": 100, "symbol_rate_gbd": 100.0, "excess_noise": 1.4, "gap_db": 1.0}
    return [
        Call("load_cable", {"name": Word("nec-2026-7000km-1core")}),
        Call("power_use", {"outcome": fed.evaluate()}),
        Call(
            "optimize_cable",
            {
                "cable": fed,
                "variables": {"fiber_pairs": [12, 24]},
                "objective": Word("cable_net_rate"),
                "constraints": [("energy_per_bit", 0.0, 1.0)],
                "launch": Word("as described"),
                "progress": lambda _done, _all: None,
            },
            ("progress",),
        ),
        Call(
            "erbium_output",
            {"amplifier": erbium, "wavelength_nm": [1540.0, 1550.0], "gain_db": 12.0},
            missing=True,
        ),
        Call("erbium_response", {"amplifier": erbium, "wavelength_nm": [1540.0, 1550.0], "input_power_mw": 0.1}),
        Call(
            "studies.waterfilling.water_filled_line",
            {"amplifier": erbium, "frequency_thz": np.array([193.0, 194.0]), **filling},
        ),
        Call("arrays.cables.drooped_snr", {"gsnr": 10.0, "spans": 100.0}, infinite=True),
        Call("arrays.cables.best_path_snr", {"gap": 2.0, "spans": 100.0}),
        Call("arrays.cables.best_snr_of_a_share", {"share": 1.0}),
        Call("arrays.cables.split_gain", {"ratio": 15.0, "paths": 4.0}),
        Call("arrays.cables.best_span_loss", {"noise_figure": 2.8, "fixed_loss": 1.1}),
        Call("achievable_rate", {"transceiver": qam, "snr": 10.0, "symbol_rate": 49e9}, infinite=True),
        Call(
            "rate_ladder",
            {"transceiver": qam, "symbol_rate": 49e9, "snr_ase": 20.0, "gsnr": 15.0, "snr": 10.0, "mdl_penalty": 1.1},
            infinite=True,
        ),
        Call("ladder_totals", {"ladder": ladder, "cores": 19, "channels": 180}),
        Call("rate_totals", {"net_rate": [1e9, 2e9], "cores": 3, "channels": 2}),
        Call("bit_error_ratio", {"modulation": Word("16QAM"), "snr": 10.0}),
        Call("q_factor", {"error_ratio": 1e-3}, infinite=True),
        Call("symbol_moments", {"modulation": Word("16QAM")}),
        Call(
            "frequency_diversity",
            {"bandwidth": 49e9, "rms": 1e-10, "spans": 21, "modes": 8, "noise": Word("distributed")},
        ),
        Call(
            "outage_capacity",
            {"capacity": list(np.arange(101.0)), "probability": 0.1, "diversity": 2.0, "dim": Word("draw")},
        ),
        Call("mdl_penalty", {"gsnr": 10.0, "loss": 1.0, "modes": 38, "receiver": Word("mmse")}, infinite=True),
        Call("required_snr", {"transceiver": stepped, "ngmi": 0.8}, ("ngmi",), infinite=True),
        Call("required_snr", {"transceiver": stepped, "net_bits": 3.0}, ("net_bits",), infinite=True),
        Call("transceiver_snr", {"osnr_db": [20.0, 40.0], "snr_db": [13.0, 19.6], "symbol_rate_gbd": 49.0}),
        Call("snr_margin", {"transceiver": stepped, "snr": 20.0, "ngmi": 0.8}, ("ngmi",), infinite=True),
        Call("crosstalk_penalty", {"transceiver": qam, "crosstalk": 1e-3, **target}, infinite=True),
        Call("crosstalk_penalty", {"transceiver": qam, "crosstalk": 1e-3, "bit_error_ratio": 1e-3}, infinite=True),
        Call("tolerated_crosstalk", {"transceiver": qam, "penalty_db": 1.0, **target}),
        Call(
            "crosstalk_reach",
            {"fiber": weak, "spectrum": grid, "transceiver": qam, "penalty_db": 1.0, "margin_db": 0.5, **target},
            infinite=True,
        ),
        Call(
            "crosstalk_limited_pitch",
            {
                "fiber": drawn,
                "transceiver": qam,
                "length_km": 1000.0,
                "wavelength_nm": 1565.0,
                "penalty_db": 1.0,
                "margin_db": 0.5,
                **target,
            },
        ),
        Call(
            "group_delay_spread",
            {
                "dispersion": 2.7e-13,
                "length": 86e3,
                "modes": 38,
                "spans": 21,
                "repeat": Word("independent"),
                "definition": Word("sigma"),
            },
        ),
        Call(
            "equalizer_taps",
            {
                "rms": 2e-10,
                "symbol_rate": 49e9,
                "outside": 1e-3,
                "residual_dispersion": 1e-11,
                "oversampling": 2.0,
                "margin": 8,
            },
        ),
        Call("line.mode_delay.impulse_response", {"time": [0.0, 1e-10], "rms": 1e-10}),
        Call("line.mode_delay.energy_window", {"rms": 2e-10, "outside": 1e-3}),
        Call(
            "line.mode_delay.equalizer_complexity",
            {"taps": 147, "modes": 38, "oversampling": 2.0, "domain": Word("frequency")},
        ),
        Call("line.mode_delay.coherence_bandwidth", {"rms": 2e-10, "correlation": 0.5}),
        Call("line.mode_delay.finite_equalizer_penalty", {"snr": 10.0, "rms": 1e-10, "window": 6e-10}, infinite=True),
        Call("mode_dependent_loss", {"span_rms": 0.16, "modes": 38, "spans": 21, "repeat": Word("independent")}),
        Call(
            "receiver.outage.capacity_correlation",
            {"separation": [0.0, 1e9], "rms": 1e-10, "spans": 21, "modes": 8, "noise": Word("distributed")},
        ),
        Call(
            "receiver.outage.capacity_deviation",
            {"gsnr": 100.0, "loss": 0.5, "spans": 21, "modes": 38, "noise": Word("receiver")},
        ),
        Call(
            "mean_crosstalk",
            {"fiber": weak, "spectrum": grid, "length_km": 80.0, "spans": 2, "direction": None, "permutation": None},
            ("direction", "permutation"),
        ),
        Call(
            "crosstalk_quantile",
            {
                "pairs": [[0.0, 1e-3], [1e-3, 0.0]],
                "probability": 1e-4,
                "length_km": 80.0,
                "symbol_rate_gbd": 32.0,
                "skew_ps_per_km": 1.0,
                "random_skew_ps_per_sqrt_km": 1.0,
                "polarizations": 2,
                "aggressors": Word("independent"),
            },
        ),
        Call(
            "SpanProfile",
            {
                "position": [0.0, 1e5],
                "relative_power": [1.0, 0.01],
                "beta2": -21e-27,
                "gamma": 1.3e-3,
                "beta2_slope": 1e-40,
                "count": 2,
            },
            ("beta2_slope",),
        ),
        Call(
            "plain_span",
            {"attenuation": 4.6e-5, "length": 1e5, "beta2": -21e-27, "gamma": 1.3e-3, "beta2_slope": 1e-40, "count": 2},
            ("beta2_slope",),
        ),
        Call(
            "gn_integral",
            {
                **comb,
                "channels": [0],
                "terms": Word("all"),
                "band": Word("centre"),
                "accumulation": Word("coherent"),
                "roll_off": 0.0,
                "workers": 1,
            },
            ("channels",),
        ),
        Call(
            "nonlinear_interference_integral",
            {
                **_records(),
                "terms": Word("spm+xpm"),
                "band": Word("centre"),
                "accumulation": Word("incoherent"),
                "mode_dispersion": False,
                "workers": 1,
            },
        ),
        Call(
            "format_correction",
            {**comb, "kurtosis": -1.0, "sixth": 4.0, "channels": [0], "gain_removal": Word("none")},
            ("channels",),
        ),
        Call(
            "CoupledLine",
            {
                "modes": 4,
                "spans": 2,
                "loss_rms": 0.1,
                "delay_rms": 1e-11,
                "sections": 2,
                "repeat": Word("independent"),
                "mixing": 1.0,
                "gains": Word("uniform"),
                "noise": Word("even"),
                "noise_share": 1.0,
                "amplifier": Word("band"),
            },
            ("noise_share",),
        ),
        Call("draw_channel", {"line": way, "draws": 2, "seed": 1, "frequency": [0.0, 1e9]}, ("seed",)),
        Call("channel_capacity", {"channels": channels, "snr": [10.0, 20.0], "informed": False}),
        Call(
            "draw_capacity",
            {"line": way, "snr": 10.0, "draws": 2, "seed": 1, "frequency": 0.0, "informed": False, "threads": 1},
            ("seed",),
        ),
        Call("simulation.capacity.stream_snr", {"channels": channels, "snr": 10.0, "receiver": Word("mmse")}),
        Call(
            "simulation.capacity.group_capacity",
            {"channels": channels, "snr": 10.0, "groups": [[0, 1], [2, 3]], "receiver": Word("mmse")},
        ),
        Call(
            "simulation.channels.as_channels",
            {"channel": np.eye(4)[None], "noise": None, "frequency": [0.0]},
            ("noise",),
        ),
        Call("simulation.channels.draw_mode_gains", {"loss": 0.5, "modes": 4, "draws": 2, "seed": 1}, ("seed",)),
        Call("simulation.channels.channel_impulse_response", {"channels": channels}),
        Call("mode_gains", {"channels": channels}),
        Call("mode_delays", {"channels": channels}),
        Call(
            "draw_crosstalk",
            {
                "fiber": weak,
                "length_km": 10.0,
                "frequency_ghz": [0.0, 10.0],
                "draws": 1,
                "seed": 1,
                "wavelength_nm": 1550.0,
                "skew_ps_per_km": 10.0,
                "random_skew_ps_per_sqrt_km": 0.0,
                "polarization_delay_ps": 0.0,
                "times_s": [0.0],
                "drift_per_s": 0.0,
                "quantity": Word("power"),
            },
        ),
        Call(
            "splice_loss",
            {
                "first_radius": 5e-6,
                "second_radius": 5.1e-6,
                "offset": 1e-6,
                "tilt": 0.0,
                "gap": 0.0,
                "index": 1.444,
                "wavelength": 1.55e-6,
            },
            ("second_radius",),
            infinite=True,
        ),
        Call(
            "draw_splice_loss",
            {
                "fiber": weak,
                "draws": 2,
                "seed": 1,
                "offset_um": 0.5,
                "rotation_deg": 1.0,
                "position_error_um": 0.1,
                "tilt_deg": 0.1,
                "wavelength_nm": 1550.0,
            },
            infinite=True,
        ),
        Call(
            "simulation.penalties.draw_mdl_penalty",
            {
                "gsnr": 10.0,
                "loss": 0.8,
                "modes": 8,
                "diversity": 2.0,
                "scatter": 1.0,
                "draws": 2,
                "seed": 1,
                "stream": 0,
                "receiver": Word("mmse"),
            },
            ("seed",),
            infinite=True,
        ),
        Call(
            "wdm_signal",
            {
                "frequency": [0.0],
                "symbol_rate": 32e9,
                "power": 1e-3,
                "symbols": 64,
                "samples": 256,
                "modes": 2,
                "seed": 1,
                "modulation": Word("qpsk"),
            },
        ),
        Call(
            "CoupledFiber",
            {
                "length": 8e4,
                "attenuation": 4.6e-5,
                "beta2": -21e-27,
                "gamma": 1.3e-3,
                "beta3": 0.0,
                "cores": 1,
                "section": 1e4,
                "mode_dispersion": 0.0,
                "averaged": False,
            },
        ),
        Call("Steps", {"rule": Word("constant"), "phase": 0.8, "count": 100}),
        Call("SplitStepLine", {"fiber": glass, "spans": 1, "seed": 0, "repeated": False}),
        Call(
            "propagated",
            {
                "spectrum": signal_.spectrum,
                "sample_rate": signal_.sample_rate,
                "line": line,
                "steps": None,
                "bandwidth": 3.2e10,
                "precision": Word("double"),
                "arrays": None,
                "progress": None,
            },
            ("steps", "bandwidth", "arrays", "progress"),
        ),
        Call(
            "simulated_interference",
            {
                "frequency": [0.0],
                "symbol_rate": 32e9,
                "power": 1e-3,
                "line": line,
                "seeds": [1],
                "symbols": 64,
                "oversampling": 2,
                "modulation": Word("qpsk"),
                "steps": None,
                "precision": Word("single"),
                "gain_removal": Word("phase"),
                "arrays": None,
                "progress": None,
            },
            ("steps", "arrays", "progress"),
            infinite=True,
        ),
        Call("core_attenuation", {"fiber": drawn, "wavelength_nm": 1550.0}),
        Call(
            "core_coupling",
            {"fiber": drawn, "wavelength_nm": 1550.0, "length_km": 80.0, "unlike_cores": Word("overlap")},
            ("length_km",),
            infinite=True,
        ),
        Call("supermodes", {"fiber": drawn, "wavelength_nm": 1550.0, "unlike_cores": Word("overlap")}),
        Call(
            "core_modes",
            {"fiber": drawn, "wavelength_nm": 1550.0, "modes": Word("all"), "cutoffs": True},
            infinite=True,
            missing=True,
        ),
        Call(
            "cutoff_wavelengths",
            {"fiber": drawn, "loss_threshold_db_per_m": 0.9, "bend_radius_mm": 140.0},
            missing=True,
        ),
        Call(
            "fiber.modes.bend_loss",
            {"fiber": drawn, "wavelength_nm": 1550.0, "bend_radius_mm": 30.0, "elasto_optic": 1.0},
            infinite=True,
        ),
        Call(
            "fiber.cross_section.required_cladding_thickness",
            {"fiber": drawn, "loss_limit_db_per_km": 1e-3, "wavelength_nm": 1625.0, "coating_index": 1.486},
        ),
        Call(
            "fiber.cross_section.required_pitch",
            {
                "fiber": drawn,
                "crosstalk_limit_db": -30.0,
                "length_km": 100.0,
                "wavelength_nm": 1565.0,
                "definition": Word("pair"),
            },
        ),
        Call(
            "fiber.cross_section.largest_layout",
            {"kind": Word("ring"), "pitch_um": 40.0, "cladding_diameter_um": 240.0, "cladding_thickness_um": 40.0},
        ),
        Call("load", {"name": Path("ucl-2020-40km")}),
        Call("load_fiber", {"name": Word("four-core-125")}, fine=(("name", "in other letters"),)),
        Call("load_amplifier", {"name": Word("edfa-c-band")}),
        Call(
            "table",
            {"source": _measured(), "columns": {"wavelength_nm": "lambda"}, "value": Word("loss")},
            ("columns",),
        ),
        Call("pumped_to_gain", {"system": _pumped(), "gain_db": 10.0}),
        Call("noise_figure_for_osnr", {"system": mcf.load("ucl-2019-6300km").system, "osnr_db": 12.0}),
        Call("open_result", {"path": Path("nowhere.nc")}),
        Call("read_channel", {"path": Path("nowhere.npz")}),
        Call(
            "measured_line",
            {"channels": channels, "spans": 2, "length_km": 80.0, "repeat": Word("independent")},
            ("length_km",),
        ),
        Call("read_constellation", {"path": Path("nowhere.csv")}),
        Call("predict", {"entry": mcf.load("nict-2025-1808km"), "samples": 2, "seed": 0}, missing=True, infinite=True),
        Call(
            "calibrated",
            {
                "entry": mcf.load("nict-2025-1808km"),
                "sibling": mcf.load("nict-2025-1808km"),
                "samples": 4,
                "seed": 0,
                "tolerance": 0.5,
            },
        ),
        Call(
            "sweep",
            {
                "system": _system(),
                "over": {"link.launch_power_dbm": [0.0]},
                "outputs": ["total_net_rate"],
                "arrangement": Word("grid"),
                "samples": None,
                "draws": None,
                "seed": 0,
                "store": None,
                "workers": 1,
                "memory_mb": 128.0,
                "progress": None,
            },
            ("samples", "draws", "store", "workers", "progress", "client"),
            fine=(("store", "no such word"),),
        ),
        Call(
            "optimize_launch",
            {
                "system": mcf.load("ucl-2019-6300km").system,
                "by": Word("flat"),
                "core_groups": None,
                "objective": Word("shannon"),
                "core_power_limit_dbm": 20.0,
                "fiber_power_limit_dbm": 30.0,
            },
            ("core_groups",),
            infinite=True,
        ),
        Call(
            "optimize_design",
            {
                "template": _system(),
                "variables": {"link.launch_power_dbm": (-10.0, 0.0)},
                "objective": Word("total_net_rate"),
                "constraints": [],
                "population": 2,
                "generations": 1,
                "tolerance": 1e-6,
                "seed": 0,
            },
        ),
        Call(
            "pareto_front",
            {
                "template": _system(),
                "variables": {"link.launch_power_dbm": (-10.0, 0.0)},
                "objectives": ["total_net_rate", "-signal_power:max"],
                "constraints": [],
                "directions": 1,
                "population": 2,
                "generations": 1,
                "seed": 0,
            },
        ),
        Call("non_dominated", {"values": np.array([[1.0, 3.0], [2.0, 2.0]])}, missing=True),
        Call(
            "influences",
            {"entry": mcf.load("nict-2025-1808km"), "prediction": mcf.predict(mcf.load("nict-2025-1808km"), samples=4)},
        ),
        Call(
            "arrays.amplifiers.noise_density",
            {"frequency": 193e12, "gain": 40.0, "noise_figure": 3.0, "model": Word("exact")},
        ),
        Call(
            "arrays.amplifiers.noise_power",
            {
                "frequency": 193e12,
                "symbol_rate": 64e9,
                "gain": 40.0,
                "noise_figure": 3.0,
                "spans": 10.0,
                "model": Word("exact"),
            },
        ),
        Call("arrays.amplifiers.cascaded_noise_figure", {"first": 3.0, "second": 4.0, "gain": 100.0, "loss": 2.0}),
        Call("arrays.amplifiers.equivalent_noise_figure", {"noise_density": 1e-18, "frequency": 193e12, "gain": 10.0}),
        Call(
            "arrays.crosstalk.bent_coupling",
            {"kappa": 0.02, "bend_radius": 0.14, "propagation_constant": 5.9e6, "pitch": 40e-6},
        ),
        Call(
            "arrays.crosstalk.measured_coupling",
            {"crosstalk": 1e-3, "length": 1e3, "neighbours": 1.0},
            missing=True,
            infinite=True,
        ),
        Call(
            "arrays.crosstalk.pair_crosstalk",
            {"h": coupling, "length": 8e4, "spans": 10.0, "attenuation": 0.0, "power": 1.0},
        ),
        Call("arrays.crosstalk.lit_crosstalk", {"pairs": coupling, "lit": [1.0, 0.0]}),
        Call(
            "arrays.crosstalk.chain_crosstalk",
            {"transfer": np.array([coupling, coupling]) + np.eye(2), "survival": 1.0, "power": 1.0},
        ),
        Call("arrays.crosstalk.span_transfer", {"h": coupling, "length": 1e4, "attenuation": 0.0}),
        Call("arrays.crosstalk.lumped_transfer", {"crosstalk": [[0.0, 0.01], [0.01, 0.0]]}),
        Call("arrays.crosstalk.permuted", {"matrix": np.arange(9.0).reshape(3, 3), "cores": np.array([1, 2, 0])}),
        Call(
            "arrays.crosstalk.bidirectional_crosstalk",
            {
                "h": coupling,
                "length": 8e4,
                "direction": [1.0, -1.0],
                "attenuation": 4.6e-5,
                "backscatter": 1e-8,
                "spans": 2,
                "power": 1.0,
            },
        ),
        Call("arrays.crosstalk.snr_penalty_db", {"crosstalk": 1e-3, "snr": 10.0}),
        Call("arrays.crosstalk.required_snr_penalty_db", {"crosstalk": 1e-3, "required_snr": 10.0}, infinite=True),
        Call("arrays.crosstalk.crosstalk_tolerance", {"required_snr": 10.0, "penalty_db": 1.0}, infinite=True),
        Call(
            "arrays.crosstalk.tolerated_length",
            {"h": 1e-9, "tolerance": 1e-3, "neighbours": 6.0, "excess": 1.0},
            infinite=True,
            missing=True,
        ),
        Call(
            "arrays.crosstalk.capture_fraction",
            {"wavelength": 1.55e-6, "refractive_index": 1.444, "effective_area": 8e-11},
        ),
        Call(
            "arrays.crosstalk_statistics.crosstalk_correlation", {"separation": 1e9, "skew": 1e-9, "random_skew": 1e-11}
        ),
        Call(
            "arrays.crosstalk_statistics.decorrelation_bandwidth",
            {"skew": 1e-9, "random_skew": 1e-11, "level": 0.5},
            infinite=True,
        ),
        Call(
            "arrays.crosstalk_statistics.crosstalk_variance",
            {"skew": 1e-9, "symbol_rate": 64e9, "random_skew": 1e-11, "polarizations": 1},
        ),
        Call(
            "arrays.crosstalk_statistics.exceeded_level",
            {"mean": [1e-3], "variance": 0.5, "probability": 1e-4, "aggressors": Word("independent")},
        ),
        Call(
            "arrays.crosstalk_statistics.outage_probability",
            {"mean": [1e-3], "variance": 0.5, "threshold": 5e-3, "aggressors": Word("independent")},
        ),
        Call(
            "arrays.crosstalk_statistics.crosstalk_density",
            {"mean": [1e-3], "variance": 0.5, "value": 1e-3, "aggressors": Word("independent")},
            infinite=True,
        ),
        Call(
            "arrays.crosstalk_statistics.mean_of_decibels",
            {"mean": [1e-3], "variance": 0.5, "aggressors": Word("independent")},
            infinite=True,
        ),
        Call("arrays.crosstalk_statistics.deviation_of_decibels", {"variance": 0.5}),
        Call(
            "arrays.interference.gn_interference",
            {
                "frequency": [193e12, 193.1e12],
                "symbol_rate": 32e9,
                "power": 1e-3,
                "gamma": 1.3e-3,
                "beta2": -21e-27,
                "attenuation": 4.6e-5,
                "length": 8e4,
            },
        ),
        Call(
            "arrays.interference.tilted_exponentials",
            {"attenuation": [4.6e-5, 4.6e-5], "rate": [-2e-6, 2e-6], "shape": [4.6e-5, 4.6e-5], "terms": 2},
            ("shape",),
        ),
        Call("arrays.interference.panel_nodes", {"length": 8e4, "count": 5}),
        Call(
            "arrays.interference.coherent_exponent",
            {"symbol_rate": [32e9, 96e9], "beta2": -21e-27, "attenuation": 4.6e-5, "length": 8e4},
        ),
        Call("arrays.rates.information_rates", {"modulation": Word("16QAM"), "snr": [1.0, 10.0]}, infinite=True),
        Call(
            "arrays.rates.net_rate",
            {
                "modulation": Word("16QAM"),
                "snr": 10.0,
                "symbol_rate": 32e9,
                "fraction": 1.0,
                "ngmi_gap": 0.0,
                "pilot_share": 0.0,
            },
        ),
        Call(
            "arrays.rates.fixed_net_rate",
            {
                "modulation": Word("16QAM"),
                "snr": 10.0,
                "symbol_rate": 32e9,
                "code_rate": 0.8,
                "ngmi_threshold": 0.85,
                "pilot_share": 0.0,
            },
        ),
        Call(
            "arrays.rates.mode_loss_penalty",
            {"snr": 10.0, "loss": 0.5, "modes": 38, "receiver": Word("mmse")},
            infinite=True,
        ),
        Call("arrays.rates.decoder_snr", {"gsnr": 10.0, "penalty": 1.0, "transceiver": 100.0}, infinite=True),
    ]


def _plain_calls() -> list[Call]:
    """Of the plain-array door, what needs more than numbers."""
    comb = np.array([193.4e12, 193.45e12])
    profile = interference.tilted_exponentials(np.full(2, 4.6e-5), 0.0, terms=1)
    glass = {"gamma": 1.3e-3, "beta2": -21.7e-27}
    decay = np.exp(-4.6e-5 * interference.panel_nodes(80e3))[None]
    waves = {"frequency": comb, "symbol_rate": 32e9, "power": 1e-3, "profile": profile}
    pitch = {"coupling_of": lambda pitch: 1e3 * math.exp(-pitch / 1e-6), "h": 1e-9, "low": 1e-5, "high": 1e-4}
    span = mcf.plain_span(attenuation=4.6e-5, length=100e3, beta2=-21.7e-27, gamma=1.3e-3)
    words = {"terms": Word("all"), "band": Word("centre"), "accumulation": Word("coherent")}
    one = {"frequency": np.array([193.4e12]), "symbol_rate": 32e9, "power": 1e-3, "spans": span, "channels": [0]}
    coupled = {"coupled": CoupledCores(), "roll_off": 0.0, "workers": 1}
    return [
        Call("arrays.crosstalk.smallest_pitch", pitch),
        Call(
            "arrays.interference.fitted_exponentials",
            {"power": decay, "attenuation": 4.6e-5, "length": 80e3, "terms": 2},
        ),
        Call("arrays.interference.raman_interference", {**waves, **glass}),
        Call("arrays.interference.cross_format_correction", {**waves, **glass, "kurtosis": -1.0, "length": 80e3}),
        Call("line.kerr.kerr_integral", {**one, **words, **coupled}, ("channels",)),
    ]


def _glass_calls() -> list[Call]:
    """Of the glass."""
    core, glass = mcf.StepCore(radius_um=4.5, delta_percent=0.35), mcf.SilicaGlass()
    matched = {
        "like": core,
        "mode_field_diameter_um": 10.4,
        "cutoff_nm": 1260.0,
        "wavelength_nm": 1550.0,
        "diameter": Word("petermann"),
        "cutoff": Word("theoretical"),
        "bend_radius_mm": 140.0,
    }
    return [
        Call("fiber.attenuation.glass_attenuation", {"loss": mcf.GlassLoss(), "wavelength_nm": 1550.0}),
        Call("fiber.cross_section.matched_core", matched),
        Call("fiber.index.refractive_index", {"glass": glass, "wavelength_nm": 1550.0}),
        Call("fiber.index.group_index", {"glass": glass, "wavelength_nm": 1550.0}),
        Call("fiber.index.material_dispersion", {"glass": glass, "wavelength_nm": 1550.0}),
        Call("fiber.index.index_profile", {"profile": core, "radius_um": [0.0, 10.0], "wavelength_nm": 1550.0}),
        Call("fiber.modes.mode_field", {"profile": core, "radius_um": [0.0, 4.5], "wavelength_nm": 1550.0}),
        Call("fiber.modes.check_single_mode", {"fiber": core, "wavelength_nm": 1550.0}),
    ]


def _mixing_calls() -> list[Call]:
    """Of groups of modes, of penalties and of random chains."""
    line = mcf.SplitStepLine(mcf.CoupledFiber(length=80e3, attenuation=4.6e-5, beta2=-21.7e-27, gamma=1.3e-3))
    sent = mcf.wdm_signal([0.0], 32e9, 1e-3, symbols=64, samples=256, modes=2, seed=1)
    h = [[0.0, 1e-8], [1e-8, 0.0]]
    chain = coupled_chain(h, 10e3, [0.0, 1e9], delay=[0.0, 1e-10])
    delays = {"delay": [0.0, 1e-10], "dispersion": 0.0, "polarization_delay": 0.0}
    modes = {
        "position": [[0.0, 0.0], [40e-6, 0.0]],
        "kappa": [[0.0, 1.0], [1.0, 0.0]],
        "length": 1.0,
        "propagation_constant": 5.9e6,
        "bend_radius": 100.0,
        "twist_rate": 0.1,
        "offset": 0.0,
        "launched": 0,
        "jumps": 1,
        "draws": 1,
        "seed": 1,
        "phase_per_step": 0.1,
    }
    matched = {"kappa": h, "detuning_slope": [[0.0, 100.0], [100.0, 0.0]], "points": 4, "frequency": [0.0, 1e9]}
    draws = {"chain": chain, "draws": 2, "seed": 1, "times": [0.0], "drift": 0.0}
    loss = {"span_rms": 0.1, "sizes": [2, 2, 1], "spans": 16, "repeat": Word("independent")}
    penalty = {"gsnr": 10.0, "loss": 0.5, "sizes": [2, 2, 1], "receiver": Word("mmse")}
    qam = mcf.Transceiver(format="16QAM")
    return [
        Call("line.mode_loss.grouped_loss", loss),
        Call("receiver.penalty.grouped_penalty", penalty, infinite=True),
        Call("receiver.tolerance.needed_snr", {"transceiver": qam, "q_db": 9.8}, ("q_db",), infinite=True),
        Call("simulation.coupled_modes.coupled_mode_fields", modes, ("seed",)),
        Call(
            "simulation.crosstalk.coupled_chain",
            {"h": h, "length": 10e3, "frequency": [0.0, 1e9], **delays, "random_delay": 0.0, "attenuation": 0.0}
            | {"steps": 50},
            ("steps",),
        ),
        Call("simulation.crosstalk.matched_chain", {**matched, **delays}),
        Call("simulation.crosstalk.step_count", {"exchanged": 0.1, "periods": 1.0}),
        Call("simulation.crosstalk.phase_matching_sines", {"kappa": 5.0, "detuning_slope": 2105.0}),
        Call("simulation.crosstalk.transfer_draws", {**draws, "outputs": [0, 1]}, ("outputs",)),
        Call("simulation.crosstalk.power_draws", {**draws, "core_out": [0, 1], "polarizations": 1}, ("core_out",)),
        Call("simulation.penalties.loop_scatter", {"modes": 8, "spans": 2, "receiver": Word("mmse")}),
        Call(
            "simulation.splitstep.linear_channel_removed",
            {"spectrum": sent.spectrum, "sample_rate": sent.sample_rate, "line": line, "arrays": None},
            ("arrays",),
        ),
        Call(
            "simulation.waveforms.received_noise",
            {"signal": sent, "received": sent.spectrum * 1.1, "gain_removal": Word("phase")},
        ),
    ]


def _waveform_calls() -> list[Call]:
    equalizer = mcf.Equalizer("mmse", 8, training=256)
    shared = {
        "system": _short(),
        "channel": 0,
        "channels": 1,
        "cores": [0],
        "symbols": 512,
        "samples": 2048,
        "modulation": Word("QPSK"),
        "laser_linewidth_khz": 1.0,
        "oscillators": Word("common"),
        "kerr": False,
        "noise": True,
        "sections": 2,
        "precision": Word("double"),
        "point": None,
        "seed": 1,
    }
    optional = ("channel", "cores", "samples", "modulation", "sections", "point")
    field = mcf.received_field(**shared)
    return [
        Call(
            "Equalizer",
            {"kind": Word("mmse"), "taps": 8, "training": 100, "step": 0.1, "rounds": 2, "loop_gain": 0.0},
            ("training",),
        ),
        Call("PhaseRecovery", {"kind": Word("blind"), "window": 8, "angles": 8, "first_block": 64}, ("first_block",)),
        Call("received_field", shared | {"draw": 0}, optional),
        Call(
            "simulate_transmission",
            shared | {"draws": 1, "equalizer": equalizer, "phase": mcf.PhaseRecovery()},
            (*optional, "equalizer", "phase"),
        ),
        Call("equalized", {"field": field, "equalizer": equalizer, "phase": None}, ("equalizer", "phase")),
        Call(
            "signal_quality",
            {
                "recovered": field.symbols * 1.1 + 0.01,
                "symbols": field.symbols,
                "numbers": field.numbers,
                "modulation": Word("QPSK"),
            },
            infinite=True,
        ),
        Call(
            "equalizer_misadjustment",
            {"kind": Word("lms"), "modes": 4, "taps": 8, "step": 0.1, "forgetting": 0.999, "training": 100},
            ("training",),
        ),
    ]


def good_calls() -> list[Call]:
    """One good call of every public function."""
    return [*_public_calls(), *_plain_calls(), *_glass_calls(), *_mixing_calls(), *_waveform_calls()]
