"""Accumulators: they add up gradients of several workers, and hand out the sum or the mean.

A gradient carries the step at which it was computed; one from an earlier step than the
accumulator's own is stale and dropped. Taking begins a new step.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tidefall.core import errors, logging
from tidefall.core.shapes import Shape
from tidefall.state.queues import Wait, forever

Array = Any


class Rows(NamedTuple):
    """A gradient of some rows of a variable.

    Attributes:
      indices: Which rows.
      values: Their gradients.
      shape: The shape of the whole; empty if it was not said.
    """

    indices: Array
    values: Array
    shape: Array


class Accumulator:
    """Gradients that are added up.

    Args:
      name: Its name, for messages.
      dtype: The dtype of the gradients.
      shape: Their shape, as far as it is known.
      mean: Whether the mean is handed out, not the sum.
    """

    def __init__(self, name: str, dtype: np.dtype[Any], shape: Shape, mean: bool) -> None:
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.mean = mean
        self.count = 0
        self.step = 0
        self._changed = threading.Condition()
        self._line: deque[object] = deque()

    def set_step(self, step: int) -> None:
        """Sets the step; an earlier one than the present is ignored, with a warning."""
        with self._changed:
            if step < self.step:
                logging.warning(
                    "the accumulator '%s' is at step %d and cannot go back to %d.",
                    self.name, self.step, step,
                )  # fmt: skip
                return
            self.step = step

    def take(self, required: int, wait: Wait = forever) -> Any:
        """The sum or mean, once ``required`` gradients are there; begins a new step.

        Raises:
          InvalidArgumentError: If ``required`` is not positive.
        """
        if required <= 0:
            raise errors.InvalidArgumentError(
                None, None, f"the number of gradients to wait for must be positive, not {required}."
            )
        me = object()
        with self._changed:
            self._line.append(me)
            try:
                wait(self._changed, lambda: self._line[0] is me and self.count >= required)
                result = self._result()
                self.count = 0
                self.step += 1
                return result
            finally:
                self._line.remove(me)
                self._changed.notify_all()

    def cancel(self) -> None:
        """Wakes those who wait; the session ends."""
        with self._changed:
            self._changed.notify_all()

    def _add(self, step: int, add: Callable[[], None]) -> None:
        with self._changed:
            if step >= self.step:
                add()
                self.count += 1
                self._changed.notify_all()

    def _result(self) -> Any:
        raise NotImplementedError

    def _divided(self, values: Array, count: Any) -> Array:
        """Values over counts, in the accumulator's dtype."""
        if not self.mean:
            return values
        divided = values // count if self.dtype.kind in "iu" else values / count
        return np.asarray(divided).astype(self.dtype)

    def _check(self, shape: tuple[int, ...]) -> None:
        if not self.shape.is_compatible_with(Shape(shape)):
            raise errors.InvalidArgumentError(
                None,
                None,
                f"a gradient of shape {shape} does not fit the accumulator '{self.name}' of shape "
                f"{self.shape}.",
            )


class DenseAccumulator(Accumulator):
    """Gradients that are whole arrays."""

    def __init__(self, name: str, dtype: np.dtype[Any], shape: Shape, mean: bool) -> None:
        super().__init__(name, dtype, shape, mean)
        self._sum: Array = None

    def apply(self, step: int, gradient: Array) -> None:
        """Adds a gradient, unless it is stale.

        Raises:
          InvalidArgumentError: If its shape does not fit.
        """
        self._check(np.shape(gradient))

        def add() -> None:
            if self.count == 0:
                self._sum = np.array(gradient)
            elif self._sum.shape != np.shape(gradient):
                raise errors.InvalidArgumentError(
                    None,
                    None,
                    f"a gradient of shape {np.shape(gradient)} was added to gradients of shape "
                    f"{self._sum.shape} in the accumulator '{self.name}'.",
                )
            else:
                self._sum += gradient

        self._add(step, add)

    def _result(self) -> Array:
        return self._divided(self._sum, np.asarray(self.count, self.dtype))


