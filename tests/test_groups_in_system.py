"""Groups of randomly coupled cores beside weakly coupled neighbours, from the description to the result."""

import math

import numpy as np
import pytest
import systems
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

import mcfiber as mcf
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.groups import group_sizes
from mcfiber.fiber.groups import between_groups
from mcfiber.fiber.medium import FiberMedium
from mcfiber.line.crosstalk import crosstalk
from mcfiber.line.line import plain_line
from mcfiber.line.mode_loss import grouped_loss, mode_dependent_loss
from mcfiber.line.power import PowerProfile
from mcfiber.studies.launch import optimize_launch

SPECTRUM = mcf.Spectrum(groups=[{"band": "C", "channels": 2, "spacing_ghz": 100, "symbol_rate_gbd": 64}])


def assert_equal(first: xr.Dataset, second: xr.Dataset, rtol: float = 0.0) -> None:
    assert set(first.data_vars) == set(second.data_vars)
    for name, array in first.data_vars.items():
        one, other = xr.broadcast(array, second[name])
        np.testing.assert_allclose(other.transpose(*one.dims), one, rtol=rtol, err_msg=str(name))


# ---------------------------------------------------------------------------------------------------------
# limits


def test_groups__one_of_all_cores_is_random_coupling():
    random = systems.random(fiber__spatial_mode_dispersion_ps_per_sqrt_km=5.0)
    one = random.replace({"fiber.coupling": "groups", "fiber.groups": [list(range(19))]})
    for options in ({}, {"draws": 3, "seed": 2}):
        assert_equal(random.evaluate(**options), one.evaluate(**options))
    assert_equal(random.evaluate().mcf.limits(), one.evaluate().mcf.limits())
    assert one.replace({"fiber.coupling": "random", "fiber.groups": None}).fiber == random.fiber


@pytest.mark.parametrize("quantile", [None, 1e-3])
def test_groups__of_one_core_are_weak_coupling(quantile):
    weak = systems.weak().replace({"models.crosstalk_probability": quantile})
    apart = weak.replace({"fiber.coupling": "groups", "fiber.groups": [[3], [0], [1], [6], [2], [4], [5]]})
    assert_equal(weak.evaluate(), apart.evaluate(draws=3, seed=1), rtol=1e-13)
    assert_equal(weak.evaluate().mcf.limits(), apart.evaluate().mcf.limits(), rtol=1e-13)
    assert_equal(weak.evaluate().mcf.ladder(), apart.evaluate().mcf.ladder(), rtol=1e-13)


@pytest.mark.parametrize("options", [{}, {"draws": 3, "seed": 2}])
def test_groups__their_order_means_nothing(options):
    system = systems.groups()
    other = system.replace({"fiber.groups": [[6, 4, 5], [2, 1, 3], [0]]})
    assert_equal(system.evaluate(**options), other.evaluate(**options), rtol=1e-13)


def test_groups__without_crosstalk_are_fibres_of_their_own():
    """A group of three without neighbours gives what three coupled cores of its own fibre give."""
    quiet = {"link.span.fan_in_crosstalk_db": None, "link.span.fan_out_crosstalk_db": None}
    system = systems.groups().replace({"fiber.crosstalk.crosstalk_db": -149.0, **quiet})
    whole = system.evaluate()
    assert float(whole.crosstalk.max()) < 1e-13
    alone = system.replace(
        {
            "fiber.layout": {"kind": "ring", "cores": 3, "pitch_um": 42.0},
            "fiber.coupling": "random",
            "fiber.groups": None,
            "fiber.crosstalk": None,
            "fiber.attenuation_db_per_km": 0.19,
        }
    ).evaluate()
    single = system.replace(
        {
            "fiber.layout": {"kind": "hexagonal", "cores": 1},
            "fiber.coupling": "weak",
            "fiber.groups": None,
            "fiber.crosstalk": None,
            "fiber.attenuation_db_per_km": 0.21,
            "link.mode_dependent_loss_rms_db": 0.0,
        }
    ).evaluate()
    for name in ("ase_power", "nli_power", "gsnr", "mdl_penalty", "mode_dependent_loss_rms", "snr", "net_rate"):
        for core, expected in ((2, alone[name]), (0, single[name])):
            found = whole[name].isel(core=core)
            assert found.values == pytest.approx(np.broadcast_to(expected, found.shape), rel=1e-10), name


