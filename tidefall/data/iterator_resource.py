"""What the handle of an iterator stands for, and the kernels of the ops that use it."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from tidefall.core import errors
from tidefall.core.runtime import RunContext
from tidefall.data.streams import (
    batches,
    buffers,
    caches,
    files,
    grouping,
    mapping,
    parsed,
    passing,
    rewrites,
    shuffles,
    sources,
    sql,
    tables,
)
from tidefall.data.streams.cardinality import size_of
from tidefall.data.streams.stream import (
    Capture,
    Element,
    End,
    Stream,
    as_bytes,
    as_text,
    open_stream,
)
from tidefall.io.records import TFRecordCompressionType, TFRecordOptions, TFRecordWriter
from tidefall.ops import iterators
from tidefall.ops.dataset_steps import Step, as_step
from tidefall.state import handles

#: The modules that know how the datasets run.
STREAMS = (
    batches, buffers, caches, files, grouping, mapping, parsed, passing, rewrites, shuffles,
    sources, sql, tables,
)  # fmt: skip

_END = "End of sequence"


class IteratorState:
    """An iterator of a session: at some place of a dataset, or not begun."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stream: Stream | None = None
        self._begun_with: Any = None

    def begin(self, step: Step, calls: Any) -> None:
        """Starts a new pass over a dataset.

        Args:
          step: The dataset.
          calls: Makes the functions of a new iterator.
        """
        fresh = open_stream(step, calls())
        with self._lock:
            self._begun_with = step, calls
            old, self._stream = self._stream, fresh
        if old is not None:
            old.close()

    def next(self) -> Element:
        """The next element; nobody else holds its arrays.

        Raises:
          OutOfRangeError: At the end.
          FailedPreconditionError: If it has not begun.
        """
        with self._lock:
            if self._stream is None:
                raise errors.FailedPreconditionError(
                    None,
                    None,
                    "the iterator was used before it was initialized. Run its initializer in "
                    "this session first.",
                )
            try:
                element = self._stream.next()
                exclusive = self._stream.exclusive
            except End:
                raise errors.OutOfRangeError(None, None, _END) from None
        return element if exclusive else [_owned(each) for each in element]

    def save(self) -> Any:
        """Where the iterator is, as a value."""
        with self._lock:
            if self._stream is None:
                raise errors.FailedPreconditionError(None, None, "the iterator was not begun.")
            return self._stream.save()

    def restore(self, state: Any) -> None:
        """Goes to where an iterator was when its state was saved, over the same dataset."""
        with self._lock:
            if self._stream is None or self._begun_with is None:
                raise errors.FailedPreconditionError(
                    None, None, "run the iterator's initializer before its state is restored."
                )
            step, calls = self._begun_with
            self._stream.close()
            self._stream = open_stream(step, calls())
            self._stream.restore(state)

    def close(self) -> None:
        """Ends what the iterator runs in the background."""
        with self._lock:
            if self._stream is not None:
                self._stream.close()
                self._stream = None


def _owned(value: Any) -> Any:
    if isinstance(value, np.ndarray) and (value.base is not None or not value.flags.owndata):
        return value.copy()
    return value


@iterators.iterator_v2.install
def _iterator_v2(
    xp: Any, run: RunContext, *, shared_name: str, container: str, **attrs: Any
) -> Any:
    return handles.make(run, IteratorState, container, shared_name, IteratorState)


@iterators.one_shot_iterator.install
def _one_shot_iterator(
    xp: Any, run: RunContext, *, dataset_factory: Any, container: str, shared_name: str,
    **attrs: Any,
) -> Any:  # fmt: skip
    def begun() -> IteratorState:
        state = IteratorState()
        (dataset,) = run.calls().bind(dataset_factory)()
        state.begin(as_step(dataset), run.calls)
        return state

    return handles.make(run, IteratorState, container, shared_name, begun)


@iterators.make_iterator.install
def _make_iterator(xp: Any, run: RunContext, dataset: Any, iterator: Any) -> None:
    handles.get(iterator, IteratorState).begin(as_step(dataset), run.calls)


@iterators.iterator_get_next.install
def _iterator_get_next(xp: Any, run: RunContext, iterator: Any, **attrs: Any) -> list[Any]:
    return handles.get(iterator, IteratorState).next()


