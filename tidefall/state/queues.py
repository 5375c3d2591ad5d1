"""Queues: bounded stores of elements that threads put in and take out, waiting for one another.

Every wish that cannot be granted at once becomes an *attempt*. Attempts to put and attempts to
take each stand in a line of their own and are served in order: a ``dequeue_many`` takes elements
as they come, and nobody behind it gets one before it has all of its own. Closing is an attempt
to put, since what was put before it still enters.
"""

from __future__ import annotations

import enum
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tidefall.array.random_words import Words
from tidefall.core import errors
from tidefall.core.runtime import wait_until
from tidefall.state.queue_stores import Bag, Heap, Ring, RowBag, Rows, Store
from tidefall.state.random_counters import chance

Array = Any
Shapes = Sequence[tuple[int | None, ...]]
Wait = Callable[[threading.Condition, Callable[[], bool]], None]

#: What stands for a capacity without bound.
UNBOUNDED = 2**31 - 1


def forever(condition: threading.Condition, ready: Callable[[], bool]) -> None:
    """Waits as long as it takes; for queues that no session owns."""
    wait_until(condition, ready, lambda: False)


class _Outcome(enum.Enum):
    """How far an attempt got."""

    NOTHING = "waits as before"
    PROGRESS = "moved something and waits for more"
    DONE = "is over"


class _Attempt:
    """A wish that waits in line.

    Attributes:
      step: Goes as far as is possible now.
      batch: The elements taken so far.
      condition: Notified when the attempt is over; made when somebody waits.
    """

    __slots__ = ("batch", "condition", "error", "is_over", "result", "step")

    def __init__(self, step: Callable[[_Attempt], _Outcome]) -> None:
        self.step = step
        self.batch: Any = None
        self.condition: threading.Condition | None = None
        self.error: errors.OpError | None = None
        self.is_over = False
        self.result: Any = None

    def finish(self, result: Any = None) -> _Outcome:
        """Ends the attempt with a result."""
        self.result = result
        return _Outcome.DONE

    def fail(self, error: errors.OpError) -> _Outcome:
        """Ends the attempt with an error."""
        self.error = error
        return _Outcome.DONE

    def end(self) -> None:
        """Tells who waits that it is over."""
        self.is_over = True
        if self.condition is not None:
            self.condition.notify()