class SparseAccumulator(Accumulator):
    """Gradients of some rows; each row is divided by how many gradients had it.

    As in TensorFlow, each gradient should have its rows in increasing order. Rows out of order
    stay apart, so that an index may come more than once.
    """

    def __init__(self, name: str, dtype: np.dtype[Any], shape: Shape, mean: bool) -> None:
        super().__init__(name, dtype, shape, mean)
        self._sum: Rows | None = None
        self._counts: Array = None

    def apply(self, step: int, rows: Rows) -> None:
        """Adds the gradients of some rows, unless they are stale.

        Raises:
          InvalidArgumentError: If indices, values and shape do not fit together.
        """
        self._check_rows(rows)
        self._add(step, lambda: self._merge(Rows(*[np.array(each) for each in rows])))

    def _merge(self, rows: Rows) -> None:
        before = self._sum
        if self.count == 0 or before is None:
            self._sum = rows
            self._counts = np.ones(len(rows.indices), np.int64)
            return
        indices, old, new = _side_by_side(before.indices.tolist(), rows.indices.tolist())
        values = np.zeros((len(indices), *rows.values.shape[1:]), self.dtype)
        counts = np.zeros(len(indices), np.int64)
        values[old >= 0] += before.values[old[old >= 0]]
        counts[old >= 0] += self._counts[old[old >= 0]]
        values[new >= 0] += rows.values[new[new >= 0]]
        counts[new >= 0] += 1
        shape = rows.shape if rows.shape.size else before.shape
        self._sum, self._counts = Rows(np.array(indices, np.int64), values, shape), counts

    def _check_rows(self, rows: Rows) -> None:
        indices, values, shape = rows
        if indices.ndim != 1 or values.ndim < 1 or len(indices) != len(values):
            raise errors.InvalidArgumentError(
                None,
                None,
                f"indices of shape {indices.shape} do not tell the rows of values of shape "
                f"{values.shape}: as many indices as rows are needed.",
            )
        if shape.size:
            whole = tuple(shape.tolist())
            self._check(whole)
            if whole[1:] != values.shape[1:] or (indices.size and int(indices.max()) >= whole[0]):
                raise errors.InvalidArgumentError(
                    None,
                    None,
                    f"rows of shape {values.shape[1:]} with indices up to "
                    f"{int(indices.max(initial=0))} are not rows of an array of shape {whole}.",
                )
        elif self.shape.rank is not None:
            self._check((self.shape.dims[0] or 0, *values.shape[1:]) if self.shape.dims else ())

    def _result(self) -> Rows:
        if self._sum is None:
            raise AssertionError("nothing was added")
        indices, values, shape = self._sum
        column = self._counts.reshape(-1, *(1,) * (values.ndim - 1)).astype(self.dtype)
        whole = shape if shape.size else self._whole(values)
        return Rows(indices, self._divided(values, column), whole)

    def _whole(self, values: Array) -> Array:
        """The shape of the whole, as far as the accumulator knows it; -1 for what it does not."""
        dims = self.shape.dims or (None,)
        return np.array([-1 if dims[0] is None else dims[0], *values.shape[1:]], np.int64)


def _side_by_side(old: list[int], new: list[int]) -> tuple[list[int], Array, Array]:
    """Two lists of increasing indices as one, and where each is in either; -1 for nowhere."""
    indices: list[int] = []
    places: list[tuple[int, int]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        takes_old = j == len(new) or (i < len(old) and old[i] <= new[j])
        takes_new = i == len(old) or (j < len(new) and new[j] <= old[i])
        indices.append(old[i] if takes_old else new[j])
        places.append((i if takes_old else -1, j if takes_new else -1))
        i, j = i + takes_old, j + takes_new
    both = np.array(places, np.int64).reshape(-1, 2)
    return indices, both[:, 0], both[:, 1]
