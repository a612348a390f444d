"""Descriptions: what they accept, what they refuse and how they say it, and how they change."""

import math
import pickle
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError, model_validator

from mcfiber import labelled
from mcfiber.descriptions.checks import flag, integer, sequence
from mcfiber.descriptions.errors import DescriptionError, refused
from mcfiber.descriptions.record import Description
from mcfiber.descriptions.values import number
from mcfiber.typing import is_axis


class Grid(Description):
    kind: Literal["grid"] = "grid"
    cores: Annotated[int, integer(low=1, high=61, remedy="count the cores")] = 7
    pitch_um: Annotated[Any, number(above=0, high=200, remedy="give the distance of neighbours")] = 40.0


class Ring(Description):
    kind: Literal["ring"] = "ring"
    radius_um: Annotated[Any, number(above=0)]


class Amplifier(Description):
    noise_figure_db: Annotated[Any, number(low=0, high=20, varies="axis band")] = 5.0
    gain_db: Annotated[Any, number(low=0, infinite=True)] = 20.0


class Span(Description):
    length_km: Annotated[Any, number(low=0)]
    splices: Annotated[int, integer(low=0)] = 0


class Line(Description):
    layout: Grid | Ring = Grid()
    tagged: Annotated[Grid | Ring, Field(discriminator="kind")] = Grid()
    amplifiers: dict[str, Amplifier] = Field(default_factory=dict)
    spans: Annotated[tuple[Span, ...], sequence()] = ()
    loss_db_per_km: Annotated[Any, number(low=0, varies="axis core", remedy="a loss is positive")] = 0.2
    launch_dbm: Annotated[Any, number(low=-100, high=40, varies="axis band channel")] = 0.0
    mode: Literal["same", "independent"] = "same"
    loop: bool = False
    strict: Annotated[bool, flag()] = False
    name: str = ""
    slope: Annotated[Any, number()] = 0.0

    @model_validator(mode="after")
    def _named(self) -> "Line":
        if self.name == "nobody":
            msg = "name: got 'nobody'; give another"
            raise refused(msg)
        return self


def problems(**values: Any) -> dict[str, str]:
    with pytest.raises(DescriptionError) as caught:
        Line(**values)
    return dict(caught.value.problems)


def axis(*values: float, dim: str = "sample") -> xr.DataArray:
    return xr.DataArray(list(values), dims=dim)


# --- what is accepted


@pytest.mark.parametrize(
    "value",
    [40, 40.0, np.float64(40), np.float32(40), np.int64(40), np.array(40.0), Fraction(40), xr.DataArray(40.0)],
    ids=lambda value: type(value).__name__,
)
def test_number__any_real_number_becomes_a_float(value):
    pitch = Grid(pitch_um=value).pitch_um
    assert type(pitch) is float
    assert pitch == 40.0


@pytest.mark.parametrize("value", [7, np.int32(7), np.uint8(7), np.array(7), np.int64(7)])
def test_integer__any_whole_number_becomes_an_int(value):
    cores = Grid(cores=value).cores
    assert type(cores) is int
    assert cores == 7


def test_number__axis_becomes_float_and_keeps_labels():
    given_axis = xr.DataArray([30, 40], dims="pitch", coords={"pitch": [30, 40]}, attrs={"why": "swept"})
    pitch = Grid(pitch_um=given_axis).pitch_um
    assert is_axis(pitch)
    assert pitch.dtype == np.float64
    assert pitch.dims == ("pitch",)
    assert pitch.pitch.values.tolist() == [30, 40]


def test_number__infinity_only_where_it_is_meant():
    assert Amplifier(gain_db=math.inf).gain_db == math.inf
    with pytest.raises(DescriptionError, match=r"got -inf dB; allowed: at least 0 dB, or infinity"):
        Amplifier(gain_db=-math.inf)
    with pytest.raises(DescriptionError, match=r"slope: got inf; allowed: any finite number"):
        Line(slope=math.inf)


def test_by_core__list_tuple_and_array_become_a_tuple():
    for value in ([0.2, 0.3], (0.2, 0.3), np.array([0.2, 0.3])):
        assert Line(loss_db_per_km=value).loss_db_per_km == (0.2, 0.3)
    assert Line(loss_db_per_km=0.2).loss_db_per_km == 0.2
    assert is_axis(Line(loss_db_per_km=axis(0.1, 0.2)).loss_db_per_km)


def test_by_band__table_of_values_and_of_lists():
    assert Line(launch_dbm={"C": 0, "L": [1, 2]}).launch_dbm == {"C": 0.0, "L": (1.0, 2.0)}


def test_flag__truth_values_of_python_and_numpy():
    assert Line(strict=True).strict is True
    assert Line(strict=np.True_).strict is True


