"""`tf.summary.FileWriter`: summaries and graphs written to event files."""

from __future__ import annotations

import threading
import time
import warnings
from types import TracebackType
from typing import Any

from tidefall import proto
from tidefall.core import frames
from tidefall.core.exports import export
from tidefall.io.meta_graph import create_meta_graph_def
from tidefall.io.oserrors import path_text
from tidefall.ir.graph import Graph
from tidefall.summary.event_file import EventFile


@export("summary.FileWriter")
class FileWriter:
    """Writes ``Summary`` messages and graphs to an event file for TensorBoard.

    Args:
      logdir: The folder of the event file; made if it does not exist.
      graph: A graph to write at once.
      max_queue: Accepted; events are written as they are added.
      flush_secs: How often, in seconds, what was written becomes visible to readers while
        events keep coming.
      graph_def: The older way to give a graph.
      filename_suffix: Appended to the name of the file.
      session: Not supported; summaries are written by this object, not by ops.

    >>> writer = tf.summary.FileWriter(getfixture("tmp_path"))
    >>> summary = tf.Summary(value=[tf.Summary.Value(tag="loss", simple_value=0.5)])
    >>> writer.add_summary(summary, global_step=1)
    >>> writer.close()
    """

    def __init__(
        self,
        logdir: Any,
        graph: Any = None,
        max_queue: int = 10,
        flush_secs: float = 120,
        graph_def: Any = None,
        filename_suffix: str | None = None,
        session: Any = None,
    ) -> None:
        if session is not None:
            raise NotImplementedError(
                "FileWriter(session=…) writes through ops of the session, which tidefall does "
                "not have. Leave the argument out: the writer then writes by itself."
            )
        self._logdir = path_text(logdir)
        self._flush_secs = flush_secs
        self._suffix = filename_suffix or ""
        self._file: EventFile | None = self._open()
        self._seen_tags: set[str] = set()
        self._traced: set[str] = set()
        if graph is not None or graph_def is not None:
            self.add_graph(graph, graph_def=graph_def)
            if isinstance(graph, Graph):
                self.add_meta_graph(create_meta_graph_def(graph=graph, add_shapes=True))

    def get_logdir(self) -> str:
        """The folder of the event file."""
        return self._logdir

    def add_event(self, event: Any) -> None:
        """Writes an ``Event``; after `close`, warns and does nothing."""
        if self._file is None:
            _warn_closed(self._logdir)
            return
        self._file.write(event)

    def add_summary(self, summary: Any, global_step: Any = None) -> None:
        """Writes a summary.

        Args:
          summary: A ``Summary`` message or its bytes, as `Session.run` returns them.
          global_step: The step it belongs to.
        """
        event = proto.Event()
        if isinstance(summary, bytes):
            event.summary.MergeFromString(summary)
        else:
            event.summary.MergeFromString(_serialized(summary, "add_summary", "a Summary"))
        for value in event.summary.value:
            if value.HasField("metadata"):  # TensorBoard needs it once for each tag
                if value.tag in self._seen_tags:
                    value.ClearField("metadata")
                self._seen_tags.add(value.tag)
        self._add(event, global_step)

    def add_graph(self, graph: Any, global_step: Any = None, graph_def: Any = None) -> None:
        """Writes a graph with its static shapes.

        Args:
          graph: A `Graph`; a ``GraphDef`` is accepted, as older programs pass it.
          global_step: The step it belongs to.
          graph_def: The older way to pass a ``GraphDef``.

        Raises:
          ValueError: If both are given, or neither.
          TypeError: If it is neither of these kinds.
        """
        if graph is not None and graph_def is not None:
            raise ValueError("add_graph() takes a graph or a graph_def, not both.")
        given = graph if graph is not None else graph_def
        if isinstance(given, Graph):
            given = given.as_graph_def(add_shapes=True)
        elif given is None:
            raise ValueError("add_graph() needs a tf.Graph.")
        if not hasattr(given, "node") or not hasattr(given, "SerializeToString"):
            raise TypeError(f"add_graph() takes a tf.Graph or a GraphDef, not {given!r}.")
        self._add(proto.Event(graph_def=given.SerializeToString()), global_step)

    def add_meta_graph(self, meta_graph_def: Any, global_step: Any = None) -> None:
        """Writes a ``MetaGraphDef``."""
        if not hasattr(meta_graph_def, "meta_info_def"):
            raise TypeError(
                f"add_meta_graph() takes a MetaGraphDef, not {type(meta_graph_def).__name__}."
            )
        event = proto.Event(meta_graph_def=meta_graph_def.SerializeToString())
        self._add(event, global_step)

    def add_session_log(self, session_log: Any, global_step: Any = None) -> None:
        """Writes a ``SessionLog``: that a session started, stopped or wrote a checkpoint."""
        event = proto.Event()
        event.session_log.MergeFromString(
            _serialized(session_log, "add_session_log", "a SessionLog")
        )
        self._add(event, global_step)

    def add_run_metadata(self, run_metadata: Any, tag: str, global_step: Any = None) -> None:
        """Writes what a traced run told of itself, under a tag of its own.

        Raises:
          ValueError: If the tag was used before.
        """
        if tag in self._traced:
            raise ValueError(f"run metadata was already written under the tag {tag!r}.")
        self._traced.add(tag)
        data = _serialized(run_metadata, "add_run_metadata", "RunMetadata")
        event = proto.Event(tagged_run_metadata=proto.TaggedRunMetadata(tag=tag, run_metadata=data))
        self._add(event, global_step)

    def flush(self) -> None:
        """Makes everything added so far visible to readers."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Completes the event file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def reopen(self) -> None:
        """Starts another event file in the same folder; does nothing unless closed."""
        if self._file is None:
            self._file = self._open()

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self) -> EventFile:
        return EventFile(self._logdir, self._flush_secs, self._suffix)

    def _add(self, event: Any, global_step: Any) -> None:
        event.wall_time = time.time()
        if global_step is not None:
            event.step = int(global_step)
        self.add_event(event)


@export("summary.FileWriterCache")
class FileWriterCache:
    """One `FileWriter` for each folder, shared by all parts of a program."""

    _cache: dict[str, FileWriter] = {}  # noqa: RUF012 (shared on purpose)
    _lock = threading.RLock()

    @staticmethod
    def get(logdir: Any) -> FileWriter:
        """The writer of a folder, made when first asked for."""
        path = path_text(logdir)
        with FileWriterCache._lock:
            if path not in FileWriterCache._cache:
                FileWriterCache._cache[path] = FileWriter(path)
            return FileWriterCache._cache[path]

    @staticmethod
    def clear() -> None:
        """Closes and forgets all writers."""
        with FileWriterCache._lock:
            for writer in FileWriterCache._cache.values():
                writer.close()
            FileWriterCache._cache.clear()


def _warn_closed(logdir: str) -> None:
    message = (
        f"the FileWriter of {logdir} is closed, so nothing is written; call its reopen() first."
    )
    place = frames.capture()
    if place is None:
        warnings.warn(message, stacklevel=2)
    else:
        warnings.warn_explicit(message, UserWarning, place.filename, place.line)


def _serialized(message: Any, method: str, kind: str) -> bytes:
    """The bytes of a message, which may be of another library's class."""
    if not hasattr(message, "SerializeToString"):
        raise TypeError(f"{method}() takes {kind} message, not {message!r}.")
    data: bytes = message.SerializeToString()
    return data
