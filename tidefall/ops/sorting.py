"""The largest elements, sorting, and whether a class is among the likeliest."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import ShapeContext, constant_value
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import dynamic_shape, expand_dims, reshape, shape
from tidefall.ops.constant import constant
from tidefall.ops.gather_nd import scatter_nd, tensor_scatter_update
from tidefall.ops.joining import stack
from tidefall.ops.ranges import range_, range_op
from tidefall.ops.rearranging import transpose
from tidefall.ops.reduce import prod_op
from tidefall.ops.registry import (
    INDEX,
    REALS,
    Bool,
    Float32,
    Int32,
    Namespace,
    T,
    op,
)
from tidefall.ops.sizes import rank, size


def _largest(xp: Namespace, x: Any, count: int, sorted: bool) -> tuple[Any, Any]:
    if not 0 <= count <= x.shape[-1]:
        raise ValueError(
            f"k must lie between 0 and {x.shape[-1]}, the size of the last dimension, but it is "
            f"{count}."
        )
    order = xp.descending_order(x, count) if sorted else xp.heap_order(x, count)
    return xp.take_along_axis(x, order, -1), order.astype(np.int32)


def _largest_shape(input: Shape, count: int | None) -> tuple[Shape, Shape]:
    dims = input.with_rank_at_least(1).dims
    if dims is None:
        return UNKNOWN, UNKNOWN
    if count is not None and dims[-1] is not None and count > dims[-1]:
        raise ValueError(
            f"k is {count}, but the last dimension of the shape {input} has only {dims[-1]} "
            "elements."
        )
    result = Shape((*dims[:-1], count))
    return result, result


@op("TopKV2", T=REALS, outputs=("values", "indices"))
def top_k_v2(xp: Namespace, input: T, k: Int32, *, sorted: bool = True) -> tuple[T, Int32]:
    """The ``k`` largest elements of each row, largest first if ``sorted``, and their places."""
    return _largest(xp, input, int(k), sorted)


@op("TopK", T=REALS, outputs=("values", "indices"))
def top_k_v1(xp: Namespace, input: T, *, k: int, sorted: bool = True) -> tuple[T, Int32]:
    """The ``k`` largest elements of each row, largest first if ``sorted``, and their places."""
    return _largest(xp, input, k, sorted)


@top_k_v2.shape
def _top_k_v2_shape(
    ctx: ShapeContext, input: Shape, k: Shape, *, sorted: bool
) -> tuple[Shape, Shape]:
    if k.rank not in (None, 0):
        raise ValueError(f"k must be one number, but it has shape {k}.")
    value = ctx.constant(1)
    if value is not None and value < 0:
        raise ValueError(f"k must be at least 0, but it is {int(value)}.")
    return _largest_shape(input, None if value is None else int(value))


@top_k_v1.shape
def _top_k_v1_shape(input: Shape, *, k: int, sorted: bool) -> tuple[Shape, Shape]:
    return _largest_shape(input, k)


def _placed_back(op: Operation, grad: Any) -> Any:
    """The gradients of the largest elements, in their places among zeros."""
    x, places = op.inputs[0], op.outputs[1]
    sizes = dynamic_shape(x)
    count = prod_op(sizes[:-1], [0])
    starts = range_op(0, count, 1) * sizes[-1]
    rows = reshape(places, stack([count, dynamic_shape(places)[-1]]))
    flat = reshape(rows + expand_dims(starts, 1), [-1, 1])
    total = reshape(size(x), [1])
    return reshape(scatter_nd(flat, reshape(grad, [-1]), total), sizes)


@top_k_v2.gradient
def _top_k_v2_grad(op: Operation, grad: Any, _: Any) -> tuple[Any, None]:
    return _placed_back(op, grad), None


@top_k_v1.gradient
def _top_k_v1_grad(op: Operation, grad: Any, _: Any) -> Any:
    return _placed_back(op, grad)


@export("nn.top_k", "math.top_k")
def top_k(input: Any, k: Any = 1, sorted: bool = True, name: str | None = None) -> Any:
    """The ``k`` largest elements of each row (the last dimension), and where they are.

    Args:
      input: A tensor of rank 1 or more.
      k: How many, at most the size of the last dimension.
      sorted: Whether the results are in descending order, equal ones in the order they stand in.
      name: The name of the node.

    Returns:
      A named tuple of ``values`` and ``indices``.

    >>> tf.Session().run(tf.nn.top_k([1.0, 5.0, 3.0], 2).indices)
    array([1, 2], dtype=int32)
    """
    return top_k_v2(input, k, sorted=sorted, name=name)


# -- whole rows -----------------------------------------------------------------------------------


@export("sort")
def sort(values: Any, axis: int = -1, direction: str = "ASCENDING", name: Any = None) -> Any:
    """``values`` sorted along a dimension.

    Args:
      values: A tensor of rank 1 or more.
      axis: The dimension.
      direction: ``"ASCENDING"`` or ``"DESCENDING"``.
      name: The name scope of the nodes.
    """
    with get_default_graph().name_scope(name or "sort"):
        return _sorted(values, axis, direction, places=False)


@export("argsort")
def argsort(
    values: Any,
    axis: int = -1,
    direction: str = "ASCENDING",
    stable: bool = False,
    name: str | None = None,
) -> Any:
    """The indices that sort ``values`` along a dimension; equal elements keep their order.

    Args:
      values: A tensor of rank 1 or more.
      axis: The dimension.
      direction: ``"ASCENDING"`` or ``"DESCENDING"``.
      stable: Accepted; the order is stable always.
      name: The name scope of the nodes.
    """
    with get_default_graph().name_scope(name or "argsort"):
        return _sorted(values, axis, direction, places=True)


def _sorted(values: Any, axis: Any, direction: str, places: bool) -> Any:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"{direction} should be one of ASCENDING, DESCENDING")
    where = convert_to_tensor(axis, name="axis")
    known = constant_value(where)
    if where._shape_value.rank != 0 or known is None:
        raise ValueError("axis must be a constant scalar")
    x = convert_to_tensor(values, name="values")
    if direction == "DESCENDING":
        return _descending(x, int(known), places)
    result = _descending(-x, int(known), places)
    return result if places else -result


def _descending(x: Tensor, axis: int, places: bool) -> Any:
    count = shape(x)[axis]
    number, known = rank(x), x._shape_value.rank
    order: Any = None
    if axis != -1 and axis + 1 != known:
        order = _swapped_with_last(axis, number, known)
        x = transpose(x, order)
    values, indices = top_k(x, count)
    result = indices if places else values
    return result if order is None else transpose(result, order)


def _swapped_with_last(axis: int, number: Any, known: int | None) -> Any:
    """The order of dimensions that exchanges ``axis`` and the last one."""
    if known is not None:
        at = axis % known
        order = np.arange(known)
        order[[at, -1]] = [known - 1, at]
        return constant(order, name="transposition")
    where: Any = axis if axis >= 0 else axis + number
    return tensor_scatter_update(range_(number), [[where], [number - 1]], [number - 1, where])


# -- the likeliest classes ------------------------------------------------------------------------


def _among_top(xp: Namespace, predictions: Any, targets: Any, k: Any) -> Any:
    rows, classes = predictions.shape
    inside = (targets >= 0) & (targets < classes)
    safe = xp.where(inside, targets, 0)
    if not classes:
        return xp.zeros(rows, bool)
    chosen = xp.take_along_axis(predictions, safe.reshape(rows, 1), 1)
    better = xp.sum(predictions > chosen, 1)
    finite = xp.all(xp.isfinite(predictions), 1)
    return inside & finite & (better < k)


def _among_top_shape(predictions: Shape, targets: Shape, *k: Shape) -> Shape:
    return predictions.with_rank(2)[:1].merge_with(targets.with_rank(1))


@op("InTopKV2", T=INDEX, shape=_among_top_shape, outputs=("precision",), differentiable=False)
def in_top_k_v2(xp: Namespace, predictions: Float32, targets: T, k: T) -> Bool:
    """Whether fewer than ``k`` classes are likelier than the target."""
    return _among_top(xp, predictions, targets, k)


@op("InTopK", T=INDEX, shape=_among_top_shape, outputs=("precision",), differentiable=False)
def in_top_k_v1(xp: Namespace, predictions: Float32, targets: T, *, k: int) -> Bool:
    """Whether fewer than ``k`` classes are likelier than the target."""
    return _among_top(xp, predictions, targets, k)


@export("nn.in_top_k", "math.in_top_k")
def in_top_k(predictions: Any, targets: Any, k: Any, name: str | None = None) -> Any:
    """Whether the target class is among the ``k`` likeliest, for each row.

    Classes as likely as the target count as less likely. A row with a number that is not finite
    has no answer: it gives False.

    Args:
      predictions: float32, shape ``[batch, classes]``.
      targets: Class numbers, shape ``[batch]``.
      k: How many classes are looked at.
      name: The name of the node.
    """
    with get_default_graph().name_scope(name or "in_top_k"):
        return in_top_k_v2(predictions, targets, k, name=name)
