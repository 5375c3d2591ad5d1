"""Sparse tensors: made, rearranged, computed with, fed and fetched."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import floats, given

#: Places of a matrix [3, 4], sorted and not.
PLACES = given(np.array([[0, 1], [0, 3], [2, 0]]))
MIXED = given(np.array([[2, 0], [0, 3], [0, 1]]))
SIZES = [3, 4]


def dense(indices: Any, values: Any, sizes: Any = (3, 4)) -> Any:
    result = np.zeros(sizes)
    for place, value in zip(indices, values, strict=True):
        result[tuple(place)] += value
    return result


def made(function: Any, sizes: Any = SIZES) -> Any:
    """A function of sparse tensors as one of indices and values."""

    def run(indices: Any, values: Any, *rest: Any) -> Any:
        found = function(tf.SparseTensor(indices, values, sizes), *rest)
        return _parts(found)

    return run


def _parts(found: Any) -> Any:
    if isinstance(found, tf.SparseTensor):
        return [found.indices, found.values]
    if isinstance(found, (list, tuple)):
        return [part for each in found for part in _parts(each)]
    return [found]


CASES: list[Case] = [
    case(made(tf.sparse_tensor_to_dense), PLACES, floats(3), expect=dense, label="to_dense"),
    case(lambda i, v, d: tf.sparse_to_dense(i, SIZES, v, d), PLACES, floats(3), floats(),
         expect=lambda i, v, d: np.where(dense(i, np.ones(3)) > 0, dense(i, v), d),
         label="sparse_to_dense"),
    case(tf.sparse_to_dense, given(np.array([1, 3])), [5], given(7), 2,
         expect=np.array([2, 7, 2, 7, 2], np.int32)),
    case(made(tf.sparse_reorder), MIXED, floats(3), label="reorder",
         expect=lambda i, v: [i[::-1], v[::-1]]),
    case(made(lambda s: tf.sparse_reshape(s, [2, -1])), PLACES, floats(3), label="reshape",
         expect=lambda i, v: [np.array([[0, 1], [0, 3], [1, 2]]), v]),
    case(made(tf.sparse_transpose), PLACES, floats(3), label="transpose",
         expect=lambda i, v: [np.array([[0, 2], [1, 0], [3, 0]]), v[[2, 0, 1]]]),
    case(made(tf.sparse_fill_empty_rows), PLACES, floats(3), floats(), label="fill_empty_rows",
         expect=lambda i, v, d: [
             np.array([[0, 1], [0, 3], [1, 0], [2, 0]]), np.array([v[0], v[1], d, v[2]]),
             np.array([False, True, False])]),
    case(made(lambda s: tf.sparse_retain(s, [True, False, True])), PLACES, floats(3),
         label="retain", expect=lambda i, v: [i[[0, 2]], v[[0, 2]]]),
    case(made(lambda s: tf.sparse.expand_dims(s, 1)), PLACES, floats(3), label="expand_dims",
         expect=lambda i, v: [np.insert(i, 1, 0, 1), v]),
    case(lambda x: _parts(tf.sparse.from_dense(x)), given([[0.0, 2.0], [3.0, 0.0]]),
         label="from_dense", expect=[np.array([[0, 1], [1, 0]]), np.array([2.0, 3.0])]),
    case(made(lambda s: tf.sparse_to_indicator(s, 3)), PLACES,
         given(np.array([0, 2, 1])), label="to_indicator",
         expect=np.array([[True, False, True], [False] * 3, [False, True, False]])),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


def sample() -> Any:
    return tf.SparseTensor([[0, 1], [2, 0]], [1.0, 2.0], [3, 2])


def test_the_value_of_a_sparse_tensor() -> None:
    value = tf.Session().run(sample())
    assert isinstance(value, tf.SparseTensorValue)
    assert value.indices.tolist() == [[0, 1], [2, 0]]
    assert value.values.tolist() == [1.0, 2.0]
    assert value.dense_shape.tolist() == [3, 2]
    with tf.Session():
        assert sample().eval().values.tolist() == [1.0, 2.0]
    nested = tf.Session().run({"a": [sample()]})
    assert nested["a"][0].values.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("shape", [None, [3, 2], [None, 2]])
def test_sparse_placeholders_are_fed(shape: Any) -> None:
    x = tf.sparse_placeholder(tf.float32, shape)
    y = tf.sparse_tensor_to_dense(x)
    parts: Any = ([[0, 1], [2, 0]], [1.0, 2.0], [3, 2])
    wanted = [[0, 1], [0, 0], [2, 0]]
    with tf.Session() as session:
        for value in (parts, tf.SparseTensorValue(*parts), session.run(sample())):
            assert session.run(y, {x: value}).tolist() == wanted


def test_what_a_sparse_tensor_knows() -> None:
    x = sample()
    assert x.shape.as_list() == x.get_shape().as_list() == [3, 2]
    assert x.dtype is tf.float32
    assert x.graph is tf.get_default_graph()
    assert tf.sparse_placeholder(tf.int32, [None, 5]).shape.as_list() == [None, None]
    assert tf.sparse_placeholder(tf.int32).shape.ndims is None
    assert tf.convert_to_tensor_or_sparse_tensor(x) is x
    value = tf.SparseTensorValue([[0]], [1], [1])
    assert isinstance(tf.convert_to_tensor_or_sparse_tensor(value), tf.SparseTensor)
    assert tf.convert_to_tensor_or_sparse_tensor([1]).shape.as_list() == [1]
    with tf.Session() as session:
        assert session.run([tf.shape(x), tf.size(x), tf.rank(x)])[1:] == [6, 2]


def test_parts_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="as many indices and values"):
        tf.SparseTensor([[0, 1]], [1.0, 2.0], [3, 2])
    with pytest.raises(ValueError, match="columns of indices"):
        tf.SparseTensor([[0, 1]], [1.0], [3])
    with pytest.raises(TypeError, match="a SparseTensor is needed"):
        tf.sparse_reorder(tf.constant([1.0]))
    with pytest.raises(RuntimeError, match="dtype int32 is needed"):
        tf.convert_to_tensor_or_sparse_tensor(sample(), tf.int32)


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([[0, 0], [3, 0]], r"indices\[1\] = \[3, 0\] is out of bounds"),
        ([[1, 0], [0, 0]], r"indices\[1\] = \[0, 0\] is out of order"),
        ([[1, 0], [1, 0]], r"indices\[1\] = \[1, 0\] is repeated"),
    ],
)
def test_wrong_places(indices: Any, message: str) -> None:
    x = tf.SparseTensor(indices, [1.0, 2.0], [3, 2])
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf.Session().run(tf.sparse_tensor_to_dense(x))


def test_gradients_through_sparse_values() -> None:
    values = tf.constant([1.0, 2.0])
    x = tf.SparseTensor([[2, 0], [0, 1]], values, [3, 2])
    weights = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    y = tf.sparse_tensor_to_dense(tf.sparse_reorder(x)) * weights
    assert tf.Session().run(tf.gradients(y, values))[0].tolist() == [5.0, 2.0]
