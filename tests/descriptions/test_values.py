"""One grammar for how a value varies: forms that say the same are the same, and what is refused says what to do."""

import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import mcfiber as mcf
from mcfiber import labelled, units, variables
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.fiber import MeasuredCrosstalk, MulticoreFiber
from mcfiber.descriptions.layout import CustomLayout, HexagonalLayout, RingLayout, SquareLayout
from mcfiber.descriptions.line import Amplifier, Link, RamanPump, Span
from mcfiber.descriptions.profile import StepCore
from mcfiber.descriptions.record import Description, axes, plain
from mcfiber.descriptions.spectrum import ChannelGroup, Spectrum
from mcfiber.descriptions.system import System
from mcfiber.descriptions.values import (
    FORMS,
    RESERVED_AXES,
    Axis,
    ByChannel,
    ByCore,
    PairMatrix,
    WavelengthTable,
    declarations,
    declared,
    number,
)
from mcfiber.units import SPEED_OF_LIGHT


class Everything(Description):
    """A field for each form."""

    loss_db: Annotated[Any, number(low=0, high=100, varies="axis band channel core wavelength pairs")] = 0.0
    by_channel_db: Annotated[Any, number(low=0, high=100, varies="axis band channel", names=("C", "L"))] = 0.0
    by_core_db: Annotated[Any, number(low=0, high=100, varies="axis core")] = 0.0
    offset_db: Annotated[Any, number(low=-100, high=100, varies="core", single=False)] = None
    table_db: Annotated[Any, number(low=0, high=100, varies="wavelength")] = 0.0
    pairs_db: Annotated[Any, number(low=-100, high=-3, varies="axis pairs")] = -50.0
    plain_db: Annotated[Any, number(low=0, varies="")] = 0.0
    axis_db: Annotated[Any, number(low=0)] = 0.0


def problems(**values: Any) -> dict[str, str]:
    with pytest.raises(DescriptionError) as caught:
        Everything(**values)
    return dict(caught.value.problems)


NUMBERS = st.lists(st.floats(0, 100), min_size=1, max_size=6)


# --- forms that say the same


@given(NUMBERS, st.permutations(range(6)))
def test_by_channel__every_form_is_the_same_list(values, order):
    order = [index for index in order if index < len(values)]
    shuffled = np.array(values)[order]
    same = [
        values,
        tuple(values),
        np.array(values),
        {"channel": values},
        {"channel": np.array(values)},
        ByChannel(channel=values),
        xr.DataArray(values, dims="channel"),
        xr.DataArray(shuffled, dims="channel", coords={"channel": order}),
        pd.Series(values, index=pd.Index(range(len(values)), name="channel")),
        pd.Series(shuffled, index=pd.Index(order, name="channel")),
        pd.DataFrame({"power": values}, index=pd.Index(range(len(values)), name="channel")),
        pd.DataFrame({"channel": values}),
    ]
    for form in same:
        assert Everything(by_channel_db=form).by_channel_db == tuple(values)
        assert Everything(by_channel_db={"C": form, "L": 1.0}).by_channel_db == {"C": tuple(values), "L": 1.0}
    for form in same[3:]:
        assert Everything(loss_db=form).loss_db == ByChannel(channel=values)


@given(NUMBERS)
def test_by_core__every_form_is_the_same_list(values):
    same = [
        values,
        np.array(values),
        {"core": values},
        ByCore(core=values),
        xr.DataArray(values, dims="core"),
        pd.Series(values, index=pd.Index(range(len(values)), name="core")),
    ]
    for form in same:
        assert Everything(by_core_db=form).by_core_db == tuple(values)
        assert Everything(offset_db=form).offset_db == tuple(values)


