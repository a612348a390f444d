"""Modes against exact solutions: 40-digit Bessel transfer matrices, Kummer's function, quadrature."""

import math

import mpmath as mp
import numpy as np
import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize, special

from mcfiber.kernels.cutoff import cutoff_at_cladding_index, guided_modes, practical_cutoff
from mcfiber.kernels.modes import lp_modes

SILICA = np.array([0.6961663, 0.4079426, 0.8974794, 0.0684043e-6, 0.1162414e-6, 9.896161e-6])  # Malitson 1965
NAMES = ("n_eff", "n_g", "dispersion", "slope", "area", "petermann", "gaussian", "confinement", "decay", "amplitude")

STEP = ([4.5e-6], [0.0035])
TRENCH = ([4.5e-6, 9e-6, 13.5e-6], [0.0037, 0.0, -0.007])


def glasses(rings, glass=SILICA):
    return np.tile(glass, (rings + 1, 1))


def constant(index):
    return np.array([index**2 - 1, 0, 0, 0, 0, 0])


def solve(radius, delta, wavelength, order=0, number=1, exponent=np.inf, glass=SILICA):
    out = lp_modes(
        order, number, np.atleast_1d(wavelength), np.asarray(radius), np.asarray(delta), exponent,
        glasses(len(radius), glass),
    )  # fmt: skip
    return dict(zip(NAMES, out, strict=True))


# wavelength nm, n_eff, n_g, D ps/(nm km), dD/dl ps/(nm^2 km), A_eff um^2, Petermann II um, power in the core:
# mpmath Bessel transfer matrix with 40 digits, confirmed by a radial spectral-element solver to 1.5e-14 in n_eff.
EXACT = {
    "step": (STEP, [
        (1300, "1.449898663906889", "1.467480890533568", 1.3980300467335154, 0.0864713076443622,
         67.77307853591375, 9.167899030694704, 0.8612324068251633),
        (1450, "1.447856622126902", "1.467807260043631", 12.582257454915508, 0.06492422896682644,
         76.20285225618325, 9.828503061611585, 0.8210963633718145),
        (1530, "1.446746639645037", "1.468168895325031", 17.48254344126225, 0.05798685904940636,
         81.39206096937716, 10.211025309563821, 0.7978315463842371),
        (1550, "1.446465913050094", "1.468277166562936", 18.628246259970453, 0.05660436697037799,
         82.77584438843735, 10.310264024457013, 0.7918253016676597),
        (1565, "1.446254426267735", "1.468362833811175", 19.470052754318537, 0.05564756920752469,
         83.83790801406352, 10.385682978994712, 0.7872723256182372),
        (1600, "1.445757646812664", "1.468577219417434", 21.38198650679201, 0.053661071538188825,
         86.40014294485582, 10.565051452794707, 0.7764911304347798),
        (1625, "1.445399819649696", "1.468742461159881", 22.70787899407004, 0.05243581769531054,
         88.30559659829233, 10.696164732366336, 0.768658408585765),
    ]),
    "trench": (TRENCH, [
        (1300, "1.450143551302325", "1.467892085987926", 2.8217448687447226, 0.09122091133533425,
         65.04337840250119, 8.913545335972296, 0.8757700882507475),
        (1450, "1.448078136261732", "1.4683000250574", 14.818027700369417, 0.0709357276053959,
         71.60836839110162, 9.42547401953321, 0.8441657375609384),
        (1530, "1.446951630011795", "1.468721214061326", 20.219381717244772, 0.06447514296559134,
         75.32068906760951, 9.69878741122984, 0.8269205129005113),
        (1550, "1.446666254697926", "1.468846285911138", 21.49579913848311, 0.06318571962892537,
         76.26972441712893, 9.766980646906601, 0.8225916744307467),
        (1565, "1.446451136189644", "1.468945070908077", 22.43680288271528, 0.06229146898879649,
         76.98675739229922, 9.818073546801697, 0.8193431026114185),
        (1600, "1.445945380157186", "1.469191813763552", 24.583495489068316, 0.06042611749616662,
         78.6768678258883, 9.937087857045642, 0.8117615860800863),
        (1625, "1.445580693517309", "1.469381686163322", 26.079362415741482, 0.05926567403538025,
         79.89825043261264, 10.02190066930601, 0.806349211761582),
    ]),
}  # fmt: skip


