"""`tf.train.batch` and its kin: a queue of elements, filled by threads, emptied in batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

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
from tidefall.ops.partition import dynamic_partition
from tidefall.ops.queues import FIFOQueue, PaddingFIFOQueue, QueueBase, RandomShuffleQueue
from tidefall.train.fullness import fraction_above, fraction_full
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


def queue_class(dynamic_pad: bool) -> Any:
    """The class of a queue in order."""
    return PaddingFIFOQueue if dynamic_pad else FIFOQueue


class _Mixing(NamedTuple):
    """How a queue shuffles.

    Attributes:
      at_least: How many elements stay behind.
      seed: The seed of the order.
    """

    at_least: int
    seed: int | None


class _Batches(NamedTuple):
    """Batches of elements that wait in a queue; the functions of this file differ in these.

    Attributes:
      size: How many elements a batch has.
      capacity: How many wait at most.
      enqueue_many: Whether each tensor is a batch of elements.
      shapes: The shapes of an element, where they are not known.
      smaller: Whether the last batch may be smaller.
      shared_name: The name of the queue in the session.
      name: The name of the operations.
      dynamic_pad: Whether elements may differ in size.
      mixing: How the queue shuffles; None if it is in order.
    """

    size: Any
    capacity: int
    enqueue_many: bool
    shapes: Any
    smaller: bool
    shared_name: str | None
    name: str | None
    dynamic_pad: bool = False
    mixing: _Mixing | None = None

    def of(self, tensors: Any, keep_input: Any, threads: int) -> Any:
        """Batches of what several threads compute."""
        return self._of([as_list(tensors)], tensors, keep_input, threads, "batch")

    def of_each(self, tensors_list: Any, keep_input: Any) -> Any:
        """Batches of what a thread computes of each list."""
        return self._of(_as_lists(tensors_list), tensors_list[0], keep_input, 1, "batch_join")

    def _of(self, lists: list[Any], given: Any, keep_input: Any, threads: int, kind: str) -> Any:
        default_name = kind if self.mixing is None else f"shuffle_{kind}"
        with name_scope(self.name, default_name, [*_flat(lists), keep_input]) as scope:
            tensors = [converted(each, default_name) for each in lists]
            keep = checked_keep(keep_input, self.enqueue_many)
            tensors, kept = _put_away(tensors, self.enqueue_many, keep)
            queue = self._queue(
                types_of(tensors), shapes_of(tensors, self.shapes, self.enqueue_many)
            )
            operations = [_enqueue_op(queue, each, self.enqueue_many, keep) for each in tensors]
            add_queue_runner(QueueRunner(queue, operations * threads))
            self._summary(queue)
            take = queue.dequeue_up_to if self.smaller else queue.dequeue_many
            return as_given(given, fetched(take(self.size, name=scope), kept))

    def _queue(self, types: list[Any], shapes: Any) -> QueueBase:
        if self.mixing is None:
            make = queue_class(self.dynamic_pad)
            return make(self.capacity, types, shapes, shared_name=self.shared_name)  # type: ignore[no-any-return]
        at_least, seed = self.mixing
        if self.capacity <= at_least:
            raise ValueError(
                f"the capacity {self.capacity} must be larger than min_after_dequeue {at_least}."
            )
        return RandomShuffleQueue(
            self.capacity, at_least, types, shapes, seed=seed, shared_name=self.shared_name
        )

    def _summary(self, queue: QueueBase) -> None:
        if self.mixing is None:
            fraction_full(queue, self.capacity)
        else:
            fraction_above(queue, self.capacity, self.mixing.at_least)


def _flat(lists: Sequence[Any]) -> list[Any]:
    return [tensor for tensors in lists for tensor in tensors]


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
    batches = _Batches(
        batch_size, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name, name,
        dynamic_pad,
    )  # fmt: skip
    return batches.of(tensors, keep_input, num_threads)


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
    batches = _Batches(
        batch_size, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name, name,
        dynamic_pad,
    )  # fmt: skip
    return batches.of_each(tensors_list, keep_input)


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
    batches = _Batches(
        batch_size, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name, name,
        mixing=_Mixing(min_after_dequeue, seed),
    )  # fmt: skip
    return batches.of(tensors, keep_input, num_threads)


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
    batches = _Batches(
        batch_size, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name, name,
        mixing=_Mixing(min_after_dequeue, seed),
    )  # fmt: skip
    return batches.of_each(tensors_list, keep_input)
