"""The kernel wrapper: `lift` broadcasts like a NumPy generalised ufunc, whatever the shapes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from mcfiber._jit import Signature, kernel, lift

pytestmark = pytest.mark.nojit


@kernel
def scaled(vector, scale, out):
    """vector (n, a), scale (n,), out (n, a)."""
    for n in range(vector.shape[0]):
        for i in range(vector.shape[1]):
            out[n, i] = vector[n, i] * scale[n]


@kernel
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


@kernel
def ramp(start, out):
    """start (n,), out (n, step)."""
    for n in range(start.shape[0]):
        for i in range(out.shape[1]):
            out[n, i] = start[n] + i


SCALED = lift(scaled, "(a),()->(a)")
TRANSFER = lift(transfer, "(a,b),(b)->(a),()")
RAMP = lift(ramp, "()->(step)")

# The same, written with NumPy alone.
twin_scaled = np.vectorize(lambda vector, scale: vector * scale, signature="(a),()->(a)")
twin_transfer = np.vectorize(lambda matrix, vector: (matrix @ vector, np.trace(matrix)), signature="(a,b),(b)->(a),()")


def numbers(shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape)


SHAPES = mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=4, min_side=1)


@given(shapes=SHAPES, length=st.integers(1, 5))
def test_lift__broadcasts_like_numpy__vector(shapes, length):
    vector, scale = numbers((*shapes.input_shapes[0], length)), numbers(shapes.input_shapes[1], 2)
    result = SCALED(vector, scale)
    assert result.shape == (*shapes.result_shape, length)
    np.testing.assert_array_equal(result, twin_scaled(vector, scale))


@given(shapes=SHAPES, rows=st.integers(1, 4), columns=st.integers(1, 4))
def test_lift__broadcasts_like_numpy__matrix_and_two_outputs(shapes, rows, columns):
    matrix = numbers((*shapes.input_shapes[0], rows, columns))
    vector = numbers((*shapes.input_shapes[1], columns), 2)
    product, trace = TRANSFER(matrix, vector)
    twin_product, twin_trace = twin_transfer(matrix, vector)
    np.testing.assert_allclose(product, twin_product, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(trace, np.broadcast_to(twin_trace, shapes.result_shape), rtol=1e-13, atol=1e-14)


@given(rows=st.integers(1, 4), columns=st.integers(1, 4), lead=st.integers(1, 3))
def test_lift__length_one_stands_for_any_length(rows, columns, lead):
    column, vector = numbers((lead, rows, 1)), numbers((columns,), 2)
    product, _ = TRANSFER(column, vector)
    expected, _ = TRANSFER(np.broadcast_to(column, (lead, rows, columns)), vector)
    np.testing.assert_array_equal(product, expected)


def test_lift__plain_numbers_stand_for_any_dimension():
    np.testing.assert_array_equal(SCALED(2.0, 3.0), [6.0])
    np.testing.assert_array_equal(TRANSFER(2.0, [1.0, 2.0, 3.0])[0], [12.0])


def test_lift__block_of_designs_equals_loop():
    matrix, vector = numbers((50, 3, 3)), numbers((50, 3), 2)
    product, trace = TRANSFER(matrix, vector)
    for n in range(50):
        one, diagonal = TRANSFER(matrix[n], vector[n])
        np.testing.assert_array_equal(product[n], one)
        assert trace[n] == diagonal


def test_lift__inputs_of_any_layout_and_type():
    matrix = np.asfortranarray(numbers((4, 3, 3)))[::2]
    product, _ = TRANSFER(matrix, np.array([1, 2, 3], dtype=np.int32))
    np.testing.assert_allclose(product, matrix @ [1.0, 2.0, 3.0], rtol=1e-14)
    np.testing.assert_array_equal(SCALED(np.float32([1, 2]), True), [1.0, 2.0])


def test_lift__inputs_are_not_changed():
    matrix, vector = numbers((2, 3, 3)), numbers((3,))
    copies = matrix.copy(), vector.copy()
    TRANSFER(matrix, vector)
    np.testing.assert_array_equal(matrix, copies[0])
    np.testing.assert_array_equal(vector, copies[1])


def test_lift__complex_values_keep_their_imaginary_part():
    lifted = lift(scaled, "(a),()->(a)", dtype=np.complex128)
    for dtype in (np.complex64, np.complex128):
        np.testing.assert_array_equal(lifted(np.array([1 + 2j], dtype), 2.0), [2 + 4j])


def test_lift__nan_and_infinity_stay():
    np.testing.assert_array_equal(SCALED([np.nan, np.inf, -np.inf], 1.0), [np.nan, np.inf, -np.inf])


def test_lift__sizes_of_dimensions_that_no_input_has():
    np.testing.assert_array_equal(RAMP([0.0, 10.0], sizes={"step": 3}), [[0, 1, 2], [10, 11, 12]])


def test_lift__no_designs():
    assert SCALED(np.empty((0, 3)), 1.0).shape == (0, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: TRANSFER(np.ones((2, 3)), np.ones(4)), "dimension 'b' has length 4 in one input and 3 in another"),
        (lambda: RAMP(1.0), "the length of dimension 'step' is unknown: no input has it; give sizes="),
        (lambda: TRANSFER(np.ones(3), np.ones(3)), r"shape \(3,\), which lacks some of the dimensions \(a, b\)"),
        (lambda: SCALED(np.ones((2, 3)), np.ones(5)), "shape mismatch"),
    ],
)
def test_lift__refuses(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("text", "inputs", "outputs"),
    [
        ("(a),()->(a)", (("a",), ()), (("a",),)),
        ("( a , b ) , ( b ) -> ( a ) , ()", (("a", "b"), ("b",)), (("a",), ())),
        ("()->()", ((),), ((),)),
    ],
)
def test_signature__reads_the_notation_of_numpy(text, inputs, outputs):
    signature = Signature.parse(text)
    assert signature.inputs == inputs
    assert signature.outputs == outputs
