"""Arithmetic, element by element, and matrix products."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.array import dynamic_shape, reshape_op
from tidefall.ops.reduce import sum_op
from tidefall.ops.registry import FLOATS_COMPLEX, NUMBERS, DstT, Namespace, SrcT, T, op


@op(
    "BroadcastGradientArgs",
    T=(dtypes.int32, dtypes.int64),
    outputs=("r0", "r1"),
    differentiable=False,
)
def broadcast_gradient_args(xp: Namespace, s0: T, s1: T) -> tuple[T, T]:
    """The axes over which the gradients of two broadcast inputs of these shapes are summed."""
    import numpy as np

    a, b = s0.tolist(), s1.tolist()
    rank = max(len(a), len(b))
    a = [None] * (rank - len(a)) + a
    b = [None] * (rank - len(b)) + b
    both = [(x, y) for x, y in zip(a, b, strict=True)]
    first = [i for i, (x, y) in enumerate(both) if x is None or (x == 1 and y != 1)]
    second = [i for i, (x, y) in enumerate(both) if y is None or (y == 1 and x != 1)]
    return np.array(first, s0.dtype), np.array(second, s0.dtype)


@broadcast_gradient_args.shape
def _broadcast_gradient_args_shape(s0: Shape, s1: Shape) -> tuple[Shape, Shape]:
    return shapes.vector(), shapes.vector()


def unbroadcast(op: Operation, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
    """Sums gradients of the two inputs of a broadcasting op back to the inputs' shapes.

    Where the static shapes show that nothing was broadcast, the gradient is returned as it is.
    """
    x, y = op.inputs[0], op.inputs[1]
    if static_equal(x, y):
        return grads
    axes = broadcast_gradient_args(dynamic_shape(x), dynamic_shape(y))
    return tuple(
        [
            None if grad is None else reshape_op(sum_op(grad, axis), dynamic_shape(tensor))
            for grad, axis, tensor in zip(grads, axes, (x, y), strict=True)
        ]
    )


def static_equal(x: Tensor, y: Tensor) -> bool:
    """Whether two tensors surely have the same shape."""
    a = x._shape_value
    return a.is_fully_defined and a.dims == y._shape_value.dims


@op("Add", T=(*NUMBERS, dtypes.string), shape=shapes.broadcast, export=("add", "math.add"))
def add(xp: Namespace, x: T, y: T) -> T:
    """``x + y``, element by element, with broadcasting; strings are joined."""
    return x + y


@op("AddV2", T=NUMBERS, shape=shapes.broadcast)
def add_v2(xp: Namespace, x: T, y: T) -> T:
    """``x + y``."""
    return x + y


@add.gradient
@add_v2.gradient
def _add_grad(op: Operation, grad: Tensor) -> Any:
    return unbroadcast(op, grad, grad)


@op("Sub", T=NUMBERS, shape=shapes.broadcast)
def sub(xp: Namespace, x: T, y: T) -> T:
    """``x - y``."""
    return x - y


@sub.gradient
def _sub_grad(op: Operation, grad: Tensor) -> Any:
    return unbroadcast(op, grad, neg(grad))


@op("Mul", T=NUMBERS, shape=shapes.broadcast)
def mul(xp: Namespace, x: T, y: T) -> T:
    """``x * y``."""
    return x * y


@mul.gradient
def _mul_grad(op: Operation, grad: Tensor) -> Any:
    x, y = op.inputs
    return unbroadcast(op, mul(grad, y), mul(x, grad))


@op("RealDiv", T=FLOATS_COMPLEX, shape=shapes.broadcast)
def real_div(xp: Namespace, x: T, y: T) -> T:
    """``x / y``."""
    return x / y


@real_div.gradient
def _real_div_grad(op: Operation, grad: Tensor) -> Any:
    x, y = op.inputs
    return unbroadcast(op, real_div(grad, y), mul(grad, real_div(real_div(neg(x), y), y)))


@op("Neg", T=NUMBERS, shape=shapes.unchanged, export=("negative", "math.negative"))
def neg(xp: Namespace, x: T) -> T:
    """``-x``."""
    return -x


@neg.gradient
def _neg_grad(op: Operation, grad: Tensor) -> Tensor:
    return neg(grad)


@op("Square", T=NUMBERS, shape=shapes.unchanged, export=("square", "math.square"))
def square(xp: Namespace, x: T) -> T:
    """``x * x``."""
    return x * x


@square.gradient
def _square_grad(op: Operation, grad: Tensor) -> Tensor:
    (x,) = op.inputs
    two = convert_to_tensor(2.0 if not x.dtype.is_integer else 2, x.dtype, name="Const")
    return mul(grad, mul(x, two))


@op("Exp", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("exp", "math.exp"))
def exp(xp: Namespace, x: T) -> T:
    """``e ** x``."""
    return xp.exp(x)


@exp.gradient
def _exp_grad(op: Operation, grad: Tensor) -> Tensor:
    return mul(grad, op.outputs[0])


@op("Sin", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("sin", "math.sin"))
def sin(xp: Namespace, x: T) -> T:
    """The sine of ``x`` (radians)."""
    return xp.sin(x)


@op("Cos", T=FLOATS_COMPLEX, shape=shapes.unchanged, export=("cos", "math.cos"))
def cos(xp: Namespace, x: T) -> T:
    """The cosine of ``x`` (radians)."""
    return xp.cos(x)


@sin.gradient
def _sin_grad(op: Operation, grad: Tensor) -> Tensor:
    return mul(grad, cos(op.inputs[0]))


@cos.gradient
def _cos_grad(op: Operation, grad: Tensor) -> Tensor:
    return mul(grad, neg(sin(op.inputs[0])))


@op("MatMul", T=NUMBERS)
def matmul_op(
    xp: Namespace, a: T, b: T, *, transpose_a: bool = False, transpose_b: bool = False
) -> T:
    """Multiplies matrix ``a`` by matrix ``b``, transposing either first if asked."""
    return xp.matmul(a.T if transpose_a else a, b.T if transpose_b else b)


@matmul_op.shape
def _matmul_shape(a: Shape, b: Shape, *, transpose_a: bool, transpose_b: bool) -> Shape:
    rows, inner_a = a.with_rank(2)
    inner_b, columns = b.with_rank(2)
    if transpose_a:
        rows, inner_a = inner_a, rows
    if transpose_b:
        inner_b, columns = columns, inner_b
    if inner_a is not None and inner_b is not None and inner_a != inner_b:
        raise ValueError(
            f"inner dimensions differ: a has shape {a} and b has shape {b}, "
            f"so {inner_a} != {inner_b}. Check the weights' shape, or set "
            "transpose_a or transpose_b."
        )
    return Shape((rows, columns))


@matmul_op.gradient
def _matmul_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Tensor]:
    a, b = op.inputs
    if op._attrs["transpose_a"]:
        da = matmul_op(b, grad, transpose_a=op._attrs["transpose_b"], transpose_b=True)
    else:
        da = matmul_op(grad, b, transpose_b=not op._attrs["transpose_b"])
    if op._attrs["transpose_b"]:
        db = matmul_op(grad, a, transpose_a=True, transpose_b=op._attrs["transpose_a"])
    else:
        db = matmul_op(a, grad, transpose_a=not op._attrs["transpose_a"])
    return da, db


@export("matmul", "linalg.matmul")
def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Any:
    """The matrix product of ``a`` and ``b``."""
    with get_default_graph().name_scope(name or "MatMul") as scope:
        a = convert_to_tensor(a, name="a")
        b = convert_to_tensor(b, dtype=a.dtype.base_dtype, name="b")
        return matmul_op(a, b, transpose_a=transpose_a, transpose_b=transpose_b, name=scope)


@op("Cast", shape=shapes.unchanged, extra={"Truncate": False})
def cast_op(xp: Namespace, x: SrcT, *, DstT: DType) -> DstT:
    """``x`` converted to another dtype."""
    return xp.asarray(x).astype(DstT.np_dtype)


@cast_op.gradient
def _cast_grad(op: Operation, grad: Tensor) -> Tensor | None:
    source = op.inputs[0].dtype.base_dtype
    if source.is_floating or source.is_complex:
        return cast_op(grad, DstT=source)
    return None


@export("cast", "dtypes.cast")
def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """``x`` converted to ``dtype``; ``x`` itself where it has that dtype already."""
    base = as_dtype(dtype).base_dtype
    if isinstance(x, Tensor) and x.dtype is base:
        return x
    with get_default_graph().name_scope(name or "Cast") as scope:
        tensor = convert_to_tensor(x, name="x")
        if tensor.dtype.base_dtype is base:
            return tensor
        return cast_op(tensor, DstT=base, name=scope)


def _operator(symbol: str, name: str, function: Any) -> None:
    """Makes ``tensor <symbol> other`` call ``function``, as TensorFlow names it."""

    def apply(x: Any, y: Any, reverse: bool = False) -> Any:
        with get_default_graph().name_scope(name) as scope:
            if reverse:
                y = convert_to_tensor(y, name="y") if not hasattr(y, "dtype") else y
                x = convert_to_tensor(x, dtype=y.dtype.base_dtype, name="x")
            else:
                x = convert_to_tensor(x, name="x")
                try:
                    y = convert_to_tensor(y, dtype=x.dtype.base_dtype, name="y")
                except TypeError:
                    if hasattr(type(y), f"__r{symbol}__"):
                        return NotImplemented
                    raise
            return function(x, y, name=scope)

    hooks.install(f"operator.{symbol}")(apply)


_operator("add", "add", add_v2)
_operator("sub", "sub", sub)
_operator("mul", "mul", mul)
_operator("truediv", "truediv", real_div)
_operator("matmul", "matmul", matmul)
hooks.install("operator.neg")(lambda x: neg(x))


@op("AddN", T=(*NUMBERS, dtypes.variant))
def add_n_op(xp: Namespace, inputs: list[T]) -> T:
    """The sum of several tensors of one shape."""
    total = inputs[0]
    for each in inputs[1:]:
        total = total + each
    return total


@add_n_op.shape
def _add_n_shape(inputs: list[Shape]) -> Shape:
    shape = inputs[0]
    for each in inputs[1:]:
        shape = shape.merge_with(each)
    return shape


@add_n_op.gradient
def _add_n_grad(op: Operation, grad: Tensor) -> list[Tensor]:
    return [grad] * len(op.inputs)


hooks.install("cast")(cast)


@op("FloorDiv", T=NUMBERS, shape=shapes.broadcast, differentiable=False)
def floor_div(xp: Namespace, x: T, y: T) -> T:
    """``floor(x / y)``."""
    return xp.floor_divide(x, y)


_operator("floordiv", "floordiv", floor_div)
