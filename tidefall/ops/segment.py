"""Reductions of the rows of a tensor that belong to one segment."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape, unknown
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.inference import ShapeContext, constant_value
from tidefall.ir.opdef import HOST
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import dynamic_shape, expand_dims, reshape, shape
from tidefall.ops.broadcast import exact, rounded
from tidefall.ops.cast import cast
from tidefall.ops.compare import equal_op, greater_equal, logical_and
from tidefall.ops.complex import conjugate
from tidefall.ops.constant import constant
from tidefall.ops.elementwise import number, sqrt
from tidefall.ops.filled import ones
from tidefall.ops.math import maximum, mul, real_div
from tidefall.ops.registry import (
    INDEX,
    INDICES,
    NUMBERS,
    REALS,
    Namespace,
    T,
    Tindices,
    Tnumsegments,
    op,
)
from tidefall.ops.where import select_v2


def reduced_rows(
    xp: Namespace, how: str, data: Any, ids: Any, count: int, empty: Any, initial: Any = None
) -> Any:
    """Combines the rows of ``data`` that have one id.

    Args:
      xp: The array namespace.
      how: The NumPy function that combines: ``add``, ``multiply``, ``minimum`` or ``maximum``.
      data: The rows; the leading dimensions are those of ``ids``.
      ids: Which of the ``count`` results each row goes to; rows with negative ids to none.
      count: How many results there are.
      empty: The result of no row.
      initial: What combining starts from, if not ``empty``.
    """
    rows = data.reshape((ids.size, *data.shape[ids.ndim :])).astype(exact(data.dtype))
    flat = ids.reshape(-1)
    result = xp.segment_reduce(how, rows, flat, count, empty if initial is None else initial)
    if initial is not None:
        sizes = xp.segment_reduce("add", xp.ones(flat.shape, dtype="int32"), flat, count, 0)
        none = xp.reshape(sizes == 0, (count,) + (1,) * (rows.ndim - 1))
        result = xp.where(none, xp.asarray(empty, dtype=result.dtype), result)
    return rounded(result, data)


def _check_ids(xp: Namespace, ids: Any, data: Any, count: int | None) -> None:
    """Raises ValueError unless ids and data fit, and sorted ids rise from 0 or more."""
    if ids.shape != data.shape[: ids.ndim]:
        raise ValueError(
            f"segment_ids has shape {ids.shape}, but data has shape {data.shape}, which must start "
            "with it."
        )
    if count is not None:
        xp.require(ids < count, lambda: _too_large(ids, count))
    elif ids.size:
        xp.require(ids[0] >= 0, "segment_ids must not be negative.")
        xp.require(ids[1:] >= ids[:-1], lambda: _falling(ids))


def _too_large(ids: Any, count: int) -> str:
    at = int(np.argmax(ids.reshape(-1) >= count))
    return f"segment_ids[{at}] = {ids.reshape(-1)[at]} is out of range [0, {count})."


def _falling(ids: Any) -> str:
    at = int(np.argmax(np.diff(ids) < 0))
    return (
        f"segment_ids must not decrease, but goes from {ids[at]} to {ids[at + 1]} at {at + 1}. "
        "Use tf.unsorted_segment_sum and its kin for ids in any order."
    )


def _sorted(xp: Namespace, how: str, data: Any, ids: Any, empty: Any, initial: Any = None) -> Any:
    _check_ids(xp, ids, data, None)
    count = int(ids[-1]) + 1 if ids.size else 0
    return reduced_rows(xp, how, data, ids, count, empty, initial)


def _sorted_shape(data: Shape, segment_ids: Shape) -> Shape:
    segment_ids.with_rank(1)
    data.with_rank_at_least(1)
    return UNKNOWN if data.dims is None else Shape((None, *data.dims[1:]))


@op("SegmentSum", T=NUMBERS, Tindices=INDICES, runs_on=HOST, shape=_sorted_shape,
    export=("segment_sum", "math.segment_sum"))  # fmt: skip
def segment_sum(xp: Namespace, data: T, segment_ids: Tindices) -> T:
    """Sums the rows of ``data`` that have one id; ids must not decrease.

    >>> tf.Session().run(tf.segment_sum([[1, 2], [3, 4], [5, 6]], [0, 0, 1]))
    array([[4, 6],
           [5, 6]], dtype=int32)
    """
    return _sorted(xp, "add", data, segment_ids, 0)


@segment_sum.gradient
def _segment_sum_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    return gather(grad, op.inputs[1]), None


def gather(params: Any, indices: Any) -> Any:
    """Rows of ``params``."""
    return hooks.call("gather", params, indices)


@op("SegmentMean", T=NUMBERS, Tindices=INDICES, runs_on=HOST, shape=_sorted_shape,
    export=("segment_mean", "math.segment_mean"))  # fmt: skip
def segment_mean(xp: Namespace, data: T, segment_ids: Tindices) -> T:
    """The means of the rows of ``data`` that have one id; ids must not decrease."""
    kind = exact(data.dtype)
    total = _sorted(xp, "add", data.astype(kind), segment_ids, 0)
    sizes = _sorted(xp, "add", xp.ones(segment_ids.shape, dtype=total.real.dtype), segment_ids, 0)
    sizes = xp.reshape(xp.maximum(sizes, 1), (-1,) + (1,) * (data.ndim - 1)).astype(total.dtype)
    mean = xp.floor_divide(total, sizes) if total.dtype.kind in "iu" else total / sizes
    return mean.astype(data.dtype)


@segment_mean.gradient
def _segment_mean_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    data, ids = op.inputs
    dtype = grad.dtype.base_dtype
    sizes = segment_sum(ones(dynamic_shape(ids), dtype), ids)
    return mul(
        gather(grad, ids), _like_rows(real_div(constant(1, dtype), gather(sizes, ids)), data, ids)
    ), None


def _like_rows(x: Any, data: Tensor, ids: Tensor) -> Any:
    """One number for each id, with dimensions added so that it broadcasts to the rows."""
    rank, of_ids = data._shape_value.rank, ids._shape_value.rank
    if rank is None or of_ids is None:
        raise ValueError("the gradient of a segment reduction needs the rank of data.")
    for _ in range(rank - of_ids):
        x = expand_dims(x, -1)
    return x


@op("SegmentProd", T=NUMBERS, Tindices=INDICES, runs_on=HOST, shape=_sorted_shape,
    export=("segment_prod", "math.segment_prod"))  # fmt: skip
def segment_prod(xp: Namespace, data: T, segment_ids: Tindices) -> T:
    """The products of the rows of ``data`` that have one id; ids must not decrease."""
    return _sorted(xp, "multiply", data, segment_ids, 1)


@op("SegmentMax", T=REALS, Tindices=INDICES, runs_on=HOST, shape=_sorted_shape,
    export=("segment_max", "math.segment_max"))  # fmt: skip
def segment_max(xp: Namespace, data: T, segment_ids: Tindices) -> T:
    """The maxima of the rows of ``data`` that have one id, 0 of none; ids must not decrease."""
    return _sorted(xp, "maximum", data, segment_ids, 0, lowest(data.dtype))


@op("SegmentMin", T=REALS, Tindices=INDICES, runs_on=HOST, shape=_sorted_shape,
    export=("segment_min", "math.segment_min"))  # fmt: skip
def segment_min(xp: Namespace, data: T, segment_ids: Tindices) -> T:
    """The minima of the rows of ``data`` that have one id, 0 of none; ids must not decrease."""
    return _sorted(xp, "minimum", data, segment_ids, 0, highest(data.dtype))


def lowest(dtype: Any) -> Any:
    """The least finite number of a dtype."""
    kind = dtypes.as_dtype(dtype)
    return dtype.type(kind.min)


def highest(dtype: Any) -> Any:
    """The greatest finite number of a dtype."""
    kind = dtypes.as_dtype(dtype)
    return dtype.type(kind.max)


@segment_max.gradient
@segment_min.gradient
def _segment_extreme_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    """Equal extremes share the gradient."""
    data, ids = op.inputs
    chosen = cast(equal_op(data, gather(op.outputs[0], ids)), grad.dtype.base_dtype)
    share = real_div(grad, maximum(segment_sum(chosen, ids), number(1, grad)))
    return mul(gather(share, ids), chosen), None


def _unsorted(xp: Namespace, how: str, data: Any, ids: Any, count: Any, empty: Any) -> Any:
    size = int(np.asarray(count))
    _check_ids(xp, ids, data, size)
    return reduced_rows(xp, how, data, ids, size, empty)


def unsorted_shape(
    ctx: ShapeContext, data: Shape, segment_ids: Shape, num_segments: Shape
) -> Shape:
    """The dimensions of ids are replaced by one of ``num_segments``."""
    num_segments.with_rank(0)
    if data.dims is None or segment_ids.dims is None:
        return UNKNOWN
    data[: len(segment_ids.dims)].merge_with(segment_ids)
    count = ctx.constant(2)
    if count is not None and count < 0:
        raise ValueError(f"num_segments must not be negative, but is {int(count)}.")
    rows = unknown(1) if count is None else Shape((int(count),))
    return rows + data[len(segment_ids.dims) :]


@op("UnsortedSegmentSum", T=NUMBERS, Tindices=INDICES, Tnumsegments=INDEX, shape=unsorted_shape,
    export=("unsorted_segment_sum", "math.unsorted_segment_sum"))  # fmt: skip
def unsorted_segment_sum(
    xp: Namespace, data: T, segment_ids: Tindices, num_segments: Tnumsegments
) -> T:
    """Sums the rows of ``data`` that have one id.

    Args:
      data: A number tensor.
      segment_ids: The id of each row, in the shape of the first dimensions of ``data``. Rows with
        a negative id are left out.
      num_segments: How many ids there are.

    >>> tf.Session().run(tf.unsorted_segment_sum([1.0, 2.0, 4.0], [1, 0, 1], 3))
    array([2., 5., 0.], dtype=float32)
    """
    return _unsorted(xp, "add", data, segment_ids, num_segments, 0)


@op("UnsortedSegmentProd", T=NUMBERS, Tindices=INDICES, Tnumsegments=INDEX, shape=unsorted_shape,
    export=("unsorted_segment_prod", "math.unsorted_segment_prod"))  # fmt: skip
def unsorted_segment_prod(
    xp: Namespace, data: T, segment_ids: Tindices, num_segments: Tnumsegments
) -> T:
    """The products of the rows of ``data`` that have one id; see `tf.unsorted_segment_sum`."""
    return _unsorted(xp, "multiply", data, segment_ids, num_segments, 1)


@op("UnsortedSegmentMax", T=REALS, Tindices=INDICES, Tnumsegments=INDEX, shape=unsorted_shape,
    export=("unsorted_segment_max", "math.unsorted_segment_max"))  # fmt: skip
def unsorted_segment_max(
    xp: Namespace, data: T, segment_ids: Tindices, num_segments: Tnumsegments
) -> T:
    """The maxima of the rows that have one id, of none the least number of the dtype.

    See `tf.unsorted_segment_sum`.
    """
    return _unsorted(xp, "maximum", data, segment_ids, num_segments, lowest(data.dtype))


@op("UnsortedSegmentMin", T=REALS, Tindices=INDICES, Tnumsegments=INDEX, shape=unsorted_shape,
    export=("unsorted_segment_min", "math.unsorted_segment_min"))  # fmt: skip
def unsorted_segment_min(
    xp: Namespace, data: T, segment_ids: Tindices, num_segments: Tnumsegments
) -> T:
    """The minima of the rows that have one id, of none the greatest number of the dtype.

    See `tf.unsorted_segment_sum`.
    """
    return _unsorted(xp, "minimum", data, segment_ids, num_segments, highest(data.dtype))


@unsorted_segment_sum.gradient
def _unsorted_segment_sum_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None, None]:
    return _rows_or_zero(grad, op.inputs[0], op.inputs[1]), None, None


def _rows_or_zero(x: Tensor, data: Tensor, ids: Tensor) -> Any:
    """The row of ``x`` for each id, 0 for negative ids."""
    rows = gather(x, maximum(ids, number(0, ids)))
    known = constant_value(ids)
    if known is not None and (known >= 0).all():
        return rows
    return select_v2(_like_rows(greater_equal(ids, number(0, ids)), data, ids), rows, number(0, x))


@unsorted_segment_max.gradient
@unsorted_segment_min.gradient
def _unsorted_extreme_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None, None]:
    """Equal extremes share the gradient."""
    data, ids, count = op.inputs
    same = equal_op(data, gather(op.outputs[0], maximum(ids, number(0, ids))))
    valid = logical_and(same, _like_rows(greater_equal(ids, number(0, ids)), data, ids))
    chosen = cast(valid, grad.dtype.base_dtype)
    share = real_div(grad, maximum(unsorted_segment_sum(chosen, ids, count), number(1, grad)))
    return mul(_rows_or_zero(share, data, ids), chosen), None, None


def _product_grad(grad: Tensor, data: Tensor, ids: Tensor, count: Any) -> Any:
    """The product of the other rows of a segment is the product over this one, where that is not 0.

    With one 0 in a segment, only that element's gradient is not 0; with more, none.
    """
    zero, one = number(0, data), number(1, data)
    is_zero = equal_op(data, zero)
    zeros = unsorted_segment_sum(cast(is_zero, dtypes.int32), ids, count)
    others = select_v2(is_zero, one, data)
    product = unsorted_segment_prod(others, ids, count)
    spread_zeros = gather(zeros, maximum(ids, number(0, ids)))
    own = cast(is_zero, dtypes.int32)
    alone = equal_op(spread_zeros, own)  # no other element of the segment is 0
    rest = real_div(_rows_or_zero(conjugate(product), data, ids), conjugate(others))
    return mul(_rows_or_zero(grad, data, ids), select_v2(alone, rest, zero))


@unsorted_segment_prod.gradient
def _unsorted_segment_prod_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None, None]:
    data, ids, count = op.inputs
    return _product_grad(grad, data, ids, count), None, None


@segment_prod.gradient
def _segment_prod_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    data, ids = op.inputs
    count = shape(op.outputs[0])[0]
    return _product_grad(grad, data, ids, count), None


@hooks.install("count_at")
def count_at(indices: Any, count: Any) -> Any:
    """How often each number below ``count`` is among ``indices``."""
    return unsorted_segment_sum(hooks.call("ones_like", indices), indices, count)


def _segment_sizes(data: Tensor, ids: Tensor, count: Any) -> Any:
    """How many rows each segment has, at least 1, in a shape that broadcasts to the results."""
    sizes = unsorted_segment_sum(ones(shape(ids), data.dtype.base_dtype), ids, count)
    added = (data._shape_value.rank or 0) - (ids._shape_value.rank or 0)
    return maximum(reshape(sizes, [count, *[1] * added]), 1)


@export("unsorted_segment_mean", "math.unsorted_segment_mean")
def unsorted_segment_mean(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Any:
    """The means of the rows of ``data`` that have one id; see `tf.unsorted_segment_sum`."""
    with get_default_graph().name_scope(name or "UnsortedSegmentMean"):
        data = convert_to_tensor(data)
        segment_ids = convert_to_tensor(segment_ids)
        sizes = _segment_sizes(data, segment_ids, num_segments)
        return unsorted_segment_sum(data, segment_ids, num_segments) / sizes


@export("unsorted_segment_sqrt_n", "math.unsorted_segment_sqrt_n")
def unsorted_segment_sqrt_n(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Any:
    """Sums of the rows of ``data`` that have one id, over the roots of their numbers.

    See `tf.unsorted_segment_sum`.
    """
    with get_default_graph().name_scope(name or "UnsortedSegmentSqrtN"):
        data = convert_to_tensor(data)
        segment_ids = convert_to_tensor(segment_ids)
        sizes = _segment_sizes(data, segment_ids, num_segments)
        return unsorted_segment_sum(data, segment_ids, num_segments) / sqrt(sizes)


@hooks.install("dense")
def _dense(value: IndexedSlices, dtype: Any, name: Any) -> Any:
    """`IndexedSlices` as a dense tensor."""
    if dtype is not None and not dtype.is_compatible_with(value.dtype):
        raise ValueError(
            f"a tensor of dtype {dtype.name} is needed, but the IndexedSlices have dtype "
            f"{value.dtype.name}."
        )
    if value.dense_shape is None:
        raise ValueError(
            "IndexedSlices without dense_shape cannot become a tensor: the number of rows is "
            f"not known: {value}."
        )
    return unsorted_segment_sum(value.values, value.indices, value.dense_shape[0], name=name)
