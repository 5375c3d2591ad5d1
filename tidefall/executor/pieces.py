"""Cutting a region of a plan into pieces that a compiler takes and nodes that stay in Python.

Most regions are one piece. A node that needs the values of its inputs to know the shape of its
result, or that the compiler has no way to express, stands alone between two pieces.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from tidefall.core import dtypes
from tidefall.ir.plan import Node, Plan, Value

_OBJECTS = frozenset({dtypes.string, dtypes.resource, dtypes.variant})


class Piece(NamedTuple):
    """A stretch of nodes that are compiled together.

    Attributes:
      nodes: The nodes, in order.
      inputs: Values from outside (not constants).
      outputs: Values that are read after it.
      cells: Keys of the variables it touches.
      writes: Which of them it may change.
    """

    nodes: tuple[Node, ...]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    cells: tuple[str, ...]
    writes: frozenset[str]


def stays_in_python(node: Node) -> bool:
    """Whether a node handles strings, handles or other objects, or runs on the host anyway."""
    if node.on_host or (node.opdef.kernel is None and not node.bodies and node.cell is None):
        return True
    return any(value.dtype in _OBJECTS for value in (*node.inputs, *node.outputs))


def pieces_of(plan: Plan, nodes: Iterable[Node], apart: Collection[Node]) -> list[Piece | Node]:
    """A stretch of a plan's nodes as pieces, and single nodes that stay in Python.

    Args:
      plan: The plan.
      nodes: The stretch.
      apart: Nodes that must stand alone besides those that `stays_in_python`.
    """
    groups: list[list[Node]] = []
    alone: set[int] = set()
    for node in nodes:
        if node in apart or stays_in_python(node):
            alone.add(len(groups))
            groups.append([node])
        elif groups and len(groups) - 1 not in alone:
            groups[-1].append(node)
        else:
            groups.append([node])
    return [
        group[0] if index in alone else _piece(plan, group) for index, group in enumerate(groups)
    ]


def _piece(plan: Plan, nodes: list[Node]) -> Piece:
    made: set[Value] = set()
    inputs: dict[Value, None] = {}
    for node in nodes:
        inputs.update({v: None for v in node.reads if v.constant is None and v not in made})
        made.update(node.outputs)
    wanted = needed_after(plan, set(nodes))
    outputs = tuple([value for node in nodes for value in node.outputs if value in wanted])
    cells = dict.fromkeys(key for node in nodes for key in _cells(node))
    writes = frozenset(key for node in nodes for key in (*node.updates, *node.cell_writes))
    return Piece(tuple(nodes), tuple(inputs), outputs, tuple(cells), writes)


def needed_after(plan: Plan, nodes: set[Node]) -> set[Value]:
    """Values that are fetched, decide whether a fetch was computed, or are read elsewhere."""
    wanted = set(plan.fetches)
    for node in plan.nodes:
        if node not in nodes:
            wanted.update(node.reads)
        if node.guards and not wanted.isdisjoint(node.outputs):
            wanted.update(guard.predicate for guard in node.guards)
    return wanted


def _cells(node: Node) -> Iterator[str]:
    if node.cell is not None:
        yield node.cell
    yield from node.updates
    yield from node.cell_writes
    for body in node.bodies:
        for inner in body.nodes:
            yield from _cells(inner)
