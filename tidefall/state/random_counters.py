"""Where the random ops of a session stand in their streams.

Each node that draws random numbers has a stream of its own, started by its two seeds. A run
reserves a range of it, whatever part of it the kernel then uses, so the numbers depend on how
often the node ran in this session and on nothing else.
"""

from __future__ import annotations

import os
import threading

from tidefall.array.philox import BLOCKS_PER_OUTPUT, Stream, words_of
from tidefall.array.philox_numpy import Ahead, Lookahead


def chance() -> tuple[int, int]:
    """Two seeds of 64 bits that nobody chose."""
    return int.from_bytes(os.urandom(8), "little"), int.from_bytes(os.urandom(8), "little")


class _Counter:
    """The stream of one node, and how much of it has been given away."""

    __slots__ = ("cache", "key", "lock", "position", "seeds", "start")

    def __init__(self, seeds: tuple[int, int]) -> None:
        self.seeds = seeds
        # Without seeds TensorFlow draws them anew for each node of each session.
        key, start = seeds if seeds != (0, 0) else chance()
        self.key = words_of(key, 2)
        self.start = start % 2**64 << 64
        self.position = 0
        self.cache = Lookahead()
        self.lock = threading.Lock()


class RandomCounters:
    """The streams of a session's nodes. May be used by several threads at once."""

    def __init__(self) -> None:
        self._counters: dict[str, _Counter] = {}

    def reserve(
        self,
        node_name: str,
        seed: int,
        seed2: int,
        outputs: int,
        blocks_per_output: int = BLOCKS_PER_OUTPUT,
    ) -> Stream:
        """Takes the next part of a node's stream.

        Args:
          node_name: The node.
          seed: Its attribute ``seed``.
          seed2: Its attribute ``seed2``. If both are 0 the stream is different in each session.
          outputs: How many values the run draws.
          blocks_per_output: How much of the stream is set aside for each of them.

        Returns:
          The stream, to be read by this run only.
        """
        counter = self._counters.get(node_name)
        if counter is None or counter.seeds != (seed, seed2):
            fresh = _Counter((seed, seed2))
            if counter is None:
                counter = self._counters.setdefault(node_name, fresh)
            else:
                counter = self._counters[node_name] = fresh
        stride = outputs * blocks_per_output
        with counter.lock:
            position = counter.position
            counter.position = position + stride
        ahead = Ahead(counter.cache, position, stride)
        return Stream(counter.key, words_of(counter.start + position, 4), ahead)

    def give_back(self, node_name: str, blocks: int) -> None:
        """Takes back the last reservation of a node, which was not read."""
        counter = self._counters.get(node_name)
        if counter is not None:
            with counter.lock:
                counter.position = max(0, counter.position - blocks)
