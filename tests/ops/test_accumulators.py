"""Accumulators of gradients: what is stale, what is waited for, means and sums."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

import tidefall as tf


def test_the_mean_of_what_is_not_stale() -> None:
    accumulator = tf.ConditionalAccumulator(tf.float32, shape=[2])
    gradient, step = tf.placeholder(tf.float32, [2]), tf.placeholder(tf.int64, [])
    add = accumulator.apply_grad(gradient, step)
    count = accumulator.num_accumulated()
    with tf.Session() as sess:
        for value in (1.0, 3.0):
            sess.run(add, {gradient: [value, 2 * value], step: 0})
        assert sess.run(count) == 2
        assert sess.run(accumulator.take_grad(2)).tolist() == [2.0, 4.0]
        assert sess.run(count) == 0
        sess.run(add, {gradient: [1.0, 1.0], step: 0})  # taking has begun step 1
        assert sess.run(count) == 0
        sess.run(accumulator.set_global_step(5))
        sess.run(accumulator.set_global_step(3))  # there is no way back
        sess.run(add, {gradient: [1.0, 1.0], step: 4})
        assert sess.run(count) == 0
        sess.run(add, {gradient: [1.0, 1.0], step: 5})
        assert sess.run(count) == 1


def test_the_sum() -> None:
    accumulator = tf.ConditionalAccumulator(tf.int32, reduction_type="SUM")
    with tf.Session() as sess:
        for value in (1, 2, 4):
            sess.run(accumulator.apply_grad(value))
        assert sess.run(accumulator.take_grad(1)) == 7


def test_taking_waits_for_enough() -> None:
    accumulator = tf.ConditionalAccumulator(tf.float32, shape=[])
    add, take = accumulator.apply_grad(2.0), accumulator.take_grad(3)
    found: list[Any] = []
    with tf.Session() as sess:
        thread = threading.Thread(target=lambda: found.append(sess.run(take)))
        thread.start()
        for _ in range(3):
            time.sleep(0.02)
            assert not found
            sess.run(add)
        thread.join(2)
        assert found == [2.0]


def test_closing_the_session_ends_waiting() -> None:
    take = tf.ConditionalAccumulator(tf.float32, shape=[]).take_grad(1)
    sess = tf.Session()
    ended = threading.Event()

    def body() -> None:
        with pytest.raises(tf.errors.CancelledError):
            sess.run(take)
        ended.set()

    threading.Thread(target=body).start()
    time.sleep(0.03)
    sess.close()
    assert ended.wait(2)


def test_what_does_not_fit() -> None:
    accumulator = tf.ConditionalAccumulator(tf.float32, shape=[2])
    with pytest.raises(ValueError, match="incompatible"):
        accumulator.apply_grad([1.0, 2.0, 3.0])
    anything = tf.placeholder(tf.float32, None)
    with tf.Session() as sess:
        with pytest.raises(tf.errors.InvalidArgumentError, match="does not fit"):
            sess.run(accumulator.apply_grad(anything), {anything: np.ones(3)})
        with pytest.raises(tf.errors.InvalidArgumentError, match="must be positive"):
            sess.run(accumulator.take_grad(0))


def test_rows_are_divided_by_how_often_they_came() -> None:
    sparse = tf.SparseConditionalAccumulator(tf.float32, shape=[4, 2])
    with tf.Session() as sess:
        sess.run(sparse.apply_grad([0, 2], [[1.0, 2.0], [3.0, 4.0]], [4, 2]))
        sess.run(sparse.apply_grad([2, 3], [[5.0, 6.0], [7.0, 8.0]]))
        assert sess.run(sparse.num_accumulated()) == 2
        indices, values, shape = sess.run(sparse.take_grad(2))
        assert indices.tolist() == [0, 2, 3]
        assert values.tolist() == [[1, 2], [4, 5], [7, 8]]
        assert shape.tolist() == [4, 2]
        sess.run(sparse.apply_grad([1], [[1.0, 1.0]], local_step=0))
        assert sess.run(sparse.num_accumulated()) == 0
        sess.run(sparse.set_global_step(9))
        slices = tf.IndexedSlices(tf.ones([1, 2]), tf.constant([1]), tf.constant([4, 2]))
        sess.run(sparse.apply_indexed_slices_grad(slices, 9))
        taken = sess.run(sparse.take_indexed_slices_grad(1))
        assert taken.indices.tolist() == [1]


def test_rows_that_do_not_fit() -> None:
    sparse = tf.SparseConditionalAccumulator(tf.float32, shape=[4, 2])
    wrong: list[tuple[Any, Any, Any, str]] = [
        ([0, 1], [[1.0, 2.0]], None, "do not tell the rows"),
        ([0], [[1.0, 2.0, 3.0]], None, "does not fit"),
        ([7], [[1.0, 2.0]], [4, 2], "are not rows of an array"),
    ]
    with tf.Session() as sess:
        for indices, values, shape, message in wrong:
            with pytest.raises(tf.errors.InvalidArgumentError, match=message):
                sess.run(sparse.apply_grad(indices, values, shape))


def test_shared_accumulators_must_be_alike() -> None:
    first = tf.ConditionalAccumulator(tf.float32, shape=[2], shared_name="one")
    second = tf.ConditionalAccumulator(tf.float32, shape=[2], shared_name="one")
    other = tf.ConditionalAccumulator(tf.float64, shape=[2], shared_name="one")
    with tf.Session() as sess:
        sess.run(first.apply_grad([1.0, 2.0]))
        assert sess.run(second.num_accumulated()) == 1
        with pytest.raises(tf.errors.InvalidArgumentError, match="was made for float32"):
            sess.run(other.num_accumulated())
