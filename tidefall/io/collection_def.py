"""Collections of a graph as ``CollectionDef`` messages, and back.

Numbers, strings and names of nodes have fields of their own. Other objects, variables above
all, are stored as messages by functions that are registered for the collection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tidefall import proto
from tidefall.core import index, logging
from tidefall.core.tables import Table
from tidefall.ir.graph import Graph

ToProto = Callable[..., Any]
FromProto = Callable[..., Any]


class _Codec(NamedTuple):
    message: str
    to_proto: ToProto
    from_proto: FromProto


#: How the objects of a collection are stored, by the name of the collection.
CODECS: Table[_Codec] = Table(index.COLLECTIONS)


def register_proto_function(
    collection_name: str, message: str, to_proto: ToProto, from_proto: FromProto
) -> None:
    """Says how the objects of a collection are stored.

    Args:
      collection_name: The collection.
      message: The name of the message, such as ``"VariableDef"``.
      to_proto: From an object to its message, or None to leave the object out.
      from_proto: From a message to an object; called with ``import_scope=`` also.
    """
    CODECS.add(collection_name, _Codec(message, to_proto, from_proto))


def add_collection(message: Any, graph: Graph, name: Any) -> None:
    """Adds a collection of ``graph`` to a ``MetaGraphDef``.

    What cannot be stored is left out, with a warning, as in TensorFlow: such collections are of
    use to the running program only.
    """
    items = graph.get_collection(name)
    if not isinstance(name, str):
        logging.warning("Only collections whose name is a string are stored; left out: %s", name)
        return
    if not items:
        return
    collection = proto.CollectionDef()
    try:
        _fill(collection, name, items)
    except (TypeError, AttributeError, ValueError) as error:
        logging.warning(
            "Collection %s is left out, since its items cannot be stored (this is probably safe "
            "to ignore): %s",
            name,
            error,
        )
        return
    message.collection_def[name].CopyFrom(collection)


def restore_collection(graph: Graph, name: str, collection: Any, scope: str) -> None:
    """Adds what a ``CollectionDef`` holds to a collection of ``graph``.

    Args:
      graph: The graph that the nodes were imported to.
      name: The collection.
      collection: The message.
      scope: The name scope the nodes were imported under; ``""`` for none.
    """
    kind = collection.WhichOneof("kind")
    if kind is None:
        return
    codec = CODECS.get(name)
    values = getattr(collection, kind).value
    if kind == "bytes_list" and codec is not None:
        for data in values:
            message = getattr(proto, codec.message).FromString(data)
            restored = codec.from_proto(message, import_scope=scope)
            if restored is not None:
                graph.add_to_collection(name, restored)
    elif kind == "node_list":
        for node in values:
            element = graph.as_graph_element(f"{scope}/{node}" if scope else node)
            graph.add_to_collection(name, element)
    else:
        for value in values:
            graph.add_to_collection(name, int(value) if kind == "int64_list" else value)


def _fill(collection: Any, name: str, items: list[Any]) -> None:
    codec = CODECS.get(name)
    first = items[0]
    if codec is not None:
        messages = [codec.to_proto(item) for item in items]
        data = [each.SerializeToString() for each in messages if each is not None]
        collection.bytes_list.value.extend(data)
    elif isinstance(first, (str, bytes)):
        texts = [item.encode() if isinstance(item, str) else item for item in items]
        collection.bytes_list.value.extend(texts)
    elif isinstance(first, int):
        collection.int64_list.value.extend(items)
    elif isinstance(first, float):
        collection.float_list.value.extend(items)
    else:
        collection.node_list.value.extend([item.name for item in items])
