"""Layouts: positions against closed forms, distances, neighbours, cladding."""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.layout import CustomLayout, HexagonalLayout, RingLayout, SquareLayout
from mcfiber.fiber.geometry import (
    core_multiplicity,
    neighbours,
    outer_cladding_thickness,
    outer_radius,
    pair_distances,
    positions,
    relative_core_multiplicity,
)

# Pitch and outer cladding thickness 40 um, effective area 80 um^2: mpmath, from the closed forms of the radii.
GEOMETRY = [
    (HexagonalLayout(cores=7, pitch_um=40), 160.0, 0.0278521150410817, 4.2724609375),
    (HexagonalLayout(cores=19, pitch_um=40), 240.0, 0.0335993768749557, 5.15407986111111),
    (HexagonalLayout(cores=37, pitch_um=40), 320.0, 0.0368045805900008, 5.645751953125),
    (SquareLayout(cores=4, pitch_um=40), 136.568542494924, 0.0218453369577064, 3.35103271980097),
    (RingLayout(cores=6, pitch_um=40), 160.0, 0.0238732414637843, 3.662109375),
    (RingLayout(cores=8, pitch_um=40), 184.52503719011, 0.0239320272986775, 3.6711270091326),
    (RingLayout(cores=12, pitch_um=40), 234.548132206251, 0.0222186359923371, 3.40829607452695),
]
LAYOUTS = [
    *(HexagonalLayout(cores=count, pitch_um=35) for count in (1, 7, 19, 37, 61)),
    *(RingLayout(cores=count, pitch_um=35) for count in (2, 3, 8, 12)),
    *(SquareLayout(cores=count, pitch_um=35) for count in (1, 4, 9, 16)),
    CustomLayout(positions_um=[(0, 0), (30, 0), (0, 40), (-50, -10)]),
]


def refusal(make):
    with pytest.raises(DescriptionError) as caught:
        make()
    return str(caught.value)


@pytest.mark.parametrize(("layout", "diameter_um", "multiplicity", "relative"), GEOMETRY)
def test_geometry__vectors(layout, diameter_um, multiplicity, relative):
    diameter = 2 * (outer_radius(layout) + 40e-6)
    assert diameter * 1e6 == pytest.approx(diameter_um, rel=1e-12)
    assert outer_cladding_thickness(layout, diameter) == pytest.approx(40e-6, rel=1e-12)
    assert core_multiplicity(layout.cores, 80e-12, diameter) == pytest.approx(multiplicity, rel=1e-12)
    assert relative_core_multiplicity(layout.cores, 80e-12, diameter) == pytest.approx(relative, rel=1e-12)


def test_geometry__37_cores_of_35_um_exceed_250_um():
    # ITU Kaleidoscope 2016, p. 88.
    assert 2 * (outer_radius(HexagonalLayout(cores=37, pitch_um=35)) + 35e-6) == pytest.approx(280e-6)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: f"{layout.kind}{layout.cores}")
def test_layout__positions_and_distances_agree(layout):
    points = positions(layout)
    assert points.dims == ("core", "coordinate")
    assert points.shape == (layout.cores, 2)
    distance = pair_distances(layout)
    assert distance.dims == ("core_out", "core_in")
    np.testing.assert_array_equal(distance, distance.T)
    np.testing.assert_array_equal(np.diag(distance), 0)
    for first in range(layout.cores):
        for second in range(first):
            expected = math.dist(points.values[first], points.values[second])
            assert float(distance[first, second]) == pytest.approx(expected, rel=1e-12)
    if layout.cores > 1:
        others = distance.values[~np.eye(layout.cores, dtype=bool)]
        assert others.min() == pytest.approx(layout.pitch_um * 1e-6, rel=1e-9)