class Queue:
    """A queue.

    Args:
      kind: What sort of queue it is, for messages.
      name: Its name, for messages.
      store: Where the elements are kept.
      capacity: How many elements it holds at most; no bound if negative.
      dtypes: The dtypes of the components.
      shapes: Their shapes, with None for sizes that may differ; None if nothing is known.
      keeps: How many elements stay behind while the queue is open.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        store: Store,
        capacity: int,
        dtypes: Sequence[np.dtype[Any]],
        shapes: Shapes | None,
        keeps: int = 0,
    ) -> None:
        self.kind = kind
        self.name = name
        self.dtypes = list(dtypes)
        self.shapes = None if shapes is None else [tuple(shape) for shape in shapes]
        self.capacity = UNBOUNDED if capacity < 0 else capacity
        self.keeps = keeps
        self.is_closed = False
        #: What the node that made the queue asked for; see `check_same`.
        self.wanted: dict[str, Any] | None = None
        self._store = store
        self._lock = threading.Lock()
        self._givers: deque[_Attempt] = deque()
        self._takers: deque[_Attempt] = deque()

    @property
    def size(self) -> int:
        """The number of elements."""
        return len(self._store)

    # -- putting ------------------------------------------------------------------------------

    def enqueue(self, row: Sequence[Array], wait: Wait = forever) -> None:
        """Adds one element; waits while the queue is full.

        Raises:
          CancelledError: If the queue is closed, or closed with pending enqueues cancelled.
          InvalidArgumentError: If the element is not of the queue's dtypes and shapes.
        """
        self.check(row, 0)
        with self._lock:
            if not self._givers and not self.is_closed and len(self._store) < self.capacity:
                self._store.put(row)
                if self._takers:
                    self._flush()
                return
            self._stand_in(self._givers, _Attempt(lambda attempt: self._put(attempt, row)), wait)

    def enqueue_many(self, columns: Sequence[Array], wait: Wait = forever) -> None:
        """Adds the elements that the components' first dimension tells apart.

        They enter one after another as there is room.
        """
        self.check(columns, 1)
        total = columns[0].shape[0] if columns else 0
        if total == 0:
            return
        with self._lock:
            done = 0

            def step(attempt: _Attempt) -> _Outcome:
                nonlocal done
                if self.is_closed:
                    return attempt.fail(self._closed())
                room = min(self.capacity - len(self._store), total - done)
                if room <= 0:
                    return _Outcome.NOTHING
                self._store.put_many(columns, done, done + room)
                done += room
                return attempt.finish() if done == total else _Outcome.PROGRESS

            self._stand_in(self._givers, _Attempt(step), wait)

    def offer(self, columns: Sequence[Array], start: int, stop: int) -> int:
        """Adds as many of some elements as there is room for now; returns how many.

        None if others wait in line, or if the queue is closed.
        """
        with self._lock:
            if self._givers or self.is_closed:
                return 0
            count = max(0, min(self.capacity - len(self._store), stop - start))
            if count:
                self._store.put_many(columns, start, start + count)
                if self._takers:
                    self._flush()
            return count

    def wait_for_room(self, wait: Wait = forever) -> None:
        """Waits until an element could enter, or the queue is closed.

        Raises:
          CancelledError: If the queue is closed and those who wait are turned away.
        """

        def step(attempt: _Attempt) -> _Outcome:
            if self.is_closed or len(self._store) < self.capacity:
                return attempt.finish()
            return _Outcome.NOTHING

        with self._lock:
            self._stand_in(self._givers, _Attempt(step), wait)

    def _put(self, attempt: _Attempt, row: Sequence[Array]) -> _Outcome:
        if self.is_closed:
            return attempt.fail(self._closed())
        if len(self._store) >= self.capacity:
            return _Outcome.NOTHING
        self._store.put(row)
        return attempt.finish()

    # -- taking -------------------------------------------------------------------------------

    def dequeue(self, wait: Wait = forever) -> list[Array]:
        """Removes one element, its components in a list; waits while there is none.

        Raises:
          OutOfRangeError: If the queue is closed and empty.
        """
        with self._lock:
            if not self._takers and self._available() > 0:
                row = self._store.take()
                if self._givers:
                    self._flush()
                return row
            result: list[Array] = self._stand_in(self._takers, _Attempt(self._take), wait)
            return result

    def dequeue_many(self, count: int, wait: Wait = forever, up_to: bool = False) -> list[Array]:
        """Removes ``count`` elements and stacks them; waits until there are so many.

        Args:
          count: How many.
          wait: How to wait.
          up_to: Whether fewer will do, though not none, once the queue is closed.

        Raises:
          OutOfRangeError: If the queue is closed and has too few.
          InvalidArgumentError: If the shapes of the components are not known.
        """
        what = "dequeue_up_to" if up_to else "dequeue_many"
        if self.shapes is None:
            raise errors.InvalidArgumentError(
                None,
                None,
                f"{what} needs to know the shape of each component, but the {self.kind} "
                f"'{self.name}' was made without shapes. Make it with shapes=…, or use dequeue.",
            )
        if count < 0:
            raise errors.InvalidArgumentError(
                None, None, f"{what} was asked for {count} elements; a number cannot be negative."
            )
        if count == 0:
            return self._nothing()
        with self._lock:
            attempt = _Attempt(lambda attempt: self._take_many(attempt, count, up_to))
            batch = self._stand_in(self._takers, attempt, wait)
        result: list[Array] = batch.result()  # padded, where that is needed, without the lock
        return result

    def _nothing(self) -> list[Array]:
        shapes = [tuple([size or 0 for size in shape]) for shape in self.shapes or ()]
        return [np.empty((0, *s), d) for s, d in zip(shapes, self.dtypes, strict=True)]

    def _available(self) -> int:
        return len(self._store) - (0 if self.is_closed else self.keeps)

    def _take(self, attempt: _Attempt) -> _Outcome:
        if self._available() > 0:
            return attempt.finish(self._store.take())
        return attempt.fail(self._too_few(1)) if self.is_closed else _Outcome.NOTHING

    def _take_many(self, attempt: _Attempt, count: int, up_to: bool) -> _Outcome:
        if attempt.batch is None:
            attempt.batch = self._store.batch(count)
        batch = attempt.batch
        if self.is_closed and batch.count + len(self._store) < count:
            self._store.give_back(batch)
            if not up_to:
                return attempt.fail(self._too_few(count))
            if not len(self._store):
                return _Outcome.PROGRESS if self._givers else attempt.fail(self._too_few(count))
            count = len(self._store)
        moved = min(self._available(), count - batch.count)
        if moved > 0:
            self._store.move(batch, moved)
        if batch.count == count:
            return attempt.finish(batch)
        return _Outcome.PROGRESS if moved > 0 else _Outcome.NOTHING

    # -- closing ------------------------------------------------------------------------------

    def shut(self, cancel_pending_enqueues: bool = False, wait: Wait = forever) -> None:
        """Closes the queue: nothing more enters, and who finds it empty is told so.

        Args:
          cancel_pending_enqueues: Whether those who wait to put something are turned away. If
            not, closing waits until they are done.
          wait: How to wait.

        Raises:
          CancelledError: If it is closed already, unless ``cancel_pending_enqueues``.
        """
        with self._lock:
            if not cancel_pending_enqueues:
                self._stand_in(self._givers, _Attempt(self._shut), wait)
                return
            self.is_closed = True
            message = f"the {self.kind} '{self.name}' was closed before the element could enter."
            self._turn_away(self._givers, message)
            self._flush()

    def _shut(self, attempt: _Attempt) -> _Outcome:
        if self.is_closed:
            message = f"the {self.kind} '{self.name}' is closed already."
            return attempt.fail(errors.CancelledError(None, None, message))
        self.is_closed = True
        return attempt.finish()

    def cancel(self) -> None:
        """Turns away everybody who waits; the session ends."""
        with self._lock:
            message = f"the session was closed while the {self.kind} '{self.name}' was waited for."
            for attempt in self._takers:
                if attempt.batch is not None:
                    self._store.give_back(attempt.batch)
            self._turn_away(self._givers, message)
            self._turn_away(self._takers, message)

    def _turn_away(self, line: deque[_Attempt], message: str) -> None:
        for attempt in line:
            attempt.fail(errors.CancelledError(None, None, message))
            attempt.end()
        line.clear()

    # -- standing in line ---------------------------------------------------------------------

    def _stand_in(self, line: deque[_Attempt], attempt: _Attempt, wait: Wait) -> Any:
        """Joins a line and waits for the end of the attempt; returns its result."""
        line.append(attempt)
        self._flush()
        if not attempt.is_over:
            attempt.condition = threading.Condition(self._lock)
            try:
                wait(attempt.condition, lambda: attempt.is_over)
            except BaseException:
                self._withdraw(line, attempt)
                raise
        if attempt.error is not None:
            raise attempt.error
        return attempt.result

    def _withdraw(self, line: deque[_Attempt], attempt: _Attempt) -> None:
        """Takes an attempt out of its line; no element is lost."""
        if attempt in line:
            line.remove(attempt)
        if attempt.batch is not None:
            self._store.give_back(attempt.batch)
        elif line is self._takers and attempt.result is not None:
            self._store.put(attempt.result)
        self._flush()

    def _flush(self) -> None:
        """Lets all attempts go as far as they can."""
        while True:
            changed = self._serve(self._givers)
            changed = self._serve(self._takers) or changed
            if not changed:
                return

    def _serve(self, line: deque[_Attempt]) -> bool:
        """Lets the first in line go on; if it is done, the next. Returns whether anything moved."""
        moved = False
        while line:
            outcome = line[0].step(line[0])
            moved = moved or outcome is not _Outcome.NOTHING
            if outcome is not _Outcome.DONE:
                break
            line.popleft().end()
        return moved

    # -- checks and messages ------------------------------------------------------------------

    def check(self, values: Sequence[Array], leading: int) -> None:
        """InvalidArgumentError unless these are components of an element, or of several."""
        if len(values) != len(self.dtypes):
            raise errors.InvalidArgumentError(
                None,
                None,
                f"an element of the {self.kind} '{self.name}' has {len(self.dtypes)} components, "
                f"but {len(values)} were given.",
            )
        shapes = self.shapes
        for index, value in enumerate(values):
            if value.dtype != self.dtypes[index]:
                raise self._mismatch(index, f"{self.dtypes[index]} values", str(value.dtype))
            if leading and (not value.ndim or value.shape[0] != values[0].shape[0]):
                wanted = f"{values[0].shape[0] if values[0].ndim else 'several'} elements"
                raise self._mismatch(index, wanted, f"shape {value.shape}")
            if shapes is not None and value.shape[leading:] != shapes[index]:
                self._check_shape(index, value.shape[leading:])

    def _check_shape(self, index: int, shape: tuple[int, ...]) -> None:
        wanted = (self.shapes or ())[index]
        if len(shape) != len(wanted) or any(
            want not in (None, size) for size, want in zip(shape, wanted, strict=True)
        ):
            shown = ", ".join("?" if size is None else str(size) for size in wanted)
            raise self._mismatch(index, f"shape ({shown})", f"shape {shape}")

    def _mismatch(self, index: int, wanted: str, given: str) -> errors.OpError:
        return errors.InvalidArgumentError(
            None,
            None,
            f"component {index} of an element of the {self.kind} '{self.name}' must have {wanted}, "
            f"not {given}.",
        )

    def _closed(self) -> errors.OpError:
        message = f"the {self.kind} '{self.name}' is closed, so nothing can be put into it."
        return errors.CancelledError(None, None, message)

    def _too_few(self, count: int) -> errors.OpError:
        return errors.OutOfRangeError(
            None,
            None,
            f"the {self.kind} '{self.name}' is closed and has insufficient elements (requested "
            f"{count}, current size {len(self._store)}).",
        )

    def check_same(self, wanted: dict[str, Any]) -> None:
        """Notes what the first node wants of the queue; the others must want the same.

        Raises:
          InvalidArgumentError: If one does not.
        """
        present = self.wanted
        if present is None:
            self.wanted = wanted
        elif present != wanted:
            key = next(each for each in wanted if present.get(each) != wanted[each])
            raise errors.InvalidArgumentError(
                None,
                None,
                f"the shared queue '{self.name}' was made with {key} {present.get(key)}, and "
                f"cannot be used with {key} {wanted[key]}. Give one of them another shared_name.",
            )


def _is_known(shapes: Shapes) -> bool:
    return all(None not in shape for shape in shapes)


def _in_order(dtypes: Sequence[Any], shapes: Shapes | None) -> Store:
    if shapes is not None and _is_known(shapes):
        return Ring(dtypes, shapes)
    return Rows(dtypes, shapes)


def fifo(
    name: str, capacity: int, dtypes: Sequence[Any], shapes: Shapes | None, padding: bool = False
) -> Queue:
    """A queue whose elements leave in the order in which they came.

    Args:
      name: Its name.
      capacity: How many elements it holds; no bound if negative.
      dtypes: The dtypes of the components.
      shapes: Their shapes.
      padding: Whether shapes may have unknown sizes, which `dequeue_many` pads.
    """
    kind = "PaddingFIFOQueue" if padding else "FIFOQueue"
    return Queue(kind, name, _in_order(dtypes, shapes), capacity, dtypes, shapes)


def random_shuffle(
    name: str,
    capacity: int,
    min_after_dequeue: int,
    dtypes: Sequence[Any],
    shapes: Shapes | None,
    seed: int = 0,
    seed2: int = 0,
) -> Queue:
    """A queue whose elements leave in a random order, TensorFlow's for the same seeds.

    Args:
      name: Its name.
      capacity: How many elements it holds; no bound if negative.
      min_after_dequeue: How many stay behind while it is open, to mix well.
      dtypes: The dtypes of the components.
      shapes: Their shapes.
      seed: One seed.
      seed2: The other; the order is different each time if both are 0.
    """
    if seed == 0 and seed2 == 0:
        seed, seed2 = chance()
    words = Words(seed, seed2)
    store: Store = RowBag(dtypes, words) if shapes is None else Bag(dtypes, shapes, words)
    return Queue("RandomShuffleQueue", name, store, capacity, dtypes, shapes, min_after_dequeue)


def priority(name: str, capacity: int, dtypes: Sequence[Any], shapes: Shapes | None) -> Queue:
    """A queue whose elements leave with the smallest first component first.

    Args:
      name: Its name.
      capacity: How many elements it holds; no bound if negative.
      dtypes: The dtypes of the components, the first of them int64.
      shapes: Their shapes, the first of them ().
    """
    return Queue("PriorityQueue", name, Heap(dtypes, shapes), capacity, dtypes, shapes)
