"""Variables whose values stay on a device between runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.state.cells import Cell

_held: Any = Cell.__dict__["value"]  # where a cell keeps its value, whatever it is


class DeviceCell(Cell):
    """A `Cell` that may hold an array of a device's library instead of a NumPy array.

    To everyone who reads ``value`` it is a NumPy array, copied from the device each time. An
    existing cell becomes one by `on_device`; whoever knows it already need not be told.
    """

    __slots__ = ()

    @property
    def value(self) -> Any:
        """The present value as a NumPy array."""
        found = _held.__get__(self)
        return found if isinstance(found, (np.ndarray, np.generic)) else np.array(found)

    @value.setter
    def value(self, value: Any) -> None:
        _held.__set__(self, value)

    @value.deleter
    def value(self) -> None:
        _held.__delete__(self)

    @property
    def is_initialized(self) -> bool:
        """Whether the variable has a value, wherever it lies."""
        try:
            _held.__get__(self)
        except AttributeError:
            return False
        return True

    @property
    def held(self) -> Any:
        """The present value where it lies: an array of the device's library, or of NumPy."""
        return _held.__get__(self)

    def hold(self, value: Any) -> None:
        """Stores a value that nobody else may change."""
        self._leave_pack()
        _held.__set__(self, value)


def on_device(cell: Cell) -> DeviceCell:
    """The same cell, able to hold values on a device."""
    cell.__class__ = DeviceCell
    return cell  # type: ignore[return-value]
