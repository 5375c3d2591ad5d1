"""Networks fed by queues and data sets: the batch is taken first, the rest is like a fed run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tidefall.executor import tiers

ROWS = np.random.RandomState(0).randn(60, 5)


@pytest.fixture(params=["numpy", "kernels"])
def plans(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The plans of all kinds of run, at each tier."""
    seen: list[Any] = []

    def watch(compiled: Any, function: Any) -> Any:
        seen.append(compiled.plan)
        return function

    monkeypatch.setenv("TIDEFALL_TIER", request.param)
    monkeypatch.setattr(tiers, "watchers", [watch])
    return seen


def _network(x: Any, y: Any) -> tuple[Any, Any]:
    weights = tf.get_variable("w", [5, 8], tf.float64, tf.ones_initializer())
    bias = tf.get_variable("b", [8], tf.float64, tf.zeros_initializer())
    hidden = tf.nn.tanh(tf.matmul(x, weights) + bias)
    loss = tf.reduce_mean(tf.square(tf.reduce_sum(hidden, 1) - y))
    return loss, tf.train.AdamOptimizer(0.1).minimize(loss)


def _losses_by_feeding(batches: list[Any]) -> list[Any]:
    with tf.Graph().as_default():
        x, y = tf.placeholder(tf.float64, [None, 5]), tf.placeholder(tf.float64, [None])
        loss, train = _network(x, y)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            return [session.run([loss, train], {x: b, y: b[:, 0]})[0] for b in batches]


def test_a_data_set_trains_like_feeds(plans: list[Any]) -> None:
    batches = [ROWS[start : start + 16] for start in range(0, 60, 16)]
    expected = _losses_by_feeding(batches)
    data = tf.data.Dataset.from_tensor_slices((ROWS, ROWS[:, 0])).batch(16)
    x, y = tf.data.make_one_shot_iterator(data).get_next()
    loss, train = _network(x, y)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        found = [session.run([loss, train])[0] for _ in batches]
        with pytest.raises(tf.errors.OutOfRangeError):
            session.run([loss, train])
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert any("supply data" in line for line in plans[-1].report)


def test_a_queue_trains_like_feeds(plans: list[Any]) -> None:
    queue = tf.FIFOQueue(100, [tf.float64], [[5]])
    fill = queue.enqueue_many(ROWS)
    x = queue.dequeue_up_to(16)
    loss, train = _network(x, x[:, 0])
    expected = _losses_by_feeding([ROWS[start : start + 16] for start in range(0, 60, 16)])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(fill)
        session.run(queue.close())
        found = [session.run([loss, train])[0] for _ in expected]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert any("supply data" in line for line in plans[-1].report)


def test_batches_that_do_not_agree_broadcast(plans: list[Any]) -> None:
    """Two sources of which one has a single row: the rest runs the general way."""
    first = tf.data.Dataset.from_tensors(ROWS)
    second = tf.data.Dataset.from_tensors(ROWS[:1])
    data = tf.data.Dataset.zip((first, second))
    shapes = ([None, 5], [None, 5])
    iterator = tf.data.Iterator.from_structure((tf.float64, tf.float64), shapes)
    x, y = iterator.get_next()
    total = tf.reduce_sum(tf.square(x - y), 1)
    with tf.Session() as session:
        session.run(iterator.make_initializer(data))
        found = session.run(total)
    np.testing.assert_allclose(found, np.square(ROWS - ROWS[:1]).sum(1))


def test_an_effect_before_the_source_stays_before_it() -> None:
    """What a variable holds when a batch is taken is decided by the order of the program."""
    count = tf.Variable(0, dtype=tf.int64)
    step = tf.assign_add(count, 1)
    with tf.control_dependencies([step]):
        batch = tf.py_func(lambda n: np.arange(n, dtype=np.int64), [count], tf.int64)
    batch.set_shape([None])
    with tf.Session() as session:
        session.run(count.initializer)
        assert [session.run(batch + count).tolist() for _ in range(3)] == [[1], [2, 3], [3, 4, 5]]
