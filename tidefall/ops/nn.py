"""Biases, dense layers, and norms of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape, unknown
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.activations import relu
from tidefall.ops.array import broadcast_to_op, dynamic_shape, either, identity, reshape
from tidefall.ops.broadcast import exact, rounded
from tidefall.ops.cast import cast
from tidefall.ops.compare import not_equal
from tidefall.ops.elementwise import rsqrt, square
from tidefall.ops.filled import ones_like
from tidefall.ops.joining import concat
from tidefall.ops.math import maximum, mul
from tidefall.ops.matmul import matmul
from tidefall.ops.reduce import reduce_sum
from tidefall.ops.registry import FLOATS, NUMBERS, Namespace, T, op
from tidefall.ops.sizes import size

# -- biases ---------------------------------------------------------------------------------------

_FORMATS = {"data_format": ("NHWC", "NCHW")}


@op("BiasAdd", T=NUMBERS, allowed=_FORMATS)
def bias_add_op(xp: Namespace, value: T, bias: T, *, data_format: str = "NHWC") -> T:
    """``value`` plus a vector along its channels, the last dimension (or the second, NCHW)."""
    if data_format == "NHWC":
        return value + bias
    return value + xp.reshape(bias, (-1,) + (1,) * (np.ndim(value) - 2))


@bias_add_op.shape
def _bias_add_shape(value: Shape, bias: Shape, *, data_format: bytes) -> Shape:
    (channels,) = bias.with_rank(1)
    value = value.with_rank_at_least(2)
    if value.dims is None:
        return UNKNOWN
    at = 1 if data_format == b"NCHW" else len(value.dims) - 1
    found = value.dims[at]
    if found is not None and channels is not None and found != channels:
        raise ValueError(
            f"the bias has {channels} elements, but value of shape {value} has {found} channels "
            f"(dimension {at}); they must be equal."
        )
    channels = found if channels is None else channels
    return Shape((*value.dims[:at], channels, *value.dims[at + 1 :]))


@op("BiasAddV1", T=NUMBERS)
def bias_add_v1_op(xp: Namespace, value: T, bias: T) -> T:
    """``value`` plus a vector along its last dimension."""
    return value + bias


@bias_add_v1_op.shape
def _bias_add_v1_shape(value: Shape, bias: Shape) -> Shape:
    return _bias_add_shape(value, bias, data_format=b"NHWC")


@op("BiasAddGrad", T=NUMBERS, allowed=_FORMATS)
def bias_add_grad(xp: Namespace, out_backprop: T, *, data_format: str = "NHWC") -> T:
    """The sum over all dimensions but the channels."""
    rank = np.ndim(out_backprop)
    at = 1 if data_format == "NCHW" else rank - 1
    axes = tuple([axis for axis in range(rank) if axis != at])
    return rounded(xp.sum(out_backprop, axes, dtype=exact(out_backprop.dtype)), out_backprop)


@bias_add_grad.shape
def _bias_add_grad_shape(out_backprop: Shape, *, data_format: bytes) -> Shape:
    if out_backprop.dims is None:
        return unknown(1)
    return Shape((out_backprop.with_rank_at_least(2)[1 if data_format == b"NCHW" else -1],))


@bias_add_op.gradient
def _bias_add_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Any]:
    return grad, bias_add_grad(grad, data_format=op._attrs["data_format"])


@bias_add_v1_op.gradient
def _bias_add_v1_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Any]:
    return grad, bias_add_grad(grad)


@bias_add_grad.gradient
def _bias_add_grad_grad(op: Operation, grad: Any) -> Any:
    """The vector repeated along all dimensions but the channels."""
    sizes = dynamic_shape(op.inputs[0])
    if op._attrs["data_format"] == b"NCHW":
        grad = reshape(grad, concat([[-1], ones_like(sizes[2:])], 0))
    return broadcast_to_op(grad, sizes)


@export("nn.bias_add")
def bias_add(value: Any, bias: Any, data_format: Any = None, name: str | None = None) -> Any:
    """``value`` plus a vector along its channels.

    Args:
      value: A tensor of rank 2 or more.
      bias: A vector, one number for each channel.
      data_format: ``"N...C"`` (the default): the channels are the last dimension; ``"NC..."``:
        the second.
      name: The name of the node.

    Raises:
      ValueError: If the format is neither, or the vector does not fit.
    """
    with get_default_graph().name_scope(name or "BiasAdd") as scope:
        form = "NHWC"
        if data_format is not None:
            if data_format.startswith("NC"):
                form = "NCHW"
            elif not (data_format.startswith("N") and data_format.endswith("C")):
                raise ValueError(
                    f"data_format must be of the form `N...C` or `NC...`, not {data_format!r}"
                )
        value = convert_to_tensor(value, name="input")
        bias = convert_to_tensor(bias, dtype=value.dtype.base_dtype, name="bias")
        return bias_add_op(value, bias, data_format=form, name=scope)


@export("nn.xw_plus_b")
def xw_plus_b(x: Any, weights: Any, biases: Any, name: str | None = None) -> Any:
    """``matmul(x, weights) + biases``."""
    with get_default_graph().name_scope(name or "xw_plus_b") as scope:
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(weights, name="weights")
        biases = convert_to_tensor(biases, name="biases")
        return bias_add(matmul(x, weights), biases, name=scope)


@export("nn.relu_layer")
def relu_layer(x: Any, weights: Any, biases: Any, name: str | None = None) -> Any:
    """``relu(matmul(x, weights) + biases)``."""
    with get_default_graph().name_scope(name or "relu_layer") as scope:
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(weights, name="weights")
        biases = convert_to_tensor(biases, name="biases")
        return relu(bias_add(matmul(x, weights), biases), name=scope)


# -- norms ----------------------------------------------------------------------------------------


@op("L2Loss", T=FLOATS, shape=shapes.scalar, export="nn.l2_loss")
def l2_loss(xp: Namespace, t: T) -> T:
    """Half the sum of the squares of the elements: ``sum(t ** 2) / 2``."""
    wide = t.astype(exact(t.dtype))
    return rounded(xp.sum(wide * wide) * wide.dtype.type(0.5), t)


@l2_loss.gradient
def _l2_loss_grad(op: Operation, grad: Tensor) -> Any:
    return mul(op.inputs[0], grad)


@export("nn.l2_normalize", "math.l2_normalize", "linalg.l2_normalize")
def l2_normalize(
    x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None, dim: Any = None
) -> Any:
    """``x`` divided by its Euclidean norm along ``axis``.

    Args:
      x: A tensor.
      axis: The dimensions, a number or a list; all if None.
      epsilon: The least square of the norm that is divided by.
      name: The name of the node.
      dim: An older name of ``axis``.
    """
    axis = either("axis", axis, "dim", dim)
    with get_default_graph().name_scope(name or "l2_normalize") as scope:
        x = convert_to_tensor(x, name="x")
        total = reduce_sum(square(x), axis, keepdims=True)
        return mul(x, rsqrt(maximum(total, epsilon)), name=scope)


@export("nn.zero_fraction", "math.zero_fraction")
def zero_fraction(value: Any, name: str | None = None) -> Any:
    """The fraction of the elements that are zero, as float32.

    Args:
      value: A tensor of numbers.
      name: The name scope of the nodes.
    """
    with get_default_graph().name_scope(name or "zero_fraction"):
        x = convert_to_tensor(value, name="value")
        total = size(x, out_type=dtypes.int64)
        present = hooks.call(
            "cond",
            total <= dtypes.int32.max,
            true_fn=lambda: cast(_count_nonzero(x, dtypes.int32), dtypes.int64),
            false_fn=lambda: _count_nonzero(x, dtypes.int64),
        )
        with get_default_graph().name_scope("counts_to_fraction"):
            missing = total - present
            fraction = cast(missing, dtypes.float32) / cast(total, dtypes.float32)
        return identity(fraction, "fraction")


def _count_nonzero(x: Tensor, dtype: Any) -> Any:
    with get_default_graph().name_scope("count_nonzero"):
        zero = np.zeros((), x.dtype.base_dtype.as_numpy_dtype)
        present = not_equal(x, convert_to_tensor(zero, name="zeros"))
        return reduce_sum(cast(present, dtype), name="nonzero_count")
