"""The kernel wrapper: a signature makes a kernel broadcast like a NumPy generalised ufunc, whatever the shapes."""

import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import nobody
import numpy as np
import pytest
from damaged_cache import KINDS as KINDS_OF_DAMAGE
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

import mcfiber
from mcfiber._jit import Kernel, Signature, kernel

pytestmark = pytest.mark.nojit
compiled_only = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")


@kernel("(a),()->(a)")
def scaled(vector, scale, out):
    """vector (n, a), scale (n,), out (n, a)."""
    for n in range(vector.shape[0]):
        for i in range(vector.shape[1]):
            out[n, i] = vector[n, i] * scale[n]


@kernel("(a,b),(b)->(a),()")
def transfer(matrix, vector, product, trace):
    """matrix (n, a, b), vector (n, b), product (n, a), trace (n,)."""
    for n in range(matrix.shape[0]):
        trace[n] = 0.0
        for i in range(matrix.shape[1]):
            product[n, i] = 0.0
            for j in range(matrix.shape[2]):
                product[n, i] += matrix[n, i, j] * vector[n, j]
                if i == j:
                    trace[n] += matrix[n, i, j]


@kernel("()->(step)")
def ramp(start, out):
    """start (n,), out (n, step)."""
    for n in range(start.shape[0]):
        for i in range(out.shape[1]):
            out[n, i] = start[n] + i


@kernel
def looked_up(table, place):
    """A helper: plain arrays and numbers in, a number out."""
    return table[int(place)]


@kernel("(),[table],[offset]->()")
def entries(place, table, offset, out):
    """place (n,), table shared by all n, out (n,)."""
    for n in range(place.shape[0]):
        out[n] = looked_up(table, place[n]) + offset


@kernel("(a),[power]->(a)", jit=False)
def raised(vector, power, out):
    """Whole arrays, and something that Numba does not know."""
    out[:] = power["of"](vector)


# The same, written with NumPy alone.
twin_scaled = np.vectorize(lambda vector, scale: vector * scale, signature="(a),()->(a)")
twin_transfer = np.vectorize(lambda matrix, vector: (matrix @ vector, np.trace(matrix)), signature="(a,b),(b)->(a),()")


def numbers(shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape)


SHAPES = mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=4, min_side=1)


@given(shapes=SHAPES, length=st.integers(1, 5))
def test_kernel__broadcasts_like_numpy__vector(shapes, length):
    vector, scale = numbers((*shapes.input_shapes[0], length)), numbers(shapes.input_shapes[1], 2)
    result = scaled(vector, scale)
    assert result.shape == (*shapes.result_shape, length)
    np.testing.assert_array_equal(result, twin_scaled(vector, scale))


