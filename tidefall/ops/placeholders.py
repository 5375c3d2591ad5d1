"""Placeholders, and identities to which a condition is attached."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.array import identity_grad
from tidefall.ops.registry import Namespace, T, dtype, op


@op("Placeholder", stateful=True, differentiable=False)
def placeholder_op(xp: Namespace, *, dtype: DType, shape: Shape = UNKNOWN) -> dtype:
    """A value that must be fed."""
    raise AssertionError("a placeholder is fed, never run")


placeholder_op.shape(shapes.from_attr)


@export("placeholder")
def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> Any:
    """A tensor whose value is given to each run by ``feed_dict``.

    Args:
      dtype: The dtype of the values.
      shape: Their shape; None, or None for some dimensions, leaves it open.
      name: The name of the node.
    """
    return placeholder_op(dtype=dtype, shape=Shape.of(shape), name=name)


@op("PlaceholderWithDefault", view=True)
def placeholder_with_default_op(xp: Namespace, input: dtype, *, shape: Shape) -> dtype:
    """Passes its input on unless it is fed."""
    return input


@placeholder_with_default_op.shape
def _placeholder_with_default_shape(input: Shape, *, shape: Shape) -> Shape:
    input.merge_with(shape)
    return shape


placeholder_with_default_op.gradient(identity_grad)


@export("placeholder_with_default")
def placeholder_with_default(input: Any, shape: Any, name: str | None = None) -> Any:
    """A tensor that has the value of ``input`` unless another one is fed."""
    return placeholder_with_default_op(input, shape=Shape.of(shape), name=name)


@op("PreventGradient", shape=shapes.unchanged, view=True)
def prevent_gradient(xp: Namespace, input: T, *, message: str = "") -> T:
    """Its input; asking for a gradient through it is an error."""
    return input


@prevent_gradient.gradient
def _prevent_gradient_grad(op: Operation, grad: Tensor) -> None:
    raise LookupError(
        f"a gradient through '{op.name}' is refused on purpose: "
        f"{op._attrs['message'].decode() or 'tf.raw_ops.PreventGradient stands in the way'}"
    )


@op("GuaranteeConst", shape=shapes.unchanged, view=True, stateful=True, export="guarantee_const")
def guarantee_const(xp: Namespace, input: T) -> T:
    """Its input, which the program promises never changes."""
    return input


@op("Snapshot", shape=shapes.unchanged, view=True)
def snapshot(xp: Namespace, input: T) -> T:
    """Its input."""
    return input


guarantee_const.gradient(identity_grad)
snapshot.gradient(identity_grad)


@op("EnsureShape", view=True)
def ensure_shape_op(xp: Namespace, input: T, *, shape: Shape) -> T:
    """Its input, if it has the shape ``shape``."""
    if not shape.is_compatible_with(Shape(np.shape(input))):
        raise ValueError(
            f"the tensor has shape {Shape(np.shape(input))}, which is not compatible with the "
            f"expected shape {shape}."
        )
    return input


@ensure_shape_op.shape
def _ensure_shape_shape(input: Shape, *, shape: Shape) -> Shape:
    return input.merge_with(shape)


ensure_shape_op.gradient(identity_grad)


@export("ensure_shape")
def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Any:
    """``x``, whose shape is checked when the graph runs.

    Args:
      x: Any tensor.
      shape: What its shape must be; None where any size will do.
      name: The name of the node.

    Raises:
      tf.errors.InvalidArgumentError: When run, if the shape is another one.
    """
    return ensure_shape_op(x, shape=Shape.of(shape), name=name)
