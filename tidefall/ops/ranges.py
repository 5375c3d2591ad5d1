"""Evenly spaced numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.dtypes import as_dtype
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import ShapeContext
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.broadcast import sum_op
from tidefall.ops.cast import cast
from tidefall.ops.constant import constant
from tidefall.ops.math import mul, sub
from tidefall.ops.registry import INDEX, Namespace, T, Tidx, TypeAttr, op

_RANGE = TypeAttr(
    (dtypes.bfloat16, dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64), dtypes.int32
)
#: The dtype of a range is the last of these among its arguments.
_HIERARCHY = (dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64)


@op("Range", Tidx=_RANGE, differentiable=False)
def range_op(xp: Namespace, start: Tidx, limit: Tidx, delta: Tidx) -> Tidx:
    """``start``, ``start + delta``, … up to but not including ``limit``."""
    count = _count(start, limit, delta)
    dtype = np.asarray(start).dtype
    if dtype.kind in "iu":
        return np.arange(count, dtype=dtype) * delta + start
    # Added up one by one, as TensorFlow does: 0.1 * 7 is not the seventh sum of 0.1.
    steps = np.full(count, delta, dtype)
    steps[:1] = start
    return np.add.accumulate(steps)


def _count(start: Any, limit: Any, delta: Any) -> int:
    first, last, step = (np.asarray(each).item() for each in (start, limit, delta))
    if step == 0:
        raise ValueError("delta must not be 0.")
    if (last - first) * step < 0:
        raise ValueError(f"delta = {step} never leads from start = {first} to limit = {last}.")
    if isinstance(step, int):
        return -((first - last) // step)
    return math.ceil(abs((last - first) / step))


@range_op.shape
def _range_shape(ctx: ShapeContext, start: Shape, limit: Shape, delta: Shape) -> Shape:
    for each in (start, limit, delta):
        each.with_rank(0)
    values = [ctx.constant(index) for index in range(3)]
    if any(value is None for value in values):
        return Shape((None,))
    return Shape((_count(*values),))


@export("range")
def range_(
    start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range"
) -> Any:
    """The numbers ``start``, ``start + delta``, … up to but not including ``limit``.

    Args:
      start: The first number; with ``limit`` missing, the limit of a range that starts at 0.
      limit: Where the range ends.
      delta: The step.
      dtype: The dtype; by default that of the arguments, floats before integers.
      name: The name of the node.

    >>> tf.Session().run(tf.range(3, 18, 5))
    array([ 3,  8, 13], dtype=int32)
    """
    if limit is None:
        start, limit = 0, start
    with get_default_graph().name_scope(name) as scope:
        start = convert_to_tensor(start, dtype=dtype, name="start")
        limit = convert_to_tensor(limit, dtype=dtype, name="limit")
        delta = convert_to_tensor(delta, dtype=dtype, name="delta")
        if dtype is None:
            kinds = [each.dtype.base_dtype for each in (start, limit, delta)]
            if any(kind not in _HIERARCHY for kind in kinds):
                names = ", ".join(kind.name for kind in kinds)
                raise TypeError(
                    f"a range is made of int32, int64, float32 or float64, not {names}."
                )
            common = max(kinds, key=_HIERARCHY.index)
        else:
            common = as_dtype(dtype).base_dtype
        ends = [cast(each, common) for each in (start, limit, delta)]
        return range_op(*ends, name=scope)


@op(
    "LinSpace",
    T=(dtypes.bfloat16, dtypes.float32, dtypes.float64),
    Tidx=INDEX,
    export=("lin_space", "linspace"),
)
def lin_space(xp: Namespace, start: T, stop: T, num: Tidx) -> T:
    """``num`` numbers from ``start`` to ``stop``, both included, with equal steps.

    Args:
      start: The first number.
      stop: The last number.
      num: How many there are, at least 1.

    >>> tf.Session().run(tf.linspace(0.0, 1.0, 5))
    array([0.  , 0.25, 0.5 , 0.75, 1.  ], dtype=float32)
    """
    count = int(np.asarray(num))
    if count < 1:
        raise ValueError(f"num must be at least 1, not {count}.")
    if count == 1:
        return xp.reshape(xp.array(start), (1,))
    step = (stop - start) / start.dtype.type(count - 1)
    numbers = start + step * np.arange(count).astype(start.dtype)
    return xp.concatenate([numbers[:-1], xp.reshape(xp.asarray(stop), (1,))])


@lin_space.shape
def _lin_space_shape(ctx: ShapeContext, start: Shape, stop: Shape, num: Shape) -> Shape:
    for each in (start, stop, num):
        each.with_rank(0)
    count = ctx.constant(2)
    return Shape((None if count is None else int(count),))


@lin_space.gradient
def _lin_space_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Tensor, None]:
    """Each number is a mean of the ends, in which ``stop`` has a weight from 0 to 1."""
    dtype = grad.dtype.base_dtype
    weight = lin_space(constant(0, dtype), constant(1, dtype), op.inputs[2])
    whole: Any = constant(np.zeros(1, np.int32))
    from_stop = sum_op(mul(grad, weight), whole)
    return sub(sum_op(grad, whole), from_stop), from_stop, None
