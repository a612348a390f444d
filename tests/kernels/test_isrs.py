"""Interference with Raman tilt: the authors' code, split-step-checked integrals, GNPy, limits."""

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from mcfiber.kernels.isrs import (
    coherence_exponent,
    fitted_profile,
    format_correction_closed_form,
    isrs_gn_closed_form,
    tilted_profile,
)
from mcfiber.kernels.raman import panel_integration, raman_power
from mcfiber.kernels.silica import STEP, raman_efficiency
from mcfiber.typing import FloatArray
from mcfiber.units import SPEED_OF_LIGHT

DATA = Path(__file__).parents[1] / "data"


def spread(count: int, *values: Any) -> tuple[FloatArray, ...]:
    return tuple(np.broadcast_to(np.asarray(value, dtype=float), (count,)) for value in values)


def profile(attenuation: FloatArray, rate: FloatArray, terms: int = 2) -> tuple[FloatArray, FloatArray]:
    result: tuple[FloatArray, FloatArray] = tilted_profile(attenuation, attenuation, rate, sizes={"term": terms})
    return result


# ---------------------------------------------------------------------------------------------------------
# the published code

RECORD = json.loads((DATA / "isrsgnmodel_1.0_octave_7.3_251_channels.json").read_text())
OFFSET = np.array(RECORD["fi_Hz"], dtype=float)


def published_case(power: float, raman: float, *, light: float = 3e8) -> tuple[FloatArray, ...]:
    """Case of 251 channels over 10 THz; the code's own speed of light is 3e8 m/s."""
    wavelength, dispersion, slope = 1550e-9, 17e-6, 67.0
    beta2 = -dispersion * wavelength**2 / (2 * math.pi * light)
    beta3 = wavelength**2 / (2 * math.pi * light) ** 2 * (wavelength**2 * slope + 2 * wavelength * dispersion)
    alpha, total = RECORD["inputs"]["Att_Np_m"], power * OFFSET.size
    attenuation, rate, launched, gamma = spread(OFFSET.size, alpha, 40.004e9, power, 1.2e-3)
    coefficient, decay = profile(attenuation, raman * total * OFFSET)
    per_channel = beta2 + 2 * math.pi * beta3 * OFFSET
    own, cross = isrs_gn_closed_form(OFFSET, rate, launched, gamma, per_channel, coefficient, decay)
    return own / power**3, cross / power**3, coherence_exponent(rate, per_channel, attenuation, 1e5)


@pytest.mark.parametrize(
    ("name", "power", "raman"),
    [
        ("fig5a_eta_1span_0dBm", 1e-3, 2.8e-17),
        ("fig5a_eta_1span_2dBm", 1e-3 * 10**0.2, 2.8e-17),
        ("fig5a_eta_1span_noISRS", 1e-3, 0.0),
    ],
)
def test_isrs__one_span_of_the_published_code(name: str, power: float, raman: float) -> None:
    own, cross, _ = published_case(power, raman)
    np.testing.assert_allclose(own + cross, RECORD[name], rtol=1e-9)


@pytest.mark.parametrize("raman", [2.8e-17, 0.0])
def test_isrs__six_spans_of_the_published_code(raman: float) -> None:
    own, cross, epsilon = published_case(1e-3, raman)
    label = "ISRS" if raman else "noISRS"
    coherent = own * 6 ** (1 + epsilon) + 6 * cross
    np.testing.assert_allclose(coherent, RECORD[f"fig6_eta_6span_coherent_{label}"], rtol=1e-9)
    np.testing.assert_allclose(6 * (own + cross), RECORD[f"fig6_eta_6span_incoherent_{label}"], rtol=1e-9)


@pytest.mark.parametrize(
    ("power", "exact", "closed", "tolerance_db"),
    [
        # Converged integrals of the same case (two solvers agree to 3e-6), channels 0, 25, 75 ... 250.
        (0.0, [599.357, 899.365, 1023.127, 1110.144, 1179.397, 1192.830, 825.215],
         [589.955, 871.988, 993.009, 1076.809, 1142.170, 1150.914, 810.044], 0.16),
        (1e-3, [940.015, 1297.253, 1204.569, 1084.162, 972.039, 844.740, 559.062],
         [884.788, 1235.147, 1191.058, 1080.577, 950.583, 791.717, 523.279], 0.3),
        (1e-3 * 10**0.2, [1238.496, 1600.855, 1300.658, 1053.047, 870.397, 712.159, 467.851],
         [1101.440, 1494.608, 1325.759, 1090.532, 860.538, 644.880, 417.483], 0.55),
    ],
)  # fmt: skip
def test_isrs__within_its_error_of_the_integral(
    power: float, exact: list[float], closed: list[float], tolerance_db: float
) -> None:
    launched, raman = (power, 2.8e-17) if power else (1e-3, 0.0)
    own, cross, _ = published_case(launched, raman, light=SPEED_OF_LIGHT)
    eta = (own + cross)[[0, 25, 75, 125, 175, 225, 250]]
    np.testing.assert_allclose(eta, closed, rtol=1e-6)
    assert np.abs(10 * np.log10(eta / exact)).max() < tolerance_db


