"""Rows looked up in tables, and sums of rows by the place they name: embeddings and gradients.

Looking up is part of a pass. The sums are taken after it, one row after another in their order,
so that the result does not depend on how rows are shared among threads; the pass keeps the rows.
An index outside the table does no harm here: it is checked apart, before anything is written.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tidefall.array.record import Instruction
from tidefall.compiler.primitives import width
from tidefall.executor.kernels import memory
from tidefall.executor.kernels.body import Body
from tidefall.executor.kernels.elementwise import TEMPLATES
from tidefall.executor.kernels.llvm import ir
from tidefall.executor.kernels.loops import INT64, Loop
from tidefall.executor.kernels.tiles import begin_tile, rows_of_tile, tiles_of
from tidefall.executor.kernels.views import View, dense, inner, with_ones, without_ones


def looked_up(body: Body, step: Instruction) -> None:
    """Copies to each row of the tile the slices of the table that it names."""
    table, ids = step.inputs
    views, b = body.design.plan.views, body.builder
    along, *rest = with_ones(views[table], inner(table))
    slices = tuple([axis for axis in rest if axis.size != 1])
    named = views[ids]
    dims = without_ones((*inner(ids), *[axis.size for axis in rest]))
    target = View(step.result, 0, dense(dims))
    item = step.result.dtype.itemsize
    bits = ir.IntType(8 * item)
    with body.over(named.dims) as which, Loop(b, 0, body.valid, sure=True) as row:
        place = _place(body, body.element(named, which, row.index), ids.dtype.itemsize)
        inside = b.icmp_unsigned("<", place, INT64(along.size))
        first = body.times(b.select(inside, place, INT64(0)), along.stride)
        with body.over([axis.size for axis in slices]) as indices:
            more = body.linear(View(views[table].root, views[table].offset, slices), indices)
            source = body.v.at(table.dtype, body.base(views[table].root), body.plus(first, more))
            value = b.load(source, align=item, typ=bits)
            b.store(value, body.element(target, [*which, *indices], row.index), align=item)


def summed_by_place(body: Body, step: Instruction) -> None:
    """Adds all rows, or several of each, to a table of zeros, each at the place it names."""
    values, ids = step.inputs
    views, b, result = body.design.plan.views, body.builder, step.result
    body.clear(body.base(result), width(result) * result.dtype.itemsize)
    count = body.slot(memory.ROWS)
    tiles = tiles_of(body, count)
    each = rows_of_tile(body, count, tiles)
    slices = View(result, 0, dense(without_ones(result.shape[1:])))
    named = views[ids]
    single = body.v.with_lanes(1)
    with Loop(b, 0, tiles) as tile:
        start = begin_tile(body, tile.index, each, count)
        with Loop(b, 0, body.valid, sure=True) as row, body.over(named.dims) as which:
            source = _kept(body, named, which, start, row.index)
            place = _place(body, source, ids.dtype.itemsize)
            with b.if_then(b.icmp_unsigned("<", place, INT64(result.shape[0])), likely=True):
                first = body.times(place, math.prod(slices.dims))
                with body.over(slices.dims) as indices:
                    at = body.plus(first, body.linear(slices, indices))
                    target = single.at(result.dtype, body.base(result), at)
                    found = single.load(result.dtype, target)
                    source = _kept(body, views[values], [*which, *indices], start, row.index)
                    more = single.load(result.dtype, source)
                    total = TEMPLATES["add"](single, result.dtype, found, more)
                    single.store(result.dtype, total, target)


def _kept(body: Body, view: View, indices: Sequence[Any], start: Any, row: Any) -> Any:
    """The address of an element of a row array after the pass that has made it.

    Args:
      body: Where code goes.
      view: The row array, kept by its pass or an argument of the kernel.
      indices: The column.
      start: The first row of the tile.
      row: The row of the tile.
    """
    arguments = body.design.memory.arguments
    if view.root not in arguments:
        return body.element(view, indices, row)
    rows = body.times(body.plus(start, row), width(view.root))
    place = body.plus(rows, body.linear(view, indices))
    return body.v.at(view.root.dtype, body.pointer(arguments[view.root]), place)


def _place(body: Body, address: Any, item: int) -> Any:
    """The index at an address, as a 64-bit integer."""
    found = body.builder.load(address, align=item, typ=ir.IntType(8 * item))
    return found if item == 8 else body.builder.sext(found, INT64)
