"""Copies between rows in memory and the columns of a tile."""

from __future__ import annotations

from typing import Any

from tidefall.executor.kernels.body import POINTER, Design
from tidefall.executor.kernels.llvm import ir
from tidefall.executor.kernels.loops import INT64, Loop
from tidefall.executor.kernels.shuffles import turned

VOID = ir.VoidType()


def copier(design: Design, item: int, columns: int, into_tile: bool) -> Any:
    """``(rows, tile, valid)``: between rows in memory and columns of a tile.

    Elements of 4 or 8 bytes go in squares of as many rows as there are lanes: each row is one
    load, and each column one store. What such squares leave goes one by one.
    """
    name = f"{'load' if into_tile else 'save'}_{item}_{columns}"
    found = design.module.globals.get(name)
    if found is not None:
        return found
    kind = ir.FunctionType(VOID, [POINTER, POINTER, INT64])
    function = ir.Function(design.module, kind, name)
    function.linkage = "internal"
    b = ir.IRBuilder(function.append_basic_block("entry"))
    copy = _Copy(design, b, item, columns, into_tile, function.args)
    valid = function.args[2]
    wide = columns // design.lanes * design.lanes if item >= 4 else 0
    if wide:
        full = b.and_(valid, INT64(-design.lanes))
        copy.squares(wide, full)
        copy.one_by_one((0, wide), (full, valid))
    if wide < columns:
        copy.one_by_one((wide, columns), (0, valid))
    b.ret_void()
    return function


class _Copy:
    """The code of one such function."""

    def __init__(
        self, design: Design, b: Any, item: int, columns: int, into_tile: bool, arguments: Any
    ) -> None:
        self._design = design
        self._b = b
        self._item = item
        self._columns = columns
        self._into_tile = into_tile
        self._rows, self._tile, _ = arguments
        self._element = ir.IntType(8 * item)

    def squares(self, columns: int, rows: Any) -> None:
        """Copies a multiple of the lanes of columns and rows."""
        b, lanes = self._b, self._design.lanes
        vector = ir.VectorType(self._element, lanes)
        with Loop(b, 0, rows, lanes) as row, Loop(b, 0, columns, lanes) as column:
            outside = [
                self._outside(b.add(row.index, INT64(i)), column.index) for i in range(lanes)
            ]
            inside = [self._inside(row.index, b.add(column.index, INT64(i))) for i in range(lanes)]
            sources, targets = (outside, inside) if self._into_tile else (inside, outside)
            square = [b.load(each, align=self._item, typ=vector) for each in sources]
            for value, target in zip(turned(b, square), targets, strict=True):
                b.store(value, target, align=self._item)

    def one_by_one(self, columns: tuple[Any, Any], rows: tuple[Any, Any]) -> None:
        """Copies some columns of some rows."""
        b = self._b
        with Loop(b, *columns) as column, Loop(b, *rows) as row:
            there = self._outside(row.index, column.index)
            here = self._inside(row.index, column.index)
            source, target = (there, here) if self._into_tile else (here, there)
            b.store(b.load(source, align=self._item, typ=self._element), target, align=self._item)

    def _outside(self, row: Any, column: Any) -> Any:
        b = self._b
        place = b.add(b.mul(row, INT64(self._columns)), column)
        return b.gep(self._rows, [place], source_etype=self._element)

    def _inside(self, row: Any, column: Any) -> Any:
        b = self._b
        place = b.add(b.mul(column, INT64(self._design.tile)), row)
        return b.gep(self._tile, [place], source_etype=self._element)