@given(NUMBERS)
def test_axis__table_series_and_dataarray_are_equal(values):
    labels = list(range(10, 10 + len(values)))
    table = Everything(axis_db={"axis": "sample", "values": values, "labels": labels})
    series = Everything(axis_db=pd.Series(values, index=pd.Index(labels, name="sample")))
    array = Everything(axis_db=xr.DataArray(values, dims="sample", coords={"sample": labels}))
    assert table == series == array
    assert array == table
    assert hash(table) == hash(series)
    assert table != Everything(axis_db={"axis": "sample", "values": values})
    assert table != Everything(axis_db={"axis": "draws", "values": values, "labels": labels})
    assert labelled.variable(table.axis_db).identical(array.axis_db.variable)
    assert labelled.coordinates_of(table)["sample"].variable.identical(
        array.axis_db["sample"].variable.to_base_variable()
    )


@given(st.lists(st.floats(1001, 1999), min_size=2, max_size=6, unique_by=lambda one: round(one, 3)).map(sorted))
def test_by_wavelength__every_form_is_the_same_table(wavelength):
    value = np.linspace(1, 2, len(wavelength))
    frequency = [SPEED_OF_LIGHT * 1e-3 / one for one in reversed(wavelength)]
    expected = WavelengthTable(wavelength_nm=wavelength, value=value)
    same = [
        expected,
        {"wavelength_nm": wavelength, "value": value.tolist()},
        xr.DataArray(value, dims="wavelength", coords={"wavelength": wavelength}),
        xr.DataArray(value[::-1], dims="wavelength", coords={"wavelength": wavelength[::-1]}),
        pd.Series(value, index=pd.Index(wavelength, name="wavelength")),
        pd.DataFrame({"wavelength_nm": wavelength, "value": value}),
    ]
    for form in same:
        assert Everything(table_db=form).table_db == expected
    turned = Everything(table_db={"frequency_thz": frequency, "value": value[::-1].tolist()}).table_db
    np.testing.assert_allclose(turned.wavelength_nm, wavelength, rtol=1e-12)
    assert turned.value == expected.value


def test_by_pair__every_form_is_the_same_matrix():
    values = np.array([[0.0, -40.0, -60.0], [-41.0, 0.0, -42.0], [-61.0, -43.0, 0.0]])
    expected = PairMatrix(core_out_core_in=values)
    open_ended = values + np.diag([math.nan] * 3)
    names = pd.RangeIndex(3, name="core_out"), pd.RangeIndex(3, name="core_in")
    same = [
        values.tolist(),
        values,
        open_ended,
        {"core_out_core_in": values.tolist()},
        xr.DataArray(values, dims=("core_out", "core_in")),
        xr.DataArray(values.T, dims=("core_in", "core_out")),
        pd.DataFrame(values, index=names[0], columns=names[1]),
    ]
    for form in same:
        assert Everything(pairs_db=form).pairs_db == expected


def test_number__lists_that_could_mean_two_things_are_asked_about():
    assert Everything(loss_db={"channel": [1, 2]}).loss_db == ByChannel(channel=[1, 2])
    assert Everything(loss_db={"core": [1, 2]}).loss_db == ByCore(core=[1, 2])
    assert "write {channel = [...]} or {core = [...]}" in problems(loss_db=[1, 2])["loss_db"]


def test_number__items_may_be_axes():
    axis = {"axis": "sample", "values": [1.0, 2.0]}
    kept = Everything(by_channel_db={"C": {"channel": [axis, 3.0]}, "L": axis}).by_channel_db
    assert kept == {"C": (Axis(**axis), 3.0), "L": Axis(**axis)}
    assert [path for path, _ in axes(Everything(by_channel_db=kept))] == ["by_channel_db.C.0", "by_channel_db.L"]


def test_axis__changes_its_unit():
    axis = Axis(axis="pitch", values=[30.0, 40.0], labels=["a", "b"])
    expected = Axis(axis="pitch", values=np.array([30.0, 40.0]) * 1e-6, labels=["a", "b"])
    assert units.convert(axis, "um") == expected


