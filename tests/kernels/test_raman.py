"""Raman scattering: closed forms, an independent integrator, conservation laws."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import root

from mcfiber.kernels import raman, silica
from mcfiber.kernels.raman import panel_integration, raman_noise, raman_power, triangular_power
from mcfiber.typing import FloatArray
from mcfiber.units import BOLTZMANN, DB_PER_NEPER, PLANCK, SPEED_OF_LIGHT

DATA = Path(__file__).parents[1] / "data"
ATTENUATION = 0.2e-3 / DB_PER_NEPER
LENGTH = 1e5


def waves(frequency: FloatArray, power: Any, **options: Any) -> FloatArray:
    options = {
        "direction": 1.0,
        "attenuation": ATTENUATION,
        "area": 80e-12,
        "efficiency": silica.raman_efficiency(),
        "step": silica.STEP,
        "photon": 1.0,
        "panel": np.full(2, LENGTH / 2),
        "transmission": 1.0,
        "nodes": 16,
    } | options
    per_wave = (np.broadcast_to(options[k], frequency.shape) for k in ("direction", "attenuation", "area"))
    panel = options["panel"]
    lumped = np.broadcast_to(options["transmission"], panel.shape)
    return raman_power(
        frequency,
        np.broadcast_to(power, frequency.shape),
        *per_wave,
        options["efficiency"],
        options["step"],
        options["photon"],
        panel,
        lumped,
        panel_integration(options["nodes"]),
    )


def decibels(ratio: Any) -> Any:
    return 10 * np.log10(ratio)


# ---------------------------------------------------------------------------------------------------------
# closed form


COMB = (np.arange(51) - 25) * 0.2e12


def test_triangular__vector() -> None:
    # 51 carriers 0.2 THz apart, 0.251 W together, C_r = 0.028 1/(W km THz): independent evaluation.
    profile = triangular_power(COMB, np.full(51, 0.251 / 51), np.full(51, ATTENUATION), 2.8e-17, np.array([LENGTH]))
    gain = decibels(profile[:, 0] / (0.251 / 51)) + 20.0
    expected = [2.859381687407141, -0.421386753882054, -3.7021551950338125]
    np.testing.assert_allclose(gain[[0, 25, 50]], expected, rtol=1e-9)


def test_triangular__is_the_solution_of_the_coupled_equations() -> None:
    # The same linear gain, pump-frequency scaling undone, in the general solver.
    frequency = 193.4e12 + COMB
    position = np.array([LENGTH])
    power = np.linspace(1e-3, 6e-3, 51)
    closed = triangular_power(frequency, power, np.full(51, ATTENUATION), 2.8e-17, position)

    def slope(_: float, log: FloatArray) -> FloatArray:
        gain = 2.8e-17 * (frequency - frequency[:, None])
        result: FloatArray = -ATTENUATION + gain @ np.exp(log)
        return result

    exact = solve_ivp(slope, (0, LENGTH), np.log(power), rtol=1e-10, atol=1e-12, method="DOP853")
    np.testing.assert_allclose(np.log(closed[:, 0]), exact.y[:, -1], atol=1e-8)


def test_triangular__total_power_decays_exponentially() -> None:
    position = np.linspace(0, LENGTH, 5)
    profile = triangular_power(COMB, np.full(51, 4e-3), np.full(51, ATTENUATION), 2.8e-17, position)
    np.testing.assert_allclose(profile.sum(axis=0), 51 * 4e-3 * np.exp(-ATTENUATION * position), rtol=1e-12)


def test_triangular__no_gain_is_pure_loss() -> None:
    position = np.linspace(0, LENGTH, 5)
    profile = triangular_power(COMB, np.full(51, 4e-3), np.full(51, ATTENUATION), 0.0, position)
    np.testing.assert_allclose(profile, 4e-3 * np.exp(-ATTENUATION * position) * np.ones((51, 1)), rtol=1e-13)


# ---------------------------------------------------------------------------------------------------------
# coupled equations


def test_raman__vector_of_the_silica_profile() -> None:
    # Independent integration with the digitised gain of one fibre, 0 to 10 THz (1/(W km)), no area scaling.
    digitised = [0.0, 0.011235161, 0.0347838074, 0.0579356636, 0.080692168, 0.0979845709, 0.110454361,
                 0.118735302, 0.124736889, 0.130110053, 0.141001273, 0.146383247, 0.157011792, 0.170765865,
                 0.188408911, 0.205914127, 0.224074028, 0.247508283, 0.277729174, 0.308044243, 0.334764439,
                 0.356481704]  # fmt: skip
    frequency = 193.4e12 + COMB
    profile = waves(
        frequency,
        0.251 / 51,
        area=1.0,
        efficiency=np.array(digitised) * 1e-3 / 206.184634112792e12,
        step=0.5e12,
    )
    gain = decibels(profile[:, -1, -1] / (0.251 / 51)) + 20.0
    expected = [2.9047087631875463, 1.2366608393402068, -0.46654646332545724, -2.1247463429642295]
    np.testing.assert_allclose(gain[[0, 12, 25, 38]], expected, atol=2e-5)
    assert gain[50] == pytest.approx(-3.9506030286240446, abs=2e-5)


def gnpy_area(frequency: FloatArray) -> FloatArray:
    """Effective area of GNPy's default fibre, 83 um2 at 1550 nm."""
    core, index, reference = 4.2e-6, 1.468, SPEED_OF_LIGHT / 1550e-9
    wave = SPEED_OF_LIGHT / (2 * math.pi * reference * core * index)
    contrast = 0.5 * (wave * math.exp(math.pi * core**2 / 83e-12)) ** 2
    normalised = 2 * math.pi * frequency / SPEED_OF_LIGHT * core * index * math.sqrt(2 * contrast)
    return math.pi * core**2 / np.log(normalised)


