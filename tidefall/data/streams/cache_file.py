"""The files of `Dataset.cache(filename)`: the elements of one pass, and an index that says all.

The data file is a sequence of frames: the length and the checksum of what follows, then one
element, or a block of rows. The index is written last, so that what has an index is whole. While a
pass writes, a third file says so to others who would write.
"""

from __future__ import annotations

import json
import os
import struct
import time
import weakref
import zlib
from collections.abc import Generator
from typing import Any, BinaryIO

import numpy as np

from tidefall.core import errors
from tidefall.core.dtypes import as_dtype
from tidefall.io.oserrors import os_errors

_MAGIC = b"tidefall cache 1\n"
_FRAME = struct.Struct("<QI")


class CacheFile:
    """The names of the files of one cache.

    Args:
      name: What the program called it.
    """

    def __init__(self, name: str) -> None:
        self.index = f"{name}.index"
        self.data = f"{name}.data-00000-of-00001"
        self.lock = f"{name}_0.lockfile"

    @property
    def complete(self) -> bool:
        """Whether a whole pass is there."""
        return os.path.exists(self.index)

    def damaged(self, path: str, problem: str) -> errors.DataLossError:
        """The error that says what is wrong with a file, and what to do about it."""
        return errors.DataLossError(
            None,
            None,
            f"{path}; the cache is damaged: {problem}. Delete {self.index} and {self.data} to have "
            "it made anew.",
        )


class Writer:
    """Writes the elements of one pass.

    Args:
      files: Where to.
      rows: Whether blocks of rows are written, rather than single elements.

    Raises:
      AlreadyExistsError: If somebody writes it already.
    """

    def __init__(self, files: CacheFile, rows: bool) -> None:
        self._files = files
        self._rows = rows
        self._frames = 0
        _lock(files)
        with os_errors(files.data):
            self._file: BinaryIO = open(files.data, "wb")  # noqa: SIM115 (closed in finish)
        # What a pass that was left leaves behind would keep the next one from writing.
        self._left = weakref.finalize(self, _remove_unfinished, self._file, files)

    def write(self, arrays: list[Any]) -> None:
        """Adds one element, or a block of rows."""
        payload = b"".join(_encoded(arrays))
        with os_errors(self._files.data):
            self._file.write(_FRAME.pack(len(payload), zlib.crc32(payload)))
            self._file.write(payload)
        self._frames += 1

    def finish(self, types: list[str]) -> None:
        """Makes the cache whole: a pass over it may begin.

        Args:
          types: The dtypes of the components of an element.
        """
        with os_errors(self._files.data):
            size = self._file.tell()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        told = {"frames": self._frames, "bytes": size, "rows": self._rows, "types": types}
        text = json.dumps(told).encode()
        begun = f"{self._files.index}.begun"
        with os_errors(begun), open(begun, "wb") as file:
            file.write(_MAGIC + _FRAME.pack(len(text), zlib.crc32(text)) + text)
        os.replace(begun, self._files.index)
        self._left.detach()
        os.unlink(self._files.lock)

    def leave(self) -> None:
        """Takes away what was written of a pass that did not end."""
        self._left()


def _lock(files: CacheFile) -> None:
    try:
        with os_errors(files.lock), open(files.lock, "x", encoding="utf-8") as file:
            file.write(f"Created at: {int(time.time())} by process {os.getpid()}")
    except errors.AlreadyExistsError:
        with open(files.lock, encoding="utf-8", errors="replace") as file:
            contents = file.read()
        raise errors.AlreadyExistsError(
            None,
            None,
            f"another iterator is writing this cache: its lock file {files.lock} exists "
            f"({contents!r}). If nobody is, since a program was ended by force, delete the lock "
            "file and initialize the iterator again.",
        ) from None


def _remove_unfinished(file: BinaryIO, files: CacheFile) -> None:
    file.close()
    for path in (files.data, files.lock):
        if os.path.exists(path):
            os.unlink(path)


