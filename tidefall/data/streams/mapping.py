"""Streams that call a function for each element."""

from __future__ import annotations

from typing import Any

from tidefall.data.streams.stream import Capture, Derived, Element, stream
from tidefall.ops.dataset_steps import Step


@stream("MapDataset", "ParallelMapDataset")
class Mapped(Derived):
    """The results of a function."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._function = Capture(step, calls)

    def next(self) -> Element:
        return self._function(*self.input.next())

    def save(self) -> Any:
        return self.input.save()

    def restore(self, state: Any) -> None:
        self.input.restore(state)
