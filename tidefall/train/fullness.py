"""Summaries of how full a queue is."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes
from tidefall.ops.cast import cast
from tidefall.ops.math import maximum
from tidefall.ops.queues import QueueBase
from tidefall.summary import summaries


def fraction_full(queue: QueueBase, capacity: int, name: str | None = None) -> None:
    """A summary of the part of a queue's capacity that is in use.

    Args:
      queue: The queue.
      capacity: Its capacity.
      name: The name of the summary, if it is not to be the usual one.
    """
    fraction = cast(queue.size(), dtypes.float32) * (1.0 / capacity)
    summaries.scalar(name or usual_name(capacity), fraction)


def usual_name(capacity: int) -> str:
    """The name of a summary of how full a queue is."""
    return f"fraction_of_{capacity}_full"


def fraction_above(queue: QueueBase, capacity: int, at_least: int) -> None:
    """A summary of how full a queue is above what always stays in it."""
    room = capacity - at_least
    size: Any = queue.size()
    fraction = cast(maximum(0, size - at_least), dtypes.float32) * (1.0 / room)
    summaries.scalar(f"fraction_over_{at_least}_of_{room}_full", fraction)
