"""Streams of stacked elements, and of their rows again."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.data.streams.stream import (
    Columns,
    Derived,
    Element,
    End,
    as_number,
    joined,
    rows_in,
    stream,
)
from tidefall.ops.dataset_steps import Step


@stream("BatchDatasetV2")
class Batches(Derived):
    """Stacks of so many elements; the last one may be smaller."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._size = as_number(step["batch_size"])
        self._whole = bool(step["drop_remainder"])
        if self._size <= 0:
            raise ValueError(f"a batch must have at least one element, not {self._size}.")

    def next(self) -> Element:
        batch = taken_together(self.input, self._size) if self.input.wide else self._stacked()
        if self._whole and rows_in(batch) < self._size:
            raise End
        return batch

    def _stacked(self) -> Columns:
        return stacked(take(self.input, self._size))

    def save(self) -> Any:
        return self.input.save()

    def restore(self, state: Any) -> None:
        self.input.restore(state)


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


def taken_together(source: Any, count: int) -> Columns:
    """Up to ``count`` elements of a wide stream as one block, at least one."""
    block: Columns = source.block(count)
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
