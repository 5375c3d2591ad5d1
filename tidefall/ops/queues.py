"""Queues as a program sees them: `tf.FIFOQueue` and its kin."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from tidefall.core import dtypes as types
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.tensor_shape import TensorShape, as_shape, unknown_shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.inference import constant_value
from tidefall.ir.opdef import OpDef
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ir.with_blocks import name_scope
from tidefall.ops.gather import gather
from tidefall.ops.joining import stack
from tidefall.ops.queue_ops import (
    fifo_queue_v2,
    padding_fifo_queue_v2,
    priority_queue_v2,
    queue_close_v2,
    queue_dequeue_many_v2,
    queue_dequeue_up_to_v2,
    queue_dequeue_v2,
    queue_enqueue_many_v2,
    queue_enqueue_v2,
    queue_is_closed_v2,
    queue_size_v2,
    random_shuffle_queue_v2,
)
from tidefall.ops.random_seed import get_seed


@export("QueueBase", "io.QueueBase", "queue.QueueBase")
class QueueBase:
    """What all queues can do.

    A queue is made by one of the derived classes. Its methods add operations; the queue itself is
    in the session.

    Args:
      dtypes: The dtypes of the components of an element.
      shapes: Their shapes, or None.
      names: Names for the components, or None; then elements are dictionaries.
      queue_ref: The handle.
    """

    def __init__(self, dtypes: Any, shapes: Any, names: Any, queue_ref: Any) -> None:
        for what, given in (("shapes", shapes), ("names", names)):
            if given is not None and len(given) != len(dtypes):
                raise ValueError(
                    f"a queue with {len(dtypes)} dtypes needs as many {what}, but {len(given)} "
                    "were given."
                )
        self._dtypes = [as_dtype(each) for each in dtypes]
        self._shapes = (
            [unknown_shape() for _ in dtypes] if shapes is None else [as_shape(s) for s in shapes]
        )
        self._names = names
        self._queue_ref = queue_ref
        self._name = queue_ref.op.name.split("/")[-1]

    @staticmethod
    def from_list(index: Any, queues: Any) -> QueueBase:
        """The queue that ``index``, a tensor, chooses from a list each time it is used.

        Raises:
          TypeError: If these are not queues with the same dtypes and names.
        """
        if (
            not isinstance(queues, list)
            or not queues
            or not all(isinstance(queue, QueueBase) for queue in queues)
        ):
            raise TypeError(f"a list of queues is needed, not {queues!r}.")
        first = queues[0]
        if any(queue.dtypes != first.dtypes for queue in queues):
            raise TypeError("the queues have components of different dtypes.")
        if any(queue.names != first.names for queue in queues):
            raise TypeError("the queues have components of different names.")
        shapes = [
            functools.reduce(_common, each)
            for each in zip(*[queue.shapes for queue in queues], strict=True)
        ]
        chosen = gather(stack([queue.queue_ref for queue in queues]), index)
        return QueueBase(first.dtypes, shapes, first.names, chosen)

    @property
    def queue_ref(self) -> Tensor:
        """The handle."""
        return self._queue_ref

    @property
    def name(self) -> str:
        """The name of the operation that makes the queue."""
        return self._queue_ref.op.name

    @property
    def dtypes(self) -> list[DType]:
        """The dtypes of the components."""
        return self._dtypes

    @property
    def shapes(self) -> list[TensorShape]:
        """The shapes of the components of an element."""
        return self._shapes

    @property
    def names(self) -> Any:
        """The names of the components, or None."""
        return self._names

    def enqueue(self, vals: Any, name: str | None = None) -> Operation:
        """An operation that adds one element, and waits while the queue is full.

        Args:
          vals: A tensor, a list of tensors, or a dictionary if the queue has names.
          name: The name of the operation.

        Running it raises `tf.errors.CancelledError` if the queue is or gets closed.
        """
        with name_scope(name, f"{self._name}_enqueue", list(_values(vals))) as scope:
            tensors = self._components(vals)
            for tensor, shape in zip(tensors, self._shapes, strict=False):
                tensor.shape.assert_is_compatible_with(shape)
            return queue_enqueue_v2(self._queue_ref, tensors, name=scope)

    def enqueue_many(self, vals: Any, name: str | None = None) -> Operation:
        """An operation that adds the slices of tensors along their first dimension, in order.

        Args:
          vals: As for `enqueue`, each with one dimension more.
          name: The name of the operation.
        """
        with name_scope(name, f"{self._name}_EnqueueMany", list(_values(vals))) as scope:
            tensors = self._components(vals)
            first = tensors[0].shape.with_rank_at_least(1)[:1]
            for tensor, shape in zip(tensors, self._shapes, strict=False):
                first = first.merge_with(tensor.shape.with_rank_at_least(1)[:1])
                tensor.shape[1:].assert_is_compatible_with(shape)
            return queue_enqueue_many_v2(self._queue_ref, tensors, name=scope)

    def dequeue(self, name: str | None = None) -> Any:
        """One element; running it waits while the queue is empty.

        Returns:
          A tensor, a list of tensors, or a dictionary if the queue has names. Running it raises
          `tf.errors.OutOfRangeError` once the queue is closed and empty.
        """
        results = queue_dequeue_v2(
            self._queue_ref, component_types=self._dtypes, name=name or f"{self._name}_Dequeue"
        )
        return self._dequeued(results, None)

    def dequeue_many(self, n: Any, name: str | None = None) -> Any:
        """``n`` elements, stacked; running it waits until there are so many.

        Raises `tf.errors.OutOfRangeError` when run once the queue is closed and has fewer.
        """
        results = queue_dequeue_many_v2(
            self._queue_ref,
            n,
            component_types=self._dtypes,
            name=name or f"{self._name}_DequeueMany",
        )
        count = constant_value(results[0].op.inputs[1])
        return self._dequeued(results, [None if count is None else int(count)])

    def dequeue_up_to(self, n: Any, name: str | None = None) -> Any:
        """``n`` elements, stacked, or what is left once the queue is closed."""
        results = queue_dequeue_up_to_v2(
            self._queue_ref,
            n,
            component_types=self._dtypes,
            name=name or f"{self._name}_DequeueUpTo",
        )
        return self._dequeued(results, [None])

    def close(self, cancel_pending_enqueues: bool = False, name: str | None = None) -> Operation:
        """An operation that closes the queue.

        Nothing more can be put in then; taking goes on while there is enough.

        Args:
          cancel_pending_enqueues: Whether those that wait to put something in fail. If not,
            closing waits for them.
          name: The name of the operation.
        """
        return queue_close_v2(
            self._queue_ref,
            cancel_pending_enqueues=cancel_pending_enqueues,
            name=name or f"{self._name}_Close",
        )

    def is_closed(self, name: str | None = None) -> Tensor:
        """Whether the queue is closed."""
        return queue_is_closed_v2(self._queue_ref, name=name or f"{self._name}_Is_Closed")

    def size(self, name: str | None = None) -> Tensor:
        """The number of elements in the queue."""
        return queue_size_v2(self._queue_ref, name=name or f"{self._name}_Size")

    def _components(self, vals: Any) -> list[Tensor]:
        """The tensors to put in, in the queue's order and dtypes."""
        if isinstance(vals, dict):
            if not self._names:
                raise ValueError(
                    f"the queue '{self.name}' has no names, so a dictionary cannot be put in. Make "
                    "it with names=…, or give a list."
                )
            if sorted(self._names, key=str) != sorted(vals, key=str):
                raise ValueError(
                    f"the dictionary has the keys {sorted(vals, key=str)}, but the queue "
                    f"'{self.name}' needs {sorted(self._names, key=str)}."
                )
            vals = [vals[each] for each in self._names]
        elif self._names:
            raise ValueError(
                f"the queue '{self.name}' has names, so a dictionary with the keys "
                f"{list(self._names)} must be put in."
            )
        elif not isinstance(vals, (list, tuple)):
            vals = [vals]
        if len(vals) != len(self._dtypes):
            raise ValueError(
                f"an element of the queue '{self.name}' has {len(self._dtypes)} components, but "
                f"{len(vals)} were given."
            )
        return [
            convert_to_tensor(value, dtype, f"component_{index}")
            for index, (value, dtype) in enumerate(zip(vals, self._dtypes, strict=True))
        ]

    def _dequeued(self, results: Any, leading: list[int | None] | None) -> Any:
        """The results of a dequeue, with their shapes and in the form they were put in."""
        for tensor, shape in zip(results, self._shapes, strict=True):
            tensor.set_shape(shape if leading is None else TensorShape(leading).concatenate(shape))
        if self._names:
            return dict(zip(self._names, results, strict=True))
        return results[0] if len(results) == 1 else results


