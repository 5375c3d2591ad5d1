"""The buffer of a shuffle: a ring of positions, and the numbers of the rows that lie there.

With ``start`` the first occupied position, a random occupied one changes places with it, and what
is at ``start`` then goes out; ``start`` moves on, and what is read next takes the position that
became free. These are the steps of TensorFlow 1.15, so the order is its order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tidefall.array import draws
from tidefall.array.random_words import Words


class Ring:
    """Row numbers in a buffer.

    Args:
      size: How many positions there are.
      words: Where the random numbers come from.

    Attributes:
      count: How many positions are occupied.
    """

    def __init__(self, size: int, words: Words) -> None:
        self.size = size
        self.count = 0
        self.words = words
        self._start = 0
        #: The positions used so far: a list, or an array (longer than that) for compiled draws.
        self._rows: Any = []
        self._used = 0

    @property
    def room(self) -> int:
        """How many positions are free."""
        return self.size - self.count

    def fill(self, numbers: Sequence[int]) -> None:
        """Puts rows at free positions."""
        if self._compiled(0) is not None:
            numbers = _as_array(numbers)
        fresh = min(len(numbers), self.size - self._used)
        if fresh:
            self._extend(numbers[:fresh])
        left = len(numbers) - fresh
        if left and isinstance(self._rows, list):
            for number in numbers[fresh:]:
                self._rows[(self._start + self.count) % self.size] = number
                self.count += 1
        elif left:
            places = np.arange(left) + (self._start + self.count)
            self._rows[places % self.size] = numbers[fresh:]
            self.count += left

    @property
    def is_steady(self) -> bool:
        """Whether all positions were occupied, and one of them has become free."""
        return self.room == 1 and self._used == self.size

    def put(self, number: int) -> None:
        """Puts a row at a free position of those used before."""
        self._rows[(self._start + self.count) % self.size] = number
        self.count += 1

    def _extend(self, numbers: Any) -> None:
        count = len(numbers)
        if isinstance(self._rows, list):
            self._rows.extend(numbers)
        else:
            if self._used + count > len(self._rows):
                length = max(2 * len(self._rows), self._used + count)
                self._rows = _longer(self._rows[: self._used], min(length, self.size))
            self._rows[self._used : self._used + count] = numbers
        self._used += count
        self.count += count

    def _compiled(self, count: int) -> draws.Compiled | None:
        """Compiled code for so many draws; from the first time on the rows are in an array."""
        found = draws.compiled(count)
        if found is not None and isinstance(self._rows, list):
            self._rows = np.array(self._rows, np.int64)
        return found

    def _drawn(self, code: draws.Compiled, count: int, shrinks: bool, refill: Any) -> Any:
        """Compiled draws."""
        rows = self._rows[: self._used]
        words = self.words.take(count)
        drawn = code.ring(rows, self._start, self.count, shrinks, words, refill)
        self._start = (self._start + count) % self._used
        return drawn

    def _positions(self, left: Any) -> tuple[list[int], list[int]]:
        """The positions of coming draws, and the ones they change places with."""
        size = self._used
        count = len(left)
        starts = np.arange(self._start, self._start + count)
        chosen = (starts + self.words.take(count) % left.astype(np.uint32)) % size
        starts %= size
        self._start = (self._start + count) % size
        return chosen.tolist(), starts.tolist()

    def draw(self, count: int) -> Any:
        """Draws up to ``count`` rows, whose positions stay free."""
        count = min(count, self.count)
        code = self._compiled(count)
        if code is not None:
            drawn = self._drawn(code, count, True, None)
            self.count -= count
            return drawn
        chosen, starts = self._positions(np.arange(self.count, self.count - count, -1))
        rows, found = self._rows, []
        for i, start in zip(chosen, starts, strict=True):
            found.append(rows[i])
            rows[i] = rows[start]
        self.count -= count
        return np.array(found, np.int64)

    def exchange(self, numbers: Any) -> Any:
        """Draws a row for each of other rows, which takes the free position at once; and one more.

        Args:
          numbers: The other rows; or how many rows come back themselves, with new contents.
        """
        count = numbers if isinstance(numbers, int) else len(numbers)
        code = self._compiled(count + 1)
        if code is not None:  # what lies at the free position after the last draw does not matter
            refill = True if isinstance(numbers, int) else _as_array(numbers, 1)
            drawn = self._drawn(code, count + 1, False, refill)
            self.count -= 1
            return drawn
        found = self._reusing(count) if isinstance(numbers, int) else self._drawn_for(numbers)
        return np.concatenate([np.array(found, np.int64), self.draw(1)])

    def _drawn_for(self, numbers: Sequence[int]) -> list[int]:
        chosen, starts = self._positions(np.full(len(numbers), self.count))
        rows, drawn = self._rows, []
        for i, start, number in zip(chosen, starts, numbers, strict=True):
            drawn.append(rows[i])
            rows[i] = rows[start]
            rows[start] = number
        return drawn

    def _reusing(self, count: int) -> list[int]:
        chosen, starts = self._positions(np.full(count, self.count))
        rows, drawn = self._rows, []
        for i, start in zip(chosen, starts, strict=True):
            row = rows[i]
            drawn.append(row)
            rows[i] = rows[start]
            rows[start] = row
        return drawn

    def save(self) -> Any:
        rows = self._rows if isinstance(self._rows, list) else self._rows[: self._used].tolist()
        return self.count, self._start, list(rows), self.words.save()

    def restore(self, state: Any) -> None:
        self.count, self._start, rows, words = state
        self._rows, self._used = list(rows), len(rows)
        self.words.restore(words)


def _as_array(numbers: Any, more: int = 0) -> Any:
    """Numbers as an array, with room for some more."""
    if isinstance(numbers, range):
        return np.arange(numbers.start, numbers.stop + more)
    array = np.ascontiguousarray(numbers, np.int64)
    return _longer(array, len(array) + more) if more else array


def _longer(array: Any, length: int) -> Any:
    """A longer array that begins with this one."""
    result = np.empty(length, array.dtype)
    result[: len(array)] = array
    return result