@pytest.mark.parametrize("case", EXACT)
@pytest.mark.parametrize("band", [slice(0, 7), slice(2, 7), slice(3, 4)], ids=["wide", "C+L", "one"])
def test_lp01__exact(case, band):
    (radius, delta), rows = EXACT[case]
    nm, n_eff, n_g, dispersion, slope, area, petermann, core = (
        np.array(column, dtype=float) for column in zip(*rows[band], strict=True)
    )
    found = solve(radius, delta, nm * 1e-9)
    np.testing.assert_allclose(found["n_eff"], n_eff, rtol=0, atol=3e-14)
    np.testing.assert_allclose(found["n_g"], n_g, rtol=0, atol=5e-14)
    np.testing.assert_allclose(found["dispersion"] * 1e6, dispersion, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found["slope"] * 1e-3, slope, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found["area"] * 1e12, area, rtol=1e-11)
    np.testing.assert_allclose(found["petermann"] * 1e6, petermann, rtol=1e-12)
    np.testing.assert_allclose(found["confinement"], core, rtol=1e-12)


@pytest.mark.nojit
def test_lp11__exact():
    found = [solve(radius, delta, 1300e-9, order=1)["n_eff"][0] for radius, delta in (STEP, TRENCH)]
    assert found == pytest.approx([1.44723669057143, 1.447238344182415], abs=5e-14)


@pytest.mark.nojit
def test_normalised_step__characteristic_equation():
    """U J_1/J_0 = W K_1/K_0 (Gloge 1971) and the closed forms that go with it."""
    k, a = 2 * np.pi / 1.55e-6, 4.1e-6
    for v in (1.2, 1.5, 1.8, 2.0, 2.2, 2.405, 2.8):
        n0 = 1.444
        delta = (v / (k * a)) ** 2 / (2 * (n0**2 + (v / (k * a)) ** 2))
        found = solve([a], [delta], 1.55e-6, glass=constant(n0))
        w = found["decay"][0] * a
        u = math.sqrt(v * v - w * w)
        assert u * special.j1(u) / special.j0(u) == pytest.approx(w * special.k1(w) / special.k0(w), rel=2e-12)
        petermann = math.sqrt(2) * special.j1(u) / (w * special.j0(u))
        assert found["petermann"][0] / (2 * a) == pytest.approx(petermann, rel=1e-11)
        amplitude = math.sqrt(u**2 / (math.pi * v**2)) / (a * special.k1(w))
        assert math.exp(found["amplitude"][0]) == pytest.approx(amplitude, rel=1e-11)


def test_gaussian_diameter__greatest_overlap():
    found = solve(*STEP, 1550e-9)
    a, w = 4.5e-6, found["decay"][0] * 4.5e-6
    u = math.sqrt((2 * np.pi / 1550e-9 * a) ** 2 * 2 * 0.0035 / 0.993 * 1.4440236217032607**2 - w * w)

    def overlap(diameter):
        def field(x):
            return special.j0(u * x) / special.j0(u) if x < 1 else special.k0(w * x) / special.k0(w)

        def weighted(x):
            return field(x) * math.exp(-((2 * x * a / diameter) ** 2)) * x

        inner = integrate.quad(weighted, 0, 1, epsabs=1e-14)[0] + integrate.quad(weighted, 1, 12, epsabs=1e-14)[0]
        return inner / diameter

    best = found["gaussian"][0]
    assert overlap(best) > overlap(best * 1.001)
    assert overlap(best) > overlap(best * 0.999)
    low, high = overlap(best * 0.999), overlap(best * 1.001)
    assert abs(low - high) < 0.01 * (overlap(best) - low)


