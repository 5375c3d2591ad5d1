"""Shapes and arrangement of tensors: identity, reshape, transpose, placeholders, …"""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape, unknown
from tidefall.ir.conversion import convert, convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import ShapeContext
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.constant import constant
from tidefall.ops.registry import (
    INDEX,
    Namespace,
    T,
    Tidx,
    Tperm,
    Tshape,
    dtype,
    index_type,
    op,
    out_type,
)


@op("Placeholder", stateful=True)
def placeholder_op(xp: Namespace, *, dtype: DType, shape: Shape = UNKNOWN) -> dtype:
    """A value that must be fed."""
    raise AssertionError("a placeholder is fed, never run")


placeholder_op.shape(shapes.from_attr)


@export("placeholder")
def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> Any:
    """A tensor whose value is given to each run by ``feed_dict``.

    Args:
      dtype: The dtype of the values.
      shape: Their shape; None, or None for some dimensions, leaves it open.
      name: The name of the node.
    """
    return placeholder_op(dtype=dtype, shape=Shape.of(shape), name=name)


@op("PlaceholderWithDefault", shape=shapes.from_attr, view=True)
def placeholder_with_default_op(xp: Namespace, input: dtype, *, shape: Shape) -> dtype:
    """Passes its input on unless it is fed."""
    return input


@export("placeholder_with_default")
def placeholder_with_default(input: Any, shape: Any, name: str | None = None) -> Any:
    """A tensor that has the value of ``input`` unless another one is fed."""
    return placeholder_with_default_op(input, shape=shape, name=name)


@placeholder_with_default_op.gradient
def _placeholder_with_default_grad(op: Operation, grad: Tensor) -> Tensor:
    return grad


@op("Identity", shape=shapes.unchanged, view=True)
def identity_op(xp: Namespace, input: T) -> T:
    """Its input."""
    return input


@identity_op.gradient
def _identity_grad(op: Operation, grad: Tensor) -> Tensor:
    return grad


@export("identity")
def identity(input: Any, name: str | None = None) -> Any:
    """A tensor with the value of ``input``.

    Made inside ``with tf.control_dependencies([...])`` it is the value after those operations.
    """
    return identity_op(input, name=name)


@op("StopGradient", shape=shapes.unchanged, view=True, differentiable=False, export="stop_gradient")
def stop_gradient(xp: Namespace, input: T) -> T:
    """Its input, through which no gradient flows."""
    return input


@op("NoOp", shape=shapes.none, export="no_op")
def no_op(xp: Namespace) -> None:
    """Does nothing; other operations can wait for it, and it for them."""


@op("Shape", differentiable=False, out_type=INDEX)
def shape_op(xp: Namespace, input: T, *, out_type: DType) -> out_type:
    """The sizes of the dimensions of ``input``."""
    return np.array(np.shape(input), out_type.np_dtype)


@shape_op.shape
def _shape_shape(x: Shape) -> Shape:
    return Shape((x.rank,))


@export("shape")
def shape(input: Any, name: str | None = None, out_type: Any = dtypes.int32) -> Any:
    """The shape of ``input`` as a vector, known when the graph runs.

    Where the static shape is fully known, the result is a constant.
    """
    return shape_internal(input, name, True, out_type)


def shape_internal(input: Any, name: str | None, optimize: bool, out_type: Any) -> Any:
    """`shape`, which becomes a constant only with ``optimize``."""
    with get_default_graph().name_scope(name or "Shape") as scope:
        tensor = convert_to_tensor(input)
        if optimize and tensor._shape_value.is_fully_defined:
            dims = np.array(tensor._shape_value.dims, as_dtype(out_type).np_dtype)
            return constant(dims, name=scope)
        return shape_op(tensor, out_type=out_type, name=scope)


@op("Reshape", view=True, Tshape=INDEX)
def reshape_op(xp: Namespace, tensor: T, shape: Tshape) -> T:
    """``tensor`` with its elements, in order, in another shape."""
    return xp.reshape(tensor, tuple(shape.tolist()))


@reshape_op.shape
def _reshape_shape(ctx: ShapeContext, tensor: Shape, shape: Shape) -> Shape:
    wanted = ctx.shape_value(1)
    total = tensor.num_elements()
    if wanted.dims is None:
        return wanted
    value = ctx.constant(1)
    if value is None or total is None:
        return wanted
    return _solved(tensor, total, [int(size) for size in value.reshape(-1)])


