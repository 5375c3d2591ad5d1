"""The functions of a kernel: one for each pass over the rows, one for the free values between."""

from __future__ import annotations

from typing import Any

from tidefall.array.record import Instruction
from tidefall.compiler.primitives import AFTER_PASS, DRAWS, REDUCTIONS, ROW, RUNNING, kind, width
from tidefall.compiler.recorder import Fused
from tidefall.executor.kernels import (
    contractions,
    groups,
    lookups,
    memory,
    products,
    randoms,
    reductions,
)
from tidefall.executor.kernels.body import POINTER, Body, Design
from tidefall.executor.kernels.copies import copier
from tidefall.executor.kernels.grouping import Group, Step
from tidefall.executor.kernels.llvm import ir
from tidefall.executor.kernels.loops import INT64, Loop
from tidefall.executor.kernels.tiles import begin_tile, chunks_of, rows_of_tile, tiles_of

VOID = ir.VoidType()
TRUTH = ir.IntType(1)


# -- a pass over the rows --------------------------------------------------------------------------


def pass_function(design: Design, fused: Fused, number: int, largest: int) -> Any:
    """``(table, chunk, worker)``: one pass over the tiles of a chunk.

    Args:
      design: What is fixed for the kernel.
      fused: What it computes.
      number: Which pass.
      largest: The largest number of chunks.
    """
    kind_ = ir.FunctionType(VOID, [POINTER, INT64, INT64])
    function = ir.Function(design.module, kind_, f"pass{number}")
    function.linkage = "internal"
    table, chunk, worker = function.args
    b = ir.IRBuilder(function.append_basic_block("entry"))
    body = Body(design, b, table)
    body.fetch(range(memory.FREE_MEMORY, memory.KEPT + 1))
    body.fetch([memory.CONSTANTS, *design.memory.cells.values()])
    body.fetch([*design.memory.arguments.values(), *design.memory.results.values()])
    places = design.memory
    tiles = body.pointer(memory.TILES)
    body.tile_base = body.shifted(tiles, body.times(worker, places.tile_size))
    sums = body.pointer(memory.SUMS)
    body.sums_base = body.shifted(sums, body.times(chunk, places.sums_size))
    steps = design.plan.passes[number]
    _clear_sums(body, steps)
    count = body.slot(memory.ROWS)
    total = tiles_of(body, count)
    chunks = chunks_of(body, total, largest)
    each = rows_of_tile(body, count, total)
    first = b.sdiv(b.mul(chunk, total), chunks)
    last = b.sdiv(b.mul(body.plus(chunk, 1), total), chunks)
    with Loop(b, first, last) as tile:
        start = begin_tile(body, tile.index, each, count)
        _load_inputs(body, fused, steps, start)
        for step in steps:
            if not isinstance(step, Group) and step.name in DRAWS:
                _draw(body, step, start)
            elif not isinstance(step, Group) and step.name == "collected":
                _collect(body, step, start)
            else:
                _row_step(body, step)
        _store_outputs(body, fused, steps, start)
    b.ret_void()
    return function


def _clear_sums(body: Body, steps: list[Step]) -> None:
    for step in memory.sums_of(steps):
        area = body.design.memory.sums[step.result]
        start = body.shifted(body.sums_base, area.offset)
        dtype = step.result.dtype
        nothing = reductions.nothing_of(step)
        if not nothing:
            body.clear(start, area.size)
            continue
        value = body.v.constant(dtype, nothing)
        with Loop(body.builder, 0, width(step.result) * body.v.lanes, body.v.lanes) as place:
            body.v.store(dtype, value, body.v.at(dtype, start, place.index))


def _row_step(body: Body, step: Step) -> None:
    if isinstance(step, Group) and step.sums:
        products.group_with_sums(body, step)
    elif isinstance(step, Group):
        (products.with_weights if step.product is not None else groups.row_group)(body, step)
    elif step.name == "matmul":
        products.over_rows(body, step)
    elif step.name == "contract":
        rows = kind(step.result) == ROW
        (contractions.within_rows if rows else contractions.over_rows)(body, step)
    elif step.name in REDUCTIONS:
        over_rows = 0 in step.params
        (reductions.over_rows if over_rows else reductions.within_rows)(body, step)
    elif step.name in RUNNING:
        reductions.running(body, step)
    elif step.name == "concatenate":
        reductions.join(body, step)
    elif step.name == "placed":
        reductions.place(body, step)
    elif step.name == "gather":
        lookups.looked_up(body, step)
    else:
        raise AssertionError(f"no template for {step.name}")


