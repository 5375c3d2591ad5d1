"""Reading ahead: a thread that fills a queue moves many records at once.

A queue runner runs one operation again and again: read a record, decode it, put it into a queue.
Where the way from the record to the queue can be computed in columns, the thread looks at all the
records that the reader has at hand, decodes them together, puts in as many as there is room for,
and only then tells the reader that these were read. What is visible is what single runs would
have done. A record that cannot be decoded, the end of a file and a wait for room are left to
single runs, with their errors and their rules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.core import errors, hooks
from tidefall.executor.columns import Columns, NoColumnsError
from tidefall.executor.context import NodeContext
from tidefall.ir.operation import Operation
from tidefall.state import handles
from tidefall.state.cells import Store
from tidefall.state.queues import Queue
from tidefall.state.readers import Block, Reader

#: Records decoded at a time.
CHUNK = 1024

_QUEUES = ("FIFOQueueV2", "RandomShuffleQueueV2", "PaddingFIFOQueueV2", "PriorityQueueV2")


class ReadAhead:
    """One operation that reads, decodes and enqueues, shared by all threads that run it.

    Args:
      op: The operation, a ``QueueEnqueueV2``.
      read: The operation that reads a record.
      store: The session's state.

    Raises:
      NoColumnsError: If it cannot be done for many records at once.
    """

    def __init__(self, op: Operation, read: Operation, store: Store) -> None:
        self._columns = Columns(read._outputs[1], op._inputs[1:])
        self._reader = handles.get(_handle(read._inputs[0]._op, store), Reader)
        self._queue = handles.get(_handle(op._inputs[0]._op, store), Queue)
        self._context = NodeContext(store, op)
        self._block: Block | None = None  # whose records are decoded
        self._start = self._stop = 0  # which of them
        self._decoded: list[Any] | None = None  # None if these cannot be decoded together

    def move(self) -> bool:
        """Moves as many records as it can; False if one record must be moved by a single run."""
        reader, queue = self._reader, self._queue
        with reader.lock:
            found = self._at_hand()
            if found is None:
                return False
            first, stop = found
            columns = self._decoded or []
            moved = queue.offer(columns, first - self._start, stop - self._start)
            reader.advance(moved)
        return moved > 0 or self._has_room()

    def _at_hand(self) -> tuple[int, int] | None:
        """Which records of the reader's block are decoded and not yet read; None if none are."""
        try:
            values = self._reader.ahead(CHUNK)
        except errors.OpError:
            return None  # the single run meets it too
        if not values:
            return None
        block, at = self._reader.place
        if block is not self._block or not self._start <= at < self._stop:
            self._block, self._start, self._stop = block, at, at + len(values)
            self._decoded = self._decode(values)
        return None if self._decoded is None else (at, self._stop)

    def _decode(self, values: list[bytes]) -> list[Any] | None:
        texts = np.empty(len(values), object)
        texts[:] = values
        try:
            columns = self._columns.compute(texts)
            self._queue.check(columns, 1)
        except (NoColumnsError, ValueError, IndexError, errors.OpError):
            return None
        return columns

    def _has_room(self) -> bool:
        """Waits for room in the queue; False if it is closed."""
        try:
            self._queue.wait_for_room(self._context.wait)
        except errors.CancelledError:
            return False
        return not self._queue.is_closed


def _handle(op: Operation, store: Store) -> Any:
    """The handle that an operation without inputs makes."""
    kernel: Any = op.opdef.kernel
    if op._inputs or op._control_inputs or kernel is None or not op.opdef.needs_run:
        raise NoColumnsError
    from_attrs = {name: op._attrs[name] for name in op.opdef.kernel_attrs}
    texts = {k: v.decode() if isinstance(v, bytes) else v for k, v in from_attrs.items()}
    return kernel(None, NodeContext(store, op), **texts)


@hooks.install("repeated")
def repeated(op: Operation, store: Store, once: Callable[[], Any]) -> Callable[[], Any]:
    """A function to call again and again in place of ``once``, a run of ``op``.

    Args:
      op: The operation.
      store: The session's state.
      once: Runs it once.

    Returns:
      A function that may do many runs in a call, or ``once`` itself where that is not possible.
    """
    read = _read_of(op)
    if read is None:
        return once
    try:
        ahead = store.resource(("read ahead", op), lambda: ReadAhead(op, read, store))
    except NoColumnsError:
        return once

    def turn() -> None:
        if not ahead.move():
            once()

    return turn


def _read_of(op: Operation) -> Operation | None:
    """The only operation that reads records for an enqueue operation."""
    if op.type != "QueueEnqueueV2" or op._control_inputs or op._inputs[0]._op.type not in _QUEUES:
        return None
    found: set[Operation] = set()
    seen: set[Operation] = set()
    waiting = [tensor._op for tensor in op._inputs[1:]]
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        if each.type == "ReaderReadV2":
            found.add(each)
        else:
            waiting.extend(tensor._op for tensor in each._inputs)
    read = found.pop() if len(found) == 1 else None
    return read if read is None or not read._control_inputs else None
