"""Functions of one tensor (and the arcus tangent of two), element by element."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.broadcast import unbroadcast
from tidefall.ops.cast import cast
from tidefall.ops.compare import not_equal
from tidefall.ops.complex import COMPLEX, REAL, complex_op, conjugate, real, real_dtype, zero_like
from tidefall.ops.constant import constant
from tidefall.ops.filled import zeros_like
from tidefall.ops.math import add_v2, div_no_nan_op, mul, neg, real_div, sub
from tidefall.ops.registry import (
    FLOATS,
    FLOATS_COMPLEX,
    INDICES,
    Bool,
    Namespace,
    T,
    Tout,
    op,
)

_SIGNED = (*FLOATS, *INDICES, dtypes.complex64, dtypes.complex128)


def number(value: float, like: Tensor) -> Any:
    """A constant of the dtype of ``like``."""
    return constant(value, like.dtype.base_dtype)


@op("Abs", T=(*FLOATS, dtypes.int8, dtypes.int16, *INDICES), shape=shapes.unchanged)
def abs_op(xp: Namespace, x: T) -> T:
    """``|x|``."""
    return xp.abs(x)


@abs_op.gradient
def _abs_grad(op: Operation, grad: Tensor) -> Tensor:
    return mul(grad, sign_op(op.inputs[0]))


@op("ComplexAbs", T=COMPLEX, Tout=REAL, shape=shapes.unchanged)
def complex_abs(xp: Namespace, x: T, *, Tout: DType) -> Tout:
    """``|x|`` of complex numbers."""
    return xp.abs(x)


@complex_abs.gradient
def _complex_abs_grad(op: Operation, grad: Tensor) -> Tensor:
    x = op.inputs[0]
    wide = complex_op(grad, zero_like(grad), Tout=x.dtype.base_dtype)
    size = complex_op(op.outputs[0], zero_like(grad), Tout=x.dtype.base_dtype)
    return mul(wide, div_no_nan_op(x, size))


@export("abs", "math.abs")
def abs(x: Any, name: str | None = None) -> Any:
    """``|x|``, element by element; of complex numbers a real tensor.

    >>> tf.Session().run(tf.abs([-2.0, 3.0]))
    array([2., 3.], dtype=float32)
    """
    with get_default_graph().name_scope(name or "Abs") as scope:
        x = convert_to_tensor(x, name="x")
        if x.dtype.is_complex:
            return complex_abs(x, Tout=real_dtype(x), name=scope)
        return abs_op(x, name=scope)


@op("Angle", T=COMPLEX, Tout=REAL, shape=shapes.unchanged)
def angle_op(xp: Namespace, input: T, *, Tout: DType) -> Tout:
    """The angle of complex numbers in the plane."""
    return xp.angle(input)


@angle_op.gradient
def _angle_grad(op: Operation, grad: Tensor) -> Tensor:
    z = op.inputs[0]
    wide = complex_op(zero_like(grad), grad, Tout=z.dtype.base_dtype)
    return div_no_nan_op(wide, conjugate(z))


@export("angle", "math.angle")
def angle(input: Any, name: str | None = None) -> Any:
    """The angle of complex numbers in the plane, in radians; zeros for a real tensor."""
    with get_default_graph().name_scope(name or "Angle") as scope:
        x = convert_to_tensor(input, name="input")
        if x.dtype.is_complex:
            return angle_op(x, Tout=real_dtype(x), name=scope)
        return zeros_like(x)


@op("Sign", T=_SIGNED, shape=shapes.unchanged)
def sign_op(xp: Namespace, x: T) -> T:
    """-1, 0 or 1; of complex numbers ``x / |x|``; NaN of NaN."""
    return xp.sign(x)


@sign_op.gradient
def _sign_grad(op: Operation, grad: Tensor) -> Any:
    x = op.inputs[0]
    if not x.dtype.is_complex:
        return zeros_like(x)
    # With s = x / |x|: ds = (dx - s * Re(conj(s) * dx)) / |x|.
    sign = op.outputs[0]
    along = complex_op(
        real(mul(grad, conjugate(sign))), number(0, real(grad)), Tout=x.dtype.base_dtype
    )
    size = cast(abs(x), x.dtype.base_dtype)
    return div_no_nan_op(sub(grad, mul(sign, along)), size)


@export("sign", "math.sign")
def sign(x: Any, name: str | None = None) -> Any:
    """-1, 0 or 1, as ``x`` is negative, 0 or positive; of complex numbers ``x / |x|``."""
    return sign_op(x, name=name)


@op(
    "Reciprocal", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("reciprocal", "math.reciprocal")
)
def reciprocal(xp: Namespace, x: T) -> T:
    """``1 / x``, element by element."""
    return x.dtype.type(1) / x


@op("Inv", T=FLOATS_COMPLEX, shape=shapes.unchanged)
def inv(xp: Namespace, x: T) -> T:
    """``1 / x``."""
    return x.dtype.type(1) / x


@op("ReciprocalGrad", T=FLOATS_COMPLEX, shape=shapes.same)
def reciprocal_grad(xp: Namespace, y: T, dy: T) -> T:
    """``-dy * y * y``, the gradient of ``y = 1 / x``; a complex ``y`` is conjugated."""
    y = xp.conj(y) if y.dtype.kind == "c" else y
    return -dy * (y * y)


@op("InvGrad", T=FLOATS_COMPLEX, shape=shapes.same)
def inv_grad(xp: Namespace, y: T, dy: T) -> T:
    """``-dy * y * y``, the gradient of ``y = 1 / x``; a complex ``y`` is conjugated."""
    y = xp.conj(y) if y.dtype.kind == "c" else y
    return -dy * (y * y)


@reciprocal.gradient
@inv.gradient
def _reciprocal_grad(op: Operation, grad: Tensor) -> Tensor:
    return reciprocal_grad(op.outputs[0], grad)


@reciprocal_grad.gradient
@inv_grad.gradient
def _reciprocal_grad_grad(op: Operation, grad: Tensor) -> Any:
    y, dy = conjugate(op.inputs[0]), op.inputs[1]
    from_y = mul(mul(conjugate(grad), dy), mul(y, number(-2, y)))
    return from_y, reciprocal_grad(y, grad)


@op("Square", T=_SIGNED, shape=shapes.unchanged, export=("square", "math.square"))
def square(xp: Namespace, x: T) -> T:
    """``x * x``, element by element."""
    return x * x


@square.gradient
def _square_grad(op: Operation, grad: Tensor) -> Tensor:
    x = conjugate(op.inputs[0])
    return mul(grad, mul(x, number(2, x)))


@op("Sqrt", T=FLOATS_COMPLEX, shape=shapes.unchanged)
def sqrt_op(xp: Namespace, x: T) -> T:
    """The square root."""
    return xp.sqrt(x)


@op("SqrtGrad", T=FLOATS_COMPLEX, shape=shapes.same)
def sqrt_grad(xp: Namespace, y: T, dy: T) -> T:
    """``dy / 2 / y``, the gradient of ``y = sqrt(x)``; a complex ``y`` is conjugated."""
    return dy * _half(dy) / (xp.conj(y) if y.dtype.kind == "c" else y)


def _half(x: Any) -> Any:
    """One half in the dtype of ``x``."""
    return x.dtype.type(0.5)


@sqrt_op.gradient
def _sqrt_grad(op: Operation, grad: Tensor) -> Tensor:
    return sqrt_grad(op.outputs[0], grad)


@sqrt_grad.gradient
def _sqrt_grad_grad(op: Operation, grad: Tensor) -> Any:
    ratio = real_div(grad, op.inputs[0])
    from_y = neg(mul(conjugate(ratio), op.outputs[0]))
    return from_y, mul(ratio, number(0.5, ratio))


@op("Rsqrt", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("rsqrt", "math.rsqrt"))
def rsqrt(xp: Namespace, x: T) -> T:
    """``1 / sqrt(x)``, element by element."""
    return x.dtype.type(1) / xp.sqrt(x)


@op("RsqrtGrad", T=FLOATS_COMPLEX, shape=shapes.same)
def rsqrt_grad(xp: Namespace, y: T, dy: T) -> T:
    """``-dy / 2 * y**3``, the gradient of ``y = 1 / sqrt(x)``; a complex ``y`` is conjugated."""
    y = xp.conj(y) if y.dtype.kind == "c" else y
    return -_half(dy) * dy * (y * y * y)


@rsqrt.gradient
def _rsqrt_grad(op: Operation, grad: Tensor) -> Tensor:
    return rsqrt_grad(op.outputs[0], grad)


@rsqrt_grad.gradient
def _rsqrt_grad_grad(op: Operation, grad: Tensor) -> Any:
    y, dy = conjugate(op.inputs[0]), op.inputs[1]
    from_y = mul(mul(number(-1.5, y), mul(conjugate(grad), dy)), square(y))
    return from_y, rsqrt_grad(y, grad)


@export("sqrt", "math.sqrt")
def sqrt(x: Any, name: str | None = None) -> Any:
    """The square root, element by element; NaN of negative numbers."""
    return sqrt_op(x, name=name)


@op("Exp", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("exp", "math.exp"))
def exp(xp: Namespace, x: T) -> T:
    """``e ** x``, element by element."""
    return xp.exp(x)


@exp.gradient
def _exp_grad(op: Operation, grad: Tensor) -> Tensor:
    return mul(grad, conjugate(op.outputs[0]))


@op("Expm1", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("expm1", "math.expm1"))
def expm1(xp: Namespace, x: T) -> T:
    """``e ** x - 1``, element by element, accurate near 0."""
    return xp.expm1(x)


@expm1.gradient
def _expm1_grad(op: Operation, grad: Tensor) -> Tensor:
    return mul(grad, exp(conjugate(op.inputs[0])))


@op("Log", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("log", "math.log"))
def log(xp: Namespace, x: T) -> T:
    """The natural logarithm, element by element."""
    return xp.log(x)


hooks.install("log")(log)


@log.gradient
def _log_grad(op: Operation, grad: Tensor) -> Tensor:
    return real_div(grad, conjugate(op.inputs[0]))


@op("Log1p", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("log1p", "math.log1p"))
def log1p(xp: Namespace, x: T) -> T:
    """``log(1 + x)``, element by element, accurate near 0."""
    return xp.log1p(x)


@log1p.gradient
def _log1p_grad(op: Operation, grad: Tensor) -> Tensor:
    x = conjugate(op.inputs[0])
    return real_div(grad, add_v2(x, number(1, x)))


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
    return sigmoid_grad(conjugate(op.outputs[0]), grad)


@sigmoid_grad.gradient
def _sigmoid_grad_grad(op: Operation, grad: Tensor) -> Any:
    y, dy = conjugate(op.inputs[0]), conjugate(op.inputs[1])
    inner = sub(dy, mul(mul(number(2, y), dy), y))
    return mul(grad, inner), sigmoid_grad(y, grad)


@export("sigmoid", "nn.sigmoid", "math.sigmoid")
def sigmoid(x: Any, name: str | None = None) -> Any:
    """``1 / (1 + exp(-x))``, element by element."""
    with get_default_graph().name_scope(name or "Sigmoid") as scope:
        return sigmoid_op(convert_to_tensor(x, name="x"), name=scope)


@op("Ceil", T=FLOATS, shape=shapes.unchanged, differentiable=False, export=("ceil", "math.ceil"))
def ceil(xp: Namespace, x: T) -> T:
    """The smallest whole number that is not less than ``x``, element by element."""
    return xp.ceil(x)


@op("Floor", T=FLOATS, shape=shapes.unchanged, differentiable=False, export=("floor", "math.floor"))
def floor(xp: Namespace, x: T) -> T:
    """The greatest whole number that is not greater than ``x``, element by element."""
    return xp.floor(x)


@op("Rint", T=FLOATS, shape=shapes.unchanged, differentiable=False, export=("rint", "math.rint"))
def rint(xp: Namespace, x: T) -> T:
    """The nearest whole number, an even one where two are equally near, element by element."""
    return xp.rint(x)


@op("Round", T=_SIGNED, shape=shapes.unchanged, differentiable=False)
def round_op(xp: Namespace, x: T) -> T:
    """The nearest whole number, an even one where two are equally near."""
    return xp.array(x) if x.dtype.kind in "iu" else xp.rint(x)


@export("round", "math.round")
def round(x: Any, name: str | None = None) -> Any:
    """The nearest whole number, an even one where two are equally near; integers as they are.

    >>> tf.Session().run(tf.round([0.5, 1.5, 2.4]))
    array([0., 2., 2.], dtype=float32)
    """
    x = convert_to_tensor(x, name="x")
    return x if x.dtype.is_integer else round_op(x, name=name)


@op("IsNan", T=FLOATS, shape=shapes.unchanged, differentiable=False)
def is_nan(xp: Namespace, x: T) -> Bool:
    """Whether ``x`` is NaN, element by element."""
    return xp.isnan(x)


@op("IsInf", T=FLOATS, shape=shapes.unchanged, differentiable=False)
def is_inf(xp: Namespace, x: T) -> Bool:
    """Whether ``x`` is infinite, element by element."""
    return xp.isinf(x)


@op("IsFinite", T=FLOATS, shape=shapes.unchanged, differentiable=False)
def is_finite(xp: Namespace, x: T) -> Bool:
    """Whether ``x`` is neither infinite nor NaN, element by element."""
    return xp.isfinite(x)


for _name, _function in (("is_nan", is_nan), ("is_inf", is_inf), ("is_finite", is_finite)):
    export(_name, f"math.{_name}", f"debugging.{_name}")(_function)


@op("Xdivy", T=(dtypes.float16, dtypes.float32, dtypes.float64, dtypes.complex64,
                dtypes.complex128), shape=shapes.broadcast, export="math.xdivy")  # fmt: skip
def xdivy(xp: Namespace, x: T, y: T) -> T:
    """``x / y``, and 0 where ``x`` is 0, whatever ``y`` is, element by element."""
    return xp.where(x == 0, x.dtype.type(0), x / y)


@xdivy.gradient
def _xdivy_grad(op: Operation, grad: Tensor) -> Any:
    x, y = conjugate(op.inputs[0]), conjugate(op.inputs[1])
    one = xdivy(_non_zero(x), y)
    return unbroadcast(op, mul(grad, one), neg(mul(grad, xdivy(conjugate(op.outputs[0]), y))))


def _non_zero(x: Tensor) -> Any:
    """1 where ``x`` is not 0, else 0."""
    return cast(not_equal(x, number(0, x)), x.dtype.base_dtype)


@op("Xlogy", T=(dtypes.float16, dtypes.float32, dtypes.float64, dtypes.complex64,
                dtypes.complex128), shape=shapes.broadcast, export="math.xlogy")  # fmt: skip
def xlogy(xp: Namespace, x: T, y: T) -> T:
    """``x * log(y)``, and 0 where ``x`` is 0, whatever ``y`` is, element by element."""
    return xp.where(x == 0, x.dtype.type(0), x * xp.log(y))


@xlogy.gradient
def _xlogy_grad(op: Operation, grad: Tensor) -> Any:
    x, y = conjugate(op.inputs[0]), conjugate(op.inputs[1])
    return unbroadcast(op, mul(grad, xlogy(_non_zero(x), y)), mul(grad, xdivy(x, y)))
