"""One run that puts into a queue and takes from it, in whatever order these were made."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

import tidefall as tf


def numbers(capacity: int = 10) -> tf.FIFOQueue:
    return tf.FIFOQueue(capacity, tf.float32, shapes=[()])


def test_what_takes_may_be_made_before_what_gives() -> None:
    queue = numbers()
    taken = queue.dequeue()
    given = queue.enqueue(tf.constant(2.0) + 1.0)
    with tf.Session() as sess:
        assert sess.run([taken, given]) == [3.0, None]
        assert sess.run(queue.size()) == 0


def test_a_full_queue_is_emptied_by_the_same_run() -> None:
    queue = numbers(1)
    given = queue.enqueue(2.0)
    taken = queue.dequeue()
    with tf.Session() as sess:
        sess.run(given)
        for _ in range(3):
            assert sess.run([given, taken]) == [None, 2.0]
        assert sess.run(queue.size()) == 1


def test_many_pass_through_a_small_queue() -> None:
    queue = numbers(3)
    taken = queue.dequeue_many(20)
    given = queue.enqueue_many([np.arange(20, dtype=np.float32)])
    with tf.Session() as sess:
        assert sess.run([taken, given])[0].tolist() == list(range(20))


def test_what_gives_may_depend_on_what_takes() -> None:
    queue = numbers()
    taken = queue.dequeue()
    back = queue.enqueue(taken + 1.0)
    with tf.Session() as sess:
        sess.run(queue.enqueue(5.0))
        assert sess.run([taken, back])[0] == 5.0
        assert sess.run(taken) == 6.0


def test_control_inputs_keep_the_order() -> None:
    queue = numbers(1)
    taken = queue.dequeue()
    with tf.control_dependencies([taken]):
        given = queue.enqueue(7.0)
    with tf.Session() as sess:
        sess.run(queue.enqueue(1.0))
        assert sess.run([taken, given])[0] == 1.0
        assert sess.run(taken) == 7.0


def test_an_error_on_one_side_ends_the_other() -> None:
    full, empty = numbers(1), numbers()
    given = full.enqueue(1.0)
    taken = empty.dequeue()
    with tf.Session() as sess:
        sess.run([given])
        sess.run(empty.close())
        start = time.monotonic()
        with pytest.raises(tf.errors.OutOfRangeError):
            sess.run([given, taken])
        assert time.monotonic() - start < 2
        assert sess.run(full.size()) == 1
        assert threading.active_count() < 20


def test_an_error_of_what_waits_aside_is_raised() -> None:
    closed, other = numbers(1), numbers()
    given = closed.enqueue(1.0)
    taken = other.dequeue()
    with tf.Session() as sess:
        sess.run(closed.close())
        sess.run(other.enqueue(1.0))
        with pytest.raises(tf.errors.CancelledError, match="is closed, so nothing") as info:
            sess.run([given, taken])
        assert info.value.op is given
        assert "test_aside.py" in str(info.value)


def test_time_limits_hold_aside_too() -> None:
    queue, other = numbers(1), numbers()
    given = queue.enqueue(1.0)
    taken = other.dequeue()
    with tf.Session(config=tf.ConfigProto(operation_timeout_in_ms=50)) as sess:
        sess.run(given)
        sess.run(other.enqueue(1.0))
        with pytest.raises(tf.errors.DeadlineExceededError):
            sess.run([given, taken])


def test_training_on_what_was_staged_before() -> None:
    area = numbers(1)
    weight = tf.Variable(1.0)
    put = area.enqueue(3.0)
    train = tf.assign_sub(weight, area.dequeue() * 0.5)
    with tf.Session() as sess:
        sess.run(weight.initializer)
        sess.run(put)
        for _ in range(4):
            sess.run([train, put])
        assert sess.run(weight) == 1.0 - 4 * 1.5
