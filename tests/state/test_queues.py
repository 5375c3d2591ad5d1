"""Queues by themselves: order, waiting, closing. No graph is needed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tidefall.core import errors
from tidefall.core.runtime import time_limit
from tidefall.state import queues
from tidefall.state.queues import Queue

F32, I32, I64, TEXT = (np.dtype(each) for each in (np.float32, np.int32, np.int64, object))

Make = Callable[[int], Queue]
MAKERS: dict[str, Make] = {
    "columns": lambda capacity: queues.fifo("q", capacity, [I32], [()]),
    "rows": lambda capacity: queues.fifo("q", capacity, [I32], None),
    "padding": lambda capacity: queues.fifo("q", capacity, [I32], [()], padding=True),
    "priority": lambda capacity: queues.priority("q", capacity, [I64], [()]),
}


def number(value: int, queue: Queue) -> list[Any]:
    return [queue.dtypes[0].type(value)]


def fill(queue: Queue, *values: int) -> None:
    for value in values:
        queue.enqueue(number(value, queue))


def taken(queue: Queue, count: int) -> list[int]:
    return [int(queue.dequeue()[0]) for _ in range(count)]


def soon(condition: Callable[[], bool]) -> None:
    """Waits until something holds; fails after two seconds."""
    end = time.monotonic() + 2
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.001)


class Waiting:
    """A call in another thread, which is expected to wait."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.result: Any = None
        self.error: BaseException | None = None
        self._call = call
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._thread.join(0.03)
        assert self._thread.is_alive(), f"it did not wait: {self.result} {self.error}"

    def _run(self) -> None:
        try:
            self.result = self._call()
        except errors.OpError as error:
            self.error = error

    def end(self) -> Any:
        self._thread.join(2)
        assert not self._thread.is_alive(), "it still waits"
        if self.error is not None:
            raise self.error
        return self.result


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_elements_leave_in_order(make: Make) -> None:
    queue = make(200)
    fill(queue, *range(150))
    assert taken(queue, 100) == list(range(100))
    fill(queue, *range(150, 250))
    assert queue.size == 150
    assert taken(queue, 150) == list(range(100, 250))


def test_columns_wrap_around() -> None:
    queue = queues.fifo("q", -1, [I32, F32], [(), (2,)])
    expected: list[int] = []
    rng = np.random.default_rng(5)
    added = 0
    for _ in range(300):
        count = int(rng.integers(1, 40))
        values = np.arange(added, added + count, dtype=np.int32)
        queue.enqueue_many([values, np.stack([values, -values], 1).astype(np.float32)])
        expected += values.tolist()
        added += count
        count = int(rng.integers(0, len(expected) + 1))
        numbers, pairs = queue.dequeue_many(count)
        assert numbers.tolist() == expected[:count]
        assert pairs[:, 1].tolist() == [-float(each) for each in expected[:count]]
        del expected[:count]
    assert queue.size == len(expected)


def test_random_order_is_a_permutation_of_what_came() -> None:
    for shapes in ([()], None):
        queue = queues.random_shuffle("q", -1, 3, [I32], shapes, 5, 6)
        queue.enqueue_many([np.arange(100, dtype=np.int32)])
        first = taken(queue, 97)
        assert first != sorted(first)
        waiting = Waiting(queue.dequeue)
        queue.shut()
        rest = [int(waiting.end()[0]), *taken(queue, 2)]
        assert sorted(first + rest) == list(range(100))


def test_rows_and_columns_draw_the_same_order() -> None:
    columns = queues.random_shuffle("q", -1, 0, [I32], [()], 1, 2)
    rows = queues.random_shuffle("q", -1, 0, [I32], None, 1, 2)
    for queue in (columns, rows):
        queue.enqueue_many([np.arange(50, dtype=np.int32)])
    one_by_one = taken(rows, 50)
    assert columns.dequeue_many(20)[0].tolist() + taken(columns, 30) == one_by_one


def test_padding() -> None:
    queue = queues.fifo("q", 9, [F32, TEXT], [(None, 2), (None,)], padding=True)
    queue.enqueue([np.ones((1, 2), np.float32), np.array([b"a", b"b"], object)])
    queue.enqueue([np.ones((3, 2), np.float32), np.array([], object)])
    numbers, texts = queue.dequeue_many(2)
    assert numbers.shape == (2, 3, 2)
    assert numbers.sum() == 8
    assert texts.tolist() == [[b"a", b"b"], [b"", b""]]
    assert queue.dequeue_many(0)[0].shape == (0, 0, 2)