def test_raman__span_loss_of_the_c_and_l_band() -> None:
    record = json.loads((DATA / "gnpy_3.0.1_cl_band_180x49gbd_21x86km.json").read_text())
    frequency = np.array(record["frequency_hz"])
    options = {
        "area": gnpy_area(frequency),
        "attenuation": record["attenuation_per_m"],
        "panel": np.full(1, record["span_length_m"]),
        "nodes": 12,
    }
    loss = -decibels(waves(frequency, 1e-3, photon=0.0, **options)[:, -1, -1] / 1e-3)
    # A Runge-Kutta solution with GNPy's gain matrix, and GNPy's own second-order perturbation.
    np.testing.assert_allclose(loss, record["span_loss_db_runge_kutta"], atol=1e-7)
    np.testing.assert_allclose(loss, record["span_loss_db_perturbative"], atol=0.02)
    # GNPy's matrix conserves power.  Conserving photons instead costs the highest channels 0.07 dB.
    photon = -decibels(waves(frequency, 1e-3, photon=1.0, **options)[:, -1, -1] / 1e-3)
    assert photon[-1] - loss[-1] == pytest.approx(0.0743, abs=1e-4)


@at_most(15)
@given(seed=st.integers(0, 2**32 - 1))
def test_raman__conservation_without_loss(seed: int) -> None:
    draw = np.random.default_rng(seed)
    frequency = np.sort(draw.uniform(185e12, 210e12, 12))
    power = draw.uniform(0.0, 30e-3, 12)
    quiet = {"attenuation": 0.0, "panel": np.full(4, 5e3), "nodes": 12}
    photons = (waves(frequency, power, **quiet) / frequency[:, None, None]).sum(axis=0)
    np.testing.assert_allclose(photons, (power / frequency).sum(), rtol=1e-9)
    total = waves(frequency, power, photon=0.0, **quiet).sum(axis=0)
    np.testing.assert_allclose(total, power.sum(), rtol=1e-9)
    assert np.all(np.diff(waves(frequency, power, **quiet).sum(axis=0).ravel()) <= 1e-12)


def test_raman__signs_and_limits() -> None:
    frequency = 193.4e12 + COMB
    profile = waves(frequency, 4e-3)[:, -1, -1] * math.exp(ATTENUATION * LENGTH)
    assert profile[0] > 4e-3 > profile[-1]  # the lowest frequency wins, the highest loses
    assert np.all(np.diff(profile) < 0)
    faint = waves(frequency, 1e-12)[:, -1, -1]
    np.testing.assert_allclose(faint, 1e-12 * math.exp(-ATTENUATION * LENGTH), rtol=1e-9)
    # A channel above feeds the lowest one (others lose more to it than they win); a dark channel stays dark.
    power = np.full(51, 4e-3)
    power[-1] = 0.0
    without = waves(frequency, power)[:, -1, -1]
    assert without[-1] == 0.0
    assert waves(frequency, 4e-3)[0, -1, -1] > without[0]