@pytest.mark.parametrize(("order", "number"), [(0, 1), (1, 1), (2, 1), (0, 2)])
def test_parabolic__kummer(order, number):
    """n^2 falls as r^2: F = r^l exp(-s r^2/2) 1F1((l+1)/2 - u^2/(4 s); l+1; s r^2) in the core."""
    radius, delta, n0, wavelength = 12e-6, 0.01, 1.444, 1.3e-6
    found = solve([radius], [delta], wavelength, order, number, exponent=2.0, glass=constant(n0))
    v = (2 * np.pi / wavelength * radius * n0) ** 2 * 2 * delta / (1 - 2 * delta)
    w2 = (found["decay"][0] * radius) ** 2
    with mp.workdps(25):
        s = mp.sqrt(v)

        def field(r, w2):
            a = (order + 1) / mp.mpf(2) - (v - w2) / (4 * s)
            return r**order * mp.exp(-s * r * r / 2) * mp.hyp1f1(a, order + 1, s * r * r)

        def mismatch(w2):
            w = mp.sqrt(w2)
            slope = mp.diff(lambda r: field(r, w2), 1)
            return (
                slope * mp.besselk(order, w) - field(1, w2) * w * mp.besselk(order, w, 1, derivative=1)
                if False
                else (
                    slope * mp.besselk(order, w)
                    - field(1, w2) * (order * mp.besselk(order, w) - w * mp.besselk(order + 1, w))
                )
            )

        exact = mp.findroot(mismatch, mp.mpf(w2))
    assert w2 == pytest.approx(float(exact), rel=1e-11)


@pytest.mark.nojit
def test_graded__steep_profile_is_a_step():
    steep, step = solve([4.5e-6], [0.0035], 1550e-9, exponent=2000.0), solve(*STEP, 1550e-9)
    assert steep["n_eff"][0] == pytest.approx(step["n_eff"][0], abs=4e-6)
    for name in ("n_g", "area", "petermann", "gaussian", "confinement", "decay"):
        assert steep[name][0] == pytest.approx(step[name][0], rel=4e-3), name


def test_rings__staircase_tends_to_graded():
    errors = []
    for count in (10, 20):
        edge = np.arange(1, count + 1) / count * 8e-6
        middle = (np.arange(count) + 0.5) / count
        n0, n1 = 1.444, 1.444 / math.sqrt(1 - 0.01)
        square = n1**2 - (n1**2 - n0**2) * middle**2
        stairs = solve(edge, (1 - n0**2 / square) / 2, 1550e-9, glass=constant(n0))
        graded = solve([8e-6], [0.005], 1550e-9, exponent=2.0, glass=constant(n0))
        errors.append(abs(stairs["n_eff"][0] - graded["n_eff"][0]))
    assert errors[1] < errors[0] / 3
    assert errors[1] < 1e-5


@pytest.mark.nojit
def test_cutoffs__exact():
    """J_0 and J_1 zeros for the step (constant index); 40-digit transfer matrix for the others."""
    for (radius, delta), expected in ((STEP, 1426.8957938078609), (TRENCH, 1368.2382093308245)):
        found = cutoff_at_cladding_index(1, 1, np.array(radius), np.array(delta), np.inf, glasses(len(radius)))
        assert found * 1e9 == pytest.approx(expected, abs=1e-9)
    n0 = 1.444
    unit = 2 * np.pi * 4.5e-6 * n0 * math.sqrt(2 * 0.005 / 0.99)
    for order, number, zero in ((1, 1, 2.404825557695773), (2, 1, 3.831705970207512), (0, 2, 3.831705970207512),
                                (3, 1, 5.135622301840683), (1, 2, 5.520078110286311)):  # fmt: skip
        found = cutoff_at_cladding_index(
            order, number, np.array([4.5e-6]), np.array([0.005]), np.inf, glasses(1, constant(n0))
        )
        assert found == pytest.approx(unit / zero, rel=1e-12)