@given(shapes=SHAPES, rows=st.integers(1, 4), columns=st.integers(1, 4))
def test_kernel__broadcasts_like_numpy__matrix_and_two_outputs(shapes, rows, columns):
    matrix = numbers((*shapes.input_shapes[0], rows, columns))
    vector = numbers((*shapes.input_shapes[1], columns), 2)
    product, trace = transfer(matrix, vector)
    twin_product, twin_trace = twin_transfer(matrix, vector)
    np.testing.assert_allclose(product, twin_product, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(trace, np.broadcast_to(twin_trace, shapes.result_shape), rtol=1e-13, atol=1e-14)


@given(rows=st.integers(1, 4), columns=st.integers(1, 4), lead=st.integers(1, 3))
def test_kernel__length_one_stands_for_any_length(rows, columns, lead):
    column, vector = numbers((lead, rows, 1)), numbers((columns,), 2)
    product, _ = transfer(column, vector)
    expected, _ = transfer(np.broadcast_to(column, (lead, rows, columns)), vector)
    np.testing.assert_array_equal(product, expected)


def test_kernel__plain_numbers_stand_for_any_dimension():
    np.testing.assert_array_equal(scaled(2.0, 3.0), [6.0])
    np.testing.assert_array_equal(transfer(2.0, [1.0, 2.0, 3.0])[0], [12.0])


def test_kernel__block_of_designs_equals_loop():
    matrix, vector = numbers((50, 3, 3)), numbers((50, 3), 2)
    product, trace = transfer(matrix, vector)
    for n in range(50):
        one, diagonal = transfer(matrix[n], vector[n])
        np.testing.assert_array_equal(product[n], one)
        assert trace[n] == diagonal


def test_kernel__inputs_of_any_layout_and_type():
    matrix = np.asfortranarray(numbers((4, 3, 3)))[::2]
    product, _ = transfer(matrix, np.array([1, 2, 3], dtype=np.int32))
    np.testing.assert_allclose(product, matrix @ [1.0, 2.0, 3.0], rtol=1e-14)
    np.testing.assert_array_equal(scaled(np.float32([1, 2]), True), [1.0, 2.0])
    np.testing.assert_array_equal(scaled(np.array([1, 2], dtype=">f8"), 1), [1.0, 2.0])
    fixed = numbers((2, 3))
    fixed.flags.writeable = False
    np.testing.assert_array_equal(scaled(fixed, [1.0, 1.0]), fixed)


def test_kernel__inputs_are_not_changed():
    matrix, vector = numbers((2, 3, 3)), numbers((3,))
    copies = matrix.copy(), vector.copy()
    transfer(matrix, vector)
    np.testing.assert_array_equal(matrix, copies[0])
    np.testing.assert_array_equal(vector, copies[1])


def test_kernel__results_are_new_arrays():
    vector = numbers((2, 3))
    assert not np.shares_memory(scaled(vector, [1.0, 1.0]), vector)


def test_kernel__complex_values_keep_their_imaginary_part():
    scaled_complex = kernel("(a),()->(a)", dtype=np.complex128)(scaled.__wrapped__)
    assert scaled_complex.dtype is np.complex128
    for dtype in (np.complex64, np.complex128):
        np.testing.assert_array_equal(scaled_complex(np.array([1 + 2j], dtype), 2.0), [2 + 4j])


def test_kernel__nan_and_infinity_stay():
    np.testing.assert_array_equal(scaled([np.nan, np.inf, -np.inf], 1.0), [np.nan, np.inf, -np.inf])


def test_kernel__sizes_of_dimensions_that_no_input_has():
    np.testing.assert_array_equal(ramp([0.0, 10.0], sizes={"step": 3}), [[0, 1, 2], [10, 11, 12]])


def test_kernel__no_designs():
    assert scaled(np.empty((0, 3)), 1.0).shape == (0, 3)


def test_kernel__what_designs_share_is_passed_as_it_is():
    table = np.array([5.0, 7.0, 9.0])
    np.testing.assert_array_equal(entries([[0, 1], [2, 0]], table, 1.0), [[6, 8], [10, 6]])


def test_kernel__whole_arrays_without_compiling():
    power = {"of": np.square}
    assert raised.compiled is raised.__wrapped__
    np.testing.assert_array_equal(raised([[[1.0, 2.0]], [[3.0, 4.0]]], power), [[[1, 4]], [[9, 16]]])


def test_kernel__keeps_the_name_and_the_text_of_its_function():
    assert isinstance(transfer, Kernel)
    assert (transfer.__name__, transfer.__module__) == ("transfer", __name__)
    assert transfer.__doc__ == "matrix (n, a, b), vector (n, b), product (n, a), trace (n,)."
    assert str(transfer.signature) == "(a,b),(b)->(a),()"


def test_kernel__compiled_fills_outputs():
    out = np.empty((1, 2))
    scaled.compiled(np.ones((1, 2)), np.full(1, 3.0), out)
    np.testing.assert_array_equal(out, [[3.0, 3.0]])


def test_kernel__is_pickled_by_its_name():
    from mcfiber.kernels.budget import ratios_of_noises

    assert pickle.loads(pickle.dumps(ratios_of_noises)) is ratios_of_noises


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: transfer(np.ones((2, 3)), np.ones(4)), "dimension 'b' has length 4 in one input and 3 in another"),
        (lambda: ramp(1.0), "the length of dimension 'step' is unknown: no input has it; give sizes="),
        (lambda: transfer(np.ones(3), np.ones(3)), r"shape \(3,\), which lacks some of the dimensions \(a, b\)"),
        (lambda: scaled(np.ones((2, 3)), np.ones(5)), "shape mismatch"),
        (lambda: scaled(1.0), "scaled takes 2 inputs, got 1"),
        (lambda: entries(1.0, np.ones(2)), "entries takes 3 inputs, got 2"),
    ],
)
def test_kernel__refuses(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("text", "inputs", "shared", "outputs"),
    [
        ("(a),()->(a)", (("a",), ()), (), (("a",),)),
        ("( a , b ) , ( b ) -> ( a ) , ()", (("a", "b"), ("b",)), (), (("a",), ())),
        ("()->()", ((),), (), ((),)),
        ("(),(a),[table],[grid]->(),()", ((), ("a",)), ("table", "grid"), ((), ())),
    ],
)
def test_signature__reads_the_notation_of_numpy(text, inputs, shared, outputs):
    signature = Signature.parse(text)
    assert (signature.inputs, signature.shared, signature.outputs) == (inputs, shared, outputs)
    assert Signature.parse(str(signature)) == signature


