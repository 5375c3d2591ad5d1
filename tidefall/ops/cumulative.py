"""Running sums, products and log-sums along a dimension."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.broadcast import exact, rounded
from tidefall.ops.compare import greater
from tidefall.ops.complex import conjugate
from tidefall.ops.constant import constant
from tidefall.ops.elementwise import exp, log
from tidefall.ops.math import add_v2, maximum, mul, neg, real_div, sub
from tidefall.ops.registry import INDEX, NUMBERS, Namespace, T, Tidx, op
from tidefall.ops.where import select_v2


def _running(
    xp: Namespace, accumulate: Any, x: Any, axis: Any, exclusive: bool, reverse: bool, neutral: Any
) -> Any:
    """``accumulate`` along an axis, from the end if ``reverse``, without the element itself if
    ``exclusive``."""
    at = int(np.asarray(axis))
    if not -x.ndim <= at < x.ndim:
        raise ValueError(f"axis {at} is out of range for a tensor of rank {x.ndim}.")
    x = xp.flip(x, at) if reverse else x
    if exclusive and x.shape[at]:
        first = [1 if i == at % x.ndim else size for i, size in enumerate(x.shape)]
        kept = tuple([slice(None, -1) if i == at % x.ndim else slice(None) for i in range(x.ndim)])
        x = xp.concatenate([xp.full(tuple(first), neutral, dtype=x.dtype), x[kept]], at)
    result = rounded(accumulate(x, at, dtype=exact(x.dtype)), x)
    return xp.flip(result, at) if reverse else result


def _shape(x: Any, axis: Any) -> Any:
    """Unchanged; the axis is a scalar."""
    axis.with_rank(0)
    return x


@op("Cumsum", T=NUMBERS, Tidx=INDEX, shape=_shape, outputs=("out",))
def cumsum_op(
    xp: Namespace, x: T, axis: Tidx, *, exclusive: bool = False, reverse: bool = False
) -> T:
    """Running sums."""
    return _running(xp, xp.cumsum, x, axis, exclusive, reverse, 0)


@cumsum_op.gradient
def _cumsum_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    exclusive, reverse = op._attrs["exclusive"], op._attrs["reverse"]
    return cumsum_op(grad, op.inputs[1], exclusive=exclusive, reverse=not reverse), None


@op("Cumprod", T=NUMBERS, Tidx=INDEX, shape=_shape, outputs=("out",))
def cumprod_op(
    xp: Namespace, x: T, axis: Tidx, *, exclusive: bool = False, reverse: bool = False
) -> T:
    """Running products."""
    return _running(xp, xp.cumprod, x, axis, exclusive, reverse, 1)


@cumprod_op.gradient
def _cumprod_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    """Each product that an element is in changes by the product over the element.

    As in TensorFlow, this divides by the elements, so where one is 0 the gradient is not defined.
    """
    x = op.inputs[0]
    exclusive, reverse = op._attrs["exclusive"], op._attrs["reverse"]
    weighted = mul(conjugate(op.outputs[0]), grad)
    total = cumsum_op(weighted, op.inputs[1], exclusive=exclusive, reverse=not reverse)
    return real_div(total, conjugate(x)), None


@op(
    "CumulativeLogsumexp",
    T=(dtypes.float16, dtypes.float32, dtypes.float64),
    Tidx=INDEX,
    shape=_shape,
    outputs=("out",),
)
def cumulative_logsumexp_op(
    xp: Namespace, x: T, axis: Tidx, *, exclusive: bool = False, reverse: bool = False
) -> T:
    """Logarithms of running sums of exponentials."""
    lowest = np.finfo(x.dtype).min

    def accumulate(y: Any, at: int, dtype: Any) -> Any:
        return xp.logaddexp_accumulate(y.astype(dtype), at)

    return _running(xp, accumulate, x, axis, exclusive, reverse, lowest)


@cumulative_logsumexp_op.gradient
def _cumulative_logsumexp_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    """Positive and negative gradients are added up apart, by their logarithms."""
    x, axis = op.inputs
    y = op.outputs[0]
    attrs = {"exclusive": op._attrs["exclusive"], "reverse": not op._attrs["reverse"]}

    def summed(part: Tensor) -> Any:
        logs = sub(_safe_log(part), y)
        return exp(add_v2(cumulative_logsumexp_op(logs, axis, **attrs), x))

    zero = constant(0, grad.dtype.base_dtype)
    return sub(summed(maximum(grad, zero)), summed(maximum(neg(grad), zero))), None


def _safe_log(x: Tensor) -> Any:
    """The logarithm, and the least number where ``x`` is 0."""
    dtype = x.dtype.base_dtype
    some = greater(x, constant(0, dtype))
    return select_v2(some, log(select_v2(some, x, constant(1, dtype))), constant(dtype.min, dtype))


@export("cumsum", "math.cumsum")
def cumsum(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Any:
    """Running sums along ``axis``.

    Args:
      x: A number tensor.
      axis: The dimension.
      exclusive: Whether each sum leaves its own element out, so that the first is 0.
      reverse: Whether to start at the end.
      name: The name of the node.

    >>> tf.Session().run(tf.cumsum([1, 2, 3], exclusive=True))
    array([0, 1, 3], dtype=int32)
    """
    with get_default_graph().name_scope(name or "Cumsum") as scope:
        x = convert_to_tensor(x, name="x")
        return cumsum_op(x, axis, exclusive=exclusive, reverse=reverse, name=scope)


@export("cumprod", "math.cumprod")
def cumprod(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Any:
    """Running products along ``axis``; the arguments are those of `tf.cumsum`."""
    with get_default_graph().name_scope(name or "Cumprod") as scope:
        x = convert_to_tensor(x, name="x")
        return cumprod_op(x, axis, exclusive=exclusive, reverse=reverse, name=scope)


@export("math.cumulative_logsumexp")
def cumulative_logsumexp(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Any:
    """``log(cumsum(exp(x)))`` without overflow; the arguments are those of `tf.cumsum`."""
    with get_default_graph().name_scope(name or "CumulativeLogsumexp") as scope:
        x = convert_to_tensor(x, name="x")
        return cumulative_logsumexp_op(x, axis, exclusive=exclusive, reverse=reverse, name=scope)
