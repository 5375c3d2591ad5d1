"""What is known of a tensor before anything runs, for programs."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core.dtypes import as_dtype
from tidefall.core.exports import export
from tidefall.ir.conversion import convert
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.inference import constant_value
from tidefall.ir.tensor import Tensor


@export("get_static_value", "contrib.util.constant_value")
def get_static_value(tensor: Any, partial: bool = False) -> Any:
    """The value of ``tensor`` where it is known while the graph is built, else None.

    Args:
      tensor: A tensor.
      partial: Whether a stack of which only parts are known may be returned, as an array of
        objects with None in the other places.
    """
    known = constant_value(tensor)
    if known is not None:
        return known if known.ndim else known[()]
    if partial and isinstance(tensor, Tensor) and tensor.op.type == "Pack":
        if tensor.op._attrs["axis"] != 0 or not tensor.op._inputs:
            return None
        parts = [get_static_value(each, partial) for each in tensor.op._inputs]
        if any(part is not None for part in parts):
            return np.array(parts, dtype=object)
    return None


@export("is_tensor", "contrib.framework.is_tensor")
def is_tensor(x: Any) -> bool:
    """Whether ``x`` is a tensor, a variable, or something that stands for tensors in a graph."""
    return (
        isinstance(x, (Tensor, IndexedSlices))
        or hasattr(x, "_as_graph_element")
        or (hasattr(x, "dense_shape") and hasattr(x, "indices"))
    )


@export("convert_to_tensor_or_indexed_slices")
def convert_to_tensor_or_indexed_slices(value: Any, dtype: Any = None, name: Any = None) -> Any:
    """``value`` as a tensor; `tf.IndexedSlices` stay what they are.

    Args:
      value: `tf.IndexedSlices`, or anything `tf.convert_to_tensor` takes.
      dtype: The dtype it must have, or None.
      name: The name of the node, if one is made.

    Raises:
      ValueError: If ``value`` has another dtype.
    """
    wanted = None if dtype is None else as_dtype(dtype)
    if isinstance(value, IndexedSlices):
        if wanted is not None and not wanted.is_compatible_with(value.dtype):
            raise ValueError(
                f"IndexedSlices of dtype {wanted.name} are needed, but the values have dtype "
                f"{value.dtype.name}."
            )
        return value
    return convert(value, wanted, name)
