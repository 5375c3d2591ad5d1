"""The number of elements and of dimensions of a tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ops.array import rank_op, shape_of_composite, size_op
from tidefall.ops.constant import constant
from tidefall.ops.registry import INDEX, Namespace, T, op, out_type


@op("ShapeN", differentiable=False, out_type=INDEX)
def shape_n_op(xp: Namespace, input: list[T], *, out_type: DType) -> list[out_type]:
    """The shapes of several tensors."""
    return [np.array(np.shape(each), out_type.np_dtype) for each in input]


@shape_n_op.shape
def _shape_n_shape(input: list[Shape]) -> list[Shape]:
    return [Shape((each.rank,)) for each in input]


@export("shape_n")
def shape_n(input: Any, out_type: Any = dtypes.int32, name: str | None = None) -> Any:
    """The shapes of the tensors in the list ``input``, all made by one node."""
    return shape_n_op(input, out_type=out_type, name=name)


@export("size")
def size(input: Any, name: str | None = None, out_type: Any = dtypes.int32) -> Any:
    """The number of elements of ``input``, a constant where it is known."""
    return size_internal(input, name, True, out_type)


def size_internal(
    input: Any, name: str | None = None, optimize: bool = True, out_type: Any = dtypes.int32
) -> Any:
    """`size`, which becomes a constant only with ``optimize``."""
    with get_default_graph().name_scope(name or "Size") as scope:
        dense_shape = shape_of_composite(input)
        if dense_shape is not None:
            return hooks.call("reduce_prod", hooks.call("cast", dense_shape, out_type), 0, scope)
        tensor = convert_to_tensor(input)
        count = tensor._shape_value.num_elements()
        if optimize and count is not None:
            return constant(count, as_dtype(out_type), name=scope)
        return size_op(input, out_type=out_type, name=scope)


@export("rank")
def rank(input: Any, name: str | None = None) -> Any:
    """The number of dimensions of ``input``, a constant where it is known."""
    return rank_internal(input, name, True)


def rank_internal(input: Any, name: str | None = None, optimize: bool = True) -> Any:
    """`rank`, which becomes a constant only with ``optimize``."""
    with get_default_graph().name_scope(name or "Rank") as scope:
        dense_shape = shape_of_composite(input)
        if dense_shape is not None:
            return size_op(dense_shape, out_type=dtypes.int32, name=scope)
        tensor = convert_to_tensor(input)
        known = tensor._shape_value.rank
        if optimize and known is not None:
            return constant(known, dtypes.int32, name=scope)
        return rank_op(input, name=scope)
