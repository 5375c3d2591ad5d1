"""Broadcasting, and its transpose: the sum over dimensions.

The gradient of an operation that repeats elements adds the gradients of the repetitions up, and
the gradient of a sum repeats. Everything here decides as much as static shapes allow.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.shapes import Shape
from tidefall.ir.inference import constant_value
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.array import broadcast_to_op, dynamic_shape, reshape_op, shape_op
from tidefall.ops.constant import constant
from tidefall.ops.registry import INDEX, NUMBERS, Namespace, T, Tidx, op


@op("Sum", T=NUMBERS, Tidx=INDEX, shape=shapes.reduction)
def sum_op(xp: Namespace, input: T, reduction_indices: Tidx, *, keep_dims: bool = False) -> T:
    """Sums over dimensions."""
    axis = axes_of(reduction_indices)
    return rounded(xp.sum(input, axis, keepdims=keep_dims, dtype=exact(input.dtype)), input)


def rounded(total: Any, like: Any) -> Any:
    """``total`` in the dtype of ``like``."""
    return total if total.dtype == like.dtype else total.astype(like.dtype)


def axes_of(reduction_indices: Any) -> tuple[int, ...]:
    """The dimensions a reduction names, as NumPy takes them."""
    return tuple(np.reshape(reduction_indices, -1).tolist())


def exact(dtype: Any) -> Any:
    """The dtype to add up in: half floats lose too much in their own."""
    return np.dtype(np.float32) if dtype.itemsize == 2 and dtype.kind in "fV" else dtype


@sum_op.gradient
def _sum_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    return spread(op, grad), None


def spread(op: Operation, grad: Tensor) -> Any:
    """Repeats the gradient of a reduction along the dimensions that were reduced."""
    return broadcast_to_op(with_kept_dims(op, grad), dynamic_shape(op.inputs[0]))


def with_kept_dims(op: Operation, reduced: Tensor) -> Any:
    """A tensor in the shape of a reduction's result, in the shape it has with ``keep_dims``.

    Where all dimensions are reduced, or kept already, nothing needs to be done before
    broadcasting.
    """
    x, axis = op.inputs
    result, dims = op.outputs[0], x._shape_value.dims
    if result._shape_value.rank == 0 or op._attrs["keep_dims"]:
        return reduced
    indices = constant_value(axis)
    if indices is None or dims is None:
        return reshape_op(reduced, hooks.call("reduced_shape", shape_op(x), axis))
    gone = shapes.reduced_axes(indices, len(dims))
    if gone == set(range(len(gone))):
        return reduced  # leading dimensions: broadcasting puts them back
    sizes = [1 if i in gone else (-1 if size is None else size) for i, size in enumerate(dims)]
    if sizes.count(-1) > 1:
        return reshape_op(reduced, hooks.call("reduced_shape", shape_op(x), axis))
    return reshape_op(reduced, constant(np.array(sizes, np.int32)))


@op("BroadcastGradientArgs", T=INDEX, outputs=("r0", "r1"), differentiable=False)
def broadcast_gradient_args(xp: Namespace, s0: T, s1: T) -> tuple[T, T]:
    """The axes over which the gradients of two broadcast inputs of these shapes are summed."""
    a, b = s0.tolist(), s1.tolist()
    rank = max(len(a), len(b))
    a = [None] * (rank - len(a)) + a
    b = [None] * (rank - len(b)) + b
    for x, y in zip(a, b, strict=True):
        if x != y and 1 not in (x, y) and None not in (x, y):
            raise ValueError(f"shapes {a} and {b} cannot be broadcast together.")
    first = [i for i, (x, y) in enumerate(zip(a, b, strict=True)) if _repeats(x, y)]
    second = [i for i, (x, y) in enumerate(zip(a, b, strict=True)) if _repeats(y, x)]
    return np.array(first, s0.dtype), np.array(second, s0.dtype)


def _repeats(size: int | None, other: int | None) -> bool:
    return size is None or (size == 1 and other != 1)


@broadcast_gradient_args.shape
def _broadcast_gradient_args_shape(s0: Shape, s1: Shape) -> tuple[Shape, Shape]:
    return shapes.vector(), shapes.vector()


def unbroadcast(op: Operation, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
    """Sums gradients of the two inputs of a broadcasting op back to the inputs' shapes.

    What the static shapes decide, they decide: nothing is done where nothing can have been
    broadcast, and the axes are constants where they are known.
    """
    x, y = op.inputs[0], op.inputs[1]
    return (
        None if grads[0] is None else summed_to(grads[0], x, y),
        None if grads[1] is None else summed_to(grads[1], y, x),
    )


def summed_to(grad: Tensor, x: Tensor, other: Tensor) -> Tensor:
    """``grad``, in the shape of ``x`` and ``other`` broadcast together, summed to that of ``x``."""
    if x is other:
        return grad
    axes = repeated_axes(x._shape_value, other._shape_value)
    if axes is None:
        first, _ = broadcast_gradient_args(dynamic_shape(x), dynamic_shape(other))
        return reshape_op(sum_op(grad, first), dynamic_shape(x))
    if not axes:
        return grad
    added = (other._shape_value.rank or 0) - (x._shape_value.rank or 0)
    missing = [axis for axis in axes if axis < added]
    if len(missing) == len(axes):
        return sum_op(grad, constant(np.array(axes, np.int32)))
    total = sum_op(grad, constant(np.array(axes, np.int32)), keep_dims=not missing)
    return reshape_op(total, dynamic_shape(x)) if missing else total


def repeated_axes(shape: Shape, other: Shape) -> list[int] | None:
    """The axes along which a tensor of ``shape`` was repeated; None if that is not known.

    Summing over an axis of size 1 changes nothing, so a size of 1 decides whatever the other is.
    """
    mine, theirs = shape.dims, other.dims
    if mine is None or theirs is None:
        return [] if theirs == () else None
    rank = max(len(mine), len(theirs))
    axes = []
    for axis in range(rank):
        at, there = axis - rank + len(mine), axis - rank + len(theirs)
        if at < 0:
            axes.append(axis)
        elif there < 0 or theirs[there] == 1:
            continue
        elif mine[at] == 1:
            axes.append(axis)
        elif mine[at] is None:
            return None
    return axes


@broadcast_to_op.gradient
def _broadcast_to_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    x = op.inputs[0]
    wanted = op.outputs[0]._shape_value
    axes = repeated_axes(x._shape_value, wanted)
    if axes == []:
        return grad, None
    if axes is not None:
        first: Any = constant(np.array(axes, np.int32))
    else:
        sizes = hooks.call("cast", op.inputs[1], dtypes.int32)
        first, _ = broadcast_gradient_args(dynamic_shape(x), sizes)
    return reshape_op(sum_op(grad, first), dynamic_shape(x)), None
