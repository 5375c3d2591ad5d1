"""Slices: ``x[1:, ..., ::2]``, `tf.slice`, `tf.strided_slice`; writing to slices of variables."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType
from tidefall.core.exports import export, export_value
from tidefall.core.shapes import UNKNOWN, Shape, unknown
from tidefall.core.tensor_shape import Dimension
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import ShapeContext
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import dynamic_shape, ones_like_op
from tidefall.ops.constant import constant
from tidefall.ops.joining import is_tensor_like, stack
from tidefall.ops.registry import (
    INDICES,
    Index,
    Namespace,
    Ref,
    Resource,
    T,
    op,
)

newaxis = None
export_value("newaxis", newaxis)

MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


class Masks(NamedTuple):
    """Which entries of a strided slice mean something else than ``begin:end:stride``.

    Bit i of each number speaks of entry i: its begin or end is left out, it is an ellipsis, it
    is a new dimension of size 1, or it picks one index and drops the dimension.
    """

    begin: int = 0
    end: int = 0
    ellipsis: int = 0
    new_axis: int = 0
    shrink: int = 0


class Range(NamedTuple):
    """One entry that takes a range of a dimension; None where nothing is known of a bound."""

    start: int | None
    stop: int | None
    step: int | None
    open_start: bool
    open_stop: bool


class Pick(NamedTuple):
    """One entry that takes one index of a dimension (None where not known), which goes away."""

    at: int | None


#: The entries of a slice: a range, one index, or a new dimension (None).
Entry = Range | Pick | None


def entries_of(rank: int, begin: Any, end: Any, strides: Any, masks: Masks) -> list[Entry]:
    """A strided slice of a tensor of this rank, one entry for each dimension and new dimension.

    Args:
      rank: The rank of the tensor.
      begin: The first indices as a list, or None where they are not known.
      end: The last indices, exclusive, or None.
      strides: The steps.
      masks: What the entries mean.

    Raises:
      ValueError: If there are more entries than dimensions, or an entry means nothing.
    """
    count = len(strides)
    ellipsis = _ellipsis_at(masks.ellipsis, count)
    new = sum(masks.new_axis >> i & 1 for i in range(count) if i != ellipsis)
    named = count - new - (ellipsis is not None)
    if named > rank:
        raise ValueError(
            f"{named} dimensions are indexed, but the tensor has only {rank} dimensions."
        )
    whole: list[Entry] = [Range(None, None, 1, True, True)] * (rank - named)
    entries: list[Entry] = []
    for i in range(count):
        if i == ellipsis:
            entries.extend(whole)
            continue
        if masks.new_axis >> i & 1:
            entries.append(None)
            continue
        entries.append(_entry(i, begin, end, int(strides[i]), masks))
    return entries if ellipsis is not None else [*entries, *whole]


def _ellipsis_at(mask: int, count: int) -> int | None:
    found = [i for i in range(count) if mask >> i & 1]
    if len(found) > 1:
        raise ValueError("a slice can have only one ellipsis.")
    return found[0] if found else None


def _entry(i: int, begin: Any, end: Any, step: int, masks: Masks) -> Entry:
    start = None if begin is None else begin[i]
    stop = None if end is None else end[i]
    if masks.shrink >> i & 1:
        if step <= 0:
            raise ValueError("only stride 1 is allowed where one index is picked.")
        return Pick(start)
    if step == 0:
        raise ValueError(f"strides[{i}] must not be zero.")
    return Range(start, stop, step, bool(masks.begin >> i & 1), bool(masks.end >> i & 1))


def numpy_index(sizes: tuple[int, ...], entries: list[Entry]) -> tuple[Any, ...]:
    """The entries as an index that NumPy and JAX understand.

    Raises:
      ValueError: If a picked index is out of range.
    """
    index: list[Any] = []
    axis = 0
    for entry in entries:
        if entry is None:
            index.append(None)
            continue
        if isinstance(entry, Pick):
            at: Any = entry.at
            if not -sizes[axis] <= at < sizes[axis]:
                raise ValueError(
                    f"slice index {at} of dimension {axis} out of bounds: its size is "
                    f"{sizes[axis]}."
                )
            index.append(at)
        else:
            index.append(
                slice(
                    None if entry.open_start else entry.start,
                    None if entry.open_stop else entry.stop,
                    entry.step,
                )
            )
        axis += 1
    return tuple(index)


def _index_of(x: Any, begin: Any, end: Any, strides: Any, masks: Masks) -> tuple[Any, ...]:
    sizes = np.shape(x)
    entries = entries_of(len(sizes), begin.tolist(), end.tolist(), strides.tolist(), masks)
    return numpy_index(sizes, entries)


def sliced_shape(x: Shape, entries: list[Entry], bounds_known: bool) -> Shape:
    """The static shape of a slice."""
    dims: list[int | None] = []
    axis = 0
    for entry in entries:
        if entry is None:
            dims.append(1)
            continue
        size = (x.dims or ())[axis]
        if isinstance(entry, Pick):
            if bounds_known and size is not None and entry.at is not None:
                numpy_index((size,), [entry])
        else:
            dims.append(_range_size(size, entry, bounds_known))
        axis += 1
    return Shape(tuple(dims))


def _range_size(size: int | None, entry: Range, bounds_known: bool) -> int | None:
    if size is None or not (bounds_known or (entry.open_start and entry.open_stop)):
        return None
    (index,) = numpy_index((size,), [entry])
    return len(range(*index.indices(size)))


# -- StridedSlice ---------------------------------------------------------------------------------


@op("StridedSlice", Index=INDICES, view=True)
def strided_slice_op(
    xp: Namespace, input: T, begin: Index, end: Index, strides: Index, *, begin_mask: int = 0,
    end_mask: int = 0, ellipsis_mask: int = 0, new_axis_mask: int = 0, shrink_axis_mask: int = 0,
) -> T:  # fmt: skip
    """``input[begin:end:strides]`` in every dimension, as the masks say."""
    masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    x = xp.plain(input)
    return xp.plain(x[_index_of(x, begin, end, strides, masks)])


def masks_of(op: Operation) -> dict[str, int]:
    """The mask attributes of a strided slice node."""
    return {name: op._attrs[name] for name in MASKS}


@strided_slice_op.shape
def _strided_slice_shape(
    ctx: ShapeContext, input: Shape, begin: Shape, end: Shape, strides: Shape, *, begin_mask: int,
    end_mask: int, ellipsis_mask: int, new_axis_mask: int, shrink_axis_mask: int,
) -> Shape:  # fmt: skip
    begin.with_rank(1).merge_with(end.with_rank(1)).merge_with(strides.with_rank(1))
    steps = ctx.constant(3)
    if input.dims is None or steps is None:
        return UNKNOWN
    first, last = ctx.constant(1), ctx.constant(2)
    known = first is not None and last is not None
    masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    entries = entries_of(
        len(input.dims), first.tolist() if known else None, last.tolist() if known else None,
        steps.tolist(), masks,
    )  # fmt: skip
    return sliced_shape(input, entries, known)


@strided_slice_op.gradient
def _strided_slice_grad(op: Operation, grad: Tensor) -> tuple[Any, None, None, None]:
    x, begin, end, strides = op.inputs
    shape = dynamic_shape(x, begin.dtype)
    masks: Any = masks_of(op)
    return strided_slice_grad(shape, begin, end, strides, grad, **masks), None, None, None


@op("StridedSliceGrad", Index=INDICES)
def strided_slice_grad(
    xp: Namespace, shape: Index, begin: Index, end: Index, strides: Index, dy: T, *,
    begin_mask: int = 0, end_mask: int = 0, ellipsis_mask: int = 0, new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> T:  # fmt: skip
    """Zeros of shape ``shape`` with ``dy`` at the place from which the slice was taken."""
    masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    sizes = tuple(shape.tolist())
    entries = entries_of(len(sizes), begin.tolist(), end.tolist(), strides.tolist(), masks)
    return xp.placed(sizes, numpy_index(sizes, entries), dy)


@strided_slice_grad.shape
def _strided_slice_grad_shape(ctx: ShapeContext, shape: Shape, *others: Shape) -> Shape:
    return ctx.shape_value(0)


@strided_slice_grad.gradient
def _strided_slice_grad_grad(op: Operation, grad: Tensor) -> tuple[Any, ...]:
    _, begin, end, strides, _ = op.inputs
    masks: Any = masks_of(op)
    return (None, None, None, None, strided_slice_op(grad, begin, end, strides, **masks))


def _written(
    xp: Namespace, ref: Any, begin: Any, end: Any, strides: Any, value: Any, masks: Masks
) -> Any:
    """A copy of ``ref`` with ``value`` written to a slice."""
    index = _index_of(ref, begin, end, strides, masks)
    if np.shape(ref[index]) != np.shape(value):
        raise ValueError(
            f"the slice has shape {Shape(np.shape(ref[index]))}, but the value to be written to "
            f"it has shape {Shape(np.shape(value))}; they must be equal."
        )
    return xp.scatter_set(ref, index, value)


@op("StridedSliceAssign", Index=INDICES, updates=("ref",), differentiable=False)
def strided_slice_assign(
    xp: Namespace, ref: Ref[T], begin: Index, end: Index, strides: Index, value: T, *,
    begin_mask: int = 0, end_mask: int = 0, ellipsis_mask: int = 0, new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> Ref[T]:  # fmt: skip
    """Writes to a slice of the variable."""
    masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    return _written(xp, ref, begin, end, strides, value, masks)


@strided_slice_assign.shape
def _strided_slice_assign_shape(ref: Shape, *others: Shape) -> Shape:
    return ref


@op("ResourceStridedSliceAssign", Index=INDICES, updates=("ref",), differentiable=False)
def resource_strided_slice_assign(
    xp: Namespace, ref: Resource, begin: Index, end: Index, strides: Index, value: T, *,
    begin_mask: int = 0, end_mask: int = 0, ellipsis_mask: int = 0, new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> None:  # fmt: skip
    """Writes to a slice of a resource variable."""
    masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    return _written(xp, ref, begin, end, strides, value, masks)


resource_strided_slice_assign.shape(lambda *inputs: ())


@op("TensorStridedSliceUpdate", Index=INDICES)
def tensor_strided_slice_update(
    xp: Namespace, input: T, begin: Index, end: Index, strides: Index, value: T, *,
    begin_mask: int = 0, end_mask: int = 0, ellipsis_mask: int = 0, new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> T:  # fmt: skip
    """``input`` with ``value`` written to a slice of it."""
    masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    return _written(xp, input, begin, end, strides, value, masks)


tensor_strided_slice_update.shape(lambda input, *others: input)


@tensor_strided_slice_update.gradient
def _tensor_strided_slice_update_grad(op: Operation, grad: Tensor) -> tuple[Any, ...]:
    _, begin, end, strides, value = op.inputs
    masks: Any = masks_of(op)
    nothing = hooks.call("zeros_like", value)
    kept = tensor_strided_slice_update(grad, begin, end, strides, nothing, **masks)
    taken = strided_slice_op(grad, begin, end, strides, **masks)
    return kept, None, None, None, taken


@export("strided_slice")
def strided_slice(
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Any:
    """``input_[begin:end:strides]`` in every dimension.

    ``x[1:, ..., 0]`` is the convenient way to write it; the masks say what is written there.

    Args:
      input_: A tensor.
      begin: The first index in each dimension.
      end: The last index, exclusive.
      strides: The steps; ones if None.
      begin_mask: Bit i set: ``begin[i]`` is ignored, the range starts at the edge.
      end_mask: Bit i set: ``end[i]`` is ignored, the range goes to the edge.
      ellipsis_mask: Bit i set: entry i stands for all dimensions not named.
      new_axis_mask: Bit i set: entry i is a new dimension of size 1.
      shrink_axis_mask: Bit i set: entry i takes ``begin[i]`` only, and the dimension goes away.
      var: The variable that ``input_`` is the value of, if it can be assigned to.
      name: The name of the node.
    """
    if strides is None:
        strides = hooks.call("ones_like", begin)
    masks: Any = dict(
        zip(
            MASKS,
            (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask),
            strict=True,
        )
    )
    result = strided_slice_op(input_, begin, end, strides, name=name, **masks)

    def assign(val: Any, name: str | None = None) -> Any:
        """Writes ``val`` to the slice of the variable."""
        if var is None:
            raise ValueError(
                f"'{result.name}' is a slice of a tensor, not of a variable, so nothing can be "
                "assigned to it. Make the tensor with tf.Variable."
            )
        if name is None:
            name = f"{parent_name}_assign"
        return var._strided_slice_assign(
            begin=begin, end=end, strides=strides, value=val, name=name, **masks
        )

    parent_name = name
    result.assign = assign
    return result


# -- x[...] ---------------------------------------------------------------------------------------


class _Spec:
    """The entries of ``x[...]`` as they are collected."""

    def __init__(self) -> None:
        self.begin: list[Any] = []
        self.end: list[Any] = []
        self.strides: list[Any] = []
        self.masks = dict.fromkeys(MASKS, 0)

    def add(self, begin: Any, end: Any, stride: Any, *masks: str) -> None:
        for mask in masks:
            self.masks[mask] |= 1 << len(self.begin)
        self.begin.append(begin)
        self.end.append(end)
        self.strides.append(stride)

    def add_entry(self, entry: Any) -> None:
        if isinstance(entry, slice):
            self._add_slice(entry)
        elif entry is Ellipsis:
            self.add(0, 0, 1, "ellipsis_mask")
        elif entry is None:
            self.add(0, 0, 1, "new_axis_mask")
        else:
            check_index(entry)
            self.add(entry, entry + 1, 1, "shrink_axis_mask")

    def _add_slice(self, entry: slice) -> None:
        masks = []
        begin, end, step = entry.start, entry.stop, entry.step
        if begin is None or (not is_tensor_like(begin) and begin == sys.maxsize):
            begin = 0
            masks.append("begin_mask")
        else:
            check_index(begin)
        if end is None or (not is_tensor_like(end) and end == sys.maxsize):
            end = 0
            masks.append("end_mask")
        else:
            check_index(end)
        if step is None:
            step = 1
        else:
            check_index(step)
        self.add(begin, end, step, *masks)


def check_index(index: Any) -> None:
    """Refuses what cannot be one index: a float, a list, a tensor that is no scalar.

    Raises:
      TypeError: With what may be used.
    """
    if isinstance(index, (int, Dimension)) and not isinstance(index, bool):
        return
    dtype = getattr(index, "dtype", None)
    if isinstance(dtype, (DType, np.dtype)) and dtype in _INDEX_DTYPES:
        rank = index.ndim if isinstance(index, (np.ndarray, np.generic)) else index.shape.ndims
        if rank in (None, 0):
            return
    raise TypeError(
        f"{index!r} cannot index a tensor: an index is an integer, a slice, ..., tf.newaxis, or a "
        "scalar tensor of int32 or int64. Use tf.gather for lists and tf.boolean_mask for masks."
    )


_INDEX_DTYPES = (
    dtypes.int32, dtypes.int64, dtypes.int32._as_ref, dtypes.int64._as_ref, dtypes.int16,
    dtypes.int8, dtypes.uint8, dtypes.uint16, dtypes.uint32, dtypes.uint64,
)  # fmt: skip


@hooks.install("getitem")
def getitem(tensor: Any, key: Any, var: Any = None) -> Any:
    """``tensor[key]``: integers, slices, ``...``, ``None`` and scalar tensors, or a boolean mask.

    Args:
      tensor: A tensor.
      key: What stands in the brackets.
      var: The variable that ``tensor`` is the value of, if the slice may be assigned to.

    Raises:
      TypeError: If ``key`` holds something else.
      ValueError: If there are more entries than dimensions.
    """
    if _is_mask(key):
        return hooks.call("boolean_mask", tensor, key)
    spec = _Spec()
    for entry in key if isinstance(key, (list, tuple)) else [key]:
        spec.add_entry(entry)
    with get_default_graph().name_scope("strided_slice") as scope:
        begin, end, strides = _bounds(spec)
        masks: Any = spec.masks
        return strided_slice(tensor, begin, end, strides, var=var, name=scope, **masks)


def _is_mask(key: Any) -> bool:
    if isinstance(key, bool):
        return True
    dtype = getattr(key, "dtype", None)
    return isinstance(key, (Tensor, np.ndarray)) and dtype in (dtypes.bool_, np.dtype(bool))


def _bounds(spec: _Spec) -> list[Any]:
    """The three vectors of a slice; all int64 if one is."""
    if not spec.begin:
        return [constant([], dtypes.int32)] * 3
    vectors: list[Any] = [stack(each) for each in (spec.begin, spec.end, spec.strides)]
    if any(vector.dtype is dtypes.int64 for vector in vectors):
        cast: Callable[..., Any] = hooks.get("cast")
        vectors = [
            vector if vector.dtype is dtypes.int64 else cast(vector, dtypes.int64)
            for vector in vectors
        ]
    return vectors


# -- Slice ----------------------------------------------------------------------------------------


@op("Slice", Index=INDICES, view=True)
def slice_op(xp: Namespace, input: T, begin: Index, size: Index) -> T:
    """The part of ``input`` that starts at ``begin`` and has the shape ``size``."""
    starts, wanted = begin.tolist(), size.tolist()
    return input[_ranges(np.shape(input), starts, wanted)]


def _ranges(sizes: Any, starts: list[int], wanted: list[int]) -> tuple[slice, ...]:
    if not len(sizes) == len(starts) == len(wanted):
        raise ValueError(
            f"begin and size need one number for each of the {len(sizes)} dimensions, but they "
            f"are {starts} and {wanted}."
        )
    ranges = []
    for axis, (total, start, count) in enumerate(zip(sizes, starts, wanted, strict=True)):
        if total is None:
            ranges.append(slice(None))
            continue
        if not 0 <= start <= total:
            raise ValueError(
                f"begin[{axis}] is {start}, but must be in [0, {total}], the size of the dimension."
            )
        if not (count == -1 or 0 <= count <= total - start):
            raise ValueError(
                f"size[{axis}] is {count}, but must be -1 or in [0, {total - start}]: the "
                f"dimension has size {total} and the slice begins at {start}."
            )
        ranges.append(slice(start, total if count == -1 else start + count))
    return tuple(ranges)


@slice_op.shape
def _slice_shape(ctx: ShapeContext, input: Shape, begin: Shape, size: Shape) -> Shape:
    rank = begin.with_rank(1).merge_with(size.with_rank(1))[0]
    starts, wanted = ctx.constant(1), ctx.constant(2)
    if input.dims is None:
        if wanted is not None and (wanted >= 0).all():
            return Shape(tuple(wanted.tolist()))
        return unknown(rank)
    if rank is not None and rank != len(input.dims):
        raise ValueError(
            f"begin and size have {rank} numbers, but the shape {input} has {len(input.dims)} "
            "dimensions."
        )
    if wanted is None:
        return ctx.shape_value(2).with_rank(len(input.dims))
    if starts is None:
        return Shape(tuple([None if count < 0 else count for count in wanted.tolist()]))
    ranges = _ranges(input.dims, starts.tolist(), wanted.tolist())
    dims = [
        (None if count < 0 else count) if total is None else part.stop - part.start
        for total, count, part in zip(input.dims, wanted.tolist(), ranges, strict=True)
    ]
    return Shape(tuple(dims))


@slice_op.gradient
def _slice_grad(op: Operation, grad: Tensor) -> tuple[Any, None, None]:
    x, begin, _ = op.inputs
    end = begin + dynamic_shape(op.outputs[0], begin.dtype)
    shape = dynamic_shape(x, begin.dtype)
    return strided_slice_grad(shape, begin, end, ones_like_op(begin), grad), None, None


@export("slice")
def slice_(input_: Any, begin: Any, size: Any, name: str | None = None) -> Any:
    """The part of a tensor that starts at ``begin`` and has the shape ``size``.

    Args:
      input_: A tensor.
      begin: The first index in each dimension.
      size: The number of elements in each dimension; -1 for all that are left.
      name: The name of the node.

    >>> tf.Session().run(tf.slice([[1, 2, 3], [4, 5, 6]], [0, 1], [-1, 2]))
    array([[2, 3],
           [5, 6]], dtype=int32)
    """
    return slice_op(input_, begin, size, name=name)
