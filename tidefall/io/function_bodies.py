"""The functions of a ``GraphDef`` as graphs: the other direction of `tidefall.io.function_def`.

A node of a function names what it reads by output and place in it (``split:output:1``), a node of
a graph by number (``split:1``). Arguments become placeholders.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tidefall import proto
from tidefall.core import errors
from tidefall.io.output_names import OUTPUT_NAMES
from tidefall.ir.opdef import OPS, Arg


class Body(NamedTuple):
    """A function as a graph.

    Attributes:
      message: The ``GraphDef``.
      arguments: The names of the tensors of its arguments.
      outputs: The names of the tensors it returns.
    """

    message: Any
    arguments: list[str]
    outputs: list[str]


def body_of(function: Any, versions: Any) -> Body:
    """The graph of a ``FunctionDef``.

    Args:
      function: The message.
      versions: The versions of the graph whose function it is.

    Raises:
      NotFoundError: If it has an op that is not known here.
      ValueError: If it is not a valid function.
    """
    message = proto.GraphDef()
    message.versions.CopyFrom(versions)
    known: dict[str, str] = {}
    for arg in function.signature.input_arg:
        node = message.node.add(name=arg.name, op="Placeholder")
        node.attr["dtype"].type = arg.type
        node.attr["shape"].shape.unknown_rank = True
        known[arg.name] = f"{arg.name}:0"
    for given in function.node_def:
        known.update(_outputs(given))
    for given in function.node_def:
        node = message.node.add()
        node.CopyFrom(given)
        del node.input[:]
        node.input.extend([_input(each, known, function) for each in given.input])
    name = function.signature.name
    outputs = [_found(function.ret[arg.name], known, name) for arg in function.signature.output_arg]
    return Body(message, [known[arg.name] for arg in function.signature.input_arg], outputs)


def _input(text: str, known: dict[str, str], function: Any) -> str:
    return text if text.startswith("^") else _found(text, known, function.signature.name)


def _found(text: str, known: dict[str, str], name: str) -> str:
    if text not in known:
        raise ValueError(f"function '{name}' reads '{text}', which it does not have.")
    return known[text]


def _outputs(node: Any) -> dict[str, str]:
    """The outputs of a node as functions call them, and as graphs do."""
    opdef = OPS.get(node.op)
    if opdef is None:
        raise errors.NotFoundError(
            None, None, f"'{node.name}': tidefall has no op of type '{node.op}'."
        )
    called = OUTPUT_NAMES.get(node.op) or tuple([arg.name for arg in opdef.outputs])
    found: dict[str, str] = {}
    number = 0
    for name, arg in zip(called, opdef.outputs, strict=True):
        for place in range(_count(arg, node)):
            found[f"{node.name}:{name}:{place}"] = f"{node.name}:{number}"
            number += 1
    return found


def _count(arg: Arg, node: Any) -> int:
    """How many tensors an output is."""
    if arg.type_list_attr is not None:
        return len(node.attr[arg.type_list_attr].list.type)
    return 1 if arg.number_attr is None else int(node.attr[arg.number_attr].i)
