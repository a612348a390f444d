"""What public functions take: mistakes are refused by name, lists and arrays are entered, limits have their values."""

import collections
import importlib
import inspect
import json
import math
import pkgutil
from pathlib import Path
from typing import Any, Literal

import hostile_calls
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import mcfiber as mcf
import mcfiber.arguments.door
from mcfiber.arguments import arguments, choice, plain_array, real, several, whole
from mcfiber.arguments.door import has_door
from mcfiber.arrays import crosstalk_statistics
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.values import Axis
from mcfiber.line.mode_delay import energy_window
from mcfiber.receiver.outage import capacity_deviation

VALIDATION = Path(__file__).parents[1] / "validation"

SLOW = ("integral", "fields", "optimize", "pareto", "sweep", "predict", "calibrated", "influences", "simul", "format_")
"""Functions whose calls take long: the record of the full run is checked for them."""

QAM = mcf.Transceiver(format="16QAM")
DB = 10 / math.log(10)


@pytest.fixture(scope="module")
def calls():
    return [call for call in hostile_calls.good_calls() if not any(word in call.function for word in SLOW)]


# ---------------------------------------------------------------------------------------------------------
# every public function


def test_mistakes__a_sample_of_every_function_is_refused_by_name_or_defined(calls):
    found = [(call.function, *line) for call in calls for line in hostile_calls.counted(call, every=83)[1]]
    assert not found


def test_record__of_all_mistakes_none_is_silent_or_ends_in_other_words():
    record = json.loads((VALIDATION / "hostile_calls.json").read_text())
    assert record["totals"]["silent"] == record["totals"]["other words"] == 0
    assert record["command"] == "python validation/hostile_calls.py"
    assert all(one["silent"] == one["other words"] == 0 for one in record["functions"].values())
    assert set(record["functions"]) == {call.function for call in hostile_calls.good_calls()}


def _things() -> dict[str, Any]:
    """Functions and types of all modules, by module and name, each where it is defined."""
    modules = [importlib.import_module(one.name) for one in pkgutil.walk_packages(mcf.__path__, "mcfiber.")]
    return {
        f"{module.__name__}.{name}": thing
        for module in modules
        for name, thing in vars(module).items()
        if (inspect.isfunction(thing) or inspect.isclass(thing)) and thing.__module__ == module.__name__
    }


def test_public_functions__all_have_a_door():
    named = [getattr(mcf, name) for name in mcf.__all__]
    plain = [thing for path, thing in _things().items() if path.startswith("mcfiber.arrays.") and "._" not in path]
    without = {one.__name__ for one in named + plain if inspect.isfunction(one) and not has_door(one)}
    assert without == {"cluster_settings"}  # it has no arguments


def test_doors__every_one_is_tried_with_fifty_mistakes():
    calls = hostile_calls.good_calls()
    assert {call.target() for call in calls} == {one for one in _things().values() if has_door(one)}
    tried = collections.Counter(call.function for call in calls for _ in hostile_calls.mistakes_of(call))
    assert min(tried.values()) >= 50


# ---------------------------------------------------------------------------------------------------------
# the door


@arguments(length_km=real(above=0, high=10), spans=whole(low=1), power=plain_array("channel", low=0))
def door(length_km, *, spans: int = 1, power=1.0, law: Literal["same", "other"] = "same", sure: bool = True):
    return length_km, spans, power, law, sure


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"length_km": 11}, "length_km: got 11 km; allowed: .*above 0 km and at most 10 km"),
        ({"length_km": math.nan}, "length_km: got nan km"),
        ({"length_km": [1, -2]}, r"length_km: got -2 km at position \(1,\)"),
        ({"length_km": "80"}, "length_km: got '80'; allowed: a number"),
        ({"length_km": True}, "length_km: got true"),
        ({"length_km": []}, "length_km: got an empty array"),
        ({"length_km": np.ones((2, 2))}, r"length_km: got an array of shape \(2, 2\); .*name its dimensions"),
        (
            {"length_km": 1, "spans": 2.0},
            "spans: got 2.0; allowed: a whole number of at least 1 and at most 10,000,000",
        ),
        ({"length_km": 1, "spans": 0}, "spans: got 0"),
        ({"length_km": 1, "power": [[1.0], [1.0, 2.0]]}, "power: got .* of equal lengths"),
        ({"length_km": 1, "power": [1.0, math.nan]}, r"power: got nan at position \(1,\)"),
        ({"length_km": 1, "law": "samee"}, "law: got 'samee'; allowed: 'same', 'other'; did you mean 'same'"),
        ({"length_km": 1, "sure": 1}, "sure: got 1; allowed: True or False"),
    ],
)
def test_door__refuses_by_name_value_unit_and_range(given, message):
    with pytest.raises(DescriptionError, match=message):
        door(**given)


