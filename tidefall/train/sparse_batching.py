"""Sparse tensors in batches: they wait elsewhere, and a number stands for each in the queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tidefall.core import dtypes
from tidefall.flow.cond import cond
from tidefall.ir.inference import constant_value
from tidefall.ir.operation import Operation
from tidefall.ir.sparse_tensor import SparseTensor, rank_of
from tidefall.ir.with_blocks import colocate_with
from tidefall.ops.array import expand_dims, shape, squeeze
from tidefall.ops.constant import constant
from tidefall.ops.filled import ones
from tidefall.ops.gather import gather
from tidefall.ops.grouping import with_dependencies
from tidefall.ops.sparse_layout import sparse_retain
from tidefall.ops.sparse_maps import (
    add_many_sparse_to_tensors_map,
    add_sparse_to_tensors_map,
    take_many_sparse_from_tensors_map,
)

_KEEPERS = ("AddSparseToTensorsMap", "AddManySparseToTensorsMap")


class Kept(NamedTuple):
    """What is known of a sparse tensor that was put away.

    Attributes:
      by: The operation whose map it is in.
      rank: Its rank, for one element; None if it is not known.
    """

    by: Operation
    rank: int | None


def put_away(
    tensors: list[Any], enqueue_many: bool, keep_input: Any, shared: list[Kept | None] | None = None
) -> tuple[list[Any], list[Kept | None]]:
    """Replaces sparse tensors by numbers.

    Args:
      tensors: Tensors of one element, or of many.
      enqueue_many: Whether of many.
      keep_input: Whether the element is put in at all.
      shared: What an earlier call returned for another source of the same elements.

    Returns:
      The tensors, and for each what is known of the sparse tensor in its place, None for others.
    """
    before: list[Kept | None] = shared or [None] * len(tensors)
    numbers = [
        _numbered(tensor, enqueue_many, keep_input, known)
        if isinstance(tensor, SparseTensor)
        else tensor
        for tensor, known in zip(tensors, before, strict=True)
    ]
    found = [
        _kept(tensor, number, enqueue_many, known) if isinstance(tensor, SparseTensor) else None
        for tensor, number, known in zip(tensors, numbers, before, strict=True)
    ]
    stored = [
        number if known is None else expand_dims(number, [-1])
        for number, known in zip(numbers, found, strict=True)
    ]
    return stored, found


def _keep(sparse: SparseTensor, many: bool, shared_name: str | None) -> Any:
    """The number of a sparse tensor that is kept, or of each of its slices."""
    add = add_many_sparse_to_tensors_map if many else add_sparse_to_tensors_map
    parts = (sparse.indices, sparse.values, sparse.dense_shape)
    return add(*parts, shared_name=shared_name or "")


def _take(kept_by: Operation, numbers: Any, rank: int | None) -> SparseTensor:
    """The sparse tensors of some numbers, stacked.

    Args:
      kept_by: The operation that keeps them.
      numbers: The numbers.
      rank: The rank of the result, if it is known.
    """
    with colocate_with(kept_by):
        found = take_many_sparse_from_tensors_map(
            numbers,
            dtype=kept_by.get_attr("T"),
            container=_text(kept_by.get_attr("container")),
            shared_name=_text(kept_by.get_attr("shared_name")) or kept_by.name,
        )
    found.sparse_indices.set_shape([None, rank])
    found.sparse_shape.set_shape([rank])
    return SparseTensor(found.sparse_indices, found.sparse_values, found.sparse_shape)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _numbered(sparse: SparseTensor, many: bool, keep_input: Any, known: Kept | None) -> Any:
    name = None if known is None else known.by.name
    if keep_input.shape.ndims == 1:
        wanted = gather(keep_input, sparse.indices[:, 0])
        return _keep(sparse_retain(sparse, wanted), True, name)
    if many:
        numbers = _chosen(
            keep_input,
            lambda: _keep(sparse, True, name),
            lambda: -1 * ones(shape(sparse)[0:1], dtypes.int64),
        )
        numbers.set_shape([None])
        return numbers
    return _chosen(
        keep_input, lambda: _keep(sparse, False, name), lambda: constant(-1, dtypes.int64)
    )


def _chosen(predicate: Any, if_true: Callable[[], Any], if_false: Callable[[], Any]) -> Any:
    known = constant_value(predicate)
    if known is None:
        return cond(predicate, if_true, if_false)
    return if_true() if known else if_false()


def _kept(sparse: SparseTensor, number: Any, many: bool, known: Kept | None) -> Kept:
    rank = rank_of(sparse)
    if rank is not None and many:
        rank -= 1
    if known is not None:
        return Kept(known.by, rank if known.rank is None else known.rank)
    sources = [tensor._op for tensor in number.op._inputs]
    return Kept(next((op for op in sources if op.type in _KEEPERS), number.op), rank)


def fetched(dequeued: Any, kept: list[Kept | None]) -> Any:
    """The sparse tensors in place of their numbers in what came out of the queue."""
    if not any(kept):
        return dequeued
    several = isinstance(dequeued, (list, tuple))
    tensors = [
        tensor if known is None else _take(known.by, squeeze(tensor, [1]), _plus_one(known.rank))
        for tensor, known in zip(dequeued if several else [dequeued], kept, strict=True)
    ]
    every = [each.values if isinstance(each, SparseTensor) else each for each in tensors]
    together = [_together(every, each) for each in tensors]
    return together if several else tensors[0]  # one by itself comes anyhow


def _plus_one(rank: int | None) -> int | None:
    return None if rank is None else rank + 1


def _together(every: list[Any], tensor: Any) -> Any:
    """A tensor that comes when all have come, since each has to leave its map."""
    if not isinstance(tensor, SparseTensor):
        return with_dependencies(every, tensor)
    indices, values, dense_shape = [
        with_dependencies(every, part)
        for part in (tensor.indices, tensor.values, tensor.dense_shape)
    ]
    return SparseTensor(indices, values, dense_shape)
