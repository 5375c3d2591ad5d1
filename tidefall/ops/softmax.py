"""Softmax, and the cross entropies that go with it."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes, errors
from tidefall.core.exports import export
from tidefall.core.shapes import Shape, broadcast
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import constant_value
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import either, expand_dims, reshape, shape, stop_gradient
from tidefall.ops.broadcast import exact, rounded
from tidefall.ops.cast import cast
from tidefall.ops.checks import assert_equal
from tidefall.ops.compare import less
from tidefall.ops.elementwise import exp
from tidefall.ops.joining import concat
from tidefall.ops.math import neg, sub
from tidefall.ops.ranges import range_
from tidefall.ops.rearranging import transpose
from tidefall.ops.reduce import reduce_sum
from tidefall.ops.registry import (
    FLOATS,
    INDICES,
    Namespace,
    T,
    Tlabels,
    TypeAttr,
    op,
)
from tidefall.ops.sizes import rank
from tidefall.ops.slicing import slice_
from tidefall.ops.where import where

# -- softmax --------------------------------------------------------------------------------------


def _shifted(xp: Namespace, logits: Any) -> Any:
    """The logits less the greatest of their row, so that ``exp`` cannot overflow."""
    wide = logits.astype(exact(logits.dtype))
    if not wide.shape[-1]:
        return wide
    return wide - xp.max(wide, -1, keepdims=True)


def _row_shape(logits: Shape) -> Shape:
    return logits.with_rank_at_least(1)


@op("Softmax", T=FLOATS, shape=_row_shape, outputs=("softmax",))
def softmax_op(xp: Namespace, logits: T) -> T:
    """``exp(logits) / sum(exp(logits))`` of each row, the last dimension."""
    powers = xp.exp(_shifted(xp, logits))
    powers /= xp.sum(powers, -1, keepdims=True)
    return rounded(powers, logits)


@softmax_op.gradient
def _softmax_grad(op: Operation, grad: Any) -> Any:
    y: Any = op.outputs[0]
    return (grad - reduce_sum(grad * y, -1, keepdims=True)) * y


@op("LogSoftmax", T=FLOATS, shape=_row_shape, outputs=("logsoftmax",))
def log_softmax_op(xp: Namespace, logits: T) -> T:
    """``logits - log(sum(exp(logits)))`` of each row, the last dimension."""
    x = _shifted(xp, logits)
    return rounded(x - xp.log(xp.sum(xp.exp(x), -1, keepdims=True)), logits)


@log_softmax_op.gradient
def _log_softmax_grad(op: Operation, grad: Any) -> Any:
    return grad - reduce_sum(grad, -1, keepdims=True) * exp(op.outputs[0])


@export("nn.softmax", "math.softmax")
def softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Any:
    """``exp(logits) / sum(exp(logits))`` along a dimension.

    Args:
      logits: A tensor of rank 1 or more.
      axis: The dimension; the last if None.
      name: The name of the node.
      dim: An older name of ``axis``.

    >>> tf.Session().run(tf.nn.softmax([0.0, 0.0]))
    array([0.5, 0.5], dtype=float32)
    """
    axis = either("axis", axis, "dim", dim)
    return _along(softmax_op, logits, -1 if axis is None else axis, name)


@export("nn.log_softmax", "math.log_softmax")
def log_softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Any:
    """``logits - log(sum(exp(logits)))`` along a dimension.

    Args:
      logits: A tensor of rank 1 or more.
      axis: The dimension; the last if None.
      name: The name of the node.
      dim: An older name of ``axis``.
    """
    axis = either("axis", axis, "dim", dim)
    return _along(log_softmax_op, logits, -1 if axis is None else axis, name)


def _along(function: Any, logits: Any, axis: Any, name: str | None) -> Any:
    """Applies a function of the last dimension to dimension ``axis``, exchanging the two."""
    x = convert_to_tensor(logits)
    count = x._shape_value.rank
    known = constant_value(axis) if isinstance(axis, Tensor) else axis
    if known is not None and (known == -1 or (count is not None and known == count - 1)):
        return function(x, name=name)
    if count is None:
        raise ValueError(
            f"the rank of '{x.name}' must be known for a softmax along axis {axis}; set it with "
            "set_shape, or use the last axis."
        )
    if known is not None and not -count <= known < count:
        raise errors.InvalidArgumentError(
            None,
            None,
            f"Dimension ({known}) must be in the range [{-count}, {count}) where {count} is the "
            "number of dimensions in the input.",
        )
    number = rank(x)
    if isinstance(axis, Tensor):
        axis = where(less(axis, 0), axis + number, axis)
    elif axis < 0:
        axis = axis + number
    total = rank(x)
    at = axis % count
    x = _exchanged(x, at, sub(total, 1))
    result = _exchanged(function(x), at, sub(total, 1), name)
    result.set_shape(logits.shape if isinstance(logits, Tensor) else result.shape)
    return result


def _exchanged(x: Any, axis: Any, last: Any, name: str | None = None) -> Any:
    order = concat([range_(axis), [last], range_(axis + 1, last), [axis]], 0)
    return transpose(x, order, name=name or "transpose")


# -- cross entropy with probabilities -------------------------------------------------------------


@op("SoftmaxCrossEntropyWithLogits", T=FLOATS, outputs=("loss", "backprop"))
def softmax_cross_entropy_op(xp: Namespace, features: T, labels: T) -> tuple[T, T]:
    """``-sum(labels * log(softmax(features)))`` of each row, and ``softmax(features) - labels``."""
    x = _shifted(xp, features)
    powers = xp.exp(x)
    total = xp.sum(powers, -1, keepdims=True)
    loss = xp.sum(labels * (xp.log(total) - x), -1)
    return rounded(loss, features), rounded(powers / total - labels, features)


@softmax_cross_entropy_op.shape
def _softmax_cross_entropy_shape(features: Shape, labels: Shape) -> tuple[Shape, Shape]:
    both = broadcast(features, labels).with_rank(2)
    return both[:1], both


@softmax_cross_entropy_op.gradient
def _softmax_cross_entropy_grad(op: Operation, grad: Any, grad_backprop: Any) -> Any:
    """The second output is the gradient of the first; its own is that of a softmax."""
    logits = op.inputs[0]
    rows = expand_dims(grad, -1)
    result = rows * op.outputs[1]
    labels = rows * neg(log_softmax_op(logits))
    if not _is_zero(grad_backprop):
        result = result + _through_softmax(logits, grad_backprop)
        labels = labels - grad_backprop
    return result, labels


def _through_softmax(logits: Tensor, grad: Any) -> Any:
    y = softmax_op(logits)
    return (grad - reduce_sum(grad * y, -1, keepdims=True)) * y


def _is_zero(grad: Any) -> bool:
    """Whether a gradient is surely zero, as that of an output nobody differentiates."""
    if grad is None or grad.op.type in ("ZerosLike", "Zeros"):
        return True
    known = constant_value(grad)
    return known is not None and not np.any(known)


def check_arguments(function: str, sentinel: Any, labels: Any, logits: Any) -> None:
    """The first argument of these functions was once something else: names are required."""
    if sentinel is not None:
        raise ValueError(
            f"{function} takes its arguments by name, since their order has changed: write "
            "labels=…, logits=…."
        )
    if labels is None or logits is None:
        raise ValueError("Both labels and logits must be provided.")


@export("nn.softmax_cross_entropy_with_logits_v2")
def softmax_cross_entropy_with_logits_v2(
    labels: Any, logits: Any, axis: Any = None, name: str | None = None, dim: Any = None
) -> Any:
    """``-sum(labels * log(softmax(logits)))`` along a dimension.

    Args:
      labels: The probability of each class.
      logits: Log probabilities up to a constant, in the same shape.
      axis: The dimension of the classes; the last if None.
      name: The name of the node.
      dim: An older name of ``axis``.

    Returns:
      The loss, in the shape of ``labels`` without the classes. Gradients flow to both arguments.
    """
    axis = either("axis", axis, "dim", dim)
    axis = -1 if axis is None else axis
    with get_default_graph().name_scope(name or "softmax_cross_entropy_with_logits") as scope:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        half = logits.dtype.base_dtype in (dtypes.float16, dtypes.bfloat16)
        x = cast(logits, dtypes.float32) if half else logits
        y = cast(labels, x.dtype.base_dtype)
        count = rank(x)
        known = logits._shape_value
        if axis != -1:
            x, y = _moved_to_end(x, axis, count), _moved_to_end(y, axis, count)
        sizes = shape(x)
        x, y = _as_matrix(x), _as_matrix(y)
        cost, _ = softmax_cross_entropy_op(x, y, name=scope)
        cost = reshape(cost, slice_(sizes, [0], [sub(count, 1)]))
        if known.dims is not None:
            rest = list(known.dims)
            del rest[axis]
            cost.set_shape(rest)
        return cast(cost, logits.dtype.base_dtype) if half else cost


def _moved_to_end(x: Tensor, axis: Any, count: Any) -> Any:
    order = concat([range_(axis), range_(axis + 1, count), [axis]], 0)
    return transpose(x, order)


def _as_matrix(x: Tensor) -> Any:
    """All dimensions but the last as one."""
    count = rank(x)
    last = slice_(shape(x), [sub(count, 1)], [1])
    result = reshape(x, concat([[-1], last], 0))
    known = x._shape_value
    if known.dims is not None:
        rows = Shape(known.dims[:-1]).num_elements()
        if rows is not None:
            result.set_shape([rows, known.dims[-1]])
    return result


@export("nn.softmax_cross_entropy_with_logits")
def softmax_cross_entropy_with_logits(
    _sentinel: Any = None,
    labels: Any = None,
    logits: Any = None,
    dim: Any = -1,
    name: str | None = None,
    axis: Any = None,
) -> Any:
    """``-sum(labels * log(softmax(logits)))`` along a dimension, no gradient to ``labels``.

    Args:
      _sentinel: Must not be given: use names for the other arguments.
      labels: The probability of each class.
      logits: Log probabilities up to a constant, in the same shape.
      dim: The dimension of the classes.
      name: The name of the node.
      axis: A newer name of ``dim``.
    """
    if axis is not None:
        dim = axis
    check_arguments("softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    with get_default_graph().name_scope(name or "softmax_cross_entropy_with_logits_sg") as scope:
        labels = stop_gradient(labels, name="labels_stop_gradient")
    return softmax_cross_entropy_with_logits_v2(labels, logits, axis=dim, name=scope)


# -- cross entropy with class numbers -------------------------------------------------------------


@op(
    "SparseSoftmaxCrossEntropyWithLogits", T=FLOATS,
    Tlabels=TypeAttr(INDICES, dtypes.int64), outputs=("loss", "backprop"),
)  # fmt: skip
def sparse_softmax_cross_entropy_op(xp: Namespace, features: T, labels: Tlabels) -> tuple[T, T]:
    """``-log(softmax(features))`` at the class of each row, and its gradient."""
    rows, classes = features.shape
    xp.require(
        (labels >= 0) & (labels < classes),
        lambda: (
            f"every label must lie in [0, {classes}), the number of classes, but the labels are "
            f"{_listed(labels)}."
        ),
    )
    x = _shifted(xp, features)
    powers = xp.exp(x)
    total = xp.sum(powers, -1, keepdims=True)
    own = xp.take_along_axis(x, labels.reshape(rows, 1), 1)
    loss = (xp.log(total) - own).reshape(rows)
    powers /= total
    return rounded(loss, features), rounded(xp.one_less_at(powers, labels), features)


def _listed(labels: Any) -> str:
    values = np.asarray(labels).tolist()
    return ", ".join(map(str, values[:20])) + (", …" if len(values) > 20 else "")


@sparse_softmax_cross_entropy_op.shape
def _sparse_softmax_cross_entropy_shape(features: Shape, labels: Shape) -> tuple[Shape, Shape]:
    features = features.with_rank(2)
    rows = features[:1].merge_with(labels.with_rank(1))
    return rows, rows + features[1:]


@sparse_softmax_cross_entropy_op.gradient
def _sparse_softmax_cross_entropy_grad(
    op: Operation, grad: Any, grad_backprop: Any
) -> tuple[Any, None]:
    result = expand_dims(grad, -1) * op.outputs[1]
    if not _is_zero(grad_backprop):
        result = result + _through_softmax(op.inputs[0], grad_backprop)
    return result, None


@export("nn.sparse_softmax_cross_entropy_with_logits")
def sparse_softmax_cross_entropy_with_logits(
    _sentinel: Any = None, labels: Any = None, logits: Any = None, name: str | None = None
) -> Any:
    """The cross entropy of one class out of many: ``-log(softmax(logits))[label]``.

    Args:
      _sentinel: Must not be given: use names for the other arguments.
      labels: The class number of each example, of any shape.
      logits: Log probabilities up to a constant, one more dimension: the classes.
      name: The name of the node.

    Raises:
      ValueError: If the shapes do not fit.
    """
    check_arguments("sparse_softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    scope = name or "SparseSoftmaxCrossEntropyWithLogits"
    with get_default_graph().name_scope(scope):
        labels = convert_to_tensor(labels)
        logits = convert_to_tensor(logits)
        half = logits.dtype.base_dtype is dtypes.float16
        x = cast(logits, dtypes.float32) if half else logits
        own_shape = shape(labels)
        fixed = _check_class_shapes(labels._shape_value, logits._shape_value)
        if logits._shape_value.rank == 2:
            cost, _ = sparse_softmax_cross_entropy_op(x, labels, name=name)
        else:
            cost = _of_any_rank(labels, logits, x, own_shape, fixed, name)
        return cast(cost, dtypes.float16) if half else cost


def _of_any_rank(
    labels: Any, logits: Any, x: Any, own_shape: Any, fixed: bool, name: str | None
) -> Any:
    checks = [] if fixed else [assert_equal(shape(labels), shape(logits)[:-1])]
    with get_default_graph().control_dependencies(checks):
        classes = shape(logits)[rank(logits) - 1]
        rows = reshape(x, [-1, classes])
        flat = reshape(labels, [-1])
        cost, _ = sparse_softmax_cross_entropy_op(rows, flat, name=name)
        cost = reshape(cost, own_shape)
        cost.set_shape(labels.shape)
        return cost


def _check_class_shapes(labels: Shape, logits: Shape) -> bool:
    """Refuses shapes that do not fit; says whether both are fully known."""
    if logits.rank == 0:
        raise ValueError("the logits are a scalar, but need a dimension for the classes.")
    if logits.rank is not None and labels.rank not in (None, logits.rank - 1):
        raise ValueError(
            f"the labels, of shape {labels}, must have one dimension less than the logits, of "
            f"shape {logits}. For labels given as probabilities use "
            "softmax_cross_entropy_with_logits."
        )
    if not (labels.is_fully_defined and logits.dims and None not in logits.dims[:-1]):
        return False
    if labels.dims != logits.dims[:-1]:
        raise ValueError(
            f"Shape mismatch: The shape of labels (received {labels}) should equal the shape of "
            f"logits except for the last dimension (received {logits})."
        )
    return True
