"""Streams of elements that are made ahead of time."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from typing import Any

from tidefall.core import errors
from tidefall.data.streams.passing import Through
from tidefall.data.streams.stream import Element, End, as_number, stream
from tidefall.ops.dataset_steps import Step

#: How many elements are made ahead where the pipeline is to choose.
_CHOSEN = 2
_DONE = object()


class _Failure:
    """An exception on its way from one thread to another."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Ahead:
    """Makes the elements of a stream in a thread, up to so many ahead of who takes them."""

    def __init__(self, source: Any, size: int, quiet: Any) -> None:
        self._source = source
        self._size = size
        self._quiet = quiet
        self._made: deque[Any] = deque()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(
            target=_make, args=(weakref.ref(self),), name="prefetch", daemon=True
        )
        self._thread.start()

    def take(self) -> Any:
        """The next element, or `_DONE`, or a `_Failure`."""
        with self._changed:
            while not self._made:
                if self._stopped:
                    raise errors.CancelledError(None, None, "the iterator was closed.")
                self._changed.wait(1.0)
            found = self._made[0]
            if found is not _DONE:
                self._made.popleft()
                self._changed.notify_all()
            return found

    def room(self, seconds: float) -> bool | None:
        """Waits until there is room for an element; None if that is not wanted any more."""
        with self._changed:
            if self._stopped:
                return None
            if len(self._made) >= self._size:
                self._changed.wait(seconds)
            return len(self._made) < self._size

    def put(self, made: Any) -> bool:
        """Hands over an element; False after the last one."""
        with self._changed:
            self._made.append(made)
            self._changed.notify_all()
        return made is not _DONE and not self._stopped

    def make(self) -> Any:
        """The next element of the source."""
        try:
            with self._quiet():
                return self._source.next()
        except End:
            return _DONE
        except Exception as error:
            return _Failure(error)

    def stop(self) -> list[Any]:
        """Ends the thread; what was made and not taken."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._thread is not threading.current_thread():
            self._thread.join(1.0)
        return list(self._made)


def _make(owner: weakref.ref[Ahead]) -> None:
    """The thread, which does not keep its owner alive while it waits."""
    while True:
        ahead = owner()
        if ahead is None:
            return
        room = ahead.room(0.5)
        if room is None or (room and not ahead.put(ahead.make())):
            return
        del ahead


@stream("PrefetchDataset")
class Prefetched(Through):
    """Elements that are made ahead of time, in a thread.

    Elements that come in blocks are not, nor rows of arrays: those are no sooner made by a thread,
    and handed over by it, than by whoever asks for them.
    """

    hands_on = True
    adds_nothing = True

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        size = as_number(step["buffer_size"])
        if size < -1:
            raise ValueError(f"the buffer size of a prefetch must not be negative: {size}.")
        self._size = _CHOSEN if size == -1 else size
        self._ahead: Ahead | None = None
        self._left: deque[Any] = deque()

    def next(self) -> Element:
        if self.wide or self.light or self._size == 0:
            return self.input.next()
        if self._left:
            return _unpacked(self._left.popleft())
        if self._ahead is None:
            self._ahead = Ahead(self.input, self._size, self.calls.quiet)
        return taken(self._ahead)

    def close(self) -> None:
        if self._ahead is not None:
            self._ahead.stop()
        super().close()

    def save(self) -> Any:
        if self._ahead is not None:
            self._left.extend(self._ahead.stop())
            self._ahead = None
        return list(self._left), self.input.save()

    def restore(self, state: Any) -> None:
        self.close()
        self._ahead = None
        left, inner = state
        self._left = deque(left)
        self.input.restore(inner)


def taken(ahead: Ahead) -> Element:
    """The next element that was made ahead. Raises `End`, or what went wrong with it."""
    return _unpacked(ahead.take())


def _unpacked(made: Any) -> Element:
    if made is _DONE:
        raise End
    if isinstance(made, _Failure):
        raise made.error
    element: Element = made
    return element
