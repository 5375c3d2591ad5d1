"""Tensors filled with one value: zeros, ones, fill."""

from __future__ import annotations

import functools
import operator
from typing import Any

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.tensor_shape import TensorShape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import fill_op, reshape_op, shape_internal, zeros_like_op
from tidefall.ops.constant import constant

#: Constants with at least this many elements are made by a ``Fill`` when the graph runs, so that
#: a serialized graph stays small.
LARGE = 1000


@export("zeros")
def zeros(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Any:
    """A tensor of zeros.

    Args:
      shape: A list of sizes, a `tf.TensorShape`, or a vector tensor.
      dtype: The dtype of the elements; empty strings for `tf.string`.
      name: The name of the node.
    """
    base = as_dtype(dtype).base_dtype
    zero: Any = {dtypes.bool_: False, dtypes.string: ""}.get(base, 0)
    return _filled(zero, "zeros", shape, base, name)


@export("ones")
def ones(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Any:
    """A tensor of ones.

    Args:
      shape: A list of sizes, a `tf.TensorShape`, or a vector tensor.
      dtype: The dtype of the elements.
      name: The name of the node.
    """
    base = as_dtype(dtype).base_dtype
    return _filled(True if base is dtypes.bool_ else 1, "ones", shape, base, name)


def _filled(value: Any, what: str, shape: Any, dtype: DType, name: str | None) -> Any:
    with get_default_graph().name_scope(name or what) as scope:
        if not isinstance(shape, Tensor):
            if _is_small(shape):
                return constant(value, shape=shape, dtype=dtype, name=scope)
            shape = _shape_tensor(shape)
        if shape._shape_value.rank in (None, 0):
            shape = reshape_op(shape, [-1])
        return fill_op(shape, constant(value, dtype=dtype), name=scope)


def _is_small(shape: Any) -> bool:
    """Whether a tensor of this shape may be a constant; no, if some of the sizes are tensors."""
    try:
        sizes = list(shape) if hasattr(shape, "__iter__") else [shape]
        small = functools.reduce(operator.mul, sizes, *([] if sizes else [1])) < LARGE
        return bool(small)
    except TypeError:
        return False


def _shape_tensor(shape: Any) -> Any:
    try:
        return convert_to_tensor(TensorShape(shape))
    except (TypeError, ValueError):
        return convert_to_tensor(shape, dtypes.int32)


@hooks.install("zeros_like")
@export("zeros_like")
def zeros_like(
    tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True
) -> Any:
    """Zeros in the shape of ``tensor``.

    Args:
      tensor: Any tensor.
      dtype: The dtype of the result; that of ``tensor`` if None.
      name: The name of the node.
      optimize: Whether the result may be a constant where the shape is known.
    """
    with get_default_graph().name_scope(name or "zeros_like") as scope:
        x = convert_to_tensor(tensor, name="tensor")
        wanted = None if dtype is None else as_dtype(dtype)
        is_variant = x.dtype is dtypes.variant or wanted is dtypes.variant
        if optimize and x._shape_value.is_fully_defined and x.dtype is not dtypes.variant:
            return zeros(x.shape, wanted or x.dtype, name=scope)
        if wanted is not None and wanted is not x.dtype and not is_variant:
            return zeros(shape_internal(x, optimize=optimize), wanted, name=scope)
        return zeros_like_op(x, name=scope)


@hooks.install("ones_like")
@export("ones_like")
def ones_like(
    tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True
) -> Any:
    """Ones in the shape of ``tensor``.

    Args:
      tensor: Any tensor.
      dtype: The dtype of the result; that of ``tensor`` if None.
      name: The name of the node.
      optimize: Whether the shape may be a constant where it is known.
    """
    with get_default_graph().name_scope(name or "ones_like") as scope:
        x = convert_to_tensor(tensor, name="tensor")
        shape = shape_internal(x, optimize=optimize)
        result = ones(shape, x.dtype if dtype is None else dtype, name=scope)
        result.set_shape(x.shape)
        return result


@export("fill")
def fill(dims: Any, value: Any, name: str | None = None) -> Any:
    """A tensor of shape ``dims`` in which every element is ``value``.

    Args:
      dims: A vector of sizes.
      value: A scalar.
      name: The name of the node.
    """
    return fill_op(dims, value, name=name)
