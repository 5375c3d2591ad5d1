"""The buffer of a shuffle: a ring of positions, and the numbers of the rows that lie there.

With ``start`` the first occupied position, a random occupied one changes places with it, and what
is at ``start`` then goes out; ``start`` moves on, and what is read next takes the position that
became free. These are the steps of TensorFlow 1.15, so the order is its order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tidefall.data.streams.random_words import Words


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
        self._rows: list[int] = []

    @property
    def room(self) -> int:
        """How many positions are free."""
        return self.size - self.count

    def fill(self, numbers: Sequence[int]) -> None:
        """Puts rows at free positions."""
        fresh = min(len(numbers), self.size - len(self._rows))
        if fresh:
            self._rows.extend(numbers[:fresh])
            self.count += fresh
        for number in numbers[fresh:]:
            self._rows[(self._start + self.count) % self.size] = number
            self.count += 1

    def _positions(self, left: Any) -> tuple[list[int], list[int]]:
        """The positions of coming draws, and the ones they change places with."""
        size = len(self._rows)
        count = len(left)
        starts = np.arange(self._start, self._start + count)
        chosen = (starts + self.words.take(count) % left.astype(np.uint32)) % size
        starts %= size
        self._start = (self._start + count) % size
        return chosen.tolist(), starts.tolist()

    def draw(self, count: int) -> list[int]:
        """Draws up to ``count`` rows, whose positions stay free."""
        count = min(count, self.count)
        chosen, starts = self._positions(np.arange(self.count, self.count - count, -1))
        rows, drawn = self._rows, []
        for i, start in zip(chosen, starts, strict=True):
            drawn.append(rows[i])
            rows[i] = rows[start]
        self.count -= count
        return drawn

    def draw_for(self, numbers: Sequence[int]) -> list[int]:
        """Draws a row for each of other rows, which takes the free position at once."""
        chosen, starts = self._positions(np.full(len(numbers), self.count))
        rows, drawn = self._rows, []
        for i, start, number in zip(chosen, starts, numbers, strict=True):
            drawn.append(rows[i])
            rows[i] = rows[start]
            rows[start] = number
        return drawn

    def draw_and_reuse(self, count: int) -> list[int]:
        """Draws rows, each of which comes back to the free position at once with new contents."""
        chosen, starts = self._positions(np.full(count, self.count))
        rows, drawn = self._rows, []
        for i, start in zip(chosen, starts, strict=True):
            row = rows[i]
            drawn.append(row)
            rows[i] = rows[start]
            rows[start] = row
        return drawn

    def save(self) -> Any:
        return self.count, self._start, list(self._rows), self.words.save()

    def restore(self, state: Any) -> None:
        self.count, self._start, rows, words = state
        self._rows = list(rows)
        self.words.restore(words)
