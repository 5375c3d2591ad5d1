"""Conditionals and loops: values against Python, gradients against central differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tidefall as tf

TIERS = ["numpy", "reference"]


@pytest.fixture(params=TIERS)
def session(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TIDEFALL_TIER", request.param)
    with tf.Graph().as_default(), tf.Session() as made:
        yield made


def slope(session: Any, y: Any, x: Any, at: Any) -> Any:
    """The derivative of the sum of ``y`` by central differences."""
    at = np.asarray(at, np.float64)
    result = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        ends = []
        for side in (1e-6, -1e-6):
            moved = at.copy()
            moved[index] += side
            ends.append(np.sum(session.run(y, {x: moved})))
        result[index] = (ends[0] - ends[1]) / 2e-6
    return result


def check_gradient(session: Any, y: Any, x: Any, points: list[Any]) -> None:
    (gradient,) = tf.gradients(y, x)
    for at in points:
        expected = slope(session, y, x, at)
        np.testing.assert_allclose(session.run(gradient, {x: at}), expected, rtol=2e-6, atol=1e-8)


def test_cond_runs_one_branch(session: Any) -> None:
    x = tf.placeholder(tf.float64, [])
    w = tf.Variable(np.float64(1))
    y = tf.cond(x > 0, lambda: tf.assign_add(w, x), lambda: tf.identity(w) * 10)
    session.run(w.initializer)
    assert [session.run(y, {x: at}) for at in (2.0, -1.0, 3.0)] == [3.0, 30.0, 6.0]


def test_cond_inside_cond(session: Any) -> None:
    x = tf.placeholder(tf.float64, [])
    y = tf.cond(x > 0, lambda: tf.cond(x > 1, lambda: x * 2, lambda: x * 3), lambda: -x)
    assert [session.run(y, {x: at}) for at in (2.0, 0.5, -4.0)] == [4.0, 1.5, 4.0]
    check_gradient(session, y, x, [2.0, 0.5, -4.0])


def test_fetching_the_branch_not_taken_is_an_error(session: Any) -> None:
    x = tf.placeholder(tf.float64, [])
    kept: list[Any] = []

    def on_true() -> Any:
        kept.append(x * 2)
        return kept[0]

    tf.cond(x > 0, on_true, lambda: -x)
    with pytest.raises(ValueError, match="fetch"):
        session.run(kept[0], {x: -1.0})


def test_second_derivative_through_cond(session: Any) -> None:
    x = tf.placeholder(tf.float64, [])
    y = tf.cond(x > 0, lambda: x**3, lambda: tf.sin(x))
    (first,) = tf.gradients(y, x)
    (second,) = tf.gradients(first, x)
    assert session.run(second, {x: 2.0}) == pytest.approx(12.0)
    assert session.run(second, {x: -1.0}) == pytest.approx(np.sin(1.0))


@pytest.mark.parametrize(
    "body",
    [
        lambda s, x: tf.square(s) * x * 0.3 + x,
        lambda s, x: tf.cond(s > 2.0, lambda: s * x * 0.1, lambda: tf.square(s) + x),
        lambda s, x: tf.while_loop(lambda j, b: j < 2, lambda j, b: (j + 1, b * x), [0, s])[1],
    ],
    ids=["plain", "with cond", "nested"],
)
def test_gradient_of_loop(session: Any, body: Callable[..., Any]) -> None:
    x = tf.placeholder(tf.float64, [])
    start = tf.constant(np.float64(1.1))
    _, y = tf.while_loop(lambda i, s: i < 4, lambda i, s: (i + 1, body(s, x)), [0, start])
    check_gradient(session, y, x, [0.5, 1.2, -0.7])


def test_loop_that_reads_and_writes_a_variable(session: Any) -> None:
    w = tf.Variable(1.0)

    def body(i: Any) -> Any:
        with tf.control_dependencies([tf.assign(w, w * 2)]):
            return i + 1

    last = tf.while_loop(lambda i: i < 5, body, [tf.constant(0)])
    session.run(w.initializer)
    session.run(last)
    assert session.run(w) == 32.0


def test_loop_keeps_its_bound(session: Any) -> None:
    i = tf.while_loop(lambda i: i < 100, lambda i: i + 1, [tf.constant(0)], maximum_iterations=7)
    assert session.run(i) == 7


def test_loop_of_no_iteration_returns_what_entered(session: Any) -> None:
    x = tf.placeholder(tf.float64, [2])
    _, y = tf.while_loop(lambda i, s: i < 0, lambda i, s: (i + 1, s * 2), [tf.constant(0), x])
    np.testing.assert_array_equal(session.run(y, {x: [1.0, 2.0]}), [1.0, 2.0])


def test_a_shape_that_changes_is_refused() -> None:
    with tf.Graph().as_default(), pytest.raises(ValueError, match="shape_invariants"):
        tf.while_loop(
            lambda x: tf.reduce_sum(x) < 9, lambda x: tf.concat([x, x], 0), [tf.ones([2])]
        )


def test_map_scan_and_folds(session: Any) -> None:
    x = tf.placeholder(tf.float64, [None, 2])
    at = np.array([[0.5, 1.0], [2.0, -1.0], [0.3, 0.7]])
    scanned = tf.scan(lambda total, row: total * row + 1, x)
    mapped = tf.map_fn(lambda row: tf.reduce_sum(row * row) + row, x)
    left = tf.foldl(lambda total, row: total + row * row, x)
    right = tf.foldr(lambda total, row: total * 2 + row, x, initializer=tf.zeros([2], tf.float64))
    np.testing.assert_allclose(session.run(mapped, {x: at}), np.sum(at * at, 1, keepdims=True) + at)
    expected = [at[0]]
    for row in at[1:]:
        expected.append(expected[-1] * row + 1)
    np.testing.assert_allclose(session.run(scanned, {x: at}), expected)
    np.testing.assert_allclose(session.run(left, {x: at}), at[0] + at[1] ** 2 + at[2] ** 2)
    np.testing.assert_allclose(session.run(right, {x: at}), (at[2] * 2 + at[1]) * 2 + at[0])
    for y in (scanned, mapped, left, right):
        check_gradient(session, y, x, [at])


def test_case_takes_the_first_that_holds(session: Any) -> None:
    p = tf.placeholder(tf.int32, [])
    pairs = [(p < 1, lambda: tf.constant(10)), (p < 2, lambda: tf.constant(20))]
    y = tf.case(pairs, default=lambda: tf.constant(30))
    assert [session.run(y, {p: at}) for at in (0, 1, 2)] == [10, 20, 30]


def test_exclusive_case_refuses_two_that_hold(session: Any) -> None:
    p = tf.placeholder(tf.int32, [])
    pairs = [(p < 1, lambda: tf.constant(10)), (p < 2, lambda: tf.constant(20))]
    y = tf.case(pairs, default=lambda: tf.constant(30), exclusive=True)
    assert session.run(y, {p: 1}) == 20
    with pytest.raises(tf.errors.InvalidArgumentError, match="exclusive"):
        session.run(y, {p: 0})


def test_tensor_array_refuses_a_second_write(session: Any) -> None:
    array = tf.TensorArray(tf.float32, size=2)
    array = array.write(0, 1.0).write(0, 2.0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="written already"):
        session.run(array.stack())


def test_a_python_bool_is_no_predicate() -> None:
    with pytest.raises(TypeError, match="Python's `if`"):
        tf.cond(True, lambda: 1, lambda: 2)  # type: ignore[no-untyped-call,unused-ignore]


def test_branches_must_agree_in_dtype() -> None:
    with tf.Graph().as_default(), pytest.raises(ValueError, match="same dtypes"):
        tf.cond(tf.constant(True), lambda: tf.constant(1), lambda: tf.constant(1.0))
