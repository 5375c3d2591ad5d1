"""Streams over arrays and numbers."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np

from tidefall.array.random_words import Words
from tidefall.data.streams.stream import (
    Columns,
    Element,
    End,
    Stream,
    as_number,
    stream,
)
from tidefall.ops.dataset_steps import Step


@stream("TensorDataset")
class Tensors(Stream):
    """One element."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._done = False

    def next(self) -> Element:
        if self._done:
            raise End
        self._done = True
        return [_shared(each) for each in self.step["components"]]

    def save(self) -> Any:
        return self._done

    def restore(self, state: Any) -> None:
        self._done = state


def _shared(value: Any) -> Any:
    """A view of an array that is kept, so that whoever changes it copies it first."""
    if isinstance(value, Step):
        return value.array
    return value.view() if isinstance(value, np.ndarray) and value.ndim else value


@stream("TensorSliceDataset")
class Slices(Stream):
    """The rows of arrays."""

    wide = True
    light = True
    keeps_failures = True

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self.columns = [np.asarray(each) for each in step["components"]]
        sizes = {len(column) for column in self.columns}
        if len(sizes) != 1:
            raise ValueError(f"the components have different numbers of rows: {sorted(sizes)}.")
        self.size = sizes.pop()
        self.position = 0

    def block(self, count: int) -> Columns:
        start = self.position
        if start >= self.size:
            raise End
        self.position = min(start + count, self.size)
        return [column[start : self.position] for column in self.columns]

    def save(self) -> Any:
        return self.position

    def restore(self, state: Any) -> None:
        self.position = state


@stream("RangeDataset")
class Range(Stream):
    """Consecutive integers."""

    wide = True
    light = True
    keeps_failures = True

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        start, stop, stride = (as_number(step[name]) for name in ("start", "stop", "step"))
        if stride == 0:
            raise ValueError("the step of a range must not be 0.")
        self._range = range(start, stop, stride)
        self._position = 0

    def block(self, count: int) -> Columns:
        part = self._range[self._position : self._position + count]
        if not part:
            raise End
        self._position += len(part)
        return [np.arange(part.start, part.stop, part.step, dtype=np.int64)]

    def save(self) -> Any:
        return self._position

    def restore(self, state: Any) -> None:
        self._position = state


@stream("RandomDataset")
class Random(Stream):
    """Random words, as 64-bit integers."""

    wide = True

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._words = Words(*seeds_of(step))

    def block(self, count: int) -> Columns:
        return [self._words.take(count).astype(np.int64)]

    def save(self) -> Any:
        return self._words.save()

    def restore(self, state: Any) -> None:
        self._words.restore(state)


def seeds_of(step: Step) -> tuple[int, int]:
    """The two seeds of a step; other ones in each pass if both are 0."""
    seeds = as_number(step["seed"]), as_number(step["seed2"])
    return seeds if seeds != (0, 0) else (secrets.randbits(63), secrets.randbits(63))


@stream("SparseTensorSliceDataset")
class SparseSlices(Stream):
    """The rows of a sparse tensor, each as indices, values and shape."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._indices, self._values = np.asarray(step["indices"]), np.asarray(step["values"])
        self._shape = np.asarray(step["dense_shape"])
        self._position = 0

    def next(self) -> Element:
        if self._position >= self._shape[0]:
            raise End
        chosen = self._indices[:, 0] == self._position
        self._position += 1
        return [self._indices[chosen, 1:], self._values[chosen], self._shape[1:].copy()]

    def save(self) -> Any:
        return self._position

    def restore(self, state: Any) -> None:
        self._position = state
