"""Random words one after another, as the shuffling of TensorFlow draws them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.array import philox_numpy
from tidefall.array.philox import words_of

#: Blocks of four words that are made at once.
_AHEAD = 512


class Words:
    """The sequence of 32-bit words of a generator with two seeds."""

    def __init__(self, seed: int, seed2: int) -> None:
        self._start(seed, seed2, 0)

    def _start(self, seed: int, seed2: int, position: int) -> None:
        self.seeds = seed, seed2
        self._key = words_of(seed, 2)
        self._counter = words_of(seed2 % 2**64 << 64, 4)
        self._next_block = position // 4
        self._words: Any = np.empty(0, np.uint32)
        self._at = 0
        if position % 4:
            self.take(position % 4)

    @property
    def position(self) -> int:
        """How many words were taken."""
        return 4 * self._next_block - len(self._words) + self._at

    def take(self, count: int) -> Any:
        """The next ``count`` words."""
        missing = count - (len(self._words) - self._at)
        if missing > 0:
            blocks = max(_AHEAD, -(-missing // 4))
            made = philox_numpy.consecutive(self._key, self._counter, self._next_block, blocks)
            self._words = np.concatenate([self._words[self._at :], made.reshape(-1)])
            self._at = 0
            self._next_block += blocks
        self._at += count
        return self._words[self._at - count : self._at]

    def word(self) -> int:
        """The next word."""
        return int(self.take(1)[0])

    def save(self) -> Any:
        return (*self.seeds, self.position)

    def restore(self, state: Any) -> None:
        self._start(*state)
