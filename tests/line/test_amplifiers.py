"""Noise of the amplifiers along the line, against published rules and hand computation."""

import math

import numpy as np
import pytest
import systems
import xarray as xr

from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.line import Link
from mcfiber.descriptions.spectrum import Spectrum
from mcfiber.fiber.channels import channels
from mcfiber.line.amplifiers import amplifier_noise, equivalent_noise_figure

PLANCK = 6.62607015e-34
REFERENCE = 12.5e9  # 0.1 nm at 1550 nm
GRID = channels(Spectrum(frequency_thz=[193.4], symbol_rate_gbd=49.5))
TWO_BANDS = channels(Spectrum(frequency_thz=[187.0, 193.4], symbol_rate_gbd=[40, 60]))
CORE = MulticoreFiber(layout={"kind": "hexagonal", "cores": 1}, attenuation_db_per_km=0.2)


def noise(link, grid=GRID, model="exact", fiber=CORE):
    spans, _, power = systems.stages(link, fiber, grid)
    return amplifier_noise(spans, power, grid, model=model)


def decibels(ratio):
    return 10 * math.log10(float(ratio))


def linear(value):
    return 10 ** (value / 10)


# ---------------------------------------------------------------------------------------------------------
# 21 spans of 18 dB, noise figure 5 dB, 0 dBm a channel


CHAIN = Link(span={"length_km": 90}, span_count=21, amplifier={"noise_figure_db": 5})


@pytest.mark.parametrize(
    ("model", "expected"),
    # (F G - 1) h nu of Essiambre et al., J. Lightw. Technol. 28, 662 (2010), eq. (54), and its approximation.
    [("exact", 21.753402943638186), ("excess_gain", 21.800964249359463)],
)
def test_noise__of_a_chain(model, expected):
    density = float(noise(CHAIN, model=model)[0]) / 49.5e9
    assert decibels(1e-3 / (density * REFERENCE)) == pytest.approx(expected, abs=1e-9)


def test_noise__rule_of_58():
    # OSNR = 58 + P - loss - NF - 10 log10(amplifiers): h nu times 12.5 GHz is -58 dBm.
    density = float(noise(CHAIN, model="input_noise")[0]) / 49.5e9
    exact_58 = -decibels(PLANCK * 193.4e12 * REFERENCE / 1e-3)
    assert exact_58 == pytest.approx(57.95377487812416, abs=1e-10)
    rule = exact_58 - 18 - 5 - 10 * math.log10(21)
    assert decibels(1e-3 / (density * REFERENCE)) == pytest.approx(rule, abs=1e-9)
    assert rule + 58 - exact_58 == pytest.approx(21.777807052660805, abs=1e-9)


def test_noise__in_the_symbol_rate():
    # 21.7534 dB in 12.5 GHz is 15.7765 dB in 49.5 GHz.
    assert decibels(1e-3 / noise(CHAIN)[0]) == pytest.approx(15.7765, abs=1e-4)


def test_noise__does_not_depend_on_launch_power():
    assert float(noise(CHAIN.replace({"launch_power_dbm": 7}))[0]) == float(noise(CHAIN)[0])


# ---------------------------------------------------------------------------------------------------------
# spans


def test_noise__list_of_equal_spans_equals_repeated_span():
    span = {"length_km": 80, "fan_in_loss_db": 0.5, "fan_out_loss_db": 1.5, "splices": 10, "splice_loss_db": 0.05}
    listed = noise(Link(span=[span] * 5))
    assert listed.dims == ("channel",)
    np.testing.assert_allclose(listed, noise(Link(span=span, span_count=5)), rtol=1e-14)


def test_noise__of_different_spans_adds_up():
    spans = [{"length_km": length} for length in (40, 80, 120)]
    single = [float(noise(Link(span=span))[0]) for span in spans]
    assert float(noise(Link(span=spans))[0]) == pytest.approx(sum(single), rel=1e-14)


def test_noise__losses_of_devices_and_splices_count_like_fibre():
    # 80 km of 0.2 dB/km, 0.5 + 1.5 dB, 10 splices of 0.1 dB: 19 dB.
    link = Link(
        span={"length_km": 80, "fan_in_loss_db": 0.5, "fan_out_loss_db": 1.5, "splices": 10, "splice_loss_db": 0.1}
    )
    expected = (linear(19) * linear(5) - 1) * PLANCK * 193.4e12 * 49.5e9
    assert float(noise(link)[0]) == pytest.approx(expected, rel=1e-12)


# ---------------------------------------------------------------------------------------------------------
# loop equipment