def test_raman__lumped_loss_in_the_span() -> None:
    # Two panels with 3 dB between them are the second fibre launched with half the power.
    frequency = 193.4e12 + COMB
    panel = np.array([30e3, 50e3])
    together = waves(frequency, 4e-3, panel=panel, transmission=np.array([1.0, 0.5]))
    first = waves(frequency, 4e-3, panel=panel[:1])[:, 0, -1]
    second = waves(frequency, 0.5 * first, panel=panel[1:])[:, 0, -1]
    np.testing.assert_allclose(together[:, 1, -1], second, rtol=1e-9)


def test_raman__pumps_both_ways_against_shooting() -> None:
    frequency = np.array([191e12, 193e12, 195e12, 205e12, 206.5e12])
    power = np.array([20e-3, 20e-3, 20e-3, 0.25, 0.3])
    direction = np.array([1.0, 1.0, 1.0, 1.0, -1.0])
    attenuation = np.array([0.2, 0.2, 0.2, 0.25, 0.25]) * 1e-3 / DB_PER_NEPER
    profile = waves(
        frequency, power, direction=direction, attenuation=attenuation, panel=np.full(4, LENGTH / 4), nodes=16
    )
    pump = np.maximum(frequency, frequency[:, None])
    offset = frequency - frequency[:, None]
    grid = np.arange(silica.raman_efficiency().size) * silica.STEP
    gain = np.interp(abs(offset), grid, silica.raman_efficiency()) * pump / 80e-12
    gain = np.where(offset > 0, gain, -gain * (frequency[:, None] / frequency))

    def slope(_: float, log: FloatArray) -> FloatArray:
        result: FloatArray = direction * (gain @ np.exp(log) - attenuation)
        return result

    # Shot from the start, an independent integrator arrives at the same powers, the launched pump among them.
    start = np.log(profile[:, 0, 0])
    np.testing.assert_allclose(start[direction > 0], np.log(power[direction > 0]), atol=1e-12)
    exact = solve_ivp(slope, (0, LENGTH), start, rtol=1e-11, atol=1e-12, method="DOP853")
    np.testing.assert_allclose(np.log(profile[:, -1, -1]), exact.y[:, -1], atol=1e-7)
    assert exact.y[-1, -1] == pytest.approx(math.log(power[-1]), abs=1e-7)


def test_raman__backward_is_forward_mirrored() -> None:
    frequency = 193.4e12 + COMB[::5]
    power = np.linspace(1e-3, 5e-3, frequency.size)
    forward = waves(frequency, power)
    backward = waves(frequency, power, direction=-1.0)
    np.testing.assert_allclose(backward, forward[:, ::-1, ::-1], rtol=1e-9)


def test_raman__nan_where_the_iteration_cannot_settle() -> None:
    profile = waves(np.array([193e12, 206e12]), np.array([1e-3, 1e4]))
    assert np.isnan(profile).all()


# ---------------------------------------------------------------------------------------------------------
# spontaneous emission


