"""Power along the line and Kerr noise at the labelled level: models, spans, pumps, what is refused."""

import re
from typing import Any

import numpy as np
import pytest
import xarray as xr

import mcfiber as mcf
from mcfiber import DescriptionError
from mcfiber.evaluate import records
from mcfiber.kernels.silica import STEP, raman_efficiency
from mcfiber.line.closed_forms import ValidityWarning
from mcfiber.line.interference import nonlinear_interference, nonlinear_interference_integral
from mcfiber.line.raman import raman_slope

TILTED = {"models.nonlinear_interference": "isrs_gn", "models.raman": "silica"}


def system(**changes: Any) -> mcf.System:
    """One core, C and L band, 90 channels on a coarse grid, launched high so that Raman scattering shows."""
    base = mcf.System(
        spectrum={
            "groups": [
                {"band": "L", "channels": 45, "spacing_ghz": 100, "symbol_rate_gbd": 95, "lowest_frequency_thz": 186.5},
                {"band": "C", "channels": 45, "spacing_ghz": 100, "symbol_rate_gbd": 95, "lowest_frequency_thz": 191.4},
            ]
        },
        fiber={"layout": {"kind": "hexagonal", "cores": 1}},
        link={"span": {"length_km": 80}, "span_count": 10, "launch_power_dbm": 3.0},
    )
    return base.replace({key.replace("__", "."): value for key, value in changes.items()})


def profile(one: mcf.System) -> Any:
    return records(one)[0].power


def stages(one: mcf.System) -> tuple[Any, ...]:
    scene, _ = records(one)
    return scene.line, scene.medium, scene.power, scene.channels


def interference(one: mcf.System, **options: Any) -> xr.Variable:
    return nonlinear_interference(*stages(one), model=one.models.nonlinear_interference, **options)


def listing(spans: list[dict[str, Any]]) -> dict[str, Any]:
    return {"span": spans, "launch_power_dbm": 3.0}


def decibels(ratio: Any) -> Any:
    return 10 * np.log10(np.asarray(ratio))


# ---------------------------------------------------------------------------------------------------------
# power


def test_power__raman_scattering_tilts_the_span_loss() -> None:
    plain, silica = profile(system()), profile(system().replace({"models.raman": "silica"}))
    added = decibels(silica.span_loss) - decibels(plain.span_loss)
    assert added[0] < -1.0
    assert added[-1] > 1.0
    assert np.all(np.diff(added) > 0)
    np.testing.assert_allclose(silica.evolution.power.isel(panel=0, node=0), silica.fiber_input, rtol=1e-12)


def test_power__triangular_is_close_to_silica() -> None:
    silica, straight = (
        decibels(profile(system().replace({"models.raman": model})).span_loss) for model in ("silica", "triangular")
    )
    assert np.abs(silica - straight).max() < 0.25


def test_power__slope_of_silica() -> None:
    scene, _ = records(system())
    slope = float(raman_slope(scene.medium, scene.channels))
    assert slope == pytest.approx(0.028e-15, rel=0.05)  # 1/(W m Hz); 0.028 1/(W km THz) is in wide use


def test_power__faint_channels_do_not_scatter() -> None:
    faint = system().replace({"models.raman": "silica", "link.launch_power_dbm": -60.0})
    np.testing.assert_allclose(decibels(profile(faint).span_loss), 16.0, atol=1e-4)


def test_power__lumped_losses() -> None:
    span = {"length_km": 80, "lumped_losses": [{"position_km": 30, "loss_db": 1.5}, {"position_km": 60, "loss_db": 1}]}
    np.testing.assert_allclose(decibels(profile(system(link__span=span)).span_loss), 18.5, rtol=1e-12)
    # With scattering the loss after 30 km costs less scattering than one at the start.
    late = profile(system(link__span=span).replace({"models.raman": "silica"})).span_loss
    assert 18.5 < float(decibels(late[-1])) < 18.5 + 3.0


def test_power__different_spans() -> None:
    spans = [{"length_km": 80}, {"length_km": 60, "lumped_losses": [{"position_km": 10, "loss_db": 1}]}]
    listed = profile(system(link=listing(spans)).replace({"models.raman": "silica"})).span_loss
    for k, span in enumerate(spans):
        alone = profile(system(link__span=span).replace({"models.raman": "silica"})).span_loss
        np.testing.assert_allclose(listed.isel(span=k).transpose("channel"), alone, rtol=1e-9)


def test_power__cores_with_their_own_attenuation() -> None:
    fiber = {
        "layout": {"kind": "ring", "cores": 3, "pitch_um": 40},
        "cladding_diameter_um": 180,
        "attenuation_db_per_km": [0.19, 0.2, 0.22],
        "crosstalk": {"crosstalk_db": -50, "length_km": 80, "definition": "pair"},
    }
    losses = profile(system(fiber=fiber).replace({"models.raman": "silica"})).span_loss
    assert losses.sizes["core"] == 3
    alone = profile(system(fiber__attenuation_db_per_km=0.22).replace({"models.raman": "silica"})).span_loss
    np.testing.assert_allclose(losses.isel(core=2), alone, rtol=1e-9)


