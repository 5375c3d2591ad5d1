"""What follows a pass or ends a run: sums of chunks added up, variables updated.

All of it goes element by element, so the elements are dealt out in parts of fixed size, which
several threads may take; the results do not depend on who takes them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tidefall.array.record import Array, Instruction
from tidefall.compiler.primitives import FREE, kind, width
from tidefall.compiler.recorder import Fused, PackedRule
from tidefall.executor.kernels import groups, memory, reductions
from tidefall.executor.kernels.body import POINTER, Body, Design, apply
from tidefall.executor.kernels.llvm import ir
from tidefall.executor.kernels.loops import INT64, Loop
from tidefall.executor.kernels.tiles import chunks_of, tiles_of
from tidefall.executor.kernels.vectors import Vectors
from tidefall.executor.kernels.views import View, whole

VOID = ir.VoidType()

#: Elements of a part, about, and the largest number of parts.
PART = 16_384
MOST_PARTS = 8


def parts_of(elements: int) -> int:
    """Into how many parts to deal out so many elements."""
    return max(1, min(MOST_PARTS, elements // PART))


def _function(design: Design, name: str) -> tuple[Body, Any, Any]:
    """A function ``(table, part, worker)`` being built, and its part."""
    signature = ir.FunctionType(VOID, [POINTER, INT64, INT64])
    function = ir.Function(design.module, signature, name)
    function.linkage = "internal"
    table, part, _ = function.args
    body = Body(design, ir.IRBuilder(function.append_basic_block("entry")), table)
    body.fetch(range(memory.FREE_MEMORY, memory.SUMS + 1))
    body.fetch([memory.CONSTANTS, *design.memory.cells.values()])
    return body, function, part


def _share(body: Body, part: Any, parts: int, size: Any, step: int) -> tuple[Any, Any]:
    """The bounds of a part of some elements, but for the end a multiple of ``step``."""
    b = body.builder

    def bound(index: Any) -> Any:
        return b.and_(b.sdiv(b.mul(index, size), INT64(parts)), INT64(-step))

    last = b.icmp_signed("==", part, INT64(parts - 1))
    return bound(part), b.select(last, size, bound(body.plus(part, 1)))


def combine_function(design: Design, number: int, largest: int) -> tuple[Any, int]:
    """``(table, part, worker)``: adds up the sums of all chunks of a pass; and the parts."""
    totals = memory.sums_of(design.plan.passes[number])
    parts = parts_of(sum(width(total.result) for total in totals))
    body, function, part = _function(design, f"combine{number}")
    chunks = chunks_of(body, tiles_of(body, body.slot(memory.ROWS)), largest)
    for total in totals:
        _combine(body, total, chunks, part, parts)
    body.builder.ret_void()
    return function, parts


def update_function(design: Design, fused: Fused) -> tuple[Any, int]:
    """``(table, part, worker)``: the packed update rules; and the parts."""
    parts = parts_of(sum(sum(rule.sizes) for rule, _, _ in fused.packed))
    body, function, part = _function(design, "update")
    for index, (rule, shared, gradients) in enumerate(fused.packed):
        _update(body, rule, shared, len(gradients), design.memory.packed[index], part, parts)
    body.builder.ret_void()
    return function, parts


def in_place_function(design: Design) -> tuple[Any, int]:
    """``(table, part, worker)``: new values of variables, over the old ones; and the parts."""
    ends = design.plan.ends
    parts = parts_of(sum(math.prod(group.dims) for group in ends))
    body, function, part = _function(design, "in_place")

    def share(size: int, step: int) -> tuple[Any, Any]:
        return _share(body, part, parts, INT64(size), step)

    for group in ends:
        groups.free_group(body, group, share)
    body.builder.ret_void()
    return function, parts


def commit_function(design: Design, fused: Fused) -> tuple[Any, int]:
    """``(table, part, worker)``: writes other new values, after everything has read the old."""
    body, function, _ = _function(design, "commit")
    _commit(body, fused)
    body.builder.ret_void()
    return function, 1


def _combine(body: Body, step: Instruction, chunks: Any, part: Any, parts: int) -> None:
    """Combines the results of all chunks, in order."""
    area = body.design.memory.sums[step.result]
    result, v = step.result, body.v
    combine, nothing = reductions.combination(step), reductions.nothing_of(step)
    size = body.design.memory.sums_size
    start = body.shifted(body.pointer(memory.SUMS), area.offset)
    base = body.base(result)

    def total(vectors: Vectors, place: Any) -> Any:
        initial = vectors.constant(result.dtype, nothing)
        with Loop(body.builder, 0, chunks, carried=[initial]) as chunk:
            there = body.shifted(start, body.times(chunk.index, size))
            found = vectors.load(result.dtype, v.at(result.dtype, there, place))
            chunk.following = [combine(vectors, result.dtype, chunk.carried[0], found)]
        return chunk.results[0]

    single = v.with_lanes(1)
    if area.lanes:
        first, last = _share(body, part, parts, INT64(width(result)), 1)
        with Loop(body.builder, first, last) as at:
            lanes = total(v, body.times(at.index, v.lanes))
            value = single.broadcast(result.dtype, v.reduce(result.dtype, lanes, combine))
            single.store(result.dtype, value, v.at(result.dtype, base, at.index))
        return
    high, wide = result.shape
    full = wide // v.lanes * v.lanes
    first, last = _share(body, part, parts, INT64(high), 1)
    with Loop(body.builder, first, last) as row:
        # No row may be written past its end: the next one may be another thread's.
        for vectors, begin, end in ((v, 0, full), (single, full, wide)):
            with Loop(body.builder, begin, end, vectors.lanes) as column:
                inside = body.plus(body.times(row.index, area.columns), column.index)
                outside = body.plus(body.times(row.index, wide), column.index)
                vectors.store(
                    result.dtype, total(vectors, inside), v.at(result.dtype, base, outside)
                )


def _commit(body: Body, fused: Fused) -> None:
    """Writes the new values of variables, after everything has read the old ones."""
    views, single = body.design.plan.views, body.v.with_lanes(1)
    for key, x in fused.writes.items():
        if x in body.design.plan.in_place:
            continue
        view, target = views[x], whole(fused.cells[key])
        if view.is_whole:
            _copy(body, view, target)
            continue
        with body.over(target.dims) as indices:
            value = body.free_scalar(view, indices, single)
            single.store(x.dtype, value, body.element(target, indices))


def _copy(body: Body, source: View, target: View) -> None:
    """Copies all elements of an array."""
    dtype, size = source.root.dtype, width(source.root)
    start, end = body.base(source.root), body.base(target.root)
    full = size // body.v.lanes * body.v.lanes
    for v, first, last in ((body.v, 0, full), (body.v.with_lanes(1), full, size)):
        if first < last:
            with Loop(body.builder, first, last, v.lanes) as at:
                value = v.load(dtype, v.at(dtype, start, at.index))
                v.store(dtype, value, v.at(dtype, end, at.index))


def _update(
    body: Body,
    rule: PackedRule,
    shared: list[Array],
    members: int,
    slots: int,
    part: Any,
    parts: int,
) -> None:
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
        first, last = _share(body, part, parts, words[-1], v.lanes)
        full = b.and_(last, INT64(-v.lanes))
        for vectors, start, stop in ((v, first, full), (single, full, last)):
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
