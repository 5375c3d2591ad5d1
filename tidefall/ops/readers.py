"""Readers of files as part of the graph: `tf.TextLineReader` and the others."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import errors, hooks
from tidefall.core.exports import export
from tidefall.core.runtime import RunContext
from tidefall.core.shapes import SCALAR, Shape, unknown
from tidefall.ir.opdef import HOST
from tidefall.ops import shapes
from tidefall.ops.registry import Int64, Namespace, Resource, String, op
from tidefall.ops.texts import single, text, texts
from tidefall.state import handles
from tidefall.state.queues import Queue
from tidefall.state.reader_state import decode, encode
from tidefall.state.readers import NextWork, Reader


def _made(run: RunContext, kind: str, container: str, shared_name: str, **options: Any) -> Any:
    return handles.make(
        run, Reader, container, shared_name, lambda: hooks.call("new_reader", kind, **options)
    )


@op("TextLineReaderV2", runs_on=HOST, shape=shapes.scalar, outputs=("reader_handle",))
def text_line_reader(
    xp: Namespace, run: RunContext, *, skip_header_lines: int = 0, container: str = "",
    shared_name: str = "",
) -> Resource:  # fmt: skip
    """A reader of the lines of text files."""
    return _made(run, "TextLineReader", container, shared_name, skip_header_lines=skip_header_lines)


@op("WholeFileReaderV2", runs_on=HOST, shape=shapes.scalar, outputs=("reader_handle",))
def whole_file_reader(
    xp: Namespace, run: RunContext, *, container: str = "", shared_name: str = ""
) -> Resource:
    """A reader of files as a whole."""
    return _made(run, "WholeFileReader", container, shared_name)


@op("IdentityReaderV2", runs_on=HOST, shape=shapes.scalar, outputs=("reader_handle",))
def identity_reader(
    xp: Namespace, run: RunContext, *, container: str = "", shared_name: str = ""
) -> Resource:
    """A reader that gives out the names it takes from the queue."""
    return _made(run, "IdentityReader", container, shared_name)


@op("TFRecordReaderV2", runs_on=HOST, shape=shapes.scalar, outputs=("reader_handle",))
def tf_record_reader(
    xp: Namespace, run: RunContext, *, container: str = "", shared_name: str = "",
    compression_type: str = "",
) -> Resource:  # fmt: skip
    """A reader of record files."""
    return _made(run, "TFRecordReader", container, shared_name, compression_type=compression_type)


@op("FixedLengthRecordReaderV2", runs_on=HOST, shape=shapes.scalar, outputs=("reader_handle",))
def fixed_length_record_reader(
    xp: Namespace, run: RunContext, *, header_bytes: int = 0, record_bytes: int,
    footer_bytes: int = 0, hop_bytes: int = 0, container: str = "", shared_name: str = "",
    encoding: str = "",
) -> Resource:  # fmt: skip
    """A reader of pieces of one size."""
    return _made(
        run, "FixedLengthRecordReader", container, shared_name, header_bytes=header_bytes,
        record_bytes=record_bytes, footer_bytes=footer_bytes, hop_bytes=hop_bytes,
        encoding=encoding,
    )  # fmt: skip


def work_of(run: RunContext, queue_handle: Any) -> NextWork:
    """How a reader takes the next name from a queue."""
    queue = handles.get(queue_handle, Queue)
    if [dtype.kind for dtype in queue.dtypes] != ["O"]:
        raise errors.InvalidArgumentError(
            None,
            None,
            "a reader takes its work from a queue with a single string component, but this one "
            f"has {[dtype.name.replace('object', 'string') for dtype in queue.dtypes]}.",
        )

    def next_work() -> bytes:
        return single(queue.dequeue(run.wait)[0])

    return next_work


@op("ReaderReadV2", runs_on=HOST, outputs=("key", "value"))
def reader_read(
    xp: Namespace, run: RunContext, reader_handle: Resource, queue_handle: Resource
) -> tuple[String, String]:
    """The next record and its key; names of files come from the queue."""
    reader = handles.get(reader_handle, Reader)
    key, value = reader.read(work_of(run, queue_handle))
    return text(key), text(value)


@reader_read.shape
def _read_shape(reader: Shape, queue: Shape) -> tuple[Shape, Shape]:
    return SCALAR, SCALAR


@op("ReaderReadUpToV2", runs_on=HOST, outputs=("keys", "values"))
def reader_read_up_to(
    xp: Namespace, run: RunContext, reader_handle: Resource, queue_handle: Resource,
    num_records: Int64,
) -> tuple[String, String]:  # fmt: skip
    """The next records and their keys, so many or fewer."""
    reader = handles.get(reader_handle, Reader)
    keys, values = reader.read_up_to(work_of(run, queue_handle), int(num_records))
    return texts(keys), texts(values)


@reader_read_up_to.shape
def _read_up_to_shape(reader: Shape, queue: Shape, count: Shape) -> tuple[Shape, Shape]:
    return unknown(1), unknown(1)


@op(
    "ReaderNumRecordsProducedV2", runs_on=HOST, stateful=True, shape=shapes.scalar,
    outputs=("records_produced",),
)  # fmt: skip
def reader_num_records_produced(xp: Namespace, reader_handle: Resource) -> Int64:
    """How many records the reader has read."""
    return np.int64(handles.get(reader_handle, Reader).records_produced)


@op(
    "ReaderNumWorkUnitsCompletedV2", runs_on=HOST, stateful=True, shape=shapes.scalar,
    outputs=("units_completed",),
)  # fmt: skip
def reader_num_work_units_completed(xp: Namespace, reader_handle: Resource) -> Int64:
    """How many files the reader has read to the end."""
    return np.int64(handles.get(reader_handle, Reader).work_finished)


@op(
    "ReaderSerializeStateV2", runs_on=HOST, stateful=True, shape=shapes.scalar,
    outputs=("state",),
)  # fmt: skip
def reader_serialize_state(xp: Namespace, reader_handle: Resource) -> String:
    """How far the reader has come, as a string."""
    return text(encode(handles.get(reader_handle, Reader).state()))


@op("ReaderRestoreStateV2", runs_on=HOST, effects=True, stateful=True, shape=shapes.none)
def reader_restore_state(xp: Namespace, reader_handle: Resource, state: String) -> None:
    """Takes the reader back to a saved state."""
    handles.get(reader_handle, Reader).restore(decode(single(state)))


@op("ReaderResetV2", runs_on=HOST, effects=True, stateful=True, shape=shapes.none)
def reader_reset(xp: Namespace, reader_handle: Resource) -> None:
    """Takes the reader back to where it began."""
    handles.get(reader_handle, Reader).reset()


@export("ReaderBase")
class ReaderBase:
    """What all readers share: they take the names of files from a queue and give their records.

    Args:
      reader_ref: The handle of the reader.
      supports_serialize: Whether its state can be saved.
    """

    def __init__(self, reader_ref: Any, supports_serialize: bool = False) -> None:
        self._reader_ref = reader_ref
        self._supports_serialize = supports_serialize

    @property
    def reader_ref(self) -> Any:
        """The handle of the reader, a tensor."""
        return self._reader_ref

    @property
    def supports_serialize(self) -> bool:
        """Whether the state of the reader can be saved."""
        return self._supports_serialize

    def read(self, queue: Any, name: str | None = None) -> Any:
        """The next record.

        Args:
          queue: A queue of file names, or its handle.
          name: The name of the node.

        Returns:
          Two strings: the key, which says where the record is from, and the value.
        """
        return reader_read(self._reader_ref, _handle_of(queue), name=name)

    def read_up_to(self, queue: Any, num_records: Any, name: str | None = None) -> Any:
        """The next records, ``num_records`` or fewer, never of two files.

        Args:
          queue: A queue of file names, or its handle.
          num_records: How many at most.
          name: The name of the node.

        Returns:
          Two vectors of strings: keys and values.
        """
        return reader_read_up_to(self._reader_ref, _handle_of(queue), num_records, name=name)

    def num_records_produced(self, name: str | None = None) -> Any:
        """How many records were read."""
        return reader_num_records_produced(self._reader_ref, name=name)

    def num_work_units_completed(self, name: str | None = None) -> Any:
        """How many files were read to the end."""
        return reader_num_work_units_completed(self._reader_ref, name=name)

    def serialize_state(self, name: str | None = None) -> Any:
        """How far the reader has come, as a string; not all readers can tell."""
        return reader_serialize_state(self._reader_ref, name=name)

    def restore_state(self, state: Any, name: str | None = None) -> Any:
        """An operation that takes the reader back to a saved state."""
        return reader_restore_state(self._reader_ref, state, name=name)

    def reset(self, name: str | None = None) -> Any:
        """An operation that takes the reader back to where it began."""
        return reader_reset(self._reader_ref, name=name)


def _handle_of(queue: Any) -> Any:
    return getattr(queue, "queue_ref", queue)


@export("WholeFileReader")
class WholeFileReader(ReaderBase):
    """Gives each file as one record; its key is the file's name.

    Args:
      name: The name of the node.
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__(whole_file_reader(name=name), supports_serialize=True)