def complex_loss(wavelength_um):
    """Attenuation (1/m) of the leaky LP11 of the trench core: complex root, outgoing Hankel function, mpmath."""
    radius, delta = (4.5, 9, 13.5), (0.0037, 0, -0.007)
    n2 = 1 + sum(
        b * wavelength_um**2 / (wavelength_um**2 - c**2)
        for b, c in ((0.6961663, 0.0684043), (0.4079426, 0.1162414), (0.8974794, 9.896161))
    )
    k = 2 * mp.pi / wavelength_um
    v = [k * k * n2 * 2 * d / (1 - 2 * mp.mpf(d)) for d in delta]

    def mismatch(w2):
        u = mp.sqrt(v[0] - w2) * radius[0]
        f, g = mp.besselj(1, u), mp.besselj(1, u) - u * mp.besselj(2, u)
        for i in (1, 2):
            w = mp.sqrt(w2 - v[i])
            (i1, k1, di1, dk1), (i2, k2, di2, dk2) = (
                (mp.besseli(1, x), mp.besselk(1, x), mp.besseli(1, x) + x * mp.besseli(2, x),
                 mp.besselk(1, x) - x * mp.besselk(2, x))
                for x in (w * radius[i - 1], w * radius[i])
            )  # fmt: skip
            a, b = g * k1 - f * dk1, f * di1 - g * i1
            f, g = a * i2 + b * k2, a * di2 + b * dk2
        p = mp.sqrt(-w2) * radius[-1]
        wave = mp.hankel2(1, p)
        return g * wave - f * (wave - p * mp.hankel2(2, p))

    root = mp.findroot(mismatch, mp.mpc(-0.00298, 1e-5), tol=1e-15)
    return float(2 * abs(mp.im(mp.sqrt(k * k * n2 + root))) * 1e6)


@pytest.mark.nojit
def test_practical_cutoff__leaky_mode_behind_a_trench():
    """At the wavelength found, the exact complex mode loses what the threshold says."""
    threshold = 0.88 * math.log(10) / 10
    found = practical_cutoff(1, 1, *map(np.array, TRENCH), np.inf, glasses(3), threshold, np.inf)
    assert found > 1368.24e-9 + 8e-9
    assert complex_loss(float(found) * 1e6) == pytest.approx(threshold, rel=2e-3)


def test_practical_cutoff__bends_shorten_it():
    threshold = 0.2
    straight, wide, narrow = (
        practical_cutoff(1, 1, *map(np.array, STEP), np.inf, glasses(1), threshold, bend)
        for bend in (np.inf, 0.14, 0.04)
    )
    theory = cutoff_at_cladding_index(1, 1, *map(np.array, STEP), np.inf, glasses(1))
    assert straight == pytest.approx(theory, abs=0.2e-9)
    assert narrow < wide < straight


def test_blocks__a_row_does_not_depend_on_its_neighbours():
    wavelength = np.linspace(1530e-9, 1565e-9, 5)
    radius = np.linspace(4e-6, 5e-6, 6)[:, None]
    together = lp_modes(0, 1, wavelength, radius, np.array([0.0035]), np.inf, glasses(1))
    for i, one in enumerate(radius):
        alone = lp_modes(0, 1, wavelength, one, np.array([0.0035]), np.inf, glasses(1))
        for whole, part in zip(together, alone, strict=True):
            assert np.array_equal(whole[i], part)


def test_unguided__nan():
    assert np.isnan(solve(*STEP, 1550e-9, order=1)["n_eff"]).all()
    assert np.isnan(solve([4.5e-6], [-0.001], 1550e-9)["n_eff"]).all()


@pytest.mark.nojit
def test_near_cutoff__every_wavelength_by_itself():
    """LP11 ends at 1426.9 nm: shorter wavelengths are solved, longer ones are not."""
    found = solve(*STEP, np.array([1400e-9, 1420e-9, 1440e-9]), order=1)["n_eff"]
    assert np.isfinite(found).tolist() == [True, True, False]


