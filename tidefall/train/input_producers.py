"""Queues that hand out the rows of a tensor, epoch after epoch: the start of a pipeline."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.core.tensor_shape import as_shape
from tidefall.flow.assertion import assert_true
from tidefall.ir.collections import GraphKeys
from tidefall.ir.conversion import convert_n_to_tensor, convert_to_tensor
from tidefall.ir.tensor import Tensor
from tidefall.ir.with_blocks import control_dependencies, name_scope
from tidefall.ops.array import identity, shape
from tidefall.ops.constant import constant
from tidefall.ops.files import matching_files
from tidefall.ops.gather import gather
from tidefall.ops.queues import FIFOQueue
from tidefall.ops.random import random_shuffle
from tidefall.ops.ranges import range_
from tidefall.ops.sizes import size
from tidefall.train.fullness import fraction_full, usual_name
from tidefall.train.queue_runner import QueueRunner, add_queue_runner
from tidefall.variables.creation import create_variable


@export("train.match_filenames_once", "io.match_filenames_once")
def match_filenames_once(pattern: Any, name: str | None = None) -> Any:
    """A local variable that holds the names of files matching a pattern.

    Args:
      pattern: A pattern, or a vector of patterns, as for `tf.matching_files`.
      name: The name of the variable.

    Returns:
      The variable, to be initialized by `tf.local_variables_initializer`.
    """
    with name_scope(name, "matching_filenames", [pattern]) as scope:
        return create_variable(
            matching_files(pattern),
            trainable=False,
            collections=[GraphKeys.LOCAL_VARIABLES],
            validate_shape=False,
            name=scope,
        )


@export("train.limit_epochs")
def limit_epochs(tensor: Any, num_epochs: int | None = None, name: str | None = None) -> Any:
    """``tensor``, which can be computed ``num_epochs`` times.

    After that it raises `tf.errors.OutOfRangeError`. A local variable counts, which
    `tf.local_variables_initializer` sets to zero.

    Args:
      tensor: The tensor.
      num_epochs: How often; without end if None.
      name: The name of the operation.

    Raises:
      ValueError: If ``num_epochs`` is not positive.
    """
    if num_epochs is None:
        return tensor
    if num_epochs <= 0:
        raise ValueError(f"num_epochs must be positive, not {num_epochs}.")
    with name_scope(name, "limit_epochs", [tensor]) as scope:
        epochs = create_variable(
            constant(0, dtypes.int64),
            trainable=False,
            collections=[GraphKeys.LOCAL_VARIABLES],
            name="epochs",
        )
        with control_dependencies([epochs.count_up_to(num_epochs)]):
            return identity(tensor, name=scope)


@export("train.input_producer")
def input_producer(
    input_tensor: Any,
    element_shape: Any = None,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    summary_name: str | None = None,
    name: str | None = None,
    cancel_op: Any = None,
) -> FIFOQueue:
    """A queue of the rows of a tensor, and a runner that fills it.

    Args:
      input_tensor: The tensor.
      element_shape: The shape of a row, where it is not known.
      num_epochs: How often all rows are put in before the queue is closed; without end if None.
        They are counted by a local variable; see `limit_epochs`.
      shuffle: Whether to shuffle the rows, anew in each epoch.
      seed: The seed of the shuffling.
      capacity: The capacity of the queue.
      shared_name: Queues of one session with the same shared name are one queue.
      summary_name: The name of a summary of how full the queue is, if there is to be one.
      name: The name of the queue.
      cancel_op: The operation that closes the queue when the threads are stopped.

    Raises:
      ValueError: If the shape of a row is not known.
    """
    with name_scope(name, "input_producer", [input_tensor]):
        tensor = convert_to_tensor(input_tensor, name="input_tensor")
        row = tensor.shape[1:].merge_with(as_shape(element_shape))
        if not row.is_fully_defined():
            raise ValueError(
                f"the rows of '{tensor.name}' have shape {row}, which must be known. Give "
                "element_shape."
            )
        if shuffle:
            tensor = random_shuffle(tensor, seed=seed)
        tensor = limit_epochs(tensor, num_epochs)
        queue = FIFOQueue(
            capacity,
            [tensor.dtype.base_dtype],
            shapes=[row],
            shared_name=shared_name,
            name=name,
        )
        enqueue = queue.enqueue_many([tensor])
        add_queue_runner(QueueRunner(queue, [enqueue], cancel_op=cancel_op))
        if summary_name is not None:
            fraction_full(queue, capacity, summary_name)
        return queue


@export("train.string_input_producer")
def string_input_producer(
    string_tensor: Any,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    name: str | None = None,
    cancel_op: Any = None,
) -> FIFOQueue:
    """A queue of texts, mostly the names of files, and a runner that fills it.

    Args:
      string_tensor: A vector of texts.
      num_epochs: How often all are put in; see `input_producer`.
      shuffle: Whether to shuffle them, anew in each epoch.
      seed: The seed of the shuffling.
      capacity: The capacity of the queue.
      shared_name: Queues of one session with the same shared name are one queue.
      name: The name of the queue.
      cancel_op: The operation that closes the queue when the threads are stopped.

    Raises:
      ValueError: If the list is empty. If it turns out to be only when it is computed, running
        raises `tf.errors.InvalidArgumentError`.
    """
    complaint = "string_input_producer requires a non-null input tensor"
    if not isinstance(string_tensor, Tensor) and not len(string_tensor):
        raise ValueError(f"{complaint}: the list of texts is empty.")
    with name_scope(name, "input_producer", [string_tensor]) as scope:
        texts = convert_to_tensor(string_tensor, dtypes.string)
        with control_dependencies([assert_true(size(texts) > 0, [complaint])]):
            texts = identity(texts)
        return input_producer(
            texts,
            element_shape=[],
            num_epochs=num_epochs,
            shuffle=shuffle,
            seed=seed,
            capacity=capacity,
            shared_name=shared_name,
            summary_name=usual_name(capacity),
            name=scope,
            cancel_op=cancel_op,
        )


@export("train.range_input_producer")
def range_input_producer(
    limit: Any,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    name: str | None = None,
) -> FIFOQueue:
    """A queue of the integers from 0 up to but not including ``limit``; see `input_producer`."""
    with name_scope(name, "input_producer", [limit]) as scope:
        return input_producer(
            range_(limit), [], num_epochs, shuffle, seed, capacity, shared_name,
            usual_name(capacity), scope,
        )  # fmt: skip


@export("train.slice_input_producer")
def slice_input_producer(
    tensor_list: Any,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    name: str | None = None,
) -> list[Any]:
    """One row of each of several tensors, the same row of all.

    Args:
      tensor_list: Tensors with as many rows each.
      num_epochs: How often all rows come; see `input_producer`.
      shuffle: Whether to shuffle them, anew in each epoch.
      seed: The seed of the shuffling.
      capacity: The capacity of the queue of row numbers.
      shared_name: Queues of one session with the same shared name are one queue.
      name: The name of the operations.

    Returns:
      A list of tensors, with one dimension less each.

    Raises:
      ValueError: If the list is empty.
    """
    with name_scope(name, "input_producer", tensor_list):
        tensors = convert_n_to_tensor(tensor_list)
        if not tensors:
            raise ValueError("slice_input_producer needs at least one tensor.")
        rows = range_input_producer(
            shape(tensors[0])[0],
            num_epochs=num_epochs,
            shuffle=shuffle,
            seed=seed,
            capacity=capacity,
            shared_name=shared_name,
        )
        index = rows.dequeue()
        return [gather(tensor, index) for tensor in tensors]
