"""Several rows for each row of a batch: a matrix of ``[rows * k, m]`` is kept as ``[rows, k, m]``.

Programs fold a dimension into the rows to take a layer over it (``tf.reshape(x, [-1, m])`` of steps
in time, of the words of a bag) and unfold it again. All of that only says where elements lie: in
the order of NumPy, what belongs to a row stays together. So after recording, every dimension that
is a multiple of the rows becomes two, and the reshapes between both forms do nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tidefall.array.record import ELEMENTWISE, Array, Instruction
from tidefall.array.symbols import ROWS, Extent, NotRecordable, Shape
from tidefall.compiler.primitives import DRAWS, REDUCTIONS


def times(shape: Shape) -> int:
    """How many rows there are for each row of the batch, in an array of rows; 1 for others."""
    return shape[0].factor if shape and isinstance(shape[0], Extent) else 1


def shape_apart(shape: Shape) -> Shape:
    """The shape with the rows alone, and what there is for each of them as the next dimension."""
    sizes: list[Any] = []
    for size in shape:
        several = isinstance(size, Extent) and size != ROWS
        sizes += [ROWS, size.factor] if several else [size]
    return tuple(sizes)


def apart(instruction: Instruction) -> Instruction:
    """The instruction on new arrays with the rows alone.

    Raises:
      NotRecordable: If it cannot be said of such arrays.
    """
    arrays = [*instruction.inputs, instruction.result]
    if not any(_is_folded(x) for x in arrays):
        return instruction
    *inputs, result = [Array(x.recording, shape_apart(x.shape), x.dtype, x.value) for x in arrays]
    return Instruction(instruction.name, tuple(inputs), _params(instruction), result)


def take_apart(instructions: list[Instruction], others: Sequence[Array]) -> None:
    """Gives all arrays of a recording, and others, shapes with the rows alone.

    Args:
      instructions: The instructions, which are replaced.
      others: Arrays that no instruction has made.
    """
    found = [replace(each, params=_params(each)) for each in instructions]
    for x in {*others, *[each.result for each in instructions]}:
        x.shape = shape_apart(x.shape)
    instructions[:] = found


def _is_folded(x: Array) -> bool:
    return any(isinstance(size, Extent) and size != ROWS for size in x.shape)


def _params(instruction: Instruction) -> Any:
    """What a primitive is told of arrays that are taken apart."""
    name, inputs, result = instruction.name, instruction.inputs, instruction.result
    if name in _SAME or not any(_is_folded(x) for x in (*inputs, result)):
        return instruction.params
    if name not in _CHANGED or not _is_folded(result if name == "placed" else inputs[0]):
        raise NotRecordable(f"{name} with several rows for each row")
    return _CHANGED[name](instruction.params)


def _axes(axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple([new for axis in axes for new in ((0, 1) if axis == 0 else (axis + 1,))])


def _part(params: tuple[Any, ...]) -> tuple[Any, ...]:
    starts, steps, *rest = params
    return ((0, *starts), (1, *steps), *rest)


_SAME = frozenset(
    {*ELEMENTWISE, *DRAWS, "reshape", "broadcast_to", "matmul", "gather", "segment_sum"}
)
_CHANGED: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys((*REDUCTIONS, "transpose"), _axes),
    "slice": _part,
    "placed": _part,
    "concatenate": lambda axis: axis + 1,
}
