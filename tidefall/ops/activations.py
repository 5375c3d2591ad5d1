"""Activations of neural networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.array import zeros_like_op
from tidefall.ops.broadcast import exact, rounded
from tidefall.ops.cast import cast
from tidefall.ops.constant import constant
from tidefall.ops.elementwise import exp, sign
from tidefall.ops.joining import concat
from tidefall.ops.math import mul, neg
from tidefall.ops.registry import FLOATS, REALS, Namespace, T, TypeAttr, op
from tidefall.ops.where import select

# -- relu and its relatives -----------------------------------------------------------------------


@op("Relu", T=REALS, shape=shapes.unchanged, outputs=("activations",), export="nn.relu")
def relu(xp: Namespace, features: T) -> T:
    """``max(features, 0)``."""
    return xp.maximum(features, features.dtype.type(0))


@op("ReluGrad", T=REALS, shape=shapes.same, outputs=("backprops",))
def relu_grad(xp: Namespace, gradients: T, features: T) -> T:
    """``gradients`` where ``features > 0``, else 0."""
    return gradients * (features > 0)


@relu.gradient
def _relu_grad(op: Operation, grad: Tensor) -> Tensor:
    return relu_grad(grad, op.outputs[0])


@relu_grad.gradient
def _relu_grad_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Tensor]:
    return relu_grad(grad, op.inputs[1]), zeros_like_op(op.inputs[1])


@op("Relu6", T=REALS, shape=shapes.unchanged, outputs=("activations",))
def relu6_op(xp: Namespace, features: T) -> T:
    """``min(max(features, 0), 6)``."""
    zero, six = features.dtype.type(0), features.dtype.type(6)
    return xp.minimum(xp.maximum(features, zero), six)


@op("Relu6Grad", T=REALS, shape=shapes.same, outputs=("backprops",))
def relu6_grad(xp: Namespace, gradients: T, features: T) -> T:
    """``gradients`` where ``0 < features < 6``, else 0."""
    return gradients * ((features > 0) & (features < 6))


@relu6_op.gradient
def _relu6_grad(op: Operation, grad: Tensor) -> Tensor:
    return relu6_grad(grad, op.outputs[0])


@relu6_grad.gradient
def _relu6_grad_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Tensor]:
    return relu6_grad(grad, op.inputs[1]), zeros_like_op(op.inputs[1])


@export("nn.relu6")
def relu6(features: Any, name: str | None = None) -> Any:
    """``min(max(features, 0), 6)``, element by element."""
    with get_default_graph().name_scope(name or "Relu6") as scope:
        return relu6_op(convert_to_tensor(features, name="features"), name=scope)


@export("nn.crelu")
def crelu(features: Any, name: str | None = None, axis: Any = -1) -> Any:
    """The relu of ``features`` and that of ``-features``, joined along ``axis``."""
    with get_default_graph().name_scope(name or "CRelu") as scope:
        x = convert_to_tensor(features, name="features")
        return relu(concat([x, -x], axis, name=scope))


_LEAK = 0.2
_LEAKY = TypeAttr(FLOATS, dtypes.float32)


def _slope(alpha: float, x: Any) -> Any:
    return x.dtype.type(np.float32(alpha))  # the attribute is a float32 in files, too


@op("LeakyRelu", T=_LEAKY, shape=shapes.unchanged, outputs=("activations",))
def leaky_relu_op(xp: Namespace, features: T, *, alpha: float = 0.2) -> T:
    """``features`` where positive, else ``alpha * features``."""
    return xp.where(features > 0, features, features * _slope(alpha, features))


@op("LeakyReluGrad", T=_LEAKY, shape=shapes.same, outputs=("backprops",))
def leaky_relu_grad(xp: Namespace, gradients: T, features: T, *, alpha: float = 0.2) -> T:
    """``gradients`` where ``features > 0``, else ``alpha * gradients``."""
    return xp.where(features > 0, gradients, gradients * _slope(alpha, gradients))


@leaky_relu_op.gradient
def _leaky_relu_grad(op: Operation, grad: Tensor) -> Tensor:
    return leaky_relu_grad(grad, op.inputs[0], alpha=op._attrs["alpha"])


@leaky_relu_grad.gradient
def _leaky_relu_grad_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Tensor]:
    features = op.inputs[1]
    return (
        leaky_relu_grad(grad, features, alpha=op._attrs["alpha"]),
        zeros_like_op(features),
    )


@export("nn.leaky_relu")
def leaky_relu(features: Any, alpha: Any = _LEAK, name: str | None = None) -> Any:
    """``features`` where positive, else ``alpha * features``.

    Args:
      features: A tensor; integers become float32.
      alpha: The slope for negative values, a number.
      name: The name of the node.
    """
    with get_default_graph().name_scope(name or "LeakyRelu") as scope:
        x = convert_to_tensor(features, name="features")
        if x.dtype.is_integer:
            x = cast(x, dtypes.float32)
        if isinstance(alpha, np.ndarray):
            alpha = alpha.item()
        return leaky_relu_op(x, alpha=alpha, name=scope)


# -- exponential units ----------------------------------------------------------------------------


@op("Elu", T=FLOATS, shape=shapes.unchanged, outputs=("activations",), export="nn.elu")
def elu(xp: Namespace, features: T) -> T:
    """``features`` where positive, else ``exp(features) - 1``."""
    zero = features.dtype.type(0)
    return xp.where(features < 0, xp.expm1(xp.minimum(features, zero)), features)


@op("EluGrad", T=FLOATS, shape=shapes.same, outputs=("backprops",))
def elu_grad(xp: Namespace, gradients: T, outputs: T) -> T:
    """The gradient of the exponential unit at its value ``outputs``."""
    return xp.where(outputs < 0, gradients * (outputs + outputs.dtype.type(1)), gradients)


@elu.gradient
def _elu_grad(op: Operation, grad: Tensor) -> Tensor:
    return elu_grad(grad, op.outputs[0])


@elu_grad.gradient
def _elu_grad_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Tensor]:
    gradients, outputs = op.inputs
    return elu_grad(grad, outputs), _where_negative(outputs, mul(grad, gradients))


def _where_negative(x: Tensor, values: Tensor) -> Any:
    condition: Any = x
    return select(condition < 0, values, zeros_like_op(values))


# The constants of Klambauer et al., "Self-Normalizing Neural Networks" (2017), equation 14.
_SCALE = 1.0507009873554804934193349852946
_SCALE_ALPHA = 1.7580993408473768599402175208123


@op("Selu", T=FLOATS, shape=shapes.unchanged, outputs=("activations",), export="nn.selu")
def selu(xp: Namespace, features: T) -> T:
    """The scaled exponential unit, which keeps mean 0 and variance 1."""
    number = features.dtype.type
    below = xp.expm1(xp.minimum(features, number(0)))
    return xp.where(features < 0, number(_SCALE_ALPHA) * below, number(_SCALE) * features)


@op("SeluGrad", T=FLOATS, shape=shapes.same, outputs=("backprops",))
def selu_grad(xp: Namespace, gradients: T, outputs: T) -> T:
    """The gradient of the scaled exponential unit at its value ``outputs``."""
    number = outputs.dtype.type
    below = gradients * (outputs + number(_SCALE_ALPHA))
    return xp.where(outputs < 0, below, gradients * number(_SCALE))


@selu.gradient
def _selu_grad(op: Operation, grad: Tensor) -> Tensor:
    return selu_grad(grad, op.outputs[0])


@selu_grad.gradient
def _selu_grad_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Tensor]:
    gradients, outputs = op.inputs
    return selu_grad(grad, outputs), _where_negative(outputs, mul(grad, gradients))


# -- smooth units ---------------------------------------------------------------------------------


@op(
    "Softplus", T=FLOATS, shape=shapes.unchanged, outputs=("activations",),
    export=("nn.softplus", "math.softplus"),
)  # fmt: skip
def softplus(xp: Namespace, features: T) -> T:
    """The smooth rectifier ``log(1 + exp(features))``.

    Large inputs do not overflow; the result tends to ``features`` itself.
    """
    wide = features.astype(exact(features.dtype))
    tail = xp.log1p(xp.exp(-xp.abs(wide)))
    return rounded(xp.maximum(wide, wide.dtype.type(0)) + tail, features)


@op("SoftplusGrad", T=FLOATS, shape=shapes.same, outputs=("backprops",))
def softplus_grad(xp: Namespace, gradients: T, features: T) -> T:
    """``gradients / (exp(-features) + 1)``."""
    return gradients / (xp.exp(-features) + features.dtype.type(1))


@softplus.gradient
def _softplus_grad(op: Operation, grad: Tensor) -> Tensor:
    return softplus_grad(grad, op.inputs[0])


@softplus_grad.gradient
def _softplus_grad_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Any]:
    gradients, features = op.inputs
    x: Any = features
    slope = mul(grad, gradients) / (exp(neg(x)) + 2.0 + exp(x))
    return softplus_grad(grad, features), slope


@op(
    "Softsign", T=FLOATS, shape=shapes.unchanged, outputs=("activations",),
    export=("nn.softsign", "math.softsign"),
)  # fmt: skip
def softsign(xp: Namespace, features: T) -> T:
    """``features / (|features| + 1)``."""
    return features / (xp.abs(features) + features.dtype.type(1))


@op("SoftsignGrad", T=FLOATS, shape=shapes.same, outputs=("backprops",))
def softsign_grad(xp: Namespace, gradients: T, features: T) -> T:
    """``gradients / (|features| + 1)**2``."""
    scale = xp.abs(features) + features.dtype.type(1)
    return gradients / (scale * scale)


@softsign.gradient
def _softsign_grad(op: Operation, grad: Tensor) -> Tensor:
    return softsign_grad(grad, op.inputs[0])


@softsign_grad.gradient
def _softsign_grad_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Any]:
    gradients, features = op.inputs
    first: Any = softsign_grad(grad, features)
    direction: Any = sign(features)
    size = features * direction + constant(1, features.dtype)
    return first, first * gradients * direction * constant(-2, features.dtype) / size


@export("log_sigmoid", "math.log_sigmoid")
def log_sigmoid(x: Any, name: str | None = None) -> Any:
    """The logarithm of the sigmoid, ``-softplus(-x)``."""
    with get_default_graph().name_scope(name or "LogSigmoid") as scope:
        tensor = convert_to_tensor(x, name="x")
        return neg(softplus(-tensor), name=scope)