# ---------------------------------------------------------------------------------------------------------
# distributed amplification

PUMPED = {
    "length_km": 80,
    "raman_pumps": [{"wavelength_nm": 1450, "power_mw": 180}, {"wavelength_nm": 1480, "power_mw": 120}],
}


def test_pumps__amplify_and_quiet_the_line() -> None:
    plain = system(link__launch_power_dbm=-3.0).replace(TILTED)
    pumped = plain.replace({"link.span": PUMPED})
    gain = decibels(profile(plain).span_loss / profile(pumped).span_loss)
    assert gain.min() > 1.5
    assert np.all(pumped.evaluate().snr_ase > plain.evaluate().snr_ase)


def test_pumps__equivalent_noise_figure_below_zero_decibels() -> None:
    plain = system(link__launch_power_dbm=-20.0).replace(TILTED)
    power = profile(plain.replace({"link.span": PUMPED}))
    gain = (profile(plain).span_loss / power.span_loss).data
    quanta = power.evolution.noise_density.data / (6.62607015e-34 * records(plain)[0].channels.frequency.data)
    equivalent = decibels((quanta + 1) / gain)
    assert -3.0 < equivalent.min() < 0.0


def test_pumps__without_power_change_nothing() -> None:
    dark = {"length_km": 80, "raman_pumps": [{"wavelength_nm": 1450, "power_mw": 0.0}]}
    plain = system().replace(TILTED)
    np.testing.assert_allclose(plain.replace({"link.span": dark}).evaluate().gsnr, plain.evaluate().gsnr, rtol=1e-7)


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_pumps__in_a_gap_between_bands(direction: str) -> None:
    """A pump among weak signals amplifies those below it and takes from those above, by quanta: exact exponents."""
    power, loss = 0.2, 0.25 * np.log(10.0) / 1e4
    pump = {"wavelength_nm": 1480.0, "power_mw": 1e3 * power, "direction": direction}
    wide = {
        "groups": [
            {"band": "E", "channels": 5, "spacing_ghz": 200, "symbol_rate_gbd": 95, "lowest_frequency_thz": 208.0},
            {"band": "L", "channels": 5, "spacing_ghz": 200, "symbol_rate_gbd": 95, "lowest_frequency_thz": 187.0},
        ]
    }
    plain = system(link__launch_power_dbm=-60.0).replace({"spectrum": wide, "models.raman": "silica"})
    one = profile(plain.replace({"link.span": {"length_km": 80, "raman_pumps": [pump]}}))
    gained = np.log(profile(plain).span_loss.data / one.span_loss.data)
    frequency, source = records(plain)[0].channels.frequency.data, 299792458.0 / 1480e-9
    higher = np.maximum(frequency, source)
    grid = raman_efficiency()
    curve = np.interp(np.abs(frequency - source), np.arange(grid.size) * STEP, grid) * higher / 80e-12
    effective = (1 - np.exp(-loss * 80e3)) / loss
    sign = np.where(frequency < source, 1.0, -frequency / source)  # a quantum of the pump's is worth less
    np.testing.assert_allclose(gained, sign * curve * power * effective, rtol=2e-6)


def test_pumps__more_than_the_loss_needs_no_amplifier() -> None:
    strong = {"length_km": 20, "raman_pumps": [{"wavelength_nm": 1450, "power_mw": 400, "direction": "forward"}]}
    one = system().replace(TILTED | {"link.launch_power_dbm": -30.0, "link.span": strong})
    with pytest.warns(ValidityWarning, match="loses -4"):
        result = one.evaluate()
    assert np.all(np.isfinite(result.snr_ase))
    assert np.all(result.ase_power > 0)


# ---------------------------------------------------------------------------------------------------------
# interference


def test_interference__isrs_without_tilt_is_close_to_gn() -> None:
    gn, isrs = (interference(system().replace({"models.nonlinear_interference": model})) for model in ("gn", "isrs_gn"))
    assert np.abs(decibels(gn / isrs)).max() < 0.2
    assert isrs.attrs["model"] == "isrs_gn"
    assert isrs.attrs["band"] == "centre"
    assert isrs.attrs["terms"] == "spm+xpm"


def test_interference__tilt_moves_it_to_low_frequencies() -> None:
    flat = interference(system().replace({"models.nonlinear_interference": "isrs_gn"}))
    tilted = interference(system().replace(TILTED))
    assert decibels(tilted / flat)[0] > 0.5
    assert decibels(tilted / flat)[-1] < -0.5


