"""Streams of stacked elements, and of their rows again."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from tidefall.data.streams.stream import (
    Columns,
    Derived,
    Element,
    End,
    are_defined,
    as_number,
    first_row,
    joined,
    rows_in,
    stream,
)
from tidefall.ops.dataset_steps import Step

#: Batches made at once, at most: so many, and of so many bytes together.
_MOST_TOGETHER = 16
_BYTES_TOGETHER = 1 << 19


@stream("BatchDatasetV2")
class Batches(Derived):
    """Stacks of so many elements; the last one may be smaller."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._size = as_number(step["batch_size"])
        self._whole = bool(step["drop_remainder"])
        self.exclusive = self.input.exclusive
        self.light = self.input.light
        #: How many batches are made at once; those not yet given, and rows of the next one.
        self._together = 1
        self._made: deque[Columns] = deque()
        self._rest: Columns | None = None
        if self._size <= 0:
            raise ValueError(f"a batch must have at least one element, not {self._size}.")

    def next(self) -> Element:
        if self._made:
            batch = self._made.popleft()
        elif self.input.wide and self.input.keeps_failures and self.exclusive:
            batch = self._first_of_several()
        elif self.input.wide:
            batch = taken_together(self.input, self._size)
        else:
            batch = stacked(take(self.input, self._size))
        if self._whole and rows_in(batch) < self._size:
            raise End
        return batch

    def _first_of_several(self) -> Columns:
        """Makes several batches, which costs little more than one.

        No new pass over the input is begun for them before it has to be, so nobody can tell.
        """
        size, rest = self._size, self._rest
        if rest is not None:
            self._rest = None
            return taken_together(self.input, size, rest)
        block = self.input.block(size * self._together)
        if rows_in(block) < size:
            return taken_together(self.input, size, block)
        whole = rows_in(block) // size * size
        self._together = _together(block, size)
        for start in range(size, whole, size):
            self._made.append([column[start : start + size] for column in block])
        if whole < rows_in(block):
            self._rest = [column[whole:] for column in block]
        return [column[:size] for column in block]

    def save(self) -> Any:
        return list(self._made), self._rest, self.input.save()

    def restore(self, state: Any) -> None:
        made, self._rest, inner = state
        self._made = deque(made)
        self.input.restore(inner)


