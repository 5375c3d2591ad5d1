"""Queues in a graph: shapes, names, sharing, errors with the user's line."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

import tidefall as tf


def numbers(capacity: int = 10, **options: Any) -> Any:
    return tf.FIFOQueue(capacity, tf.float32, shapes=[()], **options)


def test_shapes_and_values() -> None:
    queue = tf.FIFOQueue(10, [tf.float32, tf.string], shapes=[[2], []])
    add = queue.enqueue([[1.0, 2.0], "a"])
    many = queue.enqueue_many([np.ones((3, 2)), ["b", "c", "d"]])
    vector, text = queue.dequeue()
    vectors, texts = queue.dequeue_many(2)
    rest, _ = queue.dequeue_up_to(2)
    assert vector.shape.as_list() == [2]
    assert text.shape.as_list() == []
    assert vectors.shape.as_list() == [2, 2]
    assert rest.shape.as_list() == [None, 2]
    with tf.Session() as sess:
        sess.run(add)
        sess.run(many)
        assert sess.run(queue.size()) == 4
        assert sess.run(text) == b"a"
        assert sess.run([vectors, texts])[1].tolist() == [b"b", b"c"]
        sess.run(queue.close())
        assert sess.run(queue.is_closed())
        assert sess.run(rest).tolist() == [[1, 1]]
        with pytest.raises(tf.errors.OutOfRangeError, match="requested 1, current size 0") as info:
            sess.run(vector)
    assert info.value.op is vector.op
    assert "test_queues.py" in str(info.value)


def test_names_make_dictionaries() -> None:
    queue = tf.FIFOQueue(3, [tf.float32, tf.int32], shapes=[(), ()], names=["x", "n"])
    with tf.Session() as sess:
        sess.run(queue.enqueue({"n": 1, "x": 2.0}))
        assert sess.run(queue.dequeue()) == {"x": 2.0, "n": 1}
    for wrong, message in (
        ([2.0, 1], "has names, so a dictionary"),
        ({"x": 1.0}, r"needs \['n', 'x'\]"),
    ):
        with pytest.raises(ValueError, match=message):
            queue.enqueue(wrong)
    with pytest.raises(ValueError, match="has no names"):
        numbers().enqueue({"x": 1.0})


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="must be fully known"):
        tf.FIFOQueue(3, tf.float32, shapes=[[None]])
    with pytest.raises(ValueError, match="needs a list of shapes"):
        tf.PaddingFIFOQueue(3, tf.float32, shapes=[2, None])
    with pytest.raises(ValueError, match="needs a shape for each of its 2 components"):
        tf.PaddingFIFOQueue(3, [tf.float32] * 2, shapes=[[None]])
    with pytest.raises(ValueError, match="as many shapes, but 1"):
        tf.FIFOQueue(3, [tf.float32] * 2, shapes=[()])
    with pytest.raises(ValueError, match="as many names"):
        tf.FIFOQueue(3, [tf.float32] * 2, names=["x"])
    with pytest.raises(ValueError, match="has 1 components, but 2 were given"):
        numbers().enqueue([1.0, 2.0])
    with pytest.raises(ValueError, match="incompatible"):
        numbers().enqueue([[1.0, 2.0]])
    with pytest.raises(TypeError, match="a list of queues"):
        tf.QueueBase.from_list(0, [])
    with pytest.raises(TypeError, match="different dtypes"):
        tf.QueueBase.from_list(0, [numbers(), tf.FIFOQueue(3, tf.int32)])


def test_queues_with_one_shared_name_are_one() -> None:
    first, second = numbers(shared_name="one"), numbers(shared_name="one")
    apart = numbers()
    with tf.Session() as sess:
        sess.run(first.enqueue(5.0))
        assert sess.run([second.size(), apart.size()]) == [1, 0]
    with tf.Session() as sess:
        assert sess.run(second.size()) == 0


def test_shared_queues_must_be_alike() -> None:
    first = numbers(shared_name="one")
    others = [
        (numbers(11, shared_name="one"), "capacity 10, and cannot be used with capacity 11"),
        (tf.FIFOQueue(10, tf.int32, [()], shared_name="one"), "component types"),
        (tf.FIFOQueue(10, tf.float32, shared_name="one"), "shapes"),
        (tf.PaddingFIFOQueue(10, tf.float32, [()], shared_name="one"), "kind FIFOQueue"),
    ]
    with tf.Session() as sess:
        sess.run(first.size())
        for other, message in others:
            with pytest.raises(tf.errors.InvalidArgumentError, match=message):
                sess.run(other.size())


def test_a_list_of_queues() -> None:
    first, second = numbers(name="first"), numbers(name="second")
    index = tf.placeholder(tf.int32, [])
    chosen = tf.QueueBase.from_list(index, [first, second])
    value = chosen.dequeue()
    with tf.Session() as sess:
        sess.run(first.enqueue(1.0))
        sess.run(second.enqueue(2.0))
        assert sess.run(value, {index: 1}) == 2.0
        assert sess.run([first.size(), second.size()]) == [1, 0]


def test_random_order_belongs_to_the_seed() -> None:
    def order(seed: int | None) -> list[int]:
        queue = tf.RandomShuffleQueue(100, 0, tf.int32, shapes=[()], seed=seed)
        with tf.Session() as sess:
            sess.run(queue.enqueue_many([np.arange(50)]))
            return sess.run(queue.dequeue_many(50)).tolist()  # type: ignore[no-any-return]

    assert order(1) == order(1)
    assert order(1) != order(2)
    assert order(None) != order(None)


def test_an_operation_that_takes_can_be_run_for_itself() -> None:
    queue = numbers()
    with tf.Session() as sess:
        sess.run(queue.enqueue_many([[1.0, 2.0]]))
        sess.run(queue.dequeue().op)
        assert sess.run(queue.dequeue()) == 2.0


def test_what_was_taken_is_used_in_the_same_run() -> None:
    queue = tf.FIFOQueue(10, [tf.float32, tf.float32], shapes=[[2], [2]])
    x, y = queue.dequeue()
    weights = tf.Variable([[1.0], [1.0]])
    loss = tf.reduce_sum(tf.matmul(tf.expand_dims(x - y, 0), weights))
    train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(queue.enqueue([[3.0, 4.0], [1.0, 1.0]]))
        sess.run(train)
        assert sess.run(weights).tolist() == [[0.0], [-0.5]]


def test_closing_the_session_ends_a_waiting_run() -> None:
    queue = numbers()
    value = queue.dequeue()
    sess = tf.Session()
    raised: list[BaseException] = []

    def body() -> None:
        with pytest.raises(tf.errors.CancelledError) as info:
            sess.run(value)
        raised.append(info.value)

    thread = threading.Thread(target=body)
    thread.start()
    time.sleep(0.05)
    start = time.monotonic()
    sess.close()
    thread.join(2)
    assert time.monotonic() - start < 1
    assert len(raised) == 1
    assert "fifo_queue_Dequeue" in str(raised[0])


def test_a_run_has_the_time_that_its_options_say() -> None:
    value = numbers().dequeue()
    with tf.Session() as sess:
        options = tf.RunOptions(timeout_in_ms=30)
        with pytest.raises(tf.errors.DeadlineExceededError):
            sess.run(value, options=options)
        with pytest.raises(tf.errors.DeadlineExceededError):
            sess.make_callable(value, accept_options=True)(options=options)
    with (
        tf.Session(config=tf.ConfigProto(operation_timeout_in_ms=30)) as sess,
        pytest.raises(tf.errors.DeadlineExceededError),
    ):
        sess.run(value)


def test_a_step_is_not_held_up_by_a_run_that_waits() -> None:
    value = numbers().dequeue()
    total = tf.Variable(0.0)
    add = total.assign_add(1.0)
    with tf.control_dependencies([add]):
        both = value + 1.0
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())

        def body() -> None:
            with pytest.raises(tf.errors.CancelledError):
                sess.run(both)

        thread = threading.Thread(target=body)
        thread.start()
        time.sleep(0.05)
        assert sess.run(add) >= 1.0
        sess.close()
        thread.join(2)
        assert not thread.is_alive()


@pytest.mark.parametrize("tier", ["numpy", "reference"])
def test_both_executors(tier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFALL_TIER", tier)
    queue = tf.PriorityQueue(10, [tf.string], shapes=[()])
    ranks, texts = queue.dequeue_many(3)
    with tf.Session() as sess:
        sess.run(queue.enqueue_many([[3, 1, 2], ["c", "a", "b"]]))
        assert [each.tolist() for each in sess.run([ranks, texts])] == [
            [1, 2, 3],
            [b"a", b"b", b"c"],
        ]
