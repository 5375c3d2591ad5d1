"""Reductions of chosen rows by segment: what embeddings of several words are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape, unknown
from tidefall.ir.inference import ShapeContext
from tidefall.ir.opdef import HOST
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import shape
from tidefall.ops.broadcast import exact, rounded
from tidefall.ops.gather import gather
from tidefall.ops.registry import (
    INDEX,
    REALS,
    Int32,
    Namespace,
    T,
    Tidx,
    Tnumsegments,
    op,
)
from tidefall.ops.segment import unsorted_segment_sum

_FLOATS = (dtypes.float32, dtypes.float64)


def _summed(xp: Namespace, data: Any, indices: Any, ids: Any, count: Any, power: float) -> Any:
    """Sums of chosen rows, each divided by ``n ** power`` for the n rows of its segment."""
    bad = np.flatnonzero((indices < 0) | (indices >= data.shape[0]))
    if bad.size:
        raise ValueError(
            f"indices[{bad[0]}] = {indices[bad[0]]} is out of range [0, {data.shape[0]})."
        )
    if indices.shape != ids.shape:
        raise ValueError(f"indices has shape {indices.shape}, but segment_ids {ids.shape}.")
    if (np.diff(ids) < 0).any() or (ids.size and ids[0] < 0):
        raise ValueError("segment_ids must not decrease, nor be negative.")
    size = (int(ids[-1]) + 1 if ids.size else 0) if count is None else int(np.asarray(count))
    if ids.size and ids[-1] >= size:
        raise ValueError(f"segment_ids has {ids[-1]}, but num_segments is {size}.")
    rows = xp.take(data, indices, 0).astype(exact(data.dtype))
    total = xp.segment_reduce("add", rows, ids, size, 0)
    if power:
        total = total * _weights(xp, total, ids, size, power)
    return rounded(total, data)


def _weights(xp: Namespace, like: Any, ids: Any, size: int, power: float) -> Any:
    """``n ** -power`` for the n rows of each segment, in a shape that broadcasts to the rows."""
    counts = xp.segment_reduce("add", xp.ones(ids.shape, dtype=like.dtype), ids, size, 0)
    weights = xp.maximum(counts, 1) ** -power
    return xp.reshape(weights, (size,) + (1,) * (like.ndim - 1)).astype(like.dtype)


def _rows_shape(data: Shape, indices: Shape, segment_ids: Shape) -> Shape:
    indices.with_rank(1).merge_with(segment_ids)
    data.with_rank_at_least(1)
    return UNKNOWN if data.dims is None else Shape((None, *data.dims[1:]))


def _counted_shape(
    ctx: ShapeContext, data: Shape, indices: Shape, segment_ids: Shape, num_segments: Shape
) -> Shape:
    num_segments.with_rank(0)
    count = ctx.constant(3)
    if data.dims is None:
        return UNKNOWN
    rows = unknown(1) if count is None else Shape((int(count),))
    return rows + data[1:]


@op("SparseSegmentSum", T=REALS, Tidx=INDEX, runs_on=HOST, shape=_rows_shape)
def sparse_segment_sum_op(xp: Namespace, data: T, indices: Tidx, segment_ids: Int32) -> T:
    """Sums of the rows ``indices`` of ``data`` by segment."""
    return _summed(xp, data, indices, segment_ids, None, 0.0)


@op("SparseSegmentMean", T=_FLOATS, Tidx=INDEX, runs_on=HOST, shape=_rows_shape)
def sparse_segment_mean_op(xp: Namespace, data: T, indices: Tidx, segment_ids: Int32) -> T:
    """Means of the rows ``indices`` of ``data`` by segment."""
    return _summed(xp, data, indices, segment_ids, None, 1.0)


@op("SparseSegmentSqrtN", T=_FLOATS, Tidx=INDEX, runs_on=HOST, shape=_rows_shape)
def sparse_segment_sqrt_n_op(xp: Namespace, data: T, indices: Tidx, segment_ids: Int32) -> T:
    """Sums of the rows ``indices`` of ``data`` by segment, over the roots of their numbers."""
    return _summed(xp, data, indices, segment_ids, None, 0.5)


@op("SparseSegmentSumWithNumSegments", T=REALS, Tidx=INDEX, Tnumsegments=INDEX, runs_on=HOST,
    shape=_counted_shape)  # fmt: skip
def sparse_segment_sum_with_num_segments(
    xp: Namespace, data: T, indices: Tidx, segment_ids: Int32, num_segments: Tnumsegments
) -> T:
    """`sparse_segment_sum_op` with a given number of segments."""
    return _summed(xp, data, indices, segment_ids, num_segments, 0.0)


@op("SparseSegmentMeanWithNumSegments", T=_FLOATS, Tidx=INDEX, Tnumsegments=INDEX, runs_on=HOST,
    shape=_counted_shape)  # fmt: skip
def sparse_segment_mean_with_num_segments(
    xp: Namespace, data: T, indices: Tidx, segment_ids: Int32, num_segments: Tnumsegments
) -> T:
    """`sparse_segment_mean_op` with a given number of segments."""
    return _summed(xp, data, indices, segment_ids, num_segments, 1.0)


@op("SparseSegmentSqrtNWithNumSegments", T=_FLOATS, Tidx=INDEX, Tnumsegments=INDEX, runs_on=HOST,
    shape=_counted_shape)  # fmt: skip
def sparse_segment_sqrt_n_with_num_segments(
    xp: Namespace, data: T, indices: Tidx, segment_ids: Int32, num_segments: Tnumsegments
) -> T:
    """`sparse_segment_sqrt_n_op` with a given number of segments."""
    return _summed(xp, data, indices, segment_ids, num_segments, 0.5)


def _spread(xp: Namespace, grad: Any, indices: Any, ids: Any, rows: Any, power: float) -> Any:
    """The transpose of `_summed`: each row's gradient, added up where it was chosen."""
    weighted = grad * _weights(xp, grad, ids, grad.shape[0], power)
    return xp.segment_reduce("add", xp.take(weighted, ids, 0), indices, int(np.asarray(rows)), 0)


