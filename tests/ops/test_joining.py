"""Cases of joining tensors and taking them apart."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import floats, given, ints, strings
from tidefall.ir.opdef import OPS

_concat_v1 = OPS["Concat"]
_concat_offset = OPS["ConcatOffset"]

CASES: list[Case] = [
    case(tf.stack, [floats(2, 3), floats(2, 3)], expect=np.stack),
    case(tf.stack, [floats(2, 3), floats(2, 3)], axis=-1, expect=lambda x: np.stack(x, -1)),
    case(tf.stack, [floats(), floats(), floats()], expect=np.stack),
    case(tf.stack, [ints(0), ints(0)], axis=1, expect=lambda x: np.stack(x, 1)),
    case(tf.stack, [strings("a", "b"), strings("c", "d")], axis=1,
         expect=lambda x: np.stack(x, 1)),
    case(lambda x: tf.stack([x, 1.5]), floats(), expect=lambda x: np.stack([x, 1.5])),
    case(lambda x: tf.convert_to_tensor([[x, 1.5], [2.0, x]]), floats(),
         expect=lambda x: np.array([[x, 1.5], [2.0, x]])),
    case(tf.parallel_stack, [floats(2), floats(2)], expect=np.stack, needs="shape"),
    case(tf.unstack, floats(2, 3), needs="shape", expect=lambda x: list(x)),
    case(tf.unstack, floats(2, 3), axis=-1, needs="shape", expect=lambda x: list(x.T)),
    case(tf.unstack, floats(2, 3), num=2, expect=lambda x: list(x)),
    case(tf.unstack, strings("a", "b"), num=2, expect=lambda x: list(x)),
    case(tf.unstack, floats(3), num=3, expect=lambda x: list(x)),
    case(tf.concat, [floats(2, 3), floats(1, 3)], 0, expect=np.concatenate),
    case(tf.concat, [floats(2, 3), floats(2, 1), floats(2, 0)], axis=-1,
         expect=lambda x: np.concatenate(x, 1)),
    case(tf.concat, [floats(2, 3), floats(2, 3)], 1, expect=lambda x: np.concatenate(x, 1)),
    case(tf.concat, [floats(2, 3)], 1, expect=lambda x: x[0]),
    case(tf.concat, [floats(2, 3), floats(2, 1)], given(1),
         expect=lambda x, a: np.concatenate(x, 1)),
    case(tf.concat, [strings("a"), strings("b", "c")], 0, expect=np.concatenate),
    case(lambda x, y: _concat_v1(1, [x, y]), floats(2, 3), floats(2, 2),
         expect=lambda x, y: np.concatenate([x, y], 1), label="Concat"),
    case(lambda x, y: _concat_offset(1, [x, y, x]), given([2, 3]), given([2, 5]),
         expect=[np.array([0, 0]), np.array([0, 3]), np.array([0, 8])], label="ConcatOffset"),
    case(tf.split, floats(4, 3), 2, expect=lambda x: np.split(x, 2)),
    case(tf.split, floats(4, 6), 3, axis=-1, expect=lambda x: np.split(x, 3, 1)),
    case(tf.split, floats(4, 6), 1, 1, expect=lambda x: [x]),
    case(tf.split, floats(4, 6), [1, -1, 2], 1, expect=lambda x: np.split(x, [1, 4], 1)),
    case(tf.split, floats(4, 6), [4, 0], expect=lambda x: [x, x[:0]]),
    case(tf.split, floats(5), [5], expect=lambda x: [x]),
    case(tf.split, ints(6), ints(2, low=3, high=4), num=2,
         expect=lambda x, sizes: np.split(x, 2)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


def test_a_list_with_tensors_takes_their_dtype() -> None:
    x = tf.constant(1.0, tf.float64)
    assert tf.convert_to_tensor([x, 2]).dtype == tf.float64
    assert tf.convert_to_tensor([[1, 2], [x, 3]]).dtype == tf.float64
    assert tf.convert_to_tensor([x, 2], tf.float32).dtype == tf.float32


def test_arrays_are_stacked_as_they_are() -> None:
    assert tf.stack([np.ones(2), np.ones(2)]).dtype == tf.float64


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: tf.stack([tf.zeros([2]), tf.zeros([3])]), "2 != 3"),
        (lambda: tf.stack([tf.zeros([2])], axis=2), "axis is 2, but must lie between -2 and 1"),
        (lambda: tf.unstack(tf.zeros([2]), axis=1), "axis is 1, but must lie between -1 and 0"),
        (lambda: tf.unstack(tf.placeholder(tf.float32, [None])), "num is needed"),
        (lambda: tf.unstack(tf.zeros([2]), num=3), "must have size 3"),
        (lambda: tf.concat([tf.zeros([2, 3]), tf.zeros([2, 4])], 0), "3 != 4"),
        (lambda: tf.concat([tf.zeros([2]), tf.zeros([2, 2])], 0), "rank 2"),
        (lambda: tf.concat([tf.zeros([2]), tf.zeros([2])], 1), "out of range"),
        (lambda: tf.concat([tf.zeros([]), tf.zeros([])], 0), "tf.stack"),
        (lambda: tf.split(tf.zeros([5]), 2), "cannot be split into 2 equal parts"),
        (lambda: tf.split(tf.zeros([5]), [2, 2]), "add up to 4"),
        (lambda: tf.split(tf.zeros([5]), tf.constant(2)), "Rank-0"),
        (lambda: tf.split(tf.zeros([5]), tf.placeholder(tf.int32)), "Cannot infer num"),
    ],
)
def test_what_cannot_be_joined_or_split(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        build()


def test_concat_with_the_axis_first() -> None:
    x = tf.zeros([2, 2])
    with pytest.raises((TypeError, ValueError)):
        tf.concat(1, [x, x])


def test_concat_of_different_dtypes() -> None:
    with pytest.raises(TypeError, match="float32"):
        tf.concat([tf.zeros([2]), tf.zeros([2], tf.int32)], 0)


def test_split_sizes_that_do_not_fit_when_run() -> None:
    x = tf.placeholder(tf.float32, [None])
    with pytest.raises(tf.errors.InvalidArgumentError, match="add up to 3"):
        tf.Session().run(tf.split(x, [1, 2]), {x: [1.0, 2.0]})


def test_rows_pass_through_concat_behind_the_first_dimension() -> None:
    x, y = tf.placeholder(tf.float32, [4, 2]), tf.placeholder(tf.float32, [4, 3])
    rows = tf.IndexedSlices(tf.ones([1, 5]), tf.constant([2]), tf.constant([4, 5]))
    dx, dy = tf.gradients(tf.concat([x, y], 1), [x, y], [rows])
    assert dx.values.shape.as_list() == [1, 2]
    assert dy.values.shape.as_list() == [1, 3]