def _load_inputs(body: Body, fused: Fused, steps: list[Step], start: Any) -> None:
    """Copies the tile's rows of every input the pass reads, columns apart."""
    views = body.design.plan.views
    read = {views[x].root for step in steps for x in memory.reads(step)}
    for x in fused.inputs.values():
        if kind(x) == ROW and x in read:
            function = copier(body.design, x.dtype.itemsize, width(x), into_tile=True)
            pointer = body.pointer(body.design.memory.arguments[x])
            rows = body.shifted(pointer, body.times(start, width(x) * x.dtype.itemsize))
            body.builder.call(function, [rows, body.base(x), body.valid])


def _draw(body: Body, step: Instruction, start: Any) -> None:
    """Fills a tile with random numbers."""
    rows = randoms.drawn(body, step, start)
    x = step.result
    function = copier(body.design, x.dtype.itemsize, width(x), into_tile=True)
    body.builder.call(function, [rows, body.base(x), body.valid])


def _collect(body: Body, step: Instruction, start: Any) -> None:
    """Writes the rows of a tile to memory that all tiles share, to be read after the pass."""
    (x,), item = step.inputs, step.result.dtype.itemsize
    function = copier(body.design, item, width(x), into_tile=False)
    rows = body.shifted(body.base(step.result), body.times(start, width(x) * item))
    body.builder.call(function, [rows, body.base(x), body.valid])


def _store_outputs(body: Body, fused: Fused, steps: list[Step], start: Any) -> None:
    views = body.design.plan.views
    made = {x for step in steps for x in memory.results(step)}
    for x, place in body.design.memory.results.items():
        view = views[x]
        if view.root not in made:
            continue
        columns = width(x)
        source = body.base(view.root)
        if not view.is_whole:
            raise AssertionError("an output has memory of its own")
        function = copier(body.design, x.dtype.itemsize, columns, into_tile=False)
        rows = body.shifted(body.pointer(place), body.times(start, columns * x.dtype.itemsize))
        body.builder.call(function, [rows, source, body.valid])


# -- free values -----------------------------------------------------------------------------------


def between_function(design: Design, fused: Fused, number: int) -> Any:
    """``(table)``: the free values that are computed before pass ``number``.

    The function returns whether all checks hold that are known after the last pass.
    """
    function = ir.Function(design.module, ir.FunctionType(TRUTH, [POINTER]), f"between{number}")
    function.linkage = "internal"
    b = ir.IRBuilder(function.append_basic_block("entry"))
    body = Body(design, b, function.args[0])
    body.fetch(range(memory.FREE_MEMORY, memory.KEPT + 1))
    body.fetch([memory.CONSTANTS, *design.memory.cells.values()])
    body.fetch([*design.memory.arguments.values()])
    for step in design.plan.between[number]:
        _free_step(body, step)
    if number == len(design.plan.passes):
        _check(body, fused)
    b.ret(TRUTH(1))
    return function


def _check(body: Body, fused: Fused) -> None:
    """Returns at once where something does not hold."""
    b, single = body.builder, body.v.with_lanes(1)
    for x in fused.recording.checks:
        value = single.lane(body.free_scalar(body.design.plan.views[x], [], single), 0)
        with b.if_then(b.not_(value), likely=False):
            b.ret(TRUTH(0))


def _free_step(body: Body, step: Step) -> None:
    if isinstance(step, Group):
        groups.free_group(body, step)
    elif step.name == "rows":
        count = body.builder.mul(body.slot(memory.ROWS), INT64(step.params))
        body.builder.store(count, body.base(step.result), align=8)
    elif step.name == "contract":
        contractions.of_free(body, step)
    elif step.name in AFTER_PASS:
        lookups.summed_by_place(body, step)
    elif step.name in REDUCTIONS:
        reductions.of_free(body, step)
    elif step.name in RUNNING:
        reductions.running(body, step)
    elif step.name == "concatenate":
        reductions.join(body, step)
    elif step.name == "placed":
        reductions.place(body, step)
    else:
        raise AssertionError(f"no template for {step.name}")