def _values(vals: Any) -> Iterable[Any]:
    if isinstance(vals, dict):
        return vals.values()
    return vals if isinstance(vals, (list, tuple)) else [vals]


def _common(a: TensorShape, b: TensorShape) -> TensorShape:
    """What two shapes have in common."""
    if a.ndims is None or a.ndims != b.ndims:
        return unknown_shape()
    pairs = zip(a.as_list(), b.as_list(), strict=True)
    return TensorShape([x if x == y else None for x, y in pairs])


def _dtype_list(dtypes: Any) -> list[DType]:
    given = dtypes if isinstance(dtypes, (list, tuple)) else [dtypes]
    return [as_dtype(each) for each in given]


def _shape_list(shapes: Any, may_vary: bool = False) -> list[TensorShape] | None:
    """The argument ``shapes`` of a queue as a list of shapes.

    Args:
      shapes: A shape, or a list of shapes.
      may_vary: Whether sizes may be unknown; then there must be a list.
    """
    if may_vary and (
        not isinstance(shapes, Sequence) or not shapes or any(map(_is_dimension, shapes))
    ):
        raise ValueError(
            f"a queue that pads needs a list of shapes, one for each component, not {shapes!r}."
        )
    if shapes is None:
        return None
    if isinstance(shapes, TensorShape):
        shapes = [shapes]
    if not isinstance(shapes, (list, tuple)):
        raise TypeError(f"shapes must be a shape or a list of shapes, not {shapes!r}.")
    if all(map(_is_dimension, shapes)):
        shapes = [shapes]
    result = [as_shape(shape) for shape in shapes]
    if not may_vary and not all(shape.is_fully_defined() for shape in result):
        raise ValueError(
            f"the shapes of this queue must be fully known, but {result} were given. Use a "
            "PaddingFIFOQueue for elements of different sizes."
        )
    if any(shape.ndims is None for shape in result):
        raise ValueError(f"the rank of each shape must be known, but {result} were given.")
    return result


