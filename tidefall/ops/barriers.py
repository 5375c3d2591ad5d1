"""The ops of barriers. What a barrier is and does is in `tidefall.state.barriers`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core.dtypes import DType
from tidefall.core.runtime import RunContext
from tidefall.core.shapes import Shape, unknown
from tidefall.ir.opdef import HOST
from tidefall.ops import shapes as rules
from tidefall.ops.registry import (
    Int32,
    Int64,
    Namespace,
    Ref,
    String,
    T,
    TypeList,
    component_types,
    op,
)
from tidefall.ops.texts import elements, texts
from tidefall.state import handles
from tidefall.state.barriers import Barrier


def _handle(**attrs: Any) -> Shape:
    return Shape((2,))


@op("Barrier", runs_on=HOST, stateful=True, differentiable=False, shape=_handle,
    outputs=("handle",), export="raw_ops.Barrier")  # fmt: skip
def barrier(
    xp: Namespace, run: RunContext, *, component_types: list[DType], shapes: list[Shape] = (),  # type: ignore[assignment]
    capacity: int = -1, container: str = "", shared_name: str = "",
) -> Ref[String]:  # fmt: skip
    """The handle of a barrier: components of elements come one by one, under keys."""
    if capacity != -1:
        raise ValueError(f"a barrier has no capacity, but {capacity} was asked for; use -1.")
    kinds = [each.np_dtype for each in component_types]
    name = shared_name or run.node_name
    return handles.make(run, Barrier, container, shared_name, lambda: Barrier(name, kinds, shapes))


@op("BarrierInsertMany", runs_on=HOST, stateful=True, effects=True, differentiable=False,
    shape=rules.none, export="raw_ops.BarrierInsertMany")  # fmt: skip
def barrier_insert_many(
    xp: Namespace, handle: Ref[String], keys: String, values: T, *, component_index: int
) -> None:
    """Gives the elements of some keys one component each."""
    handles.get(handle, Barrier).insert(elements(keys), np.asarray(values), component_index)


def _taken_shapes(*inputs: Any, component_types: list[DType]) -> tuple[Shape, ...]:
    return unknown(1), unknown(1), *[unknown(None)] * len(component_types)


@op("BarrierTakeMany", runs_on=HOST, stateful=True, effects=True, differentiable=False,
    shape=_taken_shapes, component_types=TypeList(), outputs=("indices", "keys", "values"),
    export="raw_ops.BarrierTakeMany")  # fmt: skip
def barrier_take_many(
    xp: Namespace, run: RunContext, handle: Ref[String], num_elements: Int32, *,
    component_types: list[DType], allow_small_batch: bool = False,
    wait_for_incomplete: bool = False, timeout_ms: int = -1,
) -> tuple[Int64, String, list[component_types]]:  # fmt: skip
    """Takes whole elements out; waits until there are so many."""
    if timeout_ms != -1:
        raise ValueError(
            f"timeout_ms is {timeout_ms}, but barriers know no time limit of their own; use "
            "operation_timeout_in_ms of the session, or timeout_in_ms of tf.RunOptions."
        )
    found = handles.get(handle, Barrier).take(
        int(num_elements), allow_small_batch, wait_for_incomplete, run.wait
    )
    return found.batches, texts(found.keys), found.values


@op("BarrierClose", runs_on=HOST, stateful=True, effects=True, differentiable=False,
    shape=rules.none, export="raw_ops.BarrierClose")  # fmt: skip
def barrier_close(
    xp: Namespace, handle: Ref[String], *, cancel_pending_enqueues: bool = False
) -> None:
    """Closes a barrier: no new keys come."""
    handles.get(handle, Barrier).shut(cancel_pending_enqueues)


@op("BarrierReadySize", runs_on=HOST, stateful=True, differentiable=False, shape=rules.scalar,
    outputs=("size",), export="raw_ops.BarrierReadySize")  # fmt: skip
def barrier_ready_size(xp: Namespace, handle: Ref[String]) -> Int32:
    """How many elements of a barrier are whole."""
    return np.int32(handles.get(handle, Barrier).ready_size)


@op("BarrierIncompleteSize", runs_on=HOST, stateful=True, differentiable=False,
    shape=rules.scalar, outputs=("size",), export="raw_ops.BarrierIncompleteSize")  # fmt: skip
def barrier_incomplete_size(xp: Namespace, handle: Ref[String]) -> Int32:
    """How many elements of a barrier are not whole."""
    return np.int32(handles.get(handle, Barrier).incomplete_size)
