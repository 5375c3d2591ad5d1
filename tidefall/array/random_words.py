"""Random words one after another, as the shuffling of TensorFlow draws them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.array import draws, philox_numpy
from tidefall.array.philox import words_of

#: Blocks of four words that are made at once: where few are wanted, and where many are.
_AHEAD = 512
_FAR_AHEAD = 4096


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
            made, blocks = self._made(-(-missing // 4))
            self._words = np.concatenate([self._words[self._at :], made])
            self._at = 0
            self._next_block += blocks
        self._at += count
        return self._words[self._at - count : self._at]

    def _made(self, wanted: int) -> tuple[Any, int]:
        """The words of so many blocks, or of more; and of how many."""
        code = draws.compiled(0)
        if code is not None and self._next_block:
            blocks = max(_FAR_AHEAD, wanted)
            return code.words(self._key, self._counter, self._next_block, blocks), blocks
        blocks = max(_AHEAD, wanted)
        made = philox_numpy.consecutive(self._key, self._counter, self._next_block, blocks)
        return made.reshape(-1), blocks

    def word(self) -> int:
        """The next word."""
        at = self._at
        if at == len(self._words):
            return int(self.take(1)[0])
        self._at = at + 1
        return int(self._words[at])

    def save(self) -> Any:
        return (*self.seeds, self.position)

    def restore(self, state: Any) -> None:
        self._start(*state)
