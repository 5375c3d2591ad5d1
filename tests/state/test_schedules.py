"""Random schedules: producers, consumers, closes and failures, without deadlock or lost element.

Each schedule is drawn from its number, so one that fails can be repeated. The threads' timing is
the machine's own; what is checked holds for any timing.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tidefall.core import errors
from tidefall.core.runtime import time_limit
from tidefall.state import queues
from tidefall.state.queues import Queue

I64 = np.dtype(np.int64)
#: Seconds after which a schedule counts as stuck.
STUCK = 20


def drawn_queue(rng: random.Random) -> Queue:
    capacity = rng.choice([1, 2, 3, 5, 20, -1])
    kind = rng.choice(["fifo", "padding", "random", "priority"])
    if kind == "random":
        keeps = rng.randrange(0, max(1, min(capacity, 4)))
        return queues.random_shuffle("q", capacity, keeps, [I64], [()], rng.randrange(100), 1)
    if kind == "priority":
        return queues.priority("q", capacity, [I64], [()])
    return queues.fifo("q", capacity, [I64], [()], padding=kind == "padding")


class Schedule:
    """One schedule of calls on one queue.

    Attributes:
      entered: Elements of calls that succeeded.
      tried: Elements of calls that did not; a first part of each list may have entered.
      taken: Elements that came out.
    """

    def __init__(self, number: int) -> None:
        self.rng = random.Random(number)
        self.queue = drawn_queue(self.rng)
        self.entered: list[int] = []
        self.tried: list[list[int]] = []
        self.taken: list[int] = []
        self.next = 0

    def threads(self) -> tuple[list[threading.Thread], list[threading.Thread]]:
        """The producers, and the others."""
        rng = self.rng
        producers = [self.producer() for _ in range(rng.randrange(1, 4))]
        others = [self.consumer() for _ in range(rng.randrange(1, 4))]
        if rng.random() < 0.3:
            others.append(self.closer())
        first, second = [
            [threading.Thread(target=each, daemon=True) for each in plans]
            for plans in (producers, others)
        ]
        return first, second

    def producer(self) -> Callable[[], None]:
        calls = []
        for _ in range(self.rng.randrange(1, 12)):
            count = self.rng.choice([1, 1, 1, 2, 5])
            calls.append(list(range(self.next, self.next + count)))
            self.next += count
        impatient = self.rng.random() < 0.2

        def run() -> None:
            for values in calls:
                try:
                    with time_limit(0.003 if impatient else STUCK):
                        self.put(values)
                    self.entered += values
                except errors.DeadlineExceededError:
                    self.tried.append(values)
                except errors.CancelledError:
                    self.tried.append(values)
                    return

        return run

    def put(self, values: list[int]) -> None:
        if len(values) == 1:
            self.queue.enqueue([np.int64(values[0])])
        else:
            self.queue.enqueue_many([np.array(values, np.int64)])

    def consumer(self) -> Callable[[], None]:
        counts = [self.rng.choice([0, 0, 1, 2, 3, -2, -4]) for _ in range(60)]
        impatient = self.rng.random() < 0.2

        def run() -> None:
            for count in counts:
                try:
                    with time_limit(0.003 if impatient else STUCK):
                        self.taken += self.take(count)
                except errors.DeadlineExceededError:
                    continue
                except errors.OutOfRangeError:
                    if count <= 0:  # nothing is left at all
                        return

        return run

    def take(self, count: int) -> list[int]:
        if count == 0:
            return [int(self.queue.dequeue()[0])]
        found = self.queue.dequeue_many(abs(count), up_to=count < 0)[0]
        return found.tolist()  # type: ignore[no-any-return]

    def closer(self) -> Callable[[], None]:
        cancels = self.rng.random() < 0.5
        pause = self.rng.random() * 0.004

        def run() -> None:
            threading.Event().wait(pause)
            self.close(cancels)

        return run

    def close(self, cancels: bool) -> None:
        try:
            with time_limit(STUCK):
                self.queue.shut(cancels)
        except errors.CancelledError:
            assert self.queue.is_closed

    def check(self) -> None:
        while self.queue.size:
            self.taken.append(int(self.queue.dequeue()[0]))
        found = set(self.taken)
        assert len(found) == len(self.taken), "an element came twice"
        assert found >= set(self.entered), "an element was lost"
        for values in self.tried:
            inside = [value in found for value in values]
            assert inside == sorted(inside, reverse=True), "elements entered out of turn"


def run_schedule(number: int) -> None:
    schedule = Schedule(number)
    producers, others = schedule.threads()
    started = [*producers, *others]
    schedule.rng.shuffle(started)
    for thread in started:
        thread.start()
    for thread in producers:
        thread.join(0.05)
    schedule.close(cancels=True)
    for thread in started:
        thread.join(STUCK)
        assert not thread.is_alive(), f"schedule {number} is stuck"
    schedule.check()


def test_a_thousand_schedules_of_a_queue() -> None:
    for number in range(1000):
        run_schedule(number)


# -- in a session, with runners -------------------------------------------------------------------


class Failure(Exception):
    """What a producer raises on purpose."""


def run_pipeline(number: int) -> None:
    rng = random.Random(number)
    total, epochs = rng.randrange(1, 30), rng.choice([1, 2])
    fails_at = rng.randrange(total * epochs) if rng.random() < 0.3 else None
    stops_after = rng.randrange(20) if rng.random() < 0.3 else None
    closes_session = rng.random() < 0.2
    counted = [0]
    produced: list[int] = []
    lock = threading.Lock()

    def pass_on(value: Any) -> Any:
        with lock:
            counted[0] += 1
            if counted[0] - 1 == fails_at:
                raise Failure(f"number {fails_at}")
            produced.append(int(value))
        return value

    with tf.Graph().as_default():
        row = tf.train.range_input_producer(total, epochs, seed=number).dequeue()
        row = tf.py_func(pass_on, [row], tf.int32)
        row.set_shape([])
        size, threads = rng.choice([1, 2, 3]), rng.choice([1, 2, 4])
        capacity = rng.choice([1, 3, 10])
        if rng.random() < 0.5:
            batch = tf.train.batch([row], size, threads, capacity, allow_smaller_final_batch=True)
        else:
            batch = tf.train.shuffle_batch(
                [row], size, capacity + 2, rng.choice([0, 1]), threads, number,
                allow_smaller_final_batch=True,
            )  # fmt: skip
        taken: list[int] = []
        with tf.Session() as sess:
            sess.run(tf.local_variables_initializer())
            coord = tf.train.Coordinator()
            started = tf.train.start_queue_runners(sess, coord)
            raised: BaseException | None = None
            try:
                while not coord.should_stop():
                    taken += sess.run(batch).tolist()
                    if stops_after is not None and len(taken) > stops_after:
                        break
            except (tf.errors.OutOfRangeError, tf.errors.CancelledError):
                pass
            if closes_session:
                sess.close()
            coord.request_stop()
            try:
                coord.join(started, stop_grace_period_secs=STUCK)
            except tf.errors.OpError as error:
                raised = error
    if raised is not None:
        assert fails_at is not None, f"pipeline {number}: {raised}"
        assert f"Failure: number {fails_at}" in str(raised)
    assert len(taken) <= len(produced)
    if stops_after is None and fails_at is None:
        assert sorted(taken) == sorted([*range(total)] * epochs), f"pipeline {number}"
    if stops_after is None and fails_at is not None:
        assert counted[0] - 1 >= fails_at
        assert raised is not None or closes_session


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(60, id="60 pipelines"),
        pytest.param(1000, id="1000 pipelines", marks=pytest.mark.slow),
    ],
)
def test_schedules_of_pipelines(count: int) -> None:
    for number in range(count):
        run_pipeline(number)