@pytest.mark.parametrize(
    ("layout", "pairs", "counts"),
    [
        (HexagonalLayout(cores=7), 12, {6: 1, 3: 6}),
        (HexagonalLayout(cores=19), 42, {6: 7, 4: 6, 3: 6}),
        (HexagonalLayout(cores=37), 90, None),
        (SquareLayout(cores=4, pitch_um=40), 4, {2: 4}),
        (SquareLayout(cores=9, pitch_um=40), 12, {4: 1, 3: 4, 2: 4}),
        (RingLayout(cores=8, pitch_um=40), 8, {2: 8}),
        (RingLayout(cores=3, pitch_um=40), 3, {2: 3}),
        (RingLayout(cores=2, pitch_um=40), 1, {1: 2}),
        (HexagonalLayout(cores=1), 0, {0: 1}),
    ],
)
def test_neighbours__counts(layout, pairs, counts):
    adjacent = neighbours(layout)
    assert adjacent.sum() == 2 * pairs
    if counts is not None:
        number, often = np.unique(adjacent.sum(axis=1), return_counts=True)
        assert dict(zip(number.tolist(), often.tolist(), strict=True)) == counts


def test_layout__first_core_of_a_hexagon_is_the_middle():
    points = positions(HexagonalLayout(cores=19, pitch_um=18)).values
    assert points[0].tolist() == [0, 0]
    np.testing.assert_allclose(np.hypot(*points[1:7].T), 18e-6, rtol=1e-14)
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-20)


@given(
    pitch=st.floats(10, 200),
    factor=st.floats(0.1, 5),
    layout=st.sampled_from([HexagonalLayout(cores=19), RingLayout(cores=7, pitch_um=3)]),
)
def test_layout__scales_with_the_pitch(pitch, factor, layout):
    one = layout.replace({"pitch_um": pitch})
    other = layout.replace({"pitch_um": pitch * factor})
    np.testing.assert_allclose(pair_distances(other), factor * pair_distances(one), rtol=1e-12)
    assert outer_radius(other) == pytest.approx(factor * outer_radius(one), rel=1e-12)
    np.testing.assert_array_equal(neighbours(one), neighbours(other))


def test_layout__pitch_as_axis():
    pitch = xr.DataArray([30.0, 40.0], dims="pitch")
    layout = HexagonalLayout(cores=7, pitch_um=pitch)
    distance = pair_distances(layout)
    assert set(distance.dims) == {"pitch", "core_out", "core_in"}
    single = pair_distances(HexagonalLayout(cores=7, pitch_um=40.0))
    np.testing.assert_array_equal(distance.isel(pitch=1), single)
    np.testing.assert_allclose(outer_cladding_thickness(layout, 160e-6), [50e-6, 40e-6], rtol=1e-12)


def test_custom_layout__takes_its_scale_from_the_closest_pair():
    layout = CustomLayout(positions_um=np.array([[0.0, 0.0], [30.0, 0.0], [0.0, 40.0]]))
    assert layout.cores == 3
    assert layout.pitch_um == 30
    np.testing.assert_allclose(positions(layout), [[0, 0], [30e-6, 0], [0, 40e-6]], rtol=1e-14)
    assert neighbours(layout).sum() == 2
    alone = CustomLayout(positions_um=[(3, 4)])
    assert outer_radius(alone) == pytest.approx(5e-6)


@pytest.mark.parametrize(
    ("make", "start"),
    [
        (lambda: HexagonalLayout(cores=8), "cores: got 8; allowed: 1, 7, 19, 37, 61, 91, ..."),
        (lambda: HexagonalLayout(cores=0), "cores: got 0"),
        (lambda: HexagonalLayout(cores=7, pitch_um=-40), "pitch_um: got -40 um; allowed: 1 to 1000 um"),
        (lambda: RingLayout(cores=1, pitch_um=40), "cores: got 1"),
        (lambda: SquareLayout(cores=5, pitch_um=40), "cores: got 5; allowed: a square number"),
        (lambda: CustomLayout(positions_um=[]), "positions_um: got []; allowed: a list of at least 1"),
        (lambda: CustomLayout(positions_um=[(1, 2), (1, 2)]), "positions_um: cores 0 and 1 are at the same place"),
        (lambda: CustomLayout(positions_um=[(1, 2, 3)]), "positions_um.0"),
        (lambda: CustomLayout(positions_um=[(1, float("nan"))]), "positions_um.0.1: got nan"),
        (
            lambda: CustomLayout(positions_um=[(1, xr.DataArray([1.0], dims="a"))]),
            "positions_um.0.1: got an axis, but this value cannot be one",
        ),
    ],
)
def test_layout__refuses(make, start):
    assert refusal(make).startswith(start)