def test_description__nested_tables_become_descriptions():
    line = Line(layout={"radius_um": 3}, spans=[{"length_km": 80}], amplifiers={"C": {"noise_figure_db": 4}})
    assert line.layout == Ring(radius_um=3)
    assert line.spans == (Span(length_km=80),)
    assert line.amplifiers["C"].noise_figure_db == 4.0


# --- what is refused, and how it is said

REFUSED = [
    # value of a field, path of the problem, parts of the sentence
    (
        {"layout": {"pitch_um": -3}},
        "layout.pitch_um",
        ["got -3 um", "above 0 um and at most 200 um", "give the distance"],
    ),
    ({"layout": {"pitch_um": 0}}, "layout.pitch_um", ["got 0 um", "above 0 um"]),
    ({"layout": {"pitch_um": 201}}, "layout.pitch_um", ["got 201 um", "at most 200 um"]),
    ({"layout": {"pitch_um": math.nan}}, "layout.pitch_um", ["got nan um"]),
    ({"layout": {"pitch_um": 10**400}}, "layout.pitch_um", ["got inf um"]),
    ({"layout": {"pitch_um": "42"}}, "layout.pitch_um", ["got '42', which is not a number"]),
    ({"layout": {"pitch_um": True}}, "layout.pitch_um", ["got true, which is not a number"]),
    ({"layout": {"pitch_um": np.True_}}, "layout.pitch_um", ["got true, which is not a number"]),
    ({"layout": {"pitch_um": None}}, "layout.pitch_um", ["got nothing (None), which is not a number"]),
    ({"layout": {"pitch_um": Decimal(3)}}, "layout.pitch_um", ["Decimal('3'), which is not a number"]),
    ({"layout": {"pitch_um": 3 + 1j}}, "layout.pitch_um", ["(3+1j), which is not a number"]),
    ({"layout": {"pitch_um": [1, 2]}}, "layout.pitch_um", ["got [1, 2], which is not a number"]),
    ({"layout": {"pitch_um": np.ones(2)}}, "layout.pitch_um", ["array([1., 1.]), which is not a number"]),
    ({"layout": {"pitch_um": axis(40, -3)}}, "layout.pitch_um", ["got -3 um at position 1 of the axis", "above 0 um"]),
    ({"layout": {"pitch_um": axis(40, math.nan)}}, "layout.pitch_um", ["got nan um at position 1"]),
    ({"layout": {"pitch_um": axis()}}, "layout.pitch_um", ["an axis of shape (0,)", "at least one value"]),
    ({"layout": {"pitch_um": xr.DataArray(np.ones((2, 2)))}}, "layout.pitch_um", ["an axis of shape (2, 2)"]),
    ({"layout": {"pitch_um": xr.DataArray(["a"])}}, "layout.pitch_um", ["an axis of <U1", "allowed: numbers"]),
    ({"layout": {"pitch_um": xr.DataArray([True])}}, "layout.pitch_um", ["an axis of bool"]),
    ({"layout": {"cores": 0}}, "layout.cores", ["got 0", "a whole number, 1 to 61", "count the cores"]),
    ({"layout": {"cores": 7.0}}, "layout.cores", ["got 7.0", "a whole number, 1 to 61"]),
    ({"layout": {"cores": "7"}}, "layout.cores", ["got '7'"]),
    ({"layout": {"cores": True}}, "layout.cores", ["got true"]),
    ({"layout": {"cores": axis(1, 2)}}, "layout.cores", ["got an axis, but this value cannot be one"]),
    (
        {"layout": {"pich_um": 3}},
        "layout.pich_um",
        ["unknown key", "did you mean pitch_um?", "known here: kind, cores"],
    ),
    ({"layout": {"kind": "ring", "radius_um": -1}}, "layout.radius_um", ["got -1 um", "above 0 um"]),
    ({"layout": 5}, "layout", ["got 5", "a table of the values of a Grid"]),
    ({"tagged": {"kind": "star"}}, "tagged", ["got a kind 'star'", "'grid', 'ring'"]),
    ({"tagged": {"radius_um": 3}}, "tagged", ["which does not say its kind"]),
    ({"tagged": {"kind": "ring", "radius_um": 0}}, "tagged.radius_um", ["got 0 um"]),
    ({"amplifiers": {"C": {"noise_figure_db": 21}}}, "amplifiers.C.noise_figure_db", ["got 21 dB", "0 to 20 dB"]),
    ({"amplifiers": {"C+L": {"gain_db": -1}}}, "amplifiers.C+L.gain_db", ["got -1 dB"]),
    ({"amplifiers": 4}, "amplifiers", ["got 4", "allowed: a table"]),
    ({"spans": [{"length_km": 1}, {"length_km": -1}]}, "spans.1.length_km", ["got -1 km", "at least 0 km"]),
    ({"spans": [{}]}, "spans.0.length_km", ["is missing and has no default"]),
    ({"spans": 4}, "spans", ["got 4", "allowed: a list"]),
    ({"loss_db_per_km": [0.2, -1]}, "loss_db_per_km.1", ["got -1 dB/km", "at least 0 dB/km", "a loss is positive"]),
    ({"loss_db_per_km": []}, "loss_db_per_km", ["an empty list"]),
    ({"launch_dbm": {"C": [0, 50]}}, "launch_dbm.C.1", ["got 50 dBm", "-100 to 40 dBm"]),
    ({"launch_dbm": {}}, "launch_dbm", ["an empty table"]),
    ({"mode": "other"}, "mode", ["got 'other'", "'same' or 'independent'"]),
    ({"loop": "maybe"}, "loop", ["got 'maybe'", "true or false"]),
    ({"strict": "yes"}, "strict", ["got 'yes'", "true or false"]),
    ({"strict": 1}, "strict", ["got 1", "true or false"]),
    ({"name": 3}, "name", ["got 3", "a text"]),
    ({"name": "nobody"}, "name", ["give another"]),
    ({"colour": 3}, "colour", ["unknown key"]),
]


