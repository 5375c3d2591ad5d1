"""Barriers: components of an element come one by one, under a key; whole elements can be taken."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tidefall.core import errors
from tidefall.core.shapes import Shape
from tidefall.state.queues import Wait, forever

#: The number of the first insertion.
_FIRST = -(1 << 63)


class _Waiting:
    """An element of which some components are missing."""

    def __init__(self, batch: int, count: int) -> None:
        self.batch = batch
        self.values: list[Any] = [None] * count
        self.missing = count


class Taken(NamedTuple):
    """Whole elements.

    Attributes:
      batches: The insertion at which each began.
      keys: Their keys.
      values: Their components, stacked.
    """

    batches: Any
    keys: list[bytes]
    values: list[Any]


class Barrier:
    """Elements whose components are inserted one by one.

    Args:
      name: Its name, for messages.
      dtypes: The dtypes of the components.
      shapes: Their shapes, as far as they are known.
    """

    def __init__(self, name: str, dtypes: Sequence[np.dtype[Any]], shapes: Sequence[Shape]) -> None:
        self.name = name
        self.dtypes = list(dtypes)
        self.shapes = list(shapes) or [Shape(None)] * len(self.dtypes)
        self._changed = threading.Condition()
        self._incomplete: dict[bytes, _Waiting] = {}
        self._ready: list[tuple[int, int, bytes, list[Any]]] = []
        self._batch = itertools.count(_FIRST)
        self._order = itertools.count()
        self._closed = False
        self._cancelled = False

    @property
    def ready_size(self) -> int:
        """How many elements are whole."""
        return len(self._ready)

    @property
    def incomplete_size(self) -> int:
        """How many elements are not."""
        return len(self._incomplete)

    def insert(self, keys: list[bytes], values: Any, component: int) -> None:
        """Gives elements one component each.

        Raises:
          InvalidArgumentError: If there is no such component, an element has it, or a value has
            another shape.
          CancelledError: If the barrier is closed, and nothing more may come.
        """
        self._check(keys, values, component)
        with self._changed:
            batch = next(self._batch)
            for key, value in zip(keys, values, strict=True):
                self._insert(key, value, component, batch)
            self._changed.notify_all()

    def _check(self, keys: list[bytes], values: Any, component: int) -> None:
        if not 0 <= component < len(self.dtypes):
            raise ValueError(
                f"the barrier '{self.name}' has {len(self.dtypes)} components, and none with the "
                f"number {component}."
            )
        if len(keys) != len(values):
            raise ValueError(f"{len(keys)} keys need as many values, not {len(values)}.")
        shape = Shape(np.asarray(values).shape[1:])
        if not self.shapes[component].is_compatible_with(shape):
            raise ValueError(
                f"component {component} of the barrier '{self.name}' has shape "
                f"{self.shapes[component]}, not {shape}."
            )

    def _insert(self, key: bytes, value: Any, component: int, batch: int) -> None:
        if self._cancelled or (self._closed and key not in self._incomplete):
            raise errors.CancelledError(
                None, None, f"the barrier '{self.name}' is closed; key {key!r} cannot be inserted."
            )
        found = self._incomplete.setdefault(key, _Waiting(batch, len(self.dtypes)))
        if found.values[component] is not None:
            raise ValueError(
                f"key {key!r} of the barrier '{self.name}' has a value of component {component} "
                "already."
            )
        found.values[component] = np.array(value, self.dtypes[component])
        found.missing -= 1
        if not found.missing:
            del self._incomplete[key]
            heapq.heappush(self._ready, (found.batch, next(self._order), key, found.values))

    def take(
        self, count: int, fewer: bool, wait_for_incomplete: bool, wait: Wait = forever
    ) -> Taken:
        """Takes whole elements out, those whose insertion began first.

        Args:
          count: How many.
          fewer: Whether fewer will do once no more can come.
          wait_for_incomplete: Whether, after closing, elements that are not whole are waited for.
          wait: Waits for a condition.

        Raises:
          OutOfRangeError: If so many cannot come any more.
        """
        with self._changed:
            wait(self._changed, lambda: self._is_decided(count, fewer, wait_for_incomplete))
            ready = len(self._ready)
            if ready < count and not (fewer and ready):
                raise errors.OutOfRangeError(
                    None,
                    None,
                    f"the barrier '{self.name}' is closed and has {ready} elements, not the "
                    f"{count} that were asked for.",
                )
            taken = [heapq.heappop(self._ready) for _ in range(min(count, ready))]
        return Taken(
            np.array([batch for batch, *_ in taken], np.int64),
            [key for _, _, key, _ in taken],
            [self._stacked(index, [each[3][index] for each in taken]) for index in self._numbers],
        )

    @property
    def _numbers(self) -> range:
        return range(len(self.dtypes))

    def _stacked(self, component: int, values: list[Any]) -> Any:
        if values:
            return np.stack(values)
        return np.empty((0, *(self.shapes[component].dims or ())), self.dtypes[component])

    def _is_decided(self, count: int, fewer: bool, wait_for_incomplete: bool) -> bool:
        """Whether there are enough elements, or never will be."""
        if len(self._ready) >= count:
            return True
        if not self._closed:
            return False
        more = bool(self._incomplete) and not self._cancelled
        if fewer and self._ready and not wait_for_incomplete:
            return True
        return not more

    def shut(self, cancel_pending_enqueues: bool) -> None:
        """Closes the barrier: no new keys, and if pending ones are cancelled no components."""
        with self._changed:
            self._closed = True
            self._cancelled = self._cancelled or cancel_pending_enqueues
            if self._cancelled:
                self._incomplete.clear()
            self._changed.notify_all()

    def cancel(self) -> None:
        """Wakes those who wait."""
        with self._changed:
            self._changed.notify_all()
