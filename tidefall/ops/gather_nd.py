"""Picking, writing and adding elements or slices, by several indices at once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.inference import ShapeContext
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import dynamic_shape, reshape, shape, squeeze, zeros_like_op
from tidefall.ops.cast import cast_op
from tidefall.ops.filled import ones
from tidefall.ops.joining import concat, stack, unstack
from tidefall.ops.ranges import range_op
from tidefall.ops.rearranging import transpose
from tidefall.ops.reduce import prod_op
from tidefall.ops.registry import (
    INDICES,
    NUMBERS,
    Namespace,
    Resource,
    T,
    Tindices,
    Tparams,
    dtype,
    op,
)
from tidefall.ops.repeating import meshgrid, tile
from tidefall.ops.sizes import rank
from tidefall.ops.updates import handle_shape


def gathered_nd(xp: Namespace, params: Any, indices: Any) -> Any:
    """The elements or slices of ``params`` at the places in the last dimension of ``indices``."""
    sizes, wanted = np.shape(params), np.shape(indices)
    depth = wanted[-1]
    if depth > len(sizes):
        raise ValueError(
            f"an index has {depth} numbers, but params of shape {Shape(sizes)} have only "
            f"{len(sizes)} dimensions."
        )
    places = xp.flat_places(indices, sizes[:depth])
    table = xp.reshape(xp.plain(params), (math.prod(sizes[:depth]), *sizes[depth:]))
    return xp.reshape(xp.plain(xp.gather(table, places, 0)), (*wanted[:-1], *sizes[depth:]))


@op("GatherNd", Tindices=INDICES)
def gather_nd_op(xp: Namespace, params: Tparams, indices: Tindices) -> Tparams:
    """The elements or slices of ``params`` at the places in the last dimension of ``indices``."""
    return gathered_nd(xp, params, indices)


def _gathered_shape(params: Shape, indices: Shape) -> Shape:
    if indices.dims is None or params.dims is None:
        return UNKNOWN
    depth = indices.with_rank_at_least(1)[-1]
    if depth is None:
        return UNKNOWN
    if depth > len(params.dims):
        raise ValueError(
            f"indices of shape {indices} have {depth} numbers each, but params of shape {params} "
            f"have only {len(params.dims)} dimensions."
        )
    return Shape((*indices.dims[:-1], *params.dims[depth:]))


gather_nd_op.shape(_gathered_shape)


@gather_nd_op.gradient
def _gather_nd_grad(op: Operation, grad: Any) -> tuple[Any, None]:
    params, indices = op.inputs
    return _rows_or_scattered(grad, indices, dynamic_shape(params, indices.dtype)), None


def _rows_or_scattered(grad: Any, indices: Tensor, dense_shape: Any) -> Any:
    dims = indices._shape_value.dims
    if dims is not None and len(dims) == 2 and dims[-1] == 1:
        return IndexedSlices(grad, squeeze(indices, axis=-1), dense_shape)
    return scatter_nd(indices, grad, dense_shape)


# -- scatter ---------------------------------------------------------------------------------------


def _scattered(xp: Namespace, how: str, x: Any, indices: Any, updates: Any) -> Any:
    """``x`` with ``updates`` combined into it at the places in ``indices``."""
    sizes, wanted = np.shape(x), np.shape(indices)
    depth = wanted[-1]
    _check_updates(sizes, wanted, np.shape(updates))
    if not np.size(updates):
        return xp.array(x)
    places = xp.flat_places(indices, sizes[:depth])
    table = xp.reshape(x, (math.prod(sizes[:depth]), *sizes[depth:]))
    rows = xp.reshape(xp.plain(updates), (-1, *sizes[depth:]))
    return xp.reshape(xp.scatter_apply(how, table, places, rows), sizes)


def _check_updates(sizes: Any, wanted: Any, updates: Any) -> None:
    if wanted[-1] > len(sizes):
        raise ValueError(
            f"an index has {wanted[-1]} numbers, but the shape {Shape(sizes)} has only "
            f"{len(sizes)} dimensions."
        )
    expected = (*wanted[:-1], *sizes[wanted[-1] :])
    if tuple(updates) != expected:
        raise ValueError(
            f"updates must have shape {Shape(expected)}, as indices of shape {Shape(wanted)} and "
            f"a result of shape {Shape(sizes)} say, but they have shape {Shape(updates)}."
        )


@op("ScatterNd", Tindices=INDICES, export=("scatter_nd", "manip.scatter_nd"))
def scatter_nd(xp: Namespace, indices: Tindices, updates: T, shape: Tindices) -> T:
    """Zeros of shape ``shape`` with ``updates`` added at the places in ``indices``."""
    if xp.is_string(updates):
        empty = xp.full(tuple(shape.tolist()), b"", object)
        return _scattered(xp, "set", empty, indices, updates)
    zeros = xp.zeros(tuple(shape.tolist()), updates.dtype)
    return _scattered(xp, "add", zeros, indices, updates)


@scatter_nd.shape
def _scatter_nd_shape(ctx: ShapeContext, indices: Shape, updates: Shape, shape: Shape) -> Shape:
    result = ctx.shape_value(2)
    _check_known(result, indices, updates)
    return result


def _check_known(result: Shape, indices: Shape, updates: Shape) -> None:
    """Refuses updates whose shape is known not to fit."""
    if result.dims is None or indices.dims is None or not indices.dims:
        return
    depth = indices.dims[-1]
    if depth is None:
        return
    if depth > len(result.dims):
        raise ValueError(
            f"indices of shape {indices} have {depth} numbers each, but the shape {result} has "
            f"only {len(result.dims)} dimensions."
        )
    expected = Shape((*indices.dims[:-1], *result.dims[depth:]))
    if not expected.is_compatible_with(updates):
        raise ValueError(
            f"updates must have shape {expected}, as indices of shape {indices} and a result of "
            f"shape {result} say, but they have shape {updates}."
        )


@scatter_nd.gradient
def _scatter_nd_grad(op: Operation, grad: Any) -> tuple[None, Any, None]:
    return None, gather_nd_op(grad, op.inputs[0]), None


def _tensor_scatter_shape(tensor: Shape, indices: Shape, updates: Shape) -> Shape:
    _check_known(tensor, indices, updates)
    return tensor


@op(
    "TensorScatterUpdate",
    Tindices=INDICES,
    shape=_tensor_scatter_shape,
    export=("tensor_scatter_update", "tensor_scatter_nd_update"),
)
def tensor_scatter_update(xp: Namespace, tensor: T, indices: Tindices, updates: T) -> T:
    """``tensor`` with ``updates`` written at the places in ``indices``."""
    return _scattered(xp, "set", tensor, indices, updates)


@op(
    "TensorScatterAdd",
    Tindices=INDICES,
    shape=_tensor_scatter_shape,
    export=("tensor_scatter_add", "tensor_scatter_nd_add"),
)
def tensor_scatter_add(xp: Namespace, tensor: T, indices: Tindices, updates: T) -> T:
    """``tensor`` with ``updates`` added at the places in ``indices``."""
    return _scattered(xp, "add", tensor, indices, updates)


@op(
    "TensorScatterSub",
    Tindices=INDICES,
    shape=_tensor_scatter_shape,
    export=("tensor_scatter_sub", "tensor_scatter_nd_sub"),
)
def tensor_scatter_sub(xp: Namespace, tensor: T, indices: Tindices, updates: T) -> T:
    """``tensor`` with ``updates`` subtracted at the places in ``indices``."""
    return _scattered(xp, "subtract", tensor, indices, updates)


@op("ScatterNdNonAliasingAdd", T=(*NUMBERS, dtypes.bool_), Tindices=INDICES,
    shape=_tensor_scatter_shape)  # fmt: skip
def scatter_nd_non_aliasing_add(xp: Namespace, input: T, indices: Tindices, updates: T) -> T:
    """``input`` with ``updates`` added at the places in ``indices``."""
    return _scattered(xp, "add", input, indices, updates)


@tensor_scatter_update.gradient
def _tensor_scatter_update_grad(op: Operation, grad: Any) -> tuple[Any, None, Any]:
    _, indices, updates = op.inputs
    kept = tensor_scatter_update(grad, indices, zeros_like_op(updates))
    return kept, None, gather_nd_op(grad, indices)


@tensor_scatter_add.gradient
@scatter_nd_non_aliasing_add.gradient
def _tensor_scatter_add_grad(op: Operation, grad: Any) -> tuple[Any, None, Any]:
    return grad, None, gather_nd_op(grad, op.inputs[1])


@tensor_scatter_sub.gradient
def _tensor_scatter_sub_grad(op: Operation, grad: Any) -> tuple[Any, None, Any]:
    return grad, None, -gather_nd_op(grad, op.inputs[1])


# -- the function ----------------------------------------------------------------------------------


@hooks.install("gather_nd")
@export("gather_nd", "manip.gather_nd")
def gather_nd(params: Any, indices: Any, name: str | None = None, batch_dims: Any = 0) -> Any:
    """The elements or slices of ``params`` at given places.

    Args:
      params: A tensor, or a variable.
      indices: Integers; the last dimension holds the first indices of one place. Where these
        are fewer than the dimensions of ``params``, a slice is picked.
      name: The name of the node.
      batch_dims: How many leading dimensions ``params`` and ``indices`` share.

    >>> tf.Session().run(tf.gather_nd([[1, 2], [3, 4]], [[1, 0], [0, 1]]))
    array([3, 2], dtype=int32)
    """
    batch = batch_dims.value if hasattr(batch_dims, "value") else int(batch_dims)
    if batch:
        return _gather_nd_in_batches(params, indices, batch, name)
    try:
        return params.gather_nd(indices, name=name)
    except AttributeError:
        return gather_nd_op(params, indices, name=name)


def _gather_nd_in_batches(params: Any, indices: Any, batch: int, name: str | None) -> Any:
    """Adds the place in the batch in front of every index, and gathers from all at once."""
    with get_default_graph().name_scope(name or "BatchGatherND"):
        indices = convert_to_tensor(indices, name="indices")
        params = convert_to_tensor(params, name="params")
        _check_batch(batch, params, indices)
        table_shape, own_shape = shape(params), shape(indices)
        rows = table_shape[:batch]
        total = prod_op(rows, [0])
        rest = rank(indices) - batch - 1
        inner = own_shape[batch:-1]
        steps = unstack(rows)
        grid = meshgrid(
            *[cast_op(range_op(0, count, 1), DstT=indices.dtype) for count in steps], indexing="ij"
        )
        places = transpose(stack([reshape(each, [-1]) for each in grid]))
        place_shape = shape(places)
        wide = concat([place_shape[:1], ones(rest, dtypes.int32), place_shape[1:]], axis=0)
        places = reshape(places, wide)
        places = tile(places, concat([[1], inner, [1]], axis=0))
        flat = reshape(indices, concat([[total], own_shape[batch:]], axis=0))
        found = gather_nd_op(params, concat([places, flat], axis=-1))
        result = reshape(found, concat([rows, shape(found)[1:]], axis=0))
        known, of = indices.shape, params.shape
        if known.ndims is not None and of.ndims is not None and known.dims[-1].value is not None:
            head = known[:batch].merge_with(of[:batch])
            tail = of[batch + known.dims[-1].value :]
            result.set_shape(head.concatenate(known[batch:-1]).concatenate(tail))
        return result


def _check_batch(batch: int, params: Tensor, indices: Tensor) -> None:
    count = indices._shape_value.rank
    if count is None:
        raise ValueError(
            "tf.gather_nd does not allow indices with unknown rank when batch_dims is specified."
        )
    if batch < 0 or batch >= count:
        raise ValueError(f"batch_dims = {batch} must be less than rank(indices) = {count}")
    of = params._shape_value.rank
    if of is not None and batch >= of:
        raise ValueError(f"batch_dims = {batch} must be less than rank(params) = {of}")


# -- rows of resource variables -------------------------------------------------------------------


@op("ResourceGatherNd", Tindices=INDICES, stateful=True)
def resource_gather_nd(
    xp: Namespace, resource: Resource, indices: Tindices, *, dtype: DType
) -> dtype:
    """The elements or slices of a resource variable at given places."""
    return gathered_nd(xp, resource, indices)


@resource_gather_nd.shape
def _resource_gather_nd_shape(ctx: ShapeContext, resource: Shape, indices: Shape) -> Shape:
    return _gathered_shape(handle_shape(ctx.inputs[0]), indices)


@resource_gather_nd.gradient
def _resource_gather_nd_grad(op: Operation, grad: Any) -> tuple[Any, None]:
    handle, indices = op.inputs
    known = handle_shape(handle)
    if not known.is_fully_defined:
        raise NotImplementedError(
            f"the gradient of '{op.name}' needs to know the shape of the variable."
        )
    sizes = convert_to_tensor(list(known.dims or ()), indices.dtype)
    return _rows_or_scattered(grad, indices, sizes), None