@pytest.mark.parametrize(("values", "path", "parts"), REFUSED, ids=lambda value: str(value)[:40])
def test_refusal__names_path_value_and_range(values, path, parts):
    told = problems(**values)
    assert list(told) == [path]
    for part in parts:
        assert part in told[path]
    assert "\n" not in told[path]
    assert len(told[path]) < 250


def test_refusal__all_problems_at_once():
    told = problems(layout={"pitch_um": -1, "cores": 0}, mode="x", loss_db_per_km=[1, "a", None])
    assert sorted(told) == ["layout.cores", "layout.pitch_um", "loss_db_per_km.1", "loss_db_per_km.2", "mode"]


def test_refusal__huge_values_are_shown_short():
    told = problems(name=list(range(10_000)), slope="x" * 10_000)
    assert all(len(text) < 200 for text in told.values())


def test_error__reads_as_one_line_and_survives_pickling():
    with pytest.raises(DescriptionError) as caught:
        Line(mode="x")
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value) == "mode: got 'x'; allowed: 'same' or 'independent'"
    assert again.title == "Line"
    assert isinstance(again, ValueError)


def test_description__is_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        Grid().pitch_um = 3.0


# --- replace


@pytest.fixture
def line() -> Line:
    return Line(
        layout=Grid(cores=19),
        amplifiers={"C": Amplifier(), "L": Amplifier(noise_figure_db={"C": 5, "L": 6})},
        spans=[Span(length_km=80), Span(length_km=90)],
        loss_db_per_km=[0.2, 0.3],
        launch_dbm={"C": [0, 1]},
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("layout.pitch_um", 30.0),
        ("amplifiers.C.noise_figure_db", 4.0),
        ("amplifiers.L.noise_figure_db.L", 7.0),
        ("spans.1.length_km", 70.0),
        ("loss_db_per_km.0", 0.25),
        ("launch_dbm.C.1", 2.0),
        ("mode", "independent"),
    ],
)
def test_replace__reaches_every_place_and_only_that(line, path, value):
    before = line.model_copy(deep=True)
    changed = line.replace({path: value})
    assert changed.value_at(path) == value
    assert changed != line
    assert line == before
    assert changed.replace({path: line.value_at(path)}) == line


def test_replace__many_paths_at_once(line):
    changed = line.replace({"layout.pitch_um": 30, "layout.cores": 7, "spans.0": Span(length_km=1)})
    assert (changed.layout.pitch_um, changed.layout.cores) == (30.0, 7)
    assert [span.length_km for span in changed.spans] == [1.0, 90.0]


def test_replace__whole_description_by_table(line):
    assert line.replace({"layout": {"kind": "ring", "radius_um": 3}}).layout == Ring(radius_um=3)


def test_replace__axis(line):
    changed = line.replace({"layout.pitch_um": axis(30, 40)})
    assert changed.layout.pitch_um.dims == ("sample",)
    assert changed == line.replace({"layout.pitch_um": axis(30, 40)})
    assert changed != line.replace({"layout.pitch_um": axis(30, 41)})
    assert changed != line.replace({"layout.pitch_um": axis(30, 40, dim="other")})


def test_replace__keeps_apart_what_was_given_and_what_is_default(line):
    changed = Grid(cores=19).replace({"cores": 7})
    assert changed.model_fields_set == {"cores"}


