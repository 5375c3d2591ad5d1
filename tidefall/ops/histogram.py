"""Counting: histograms, and confusion matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import ShapeContext
from tidefall.ir.opdef import HOST
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.array import reshape, shape
from tidefall.ops.cast import cast
from tidefall.ops.compare import greater
from tidefall.ops.constant import constant
from tidefall.ops.elementwise import floor
from tidefall.ops.gather_nd import gather_nd
from tidefall.ops.math import maximum, minimum, truediv
from tidefall.ops.reduce import reduce_max, reduce_prod
from tidefall.ops.registry import INDICES, Int32, Namespace, T, Tindices, TypeAttr, dtype, op
from tidefall.ops.segment import unsorted_segment_sum

_COUNTABLE = (dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64)


@op("Bincount", T=_COUNTABLE, outputs=("bins",), differentiable=False, runs_on=HOST)
def bincount_op(xp: Namespace, arr: Int32, size: Int32, weights: T) -> T:
    """How often each number below ``size`` occurs in ``arr``, or the sum of the weights there."""
    count, flat = int(np.asarray(size)), xp.reshape(arr, (-1,))
    xp.require(flat >= 0, "arr must not have negative numbers.")
    if weights.size == 0:
        values = xp.ones(flat.shape, dtype=weights.dtype)
    else:
        values = xp.reshape(weights, (-1,))
    places = xp.where(flat < count, flat, -1)
    return xp.segment_reduce("add", values, places, count, 0)


@bincount_op.shape
def _bincount_shape(ctx: ShapeContext, arr: Shape, size: Shape, weights: Shape) -> Shape:
    size.with_rank(0)
    count = ctx.constant(1)
    return Shape((None if count is None else int(count),))


@export("bincount", "math.bincount")
def bincount(
    arr: Any,
    weights: Any = None,
    minlength: Any = None,
    maxlength: Any = None,
    dtype: Any = dtypes.int32,
) -> Any:
    """How often each number occurs.

    Args:
      arr: An int32 tensor without negative numbers.
      weights: What each element counts, in the shape of ``arr``; 1 if None.
      minlength: The least length of the result.
      maxlength: Its greatest length; larger numbers are not counted.
      dtype: The dtype of the result, if there are no weights.

    >>> tf.Session().run(tf.bincount([1, 1, 3]))
    array([0, 2, 0, 1], dtype=int32)
    """
    with get_default_graph().name_scope("bincount"):
        x = convert_to_tensor(arr, name="arr", dtype=dtypes.int32)
        present = greater(reduce_prod(shape(x)), 0)
        size = cast(present, dtypes.int32) * (reduce_max(x) + 1)
        if minlength is not None:
            least = convert_to_tensor(minlength, name="minlength", dtype=dtypes.int32)
            size = maximum(least, size)
        if maxlength is not None:
            most = convert_to_tensor(maxlength, name="maxlength", dtype=dtypes.int32)
            size = minimum(most, size)
        if weights is not None:
            values = convert_to_tensor(weights, name="weights")
            return unsorted_segment_sum(values, x, size)
        return bincount_op(x, size, constant([], as_dtype(dtype)), name="Bincount")


@op("HistogramFixedWidth", T=_COUNTABLE, dtype=TypeAttr(INDICES, dtypes.int32), outputs=("out",),
    differentiable=False)  # fmt: skip
def histogram_fixed_width_op(
    xp: Namespace, values: T, value_range: T, nbins: Int32, *, dtype: DType
) -> dtype:
    """How many values lie in each of equally wide bins; those outside count in the outermost."""
    count = int(np.asarray(nbins))
    if count <= 0:
        raise ValueError(f"nbins must be positive, not {count}.")
    low, high = value_range[0], value_range[1]
    xp.require(low < high, "value_range must be two rising numbers.")
    flat = xp.reshape(values, (-1,)).astype("float64")
    width = (high.astype("float64") - low.astype("float64")) / count
    places = xp.floor((flat - low) / width)
    places = xp.clip(places, 0, count - 1).astype("int64")
    ones = xp.ones(flat.shape, dtype=dtype.np_dtype)
    return xp.segment_reduce("add", ones, places, count, 0)


@histogram_fixed_width_op.shape
def _histogram_shape(ctx: ShapeContext, values: Shape, value_range: Shape, nbins: Shape) -> Shape:
    nbins.with_rank(0)
    count = ctx.constant(2)
    return Shape((None if count is None else int(count),))


@export("histogram_fixed_width")
def histogram_fixed_width(
    values: Any,
    value_range: Any,
    nbins: Any = 100,
    dtype: Any = dtypes.int32,
    name: str | None = None,
) -> Any:
    """How many of ``values`` lie in each of ``nbins`` equally wide bins.

    Args:
      values: A number tensor.
      value_range: The lower end of the first bin and the upper end of the last; values outside
        count in these bins.
      nbins: The number of bins.
      dtype: The dtype of the counts.
      name: The name of the node.

    >>> tf.Session().run(tf.histogram_fixed_width([-1.0, 0.5, 1.5, 9.0], [0.0, 2.0], nbins=2))
    array([2, 2], dtype=int32)
    """
    with get_default_graph().name_scope(name or "histogram_fixed_width") as scope:
        return histogram_fixed_width_op(values, value_range, nbins, dtype=dtype, name=scope)


@export("histogram_fixed_width_bins")
def histogram_fixed_width_bins(
    values: Any,
    value_range: Any,
    nbins: Any = 100,
    dtype: Any = dtypes.int32,
    name: str | None = None,
) -> Any:
    """For each of ``values``, the number of its bin; see `tf.histogram_fixed_width`."""
    with get_default_graph().name_scope(name or "histogram_fixed_width_bins"):
        values = convert_to_tensor(values, name="values")
        sizes = shape(values)
        flat = reshape(values, [-1])
        ends = convert_to_tensor(value_range, name="value_range")
        count = convert_to_tensor(nbins, dtype=dtypes.int32, name="nbins")
        wide = cast(count, flat.dtype.base_dtype)
        scaled = truediv(flat - ends[0], ends[1] - ends[0], name="scaled_values")
        places = floor(wide * scaled, name="indices")
        last = wide - 1
        with get_default_graph().name_scope("clip_by_value") as scope:
            lowered = minimum(places, last)
            inside = maximum(lowered, 0, name=scope)
        return reshape(cast(inside, dtypes.int32), sizes)


@op("Bucketize", T=_COUNTABLE, shape=shapes.unchanged, differentiable=False)
def bucketize(xp: Namespace, input: T, *, boundaries: list[float]) -> Int32:
    """For each number, how many of the rising ``boundaries`` are not greater."""
    edges = np.asarray(boundaries, np.float64)
    if (np.diff(edges) < 0).any():
        raise ValueError(f"boundaries must not fall, but are {list(boundaries)}.")
    return xp.searchsorted(xp.asarray(edges), input, side="right").astype("int32")


@op("SparseTensorDenseAdd", Tindices=INDICES)
def sparse_tensor_dense_add(
    xp: Namespace, a_indices: Tindices, a_values: T, a_shape: Tindices, b: T
) -> T:
    """``b`` with the elements of a sparse tensor added."""
    sizes = np.asarray(a_shape)
    if tuple(sizes.tolist()) != b.shape:
        raise ValueError(f"the sparse tensor has shape {sizes.tolist()}, but b has {b.shape}.")
    inside = ((a_indices >= 0) & (a_indices < sizes)).all(-1)
    xp.require(inside, f"an index of the sparse tensor lies outside its shape {sizes.tolist()}.")
    strides = np.array([int(np.prod(b.shape[i + 1 :])) for i in range(b.ndim)], np.int64)
    flat = xp.reshape((a_indices * strides).sum(-1), (-1,))
    added = xp.segment_reduce("add", a_values, flat, int(np.prod(b.shape)), 0)
    return b + xp.reshape(added, b.shape)


@sparse_tensor_dense_add.shape
def _sparse_tensor_dense_add_shape(
    a_indices: Shape, a_values: Shape, a_shape: Shape, b: Shape
) -> Shape:
    a_indices.with_rank(2)
    a_values.with_rank(1)
    return b


@sparse_tensor_dense_add.gradient
def _sparse_tensor_dense_add_grad(op: Operation, grad: Tensor) -> Any:
    return None, gather_nd(grad, op.inputs[0]), None, grad
