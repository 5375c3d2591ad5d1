"""Native code for the product of two large matrices, as BLAS libraries compute it.

``c[m, n] = a[m, k] b[k, n]`` in two jobs for the threads of the pool. The first copies both
operands into panels: ``HIGH`` neighbouring rows of ``a``, or ``WIDE`` neighbouring columns of
``b``, lie side by side, one group after another along ``k``. The second computes blocks of ``c``
from panels, a tile of ``HIGH x WIDE`` at a time in registers, over a stretch of ``k`` in which one
panel of ``b`` stays in the first level of the cache and the panels of ``a`` in the second (Goto and
van de Geijn, "Anatomy of high-performance matrix multiplication", 2008). Each block is small enough
that a thread that is held up leaves the others little to wait for, and its sums run over ``k`` in
one order, so that the result does not depend on the number of threads.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from tidefall.executor.kernels.llvm import ir
from tidefall.executor.kernels.loops import INT64, Loop
from tidefall.executor.kernels.shuffles import turned
from tidefall.executor.kernels.target import Target
from tidefall.executor.kernels.vectors import Vectors

#: What the entry reads: 64-bit integers in this order. Strides count elements.
FIELDS: Final = (
    "a", "a_row", "a_column", "b", "b_row", "b_column", "c", "c_row",
    "m", "k", "n", "a_panels", "b_panels", "row_blocks", "column_blocks",
    "parallel", "pool", "threads",
)  # fmt: skip
ENTRY: Final = "product"

#: What a panel of ``b`` takes over the stretch of ``k`` after which partial sums go to memory.
PANEL_BYTES: Final = 16 << 10
#: How far ahead along ``k`` a panel of ``a`` is fetched.
AHEAD: Final = 16
#: Panels that are packed in one go.
PACKED: Final = 4

_POINTER: Final = ir.PointerType()
_INT32: Final = ir.IntType(32)
_UNROLLED: Final = 4
_VOID: Final = ir.VoidType()
_PARALLEL: Final = ir.FunctionType(_VOID, [_POINTER, _POINTER, _POINTER, INT64, INT64])
_KINDS: Final = {
    **dict.fromkeys(("a", "b", "c", "a_panels", "b_panels", "pool"), _POINTER),
    "parallel": _PARALLEL.as_pointer(),
}


class Shape(NamedTuple):
    """How the operands are cut on a machine.

    Attributes:
      lanes: Elements of a vector.
      high: Rows of a tile.
      left: Elements from one group of a panel of ``a`` to the next: ``high`` in whole vectors.
      wide: Columns of a tile, two vectors.
      depth: The stretch of ``k`` after which partial sums go to memory.
    """

    lanes: int
    high: int
    left: int
    wide: int
    depth: int


def shape_for(target: Target, dtype: np.dtype[Any]) -> Shape:
    """The tile that fits the registers: two vectors of ``b``, and the sums of all its rows."""
    lanes = target.lanes(dtype.itemsize)
    many = target.vector_bits == 512 or target.architecture == "aarch64"
    high = 12 if many else 6
    wide = 2 * lanes
    depth = PANEL_BYTES // (wide * dtype.itemsize)
    return Shape(lanes, high, -(-high // lanes) * lanes, wide, depth)


def text(target: Target, dtype: np.dtype[Any]) -> str:
    """IR that defines the entry, ``void product(ptr fields)``."""
    return str(_Code(target, np.dtype(dtype)).module)


class _Code:
    def __init__(self, target: Target, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self.shape = shape_for(target, dtype)
        self.module = target.new_module("product")
        pack, compute = self._pack_panels(), self._compute_block()
        self._entry(pack, compute)

    # The pieces all functions are built of

    def _begin(self, name: str, kinds: list[Any], internal: bool = True) -> list[Any]:
        function = ir.Function(self.module, ir.FunctionType(_VOID, kinds), name)
        if internal:
            function.linkage = "internal"
        self.b = ir.IRBuilder(function.append_basic_block("start"))
        self.v = Vectors(self.b, self.module, self.shape.lanes)
        self.function = function
        return list(function.args)

    def _field(self, fields: Any, name: str) -> Any:
        place = self.b.gep(fields, [INT64(FIELDS.index(name))], source_etype=INT64)
        return self.b.load(place, align=8, typ=_KINDS.get(name, INT64))

    def _at(self, pointer: Any, index: Any) -> Any:
        return self.v.at(self.dtype, pointer, index)

    def _count(self, total: Any, size: int) -> Any:
        """How many pieces of a size cover a total."""
        return self.b.sdiv(self.b.add(total, INT64(size - 1)), INT64(size))

    def _prefetch(self, pointer: Any) -> None:
        """Asks for the line of the cache at an address, which may be nobody's."""
        name = "llvm.prefetch.p0"
        function = self.module.globals.get(name)
        if function is None:
            signature = ir.FunctionType(_VOID, [_POINTER, _INT32, _INT32, _INT32])
            function = ir.Function(self.module, signature, name)
        self.b.call(function, [pointer, _INT32(0), _INT32(3), _INT32(1)])

    def _least(self, a: Any, b: Any) -> Any:
        return self.b.select(self.b.icmp_signed("<", a, b), a, b)

    def _bound(self, blocks: Any, block: Any, total: Any) -> Any:
        """Where a block of equally many things begins."""
        return self.b.sdiv(self.b.mul(block, total), blocks)

    # Packing

    def _pack_panels(self) -> Any:
        """Some panels of ``a`` or, after all of these, of ``b``."""
        copies = {size: self._copy_panel(size) for size in (self.shape.left, self.shape.wide)}
        fields, chunk, _ = self._begin("pack_panels", [_POINTER, INT64, INT64])
        b, shape, function = self.b, self.shape, self.function
        m, n = self._field(fields, "m"), self._field(fields, "n")
        of_a = self._count(self._count(m, shape.high), PACKED)
        is_a = b.icmp_signed("<", chunk, of_a)
        left, right = b.append_basic_block("left"), b.append_basic_block("right")
        b.cbranch(is_a, left, right)
        sides = (
            (left, "a", m, shape.high, shape.left, ("a_row", "a_column")),
            (right, "b", n, shape.wide, shape.wide, ("b_column", "b_row")),
        )
        for block, name, total, step, size, strides in sides:
            b.position_at_end(block)
            at = chunk if name == "a" else b.sub(chunk, of_a)
            first = b.mul(at, INT64(PACKED))
            last = self._least(b.add(first, INT64(PACKED)), self._count(total, step))
            k = self._field(fields, "k")
            across, along = (self._field(fields, each) for each in strides)
            source, target = self._field(fields, name), self._field(fields, f"{name}_panels")
            with Loop(b, first, last) as panel:
                place = self._at(target, b.mul(b.mul(panel.index, INT64(size)), k))
                line = b.mul(panel.index, INT64(step))
                b.call(copies[size], [source, across, along, line, total, k, place])
            b.ret_void()
        return function

    def _copy_panel(self, size: int) -> Any:
        """One panel: the lines ``first`` and following, side by side along ``k``.

        Lines beyond the last are copies of it; what is computed of them is never stored.
        """
        kinds = [_POINTER, INT64, INT64, INT64, INT64, INT64, _POINTER]
        source, across, along, first, total, k, target = self._begin(f"copy_{size}", kinds)
        b, v, lanes, function = self.b, self.v, self.shape.lanes, self.function
        last = b.sub(total, INT64(1))
        lines = [b.mul(self._least(b.add(first, INT64(i)), last), across) for i in range(size)]
        whole = b.icmp_signed("<=", b.add(first, INT64(size)), total)
        beside = b.and_(whole, b.icmp_signed("==", across, INT64(1)))
        neighbours, others = b.append_basic_block("beside"), b.append_basic_block("others")
        b.cbranch(beside, neighbours, others)

        b.position_at_end(neighbours)
        with Loop(b, 0, k) as at:
            start = self._at(source, b.add(b.mul(at.index, along), first))
            place = self._at(target, b.mul(at.index, INT64(size)))
            for group in range(0, size, lanes):
                v.store(
                    self.dtype, v.load(self.dtype, self._at(start, group)), self._at(place, group)
                )
        b.ret_void()

        b.position_at_end(others)
        flat = b.icmp_signed("==", along, INT64(1))
        squares = b.select(flat, b.sdiv(k, INT64(lanes)), INT64(0))
        with Loop(b, 0, squares) as square:
            start = b.mul(square.index, INT64(lanes))
            for group in range(0, size, lanes):
                each = lines[group : group + lanes]
                rows = [v.load(self.dtype, self._at(source, b.add(line, start))) for line in each]
                for i, column in enumerate(turned(b, rows)):
                    place = b.mul(b.add(start, INT64(i)), INT64(size))
                    v.store(self.dtype, column, self._at(self._at(target, place), group))
        with Loop(b, b.mul(squares, INT64(lanes)), k) as at:
            start = b.mul(at.index, along)
            place = b.mul(at.index, INT64(size))
            for i, line in enumerate(lines):
                value = v.load_scalar(self.dtype, self._at(source, b.add(line, start)))
                v.store_scalar(self.dtype, value, self._at(target, b.add(place, INT64(i))))
        b.ret_void()
        return function

    # Computing

    def _compute_block(self) -> Any:
        """The tiles of one block of the result."""
        tile = self._tile()
        fields, chunk, _ = self._begin("compute_block", [_POINTER, INT64, INT64])
        b, shape, function = self.b, self.shape, self.function
        m, k, n = (self._field(fields, name) for name in ("m", "k", "n"))
        columns = self._field(fields, "column_blocks")
        rows = self._field(fields, "row_blocks")
        i, j = b.sdiv(chunk, columns), b.srem(chunk, columns)
        high, wide = self._count(m, shape.high), self._count(n, shape.wide)
        top, bottom = (self._bound(rows, each, high) for each in (i, b.add(i, INT64(1))))
        left, right = (self._bound(columns, each, wide) for each in (j, b.add(j, INT64(1))))
        a, w = self._field(fields, "a_panels"), self._field(fields, "b_panels")
        c, line = self._field(fields, "c"), self._field(fields, "c_row")
        with Loop(b, 0, k, shape.depth) as deep, Loop(b, left, right) as q:
            depth = self._least(b.sub(k, deep.index), INT64(shape.depth))
            panel = b.mul(b.add(b.mul(q.index, k), deep.index), INT64(shape.wide))
            column = b.mul(q.index, INT64(shape.wide))
            with Loop(b, top, bottom) as p:
                other = b.mul(b.add(b.mul(p.index, k), deep.index), INT64(shape.left))
                row = b.mul(p.index, INT64(shape.high))
                place = self._at(c, b.add(b.mul(row, line), column))
                b.call(tile, [
                    self._at(a, other), self._at(w, panel), depth, deep.index,
                    place, line, b.sub(m, row), b.sub(n, column),
                ])  # fmt: skip
        b.ret_void()
        return function

    def _tile(self) -> Any:
        """One tile over a stretch of ``k``, written to the result or added to it."""
        kinds = [_POINTER, _POINTER, INT64, INT64, _POINTER, INT64, INT64, INT64]
        a, w, depth, before, c, line, rows, columns = self._begin("tile", kinds)
        b, v, shape, dtype, function = self.b, self.v, self.shape, self.dtype, self.function
        buffer = b.alloca(ir.ArrayType(v.element(dtype), shape.high * shape.wide))
        for i in range(shape.high):
            self._prefetch(self._at(c, b.mul(line, self._least(rows, INT64(i)))))
        sums = [v.constant(dtype, 0)] * (2 * shape.high)
        whole = b.mul(b.sdiv(depth, INT64(_UNROLLED)), INT64(_UNROLLED))

        def turn(at: Any, sums: list[Any]) -> list[Any]:
            start = self._at(w, b.mul(at, INT64(shape.wide)))
            right = [v.load(dtype, self._at(start, t * shape.lanes)) for t in range(2)]
            start = self._at(a, b.mul(at, INT64(shape.left)))
            found = []
            for i in range(shape.high):
                value = v.broadcast(dtype, v.load_scalar(dtype, self._at(start, i)))
                found += [v.fma(dtype, value, right[t], sums[2 * i + t]) for t in range(2)]
            return found

        with Loop(b, 0, whole, _UNROLLED, sums) as deep:
            found = deep.carried
            ahead = b.mul(b.add(deep.index, INT64(AHEAD)), INT64(shape.left))
            for place in range(0, _UNROLLED * shape.left, 64 // dtype.itemsize):
                self._prefetch(self._at(a, b.add(ahead, INT64(place))))
            for step in range(_UNROLLED):
                found = turn(b.add(deep.index, INT64(step)), found)
            deep.following = found
        with Loop(b, whole, depth, 1, deep.results) as rest:
            rest.following = turn(rest.index, rest.carried)
        self._keep(rest.results, buffer, before, c, line, rows, columns)
        b.ret_void()
        return function

    def _keep(
        self, sums: list[Any], buffer: Any, before: Any, c: Any, line: Any, rows: Any, columns: Any
    ) -> None:  # fmt: skip
        """Adds a tile to what is there, or writes it if there is nothing before."""
        b, v, shape, dtype = self.b, self.v, self.shape, self.dtype
        fits = b.and_(
            b.icmp_signed(">=", rows, INT64(shape.high)),
            b.icmp_signed(">=", columns, INT64(shape.wide)),
        )
        is_first = b.icmp_signed("==", before, INT64(0))
        inside, edge, end = (b.append_basic_block(name) for name in ("inside", "edge", "end"))
        fresh, more = b.append_basic_block("fresh"), b.append_basic_block("more")
        places = [(i, t) for i in range(shape.high) for t in range(2)]
        b.cbranch(fits, inside, edge)
        b.position_at_end(inside)
        pointers = [
            self._at(self._at(c, b.mul(line, INT64(i))), t * shape.lanes) for i, t in places
        ]
        b.cbranch(is_first, fresh, more)
        b.position_at_end(fresh)
        for pointer, value in zip(pointers, sums, strict=True):
            v.store(dtype, value, pointer)
        b.branch(end)
        b.position_at_end(more)
        for pointer, value in zip(pointers, sums, strict=True):
            v.store(dtype, v.add(dtype, v.load(dtype, pointer), value), pointer)
        b.branch(end)
        b.position_at_end(edge)
        for (i, t), value in zip(places, sums, strict=True):
            v.store(dtype, value, self._at(buffer, i * shape.wide + t * shape.lanes))
        high = self._least(rows, INT64(shape.high))
        wide = self._least(columns, INT64(shape.wide))
        with Loop(b, 0, high) as row, Loop(b, 0, wide) as column:
            pointer = self._at(c, b.add(b.mul(row.index, line), column.index))
            place = b.add(b.mul(row.index, INT64(shape.wide)), column.index)
            value = v.load_scalar(dtype, self._at(buffer, place))
            there = v.load_scalar(dtype, pointer)
            both = b.select(is_first, value, v.add(dtype, there, value))
            v.store_scalar(dtype, both, pointer)
        b.branch(end)
        b.position_at_end(end)

    def _entry(self, pack: Any, compute: Any) -> None:
        (fields,) = self._begin(ENTRY, [_POINTER], internal=False)
        b, shape = self.b, self.shape
        m, n = self._field(fields, "m"), self._field(fields, "n")
        panels = (self._count(m, shape.high), self._count(n, shape.wide))
        packed = b.add(*(self._count(each, PACKED) for each in panels))
        blocks = b.mul(self._field(fields, "row_blocks"), self._field(fields, "column_blocks"))
        parallel, pool = self._field(fields, "parallel"), self._field(fields, "pool")
        threads = self._field(fields, "threads")
        for function, count in ((pack, packed), (compute, blocks)):
            b.call(parallel, [pool, function, fields, count, threads])
        b.ret_void()
