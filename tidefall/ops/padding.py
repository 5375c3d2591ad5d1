"""Padding tensors at their edges: with a constant, or mirrored."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape, unknown
from tidefall.ir.inference import ShapeContext
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import dynamic_shape
from tidefall.ops.broadcast import sum_op
from tidefall.ops.constant import constant
from tidefall.ops.registry import INDEX, Namespace, T, Tpaddings, op
from tidefall.ops.slicing import slice_op
from tidefall.ops.static_value import get_static_value


def _pairs(paddings: Any, rank: int) -> list[tuple[int, int]]:
    """What is added before and behind, in each dimension."""
    pairs = [(int(before), int(after)) for before, after in paddings.tolist()]
    if len(pairs) != rank:
        raise ValueError(
            f"paddings need one row for each of the {rank} dimensions, but have {len(pairs)}."
        )
    for pair in pairs:
        if min(pair) < 0:
            raise ValueError(f"paddings must be at least 0, but are {paddings.tolist()}.")
    return pairs


def _padded_shape(ctx: ShapeContext, input: Shape, paddings: Shape, *rest: Shape) -> Shape:
    rows, columns = paddings.with_rank(2)
    if columns not in (None, 2):
        raise ValueError(f"paddings must have shape (n, 2), not {paddings}.")
    input = input.with_rank(rows) if rows is not None else input
    value = ctx.constant(1)
    if value is None or input.dims is None:
        return unknown(input.rank) if input.rank is not None else UNKNOWN
    pairs = _pairs(value, len(input.dims))
    sizes = [
        None if size is None else size + before + after
        for size, (before, after) in zip(input.dims, pairs, strict=True)
    ]
    return Shape(tuple(sizes))


def _padded(xp: Namespace, x: Any, paddings: Any, value: Any) -> Any:
    sizes = np.shape(x)
    pairs = _pairs(paddings, len(sizes))
    total = tuple([a + n + b for n, (a, b) in zip(sizes, pairs, strict=True)])
    inside = tuple([slice(a, a + n) for n, (a, _) in zip(sizes, pairs, strict=True)])
    return xp.placed(total, inside, xp.plain(x), value)


@op("Pad", Tpaddings=INDEX, shape=_padded_shape)
def pad_op(xp: Namespace, input: T, paddings: Tpaddings) -> T:
    """``input`` with zeros added at its edges."""
    return _padded(xp, input, paddings, b"" if xp.is_string(input) else 0)


@op("PadV2", Tpaddings=INDEX, shape=_padded_shape)
def pad_v2(xp: Namespace, input: T, paddings: Tpaddings, constant_values: T) -> T:
    """``input`` with a constant added at its edges."""
    return _padded(xp, input, paddings, constant_values)


@pad_op.gradient
def _pad_grad(op: Operation, grad: Tensor) -> tuple[Any, None]:
    return _inner_part(op, grad), None


@pad_v2.gradient
def _pad_v2_grad(op: Operation, grad: Tensor) -> tuple[Any, None, Any]:
    inner = _inner_part(op, grad)
    return inner, None, _total(grad) - _total(inner)


def _inner_part(op: Operation, grad: Tensor) -> Any:
    x, paddings = op.inputs[0], op.inputs[1]
    shape = dynamic_shape(x, paddings.dtype)
    return slice_op(grad, paddings[:, 0], shape)


def _total(x: Tensor) -> Any:
    return sum_op(x, constant(np.arange(x._shape_value.rank or 0, dtype=np.int32)))


_MODES = {"mode": ("REFLECT", "SYMMETRIC")}


@op("MirrorPad", Tpaddings=INDEX, allowed=_MODES, shape=_padded_shape)
def mirror_pad(xp: Namespace, input: T, paddings: Tpaddings, *, mode: str) -> T:
    """``input`` continued beyond its edges by its mirror image.

    The elements at the edge are part of the image if ``mode`` is SYMMETRIC.
    """
    sizes = np.shape(input)
    pairs = _pairs(paddings, len(sizes))
    shortest = 0 if mode == "SYMMETRIC" else 1
    for axis, (size, pair) in enumerate(zip(sizes, pairs, strict=True)):
        if max(pair) > size - shortest:
            raise ValueError(
                f"paddings of dimension {axis} must be at most {size - shortest} in mode {mode}, "
                f"since it has size {size}, but they are {list(pair)}."
            )
    return xp.pad(input, pairs, mode=mode.lower()) if pairs else xp.array(input)


@op("MirrorPadGrad", Tpaddings=INDEX, allowed=_MODES)
def mirror_pad_grad(xp: Namespace, input: T, paddings: Tpaddings, *, mode: str) -> T:
    """``input`` with its edges folded back and added to what they are the image of."""
    offset = 0 if mode == "SYMMETRIC" else 1
    result = xp.array(input)
    for axis, (before, after) in enumerate(_pairs(paddings, np.ndim(input))):
        result = _folded(xp, result, axis, before, after, offset)
    return result


def _folded(xp: Namespace, x: Any, axis: int, before: int, after: int, offset: int) -> Any:
    size = x.shape[axis] - before - after
    lead = (slice(None),) * axis
    result = x[(*lead, slice(before, before + size))]
    if before:
        image = xp.flip(x[(*lead, slice(0, before))], axis)
        place = (*lead, slice(offset, offset + before))
        result = result + xp.placed(result.shape, place, image)
    if after:
        image = xp.flip(x[(*lead, slice(before + size, None))], axis)
        place = (*lead, slice(size - offset - after, size - offset))
        result = result + xp.placed(result.shape, place, image)
    return result


@mirror_pad_grad.shape
def _mirror_pad_grad_shape(ctx: ShapeContext, input: Shape, paddings: Shape) -> Shape:
    value = ctx.constant(1)
    if value is None or input.dims is None:
        return unknown(input.rank)
    pairs = _pairs(value, len(input.dims))
    sizes = [
        None if size is None else size - before - after
        for size, (before, after) in zip(input.dims, pairs, strict=True)
    ]
    return Shape(tuple(sizes))


@mirror_pad.gradient
def _mirror_pad_gradient(op: Operation, grad: Tensor) -> tuple[Any, None]:
    return mirror_pad_grad(grad, op.inputs[1], mode=op._attrs["mode"]), None


@mirror_pad_grad.gradient
def _mirror_pad_grad_gradient(op: Operation, grad: Tensor) -> tuple[Any, None]:
    return mirror_pad(grad, op.inputs[1], mode=op._attrs["mode"]), None


@export("pad")
def pad(
    tensor: Any,
    paddings: Any,
    mode: str = "CONSTANT",
    name: str | None = None,
    constant_values: Any = 0,
) -> Any:
    """``tensor`` with elements added at its edges.

    Args:
      tensor: A tensor.
      paddings: For each dimension how many are added before and behind, shape ``[rank, 2]``.
      mode: CONSTANT adds ``constant_values``; REFLECT the mirror image without the edge itself,
        SYMMETRIC with it.
      name: The name of the node.
      constant_values: The constant.

    Raises:
      ValueError: If the mode is another one.

    >>> tf.Session().run(tf.pad([1, 2, 3], [[2, 1]], "REFLECT"))
    array([3, 2, 1, 2, 3, 2], dtype=int32)
    """
    kind = mode.upper()
    if kind == "CONSTANT":
        if not isinstance(constant_values, Tensor) and constant_values == 0:
            result = pad_op(tensor, paddings, name=name)
        else:
            result = pad_v2(tensor, paddings, constant_values, name=name)
    elif kind in _MODES["mode"]:
        result = mirror_pad(tensor, paddings, mode=kind, name=name)
    else:
        raise ValueError(f"mode is {mode!r}, but must be CONSTANT, REFLECT or SYMMETRIC.")
    _note_known_sizes(result)
    return result


def _note_known_sizes(result: Tensor) -> None:
    """Tells the sizes that follow from paddings of which only some are known."""
    x, paddings = result.op.inputs[0], result.op.inputs[1]
    dims = x._shape_value.dims
    if dims is None or result._shape_value.is_fully_defined:
        return
    pairs = get_static_value(paddings, partial=True)
    if pairs is None:
        return
    sizes: list[int | None] = []
    for size, pair in zip(dims, pairs, strict=False):
        known = pair is not None and None not in list(pair) and size is not None
        sizes.append(size + int(pair[0]) + int(pair[1]) if known else None)  # type: ignore[operator]
    result.set_shape(sizes)
