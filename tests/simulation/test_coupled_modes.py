"""Direct integration of the coupled-mode equations, and what the random models take from it."""

import math

import numpy as np
import pytest
from scipy import special

from mcfiber.arrays import crosstalk as plain
from mcfiber.simulation.coupled_modes import coupled_mode_fields
from mcfiber.simulation.crosstalk import matched_chain, phase_matching_sines, power_draws

PITCH, RADIUS, BETA = 40e-6, 0.14, 2 * math.pi * 1.4465 / 1.55e-6
PAIR = np.array([[0.0, 1.0], [1.0, 0.0]])
PLACES = np.array([[-PITCH / 2, 0.0], [PITCH / 2, 0.0]])


def integrate(kappa, length, twist, **options):
    arguments = {"propagation_constant": BETA, "bend_radius": RADIUS, "twist_rate": twist} | options
    return np.abs(coupled_mode_fields(PLACES, PAIR * kappa, length, **arguments)) ** 2


def test_straight__detuned_pair_exchanges_part_of_its_power():
    kappa, detuning = 3.0, 8.0
    beat = math.hypot(kappa, detuning / 2)
    length = 0.37
    power = integrate(kappa, length, 0.0, bend_radius=math.inf, offset=[0.0, detuning], phase_per_step=0.001)
    assert power[0, 1] == pytest.approx((kappa / beat) ** 2 * math.sin(beat * length) ** 2, rel=1e-6)


def test_bent__half_a_turn_is_bessel_and_struve():
    # int_0^(pi/gamma) exp(-j x sin(gamma z)) dz = (pi / gamma) (J0(x) - j H0(x)), x = beta pitch / (R gamma)
    twist, kappa = 2 * math.pi * 0.2, 0.0255
    x = BETA * PITCH / RADIUS / twist
    expected = (kappa * math.pi / twist) ** 2 * (special.j0(x) ** 2 + special.struve(0, x) ** 2)
    power = integrate(kappa, math.pi / twist, twist)
    assert power[0, 1] == pytest.approx(expected, rel=1e-3)
    # stationary phase is 1.6 % below: the ends of the integral
    assert power[0, 1] == pytest.approx(1.94067048727744e-06, rel=0.03)
    assert power.sum() == pytest.approx(1.0, rel=1e-10)


@pytest.mark.parametrize("kappa", [5.0, 20.0])
def test_bent__one_strong_point_transfers_as_landau_and_zener(kappa):
    twist = 2 * math.pi * 0.2
    power = integrate(kappa, math.pi / twist, twist)
    part = float(phase_matching_sines(kappa, BETA * PITCH * twist / RADIUS) ** 2)
    # at the ends the cores are detuned by x, not infinitely: amplitudes of kappa / x interfere
    ends = 4 * kappa / (BETA * PITCH / RADIUS) * math.sqrt(part * (1 - part))
    assert abs(power[0, 1] - part) < ends
    assert ends < 0.03


def test_bent__random_phases_give_the_power_coupling():
    twist, kappa, jumps = 2 * math.pi * 2.0, 0.5, 20
    length = jumps * math.pi / twist
    power = integrate(kappa, length, twist, jumps=jumps, draws=400, seed=3, phase_per_step=0.3)[:, 1]
    half_turn = integrate(kappa, math.pi / twist, twist, phase_per_step=0.3)[0, 1]
    error = power.std() / math.sqrt(len(power))
    assert abs(power.mean() - jumps * half_turn) < 3.0 * error
    h = plain.bent_coupling(kappa, RADIUS, BETA, PITCH)
    assert half_turn * twist / math.pi == pytest.approx(float(h), rel=0.1)  # ends of short half turns


def test_bent__many_strong_points_mix_as_a_chain_of_steps():
    twist, points = 2 * math.pi * 0.2, 10
    slope = BETA * PITCH * twist / RADIUS
    length = points * math.pi / twist
    power = integrate(5.0, length, twist, jumps=points, draws=300, seed=5, phase_per_step=0.3)[:, 1]
    chain = matched_chain(PAIR * 5.0, slope, points, 0.0)
    drawn = np.concatenate(list(power_draws(chain, draws=3000, seed=5, core_out=[1])))[:, 0, 0, 0, 0]
    error = math.hypot(power.std() / math.sqrt(300), drawn.std() / math.sqrt(3000))
    assert abs(power.mean() - drawn.mean()) < 3.0 * error
    assert 0.3 < drawn.mean() < 0.45  # far from weak: 10 points of 7 % each


def test_fields__of_more_steps_than_a_machine_counts_are_refused():
    told = r"^length: got 1e\+09 m, over which phases that turn by .* 0.1 rad; allowed: up to 1e\+12"
    with pytest.raises(ValueError, match=told):
        integrate(1.0, 1e9, 0.0)