@export("TextLineReader")
class TextLineReader(ReaderBase):
    """Gives the lines of files, without their ends; the key is ``file:line``, from 1.

    Args:
      skip_header_lines: How many lines to leave out at the beginning of each file.
      name: The name of the node.
    """

    def __init__(self, skip_header_lines: int | None = None, name: str | None = None) -> None:
        super().__init__(text_line_reader(skip_header_lines=skip_header_lines or 0, name=name))


@export("FixedLengthRecordReader")
class FixedLengthRecordReader(ReaderBase):
    """Gives pieces of files, all of one size; the key is ``file:number``, from 0.

    Args:
      record_bytes: The size of a piece.
      header_bytes: How many bytes to leave out at the beginning of each file.
      footer_bytes: How many at its end.
      hop_bytes: How far the beginnings of two pieces are apart; ``record_bytes`` if not said.
      name: The name of the node.
      encoding: How the files are compressed: ``"ZLIB"``, ``"GZIP"`` or not at all.
    """

    def __init__(
        self,
        record_bytes: int,
        header_bytes: int | None = None,
        footer_bytes: int | None = None,
        hop_bytes: int | None = None,
        name: str | None = None,
        encoding: str | None = None,
    ) -> None:
        handle = fixed_length_record_reader(
            record_bytes=record_bytes,
            header_bytes=header_bytes or 0,
            footer_bytes=footer_bytes or 0,
            hop_bytes=hop_bytes or 0,
            encoding=encoding or "",
            name=name,
        )
        super().__init__(handle)


@export("TFRecordReader")
class TFRecordReader(ReaderBase):
    """Gives the records of record files; the key is ``file:offset``.

    Args:
      name: The name of the node.
      options: `tf.python_io.TFRecordOptions` or a compression type.
    """

    def __init__(self, name: str | None = None, options: Any = None) -> None:
        kind = hooks.call("compression_type", options)
        super().__init__(tf_record_reader(compression_type=kind, name=name))


@export("IdentityReader")
class IdentityReader(ReaderBase):
    """Gives the names it takes from the queue, as key and as value.

    Args:
      name: The name of the node.
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__(identity_reader(name=name), supports_serialize=True)