def _spread_shape(
    ctx: ShapeContext, grad: Shape, indices: Shape, segment_ids: Shape, output_dim0: Shape
) -> Shape:
    output_dim0.with_rank(0)
    rows = ctx.constant(3)
    if grad.dims is None:
        return UNKNOWN
    return (unknown(1) if rows is None else Shape((int(rows),))) + grad[1:]


@op("SparseSegmentMeanGrad", T=_FLOATS, Tidx=INDEX, shape=_spread_shape)
def sparse_segment_mean_grad(
    xp: Namespace, grad: T, indices: Tidx, segment_ids: Int32, output_dim0: Int32
) -> T:
    """The gradient of `sparse_segment_mean_op`."""
    return _spread(xp, grad, indices, segment_ids, output_dim0, 1.0)


@op("SparseSegmentSqrtNGrad", T=_FLOATS, Tidx=INDEX, shape=_spread_shape)
def sparse_segment_sqrt_n_grad(
    xp: Namespace, grad: T, indices: Tidx, segment_ids: Int32, output_dim0: Int32
) -> T:
    """The gradient of `sparse_segment_sqrt_n_op`."""
    return _spread(xp, grad, indices, segment_ids, output_dim0, 0.5)


def _rows(op: Operation) -> Any:
    return shape(op.inputs[0])[0]


def _nothing(op: Operation) -> tuple[None, ...]:
    """For the indices, the ids and, if given, their number."""
    return (None,) * (len(op.inputs) - 1)


@sparse_segment_sum_op.gradient
@sparse_segment_sum_with_num_segments.gradient
def _sparse_segment_sum_grad(op: Operation, grad: Tensor) -> tuple[Any, ...]:
    rows = gather(grad, op.inputs[2])
    return unsorted_segment_sum(rows, op.inputs[1], _rows(op)), *_nothing(op)


@sparse_segment_mean_op.gradient
@sparse_segment_mean_with_num_segments.gradient
def _sparse_segment_mean_grad(op: Operation, grad: Tensor) -> tuple[Any, ...]:
    spread = sparse_segment_mean_grad(grad, op.inputs[1], op.inputs[2], _rows(op))
    return spread, *_nothing(op)


@sparse_segment_sqrt_n_op.gradient
@sparse_segment_sqrt_n_with_num_segments.gradient
def _sparse_segment_sqrt_n_grad(op: Operation, grad: Tensor) -> tuple[Any, ...]:
    spread = sparse_segment_sqrt_n_grad(grad, op.inputs[1], op.inputs[2], _rows(op))
    return spread, *_nothing(op)


@sparse_segment_mean_grad.gradient
def _sparse_segment_mean_grad_grad(op: Operation, grad: Tensor) -> tuple[Any, ...]:
    return sparse_segment_mean_with_num_segments(
        grad, op.inputs[1], op.inputs[2], _rows(op)
    ), *_nothing(op)


@sparse_segment_sqrt_n_grad.gradient
def _sparse_segment_sqrt_n_grad_grad(op: Operation, grad: Tensor) -> tuple[Any, ...]:
    return sparse_segment_sqrt_n_with_num_segments(
        grad, op.inputs[1], op.inputs[2], _rows(op)
    ), *_nothing(op)


@export("sparse_segment_sum", "sparse.segment_sum")
def sparse_segment_sum(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None, num_segments: Any = None
) -> Any:
    """Sums of the rows ``indices`` of ``data`` that have one segment id.

    Args:
      data: A number tensor.
      indices: Which rows.
      segment_ids: For each of them its segment; they must not decrease.
      name: The name of the node.
      num_segments: How many segments there are; one more than the last id if None.

    >>> tf.Session().run(tf.sparse_segment_sum([[1, 2], [3, 4]], [0, 1, 1], [0, 0, 1]))
    array([[4, 6],
           [3, 4]], dtype=int32)
    """
    if num_segments is not None:
        return sparse_segment_sum_with_num_segments(
            data, indices, segment_ids, num_segments, name=name
        )
    return sparse_segment_sum_op(data, indices, segment_ids, name=name)


@export("sparse_segment_mean", "sparse.segment_mean")
def sparse_segment_mean(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None, num_segments: Any = None
) -> Any:
    """Means of the rows ``indices`` of ``data`` that have one id; see `tf.sparse_segment_sum`."""
    if num_segments is not None:
        return sparse_segment_mean_with_num_segments(
            data, indices, segment_ids, num_segments, name=name
        )
    return sparse_segment_mean_op(data, indices, segment_ids, name=name)


@export("sparse_segment_sqrt_n", "sparse.segment_sqrt_n")
def sparse_segment_sqrt_n(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None, num_segments: Any = None
) -> Any:
    """Sums of the rows ``indices`` of ``data`` that have one id, over the roots of their numbers.

    See `tf.sparse_segment_sum`.
    """
    if num_segments is not None:
        return sparse_segment_sqrt_n_with_num_segments(
            data, indices, segment_ids, num_segments, name=name
        )
    return sparse_segment_sqrt_n_op(data, indices, segment_ids, name=name)
