"""Tensor arrays: lists of tensors that a loop writes and reads, one element at a time.

The handle is an object of the run; a scalar, the flow, is passed from operation to operation and
puts them in order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core.dtypes import DType
from tidefall.core.shapes import SCALAR, UNKNOWN, Shape, unknown
from tidefall.ops import shapes
from tidefall.ops.registry import Float32, Int32, Int64, Namespace, Resource, T, dtype, op

_FLOW = np.float32(0)


class Array:
    """The elements of one tensor array in one run.

    Attributes:
      elements: The values, None where nothing was written.
      gradients: The arrays that collect gradients of this one, by source.
      alike: Whether all elements have one shape, so that one that was written tells it.
      adds: Whether writing twice adds (an array of gradients) instead of being an error.
    """

    ndim = 0

    def __init__(
        self, size: int, np_dtype: Any, shape: Shape, grows: bool, clears: bool, name: str
    ) -> None:
        self.elements: list[Any] = [None] * size
        self.cleared: set[int] = set()
        self.np_dtype = np_dtype
        self.shape = shape
        self.grows = grows
        self.clears = clears
        self.name = name
        self.alike = False
        self.adds = False
        self.source: Array | None = None
        self.gradients: dict[str, Array] = {}

    def write(self, index: int, value: Any) -> None:
        """Sets one element. ValueError if it has a value or lies outside."""
        if index >= len(self.elements) and self.grows and index >= 0:
            self.elements.extend([None] * (index + 1 - len(self.elements)))
        if not 0 <= index < len(self.elements):
            raise ValueError(
                f"index {index} is outside the tensor array '{self.name}' of size "
                f"{len(self.elements)}; make it with dynamic_size=True to let it grow."
            )
        present = self.elements[index]
        if present is not None and self.adds:
            value = present + value
        elif present is not None or index in self.cleared:
            raise ValueError(
                f"element {index} of the tensor array '{self.name}' was written already; an "
                "element can be written once."
            )
        self.elements[index] = np.array(value)
        if self.alike:
            self.shape = Shape(np.shape(value))

    def read(self, index: int) -> Any:
        """One element. ValueError if nothing was written there."""
        if not 0 <= index < len(self.elements):
            raise ValueError(
                f"index {index} is outside the tensor array '{self.name}' of size "
                f"{len(self.elements)}."
            )
        value = self.elements[index]
        if value is None:
            value = self._missing(index)
        if self.clears:
            self.elements[index] = None
            self.cleared.add(index)
        return value

    def _missing(self, index: int) -> Any:
        if index in self.cleared:
            raise ValueError(
                f"element {index} of the tensor array '{self.name}' was read before, which cleared "
                "it; make the array with clear_after_read=False to read twice."
            )
        if self.adds and self.source is not None and self.source.elements[index] is not None:
            return np.zeros_like(self.source.elements[index])
        if self.shape.is_fully_defined:
            return np.zeros(self.shape.dims or (), self.np_dtype)
        raise ValueError(
            f"element {index} of the tensor array '{self.name}' was read before it was written."
        )

    def gradient(self, source: str) -> Array:
        """The array that collects gradients for one call of `tf.gradients`."""
        found = self.gradients.get(source)
        if found is None:
            found = Array(
                len(self.elements), self.np_dtype, self.shape, False, False, f"{self.name}@{source}"
            )
            found.adds, found.source = True, self
            self.gradients[source] = found
        return found


def _new_array(size: Shape) -> tuple[Shape, Shape]:
    """The handle is a vector of two, for the names of the container and of the array."""
    return Shape((2,)), SCALAR


@op(
    "TensorArrayV3", stateful=True, differentiable=False, shape=_new_array,
    outputs=("handle", "flow"),
)  # fmt: skip
def tensor_array_v3(
    xp: Namespace,
    size: Int32,
    *,
    dtype: DType,
    element_shape: Shape = UNKNOWN,
    dynamic_size: bool = False,
    clear_after_read: bool = True,
    identical_element_shapes: bool = False,
    tensor_array_name: str = "",
) -> tuple[Resource, Float32]:
    """An empty array for ``size`` tensors."""
    name = tensor_array_name or "TensorArray"
    array = Array(int(size), dtype.np_dtype, element_shape, dynamic_size, clear_after_read, name)
    array.alike = identical_element_shapes
    return array, _FLOW


@op("TensorArrayWriteV3", stateful=True, shape=shapes.scalar)
def tensor_array_write_v3(
    xp: Namespace, handle: Resource, index: Int32, value: T, flow_in: Float32
) -> Float32:
    """Writes one element."""
    handle.write(int(index), value)
    return _FLOW


def _element(handle: Shape, index: Shape, flow: Shape) -> Shape:
    return UNKNOWN


@op("TensorArrayReadV3", stateful=True, shape=_element)
def tensor_array_read_v3(
    xp: Namespace, handle: Resource, index: Int32, flow_in: Float32, *, dtype: DType
) -> dtype:
    """Reads one element."""
    return handle.read(int(index))


def _gathered(handle: Shape, indices: Shape, flow: Shape, *, element_shape: Shape) -> Shape:
    return unknown(1) + element_shape


@op("TensorArrayGatherV3", stateful=True, shape=_gathered)
def tensor_array_gather_v3(
    xp: Namespace,
    handle: Resource,
    indices: Int32,
    flow_in: Float32,
    *,
    dtype: DType,
    element_shape: Shape = UNKNOWN,
) -> dtype:
    """Reads several elements into one tensor."""
    rows = [handle.read(int(index)) for index in indices]
    if not rows:
        return xp.zeros((0, *(element_shape.dims or ())), dtype.np_dtype)
    return xp.stack(rows)


@op("TensorArrayScatterV3", stateful=True, shape=shapes.scalar)
def tensor_array_scatter_v3(
    xp: Namespace, handle: Resource, indices: Int32, value: T, flow_in: Float32
) -> Float32:
    """Writes the rows of a tensor as elements."""
    for index, row in zip(indices, value, strict=True):
        handle.write(int(index), row)
    return _FLOW


def _joined(handle: Shape, flow: Shape, *, element_shape_except0: Shape) -> tuple[Shape, Shape]:
    return unknown(1) + element_shape_except0, unknown(1)


@op("TensorArrayConcatV3", stateful=True, shape=_joined, outputs=("value", "lengths"))
def tensor_array_concat_v3(
    xp: Namespace,
    handle: Resource,
    flow_in: Float32,
    *,
    dtype: DType,
    element_shape_except0: Shape = UNKNOWN,
) -> tuple[dtype, Int64]:
    """Joins all elements along their first dimension."""
    rows = [handle.read(index) for index in range(len(handle.elements))]
    lengths = np.array([len(row) for row in rows], np.int64)
    if not rows:
        return xp.zeros((0, *(element_shape_except0.dims or ())), dtype.np_dtype), lengths
    return xp.concatenate(rows), lengths


@op("TensorArraySplitV3", stateful=True, shape=shapes.scalar)
def tensor_array_split_v3(
    xp: Namespace, handle: Resource, value: T, lengths: Int64, flow_in: Float32
) -> Float32:
    """Writes pieces of a tensor, of the given lengths, as elements."""
    if int(np.sum(lengths)) != len(value):
        raise ValueError(
            f"the lengths {lengths.tolist()} add up to {int(np.sum(lengths))}, but the value has "
            f"{len(value)} rows."
        )
    start = 0
    for index, length in enumerate(lengths.tolist()):
        handle.write(index, value[start : start + length])
        start += length
    return _FLOW


@op("TensorArraySizeV3", stateful=True, differentiable=False, shape=shapes.scalar)
def tensor_array_size_v3(xp: Namespace, handle: Resource, flow_in: Float32) -> Int32:
    """The number of elements."""
    return np.int32(len(handle.elements))


@op("TensorArrayCloseV3", stateful=True, effects=True, differentiable=False, shape=shapes.none)
def tensor_array_close_v3(xp: Namespace, handle: Resource) -> None:
    """Drops the elements."""
    handle.elements.clear()


def _gradient_shapes(handle: Shape, flow: Shape) -> tuple[Shape, Shape]:
    return SCALAR, SCALAR


@op(
    "TensorArrayGradV3", stateful=True, differentiable=False, shape=_gradient_shapes,
    outputs=("grad_handle", "flow_out"),
)  # fmt: skip
def tensor_array_grad_v3(
    xp: Namespace, handle: Resource, flow_in: Float32, *, source: str
) -> tuple[Resource, Float32]:
    """The array that collects the gradients of another one."""
    return handle.gradient(source), _FLOW
