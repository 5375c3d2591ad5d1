"""What is being built inside one function of a kernel: addresses, operands, loops over dimensions.

There are two kinds of places. In a pass over the rows every array is seen at one column (an index
for each inner dimension) and at some neighbouring rows, the lanes. Between passes the lanes are
neighbouring elements along the last dimension.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from tidefall.array.record import Array, Instruction
from tidefall.compiler.primitives import ROW, kind, width
from tidefall.executor.kernels import memory as places
from tidefall.executor.kernels.elementwise import TEMPLATES
from tidefall.executor.kernels.llvm import ir
from tidefall.executor.kernels.loops import INT64, Loop, number
from tidefall.executor.kernels.memory import Memory
from tidefall.executor.kernels.schedule import Schedule
from tidefall.executor.kernels.vectors import Vectors
from tidefall.executor.kernels.views import Axis, View

BYTE = ir.IntType(8)
POINTER = ir.PointerType()


@dataclass(frozen=True)
class Design:
    """What is fixed for a whole kernel.

    Attributes:
      plan: What is computed, in order.
      memory: Where it lies.
      lanes: The number of lanes of every vector.
      tile: The number of rows of a tile.
      registers: How many vectors a product may keep in registers as accumulators.
      module: The LLVM module.
    """

    plan: Schedule
    memory: Memory
    lanes: int
    tile: int
    registers: int
    module: Any


class Body:
    """One function being built.

    Attributes:
      design: What is fixed for the kernel.
      builder: Where instructions go.
      v: Vectors of the kernel's length.
      table: The table of pointers.
      valid: In a pass, how many rows of the tile are rows of the batch.
    """

    def __init__(self, design: Design, builder: Any, table: Any) -> None:
        self.design = design
        self.builder = builder
        self.v = Vectors(builder, design.module, design.lanes)
        self.table = table
        self.valid: Any = None
        self.tile_base: Any = None
        self.kept_base: Any = None
        self.sums_base: Any = None
        self._pointers: dict[int, Any] = {}

    # Pointers

    def slot(self, place: int) -> Any:
        """The 64-bit integer at a place of the table."""
        at = self.builder.gep(self.table, [INT64(place)], source_etype=INT64)
        return self.builder.load(at, align=8, typ=INT64)

    def pointer(self, place: int) -> Any:
        """The pointer at a place of the table, which `fetch` has loaded at the function's start."""
        return self._pointers[place]

    def fetch(self, slots: Sequence[int]) -> None:
        """Loads pointers that the whole function may use."""
        for place in slots:
            self._pointers[place] = self.builder.inttoptr(self.slot(place), POINTER)

    def shifted(self, pointer: Any, offset: Any) -> Any:
        """A pointer some bytes further."""
        return self.builder.gep(pointer, [number(offset)], source_etype=BYTE)

    def base(self, root: Array) -> Any:
        """Where an array with memory of its own starts."""
        memory = self.design.memory
        if root in memory.kept:
            return self.shifted(self.kept_base, memory.kept[root])
        if root in memory.tiles:
            return self.shifted(self.tile_base, memory.tiles[root])
        root = self.design.plan.in_place.get(root, root)
        if root in memory.cells:
            return self.pointer(memory.cells[root])
        if root in memory.constants:
            return self.shifted(self.pointer(places.CONSTANTS), memory.constants[root])
        return self.shifted(self.pointer(places.FREE_MEMORY), memory.free[root])

    def linear(self, view: View, indices: Sequence[Any]) -> Any:
        """The place of an element of a view, in elements (of a row array, in columns)."""
        total: Any = view.offset
        for axis, index in zip(view.axes, indices, strict=True):
            total = self.plus(total, self.times(index, axis.stride))
        return total

    def plus(self, a: Any, b: Any) -> Any:
        """A sum, without code where a part is known."""
        if isinstance(a, int) and isinstance(b, int):
            return a + b
        if isinstance(a, int):
            a, b = b, a
        return a if isinstance(b, int) and b == 0 else self.builder.add(a, number(b))

    def times(self, a: Any, factor: int) -> Any:
        """A multiple, without code where it is known."""
        if isinstance(a, int):
            return a * factor
        if factor in (0, 1):
            return a if factor else 0
        return self.builder.mul(a, INT64(factor))

    def multiple(self, a: Any, factor: int) -> Any:
        """The largest multiple of a power of two that is not above ``a``."""
        if isinstance(a, int):
            return a // factor * factor
        return self.builder.and_(a, INT64(-factor))

    def element(self, view: View, indices: Sequence[Any], row: Any = 0) -> Any:
        """The address of an element; of a row array, at a row of the tile."""
        place = self.linear(view, indices)
        if kind(view.root) == ROW:
            place = self.plus(self.times(place, self.design.tile), row)
        return self.v.at(view.root.dtype, self.base(view.root), place)

    def clear(self, pointer: Any, size: int) -> None:
        """Zeros in memory, so many bytes."""
        module, truth = self.design.module, ir.IntType(1)
        function = module.globals.get("llvm.memset.p0.i64")
        if function is None:
            kind_ = ir.FunctionType(ir.VoidType(), [POINTER, BYTE, INT64, truth])
            function = ir.Function(module, kind_, "llvm.memset.p0.i64")
        self.builder.call(function, [pointer, BYTE(0), INT64(size), truth(0)])

    # Operands

    def free_scalar(self, view: View, indices: Sequence[Any], v: Vectors | None = None) -> Any:
        """An element of a free array in every lane."""
        v = v or self.v
        value = view.root.value
        if value is not None and width(view.root) == 1:
            return v.constant(view.root.dtype, value.reshape(())[()])
        scalar = v.load_scalar(view.root.dtype, self.element(view, indices))
        return v.broadcast(view.root.dtype, scalar)

    def rows(self, view: View, indices: Sequence[Any], row: Any) -> Any:
        """Neighbouring rows of a column of a row array."""
        return self.v.load(view.root.dtype, self.element(view, indices, row))

    # Loops

    @contextmanager
    def over(self, dims: Sequence[Any]) -> Iterator[list[Any]]:
        """Nested loops over dimensions, of a size or between two bounds; yields the indices."""
        loops: list[Loop] = []
        indices: list[Any] = []
        for size in dims:
            start, stop = size if isinstance(size, tuple) else (0, size)
            loop = Loop(self.builder, start, stop).__enter__()
            loops.append(loop)
            indices.append(loop.index)
        yield indices
        for loop in reversed(loops):
            loop.__exit__(None, None, None)

    def over_rows(self, vectors: int = 1, carried: Sequence[Any] = ()) -> Loop:
        """A loop over the rows of the tile, some vectors at a time."""
        step = vectors * self.design.lanes
        return Loop(self.builder, 0, self.valid, step, carried, sure=True)

    def clear_tail(self, x: Array) -> None:
        """Zeros in the rows of a row array that are none of the batch's, before a sum."""
        root = self.design.plan.views[x].root
        function = _tail_cleaner(self.design, root.dtype.itemsize)
        rest = self.builder.and_(self.valid, INT64(self.design.lanes - 1))
        part = self.builder.icmp_signed("!=", rest, INT64(0))
        with self.builder.if_then(part, likely=False):
            self.builder.call(function, [self.base(root), INT64(width(root)), self.valid])

    def is_valid(self, row: Any) -> Any:
        """For each lane from a row of the tile on, whether it is a row of the batch."""
        v, integer = self.v, np.dtype(np.int64)
        lanes = ir.Constant(v.type(integer), list(range(v.lanes)))
        left = self.builder.sub(self.valid, row)
        return self.builder.icmp_signed("<", lanes, v.broadcast(integer, left))


