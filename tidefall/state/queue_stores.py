"""Where a queue keeps its elements: in order, at random, by priority; in columns or in rows.

An element is a *row*: one array for each component. Where all rows have the same shape they are
kept in *columns*, one array for each component, so that many rows are moved by few copies.

A `dequeue_many` that waits for more elements keeps what it has in a *batch*; what it must not
keep is given back.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from tidefall.array import draws
from tidefall.array.random_words import Words

Array = Any
Row = Sequence[Array]

#: Rows for which columns have room at first.
_AT_FIRST = 64


class Batch(Protocol):
    """The elements a waiting ``dequeue_many`` has so far.

    Attributes:
      count: How many these are.
    """

    count: int

    def result(self) -> list[Array]:
        """The components, each with a leading dimension of ``count``."""


class Store(Protocol):
    """Where a queue keeps its elements."""

    def __len__(self) -> int: ...

    def put(self, row: Row) -> None:
        """Adds a copy of one row."""

    def put_many(self, columns: Sequence[Array], start: int, stop: int) -> None:
        """Adds copies of some rows of a batch."""

    def take(self) -> list[Array]:
        """Removes one row, and returns it. There must be one."""

    def batch(self, size: int) -> Any:
        """An empty `Batch`, for so many rows."""

    def move(self, batch: Any, count: int) -> None:
        """Moves so many rows, which must be there, into a batch of this store."""

    def give_back(self, batch: Any) -> None:
        """Puts the rows of a batch back where they came from, and empties it."""


# -- columns --------------------------------------------------------------------------------------


def _empty(length: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    return np.empty((length, *shape), dtype)


def _own(column: Array, index: int) -> Array:
    """One row of a column, as an array (or number) that shares no memory with it."""
    if column.ndim > 1:
        return column[index].copy()
    value = column[index]
    return np.array(value, object) if column.dtype.kind == "O" else value


class ColumnBatch:
    """A batch whose rows have a known shape."""

    def __init__(self, size: int, dtypes: Sequence[Any], shapes: Sequence[tuple[Any, ...]]) -> None:
        self.count = 0
        self.columns = [_empty(size, s, d) for s, d in zip(shapes, dtypes, strict=True)]

    def result(self) -> list[Array]:
        """The components."""
        return [column[: self.count] for column in self.columns]


class Ring:
    """Rows of one shape, first in, first out.

    Args:
      dtypes: The dtype of each component.
      shapes: The shape of each component of a row.
    """

    def __init__(self, dtypes: Sequence[Any], shapes: Sequence[tuple[Any, ...]]) -> None:
        self._dtypes = dtypes
        self._shapes = shapes
        self._length = _AT_FIRST
        self._columns = [_empty(_AT_FIRST, s, d) for s, d in zip(shapes, dtypes, strict=True)]
        self._objects = [column for column in self._columns if column.dtype.kind == "O"]
        self._first = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, row: Row) -> None:
        """Adds a row at the end."""
        if self._count == self._length:
            self._grow(self._count + 1)
        at = (self._first + self._count) % self._length
        for column, value in zip(self._columns, row, strict=True):
            column[at] = value if column.ndim > 1 else value[()]
        self._count += 1

    def put_many(self, columns: Sequence[Array], start: int, stop: int) -> None:
        """Adds rows at the end."""
        self._grow(self._count + stop - start)
        self._write(self._first + self._count, columns, start, stop)
        self._count += stop - start

    def take(self) -> list[Array]:
        """Removes the first row."""
        at = self._first
        row = [_own(column, at) for column in self._columns]
        for column in self._objects:
            column[at] = None
        self._first = (at + 1) % self._length
        self._count -= 1
        return row

    def batch(self, size: int) -> ColumnBatch:
        """An empty batch."""
        return ColumnBatch(size, self._dtypes, self._shapes)

    def move(self, batch: ColumnBatch, count: int) -> None:
        """Moves the first rows to the end of a batch."""
        for source, target, size in self._pieces(self._first, count):
            for column, out in zip(self._columns, batch.columns, strict=True):
                at = batch.count + target
                out[at : at + size] = column[source : source + size]
            for column in self._objects:
                column[source : source + size] = None
        batch.count += count
        self._first = (self._first + count) % self._length
        self._count -= count

    def give_back(self, batch: ColumnBatch) -> None:
        """Puts the rows of a batch before the first row."""
        self._grow(self._count + batch.count)
        self._first = (self._first - batch.count) % self._length
        self._write(self._first, batch.columns, 0, batch.count)
        self._count += batch.count
        batch.count = 0

    def _pieces(self, at: int, count: int) -> list[tuple[int, int, int]]:
        """The one or two stretches that rows from ``at`` on lie in: (place, offset, size)."""
        at %= self._length
        head = min(count, self._length - at)
        return [(at, 0, head), (0, head, count - head)] if head < count else [(at, 0, count)]

    def _write(self, at: int, columns: Sequence[Array], start: int, stop: int) -> None:
        for place, offset, size in self._pieces(at, stop - start):
            for column, values in zip(self._columns, columns, strict=True):
                column[place : place + size] = values[start + offset : start + offset + size]

    def _grow(self, needed: int) -> None:
        if needed <= self._length:
            return
        length = max(needed, 2 * self._length)
        longer = [_empty(length, s, d) for s, d in zip(self._shapes, self._dtypes, strict=True)]
        for place, offset, size in self._pieces(self._first, self._count):
            for column, out in zip(self._columns, longer, strict=True):
                out[offset : offset + size] = column[place : place + size]
        self._columns = longer
        self._objects = [column for column in longer if column.dtype.kind == "O"]
        self._length, self._first = length, 0


class _Places:
    """A stack of numbers of rows."""

    def __init__(self) -> None:
        self._numbers: Any = np.empty(0, np.int64)
        self.count = 0

    def push(self, numbers: Any) -> None:
        """Puts numbers on top."""
        count = self.count + len(numbers)
        if count > len(self._numbers):
            longer = np.empty(max(2 * self.count, count), np.int64)
            longer[: self.count] = self._numbers[: self.count]
            self._numbers = longer
        self._numbers[self.count : count] = numbers
        self.count = count

    def pop(self, count: int) -> Any:
        """Takes numbers from the top, those that were pushed first in front."""
        self.count -= count
        return self._numbers[self.count : self.count + count].copy()

    def draw(self, words: Any) -> Any:
        """Takes a random number for each word; the topmost one fills the gap it leaves."""
        code = draws.compiled(len(words))
        if code is not None:
            found = code.bag(self._numbers, self.count, words)
        else:
            found = self._drawn(words.tolist())
        self.count -= len(words)
        return found

    def _drawn(self, words: list[int]) -> Any:
        numbers, last, found = self._numbers, self.count, []
        for word in words:
            index = word % last
            last -= 1
            found.append(numbers[index])
            numbers[index] = numbers[last]
        return np.array(found, np.int64)


class Bag:
    """Rows of one shape, each taken at random: the last one fills the gap it leaves.

    Args:
      dtypes: The dtype of each component.
      shapes: The shape of each component of a row.
      words: Gives random words.
    """

    def __init__(
        self, dtypes: Sequence[Any], shapes: Sequence[tuple[Any, ...]], words: Words
    ) -> None:
        self._dtypes = dtypes
        self._shapes = shapes
        self._words = words
        self._columns = [_empty(0, s, d) for s, d in zip(shapes, dtypes, strict=True)]
        self._objects: list[Array] = []
        self._places = _Places()  # where the rows are, in their order
        self._free = _Places()

    def __len__(self) -> int:
        return self._places.count

    def put(self, row: Row) -> None:
        """Adds a row at the end of the order."""
        places = self._claimed(1)
        (place,) = places
        for column, value in zip(self._columns, row, strict=True):
            column[place] = value if column.ndim > 1 else value[()]
        self._places.push(places)

    def put_many(self, columns: Sequence[Array], start: int, stop: int) -> None:
        """Adds rows at the end of the order."""
        places = self._claimed(stop - start)
        for column, values in zip(self._columns, columns, strict=True):
            column[places] = values[start:stop]
        self._places.push(places)

    def take(self) -> list[Array]:
        """Removes a random row."""
        places = self._places.draw(self._words.take(1))
        row = [_own(column, places[0]) for column in self._columns]
        self._release(places)
        return row

    def batch(self, size: int) -> ColumnBatch:
        """An empty batch."""
        return ColumnBatch(size, self._dtypes, self._shapes)

    def move(self, batch: ColumnBatch, count: int) -> None:
        """Moves random rows to the end of a batch."""
        places = self._places.draw(self._words.take(count))
        end = batch.count + count
        for column, out in zip(self._columns, batch.columns, strict=True):
            column.take(places, 0, out[batch.count : end], "clip")  # unlike "raise" without a copy
        batch.count = end
        self._release(places)

    def give_back(self, batch: ColumnBatch) -> None:
        """Puts the rows of a batch at the end of the order, the last one first."""
        columns = [column[: batch.count][::-1] for column in batch.columns]
        self.put_many(columns, 0, batch.count)
        batch.count = 0

    def _release(self, places: Any) -> None:
        for column in self._objects:
            column[places] = None
        self._free.push(places)

    def _claimed(self, count: int) -> Any:
        """Places that were free."""
        if count > self._free.count:
            self._grow(count)
        return self._free.pop(count)

    def _grow(self, count: int) -> None:
        before = len(self._columns[0])
        length = max(2 * before, before + count, _AT_FIRST)
        longer = [_empty(length, s, d) for s, d in zip(self._shapes, self._dtypes, strict=True)]
        for column, out in zip(self._columns, longer, strict=True):
            out[:before] = column
        self._columns = longer
        self._objects = [column for column in longer if column.dtype.kind == "O"]
        self._free.push(np.arange(before, length))


# -- rows -----------------------------------------------------------------------------------------


def _row(row: Row) -> list[Array]:
    """A row that shares no memory with the one given."""
    return [np.array(value, value.dtype) for value in row]


class RowBatch:
    """A batch whose rows may have different shapes, and are padded to the largest.

    Args:
      dtypes: The dtype of each component.
      shapes: The shape of each component of a row, with None for sizes that are not fixed.
    """

    def __init__(self, dtypes: Sequence[Any], shapes: Sequence[tuple[int | None, ...]]) -> None:
        self._dtypes = dtypes
        self._shapes = shapes
        self.rows: list[Row] = []

    @property
    def count(self) -> int:
        """The number of rows."""
        return len(self.rows)

    def result(self) -> list[Array]:
        """The components, padded with zeros or empty texts."""
        values = zip(*self.rows, strict=True) if self.rows else [() for _ in self._dtypes]
        return [
            _padded(list(each), shape, dtype)
            for each, shape, dtype in zip(values, self._shapes, self._dtypes, strict=True)
        ]


def _padded(values: list[Array], shape: tuple[int | None, ...], dtype: np.dtype[Any]) -> Array:
    sizes: list[int] = [
        max([value.shape[axis] for value in values], default=0) if size is None else size
        for axis, size in enumerate(shape)
    ]
    result = np.full(
        (len(values), *sizes), b"" if dtype.kind == "O" else np.zeros((), dtype), dtype
    )
    for index, value in enumerate(values):
        corner: tuple[Any, ...] = (index, *[slice(size) for size in value.shape])
        result[corner] = value if value.ndim else value[()]
    return result


class _RowStore:
    """What stores of rows share.

    Args:
      dtypes: The dtype of each component.
      shapes: The shape of each component, with None for sizes that are not fixed; None if rows
        need have nothing in common.
    """

    def __init__(
        self, dtypes: Sequence[Any], shapes: Sequence[tuple[int | None, ...]] | None
    ) -> None:
        self._dtypes = dtypes
        self._shapes = shapes or ()

    def put(self, row: Row) -> None:
        """Adds a copy of a row."""
        self._add(_row(row))

    def put_many(self, columns: Sequence[Array], start: int, stop: int) -> None:
        """Adds copies of rows."""
        for index in range(start, stop):
            self._add([_own(column, index) for column in columns])

    def take(self) -> list[Array]:
        """Removes a row."""
        return list(self._remove())

    def batch(self, size: int) -> RowBatch:
        """An empty batch."""
        return RowBatch(self._dtypes, self._shapes)

    def move(self, batch: RowBatch, count: int) -> None:
        """Moves rows to the end of a batch."""
        batch.rows += [self._remove() for _ in range(count)]

    def give_back(self, batch: RowBatch) -> None:
        """Puts the rows of a batch back, the last one first."""
        for row in reversed(batch.rows):
            self._return(row)
        batch.rows.clear()

    def _add(self, row: Row) -> None:
        raise NotImplementedError

    def _remove(self) -> Row:
        raise NotImplementedError

    def _return(self, row: Row) -> None:
        self._add(row)


class Rows(_RowStore):
    """Rows, first in, first out."""

    def __init__(
        self, dtypes: Sequence[Any], shapes: Sequence[tuple[int | None, ...]] | None
    ) -> None:
        super().__init__(dtypes, shapes)
        self._rows: deque[Row] = deque()

    def __len__(self) -> int:
        return len(self._rows)

    def _add(self, row: Row) -> None:
        self._rows.append(row)

    def _remove(self) -> Row:
        return self._rows.popleft()

    def _return(self, row: Row) -> None:
        self._rows.appendleft(row)


class RowBag(_RowStore):
    """Rows, each taken at random."""

    def __init__(self, dtypes: Sequence[Any], words: Words) -> None:
        super().__init__(dtypes, None)
        self._rows: list[Row] = []
        self._words = words

    def __len__(self) -> int:
        return len(self._rows)

    def _add(self, row: Row) -> None:
        self._rows.append(row)

    def _remove(self) -> Row:
        rows = self._rows
        index = self._words.word() % len(rows)
        row = rows[index]
        rows[index] = rows[-1]
        rows.pop()
        return row


class _Ranked:
    """A row with its priority. Equal priorities are not compared further."""

    __slots__ = ("rank", "row")

    def __init__(self, row: Row) -> None:
        self.rank = int(row[0])
        self.row = row

    def __lt__(self, other: _Ranked) -> bool:
        return self.rank < other.rank


class Heap(_RowStore):
    """Rows, the one with the smallest first component first."""

    def __init__(
        self, dtypes: Sequence[Any], shapes: Sequence[tuple[int | None, ...]] | None
    ) -> None:
        super().__init__(dtypes, shapes)
        self._heap: list[_Ranked] = []

    def __len__(self) -> int:
        return len(self._heap)

    def _add(self, row: Row) -> None:
        heapq.heappush(self._heap, _Ranked(row))

    def _remove(self) -> Row:
        return heapq.heappop(self._heap).row