@pytest.mark.parametrize(("excess_db", "loss_db"), [(0.0, 11.5), (1.5, 11.5), (3.0, 3.0)])
def test_noise__of_loop_equipment_by_hand(excess_db, loss_db):
    link = Link(
        span={"length_km": 86.1, "fan_in_loss_db": 0.9, "fan_out_loss_db": 3.1},
        span_count=21,
        amplifier={"noise_figure_db": 5},
        loop={"loss_db": loss_db, "first_amplifier_excess_db": excess_db, "amplifier": {"noise_figure_db": 6}},
    )
    # Follow one lap: the first amplifier puts out launch + excess, then the loss, then back to launch.
    quantum = PLANCK * 193.4e12
    first_gain = linear(0.2 * 86.1 + 0.9 + 3.1 + excess_db)
    second_gain = linear(loss_db - excess_db)
    after_first = (linear(5) * first_gain - 1) * quantum
    after_second = after_first / linear(loss_db) * second_gain + (linear(6) * second_gain - 1) * quantum
    assert float(noise(link)[0]) == pytest.approx(21 * after_second * 49.5e9, rel=1e-12)


def test_noise__loop_equals_a_cascade_by_friis():
    # 5 dB and 15 dB gain, 8 dB loss, 6 dB: Friis, F1 + (L - 1)/G1 + (F2 - 1) L/G1, is 5.938378 dB.
    link = Link(
        span={"length_km": 50},  # 10 dB
        amplifier={"noise_figure_db": 5},
        loop={"loss_db": 8, "first_amplifier_excess_db": 5, "amplifier": {"noise_figure_db": 6}},
    )
    density = float(noise(link)[0]) / 49.5e9 / (PLANCK * 193.4e12)
    # The cascade restores launch power: its net gain is the 10 dB of the span, so F G - 1 = density.
    assert decibels((density + 1) / linear(10)) == pytest.approx(5.93837793145261, abs=1e-10)


# ---------------------------------------------------------------------------------------------------------
# bands and axes


def test_noise__by_band():
    link = Link(span={"length_km": 80}, amplifier={"noise_figure_db": {"C": 5, "L": 6, "S": 9}})
    found = noise(link, TWO_BANDS)
    for index, (figure, frequency, rate) in enumerate([(6, 187.0e12, 40e9), (5, 193.4e12, 60e9)]):
        expected = (linear(16) * linear(figure) - 1) * PLANCK * frequency * rate
        assert float(found[index]) == pytest.approx(expected, rel=1e-12)


def test_noise__band_as_axis():
    values = xr.DataArray([4.0, 5.0], dims="sample")
    link = Link(span={"length_km": 80}, amplifier={"noise_figure_db": {"C": values, "L": 6}})
    found = noise(link, TWO_BANDS)
    for index, value in enumerate(values.values):
        single = noise(Link(span={"length_km": 80}, amplifier={"noise_figure_db": {"C": value, "L": 6}}), TWO_BANDS)
        np.testing.assert_allclose(found.isel(sample=index).transpose("channel"), single, rtol=1e-14)


def test_noise__of_each_core():
    fiber = MulticoreFiber(
        layout={"kind": "ring", "cores": 3, "pitch_um": 35},
        attenuation_db_per_km=[0.19, 0.2, 0.22],
        crosstalk={"crosstalk_db": -40, "length_km": 10, "definition": "pair"},
    )
    found = noise(Link(span={"length_km": 100}), fiber=fiber)
    assert set(found.dims) == {"core", "channel"}
    for core, loss in enumerate([19, 20, 22]):
        expected = (linear(loss) * linear(5) - 1) * PLANCK * 193.4e12 * 49.5e9
        assert float(found.isel(core=core, channel=0)) == pytest.approx(expected, rel=1e-12)


# ---------------------------------------------------------------------------------------------------------
# hybrids


@pytest.mark.parametrize(
    ("gain_db", "photons", "figure_db"), [(5, 2.02130, -0.1981), (10, 6.95313, -0.9946), (15, 19.59297, -1.8628)]
)
def test_equivalent_noise_figure__one_backward_pump(gain_db, photons, figure_db):
    # 100 km, 0.2 dB/km for the signal and 0.25 dB/km for the pump, no thermal photons
    figure = equivalent_noise_figure(photons * PLANCK * 193.4e12, frequency=193.4e12, gain=linear(gain_db))
    assert decibels(figure) == pytest.approx(figure_db, abs=2e-4)


def test_amplifier_noise__figure_below_zero_of_a_hybrid():
    link = CHAIN.replace({"amplifier.noise_figure_db": -1.0})
    photons = float(noise(link)[0]) / (21 * 49.5e9 * PLANCK * 193.4e12)
    assert photons == pytest.approx(linear(-1.0) * linear(18) - 1, rel=1e-12)


def test_amplifier_noise__less_than_none_is_not_a_number():
    # The evaluation of a system refuses it, or marks its point.
    short = Link(span={"length_km": 10}, amplifier={"noise_figure_db": -3})
    assert np.isnan(noise(short)).all()
