"""The nodes of a ``GraphDef``: their connections, checked, and an order to add them in."""

from __future__ import annotations

import heapq
from typing import Any, NamedTuple

from tidefall.ir.names import is_valid_op_name


class Edge(NamedTuple):
    """Where a data input comes from: output ``output`` of the node called ``name``."""

    name: str
    output: int


class Node(NamedTuple):
    """One node with its inputs read.

    Attributes:
      message: Its ``NodeDef``.
      inputs: The tensors it reads, in order.
      control_inputs: The names of nodes it waits for.
    """

    message: Any
    inputs: tuple[Edge, ...]
    control_inputs: tuple[str, ...]

    def closes_loop(self, source: Node) -> bool:
        """Whether the edge from ``source`` leads back to the start of a loop."""
        return source.message.op in _NEXT and self.message.op in _MERGE


_NEXT = frozenset(("NextIteration", "RefNextIteration"))
_MERGE = frozenset(("Merge", "RefMerge"))


def read_nodes(graph_def: Any) -> dict[str, Node]:
    """The nodes of a ``GraphDef`` by name.

    Raises:
      ValueError: If a name is not valid or not unique, if an input does not exist, or if a data
        input follows a control input.
    """
    nodes: dict[str, Node] = {}
    for message in graph_def.node:
        name = message.name
        if not is_valid_op_name(name):
            raise ValueError(f"Node '{name}': Node name contains invalid characters")
        if name in nodes:
            raise ValueError(f"Node '{name}' is not unique")
        nodes[name] = _read(message)
    for name, node in nodes.items():
        for source in (*(edge.name for edge in node.inputs), *node.control_inputs):
            if source not in nodes:
                raise ValueError(f"Node '{name}': Unknown input node '{source}'")
    return nodes


def parse_tensor_name(name: str) -> Edge:
    """``"node:1"`` as an edge; ``"node"`` means output 0.

    Raises:
      ValueError: If the part after the colon is no number.
    """
    node, colon, index = name.rpartition(":")
    if not colon:
        return Edge(name, 0)
    if not index.isdigit():
        raise ValueError(f"Cannot convert '{name}' to a tensor name.")
    return Edge(node, int(index))


def order(nodes: dict[str, Node]) -> list[Node]:
    """The nodes, each after everything it reads or waits for.

    Where that leaves a choice, nodes keep the order of the ``GraphDef``. An edge from a
    ``NextIteration`` to a ``Merge`` closes a loop and does not count.

    Raises:
      ValueError: If nodes depend on one another in a circle.
    """
    listed = list(nodes.values())
    number = {node.message.name: i for i, node in enumerate(listed)}
    waits = [0] * len(listed)
    readers: list[list[int]] = [[] for _ in listed]
    for i, node in enumerate(listed):
        for source in _before(node, nodes):
            waits[i] += 1
            readers[number[source]].append(i)
    ready = [i for i, count in enumerate(waits) if count == 0]
    result = []
    while ready:
        i = heapq.heappop(ready)
        result.append(listed[i])
        for reader in readers[i]:
            waits[reader] -= 1
            if waits[reader] == 0:
                heapq.heappush(ready, reader)
    if len(result) < len(listed):
        circle = [listed[i].message.name for i, count in enumerate(waits) if count]
        shown = ", ".join(f"'{name}'" for name in circle[:5])
        raise ValueError(f"{len(circle)} nodes in a cycle, or behind one: {shown}")
    return result


def _read(message: Any) -> Node:
    inputs: list[Edge] = []
    controls: list[str] = []
    for text in message.input:
        if text[:1] == "^":
            controls.append(text[1:])
        elif controls:
            raise ValueError(
                f"Node '{message.name}': Control dependencies must come after regular dependencies"
            )
        else:
            inputs.append(parse_tensor_name(text))
    return Node(message, tuple(inputs), tuple(controls))


def _before(node: Node, nodes: dict[str, Node]) -> set[str]:
    data = {edge.name for edge in node.inputs if not node.closes_loop(nodes[edge.name])}
    return data.union(node.control_inputs)
