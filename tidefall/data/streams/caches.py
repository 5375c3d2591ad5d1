"""Streams of elements that are kept for the next pass, in memory or in a file."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from tidefall.data.streams.cache_file import CacheFile, Reader, Writer
from tidefall.data.streams.passing import Through
from tidefall.data.streams.stream import (
    BLOCK,
    Columns,
    Counted,
    Element,
    End,
    Stream,
    as_bytes,
    first_row,
    joined,
    rows_in,
    stream,
)
from tidefall.ops.dataset_steps import Step

#: How many bytes of rows are written at once.
_LARGE = 1 << 20


class _Kept:
    """What a cache holds: whole elements, or blocks of them, of one complete pass."""

    def __init__(self) -> None:
        self.complete = False
        self.parts: list[Any] = []


@stream("CacheDataset")
def cached(step: Step, calls: Any) -> Stream:
    """Where the elements of a pass come from, or are kept."""
    name = as_bytes(step["filename"])
    if not name:
        return InMemory(step, calls)
    files = CacheFile(os.fsdecode(name))
    return FromFile(step, calls, files) if files.complete else ToFile(step, calls, files)


class InMemory(Through):
    """Elements that are kept in memory when they have all been made once."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._kept: _Kept = calls.shared(step, _Kept)
        self._reading = self._kept.complete
        self._new: list[Any] = []
        self._at = 0

    def next(self) -> Element:
        if self.wide:
            return super(Through, self).next()
        if self._reading:
            return _views(self._read())
        element = self._made(self.input.next)
        return _views(element)

    def block(self, count: int) -> Columns:
        if not self._reading:
            return _views(self._made(self.input.block, count))
        columns = self._read()
        if len(columns[0]) > count:
            self._at -= 1
            offset = self._offset
            part = [column[offset : offset + count] for column in columns]
            self._offset += count
            if self._offset >= len(columns[0]):
                self._offset = 0
                self._at += 1
            return part
        return _views(columns)

    _offset = 0

    def _read(self) -> Any:
        if self._at == len(self._kept.parts):
            raise End
        self._at += 1
        return self._kept.parts[self._at - 1]

    def _made(self, take: Any, *args: Any) -> Any:
        try:
            found = take(*args)
        except End:
            self._kept.parts, self._kept.complete = self._new, True
            raise
        self._new.append(found)
        return found

    def save(self) -> Any:
        kept = list(self._kept.parts) if self._reading else list(self._new)
        return self._reading, self._at, self._offset, kept, self.input.save()

    def restore(self, state: Any) -> None:
        self._reading, self._at, self._offset, kept, inner = state
        if self._reading:
            self._kept.parts, self._kept.complete = list(kept), True
        else:
            self._new = list(kept)
        self.input.restore(inner)


def _views(arrays: list[Any]) -> list[Any]:
    """Views, so that whoever changes them copies them first."""
    return [each.view() if getattr(each, "ndim", 0) else each for each in arrays]


class ToFile(Through):
    """Elements that are passed on and written to a file.

    A pass that goes on from a saved state has not seen all elements, and writes none. Where another
    pass has finished the cache before this one begins, it is read.
    """

    def __init__(self, step: Step, calls: Any, files: CacheFile) -> None:
        super().__init__(step, calls)
        self._files = files
        self._writer: Writer | None = None
        self._reader: FromFile | None = None
        self._writes = True
        self._waiting: list[Columns] = []
        self._rows = self._bytes = 0
        self._given = 0
        self._over = False

    def next(self) -> Element:
        if self.wide:
            return first_row(self.block(1))
        reader = self._finished_by_another()
        if reader is not None:
            return reader.next()
        element = self._made(self.input.next)
        self._given += 1
        if self._writer is not None:
            self._writer.write(element)
        return _views(element)

    def block(self, count: int) -> Columns:
        reader = self._finished_by_another()
        if reader is not None:
            return reader.block(count)
        columns = self._made(self.input.block, count)
        self._given += rows_in(columns)
        if self._writer is not None:
            self._waiting.append(columns)
            self._rows += rows_in(columns)
            self._bytes += sum(column.nbytes for column in columns)
            if self._rows >= BLOCK or self._bytes >= _LARGE:
                self._write_waiting(self._writer)
        return _views(columns)

    def _finished_by_another(self) -> FromFile | None:
        """The cache, if it was finished after this pass was opened and before it began."""
        begun = self._writer is not None or self._given or self._over or not self._writes
        if self._reader is None and not begun and self._files.complete:
            self._reader = FromFile(self.step, self.calls, self._files)
        return self._reader

    def _write_waiting(self, writer: Writer) -> None:
        if self._waiting:
            writer.write(joined(self._waiting))
            self._waiting, self._rows, self._bytes = [], 0, 0

    def _made(self, take: Any, *args: Any) -> list[Any]:
        if self._over:
            raise End
        if self._writes and self._writer is None:
            self._writer = Writer(self._files, self.wide)
        try:
            found: list[Any] = take(*args)
        except End:
            self._over = True
            self._finish()
            raise
        return found

    def _finish(self) -> None:
        if self._writer is not None:
            self._write_waiting(self._writer)
            self._writer.finish([each.name for each in self.step["output_types"]])
            self._writer = None

    def close(self) -> None:
        if self._writer is not None:
            self._writer.leave()
            self._writer = None
        if self._reader is not None:
            self._reader.close()
        super().close()

    def save(self) -> Any:
        if self._reader is not None:
            return self._reader.save()
        return self._given, self._over, self.input.save()

    def restore(self, state: Any) -> None:
        self._given, self._over, source = state
        if source is None:
            raise ValueError(
                f"the state is of a pass that read the cache {self._files.index}, which is gone. "
                "Run the iterator's initializer to begin again."
            )
        self._writes = False
        self.input.restore(source)


class FromFile(Counted):
    """Elements that a pass before this one, perhaps of another program, wrote to a file."""

    def __init__(self, step: Step, calls: Any, files: CacheFile) -> None:
        super().__init__(step, calls)
        self._reader = Reader(files)
        self._check(files)
        self.wide = self._reader.rows
        self.begin()

    def _check(self, files: CacheFile) -> None:
        wanted = [each.name for each in self.step["output_types"]]
        if self._reader.types != wanted:
            raise ValueError(
                f"the cache {files.index} holds elements of the dtypes "
                f"{', '.join(self._reader.types)}, but the dataset has {', '.join(wanted)}. Delete "
                f"{files.index} and {files.data}, or choose another name."
            )

    def begin(self) -> None:
        self._frames = self._reader.frames()
        self._left: Columns | None = None

    def next(self) -> Element:
        return first_row(self.block(1))

    def block(self, count: int) -> Columns:
        columns = self._left
        if columns is None:
            found = next(self._frames, None)
            if found is None:
                raise End
            columns = found if self._reader.rows else [np.asarray(each)[None] for each in found]
        self._left = None
        if rows_in(columns) > count:
            self._left = [column[count:] for column in columns]
            columns = [column[:count] for column in columns]
        self.given += rows_in(columns)
        return columns

    def close(self) -> None:
        self._frames.close()

    def save(self) -> Any:
        return super().save(), False, None

    def restore(self, state: Any) -> None:
        super().restore(state[0])  # also of a pass that wrote the cache: the elements are the same
