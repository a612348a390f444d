"""Channels: grids, groups, lists, and what is refused."""

import itertools

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.spectrum import BANDS_NM, ChannelGroup, Spectrum, band_limits_thz, band_of
from mcfiber.fiber.channels import channels

C_BAND = {"band": "C", "channels": 40, "spacing_ghz": 100, "symbol_rate_gbd": 64}


def group(**changes):
    return ChannelGroup(**(C_BAND | changes))


def refusal(make):
    with pytest.raises(DescriptionError) as caught:
        make()
    return str(caught.value)


# ---------------------------------------------------------------------------------------------------------
# bands and grids


def test_bands__touch_and_have_the_limits_of_the_itu():
    # ITU-T Series G Supplement 39: O from 1260 nm to U at 1675 nm, without gaps.
    limits = list(BANDS_NM.values())
    assert limits[0][0] == 1260
    assert limits[-1][1] == 1675
    assert all(upper == lower for (_, upper), (lower, _) in itertools.pairwise(limits))
    assert BANDS_NM["C"] == (1530, 1565)


@pytest.mark.parametrize(
    ("wavelength_nm", "band"), [(1300, "O"), (1400, "E"), (1500, "S"), (1550, "C"), (1600, "L"), (1650, "U")]
)
def test_band_of__wavelengths_in_the_middle(wavelength_nm, band):
    assert band_of(299_792.458 / wavelength_nm) == band


def test_band_of__both_ends_belong_to_a_band():
    assert band_of(299_792.458 / 1260) == "O"
    with pytest.raises(ValueError, match=r"allowed: 178\.981 to 237\.931 THz"):
        band_of(160.0)


@pytest.mark.parametrize("spacing", [12.5, 25, 50, 75, 100, 37.5])
@pytest.mark.parametrize("band", ["O", "S", "C", "L"])
def test_itu_grid__every_centre_is_anchored(band, spacing):
    # ITU-T G.694.1: 193.1 THz + n * spacing.
    frequency = group(band=band, spacing_ghz=spacing, symbol_rate_gbd=10, grid="itu").frequencies_thz()
    steps = (frequency - 193.1) * 1e3 / spacing
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-8)
    np.testing.assert_allclose(np.diff(frequency), spacing * 1e-3, rtol=1e-9)
    low, high = band_limits_thz(band)
    assert low < frequency[0]
    assert frequency[-1] < high


def test_itu_grid__refuses_a_frequency_beside_the_grid():
    text = refusal(lambda: group(grid="itu", lowest_frequency_thz=191.33, spacing_ghz=50))
    assert text.startswith("lowest_frequency_thz: got 191.33 THz")
    assert 'grid = "free"' in text
    assert group(grid="itu", lowest_frequency_thz=191.35, spacing_ghz=50).frequencies_thz()[0] == 191.35


def test_free_grid__is_centred_in_its_band():
    low, high = band_limits_thz("C")
    frequency = group(channels=7, spacing_ghz=33.3).frequencies_thz()
    assert frequency.mean() == pytest.approx((low + high) / 2, rel=1e-14)


@given(
    count=st.integers(1, 90),
    spacing=st.floats(12.5, 400),
    band=st.sampled_from(["O", "E", "S", "C", "L", "U"]),
    grid=st.sampled_from(["free", "itu"]),
)
def test_group__either_stays_inside_its_band_or_says_that_it_does_not(count, spacing, band, grid):
    low, high = band_limits_thz(band)
    try:
        frequency = group(
            band=band, channels=count, spacing_ghz=spacing, symbol_rate_gbd=12.5, grid=grid
        ).frequencies_thz()
    except DescriptionError:
        assert count * spacing * 1e-3 > high - low - spacing * 1e-3
    else:
        half = spacing * 0.5e-3
        assert frequency[0] - half > low - 1e-6 - half * (grid == "itu")
        assert frequency[-1] + half < high + 1e-6 + half * (grid == "itu")


