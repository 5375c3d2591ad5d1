"""Compressed files, read as what they were."""

from __future__ import annotations

import gzip
import zlib
from typing import IO, Protocol

from tidefall.core import errors

_READ_SIZE = 1 << 16


class ByteSource(Protocol):
    """What can be read from."""

    def read(self, size: int, /) -> bytes: ...


class Inflated:
    """A compressed file, read as what it was.

    Args:
      file: The compressed bytes.
      kind: "GZIP" or "ZLIB".
      path: What error messages call it.
    """

    def __init__(self, file: IO[bytes], kind: str, path: str) -> None:
        self._file: IO[bytes] | gzip.GzipFile = (
            gzip.GzipFile(fileobj=file) if kind == "GZIP" else file
        )
        self._inflate = None if kind == "GZIP" else zlib.decompressobj()
        self._pending = bytearray()
        self._path = path

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; fewer only at the end."""
        try:
            if self._inflate is None:
                return self._file.read(size)
            return self._read_zlib(size)
        except (zlib.error, gzip.BadGzipFile, EOFError) as error:
            raise errors.DataLossError(
                None, None, f"{self._path}; cannot be decompressed: {error}. Is the "
                "compression_type the one it was written with?"
            ) from error  # fmt: skip

    def _read_zlib(self, size: int) -> bytes:
        assert self._inflate is not None
        while len(self._pending) < size:
            block = self._file.read(_READ_SIZE)
            if not block:
                break
            self._pending += self._inflate.decompress(block)
        data = bytes(self._pending[:size])
        del self._pending[:size]
        return data


def inflated(file: IO[bytes], kind: str, path: str) -> ByteSource:
    """``file``, decompressed if ``kind`` is not empty."""
    return Inflated(file, kind, path) if kind else file