def test_fiber__an_axis_of_a_table_passes_where_a_dataarray_does():
    table = {"axis": "size", "values": [4.0, 4.2]}
    profile = {"kind": "step", "radius_um": table, "delta_percent": 0.35}
    layout = {"kind": "hexagonal", "cores": 7, "pitch_um": {"axis": "pitch", "values": [20.0, 200.0]}}
    fiber = MulticoreFiber(layout=layout, coupling="random", core=profile)
    assert fiber.core.radius_um == Axis(**table)


def test_axis__is_fixed_and_plain_to_numpy():
    given_values = np.array([1.0, 2.0])
    axis = Axis(axis="pitch", values=given_values)
    given_values[0] = 9.0
    assert np.asarray(axis).tolist() == axis.data.tolist() == [1.0, 2.0]
    assert (axis.dim, axis.dims, axis.ndim, axis.size, axis.shape, axis.coords) == ("pitch", ("pitch",), 1, 2, (2,), {})
    assert axis.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        axis.values[0] = 3.0


# --- round trips


@given(
    st.sampled_from(["axis", "channel", "core", "wavelength_nm", "core_out_core_in", "C"]),
    st.lists(st.floats(0, 100), min_size=2, max_size=2),
)
def test_plain__gives_tables_that_make_the_same_description(key, values):
    table = {
        "axis": {"axis": "pitch", "values": values, "labels": ["a", "b"]},
        "wavelength_nm": {"wavelength_nm": [1500.0, 1600.0], "value": values},
        "core_out_core_in": {"core_out_core_in": [[0.0, values[0]], [values[1], 0.0]]},
        "C": {"C": values[0], "L": {"axis": "pitch", "values": values}},
    }.get(key, {key: values})
    one = Everything(loss_db=table)
    assert Everything(**plain(one)) == one
    assert plain(one) == {"loss_db": table}