def _tail_cleaner(design: Design, item: int) -> Any:
    """Clears the invalid rows of the last vector of some columns: ``(start, columns, valid)``."""
    name = f"clear_tail_{item}"
    found = design.module.globals.get(name)
    if found is not None:
        return found
    function = ir.Function(
        design.module, ir.FunctionType(ir.VoidType(), [POINTER, INT64, INT64]), name
    )
    function.linkage = "internal"
    start, columns, valid = function.args
    b = ir.IRBuilder(function.append_basic_block("entry"))
    kind_ = ir.IntType(8 * item)
    end = b.and_(b.add(valid, INT64(design.lanes - 1)), INT64(-design.lanes))
    with Loop(b, 0, columns) as column, Loop(b, valid, end) as row:
        place = b.add(b.mul(column.index, INT64(design.tile)), row.index)
        b.store(kind_(0), b.gep(start, [place], source_etype=kind_), align=item)
    b.ret_void()
    return function


def apply(v: Vectors, instruction: Instruction, operands: Sequence[Any]) -> Any:
    """The value of an elementwise primitive."""
    name, inputs = instruction.name, instruction.inputs
    if name == "astype":
        return v.cast(operands[0], inputs[0].dtype, instruction.result.dtype)
    if name in ("reshape", "broadcast_to", "transpose", "slice", "copy"):
        return operands[0]
    return TEMPLATES[name](v, inputs[-1].dtype, *operands)


def collapsed(views: Sequence[View], dims: Sequence[int]) -> tuple[list[int], list[View]]:
    """The same loops with as few dimensions as the strides of all views allow."""
    sizes = list(dims)
    strides = [[axis.stride for axis in view.axes] for view in views]
    at = len(sizes) - 2
    while at >= 0:
        if all(s[at] == s[at + 1] * sizes[at + 1] for s in strides):
            sizes[at] *= sizes[at + 1]
            del sizes[at + 1]
            for each in strides:
                del each[at]
        at -= 1
    merged = [
        View(view.root, view.offset, tuple(map(Axis, sizes, s)))
        for view, s in zip(views, strides, strict=True)
    ]
    return sizes, merged
