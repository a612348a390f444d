import warnings

import numpy as np
import pytest
import xarray as xr
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special

from mcfiber import CustomLayout, DescriptionError, HexagonalLayout, MulticoreFiber, RingLayout, SquareLayout
from mcfiber.descriptions.glass import ConstantGlass
from mcfiber.descriptions.profile import StepCore, TrenchAssistedCore
from mcfiber.fiber.coupling import REGIMES, OverlappingTrenchesWarning, core_coupling, supermodes
from mcfiber.fiber.modes import core_modes

STEP = StepCore(radius_um=4.5, delta_percent=0.35)
TRENCH = TrenchAssistedCore(radius_um=4.5, delta_percent=0.37, trench_delta_percent=-0.7)
CLAD = ConstantGlass(index=1.444)


def pair(core, distance=35.0, **values):
    return MulticoreFiber(layout=RingLayout(cores=2, pitch_um=distance), core=core, **values)


def kappa(fiber, **values):
    return core_coupling(fiber, wavelength_nm=1550, **values).mode_coupling.values[0, 1]


@pytest.mark.parametrize(
    ("core", "distance", "exact", "tolerance"),
    [  # half the splitting of the supermodes of two cores: multipole expansion with Graf's theorem, 40 digits
        (STEP, 30, 0.884025276413368, 2e-7),
        (STEP, 35, 0.149316068463716, 1e-8),
        (STEP, 40, 0.0254716338764032, 1e-9),
        (STEP, 45, 0.00437837056382217, 1e-10),
        (TRENCH, 35, 0.00181338247814608, 2e-4),
        (TRENCH, 40, 0.00028879844657731, 4e-6),
        (TRENCH, 45, 4.63522743403636e-05, 1e-7),
    ],
)
def test_equal_cores__exact_supermodes(core, distance, exact, tolerance):
    assert kappa(pair(core, distance)) == pytest.approx(exact, rel=tolerance)


@pytest.mark.parametrize(
    ("trench", "inner", "width", "expected"),
    [(-0.7, 2.0, 1.0, 4.320719573223845e-4), (-0.7, 2.0, 0.6, 2.035285e-3), (-0.35, 2.0, 1.0, 2.360175e-3),
     (-0.7, 1.7, 1.2, 2.3032907825714088e-4)],
)  # fmt: skip
def test_trench__constant_index(trench, inner, width, expected):
    """Four-layer scalar solution of another program, n_clad = 1.444, 40 um, 1550 nm."""
    core = TrenchAssistedCore(
        radius_um=4.5, delta_percent=0.35, trench_delta_percent=trench, trench_inner_ratio=inner,
        trench_width_ratio=width, cladding=CLAD,
    )  # fmt: skip
    assert kappa(pair(core, 40)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("radius", "delta", "mean"), [(4.5, 0.36, 0.13591444896630234), (4.0, 0.42, 0.10628105193508028)]
)
def test_unlike_cores__overlap_by_quadrature(radius, delta, mean):
    core = StepCore(radius_um=[4.5, radius], delta_percent=[0.35, delta], cladding=CLAD)
    assert kappa(pair(core)) == pytest.approx(mean, rel=1e-9)
    modes = core_modes(core, wavelength_nm=1550, cutoffs=False)
    decay, amplitude = modes.exterior_decay.values, np.exp(modes.exterior_log_amplitude.values)
    beta, k = modes.effective_index.values * 2 * np.pi / 1.55e-6, 2 * np.pi / 1.55e-6
    total = 0.0
    for m, n, a, d in ((0, 1, radius * 1e-6, delta), (1, 0, 4.5e-6, 0.35)):
        contrast = 1.444**2 * 2 * d / 100 / (1 - 2 * d / 100)
        u = np.sqrt(k**2 * contrast - decay[n] ** 2)
        inside = amplitude[n] * special.k0(decay[n] * a) / special.j0(u * a)

        def integrand(angle, r, m=m, u=u, inside=inside):
            away = np.sqrt(r * r + 35e-6**2 - 2 * r * 35e-6 * np.cos(angle))
            return inside * special.j0(u * r) * amplitude[m] * special.k0(decay[m] * away) * r

        overlap = 2 * integrate.dblquad(integrand, 0, a, 0, np.pi, epsabs=0, epsrel=1e-9)[0]
        total += k**2 * contrast / (2 * beta[m]) * overlap
    assert kappa(pair(core)) == pytest.approx(total / 2, rel=1e-7)


