import json
import math
from pathlib import Path

import numpy as np
import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st

from mcfiber.kernels import mode_loss as mixing

DB = 10.0 / math.log(10.0)
second_order = mixing.second_order_penalty


def haar(random, draws, modes):
    parts = random.standard_normal((2, draws, modes, modes))
    q, r = np.linalg.qr(parts[0] + 1j * parts[1])
    phase = np.diagonal(r, axis1=1, axis2=2)
    return q * (phase / np.abs(phase))[:, None, :]


def test_accumulated_loss__law_for_any_number_of_modes():
    # 64 spans with uniform gains and Haar mixing, drawn once and kept: (D, xi dB) -> (rms dB, standard error)
    drawn = {
        (2, 5): (5.3536, 0.0151),
        (2, 15): (22.7314, 0.0529),
        (4, 10): (12.0428, 0.0233),
        (38, 5): (5.2637, 0.0051),
    }
    for (modes, xi_db), (rms_db, error) in drawn.items():
        xi, effective, rms, _ = mixing.accumulated_loss(np.full(64, xi_db / DB / 8), 64.0, 64.0, modes, 1.0)
        assert effective == pytest.approx(xi, rel=1e-12)
        assert xi * DB == pytest.approx(xi_db, rel=1e-12)
        # 64 spans are not the limit of many: the largest values fall short by about 1 %
        assert rms * DB == pytest.approx(rms_db, abs=4 * error + 0.011 * rms_db * (xi_db > 5))


@pytest.mark.nojit
def test_accumulated_loss__many_modes_is_ho_and_kahn():
    _, _, rms, _ = mixing.accumulated_loss([0.3, 0.4], 2.0, 2.0, 1e6, 1.0)
    assert rms == pytest.approx(math.sqrt(0.25 * (1 + 0.25 / 12)), rel=1e-12)


def test_growth__same_fibre_every_lap_against_draws():
    modes, laps, draws = 6, 20, 1500
    random = np.random.default_rng(7)
    gain = np.linspace(-1, 1, modes)
    gain /= gain.std()
    mixing_matrix = haar(random, draws, modes)
    total = np.zeros((draws, modes, modes), dtype=complex)
    power = np.broadcast_to(np.eye(modes), total.shape)
    for _ in range(laps):
        power = mixing_matrix @ power
        total += power.conj().swapaxes(1, 2) @ (gain[:, None] * power)
    variance = np.sum(np.abs(total) ** 2, axis=(1, 2)) / modes
    error = variance.std() / math.sqrt(draws)
    assert abs(variance.mean() - mixing.growth(laps, modes, "same")) < 4 * error
    assert abs(variance.mean() - mixing.growth(laps, modes)) > 20 * error


@given(st.integers(1, 200), st.integers(2, 64))
def test_growth__lies_between_the_laws(spans, modes):
    same = mixing.growth(spans, modes, "same")
    assert mixing.growth(spans, modes) <= same * (1 + 1e-12) <= spans**2 * (1 + 1e-9)
    assert mixing.growth(1, modes, "same") == 1


@pytest.mark.nojit
def test_noise_growth__limits():
    assert mixing.noise_growth(17, 8) == 17
    assert mixing.noise_growth(1, 8, "same") == 1
    # linear accumulation: variance as the square of the distance, mean 1/3, twice that
    assert mixing.noise_growth(400, 2, "same") / mixing.growth(400, 2, "same") == pytest.approx(2 / 3, rel=0.01)
    assert mixing.noise_growth(5, 64, "same") == pytest.approx(5, rel=0.01)


@pytest.mark.parametrize(
    ("modes", "drawn", "error"),  # 1104.4527's ensemble, drawn once and kept
    [(4, 2.6111, 0.0035), (8, 3.1132, 0.0022), (14, 3.3861, 0.0015), (24, 3.5750, 0.0028), (38, 3.6829, 0.0021)],
)
def test_expected_spread__draws(modes, drawn, error):
    assert abs(mixing.expected_spread(modes) - drawn) < 4 * error


