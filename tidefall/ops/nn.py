"""Neural-network ops: activations, biases, softmax and cross entropies."""

from __future__ import annotations

from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.array import zeros_like_op
from tidefall.ops.registry import REALS, Namespace, T, op


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
