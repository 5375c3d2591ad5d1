"""Reading the bits of numbers as numbers of another dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.ir.inference import ShapeContext
from tidefall.ops.registry import NUMBERS, Namespace, T, op


@op("Bitcast", view=True, T=NUMBERS, type=NUMBERS, differentiable=False)
def bitcast_op(xp: Namespace, input: T, *, type: DType) -> type:
    """The same bits read as numbers of another dtype."""
    old, new = np.dtype(input.dtype).itemsize, type.np_dtype.itemsize
    if old < new:
        sizes = np.shape(input)
        if not sizes or sizes[-1] != new // old:
            raise ValueError(
                f"the last dimension must have size {new // old} to be joined to {type.name}, but "
                f"the shape is {Shape(sizes)}."
            )
        return xp.bitcast(input, type.np_dtype).reshape(sizes[:-1])
    if old > new:
        return xp.bitcast(xp.reshape(input, (*np.shape(input), 1)), type.np_dtype)
    return xp.bitcast(input, type.np_dtype)


@bitcast_op.shape
def _bitcast_shape(ctx: ShapeContext, input: Shape, *, type: DType) -> Shape:
    old, new = ctx.inputs[0].dtype.size, type.size
    if old == new or input.dims is None:
        return input
    if old > new:
        return Shape((*input.dims, old // new))
    if not input.dims or input.dims[-1] not in (None, new // old):
        raise ValueError(
            f"the last dimension must have size {new // old} to be joined to {type.name}, but the "
            f"shape is {input}."
        )
    return Shape(input.dims[:-1])


@export("bitcast")
def bitcast(input: Any, type: Any, name: str | None = None) -> Any:
    """The same bits read as numbers of another dtype.

    Args:
      input: Numbers.
      type: Their new dtype. A smaller one adds a dimension at the end; a larger one takes it away.
      name: The name of the node.
    """
    return bitcast_op(input, type=type, name=name)