def test_expected_spread__limits():
    assert mixing.expected_spread(2) == pytest.approx(2 * math.sqrt(8 / (3 * math.pi)), abs=1e-7)  # Maxwellian DGD
    spreads = [mixing.expected_spread(modes) for modes in (2, 4, 8, 16, 32, 64)]
    assert np.all(np.diff(spreads) > 0)
    assert spreads[-1] < 4  # semicircle
    # Tracy-Widom: mean edge 2 sqrt(D) - 1.7711 D^(-1/6), in units where the rms is sqrt(D)
    assert spreads[-1] == pytest.approx(4 - 2 * 1.7710868 * 64 ** (-2 / 3), rel=2e-3)


@pytest.mark.nojit
@pytest.mark.parametrize(
    ("snr_db", "xi_db", "expected_db"),  # draws: 38 modes, 21 to 60 spans, dB
    [(10, 4.58, 7.70), (3, 4.58, 1.28), (6, 3.87, 4.52), (6, 7.75, 0.86)],
)
def test_mdl_penalty__draws(snr_db, xi_db, expected_db):
    penalty = mixing.tabulated_penalty(10 ** (snr_db / 10), xi_db / DB, "mmse", 38)
    assert snr_db - 10 * math.log10(penalty) == pytest.approx(expected_db, abs=0.05)


@pytest.mark.parametrize(
    # rates in bit per mode, 21 spans with the noise behind each span's loss, (mmse, optimal, standard error)
    ("modes", "snr_db", "span_db", "mmse", "optimal", "error"),
    [
        (2, 10, 0.5, 3.3009, 3.3419, 0.0005), (2, 20, 1.0, 5.8933, 6.1233, 0.002),
        (8, 10, 0.5, 3.2863, 3.3399, 0.0003), (8, 20, 1.5, 4.6696, 5.3998, 0.0026),
        (38, 10, 1.5, 2.0106, 2.4791, 0.0012), (38, 20, 1.0, 5.7835, 6.1015, 0.0008),
    ],
)  # fmt: skip
def test_mdl_penalty__draws_of_21_spans(modes, snr_db, span_db, mmse, optimal, error):
    xi, snr = span_db / DB * math.sqrt(21), 10 ** (snr_db / 10)
    later = math.exp(xi**2 / 42)  # noise behind the loss of a span, not evenly inside it
    linear = math.log2(1 + snr / later / mixing.tabulated_penalty(snr / later, xi, "mmse", modes))
    # the same for the optimal receiver, to second order: w = 1 - (K - 1)(2K - 1)/(6 K^2) in place of 2/3
    shift = xi**2 / (2 * math.log(2)) * (1 / 3 - 20 * 41 / (6 * 21**2)) * (snr / (1 + snr)) ** 2
    best = math.log2(1 + snr / mixing.tabulated_penalty(snr, xi, "optimal", modes)) - shift
    # neither correction holds at fourth order
    assert linear == pytest.approx(mmse, abs=4 * error + 0.001 + 0.006 * xi**4)
    assert best == pytest.approx(optimal, abs=4 * error + 0.001 + 0.006 * xi**4)


@pytest.mark.parametrize(("modes", "draws"), [(4, 1200), (12, 150)])
def test_mdl_penalty__draws_of_many_spans(modes, draws):
    """Haar matrices, uniform gains, half of the noise before and half behind a span's loss, direct solution."""
    spans, xi, snr = 32, 5.5 / DB, 10.0
    random = np.random.default_rng(11)
    gain = np.linspace(-1, 1, modes)
    gain = np.exp(gain / gain.std() * xi / math.sqrt(spans) / 2)
    eye = np.eye(modes)
    channel, noise = eye + np.zeros((draws, 1, 1)), np.zeros((draws, modes, modes))
    for _ in range(spans):
        step = gain[:, None] * haar(random, draws, modes)
        noise = step @ (noise + eye / (2 * spans)) @ step.conj().swapaxes(1, 2) + eye / (2 * spans)
        channel = step @ channel
        power = np.sum(np.abs(channel) ** 2, axis=(1, 2)) / modes
        channel = channel / np.sqrt(power)[:, None, None]
        noise = (noise - eye / (2 * spans)) / power[:, None, None] + eye / (2 * spans)
    received = eye + snr * channel.conj().swapaxes(1, 2) @ np.linalg.solve(noise, channel)
    rates = {
        "mmse": -np.log(np.diagonal(np.linalg.inv(received), axis1=1, axis2=2).real).mean(axis=1),
        "optimal": np.linalg.slogdet(received)[1] / modes,
    }
    for receiver, rate in rates.items():
        expected = math.log1p(snr / mixing.tabulated_penalty(snr, xi, receiver, modes))
        # standard error of these draws and of the table (0.02 dB), and 0.5 % for 32 spans in place of many
        assert abs(rate.mean() - expected) < 4 * rate.std() / math.sqrt(draws) + 0.004 + 0.005 * expected


