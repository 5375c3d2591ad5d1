"""The ops of queues. What a queue is and does is in `tidefall.state.queues`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tidefall.core.dtypes import DType, int64
from tidefall.core.runtime import RunContext
from tidefall.core.shapes import Shape, unknown
from tidefall.ir.opdef import HOST
from tidefall.ops import shapes as rules
from tidefall.ops.registry import (
    Bool,
    Int32,
    Namespace,
    Resource,
    Tcomponents,
    TypeList,
    component_types,
    op,
)
from tidefall.state import handles, queues
from tidefall.state.queues import Queue

# -- making ---------------------------------------------------------------------------------------


def _made(
    run: RunContext,
    container: str,
    shared_name: str,
    create: Callable[[str], Queue],
    kind: str,
    types: Sequence[DType],
    shapes: Sequence[Shape],
    capacity: int,
    **more: Any,
) -> Any:
    """The handle of a queue; all nodes that share it must want the same."""
    name = shared_name or run.node_name
    array = handles.make(run, Queue, container, shared_name, lambda: create(name))
    handle = array[()]
    if run.node_name not in handle.users:
        wanted = {
            "kind": kind,
            "component types": [each.name for each in types],
            "shapes": [str(shape) for shape in shapes],
            "capacity": capacity,
            **more,
        }
        handle.resource.check_same(wanted)
        handle.users.add(run.node_name)
    return array


def _dtypes(types: Sequence[DType]) -> list[np.dtype[Any]]:
    return [each.np_dtype for each in types]


def _dims(shapes: Sequence[Shape]) -> list[tuple[int | None, ...]] | None:
    """What queues take as shapes: None where nothing is said."""
    dims = [shape.dims for shape in shapes]
    return None if not dims or None in dims else [tuple(each or ()) for each in dims]


@op("FIFOQueueV2", runs_on=HOST, stateful=True, differentiable=False, shape=rules.scalar,
    outputs=("handle",))  # fmt: skip
def fifo_queue_v2(
    xp: Namespace, run: RunContext, *, component_types: list[DType], shapes: list[Shape] = (),  # type: ignore[assignment]
    capacity: int = -1, container: str = "", shared_name: str = "",
) -> Resource:  # fmt: skip
    """A queue whose elements leave in the order in which they came."""
    return _made(
        run, container, shared_name,
        lambda name: queues.fifo(name, capacity, _dtypes(component_types), _dims(shapes)),
        "FIFOQueue", component_types, shapes, capacity,
    )  # fmt: skip


@op("PaddingFIFOQueueV2", runs_on=HOST, stateful=True, differentiable=False, shape=rules.scalar,
    outputs=("handle",))  # fmt: skip
def padding_fifo_queue_v2(
    xp: Namespace, run: RunContext, *, component_types: list[DType], shapes: list[Shape] = (),  # type: ignore[assignment]
    capacity: int = -1, container: str = "", shared_name: str = "",
) -> Resource:  # fmt: skip
    """A queue in order whose elements may differ in size; batches of them are padded."""
    return _made(
        run, container, shared_name,
        lambda name: queues.fifo(name, capacity, _dtypes(component_types), _dims(shapes), True),
        "PaddingFIFOQueue", component_types, shapes, capacity,
    )  # fmt: skip


@op("RandomShuffleQueueV2", runs_on=HOST, stateful=True, differentiable=False,
    shape=rules.scalar, outputs=("handle",))  # fmt: skip
def random_shuffle_queue_v2(
    xp: Namespace, run: RunContext, *, component_types: list[DType], shapes: list[Shape] = (),  # type: ignore[assignment]
    capacity: int = -1, min_after_dequeue: int = 0, seed: int = 0, seed2: int = 0,
    container: str = "", shared_name: str = "",
) -> Resource:  # fmt: skip
    """A queue whose elements leave in a random order."""
    return _made(
        run, container, shared_name,
        lambda name: queues.random_shuffle(
            name, capacity, min_after_dequeue, _dtypes(component_types), _dims(shapes), seed, seed2
        ),
        "RandomShuffleQueue", component_types, shapes, capacity,
        min_after_dequeue=min_after_dequeue, seeds=(seed, seed2),
    )  # fmt: skip


@op("PriorityQueueV2", runs_on=HOST, stateful=True, differentiable=False, shape=rules.scalar,
    outputs=("handle",))  # fmt: skip
def priority_queue_v2(
    xp: Namespace, run: RunContext, *, shapes: list[Shape], component_types: list[DType] = (),  # type: ignore[assignment]
    capacity: int = -1, container: str = "", shared_name: str = "",
) -> Resource:  # fmt: skip
    """A queue whose elements leave in the order of a number put before the other components."""
    dims = _dims(shapes) if shapes or component_types else []
    known = None if dims is None else [(), *dims]
    return _made(
        run, container, shared_name,
        lambda name: queues.priority(
            name, capacity, _dtypes([int64, *component_types]), known
        ),
        "PriorityQueue", component_types, shapes, capacity,
    )  # fmt: skip


# -- using ----------------------------------------------------------------------------------------


def _queue(handle: Any) -> Queue:
    return handles.get(handle, Queue)


def _arrays(components: list[Any]) -> list[Any]:
    """Components as arrays: a text may come as it is."""
    return [np.array(each, object) if each.__class__ is bytes else each for each in components]


def _patient(timeout_ms: int) -> None:
    if timeout_ms != -1:
        raise ValueError(
            f"timeout_ms is {timeout_ms}, but queues know no time limit of their own; use "
            "operation_timeout_in_ms of the session, or timeout_in_ms of tf.RunOptions."
        )


def _enqueue(run: RunContext, handle: Any, components: list[Any], timeout_ms: int) -> None:
    _patient(timeout_ms)
    _queue(handle).enqueue(_arrays(components), run.wait)


def _enqueue_many(run: RunContext, handle: Any, components: list[Any], timeout_ms: int) -> None:
    _patient(timeout_ms)
    _queue(handle).enqueue_many(components, run.wait)


def _outputs(queue: Queue, types: list[DType], values: list[Any]) -> list[Any]:
    if len(types) != len(values):
        raise ValueError(
            f"elements of the {queue.kind} '{queue.name}' have {len(values)} components, not "
            f"{len(types)}."
        )
    return values


def _dequeue(run: RunContext, handle: Any, types: list[DType], timeout_ms: int) -> list[Any]:
    _patient(timeout_ms)
    queue = _queue(handle)
    return _outputs(queue, types, queue.dequeue(run.wait))


def _dequeue_many(
    run: RunContext, handle: Any, n: Any, types: list[DType], timeout_ms: int, up_to: bool
) -> list[Any]:
    _patient(timeout_ms)
    queue = _queue(handle)
    return _outputs(queue, types, queue.dequeue_many(int(n), run.wait, up_to))


@op("QueueEnqueueV2", runs_on=HOST, stateful=True, effects=True, differentiable=False,
    shape=rules.none, Tcomponents=TypeList())  # fmt: skip
def queue_enqueue_v2(
    xp: Namespace, run: RunContext, handle: Resource, components: list[Tcomponents], *,
    timeout_ms: int = -1,
) -> None:  # fmt: skip
    """Puts one element into a queue; waits while it is full."""
    _enqueue(run, handle, components, timeout_ms)


@op("QueueEnqueueManyV2", runs_on=HOST, stateful=True, effects=True, differentiable=False,
    shape=rules.none, Tcomponents=TypeList())  # fmt: skip
def queue_enqueue_many_v2(
    xp: Namespace, run: RunContext, handle: Resource, components: list[Tcomponents], *,
    timeout_ms: int = -1,
) -> None:  # fmt: skip
    """Puts the slices of its components into a queue, one by one."""
    _enqueue_many(run, handle, components, timeout_ms)


def _unknown_shapes(*inputs: Any, component_types: list[DType], **attrs: Any) -> tuple[Shape, ...]:
    """A handle does not tell shapes; `QueueBase` knows them."""
    return tuple([unknown(None)] * len(component_types))


@op("QueueDequeueV2", runs_on=HOST, stateful=True, effects=True, differentiable=False,
    shape=_unknown_shapes, component_types=TypeList(), outputs=("components",))  # fmt: skip
def queue_dequeue_v2(
    xp: Namespace, run: RunContext, handle: Resource, *, component_types: list[DType],
    timeout_ms: int = -1,
) -> list[component_types]:  # fmt: skip
    """Takes one element out of a queue; waits while there is none."""
    return _dequeue(run, handle, component_types, timeout_ms)


@op("QueueDequeueManyV2", runs_on=HOST, stateful=True, effects=True, differentiable=False,
    shape=_unknown_shapes, component_types=TypeList(), outputs=("components",))  # fmt: skip
def queue_dequeue_many_v2(
    xp: Namespace, run: RunContext, handle: Resource, n: Int32, *, component_types: list[DType],
    timeout_ms: int = -1,
) -> list[component_types]:  # fmt: skip
    """Takes ``n`` elements out of a queue and stacks them; waits until there are so many."""
    return _dequeue_many(run, handle, n, component_types, timeout_ms, False)


@op("QueueDequeueUpToV2", runs_on=HOST, stateful=True, effects=True, differentiable=False,
    shape=_unknown_shapes, component_types=TypeList(), outputs=("components",))  # fmt: skip
def queue_dequeue_up_to_v2(
    xp: Namespace, run: RunContext, handle: Resource, n: Int32, *, component_types: list[DType],
    timeout_ms: int = -1,
) -> list[component_types]:  # fmt: skip
    """Takes ``n`` elements out of a queue and stacks them, or the rest once it is closed."""
    return _dequeue_many(run, handle, n, component_types, timeout_ms, True)


@op("QueueCloseV2", runs_on=HOST, stateful=True, effects=True, differentiable=False,
    shape=rules.none)  # fmt: skip
def queue_close_v2(
    xp: Namespace, run: RunContext, handle: Resource, *, cancel_pending_enqueues: bool = False
) -> None:
    """Closes a queue: nothing more enters it."""
    _queue(handle).shut(cancel_pending_enqueues, run.wait)


@op("QueueIsClosedV2", runs_on=HOST, stateful=True, differentiable=False, shape=rules.scalar,
    outputs=("is_closed",))  # fmt: skip
def queue_is_closed_v2(xp: Namespace, handle: Resource) -> Bool:
    """Whether a queue is closed."""
    return np.bool_(_queue(handle).is_closed)


@op("QueueSizeV2", runs_on=HOST, stateful=True, differentiable=False, shape=rules.scalar,
    outputs=("size",))  # fmt: skip
def queue_size_v2(xp: Namespace, handle: Resource) -> Int32:
    """The number of elements in a queue."""
    return np.int32(_queue(handle).size)
