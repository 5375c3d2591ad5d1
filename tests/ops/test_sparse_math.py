"""Sparse tensors computed with, put together and taken apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import floats, given, positive
from tests.ops.test_sparse import PLACES, SIZES, dense, made

OTHER = given(np.array([[0, 1], [1, 1], [2, 3]]))


def two(function: Any, sizes: Any = SIZES) -> Any:
    """A function of two sparse tensors as one of their indices and values."""

    def run(a: Any, x: Any, b: Any, y: Any) -> Any:
        found = function(tf.SparseTensor(a, x, sizes), tf.SparseTensor(b, y, sizes))
        return [found.indices, found.values]

    return run


def sparse_of(matrix: Any, support: Any) -> list[Any]:
    places = np.argwhere(support)
    return [places, np.asarray(matrix)[tuple(places.T)]]


def support(*indices: Any) -> Any:
    return np.sum([dense(each, np.ones(3)) for each in indices], 0) > 0


def concat_expected(i: Any, x: Any) -> Any:
    both = np.concatenate([dense(i, x), dense(i, 2 * x)], 1)
    return sparse_of(both, np.concatenate([support(i), support(i)], 1))


def softmax_expected(i: Any, x: Any) -> Any:
    exps = np.where(support(i), np.exp(dense(i, x)), 0)
    with np.errstate(all="ignore"):
        rows = exps / exps.sum(1, keepdims=True)
    return [i, rows[tuple(i.T)]]


CASES: list[Case] = [
    case(made(tf.sparse_tensor_dense_matmul), PLACES, floats(3), floats(4, 2), label="matmul",
         expect=lambda i, v, b: dense(i, v) @ b),
    case(made(lambda s, b: tf.sparse.matmul(s, b, adjoint_a=True, adjoint_b=True)), PLACES,
         floats(3), floats(2, 3), label="matmul of adjoints",
         expect=lambda i, v, b: dense(i, v).T @ b.T),
    case(two(tf.sparse_add), PLACES, floats(3), OTHER, floats(3), label="add",
         expect=lambda a, x, b, y: sparse_of(dense(a, x) + dense(b, y), support(a, b))),
    case(made(tf.sparse_add), PLACES, floats(3), floats(3, 4), label="add of a dense one",
         expect=lambda i, v, d: dense(i, v) + d),
    case(made(lambda s: tf.sparse_concat(1, [s, s * 2.0])), PLACES, floats(3), label="concat",
         expect=concat_expected),
    case(made(lambda s: tf.sparse_slice(s, [0, 1], [2, 3])), PLACES, floats(3), label="slice",
         expect=lambda i, v: [np.array([[0, 0], [0, 2]]), v[:2]]),
    case(made(lambda s: tf.sparse_split(sp_input=s, num_split=2, axis=1)), PLACES, floats(3),
         label="split",
         expect=lambda i, v: [np.array([[0, 1], [2, 0]]), v[[0, 2]], np.array([[0, 1]]), v[1:2]]),
    case(made(lambda s: tf.sparse_reduce_sum(s, 0)), PLACES, floats(3), label="reduce_sum",
         expect=lambda i, v: dense(i, v).sum(0)),
    case(made(lambda s: tf.sparse_reduce_sum(s, 1, keepdims=True)), PLACES, floats(3),
         label="reduce_sum keepdims", expect=lambda i, v: dense(i, v).sum(1, keepdims=True)),
    case(made(tf.sparse.reduce_sum), PLACES, floats(3), label="reduce_sum of all",
         expect=lambda i, v: v.sum()),
    case(made(lambda s: tf.sparse_reduce_sum_sparse(s, 1)), PLACES, floats(3),
         label="reduce_sum_sparse",
         expect=lambda i, v: [np.array([[0], [2]]), np.array([v[0] + v[1], v[2]])]),
    case(made(lambda s: tf.sparse_reduce_max(s, 1)), PLACES, floats(3), label="reduce_max",
         expect=lambda i, v: np.array([max(v[0], v[1]), 0, v[2]])),
    case(made(lambda s: tf.sparse_reduce_max_sparse(s, 1, keepdims=True)), PLACES, floats(3),
         label="reduce_max_sparse",
         expect=lambda i, v: [np.array([[0, 0], [2, 0]]), np.array([max(v[0], v[1]), v[2]])]),
    case(made(tf.sparse_softmax), PLACES, floats(3), label="softmax", expect=softmax_expected),
    case(two(tf.sparse_maximum), PLACES, floats(3), OTHER, floats(3), label="maximum",
         no_gradient="TensorFlow has none",
         expect=lambda a, x, b, y: sparse_of(np.maximum(dense(a, x), dense(b, y)), support(a, b))),
    case(two(tf.sparse_minimum), PLACES, floats(3), OTHER, floats(3), label="minimum",
         no_gradient="TensorFlow has none",
         expect=lambda a, x, b, y: sparse_of(np.minimum(dense(a, x), dense(b, y)), support(a, b))),
    case(made(lambda s, d: s * d), PLACES, floats(3), floats(3, 4), label="times a dense one",
         expect=lambda i, v, d: [i, v * d[tuple(i.T)]]),
    case(made(lambda s, d: d * s), PLACES, floats(3), floats(4), label="a dense one times it",
         expect=lambda i, v, d: [i, v * d[i[:, 1]]]),
    case(made(lambda s, d: s / d), PLACES, floats(3), positive(3, 1), label="divided",
         expect=lambda i, v, d: [i, v / d[i[:, 0], 0]]),
    case(lambda: _parts(tf.sparse.eye(2, 3)), label="eye",
         expect=[np.array([[0, 0], [1, 1]]), np.ones(2, np.float32)]),
]  # fmt: skip


def _parts(s: Any) -> list[Any]:
    return [s.indices, s.values]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


def test_sparse_tensors_survive_being_strings() -> None:
    x = tf.SparseTensor([[0, 1], [2, 0]], [1.5, 2.5], [3, 2])
    y = tf.deserialize_many_sparse(tf.serialize_many_sparse(x), tf.float32, rank=2)
    z = tf.deserialize_many_sparse([tf.serialize_sparse(x)] * 2, tf.float32)
    there, back, stacked = tf.Session().run([x, y, z])
    assert [part.tolist() for part in there] == [part.tolist() for part in back]
    assert stacked.indices.tolist() == [[0, 0, 1], [0, 2, 0], [1, 0, 1], [1, 2, 0]]
    assert stacked.dense_shape.tolist() == [2, 3, 2]


def test_small_sums_are_left_out() -> None:
    a = tf.SparseTensor([[0], [1]], [1.0, 2.0], [3])
    b = tf.SparseTensor([[0], [2]], [-0.95, 0.01], [3])
    total = tf.Session().run(tf.sparse_add(a, b, threshold=0.1))
    assert total.indices.tolist() == [[1]]
    assert total.dense_shape.tolist() == [3]


def test_concat_of_different_sizes() -> None:
    a = tf.SparseTensor([[0, 0]], [1.0], [1, 1])
    b = tf.SparseTensor([[1, 0]], [2.0], [2, 1])
    with pytest.raises(tf.errors.InvalidArgumentError, match="may differ in dimension 1 only"):
        tf.Session().run(tf.sparse_concat(1, [a, b]))
    both = tf.Session().run(tf.sparse_concat(1, [a, b], expand_nonconcat_dim=True))
    assert both.indices.tolist() == [[0, 0], [1, 1]]
    assert both.dense_shape.tolist() == [2, 2]


@pytest.mark.parametrize(
    ("combiner", "factors"),
    [
        ("sum", lambda w: w),
        ("mean", lambda w: w / w.sum()),
        ("sqrtn", lambda w: w / np.sqrt((w**2).sum())),
    ],
)
def test_embeddings_of_sparse_ids(combiner: str, factors: Any) -> None:
    table = np.arange(12.0).reshape(6, 2)
    ids = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], tf.constant([1, 3, 1], tf.int64), [2, 2])
    weights = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [2.0, 0.5, 1.0], [2, 2])
    params = tf.constant(table, tf.float32)
    plain = tf.nn.embedding_lookup_sparse(params, ids, None, combiner=combiner)
    weighted = tf.nn.embedding_lookup_sparse(params, ids, weights, combiner=combiner)
    ones, some = factors(np.ones(2)), factors(np.array([2.0, 0.5]))
    found = tf.Session().run([plain, weighted])
    np.testing.assert_allclose(found[0], [ones @ table[[1, 3]], table[1]], rtol=1e-6)
    np.testing.assert_allclose(found[1], [some @ table[[1, 3]], table[1]], rtol=1e-6)
    assert tf.gradients(weighted, params)[0] is not None


def test_wrong_embeddings() -> None:
    ids = tf.SparseTensor([[0, 0]], tf.constant([1], tf.int64), [1, 1])
    table = tf.ones([2, 2])
    with pytest.raises(ValueError, match="combiner must be"):
        tf.nn.embedding_lookup_sparse(table, ids, None, combiner="product")
    with pytest.raises(TypeError, match="sp_ids must be a SparseTensor"):
        tf.nn.embedding_lookup_sparse(table, [1], None, combiner="sum")
    with pytest.raises(TypeError, match="sp_weights must be a SparseTensor or None"):
        tf.nn.embedding_lookup_sparse(table, ids, [1.0], combiner="sum")


def test_shapes_that_do_not_fit() -> None:
    a = tf.SparseTensor([[0, 0]], [1.0], [2, 3])
    with pytest.raises(ValueError, match="3 != 4"):
        tf.sparse_tensor_dense_matmul(a, tf.ones([4, 1]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="cannot be broadcast"):
        tf.Session().run(a * tf.ones([4]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be of one shape"):
        tf.Session().run(tf.sparse_add(a, tf.SparseTensor([[0, 0]], [1.0], [3, 2])))
    with pytest.raises(TypeError, match="at least one"):
        tf.sparse_add(1.0, 2.0)
