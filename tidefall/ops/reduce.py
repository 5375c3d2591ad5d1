"""Reductions: means, extremes, products and norms along dimensions. (Sums: `broadcast`.)"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import constant_value
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.array import dynamic_shape, either, reshape_op, shape, stop_gradient
from tidefall.ops.broadcast import axes_of, exact, rounded, spread, sum_op, with_kept_dims
from tidefall.ops.cast import cast
from tidefall.ops.compare import equal_op, not_equal
from tidefall.ops.complex import conjugate
from tidefall.ops.constant import constant
from tidefall.ops.cumulative import cumprod_op
from tidefall.ops.elementwise import exp, is_finite, log, sqrt, square
from tidefall.ops.filled import zeros_like
from tidefall.ops.math import add, div_no_nan_op, floor_div, maximum, mul, real_div, sub
from tidefall.ops.ranges import range_
from tidefall.ops.registry import INDEX, NUMBERS, Bool, Namespace, T, Tidx, op
from tidefall.ops.sizes import rank, size_internal
from tidefall.ops.where import where


@op("Mean", T=NUMBERS, Tidx=INDEX, shape=shapes.reduction)
def mean_op(xp: Namespace, input: T, reduction_indices: Tidx, *, keep_dims: bool = False) -> T:
    """Means over dimensions; of integers, rounded towards zero."""
    axis = axes_of(reduction_indices)
    if input.dtype.kind in "iu":
        return xp.mean(input, axis, keepdims=keep_dims, dtype="float64").astype(input.dtype)
    total = xp.sum(input, axis, keepdims=keep_dims, dtype=exact(input.dtype))
    return rounded(total / xp.count(input, total.dtype, axis), input)


@mean_op.gradient
def _mean_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    return spread(op, real_div(grad, _averaged(op, grad.dtype.base_dtype))), None


def _averaged(op: Operation, dtype: DType) -> Any:
    """How many elements of a reduction's input make one of its result, in ``dtype``."""
    x, y = op.inputs[0], op.outputs[0]
    dims, indices = x._shape_value.dims, constant_value(op.inputs[1])
    if dims is not None and indices is not None:
        sizes = [dims[axis] for axis in shapes.reduced_axes(indices, len(dims))]
        if None not in sizes:
            return constant(math.prod([size for size in sizes if size is not None]), dtype)
    count = size_internal(x, None, False)
    if y._shape_value.num_elements() != 1:
        count = floor_div(count, maximum(size_internal(y), 1))
    return cast(count, dtype)


@op("Max", T=NUMBERS, Tidx=INDEX, shape=shapes.reduction)
def max_op(xp: Namespace, input: T, reduction_indices: Tidx, *, keep_dims: bool = False) -> T:
    """The greatest elements along dimensions; NaN where one is NaN; of none, the least value."""
    return _extreme(xp.max, input, reduction_indices, keep_dims, lowest(input.dtype))


@op("Min", T=NUMBERS, Tidx=INDEX, shape=shapes.reduction)
def min_op(xp: Namespace, input: T, reduction_indices: Tidx, *, keep_dims: bool = False) -> T:
    """The smallest elements along dimensions; NaN where one is NaN; of none, the greatest value."""
    return _extreme(xp.min, input, reduction_indices, keep_dims, highest(input.dtype))


def _extreme(reduce: Any, x: Any, indices: Any, keep_dims: bool, of_none: Any) -> Any:
    if x.size == 0:
        return reduce(x, axes_of(indices), keepdims=keep_dims, initial=of_none)
    return reduce(x, axes_of(indices), keepdims=keep_dims)


def lowest(dtype: Any) -> Any:
    """What is less than every number of a dtype, or equal to the least."""
    return np.iinfo(dtype).min if dtype.kind in "iu" else dtype.type(-np.inf)


def highest(dtype: Any) -> Any:
    """What is greater than every number of a dtype, or equal to the greatest."""
    return np.iinfo(dtype).max if dtype.kind in "iu" else dtype.type(np.inf)


