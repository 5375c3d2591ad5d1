"""Reductions: within a row, over the rows, and of free arrays; running totals; joined columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tidefall.array.record import Array, Instruction
from tidefall.compiler.primitives import FREE, ROW, RUNNING, kind
from tidefall.executor.kernels.body import Body
from tidefall.executor.kernels.elementwise import TEMPLATES
from tidefall.executor.kernels.loops import Loop
from tidefall.executor.kernels.vectors import Vectors
from tidefall.executor.kernels.views import Axis, View, inner, with_ones

_COMBINE = {
    "sum": "add", "prod": "multiply", "max": "maximum", "min": "minimum",
    "all": "logical_and", "any": "logical_or",
}  # fmt: skip


def start_of(name: str, dtype: np.dtype[Any]) -> Any:
    """What a reduction of nothing gives."""
    if name in ("sum", "any"):
        return 0
    if name in ("prod", "all"):
        return 1
    if dtype.kind == "f":
        return -np.inf if name in ("max", "argmax") else np.inf
    if dtype.kind == "b":
        return int(name in ("min", "argmin"))
    bounds = np.iinfo(dtype)
    return bounds.min if name in ("max", "argmax") else bounds.max


def split(instruction: Instruction, views: dict[Array, View]) -> tuple[View, View]:
    """The view of a reduction's input along the dimensions that stay, and along the others."""
    (x,), axes = instruction.inputs, set(instruction.params)
    shift = 1 if kind(x) == ROW else 0
    view = views[x]
    rest = iter(view.axes)
    full = [Axis(1, 0) if size == 1 else next(rest) for size in inner(x)]
    kept = tuple([a for i, a in enumerate(full) if i + shift not in axes and a.size != 1])
    gone = tuple([a for i, a in enumerate(full) if i + shift in axes and a.size != 1])
    return View(view.root, view.offset, kept), View(view.root, 0, gone)


def nested(
    body: Body,
    dims: Sequence[int],
    carried: list[Any],
    step: Callable[[list[Any], list[Any]], list[Any]],
    indices: Sequence[Any] = (),
) -> list[Any]:
    """Loops over dimensions that hand values on."""
    if not dims:
        return step(list(indices), carried)
    with Loop(body.builder, 0, dims[0], carried=carried) as loop:
        loop.following = nested(body, dims[1:], loop.carried, step, [*indices, loop.index])
    return list(loop.results)


def within_rows(body: Body, instruction: Instruction) -> None:
    """Reduces the columns of each row."""
    kept, gone = split(instruction, body.design.plan.views)
    with body.over(kept.dims) as indices, body.over_rows() as rows:
        place = body.linear(kept, indices)

        def load(more: Sequence[Any]) -> Any:
            at = View(kept.root, 0, (Axis(0, 1),))
            column = body.plus(place, body.linear(gone, more))
            return body.rows(at, [column], rows.index)

        value = _reduced(body, body.v, instruction, gone, load)
        result = instruction.result
        out = View(result, 0, _dense(kept.dims))
        body.v.store(result.dtype, value, body.element(out, indices, rows.index))


def of_free(body: Body, instruction: Instruction) -> None:
    """Reduces a free array; all of a dense one in vectors, else one element after another."""
    kept, gone = split(instruction, body.design.plan.views)
    result, single = instruction.result, body.v.with_lanes(1)
    dense = not kept.axes and gone.axes == _dense(gone.dims)
    with body.over(kept.dims) as indices:
        place = body.linear(kept, indices)
        if dense and instruction.name in ("sum", "prod", "max", "min"):
            value = _whole(body, instruction, kept)
        else:

            def load(more: Sequence[Any]) -> Any:
                at = View(kept.root, 0, (Axis(0, 1),))
                return body.free_scalar(at, [body.plus(place, body.linear(gone, more))], single)

            value = _reduced(body, single, instruction, gone, load)
        out = View(result, 0, _dense(kept.dims))
        single.store(result.dtype, value, body.element(out, indices))


