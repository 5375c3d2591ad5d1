"""Cases of identities, shapes and reshaping."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import bools, floats, given, ints, special, strings
from tidefall.ir.opdef import OPS

_transpose = OPS["Transpose"]
_prevent = OPS["PreventGradient"]

CASES: list[Case] = [
    case(tf.identity, floats(2, 3), expect=lambda x: x),
    case(tf.identity, strings("a", "b"), expect=lambda x: x),
    case(tf.identity_n, [floats(2), ints(3)], expect=tuple),
    case(tf.stop_gradient, floats(3), expect=lambda x: x, no_gradient="that is its purpose"),
    case(_prevent, floats(3), expect=lambda x: x, no_gradient="refused on purpose"),
    case(OPS["Snapshot"], floats(3), expect=lambda x: x),
    case(tf.guarantee_const, floats(3), expect=lambda x: x),
    case(tf.placeholder_with_default, floats(3), None, expect=lambda x: x),
    case(tf.ensure_shape, floats(2, 3), [2, None], expect=lambda x: x),
    case(tf.shape, floats(2, 0, 3), expect=np.array([2, 0, 3], np.int32)),
    case(tf.shape, floats(), out_type=tf.int64, expect=np.array([], np.int64)),
    case(tf.shape_n, [floats(2, 3), floats()],
         expect=(np.array([2, 3], np.int32), np.array([], np.int32))),
    case(lambda x: tf.shape_n([x, x], tf.int64), ints(4), expect=(np.array([4]), np.array([4]))),
    case(tf.size, floats(2, 0, 3), expect=0),
    case(tf.size, strings("a", "b"), expect=2),
    case(tf.size, floats(), out_type=tf.int64, expect=np.int64(1)),
    case(tf.rank, floats(2, 0, 3), expect=3),
    case(tf.reshape, floats(2, 3), [3, -1], expect=lambda x: x.reshape(3, 2)),
    case(tf.reshape, floats(), [1, 1], expect=lambda x: x.reshape(1, 1)),
    case(tf.reshape, floats(1), [], expect=lambda x: x.reshape(())),
    case(tf.reshape, floats(0, 3), [-1, 3], expect=lambda x: x),
    case(tf.reshape, strings("a", "b"), [2, 1], expect=lambda x: x.reshape(2, 1)),
    case(lambda x: tf.reshape(x, tf.shape(x)[::-1]), floats(2, 3),
         expect=lambda x: x.reshape(3, 2), label="reshape by tensor"),
    case(tf.expand_dims, floats(2, 3), 1, expect=lambda x: x[:, None]),
    case(tf.expand_dims, floats(2, 3), axis=-1, expect=lambda x: x[..., None]),
    case(tf.expand_dims, floats(), 0, expect=lambda x: x[None]),
    case(tf.expand_dims, strings("a"), dim=0, expect=lambda x: x[None]),
    case(tf.squeeze, floats(1, 3, 1), expect=lambda x: x[0, :, 0]),
    case(tf.squeeze, floats(1, 3, 1), [-1], expect=lambda x: x[..., 0]),
    case(tf.squeeze, floats(1, 0, 1), squeeze_dims=0, expect=lambda x: x[0]),
    case(tf.broadcast_to, given([[1.0], [2.0]]), [2, 2, 3],
         expect=lambda x: np.broadcast_to(x, (2, 2, 3)), no_gradient="see test_repeating"),
    case(_transpose, floats(2, 3, 4), [2, 0, 1], expect=lambda x: x.transpose(2, 0, 1)),
    case(tf.invert_permutation, given([2, 0, 1]), expect=np.array([1, 2, 0])),
    case(tf.bitcast, given([1.0, -2.0], np.float32), tf.int32,
         expect=np.array([1.0, -2.0], np.float32).view(np.int32)),
    case(tf.bitcast, ints(2, 2, dtype=np.int16), tf.uint8,
         expect=lambda x: x.view(np.uint8).reshape(2, 2, 2)),
    case(tf.bitcast, ints(3, 4, dtype=np.int16), tf.float64, needs="rank",
         expect=lambda x: x.view(np.float64).reshape(3)),
    case(tf.zeros_like, floats(2, 3), expect=np.zeros_like),
    case(tf.zeros_like, special(1.0, 2.0), tf.int32, expect=np.zeros(2, np.int32)),
    case(tf.zeros_like, strings("a", "b"), expect=np.array([b"", b""], object)),
    case(tf.zeros_like, bools(2), optimize=False, expect=np.array([False, False])),
    case(tf.ones_like, floats(), expect=np.ones_like),
    case(tf.ones_like, floats(2, 0), tf.bool, expect=np.ones((2, 0), bool)),
    case(OPS["OnesLike"], floats(2), expect=np.ones_like),
    case(tf.fill, [2, 3], floats(), expect=lambda x: np.full((2, 3), x)),
    case(tf.fill, [0, 3], floats(), expect=lambda x: np.full((0, 3), x)),
    case(lambda x: tf.zeros(tf.shape(x)[0]), floats(3), expect=np.zeros_like),
    case(lambda x: tf.ones([tf.shape(x)[0], 2]), floats(3), expect=lambda x: np.ones((3, 2))),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


def test_a_refused_gradient_says_why() -> None:
    x = tf.placeholder(tf.float32, [])
    with pytest.raises(LookupError, match="no way through"):
        tf.gradients(_prevent(x, message="no way through"), x)


def test_reshape_names_the_number_of_elements() -> None:
    with pytest.raises(ValueError, match=re.escape("has 6 elements, but shape [4] has 4")):
        tf.reshape(tf.zeros([2, 3]), [4])


def test_reshape_refuses_a_size_that_cannot_divide() -> None:
    with pytest.raises(ValueError, match="multiple of 4"):
        tf.reshape(tf.placeholder(tf.float32, [None, 4]), [3, 5])


def test_reshape_that_does_not_fit_when_run() -> None:
    x = tf.placeholder(tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Reshape"), tf.Session() as session:
        session.run(tf.reshape(x, [4]), {x: [1.0, 2.0]})


@pytest.mark.parametrize("axis", [3, -4])
def test_expand_dims_outside_the_tensor(axis: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        tf.expand_dims(tf.zeros([2, 3]), axis)


def test_expand_dims_needs_one_axis() -> None:
    with pytest.raises(ValueError, match="needs an axis"):
        tf.expand_dims(tf.zeros([2]))
    with pytest.raises(ValueError, match="'dim' is an older name of 'axis'"):
        tf.expand_dims(tf.zeros([2]), axis=0, dim=0)


def test_squeeze_of_a_longer_dimension() -> None:
    with pytest.raises(ValueError, match="must be 1, but it is 3"):
        tf.squeeze(tf.zeros([1, 3]), [1])


def test_a_shape_that_is_not_ensured() -> None:
    x = tf.placeholder(tf.float32)
    y = tf.ensure_shape(x, [None, 2])
    assert y.shape.as_list() == [None, 2]
    with pytest.raises(tf.errors.InvalidArgumentError, match=re.escape("expected shape (?, 2)")):
        tf.Session().run(y, {x: [[1.0]]})


def test_identity_keeps_rows_sparse() -> None:
    rows = tf.identity(tf.IndexedSlices(tf.ones([1, 2]), tf.constant([3])))
    values, indices, shape = tf.Session().run(rows)
    assert values.tolist() == [[1.0, 1.0]]
    assert indices.tolist() == [3]
    assert shape is None


def test_a_default_that_is_fed() -> None:
    x = tf.placeholder_with_default([1, 2], [None])
    with tf.Session() as session:
        assert session.run(x).tolist() == [1, 2]
        assert session.run(x, {x: [5]}).tolist() == [5]


def test_a_placeholder_that_is_not_fed() -> None:
    x = tf.placeholder(tf.float32, [], name="images")
    with pytest.raises(tf.errors.InvalidArgumentError, match="images"):
        tf.Session().run(x)


@pytest.mark.parametrize("shape", [[2, 3], [], [0]])
@pytest.mark.parametrize("dtype", [tf.float32, tf.bool, tf.int64, tf.string])
def test_zeros(shape: Any, dtype: Any) -> None:
    value = np.asarray(tf.Session().run(tf.zeros(shape, dtype)))
    assert value.shape == tuple(shape)
    assert not any(value.reshape(-1).tolist())


def test_a_large_constant_is_filled_when_run() -> None:
    assert tf.zeros([999]).op.type == "Const"
    assert tf.zeros([1000]).op.type == "Fill"


def test_fill_with_a_negative_size() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        tf.fill([-1], 0)
