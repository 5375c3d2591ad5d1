"""NumPy's fast way to the words of `philox`: in place, in pieces that fit the cache.

A call of NumPy costs as much as a few hundred words, and small random tensors are the rule (a
dropout mask, a batch of noise). So when a node runs again and again, its numbers for the next
few runs are made together: a `Lookahead`. The numbers do not depend on it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

Array = Any

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10

# Blocks that are made at once: few enough for the second-level cache, many enough to forget the
# cost of a call.
CHUNK = 8192

_COLUMN = np.array(MULTIPLIERS, np.uint64).reshape(2, 1)
_FIRST, _SECOND = (np.uint64(each) for each in MULTIPLIERS)
_WORD = np.uint64(0xFFFFFFFF)
_BITS = np.uint64(32)


@lru_cache(maxsize=1024)
def _round_keys(first: int, second: int) -> list[Array]:
    """The key of each round, as a column."""
    steps = range(ROUNDS)
    pairs = [((first + i * WEYL[0]), (second + i * WEYL[1])) for i in steps]
    return [np.array([[a % 2**32], [b % 2**32]], np.uint64) for a, b in pairs]


def consecutive(key: Array, counter: Array, start: int, count: int) -> Array:
    """The ``count`` blocks from the counter plus ``start`` on, as an array of (count, 4) words."""
    return at_offsets(key, counter, np.arange(start, start + count, dtype=np.uint64), start + count)


def at_offsets(key: Array, counter: Array, offsets: Array, end: int) -> Array:
    """The blocks at some offsets, all less than ``end``, as an array of (n, 4) words."""
    words = counter.tolist()
    keys = _round_keys(*key.tolist())
    even, odd, product = _scratch.take(len(offsets))
    if words[0] + end < 2**32:
        done = 2
        _first_rounds(words, offsets, keys, even, odd, product)
    else:
        done = 0
        _counters(words, offsets, even, odd)
    swapped = product[::-1]
    for round_key in keys[done:]:
        np.multiply(even, _COLUMN, product)
        np.right_shift(swapped, _BITS, even)
        np.bitwise_xor(odd, round_key, odd)
        np.bitwise_xor(even, odd, even)
        np.bitwise_and(swapped, _WORD, odd)
    # Words 0 and 1, and 2 and 3, as one of 64 bits each.
    np.left_shift(odd, _BITS, odd)
    pairs = np.empty((len(offsets), 2), "<u8")
    np.bitwise_or(even, odd, pairs.T)
    return pairs.view("<u4")


def _counters(words: list[int], offsets: Array, even: Array, odd: Array) -> None:
    """The words 0 and 2, and 1 and 3, of the counter at each offset."""
    start = words[0] | words[1] << 32
    high = words[2] | words[3] << 32
    low = np.uint64(start) + offsets
    carried = np.uint64(high) + (low < np.uint64(start))
    even[0], odd[0] = low & _WORD, low >> _BITS
    even[1], odd[1] = carried & _WORD, carried >> _BITS


def _first_rounds(
    words: list[int], offsets: Array, keys: list[Array], even: Array, odd: Array, product: Array
) -> None:
    """Two rounds in the usual case, in which only the lowest word of the counter varies.

    In the first round one of the two products then is a number, in the second the other one.
    """
    (key0, key1), (next0, next1) = keys[0].ravel().tolist(), keys[1].ravel().tolist()
    number = words[2] * MULTIPLIERS[1]
    even0, odd0 = (number >> 32) ^ words[1] ^ key0, number % 2**32
    np.add(offsets, np.uint64(words[0]), even[0])
    np.multiply(even[0], _FIRST, product[0])
    np.right_shift(product[0], _BITS, even[1])
    np.bitwise_xor(even[1], np.uint64(words[3] ^ key1), even[1])
    np.bitwise_and(product[0], _WORD, odd[1])

    number = even0 * MULTIPLIERS[0]
    np.multiply(even[1], _SECOND, product[1])
    np.bitwise_xor(odd[1], np.uint64((number >> 32) ^ next1), even[1])
    np.right_shift(product[1], _BITS, even[0])
    np.bitwise_xor(even[0], np.uint64(odd0 ^ next0), even[0])
    np.bitwise_and(product[1], _WORD, odd[0])
    odd[1] = np.uint64(number % 2**32)


class _Scratch(threading.local):
    """Memory of each thread for words in the making; fresh memory costs as much as they do."""

    def __init__(self) -> None:
        self._memory = np.empty(3 * 2 * CHUNK, np.uint64)

    def take(self, count: int) -> Array:
        size = 3 * 2 * count
        memory = self._memory if count <= CHUNK else np.empty(size, np.uint64)
        return memory[:size].reshape(3, 2, count)


_scratch = _Scratch()


class Ahead(NamedTuple):
    """Where a stream stands in the runs of its node, for `Lookahead`."""

    cache: Lookahead
    position: int
    stride: int


class Lookahead:
    """The values that a node's next runs will draw.

    The first run computes its own values alone; from then on, each time the store is used up,
    twice as many runs are computed together, up to a bound.
    """

    __slots__ = ("_batch", "_runs")

    MOST_RUNS = 64
    MOST_BLOCKS = 4096

    def __init__(self) -> None:
        # What the values are, the position and stride of the first of these runs, a row for each.
        self._batch: tuple[Hashable, int, int, Array] | None = None
        self._runs = 1

    def take(
        self,
        what: Hashable,
        ahead: Ahead,
        count: int,
        compute: Callable[[Array, int], Array],
    ) -> Array:
        """The values of one run.

        Args:
          what: Says which values are made of the words.
          ahead: Where the run's stream begins, and how far from it the next run's does.
          count: How many blocks a run needs.
          compute: Given offsets of shape ``(runs, count)`` and the end of their range, returns
            the values, a row for each run.
        """
        batch, stride = self._batch, ahead.stride
        wanted = 0
        if batch is not None and batch[0] == what and batch[2] == stride and stride:
            wanted = (ahead.position - batch[1]) // stride
            if 0 <= wanted < len(batch[3]):
                return batch[3][wanted].copy()
        follows = batch is not None and wanted == len(batch[3])
        most = min(self.MOST_RUNS, self.MOST_BLOCKS // max(count, 1))
        runs = max(1, min(2 * self._runs, most)) if follows else 1
        starts = np.arange(runs, dtype=np.uint64) * np.uint64(stride)
        offsets = starts[:, None] + np.arange(count, dtype=np.uint64)
        values = compute(offsets, (runs - 1) * stride + count)
        self._runs = runs
        if runs == 1:  # nothing to keep but where the next run begins
            self._batch = (what, ahead.position + stride, stride, values[:0].copy())
            return values[0]
        self._batch = (what, ahead.position, stride, values)
        return values[0].copy()
