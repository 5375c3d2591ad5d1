"""Record files, read and checked in blocks of many records.

See `tidefall.io.records` for the format.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidefall.core import errors
from tidefall.io.crc32c import Places, Words, checksums, crc32c, mask, masks, row_checksums
from tidefall.io.inflated import inflated
from tidefall.io.oserrors import os_errors

_LENGTH = struct.Struct("<Q")
_HEADER = 12  # bytes: length and checksum
_FOOTER = 4  # bytes: checksum
_BLOCK = 1 << 18  # bytes read at once


class RecordBlock(NamedTuple):
    """Records that follow one another.

    Attributes:
      values: The records.
      offsets: Where each begins in the file, header included.
    """

    values: list[bytes]
    offsets: list[int]


class RecordBlocks:
    """The records of one file.

    What is wrong with a record is raised when those before it were given out, and again whenever
    more is asked for.

    Args:
      path: The file.
      kind: How it is compressed: "GZIP", "ZLIB" or "".

    Raises:
      NotFoundError: If there is no such file.
    """

    def __init__(self, path: str, kind: str = "") -> None:
        self._path = path
        with os_errors(path):
            self._file = open(path, "rb")  # noqa: SIM115 (closed by close)
        self._source = inflated(self._file, kind, path)
        self._data = b""  # read, but not given out
        self._at = 0  # where it begins in the file
        self._error: errors.OpError | None = None

    def next_block(self) -> RecordBlock | None:
        """The next records, at least one; None at the end.

        Raises:
          DataLossError: If a checksum is wrong or the file ends within a record.
        """
        while self._error is None:
            more = self._read(_BLOCK)
            block, wanted = self._taken()
            if block is not None:
                return block
            if self._error is not None:
                break
            if not more:
                self._check_end()
                return None
            if wanted > len(self._data):  # one long record
                self._read(wanted - len(self._data))
        raise self._error

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _read(self, size: int) -> bool:
        """Reads up to ``size`` bytes more; whether there were any."""
        try:
            with os_errors(self._path):
                more = self._source.read(size)
        except errors.OpError as error:
            self._error = error
            return False
        self._data += more
        return bool(more)

    def _check_end(self) -> None:
        """Nothing more comes; a header that a writer has not finished yet does not count."""
        if len(self._data) >= _HEADER:
            self._error = self._wrong("truncated", self._at)
            raise self._error

    def _wrong(self, what: str, at: int) -> errors.OpError:
        return errors.DataLossError(None, None, f"{self._path}; {what} record at {at}")

    def _taken(self) -> tuple[RecordBlock | None, int]:
        """The complete records at hand, or how many bytes the first one needs."""
        data = self._data
        starts: list[int] = []
        ends: list[int] = []
        place = 0
        wanted = _HEADER
        while place + _HEADER <= len(data):
            (length,) = _LENGTH.unpack_from(data, place)
            end = place + _HEADER + length
            if end + _FOOTER > len(data):
                wanted = end + _FOOTER
                if not starts and not self._header_is_right():
                    self._error = self._wrong("corrupted", self._at)
                break
            starts.append(place + _HEADER)
            ends.append(end)
            place = end + _FOOTER
        good = self._count_right(starts, ends)
        if not good:
            return None, wanted
        values = [data[a:b] for a, b in zip(starts[:good], ends[:good], strict=True)]
        offsets = [self._at + start - _HEADER for start in starts[:good]]
        used = ends[good - 1] + _FOOTER
        self._data, self._at = data[used:], self._at + used
        return RecordBlock(values, offsets), wanted

    def _header_is_right(self) -> bool:
        stored = int.from_bytes(self._data[8:_HEADER], "little")
        return mask(crc32c(self._data[:8])) == stored

    def _count_right(self, starts: list[int], ends: list[int]) -> int:
        """How many records, from the first one, have the right checksums.

        Where one is wrong and it is the first, that is kept as the error.
        """
        if not starts:
            return 0
        octets = np.frombuffer(self._data, np.uint8)
        first, last = np.array(starts), np.array(ends)
        lengths = octets[first[:, np.newaxis] + np.arange(-_HEADER, -4)]
        header = masks(row_checksums(lengths)) == _stored(octets, first - 4)
        body = masks(checksums(octets, first, last)) == _stored(octets, last)
        right = header & body
        good = len(starts) if right.all() else int(right.argmin())
        if not good:
            self._error = self._wrong("corrupted", self._at + (_HEADER if header[0] else 0))
        return good


def _stored(octets: NDArray[np.uint8], places: Places) -> Words:
    """The checksums stored at ``places``."""
    found = octets[places[:, np.newaxis] + np.arange(4)]
    return np.ascontiguousarray(found).view("<u4").reshape(-1)
