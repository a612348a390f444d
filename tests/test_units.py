"""Units: the suffix table, decibels, and labels."""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from mcfiber import labelled, units
from mcfiber.descriptions.record import Description

positive = st.floats(min_value=1e-6, max_value=1e6)

# Values that a physicist can check by hand, each with its unit's suffix: engineering value, SI value.
BY_HAND = [
    ("nm", 1550, 1550e-9),
    ("um2", 80, 80e-12),
    ("ps", 3, 3e-12),
    ("thz", 193.1, 193.1e12),
    ("deg", 180, math.pi),
    ("percent", 0.35, 0.0035),
    ("per_w_km", 1.3, 1.3e-3),
    ("ps_per_nm_km", 17, 17e-6),  # 17 ps/(nm km) = 17e-6 s/m^2
    ("ps_per_nm2_km", 0.067, 67.0),  # s/m^3
    ("ps_per_sqrt_km", 1, 3.1622776601683794e-14),  # s/sqrt(m)
    ("ps_per_km", 1, 1e-15),
    ("db", 3, 1.9952623149688795),
    ("db", -30, 1e-3),
    ("dbm", 0, 1e-3),
    ("dbm", 30, 1.0),
    ("db_per_km", 0.2, 4.605170185988091e-05),  # ln(10)/10 * 0.2e-3 per m
    ("db_per_nm", 1, 2.302585092994046e8),
    ("db_um4_per_km", 1, 2.302585092994046e-28),
    ("rms_db", 10 / math.log(10), 1.0),  # one neper of power
    ("tbps", 1020, 1.02e15),
    ("ebps_km", 1.86, 1.86e21),
]


@pytest.mark.parametrize(("unit", "value", "expected"), BY_HAND)
def test_convert__values_by_hand(unit, value, expected):
    assert units.convert(value, unit) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("unit", sorted(units.UNITS))
@given(value=positive)
def test_unit__there_and_back(unit, value):
    if unit in ("db", "dbm"):
        value = math.log(value)
    there = units.UNITS[unit].to_si(value)
    assert units.UNITS[unit].from_si(there) == pytest.approx(value, rel=1e-12, abs=1e-11)


@pytest.mark.parametrize("unit", sorted(units.UNITS))
@given(first=positive, second=positive)
def test_unit__keeps_order(unit, first, second):
    low, high = sorted((math.log(first), math.log(second)))
    assert units.UNITS[unit].to_si(low) <= units.UNITS[unit].to_si(high)


@pytest.mark.parametrize(
    ("field", "label"),
    [
        ("pitch_um", " um"),
        ("attenuation_db_per_km", " dB/km"),
        ("mode_dependent_loss_rms_db", " dB"),
        ("launch_power_dbm", " dBm"),
        ("cores", ""),
        ("span_count", ""),
        ("km", ""),  # a unit alone is a name, not a unit
    ],
)
def test_unit_label__longest_suffix_wins(field, label):
    assert units.unit_label(field) == label


def test_unit_of__rms_db_is_nepers_and_db_is_a_ratio():
    assert units.unit_of("mdl_rms_db") is units.UNITS["rms_db"]
    assert units.unit_of("fan_in_loss_db") is units.UNITS["db"]


class Things(Description):
    length_km: object = None
    count: object = None


def test_quantity__numbers_lists_tables_axes_and_nothing():
    axis = xr.DataArray([1.0, 2.0], dims="length", coords={"length": [1.0, 2.0]}, attrs={"units": "km"})
    things = Things(length_km=(1.0, {"C": 2.0, "L": None}, axis), count=3)
    number, table, along = labelled.quantity(things, "length_km")
    assert number == 1000.0
    assert table == {"C": 2000.0, "L": None}
    assert (along.dims, along.values.tolist()) == (("length",), [1000.0, 2000.0])
    assert along.attrs == {}, "metres must not say that they are km"
    assert axis.attrs == {"units": "km"}
    assert labelled.quantity(things, "count") == 3
    assert labelled.quantity(Things(), "length_km") is None


def test_decibels__zero_is_minus_infinity_without_a_warning():
    assert units.decibels(0.0) == -math.inf
    assert units.decibels(np.array([1.0, 100.0])).tolist() == [0.0, 20.0]


@given(st.floats(min_value=1e12, max_value=1e15))
def test_wavelength__is_its_own_inverse(frequency):
    assert units.wavelength(units.wavelength(frequency)) == pytest.approx(frequency, rel=1e-15)


def test_wavelength__of_the_itu_anchor():
    assert units.wavelength(193.1e12) * 1e9 == pytest.approx(1552.52, abs=0.005)


def test_decibels_per_neper():
    assert pytest.approx(4.342944819032518, rel=1e-15) == units.DB_PER_NEPER


def test_likely__has_no_guess_beyond_numbers():
    assert units.likely(2147483648.0, "mW", lambda number: number <= 5000) == ""