class Reader:
    """Reads a whole cache.

    Args:
      files: Where it is.

    Attributes:
      rows: Whether it holds blocks of rows.
      types: The dtypes of the components of an element.

    Raises:
      DataLossError: If the index is not one.
    """

    def __init__(self, files: CacheFile) -> None:
        self._files = files
        told = self._index()
        self.rows: bool = told["rows"]
        self.types: list[str] = told["types"]
        self._frames: int = told["frames"]
        self._bytes: int = told["bytes"]

    def _index(self) -> Any:
        path = self._files.index
        with os_errors(path), open(path, "rb") as file:
            content = file.read()
        start = len(_MAGIC) + _FRAME.size
        if not content.startswith(_MAGIC) or len(content) < start:
            raise self._files.damaged(path, "the index is not one of a cache that was written here")
        size, checksum = _FRAME.unpack(content[len(_MAGIC) : start])
        text = content[start:]
        if len(text) != size or zlib.crc32(text) != checksum:
            raise self._files.damaged(path, "the checksum of the index is wrong")
        return json.loads(text)

    def frames(self) -> Generator[list[Any], None, None]:
        """What was written, in its order.

        Raises:
          DataLossError: Where the file is not what was written.
        """
        path = self._files.data
        with os_errors(path):
            file = open(path, "rb")  # noqa: SIM115 (closed below)
        with file:
            size = os.fstat(file.fileno()).st_size
            if size != self._bytes:
                raise self._files.damaged(path, f"it has {size} bytes, not {self._bytes}")
            for number in range(self._frames):
                yield self._frame(file, number)

    def _frame(self, file: BinaryIO, number: int) -> list[Any]:
        with os_errors(self._files.data):
            size, checksum = _FRAME.unpack(file.read(_FRAME.size))
            payload = file.read(min(size, self._bytes))
        if zlib.crc32(payload) != checksum:
            raise self._files.damaged(
                self._files.data, f"the checksum of record {number} of {self._frames} is wrong"
            )
        return _decoded(payload)


# -- arrays as bytes ------------------------------------------------------------------------------


def _encoded(arrays: list[Any]) -> list[bytes]:
    """Arrays as pieces of bytes: what they are, then what is in them."""
    pieces: list[bytes] = []
    told = json.dumps([_described(each, pieces) for each in arrays]).encode()
    return [struct.pack("<I", len(told)), told, *pieces]


def _described(value: Any, pieces: list[bytes]) -> Any:
    """What an array is; its contents are added to ``pieces``."""
    array = np.asarray(value)
    shape = list(array.shape)
    if array.dtype.kind != "O":
        content = np.ascontiguousarray(array).tobytes()
        pieces.append(content)
        return [as_dtype(array.dtype).name, shape, len(content)]
    items = array.reshape(-1).tolist() if array.ndim else [array[()]]
    if all(isinstance(item, bytes) for item in items):
        sizes = np.array([len(item) for item in items], np.int64).tobytes()
        content = b"".join(map(bytes, items))
        pieces += [sizes, content]
        return ["string", shape, len(content)]
    return ["variant", shape, [_part(item, pieces) for item in items]]


def _part(item: Any, pieces: list[bytes]) -> Any:
    if not isinstance(item, (np.ndarray, np.generic)):
        raise errors.UnimplementedError(
            None,
            None,
            f"an element with {type(item).__name__} in it cannot be written to a file: a dataset "
            "can be cached in a file if its elements are tensors or sparse tensors.",
        )
    return _described(item, pieces)


def _decoded(payload: bytes) -> list[Any]:
    """The arrays of `_encoded`."""
    (size,) = struct.unpack_from("<I", payload)
    told = json.loads(payload[4 : 4 + size])
    contents = _Contents(payload, 4 + size)
    return [contents.array(*each) for each in told]


class _Contents:
    """The contents of arrays, taken one after another."""

    def __init__(self, payload: bytes, at: int) -> None:
        self._payload = payload
        self._at = at

    def _take(self, count: int) -> bytes:
        start, self._at = self._at, self._at + count
        return self._payload[start : self._at]

    def array(self, kind: str, shape: list[int], what: Any) -> Any:
        """The array of a description."""
        if kind not in ("string", "variant"):
            dtype = as_dtype(kind).np_dtype
            return np.frombuffer(self._take(what), dtype).reshape(shape)
        items = self._texts(shape, what) if kind == "string" else [self.array(*e) for e in what]
        array = np.empty(len(items), object)
        for index, item in enumerate(items):
            array[index] = item
        return array.reshape(shape)

    def _texts(self, shape: list[int], size: int) -> list[bytes]:
        sizes = np.frombuffer(self._take(8 * int(np.prod(shape, dtype=np.int64))), np.int64)
        joined, ends = self._take(size), np.cumsum(sizes).tolist()
        return [joined[start:end] for start, end in zip([0, *ends], ends, strict=False)]