# ---------------------------------------------------------------------------------------------------------
# one fibre, no tilt: 17 ps/(nm km), 0.2 dB/km, 1.3 1/(W km), 100 km

BETA2 = -17e-6 * 1550e-9**2 / (2 * math.pi * SPEED_OF_LIGHT)
BETA3 = 1550e-9**3 * 2 * 17e-6 / (2 * math.pi * SPEED_OF_LIGHT) ** 2  # the dispersion D has no slope
ALPHA = 0.2e-3 * math.log(10) / 10


def comb(count: int) -> FloatArray:
    return 193.4e12 + (np.arange(count) - (count - 1) / 2) * 50e9


def line(
    frequency: FloatArray, power: Any = 1e-3, tilt: Any = 0.0, *, beta2: Any = BETA2, rate: Any = 32e9
) -> tuple[FloatArray, FloatArray]:
    attenuation, tilts, rates, powers, gamma, dispersion = spread(
        frequency.size, ALPHA, tilt, rate, power, 1.3e-3, beta2
    )
    result: tuple[FloatArray, FloatArray] = isrs_gn_closed_form(
        frequency, rates, powers, gamma, dispersion, *profile(attenuation, tilts)
    )
    return result


def test_isrs__vectors_without_tilt() -> None:
    dispersion = BETA2 + 2 * math.pi * BETA3 * (comb(41) - 193.4e12)
    own, cross = (part / 1e-9 for part in line(comb(41), beta2=dispersion))
    assert own[20] + cross[20] == pytest.approx(947.2848005748317, rel=1e-9)
    assert own[0] + cross[0] == pytest.approx(658.7219267471093, rel=1e-9)
    assert own[20] == pytest.approx(243.0339176621294, rel=1e-9)
    epsilon = coherence_exponent(*spread(41, 32e9, BETA2, ALPHA), 1e5)
    assert epsilon[20] == pytest.approx(0.17859098335095547, rel=1e-9)
    assert 10 ** (1 + epsilon[20]) * own[20] + 10 * cross[20] == pytest.approx(10709.061018181072, rel=1e-9)


def test_isrs__coherence_of_a_whole_spectrum() -> None:
    # The same exponent for a flat spectrum of 41 slots of 50 GHz; it falls with bandwidth, length and dispersion.
    assert coherence_exponent(*spread(1, 41 * 50e9, BETA2, ALPHA), 1e5)[0] == pytest.approx(0.03716, abs=5e-6)
    base = coherence_exponent(*spread(1, 32e9, BETA2, ALPHA), 1e5)[0]
    assert coherence_exponent(*spread(1, 64e9, BETA2, ALPHA), 1e5)[0] < base
    assert coherence_exponent(*spread(1, 32e9, 2 * BETA2, ALPHA), 1e5)[0] < base
    assert coherence_exponent(*spread(1, 32e9, BETA2, ALPHA), 2e5)[0] < base


def test_isrs__cross_term_is_the_integral_over_the_phase_mismatch() -> None:
    # |int rho exp(j Phi z) dz|^2 by quadrature for a profile of three exponentials, interferer far away.
    frequency = np.array([193e12, 195e12])
    attenuation = np.array([ALPHA, 1.1 * ALPHA])
    coefficient, decay = profile(attenuation, np.array([-1e-5, 3e-5]), terms=3)
    rate, power, gamma, beta2 = spread(2, 50e9, 1e-3, 1.3e-3, BETA2)
    _, cross = isrs_gn_closed_form(frequency, rate, power, gamma, beta2, coefficient, decay)

    def squared(offset: float) -> float:
        phase = 4 * math.pi**2 * BETA2 * 2e12 * offset
        return float(abs((coefficient[1] / (decay[1] - 1j * phase)).sum()) ** 2)

    width = 0.5 * 50e9
    area, _ = quad(squared, -width, width, points=[0.0], epsabs=0.0, epsrel=1e-12, limit=200)
    expected = 32 / 27 * 1.3e-3**2 * 1e-9 / 50e9 * area
    assert cross[0] == pytest.approx(expected, rel=1e-9)


