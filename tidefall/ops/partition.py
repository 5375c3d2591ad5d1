"""Cutting a tensor in parts by a key, and stitching parts together."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape
from tidefall.ir.inference import ShapeContext
from tidefall.ir.opdef import HOST
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import dynamic_shape, reshape
from tidefall.ops.gather import gather
from tidefall.ops.ranges import range_op
from tidefall.ops.registry import Int32, Namespace, T, op
from tidefall.ops.sizes import size


@op("DynamicPartition", lengths={"outputs": "num_partitions"}, outputs=("outputs",), runs_on=HOST)
def dynamic_partition_op(
    xp: Namespace, data: T, partitions: Int32, *, num_partitions: int
) -> list[T]:
    """The slices of ``data`` sorted into ``num_partitions`` tensors by their number in
    ``partitions``."""
    own = np.shape(partitions)
    if np.shape(data)[: len(own)] != own:
        raise ValueError(
            f"data of shape {Shape(np.shape(data))} must begin with the shape of partitions, "
            f"{Shape(own)}."
        )
    keys = np.asarray(partitions)
    wrong = np.argwhere((keys < 0) | (keys >= num_partitions))
    if wrong.size:
        at = wrong[0].tolist()
        raise ValueError(
            f"partitions[{','.join(map(str, at))}] = {keys[tuple(at)]} is not in "
            f"[0, {num_partitions})"
        )
    return [data[keys == key] for key in range(num_partitions)]


@dynamic_partition_op.shape
def _dynamic_partition_shape(data: Shape, partitions: Shape, *, num_partitions: int) -> list[Shape]:
    if data.dims is None or partitions.dims is None:
        return [UNKNOWN] * num_partitions
    count = len(partitions.dims)
    Shape(data.dims[:count]).merge_with(partitions)
    return [Shape((None, *data.dims[count:]))] * num_partitions


@dynamic_partition_op.gradient
def _dynamic_partition_grad(op: Operation, *grads: Tensor) -> tuple[Any, None]:
    """The slices go back to where they came from."""
    data, partitions = op.inputs
    sizes = dynamic_shape(partitions)
    total = size(partitions)
    places = reshape(range_op(0, total, 1), sizes)
    origins = dynamic_partition_op(places, partitions, num_partitions=len(grads))
    back = dynamic_stitch(origins, list(grads))
    return reshape(back, dynamic_shape(data)), None


@export("dynamic_partition")
def dynamic_partition(
    data: Any, partitions: Any, num_partitions: int, name: str | None = None
) -> Any:
    """The slices of ``data`` sorted into tensors by a key.

    Args:
      data: A tensor.
      partitions: The key of each slice, from 0 to ``num_partitions`` - 1; its shape is that of
        the first dimensions of ``data``.
      num_partitions: The number of results.
      name: The name of the node.

    Returns:
      A list of tensors.
    """
    return dynamic_partition_op(data, partitions, num_partitions=num_partitions, name=name)


def _stitched(xp: Namespace, indices: list[Any], data: list[Any]) -> Any:
    tail = np.shape(data[0])[np.ndim(indices[0]) :]
    places = xp.concatenate([xp.reshape(each, (-1,)) for each in indices])
    rows = xp.concatenate([xp.reshape(xp.plain(each), (-1, *tail)) for each in data]) if (
        places.size
    ) else xp.reshape(xp.plain(data[0]), (0, *tail))  # fmt: skip
    count = int(places.max()) + 1 if places.size else 0
    if places.size and places.min() < 0:
        raise ValueError(f"indices must be at least 0, but one is {int(places.min())}.")
    return xp.placed((count, *tail), (places,), rows, b"" if xp.is_string(rows) else 0)


@op("DynamicStitch", outputs=("merged",))
def dynamic_stitch_op(xp: Namespace, indices: list[Int32], data: list[T]) -> T:
    """One tensor with the slices of ``data`` at ``indices``; later ones win."""
    return _stitched(xp, indices, data)


@op("ParallelDynamicStitch", outputs=("merged",))
def parallel_dynamic_stitch_op(xp: Namespace, indices: list[Int32], data: list[T]) -> T:
    """One tensor with the slices of ``data`` at ``indices``."""
    return _stitched(xp, indices, data)


@dynamic_stitch_op.shape
@parallel_dynamic_stitch_op.shape
def _dynamic_stitch_shape(ctx: ShapeContext, indices: list[Shape], data: list[Shape]) -> Shape:
    tail = UNKNOWN
    for places, values in zip(indices, data, strict=True):
        if places.dims is None or values.dims is None:
            continue
        Shape(values.dims[: len(places.dims)]).merge_with(places)
        tail = tail.merge_with(Shape(values.dims[len(places.dims) :]))
    known = [ctx.constant(index) for index in range(len(indices))]
    count: int | None = None
    if all(each is not None for each in known):
        count = max((int(each.max()) + 1 for each in known if each.size), default=0)
    if tail.dims is None:
        return UNKNOWN
    return Shape((count, *tail.dims))


@dynamic_stitch_op.gradient
@parallel_dynamic_stitch_op.gradient
def _dynamic_stitch_grad(op: Operation, grad: Any) -> list[Any]:
    # As in TensorFlow, a slice that a later one was written over gets the later one's gradient.
    count = op._attrs["N"]
    return [*[None] * count, *[gather(grad, places) for places in op._inputs[:count]]]


@export("dynamic_stitch")
def dynamic_stitch(indices: Any, data: Any, name: str | None = None) -> Any:
    """One tensor from slices and their places, the reverse of `tf.dynamic_partition`.

    Args:
      indices: A list of tensors of integers.
      data: A list of tensors; each begins with the shape of its ``indices``.
      name: The name of the node.

    >>> tf.Session().run(tf.dynamic_stitch([[0, 2], [1]], [[1, 3], [2]]))
    array([1, 2, 3], dtype=int32)
    """
    return dynamic_stitch_op(indices, data, name=name)