def test_equal_priorities_and_many() -> None:
    queue = queues.priority("q", 9, [I64, TEXT], [(), ()])
    queue.enqueue_many([np.array([3, 1, 2]), np.array([b"c", b"a", b"b"], object)])
    assert queue.dequeue_many(2)[1].tolist() == [b"a", b"b"]


def test_values_are_not_views() -> None:
    queue = queues.fifo("q", 9, [F32], [(2,)])
    given = np.array([1, 2], np.float32)
    queue.enqueue([given])
    queue.enqueue([given])
    given[:] = 0
    (first,) = queue.dequeue()
    assert first.tolist() == [1, 2]
    queue.enqueue([given])
    (batch,) = queue.dequeue_many(2)
    queue.enqueue([given])
    assert batch.tolist() == [[1, 2], [0, 0]]


def test_texts_keep_trailing_zeros() -> None:
    for shapes in ([()], None):
        queue = queues.fifo("q", 9, [TEXT], shapes)
        queue.enqueue([np.array(b"a\0", object)])
        assert queue.dequeue()[0][()] == b"a\0"


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_full_queue_makes_wait(make: Make) -> None:
    queue = make(2)
    fill(queue, 1, 2)
    waiting = Waiting(lambda: fill(queue, 3))
    assert queue.size == 2
    assert taken(queue, 1) == [1]
    waiting.end()
    assert taken(queue, 2) == [2, 3]


def test_an_empty_queue_makes_wait() -> None:
    queue = MAKERS["columns"](2)
    waiting = Waiting(queue.dequeue)
    fill(queue, 7)
    assert waiting.end() == [7]


def test_many_come_and_go_through_a_small_queue() -> None:
    queue = MAKERS["columns"](3)
    giving = Waiting(lambda: queue.enqueue_many([np.arange(20, dtype=np.int32)]))
    assert queue.dequeue_many(20)[0].tolist() == list(range(20))
    giving.end()


def test_takers_are_served_in_the_order_in_which_they_came() -> None:
    queue = MAKERS["columns"](9)
    many = Waiting(lambda: queue.dequeue_many(3))
    one = Waiting(queue.dequeue)
    fill(queue, 1, 2)
    assert queue.size == 0  # the first in line holds them
    fill(queue, 3, 4)
    assert many.end()[0].tolist() == [1, 2, 3]
    assert one.end() == [4]


def test_min_after_dequeue_keeps_some_until_the_queue_is_closed() -> None:
    queue = queues.random_shuffle("q", 9, 2, [I32], [()], 1, 2)
    queue.enqueue_many([np.arange(4, dtype=np.int32)])
    waiting = Waiting(lambda: queue.dequeue_many(3))
    assert queue.size == 2
    fill(queue, 4)
    assert len(waiting.end()[0]) == 3
    queue.shut()
    assert len(queue.dequeue_many(2)[0]) == 2


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_closing(make: Make) -> None:
    queue = make(9)
    fill(queue, 1)
    queue.shut()
    assert queue.is_closed
    with pytest.raises(errors.CancelledError, match="is closed, so nothing can be put"):
        fill(queue, 2)
    with pytest.raises(errors.CancelledError, match="is closed already"):
        queue.shut()
    queue.shut(cancel_pending_enqueues=True)
    assert taken(queue, 1) == [1]
    with pytest.raises(errors.OutOfRangeError, match=r"requested 1, current size 0"):
        queue.dequeue()


def test_closing_waits_for_those_in_line_and_stops_the_others() -> None:
    queue = MAKERS["columns"](1)
    fill(queue, 1)
    before = Waiting(lambda: fill(queue, 2))
    closing = Waiting(queue.shut)
    after = Waiting(lambda: fill(queue, 3))
    assert not queue.is_closed
    assert taken(queue, 1) == [1]
    before.end()
    closing.end()
    with pytest.raises(errors.CancelledError):
        after.end()
    assert taken(queue, 1) == [2]


def test_closing_may_turn_away_who_waits() -> None:
    queue = MAKERS["columns"](1)
    fill(queue, 1)
    waiting = Waiting(lambda: fill(queue, 2))
    queue.shut(cancel_pending_enqueues=True)
    with pytest.raises(errors.CancelledError, match="before the element could enter"):
        waiting.end()
    assert taken(queue, 1) == [1]


