"""Lumped amplifier noise against a table computed independently with exact constants."""

import numpy as np
import pytest

from mcfiber.kernels.amplifiers import ase_density, ase_density_excess_gain, ase_density_input_noise


def density(function, noise_figure_db, gain_db):  # type: ignore[no-untyped-def]
    gain, noise_figure = (10 ** (np.array([value]) / 10) for value in (gain_db, noise_figure_db))
    return function(np.array([193.4e12]), gain, noise_figure)[0]


@pytest.mark.parametrize(
    ("noise_figure_db", "gain_db", "exact", "excess", "product"),
    [
        (5.0, 20.0, 4.0395869765142555e-17, 4.011877778222511e-17, 4.052401796184355e-17),
        (5.0, 10.0, 3.9242535994833554e-18, 3.64716161656592e-18, 4.052401796184355e-18),
        (6.0, 17.22, 2.6769387910315135e-17, 2.638736894701446e-17, 2.6897536107016135e-17),
        (4.5, 5.0, 1.01397380859814e-18, 7.809513150447219e-19, 1.1421220052991401e-18),
    ],
)
def test_ase__table(noise_figure_db: float, gain_db: float, exact: float, excess: float, product: float) -> None:
    assert density(ase_density, noise_figure_db, gain_db) == pytest.approx(exact, rel=1e-9)
    assert density(ase_density_excess_gain, noise_figure_db, gain_db) == pytest.approx(excess, rel=1e-9)
    assert density(ase_density_input_noise, noise_figure_db, gain_db) == pytest.approx(product, rel=1e-9)


def test_ase__quantum_limit() -> None:
    # F = 2 - 1/G is full inversion, n_sp = 1: the density is 2 (G - 1) h nu.
    gain = np.array([1.5, 10.0, 100.0])
    frequency = np.full(3, 193.4e12)
    quantum = 6.62607015e-34 * 193.4e12
    np.testing.assert_allclose(ase_density(frequency, gain, 2 - 1 / gain), 2 * (gain - 1) * quantum, rtol=1e-12)


def test_ase__chain_of_amplifiers() -> None:
    # 21 times 18 dB, noise figure 5 dB, 0 dBm: optical signal-to-noise ratio 21.7534 dB in 12.5 GHz.
    total = 21 * density(ase_density, 5.0, 18.0) * 12.5e9
    assert 10 * np.log10(1e-3 / total) == pytest.approx(21.753402943638186, abs=1e-9)
