"""`Pack`: several variables of one dtype, and their optimizer slots, in flat buffers.

Outside, each variable still has its own array: a view of the buffer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tidefall.state.cells import Cell, UninitializedError

#: Elements updated at a time: small enough for the temporaries of the rule to stay in cache.
BLOCK = 8192
#: Cache-line alignment of the buffers, in bytes.
ALIGNMENT = 64


class Pack:
    """The variables that one rule updates together.

    Args:
      roles: One list of cells for each state of the rule (variable, first slot, …); the cells of
        a list are of one dtype, and the i-th of each list have one shape.
      shapes: The shapes of the variables.
      kernel: ``kernel(xp, *states, *hyperparameters, gradient, **attrs) -> new states``.
      order: For each argument of the kernel, where it comes from: ``("state", i)``,
        ``("shared", i)`` or ``("gradient", 0)``.
      xp: The array namespace.
      attrs: Attributes of the kernel.
      in_place: The same update without temporaries, if there is one: it takes the arguments of
        the kernel and a scratch vector, and overwrites the states and the gradient.
    """

    def __init__(
        self,
        roles: Sequence[Sequence[Cell]],
        shapes: Sequence[tuple[int, ...]],
        kernel: Callable[..., Any],
        order: Sequence[tuple[str, int]],
        xp: Any,
        attrs: dict[str, Any],
        in_place: Callable[..., None] | None = None,
    ) -> None:
        self.roles = [list(cells) for cells in roles]
        self.shapes = list(shapes)
        self.size = sum(_count(shape) for shape in shapes)
        self.kernel = kernel
        self.order = list(order)
        self.xp = xp
        self.attrs = attrs
        self.in_place = in_place
        self.scratch: np.ndarray[Any, Any] | None = None
        self.buffers: list[np.ndarray[Any, Any]] = []
        self.gradient: np.ndarray[Any, Any] | None = None
        self.valid = False

    def gather(self) -> bool:
        """Moves the values of all cells into flat buffers; False if another pack has one."""
        cells = [cell for role in self.roles for cell in role]
        if any(cell.pack is not None and cell.pack is not self for cell in cells):
            return False
        for cell in cells:
            if not cell.is_initialized:
                raise UninitializedError(cell.key)
        self.buffers = [self._flat(role) for role in self.roles]
        self.gradient = aligned(self.size, self.buffers[0].dtype)
        self.scratch = aligned(min(self.size, 2 * BLOCK), self.buffers[0].dtype)
        for cell in cells:
            cell.pack = self
        self.valid = True
        return True

    def dissolve(self) -> None:
        """Lets the cells go; each keeps its view until it gets another value."""
        self.valid = False
        for role in self.roles:
            for cell in role:
                cell.pack = None

    def _flat(self, cells: list[Cell]) -> np.ndarray[Any, Any]:
        buffer = aligned(self.size, cells[0].dtype)
        views = []
        start = 0
        for cell, shape in zip(cells, self.shapes, strict=True):
            stop = start + _count(shape)
            view = buffer[start:stop].reshape(shape)
            view[...] = cell.value
            views.append(view)
            start = stop
        for cell, view in zip(cells, views, strict=True):
            cell.value = view
        return buffer

    def __call__(self, shared: Sequence[Any], gradients: Sequence[Any]) -> None:
        """Updates all variables.

        Args:
          shared: The hyperparameters.
          gradients: One gradient for each variable, in its shape.
        """
        if not self.valid and not self.gather():
            self._one_by_one(shared, gradients)
            return
        flat = self.gradient
        np.concatenate(gradients, axis=None, out=flat)
        if self.size <= 2 * BLOCK:
            self._update(slice(None), shared, flat)
            return
        for start in range(0, self.size, BLOCK):
            self._update(slice(start, start + BLOCK), shared, flat)

    def _update(self, part: slice, shared: Sequence[Any], flat: Any) -> None:
        states = [buffer[part] for buffer in self.buffers]
        arguments = self._arguments(states, shared, flat[part])
        if self.in_place is not None and self.scratch is not None:
            self.in_place(*arguments, self.scratch[: len(states[0])])
            return
        results = self.kernel(self.xp, *arguments, **self.attrs)
        if len(states) == 1 and not isinstance(results, tuple):
            results = (results,)
        for state, result in zip(states, results, strict=True):
            state[...] = result

    def _arguments(self, states: Sequence[Any], shared: Sequence[Any], gradient: Any) -> list[Any]:
        arguments = []
        for kind, index in self.order:
            if kind == "state":
                arguments.append(states[index])
            else:
                arguments.append(shared[index] if kind == "shared" else gradient)
        return arguments

    def _one_by_one(self, shared: Sequence[Any], gradients: Sequence[Any]) -> None:
        """The same updates where the cells cannot share a buffer."""
        for index, gradient in enumerate(gradients):
            cells = [role[index] for role in self.roles]
            for cell in cells:
                if not cell.is_initialized:
                    raise UninitializedError(cell.key)
            arguments = self._arguments([cell.value for cell in cells], shared, gradient)
            results = self.kernel(self.xp, *arguments, **self.attrs)
            if len(cells) == 1 and not isinstance(results, tuple):
                results = (results,)
            for cell, result in zip(cells, results, strict=True):
                cell.put(result)


def aligned(size: int, dtype: Any) -> np.ndarray[Any, Any]:
    """An empty vector whose memory starts at a cache line."""
    dtype = np.dtype(dtype)
    raw = np.empty(size * dtype.itemsize + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + size * dtype.itemsize].view(dtype)


def _count(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))
