"""Joining tensors and taking them apart: stack, concat, unstack, split."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape, unknown
from tidefall.core.tensor_shape import Dimension
from tidefall.ir.conversion import convert, convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.inference import ShapeContext, constant_value
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.array import dynamic_shape, expand_dims, identity
from tidefall.ops.constant import constant
from tidefall.ops.registry import (
    INDEX,
    INDICES,
    Int32,
    Namespace,
    T,
    Tidx,
    Tlen,
    TypeAttr,
    op,
)

# -- a new dimension ------------------------------------------------------------------------------


@op("Pack")
def pack(xp: Namespace, values: list[T], *, axis: int = 0) -> T:
    """Stacks tensors of one shape along a new dimension."""
    return xp.stack([xp.plain(value) for value in values], axis)


@pack.shape
def _pack_shape(values: list[Shape], *, axis: int) -> Shape:
    one = values[0]
    for other in values[1:]:
        one = one.merge_with(other)
    if one.dims is None:
        return UNKNOWN
    at = shapes.normal_axis(axis, len(one.dims) + 1, "axis")
    return Shape((*one.dims[:at], len(values), *one.dims[at:]))


@pack.gradient
def _pack_grad(op: Operation, grad: Tensor) -> Any:
    return unpack(grad, num=op._attrs["N"], axis=op._attrs["axis"])


@op("Unpack", lengths={"output": "num"}, view=True)
def unpack(xp: Namespace, value: T, *, num: int, axis: int = 0) -> list[T]:
    """The slices of a tensor along one dimension, which goes away."""
    sizes = np.shape(value)
    at = shapes.normal_axis(axis, len(sizes), "axis")
    if sizes[at] != num:
        raise ValueError(f"dimension {at} must have size {num}, but it has {sizes[at]}.")
    before = (slice(None),) * at
    return [xp.plain(value[(*before, index)]) for index in range(num)]


@unpack.shape
def _unpack_shape(value: Shape, *, num: int, axis: int) -> list[Shape]:
    if value.dims is None:
        return [UNKNOWN] * num
    if not value.dims:
        raise ValueError("a scalar cannot be taken apart: it has no dimensions.")
    at = shapes.normal_axis(axis, len(value.dims), "axis")
    if value.dims[at] not in (None, num):
        raise ValueError(f"dimension {at} must have size {num}, but the shape is {value}.")
    return [Shape((*value.dims[:at], *value.dims[at + 1 :]))] * num


@unpack.gradient
def _unpack_grad(op: Operation, *grads: Tensor) -> Any:
    return pack(list(grads), axis=op._attrs["axis"])


@export("stack")
def stack(values: Any, axis: int = 0, name: str = "stack") -> Any:
    """Joins tensors of one shape along a new dimension.

    Args:
      values: A list of tensors.
      axis: Where the new dimension goes; negative counts from the end.
      name: The name of the node.

    Raises:
      ValueError: If ``axis`` is out of range.

    >>> tf.Session().run(tf.stack([[1, 2], [3, 4]], axis=1))
    array([[1, 3],
           [2, 4]], dtype=int32)
    """
    if axis == 0 and not _has_arrays(values):
        try:
            return convert_to_tensor(values, name=name)
        except (TypeError, ValueError):
            pass  # the elements are tensors that do not convert together; Pack will say why
    rank = convert_to_tensor(values[0], name=name)._shape_value.rank
    if rank is not None and not -rank - 1 <= axis <= rank:
        raise ValueError(
            f"axis is {axis}, but must lie between {-rank - 1} and {rank} for values of rank "
            f"{rank}."
        )
    return pack(values, axis=axis, name=name)


def _has_arrays(values: Any) -> bool:
    """Whether NumPy arrays are in a list: they are packed as they are, each with its own dtype."""
    if not isinstance(values, (list, tuple)):
        return False
    return any(isinstance(value, np.ndarray) and value.ndim for value in values)


@op("ParallelConcat")
def parallel_concat(xp: Namespace, values: list[T], *, shape: Shape) -> T:
    """Joins tensors, each of size 1 in the first dimension, along it."""
    return xp.concatenate(values, 0)


parallel_concat.shape(lambda values, *, shape: shape)


@parallel_concat.gradient
def _parallel_concat_grad(op: Operation, grad: Tensor) -> Any:
    return split_op(constant(0), grad, num_split=op._attrs["N"])


@export("parallel_stack")
def parallel_stack(values: Any, name: str = "parallel_stack") -> Any:
    """Joins tensors of one known shape along a new first dimension."""
    with get_default_graph().name_scope(name):
        shape = convert_to_tensor(values[0])._shape_value
        rows = [expand_dims(value, 0) for value in values]
        return parallel_concat(rows, shape=Shape((len(values), *shape)))


@export("unstack")
def unstack(value: Any, num: Any = None, axis: int = 0, name: str = "unstack") -> Any:
    """The slices of a tensor along dimension ``axis``, as a list.

    Args:
      value: A tensor.
      num: How many there are; taken from the shape if None.
      axis: The dimension; negative counts from the end.
      name: The name of the node.

    Raises:
      ValueError: If ``axis`` is out of range, or ``num`` is neither given nor known.
    """
    if num is None:
        value = convert_to_tensor(value)
        dims = value._shape_value.dims
        if dims is not None:
            if not -len(dims) <= axis < len(dims):
                raise ValueError(
                    f"axis is {axis}, but must lie between {-len(dims)} and {len(dims) - 1} for a "
                    f"tensor of rank {len(dims)}."
                )
            num = dims[axis]
        if num is None:
            raise ValueError(
                f"num is needed where the shape is {value._shape_value}: the size of dimension "
                f"{axis} is not known."
            )
    return unpack(value, num=num, axis=axis, name=name)


# -- an existing dimension ------------------------------------------------------------------------


@op("ConcatV2", Tidx=INDEX)
def concat_v2(xp: Namespace, values: list[T], axis: Tidx) -> T:
    """Joins tensors along a dimension they have."""
    return xp.concatenate(values, int(axis))


@concat_v2.shape
def _concat_shape(ctx: ShapeContext, values: list[Shape], axis: Shape) -> Shape:
    if axis.rank not in (None, 0):
        raise ValueError(f"axis must be one number, but it has shape {axis}.")
    return _joined(values, ctx.constant(len(values)))


def _joined(values: list[Shape], axis: Any) -> Shape:
    rank = next((value.rank for value in values if value.rank is not None), None)
    if rank is None:
        return UNKNOWN
    if rank == 0:
        raise ValueError("scalars cannot be concatenated; use tf.stack.")
    known = [value.with_rank(rank).dims or () for value in values]
    if axis is None:
        return unknown(rank)
    at = shapes.normal_axis(int(axis), rank, "axis")
    rest = Shape((*known[0][:at], None, *known[0][at + 1 :]))
    for dims in known[1:]:
        rest = rest.merge_with(Shape((*dims[:at], None, *dims[at + 1 :])))
    sizes = [dims[at] for dims in known]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    dims = rest.dims or ()
    return Shape((*dims[:at], total, *dims[at + 1 :]))


@op("Concat")
def concat_v1(xp: Namespace, concat_dim: Int32, values: list[T]) -> T:
    """Joins tensors along a dimension they have."""
    return xp.concatenate(values, int(concat_dim))


@concat_v1.shape
def _concat_v1_shape(ctx: ShapeContext, concat_dim: Shape, values: list[Shape]) -> Shape:
    return _joined(values, ctx.constant(0))


@op("ConcatOffset", differentiable=False)
def concat_offset(xp: Namespace, concat_dim: Int32, shape: list[Int32]) -> list[Int32]:
    """Where each of the tensors with these shapes begins in what they are joined to."""
    along = xp.arange(shape[0].shape[0]) == concat_dim
    offsets, begin = [], xp.zeros_like(shape[0])
    for each in shape:
        offsets.append(begin)
        begin = begin + xp.where(along, each, xp.zeros_like(each))
    return offsets


@concat_offset.shape
def _concat_offset_shape(concat_dim: Shape, shape: list[Shape]) -> list[Shape]:
    return shape


@concat_v2.gradient
def _concat_v2_grad(op: Operation, grad: Any) -> list[Any]:
    return [*parts_of(grad, op._inputs[:-1], op._inputs[-1]), None]


@concat_v1.gradient
def _concat_v1_grad(op: Operation, grad: Any) -> list[Any]:
    return [None, *parts_of(grad, op._inputs[1:], op._inputs[0])]


def parts_of(grad: Any, values: tuple[Tensor, ...], axis: Tensor) -> list[Any]:
    """The gradients of the tensors that were joined."""
    if isinstance(grad, IndexedSlices):
        return _parts_of_slices(grad, values, axis)
    known = constant_value(axis)
    sizes = None if known is None else _sizes_along(values, int(known))
    if sizes is not None and len(set(sizes)) == 1:
        return list(split_op(constant(int(known), dtypes.int32), grad, num_split=len(values)))
    axis = hooks.call("cast", axis, dtypes.int32)
    if sizes is not None:
        lengths = constant(np.array(sizes, np.int32))
    else:
        along = [_size_along(value, axis, known) for value in values]
        lengths = pack(along, axis=0)
    return list(split_v(grad, lengths, axis, num_split=len(values)))


def _sizes_along(values: tuple[Tensor, ...], axis: int) -> list[Any] | None:
    """The sizes of the tensors in one dimension, where all are known."""
    sizes: list[Any] = []
    for value in values:
        dims = value._shape_value.dims
        sizes.append(None if dims is None else dims[axis])
    return None if None in sizes else sizes


def _size_along(value: Tensor, axis: Any, known: Any) -> Any:
    dims = value._shape_value.dims
    if known is not None and dims is not None and dims[int(known)] is not None:
        return constant(dims[int(known)], dtypes.int32)
    return hooks.call("getitem", dynamic_shape(value), axis if known is None else int(known))


def _parts_of_slices(
    grad: IndexedSlices, values: tuple[Tensor, ...], axis: Tensor
) -> list[IndexedSlices]:
    """Rows that belong to tensors that were joined behind the first dimension."""
    known = constant_value(axis)
    if known is None:
        raise TypeError("sparse gradients of tf.concat need an axis that is known in the graph.")
    if int(known) % (values[0]._shape_value.rank or 1) == 0 and int(known) >= 0:
        raise TypeError(
            "a sparse gradient (tf.IndexedSlices) cannot be taken apart along dimension 0 of "
            "tf.concat; convert it with tf.convert_to_tensor first."
        )
    parts = parts_of(grad.values, values, axis)
    return [
        IndexedSlices(part, grad.indices, dynamic_shape(value))
        for part, value in zip(parts, values, strict=True)
    ]


@export("concat")
def concat(values: Any, axis: Any, name: str = "concat") -> Any:
    """Joins tensors along dimension ``axis``; their other sizes must agree.

    Args:
      values: A list of tensors.
      axis: The dimension; negative counts from the end.
      name: The name of the node.

    >>> tf.Session().run(tf.concat([[[1, 2]], [[3, 4]]], 0))
    array([[1, 2],
           [3, 4]], dtype=int32)
    """
    if not isinstance(values, (list, tuple)):
        values = [values]
    if len(values) == 1:
        with get_default_graph().name_scope(name):
            where = convert_to_tensor(axis, dtypes.int32, name="concat_dim")
            if where._shape_value.rank not in (None, 0):
                raise ValueError(f"axis must be one number, not {axis!r}.")
            return identity(values[0], name=name)
    if isinstance(axis, (list, tuple)) and any(isinstance(item, Tensor) for item in axis):
        raise TypeError(
            f"axis must be a number, not {axis!r}: tf.concat takes the tensors first, then the "
            "axis; TensorFlow before 1.0 had them the other way round."
        )
    return concat_v2(values, axis, name=name)


hooks.install("concat")(concat)
hooks.install("stack")(stack)


@op("Split", lengths={"output": "num_split"}, view=True)
def split_op(xp: Namespace, split_dim: Int32, value: T, *, num_split: int) -> list[T]:
    """Cuts a tensor into equal parts."""
    sizes = np.shape(value)
    at = shapes.normal_axis(int(split_dim), len(sizes), "axis")
    if sizes[at] % num_split:
        raise ValueError(
            f"dimension {at} of size {sizes[at]} cannot be split into {num_split} equal parts."
        )
    step = sizes[at] // num_split
    before = (slice(None),) * at
    return [value[(*before, slice(i * step, (i + 1) * step))] for i in range(num_split)]


@split_op.shape
def _split_shape(
    ctx: ShapeContext, split_dim: Shape, value: Shape, *, num_split: int
) -> list[Shape]:
    axis = ctx.constant(0)
    if axis is None or value.dims is None:
        return [unknown(value.rank)] * num_split
    at = shapes.normal_axis(int(axis), len(value.dims), "axis")
    size = value.dims[at]
    if size is not None and size % num_split:
        raise ValueError(
            f"dimension {at} of size {size} cannot be split into {num_split} equal parts: the "
            f"shape is {value}."
        )
    part = None if size is None else size // num_split
    return [Shape((*value.dims[:at], part, *value.dims[at + 1 :]))] * num_split


@split_op.gradient
def _split_grad(op: Operation, *grads: Tensor) -> tuple[None, Any]:
    return None, _together(list(grads), op.inputs[0])


def _together(grads: list[Tensor], axis: Tensor) -> Any:
    """The gradients of all parts, joined."""
    return grads[0] if len(grads) == 1 else concat_v2(grads, axis)


@op("SplitV", lengths={"output": "num_split"}, Tlen=TypeAttr(INDICES, dtypes.int64), view=True)
def split_v(
    xp: Namespace, value: T, size_splits: Tlen, split_dim: Int32, *, num_split: int
) -> list[T]:
    """Cuts a tensor into parts of given sizes; one size may be -1."""
    sizes = np.shape(value)
    at = shapes.normal_axis(int(split_dim), len(sizes), "axis")
    before = (slice(None),) * at
    start, parts = 0, []
    for size in _part_sizes(size_splits.tolist(), sizes[at]):
        parts.append(value[(*before, slice(start, start + size))])
        start += size
    return parts


def _part_sizes(sizes: list[int], total: int) -> list[int]:
    """``sizes`` with its one -1 replaced by what is left of ``total``."""
    if sizes.count(-1) > 1 or any(size < -1 for size in sizes):
        raise ValueError(f"sizes must be at least 0, and at most one -1, but they are {sizes}.")
    given = sum(size for size in sizes if size != -1)
    if given > total or (-1 not in sizes and given != total):
        raise ValueError(
            f"the sizes {sizes} add up to {given}, but the dimension to split has size {total}."
        )
    return [total - given if size == -1 else size for size in sizes]


@split_v.shape
def _split_v_shape(
    ctx: ShapeContext, value: Shape, size_splits: Shape, split_dim: Shape, *, num_split: int
) -> list[Shape]:
    axis, sizes = ctx.constant(2), ctx.constant(1)
    if num_split == 1:
        return [value]
    if axis is None or value.dims is None:
        return [unknown(value.rank)] * num_split
    at = shapes.normal_axis(int(axis), len(value.dims), "axis")
    if sizes is None:
        parts: list[Any] = [None] * num_split
    elif value.dims[at] is None:
        parts = [None if size < 0 else size for size in sizes.tolist()]
    else:
        parts = list(_part_sizes(sizes.tolist(), value.dims[at] or 0))
    return [Shape((*value.dims[:at], part, *value.dims[at + 1 :])) for part in parts]


@split_v.gradient
def _split_v_grad(op: Operation, *grads: Tensor) -> tuple[Any, None, None]:
    return _together(list(grads), op.inputs[2]), None, None


@export("split")
def split(
    value: Any, num_or_size_splits: Any, axis: Any = 0, num: Any = None, name: str = "split"
) -> Any:
    """Cuts a tensor along one dimension.

    Args:
      value: A tensor.
      num_or_size_splits: The number of equal parts, or a list of their sizes, of which one may be
        -1 for what is left.
      axis: The dimension; negative counts from the end.
      num: The number of sizes, where a tensor of unknown shape holds them.
      name: The name of the node.

    Returns:
      The parts as a list.

    Raises:
      ValueError: If the number of parts is not known, or the size cannot be split so.
    """
    sizes = convert_to_tensor(num_or_size_splits)
    if isinstance(num_or_size_splits, (int, Dimension)):
        return split_op(axis, value, num_split=num_or_size_splits, name=name)
    shape = sizes._shape_value
    if shape.rank == 0:
        raise ValueError(
            "Rank-0 tensors are not supported as the num_or_size_splits argument to split: the "
            f"number of outputs must be known when the graph is built. Given: {num_or_size_splits}"
        )
    if num is None:
        num = shape.dims[0] if shape.dims else None
        if num is None:
            raise ValueError(f"Cannot infer num from shape {shape}; give it.")
    return split_v(value, sizes, axis, num_split=num, name=name)


hooks.install("split")(split)


# -- lists with tensors in them -------------------------------------------------------------------


@hooks.install("autopack")
def autopack(value: Any, dtype: DType | None, name: str) -> Any:
    """Packs a (nested) list with tensors in it into one tensor."""
    found = dtype_in(value)
    if dtype is None:
        dtype = found
    elif found is not None and found is not dtype.base_dtype:
        value = _cast_all(value, dtype.base_dtype)
    return _packed(value, None if dtype is None else dtype.base_dtype, name)


def _packed(value: Any, dtype: DType | None, name: str) -> Any:
    with get_default_graph().name_scope(name) as scope:
        items = [
            _packed(item, dtype, str(index)) if isinstance(item, (list, tuple)) else item
            for index, item in enumerate(value)
        ]
        if not any(is_tensor_like(item) for item in items):
            return value
        tensors = [convert(item, dtype, str(index)) for index, item in enumerate(items)]
        return pack(tensors, axis=0, name=scope)


def is_tensor_like(value: Any) -> bool:
    """Whether ``value`` is a tensor, or something (a variable) that stands for one."""
    return isinstance(value, Tensor) or hasattr(value, "_as_graph_element")


def dtype_in(value: Any) -> DType | None:
    """The dtype of the first tensor in a nested list."""
    if isinstance(value, (list, tuple)):
        return next((found for item in value if (found := dtype_in(item)) is not None), None)
    return value.dtype.base_dtype if is_tensor_like(value) else None


def _cast_all(value: Any, dtype: DType) -> Any:
    if isinstance(value, (list, tuple)):
        return [_cast_all(item, dtype) for item in value]
    return hooks.call("cast", value, dtype) if is_tensor_like(value) else value
