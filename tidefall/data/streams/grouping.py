"""Streams that gather elements: by windows, by keys."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from tidefall.core import errors
from tidefall.data.streams.stream import (
    Capture,
    Counted,
    Derived,
    Element,
    End,
    Stream,
    as_number,
    open_stream,
    stream,
)
from tidefall.ops.dataset_steps import Step, as_step


def gathered(elements: list[Element]) -> Step:
    """A dataset of elements that are at hand."""
    return Step("GatheredDataset", "", {"elements": elements})


@stream("GatheredDataset")
class Gathered(Stream):
    """Elements that are at hand."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._elements: list[Element] = step["elements"]
        self._at = 0

    def next(self) -> Element:
        if self._at == len(self._elements):
            raise End
        self._at += 1
        return self._elements[self._at - 1]

    def save(self) -> Any:
        return self._at

    def restore(self, state: Any) -> None:
        self._at = state


@stream("WindowDataset")
class Windows(Derived):
    """Each component of so many elements, as a dataset of its own."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        names = ("size", "shift", "stride")
        self._size, self._shift, self._stride = (as_number(step[name]) for name in names)
        for name, value in zip(names, (self._size, self._shift, self._stride), strict=True):
            if value <= 0:
                raise ValueError(f"the {name} of a window must be positive, not {value}.")
        self._whole = bool(step["drop_remainder"])
        self._held: deque[Element] = deque()
        self._skip = 0
        self._over = False

    def next(self) -> Element:
        span = self._stride * (self._size - 1) + 1
        while len(self._held) < span and not self._over:
            try:
                element = self.input.next()
            except End:
                self._over = True
                break
            if self._skip:
                self._skip -= 1
            else:
                self._held.append(element)
        if not self._held or (self._whole and len(self._held) < span):
            raise End
        window = list(self._held)[: span : self._stride]
        for _ in range(min(self._shift, len(self._held))):
            self._held.popleft()
        self._skip = max(self._shift - span, 0)
        parts = zip(*window, strict=True)
        return [gathered([[value] for value in part]).array for part in parts]

    def save(self) -> Any:
        return list(self._held), self._skip, self._over, self.input.save()

    def restore(self, state: Any) -> None:
        held, self._skip, self._over, inner = state
        self._held = deque(held)
        self.input.restore(inner)


@stream("GroupByWindowDataset")
class GroupedByWindow(Derived):
    """Elements of one key, so many at a time, each window reduced to a dataset."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._key = Capture(step, calls, "key_func", "key_func_other_arguments")
        self._reduce = Capture(step, calls, "reduce_func", "reduce_func_other_arguments")
        self._window_size = Capture(
            step, calls, "window_size_func", "window_size_func_other_arguments"
        )
        self._groups: dict[int, list[Element]] = {}
        self._sizes: dict[int, int] = {}
        self._inner: Any = None
        self._window: tuple[int, list[Element]] = (0, [])
        self._over = False

    def next(self) -> Element:
        while True:
            if self._inner is not None:
                try:
                    element: Element = self._inner.next()
                except End:
                    self._inner.close()
                    self._inner = None
                else:
                    return element
            self._window = self._next_window()
            self._inner = self._reduced(*self._window)

    def _next_window(self) -> tuple[int, list[Element]]:
        """A key, and the elements of its next window."""
        while not self._over:
            try:
                element = self.input.next()
            except End:
                self._over = True
                break
            key = int(self._key(*element)[0])
            if key not in self._sizes:
                size = int(self._window_size(np.int64(key))[0])
                if size <= 0:
                    raise ValueError(f"the window size of key {key} must be positive, not {size}.")
                self._sizes[key] = size
            group = self._groups.setdefault(key, [])
            group.append(element)
            if len(group) == self._sizes[key]:
                return key, self._groups.pop(key)
        if not self._groups:
            raise End
        key = min(self._groups)
        return key, self._groups.pop(key)

    def _reduced(self, key: int, window: list[Element]) -> Any:
        """The stream over what a window is reduced to."""
        (dataset,) = self._reduce(np.int64(key), gathered(window).array)
        return open_stream(as_step(dataset), self.calls)

    def close(self) -> None:
        if self._inner is not None:
            self._inner.close()
        super().close()

    def save(self) -> Any:
        groups = {key: list(group) for key, group in self._groups.items()}
        inner = None if self._inner is None else (self._window, self._inner.save())
        return groups, dict(self._sizes), self._over, inner, self.input.save()

    def restore(self, state: Any) -> None:
        groups, sizes, self._over, inner, source = state
        self._groups = {key: list(group) for key, group in groups.items()}
        self._sizes = dict(sizes)
        self.input.restore(source)
        if inner is not None:
            self._window = inner[0]
            self._inner = self._reduced(*self._window)
            self._inner.restore(inner[1])


