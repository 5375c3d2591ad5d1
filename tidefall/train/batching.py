"""`tf.train.batch` and its kin: a queue of elements, filled by threads, emptied in batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.core.tensor_shape import as_shape
from tidefall.flow.cond import cond
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.inference import constant_value
from tidefall.ir.sparse_tensor import SparseTensor
from tidefall.ir.with_blocks import name_scope
from tidefall.ops.array import no_op
from tidefall.ops.cast import cast
from tidefall.ops.math import maximum
from tidefall.ops.partition import dynamic_partition
from tidefall.ops.queues import FIFOQueue, PaddingFIFOQueue, QueueBase, RandomShuffleQueue
from tidefall.summary import summaries
from tidefall.train.queue_runner import QueueRunner, add_queue_runner
from tidefall.train.sparse_batching import Kept, fetched, put_away

Tensors = list[Any]

# -- from what is given to lists of tensors, and back ----------------------------------------------


def as_list(tensors: Any) -> Any:
    """Tensors as a list: of a dictionary, its values in the order of its keys."""
    if isinstance(tensors, Mapping):
        return [tensors[key] for key in sorted(tensors, key=str)]
    return tensors


def _as_lists(tensors_list: Any) -> list[Any]:
    if not tensors_list:
        raise ValueError("at least one list of tensors is needed.")
    if isinstance(tensors_list[0], Mapping):
        keys = set(tensors_list[0])
        for each in tensors_list[1:]:
            if set(each) != keys:
                raise ValueError(
                    f"all dictionaries must have the same keys, but one has "
                    f"{sorted(keys, key=str)} and another {sorted(each, key=str)}."
                )
    return [as_list(each) for each in tensors_list]


def as_given(given: Any, tensors: Any) -> Any:
    """Tensors in the form in which `as_list` was given them."""
    if not isinstance(given, Mapping):
        return tensors
    items = [tensors] if len(given) == 1 else tensors
    return dict(zip(sorted(given, key=str), items, strict=True))


def converted(tensors: Any, what: str) -> Tensors:
    """Tensors, at least one."""
    result = [
        each if isinstance(each, SparseTensor) else convert_to_tensor(each) for each in tensors
    ]
    if not result:
        raise ValueError(f"{what} needs at least one tensor.")
    return result


def checked_keep(keep_input: Any, enqueue_many: bool) -> Any:
    """The argument ``keep_input`` as a tensor: one truth value, or one for each element."""
    keep = convert_to_tensor(keep_input)
    rank = keep.shape.ndims
    if rank is None:
        raise ValueError("the rank of keep_input must be known.")
    if rank > 1 or (rank == 1 and not enqueue_many):
        raise ValueError(
            f"keep_input has shape {keep.shape}; it must be one truth value, or with "
            "enqueue_many=True a vector with one for each element."
        )
    return keep


def types_of(lists: Sequence[Tensors]) -> list[Any]:
    """The dtypes that all lists have in common."""
    types = [tensor.dtype for tensor in lists[0]]
    for other in lists[1:]:
        found = [tensor.dtype for tensor in other]
        if found != types:
            raise TypeError(
                f"all lists of tensors must have the same dtypes, but one has "
                f"{[each.name for each in types]} and another {[each.name for each in found]}."
            )
    return types


def shapes_of(lists: Sequence[Tensors], shapes: Any, enqueue_many: bool) -> Any:
    """The shapes of an element: those given, or what the tensors tell."""
    if shapes is not None:
        return shapes
    for tensors in lists:
        for tensor in tensors:
            if tensor.shape.ndims is None:
                raise ValueError(
                    f"the rank of '{tensor.name}' is not known, so a queue cannot batch it. Give "
                    "shapes=…, or use tensor.set_shape."
                )
    return [_merged(list(each), enqueue_many) for each in zip(*lists, strict=True)]


def _merged(tensors: Tensors, enqueue_many: bool) -> Any:
    """The shape of the first tensor, with which those of the others must agree."""
    found = [as_shape(tensor.shape) for tensor in tensors]
    if enqueue_many:
        found = [shape.with_rank_at_least(1)[1:] for shape in found]
    for other in found[1:]:
        found[0].assert_is_compatible_with(other)
    return found[0].as_list()


# -- filling --------------------------------------------------------------------------------------


def chosen(predicate: Any, if_true: Callable[[], Any]) -> Any:
    """What ``if_true`` makes, or an operation that does nothing, or a `cond` of both."""
    known = constant_value(predicate)
    if known is None:
        return cond(predicate, if_true, no_op)
    return if_true() if known else no_op()


def _enqueue_op(queue: QueueBase, tensors: Tensors, enqueue_many: bool, keep: Any) -> Any:
    add = queue.enqueue_many if enqueue_many else queue.enqueue
    if keep.shape.ndims == 1:
        which = cast(keep, dtypes.int32)
        return add([dynamic_partition(each, which, num_partitions=2)[1] for each in tensors])
    return chosen(keep, lambda: add(tensors))


def _fill(queue: QueueBase, lists: list[Tensors], enqueue_many: bool, keep: Any) -> list[Any]:
    return [_enqueue_op(queue, tensors, enqueue_many, keep) for tensors in lists]


def _fullness(queue: QueueBase, capacity: int, at_least: int | None = None) -> None:
    """A summary of how full a queue is, above what always stays in it."""
    if at_least is None:
        fraction = cast(queue.size(), dtypes.float32) * (1.0 / capacity)
        summaries.scalar(f"fraction_of_{capacity}_full", fraction)
        return
    room = capacity - at_least
    size: Any = queue.size()
    above = maximum(0, size - at_least)
    fraction = cast(above, dtypes.float32) * (1.0 / room)
    summaries.scalar(f"fraction_over_{at_least}_of_{room}_full", fraction)


def _dequeued(queue: QueueBase, batch_size: Any, smaller: bool, name: str) -> Any:
    take = queue.dequeue_up_to if smaller else queue.dequeue_many
    return take(batch_size, name=name)


def queue_class(dynamic_pad: bool) -> Any:
    """The class of a queue in order."""
    return PaddingFIFOQueue if dynamic_pad else FIFOQueue


def _flat(lists: Sequence[Any]) -> list[Any]:
    return [tensor for tensors in lists for tensor in tensors]


def _batch(
    lists: list[Any],
    original: Any,
    batch_size: Any,
    keep_input: Any,
    threads: int | None,
    make_queue: Callable[[list[Any], Any], QueueBase],
    capacity: int,
    at_least: int | None,
    enqueue_many: bool,
    shapes: Any,
    smaller: bool,
    name: str | None,
    default_name: str,
) -> Any:
    """What the functions of this file have in common.

    Args:
      lists: Lists of tensors, of which each is put in by operations of its own.
      original: The first of them as it was given.
      batch_size: How many elements are taken out.
      keep_input: Whether to put in at all.
      threads: How many threads run the operation of the only list; None for one for each list.
      make_queue: Makes the queue, from dtypes and shapes.
      capacity: Its capacity.
      at_least: How many stay in it, if it shuffles.
      enqueue_many: Whether each tensor is a batch of elements.
      shapes: The shapes of an element, where they are not known.
      smaller: Whether the last batch may be smaller.
      name: The name of the operations.
      default_name: Their name if None.
    """
    with name_scope(name, default_name, [*_flat(lists), keep_input]) as scope:
        if at_least is not None and capacity <= at_least:
            raise ValueError(
                f"the capacity {capacity} must be larger than min_after_dequeue {at_least}."
            )
        tensors = [converted(each, default_name) for each in lists]
        keep = checked_keep(keep_input, enqueue_many)
        tensors, kept = _put_away(tensors, enqueue_many, keep)
        types = types_of(tensors)
        queue = make_queue(types, shapes_of(tensors, shapes, enqueue_many))
        operations = _fill(queue, tensors, enqueue_many, keep)
        if threads is not None:
            operations *= threads
        add_queue_runner(QueueRunner(queue, operations))
        _fullness(queue, capacity, at_least)
        found = fetched(_dequeued(queue, batch_size, smaller, scope), kept)
        return as_given(original, found)


def _put_away(
    lists: list[Tensors], enqueue_many: bool, keep: Any
) -> tuple[list[Tensors], list[Kept | None]]:
    """Lists of tensors without sparse ones, which share their maps."""
    stored, kept = put_away(lists[0], enqueue_many, keep)
    result = [stored]
    for tensors in lists[1:]:
        if [isinstance(each, SparseTensor) for each in tensors] != [
            known is not None for known in kept
        ]:
            raise ValueError("the lists have sparse tensors in different places.")
        stored, kept = put_away(tensors, enqueue_many, keep, kept)
        result.append(stored)
    return result, kept


# -- in order -------------------------------------------------------------------------------------


@export("train.batch")
def batch(
    tensors: Any,
    batch_size: Any,
    num_threads: int = 1,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches of elements that threads compute one by one.

    A runner is added to the graph: start its threads with `tf.train.start_queue_runners`.

    Args:
      tensors: The tensors of one element, in a list or dictionary.
      batch_size: How many elements a batch has.
      num_threads: How many threads compute elements; with more than one their order varies.
      capacity: How many elements wait at most.
      enqueue_many: Whether ``tensors`` are many elements, along their first dimension.
      shapes: The shapes of an element, where they are not known.
      dynamic_pad: Whether elements may differ in size; they are padded with zeros.
      allow_smaller_final_batch: Whether the last batch may be smaller; else it is dropped.
      shared_name: Queues of one session with the same shared name are one queue.
      name: The name of the operations.

    Returns:
      Tensors like ``tensors``, with a first dimension more. `tf.errors.OutOfRangeError` is
      raised when they are computed once the input is at its end.

    Raises:
      ValueError: If the shape of an element is not known.
    """
    return maybe_batch(
        tensors, True, batch_size, num_threads, capacity, enqueue_many, shapes, dynamic_pad,
        allow_smaller_final_batch, shared_name, name,
    )  # fmt: skip