@pytest.mark.parametrize(
    ("on_off_db", "quanta", "noise_figure_db"),
    [
        (5.0, 2.0212967008852827, -0.198066235416698),
        (10.0, 6.953134135950496, -0.9946169276265114),
        (15.0, 19.592971977864565, -1.8628097147596858),
    ],
)
def test_noise__undepleted_backward_pump(on_off_db: float, quanta: float, noise_figure_db: float) -> None:
    # Quadrature of the closed profile: 0.2 and 0.25 dB/km, 100 km, full inversion.
    frequency = np.array([193e12, 206e12])
    attenuation = np.array([0.2, 0.25]) * 1e-3 / DB_PER_NEPER
    effective = -math.expm1(-attenuation[1] * LENGTH) / attenuation[1]
    pump = 0.3
    efficiency = np.array([0.0, on_off_db / DB_PER_NEPER / effective / pump]) * 80e-12 / frequency[1]
    fibre = {"attenuation": attenuation, "efficiency": efficiency, "step": 13e12}
    # A signal too faint to deplete the pump, and a cold fibre.
    profile = waves(frequency, np.array([1e-15, pump]), direction=np.array([1.0, -1.0]), nodes=20, **fibre)
    panel = np.full(2, LENGTH / 2)
    density = raman_noise(
        frequency, profile, np.array([0.0, 1.0]), 1e-3, np.full(2, 80e-12), efficiency, 13e12, panel,
        panel_integration(20),
    )  # fmt: skip
    assert density[0] / (PLANCK * frequency[0]) == pytest.approx(quanta, rel=1e-6)
    gain = profile[0, -1, -1] / profile[0, 0, 0] * math.exp(attenuation[0] * LENGTH)
    assert decibels(gain) == pytest.approx(on_off_db, abs=1e-7)
    equivalent = (density[0] / (PLANCK * frequency[0]) + 1) / gain
    assert decibels(equivalent) == pytest.approx(noise_figure_db, abs=1e-6)  # below 0 dB: no clipping


@pytest.mark.parametrize(("offset", "quanta"), [(5e12, 1.8161531834509201), (13.2e12, 1.137703070839349)])
def test_noise__grows_with_temperature(offset: float, quanta: float) -> None:
    frequency = np.array([193e12, 193e12 + offset])
    profile = waves(frequency, np.array([1e-15, 0.1]))
    panel = np.full(2, LENGTH / 2)
    warm, cold = (
        raman_noise(frequency, profile, np.array([0.0, 1.0]), temperature, np.full(2, 80e-12),
              silica.raman_efficiency(), silica.STEP, panel, panel_integration(16))[0]
        for temperature in (300.0, 1e-3)
    )  # fmt: skip
    assert warm / cold == pytest.approx(quanta, rel=1e-9)


def test_noise__anti_stokes_is_colder_by_the_boltzmann_factor() -> None:
    # A strong wave below emits upwards with n, one above emits downwards with 1 + n: ratio exp(h df / k T).
    offset, temperature = 8e12, 300.0
    down = np.array([193e12, 193e12 + offset])
    panel = np.full(2, LENGTH / 2)

    def emission(emitting: FloatArray) -> FloatArray:
        return raman_noise(down, np.full((2, 2, 16), 1e-3), emitting, temperature, np.full(2, 80e-12),
                     silica.raman_efficiency(), silica.STEP, panel, panel_integration(16)) / down  # fmt: skip

    stokes = emission(np.array([0.0, 1.0]))[0]
    anti_stokes = emission(np.array([1.0, 0.0]))[1] * down[0] / down[1]
    assert stokes / anti_stokes == pytest.approx(math.exp(PLANCK * offset / (BOLTZMANN * temperature)), rel=1e-9)


# ---------------------------------------------------------------------------------------------------------
# strong pumps, against shooting


FIVE = [(1425.0, 0.24), (1435.0, 0.24), (1445.0, 0.24), (1455.0, 0.24), (1465.0, 0.24)]
STRONG = {
    "0.25 W": ([(1450.0, 0.25)], [-1.0], ()),
    "0.5 W": ([(1450.0, 0.5)], [-1.0], ()),
    "0.8 W": ([(1450.0, 0.8)], [-1.0], ()),
    "0.85 W": ([(1450.0, 0.85)], [-1.0], ()),
    "0.9 W": ([(1450.0, 0.9)], [-1.0], ()),
    "1 W": ([(1450.0, 1.0)], [-1.0], ()),
    "1.5 W": ([(1450.0, 1.5)], [-1.0], ()),
    "2 W": ([(1450.0, 2.0)], [-1.0], ()),
    "five of 0.24 W": (FIVE, [-1.0] * 5, ()),
    "forward and backward": ([(1450.0, 0.8), (1430.0, 0.5)], [-1.0, 1.0], ()),
    "lumped losses": ([(1450.0, 1.0)], [-1.0], ((30e3, 0.7), (50e3, 0.8))),
}


