"""Lines of comma-separated values cut into fields, many lines at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_ENDS = b"\r\n"


class Format(NamedTuple):
    """How lines are to be cut.

    Attributes:
      delimiter: One byte.
      quotes: Whether a field may stand in double quotes.
      select: The fields that are wanted, in increasing order; all if empty.
    """

    delimiter: bytes
    quotes: bool
    select: Sequence[int]


class BadLineError(ValueError):
    """A line that cannot be cut.

    Attributes:
      index: Which of the lines.
    """

    def __init__(self, index: int, line: bytes, problem: str) -> None:
        shown = line if len(line) <= 100 else line[:100] + b"..."
        super().__init__(f"record {index} {problem}: {shown!r}")
        self.index = index


def columns(lines: list[bytes], count: int, format: Format) -> list[list[bytes]]:
    """The fields of lines: for each wanted field, its texts in all lines.

    Args:
      lines: The lines.
      count: How many fields are wanted.
      format: How to cut.

    Raises:
      BadLineError: If a line has another number of fields, or its quotes are wrong.
    """
    found = _simple_columns(lines, count, format)
    if found is not None:
        return found
    rows = [_row(index, line, count, format) for index, line in enumerate(lines)]
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * count


def _simple_columns(lines: list[bytes], count: int, format: Format) -> list[list[bytes]] | None:
    """`columns` of lines that have no quotes and all have the same number of fields, else None."""
    delimiter = format.delimiter
    text = (delimiter + b"\n" + delimiter).join(lines)
    if text.count(b"\n") != len(lines) - 1 or b"\r" in text or (format.quotes and b'"' in text):
        return None
    fields = text.split(delimiter)
    step = (len(fields) + 1) // max(len(lines), 1)  # fields of a line, and its end
    wanted = format.select or range(count)
    is_even = step * len(lines) - 1 == len(fields) and (
        fields[step - 1 :: step].count(b"\n") == len(lines) - 1
    )
    if not is_even or step - 1 <= wanted[-1] or (not format.select and step - 1 != count):
        return None
    if step == 2 and b"" in lines:
        return None  # an empty line has no field at all
    return [fields[index::step] for index in wanted]


def _row(index: int, line: bytes, count: int, format: Format) -> list[bytes]:
    """The wanted fields of one line."""
    fields = _fields(index, line, format)
    if len(fields) != count:
        there = f"has {len(fields)} of the {count} selected fields" if format.select else (
            f"has {len(fields)} fields, but record_defaults names {count}"
        )  # fmt: skip
        raise BadLineError(index, line, there)
    return fields


def _fields(index: int, line: bytes, format: Format) -> list[bytes]:
    """The fields of one line, of those selected only; what follows the last is not looked at."""
    select, delimiter = format.select, format.delimiter
    fields: list[bytes] = []
    number = place = 0
    while place < len(line):
        if line[place] in _ENDS:
            place += 1
            continue
        if format.quotes and line[place] == 0x22:
            field, place = _quoted(index, line, place + 1, delimiter)
        else:
            field, place = _plain(index, line, place, format)
        if not select or select[len(fields)] == number:
            fields.append(field)
            if select and len(fields) == len(select):
                return fields
        number += 1
    is_wanted = not select or select[len(fields)] == number
    if is_wanted and line.endswith(delimiter):
        fields.append(b"")
    return fields


def _plain(index: int, line: bytes, place: int, format: Format) -> tuple[bytes, int]:
    """A field without quotes, and where the next one begins."""
    end = line.find(format.delimiter, place)
    if end < 0:
        end = len(line)
    field = line[place:end]
    if b"\n" in field or b"\r" in field or (format.quotes and b'"' in field):
        raise BadLineError(
            index, line, "has a quote or a line's end inside a field that is not in quotes"
        )
    return field, end + 1


def _quoted(index: int, line: bytes, place: int, delimiter: bytes) -> tuple[bytes, int]:
    """A field in quotes, which begins after the first one, and where the next one begins."""
    parts = []
    while True:
        end = line.find(b'"', place)
        if end < 0:
            raise BadLineError(index, line, "has a field whose closing quote is missing")
        follows = line[end + 1 : end + 2]
        if follows in (b"", delimiter):
            parts.append(line[place:end])
            return b"".join(parts), end + 2
        if follows != b'"':
            raise BadLineError(
                index, line, "has a quote inside a field in quotes that is not written twice"
            )
        parts.append(line[place : end + 1])
        place = end + 2
