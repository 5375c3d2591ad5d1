"""Running nodes in NumPy without committing what they do to variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from tidefall.array.philox import Stream
from tidefall.core.shapes import Shape
from tidefall.executor import reference
from tidefall.ir.plan import Node, Plan, Value
from tidefall.state.cells import Cell, Store


class Overlay:
    """A session's state as one attempt sees it; nothing reaches the session until it is asked.

    It offers what kernels and the reference executor use of a `Store`.

    Args:
      store: The session's state.
      pending: New values of variables, by key, that the attempt starts from.
      drawn: Random streams already set aside for nodes, by name; used instead of new ones.
    """

    def __init__(self, store: Store, pending: dict[str, Any], drawn: dict[str, Stream]) -> None:
        self._store = store
        self._pending = pending
        self._drawn = dict(drawn)
        self._cells: dict[str, Cell] = {}
        self._began: dict[str, Any] = {}

    @property
    def random(self) -> Overlay:
        """Whoever gives streams of random numbers."""
        return self

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """The session's lock, for plans inside a loop or a branch."""
        return self._store.lock

    @property
    def closed(self) -> bool:
        """Whether the session was closed."""
        return self._store.closed

    def resource(self, key: Any, make: Callable[[], Any]) -> Any:
        """The session's resource of that key."""
        return self._store.resource(key, make)

    def reserve(
        self, node_name: str, seed: int, seed2: int, outputs: int, blocks_per_output: int = 256
    ) -> Stream:
        """The stream set aside for a node, else the next of its stream in the session."""
        found = self._drawn.pop(node_name, None)
        if found is not None:
            return found
        return self._store.random.reserve(node_name, seed, seed2, outputs, blocks_per_output)

    def cell(self, key: str, dtype: np.dtype[Any], shape: Shape) -> Cell:
        """A cell of this attempt's own, with the variable's present value."""
        found = self._cells.get(key)
        if found is None:
            found = self._cells[key] = Cell(key, dtype, shape)
            real = self._store.cell(key, dtype, shape)
            if key in self._pending:
                found.value = np.array(self._pending[key])
            elif real.is_initialized:
                found.value = np.array(real.value)
            self._began[key] = getattr(found, "value", None)
        return found

    def written(self) -> dict[str, Any]:
        """The variables that got other values, with these."""
        return {
            key: cell.value
            for key, cell in self._cells.items()
            if cell.is_initialized and cell.value is not self._began[key]
        }


def interpret(
    plan: Plan, nodes: Iterable[Node], values: dict[Value, Any], overlay: Overlay | Store
) -> None:
    """Runs nodes one after another in NumPy.

    Args:
      plan: The plan they are of.
      nodes: The nodes.
      values: What is known so far; arrays of other libraries are replaced by NumPy's where they
        are read. Results are added.
      overlay: Where state is read and written.

    Raises:
      tf.errors.OpError: If a node fails; the error names it.
    """
    with np.errstate(all="ignore"):
        for node in nodes:
            for value in node.reads:
                if value.constant is None:
                    values[value] = in_numpy(values[value])
            reference.step(node, plan, values, overlay)  # type: ignore[arg-type]


def in_numpy(value: Any) -> Any:
    """A value as NumPy's array where it is another library's."""
    if value is None or isinstance(value, (np.ndarray, np.generic)):
        return value
    return np.array(value)[()] if hasattr(value, "addressable_shards") else value