def test_isrs__profile_terms_follow_the_exponent() -> None:
    position = np.linspace(0, 1e5, 50)
    exact = np.exp(-ALPHA * position + 1.5e-5 * (-np.expm1(-ALPHA * position)) / ALPHA)
    errors = []
    for terms in (2, 3, 4, 5):
        coefficient, decay = profile(*spread(1, ALPHA, -1.5e-5), terms=terms)
        errors.append(np.abs(coefficient[0] @ np.exp(-np.outer(decay[0], position)) - exact).max())
    assert errors[0] < 0.06
    assert all(after < 0.25 * before for before, after in itertools.pairwise(errors))


@at_most(20)
@given(seed=st.integers(0, 2**32 - 1))
def test_isrs__properties(seed: int) -> None:
    draw = np.random.default_rng(seed)
    count = int(draw.integers(2, 15))
    rate = draw.uniform(30e9, 130e9, count)
    frequency = 190e12 + np.cumsum(rate + draw.uniform(0, 2e11, count))
    power, tilt = draw.uniform(1e-4, 2e-3, count), draw.uniform(-2e-5, 2e-5, count)
    beta2 = -draw.uniform(5e-27, 25e-27, count)
    own, cross = line(frequency, power, tilt, beta2=beta2, rate=rate)
    assert np.all(own > 0)
    assert np.all(cross > 0)
    flipped = line(frequency, power, tilt, beta2=-beta2, rate=rate)
    np.testing.assert_allclose(flipped[0] + flipped[1], own + cross, rtol=1e-13)
    scaled = line(frequency, 2 * power, tilt, beta2=beta2, rate=rate)
    np.testing.assert_allclose(scaled[0] + scaled[1], 8 * (own + cross), rtol=1e-13)
    dark = line(frequency, np.where(np.arange(count) == 1, 0.0, power), tilt, beta2=beta2, rate=rate)
    assert dark[0][1] == dark[1][1] == 0.0
    assert np.all(np.delete(dark[1], 1) < np.delete(cross, 1))
    assert np.all(coherence_exponent(rate, beta2, *spread(count, ALPHA), 1e5) >= 0)


# ---------------------------------------------------------------------------------------------------------
# fitted profiles, and GNPy over the C and L bands


def gnpy_span() -> tuple[dict[str, Any], FloatArray, FloatArray]:
    record = json.loads((DATA / "gnpy_3.0.1_cl_band_180x49gbd_21x86km.json").read_text())
    record = {key: np.array(value) if isinstance(value, list) else value for key, value in record.items()}
    frequency = record["frequency_hz"]
    core, index, reference = 4.2e-6, 1.468, SPEED_OF_LIGHT / 1550e-9
    wave = SPEED_OF_LIGHT / (2 * math.pi * reference * core * index)
    contrast = 0.5 * (wave * math.exp(math.pi * core**2 / 83e-12)) ** 2
    normalised = 2 * math.pi * frequency / SPEED_OF_LIGHT * core * index * math.sqrt(2 * contrast)
    area = math.pi * core**2 / np.log(normalised)
    one, attenuation, power = spread(frequency.size, 1.0, record["attenuation_per_m"], 1e-3)
    panel, integration = np.array([record["span_length_m"]]), panel_integration(12)
    # GNPy's gain matrix conserves power, so that is asked for here.
    powers = raman_power(frequency, power, one, attenuation, area, raman_efficiency(), STEP, 0.0, panel, np.ones(1),
                   integration)  # fmt: skip
    exponentials = fitted_profile(powers, attenuation, panel, integration, sizes={"term": 3})
    return record, powers, exponentials


def test_fit__follows_the_profile() -> None:
    record, powers, (coefficient, decay) = gnpy_span()
    position = 0.5 * record["span_length_m"] * panel_integration(12).sum(axis=1)
    fit = (coefficient[:, None, :] * np.exp(-decay[:, None, :] * position[:, None])).sum(axis=-1)
    assert np.abs(fit - powers[:, 0, :] / 1e-3).max() < 5e-4
    np.testing.assert_allclose(coefficient.sum(axis=1), 1.0, atol=5e-4)


