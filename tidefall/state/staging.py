"""Staging areas: where values wait for the next step, in order or under keys."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tidefall.core import errors
from tidefall.state.queues import Wait, forever

Array = Any


def _bytes(values: Sequence[Array]) -> int:
    return sum([np.asarray(value).nbytes for value in values])


class _Area:
    """What both kinds share: the bounds, and waiting.

    Args:
      capacity: How many entries fit; without bound if 0.
      memory_limit: How many bytes fit; without bound if 0.
    """

    def __init__(self, capacity: int, memory_limit: int) -> None:
        self._capacity = capacity
        self._limit = memory_limit
        self._bytes = 0
        self._changed = threading.Condition()

    def _make_room(self, size: int, wait: Wait, count: Callable[[], int]) -> None:
        """Waits until one more entry of so many bytes fits."""
        if self._limit and size > self._limit:
            raise errors.ResourceExhaustedError(
                None,
                None,
                f"the values take {size} bytes, more than the memory limit of {self._limit} bytes "
                "of the staging area.",
            )

        def fits() -> bool:
            has_place = not self._capacity or count() < self._capacity
            return has_place and (not self._limit or self._bytes + size <= self._limit)

        wait(self._changed, fits)
        self._bytes += size

    def cancel(self) -> None:
        """Wakes those who wait; the session ends."""
        with self._changed:
            self._changed.notify_all()


class StagingBuffer(_Area):
    """Entries that leave in the order in which they came."""

    def __init__(self, capacity: int, memory_limit: int) -> None:
        super().__init__(capacity, memory_limit)
        self._entries: deque[list[Array]] = deque()

    @property
    def size(self) -> int:
        """The number of entries."""
        return len(self._entries)

    def put(self, values: Sequence[Array], wait: Wait = forever) -> None:
        """Adds an entry; waits while there is no room.

        Raises:
          ResourceExhaustedError: If it could never fit.
        """
        entry = [np.array(value, value.dtype) for value in values]
        with self._changed:
            self._make_room(_bytes(entry), wait, lambda: len(self._entries))
            self._entries.append(entry)
            self._changed.notify_all()

    def get(self, wait: Wait = forever) -> list[Array]:
        """Removes the first entry; waits while there is none."""
        with self._changed:
            wait(self._changed, lambda: bool(self._entries))
            entry = self._entries.popleft()
            self._bytes -= _bytes(entry)
            self._changed.notify_all()
            return entry

    def peek(self, index: int, wait: Wait = forever) -> list[Array]:
        """A copy of an entry; waits until there are so many."""
        with self._changed:
            wait(self._changed, lambda: len(self._entries) > index)
            return [np.array(value) for value in self._entries[index]]

    def clear(self) -> None:
        """Removes all entries."""
        with self._changed:
            self._entries.clear()
            self._bytes = 0
            self._changed.notify_all()


class StagingMap(_Area):
    """Entries with keys, whose values may come one by one; complete ones can be taken.

    Args:
      capacity: How many complete entries fit; without bound if 0.
      memory_limit: How many bytes fit; without bound if 0.
      ordered: Whether entries without a wanted key leave in the order of their keys.
    """

    def __init__(self, capacity: int, memory_limit: int, ordered: bool) -> None:
        super().__init__(capacity, memory_limit)
        self._ordered = ordered
        self._complete: OrderedDict[int, list[Array]] = OrderedDict()
        self._incomplete: dict[int, list[Array]] = {}

    @property
    def size(self) -> int:
        """The number of complete entries."""
        return len(self._complete)

    @property
    def incomplete_size(self) -> int:
        """The number of entries that lack values."""
        return len(self._incomplete)

    def put(
        self,
        key: int,
        indices: Sequence[int],
        values: Sequence[Array],
        count: int,
        wait: Wait = forever,
    ) -> None:
        """Adds values of an entry of ``count`` values; waits while there is no room.

        Raises:
          InvalidArgumentError: If a value is there already, or has no place.
        """
        own = [np.array(value, value.dtype) for value in values]
        with self._changed:
            self._make_room(_bytes(own), wait, lambda: len(self._complete))
            entry = self._incomplete.setdefault(key, [None] * count)
            for index, value in zip(indices, own, strict=True):
                if not 0 <= index < count or entry[index] is not None:
                    problem = "has a value already" if 0 <= index < count else "has no place"
                    raise errors.InvalidArgumentError(
                        None, None, f"component {index} of the entry with key {key} {problem}."
                    )
                entry[index] = value
            if all(value is not None for value in entry):
                if key in self._complete:
                    raise errors.InvalidArgumentError(
                        None, None, f"there is a complete entry with key {key} already."
                    )
                self._complete[key] = self._incomplete.pop(key)
            self._changed.notify_all()

    def get(self, key: int | None, indices: Sequence[int], wait: Wait = forever) -> Any:
        """Takes values of an entry; waits until it is complete.

        Args:
          key: Which; any, or the smallest if the area is ordered, if None.
          indices: Which of its values; the entry goes with the last of them.
          wait: How to wait.

        Returns:
          The key, and the values.
        """
        with self._changed:
            wait(
                self._changed,
                lambda: bool(self._complete) if key is None else key in self._complete,
            )
            if key is None:
                key = min(self._complete) if self._ordered else next(iter(self._complete))
            entry = self._complete[key]
            found = [self._value(key, entry, index) for index in indices]
            for index in indices:
                entry[index] = None
            if all(value is None for value in entry):
                del self._complete[key]
            self._bytes -= _bytes(found)
            self._changed.notify_all()
            return key, found

    def peek(self, key: int, indices: Sequence[int], wait: Wait = forever) -> list[Array]:
        """Copies of values of an entry; waits until it is complete."""
        with self._changed:
            wait(self._changed, lambda: key in self._complete)
            entry = self._complete[key]
            return [np.array(self._value(key, entry, index)) for index in indices]

    def clear(self) -> None:
        """Removes all entries."""
        with self._changed:
            self._complete.clear()
            self._incomplete.clear()
            self._bytes = 0
            self._changed.notify_all()

    def _value(self, key: int, entry: list[Array], index: int) -> Array:
        if not 0 <= index < len(entry) or entry[index] is None:
            raise errors.InvalidArgumentError(
                None, None, f"the entry with key {key} has no component {index} any more."
            )
        return entry[index]
