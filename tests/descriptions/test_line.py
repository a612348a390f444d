"""The line's description: spans, devices, launch powers, what is refused."""

import math

import numpy as np
import pytest
import xarray as xr

from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.line import Amplifier, Link, LoopEquipment, Span
from mcfiber.descriptions.spectrum import Spectrum
from mcfiber.fiber.channels import channels
from mcfiber.fiber.medium import medium
from mcfiber.labelled import coordinates_of, variable
from mcfiber.line.line import distance, line, over_spans

GRID = channels(Spectrum(frequency_thz=[187.0, 188.0, 193.0, 194.0, 195.0], symbol_rate_gbd=40))
GLASS = medium(MulticoreFiber(layout={"kind": "hexagonal", "cores": 1}), GRID)


@pytest.mark.parametrize(
    ("make", "start"),
    [
        (lambda: Span(length_km=0), "length_km: got 0 km; allowed: above 0 km"),
        (
            lambda: Span(length_km=80, fan_in_loss_db=-1),
            "fan_in_loss_db: got -1 dB; allowed: 0 to 100 dB; a loss in dB",
        ),
        (lambda: Span(length_km=80, splices=1.5), "splices: got 1.5; allowed: a whole number"),
        (lambda: Span(length_km=80, fan_out_crosstalk_db=3), "fan_out_crosstalk_db: got 3 dB"),
        (lambda: Span(), "length_km: is missing"),
        (lambda: Amplifier(noise_figure_db=-11), "noise_figure_db: got -11 dB"),
        (lambda: Amplifier(noise_figure_db={}), "noise_figure_db: got an empty table"),
        (
            lambda: Amplifier(noise_figure_db={"C": 5, "X": 5}),
            "noise_figure_db: got a band 'X'; allowed: O, E, S, C, L",
        ),
        (
            lambda: Amplifier(noise_figure_db={"C": [5, 6]}),
            "noise_figure_db.C: got a list, and the value may differ by channel and by core",
        ),
        (
            lambda: LoopEquipment(loss_db=3, first_amplifier_excess_db=4),
            "first_amplifier_excess_db: got 4 dB, more than the loss of 3 dB",
        ),
        (lambda: Link(span=[]), "span: an empty list"),
        (lambda: Link(span=[{"length_km": 80}], span_count=2), "span_count: got 2 with a list of 1 spans"),
        (lambda: Link(span={"length_km": 80}, span_count=0), "span_count: got 0"),
        (lambda: Link(span={"length_km": 80}, launch_power_dbm="0"), "launch_power_dbm: got '0'"),
        (lambda: Link(span={"length_km": 80}, launch_power_dbm={"c": 0}), "launch_power_dbm: got a band 'c'"),
        (lambda: Link(span={"length_km": 80}, launch_power_dbm={"C": [0, 99]}), "launch_power_dbm.C.1: got 99 dBm"),
        (lambda: Link(span=[{"length_km": 80}, {"length_km": -1}]), "span.1.length_km: got -1 km"),
        (lambda: Link(span={"length_km": 80}, repeat="often"), "repeat: got 'often'"),
    ],
)
def test_line__refuses(make, start):
    with pytest.raises(DescriptionError) as caught:
        make()
    assert str(caught.value).startswith(start)


def test_distance__of_repeated_and_listed_spans():
    assert distance(Link(span={"length_km": 86.1}, span_count=21)) == pytest.approx(1808.1e3)
    listed = Link(span=[{"length_km": length} for length in (50, 60, 70)])
    assert listed.count == 3
    assert float(distance(listed)) == pytest.approx(180e3)


def test_line__has_a_dimension_only_where_spans_differ():
    link = Link(span=[{"length_km": 50, "fan_in_loss_db": 1}, {"length_km": 60, "fan_in_loss_db": 1}])
    spans = line(link, GLASS, GRID)
    assert 10 * math.log10(spans.fan_in) == pytest.approx(1.0, rel=1e-14)
    assert spans.length.dims == ("span",)
    assert float(over_spans(spans, spans.length)) == 110e3
    assert over_spans(spans, 3.0) == 6.0


@pytest.mark.parametrize("position", [0, 1])
def test_distance__a_length_may_be_an_axis(position):
    values = xr.DataArray([50.0, 90.0], dims="sample", coords={"sample": [3, 5]})
    lengths = [80.0, 80.0]
    lengths[position] = values
    link = Link(span=[{"length_km": length} for length in lengths])
    assert distance(link).dims == ("sample",)
    np.testing.assert_allclose(distance(link), [130e3, 170e3])
    np.testing.assert_array_equal(coordinates_of(link)["sample"], [3, 5])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"C": 1.0, "L": 2.0}, [2, 2, 1, 1, 1]),
        ({"C": (1.0, 2.0, 3.0), "L": 9.0, "S": 5.0}, [9, 9, 1, 2, 3]),
        ({"C": 7.0, "L": (1.0, 2.0)}, [1, 2, 7, 7, 7]),
        ((1.0, 2.0, 3.0, 4.0, 5.0), [1, 2, 3, 4, 5]),
    ],
)
def test_spread__tables_and_lists(value, expected):
    found = GRID.spread(value)
    assert found.dims == ("channel",)
    np.testing.assert_array_equal(found, expected)


def test_spread__a_number_stays_one():
    assert GRID.spread(3.0) == 3.0


@pytest.mark.parametrize("kind", ["band", "list", "list of a band"])
def test_spread__axes_inside(kind):
    axis = variable(xr.DataArray([1.0, 2.0], dims="sample", coords={"sample": [0, 1]}))
    value = {
        "band": {"C": axis, "L": 5.0},
        "list": (5.0, 5.0, axis, axis, axis),
        "list of a band": {"C": (axis, axis, axis), "L": 5.0},
    }[kind]
    found = GRID.spread(value)
    np.testing.assert_array_equal(found.isel(sample=1).transpose("channel"), [5, 5, 2, 2, 2])
