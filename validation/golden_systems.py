"""Random systems as plain tables, for `golden.py`: every part of a description turns up, in every combination.

Nothing of mcfiber is imported here: what is drawn may be refused, and the caller draws again.  A labelled axis is a
table ``{"axis": name, "values": [...]}``.
"""

from typing import Any

import numpy as np

Tables = dict[str, Any]
BANDS = (("C",), ("L", "C"), ("C", "L"), ("S", "C"), ("L", "C", "S"), ("U", "E"), ("O",))
BAND_WEIGHTS = (0.42, 0.2, 0.08, 0.1, 0.1, 0.05, 0.05)
NAMED_FORMATS = ("QPSK", "8QAM", "rectangular-8QAM", "16QAM", "32QAM", "64QAM", "128QAM", "256QAM", "1024QAM", "best")
AXES = (
    "link.launch_power_dbm", "link.span.length_km", "link.span.fan_in_loss_db", "link.span.splice_loss_db",
    "link.amplifier.noise_figure_db", "link.amplifier.output_tilt_db", "link.amplifier.output_power_limit_dbm",
    "link.mode_dependent_loss_rms_db", "link.loop.loss_db", "link.span.temperature_k",
    "link.span.raman_pumps.0.power_mw", "link.span.lumped_losses.0.loss_db", "link.span.fan_in_crosstalk_db",
    "fiber.layout.pitch_um", "fiber.cladding_diameter_um", "fiber.attenuation_db_per_km", "fiber.core.radius_um",
    "fiber.core.delta_percent", "fiber.core.trench_delta_percent", "fiber.dispersion_ps_per_nm_km",
    "fiber.dispersion_slope_ps_per_nm2_km", "fiber.effective_area_um2", "fiber.nonlinear_index_m2_per_w",
    "fiber.crosstalk.crosstalk_db", "fiber.skew_ps_per_km", "fiber.spatial_mode_dispersion_ps_per_sqrt_km",
    "fiber.bend_radius_mm", "fiber.correlation_length_m", "models.crosstalk_probability", "transceiver.snr_db",
    "transceiver.pilot_overhead_percent", "transceiver.code.ngmi_gap", "transceiver.code.outer_rate",
    "transceiver.code.decoded_to_gmi", "link.launch_power_dbm.C", "link.launch_power_dbm.0",
    "link.amplifier.noise_figure_db.C", "link.mode_dependent_loss_rms_db.fan_in", "link.span.0.length_km",
    "link.span.1.fan_out_loss_db", "link.span.0.amplifier.noise_figure_db", "link.span.amplifier.noise_figure_db",
    "fiber.attenuation_db_per_km.0", "fiber.core.radius_um.0", "fiber.crosstalk.length_km", "fiber.elasto_optic",
    "spectrum.groups.0.spacing_ghz", "spectrum.groups.0.symbol_rate_gbd",
)  # fmt: skip
"""Numbers that become axes where a system has them."""


