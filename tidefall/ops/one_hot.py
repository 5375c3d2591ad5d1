"""Indices as vectors with a one in their place."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import ShapeContext
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.broadcast import sum_op
from tidefall.ops.constant import constant
from tidefall.ops.registry import TI, Int32, Namespace, T, TypeAttr, op


@op("OneHot", TI=TypeAttr((dtypes.uint8, dtypes.int32, dtypes.int64), dtypes.int64))
def one_hot_op(
    xp: Namespace, indices: TI, depth: Int32, on_value: T, off_value: T, *, axis: int = -1
) -> T:
    """``on_value`` where the index along the new dimension is that of ``indices``."""
    if depth < 0:
        raise ValueError(f"depth must be at least 0, but it is {int(depth)}.")
    at = shapes.normal_axis(axis, np.ndim(indices) + 1, "axis")
    return xp.one_hot(indices, int(depth), on_value, off_value, at)


@one_hot_op.shape
def _one_hot_shape(
    ctx: ShapeContext, indices: Shape, depth: Shape, on: Shape, off: Shape, *, axis: int
) -> Shape:
    for value, what in ((depth, "depth"), (on, "on_value"), (off, "off_value")):
        if value.rank not in (None, 0):
            raise ValueError(f"{what} must be one value, but it has shape {value}.")
    size = ctx.constant(1)
    if size is not None and size < 0:
        raise ValueError(f"depth must be at least 0, but it is {int(size)}.")
    if indices.dims is None:
        return UNKNOWN
    at = shapes.normal_axis(axis, len(indices.dims) + 1, "axis")
    count = None if size is None else int(size)
    return Shape((*indices.dims[:at], count, *indices.dims[at:]))


@one_hot_op.gradient
def _one_hot_grad(op: Operation, grad: Tensor) -> tuple[None, None, Any, Any]:
    """Both values are used over and over: their gradients are sums over where they stand."""
    indices, depth, on_value, _ = op.inputs
    dtype = on_value.dtype.base_dtype
    ones = one_hot_op(
        indices, depth, constant(1, dtype), constant(0, dtype), axis=op._attrs["axis"]
    )
    on = _total(grad * ones)
    return None, None, on, _total(grad) - on


def _total(x: Tensor) -> Any:
    rank = x._shape_value.rank
    if rank is None:
        raise NotImplementedError(
            f"the gradient of '{x.op.name}' needs to know the rank of indices when the graph is "
            "built."
        )
    return sum_op(x, constant(np.arange(rank, dtype=np.int32)))


@export("one_hot")
def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: Any = None,
    dtype: Any = None,
    name: str | None = None,
) -> Any:
    """Indices as vectors with a one in their place, and zeros elsewhere.

    Args:
      indices: Integers of any shape. One that is out of range has no one at all.
      depth: The length of the vectors.
      on_value: What stands for one.
      off_value: What stands for zero.
      axis: Where the new dimension goes; at the end if None.
      dtype: The dtype of the result, if neither value says it; float32 if None.
      name: The name of the node.

    Raises:
      TypeError: If the dtypes of the values and ``dtype`` differ.

    >>> tf.Session().run(tf.one_hot([2, 0], 3))
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    with get_default_graph().name_scope(name or "one_hot") as scope:
        wanted = None if dtype is None else as_dtype(dtype).base_dtype
        on = None if on_value is None else convert_to_tensor(on_value).dtype.base_dtype
        off = None if off_value is None else convert_to_tensor(off_value).dtype.base_dtype
        for found, what in ((on, "on_value"), (off, "off_value")):
            if wanted is not None and found is not None and found is not wanted:
                raise TypeError(
                    f"dtype {found.name} of {what} does not match dtype parameter {wanted.name}"
                )
        kind: DType = wanted or on or off or dtypes.float32
        if on_value is None:
            on_value, on = convert_to_tensor(1, kind, name="on_value"), kind
        if off_value is None:
            off_value, off = convert_to_tensor(0, kind, name="off_value"), kind
        if on is not off and on is not None and off is not None:
            raise TypeError(
                f"dtype {on.name} of on_value does not match dtype {off.name} of off_value"
            )
        return one_hot_op(
            indices, depth, on_value, off_value, axis=-1 if axis is None else axis, name=scope
        )
