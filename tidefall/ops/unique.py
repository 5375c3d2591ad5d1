"""Distinct elements, differences of sets, and places in sorted rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.ir.opdef import HOST
from tidefall.ops.array import reshape, shape
from tidefall.ops.registry import (
    INDEX,
    Namespace,
    T,
    Tidx,
    op,
    out_idx,
    out_type,
)


def distinct(x: Any) -> tuple[Any, Any, Any]:
    """The distinct elements of a vector in order of appearance, which each one is, and how often.

    Every NaN is an element of its own.
    """
    x = np.asarray(x)
    if x.dtype.kind == "O":
        number: dict[Any, int] = {}
        which = np.array([number.setdefault(each, len(number)) for each in x.tolist()], np.int64)
        values = np.array(list(number), object)
        return values, which, np.bincount(which, minlength=len(number))
    values, first, which, count = np.unique(
        x, return_index=True, return_inverse=True, return_counts=True, equal_nan=False
    )
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    return values[order], rank[which.reshape(-1)], count[order]


@op("Unique", out_idx=INDEX, outputs=("y", "idx"), runs_on=HOST, differentiable=False)
def unique_op(xp: Namespace, x: T, *, out_idx: DType) -> tuple[T, out_idx]:
    """The distinct elements of a vector in order of appearance, and which each element is."""
    values, which, _ = distinct(x)
    return values, which.astype(out_idx.np_dtype)


@op(
    "UniqueWithCounts", out_idx=INDEX, outputs=("y", "idx", "count"), runs_on=HOST,
    differentiable=False,
)  # fmt: skip
def unique_with_counts_op(xp: Namespace, x: T, *, out_idx: DType) -> tuple[T, out_idx, out_idx]:
    """The distinct elements of a vector, which each element is, and how often each appears."""
    values, which, count = distinct(x)
    return values, which.astype(out_idx.np_dtype), count.astype(out_idx.np_dtype)


@unique_op.shape
def _unique_shape(x: Shape) -> tuple[Shape, Shape]:
    return Shape((None,)), x.with_rank(1)


@unique_with_counts_op.shape
def _unique_with_counts_shape(x: Shape) -> tuple[Shape, Shape, Shape]:
    return Shape((None,)), x.with_rank(1), Shape((None,))


@export("unique")
def unique(x: Any, out_idx: Any = dtypes.int32, name: str | None = None) -> Any:
    """The distinct elements of a vector.

    Args:
      x: A vector.
      out_idx: The dtype of the indices.
      name: The name of the node.

    Returns:
      A named tuple: ``y``, the distinct elements in order of appearance, and ``idx``, so that
      ``x[i] == y[idx[i]]``.
    """
    return unique_op(x, out_idx=out_idx, name=name)


@export("unique_with_counts")
def unique_with_counts(x: Any, out_idx: Any = dtypes.int32, name: str | None = None) -> Any:
    """The distinct elements of a vector, and how often each appears.

    Args:
      x: A vector.
      out_idx: The dtype of the indices and counts.
      name: The name of the node.

    Returns:
      A named tuple: ``y`` and ``idx`` as of `tf.unique`, and ``count``.
    """
    return unique_with_counts_op(x, out_idx=out_idx, name=name)


@op("ListDiff", out_idx=INDEX, outputs=("out", "idx"), runs_on=HOST, differentiable=False)
def list_diff(xp: Namespace, x: T, y: T, *, out_idx: DType) -> tuple[T, out_idx]:
    """The elements of ``x`` that are not in ``y``, and where they were."""
    first, second = np.asarray(x), np.asarray(y)
    if first.dtype.kind == "O":
        known = set(second.tolist())
        kept = np.array([each not in known for each in first.tolist()], bool)
    else:
        kept = ~np.isin(first, second)
    return first[kept], np.flatnonzero(kept).astype(out_idx.np_dtype)


@list_diff.shape
def _list_diff_shape(x: Shape, y: Shape) -> tuple[Shape, Shape]:
    x.with_rank(1)
    y.with_rank(1)
    return Shape((None,)), Shape((None,))


@hooks.install("list_diff")
@export("setdiff1d")
def setdiff1d(x: Any, y: Any, index_dtype: Any = dtypes.int32, name: str | None = None) -> Any:
    """The elements of vector ``x`` that are not in vector ``y``.

    Args:
      x: A vector.
      y: A vector of the same dtype.
      index_dtype: The dtype of the indices.
      name: The name of the node.

    Returns:
      A named tuple: ``out``, the elements in their order, and ``idx``, their places in ``x``.
    """
    return list_diff(x, y, out_idx=index_dtype, name=name)


# -- places in sorted rows ------------------------------------------------------------------------


def _bound_shape(sorted_inputs: Shape, values: Shape) -> Shape:
    rows = Shape(sorted_inputs.with_rank(2)[:1].dims).merge_with(values.with_rank(2)[:1])
    return rows + values.with_rank(2)[1:]


@op("LowerBound", out_type=INDEX, shape=_bound_shape, differentiable=False)
def lower_bound(xp: Namespace, sorted_inputs: T, values: T, *, out_type: DType) -> out_type:
    """How many elements of the sorted row are less than each value."""
    return xp.sorted_places(sorted_inputs, values, "left").astype(out_type.np_dtype)


@op("UpperBound", out_type=INDEX, shape=_bound_shape, differentiable=False)
def upper_bound(xp: Namespace, sorted_inputs: T, values: T, *, out_type: DType) -> out_type:
    """How many elements of the sorted row are at most each value."""
    return xp.sorted_places(sorted_inputs, values, "right").astype(out_type.np_dtype)


@export("searchsorted")
def searchsorted(
    sorted_sequence: Any,
    values: Any,
    side: str = "left",
    out_type: Any = dtypes.int32,
    name: str | None = None,
) -> Any:
    """Where values would go in sorted rows.

    Args:
      sorted_sequence: Rows (the last dimension) in ascending order.
      values: Rows of values, as many.
      side: ``"left"``: before equal elements; ``"right"``: behind them.
      out_type: int32 or int64.
      name: The name of the node.

    >>> tf.Session().run(tf.searchsorted([1, 3, 3, 5], [3, 4]))
    array([1, 3], dtype=int32)
    """
    length, count = shape(sorted_sequence)[-1], shape(values)[-1]
    rows, wanted = reshape(sorted_sequence, [-1, length]), reshape(values, [-1, count])
    if side not in ("left", "right"):
        raise ValueError(f"side must be either 'right' or 'left'.  Saw: {side}.")
    bound = lower_bound if side == "left" else upper_bound
    return reshape(bound(rows, wanted, out_type=out_type, name=name), shape(values))


@op("UnravelIndex", Tidx=INDEX, differentiable=False, export="unravel_index")
def unravel_index(xp: Namespace, indices: Tidx, dims: Tidx) -> Tidx:
    """Places in a flat array as indices, one row for each dimension of ``dims``."""
    sizes = dims.tolist()
    total = int(np.prod(sizes, dtype=np.int64))
    xp.require(
        (indices >= 0) & (indices < total),
        f"index is out of bound: it must lie between 0 and {total - 1}, as dims {sizes} say.",
    )
    rest, rows = indices, []
    for size in reversed(sizes):
        rows.append(rest % size)
        rest = rest // size
    return xp.stack(rows[::-1]).astype(dims.dtype)


@unravel_index.shape
def _unravel_index_shape(indices: Shape, dims: Shape) -> Shape:
    (count,) = dims.with_rank(1)
    if indices.dims is None:
        return indices
    return Shape((count,) if not indices.dims else (count, indices.num_elements()))
