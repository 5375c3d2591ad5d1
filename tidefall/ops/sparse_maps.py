"""Sparse tensors kept under numbers, which can pass through a queue in their place."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core.dtypes import DType
from tidefall.core.runtime import RunContext
from tidefall.core.shapes import Shape, unknown
from tidefall.ir.opdef import HOST
from tidefall.ops import shapes as rules
from tidefall.ops.registry import Int64, Namespace, T, dtype, op
from tidefall.state.sparse_store import Sparse, SparseStore


def _store(run: RunContext, container: str, shared_name: str) -> SparseStore:
    key = (SparseStore, container, shared_name or run.node_name)
    found: SparseStore = run.resource(key, SparseStore)
    return found


def _parts(indices: Any, values: Any, shape: Any) -> Sparse:
    return Sparse(*[np.asarray(each) for each in (indices, values, shape)])


@op("AddSparseToTensorsMap", runs_on=HOST, stateful=True, effects=True, differentiable=False,
    shape=rules.scalar, outputs=("sparse_handle",))  # fmt: skip
def add_sparse_to_tensors_map(
    xp: Namespace, run: RunContext, sparse_indices: Int64, sparse_values: T, sparse_shape: Int64,
    *, container: str = "", shared_name: str = "",
) -> Int64:  # fmt: skip
    """Keeps a sparse tensor; gives its number."""
    parts = _parts(sparse_indices, sparse_values, sparse_shape)
    return np.int64(_store(run, container, shared_name).add(parts))


@op("AddManySparseToTensorsMap", runs_on=HOST, stateful=True, effects=True, differentiable=False,
    shape=rules.vector, outputs=("sparse_handles",))  # fmt: skip
def add_many_sparse_to_tensors_map(
    xp: Namespace, run: RunContext, sparse_indices: Int64, sparse_values: T, sparse_shape: Int64,
    *, container: str = "", shared_name: str = "",
) -> Int64:  # fmt: skip
    """Keeps the slices of a sparse tensor along its first dimension; gives their numbers."""
    parts = _parts(sparse_indices, sparse_values, sparse_shape)
    return np.array(_store(run, container, shared_name).add_rows(parts), np.int64)


def _taken_shapes(handles: Shape, **attrs: Any) -> tuple[Shape, Shape, Shape]:
    return unknown(2), unknown(1), unknown(1)


@op("TakeManySparseFromTensorsMap", runs_on=HOST, stateful=True, effects=True,
    differentiable=False, shape=_taken_shapes,
    outputs=("sparse_indices", "sparse_values", "sparse_shape"))  # fmt: skip
def take_many_sparse_from_tensors_map(
    xp: Namespace, run: RunContext, sparse_handles: Int64, *, dtype: DType, container: str = "",
    shared_name: str = "",
) -> tuple[Int64, dtype, Int64]:  # fmt: skip
    """The sparse tensors of some numbers, stacked; they are kept no longer."""
    numbers = np.asarray(sparse_handles).tolist()
    found = _store(run, container, shared_name).take(numbers, dtype.np_dtype)
    return found.indices, found.values, found.shape
