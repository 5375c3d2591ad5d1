"""A random part of a tensor."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes, exports
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ops.array import shape as shape_of
from tidefall.ops.grouping import with_dependencies
from tidefall.ops.random import random_uniform
from tidefall.ops.reduce import reduce_all
from tidefall.ops.slicing import slice_


@export("random_crop", "image.random_crop")
def random_crop(value: Any, size: Any, seed: int | None = None, name: str | None = None) -> Any:
    """Cuts a part of a given size out of a tensor, at a random place.

    Args:
      value: The tensor.
      size: The shape of the part, an integer vector; no element may exceed the tensor's.
      seed: The op's seed; see `tf.set_random_seed`.
      name: The name of the operation.

    Returns:
      A tensor of shape ``size``, another part in every run.

    >>> tf.Session().run(tf.random_crop([[1, 2], [3, 4]], [2, 2]))
    array([[1, 2],
           [3, 4]], dtype=int32)
    """
    with get_default_graph().name_scope(name or "random_crop") as scope:
        value = convert_to_tensor(value, name="value")
        size = convert_to_tensor(size, dtype=dtypes.int32, name="size")
        whole = shape_of(value)
        # tf.Assert stands in a higher layer, since it may need a conditional.
        check = exports.TABLE["Assert"](
            reduce_all(whole >= size), ["Need value.shape >= size, got ", whole, size], 1000
        )
        places = with_dependencies([check], whole) - size + 1
        anywhere = random_uniform(
            shape_of(whole), dtype=size.dtype, maxval=size.dtype.max, seed=seed
        )
        return slice_(value, anywhere % places, size, name=scope)
