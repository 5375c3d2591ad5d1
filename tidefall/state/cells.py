"""Variables of a session: one `Cell` each, in a `Store` with one lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.core import errors
from tidefall.core.shapes import Shape
from tidefall.state import memory
from tidefall.state.random_counters import RandomCounters


class UninitializedError(Exception):
    """A variable was needed before it had a value.

    Attributes:
      key: Which variable.
    """

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class Cell:
    """The value of one variable.

    While the variable has no value the attribute ``value`` is missing, so that reading it costs
    nothing to check. An array in ``value`` belongs to the cell alone; it may be a view of a
    larger buffer that holds several variables.

    Attributes:
      value: The present value, a NumPy array (or scalar).
      key: The variable's name in the store.
      pack: The `Pack` whose buffer ``value`` is a view of, or None. Such a value is written in
        place.
    """

    __slots__ = ("_scalar", "dtype", "key", "pack", "shape", "value")

    value: Any

    def __init__(self, key: str, dtype: np.dtype[Any], shape: Shape) -> None:
        self.key = key
        self.dtype = dtype
        self.shape = shape
        self._scalar = dtype.type
        self.pack: Any = None

    @property
    def is_initialized(self) -> bool:
        """Whether the variable has a value."""
        return hasattr(self, "value")

    def put(self, value: Any) -> Any:
        """Stores a new value the cell may keep; returns what is stored."""
        if self.pack is not None:
            if np.shape(value) == self.value.shape:
                self.value[...] = value
                return self.value
            self._leave_pack()
        self.value = value
        return value

    def assign(self, value: Any, validate: bool = True) -> Any:
        """Stores a copy of ``value``; returns what is stored.

        Raises:
          ValueError: If ``validate`` and its shape is not the variable's.
        """
        if value.__class__ is self._scalar and self.pack is None and self.shape.rank == 0:
            self.value = value  # a NumPy scalar never changes
            return value
        if validate and not self.shape.is_compatible_with(Shape(np.shape(value))):
            raise ValueError(
                f"a value of shape {np.shape(value)} cannot be assigned to variable '{self.key}' "
                f"of shape {self.shape}; make the variable with validate_shape=False to allow it."
            )
        return self.put(np.array(value, self.dtype))

    def clear(self) -> None:
        """Takes the value away."""
        if hasattr(self, "value"):
            del self.value
        self._leave_pack()

    def _leave_pack(self) -> None:
        if self.pack is not None:
            self.pack.dissolve()


class Store:
    """All state of a session: cells by key, and other resources by any key.

    Attributes:
      lock: Held by every stretch of a run that touches cells.
      threads: The most threads that a kernel may use; 0 for one for each CPU.
    """

    def __init__(self, threads: int = 0) -> None:
        memory.keep_at_hand()
        self.threads = threads
        self.lock = threading.RLock()
        self.cells: dict[str, Cell] = {}
        self.resources: dict[Any, Any] = {}
        self.closed = False
        self._making = threading.RLock()
        self.random = RandomCounters()

    def cell(self, key: str, dtype: np.dtype[Any], shape: Shape) -> Cell:
        """The cell of that key, made without a value when first asked for."""
        with self.lock:
            found = self.cells.get(key)
            if found is None:
                found = self.cells[key] = Cell(key, dtype, shape)
            return found

    def resource(self, key: Any, make: Callable[[], Any]) -> Any:
        """The resource of that key, made by ``make`` when first asked for.

        Raises:
          CancelledError: If it does not exist and the session was closed.
        """
        found = self.resources.get(key, _NOTHING)  # without a lock: regions hold theirs for long
        if found is not _NOTHING:
            return found
        with self._making:
            if self.closed:
                raise errors.CancelledError(None, None, "the session was closed.")
            if key not in self.resources:
                self.resources[key] = make()
            return self.resources[key]

    def close(self) -> None:
        """Forgets everything and wakes whoever waits in a run.

        Of each resource the methods ``cancel`` and ``close`` are called, where it or what its
        `Handle` stands for has them. ``cancel`` notifies those who wait (see
        `RunContext.wait`, which then raises) and stops threads; ``close`` gives files back.
        """
        with self._making:
            self.closed = True
            resources = list(self.resources.values())
            self.resources.clear()
        for method in ("cancel", "close"):
            for each in resources:
                end = getattr(getattr(each, "resource", each), method, None)
                if end is not None:
                    end()
        with self.lock:
            self.cells.clear()


_NOTHING: Any = object()
