"""Blocks of space moved to the batch or to the channels, and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape, unknown
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import ShapeContext, constant_value
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import either
from tidefall.ops.constant import constant
from tidefall.ops.filled import zeros
from tidefall.ops.joining import stack
from tidefall.ops.registry import (
    INDEX,
    Namespace,
    T,
    Tblock_shape,
    Tcrops,
    Tpaddings,
    op,
)

# -- to the batch ---------------------------------------------------------------------------------


@op(
    "SpaceToBatchND", Tblock_shape=INDEX, Tpaddings=INDEX,
    export=("space_to_batch_nd", "manip.space_to_batch_nd"),
)  # fmt: skip
def space_to_batch_nd(xp: Namespace, input: T, block_shape: Tblock_shape, paddings: Tpaddings) -> T:
    """``input``, padded with zeros, cut into blocks whose elements are spread over the batch."""
    block, pads = block_shape.tolist(), paddings.tolist()
    sizes = np.shape(input)
    count = len(block)
    padded = _space(sizes, block, pads, 1)
    inside = [slice(None), *[slice(a, a + n) for (a, _), n in zip(pads, sizes[1:], strict=False)]]
    if any(before or after for before, after in pads):
        whole = (sizes[0], *padded, *sizes[count + 1 :])
        input = xp.placed(whole, tuple(inside), input)
    cut = [n for size, b in zip(padded, block, strict=True) for n in (size // b, b)]
    x = xp.reshape(input, (sizes[0], *cut, *sizes[count + 1 :]))
    offsets, blocks = range(2, 2 * count + 1, 2), range(1, 2 * count, 2)
    order = (*offsets, 0, *blocks, *range(2 * count + 1, x.ndim))
    shape = [size // b for size, b in zip(padded, block, strict=True)]
    result = (sizes[0] * math.prod(block), *shape, *sizes[count + 1 :])
    return xp.reshape(xp.array(x.transpose(order)), result)


def _space(sizes: Any, block: list[int], pads: list[list[int]], sign: int) -> list[Any]:
    """The padded (or cropped) sizes of the block dimensions, checked."""
    if len(sizes) < len(block) + 1 or len(pads) != len(block):
        raise ValueError(
            f"a block of {len(block)} dimensions needs as many paddings or crops and a tensor "
            f"of rank {len(block) + 1} or more, not {len(pads)} and shape {Shape(sizes)}."
        )
    result: list[Any] = []
    for axis, (b, (before, after)) in enumerate(zip(block, pads, strict=True)):
        if b < 1 or before < 0 or after < 0:
            raise ValueError(
                f"block_shape must be positive and paddings or crops at least 0, but they are "
                f"{block} and {pads}."
            )
        size = sizes[axis + 1]
        if size is None:
            result.append(None)
        elif sign > 0:
            if (size + before + after) % b:
                raise ValueError(
                    f"dimension {axis + 1}, padded to {size + before + after}, is not a multiple "
                    f"of its block size {b}."
                )
            result.append(size + before + after)
        else:
            if size * b < before + after:
                raise ValueError(
                    f"crops {before} and {after} of dimension {axis + 1} are more than its "
                    f"{size * b} elements."
                )
            result.append(size * b - before - after)
    return result


def _static(ctx: ShapeContext, input: Shape, sign: int) -> Shape:
    block, pads = ctx.constant(1), ctx.constant(2)
    dims = input.dims
    if block is None or pads is None or dims is None:
        return unknown(input.rank) if dims is not None else UNKNOWN
    sizes = block.tolist()
    space = _space(dims, sizes, pads.tolist(), sign)
    total = math.prod(sizes)
    batch = dims[0]
    if sign > 0:
        rows = None if batch is None else batch * total
        space = [None if n is None else n // b for n, b in zip(space, sizes, strict=True)]
    else:
        if batch is not None and batch % total:
            raise ValueError(f"the batch of {batch} is not a multiple of the block's {total}.")
        rows = None if batch is None else batch // total
    return Shape((rows, *space, *dims[len(sizes) + 1 :]))


@space_to_batch_nd.shape
def _space_to_batch_shape(ctx: ShapeContext, input: Shape, block: Shape, pads: Shape) -> Shape:
    return _static(ctx, input, 1)


@space_to_batch_nd.gradient
def _space_to_batch_grad(op: Operation, grad: Tensor) -> tuple[Any, None, None]:
    return batch_to_space_nd(grad, op.inputs[1], op.inputs[2]), None, None


@op(
    "BatchToSpaceND", Tblock_shape=INDEX, Tcrops=INDEX,
    export=("batch_to_space_nd", "manip.batch_to_space_nd"),
)  # fmt: skip
def batch_to_space_nd(xp: Namespace, input: T, block_shape: Tblock_shape, crops: Tcrops) -> T:
    """Blocks put together from the batch, and cropped; undoes `space_to_batch_nd`."""
    block, cut = block_shape.tolist(), crops.tolist()
    sizes = np.shape(input)
    count = len(block)
    space = _space(sizes, block, cut, -1)
    total = math.prod(block)
    if sizes[0] % total:
        raise ValueError(f"the batch of {sizes[0]} is not a multiple of the block's {total}.")
    rows = sizes[0] // total
    x = xp.reshape(input, (*block, rows, *sizes[1:]))
    pairs = [axis for i in range(count) for axis in (count + 1 + i, i)]
    x = x.transpose((count, *pairs, *range(2 * count + 1, x.ndim)))
    whole = [n * b for n, b in zip(sizes[1:], block, strict=False)]
    x = xp.reshape(xp.array(x), (rows, *whole, *sizes[count + 1 :]))
    inside = [slice(a, a + n) for (a, _), n in zip(cut, space, strict=True)]
    return x[(slice(None), *inside)] if inside else x


@batch_to_space_nd.shape
def _batch_to_space_shape(ctx: ShapeContext, input: Shape, block: Shape, crops: Shape) -> Shape:
    return _static(ctx, input, -1)


@batch_to_space_nd.gradient
def _batch_to_space_grad(op: Operation, grad: Tensor) -> tuple[Any, None, None]:
    return space_to_batch_nd(grad, op.inputs[1], op.inputs[2]), None, None


@export("space_to_batch", "nn.space_to_batch")
def space_to_batch(
    input: Any,
    paddings: Any,
    block_size: Any = None,
    name: str | None = None,
    block_shape: Any = None,
) -> Any:
    """Squares of ``block_size`` of an image spread over the batch.

    Args:
      input: Images, shape ``[batch, height, width, channels]``.
      paddings: What is added to height and width before and behind, shape ``[2, 2]``.
      block_size: The side of the squares.
      name: The name of the node.
      block_shape: A newer name of ``block_size``.
    """
    side = either("block_shape", block_shape, "block_size", block_size)
    result = space_to_batch_nd(input, np.array([side, side], np.int64), paddings, name=name)
    result.set_shape(result.get_shape().with_rank(4))
    return result


@export("batch_to_space")
def batch_to_space(
    input: Any, crops: Any, block_size: Any, name: str | None = None, block_shape: Any = None
) -> Any:
    """Images put together from squares spread over the batch; undoes `tf.space_to_batch`.

    Args:
      input: A tensor of rank 4.
      crops: What is cut from height and width before and behind, shape ``[2, 2]``.
      block_size: The side of the squares.
      name: The name of the node.
      block_shape: A newer name of ``block_size``.
    """
    side = either("block_shape", block_shape, "block_size", block_size)
    result = batch_to_space_nd(input, np.array([side, side], np.int64), crops, name=name)
    result.set_shape(result.get_shape().with_rank(4))
    return result


@export("required_space_to_batch_paddings")
def required_space_to_batch_paddings(
    input_shape: Any, block_shape: Any, base_paddings: Any = None, name: str | None = None
) -> tuple[Any, Any]:
    """The padding that makes sizes multiples of a block, and the crops that undo it.

    Args:
      input_shape: The sizes, shape ``[n]``.
      block_shape: The sizes of the block, shape ``[n]``.
      base_paddings: The least padding wanted, shape ``[n, 2]``; zeros if None.
      name: The name scope of the nodes.

    Returns:
      Paddings and crops, each of shape ``[n, 2]``.
    """
    with get_default_graph().name_scope(name or "required_space_to_batch_paddings"):
        sizes = convert_to_tensor(input_shape, name="input_shape")
        block = convert_to_tensor(block_shape, name="block_shape")
        count = _number_of_blocks(block)
        if count == 0:
            return zeros([0, 2], sizes.dtype), zeros([0, 2], sizes.dtype)
        sizes._shape_value.with_rank(1).merge_with(Shape((count,)))
        if base_paddings is not None:
            base = convert_to_tensor(base_paddings, name="base_paddings")
            base._shape_value.merge_with(Shape((count, 2)))
        else:
            base = zeros([count, 2], sizes.dtype)
        known = [constant_value(each) for each in (sizes, block, base)]
        if not any(each is None for each in known):
            pads, cut = _required(*known)
            return constant(pads, name="paddings"), constant(cut, name="crops")
        before, least_after = base[:, 0], base[:, 1]
        missing = (block - (sizes + before + least_after) % block) % block
        after = least_after + missing
        paddings = stack([[before[i], after[i]] for i in range(count)], name="paddings")
        return paddings, stack([[0, missing[i]] for i in range(count)], name="crops")


def _number_of_blocks(block: Tensor) -> int:
    count = block._shape_value.with_rank(1)[0]
    if count is None:
        raise ValueError("block_shape must have a known length.")
    return count


def _required(sizes: Any, block: Any, base: Any) -> tuple[Any, Any]:
    before, least_after = base[:, 0], base[:, 1]
    missing = (block - (sizes + before + least_after) % block) % block
    paddings = np.stack([before, least_after + missing], 1).astype(sizes.dtype)
    return paddings, np.stack([np.zeros_like(missing), missing], 1).astype(sizes.dtype)


# -- to the channels ------------------------------------------------------------------------------

_FORMATS = {"data_format": ("NHWC", "NCHW", "NCHW_VECT_C")}


def _split_channels(format: str) -> bool:
    if format == "NCHW_VECT_C":
        raise ValueError("data_format NCHW_VECT_C is for quantized images on GPUs only.")
    return format == "NCHW"


@op("SpaceToDepth", allowed=_FORMATS)
def space_to_depth_op(xp: Namespace, input: T, *, block_size: int, data_format: str = "NHWC") -> T:
    """The elements of squares of the image as channels."""
    side = block_size
    if _split_channels(data_format):
        n, c, h, w = np.shape(input)
        x = xp.reshape(input, (n, c, h // side, side, w // side, side))
        x = xp.array(x.transpose(0, 3, 5, 1, 2, 4))
        return xp.reshape(x, (n, c * side * side, h // side, w // side))
    n, h, w, c = np.shape(input)
    x = xp.reshape(input, (n, h // side, side, w // side, side, c))
    x = xp.array(x.transpose(0, 1, 3, 2, 4, 5))
    return xp.reshape(x, (n, h // side, w // side, side * side * c))


@op("DepthToSpace", allowed=_FORMATS)
def depth_to_space_op(xp: Namespace, input: T, *, block_size: int, data_format: str = "NHWC") -> T:
    """Channels put together as squares of the image; undoes SpaceToDepth."""
    side = block_size
    if _split_channels(data_format):
        n, c, h, w = np.shape(input)
        x = xp.reshape(input, (n, side, side, c // (side * side), h, w))
        x = xp.array(x.transpose(0, 3, 4, 1, 5, 2))
        return xp.reshape(x, (n, c // (side * side), h * side, w * side))
    n, h, w, c = np.shape(input)
    x = xp.reshape(input, (n, h, w, side, side, c // (side * side)))
    x = xp.array(x.transpose(0, 1, 3, 2, 4, 5))
    return xp.reshape(x, (n, h * side, w * side, c // (side * side)))


def _image(input: Shape, format: str) -> tuple[Any, Any, Any, Any]:
    """Batch, height, width and channels."""
    dims = input.with_rank(4).dims or ()
    n, a, b, c = dims
    return (n, b, c, a) if format == "NCHW" else (n, a, b, c)


def _as_format(n: Any, h: Any, w: Any, c: Any, format: str) -> Shape:
    return Shape((n, c, h, w) if format == "NCHW" else (n, h, w, c))


def _divided(size: int | None, by: int, what: str) -> int | None:
    if size is not None and size % by:
        raise ValueError(f"the {what} of {size} is not a multiple of {by}, as block_size says.")
    return None if size is None else size // by


@space_to_depth_op.shape
def _space_to_depth_shape(input: Shape, *, block_size: int, data_format: bytes) -> Shape:
    form = data_format.decode()
    n, h, w, c = _image(input, form)
    h, w = _divided(h, block_size, "height"), _divided(w, block_size, "width")
    return _as_format(n, h, w, None if c is None else c * block_size**2, form)


@depth_to_space_op.shape
def _depth_to_space_shape(input: Shape, *, block_size: int, data_format: bytes) -> Shape:
    form = data_format.decode()
    n, h, w, c = _image(input, form)
    h = None if h is None else h * block_size
    w = None if w is None else w * block_size
    return _as_format(n, h, w, _divided(c, block_size**2, "number of channels"), form)


@space_to_depth_op.gradient
def _space_to_depth_grad(op: Operation, grad: Tensor) -> Any:
    attrs: Any = op._attrs
    return depth_to_space_op(grad, block_size=attrs["block_size"], data_format=attrs["data_format"])


@depth_to_space_op.gradient
def _depth_to_space_grad(op: Operation, grad: Tensor) -> Any:
    attrs: Any = op._attrs
    return space_to_depth_op(grad, block_size=attrs["block_size"], data_format=attrs["data_format"])


@export("space_to_depth", "nn.space_to_depth")
def space_to_depth(
    input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC"
) -> Any:
    """The elements of each square of ``block_size`` of the images as channels.

    Args:
      input: Images of rank 4.
      block_size: The side of the squares.
      name: The name of the node.
      data_format: ``"NHWC"`` or ``"NCHW"``, the order of the dimensions.
    """
    return space_to_depth_op(input, block_size=block_size, data_format=data_format, name=name)


@export("depth_to_space", "nn.depth_to_space")
def depth_to_space(
    input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC"
) -> Any:
    """Channels put together as squares of ``block_size``; undoes `tf.space_to_depth`.

    Args:
      input: Images of rank 4.
      block_size: The side of the squares.
      name: The name of the node.
      data_format: ``"NHWC"`` or ``"NCHW"``, the order of the dimensions.
    """
    return depth_to_space_op(input, block_size=block_size, data_format=data_format, name=name)
