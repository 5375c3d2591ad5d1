"""Functions of a graph: what `Dataset.map` and the like are given, traced into a graph of its own.

A `FunctionGraph` is a graph whose first placeholders are the function's arguments. An operation
in it that uses a tensor of the graph around it captures the tensor: a placeholder stands for it,
and whoever calls the function passes its value after the arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tidefall.core.dtypes import DType
from tidefall.core.shapes import Shape
from tidefall.ir.graph import Graph
from tidefall.ir.opdef import by_name
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor


class FunctionGraph(Graph):
    """The body of a function.

    Attributes:
      outer: The graph the function is made in.
      captures: Tensors of the outer graph, each with the placeholder that stands for it.
    """

    def __init__(self, outer: Graph) -> None:
        super().__init__()
        self.outer = outer
        self.seed = outer.seed
        self.captures: dict[Tensor, Tensor] = {}
        self._variables: dict[Tensor, Tensor] = {}
        self._building_function = True
        self._collections = outer._collections

    def capture(self, tensor: Tensor) -> Tensor | None:
        """The tensor of this graph that stands for ``tensor``, which is of a graph around it."""
        known = self.captures.get(tensor, self._variables.get(tensor))
        if known is not None:
            return known
        if tensor.graph is not self.outer:
            found = self.outer.capture(tensor)
            if found is None:
                return None
            tensor = found
        op = tensor._op
        if op.opdef.name == "VarHandleOp":
            return self._variables.setdefault(tensor, self._copied(op)._outputs[0])
        inner = self.argument(tensor._dtype.base_dtype, tensor._shape_value, op.name)
        self.captures[tensor] = inner
        return inner

    def argument(self, dtype: DType, shape: Shape, name: str) -> Tensor:
        """A new placeholder."""
        attrs = {"dtype": dtype, "shape": shape}
        return self.apply(by_name("Placeholder"), (), attrs, name)  # type: ignore[no-any-return]

    def _copied(self, op: Operation) -> Operation:
        """The node of a variable again: both mean the variable of that shared name."""
        attrs = dict(op._attrs)
        attrs["shared_name"] = attrs.get("shared_name") or op._name.encode()
        dtypes = tuple([tensor._dtype for tensor in op._outputs])
        node = self.add_node(op.opdef, self.unique_name(op._name), (), attrs, dtypes)
        for new, old in zip(node._outputs, op._outputs, strict=True):
            new._shape_value = old._shape_value
        return node


class Function:
    """A traced function.

    Attributes:
      name: Its name in the library of the graph.
      graph: Its body.
      arguments: The placeholders of its arguments.
      outputs: The tensors it returns.
      captured: Tensors of the outer graph, whose values are passed after the arguments.
    """

    def __init__(
        self, name: str, graph: FunctionGraph, arguments: list[Tensor], outputs: list[Tensor]
    ) -> None:
        self.name = _new_name(name, graph)
        self.graph = graph
        self.arguments = arguments
        self.outputs = outputs

    @property
    def captured(self) -> list[Tensor]:
        return list(self.graph.captures)

    @property
    def inputs(self) -> list[Tensor]:
        """The placeholders of the arguments and of what is captured."""
        return self.arguments + list(self.graph.captures.values())

    @property
    def effects(self) -> list[Operation]:
        """Operations that a call executes though no output needs them."""
        return [op for op in self.graph.get_operations() if _acts(op)]

    def __repr__(self) -> str:
        return f"<function {self.name}>"


def _new_name(name: str, graph: Graph) -> str:
    """A name that no function of the program's graph has, the same in every process."""
    while isinstance(graph, FunctionGraph):
        graph = graph.outer
    number = 1
    while (found := f"__inference_{name}_{number}") in graph._function_names:
        number += 1
    graph._function_names.add(found)
    return found


def _acts(op: Operation) -> bool:
    return op.opdef.effects or bool(op.opdef.updates)


def trace(
    name: str,
    outer: Graph,
    arguments: Sequence[tuple[DType, Shape]],
    body: Callable[[list[Tensor]], list[Any]],
) -> Function:
    """Traces a function.

    Args:
      name: What the function is called, for the library of the graph.
      outer: The graph it is made in.
      arguments: The dtypes and shapes of its arguments.
      body: Called with the placeholders of the arguments; returns the output tensors.
    """
    graph = FunctionGraph(outer)
    with graph.as_default():
        inputs = [
            graph.argument(dtype, shape, f"args_{index}")
            for index, (dtype, shape) in enumerate(arguments)
        ]
        identity = by_name("Identity")
        outputs = [identity(tensor) for tensor in body(inputs)]
    function = Function(name, graph, inputs, outputs)
    outer._functions[function.name] = function
    return function