iterators.iterator_get_next_sync.install(_iterator_get_next)


# -- handles as texts -----------------------------------------------------------------------------

_HANDLES = "iterators by their texts"


@iterators.iterator_to_string_handle.install
def _iterator_to_string_handle(xp: Any, run: RunContext, resource_handle: Any) -> Any:
    handles.get(resource_handle, IteratorState)
    handle: Any = np.asarray(resource_handle, object)[()]
    text = f"iterator:{handle.container}/{handle.name}".encode()
    run.resource(_HANDLES, dict)[text] = resource_handle
    return as_text(text)


@iterators.iterator_from_string_handle_v2.install
def _iterator_from_string_handle(xp: Any, run: RunContext, string_handle: Any, **attrs: Any) -> Any:
    text = np.asarray(string_handle, object)[()]
    found = run.resource(_HANDLES, dict).get(text)
    if found is None:
        raise ValueError(
            f"{text!r} names no iterator of this session. Feed what session.run returned for "
            "iterator.string_handle()."
        )
    return found


# -- datasets in one go ---------------------------------------------------------------------------


@iterators.iterator_get_next_as_optional.install
def _iterator_get_next_as_optional(xp: Any, run: RunContext, iterator: Any, **attrs: Any) -> Any:
    try:
        element: Any = handles.get(iterator, IteratorState).next()
    except errors.OutOfRangeError:
        element = None
    return as_text(iterators.Maybe(element))


@iterators.reduce_dataset.install
def _reduce_dataset(
    xp: Any, run: RunContext, input_dataset: Any, initial_state: list[Any],
    other_arguments: list[Any], *, f: Any, **attrs: Any,
) -> list[Any]:  # fmt: skip
    calls = run.calls()
    args = {"f": f, "other_arguments": [as_step(each) for each in other_arguments]}
    function = Capture(Step("ReduceDataset", run.node_name, args), calls)
    state = list(initial_state)
    stream = open_stream(as_step(input_dataset), calls)
    try:
        while True:
            state = function(*state, *stream.next())
    except End:
        return [_owned(each) for each in state]
    finally:
        stream.close()


@iterators.dataset_to_single_element.install
def _dataset_to_single_element(xp: Any, run: RunContext, dataset: Any, **attrs: Any) -> list[Any]:
    stream = open_stream(as_step(dataset), run.calls())
    try:
        element = [_owned(each) for each in stream.next()]
    except End:
        raise ValueError("the dataset is empty, but it must have one element.") from None
    try:
        stream.next()
    except End:
        return element
    finally:
        stream.close()
    raise ValueError("the dataset has more than one element.")


@iterators.dataset_cardinality.install
def _dataset_cardinality(xp: Any, run: RunContext, input_dataset: Any) -> Any:
    return np.int64(size_of(as_step(input_dataset)))


@iterators.dataset_to_tf_record.install
def _dataset_to_tf_record(
    xp: Any, run: RunContext, input_dataset: Any, filename: Any, compression_type: Any
) -> None:
    kind = as_bytes(compression_type).decode()
    writer = TFRecordWriter(as_bytes(filename).decode(), _OPTIONS[kind])
    stream = open_stream(as_step(input_dataset), run.calls())
    try:
        while True:
            writer.write(stream.next()[0][()])
    except End:
        writer.close()
    finally:
        stream.close()


_OPTIONS = {
    "": None,
    "GZIP": TFRecordOptions(TFRecordCompressionType.GZIP),
    "ZLIB": TFRecordOptions(TFRecordCompressionType.ZLIB),
}

# -- states as values -----------------------------------------------------------------------------


class SavedState:
    """The state of an iterator, as a variant holds it."""

    def __init__(self, value: Any) -> None:
        self.value = value


@iterators.serialize_iterator.install
def _serialize_iterator(xp: Any, run: RunContext, resource_handle: Any) -> Any:
    return as_text(SavedState(handles.get(resource_handle, IteratorState).save()))


@iterators.deserialize_iterator.install
def _deserialize_iterator(xp: Any, run: RunContext, resource_handle: Any, serialized: Any) -> None:
    saved = np.asarray(serialized, object)[()]
    if not isinstance(saved, SavedState):
        raise ValueError("this is not the state of an iterator.")
    handles.get(resource_handle, IteratorState).restore(saved.value)