@pytest.mark.parametrize("text", ["(a)", "(a),[table],()->(a)", "a->a", "(a)->[a]"])
def test_signature__refuses(text):
    with pytest.raises(ValueError, match="cannot read the signature"):
        Signature.parse(text)


@compiled_only
def test_cache__no_writable_folder_is_one_warning(tmp_path):
    shutil.copytree(
        Path(mcfiber.__file__).parent, tmp_path / "mcfiber", ignore=shutil.ignore_patterns("__pycache__", "catalog")
    )
    for folder in (tmp_path / "mcfiber", tmp_path / "mcfiber" / "kernels"):
        (folder / "__pycache__").touch()  # a file in place of the folder: nobody can write there, not even root
    missing = str(tmp_path / "mcfiber" / "__pycache__" / "none")
    script = (
        "import warnings\n"
        "with warnings.catch_warnings(record=True) as seen:\n"
        "    warnings.simplefilter('always')\n"
        "    from mcfiber.kernels import budget, nonlinear\n"
        "print(*(f'{one.category.__name__}: {one.message}' for one in seen), sep='\\n')\n"
        "print(budget.ratio_at_decoder(10.0, 2.0, 5.0))\n"
    )
    run = subprocess.run(
        [sys.executable, "-B", "-c", script],
        cwd=tmp_path,
        env=os.environ
        | {"PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": missing, "HOME": missing, "XDG_CACHE_HOME": missing},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    first, *rest = run.stdout.splitlines()
    assert first.startswith("KernelCacheWarning: there is no writable folder for compiled kernels")
    assert "set the environment variable NUMBA_CACHE_DIR to a writable folder" in first
    assert len(rest) == 1


@compiled_only
def test_cache__a_user_who_may_write_nowhere_is_told_what_to_set(tmp_path):
    code = "from mcfiber.kernels import budget\nprint(budget.ratio_at_decoder(10.0, 2.0, 5.0))\n"
    kept, none = tmp_path / "kept", str(tmp_path / "library" / "none")
    kept.mkdir()
    (tmp_path / "library").mkdir()
    nobody.read_only_library(tmp_path / "library")
    found = {"PYTHONPATH": str(tmp_path / "library"), "NUMBA_CACHE_DIR": "", "HOME": none, "XDG_CACHE_HOME": none}
    lost = nobody.run(code, tmp_path, **found)
    held = nobody.run(code, tmp_path, **found | {"NUMBA_CACHE_DIR": str(kept)})
    assert (lost.returncode, held.returncode) == (0, 0), lost.stderr + held.stderr
    assert lost.stdout == held.stdout
    assert lost.stderr.count("KernelCacheWarning: there is no writable folder for compiled kernels") == 1
    assert "set the environment variable NUMBA_CACHE_DIR to a writable folder" in lost.stderr
    assert not held.stderr
    assert any(path.is_file() for path in kept.rglob("*"))


# Where the folder itself cannot be written, later processes compile too, and each says which folder to delete.
FOLDER_LOST = {
    "a folder in its place",
    "a file in place of the folder",
    "a folder that links to itself",
    "a folder that links to nothing",
}
# Whoever may do anything reads these all the same.
UNHARMED = {"nothing", "helper missing", "helper empty", "parts of files", "closed", "closed, all", "folder read only"}


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kernels")
    run = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("damaged_cache.py"))],
        env=os.environ | {"NUMBA_CACHE_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert not run.stderr
    return json.loads(run.stdout)


@compiled_only
@pytest.mark.parametrize("kind", KINDS_OF_DAMAGE)
def test_cache__heals(damaged, kind):
    first, second = damaged[kind]["first"], damaged[kind]["second"]
    assert first["result"] == second["result"] == [3.0, 5.0]
    assert first["new"] or kind in UNHARMED
    if kind == "no space":  # what the first process could not keep, the second one does
        assert (len(first["warnings"]), second["new"], second["warnings"]) == (1, 1, [])
    elif kind in FOLDER_LOST:
        assert second["new"]
        for one in (first, second):
            assert len(one["warnings"]) == 1
            assert "KernelCacheWarning: compiled kernels cannot be kept in /" in one["warnings"][0]
            assert "delete that folder, or set the environment variable NUMBA_CACHE_DIR" in one["warnings"][0]
    else:
        assert not first["warnings"]
        assert (second["new"], second["warnings"]) == (0, [])