core = st.tuples(
    st.floats(2.5e-6, 6e-6), st.floats(0.002, 0.01), st.floats(1.2, 3.0), st.floats(0.1, 2.0), st.floats(-0.01, 0.0)
)


@at_most(60)
@given(core, st.floats(1.4e-6, 1.6e-6))
def test_indices__between_cladding_and_core(design, wavelength):
    a, delta, inner, width, trench = design
    radius, deltas = [a, a * inner, a * (inner + width)], [delta, 0.0, trench]
    found = solve(radius, deltas, wavelength)
    n0 = math.sqrt(1 + np.sum(SILICA[:3] * wavelength**2 / (wavelength**2 - SILICA[3:] ** 2)))
    if np.isnan(found["n_eff"][0]):
        return  # a deep trench can end LP01
    assert n0 <= found["n_eff"][0] < n0 / math.sqrt(1 - 2 * delta)  # equal where the difference is below rounding
    assert 0 < found["confinement"][0] < 1
    bare = solve([a], [delta], wavelength)
    assert found["n_eff"][0] <= bare["n_eff"][0] + 1e-13  # a trench only lowers the index
    flat = solve(radius, [delta, 0.0, 0.0], wavelength)
    for name in NAMES:
        tolerance = {"dispersion": 1e-13, "slope": 1e-4}.get(name, 0)  # rounding of the group index
        assert flat[name] == pytest.approx(bare[name], rel=1e-9, abs=tolerance), name


# ---------------------------------------------------------------------------------------------------------
# many modes


def cutoffs(order, v):
    """V at which the modes LP(order, 1, 2, ...) of a step begin, below v: zeros of J_(l-1)."""
    zeros = special.jn_zeros(abs(order - 1), int(v / math.pi) + 2)
    zeros = np.concatenate([[0.0], zeros]) if order == 0 else zeros
    return zeros[zeros < v]


def step(v, radius=20e-6, wavelength=1e-6, index=1.44):
    """Radius, index difference and glass of a step of a given V, and k a."""
    scale = 2 * math.pi / wavelength * radius
    aperture = (v / scale) ** 2
    return ([radius], [0.5 * aperture / (index**2 + aperture)], constant(index)), scale


def count(v, order):
    (radius, delta, glass), _ = step(v)
    return guided_modes(order, np.array([1e-6]), np.array(radius), np.array(delta), np.inf, glasses(1, glass))[0]


@pytest.mark.parametrize("v", [2.0, 15.7003, 37.0, 71.0, 129.918, 200.0])
def test_guided_modes__count(v):
    order = 0
    while (expected := len(cutoffs(order, v))) > 0:
        assert count(v, order) == expected, order
        order += 1
    assert count(v, order) == 0


