"""Functions of a graph as the ``FunctionDef`` messages of its library."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tidefall.io.output_names import OUTPUT_NAMES
from tidefall.ir.function import Function
from tidefall.ir.graph import Graph
from tidefall.ir.opdef import group
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor

FillAttrs = Callable[[Any, Operation], None]


def add_library(message: Any, graph: Graph, fill_attrs: FillAttrs) -> None:
    """Adds the functions of a graph, and those these call, to a ``GraphDef``."""
    waiting: list[Any] = list(graph._functions.values())
    seen: set[str] = set()
    while waiting:
        function = waiting.pop(0)
        if not isinstance(function, Function) or function.name in seen:
            continue
        seen.add(function.name)
        encode(message.library.function.add(), function, fill_attrs)
        waiting.extend(function.graph._functions.values())


def encode(message: Any, function: Function, fill_attrs: FillAttrs) -> None:
    """Sets a ``FunctionDef``."""
    signature = message.signature
    signature.name = function.name
    names: dict[Tensor, str] = {}
    for tensor in function.inputs:
        name = _unused(re.sub(r"\W", "_", tensor._op._name).lower(), names)
        names[tensor] = name
        signature.input_arg.add(name=name, type=tensor.dtype.enum)
    arguments = {tensor._op for tensor in function.inputs}
    body = [op for op in function.graph.get_operations() if op not in arguments]
    for op in body:  # all first: a switch is made after what it was made for
        names.update(_output_names(op))
    for op in body:
        node = message.node_def.add(name=op._name, op=op.type, device=op._device)
        node.input.extend([names[tensor] for tensor in op._inputs])
        node.input.extend(
            sorted([f"^{each._name}" for each in op._control_inputs if each not in arguments])
        )
        fill_attrs(node.attr, op)
    used: dict[Any, str] = {}
    for index, tensor in enumerate(function.outputs):
        name = _unused(re.sub(r"\W", "_", tensor._op._name).lower(), used)
        used[index] = name
        signature.output_arg.add(name=name, type=tensor.dtype.enum)
        message.ret[name] = names[tensor]
    signature.is_stateful = any(op.opdef.stateful for op in body)


def _unused(name: str, used: dict[Any, str]) -> str:
    taken = set(used.values())
    number, found = 0, name
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found


def _output_names(op: Operation) -> dict[Tensor, str]:
    """How the nodes of a function name the outputs of one: by output and place in it."""
    names: dict[Tensor, str] = {}
    args = op.opdef.outputs
    called = OUTPUT_NAMES.get(op.type) or tuple([arg.name for arg in args])
    for name, tensors in zip(called, group(args, op._outputs, op._attrs), strict=True):
        for index, tensor in enumerate(tensors if isinstance(tensors, list) else [tensors]):
            names[tensor] = f"{op._name}:{name}:{index}"
    return names