# ---------------------------------------------------------------------------------------------------------
# crosstalk between groups


def test_crosstalk__is_that_of_infinitely_strong_mixing_inside_groups():
    groups, length, spans = ((0, 3), (1, 2, 5), (4,)), 8e4, 5
    rng = np.random.default_rng(7)
    h = rng.uniform(1e-8, 1e-6, (6, 6))
    h = h + h.T
    inside = np.array([[any({i, j} <= set(group) for group in groups) for j in range(6)] for i in range(6)])
    strong = np.where(inside, 1.0, h)  # mixes within metres
    np.fill_diagonal(strong, 0.0)
    transfer = expm((strong - np.diag(strong.sum(axis=1))) * length * spans)
    expected = [transfer[i][~inside[i]].sum() / transfer[i][inside[i]].sum() for i in range(6)]
    coupling = between_groups(xr.Variable(("core_out", "core_in"), h), groups)
    glass = FiberMedium(0.0, -2e-26, 1e-3, 8e-11, coupling, 6, 3, groups=groups)
    found = crosstalk(plain_line(length, spans), glass, PowerProfile(1.0, 1.0, 0.0, length, 1.0))
    np.testing.assert_allclose(found, expected, rtol=2e-5)  # h inside is 1e6 times that between
    assert max(expected) > 0.3


def test_crosstalk__of_two_pairs_of_cores():
    """Every core has one neighbour in the other pair: tanh(h L), and the measurement is inverted exactly."""
    fiber = mcf.MulticoreFiber(
        layout={"kind": "square", "cores": 4, "pitch_um": 40.0},
        coupling="groups",
        groups=[[0, 1], [2, 3]],
        crosstalk={"crosstalk_db": -12.0, "length_km": 10.0, "definition": "total_from_neighbours"},
    )
    pairs = mcf.mean_crosstalk(fiber, SPECTRUM, length_km=10.0)
    np.testing.assert_allclose(pairs.sum("core_in"), 10**-1.2, rtol=1e-12)
    np.testing.assert_array_equal(pairs.values[:2, :2], 0.0)
    far = mcf.mean_crosstalk(fiber, SPECTRUM, length_km=10.0, spans=3).sum("core_in")
    np.testing.assert_allclose(far, math.tanh(3 * math.atanh(10**-1.2)), rtol=1e-12)
    with pytest.raises(ValueError, match="core_directions: is known for cores that are received one by one"):
        mcf.mean_crosstalk(fiber, SPECTRUM, length_km=10.0, direction=[1, 1, -1, -1])
    with pytest.raises(ValueError, match="received together"):
        mcf.draw_crosstalk(fiber, length_km=1, frequency_ghz=[0.0], draws=1, seed=1)


def test_crosstalk__neighbours_of_groups_are_their_nearest_cores():
    """Two clusters of close cores, far apart: the cores that face each other couple, and groups share it."""
    fiber = mcf.MulticoreFiber(
        layout={"kind": "custom", "positions_um": [[-30, 0], [-20, 0], [20, 0], [30, 0]]},
        coupling="groups",
        groups=[[0, 1], [2, 3]],
        crosstalk={"crosstalk_db": -40.0, "length_km": 10.0, "definition": "pair"},
    )
    pairs = mcf.mean_crosstalk(fiber, SPECTRUM, length_km=10.0)
    # one pair of the four couples, with 1e-4; each core has the mean of two cores' crosstalk
    np.testing.assert_allclose(pairs.sum("core_in"), 0.5e-4, rtol=1e-3)


def test_crosstalk__within_a_group_is_no_noise():
    apart = systems.weak().replace({"fiber.attenuation_db_per_km": 0.2})
    grouped = systems.groups(fiber__attenuation_db_per_km=0.2).replace({"fiber.crosstalk.definition": "pair"})
    weak = apart.replace({"fiber.crosstalk.definition": "pair"}).evaluate().crosstalk
    found = grouped.evaluate().crosstalk
    assert bool((found.isel(core=slice(1, 7)) < weak.isel(core=slice(1, 7))).all())
    np.testing.assert_allclose(found.isel(core=[1, 2]), found.isel(core=[3, 3]), rtol=1e-13)


