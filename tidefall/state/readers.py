"""Readers: they take the names of files from a queue, and give their records one by one.

A reader works through one file (a piece of work) at a time. What a file is made of is its
`Source`; it hands out whole blocks of records, so that whoever wants many gets them at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple, Protocol

from tidefall.core import errors

#: Gives the next piece of work, the name of a file; waits for it.
NextWork = Callable[[], bytes]


class Block(NamedTuple):
    """Records that follow one another.

    Attributes:
      values: The records.
      key: From the index of a record in this block to its key.
    """

    values: list[bytes]
    key: Callable[[int], bytes]


class Source(Protocol):
    """An opened piece of work."""

    @property
    def finishes_early(self) -> bool:
        """Whether the last record also ends the work, not the attempt to read another."""

    def next_block(self) -> Block | None:
        """The next records, at least one; None at the end. Raises what is wrong with them."""

    def close(self) -> None:
        """Gives back what is open."""


class ReaderState(NamedTuple):
    """How far a reader has come, as far as it can be written down."""

    work_started: int
    work_finished: int
    records: int
    work: bytes


_EMPTY = Block([], lambda index: b"")


class Reader:
    """Gives the records of many files, in order.

    Args:
      name: What error messages call it.
      open_work: Opens a piece of work.
      has_state: Whether the state can be saved: only where a record is a whole piece of work.
    """

    def __init__(
        self, name: str, open_work: Callable[[bytes], Source], has_state: bool = False
    ) -> None:
        self.name = name
        self._open = open_work
        self._has_state = has_state
        #: Held while records are read; who looks `ahead` and then advances holds it throughout.
        self.lock = self._lock = threading.RLock()
        self._source: Source | None = None
        self._block = _EMPTY
        self._at = 0
        self._work = b""
        self._started = 0
        self._finished = 0
        self._records = 0

    @property
    def records_produced(self) -> int:
        """How many records were read."""
        return self._records

    @property
    def work_finished(self) -> int:
        """How many pieces of work were read to the end."""
        return self._finished

    def read(self, next_work: NextWork) -> tuple[bytes, bytes]:
        """The key and the value of the next record."""
        with self._lock:
            while not self._fill():
                self._start(next_work())
            index = self._at
            key, value = self._block.key(index), self._block.values[index]
            self.advance(1)
            return key, value

    def read_up_to(self, next_work: NextWork, count: int) -> tuple[list[bytes], list[bytes]]:
        """Keys and values of the next records: ``count``, or those left in the work at hand.

        They are never from two pieces of work.
        """
        keys: list[bytes] = []
        values: list[bytes] = []
        with self._lock:
            while len(values) < count:
                if not self._filled_for(values):
                    if values:
                        break
                    self._start(next_work())
                    continue
                stop = min(self._at + count - len(values), len(self._block.values))
                keys += map(self._block.key, range(self._at, stop))
                values += self._block.values[self._at : stop]
                self.advance(stop - self._at)
        return keys, values

    def ahead(self, count: int) -> list[bytes]:
        """The values of up to ``count`` records to come, as far as they are at hand.

        Nothing is consumed (see `advance`). The list is empty where the work at hand has come to
        its end; then `read` takes the next piece from the queue.
        """
        with self._lock:
            if not self._fill():
                return []
            return self._block.values[self._at : self._at + count]

    @property
    def place(self) -> tuple[Block, int]:
        """The block at hand, and which of its records is the next."""
        return self._block, self._at

    def advance(self, count: int) -> None:
        """Consumes records that `ahead` showed."""
        with self._lock:
            self._at += count
            self._records += count
            source = self._source
            if source is not None and source.finishes_early and self._is_empty():
                self._finish()

    def reset(self) -> None:
        """Begins anew: forgets the work at hand and the counts."""
        with self._lock:
            self._drop()
            self._work = b""
            self._started = self._finished = self._records = 0

    def state(self) -> ReaderState:
        """What `restore` needs.

        Raises:
          UnimplementedError: If a reader of this kind has no state that can be saved.
        """
        self._check_has_state()
        with self._lock:
            return ReaderState(self._started, self._finished, self._records, self._work)

    def restore(self, state: ReaderState) -> None:
        """Goes back to a saved state.

        Raises:
          UnimplementedError: As `state`.
        """
        self._check_has_state()
        with self._lock:
            self._drop()
            self._started, self._finished, self._records, self._work = state
            if self._started > self._finished:
                self._source = self._open(self._work)

    def close(self) -> None:
        """Closes what is open."""
        with self._lock:
            self._drop()

    def _check_has_state(self) -> None:
        if not self._has_state:
            raise errors.UnimplementedError(
                None,
                None,
                f"the state of a {self.name} cannot be saved: it would have to remember a place "
                "inside a file. WholeFileReader and IdentityReader can.",
            )

    def _is_empty(self) -> bool:
        return self._at >= len(self._block.values)

    def _fill(self) -> bool:
        """Whether a record is at hand, after another block was read if need be."""
        if not self._is_empty():
            return True
        if self._source is None:
            return False
        block = self._source.next_block()
        if block is None:
            self._finish()
            return False
        self._block, self._at = block, 0
        return True

    def _filled_for(self, values: list[bytes]) -> bool:
        """`_fill`; what is wrong further on waits until the records before it are delivered."""
        try:
            return self._fill()
        except errors.OpError:
            if values:
                return False
            raise

    def _start(self, work: bytes) -> None:
        self._drop()
        self._work = work
        self._source = self._open(work)
        self._started += 1

    def _finish(self) -> None:
        self._drop()
        self._finished += 1

    def _drop(self) -> None:
        if self._source is not None:
            self._source.close()
        self._source, self._block, self._at = None, _EMPTY, 0
