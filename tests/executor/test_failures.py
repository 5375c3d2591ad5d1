"""Runs that fail: what they leave behind, and what they say."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tidefall as tf


@pytest.fixture(autouse=True)
def _tier(tier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFALL_TIER", tier)


def failing_where(x: Any) -> Any:
    """A tensor whose computation fails where ``x`` is 0."""
    return 1 // x


def test_what_ran_before_the_failure_stays_and_nothing_else_happens() -> None:
    x = tf.placeholder(tf.int32, [])
    first, second, third = (tf.Variable(0) for _ in range(3))
    before = first.assign_add(1)
    with tf.control_dependencies([before]):
        middle = second.assign_add(failing_where(x))
    with tf.control_dependencies([middle]):
        after = third.assign_add(1)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match="zero") as caught:
            sess.run(after, {x: 0})
        assert caught.value.op.type == "FloorDiv"
        assert "test_failures.py" in str(caught.value)
        assert sess.run([first, second, third]) == [1, 0, 0]
        assert sess.run(after, {x: 1}) == 1
        assert sess.run([first, second, third]) == [2, 1, 1]


@pytest.mark.parametrize("use_resource", [False, True], ids=["reference", "resource"])
@pytest.mark.parametrize(
    "optimizer",
    [
        tf.train.GradientDescentOptimizer(0.1),
        tf.train.MomentumOptimizer(0.1, 0.9),
        tf.train.AdamOptimizer(0.1),
        tf.train.RMSPropOptimizer(0.1),
        tf.train.FtrlOptimizer(0.1),
    ],
    ids=lambda optimizer: type(optimizer).__name__,
)
def test_a_training_step_that_fails_changes_no_variable_and_no_slot(
    optimizer: tf.train.Optimizer, use_resource: bool
) -> None:
    """The failure lies in the gradient of the last variable; the others' updates are packed."""
    x = tf.placeholder(tf.int32, [])
    weights = [
        tf.Variable(np.full((3, 2), 1.0 + i, np.float32), use_resource=use_resource)
        for i in range(4)
    ]
    factor = tf.cast(failing_where(x), tf.float32)
    loss = tf.add_n([tf.reduce_sum(weight * weight) for weight in weights[:-1]])
    loss += tf.reduce_sum(weights[-1] * factor)
    step = optimizer.minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(step, {x: 1})
        every = tf.global_variables()
        before = sess.run(every)
        for _ in range(3):
            with pytest.raises(tf.errors.InvalidArgumentError, match="zero"):
                sess.run(step, {x: 0})
        after = sess.run(every)
        for variable, old, new in zip(every, before, after, strict=True):
            np.testing.assert_array_equal(new, old, err_msg=variable.name)
        sess.run(step, {x: 1})
        assert not np.array_equal(sess.run(weights[0]), before[0])


def test_an_update_of_the_wrong_size_changes_nothing() -> None:
    """The gradient's shape is only known in the run."""
    x = tf.placeholder(tf.float32)
    weights = [tf.Variable(np.ones((3,), np.float32)) for _ in range(3)]
    gradients = [tf.ones([3]), tf.ones([3]), x]
    step = tf.train.GradientDescentOptimizer(1.0).apply_gradients(
        zip(gradients, weights, strict=True)
    )
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            sess.run(step, {x: np.ones(4, np.float32)})
        assert "ApplyGradientDescent" in str(caught.value)
        assert sess.run(weights[2]).tolist() == [1.0, 1.0, 1.0]
        sess.run(step, {x: np.ones(3, np.float32)})
        assert sess.run(weights[2]).tolist() == [0.0, 0.0, 0.0]


def test_an_uninitialised_variable_among_packed_ones_is_named() -> None:
    weights = [tf.Variable(np.ones((2,), np.float32), name=name) for name in "abc"]
    step = tf.train.GradientDescentOptimizer(1.0).apply_gradients(
        [(tf.ones([2]), weight) for weight in weights]
    )
    with tf.Session() as sess:
        sess.run([weights[0].initializer, weights[2].initializer])
        with pytest.raises(tf.errors.FailedPreconditionError, match="'b'") as caught:
            sess.run(step)
        assert "global_variables_initializer" in str(caught.value)
        assert sess.run(weights[2]).tolist() == [1.0, 1.0]


