"""The table of result variables, and the one door between labelled data and kernels."""

import math

import numpy as np
import pytest
import xarray as xr

from mcfiber import labelled, variables
from mcfiber._jit import Kernel, kernel
from mcfiber.variables import Variable

ALL = list(variables.every_variable())
DIMENSIONS = {"channel", "core", "core_out", "core_in", "core_a", "core_b", "span", "draw", "mode", "sample"}


@kernel("(channel),()->(channel),()")
def weighted(values, weight, out, total):
    """values (n, channel), weight (n,), out (n, channel), total (n,)."""
    for n in range(values.shape[0]):
        total[n] = 0.0
        for i in range(values.shape[1]):
            out[n, i] = values[n, i] * weight[n]
            total[n] += out[n, i]


@kernel("(channel),()->(channel)")
def plain_weighted(values, weight, out):
    for n in range(values.shape[0]):
        for i in range(values.shape[1]):
            out[n, i] = values[n, i] * weight[n]


# --- the table


@pytest.mark.parametrize("variable", ALL, ids=lambda variable: variable.name)
def test_table__every_entry_is_complete(variable):
    assert variable.name.isidentifier()
    assert variable.name == variable.name.lower()
    assert variable.long_name
    assert not variable.long_name.endswith(".")
    assert not variable.comment or variable.comment.endswith(".")
    assert len(set(variable.dims)) == len(variable.dims)
    assert variable.low <= variable.high
    assert not math.isnan(variable.low)


@pytest.mark.parametrize("variable", ALL, ids=lambda variable: variable.name)
def test_table__every_entry_has_a_source(variable):
    assert variable.source.removeprefix("definition: ")
    assert variable.source == variable.source.strip()
    assert not variable.source.endswith(".")


def test_table__takes_a_name_once_and_lists_by_name(monkeypatch):
    monkeypatch.setattr(variables, "_TABLE", {})
    for name in ("snr", "gsnr", "status"):
        variables.register(variables.Variable(name, (), "1", name))
    assert [variable.name for variable in variables.every_variable()] == ["gsnr", "snr", "status"]
    with pytest.raises(ValueError, match="'gsnr' is in the table already"):
        variables.register(variables.Variable("gsnr", (), "W", "another"))
    assert variables.lookup("gsnr").units == "1"


def test_register__refuses_a_name_that_is_taken():
    with pytest.raises(ValueError, match="'frequency' is in the table already"):
        variables.register(Variable("frequency", (), "Hz", "again"))


def test_lookup__unknown_name():
    with pytest.raises(KeyError, match="no_such_variable"):
        variables.lookup("no_such_variable")


def test_attributes__comment_only_where_there_is_one():
    assert Variable("x", (), "W", "a power").attributes() == {"units": "W", "long_name": "a power"}
    assert Variable("x", (), "W", "a power", "Both.").attributes()["comment"] == "Both."


def test_stamp__replaces_what_was_there():
    array = xr.DataArray(1.0, attrs={"units": "furlong", "other": 1}, name="old")
    stamped = labelled.stamp("frequency", array)
    assert stamped.name == "frequency"
    assert stamped.attrs == variables.lookup("frequency").attributes()


# --- compute


@pytest.mark.nojit
def test_compute__stamps_and_forgets_the_attributes_of_inputs():
    values = xr.DataArray([1.0, 2.0], dims="channel", attrs={"units": "W"})
    result = labelled.compute("frequency", plain_weighted, values, 2.0)
    assert result.attrs["units"] == "Hz"
    assert result.dims == ("channel",)
    assert result.values.tolist() == [2.0, 4.0]


@pytest.mark.nojit
def test_compute__dimensions_broadcast_by_name_and_keep_coordinates():
    values = xr.DataArray(
        np.arange(6.0).reshape(3, 2), dims=("channel", "core"), coords={"channel": [10, 20, 30], "core": [1, 2]}
    )
    weight = xr.DataArray([1.0, 10.0], dims="sample", coords={"sample": [5, 6]})
    result, total = labelled.compute(("frequency", "symbol_rate"), weighted, values, weight)
    xr.testing.assert_allclose(result.reset_coords(drop=True).transpose("channel", "core", "sample"), values * weight)
    xr.testing.assert_allclose(total.transpose("core", "sample"), (values * weight).sum("channel"))
    assert result.name == "frequency"
    assert total.name == "symbol_rate"
    assert result.channel.values.tolist() == [10, 20, 30]


@pytest.mark.nojit
def test_compute__a_dimension_that_no_input_has_is_not_invented():
    result = labelled.compute("frequency", plain_weighted, xr.DataArray([1.0, 2.0], dims="sample"), 3.0)
    assert result.dims == ("sample",)
    assert result.values.tolist() == [3.0, 6.0]
    assert labelled.compute("frequency", plain_weighted, 2.0, 3.0).dims == ()


@pytest.mark.nojit
def test_compute__a_result_without_a_dimension_meets_one_that_has_it():
    without = labelled.compute("frequency", plain_weighted, 2.0, 3.0)
    with_it = labelled.compute("symbol_rate", plain_weighted, np.ones(4), without)
    assert with_it.values.tolist() == [6.0] * 4


@pytest.mark.nojit
def test_compute__arrays_have_the_core_dimensions():
    result, total = labelled.compute(("frequency", "symbol_rate"), weighted, np.array([1.0, 2.0]), 2.0)
    assert result.dims == ("channel",)
    assert total.item() == 6.0


@pytest.mark.nojit
def test_compute__lengths_that_differ_are_refused():
    first = Kernel(plain_weighted.__wrapped__, "(channel),(channel)->(channel)")
    with pytest.raises(ValueError, match="channel"):
        labelled.compute("frequency", first, xr.DataArray(np.ones(2), dims="channel"), np.ones(3))
