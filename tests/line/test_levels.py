"""Amplifiers: tilt, unequal cores, output limits, pumps shared by cores, noise that displaces signal."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import mcfiber as mcf
from mcfiber import DescriptionError
from mcfiber.evaluate import records
from mcfiber.fiber.channels import channels
from mcfiber.labelled import array
from mcfiber.line.amplifiers import cascaded_noise_figure
from mcfiber.line.line import plain_line
from mcfiber.line.power import displaced, undisplaced

DATA = Path(__file__).parents[1] / "data"
RING = {
    "layout": {"kind": "ring", "cores": 3, "pitch_um": 40},
    "cladding_diameter_um": 180,
    "crosstalk": {"crosstalk_db": -45, "length_km": 80, "definition": "pair"},
}


def system(changes: dict[str, Any] | None = None) -> mcf.System:
    base = mcf.System(
        spectrum={
            "groups": [
                {"band": "L", "channels": 10, "spacing_ghz": 100, "symbol_rate_gbd": 90, "lowest_frequency_thz": 187},
                {"band": "C", "channels": 20, "spacing_ghz": 100, "symbol_rate_gbd": 90, "lowest_frequency_thz": 192},
            ]
        },
        fiber=RING,
        link={"span": {"length_km": 80}, "span_count": 30, "launch_power_dbm": 0.0, "power_control": "signal"},
    )
    return base.replace(changes or {})


def dbm(power: Any) -> Any:
    return 10 * np.log10(np.asarray(power) * 1e3)


def test_levels__tilt_in_each_band() -> None:
    power = dbm(system({"link.amplifier.output_tilt_db": 2.0}).evaluate().signal_power)
    for band in (slice(0, 10), slice(10, 30)):
        np.testing.assert_allclose(power[band], np.linspace(-1, 1, power[band].size), atol=1e-9)


def test_levels__cores_differ() -> None:
    result = system({"link.amplifier.core_output_offset_db": [-1.0, 0.0, 1.0]}).evaluate()
    np.testing.assert_allclose(dbm(result.signal_power), [-1.0, 0.0, 1.0], atol=1e-9)
    np.testing.assert_allclose(result.snr_nli.isel(core=0) / result.snr_nli.isel(core=2), 10**0.4, rtol=1e-9)
    # Weaker cores suffer more crosstalk from stronger ones.
    crosstalk = result.snr_xt.isel(channel=0, missing_dims="ignore")
    assert float(crosstalk[0]) < float(crosstalk[1]) < float(crosstalk[2])


def test_levels__noise_figures_differ() -> None:
    result = system({"link.amplifier.core_noise_figure_offset_db": [-0.5, 0.0, 0.5]}).evaluate()
    ratio = 10 * np.log10(result.snr_ase.isel(core=0) / result.snr_ase.isel(core=2))
    np.testing.assert_allclose(ratio, 1.0, atol=0.02)  # F G - 1, not F G


def test_levels__amplifiers_span_by_span() -> None:
    spans = [{"length_km": 80}, {"length_km": 80, "amplifier": {"noise_figure_db": {"L": 7.0, "C": 6.0}}}]
    listed = system(
        {"link": {"span": spans, "amplifier": {"noise_figure_db": 4.0}, "power_control": "signal"}}
    ).evaluate()
    one, other = (
        system({"link.span_count": 1, "link.amplifier.noise_figure_db": noise}).evaluate()
        for noise in (4.0, {"L": 7.0, "C": 6.0})
    )
    np.testing.assert_allclose(listed.ase_power, one.ase_power + other.ase_power, rtol=1e-12)
    loop = {"loss_db": 10.0, "first_amplifier_excess_db": 1.0}
    quiet, loud = (
        system({"link.loop": loop, "link.span.amplifier": {"noise_figure_db": noise}}).evaluate()
        for noise in (4.0, 7.0)
    )
    assert np.all(quiet.snr_ase > loud.snr_ase)


def test_levels__limit_lowers_the_band_that_exceeds_it() -> None:
    limited = system({"link.amplifier.output_power_limit_dbm": {"L": 20.0, "C": 10.0}}).evaluate()
    power = limited.signal_power
    np.testing.assert_allclose(dbm(power[:10]), 0.0, atol=1e-9)
    assert dbm(power[10:].sum()) == pytest.approx(10.0, abs=1e-9)


def test_levels__cladding_pump_is_shared_by_all_cores() -> None:
    cladding = {"link.amplifier.output_power_limit_dbm": 12.0, "link.amplifier.pumping": "cladding"}
    equal = system(cladding).evaluate().signal_power
    assert dbm(3 * equal[10:].sum()) == pytest.approx(12.0, abs=1e-9)
    # One core asks for more: the others lose, and their sum is what the pump gives.
    changed = cladding | {"link.amplifier.core_output_offset_db": [3.0, 0.0, 0.0]}
    uneven = system(changed).evaluate().signal_power.isel(channel=slice(10, 30))
    assert dbm(uneven.sum()) == pytest.approx(12.0, abs=1e-9)
    assert float(uneven.isel(core=1, channel=0)) < float(equal[10])
    assert float(uneven.isel(core=0, channel=0) / uneven.isel(core=1, channel=0)) == pytest.approx(10**0.3)


def test_levels__limit_axis_equals_loop() -> None:
    limits = xr.DataArray([5.0, 12.0, 30.0], dims="ceiling")
    block = system({"link.amplifier.output_power_limit_dbm": limits}).evaluate()
    for k in range(3):
        alone = system({"link.amplifier.output_power_limit_dbm": float(limits[k])}).evaluate()
        np.testing.assert_allclose(block.gsnr.isel(ceiling=k), alone.gsnr, rtol=1e-12)


def test_cascade__friis() -> None:
    stages = cascaded_noise_figure(10**0.5, 10**0.6, gain=10**1.5, loss=10**0.8)
    assert 10 * math.log10(stages) == pytest.approx(5.93837793145261, abs=1e-9)
    assert cascaded_noise_figure(2.0, 3.0, gain=1e12, loss=1.0) == pytest.approx(2.0)
    # A passive loss in front: a first stage without gain and without noise.
    assert cascaded_noise_figure(1.0, 3.0, gain=1.0, loss=2.0) == pytest.approx(6.0)


def test_displaced__is_the_product_over_spans() -> None:
    plain = system().evaluate()
    held = system({"link.power_control": "channel"}).evaluate()
    noise = 1 / plain.snr_ase + 1 / plain.snr_nli
    np.testing.assert_allclose(1 / held.snr_ase + 1 / held.snr_nli, (1 + noise / 30) ** 30 - 1, rtol=1e-12)
    assert np.all(held.gsnr < plain.gsnr)
    assert mcf.Link(span={"length_km": 80}).power_control == "channel"
    band = system({"link.power_control": "band"}).evaluate()
    assert float(held.gsnr.min()) < float(band.gsnr.min()) < float(plain.gsnr.min())


def test_displaced__single_span_adds_as_it_is() -> None:
    plain, held = (
        system({"link.span_count": 1, "link.power_control": how}).evaluate() for how in ("signal", "channel")
    )
    np.testing.assert_allclose(held.gsnr, plain.gsnr, rtol=1e-12)


def test_displaced__span_by_span() -> None:
    # A line simulated amplifier by amplifier, signal and noise apart, total power restored in every channel.
    one = system({"link.power_control": "channel"})
    scene, _ = records(one)
    grid = scene.channels
    added = array(("channel",), np.linspace(1e-5, 8e-5, grid.count))
    signal, noise = np.full(grid.count, 1e-3), np.zeros(grid.count)
    for _ in range(30):
        noise = noise + added.data * (signal + noise) / 1e-3
        scale = 1e-3 / (signal + noise)
        signal, noise = signal * scale, noise * scale
    ase, nli = displaced(scene.line, array((), np.array(1e-3)), [0.7 * 30 * added, 0.3 * 30 * added], grid)
    np.testing.assert_allclose((ase + nli) / 1e-3, noise / signal, rtol=1e-12)


def test_line__gnpy_over_21_spans() -> None:
    """GNPy's line: power of every channel restored, 11 of 180 channels."""
    record = json.loads((DATA / "gnpy_3.0.1_cl_band_180x49gbd_21x86km.json").read_text())
    integral = record["ggn_spectrally_separated"]
    chosen = integral["channels"]
    signal, ase, nli = (np.array(integral[name]) for name in ("signal_w", "ase_w", "nli_w"))
    spans, power = record["spans"], record["launch_power_w"]
    frequency = np.array(record["frequency_hz"])[chosen]
    gain = 10 ** (np.array(record["span_loss_db_perturbative"])[chosen] / 10)
    noise = 10 ** (record["noise_figure_db"] / 10) * 6.62607015e-34 * frequency * record["symbol_rate_hz"] * gain
    interference = np.array(integral["nli_after_span_1_w"]) / (1 - noise / power)
    one = plain_line(86.1e3, spans, power_control="channel")
    lines = [array(("channel",), spans * value) for value in (noise, interference)]
    grown = displaced(one, array((), np.array(power)), lines, channels(system().spectrum))
    ours = 10 * np.log10(1 / ((grown[0] + grown[1]) / power))
    theirs = 10 * np.log10(signal / (ase + nli))
    assert np.abs(ours - theirs).max() < 0.01
    assert math.isclose(float(np.mean(signal + ase + nli)), power, rel_tol=1e-9)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"link.amplifier.core_output_offset_db": [0.0, 1.0]}, "got 2 values for 3 cores"),
        ({"link.amplifier.core_noise_figure_offset_db": [0.0]}, "got 1 values for 3 cores"),
        ({"link.amplifier.output_power_limit_dbm": {"C": 20.0}}, "has no value for the band L"),
        ({"link.span.amplifier": {"noise_figure_db": {"C": 5.0}}}, "link.span.amplifier.noise_figure_db: has no value"),
        ({"link.span.amplifier": {"output_tilt_db": 1.0}}, "output_tilt_db: is the same for all spans"),
        (
            {
                "fiber": {"layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 18}, "coupling": "random"},
                "link.amplifier.core_output_offset_db": [0.0] * 7,
            },
            "differences between cores are mode-dependent loss",
        ),
    ],
)
def test_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DescriptionError, match=re.escape(message)):
        system(changes)


@pytest.mark.parametrize("control", ["signal", "channel", "band"])
def test_undisplaced__is_the_inverse_of_displaced(control):
    """Noises as spans add them, from those behind amplifiers that hold the total power."""
    rng = np.random.default_rng(7)
    grid = channels(mcf.Spectrum(frequency_thz=[186.5, 186.7, 193.0, 193.2], symbol_rate_gbd=64))
    spans = replace(plain_line(80e3, spans=40), power_control=control)
    launch = xr.Variable(("point", "channel"), rng.uniform(1e-4, 1e-3, (5, 4)))
    added = [xr.Variable(("point", "channel"), rng.uniform(1e-6, 5e-4, (5, 4))) for _ in range(2)]
    behind = displaced(spans, launch, added, grid)
    found = undisplaced(spans, launch, behind, grid)
    for one, other in zip(found, added, strict=True):
        np.testing.assert_allclose(one.data, other.data, rtol=1e-12)
