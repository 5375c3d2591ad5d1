"""The records of files in random order, epoch after epoch."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from typing import Any

from tidefall.core import errors, hooks
from tidefall.io import gfile
from tidefall.io.record_blocks import RecordBlocks


@hooks.install("shuffled_records")
class ShuffledRecords:
    """Records drawn from a buffer, which is filled from files in random order.

    Args:
      pattern: The names of the files.
      seed: The seed of both orders.
      shift: Which part of the files is moved from the front to the end.
      size: How many records the buffer holds.
      kind: How the files are compressed.

    Raises:
      NotFoundError: If there are no such files.
    """

    def __init__(self, pattern: Any, seed: int, shift: float, size: int, kind: Any) -> None:
        self._pattern = os.fsdecode(pattern)
        self._kind = os.fsdecode(kind)
        self._seed = seed
        self._shift = shift
        self._size = size
        self._lock = threading.Lock()
        self._records = self._endless()

    def take(self, count: int) -> list[bytes]:
        """The next records."""
        with self._lock:
            try:
                return [next(self._records) for _ in range(count)]
            except errors.OpError:
                self._records = self._endless()  # a generator that failed has no more
                raise

    def _endless(self) -> Iterator[bytes]:
        epoch = 0
        while True:
            found = 0
            for record in self._epoch(random.Random(f"{self._seed} {epoch}")):
                found += 1
                yield record
            if not found:
                raise errors.NotFoundError(
                    None, None, f"no file that matches {self._pattern} has records."
                )
            epoch += 1

    def _epoch(self, numbers: random.Random) -> Iterator[bytes]:
        """All records once."""
        waiting: list[bytes] = []
        for record in self._read(numbers):
            if len(waiting) < self._size:
                waiting.append(record)
                continue
            place = numbers.randrange(self._size)
            waiting[place], record = record, waiting[place]
            yield record
        numbers.shuffle(waiting)
        yield from waiting

    def _read(self, numbers: random.Random) -> Iterator[bytes]:
        paths = sorted(gfile.glob(self._pattern))
        numbers.shuffle(paths)
        first = int(self._shift * len(paths))
        for path in paths[first:] + paths[:first]:
            blocks = RecordBlocks(path, self._kind)
            try:
                while (block := blocks.next_block()) is not None:
                    yield from block.values
            finally:
                blocks.close()