@max_op.gradient
@min_op.gradient
def _extreme_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    """Equal extremes share the gradient."""
    x, axis = op.inputs
    chosen = cast(equal_op(x, with_kept_dims(op, op.outputs[0])), grad.dtype.base_dtype)
    count = sum_op(chosen, axis, keep_dims=True)
    return mul(real_div(chosen, count), with_kept_dims(op, grad)), None


@op("Prod", T=NUMBERS, Tidx=INDEX, shape=shapes.reduction)
def prod_op(xp: Namespace, input: T, reduction_indices: Tidx, *, keep_dims: bool = False) -> T:
    """Products along dimensions."""
    axis = axes_of(reduction_indices)
    return rounded(xp.prod(input, axis, keepdims=keep_dims, dtype=exact(input.dtype)), input)


@prod_op.gradient
def _prod_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    """The gradient times the product of all other elements, without a division by this one."""
    x, axis = op.inputs
    dims, indices = x._shape_value.dims, constant_value(axis)
    if dims is not None and indices is not None:
        axes = sorted(shapes.reduced_axes(indices, len(dims)))
        others = _product_of_others(x, axes)
        return mul(with_kept_dims(op, grad), conjugate(others)), None
    if op.outputs[0]._shape_value.rank == 0:
        others = _product_of_others(reshape_op(x, [-1]), [0])
        return reshape_op(mul(grad, conjugate(others)), dynamic_shape(x)), None
    quotient = div_no_nan_op(with_kept_dims(op, op.outputs[0]), x)
    return mul(with_kept_dims(op, grad), conjugate(quotient)), None


def _product_of_others(x: Any, axes: list[int]) -> Any:
    """For each element, the product of the others along ``axes``; broadcasts to ``x``.

    Along one axis it is the product of those before and those after. With a second axis, it is
    that, times the products of the other rows, which are reduced along the first.
    """
    if not axes:
        return constant(1, x.dtype.base_dtype)
    first, *rest = axes
    before = cumprod_op(x, first, exclusive=True)
    after = cumprod_op(x, first, exclusive=True, reverse=True)
    others = mul(before, after)
    if not rest:
        return others
    whole = prod_op(x, constant(first), keep_dims=True)
    return mul(others, _product_of_others(whole, rest))


@op("All", Tidx=INDEX, shape=shapes.reduction)
def all_op(xp: Namespace, input: Bool, reduction_indices: Tidx, *, keep_dims: bool = False) -> Bool:
    """Whether all elements along dimensions are true."""
    return xp.all(input, axes_of(reduction_indices), keepdims=keep_dims)


@op("Any", Tidx=INDEX, shape=shapes.reduction)
def any_op(xp: Namespace, input: Bool, reduction_indices: Tidx, *, keep_dims: bool = False) -> Bool:
    """Whether some element along dimensions is true."""
    return xp.any(input, axes_of(reduction_indices), keepdims=keep_dims)


@op("EuclideanNorm", T=NUMBERS, Tidx=INDEX, shape=shapes.reduction)
def euclidean_norm_op(
    xp: Namespace, input: T, reduction_indices: Tidx, *, keep_dims: bool = False
) -> T:
    """Square roots of sums of squares along dimensions."""
    axis = axes_of(reduction_indices)
    if input.dtype.kind in "iu":
        wide = input.astype("float64")
        return xp.sqrt(xp.sum(wide * wide, axis, keepdims=keep_dims)).astype(input.dtype)
    x = input.astype(exact(input.dtype))
    squares = xp.real(x) ** 2 + xp.imag(x) ** 2 if x.dtype.kind == "c" else x * x
    return rounded(xp.sqrt(xp.sum(squares, axis, keepdims=keep_dims)), input)


@euclidean_norm_op.gradient
def _euclidean_norm_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    ratio = div_no_nan_op(grad, conjugate(op.outputs[0]))
    return mul(op.inputs[0], with_kept_dims(op, ratio)), None