@pytest.mark.parametrize(
    ("changes", "path", "parts"),
    [
        ({"layout.pich_um": 3}, "layout.pich_um", ["there is no such value", "did you mean pitch_um?"]),
        ({"amplifiers.S.gain_db": 3}, "amplifiers.S", ["there is no such value", "known here: C, L"]),
        ({"spans.2.length_km": 3}, "spans.2", ["known here: 0, 1"]),
        ({"spans.-1.length_km": 3}, "spans.-1", ["known here: 0, 1"]),
        ({"loss_db_per_km.0.x": 3}, "loss_db_per_km.0.x", ["loss_db_per_km.0 is 0.2, which has no parts"]),
        ({"mode.x": 3}, "mode.x", ["mode is 'same', which has no parts"]),
        ({"layout": Grid(), "layout.pitch_um": 3}, "layout.pitch_um", ["replaces all of 'layout'"]),
        ({"layout.pitch_um": 3, "layout": Grid()}, "layout", ["replaces a part of it"]),
        ({"layout.pitch_um": -3}, "layout.pitch_um", ["got -3 um", "above 0 um"]),
        ({"spans.1.length_km": -3}, "spans.1.length_km", ["got -3 km"]),
        ({"amplifiers.L.noise_figure_db.L": 99}, "amplifiers.L.noise_figure_db.L", ["got 99 dB"]),
        ({"name": "nobody"}, "name", ["give another"]),
        ({"": 3}, "", ["there is no such value"]),
    ],
    ids=str,
)
def test_replace__refuses(line, changes, path, parts):
    with pytest.raises(DescriptionError) as caught:
        line.replace(changes)
    told = dict(caught.value.problems)
    assert list(told) == [path]
    assert all(part in told[path] for part in parts), told


def test_value_at__refuses_what_replace_refuses(line):
    with pytest.raises(DescriptionError, match="there is no such value"):
        line.value_at("spans.7")


# --- equality


def test_equality__lists_and_tables_that_hold_axes():
    first, second = ({"C": axis(1, 2), "L": 0.0} for _ in range(2))
    assert Line(launch_dbm=first) == Line(launch_dbm=second)
    assert Line(launch_dbm=first) != Line(launch_dbm={"C": axis(1, 3), "L": 0.0})
    assert Line(loss_db_per_km=[axis(1, 2), 1.0]) == Line(loss_db_per_km=[axis(1, 2), 1.0])
    assert Line(loss_db_per_km=[1.0]) != Line(loss_db_per_km=[1.0, 1.0])
    assert Grid() != Ring(radius_um=1)
    assert Grid() != 3


def test_hash__agrees_with_equality_and_is_refused_for_axes():
    assert hash(Grid(pitch_um=30)) == hash(Grid(pitch_um=30.0))
    with pytest.raises(TypeError, match="unhashable"):
        hash(Grid(pitch_um=axis(1, 2)))


# --- properties


@given(pitch=st.floats(min_value=1e-300, max_value=200), cores=st.integers(1, 61))
def test_property__accepted_values_survive_unchanged(pitch, cores):
    grid = Grid(pitch_um=pitch, cores=cores)
    assert Grid(**grid.model_dump()) == grid
    assert Grid().replace(grid.model_dump()) == grid
    assert labelled.quantity(grid, "pitch_um") == pytest.approx(pitch * 1e-6, rel=1e-15, abs=0)


@given(st.one_of(st.floats(max_value=0), st.floats(min_value=200, exclude_min=True), st.just(math.nan)))
def test_property__values_outside_the_range_are_refused(pitch):
    with pytest.raises(DescriptionError, match=r"^pitch_um: got .* um; allowed: above 0 um and at most 200 um"):
        Grid(pitch_um=pitch)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5) | st.floats() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*Line.model_fields, "x"]), ANYTHING, min_size=1, max_size=4))
def test_property__any_input_is_accepted_or_told_about_in_one_line(values):
    told: list[tuple[str, str]] = []
    try:
        line = Line(**values)
    except DescriptionError as error:
        told = error.problems
    else:
        assert line.replace({}) == line
    for path, text in told:
        assert path.split(".")[0] in values
        assert text
        assert text.isprintable()


def test_replace__with_none_takes_an_optional_value_back():
    class Fibre(Description):
        slope: Annotated[Any, number(low=0)] = None
        length: Annotated[Any, number(low=0)] = 1.0

    changed = Fibre(slope=2.0).replace({"slope": None})
    assert changed.slope is None
    assert changed.model_fields_set == set()
    with pytest.raises(DescriptionError, match=r"length: got nothing \(None\), which is not a number"):
        Fibre(length=None)