def test_mdl_penalty__second_order_law():
    snr = 10 ** (np.arange(3, 31, 3.0) / 10)
    for xi_db, tolerance in ((1, 0.004), (2, 0.012), (3, 0.03), (4, 0.08), (5, 0.25)):
        law, table = second_order(snr, xi_db / DB), mixing.tabulated_penalty(snr, xi_db / DB, "mmse", 38)
        assert np.max(np.abs(10 * np.log10(law / table))) < tolerance


@pytest.mark.nojit
def test_mdl_penalty__exact_at_small_loss():
    for modes in (2, 4, 8, 16, 38):
        snr = np.array([0.1, 1.0, 10.0, 100.0])
        slope = np.log(mixing.tabulated_penalty(snr, 0.01, "mmse", modes)) / 1e-4
        exact = 1 / 2 - 1 / (3 * (1 + snr)) - snr / (6 * (modes + 1) * (1 + snr))
        np.testing.assert_allclose(slope, exact, rtol=0.01)
        slope = np.log(mixing.tabulated_penalty(snr, 0.01, "optimal", modes)) / 1e-4
        np.testing.assert_allclose(slope, (1 + 2 * snr) / (6 * (1 + snr)), rtol=0.01)


@at_most(60)
@given(st.sampled_from(mixing.RECEIVERS), st.integers(1, 50), st.floats(-60, 80))
def test_mdl_penalty__rises_from_one(receiver, cores, snr_db):
    penalty = mixing.tabulated_penalty(10 ** (snr_db / 10), np.linspace(0, 3.5, 300), receiver, 2 * cores)
    assert penalty[0] == 1
    assert np.all(np.diff(penalty) > 0)


@at_most(60)
@given(st.sampled_from([2, 4, 6, 38]), st.floats(-20, 44), st.floats(0, 2.76))
def test_mdl_penalty__order_of_receivers(modes, snr_db, xi):
    snr = 10 ** (snr_db / 10)
    optimal, mmse, forcing = (
        float(mixing.tabulated_penalty(snr, xi, receiver, modes)) for receiver in ("optimal", "mmse", "zero_forcing")
    )
    assert optimal <= mmse * (1 + 1e-9)
    assert mmse <= forcing * 1.01  # two different computations: a table of draws and a law


@pytest.mark.nojit
def test_mdl_penalty__ends():
    for receiver in mixing.RECEIVERS:
        penalty = mixing.tabulated_penalty(np.array([0.0, np.inf]), 0.5, receiver, 38)
        assert np.all(np.isfinite(penalty))
        assert np.all(penalty >= 1)
        assert np.all(
            np.isnan(mixing.tabulated_penalty(np.array([np.nan, 1.0]), np.array([0.5, np.nan]), receiver, 38))
        )


def test_mdl_penalty__shipped_table_and_its_record():
    record = json.loads((Path(__file__).parents[2] / "validation" / "mmse_penalty.json").read_text())
    worst = record["largest_standard_error_db_up_to_rms"]
    assert worst["mmse"]["8 dB"] < 0.025
    assert worst["optimal"]["8 dB"] < 0.025
    shipped = mixing._shipped_table()
    assert [str(int(count)) for count in shipped["modes"]] == list(record["draws"])
    assert np.all(np.isfinite(shipped["table"]))
    assert np.all(shipped["spread"] > 0)