@hooks.install("reduced_shape")
def reduced_shape(shape: Any, axis: Any) -> Any:
    """The shape of a reduction's result with ``keep_dims``, where only the run knows it.

    A size becomes 1 where ``axis`` names its dimension: 1 + (size - 1) * (1 - named).
    """
    sizes, axes = cast(shape, dtypes.int32), reshape_op(cast(axis, dtypes.int32), [-1])
    count = size_internal(sizes)
    named = hooks.call("count_at", hooks.call("operator.mod", axes + count, count), count)
    return 1 + (sizes - 1) * (1 - named)


def reduction_axes(x: Any, axis: Any) -> Any:
    """The axis argument of a reduction: all dimensions where None is given."""
    if axis is not None:
        return axis
    known = x._shape_value.rank if isinstance(x, Tensor) else None
    if known is not None:
        return constant(np.arange(known, dtype=np.int32))
    return range_(0, rank(x))


def reduced(result: Any, axis: Any, keepdims: Any) -> Any:
    """``result``, which is known to be a scalar where all dimensions were reduced."""
    if axis is None and not keepdims and isinstance(result, Tensor):
        result.set_shape(())
    return result


def _reduce(reduction: Any, x: Any, axis: Any, keepdims: Any, name: str | None) -> Any:
    """Adds a reduction node. Its axes are made first, outside the node's scope."""
    axes = reduction_axes(x, axis)
    return reduced(reduction(x, axes, keep_dims=bool(keepdims), name=name), axis, keepdims)


def _hooked(reduction: Any) -> Any:
    def reduce(x: Any, axis: Any = None, name: str | None = None) -> Any:
        return _reduce(reduction, x, axis, False, name)

    return reduce


hooks.install("reduce_sum")(_hooked(sum_op))
hooks.install("reduce_prod")(_hooked(prod_op))


def _named(axis: Any, old_axis: Any, keepdims: Any, old_keepdims: Any) -> tuple[Any, Any]:
    """The axes and ``keepdims``, by their new or their old names."""
    return (
        either("axis", axis, "reduction_indices", old_axis),
        either("keepdims", keepdims, "keep_dims", old_keepdims),
    )


