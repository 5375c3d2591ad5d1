"""Reductions: sums, means, extremes along dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import hooks
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.inference import constant_value
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.array import broadcast_to_op, dynamic_shape, reshape_op
from tidefall.ops.constant import constant
from tidefall.ops.registry import INDEX, NUMBERS, Namespace, T, Tidx, op


def axes(axis: Any) -> tuple[int, ...]:
    """The reduction axes as a tuple."""
    return tuple(np.reshape(axis, -1).tolist())


@op("Sum", T=NUMBERS, Tidx=INDEX, shape=shapes.reduction)
def sum_op(xp: Namespace, input: T, reduction_indices: Tidx, *, keep_dims: bool = False) -> T:
    """Sums over dimensions."""
    return xp.sum(input, axes(reduction_indices), keepdims=keep_dims, dtype=input.dtype)


@op("Mean", T=NUMBERS, Tidx=INDEX, shape=shapes.reduction)
def mean_op(xp: Namespace, input: T, reduction_indices: Tidx, *, keep_dims: bool = False) -> T:
    """Means over dimensions."""
    return xp.mean(input, axes(reduction_indices), keepdims=keep_dims, dtype=input.dtype)


@sum_op.gradient
def _sum_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    return spread(op, grad), None


@mean_op.gradient
def _mean_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    x, y = op.inputs[0], op.outputs[0]
    size, results = x._shape_value.num_elements(), y._shape_value.num_elements()
    if size is not None and results:
        count = constant(size // results, dtype=grad.dtype.base_dtype)
    else:
        ratio = hooks.call("operator.floordiv", size_of(x), size_of(y))
        count = hooks.call("cast", ratio, grad.dtype.base_dtype)
    return spread(op, hooks.call("operator.truediv", grad, count)), None


def size_of(x: Tensor) -> Any:
    """The number of elements of ``x``, known when the graph runs."""
    return hooks.call("size", x)


def spread(op: Operation, grad: Tensor) -> Any:
    """Repeats the gradient of a reduction along the dimensions that were reduced."""
    x, axis = op.inputs
    result = op.outputs[0]
    if result._shape_value.rank == 0 or op._attrs["keep_dims"]:
        return broadcast_to_op(grad, dynamic_shape(x))
    indices = constant_value(axis)
    dims = x._shape_value.dims
    if indices is None or dims is None:
        kept: Any = hooks.call("reduced_shape", dynamic_shape(x), axis)
        return broadcast_to_op(reshape_op(grad, kept), dynamic_shape(x))
    gone = shapes.reduced_axes(indices, len(dims))
    sizes = [1 if i in gone else (-1 if size is None else size) for i, size in enumerate(dims)]
    if sizes.count(-1) > 1:
        kept = hooks.call("reduced_shape", dynamic_shape(x), axis)
    else:
        kept = constant(np.array(sizes, np.int32))
    return broadcast_to_op(reshape_op(grad, kept), dynamic_shape(x))


def reduction_axes(x: Tensor, axis: Any) -> Any:
    """The axis argument of a reduction: all dimensions where None is given."""
    if axis is not None:
        return axis
    rank = x._shape_value.rank
    if rank is not None:
        return constant(np.arange(rank, dtype=np.int32))
    return hooks.call("range_of_rank", x)


@export("reduce_sum", "math.reduce_sum")
def reduce_sum(input_tensor: Any, axis: Any = None, name: str | None = None) -> Any:
    """Sums over ``axis``."""
    x = convert_to_tensor(input_tensor)
    return sum_op(x, reduction_axes(x, axis), name=name)


hooks.install("reduce_sum")(reduce_sum)


@export("reduce_mean", "math.reduce_mean")
def reduce_mean(input_tensor: Any, axis: Any = None, name: str | None = None) -> Any:
    """Means over ``axis``."""
    x = convert_to_tensor(input_tensor)
    return mean_op(x, reduction_axes(x, axis), name=name)
