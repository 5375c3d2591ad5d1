"""Cases of picking elements by index or by mask."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import bools, floats, given, ints, strings
from tidefall.ir.opdef import OPS

_gather_v1 = OPS["Gather"]


def _in_batches(x: Any, i: Any) -> Any:
    return np.stack([np.take(row, places, 0) for row, places in zip(x, i, strict=True)])


def _in_batches_axis_2(x: Any, i: Any) -> Any:
    return np.stack([np.take(row, places, 1) for row, places in zip(x, i, strict=True)])


_i = ints(2, 3, low=0, high=4)

CASES: list[Case] = [
    case(tf.gather, floats(4, 3), [2, 0, 2], expect=lambda x: x[[2, 0, 2]]),
    case(tf.gather, floats(4, 3), 1, expect=lambda x: x[1]),
    case(tf.gather, floats(4), given(2), expect=lambda x, i: x[2]),
    case(tf.gather, floats(4, 3), _i, expect=lambda x, i: x[i]),
    case(tf.gather, floats(4, 0), [1, 2], expect=lambda x: x[1:3]),
    case(tf.gather, floats(4, 3), np.zeros([0], np.int64), expect=lambda x: x[:0]),
    case(tf.gather, floats(3, 4), _i, axis=1, needs="rank", expect=lambda x, i: x[:, i]),
    case(tf.gather, floats(3, 2, 4), [0, 3, 3], axis=-1, needs="rank",
         expect=lambda x: x[..., [0, 3, 3]]),
    case(tf.gather, strings("a", "b"), [1, 0], expect=lambda x: x[::-1]),
    case(tf.gather, strings("a", "b"), 1, expect=np.array(b"b", object)),
    case(tf.gather, floats(2, 4, 3), _i, batch_dims=1, needs="rank", expect=_in_batches),
    case(tf.gather, floats(2, 3, 4, 2), _i, axis=2, batch_dims=1, needs="rank",
         expect=_in_batches_axis_2),
    case(tf.batch_gather, floats(2, 4, 3), _i, needs="rank", expect=_in_batches),
    case(_gather_v1, floats(4, 3), _i, expect=lambda x, i: x[i]),
    case(tf.boolean_mask, floats(4, 3), [True, False, True, True],
         expect=lambda x: x[[0, 2, 3]], needs="rank"),
    case(tf.boolean_mask, floats(4, 3), bools(4, 3), expect=lambda x, m: x[m], needs="rank"),
    case(tf.boolean_mask, floats(4, 3), bools(3), axis=1, needs="rank",
         expect=lambda x, m: x[:, m]),
    case(lambda x: x[x > 0.0], floats(4, 3), needs="rank", expect=lambda x: x[x > 0],
         label="x[x > 0]"),
    case(tf.sequence_mask, ints(2, low=1, high=4), 4,
         expect=lambda n: np.arange(4) < n[:, None]),
    case(tf.sequence_mask, given([[3, 0], [1, 2]]), dtype=tf.float32, needs="rank",
         expect=lambda n: (np.arange(3) < n[..., None]).astype(np.float32)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([0, 4], "indices[1] = 4 is not in [0, 4)"),
        ([[0, 1], [-1, 2]], "indices[1,0] = -1 is not in [0, 4)"),
        (7, "indices = 7 is not in [0, 4)"),
    ],
)
def test_an_index_out_of_range(indices: Any, message: str) -> None:
    i = tf.placeholder(tf.int32)
    with pytest.raises(tf.errors.InvalidArgumentError, match=re.escape(message)):
        tf.Session().run(tf.gather(tf.zeros([4, 2]), i), {i: indices})


def test_the_gradient_of_rows_is_sparse() -> None:
    x = tf.ones([5, 2])
    (grad,) = tf.gradients(tf.gather(x, [[1, 3], [1, 1]]), x)
    assert isinstance(grad, tf.IndexedSlices)
    dense = tf.Session().run(tf.convert_to_tensor(grad))
    assert dense[:, 0].tolist() == [0.0, 3.0, 0.0, 1.0, 0.0]


def test_the_gradient_of_rows_without_elements() -> None:
    x = tf.placeholder(tf.float32, [5, 0])
    (grad,) = tf.gradients(tf.gather(x, [[1, 3], [1, 1]]), x)
    assert tf.Session().run(grad.values, {x: np.zeros((5, 0))}).shape == (4, 0)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: tf.gather(tf.zeros([]), [0]), "at least one dimension"),
        (lambda: tf.gather(tf.zeros([2]), [0], axis=1), "out of range"),
        (lambda: tf.gather(tf.zeros([2, 2]), [[0]], axis=0, batch_dims=1), "at most axis"),
        (lambda: tf.boolean_mask([1, 2], True), "mask is a scalar"),
        (lambda: tf.boolean_mask([1, 2], tf.placeholder(tf.bool)), "rank of the mask"),
        (lambda: tf.boolean_mask([1, 2], [True]), "must be equal"),
        (lambda: tf.batch_gather(tf.zeros([2]), tf.placeholder(tf.int32)), "unknown shape"),
        (lambda: tf.sequence_mask([1], [2]), "maxlen must be scalar"),
    ],
)
def test_what_cannot_be_gathered(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
