"""Streams that call a function for each element."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import errors
from tidefall.data.streams.passing import Through
from tidefall.data.streams.stream import (
    Capture,
    Columns,
    Derived,
    Element,
    End,
    Stream,
    are_defined,
    first_row,
    open_stream,
    rows_in,
    stream,
)
from tidefall.data.streams.vectorized import column_function, works_on_columns
from tidefall.ops.dataset_steps import Step, as_step


class _Calling(Through):
    """A stream that calls a function, if it can for many elements at once."""

    function_name = "f"

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._function = Capture(step, calls, self.function_name)
        columns = column_function(self._function.traced) if self.input.wide else None
        self.wide = columns is not None
        self._columns = None if columns is None else self._function.of(columns, calls)
        self._failed: tuple[Columns, int] | None = None

    def _results(self, count: int) -> tuple[Columns, Columns]:
        """The next elements, and the function's results for them."""
        columns = self._left()
        if columns is None:
            columns = self.input.block(count)
            if self._columns is None:
                raise AssertionError("what has no column function is not wide")
            try:
                return columns, self._columns(*columns)
            except Exception:
                self._failed = columns, 0
                columns = self._left()
        if columns is None:
            raise AssertionError("the elements of a block that failed are left")
        return columns, [
            np.asarray(each, getattr(each, "dtype", object))[None]
            for each in self._function(*first_row(columns))
        ]

    def _left(self) -> Columns | None:
        """The next element of a block in which one failed; it is looked at one by one."""
        if self._failed is None:
            return None
        columns, at = self._failed
        self._failed = (columns, at + 1) if at + 1 < rows_in(columns) else None
        return [column[at : at + 1] for column in columns]


@stream("MapDataset", "ParallelMapDataset")
class Mapped(_Calling):
    """The results of a function."""

    def next(self) -> Element:
        if self._failed is not None:
            return first_row(self.block(1))
        element = self.input.next()
        try:
            return self._function(*element)
        except errors.OutOfRangeError:  # with which a function may end the pass
            raise End from None

    def block(self, count: int) -> Columns:
        return self._results(count)[1]


@stream("FilterDataset")
class Filtered(_Calling):
    """The elements for which a function is true."""

    function_name = "predicate"

    def next(self) -> Element:
        if self._failed is not None:
            return first_row(self.block(1))
        while True:
            element = self.input.next()
            if self._function(*element)[0]:
                return element

    def block(self, count: int) -> Columns:
        while True:
            columns, (chosen,) = self._results(count)
            if chosen.all():
                return columns
            if chosen.any():
                return [column[chosen] for column in columns]


@stream("TakeWhileDataset")
class TakenWhile(Derived):
    """The elements up to the first one for which a function is false."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._function = Capture(step, calls, "predicate")
        self._over = False

    def next(self) -> Element:
        if self._over:
            raise End
        element = self.input.next()
        if not self._function(*element)[0]:
            self._over = True
            raise End
        return element

    def save(self) -> Any:
        return self._over, self.input.save()

    def restore(self, state: Any) -> None:
        self._over, inner = state
        self.input.restore(inner)


@stream("ScanDataset")
class Scanned(Derived):
    """The results of a function that passes a state on."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._function = Capture(step, calls)
        self._state = list(step["initial_state"])

    def next(self) -> Element:
        results = self._function(*self._state, *self.input.next())
        count = len(self._state)
        self._state = results[:count]
        return results[count:]

    def save(self) -> Any:
        return list(self._state), self.input.save()

    def restore(self, state: Any) -> None:
        self._state, inner = list(state[0]), state[1]
        self.input.restore(inner)


