"""Streams that keep elements: made ahead of time, or for the next pass."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from typing import Any

from tidefall.core import errors
from tidefall.data.streams.passing import Through
from tidefall.data.streams.stream import Columns, Element, End, as_bytes, as_number, stream
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


class _Kept:
    """What a cache holds: whole elements, or blocks of them, of one complete pass."""

    def __init__(self) -> None:
        self.complete = False
        self.parts: list[Any] = []


@stream("CacheDataset")
class Cached(Through):
    """Elements that are kept in memory when they have all been made once."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        name = as_bytes(step["filename"])
        if name:
            raise errors.UnimplementedError(
                None,
                None,
                f"elements cannot be kept in a file ({name!r}) yet; leave the name out to keep "
                "them in memory.",
            )
        self._kept: _Kept = calls.shared(step, _Kept)
        self._reading = self._kept.complete
        self._new: list[Any] = []
        self._at = 0

    def next(self) -> Element:
        if self.wide:
            return super(Through, self).next()
        if self._reading:
            return _views(self._read())
        element = self._made(self.input.next)
        return _views(element)

    def block(self, count: int) -> Columns:
        if not self._reading:
            return _views(self._made(self.input.block, count))
        columns = self._read()
        if len(columns[0]) > count:
            self._at -= 1
            offset = self._offset
            part = [column[offset : offset + count] for column in columns]
            self._offset += count
            if self._offset >= len(columns[0]):
                self._offset = 0
                self._at += 1
            return part
        return _views(columns)

    _offset = 0

    def _read(self) -> Any:
        if self._at == len(self._kept.parts):
            raise End
        self._at += 1
        return self._kept.parts[self._at - 1]

    def _made(self, take: Any, *args: Any) -> Any:
        try:
            found = take(*args)
        except End:
            self._kept.parts, self._kept.complete = self._new, True
            raise
        self._new.append(found)
        return found

    def save(self) -> Any:
        kept = list(self._kept.parts) if self._reading else list(self._new)
        return self._reading, self._at, self._offset, kept, self.input.save()

    def restore(self, state: Any) -> None:
        self._reading, self._at, self._offset, kept, inner = state
        if self._reading:
            self._kept.parts, self._kept.complete = list(kept), True
        else:
            self._new = list(kept)
        self.input.restore(inner)


def _views(arrays: list[Any]) -> list[Any]:
    """Views, so that whoever changes them copies them first."""
    return [each.view() if getattr(each, "ndim", 0) else each for each in arrays]
