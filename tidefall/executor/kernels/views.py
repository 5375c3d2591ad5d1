"""Where the elements of an array lie: views of other arrays, in steps of one element.

A row array is kept one tile at a time, each of its columns with the tile's rows side by side. So
the inner dimensions of row arrays, and all dimensions of free ones, are described in the same
way: an offset and one stride for each dimension. Reshaping, transposing, slicing and broadcasting
move nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tidefall.array.record import Array, Instruction
from tidefall.compiler.primitives import ROW, VIEWS, kind, width


class Axis(NamedTuple):
    """One dimension: its size, and how far apart neighbours are."""

    size: int
    stride: int


@dataclass(frozen=True, eq=False)
class View:
    """The elements of ``root`` that an array consists of.

    Attributes:
      root: An array with memory of its own.
      offset: Where the first element lies.
      axes: The dimensions, without those of size 1; of row arrays the inner ones.
    """

    root: Array
    offset: int
    axes: tuple[Axis, ...]

    def __eq__(self, other: object) -> bool:
        # Roots are compared by identity: ``==`` of arrays being recorded is a primitive.
        return (
            isinstance(other, View)
            and self.root is other.root
            and (self.offset, self.axes) == (other.offset, other.axes)
        )

    def __hash__(self) -> int:
        return hash((id(self.root), self.offset, self.axes))

    @property
    def dims(self) -> tuple[int, ...]:
        """The sizes."""
        return tuple([axis.size for axis in self.axes])

    @property
    def is_dense(self) -> bool:
        """Whether the elements lie side by side, in order."""
        return self.axes == dense(self.dims)

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the root, in order."""
        return self.offset == 0 and self.is_dense and _count(self.dims) == width(self.root)


def inner(x: Array) -> tuple[int, ...]:
    """The dimensions within a row, or all of a free array."""
    return tuple(x.shape[1:]) if kind(x) == ROW else tuple(x.shape)


def without_ones(dims: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes that matter."""
    return tuple([size for size in dims if size != 1])


def dense(dims: tuple[int, ...]) -> tuple[Axis, ...]:
    """Axes of elements side by side, the last dimension the innermost."""
    axes: list[Axis] = []
    stride = 1
    for size in reversed(dims):
        axes.append(Axis(size, stride))
        stride *= size
    return tuple(axes[::-1])


def whole(x: Array) -> View:
    """The view of an array with memory of its own."""
    return View(x, 0, dense(without_ones(inner(x))))


def derived(instruction: Instruction, of: View) -> View | None:
    """The view that a view primitive makes of its input, or None if elements must be copied."""
    (x,), result = instruction.inputs, instruction.result
    if instruction.name == "reshape":
        dims = without_ones(inner(result))
        if dims == of.dims:
            return of
        return View(of.root, of.offset, dense(dims)) if of.is_dense else None
    full = with_ones(of, inner(x))
    rows = kind(x) == ROW
    if instruction.name == "broadcast_to":
        axes = _broadcast(full, inner(x), inner(result), kind(result) == ROW and not rows)
        return View(of.root, of.offset, axes)
    if instruction.name == "transpose":
        order = instruction.params
        if rows:
            if order[0] != 0:
                return of  # a turned array is only read by a product, which knows
            order = [axis - 1 for axis in order[1:]]
        return View(of.root, of.offset, tuple([full[a] for a in order if full[a].size != 1]))
    starts, steps = instruction.params
    if rows:
        starts, steps = starts[1:], steps[1:]
    offset = of.offset + sum(start * axis.stride for start, axis in zip(starts, full, strict=True))
    sizes = inner(result)
    axes = tuple([
        Axis(size, axis.stride * step)
        for size, axis, step in zip(sizes, full, steps, strict=True)
        if size != 1
    ])  # fmt: skip
    return View(of.root, offset, axes)


def is_view(instruction: Instruction) -> bool:
    """Whether an instruction only says where elements lie."""
    return instruction.name in VIEWS


def operand(view: View, x: Array, result: Array) -> View:
    """``x``, which lies at ``view``, as an operand of an elementwise primitive: broadcast."""
    drop = kind(result) == ROW and kind(x) != ROW
    axes = _broadcast(with_ones(view, inner(x)), inner(x), inner(result), drop)
    return View(view.root, view.offset, axes)


def with_ones(view: View, dims: tuple[int, ...]) -> list[Axis]:
    """The axes of a view with those of size 1, which it leaves out."""
    rest = iter(view.axes)
    return [Axis(1, 0) if size == 1 else next(rest) for size in dims]


def _broadcast(
    full: list[Axis], dims: tuple[int, ...], target: tuple[int, ...], drop_rows: bool
) -> tuple[Axis, ...]:
    """Axes repeated to ``target``; of a free array spread over rows the first size is one."""
    if drop_rows and len(dims) > len(target):
        full, dims = full[1:], dims[1:]
    missing = len(target) - len(dims)
    axes = [Axis(size, 0) for size in target[:missing]]
    for axis, size in zip(full, target[missing:], strict=True):
        axes.append(axis if axis.size == size else Axis(size, 0))
    return tuple([axis for axis in axes if axis.size != 1])


def _count(dims: tuple[int, ...]) -> int:
    total = 1
    for size in dims:
        total *= size
    return total