@given(NUMBERS)
def test_toml__round_trip_of_every_form_that_a_system_takes(values):
    system = System(
        spectrum={"groups": [{"band": "C", "channels": 2, "spacing_ghz": 100, "symbol_rate_gbd": 64}]},
        fiber={
            "layout": {"kind": "hexagonal", "cores": 1},
            "attenuation_db_per_km": {"frequency_thz": [180.0, 200.0], "value": [0.2, 0.3]},
            "dispersion_ps_per_nm_km": xr.DataArray(values, dims="sample", coords={"sample": np.arange(len(values))}),
        },
        link={
            "span": {"length_km": 80},
            "launch_power_dbm": {"C": {"channel": [0.0, 1.0]}},
            "amplifier": {"noise_figure_db": {"C": {"axis": "draws", "values": [min(values[0], 30.0)]}}},
        },
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "system.toml"
        path.write_text(system.to_toml())
        assert System.from_toml(path) == system


def test_description__of_an_axis_from_toml_loads_neither_xarray_nor_numba(tmp_path):
    path = tmp_path / "system.toml"
    path.write_text(SMALL_TOML)
    code = (
        "import sys; from mcfiber.descriptions.system import System; "
        f"system = System.from_toml({str(path)!r}); system.to_toml(); "
        "assert not {'xarray', 'numba', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


SMALL_TOML = """
[[spectrum.groups]]
band = "C"
channels = 3
spacing_ghz = 100
symbol_rate_gbd = 64
[fiber]
attenuation_db_per_km = { axis = "loss", values = [0.2, 0.25] }
[fiber.layout]
kind = "hexagonal"
cores = 1
[link.span]
length_km = 80
"""


# --- evaluations


def small(**changes: Any) -> System:
    return System(
        spectrum={"groups": [{"band": "C", "channels": 3, "spacing_ghz": 100, "symbol_rate_gbd": 64}]},
        fiber={"layout": {"kind": "hexagonal", "cores": 1}},
        link={"span": {"length_km": 80}, "span_count": 5},
    ).replace(changes)


def test_evaluate__an_axis_from_toml_equals_a_dataarray(tmp_path):
    path = tmp_path / "system.toml"
    path.write_text(SMALL_TOML + "splice_loss_db = { axis = 'splice', values = [0.0, 0.1] }\nsplices = 3\n")
    found = System.from_toml(path).evaluate()
    values = {
        "fiber.attenuation_db_per_km": xr.DataArray([0.2, 0.25], dims="loss"),
        "link.span.splice_loss_db": xr.DataArray([0.0, 0.1], dims="splice"),
    }
    expected = small(**values).replace({"link.span.splices": 3, "link.span_count": None}).evaluate()
    xr.testing.assert_equal(found.snr, expected.snr)


def test_evaluate__forms_that_say_the_same_give_the_same():
    expected = small(**{"link.launch_power_dbm": [0.0, 1.0, 2.0]}).evaluate()
    for form in ({"channel": [0.0, 1.0, 2.0]}, {"C": {"channel": [0.0, 1.0, 2.0]}}):
        xr.testing.assert_equal(small(**{"link.launch_power_dbm": form}).evaluate().snr, expected.snr)


# --- what is refused


def test_axis__named_span_was_taken_for_the_spans_of_one_line():
    lengths = xr.DataArray([60.0, 80.0, 100.0], dims="span")
    with pytest.raises(DescriptionError, match=r"link\.span\.length_km: got an axis named 'span'.*list of spans"):
        small(**{"link.span.length_km": lengths})


@pytest.mark.parametrize("name", sorted(RESERVED_AXES))
def test_axis__reserved_names_are_refused_with_a_remedy(name):
    told = problems(axis_db={"axis": name, "values": [1.0]})
    assert list(told) == ["axis_db.axis"]
    assert repr(name) in told["axis_db.axis"]
    assert RESERVED_AXES[name] in told["axis_db.axis"]
    (text,) = problems(axis_db=xr.DataArray([1.0], dims=name, coords={name: [1500.0]})).values()
    assert "give" in text or "cannot vary so" in text


@pytest.mark.parametrize("name", ["sample", "point"])
def test_axis__names_that_the_library_gives_its_own_sweeps_are_free(name):
    assert Everything(axis_db=xr.DataArray([1.0], dims=name)).axis_db.dims == (name,)


def test_reserved__every_dimension_of_the_results():
    dims = {dim for variable in variables.every_variable() for dim in variable.dims}
    assert dims - {"sample", "point"} <= set(RESERVED_AXES)


@pytest.mark.parametrize(
    ("values", "path", "parts"),
    [
        (
            {"axis_db": {"channel": [1, 2]}},
            "axis_db",
            ["got a list by channel", "allowed: a number, an axis"],
        ),
        ({"axis_db": xr.DataArray([1.0], dims="core")}, "axis_db", ["got a list by core", "cannot vary so"]),
        ({"plain_db": {"axis": "a", "values": [1]}}, "plain_db", ["got an axis, but this value cannot be one"]),
        ({"plain_db": [1]}, "plain_db", ["got [1], which is not a number"]),
        ({"plain_db": {"C": 1}}, "plain_db", ["got {'C': 1}, which is not a number"]),
        ({"axis_db": {"axis": "a", "values": [1, -1]}}, "axis_db", ["got -1 dB at position 1 of the axis"]),
        ({"axis_db": {"axis": "a", "values": []}}, "axis_db.values", ["shape (0,)"]),
        ({"axis_db": {"axis": "a", "values": ["x"]}}, "axis_db.values", ["allowed: numbers"]),
        ({"axis_db": {"axis": "a", "values": [1], "label": [1]}}, "axis_db.label", ["did you mean labels?"]),
        ({"axis_db": {"axis": "", "values": [1]}}, "axis_db.axis", ["without a name"]),
        ({"axis_db": {"axis": "a", "values": [1], "labels": [1, 2]}}, "axis_db.labels", ["2 labels for 1 values"]),
        ({"loss_db": {"channel": [1, 101]}}, "loss_db.channel.1", ["got 101 dB", "0 to 100 dB"]),
        ({"loss_db": {"channel": []}}, "loss_db.channel", ["empty list"]),
        ({"loss_db": {"channel": ["x"]}}, "loss_db.channel.0", ["got 'x', which is not a number"]),
        ({"loss_db": {"channel": 1}}, "loss_db.channel", ["allowed: a list of numbers"]),
        ({"loss_db": {"core": [{"channel": [1]}]}}, "loss_db.core.0", ["cannot vary so"]),
        ({"by_channel_db": {"C": {"channel": [1, -1]}}}, "by_channel_db.C.channel.1", ["got -1 dB"]),
        ({"by_channel_db": {"X": 1}}, "by_channel_db", ["got a band 'X'; allowed: C, L"]),
        ({"by_channel_db": {"C": {"L": 1}}}, "by_channel_db.C", ["which is not a number"]),
        ({"offset_db": 3.0}, "offset_db", ["got 3.0; allowed: a list of numbers"]),
        ({"offset_db": xr.DataArray([1.0], dims="a")}, "offset_db", ["allowed: a list of numbers"]),
        ({"table_db": {"wavelength_nm": [1500, 1600], "value": [1, 101]}}, "table_db.value.1", ["got 101 dB"]),
        ({"table_db": {"frequency_thz": [200, 190], "value": [1, 1]}}, "table_db.frequency_thz", ["ascending"]),
        ({"table_db": {"frequency_thz": [1.9, 2], "value": [1, 1]}}, "table_db.frequency_thz", ["149.9 to 299.8 THz"]),
        ({"table_db": xr.DataArray([1.0, 2.0], dims="wavelength")}, "table_db", ["without their wavelengths"]),
        ({"pairs_db": [[0, -40], [-200, 0]]}, "pairs_db.core_out_core_in.1.0", ["got -200 dB"]),
        ({"pairs_db": [[0, -40]]}, "pairs_db.core_out_core_in", ["as many rows as columns"]),
        ({"pairs_db": [[-40, -40], [-40, 0]]}, "pairs_db.core_out_core_in", ["for core 0 and itself"]),
        ({"pairs_db": [[0, "x"], [-40, 0]]}, "pairs_db.core_out_core_in", ["not a number"]),
        (
            {"by_core_db": pd.Series([1.0, 2.0], index=pd.Index([1, 2], name="core"))},
            "by_core_db",
            ["labels of core that are not 0 to 1"],
        ),
    ],
    ids=lambda value: str(value)[:50].replace("\n", " "),
)
def test_number__refuses_and_says_what_is_allowed(values, path, parts):
    told = problems(**values)
    assert list(told) == [path]
    for part in parts:
        assert part in told[path]


def test_number__knows_its_own_words():
    with pytest.raises(ValueError, match="varies: got 'colour'; allowed: axis, band"):
        number(varies="axis colour")


# --- declarations


def test_declared__says_everything_that_documentation_needs():
    found = declared(MulticoreFiber, "attenuation_db_per_km")
    assert (found.low, found.above, found.high, found.unit) == (-math.inf, 0, 100, "dB/km")
    assert found.varies == ("axis", "core", "wavelength")
    assert declared(Amplifier, "noise_figure_db").names == ("O", "E", "S", "C", "L", "U")
    told = "a number, an axis, one for each band, a list by channel, a list by core, a table against wavelength"
    assert declared(Link, "launch_power_dbm").forms_text() == told
    with pytest.raises(KeyError, match="layout is not a real-valued field"):
        declared(MulticoreFiber, "layout")
    assert "coating_index" in declarations(MulticoreFiber)


def test_declared__makes_a_json_schema():
    schema = Everything.model_json_schema()["properties"]
    assert schema["plain_db"]["type"] == "number"
    assert schema["plain_db"]["minimum"] == 0
    assert len(schema["by_core_db"]["anyOf"]) == 4
    assert {"enum": ["C", "L"]} in [form.get("propertyNames") for form in schema["by_channel_db"]["anyOf"]]


@given(st.data())
def test_declared__a_strategy_made_of_a_declaration_makes_accepted_values(data):
    name = data.draw(st.sampled_from(sorted(declarations(Everything))))
    found = declared(Everything, name)
    one = st.floats(max(found.low, found.above, -1e6), min(found.high, 1e6))
    items = st.lists(one, min_size=2, max_size=3)
    forms = {
        "axis": items.map(lambda values: {"axis": "pitch", "values": values}),
        "band": one.map(lambda value: {"C": value}),
        "channel": items.map(lambda values: {"channel": values}),
        "core": items.map(lambda values: {"core": values}),
        "wavelength": st.lists(one, min_size=2, max_size=2).map(
            lambda values: {"wavelength_nm": [1500.0, 1600.0], "value": values}
        ),
        "pairs": st.tuples(one, one).map(lambda two: {"core_out_core_in": [[0.0, two[0]], [two[1], 0.0]]}),
    }
    assert set(found.varies) <= set(FORMS)
    value = data.draw(st.one_of(*([one] if found.single else []), *(forms[word] for word in found.varies)))
    kept = Everything(**{name: value})
    assert Everything(**plain(kept)) == kept
    assert kept.replace({}) == kept


def test_public__the_table_is_still_public():
    assert mcf.WavelengthTable is WavelengthTable


# ---------------------------------------------------------------------------------------------------------
# values in another unit


@pytest.mark.parametrize(
    ("make", "path", "told"),
    [
        (lambda: HexagonalLayout(cores=7, pitch_um=40e-6), "pitch_um", "did you mean 40 um? lengths are in um"),
        (lambda: HexagonalLayout(cores=7, pitch_um=0.04), "pitch_um", "did you mean 40 um?"),
        (lambda: SquareLayout(cores=4, pitch_um=40_000), "pitch_um", "did you mean 40 um?"),
        (lambda: RingLayout(cores=4, pitch_um=Axis(axis="a", values=[40, 4e-5])), "pitch_um", "did you mean 40 um?"),
        (
            lambda: CustomLayout(positions_um=[[0, 0], [40e-6, 0]]),
            "positions_um",
            "4e-05 um apart; allowed: at least 1 um; did you mean 40 um?",
        ),
        (lambda: StepCore(radius_um=4.5e-6, delta_percent=0.35), "radius_um", "did you mean 4.5 um?"),
        (lambda: StepCore(radius_um=[4.5, 4500], delta_percent=0.35), "radius_um.1", "did you mean 4.5 um?"),
        (lambda: MeasuredCrosstalk(crosstalk_db=1e-4, length_km=1, definition="pair"), "crosstalk_db", "mean -40 dB?"),
        (lambda: RamanPump(wavelength_nm=1450e-9, power_mw=200), "wavelength_nm", "did you mean 1450 nm?"),
        (lambda: RamanPump(wavelength_nm=1.45, power_mw=200), "wavelength_nm", "did you mean 1450 nm?"),
        (lambda: RamanPump(wavelength_nm=1450, power_mw=-3), "power_mw", "did you mean 0.501187 mW? powers are in mW"),
        (lambda: Span(length_km=80e3), "length_km", "did you mean 80 km? lengths are in km"),
        (lambda: Link(span=Span(length_km=80), launch_power_dbm=100), "launch_power_dbm", "did you mean 20 dBm?"),
        (lambda: Link(span=Span(length_km=80), launch_power_dbm={"C": 100}), "launch_power_dbm.C", "mean 20 dBm?"),
        (lambda: group(spacing_ghz=50e9), "spacing_ghz", "did you mean 50 GHz? frequencies are in GHz"),
        (lambda: group(spacing_ghz=0.05), "spacing_ghz", "did you mean 50 GHz?"),
        (lambda: group(symbol_rate_gbd=32e9), "symbol_rate_gbd", "did you mean 32 GBd? symbol rates are in GBd"),
        (lambda: group(lowest_frequency_thz=193.1e12), "lowest_frequency_thz", "did you mean 193.1 THz?"),
        (lambda: group(lowest_frequency_thz=193_100), "lowest_frequency_thz", "did you mean 193.1 THz?"),
        (lambda: Spectrum(frequency_thz=[193.1e12], symbol_rate_gbd=32), "frequency_thz.0", "did you mean 193.1 THz?"),
        (
            lambda: WavelengthTable(frequency_thz=[190e12, 195e12], value=[1, 2]),
            "frequency_thz",
            "did you mean 190 THz?",
        ),
        (
            lambda: WavelengthTable(wavelength_nm=[1.53, 1550], value=[1, 2]),
            "wavelength_nm.0",
            "did you mean 1530 nm?",
        ),
        (lambda: fiber(effective_area_um2=80e-12), "effective_area_um2", "did you mean 80 um^2?"),
        (lambda: fiber(cladding_diameter_um=0.125), "cladding_diameter_um", "did you mean 125 um?"),
        (lambda: fiber(bend_radius_mm=0.14), "bend_radius_mm", "did you mean 140 mm?"),
        (lambda: fiber(dispersion_slope_ps_per_nm2_km=60), "dispersion_slope_ps_per_nm2_km", "mean 0.06 ps/(nm^2 km)?"),
    ],
)
def test_refusal__names_the_unit_that_was_probably_meant(make, path, told):
    with pytest.raises(DescriptionError) as caught:
        make()
    assert told in dict(caught.value.problems)[path]


def group(**changes):
    return ChannelGroup(**({"band": "C", "channels": 4, "spacing_ghz": 50, "symbol_rate_gbd": 32} | changes))


def fiber(**changes):
    return MulticoreFiber(layout=HexagonalLayout(cores=1), **changes)


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (lambda: HexagonalLayout(cores=7, pitch_um=-40), "pitch_um"),
        (lambda: HexagonalLayout(cores=7, pitch_um=0), "pitch_um"),
        (lambda: HexagonalLayout(cores=7, pitch_um=math.nan), "pitch_um"),
        (lambda: HexagonalLayout(cores=7, pitch_um=math.inf), "pitch_um"),
        (lambda: Span(length_km=80, fan_in_loss_db=-1), "fan_in_loss_db"),
        (lambda: Span(length_km=80, fan_in_loss_db=200), "fan_in_loss_db"),
    ],
)
def test_refusal__guesses_no_unit_where_none_fits(make, path):
    with pytest.raises(DescriptionError) as caught:
        make()
    assert "did you mean" not in dict(caught.value.problems)[path]


