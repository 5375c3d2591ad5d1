"""Record files: TensorFlow's framing of byte strings, which event files use too.

Each record is its length (8 bytes), the masked checksum of these, the data, and the masked
checksum of the data. A whole file may be compressed.
"""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Iterator
from typing import IO, Any

from tidefall.core import errors
from tidefall.core.exports import export
from tidefall.io.crc32c import masked_crc32c
from tidefall.io.oserrors import os_errors, path_text
from tidefall.io.record_blocks import RecordBlocks

_FOOTER = struct.Struct("<I")


@export("python_io.TFRecordCompressionType", "io.TFRecordCompressionType")
class TFRecordCompressionType:
    """How a record file is compressed."""

    NONE = 0
    ZLIB = 1
    GZIP = 2


@export("python_io.TFRecordOptions", "io.TFRecordOptions")
class TFRecordOptions:
    """How record files are written and read.

    Args:
      compression_type: ``"GZIP"``, ``"ZLIB"``, ``""`` or a `TFRecordCompressionType`.
      flush_mode: Accepted and ignored, as is what is not explained here.
      input_buffer_size: Accepted and ignored.
      output_buffer_size: Accepted and ignored.
      window_bits: The size of zlib's window, as its logarithm to base 2.
      compression_level: 0 to 9, the best.
      compression_method: Accepted and ignored; there is only one.
      mem_level: Memory zlib may use, 1 to 9.
      compression_strategy: zlib's strategy.
    """

    compression_type_map = {  # noqa: RUF012 (TensorFlow's attribute)
        TFRecordCompressionType.ZLIB: "ZLIB",
        TFRecordCompressionType.GZIP: "GZIP",
        TFRecordCompressionType.NONE: "",
    }

    def __init__(
        self,
        compression_type: Any = None,
        flush_mode: int | None = None,
        input_buffer_size: int | None = None,
        output_buffer_size: int | None = None,
        window_bits: int | None = None,
        compression_level: int | None = None,
        compression_method: int | None = None,
        mem_level: int | None = None,
        compression_strategy: int | None = None,
    ) -> None:
        self.get_compression_type_string(compression_type)  # refuses what is not one
        self.compression_type = compression_type
        self.flush_mode = flush_mode
        self.input_buffer_size = input_buffer_size
        self.output_buffer_size = output_buffer_size
        self.window_bits = window_bits
        self.compression_level = compression_level
        self.compression_method = compression_method
        self.mem_level = mem_level
        self.compression_strategy = compression_strategy

    @classmethod
    def get_compression_type_string(cls, options: Any) -> str:
        """``"GZIP"``, ``"ZLIB"`` or ``""`` for options, a type, a name or None.

        Raises:
          ValueError: If it is none of these.
        """
        if not options:
            return ""
        if isinstance(options, TFRecordOptions):
            return cls.get_compression_type_string(options.compression_type)
        if options in cls.compression_type_map:
            return cls.compression_type_map[options]
        if options in cls.compression_type_map.values():
            return str(options)
        raise ValueError(
            f'Not a valid compression_type: {options!r}. It must be "GZIP", "ZLIB" or "".'
        )


class RecordWriter:
    """Writes records to a file as it is told; see `TFRecordWriter` for the public one.

    Args:
      path: Where to; a file of that name is replaced.
      options: `TFRecordOptions`, or a compression type.
    """

    def __init__(self, path: str, options: Any = None) -> None:
        self._path = path
        kind = TFRecordOptions.get_compression_type_string(options)
        with os_errors(path):
            self._file: IO[bytes] | None = open(path, "wb")  # noqa: SIM115 (closed by close)
        self._compressor = _compressor(kind, options) if kind else None

    def write(self, record: bytes) -> None:
        """Appends a record."""
        header = len(record).to_bytes(8, "little")
        framed = b"".join(
            (header, _FOOTER.pack(masked_crc32c(header)), record,
             _FOOTER.pack(masked_crc32c(record)))
        )  # fmt: skip
        self._put(framed if self._compressor is None else self._compressor.compress(framed))

    def flush(self) -> None:
        """Hands everything written so far to the operating system."""
        if self._compressor is not None:
            self._put(self._compressor.flush(zlib.Z_SYNC_FLUSH))
        with os_errors(self._path):
            self._opened().flush()

    def close(self) -> None:
        """Completes and closes the file; closing it again does nothing."""
        if self._file is not None:
            if self._compressor is not None:
                self._put(self._compressor.flush())
            with os_errors(self._path):
                self._file.close()
            self._file = None

    def _put(self, data: bytes) -> None:
        with os_errors(self._path):
            self._opened().write(data)

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            raise errors.FailedPreconditionError(
                None, None, f"{self._path}; the writer was closed. Make a new one."
            )
        return self._file


@export("python_io.TFRecordWriter", "io.TFRecordWriter")
class TFRecordWriter:
    """Writes byte strings to a record file.

    Args:
      path: Where to; a file of that name is replaced.
      options: `TFRecordOptions`, a compression type, or None for a plain file.
    """

    def __init__(self, path: Any, options: Any = None) -> None:
        self._writer = RecordWriter(path_text(path), options)

    def write(self, record: bytes) -> None:
        """Appends a record of bytes."""
        if not isinstance(record, bytes):
            raise TypeError(f"expected bytes, {type(record).__name__} found")
        self._writer.write(record)

    def flush(self) -> None:
        """Hands everything written so far to the operating system."""
        self._writer.flush()

    def close(self) -> None:
        """Completes and closes the file."""
        self._writer.close()

    def __enter__(self) -> TFRecordWriter:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


@export("python_io.tf_record_iterator", "io.tf_record_iterator")
def tf_record_iterator(path: Any, options: Any = None) -> Iterator[bytes]:
    """Yields the records of a file.

    Args:
      path: The file.
      options: `TFRecordOptions` or a compression type, as it was written with.

    Raises:
      NotFoundError: If there is no such file.
      DataLossError: If a checksum is wrong or the file ends within a record.
    """
    kind = TFRecordOptions.get_compression_type_string(options)
    return _records(RecordBlocks(path_text(path), kind))


def _records(blocks: RecordBlocks) -> Iterator[bytes]:
    with contextlib.closing(blocks):
        while (block := blocks.next_block()) is not None:
            yield from block.values


def _compressor(kind: str, options: Any) -> Any:
    """The compression object of the options; gzip is zlib with other framing."""
    given = options if isinstance(options, TFRecordOptions) else TFRecordOptions()
    bits = given.window_bits or zlib.MAX_WBITS
    return zlib.compressobj(
        -1 if given.compression_level is None else given.compression_level,
        zlib.DEFLATED,
        abs(bits) + 16 if kind == "GZIP" else bits,
        given.mem_level or zlib.DEF_MEM_LEVEL,
        given.compression_strategy or zlib.Z_DEFAULT_STRATEGY,
    )