@stream("ExperimentalGroupByReducerDataset")
class GroupedByReducer(Derived):
    """What the elements of each key are reduced to."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        names = ("key", "init", "reduce", "finalize")
        self._key, self._init, self._reduce, self._finalize = (
            Capture(step, calls, f"{name}_func", f"{name}_func_other_arguments") for name in names
        )
        self._states: dict[int, list[Any]] | None = None
        self._keys: list[int] = []

    def next(self) -> Element:
        if self._states is None:
            self._states = self._reduced()
            self._keys = sorted(self._states)
        if not self._keys:
            raise End
        return self._finalize(*self._states.pop(self._keys.pop(0)))

    def _reduced(self) -> dict[int, list[Any]]:
        states: dict[int, list[Any]] = {}
        try:
            while True:
                element = self.input.next()
                key = int(self._key(*element)[0])
                if key not in states:
                    states[key] = self._init(np.int64(key))
                states[key] = self._reduce(*states[key], *element)
        except End:
            return states

    def save(self) -> Any:
        if self._states is None:
            return None, [], self.input.save()
        states = {key: list(state) for key, state in self._states.items()}
        return states, list(self._keys), None

    def restore(self, state: Any) -> None:
        states, self._keys, source = state
        if states is None:
            self.input.restore(source)
        else:
            self._states = {key: list(each) for key, each in states.items()}


@stream("UniqueDataset")
class Unique(Derived):
    """The elements that were not met before."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._seen: set[Any] = set()

    def next(self) -> Element:
        while True:
            element = self.input.next()
            key = element[0][()]
            if key not in self._seen:
                self._seen.add(key)
                return element

    def save(self) -> Any:
        return set(self._seen), self.input.save()

    def restore(self, state: Any) -> None:
        self._seen, inner = set(state[0]), state[1]
        self.input.restore(inner)


@stream("IgnoreErrorsDataset")
class WithoutErrors(Derived):
    """The elements that could be computed.

    Attributes:
      ignored: How many could not.
    """

    ignored = 0

    def next(self) -> Element:
        while True:
            try:
                return self.input.next()
            except End:
                raise
            except (ArithmeticError, LookupError, TypeError, ValueError, errors.OpError):
                self.ignored += 1
                self.calls.shared("ignored", dict)[self.step.node_name] = self.ignored


@stream("DirectedInterleaveDataset")
class Directed(Stream):
    """The next element of the dataset whose number comes next."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._selector = open_stream(step["selector_input_dataset"], calls)
        self._inputs: list[Any] = [open_stream(e, calls) for e in step["data_input_datasets"]]
        self._over = [False] * len(self._inputs)

    def next(self) -> Element:
        while True:
            chosen = int(self._selector.next()[0])
            if not 0 <= chosen < len(self._inputs):
                raise ValueError(
                    f"the selector chose dataset {chosen}, but there are {len(self._inputs)}."
                )
            if self._over[chosen]:
                continue
            try:
                element: Element = self._inputs[chosen].next()
            except End:
                self._over[chosen] = True
                if all(self._over):
                    raise
                continue
            return element

    def close(self) -> None:
        self._selector.close()
        for each in self._inputs:
            each.close()

    def save(self) -> Any:
        return list(self._over), self._selector.save(), [each.save() for each in self._inputs]

    def restore(self, state: Any) -> None:
        self._over, selector, inner = list(state[0]), state[1], state[2]
        self._selector.restore(selector)
        for each, part in zip(self._inputs, inner, strict=True):
            each.restore(part)


@stream("GeneratorDataset")
class FromGenerator(Counted):
    """What a function returns, called again and again."""

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self._init = Capture(step, calls, "init_func", "init_func_other_args")
        self._next = Capture(step, calls, "next_func", "next_func_other_args")
        self._finalize = Capture(step, calls, "finalize_func", "finalize_func_other_args")
        self.begin()

    def begin(self) -> None:
        self._state: list[Any] | None = None
        self._over = False

    def next(self) -> Element:
        if self._over:
            raise End
        if self._state is None:
            self._state = self._init()
        try:
            element = self._next(*self._state)
        except errors.OutOfRangeError:
            self.close()
            raise End from None
        self.given += 1
        return element

    def close(self) -> None:
        self._over = True
        if self._state is not None:
            state, self._state = self._state, None
            self._finalize(*state)