def _is_dimension(size: Any) -> bool:
    return size is None or isinstance(size, int)


def _name_list(names: Any, dtypes: list[DType]) -> list[Any] | None:
    if names is None:
        return None
    given = list(names) if isinstance(names, (list, tuple)) else [names]
    if len(given) != len(dtypes):
        raise ValueError(
            f"{len(dtypes)} components need as many names, but {len(given)} were given."
        )
    return given


def _handle(
    op: OpDef,
    kinds: list[DType],
    dims: list[TensorShape] | None,
    capacity: Any,
    shared_name: str | None,
    name: str | None,
    **more: Any,
) -> Any:
    """The handle of a new queue."""
    return op(
        component_types=kinds, shapes=dims or [], capacity=capacity,
        shared_name=shared_name or "", name=name, **more,
    )  # fmt: skip


@export("FIFOQueue", "queue.FIFOQueue")
class FIFOQueue(QueueBase):
    """A queue whose elements leave in the order in which they came.

    Args:
      capacity: How many elements it holds at most.
      dtypes: The dtype of an element, or a list for several components.
      shapes: The shape or shapes; needed for `dequeue_many`.
      names: Names of the components.
      shared_name: Queues of one session with the same shared name are one queue.
      name: The name of the operation.

    >>> queue = tf.FIFOQueue(3, tf.float32, shapes=[()])
    >>> with tf.Session() as sess:
    ...     sess.run(queue.enqueue_many([[1.0, 2.0, 3.0]]))
    ...     sess.run(queue.dequeue_many(2))
    array([1., 2.], dtype=float32)
    """

    def __init__(
        self,
        capacity: Any,
        dtypes: Any,
        shapes: Any = None,
        names: Any = None,
        shared_name: str | None = None,
        name: str | None = "fifo_queue",
    ) -> None:
        kinds, dims = _dtype_list(dtypes), _shape_list(shapes)
        texts = _name_list(names, kinds)
        handle = _handle(fifo_queue_v2, kinds, dims, capacity, shared_name, name)
        super().__init__(kinds, dims, texts, handle)


