"""Cables that several tests start from: those of the separate program behind tests/data/power_fed_cables.json."""

import json
from pathlib import Path

import mcfiber as mcf

VALUES = json.loads((Path(__file__).parent / "data" / "power_fed_cables.json").read_text())

LAYOUTS = {
    1: {"kind": "hexagonal", "cores": 1},
    2: {"kind": "ring", "cores": 2, "pitch_um": 45},
    4: {"kind": "square", "cores": 4, "pitch_um": 40},
}

GLASS = {1: (0.145, 110, 0.0, None), 2: (0.150, 110, 0.2, -60), 4: (0.155, 80, 0.3, -50)}


def fiber(cores: int) -> mcf.MulticoreFiber:
    """The fibre of one row of the table."""
    loss, area, _, crosstalk = GLASS[cores]
    weak = {} if crosstalk is None else {"crosstalk": _measured(crosstalk)}
    return mcf.MulticoreFiber(
        layout=LAYOUTS[cores], cladding_diameter_um=125, attenuation_db_per_km=loss, effective_area_um2=area,
        dispersion_ps_per_nm_km=21.0, nonlinear_index_m2_per_w=2.3e-20, **weak,
    )  # fmt: skip


def _measured(crosstalk_db: float) -> dict:
    return {
        "crosstalk_db": crosstalk_db, "length_km": 100, "definition": "total_from_neighbours", "slope_db_per_nm": 0,
    }  # fmt: skip


def cable(cores: int = 2, *, spacing_ghz: float = 100.0, bandwidth_thz: float = 4.6, **changes: object) -> mcf.Cable:
    """A cable of the separate program, whose channels fill its bandwidth without gaps."""
    fan = GLASS[cores][2]
    system = mcf.System(
        spectrum=mcf.Spectrum.filled(bandwidth_thz=bandwidth_thz, center_thz=193.7, spacing_ghz=spacing_ghz),
        fiber=fiber(cores),
        link={"span": {"length_km": 60, "fan_in_loss_db": fan, "fan_out_loss_db": fan}},
        transceiver={"code": {"kind": "gap_to_shannon", "gap_db": 3.39}},
        models={"nonlinear_interference": "isrs_gn"},
    )
    given = mcf.Cable(
        system=system,
        length_km=7000,
        fiber_pairs=24,
        feed={"voltage_kv": 18, "resistance_ohm_per_km": 0.8, "power_limit_kw": 22},
        repeater={"pump_efficiency_percent": 3.81},
        amplifier={"before_loss_db": 0.0, "noise_figure_db": 4.5},
    )
    return given.replace(changes) if changes else given


def constant(cores: int = 2, efficiency_percent: float = 1.28, **changes: object) -> mcf.Cable:
    """The same with amplifiers that turn a fixed part of electrical power into signal."""
    amplifier = {"kind": "fixed_efficiency", "noise_figure_db": 4.5}
    return cable(cores).replace(
        {"amplifier": amplifier, "repeater.pump_efficiency_percent": efficiency_percent} | changes
    )