@pytest.mark.nojit
def test_unlike_cores__tend_to_equal_ones():
    equal = kappa(pair(TRENCH, 40))
    nearly = TRENCH.replace({"delta_percent": [0.37, 0.37 + 1e-7]})
    for form in ("overlap", "midplane"):
        assert kappa(pair(nearly, 40), unlike_cores=form) == pytest.approx(equal, rel=1e-6)


def test_unlike_cores__every_wavelength_is_solved_as_if_alone():
    fiber = pair(StepCore(radius_um=[4.5, 4.0], delta_percent=[0.35, 0.42]))
    band = core_coupling(fiber, wavelength_nm=np.linspace(1530, 1625, 7)).mode_coupling
    assert band.values[0, 1, 3] == pytest.approx(
        core_coupling(fiber, wavelength_nm=1577.5).mode_coupling.values[0, 1], rel=1e-10
    )


@at_most(15)
@given(st.permutations(range(3)))
def test_permuted_cores__permuted_coupling(order):
    places, radii = np.array([[0, 0], [38, 0], [10, 41.0]]), np.array([4.5, 4.3, 4.4])
    fiber = MulticoreFiber(
        layout=CustomLayout(positions_um=places), core=StepCore(radius_um=radii, delta_percent=0.35),
    )  # fmt: skip
    shuffled = MulticoreFiber(
        layout=CustomLayout(positions_um=places[order]), core=StepCore(radius_um=radii[order], delta_percent=0.35),
    )  # fmt: skip
    first, second = (core_coupling(one, wavelength_nm=1550) for one in (fiber, shuffled))
    for name in ("mode_coupling", "power_coupling"):
        matrix = first[name].values
        assert np.array_equal(matrix, matrix.T)
        assert second[name].values == pytest.approx(matrix[np.ix_(order, order)], rel=1e-11)


@given(st.floats(15, 60), st.floats(0.1, 20))
def test_coupling__falls_with_distance(distance, step):
    near, far = pair(STEP, distance), pair(STEP, distance + step)
    assert kappa(near) > kappa(far) > 0


def test_trench_to_nothing__is_a_step():
    for gone in ({"trench_delta_percent": 0.0}, {"trench_width_ratio": 0.0}):
        core = TRENCH.replace(gone | {"delta_percent": 0.35})
        assert kappa(pair(core, 40)) == pytest.approx(kappa(pair(STEP, 40)), rel=1e-9)


def test_power_coupling__homogeneous_and_critical_radius():
    fiber = pair(STEP, 40, correlation_length_m=np.inf)
    found = core_coupling(fiber, wavelength_nm=1550)
    beta = 2 * np.pi * 1.446465913050094 / 1.55e-6
    assert found.power_coupling.values[0, 1] == pytest.approx(2 * kappa(fiber) ** 2 * 0.14 / (beta * 40e-6), rel=1e-12)
    assert np.isinf(found.critical_bend_radius.values).all()
    bent = core_coupling(fiber.replace({"elasto_optic": 1.28}), wavelength_nm=1550)
    assert bent.power_coupling.values[0, 1] == pytest.approx(1.28 * found.power_coupling.values[0, 1], rel=1e-12)
    unlike = pair(StepCore(radius_um=[4.5, 4.0], delta_percent=[0.35, 0.42], cladding=CLAD))
    assert core_coupling(unlike, wavelength_nm=1550).critical_bend_radius.values[0, 1] == pytest.approx(
        0.12888, abs=5e-6
    )


