"""Sparse tensors as vectors of three strings, or of three variants, and back.

Strings can be written to files; variants pass through datasets and cost nothing: each holds one of
the three arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.shapes import Shape, unknown
from tidefall.ir.opdef import HOST
from tidefall.ir.sparse_tensor import SparseTensor, as_sparse
from tidefall.ops.registry import (
    Int64,
    Namespace,
    String,
    T,
    Tserialized,
    TypeAttr,
    dtype,
    op,
    out_type,
)
from tidefall.ops.sparse_places import sizes_of

_SERIAL = TypeAttr((dtypes.string, dtypes.variant), dtypes.string)


def _serialized(indices: Any, values: Any, shape: Any, out_type: DType) -> list[Any]:
    """The three parts of a sparse tensor, each as one entry."""
    sizes = np.array(shape, np.int64)
    if out_type is dtypes.variant:
        return [np.array(indices), np.array(values), sizes]
    parts = [(indices, dtypes.int64), (values, as_dtype(values.dtype)), (sizes, dtypes.int64)]
    return [hooks.call("serialize_tensor", part, dtype) for part, dtype in parts]


def _entries(found: list[Any], shape: tuple[int, ...]) -> Any:
    array = np.empty(len(found), object)
    for index, each in enumerate(found):
        array[index] = each
    return array.reshape(shape)


@op("SerializeSparse", out_type=_SERIAL, runs_on=HOST, differentiable=False,
    outputs=("serialized_sparse",))  # fmt: skip
def serialize_sparse_op(
    xp: Namespace, sparse_indices: Int64, sparse_values: T, sparse_shape: Int64, *,
    out_type: DType,
) -> out_type:  # fmt: skip
    """The three parts of a sparse tensor as strings or variants."""
    return _entries(_serialized(sparse_indices, sparse_values, sparse_shape, out_type), (3,))


@serialize_sparse_op.shape
def _serialize_sparse_shape(indices: Shape, values: Shape, shape: Shape) -> Shape:
    return Shape((3,))


@export("serialize_sparse", "io.serialize_sparse")
def serialize_sparse(sp_input: Any, name: str | None = None, out_type: Any = dtypes.string) -> Any:
    """A sparse tensor as a vector of three strings.

    Args:
      sp_input: A sparse tensor.
      name: The name of the node.
      out_type: string or variant.
    """
    sparse = as_sparse(sp_input)
    return serialize_sparse_op(
        sparse.indices, sparse.values, sparse.dense_shape, out_type=out_type, name=name
    )


@op("SerializeManySparse", out_type=_SERIAL, runs_on=HOST, differentiable=False,
    outputs=("serialized_sparse",))  # fmt: skip
def serialize_many_sparse_op(
    xp: Namespace, sparse_indices: Int64, sparse_values: T, sparse_shape: Int64, *,
    out_type: DType,
) -> out_type:  # fmt: skip
    """The rows of a sparse tensor, each as three strings or variants."""
    sizes = sizes_of(sparse_shape)
    if len(sizes) < 2:
        raise ValueError(
            f"a sparse tensor of shape {sizes} has no rows; it must have rank 2 at least."
        )
    row_of = sparse_indices[:, 0]
    by_row = np.argsort(row_of, kind="stable")
    ends = np.searchsorted(row_of[by_row], np.arange(sizes[0] + 1))
    found: list[Any] = []
    for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        mine = by_row[start:end]
        found += _serialized(sparse_indices[mine, 1:], sparse_values[mine], sizes[1:], out_type)
    return _entries(found, (sizes[0], 3))


@serialize_many_sparse_op.shape
def _serialize_many_sparse_shape(indices: Shape, values: Shape, shape: Shape) -> Shape:
    return Shape((None, 3))


@export("serialize_many_sparse", "io.serialize_many_sparse")
def serialize_many_sparse(
    sp_input: Any, name: str | None = None, out_type: Any = dtypes.string
) -> Any:
    """The rows of a sparse tensor as strings, three for each.

    Args:
      sp_input: A sparse tensor of rank 2 or more.
      name: The name of the node.
      out_type: string or variant.
    """
    sparse = as_sparse(sp_input)
    return serialize_many_sparse_op(
        sparse.indices, sparse.values, sparse.dense_shape, out_type=out_type, name=name
    )


# -- back -----------------------------------------------------------------------------------------


def _parsed(row: list[Any], dtype: DType) -> list[Any]:
    """Indices, values and shape of three entries."""
    kinds = (dtypes.int64, dtype, dtypes.int64)
    parts = [
        hooks.call("parse_tensor", part, kind) if isinstance(part, bytes) else part
        for part, kind in zip(row, kinds, strict=True)
    ]
    if as_dtype(parts[1].dtype) is not dtype:
        raise ValueError(
            f"a sparse tensor of dtype {dtype.name} is wanted, but one of "
            f"{as_dtype(parts[1].dtype).name} was serialized."
        )
    return parts


def _stacked(rows: list[list[Any]], leading: tuple[int, ...], dtype: DType) -> tuple[Any, Any, Any]:
    """Serialized sparse tensors in one, with dimensions in front that count them."""
    if not rows:
        raise ValueError("there is no serialized sparse tensor.")
    parts = [_parsed(row, dtype) for row in rows]
    rank = len(parts[0][2])
    for number, (_, _, sizes) in enumerate(parts):
        if len(sizes) != rank:
            raise ValueError(
                f"sparse tensor {number} has rank {len(sizes)}, but the first has {rank}."
            )
    largest = np.max([sizes for _, _, sizes in parts], axis=0)
    numbers = np.repeat(np.arange(len(parts)), [len(values) for _, values, _ in parts])
    places = np.stack(np.unravel_index(numbers, leading), -1).astype(np.int64)
    inner = np.concatenate([indices.reshape(-1, rank) for indices, _, _ in parts])
    indices = np.concatenate([places, inner], 1)
    values = np.concatenate([values for _, values, _ in parts])
    return indices, values, np.array([*leading, *largest], np.int64)


@op("DeserializeSparse", Tserialized=_SERIAL, runs_on=HOST, differentiable=False,
    outputs=("sparse_indices", "sparse_values", "sparse_shape"),
    export="raw_ops.DeserializeSparse")  # fmt: skip
def deserialize_sparse_op(
    xp: Namespace, serialized_sparse: Tserialized, *, dtype: DType
) -> tuple[Int64, dtype, Int64]:
    """Serialized sparse tensors as one; the dimensions but the last count them."""
    entries = np.asarray(serialized_sparse, object)
    leading = entries.shape[:-1]
    if not entries.ndim or entries.shape[-1] != 3:
        raise ValueError(f"a serialized sparse tensor has three parts, not shape {entries.shape}.")
    if not leading:
        indices, values, sizes = _parsed(list(entries), dtype)
        return indices.copy(), values.copy(), sizes.copy()
    rows = entries.reshape(-1, 3)
    return _stacked([list(row) for row in rows], leading, dtype)


@deserialize_sparse_op.shape
def _deserialize_sparse_shape(serialized: Shape) -> tuple[Shape, ...]:
    return unknown(2), unknown(1), unknown(1)


def deserialize_sparse(
    serialized_sparse: Any, dtype: Any, rank: int | None = None, name: str | None = None
) -> SparseTensor:
    """Serialized sparse tensors as one.

    Args:
      serialized_sparse: Strings or variants of shape ``[..., 3]``.
      dtype: The dtype of the values.
      rank: The rank of the result, if it is known.
      name: The name of the node.
    """
    return _of_rank(deserialize_sparse_op(serialized_sparse, dtype=dtype, name=name), rank)


@op("DeserializeManySparse", runs_on=HOST, differentiable=False,
    outputs=("sparse_indices", "sparse_values", "sparse_shape"))  # fmt: skip
def deserialize_many_sparse_op(
    xp: Namespace, serialized_sparse: String, *, dtype: DType
) -> tuple[Int64, dtype, Int64]:
    """Serialized sparse tensors, one above the other."""
    rows = np.asarray(serialized_sparse, object).tolist()
    return _stacked(rows, (len(rows),), dtype)


@deserialize_many_sparse_op.shape
def _deserialize_many_sparse_shape(serialized: Shape) -> tuple[Shape, ...]:
    serialized.with_rank(2).merge_with(Shape((None, 3)))
    return unknown(2), unknown(1), unknown(1)


@export("deserialize_many_sparse", "io.deserialize_many_sparse")
def deserialize_many_sparse(
    serialized_sparse: Any, dtype: Any, rank: Any = None, name: str | None = None
) -> SparseTensor:
    """Serialized sparse tensors, one above the other: the first dimension counts them.

    Args:
      serialized_sparse: Strings of shape ``[n, 3]``.
      dtype: The dtype of the values.
      rank: The rank of the result, if it is known.
      name: The name of the node.
    """
    return _of_rank(deserialize_many_sparse_op(serialized_sparse, dtype=dtype, name=name), rank)


def _of_rank(found: Any, rank: int | None) -> SparseTensor:
    if rank is not None:
        found[0].set_shape([None, rank])
        found[2].set_shape([rank])
    return SparseTensor(*found)