def test_an_assignment_of_the_wrong_shape_keeps_the_old_value() -> None:
    x = tf.placeholder(tf.float32)
    weight = tf.Variable([1.0, 2.0], name="w")
    assign = weight.assign(x)
    with tf.Session() as sess:
        sess.run(weight.initializer)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"\(3,\).*'w'.*\(2,\)"):
            sess.run(assign, {x: [1.0, 2.0, 3.0]})
        assert sess.run(weight).tolist() == [1.0, 2.0]


def test_a_failing_python_function_after_an_update() -> None:
    total = tf.Variable(0)
    with tf.control_dependencies([total.assign_add(1)]):
        broken = tf.py_func(lambda: 1 // 0, [], tf.int64)
    with tf.Session() as sess:
        sess.run(total.initializer)
        with pytest.raises(tf.errors.UnknownError, match="ZeroDivisionError"):
            sess.run(broken)
        assert sess.run(total) == 1


def test_a_loop_that_fails_keeps_what_its_iterations_did() -> None:
    x = tf.placeholder(tf.int32, [])
    total = tf.Variable(0, use_resource=True)

    def body(i: Any) -> Any:
        with tf.control_dependencies([total.assign_add(1)]):
            return i + 1 + 0 * (1 // (x - i))

    loop = tf.while_loop(lambda i: i < 5, body, [0])
    with tf.Session() as sess:
        sess.run(total.initializer)
        with pytest.raises(tf.errors.InvalidArgumentError, match="zero"):
            sess.run(loop, {x: 2})
        assert sess.run(total) == 3
        assert sess.run(loop, {x: 9}) == 5


@pytest.fixture
def _interrupts() -> Iterator[None]:
    """Interrupts arrive, also where the tests were started with them ignored (by ``nohup``)."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interrupts")
def test_an_interrupt_leaves_the_session_usable() -> None:
    total = tf.Variable(0)
    add = total.assign_add(1)

    def slow() -> Any:
        signal.raise_signal(signal.SIGINT)
        return np.int32(1)

    with tf.control_dependencies([add]):
        interrupted = tf.py_func(slow, [], tf.int32)
    with tf.Session() as sess:
        sess.run(total.initializer)
        with pytest.raises(KeyboardInterrupt):
            sess.run(interrupted)
        assert sess.run(total) == 1
        assert sess.run(add) == 2


@pytest.mark.usefixtures("_interrupts")
def test_an_interrupt_in_the_middle_of_a_computation() -> None:
    """Ctrl-C while numbers are crunched under the lock: the lock is free again."""
    x = tf.placeholder(tf.float32, [])
    total = tf.Variable(0.0)
    add = total.assign_add(x)
    loop = tf.while_loop(lambda v: v < 1e30, lambda v: tf.sin(v), [x])
    with tf.control_dependencies([add]):
        endless = tf.identity(loop)
    with tf.Session() as sess:
        sess.run(total.initializer)
        timer = threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            sess.run(endless, {x: 1.0})
        timer.join()
        others: list[Any] = []
        thread = threading.Thread(target=lambda: others.append(sess.run(add, {x: 0.0})))
        thread.start()
        thread.join(30)
        assert others, "another thread cannot get the lock"


def test_running_out_of_memory_is_a_resource_error() -> None:
    n = tf.placeholder(tf.int64, [])
    huge = tf.fill(tf.stack([n, n, n]), 1.0)
    with tf.Session() as sess:
        with pytest.raises(tf.errors.ResourceExhaustedError, match="Fill"):
            sess.run(huge, {n: 2**16})
        assert sess.run(huge, {n: 1}).shape == (1, 1, 1)
