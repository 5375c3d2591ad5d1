"""The same elements in another order: transpose, reverse, roll."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import ShapeContext
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.array import (
    either,
    invert_permutation,
    rank_op,
    transpose_op,
    transpose_shape,
)
from tidefall.ops.ranges import range_op
from tidefall.ops.registry import (
    INDEX,
    INDICES,
    Namespace,
    T,
    Taxis,
    Tidx,
    Tlen,
    Tperm,
    Tshift,
    TypeAttr,
    op,
)


@op("ConjugateTranspose", Tperm=INDEX)
def conjugate_transpose(xp: Namespace, x: T, perm: Tperm) -> T:
    """The complex conjugate of ``x`` with its dimensions in the order ``perm``."""
    return xp.conj(xp.transpose(x, tuple(perm.tolist())))


conjugate_transpose.shape(transpose_shape)


@conjugate_transpose.gradient
def _conjugate_transpose_grad(op: Operation, grad: Tensor) -> tuple[Any, None]:
    return conjugate_transpose(grad, invert_permutation(op.inputs[1])), None


@hooks.install("transpose")
@export("transpose")
def transpose(a: Any, perm: Any = None, name: str = "transpose", conjugate: bool = False) -> Any:
    """``a`` with its dimensions in the order ``perm``.

    Args:
      a: A tensor.
      perm: The dimensions in their new order; reversed if None.
      name: The name of the node.
      conjugate: Whether complex numbers are conjugated, too.

    >>> tf.Session().run(tf.transpose([[1, 2, 3], [4, 5, 6]]))
    array([[1, 4],
           [2, 5],
           [3, 6]], dtype=int32)
    """
    with get_default_graph().name_scope(name or "transpose") as scope:
        x = convert_to_tensor(a, name="a")
        function = conjugate_transpose if conjugate and x.dtype.is_complex else transpose_op
        if perm is None:
            perm = _reversed_axes(x)
        return function(x, perm, name=scope)


def _reversed_axes(x: Tensor) -> Any:
    known = x._shape_value.rank
    if known is not None:
        return np.arange(known - 1, -1, -1, dtype=np.int32)
    number = rank_op(x)
    return (number - 1) - range_op(0, number, 1)


# -- backwards ------------------------------------------------------------------------------------


@op(
    "ReverseV2",
    Tidx=INDEX,
    view=True,
    export=("reverse", "reverse_v2", "manip.reverse"),
)
def reverse(xp: Namespace, tensor: T, axis: Tidx) -> T:
    """``tensor`` with the elements of the dimensions ``axis`` backwards."""
    axes = _distinct(axis.reshape(-1).tolist(), np.ndim(tensor))
    return xp.flip(tensor, axes) if axes else tensor


def _distinct(axes: list[int], count: int) -> tuple[int, ...]:
    found = tuple([shapes.normal_axis(axis, count, "axis") for axis in axes])
    if len(set(found)) != len(found):
        raise ValueError(f"each axis can be named only once, but axis is {axes}.")
    return found


@reverse.shape
def _reverse_shape(ctx: ShapeContext, tensor: Shape, axis: Shape) -> Shape:
    axis.with_rank(1)
    value = ctx.constant(1)
    if value is not None and tensor.rank is not None:
        _distinct(value.tolist(), tensor.rank)
    return tensor


@reverse.gradient
def _reverse_grad(op: Operation, grad: Tensor) -> tuple[Any, None]:
    return reverse(grad, op.inputs[1]), None


@op("ReverseSequence", Tlen=TypeAttr(INDICES, dtypes.int64))
def reverse_sequence_op(
    xp: Namespace, input: T, seq_lengths: Tlen, *, seq_dim: int, batch_dim: int = 0
) -> T:
    """``input`` with the first elements of each sequence backwards."""
    sizes = np.shape(input)
    seq = shapes.normal_axis(seq_dim, len(sizes), "seq_axis")
    batch = shapes.normal_axis(batch_dim, len(sizes), "batch_axis")
    xp.require(
        (seq_lengths >= 0) & (seq_lengths <= sizes[seq]),
        f"each of seq_lengths must lie between 0 and {sizes[seq]}, the size of dimension {seq}.",
    )
    lengths = _along(xp, seq_lengths, batch, len(sizes))
    places = _along(xp, xp.arange(sizes[seq]), seq, len(sizes))
    places = xp.where(places < lengths, lengths - 1 - places, places)
    return xp.take_along_axis(input, places, seq)


def _along(xp: Namespace, vector: Any, axis: int, count: int) -> Any:
    """A vector as an array of ``count`` dimensions that varies along one."""
    shape = [1] * count
    shape[axis] = -1
    return xp.reshape(vector, tuple(shape))


@reverse_sequence_op.shape
def _reverse_sequence_shape(
    input: Shape, seq_lengths: Shape, *, seq_dim: int, batch_dim: int
) -> Shape:
    lengths = seq_lengths.with_rank(1)
    if input.dims is None:
        return input
    count = len(input.dims)
    seq = shapes.normal_axis(seq_dim, count, "seq_axis")
    batch = shapes.normal_axis(batch_dim, count, "batch_axis")
    if seq == batch:
        raise ValueError(f"seq_axis and batch_axis must differ, but both are {seq}.")
    rows = Shape((input.dims[batch],)).merge_with(lengths)[0]
    return Shape((*input.dims[:batch], rows, *input.dims[batch + 1 :]))


@reverse_sequence_op.gradient
def _reverse_sequence_grad(op: Operation, grad: Tensor) -> tuple[Any, None]:
    attrs = op._attrs
    return reverse_sequence_op(
        grad, op.inputs[1], seq_dim=attrs["seq_dim"], batch_dim=attrs["batch_dim"]
    ), None


@export("reverse_sequence")
def reverse_sequence(
    input: Any,
    seq_lengths: Any,
    seq_axis: Any = None,
    batch_axis: Any = None,
    name: str | None = None,
    seq_dim: Any = None,
    batch_dim: Any = None,
) -> Any:
    """Sequences of different lengths backwards; what lies behind a sequence's end stays.

    Args:
      input: A tensor.
      seq_lengths: The length of each sequence, one for each index of ``batch_axis``.
      seq_axis: The dimension along which a sequence runs.
      batch_axis: The dimension that counts sequences; 0 if None.
      name: The name of the node.
      seq_dim: An older name of ``seq_axis``.
      batch_dim: An older name of ``batch_axis``.
    """
    seq = either("seq_axis", seq_axis, "seq_dim", seq_dim)
    batch = either("batch_axis", batch_axis, "batch_dim", batch_dim)
    if seq is None:
        raise ValueError("tf.reverse_sequence needs a seq_axis.")
    return reverse_sequence_op(
        input, seq_lengths, seq_dim=seq, batch_dim=0 if batch is None else batch, name=name
    )


@op("Roll", Tshift=INDICES, Taxis=INDICES, shape=shapes.first_unchanged, export="manip.roll")
def roll_op(xp: Namespace, input: T, shift: Tshift, axis: Taxis) -> T:
    """``input`` with its elements moved along dimensions; what leaves at one end enters at the
    other."""
    count = np.ndim(input)
    axes = [shapes.normal_axis(each, count, "axis") for each in axis.reshape(-1).tolist()]
    return xp.roll(input, tuple(shift.reshape(-1).tolist()), tuple(axes))


@roll_op.gradient
def _roll_grad(op: Operation, grad: Tensor) -> tuple[Any, None, None]:
    shift: Any = op.inputs[1]
    return roll_op(grad, -shift, op.inputs[2]), None, None


@export("roll")
def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Any:
    """``input`` with its elements moved along dimensions; what leaves at one end enters at the
    other.

    Args:
      input: A tensor.
      shift: By how many places, a number or one for each of ``axis``.
      axis: The dimensions, a number or a list.
      name: The name of the node.
    """
    return roll_op(input, shift, axis, name=name)
