"""Modes and coupling by finite elements, which share nothing with the Bessel functions of the library."""

import itertools

import numpy as np
import pytest
from scipy.sparse.linalg import eigsh
from scipy.spatial import Delaunay

from mcfiber import MulticoreFiber, RingLayout, StepCore, TrenchAssistedCore, WCore, core_coupling, core_modes
from mcfiber.descriptions.profile import GradedCore
from mcfiber.fiber.index import index_profile, index_profile_of, refractive_index

skfem = pytest.importorskip("skfem")
K = 2 * np.pi / 1.55  # 1/um


def radial_modes(profile, order):
    """Effective index and area of LP(order, 1): elements of degree 8 on the radius, Dirichlet at 60 um."""
    edges = np.unique(np.concatenate([[0.0], index_profile_of(profile).radius.values * 1e6, [20, 28, 40, 60]]))
    points = np.unique(np.concatenate([np.linspace(a, b, 6) for a, b in itertools.pairwise(edges)]))
    basis = skfem.Basis(skfem.MeshLine(points), skfem.ElementLinePp(8), intorder=20)
    index = index_profile(profile, np.asarray(basis.global_coordinates())[0])
    clad = refractive_index(profile.cladding, 1550).item()

    @skfem.BilinearForm
    def operator(u, v, w):
        r = w.x[0]
        return (-u.grad[0] * v.grad[0] + (K**2 * (w.n**2 - clad**2) - (order / r) ** 2) * u * v) * r

    @skfem.BilinearForm
    def mass(u, v, w):
        return u * v * w.x[0]

    a, b = operator.assemble(basis, n=index), mass.assemble(basis)
    fixed = basis.get_dofs(lambda x: np.isclose(x[0], 60)).all()
    if order:
        fixed = np.union1d(fixed, basis.get_dofs(lambda x: np.isclose(x[0], 0)).all())
    inner = np.setdiff1d(np.arange(basis.N), fixed)
    # the largest eigenvalue is w^2
    value, vector = eigsh(a[inner][:, inner], k=1, M=b[inner][:, inner], sigma=0.5, which="LM")
    field = np.zeros(basis.N)
    field[inner] = vector[:, 0]
    u = np.asarray(basis.interpolate(field))
    r, weight = np.asarray(basis.global_coordinates())[0], basis.dx
    area = 2 * np.pi * np.sum(u**2 * r * weight) ** 2 / np.sum(u**4 * r * weight)
    return np.sqrt(clad**2 + value[0] / K**2), area


@pytest.mark.parametrize(
    "profile",
    [
        StepCore(radius_um=4.5, delta_percent=0.35),
        TrenchAssistedCore(radius_um=4.5, delta_percent=0.37, trench_delta_percent=-0.7),
        WCore(radius_um=4.0, delta_percent=0.5, depressed_delta_percent=-0.4),
        GradedCore(radius_um=5.5, delta_percent=0.6, exponent=2.0),
        GradedCore(radius_um=5.0, delta_percent=0.5, exponent=1.7),
    ],
    ids=lambda profile: f"{profile.kind}",
)
def test_single_core__radial_elements(profile):
    found = core_modes(profile, wavelength_nm=1550, cutoffs=False)
    index, area = radial_modes(profile, 0)
    assert found.effective_index.item() == pytest.approx(index, abs=2e-12)
    assert found.effective_area.item() * 1e12 == pytest.approx(area, rel=1e-7)


def test_higher_mode__radial_elements():
    profile = StepCore(radius_um=6, delta_percent=0.5)
    found = core_modes(profile, wavelength_nm=1550, modes="all", cutoffs=False).sel(mode="LP11")
    assert found.effective_index.item() == pytest.approx(radial_modes(profile, 1)[0], abs=1e-9)


def half_plane(rings, distance):
    """Triangles on x >= 0 around a core at distance/2, refined at the rings; polygons keep the rings' areas."""
    count = 72
    angle = 2 * np.pi * np.arange(count) / count
    stretch = np.sqrt(np.pi / (count / 2 * np.sin(2 * np.pi / count)))
    radii = np.concatenate(
        [
            np.linspace(a, b, max(2, round((b - a) / 0.75)), endpoint=False)
            for a, b in zip([0.0, *rings], [*rings, 14.5], strict=True)
        ]
    )[1:]
    radii = np.unique(np.concatenate([radii, rings]))
    circles = [np.array([[distance / 2, 0.0]])]
    circles += [
        np.column_stack([distance / 2 + stretch * r * np.cos(angle), stretch * r * np.sin(angle)]) for r in radii
    ]
    x, y = np.meshgrid(np.arange(0, distance / 2 + 31, 1.5), np.arange(-30, 31, 1.5))
    grid = np.column_stack([x.ravel(), y.ravel()])
    away = np.hypot(grid[:, 0] - distance / 2, grid[:, 1])
    points = np.concatenate([*circles, grid[away > 15.5]])
    points = points[points[:, 0] >= 0]
    return skfem.MeshTri(points.T.copy(), Delaunay(points).simplices.T.copy()), stretch


@pytest.mark.parametrize(
    ("profile", "distance", "tolerance"),
    [
        (StepCore(radius_um=4.5, delta_percent=0.35), 32.0, 2e-3),
        (
            TrenchAssistedCore(radius_um=4.5, delta_percent=0.37, trench_delta_percent=-0.7, trench_width_ratio=0.6),
            30.0,
            1e-2,
        ),
    ],
    ids=["step", "trench"],
)
def test_two_cores__half_the_splitting_of_even_and_odd(profile, distance, tolerance):
    rings = [radius * 1e6 for radius in index_profile_of(profile).radius.values]
    mesh, stretch = half_plane(rings, distance)
    basis = skfem.Basis(mesh, skfem.ElementTriP2())
    middle = mesh.p[:, mesh.t].mean(axis=1)
    clad = refractive_index(profile.cladding, 1550).item()
    away = np.hypot(middle[0] - distance / 2, middle[1]) / stretch / np.cos(np.pi / 144)
    square = index_profile(profile, away) ** 2 - clad**2

    @skfem.BilinearForm
    def operator(u, v, w):
        return -u.grad[0] * v.grad[0] - u.grad[1] * v.grad[1] + K**2 * w.contrast * u * v

    @skfem.BilinearForm
    def mass(u, v, _):
        return u * v

    contrast = np.broadcast_to(square[:, None], basis.dx.shape)
    a, b = operator.assemble(basis, contrast=contrast), mass.assemble(basis)
    x, y = basis.doflocs
    wall = (np.abs(y) > 30 - 1e-9) | (x > x.max() - 1e-9)
    beta = []
    for fixed in (wall, wall | (x < 1e-9)):  # even: free at x = 0; odd: zero
        inner = np.flatnonzero(~fixed)
        value = eigsh(a[inner][:, inner], k=1, M=b[inner][:, inner], sigma=0.13, which="LM", return_eigenvectors=False)
        beta.append(np.sqrt((K * clad) ** 2 + value[0]))
    splitting = 0.5e6 * (beta[0] - beta[1])
    fiber = MulticoreFiber(layout=RingLayout(cores=2, pitch_um=distance), core=profile)
    kappa = core_coupling(fiber, wavelength_nm=1550).mode_coupling.values[0, 1]
    assert kappa == pytest.approx(splitting, rel=tolerance)
