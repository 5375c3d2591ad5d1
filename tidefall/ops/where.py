"""Choosing between tensors, and finding where a condition holds."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.exports import export
from tidefall.core.shapes import Shape, broadcast
from tidefall.ir.conversion import convert, convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.opdef import HOST
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import zeros_like_op
from tidefall.ops.broadcast import summed_to
from tidefall.ops.registry import NUMBERS, Bool, Int64, Namespace, T, TypeAttr, op


@op(
    "Where",
    T=TypeAttr((*NUMBERS, dtypes.bool_), dtypes.bool_),
    runs_on=HOST,
    differentiable=False,
)
def where_op(xp: Namespace, input: T) -> Int64:
    """The places of the elements that are true, or not zero: one row of indices for each."""
    return np.argwhere(np.asarray(input))


@where_op.shape
def _where_shape(input: Shape) -> Shape:
    return Shape((None, input.rank))


@op("Select")
def select(xp: Namespace, condition: Bool, t: T, e: T) -> T:
    """``t`` where the condition holds, else ``e``.

    The condition has their shape, or is one truth value, or one for each row.
    """
    rank, own = np.ndim(t), np.ndim(condition)
    if np.shape(t) != np.shape(e):
        raise ValueError(
            f"x and y must have one shape, but have {Shape(np.shape(t))} and {Shape(np.shape(e))}."
        )
    if own == 1 and rank > 1:
        condition = xp.reshape(condition, (-1,) + (1,) * (rank - 1))
    if (own and np.shape(condition)[0] != np.shape(t)[0]) or (own > 1 and own != rank):
        raise ValueError(
            f"a condition of shape {Shape(np.shape(condition))} cannot choose between tensors of "
            f"shape {Shape(np.shape(t))}."
        )
    return xp.where(condition, xp.plain(t), xp.plain(e))


@select.shape
def _select_shape(condition: Shape, t: Shape, e: Shape) -> Shape:
    both = t.merge_with(e)
    if condition.rank is None or condition.rank == 0 or both.dims is None:
        return both
    if condition.rank == 1 and len(both.dims) > 1:
        first = Shape((both.dims[0],)).merge_with(condition)
        return Shape((*first, *both.dims[1:]))
    return both.merge_with(condition)


@select.gradient
def _select_grad(op: Operation, grad: Tensor) -> tuple[None, Any, Any]:
    condition, x, _ = op.inputs
    nothing = zeros_like_op(x)
    return None, select(condition, grad, nothing), select(condition, nothing, grad)


@op("SelectV2")
def select_v2(xp: Namespace, condition: Bool, t: T, e: T) -> T:
    """``t`` where the condition holds, else ``e``; all three are broadcast together."""
    return xp.where(condition, xp.plain(t), xp.plain(e))


@select_v2.shape
def _select_v2_shape(condition: Shape, t: Shape, e: Shape) -> Shape:
    return broadcast(broadcast(condition, t), e)


@select_v2.gradient
def _select_v2_grad(op: Operation, grad: Tensor) -> tuple[None, Any, Any]:
    condition, x, y = op.inputs
    nothing = zeros_like_op(grad)
    result = op.outputs[0]
    return (
        None,
        summed_to(select_v2(condition, grad, nothing), x, result),
        summed_to(select_v2(condition, nothing, grad), y, result),
    )


@hooks.install("where")
@export("where")
def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """``x`` where ``condition`` holds, else ``y``; or the places where it holds.

    Args:
      condition: Truth values: in the shape of ``x``, or one, or one for each row of ``x``.
      x: What is taken where the condition holds.
      y: What is taken elsewhere, in the shape and dtype of ``x``.
      name: The name of the node.

    Returns:
      A tensor like ``x``; without ``x`` and ``y`` one row of indices for each true element.

    Raises:
      ValueError: If only one of ``x`` and ``y`` is given.

    >>> tf.Session().run(tf.where([True, False], [1, 2], [3, 4]))
    array([1, 4], dtype=int32)
    """
    if x is None and y is None:
        with get_default_graph().name_scope(name or "Where") as scope:
            tensor = convert_to_tensor(condition, preferred_dtype=dtypes.bool_, name="condition")
            return where_op(tensor, name=scope)
    _check_both(x, y)
    return select(condition, x, y, name=name)


@export("where_v2")
def where_v2(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """``x`` where ``condition`` holds, else ``y``, broadcast together; or where it holds.

    Args:
      condition: Truth values.
      x: What is taken where the condition holds.
      y: What is taken elsewhere.
      name: The name of the node.
    """
    if x is None and y is None:
        with get_default_graph().name_scope(name or "Where") as scope:
            tensor = convert(condition, None, "condition", preferred=dtypes.bool_)
            return where_op(tensor, name=scope)
    _check_both(x, y)
    return select_v2(condition, x, y, name=name)


def _check_both(x: Any, y: Any) -> None:
    if x is None or y is None:
        raise ValueError("give both x and y, or neither: only one of them was given.")
