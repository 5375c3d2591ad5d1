"""Trigonometric and hyperbolic functions and their inverses."""

from __future__ import annotations

from typing import Any

from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.broadcast import unbroadcast
from tidefall.ops.complex import conjugate
from tidefall.ops.elementwise import number, rsqrt, square
from tidefall.ops.math import add_v2, mul, neg, real_div, sub
from tidefall.ops.registry import FLOATS, FLOATS_COMPLEX, Namespace, T, op


@op("Sin", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("sin", "math.sin"))
def sin(xp: Namespace, x: T) -> T:
    """The sine of ``x`` (radians), element by element."""
    return xp.sin(x)


@sin.gradient
def _sin_grad(op: Operation, grad: Tensor) -> Tensor:
    return mul(grad, cos(conjugate(op.inputs[0])))


@op("Cos", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("cos", "math.cos"))
def cos(xp: Namespace, x: T) -> T:
    """The cosine of ``x`` (radians), element by element."""
    return xp.cos(x)


@cos.gradient
def _cos_grad(op: Operation, grad: Tensor) -> Tensor:
    return mul(grad, neg(sin(conjugate(op.inputs[0]))))


@op("Tan", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("tan", "math.tan"))
def tan(xp: Namespace, x: T) -> T:
    """The tangent of ``x`` (radians), element by element."""
    return xp.tan(x)


@tan.gradient
def _tan_grad(op: Operation, grad: Tensor) -> Tensor:
    y = conjugate(op.outputs[0])
    return mul(grad, add_v2(square(y), number(1, y)))


@op("Asin", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("asin", "math.asin"))
def asin(xp: Namespace, x: T) -> T:
    """The angle in [-π/2, π/2] whose sine is ``x``, element by element."""
    return xp.asin(x)


@asin.gradient
def _asin_grad(op: Operation, grad: Tensor) -> Tensor:
    return mul(grad, _one_over_root(op))


def _one_over_root(op: Operation) -> Any:
    """``1 / sqrt(1 - x * x)``."""
    x = conjugate(op.inputs[0])
    return rsqrt(sub(number(1, x), square(x)))


@op("Acos", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("acos", "math.acos"))
def acos(xp: Namespace, x: T) -> T:
    """The angle in [0, π] whose cosine is ``x``, element by element."""
    return xp.acos(x)


@acos.gradient
def _acos_grad(op: Operation, grad: Tensor) -> Tensor:
    return neg(mul(grad, _one_over_root(op)))


@op("Atan", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("atan", "math.atan"))
def atan(xp: Namespace, x: T) -> T:
    """The angle in [-π/2, π/2] whose tangent is ``x``, element by element."""
    return xp.atan(x)


@atan.gradient
def _atan_grad(op: Operation, grad: Tensor) -> Tensor:
    x = conjugate(op.inputs[0])
    return real_div(grad, add_v2(square(x), number(1, x)))


@op("Atan2", T=FLOATS, shape=shapes.broadcast, export=("atan2", "math.atan2"))
def atan2(xp: Namespace, y: T, x: T) -> T:
    """The angle in [-π, π] of the point ``(x, y)``, element by element, with broadcasting."""
    return xp.atan2(y, x)


@atan2.gradient
def _atan2_grad(op: Operation, grad: Tensor) -> Any:
    y, x = op.inputs
    scaled = real_div(grad, add_v2(square(x), square(y)))
    return unbroadcast(op, mul(x, scaled), neg(mul(y, scaled)))


@op("Sinh", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("sinh", "math.sinh"))
def sinh(xp: Namespace, x: T) -> T:
    """The hyperbolic sine, element by element."""
    return xp.sinh(x)


@sinh.gradient
def _sinh_grad(op: Operation, grad: Tensor) -> Tensor:
    return mul(grad, cosh(conjugate(op.inputs[0])))


@op("Cosh", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("cosh", "math.cosh"))
def cosh(xp: Namespace, x: T) -> T:
    """The hyperbolic cosine, element by element."""
    return xp.cosh(x)


@cosh.gradient
def _cosh_grad(op: Operation, grad: Tensor) -> Tensor:
    return mul(grad, sinh(conjugate(op.inputs[0])))


@op("Tanh", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("tanh", "math.tanh", "nn.tanh"))
def tanh(xp: Namespace, x: T) -> T:
    """The hyperbolic tangent, element by element."""
    return xp.tanh(x)


@op("TanhGrad", T=FLOATS_COMPLEX, shape=shapes.same)
def tanh_grad(xp: Namespace, y: T, dy: T) -> T:
    """``dy * (1 - y * y)``, the gradient of the hyperbolic tangent at its value ``y``."""
    return dy * (y.dtype.type(1) - y * y)


@tanh.gradient
def _tanh_grad(op: Operation, grad: Tensor) -> Tensor:
    return tanh_grad(conjugate(op.outputs[0]), grad)


@tanh_grad.gradient
def _tanh_grad_grad(op: Operation, grad: Tensor) -> Any:
    y, dy = conjugate(op.inputs[0]), conjugate(op.inputs[1])
    return mul(mul(grad, dy), mul(y, number(-2, y))), tanh_grad(y, grad)


@op("Asinh", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("asinh", "math.asinh"))
def asinh(xp: Namespace, x: T) -> T:
    """The number whose hyperbolic sine is ``x``, element by element."""
    return xp.asinh(x)


@asinh.gradient
def _asinh_grad(op: Operation, grad: Tensor) -> Tensor:
    return real_div(grad, cosh(conjugate(op.outputs[0])))


@op("Acosh", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("acosh", "math.acosh"))
def acosh(xp: Namespace, x: T) -> T:
    """The non-negative number whose hyperbolic cosine is ``x``, element by element."""
    return xp.acosh(x)


@acosh.gradient
def _acosh_grad(op: Operation, grad: Tensor) -> Tensor:
    return real_div(grad, sinh(conjugate(op.outputs[0])))


@op("Atanh", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("atanh", "math.atanh"))
def atanh(xp: Namespace, x: T) -> T:
    """The number whose hyperbolic tangent is ``x``, element by element."""
    return xp.atanh(x)


@atanh.gradient
def _atanh_grad(op: Operation, grad: Tensor) -> Tensor:
    x = conjugate(op.inputs[0])
    return real_div(grad, sub(number(1, x), square(x)))
