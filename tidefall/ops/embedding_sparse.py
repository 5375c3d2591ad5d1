"""Embeddings of sparse ids: rows of a table looked up and combined."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes, logging
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.ir.graph import get_default_graph
from tidefall.ir.sparse_tensor import SparseTensor
from tidefall.ops.array import expand_dims, reshape, shape
from tidefall.ops.cast import cast
from tidefall.ops.elementwise import sqrt
from tidefall.ops.embedding import embedding_lookup
from tidefall.ops.filled import fill
from tidefall.ops.gather import gather
from tidefall.ops.joining import concat
from tidefall.ops.math import div
from tidefall.ops.math import pow as power
from tidefall.ops.segment import segment_sum
from tidefall.ops.sizes import rank
from tidefall.ops.sparse_segment import (
    sparse_segment_mean,
    sparse_segment_sqrt_n,
    sparse_segment_sum,
)
from tidefall.ops.unique import unique

_UNWEIGHTED = {
    "sum": sparse_segment_sum, "mean": sparse_segment_mean, "sqrtn": sparse_segment_sqrt_n,
}  # fmt: skip


@export("nn.embedding_lookup_sparse")
def embedding_lookup_sparse(
    params: Any,
    sp_ids: Any,
    sp_weights: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    combiner: str | None = None,
    max_norm: Any = None,
) -> Any:
    """For each row of sparse ids, the rows of a table that they name, combined.

    Args:
      params: The table, or a list of its parts; see `tf.nn.embedding_lookup`.
      sp_ids: A sparse matrix of ids; no row may be empty.
      sp_weights: A sparse matrix of weights at the same places, or None.
      partition_strategy: How rows are spread over parts.
      name: The name of the result.
      combiner: ``"sum"``; ``"mean"``, by the weights; or ``"sqrtn"``, the sum divided by the root
        of the sum of squared weights.
      max_norm: The greatest norm of a row of the table; longer ones are scaled down.

    Raises:
      TypeError: If ids or weights are not sparse.
      ValueError: If the combiner is another one.
    """
    if combiner is None:
        logging.warning('embedding_lookup_sparse combines by "mean", as no combiner is given.')
        combiner = "mean"
    if combiner not in _UNWEIGHTED:
        raise ValueError(f"combiner must be 'mean', 'sqrtn' or 'sum', not {combiner!r}.")
    if not isinstance(sp_ids, SparseTensor):
        raise TypeError(f"sp_ids must be a SparseTensor, not {type(sp_ids).__name__}.")
    if sp_weights is not None:
        _check_weights(sp_ids, sp_weights)
    with get_default_graph().name_scope(name or "embedding_lookup_sparse") as scope:
        segments = cast(sp_ids.indices[:, 0], dtypes.int32)
        ids, places = unique(sp_ids.values)
        rows = embedding_lookup(params, ids, partition_strategy, max_norm=max_norm)
        if rows.dtype in (dtypes.float16, dtypes.bfloat16):
            rows = cast(rows, dtypes.float32)
        if sp_weights is None:
            return _UNWEIGHTED[combiner](rows, places, segments, name=scope)
        weights = cast(sp_weights.values, rows.dtype)
        return _weighted(gather(rows, places), weights, segments, combiner, scope)


def _check_weights(ids: SparseTensor, weights: Any) -> None:
    if not isinstance(weights, SparseTensor):
        raise TypeError(f"sp_weights must be a SparseTensor or None, not {type(weights).__name__}.")
    ids.values._shape_value.merge_with(weights.values._shape_value)
    ids.indices._shape_value.merge_with(weights.indices._shape_value)
    ids.dense_shape._shape_value.merge_with(weights.dense_shape._shape_value)


def _weighted(rows: Any, weights: Any, segments: Any, combiner: str, scope: str) -> Any:
    """The weighted rows of each segment, combined."""
    inner = fill(expand_dims(rank(rows) - 1, 0), 1)
    known = weights._shape_value
    weights = reshape(weights, concat([shape(weights), inner], 0))
    if rows._shape_value.rank is not None:
        weights.set_shape(list(known + Shape((1,) * (rows._shape_value.rank - 1))))
    rows = rows * weights
    if combiner == "sum":
        return segment_sum(rows, segments, name=scope)
    total = segment_sum(rows, segments)
    if combiner == "mean":
        return div(total, segment_sum(weights, segments), name=scope)
    squares = segment_sum(power(weights, 2), segments)
    return div(total, sqrt(squares), name=scope)