def test_fit__reproduces_a_sum_of_exponentials() -> None:
    panel, integration = np.array([40e3, 60e3]), panel_integration(14)
    position = 0.5 * integration.sum(axis=1)
    places = np.concatenate([40e3 * position, 40e3 + 60e3 * position])
    exact = np.array([[1.3, -0.5, 0.2], [0.7, 0.4, -0.1], [0.0, 0.0, 0.0]])
    attenuation = np.array([4e-5, 5e-5, 5e-5])
    powers = (exact[:, :, None] * np.exp(-attenuation[:, None, None] * np.arange(1, 4)[:, None] * places)).sum(axis=1)
    coefficient, decay = fitted_profile(powers.reshape(3, 2, 14), attenuation, panel, integration, sizes={"term": 3})
    np.testing.assert_allclose(coefficient, exact, atol=1e-9)
    np.testing.assert_allclose(decay[:, 1], 2 * attenuation)


def test_isrs__one_span_of_gnpy_over_c_and_l_band() -> None:
    record, _, exponentials = gnpy_span()
    count = record["frequency_hz"].size
    rate, power = spread(count, record["symbol_rate_hz"], record["launch_power_w"])
    own, cross = isrs_gn_closed_form(
        record["frequency_hz"], rate, power, record["gamma_per_w_m"], record["beta2_s2_per_m"], *exponentials
    )
    nli = own + cross
    # Its double integral over the Raman profile, 11 channels: the closed form is within 0.05 dB.
    integral = record["ggn_spectrally_separated"]
    chosen = integral["channels"]
    assert np.abs(10 * np.log10(nli[chosen] / integral["nli_after_span_1_w"])).max() < 0.05
    kept = json.loads((DATA.parents[1] / "validation" / "gnpy_c_and_l.json").read_text())
    over = 10 * np.log10(nli[chosen] / integral["nli_after_span_1_w"])
    np.testing.assert_allclose(kept["db_over_ggn_spectrally_separated"]["three fitted terms"], over, atol=1e-3)
    # Its own approximation of that integral is 0.5 dB lower in the L band.
    assert np.abs(10 * np.log10(nli / record["ggn_approx"]["nli_after_span_1_w"])).max() < 0.6


# ---------------------------------------------------------------------------------------------------------
# modulation format


@pytest.mark.parametrize(
    ("spacing", "spans", "numeric", "closed", "tolerance"),
    [
        # EGN cross-channel integral by quadrature, per unit of excess kurtosis, and the closed form.
        (50e9, 1, 71.45297249139207, 79.60460287046067, 0.12),
        (100e9, 1, 37.97946057180457, 40.700546627914775, 0.12),
        (500e9, 1, 8.109397855605648, 8.299662908012067, 0.12),
        (50e9, 10, 369.1102909748396, 412.8320481159253, 0.12),
        (100e9, 10, 202.54345251579326, 213.1090979249775, 0.12),
        (500e9, 10, 58.654239545012345, 44.12601023180923, 0.26),
        (100e9, 40, 709.4568345021435, 730.3347518161645, 0.12),
    ],
)
def test_format__pair(spacing: float, spans: int, numeric: float, closed: float, tolerance: float) -> None:
    frequency = np.array([193.4e12, 193.4e12 + spacing])
    dispersion = BETA2 + 2 * math.pi * BETA3 * np.array([0.0, spacing])
    rate, power, gamma, beta2, attenuation = spread(2, 32e9, 1e-3, 1.3e-3, dispersion, ALPHA)
    near, far = format_correction_closed_form(
        frequency, rate, power, gamma, beta2, *profile(attenuation, np.zeros(2)), np.ones(2), 1e5
    )
    correction = (near[0] + (spans * far[0] if spans > 1 else 0.0)) / 1e-9
    assert correction == pytest.approx(closed, rel=1e-6)
    assert correction == pytest.approx(numeric, rel=tolerance)


def test_format__gaussian_symbols_need_none() -> None:
    rate, power, gamma, beta2, attenuation = spread(5, 32e9, 1e-3, 1.3e-3, BETA2, ALPHA)
    near, far = format_correction_closed_form(
        comb(5), rate, power, gamma, beta2, *profile(attenuation, np.zeros(5)), np.zeros(5), 1e5
    )
    assert not near.any()
    assert not far.any()


def test_format__first_part_is_five_sixths_of_the_cross_term() -> None:
    rate, power, gamma, beta2, attenuation = spread(5, 32e9, 1e-3, 1.3e-3, BETA2, ALPHA)
    exponentials = profile(attenuation, np.linspace(-1e-5, 1e-5, 5))
    _, cross = isrs_gn_closed_form(comb(5), rate, power, gamma, beta2, *exponentials)
    near, far = format_correction_closed_form(comb(5), rate, power, gamma, beta2, *exponentials, np.full(5, -1.0), 1e5)
    np.testing.assert_allclose(near, -5 / 6 * cross, rtol=1e-13)
    assert np.all(far < 0)
