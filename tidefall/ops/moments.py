"""Means and variances, and normalizing with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ops.array import either, shape, squeeze, stop_gradient, zeros_like_op
from tidefall.ops.cast import cast
from tidefall.ops.constant import constant
from tidefall.ops.elementwise import reciprocal, rsqrt, square
from tidefall.ops.gather import gather
from tidefall.ops.math import add, mul, squared_difference, sub
from tidefall.ops.reduce import reduce_mean, reduce_prod, reduce_sum


def _kept(keepdims: Any, keep_dims: Any) -> bool:
    return bool(either("keepdims", keepdims, "keep_dims", keep_dims))


@export("nn.moments")
def moments(
    x: Any,
    axes: Any,
    shift: Any = None,
    name: str | None = None,
    keep_dims: bool | None = None,
    keepdims: bool | None = None,
) -> tuple[Any, Any]:
    """The mean and the variance of ``x`` along dimensions.

    Args:
      x: A tensor. Half floats are added up in single precision.
      axes: The dimensions, a list.
      shift: Ignored.
      name: The name scope of the nodes.
      keep_dims: An older name of ``keepdims``.
      keepdims: Whether the dimensions stay, with size 1.
    """
    keep = _kept(keepdims, keep_dims)
    with get_default_graph().name_scope(name or "moments"):
        half = x.dtype.base_dtype is dtypes.float16
        y = cast(x, dtypes.float32) if half else x
        mean = reduce_mean(y, axes, keepdims=True, name="mean")
        # The mean's own gradient of the sum of squared distances to it is zero.
        distance = squared_difference(y, stop_gradient(mean))
        variance = reduce_mean(distance, axes, keepdims=True, name="variance")
        if not keep:
            mean, variance = squeeze(mean, axes), squeeze(variance, axes)
        if half:
            return cast(mean, dtypes.float16), cast(variance, dtypes.float16)
        return mean, variance


@export("nn.weighted_moments")
def weighted_moments(
    x: Any,
    axes: Any,
    frequency_weights: Any,
    name: str | None = None,
    keep_dims: bool | None = None,
    keepdims: bool | None = None,
) -> tuple[Any, Any]:
    """The mean and the variance of ``x`` where elements count more or less often.

    Args:
      x: A tensor.
      axes: The dimensions, a list.
      frequency_weights: How often each element counts; broadcast to the shape of ``x``.
      name: The name scope of the nodes.
      keep_dims: An older name of ``keepdims``.
      keepdims: Whether the dimensions stay, with size 1.
    """
    keep = _kept(keepdims, keep_dims)
    with get_default_graph().name_scope(name or "weighted_moments"):
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(frequency_weights, name="frequency_weights")
        half = x.dtype.base_dtype is dtypes.float16
        if half:
            x = cast(x, dtypes.float32)
        if weights.dtype.base_dtype is not x.dtype.base_dtype:
            weights = cast(weights, x.dtype.base_dtype)
        total = reduce_sum(weights * x, axes, name="weighted_input_sum", keepdims=True)
        spread = weights + zeros_like_op(x, name="zeros_like")
        weight = reduce_sum(spread, axes, name="sum_of_weights", keepdims=True)
        scale = reciprocal(weight, name="inv_weight_sum")
        mean = mul(total, scale)
        squares = weights * squared_difference(x, mean)
        distance = reduce_sum(squares, axes, name="weighted_distsq", keepdims=True)
        variance = mul(distance, scale)
        if not keep:
            mean, variance = squeeze(mean, axis=axes), squeeze(variance, axis=axes)
        if half:
            return cast(mean, dtypes.float16), cast(variance, dtypes.float16)
        return mean, variance


@export("nn.sufficient_statistics")
def sufficient_statistics(
    x: Any,
    axes: Any,
    shift: Any = None,
    keep_dims: bool | None = None,
    name: str | None = None,
    keepdims: bool | None = None,
) -> tuple[Any, Any, Any, Any]:
    """What mean and variance are computed from: the count, the sum, the sum of squares.

    Args:
      x: A tensor.
      axes: The dimensions, a list.
      shift: A value near the mean, subtracted first for precision; None for none.
      keep_dims: An older name of ``keepdims``.
      name: The name scope of the nodes.
      keepdims: Whether the dimensions stay, with size 1.

    Returns:
      The count, the (shifted) sum, the (shifted) sum of squares, and the shift or None.
    """
    keep = _kept(keepdims, keep_dims)
    axes = sorted(set(axes))
    with get_default_graph().name_scope(name or "sufficient_statistics"):
        x = convert_to_tensor(x, name="x")
        counts = _count(x, axes)
        if shift is not None:
            shift = convert_to_tensor(shift, name="shift")
            total, squares = sub(x, shift), squared_difference(x, shift)
        else:
            total, squares = x, square(x)
        total = reduce_sum(total, axes, keepdims=keep, name="mean_ss")
        squares = reduce_sum(squares, axes, keepdims=keep, name="var_ss")
        return counts, total, squares, shift


def _count(x: Any, axes: list[int]) -> Any:
    """How many elements are added up."""
    dims = x._shape_value.dims
    dtype = x.dtype.base_dtype
    if dims is not None and all(dims[axis] is not None for axis in axes):
        return constant(int(np.prod([dims[axis] for axis in axes])), dtype, name="count")
    return reduce_prod(gather(cast(shape(x), dtype), axes), name="count")


@export("nn.normalize_moments")
def normalize_moments(
    counts: Any, mean_ss: Any, variance_ss: Any, shift: Any, name: str | None = None
) -> tuple[Any, Any]:
    """The mean and the variance from `tf.nn.sufficient_statistics`.

    Args:
      counts: The number of elements.
      mean_ss: Their (shifted) sum.
      variance_ss: The (shifted) sum of squares.
      shift: The shift, or None.
      name: The name scope of the nodes.
    """
    with get_default_graph().name_scope(name or "normalize"):
        divisor = reciprocal(counts, name="divisor")
        if shift is not None:
            shifted = mul(mean_ss, divisor, name="shifted_mean")
            mean = add(shifted, shift, name="mean")
        else:
            shifted = mul(mean_ss, divisor, name="mean")
            mean = shifted
        variance = sub(mul(variance_ss, divisor), square(shifted), name="variance")
        return mean, variance


@export("nn.batch_normalization")
def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    offset: Any,
    scale: Any,
    variance_epsilon: Any,
    name: str | None = None,
) -> Any:
    """``(x - mean) / sqrt(variance + variance_epsilon) * scale + offset``.

    Args:
      x: A tensor.
      mean: Its mean, in a shape that broadcasts.
      variance: Its variance, likewise.
      offset: What is added in the end, or None.
      scale: What is multiplied by, or None.
      variance_epsilon: A small number that keeps the root away from 0.
      name: The name scope of the nodes.
    """
    with get_default_graph().name_scope(name or "batchnorm"):
        factor = rsqrt(variance + variance_epsilon)
        if scale is not None:
            factor = factor * scale
        dtype = x.dtype.base_dtype
        scaled = x * cast(factor, dtype)
        moved = offset - mean * factor if offset is not None else -mean * factor
        return scaled + cast(moved, dtype)


@export("nn.batch_norm_with_global_normalization")
def batch_norm_with_global_normalization(
    t: Any = None,
    m: Any = None,
    v: Any = None,
    beta: Any = None,
    gamma: Any = None,
    variance_epsilon: Any = None,
    scale_after_normalization: Any = None,
    name: str | None = None,
    input: Any = None,
    mean: Any = None,
    variance: Any = None,
) -> Any:
    """`tf.nn.batch_normalization` of images.

    Args:
      t: Images.
      m: Their mean.
      v: Their variance.
      beta: The offset.
      gamma: The scale.
      variance_epsilon: A small number that keeps the root away from 0.
      scale_after_normalization: Whether to multiply by ``gamma``.
      name: The name scope of the nodes.
      input: A newer name of ``t``.
      mean: A newer name of ``m``.
      variance: A newer name of ``v``.
    """
    return batch_normalization(
        either("input", input, "t", t),
        either("mean", mean, "m", m),
        either("variance", variance, "v", v),
        beta,
        gamma if scale_after_normalization else None,
        variance_epsilon,
        name,
    )
