"""Reductions of sparse tensors, their softmax, and the larger or smaller of two."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape, unknown
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import ShapeContext, constant_value
from tidefall.ir.opdef import HOST
from tidefall.ir.operation import Operation
from tidefall.ir.sparse_tensor import SparseTensor, as_sparse
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.array import either, squeeze
from tidefall.ops.cast import cast
from tidefall.ops.compare import equal
from tidefall.ops.constant import constant
from tidefall.ops.filled import zeros_like
from tidefall.ops.gather_nd import gather_nd
from tidefall.ops.joining import stack
from tidefall.ops.math import mul
from tidefall.ops.ranges import range_
from tidefall.ops.reduce import lowest
from tidefall.ops.registry import FLOATS, NUMBERS, REALS, Int32, Int64, Namespace, T, op
from tidefall.ops.sizes import rank as rank_of_tensor
from tidefall.ops.sparse_dense import sparse_to_dense_op
from tidefall.ops.sparse_math import sparse_dense_cwise_add
from tidefall.ops.sparse_places import check_inside, flat, sizes_of, unflat

_PARTS = ("output_indices", "output_values", "output_shape")


def _grouped(
    xp: Namespace, how: str, indices: Any, values: Any, sizes: list[int], axes: Any
) -> tuple[Any, Any, list[int], list[int]]:
    """The elements reduced: places in the kept dimensions, values, kept and reduced axes."""
    gone = {shapes.normal_axis(axis, len(sizes), "reduction axis") for axis in axes}
    kept = [axis for axis in range(len(sizes)) if axis not in gone]
    check_inside(indices, sizes)
    places = flat(indices[:, kept], [sizes[axis] for axis in kept])
    found, group = np.unique(places, return_inverse=True)
    start = lowest(values.dtype) if how == "maximum" else 0
    reduced = xp.segment_reduce(how, values, group.astype(np.int64), len(found), start)
    return found, reduced.astype(values.dtype), kept, sorted(gone)


def _axes(reduction_axes: Any, sizes: list[int]) -> list[int]:
    axes: list[int] = np.asarray(reduction_axes).reshape(-1).tolist()
    return axes or list(range(len(sizes)))


def _dense(
    xp: Namespace, how: str, indices: Any, values: Any, shape: Any, axes: Any, keep_dims: bool
) -> Any:
    sizes = sizes_of(shape)
    found, reduced, kept, gone = _grouped(xp, how, indices, values, sizes, _axes(axes, sizes))
    inner = [sizes[axis] for axis in kept]
    result = np.zeros(int(np.prod(inner, dtype=np.int64)), values.dtype)
    result[found] = reduced
    final = [1 if axis in gone else size for axis, size in enumerate(sizes)]
    return result.reshape(final if keep_dims else inner)


def _sparse(
    xp: Namespace, how: str, indices: Any, values: Any, shape: Any, axes: Any, keep_dims: bool
) -> tuple[Any, Any, Any]:
    sizes = sizes_of(shape)
    found, reduced, kept, gone = _grouped(xp, how, indices, values, sizes, _axes(axes, sizes))
    inner = [sizes[axis] for axis in kept]
    places = unflat(found, inner)
    if keep_dims:
        for axis in gone:
            places = np.insert(places, axis, 0, 1)
        inner = [1 if axis in gone else size for axis, size in enumerate(sizes)]
    return places, reduced, np.array(inner, np.int64)


def _reduced_shape(
    ctx: ShapeContext, indices: Shape, values: Shape, sizes: Shape, axes: Shape, *,
    keep_dims: bool,
) -> Shape:  # fmt: skip
    whole = ctx.shape_value(2)
    known = ctx.constant(3)
    if whole.rank is None or known is None:
        return UNKNOWN
    gone = shapes.reduced_axes(known, whole.rank) or set(range(whole.rank))
    if keep_dims:
        return Shape(tuple([1 if i in gone else size for i, size in enumerate(whole)]))
    return Shape(tuple([size for i, size in enumerate(whole) if i not in gone]))


def _three_unknown(*inputs: Any) -> tuple[Shape, ...]:
    return UNKNOWN, UNKNOWN, UNKNOWN


@op("SparseReduceSum", T=NUMBERS, runs_on=HOST, shape=_reduced_shape)
def sparse_reduce_sum_op(
    xp: Namespace, input_indices: Int64, input_values: T, input_shape: Int64,
    reduction_axes: Int32, *, keep_dims: bool = False,
) -> T:  # fmt: skip
    """The sums along some dimensions, dense."""
    return _dense(xp, "add", input_indices, input_values, input_shape, reduction_axes, keep_dims)


@sparse_reduce_sum_op.gradient
def _sparse_reduce_sum_grad(op: Operation, grad: Tensor) -> list[Any]:
    return [None, _spread(op, grad), None, None]


def _spread(op: Operation, dense: Any) -> Any:
    """For each element what a dense result of a reduction has in its place."""
    indices, values, sizes, axes = op.inputs
    rank = sizes._shape_value[0]
    known = constant_value(axes)
    if rank is None or known is None:
        raise ValueError(
            "the rank of the sparse tensor and the axes must be known for the gradient."
        )
    gone = shapes.reduced_axes(known, rank) or set(range(rank))
    if op.get_attr("keep_dims"):
        dense = squeeze(dense, sorted(gone))
    kept = [axis for axis in range(rank) if axis not in gone]
    if not kept:
        return dense + zeros_like(values)
    columns = stack([indices[:, axis] for axis in kept], axis=1)
    return gather_nd(dense, columns)


@op("SparseReduceSumSparse", T=NUMBERS, runs_on=HOST, outputs=_PARTS, shape=_three_unknown)
def sparse_reduce_sum_sparse_op(
    xp: Namespace, input_indices: Int64, input_values: T, input_shape: Int64,
    reduction_axes: Int32, *, keep_dims: bool = False,
) -> tuple[Int64, T, Int64]:  # fmt: skip
    """The sums along some dimensions, sparse."""
    return _sparse(xp, "add", input_indices, input_values, input_shape, reduction_axes, keep_dims)


@sparse_reduce_sum_sparse_op.gradient
def _sparse_reduce_sum_sparse_grad(op: Operation, a: Any, grad: Tensor, b: Any) -> list[Any]:
    places, _, sizes = op.outputs
    dense = sparse_to_dense_op(
        places, sizes, grad, constant(0, grad.dtype.base_dtype), validate_indices=False
    )
    return [None, _spread(op, dense), None, None]


@op("SparseReduceMax", T=REALS, runs_on=HOST, shape=_reduced_shape)
def sparse_reduce_max_op(
    xp: Namespace, input_indices: Int64, input_values: T, input_shape: Int64,
    reduction_axes: Int32, *, keep_dims: bool = False,
) -> T:  # fmt: skip
    """The largest elements along some dimensions, dense; zero where there is none."""
    return _dense(
        xp, "maximum", input_indices, input_values, input_shape, reduction_axes, keep_dims
    )


@sparse_reduce_max_op.gradient
def _sparse_reduce_max_grad(op: Operation, grad: Tensor) -> list[Any]:
    return [None, _to_largest(op, op.outputs[0], grad), None, None]


def _to_largest(op: Operation, largest: Any, grad: Any) -> Any:
    """The gradients of the elements that are the largest; equal ones share it."""
    indices, values, sizes, axes = op.inputs
    is_largest = cast(equal(values, _spread(op, largest)), values.dtype.base_dtype)
    keep_dims = op.get_attr("keep_dims")
    count = sparse_reduce_sum_op(indices, is_largest, sizes, axes, keep_dims=keep_dims)
    return is_largest * (_spread(op, grad) / _spread(op, count))


@op("SparseReduceMaxSparse", T=REALS, runs_on=HOST, outputs=_PARTS, shape=_three_unknown)
def sparse_reduce_max_sparse_op(
    xp: Namespace, input_indices: Int64, input_values: T, input_shape: Int64,
    reduction_axes: Int32, *, keep_dims: bool = False,
) -> tuple[Int64, T, Int64]:  # fmt: skip
    """The largest elements along some dimensions, sparse."""
    return _sparse(
        xp, "maximum", input_indices, input_values, input_shape, reduction_axes, keep_dims
    )


@sparse_reduce_max_sparse_op.gradient
def _sparse_reduce_max_sparse_grad(op: Operation, a: Any, grad: Tensor, b: Any) -> list[Any]:
    places, values, sizes = op.outputs
    zero = constant(0, grad.dtype.base_dtype)
    both = [
        sparse_to_dense_op(places, sizes, each, zero, validate_indices=False)
        for each in (values, grad)
    ]
    return [None, _to_largest(op, *both), None, None]


def _reduction(function: Any, sp_input: Any, axes: Any, keep: Any) -> Any:
    sparse = as_sparse(sp_input)
    if axes is None:
        known = sparse.dense_shape._shape_value[0]
        if known is not None:
            axes = constant(np.arange(known, dtype=np.int32))
        else:
            axes = range_(0, rank_of_tensor(sparse), 1)
    return function(sparse.indices, sparse.values, sparse.dense_shape, axes, keep_dims=bool(keep))


@export("sparse_reduce_sum", "sparse.reduce_sum")
def sparse_reduce_sum(
    sp_input: Any, axis: Any = None, keepdims: Any = None, reduction_axes: Any = None,
    keep_dims: Any = None,
) -> Any:  # fmt: skip
    """The sums of a sparse tensor along some dimensions, dense.

    Args:
      sp_input: A sparse tensor.
      axis: The dimensions; all if None.
      keepdims: Whether they stay, with size 1.
      reduction_axes: An older name of ``axis``.
      keep_dims: An older name of ``keepdims``.

    >>> x = tf.SparseTensor([[0, 0], [0, 2], [1, 1]], [1, 1, 1], [2, 3])
    >>> tf.Session().run(tf.sparse.reduce_sum(x, 1))
    array([2, 1], dtype=int32)
    """
    axes = either("axis", axis, "reduction_axes", reduction_axes)
    keep = either("keepdims", keepdims, "keep_dims", keep_dims)
    return _reduction(sparse_reduce_sum_op, sp_input, axes, keep)


@export("sparse_reduce_sum_sparse", "sparse.reduce_sum_sparse")
def sparse_reduce_sum_sparse(
    sp_input: Any, axis: Any = None, keepdims: Any = None, reduction_axes: Any = None,
    keep_dims: Any = None,
) -> SparseTensor:  # fmt: skip
    """The sums of a sparse tensor along some dimensions, sparse; see `tf.sparse.reduce_sum`."""
    axes = either("axis", axis, "reduction_axes", reduction_axes)
    keep = either("keepdims", keepdims, "keep_dims", keep_dims)
    return SparseTensor(*_reduction(sparse_reduce_sum_sparse_op, sp_input, axes, keep))


@export("sparse_reduce_max", "sparse.reduce_max")
def sparse_reduce_max(
    sp_input: Any, axis: Any = None, keepdims: Any = None, reduction_axes: Any = None,
    keep_dims: Any = None,
) -> Any:  # fmt: skip
    """The largest elements of a sparse tensor along some dimensions, dense.

    Only the elements that are there count; where there are none, the result is zero. For the
    arguments see `tf.sparse.reduce_sum`.
    """
    axes = either("axis", axis, "reduction_axes", reduction_axes)
    keep = either("keepdims", keepdims, "keep_dims", keep_dims)
    return _reduction(sparse_reduce_max_op, sp_input, axes, keep)


@export("sparse_reduce_max_sparse", "sparse.reduce_max_sparse")
def sparse_reduce_max_sparse(
    sp_input: Any, axis: Any = None, keepdims: Any = None, reduction_axes: Any = None,
    keep_dims: Any = None,
) -> SparseTensor:  # fmt: skip
    """The largest elements of a sparse tensor along some dimensions, sparse.

    For the arguments see `tf.sparse.reduce_sum`.
    """
    axes = either("axis", axis, "reduction_axes", reduction_axes)
    keep = either("keepdims", keepdims, "keep_dims", keep_dims)
    return SparseTensor(*_reduction(sparse_reduce_max_sparse_op, sp_input, axes, keep))


# -- softmax --------------------------------------------------------------------------------------


@op("SparseSoftmax", T=FLOATS[2:], runs_on=HOST)
def sparse_softmax_op(xp: Namespace, sp_indices: Int64, sp_values: T, sp_shape: Int64) -> T:
    """The softmax of each row, of the elements that are there."""
    sizes = sizes_of(sp_shape)
    check_inside(sp_indices, sizes)
    rows = np.unique(flat(sp_indices[:, :-1], sizes[:-1]), return_inverse=True)[1].astype(np.int64)
    count = int(rows.max(initial=-1)) + 1
    largest = xp.segment_reduce("maximum", sp_values, rows, count, lowest(sp_values.dtype))
    powers = np.exp(sp_values - largest[rows])
    return (powers / xp.segment_reduce("add", powers, rows, count, 0)[rows]).astype(sp_values.dtype)


@sparse_softmax_op.shape
def _sparse_softmax_shape(indices: Shape, values: Shape, sizes: Shape) -> Shape:
    return values.with_rank(1)


@sparse_softmax_op.gradient
def _sparse_softmax_grad(op: Operation, grad: Tensor) -> list[Any]:
    indices, _, sizes = op.inputs
    result = op.outputs[0]
    products: Any = mul(result, grad)
    sums = sparse_reduce_sum_op(indices, products, sizes, [-1], keep_dims=True)
    at_places = sparse_dense_cwise_add(indices, zeros_like(products), sizes, sums)
    return [None, (grad - at_places) * result, None]


@export("sparse_softmax", "sparse.softmax")
def sparse_softmax(sp_input: Any, name: str | None = None) -> SparseTensor:
    """The softmax of each row of a sparse tensor, of the elements that are there.

    Args:
      sp_input: A sparse tensor of floats.
      name: The name scope of the node.
    """
    sparse = as_sparse(sp_input)
    with get_default_graph().name_scope(name or "SparseSoftmax"):
        values = sparse_softmax_op(sparse.indices, sparse.values, sparse.dense_shape)
        return SparseTensor(sparse.indices, values, sparse.dense_shape)


# -- the larger and the smaller of two ------------------------------------------------------------


def _of_two(choose: Any, a: tuple[Any, Any, Any], b: tuple[Any, Any, Any]) -> tuple[Any, Any]:
    sizes = sizes_of(a[2])
    if sizes != sizes_of(b[2]):
        raise ValueError(
            f"the sparse tensors must be of one shape, but have {sizes} and {sizes_of(b[2])}."
        )
    check_inside(a[0], sizes)
    check_inside(b[0], sizes)
    both = np.concatenate([flat(a[0], sizes), flat(b[0], sizes)])
    places, inverse = np.unique(both, return_inverse=True)
    left = np.zeros(len(places), a[1].dtype)
    right = left.copy()
    left[inverse[: len(a[0])]] = a[1]
    right[inverse[len(a[0]) :]] = b[1]
    return unflat(places, sizes), choose(left, right)


_TWO = ("output_indices", "output_values")


def _two_unknown(*inputs: Any) -> tuple[Shape, ...]:
    return unknown(2), unknown(1)


@op("SparseSparseMaximum", T=REALS, runs_on=HOST, outputs=_TWO, shape=_two_unknown,
    differentiable=False)  # fmt: skip
def sparse_sparse_maximum(
    xp: Namespace, a_indices: Int64, a_values: T, a_shape: Int64, b_indices: Int64, b_values: T,
    b_shape: Int64,
) -> tuple[Int64, T]:  # fmt: skip
    """The larger of two sparse tensors, element by element."""
    return _of_two(np.maximum, (a_indices, a_values, a_shape), (b_indices, b_values, b_shape))


@op("SparseSparseMinimum", T=NUMBERS, runs_on=HOST, outputs=_TWO, shape=_two_unknown,
    differentiable=False)  # fmt: skip
def sparse_sparse_minimum(
    xp: Namespace, a_indices: Int64, a_values: T, a_shape: Int64, b_indices: Int64, b_values: T,
    b_shape: Int64,
) -> tuple[Int64, T]:  # fmt: skip
    """The smaller of two sparse tensors, element by element."""
    return _of_two(np.minimum, (a_indices, a_values, a_shape), (b_indices, b_values, b_shape))


@export("sparse_maximum", "sparse.maximum")
def sparse_maximum(sp_a: Any, sp_b: Any, name: str | None = None) -> SparseTensor:
    """The larger of two sparse tensors of one shape; missing elements count as zero."""
    return _chosen(sparse_sparse_maximum, sp_a, sp_b, name or "SparseSparseMaximum")


@export("sparse_minimum", "sparse.minimum")
def sparse_minimum(sp_a: Any, sp_b: Any, name: str | None = None) -> SparseTensor:
    """The smaller of two sparse tensors of one shape; missing elements count as zero."""
    return _chosen(sparse_sparse_minimum, sp_a, sp_b, name or "SparseSparseMinimum")


def _chosen(function: Any, sp_a: Any, sp_b: Any, name: str) -> SparseTensor:
    a, b = as_sparse(sp_a), as_sparse(sp_b)
    found = function(
        a.indices, a.values, a.dense_shape, b.indices, b.values, b.dense_shape, name=name
    )
    return SparseTensor(found[0], found[1], a.dense_shape)