class Dice:
    """A generator of random numbers with a few short names."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)

    def chance(self, probability: float) -> bool:
        """Tell whether something happens that has this probability."""
        return bool(self._generator.random() < probability)

    def number(self, low: float, high: float, digits: int = 3) -> float:
        """Draw a number between two others."""
        return round(float(self._generator.uniform(low, high)), digits)

    def numbers(self, count: int, low: float, high: float, digits: int = 3) -> list[float]:
        """Draw several numbers between two others."""
        return [self.number(low, high, digits) for _ in range(count)]

    def whole(self, low: int, high: int) -> int:
        """Draw a whole number, both ends included."""
        return int(self._generator.integers(low, high + 1))

    def one_of(self, *choices: Any, weights: Any = None) -> Any:
        """Choose one."""
        return choices[int(self._generator.choice(len(choices), p=weights))]

    def some_of(self, choices: Any, count: int) -> list[Any]:
        """Choose several different ones."""
        picked = self._generator.permutation(len(choices))[:count]
        return [choices[int(index)] for index in picked]

    def partition(self, count: int) -> list[list[int]]:
        """Put whole numbers into groups."""
        order = [int(value) for value in self._generator.permutation(count)]
        cuts = sorted(self.some_of(range(1, count), self.whole(1, count - 1)))
        return [order[start:stop] for start, stop in zip([0, *cuts], [*cuts, count], strict=True)]

    def maybe(self, probability: float, **entries: Any) -> Tables:
        """Give entries of a table, or none."""
        return entries if self.chance(probability) else {}


def random_system(seed: int) -> Tables:
    """Draw the tables of one system, and the options of its evaluation.

    Parameters
    ----------
    seed
        Of this one.

    Returns
    -------
    dict
        `system`, and `options` of `System.evaluate`.
    """
    dice = Dice(seed)
    slow = dice.chance(SLOW)
    spectrum = _spectrum(dice, slow)
    fiber = _fiber(dice, spectrum, slow)
    system = {"name": f"random {seed}", "spectrum": spectrum, "fiber": fiber}
    system["link"] = _link(dice, spectrum, fiber, slow)
    system["transceiver"] = _transceiver(dice)
    system["models"] = _models(dice, system, slow)
    if not slow:
        _add_axes(dice, system)
    options = {"draws": 3, "seed": dice.whole(0, 99)} if fiber.get("coupling", "weak") != "weak" else {}
    return {"system": system, "options": options if dice.chance(0.4) else {}}


SLOW = 0.03
"""Part of the systems that are small and computed by an integral."""


def wild_system(seed: int) -> Tables:
    """Draw the tables of one system as `random_system` does, with newer models and with values up to their limits.

    Parameters
    ----------
    seed
        Of this one.

    Returns
    -------
    dict
        `system`, and `options` of `System.evaluate`.
    """
    tables, dice = random_system(seed), Dice(seed + 1_000_000_007)
    system = tables["system"]
    models = system["models"]
    if models["nonlinear_interference"] == "gn_integral":
        models["nonlinear_interference"] = dice.one_of("gn_integral", "kerr_integral", "kerr")
    elif dice.chance(0.3) and "format_correction" not in models:
        models["nonlinear_interference"] = "kerr"
    if models["nonlinear_interference"] == "kerr":
        models.pop("accumulation", None)
    if "kerr" in models["nonlinear_interference"] or models["nonlinear_interference"] == "gn_integral":
        models |= dice.maybe(0.4, terms="all")
    if dice.chance(0.4):
        for path, low, high in dice.some_of(LIMITS, dice.whole(1, 3)):
            table, key = _place(system, path)
            if table is not None and isinstance(table[key], (int, float)):
                table[key] = dice.one_of(low, high, dice.number(low, high))
    return tables


LIMITS = (
    ("link.launch_power_dbm", -100.0, 25.0),
    ("link.span.length_km", 1.0, 250.0),
    ("link.span.raman_pumps.0.power_mw", 0.0, 2500.0),
    ("link.span.raman_pumps.1.power_mw", 0.0, 2500.0),
    ("link.amplifier.noise_figure_db", -8.0, 15.0),
    ("link.loop.loss_db", 1.0, 30.0),
    ("link.mode_dependent_loss_rms_db", 0.0, 3.0),
    ("link.amplifier.output_tilt_db", -10.0, 10.0),
    ("link.amplifier.output_power_limit_dbm", -30.0, 35.0),
    ("link.amplifier.crosstalk_db", -100.0, -15.0),
    ("link.span.fan_in_crosstalk_db", -100.0, -15.0),
    ("link.span.fan_in_loss_db", 0.0, 20.0),
    ("fiber.dispersion_ps_per_nm_km", -20.0, 0.0),
    ("fiber.dispersion_slope_ps_per_nm2_km", -0.1, 0.1),
    ("fiber.crosstalk.crosstalk_db", -120.0, -8.0),
    ("fiber.effective_area_um2", 5.0, 1000.0),
    ("fiber.attenuation_db_per_km", 0.05, 3.0),
    ("fiber.skew_ps_per_km", 0.0, 1e5),
    ("fiber.spatial_mode_dispersion_ps_per_sqrt_km", 0.0, 500.0),
    ("fiber.core.delta_percent", 0.25, 0.5),
    ("models.crosstalk_probability", 1e-12, 0.9),
    ("transceiver.snr_db", -30.0, 60.0),
    ("transceiver.pilot_overhead_percent", 0.0, 90.0),
)
"""Numbers that `wild_system` puts to an end of these ranges, or between; what is refused is drawn again."""


def _spectrum(dice: Dice, slow: bool) -> Tables:
    if slow:
        return {"groups": [{"band": "C", "channels": 2, "spacing_ghz": 100.0, "symbol_rate_gbd": 90.0}]}
    if dice.chance(0.15):
        frequency = sorted(193.0 + 0.4 * place for place in dice.some_of(range(-12, 8), dice.whole(1, 5)))
        rate: Any = dice.numbers(len(frequency), 30, 300, 1) if dice.chance(0.5) else dice.number(30, 300, 1)
        return {"frequency_thz": dice.some_of(frequency, len(frequency)), "symbol_rate_gbd": rate}
    bands = dice.one_of(*BANDS, weights=BAND_WEIGHTS)
    groups = [_group(dice, band, 6 // len(bands)) for band in bands]
    return {"groups": groups} | dice.maybe(0.1, guard_gap_ghz=20.0) | dice.maybe(0.1, super_nyquist=True)


def _group(dice: Dice, band: str, most: int) -> Tables:
    spacing = dice.one_of(50.0, 75.0, 100.0, 150.0, 400.0)
    group = {
        "band": band,
        "channels": dice.whole(1, most),
        "spacing_ghz": spacing,
        "symbol_rate_gbd": round(spacing * dice.number(0.6, 1.0), 1),
    }
    placed = {"L": 187.5, "C": 192.4}.get(band)
    return group | dice.maybe(0.2, grid="itu") | (dice.maybe(0.3, lowest_frequency_thz=placed) if placed else {})


def _cores(fiber: Tables) -> int:
    layout = fiber["layout"]
    return int(layout["cores"]) if "cores" in layout else len(layout["positions_um"])


def _layout(dice: Dice, pitch: float, slow: bool) -> Tables:
    kind = dice.one_of("hexagonal", "ring", "square", "custom", weights=(0.45, 0.2, 0.2, 0.15))
    if slow or kind == "hexagonal":
        cores = 1 if slow else dice.one_of(1, 7, 19, weights=(0.3, 0.6, 0.1))
        return {"kind": "hexagonal", "cores": cores, "pitch_um": pitch}
    if kind == "ring":
        return {"kind": "ring", "cores": dice.whole(2, 6), "pitch_um": pitch}
    if kind == "square":
        return {"kind": "square", "cores": dice.one_of(4, 9, weights=(0.8, 0.2)), "pitch_um": pitch}
    places = dice.some_of([(x, y) for x in range(-1, 2) for y in range(-1, 2)], dice.whole(2, 5))
    shift = dice.numbers(2 * len(places), 0, 0.1 * pitch)
    positions = [[pitch * x + shift.pop(), pitch * y + shift.pop()] for x, y in places]
    return {"kind": "custom", "positions_um": positions}


def _fiber(dice: Dice, spectrum: Tables, slow: bool) -> Tables:
    coupling = dice.one_of("weak", "random", "groups", weights=(0.45, 0.3, 0.25))
    pitch = dice.number(16, 24, 1) if coupling == "random" else dice.number(34, 45, 1)
    fiber: Tables = {"layout": _layout(dice, pitch, slow), "cladding_diameter_um": dice.number(230, 300, 0)}
    cores = _cores(fiber)
    if coupling == "groups" and cores < 2:
        coupling = "weak"
    if coupling != "weak" or dice.chance(0.3):
        fiber["coupling"] = coupling
    if coupling == "groups":
        fiber["groups"] = dice.partition(cores)
    glass = dice.chance(0.4) and not {"O", "E", "U"} & {group["band"] for group in spectrum.get("groups", ())}
    if glass:
        fiber |= _glass(dice, cores)
    apart = coupling == "weak" or (coupling == "groups" and len(fiber["groups"]) > 1)
    if apart and cores > 1 and not (glass and dice.chance(0.7)):
        fiber["crosstalk"] = _crosstalk(dice)
    if not glass or dice.chance(0.3):
        fiber |= _measured(dice, fiber, cores)
    return fiber | _coupling_details(dice, coupling)


def _glass(dice: Dice, cores: int) -> Tables:
    core: Tables = {"kind": dice.one_of("step", "trench", "w", "graded", "rings")}
    if core["kind"] == "rings":
        core |= {"radius_um": [2.0, dice.number(4.0, 4.4), 9.0], "delta_percent": [0.3, 0.36, -0.1]}
    elif core["kind"] == "graded":
        core |= {"radius_um": dice.number(4.5, 5.2), "delta_percent": dice.number(0.42, 0.5)}
        core |= dice.maybe(0.5, exponent=dice.number(2.0, 6.0))
    else:
        core |= {"radius_um": dice.number(3.9, 4.5), "delta_percent": dice.number(0.31, 0.37)}
        if dice.chance(0.2):
            core["radius_um"] = dice.numbers(cores, 4.0, 4.4)
    if core["kind"] == "trench":
        core |= {"trench_delta_percent": dice.number(-0.8, -0.4)}
        core |= dice.maybe(0.4, trench_inner_ratio=dice.number(1.8, 2.4), trench_width_ratio=dice.number(0.6, 1.1))
    if core["kind"] == "w":
        core |= {"depressed_delta_percent": dice.number(-0.15, -0.02)}
    if core["kind"] == "step" and dice.chance(0.2):
        del core["delta_percent"]
        core["glass"] = {"kind": "silica", "germanium_mole_percent": dice.number(3.2, 3.7)}
    return (
        {"core": core}
        | dice.maybe(0.4, bend_radius_mm=dice.number(80, 300, 0), twist_rate_per_m=dice.number(0, 2))
        | dice.maybe(0.3, correlation_length_m=dice.number(0.01, 0.2))
        | dice.maybe(0.2, elasto_optic=1.28)
        | dice.maybe(0.3, glass_loss=dice.one_of("pure_silica", {"rayleigh_db_um4_per_km": 0.9}))
        | dice.maybe(0.2, attenuation_offset_db_per_km=0.01)
    )  # fmt: skip


def _crosstalk(dice: Dice) -> Tables:
    measured = {
        "crosstalk_db": dice.number(-55, -28, 1),
        "length_km": dice.number(10, 90, 1),
        "definition": dice.one_of("pair", "total_from_neighbours"),
    }
    return measured | dice.maybe(0.4, slope_db_per_nm=dice.number(0.05, 0.12)) | dice.maybe(0.2, wavelength_nm=1560.0)


def _measured(dice: Dice, fiber: Tables, cores: int) -> Tables:
    """Values of the glass as a data sheet has them."""
    table = {"wavelength_nm": [1240.0, 1380.0, 1550.0, 1700.0], "value": [0.34, 0.27, 0.18, 0.24]}
    forms: list[Any] = [dice.number(0.155, 0.22), table]
    if fiber.get("coupling", "weak") == "weak":
        forms.append(dice.numbers(cores, 0.16, 0.22))
    elif "groups" in fiber:
        of_group = dice.numbers(len(fiber["groups"]), 0.16, 0.22)
        forms.append([next(v for v, g in zip(of_group, fiber["groups"], strict=True) if k in g) for k in range(cores)])
    return (
        dice.maybe(0.8, attenuation_db_per_km=dice.one_of(*forms))
        | dice.maybe(0.6, dispersion_ps_per_nm_km=dice.number(3, 22, 1))
        | dice.maybe(0.5, dispersion_slope_ps_per_nm2_km=dice.number(0.02, 0.09))
        | dice.maybe(0.6, effective_area_um2=dice.number(60, 150, 1))
        | dice.maybe(0.3, nonlinear_index_m2_per_w=dice.one_of(2.2e-20, 2.35e-20, 2.7e-20))
    )


def _coupling_details(dice: Dice, coupling: str) -> Tables:
    details = dice.maybe(0.3, skew_ps_per_km=dice.number(0, 50, 1)) | dice.maybe(0.2, rayleigh_db_per_km=0.16)
    details |= dice.maybe(0.2, random_skew_ps_per_sqrt_km=dice.number(0, 20, 1))
    if coupling == "weak" or dice.chance(0.4):
        return details
    details["spatial_mode_dispersion_ps_per_sqrt_km"] = dice.number(1, 12, 1)
    return details | dice.maybe(0.4, spatial_mode_dispersion_definition="2sigma")


def _link(dice: Dice, spectrum: Tables, fiber: Tables, slow: bool) -> Tables:
    bands = [group["band"] for group in spectrum.get("groups", ())]
    apart = _cores(fiber) if fiber.get("coupling", "weak") == "weak" else 1
    ways = apart > 1 and dice.chance(0.25)
    span: Any = _span(dice, bands, crosstalk=apart > 1, plain=ways)
    link: Tables = {"span_count": dice.whole(1, 20)}
    if dice.chance(0.3) and not slow:
        pumps = dice.maybe(0.2, raman_pumps=_pumps(dice))
        span, link = (
            [_span(dice, bands, crosstalk=apart > 1, plain=True, lossy=not ways) for _ in range(dice.whole(1, 4))],
            {},
        )
        span = [one | ({} if ways else pumps) for one in span]
    link |= {"span": span, "launch_power_dbm": _launch(dice, spectrum, bands)}
    link |= dice.maybe(0.7, amplifier=_amplifier(dice, apart, bands))
    if ways:
        link["core_directions"] = [dice.one_of(1, -1) for _ in range(apart)]
    elif dice.chance(0.25):
        loop: Tables = {"loss_db": dice.number(6, 15, 1)}
        loop |= dice.maybe(0.5, first_amplifier_excess_db=dice.number(0, 4, 1))
        link["loop"] = loop | dice.maybe(0.5, amplifier=_amplifier(dice, apart, bands))
    if apart > 1:
        link |= dice.maybe(0.2, core_launch_offset_db=_offsets(dice, apart))
        link |= dice.maybe(0.25, core_permutation=dice.some_of(range(apart), apart))
    if fiber.get("coupling", "weak") != "weak" and dice.chance(0.7):
        sources = ("fan_in", "fan_out", "splices", "fiber", "amplifier")
        table = {source: dice.number(0, 0.5, 2) for source in dice.some_of(sources, dice.whole(1, 4))}
        link["mode_dependent_loss_rms_db"] = dice.one_of(dice.number(0.1, 1.2, 2), table)
    return (
        link
        | dice.maybe(0.3, power_control=dice.one_of("channel", "band"))
        | dice.maybe(0.25, repeat=dice.one_of("same", "independent"))
    )


def _offsets(dice: Dice, cores: int) -> list[float]:
    offsets = dice.numbers(cores, -2, 2, 2)
    return [-100.0 if index == cores - 1 and dice.chance(0.3) else value for index, value in enumerate(offsets)]


def _span(dice: Dice, bands: list[str], *, crosstalk: bool, plain: bool, lossy: bool = False) -> Tables:
    span: Tables = {"length_km": dice.number(40, 110, 1)}
    span |= dice.maybe(0.5, fan_in_loss_db=dice.number(0.2, 1.5, 2), fan_out_loss_db=dice.number(0.2, 3.0, 2))
    span |= dice.maybe(0.3, splices=dice.whole(1, 20), splice_loss_db=dice.number(0.01, 0.1))
    if not plain or lossy:
        places = sorted(dice.some_of(range(5, 40), 2))
        losses = [{"position_km": float(place), "loss_db": dice.number(0.2, 2, 2)} for place in places]
        span |= dice.maybe(0.2, lumped_losses=losses[: dice.whole(1, 2)])
    if not plain:
        span |= dice.maybe(0.2, raman_pumps=_pumps(dice)) | dice.maybe(0.1, temperature_k=dice.number(270, 320, 0))
    if crosstalk:
        for name in ("fan_in_crosstalk_db", "fan_out_crosstalk_db", "splice_crosstalk_db"):
            span |= dice.maybe(0.25, **{name: dice.number(-70, -45, 1)})
    noise = {"noise_figure_db": _by_band(dice, bands, 3.5, 7.0)}
    return span | dice.maybe(0.15, amplifier=noise)


def _pumps(dice: Dice) -> list[Tables]:
    pump = {"wavelength_nm": dice.one_of(1425.0, 1450.0, 1475.0), "power_mw": dice.number(20, 300, 0)}
    other = {"wavelength_nm": 1490.0, "power_mw": dice.number(20, 200, 0), "direction": "forward"}
    other |= dice.maybe(0.5, attenuation_db_per_km=0.23)
    return dice.one_of([pump], [other], [pump, other], [pump | {"direction": "backward"}, pump | {"power_mw": 15.0}])


def _by_band(dice: Dice, bands: list[str], low: float, high: float) -> Any:
    if bands and dice.chance(0.4):
        return {band: dice.number(low, high, 2) for band in bands}
    return dice.number(low, high, 2)


def _amplifier(dice: Dice, cores: int, bands: list[str]) -> Tables:
    amplifier: Tables = {"noise_figure_db": _by_band(dice, bands, 3.5, 7.5)}
    amplifier |= dice.maybe(0.1, noise_figure_db=-1.0)
    amplifier |= dice.maybe(0.2, output_tilt_db=dice.number(-2, 2, 2))
    if dice.chance(0.25):
        amplifier["output_power_limit_dbm"] = _by_band(dice, bands, -2, 25)
        amplifier |= dice.maybe(0.4, pumping="cladding")
    if cores > 1:
        amplifier |= dice.maybe(0.25, core_noise_figure_offset_db=dice.numbers(cores, -0.5, 1.0, 2))
        amplifier |= dice.maybe(0.25, core_output_offset_db=dice.numbers(cores, -1.0, 1.0, 2))
    return amplifier | dice.maybe(0.15, crosstalk_db=dice.number(-60, -40, 1))


def _launch(dice: Dice, spectrum: Tables, bands: list[str]) -> Any:
    if not bands:
        count = len(spectrum["frequency_thz"])
        return dice.one_of(dice.number(-4, 5, 2), dice.numbers(count, -4, 5, 2))
    of_band = {group["band"]: dice.number(-4, 5, 2) for group in spectrum["groups"]}
    lists = {group["band"]: dice.numbers(group["channels"], -4, 5, 2) for group in spectrum["groups"]}
    count = sum(group["channels"] for group in spectrum["groups"])
    forms = (dice.number(-4, 5, 2), of_band, dice.numbers(count, -4, 5, 2), lists)
    return dice.one_of(*forms, weights=(0.5, 0.2, 0.2, 0.1))


def _transceiver(dice: Dice) -> Tables:
    return (
        {"format": _format(dice)}
        | dice.maybe(0.7, snr_db=dice.number(14, 24, 1))
        | dice.maybe(0.7, code=_code(dice))
        | dice.maybe(0.4, pilot_overhead_percent=dice.number(0.5, 5, 2))
        | dice.maybe(0.5, receiver=dice.one_of("mmse", "zero_forcing", "optimal"))
    )


def _format(dice: Dice) -> Any:
    if dice.chance(0.65):
        return dice.one_of(*NAMED_FORMATS)
    base, entropy = dice.one_of(("16QAM", 3.5), ("64QAM", 4.75), ("256QAM", 6.5), ("1024QAM", 8.0))
    points = {"kind": "points", "points": [[1.0, 0.1], [0.0, 1.0], [-1.2, 0.0], [0.0, -1.0]]}
    return dice.one_of(
        {"kind": "shaped", "base": base, "entropy": entropy},
        points,
        points | {"labels": [0, 1, 3, 2], "probabilities": [0.4, 0.3, 0.2, 0.1]},
        {"kind": "best", "candidates": ["QPSK", "16QAM", {"kind": "shaped", "base": "64QAM", "entropy": 5.0}]},
    )


def _code(dice: Dice) -> Tables:
    rate = dice.number(0.7, 0.9)
    return dice.one_of(
        {"kind": "ideal"},
        {"kind": "decoded_fraction", "decoded_to_gmi": dice.number(0.9, 0.97)},
        {"kind": "fixed_rate", "code_rate": rate, "ngmi_threshold": rate + 0.04, "outer_rate": 0.99},
        {"kind": "overhead", "overhead_percent": dice.number(10, 27, 1), "ngmi_gap": 0.04},
        {"kind": "adaptive", "ngmi_gap": dice.number(0.02, 0.08), "outer_rate": 0.99},
        {"kind": "dvb_s2"},
        {"kind": "dvb_s2", "puncturing": False, "ngmi_margin": 0.01, "outer_rate": 0.985},
    )


def _models(dice: Dice, system: Tables, slow: bool) -> Tables:
    interference = "gn_integral" if slow else dice.one_of("gn", "isrs_gn", weights=(0.35, 0.65))
    spans = system["link"]["span"]
    pumped = any("raman_pumps" in span for span in (spans if isinstance(spans, list) else [spans]))
    raman = "silica" if pumped else dice.one_of("none", "silica", "triangular", weights=(0.4, 0.35, 0.25))
    models: Tables = {"nonlinear_interference": interference, "raman": raman}
    models |= dice.maybe(0.5, amplifier_noise=dice.one_of("exact", "excess_gain", "input_noise"))
    models |= dice.maybe(0.4, mode_dispersion=dice.chance(0.5))
    models |= dice.maybe(0.3, crosstalk_probability=dice.one_of(1e-2, 1e-4, 1e-6))
    if interference != "gn":
        models |= dice.maybe(0.5, accumulation="coherent")
    if interference == "isrs_gn":
        models |= dice.maybe(0.4, format_correction=True)
    return models


def _place(tables: Any, path: str) -> tuple[Any, Any]:
    """Table or list that holds the value at a path, and its key; (None, None) where there is no such value."""
    *way, last = [int(word) if word.isdigit() else word for word in path.split(".")]
    try:
        for key in way:
            tables = tables[key]
        tables[last]
    except (KeyError, IndexError, TypeError):
        return None, None
    return tables, last


def _add_axes(dice: Dice, system: Tables) -> None:
    """Put axes where up to three of the numbers were; two may share a dimension."""
    count = dice.one_of(0, 1, 2, 3, weights=(0.45, 0.33, 0.16, 0.06))
    size = 3 if count == 1 else 2
    found = [_place(system, path) for path in AXES]
    numbers = [(table, key) for table, key in found if table is not None and isinstance(table[key], float)]
    for index, (table, key) in enumerate(dice.some_of(numbers, count)):
        name = "axis0" if index == 2 and dice.chance(0.5) else f"axis{index}"
        step = 0.04 * (abs(table[key]) or 1.0)
        table[key] = {"axis": name, "values": [table[key] + step * (place - size // 2) for place in range(size)]}