def test_door__unknown_argument_is_named():
    with pytest.raises(TypeError, match="lenght_km"):
        door(1, lenght_km=2)


def test_door__needs_a_rule_for_every_argument():
    with pytest.raises(TypeError, match="no rule for width"):
        arguments(length=real())(lambda length, width: length)
    with pytest.raises(TypeError, match="has no argument width"):
        arguments(length=real(), width=real())(lambda length: length)


@pytest.mark.parametrize(
    ("given", "dims"),
    [
        ([1, 2], ("point",)),
        ((1, 2), ("point",)),
        (np.array([1, 2]), ("point",)),
        (pd.Series([1, 2]), ("point",)),
        (pd.Series([1, 2], index=pd.Index([5, 6], name="pitch")), ("pitch",)),
        (xr.DataArray([1, 2], dims="pitch"), ("pitch",)),
        (Axis(axis="pitch", values=[1, 2]), ("pitch",)),
        (np.array(3), ()),
        (np.float32(3), ()),
    ],
)
def test_door__enters_lists_arrays_series_and_axes(given, dims):
    found = door(given)[0]
    assert getattr(found, "dims", ()) == dims
    assert np.asarray(found).dtype == np.float64


def test_door__evaluation_passes_none(monkeypatch):
    passed, system = [], mcf.load("nict-2025-1808km").system
    monkeypatch.setattr(mcfiber.arguments.door._Door, "entered", lambda door, *_: passed.append(door.name))
    system.evaluate()
    assert passed == []


def test_door__values_from_behind_the_doors_pass():
    inside = xr.Variable("core", [-1.0])
    assert door(inside)[0] is inside


def test_door__a_missing_point_of_a_labelled_array_stays_missing():
    snr = xr.DataArray([10.0, math.nan], dims="pitch")
    assert np.isnan(mcf.bit_error_ratio("16QAM", snr).values).tolist() == [False, True]
    assert np.isnan(mcf.achievable_rate(QAM, snr, 49e9)["net_rate"].values).tolist() == [False, True]
    assert np.isnan(mcf.equalizer_taps(snr * 1e-11, 49e9).values).tolist() == [False, True]


def test_door__labelled_arrays_must_agree():
    first = xr.DataArray([1.0, 2.0], dims="pitch", coords={"pitch": [1, 2]})
    with pytest.raises(ValueError, match="loss: got 3 values along point, and 2 of gsnr"):
        mcf.mdl_penalty([1.0, 2.0], [0.1, 0.2, 0.3], modes=4)
    with pytest.raises(ValueError, match="loss: has other labels along pitch than gsnr"):
        mcf.mdl_penalty(first, first.assign_coords(pitch=[1, 3]), modes=4)


def test_door__lists_of_words_and_numbers():
    @arguments(ways=several(choice(1, -1), least=2, different=True))
    def ways_of(ways):
        return ways

    assert ways_of([1, -1]) == [1, -1]
    for wrong, message in (
        ([1, 2], "ways.1: got 2"),
        ([1], "at least 2"),
        ([1, 1], "without repetition"),
        (1, "a list"),
    ):
        with pytest.raises(DescriptionError, match=message):
            ways_of(wrong)


# ---------------------------------------------------------------------------------------------------------
# lists and arrays at public functions


