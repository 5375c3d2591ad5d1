"""Arithmetic on two tensors, and sums of several."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, broadcasting, case
from tests.ops.inputs import Array, apart, complex_, floats, given, ints, positive, special, strings
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import math as ops
from tidefall.ops.broadcast import broadcast_gradient_args

SMALL = [np.uint8, np.int8, np.int16, np.uint16]


def truncated(x: Array, y: Array) -> Any:
    """Integer division as in C."""
    return np.trunc(x / y).astype(x.dtype)


def safe_quotient(x: Array, y: Array) -> Any:
    return np.where(y == 0, 0, x / np.where(y == 0, 1, y))


shifted = functools.partial(apart, offset=0.23)


CASES: list[Case] = [
    *broadcasting(tf.add, floats, np.add),
    *broadcasting(tf.subtract, floats, np.subtract),
    *broadcasting(tf.multiply, floats, np.multiply),
    *broadcasting(tf.realdiv, floats, np.divide, label="realdiv"),
    *broadcasting(tf.divide, floats, np.divide),
    *broadcasting(tf.maximum, apart, np.maximum, other=shifted),
    *broadcasting(tf.minimum, apart, np.minimum, other=shifted),
    *broadcasting(tf.squared_difference, floats, lambda x, y: (x - y) ** 2),
    *broadcasting(tf.pow, positive, np.power),
    case(tf.pow, floats(2, 3), 2.0, expect=np.square, dtypes=("float32",)),
    case(lambda x: x**2, floats(2, 3), label="square", expect=np.square),
    case(lambda x: x**3, floats(2, 3), label="cube", expect=lambda x: x**3),
    case(lambda x: x**2, complex_(3), label="square", expect=np.square),
    *broadcasting(tf.floormod, apart, np.mod, halves=(), other=shifted),
    *broadcasting(tf.truncatemod, apart, np.fmod, other=shifted, no_gradient="TensorFlow has none"),
    *broadcasting(ops.mod_op, apart, np.fmod, other=shifted, no_gradient="TensorFlow has none"),
    *broadcasting(tf.floordiv, apart, lambda x, y: np.floor(x / y), halves=(), other=shifted),
    *broadcasting(tf.math.multiply_no_nan, floats, np.multiply, halves=("float16",)),
    *broadcasting(tf.div_no_nan, floats, np.divide, halves=("float16",)),
    case(tf.add, complex_(2, 3), complex_(3), expect=np.add),
    case(tf.subtract, complex_(2, 3), complex_(3), expect=np.subtract),
    case(tf.multiply, complex_(2, 3), complex_(3), expect=np.multiply),
    case(tf.divide, complex_(2, 3), complex_(3), expect=np.divide),
    case(tf.pow, complex_(3), complex_(2, 3), expect=np.power, tolerance=1e-11),
    case(tf.div_no_nan, complex_(3), complex_(3), expect=np.divide),
    case(tf.math.multiply_no_nan, complex_(3), complex_(3), expect=np.multiply),
    case(tf.squared_difference, complex_(3), complex_(3), expect=lambda x, y: abs(x - y) ** 2 + 0j),
    case(tf.negative, floats(2, 3), expect=np.negative),
    case(tf.negative, complex_(3), expect=np.negative),
    case(tf.negative, ints(3), expect=np.negative),
    case(tf.add, strings("a", "b"), strings("c", ""), expect=lambda x, y: x + y),
    case(tf.add, ints(2, 3), ints(3), expect=np.add),
    case(tf.add, special(1.0, np.inf, np.nan), 1.0, expect=lambda x: x + 1),
    *[
        case(tf.multiply, ints(4, low=0, dtype=d), ints(4, low=0, dtype=d), expect=np.multiply)
        for d in SMALL
    ],
    *[
        case(
            tf.floordiv, ints(20, low=0, dtype=d), ints(20, low=1, dtype=d), expect=np.floor_divide
        )
        for d in SMALL
    ],
    case(tf.floordiv, ints(5, 3), given([-3, 2, 5]), expect=np.floor_divide),
    case(tf.floormod, ints(5, 3), given([-3, 2, 5]), expect=np.mod),
    case(tf.truncatediv, ints(5, 3), given([-3, 2, 5]), expect=truncated),
    case(tf.truncatemod, ints(5, 3), given([-3, 2, 5]), expect=np.fmod),
    case(ops.div_op, ints(5, 3), given([-3, 2, 5]), expect=truncated),
    case(ops.div_op, floats(5, 3), floats(3), expect=np.divide),
    case(tf.div, ints(5, 3), given([-3, 2, 5]), expect=np.floor_divide),
    case(tf.div, floats(3), floats(3), expect=np.divide),
    case(tf.truediv, ints(3), given([-3, 2, 5]), expect=np.divide),
    case(tf.truediv, ints(3, dtype=np.int8), given([-3, 2, 5], np.int8), expect=np.divide),
    case(tf.pow, ints(3, low=0), ints(3, low=0), expect=np.power),
    case(tf.pow, special(0.0, -2.0, 0.0, np.nan), special(0.0, 3.0, 2.0, 0.0), expect=np.power),
    case(tf.squared_difference, ints(3), ints(3), expect=lambda x, y: (x - y) ** 2),
    case(tf.maximum, ints(3), ints(3), expect=np.maximum),
    case(tf.maximum, special(np.nan, 1.0), special(1.0, np.nan), expect=np.maximum),
    case(tf.minimum, ints(3), ints(3), expect=np.minimum),
    case(
        tf.div_no_nan,
        special(1.0, np.inf, 0.0, 3.0),
        special(0.0, 0.0, 0.0, 2.0),
        expect=safe_quotient,
    ),
    case(tf.math.reciprocal_no_nan, special(0.0, 4.0), expect=[0.0, 0.25]),
    case(tf.math.reciprocal_no_nan, floats(3), expect=lambda x: 1 / x),
    case(
        tf.math.multiply_no_nan,
        special(np.inf, np.nan, 2.0),
        special(0.0, 0.0, 3.0),
        expect=[0, 0, 6],
    ),
    case(tf.scalar_mul, floats(), floats(2, 3), expect=np.multiply, needs="rank"),
    case(tf.add_n, [floats(2, 3), floats(2, 3), floats(2, 3)], expect=lambda xs: sum(xs)),
    case(tf.add_n, [floats(2)], expect=lambda xs: xs[0]),
    case(tf.add_n, [floats(2)], name="alone", expect=lambda xs: xs[0]),
    case(tf.add_n, [ints(3), ints(3)], expect=lambda xs: sum(xs)),
    case(tf.add_n, [floats(3), floats(3)], dtypes=("bfloat16",), expect=lambda xs: sum(xs)),
    case(tf.accumulate_n, [floats(2, 3), floats(2, 3)], expect=lambda xs: sum(xs)),
    case(
        tf.accumulate_n,
        [floats(2), floats(2)],
        shape=[2],
        tensor_dtype=tf.float64,
        expect=lambda xs: sum(xs),
        dtypes=("float64",),
    ),
    case(
        tf.saturate_cast,
        special(300.0, -5.0, 77.7),
        tf.uint8,
        expect=np.array([255, 0, 77], np.uint8),
    ),
    case(
        tf.saturate_cast,
        given([40000, -40000]),
        tf.int16,
        expect=np.array([32767, -32768], np.int16),
    ),
    case(tf.math.nextafter, floats(3), floats(3), expect=None),
    case(
        tf.math.nextafter,
        special(1.0, 1.0, dtype=np.float64),
        special(2.0, 0.0, dtype=np.float64),
        expect=np.nextafter,
    ),
    case(broadcast_gradient_args, given([2, 1, 3]), given([4, 1]), expect=([1], [0, 2])),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


@pytest.mark.parametrize(
    "function", [tf.floordiv, tf.mod, tf.truncatediv, tf.truncatemod, ops.div_op]
)
def test_integers_are_not_divided_by_zero(function: object) -> None:
    zero = tf.placeholder(tf.int32, [2])
    quotient = function([5, 1], zero)  # type: ignore[operator]
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match="by zero"):
        session.run(quotient, {zero: [0, 1]})


def test_integers_have_no_negative_powers() -> None:
    power = tf.placeholder(tf.int32, [])
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match="negative"):
        session.run(tf.pow(2, power), {power: -1})


def test_shapes_that_do_not_broadcast_are_named() -> None:
    with pytest.raises(ValueError, match=r"'add' \(AddV2\): shapes \(2,\) and \(3,\)"):
        tf.zeros([2]) + tf.zeros([3])


def test_dtypes_are_not_mixed() -> None:
    with pytest.raises(TypeError, match=r"tf.cast"):
        tf.multiply(tf.zeros([2]), tf.zeros([2], tf.int32))


def test_add_n_needs_tensors_of_one_shape() -> None:
    with pytest.raises(ValueError, match="not compatible"):
        tf.add_n([tf.zeros([2]), tf.zeros([3])])
    with pytest.raises(ValueError, match="at least one tensor"):
        tf.add_n([])


@pytest.mark.parametrize(
    ("shape", "other", "expected"),
    [
        ([None, 4], [4], []),
        ([4], [None, 4], ["Sum"]),
        ([None, 4], [None, 4], ["BroadcastGradientArgs", "Sum", "Reshape"]),
        ([None, 4], [None, 1], ["BroadcastGradientArgs", "Sum", "Reshape"]),
        ([None, 4], [1, 4], []),
        ([3, 4], [3, 4], []),
        ([], [None, 4], ["Sum"]),
        ([None], [], []),
        ([3, 1], [1, 4], ["Sum"]),
        ([1, 3, 1], [5, 1, 4], ["Sum"]),
        ([3, 1], [2, 3, 4], ["Sum", "Reshape"]),
        ([3, 1], [2, None, None], ["Sum", "Reshape"]),
        (None, [], []),
        (None, [3], ["BroadcastGradientArgs", "Sum", "Reshape"]),
    ],
)
def test_a_gradient_is_summed_only_where_something_can_have_been_repeated(
    shape: list[int | None] | None, other: list[int | None] | None, expected: list[str]
) -> None:
    x, y = tf.placeholder(tf.float32, shape), tf.placeholder(tf.float32, other)
    total = x + y
    seed = tf.placeholder(tf.float32, total.shape, name="seed")
    (found,) = tf.gradients(total, x, seed)
    assert [op.type for op in path_between(seed, found)] == expected


def path_between(start: Tensor, end: Tensor) -> list[Operation]:
    """The operations through whose first inputs ``end`` is made of ``start``, and their axes."""
    path: list[Operation] = []
    while end is not start:
        path.insert(0, end.op)
        axes = end.op.inputs[1].op
        if axes.type == "BroadcastGradientArgs":
            path.insert(0, axes)
        end = end.op.inputs[0]
    return path
