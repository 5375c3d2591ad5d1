"""Repeating tensors: tile, repeat, meshgrid, and the shapes of broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.core.shapes import broadcast as broadcast_shapes
from tidefall.core.tensor_shape import TensorShape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import ShapeContext, constant_value
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.array import (
    broadcast_to_op,
    dynamic_shape,
    expand_dims,
    reshape,
    reshape_op,
    shape,
    transpose_op,
)
from tidefall.ops.broadcast import sum_op
from tidefall.ops.cast import cast_op
from tidefall.ops.constant import constant
from tidefall.ops.filled import ones
from tidefall.ops.gather import boolean_mask, sequence_mask
from tidefall.ops.joining import concat, pack, stack
from tidefall.ops.math import maximum
from tidefall.ops.ranges import range_op
from tidefall.ops.reduce import max_op
from tidefall.ops.registry import INDEX, Namespace, T, Tmultiples, op
from tidefall.ops.sizes import rank, size


@op("Tile", Tmultiples=INDEX)
def tile_op(xp: Namespace, input: T, multiples: Tmultiples) -> T:
    """``input`` put side by side with itself ``multiples`` times in each dimension."""
    times = tuple(multiples.tolist())
    if len(times) != np.ndim(input):
        raise ValueError(
            f"multiples needs one number for each of the {np.ndim(input)} dimensions, but has "
            f"{len(times)}."
        )
    if any(count < 0 for count in times):
        raise ValueError(f"multiples must be at least 0, but is {list(times)}.")
    return xp.tile(xp.plain(input), times)


@tile_op.shape
def _tile_shape(ctx: ShapeContext, input: Shape, multiples: Shape) -> Shape:
    (count,) = multiples.with_rank(1)
    input = input.with_rank(count) if count is not None else input
    times = ctx.shape_value(1)
    if input.dims is None or times.dims is None:
        return times if input.dims is None and times.dims is None else _of_rank(input, times)
    times.with_rank(len(input.dims))
    sizes = [
        None if size is None or number is None else size * number
        for size, number in zip(input.dims, times.dims, strict=True)
    ]
    return Shape(tuple(sizes))


def _of_rank(input: Shape, times: Shape) -> Shape:
    known = input.rank if input.rank is not None else times.rank
    return Shape((None,) * (known or 0))


@tile_op.gradient
def _tile_grad(op: Operation, grad: Tensor) -> tuple[Any, None]:
    """Each dimension becomes two, the copies and what is copied; the copies are added up."""
    x, multiples = op.inputs
    dims, times = x._shape_value.dims, constant_value(multiples)
    rank = multiples._shape_value.dims[0] if multiples._shape_value.dims else None
    few = dims is not None and dims.count(None) < 2
    if dims is not None and few and times is not None and 0 not in (*dims, *times.tolist()):
        return _sum_of_copies(grad, dims, times.tolist()), None
    pairs = pack([multiples, dynamic_shape(x, multiples.dtype)])
    split_shape = reshape_op(transpose_op(pairs, [1, 0]), [-1])
    if rank is not None:
        axes: Any = constant(np.arange(0, 2 * rank, 2, dtype=np.int32))
    else:
        axes = range_op(0, size(split_shape, out_type=dtypes.int32), 2)
    total = sum_op(reshape_op(grad, split_shape), axes)
    total.set_shape(x.shape)
    return total, None


def _sum_of_copies(grad: Tensor, dims: tuple[int | None, ...], times: list[int]) -> Any:
    """The same where at most one size is not known: only what was copied is split."""
    split: list[int] = []
    axes: list[int] = []
    for size_, count in zip(dims, times, strict=True):
        if count != 1:
            axes.append(len(split))
            split.append(count)
        split.append(-1 if size_ is None else size_)
    if not axes:
        return grad
    parts = reshape_op(grad, constant(np.array(split, np.int32)))
    return sum_op(parts, constant(np.array(axes, np.int32)))


@export("tile", "manip.tile")
def tile(input: Any, multiples: Any, name: str | None = None) -> Any:
    """``input`` put side by side with itself.

    Args:
      input: A tensor.
      multiples: How many times in each dimension.
      name: The name of the node.

    >>> tf.Session().run(tf.tile([[1, 2]], [2, 2]))
    array([[1, 2, 1, 2],
           [1, 2, 1, 2]], dtype=int32)
    """
    return tile_op(input, multiples, name=name)


@export("repeat")
def repeat(input: Any, repeats: Any, axis: Any = None, name: str | None = None) -> Any:
    """Each element of a dimension repeated.

    Args:
      input: A tensor.
      repeats: How many times, one number or one for each index of ``axis``.
      axis: The dimension; the tensor is made a vector first if None.
      name: The name scope of the nodes.

    >>> tf.Session().run(tf.repeat([1, 2], repeats=[2, 3], axis=0))
    array([1, 1, 2, 2, 2], dtype=int32)
    """
    if axis is None:
        input, axis = reshape(input, [-1]), 0
    if not isinstance(axis, int):
        raise TypeError(f"axis must be an int; got {type(axis).__name__}")
    with get_default_graph().name_scope(name or "Repeat"):
        data = convert_to_tensor(input, name="data")
        counts = _as_int(repeats)
        counts._shape_value.with_rank_at_most(1)
        if data._shape_value.rank == 0:
            data = expand_dims(data, 0)
        sizes = shape(data)
        axis = _from_the_front(axis, data._shape_value.rank)
        if counts._shape_value.rank == 1:
            _check_counts(data, counts, axis)
        if counts._shape_value.rank == 0:
            tiled = _tiled(expand_dims(data, axis + 1), axis + 1, counts)
            return reshape(tiled, concat([sizes[:axis], [-1], sizes[axis + 1 :]], axis=0))
        return _repeated_each(data, sizes, counts, axis)


def _as_int(repeats: Any) -> Any:
    counts = convert_to_tensor(repeats, name="repeats")
    if not counts.dtype.is_integer:
        raise TypeError(f"repeats must have an integer dtype, not {counts.dtype.name}.")
    return cast_op(counts, DstT=dtypes.int32)


def _from_the_front(axis: int, count: int | None) -> int:
    if count is not None:
        return shapes.normal_axis(axis, count, "axis")
    if axis < 0:
        raise ValueError(f"axis {axis} may be negative only if the rank is statically known.")
    return axis


def _check_counts(data: Tensor, counts: Tensor, axis: int) -> None:
    dims = data._shape_value.dims
    if dims is not None:
        try:
            Shape((dims[axis],)).merge_with(counts._shape_value)
        except ValueError as error:
            raise ValueError(
                f"repeats has {counts._shape_value[0]} numbers, but dimension {axis} has size "
                f"{dims[axis]}."
            ) from error


def _repeated_each(data: Tensor, sizes: Any, counts: Any, axis: int) -> Any:
    """Repeats each index of ``axis`` a number of times of its own."""
    if counts._shape_value.rank != axis + 1:
        own_shape, own_rank = shape(counts), rank(counts)
        wide = concat([sizes[: axis + 1 - own_rank], own_shape], axis=0)
        counts = broadcast_to_op(counts, wide)
        counts.set_shape([None] * (axis + 1))
    most = maximum(0, max_op(counts, _all_axes(counts)))
    mask = sequence_mask(counts, most)
    tiled = _tiled(expand_dims(data, axis + 1), axis + 1, most)
    result = boolean_mask(tiled, mask)
    if axis:
        result = reshape(result, concat([sizes[:axis], [-1], sizes[axis + 1 :]], axis=0))
    known = data._shape_value
    if known.dims is not None:
        result.set_shape(TensorShape([*known.dims[:axis], None, *known.dims[axis + 1 :]]))
    return result


def _all_axes(x: Tensor) -> Any:
    known = x._shape_value.rank
    if known is not None:
        return constant(np.arange(known, dtype=np.int32))
    return range_op(0, rank(x), 1)


def _tiled(data: Tensor, axis: int, multiple: Any) -> Any:
    count = data._shape_value.rank
    if count is not None:
        return tile(data, [1] * axis + [multiple] + [1] * (count - axis - 1))
    once = ones(rank(data), dtypes.int32)
    return tile(data, concat([once[:axis], [multiple], once[axis + 1 :]], axis=0))


@export("meshgrid")
def meshgrid(*args: Any, **kwargs: Any) -> list[Any]:
    """The coordinates of the points of a grid.

    Args:
      *args: One vector of coordinates for each dimension.
      indexing: ``"xy"`` (the default): the first two dimensions of the results are y and x;
        ``"ij"``: the dimensions are in the order of the arguments.
      name: The name scope of the nodes.

    Returns:
      For each argument its coordinate at every point.
    """
    indexing, name = kwargs.pop("indexing", "xy"), kwargs.pop("name", "meshgrid")
    if kwargs:
        raise TypeError(f"'{next(iter(kwargs))}' is an invalid keyword argument for this function")
    if indexing not in ("xy", "ij"):
        raise ValueError("indexing parameter must be either 'xy' or 'ij'")
    with get_default_graph().name_scope(name):
        count = len(args)
        grids = [
            reshape(stack(x), (1,) * i + (-1,) + (1,) * (count - i - 1)) for i, x in enumerate(args)
        ]
        lengths = [size(x) for x in args]
        dtype = convert_to_tensor(args[0]).dtype.base_dtype
        if indexing == "xy" and count > 1:
            rest = (1,) * (count - 2)
            grids[:2] = [reshape(grids[0], (1, -1, *rest)), reshape(grids[1], (-1, 1, *rest))]
            lengths[:2] = [lengths[1], lengths[0]]
        everywhere = ones(lengths, dtype)
        return [grid * everywhere for grid in grids]


# -- the shapes of broadcasting -------------------------------------------------------------------


@op("BroadcastArgs", T=INDEX, differentiable=False)
def broadcast_args(xp: Namespace, s0: T, s1: T) -> T:
    """The shape of two tensors, of shapes ``s0`` and ``s1``, broadcast together."""
    joined = broadcast_shapes(Shape(tuple(s0.tolist())), Shape(tuple(s1.tolist())))
    return np.array(joined.dims, s0.dtype)


@broadcast_args.shape
def _broadcast_args_shape(s0: Shape, s1: Shape) -> Shape:
    first, second = s0.with_rank(1)[0], s1.with_rank(1)[0]
    return Shape((None if first is None or second is None else max(first, second),))


@export("broadcast_dynamic_shape")
def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Any:
    """The shape of two tensors broadcast together, from shapes known when the graph runs."""
    return broadcast_args(shape_x, shape_y)


@export("broadcast_static_shape")
def broadcast_static_shape(shape_x: Any, shape_y: Any) -> Any:
    """The static shape of two tensors broadcast together.

    Raises:
      ValueError: If they cannot be.
    """
    return TensorShape.of(broadcast_shapes(Shape.of(shape_x), Shape.of(shape_y)))
