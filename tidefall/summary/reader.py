"""Reading event files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tidefall import proto
from tidefall.core.exports import export
from tidefall.io.records import tf_record_iterator


@export("train.summary_iterator")
def summary_iterator(path: Any) -> Iterator[Any]:
    """Yields the ``Event`` messages of an event file.

    Args:
      path: The file, which may still be growing.

    Raises:
      DataLossError: If the file is damaged.
    """
    for record in tf_record_iterator(path):
        yield proto.Event.FromString(record)
