"""`tf.tensordot`: contractions of two tensors, as one product of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import reshape, shape
from tidefall.ops.gather import gather
from tidefall.ops.joining import concat, stack
from tidefall.ops.matmul import matmul
from tidefall.ops.ranges import range_
from tidefall.ops.rearranging import transpose
from tidefall.ops.reduce import reduce_prod
from tidefall.ops.sizes import rank
from tidefall.ops.unique import setdiff1d
from tidefall.ops.where import where


@export("tensordot", "linalg.tensordot")
def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Any:
    """Sums products of ``a`` and ``b`` over pairs of dimensions.

    Args:
      a: A tensor.
      b: A tensor.
      axes: A number N, for the last N dimensions of ``a`` and the first N of ``b``; or two lists
        of dimensions, of ``a`` and of ``b``.
      name: The name of the nodes.

    Returns:
      A tensor with the other dimensions of ``a``, then those of ``b``.

    Raises:
      ValueError: If the axes do not fit the tensors.

    >>> tf.Session().run(tf.tensordot([1.0, 2.0], [3.0, 4.0], 1))
    11.0
    """
    with get_default_graph().name_scope(name or "Tensordot") as scope:
        a = convert_to_tensor(a, name="a")
        b = convert_to_tensor(b, name="b")
        axes_a, axes_b = _pairs(a, axes)
        left, free_a, static_a = _as_matrix(a, axes_a, False)
        right, free_b, static_b = _as_matrix(b, axes_b, True)
        product = matmul(left, right)
        if isinstance(free_a, list) and isinstance(free_b, list):
            return reshape(product, free_a + free_b, name=scope)
        free_a = convert_to_tensor(free_a, dtype=dtypes.int32)
        free_b = convert_to_tensor(free_b, dtype=dtypes.int32)
        result = reshape(product, concat([free_a, free_b], 0), name=scope)
        if static_a is not None and static_b is not None:
            result.set_shape(static_a + static_b)
        return result


def _pairs(a: Tensor, axes: Any) -> tuple[Any, Any]:
    """The dimensions of ``a`` and ``b`` to sum over."""
    if not isinstance(axes, Tensor) and hasattr(axes, "__index__"):
        count = int(axes)
        if count < 0:
            raise ValueError(f"axes must be a number of 0 or more, or two lists, not {count}.")
        known = a._shape_value.rank
        if known is None:
            total = rank(a)
            return range_(total - count, total, dtype=dtypes.int32), list(range(count))
        if count > known:
            raise ValueError(f"axes = {count} is more than the {known} dimensions of a.")
        return list(range(known - count, known)), list(range(count))
    if isinstance(axes, Tensor):
        axes = convert_to_tensor(axes, name="axes", dtype=dtypes.int32)
        return axes[0], axes[1]
    if len(axes) != 2:
        raise ValueError(f"axes must be a number or two lists, not {axes!r}.")
    first, second = ([each] if hasattr(each, "__index__") else each for each in axes)
    if len(first) != len(second):
        raise ValueError(
            f"axes must name as many dimensions of a as of b, but names {len(first)} and "
            f"{len(second)}."
        )
    return list(first), list(second)


def _as_matrix(x: Tensor, axes: Any, summed_first: bool) -> tuple[Any, Any, Any]:
    """``x`` as a matrix of its free and its summed dimensions.

    Returns:
      The matrix, the free sizes (a list where they are all known), and what is known of them.
    """
    dims = x._shape_value.dims
    if dims is not None and isinstance(axes, list):
        places = [_place(each, len(dims)) for each in axes]
        free = [each for each in range(len(dims)) if each not in places]
        order = places + free if summed_first else free + places
        if None not in dims:
            sizes: Any = dims
            of_free = [int(sizes[each]) for each in free]
            inner = int(np.prod([sizes[each] for each in places], dtype=np.int64))
            outer = int(np.prod(of_free, dtype=np.int64))
            moved = transpose(x, perm=order)
            return (
                reshape(moved, [inner, outer] if summed_first else [outer, inner]),
                of_free,
                of_free,
            )
        static: Any = [dims[each] for each in free]
        summed = convert_to_tensor(places, dtype=dtypes.int32, name="axes")
        kept = convert_to_tensor(free, dtype=dtypes.int32, name="free")
        sizes = shape(x)
    else:
        static = None if dims is None else [None] * (len(dims) - len(axes))
        sizes = shape(x)
        total = rank(x)
        summed = convert_to_tensor(axes, dtype=dtypes.int32, name="axes")
        summed = where(summed >= 0, summed, summed + total)
        kept, _ = setdiff1d(range_(total), summed)
    free_sizes = gather(sizes, kept)
    summed_sizes = gather(sizes, summed)
    outer = reduce_prod(free_sizes)
    inner = reduce_prod(summed_sizes)
    if summed_first:
        order, matrix = concat([summed, kept], 0), stack([inner, outer])
    else:
        order, matrix = concat([kept, summed], 0), stack([outer, inner])
    return reshape(transpose(x, perm=order), matrix), free_sizes, static


def _place(axis: Any, count: int) -> int:
    if not -count <= int(axis) < count:
        raise ValueError(f"axis {axis} is out of range for a tensor of rank {count}.")
    return int(axis) % count