def _solved(tensor: Shape, total: int, sizes: list[int]) -> Shape:
    """``sizes`` with its one -1 replaced by what makes ``total`` elements."""
    if sizes.count(-1) > 1:
        raise ValueError(f"only one size may be -1, but {sizes} has {sizes.count(-1)}.")
    known = 1
    for size in sizes:
        known *= size if size != -1 else 1
    if -1 in sizes:
        if known == 0 or total % known:
            if total == 0 and known == 0:
                return Shape([None if size == -1 else size for size in sizes])
            raise ValueError(
                f"a tensor of shape {tensor} with {total} elements cannot take shape {sizes}: "
                f"{total} is not a multiple of {known}."
            )
        return Shape(tuple([total // known if size == -1 else size for size in sizes]))
    if known != total:
        raise ValueError(
            f"a tensor of shape {tensor} has {total} elements, but shape {sizes} has {known}."
        )
    return Shape(tuple(sizes))


@reshape_op.gradient
def _reshape_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    return reshape_op(grad, dynamic_shape(op.inputs[0])), None


@export("reshape", "manip.reshape")
def reshape(tensor: Any, shape: Any, name: str | None = None) -> Any:
    """``tensor`` with its elements, in order, in another shape.

    Args:
      tensor: Any tensor.
      shape: The sizes; one of them may be -1, which is then computed.
      name: The name of the node.
    """
    return reshape_op(tensor, shape, name=name)


def dynamic_shape(tensor: Tensor) -> Any:
    """The shape of ``tensor`` for use in a gradient: a constant where it is known."""
    static = tensor._shape_value
    if static.is_fully_defined:
        return constant(np.array(static.dims, np.int32), name="Shape")
    return shape_op(tensor, out_type=dtypes.int32, name="Shape")


@op("BroadcastTo", view=True, Tidx=INDEX, export="broadcast_to")
def broadcast_to_op(xp: Namespace, input: T, shape: Tidx) -> T:
    """``input`` repeated along dimensions of size 1 (or missing in front) up to ``shape``."""
    return xp.broadcast_to(input, tuple(shape.tolist()))


@broadcast_to_op.shape
def _broadcast_to_shape(ctx: ShapeContext, input: Shape, shape: Shape) -> Shape:
    return ctx.shape_value(1)


@op("Size", differentiable=False, out_type=INDEX, shape=shapes.scalar)
def size_op(xp: Namespace, input: T, *, out_type: DType) -> out_type:
    """The number of elements of ``input``."""
    return out_type.as_numpy_dtype(np.size(input))


hooks.install("size")(lambda x: size_op(x, out_type=dtypes.int32))


@op("Fill", index_type=INDEX)
def fill_op(xp: Namespace, dims: index_type, value: T) -> T:
    """A tensor of shape ``dims`` filled with one value."""
    return xp.full(tuple(dims.tolist()), value)


@fill_op.shape
def _fill_shape(ctx: ShapeContext, dims: Shape, value: Shape) -> Shape:
    return ctx.shape_value(0)


@fill_op.gradient
def _fill_grad(op: Operation, grad: Tensor) -> tuple[None, Tensor]:
    return None, hooks.call("reduce_sum", grad)


@op("ZerosLike", shape=shapes.unchanged)
def zeros_like_op(xp: Namespace, x: T) -> T:
    """Zeros in the shape of ``x``."""
    return xp.zeros_like(x)


@zeros_like_op.gradient
def _zeros_like_grad(op: Operation, grad: Tensor) -> None:
    return None


@op("OnesLike", shape=shapes.unchanged)
def ones_like_op(xp: Namespace, x: T) -> T:
    """Ones in the shape of ``x``."""
    return xp.ones_like(x)


@ones_like_op.gradient
def _ones_like_grad(op: Operation, grad: Tensor) -> None:
    return None


@op("Transpose", view=True, Tperm=INDEX)
def transpose_op(xp: Namespace, x: T, perm: Tperm) -> T:
    """``x`` with its dimensions in the order ``perm``."""
    return xp.transpose(x, tuple(perm.tolist()))


@transpose_op.shape
def _transpose_shape(ctx: ShapeContext, x: Shape, perm: Shape) -> Shape:
    order = ctx.constant(1)
    if order is None or x.dims is None:
        return x if x.rank is None else unknown(x.rank)
    if sorted(order.tolist()) != list(range(len(x.dims))):
        raise ValueError(
            f"perm must name each of the {len(x.dims)} dimensions of the tensor of shape {x} "
            f"once, but is {order.tolist()}."
        )
    return Shape(tuple([x.dims[int(axis)] for axis in order]))


@op("InvertPermutation", T=INDEX, shape=shapes.unchanged, differentiable=False)
def invert_permutation(xp: Namespace, x: T) -> T:
    """The permutation that undoes ``x``."""
    return xp.argsort(x).astype(x.dtype)


@transpose_op.gradient
def _transpose_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    return transpose_op(grad, invert_permutation(op.inputs[1])), None


@op("Pack", view=False)
def pack(xp: Namespace, values: list[T], *, axis: int = 0) -> T:
    """Stacks tensors of one shape along a new dimension."""
    return xp.stack(values, axis)


@pack.shape
def _pack_shape(values: list[Shape], *, axis: int) -> Shape:
    one = values[0]
    for other in values[1:]:
        one = one.merge_with(other)
    if one.dims is None:
        return UNKNOWN
    at = shapes.normal_axis(axis, len(one.dims) + 1, "axis")
    return Shape((*one.dims[:at], len(values), *one.dims[at:]))


@hooks.install("autopack")
def autopack(value: Any, dtype: DType | None, name: str) -> Any:
    """Packs a (nested) list with tensors in it into one tensor."""
    if dtype is None:
        found = _dtype_in(value)
        dtype = found.base_dtype if found is not None else None
    with get_default_graph().name_scope(name) as scope:
        items = [
            autopack(item, dtype, str(index)) if isinstance(item, (list, tuple))
            else convert(item, dtype, str(index))
            for index, item in enumerate(value)
        ]  # fmt: skip
        return pack(items, axis=0, name=scope)


def _dtype_in(value: Any) -> DType | None:
    if isinstance(value, (list, tuple)):
        for item in value:
            found = _dtype_in(item)
            if found is not None:
                return found
        return None
    found = getattr(value, "dtype", None)
    return found if isinstance(found, DType) else None
