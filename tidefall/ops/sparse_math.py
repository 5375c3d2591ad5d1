"""Arithmetic of sparse tensors with one another and with dense ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.core.shapes import Shape, unknown
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import ShapeContext
from tidefall.ir.opdef import HOST
from tidefall.ir.operation import Operation
from tidefall.ir.sparse_tensor import SparseTensor, as_sparse, is_sparse
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import either
from tidefall.ops.broadcast import summed_to
from tidefall.ops.complex import conjugate
from tidefall.ops.constant import constant
from tidefall.ops.filled import ones, zeros_like
from tidefall.ops.gather import gather
from tidefall.ops.histogram import sparse_tensor_dense_add
from tidefall.ops.joining import stack
from tidefall.ops.math import minimum, real_div
from tidefall.ops.ranges import range_
from tidefall.ops.rearranging import conjugate_transpose, transpose
from tidefall.ops.reduce import reduce_sum
from tidefall.ops.registry import (
    INDICES,
    NUMBERS,
    REALS,
    Int64,
    Namespace,
    T,
    Tindices,
    Treal,
    TypeAttr,
    op,
)
from tidefall.ops.sparse_dense import sparse_to_dense_op
from tidefall.ops.sparse_places import check_inside, flat, sizes_of, unflat

_INDICES_64 = TypeAttr(INDICES, dtypes.int64)


def _values_shape(*inputs: Any) -> Shape:
    """One value for each element of the first sparse tensor."""
    shape: Shape = inputs[1]
    return shape.with_rank(1)


# -- matrix products ------------------------------------------------------------------------------


@op("SparseTensorDenseMatMul", Tindices=_INDICES_64, runs_on=HOST, outputs=("product",))
def sparse_tensor_dense_mat_mul(
    xp: Namespace, a_indices: Tindices, a_values: T, a_shape: Int64, b: T, *,
    adjoint_a: bool = False, adjoint_b: bool = False,
) -> T:  # fmt: skip
    """A sparse matrix times a dense one."""
    sizes = sizes_of(a_shape)
    places = np.asarray(a_indices, np.int64)
    check_inside(places, sizes)
    rows, inner = places[:, 0], places[:, 1]
    values, dense = a_values, np.conj(b.T) if adjoint_b else b
    if adjoint_a:
        rows, inner, values, sizes = inner, rows, np.conj(values), sizes[::-1]
    if sizes[1] != dense.shape[0]:
        raise ValueError(
            f"inner dimensions differ: the sparse matrix has {sizes[1]} columns and the dense one "
            f"{dense.shape[0]} rows. Set adjoint_a or adjoint_b, or check the shapes."
        )
    products = values[:, np.newaxis] * dense[inner]
    return xp.segment_reduce("add", products, rows, sizes[0], 0).astype(b.dtype)


@sparse_tensor_dense_mat_mul.shape
def _sparse_tensor_dense_mat_mul_shape(
    ctx: ShapeContext, indices: Shape, values: Shape, sizes: Shape, b: Shape, *,
    adjoint_a: bool, adjoint_b: bool,
) -> Shape:  # fmt: skip
    a, b = ctx.shape_value(2).with_rank(2), b.with_rank(2)
    rows, inner_a = reversed(a) if adjoint_a else a
    inner_b, columns = reversed(b) if adjoint_b else b
    if None not in (inner_a, inner_b) and inner_a != inner_b:
        raise ValueError(
            f"inner dimensions differ: the sparse matrix has shape {a} and the dense one {b}, so "
            f"{inner_a} != {inner_b}. Check the shapes, or set adjoint_a or adjoint_b."
        )
    return Shape((rows, columns))


@sparse_tensor_dense_mat_mul.gradient
def _sparse_tensor_dense_mat_mul_grad(op: Operation, grad: Tensor) -> list[Any]:
    indices, values, sizes, b = op.inputs
    adjoint_a, adjoint_b = op.get_attr("adjoint_a"), op.get_attr("adjoint_b")
    to_b = sparse_tensor_dense_mat_mul(indices, values, sizes, grad, adjoint_a=not adjoint_a)
    if adjoint_b:
        to_b = _adjoint(to_b)
    rows, inner = indices[:, 0], indices[:, 1]
    of_grad = gather(grad, inner if adjoint_a else rows)
    of_b = gather(_adjoint(b) if adjoint_b else b, rows if adjoint_a else inner)
    if adjoint_a:
        of_grad = conjugate(of_grad)
    else:
        of_b = conjugate(of_b)
    return [None, reduce_sum(of_grad * of_b, axis=1), None, to_b]


def _adjoint(matrix: Any) -> Any:
    if matrix.dtype.is_complex:
        return conjugate_transpose(matrix, [1, 0])
    return transpose(matrix)


@export("sparse_tensor_dense_matmul", "sparse.matmul", "sparse.sparse_dense_matmul")
def sparse_tensor_dense_matmul(
    sp_a: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: str | None = None
) -> Any:
    """A sparse matrix times a dense one.

    Args:
      sp_a: A sparse matrix.
      b: A dense matrix.
      adjoint_a: Whether the sparse matrix is transposed, and conjugated, first.
      adjoint_b: Whether the dense one is.
      name: The name scope of the node.

    >>> x = tf.SparseTensor([[0, 1]], [2.0], [2, 2])
    >>> tf.Session().run(tf.sparse.matmul(x, [[1.0], [3.0]]))
    array([[6.],
           [0.]], dtype=float32)
    """
    sparse = as_sparse(sp_a)
    with get_default_graph().name_scope(name or "SparseTensorDenseMatMul"):
        dense = convert_to_tensor(b, name="b")
        return sparse_tensor_dense_mat_mul(
            sparse.indices, sparse.values, sparse.dense_shape, dense,
            adjoint_a=adjoint_a, adjoint_b=adjoint_b,
        )  # fmt: skip


# -- sums -----------------------------------------------------------------------------------------


@op("SparseAdd", T=NUMBERS, Treal=REALS, runs_on=HOST,
    outputs=("sum_indices", "sum_values", "sum_shape"))  # fmt: skip
def sparse_add_op(
    xp: Namespace, a_indices: Int64, a_values: T, a_shape: Int64, b_indices: Int64, b_values: T,
    b_shape: Int64, thresh: Treal,
) -> tuple[Int64, T, Int64]:  # fmt: skip
    """The sum of two sparse tensors; elements smaller than ``thresh`` are left out."""
    sizes = _same_sizes(a_shape, b_shape)
    places, where_a, where_b = _united(a_indices, b_indices, sizes)
    values = np.zeros(len(places), a_values.dtype)
    np.add.at(values, where_a, a_values)
    np.add.at(values, where_b, b_values)
    kept = np.abs(values) >= thresh if thresh > 0 else np.ones(len(values), np.bool_)
    return unflat(places[kept], sizes), values[kept], np.array(sizes, np.int64)


def _same_sizes(a_shape: Any, b_shape: Any) -> list[int]:
    sizes, others = sizes_of(a_shape), sizes_of(b_shape)
    if sizes != others:
        raise ValueError(f"the sparse tensors must be of one shape, but have {sizes} and {others}.")
    return sizes


def _united(a_indices: Any, b_indices: Any, sizes: list[int]) -> tuple[Any, Any, Any]:
    """The places of both, in order, each once; and where those of each are among them."""
    check_inside(a_indices, sizes)
    check_inside(b_indices, sizes)
    both = np.concatenate([flat(a_indices, sizes), flat(b_indices, sizes)])
    places, inverse = np.unique(both, return_inverse=True)
    return places, inverse[: len(a_indices)], inverse[len(a_indices) :]


@sparse_add_op.shape
def _sparse_add_shape(
    a_indices: Shape, a_values: Shape, a_shape: Shape, b_indices: Shape, b_values: Shape,
    b_shape: Shape, thresh: Shape,
) -> tuple[Shape, ...]:  # fmt: skip
    rank = a_shape.with_rank(1).merge_with(b_shape)[0]
    return Shape((None, rank)), unknown(1), Shape((rank,))


@sparse_add_op.gradient
def _sparse_add_grad(op: Operation, a: Any, grad: Tensor, b: Any) -> list[Any]:
    to_a, to_b = sparse_add_grad_op(grad, op.inputs[0], op.inputs[3], op.outputs[0])
    return [None, to_a, None, None, to_b, None, None]


@op("SparseAddGrad", T=NUMBERS, runs_on=HOST, outputs=("a_val_grad", "b_val_grad"))
def sparse_add_grad_op(
    xp: Namespace, backprop_val_grad: T, a_indices: Int64, b_indices: Int64, sum_indices: Int64
) -> tuple[T, T]:
    """For the elements of both terms, the gradients of those of the sum at the same places."""
    return (
        _found_at(a_indices, sum_indices, backprop_val_grad),
        _found_at(b_indices, sum_indices, backprop_val_grad),
    )


def _found_at(wanted: Any, present: Any, values: Any) -> Any:
    """The values at some of the places where they are; zero elsewhere."""
    both = np.concatenate([wanted, present])
    sizes = (both.max(0, initial=0) + 1).tolist()
    where = {place: index for index, place in enumerate(flat(present, sizes).tolist())}
    places = [where.get(place, -1) for place in flat(wanted, sizes).tolist()]
    return np.append(values, values.dtype.type(0))[places]


@sparse_add_grad_op.shape
def _sparse_add_grad_shape(
    grad: Shape, a_indices: Shape, b_indices: Shape, sum_indices: Shape
) -> tuple[Shape, Shape]:
    return Shape((a_indices.with_rank(2)[0],)), Shape((b_indices.with_rank(2)[0],))


@sparse_add_grad_op.gradient
def _sparse_add_grad_grad(op: Operation, to_a: Tensor, to_b: Tensor) -> list[Any]:
    _, a_indices, b_indices, sum_indices = op.inputs
    back = sparse_add_grad_op(to_a, sum_indices, sum_indices, a_indices)[0]
    return [back + sparse_add_grad_op(to_b, sum_indices, sum_indices, b_indices)[0], *[None] * 3]


@export("sparse_add", "sparse.add")
def sparse_add(a: Any, b: Any, threshold: Any = None, thresh: Any = None) -> Any:
    """The sum of two tensors, at least one of which is sparse.

    Args:
      a: A sparse tensor, or a dense one.
      b: The other.
      threshold: Of two sparse tensors, sums smaller than this are left out.
      thresh: An older name of ``threshold``.

    Returns:
      A sparse tensor if both are, else a dense one.

    Raises:
      TypeError: If neither is sparse.
    """
    limit = either("threshold", threshold, "thresh", thresh)
    if not (is_sparse(a) or is_sparse(b)):
        raise TypeError("at least one of the terms must be a SparseTensor.")
    if is_sparse(a) and is_sparse(b):
        first, second = as_sparse(a), as_sparse(b)
        kind: DType = first.values.dtype.base_dtype
        limit = convert_to_tensor(0 if limit is None else limit, kind.real_dtype, "threshold")
        found = sparse_add_op(
            first.indices, first.values, first.dense_shape,
            second.indices, second.values, second.dense_shape, limit,
        )  # fmt: skip
        sizes = first.shape.as_list() if first.shape.is_fully_defined() else None
        return SparseTensor(found[0], found[1], found[2] if sizes is None else sizes)
    sparse, dense = (as_sparse(a), b) if is_sparse(a) else (as_sparse(b), a)
    return sparse_tensor_dense_add(sparse.indices, sparse.values, sparse.dense_shape, dense)


# -- element by element ---------------------------------------------------------------------------


def _elements_of(dense: Any, places: Any, sizes: list[int]) -> Any:
    """The elements of a dense tensor, broadcast to a shape, at some places."""
    check_inside(places, sizes)
    try:
        spread = np.broadcast_to(dense, sizes)
    except ValueError:
        raise ValueError(
            f"the dense tensor of shape {list(np.shape(dense))} cannot be broadcast to the shape "
            f"{sizes} of the sparse one."
        ) from None
    return spread[tuple(places.T)]


@op("SparseDenseCwiseMul", T=NUMBERS, runs_on=HOST, shape=_values_shape)
def sparse_dense_cwise_mul(
    xp: Namespace, sp_indices: Int64, sp_values: T, sp_shape: Int64, dense: T
) -> T:
    """The elements of a sparse tensor times those of a dense one."""
    return sp_values * _elements_of(dense, sp_indices, sizes_of(sp_shape))


@op("SparseDenseCwiseDiv", T=NUMBERS, runs_on=HOST, shape=_values_shape)
def sparse_dense_cwise_div(
    xp: Namespace, sp_indices: Int64, sp_values: T, sp_shape: Int64, dense: T
) -> T:
    """The elements of a sparse tensor divided by those of a dense one."""
    divisors = _elements_of(dense, sp_indices, sizes_of(sp_shape))
    if sp_values.dtype.kind in "iu":
        if (divisors == 0).any():
            raise ValueError("an integer cannot be divided by zero.")
        quotient = np.abs(sp_values) // np.abs(divisors)
        signs = np.sign(sp_values) * np.sign(divisors)
        return (quotient * signs).astype(sp_values.dtype)
    return sp_values / divisors


@op("SparseDenseCwiseAdd", T=NUMBERS, runs_on=HOST, shape=_values_shape)
def sparse_dense_cwise_add(
    xp: Namespace, sp_indices: Int64, sp_values: T, sp_shape: Int64, dense: T
) -> T:
    """The elements of a sparse tensor plus those of a dense one at the same places."""
    return sp_values + _elements_of(dense, sp_indices, sizes_of(sp_shape))


def _at_places(op: Operation) -> Any:
    """The elements of the dense tensor at the places of the sparse one."""
    indices, values, sizes, dense = op.inputs
    nothing: Any = zeros_like(values)
    return sparse_dense_cwise_add(indices, nothing, sizes, dense)


def _to_dense(op: Operation, grad: Any) -> Any:
    """The gradient of the dense tensor: what its elements had a part in, added up."""
    indices, _, sizes, dense = op.inputs
    nothing = constant(0, grad.dtype.base_dtype)
    spread = sparse_to_dense_op(indices, sizes, grad, nothing, validate_indices=False)
    return summed_to(spread, dense, spread)


@sparse_dense_cwise_mul.gradient
def _cwise_mul_grad(op: Operation, grad: Tensor) -> list[Any]:
    values = op.inputs[1]
    return [None, grad * conjugate(_at_places(op)), None, _to_dense(op, grad * conjugate(values))]


@sparse_dense_cwise_div.gradient
def _cwise_div_grad(op: Operation, grad: Tensor) -> list[Any]:
    divisors = conjugate(_at_places(op))
    to_values = real_div(grad, divisors)
    to_divisors = -to_values * real_div(conjugate(op.inputs[1]), divisors)
    return [None, to_values, None, _to_dense(op, to_divisors)]


@sparse_dense_cwise_add.gradient
def _cwise_add_grad(op: Operation, grad: Tensor) -> list[Any]:
    return [None, grad, None, _to_dense(op, grad)]


def _operator(symbol: str, name: str, function: Any) -> None:
    @hooks.install(f"sparse_operator.{symbol}")
    def apply(sparse: SparseTensor, dense: Any) -> SparseTensor:
        with get_default_graph().name_scope(name) as scope:
            other = convert_to_tensor(dense, sparse.dtype.base_dtype, "y")
            values = function(sparse.indices, sparse.values, sparse.dense_shape, other, name=scope)
        return SparseTensor(sparse.indices, values, sparse.dense_shape)


_operator("mul", "mul", sparse_dense_cwise_mul)
_operator("truediv", "truediv", sparse_dense_cwise_div)
_operator("div", "div", sparse_dense_cwise_div)


@export("sparse.eye")
def sparse_eye(
    num_rows: Any, num_columns: Any = None, dtype: Any = dtypes.float32, name: str | None = None
) -> SparseTensor:
    """A sparse matrix with ones on its diagonal.

    Args:
      num_rows: The number of rows.
      num_columns: The number of columns; that of rows if None.
      dtype: The dtype of the elements.
      name: The name scope of the nodes.
    """
    with get_default_graph().name_scope(name or "eye"):
        rows = convert_to_tensor(num_rows, dtypes.int64, "num_rows")
        columns = rows
        if num_columns is not None:
            columns = convert_to_tensor(num_columns, dtypes.int64, "num_columns")
        count = minimum(rows, columns)
        line = range_(count, dtype=dtypes.int64)
        return SparseTensor(stack([line, line], axis=1), ones(count, dtype), [rows, columns])
