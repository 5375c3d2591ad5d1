"""Cases of choosing, one-hot vectors, sorting, sets and partitions."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import bools, floats, given, ints, strings
from tidefall.ir.opdef import OPS


def _one_hot(i: Any, depth: int = 3) -> Any:
    return (np.arange(depth) == np.asarray(i)[..., None]).astype(np.float32)


def _descending(x: Any) -> Any:
    return -np.sort(-x)


_top_k_v1, _in_top_k_v1, _stitch = OPS["TopK"], OPS["InTopK"], OPS["ParallelDynamicStitch"]
_MIXED = [
    22, 0, 6, 19, 14, 10, 19, 24, 8, 13, 24, 2, 3, 2, 11, 13, 16, 8, 8, 19, 8, 2, 24, 20, 3, 12, 14,
    0, 4, 3, 13, 11, 22, 13, 13, 11, 24, 16, 24, 21, 14, 16, 22, 21, 19, 1, 8, 0, 4, 6,
]  # fmt: skip
_words = strings("b", "a", "b", "c")
_text = [b"b", b"a", b"c"]

CASES: list[Case] = [
    case(tf.where, bools(3, 2), expect=np.argwhere),
    case(tf.where, ints(5, low=0, high=2), expect=np.argwhere),
    case(tf.where, given(True), expect=np.zeros((1, 0), np.int64)),
    case(tf.where, given(np.zeros((2, 0), bool)), expect=np.zeros((0, 2), np.int64)),
    case(tf.where, bools(3, 2), floats(3, 2), floats(3, 2), expect=np.where),
    case(tf.where, bools(3), floats(3, 2), floats(3, 2),
         expect=lambda c, x, y: np.where(c[:, None], x, y)),
    case(tf.where, given(True), floats(3, 2), floats(3, 2), expect=lambda c, x, y: x),
    case(tf.where, bools(2), strings("a", "b"), strings("c", "d"), expect=np.where),
    case(tf.where_v2, bools(3, 1), floats(2), floats(), expect=np.where),
    case(tf.where_v2, bools(3), expect=np.argwhere),
    case(tf.one_hot, [0, 2, 1], 3, expect=_one_hot([0, 2, 1])),
    case(tf.one_hot, ints(2, 4, low=-1, high=4), 3, expect=_one_hot),
    case(tf.one_hot, ints(2, 4, low=0, high=3), 3, axis=1,
         expect=lambda i: _one_hot(i).transpose(0, 2, 1)),
    case(tf.one_hot, ints(2, 4, low=0, high=3), 3, axis=0,
         expect=lambda i: _one_hot(i).transpose(2, 0, 1)),
    case(tf.one_hot, given(1), 3, dtype=tf.int64, expect=np.array([0, 1, 0])),
    case(tf.one_hot, given([1, 2], np.uint8), 3, on_value=True, off_value=False,
         expect=lambda i: _one_hot(i).astype(bool)),
    case(tf.one_hot, given([1, 0]), 0, expect=np.zeros((2, 0), np.float32)),
    case(tf.one_hot, [0, 5, 1], 3, floats(), floats(),
         expect=lambda a, b: np.where(_one_hot([0, 5, 1]) > 0, a, b)),
    case(tf.nn.top_k, floats(3, 5), 2, expect=lambda x: (_descending(x)[:, :2],
         np.argsort(-x, 1)[:, :2].astype(np.int32))),
    case(tf.nn.top_k, floats(5), 5, expect=lambda x: (_descending(x), np.argsort(-x))),
    case(tf.nn.top_k, floats(2, 3), expect=lambda x: (x.max(1, keepdims=True),
         np.argmax(x, 1)[:, None])),
    case(tf.nn.top_k, floats(2, 3), 0, expect=(np.zeros((2, 0)), np.zeros((2, 0), np.int32))),
    case(tf.nn.top_k, given([2, 7, 7, 1]), 3,
         expect=(np.array([7, 7, 2]), np.array([1, 2, 0]))),
    case(_top_k_v1, floats(3, 4), k=2, expect=lambda x: (_descending(x)[:, :2],
         np.argsort(-x, 1)[:, :2].astype(np.int32))),
    case(tf.sort, floats(3, 4), expect=np.sort),
    case(tf.sort, floats(3, 4), axis=0, direction="DESCENDING",
         expect=lambda x: -np.sort(-x, 0)),
    case(tf.argsort, floats(3, 4), expect=lambda x: np.argsort(x).astype(np.int32)),
    case(tf.argsort, floats(2, 3, 4), axis=1, direction="DESCENDING",
         expect=lambda x: np.argsort(-x, 1).astype(np.int32)),
    case(tf.nn.in_top_k, given([[0.1, 0.7, 0.2], [0.5, 0.5, 0.1]], np.float32), given([2, 1]), 1,
         expect=np.array([False, True])),
    case(lambda x, t: tf.nn.in_top_k(x, t, 2), given([[0.1, np.nan], [1.0, 2.0]], np.float32),
         given([0, 2]), expect=np.array([False, False]), label="in_top_k without an answer"),
    case(_in_top_k_v1, given([[0.1, 0.7, 0.2]], np.float32), given([2]), k=2,
         expect=np.array([True])),
    case(tf.unique, given([3, 1, 3, 2, 1]),
         expect=(np.array([3, 1, 2]), np.array([0, 1, 0, 2, 1]))),
    case(tf.unique, _words, out_idx=tf.int64,
         expect=(np.array(_text, object), np.array([0, 1, 0, 2]))),
    case(tf.unique_with_counts, given([3, 1, 3]),
         expect=(np.array([3, 1]), np.array([0, 1, 0]), np.array([2, 1]))),
    case(tf.setdiff1d, given([1, 2, 3, 2]), given([3]),
         expect=(np.array([1, 2, 2]), np.array([0, 1, 3]))),
    case(tf.setdiff1d, _words, strings("b"),
         expect=(np.array([b"a", b"c"], object), np.array([1, 3]))),
    case(tf.searchsorted, [1.0, 2.0, 2.0, 3.0], given([2.0, 0.0, 9.0], np.float32),
         expect=np.array([1, 0, 4])),
    case(tf.searchsorted, given([[1, 2], [3, 4]]), given([[2], [3]]), side="right",
         out_type=tf.int64, expect=np.array([[2], [1]])),
    case(tf.unravel_index, given([22, 41, 37]), [7, 6],
         expect=np.array(np.unravel_index([22, 41, 37], (7, 6)))),
    case(tf.unravel_index, given(5), [2, 3], expect=np.array([1, 2])),
    case(tf.dynamic_partition, floats(5, 2), [1, 0, 1, 1, 0], 3,
         expect=lambda x: (x[[1, 4]], x[[0, 2, 3]], x[:0])),
    case(tf.dynamic_partition, floats(2, 3), given([[1, 0, 1], [1, 0, 0]]), 2,
         expect=lambda x, p: (x[p == 0], x[p == 1])),
    case(tf.dynamic_stitch, [given([0, 2]), given(3), given([[1]])],
         [floats(2, 2), floats(2), floats(1, 1, 2)],
         expect=lambda i, d: np.stack([d[0][0], d[2][0, 0], d[0][1], d[1]])),
    case(tf.dynamic_stitch, [given([0, 3])], [floats(2)],
         expect=lambda i, d: np.array([d[0][0], 0.0, 0.0, d[0][1]])),
    case(_stitch, [given([1]), given([0])], [floats(1), floats(1)],
         expect=lambda i, d: np.concatenate([d[1], d[0]])),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


def test_every_nan_is_distinct() -> None:
    values, which = tf.Session().run(tf.unique([np.nan, 1.0, np.nan]))
    assert len(values) == 3
    assert which.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: tf.where([True], [1]), "both x and y"),
        (lambda: tf.where([True, False], [1, 2], [1, 2, 3]), "2 != 3"),
        (lambda: tf.where([True, False, True], [1, 2], [1, 2]), "2 != 3"),
        (lambda: tf.one_hot([1], -1), "depth must be at least 0"),
        (lambda: tf.one_hot([1], 2, axis=2), "out of range"),
        (lambda: tf.nn.top_k([1.0, 2.0], 3), "has only 2"),
        (lambda: tf.nn.top_k([1.0, 2.0], -1), "at least 0"),
        (lambda: tf.sort([1], direction="UP"), "UP should be one of"),
        (lambda: tf.sort([1], axis=tf.placeholder(tf.int32, [])), "constant scalar"),
        (lambda: tf.searchsorted([1], [1], side="middle"), "side must be either"),
    ],
)
def test_what_cannot_be_chosen(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_one_hot_values_of_different_dtypes() -> None:
    with pytest.raises(TypeError, match="dtype int32 of on_value does not match"):
        tf.one_hot([1], 2, on_value=1, off_value=0.5)
    with pytest.raises(TypeError, match="does not match dtype parameter float64"):
        tf.one_hot([1], 2, on_value=1, dtype=tf.float64)


def test_a_partition_that_does_not_exist() -> None:
    p = tf.placeholder(tf.int32, [2])
    parts = tf.dynamic_partition([1, 2], p, 2)
    message = re.escape("partitions[1] = 2 is not in [0, 2)")
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf.Session().run(parts, {p: [0, 2]})


def test_an_index_beyond_the_dims() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="index is out of bound"):
        tf.Session().run(tf.unravel_index(tf.placeholder_with_default(6, []), [2, 3]))


@pytest.mark.parametrize(
    ("row", "k", "places"),
    [
        ([3, 1, 3, 2], 2, [2, 0]),
        ([3, 1, 3, 2], 4, [0, 2, 3, 1]),
        ([3, 1, 3, 2], 0, []),
        (_MIXED, 7, [32, 0, 36, 22, 38, 7, 10]),
    ],
)
def test_top_k_unsorted_is_in_the_order_of_tensorflows_heap(
    row: list[int], k: int, places: list[int]
) -> None:
    values, indices = tf.Session().run(tf.nn.top_k([row], k, sorted=False))
    assert indices.tolist() == [places]
    assert values.tolist() == [[row[place] for place in places]]


def test_few_of_a_long_row() -> None:
    x = np.random.default_rng(3).integers(0, 400, (3, 2000)).astype(np.float32)
    values, indices = tf.Session().run(tf.nn.top_k(x, 20))
    np.testing.assert_array_equal(indices, np.argsort(-x, kind="stable")[:, :20])
    np.testing.assert_array_equal(values, _descending(x)[:, :20])
