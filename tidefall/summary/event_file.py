"""Event files: what TensorBoard reads.

An event file is a record file of ``Event`` messages, the first of which names the version of
the format. Writing an event costs some tens of microseconds, most of it in memory, so events
are written where they are added: a thread that did it instead would compete with the training
program for the interpreter, and could lose events or hang when the program ends.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from typing import Any

from tidefall import proto
from tidefall.io import gfile
from tidefall.io.records import RecordWriter

_VERSION = "brain.Event:2"


class EventFile:
    """One event file, made when its first event is written.

    Args:
      logdir: The folder; made if it does not exist.
      flush_secs: An event written so many seconds after the last flush causes another.
      suffix: Appended to the file's name.
    """

    def __init__(self, logdir: str, flush_secs: float, suffix: str) -> None:
        gfile.makedirs(logdir)
        self._flush_secs = flush_secs
        self._lock = threading.Lock()
        self._started = int(time.time())
        name = f"events.out.tfevents.{self._started:010d}.{os.uname().nodename}{suffix}"
        self._path = os.path.join(logdir, name)
        self._writer: RecordWriter | None = None
        self._flushed = time.monotonic()

    def write(self, event: Any) -> None:
        """Appends an ``Event``; later changes to the message do not matter."""
        data = event.SerializeToString()
        with self._lock:
            self._opened().write(data)
            if time.monotonic() - self._flushed >= self._flush_secs:
                self._flush()

    def flush(self) -> None:
        """Makes everything written visible to readers."""
        with self._lock:
            self._flush()

    def close(self) -> None:
        """Completes the file."""
        with self._lock:
            if self._writer is not None:
                self._writer.close()

    def _flush(self) -> None:
        if self._writer is not None:
            self._writer.flush()
        self._flushed = time.monotonic()

    def _opened(self) -> RecordWriter:
        if self._writer is None:
            path, count = self._path, 0
            while os.path.exists(path):  # another writer, in the same second
                count += 1
                path = f"{self._path}.{count}"
            self._writer = RecordWriter(path)
            weakref.finalize(self, _close_quietly, self._writer)
            version = proto.Event(wall_time=self._started, file_version=_VERSION)
            self._writer.write(version.SerializeToString())
        return self._writer


def _close_quietly(writer: RecordWriter) -> None:
    """Completes a file whose owner is gone; at the end of the program, too."""
    writer.close()
