"""The closed Gaussian-noise form: published vectors, GNPy's numbers, a naive twin, symmetries."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st

from mcfiber.kernels.nonlinear import gn_closed_form
from mcfiber.typing import FloatArray
from mcfiber.units import PLANCK, SPEED_OF_LIGHT

DATA = Path(__file__).parents[1] / "data"

# The fibre of the vectors: D = 17 ps/(nm km) at 1550 nm, 0.2 dB/km, 1.3 1/(W km), 100 km.
BETA2 = -17e-6 * 1550e-9**2 / (2 * math.pi * SPEED_OF_LIGHT)
ATTENUATION = 0.2e-3 * math.log(10) / 10
FIBRE = {"gamma": 1.3e-3, "beta2": BETA2, "attenuation": ATTENUATION, "length": 1e5}


def interference(frequency: Any, rate: Any = 32e9, power: Any = 1e-3, **fibre: Any) -> FloatArray:
    fibre = FIBRE | fibre
    per_channel = (rate, power, fibre["gamma"], fibre["beta2"], fibre["attenuation"])
    frequency = np.asarray(frequency, dtype=float)
    return gn_closed_form(
        frequency, *(np.broadcast_to(value, frequency.shape) for value in per_channel), fibre["length"]
    )


def comb(count: int, spacing: float = 50e9) -> FloatArray:
    return 193.4e12 + (np.arange(count) - (count - 1) / 2) * spacing


def gnpy(name: str) -> dict[str, Any]:
    record = json.loads((DATA / name).read_text())
    return {key: np.array(value) if isinstance(value, list) else value for key, value in record.items()}


def gnpy_interference(record: dict[str, Any], power: FloatArray) -> FloatArray:
    return interference(
        record["frequency_hz"],
        record["symbol_rate_hz"],
        power,
        gamma=record["gamma_per_w_m"],
        beta2=record["beta2_s2_per_m"],
        attenuation=record["attenuation_per_m"],
        length=record["span_length_m"],
    )


CASES = ["gnpy_3.0.1_c_band_80x32gbd_10x80km.json", "gnpy_3.0.1_c_band_80x32gbd_1x100km.json"]


def test_gn__vectors() -> None:
    # Independent evaluation of arXiv:1209.0394, eqs. (120)-(123), for 41 channels and for one.
    eta = interference(comb(41)) / 1e-9
    assert eta[20] == pytest.approx(954.2042029137301, rel=1e-9)
    assert eta[0] == pytest.approx(666.0091917371044, rel=1e-9)
    assert interference([193.4e12])[0] / 1e-9 == pytest.approx(244.6700938895263, rel=1e-9)


def test_gn__flat_nyquist_spectrum() -> None:
    # 41 channels of 32 GHz without gaps are one channel of 1.312 THz, and the form that of a flat spectrum:
    # Poggiolini et al., J. Lightw. Technol. 32, 694 (2014), eq. (36).
    one = interference([193.4e12], rate=41 * 32e9, power=41e-3)[0] / 41
    assert one / 1e-9 == pytest.approx(1373.074248980579, rel=1e-9)
    assert 10 * math.log10(one / 1e-9 / 1399.9568006242714) == pytest.approx(-0.084, abs=1e-3)  # the integral


def test_gn__close_to_the_integral() -> None:
    # Exact self- and cross-channel integrals (rectangular spectra), converged to 1e-6: 0.16 dB below.
    eta = interference(comb(41)) / 1e-9
    assert 10 * math.log10(eta[20] / 918.5481401813704) == pytest.approx(0.1654, abs=2e-3)
    assert 10 * math.log10(eta[0] / 641.9132674897696) == pytest.approx(0.1601, abs=2e-3)


def test_gn__regression_file_of_gnpy() -> None:
    # oopt-gnpy tests/data/test_fiber_fix_expected_results.csv: 96 x 32 GBd, 80 km between 0.5 dB connectors.
    frequency = 191.35e12 + 50e9 * np.arange(96)
    core, index, reference = 4.2e-6, 1.468, SPEED_OF_LIGHT / 1550e-9
    wave = SPEED_OF_LIGHT / (2 * math.pi * reference * core * index)
    contrast = 0.5 * (wave * math.exp(math.pi * core**2 / 83e-12)) ** 2
    normalised = 2 * math.pi * frequency / SPEED_OF_LIGHT * core * index * math.sqrt(2 * contrast)
    area = math.pi * core**2 / np.log(normalised)
    gamma = 2 * math.pi * 2.6e-20 * frequency / (SPEED_OF_LIGHT * area)
    beta2 = -16.7e-6 * (SPEED_OF_LIGHT / reference) ** 2 / (2 * math.pi * SPEED_OF_LIGHT)
    loss = 10 ** (-0.05)
    nli = interference(frequency, power=1e-3 * loss, gamma=gamma, beta2=beta2, length=80e3)
    # The file lists powers behind the fibre and its second connector.
    assert nli[0] * 10 ** (-1.6) * loss == pytest.approx(1.0570305869494063e-08, rel=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_gn__first_span_of_gnpy(name: str) -> None:
    record = gnpy(name)
    power = np.full(record["frequency_hz"].shape, record["launch_power_w"])
    np.testing.assert_allclose(
        gnpy_interference(record, power),
        record["nli_after_span_1_w"],
        rtol=1e-9,
    )


@pytest.mark.parametrize("name", CASES)
def test_gn__whole_link_of_gnpy(name: str) -> None:
    record = gnpy(name)
    frequency = record["frequency_hz"]
    signal = np.full(frequency.shape, record["launch_power_w"])
    ase, nli = np.zeros_like(signal), np.zeros_like(signal)
    gain = 10 ** (record["gain_db"] / 10)
    loss = math.exp(-record["attenuation_per_m"] * record["span_length_m"])
    noise = 10 ** (record["noise_figure_db"] / 10) * PLANCK * frequency * record["symbol_rate_hz"] * gain
    for _ in range(record["spans"]):
        total = signal + ase + nli
        added = gnpy_interference(record, total)  # the total power drives it ...
        kept = 1 - added / total  # ... and it is taken out of all three parts
        signal, ase, nli = signal * kept, ase * kept, nli * kept + added
        signal, ase, nli = signal * loss * gain, ase * loss * gain + noise, nli * loss * gain
    np.testing.assert_allclose(signal, record["signal_w"], rtol=1e-9)
    np.testing.assert_allclose(ase, record["ase_w"], rtol=1e-9)
    np.testing.assert_allclose(nli, record["nli_w"], rtol=1e-9)


def naive(frequency, rate, power, gamma, beta2, attenuation, length):  # type: ignore[no-untyped-def]
    """Eqs. (120)-(123) letter by letter, on matrices."""
    effective = (1 - np.exp(-attenuation * length)) / attenuation
    mean = abs(beta2[:, None] + beta2) / 2
    reach = np.pi**2 / attenuation * mean * rate[:, None]
    offset = frequency - frequency[:, None]
    psi = np.arcsinh(reach * (offset + rate / 2)) - np.arcsinh(reach * (offset - rate / 2))
    psi *= effective**2 * attenuation / (4 * np.pi * mean)
    weights = 32 / 27 - 16 / 27 * np.eye(frequency.size)
    return gamma**2 * power * (weights * psi * (power / rate) ** 2).sum(axis=1)


@at_most(40)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 30))
def test_gn__naive_twin(seed: int, count: int) -> None:
    draw = np.random.default_rng(seed)
    rate = draw.uniform(20e9, 140e9, count)
    frequency = 190e12 + np.cumsum(rate + draw.uniform(0, 300e9, count))
    inputs = (
        frequency,
        rate,
        draw.uniform(0, 2e-3, count),
        draw.uniform(0.5e-3, 2e-3, count),
        -draw.uniform(2e-27, 30e-27, count),
        draw.uniform(3e-5, 8e-5, count),
        draw.uniform(5e4, 12e4),
    )
    np.testing.assert_allclose(gn_closed_form(*inputs), naive(*inputs), rtol=1e-10)


def test_gn__symmetries() -> None:
    power = np.linspace(0.5e-3, 2e-3, 21)
    base = interference(comb(21), power=power)
    np.testing.assert_allclose(interference(comb(21), power=3 * power), 27 * base, rtol=1e-13)
    np.testing.assert_allclose(interference(comb(21), power=power, gamma=2.6e-3), 4 * base, rtol=1e-13)
    np.testing.assert_allclose(interference(comb(21), power=power, beta2=-BETA2), base, rtol=1e-15)
    mirrored = interference(comb(21), power=power[::-1])[::-1]
    np.testing.assert_allclose(mirrored, base, rtol=1e-12)
    # Frequencies times s and beta2 over s squared leave the interference as it is.
    stretched = interference(193.4e12 + 1.7 * (comb(21) - 193.4e12), 1.7 * 32e9, power, beta2=BETA2 / 1.7**2)
    np.testing.assert_allclose(stretched, base, rtol=1e-11)


def test_gn__dark_channel_is_zero_and_does_not_disturb() -> None:
    power = np.full(11, 1e-3)
    power[4] = 0.0
    nli = interference(comb(11), power=power)
    assert nli[4] == 0.0
    np.testing.assert_allclose(np.delete(nli, 4), interference(np.delete(comb(11), 4), power=1e-3), rtol=1e-13)


def test_gn__block_of_designs_equals_loop() -> None:
    power = np.linspace(0.5e-3, 2e-3, 5)[:, None] * np.ones(7)
    length = np.linspace(5e4, 1e5, 5)
    block = interference(np.broadcast_to(comb(7), (5, 7)), power=power, length=length)
    loop = [interference(comb(7), power=one, length=span) for one, span in zip(power, length, strict=True)]
    np.testing.assert_array_equal(block, loop)


def test_gn__designs_that_share_a_grid_reuse_it_rightly() -> None:
    # Powers, lengths and gammas differ along the block; then the dispersion, the grid and the loss do.
    block = {
        "frequency": np.stack([comb(9)] * 4 + [comb(9, 60e9)] * 2),
        "rate": np.full((6, 9), 32e9),
        "power": np.linspace(1e-3, 2e-3, 54).reshape(6, 9),
        "gamma": np.linspace(1e-3, 1.4e-3, 6)[:, None] * np.ones(9),
        "beta2": np.repeat([BETA2, BETA2, 1.1 * BETA2, 1.1 * BETA2, BETA2, BETA2], 9).reshape(6, 9),
        "attenuation": np.repeat(
            [ATTENUATION, ATTENUATION, ATTENUATION, ATTENUATION, ATTENUATION, 1.1 * ATTENUATION], 9
        ).reshape(6, 9),
        "length": np.linspace(8e4, 1e5, 6),
    }
    together = gn_closed_form(*block.values())
    alone = [gn_closed_form(*(value[k] for value in block.values())) for k in range(6)]
    np.testing.assert_array_equal(together, alone)
