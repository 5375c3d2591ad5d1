"""Partitioners: into how many parts a variable is cut along one dimension."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from tidefall.core import dtypes
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.core.tensor_shape import TensorShape
from tidefall.variables.scope import get_variable_scope, variable_scope
from tidefall.variables.store import default_store

Partitioner = Callable[..., list[int]]


@export("fixed_size_partitioner")
def fixed_size_partitioner(num_shards: int, axis: int = 0) -> Partitioner:
    """A fixed number of parts along one dimension.

    Args:
      num_shards: The number of parts, or fewer where the dimension is smaller.
      axis: The dimension.

    >>> w = tf.get_variable("w", [5, 2], partitioner=tf.fixed_size_partitioner(2))
    >>> [part.shape.as_list() for part in w]
    [[3, 2], [2, 2]]
    """

    def partitioner(shape: TensorShape, **unused: Any) -> list[int]:
        return _along(shape, axis, min(num_shards, shape[axis].value))

    return partitioner


@export("variable_axis_size_partitioner")
def variable_axis_size_partitioner(
    max_shard_bytes: int,
    axis: int = 0,
    bytes_per_string_element: int = 16,
    max_shards: int | None = None,
) -> Partitioner:
    """Parts of at most a number of bytes, unless that needs too many of them.

    Args:
      max_shard_bytes: The largest size of a part.
      axis: The dimension that is cut.
      bytes_per_string_element: The size a string is taken to have.
      max_shards: The largest number of parts.
    """
    if max_shard_bytes < 1 or bytes_per_string_element < 1:
        raise ValueError("max_shard_bytes and bytes_per_string_element must be positive.")
    if max_shards is not None and max_shards < 1:
        raise ValueError(f"max_shards must be positive, not {max_shards}.")

    def partitioner(shape: TensorShape, dtype: DType) -> list[int]:
        size = shape[axis].value
        slice_bytes = _bytes(shape, dtype, bytes_per_string_element) / size
        slices_per_shard = max(1, math.floor(max_shard_bytes / slice_bytes))
        shards = math.ceil(size / slices_per_shard)
        return _along(shape, axis, min(max_shards, shards) if max_shards else shards)

    return partitioner


@export("min_max_variable_partitioner")
def min_max_variable_partitioner(
    max_partitions: int = 1,
    axis: int = 0,
    min_slice_size: int = 256 << 10,
    bytes_per_string_element: int = 16,
) -> Partitioner:
    """As many parts as possible, of at least a number of bytes each.

    Args:
      max_partitions: The largest number of parts.
      axis: The dimension that is cut.
      min_slice_size: The smallest size of a part, in bytes.
      bytes_per_string_element: The size a string is taken to have.
    """

    def partitioner(shape: TensorShape, dtype: DType) -> list[int]:
        if axis >= len(shape):
            raise ValueError(f"a variable of shape {shape} has no dimension {axis} to cut.")
        parts = math.ceil(_bytes(shape, dtype, bytes_per_string_element) / min_slice_size)
        return _along(shape, axis, max(1, min(shape[axis].value, max_partitions, parts)))

    return partitioner


def _along(shape: TensorShape, axis: int, number: int) -> list[int]:
    partitions = [1] * len(shape)
    partitions[axis] = number
    return partitions


def _bytes(shape: TensorShape, dtype: DType, bytes_per_string: int) -> float:
    element = bytes_per_string if dtype.base_dtype is dtypes.string else dtype.size
    return float((shape.num_elements() or 0) * element)


@export("create_partitioned_variables")
def create_partitioned_variables(
    shape: Sequence[int],
    slicing: Sequence[int],
    initializer: Any,
    dtype: Any = dtypes.float32,
    trainable: bool = True,
    collections: Any = None,
    name: str | None = None,
    reuse: Any = None,
) -> list[Any]:
    """The parts of a partitioned variable. The older form of a partitioner in `get_variable`.

    Args:
      shape: The shape of the whole.
      slicing: The number of parts in each dimension.
      initializer: The initializer, or a value for the whole.
      dtype: The dtype.
      trainable: Whether optimizers change the parts by default.
      collections: Names of collections the parts are added to.
      name: The name of the whole.
      reuse: Whether the variable exists, as in `variable_scope`.
    """
    if len(shape) != len(slicing) or not len(shape):
        raise ValueError(
            f"shape {list(shape)} and slicing {list(slicing)} must be of one length, at least 1."
        )
    with variable_scope(name, "PartitionedVariable", reuse=reuse):
        scope = get_variable_scope()
        if scope.custom_getter is not None:
            raise ValueError(
                "create_partitioned_variables asks no custom_getter; use tf.get_variable with a "
                "partitioner."
            )
        return list(_whole(scope, shape, slicing, initializer, dtype, trainable, collections))


def _whole(
    scope: Any, shape: Any, slicing: Any, initializer: Any, dtype: Any, trainable: bool,
    collections: Any,
) -> Any:  # fmt: skip
    """The partitioned variable that has the very name of the scope."""
    parent, _, leaf = scope.name.rpartition("/")
    outer = scope._inner(name=parent, custom_getter=None)
    outer._name = parent
    return outer.get_variable(
        default_store(), leaf, shape=shape, dtype=dtype, initializer=initializer,
        trainable=trainable, collections=collections, partitioner=lambda **unused: slicing,
    )  # fmt: skip
