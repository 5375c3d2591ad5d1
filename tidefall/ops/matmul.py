"""Matrix products: of matrices, of batches of matrices, of a matrix and a vector."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.core.shapes import broadcast as broadcast_shapes
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import dynamic_shape, expand_dims, reshape_op, squeeze
from tidefall.ops.broadcast import broadcast_gradient_args, exact, repeated_axes, rounded, sum_op
from tidefall.ops.cast import cast
from tidefall.ops.complex import conj
from tidefall.ops.constant import constant
from tidefall.ops.registry import (
    FLOATS_COMPLEX,
    INDICES,
    Float32,
    Namespace,
    T,
    Ta,
    Tb,
    TypeAttr,
    op,
)

_MULTIPLIABLE = (*FLOATS_COMPLEX, *INDICES)
_SPARSE = TypeAttr((dtypes.float32, dtypes.bfloat16), dtypes.float32)


def product(xp: Namespace, a: Any, b: Any) -> Any:
    """``a @ b``; half floats are added up in float32."""
    kind = exact(a.dtype)
    if kind == a.dtype:
        return xp.matmul(a, b)
    return rounded(xp.matmul(a.astype(kind), b.astype(kind)), a)


@op("MatMul", T=_MULTIPLIABLE, outputs=("product",))
def matmul_op(
    xp: Namespace, a: T, b: T, *, transpose_a: bool = False, transpose_b: bool = False
) -> T:
    """Multiplies matrix ``a`` by matrix ``b``, transposing either first if asked."""
    return product(xp, a.T if transpose_a else a, b.T if transpose_b else b)


@matmul_op.shape
def _matmul_shape(a: Shape, b: Shape, *, transpose_a: bool, transpose_b: bool) -> Shape:
    return _product_shape(a.with_rank(2), b.with_rank(2), transpose_a, transpose_b)


def _product_shape(a: Shape, b: Shape, transpose_a: bool, transpose_b: bool) -> Shape:
    """The shape of a product of matrices, the last two dimensions of ``a`` and ``b``."""
    rows, inner_a = (a[-1], a[-2]) if transpose_a else (a[-2], a[-1])
    inner_b, columns = (b[-1], b[-2]) if transpose_b else (b[-2], b[-1])
    if inner_a is not None and inner_b is not None and inner_a != inner_b:
        raise ValueError(
            f"inner dimensions differ: a has shape {a} and b has shape {b}, "
            f"so {inner_a} != {inner_b}. Check the weights' shape, or set "
            "transpose_a or transpose_b."
        )
    return Shape((rows, columns))


@matmul_op.gradient
def _matmul_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Tensor]:
    a, b = conj(op.inputs[0]), conj(op.inputs[1])
    transpose_a, transpose_b = op._attrs["transpose_a"], op._attrs["transpose_b"]
    if transpose_a:
        from_a = matmul_op(b, grad, transpose_a=transpose_b, transpose_b=True)
    else:
        from_a = matmul_op(grad, b, transpose_b=not transpose_b)
    if transpose_b:
        from_b = matmul_op(grad, a, transpose_a=True, transpose_b=transpose_a)
    else:
        from_b = matmul_op(a, grad, transpose_a=not transpose_a)
    return from_a, from_b


def _adjoint(xp: Namespace, x: Any) -> Any:
    turned = xp.swapaxes(x, -1, -2)
    return xp.conj(turned) if x.dtype.kind == "c" else turned


@op("BatchMatMulV2", T=_MULTIPLIABLE)
def batch_matmul_v2(xp: Namespace, x: T, y: T, *, adj_x: bool = False, adj_y: bool = False) -> T:
    """Multiplies the matrices in the last two dimensions; the dimensions before broadcast."""
    return product(xp, _adjoint(xp, x) if adj_x else x, _adjoint(xp, y) if adj_y else y)


@op("BatchMatMul", T=_MULTIPLIABLE)
def batch_matmul(xp: Namespace, x: T, y: T, *, adj_x: bool = False, adj_y: bool = False) -> T:
    """Multiplies the matrices in the last two dimensions; the dimensions before are equal."""
    return product(xp, _adjoint(xp, x) if adj_x else x, _adjoint(xp, y) if adj_y else y)


@batch_matmul_v2.shape
@batch_matmul.shape
def _batch_matmul_shape(x: Shape, y: Shape, *, adj_x: bool, adj_y: bool) -> Shape:
    x, y = x.with_rank_at_least(2), y.with_rank_at_least(2)
    if x.dims is None or y.dims is None:
        return Shape(None)
    batch = broadcast_shapes(x[:-2], y[:-2])
    return batch + _product_shape(x, y, adj_x, adj_y)


@batch_matmul.gradient
@batch_matmul_v2.gradient
def _batch_matmul_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Tensor]:
    x, y = op.inputs
    adj_x, adj_y = op._attrs["adj_x"], op._attrs["adj_y"]
    if adj_x:
        from_x = batch_matmul_v2(y, grad, adj_x=adj_y, adj_y=True)
    else:
        from_x = batch_matmul_v2(grad, y, adj_y=not adj_y)
    if adj_y:
        from_y = batch_matmul_v2(grad, x, adj_x=True, adj_y=adj_x)
    else:
        from_y = batch_matmul_v2(x, grad, adj_x=not adj_x)
    return _summed_batch(from_x, x, y), _summed_batch(from_y, y, x)


def _summed_batch(grad: Tensor, x: Tensor, other: Tensor) -> Tensor:
    """``grad`` summed over the leading dimensions along which ``x`` was repeated."""
    mine, theirs = x._shape_value, other._shape_value
    axes = None
    if mine.dims is not None and theirs.dims is not None:
        axes = repeated_axes(mine[:-2], theirs[:-2])
    if axes == []:
        return grad
    if axes is not None:
        indices: Any = constant(np.array(axes, np.int32))
    else:
        indices, _ = broadcast_gradient_args(dynamic_shape(x)[:-2], dynamic_shape(other)[:-2])
    return reshape_op(sum_op(grad, indices), dynamic_shape(x))


@op("SparseMatMul", Ta=_SPARSE, Tb=_SPARSE, outputs=("product",))
def sparse_matmul_op(
    xp: Namespace,
    a: Ta,
    b: Tb,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
) -> Float32:
    """A product of matrices with many zeros; computed like any other."""
    a, b = a.astype("float32"), b.astype("float32")
    return xp.matmul(a.T if transpose_a else a, b.T if transpose_b else b)


@sparse_matmul_op.shape
def _sparse_matmul_shape(a: Shape, b: Shape, *, transpose_a: bool, transpose_b: bool) -> Shape:
    return _product_shape(a.with_rank(2), b.with_rank(2), transpose_a, transpose_b)


@sparse_matmul_op.gradient
def _sparse_matmul_grad(op: Operation, grad: Tensor) -> tuple[Tensor, Tensor]:
    a, b = (cast(each, dtypes.float32) for each in op.inputs)
    transpose_a, transpose_b = op._attrs["transpose_a"], op._attrs["transpose_b"]
    if transpose_a:
        from_a = matmul_op(b, grad, transpose_a=transpose_b, transpose_b=True)
    else:
        from_a = matmul_op(grad, b, transpose_b=not transpose_b)
    if transpose_b:
        from_b = matmul_op(grad, a, transpose_a=True, transpose_b=transpose_a)
    else:
        from_b = matmul_op(a, grad, transpose_a=not transpose_a)
    kinds = [each.dtype.base_dtype for each in op.inputs]
    return cast(from_a, kinds[0]), cast(from_b, kinds[1])


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
    """The matrix product of ``a`` and ``b``.

    Args:
      a: A matrix, or a tensor whose last two dimensions are matrices.
      b: The same; the dimensions before the last two broadcast.
      transpose_a: Whether ``a`` is transposed first.
      transpose_b: Whether ``b`` is transposed first.
      adjoint_a: Whether ``a`` is transposed and conjugated first.
      adjoint_b: Whether ``b`` is transposed and conjugated first.
      a_is_sparse: A hint that ``a`` has many zeros.
      b_is_sparse: A hint that ``b`` has many zeros.
      name: The name of the node.

    Raises:
      ValueError: If both ``transpose_a`` and ``adjoint_a`` (or both for ``b``) are set, or the
        inner dimensions differ.

    >>> tf.Session().run(tf.matmul([[1.0, 2.0]], [[3.0], [4.0]]))
    array([[11.]], dtype=float32)
    """
    for one, other, which in ((transpose_a, adjoint_a, "a"), (transpose_b, adjoint_b, "b")):
        if one and other:
            raise ValueError(
                f"transpose_{which} and adjoint_{which} cannot both be True; adjoint transposes "
                "and conjugates."
            )
    with get_default_graph().name_scope(name or "MatMul") as scope:
        a = convert_to_tensor(a, name="a")
        b = convert_to_tensor(b, name="b")
        if not (_is_matrix(a) and _is_matrix(b)):
            if transpose_a:
                a, adjoint_a = conj(a), True
            if transpose_b:
                b, adjoint_b = conj(b), True
            return batch_matmul_v2(a, b, adj_x=adjoint_a, adj_y=adjoint_b, name=scope)
        if adjoint_a:
            a, transpose_a = conj(a), True
        if adjoint_b:
            b, transpose_b = conj(b), True
        if _wants_sparse(a, b, a_is_sparse, b_is_sparse):
            result = sparse_matmul_op(
                a, b, transpose_a=transpose_a, transpose_b=transpose_b,
                a_is_sparse=a_is_sparse, b_is_sparse=b_is_sparse, name=scope,
            )  # fmt: skip
            both_small = a.dtype.base_dtype is b.dtype.base_dtype is dtypes.bfloat16
            return cast(result, dtypes.bfloat16) if both_small else result
        return matmul_op(a, b, transpose_a=transpose_a, transpose_b=transpose_b, name=scope)


def _is_matrix(x: Tensor) -> bool:
    """Whether ``x`` surely has no batch dimensions."""
    rank = x._shape_value.rank
    return rank is not None and rank <= 2


def _wants_sparse(a: Tensor, b: Tensor, a_is_sparse: bool, b_is_sparse: bool) -> bool:
    kinds = (a.dtype.base_dtype, b.dtype.base_dtype)
    fits = all(kind in (dtypes.float32, dtypes.bfloat16) for kind in kinds)
    return fits and (a_is_sparse or b_is_sparse or kinds[0] is not kinds[1])


@export("sparse_matmul")
def sparse_matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Any:
    """The product of two dense matrices with many zeros, in float32."""
    return sparse_matmul_op(
        a, b, transpose_a=transpose_a, transpose_b=transpose_b,
        a_is_sparse=a_is_sparse, b_is_sparse=b_is_sparse, name=name,
    )  # fmt: skip


@export("linalg.matvec")
def matvec(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    adjoint_a: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Any:
    """The product of matrix ``a`` and vector ``b``; dimensions before them broadcast.

    >>> tf.Session().run(tf.linalg.matvec([[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0]))
    array([17., 39.], dtype=float32)
    """
    with get_default_graph().name_scope(name or "MatVec"):
        result = matmul(
            a, expand_dims(b, axis=-1), transpose_a=transpose_a, adjoint_a=adjoint_a,
            a_is_sparse=a_is_sparse, b_is_sparse=b_is_sparse,
        )  # fmt: skip
        return squeeze(result, axis=-1)
