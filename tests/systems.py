"""Systems that several tests evaluate: small, and with every part of the description in use."""

from typing import Any

from mcfiber import System
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.line import Link
from mcfiber.fiber.channels import Channels
from mcfiber.fiber.medium import FiberMedium, medium
from mcfiber.line.line import Line, line
from mcfiber.line.power import PowerProfile, power_profile
from mcfiber.line.raman import RamanModel


def stages(
    link: Link, fiber: MulticoreFiber | FiberMedium, grid: Channels, *, raman: RamanModel = "none"
) -> tuple[Line, FiberMedium, PowerProfile]:
    """Line, medium and power of a described link over a fibre, described or in SI, in the order of functions."""
    glass = fiber if isinstance(fiber, FiberMedium) else medium(fiber, grid)
    spans = line(link, glass, grid)
    return spans, glass, power_profile(spans, glass, grid, raman=raman)


def weak(**changes: Any) -> System:
    """Seven weakly coupled cores of their own losses, two bands, a loop, devices with crosstalk."""
    tables = {
        "name": "seven weakly coupled cores",
        "spectrum": {
            "groups": [
                {"band": "L", "channels": 5, "spacing_ghz": 100, "symbol_rate_gbd": 90, "lowest_frequency_thz": 188.0},
                {"band": "C", "channels": 6, "spacing_ghz": 75, "symbol_rate_gbd": 64},
            ]
        },
        "fiber": {
            "layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 42.0},
            "cladding_diameter_um": 187.0,
            "attenuation_db_per_km": [0.19, 0.2, 0.21, 0.19, 0.22, 0.2, 0.2],
            "dispersion_slope_ps_per_nm2_km": 0.06,
            "crosstalk": {
                "crosstalk_db": -38.0,
                "length_km": 76.8,
                "definition": "total_from_neighbours",
                "slope_db_per_nm": 0.1,
            },
        },
        "link": {
            "power_control": "signal",  # noises of the spans add
            "span": {
                "length_km": 80.0,
                "fan_in_loss_db": 0.7,
                "fan_out_loss_db": 0.9,
                "splices": 8,
                "splice_loss_db": 0.04,
                "fan_in_crosstalk_db": -55.0,
                "fan_out_crosstalk_db": -60.0,
            },
            "span_count": 4,
            "launch_power_dbm": {"C": 1.0, "L": 0.0},
            "amplifier": {"noise_figure_db": {"C": 5.0, "L": 6.0}},
            "loop": {
                "loss_db": 10.0,
                "first_amplifier_excess_db": 1.5,
                "amplifier": {"noise_figure_db": {"C": 5.5, "L": 6.5}},
            },
        },
        "transceiver": {"format": "16QAM", "snr_db": 20.0, "pilot_overhead_percent": 2.0},
    }
    return System(**tables).replace({path.replace("__", "."): value for path, value in changes.items()})


def random(**changes: Any) -> System:
    """Nineteen randomly coupled cores, spans that differ."""
    tables = {
        "name": "nineteen coupled cores",
        "spectrum": {"groups": [{"band": "C", "channels": 8, "spacing_ghz": 50, "symbol_rate_gbd": 49}]},
        "fiber": {
            "layout": {"kind": "hexagonal", "cores": 19, "pitch_um": 18.0},
            "coupling": "random",
            "attenuation_db_per_km": {"wavelength_nm": [1520.0, 1600.0], "value": [0.19, 0.2]},
        },
        "link": {
            "power_control": "signal",  # noises of the spans add
            "span": [
                {"length_km": 86.1, "fan_in_loss_db": 0.9, "fan_out_loss_db": 3.1},
                {"length_km": 70.0, "fan_in_loss_db": 0.9, "fan_out_loss_db": 2.1},
                {"length_km": 90.0, "fan_in_loss_db": 0.9, "fan_out_loss_db": 3.1},
            ],
            "mode_dependent_loss_rms_db": 1.0,
            "launch_power_dbm": [0.0, 1.0, 2.0, 1.0, 0.0, -1.0, 0.0, 1.0],
        },
        "transceiver": {"format": "16QAM", "snr_db": 17.0, "code": {"kind": "ideal"}},
    }
    return System(**tables).replace({path.replace("__", "."): value for path, value in changes.items()})


def groups(**changes: Any) -> System:
    """The seven cores as a single one and two groups of three, which lose as much, with two sources of loss."""
    grouped: dict[str, Any] = {
        "fiber.coupling": "groups",
        "fiber.groups": [[0], [1, 2, 3], [4, 5, 6]],
        "fiber.attenuation_db_per_km": [0.21, 0.19, 0.19, 0.19, 0.2, 0.2, 0.2],
        "fiber.spatial_mode_dispersion_ps_per_sqrt_km": 5.0,
        "link.mode_dependent_loss_rms_db": {"fan_in": 0.6, "amplifier": 0.8},
    }
    system = weak().replace(grouped)
    return system.replace({path.replace("__", "."): value for path, value in changes.items()})


def single(**changes: Any) -> System:
    """One core, a list of channels of mixed symbol rates."""
    tables = {
        "spectrum": {"frequency_thz": [193.0, 193.1, 193.25, 187.0], "symbol_rate_gbd": [90.0, 90.0, 150.0, 64.0]},
        "fiber": {"layout": {"kind": "hexagonal", "cores": 1}},
        "link": {"span": {"length_km": 80.0}, "span_count": 10, "power_control": "signal"},
        "transceiver": {"format": "64QAM"},
    }
    return System(**tables).replace({path.replace("__", "."): value for path, value in changes.items()})