class Opening(Derived):
    """A stream over datasets that a function makes of each element."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._function = Capture(step, calls)

    def open_next(self) -> tuple[Any, Element]:
        """The stream over the dataset of the next element, and that element."""
        element = self.input.next()
        return self.opened(element), element

    def opened(self, element: Element) -> Any:
        """The stream over the dataset of an element."""
        (dataset,) = self._function(*element)
        return open_stream(as_step(dataset), self.calls)


@stream("FlatMapDataset")
class FlatMapped(Opening):
    """The elements of the datasets, one after another."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self.wide = are_defined(step["output_shapes"]) and _makes_wide(self._function.traced)
        self._inner: Any = None
        self._element: Element = []

    def next(self) -> Element:
        return self._following(lambda inner: inner.next())

    def block(self, count: int) -> Columns:
        return self._following(lambda inner: inner.block(count))

    def _following(self, take: Any) -> list[Any]:
        while True:
            if self._inner is None:
                self._inner, self._element = self.open_next()
            try:
                found: list[Any] = take(self._inner)
            except End:
                self._inner.close()
                self._inner = None
                continue
            return found

    def close(self) -> None:
        if self._inner is not None:
            self._inner.close()
        super().close()

    def save(self) -> Any:
        inner = None if self._inner is None else (self._element, self._inner.save())
        return inner, self.input.save()

    def restore(self, state: Any) -> None:
        inner, source = state
        self.input.restore(source)
        self._inner = None
        if inner is not None:
            self._element = inner[0]
            self._inner = self.opened(inner[0])
            self._inner.restore(inner[1])


#: Datasets whose streams are wide whatever they are made of, and those that pass it on.
_WIDE = {"TextLineDataset", "TFRecordDataset", "FixedLengthRecordDatasetV2", "RangeDataset"}
_WIDE |= {"TensorSliceDataset", "CSVDataset"}
_PASSING = {"TakeDataset", "SkipDataset", "RepeatDataset", "ShuffleDataset", "ShardDataset"}
_CALLING = {"MapDataset": "f", "ParallelMapDataset": "f", "FilterDataset": "predicate"}


def _makes_wide(function: Any) -> bool:
    """Whether the datasets a function returns are wide, as far as its graph tells."""
    op = function.outputs[0]._op
    while True:
        if op.type in _WIDE:
            return True
        if op.type in _CALLING and not works_on_columns(op._attrs[_CALLING[op.type]]):
            return False
        if op.type not in _PASSING and op.type not in _CALLING and op.type != "Identity":
            return False
        op = op._inputs[0]._op


@stream(
    "InterleaveDataset", "ParallelInterleaveDataset", "ParallelInterleaveDatasetV2"
)  # fmt: skip
class Interleaved(Opening):
    """The elements of several datasets at a time, in turns."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._cycle = int(step["cycle_length"])
        self._block_length = int(step["block_length"])
        for name, value in (("cycle_length", self._cycle), ("block_length", self._block_length)):
            if value <= 0:
                raise ValueError(f"the {name} of an interleave must be positive, not {value}.")
        self._open: list[Any] = [None] * self._cycle
        self._elements: list[Element] = [[] for _ in range(self._cycle)]
        self._at = 0
        self._taken = 0
        self._over = False

    def next(self) -> Element:
        while not (self._over and all(each is None for each in self._open)):
            inner = self._open[self._at]
            if inner is not None:
                try:
                    element: Element = inner.next()
                except End:
                    inner.close()
                    self._open[self._at] = None
                    self._turn()
                    continue
                self._taken += 1
                if self._taken == self._block_length:
                    self._turn()
                return element
            if self._over:
                self._turn()
                continue
            try:
                self._open[self._at], self._elements[self._at] = self.open_next()
            except End:
                self._over = True
        raise End

    def _turn(self) -> None:
        self._at = (self._at + 1) % self._cycle
        self._taken = 0

    def close(self) -> None:
        for each in self._open:
            if each is not None:
                each.close()
        super().close()

    def save(self) -> Any:
        inner = [
            None if each is None else (element, each.save())
            for each, element in zip(self._open, self._elements, strict=True)
        ]
        return self._at, self._taken, self._over, inner, self.input.save()

    def restore(self, state: Any) -> None:
        self._at, self._taken, self._over, inner, source = state
        self.input.restore(source)
        for index, each in enumerate(inner):
            if each is not None:
                self._elements[index] = each[0]
                self._open[index] = self.opened(each[0])
                self._open[index].restore(each[1])


@stream("MapAndBatchDataset")
def mapped_and_batched(step: Step, calls: Any) -> Stream:
    """A map, and a batch of it: there is nothing to gain from doing both at once here."""
    names = ("input_dataset", "other_arguments", "f", "output_types", "output_shapes")
    mapped = Step("MapDataset", step.node_name, {name: step[name] for name in names})
    batch = {"batch_size": step["batch_size"], "drop_remainder": step["drop_remainder"]}
    args = {"input_dataset": mapped, **batch}
    return open_stream(Step("BatchDatasetV2", step.node_name, args), calls)
