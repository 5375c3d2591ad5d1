"""`Dataset.from_generator`: Python iterables as datasets."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.dtypes import DType
from tidefall.core.shapes import Shape
from tidefall.data import element_spec, nesting
from tidefall.data.element_spec import TensorSpec
from tidefall.data.traced import Traced
from tidefall.ir.conversion import convert
from tidefall.ir.tensor import Tensor
from tidefall.ops.constant import to_array
from tidefall.ops.dataset_sources import generator_dataset
from tidefall.ops.py_func import py_func


class Generated:
    """A dataset of what an iterable yields.

    Args:
      generator: Returns the iterable.
      types: The dtypes of an element.
      shapes: Their shapes, or None.
      args: What the generator is called with.

    Attributes:
      spec: What an element is made of.
    """

    def __init__(self, generator: Callable[..., Any], types: Any, shapes: Any, args: Any) -> None:
        if not callable(generator):
            raise TypeError(f"the generator must be callable, not {generator!r}.")
        self._generator = generator
        self.spec = element_spec.from_legacy(types, shapes, None)
        values = () if args is None else tuple(args)
        self._args = [convert(value, None, f"args_{i}") for i, value in enumerate(values)]
        self._passes = _Passes(generator)
        leaves = nesting.flatten(self.spec)
        self._dtypes: list[DType] = [each.carrier[0] for each in leaves]
        self._shapes: list[Shape] = [each.carrier[1] for each in leaves]

    def dataset(self, dummy: Tensor) -> Tensor:
        """The variant tensor of the dataset, made inside the function of a ``flat_map``."""
        begin = Traced(self._begin(), "Dataset.from_generator", TensorSpec((), dtypes.int32))
        number = TensorSpec((), dtypes.int64)
        following = Traced(self._next(), "Dataset.from_generator", number)
        end = Traced(self._end(), "Dataset.from_generator", number)
        return generator_dataset(  # type: ignore[no-any-return]
            [dummy, *begin.captured], following.captured, end.captured,
            init_func=begin.function, next_func=following.function, finalize_func=end.function,
            output_types=self._dtypes, output_shapes=self._shapes,
        )  # fmt: skip

    def _begin(self) -> Callable[[Any], Any]:
        def get_iterator_id_fn(unused: Any) -> Any:
            number = py_func(self._passes.begin, self._args, dtypes.int64, stateful=True)
            number.set_shape(())
            return number

        return get_iterator_id_fn

    def _next(self) -> Callable[[Any], Any]:
        def generator_next_fn(number: Any) -> Any:
            values = py_func(self._element, [number], self._dtypes, stateful=True)
            for value, shape in zip(values, self._shapes, strict=True):
                value.set_shape(shape)
            return nesting.pack_as(self.spec, list(values))

        return generator_next_fn

    def _end(self) -> Callable[[Any], Any]:
        def finalize_fn(number: Any) -> Any:
            return py_func(self._passes.end, [number], dtypes.int64, stateful=True)

        return finalize_fn

    def _element(self, number: Any) -> list[Any]:
        """The components of the next element, checked."""
        value = self._passes.next(int(number))
        try:
            leaves = nesting.up_to(self.spec, value)
        except ValueError:
            raise TypeError(
                "the generator yielded an element that does not have the structure of its "
                f"output_types: {value!r}."
            ) from None
        return [
            _checked(leaf, dtype, shape)
            for leaf, dtype, shape in zip(leaves, self._dtypes, self._shapes, strict=True)
        ]


def _checked(value: Any, dtype: DType, shape: Shape) -> Any:
    try:
        array: Any = to_array(value, dtype)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(
            f"the generator yielded {value!r}, which cannot become {dtype.name}, as its "
            "output_types say."
        ) from None
    if not Shape(array.shape).is_compatible_with(shape):
        raise ValueError(
            f"the generator yielded an element of shape {array.shape}, where output_shapes say "
            f"{shape}."
        )
    return array


class _Passes:
    """The iterators that are under way, each with a number."""

    def __init__(self, generator: Callable[..., Any]) -> None:
        self._generator = generator
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._iterators: dict[int, Iterator[Any]] = {}

    def begin(self, *args: Any) -> Any:
        """Starts a pass; its number."""
        iterator = iter(self._generator(*args))
        with self._lock:
            number = next(self._numbers)
            self._iterators[number] = iterator
        return np.int64(number)

    def next(self, number: int) -> Any:
        """What the pass yields next. Raises `StopIteration` at its end."""
        return next(self._iterators[number])

    def end(self, number: Any) -> Any:
        """Forgets a pass."""
        with self._lock:
            iterator = self._iterators.pop(int(number), None)
        close = getattr(iterator, "close", None)
        if close is not None:
            close()
        return np.int64(0)