TAKE_LISTS = {
    "bit_error_ratio": (lambda value: mcf.bit_error_ratio("16QAM", value), (10.0, 20.0)),
    "q_factor": (mcf.q_factor, (1e-2, 1e-3)),
    "achievable_rate": (lambda value: mcf.achievable_rate(QAM, value, 49e9)["net_rate"], (10.0, 20.0)),
    "achievable_rate, rates": (lambda value: mcf.achievable_rate(QAM, 10.0, value)["net_rate"], (49e9, 64e9)),
    "required_snr": (lambda value: mcf.required_snr(QAM, net_bits=value), (2.0, 3.5)),
    "required_snr, ngmi": (lambda value: mcf.required_snr(QAM, ngmi=value), (0.8, 0.9)),
    "snr_margin": (lambda value: mcf.snr_margin(QAM, value, net_bits=3.0), (10.0, 20.0)),
    "snr_margin, target": (lambda value: mcf.snr_margin(QAM, 20.0, ngmi=value), (0.8, 0.9)),
    "crosstalk_penalty": (lambda value: mcf.crosstalk_penalty(QAM, value, q_db=9.8), (1e-4, 1e-3)),
    "crosstalk_penalty, target": (lambda value: mcf.crosstalk_penalty(QAM, 1e-3, q_db=value), (8.0, 9.8)),
    "tolerated_crosstalk": (lambda value: mcf.tolerated_crosstalk(QAM, penalty_db=value, q_db=9.8), (0.5, 1.0)),
    "mdl_penalty": (lambda value: mcf.mdl_penalty(value, 0.5, modes=8), (10.0, 20.0)),
    "mdl_penalty, loss": (lambda value: mcf.mdl_penalty(10.0, value, modes=8), (0.2, 0.5)),
    "mode_dependent_loss": (lambda value: mcf.mode_dependent_loss(value, modes=4, spans=3).sum, (0.1, 0.2)),
    "group_delay_spread": (lambda value: mcf.group_delay_spread(value, 8e4, modes=4, spans=3)[0], (1e-13, 3e-13)),
    "frequency_diversity": (lambda value: mcf.frequency_diversity(49e9, value, spans=3, modes=8), (1e-11, 1e-10)),
    "capacity_deviation": (lambda value: capacity_deviation(100.0, value, spans=3, modes=8), (0.2, 0.5)),
    "equalizer_taps": (lambda value: mcf.equalizer_taps(value, 49e9), (1e-10, 2e-10)),
    "energy_window": (energy_window, (1e-10, 2e-10)),
    "splice_loss": (lambda value: mcf.splice_loss(5e-6, offset=value), (1e-6, 2e-6)),
}


@pytest.mark.parametrize("function", TAKE_LISTS)
@pytest.mark.parametrize(
    "kind",
    [
        list,
        tuple,
        np.array,
        pd.Series,
        lambda values: pd.Series(values, index=pd.Index([1, 2], name="pitch")),
        lambda values: xr.DataArray(list(values), dims="pitch", coords={"pitch": [1, 2]}),
        lambda values: Axis(axis="pitch", values=list(values)),
    ],
    ids=["list", "tuple", "array", "series", "labelled series", "labelled array", "axis"],
)
def test_lists__give_the_numbers_of_single_values(function, kind):
    call, values = TAKE_LISTS[function]
    found, single = call(kind(values)), [float(call(value)) for value in values]
    assert found.sizes in ({"point": 2}, {"pitch": 2})
    np.testing.assert_array_equal(found, single)


def test_arrays__of_no_dimension_are_numbers():
    for call, (value, _) in TAKE_LISTS.values():
        for number in (np.float64(value), np.array(value), xr.DataArray(value)):
            assert call(number).dims == ()
            assert float(call(number)) == float(call(value))


def test_arrays__masked_numbers_are_missing():
    with pytest.raises(ValueError, match=r"snr: got nan at position \(1,\)"):
        mcf.bit_error_ratio("16QAM", np.ma.MaskedArray([10.0, 20.0], mask=[False, True]))


