"""Shape rules that many ops share."""

from __future__ import annotations

from typing import Any

from tidefall.core.shapes import SCALAR, UNKNOWN, Shape, unknown
from tidefall.core.shapes import broadcast as broadcast_shapes
from tidefall.ir.inference import ShapeContext


def unchanged(x: Shape) -> Shape:
    """The output has the input's shape."""
    return x


def first_unchanged(x: Shape, *others: Any) -> Shape:
    """The output has the first input's shape."""
    return x


def broadcast(a: Shape, b: Shape) -> Shape:
    """The inputs are broadcast together."""
    return broadcast_shapes(a, b)


def same(a: Shape, b: Shape) -> Shape:
    """Both inputs have the output's shape."""
    return a.merge_with(b)


def scalar(*inputs: Any) -> Shape:
    """The output is one number."""
    return SCALAR


def vector(*inputs: Any) -> Shape:
    """The output is a vector of unknown length."""
    return unknown(1)


def none(*inputs: Any) -> tuple[Shape, ...]:
    """There is no output."""
    return ()


def from_attr(*, shape: Shape) -> Shape:
    """The shape is an attribute."""
    return shape


def reduction(ctx: ShapeContext, x: Shape, axis: Shape, *, keep_dims: bool) -> Shape:
    """Dimensions named by the second input are summed away, or kept with size 1."""
    axes = ctx.constant(1)
    if x.dims is None:
        return UNKNOWN
    if axes is None:
        if keep_dims:
            return unknown(x.rank)
        return UNKNOWN
    gone = reduced_axes(axes, len(x.dims))
    if keep_dims:
        return Shape(tuple([1 if i in gone else size for i, size in enumerate(x.dims)]))
    return Shape(tuple([size for i, size in enumerate(x.dims) if i not in gone]))


def reduced_axes(axes: Any, rank: int) -> set[int]:
    """The axes a reduction names, counted from the front.

    Raises:
      ValueError: If an axis is out of range.
    """
    return {normal_axis(int(axis), rank, "reduction axis") for axis in axes.reshape(-1)}


def normal_axis(axis: int, rank: int, what: str = "axis") -> int:
    """``axis`` counted from the front.

    Raises:
      ValueError: If it is out of range.
    """
    if not -rank <= axis < rank:
        raise ValueError(
            f"{what} {axis} is out of range for a tensor of rank {rank}: it must lie between "
            f"{-rank} and {rank - 1}."
        )
    return axis % rank
