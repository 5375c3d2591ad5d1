"""Serialized examples parsed in the graph: the ops behind `tf.parse_example`."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes
from tidefall.core.dtypes import DType
from tidefall.core.shapes import Shape, unknown
from tidefall.ir.opdef import HOST
from tidefall.ops.example_features import Dense, Examples, Sparse, SparseColumn
from tidefall.ops.registry import (
    Int64,
    Namespace,
    String,
    Tdense,
    TypeList,
    op,
    sparse_types,
)
from tidefall.ops.texts import elements, single

FEATURE_DTYPES = (dtypes.float32, dtypes.int64, dtypes.string)


def _dense_features(
    keys: list[bytes], types: list[DType], shapes: list[Shape], defaults: list[Any]
) -> list[Dense]:
    parts = zip(keys, types, shapes, defaults, strict=True)
    return [Dense(key, dtype, tuple(shape), default) for key, dtype, shape, default in parts]


@op(
    "ParseExample", sparse_types=TypeList(FEATURE_DTYPES), Tdense=TypeList(FEATURE_DTYPES),
    runs_on=HOST, differentiable=False,
    lengths={
        "sparse_keys": "Nsparse", "dense_keys": "Ndense", "sparse_indices": "Nsparse",
        "sparse_shapes": "Nsparse",
    },
    outputs=("sparse_indices", "sparse_values", "sparse_shapes", "dense_values"),
)  # fmt: skip
def parse_example_op(
    xp: Namespace, serialized: String, names: String, sparse_keys: list[String],
    dense_keys: list[String], dense_defaults: list[Tdense], *, sparse_types: list[DType],
    dense_shapes: list[Shape], Tdense: list[DType],
) -> tuple[list[Int64], list[sparse_types], list[Int64], list[Tdense]]:  # fmt: skip
    """The features of a vector of serialized examples."""
    examples = Examples(elements(serialized), elements(names))
    sparse = [
        examples.sparse(Sparse(single(key), dtype))
        for key, dtype in zip(sparse_keys, sparse_types, strict=True)
    ]
    wanted = _dense_features(list(map(single, dense_keys)), Tdense, dense_shapes, dense_defaults)
    return (*columns(sparse), [examples.dense(each) for each in wanted])


def columns(sparse: list[SparseColumn]) -> tuple[list[Any], list[Any], list[Any]]:
    """Sparse features as the ops give them out: all indices, all values, all shapes."""
    return (
        [each.indices for each in sparse],
        [each.values for each in sparse],
        [each.dense_shape for each in sparse],
    )


@parse_example_op.shape
def _parse_example_shape(
    serialized: Shape, names: Shape, sparse_keys: list[Shape], dense_keys: list[Shape],
    dense_defaults: list[Shape], *, dense_shapes: list[Shape],
) -> list[Shape]:  # fmt: skip
    rows = Shape((serialized.with_rank(1)[0],))
    count = len(sparse_keys)
    return [
        *[Shape((None, 2))] * count, *[unknown(1)] * count, *[Shape((2,))] * count,
        *[rows + shape for shape in dense_shapes],
    ]  # fmt: skip


@op(
    "ParseSingleExample", sparse_types=TypeList(FEATURE_DTYPES),
    Tdense=TypeList(FEATURE_DTYPES), runs_on=HOST, differentiable=False,
    lengths={"sparse_indices": "num_sparse", "sparse_shapes": "num_sparse"},
    outputs=("sparse_indices", "sparse_values", "sparse_shapes", "dense_values"),
)  # fmt: skip
def parse_single_example_op(
    xp: Namespace, serialized: String, dense_defaults: list[Tdense], *, num_sparse: int,
    sparse_keys: list[str], dense_keys: list[str], sparse_types: list[DType],
    dense_shapes: list[Shape], Tdense: list[DType],
) -> tuple[list[Int64], list[sparse_types], list[Int64], list[Tdense]]:  # fmt: skip
    """The features of one serialized example."""
    examples = Examples([single(serialized)])
    sparse = [
        without_rows(examples.sparse(Sparse(as_bytes(key), dtype)))
        for key, dtype in zip(sparse_keys, sparse_types, strict=True)
    ]
    wanted = _dense_features(list(map(as_bytes, dense_keys)), Tdense, dense_shapes, dense_defaults)
    return (*columns(sparse), [examples.dense(each)[0] for each in wanted])


def as_bytes(key: Any) -> bytes:
    """A key, which an attribute holds as text or bytes."""
    return key.encode(errors="surrogateescape") if isinstance(key, str) else bytes(key)


def without_rows(column: SparseColumn) -> SparseColumn:
    """The values of the only example, as a sparse vector."""
    return SparseColumn(column.indices[:, 1:].copy(), column.values, column.dense_shape[1:].copy())


@parse_single_example_op.shape
def _parse_single_example_shape(
    serialized: Shape, dense_defaults: list[Shape], *, num_sparse: int, dense_shapes: list[Shape]
) -> list[Shape]:
    serialized.with_rank(0)
    return [
        *[Shape((None, 1))] * num_sparse, *[unknown(1)] * num_sparse,
        *[Shape((1,))] * num_sparse, *dense_shapes,
    ]  # fmt: skip