def test_crosstalk__computed_from_a_profile():
    fiber = {
        "layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 30.0},
        "core": {"kind": "step", "radius_um": 4.5, "delta_percent": 0.35},
        "cladding_diameter_um": 187.0,
    }
    weak = mcf.MulticoreFiber(**fiber)
    grouped = weak.replace({"coupling": "groups", "groups": [[0], [1, 2, 3], [4, 5, 6]]})
    one = mcf.mean_crosstalk(weak, SPECTRUM, length_km=1e-5)
    other = mcf.mean_crosstalk(grouped, SPECTRUM, length_km=1e-5)
    mean = between_groups(one, grouped.groups)
    np.testing.assert_allclose(other, mean.transpose(*other.dims), rtol=1e-3)


# ---------------------------------------------------------------------------------------------------------
# the rest of the budget


def test_groups__interference_and_loss_have_the_size_of_each_group():
    system = systems.groups(models__mode_dispersion=False, fiber__attenuation_db_per_km=0.2)
    found = system.evaluate()
    np.testing.assert_allclose(found.nli_power.isel(core=1) / found.nli_power.isel(core=0), 3 / 7, rtol=1e-13)
    loss = mode_dependent_loss(1.0 / 4.342944819, modes=6, spans=4)
    np.testing.assert_allclose(found.mode_dependent_loss_rms[1:], float(loss.rms), rtol=1e-8)
    assert float(found.mode_dependent_loss_rms[0]) == 0.0
    assert float(found.mdl_penalty.isel(core=0).max()) == 1.0
    assert float(found.mdl_penalty.isel(core=slice(1, 7)).min()) > 1.0


def test_groups__format_correction_is_for_cores_that_are_alone():
    models = {"models.nonlinear_interference": "isrs_gn", "models.raman": "silica"}
    plain = systems.groups().replace(models).evaluate().nli_power
    formed = systems.groups().replace(models | {"models.format_correction": True}).evaluate().nli_power
    np.testing.assert_array_equal(plain.isel(core=slice(1, 7)), formed.isel(core=slice(1, 7)))
    assert bool((formed.isel(core=0) < plain.isel(core=0)).all())


def test_groups__are_drawn_apart():
    system = systems.groups()
    mean, drawn = system.evaluate(), system.evaluate(draws=200, seed=3)
    penalty = drawn.mdl_penalty.isel(channel=0)
    np.testing.assert_allclose(penalty.isel(core=1) / penalty.isel(core=2), 1, rtol=1e-13)
    assert abs(np.corrcoef(penalty.isel(core=1), penalty.isel(core=4))[0, 1]) < 4 / math.sqrt(200)
    np.testing.assert_array_equal(penalty.isel(core=0), 1.0)
    np.testing.assert_allclose(drawn.mdl_penalty.mean("draw"), mean.mdl_penalty.transpose("core", "channel"), rtol=0.02)
    np.testing.assert_array_equal(drawn.snr.isel(draw=slice(20)), system.evaluate(draws=20, seed=3).snr)


def test_groups__limits_and_ladder():
    system = systems.groups()
    result = system.evaluate()
    limits, ladder = result.mcf.limits(), result.mcf.ladder()
    np.testing.assert_allclose(limits.noise_share.sum("limit"), 1, rtol=1e-12)
    even = system.replace({"link.mode_dependent_loss_rms_db": 0.0}).evaluate()
    perfect = system.replace({"transceiver.snr_db": math.inf}).evaluate()
    without = limits.total_net_rate_without
    assert float(without.sel(limit="mode_dependent_loss")) == pytest.approx(float(even.total_net_rate), rel=1e-12)
    assert float(without.sel(limit="transceiver")) == pytest.approx(float(perfect.total_net_rate), rel=1e-12)
    np.testing.assert_array_equal(limits.noise_share.sel(limit="mode_dependent_loss").isel(core=0), 0.0)
    assert float(ladder.ladder_total.sel(rung="decoded")) == pytest.approx(float(result.total_net_rate), rel=1e-12)
    assert (ladder.ladder_loss >= -1e-9).all()
    assert mcf.System(**system.to_dict()).evaluate().identical(result)


