"""Streams in random order, the order of TensorFlow 1.15 for the same seeds."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.array import draws
from tidefall.array.random_words import Words
from tidefall.data.streams.passing import Through
from tidefall.data.streams.ring import Ring
from tidefall.data.streams.sources import Slices, seeds_of
from tidefall.data.streams.stream import (
    Columns,
    Element,
    End,
    as_number,
    first_row,
    joined,
    rows_in,
    stream,
)
from tidefall.ops.dataset_steps import Step


class _Buffer:
    """The elements of a shuffle, which the ring knows by number."""

    def __init__(self, source: Any, ring: Ring) -> None:
        self.source = source
        self.ring = ring
        self.over = False
        self.failure: BaseException | None = None

    def read(self, count: int) -> Any:
        """Up to ``count`` elements, or None at the end; a failure is kept for later."""
        try:
            return self.source.block(count)
        except End:
            self.over = True
        except Exception as failure:
            self.failure = failure
        return None

    def fill(self) -> None:
        """Fills the buffer as far as it goes."""
        while not self.over and self.ring.room:
            if self.failure is not None:
                failure, self.failure = self.failure, None
                raise failure
            block = self.read(self.ring.room)
            if block is not None:
                self.add(block)

    def ahead(self, count: int) -> list[Any]:
        """Up to ``count`` elements, in blocks, that come after those in the full buffer."""
        blocks = []
        while count and not self.over and self.failure is None:
            block = self.read(count)
            if block is not None:
                blocks.append(block)
                count -= self.size_of(block)
        return blocks

    def size_of(self, block: Any) -> int:
        return rows_in(block)

    def add(self, block: Any) -> None:
        """Puts elements at free positions."""
        raise AssertionError("each kind of buffer adds in its way")

    def draw(self, count: int) -> Any:
        """Draws elements."""
        raise AssertionError("each kind of buffer draws in its way")

    def exchange(self, blocks: list[Any], put: bool) -> Any:
        """Draws an element for each of others and one more.

        Args:
          blocks: The other elements.
          put: Whether the first of them takes the one free position beforehand.
        """
        raise AssertionError("each kind of buffer exchanges in its way")

    def block(self, count: int) -> Any:
        """The next elements."""
        if self.ring.is_steady:
            blocks = self.ahead(count)
            if blocks:
                return self.exchange(blocks, True)
        self.fill()
        if not self.ring.count:
            raise End
        if self.over:
            return self.draw(count)
        return self.exchange(self.ahead(count - 1), False)

    def save(self) -> Any:
        """The state of the elements."""
        raise AssertionError("each kind of buffer saves in its way")

    def restore(self, state: Any) -> None:
        """Takes a state that `save` returned."""
        raise AssertionError("each kind of buffer restores in its way")


class _Numbers(_Buffer):
    """Rows of arrays in memory: their numbers are all there is to move."""

    def read(self, count: int) -> Any:
        start = self.source.position
        stop = min(start + count, self.source.size)
        if start == stop:
            self.over = True
            return None
        self.source.position = stop
        return range(start, stop)

    def size_of(self, block: Any) -> int:
        return len(block)

    def add(self, block: Any) -> None:
        self.ring.fill(block)

    def draw(self, count: int) -> Any:
        return self._rows(self.ring.draw(count))

    def exchange(self, blocks: list[Any], put: bool) -> Any:
        if not blocks:
            return self.draw(1)
        first, last = blocks[0].start, blocks[-1].stop  # these rows follow one another
        if put:
            self.ring.put(first)
            first += 1
        return self._rows(self.ring.exchange(range(first, last)))

    def _rows(self, numbers: Any) -> Columns:
        return [column.take(numbers, 0) for column in self.source.columns]

    def save(self) -> Any:
        return None

    def restore(self, state: Any) -> None:
        return None


class _Rows(_Buffer):
    """Elements that are kept as rows of columns."""

    def __init__(self, source: Any, ring: Ring) -> None:
        super().__init__(source, ring)
        self._columns: Columns | None = None
        self._free: list[int] = []

    def add(self, block: Columns) -> None:
        count = rows_in(block)
        reused = self._free[:count]
        del self._free[:count]
        if reused:
            for column, new in zip(self._columns or (), block, strict=True):
                column[reused] = new[: len(reused)]
        fresh = count - len(reused)
        if fresh:
            reused += self._grow([column[count - fresh :] for column in block])
        self.ring.fill(reused)

    def _grow(self, block: Columns) -> list[int]:
        if self._columns is None:
            self._columns = [column.copy() for column in block]
            return list(range(rows_in(block)))
        before = rows_in(self._columns)
        self._columns = joined([self._columns, block])
        return list(range(before, rows_in(self._columns)))

    def _take(self, rows: Any) -> Columns:
        return [column.take(rows, 0) for column in self._columns or ()]

    def draw(self, count: int) -> Any:
        rows = self.ring.draw(count)
        self._free += rows.tolist()
        return self._take(rows)

    def exchange(self, blocks: list[Any], put: bool) -> Any:
        if not blocks:
            return self.draw(1)
        block, columns = joined(blocks), self._columns or []
        first = -1
        if put:
            first = self._free.pop()
            self.ring.put(first)
        drawn = self.ring.exchange(rows_in(block) - put)
        self._free.append(int(drawn[-1]))
        code = draws.compiled(0)
        if code is not None and all(_is_numbers(column) for column in columns):
            return code.swap(columns, drawn, block, first)
        if put:
            for column, new in zip(columns, block, strict=True):
                column[first] = new[0]
            block = [new[1:] for new in block]
        return self._exchanged(columns, drawn, block)

    def _exchanged(self, columns: Columns, drawn: Any, block: Columns) -> Columns:
        """The rows that were drawn; each takes the next row of a block when it is."""
        count = rows_in(block)
        taken = self._take(drawn)
        order = np.argsort(drawn, kind="stable")
        again = np.flatnonzero(drawn[order][1:] == drawn[order][:-1])
        for column, out, new in zip(columns, taken, block, strict=True):
            if len(again):
                out[order[again + 1]] = new[order[again]]
            column[drawn[:count]] = new
        return taken

    def save(self) -> Any:
        columns = None if self._columns is None else [each.copy() for each in self._columns]
        return columns, list(self._free)

    def restore(self, state: Any) -> None:
        columns, free = state
        self._columns = None if columns is None else [each.copy() for each in columns]
        self._free = list(free)


def _is_numbers(column: Any) -> bool:
    """Whether the rows of a column are numbers that compiled code can move."""
    return bool(column.ndim == 1 and column.itemsize <= 8 and column.dtype.kind != "O")


class _Elements(_Buffer):
    """Elements of any shapes."""

    def __init__(self, source: Any, ring: Ring) -> None:
        super().__init__(source, ring)
        self._elements: list[Any] = []
        self._free: list[int] = []

    def read(self, count: int) -> Any:
        try:
            return self.source.next()
        except End:
            self.over = True
            return None

    def fill(self) -> None:
        while not self.over and self.ring.room:
            element = self.read(1)
            if self.over:
                return
            if self._free:
                number = self._free.pop()
                self._elements[number] = element
            else:
                number = len(self._elements)
                self._elements.append(element)
            self.ring.fill([number])

    def next(self) -> Element:
        """The next element."""
        self.fill()
        if not self.ring.count:
            raise End
        (number,) = self.ring.draw(1).tolist()
        self._free.append(number)
        element: Element = self._elements[number]
        self._elements[number] = None
        return element

    def save(self) -> Any:
        return list(self._elements), list(self._free)

    def restore(self, state: Any) -> None:
        elements, free = state
        self._elements, self._free = list(elements), list(free)


class _Shuffling(Through):
    """A pass in random order over an input."""

    adds_nothing = True

    def _begin(self, words: Words) -> None:
        ring = Ring(self._size, words)
        kind: type[_Buffer] = _Rows if self.input.wide else _Elements
        if type(self.input) is Slices:
            kind = _Numbers
        self._buffer = kind(self.input, ring)
        self.exclusive = self.keeps_failures = kind is not _Elements

    @property
    def _size(self) -> int:
        size = as_number(self.step["buffer_size"])
        if size <= 0:
            raise ValueError(f"the buffer size of a shuffle must be positive, not {size}.")
        return size

    def next(self) -> Element:
        if isinstance(self._buffer, _Elements):
            return self._buffer.next()
        return first_row(self._buffer.block(1))

    def block(self, count: int) -> Columns:
        columns: Columns = self._buffer.block(count)
        return columns

    def save(self) -> Any:
        buffer = self._buffer
        return buffer.over, buffer.ring.save(), buffer.save(), self.input.save()

    def restore(self, state: Any) -> None:
        over, ring, elements, inner = state
        self._buffer.over = over
        self._buffer.ring.restore(ring)
        self._buffer.restore(elements)
        self.input.restore(inner)


@stream("ShuffleDataset")
class Shuffled(_Shuffling):
    """The elements in random order; in another one in each pass, unless it is to stay."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        seeds = seeds_of(step)
        if not step["reshuffle_each_iteration"]:
            self._begin(Words(*calls.shared(step, lambda: seeds)))
            return
        generator = calls.shared(step, lambda: Words(*seeds))
        first = generator.word()
        self._begin(Words(first, generator.word()))


@stream("ShuffleAndRepeatDataset")
class ShuffledAndRepeated(_Shuffling):
    """Several passes in random order, of which each goes on with the same random numbers."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._count = as_number(step["count"])
        self._pass = 0
        self._empty = True
        self._begin(Words(*seeds_of(step)))

    def next(self) -> Element:
        return self._following(super().next)  # type: ignore[no-any-return]

    def block(self, count: int) -> Columns:
        return self._following(super().block, count)  # type: ignore[no-any-return]

    def _following(self, take: Any, *args: Any) -> Any:
        if self._count == 0:
            raise End
        while True:
            try:
                found = take(*args)
            except End:
                self._again()
                continue
            self._empty = False
            return found

    def _again(self) -> None:
        self._pass += 1
        if self._empty or (self._count >= 0 and self._pass >= self._count):
            raise End
        self._empty = True
        words = self._buffer.ring.words
        self.reopen()
        self._begin(words)

    def save(self) -> Any:
        return self._pass, self._empty, super().save()

    def restore(self, state: Any) -> None:
        self._pass, self._empty, inner = state
        super().restore(inner)