def _together(block: Columns, size: int) -> int:
    """How many batches of some rows are made at once."""
    width: int = sum([column.nbytes for column in block]) * size // rows_in(block)
    return max(1, min(_MOST_TOGETHER, _BYTES_TOGETHER // max(width, 1)))


def take(source: Any, count: int) -> list[Element]:
    """Up to ``count`` elements, at least one."""
    elements: list[Element] = []
    following = source.next
    try:
        for _ in range(count):
            elements.append(following())
    except End:
        if not elements:
            raise
    return elements


def taken_together(source: Any, count: int, first: Columns | None = None) -> Columns:
    """Up to ``count`` elements of a wide stream as one block, at least one.

    Args:
      source: The stream.
      count: How many.
      first: Some that were taken already.
    """
    block: Columns = source.block(count) if first is None else first
    missing = count - rows_in(block)
    if not missing:
        return block
    blocks = [block]
    try:
        while missing:
            blocks.append(source.block(missing))
            missing -= rows_in(blocks[-1])
    except End:
        pass
    return joined(blocks)


def stacked(elements: list[Element]) -> Columns:
    """Elements as columns.

    Raises:
      ValueError: If their shapes differ.
    """
    return [_stack(values) for values in zip(*elements, strict=True)]


def _stack(values: tuple[Any, ...]) -> Any:
    first = values[0]
    if first.ndim == 0:
        if isinstance(first, np.ndarray) and first.dtype.kind == "O":
            column = np.empty(len(values), object)
            column[:] = [value[()] for value in values]
            return column
        return np.array(values, first.dtype)
    shape = first.shape
    for index, value in enumerate(values):
        if value.shape != shape:
            raise ValueError(
                f"element {index} of the batch has shape {value.shape}, but element 0 has "
                f"{shape}; elements of a batch must have one shape. Use padded_batch to fill up "
                "the smaller ones."
            )
    return np.stack(values)


@stream("PaddedBatchDatasetV2")
class PaddedBatches(Derived):
    """Stacks of elements that are filled up to one shape."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._size = as_number(step["batch_size"])
        self._whole = bool(step["drop_remainder"])
        self._shapes = [np.asarray(shape).tolist() for shape in step["padded_shapes"]]
        self._fill = [np.asarray(value)[()] for value in step["padding_values"]]
        if self._size <= 0:
            raise ValueError(f"a batch must have at least one element, not {self._size}.")

    def next(self) -> Element:
        elements = take(self.input, self._size)
        if self._whole and len(elements) < self._size:
            raise End
        columns = zip(*elements, strict=True)
        return [
            _padded(values, shape, fill)
            for values, shape, fill in zip(columns, self._shapes, self._fill, strict=True)
        ]


def _padded(values: tuple[Any, ...], wanted: list[int], fill: Any) -> Any:
    """Arrays in one array, each at the beginning of its row."""
    first = values[0]
    for value in values:
        if value.ndim != len(wanted):
            raise ValueError(
                f"an element of shape {value.shape} cannot be padded to a shape of rank "
                f"{len(wanted)}, {wanted}."
            )
    largest = [max(sizes) for sizes in zip(*[value.shape for value in values], strict=True)]
    shape = [most if want < 0 else want for most, want in zip(largest, wanted, strict=True)]
    for axis, (most, size) in enumerate(zip(largest, shape, strict=True)):
        if most > size:
            raise ValueError(
                f"an element has {most} entries along axis {axis}, more than the {size} of the "
                f"padded shape {wanted}."
            )
    if not shape:
        return _stack(values)
    result = np.full((len(values), *shape), fill, first.dtype)
    for row, value in zip(result, values, strict=True):
        row[tuple([slice(size) for size in value.shape])] = value
    return result


@stream("UnbatchDataset")
class Unbatched(Derived):
    """The rows of each element."""

    wide = True

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self.wide = are_defined(step["output_shapes"]) and not any(
            each.name == "variant" for each in step["output_types"]
        )
        self._columns: Columns | None = None
        self._at = 0

    def next(self) -> Element:
        return first_row(self.block(1))

    def block(self, count: int) -> Columns:
        while self._columns is None or self._at >= rows_in(self._columns):
            self._columns, self._at = self._following(), 0
        start = self._at
        self._at = start + count
        return [column[start : self._at] for column in self._columns]

    def _following(self) -> Columns:
        columns = self.input.next()
        sizes = {len(column) for column in columns}
        if len(sizes) > 1:
            raise ValueError(
                f"the components of an element have {' and '.join(map(str, sorted(sizes)))} rows; "
                "to be taken apart they must have equally many."
            )
        return columns

    def save(self) -> Any:
        return self._columns, self._at, self.input.save()

    def restore(self, state: Any) -> None:
        self._columns, self._at, inner = state
        self.input.restore(inner)


@stream("DenseToSparseBatchDataset")
class SparseBatches(Derived):
    """Sparse stacks of arrays of various sizes; each element is a vector of three parts."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._size = as_number(step["batch_size"])
        self._row = np.asarray(step["row_shape"]).tolist()

    def next(self) -> Element:
        rows = [element[0] for element in take(self.input, self._size)]
        sizes = [max(axis) for axis in zip(*[row.shape for row in rows], strict=True)]
        for axis, (size, want) in enumerate(zip(sizes, self._row, strict=True)):
            if 0 <= want < size:
                raise ValueError(
                    f"a row has {size} entries along axis {axis}, more than the {want} of the row "
                    f"shape {self._row}."
                )
        full = [size if want < 0 else want for size, want in zip(sizes, self._row, strict=True)]
        indices = np.concatenate([_numbered(number, row) for number, row in enumerate(rows)])
        values = np.concatenate([row.reshape(-1) for row in rows])
        parts = np.empty(3, object)
        parts[0], parts[1] = indices, values
        parts[2] = np.array([len(rows), *full], np.int64)
        return [parts]


def _numbered(number: int, row: Any) -> Any:
    places = np.indices(row.shape, np.int64).reshape(row.ndim, -1).T
    return np.concatenate([np.full((len(places), 1), number, np.int64), places], axis=1)