@export("PaddingFIFOQueue", "io.PaddingFIFOQueue", "queue.PaddingFIFOQueue")
class PaddingFIFOQueue(QueueBase):
    """A `FIFOQueue` whose elements may differ in size; `dequeue_many` pads them.

    Args:
      capacity: How many elements it holds at most.
      dtypes: The dtypes of the components.
      shapes: A list of their shapes, with None for sizes that differ.
      names: Names of the components.
      shared_name: Queues of one session with the same shared name are one queue.
      name: The name of the operation.
    """

    def __init__(
        self,
        capacity: Any,
        dtypes: Any,
        shapes: Any,
        names: Any = None,
        shared_name: str | None = None,
        name: str = "padding_fifo_queue",
    ) -> None:
        kinds, dims = _dtype_list(dtypes), _shape_list(shapes, may_vary=True) or []
        texts = _name_list(names, kinds)
        if len(kinds) != len(dims):
            raise ValueError(
                f"a queue that pads needs a shape for each of its {len(kinds)} components, but "
                f"{len(dims)} were given."
            )
        handle = _handle(padding_fifo_queue_v2, kinds, dims, capacity, shared_name, name)
        super().__init__(kinds, dims, texts, handle)


@export("RandomShuffleQueue", "io.RandomShuffleQueue", "queue.RandomShuffleQueue")
class RandomShuffleQueue(QueueBase):
    """A queue whose elements leave in a random order.

    Args:
      capacity: How many elements it holds at most.
      min_after_dequeue: How many stay behind while it is open; more mix better.
      dtypes: The dtype of an element, or a list for several components.
      shapes: The shape or shapes; needed for `dequeue_many`.
      names: Names of the components.
      seed: The seed of the order; see `tf.set_random_seed`.
      shared_name: Queues of one session with the same shared name are one queue.
      name: The name of the operation.
    """

    def __init__(
        self,
        capacity: Any,
        min_after_dequeue: Any,
        dtypes: Any,
        shapes: Any = None,
        names: Any = None,
        seed: int | None = None,
        shared_name: str | None = None,
        name: str = "random_shuffle_queue",
    ) -> None:
        kinds, dims = _dtype_list(dtypes), _shape_list(shapes)
        texts = _name_list(names, kinds)
        first, second = get_seed(seed)
        if first is not None and seed is None and shared_name is not None:
            digest = hashlib.md5(f"{first}{shared_name}".encode()).hexdigest()
            second = int(digest[:8], 16) & 0x7FFFFFFF
        handle = _handle(
            random_shuffle_queue_v2, kinds, dims, capacity, shared_name, name,
            min_after_dequeue=min_after_dequeue, seed=first or 0, seed2=second or 0,
        )  # fmt: skip
        super().__init__(kinds, dims, texts, handle)


@export("PriorityQueue", "io.PriorityQueue", "queue.PriorityQueue")
class PriorityQueue(QueueBase):
    """A queue whose elements leave with the smallest priority first.

    An element has one component more than ``types``: its priority, an int64, comes first.

    Args:
      capacity: How many elements it holds at most.
      types: The dtypes of the other components.
      shapes: Their shapes; needed for `dequeue_many`.
      names: Names of all components, the priority's first.
      shared_name: Queues of one session with the same shared name are one queue.
      name: The name of the operation.
    """

    def __init__(
        self,
        capacity: Any,
        types: Any,
        shapes: Any = None,
        names: Any = None,
        shared_name: str | None = None,
        name: str = "priority_queue",
    ) -> None:
        kinds, dims = _dtype_list(types), _shape_list(shapes)
        handle = _handle(priority_queue_v2, kinds, dims, capacity, shared_name, name)
        all_dims = [TensorShape([]), *dims] if dims else dims
        super().__init__([_PRIORITY, *kinds], all_dims, names, handle)


_PRIORITY = types.int64
