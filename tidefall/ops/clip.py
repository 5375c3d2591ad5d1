"""Clipping: values and norms kept within bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import identity
from tidefall.ops.cast import cast
from tidefall.ops.constant import constant
from tidefall.ops.elementwise import is_finite, rsqrt, sqrt
from tidefall.ops.filled import ones_like
from tidefall.ops.joining import stack
from tidefall.ops.math import maximum, minimum
from tidefall.ops.nn import l2_loss
from tidefall.ops.ranges import range_
from tidefall.ops.reduce import reduce_sum
from tidefall.ops.sizes import rank, size
from tidefall.ops.where import where


@export("clip_by_value")
def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """``t`` with elements below the least value and above the greatest one set to these.

    Args:
      t: A tensor, or `tf.IndexedSlices`.
      clip_value_min: The least value, in a shape that broadcasts to that of ``t``.
      clip_value_max: The greatest value, likewise.
      name: The name scope of the nodes.

    Raises:
      ValueError: If the bounds would make the result larger than ``t``.
    """
    with get_default_graph().name_scope(name or "clip_by_value") as scope:
        x = _dense(t)
        lower = minimum(x, clip_value_max)
        lower._shape_value.merge_with(x._shape_value)
        result = maximum(lower, clip_value_min, name=scope)
        result._shape_value.merge_with(x._shape_value)
        return _like(t, result)


def _dense(t: Any) -> Any:
    """The values of slices, or the tensor itself."""
    return convert_to_tensor(t.values if isinstance(t, IndexedSlices) else t, name="t")


def _like(t: Any, values: Any) -> Any:
    if isinstance(t, IndexedSlices):
        return IndexedSlices(values, t.indices, t.dense_shape)
    return values


@export("clip_by_norm")
def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """``t`` scaled so that its Euclidean norm is at most ``clip_norm``.

    Args:
      t: A tensor, or `tf.IndexedSlices`.
      clip_norm: The greatest norm.
      axes: The dimensions over which norms are taken; all if None.
      name: The name scope of the nodes.
    """
    with get_default_graph().name_scope(name or "clip_by_norm") as scope:
        values = _dense(t)
        square = reduce_sum(values * values, axes, keepdims=True)
        # The root of 0 has no derivative: it is kept out of the way.
        positive = square > 0
        safe = where(positive, square, ones_like(square))
        norm = where(positive, sqrt(safe), square)
        scaled = values * clip_norm
        scaled._shape_value.merge_with(values._shape_value)
        return _like(t, identity(scaled / maximum(norm, clip_norm), name=scope))


@export("clip_by_average_norm")
def clip_by_average_norm(t: Any, clip_norm: Any, name: str | None = None) -> Any:
    """``t`` scaled so that its Euclidean norm per element is at most ``clip_norm``.

    Args:
      t: A tensor.
      clip_norm: The greatest norm per element.
      name: The name scope of the nodes.
    """
    with get_default_graph().name_scope(name or "clip_by_average_norm") as scope:
        t = convert_to_tensor(t, name="t")
        count = cast(size(t), dtypes.float32)
        inverse = rsqrt(reduce_sum(t * t, range_(rank(t))))
        scaled = t * clip_norm
        limit = minimum(inverse * count, constant(1.0) / clip_norm)
        return identity(scaled * limit, name=scope)


@export("global_norm", "linalg.global_norm")
def global_norm(t_list: Any, name: str | None = None) -> Any:
    """The Euclidean norm of several tensors together.

    Args:
      t_list: A list of tensors, `tf.IndexedSlices`, or None, which counts as nothing.
      name: The name scope of the nodes.

    Raises:
      TypeError: If ``t_list`` is no list.
    """
    tensors = _listed(t_list)
    graph = get_default_graph()
    with graph.name_scope(name or "global_norm"):
        values = [
            convert_to_tensor(_values(t), name=f"t_{i}") if t is not None else None
            for i, t in enumerate(tensors)
        ]
        halves = []
        for value in values:
            if value is not None:
                with graph.colocate_with(value):
                    halves.append(l2_loss(value))
        total = reduce_sum(stack(halves))
        return sqrt(total * constant(2.0, dtype=total.dtype.base_dtype), name="global_norm")


def _values(t: Any) -> Any:
    return t.values if isinstance(t, IndexedSlices) else t


def _listed(t_list: Any) -> list[Any]:
    if isinstance(t_list, (str, bytes, Tensor)) or not hasattr(t_list, "__len__"):
        raise TypeError(f"t_list must be a list of tensors, not {type(t_list).__name__}: {t_list}")
    return list(t_list)


@export("clip_by_global_norm")
def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list[Any], Any]:
    """Several tensors scaled so that their Euclidean norm together is at most ``clip_norm``.

    Args:
      t_list: A list of tensors, `tf.IndexedSlices`, or None, which stays None.
      clip_norm: The greatest norm.
      use_norm: The norm, if it is known already.
      name: The name scope of the nodes.

    Returns:
      The scaled tensors, and the norm. An infinite norm makes all of them NaN.

    Raises:
      TypeError: If ``t_list`` is no list.
    """
    tensors = _listed(t_list)
    norm = global_norm(tensors, name) if use_norm is None else use_norm
    graph = get_default_graph()
    with graph.name_scope(name or "clip_by_global_norm") as scope:
        dtype = norm.dtype.base_dtype
        scale = clip_norm * minimum(1.0 / norm, constant(1.0, dtype=dtype) / clip_norm)
        scale = where(is_finite(norm), scale, constant(np.nan, dtype=dtype))
        values = [
            convert_to_tensor(_values(t), name=f"t_{i}") if t is not None else None
            for i, t in enumerate(tensors)
        ]
        clipped: list[Any] = []
        for i, value in enumerate(values):
            if value is None:
                clipped.append(None)
                continue
            with graph.colocate_with(value):
                clipped.append(identity(value * scale, name=f"{scope}_{i}"))
        results = [_like(t, value) for t, value in zip(tensors, clipped, strict=True)]
        return results, norm
