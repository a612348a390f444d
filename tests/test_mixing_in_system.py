"""Random coupling inside an evaluation: mode dispersion in the interference, draws of the penalty."""

import numpy as np
import pytest
import systems

import mcfiber as mcf
from mcfiber.evaluate import records
from mcfiber.simulation.penalties import loop_scatter


def mode_dispersion(system):
    return records(system)[0].medium.mode_dispersion


def test_evaluate__mode_dispersion_lowers_the_interference():
    known = systems.random().replace({"fiber.spatial_mode_dispersion_ps_per_sqrt_km": 5.0})
    off = known.replace({"models.mode_dispersion": False}).evaluate()
    on = known.evaluate()
    ratio = on.nli_power / off.nli_power
    assert 0.4 < float(ratio.min()) <= float(ratio.max()) < 0.95
    np.testing.assert_array_equal(on.ase_power, off.ase_power)
    half = known.replace({"fiber.spatial_mode_dispersion_definition": "2sigma"})
    assert mode_dispersion(half) * 2 == mode_dispersion(known)
    assert bool((half.evaluate().nli_power > on.nli_power).all())
    assert mode_dispersion(systems.weak()) is None


def test_evaluate__draws():
    system = systems.random().replace(
        {"fiber.spatial_mode_dispersion_ps_per_sqrt_km": 5.0, "link.mode_dependent_loss_rms_db": 0.8}
    )
    mean, drawn = system.evaluate(), system.evaluate(draws=80, seed=3)
    assert drawn.sizes["draw"] == 80
    assert "draw" in drawn.snr.dims
    assert "draw" not in drawn.gsnr.dims
    np.testing.assert_allclose(drawn.mdl_penalty.mean("draw"), mean.mdl_penalty, rtol=0.02)
    np.testing.assert_array_equal(drawn.snr.isel(draw=slice(20)), system.evaluate(draws=20, seed=3).snr)
    receiver = drawn.mdl_penalty / drawn.gsnr + 1 / drawn.snr_trx
    np.testing.assert_allclose(receiver * drawn.snr, 1, rtol=1e-12)
    # without mode dispersion a channel is one realisation: wider
    wide = system.replace({"fiber.spatial_mode_dispersion_ps_per_sqrt_km": None}).evaluate(draws=80, seed=3)
    assert float(wide.mdl_penalty.std("draw").mean()) > 2 * float(drawn.mdl_penalty.std("draw").mean())


def test_evaluate__draws_leave_uncoupled_cores_alone():
    assert "draw" not in systems.weak().evaluate(draws=5, seed=1).dims


def test_evaluate__draws_of_a_loop_scatter_by_its_factor():
    # Without mode dispersion a channel is one draw, so the factor is all that sets the two apart.
    system = mcf.load("nict-2025-1808km").system.replace(
        {"fiber.spatial_mode_dispersion_ps_per_sqrt_km": None, "link.mode_dependent_loss_rms_db": 0.3}
    )
    loop = system.replace({"link.repeat": "same"})
    spread = []
    for one in (loop, system):
        drawn = one.evaluate(draws=40, seed=5)
        rate = np.log2(1.0 + drawn.gsnr / drawn.mdl_penalty)
        spread.append(float(rate.std("draw").mean() / drawn.mode_dependent_loss_effective**2))
    assert spread[0] / spread[1] == pytest.approx(loop_scatter(38, 21), rel=0.05)
