"""What readers read: lines, whole files, pieces of equal size, records."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from typing import IO, Any

from tidefall.core import errors, hooks
from tidefall.io.inflated import inflated
from tidefall.io.oserrors import os_errors
from tidefall.io.record_blocks import RecordBlocks
from tidefall.io.records import TFRecordOptions
from tidefall.state.readers import Block, Reader, Source

_BLOCK = 1 << 17  # bytes read at once


class _Lines:
    """The lines of a text file; the carriage return before a line's end is no part of it."""

    finishes_early = False

    def __init__(self, work: bytes, skip: int = 0) -> None:
        self._name = work
        self._path = work.decode(errors="surrogateescape")
        with os_errors(self._path):
            self._file: IO[bytes] = open(self._path, "rb", _BLOCK)  # noqa: SIM115
        self._skip = skip
        self._count = 0  # lines given out or skipped
        self._rest = b""

    def next_block(self) -> Block | None:
        while True:
            with os_errors(self._path):
                data = self._file.read(_BLOCK)
            at_end = not data
            data = self._rest + data
            lines = data.split(b"\n")
            self._rest = b"" if at_end else lines.pop()
            if at_end and not lines[-1].rstrip(b"\r"):
                lines.pop()  # what follows the last line's end, if it is nothing
            if b"\r" in data:
                lines = [line[:-1] if line.endswith(b"\r") else line for line in lines]
            skipped = min(len(lines), max(self._skip - self._count, 0))
            first = self._count + skipped + 1
            self._count += len(lines)
            if len(lines) > skipped:
                return Block(lines[skipped:], self._key_from(first))
            if at_end:
                return None

    def _key_from(self, first: int) -> Callable[[int], bytes]:
        name = self._name
        return lambda index: b"%b:%d" % (name, first + index)

    def close(self) -> None:
        self._file.close()


class _WholeFile:
    """A file as one record."""

    finishes_early = True

    def __init__(self, work: bytes) -> None:
        self._name = work

    def next_block(self) -> Block | None:
        path = self._name.decode(errors="surrogateescape")
        with os_errors(path), open(path, "rb") as file:
            return Block([file.read()], lambda index: self._name)

    def close(self) -> None:
        pass


class _Identity:
    """The work itself as the record."""

    finishes_early = True

    def __init__(self, work: bytes) -> None:
        self._work = work

    def next_block(self) -> Block | None:
        return Block([self._work], lambda index: self._work)

    def close(self) -> None:
        pass


class _Records:
    """The records of a record file."""

    finishes_early = False

    def __init__(self, work: bytes, kind: str) -> None:
        self._name = work
        self._blocks = RecordBlocks(work.decode(errors="surrogateescape"), kind)

    def next_block(self) -> Block | None:
        block = self._blocks.next_block()
        if block is None:
            return None
        name, offsets = self._name, block.offsets
        return Block(block.values, lambda index: b"%b:%d" % (name, offsets[index]))

    def close(self) -> None:
        self._blocks.close()


class _Pieces:
    """Pieces of one size, each ``hop`` bytes after the one before (``size`` if that is 0)."""

    finishes_early = False

    def __init__(
        self, work: bytes, size: int, header: int, footer: int, hop: int, kind: str
    ) -> None:
        self._name = work
        self._size, self._hop = size, hop or size
        self._at = 0  # pieces given out
        path = work.decode(errors="surrogateescape")
        with os_errors(path):
            self._file: IO[bytes] = open(path, "rb")  # noqa: SIM115 (closed by close)
        self._data = self._content(path, kind)
        size_of_file = len(self._data)
        if size_of_file < header:
            self.close()
            message = f"{path}; the file has {size_of_file} bytes, less than header_bytes={header}."
            raise errors.DataLossError(None, None, message)
        self._header = header
        room = size_of_file - header - footer - size
        self._count = room // self._hop + 1 if room >= 0 else 0

    def _content(self, path: str, kind: str) -> Any:
        with os_errors(path):
            if kind:
                return inflated(self._file, kind, path).read(1 << 62)
            if self._file.seek(0, 2) == 0:
                return b""
            return mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)

    def next_block(self) -> Block | None:
        first = self._at
        stop = min(first + max(1, _BLOCK // self._size), self._count)
        if first == stop:
            return None
        size, data = self._size, self._data
        places = range(self._header + first * self._hop, self._header + stop * self._hop, self._hop)
        self._at = stop
        name = self._name
        values = [data[place : place + size] for place in places]
        return Block(values, lambda index: b"%b:%d" % (name, first + index))

    def close(self) -> None:
        if isinstance(self._data, mmap.mmap):
            self._data.close()
        self._file.close()


def _pieces(
    work: bytes,
    *,
    header_bytes: int,
    record_bytes: int,
    footer_bytes: int,
    hop_bytes: int,
    encoding: str,
) -> Source:
    return _Pieces(work, record_bytes, header_bytes, footer_bytes, hop_bytes, encoding)


def _check_sizes(sizes: dict[str, int]) -> None:
    for name in ("header_bytes", "footer_bytes", "hop_bytes"):
        if sizes[name] < 0:
            raise errors.InvalidArgumentError(
                None, None, f"{name} must be at least 0, not {sizes[name]}."
            )
    if sizes["record_bytes"] < 1:
        raise errors.InvalidArgumentError(
            None, None, f"record_bytes must be at least 1, not {sizes['record_bytes']}."
        )


@hooks.install("new_reader")
def new_reader(kind: str, **options: Any) -> Reader:
    """A reader of one of the kinds of readers there are, named like its op.

    Raises:
      InvalidArgumentError: If the sizes of records make no sense.
    """
    if kind == "TextLineReader":
        skip = options["skip_header_lines"]
        return Reader(kind, lambda work: _Lines(work, skip))
    if kind == "WholeFileReader":
        return Reader(kind, _WholeFile, has_state=True)
    if kind == "IdentityReader":
        return Reader(kind, _Identity, has_state=True)
    if kind == "TFRecordReader":
        compression = options["compression_type"]
        return Reader(kind, lambda work: _Records(work, compression))
    if kind == "FixedLengthRecordReader":
        sizes = {name: value for name, value in options.items() if name != "encoding"}
        _check_sizes(sizes)
        return Reader(kind, lambda work: _pieces(work, **options))
    raise AssertionError(f"no reader of kind {kind}")


@hooks.install("compression_type")
def _compression_type(options: Any) -> str:
    return TFRecordOptions.get_compression_type_string(options)
