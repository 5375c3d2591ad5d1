"""Sparse tensors put together and taken apart: concatenated, sliced, split, serialized."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.core.shapes import Shape, unknown
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.inference import value_as_shape
from tidefall.ir.opdef import HOST
from tidefall.ir.operation import Operation
from tidefall.ir.sparse_tensor import SparseTensor, as_sparse
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.array import either, invert_permutation, reshape, size_op
from tidefall.ops.cast import cast
from tidefall.ops.constant import constant
from tidefall.ops.gather import gather
from tidefall.ops.joining import concat
from tidefall.ops.ranges import range_
from tidefall.ops.reduce import reduce_max
from tidefall.ops.registry import (
    Int64,
    Namespace,
    T,
    op,
)
from tidefall.ops.segment import unsorted_segment_sum
from tidefall.ops.sparse_places import order, sizes_of

_PARTS = ("output_indices", "output_values", "output_shape")


# -- concatenation --------------------------------------------------------------------------------


@op("SparseConcat", runs_on=HOST, outputs=_PARTS)
def sparse_concat_op(
    xp: Namespace, indices: list[Int64], values: list[T], shapes: list[Int64], *, concat_dim: int
) -> tuple[Int64, T, Int64]:
    """Sparse tensors one behind the other along a dimension."""
    sizes = [sizes_of(each) for each in shapes]
    axis = concat_dim + len(sizes[0]) if concat_dim < 0 else concat_dim
    for number, size in enumerate(sizes):
        if size[:axis] + size[axis + 1 :] != sizes[0][:axis] + sizes[0][axis + 1 :]:
            raise ValueError(
                f"input {number} has shape {size} and input 0 {sizes[0]}; they may differ in "
                f"dimension {axis} only. See expand_nonconcat_dims."
            )
    moved, start = [], 0
    for place, size in zip(indices, sizes, strict=True):
        shifted = place.copy()
        shifted[:, axis] += start
        moved.append(shifted)
        start += size[axis]
    together = np.concatenate(moved)
    permutation = order(together)
    result = list(sizes[0])
    result[axis] = start
    return (
        together[permutation], np.concatenate(values)[permutation], np.array(result, np.int64),
    )  # fmt: skip


@sparse_concat_op.shape
def _sparse_concat_shape(
    indices: list[Shape], values: list[Shape], sizes: list[Shape]
) -> tuple[Shape, ...]:
    counts = [shape[0] for shape in indices if shape.rank == 2]
    known = len(counts) == len(indices) and None not in counts
    total = sum(count or 0 for count in counts) if known else None
    ranks = [shape[0] for shape in sizes if shape.rank == 1]
    rank = next((each for each in ranks if each is not None), None)
    return Shape((total, rank)), Shape((total,)), Shape((rank,))


def _numbers(values: Tensor, start: Any = 0) -> Any:
    """A number for each element, from ``start``."""
    count = cast(size_op(values, out_type=dtypes.int32), dtypes.int64)
    return range_(start, start + count)


def returned(grad: Tensor, kept: Tensor, values: Tensor) -> Any:
    """The gradients of all elements, given those of the elements that an op kept."""
    return unsorted_segment_sum(grad, kept, size_op(values, out_type=dtypes.int32))


@sparse_concat_op.gradient
def _sparse_concat_grad(op: Operation, a: Any, grad: Tensor, b: Any) -> list[Any]:
    count = op.get_attr("N")
    indices, values = list(op.inputs[:count]), list(op.inputs[count : 2 * count])
    numbers: list[Any] = []
    start: Any = constant(0, dtypes.int64)
    for each in values:
        numbers.append(_numbers(each, start))
        start = start + cast(size_op(each, out_type=dtypes.int32), dtypes.int64)
    found = sparse_concat_op(
        indices, numbers, list(op.inputs[2 * count :]), concat_dim=op.get_attr("concat_dim")
    )
    came_from = invert_permutation(found[1])
    return [
        *[None] * count, *[gather(grad, gather(came_from, each)) for each in numbers],
        *[None] * count,
    ]  # fmt: skip


@export("sparse_concat", "sparse.concat")
def sparse_concat(
    axis: Any,
    sp_inputs: Any,
    name: str | None = None,
    expand_nonconcat_dim: bool = False,
    concat_dim: Any = None,
    expand_nonconcat_dims: Any = None,
) -> SparseTensor:
    """Sparse tensors one behind the other along a dimension.

    Args:
      axis: The dimension.
      sp_inputs: Sparse tensors of one rank, sorted.
      name: The name of the node.
      expand_nonconcat_dim: Whether the other dimensions may differ; the largest counts.
      concat_dim: An older name of ``axis``.
      expand_nonconcat_dims: A newer name of ``expand_nonconcat_dim``.
    """
    place = either("axis", axis, "concat_dim", concat_dim)
    if expand_nonconcat_dims is not None:
        expand_nonconcat_dim = expand_nonconcat_dims
    inputs = [as_sparse(each) for each in sp_inputs]
    if len(inputs) == 1:
        return inputs[0]
    sizes = [each.dense_shape for each in inputs]
    if expand_nonconcat_dim:
        largest = reduce_max(concat([reshape(each, [1, -1]) for each in sizes], 0), 0)
        stop = place + 1 if place != -1 else None
        sizes = [
            concat([largest[:place], each[place:stop], [] if stop is None else largest[stop:]], 0)
            for each in sizes
        ]
    found = sparse_concat_op(
        [each.indices for each in inputs],
        [each.values for each in inputs],
        sizes,
        concat_dim=place,
        name=name,
    )
    known = _sizes_together([value_as_shape(each) for each in sizes], place)
    dense_shape = found[2] if known is None else constant(known, dtypes.int64)
    return SparseTensor(found[0], found[1], dense_shape)


def _sizes_together(inputs: list[Shape], axis: int) -> list[int] | None:
    """The sizes of the result of a concatenation, where they are known."""
    if not all(shape.is_fully_defined for shape in inputs):
        return None
    result = [size or 0 for size in inputs[0]]
    result[axis] = sum(shape[axis] or 0 for shape in inputs)
    return result


# -- slices ---------------------------------------------------------------------------------------


@op("SparseSlice", runs_on=HOST, outputs=_PARTS)
def sparse_slice_op(
    xp: Namespace, indices: Int64, values: T, shape: Int64, start: Int64, size: Int64
) -> tuple[Int64, T, Int64]:
    """The elements inside a box, counted from its corner."""
    first = np.asarray(start)
    whole = np.asarray(shape)
    box = np.maximum(np.minimum(np.asarray(size), whole - first), 0)
    inside = ((indices >= first) & (indices < first + box)).all(1)
    return indices[inside] - first, values[inside], box


@sparse_slice_op.shape
def _sparse_slice_shape(
    indices: Shape, values: Shape, shape: Shape, start: Shape, size: Shape
) -> tuple[Shape, ...]:
    rank = shape.with_rank(1).merge_with(start).merge_with(size)[0]
    return Shape((None, rank)), unknown(1), Shape((rank,))


@sparse_slice_op.gradient
def _sparse_slice_grad(op: Operation, a: Any, grad: Tensor, b: Any) -> list[Any]:
    indices, values, shape, start, size = op.inputs
    kept = sparse_slice_op(indices, _numbers(values), shape, start, size)[1]
    return [None, returned(grad, kept, values), None, None, None]


@export("sparse_slice", "sparse.slice")
def sparse_slice(sp_input: Any, start: Any, size: Any, name: str | None = None) -> SparseTensor:
    """A box cut out of a sparse tensor.

    Args:
      sp_input: A sparse tensor.
      start: The corner of the box.
      size: Its size; what reaches beyond the tensor is cut off.
      name: The name of the node.
    """
    sparse = as_sparse(sp_input)
    corner = convert_to_tensor(start, dtypes.int64)
    extent = convert_to_tensor(size, dtypes.int64)
    found = sparse_slice_op(
        sparse.indices, sparse.values, sparse.dense_shape, corner, extent, name=name
    )
    return SparseTensor(*found)


@op(
    "SparseSplit", runs_on=HOST, outputs=_PARTS,
    lengths=dict.fromkeys(_PARTS, "num_split"),
)  # fmt: skip
def sparse_split_op(
    xp: Namespace, split_dim: Int64, indices: Int64, values: T, shape: Int64, *, num_split: int
) -> tuple[list[Int64], list[T], list[Int64]]:
    """A sparse tensor cut into parts along a dimension; the first ones may be one larger."""
    sizes = sizes_of(shape)
    axis = shapes.normal_axis(int(split_dim), len(sizes))
    if not 1 <= num_split <= sizes[axis]:
        raise ValueError(
            f"dimension {axis} of size {sizes[axis]} cannot be cut into {num_split} parts."
        )
    part, larger = divmod(sizes[axis], num_split)
    found: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
    start = 0
    for number in range(num_split):
        size = part + (number < larger)
        inside = (indices[:, axis] >= start) & (indices[:, axis] < start + size)
        places = indices[inside]
        places[:, axis] -= start
        found[0].append(places)
        found[1].append(values[inside])
        found[2].append(np.array([*sizes[:axis], size, *sizes[axis + 1 :]], np.int64))
        start += size
    return found


@sparse_split_op.shape
def _sparse_split_shape(
    axis: Shape, indices: Shape, values: Shape, shape: Shape, *, num_split: int
) -> list[Shape]:
    rank = shape.with_rank(1)[0]
    parts = [Shape((None, rank)), unknown(1), Shape((rank,))]
    return [part for part in parts for _ in range(num_split)]


@sparse_split_op.gradient
def _sparse_split_grad(op: Operation, *grads: Any) -> list[Any]:
    axis, indices, values, shape = op.inputs
    count = op.get_attr("num_split")
    kept = sparse_split_op(axis, indices, _numbers(values), shape, num_split=count)[1]
    parts = list(grads[count : 2 * count])
    both = returned(concat(parts, 0), concat(kept, 0), values)
    return [None, None, both, None]


@export("sparse_split", "sparse.split")
def sparse_split(
    keyword_required: Any = None,
    sp_input: Any = None,
    num_split: Any = None,
    axis: Any = None,
    name: str | None = None,
    split_dim: Any = None,
) -> list[SparseTensor]:
    """A sparse tensor cut into parts along a dimension.

    Args:
      keyword_required: Not to be given: all arguments go by name.
      sp_input: A sparse tensor.
      num_split: How many parts; the first ones may be one larger than the others.
      axis: The dimension.
      name: The name of the node.
      split_dim: An older name of ``axis``.
    """
    if keyword_required is not None:
        raise ValueError("the arguments of sparse_split go by name: sparse_split(sp_input=...).")
    if sp_input is None or num_split is None or (axis is None and split_dim is None):
        raise ValueError("sp_input, num_split and axis are needed.")
    sparse = as_sparse(sp_input)
    place = either("axis", axis, "split_dim", split_dim)
    found = sparse_split_op(
        place, sparse.indices, sparse.values, sparse.dense_shape, num_split=num_split, name=name
    )
    return [SparseTensor(*parts) for parts in zip(*found, strict=True)]