SPLITS = st.permutations(range(7)).flatmap(
    lambda cores: st.sets(st.integers(1, 6)).map(
        lambda cuts: [list(part) for part in np.split(np.array(cores), sorted(cuts))]
    )
)


@given(SPLITS)
def test_groups__any_of_them_give_an_ordered_result(groups):
    groups = [[int(core) for core in group] for group in groups]
    changes = {"fiber.groups": groups, "fiber.attenuation_db_per_km": 0.2}
    if len(groups) == 1:
        quiet = {"link.span.fan_in_crosstalk_db": None, "link.span.fan_out_crosstalk_db": None}
        changes |= {"fiber.crosstalk": None} | quiet
    if len(groups) == 7:
        changes["link.mode_dependent_loss_rms_db"] = 0.0
    result = systems.groups().replace(changes).evaluate()
    sizes = xr.DataArray(list(group_sizes(groups)), dims="core")
    assert (result.mdl_penalty >= 1).all()
    assert (result.snr < result.gsnr).all()
    assert (result.crosstalk >= 0).all()
    # the measured total is that of the group that has most, as it is that of the core of weakly coupled ones
    most = 10**-3.8 * 320 / 76.8 * 10 ** (0.1 * (float(result.wavelength.max()) - 1550) / 10) + 4 * (10**-5.5 + 1e-6)
    assert float(result.crosstalk.max()) == pytest.approx(most if len(groups) > 1 else 0.0, rel=0.01)
    nli, size = (array.values for array in xr.broadcast(result.nli_power.isel(channel=0), sizes))
    order = np.argsort(size, kind="stable")
    assert (np.diff(nli[order]) <= 1e-12 * nli.max()).all()  # larger groups have less interference per core


def test_optimum__takes_groups_of_one_size():
    pairs = {"fiber.groups": [[0, 1, 2, 3, 4, 5, 6]], "fiber.crosstalk": None, "fiber.attenuation_db_per_km": 0.2}
    quiet = {"link.span.fan_in_crosstalk_db": None, "link.span.fan_out_crosstalk_db": None}
    best = optimize_launch(systems.groups().replace(pairs | quiet), by="flat")
    assert best.value == pytest.approx(float(best.result.total_net_rate), rel=1e-6)
    with pytest.raises(DescriptionError, match=r"fiber\.groups: launch powers are optimised for groups of one size"):
        optimize_launch(systems.groups(), by="flat")


# ---------------------------------------------------------------------------------------------------------
# sources of mode-dependent loss


def test_loss__sources_add_as_variances():
    number = systems.random(link__mode_dependent_loss_rms_db=1.3)
    sources = {"fan_in": 0.3, "fan_out": 0.4, "amplifier": 1.2, "splices": 0.0, "fiber": 0.0}
    table = systems.random(link__mode_dependent_loss_rms_db=sources)
    assert_equal(number.evaluate(), table.evaluate(), rtol=1e-13)


def test_loss__a_source_may_be_an_axis():
    values = xr.DataArray([0.3, 1.2], dims="amplifier")
    system = systems.random(link__mode_dependent_loss_rms_db={"fan_in": 0.5, "amplifier": 1.0})
    swept = system.replace({"link.mode_dependent_loss_rms_db.amplifier": values}).evaluate()
    plain = systems.random(link__mode_dependent_loss_rms_db=1.3).evaluate()
    np.testing.assert_allclose(swept.mdl_penalty.isel(amplifier=1), plain.mdl_penalty, rtol=1e-13)
    assert bool((swept.snr.isel(amplifier=0) > swept.snr.isel(amplifier=1)).all())


def test_loss__of_a_core_alone_beside_groups_is_none():
    loss = grouped_loss(0.1, (2, 1, 2), spans=16)
    np.testing.assert_allclose(loss.sum, [0.4, 0.0, 0.4], rtol=1e-14)
    assert float(grouped_loss(0.1, (1, 1), spans=16).sum) == pytest.approx(0.4)


def test_optimum__of_a_loop_has_the_loss_of_the_evaluation():
    loop = systems.random(link__repeat="same", link__mode_dependent_loss_rms_db=2.0)
    best = optimize_launch(loop, by="flat")
    assert best.value == pytest.approx(float(best.result.total_net_rate), rel=1e-6)
