"""Streams over files: their lines, records, pieces of one size, comma-separated values.

Files are read and cut in large pieces. A piece that cannot be read is not known to be wrong
before the elements in front of it were given out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from tidefall.core import errors
from tidefall.data.streams.stream import Columns, Counted, End, as_bytes, as_number, rows_in, stream
from tidefall.io.inflated import inflated
from tidefall.io.oserrors import os_errors
from tidefall.io.record_blocks import RecordBlocks
from tidefall.ops.csv import decode
from tidefall.ops.csv_fields import Format
from tidefall.ops.dataset_steps import Step
from tidefall.ops.texts import texts

_BLOCK = 1 << 17  # bytes read at once
_LINES = 1024  # lines of values that are decoded at once


class _OverFiles(Counted):
    """The elements of several files, one after another."""

    wide = True

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        names = np.asarray(step["filenames"], object).reshape(-1)
        self._files: list[str] = [os.fsdecode(name) for name in names]
        self._kind = as_bytes(step["compression_type"]).decode()
        if self._kind not in ("", "GZIP", "ZLIB"):
            raise ValueError(f"the compression type must be '', 'GZIP' or 'ZLIB': {self._kind!r}.")
        self.begin()

    def begin(self) -> None:
        self._blocks = self._all()
        self._left: Columns | None = None

    def _all(self) -> Iterator[Columns | errors.OpError]:
        for path in self._files:
            try:
                yield from self.blocks_of(path)
            except errors.OpError as error:
                yield error  # who goes on after it goes on with the next file

    def blocks_of(self, path: str) -> Iterator[Columns | errors.OpError]:
        """The elements of one file, in blocks of any size; an error in place of a wrong one."""
        raise AssertionError("each kind of file is read in its way")

    def block(self, count: int) -> Columns:
        columns = self._left
        if columns is None:
            found = next(self._blocks, None)
            if found is None:
                raise End
            if isinstance(found, errors.OpError):
                raise found
            columns = found
        if rows_in(columns) > count:
            self._left = [column[count:] for column in columns]
            columns = [column[:count] for column in columns]
        else:
            self._left = None
        self.given += rows_in(columns)
        return columns

    def close(self) -> None:
        close = getattr(self._blocks, "close", None)
        if close is not None:
            close()


def lines_of(path: str, kind: str) -> Iterator[list[bytes]]:
    """The lines of a text file, many at a time."""
    with os_errors(path):
        file = open(path, "rb")  # noqa: SIM115 (closed below)
    with file:
        source = inflated(file, kind, path)
        rest = b""
        while True:
            with os_errors(path):
                data = source.read(_BLOCK)
            lines = (rest + data).split(b"\n")
            rest = lines.pop() if data else b""
            if not data and not lines[-1]:
                lines.pop()  # what follows the last line's end, if it is nothing
            if b"\r" in data or not data:
                lines = [line[:-1] if line[-1:] == b"\r" else line for line in lines]
            if lines:
                yield lines
            if not data:
                return


@stream("TextLineDataset")
class Lines(_OverFiles):
    """The lines of text files."""

    def blocks_of(self, path: str) -> Iterator[Columns]:
        for lines in lines_of(path, self._kind):
            yield [texts(lines)]


@stream("TFRecordDataset")
class Records(_OverFiles):
    """The records of record files."""

    def blocks_of(self, path: str) -> Iterator[Columns]:
        blocks = RecordBlocks(path, self._kind)
        try:
            while True:
                block = blocks.next_block()
                if block is None:
                    return
                yield [texts(block.values)]
        finally:
            blocks.close()


@stream("FixedLengthRecordDatasetV2")
class Pieces(_OverFiles):
    """Pieces of one size, between a header and a footer."""

    def blocks_of(self, path: str) -> Iterator[Columns]:
        names = ("header_bytes", "record_bytes", "footer_bytes")
        header, size, footer = (as_number(self.step[name]) for name in names)
        if size < 1:
            raise ValueError(f"record_bytes must be at least 1, not {size}.")
        with os_errors(path), open(path, "rb") as file:
            source = inflated(file, self._kind, path)
            at_once = max(1, _BLOCK // size) * size
            data = source.read(header)
            _check(path, len(data) == header, f"has less than the {header} bytes of its header")
            data = b""
            while True:
                more = source.read(at_once)
                data += more
                whole = max(len(data) - footer, 0) // size * size
                if whole:
                    yield [texts([data[at : at + size] for at in range(0, whole, size)])]
                    data = data[whole:]
                if not more:
                    break
            problem = f"does not hold whole records of {size} bytes between header and footer"
            _check(path, len(data) == footer, problem)


def _check(path: str, condition: bool, problem: str) -> None:
    if not condition:
        raise errors.DataLossError(None, None, f"{path}; the file {problem}.")


@stream("CSVDataset")
class Values(_OverFiles):
    """The fields of lines of comma-separated values."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        select = np.asarray(step["select_cols"]).reshape(-1).tolist()
        delimiter = as_bytes(step["field_delim"])
        self._format = Format(delimiter, bool(step["use_quote_delim"]), tuple(select))
        self._na = as_bytes(step["na_value"])
        self._defaults = [np.asarray(each) for each in step["record_defaults"]]
        self._header = bool(step["header"])

    def blocks_of(self, path: str) -> Iterator[Columns | errors.OpError]:
        skip = 1 if self._header else 0
        number = 1 + skip
        for lines in _quoted(lines_of(path, self._kind), self._format.quotes):
            rest, skip = lines[skip:], 0
            for at in range(0, len(rest), _LINES):
                yield from self._decoded(path, number + at, rest[at : at + _LINES])
            number += len(rest)

    def _decoded(
        self, path: str, number: int, lines: list[bytes]
    ) -> Iterator[Columns | errors.OpError]:
        """The fields of some lines, line by line where one is wrong."""
        try:
            yield decode(lines, self._defaults, self._format, self._na)
        except ValueError:
            for index, line in enumerate(lines):
                try:
                    fields = decode([line], self._defaults, self._format, self._na)
                except ValueError as error:
                    message = f"{path}, line {number + index}: {error}"
                    yield errors.InvalidArgumentError(None, None, message)
                else:
                    yield fields


def _quoted(blocks: Iterator[list[bytes]], quotes: bool) -> Iterator[list[bytes]]:
    """Lines in blocks; what stands in quotes may hold the end of a line."""
    begun: list[bytes] = []
    for lines in blocks:
        if not quotes or (not begun and not any(b'"' in line for line in lines)):
            yield lines
            continue
        whole = []
        for line in lines:
            begun.append(line)
            if sum(part.count(b'"') for part in begun) % 2 == 0:
                whole.append(b"\n".join(begun))
                begun = []
        if whole:
            yield whole
    if begun:
        yield [b"\n".join(begun)]