def test_lists__are_no_spans():
    loss = mcf.mode_dependent_loss([0.1, 0.2], modes=4, spans=3)
    one = [float(mcf.mode_dependent_loss(value, modes=4, spans=3).sum) for value in (0.1, 0.2)]
    np.testing.assert_allclose(loss.sum, one, rtol=1e-15)
    rms, _ = mcf.group_delay_spread(2.7e-13, [50e3, 80e3], modes=4, spans=3)
    single = [float(mcf.group_delay_spread(2.7e-13, length, modes=4, spans=3)[0]) for length in (50e3, 80e3)]
    np.testing.assert_allclose(rms, single, rtol=1e-15)


def test_spans__differ_along_their_dimension():
    by_span = mcf.mode_dependent_loss(xr.DataArray([0.1, 0.2], dims="span"), modes=4)
    assert float(by_span.sum) == pytest.approx(math.hypot(0.1, 0.2), rel=1e-14)


def test_pairs__a_matrix_is_taken():
    level = mcf.crosstalk_quantile([[0, 1e-3], [1e-3, 0]], probability=1e-4, length_km=80, symbol_rate_gbd=32)
    assert level.dims == ("core",)


# ---------------------------------------------------------------------------------------------------------
# cases that were silent or hung


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: mcf.achievable_rate(QAM, 10, -1e9), "symbol_rate: got -1e.09 Hz"),
        (
            lambda: mcf.frequency_diversity(49e9, 1e-10, spans=21, modes=8, noise="distributd"),
            "did you mean 'distributed'",
        ),
        (lambda: mcf.Steps(count=-1), "count: got -1"),
        (lambda: mcf.equalizer_taps(math.nan, 49e9), "rms: got nan s"),
        (lambda: mcf.bit_error_ratio("16QAM", np.ones((2, 2))), "snr: got an array of shape"),
        (lambda: mcf.bit_error_ratio("16qam", 10.0), "modulation: got '16qam'.*did you mean '16QAM'"),
        (lambda: mcf.mode_dependent_loss(0.1, modes=4, spans=[1, 2]), r"spans: got \[1, 2\]"),
        (lambda: mcf.snr_margin(QAM, 10.0, ngmy=0.8), "ngmy: snr_margin has no such argument; did you mean ngmi"),
        (lambda: mcf.plain_span(attenuation=1.0, length=80e3, beta2=-2e-26, gamma=1e-3), "attenuation: loses"),
    ],
)
def test_cases__are_refused_by_name(call, name):
    with pytest.raises(ValueError, match=name):
        call()


def test_limits__of_signal_to_noise_ratios():
    for name in ("QPSK", "8QAM", "16QAM", "32QAM"):
        assert mcf.bit_error_ratio(name, [math.inf, 1e200]).values.tolist() == [0.0, 0.0]
        assert float(mcf.bit_error_ratio(name, 0.0)) == pytest.approx(0.5, abs=0.05)  # a guess; best of unlike labels
    assert float(mcf.bit_error_ratio("QPSK", 0.0)) == pytest.approx(0.5, abs=1e-12)
    assert float(mcf.q_factor(0.5)) == 0.0
    assert float(mcf.q_factor(0.0)) == math.inf


def test_limits__of_requirements():
    assert mcf.required_snr(QAM, net_bits=[0.0, 4.0]).values.tolist() == [0.0, math.inf]
    assert float(mcf.snr_margin(QAM, 10.0, net_bits=0.0)) == math.inf
    assert float(mcf.crosstalk_penalty(QAM, 0.0, q_db=9.8)) == 1.0
    assert float(mcf.crosstalk_penalty(QAM, 1.0, q_db=9.8)) == math.inf
    assert float(mcf.tolerated_crosstalk(QAM, penalty_db=0.0, q_db=9.8)) == 0.0


@pytest.mark.parametrize("receiver", ["mmse", "zero_forcing", "optimal"])
def test_limits__of_mode_dependent_loss(receiver):
    assert float(mcf.mdl_penalty(10.0, 0.0, modes=4, receiver=receiver)) == pytest.approx(1.0, abs=1e-9)
    assert float(mcf.mdl_penalty(0.0, 0.0, modes=4, receiver=receiver)) >= 1.0


def test_limits__of_levels_of_crosstalk():
    found = [float(crosstalk_statistics.outage_probability([1e-3], 0.5, level)) for level in (0.0, 1e-300)]
    assert found == [1.0, 1.0]