def test_closing_ends_waiting_takers_and_loses_nothing() -> None:
    queue = MAKERS["columns"](9)
    fill(queue, 1, 2)
    waiting = Waiting(lambda: queue.dequeue_many(3))
    assert queue.size == 0
    queue.shut()
    with pytest.raises(errors.OutOfRangeError, match="requested 3, current size 2"):
        waiting.end()
    assert taken(queue, 2) == [1, 2]


def test_up_to_takes_the_rest() -> None:
    queue = MAKERS["columns"](9)
    fill(queue, 1, 2)
    waiting = Waiting(lambda: queue.dequeue_many(3, up_to=True))
    queue.shut()
    assert waiting.end()[0].tolist() == [1, 2]
    with pytest.raises(errors.OutOfRangeError):
        queue.dequeue_many(3, up_to=True)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_who_gives_up_waiting_leaves_everything_as_it_was(make: Make) -> None:
    queue = make(4)
    fill(queue, 1, 2)
    if queue.shapes is not None:
        with pytest.raises(errors.DeadlineExceededError), time_limit(0.02):
            queue.dequeue_many(3)
    fill(queue, 3, 4)
    with pytest.raises(errors.DeadlineExceededError), time_limit(0.02):
        fill(queue, 5)
    assert taken(queue, 4) == [1, 2, 3, 4]


def test_cancelling_wakes_everybody() -> None:
    queue = MAKERS["columns"](9)
    takers = [Waiting(queue.dequeue), Waiting(lambda: queue.dequeue_many(2))]
    queue.cancel()
    for each in takers:
        with pytest.raises(errors.CancelledError, match="the session was closed"):
            each.end()


def test_what_does_not_fit_is_refused() -> None:
    queue = queues.fifo("q", 9, [F32, F32], [(), (2,)])
    one, two = np.float32(1), np.ones(2, np.float32)
    for row, message in (
        ([one], "has 2 components, but 1 were given"),
        ([one, one], r"component 1 .* must have shape \(2\), not shape \(\)"),
        ([np.float64(1), two], "component 0 .* must have float32 values, not float64"),
    ):
        with pytest.raises(errors.InvalidArgumentError, match=message):
            queue.enqueue(row)
    with pytest.raises(errors.InvalidArgumentError, match="must have 2 elements"):
        queue.enqueue_many([np.ones(2, np.float32), np.ones((3, 2), np.float32)])
    queue.enqueue_many([np.ones(0, np.float32), np.ones((0, 2), np.float32)])
    assert queue.size == 0
    with pytest.raises(errors.InvalidArgumentError, match="a number cannot be negative"):
        queue.dequeue_many(-1)
    with pytest.raises(errors.InvalidArgumentError, match="made without shapes"):
        MAKERS["rows"](3).dequeue_many(1)


def test_a_random_queue_has_too_few_twice() -> None:
    queue = queues.random_shuffle("q", 9, 2, [I32], [()], 1, 2)
    fill(queue, 1, 2, 3)
    queue.shut()
    for _ in range(2):
        with pytest.raises(errors.OutOfRangeError, match="requested 4, current size 3"):
            queue.dequeue_many(4)
    assert sorted(queue.dequeue_many(4, up_to=True)[0].tolist()) == [1, 2, 3]
    with pytest.raises(errors.OutOfRangeError):
        queue.dequeue_many(4, up_to=True)


def test_offers_take_what_fits() -> None:
    queue = MAKERS["columns"](5)
    column = [np.arange(9, dtype=np.int32)]
    assert queue.offer(column, 0, 3) == 3
    assert queue.offer(column, 3, 9) == 2
    assert queue.offer(column, 5, 9) == 0
    assert queue.dequeue_many(5)[0].tolist() == [0, 1, 2, 3, 4]
    queue.shut()
    assert queue.offer(column, 5, 9) == 0


def test_an_offer_serves_who_waits() -> None:
    queue = MAKERS["columns"](5)
    waiting = Waiting(lambda: queue.dequeue_many(2))
    assert queue.offer([np.arange(3, dtype=np.int32)], 0, 3) == 3
    assert waiting.end()[0].tolist() == [0, 1]
    soon(lambda: queue.size == 1)
