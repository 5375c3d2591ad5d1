"""From sparse tensors to dense ones and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.dtypes import as_dtype
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import ShapeContext, constant_value
from tidefall.ir.opdef import HOST
from tidefall.ir.operation import Operation
from tidefall.ir.sparse_tensor import SparseTensor, as_sparse
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import expand_dims, shape, shape_internal
from tidefall.ops.cast import cast
from tidefall.ops.compare import not_equal
from tidefall.ops.constant import constant
from tidefall.ops.filled import fill, zeros
from tidefall.ops.gather_nd import gather_nd
from tidefall.ops.joining import concat
from tidefall.ops.placeholders import placeholder
from tidefall.ops.reduce import reduce_sum
from tidefall.ops.registry import INDICES, Namespace, T, Tindices, op
from tidefall.ops.sparse_layout import sparse_reorder
from tidefall.ops.sparse_places import check_inside, check_order
from tidefall.ops.where import where


@op("SparseToDense", Tindices=INDICES, runs_on=HOST, outputs=("dense",))
def sparse_to_dense_op(
    xp: Namespace, sparse_indices: Tindices, output_shape: Tindices, sparse_values: T,
    default_value: T, *, validate_indices: bool = True,
) -> T:  # fmt: skip
    """A dense tensor of ``default_value`` with some elements set."""
    sizes = np.asarray(output_shape).tolist()
    places = np.asarray(sparse_indices, np.int64)
    if places.ndim < 2:
        places = places.reshape(-1, 1)
    check_inside(places, sizes)
    if validate_indices:
        check_order(places, sizes)
    values = np.asarray(sparse_values, getattr(sparse_values, "dtype", object))
    if values.ndim and len(values) != len(places):
        raise ValueError(f"there are {len(values)} values for {len(places)} places.")
    dense = np.full(sizes, default_value, values.dtype)
    dense[tuple(places.T)] = values
    return dense


@sparse_to_dense_op.shape
def _sparse_to_dense_shape(
    ctx: ShapeContext, indices: Shape, output_shape: Shape, values: Shape, default: Shape
) -> Shape:
    if default.rank not in (None, 0):
        raise ValueError(f"default_value must be a single value, not of shape {default}.")
    if output_shape.rank not in (None, 1):
        raise ValueError(f"output_shape must be a vector, not of shape {output_shape}.")
    return ctx.shape_value(1)


@sparse_to_dense_op.gradient
def _sparse_to_dense_grad(op: Operation, grad: Tensor) -> list[Any]:
    values = gather_nd(grad, op.inputs[0])
    return [None, None, values, reduce_sum(grad) - reduce_sum(values)]


@export("sparse_to_dense")
def sparse_to_dense(
    sparse_indices: Any,
    output_shape: Any,
    sparse_values: Any,
    default_value: Any = 0,
    validate_indices: bool = True,
    name: str | None = None,
) -> Any:
    """A dense tensor of which some elements are given.

    Args:
      sparse_indices: Where they are: ``[n, rank]``, or ``[n]`` or a number for a vector.
      output_shape: The shape of the result.
      sparse_values: What they are: ``[n]``, or one value for all.
      default_value: What the others are.
      validate_indices: Whether to check that the places are in order and none is there twice.
      name: The name of the node.
    """
    return sparse_to_dense_op(
        sparse_indices, output_shape, sparse_values, default_value,
        validate_indices=validate_indices, name=name,
    )  # fmt: skip


@export("sparse_tensor_to_dense", "sparse.to_dense")
def sparse_tensor_to_dense(
    sp_input: Any, default_value: Any = None, validate_indices: bool = True, name: str | None = None
) -> Any:
    """A sparse tensor as a dense one.

    Args:
      sp_input: A `tf.SparseTensor`.
      default_value: What stands where it has no element; zero if None.
      validate_indices: Whether to check that its indices are in order and none is there twice.
      name: The name of the node.
    """
    sparse = as_sparse(sp_input)
    if default_value is None:
        default_value = zeros([], dtype=sparse.dtype)
    return sparse_to_dense(
        sparse.indices, sparse.dense_shape, sparse.values, default_value, validate_indices, name
    )


@export("sparse.from_dense")
def from_dense(tensor: Any, name: str | None = None) -> SparseTensor:
    """The elements of a dense tensor that are not zero, as a sparse tensor.

    Args:
      tensor: A dense tensor.
      name: The name scope of the nodes.
    """
    with get_default_graph().name_scope(name or "dense_to_sparse"):
        dense = convert_to_tensor(tensor)
        zero: Any = "" if dense.dtype.base_dtype is dtypes.string else 0
        indices = where(not_equal(dense, constant(zero, dense.dtype)))
        values = gather_nd(dense, indices)
        return SparseTensor(indices, values, shape_internal(dense, out_type=dtypes.int64))


@export("sparse_merge", "sparse.merge")
def sparse_merge(
    sp_ids: Any, sp_values: Any, vocab_size: Any, name: str | None = None,
    already_sorted: bool = False,
) -> SparseTensor:  # fmt: skip
    """A sparse tensor whose last index is the value of another.

    Where ``sp_ids`` has the value ``k`` in some row and ``sp_values`` the value ``v`` at the same
    place, the result has ``v`` in column ``k`` of that row.

    Args:
      sp_ids: A sparse tensor of integers, or a list of them for several columns.
      sp_values: A sparse tensor of the same places.
      vocab_size: How many values ids may have; a list if ``sp_ids`` is one.
      name: The name scope of the nodes.
      already_sorted: Whether the result needs no sorting.
    """
    given = sp_ids if isinstance(sp_ids, (list, tuple)) else [sp_ids]
    limits = vocab_size if isinstance(sp_ids, (list, tuple)) else [vocab_size]
    if len(given) != len(limits):
        raise ValueError(f"there are {len(given)} sparse ids, but {len(limits)} vocab sizes.")
    all_ids = [as_sparse(ids) for ids in given]
    with get_default_graph().name_scope(name or "SparseMerge"):
        return _merged(all_ids, as_sparse(sp_values).values, limits, already_sorted)


def _merged(all_ids: list[SparseTensor], values: Any, limits: Any, is_sorted: bool) -> SparseTensor:
    """The values at the places whose last indices are the ids."""
    columns = [expand_dims(cast(ids.values, dtypes.int64), 1) for ids in all_ids]
    sizes = [cast(size, dtypes.int64) for size in limits]
    first = all_ids[0]
    indices = concat([first.indices[:, :-1], *columns], 1)
    new_shape = concat([first.dense_shape[:-1], sizes], 0)
    result = SparseTensor(indices, values, new_shape)
    if is_sorted:
        return result
    ordered = sparse_reorder(result)
    return SparseTensor(ordered.indices, ordered.values, new_shape)


@export("sparse_to_indicator", "sparse.to_indicator")
def sparse_to_indicator(sp_input: Any, vocab_size: Any, name: str | None = None) -> Any:
    """Which of ``vocab_size`` values stand in each row of a sparse tensor, as truth values.

    Args:
      sp_input: A sparse tensor of int32 or int64.
      vocab_size: How many values there may be.
      name: The name of the node.
    """
    sparse = as_sparse(sp_input)
    with get_default_graph().name_scope(name or "SparseToIndicator") as scope:
        count = shape(sparse.indices)[0]
        ones = fill(expand_dims(count, 0), True)
        present = SparseTensor(sparse.indices, ones, sparse.dense_shape)
        merged = _merged([sparse], present.values, [vocab_size], False)
        return sparse_tensor_to_dense(merged, False, False, scope)


@export("sparse_placeholder", "sparse.placeholder")
def sparse_placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> SparseTensor:
    """A sparse tensor to be fed: with a `tf.SparseTensorValue` or its three parts.

    Args:
      dtype: The dtype of the elements.
      shape: The dense shape; may be fed too if it is None or not fully known.
      name: What the names of the three parts begin with.

    >>> x = tf.sparse_placeholder(tf.float32, [1, 3])
    >>> total = tf.sparse_reduce_sum(x)
    >>> tf.Session().run(total, {x: ([[0, 1], [0, 2]], [2.0, 3.0], [1, 3])})
    5.0
    """
    known = None if shape is None else Shape.of(_constant_shape(shape))
    rank = None if known is None else known.rank

    def part(suffix: str) -> str | None:
        return None if name is None else f"{name}/{suffix}"

    fixed = known is not None and known.is_fully_defined
    if fixed:
        dense_shape = constant(list(known or ()), dtypes.int64, name=part("shape") or "Const")
    else:
        dense_shape = placeholder(dtypes.int64, [rank], name=part("shape"))
    values = placeholder(as_dtype(dtype), [None], name=part("values"))
    indices = placeholder(dtypes.int64, [None, rank], name=part("indices"))
    return SparseTensor(indices, values, dense_shape)


def _constant_shape(given: Any) -> Any:
    return constant_value(given).tolist() if isinstance(given, Tensor) else given
