"""The functions of a kernel: one for each pass over the rows, one for the free values between."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.array.record import Array, Instruction
from tidefall.compiler.fuse import Fused, PackedRule
from tidefall.compiler.primitives import FREE, REDUCTIONS, ROW, kind, width
from tidefall.executor.kernels import groups, memory, products, reductions
from tidefall.executor.kernels.body import BYTE, POINTER, Body, Design, apply
from tidefall.executor.kernels.llvm import ir
from tidefall.executor.kernels.loops import INT64, Loop
from tidefall.executor.kernels.schedule import Group, Step
from tidefall.executor.kernels.vectors import Vectors
from tidefall.executor.kernels.views import whole

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
    total = _tiles(body, count)
    chunks = _chunks(body, total, largest)
    each = _rows_of_tile(body, count, total)
    first = b.sdiv(b.mul(chunk, total), chunks)
    last = b.sdiv(b.mul(body.plus(chunk, 1), total), chunks)
    with Loop(b, first, last) as tile:
        start = b.mul(tile.index, each)
        left = b.sub(count, start)
        body.valid = b.select(b.icmp_signed("<", each, left), each, left)
        kept = body.pointer(memory.KEPT)
        body.kept_base = body.shifted(kept, body.times(tile.index, places.kept_size))
        _load_inputs(body, fused, steps, start)
        for step in steps:
            _row_step(body, step)
        _store_outputs(body, fused, steps, start)
    b.ret_void()
    return function


def _tiles(body: Body, count: Any) -> Any:
    tile = body.design.tile
    return body.builder.sdiv(body.plus(count, tile - 1), INT64(tile))


def _rows_of_tile(body: Body, count: Any, tiles: Any) -> Any:
    """How many rows every tile but the last takes, so that they share the rows evenly."""
    b, lanes = body.builder, body.design.lanes
    even = b.sdiv(b.sub(body.plus(count, tiles), INT64(1)), tiles)
    return b.and_(body.plus(even, lanes - 1), INT64(-lanes))


def _chunks(body: Body, tiles: Any, largest: int) -> Any:
    b = body.builder
    return b.select(b.icmp_signed("<", tiles, INT64(largest)), tiles, INT64(largest))


def _clear_sums(body: Body, steps: list[Step]) -> None:
    for step in memory.sums_of(steps):
        area = body.design.memory.sums[step.result]
        start = body.shifted(body.sums_base, area.offset)
        dtype = step.result.dtype
        nothing = 0 if step.name == "matmul" else reductions.start_of(step.name, dtype)
        if not nothing:
            memset(body, start, area.size)
            continue
        value = body.v.constant(dtype, nothing)
        with Loop(body.builder, 0, width(step.result) * body.v.lanes, body.v.lanes) as place:
            body.v.store(dtype, value, body.v.at(dtype, start, place.index))


def memset(body: Body, pointer: Any, size: int) -> None:
    """Zeros in memory."""
    module = body.design.module
    function = module.globals.get("llvm.memset.p0.i64")
    if function is None:
        kinds = [POINTER, BYTE, INT64, ir.IntType(1)]
        function = ir.Function(module, ir.FunctionType(VOID, kinds), "llvm.memset.p0.i64")
    body.builder.call(function, [pointer, BYTE(0), INT64(size), ir.IntType(1)(0)])


def _row_step(body: Body, step: Step) -> None:
    if isinstance(step, Group) and step.sums:
        products.group_with_sums(body, step)
    elif isinstance(step, Group):
        (products.with_weights if step.product is not None else groups.row_group)(body, step)
    elif step.name == "matmul":
        products.over_rows(body, step)
    elif step.name in REDUCTIONS:
        over_rows = 0 in step.params
        (reductions.over_rows if over_rows else reductions.within_rows)(body, step)
    elif step.name == "concatenate":
        reductions.join(body, step)
    elif step.name == "placed":
        reductions.place(body, step)
    else:
        raise AssertionError(f"no template for {step.name}")


def _load_inputs(body: Body, fused: Fused, steps: list[Step], start: Any) -> None:
    """Copies the tile's rows of every input the pass reads, columns apart."""
    views = body.design.plan.views
    read = {views[x].root for step in steps for x in memory.reads(step)}
    for x in fused.inputs.values():
        if kind(x) == ROW and x in read:
            function = _copier(body.design, x.dtype.itemsize, width(x), into_tile=True)
            pointer = body.pointer(body.design.memory.arguments[x])
            rows = body.shifted(pointer, body.times(start, width(x) * x.dtype.itemsize))
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
        function = _copier(body.design, x.dtype.itemsize, columns, into_tile=False)
        rows = body.shifted(body.pointer(place), body.times(start, columns * x.dtype.itemsize))
        body.builder.call(function, [rows, source, body.valid])


