"""``tf.graph_util``: parts of a ``GraphDef``, and graphs frozen for use elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tidefall import proto
from tidefall.core.dtypes import as_dtype
from tidefall.core.exports import export
from tidefall.io import tensor_proto

_VARIABLES = frozenset(("Variable", "VariableV2"))
_HANDLES = frozenset(("VarHandleOp",))
_SPLICED = frozenset(("Identity", "CheckNumerics"))


@export("graph_util.extract_sub_graph")
def extract_sub_graph(graph_def: Any, dest_nodes: list[str]) -> Any:
    """The part of a graph that some nodes need.

    Args:
      graph_def: The ``GraphDef``.
      dest_nodes: The names of the nodes.

    Returns:
      A ``GraphDef`` of these nodes and all they read or wait for, in the same order.

    Raises:
      TypeError: If an argument is of the wrong kind.
      AssertionError: If a node is not in the graph.
    """
    if not isinstance(graph_def, proto.GraphDef):
        raise TypeError("graph_def must be a graph_pb2.GraphDef proto.")
    if isinstance(dest_nodes, str):
        raise TypeError("dest_nodes must be a list.")
    sources = {node.name: [_node_of(name) for name in node.input] for node in graph_def.node}
    for name in dest_nodes:
        if name not in sources:
            raise AssertionError(f"{name} is not in graph")
    needed: set[str] = set()
    pending = list(dest_nodes)
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += sources[name]
    return _with_nodes(graph_def, [node for node in graph_def.node if node.name in needed])


@export("graph_util.convert_variables_to_constants")
def convert_variables_to_constants(
    sess: Any,
    input_graph_def: Any,
    output_node_names: list[str],
    variable_names_whitelist: Iterable[str] | None = None,
    variable_names_blacklist: Iterable[str] | None = None,
) -> Any:
    """A graph whose variables have become constants, to be used where there is no session.

    Args:
      sess: The session with the variables' values.
      input_graph_def: The ``GraphDef`` of the session's graph.
      output_node_names: The nodes that are wanted; what they do not need is left out.
      variable_names_whitelist: The variables to convert; all if None.
      variable_names_blacklist: Variables that are not converted.

    Returns:
      The frozen ``GraphDef``.

    Raises:
      FailedPreconditionError: If a variable has no value yet.
    """
    part = extract_sub_graph(input_graph_def, output_node_names)
    wanted = _choice(variable_names_whitelist, variable_names_blacklist)
    tensors = {}
    for node in part.node:
        if node.op in _VARIABLES and wanted(node.name):
            tensors[node.name] = f"{node.name}:0"
        elif node.op in _HANDLES and wanted(node.name):
            tensors[node.name] = f"{node.name}/Read/ReadVariableOp:0"
    values = dict(zip(tensors, sess.run(list(tensors.values())), strict=True)) if tensors else {}
    frozen = []
    for node in part.node:
        if node.name in values:
            frozen.append(_constant(node.name, _dtype_of(node), values[node.name]))
        elif node.op == "ReadVariableOp" and node.input[0] in values:
            frozen.append(_read(node))
        elif node.op == "ResourceGather" and node.input[0] in values:
            frozen += _gather(node)
        else:
            frozen.append(node)
    return _with_nodes(part, frozen)


@export("graph_util.remove_training_nodes")
def remove_training_nodes(input_graph: Any, protected_nodes: Iterable[str] | None = None) -> Any:
    """A graph without nodes that only pass on or check a value.

    Args:
      input_graph: The ``GraphDef``.
      protected_nodes: Names of nodes that are kept.

    Returns:
      A ``GraphDef`` in which readers of such nodes read what these read.
    """
    kept = set(protected_nodes or ())
    waited_for = {name[1:] for node in input_graph.node for name in node.input if name[0] == "^"}
    passed_on = {}
    for node in input_graph.node:
        has_controls = any(name.startswith("^") for name in node.input)
        if node.op in _SPLICED and not has_controls and node.name not in kept | waited_for:
            passed_on[node.name] = node.input[0]
    nodes = []
    for node in input_graph.node:
        if node.name not in passed_on:
            copy = proto.NodeDef.FromString(node.SerializeToString())
            del copy.input[:]
            copy.input.extend([_followed(name, passed_on) for name in node.input])
            nodes.append(copy)
    return _with_nodes(input_graph, nodes)


@export("graph_util.tensor_shape_from_node_def_name")
def tensor_shape_from_node_def_name(graph: Any, input_name: str) -> Any:
    """The static shape of the tensor that an input of a ``NodeDef`` names."""
    name = input_name if ":" in input_name else f"{input_name}:0"
    return graph.get_tensor_by_name(name).get_shape()


def _with_nodes(graph_def: Any, nodes: list[Any]) -> Any:
    """A ``GraphDef`` of other nodes, with the same versions and functions."""
    message = proto.GraphDef()
    message.node.extend(nodes)
    message.versions.CopyFrom(graph_def.versions)
    message.library.CopyFrom(graph_def.library)
    if not message.library.ByteSize():
        message.ClearField("library")
    return message


def _node_of(name: str) -> str:
    """The node that an input names: ``^a`` and ``a:1`` are both of ``a``."""
    return name.removeprefix("^").partition(":")[0]


def _followed(name: str, passed_on: dict[str, str]) -> str:
    while name.removesuffix(":0") in passed_on:
        name = passed_on[name.removesuffix(":0")]
    return name


def _choice(only: Iterable[str] | None, without: Iterable[str] | None) -> Callable[[str], bool]:
    chosen = None if only is None else set(only)
    refused = set(without or ())
    return lambda name: (chosen is None or name in chosen) and name not in refused


def _dtype_of(node: Any) -> Any:
    return as_dtype(node.attr["dtype"].type)


def _constant(name: str, dtype: Any, value: Any) -> Any:
    node = proto.NodeDef(name=name, op="Const")
    node.attr["dtype"].type = dtype.enum
    node.attr["value"].tensor.CopyFrom(tensor_proto.make_tensor_proto(value, dtype))
    return node


def _read(node: Any) -> Any:
    """A read of a variable that is a constant now."""
    read = proto.NodeDef(name=node.name, op="Identity", input=node.input, device=node.device)
    read.attr["T"].type = node.attr["dtype"].type
    if "_class" in node.attr:
        read.attr["_class"].CopyFrom(node.attr["_class"])
    return read


def _gather(node: Any) -> list[Any]:
    """The look-up of rows of a variable that is a constant now."""
    axis = _constant(f"{node.name}/axis", as_dtype("int32"), 0)
    axis.device = node.device
    inputs = [node.input[0], node.input[1], axis.name, *node.input[2:]]
    gather = proto.NodeDef(name=node.name, op="GatherV2", input=inputs, device=node.device)
    gather.attr["Tparams"].type = node.attr["dtype"].type
    gather.attr["Tindices"].type = node.attr["Tindices"].type
    gather.attr["Taxis"].type = as_dtype("int32").enum
    if "_class" in node.attr:
        gather.attr["_class"].CopyFrom(node.attr["_class"])
    return [axis, gather]
