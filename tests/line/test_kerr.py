"""The integral over all islands and the fast form: vectors, quadrature by other means, and each other."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from mcfiber.line.gn_integral import SpanProfile, gn_integral, plain_span
from mcfiber.line.kerr import CoupledCores, kerr_integral

DATA = json.loads((Path(__file__).parents[1] / "data" / "kerr_islands.json").read_text())
LIGHT = 299792458.0
CASES = {case["id"]: case["inputs"] for case in DATA["cases"]}


def label(name, result):
    return "-".join([name, *(str(result[key]) for key in ("channel", "band", "terms", "accumulation"))])


RESULTS = [
    pytest.param(case["id"], result, id=label(case["id"], result))
    for case in DATA["cases"]
    for result in case["results"]
]


def dispersion(inputs):
    """beta2 as a function of frequency."""
    form = inputs["dispersion"]
    if form["form"] == "taylor":
        return lambda f: form["beta2_s2_per_m"] + 2 * math.pi * form["beta3_s3_per_m"] * (f - form["reference_hz"])
    slope, zero = form["zero_dispersion_slope_s_per_m3"], form["zero_dispersion_wavelength_m"]

    def beta2(frequency):
        wave = LIGHT / np.asarray(frequency)
        return -0.25 * slope * (wave - zero**4 / wave**3) * wave**2 / (2 * math.pi * LIGHT)

    return beta2


def shape(inputs, z):
    """Relative power of every channel before lumped losses."""
    profile, frequency = inputs["profile"], np.array(inputs["frequency_hz"])
    loss, length = profile["attenuation_per_m"], profile["length_m"]
    if profile["form"] == "triangular_raman":
        effective = -np.expm1(-loss * z) / loss
        power = inputs["launch_power_w"] * frequency.size
        offset = (frequency - frequency.mean())[:, None]
        tilt = np.exp(-power * profile["raman_slope_per_w_m_hz"] * effective * offset)
        return np.exp(-loss * z) * tilt / tilt.mean(axis=0)
    if profile["form"] in ("exponential", "lumped"):
        return np.exp(-loss * z)
    pump = profile["pump_attenuation_per_m"]
    gain = np.array(profile["raman_gain_per_w_m"])[:, None] * profile["pump_power_w"]
    if profile["form"] == "forward_pump":
        return np.exp(-loss * z + gain * -np.expm1(-pump * z) / pump)
    return np.exp(-loss * z + gain * (np.exp(-pump * (length - z)) - math.exp(-pump * length)) / pump)


def span_of(inputs):
    profile = inputs["profile"]
    length = profile["length_m"]
    if profile["form"] == "exponential":
        z, passed = np.array([0.0, length]), 1.0
    elif profile["form"] == "lumped":
        (loss,) = profile["lumped"]
        z = np.array([0.0, loss["position_m"], loss["position_m"], length])
        passed = np.array([1.0, 1.0, loss["transmission"], loss["transmission"]])
    else:
        z, passed = np.linspace(0.0, length, 121), 1.0
    return SpanProfile(
        z, shape(inputs, z) * passed, dispersion(inputs), inputs["gamma_per_w_m"], count=inputs["span_count"]
    )


def integral(name, result, **options):
    inputs = CASES[name]
    coupled = CoupledCores(inputs["cores"], inputs["mode_dispersion_s_per_sqrt_m"])
    line = inputs["frequency_hz"], inputs["symbol_rate_baud"], inputs["launch_power_w"], span_of(inputs)
    chosen = {key: result[key] for key in ("terms", "band", "accumulation")}
    return kerr_integral(*line, channels=[result["channel"]], coupled=coupled, **chosen, **options)


@pytest.mark.parametrize(("name", "result"), RESULTS)
def test_integral__vectors(name, result):
    # Their error is statistical, or below 1e-7 near zero dispersion; the quadrature's own is 0.01 dB at most.
    power, error = integral(name, result)
    allowed = 0.0015 if CASES[name]["mode_dispersion_s_per_sqrt_m"] else 0.0009
    assert power[0] == pytest.approx(result["nli_power_w"], rel=allowed, abs=3.5 * result["standard_error_w"])
    assert error[0] < 0.004 * power[0]


@pytest.mark.parametrize(("loss_db", "beta2"), [(16.0, -21.7e-27), (3.0, -21.7e-27), (16.0, 2e-27)])
def test_integral__beside_a_plain_double_integral(loss_db, beta2):
    # One channel of 32 GBd: scipy's adaptive rule over the hexagon, the link function in closed form.
    rate, length = 32e9, 80e3
    loss = loss_db / length * math.log(10) / 10

    def square(phase):
        field = (np.exp((1j * phase - loss) * length) - 1.0) / (1j * phase - loss)
        return abs(field) ** 2

    def inner(x):
        low, high = max(-rate / 2, -rate / 2 - x), min(rate / 2, rate / 2 - x)
        near = [p for p in (-0.1 * rate, 0.0, 0.1 * rate) if low < p < high]
        return quad(lambda y: square(4 * math.pi**2 * beta2 * x * y), low, high, points=near, limit=200, epsrel=1e-8)[0]

    total = 2 * quad(inner, 0.0, rate / 2, points=[1e-3 * rate, 1e-2 * rate, 0.1 * rate], limit=200, epsrel=1e-7)[0]
    expected = 16 / 27 * 1.3e-3**2 * 1e-9 / rate**2 * total
    span = plain_span(attenuation=loss, length=length, beta2=beta2, gamma=1.3e-3)
    assert kerr_integral([193.4e12], rate, 1e-3, span).power[0] == pytest.approx(expected, rel=3e-4)


def test_integral__terms_are_those_of_the_first_integral():
    beta2 = -20e-27 + 8e-40 * 75e9 * np.arange(9)
    span = plain_span(attenuation=4.6e-5, length=60e3, beta2=beta2, gamma=1.2e-3)
    line = (193e12 + 75e9 * np.arange(9), 64e9, np.linspace(0.5e-3, 2e-3, 9), span)
    for options in ({"terms": "all"}, {"terms": "spm+xpm"}, {"terms": "all", "roll_off": 0.1}, {"band": "average"}):
        options = {"terms": "spm+xpm", "accumulation": "incoherent"} | options
        first, second = gn_integral(*line, **options).power, kerr_integral(*line, **options).power
        assert second == pytest.approx(first, rel=1.5e-3)


def test_integral__workers_change_nothing():
    span = plain_span(attenuation=4.6e-5, length=60e3, beta2=-20e-27, gamma=1.2e-3)
    line = (193e12 + 75e9 * np.arange(7), 64e9, 1e-3, span)
    assert np.array_equal(kerr_integral(*line).power, kerr_integral(*line, workers=2).power)


def test_integral__spans_of_unequal_length_add_their_fields():
    # Two halves of a span with no gain between them are the span.
    whole = plain_span(attenuation=4.6e-5, length=80e3, beta2=-20e-27, gamma=1.2e-3)
    first = plain_span(attenuation=4.6e-5, length=30e3, beta2=-20e-27, gamma=1.2e-3)
    z = np.array([0.0, 50e3])
    second = SpanProfile(z, np.exp(-4.6e-5 * (30e3 + z)), -20e-27, 1.2e-3)
    line = 193e12 + 75e9 * np.arange(5), 64e9, 1e-3
    joined = kerr_integral(*line, [first, second], accumulation="coherent").power
    assert joined == pytest.approx(kerr_integral(*line, whole).power, rel=1e-3)


def test_integral__dark_channels_disturb_nobody():
    span = plain_span(attenuation=4.6e-5, length=60e3, beta2=-20e-27, gamma=1.2e-3)
    frequency = 193e12 + 75e9 * np.arange(5)
    power = np.array([1e-3, 0.0, 1e-3, 1e-3, 0.0])
    found = kerr_integral(frequency, 64e9, power, span).power
    alone = kerr_integral(frequency[[0, 2, 3]], 64e9, 1e-3, span).power
    assert found[[0, 2, 3]] == pytest.approx(alone, rel=1e-6)


@pytest.mark.parametrize("name", ["terms", "band", "accumulation"])
def test_integral__refuses_an_unknown_choice(name):
    span = plain_span(attenuation=4.6e-5, length=60e3, beta2=-20e-27, gamma=1.2e-3)
    with pytest.raises(ValueError, match=name):
        kerr_integral([193e12], 32e9, 1e-3, span, **{name: "neither"})


def test_integral__of_dark_channels_is_nothing():
    """Beside the limit: the interference goes with the third power of the launched one."""
    frequency = 193.4e12 + 50e9 * np.arange(3)
    span = plain_span(attenuation=4.605e-5, length=100e3, beta2=-21.68e-27, gamma=1.3e-3)
    dark, faint, full = (kerr_integral(frequency, 32e9, power, span) for power in (0.0, 1e-6, 1e-3))
    assert dark.power.tolist() == dark.error.tolist() == [0.0, 0.0, 0.0]
    np.testing.assert_allclose(faint.power, full.power * 1e-9, rtol=1e-9)
    assert kerr_integral(frequency, 32e9, 0.0, span, channels=[1]).power.tolist() == [0.0]
