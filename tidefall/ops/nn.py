"""Neural-network ops: activations, biases, softmax and cross entropies."""

from __future__ import annotations

from typing import Any

from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.array import zeros_like_op
from tidefall.ops.registry import FLOATS_COMPLEX, REALS, Namespace, T, op


@op("Relu", T=REALS, shape=shapes.unchanged, export="nn.relu")
def relu(xp: Namespace, features: T) -> T:
    """``max(features, 0)``."""
    return xp.maximum(features, features.dtype.type(0))


@op("ReluGrad", T=REALS, shape=shapes.same)
def relu_grad(xp: Namespace, gradients: T, features: T) -> T:
    """``gradients`` where ``features > 0``, else 0."""
    return gradients * (features > 0)


@relu.gradient
def _relu_grad(op: Operation, grad: Tensor) -> Tensor:
    return relu_grad(grad, op.outputs[0])


@relu_grad.gradient
def _relu_grad_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Tensor]:
    return relu_grad(grad, op.inputs[1]), zeros_like_op(op.inputs[1])


@op("Sigmoid", T=FLOATS_COMPLEX, shape=shapes.unchanged)
def sigmoid_op(xp: Namespace, x: T) -> T:
    """``1 / (1 + exp(-x))``."""
    one = x.dtype.type(1)
    return one / (one + xp.exp(-x))


@op("SigmoidGrad", T=FLOATS_COMPLEX, shape=shapes.same)
def sigmoid_grad(xp: Namespace, y: T, dy: T) -> T:
    """``dy * y * (1 - y)``, the gradient of the sigmoid at its value ``y``."""
    return dy * y * (y.dtype.type(1) - y)


@sigmoid_op.gradient
def _sigmoid_grad(op: Operation, grad: Tensor) -> Tensor:
    return sigmoid_grad(op.outputs[0], grad)


@export("sigmoid", "nn.sigmoid", "math.sigmoid")
def sigmoid(x: Any, name: str | None = None) -> Any:
    """``1 / (1 + exp(-x))``, element by element."""
    with get_default_graph().name_scope(name or "Sigmoid") as scope:
        return sigmoid_op(convert_to_tensor(x, name="x"), name=scope)
