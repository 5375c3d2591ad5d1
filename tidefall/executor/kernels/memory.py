"""Where a kernel keeps everything: the table of pointers, and the layout of its scratch memory.

The table is an array of 64-bit integers that Python fills. Its first places are fixed; after them
come pointers to variables and to the arguments of the call. Scratch memory has three parts: free
values, one accumulator area for each chunk of rows, and for each worker the tile it works on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from tidefall.array.record import Array, Instruction
from tidefall.compiler.primitives import DRAWS, FREE, ROW, kind, width
from tidefall.compiler.recorder import Fused
from tidefall.executor.kernels.grouping import Group, Step, has_lanes
from tidefall.executor.kernels.schedule import Schedule

#: Fixed places of the table.
FREE_MEMORY: Final = 0
SUMS: Final = 1
TILES: Final = 2
KEPT: Final = 3
PARALLEL: Final = 4
POOL: Final = 5
THREADS: Final = 6
ROWS: Final = 7
CAPACITY: Final = 8
CONSTANTS: Final = 9
FIRST_POINTER: Final = 10

#: Alignment of everything in scratch memory, in bytes, and slack after each array: loops over
#: vectors may run past its end.
ALIGNMENT: Final = 64


def padded(size: int) -> int:
    """A size in bytes with slack after it, rounded up to the alignment."""
    return (size + ALIGNMENT + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


@dataclass(eq=False)
class Sum:
    """The accumulator of an array that is summed over the rows.

    Attributes:
      instruction: The sum or the product.
      offset: Where it lies in the area of a chunk.
      lanes: Whether every element has a lane for each neighbouring row; else the rows of the
        result follow one another, each padded to whole vectors.
      columns: The padded width of a row of the result, in elements.
      size: Its size in bytes.
    """

    instruction: Instruction
    offset: int
    lanes: bool
    columns: int
    size: int


@dataclass(eq=False)
class Memory:
    """The places of everything.

    Attributes:
      free: Offset in bytes of each free array with memory of its own.
      free_size: Size of that memory.
      constants: Offset of each constant in the block of constants.
      constants_size: Size of that block.
      cells: Place in the table of the pointer to each variable.
      arguments: Place in the table of the pointer to each row input.
      results: Place in the table of the pointer to each row output.
      packed: For each packed rule, where in the table its members are described.
      sums: The accumulators, by result.
      sums_size: Size of a chunk's area.
      tiles: Offset of each row array in a worker's tile.
      tile_size: Size of a tile.
      turned: Offset in a tile of the room for a transposed array.
      draft: Offset in a tile of the room for random numbers in the order of their stream.
      kept: Offset of row arrays that later passes read, within the memory kept for a tile.
      kept_size: Size of that.
      slots: Number of places in the table.
    """

    free: dict[Array, int] = field(default_factory=dict)
    free_size: int = 0
    constants: dict[Array, int] = field(default_factory=dict)
    constants_size: int = 0
    cells: dict[Array, int] = field(default_factory=dict)
    arguments: dict[Array, int] = field(default_factory=dict)
    results: dict[Array, int] = field(default_factory=dict)
    packed: list[int] = field(default_factory=list)
    sums: dict[Array, Sum] = field(default_factory=dict)
    sums_size: int = 0
    tiles: dict[Array, int] = field(default_factory=dict)
    tile_size: int = 0
    turned: int = 0
    draft: int = 0
    kept: dict[Array, int] = field(default_factory=dict)
    kept_size: int = 0
    slots: int = FIRST_POINTER


def lay_out(fused: Fused, plan: Schedule, lanes: int, tile: int) -> Memory:
    """Gives everything its place."""
    memory = Memory()
    _table(memory, fused)
    _free(memory, fused, plan)
    _sums(memory, plan, lanes)
    for array in plan.kept:
        memory.kept[array] = memory.kept_size
        memory.kept_size += padded(width(array) * tile * array.dtype.itemsize)
    inputs = _inputs(memory, fused, plan, tile)
    for steps in plan.passes:
        _tile(memory, fused, plan, steps, tile, inputs)
    memory.turned = memory.tile_size
    wide = [
        s.columns * s.instruction.result.dtype.itemsize * turned_together(s.instruction, tile)
        for s in memory.sums.values()
        if not s.lanes
    ]
    memory.tile_size += padded(max(wide, default=0) * tile)
    memory.draft = memory.tile_size
    drafts = [
        draft_size(step, tile, lanes)
        for steps in plan.passes
        for step in steps
        if not isinstance(step, Group) and step.name in DRAWS
    ]
    memory.tile_size += padded(max(drafts, default=0))
    return memory


def _table(memory: Memory, fused: Fused) -> None:
    for array in fused.cells.values():
        memory.cells[array] = memory.slots
        memory.slots += 1
    for array in fused.inputs.values():
        if kind(array) == ROW:
            memory.arguments[array] = memory.slots
            memory.slots += 1
    for array in dict.fromkeys(fused.outputs.values()):
        if kind(array) == ROW:
            memory.results[array] = memory.slots
            memory.slots += 1
    for rule, _, gradients in fused.packed:
        memory.packed.append(memory.slots)
        memory.slots += len(gradients) * (len(rule.states) + 2)


def _free(memory: Memory, fused: Fused, plan: Schedule) -> None:
    arrays = [x for x in fused.inputs.values() if kind(x) == FREE]
    arrays += [draw.words for draw in fused.streams]
    for steps in plan.between:
        arrays += [x for step in steps for x in results(step)]
    for steps in plan.passes:
        arrays += [x for step in steps for x in results(step) if kind(x) == FREE]
    for array in dict.fromkeys(arrays):
        memory.free[array] = memory.free_size
        memory.free_size += padded(width(array) * array.dtype.itemsize)
    for array in plan.constants:
        memory.constants[array] = memory.constants_size
        memory.constants_size += padded(width(array) * array.dtype.itemsize)


def results(step: Step) -> list[Array]:
    """The arrays a step writes to memory."""
    if isinstance(step, Group):
        return [*step.stored, *[each.result for each in step.sums]]
    return [step.result]


def sums_of(steps: list[Step]) -> list[Instruction]:
    """The sums over the rows among the steps of a pass."""
    found: list[Instruction] = []
    for step in steps:
        if isinstance(step, Group):
            found += step.sums
        elif kind(step.result) == FREE and step.name != "collected":
            found.append(step)
    return found


def reads(step: Step) -> list[Array]:
    """The arrays a step reads."""
    if isinstance(step, Group):
        return [x for each in (*step.made, *step.sums) for x in each.inputs]
    return list(step.inputs)


def _sums(memory: Memory, plan: Schedule, lanes: int) -> None:
    for steps in plan.passes:
        for step in sums_of(steps):
            result, item = step.result, step.result.dtype.itemsize
            use_lanes = has_lanes(step)
            columns = result.shape[1] if step.name == "matmul" else 1
            if use_lanes:
                size = width(result) * lanes * item
            else:
                columns = (columns + lanes - 1) // lanes * lanes
                size = result.shape[0] * columns * item
            memory.sums[result] = Sum(step, memory.sums_size, use_lanes, columns, size)
            memory.sums_size += padded(size)


def _inputs(memory: Memory, fused: Fused, plan: Schedule, tile: int) -> int:
    """Gives the inputs that some pass reads their places, the same in every pass."""
    read = {plan.views[x].root for steps in plan.passes for step in steps for x in reads(step)}
    size = 0
    for x in fused.inputs.values():
        if kind(x) == ROW and x in read:
            memory.tiles[x] = size
            size += padded(width(x) * tile * x.dtype.itemsize)
    return size


def _tile(
    memory: Memory, fused: Fused, plan: Schedule, steps: list[Step], tile: int, start: int
) -> None:
    """Row arrays of one pass share memory where their lives do not overlap."""
    last: dict[Array, int] = {}
    for index, step in enumerate(steps):
        for x in (*reads(step), *results(step)):
            last[plan.views[x].root if x in plan.views else x] = index
    for x in fused.outputs.values():
        last[plan.views[x].root] = len(steps)
    allocator = _Allocator(start)
    living: dict[Array, int] = {}
    for index, step in enumerate(steps):
        for x in results(step):
            if kind(x) == ROW and x not in memory.kept:
                memory.tiles[x] = allocator.take(padded(width(x) * tile * x.dtype.itemsize))
                living[x] = last[x]
        for x in [x for x, end in living.items() if end <= index]:
            allocator.give(memory.tiles[x], padded(width(x) * tile * x.dtype.itemsize))
            del living[x]
    memory.tile_size = max(memory.tile_size, allocator.size)


#: Of rows that have several vectors, so many lines of them are transposed together.
_MOST_TURNED = 64


def turned_together(product: Instruction, tile: int) -> int:
    """How many of the vectors that each row has are transposed together for a sum."""
    several = product.inputs[1].shape[1:-1]
    return min(several[0], max(1, _MOST_TURNED // tile)) if several else 1


def per_block(dtype: np.dtype[Any]) -> int:
    """How many numbers of a dtype one block of 128 bits gives."""
    return 16 // dtype.itemsize


def draft_size(instruction: Instruction, tile: int, lanes: int) -> int:
    """The bytes that the numbers of a tile take in the stream's order, begun blocks included."""
    dtype = instruction.result.dtype
    return (tile * width(instruction.result) + (2 + lanes) * per_block(dtype)) * dtype.itemsize


class _Allocator:
    """First fit."""

    def __init__(self, start: int) -> None:
        self.size = start
        self._holes: list[tuple[int, int]] = []

    def take(self, size: int) -> int:
        for index, (start, length) in enumerate(self._holes):
            if length >= size:
                rest = (start + size, length - size)
                self._holes[index : index + 1] = [rest] if rest[1] else []
                return start
        start = self.size
        self.size += size
        return start

    def give(self, start: int, size: int) -> None:
        holes = sorted([*self._holes, (start, size)])
        merged = [holes[0]]
        for start, size in holes[1:]:
            before, length = merged[-1]
            if before + length == start:
                merged[-1] = (before, length + size)
            else:
                merged.append((start, size))
        self._holes = merged


def constant_block(memory: Memory) -> np.ndarray:
    """The bytes of all constants."""
    block = np.zeros(memory.constants_size + ALIGNMENT, np.uint8)
    for array, offset in memory.constants.items():
        value = np.ascontiguousarray(array.value)
        block[offset : offset + value.nbytes] = value.reshape(-1).view(np.uint8)
    return block
