"""What the handle of an iterator stands for, and the kernels of the ops that use it."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from tidefall.core import errors
from tidefall.core.runtime import RunContext
from tidefall.data.streams import batches, mapping, passing, sources
from tidefall.data.streams.stream import Element, End, Stream, open_stream
from tidefall.ops import iterators
from tidefall.ops.dataset_steps import Step, as_step
from tidefall.state import handles

#: The modules that know how the datasets run.
STREAMS = (batches, mapping, passing, sources)

_END = "End of sequence"


class IteratorState:
    """An iterator of a session: at some place of a dataset, or not begun."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stream: Stream | None = None

    def begin(self, step: Step, calls: Any) -> None:
        """Starts a new pass over a dataset."""
        fresh = open_stream(step, calls)
        with self._lock:
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
            except End:
                raise errors.OutOfRangeError(None, None, _END) from None
        return [_owned(each) for each in element]

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
        state.begin(as_step(dataset), run.calls())
        return state

    return handles.make(run, IteratorState, container, shared_name, begun)


@iterators.make_iterator.install
def _make_iterator(xp: Any, run: RunContext, dataset: Any, iterator: Any) -> None:
    handles.get(iterator, IteratorState).begin(as_step(dataset), run.calls())


@iterators.iterator_get_next.install
def _iterator_get_next(xp: Any, run: RunContext, iterator: Any, **attrs: Any) -> list[Any]:
    return handles.get(iterator, IteratorState).next()


iterators.iterator_get_next_sync.install(_iterator_get_next)
