"""Sparse tensors rearranged: sorted, reshaped, transposed, rows left out or filled."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.core.shapes import Shape, unknown
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import constant_value
from tidefall.ir.opdef import HOST
from tidefall.ir.operation import Operation
from tidefall.ir.sparse_tensor import SparseTensor, as_sparse
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import identity, invert_permutation, reshape, size_op
from tidefall.ops.cast import cast
from tidefall.ops.checks import assert_less_equal
from tidefall.ops.constant import constant
from tidefall.ops.filled import ones_like
from tidefall.ops.gather import gather
from tidefall.ops.joining import concat
from tidefall.ops.math import add, maximum
from tidefall.ops.ranges import range_
from tidefall.ops.rearranging import transpose
from tidefall.ops.reduce import reduce_max, reduce_sum
from tidefall.ops.registry import Bool, Int64, Namespace, T, op
from tidefall.ops.sparse_places import check_inside, flat, sizes_of, unflat
from tidefall.ops.sparse_places import order as places_in_order
from tidefall.ops.where import where


@op("SparseReorder", runs_on=HOST, outputs=("output_indices", "output_values"))
def sparse_reorder_op(
    xp: Namespace, input_indices: Int64, input_values: T, input_shape: Int64
) -> tuple[Int64, T]:
    """The elements sorted row by row."""
    check_inside(input_indices, sizes_of(input_shape))
    permutation = places_in_order(input_indices)
    return input_indices[permutation], input_values[permutation]


@sparse_reorder_op.shape
def _sparse_reorder_shape(indices: Shape, values: Shape, sizes: Shape) -> tuple[Shape, Shape]:
    return indices.with_rank(2), values.with_rank(1)


@sparse_reorder_op.gradient
def _sparse_reorder_grad(op: Operation, unused: Any, grad: Tensor) -> list[Any]:
    indices, values, sizes = op.inputs
    numbers = range_(size_op(values, out_type=dtypes.int32))
    places = sparse_reorder_op(indices, numbers, sizes)[1]  # where each element came from
    return [None, gather(grad, invert_permutation(places)), None]


@export("sparse_reorder", "sparse.reorder")
def sparse_reorder(sp_input: Any, name: str | None = None) -> SparseTensor:
    """A sparse tensor with its elements sorted row by row, as most functions want them.

    Args:
      sp_input: A sparse tensor.
      name: The name of the node.
    """
    sparse = as_sparse(sp_input)
    known = sparse.shape.as_list() if sparse.shape.is_fully_defined() else None
    return _reordered(sparse, known, name)


def _reordered(
    sparse: SparseTensor, sizes: list[int] | None, name: str | None = None
) -> SparseTensor:
    """`sparse_reorder`, where the sizes of the dense tensor are known or not."""
    indices, values = sparse_reorder_op(
        sparse.indices, sparse.values, sparse.dense_shape, name=name
    )
    dense_shape = identity(sparse.dense_shape) if sizes is None else sizes
    return SparseTensor(indices, values, dense_shape)


@op("SparseReshape", runs_on=HOST, outputs=("output_indices", "output_shape"))
def sparse_reshape_op(
    xp: Namespace, input_indices: Int64, input_shape: Int64, new_shape: Int64
) -> tuple[Int64, Int64]:
    """The places of the elements after reshaping, and the new shape with no -1 in it."""
    old, new = sizes_of(input_shape), _completed(sizes_of(input_shape), sizes_of(new_shape))
    if math.prod(old) != math.prod(new):
        raise ValueError(
            f"a tensor of shape {old}, which has {math.prod(old)} elements, cannot be reshaped to "
            f"{new}, which has {math.prod(new)}."
        )
    return unflat(flat(input_indices, old), new), np.array(new, np.int64)


def _completed(old: list[int], new: list[int]) -> list[int]:
    """``new`` with the size that -1 stands for.

    Raises:
      ValueError: If there are several, or no size fits.
    """
    if new.count(-1) > 1:
        raise ValueError(f"only one size may be -1, but new_shape is {new}.")
    if -1 not in new:
        return new
    rest, total = math.prod(size for size in new if size != -1), math.prod(old)
    if rest == 0 or total % rest:
        raise ValueError(f"a tensor of shape {old} cannot be reshaped to {new}.")
    return [total // rest if size == -1 else size for size in new]


@sparse_reshape_op.shape
def _sparse_reshape_shape(indices: Shape, old: Shape, new: Shape) -> tuple[Shape, Shape]:
    rank = new.with_rank(1)[0]
    return Shape((indices.with_rank(2)[0], rank)), Shape((rank,))


@export("sparse_reshape", "sparse.reshape")
def sparse_reshape(sp_input: Any, shape: Any, name: str | None = None) -> SparseTensor:
    """A sparse tensor in another shape, of as many elements when dense.

    Args:
      sp_input: A sparse tensor, sorted.
      shape: The new shape; one size may be -1.
      name: The name of the node.

    Raises:
      ValueError: If the shapes are known and do not fit.
    """
    sparse = as_sparse(sp_input)
    new_shape = cast(shape, dtypes.int64)
    with get_default_graph().name_scope(name or "SparseReshape") as scope:
        indices, result_shape = sparse_reshape_op(
            sparse.indices, sparse.dense_shape, new_shape, name=scope
        )
        wanted = constant_value(new_shape)
        if wanted is not None and sparse.shape.is_fully_defined():
            old = sparse.shape.as_list()
            new = _completed(old, wanted.tolist())
            if math.prod(old) != math.prod(new):
                raise ValueError(f"a tensor of shape {old} cannot be reshaped to {new}.")
            result_shape = constant(new, dtypes.int64)
        return SparseTensor(indices, identity(sparse.values), result_shape)


@export("sparse_transpose", "sparse.transpose")
def sparse_transpose(sp_input: Any, perm: Any = None, name: str | None = None) -> SparseTensor:
    """A sparse tensor with its dimensions in another order.

    Args:
      sp_input: A sparse tensor.
      perm: The dimensions in their new order; reversed if None.
      name: The name scope of the nodes.
    """
    sparse = as_sparse(sp_input)
    with get_default_graph().name_scope(name or "SparseTranspose"):
        order = perm
        if perm is None:
            rank = size_op(sparse.dense_shape, out_type=dtypes.int32, name="Rank")
            order = (rank - 1) - range_(0, rank, 1)
        indices = transpose(gather(transpose(sparse.indices), order))
        known = None if perm is None else constant_value(convert_to_tensor(perm))
        if known is not None and sparse.shape.is_fully_defined():
            old = sparse.shape.as_list()
            sizes: Any = [old[axis] for axis in known.tolist()]
        else:
            sizes = gather(sparse.dense_shape, order)
        turned = SparseTensor(indices, sparse.values, sizes)
        return sparse_reorder(turned) if known is not None else _reordered(turned, None)


@op("SparseFillEmptyRows", runs_on=HOST, outputs=(
    "output_indices", "output_values", "empty_row_indicator", "reverse_index_map",
))  # fmt: skip
def sparse_fill_empty_rows_op(
    xp: Namespace, indices: Int64, values: T, dense_shape: Int64, default_value: T
) -> tuple[Int64, T, Bool, Int64]:
    """The elements and one default for every empty row; which rows were; where elements went."""
    sizes = sizes_of(dense_shape)
    check_inside(indices, sizes)
    rows = indices[:, 0]
    counts = np.bincount(rows, minlength=sizes[0])
    empty = counts == 0
    added = np.zeros((int(empty.sum()), len(sizes)), np.int64)
    added[:, 0] = np.flatnonzero(empty)
    both = np.concatenate([indices, added])
    permutation = np.argsort(both[:, 0], kind="stable")
    fill = np.full(len(added), default_value, values.dtype)
    place = np.empty(len(both), np.int64)
    place[permutation] = np.arange(len(both))
    return (
        both[permutation], np.concatenate([values, fill])[permutation], empty,
        place[: len(indices)],
    )  # fmt: skip


@sparse_fill_empty_rows_op.shape
def _sparse_fill_empty_rows_shape(
    ctx: Any, indices: Shape, values: Shape, sizes: Shape, default: Shape
) -> tuple[Shape, ...]:
    rows = ctx.shape_value(2)
    count = rows[0] if rows.rank else None
    columns = indices.with_rank(2)[1]
    return Shape((None, columns)), unknown(1), Shape((count,)), Shape((indices[0],))


@sparse_fill_empty_rows_op.gradient
def _sparse_fill_empty_rows_grad(op: Operation, a: Any, grad: Tensor, *_: Any) -> list[Any]:
    values = gather(grad, op.outputs[3])
    return [None, values, None, reduce_sum(grad) - reduce_sum(values)]


@export("sparse_fill_empty_rows", "sparse.fill_empty_rows")
def sparse_fill_empty_rows(sp_input: Any, default_value: Any, name: str | None = None) -> Any:
    """A sparse matrix in which every empty row has one element, and which rows these are.

    Args:
      sp_input: A sparse matrix.
      default_value: The value of the elements added, in column 0.
      name: The name scope of the nodes.

    Returns:
      The sparse tensor, and a vector of truth values.
    """
    sparse = as_sparse(sp_input)
    with get_default_graph().name_scope(name or "SparseFillEmptyRows"):
        default = convert_to_tensor(default_value, sparse.values.dtype)
        found = sparse_fill_empty_rows_op(
            sparse.indices, sparse.values, sparse.dense_shape, default
        )
        filled = SparseTensor(found.output_indices, found.output_values, sparse.dense_shape)
        return filled, found.empty_row_indicator


@export("sparse_retain", "sparse.retain")
def sparse_retain(sp_input: Any, to_retain: Any) -> SparseTensor:
    """A sparse tensor with some of its elements.

    Args:
      sp_input: A sparse tensor.
      to_retain: For each element whether it stays, a vector of truth values.

    Raises:
      ValueError: If it is of another length.
    """
    sparse = as_sparse(sp_input)
    kept = convert_to_tensor(to_retain)
    kept._shape_value.with_rank(1).merge_with(sparse.values._shape_value)
    places = reshape(where(kept), [-1])
    return SparseTensor(
        gather(sparse.indices, places), gather(sparse.values, places), identity(sparse.dense_shape)
    )


@export("sparse_reset_shape", "sparse.reset_shape")
def sparse_reset_shape(sp_input: Any, new_shape: Any = None) -> SparseTensor:
    """A sparse tensor with the same elements in a larger shape.

    Args:
      sp_input: A sparse tensor.
      new_shape: The shape, none of whose sizes is smaller than before; the smallest that has
        room for all elements if None.

    Raises:
      ValueError: If the shapes are known, and the new one has another rank or is smaller.
    """
    sparse = as_sparse(sp_input)
    indices, values = identity(sparse.indices), identity(sparse.values)
    old_shape = identity(sparse.dense_shape)
    if new_shape is None:
        corner = reduce_max(indices, axis=0)
        tight = maximum(constant(0, dtypes.int64), add(corner, ones_like(old_shape)))
        return SparseTensor(indices, values, tight)
    wanted = cast(convert_to_tensor(new_shape), dtypes.int64)
    if wanted._shape_value.with_rank(1)[0] is not None:
        wanted._shape_value.merge_with(old_shape._shape_value)
    return SparseTensor(indices, values, _checked(wanted, old_shape, sparse))


def _checked(wanted: Any, old_shape: Any, sparse: SparseTensor) -> Any:
    """The wanted shape, which must not be smaller than the old one."""
    known = constant_value(wanted)
    if known is not None and sparse.shape.is_fully_defined():
        old = sparse.shape.as_list()
        if any(a < b for a, b in zip(known.tolist(), old, strict=True)):
            raise ValueError(
                f"new_shape {known.tolist()} is smaller than the shape {old} of the sparse tensor."
            )
        return wanted
    with get_default_graph().control_dependencies([assert_less_equal(old_shape, wanted)]):
        return identity(wanted)


@export("sparse.expand_dims")
def sparse_expand_dims(sp_input: Any, axis: Any = None, name: str | None = None) -> SparseTensor:
    """A sparse tensor with one more dimension, of size 1.

    Args:
      sp_input: A sparse tensor.
      axis: Where; the last if None.
      name: The name scope of the nodes.
    """
    sparse = as_sparse(sp_input)
    with get_default_graph().name_scope(name or "expand_dims"):
        rank = sparse.dense_shape._shape_value[0]
        place = -1 if axis is None else int(axis)
        if rank is None:
            raise ValueError("the rank of the sparse tensor must be known.")
        if not -rank - 1 <= place <= rank:
            raise ValueError(f"axis {place} is out of range for a sparse tensor of rank {rank}.")
        place += rank + 1 if place < 0 else 0
        indices = sparse.indices
        column = ones_like(indices[:, :1]) * 0
        spread = concat([indices[:, :place], column, indices[:, place:]], 1)
        one = constant([1], dtypes.int64)
        sizes = concat([sparse.dense_shape[:place], one, sparse.dense_shape[place:]], 0)
        return SparseTensor(spread, sparse.values, sizes)
