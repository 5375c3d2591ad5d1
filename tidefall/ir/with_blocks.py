"""The with-blocks of the default graph: ``tf.name_scope``, ``tf.device`` and others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

from tidefall.core.exports import export
from tidefall.ir.graph import Graph, get_default_graph
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor


@export("name_scope")
class name_scope:
    """Opens a name scope for operations made in the block.

    Args:
      name: Its name, made unique; with a trailing ``/`` the very scope is entered again.
      default_name: The name if ``name`` is None.
      values: Tensors the block uses; their graph becomes the default graph.

    Raises:
      ValueError: On entering, if both names are None though ``values`` are given, or if the
        values are of different graphs.

    >>> with tf.name_scope("layer") as scope:
    ...     print(scope, tf.constant(1.0).name)
    layer/ layer/Const:0
    """

    def __init__(
        self, name: str | None, default_name: str | None = None, values: Any = None
    ) -> None:
        if not (name is None or isinstance(name, str)):
            raise TypeError(f"the name of a scope must be a string, not {name!r}.")
        self._name = default_name if name is None else name
        self._values = values
        self._blocks: list[AbstractContextManager[Any]] = []

    @property
    def name(self) -> str | None:
        """The name asked for."""
        return self._name

    def __enter__(self) -> str:
        if self._name is None and self._values is not None:
            raise ValueError(
                "At least one of name (None) and default_name (None) must be provided."
            )
        graph = graph_of(self._values or ())
        default, scope = graph.as_default(), graph.name_scope(self._name)
        default.__enter__()
        try:
            entered: str = scope.__enter__()
        except ValueError as error:
            default.__exit__(type(error), error, error.__traceback__)
            raise
        self._blocks += [default, scope]
        return entered

    def __exit__(
        self,
        type_arg: type[BaseException] | None,
        value_arg: BaseException | None,
        traceback_arg: TracebackType | None,
    ) -> None:
        scope, default = self._blocks.pop(), self._blocks.pop()
        scope.__exit__(None, None, None)
        default.__exit__(None, None, None)


@export("op_scope")
def op_scope(values: Any, name: str | None, default_name: str | None = None) -> name_scope:
    """An older form of `tf.name_scope`, with the arguments in another order."""
    return name_scope(name, default_name, values)


@export("control_dependencies")
def control_dependencies(control_inputs: Any) -> AbstractContextManager[None]:
    """Makes operations of the block run after ``control_inputs``; see the graph's method.

    Args:
      control_inputs: Operations, tensors or variables; None lifts all open blocks.
    """
    return get_default_graph().control_dependencies(control_inputs)


@export("device")
def device(device_name_or_function: Any) -> AbstractContextManager[None]:
    """Asks for a device for the operations of the block.

    Args:
      device_name_or_function: A name such as ``"/cpu:0"``, a function from an operation to a
        name, or None to ask for nothing.
    """
    return get_default_graph().device(device_name_or_function)


@export("colocate_with")
def colocate_with(op: Any, ignore_existing: bool = False) -> AbstractContextManager[None]:
    """Places the operations of the block with ``op``."""
    return get_default_graph().colocate_with(op, ignore_existing)


@export("container")
def container(container_name: str) -> AbstractContextManager[str]:
    """Names the resource container of stateful operations made in the block."""
    return get_default_graph().container(container_name)


def graph_of(values: Iterable[Any]) -> Graph:
    """The graph that tensors and operations among ``values`` are of; else the default graph.

    Raises:
      ValueError: If they are of different graphs.
    """
    first: Any = None
    for value in _flat(values):
        element = getattr(value, "_as_graph_element", lambda value=value: value)()
        if not isinstance(element, (Tensor, Operation)):
            continue
        if first is None:
            first = element
        elif element.graph is not first.graph:
            raise ValueError(f"{element} must be from the same graph as {first}.")
    graph: Graph = get_default_graph() if first is None else first.graph
    return graph


def _flat(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from _flat(value)
        else:
            yield value
