"""Streams over the rows of tables; the next chunk is read while one is used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tidefall.data.streams.buffers import Ahead, taken
from tidefall.data.streams.stream import Columns, Counted, End, stream
from tidefall.data.tables import view_of
from tidefall.ops.dataset_steps import Step


class _Chunks:
    """The chunks of a table, one after another."""

    def __init__(self, chunks: Iterator[dict[str, Any]]) -> None:
        self._chunks = chunks

    def next(self) -> Columns:
        """The next chunk. Raises `End` at the end."""
        chunk = next(self._chunks, None)
        if chunk is None:
            raise End
        columns: dict[int, Any] = {}
        for name in sorted(chunk):
            column = chunk[name]
            # Two columns may be one array, and a library's memory may be closed to writing.
            own = column.flags.writeable and id(column) not in columns
            columns[id(column) if own else -1 - len(columns)] = column if own else column.copy()
        return list(columns.values())


@stream("TableDataset")
class Rows(Counted):
    """The rows of a table."""

    wide = True
    exclusive = True

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._view = view_of(step["token"])
        self.begin()

    def begin(self) -> None:
        self._reader: Ahead | None = None
        self._columns: Columns | None = None
        self._at = 0

    def block(self, count: int) -> Columns:
        while self._columns is None or self._at >= len(self._columns[0]):
            if self._reader is None:
                self._reader = Ahead(_Chunks(self._view.chunks()), 1, self.calls.quiet)
            self._columns, self._at = taken(self._reader), 0
        start = self._at
        columns = [column[start : start + count] for column in self._columns]
        self._at += len(columns[0])
        self.given += len(columns[0])
        return columns

    def close(self) -> None:
        if self._reader is not None:
            self._reader.stop()
