"""A kernel: the plan and the LLVM IR of one fused stretch, and what a caller must know of it.

The entry is called as a Python built-in with the row inputs and the arrays for the row outputs.
It reads where NumPy keeps their elements, runs the passes, on several threads where there is
enough to do, and returns 0; or, before it has changed anything, what is in the way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from tidefall.compiler.primitives import DRAWS, ROW, kind, width
from tidefall.compiler.recorder import Fused
from tidefall.executor.kernels import loops
from tidefall.executor.kernels import memory as places
from tidefall.executor.kernels.body import POINTER, Body, Design
from tidefall.executor.kernels.grouping import Group
from tidefall.executor.kernels.identity import identity
from tidefall.executor.kernels.layout import C_CONTIGUOUS, ArrayLayout
from tidefall.executor.kernels.llvm import ir
from tidefall.executor.kernels.loops import INT64, Loop
from tidefall.executor.kernels.memory import Memory, lay_out
from tidefall.executor.kernels.passes import between_function, pass_function
from tidefall.executor.kernels.schedule import Schedule, schedule
from tidefall.executor.kernels.target import Target
from tidefall.executor.kernels.updates import (
    combine_function,
    commit_function,
    in_place_function,
    update_function,
)

#: What the entry returns: done; an argument is not contiguous; more rows than memory is kept for;
#: a check of values does not hold.
DONE: Final = 0
NOT_CONTIGUOUS: Final = 1
TOO_MANY_ROWS: Final = 2
WRONG_VALUES: Final = 3

#: Multiply-adds below which threads, and letting Python's others run, cost more than they give.
WORTH_THREADS: Final = 200_000
#: The sums of all chunks together should stay in the cache of a core, in bytes.
LARGEST_SUMS: Final = 1 << 19
MOST_CHUNKS: Final = 8
FEWEST_CHUNKS: Final = 2
#: What updating one element of a variable costs, in multiply-adds.
UPDATE_WORK: Final = 8

ENTRY: Final = "entry"
INT32 = ir.IntType(32)


@dataclass(eq=False)
class Kernel:
    """What a kernel computes, in which steps, and the layout of what it works on.

    All this is the same in every process and cheap to find; the code that follows from it is
    dear, and kept under the identity.

    Attributes:
      identity: Says all that the text follows from, but the target.
      fused: What it computes.
      target: The machine it is for.
      layout: Where a NumPy array keeps what the kernel reads.
      plan: The passes and steps.
      memory: Where everything lies.
      lanes: The number of lanes of every vector.
      tile: The number of rows of a tile.
      chunks: The largest number of chunks.
      work: Multiply-adds and elementwise results for each row, about.
    """

    identity: str
    fused: Fused
    target: Target
    layout: ArrayLayout
    plan: Schedule
    memory: Memory
    lanes: int
    tile: int
    chunks: int
    work: int

    @property
    def text(self) -> str:
        """The LLVM IR, written anew each time."""
        return _written(self)


def make(fused: Fused, target: Target, layout: ArrayLayout) -> Kernel:
    """Plans the kernel for a recording, once: scheduling changes the recording."""
    name = identity(fused, layout)
    plan = schedule(fused)
    lanes = target.lanes(_smallest_float(plan))
    tile = _tile_rows(lanes)
    memory = lay_out(fused, plan, lanes, tile)
    chunks = min(MOST_CHUNKS, max(FEWEST_CHUNKS, LARGEST_SUMS // max(1, memory.sums_size)))
    work = sum(_work(step) for steps in plan.passes for step in steps)
    return Kernel(name, fused, target, layout, plan, memory, lanes, tile, chunks, work)


def _written(kernel: Kernel) -> str:
    target, plan, fused, chunks = kernel.target, kernel.plan, kernel.fused, kernel.chunks
    module = target.new_module("kernel")
    registers = 24 if target.vector_bits == 512 or target.architecture == "aarch64" else 12
    design = Design(plan, kernel.memory, kernel.lanes, kernel.tile, registers, module)
    passes = [pass_function(design, fused, i, chunks) for i in range(len(plan.passes))]
    between = [between_function(design, fused, i) for i in range(len(plan.passes) + 1)]
    combine = [combine_function(design, i, chunks) for i in range(len(plan.passes))]
    ends = [update_function(design, fused)] if fused.packed else []
    ends += [in_place_function(design)] if plan.ends else []
    ends += [commit_function(design, fused)] if len(fused.writes) > len(plan.in_place) else []
    functions = Functions(passes, between, combine, ends)
    updated = sum(sum(rule.sizes) for rule, _, _ in fused.packed)
    updated += sum(width(x) for x in plan.in_place)
    _entry(design, kernel.layout, functions, chunks, (kernel.work, UPDATE_WORK * updated))
    return str(module)


def _smallest_float(plan: Schedule) -> int:
    sizes = [x.dtype.itemsize for x in plan.views if x.dtype.kind == "f" and kind(x) == ROW]
    sizes = sizes or [x.dtype.itemsize for x in plan.views if x.dtype.kind == "f"]
    return min(sizes, default=8)


def _tile_rows(lanes: int) -> int:
    return 8 * lanes


def _work(step: Any) -> int:
    if isinstance(step, Group):
        own = sum(width(each.result) for each in step.instructions)
        if step.product is not None:
            own += width(step.product.inputs[1]) * math.prod(step.product.result.shape[1:-1])
        return own
    if step.name == "matmul":
        several: int = math.prod(step.inputs[1].shape[1:-1])
        return width(step.result) * several
    if step.name in DRAWS:
        return DRAWS[step.name] * width(step.result)
    return width(step.inputs[0]) if step.inputs else 0


class Functions(NamedTuple):
    """The functions of a kernel, in the order of a run.

    Attributes:
      passes: The passes over the rows.
      between: Free values before each pass, and after the last.
      combine: For each pass, what adds up the sums of its chunks, and in how many parts.
      ends: What follows, and in how many parts.
    """

    passes: list[Any]
    between: list[Any]
    combine: list[tuple[Any, int]]
    ends: list[tuple[Any, int]]


def _entry(
    design: Design, layout: ArrayLayout, functions: Functions, chunks: int, work: tuple[int, int]
) -> None:
    module = design.module
    function = ir.Function(module, ir.FunctionType(POINTER, [POINTER, POINTER, INT64]), ENTRY)
    owner, arguments, _ = function.args
    b = ir.IRBuilder(function.append_basic_block("entry"))
    table = b.load(_offset(b, owner, layout.data), align=8, typ=POINTER)
    body = Body(design, b, table)
    _take_arguments(body, layout, arguments)
    count = body.slot(places.ROWS) if functions.passes else INT64(0)
    if design.memory.kept_size:
        enough = b.icmp_signed("<=", count, body.slot(places.CAPACITY))
        _unless(body, enough, TOO_MANY_ROWS)
    for_row, fixed = work
    whole = body.plus(b.mul(count, INT64(max(1, for_row))), fixed)
    large = b.icmp_signed(">", whole, INT64(WORTH_THREADS))
    alone, together = b.append_basic_block("alone"), b.append_basic_block("together")
    b.cbranch(large, together, alone)
    b.position_at_end(alone)
    _answer_checked(body, _run(body, functions, chunks, threads=False))
    b.position_at_end(together)
    state = b.call(_declared(module, "PyEval_SaveThread", POINTER, []), [])
    holds = _run(body, functions, chunks, threads=True)
    b.call(_declared(module, "PyEval_RestoreThread", ir.VoidType(), [POINTER]), [state])
    _answer_checked(body, holds)


def _run(body: Body, functions: Functions, chunks: int, threads: bool) -> Any:
    """All passes, what lies between, and, if all checks hold, what is written; whether they do."""
    b, table = body.builder, body.table
    tile = body.design.tile
    holds = b.call(functions.between[0], [table])
    tiles = b.sdiv(body.plus(body.slot(places.ROWS), tile - 1), INT64(tile))
    fewer = b.icmp_signed("<", tiles, INT64(chunks))
    count = b.select(fewer, tiles, INT64(chunks))
    for index, function in enumerate(functions.passes):
        _each(body, function, count, threads)
        combine, parts = functions.combine[index]
        _each(body, combine, INT64(parts), threads and parts > 1)
        holds = b.call(functions.between[index + 1], [table])
    with b.if_then(holds):
        for function, parts in functions.ends:
            _each(body, function, INT64(parts), threads and parts > 1)
    return holds


def _each(body: Body, function: Any, count: Any, threads: bool) -> None:
    """Calls a function for every chunk, on several threads if they may."""
    b, table = body.builder, body.table
    if not threads:
        with Loop(b, 0, count) as chunk:
            b.call(function, [table, chunk.index, INT64(0)])
        return
    pool = b.inttoptr(body.slot(places.POOL), POINTER)
    kinds = [POINTER, POINTER, POINTER, INT64, INT64]
    signature = ir.FunctionType(ir.VoidType(), kinds)
    parallel = b.inttoptr(body.slot(places.PARALLEL), signature.as_pointer())
    b.call(parallel, [pool, function, table, count, body.slot(places.THREADS)])


def _take_arguments(body: Body, layout: ArrayLayout, arguments: Any) -> None:
    """Puts pointers to the arrays' elements, and the number of rows, into the table."""
    b = body.builder
    memory = body.design.memory
    slots = [*memory.arguments.values(), *memory.results.values()]
    flags = None
    for index, slot in enumerate(slots):
        at = b.gep(arguments, [INT64(index)], source_etype=POINTER)
        array = b.load(at, align=8, typ=POINTER)
        data = b.load(_offset(b, array, layout.data), align=8, typ=INT64)
        b.store(data, b.gep(body.table, [INT64(slot)], source_etype=INT64), align=8)
        own = b.load(_offset(b, array, layout.flags), align=4, typ=INT32)
        flags = own if flags is None else b.and_(flags, own)
        if index == 0:
            shape = b.load(_offset(b, array, layout.shape), align=8, typ=POINTER)
            rows = b.load(shape, align=8, typ=INT64)
            b.store(rows, b.gep(body.table, [INT64(places.ROWS)], source_etype=INT64), align=8)
    if flags is not None:
        contiguous = b.icmp_signed("!=", b.and_(flags, INT32(C_CONTIGUOUS)), INT32(0))
        _unless(body, contiguous, NOT_CONTIGUOUS)


def _unless(body: Body, condition: Any, answer: int) -> None:
    """Ends the entry with an answer unless a condition holds."""
    b = body.builder
    on, off = b.append_basic_block("on"), b.append_basic_block("off")
    b.cbranch(condition, on, off)
    b.position_at_end(off)
    _answer(body, answer)
    b.position_at_end(on)


def _answer_checked(body: Body, holds: Any) -> None:
    answer = body.builder.select(holds, INT64(DONE), INT64(WRONG_VALUES))
    _answer(body, answer)


def _answer(body: Body, answer: Any) -> None:
    b = body.builder
    function = _declared(body.design.module, "PyLong_FromLong", POINTER, [INT64])
    b.ret(b.call(function, [loops.number(answer)]))


def _offset(b: Any, pointer: Any, offset: int) -> Any:
    return b.gep(pointer, [INT64(offset)], source_etype=ir.IntType(8))


def _declared(module: Any, name: str, result: Any, arguments: list[Any]) -> Any:
    found = module.globals.get(name)
    return found or ir.Function(module, ir.FunctionType(result, arguments), name)