def test_regimes__twist_and_length_enter():
    def regime(distance, length, twist=0.2):
        found = core_coupling(pair(STEP, distance, twist_rate_per_m=twist), wavelength_nm=1550, length_km=length)
        return REGIMES[int(found.coupling_regime.values[0, 1])]

    assert [regime(d, 1) for d in (45, 35, 22, 10.5)] == ["weak", "intermediate", "random", "systematic"]
    assert regime(45, 10_000) == "intermediate"
    assert regime(25, 1, twist=0.2) == "random"
    assert regime(25, 1, twist=2.0) == "intermediate"


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        (RingLayout(cores=6, pitch_um=40), [2, 1, 1, -1, -1, -2]),
        (SquareLayout(cores=4, pitch_um=40), [2, 0, 0, -2]),
        (HexagonalLayout(cores=7, pitch_um=40), [1 + 7**0.5, 1, 1, -1, -1, 1 - 7**0.5, -2]),
    ],
)
def test_supermodes__of_nearest_neighbours(layout, expected):
    fiber = MulticoreFiber(layout=layout, coupling="random", core=STEP, cladding_diameter_um=200)
    found = supermodes(fiber, wavelength_nm=1550)
    # farther neighbours change the shifts by their own kappa, 1e-3 of the nearest
    assert found.supermode_shift.values / kappa(fiber) == pytest.approx(expected, abs=6e-3)
    field = found.supermode_field.values
    assert field.T @ field == pytest.approx(np.eye(len(expected)), abs=1e-12)


def test_supermodes__unlike_cores_stay_apart():
    fiber = pair(StepCore(radius_um=[4.5, 4.0], delta_percent=[0.35, 0.42]))
    found = supermodes(fiber, wavelength_nm=[1550, 1560])
    modes = core_modes(fiber, wavelength_nm=[1550, 1560], cutoffs=False)
    apart = abs(np.diff(modes.effective_index.values, axis=0)[0]) * 2 * np.pi / np.array([1.55e-6, 1.56e-6])
    assert -np.diff(found.supermode_shift.values, axis=-1)[:, 0] == pytest.approx(apart, rel=1e-6)


def test_axes__of_the_layout():
    pitch = xr.DataArray([35.0, 40.0], dims="pitch")
    swept = core_coupling(pair(STEP, pitch), wavelength_nm=1550)
    assert swept.mode_coupling.sel(core_out=0, core_in=1).values == pytest.approx(
        [0.149316068463716, 0.0254716338764032], rel=1e-7
    )


def test_axes__points_at_which_cores_overlap_are_marked():
    radius = xr.DataArray([4.0, 12.0], dims="radius")
    fiber = pair(StepCore(radius_um=[4.0, radius], delta_percent=0.35), 15)
    found = core_coupling(fiber, wavelength_nm=1550)
    assert np.isnan(found.mode_coupling.sel(core_out=0, core_in=1).values).tolist() == [False, True]
    assert np.isnan(found.power_coupling.sel(core_out=0, core_in=1).values).tolist() == [False, True]
    found = supermodes(fiber, wavelength_nm=1550)
    assert np.isnan(found.supermode_shift.isel(supermode=0).values).tolist() == [False, True]


def test_trenches__of_each_pair():
    """Trenches reach to 3 radii: 9 and 13.5 um."""
    small_first = TRENCH.replace({"radius_um": [3.0, 4.5]})
    for core, told in ((small_first, "9 and 13.5 um"), (TRENCH.replace({"radius_um": [4.5, 3.0]}), "13.5 and 9 um")):
        with pytest.warns(OverlappingTrenchesWarning, match=rf"cores 0 and 1 overlap: they reach to {told} at a"):
            kappa(pair(core, 22))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            kappa(pair(core, 23))


def test_refusals_and_warnings():
    with pytest.raises(DescriptionError, match="overlap at a distance of 8 um"):
        pair(STEP, 8)
    with pytest.warns(OverlappingTrenchesWarning, match=r"reach to 13.5 um"):
        kappa(pair(TRENCH, 26))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kappa(pair(TRENCH, 30))
    with pytest.raises(DescriptionError, match="describes 3 cores, but the layout has 2"):
        pair(StepCore(radius_um=[4, 4, 4], delta_percent=0.35))
    with pytest.raises(ValueError, match="no index profile"):
        core_coupling(MulticoreFiber(layout=HexagonalLayout(cores=1)), wavelength_nm=1550)
