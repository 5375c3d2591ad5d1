"""Where the greatest and the smallest elements are."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape, unknown
from tidefall.ir.inference import ShapeContext
from tidefall.ops.array import either
from tidefall.ops.registry import (
    INDEX,
    INDICES,
    NUMBERS,
    Namespace,
    T,
    Tidx,
    TypeAttr,
    op,
    output_type,
)
from tidefall.ops.shapes import normal_axis

_INDEX = TypeAttr(INDICES, dtypes.int64)


@op("ArgMax", T=NUMBERS, Tidx=INDEX, output_type=_INDEX, differentiable=False)
def argmax_op(xp: Namespace, input: T, dimension: Tidx, *, output_type: DType) -> output_type:
    """Along one dimension, the index of the greatest element; the first of equals."""
    return xp.argmax(input, int(np.asarray(dimension))).astype(output_type.np_dtype)


@op("ArgMin", T=NUMBERS, Tidx=INDEX, output_type=_INDEX, differentiable=False)
def argmin_op(xp: Namespace, input: T, dimension: Tidx, *, output_type: DType) -> output_type:
    """Along one dimension, the index of the smallest element; the first of equals."""
    return xp.argmin(input, int(np.asarray(dimension))).astype(output_type.np_dtype)


@argmax_op.shape
@argmin_op.shape
def _arg_shape(ctx: ShapeContext, input: Shape, dimension: Shape) -> Shape:
    dimension.with_rank(0)
    axis = ctx.constant(1)
    if input.dims is None:
        return UNKNOWN
    if axis is None:
        return unknown(len(input.dims) - 1)
    at = normal_axis(int(axis), len(input.dims), "dimension")
    return Shape(input.dims[:at] + input.dims[at + 1 :])


@export("argmax", "math.argmax")
def argmax(
    input: Any,
    axis: Any = None,
    name: str | None = None,
    dimension: Any = None,
    output_type: Any = dtypes.int64,
) -> Any:
    """Along ``axis``, the index of the greatest element; the first of equal ones.

    Args:
      input: A number tensor.
      axis: The dimension, 0 if None.
      name: The name of the node.
      dimension: The old name of ``axis``.
      output_type: tf.int64 or tf.int32.

    >>> tf.Session().run(tf.argmax([[1.0, 5.0], [7.0, 2.0]], axis=1))
    array([1, 0])
    """
    axis = either("axis", axis, "dimension", dimension)
    axis = 0 if axis is None else axis
    return argmax_op(input, axis, output_type=output_type, name=name)


@export("argmin", "math.argmin")
def argmin(
    input: Any,
    axis: Any = None,
    name: str | None = None,
    dimension: Any = None,
    output_type: Any = dtypes.int64,
) -> Any:
    """Along ``axis``, the index of the smallest element; the first of equal ones.

    The arguments are those of `tf.argmax`.
    """
    axis = either("axis", axis, "dimension", dimension)
    axis = 0 if axis is None else axis
    return argmin_op(input, axis, output_type=output_type, name=name)


@export("arg_max")
def arg_max(
    input: Any, dimension: Any, output_type: Any = dtypes.int64, name: str | None = None
) -> Any:
    """`tf.argmax` by its older name."""
    return argmax_op(input, dimension, output_type=output_type, name=name)


@export("arg_min")
def arg_min(
    input: Any, dimension: Any, output_type: Any = dtypes.int64, name: str | None = None
) -> Any:
    """`tf.argmin` by its older name."""
    return argmin_op(input, dimension, output_type=output_type, name=name)