def _copier(design: Design, item: int, columns: int, into_tile: bool) -> Any:
    """``(rows, tile, valid)``: between rows in memory and columns of a tile."""
    name = f"{'load' if into_tile else 'save'}_{item}_{columns}"
    found = design.module.globals.get(name)
    if found is not None:
        return found
    kind_ = ir.FunctionType(VOID, [POINTER, POINTER, INT64])
    function = ir.Function(design.module, kind_, name)
    function.linkage = "internal"
    rows, tile, valid = function.args
    b = ir.IRBuilder(function.append_basic_block("entry"))
    element = ir.IntType(8 * item)
    with Loop(b, 0, columns) as column, Loop(b, 0, valid, sure=True) as row:
        outside = b.add(b.mul(row.index, INT64(columns)), column.index)
        inside = b.add(b.mul(column.index, INT64(design.tile)), row.index)
        there = b.gep(rows, [outside], source_etype=element)
        here = b.gep(tile, [inside], source_etype=element)
        source, target = (there, here) if into_tile else (here, there)
        b.store(b.load(source, align=item, typ=element), target, align=item)
    b.ret_void()
    return function


# -- free values -----------------------------------------------------------------------------------


def between_function(design: Design, fused: Fused, number: int, largest: int) -> Any:
    """``(table)``: what is computed before pass ``number``; after the last, updates too.

    The function returns whether all checks hold that it has made; else it has changed nothing.
    """
    function = ir.Function(design.module, ir.FunctionType(TRUTH, [POINTER]), f"between{number}")
    function.linkage = "internal"
    b = ir.IRBuilder(function.append_basic_block("entry"))
    body = Body(design, b, function.args[0])
    body.fetch(range(memory.FREE_MEMORY, memory.SUMS + 1))
    body.fetch([memory.CONSTANTS, *design.memory.cells.values()])
    if number:
        tiles = _tiles(body, body.slot(memory.ROWS))
        chunks = _chunks(body, tiles, largest)
        for step in memory.sums_of(design.plan.passes[number - 1]):
            _combine(body, step, chunks)
    for step in design.plan.between[number]:
        _free_step(body, step)
    if number == len(design.plan.passes):
        _check(body, fused)
        for index, (rule, shared, gradients) in enumerate(fused.packed):
            _update(body, rule, shared, len(gradients), design.memory.packed[index])
        _commit(body, fused)
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
    elif step.name in REDUCTIONS:
        reductions.of_free(body, step)
    elif step.name == "concatenate":
        reductions.join(body, step)
    elif step.name == "placed":
        reductions.place(body, step)
    else:
        raise AssertionError(f"no template for {step.name}")


