"""`Stream`: one pass over the elements of a dataset.

An element is a list of arrays, one for each component; text is an array of objects, of rank 0
where it is one text. A stream whose elements all have the same shapes, and whose making nobody
can observe, is *wide*: it also gives many elements at once, as columns with one row for each,
which costs little more than a single element.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from tidefall.core import errors
from tidefall.core.shapes import Shape
from tidefall.ops.dataset_steps import Step

Element = list[Any]
Columns = list[Any]

#: How many elements a wide stream is asked for at once where nobody waits for fewer.
BLOCK = 1024


class End(Exception):
    """There are no more elements."""


class Stream:
    """One pass over a dataset.

    Args:
      step: The dataset.
      calls: The functions of the iterator: ``calls.bind(function)`` is what runs one.

    Attributes:
      wide: Whether `block` may be called.
      exclusive: Whether nobody else will look at the arrays it gives, which may be written.
      light: Whether its elements are rows of arrays in memory, which nothing but memory is needed
        for: no function, no file, no other thread, and nothing that can fail.
      keeps_failures: Whether a block ends before an element that fails, which fails when it is
        asked for next; so more elements may be asked for than are wanted now.
    """

    wide = False
    exclusive = False
    light = False
    keeps_failures = False

    def __init__(self, step: Step, calls: Any) -> None:
        self.step = step
        self.calls = calls

    def next(self) -> Element:
        """The next element.

        Raises:
          End: If there is none.
        """
        return first_row(self.block(1))

    def block(self, count: int) -> Columns:
        """The next elements as columns, at least one and at most ``count``.

        Raises:
          End: If there are none.
        """
        raise AssertionError(f"{type(self).__name__} is not wide")

    def close(self) -> None:
        """Ends what runs in the background, and closes files."""

    def save(self) -> Any:
        """The state, as nested tuples of numbers, texts and arrays."""
        message = (
            f"the state of a dataset of type {self.step.type} ('{self.step.node_name}') cannot be "
            "saved."
        )
        raise errors.UnimplementedError(None, None, message)

    def restore(self, state: Any) -> None:
        """Takes a state that `save` returned."""
        raise AssertionError("what cannot be saved is not restored")


class Counted(Stream):
    """A stream whose state is how many elements it gave.

    To go on from there it begins again, and passes over as many.

    Attributes:
      given: How many elements were given; whoever gives one counts it.
    """

    given = 0

    def begin(self) -> None:
        """Begins, or begins again."""
        raise AssertionError(f"{type(self).__name__} cannot begin again")

    def save(self) -> Any:
        return self.given

    def restore(self, state: Any) -> None:
        self.close()
        self.given = 0
        self.begin()
        while self.given < state:
            if self.wide:
                self.block(state - self.given)
            else:
                self.next()


class Derived(Stream):
    """A stream that reads one other stream; its state is that of the other, if it has none itself.

    Attributes:
      input: The other stream.
    """

    def __init__(self, step: Step, calls: Any) -> None:
        super().__init__(step, calls)
        self.input = open_stream(step["input_dataset"], calls)

    def reopen(self) -> None:
        """Begins a new pass over the input."""
        self.input.close()
        self.input = open_stream(self.step["input_dataset"], self.calls)

    def close(self) -> None:
        self.input.close()

    def save(self) -> Any:
        return self.input.save()

    def restore(self, state: Any) -> None:
        self.input.restore(state)


#: What begins a pass: the class of the streams of a dataset, or a function that chooses one.
_openers: dict[str, Callable[[Step, Any], Stream]] = {}
_Opener = TypeVar("_Opener", bound=Callable[[Step, Any], Stream])


def stream(*types: str) -> Callable[[_Opener], _Opener]:
    """Decorator: what begins passes over datasets of these types."""

    def register(opener: _Opener) -> _Opener:
        for each in types:
            _openers[each] = opener
        return opener

    return register


def open_stream(step: Any, calls: Any) -> Stream:
    """Begins a pass over a dataset."""
    if not isinstance(step, Step):
        message = f"a dataset is needed, but {type(step).__name__} was given."
        raise errors.InvalidArgumentError(None, None, message)
    found = _openers.get(step.type)
    if found is None:
        message = f"datasets of type {step.type} ('{step.node_name}') cannot be run here yet."
        raise errors.UnimplementedError(None, None, message)
    return found(step, calls)


class Capture:
    """A function of a step with the values it captured, ready to be called with an element."""

    __slots__ = ("captured", "function", "traced")

    def __init__(
        self, step: Step, calls: Any, name: str = "f", others: str = "other_arguments"
    ) -> None:
        self.traced = step[name]
        self.function = calls.bind(self.traced)
        self.captured = tuple([_as_value(each) for each in step[others]])

    def of(self, function: Any, calls: Any) -> Capture:
        """Another function that captured the same values."""
        found = Capture.__new__(Capture)
        found.traced, found.captured = function, self.captured
        found.function = calls.bind(function)
        return found

    def __call__(self, *element: Any) -> list[Any]:
        return list(self.function(*element, *self.captured))


def _as_value(value: Any) -> Any:
    return value.array if isinstance(value, Step) else value


def first_row(columns: Columns) -> Element:
    """The first row of columns, as an element."""
    return [row_of(column, 0) for column in columns]


def row_of(column: Any, index: int) -> Any:
    """One row of a column; one text is an array of rank 0."""
    row = column[index]
    if column.ndim == 1 and column.dtype.kind == "O":
        return as_text(row)
    return row


def as_text(value: Any) -> Any:
    """One text (or other object) as an array of rank 0."""
    array = np.empty((), object)
    array[()] = value
    return array


def joined(blocks: list[Columns]) -> Columns:
    """Several blocks as one."""
    if len(blocks) == 1:
        return blocks[0]
    return [np.concatenate(parts) for parts in zip(*blocks, strict=True)]


def rows_in(columns: Columns) -> int:
    """How many elements a block has."""
    return len(columns[0])


def as_number(value: Any) -> int:
    """A scalar input of a step."""
    return int(np.asarray(value).reshape(()))


def as_bytes(value: Any) -> bytes:
    """A text input of a step."""
    found: Any = np.asarray(value, object).reshape(())[()]
    return found.encode() if isinstance(found, str) else bytes(found)


def are_defined(shapes: tuple[Shape, ...]) -> bool:
    """Whether all elements of a dataset of these shapes are alike."""
    return all(shape.is_fully_defined for shape in shapes)
