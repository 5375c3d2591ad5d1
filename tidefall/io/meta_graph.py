"""Graphs with their collections: ``MetaGraphDef`` messages and graph files."""

from __future__ import annotations

import contextlib
import os
from typing import Any

from tidefall import proto
from tidefall.core.exports import export
from tidefall.io import context_def, gfile, op_def, variable_def
from tidefall.io.collection_def import add_collection, restore_collection
from tidefall.io.import_graph import import_graph_def
from tidefall.io.oserrors import os_errors, path_text
from tidefall.ir.graph import Graph, get_default_graph
from tidefall.ir.opdef import OPS
from tidefall.proto import text

_TENSORFLOW = "1.15.5"  # whose API and formats are followed
_WRITER = "tidefall"

#: The modules that say how collections are stored.
STORED = (context_def, variable_def)


def create_meta_graph_def(
    *,
    graph: Graph,
    graph_def: Any = None,
    saver_def: Any = None,
    meta_info_def: Any = None,
    collection_list: Any = None,
    add_shapes: bool = True,
    strip_default_attrs: bool = False,
) -> Any:
    """The ``MetaGraphDef`` of a graph: its nodes, collections, and the ops it uses.

    Args:
      graph: The graph.
      graph_def: Its nodes, if they are not to be taken from ``graph``.
      saver_def: How its variables are saved.
      meta_info_def: What else is known of it.
      collection_list: The collections to store; all if None.
      add_shapes: Whether static shapes are stored.
      strip_default_attrs: Whether attributes that have their default value are left out.
    """
    message = proto.MetaGraphDef()
    if meta_info_def is not None:
        message.meta_info_def.MergeFromString(meta_info_def.SerializeToString())
    nodes = graph.as_graph_def(add_shapes=add_shapes) if graph_def is None else graph_def
    message.graph_def.MergeFromString(nodes.SerializeToString())
    info = message.meta_info_def
    info.tensorflow_version, info.tensorflow_git_version = _TENSORFLOW, _WRITER
    used = {node.op for node in message.graph_def.node}
    info.stripped_op_list.CopyFrom(op_def.op_list([OPS[name] for name in used if name in OPS]))
    if strip_default_attrs:
        _strip_defaults(message)
    if saver_def is not None:
        message.saver_def.MergeFromString(saver_def.SerializeToString())
    names = graph.collections if collection_list is None else collection_list
    for name in names:
        add_collection(message, graph, name)
    return message


@export("train.export_meta_graph")
def export_meta_graph(
    filename: Any = None,
    meta_info_def: Any = None,
    graph_def: Any = None,
    saver_def: Any = None,
    collection_list: Any = None,
    as_text: bool = False,
    graph: Graph | None = None,
    export_scope: str | None = None,
    clear_devices: bool = False,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
    save_debug_info: bool = False,
) -> Any:
    """The ``MetaGraphDef`` of a graph, written to a file if one is named.

    Args:
      filename: Where to write it.
      meta_info_def: What else is known of the graph.
      graph_def: The nodes, if they are not to be taken from ``graph``.
      saver_def: How the variables are saved.
      collection_list: The collections to store; all if None.
      as_text: Whether the file is written as text.
      graph: The graph; the default graph if None.
      export_scope: Not supported; the whole graph is exported.
      clear_devices: Whether devices are left out.
      clear_extraneous_savers: Accepted; there are no saver nodes but those of the graph.
      strip_default_attrs: Whether attributes that have their default value are left out.
      save_debug_info: Accepted and ignored.

    Returns:
      The message.
    """
    if export_scope is not None:
        raise NotImplementedError(
            "export_meta_graph(export_scope=…) is not supported; leave it out to export the "
            "whole graph."
        )
    message = create_meta_graph_def(
        graph=get_default_graph() if graph is None else graph,
        graph_def=graph_def,
        saver_def=saver_def,
        meta_info_def=meta_info_def,
        collection_list=collection_list,
        strip_default_attrs=strip_default_attrs,
    )
    if clear_devices:
        _clear_devices(message.graph_def)
    if filename is not None:
        _write(path_text(filename), message, as_text)
    return message


def read_meta_graph(path: Any) -> Any:
    """The ``MetaGraphDef`` of a file, in binary or text form.

    Raises:
      OSError: If there is no such file, or it cannot be read as one.
    """
    name = path_text(path)
    if not os.path.exists(name):
        raise OSError(f"File {name} does not exist.")
    with os_errors(name), open(name, "rb") as file:
        data = file.read()
    with contextlib.suppress(ValueError):  # it may be text
        return text.parse_bytes(data, proto.MetaGraphDef())
    try:
        return text.parse_text(data, proto.MetaGraphDef())
    except ValueError as error:
        raise OSError(f"{name} holds no MetaGraphDef: {error}") from error


def import_meta_graph_def(
    meta_graph_def: Any, clear_devices: bool = False, import_scope: str | None = None
) -> None:
    """Adds the nodes and collections of a ``MetaGraphDef`` to the default graph.

    Args:
      meta_graph_def: The message.
      clear_devices: Whether devices are forgotten.
      import_scope: The name scope of the nodes; none if None.
    """
    graph = get_default_graph()
    nodes = proto.GraphDef.FromString(meta_graph_def.graph_def.SerializeToString())
    if clear_devices:
        _clear_devices(nodes)
    scope = graph.unique_name(import_scope, mark_as_used=False) if import_scope else ""
    import_graph_def(
        nodes,
        name=import_scope or "",
        producer_op_list=meta_graph_def.meta_info_def.stripped_op_list,
    )
    for name in sorted(meta_graph_def.collection_def):
        restore_collection(graph, name, meta_graph_def.collection_def[name], scope)


@export("train.write_graph", "io.write_graph")
def write_graph(graph_or_graph_def: Any, logdir: Any, name: str, as_text: bool = True) -> str:
    """Writes a graph to a file.

    Args:
      graph_or_graph_def: A `Graph` or a ``GraphDef``.
      logdir: The folder, made if it does not exist.
      name: The name of the file.
      as_text: Whether it is written as text.

    Returns:
      The path of the file.
    """
    message = graph_or_graph_def
    if isinstance(message, Graph):
        message = message.as_graph_def()
    folder = path_text(logdir)
    gfile.makedirs(folder)
    path = os.path.join(folder, name)
    _write(path, message, as_text)
    return path


def _write(path: str, message: Any, as_text: bool) -> None:
    """Writes a message; the file appears complete or not at all."""
    data = text.to_text(message).encode() if as_text else message.SerializeToString()
    partial = f"{path}.part{os.getpid()}"
    with os_errors(path):
        with open(partial, "wb") as file:
            file.write(data)
        os.replace(partial, path)


def _clear_devices(graph_def: Any) -> None:
    for node in graph_def.node:
        node.device = ""


def _strip_defaults(message: Any) -> None:
    """Leaves out attributes that have their default value, which older readers may not know."""
    defaults = {
        op.name: {a.name: a.default_value for a in op.attr if a.HasField("default_value")}
        for op in message.meta_info_def.stripped_op_list.op
    }
    for node in message.graph_def.node:
        known = defaults.get(node.op, {})
        for name in [key for key, value in node.attr.items() if known.get(key) == value]:
            del node.attr[name]
    message.meta_info_def.stripped_default_attrs = True
