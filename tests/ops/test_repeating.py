"""Cases of repeating tensors, and of the shapes of broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import floats, given, ints, strings

CASES: list[Case] = [
    case(tf.tile, floats(2, 3), [2, 1], expect=lambda x: np.tile(x, (2, 1))),
    case(tf.tile, floats(2, 3), given([1, 3]), expect=lambda x, m: np.tile(x, m)),
    case(tf.tile, floats(2, 3), [0, 2], expect=lambda x: np.tile(x, (0, 2))),
    case(tf.tile, floats(), np.zeros(0, np.int32), expect=lambda x: x),
    case(tf.tile, strings("a", "b"), [2], expect=lambda x: np.tile(x, 2)),
    case(tf.repeat, floats(2, 3), 2, axis=0, expect=lambda x: np.repeat(x, 2, 0)),
    case(tf.repeat, floats(2, 3), 2, axis=1, needs="rank", expect=lambda x: np.repeat(x, 2, 1)),
    case(tf.repeat, floats(2, 3), 3, needs="rank", expect=lambda x: np.repeat(x, 3)),
    case(tf.repeat, floats(2, 3), [1, 2], axis=0, needs="rank",
         expect=lambda x: np.repeat(x, [1, 2], 0)),
    case(tf.repeat, floats(2, 3), [1, 0, 2], axis=-1, needs="rank",
         expect=lambda x: np.repeat(x, [1, 0, 2], 1)),
    case(tf.repeat, floats(), 2, axis=0, needs="rank", expect=lambda x: np.repeat(x, 2)),
    case(tf.meshgrid, floats(2), floats(3), expect=np.meshgrid),
    case(tf.meshgrid, floats(2), floats(3), floats(4), indexing="ij",
         expect=lambda *x: np.meshgrid(*x, indexing="ij")),
    case(tf.broadcast_to, floats(3), [2, 3], expect=lambda x: np.broadcast_to(x, (2, 3))),
    case(tf.broadcast_to, floats(2, 1), [4, 2, 3],
         expect=lambda x: np.broadcast_to(x, (4, 2, 3))),
    case(tf.broadcast_to, floats(), [2], expect=lambda x: np.broadcast_to(x, (2,))),
    case(tf.broadcast_dynamic_shape, ints(3, low=2, high=3), [1, 2],
         expect=np.array([2, 2, 2], np.int32)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


def test_broadcast_static_shape() -> None:
    shape = tf.broadcast_static_shape(tf.TensorShape([None, 1]), tf.TensorShape([3]))
    assert shape.as_list() == [None, 3]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: tf.tile(tf.zeros([2]), [1, 2]), "rank"),
        (lambda: tf.broadcast_to(tf.zeros([2]), [3]), "neither 1 nor 3"),
        (lambda: tf.broadcast_to(tf.zeros([2, 2]), [2]), "fewer dimensions"),
        (lambda: tf.repeat([1, 2], [1, 2, 3], axis=0), "repeats has 3 numbers"),
        (lambda: tf.meshgrid([1], indexing="yx"), "indexing"),
        (lambda: tf.broadcast_static_shape(tf.TensorShape([2]), tf.TensorShape([3])), "2 != 3"),
    ],
)
def test_what_cannot_be_repeated(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_meshgrid_and_repeat_check_their_arguments() -> None:
    with pytest.raises(TypeError, match="'sparse' is an invalid keyword"):
        tf.meshgrid([1], sparse=True)
    with pytest.raises(TypeError, match="axis must be an int; got float"):
        tf.repeat([1], 2, axis=0.5)