def _whole(body: Body, instruction: Instruction, view: View) -> Any:
    """All elements of a dense array: lane by lane, then the lanes, then what remains."""
    (x,) = instruction.inputs
    name, dtype = instruction.name, x.dtype
    count = int(np.prod(inner(x), dtype=np.int64)) if inner(x) else 1
    combine = TEMPLATES[_COMBINE[name]]
    v, single = body.v, body.v.with_lanes(1)
    full = count // v.lanes * v.lanes
    at = View(view.root, view.offset, (Axis(0, 1),))
    start = start_of(name, dtype)
    value = single.constant(dtype, start)
    if full:
        with Loop(body.builder, 0, full, v.lanes, [v.constant(dtype, start)]) as loop:
            found = v.load(dtype, body.element(at, [loop.index]))
            loop.following = [combine(v, dtype, loop.carried[0], found)]
        lanes = v.reduce(dtype, loop.results[0], lambda w, d, a, b: combine(w, d, a, b))
        value = single.broadcast(dtype, lanes)
    if full < count:
        with Loop(body.builder, full, count, 1, [value]) as loop:
            found = single.load(dtype, body.element(at, [loop.index]))
            loop.following = [combine(single, dtype, loop.carried[0], found)]
        value = loop.results[0]
    return value


def _reduced(
    body: Body, v: Vectors, instruction: Instruction, gone: View, load: Callable[..., Any]
) -> Any:
    name, dtype = instruction.name, instruction.inputs[0].dtype
    first = v.constant(dtype, start_of(name, dtype))
    if name in ("argmax", "argmin"):
        return _place_of_extreme(body, v, name, dtype, gone, load)
    combine = TEMPLATES[_COMBINE[name]]

    def step(indices: list[Any], carried: list[Any]) -> list[Any]:
        return [combine(v, dtype, carried[0], load(indices))]

    return nested(body, gone.dims, [first], step)[0]


def _place_of_extreme(
    body: Body, v: Vectors, name: str, dtype: Any, gone: View, load: Callable[..., Any]
) -> Any:
    """The first place of the extreme, or of the first NaN."""
    integer = np.dtype(np.int64)
    better = TEMPLATES["greater" if name == "argmax" else "less"]
    place = v.constant(integer, 0)
    if not gone.axes:
        return place
    best = load([0] * len(gone.axes))

    def step(indices: list[Any], carried: list[Any]) -> list[Any]:
        best, place = carried
        found = load(indices)
        wins = better(v, dtype, found, best)
        if dtype.kind == "f":
            nan = TEMPLATES["isnan"]
            new = body.builder.and_(nan(v, dtype, found), body.builder.not_(nan(v, dtype, best)))
            known = body.builder.not_(nan(v, dtype, best))
            wins = body.builder.or_(body.builder.and_(wins, known), new)
        here = v.broadcast(integer, indices[0])
        return [v.select(wins, found, best), v.select(wins, here, place)]

    return nested(body, gone.dims, [best, place], step)[1]


def combination(instruction: Instruction) -> Callable[..., Any]:
    """What combines two partial results of a reduction; of a product, two sums."""
    return TEMPLATES[_COMBINE.get(instruction.name, "add")]


def nothing_of(instruction: Instruction) -> Any:
    """What it gives for no rows, a product too."""
    if instruction.name in ("matmul", "contract"):
        return 0
    return start_of(instruction.name, instruction.result.dtype)


def over_rows(body: Body, instruction: Instruction) -> None:
    """Combines the rows of the tile with the chunk's result so far, lane by lane."""
    kept, gone = split(instruction, body.design.plan.views)
    name, dtype = instruction.name, instruction.result.dtype
    combine, nothing = combination(instruction), body.v.constant(dtype, start_of(name, dtype))
    area = body.design.memory.sums[instruction.result]
    start = body.shifted(body.sums_base, area.offset)
    with body.over(kept.dims) as indices:
        place = body.linear(kept, indices)
        out = body.linear(View(instruction.result, 0, _dense(kept.dims)), indices)
        pointer = body.v.at(dtype, start, body.times(out, body.design.lanes))

        def step(more: list[Any], carried: list[Any]) -> list[Any]:
            column = body.plus(place, body.linear(gone, more))
            at = View(kept.root, 0, (Axis(0, 1),))
            with body.over_rows(carried=carried) as rows:
                found = body.rows(at, [column], rows.index)
                found = body.v.select(body.is_valid(rows.index), found, nothing)
                rows.following = [combine(body.v, dtype, rows.carried[0], found)]
            return list(rows.results)

        total = nested(body, gone.dims, [body.v.load(dtype, pointer)], step)[0]
        body.v.store(dtype, total, pointer)


