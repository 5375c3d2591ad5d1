"""Graphs as ``GraphDef`` messages."""

from __future__ import annotations

from typing import Any

from tidefall import proto
from tidefall.core import hooks
from tidefall.io import attr_value, function_def
from tidefall.ir.graph import Graph
from tidefall.ir.operation import Operation

#: The version of the graph format that TensorFlow 1.15.5 writes, and the newest it reads.
PRODUCER = 134

_cache: dict[tuple[str, Any], Any] = {}
_CACHED_KINDS = frozenset(("type", "bool", "int", "list(type)"))
_CACHE_SIZE = 4096


@hooks.install("as_graph_def")
def as_graph_def(graph: Graph, from_version: int | None = None, add_shapes: bool = False) -> Any:
    """The ``GraphDef`` of a graph; see `Graph.as_graph_def`."""
    message = proto.GraphDef()
    message.versions.producer = PRODUCER
    add = message.node.add
    for op in graph.get_operations():
        if from_version is not None and op._id <= from_version:
            continue
        node = add(name=op._name, op=op.opdef.name, input=_inputs(op), device=op._device)
        _fill_attrs(node.attr, op)
        if add_shapes and op._outputs:
            shapes = node.attr["_output_shapes"].list.shape
            for tensor in op._outputs:
                attr_value.encode_shape(shapes.add(), tensor._shape_value)
    function_def.add_library(message, graph, _fill_attrs)
    return message


@hooks.install("node_def")
def node_def(op: Operation) -> Any:
    """The ``NodeDef`` of one operation."""
    message = proto.NodeDef(name=op._name, op=op.opdef.name, input=_inputs(op), device=op._device)
    _fill_attrs(message.attr, op)
    return message


def _inputs(op: Operation) -> list[str]:
    """The names of the inputs; those that are only waited for come last, sorted."""
    names = [tensor._as_node_def_input() for tensor in op._inputs]
    if op._control_inputs:
        names += sorted([f"^{each._name}" for each in op._control_inputs])
    return names


def _fill_attrs(target: Any, op: Operation) -> None:
    declared = op.opdef.attrs
    for name, value in op._attrs.items():
        attr = declared.get(name)
        kind = "any" if attr is None else attr.kind
        if kind not in _CACHED_KINDS:
            attr_value.encode(target[name], kind, value)
            continue
        known = _cache.get((kind, value))
        if known is None:
            known = proto.AttrValue()
            attr_value.encode(known, kind, value)
            if len(_cache) < _CACHE_SIZE:
                _cache[kind, value] = known
        target[name].CopyFrom(known)
