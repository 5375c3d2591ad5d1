"""Streams that pass on what they read, all or some of it."""

from __future__ import annotations

import time
from typing import Any

from tidefall.data.streams.stream import (
    Columns,
    Derived,
    Element,
    End,
    Stream,
    as_number,
    open_stream,
    rows_in,
    stream,
)
from tidefall.ops.dataset_steps import Step


class Through(Derived):
    """A stream that is wide if its input is.

    Attributes:
      hands_on: Whether it gives the very arrays it was given, and keeps none.
      adds_nothing: Whether it only chooses and arranges elements.
    """

    hands_on = False
    adds_nothing = False

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self.wide = self.input.wide
        self.exclusive = self.hands_on and self.input.exclusive
        self.light = self.adds_nothing and self.input.light
        self.keeps_failures = self.adds_nothing and self.input.keeps_failures

    def next(self) -> Element:
        return self.input.next()

    def block(self, count: int) -> Columns:
        return self.input.block(count)


@stream(
    "ModelDataset", "AssertNextDataset", "BytesProducedStatsDataset",
    "LatencyStatsDataset", "PrivateThreadPoolDataset", "MaxIntraOpParallelismDataset",
    "NonSerializableDataset",
)  # fmt: skip
class Same(Through):
    """All elements as they are."""

    hands_on = True
    adds_nothing = True


@stream("SleepDataset")
class Slowed(Through):
    """All elements as they are, each after a pause."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self.wide = False
        self._seconds = as_number(step["sleep_microseconds"]) / 1e6

    def next(self) -> Element:
        time.sleep(self._seconds)
        return self.input.next()


@stream("TakeDataset")
class Taken(Through):
    """The first elements."""

    hands_on = True
    adds_nothing = True

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._count = as_number(step["count"])
        self._taken = 0

    def _allowed(self, count: int) -> int:
        if self._count < 0:
            return count
        left = min(count, self._count - self._taken)
        if left <= 0:
            raise End
        return left

    def next(self) -> Element:
        self._allowed(1)
        element = self.input.next()
        self._taken += 1
        return element

    def block(self, count: int) -> Columns:
        columns = self.input.block(self._allowed(count))
        self._taken += rows_in(columns)
        return columns

    def save(self) -> Any:
        return self._taken, self.input.save()

    def restore(self, state: Any) -> None:
        self._taken, inner = state
        self.input.restore(inner)


@stream("SkipDataset")
class Skipped(Through):
    """What comes after the first elements."""

    hands_on = True
    adds_nothing = True

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._left = as_number(step["count"])

    def _skip(self) -> None:
        if self._left < 0:
            raise End
        while self._left > 0:
            if self.wide:
                self._left -= rows_in(self.input.block(self._left))
            else:
                self.input.next()
                self._left -= 1

    def next(self) -> Element:
        if self._left:
            self._skip()
        return self.input.next()

    def block(self, count: int) -> Columns:
        if self._left:
            self._skip()
        return self.input.block(count)

    def save(self) -> Any:
        return self._left, self.input.save()

    def restore(self, state: Any) -> None:
        self._left, inner = state
        self.input.restore(inner)


@stream("ShardDataset")
class Shard(Through):
    """Every so many-th element."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._shards, self._index = as_number(step["num_shards"]), as_number(step["index"])
        if self._shards <= 0:
            raise ValueError(f"num_shards must be at least 1, not {self._shards}.")
        if not 0 <= self._index < self._shards:
            raise ValueError(
                f"the index of a shard must be from 0 to {self._shards - 1}, not {self._index}."
            )
        self._position = 0

    def next(self) -> Element:
        while True:
            element = self.input.next()
            mine = self._position % self._shards == self._index
            self._position += 1
            if mine:
                return element

    def block(self, count: int) -> Columns:
        while True:
            columns = self.input.block(count * self._shards)
            first = (self._index - self._position) % self._shards
            self._position += rows_in(columns)
            mine = [column[first :: self._shards] for column in columns]
            if rows_in(mine):
                return mine

    def save(self) -> Any:
        return self._position, self.input.save()

    def restore(self, state: Any) -> None:
        self._position, inner = state
        self.input.restore(inner)


@stream("RepeatDataset")
class Repeated(Through):
    """The elements several times over."""

    hands_on = True
    adds_nothing = True

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._count = as_number(step["count"])
        self._pass = 0
        self._empty = True

    def _again(self) -> None:
        """Begins the next pass."""
        self._pass += 1
        if (self._count >= 0 and self._pass >= self._count) or (self._count < 0 and self._empty):
            raise End
        self._empty = True
        self.reopen()

    def next(self) -> Element:
        if self._count == 0:
            raise End
        while True:
            try:
                element = self.input.next()
            except End:
                self._again()
                continue
            self._empty = False
            return element

    def block(self, count: int) -> Columns:
        if self._count == 0:
            raise End
        while True:
            try:
                columns = self.input.block(count)
            except End:
                self._again()
                continue
            self._empty = False
            return columns

    def save(self) -> Any:
        return self._pass, self._empty, self.input.save()

    def restore(self, state: Any) -> None:
        self._pass, self._empty, inner = state
        self.input.restore(inner)


class Several(Stream):
    """A stream that reads several others."""

    def __init__(self, step: Step, calls: Any, inputs: list[Any]) -> None:
        super().__init__(step, calls)
        self.inputs = [open_stream(each, calls) for each in inputs]
        self.wide = all(each.wide for each in self.inputs)

    def close(self) -> None:
        for each in self.inputs:
            each.close()


@stream("ZipDataset")
class Zipped(Several):
    """One element of each."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls, step["input_datasets"])
        self._left: list[Columns | None] = [None] * len(self.inputs)

    def next(self) -> Element:
        if self.wide:
            return super().next()
        return [value for each in self.inputs for value in each.next()]

    def block(self, count: int) -> Columns:
        parts = [self._part(index, count) for index in range(len(self.inputs))]
        rows = min(rows_in(part) for part in parts)
        for index, part in enumerate(parts):
            rest = [column[rows:] for column in part]
            self._left[index] = rest if rows_in(rest) else None
        return [column[:rows] for part in parts for column in part]

    def _part(self, index: int, count: int) -> Columns:
        left = self._left[index]
        if left is None:
            return self.inputs[index].block(count)
        return left

    def save(self) -> Any:
        return self._left, [each.save() for each in self.inputs]

    def restore(self, state: Any) -> None:
        self._left, inner = state
        for each, part in zip(self.inputs, inner, strict=True):
            each.restore(part)


@stream("ConcatenateDataset")
class Concatenated(Several):
    """The elements of one, then those of the other."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls, [step["input_dataset"], step["another_dataset"]])
        self._at = 0

    def next(self) -> Element:
        element: Element = self._following(lambda source: source.next())
        return element

    def block(self, count: int) -> Columns:
        columns: Columns = self._following(lambda source: source.block(count))
        return columns

    def _following(self, take: Any) -> Any:
        while self._at < len(self.inputs):
            try:
                return take(self.inputs[self._at])
            except End:
                self._at += 1
        raise End

    def save(self) -> Any:
        return self._at, [each.save() for each in self.inputs]

    def restore(self, state: Any) -> None:
        self._at, inner = state
        for each, part in zip(self.inputs, inner, strict=True):
            each.restore(part)