@export("train.maybe_batch")
def maybe_batch(
    tensors: Any,
    keep_input: Any,
    batch_size: Any,
    num_threads: int = 1,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Like `batch`, of the elements for which ``keep_input`` is true.

    Args:
      tensors: See `batch`.
      keep_input: A truth value, or with ``enqueue_many`` also one for each element.
      batch_size: See `batch`; so are the others.
    """
    return _batch(
        [as_list(tensors)], tensors, batch_size, keep_input, num_threads,
        lambda types, sizes: queue_class(dynamic_pad)(
            capacity=capacity, dtypes=types, shapes=sizes, shared_name=shared_name
        ),
        capacity, None, enqueue_many, shapes, allow_smaller_final_batch, name, "batch",
    )  # fmt: skip


@export("train.batch_join")
def batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches of elements from several sources, each with a thread of its own.

    Args:
      tensors_list: A list of what `batch` takes as ``tensors``.
      batch_size: See `batch`; so are the others.
    """
    return maybe_batch_join(
        tensors_list, True, batch_size, capacity, enqueue_many, shapes, dynamic_pad,
        allow_smaller_final_batch, shared_name, name,
    )  # fmt: skip


@export("train.maybe_batch_join")
def maybe_batch_join(
    tensors_list: Any,
    keep_input: Any,
    batch_size: Any,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Like `batch_join`, of the elements for which ``keep_input`` is true."""
    return _batch(
        _as_lists(tensors_list), tensors_list[0], batch_size, keep_input, None,
        lambda types, sizes: queue_class(dynamic_pad)(
            capacity=capacity, dtypes=types, shapes=sizes, shared_name=shared_name
        ),
        capacity, None, enqueue_many, shapes, allow_smaller_final_batch, name, "batch_join",
    )  # fmt: skip


# -- shuffled -------------------------------------------------------------------------------------


@export("train.shuffle_batch")
def shuffle_batch(
    tensors: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    num_threads: int = 1,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches of elements in random order.

    Args:
      tensors: See `batch`.
      batch_size: See `batch`.
      capacity: How many elements wait at most.
      min_after_dequeue: How many stay behind, to mix well.
      num_threads: How many threads compute elements.
      seed: The seed of the order; see `tf.set_random_seed`.
      enqueue_many: See `batch`; so are the others.
    """
    return maybe_shuffle_batch(
        tensors, batch_size, capacity, min_after_dequeue, True, num_threads, seed, enqueue_many,
        shapes, allow_smaller_final_batch, shared_name, name,
    )  # fmt: skip


@export("train.maybe_shuffle_batch")
def maybe_shuffle_batch(
    tensors: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    keep_input: Any,
    num_threads: int = 1,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Like `shuffle_batch`, of the elements for which ``keep_input`` is true."""
    return _batch(
        [as_list(tensors)], tensors, batch_size, keep_input, num_threads,
        lambda types, sizes: RandomShuffleQueue(
            capacity=capacity, min_after_dequeue=min_after_dequeue, seed=seed, dtypes=types,
            shapes=sizes, shared_name=shared_name,
        ),
        capacity, min_after_dequeue, enqueue_many, shapes, allow_smaller_final_batch, name,
        "shuffle_batch",
    )  # fmt: skip


@export("train.shuffle_batch_join")
def shuffle_batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches in random order of elements from several sources, each with its own thread."""
    return maybe_shuffle_batch_join(
        tensors_list, batch_size, capacity, min_after_dequeue, True, seed, enqueue_many, shapes,
        allow_smaller_final_batch, shared_name, name,
    )  # fmt: skip


@export("train.maybe_shuffle_batch_join")
def maybe_shuffle_batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    keep_input: Any,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Like `shuffle_batch_join`, of the elements for which ``keep_input`` is true."""
    return _batch(
        _as_lists(tensors_list), tensors_list[0], batch_size, keep_input, None,
        lambda types, sizes: RandomShuffleQueue(
            capacity=capacity, min_after_dequeue=min_after_dequeue, seed=seed, dtypes=types,
            shapes=sizes, shared_name=shared_name,
        ),
        capacity, min_after_dequeue, enqueue_many, shapes, allow_smaller_final_batch, name,
        "shuffle_batch_join",
    )  # fmt: skip
