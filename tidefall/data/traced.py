"""The functions that `Dataset.map` and its like are given, traced into the graph's library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidefall.core.dtypes import DType
from tidefall.data import element_spec, nesting
from tidefall.data.element_spec import TensorSpec
from tidefall.ir.function import Function, trace
from tidefall.ir.graph import get_default_graph
from tidefall.ir.tensor import Tensor


class Traced:
    """A traced function of elements.

    Args:
      function: Takes elements of some specs and returns an element.
      transformation: What it is for, as ``Dataset.map``.
      specs: The specs of its arguments, structures.
      unpack: Whether a tuple is passed as several arguments.

    Attributes:
      function: The traced function.
      output: The spec of what it returns.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        transformation: str,
        *specs: Any,
        unpack: bool = True,
        convert: Callable[[Any], Any] | None = None,
    ) -> None:
        self.output: Any = None
        flat = [each.carrier for spec in specs for each in nesting.flatten(spec)]

        def body(tensors: list[Tensor]) -> list[Tensor]:
            arguments = _elements(specs, tensors)
            if len(specs) == 1 and unpack and type(arguments[0]) is tuple:
                arguments = list(arguments[0])
            result = function(*arguments)
            result = _as_tensors(result if convert is None else convert(result))
            self.output = nesting.map_structure(element_spec.spec_of, result)
            return element_spec.boxed(self.output, result)

        name = f"{transformation.replace('.', '_').replace('()', '')}_{_name_of(function)}"
        self.function: Function = trace(name, get_default_graph(), flat, body)

    @property
    def captured(self) -> list[Tensor]:
        """The tensors whose values a call needs besides its arguments."""
        return self.function.captured


def _elements(specs: tuple[Any, ...], tensors: list[Tensor]) -> list[Any]:
    elements, rest = [], list(tensors)
    for spec in specs:
        count = len(nesting.flatten(spec))
        elements.append(element_spec.unboxed(spec, rest[:count]))
        rest = rest[count:]
    return elements


def _as_tensors(result: Any) -> Any:
    """What a function returned, its leaves as tensors; a list of tensors is a tuple."""
    if isinstance(result, list):
        result = tuple(result)
    if result is None:
        raise TypeError(
            "the function returned None; it must return the element it makes, a structure of "
            "tensors. Is a return missing?"
        )
    leaves = []
    for index, value in enumerate(nesting.flatten(result)):
        leaves.append(element_spec._leaf(value, index) if not isinstance(value, Tensor) else value)
    return nesting.pack_as(result, leaves)


def _name_of(function: Any) -> str:
    inner = getattr(function, "func", function)  # of functools.partial
    return str(getattr(inner, "__name__", type(inner).__name__))


def check_scalar(traced: Traced, dtype: DType, what: str) -> None:
    """Checks that a function returns one scalar.

    Raises:
      ValueError: If it does not.
    """
    if not TensorSpec((), dtype).is_compatible_with(traced.output):
        raise ValueError(
            f"{what} must return a scalar of dtype {dtype.name}, not {traced.output!r}."
        )


def traced_with_state(
    function: Callable[..., Any],
    transformation: str,
    state: Any,
    element: Any,
    state_in: Callable[[Any], Any] = lambda output: output,
) -> tuple[Traced, Any]:
    """Traces a function of a state and an element; shapes of the state that change are dropped.

    Args:
      function: The function.
      transformation: What it is for.
      state: The spec of the first state.
      element: The spec of an element.
      state_in: Which part of what the function returns is the next state.

    Returns:
      The traced function, and the spec of all states.

    Raises:
      TypeError: If it returns another kind of state.
    """
    while True:
        traced = Traced(function, transformation, state, element)
        following = state_in(traced.output)
        if not element_spec.same_types(state, following):
            raise TypeError(
                f"the function of {transformation} was given a state {state!r} but returned "
                f"{following!r}; their structures and dtypes must be equal."
            )
        weaker = element_spec.common(state, following)
        if weaker == state:
            return traced, state
        state = weaker
