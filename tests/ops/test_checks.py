"""Assertions: comparisons, ranks, shapes, dtypes, and finite numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import floats
from tidefall.ir.opdef import OPS

CASES: list[Case] = [
    case(tf.check_numerics, floats(3), "bad", expect=lambda x: x),
    case(tf.verify_tensor_all_finite, floats(3), "bad", expect=lambda x: x),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


@pytest.mark.parametrize("values", [[], [1], [1, 2, 2], [2, 1], [[1, 2], [3, 4]]])
def test_order(values: Any) -> None:
    flat = np.reshape(values, -1)
    rising, strictly = tf.Session().run(
        [tf.is_non_decreasing(values), tf.is_strictly_increasing(values)]
    )
    assert rising == bool(np.all(np.diff(flat) >= 0))
    assert strictly == bool(np.all(np.diff(flat) > 0))


COMPARISONS: list[tuple[Callable[..., Any], Any, Any, bool]] = [
    (tf.assert_equal, [1, 2], [1, 2], True),
    (tf.assert_equal, [1, 2], [1, 3], False),
    (tf.assert_none_equal, [1, 2], [2, 1], True),
    (tf.assert_none_equal, [1, 2], [2, 2], False),
    (tf.assert_less, [1, 2], 3, True),
    (tf.assert_less, [1, 3], 3, False),
    (tf.assert_less_equal, [1, 3], 3, True),
    (tf.assert_less_equal, [1, 4], 3, False),
    (tf.assert_greater, [4, 5], 3, True),
    (tf.assert_greater, [4, 3], 3, False),
    (tf.assert_greater_equal, [4, 3], 3, True),
    (tf.assert_greater_equal, [4, 2], 3, False),
    (tf.assert_near, [1.0, 2.0], [1.0, 2.0 + 1e-6], True),
    (tf.assert_near, [1.0, 2.0], [1.0, 2.1], False),
]


@pytest.mark.parametrize(("check", "x", "y", "holds"), COMPARISONS)
def test_a_comparison_when_run(check: Any, x: Any, y: Any, holds: bool) -> None:
    fed = tf.placeholder(tf.int32 if isinstance(x[0], int) else tf.float32)
    operation = check(fed, y)
    with tf.Session() as session:
        if holds:
            session.run(operation, {fed: x})
        else:
            with pytest.raises(tf.errors.InvalidArgumentError, match="assertion failed"):
                session.run(operation, {fed: x})


@pytest.mark.parametrize(("check", "x", "y", "holds"), COMPARISONS[:-2])
def test_a_comparison_of_constants(check: Any, x: Any, y: Any, holds: bool) -> None:
    if holds:
        tf.Session().run(check(x, y))
    else:
        with pytest.raises(tf.errors.InvalidArgumentError, match="did not hold element-wise"):
            check(x, y)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (tf.assert_positive, [1.0], [0.0]),
        (tf.assert_negative, [-1.0], [0.0]),
        (tf.assert_non_negative, [0.0], [-1.0]),
        (tf.assert_non_positive, [0.0], [1.0]),
    ],
)
def test_against_zero(check: Any, good: Any, bad: Any) -> None:
    x = tf.placeholder(tf.float32, [None])
    operation = check(x, message="the number")
    with tf.Session() as session:
        session.run(operation, {x: good})
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"\[the number\] \[Condition x"):
            session.run(operation, {x: bad})


def test_the_message_of_a_failed_assertion() -> None:
    n = tf.placeholder(tf.int32, [], name="n")
    message = re.escape(
        "assertion failed: [so many] [Condition x == y did not hold element-wise:] "
        "[x (n:0) = ] [4] [y (assert_equal_1/y:0) = ] [3]"
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf.Session().run(tf.assert_equal(n, 3, message="so many"), {n: 4})


def test_a_failed_assertion_stops_what_waits_for_it() -> None:
    x = tf.placeholder(tf.float32, [])
    with tf.control_dependencies([tf.assert_positive(x)]):
        y = tf.log(x)
    with tf.Session() as session:
        assert session.run(y, {x: 1.0}) == 0.0
        with pytest.raises(tf.errors.InvalidArgumentError, match="x > 0"):
            session.run(y, {x: -1.0})


def test_equal_to_itself_needs_no_comparison() -> None:
    x = tf.placeholder(tf.float32)
    assert tf.assert_equal(x, x).type == "NoOp"


# -- ranks, shapes, dtypes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "rank", "message"),
    [
        (tf.assert_rank, 1, "must have rank 1.  Received rank 2"),
        (tf.assert_rank_at_least, 3, "must have rank at least 3.  Received rank 2"),
        (tf.assert_rank_in, [1, 3], r"must have rank in \(1, 3\).  Received rank 2"),
    ],
)
def test_a_known_rank(check: Any, rank: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"images.  Tensor zeros:0 {message}"):
        check(tf.zeros([2, 3]), rank, message="images")


@pytest.mark.parametrize(
    ("check", "rank"), [(tf.assert_rank, 1), (tf.assert_rank_at_least, 3), (tf.assert_rank_in, [1])]
)
def test_a_rank_known_when_run(check: Any, rank: Any) -> None:
    x = tf.placeholder(tf.float32)
    operation = check(x, rank)
    with tf.Session() as session:
        session.run(operation, {x: np.zeros([1] * (3 if check is tf.assert_rank_at_least else 1))})
        with pytest.raises(tf.errors.InvalidArgumentError, match="must have rank"):
            session.run(operation, {x: np.zeros([2, 3])})


def test_a_rank_must_be_one_integer() -> None:
    with pytest.raises(ValueError, match="Rank must be a scalar"):
        tf.assert_rank(tf.zeros([2]), [1])
    with pytest.raises(TypeError, match=r"must be of type tf\.int32"):
        tf.assert_rank(tf.zeros([2]), 1.0)


def test_shapes_with_symbols() -> None:
    x, y = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 4])
    operation = tf.debugging.assert_shapes({x: ("N", 3), y: ("N", "M")})
    with tf.Session() as session:
        session.run(operation, {x: np.zeros([2, 3]), y: np.zeros([2, 4])})
        with pytest.raises(tf.errors.InvalidArgumentError, match="Dimension 0"):
            session.run(operation, {x: np.zeros([2, 3]), y: np.zeros([1, 4])})
    with pytest.raises(ValueError, match=r"Dimension 1 of .* must have size 4"):
        tf.debugging.assert_shapes([(x, (None, 4))])


def test_dtypes() -> None:
    x = tf.zeros([2])
    tf.assert_type(x, tf.float32)
    with pytest.raises(TypeError, match=r"must be of type tf\.int32; got tf\.float32"):
        tf.assert_type(x, tf.int32)
    tf.assert_integer(tf.zeros([2], tf.int64))
    with pytest.raises(TypeError, match="must have an integer dtype"):
        tf.assert_integer(x)
    assert tf.assert_scalar(1.0).shape.ndims == 0
    with pytest.raises(ValueError, match="Expected scalar shape"):
        tf.assert_scalar(x)


def test_what_is_a_tensor_of_numbers() -> None:
    assert tf.is_numeric_tensor(tf.zeros([2]))
    assert not tf.is_numeric_tensor(tf.constant("a"))
    assert not tf.is_numeric_tensor([1.0])


def test_one_float_dtype() -> None:
    x = tf.zeros([2], tf.float64)
    assert tf.assert_same_float_dtype([x, None]) == tf.float64
    assert tf.assert_same_float_dtype() == tf.float32
    with pytest.raises(ValueError, match="float64"):
        tf.assert_same_float_dtype([tf.zeros([1]), x])
    with pytest.raises(ValueError, match="floating point"):
        tf.assert_same_float_dtype([tf.zeros([1], tf.int32)])


def test_what_can_be_iterated_over() -> None:
    tf.assert_proper_iterable([1, 2])
    for wrong in (tf.zeros([2]), np.zeros(2), "text"):
        with pytest.raises(TypeError, match="proper"):
            tf.assert_proper_iterable(wrong)
    with pytest.raises(TypeError, match="to be iterable"):
        tf.assert_proper_iterable(5)


# -- finite numbers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "found"),
    [([np.inf], "Inf"), ([np.nan], "NaN"), ([-np.inf, np.nan], "Inf and NaN")],
)
def test_check_numerics(values: Any, found: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"loss : Tensor had {found} values"):
        tf.Session().run(tf.check_numerics(np.array(values, np.float32), "loss"))


def test_check_of_the_whole_graph() -> None:
    x = tf.placeholder(tf.float32, [], name="x")
    tf.log(x, name="logarithm")
    check = tf.add_check_numerics_ops()
    with tf.Session() as session:
        session.run(check, {x: 1.0})
        with pytest.raises(tf.errors.InvalidArgumentError, match="logarithm:0 : Tensor had Inf"):
            session.run(check, {x: 0.0})


def test_assert_is_run_though_nobody_reads_it() -> None:
    assert OPS["Assert"].effects
    condition = tf.placeholder(tf.bool, [])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"assertion failed: \[so\] \[1 2\]"):
        tf.Session().run(tf.Assert(condition, ["so", [1, 2]]), {condition: False})
