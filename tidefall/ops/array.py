"""Identities and shapes: the ops that look at a tensor's form, not at its elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape, unknown
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.inference import ShapeContext
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.constant import constant
from tidefall.ops.registry import (
    INDEX,
    NUMBERS,
    Int32,
    Namespace,
    T,
    Tdim,
    Tidx,
    Tperm,
    Tshape,
    TypeList,
    index_type,
    op,
    out_type,
)

# -- identities -----------------------------------------------------------------------------------


@op("Identity", shape=shapes.unchanged, view=True)
def identity_op(xp: Namespace, input: T) -> T:
    """Its input."""
    return input


@identity_op.gradient
def identity_grad(op: Operation, grad: Tensor) -> Tensor:
    """The gradient of anything that passes its input on."""
    return grad


@export("identity")
def identity(input: Any, name: str | None = None) -> Any:
    """A tensor with the value of ``input``.

    Made inside ``with tf.control_dependencies([...])`` it is the value after those operations.
    """
    if isinstance(input, IndexedSlices):
        parts = (input.values, input.indices, input.dense_shape)
        return IndexedSlices(*[part if part is None else identity(part, name) for part in parts])
    return identity_op(input, name=name)


@op("IdentityN", view=True, T=TypeList())
def identity_n_op(xp: Namespace, input: list[T]) -> list[T]:
    """Its inputs."""
    return input


@identity_n_op.shape
def _identity_n_shape(input: list[Shape]) -> list[Shape]:
    return input


@identity_n_op.gradient
def _identity_n_grad(op: Operation, *grads: Tensor) -> list[Tensor]:
    return list(grads)


@export("identity_n")
def identity_n(input: Any, name: str | None = None) -> Any:
    """Tensors with the values of those in the list ``input``, all made by one node."""
    return identity_n_op(input, name=name)


@op("StopGradient", shape=shapes.unchanged, view=True, differentiable=False, export="stop_gradient")
def stop_gradient(xp: Namespace, input: T) -> T:
    """Its input, through which no gradient flows."""
    return input


@op("NoOp", shape=shapes.none, export="no_op")
def no_op(xp: Namespace) -> None:
    """Does nothing; other operations can wait for it, and it for them."""


# -- shape, size, rank ----------------------------------------------------------------------------


@op("Shape", differentiable=False, out_type=INDEX)
def shape_op(xp: Namespace, input: T, *, out_type: DType) -> out_type:
    """The sizes of the dimensions of ``input``."""
    return xp.shape_vector(input, out_type.np_dtype)


@shape_op.shape
def _shape_shape(x: Shape) -> Shape:
    return Shape((x.rank,))


@hooks.install("shape")
@export("shape")
def shape(input: Any, name: str | None = None, out_type: Any = dtypes.int32) -> Any:
    """The shape of ``input`` as a vector, known when the graph runs.

    Where the static shape is fully known, the result is a constant.
    """
    return shape_internal(input, name, True, out_type)


def shape_internal(
    input: Any, name: str | None = None, optimize: bool = True, out_type: Any = dtypes.int32
) -> Any:
    """`shape`, which becomes a constant only with ``optimize``."""
    with get_default_graph().name_scope(name or "Shape") as scope:
        dense_shape = shape_of_composite(input)
        if dense_shape is not None:
            return hooks.call("cast", dense_shape, out_type)
        tensor = convert_to_tensor(input)
        if optimize and tensor._shape_value.is_fully_defined:
            dims = np.array(tensor._shape_value.dims, as_dtype(out_type).np_dtype)
            return constant(dims, name=scope)
        # The input itself: of a resource variable, the node has a read of its own.
        return shape_op(input, out_type=out_type, name=scope)


def shape_of_composite(input: Any) -> Any:
    """The shape tensor of what is no plain tensor (a sparse one), or None."""
    return None if isinstance(input, Tensor) else getattr(input, "dense_shape", None)


@op("Size", differentiable=False, out_type=INDEX, shape=shapes.scalar)
def size_op(xp: Namespace, input: T, *, out_type: DType) -> out_type:
    """The number of elements of ``input``."""
    return xp.count(input, out_type.np_dtype)


hooks.install("size")(lambda x: size_op(x, out_type=dtypes.int32))


@op("Rank", differentiable=False, shape=shapes.scalar)
def rank_op(xp: Namespace, input: T) -> Int32:
    """The number of dimensions of ``input``."""
    return np.int32(np.ndim(input))


def dynamic_shape(tensor: Tensor, out_type: DType = dtypes.int32) -> Any:
    """The shape of ``tensor`` for use in a gradient: a constant where it is known."""
    static = tensor._shape_value
    if static.is_fully_defined:
        return constant(np.array(static.dims, out_type.np_dtype), name="Shape")
    return shape_op(tensor, out_type=out_type, name="Shape")


# -- reshaping ------------------------------------------------------------------------------------


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
    if total is not None and value is not None:
        return _solved(tensor, total, [int(size) for size in value.reshape(-1)])
    if total is not None:
        return _completed(wanted, total)
    _check_divides(tensor, wanted)
    return wanted


def _completed(wanted: Shape, total: int) -> Shape:
    """``wanted`` with the one size that is missing, where the number of elements tells it."""
    dims = wanted.dims or ()
    known = _product(dims)
    if dims.count(None) != 1 or known == 0 or total % known:
        return wanted
    return Shape(tuple([total // known if size is None else size for size in dims]))


def _product(dims: Any) -> int:
    """The product of the sizes that are known."""
    product = 1
    for size in dims:
        product *= 1 if size is None else size
    return product


def _check_divides(tensor: Shape, wanted: Shape) -> None:
    """Refuses a known number of elements that no missing size of the tensor can make."""
    total = wanted.num_elements()
    if total is None or tensor.dims is None or tensor.dims.count(None) != 1:
        return
    known = _product(tensor.dims)
    if known and total % known:
        raise ValueError(
            f"a tensor of shape {tensor} cannot take shape {wanted}: its number of elements is a "
            f"multiple of {known}, and {total} is not."
        )


def _solved(tensor: Shape, total: int, sizes: list[int]) -> Shape:
    """``sizes`` with its one -1 replaced by what makes ``total`` elements."""
    if sizes.count(-1) > 1:
        raise ValueError(f"only one size may be -1, but {sizes} has {sizes.count(-1)}.")
    if any(size < -1 for size in sizes):
        raise ValueError(f"a size must be -1 or at least 0, but the shape is {sizes}.")
    known = _product([None if size == -1 else size for size in sizes])
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


@op("ExpandDims", view=True, Tdim=INDEX)
def expand_dims_op(xp: Namespace, input: T, dim: Tdim) -> T:
    """``input`` with a dimension of size 1 inserted before ``dim``."""
    rank = np.ndim(input) + 1
    at = shapes.normal_axis(int(dim.reshape(-1)[0]), rank, "dim")
    sizes = np.shape(input)
    return xp.reshape(xp.plain(input), (*sizes[:at], 1, *sizes[at:]))


@expand_dims_op.shape
def _expand_dims_shape(ctx: ShapeContext, input: Shape, dim: Shape) -> Shape:
    value = ctx.constant(1)
    if input.dims is None:
        return UNKNOWN
    if value is None:
        return unknown(len(input.dims) + 1)
    if value.size != 1:
        raise ValueError(f"dim must be one number, not {value.tolist()}.")
    at = shapes.normal_axis(int(value.reshape(-1)[0]), len(input.dims) + 1, "dim")
    return Shape((*input.dims[:at], 1, *input.dims[at:]))


@expand_dims_op.gradient
def _expand_dims_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    return reshape_op(grad, dynamic_shape(op.inputs[0])), None


@export("expand_dims")
def expand_dims(input: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Any:
    """``input`` with a dimension of size 1 inserted before dimension ``axis``.

    Args:
      input: Any tensor.
      axis: Where the new dimension goes; -1 is behind the last.
      name: The name of the node.
      dim: An older name of ``axis``.

    Raises:
      ValueError: If no axis, or both names of it, are given.
    """
    axis = either("axis", axis, "dim", dim)
    if axis is None:
        raise ValueError("tf.expand_dims needs an axis.")
    return expand_dims_op(input, axis, name=name)


def either(name: str, value: Any, old_name: str, old_value: Any) -> Any:
    """The value of an argument that has an older name too.

    Raises:
      ValueError: If it is given under both names.
    """
    if old_value is None:
        return value
    if value is not None:
        raise ValueError(f"'{old_name}' is an older name of '{name}'; give only one of them.")
    return old_value


@op("Squeeze", view=True)
def squeeze_op(xp: Namespace, input: T, *, squeeze_dims: list[int] = ()) -> T:  # type: ignore[assignment]
    """``input`` without its dimensions of size 1, or without those named."""
    sizes = np.shape(input)
    axes = _squeezed(sizes, squeeze_dims)
    return xp.reshape(input, tuple([n for i, n in enumerate(sizes) if i not in axes]))


def _squeezed(sizes: Any, squeeze_dims: Any) -> set[int]:
    """The dimensions that go; sizes that are not known are taken to be 1."""
    if not squeeze_dims:
        return {axis for axis, size in enumerate(sizes) if size == 1}
    axes = {shapes.normal_axis(axis, len(sizes), "axis") for axis in squeeze_dims}
    for axis in axes:
        if sizes[axis] not in (None, 1):
            raise ValueError(
                f"cannot squeeze dimension {axis}: its size must be 1, but it is {sizes[axis]}."
            )
    return axes


@squeeze_op.shape
def _squeeze_shape(input: Shape, *, squeeze_dims: Any) -> Shape:
    dims = input.dims
    if dims is None or (not squeeze_dims and None in dims):
        return UNKNOWN
    gone = _squeezed(dims, squeeze_dims)
    return Shape(tuple([size for axis, size in enumerate(dims) if axis not in gone]))


@squeeze_op.gradient
def _squeeze_grad(op: Operation, grad: Tensor) -> Tensor:
    return reshape_op(grad, dynamic_shape(op.inputs[0]))


@export("squeeze")
def squeeze(input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None) -> Any:
    """``input`` without its dimensions of size 1.

    Args:
      input: Any tensor.
      axis: Which dimensions to remove, a number or a list; all of size 1 if None.
      name: The name of the node.
      squeeze_dims: An older name of ``axis``.

    Raises:
      ValueError: If a named dimension is known not to have size 1.
    """
    axis = either("axis", axis, "squeeze_dims", squeeze_dims)
    if axis is None:
        axis = []
    return squeeze_op(input, squeeze_dims=np.reshape(axis, -1).tolist(), name=name)


# -- dimensions and constants ---------------------------------------------------------------------


@op("BroadcastTo", view=True, Tidx=INDEX, export="broadcast_to")
def broadcast_to_op(xp: Namespace, input: T, shape: Tidx) -> T:
    """``input`` repeated along dimensions of size 1 (or missing in front) up to ``shape``."""
    return xp.broadcast_to(xp.plain(input), tuple(shape.tolist()))


@broadcast_to_op.shape
def _broadcast_to_shape(ctx: ShapeContext, input: Shape, shape: Shape) -> Shape:
    wanted = ctx.shape_value(1)
    if input.dims is None or wanted.dims is None:
        return wanted
    if len(input.dims) > len(wanted.dims):
        raise ValueError(
            f"a tensor of shape {input} cannot be broadcast to shape {wanted}, which has fewer "
            "dimensions."
        )
    tail = wanted.dims[len(wanted.dims) - len(input.dims) :]
    for size, target in zip(input.dims, tail, strict=True):
        if size is not None and target is not None and size not in (1, target):
            raise ValueError(
                f"a tensor of shape {input} cannot be broadcast to shape {wanted}: {size} is "
                f"neither 1 nor {target}."
            )
    return wanted


@op("Fill", index_type=INDEX)
def fill_op(xp: Namespace, dims: index_type, value: T) -> T:
    """A tensor of shape ``dims`` filled with one value."""
    return xp.full(tuple(dims.tolist()), xp.plain(value))


@fill_op.shape
def _fill_shape(ctx: ShapeContext, dims: Shape, value: Shape) -> Shape:
    dims.with_rank(1)
    value.with_rank(0)
    sizes = ctx.constant(0)
    if sizes is not None and (sizes < 0).any():
        raise ValueError(f"a size must be at least 0, but dims is {sizes.tolist()}.")
    return ctx.shape_value(0)


@fill_op.gradient
def _fill_grad(op: Operation, grad: Tensor) -> tuple[None, Tensor]:
    return None, hooks.call("reduce_sum", grad)


@op("ZerosLike", shape=shapes.unchanged)
def zeros_like_op(xp: Namespace, x: T) -> T:
    """Zeros in the shape of ``x``."""
    return xp.full_like(x, b"") if xp.is_string(x) else xp.zeros_like(x)


@op("OnesLike", T=(*NUMBERS, dtypes.bool_), shape=shapes.unchanged)
def ones_like_op(xp: Namespace, x: T) -> T:
    """Ones in the shape of ``x``."""
    return xp.ones_like(x)


@zeros_like_op.gradient
@ones_like_op.gradient
def _like_grad(op: Operation, grad: Tensor) -> None:
    return None


@op("Transpose", view=True, Tperm=INDEX)
def transpose_op(xp: Namespace, x: T, perm: Tperm) -> T:
    """``x`` with its dimensions in the order ``perm``."""
    return xp.transpose(x, tuple(perm.tolist()))


@transpose_op.shape
def transpose_shape(ctx: ShapeContext, x: Shape, perm: Shape) -> Shape:
    """The shape of a transposed tensor."""
    order = ctx.constant(1)
    rank = x.rank if x.rank is not None else perm.with_rank(1)[0]
    if order is None or x.dims is None:
        return unknown(rank)
    if sorted(order.tolist()) != list(range(len(x.dims))):
        raise ValueError(
            f"perm must name each of the {len(x.dims)} dimensions of the tensor of shape {x} "
            f"once, but is {order.tolist()}."
        )
    return Shape(tuple([x.dims[int(axis)] for axis in order]))


@op(
    "InvertPermutation",
    T=INDEX,
    shape=shapes.unchanged,
    differentiable=False,
    export=("invert_permutation", "math.invert_permutation"),
)
def invert_permutation(xp: Namespace, x: T) -> T:
    """The permutation that undoes ``x``."""
    if sorted(x.tolist()) != list(range(len(x))):
        raise ValueError(f"each of 0 to {len(x) - 1} must appear once, but x is {x.tolist()}.")
    return xp.argsort(x).astype(x.dtype)


@transpose_op.gradient
def _transpose_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    return transpose_op(grad, invert_permutation(op.inputs[1])), None
