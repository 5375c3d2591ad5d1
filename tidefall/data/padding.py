"""What `Dataset.batch` and `Dataset.padded_batch` know before anything runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.dtypes import DType
from tidefall.core.shapes import Shape
from tidefall.data import nesting
from tidefall.data.element_spec import TensorSpec
from tidefall.ir.conversion import convert
from tidefall.ir.inference import constant_value, value_as_shape
from tidefall.ir.tensor import Tensor


def known_size(size: Tensor, drop: Tensor) -> int | None:
    """The number of rows of every batch, where it is known."""
    dropped, rows = constant_value(drop), constant_value(size)
    return int(rows) if dropped is not None and bool(dropped) and rows is not None else None


def shapes_of(spec: Any, padded_shapes: Any) -> list[Tensor]:
    """The shape each component is filled up to, as vectors with -1 for what is not said."""
    specs = nesting.flatten(spec)
    given = nesting.up_to(spec, padded_shapes)
    return [_shape_of(each, shape) for each, shape in zip(specs, given, strict=True)]


def _shape_of(spec: Any, shape: Any) -> Tensor:
    if not isinstance(spec, TensorSpec):
        raise TypeError(f"padded_batch takes tensors only, not {spec!r}.")
    if isinstance(shape, Tensor):
        vector = shape
    else:
        dims = Shape.of(shape).dims if not _is_vector(shape) else tuple(shape)
        if dims is None:
            raise ValueError("a padded shape must have a known rank.")
        sizes = [-1 if size is None else int(size) for size in dims]
        vector = convert(np.array(sizes, np.int64), dtypes.int64)
    _check_shape(value_as_shape(vector), Shape.of(spec.shape))
    return vector


def _is_vector(shape: Any) -> bool:
    return isinstance(shape, list | tuple | np.ndarray)


def _check_shape(padded: Shape, actual: Shape) -> None:
    if padded.dims is None or actual.dims is None:
        return
    if padded.rank != actual.rank:
        raise ValueError(
            f"the padded shape {padded} has rank {padded.rank}, but the component has shape "
            f"{actual}."
        )
    for want, size in zip(padded.dims, actual.dims, strict=True):
        if want is not None and size is not None and want < size:
            raise ValueError(
                f"the padded shape {padded} is smaller than the component's shape {actual}."
            )


def values_of(spec: Any, padding_values: Any) -> list[Tensor]:
    """What each component is filled up with."""
    specs = nesting.flatten(spec)
    given = [None] * len(specs) if padding_values is None else nesting.up_to(spec, padding_values)
    pairs = zip(specs, given, strict=True)
    return [_value_of(each.carrier[0], value) for each, value in pairs]


def _value_of(dtype: DType, value: Any) -> Tensor:
    if value is None:
        value = "" if dtype is dtypes.string else np.zeros((), dtype.np_dtype)
    tensor: Tensor = convert(value, dtype, "padding_value")
    if not tensor._shape_value.is_compatible_with(Shape(())):
        raise ValueError(f"a padding value must be a scalar, not of shape {tensor.shape}.")
    return tensor


def padded_spec(spec: Any, shapes: list[Tensor], rows: int | None) -> Any:
    """What the padded batches are made of."""
    leaves = [
        TensorSpec(Shape((rows,)) + value_as_shape(shape), each.carrier[0])
        for each, shape in zip(nesting.flatten(spec), shapes, strict=True)
    ]
    return nesting.pack_as(spec, leaves)
