"""Putting the rows into what was recorded with all sizes fixed.

The arrays that have the rows get the symbol in their shapes, and constants that meet them become
rows too: one row that is repeated, where all are equal, else an input like any other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tidefall.array.record import Array, Instruction, Recording
from tidefall.array.symbols import ROWS, Extent, NotRecordable, Shape
from tidefall.compiler import folded
from tidefall.compiler.axes import Axes, operand, row_spot, spots
from tidefall.compiler.fixed_rows import FixedRows
from tidefall.compiler.primitives import FREE, check, kind
from tidefall.compiler.recorder import Fused, Recorder
from tidefall.core.dtypes import as_dtype
from tidefall.core.shapes import Shape as StaticShape
from tidefall.ir.plan import Value


def put_rows(recorder: Recorder, found: FixedRows) -> None:
    """Makes row arrays of all that ``found`` says to be rows, and of what is one with them.

    Raises:
      NotRecordable: If a primitive does not fit then, which `find_rows` would have noticed.
    """
    _Labeller(recorder, found).apply()


class _Labeller:
    def __init__(self, recorder: Recorder, found: FixedRows) -> None:
        self._fused: Fused = recorder.fused
        self._recording: Recording = recorder.fused.recording
        self._axes = Axes()
        for instruction in self._recording.instructions:
            self._axes.note(instruction)
        values = {**recorder.known, **recorder.fused.inputs}
        self._rows = {
            self._axes.of(x, 0): found.values[v]
            for v, x in values.items()
            if v in found.values and isinstance(x, Array) and x.value is None
        }
        for instruction in self._recording.instructions:
            spot = row_spot(instruction)
            if spot is not None:
                size = operand(instruction, spot).shape[spot.axis]
                self._rows.setdefault(self._axes.at(instruction, spot), size // found.count)
        self._axes.spread(self._recording.instructions, self._rows)
        self._count = found.count
        self._given: dict[Any, Array] = {}

    def apply(self) -> None:
        shapes = self._shapes()
        instructions: list[Instruction] = []
        for instruction in self._recording.instructions:
            inputs = [
                self._operand(instruction, number, instructions)
                for number in range(len(instruction.inputs))
            ]
            instructions.append(replace(instruction, inputs=tuple(inputs)))
        for x, shape in shapes:
            x.shape = shape
        for instruction in instructions:
            check(folded.apart(instruction))
        self._recording.instructions[:] = instructions
        self._fused.count = self._count
        if any(kind(each.result) != FREE for each in instructions):
            self._give_count()

    def _shapes(self) -> list[tuple[Array, Shape]]:
        """The arrays that have rows, with their shapes."""
        found: dict[Array, Shape] = {}
        made = [each.result for each in self._recording.instructions]
        for x in (*self._fused.inputs.values(), *made):
            times = [self._rows.get(self._axes.of(x, axis)) for axis in range(x.ndim)]
            dims = [size if size == 1 or n is None else ROWS * n
                    for n, size in zip(times, x.shape, strict=True)]  # fmt: skip
            if any(isinstance(size, Extent) for size in dims):
                found[x] = tuple(dims)
        return list(found.items())

    def _operand(self, instruction: Instruction, number: int, before: list[Instruction]) -> Array:
        """What an instruction reads, where it is a constant with rows: those rows."""
        x = instruction.inputs[number]
        if x.value is None:
            return x
        axes = {
            spot.axis: self._rows[self._axes.at(instruction, spot)]
            for spot in spots(instruction)
            if spot.operand == number and self._axes.at(instruction, spot) in self._rows
        }
        if not axes:
            return x
        if list(axes) == [0]:
            return self._rows_of(x.value, axes[0], before)
        if list(axes) == [1] and x.ndim == 2:
            rows = self._given_rows(x.value.T, axes[1])
            turned = Array(self._recording, (x.shape[0], ROWS * axes[1]), x.dtype)
            before.append(Instruction("transpose", (rows,), (1, 0), turned))
            return turned
        raise NotRecordable("a constant whose rows do not come first")

    def _rows_of(self, value: Any, times: int, before: list[Instruction]) -> Array:
        if not _repeats(value):
            return self._given_rows(value, times)
        row = self._recording.constant(value[:1])
        spread = Array(self._recording, (ROWS * times, *value.shape[1:]), value.dtype)
        before.append(Instruction("broadcast_to", (row,), None, spread))
        return spread

    def _given_rows(self, value: Any, times: int = 1) -> Array:
        """The input that stands for a constant, the same for the same memory."""
        key = (value.__array_interface__["data"], value.shape, value.strides, value.dtype.str)
        found = self._given.get(key)
        if found is None:
            array = np.ascontiguousarray(value)
            found = self._recording.input((ROWS * times, *value.shape[1:]), value.dtype)
            self._given[key] = found
            self._fused.inputs[_constant(array)] = found
        return found

    def _give_count(self) -> None:
        """Makes sure of an input that has the rows: a kernel asks the first for their number."""
        if not any(x.shape[:1] == (ROWS,) for x in self._fused.inputs.values()):
            self._given_rows(np.zeros(self._count, np.bool_))


def _repeats(value: Any) -> bool:
    """Whether all rows are equal, bit for bit."""
    if not value.size:
        return True
    words = np.ascontiguousarray(value).reshape(len(value), -1).view(np.uint8)
    return bool((words[1] == words[0]).all() and (words == words[0]).all())


def _constant(array: Any) -> Value:
    return Value(as_dtype(array.dtype), StaticShape(array.shape), "a constant", array)
