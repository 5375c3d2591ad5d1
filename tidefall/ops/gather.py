"""Picking elements by index or by mask."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape
from tidefall.core.tensor_shape import TensorShape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.inference import ShapeContext, constant_value
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.array import dynamic_shape, expand_dims, reshape, shape, squeeze, transpose_op
from tidefall.ops.cast import cast_op
from tidefall.ops.constant import constant
from tidefall.ops.filled import ones, zeros
from tidefall.ops.joining import concat, stack
from tidefall.ops.math import maximum
from tidefall.ops.ranges import range_op
from tidefall.ops.reduce import max_op, prod_op
from tidefall.ops.registry import (
    INDICES,
    Namespace,
    Resource,
    Taxis,
    Tindices,
    Tparams,
    dtype,
    op,
)
from tidefall.ops.segment import unsorted_segment_sum
from tidefall.ops.sizes import rank
from tidefall.ops.state import variable_shape_op
from tidefall.ops.updates import handle_shape
from tidefall.ops.where import where_op

# -- gather ---------------------------------------------------------------------------------------


@op("GatherV2", Tindices=INDICES, Taxis=INDICES)
def gather_v2(
    xp: Namespace, params: Tparams, indices: Tindices, axis: Taxis, *, batch_dims: int = 0
) -> Tparams:
    """The slices of ``params`` along ``axis`` that ``indices`` name."""
    at = shapes.normal_axis(int(axis), np.ndim(params), "axis")
    if batch_dims:
        return _gathered_in_batches(xp, params, indices, at, batch_dims % np.ndim(indices))
    return xp.plain(xp.gather(params, indices, at))


def _gathered_in_batches(xp: Namespace, params: Any, indices: Any, axis: int, batch: int) -> Any:
    """Each element of the leading ``batch`` dimensions is gathered from on its own."""
    sizes, wanted = params.shape, indices.shape
    rows, count = math.prod(sizes[:batch]), sizes[axis]
    between, behind = math.prod(sizes[batch:axis]), math.prod(sizes[axis + 1 :])
    table = xp.reshape(params, (rows, between, count, behind)).transpose(0, 2, 1, 3)
    xp.check_range(indices, count)
    places = xp.reshape(indices, (rows, -1)) + xp.arange(rows).reshape(rows, 1) * count
    found = xp.gather(xp.reshape(table, (rows * count, between, behind)), places, 0)
    result = (*sizes[:axis], *wanted[batch:], *sizes[axis + 1 :])
    return xp.reshape(xp.array(found.transpose(0, 2, 1, 3)), result)


@gather_v2.shape
def _gather_v2_shape(
    ctx: ShapeContext, params: Shape, indices: Shape, axis: Shape, *, batch_dims: int
) -> Shape:
    if axis.rank not in (None, 0):
        raise ValueError(f"axis must be one number, but it has shape {axis}.")
    where = ctx.constant(2)
    if params.dims is None or indices.dims is None or where is None:
        if params.dims is not None and indices.dims is not None and not batch_dims:
            return Shape((None,) * (len(params.dims) + len(indices.dims) - 1))
        return UNKNOWN
    if not params.dims:
        raise ValueError("params must have at least one dimension, but it is a scalar.")
    at = shapes.normal_axis(int(where), len(params.dims), "axis")
    batch = batch_dims % len(indices.dims) if batch_dims else 0
    if batch > at:
        raise ValueError(f"batch_dims = {batch} must be at most axis = {at}.")
    rows = Shape(params.dims[:batch]).merge_with(Shape(indices.dims[:batch])).dims or ()
    rest = (*params.dims[batch:at], *indices.dims[batch:], *params.dims[at + 1 :])
    return Shape((*rows, *rest))


@gather_v2.gradient
def _gather_v2_grad(op: Operation, grad: Any) -> tuple[Any, None, None]:
    params, indices, axis = op.inputs
    where = constant_value(axis)
    if where is not None and int(where) == 0 and not op._attrs["batch_dims"]:
        return rows_of(grad, indices, params, dynamic_shape(params)), None, None
    if where is None or params._shape_value.rank is None or indices._shape_value.rank is None:
        raise NotImplementedError(
            f"the gradient of '{op.name}' needs to know the axis and the ranks of params and "
            "indices when the graph is built. Give params a rank with set_shape."
        )
    at = shapes.normal_axis(int(where), params._shape_value.rank)
    batch = op._attrs["batch_dims"] % max(indices._shape_value.rank, 1)
    return _scattered_back(grad, params, indices, at, batch), None, None


def rows_of(grad: Any, indices: Tensor, params: Tensor, dense_shape: Any) -> IndexedSlices:
    """The gradient of ``params`` whose rows ``indices`` were gathered."""
    rank = indices._shape_value.rank
    if rank == 1:
        return IndexedSlices(grad, indices, dense_shape)
    tail = params._shape_value.dims
    if tail is not None and None not in tail[1:]:
        row_shape: Any = [-1, *tail[1:]]
        if 0 in tail[1:]:  # -1 could be anything then
            row_shape = concat([[_product(indices, 0, None)], row_shape[1:]], 0)
    else:
        row_shape = concat([[-1], shape(params)[1:]], 0)
    return IndexedSlices(reshape(grad, row_shape), reshape(indices, [-1]), dense_shape)


def _scattered_back(grad: Any, params: Tensor, indices: Tensor, axis: int, batch: int) -> Any:
    """The dense gradient of a gather along any axis, with the slices added where they came from."""
    rows, between = _product(params, 0, batch), _product(params, batch, axis)
    count, behind = _product(params, axis, axis + 1), _product(params, axis + 1, None)
    picked = _product(indices, batch, None)
    grad = transpose_op(reshape(grad, stack([rows, between, picked, behind])), [0, 2, 1, 3])
    values = reshape(grad, stack([rows * picked, between, behind]))
    starts = range_op(0, rows, 1) * count
    places = reshape(indices, stack([rows, picked])) + cast_op(
        expand_dims(starts, 1), DstT=indices.dtype
    )
    table = unsorted_segment_sum(values, reshape(places, [-1]), rows * count)
    table = transpose_op(reshape(table, stack([rows, count, between, behind])), [0, 2, 1, 3])
    return reshape(table, dynamic_shape(params))


def _product(x: Tensor, start: int, stop: int | None) -> Any:
    """How many elements the dimensions ``start`` to ``stop`` have together."""
    dims = x._shape_value.dims
    if dims is not None and None not in dims[start:stop]:
        return constant(math.prod(dims[start:stop]), dtypes.int32)
    return prod_op(dynamic_shape(x)[start:stop], [0])


@hooks.install("gather")
@export("gather")
def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    name: str | None = None,
    axis: Any = None,
    batch_dims: int = 0,
) -> Any:
    """The slices of ``params`` along ``axis`` that ``indices`` name.

    Args:
      params: A tensor of rank 1 or more, or a variable.
      indices: Integers of any shape, from 0 to the size of the dimension minus 1.
      validate_indices: Ignored; an index out of range is an error always.
      name: The name of the node.
      axis: The dimension of ``params``; the first behind the batch dimensions if None.
      batch_dims: How many leading dimensions ``params`` and ``indices`` share.

    Returns:
      A tensor of the shape of ``params`` with dimension ``axis`` replaced by those of
      ``indices``.

    >>> tf.Session().run(tf.gather([[1, 2], [3, 4], [5, 6]], [2, 0]))
    array([[5, 6],
           [1, 2]], dtype=int32)
    """
    where = batch_dims if axis is None else axis
    known = constant_value(where) if isinstance(where, Tensor) else where
    if known is not None and known == 0 and not batch_dims:
        try:
            return params.sparse_read(indices, name=name)
        except AttributeError:
            pass  # not a resource variable
    return gather_v2(params, indices, where, batch_dims=batch_dims, name=name)


@op("Gather", Tindices=INDICES, extra={"validate_indices": True})
def gather_v1(xp: Namespace, params: Tparams, indices: Tindices) -> Tparams:
    """The rows of ``params`` that ``indices`` name."""
    return xp.plain(xp.gather(params, indices, 0))


@gather_v1.shape
def _gather_v1_shape(params: Shape, indices: Shape) -> Shape:
    return indices + params.with_rank_at_least(1)[1:]


@gather_v1.gradient
def _gather_v1_grad(op: Operation, grad: Any) -> tuple[Any, None]:
    params, indices = op.inputs
    return rows_of(grad, indices, params, dynamic_shape(params)), None


@op("ResourceGather", Tindices=INDICES, stateful=True, extra={"validate_indices": True})
def resource_gather(
    xp: Namespace, resource: Resource, indices: Tindices, *, dtype: DType, batch_dims: int = 0
) -> dtype:
    """The rows of a resource variable that ``indices`` name."""
    if batch_dims:
        return _gathered_in_batches(xp, resource, indices, batch_dims, batch_dims)
    return xp.plain(xp.gather(resource, indices, 0))


@resource_gather.shape
def _resource_gather_shape(
    ctx: ShapeContext, resource: Shape, indices: Shape, *, batch_dims: int
) -> Shape:
    table = handle_shape(ctx.inputs[0])
    if not batch_dims:
        return indices + table.with_rank_at_least(1)[1:]
    return indices + table[batch_dims + 1 :]


@resource_gather.gradient
def _resource_gather_grad(op: Operation, grad: Any) -> tuple[Any, None]:
    handle, indices = op.inputs
    known = handle_shape(handle)
    if known.is_fully_defined:
        sizes: Any = constant(np.array(known.dims, np.int32))
    else:
        sizes = variable_shape_op(handle, out_type=dtypes.int32)
    if indices._shape_value.rank == 1:
        return IndexedSlices(grad, indices, sizes), None
    rows = concat([[-1], sizes[1:]], 0)
    return IndexedSlices(reshape(grad, rows), reshape(indices, [-1]), sizes), None


# -- gather in batches, as a composition ----------------------------------------------------------


@export("batch_gather")
def batch_gather(params: Any, indices: Any, name: str | None = None) -> Any:
    """For each element of a batch, the slices that its ``indices`` name.

    Args:
      params: A tensor.
      indices: Integers; all dimensions but the last are batch dimensions, shared with ``params``.
      name: The name scope of the nodes.
    """
    with get_default_graph().name_scope(name or "BatchGather"):
        indices = convert_to_tensor(indices, name="indices")
        params = convert_to_tensor(params, name="params")
        rank = indices._shape_value.rank
        if rank is None:
            raise ValueError("batch_gather does not allow indices with unknown shape.")
        if rank == 0:
            raise ValueError("batch_gather needs indices of rank 1 or more.")
        batch = rank - 1
        own_shape, table_shape = shape(indices), shape(params)
        places = _in_flat_table(indices, table_shape, batch, rank)
        places = reshape(places, [-1])
        behind = table_shape[batch + 1 :]
        rows = prod_op(table_shape[: batch + 1], [0])
        table = reshape(params, concat([[rows], behind], axis=0))
        found = gather(table, places)
        result = reshape(found, concat([own_shape, behind], axis=0))
        known, of = indices.shape, params.shape
        result.set_shape(
            known[:batch]
            .merge_with(of[:batch])
            .concatenate(known[batch:])
            .concatenate(of[batch + 1 :])
        )
        return result


def _in_flat_table(indices: Any, table_shape: Any, batch: int, rank: int) -> Any:
    """The indices counted through all batch dimensions."""
    dtype = indices.dtype.base_dtype
    stride = ones((), dtype)
    sizes = cast_op(table_shape, DstT=dtype)
    places = indices
    for axis in range(batch, 0, -1):
        count = sizes[axis - 1]
        stride = stride * sizes[axis]
        offsets = range_op(zeros((), dtype), count, ones((), dtype)) * stride
        spread = stack([1] * (axis - 1) + [count] + [1] * (rank - axis), axis=0)
        places = places + reshape(offsets, spread)
    return places


# -- masks ----------------------------------------------------------------------------------------


@hooks.install("boolean_mask")
@export("boolean_mask")
def boolean_mask(tensor: Any, mask: Any, name: str = "boolean_mask", axis: Any = None) -> Any:
    """The elements of ``tensor`` where ``mask`` is true.

    Args:
      tensor: A tensor.
      mask: Truth values, in the shape of some dimensions of ``tensor``.
      name: The name scope of the nodes.
      axis: The first of these dimensions; 0 if None.

    Returns:
      A tensor in which the masked dimensions have become one.

    Raises:
      ValueError: If the mask is a scalar, of unknown rank, or does not fit.

    >>> tf.Session().run(tf.boolean_mask([[1, 2], [3, 4], [5, 6]], [True, False, True]))
    array([[1, 2],
           [5, 6]], dtype=int32)
    """
    with get_default_graph().name_scope(name):
        x = convert_to_tensor(tensor, name="tensor")
        m = convert_to_tensor(mask, name="mask")
        count = m._shape_value.rank
        if count == 0:
            raise ValueError("the mask is a scalar, but needs a dimension or more.")
        if count is None:
            raise ValueError(
                f"the rank of the mask '{m.name}' must be known, though its sizes need not be. "
                "Give it with set_shape([None])."
            )
        start = (
            0 if axis is None else int(constant_value(axis)) if isinstance(axis, Tensor) else axis
        )
        stop = start + count
        masked = x._shape_value[start:stop]
        if not masked.is_compatible_with(m._shape_value):
            raise ValueError(
                f"the mask has shape {m._shape_value}, but the dimensions it is for have shape "
                f"{masked}; they must be equal."
            )
        total = prod_op(shape(x)[start:stop], [0])
        flat = reshape(x, concat([shape(x)[:start], [total], shape(x)[stop:]], 0))
        known = TensorShape([masked.num_elements()])
        flat.set_shape(x.shape[:start].concatenate(known).concatenate(x.shape[stop:]))
        places = squeeze(where_op(reshape(m, [-1])), axis=[1])
        return gather(flat, places, axis=start)


@export("sequence_mask")
def sequence_mask(
    lengths: Any, maxlen: Any = None, dtype: Any = dtypes.bool_, name: str | None = None
) -> Any:
    """For each length n, a row with n true values in front.

    Args:
      lengths: Integers of any shape.
      maxlen: The length of the rows; the greatest length if None.
      dtype: The dtype of the result.
      name: The name scope of the nodes.

    >>> tf.Session().run(tf.sequence_mask([1, 3], 4, tf.int32))
    array([[1, 0, 0, 0],
           [1, 1, 1, 0]], dtype=int32)
    """
    with get_default_graph().name_scope(name or "SequenceMask"):
        lengths = convert_to_tensor(lengths)
        if maxlen is None:
            longest = max_op(lengths, _all_axes(lengths))
            maxlen = maximum(constant(0, longest.dtype), longest)
        else:
            maxlen = convert_to_tensor(maxlen)
        if maxlen._shape_value.rank not in (None, 0):
            raise ValueError("maxlen must be scalar for sequence_mask")
        kind = maxlen.dtype.base_dtype
        row = range_op(constant(0, kind), maxlen, constant(1, kind))
        result = row < cast_op(expand_dims(lengths, -1), DstT=kind)
        wanted = dtypes.bool_ if dtype is None else dtypes.as_dtype(dtype).base_dtype
        return result if wanted is dtypes.bool_ else cast_op(result, DstT=wanted)


def _all_axes(x: Tensor) -> Any:
    known = x._shape_value.rank
    if known is not None:
        return constant(np.arange(known, dtype=np.int32))
    return range_op(0, rank(x), 1)