@pytest.mark.parametrize("v", [15.7003, 37.0, 71.0, 129.918, 200.0])
def test_step__any_mode_against_a_root_of_scipy(v):
    (radius, delta, glass), scale = step(v)
    top = math.sqrt(1.44**2 + (v / scale) ** 2)
    for order in sorted({0, 1, 6, int(0.3 * v), int(0.8 * v), int(v - 3)}):
        begin = cutoffs(order, v)
        for number in sorted({1, 2, (len(begin) + 1) // 2, len(begin)} & set(range(1, len(begin) + 1))):

            def excess(u, order=order):
                w = math.sqrt(v * v - u * u)
                ratio = 2 / w + special.kve(0, w) / special.kve(1, w)  # of K_2 to K_1, and upwards: no overflow
                for k in range(2, order + 1):
                    ratio = 2 * k / w + 1 / ratio
                ratio = ratio if order else special.kve(1, w) / special.kve(0, w)
                return u * special.jv(order + 1, u) - w * ratio * special.jv(order, u)

            low, high = begin[number - 1] * (1 + 1e-13) + 1e-9, min(special.jn_zeros(order, number)[-1], v * (1 - 1e-9))
            u = optimize.brentq(excess, low, high, xtol=1e-13)
            found = solve(radius, delta, 1e-6, order, number, glass=glass)
            assert found["n_eff"][0] == pytest.approx(math.sqrt(top**2 - (u / scale) ** 2), abs=1e-12)
            for name in ("area", "petermann", "confinement", "n_g", "decay"):
                assert found[name][0] > 0, (order, number, name)
            assert np.isfinite([found[name][0] for name in NAMES if name != "gaussian"]).all()


@pytest.mark.parametrize(("order", "number"), [(0, 2), (0, 4), (1, 1), (1, 3), (2, 1), (6, 3), (30, 1), (30, 5)])
@pytest.mark.parametrize("above", [1e-9, 1e-6, 1e-4, 1e-2])
def test_step__just_above_a_cutoff(order, number, above):
    """Also where shorter wavelengths alone have the mode: its dispersion is the limit of those with more room."""
    begin = cutoffs(order, 80)[number - 1]
    (radius, delta, glass), _ = step(begin * (1 + above))
    found = solve(radius, delta, 1e-6, order, number, glass=glass)
    assert np.isfinite([value[0] for name, value in found.items() if name != "gaussian" or order == 0]).all()
    assert found["area"][0] > 0
    assert 1.44 <= found["n_eff"][0] < 1.44 + 0.2 * above + 1e-12


def test_area__of_a_high_order_by_quadrature():
    v, order, number = 60.0, 25, 4
    (radius, delta, glass), _ = step(v)
    found = solve(radius, delta, 1e-6, order, number, glass=glass)
    w = found["decay"][0] * radius[0]
    u = math.sqrt(v * v - w * w)

    def field(r):
        if r < 1:
            return special.jv(order, u * r) / special.jv(order, u)
        return special.kve(order, w * r) / special.kve(order, w) * math.exp(w * (1 - r))

    def integral(power):
        parts = [
            integrate.quad(lambda r: r * field(r) ** power, a, b, limit=400, epsabs=0, epsrel=1e-10)[0]
            for a, b in ((0, 0.5), (0.5, 1), (1, 1.5), (1.5, 4))
        ]
        return sum(parts)

    area = 4 * math.pi / 3 * integral(2) ** 2 / integral(4) * radius[0] ** 2
    assert found["area"][0] == pytest.approx(area, rel=1e-8)


@pytest.mark.parametrize(("v", "exponent"), [(40.0, 2.0), (40.0, 1.0), (30.0, 8.0), (3.0, 1000.0), (12.0, 200.0)])
def test_graded__between_two_counts_of_an_integrator(v, exponent):
    """Zeros of the field and the sign of the mismatch, integrated by Runge and Kutta, count the modes above w^2."""

    def modes_above(order, w2):
        start, q = 1e-4, v * v - w2

        def slope(r, y):
            return [r * y[1], (-(v * v * (1 - r**exponent) - w2) * y[0] - (2 * order + 2) * y[1]) / r]

        begin = [1 - q * start**2 / (4 * order + 4), -q / (2 * order + 2)]
        path = integrate.solve_ivp(slope, (start, 1), begin, method="DOP853", rtol=1e-12, atol=1e-14, max_step=0.02).y
        w = math.sqrt(w2)
        outside = -(w * special.kve(abs(order - 1), w) / special.kve(order, w) + order)
        return int((np.diff(np.sign(path[0])) != 0).sum()) + (order + path[1, -1] / path[0, -1] < outside)

    (radius, delta, glass), _ = step(v)
    for order, number in ((0, 1), (1, 1), (0, 3), (5, 2)):
        if modes_above(order, 1e-9) < number:
            continue
        found = solve(radius, delta, 1e-6, order, number, exponent=exponent, glass=glass)
        w2 = (found["decay"][0] * radius[0]) ** 2
        room = 1e-7 * v * v
        assert modes_above(order, w2 - room) == number
        assert modes_above(order, w2 + room) == number - 1