def test_interference__adds_up_over_spans() -> None:
    one = system(link__span_count=1).replace(TILTED)
    ten = system().replace(TILTED)
    np.testing.assert_allclose(interference(ten), 10 * interference(one), rtol=1e-12)
    spans = [{"length_km": 80}, {"length_km": 100}]
    listed = interference(system(link=listing(spans)).replace(TILTED))
    longer = interference(system(link__span={"length_km": 100}, link__span_count=1).replace(TILTED))
    # Panels of both spans have the node count of the longer one, so 1e-7 and not 1e-12.
    np.testing.assert_allclose(listed, interference(one) + longer, rtol=1e-7)


def test_interference__coherence_raises_it() -> None:
    tilted = system().replace(TILTED)
    coherent, incoherent = (interference(tilted, accumulation=how) for how in ("coherent", "incoherent"))
    assert np.all(coherent > incoherent)
    single = tilted.replace({"link.span_count": 1})
    np.testing.assert_allclose(interference(single, accumulation="coherent"), interference(single), rtol=1e-13)


def test_interference__format_lowers_it() -> None:
    tilted = system().replace(TILTED)
    gaussian = interference(tilted)
    qpsk, qam = (interference(tilted, kurtosis=kurtosis) for kurtosis in (-1.0, -0.68))
    assert np.all(qpsk < qam)
    assert np.all(qam < gaussian)
    assert np.all(qpsk >= 0)
    held = {"models.format_correction": True, "transceiver.format": "QPSK", "link.power_control": "signal"}
    corrected = tilted.replace(held).evaluate()
    np.testing.assert_allclose(corrected.nli_power, qpsk, rtol=1e-12)
    coupled = {"layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 18}, "coupling": "random"}
    mixed = system(fiber=coupled).replace(TILTED)
    np.testing.assert_array_equal(interference(mixed, kurtosis=-1.0), interference(mixed))


@pytest.mark.parametrize(
    "span",
    [
        {"length_km": 80, "lumped_losses": [{"position_km": 30, "loss_db": 2.0}]},
        PUMPED,
        {"length_km": 80, "raman_pumps": [{"wavelength_nm": 1450, "power_mw": 200, "direction": "forward"}]},
    ],
)
def test_interference__close_to_the_integral_over_the_same_profile(span: dict[str, Any]) -> None:
    few = mcf.Spectrum(frequency_thz=np.arange(187.0, 196.0, 1.5).tolist(), symbol_rate_gbd=95.0)
    one = system().replace(TILTED | {"link.span": span, "spectrum": few, "link.launch_power_dbm": 9.0})
    integral, error = nonlinear_interference_integral(*stages(one))
    assert float((error / integral).max()) < 1e-3
    closed = nonlinear_interference(*stages(one), model="isrs_gn")
    # Three exponentials follow a profile with pumps or a step well enough for 0.05 dB.
    assert np.abs(decibels(closed / integral)).max() < 0.05


def test_interference__axis_equals_loop() -> None:
    launch = xr.DataArray([0.0, 3.0, 4.0], dims="launch")
    block = system(link__launch_power_dbm=launch).replace(TILTED).evaluate()
    for k in range(3):
        alone = system(link__launch_power_dbm=float(launch[k])).replace(TILTED).evaluate()
        np.testing.assert_allclose(block.gsnr.isel(launch=k), alone.gsnr, rtol=1e-12)
    assert block.nli_power.attrs["model"] == "isrs_gn"


# ---------------------------------------------------------------------------------------------------------
# what is refused, and what is warned of


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"link.span": PUMPED}, 'raman_pumps: need models.raman = "silica"'),
        (
            {"link.span": {"length_km": 80, "raman_pumps": [{"wavelength_nm": 299792.458 / 187.01, "power_mw": 100}]}}
            | TILTED,
            "nm, where there is a signal; allowed: outside the spectrum of every channel",
        ),
        (
            {"link": {"span": [{"length_km": 80}, PUMPED]}} | TILTED,
            "every span must have the same number of pumps",
        ),
        ({"fiber.dispersion_ps_per_nm_km": 0.0}, "is zero at a channel"),
        ({"models.accumulation": "coherent"}, 'accumulation: needs nonlinear_interference = "isrs_gn"'),
        ({"models.format_correction": True}, 'format_correction: needs nonlinear_interference = "isrs_gn"'),
        (
            {"link.span": {"length_km": 80, "lumped_losses": [{"position_km": 90, "loss_db": 1}]}},
            "positions must ascend inside the span, between 0 and 80 km",
        ),
    ],
)
def test_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DescriptionError, match=re.escape(message)):
        system().replace(changes).evaluate()


def test_warned__short_span() -> None:
    with pytest.warns(ValidityWarning, match=r"loses 6\.00 dB"):
        interference(system(link__span={"length_km": 30}))


def test_warned__dispersion_crosses_zero_nearby() -> None:
    small = {"fiber.dispersion_ps_per_nm_km": 0.05}
    with pytest.warns(ValidityWarning, match="hardly spreads"):
        interference(system().replace(small))
