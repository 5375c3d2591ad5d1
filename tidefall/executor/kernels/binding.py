"""A kernel bound to a session: its memory, its variables, and what to do when it cannot run."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.array.record import Array
from tidefall.compiler.primitives import FREE, ROW, kind, width
from tidefall.executor.kernels import memory as places
from tidefall.executor.kernels import threads
from tidefall.executor.kernels.kernel import DONE, TOO_MANY_ROWS, Kernel
from tidefall.executor.kernels.loading import Loaded, builtin
from tidefall.ir.plan import Node, Plan, Value
from tidefall.state.cells import Store, UninitializedError
from tidefall.state.packs import aligned
from tidefall.state.pins import Pin, pin


class Bound:
    """One kernel in one session.

    Attributes:
      valid: Whether the table's pointers hold; a variable that moves makes it False.
      call: The built-in function: row inputs, then arrays for row outputs; 0 if it has run.
      free_inputs: Arrays to write the other inputs to, by value.
      free_outputs: Arrays in which the other outputs are found, by value.
      interpreted: How many runs NumPy has done in its place.
      words: Arrays to write the words of random streams to.
    """

    def __init__(
        self, node: Node, kernel: Kernel, loaded: Loaded, plan: Plan, store: Store,
        interpret: Callable[..., Any], limit: int = 0,
    ) -> None:  # fmt: skip
        self.valid = False
        self.interpreted = 0
        self._node = node
        self._kernel = kernel
        self._plan = plan
        self._store = store
        self._interpret = interpret
        self._pins: list[Pin] = []
        memory = kernel.memory
        self._table = np.zeros(memory.slots, np.int64)
        self._blocks: list[Any] = []
        self.workers = threads.available(limit)
        free = self._block(places.FREE_MEMORY, memory.free_size)
        self._block(places.SUMS, memory.sums_size * kernel.chunks)
        self._block(places.TILES, memory.tile_size * self.workers)
        constants = self._block(places.CONSTANTS, memory.constants_size)
        block = places.constant_block(memory)[: memory.constants_size]
        constants[: block.size] = block
        pool = threads.pool()
        self._table[[places.PARALLEL, places.POOL]] = pool.parallel, pool.control
        self._table[places.THREADS] = self.workers
        self._free = free
        fused = kernel.fused
        self.free_inputs = {v: self._view(x) for v, x in fused.inputs.items() if kind(x) == FREE}
        self.free_outputs = {v: self._view(x) for v, x in fused.outputs.items() if kind(x) == FREE}
        self.words = [self._view(draw.words) for draw in fused.streams]
        self.call = builtin(loaded, self._table)

    def _block(self, place: int, size: int) -> Any:
        block = aligned(size + places.ALIGNMENT, np.uint8)
        self._blocks.append(block)
        self._table[place] = block.ctypes.data
        return block

    def _view(self, x: Array) -> Any:
        """The part of the free memory that holds an array."""
        root = self._kernel.plan.views[x].root
        start = self._kernel.memory.free[root]
        size = width(x) * x.dtype.itemsize
        return self._free[start : start + size].view(x.dtype).reshape(x.shape)

    def bind(self) -> None:
        """Fetches the addresses of all variables.

        Raises:
          UninitializedError: If one has no value.
          ValueError: If one has another shape than the graph says.
        """
        pins = []
        fused, memory = self._kernel.fused, self._kernel.memory
        for key, x in fused.cells.items():
            found = self._pinned(key, x.shape)
            self._table[memory.cells[x]] = found.address
            pins.append(found)
        for index, (rule, _, gradients) in enumerate(fused.packed):
            place = memory.packed[index]
            for member, gradient in enumerate(gradients):
                for cells in rule.cells:
                    info = self._plan.cells[cells[member]]
                    found = self._pinned(cells[member], _static(info.shape.dims))
                    self._table[place] = found.address
                    pins.append(found)
                    place += 1
                root = self._kernel.plan.views[gradient].root
                start = self._free.ctypes.data + memory.free[root]
                self._table[place : place + 2] = start, rule.sizes[member]
                place += 2
        self._pins = pins
        self.valid = all(each.holds for each in pins)

    def _pinned(self, key: str, shape: tuple[int, ...]) -> Pin:
        info = self._plan.cells[key]
        found = pin(self._store.cell(key, info.dtype.np_dtype, info.shape), shape)
        found.hold(self)
        return found

    def rescue(self, *inputs: Any) -> tuple[Any, ...]:
        """Runs where the quick way did not: binds, copies, makes room; else node by node."""
        try:
            if not self.valid:
                self.bind()
        except (UninitializedError, ValueError):
            return self._by_nodes(inputs)
        values = dict(zip(self._node.inputs, inputs, strict=True))
        fused = self._kernel.fused
        rows = {
            v: np.ascontiguousarray(values[v], x.dtype)
            for v, x in fused.inputs.items()
            if kind(x) == ROW
        }
        for value, view in self.free_inputs.items():
            view[...] = values[value]
        count = len(next(iter(rows.values()))) if rows else 0
        made = {
            v: np.empty(self._shape(v, count), x.dtype)
            for v, x in fused.outputs.items()
            if kind(x) == ROW
        }
        if not self._as_declared(rows, count):
            return self._by_nodes(inputs)
        answer = self.call(*rows.values(), *made.values())
        if answer == TOO_MANY_ROWS:
            self._make_room(count)
            answer = self.call(*rows.values(), *made.values())
        if answer != DONE:
            return self._by_nodes(inputs)
        return tuple([self._output(value, made) for value in self._node.outputs])

    def _shape(self, value: Value, count: int) -> tuple[int, ...]:
        """The shape of an input or an output with rows, for so many rows."""
        times, shape = self._kernel.fused.each(value)
        return (times * count, *shape)

    def _as_declared(self, rows: dict[Value, Any], count: int) -> bool:
        """Whether the inputs with rows have as many, and in a batch of fixed size their shapes."""
        declared = self._kernel.fused.count
        if declared is None:
            return all(len(x) == self._shape(v, count)[0] for v, x in rows.items())
        return all(x.shape == self._shape(v, declared) for v, x in rows.items())

    def _by_nodes(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Runs node by node; what was taken of random streams is taken again."""
        self.interpreted += 1
        fused = self._kernel.fused
        rows = next((v for v, x in fused.inputs.items() if kind(x) == ROW), None)
        count = 0 if rows is None else len(inputs[self._node.inputs.index(rows)])
        for draw in fused.streams:
            outputs = draw.fixed * count if draw.each_row else draw.fixed
            self._store.random.give_back(draw.node.op.name, outputs * draw.arguments[2])
        return self._interpret(*inputs)  # type: ignore[no-any-return]

    def _output(self, value: Value, made: dict[Value, Any]) -> Any:
        if value in made:
            return made[value]
        if value in self.free_outputs:
            return self.free_outputs[value].copy()[()]
        key = self._node.attrs["cells"][value]
        info = self._plan.cells[key]
        return self._store.cell(key, info.dtype.np_dtype, info.shape).value

    def _make_room(self, rows: int) -> None:
        tiles = -(-rows // self._kernel.tile)
        tiles = max(tiles, 2 * int(self._table[places.CAPACITY]) // self._kernel.tile)
        self._kept = aligned(tiles * self._kernel.memory.kept_size + places.ALIGNMENT, np.uint8)
        self._table[places.KEPT] = self._kept.ctypes.data
        self._table[places.CAPACITY] = tiles * self._kernel.tile


def python_function(name: str) -> int:
    """The address of a function of Python's C interface."""
    address = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value
    if address is None:
        raise AssertionError(f"Python has no {name}")
    return address


def _static(dims: tuple[int | None, ...] | None) -> tuple[int, ...]:
    return tuple([size for size in dims or () if size is not None])