def _combine(body: Body, step: Instruction, chunks: Any) -> None:
    """Combines the results of all chunks, in order."""
    area = body.design.memory.sums[step.result]
    result, v = step.result, body.v
    combine = reductions.combination(step)
    nothing = 0 if step.name == "matmul" else reductions.start_of(step.name, result.dtype)
    size = body.design.memory.sums_size
    start = body.shifted(body.pointer(memory.SUMS), area.offset)
    base = body.base(result)

    def total(place: Any) -> Any:
        first = v.constant(result.dtype, nothing)
        with Loop(body.builder, 0, chunks, carried=[first]) as chunk:
            there = body.shifted(start, body.times(chunk.index, size))
            found = v.load(result.dtype, v.at(result.dtype, there, place))
            chunk.following = [combine(v, result.dtype, chunk.carried[0], found)]
        return chunk.results[0]

    if area.lanes:
        with Loop(body.builder, 0, width(result)) as at:
            lanes = total(body.times(at.index, v.lanes))
            single = v.with_lanes(1)
            value = single.broadcast(result.dtype, v.reduce(result.dtype, lanes, combine))
            single.store(result.dtype, value, v.at(result.dtype, base, at.index))
        return
    high, wide = result.shape
    with Loop(body.builder, 0, high) as row, Loop(body.builder, 0, wide, v.lanes) as column:
        inside = body.plus(body.times(row.index, area.columns), column.index)
        outside = body.plus(body.times(row.index, wide), column.index)
        v.store(result.dtype, total(inside), v.at(result.dtype, base, outside))


def _commit(body: Body, fused: Fused) -> None:
    """Writes the new values of variables, after everything has read the old ones."""
    views, single = body.design.plan.views, body.v.with_lanes(1)
    for key, x in fused.writes.items():
        view, target = views[x], whole(fused.cells[key])
        with body.over(target.dims) as indices:
            value = body.free_scalar(view, indices, single)
            single.store(x.dtype, value, body.element(target, indices))


def _update(body: Body, rule: PackedRule, shared: list[Array], members: int, slots: int) -> None:
    """One update rule for all elements of many variables.

    The table tells of each variable: pointers to its states, to its gradient, and its size.
    """
    v, single, b = body.v, body.v.with_lanes(1), body.builder
    views = body.design.plan.views
    numbers = {
        x: body.free_scalar(views[value], [], single)
        for x, value in zip(rule.shared, shared, strict=True)
    }
    for instruction in rule.recording.instructions:
        if kind(instruction.result) == FREE:
            operands = [_number(single, numbers, x) for x in instruction.inputs]
            numbers[instruction.result] = apply(single, instruction, operands)
    scalars = {x: single.lane(value, 0) for x, value in numbers.items()}
    record = len(rule.states) + 2
    with Loop(b, 0, members) as member:
        place = body.plus(body.times(member.index, record), slots)
        at = b.gep(body.table, [place], source_etype=INT64)
        words = [
            b.load(b.gep(at, [INT64(i)], source_etype=INT64), align=8, typ=INT64)
            for i in range(record)
        ]
        pointers = [b.inttoptr(word, POINTER) for word in words[:-1]]
        full = b.and_(words[-1], INT64(-v.lanes))
        for vectors, start, stop in ((v, 0, full), (single, full, words[-1])):
            known = {x: vectors.broadcast(x.dtype, s) for x, s in scalars.items()}
            with Loop(b, start, stop, vectors.lanes) as element:
                _update_at(vectors, rule, pointers, dict(known), element.index)


def _number(v: Vectors, known: dict[Array, Any], x: Array) -> Any:
    if x not in known:
        if x.value is None:
            raise AssertionError("a rule reads what it was not given")
        known[x] = v.constant(x.dtype, np.asarray(x.value).reshape(())[()])
    return known[x]


def _update_at(
    v: Vectors, rule: PackedRule, pointers: list[Any], known: dict[Array, Any], index: Any
) -> None:
    arrays = [*rule.states, rule.gradient]
    for x, pointer in zip(arrays, pointers, strict=True):
        known[x] = v.load(x.dtype, v.at(x.dtype, pointer, index))
    for instruction in rule.recording.instructions:
        if instruction.result not in known:
            operands = [_number(v, known, x) for x in instruction.inputs]
            known[instruction.result] = apply(v, instruction, operands)
    for x, result, pointer in zip(rule.states, rule.results, pointers, strict=False):
        v.store(x.dtype, known[result], v.at(x.dtype, pointer, index))
