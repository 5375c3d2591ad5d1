"""Sparse tensors that wait under a number, since a queue holds arrays only."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tidefall.core import errors

Array = Any


class Sparse(NamedTuple):
    """A sparse tensor: indices of shape (n, rank), n values, and the shape."""

    indices: Array
    values: Array
    shape: Array


class SparseStore:
    """Sparse tensors by number."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[int, Sparse] = {}
        self._next = 0

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, sparse: Sparse) -> int:
        """Keeps a copy; returns its number."""
        own = Sparse(*[np.array(each, each.dtype) for each in sparse])
        with self._lock:
            number = self._next
            self._next += 1
            self._kept[number] = own
            return number

    def add_rows(self, sparse: Sparse) -> list[int]:
        """Keeps each slice along the first dimension; returns their numbers."""
        rows = sparse.indices[:, 0]
        count = int(sparse.shape[0])
        if rows.size and not 0 <= int(rows.min()) <= int(rows.max()) < count:
            raise errors.InvalidArgumentError(
                None, None, f"a sparse tensor of {count} rows has values in row {int(rows.max())}."
            )
        parts = []
        for row in range(count):
            inside = rows == row
            part = Sparse(sparse.indices[inside, 1:], sparse.values[inside], sparse.shape[1:])
            parts.append(self.add(part))
        return parts

    def take(self, numbers: Sequence[int], dtype: np.dtype[Any]) -> Sparse:
        """Removes sparse tensors and stacks them; the shape is that of the largest.

        Raises:
          InvalidArgumentError: If there is none of a number, or they differ in rank.
        """
        with self._lock:
            missing = [number for number in numbers if number not in self._kept]
            if missing:
                raise errors.InvalidArgumentError(
                    None, None, f"no sparse tensor is kept under the number {missing[0]}."
                )
            found = [self._kept.pop(number) for number in numbers]
        ranks = {len(each.shape) for each in found}
        if len(ranks) > 1:
            raise errors.InvalidArgumentError(
                None, None, f"sparse tensors of ranks {sorted(ranks)} cannot be stacked."
            )
        if not found:
            nothing = np.empty(0, dtype)
            return Sparse(np.empty((0, 1), np.int64), nothing, np.zeros(1, np.int64))
        places = [np.full((len(each.values), 1), row) for row, each in enumerate(found)]
        indices = [np.hstack([p, each.indices]) for p, each in zip(places, found, strict=True)]
        largest = np.max([each.shape for each in found], axis=0)
        shape = np.concatenate([[len(found)], largest]).astype(np.int64)
        values = np.concatenate([each.values for each in found])
        return Sparse(np.concatenate(indices).astype(np.int64), values, shape)
