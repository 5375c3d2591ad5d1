"""Bucketing: batches of elements that are alike, such as sequences of similar lengths.

Each bucket is a queue. What it holds leaves as whole batches, through one queue for all buckets.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from tidefall.core import dtypes, errors
from tidefall.core.exports import export
from tidefall.core.tensor_shape import TensorShape
from tidefall.flow.cond import cond
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.inference import constant_value
from tidefall.ir.with_blocks import name_scope
from tidefall.ops.array import no_op
from tidefall.ops.cast import cast
from tidefall.ops.compare import equal, less, less_equal, logical_and
from tidefall.ops.constant import constant
from tidefall.ops.grouping import group
from tidefall.ops.queues import PaddingFIFOQueue, QueueBase
from tidefall.ops.reduce import reduce_min
from tidefall.ops.where import where_v2
from tidefall.summary import summaries
from tidefall.train.batching import (
    as_given,
    as_list,
    checked_keep,
    chosen,
    converted,
    queue_class,
    shapes_of,
    types_of,
)
from tidefall.train.fullness import fraction_full, usual_name
from tidefall.train.queue_runner import QueueRunner, add_queue_runner
from tidefall.train.sparse_batching import fetched, put_away

_ENDS = (errors.OutOfRangeError, errors.CancelledError)


@export("contrib.training.bucket")
def bucket(
    tensors: Any,
    which_bucket: Any,
    batch_size: Any,
    num_buckets: int,
    num_threads: int = 1,
    capacity: int = 32,
    bucket_capacities: Any = None,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    keep_input: Any = True,
    shared_name: str | None = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """Batches of elements of one bucket each.

    Args:
      tensors: The tensors of one element, in a list or dictionary.
      which_bucket: The number of the element's bucket.
      batch_size: How many elements a batch has, or a list with a number for each bucket.
      num_buckets: How many buckets there are.
      num_threads: How many threads compute elements.
      capacity: How many batches wait at most, and how many elements in each bucket.
      bucket_capacities: How many elements wait in each bucket, where that differs.
      shapes: The shapes of an element, where they are not known.
      dynamic_pad: Whether elements may differ in size; they are padded with zeros.
      allow_smaller_final_batch: Whether the last batch of a bucket may be smaller.
      keep_input: Whether the element is put in at all.
      shared_name: Queues of one session with the same shared name are one queue.
      name: The name of the operations.

    Returns:
      The number of the bucket, and tensors like ``tensors`` with a first dimension more.

    Raises:
      ValueError: If there are not as many batch sizes or capacities as buckets.
    """
    sizes = _for_each(batch_size, num_buckets, "batch_size")
    capacities = _for_each(bucket_capacities or capacity, num_buckets, "bucket_capacities")
    items = as_list(tensors)
    with name_scope(name, "bucket", items):
        items = converted(items, "bucket")
        keep = checked_keep(keep_input, enqueue_many=False)
        items, kept = put_away(items, False, keep)
        sizes = [_static(convert_to_tensor(each, dtypes.int32, "batch_size")) for each in sizes]
        types, dims = types_of([items]), shapes_of([items], shapes, enqueue_many=False)
        number = convert_to_tensor(which_bucket, dtypes.int32, "which_bucket")
        queues = [
            queue_class(dynamic_pad)(
                capacity=capacities[index],
                dtypes=types,
                shapes=dims,
                shared_name=None if shared_name is None else f"{shared_name}_{index}",
                name=f"bucket_queue_{index}",
            )
            for index in range(num_buckets)
        ]
        varies = allow_smaller_final_batch or isinstance(batch_size, (list, tuple))
        leading = None if varies or not isinstance(sizes[-1], int) else sizes[-1]
        top = PaddingFIFOQueue(
            capacity=capacity,
            dtypes=[dtypes.int32, *types],
            shapes=[
                TensorShape([]),
                *[TensorShape([leading]).concatenate(shape) for shape in queues[0].shapes],
            ],
            shared_name=shared_name,
            name="top_queue",
        )
        enqueue = chosen(keep, lambda: _into_its_bucket(queues, number, items))
        _run(queues, top, [enqueue] * num_threads, sizes, allow_smaller_final_batch)
        _summaries(queues, top, capacity)
        found, *rest = top.dequeue(name="dequeue_top")
        return found, as_given(tensors, fetched(rest[0] if len(rest) == 1 else rest, kept))


def _for_each(value: Any, count: int, what: str) -> list[Any]:
    """``value`` for each bucket."""
    if not isinstance(value, (list, tuple)):
        return [value] * count
    if len(value) != count:
        raise ValueError(f"{what} must have one item for each of {count} buckets, not {value!r}.")
    return list(value)


def _static(size: Any) -> Any:
    known = constant_value(size)
    return size if known is None else int(known)


def _into_its_bucket(queues: Sequence[QueueBase], number: Any, items: list[Any]) -> Any:
    additions = [
        cond(equal(number, index), functools.partial(queue.enqueue, items), no_op)
        for index, queue in enumerate(queues)
    ]
    return group(*additions, name="group_enqueues")


def _run(
    queues: Sequence[QueueBase],
    top: QueueBase,
    additions: list[Any],
    sizes: list[Any],
    smaller: bool,
) -> None:
    """Adds the runners: one fills the buckets, the other takes batches out of them."""
    moves = []
    for index, (queue, size) in enumerate(zip(queues, sizes, strict=True)):
        marked = constant(index)
        take = queue.dequeue_up_to if smaller else queue.dequeue_many
        taken = take(size, name=f"read_bucket_{index}")
        taken = taken if isinstance(taken, (list, tuple)) else [taken]
        moves.append(top.enqueue([marked, *taken], name=f"enqueue_from_bucket_{index}"))
    add_queue_runner(
        QueueRunner(
            queues[0],
            moves,
            close_op=top.close(),
            cancel_op=top.close(cancel_pending_enqueues=True),
            queue_closed_exception_types=_ENDS,
        )
    )
    add_queue_runner(
        QueueRunner(
            top,
            additions,
            close_op=group(*[queue.close() for queue in queues]),
            cancel_op=group(*[queue.close(cancel_pending_enqueues=True) for queue in queues]),
            queue_closed_exception_types=_ENDS,
        )
    )


def _summaries(queues: Sequence[QueueBase], top: QueueBase, capacity: int) -> None:
    for queue in queues:
        summaries.scalar(f"bucket/{queue.name}/size", cast(top.size(), dtypes.float32))
    fraction_full(top, capacity, f"bucket/{top.name}/{usual_name(capacity)}")


@export("contrib.training.bucket_by_sequence_length")
def bucket_by_sequence_length(
    input_length: Any,
    tensors: Any,
    batch_size: Any,
    bucket_boundaries: Any,
    num_threads: int = 1,
    capacity: int = 32,
    bucket_capacities: Any = None,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    keep_input: Any = True,
    shared_name: str | None = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """Batches of sequences of similar lengths.

    Args:
      input_length: The length of the sequence, a number.
      tensors: The tensors of one element, in a list or dictionary.
      batch_size: How many elements a batch has, or a list with a number for each bucket.
      bucket_boundaries: Increasing integers: the first bucket is for lengths below the first of
        them, the last for those from the last of them on.
      num_threads: See `bucket`; so are the others.

    Returns:
      The lengths of the sequences in a batch, and tensors like ``tensors`` with a first dimension
      more.

    Raises:
      TypeError: If ``bucket_boundaries`` is not a list of integers.
      ValueError: If it is empty or does not increase.
    """
    _check_boundaries(bucket_boundaries)
    items = as_list(tensors)
    with name_scope(name, "bucket_by_sequence_length", [input_length, *items]):
        length = convert_to_tensor(input_length, dtypes.int32, "input_length")
        limits = np.iinfo(np.int32)
        from_here = less_equal([limits.min, *bucket_boundaries], length)
        fits = logical_and(from_here, less(length, [*bucket_boundaries, limits.max]))
        which = cast(reduce_min(where_v2(fits)), dtypes.int32)
        _, found = bucket(
            [length, *items],
            which,
            batch_size,
            len(bucket_boundaries) + 1,
            num_threads,
            capacity,
            bucket_capacities,
            None if shapes is None else [TensorShape([]), *shapes],
            dynamic_pad,
            allow_smaller_final_batch,
            keep_input,
            shared_name,
        )
        return found[0], as_given(tensors, found[1:])


def _check_boundaries(boundaries: Any) -> None:
    if not isinstance(boundaries, (list, tuple)):
        raise TypeError(f"bucket_boundaries must be a list of integers, not {boundaries!r}.")
    if not boundaries:
        raise ValueError("bucket_boundaries is empty; there would be one bucket only.")
    if not all(isinstance(each, int) for each in boundaries):
        raise TypeError(f"bucket_boundaries must be integers, not {boundaries!r}.")
    if any(a >= b for a, b in itertools.pairwise(boundaries)):
        raise ValueError(f"bucket_boundaries must increase, but are {list(boundaries)}.")
