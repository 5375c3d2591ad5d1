"""`Pin`: a variable whose value stays at one address, for kernels that hold a pointer to it."""

from __future__ import annotations

import weakref
from typing import Any, Protocol

import numpy as np

from tidefall.state.cells import Cell, UninitializedError
from tidefall.state.packs import aligned


class Holder(Protocol):
    """Who holds pointers to pinned variables."""

    valid: bool


class Pin:
    """Keeps the value of a cell in memory of its own, which is written in place.

    Attributes:
      address: Where the value lies.
    """

    def __init__(self, cell: Cell) -> None:
        if not cell.is_initialized:
            raise UninitializedError(cell.key)
        if cell.pack is not None:
            cell.pack.dissolve()
        value = np.asarray(cell.value)
        memory = aligned(value.size, cell.dtype).reshape(value.shape)
        memory[...] = value
        self._cell = cell
        self._holders: weakref.WeakSet[Any] = weakref.WeakSet()
        self.address = memory.ctypes.data
        cell.value = memory
        cell.pack = self

    @property
    def holds(self) -> bool:
        """Whether the value is still where it was."""
        return self._cell.pack is self

    def hold(self, holder: Holder) -> None:
        """Notes who must know when the value moves."""
        self._holders.add(holder)

    def dissolve(self) -> None:
        """Lets the cell go; pointers to its value are no longer valid."""
        self._cell.pack = None
        for holder in self._holders:
            holder.valid = False


def pin(cell: Cell, shape: tuple[int, ...]) -> Pin:
    """The pin of a cell, made when there is none.

    Raises:
      UninitializedError: If the cell has no value.
      ValueError: If its value has another shape.
    """
    found = cell.pack
    if not isinstance(found, Pin):
        found = Pin(cell)
    if cell.value.shape != shape:
        raise ValueError(f"variable '{cell.key}' has shape {cell.value.shape}, not {shape}.")
    return found
