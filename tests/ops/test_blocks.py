"""Cases of blocks of space in the batch and in the channels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import floats, given

SQUARE = np.arange(1, 17).reshape(1, 4, 4, 1)

CASES: list[Case] = [
    case(tf.space_to_batch_nd, given(np.arange(1, 5).reshape(1, 2, 2, 1)), [2, 2],
         [[0, 0], [0, 0]], expect=np.arange(1, 5).reshape(4, 1, 1, 1)),
    case(tf.space_to_batch_nd, given(SQUARE), [2, 2], [[0, 0], [2, 0]],
         expect=np.array([[[0, 1, 3], [0, 9, 11]], [[0, 2, 4], [0, 10, 12]],
                          [[0, 5, 7], [0, 13, 15]], [[0, 6, 8], [0, 14, 16]]])[..., None]),
    case(tf.space_to_batch_nd, floats(2, 3, 2), [2], [[1, 0]], expect=None),
    case(tf.space_to_batch_nd, floats(2, 4, 3, 2), given([2, 3]), given([[1, 1], [0, 0]])),
    case(tf.space_to_batch, floats(1, 2, 4, 3), [[0, 0], [0, 0]], 2),
    case(tf.batch_to_space_nd, given(np.arange(1, 5).reshape(4, 1, 1, 1)), [2, 2],
         [[0, 0], [0, 0]], expect=np.arange(1, 5).reshape(1, 2, 2, 1)),
    case(tf.batch_to_space_nd, floats(8, 2, 2, 1), [2, 2], [[0, 1], [1, 0]]),
    case(tf.batch_to_space, floats(4, 2, 2, 3), [[0, 0], [0, 1]], 2),
    case(tf.space_to_depth, given(SQUARE), 2,
         expect=np.array([[[[1, 2, 5, 6], [3, 4, 7, 8]], [[9, 10, 13, 14], [11, 12, 15, 16]]]])),
    case(tf.space_to_depth, floats(1, 4, 2, 3), 2),
    case(tf.space_to_depth, floats(1, 3, 4, 2), 2, data_format="NCHW"),
    case(tf.depth_to_space, given(np.arange(1, 5).reshape(1, 1, 1, 4)), 2,
         expect=np.arange(1, 5).reshape(1, 2, 2, 1)),
    case(tf.depth_to_space, floats(2, 1, 2, 8), 2),
    case(tf.depth_to_space, floats(1, 8, 1, 2), 2, data_format="NCHW"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


@pytest.mark.parametrize("data_format", ["NHWC", "NCHW"])
def test_depth_to_space_undoes_space_to_depth(data_format: str) -> None:
    x = np.random.default_rng(1).normal(size=(2, 4, 4, 4))
    y = tf.space_to_depth(x, 2, data_format=data_format)
    back = tf.depth_to_space(y, 2, data_format=data_format)
    np.testing.assert_array_equal(tf.Session().run(back), x)


def test_batch_to_space_undoes_space_to_batch() -> None:
    x = np.random.default_rng(1).normal(size=(2, 3, 5, 2))
    paddings, crops = tf.required_space_to_batch_paddings([3, 5], [2, 3])
    y = tf.space_to_batch_nd(x, [2, 3], paddings)
    np.testing.assert_array_equal(tf.Session().run(tf.batch_to_space_nd(y, [2, 3], crops)), x)


def test_paddings_known_only_when_run() -> None:
    size = tf.placeholder(tf.int32, [2])
    paddings, crops = tf.required_space_to_batch_paddings(size, [2, 3], [[0, 1], [2, 0]])
    values = tf.Session().run([paddings, crops], {size: [3, 5]})
    assert values[0].tolist() == [[0, 1], [2, 2]]
    assert values[1].tolist() == [[0, 0], [0, 2]]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: tf.space_to_batch_nd(tf.zeros([1, 3, 1]), [2], [[0, 0]]), "not a multiple"),
        (lambda: tf.batch_to_space_nd(tf.zeros([3, 2, 1]), [2], [[0, 0]]), "not a multiple"),
        (lambda: tf.batch_to_space_nd(tf.zeros([2, 2, 1]), [2], [[3, 2]]), "more than its 4"),
        (lambda: tf.space_to_depth(tf.zeros([1, 3, 4, 1]), 2), "height of 3"),
        (lambda: tf.depth_to_space(tf.zeros([1, 3, 4, 6]), 2), "channels of 6"),
    ],
)
def test_sizes_that_do_not_fit(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