def test_group__does_not_fit_the_band():
    text = refusal(lambda: group(channels=200))
    assert text == (
        "channels: 200 channels of 100 GHz need 20.000 THz, the C band has 4.382 THz; take fewer, or place them "
        "with lowest_frequency_thz"
    )


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"channels": 0}, "channels"),
        ({"channels": 4.5}, "channels"),
        ({"channels": True}, "channels"),
        ({"spacing_ghz": 0}, "spacing_ghz"),
        ({"spacing_ghz": float("nan")}, "spacing_ghz"),
        ({"symbol_rate_gbd": "64"}, "symbol_rate_gbd"),
        ({"symbol_rate_gbd": float("inf")}, "symbol_rate_gbd"),
        ({"lowest_frequency_thz": 1550}, "lowest_frequency_thz"),
        ({"lowest_frequency_thz": 230}, "lowest_frequency_thz"),
        ({"band": "K"}, "band"),
        ({"grid": "flex"}, "grid"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_group__refuses(changes, path):
    assert refusal(lambda: group(**changes)).startswith(f"{path}: ")


# ---------------------------------------------------------------------------------------------------------
# several groups


def test_spectrum__merges_groups_in_ascending_frequency():
    grid = channels(Spectrum(groups=[group(), group(band="L", channels=20, symbol_rate_gbd=90)]))
    assert grid.count == 60
    assert grid.bands == ("L",) * 20 + ("C",) * 40
    assert np.all(np.diff(grid.frequency) > 0)
    np.testing.assert_array_equal(grid.symbol_rate, [90e9] * 20 + [64e9] * 40)


def test_spectrum__equal_symbol_rates_have_no_dimension():
    assert channels(Spectrum(groups=[group(), group(band="L")])).symbol_rate == 64e9


def test_spectrum__guard_gap():
    upper = group(lowest_frequency_thz=192.4, channels=30)
    lower = group(lowest_frequency_thz=191.7, channels=5)
    # Edges: 192.1 + 0.032 below, 192.4 - 0.032 above: 236 GHz between them.
    assert Spectrum(groups=[lower, upper], guard_gap_ghz=236).count == 35
    text = refusal(lambda: Spectrum(groups=[lower, upper], guard_gap_ghz=237))
    assert "the gap between groups 0 and 1 is 236 GHz; allowed: at least 237 GHz" in text


def test_spectrum__groups_that_overlap_are_refused_unless_asked_for():
    both = [group(), group(lowest_frequency_thz=193.02)]
    assert "groups.1.lowest_frequency_thz: the gap" in refusal(lambda: Spectrum(groups=both))
    assert Spectrum(groups=both, super_nyquist=True).count == 80


def test_spectrum__symbol_rate_above_the_spacing():
    dense = [group(spacing_ghz=50, symbol_rate_gbd=51)]
    text = refusal(lambda: Spectrum(groups=dense))
    assert text.startswith("groups.0.symbol_rate_gbd: got 51 GBd on a spacing of 50 GHz")
    assert "super_nyquist = true" in text
    assert Spectrum(groups=dense, super_nyquist=True).count == 40
    assert Spectrum(groups=[group(spacing_ghz=64)]).count == 40  # just touching


def test_spectrum__one_channel_has_no_neighbour_to_overlap():
    assert Spectrum(groups=[group(channels=1, spacing_ghz=10)]).count == 1


# ---------------------------------------------------------------------------------------------------------
# lists


def test_list__is_sorted_with_its_symbol_rates():
    grid = channels(Spectrum(frequency_thz=[193.3, 186.0, 193.1], symbol_rate_gbd=[30, 100, 60]))
    np.testing.assert_allclose(grid.frequency, [186e12, 193.1e12, 193.3e12], rtol=1e-15)
    np.testing.assert_allclose(grid.symbol_rate, [100e9, 60e9, 30e9], rtol=1e-15)
    assert grid.bands == ("L", "C", "C")


def test_list__one_symbol_rate_for_all():
    spectrum = Spectrum(frequency_thz=np.array([193.1, 193.2]), symbol_rate_gbd=64)
    assert channels(spectrum).symbol_rate == 64e9
    assert spectrum.band_names == ("C",)


def test_list__mixed_rates_may_touch_but_not_overlap():
    # 64 and 32 GBd touch at a distance of 48 GHz.
    assert Spectrum(frequency_thz=[193.1, 193.148], symbol_rate_gbd=[64, 32]).count == 2
    text = refusal(lambda: Spectrum(frequency_thz=[193.1, 193.147], symbol_rate_gbd=[64, 32]))
    assert "channels at 193.1 and 193.147 THz overlap by 1 GHz" in text
    assert Spectrum(frequency_thz=[193.1, 193.147], symbol_rate_gbd=[64, 32], super_nyquist=True).count == 2


@pytest.mark.parametrize(
    ("values", "start"),
    [
        ({}, "groups: give either"),
        ({"groups": []}, "groups: give either"),
        ({"groups": [C_BAND], "frequency_thz": [193.1], "symbol_rate_gbd": 30}, "groups: give either"),
        ({"groups": [C_BAND], "symbol_rate_gbd": 30}, "symbol_rate_gbd: belongs to a list"),
        ({"frequency_thz": [193.1]}, "symbol_rate_gbd: is missing"),
        ({"frequency_thz": []}, "frequency_thz: got an empty list"),
        ({"frequency_thz": [193.1, 193.2], "symbol_rate_gbd": [30]}, "symbol_rate_gbd: got 1 values for 2 channels"),
        ({"frequency_thz": [193.1, 171.0], "symbol_rate_gbd": 30}, "frequency_thz.1: got 171 THz"),
        ({"frequency_thz": [193.1, "x"], "symbol_rate_gbd": 30}, "frequency_thz.1: got 'x'"),
        ({"frequency_thz": [193.1, 193.1], "symbol_rate_gbd": 30}, "frequency_thz: channels at 193.1 and 193.1 THz"),
        ({"groups": [C_BAND | {"channels": -3}]}, "groups.0.channels: got -3"),
        ({"groups": [C_BAND], "guard_gap_ghz": -1}, "guard_gap_ghz: got -1 GHz"),
        ({"groups": [C_BAND], "super_nyquist": 1}, "super_nyquist: got 1"),
    ],
)
def test_spectrum__refuses(values, start):
    assert refusal(lambda: Spectrum(**values)).startswith(start)


def test_list__cannot_hold_an_axis():
    axis = xr.DataArray([193.1, 193.2], dims="sample")
    text = refusal(lambda: Spectrum(frequency_thz=[axis, 194.0], symbol_rate_gbd=30))
    assert text.startswith("frequency_thz.0: got an axis, but this value cannot be one")


# ---------------------------------------------------------------------------------------------------------
# axes


AXES = {
    "spacing_ghz": [90.0, 100.0, 110.0],
    "symbol_rate_gbd": [32.0, 64.0, 85.0],
    "lowest_frequency_thz": [191.4, 191.5, 191.6],
}


@pytest.mark.parametrize("grid", ["free", "itu"])
@pytest.mark.parametrize("field", ["spacing_ghz", "symbol_rate_gbd"])
@pytest.mark.parametrize("others", [0, 1])
def test_channels__axis_equals_single_spectra(field, others, grid):
    lists = [group(grid=grid, channels=30), group(band="L", grid=grid)][: 1 + others]
    spectrum = Spectrum(groups=lists)
    values = xr.DataArray(AXES[field], dims="point", coords={"point": [7, 8, 9]})
    swept = channels(spectrum.replace({f"groups.0.{field}": values}))
    frequency, rate = (
        xr.DataArray(value).broadcast_like(xr.DataArray(np.zeros((3, swept.count)), dims=("point", "channel")))
        for value in (swept.frequency, swept.symbol_rate)
    )
    for index, value in enumerate(AXES[field]):
        single = channels(spectrum.replace({f"groups.0.{field}": value}))
        np.testing.assert_allclose(frequency.isel(point=index), single.frequency, rtol=1e-15)
        np.testing.assert_allclose(
            rate.isel(point=index), np.broadcast_to(single.symbol_rate, (single.count,)), rtol=1e-15
        )


def test_channels__placed_group_as_axis():
    values = xr.DataArray(AXES["lowest_frequency_thz"], dims="point")
    swept = channels(Spectrum(groups=[group(lowest_frequency_thz=values)]))
    np.testing.assert_allclose(swept.frequency.isel(channel=0), np.array(AXES["lowest_frequency_thz"]) * 1e12)


def test_itu_grid__names_the_frequency_of_an_axis_that_is_beside_it():
    values = xr.DataArray([191.3, 191.4, 191.33], dims="point")
    text = refusal(lambda: group(grid="itu", lowest_frequency_thz=values))
    assert text.startswith("lowest_frequency_thz: got 191.33 THz, which is not 193.1 THz plus a multiple of 100 GHz")


def test_channels__rates_of_a_list_may_hold_an_axis():
    spectrum = Spectrum(frequency_thz=[193.3, 193.1], symbol_rate_gbd=[xr.DataArray([30.0, 50.0], dims="point"), 60])
    rate = channels(spectrum).symbol_rate
    np.testing.assert_allclose(rate.isel(point=1).transpose("channel"), [60e9, 50e9])


def test_channels__interleaved_groups_are_sorted():
    both = [group(spacing_ghz=100, symbol_rate_gbd=40, lowest_frequency_thz=start) for start in (191.6, 191.65)]
    both[1] = both[1].replace({"symbol_rate_gbd": 42})
    grid = channels(Spectrum(groups=both, super_nyquist=True))
    np.testing.assert_allclose(np.diff(grid.frequency), 50e9, rtol=1e-6)
    np.testing.assert_array_equal(grid.symbol_rate[:4], [40e9, 42e9, 40e9, 42e9])


# ---------------------------------------------------------------------------------------------------------
# points of axes that cannot be


@pytest.mark.parametrize(
    ("spectrum", "changes", "expected"),
    [
        (Spectrum(groups=[group()]), {"groups.0.symbol_rate_gbd": [60.0, 100.0, 101.0]}, [False, False, True]),
        (Spectrum(groups=[group(channels=1)]), {"groups.0.symbol_rate_gbd": [60.0, 150.0]}, [False, False]),
        (
            Spectrum(groups=[group(), group(band="L", channels=40, lowest_frequency_thz=187.4)]),
            {"groups.1.lowest_frequency_thz": [187.0, 187.6, 187.9]},
            [False, False, True],
        ),
        (Spectrum(groups=[group(), group(band="L")]), {"guard_gap_ghz": [0.0, 2000.0]}, [False, True]),
        (
            Spectrum(frequency_thz=[193.1, 193.2], symbol_rate_gbd=64),
            {"symbol_rate_gbd": [64.0, 100.0, 110.0]},
            [False, False, True],
        ),
    ],
)
def test_channels_overlap__marks_points(spectrum, changes, expected):
    axes = {path: xr.DataArray(values, dims="point") for path, values in changes.items()}
    found = channels(spectrum.replace(axes)).problems.get("channels_overlap", False)
    np.testing.assert_array_equal(np.broadcast_to(found, (len(expected),)), expected)
    for index, wrong in enumerate(expected):  # a number is refused where the point is marked
        number = {path: values[index] for path, values in changes.items()}
        if wrong:
            refusal(lambda number=number: spectrum.replace(number))
        else:
            assert not channels(spectrum.replace(number)).problems.get("channels_overlap", False)


def test_channels_outside_band__marks_points():
    spectrum = Spectrum(groups=[group(spacing_ghz=xr.DataArray([100.0, 120.0], dims="point"))])
    np.testing.assert_array_equal(channels(spectrum).problems["channels_outside_band"], [False, True])
    assert not channels(Spectrum(groups=[group()])).problems["channels_outside_band"]
