"""Contractions, written: products of the matrices of a row, and of weights with weights.

Within a row the lanes are rows, as everywhere, so nothing depends on where the elements of a
matrix lie. Of arrays without rows the lanes are neighbouring elements: along the rows of the
result or, where both operands have their elements side by side along the sum, along that.
A block of the result stays in registers over the whole sum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tidefall.array.record import Instruction
from tidefall.compiler.primitives import ROW, kind
from tidefall.executor.kernels.body import Body
from tidefall.executor.kernels.contracting import Contraction, Index, contraction, mirrored
from tidefall.executor.kernels.loops import Loop, blocks
from tidefall.executor.kernels.reductions import nested
from tidefall.executor.kernels.vectors import Vectors
from tidefall.executor.kernels.views import Axis, View

#: Sums of at most so many multiply-adds of vectors are written out, without a loop.
_MOST_UNROLLED = 48
_LINE = (Axis(0, 1),)


class _Block:
    """Some elements of the result, side by side along two of its indices.

    Attributes:
      high, wide: How many along each of the two indices.
    """

    def __init__(
        self, body: Body, loops: Contraction, at: Sequence[Any], i: Any, j: Any,
        high: int, wide: int,
    ) -> None:  # fmt: skip
        self._body = body
        self._loops = loops
        self.high, self.wide = high, wide
        indices = [*zip(loops.kept, at, strict=True), (loops.high, i), (loops.wide, j)]
        self._left = _place(body, loops.left.offset, [(x.left, n) for x, n in indices])
        self._right = _place(body, loops.right.offset, [(x.right, n) for x, n in indices])
        self._out = _place(body, loops.first, [(x.out, n) for x, n in indices])

    def lefts(self, at: Sequence[Any]) -> list[Any]:
        """The places of the elements of the left operand, for some indices summed over."""
        loops, body = self._loops, self._body
        indices = [(x.left, n) for x, n in zip(loops.gone, at, strict=True)]
        place = _place(body, self._left, indices)
        return [body.plus(place, a * loops.high.left) for a in range(self.high)]

    def rights(self, at: Sequence[Any]) -> list[Any]:
        """The same of the right operand."""
        loops, body = self._loops, self._body
        indices = [(x.right, n) for x, n in zip(loops.gone, at, strict=True)]
        place = _place(body, self._right, indices)
        return [body.plus(place, b * loops.wide.right) for b in range(self.wide)]

    def outs(self) -> list[Any]:
        """The places of the elements of the result, row by row."""
        loops, body = self._loops, self._body
        return [
            body.plus(self._out, a * loops.high.out + b * loops.wide.out)
            for a in range(self.high)
            for b in range(self.wide)
        ]


def _place(body: Body, start: Any, indices: Sequence[tuple[int, Any]]) -> Any:
    for stride, index in indices:
        start = body.plus(start, body.times(index, stride))
    return start


def _each_block(
    body: Body, loops: Contraction, high: int, wide: int, build: Callable[[_Block], None]
) -> None:
    """Builds code for every block of the result, of at most so many elements each way."""
    b = body.builder
    with body.over([each.size for each in loops.kept]) as at:
        for i_start, i_stop, i_size in blocks(loops.high.size, high):
            for j_start, j_stop, j_size in blocks(loops.wide.size, wide):
                with Loop(b, i_start, i_stop, i_size) as i, Loop(b, j_start, j_stop, j_size) as j:
                    build(_Block(body, loops, at, i.index, j.index, i_size, j_size))


def _summed(
    body: Body,
    gone: Sequence[Index],
    carried: list[Any],
    turn: Callable[[list[Any], list[Any]], list[Any]],
    indices: Sequence[Any] = (),
) -> list[Any]:
    """Loops over the indices summed over; a short innermost one is written out."""
    if not gone:
        return turn(list(indices), carried)
    size, rest = gone[0].size, gone[1:]
    if not rest and size * len(carried) <= _MOST_UNROLLED:
        for index in range(size):
            carried = turn([*indices, index], carried)
        return carried
    with Loop(body.builder, 0, size, carried=carried) as loop:
        loop.following = _summed(body, rest, loop.carried, turn, [*indices, loop.index])
    return list(loop.results)


# -- rows ------------------------------------------------------------------------------------------


def _sizes(body: Body, loops: Contraction) -> tuple[int, int, int]:
    """The block to keep in registers: high, wide, and how many vectors of rows."""
    most, free = body.design.registers, [kind(x.root) != ROW for x in (loops.left, loops.right)]
    per_tile = body.design.tile // body.design.lanes
    vectors = min(2, per_tile)  # of rows: what neighbours one in memory is used as well
    high = 1 if free[1] else most // vectors if free[0] else 2
    wide = min(loops.wide.size, most // (min(high, loops.high.size) * vectors))
    high = min(loops.high.size, most // (wide * vectors))
    while 2 * vectors * high * wide <= most and 2 * vectors <= per_tile:
        vectors *= 2
    return high, wide, vectors


def within_rows(body: Body, instruction: Instruction) -> None:
    """The product of the matrices of each row."""
    loops = contraction(instruction, body.design.plan.views)
    high, wide, vectors = _sizes(body, loops)
    dtype, v, lanes = instruction.result.dtype, body.v, body.design.lanes
    result = View(instruction.result, 0, _LINE)

    def build(block: _Block) -> None:
        count = block.high * block.wide
        with body.over_rows(vectors) as rows:
            at = [body.plus(rows.index, lanes * t) for t in range(vectors)]

            def turn(indices: list[Any], sums: list[Any]) -> list[Any]:
                left, right = block.lefts(indices), block.rights(indices)
                following = []
                fixed_left = _repeated(body, loops.left, left)
                fixed_right = _repeated(body, loops.right, right)
                for t, row in enumerate(at):  # few values live at a time, beside the sums
                    xs = fixed_left or _at_row(body, loops.left, left, row)
                    ys = fixed_right or _at_row(body, loops.right, right, row)
                    mine = sums[t * count : (t + 1) * count]
                    following += _multiplied(v, dtype, xs, ys, mine)
                return following

            zeros = [v.constant(dtype, 0)] * (count * vectors)
            sums = iter(_summed(body, loops.gone, zeros, turn))
            for row in at:
                for place in block.outs():
                    v.store(dtype, next(sums), body.element(result, [place], row))

    _each_block(body, loops, high, wide, build)


def _repeated(body: Body, view: View, places: Sequence[Any]) -> list[Any]:
    """Elements of an operand without rows, each in every lane; none of one with rows."""
    if kind(view.root) == ROW:
        return []
    line = View(view.root, 0, _LINE)
    return [body.free_scalar(line, [place]) for place in places]


def _at_row(body: Body, view: View, places: Sequence[Any], row: Any) -> list[Any]:
    """Elements of an operand with rows, for some neighbouring rows."""
    line = View(view.root, 0, _LINE)
    return [body.rows(line, [place], row) for place in places]


def _multiplied(
    v: Vectors, dtype: Any, xs: Sequence[Any], ys: Sequence[Any], sums: Sequence[Any]
) -> list[Any]:
    """The sums, row by row, with the product of each pair added."""
    pairs = [(x, y) for x in xs for y in ys]
    return [v.fma(dtype, x, y, s) for (x, y), s in zip(pairs, sums, strict=True)]


def over_rows(body: Body, instruction: Instruction) -> None:
    """A product summed over the rows of the tile, added to the chunk's sum lane by lane."""
    loops = contraction(instruction, body.design.plan.views)
    dtype, v = instruction.result.dtype, body.v
    for x in instruction.inputs:
        if kind(body.design.plan.views[x].root) == ROW:
            body.clear_tail(x)
    area = body.design.memory.sums[instruction.result]
    start = body.shifted(body.sums_base, area.offset)
    most = body.design.registers
    high = min(loops.high.size, max(3, most // loops.wide.size))
    wide = max(1, most // high)
    gone = [each.size for each in loops.gone]

    def build(block: _Block) -> None:
        places = [body.times(place, v.lanes) for place in block.outs()]
        pointers = [v.at(dtype, start, place) for place in places]

        def turn(indices: list[Any], sums: list[Any]) -> list[Any]:
            left, right = block.lefts(indices), block.rights(indices)
            fixed_left = _repeated(body, loops.left, left)
            fixed_right = _repeated(body, loops.right, right)
            with body.over_rows(carried=sums) as rows:
                xs = fixed_left or _at_row(body, loops.left, left, rows.index)
                ys = fixed_right or _at_row(body, loops.right, right, rows.index)
                rows.following = _multiplied(v, dtype, xs, ys, rows.carried)
            return list(rows.results)

        sums = [v.load(dtype, pointer) for pointer in pointers]
        for value, pointer in zip(nested(body, gone, sums, turn), pointers, strict=True):
            v.store(dtype, value, pointer)

    _each_block(body, loops, high, wide, build)


# -- free values -----------------------------------------------------------------------------------

#: Vectors along the rows of a result that a block of it has.
_VECTORS = 3


def of_free(body: Body, instruction: Instruction) -> None:
    """A product of arrays without rows."""
    loops = contraction(instruction, body.design.plan.views)
    if not loops.wide.right == loops.wide.out == 1:
        if loops.high.left == loops.high.out == 1:
            loops = mirrored(loops)
        elif loops.gone and loops.gone[-1].left == loops.gone[-1].right == 1:
            _along_sum(body, instruction, loops)
            return
        else:
            _along_rows(body, instruction, loops, body.v.with_lanes(1))
            return
    lanes = body.v.lanes
    start = 0
    while start < loops.wide.size:
        count = (loops.wide.size - start) // lanes
        if count:
            part = loops._replace(
                right=View(loops.right.root, loops.right.offset + start, ()),
                first=loops.first + start,
                wide=Index(count, 0, lanes, lanes),
            )
            _along_rows(body, instruction, part, body.v.with_lanes(lanes))
        start += count * lanes
        lanes //= 2


def _along_rows(body: Body, instruction: Instruction, loops: Contraction, v: Vectors) -> None:
    """Each element of the left operand in every lane, neighbours of the right one in vectors."""
    dtype = instruction.result.dtype
    result, right = View(instruction.result, 0, _LINE), View(loops.right.root, 0, _LINE)
    left = View(loops.left.root, 0, _LINE)

    def build(block: _Block) -> None:
        def turn(indices: list[Any], sums: list[Any]) -> list[Any]:
            xs = [body.free_scalar(left, [place], v) for place in block.lefts(indices)]
            ys = [v.load(dtype, body.element(right, [p])) for p in block.rights(indices)]
            return _multiplied(v, dtype, xs, ys, sums)

        zeros = [v.constant(dtype, 0)] * (block.high * block.wide)
        sums = _summed(body, loops.gone, zeros, turn)
        for value, place in zip(sums, block.outs(), strict=True):
            v.store(dtype, value, body.element(result, [place]))

    wide = min(loops.wide.size, _VECTORS)
    _each_block(body, loops, body.design.registers // wide, wide, build)


def _along_sum(body: Body, instruction: Instruction, loops: Contraction) -> None:
    """Neighbours along the sum in vectors, what their lanes add up to, and the rest one by one."""
    dtype, single = instruction.result.dtype, body.v.with_lanes(1)
    result = View(instruction.result, 0, _LINE)
    left, right = View(loops.left.root, 0, _LINE), View(loops.right.root, 0, _LINE)
    *outer, last = loops.gone
    full, rest = divmod(last.size, body.v.lanes)

    def added(block: _Block, v: Vectors, start: int, count: int, sums: list[Any]) -> list[Any]:
        def turn(at: list[Any], sums: list[Any]) -> list[Any]:
            at = [*at[:-1], body.plus(body.times(at[-1], v.lanes), start)]
            xs = [v.load(dtype, body.element(left, [p])) for p in block.lefts(at)]
            ys = [v.load(dtype, body.element(right, [p])) for p in block.rights(at)]
            return _multiplied(v, dtype, xs, ys, sums)

        return _summed(body, [*outer, last._replace(size=count)], sums, turn)

    def build(block: _Block) -> None:
        count = block.high * block.wide
        sums = [single.constant(dtype, 0)] * count
        if full:
            lanes = added(block, body.v, 0, full, [body.v.constant(dtype, 0)] * count)
            sums = [single.broadcast(dtype, body.v.sum(dtype, each)) for each in lanes]
        if rest:
            sums = added(block, single, full * body.v.lanes, rest, sums)
        for value, place in zip(sums, block.outs(), strict=True):
            single.store(dtype, value, body.element(result, [place]))

    wide = min(loops.wide.size, _VECTORS)
    _each_block(body, loops, body.design.registers // wide, wide, build)