@export("reduce_sum", "math.reduce_sum")
def reduce_sum(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Any:
    """Sums over dimensions.

    Args:
      input_tensor: A number tensor.
      axis: One dimension or a list of them; all if None, none if empty.
      keepdims: Whether reduced dimensions stay, with size 1.
      name: The name of the node.
      reduction_indices: The old name of ``axis``.
      keep_dims: The old name of ``keepdims``.

    >>> tf.Session().run(tf.reduce_sum([[1.0, 2.0], [3.0, 4.0]], axis=1))
    array([3., 7.], dtype=float32)
    """
    axis, keepdims = _named(axis, reduction_indices, keepdims, keep_dims)
    return _reduce(sum_op, input_tensor, axis, keepdims, name)


@export("reduce_mean", "math.reduce_mean")
def reduce_mean(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Any:
    """Means over dimensions; of integers, rounded towards zero.

    The arguments are those of `tf.reduce_sum`.
    """
    axis, keepdims = _named(axis, reduction_indices, keepdims, keep_dims)
    return _reduce(mean_op, input_tensor, axis, keepdims, name)


@export("reduce_prod", "math.reduce_prod")
def reduce_prod(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Any:
    """Products over dimensions.

    The arguments are those of `tf.reduce_sum`.
    """
    axis, keepdims = _named(axis, reduction_indices, keepdims, keep_dims)
    return _reduce(prod_op, input_tensor, axis, keepdims, name)


@export("reduce_max", "math.reduce_max")
def reduce_max(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Any:
    """The greatest elements along dimensions; NaN where one is NaN.

    The arguments are those of `tf.reduce_sum`.
    """
    axis, keepdims = _named(axis, reduction_indices, keepdims, keep_dims)
    return _reduce(max_op, input_tensor, axis, keepdims, name)


@export("reduce_min", "math.reduce_min")
def reduce_min(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Any:
    """The smallest elements along dimensions; NaN where one is NaN.

    The arguments are those of `tf.reduce_sum`.
    """
    axis, keepdims = _named(axis, reduction_indices, keepdims, keep_dims)
    return _reduce(min_op, input_tensor, axis, keepdims, name)


@export("reduce_all", "math.reduce_all")
def reduce_all(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Any:
    """Whether all elements along dimensions are true.

    The arguments are those of `tf.reduce_sum`.
    """
    axis, keepdims = _named(axis, reduction_indices, keepdims, keep_dims)
    return _reduce(all_op, input_tensor, axis, keepdims, name)


@export("reduce_any", "math.reduce_any")
def reduce_any(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Any:
    """Whether some element along dimensions is true.

    The arguments are those of `tf.reduce_sum`.
    """
    axis, keepdims = _named(axis, reduction_indices, keepdims, keep_dims)
    return _reduce(any_op, input_tensor, axis, keepdims, name)


@export("reduce_logsumexp", "math.reduce_logsumexp")
def reduce_logsumexp(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Any:
    """``log(sum(exp(input_tensor)))`` along dimensions, without overflow.

    The arguments are those of `tf.reduce_sum`.
    """
    axis, keepdims = _named(axis, reduction_indices, keepdims, keep_dims)
    with get_default_graph().name_scope(name or "ReduceLogSumExp"):
        greatest = reduce_max(input_tensor, axis=axis, keepdims=True)
        finite = where(is_finite(greatest), greatest, zeros_like(greatest))
        shift = stop_gradient(finite)
        powers = exp(sub(input_tensor, shift))
        result = log(reduce_sum(powers, axis=axis, keepdims=keepdims))
        if not keepdims:
            shift = reshape_op(shift, shape(result))
        result = add(result, shift)
        return reduced(result, axis, keepdims)


@export("math.reduce_variance")
def reduce_variance(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Any:
    """Variances along dimensions: means of squared distances from the mean.

    The arguments are those of `tf.reduce_sum`.

    >>> tf.Session().run(tf.math.reduce_variance([1.0, 2.0, 3.0, 4.0]))
    1.25
    """
    with get_default_graph().name_scope(name or "reduce_variance"):
        means = reduce_mean(input_tensor, axis=axis, keepdims=True)
        squares = square(input_tensor - means)
        return reduce_mean(squares, axis=axis, keepdims=keepdims)


@export("math.reduce_std")
def reduce_std(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Any:
    """Standard deviations along dimensions, the roots of `tf.math.reduce_variance`."""
    with get_default_graph().name_scope(name or "reduce_std"):
        return sqrt(reduce_variance(input_tensor, axis=axis, keepdims=keepdims))


@export("math.reduce_euclidean_norm")
def reduce_euclidean_norm(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Any:
    """Square roots of sums of squares along dimensions.

    The arguments are those of `tf.reduce_sum`.
    """
    return _reduce(euclidean_norm_op, input_tensor, axis, keepdims, name)


@export("count_nonzero", "math.count_nonzero")
def count_nonzero(
    input_tensor: Any = None,
    axis: Any = None,
    keepdims: Any = None,
    dtype: Any = dtypes.int64,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
    input: Any = None,
) -> Any:
    """How many elements along dimensions are not 0 (or, of strings, not empty).

    The arguments are those of `tf.reduce_sum`, and ``dtype``, that of the result.
    """
    axis, keepdims = _named(axis, reduction_indices, keepdims, keep_dims)
    given = either("input", input, "input_tensor", input_tensor)
    with get_default_graph().name_scope(name or "count_nonzero"):
        x = convert_to_tensor(given, name="input")
        kind = x.dtype.base_dtype
        nothing: Any = {dtypes.string: "", dtypes.bool_: False}.get(kind, 0)
        zero = constant(nothing, kind, name="zeros")
        present = cast(not_equal(x, zero), dtypes.int64)
        return cast(reduce_sum(present, axis=axis, keepdims=keepdims), dtype)
