"""Barriers: elements whose components come one by one."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import tidefall as tf

FIRST = -(1 << 63)


class Barrier:
    """A barrier of a number and a text, in a session of its own."""

    def __init__(self) -> None:
        self.handle = tf.raw_ops.Barrier(
            component_types=[tf.float32, tf.string], shapes=[[], []], name="b"
        )
        self.session = tf.Session()

    def insert(self, component: int, **values: Any) -> None:
        self.session.run(
            tf.raw_ops.BarrierInsertMany(
                handle=self.handle,
                keys=list(values),
                values=tf.constant(list(values.values())),
                component_index=component,
            )
        )

    def take(self, count: int, **options: Any) -> Any:
        found = tf.raw_ops.BarrierTakeMany(
            handle=self.handle,
            num_elements=count,
            component_types=[tf.float32, tf.string],
            **options,
        )
        batches, keys, values = self.session.run(found)
        return [each - FIRST for each in batches.tolist()], keys.tolist(), values

    def close(self, cancel: bool = False) -> None:
        self.session.run(
            tf.raw_ops.BarrierClose(handle=self.handle, cancel_pending_enqueues=cancel)
        )

    def sizes(self) -> list[int]:
        ready = tf.raw_ops.BarrierReadySize(handle=self.handle)
        incomplete = tf.raw_ops.BarrierIncompleteSize(handle=self.handle)
        return self.session.run([ready, incomplete])  # type: ignore[no-any-return]


@pytest.fixture
def barrier() -> Any:
    with tf.Graph().as_default():
        made = Barrier()
        yield made
        made.session.close()


def test_whole_elements_leave_in_the_order_in_which_they_began(barrier: Barrier) -> None:
    barrier.insert(0, a=1.0, b=2.0)
    barrier.insert(0, c=3.0)
    barrier.insert(1, c="z", b="y")
    assert barrier.sizes() == [2, 1]
    batches, keys, (numbers, words) = barrier.take(2)
    assert (batches, keys) == ([0, 1], [b"b", b"c"])
    assert (numbers.tolist(), words.tolist()) == ([2.0, 3.0], [b"y", b"z"])
    barrier.insert(1, a="x")
    assert barrier.take(1)[1] == [b"a"]


def test_taking_waits_until_there_are_enough(barrier: Barrier) -> None:
    taken: list[Any] = []
    barrier.insert(0, a=1.0)
    with barrier.session.graph.as_default():
        insert = tf.raw_ops.BarrierInsertMany(
            handle=barrier.handle, keys=["a"], values=["x"], component_index=1
        )
        take = tf.raw_ops.BarrierTakeMany(
            handle=barrier.handle, num_elements=1, component_types=[tf.float32, tf.string]
        )
    thread = threading.Thread(target=lambda: taken.append(barrier.session.run(take)))
    thread.start()
    thread.join(0.05)
    assert not taken
    barrier.session.run(insert)
    thread.join(10)
    assert taken[0].keys.tolist() == [b"a"]


def test_a_closed_barrier_takes_no_new_keys_but_missing_components(barrier: Barrier) -> None:
    barrier.insert(0, a=1.0, b=2.0)
    barrier.close()
    with pytest.raises(tf.errors.CancelledError, match="closed; key b'c'"):
        barrier.insert(0, c=3.0)
    barrier.insert(1, a="x")
    assert barrier.take(2, allow_small_batch=True)[1] == [b"a"]
    barrier.close(cancel=True)
    with pytest.raises(tf.errors.CancelledError):
        barrier.insert(1, b="y")
    with pytest.raises(tf.errors.OutOfRangeError, match="closed and has 0 elements"):
        barrier.take(1)


def test_wrong_insertions(barrier: Barrier) -> None:
    barrier.insert(0, a=1.0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="component 0 already"):
        barrier.insert(0, a=2.0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="none with the number 2"):
        barrier.insert(2, a=2.0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="has shape"):
        barrier.insert(0, b=[1.0, 2.0])


def test_closing_the_session_ends_a_wait(barrier: Barrier) -> None:
    take = tf.raw_ops.BarrierTakeMany(
        handle=barrier.handle, num_elements=1, component_types=[tf.float32, tf.string]
    )
    errors: list[Any] = []

    def wait() -> None:
        try:
            barrier.session.run(take)
        except tf.errors.CancelledError as error:
            errors.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    thread.join(0.05)
    barrier.session.close()
    thread.join(10)
    assert len(errors) == 1