def pumped(pumps: Any, signs: Any, lumped: Any, channels: int) -> tuple[FloatArray, ...]:
    signal = 193.4e12 + (np.arange(channels) - channels / 2) * 4e12 / channels
    frequency = np.concatenate([signal, SPEED_OF_LIGHT / (1e-9 * np.array([nm for nm, _ in pumps]))])
    power = np.concatenate([np.full(channels, 40e-3 / channels), [watt for _, watt in pumps]])
    direction = np.concatenate([np.ones(channels), signs])
    attenuation = np.concatenate([np.full(channels, 0.2), np.full(len(pumps), 0.25)]) * 1e-3 / DB_PER_NEPER
    panel = np.diff([0.0, *(place for place, _ in lumped), 80e3])
    return frequency, power, direction, attenuation, panel, np.array([1.0, *(part for _, part in lumped)])


def shot(
    frequency: FloatArray,
    power: FloatArray,
    direction: FloatArray,
    attenuation: FloatArray,
    panel: FloatArray,
    transmission: FloatArray,
    nodes: FloatArray,
) -> FloatArray:
    """Powers at the nodes of the panels: what leaves a backward pump's far end is found by Newton's method."""
    offset = frequency - frequency[:, None]
    grid = np.arange(silica.raman_efficiency().size) * silica.STEP
    gain = np.interp(abs(offset), grid, silica.raman_efficiency(), right=0.0) / 80e-12
    gain *= np.maximum(frequency, frequency[:, None])
    gain = np.where(offset > 0, gain, -gain * (frequency[:, None] / frequency))
    back = direction < 0

    def slope(_: float, log: FloatArray) -> FloatArray:
        result: FloatArray = direction * (gain @ np.exp(log) - attenuation)
        return result

    def walk(left: FloatArray, launched: FloatArray, tolerance: float) -> FloatArray:
        log = np.where(back, 0.0, np.log(launched))
        log[back] = left
        found = np.empty((log.size, panel.size, nodes.size))
        for number, (length, passed) in enumerate(zip(panel, transmission, strict=True)):
            log = log + direction * math.log(passed)
            way = solve_ivp(slope, (0, length), log, "DOP853", 0.5 * length * (1 + nodes), rtol=tolerance, atol=1e-13)
            found[:, number], log = way.y, way.y[:, -1]
        return found

    left = np.log(1e-2 * power[back] * np.exp(-attenuation[back] * panel.sum()))
    for share in (0.01, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0):
        launched = np.where(back, share * power, power)

        def missed(x: FloatArray, launched: FloatArray = launched) -> FloatArray:
            result: FloatArray = walk(x, launched, 1e-11)[back, -1, -1] - np.log(launched[back])
            return result

        found = root(missed, left, tol=1e-11)
        assert np.abs(missed(found.x)).max() < 1e-8
        left = found.x
    return np.exp(walk(left, power, 1e-12))


@pytest.mark.parametrize("case", STRONG if raman.raman_power.compiled is not raman.raman_power.__wrapped__ else ["1 W"])
def test_raman__strong_pumps_against_shooting(case: str) -> None:
    frequency, power, direction, attenuation, panel, transmission = pumped(*STRONG[case], channels=6)
    options = {"direction": direction, "attenuation": attenuation, "panel": panel, "transmission": transmission}
    profile = waves(frequency, power, nodes=20, **options)
    nodes = -np.cos(np.pi * np.arange(20) / 19)
    expected = shot(frequency, power, direction, attenuation, panel, transmission, nodes)
    np.testing.assert_allclose(profile, expected, rtol=1e-6)


def test_raman__newton_agrees_with_successive_approximation() -> None:
    frequency, power, direction, attenuation, panel, transmission = pumped([(1450.0, 0.5)], [-1.0], (), channels=4)
    options = {"direction": direction, "attenuation": attenuation, "panel": panel, "transmission": transmission}
    profile = waves(frequency, power, nodes=20, **options)
    matrix = np.empty((5, 5))
    raman._gain_matrix(frequency, np.full(5, 80e-12), silica.raman_efficiency(), silica.STEP, 1.0, matrix)
    base, exchange, again, rate = (np.zeros((5, 20)) for _ in range(4))
    weights = panel_integration(20)
    raman._without_raman(power, direction, attenuation, panel, transmission, weights, base)
    assert raman._continued(power, direction, panel, weights, matrix, base, exchange, again, rate)
    np.testing.assert_allclose(again, profile.reshape(5, 20), rtol=1e-9)