def running(body: Body, instruction: Instruction) -> None:
    """Running totals along a dimension: of each row, or of a free array, one after another."""
    (x,), result, dims = instruction.inputs, instruction.result, inner(instruction.result)
    rows = kind(x) == ROW
    along = instruction.params - (1 if rows else 0)
    view = body.design.plan.views[x]
    source = View(view.root, view.offset, tuple(with_ones(view, dims)))
    target = View(result, 0, _dense(dims))
    v = body.v if rows else body.v.with_lanes(1)
    combine = TEMPLATES[RUNNING[instruction.name]]
    with body.over([*dims[:along], *dims[along + 1 :]]) as others:

        def at(place: View, index: Any, row: Any) -> Any:
            return body.element(place, [*others[:along], index, *others[along:]], row)

        def totals(row: Any) -> None:
            first = v.load(x.dtype, at(source, 0, row))
            v.store(x.dtype, first, at(target, 0, row))
            with Loop(body.builder, 1, dims[along], 1, [first]) as loop:
                more = v.load(x.dtype, at(source, loop.index, row))
                total = combine(v, x.dtype, loop.carried[0], more)
                v.store(x.dtype, total, at(target, loop.index, row))
                loop.following = [total]

        if rows:
            with body.over_rows() as tile:
                totals(tile.index)
        else:
            totals(0)


def join(body: Body, instruction: Instruction) -> None:
    """Copies arrays side by side."""
    result = instruction.result
    shift = 1 if kind(result) == ROW else 0
    along = instruction.params - shift
    dims = inner(result)
    strides = [axis.stride for axis in _dense(dims)]
    start = 0
    for x in instruction.inputs:
        view = body.design.plan.views[x]
        sizes = inner(x)
        out = tuple([Axis(n, s) for n, s in zip(sizes, strides, strict=True) if n != 1])
        target = View(result, start * strides[along], out)
        _copy(body, view, target)
        start += sizes[along]


def place(body: Body, instruction: Instruction) -> None:
    """Copies an array to places of a larger one, and fills the rest."""
    (x,), result = instruction.inputs, instruction.result
    starts, steps, fill = instruction.params
    if kind(result) == ROW:
        starts, steps = starts[1:], steps[1:]
    full = _dense(inner(result))
    filled = View(result, 0, tuple([axis for axis in full if axis.size != 1]))
    v = body.v if kind(result) == ROW else body.v.with_lanes(1)
    with body.over(filled.dims) as indices:
        value = v.constant(result.dtype, fill)
        if kind(result) == FREE:
            v.store(result.dtype, value, body.element(filled, indices))
        else:
            with body.over_rows() as rows:
                v.store(result.dtype, value, body.element(filled, indices, rows.index))
    offset = sum(start * axis.stride for start, axis in zip(starts, full, strict=True))
    axes = [
        Axis(size, axis.stride * step)
        for size, axis, step in zip(inner(x), full, steps, strict=True)
        if size != 1
    ]
    _copy(body, body.design.plan.views[x], View(result, offset, tuple(axes)))


def _copy(body: Body, source: View, target: View) -> None:
    dtype = source.root.dtype
    with body.over(target.dims) as indices:
        if kind(target.root) == FREE:
            single = body.v.with_lanes(1)
            single.store(
                dtype, body.free_scalar(source, indices, single), body.element(target, indices)
            )
            return
        fixed = None if kind(source.root) == ROW else body.free_scalar(source, indices)
        with body.over_rows() as rows:
            value = body.rows(source, indices, rows.index) if fixed is None else fixed
            body.v.store(dtype, value, body.element(target, indices, rows.index))


def _dense(dims: Sequence[int]) -> tuple[Axis, ...]:
    axes: list[Axis] = []
    stride = 1
    for size in reversed(dims):
        axes.append(Axis(size, stride))
        stride *= size
    return tuple(axes[::-1])