@given(
    st.sampled_from(["pitch_um", "wavelength_nm", "length_km", "spacing_ghz", "symbol_rate_gbd"]), st.floats(0.1, 0.9)
)
def test_refusal__any_si_value_outside_the_range_is_told(field, part):
    """Where a value in SI lies outside the range, the message has the value in the field's unit."""
    models = {
        "pitch_um": SquareLayout,
        "wavelength_nm": RamanPump,
        "length_km": Span,
        "spacing_ghz": ChannelGroup,
        "symbol_rate_gbd": ChannelGroup,
    }
    rule = declared(models[field], field)
    meant = max(rule.low, 1.0) ** (1 - part) * min(rule.high, 1e4) ** part
    value = units.UNITS[field.split("_")[-1]].to_si(meant)
    if not rule.inside(value):
        assert units.likely(value, rule.unit, rule.inside).startswith(f"did you mean {meant:.6g} {rule.unit}?")


def test_declaration__a_bound_that_is_not_reached():
    """A probability is below 1: the refusal, and the JSON schema, say so."""
    rule = number(above=0, below=1)
    assert [bool(rule.inside(value)) for value in (0.0, 5e-324, np.nextafter(1.0, 0.0), 1.0, math.nan)] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert rule.range_text() == "above 0 and below 1"
    one = rule.json_schema()["anyOf"][0]
    assert (one["exclusiveMinimum"], one["exclusiveMaximum"]) == (0, 1)
    assert "minimum" not in one
    assert "maximum" not in one
